"""The package flow: what was shipped on TikTok, written to the store as shipments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from twinshelf.connections.batches import UrgentBatch
from twinshelf.documents import AnyChange, CorrectStoreShipment, ReportState, ShipStoreOrder, ShopOrder, StoreShipment
from twinshelf.errors import NotFound, Refused
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.orders import book
from twinshelf.orders.bearers import links_of
from twinshelf.orders.models import ShipmentRow, ShopOrderRow
from twinshelf.orders.packages import plan as planning
from twinshelf.sync.flows import ORDERS, Attempt, Closed, Flow, Made, no_change

DIRECTION = "tts_to_bc"


@dataclass
class PackageBatch(UrgentBatch):
    """A batch of orders whose packages are looked at, with our rows of them by order id."""

    rows: dict[str, ShopOrderRow] = field(default_factory=dict)


def observe_packages(batch: PackageBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenPackages]:
    """Read these orders, and the store orders of those whose packages the store does not have as they are."""
    if batch.preferences.fulfillment_direction != DIRECTION:
        return {}
    rows = {
        row.order_id: row
        for row in ShopOrderRow.objects.filter(connection=batch.connection, order_id__in=list(keys)).exclude(
            store_order_id=None
        )
    }
    orders = {order.id: order for order in batch.shop_client.orders(list(rows))} if rows else {}
    if not batch.preview:
        book.keep_orders(batch.connection, orders.values())
    batch.rows.update(rows)
    on_record = written_of(rows[key] for key in orders)
    seen = {key: _seen(batch, rows[key], order, on_record.get(key, {})) for key, order in orders.items()}
    return {key: each for key, each in seen.items() if each is not None}


def written_of(rows: Iterable[ShopOrderRow]) -> dict[str, dict[str, planning.Written]]:
    """The shipments that both sides know, by order id and shipment id."""
    by_id = {row.id: row.order_id for row in rows}
    found: dict[str, dict[str, planning.Written]] = {}
    for each in ShipmentRow.objects.filter(order__in=list(by_id), state=ReportState.REPORTED):
        found.setdefault(by_id[each.order_id], {})[each.shipment_id] = planning.Written(
            tuple(each.unit_ids), each.tracking_number, each.package_id, each.from_shop
        )
    return found


def _seen(
    batch: PackageBatch, row: ShopOrderRow, order: ShopOrder, written: Mapping[str, planning.Written]
) -> planning.SeenPackages | None:
    if row.store_order_id is None or not planning.due(order, written.values()):
        return None
    client = batch.store_client
    return planning.SeenPackages(
        order,
        row.store_order_id,
        client.order(row.store_order_id).state,
        client.order_items(row.store_order_id),
        client.shipments(row.store_order_id),
        written,
        links_of(batch.connection, row, order),
        batch.preferences.carriers,
    )


def apply_package(batch: PackageBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Make one shipment, or put its number right. One that an earlier try made counts as made."""
    client = batch.store_client
    match change:
        case ShipStoreOrder():
            if not attempt.first and (earlier := _made_of(batch, change)):
                return Made(f"found as {earlier.id}", earlier.id)
            try:
                made = client.create_shipment(
                    change.store_order_id,
                    change.items,
                    address_id=change.address_id,
                    tracking_number=change.tracking_number,
                    carrier=change.carrier,
                    comments=planning.mark_of(change.shop_package_id),
                )
            except Refused:  # the store ships no line twice: it may refuse what it made in the meantime
                if (earlier := _made_of(batch, change)) is None:
                    raise
                return Made(f"found as {earlier.id}", earlier.id)
            return Made(f"created as {made.id}", made.id)
        case CorrectStoreShipment():
            try:
                client.update_shipment(
                    change.store_order_id,
                    change.store_shipment_id,
                    tracking_number=change.tracking_number,
                    carrier=change.carrier,
                )
            except NotFound:  # taken back meanwhile, which stays as it is
                return Made("the shipment is gone")
            return Made(f"shipment {change.store_shipment_id} has number {change.tracking_number}")
        case _:
            return no_change(batch, change, attempt)


def _made_of(batch: PackageBatch, change: ShipStoreOrder) -> StoreShipment | None:
    """The shipment of this package and these lines that is there and not on record."""
    row = batch.rows[change.shop_order_id]
    known = set(ShipmentRow.objects.filter(order=row).values_list("shipment_id", flat=True))
    for shipment in batch.store_client.shipments(change.store_order_id):
        if (
            shipment.id not in known
            and planning.package_in(shipment.comments) == change.shop_package_id
            and dict(shipment.items) == dict(change.items)
        ):
            return shipment
    return None


_COLUMNS = (
    "order_id", "shipment_id", "tracking_number", "carrier", "provider_id", "unit_ids", "package_id", "state",
    "reported_at", "from_shop",
)  # fmt: skip


def record_packages(batch: PackageBatch, closed: Sequence[Closed[planning.SeenPackages]]) -> None:
    """Keep which shipment is of which package and units, and the number it was given."""
    now, rows = clock.now(), []
    for each in closed:
        row_id = batch.rows[each.key].id
        rows += [
            (
                row_id, found.shipment.id, found.shipment.tracking_number, found.shipment.carrier,
                found.package.provider_id, list(found.unit_ids), found.package.id, ReportState.REPORTED, now, True,
            )
            for found in planning.found_shipments(each.seen)
        ]  # fmt: skip
        made = [(done.change, done.made) for done in each.done if done.made is not None]
        rows += [
            (
                row_id, result.kept, change.tracking_number, change.carrier, change.provider_id,
                list(change.unit_ids), change.shop_package_id, ReportState.REPORTED, now, True,
            )
            for change, result in made
            if isinstance(change, ShipStoreOrder)
        ]  # fmt: skip
        _keep_numbers(row_id, each)
    upsert(ShipmentRow, batch.lane.account_id, _COLUMNS, rows, unique=["order_id", "shipment_id"], update=_COLUMNS[2:])


def _keep_numbers(row_id: int, each: Closed[planning.SeenPackages]) -> None:
    """Keep the numbers that TikTok shows now, but for those whose correction failed."""
    tried = {c.change.store_shipment_id: c for c in each.done if isinstance(c.change, CorrectStoreShipment)}
    planned = {c.store_shipment_id for c in each.plan.changes if isinstance(c, CorrectStoreShipment)}
    for shipment_id, number in planning.renumbered(each.seen).items():
        if shipment_id not in planned or (shipment_id in tried and tried[shipment_id].made is not None):
            ShipmentRow.objects.filter(order=row_id, shipment_id=shipment_id).update(tracking_number=number)


PACKAGES = Flow(
    "package",
    PackageBatch,
    observe_packages,
    planning.plan_packages,
    apply_package,
    record_packages,
    size=50,
    queue=ORDERS,
)
