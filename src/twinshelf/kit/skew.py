"""The platforms' clocks: how far each is from ours, learnt from the `Date` header of its answers.

Ours may be wrong by a day and nothing may break: watermarks and the age of signatures are measured on the platform's
own clock. The offset is kept in the database as well, for processes that make no calls themselves (the web).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import structlog

from twinshelf.kit import clock
from twinshelf.kit.models import PlatformClock

log = structlog.get_logger(__name__)

WORTH_KEEPING_SECONDS = 5.0

_offsets: dict[str, float] = {}
_kept: dict[str, float] = {}
_looked_up: dict[str, tuple[float, float]] = {}
_asked: dict[str, float] = {}
_LOOK_SECONDS, _ASK_SECONDS = 1.0, 60.0


def learn(url: str, date_header: str | None) -> None:
    """Take the time in an answer's `Date` header (whole seconds). Answers without one teach nothing."""
    if not date_header:
        return
    try:
        theirs = parsedate_to_datetime(date_header).timestamp()
    except (ValueError, TypeError):
        return
    host = urlsplit(url).netloc
    offset = theirs - clock.timestamp()
    _offsets[host] = offset
    # The first answer of a process always counts: what is on record may be of a time when our clock was wrong.
    if host not in _kept or abs(offset - _kept[host]) > WORTH_KEEPING_SECONDS:
        _kept[host] = offset
        _keep(host, offset)


def now(url: str) -> datetime:
    """The time at the platform behind `url`, as far as known; ours while nothing is known."""
    host = urlsplit(url).netloc
    offset = _offsets.get(host)
    return clock.now() + timedelta(seconds=_look_up(host) if offset is None else offset)


def is_due_to_ask(whom: str) -> bool:
    """Whether this process has not asked `whom` for the time within a minute. Counts as asking."""
    due = clock.monotonic() - _asked.get(whom, float("-inf")) >= _ASK_SECONDS
    if due:
        _asked[whom] = clock.monotonic()
    return due


def _keep(host: str, offset: float) -> None:
    try:
        PlatformClock.objects.update_or_create(host=host, defaults={"offset_seconds": offset})
    except Exception as error:  # noqa: BLE001 - only a help to other processes: never a reason for a call to fail
        log.debug("the platform's clock was not kept", host=host, error=str(error))


def _look_up(host: str) -> float:
    """What others learnt; not looked up again for each of the many deliveries of a second."""
    at, offset = _looked_up.get(host, (float("-inf"), 0.0))
    moment = clock.monotonic()
    if moment - at > _LOOK_SECONDS:
        found = PlatformClock.objects.filter(host=host).values_list("offset_seconds", flat=True).first()
        offset = 0.0 if found is None else found
        _looked_up[host] = moment, offset
    return offset


def forget() -> None:
    """Drop what was learnt, for tests."""
    _offsets.clear()
    _kept.clear()
    _looked_up.clear()
    _asked.clear()
