"""The places where a store keeps stock: kept as they were read, and what each of them holds, counted as readings come.

Calls no platform. What is counted is in the transaction that keeps the reading, behind `snapshot.lock`, so it is exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.db.models import F

from twinshelf.connections.models import Connection, Store
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import Product, StoreLocation, Variant
from twinshelf.goods.models import Location, StoreProduct
from twinshelf.kit import clock

_AT_ONCE = 500


def levels(variant: Variant, default: str) -> dict[str, int]:
    """What each location can sell of a variant; all of it is in the `default` one where the store tells no others.

    Empty where the store does not track it. Pure.
    """
    if variant.stock is None:
        return {}
    return dict(variant.stock_at) if variant.stock_at else {default: variant.stock}


def wanted(store: Store) -> bool:
    """Whether any connection of the store has its locations pulled (P17-07)."""
    return any(preferences_from_json(each.preferences).pull_locations for each in _connections(store))


def _connections(store: Store) -> Iterable[Connection]:
    return Connection.objects.filter(store=store).only("preferences")


def default_of(store_id: int) -> str:
    """The id of the location that the store's orders draw from; "" while none was read."""
    return (
        Location.objects.filter(store_id=store_id, is_default=True).values_list("location_id", flat=True).first() or ""
    )


def keep(store: Store, found: Sequence[StoreLocation]) -> None:
    """Keep the locations as they were read; those that are not among them are marked as removed. Safe to repeat.

    What a location held when it was switched off or removed stays on record until it is back: it is offered no more,
    and somebody should know. To be called in a transaction, behind `snapshot.lock`, before the stock is read anew.
    """
    known = {row.location_id: row for row in Location.objects.filter(store=store)}
    now = clock.now()
    for each in found:
        row = known.pop(each.id, None) or Location(account_id=store.account_id, store=store, location_id=each.id)
        lost = 0 if each.enabled else max(row.lost_units, row.units)
        row.code, row.label, row.enabled, row.is_default = each.code[:255], each.label[:255], each.enabled, each.default
        row.removed_at, row.lost_units, row.read_at = None, lost, now
        row.save()
    for row in known.values():
        if row.removed_at is None:
            row.removed_at, row.lost_units = now, max(row.lost_units, row.units)
            row.save(update_fields=["removed_at", "lost_units"])


def forget(store: Store) -> None:
    """Forget the locations of a store: nobody wants them pulled any more."""
    Location.objects.filter(store=store).delete()


def count(store: Store, fresh: Iterable[Product], *, instead_of: Iterable[Product] = ()) -> None:
    """Count a reading in: what locations hold of the products in `fresh`, no more what they held in `instead_of`."""
    default = default_of(store.id)
    if not default:  # no locations are pulled: the usual case
        return
    units: Counter[str] = Counter()
    skus: Counter[str] = Counter()
    for products, sign in ((fresh, 1), (instead_of, -1)):
        for product in products:
            _add(units, skus, product.variants, default, sign)
    for location_id in units.keys() | skus.keys():
        if units[location_id] or skus[location_id]:
            Location.objects.filter(store=store, location_id=location_id).update(
                units=F("units") + units[location_id], skus=F("skus") + skus[location_id]
            )


def _add(units: Counter[str], skus: Counter[str], variants: Iterable[Any], default: str, sign: int) -> None:
    for variant in variants:
        for location_id, level in levels(variant, default).items():
            units[location_id] += sign * level
            skus[location_id] += sign * (level > 0)


class _Stocked(msgspec.Struct):
    """Of a variant on record, what is counted; a document has much more, which is passed over."""

    stock: int | None = None
    stock_at: tuple[tuple[str, int], ...] = ()


class _Product(msgspec.Struct):
    variants: tuple[_Stocked, ...] = ()


_decoder = msgspec.json.Decoder(_Product)


def count_all(store: Store) -> None:
    """Count anew what each location holds of all products on record. Reads every one: for locations read first."""
    default = default_of(store.id)
    units: Counter[str] = Counter()
    skus: Counter[str] = Counter()
    rows = StoreProduct.objects.filter(store=store, deleted=False).values_list("document", flat=True)
    for document in rows.iterator(_AT_ONCE):
        _add(units, skus, _decoder.decode(bytes(document)).variants, default, 1)
    for row in Location.objects.filter(store=store):
        row.units, row.skus = units[row.location_id], skus[row.location_id]
        row.save(update_fields=["units", "skus"])


def known(store: Store) -> Mapping[str, Location]:
    """The locations of a store by id, as last read, those that were removed included."""
    return {row.location_id: row for row in Location.objects.filter(store=store).order_by("id")}
