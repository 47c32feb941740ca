"""The index of store orders by the TikTok order that they were made of: where a create looks first."""

from __future__ import annotations

from django.db import transaction

from twinshelf.connections import clients
from twinshelf.connections.models import Store
from twinshelf.kit.upsert import insert_rows
from twinshelf.orders.models import StoreOrderSeen


def index_store_orders(store: Store) -> int:
    """Read the store orders made since the last look and keep the external ids of those that have one.

    One call when there is nothing new. It finds orders whose creation got no answer, and those of other connectors.
    """
    client = clients.store_client(store, "urgent")
    read = 0
    while True:
        page = client.orders_after(store.orders_seen)
        if not page:
            return read
        read += len(page)
        with transaction.atomic():
            insert_rows(
                [
                    StoreOrderSeen(
                        account_id=store.account_id,
                        store=store,
                        store_order_id=order.id,
                        external_order_id=order.external_order_id,
                        status_id=order.status_id,
                        total=order.total_inc_tax.amount,
                    )
                    for order in page
                    if order.external_order_id and not order.archived
                ],
                unique=["store_id", "store_order_id"],
            )
            store.orders_seen = max(store.orders_seen, *(order.id for order in page))
            Store.objects.filter(id=store.id, orders_seen__lt=store.orders_seen).update(orders_seen=store.orders_seen)
        if len(page) < 250:
            return read
