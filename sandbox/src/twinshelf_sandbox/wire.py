"""HTTP for the sandbox: requests, answers, routes, and the one place where faults, latency and transactions meet.

A double is a `Double`: it says which paths are its own and answers a `Request` with a `Response`. The same `Site` is
served over sockets (`server.py`) and in-process (`transport.py`), so both see the same faults.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import formatdate
from functools import cached_property, lru_cache
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import msgspec

from twinshelf_sandbox.faults import Fault, Faults, changed
from twinshelf_sandbox.world import World

json_encode = msgspec.json.Encoder(decimal_format="number").encode
_json_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass
class Request:
    """One call as it came in: `path` is decoded and without query, `headers` have lower-case names."""

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    beside: int = 0
    """How many calls of the same kind for the same tenant were still unanswered when this one came in."""

    @cached_property
    def query_pairs(self) -> list[tuple[str, str]]:
        """Decoded query parameters in the order sent; a repeated name appears repeatedly."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @cached_property
    def query(self) -> dict[str, str]:
        """Decoded query parameters; the last of a repeated name wins."""
        return dict(self.query_pairs)

    def json(self) -> Any:
        """The body as JSON, numbers with a fraction as exact Decimal. Raises ValueError."""
        return _json_decode(self.body)


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Encode `value` as JSON: Decimal as a bare number, `msgspec.Raw` as it is."""
        return cls(status, json_encode(value), {"content-type": "application/json", **(headers or {})})

    @classmethod
    def text(cls, text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Response:
        """`text` in UTF-8."""
        return cls(status, text.encode(), {"content-type": content_type})


class ConnectionLost(Exception):
    """The answer never reaches the client: the connection is closed instead (fault actions `drop` and `truncate`)."""

    def __init__(self, partial: bytes = b"", declared_length: int = 0) -> None:
        self.partial, self.declared_length = partial, declared_length
        super().__init__("connection closed by a fault")


Handler = Callable[..., Response]


_ANY: Final = "/"
"""Under which the routes go on behind a placeholder: no segment of a path can be that."""


class Router:
    """Exact and `{name}` segments, per method; names are passed to the handler as keyword arguments (text)."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Have `handler` answer for this method on paths of this pattern, such as `/stores/{hash}/v2/orders`."""
        node = self._tree
        names = []
        for segment in pattern.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                segment = _ANY  # noqa: PLW2901 - every placeholder shares one branch
            node = node.setdefault(segment, {})
        node.setdefault("", {})[method] = (handler, tuple(names))

    def route(self, method: str, pattern: str) -> Callable[[Handler], Handler]:
        """Decorator form of `add`."""

        def register(handler: Handler) -> Handler:
            self.add(method, pattern, handler)
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]] | frozenset[str] | None:
        """The handler with its arguments; the allowed methods if only the method is wrong; None for an unknown path."""
        segments = path.strip("/").split("/")
        found = self._walk(self._tree, segments, 0, [])
        if found is None:
            return None
        methods, values = found
        if method not in methods:
            return frozenset(methods)
        handler, names = methods[method]
        return handler, dict(zip(names, values, strict=True))

    def _walk(
        self, node: dict[str, Any], segments: list[str], at: int, values: list[str]
    ) -> tuple[dict[str, Any], list[str]] | None:
        if at == len(segments):
            methods = node.get("")
            return None if methods is None else (methods, values)
        segment = segments[at]
        if segment and segment in node and (found := self._walk(node[segment], segments, at + 1, values)):
            return found
        if segment and _ANY in node:
            return self._walk(node[_ANY], segments, at + 1, [*values, segment])
        return None


class Double(Protocol):
    """One platform (or the control API, or the pages): owns some paths and answers for them."""

    name: str

    def owns(self, path: str) -> bool:
        """Whether a call to `path` is this double's to answer, even if only with its kind of 404."""

    def tenant(self, request: Request) -> str:
        """The store hash or shop id a call is for, for fault rules; "" if it cannot be told."""

    def handle(self, request: Request) -> Response:
        """Answer. Runs inside a world transaction; raising anything rolls back and becomes the double's own 500."""

    def crash(self, request: Request, error: Exception) -> Response:
        """What the platform answers when it breaks inside: never a traceback."""


_OURS = frozenset({"control", "pages"})
"""Doubles that are no platform: neither faults nor latency strike them."""


