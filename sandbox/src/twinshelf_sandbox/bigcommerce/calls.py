"""One API call on its way through the double: what handlers are given, and how they are registered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    Refused,
    is_whole,
    number_param,
    pagination,
    v2_error,
    v2_invalid,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.faults import Fault
from twinshelf_sandbox.wire import Request, Response

Handler = Callable[..., Response]
_ENDLESS: Final = re.compile(rb"\d{19}")


def _bounded(value: Any) -> Any:
    """The same document with whole numbers beyond 64 bits as decimals, which no id and no quantity may be."""
    if isinstance(value, dict):
        return {name: _bounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_bounded(inner) for inner in value]
    return Decimal(value) if type(value) is int and abs(value) >= 1 << 62 else value


READING: Final = frozenset({"GET", "HEAD"})
PROBLEM: Final = "application/problem+json"
"""The content type in which inventory and locations refuse."""


@dataclass
class Call:
    """A call that passed route, token, store, quota and scope."""

    store: Store
    request: Request
    account: Json
    """client_id, client_secret, scopes, token of the caller."""
    fault: Fault | None = None

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters of the call; the last of a repeated name wins."""
        return self.request.query

    @property
    def v2(self) -> bool:
        """Whether the call speaks the V2 dialect."""
        return "/v2/" in self.request.path[:40]

    @property
    def client_id(self) -> str:
        """Who calls."""
        client_id: str = self.account["client_id"]
        return client_id

    def json(self) -> Any:
        """The body. Refuses what is not JSON: 415 by its header, 400 by its text."""
        kind = self.request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind and "json" not in kind:
            raise self.refusal(415, "The request content type is not supported. Send application/json.")
        try:
            body = self.request.json()
        except (ValueError, RecursionError):
            raise self._malformed() from None
        return _bounded(body) if _ENDLESS.search(self.request.body) else body

    def _malformed(self) -> Refused:
        if self.v2:
            return v2_error(400, "The request body is not valid JSON.")
        return v3_error(400, "Input is invalid", detail="Syntax error")

    def object(self) -> Json:
        """The body as a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise self._expected("object")
        return body

    def array(self) -> list[Json]:
        """The body as a JSON array of objects."""
        body = self.json()
        if not isinstance(body, list):
            raise self._expected("array")
        for at, item in enumerate(body):
            if not isinstance(item, dict):
                raise v3_error(422, "JSON data is missing or invalid", {str(at): "error.expected.jsobject"}, short=True)
        return body

    def _expected(self, what: str) -> Refused:
        if self.v2:
            return v2_error(400, f"The request body must be a JSON {what}.")
        return v3_error(422, "JSON data is missing or invalid", {"obj": f"error.expected.js{what}"}, short=True)

    def refusal(self, status: int, text: str) -> Refused:
        """A refusal in the dialect of the call."""
        return v2_error(status, text) if self.v2 else v3_error(status, text)

    def page(self, default: int = 50, maximum: int = 250) -> tuple[int, int]:
        """(page, limit) of the query. Too large a limit is refused with 413 or cut, by the store's switch."""
        if self.v2:
            texts = {"page": self.query.get("page") or "1", "limit": self.query.get("limit") or str(default)}
            for name, text in texts.items():
                if not is_whole(text):
                    raise v2_invalid(name)
            page, limit = int(texts["page"]), int(texts["limit"])
        else:
            page, limit = number_param(self.query, "page", 1), number_param(self.query, "limit", default)
        if limit > maximum:
            if self.store.switch("over_limit") == "refuse":
                raise self.refusal(413, f"The limit of {limit} is too large. The maximum is {maximum}.")
            limit = maximum
        return max(page, 1), max(limit, 1)

    @cached_property
    def narrowing(self) -> Json | None:
        """`include_fields` and `exclude_fields` as the sets `keep` (None: all) and `drop`; None if neither is given."""
        keep, drop = self.query.get("include_fields"), self.query.get("exclude_fields")
        if keep is None and drop is None:
            return None
        return {
            "keep": None if keep is None else {name.strip() for name in keep.split(",")},
            "drop": set() if drop is None else {name.strip() for name in drop.split(",")},
        }

    def narrow(self, doc: Json, always: str = "id") -> Json:
        """The fields of a document that `include_fields` and `exclude_fields` leave; `always` stays."""
        if self.narrowing is None:
            return doc
        keep, drop = self.narrowing["keep"], self.narrowing["drop"]
        return {k: v for k, v in doc.items() if k == always or ((keep is None or k in keep) and k not in drop)}

    def paged(self, rows: list[Any], default: int = 50, maximum: int = 250) -> tuple[list[Any], Json]:
        """One page of `rows` with its `meta`."""
        page, limit = self.page(default, maximum)
        shown = rows[(page - 1) * limit : page * limit]
        return shown, pagination(len(rows), len(shown), page, limit, self.query)


@dataclass(frozen=True)
class Route:
    """A handler and any of whose scopes opens it; none: every account may call it."""

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...]
    refusals: str = "application/json"
    """The content type of its refusals."""


class Routes:
    """The routes of one subject, under the scopes they share."""

    def __init__(self, *scopes: str, refusals: str = "application/json") -> None:
        self.scopes, self.refusals = scopes, refusals
        self.all: list[Route] = []

    def on(self, method: str, path: str, *scopes: str) -> Callable[[Handler], Handler]:
        """Register the decorated handler; `scopes` replace the subject's own."""

        def register(handler: Handler) -> Handler:
            self.all.append(Route(method, path, handler, scopes or self.scopes, self.refusals))
            return handler

        return register

    def get(self, path: str, *scopes: str) -> Callable[[Handler], Handler]:
        """Register a reading route; HEAD comes with it."""
        return self.on("GET", path, *scopes)

    def post(self, path: str, *scopes: str) -> Callable[[Handler], Handler]:
        """Register a creating route."""
        return self.on("POST", path, *scopes)

    def put(self, path: str, *scopes: str) -> Callable[[Handler], Handler]:
        """Register a changing route."""
        return self.on("PUT", path, *scopes)

    def delete(self, path: str, *scopes: str) -> Callable[[Handler], Handler]:
        """Register a deleting route."""
        return self.on("DELETE", path, *scopes)


def allowed(scopes: Iterable[str], granted: Iterable[str], method: str) -> bool:
    """Whether one of `scopes` was granted; the `_read_only` form opens GET and HEAD only.

    Source: BigCommerce docs, start/authentication/api-accounts.
    """
    wanted = tuple(scopes)
    if not wanted:
        return True
    held = set(granted)
    return any(scope in held or (method in READING and f"{scope}_read_only" in held) for scope in wanted)
