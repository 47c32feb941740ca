"""What is told by email, when, and in which words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What an email is about."""

    EXPIRES = "expires"
    LOST = "lost"
    ORDERS = "orders"


NAMES: Final[Mapping[StrEnum, str]] = {
    Kind.EXPIRES: "Authorization about to expire",
    Kind.LOST: "Connection lost",
    Kind.ORDERS: "Order failed",
}

WARNED_DAYS: Final = (14, 7, 1)
"""So many days before an authorization ends it is told of: once each."""
ORDERS_EVERY: Final = timedelta(hours=1)
"""Failed orders are told of together, no more often than this."""
ORDERS_FOR: Final = timedelta(days=1)
"""What failed longer ago is no news."""
LOST_AGAIN_AFTER: Final = timedelta(days=1)
"""A store that comes and goes is told of no more often than this."""
MOST_LINES: Final = 20


@dataclass(frozen=True)
class Event:
    """Something to tell of. `key` is the same for the same event, however often it is seen."""

    kind: Kind
    key: str
    line: str
    """It in words, without anything of a buyer."""


def days_to_warn(until: datetime, now: datetime) -> int | None:
    """Which warning of `WARNED_DAYS` is due before an authorization ends; None: none yet, or it has ended."""
    left = until - now
    if left <= timedelta(0):
        return None
    return min((days for days in WARNED_DAYS if left <= timedelta(days=days)), default=None)


def expiry(subject: str, authorized_at: datetime, until: datetime, now: datetime, names: Sequence[str]) -> Event | None:
    """That an authorization is about to end, as the warning that is due; None while none is."""
    days = days_to_warn(until, now)
    if days is None:
        return None
    line = f"{', '.join(names)}: the authorization of TikTok Shop ends on {until:%Y-%m-%d %H:%M} UTC."
    return Event(Kind.EXPIRES, f"{subject}:{authorized_at.isoformat()}:{days}", line)


def lost(subject: str, since: str, platform: str, names: Sequence[str]) -> Event:
    """That a store or a shop does not let us in any more. `since` tells one loss from the next."""
    return Event(Kind.LOST, f"{subject}:{since}:lost", f"{', '.join(names)}: {platform} does not let us in any more.")


def failed_order(owner: str, order_id: str, connection: str, why: str) -> Event:
    """That an order is not in the store and is not tried again by itself. `why` is the title of the problem."""
    return Event(Kind.ORDERS, f"order:{owner}:{order_id}", f"{connection}: order {order_id}. {why}.")


def may_tell_of_orders(last: datetime | None, now: datetime) -> bool:
    """Whether so long has passed since the last email about orders that another may go out."""
    return last is None or now - last >= ORDERS_EVERY


def letter(kind: Kind, events: Sequence[Event], *, account: str, place: str, switch: str) -> tuple[str, str]:
    """(subject, text) of one email about events of one kind. `place` is where to act, `switch` where to end emails."""
    number = len(events)
    match kind:
        case Kind.EXPIRES:
            subject = "An authorization ends soon"
            begin = "Authorize the shop again before it ends; nothing is lost by that, and nothing stops:"
        case Kind.LOST:
            subject = "A connection is lost"
            begin = "Nothing is synchronized there until somebody connects it again:"
        case Kind.ORDERS:
            subject = "An order is not in BigCommerce" if number == 1 else f"{number} orders are not in BigCommerce"
            begin = "They could not be created and are not tried again by themselves. The page of each says what to do:"
    lines = [f"- {event.line}" for event in events[:MOST_LINES]]
    if number > MOST_LINES:
        lines.append(f"- and {number - MOST_LINES} more")
    end = f"You get no more of these emails by switching them off: {switch}"
    return f"{subject} ({' '.join(account.split())})", "\n".join([begin, "", *lines, "", place, "", end, ""])
