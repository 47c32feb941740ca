"""From store shipments to what TikTok is told: which units, which carrier, which number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import msgspec

from twinshelf.documents import (
    AnyChange,
    Finding,
    Plan,
    ReportShipment,
    ShippingProvider,
    ShopOrder,
    StoreOrderItem,
    finding,
)


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
        return finding("E-FUL-TRACK")
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


@dataclass(frozen=True)
class SeenShipments:
    """The shipments of one order that TikTok has not been told of, and what telling it needs.

    `items` are the lines of the store order by id, `own_units` what a shipment was planned with before by shipment id,
    `taken` the units of all shipments on record.
    """

    order: ShopOrder
    pending: tuple[ShipmentFacts, ...]
    items: Mapping[str, StoreOrderItem]
    links: Mapping[str, tuple[str, str]]
    own_units: Mapping[str, tuple[str, ...]]
    taken: frozenset[str]
    mapping: Sequence[tuple[str, str]]
    providers: Sequence[ShippingProvider]


def plan_shipments(seen: SeenShipments) -> Plan:
    """What to tell TikTok of each shipment, in the store's order, or why one cannot be told."""
    changes: list[AnyChange] = []
    findings: list[Finding] = []
    taken = seen.taken
    for shipment in seen.pending:
        units = seen.own_units.get(shipment.id) or units_of(shipment, seen.items, seen.order, seen.links, taken)
        taken |= set(units)
        planned = plan_report(seen.order, shipment, units, mapping=seen.mapping, providers=seen.providers)
        if isinstance(planned, Finding):
            findings.append(planned)
        else:
            changes.append(planned)
    return Plan(key=seen.order.id, changes=tuple(changes), findings=tuple(findings))
