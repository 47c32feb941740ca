"""The shipment flow: shipments of the store, reported to TikTok Shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from twinshelf.connections.batches import UrgentBatch
from twinshelf.documents import (
    AnyChange,
    CorrectShipment,
    Finding,
    ReportShipment,
    ReportState,
    ShopOrder,
    ShopOrderStatus,
)
from twinshelf.errors import Refused
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.orders import book
from twinshelf.orders.bearers import links_of
from twinshelf.orders.fulfillment import plan as planning
from twinshelf.orders.fulfillment.carriers import providers_of
from twinshelf.orders.models import ShipmentRow, ShopOrderRow
from twinshelf.orders.status import DISPATCHED
from twinshelf.sync.flows import ORDERS, Attempt, Closed, Done, Flow, Made, no_change
from twinshelf.tiktok.regions import region as region_of


@dataclass
class ShipmentBatch(UrgentBatch):
    """A batch of orders whose shipments are looked at, with our rows of them by order id."""

    rows: dict[str, ShopOrderRow] = field(default_factory=dict)


def observe_shipments(batch: ShipmentBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenShipments]:
    """Read these orders, and the store's shipments of those that have a store order."""
    if batch.preferences.fulfillment_direction != "bc_to_tts":
        return {}
    rows = {
        row.order_id: row
        for row in ShopOrderRow.objects.filter(connection=batch.connection, order_id__in=list(keys)).exclude(
            store_order_id=None
        )
        if not row.fulfilled_by_tiktok
    }
    orders = {order.id: order for order in batch.shop_client.orders(list(rows))} if rows else {}
    if not batch.preview:
        book.keep_orders(batch.connection, orders.values())
    batch.rows.update(rows)
    seen = {key: _seen(batch, row, orders[key]) for key, row in rows.items() if key in orders}
    return {key: each for key, each in seen.items() if each is not None}


def _seen(batch: ShipmentBatch, row: ShopOrderRow, order: ShopOrder) -> planning.SeenShipments | None:
    """What there is to report or to correct of one order; None if nothing."""
    if row.store_order_id is None:
        return None
    client = batch.store_client
    shipments = client.shipments(row.store_order_id)
    on_record = {each.shipment_id: _on_record(each) for each in ShipmentRow.objects.filter(order=row)}
    told = {shipment_id for shipment_id, report in on_record.items() if report.told}
    facts = tuple(
        planning.ShipmentFacts(id=s.id, tracking_number=s.tracking_number, carrier=s.carrier, items=s.items)
        for s in shipments
    )
    moved = any(
        on_record[s.id].carrier != s.carrier or not planning.same_number(on_record[s.id], s)
        for s in facts
        if s.id in told
    )
    new = any(s.id not in told for s in facts)
    if order.status is ShopOrderStatus.CANCELLED:  # nothing is sent; that a parcel is out is told
        if not new:
            return None
        sent = client.order(row.store_order_id).state
        return planning.SeenShipments(order, facts, on_record, {}, {}, (), (), state=sent)
    # The store's word that it shipped is asked for only where nothing else tells it.
    state = None if new or not order.status.shippable else client.order(row.store_order_id).state
    if not (new or moved or state in DISPATCHED):
        return None
    option = order.delivery_option_id
    region = region_of(batch.connection.shop.region)
    return planning.SeenShipments(
        order,
        facts,
        on_record,
        items={item.id: item for item in client.order_items(row.store_order_id)} if facts else {},
        links=links_of(batch.connection, row, order),
        mapping=batch.preferences.carriers,
        providers=providers_of(batch.connection.shop, option, order.address.country_code) if new or moved else (),
        by_package=region.shipping == "ship",
        state=state,
    )


def _on_record(row: ShipmentRow) -> planning.Report:
    return planning.Report(
        tuple(row.unit_ids),
        told=row.state == ReportState.REPORTED,
        tracking_number=row.tracking_number,
        provider_id=row.provider_id,
        carrier=row.carrier,
        package_id=row.package_id,
    )


