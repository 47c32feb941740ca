"""What counts as a difference. Pure: documents of both sides in, differences out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from twinshelf.documents import (
    AuditStatus,
    Listing,
    Money,
    ShopListing,
    ShopOrder,
    ShopOrderStatus,
    StoreOrder,
    StoreOrderState,
)

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


def compare_listing(desired: Listing, shop: ShopListing, links: Mapping[str, str]) -> tuple[Difference, ...]:
    """Price, stock and title of one live listing against what they should be, SKU by SKU."""
    key = desired.product_id
    found: list[Difference] = []
    skus = {sku.id: sku for sku in shop.skus}
    if shop.title != desired.title and shop.audit_status not in {AuditStatus.AUDITING, AuditStatus.FAILED}:
        found.append(
            Difference(kind="title", key=key, text="The title differs.", expected=desired.title, found=shop.title)
        )
    for sku in desired.skus:
        sku_id = links.get(sku.variant_id)
        if sku_id is None or sku_id not in skus:
            found.append(
                Difference(
                    kind="sku", key=key, text=f"SKU {sku.seller_sku} is not in the shop.", expected=sku.seller_sku
                )
            )
            continue
        there = skus[sku_id]
        if there.price is not None and not sku.price.same_as(there.price):
            found.append(
                Difference(
                    kind="price",
                    key=key,
                    text=f"The price of SKU {sku.seller_sku} differs.",
                    expected=str(sku.price),
                    found=str(there.price),
                )
            )
        wanted, shown = sku.quantity, sum(quantity for _warehouse, quantity in there.stock)
        if wanted != shown:
            found.append(
                Difference(
                    kind="stock",
                    key=key,
                    text=f"The stock of SKU {sku.seller_sku} differs.",
                    expected=str(wanted),
                    found=str(shown),
                )
            )
    return tuple(found)


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
