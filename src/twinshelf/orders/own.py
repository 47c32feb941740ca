"""The store's own orders: those that were not made of a TikTok order (ORD-11). Kept without anything of a buyer."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from twinshelf.connections.models import Connection, Store
from twinshelf.documents import StoreOrder
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.orders.models import ShopOrderRow, StoreOrderRow

_COLUMNS = (
    "store_id", "store_order_id", "state", "total", "currency", "source", "external_source", "created_at",
    "modified_at", "archived", "seen_at",
)  # fmt: skip


def pulling(store_id: int) -> Connection | None:
    """A connection of the store that has its own orders pulled; None where nobody wants them."""
    wanted = Connection.objects.filter(store_id=store_id, preferences__pull_store_orders=True)
    return wanted.order_by("id").first()


def keep_own(store: Store, orders: Iterable[StoreOrder]) -> int:
    """Keep these orders of the store as they are now, but for those that were made of a TikTok order (CF-25).

    An order of ours is known by whose app made it, by the TikTok order it names, or by its id on record. Nothing is
    kept where nobody wants them. Returns how many were kept. Safe to repeat.
    """
    every = list(orders)
    if not every or pulling(store.id) is None:
        return 0
    known = ShopOrderRow.objects.filter(connection__store=store)
    named = [order.external_order_id for order in every if order.external_order_id]
    shop_orders = set(known.filter(order_id__in=named).values_list("order_id", flat=True)) if named else set()
    made = set(known.filter(store_order_id__in=[o.id for o in every]).values_list("store_order_id", flat=True))
    now = clock.now()
    rows = [
        (
            store.id, o.id, o.state, o.total_inc_tax.amount, o.total_inc_tax.currency, o.source, o.external_source,
            o.created_at, o.modified_at, o.archived, now,
        )
        for o in every
        if o.external_source != settings.OPERATOR.bigcommerce_app_id
        and o.external_order_id not in shop_orders
        and o.id not in made
    ]  # fmt: skip
    return upsert(StoreOrderRow, store.account_id, _COLUMNS, rows, unique=["store_id", "store_order_id"])


def give_up(store_id: int, store_order_ids: Iterable[str]) -> None:
    """These orders turned out to be of TikTok orders: they are the store's own no more. Safe to repeat."""
    ids = list(store_order_ids)
    if ids:
        StoreOrderRow.objects.filter(store_id=store_id, store_order_id__in=ids).delete()
