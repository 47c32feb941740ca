"""Who may move where: the store order's state for a status of the shop's order, and which moves are allowed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import ShopOrder, ShopOrderStatus, StoreOrderState

_STORE_STATES: Mapping[ShopOrderStatus, StoreOrderState] = MappingProxyType(
    {
        ShopOrderStatus.ON_HOLD: StoreOrderState.PENDING,
        ShopOrderStatus.PARTIALLY_SHIPPING: StoreOrderState.PARTIALLY_SHIPPED,
        ShopOrderStatus.CANCELLED: StoreOrderState.CANCELLED,
        ShopOrderStatus.UNKNOWN: StoreOrderState.PENDING,
    }
)
"""docs/reference/behavior.md 12.4; the other rows are the merchant's choice."""

_STEPS: Mapping[StoreOrderState, int] = MappingProxyType(
    {
        StoreOrderState.INCOMPLETE: 0,
        StoreOrderState.PENDING: 0,
        StoreOrderState.AWAITING_PAYMENT: 0,
        StoreOrderState.AWAITING_FULFILLMENT: 1,
        StoreOrderState.AWAITING_SHIPMENT: 2,
        StoreOrderState.PARTIALLY_SHIPPED: 3,
        StoreOrderState.SHIPPED: 4,
        StoreOrderState.AWAITING_PICKUP: 5,
        StoreOrderState.COMPLETED: 6,
    }
)
"""A store order moves to a later step only. States without a step are ends: set by people, unknown, or cancelled."""

DISPATCHED = frozenset({StoreOrderState.PARTIALLY_SHIPPED, StoreOrderState.SHIPPED, StoreOrderState.COMPLETED})
"""States of a store order that has shipments to report."""


def counted_status(status: ShopOrderStatus, *, open_return: bool) -> ShopOrderStatus:
    """The status that an order counts with: with a return open it is not completed, whatever TikTok says (RET-3)."""
    return ShopOrderStatus.DELIVERED if open_return and status is ShopOrderStatus.COMPLETED else status


def store_state(order: ShopOrder, preferences: Preferences, *, open_return: bool = False) -> StoreOrderState:
    """The state that the store order of a shop order should have."""
    if order.fulfilled_by_tiktok and order.status.paid:
        return StoreOrderState.SHIPPED
    status = counted_status(order.status, open_return=open_return)
    match status:
        case ShopOrderStatus.UNPAID:
            return preferences.unpaid_status
        case ShopOrderStatus.AWAITING_SHIPMENT:
            return preferences.awaiting_shipment_status
        case ShopOrderStatus.AWAITING_COLLECTION:
            return preferences.awaiting_collection_status
        case ShopOrderStatus.IN_TRANSIT:
            return preferences.in_transit_status
        case ShopOrderStatus.DELIVERED:
            return preferences.delivered_status
        case ShopOrderStatus.COMPLETED:
            return preferences.completed_status
        case _:
            return _STORE_STATES[status]


def next_state(current: StoreOrderState, wanted: StoreOrderState) -> StoreOrderState | None:
    """`wanted` if the store order may go there from `current`, else None: a state never goes back.

    A person's change counts as current. Refunded, Declined, Disputed and the like are never overwritten, nor is a
    state that we do not know; an order that was cancelled stays so.
    """
    if current not in _STEPS or current is wanted:
        return None
    if wanted is StoreOrderState.CANCELLED:
        return wanted
    return wanted if _STEPS.get(wanted, -1) > _STEPS[current] else None
