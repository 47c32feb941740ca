"""BigCommerce's numbers of order statuses as our states, and back. Pure.

Merchants rename statuses, so the number decides. Source: BigCommerce docs, reference/orders.v2.oas2.yml, order status.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twinshelf.documents import StoreOrderState

_STATES: Mapping[int, StoreOrderState] = MappingProxyType(
    {
        0: StoreOrderState.INCOMPLETE,
        1: StoreOrderState.PENDING,
        2: StoreOrderState.SHIPPED,
        3: StoreOrderState.PARTIALLY_SHIPPED,
        4: StoreOrderState.REFUNDED,
        5: StoreOrderState.CANCELLED,
        6: StoreOrderState.DECLINED,
        7: StoreOrderState.AWAITING_PAYMENT,
        8: StoreOrderState.AWAITING_PICKUP,
        9: StoreOrderState.AWAITING_SHIPMENT,
        10: StoreOrderState.COMPLETED,
        11: StoreOrderState.AWAITING_FULFILLMENT,
        12: StoreOrderState.MANUAL_VERIFICATION,
        13: StoreOrderState.DISPUTED,
        14: StoreOrderState.PARTIALLY_REFUNDED,
    }
)
_NUMBERS: Mapping[StoreOrderState, int] = MappingProxyType({state: number for number, state in _STATES.items()})


def state_of(number: int) -> StoreOrderState:
    """The state behind a number; UNKNOWN for a number of tomorrow."""
    return _STATES.get(number, StoreOrderState.UNKNOWN)


def number_of(state: StoreOrderState) -> int:
    """BigCommerce's number of a state. UNKNOWN has none: it is never sent."""
    return _NUMBERS[state]
