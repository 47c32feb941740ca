"""Faults on demand: rules that say which calls go wrong, how, and how often, from a seeded generator.

A rule matches on platform, tenant, method, path, query and body; `nth` picks a call, `probability` a share of them,
`times` and `lasts` limit how often and how long it strikes. `phase` says whether the call takes effect first. Kinds
that need the platform's knowledge (`partial`, `stale`, `quota`, `revoke`) are carried out by the doubles, which find
the rule in `Faults.active`; those of webhooks (`duplicate`, `reorder`, `lose`, and `delay` with `on: webhook`) by
`hooks.Outbox`; all others by `wire.Site`. Rules belong to the running process, not to its world: they are in no
snapshot and end with it.
"""

from __future__ import annotations

import fnmatch
import random
import re
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from twinshelf_sandbox.world import World

Kind = Literal[
    "status", "envelope", "headers", "delay", "drop", "truncate", "body", "stale", "partial", "duplicate", "reorder",
    "lose", "clock", "quota", "revoke", "edit",
]  # fmt: skip

_OF_WEBHOOKS: Final = frozenset({"lose", "duplicate", "reorder"})
_PLACE: Final = re.compile(r"^(?P<problem>.*?) - at `\$\.?(?P<field>\w*).*`$")


@dataclass
class Fault:
    """One rule. Empty match fields match anything; `path` is a shell pattern such as `/stores/*/v2/orders`.

    Raises ValueError, beginning with the name of the field, for a rule that cannot mean anything.
    """

    action: Kind
    phase: Literal["before", "after"] = "before"
    on: Literal["call", "webhook", ""] = ""  # "": what the action is for; `path` of a webhook is its topic
    platform: str = ""
    tenant: str = ""
    method: str = ""
    path: str = "*"
    query: str = ""  # only calls whose query string contains this text, such as page=2
    contains: str = ""  # only calls whose body contains this text: the poisoned item of a batch
    nth: int = 0
    probability: float = 1.0
    times: int | None = 1
    lasts: float | None = None  # virtual seconds from when the rule was added; None: until it is taken back
    seed: int | None = None  # of a generator of the rule's own; None: the one that all rules share
    status: int = 0  # 0: 503 where the action is `status`, 200 where it is `body`
    code: int = 0
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    change: dict[str, Any] = field(default_factory=dict)  # `body`: what to write into the true answer, by path
    share: float = 0.5  # `truncate`: how much of the answer is sent
    content_length: Literal["full", "sent"] = "full"  # `truncate`: what the answer says its length is
    seconds: float = 0.0
    copies: int = 1  # `duplicate`: further deliveries
    edit: dict[str, Any] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)  # which items of a batch a `partial` spares or breaks
    id: int = 0
    seen: int = 0
    struck: int = 0
    since: float = 0.0

    def __post_init__(self) -> None:
        self.on = self.on or ("webhook" if self.action in _OF_WEBHOOKS else "call")
        self.status = self.status or (200 if self.action == "body" else 503)
        self.method = self.method.upper()
        self.headers = {name.lower(): value for name, value in self.headers.items()}
        if self.action == "headers" or self.change:
            self.phase = "after"  # there is no answer to change before
        if problem := self._problem():
            raise ValueError(problem)

    def _problem(self) -> str:
        is_webhook = self.on == "webhook"
        if is_webhook != (self.action in _OF_WEBHOOKS) and not (is_webhook and self.action == "delay"):
            return f"on: {self.action!r} does not strike a {self.on}"
        if self.platform not in {"", "bigcommerce", "tiktok"}:
            return f"platform: {self.platform!r} is neither bigcommerce nor tiktok"
        if self.action == "edit" and not isinstance(self.edit.get("action"), str):
            return 'edit: name what the person does, as in {"action": "bc.set_price", "arguments": {…}}'
        if self.change and self.action != "body":
            return "change: only the action 'body' changes an answer"
        if self.action == "clock" and not self.seconds:
            return "seconds: by how much does the clock jump?"
        if self.seconds < 0 and self.action != "clock":
            return "seconds: only a clock goes backward"
        for name, low, high in (("probability", 0, 1), ("share", 0, 1), ("status", 100, 599), ("nth", 0, None)):
            value = getattr(self, name)
            if value < low or (high is not None and value > high):
                return f"{name}: {value} is not {f'from {low} to {high}' if high is not None else f'{low} or more'}"
        if self.times is not None and self.times < 1:
            return "times: must be at least 1, or null for always"
        if not 1 <= self.copies <= 100:
            return "copies: must be 1 to 100"
        return ""

    @classmethod
    def from_json(cls, rule: Any) -> Fault:
        """A rule as the control API, the CLI and fault files write it. Raises ValueError naming the field."""
        if not isinstance(rule, dict):
            raise ValueError("a fault rule is an object")  # noqa: TRY004 - a caller's mistake, not the program's
        known = {name for name in cls.__dataclass_fields__ if name not in {"id", "seen", "struck", "since"}}
        if unknown := sorted(set(rule) - known):
            msg = f"unknown field {unknown[0]!r} in a fault rule; known: {', '.join(sorted(known))}"
            raise ValueError(msg)
        if rule.get("action") not in get_args(Kind):
            msg = f"action {rule.get('action')!r} is not one of: {', '.join(get_args(Kind))}"
            raise ValueError(msg)
        values = dict(rule)
        body = values.get("body", b"")
        if not isinstance(body, bytes):
            values["body"] = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        try:
            return msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            place = _PLACE.match(str(error))
            text = str(error).removesuffix(" - at `$`") if place is None else f"{place['field']}: {place['problem']}"
            raise ValueError(text.removeprefix(": ")) from error


