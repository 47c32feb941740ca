"""Which of the store's stock goes to which of a shop's warehouses, and where an order is taken from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from twinshelf.documents import Finding, Variant, Warehouse, WarehouseKind, WarehouseStatus, finding


class Source(msgspec.Struct, frozen=True):
    """What feeds one warehouse: its rule. `only`: the one location that is sent; "": the sum of `locations`."""

    warehouse_id: str
    locations: tuple[str, ...] = ()
    """The locations linked to it, in the order in which orders are taken from them."""
    only: str = ""

    @property
    def sends(self) -> tuple[str, ...]:
        """The locations whose stock the warehouse gets."""
        return (self.only,) if self.only else self.locations


class Push(msgspec.Struct, frozen=True):
    """The push rules of a connection, in their order. `default`: the location that the store's orders draw from."""

    sources: tuple[Source, ...]
    default: str

    def of(self, chosen: str = "") -> tuple[Source, ...]:
        """The rules that count for a product: all of them, or that of the warehouse somebody chose for it alone.

        One that was chosen and has no rule gets nothing: nobody said from where.
        """
        if not chosen:
            return self.sources
        return tuple(each for each in self.sources if each.warehouse_id == chosen) or (Source(chosen),)


class Share(msgspec.Struct, frozen=True):
    """What one warehouse may get of a variant: what its locations can sell, and what orders there hold of it."""

    warehouse_id: str
    at: tuple[tuple[str, int], ...]
    """(location id, units)."""
    held: int = 0

    @property
    def units(self) -> int:
        """What its locations can sell together."""
        return sum(units for _location, units in self.at)


def shares(
    variant: Variant, push: Push, *, chosen: str = "", held_at: Mapping[str, int] | None = None
) -> tuple[Share, ...]:
    """What each warehouse may get of a variant, in the order of the rules; () where the store does not track it.

    `chosen` is the warehouse that somebody chose for the product, `held_at` what orders hold by location id.
    """
    if variant.stock is None:
        return ()
    levels = dict(variant.stock_at) if variant.stock_at else {push.default: variant.stock}
    held = held_at or {}
    found, taken = [], set[str]()
    for source in push.of(chosen):
        locations = [each for each in source.sends if each not in taken]
        taken.update(locations)  # whatever the rules say, no unit is offered twice
        at = tuple((location, levels.get(location, 0)) for location in locations)
        found.append(Share(source.warehouse_id, at, sum(held.get(location, 0) for location in locations)))
    return tuple(found)


def counted(variant: Variant, found: Iterable[Share]) -> Variant:
    """The variant with the units that its shop may have of it at all: the first step of the calculation (INV-3)."""
    if variant.stock is None:
        return variant
    return msgspec.structs.replace(variant, stock=sum(share.units for share in found))


def shared_out(offered: int, found: Iterable[Share], *, first: str) -> tuple[tuple[str, int], ...]:
    """(warehouse id, units) of what is offered in all: no warehouse more than it has, those of earlier rules first.

    What no location stands for (goods that the store does not track) is in the warehouse `first`.
    """
    rest, levels = offered, dict[str, int]()
    for share in found:
        units = max(0, min(rest, share.units - share.held))
        levels[share.warehouse_id] = units
        rest -= units
    if not levels:
        levels[first] = offered
    return tuple(levels.items())


class Routed(StrEnum):
    """Why a location was chosen for an order (WHS-3)."""

    LINKED = "linked"
    """The one that is linked to the order's warehouse."""
    PREFERRED = "preferred"
    """The first of several linked ones that has all its goods."""
    FIRST = "first"
    """The first of several linked ones: none has all its goods."""
    PACKAGE = "package"
    """TikTok moved the package to another warehouse after the order was placed."""
    UNLINKED = "unlinked"
    """No location is linked to the order's warehouse: the store takes it from its default one."""
    OFF = "off"
    """The linked location is switched off or was removed: the store takes it from its default one."""
    SHORT = "short"
    """The store did not let its units be booked to the location it ships from."""


def route(
    warehouse_id: str,
    push: Push,
    units: Mapping[str, int],
    levels: Mapping[str, Mapping[str, int]],
    usable: Iterable[str],
) -> tuple[str, Routed]:
    """The location from which an order is taken, and why. The SKU decides nothing.

    `units` are what it takes by variant id, `levels` what each location can sell by variant id, `usable` the locations
    that are there and on.
    """
    source = next((each for each in push.sources if each.warehouse_id == warehouse_id), None)
    linked = list(dict.fromkeys((*source.sends, *source.locations))) if source is not None else []
    if not linked:
        return push.default, Routed.UNLINKED
    on = set(usable)
    there = [location for location in linked if location in on]
    if not there:
        return push.default, Routed.OFF
    if len(there) == 1:
        return there[0], Routed.LINKED
    for location in there:
        if all(levels.get(variant, {}).get(location, 0) >= number for variant, number in units.items()):
            return location, Routed.PREFERRED
    return there[0], Routed.FIRST


