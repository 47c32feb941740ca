"""Keeping what was read of orders: rows for lists, the document without the buyer, the buyer sealed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from twinshelf.connections.models import Connection
from twinshelf.documents import Address, ListingStatus, ShopOrder, from_json, to_json
from twinshelf.goods.models import StoreVariant
from twinshelf.kit import clock
from twinshelf.kit.secrets import seal, unseal
from twinshelf.kit.upsert import insert_rows, update_rows
from twinshelf.listings.models import Link, ShopSkuSeen
from twinshelf.orders.intake.plan import merged_address
from twinshelf.orders.models import ShopOrderRow


@dataclass(frozen=True)
class Kept:
    """A row after a sighting, and whether the sighting told anything new."""

    row: ShopOrderRow
    news: bool


def binding(connection_id: int, order_id: str) -> str:
    """What the sealed buyer of an order is bound to."""
    return f"order:{connection_id}:{order_id}"


def keep_orders(connection: Connection, orders: Iterable[ShopOrder], *, write: bool = True) -> dict[str, Kept]:
    """Record sightings of orders, by order id. An older one than is on record changes nothing.

    The address on record is only replaced by clearer or equally clear parts: TikTok masks buyers again later. Without
    `write` the rows are only made up, for a preview.
    """
    seen = {order.id: order for order in orders}
    rows = {row.order_id: row for row in ShopOrderRow.objects.filter(connection=connection, order_id__in=list(seen))}
    fresh: list[ShopOrderRow] = []
    stale: list[ShopOrderRow] = []
    result: dict[str, Kept] = {}
    for order in seen.values():
        row = rows.get(order.id)
        if row is None:
            row = ShopOrderRow(
                account_id=connection.account_id, connection=connection, order_id=order.id, seen_at=clock.now()
            )
            _fill(row, order, order.address)
            fresh.append(row)
            result[order.id] = Kept(row, news=True)
        elif order.updated_at < row.updated_at:
            result[order.id] = Kept(row, news=False)
        else:
            before = buyer_of(row)[0]
            address = merged_address(before, order.address)
            moved = address != before and before.clear and address.clear
            news = order.updated_at > row.updated_at or order.status_word != row.status or address != before
            if news:
                _fill(row, order, address)
                row.address_due = row.address_due or (moved and row.store_order_id is not None)
                stale.append(row)
            result[order.id] = Kept(row, news=news)
    if not write:
        return result
    if fresh:
        # Another worker may be storing the same order right now: the constraint decides, and its row is read.
        insert_rows(fresh, unique=["connection_id", "order_id"])
        mine = {row.order_id: row for row in fresh}
        stored = ShopOrderRow.objects.filter(connection=connection, order_id__in=list(mine))
        others = []
        for order_id, row_id, seen_at in stored.values_list("order_id", "id", "seen_at"):
            if seen_at == mine[order_id].seen_at:
                mine[order_id].id = row_id
            else:
                others.append(order_id)
        for row in stored.filter(order_id__in=others) if others else ():
            result[row.order_id] = Kept(row, news=True)
    if stale:
        update_rows(
            stale,
            [
                "status", "updated_at", "paid_at", "ship_by", "total", "currency", "fulfilled_by_tiktok", "document",
                "buyer", "address_clear", "address_due", "search",
            ],
        )  # fmt: skip
    return result


def _fill(row: ShopOrderRow, order: ShopOrder, address: Address) -> None:
    row.status, row.updated_at, row.placed_at = order.status_word, order.updated_at, order.created_at
    row.paid_at, row.ship_by = order.paid_at, order.ship_by
    row.total, row.currency = order.payment.total.amount, order.payment.total.currency
    row.fulfilled_by_tiktok = order.fulfilled_by_tiktok
    row.document = to_json(msgspec.structs.replace(order, address=Address(), buyer_message=""))
    buyer = json.dumps({"address": msgspec.to_builtins(address), "message": order.buyer_message})
    row.buyer = seal(buyer, bound_to=binding(row.connection_id, order.id))
    row.address_clear = address.clear
    words = {order.id, *(line.seller_sku for line in order.lines), *(line.title for line in order.lines)}
    row.search = " ".join(sorted(word for word in words if word)).lower()


def order_of(row: ShopOrderRow, *, with_buyer: bool = False) -> ShopOrder:
    """The order as last read; with the buyer only where that is needed."""
    order = from_json(bytes(row.document), ShopOrder)
    if not with_buyer:
        return order
    address, message = buyer_of(row)
    return msgspec.structs.replace(order, address=address, buyer_message=message)


def buyer_of(row: ShopOrderRow) -> tuple[Address, str]:
    """(address, message) of the buyer; empty where they were purged."""
    if not row.buyer:
        return Address(), ""
    data = json.loads(unseal(row.buyer, bound_to=binding(row.connection_id, row.order_id)))
    return msgspec.convert(data["address"], Address), data["message"]


def links_of(connection: Connection, orders: Iterable[ShopOrder]) -> Mapping[str, tuple[str, str]]:
    """(product id, variant id) by TikTok SKU id, for the SKUs of these orders that have a variant.

    By link, else by the seller SKU, if it is exactly that of one variant of the store and of one SKU of the shop.
    """
    codes = {line.sku_id: line.seller_sku for order in orders for line in order.lines}
    links = Link.objects.filter(connection=connection, sku_id__in=list(codes))
    found = {
        sku_id: (product_id, variant_id)
        for sku_id, product_id, variant_id in links.values_list("sku_id", "product_id", "variant_id")
    }
    open_codes = {code for sku_id, code in codes.items() if code and sku_id not in found}
    if open_codes:
        by_code = _by_code(connection, open_codes)
        found |= {sku_id: by_code[code] for sku_id, code in codes.items() if sku_id not in found and code in by_code}
    return found


def _by_code(connection: Connection, codes: set[str]) -> dict[str, tuple[str, str]]:
    """The variants that these seller SKUs name without doubt."""
    variants: dict[str, list[tuple[str, str]]] = {}
    rows = StoreVariant.objects.filter(store_id=connection.store_id, sku__in=codes, deleted=False)
    for code, product_id, variant_id in rows.values_list("sku", "product_id", "variant_id"):
        variants.setdefault(code, []).append((product_id, variant_id))
    seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id, seller_sku__in=codes).exclude(
        status=ListingStatus.DELETED
    )
    in_shop = Counter(seen.values_list("seller_sku", flat=True))
    return {code: some[0] for code, some in variants.items() if len(some) == 1 and in_shop[code] <= 1}
