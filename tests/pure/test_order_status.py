"""Who may move where: the state of a store order for each status of the shop's order."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pytest
from hypothesis import given, strategies

from tests.pure.builders import order, random_cases
from twinshelf.connections.preferences import ORDER_STATES, Preferences
from twinshelf.documents import ShopOrderStatus, StoreOrderState
from twinshelf.orders.status import DISPATCHED, next_state, store_state

UNPAID, ON_HOLD, AWAITING, PARTLY, COLLECTION, IN_TRANSIT, DELIVERED, COMPLETED, CANCELLED, UNKNOWN = ShopOrderStatus
STATES = tuple(StoreOrderState)
OPEN = ("incomplete", "pending", "awaiting_payment")
BY_PEOPLE = {
    "refunded",
    "cancelled",
    "declined",
    "manual_verification",
    "disputed",
    "partially_refunded",
    "unknown",
}
"""States that stay whatever TikTok says."""


@pytest.mark.covers("SILK-39")
@pytest.mark.parametrize(
    ("status", "chosen", "state"),
    [
        ("UNPAID", {}, "awaiting_payment"),
        ("AWAITING_SHIPMENT", {}, "awaiting_fulfillment"),
        ("AWAITING_COLLECTION", {}, "awaiting_shipment"),
        ("PARTIALLY_SHIPPING", {}, "partially_shipped"),
        ("IN_TRANSIT", {}, "shipped"),
        ("DELIVERED", {}, "awaiting_pickup"),
        ("DELIVERED", {"delivered_status": StoreOrderState.SHIPPED}, "shipped"),
        ("UNPAID", {"unpaid_status": StoreOrderState.PENDING}, "pending"),
        ("AWAITING_SHIPMENT", {"awaiting_shipment_status": StoreOrderState.AWAITING_SHIPMENT}, "awaiting_shipment"),
        ("AWAITING_COLLECTION", {"awaiting_collection_status": StoreOrderState.SHIPPED}, "shipped"),
        ("IN_TRANSIT", {"in_transit_status": StoreOrderState.COMPLETED}, "completed"),
        ("COMPLETED", {}, "completed"),
        ("COMPLETED", {"completed_status": StoreOrderState.SHIPPED}, "shipped"),
        ("COMPLETED", {"completed_status": StoreOrderState.AWAITING_PICKUP}, "awaiting_pickup"),
        ("CANCELLED", {}, "cancelled"),
        ("TELEPORTED", {}, "pending"),
    ],
)
def test_the_state_of_a_store_order_follows_the_shop(status, chosen, state):
    assert store_state(order(status=status), Preferences(**chosen)) == state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("AWAITING_SHIPMENT", "shipped"),
        ("AWAITING_COLLECTION", "shipped"),
        ("IN_TRANSIT", "shipped"),
        ("CANCELLED", "cancelled"),
        ("UNPAID", "awaiting_payment"),
    ],
)
def test_what_tiktok_fulfills_is_never_to_be_picked(status, state):
    assert store_state(order(status=status, fulfilled_by_tiktok=True), Preferences(sync_fbt=True)) == state


# From the states on the left a store order moves to the one on the right; from all others it does not.
MOVES: dict[ShopOrderStatus, tuple[AbstractSet[str], str]] = {
    UNPAID: (set(), "awaiting_payment"),
    ON_HOLD: (set(), "pending"),
    AWAITING: ({*OPEN}, "awaiting_fulfillment"),
    COLLECTION: ({*OPEN, "awaiting_fulfillment"}, "awaiting_shipment"),
    PARTLY: ({*OPEN, "awaiting_fulfillment", "awaiting_shipment"}, "partially_shipped"),
    IN_TRANSIT: ({*OPEN, "awaiting_fulfillment", "awaiting_shipment", "partially_shipped"}, "shipped"),
    DELIVERED: ({*STATES} - BY_PEOPLE - {"awaiting_pickup", "completed"}, "awaiting_pickup"),
    COMPLETED: ({*STATES} - BY_PEOPLE - {"completed"}, "completed"),
    CANCELLED: ({*STATES} - BY_PEOPLE, "cancelled"),
    UNKNOWN: (set(), "pending"),
}


@pytest.mark.covers("SILK-39")
@pytest.mark.parametrize("status", ShopOrderStatus)
def test_a_state_never_goes_back(status):
    moved_from, to = MOVES[status]
    wanted = store_state(order(status=status), Preferences())

    moves = {current: next_state(current, wanted) for current in STATES}

    assert moves == {current: to if current in moved_from else None for current in STATES}


def test_no_choice_lets_an_order_be_shipped_too_early_or_twice():
    """None that is still to be shipped counts as shipped, none that left is to be picked, nothing ends out of reach."""
    to_pick = {StoreOrderState.AWAITING_FULFILLMENT, StoreOrderState.AWAITING_SHIPMENT}
    assert not {*ORDER_STATES["unpaid_status"]} & (to_pick | DISPATCHED)
    assert not {*ORDER_STATES["awaiting_shipment_status"]} & DISPATCHED
    for name in ("in_transit_status", "delivered_status", "completed_status"):
        assert not {*ORDER_STATES[name]} & to_pick, name
    for name, states in ORDER_STATES.items():
        assert getattr(Preferences(), name) == states[0], name
        assert all(next_state(state, StoreOrderState.CANCELLED) for state in states), name


def test_delivered_as_shipped_leaves_shipped_orders_alone():
    wanted = store_state(order(status=DELIVERED), Preferences(delivered_status=StoreOrderState.SHIPPED))

    assert {current for current in STATES if next_state(current, wanted) == "shipped"} == {
        *OPEN,
        "awaiting_fulfillment",
        "awaiting_shipment",
        "partially_shipped",
    }


@random_cases
@given(strategies.sampled_from(STATES), strategies.lists(strategies.sampled_from(ShopOrderStatus), max_size=6))
def test_sightings_in_any_order_end_at_the_furthest(start, sightings):
    """Webhooks come late and doubled: what was reached is never taken back, and what people set stays."""
    ends = []
    for seen in (sightings, sightings[::-1], sightings * 2):
        current = start
        for status in seen:
            current = next_state(current, store_state(order(status=status), Preferences())) or current
        ends.append(current)

    assert len(set(ends)) == 1
    if start in BY_PEOPLE:
        assert ends[0] == start


def test_what_a_status_allows():
    assert {status for status in ShopOrderStatus if status.paid} == {
        AWAITING, PARTLY, COLLECTION, IN_TRANSIT, DELIVERED, COMPLETED,
    }  # fmt: skip
    assert {status for status in ShopOrderStatus if status.shippable} == {AWAITING, PARTLY}
    assert {status for status in ShopOrderStatus if status.cancellable} == {UNPAID, ON_HOLD, AWAITING}


def test_a_word_of_tomorrow_allows_nothing():
    status = ShopOrderStatus("TELEPORTED")

    assert (status, status.paid, status.shippable, status.cancellable) == (UNKNOWN, False, False, False)