def read_faults(path: Path) -> list[Fault]:
    """The rules of a file: JSON, a list of rules or {"faults": […]}, or TOML with [[faults]]. Raises ValueError."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text) if path.suffix == ".toml" else msgspec.json.decode(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.DecodeError) as error:
        msg = f"{path}: {error}"
        raise ValueError(msg) from error
    return rules_of(data)


def rules_of(data: Any) -> list[Fault]:
    """The rules of a list, of {"faults": [rules]}, or one rule by itself. Raises ValueError naming number and field."""
    rules = data.get("faults", [data]) if isinstance(data, dict) else data
    if not isinstance(rules, list):
        raise ValueError("faults: must be a list of rules")  # noqa: TRY004 - a caller's mistake, not the program's
    if len(rules) == 1:
        return [Fault.from_json(rules[0])]
    found = []
    for number, rule in enumerate(rules, 1):
        try:
            found.append(Fault.from_json(rule))
        except ValueError as error:
            msg = f"{error} (rule {number})"
            raise ValueError(msg) from error
    return found


class Faults:
    """The rules in force. `pick` is asked once per call, in order of adding; the first rule that strikes wins."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rules: list[Fault] = []
        self.active: Fault | None = None
        self.crashes: list[Exception] = []  # what broke inside a double: a defect of the sandbox, never of the client
        self.rng = random.Random(f"faults of {world.seed}")
        self._own: dict[int, random.Random] = {}
        self._last_id = 0
        self.sleep: Callable[[float], None] = time.sleep

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force, after those there are. Returns it with its number. Raises ValueError: unknown edit."""
        self.check(fault)
        with self._world.lock:
            self._last_id += 1
            fault.id, fault.since = self._last_id, self._world.clock.now()
            if fault.seed is not None:
                self._own[fault.id] = random.Random(fault.seed)
            self.rules.append(fault)
            return fault

    def check(self, fault: Fault) -> None:
        """Raises ValueError for a rule that this world cannot carry out: an edit of a name nobody registered."""
        if fault.action == "edit" and fault.edit["action"] not in self._world.actions:
            msg = f"edit: there is no action {fault.edit['action']!r}"
            raise ValueError(msg)

    def remove(self, fault_id: int) -> bool:
        """Take one rule back. False if there was none of that number; safe to repeat."""
        with self._world.lock:
            before = len(self.rules)
            self.rules[:] = [rule for rule in self.rules if rule.id != fault_id]
            return len(self.rules) < before

    def clear(self) -> None:
        """Take every rule back."""
        with self._world.lock:
            self.rules.clear()
            self._own.clear()

    def pick(
        self, platform: str, tenant: str, method: str, path: str, body: bytes = b"", *, query: str = ""
    ) -> Fault | None:
        """The rule that strikes this call, counted as struck; None: it goes as it should. Ask once per call."""
        if not self.rules:
            return None
        return self._pick("call", platform, tenant, method, path, body=body, query=query)

    def pick_webhook(self, platform: str, tenant: str, topic: str, body: bytes = b"") -> Fault | None:
        """The rule that strikes a webhook about to be sent; `path` of such a rule matches the topic."""
        if not self.rules:
            return None
        return self._pick("webhook", platform, tenant, "POST", topic, body=body, query="")

    def _pick(
        self, on: str, platform: str, tenant: str, method: str, path: str, *, body: bytes, query: str
    ) -> Fault | None:
        with self._world.lock:
            now = self._world.clock.now()
            for rule in self.rules:
                if rule.on != on or (rule.times is not None and rule.struck >= rule.times):
                    continue
                if rule.lasts is not None and now >= rule.since + rule.lasts:
                    continue
                if (rule.platform and rule.platform != platform) or (rule.tenant and rule.tenant != tenant):
                    continue
                if (rule.method and rule.method != method) or not fnmatch.fnmatchcase(path, rule.path):
                    continue
                if rule.query not in query or (rule.contains and rule.contains.encode() not in body):
                    continue
                rule.seen += 1
                if rule.nth and rule.seen != rule.nth:
                    continue
                if rule.probability < 1 and self._own.get(rule.id, self.rng).random() >= rule.probability:
                    continue
                rule.struck += 1
                return rule
        return None


def changed(answer: Any, change: dict[str, Any]) -> Any:
    """`answer` with values written over: {"data.*.status": "NEW"} reaches into objects and, by `*`, every entry.

    A last name that is not there yet is added; a path that leads nowhere changes nothing.
    """
    for path, value in change.items():
        *way, last = path.split(".")
        for place in _reached(answer, way):
            if isinstance(place, dict):
                place[last] = value
            elif isinstance(place, list):
                for at in range(len(place)) if last == "*" else [int(last)] if last.isdigit() else []:
                    if at < len(place):
                        place[at] = value
    return answer


def _reached(answer: Any, way: list[str]) -> list[Any]:
    places = [answer]
    for step in way:
        found: list[Any] = []
        for place in places:
            if isinstance(place, dict):
                found += list(place.values()) if step == "*" else [place[step]] if step in place else []
            elif isinstance(place, list):
                at = [place[int(step)]] if step.isdigit() and int(step) < len(place) else []
                found += place if step == "*" else at
        places = found
    return places
