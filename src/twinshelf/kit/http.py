"""HTTP to the platforms: one client factory, errors sorted by what happens next, and a log that names no secret.

Keeps out: any platform's JSON or error codes. A platform's client hands its own `Budget` in and reads `Answer`s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol
from urllib.parse import parse_qsl, urlencode

import httpx2
import structlog

from twinshelf.errors import PlatformDown
from twinshelf.kit import clock, skew

log = structlog.get_logger(__name__)

Urgency = Literal["urgent", "normal", "bulk"]
"""Who may spend the last calls of a budget; bulk work leaves the most for others."""

TIMEOUT = httpx2.Timeout(20.0, connect=5.0)

LONGEST_CALL_SECONDS = 27.0
"""How long after it went out a call has its answer, or none is waited for: connecting, reading, and some more."""

# Names under which platforms take secrets, tokens and buyers in queries and headers (both references, on tokens).
_SECRET_NAMES = frozenset(
    {"app_secret", "auth_code", "refresh_token", "access_token", "sign", "shop_cipher", "code", "signed_payload_jwt",
     "buyer_email", "email"}
)  # fmt: skip

_transport: Callable[[], httpx2.BaseTransport] | None = None


def use_transport(make: Callable[[], httpx2.BaseTransport] | None) -> None:
    """Have every client built from now on use what `make` returns; None: real sockets.

    For tests, which run the sandbox in-process: the only seam between the product and the platforms.
    """
    global _transport  # noqa: PLW0603 - one process, one network
    _transport = make
    anonymous.cache_clear()


_guard: ContextVar[Callable[[], None] | None] = ContextVar("guard", default=None)


@contextmanager
def guarded(check: Callable[[], None]) -> Iterator[None]:
    """Inside the block, `check` is called right before each call goes out, and raises what keeps it from going.

    Context variables are not inherited by threads: a thread that sends runs in a copy of the context.
    """
    before = _guard.set(check)
    try:
        yield
    finally:
        _guard.reset(before)


def client(base_url: str, *, headers: Mapping[str, str] | None = None) -> httpx2.Client:
    """A pooled client for one host. Thread-safe; close it with the credential it belongs to."""
    return httpx2.Client(
        base_url=base_url,
        headers={"user-agent": "Twinshelf/0.1 (+https://twinshelf.dev)", **(headers or {})},
        timeout=TIMEOUT,
        limits=httpx2.Limits(max_connections=32, max_keepalive_connections=16),
        transport=_transport() if _transport else None,
        follow_redirects=False,
    )


@lru_cache(maxsize=1)
def anonymous() -> httpx2.Client:
    """The one client for calls that carry no credential (images): sharing it saves reading the CA file each time."""
    return client("")


@lru_cache(maxsize=256)
def address(url: str) -> httpx2.URL:
    """`url`, parsed: most calls of a store go to a few addresses, and parsing one costs a tenth of a call."""
    return httpx2.URL(url)


class Budget(Protocol):
    """The right to make calls, shared by all processes that use one credential."""

    def acquire(self, bucket: str, urgency: Urgency) -> None:
        """Return once a call may go out. Raises OutOfBudget instead of waiting longer than a moment."""

    def observe(self, bucket: str, status: int, headers: Mapping[str, str], *, throttled: bool) -> None:
        """Learn from an answer: what the platform says is left, or that it refused the call."""


class FreeBudget:
    """No limit: for calls that no quota counts (sign-in, our own sandbox's controls) and for pure client tests."""

    def acquire(self, bucket: str, urgency: Urgency) -> None:
        """Return at once."""

    def observe(self, bucket: str, status: int, headers: Mapping[str, str], *, throttled: bool) -> None:
        """Learn nothing."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status. `headers` has lower-case names."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        """The media type without its parameters; "" if the answer names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


def send(http: httpx2.Client, request: httpx2.Request, *, platform: str, repeatable: bool) -> Answer:
    """Send once and log one redacted line. Does not judge the status.

    Raises PlatformDown when no whole answer arrived; `outcome_unknown` is set if the call may have taken effect, that
    is, unless it is `repeatable` or the connection was never made. Raises what the guard of this work raises.
    """
    check = _guard.get()
    if check is not None:
        check()
    start = clock.monotonic()
    try:
        response = http.send(request)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        _log(platform, request, None, start, error)
        raise PlatformDown(f"{platform} cannot be reached: {type(error).__name__}") from error
    except httpx2.HTTPError as error:
        _log(platform, request, None, start, error)
        raise PlatformDown(
            f"{platform} gave no answer: {type(error).__name__}", outcome_unknown=not repeatable
        ) from error
    skew.learn(str(request.url), response.headers.get("date"))
    _log(platform, request, response.status_code, start, None)
    return Answer(response.status_code, response.content, dict(response.headers.items()))


def redacted(url: httpx2.URL) -> str:
    """The URL with the value of every secret parameter replaced, by the parameter's name."""
    pairs = parse_qsl(url.query.decode("ascii", "replace"), keep_blank_values=True)
    query = urlencode([(name, "…" if name in _SECRET_NAMES else value) for name, value in pairs], safe="…,:/")
    return f"{url.path}?{query}" if query else url.path


def _log(platform: str, request: httpx2.Request, status: int | None, start: float, error: Exception | None) -> None:
    if not log.is_enabled_for(logging.DEBUG):
        return
    log.debug(
        "call",
        platform=platform,
        method=request.method,
        url=redacted(request.url),
        status=status,
        ms=round((clock.monotonic() - start) * 1000, 1),
        error=type(error).__name__ if error else None,
    )
