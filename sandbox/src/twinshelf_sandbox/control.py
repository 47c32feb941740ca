"""The sandbox's own JSON API: clock, faults, actions, effects, calls, snapshots.

Not a part of either platform. Everything under `/_sandbox/`; the pages for people are in `pages` and use it.
"""

from __future__ import annotations

import dataclasses
import inspect
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from twinshelf_sandbox.arguments import (
    BadRequest,
    any_json,
    choice,
    fitting,
    from_elsewhere,
    json_object,
    moment,
    named,
    number,
    problem,
    whole,
)
from twinshelf_sandbox.faults import Fault, Faults, rules_of
from twinshelf_sandbox.webhooks import Outbox
from twinshelf_sandbox.wire import Double, Request, Response, Router, Site
from twinshelf_sandbox.world import Effect, World

_MOST_EFFECTS: Final = 1000
_MOST_SNAPSHOTS: Final = 10
_PATIENCE_SECONDS: Final = 12.0


class Control:
    """Answers `/_sandbox/…`. `doubles` are asked for counts if they have a `summary()`."""

    name = "control"

    def __init__(self, world: World, outbox: Outbox, faults: Faults, doubles: Iterable[Double] = ()) -> None:
        self.world, self.outbox, self.faults = world, outbox, faults
        self.doubles = list(doubles)
        self.site: Site | None = None  # set by whoever builds the site
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
            ("GET", "/_sandbox/snapshot/{name}", self._take_snapshot),
            ("PUT", "/_sandbox/snapshot/{name}", self._bring_snapshot),
            ("DELETE", "/_sandbox/snapshot/{name}", self._forget_snapshot),
            ("POST", "/_sandbox/restore", self._restore),
            ("GET", "/_sandbox/latency", self._latency),
            ("POST", "/_sandbox/latency", self._set_latency),
            ("GET", "/_sandbox/access", self._access),
            ("GET", "/_sandbox/deliveries", self._deliveries),
            ("POST", "/_sandbox/settle", self._settle),
        ):
            self._routes.add(method, path, handler)

    # -- the Double protocol -----------------------------------------------------------------------------------

    def owns(self, path: str) -> bool:
        """`/_sandbox/…`."""
        return path.startswith("/_sandbox")

    def tenant(self, request: Request) -> str:  # noqa: ARG002 - as the protocol says
        """None: faults do not strike the control API."""
        return ""

    def handle(self, request: Request) -> Response:
        """Answer a control call; what is asked wrongly gets 400 and the name of the field."""
        found = self._routes.find(request.method, request.path)
        if found is None:
            return problem(404, "there is no such page")
        if isinstance(found, frozenset):
            return problem(405, f"use {', '.join(sorted(found))}")
        if request.method != "GET" and from_elsewhere(request):
            return problem(403, "this was sent from a page of another site, so nothing was done")
        handler, values = found
        try:
            return handler(request, **values)
        except BadRequest as error:
            return problem(400, str(error), error.field)

    def crash(self, request: Request, error: Exception) -> Response:  # noqa: ARG002 - as the protocol says
        """Say what broke: whoever drives the sandbox must see it."""
        return problem(500, f"{type(error).__name__}: {error}")

    # -- time --------------------------------------------------------------------------------------------------

    def advance(self, seconds: float, *, stride: float = 0.0) -> None:
        """Let time pass, sending webhooks at every stop, so that retries come at their own time.

        What falls due within `stride` seconds of a stop happens at that stop: thousands of timed jobs then take few.
        """
        world = self.world
        target = world.clock.now() + seconds
        while True:
            settle(self.world, self.outbox)
            with world.lock:
                due = world.next_due()
                if due is None or due > target:
                    break
                world.clock.set(max(min(due + stride, target), world.clock.now()))
        with world.lock:
            world.clock.set(max(target, world.clock.now()))
        settle(self.world, self.outbox)
        world.save_clock()

    def step(self) -> None:
        """Jump to the next timed job, and let what is due then happen; nothing if none is waiting."""
        due = self.world.next_due()
        if due is not None:
            self.advance(max(0.0, due - self.world.clock.now()))

    def _clock(self, request: Request) -> Response:  # noqa: ARG002 - routes hand the request to all
        now = self.world.clock.now()
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        return Response.json({"now": now, "iso": at, "rate": self.world.clock.rate, "next_job": self.world.next_due()})

    def _set_clock(self, request: Request) -> Response:
        body, clock = json_object(request), self.world.clock
        if not body.keys() & {"set", "rate", "advance", "step"}:
            raise BadRequest("give one of set (Unix seconds or ISO time), rate, advance (seconds), step (true)")
        if "set" in body:
            clock.set(moment(body["set"], "set"))
        if "rate" in body:
            clock.run(number(body, "rate", least=0))
        if "advance" in body:
            self.advance(number(body, "advance", least=0), stride=number(body, "stride", 0.0, least=0))
        if body.get("step"):
            self.step()
        self.world.save_clock()
        self.world.wake.set()
        return self._clock(request)

    def _settle(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json({"done": settle(self.world, self.outbox)})

    # -- what happened -----------------------------------------------------------------------------------------

    def _effects(self, request: Request) -> Response:
        query = request.query
        limit = max(1, min(whole(query, "limit", 100), _MOST_EFFECTS))
        newest = choice(query, "order", ("oldest", "newest")) == "newest"
        since, before = whole(query, "since", 0), whole(query, "before", 0)
        wanted = _wanted(query)
        with self.world.lock:
            effects = self.world.effects
            first = effects[0].seq if effects else 1
            low, high = max(0, since - first + 1), len(effects) if not before else max(0, before - first)
            places = range(min(high, len(effects)) - 1, low - 1, -1) if newest else range(low, min(high, len(effects)))
            found = list(islice((effects[at] for at in places if wanted(effects[at])), limit + 1))
            last = effects[-1].seq if effects else 0
        page = [dataclasses.asdict(effect) for effect in found[:limit]]
        return Response.json({"effects": page, "last": last, "next": page[-1]["seq"] if len(found) > limit else None})

    def calls(self) -> dict[tuple[str, str, str], int]:
        """How often each (platform, method, path with ids blanked) was called."""
        return {} if self.site is None else dict(self.site.calls)

    def _calls(self, request: Request) -> Response:  # noqa: ARG002
        rows = [
            {"platform": platform, "method": method, "path": path, "count": count}
            for (platform, method, path), count in sorted(self.calls().items())
        ]
        return Response.json({"calls": rows, "total": sum(self.calls().values())})

    def _reset_calls(self, request: Request) -> Response:  # noqa: ARG002
        if self.site is not None:
            self.site.calls.clear()
        return Response.json({})

    def _deliveries(self, request: Request) -> Response:
        query = request.query
        limit = min(whole(query, "limit", 100), _MOST_EFFECTS)
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
            return problem(404, f"there is no action {action!r}; GET /_sandbox/actions lists them")
        arguments = json_object(request)
        signature = inspect.signature(self.world.actions[action])
        try:
            signature.bind(**arguments)
        except TypeError as error:
            raise BadRequest(str(error), named(str(error), arguments)) from error
        for name, parameter in signature.parameters.items():
            if name in arguments:
                arguments[name] = fitting(name, arguments[name], str(parameter.annotation))
        try:
            result = self.world.act(action, **arguments)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = str(error) if not isinstance(error, KeyError) else f"unknown: {error.args[0]!r}"
            raise BadRequest(text, named(text, arguments)) from error
        return Response.json({"result": result})

    # -- faults ------------------------------------------------------------------------------------------------

    def _list_faults(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json({"faults": [_fault_json(fault) for fault in self.faults.rules]})

    def _add_fault(self, request: Request) -> Response:
        asked = any_json(request) if request.body else {}
        try:
            added = [self.faults.add(fault) for fault in self._checked(rules_of(asked))]
        except (ValueError, TypeError) as error:
            raise BadRequest(str(error), named(str(error), asked) or "action") from error
        shown = [_fault_json(fault) for fault in added]
        return Response.json(shown[0] if isinstance(asked, dict) and "faults" not in asked else {"faults": shown}, 201)

    def _checked(self, faults: list[Fault]) -> list[Fault]:
        """All of them or none: one rule of a list that cannot be added keeps the others out."""
        for fault in faults:
            self.faults.check(fault)
        return faults

    def _clear_faults(self, request: Request) -> Response:  # noqa: ARG002
        self.faults.clear()
        return Response.json({})

    def _remove_fault(self, request: Request, fault_id: str) -> Response:  # noqa: ARG002
        gone = fault_id.isascii() and fault_id.isdigit() and self.faults.remove(int(fault_id))
        return Response.json({}) if gone else problem(404, f"there is no fault {fault_id}")

    def _latency(self, request: Request) -> Response:  # noqa: ARG002
        site = self.site
        seconds, spread = (0.0, 0.0) if site is None else (site.latency_seconds, site.latency_spread)
        return Response.json({"seconds": seconds, "spread": spread})

    def _set_latency(self, request: Request) -> Response:
        body = json_object(request)
        seconds, spread = number(body, "seconds", least=0), number(body, "spread", 0.0, least=0)
        if self.site is not None:
            self.site.latency_seconds, self.site.latency_spread = seconds, spread
        return self._latency(request)

    def _access(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json(self.world.table("world").get("access") or {})

    # -- snapshots ---------------------------------------------------------------------------------------------

    def snapshots(self) -> dict[str, int]:
        """The snapshots kept in memory, oldest first, with their sizes in bytes."""
        return {name: len(data) for name, data in self._snapshots.items()}

    def _list_snapshots(self, request: Request) -> Response:  # noqa: ARG002
        return Response.json({"snapshots": [{"name": name, "bytes": size} for name, size in self.snapshots().items()]})

    def _snapshot(self, request: Request) -> Response:
        name = str(json_object(request).get("name", "default"))
        return self._keep(name, self.world.snapshot())

    def _keep(self, name: str, data: bytes) -> Response:
        self._snapshots.pop(name, None)
        self._snapshots[name] = data
        while len(self._snapshots) > _MOST_SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return Response.json({"name": name, "bytes": len(data)}, 201)

    def _take_snapshot(self, request: Request, name: str) -> Response:  # noqa: ARG002
        if name not in self._snapshots:
            return problem(404, f"there is no snapshot {name!r}")
        return Response(200, self._snapshots[name], {"content-type": "application/octet-stream"})

    def _bring_snapshot(self, request: Request, name: str) -> Response:
        return self._keep(name, request.body)

    def _forget_snapshot(self, request: Request, name: str) -> Response:  # noqa: ARG002
        gone = self._snapshots.pop(name, None) is not None
        return Response.json({}) if gone else problem(404, f"there is no snapshot {name!r}")

    def _restore(self, request: Request) -> Response:
        name = str(json_object(request).get("name", "default"))
        if name not in self._snapshots:
            raise BadRequest(f"name: there is no snapshot {name!r}", "name")
        try:
            self.world.restore(self._snapshots[name])
        except ValueError as error:
            raise BadRequest(f"name: {error}", "name") from error
        self.world.wake.set()
        return Response.json({"name": name})


def _wanted(query: dict[str, str]) -> Callable[[Effect], bool]:
    """The filters of an effects query: equal fields, a part of the cause, and times."""
    equal = {name: query[name] for name in ("platform", "tenant", "kind", "key") if query.get(name)}
    cause = query.get("cause", "")
    start = moment(query["from"], "from") if query.get("from") else float("-inf")
    end = moment(query["until"], "until") if query.get("until") else float("inf")
    return lambda effect: (
        all(getattr(effect, name) == value for name, value in equal.items())
        and cause in effect.cause
        and start <= effect.at < end
    )


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
