"""From the shop's packages to shipments of the store: which lines, which number and carrier, each once. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twinshelf.documents import (
    CorrectStoreShipment,
    Plan,
    ShipStoreOrder,
    ShopOrder,
    ShopOrderStatus,
    ShopPackage,
    StoreOrderItem,
    StoreOrderState,
    StoreShipment,
    finding,
)
from twinshelf.tiktok.packages import clean_tracking

_NOT_SHIPPED = frozenset(
    {StoreOrderState.CANCELLED, StoreOrderState.DECLINED, StoreOrderState.REFUNDED, StoreOrderState.INCOMPLETE}
)
"""States of a store order in which nothing is sent any more, or not yet."""

_MOVING = frozenset({ShopOrderStatus.IN_TRANSIT, ShopOrderStatus.DELIVERED, ShopOrderStatus.COMPLETED})

_MARK = "TikTok Shop package "
_MARKED = re.compile(rf"{_MARK}(\S+)")


def mark_of(package_id: str) -> str:
    """The comment of the shipment that was made of a package: by it the shipment is known, whatever its number."""
    return f"{_MARK}{package_id}"


def package_in(comments: str) -> str:
    """The package that a shipment was made of; "" if its comments name none."""
    found = _MARKED.search(comments)
    return found[1] if found else ""


@dataclass(frozen=True)
class Written:
    """A shipment that is on record of an order, whichever side it began on: its units, and the number it had then."""

    unit_ids: tuple[str, ...]
    tracking_number: str = ""
    package_id: str = ""
    from_shop: bool = False


@dataclass(frozen=True)
class SeenPackages:
    """An order with the packages that are on their way, and what the store has of it.

    `written` by shipment id: only those that both sides know. `items` and `shipments` are of the store order.
    """

    order: ShopOrder
    store_order_id: str
    state: StoreOrderState
    items: Sequence[StoreOrderItem]
    shipments: Sequence[StoreShipment]
    written: Mapping[str, Written]
    links: Mapping[str, tuple[str, str]]
    mapping: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Found:
    """A shipment that the store has of a package, and that is not on record: made by an earlier try, or by hand."""

    shipment: StoreShipment
    package: ShopPackage
    unit_ids: tuple[str, ...]


def to_write(order: ShopOrder) -> tuple[ShopPackage, ...]:
    """The packages that are on their way and can be told: with a number, or without one once the parcel moves.

    A store writes to the buyer when it is told of a shipment, so the number is waited for.
    """
    if order.status is ShopOrderStatus.CANCELLED:
        return ()
    moves = order.status in _MOVING
    return tuple(p for p in order.packages if p.shipped and p.unit_ids and (p.tracking_number.strip() or moves))


def due(order: ShopOrder, written: Iterable[Written]) -> bool:
    """Whether a package of the order is not on record yet, or has another number than is on record."""
    known = list(written)
    units = {unit for each in known for unit in each.unit_ids}
    numbers = {each.package_id: each.tracking_number for each in known if each.from_shop}
    return any(
        not units.issuperset(package.unit_ids)
        or (package.id in numbers and not _same(numbers[package.id], package.tracking_number))
        for package in to_write(order)
    )


def carrier_of(package: ShopPackage, mapping: Sequence[tuple[str, str]]) -> str:
    """The store's name of a package's carrier: by the merchant's map read backwards, its first row; else TikTok's."""
    wanted = package.provider.strip().casefold()
    return next((name for name, theirs in mapping if theirs.strip().casefold() == wanted), package.provider.strip())


def found_shipments(seen: SeenPackages) -> tuple[Found, ...]:
    """The shipments of the store that are of a package though none is on record: by its mark, else by its number."""
    taken = {unit for each in seen.written.values() for unit in each.unit_ids}
    new = [shipment for shipment in seen.shipments if shipment.id not in seen.written]
    by_variant = _variants(seen)
    found = []
    for package in to_write(seen.order):
        for shipment in list(new):
            if not _is_of(shipment, package):
                continue
            units = _covered(seen, shipment, [u for u in package.unit_ids if u not in taken], by_variant)
            if units:
                new.remove(shipment)
                taken.update(units)
                found.append(Found(shipment, package, units))
    return tuple(found)


def plan_packages(seen: SeenPackages) -> Plan:
    """The shipments that the store still misses, and numbers that changed on TikTok since they were written.

    Never more of a line than is left of it: what somebody shipped in the store by hand is not shipped again, and a
    shipment that somebody took back there is not made anew.
    """
    key = seen.order.id
    packages = to_write(seen.order)
    if not packages or seen.state in _NOT_SHIPPED:
        return Plan(key=key, settled=True)
    taken = {unit for each in seen.written.values() for unit in each.unit_ids}
    taken.update(unit for each in found_shipments(seen) for unit in each.unit_ids)
    left = {item.id: item.quantity - item.shipped for item in seen.items if item.address_id}
    by_variant = _variants(seen)
    changes: list[ShipStoreOrder | CorrectStoreShipment] = list(_corrections(seen, packages))
    unknown = False
    for package in packages:
        parts: dict[str, Counter[str]] = {}
        units: dict[str, list[str]] = {}
        for unit in package.unit_ids:
            if unit in taken:
                continue
            there = [item for item in seen.items if item.variant_id == by_variant.get(unit)]
            unknown = unknown or not there
            places = [item for item in there if item.address_id]  # what is digital is not shipped
            item = next((place for place in places if left[place.id] > 0), None)
            if item is None:
                if places:
                    units.setdefault(places[0].address_id, []).append(unit)  # shipped by hand: part of the package
                continue
            left[item.id] -= 1
            parts.setdefault(item.address_id, Counter())[item.id] += 1
            units.setdefault(item.address_id, []).append(unit)
        changes += [
            ShipStoreOrder(
                shop_order_id=key,
                store_order_id=seen.store_order_id,
                shop_package_id=package.id,
                address_id=address_id,
                items=tuple(items.items()),
                unit_ids=tuple(units[address_id]),
                tracking_number=package.tracking_number.strip(),
                provider_id=package.provider_id,
                carrier=carrier_of(package, seen.mapping),
            )
            for address_id, items in parts.items()
        ]
    findings = (finding("E-FUL-STORE"),) if unknown else ()
    return Plan(key=key, changes=tuple(changes), findings=findings, settled=not changes)


def _corrections(seen: SeenPackages, packages: Iterable[ShopPackage]) -> Iterable[CorrectStoreShipment]:
    """Numbers that changed on TikTok. What a person typed into the shipment in the store stays as it is."""
    by_id = {package.id: package for package in packages}
    for shipment in seen.shipments:
        written = seen.written.get(shipment.id)
        if written is None or not written.from_shop or written.package_id not in by_id:
            continue
        package = by_id[written.package_id]
        if _same(written.tracking_number, package.tracking_number):
            continue
        if _same(written.tracking_number, shipment.tracking_number):
            yield CorrectStoreShipment(
                shop_order_id=seen.order.id,
                store_order_id=seen.store_order_id,
                store_shipment_id=shipment.id,
                shop_package_id=package.id,
                tracking_number=package.tracking_number.strip(),
                carrier=carrier_of(package, seen.mapping),
            )


def renumbered(seen: SeenPackages) -> dict[str, str]:
    """The number that TikTok shows now, by the id of each shipment on record that had another one."""
    numbers = {package.id: package.tracking_number.strip() for package in to_write(seen.order)}
    return {
        shipment_id: numbers[each.package_id]
        for shipment_id, each in seen.written.items()
        if each.from_shop and not _same(each.tracking_number, numbers.get(each.package_id, each.tracking_number))
    }


def _same(one: str, other: str) -> bool:
    return clean_tracking(one) == clean_tracking(other)


def _is_of(shipment: StoreShipment, package: ShopPackage) -> bool:
    marked = package_in(shipment.comments)
    if marked:
        return marked == package.id
    return bool(shipment.tracking_number) and _same(shipment.tracking_number, package.tracking_number)


def _variants(seen: SeenPackages) -> dict[str, str]:
    """The store's variant of each unit of the order: by its link, else by its SKU."""
    by_sku = {item.sku: item.variant_id for item in seen.items if item.sku}
    found = {}
    for line in seen.order.lines:
        variant = seen.links[line.sku_id][1] if line.sku_id in seen.links else by_sku.get(line.seller_sku)
        if variant is not None:
            found.update(dict.fromkeys(line.unit_ids, variant))
    return found


def _covered(
    seen: SeenPackages, shipment: StoreShipment, units: Sequence[str], by_variant: Mapping[str, str]
) -> tuple[str, ...]:
    """The units that a shipment of the store covers: as many of each variant as it has."""
    variants = {item.id: item.variant_id for item in seen.items}
    there: Counter[str] = Counter()
    for item_id, quantity in shipment.items:
        there[variants.get(item_id, "")] += quantity
    found = []
    for unit in units:
        variant = by_variant.get(unit, "")
        if variant and there[variant] > 0:
            there[variant] -= 1
            found.append(unit)
    return tuple(found)