class Site:
    """All doubles of one world behind one address. Dispatch is by path: the platforms' paths do not overlap."""

    def __init__(self, world: World, doubles: list[Double], faults: Faults | None = None) -> None:
        self.world, self.doubles = world, doubles
        self.faults = faults or Faults(world)
        self.latency_seconds = self.latency_spread = 0.0  # what an answer takes in real time, and by chance up to more
        self.requests = 0
        self._rng = random.Random(f"latency of {world.seed}")
        self.calls: dict[tuple[str, str, str], int] = {}  # (platform, method, path with ids blanked) → number
        self._unanswered: Counter[tuple[str, ...]] = Counter()
        self._counting = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answer one call, faults included. Raises ConnectionLost where a fault says so."""
        double = next(d for d in self.doubles if d.owns(request.path))
        self.requests += 1
        place = (double.name, request.method, _blank_ids(request.path))
        self.calls[place] = self.calls.get(place, 0) + 1
        self.world.run_due()
        if double.name in _OURS:
            return self._control(double, request)
        tenant = double.tenant(request)
        with self._counted(request, (tenant, *place)):
            if self.latency_seconds or self.latency_spread:
                time.sleep(self.latency_seconds + self._rng.random() * self.latency_spread)
            response = self._platform(double, tenant, request)
        response.headers.setdefault("date", formatdate(self.world.clock.now(), usegmt=True))
        return response

    @contextmanager
    def _counted(self, request: Request, kind: tuple[str, ...]) -> Iterator[None]:
        """Tell the call how many of its kind are under way, and count it among them until it is answered."""
        with self._counting:
            request.beside = self._unanswered[kind]
            self._unanswered[kind] += 1
        try:
            yield
        finally:
            with self._counting:
                self._unanswered[kind] -= 1
                if not self._unanswered[kind]:
                    del self._unanswered[kind]

    def _platform(self, double: Double, tenant: str, request: Request) -> Response:
        fault = self.faults.pick(
            double.name,
            tenant,
            request.method,
            request.path,
            request.body,
            query=request.query_string,
        )
        if fault is not None and fault.phase == "before":
            early = self._apply(fault, None)
            if early is not None:
                return early
        response = self._answer(double, request, fault)
        if fault is not None and fault.phase == "after":
            late = self._apply(fault, response)
            response = response if late is None else late
        return response

    def _control(self, double: Double, request: Request) -> Response:
        """The control API and the pages open transactions themselves: jobs run in transactions of their own."""
        try:
            return double.handle(request)
        except Exception as error:  # noqa: BLE001 - as for the platforms
            self.faults.crashes.append(error)
            return double.crash(request, error)

    def _answer(self, double: Double, request: Request, fault: Fault | None = None) -> Response:
        try:
            with self.world.transaction(f"{double.name} {request.method} {request.path} #{self.requests}"):
                self.faults.active = fault
                try:
                    response = double.handle(request)
                finally:
                    self.faults.active = None
        except Exception as error:  # noqa: BLE001 - a platform answers even when it breaks; the error is kept for the test
            self.faults.crashes.append(error)
            response = double.crash(request, error)
        return response

    def _apply(self, fault: Fault, response: Response | None) -> Response | None:
        """Carry out `fault`; None means: go on as if nothing happened."""
        match fault.action:
            case "delay":
                self.faults.sleep(fault.seconds)
            case "edit":
                try:
                    self.world.act(fault.edit["action"], **fault.edit.get("arguments", {}))
                except Exception as error:  # noqa: BLE001 - a rule's mistake must not look like the platform's
                    self.faults.crashes.append(error)
            case "clock":
                self.world.clock.set(self.world.clock.now() + fault.seconds)
                self.world.save_clock()
            case _:
                return _answered(fault, response)
        return None


def _answered(fault: Fault, response: Response | None) -> Response | None:
    """What `fault` lets the client see; None for the kinds that doubles carry out, which ask `Faults.active`."""
    match fault.action:
        case "status":
            return Response(fault.status, fault.body, _JSON | fault.headers)
        case "envelope":
            envelope = {"code": fault.code, "message": fault.message, "request_id": uuid.uuid4().hex, "data": {}}
            return Response.json(envelope, 200, fault.headers)
        case "headers" if response is not None:
            response.headers.update(fault.headers)
            return response
        case "drop":
            raise ConnectionLost
        case "truncate":
            whole = _UNFINISHED if response is None else response.body
            part = whole[: int(len(whole) * fault.share)]
            if fault.content_length == "sent":
                return Response(200 if response is None else response.status, part, _JSON | fault.headers)
            raise ConnectionLost(part, len(whole))
        case "body" if fault.change and response is not None:
            return _rewritten(response, fault)
        case "body":
            return Response(fault.status, fault.body, {"content-type": "text/html", **fault.headers})
    return None


_JSON: Final = {"content-type": "application/json"}
_UNFINISHED: Final = b'{"data":[{"id":1,"name":"'
"""The beginning of an answer to a call that was not carried out."""


def _rewritten(response: Response, fault: Fault) -> Response:
    """The true answer with what `fault` changes in it; an answer that is no JSON stays as it is."""
    try:
        answer = _json_decode(response.body)
    except msgspec.DecodeError:
        return response
    body = json_encode(changed(answer, fault.change))
    return Response(response.status, body, {**response.headers, **fault.headers})


@lru_cache(maxsize=4096)
def _blank_ids(path: str) -> str:
    return "/".join(
        "{}" if any(c.isdigit() for c in s) and not s.startswith("v") and len(s) != 6 else s for s in path.split("/")
    )
