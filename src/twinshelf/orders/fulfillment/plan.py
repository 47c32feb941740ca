"""From store shipments to what TikTok is told: which units, which carrier, which number, and corrections. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import msgspec

from twinshelf.documents import (
    AnyChange,
    CorrectShipment,
    Finding,
    Plan,
    ReportShipment,
    ShippingProvider,
    ShopOrder,
    ShopOrderStatus,
    ShopPackage,
    StoreOrderItem,
    StoreOrderState,
    finding,
)
from twinshelf.orders.status import DISPATCHED
from twinshelf.tiktok.packages import clean_tracking


class ShipmentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One store shipment: `items` are (order_product_id, quantity), `carrier` as people say it."""

    id: str
    tracking_number: str
    carrier: str
    items: tuple[tuple[str, int], ...]


def provider_for(
    carrier: str, mapping: Sequence[tuple[str, str]], providers: Sequence[ShippingProvider]
) -> ShippingProvider | Finding:
    """The TikTok provider for a carrier: by the merchant's map (exact name), else one of the very same name.

    A Finding with the nearest mapped name where there is none: "other" carriers do not exist on TikTok Shop.
    """
    by_name = {provider.name.lower(): provider for provider in providers}
    mapped = dict(mapping)
    wanted = mapped.get(carrier, carrier)
    if carrier and wanted.lower() in by_name:
        return by_name[wanted.lower()]
    near = _nearest(carrier, mapped) or _nearest(carrier, [provider.name for provider in providers]) or "none"
    return finding("E-FUL-CARRIER", waits_for="carrier", carrier=carrier, nearest=near)


def _nearest(name: str, candidates: Iterable[str]) -> str:
    """The candidate most like `name`, written in whatever case; "" if none is like it."""
    known = {candidate.lower(): candidate for candidate in candidates}
    return next((known[match] for match in get_close_matches(name.lower(), known, 1, 0.3)), "")


def units_of(
    shipment: ShipmentFacts,
    items: Mapping[str, StoreOrderItem],
    order: ShopOrder,
    links: Mapping[str, tuple[str, str]],
    taken: frozenset[str],
) -> tuple[str, ...]:
    """The TikTok units that a shipment covers: the first ones not yet reported of each variant it names.

    `taken` are units of other shipments. The same inputs give the same units, so a repeated report names the same.
    """
    free: dict[str, list[str]] = {}
    for line in order.lines:
        if line.sku_id in links and not line.cancelled:
            variant_id = links[line.sku_id][1]
            free.setdefault(variant_id, []).extend(unit for unit in line.unit_ids if unit not in taken)
    units: list[str] = []
    for item_id, quantity in shipment.items:
        item = items.get(item_id)
        if item is None:
            continue
        available = free.get(item.variant_id, [])
        units += available[:quantity]
        del available[:quantity]
    return tuple(units)


@dataclass(frozen=True)
class Report:
    """What is on record of a shipment: the units it was planned with, and what TikTok was told if it was `told`."""

    unit_ids: tuple[str, ...]
    told: bool = False
    tracking_number: str = ""
    provider_id: str = ""
    carrier: str = ""
    package_id: str = ""


@dataclass(frozen=True)
class SeenShipments:
    """The shipments of one order, what TikTok was told of them, and what telling it the rest needs.

    `items` are the lines of the store order by id, `reports` by shipment id. `by_package`: in this market packages are
    shipped whole (`tiktok.regions.Region.shipping`). `state` of the store order; None where nothing hangs on it.
    """

    order: ShopOrder
    shipments: tuple[ShipmentFacts, ...]
    reports: Mapping[str, Report]
    items: Mapping[str, StoreOrderItem]
    links: Mapping[str, tuple[str, str]]
    mapping: Sequence[tuple[str, str]]
    providers: Sequence[ShippingProvider]
    by_package: bool = False
    state: StoreOrderState | None = None


def plan_report(
    order: ShopOrder,
    shipment: ShipmentFacts,
    units: tuple[str, ...],
    *,
    mapping: Sequence[tuple[str, str]],
    providers: Sequence[ShippingProvider],
) -> ReportShipment | Finding:
    """What to tell TikTok of one shipment, or why it cannot be told."""
    if not shipment.tracking_number.strip():
        return _no_number(order, units)
    provider = provider_for(shipment.carrier, mapping, providers)
    if isinstance(provider, Finding):
        return provider
    if not units:
        return finding("E-FUL-UNITS")
    return ReportShipment(
        shop_order_id=order.id,
        store_shipment_id=shipment.id,
        unit_ids=units,
        tracking_number=shipment.tracking_number.strip(),
        provider_id=provider.id,
        carrier=shipment.carrier,
    )


