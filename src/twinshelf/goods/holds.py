"""Holds: units of the store's stock withheld from the shops for orders that will take them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Sum

from twinshelf.connections.models import Connection, Store
from twinshelf.documents import Product
from twinshelf.goods.models import Hold, StoreVariant
from twinshelf.goods.selections import mark_stock, products_of_variants
from twinshelf.goods.snapshot import Changed
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.sync import lanes


def held(store_id: int, variant_ids: Sequence[str]) -> dict[str, int]:
    """Units withheld by variant id; variants without a hold are absent."""
    found: dict[str, int] = {}
    for start in range(0, len(variant_ids), 500):
        rows = Hold.objects.filter(store_id=store_id, variant_id__in=variant_ids[start : start + 500])
        found.update(rows.values_list("variant_id").annotate(Sum("quantity")))
    return found


def open_units(store_id: int, variant_ids: Sequence[str]) -> dict[str, int]:
    """Units by variant id that orders without a store order will take from the store; others are absent."""
    found: dict[str, int] = {}
    for start in range(0, len(variant_ids), 500):
        some = variant_ids[start : start + 500]
        rows = Hold.objects.filter(store_id=store_id, variant_id__in=some, converted_at=None)
        found.update(rows.values_list("variant_id").annotate(Sum("quantity")))
    return found


def held_at(store_id: int, product_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Units withheld of these products by variant id and location, of the orders of which it is known."""
    found: dict[str, dict[str, int]] = {}
    for start in range(0, len(product_ids), 500):
        some = product_ids[start : start + 500]
        variants = StoreVariant.objects.filter(store_id=store_id, product_id__in=some).values("variant_id")
        rows = Hold.objects.filter(store_id=store_id, variant_id__in=variants).exclude(location_id="")
        for variant_id, location_id, units in rows.values_list("variant_id", "location_id").annotate(Sum("quantity")):
            found.setdefault(variant_id, {})[location_id] = units
    return found


def place(connection: Connection, order_id: str, location_id: str) -> None:
    """Note where an order takes what it holds. Safe to repeat."""
    Hold.objects.filter(store_id=connection.store_id, order_id=order_id).update(location_id=location_id)


def hold(
    connection: Connection, wanted: Mapping[str, Mapping[str, int]], *, places: Mapping[str, str] | None = None
) -> set[str]:
    """Withhold units (variant id → quantity, by order id) for orders that will take them from the store's stock.

    What an order held before is replaced, so this may be repeated. The shop where the order was placed has lowered its
    own number already; the other shops of the store are asked about. Of what an order holds less of (a part of it was
    cancelled), its own shop too: it does not always offer such units again. `places` gives the location that an order
    takes them from, where it is known. Returns the variants of which more is held than before: of these, their own
    shop was not asked.
    """
    if not wanted:
        return set()
    with transaction.atomic():
        held: dict[str, dict[str, int]] = {}
        mine = Hold.objects.filter(store_id=connection.store_id, converted_at=None)
        rows = _of_orders(mine, wanted)
        for order_id, variant_id, quantity in rows.values_list("order_id", "variant_id", "quantity"):
            held.setdefault(order_id, {})[variant_id] = quantity
        differing = {order_id: units for order_id, units in wanted.items() if held.get(order_id, {}) != dict(units)}
        if not differing:
            return set()
        for order_id, units in differing.items():
            if gone := held.get(order_id, {}).keys() - units.keys():
                mine.filter(order_id=order_id, variant_id__in=gone).delete()
        upsert(
            Hold,
            connection.account_id,
            ["store_id", "variant_id", "order_id", "shop_id", "location_id", "quantity", "created_at", "converted_at"],
            [
                (
                    connection.store_id,
                    variant_id,
                    order_id,
                    connection.shop.shop_id,
                    (places or {}).get(order_id, ""),
                    quantity,
                    clock.now(),
                    None,
                )
                for order_id, units in differing.items()
                for variant_id, quantity in units.items()
            ],
            unique=["store_id", "variant_id", "order_id"],
            update=["quantity", "converted_at"],
        )
        less = {
            variant_id
            for order_id, units in differing.items()
            for variant_id, quantity in held.get(order_id, {}).items()
            if units.get(variant_id, 0) < quantity
        }
        touched = {variant_id for units in differing.values() for variant_id in units} - less
        mark_stock(connection.store, touched, cause="held for orders", apart_from=connection)
        mark_stock(connection.store, less, cause="holds released", cancelled_in=connection)
        return touched


def release(connection: Connection, order_ids: Collection[str]) -> None:
    """Give back what orders held: they were cancelled before they took anything. Safe to repeat."""
    if not order_ids:
        return
    with transaction.atomic():
        rows = _of_orders(Hold.objects.filter(store_id=connection.store_id), order_ids)
        gone = set(rows.values_list("variant_id", flat=True))
        if gone:
            rows.delete()
            mark_stock(connection.store, gone, cause="holds released", cancelled_in=connection)


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
        owner = f"store:{connection.store_id}"
        keys = products_of_variants(connection.store_id, variant_ids)
        lanes.ask(connection.account_id, "product", owner, keys, cause="orders took stock", priority=lanes.URGENT)


def _of_orders(holds: QuerySet[Hold], order_ids: Iterable[str]) -> QuerySet[Hold]:
    return holds.filter(order_id__in=list(order_ids))


SURE_AFTER = timedelta(minutes=5)
"""After that long no reading of a store's stock is from before the units were taken (F34: read after write)."""


def stock_was_read(store: Store, products: Sequence[Product], changed: Changed, began: datetime) -> set[str]:
    """End the holds whose units the store had already taken when this reading of its stock began.

    A reading that shows nothing new may be of a copy of the store that lags, or the units were in the reading before
    it: it ends the holds that are older than `SURE_AFTER`, and all of goods whose stock is not tracked. Returns the
    products that have younger ones: they must be read once more when that time is over.
    """
    if not Hold.objects.filter(store=store, converted_at__lt=began).exists():  # the usual case, and a cheap look
        return set()
    read = [product for product in products if product.id not in changed.doubted]
    fresh = [v.id for p in read for v in p.variants if p.id in changed.kept or v.stock is None]
    known = {v.id: p.id for p in read for v in p.variants if not (p.id in changed.kept or v.stock is None)}
    over = _end(store, fresh, before=began) | _end(store, list(known), before=began - SURE_AFTER)
    if over:
        mark_stock(store, over, cause="hold over")
    young = Hold.objects.filter(store=store, converted_at__lt=began).values_list("variant_id", flat=True)
    return {known[variant_id] for variant_id in young if variant_id in known}


def _end(store: Store, variant_ids: Sequence[str], *, before: datetime) -> set[str]:
    over: set[str] = set()
    for start in range(0, len(variant_ids), 500):
        some = variant_ids[start : start + 500]
        ended = list(
            Hold.objects.filter(store=store, variant_id__in=some, converted_at__lt=before).values_list(
                "id", "variant_id"
            )
        )
        if ended:
            Hold.objects.filter(id__in=[hold_id for hold_id, _ in ended]).delete()
            over |= {variant_id for _, variant_id in ended}
    return over
