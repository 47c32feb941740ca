"""When an authorization that ends is told of, how often failed orders are, and in which words. No database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twinshelf.notices.plan import (
    Kind,
    days_to_warn,
    expiry,
    failed_order,
    letter,
    lost,
    may_tell_of_orders,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=14) + MOMENT, None),
        (timedelta(days=14), 14),
        (timedelta(days=7) + MOMENT, 14),
        (timedelta(days=7), 7),
        (timedelta(days=1) + MOMENT, 7),
        (timedelta(days=1), 1),
        (MOMENT, 1),
        (timedelta(0), None),
        (-MOMENT, None),
    ],
)
def test_the_warning_that_is_due(left, days):
    assert days_to_warn(NOW + left, NOW) == days


def test_an_event_has_one_name_however_often_it_is_seen_and_another_after_the_next_authorization():
    until, before = NOW + timedelta(days=3), NOW - timedelta(days=300)
    first = expiry("seller:1", before, until, NOW, ["US", "UK"])
    later = expiry("seller:1", before, until, NOW + timedelta(days=1), ["US"])
    assert first is not None
    assert later is not None
    assert first.key == later.key
    assert first.line == "US, UK: the authorization of TikTok Shop ends on 2026-06-04 12:00 UTC."
    anew = expiry("seller:1", NOW, until, NOW, ["US"])
    assert anew is not None
    assert anew.key != first.key
    assert expiry("seller:1", before, NOW + timedelta(days=99), NOW, ["US"]) is None
    assert lost("seller:1", "a", "TikTok Shop", ["US"]).key != lost("seller:1", "b", "TikTok Shop", ["US"]).key


@pytest.mark.parametrize(
    ("last", "may"),
    [(None, True), (NOW - timedelta(hours=1), True), (NOW - timedelta(hours=1) + MOMENT, False), (NOW, False)],
)
def test_failed_orders_are_told_of_together_and_once_an_hour(last, may):
    assert may_tell_of_orders(last, NOW) is may


@pytest.mark.parametrize(
    ("number", "subject", "last"),
    [
        (1, "An order is not in BigCommerce (Fern hollow)", "- US: order 1. It cannot be created."),
        (20, "20 orders are not in BigCommerce (Fern hollow)", "- US: order 20. It cannot be created."),
        (23, "23 orders are not in BigCommerce (Fern hollow)", "- and 3 more"),
    ],
)
def test_a_letter_lists_twenty_at_most_and_has_no_line_break_in_its_subject(number, subject, last):
    events = [failed_order("connection:1", str(n + 1), "US", "It cannot be created") for n in range(number)]

    told, text = letter(Kind.ORDERS, events, account="Fern\r\nhollow", place="https://t/orders/", switch="https://t/s/")

    assert told == subject
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert (len(lines), lines[-1]) == (min(number, 20) + (number > 20), last)
    assert text.splitlines()[-3:] == [
        "https://t/orders/", "", "You get no more of these emails by switching them off: https://t/s/",
    ]  # fmt: skip