def _no_number(order: ShopOrder, units: Iterable[str]) -> Finding:
    return _naming("E-FUL-TRACK", order, units)


def _naming(code: str, order: ShopOrder, units: Iterable[str]) -> Finding:
    """A finding that names the units it is about, if there are any."""
    named = name_units(order, units)
    return finding(code, **({"items": named} if named else {}))


def name_units(order: ShopOrder, units: Iterable[str]) -> str:
    """Units of an order as people call them: `2 × MUG-1, 1 × JAR-1`."""
    wanted = set(units)
    counts: dict[str, int] = {}
    for line in order.lines:
        number = sum(1 for unit in line.unit_ids if unit in wanted)
        if number:
            name = line.seller_sku or line.title or line.sku_id
            counts[name] = counts.get(name, 0) + number
    return ", ".join(f"{number} × {name}" for name, number in counts.items())


@dataclass(frozen=True)
class Replacement:
    """A shipment of the store that takes the place of `shipment_id`, which is there no more, or is that very one."""

    shipment: ShipmentFacts
    shipment_id: str
    report: Report


def replacements(seen: SeenShipments) -> tuple[Replacement, ...]:
    """The shipments that TikTok was told of, as the store has them now: corrected, or deleted and made anew.

    One made anew covers as many units of each variant as the one that is gone.
    """
    there = {shipment.id for shipment in seen.shipments}
    gone = {i: r for i, r in seen.reports.items() if r.told and i not in there}
    found = []
    for shipment in seen.shipments:
        report = seen.reports.get(shipment.id)
        if report is not None and report.told:
            found.append(Replacement(shipment, shipment.id, report))
            continue
        covers = _variants_of(shipment, seen.items)
        before = next((i for i, r in gone.items() if _variants_in(seen, r.unit_ids) == covers), None)
        if covers and before is not None:
            found.append(Replacement(shipment, before, gone.pop(before)))
    return tuple(found)


