"""What every call to TikTok Shop goes through: signing, sending, budget, repeats, refusals, pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, Protocol, TypeVar
from urllib.parse import quote, urlencode

import httpx2
import msgspec
import stamina

from twinshelf.errors import DocumentError, PlatformDown, ScopeMissing, Throttled, Transient, Unauthorized
from twinshelf.kit import clock, http
from twinshelf.kit.budget import BudgetedClient
from twinshelf.kit.http import Answer, Budget, Urgency
from twinshelf.kit.pages import every_page
from twinshelf.tiktok import errors, messages, signing, wire
from twinshelf.tiktok.errors import PLATFORM, PartlyRefused
from twinshelf.tiktok.wire import Page, Rows

API_URL: Final = "https://open-api.tiktokglobalshop.com"

PAGE: Final = 100
"""Rows of a page, where a list does not take fewer."""

_TRIES, _TIME_SECONDS = 3, 10.0
_FIRST_WAIT_SECONDS, _LAST_WAIT_SECONDS = 0.2, 2.0
_DEFAULT_THROTTLE_SECONDS: Final = 1.0
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_NO_DATA: Final = msgspec.Raw(b"{}")
# The reason for a timestamp that TikTok refuses; its code stands for nine other things as well.
_CLOCK_WORD: Final = "timestamp"

T = TypeVar("T")

Method = Literal["GET", "POST", "PUT", "DELETE"]


class TokenSource(Protocol):
    """Where the seller's access token comes from, and who renews it for all that use it."""

    def access_token(self) -> str:
        """The token to use now."""

    def refresh_after(self, rejected: str) -> str:
        """A token other than `rejected`, which TikTok has just refused. Raises Unauthorized if there is none."""


class _Reply(msgspec.Struct, frozen=True):
    code: int | str
    message: str | None = None
    request_id: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")


