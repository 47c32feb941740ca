"""Reading the store's orders: shipments and cancellations whose webhooks were lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.queries import store_now
from twinshelf.documents import ShopOrderStatus, StoreOrder, StoreOrderState
from twinshelf.kit import clock
from twinshelf.orders import own
from twinshelf.orders.models import ShipmentRow, ShopOrderRow
from twinshelf.orders.status import DISPATCHED
from twinshelf.sync import lanes, problems

log = structlog.get_logger(__name__)

_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(days=30)


def poll_store_orders(connection: Connection) -> int:
    """Read the store's orders changed since the last poll: shipments and cancellations whose webhooks were lost.

    Its own orders are kept as well, where they are wanted (ORD-11).
    """
    store = connection.store
    client = clients.store_client(store, "urgent")
    now = store_now(store)
    since = store.orders_modified_at - _OVERLAP if store.orders_modified_at else now - _FIRST_LOOK
    read, newest = 0, None
    for page in client.modified_order_pages(since):
        read += len(page.orders)
        _ask_about(store, page.orders)
        own.keep_own(store, page.orders)
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
    rows = list(ShopOrderRow.objects.filter(connection__store=store, store_order_id__in=list(by_id)))
    told = _told_lately([row for row in rows if not ShopOrderStatus(row.status).shippable])
    keys: dict[tuple[str, int], list[str]] = {}
    in_doubt: dict[int, set[str]] = {}
    for row in rows:
        order = by_id[row.store_order_id or ""]
        if row.connection_id not in in_doubt:
            owner = f"connection:{row.connection_id}"
            found = problems.open_keys(store.account_id, owner, "E-CAN-PART", "E-FUL-CANCELLED")
            in_doubt[row.connection_id] = set(found)
        if row.order_id in in_doubt[row.connection_id]:
            keys.setdefault(("cancellation", row.connection_id), []).append(row.order_id)
        if order.state is StoreOrderState.CANCELLED and row.status != ShopOrderStatus.CANCELLED:
            keys.setdefault(("cancellation", row.connection_id), []).append(row.order_id)
        elif order.state in DISPATCHED and (
            ShopOrderStatus(row.status).shippable
            or row.status == ShopOrderStatus.CANCELLED
            or order.modified_at > told.get(row.id, order.modified_at)
        ):
            keys.setdefault(("shipment", row.connection_id), []).append(row.order_id)
    for (kind, connection_id), order_ids in keys.items():
        owner = f"connection:{connection_id}"
        lanes.ask(store.account_id, kind, owner, order_ids, cause="poll", priority=lanes.URGENT)


_CORRECTED_FOR = timedelta(days=7)
"""So long after a shipment was reported its number may be corrected, or that it is too late must be told."""


def _told_lately(rows: Sequence[ShopOrderRow]) -> dict[int, datetime]:
    """When TikTok was told of the last shipment of these orders, by row id, if that is not long ago."""
    since = clock.now() - _CORRECTED_FOR
    told = ShipmentRow.objects.filter(order__in=[row.id for row in rows], reported_at__gt=since)
    times = told.order_by("reported_at").values_list("order_id", "reported_at")
    return {row_id: at for row_id, at in times if at is not None}
