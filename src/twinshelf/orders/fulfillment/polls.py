"""Reading the store's orders: shipments and cancellations whose webhooks were lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.queries import store_now
from twinshelf.documents import ShopOrderStatus, StoreOrder, StoreOrderState
from twinshelf.orders.models import ShopOrderRow
from twinshelf.orders.status import DISPATCHED
from twinshelf.sync import lanes

log = structlog.get_logger(__name__)

_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(days=30)


def poll_store_orders(connection: Connection) -> int:
    """Read the store's orders changed since the last poll: shipments and cancellations whose webhooks were lost."""
    store = connection.store
    client = clients.store_client(store, "urgent")
    now = store_now(store)
    since = store.orders_modified_at - _OVERLAP if store.orders_modified_at else now - _FIRST_LOOK
    read, newest = 0, None
    for page in client.modified_order_pages(since):
        read += len(page.orders)
        _ask_about(store, page.orders)
        newest = max((order.modified_at for order in page.orders), default=newest)
    if newest is not None:
        Store.objects.filter(id=store.id).update(orders_modified_at=newest)
    log.debug("store orders polled", store=store.id, read=read)
    return read


def _ask_about(store: Store, orders: Sequence[StoreOrder]) -> None:
    """Ask the lanes about store orders of ours that show another state than we know.

    Those of every connection of the store: they share one watermark, and what one poll passes, none sees again.
    """
    by_id = {order.id: order for order in orders}
    rows = ShopOrderRow.objects.filter(connection__store=store, store_order_id__in=list(by_id))
    keys: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        order = by_id[row.store_order_id or ""]
        if order.state is StoreOrderState.CANCELLED and row.status != ShopOrderStatus.CANCELLED:
            keys.setdefault(("cancellation", row.connection_id), []).append(row.order_id)
        elif order.state in DISPATCHED and ShopOrderStatus(row.status).shippable:
            keys.setdefault(("shipment", row.connection_id), []).append(row.order_id)
    for (kind, connection_id), order_ids in keys.items():
        owner = f"connection:{connection_id}"
        lanes.ask(store.account_id, kind, owner, order_ids, cause="poll", priority=lanes.URGENT)