def _variants_of(shipment: ShipmentFacts, items: Mapping[str, StoreOrderItem]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for item_id, quantity in shipment.items:
        if item_id in items:
            counts[items[item_id].variant_id] += quantity
    return counts


def _variants_in(seen: SeenShipments, units: Iterable[str]) -> Counter[str]:
    wanted = set(units)
    return Counter(
        seen.links[line.sku_id][1]
        for line in seen.order.lines
        for unit in line.unit_ids
        if unit in wanted and line.sku_id in seen.links
    )


@dataclass(frozen=True)
class Shown:
    """That TikTok shows a shipment as the store has it, with this provider."""

    provider_id: str


def plan_correction(seen: SeenShipments, one: Replacement) -> CorrectShipment | Finding | Shown:
    """What to tell TikTok of a shipment whose number or carrier changed since it was told.

    What a person changed on TikTok's side alone is left as it is.
    """
    if not one.shipment.tracking_number.strip():
        return _no_number(seen.order, one.report.unit_ids)
    if same_number(one.report, one.shipment) and one.shipment.carrier == one.report.carrier:
        return Shown(one.report.provider_id)
    provider = provider_for(one.shipment.carrier, seen.mapping, seen.providers)
    if isinstance(provider, Finding):
        return provider
    packages = _packages_with(seen.order, one.report.unit_ids)
    as_told = same_number(one.report, one.shipment) and provider.id == one.report.provider_id
    if as_told or any(_shows(package, one.shipment.tracking_number, provider) for package in packages):
        return Shown(provider.id)
    package_id = packages[0].id if packages else one.report.package_id
    if not package_id:
        return finding("E-FUL-GONE")
    return CorrectShipment(
        shop_order_id=seen.order.id,
        store_shipment_id=one.shipment.id,
        shop_package_id=package_id,
        tracking_number=one.shipment.tracking_number.strip(),
        provider_id=provider.id,
        carrier=one.shipment.carrier,
    )


def same_number(report: Report, shipment: ShipmentFacts) -> bool:
    """Whether a shipment has the number that TikTok was told, as carriers read it."""
    return clean_tracking(report.tracking_number) == clean_tracking(shipment.tracking_number)


def _shows(package: ShopPackage, number: str, provider: ShippingProvider) -> bool:
    return clean_tracking(package.tracking_number) == clean_tracking(number) and package.provider_id in {
        "",
        provider.id,
    }


def _packages_with(order: ShopOrder, units: Iterable[str]) -> list[ShopPackage]:
    wanted = set(units)
    return [package for package in order.packages if wanted.intersection(package.unit_ids)]


def plan_packages(seen: SeenShipments, report: ReportShipment) -> tuple[ReportShipment, ...] | Finding:
    """A report as this market takes it: of units, or of each whole package that they fill."""
    if not seen.by_package:
        return (report,)
    packages = _packages_with(seen.order, report.unit_ids)
    if not packages:
        return finding("E-FUL-GONE")
    if {unit for package in packages for unit in package.unit_ids} != set(report.unit_ids):
        return _naming("E-FUL-SPLIT", seen.order, report.unit_ids)
    return tuple(
        msgspec.structs.replace(report, shop_package_id=package.id, unit_ids=package.unit_ids) for package in packages
    )


def plan_shipments(seen: SeenShipments) -> Plan:
    """What to tell TikTok of each shipment, in the store's order, or why one cannot be told.

    Of a cancelled order nothing is told. Where the store sent it all the same, a person must know, for as long as the
    store order stands as shipped.
    """
    if seen.order.status is ShopOrderStatus.CANCELLED:
        untold = any(not (report := seen.reports.get(s.id)) or not report.told for s in seen.shipments)
        sent = untold and seen.state in DISPATCHED
        return Plan(key=seen.order.id, findings=(finding("E-FUL-CANCELLED"),) if sent else (), settled=True)
    changes: list[AnyChange] = []
    findings: list[Finding] = []
    known = {one.shipment.id: one for one in replacements(seen)}
    taken_over = {one.shipment_id for one in known.values()}
    there = {shipment.id for shipment in seen.shipments}
    gone = [r for i, r in seen.reports.items() if r.told and i not in there and i not in taken_over]
    # What was planned with a shipment that is gone, and never told, is free again.
    taken = frozenset(unit for i, r in seen.reports.items() if r.told or i in there for unit in r.unit_ids)
    for shipment in seen.shipments:
        planned: CorrectShipment | Sequence[ReportShipment] | Finding
        if shipment.id in known:
            correction = plan_correction(seen, known[shipment.id])
            planned = () if isinstance(correction, Shown) else correction
        else:
            planned = _plan_new(seen, shipment, taken, gone)
        match planned:
            case Finding():
                findings.append(planned)
            case CorrectShipment():
                changes.append(planned)
            case _:
                changes += planned
                taken |= {unit for change in planned for unit in change.unit_ids}
    findings += _without_shipment(seen, taken)
    return Plan(key=seen.order.id, changes=tuple(changes), findings=tuple(findings), settled=not changes)


def _plan_new(
    seen: SeenShipments, shipment: ShipmentFacts, taken: frozenset[str], gone: Sequence[Report]
) -> tuple[ReportShipment, ...] | Finding:
    """What to tell of a shipment that TikTok does not know."""
    own = seen.reports.get(shipment.id)
    units = own.unit_ids if own else units_of(shipment, seen.items, seen.order, seen.links, taken)
    report = plan_report(seen.order, shipment, units, mapping=seen.mapping, providers=seen.providers)
    if isinstance(report, Finding):
        # Of a shipment that was told and is gone it covers another part: that cannot be put right from here.
        of_gone = report.code == "E-FUL-UNITS" and any(
            _variants_of(shipment, seen.items) & _variants_in(seen, each.unit_ids) for each in gone
        )
        return finding("E-FUL-SHIPPED") if of_gone else report
    return plan_packages(seen, report)


def _without_shipment(seen: SeenShipments, taken: frozenset[str]) -> list[Finding]:
    """That the store says shipped while no shipment covers it. A part may be shipped later where the store says so."""
    order = seen.order
    if seen.state not in DISPATCHED or not order.status.shippable or order.shipped_by_tiktok:
        return []
    if seen.state is StoreOrderState.PARTIALLY_SHIPPED and seen.shipments:
        return []
    open_units = [
        unit
        for line in order.lines
        if line.sku_id in seen.links and not line.cancelled
        for unit in line.unit_ids
        if unit not in taken
    ]
    return [_no_number(order, open_units)] if open_units else []
