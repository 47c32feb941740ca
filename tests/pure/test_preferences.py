"""A merchant's choices: what they are unless chosen, how they are kept, and which are refused with what words."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, strategies

from tests.pure.builders import random_cases
from twinshelf.connections.preferences import (
    PackageDefaults,
    Preferences,
    PriceRule,
    preferences_from_json,
    preferences_to_json,
)
from twinshelf.documents import StoreOrderState
from twinshelf.errors import DocumentError

WHOLE_PACKAGE = "Default length, width, height and weight must be whole numbers."
WHOLE_THRESHOLD = "The threshold must be a whole number of 0 or more."


@pytest.mark.parametrize(
    ("preference", "default"),
    [
        ("catalog_direction", "bc_to_tts"),
        ("include_unpurchasable", False),
        ("price_rule", PriceRule("none")),
        ("use_sale_price", False),
        ("exchange_rate", None),
        ("package", PackageDefaults(None, None, None, None)),
        ("inventory_direction", "bc_to_tts"),
        ("threshold", None),
        ("reserve", 0),
        ("pull_orders", True),
        ("pull_store_orders", False),
        ("order_ids", ()),
        ("create_unpaid", False),
        ("retry_orders", True),
        ("sync_fbt", False),
        ("email_pattern", "{buyer_id}@tiktok.com"),
        ("platform_shipping_text", "shipped by TTS platform"),
        ("unpaid_status", StoreOrderState.AWAITING_PAYMENT),
        ("awaiting_shipment_status", StoreOrderState.AWAITING_FULFILLMENT),
        ("awaiting_collection_status", StoreOrderState.AWAITING_SHIPMENT),
        ("in_transit_status", StoreOrderState.SHIPPED),
        ("delivered_status", StoreOrderState.AWAITING_PICKUP),
        ("completed_status", StoreOrderState.COMPLETED),
        ("fulfillment_direction", "bc_to_tts"),
        ("carriers", ()),
        ("cancel_tts_to_bc", True),
        ("cancel_bc_to_tts", True),
        ("cancel_app_to_bc", True),
        ("order_poll_minutes", 5),
    ],
)
def test_what_is_not_chosen_has_its_default(preference, default):
    assert getattr(preferences_from_json({}), preference) == default


@pytest.mark.parametrize(
    ("_case", "stored", "chosen"),
    [
        ("a whole package size", {"package": {"length": 3}}, {"package": PackageDefaults(length=3)}),
        ("typed into a form", {"package": {"weight": "3"}}, {"package": PackageDefaults(weight=3)}),
        ("a threshold of 0: out of stock is out of stock", {"threshold": 0}, {"threshold": 0}),
        ("a low threshold is taken", {"threshold": 3}, {"threshold": 3}),
        ("no threshold", {"threshold": None}, {"threshold": None}),
        (
            "a price rule, exact",
            {"price_rule": {"kind": "percent_up", "value": "7.5"}},
            {"price_rule": PriceRule("percent_up", Decimal("7.5"))},
        ),
        ("no rule needs no value", {"price_rule": {"kind": "none"}}, {"price_rule": PriceRule()}),
        ("a rate, exact", {"exchange_rate": "0.57"}, {"exchange_rate": Decimal("0.57")}),
        ("the shortest poll", {"order_poll_minutes": 1}, {"order_poll_minutes": 1}),
        ("the longest poll", {"order_poll_minutes": 30}, {"order_poll_minutes": 30}),
        (
            (
                "the preset that keeps delivered orders Shipped",
                {"delivered_status": StoreOrderState.SHIPPED},
                {"delivered_status": "shipped"},
            ),
            {"delivered_status": StoreOrderState.SHIPPED},
            {"delivered_status": "shipped"},
        ),
        ("carriers", {"carriers": [["DFL", "DFL US"]]}, {"carriers": (("DFL", "DFL US"),)}),
        ("a choice of a later version is passed over", {"invented_later": 1}, {}),
    ],
)
def test_stored_choices_stand_over_the_defaults(_case, stored, chosen):
    assert preferences_from_json(stored) == Preferences(**chosen)


@pytest.mark.parametrize(
    ("_case", "stored", "field", "reason"),
    [
        ("a threshold below 0", {"threshold": -1}, "threshold", WHOLE_THRESHOLD),
        ("a threshold with decimals", {"threshold": 2.5}, "threshold", WHOLE_THRESHOLD),
        ("a threshold in words", {"threshold": "five"}, "threshold", WHOLE_THRESHOLD),
        (
            "a price rule of 0",
            {"price_rule": {"kind": "fixed_up", "value": 0}},
            "price_rule.value",
            "must be greater than 0",
        ),
        (
            "a price rule below 0",
            {"price_rule": {"kind": "percent_down", "value": -5}},
            "price_rule.value",
            "must be greater than 0",
        ),
        (
            "a price rule without a value",
            {"price_rule": {"kind": "fixed_up"}},
            "price_rule.value",
            "must be greater than 0",
        ),
        ("no number", {"price_rule": {"kind": "fixed_up", "value": "NaN"}}, "price_rule.value", "must be a number"),
        (
            "an endless one",
            {"price_rule": {"kind": "fixed_up", "value": "Infinity"}},
            "price_rule.value",
            "must be a number",
        ),
        ("a rate that is no number", {"exchange_rate": "NaN"}, "exchange_rate", "must be a number"),
        ("a guard that is no number", {"price_guard_percent": "sNaN"}, "price_guard_percent", "must be a number"),
        ("a poll without a pause", {"order_poll_minutes": 0}, "order_poll_minutes", "must be between 1 and 30"),
        ("a poll too rare", {"order_poll_minutes": 31}, "order_poll_minutes", "must be between 1 and 30"),
        ("a reserve below 0", {"reserve": -1}, "reserve", "must be a whole number of 0 or more"),
    ],
)
def test_a_choice_that_does_not_fit_is_named(_case, stored, field, reason):
    with pytest.raises(DocumentError) as refused:
        preferences_from_json(stored)
    assert (refused.value.field, refused.value.reason) == (field, reason)


@pytest.mark.covers("SILK-77")
@pytest.mark.parametrize("side", ["length", "width", "height", "weight"])
@pytest.mark.parametrize(("given_as", "taken"), [(3, 3), ("3", 3), (2.5, None), ("2.5", None), ("three", None)])
def test_package_defaults_are_whole_numbers(side, given_as, taken):
    if taken is not None:
        assert getattr(preferences_from_json({"package": {side: given_as}}).package, side) == taken
        return
    with pytest.raises(DocumentError) as refused:
        preferences_from_json({"package": {side: given_as}})
    assert (refused.value.field, refused.value.reason) == (f"package.{side}", WHOLE_PACKAGE)


@pytest.mark.parametrize("what", ["catalog_direction", "inventory_direction", "fulfillment_direction"])
@pytest.mark.parametrize(("direction", "offered"), [
    ("bc_to_tts", True), ("tts_to_bc", True), ("disabled", True), ("both", False), ("", False),
])  # fmt: skip
def test_each_thing_goes_one_way_at_a_time(what, direction, offered):
    if offered:
        assert getattr(preferences_from_json({what: direction}), what) == direction
        return
    with pytest.raises(DocumentError) as refused:
        preferences_from_json({what: direction})
    assert refused.value.field == what


def test_only_what_differs_from_the_defaults_is_stored():
    assert preferences_to_json(Preferences()) == {}
    assert preferences_to_json(Preferences(threshold=13, order_poll_minutes=5)) == {"threshold": 13}


any_choice = strategies.builds(
    Preferences,
    catalog_direction=strategies.sampled_from(["bc_to_tts", "tts_to_bc", "disabled"]),
    price_rule=strategies.one_of(
        strategies.just(PriceRule()),
        strategies.builds(
            lambda kind, cents: PriceRule(kind, Decimal(cents).scaleb(-2)),
            strategies.sampled_from(["fixed_up", "fixed_down", "percent_up", "percent_down"]),
            strategies.integers(1, 10**6),
        ),
    ),
    exchange_rate=strategies.one_of(
        strategies.none(), strategies.integers(1, 10**9).map(lambda digits: Decimal(digits).scaleb(-6))
    ),
    threshold=strategies.one_of(strategies.none(), strategies.integers(0, 99)),
    package=strategies.builds(PackageDefaults, *[strategies.one_of(strategies.none(), strategies.integers(1, 99))] * 4),
    carriers=strategies.sampled_from([(), (("DFL", "DFL US"),), (("ups ", "UPS"), ("UPS", "UPS"))]),
    delivered_status=strategies.sampled_from([StoreOrderState.AWAITING_PICKUP, StoreOrderState.SHIPPED]),
    order_poll_minutes=strategies.integers(1, 30),
)


@random_cases
@given(any_choice)
def test_choices_come_back_as_they_were_stored(chosen):
    assert preferences_from_json(json.loads(json.dumps(preferences_to_json(chosen)))) == chosen
