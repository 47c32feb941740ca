"""Holds on the store's stock, and asking for stock and price to be sent again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from twinshelf.accounts.models import User
from twinshelf.connections.models import Connection, Store
from twinshelf.goods.models import Hold
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.kit.words import counted
from twinshelf.listings.models import Link, ListingRow
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task


def hold(connection: Connection, wanted: Mapping[str, Mapping[int, int]]) -> None:
    """Withhold units (variant id → quantity, by order id) for orders that will take them from the store's stock.

    What an order held before is replaced, so this may be repeated. The shop where the order was placed has lowered its
    own number already; the other shops of the store are asked about.
    """
    if not wanted:
        return
    with transaction.atomic():
        held: dict[str, dict[int, int]] = {}
        mine = Hold.objects.filter(store_id=connection.store_id, converted_at=None)
        rows = _of_orders(mine, wanted)
        for order_id, variant_id, quantity in rows.values_list("order_id", "variant_id", "quantity"):
            held.setdefault(order_id, {})[variant_id] = quantity
        differing = {order_id: units for order_id, units in wanted.items() if held.get(order_id, {}) != dict(units)}
        if not differing:
            return
        for order_id, units in differing.items():
            if gone := held.get(order_id, {}).keys() - units.keys():
                mine.filter(order_id=order_id, variant_id__in=gone).delete()
        upsert(
            Hold,
            connection.account_id,
            ["store_id", "variant_id", "order_id", "shop_id", "quantity", "created_at", "converted_at"],
            [
                (connection.store_id, variant_id, order_id, connection.shop.shop_id, quantity, clock.now(), None)
                for order_id, units in differing.items()
                for variant_id, quantity in units.items()
            ],
            unique=["store_id", "variant_id", "order_id"],
            update=["quantity", "converted_at"],
        )
        touched = {v for order_id, units in differing.items() for v in (*units, *held.get(order_id, ()))}
        _ask_about(connection.store, touched, reason="held for orders", apart_from=connection)


def release(connection: Connection, order_ids: Collection[str]) -> None:
    """Give back what orders held: they were cancelled before they took anything. Safe to repeat."""
    if not order_ids:
        return
    with transaction.atomic():
        rows = _of_orders(Hold.objects.filter(store_id=connection.store_id), order_ids)
        gone = set(rows.values_list("variant_id", flat=True))
        if gone:
            rows.delete()
            _ask_about(connection.store, gone, reason="holds released")


def convert(connection: Connection, order_ids: Collection[str]) -> None:
    """The store orders took the units: holds end with the next reading of the store's stock that begins after now.

    Ending them at once would offer the units again until that reading. Safe to repeat.
    """
    if not order_ids:
        return
    with transaction.atomic():
        rows = _of_orders(Hold.objects.filter(store_id=connection.store_id, converted_at=None), order_ids)
        variant_ids = set(rows.values_list("variant_id", flat=True))
        if not variant_ids:
            return
        rows.update(converted_at=clock.now())
        links = Link.objects.filter(connection=connection, variant_id__in=variant_ids)
        owner = f"store:{connection.store_id}"
        keys = map(str, set(links.values_list("product_id", flat=True)))
        lanes.ask(connection.account_id, "product", owner, keys, reason="orders took stock", priority=lanes.URGENT)


def _of_orders(holds: QuerySet[Hold], order_ids: Iterable[str]) -> QuerySet[Hold]:
    return holds.filter(order_id__in=list(order_ids))


def stock_was_read(store: Store, variant_ids: Sequence[int], started: datetime) -> None:
    """End the holds whose units the store had already taken when this reading of its stock began."""
    over: set[int] = set()
    if not Hold.objects.filter(store=store, converted_at__lt=started).exists():  # the usual case, and a cheap look
        return
    for start in range(0, len(variant_ids), 500):
        held = Hold.objects.filter(
            store=store, variant_id__in=variant_ids[start : start + 500], converted_at__lt=started
        )
        ended = list(held.values_list("id", "variant_id"))
        if ended:
            Hold.objects.filter(id__in=[hold_id for hold_id, _ in ended]).delete()
            over |= {variant_id for _, variant_id in ended}
    if over:
        _ask_about(store, over, reason="hold over")


def resync(connection: Connection, product_ids: Sequence[int] | None, *, by: User | None = None) -> Task:
    """Compare price and stock of listings with what they should be, and send what differs. None: all listings."""
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    if product_ids is not None:
        rows = rows.filter(product_id__in=list(product_ids))
    keys = [str(i) for i in sorted(rows.values_list("product_id", flat=True))]
    with transaction.atomic():
        task = Task.objects.create(
            account_id=connection.account_id,
            kind="ask_stock",
            title=f"Sync price and stock of {counted(len(keys), 'product')} on {connection.shop}",
            owner=f"connection:{connection.id}",
            by=by,
            state="running",
            cursor={"carried_out": True},
            total=2 * len(keys),
            created_at=clock.now(),
            started_at=clock.now(),
        )
        tasks.ask_for(task, "stock", f"connection:{connection.id}", keys, priority=lanes.URGENT)
        tasks.ask_for(task, "price", f"connection:{connection.id}", keys)
        if not keys:
            tasks.settle(task.id)
    return task


def compare(connection: Connection) -> int:
    """Ask for price and stock of every listing: what moved unnoticed on either side is set right. Returns how many."""
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    keys = [str(i) for i in rows.values_list("product_id", flat=True)]
    owner = f"connection:{connection.id}"
    for kind in ("stock", "price"):
        lanes.ask(connection.account_id, kind, owner, keys, reason="comparison", priority=lanes.BULK)
    return len(keys)


def _ask_about(store: Store, variant_ids: set[int], *, reason: str, apart_from: Connection | None = None) -> None:
    """Ask for the stock of these variants in the connections of the store: what one shop holds, all others lack."""
    links = Link.objects.filter(connection__store=store, variant_id__in=variant_ids)
    if apart_from is not None:
        links = links.exclude(connection=apart_from)
    by_connection: dict[int, set[str]] = {}
    for connection_id, product_id in links.values_list("connection_id", "product_id"):
        by_connection.setdefault(connection_id, set()).add(str(product_id))
    for connection_id, keys in by_connection.items():
        owner = f"connection:{connection_id}"
        lanes.ask(store.account_id, "stock", owner, keys, reason=reason, priority=lanes.URGENT)