@dataclass
class _Skew:
    """How far TikTok's clock is ahead of ours, as its answers tell. Shared by all copies of a client.

    Apart from `kit.skew`, which asks the database: a signature must not wait for one.
    """

    seconds: float = 0.0

    def timestamp(self) -> int:
        return int(clock.timestamp() + self.seconds)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the time of an answer for the right one, if it tells any."""
        try:
            self.seconds = parsedate_to_datetime(headers["date"]).timestamp() - clock.timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return


@dataclass(frozen=True)
class Call:
    """One call before it is signed. `path` has `{}` where ids go: that is also how its quota is counted.

    `repeatable`: doing it twice does no harm, so it may be tried again at once. `keyed`: no harm only because of a key
    that the caller has to keep until the outcome is known.
    """

    method: Method
    path: str
    ids: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    upload: tuple[bytes, Mapping[str, str]] | None = None
    in_shop: bool = True
    repeatable: bool = True
    keyed: bool = False

    @property
    def may_leave_unknown(self) -> bool:
        """Whether the caller must find out what happened if no answer comes."""
        return self.keyed or not self.repeatable

    @property
    def target(self) -> str:
        """The path with the ids in it. Raises DocumentError for what is no id."""
        for each in self.ids:
            if not _ID.fullmatch(each):
                raise DocumentError("id", f"{each[:70]!r} is not an id of TikTok Shop")
        return self.path.format(*self.ids)


class Calls(BudgetedClient):
    """How a shop is called. What can be asked of it stands in the classes made of this one, one for each subject."""

    def __init__(
        self,
        app_key: str,
        app_secret: str,
        tokens: TokenSource,
        *,
        cipher: str = "",
        shop_id: str = "",
        budget: Budget,
        base_url: str = API_URL,
        urgency: Urgency = "normal",
    ) -> None:
        self.shop_id = shop_id
        self._app_key, self._app_secret, self._tokens, self._cipher = app_key, app_secret, tokens, cipher
        super().__init__(http.client(base_url, headers={"accept": "application/json"}), budget, urgency)
        self._skew = _Skew()

    def _in_parts(self, items: Iterable[T], size: int, change: Callable[[list[T]], None]) -> None:
        """`change` every part, also those after one that was partly refused; then raise all refusals as one."""
        refused: list[PartlyRefused] = []
        for some in batches(items, size):
            try:
                change(some)
            except PartlyRefused as error:
                refused.append(error)
        if refused:
            raise PartlyRefused(
                tuple(item for error in refused for item in error.items), request_id=refused[0].request_id
            )

    def _pages(self, read: Callable[[str], Page[T]]) -> Iterator[Page[T]]:
        """The pages that `read` gives by their token, "" to begin. Raises PlatformDown where they lead in a circle."""
        return every_page(read, "", following=lambda page: page.next_token or None, platform=PLATFORM)

    def _rows(
        self,
        path: str,
        key: str,
        reader: Callable[[msgspec.Raw], T],
        *,
        ids: tuple[str, ...] = (),
        query: Mapping[str, str] | None = None,
        id_field: str = "id",
        in_shop: bool = True,
    ) -> Rows[T]:
        call = Call("GET", path, ids, query or {}, in_shop=in_shop)
        return self._call(call, lambda data: wire.rows_at(data, key, reader, id_field=id_field))

    def _get(
        self,
        path: str,
        read: Callable[[msgspec.Raw], T],
        *,
        ids: tuple[str, ...] = (),
        query: Mapping[str, str] | None = None,
    ) -> T:
        return self._call(Call("GET", path, ids, query or {}), read)

    def _post(
        self,
        path: str,
        read: Callable[[msgspec.Raw], T],
        body: Mapping[str, Any],
        *,
        ids: tuple[str, ...] = (),
        query: Mapping[str, str] | None = None,
        repeatable: bool = True,
        keyed: bool = False,
    ) -> T:
        call = Call("POST", path, ids, query or {}, msgspec.json.encode(body), repeatable=repeatable, keyed=keyed)
        return self._call(call, read)

    def _call(self, call: Call, read: Callable[[msgspec.Raw], T]) -> T:
        """Make a call and read its answer; the one place where calls are repeated.

        Up to three tries within ten seconds: of a call that is safe to repeat, or that surely had no effect.
        """
        for attempt in stamina.retry_context(
            on=lambda error: _worth_another_try(call, error),
            attempts=_TRIES,
            timeout=_TIME_SECONDS,
            wait_initial=_FIRST_WAIT_SECONDS,
            wait_max=_LAST_WAIT_SECONDS,
            wait_jitter=_FIRST_WAIT_SECONDS,
        ):
            with attempt:
                return self._try(call, read)
        raise AssertionError("stamina ends by returning or raising")

    def _try(self, call: Call, read: Callable[[msgspec.Raw], T]) -> T:
        """One try, of up to three requests: a token that has just ended and a clock that is wrong are put right."""
        token = self._tokens.access_token()
        renewed = set_right = False
        while True:
            answer, reply = self._send(call, token)
            code, message = int(reply.code), reply.message or ""
            if code == errors.TOKEN_EXPIRED and not renewed:
                token, renewed = self._tokens.refresh_after(token), True
            elif code == errors.BAD_PARAMETER and _CLOCK_WORD in message.lower() and not set_right:
                set_right = True  # the answer that complains has also told the time
            else:
                break
        _judge(call, answer, code, message, reply.request_id or "")
        try:
            return read(_NO_DATA if bytes(reply.data) in {b"", b"null"} else reply.data)
        except DocumentError as error:
            raise PlatformDown(
                f"{PLATFORM} answered with data that cannot be read: {error}", outcome_unknown=call.may_leave_unknown
            ) from error

    def _send(self, call: Call, token: str) -> tuple[Answer, _Reply]:
        query = {name: value for name, value in call.query.items() if value}
        query |= {"app_key": self._app_key, "timestamp": str(self._skew.timestamp())}
        if call.in_shop:
            query["shop_cipher"] = self._cipher
        request = self._request(call, token)
        content_type = request.headers.get("content-type", "")
        query["sign"] = signing.sign(self._app_secret, call.target, query, call.body or b"", content_type)
        request.url = request.url.copy_with(query=urlencode(query, quote_via=quote, safe=",").encode())
        self._budget.acquire(call.path, self._urgency)
        answer = http.send(self._http, request, platform=PLATFORM, repeatable=not call.may_leave_unknown)
        self._skew.learn(answer.headers)
        reply = _reply_or_none(answer)
        throttled = answer.status == 429 or (reply is not None and int(reply.code) in errors.THROTTLED)
        self._budget.observe(call.path, answer.status, answer.headers, throttled=throttled)
        if reply is not None:
            return answer, reply
        if throttled:
            raise Throttled(f"{PLATFORM} refused the call", wait_seconds=_wait_of(answer))
        raise PlatformDown(
            f"{PLATFORM} did not answer with its JSON (HTTP {answer.status})", outcome_unknown=call.may_leave_unknown
        )

    def _request(self, call: Call, token: str) -> httpx2.Request:
        headers = {"x-tts-access-token": token}
        if call.upload is not None:
            data, fields = call.upload
            return self._http.build_request(
                call.method, call.target, headers=headers, data=dict(fields), files={"data": ("image", data)}
            )
        if call.body is not None:
            headers["content-type"] = "application/json"
        return self._http.build_request(call.method, call.target, headers=headers, content=call.body)


def _reply_or_none(answer: Answer) -> _Reply | None:
    """The envelope of an answer; None for what has none, such as a page of HTML or half an answer."""
    try:
        reply = msgspec.json.decode(answer.body, type=_Reply)
        int(reply.code)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return reply


def _judge(call: Call, answer: Answer, code: int, message: str, request_id: str) -> None:
    """Return if the call took effect, whatever HTTP's status; raise what `code` stands for otherwise."""
    if code == 0:
        return
    if answer.status == 429 or code in errors.THROTTLED:
        wait = _until_next_hour() if code == errors.HOUR_USED_UP else _wait_of(answer)
        raise Throttled(f"{PLATFORM}: {errors.explain(code, message)}", wait_seconds=wait)
    if code == errors.TOKEN_EXPIRED:
        raise Unauthorized(PLATFORM, "the new access token is refused too")
    if code == errors.SCOPE_MISSING:
        raise ScopeMissing(PLATFORM, messages.operation(call.method, call.path))
    if answer.status >= 500:
        raise PlatformDown(
            f"{PLATFORM}: {message} (HTTP {answer.status}, code {code}, request {request_id})",
            outcome_unknown=call.may_leave_unknown,
        )
    raise errors.refusal(code, message, request_id=request_id, repeatable=not call.may_leave_unknown)


