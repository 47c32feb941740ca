"""All that goes over a sandbox's wire, kept for checks of it; a lie may be planted in what was kept."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.wire import Request, Response

Tell = Callable[[str, Any], Any]
"""What becomes of a JSON document: given where it came from (a path, or "webhook") and the document."""


@dataclass(frozen=True)
class Exchange:
    """A call and its answer, with the sandbox's time when it was given. `body` is None where the answer has none."""

    at: float
    method: str
    path: str
    query: dict[str, str]
    status: int
    headers: dict[str, str]
    raw: bytes
    body: Any


@dataclass(frozen=True)
class Sent:
    """A webhook as it arrived."""

    at: float
    headers: dict[str, str]
    raw: bytes
    body: Any


@dataclass
class Wire:
    """What went over the wire since `tap`."""

    sandbox: Sandbox
    since: float
    exchanges: list[Exchange] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    @property
    def bodies(self) -> list[Exchange]:
        return [each for each in self.exchanges if each.body is not None]

    def with_lie(self, lie: Tell) -> Wire:
        """The same, had the sandbox told this lie."""
        exchanges = [
            replace(each, body=body, raw=json.dumps(body).encode())
            for each in self.bodies
            for body in (lie(each.path, copy.deepcopy(each.body)),)
        ]
        sent = [
            replace(each, body=body, raw=json.dumps(body).encode())
            for each in self.sent
            for body in (lie("webhook", copy.deepcopy(each.body)),)
        ]
        return Wire(self.sandbox, self.since, exchanges, sent)


def tap(sandbox: Sandbox, *, fails: int = 0) -> Wire:
    """Listen to a sandbox. The first `fails` webhooks of each address are answered with 500."""
    wire = Wire(sandbox, sandbox.world.clock.now())
    handle, failed = sandbox.site.handle, dict[str, int]()

    def answer(request: Request) -> Response:
        response = handle(request)
        body = _json(response)
        query = dict(parse_qsl(request.query_string, keep_blank_values=True))
        headers = {name.lower(): value for name, value in response.headers.items()}
        at = sandbox.world.clock.now()
        wire.exchanges.append(
            Exchange(at, request.method, request.path, query, response.status, headers, response.body, body)
        )
        return response

    def send(url: str, headers: Mapping[str, str], body: bytes, _timeout: float) -> int:
        wire.sent.append(Sent(sandbox.world.clock.now(), dict(headers), body, json.loads(body)))
        failed[url] = failed.get(url, 0) + 1
        return 500 if failed[url] <= fails else 200

    sandbox.site.handle = answer  # type: ignore[method-assign]
    sandbox.outbox.send = send
    return wire


def _json(response: Response) -> Any:
    kind = response.headers.get("content-type", "")
    return json.loads(response.body) if response.body and "json" in kind else None


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """(place, name, value) of all that is neither object nor list; entries of a list have the list's name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, path.rpartition(".")[2].replace("[]", ""), value
