"""The console's words: what a platform's codes and topics are called."""

from __future__ import annotations

import pytest

from twinshelf.console import words
from twinshelf.console.templatetags.console import country, seconds


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        ("webhook order (1)", "message from TikTok Shop, order changed"),
        ("webhook store/order/statusUpdated", "message from BigCommerce, order status updated"),
        ("webhook store/sku/inventory/order/updated", "message from BigCommerce, sku inventory order updated"),
        ("task 2", "task 2"),
        ("hold over", "hold over"),
        ("", ""),
    ],
)
def test_a_cause_is_told_in_words(cause, text):
    assert words.cause_text(cause) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0.2, "under 1 s"), (38, "38 s"), (240, "4 min"), (3600, "1 h"), (14_160, "3 h 56 min"),
        (172_800, "2 d"), (187_200, "2 d 4 h"), (None, "–"),
    ],
)  # fmt: skip
def test_a_length_of_time_has_its_two_largest_units_and_no_zeros(length, text):
    assert seconds(length) == text


def test_a_country_is_named():
    assert (country("US"), country("XX")) == ("United States", "XX")
