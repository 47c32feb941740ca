"""Faults on demand: rules that say which calls go wrong, how, and how often, from a seeded generator.

A rule matches on platform, tenant, method and path; `nth` picks a call, `probability` a share of them, `times` limits
how often it strikes. `phase` says whether the call takes effect first. Kinds that need the platform's knowledge
(`partial`, `stale`, `quota`, `revoke`) are carried out by the doubles, which find the rule in `Faults.active`; those
of webhooks (`duplicate`, `reorder`, `lose`, `delay` with `on: webhook`) by `hooks.Outbox`.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from twinshelf_sandbox.world import World

Kind = Literal[
    "status", "envelope", "headers", "delay", "drop", "truncate", "body", "stale", "partial", "duplicate", "reorder",
    "lose", "clock", "quota", "revoke", "edit",
]  # fmt: skip


@dataclass
class Fault:
    """One rule. Empty match fields match anything; `path` is a shell pattern such as `/stores/*/v2/orders`."""

    action: Kind
    phase: Literal["before", "after"] = "before"
    on: Literal["call", "webhook"] = "call"
    platform: str = ""
    tenant: str = ""
    method: str = ""
    path: str = "*"
    contains: str = ""  # only calls whose body contains this text: the poisoned item of a batch
    nth: int = 0
    probability: float = 1.0
    times: int | None = 1
    status: int = 503
    code: int = 0
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    edit: dict[str, Any] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)  # which items of a batch a `partial` spares or breaks
    id: int = 0
    seen: int = 0
    struck: int = 0

    @classmethod
    def from_json(cls, rule: dict[str, Any]) -> Fault:
        """A rule as the control API, the CLI and fault files write it. Raises ValueError naming the field."""
        known = {name for name in cls.__dataclass_fields__ if name not in {"id", "seen", "struck"}}
        if unknown := sorted(set(rule) - known):
            msg = f"unknown field {unknown[0]!r} in a fault rule; known: {', '.join(sorted(known))}"
            raise ValueError(msg)
        if rule.get("action") not in get_args(Kind):
            msg = f"action {rule.get('action')!r} is not one of: {', '.join(get_args(Kind))}"
            raise ValueError(msg)
        values = dict(rule)
        if isinstance(values.get("body"), str):
            values["body"] = values["body"].encode()
        return cls(**values)


class Faults:
    """The rules in force. `pick` is asked once per call, in order of adding; the first rule that strikes wins."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rules: list[Fault] = []
        self.active: Fault | None = None
        self.crashes: list[Exception] = []  # what broke inside a double: a defect of the sandbox, never of the client
        self._last_id = 0
        self.sleep: Callable[[float], None] = time.sleep

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force, after those there are. Returns it with its number."""
        self._last_id += 1
        fault.id = self._last_id
        self.rules.append(fault)
        return fault

    def clear(self) -> None:
        """Take every rule back."""
        self.rules.clear()

    def pick(self, platform: str, tenant: str, method: str, path: str, body: bytes = b"") -> Fault | None:
        """The rule that strikes this call, counted as struck; None: it goes as it should. Ask once per call."""
        if not self.rules:
            return None
        return self._pick("call", platform, tenant, method, path, body=body)

    def pick_webhook(self, platform: str, tenant: str, topic: str, body: bytes = b"") -> Fault | None:
        """The rule that strikes a webhook about to be sent; `path` of such a rule matches the topic."""
        if not self.rules:
            return None
        return self._pick("webhook", platform, tenant, "POST", topic, body=body)

    def _pick(self, on: str, platform: str, tenant: str, method: str, path: str, *, body: bytes) -> Fault | None:
        with self._world.lock:
            for rule in self.rules:
                if rule.on != on or (rule.times is not None and rule.struck >= rule.times):
                    continue
                if (rule.platform and rule.platform != platform) or (rule.tenant and rule.tenant != tenant):
                    continue
                if (rule.method and rule.method != method) or not fnmatch.fnmatchcase(path, rule.path):
                    continue
                if rule.contains and rule.contains.encode() not in body:
                    continue
                rule.seen += 1
                if rule.nth and rule.seen != rule.nth:
                    continue
                if rule.probability < 1 and self._world.rng.random() >= rule.probability:
                    continue
                rule.struck += 1
                return rule
        return None
