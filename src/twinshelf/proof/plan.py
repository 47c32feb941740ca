"""What counts as a difference. Pure: documents of both sides in, differences out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from twinshelf.documents import (
    Money,
    ShopOrder,
    ShopOrderStatus,
    StoreOrder,
    StoreOrderState,
)
from twinshelf.listings.compare import PriceDifference, SkuDifference, SkuMissing, StockDifference, TitleDifference

Kind = Literal[
    "price", "stock", "title", "sku", "listing_missing", "order_missing", "order_double", "order_total", "order_status",
    "shipment", "orphan",
]  # fmt: skip


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it should be, in words a person can act on. `key` is the product or order."""

    kind: Kind
    key: str
    text: str
    expected: str = ""
    found: str = ""


def tell(product_id: str, wrong: TitleDifference | SkuDifference) -> Difference | None:
    """What differs of a live listing, in words; None for a price that the shop did not tell."""
    match wrong:
        case TitleDifference():
            return _of(product_id, "title", "The title differs.", wrong.expected, wrong.found)
        case SkuMissing():
            return _of(product_id, "sku", f"SKU {wrong.seller_sku} is not in the shop.", wrong.seller_sku)
        case PriceDifference(found=None):
            return None
        case PriceDifference():
            text = f"The price of SKU {wrong.seller_sku} differs."
            return _of(product_id, "price", text, str(wrong.expected), str(wrong.found))
        case StockDifference():
            found = str(wrong.shown) if wrong.shown != wrong.expected else f"{wrong.shown} in another warehouse"
            return _of(product_id, "stock", f"The stock of SKU {wrong.seller_sku} differs.", str(wrong.expected), found)


def _of(key: str, kind: Kind, text: str, expected: str, found: str = "") -> Difference:
    return Difference(kind=kind, key=key, text=text, expected=expected, found=found)


def compare_orders(
    orders: Sequence[ShopOrder], importable: frozenset[str], store_orders: Mapping[str, Sequence[StoreOrder]]
) -> tuple[Difference, ...]:
    """Each importable TikTok order against the store orders that carry its id: exactly one, with the same total."""
    found: list[Difference] = []
    for order in orders:
        pairs = [entry for entry in store_orders.get(order.id, ()) if not entry.archived]
        if len(pairs) > 1:
            ids = ", ".join(entry.id for entry in pairs)
            found.append(
                Difference(kind="order_double", key=order.id, text=f"BigCommerce has it more than once: {ids}.")
            )
        elif not pairs:
            if order.id in importable:
                found.append(Difference(kind="order_missing", key=order.id, text="BigCommerce does not have it."))
        else:
            found += _compare_order(order, pairs[0])
    return tuple(found)


def _compare_order(order: ShopOrder, store_order: StoreOrder) -> list[Difference]:
    found = []
    expected, there = order.payment.total, store_order.total_inc_tax
    if not _same_amount(expected, there):
        found.append(
            Difference(
                kind="order_total", key=order.id, text="The totals differ.", expected=str(expected), found=str(there)
            )
        )
    cancelled = store_order.state is StoreOrderState.CANCELLED
    if (order.status is ShopOrderStatus.CANCELLED) != cancelled and order.status.rank < ShopOrderStatus.DELIVERED.rank:
        found.append(
            Difference(
                kind="order_status",
                key=order.id,
                text="One side is cancelled, the other is not.",
                expected=order.status_word,
                found=store_order.state,
            )
        )
    return found


def _same_amount(one: Money, other: Money) -> bool:
    return one.rounded().same_as(other.rounded())