def replacements(failed: Warehouse | None, region: str, candidates: Iterable[Warehouse]) -> tuple[Warehouse, ...]:
    """The warehouses that may take the place of one that fails, the best first (WHS-5).

    For a local warehouse of a cross-border seller: the overseas one of the same market before all others. Those of
    direct shipping are offered last: their "Global Warehouse" is a choice of its own (WHS-4).
    """
    where = failed.region if failed is not None and failed.region else region

    def rank(each: Warehouse) -> tuple[bool, bool, bool, str]:
        return (
            each.kind is WarehouseKind.DIRECT,
            each.region != where,
            each.kind is not WarehouseKind.OVERSEAS,
            each.name,
        )

    usable = [each for each in candidates if each.sales and each.enabled and (failed is None or each.id != failed.id)]
    return tuple(sorted(usable, key=rank))


def untouchable(warehouse: Warehouse | None, *, refused: bool) -> bool:
    """Whether a repair of everything leaves a rule alone: it never failed, or ships directly from abroad (WHS-4)."""
    return not refused or (warehouse is not None and warehouse.kind is WarehouseKind.DIRECT)


class Place(msgspec.Struct, frozen=True):
    """A location as last read. `units`: what it can sell, or what it held when it went."""

    id: str
    name: str
    enabled: bool = True
    removed: bool = False
    units: int = 0


class SeenRule(msgspec.Struct, frozen=True, kw_only=True):
    """A push rule on both sides. `warehouse` None: the shop does not have it any more."""

    key: str
    """The id of the warehouse."""
    name: str
    """What it was called when it was last there."""
    warehouse: Warehouse | None
    sources: tuple[Place, ...]
    """The locations whose stock it gets."""
    units: int = 0
    """What they can sell together."""


def rule_findings(seen: SeenRule) -> tuple[Finding, ...]:
    """What a person must know of a push rule: its warehouse or one of its locations is gone, or off, or on holiday."""
    found, name, units = [], seen.name, f"{seen.units:,}"
    if seen.warehouse is None:
        found.append(finding("E-WHS-GONE", warehouse=name, units=units))
    elif seen.warehouse.status is WarehouseStatus.RESTRICTED:
        found.append(finding("W-WHS-HOLIDAY", warehouse=name, units=units))
    elif not seen.warehouse.enabled:
        found.append(finding("E-WHS-OFF", warehouse=name, units=units))
    for each in seen.sources:
        lost = f"{each.units:,}"
        if each.removed:
            found.append(finding("E-LOC-GONE", location=each.name, warehouse=name, units=lost))
        elif not each.enabled:
            found.append(finding("E-LOC-OFF", location=each.name, warehouse=name, units=lost))
    return tuple(found)


class RepairStep(StrEnum):
    """What to do next about a warehouse for which TikTok takes no stock, in the order of WHS-5."""

    NONE = "none"
    """Nothing: it takes stock."""
    SHOP = "shop"
    """The shop itself is closed or banned: no other warehouse helps."""
    SYNCHRONIZE = "synchronize"
    """Read the warehouses again, and try again."""
    CHANGE = "change"
    """Choose another warehouse."""
    OVERSEAS = "overseas"
    """A cross-border seller's local warehouse: choose the overseas one of the same market."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a rule whose stock TikTok takes or refuses. `warehouse` None: the shop does not have it."""

    warehouse: Warehouse | None
    region: str
    """The market of the shop."""
    refused_at: datetime | None
    """Since when it takes none; None: it took the last that was sent."""
    read_at: datetime | None
    """When shop and warehouses were last read."""
    inactive: str = ""
    """Why the shop may not sell; "" if it may."""
    cross_border: bool = False
    others: tuple[Warehouse, ...] = ()
    """Every warehouse of the shop."""


class Repair(msgspec.Struct, frozen=True):
    """The next step, and the warehouses that are proposed for it, the best first."""

    step: RepairStep
    proposed: tuple[Warehouse, ...] = ()


def repair_of(seen: Refusal) -> Repair:
    """What to do next about a rule, in the order of WHS-5: shop, warehouse, synchronize and retry, change.

    One that never failed and whose warehouse can be used needs nothing (BIGS-29).
    """
    broken = seen.warehouse is None or seen.warehouse.status in {WarehouseStatus.DISABLED, WarehouseStatus.UNKNOWN}
    if seen.refused_at is None and not broken:
        return Repair(RepairStep.NONE)
    if seen.inactive:
        return Repair(RepairStep.SHOP)
    if seen.read_at is None or (seen.refused_at is not None and seen.read_at < seen.refused_at):
        return Repair(RepairStep.SYNCHRONIZE)
    proposed = replacements(seen.warehouse, seen.region, seen.others)
    overseas = tuple(each for each in proposed if each.kind is WarehouseKind.OVERSEAS and each.region == seen.region)
    local = seen.warehouse is None or seen.warehouse.kind in {WarehouseKind.DOMESTIC, WarehouseKind.UNKNOWN}
    if seen.cross_border and local and overseas:
        return Repair(RepairStep.OVERSEAS, (*overseas, *(each for each in proposed if each not in overseas)))
    return Repair(RepairStep.CHANGE, proposed)
