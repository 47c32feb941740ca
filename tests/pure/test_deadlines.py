"""What is late, due today, due tomorrow or later, in a shop's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from twinshelf.orders.deadlines.plan import MARKET_ZONES, Span, bounds, span_of, zone_of
from twinshelf.tiktok.regions import REGIONS


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = utc("2026-07-01 23:30")  # 00:30 of the second in London, 16:30 of the first in Los Angeles


@pytest.mark.parametrize(
    ("at", "london", "los_angeles"),
    [
        ("2026-07-01 23:29", Span.LATE, Span.LATE),
        ("2026-07-01 23:30", Span.LATE, Span.LATE),  # this very moment
        ("2026-07-01 23:31", Span.TODAY, Span.TODAY),
        ("2026-07-02 06:59", Span.TODAY, Span.TODAY),  # the last minute of the first in Los Angeles
        ("2026-07-02 07:00", Span.TODAY, Span.TOMORROW),
        ("2026-07-02 22:59", Span.TODAY, Span.TOMORROW),
        ("2026-07-02 23:00", Span.TOMORROW, Span.TOMORROW),
        ("2026-07-03 07:00", Span.TOMORROW, Span.LATER),
        ("2026-07-03 23:00", Span.LATER, Span.LATER),
    ],
)
def test_days_are_those_of_the_shop(at, london, los_angeles):
    assert span_of(utc(at), NOW, ZoneInfo("Europe/London")) is london
    assert span_of(utc(at), NOW, ZoneInfo("America/Los_Angeles")) is los_angeles


def test_a_day_on_which_clocks_are_changed_is_as_long_as_it_is():
    first, second = bounds(utc("2026-03-28 12:00"), ZoneInfo("Europe/Berlin"))

    assert (first, second) == (utc("2026-03-28 23:00"), utc("2026-03-29 22:00"))  # 23 hours


@pytest.mark.parametrize(
    ("region", "store", "expected"),
    [
        ("GB", "America/Chicago", ZoneInfo("Europe/London")),
        ("US", "America/Chicago", ZoneInfo("America/Chicago")),
        ("MX", "Asia/Tokyo", ZoneInfo("Asia/Tokyo")),
        ("US", "nowhere", UTC),
        ("US", "", UTC),
        ("US", "../etc/passwd", UTC),
    ],
)
def test_a_shop_lives_by_the_time_of_its_market_or_by_its_store_s_where_that_has_several(region, store, expected):
    assert zone_of(region, store) == expected


def test_only_markets_that_we_know_have_a_time_and_the_others_have_several():
    assert set(MARKET_ZONES) <= set(REGIONS)
    assert set(REGIONS) - set(MARKET_ZONES) == {"US", "ID", "MX", "BR"}
