"""The index of store orders by the TikTok order they were made of: where a create looks first, and doubles show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from twinshelf.connections import clients
from twinshelf.connections.models import Store
from twinshelf.documents import StoreOrder
from twinshelf.kit.upsert import upsert
from twinshelf.orders import own
from twinshelf.orders.models import ShopOrderRow, StoreOrderSeen
from twinshelf.sync import lanes

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far the clocks of the two platforms may lie apart."""

_COLUMNS = ("store_id", "store_order_id", "external_order_id", "created_at", "state", "total", "archived")


def index_store_orders(store: Store) -> int:
    """Read the store orders made since the last look and keep the external ids of those that have one.

    One call when there is nothing new. It finds orders whose creation got no answer, and those of other connectors.
    An order that was made a second time is asked for: whoever looks at it finds the double.
    """
    client = clients.store_client(store, "urgent")
    read = 0
    for page in client.order_pages(store.orders_seen):
        read += len(page.orders)
        with transaction.atomic():
            keep(store, page.orders)
            own.keep_own(store, page.orders)
            # Where another drain has scanned meanwhile, its place stays: at worst the same orders are read again.
            Store.objects.filter(id=store.id, orders_seen=store.orders_seen).update(orders_seen=page.last_id)
            store.orders_seen = page.last_id
            _ask_about_doubles(store, page.orders)
    return read


def index_archived(store: Store, made_for: datetime) -> int:
    """Read the archived store orders made at `made_for` (TikTok's time) or later, and keep their external ids.

    Lists leave archived orders out, and yet each is the one order of its TikTok order. One call where there is none.
    """
    read = 0
    for page in clients.store_client(store, "urgent").archived_order_pages(made_for - CLOCKS_DIFFER):
        read += len(page.orders)
        keep(store, page.orders)
    return read


def keep(store: Store, orders: Iterable[StoreOrder]) -> None:
    """Keep these store orders as they are now, so far as they carry an external id. Safe to repeat."""
    rows = [
        (store.id, o.id, o.external_order_id, o.created_at, o.state, o.total_inc_tax.amount, o.archived)
        for o in orders
        if o.external_order_id
    ]
    unique = ["store_id", "store_order_id"]
    upsert(StoreOrderSeen, store.account_id, _COLUMNS, rows, unique=unique, update=["state", "archived"])


def _ask_about_doubles(store: Store, orders: Iterable[StoreOrder]) -> None:
    carried = {order.external_order_id: order.id for order in orders if order.external_order_id}
    known = ShopOrderRow.objects.filter(connection__store=store, order_id__in=list(carried)).exclude(
        store_order_id=None
    )
    doubled: dict[int, list[str]] = {}
    for connection_id, order_id, store_order_id in known.values_list("connection_id", "order_id", "store_order_id"):
        if carried[order_id] != store_order_id:
            doubled.setdefault(connection_id, []).append(order_id)
    for connection_id, order_ids in doubled.items():
        owner = f"connection:{connection_id}"
        cause = "made twice in BigCommerce"
        lanes.ask(store.account_id, "order", owner, order_ids, cause=cause, priority=lanes.URGENT)
