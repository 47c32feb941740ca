"""What may be done to orders: fetch, sync, retry, link, cancel."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from twinshelf.accounts.actors import Actor, by_hand
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Connection
from twinshelf.documents import CancellationOrigin, CancellationState, CreationState, DecisionState, token
from twinshelf.errors import NeedsPerson
from twinshelf.goods.models import StoreVariant
from twinshelf.kit import clock, secrets
from twinshelf.listings import actions as listings
from twinshelf.listings.models import Link
from twinshelf.listings.queries import matches_strictly
from twinshelf.orders import book
from twinshelf.orders.book import binding, order_of
from twinshelf.orders.models import CancellationRow, CancelRequestRow, ChosenVariant, ReturnRow, ShopOrderRow
from twinshelf.orders.returns.book import binding as return_binding
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.models import Task


class NoReason(NeedsPerson):
    def __init__(self) -> None:
        super().__init__("E-CAN-REASON")


class AlreadyMade(NeedsPerson):
    def __init__(self, number: str) -> None:
        super().__init__("E-ORD-MADE", number=number)


class NoSuchVariant(NeedsPerson):
    def __init__(self) -> None:
        super().__init__("E-ORD-VARIANT")


def fetch_now(connection: Connection, *, by: Actor) -> Task:
    """Read what changed of the shop's orders right now instead of waiting for the next poll."""
    with transaction.atomic():
        task = _fetch(connection, f"Fetch orders of {connection.shop}", None, None, by)
        record(by, connection.account_id, "orders.fetch_now", task.owner, detail=task.title)
    return task


def fetch_missed(connection: Connection, start: datetime, end: datetime, *, by: Actor) -> Task:
    """Read all orders changed in a window of time; those that await shipment without a store order get one, each once.

    The others without a store order are listed as not eligible, with their status (ORD-9).
    """
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


def fetch_store_orders(connection: Connection, *, by: Actor) -> Task:
    """Read every order of the store from the first on, and keep its own; it reads nothing while the switch is off."""
    title = f"Fetch BigCommerce orders of {connection.store}"
    with transaction.atomic():
        task = tasks.submit(
            connection.account_id,
            "fetch_store_orders",
            title,
            owner=f"connection:{connection.id}",
            by=by,
            params={"store": connection.store_id},
        )
        record(by, connection.account_id, "orders.fetch_store_orders", task.owner, detail=title)
    return task


def retry(order: ShopOrderRow, *, by: Actor) -> None:
    """Try to create the store order again now, with its retries counted anew. Never makes a second one."""
    with transaction.atomic():
        ShopOrderRow.objects.filter(id=order.id, store_order_id=None).update(
            attempts=0, failed_at=None, creation=CreationState.WAITING
        )
        record(by, order.account_id, "orders.retry", f"order:{order.order_id}")
        _ask(order, "order", by_hand("retry", by))


def link(order: ShopOrderRow, *, sku_id: str, variant_id: str, by: Actor) -> None:
    """Say which variant of the store a TikTok SKU of this order is. Remembered for all orders of the SKU.

    The order is then created by itself, and so is every other one that waited for this. A variant that has no link
    yet is also linked with the TikTok SKU, so that its stock and price are kept in step. Safe to repeat. Raises
    AlreadyMade where the order has its store order, NoSuchVariant, and NeedsPerson where SKUs are matched strictly.
    """
    connection = order.connection
    with transaction.atomic():
        row = ShopOrderRow.objects.select_for_update().get(id=order.id)
        if row.store_order_id is not None:
            raise AlreadyMade(row.store_order_id)
        variant = StoreVariant.objects.filter(
            store_id=connection.store_id, variant_id=variant_id, deleted=False
        ).first()
        line = next((line for line in order_of(row).lines if line.sku_id == sku_id), None)
        if variant is None or line is None:
            raise NoSuchVariant
        if line.seller_sku != variant.sku and matches_strictly(connection):
            raise NeedsPerson("E-SKU-STRICT")
        before = row.bearers.get(sku_id, [None, None])[1]
        ChosenVariant.objects.update_or_create(
            account_id=row.account_id,
            connection=connection,
            sku_id=sku_id,
            defaults={"product_id": variant.product_id, "variant_id": variant_id},
        )
        row.bearers = {**row.bearers, sku_id: [variant.product_id, variant_id]}
        row.creation, row.attempts, row.failed_at = CreationState.WAITING, 0, None
        row.save(update_fields=["bearers", "creation", "attempts", "failed_at"])
        subject = f"order:{row.order_id}"
        record(by, row.account_id, "orders.link", subject, before={sku_id: before}, after={sku_id: variant_id})
        if not Link.objects.filter(connection=connection, variant_id=variant_id).exists():
            listings.link(
                connection,
                variant_id=variant_id,
                tiktok_id=line.product_id,
                sku_id=sku_id,
                seller_sku=line.seller_sku,
                by=by,
            )
        problems.unblock(row.account_id, token("link", sku_id))
        _ask(row, "order", "SKU linked by hand")