def _worth_another_try(call: Call, error: Exception) -> bool:
    """For stamina: whether the same call may succeed in a moment, and cannot do twice what it should do once."""
    return isinstance(error, PlatformDown) and (call.repeatable or not error.outcome_unknown)


def _wait_of(answer: Answer) -> float:
    try:
        return max(float(answer.headers["retry-after"]), 0.0)
    except (KeyError, ValueError):
        return _DEFAULT_THROTTLE_SECONDS


def _until_next_hour() -> float:
    return 3600.0 - clock.timestamp() % 3600.0


def nothing(_data: msgspec.Raw) -> None:
    """For calls whose success has nothing to tell."""


def all_took_effect(data: msgspec.Raw, id_field: Literal["product_id", "sku_id", "order_id"]) -> None:
    """Raise PartlyRefused if an answer of code 0 names items that were left out, Transient if they need only wait."""
    items = errors.refused_items(data, id_field)
    if not items:
        return
    if any(errors.is_down(item.code) for item in items):
        raise Transient(f"{PLATFORM} left out {len(items)} items for now: {items[0].message}")
    raise PartlyRefused(items)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items`, each once, in lists of at most `size`."""
    every = list(dict.fromkeys(items))
    for start in range(0, len(every), size):
        yield every[start : start + size]
