"""The console's words: what a platform's codes and topics are called."""

from __future__ import annotations

import pytest

from twinshelf.console import words
from twinshelf.console.sent import lines_of
from twinshelf.console.templatetags.console import cancel_reason, country, seconds


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        ("webhook order (1)", "message from TikTok Shop, order changed"),
        ("webhook store/order/statusUpdated", "message from BigCommerce, order status changed"),
        (
            "webhook store/sku/inventory/order/updated",
            "message from BigCommerce, an order changed the stock of a variant",
        ),
        ("webhook store/brand/createdAnew", "message from BigCommerce, brand created anew"),
        ("task 2", "task no. 2"),
        ("task 12: Maya Ortiz", "task no. 12 of Maya Ortiz"),
        ("pull 4", "task no. 4"),
        ("not seen by pull 4", "not found by task no. 4"),
        ("cancel by hand: Maya: CEO", "cancelled by Maya: CEO"),
        ("retry by hand: Command line", "tried again by Command line"),
        ("hold over", "the hold of an order ended"),
        ("template is there", "template is there"),
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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seller_cancel_reason_out_of_stock", "Out of stock"),
        ("seller_cancel_unpaid_reason_buyer_requested_cancellation", "Buyer asked for it"),
        ("ecom_order_delivered_refund_reason_missing_product", "Missing product"),
        ("buyer_cancel_unpaid_reason_high_cost", "High cost"),
        ("Customer called us", "Customer called us"),
        ("", ""),
    ],
)
def test_a_cancel_reason_is_told_in_words(name, text):
    assert cancel_reason(name) == text


def test_what_was_sent_is_told_in_lines_not_in_code():
    price = {"amount": "14.50", "currency": "USD"}
    assert lines_of({"type": "SetPrices", "shop_listing_id": "1729", "prices": [["88", price]]}) == [
        ("Listing on TikTok", "1729"),
        ("SKU 88", "14.50 USD"),
    ]
    assert lines_of({"type": "SetStock", "shop_listing_id": "1729", "stock": [["88", [["70", 1200], ["71", 0]]]]})[
        1:
    ] == [
        ("SKU 88", "1,200 in warehouse 70"),
        ("SKU 88", "0 in warehouse 71"),
    ]
    listing = {
        "title": "Mug",
        "attributes": [{"id": "100157", "value_ids": ["5"], "value_names": ["Metal"]}],
        "weight": {"value": "1.2", "unit": "LB"},
        "dimensions": {"length": "4", "width": "5", "height": "6", "unit": "IN"},
        "image_urls": ["a", "b"],
        "skus": [{"seller_sku": "M-1", "options": [{"name": "Size", "value": "L"}], "price": price, "quantity": 9}],
    }
    assert lines_of({"type": "CreateListing", "listing": listing}) == [
        ("Title", "Mug"),
        ("Attributes", "no. 100157: Metal, no. 5"),
        ("Package weight", "1.2 lb"),
        ("Package size", "4 × 5 × 6 in"),
        ("Images", "2"),
        ("SKU M-1", "L, 14.50 USD, 9 in stock"),
    ]
    status = {"type": "SetStoreStatus", "store_order_id": "101", "state": "shipped", "before": "awaiting_fulfillment"}
    assert lines_of(status) == [
        ("BigCommerce order", "101"),
        ("Status", "Shipped"),
        ("Status before", "Awaiting Fulfillment"),
    ]
    many = lines_of({"type": "SetPrices", "prices": [[str(n), price] for n in range(100)]})
    assert (len(many), many[-1]) == (61, ("", "and 40 more"))