def sync(order: ShopOrderRow, *, by: Actor) -> None:
    """Look at an order on both sides now: its store order and status, shipments, cancellations. Safe to repeat."""
    with transaction.atomic():
        record(by, order.account_id, "orders.sync", f"order:{order.order_id}")
        for kind in ("order", "shipment", "cancellation"):
            _ask(order, kind, by_hand("sync", by))


def ask_reasons(order: ShopOrderRow, *, by: Actor) -> None:
    """Ask TikTok for which reasons this very order may be cancelled now. They are on the order's row soon after."""
    with transaction.atomic():
        ShopOrderRow.objects.filter(id=order.id).update(reasons_asked_at=clock.now(), cancel_reasons=None)
        record(by, order.account_id, "orders.ask_reasons", f"order:{order.order_id}")
        _ask(order, "cancellation", by_hand("sync", by))


def answer_request(order: ShopOrderRow, cancel_id: str, *, grant: bool, by: Actor, reason: str = "") -> None:
    """Grant or decline a buyer's request to cancel, once: pressing twice sends it once.

    Granted, the order is cancelled at TikTok and BigCommerce follows; declined, both stay. Declining needs one of
    TikTok's `reason`s. Raises NeedsPerson for a reason that it does not offer, and where nothing waits for an answer.
    """
    with transaction.atomic():
        row = CancelRequestRow.objects.select_for_update().filter(order=order, cancel_id=cancel_id).first()
        answer = "grant" if grant else "decline"
        if row is not None and row.state == DecisionState.WAITING and row.answer == answer:
            return
        if row is None or not row.waiting or row.state == DecisionState.WAITING:
            raise NeedsPerson("E-CAN-REFUSED")
        if not grant and reason not in dict(row.reasons):
            raise NeedsPerson("E-CAN-DECLINE")
        told = {"answer": answer, "answer_reason": "" if grant else reason, "state": DecisionState.WAITING.value}
        before = {name: getattr(row, name) for name in told}
        CancelRequestRow.objects.filter(id=row.id).update(**told, refusal="")
        subject = f"order:{order.order_id}"
        record(by, order.account_id, "orders.answer_request", subject, before=before, after=told)
        _ask(order, "cancellation", by_hand("answer", by))


def cancel(order: ShopOrderRow, reason: str, *, by: Actor) -> None:
    """Cancel at TikTok Shop with one of the reasons it offers for this order; BigCommerce follows as preferred.

    Raises NoReason, and NeedsPerson for a reason that TikTok, asked for this order, did not offer. Whether TikTok
    allows it is decided there; a refusal becomes a problem on the order.
    """
    if not reason:
        raise NoReason
    if order.cancel_reasons is not None and order.reasons_for == order.status and reason not in order.cancel_reasons:
        raise NeedsPerson("E-CAN-REASONS")
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


def reseal() -> int:
    """Seal the buyers of all accounts' orders, and what they wrote about returns, under the current key.

    What buyers are sorted by is made anew with it. Returns how many values were under older keys. Safe to repeat.

    Raises Unsealable where a value's key is not configured.
    """
    rows = ShopOrderRow.objects.with_scopes_disabled().only("buyer", "connection_id", "order_id")
    stories = ReturnRow.objects.with_scopes_disabled().only("story", "connection_id", "return_id")
    count = secrets.reseal(rows, ["buyer"], lambda row: binding(row.connection_id, row.order_id))
    book.rekey()
    return count + secrets.reseal(stories, ["story"], lambda row: return_binding(row.connection_id, row.return_id))
