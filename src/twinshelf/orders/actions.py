"""What may be done to orders: fetch, sync, retry, cancel."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from twinshelf.accounts.actors import Actor, by_hand
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Connection
from twinshelf.documents import CancellationOrigin, CancellationState, CreationState
from twinshelf.errors import NeedsPerson
from twinshelf.orders.models import CancellationRow, ShopOrderRow
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task


class NoReason(NeedsPerson):
    def __init__(self) -> None:
        super().__init__("E-CAN-REASON")


def fetch_now(connection: Connection, *, by: Actor) -> Task:
    """Read what changed of the shop's orders right now instead of waiting for the next poll."""
    with transaction.atomic():
        task = _fetch(connection, f"Fetch orders of {connection.shop}", None, None, by)
        record(by, connection.account_id, "orders.fetch_now", task.owner, detail=task.title)
    return task


def fetch_missed(connection: Connection, start: datetime, end: datetime, *, by: Actor) -> Task:
    """Read all orders changed in a window of time and import those that should have been. Each is created once."""
    title = f"Sync missed orders of {connection.shop}, {start:%Y-%m-%d} – {end:%Y-%m-%d}"
    with transaction.atomic():
        task = _fetch(connection, title, start, end, by)
        record(by, connection.account_id, "orders.fetch_missed", task.owner, detail=title)
    return task


def _fetch(connection: Connection, title: str, start: datetime | None, end: datetime | None, by: Actor) -> Task:
    return tasks.submit(
        connection.account_id,
        "fetch_orders",
        title,
        owner=f"connection:{connection.id}",
        by=by,
        params={
            "connection": connection.id,
            "start": start.isoformat() if start else "",
            "end": end.isoformat() if end else "",
        },
    )


def retry(order: ShopOrderRow, *, by: Actor) -> None:
    """Try to create the store order again now, with its retries counted anew. Never makes a second one."""
    with transaction.atomic():
        ShopOrderRow.objects.filter(id=order.id, store_order_id=None).update(
            attempts=0, failed_at=None, creation=CreationState.WAITING
        )
        record(by, order.account_id, "orders.retry", f"order:{order.order_id}")
        _ask(order, "order", by_hand("retry", by))


def sync(order: ShopOrderRow, *, by: Actor) -> None:
    """Look at an order on both sides now: its store order and status, shipments, cancellations. Safe to repeat."""
    with transaction.atomic():
        record(by, order.account_id, "orders.sync", f"order:{order.order_id}")
        for kind in ("order", "shipment", "cancellation"):
            _ask(order, kind, by_hand("sync", by))


def cancel(order: ShopOrderRow, reason: str, *, by: Actor) -> None:
    """Cancel at TikTok Shop with one of the reasons it offers for this order; BigCommerce follows as preferred.

    Raises NoReason. Whether TikTok allows it is decided there; a refusal becomes a problem on the order.
    """
    if not reason:
        raise NoReason
    told = {"origin": CancellationOrigin.APP, "reason": reason, "state": CancellationState.PASSING}
    with transaction.atomic():
        before = CancellationRow.objects.filter(order=order).values(*told).first()
        CancellationRow.objects.update_or_create(account_id=order.account_id, order=order, defaults=told)
        subject = f"order:{order.order_id}"
        record(by, order.account_id, "orders.cancel", subject, before=before, after=told)
        _ask(order, "cancellation", by_hand("cancel", by))


def _ask(order: ShopOrderRow, kind: str, cause: str) -> None:
    lanes.ask(
        order.account_id,
        kind,
        f"connection:{order.connection_id}",
        [order.order_id],
        cause=cause,
        priority=lanes.URGENT,
    )
