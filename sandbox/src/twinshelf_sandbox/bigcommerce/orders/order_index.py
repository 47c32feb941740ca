"""Orders of a sandbox store: how they are kept, and the index that makes their lists cheap.

An order is one row: its own fields as the V2 API answers them (as JSON), its lines, addresses, fees, taxes and coupons,
and what the sandbox notes for itself. Knows nothing of requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from twinshelf_sandbox.bigcommerce.tables import SortedIds, Timeline
from twinshelf_sandbox.world import Entity, Key

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.store import Store

FIRST_ORDER: Final = 100

STATUSES: Final[dict[int, tuple[str, int, str]]] = {
    0: ("Incomplete", 0, "The shopper reached the payment page and did not finish."),
    1: ("Pending", 1, "The shopper began to check out and did not complete it."),
    2: ("Shipped", 8, "The order is shipped; receipt is not confirmed."),
    3: ("Partially Shipped", 6, "Some items are shipped."),
    4: ("Refunded", 11, "The seller refunded the order."),
    5: ("Cancelled", 9, "The seller cancelled the order."),
    6: ("Declined", 10, "The seller declined the order."),
    7: ("Awaiting Payment", 2, "Check-out is complete; payment is not confirmed."),
    8: ("Awaiting Pickup", 5, "The order is packed and waits for the customer."),
    9: ("Awaiting Shipment", 4, "The order is packed and waits for the carrier."),
    10: ("Completed", 7, "The order is shipped or picked up, and receipt is confirmed."),
    11: ("Awaiting Fulfillment", 3, "Payment is confirmed."),
    12: ("Manual Verification Required", 13, "Something has to be confirmed by hand."),
    13: ("Disputed", 12, "The shopper disputes the payment."),
    14: ("Partially Refunded", 14, "The seller refunded a part of the order."),
}
"""Id → system label, place in lists, what it means. Source: BigCommerce docs, orders V2, order statuses."""

CANCELLED, REFUNDED, DECLINED, SHIPPED, PARTIALLY_SHIPPED, COMPLETED, PARTIALLY_REFUNDED = 5, 4, 6, 2, 3, 10, 14
OPEN: Final = frozenset({0, 1, 3, 7, 8, 9, 11, 12, 13})
"""Statuses of orders that are not over."""
UNPAID: Final = frozenset({0, 7})
"""Statuses of orders whose payment has not been received: nothing can be given back."""
SYSTEM_LABELS: Final = {number: label for number, (label, _, _) in STATUSES.items()}


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


def packed(row: Entity) -> Entity:
    """An order row as it is kept: lists of orders read `m` and `f` only, so the rest is packed once more."""
    return {
        "f": row["f"],
        "m": row["m"],
        "p": _pack({name: value for name, value in row.items() if name not in {"f", "m"}}),
    }


def unpacked(row: Entity) -> Entity:
    """The whole row: fields, lines, addresses, fees, taxes, coupons, messages and notes."""
    return {"f": row["f"], "m": row["m"], **_unpack(row["p"])}


class OrderFacts(NamedTuple):
    """What order lists filter and sort by most."""

    status_id: int
    created: int
    modified: int
    channel_id: int
    customer_id: int
    deleted: bool
    external_order_id: str | None


class OrderIndex:
    """What finds orders of one store without reading them all."""

    def __init__(self, store: Store) -> None:
        self._rows = store.rows("orders")
        self.rebuild()

    def rebuild(self) -> None:
        """Read all orders once."""
        self.ids = SortedIds()
        self.facts: dict[int, OrderFacts] = {}
        self.by_external: dict[str, list[int]] = {}
        self.changed = Timeline()
        for key in sorted(map(int, self._rows.keys())):
            self._add(key, self._rows.table[key])

    def refresh(self, key: Key) -> None:
        """Correct everything about one order after its row changed, appeared or went."""
        order_id = int(key)
        row = self._rows.table.get(order_id)
        self._forget(order_id)
        if row is not None:
            self._add(order_id, row)

    def _add(self, order_id: int, row: Entity) -> None:
        facts = OrderFacts(*row["f"])
        self.ids.add(order_id)
        self.facts[order_id] = facts
        self.changed.note(order_id, facts.modified)
        if facts.external_order_id:
            self.by_external.setdefault(facts.external_order_id, []).append(order_id)

    def _forget(self, order_id: int) -> None:
        facts = self.facts.pop(order_id, None)
        if facts is None:
            return
        self.ids.discard(order_id)
        self.changed.forget(order_id)
        if facts.external_order_id:
            self.by_external[facts.external_order_id].remove(order_id)
            if not self.by_external[facts.external_order_id]:
                del self.by_external[facts.external_order_id]