def apply_shipment(batch: ShipmentBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Report one shipment or correct it. A report that was made before counts as success if it was ours."""
    client = batch.shop_client
    match change:
        case ReportShipment(shop_package_id=""):
            shipped = client.mark_shipped(
                change.shop_order_id, change.unit_ids, change.tracking_number, change.provider_id
            )
            return Made(f"package {shipped.package_id} {shipped.warning}".strip(), shipped.package_id)
        case ReportShipment():
            client.ship_package(
                change.shop_package_id, tracking_number=change.tracking_number, provider_id=change.provider_id
            )
            return Made(f"package {change.shop_package_id}", change.shop_package_id)
        case CorrectShipment():
            client.update_shipping(change.shop_package_id, change.tracking_number, change.provider_id)
            return Made(f"package {change.shop_package_id} has number {change.tracking_number}", change.shop_package_id)
        case _:
            return no_change(batch, change, attempt)


_COLUMNS = (
    "order_id", "shipment_id", "tracking_number", "carrier", "provider_id", "unit_ids", "package_id", "state",
    "reported_at",
)  # fmt: skip


def record_shipments(batch: ShipmentBatch, closed: Sequence[Closed[planning.SeenShipments]]) -> None:
    """Keep what TikTok was told of each shipment, and with which units: a repeat names the same."""
    for each in closed:
        _keep_replacements(batch, each)
    rows = [row for each in closed for row in _reports(batch.rows[each.key].id, each)]
    upsert(ShipmentRow, batch.lane.account_id, _COLUMNS, rows, unique=["order_id", "shipment_id"], update=_COLUMNS[2:])


def _keep_replacements(batch: ShipmentBatch, each: Closed[planning.SeenShipments]) -> None:
    """Keep the new name of a shipment that was made anew, and what TikTok shows of one that was corrected."""
    corrected = {
        done.change.store_shipment_id
        for done in each.done
        if done.made is not None and isinstance(done.change, CorrectShipment)
    }
    rows = ShipmentRow.objects.filter(order=batch.rows[each.key])
    for one in planning.replacements(each.seen):
        correction = planning.plan_correction(each.seen, one)
        if isinstance(correction, Finding) or (
            isinstance(correction, CorrectShipment) and one.shipment.id not in corrected
        ):
            continue
        now = planning.Report(
            one.report.unit_ids, tracking_number=one.shipment.tracking_number, provider_id=correction.provider_id,
            carrier=one.shipment.carrier,
        )  # fmt: skip
        if one.shipment.id == one.shipment_id and now == replace(one.report, told=False, package_id=""):
            continue
        if one.shipment.id != one.shipment_id:
            rows.filter(shipment_id=one.shipment.id).delete()
        rows.filter(shipment_id=one.shipment_id).update(
            shipment_id=one.shipment.id,
            tracking_number=now.tracking_number.strip(),
            carrier=now.carrier,
            provider_id=now.provider_id,
        )


def _reports(row_id: int, each: Closed[planning.SeenShipments]) -> list[tuple[object, ...]]:
    """The rows of the shipments that were reported: told, once all packages of one are."""
    planned: dict[str, list[ReportShipment]] = {}
    for change in each.plan.changes:
        if isinstance(change, ReportShipment):
            planned.setdefault(change.store_shipment_id, []).append(change)
    tried: dict[str, list[Done]] = {}
    for done in each.done:
        if isinstance(done.change, ReportShipment):
            tried.setdefault(done.change.store_shipment_id, []).append(done)
    return [(row_id, *_report(planned[shipment_id], some)) for shipment_id, some in tried.items()]


def _report(changes: Sequence[ReportShipment], done: Sequence[Done]) -> tuple[object, ...]:
    made = [each.made for each in done if each.made is not None]
    package_id, state, at = made[0].kept if made else "", ReportState.WAITING, None
    if len(made) == len(changes):
        state, at = ReportState.REPORTED, clock.now()
    elif done[-1].unknown:
        state = ReportState.SENDING
    elif isinstance(done[-1].error, Refused):
        state = ReportState.FAILED
    first, units = changes[0], [unit for change in changes for unit in change.unit_ids]
    return (
        first.store_shipment_id, first.tracking_number, first.carrier, first.provider_id, units, package_id, state, at,
    )  # fmt: skip


SHIPMENTS = Flow(
    "shipment",
    ShipmentBatch,
    observe_shipments,
    planning.plan_shipments,
    apply_shipment,
    record_shipments,
    size=50,
    queue=ORDERS,
)
