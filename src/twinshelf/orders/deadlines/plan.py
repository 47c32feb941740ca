"""When it is late, today or tomorrow in a shop's own time. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HOLD: Final = timedelta(hours=1)
"""How long TikTok holds an order after it was paid (docs/platforms/tiktok-shop.md 15.1: about an hour)."""

ENDING: Final = timedelta(days=30)
"""How long before its end an authorization stands in the list."""


class DeadlineKind(StrEnum):
    SHIP = "ship"
    HOLD = "hold"
    CANCELLATION = "cancellation"
    RETURN = "return"
    AUTHORIZATION = "authorization"


class Span(StrEnum):
    LATE = "late"
    TODAY = "today"
    TOMORROW = "tomorrow"
    LATER = "later"


MARKET_ZONES: Final = {
    "AT": "Europe/Vienna", "BE": "Europe/Brussels", "CZ": "Europe/Prague", "DE": "Europe/Berlin",
    "ES": "Europe/Madrid", "FR": "Europe/Paris", "GB": "Europe/London", "GR": "Europe/Athens",
    "HU": "Europe/Budapest", "IE": "Europe/Dublin", "IT": "Europe/Rome", "JP": "Asia/Tokyo",
    "MY": "Asia/Kuala_Lumpur", "NL": "Europe/Amsterdam", "PH": "Asia/Manila", "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon", "SG": "Asia/Singapore", "TH": "Asia/Bangkok", "VN": "Asia/Ho_Chi_Minh",
}  # fmt: skip
"""The time of markets that have one, that of the mainland. Where there are several, the store's own time counts."""


def zone_of(region: str, store_zone: str) -> tzinfo:
    """The time that a shop of a market lives by: the market's, or its store's where a market has several."""
    try:
        return ZoneInfo(MARKET_ZONES.get(region, store_zone))
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def bounds(now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """When tomorrow begins and when it ends, in UTC; a day on which the clocks are changed is as long as it is."""
    today = now.astimezone(zone).date()
    first, second = (
        datetime.combine(today + timedelta(days=days), datetime.min.time(), zone).astimezone(UTC) for days in (1, 2)
    )
    return first, second


def span_of(at: datetime, now: datetime, zone: tzinfo) -> Span:
    """Which part of the list a moment belongs to. What is due at this very moment is late."""
    tomorrow, after = bounds(now, zone)
    if at <= now:
        return Span.LATE
    if at < tomorrow:
        return Span.TODAY
    return Span.TOMORROW if at < after else Span.LATER
