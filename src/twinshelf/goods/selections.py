"""Which products concern which connections: the keys that a change in the store marks in their lanes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import QuerySet

from twinshelf.connections.models import Connection, Store
from twinshelf.goods.models import Selection, StoreVariant
from twinshelf.kit.upsert import upsert
from twinshelf.sync import lanes
from twinshelf.sync.flows import Signal


def select(connection: Connection, product_ids: Iterable[str]) -> None:
    """Have changes of these products mark the lanes of the connection from now on. Safe to repeat."""
    rows = [(connection.id, product_id) for product_id in product_ids]
    columns = ["connection_id", "product_id"]
    upsert(Selection, connection.account_id, columns, rows, unique=columns, update=[])


def selected(connection: Connection, product_ids: Collection[str]) -> set[str]:
    """Those of these products that concern the connection."""
    wanted, found = list(product_ids), set()
    for start in range(0, len(wanted), 500):
        rows = Selection.objects.filter(connection=connection, product_id__in=wanted[start : start + 500])
        found |= set(rows.values_list("product_id", flat=True))
    return found


def every_listed(connection: Connection) -> QuerySet[Selection, str]:
    """The ids of all products that concern the connection."""
    return Selection.objects.filter(connection=connection).values_list("product_id", flat=True)


def mark_stock(
    store: Store,
    variant_ids: Collection[str],
    *,
    cause: str,
    apart_from: Connection | None = None,
    cancelled_in: Connection | None = None,
) -> None:
    """Mark the stock of these variants in the connections of the store: what one shop holds, all others lack.

    `cancelled_in`: an order for them was cancelled there.
    """
    product_ids = products_of_variants(store.id, variant_ids)
    for connection in Connection.objects.filter(store=store):
        if connection != apart_from:
            keys = selected(connection, product_ids)
            owner = f"connection:{connection.id}"
            signals = Signal.CANCELLED if connection == cancelled_in else Signal.NONE
            lanes.ask(store.account_id, "stock", owner, keys, cause=cause, priority=lanes.URGENT, signals=signals)


def products_of_variants(store_id: int, variant_ids: Collection[str]) -> set[str]:
    """The products that these variants are of."""
    wanted, found = list(variant_ids), set()
    for start in range(0, len(wanted), 500):
        rows = StoreVariant.objects.filter(store_id=store_id, variant_id__in=wanted[start : start + 500])
        found |= set(rows.values_list("product_id", flat=True))
    return found
