"""Keeping what was read of orders: rows for lists, the document without the buyer, the buyer sealed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import msgspec
from django.db import transaction

from twinshelf.connections.models import Connection
from twinshelf.documents import Address, ShopOrder, ShopOrderStatus, from_json, to_json
from twinshelf.kit import clock, sort_keys
from twinshelf.kit.secrets import seal, unseal
from twinshelf.kit.sort_keys import sort_key
from twinshelf.kit.text_search import searchable
from twinshelf.kit.upsert import insert_rows, update_rows
from twinshelf.orders.bearers import Bearers, bearers_of
from twinshelf.orders.intake.plan import merged_address
from twinshelf.orders.models import ShopOrderRow


@dataclass(frozen=True)
class Kept:
    """A row after a sighting, whether the sighting told anything new, and what its SKUs are in the store."""

    row: ShopOrderRow
    news: bool
    bearers: Bearers = field(default_factory=Bearers)


def binding(connection_id: int, order_id: str) -> str:
    """What the sealed buyer of an order is bound to."""
    return f"order:{connection_id}:{order_id}"


def keep_orders(connection: Connection, orders: Iterable[ShopOrder], *, write: bool = True) -> dict[str, Kept]:
    """Record sightings of orders, by order id. An older one than is on record changes nothing.

    The address on record is only replaced by clearer or equally clear parts: TikTok masks buyers again later. Which
    variants of the store its SKUs are is found at the first sighting and stays (`bearers`). Without `write` the rows
    are only made up, for a preview.
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
            asks = _asks_to_cancel(order) != row.asks_to_cancel  # may be answered in the second it was asked in
            news = order.updated_at > row.updated_at or order.status_word != row.status or address != before or asks
            if news:
                _fill(row, order, address)
                row.address_due = row.address_due or moved  # a store order that is made later has it, and says so
                stale.append(row)
            result[order.id] = Kept(row, news=news)
    found = bearers_of(connection, [(entry.row, seen[order_id]) for order_id, entry in result.items()])
    result = {order_id: replace(entry, bearers=found[order_id]) for order_id, entry in result.items()}
    if not write:
        return result
    resolved = [entry.row for entry in result.values() if entry.bearers.moved and entry.row.id is not None]
    update_rows(resolved, ["bearers"])
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
            result[row.order_id] = replace(result[row.order_id], row=row, news=True)
    if stale:
        update_rows(
            stale,
            [
                "status", "updated_at", "paid_at", "ship_by", "total", "currency", "fulfilled_by_tiktok", "document",
                "buyer", "buyer_id", "address_clear", "address_due", "asks_to_cancel", "search", "name_key",
                "last_name_key", "shipped_by_tiktok", "source_order_id",
            ],
        )  # fmt: skip
    return result


def _fill(row: ShopOrderRow, order: ShopOrder, address: Address) -> None:
    row.status, row.updated_at, row.placed_at = order.status_word, order.updated_at, order.created_at
    row.paid_at, row.ship_by = order.paid_at, order.ship_by
    row.total, row.currency = order.payment.total.amount, order.payment.total.currency
    row.fulfilled_by_tiktok = order.fulfilled_by_tiktok
    row.source_order_id = order.source_order_id
    row.asks_to_cancel = _asks_to_cancel(order)
    row.document = to_json(msgspec.structs.replace(order, address=Address(), buyer_message=""))
    buyer = json.dumps({"address": msgspec.to_builtins(address), "message": order.buyer_message})
    row.buyer = seal(buyer, bound_to=binding(row.connection_id, order.id))
    row.buyer_id = order.buyer_id
    row.address_clear = address.clear
    row.shipped_by_tiktok = order.shipped_by_tiktok
    row.name_key, row.last_name_key = name_keys(address)
    row.search = search_words(order)


TITLE, PRODUCT = "¶", "§"
"""What stands in `search` before a word of a title and before the id of a product. Nobody types them."""


def search_words(order: ShopOrder) -> str:
    """The `search` column of an order. Pure."""
    words = {order.id, order.tracking_number, *(line.seller_sku for line in order.lines)}
    words |= {line.sku_id for line in order.lines} | {f"{PRODUCT}{line.product_id}" for line in order.lines}
    words |= {word for package in order.packages for word in (package.id, package.tracking_number)}
    titles = " ".join(line.title.lower() for line in order.lines)
    words |= {f"{TITLE}{word}" for word in {*titles.split(), *re.findall(r"\w+", titles)}}
    return searchable(sorted(words))


def name_keys(address: Address) -> tuple[str, str]:
    """(by the whole name as lists show it, by the last name): "" where there is none."""
    return sort_key(f"{address.first_name} {address.last_name}"), sort_key(address.last_name)


_AT_ONCE = 500


def rekey() -> int:
    """Make the sort keys of all accounts' buyers by the current key; how many were of older ones. Safe to repeat."""
    every = ShopOrderRow.objects.with_scopes_disabled().exclude(name_key="")
    older = every.exclude(name_key__startswith=sort_keys.current()).order_by("pk")
    done, last = 0, 0
    while rows := list(older.filter(pk__gt=last).only("buyer", "connection_id", "order_id")[:_AT_ONCE]):
        last = rows[-1].pk
        with transaction.atomic():
            for row in rows:
                whole, by_last = name_keys(buyer_of(row)[0])
                done += every.filter(pk=row.pk, buyer=row.buyer).update(name_key=whole, last_name_key=by_last)
    return done


def _asks_to_cancel(order: ShopOrder) -> bool:
    return order.buyer_wants_cancel and order.status is not ShopOrderStatus.CANCELLED


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
