"""The sandbox's own pages and JSON API: clock, faults, actions, effects, calls, snapshots.

Not a part of either platform. Everything under `/_sandbox/`, and a page at `/` that shows the state of both at a
glance. Later pages hang themselves into `Control.pages`.
"""

from __future__ import annotations

import dataclasses
import html
import inspect
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from twinshelf_sandbox.faults import Fault, Faults
from twinshelf_sandbox.hooks import Outbox
from twinshelf_sandbox.wire import Double, Request, Response, Router, Site
from twinshelf_sandbox.world import World

Page = Callable[[Request], Response]

_MOST_EFFECTS: Final = 1000
_MOST_SNAPSHOTS: Final = 10
_PATIENCE_SECONDS: Final = 12.0
_QUOTED: Final = re.compile(r"(?:argument:?|field) '(\w+)'")


class BadRequest(ValueError):
    """What the caller got wrong; `field` names where."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


class Control:
    """Answers `/` and `/_sandbox/…`. `doubles` are asked for counts if they have a `summary()`."""

    name = "control"

    def __init__(self, world: World, outbox: Outbox, faults: Faults, doubles: Iterable[Double] = ()) -> None:
        self.world, self.outbox, self.faults = world, outbox, faults
        self.doubles = list(doubles)
        self.site: Site | None = None  # set by whoever builds the site
        self.pages: dict[str, Page] = {"/": self._index}
        self._snapshots: dict[str, bytes] = {}
        self._routes = Router()
        for method, path, handler in (
            ("GET", "/_sandbox/clock", self._clock),
            ("POST", "/_sandbox/clock", self._set_clock),
            ("GET", "/_sandbox/effects", self._effects),
            ("GET", "/_sandbox/faults", self._list_faults),
            ("POST", "/_sandbox/faults", self._add_fault),
            ("DELETE", "/_sandbox/faults", self._clear_faults),
            ("DELETE", "/_sandbox/faults/{fault_id}", self._remove_fault),
            ("GET", "/_sandbox/actions", self._list_actions),
            ("POST", "/_sandbox/actions/{action}", self._act),
            ("GET", "/_sandbox/calls", self._calls),
            ("DELETE", "/_sandbox/calls", self._reset_calls),
            ("GET", "/_sandbox/state", self._state),
            ("GET", "/_sandbox/snapshot", self._list_snapshots),
            ("POST", "/_sandbox/snapshot", self._snapshot),
            ("POST", "/_sandbox/restore", self._restore),
            ("POST", "/_sandbox/latency", self._latency),
            ("GET", "/_sandbox/deliveries", self._deliveries),
            ("POST", "/_sandbox/settle", self._settle),
        ):
            self._routes.add(method, path, handler)

    # -- the Double protocol -----------------------------------------------------------------------------------

    def owns(self, path: str) -> bool:
        """The index page, the pages others add, and `/_sandbox/…`."""
        return path in self.pages or path.startswith("/_sandbox")

    def tenant(self, request: Request) -> str:  # noqa: ARG002 - faults do not strike the control pages
        """None: faults do not strike the control pages."""
        return ""

    def handle(self, request: Request) -> Response:
        """Answer a page or a control call; what is asked wrongly gets 400 and the name of the field."""
        page = self.pages.get(request.path)
        if page is not None:
            return page(request)
        found = self._routes.find(request.method, request.path)
        if found is None:
            return _problem(404, "there is no such page")
        if isinstance(found, frozenset):
            return _problem(405, f"use {', '.join(sorted(found))}")
        handler, values = found
        try:
            return handler(request, **values)
        except BadRequest as error:
            return _problem(400, str(error), error.field)

    def crash(self, request: Request, error: Exception) -> Response:  # noqa: ARG002 - as the protocol says
        """Say what broke: whoever drives the sandbox must see it."""
        return _problem(500, f"{type(error).__name__}: {error}")

    # -- time --------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass, sending webhooks at every stop, so that retries come at their own time."""
        world = self.world
        target = world.clock.now() + seconds
        while True:
            settle(self.world, self.outbox)
            with world.lock:
                due = world.next_due()
                if due is None or due > target:
                    break
                world.clock.set(max(due, world.clock.now()))
        with world.lock:
            world.clock.set(max(target, world.clock.now()))
        settle(self.world, self.outbox)
        world.save_clock()

    def _clock(self, request: Request) -> Response:  # noqa: ARG002 - routes hand the request to all
        now = self.world.clock.now()
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        return Response.json({"now": now, "iso": at, "rate": self.world.clock.rate, "next_job": self.world.next_due()})

    def _set_clock(self, request: Request) -> Response:
        body = _object(request)
        if not body.keys() & {"set", "rate", "advance"}:
            raise BadRequest("give one of set (Unix seconds or ISO time), rate, advance (seconds)")
        if "set" in body:
            self.world.clock.set(_time(body["set"]))
        if "rate" in body:
            self.world.clock.run(_number(body, "rate"))
        if "advance" in body:
            self.advance(_number(body, "advance"))
        self.world.save_clock()
        self.world.wake.set()
        return self._clock(request)

    def _settle(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json({"done": settle(self.world, self.outbox)})

    # -- what happened -----------------------------------------------------------------------------------------

    def _effects(self, request: Request) -> Response:
        query = request.query
        since, limit = _whole(query, "since", 0), min(_whole(query, "limit", 100), _MOST_EFFECTS)
        wanted = {name: query[name] for name in ("platform", "tenant", "kind", "key") if query.get(name)}
        with self.world.lock:
            effects = self.world.effects
            start = max(0, since - effects[0].seq + 1) if effects else 0
            found = []
            for effect in effects[start:]:
                if all(getattr(effect, name) == value for name, value in wanted.items()):
                    found.append(dataclasses.asdict(effect))
                    if len(found) == limit:
                        break
            last = effects[-1].seq if effects else 0
        return Response.json({"effects": found, "last": last})

    def _calls(self, request: Request) -> Response:  # noqa: ARG002
        calls = {} if self.site is None else self.site.calls
        rows = [{"platform": p, "method": m, "path": path, "count": n} for (p, m, path), n in sorted(calls.items())]
        return Response.json({"calls": rows, "total": sum(row["count"] for row in rows)})

    def _reset_calls(self, request: Request) -> Response:  # noqa: ARG002
        if self.site is not None:
            self.site.calls.clear()
        return Response.json({})

    def _deliveries(self, request: Request) -> Response:
        query = request.query
        limit = min(_whole(query, "limit", 100), _MOST_EFFECTS)
        rows = [row for _, row in self.world.table("deliveries").items()]
        wanted = {name: query[name] for name in ("platform", "tenant", "topic") if query.get(name)}
        rows = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
        rows.sort(key=lambda row: row["id"])
        return Response.json({"deliveries": rows[-limit:], "total": len(rows)})

    def state(self) -> dict[str, Any]:
        """Counts of both platforms."""
        with self.world.lock:
            jobs = Counter(str(job["kind"]) for job in self.world.table("jobs").values())
            return {
                "now": self.world.clock.now(),
                "effects": len(self.world.effects),
                "webhooks_due": jobs.pop("webhook", 0) + (1 if self.outbox.busy else 0),
                "jobs": dict(sorted(jobs.items())),
                "faults": len(self.faults.rules),
                "crashes": [repr(error) for error in self.faults.crashes[-5:]],
                "platforms": {double.name: _summary(double, self.world) for double in self.doubles},
            }

    def _state(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json(self.state())

    # -- what people do ----------------------------------------------------------------------------------------

    def _list_actions(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json(
            {"actions": [_described(name, action) for name, action in sorted(self.world.actions.items())]}
        )

    def _act(self, request: Request, action: str) -> Response:
        if action not in self.world.actions:
            return _problem(404, f"there is no action {action!r}; GET /_sandbox/actions lists them")
        arguments = _object(request)
        try:
            inspect.signature(self.world.actions[action]).bind(**arguments)
        except TypeError as error:
            raise BadRequest(str(error), _named(str(error), arguments)) from error
        try:
            result = self.world.act(action, **arguments)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = str(error) if not isinstance(error, KeyError) else f"unknown: {error.args[0]!r}"
            raise BadRequest(text, _named(text, arguments)) from error
        return Response.json({"result": result})

    # -- faults ------------------------------------------------------------------------------------------------

    def _list_faults(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json({"faults": [_fault_json(fault) for fault in self.faults.rules]})

    def _add_fault(self, request: Request) -> Response:
        rule = _object(request)
        try:
            fault = Fault.from_json(rule)
        except (ValueError, TypeError) as error:
            raise BadRequest(str(error), _named(str(error), rule) or "action") from error
        with self.world.lock:
            self.faults.add(fault)
        return Response.json(_fault_json(fault), 201)

    def _clear_faults(self, request: Request) -> Response:  # noqa: ARG002
        with self.world.lock:
            self.faults.clear()
        return Response.json({})

    def _remove_fault(self, request: Request, fault_id: str) -> Response:  # noqa: ARG002
        with self.world.lock:
            before = len(self.faults.rules)
            self.faults.rules[:] = [fault for fault in self.faults.rules if str(fault.id) != fault_id]
        return Response.json({}) if len(self.faults.rules) < before else _problem(404, f"there is no fault {fault_id}")

    def _latency(self, request: Request) -> Response:
        seconds = _number(_object(request), "seconds")
        if seconds < 0:
            raise BadRequest("seconds: must not be negative", "seconds")
        if self.site is not None:
            self.site.latency_seconds = seconds
        return Response.json({"seconds": seconds})

    # -- snapshots ---------------------------------------------------------------------------------------------

    def _list_snapshots(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json(
            {"snapshots": [{"name": name, "bytes": len(data)} for name, data in self._snapshots.items()]}
        )

    def _snapshot(self, request: Request) -> Response:
        name = str(_object(request).get("name", "default"))
        self._snapshots[name] = self.world.snapshot()
        while len(self._snapshots) > _MOST_SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return Response.json({"name": name, "bytes": len(self._snapshots[name])}, 201)

    def _restore(self, request: Request) -> Response:
        name = str(_object(request).get("name", "default"))
        if name not in self._snapshots:
            raise BadRequest(f"name: there is no snapshot {name!r}", "name")
        self.world.restore(self._snapshots[name])
        return Response.json({"name": name})

    # -- the page ----------------------------------------------------------------------------------------------

    def _index(self, request: Request) -> Response:  # noqa: ARG002
        state = self.state()
        at = datetime.fromtimestamp(state["now"], UTC).strftime("%Y-%m-%d %H:%M:%S")
        sections = "".join(_section(name, tenants) for name, tenants in state["platforms"].items())
        facts = (
            f"{state['effects']} effects, {state['webhooks_due']} webhooks due, {state['faults']} faults, "
            f"{len(state['crashes'])} crashes"
        )
        links = " ".join(
            f'<a href="/_sandbox/{name}">{name}</a>'
            for name in ("state", "clock", "effects", "actions", "faults", "calls", "deliveries")
        )
        page = _PAGE.format(at=at, facts=facts, sections=sections, links=links)
        return Response.text(page, content_type="text/html; charset=utf-8")


_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;margin:.5rem 0 1.5rem}}
th,td{{text-align:left;padding:.2rem 1rem .2rem 0;border-bottom:1px solid #ccc}}
td.n{{text-align:right}}</style></head><body><h1>Sandbox</h1>
<p>It is <strong>{at} UTC</strong> in here. {facts}.</p>{sections}<p>{links}</p></body></html>"""


def settle(world: World, outbox: Outbox, *, rounds: int = 200) -> int:
    """Run everything that is due now, jobs and webhooks, until nothing is. Returns how much was done.

    Waits for webhooks that are being sent by threads, as long as a receiver may take to answer.
    """
    done = 0
    patience = time.monotonic() + _PATIENCE_SECONDS
    for _ in range(rounds):
        count = world.run_due() + outbox.pump()
        done += count
        while outbox.busy and time.monotonic() < patience:
            time.sleep(0.002)
            count += world.run_due() + outbox.pump()
        if not count:
            break
    return done


def _section(name: str, tenants: dict[str, Any]) -> str:
    parts = [f"<h2>{html.escape({'tiktok': 'TikTok Shop', 'bigcommerce': 'BigCommerce'}.get(name, name))}</h2>"]
    if not tenants:
        parts.append("<p>Nothing yet.</p>")
    for tenant, counts in tenants.items():
        rows = "".join(
            f'<tr><th scope="row">{html.escape(what)}</th><td class="n">{value}</td></tr>'
            for what, value in _flat(counts)
        )
        parts.append(f"<h3>{html.escape(tenant)}</h3><table>{rows}</table>")
    return "".join(parts)


def _flat(counts: dict[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in counts.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name} ")
        else:
            yield f"{above}{name}", html.escape(str(value))


def _summary(double: Double, world: World) -> dict[str, Any]:
    """What a double says of itself, else the number of rows of its tables per tenant."""
    summary = getattr(double, "summary", None)
    if summary is not None:
        result: dict[str, Any] = summary()
        return result
    prefix = {"bigcommerce": "bc/"}.get(double.name, f"{double.name}/")
    counts: dict[str, dict[str, int]] = {}
    for table in world.tables(prefix):
        parts = table.name.split("/")
        if len(parts) == 3 and parts[2] in ("products", "orders", "shipments", "hooks") and len(table):
            counts.setdefault(parts[1], {})[parts[2]] = len(table)
    return counts


def _described(name: str, action: Callable[..., Any]) -> dict[str, Any]:
    parameters = []
    for parameter in inspect.signature(action).parameters.values():
        row: dict[str, Any] = {"name": parameter.name, "required": parameter.default is inspect.Parameter.empty}
        if parameter.annotation is not inspect.Parameter.empty:
            row["type"] = str(getattr(parameter.annotation, "__name__", parameter.annotation))
        if not row["required"] and isinstance(parameter.default, str | int | float | bool | list | dict | None):
            row["default"] = parameter.default
        parameters.append(row)
    return {"name": name, "doc": inspect.getdoc(action) or "", "parameters": parameters}


def _fault_json(fault: Fault) -> dict[str, Any]:
    row = dataclasses.asdict(fault)
    row["body"] = fault.body.decode(errors="replace")
    return row


def _named(text: str, arguments: dict[str, Any]) -> str:
    """The argument an error text is about: the text begins with its name, or Python quotes it."""
    head = text.split(":", 1)[0].strip()
    if head.isidentifier():
        return head
    first = text.split(" ", 1)[0]
    if first in arguments:
        return first
    quoted = _QUOTED.search(text)
    return quoted[1] if quoted is not None else ""


def _problem(status: int, message: str, field: str = "") -> Response:
    return Response.json({"error": message, **({"field": field} if field else {})}, status)


def _object(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        body = _plain(request.json())
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _plain(value: Any) -> Any:
    """JSON with numbers as int and float: exact decimals are for money, which actions take as text."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value if value is None or isinstance(value, str | bool | int) else float(value)


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{name}: must be a number"
        raise BadRequest(msg, name)
    return float(value)


def _whole(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        msg = f"{name}: must be a whole number"
        raise BadRequest(msg, name)
    return int(text)


def _time(value: Any) -> float:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()
        except ValueError as error:
            raise BadRequest(f"set: {error}", "set") from error
    return _number({"set": value}, "set")
