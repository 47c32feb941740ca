"""HTTP for the sandbox: requests, answers, routes, and the one place where faults, latency and transactions meet.

A double is a `Double`: it says which paths are its own and answers a `Request` with a `Response`. The same `Site` is
served over sockets (`server.py`) and in-process (`transport.py`), so both see the same faults.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import formatdate
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

from twinshelf_sandbox.faults import Fault, Faults
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
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """Decoded query parameters in the order sent; a repeated name appears repeatedly."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @property
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
                segment = "{}"  # noqa: PLW2901 - every placeholder shares one branch
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
        if segment and "{}" in node:
            return self._walk(node["{}"], segments, at + 1, [*values, segment])
        return None


class Double(Protocol):
    """One platform (or the control pages): owns some paths and answers for them."""

    name: str

    def owns(self, path: str) -> bool:
        """Whether a call to `path` is this double's to answer, even if only with its kind of 404."""

    def tenant(self, request: Request) -> str:
        """The store hash or shop id a call is for, for fault rules; "" if it cannot be told."""

    def handle(self, request: Request) -> Response:
        """Answer. Runs inside a world transaction; raising anything rolls back and becomes the double's own 500."""

    def crash(self, request: Request, error: Exception) -> Response:
        """What the platform answers when it breaks inside: never a traceback."""


class Site:
    """All doubles of one world behind one address. Dispatch is by path: the platforms' paths do not overlap."""

    def __init__(self, world: World, doubles: list[Double], faults: Faults | None = None) -> None:
        self.world, self.doubles = world, doubles
        self.faults = faults or Faults(world)
        self.latency_seconds = 0.0
        self.requests = 0
        self.calls: dict[tuple[str, str, str], int] = {}  # (platform, method, path with ids blanked) → number

    def handle(self, request: Request) -> Response:
        """Answer one call, faults included. Raises ConnectionLost where a fault says so."""
        double = next(d for d in self.doubles if d.owns(request.path))
        self.requests += 1
        place = (double.name, request.method, _blank_ids(request.path))
        self.calls[place] = self.calls.get(place, 0) + 1
        self.world.run_due()
        if self.latency_seconds and double.name != "control":
            time.sleep(self.latency_seconds)
        if double.name == "control":
            return self._control(double, request)
        fault = self.faults.pick(double.name, double.tenant(request), request.method, request.path, request.body)
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
        """The control pages open transactions themselves: letting time pass runs jobs in transactions of their own."""
        try:
            return double.handle(request)
        except Exception as error:  # noqa: BLE001 - as for the platforms
            self.faults.crashes.append(error)
            return double.crash(request, error)

    def _answer(self, double: Double, request: Request, fault: Fault | None = None) -> Response:
        try:
            with self.world.transaction(f"{double.name} {request.method} {request.path} {request.id[:12]}"):
                self.faults.active = fault
                try:
                    response = double.handle(request)
                finally:
                    self.faults.active = None
        except Exception as error:  # noqa: BLE001 - a platform answers even when it breaks; the error is kept for the test
            self.faults.crashes.append(error)
            response = double.crash(request, error)
        response.headers.setdefault("date", formatdate(self.world.clock.now(), usegmt=True))
        return response

    def _apply(self, fault: Fault, response: Response | None) -> Response | None:
        """Carry out `fault`; None means: go on as if nothing happened."""
        body = b"" if response is None else response.body
        match fault.action:
            case "status":
                return Response(fault.status, fault.body or b"", {"content-type": "application/json", **fault.headers})
            case "envelope":
                envelope = {"code": fault.code, "message": fault.message, "request_id": uuid.uuid4().hex, "data": {}}
                return Response.json(envelope, 200, fault.headers)
            case "headers":
                if response is not None:
                    response.headers.update(fault.headers)
                return response
            case "delay":
                self.faults.sleep(fault.seconds)
                return None
            case "drop":
                raise ConnectionLost
            case "truncate":
                raise ConnectionLost(body[: len(body) // 2], len(body))
            case "body":
                return Response(fault.status or 200, fault.body or b"", {"content-type": "text/html", **fault.headers})
            case "edit":
                self.world.act(fault.edit["action"], **fault.edit.get("arguments", {}))
                return None
            case _:
                return None  # partial, stale, quota, revoke: carried out inside the doubles, which ask faults.active


def _blank_ids(path: str) -> str:
    return "/".join(
        "{}" if any(c.isdigit() for c in s) and not s.startswith("v") and len(s) != 6 else s for s in path.split("/")
    )
