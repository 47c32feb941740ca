"""The shipment flow: shipments of the store, reported to TikTok Shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from twinshelf.connections.batches import UrgentBatch
from twinshelf.documents import (
    AnyChange,
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
from twinshelf.sync.flows import ORDERS, Attempt, Closed, Done, Flow, Made, no_change


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
    """What there is to report of one order; None if nothing."""
    if row.store_order_id is None or order.status is ShopOrderStatus.CANCELLED:
        return None
    client = batch.store_client
    shipments = client.shipments(row.store_order_id)
    on_record = {report.shipment_id: report for report in ShipmentRow.objects.filter(order=row)}
    reported = {i for i, report in on_record.items() if report.state == ReportState.REPORTED}
    pending = tuple(
        planning.ShipmentFacts(id=s.id, tracking_number=s.tracking_number, carrier=s.carrier, items=s.items)
        for s in shipments
        if s.id not in reported
    )
    if not pending:
        return None
    return planning.SeenShipments(
        order,
        pending,
        items={item.id: item for item in client.order_items(row.store_order_id)},
        links=links_of(batch.connection, row, order),
        own_units={shipment_id: tuple(report.unit_ids) for shipment_id, report in on_record.items()},
        taken=frozenset(unit for report in on_record.values() for unit in report.unit_ids),
        mapping=batch.preferences.carriers,
        providers=providers_of(batch.connection.shop, order.delivery_option_id),
    )


def apply_shipment(batch: ShipmentBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Report one shipment. A repeat is answered "already shipped", which counts as success if it was ours."""
    if not isinstance(change, ReportShipment):
        return no_change(batch, change, attempt)
    shipped = batch.shop_client.mark_shipped(
        change.shop_order_id, change.unit_ids, change.tracking_number, change.provider_id
    )
    return Made(f"package {shipped.package_id} {shipped.warning}".strip(), shipped.package_id)


_COLUMNS = (
    "order_id", "shipment_id", "tracking_number", "carrier", "provider_id", "unit_ids", "package_id", "state",
    "reported_at",
)  # fmt: skip


def record_shipments(batch: ShipmentBatch, closed: Sequence[Closed[planning.SeenShipments]]) -> None:
    """Keep what TikTok was told of each shipment, and with which units: a repeat names the same."""
    rows = [
        (batch.rows[each.key].id, *_report(done.change, done))
        for each in closed
        for done in each.done
        if isinstance(done.change, ReportShipment)
    ]
    upsert(ShipmentRow, batch.lane.account_id, _COLUMNS, rows, unique=["order_id", "shipment_id"], update=_COLUMNS[2:])


def _report(change: ReportShipment, done: Done) -> tuple[object, ...]:
    package_id, state, at = "", ReportState.WAITING, None
    if done.made is not None:
        package_id, state, at = done.made.kept, ReportState.REPORTED, clock.now()
    elif done.unknown:
        state = ReportState.SENDING
    elif isinstance(done.error, Refused):
        state = ReportState.FAILED
    return (
        change.store_shipment_id, change.tracking_number, change.carrier, change.provider_id, list(change.unit_ids),
        package_id, state, at,
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
