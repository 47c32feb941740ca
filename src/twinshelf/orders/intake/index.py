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
    for page in client.order_pages(store.orders_seen):
        read += len(page.orders)
        with transaction.atomic():
            insert_rows(
                [
                    StoreOrderSeen(
                        account_id=store.account_id,
                        store=store,
                        store_order_id=order.id,
                        external_order_id=order.external_order_id,
                        created_at=order.created_at,
                        state=order.state,
                        total=order.total_inc_tax.amount,
                    )
                    for order in page.orders
                    if order.external_order_id and not order.archived
                ],
                unique=["store_id", "store_order_id"],
            )
            # Where another drain has scanned meanwhile, its place stays: at worst the same orders are read again.
            Store.objects.filter(id=store.id, orders_seen=store.orders_seen).update(orders_seen=page.last_id)
            store.orders_seen = page.last_id
    return read
