"""Reading orders: the poll behind the webhooks, fetching on demand, and the store's own on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import CreationState, ShopOrder, ShopOrderStatus
from twinshelf.kit import clock, skew
from twinshelf.orders import book, own
from twinshelf.orders.intake import index
from twinshelf.orders.intake.flow import hold
from twinshelf.orders.intake.plan import decide
from twinshelf.orders.models import ShopOrderRow, StoreOrderRow
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task

_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(days=30)
_PAGES_OF_A_SLICE = 20
_AHEAD = timedelta(days=1)
"""Polls look this far ahead of what we take for TikTok's time: the overlap, not an upper end, makes them complete."""


def poll_orders(
    connection: Connection, *, start: datetime | None = None, end: datetime | None = None, task: Task | None = None
) -> int:
    """Read the shop's orders changed since the last poll (or between two times), keep them, ask for what is new.

    Pages go by update time, oldest first, with an overlap of ten minutes; the watermark is TikTok's time and moves only
    after the whole poll. Returns how many orders were read. Safe to repeat.
    """
    shop = connection.shop
    client = clients.shop_client(shop, "urgent")
    now = skew.now(settings.OPERATOR.tiktok_api)
    since = start or (shop.orders_seen_at - _OVERLAP if shop.orders_seen_at else now - _FIRST_LOOK)
    until = end or now + _AHEAD  # once: a page token holds for one filter only
    newest, read = shop.orders_seen_at, 0
    for page in client.order_pages(updated_from=since, updated_to=until):
        kept = book.keep_orders(connection, page.rows)
        hold(
            connection,
            preferences_from_json(connection.preferences),
            page.rows,
            {order_id: entry.bearers for order_id, entry in kept.items()},
        )
        read += len(page.rows)
        for order in page.rows:
            newest = order.updated_at if newest is None else max(newest, order.updated_at)
        if start is not None and task is not None:
            _take_missed(task, connection, page.rows, kept)
            continue
        wanted = [key for key, entry in kept.items() if entry.news or _unsettled(entry.row)]
        if task is not None:
            tasks.ask_for(task, "order", f"connection:{connection.id}", wanted, priority=lanes.URGENT)
        else:
            lanes.ask(
                connection.account_id,
                "order",
                f"connection:{connection.id}",
                wanted,
                cause="poll",
                priority=lanes.URGENT,
            )
    if start is None and newest is not None:
        Shop.objects.filter(id=shop.id).update(orders_seen_at=newest)
    if start is None and task is None:  # last: TikTok's orders are on record, whether or not the store answers
        index.index_store_orders(connection.store)  # an order that was made twice is found here, if nowhere else
    return read


def _take_missed(
    task: Task, connection: Connection, orders: Sequence[ShopOrder], kept: Mapping[str, book.Kept]
) -> None:
    """Of the orders without a store order, have those that await shipment made, and list the others as not eligible.

    Those others are looked at as ever where that makes none; else they are left (ORD-9, decision 0029).
    """
    owner, preferences = f"connection:{connection.id}", preferences_from_json(connection.preferences)
    eligible: list[str] = []
    looked_at: list[str] = []
    listed: list[tuple[str, str, str]] = []
    left: dict[str, list[int]] = {}
    for order in {order.id: order for order in orders}.values():
        entry = kept[order.id]
        if entry.row.store_order_id is None and order.status is ShopOrderStatus.AWAITING_SHIPMENT:
            eligible.append(order.id)
            continue
        made = entry.row.store_order_id is not None or decide(order, preferences).verdict != "create"
        if made and entry.news:
            looked_at.append(order.id)
        if entry.row.store_order_id is None:
            status = order.status_word.replace("_", " ").title()
            listed.append((order.id, "skipped", f"not eligible: {status}"))
            if not made:
                left.setdefault(status, []).append(entry.row.id)
    with transaction.atomic():
        if eligible:
            tasks.ask_for(task, "order", owner, eligible, priority=lanes.URGENT)
        if looked_at:
            lanes.ask(connection.account_id, "order", owner, looked_at, cause="poll", priority=lanes.URGENT)
        if listed:
            tasks.note_items(task, lanes.lane_of(connection.account_id, "order", owner), listed)
        for status, rows in left.items():
            waiting = ShopOrderRow.objects.filter(id__in=rows, creation=CreationState.WAITING)
            waiting.update(reason=f"The search for missed orders leaves it: not eligible: {status}. “Retry” makes it.")


def _unsettled(row: ShopOrderRow) -> bool:
    """Paid, wanted, and without a store order though no failure is on record: an ask that got lost is made good."""
    return row.creation == CreationState.WAITING and ShopOrderStatus(row.status).paid


def fetch(task: Task) -> bool:
    """Task: read orders changed since the last poll, or between two times, and import what should be."""
    connection = Connection.objects.select_related("store", "shop").get(id=int(task.params["connection"]))
    start = clock.parse(task.params["start"]) if task.params.get("start") else None
    end = clock.parse(task.params["end"]) if task.params.get("end") else None
    poll_orders(connection, start=start, end=end, task=task)
    task.refresh_from_db()
    tasks.carried_out(task)
    return False


def fetch_own(task: Task) -> bool:
    """Task: read every order of the store, some pages a slice, and keep its own. What is not listed is archived."""
    store = Store.objects.get(id=int(task.params["store"]))
    if own.pulling(store.id) is None:
        tasks.carried_out(task)
        return False
    last_id, kept = str(task.cursor.get("last_id", "")), int(task.cursor.get("kept", 0))
    for number, page in enumerate(clients.store_client(store, "bulk").order_pages(last_id), 1):
        kept += own.keep_own(store, page.orders)
        task.cursor = {**task.cursor, "last_id": page.last_id, "kept": kept, "counts_itself": True}
        task.succeeded = kept
        task.save(update_fields=["cursor", "succeeded"])
        if page.more and number >= _PAGES_OF_A_SLICE:
            return True
    if task.started_at is not None:
        known = StoreOrderRow.objects.filter(store=store, archived=False)
        known.filter(seen_at__lt=task.started_at).update(archived=True)
    tasks.carried_out(task)
    return False
