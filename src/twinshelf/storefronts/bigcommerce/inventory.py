"""Stock per location and the locations themselves, from the V3 inventory API. Pure.

Source: BigCommerce docs, reference/{inventory, locations}.v3.yml; store-operations/catalog/inventory-adjustments.mdx.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from twinshelf.documents import Product, StockUnits, StoreLocation, Variant
from twinshelf.storefronts.bigcommerce import wire

DEFAULT_LOCATION = "1"
"""Where orders draw from: it cannot be deleted. Source: locations.v3.yml; inventory-locations.mdx."""

MOST_ADJUSTED = 2000
"""Items in one adjustment. Source: inventory.v3.yml."""

Stock = Mapping[str, Mapping[str, int]]
"""Variant id → location id → what that location can sell."""


@dataclass(frozen=True)
class StockPage:
    """One page of the whole store's stock."""

    stock: Stock
    more: bool


class _Identity(msgspec.Struct, gc=False):
    variant_id: int | None = None


class _Settings(msgspec.Struct, gc=False):
    is_in_stock: bool | None = None


class _AtLocation(msgspec.Struct):
    location_id: wire.Id
    available_to_sell: int
    location_enabled: bool | None = None
    settings: _Settings | None = None


class _Item(msgspec.Struct):
    identity: _Identity
    locations: list[_AtLocation]


class _Location(msgspec.Struct):
    id: wire.Id
    enabled: bool
    code: str | None = None
    label: str | None = None


_items = wire.Reader(_Item)
_locations = wire.Reader(_Location)


def stock_from_json(body: bytes, *, limit: int) -> StockPage:
    """What each location can sell of each variant: on hand less the safety stock BigCommerce keeps there.

    Negative where the location oversold. A disabled location is left out, since the store does not sell from it, and
    BigCommerce leaves out locations that never held the item; one that marks the item as not in stock can sell 0 of
    it whatever it holds. An item that cannot be read, or that is tracked for a whole product with options (no variant
    id), is left out: unknown, not 0.
    """
    rows = _items.v3_list(body)
    stock = {}
    for item in rows.good:
        variant_id = item.identity.variant_id
        if variant_id is None or variant_id <= 0:
            continue
        stock[str(variant_id)] = {
            str(at.location_id): min(0, at.available_to_sell) if _closed(at) else at.available_to_sell
            for at in item.locations
            if at.location_enabled is not False
        }
    return StockPage(stock, rows.count >= limit if rows.more is None else rows.more)


def adjustments(identity: Literal["variant_id", "product_id"], stock: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """The units of each id at the default location, as items of an absolute adjustment."""
    for number, units in sorted(stock.items(), key=lambda each: int(each[0])):
        yield {"location_id": int(DEFAULT_LOCATION), identity: int(number), "quantity": units}


def draws_from(locations: Iterable[StoreLocation]) -> str:
    """The location that orders draw from, if another one has stock that they cannot reach; else ""."""
    return DEFAULT_LOCATION if any(at.enabled and at.id != DEFAULT_LOCATION for at in locations) else ""


def with_stock_at(product: Product, stock: Stock, location_id: str) -> Product:
    """The product with what one location can sell of it, where stock is tracked, and with what each of them can.

    The catalog's level is the sum of all locations that are enabled, or that of the default one alone: what that one
    can sell never exceeds it, since either may be behind. What the inventory does not know of has no stock that an
    order could draw.
    """
    return msgspec.structs.replace(
        product,
        variants=tuple(
            variant if variant.stock is None else _at_locations(variant, stock.get(variant.id, {}), location_id)
            for variant in product.variants
        ),
    )


def _at_locations(variant: Variant, levels: Mapping[str, int], location_id: str) -> Variant:
    level = max(0, min(variant.stock or 0, levels.get(location_id, 0)))
    at = dict(levels)
    if location_id in at and at[location_id] > level:
        at[location_id] = level
    return msgspec.structs.replace(variant, stock=level, stock_at=tuple(sorted(at.items())))


def locations_from_json(body: bytes) -> tuple[tuple[StoreLocation, ...], bool | None]:
    """(locations, whether there are more pages)."""
    rows = _locations.v3_list(body)
    found = [
        StoreLocation(
            id=str(row.id),
            code=row.code or "",
            label=row.label or "",
            enabled=row.enabled,
            default=str(row.id) == DEFAULT_LOCATION,
        )
        for row in rows.good
    ]
    return tuple(found), rows.more


def _closed(at: _AtLocation) -> bool:
    return at.settings is not None and at.settings.is_in_stock is False


def addition_to_json(units: Sequence[StockUnits], reason: str) -> dict[str, Any]:
    """The body that adds units to the default location. A product counted as a whole is named by its own id.

    Source: reference/inventory.v3.yml, POST /inventory/adjustments/relative.
    """
    items = [
        {
            "location_id": int(DEFAULT_LOCATION),
            "product_id" if each.by_product else "variant_id": int(
                each.product_id if each.by_product else each.variant_id
            ),
            "quantity": each.quantity,
        }
        for each in units
    ]
    return {"reason": reason, "items": items}
