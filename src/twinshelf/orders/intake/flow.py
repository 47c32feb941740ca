"""The orders' flows: import and status, shipments, cancellations; and the polls behind the webhooks.

Every TikTok order is on record before anything is made of it. A store order is made at most once: the attempt is
noted before the call, and an attempt whose outcome is unknown is looked up before it is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.connections.preferences import Preferences
from twinshelf.connections.queries import working_connection
from twinshelf.documents import (
    AnyChange,
    CancelShopOrder,
    CancelStoreOrder,
    CreateStoreOrder,
    Finding,
    Plan,
    ReportShipment,
    SetStoreAddress,
    SetStoreStatus,
    ShippingProvider,
    ShopOrder,
    StoreOrder,
    from_json,
)
from twinshelf.errors import NeedsPerson, NotFound, Refused, Transient
from twinshelf.goods import holds as inventory
from twinshelf.kit import clock, skew
from twinshelf.kit.upsert import insert_rows, update_rows
from twinshelf.orders import book
from twinshelf.orders.cancellations import plan as cancelling
from twinshelf.orders.fulfillment import plan as shipping
from twinshelf.orders.intake import plan as importing
from twinshelf.orders.models import (
    CancellationRow,
    Creation,
    ReportState,
    ShipmentRow,
    ShopOrderRow,
    StoreOrderSeen,
)
from twinshelf.storefronts.bigcommerce.shipments import carrier as carrier_of
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.flows import Ask, LaneRef, Outcome
from twinshelf.sync.models import Task
from twinshelf.tiktok.errors import PartlyRefused
from twinshelf.tiktok.orders import Reference

log = structlog.get_logger(__name__)

RETRY_EVERY_SECONDS, RETRIES = 600.0, 3
"""A failed creation is tried again 10, 20 and 30 minutes after its first failure, then a person must look."""


class CreationFailed(NeedsPerson):
    """The store order could not be made, and the retries are used up."""

    def __init__(self, order_id: str, why: str) -> None:
        self.order_id = order_id
        super().__init__(
            f"BigCommerce refused the order: {why}. Given up after {RETRIES} retries.",
            code="E-ORD-CREATE",
            remedy="Correct what BigCommerce names, then press Retry on the order.",
        )


# -- orders ---------------------------------------------------------------------------------------------------------


def draft_orders(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Read the asked orders (50 a call), keep them, and plan their store orders and statuses."""
    connection = _connection(lane, fresh=True)
    preferences = connection_actions.preferences(connection)
    orders = {
        order.id: order for order in clients.shop_client(connection.shop, "urgent").orders([ask.key for ask in asks])
    }
    kept = book.keep_orders(connection, orders.values())
    links = book.links_of(connection, orders.values())
    if any(entry.row.store_order_id is None for entry in kept.values()):
        index_store_orders(connection.store)
        _adopt([entry.row for entry in kept.values() if entry.row.store_order_id is None], connection)
    _hold(connection, preferences, orders.values(), links)
    _batches[connection.id] = _Batch(links, {order_id: entry.row for order_id, entry in kept.items()})
    plans = []
    for ask in asks:
        entry = kept.get(ask.key)
        if entry is None:
            if ask.attempts >= 6:
                plans.append(Plan(key=ask.key, findings=(_unknown_order(ask.key),)))
                continue
            # Webhooks may come before the order can be read.
            plans.append(Plan(key=ask.key, later_seconds=5.0 * 2**ask.attempts))
            continue
        plans.append(_draft_order(connection, preferences, orders[ask.key], entry, links))
    return plans


def _draft_order(
    connection: Connection,
    preferences: Preferences,
    order: ShopOrder,
    entry: book.Kept,
    links: Mapping[str, tuple[int, int]],
) -> Plan:
    row = entry.row
    if row.store_order_id is not None:
        return _draft_existing(connection, preferences, order, entry, row.store_order_id)
    decision = importing.decide(order, preferences)
    if decision.verdict == "ignore":
        _note(row, Creation.IGNORED, decision.reason)
        return Plan(key=order.id)
    if decision.verdict == "wait":
        _note(row, Creation.WAITING, decision.reason)
        return Plan(key=order.id)
    if missing := importing.unlinked(order, links):
        finding = importing.unlinked_finding(missing)
        _note(row, Creation.FAILED, finding.text)
        return Plan(key=order.id, findings=(finding,))
    return Plan(key=order.id, changes=(CreateStoreOrder(shop_order_id=order.id),))


def _draft_existing(
    connection: Connection, preferences: Preferences, order: ShopOrder, entry: book.Kept, store_order_id: int
) -> Plan:
    row = entry.row
    owner = f"connection:{connection.id}"
    if order.status == "CANCELLED" or row.store_status == importing.CANCELLED:
        lanes.ask(
            connection.account_id, "cancellation", owner, [order.id], reason="order cancelled", priority=lanes.URGENT
        )
        return Plan(key=order.id)
    changes: list[AnyChange] = []
    wanted = importing.store_status(order, preferences)
    if importing.next_status(row.store_status or 0, wanted) is not None:
        changes.append(SetStoreStatus(store_order_id=store_order_id, status_id=wanted, before=row.store_status or 0))
    findings: tuple[Finding, ...] = ()
    if row.address_due:
        if order.status in shipping.SHIPPABLE:
            changes.append(SetStoreAddress(store_order_id=store_order_id, shop_order_id=order.id))
        else:
            findings = (
                Finding(
                    code="W-ORD-ADDRESS",
                    text="The buyer changed the address after the order was shipped.",
                    remedy="Settle it with the carrier or the buyer.",
                    blocking=False,
                ),
            )
    return Plan(key=order.id, changes=tuple(changes), findings=findings)


def _unknown_order(order_id: str) -> Finding:
    return Finding(
        code="E-ORD-GONE",
        text=f"TikTok Shop does not know order {order_id}.",
        remedy="Check the order in Seller Center.",
    )


def _adopt(rows: Sequence[ShopOrderRow], connection: Connection) -> None:
    """Take store orders that carry these orders' ids as theirs: an earlier try or another connector made them."""
    wanted = {row.order_id: row for row in rows}
    found = StoreOrderSeen.objects.filter(store_id=connection.store_id, external_order_id__in=list(wanted))
    for seen in found.order_by("-store_order_id"):  # the oldest one comes last and stays
        _created(wanted[seen.external_order_id], seen.store_order_id, seen.status_id)


def _hold(
    connection: Connection, preferences: Preferences, orders: Iterable[ShopOrder], links: Mapping[str, tuple[int, int]]
) -> None:
    """Withhold what orders without a store order will take; give back what ignored ones held; end what was taken.

    Done as soon as an order is seen, so that no reading of stock in between offers its units again.
    """
    by_id = {order.id: order for order in orders}
    with transaction.atomic():
        # Locked: a drain that creates one of them right now has either been here before or comes after.
        rows = ShopOrderRow.objects.select_for_update().filter(connection=connection, order_id__in=list(by_id))
        made = dict(rows.values_list("order_id", "store_order_id"))
        open_orders = [by_id[order_id] for order_id, store_order_id in made.items() if store_order_id is None]
        unwanted = {order.id for order in open_orders if importing.decide(order, preferences).verdict == "ignore"}
        inventory.release(connection, unwanted)
        inventory.hold(
            connection,
            {order.id: importing.group_by_variant(order, links) for order in open_orders if order.id not in unwanted},
        )
        inventory.convert(
            connection, [order_id for order_id, store_order_id in made.items() if store_order_id is not None]
        )


def index_store_orders(store: Store) -> int:
    """Read the store orders made since the last look and keep the external ids of those that have one.

    One call when there is nothing new. It finds orders whose creation got no answer, and those of other connectors.
    """
    client = clients.store_client(store, "urgent")
    read = 0
    while True:
        page = client.orders_after(store.orders_seen)
        if not page:
            return read
        read += len(page)
        with transaction.atomic():
            insert_rows(
                [
                    StoreOrderSeen(
                        account_id=store.account_id,
                        store=store,
                        store_order_id=order.id,
                        external_order_id=order.external_order_id,
                        status_id=order.status_id,
                        total=order.total_inc_tax.amount,
                    )
                    for order in page
                    if order.external_order_id and not order.archived
                ],
                unique=["store_id", "store_order_id"],
            )
            store.orders_seen = max(store.orders_seen, *(order.id for order in page))
            Store.objects.filter(id=store.id, orders_seen__lt=store.orders_seen).update(orders_seen=store.orders_seen)
        if len(page) < 250:
            return read


def apply_order(lane: LaneRef, key: str, change: AnyChange) -> str:
    """Make a store order, or move its status or address. Each is safe to repeat."""
    connection = _connection(lane)
    batch = _batches.get(connection.id, _Batch({}, {}))
    row = batch.rows.get(key) or ShopOrderRow.objects.get(connection=connection, order_id=key)
    match change:
        case CreateStoreOrder():
            return _create(connection, row, batch)
        case SetStoreStatus():
            return _set_status(connection, row, change)
        case SetStoreAddress():
            address = importing.draft_address(
                book.order_of(row, with_buyer=True), connection_actions.preferences(connection)
            )
            clients.store_client(connection.store, "urgent").set_order_address(change.store_order_id, address)
            ShopOrderRow.objects.filter(id=row.id).update(address_due=False)
            return "address set"
        case _:
            msg = f"{type(change).__name__} is not a change of this lane"
            raise TypeError(msg)


@dataclass
class _Batch:
    """What a draft read, for the changes of its batch; and what they made, for its end.

    Lost with the process: whoever does not find an order in it reads the database and looks the order up.
    """

    links: Mapping[str, tuple[int, int]]
    rows: dict[str, ShopOrderRow]
    first: set[str] = field(default_factory=set)
    """Orders whose create is attempted for the first time: no earlier call can have made them."""
    made: list[ShopOrderRow] = field(default_factory=list)


_batches: dict[int, _Batch] = {}


def attempt_orders(lane: LaneRef, plans: Sequence[Plan]) -> None:
    """Before a batch: note, with the plans, that these creates are about to go out.

    Whoever finds the note without knowing it for the first does not know how the earlier call ended, and looks.
    """
    keys = [plan.key for plan in plans if any(isinstance(change, CreateStoreOrder) for change in plan.changes)]
    if not keys:
        return
    rows = ShopOrderRow.objects.filter(connection_id=lane.owner_id, order_id__in=keys, attempted_at=None)
    first = set(rows.values_list("order_id", flat=True))
    rows.update(attempted_at=clock.now())
    if batch := _batches.get(lane.owner_id):
        batch.first = first


def _create(connection: Connection, row: ShopOrderRow, batch: _Batch) -> str:
    if row.store_order_id is not None:
        return f"exists as {row.store_order_id}"
    client = clients.store_client(connection.store, "urgent")
    if row.order_id in batch.first:
        batch.first.discard(row.order_id)
    elif found := client.find_orders(row.order_id):
        _created(row, found[0].id, found[0].status_id)
        return f"found as {found[0].id}"
    order = book.order_of(row, with_buyer=True)
    preferences = connection_actions.preferences(connection)
    facts = importing.DraftFacts(
        preferences=preferences,
        channel_id=connection.channel_id,
        external_source=settings.OPERATOR.bigcommerce_app_id,
        shop_id=connection.shop.shop_id,
        links=batch.links if row.order_id in batch.rows else book.links_of(connection, [order]),
    )
    if missing := importing.unlinked(order, facts.links):  # unlinked between plan and apply
        _not_attempted(row)
        finding = importing.unlinked_finding(missing)
        raise NeedsPerson(finding.text, code=finding.code, remedy=finding.remedy)
    draft = importing.draft_order(order, facts)
    try:
        store_order_id = client.create_order(draft, store_currency=connection.store.currency)
    except Refused as error:
        _not_attempted(row)
        raise _creation_failed(row, error.platform_message) from error
    except Transient as error:
        if not error.outcome_unknown:
            _not_attempted(row)
            raise
        raise _creation_failed(row, "no answer arrived") from error
    _note_created(row, store_order_id, draft.status_id)
    batch.made.append(row)  # written for the whole batch at its end; until then the store's own orders tell
    return f"created as {store_order_id}"


def _creation_failed(row: ShopOrderRow, why: str) -> Transient | NeedsPerson:
    """Put the failure on record. It is tried again 10, 20 and 30 minutes after the first one, then never by itself."""
    now = clock.now()
    attempts, failed_at = row.attempts + 1, row.failed_at or now
    at = failed_at + timedelta(seconds=RETRY_EVERY_SECONDS * attempts)
    retry = attempts <= RETRIES and connection_actions.preferences(row.connection).retry_orders
    reason = f"BigCommerce refused the order: {why}."
    if retry:
        reason += f" Retry {attempts} of {RETRIES} at {at:%H:%M} UTC."
    ShopOrderRow.objects.filter(id=row.id).update(
        attempts=attempts, failed_at=failed_at, creation=Creation.FAILED, reason=reason
    )
    if not retry:
        return CreationFailed(row.order_id, why)
    return Transient(reason, wait_seconds=max(0.0, (at - now).total_seconds()), exact=True)


def _not_attempted(row: ShopOrderRow) -> None:
    """The call surely had no effect: the next one needs no lookup."""
    ShopOrderRow.objects.filter(id=row.id).update(attempted_at=None)


_CREATED_COLUMNS = ("store_order_id", "store_status", "creation", "reason", "failed_at", "attempts")


def _created(row: ShopOrderRow, store_order_id: int, status_id: int) -> None:
    _note_created(row, store_order_id, status_id)
    row.save(update_fields=_CREATED_COLUMNS)


def _note_created(row: ShopOrderRow, store_order_id: int, status_id: int) -> None:
    row.store_order_id, row.store_status, row.creation, row.reason = store_order_id, status_id, Creation.CREATED, ""
    row.failed_at, row.attempts = None, 0


def _set_status(connection: Connection, row: ShopOrderRow, change: SetStoreStatus) -> str:
    client = clients.store_client(connection.store, "urgent")
    current = client.order(change.store_order_id).status_id  # a person may have moved it: theirs counts as current
    wanted = importing.next_status(current, change.status_id)
    if wanted is not None:
        client.set_order_status(change.store_order_id, wanted)
    _keep_status(row, current if wanted is None else wanted)
    return f"status {current} kept" if wanted is None else f"status {current} → {wanted}"


def _keep_status(row: ShopOrderRow, status_id: int) -> None:
    row.store_status = status_id
    row.save(update_fields=["store_status"])


def _note(row: ShopOrderRow, creation: str, reason: str) -> None:
    if (row.creation, row.reason) != (creation, reason):
        row.creation, row.reason = creation, reason
        row.save(update_fields=["creation", "reason"])


def finish_orders(lane: LaneRef, outcomes: Sequence[Outcome]) -> None:
    """After a batch: the stock that new store orders took is held no more, and TikTok learns the store orders' ids."""
    connection = _connection(lane)
    batch = _batches.get(connection.id)
    if batch is not None:
        made, batch.made = batch.made, []
        update_rows(made, _CREATED_COLUMNS)
    keys = [outcome.key for outcome in outcomes]
    rows = ShopOrderRow.objects.filter(connection=connection, order_id__in=keys).exclude(store_order_id=None)
    inventory.convert(connection, list(rows.values_list("order_id", flat=True)))
    _reference_orders(connection, more_to_come=lanes.due_count(lane.id) > len(outcomes))


_REFERENCES_A_CALL = 100


def _reference_orders(connection: Connection, *, more_to_come: bool) -> None:
    """Write the store orders' ids back to TikTok, 100 orders a call: a call that is not full waits for the next batch.

    Orders that TikTok refuses to annotate are not tried for ever: the reference is a help, not part of the order.
    """
    due = ShopOrderRow.objects.filter(connection=connection, referenced=False, creation=Creation.CREATED)
    due = due.exclude(store_order_id=None).order_by("id")
    ids = list(due.values_list("id", flat=True)[:500])
    if more_to_come:
        ids = ids[: len(ids) // _REFERENCES_A_CALL * _REFERENCES_A_CALL]
    if not ids:
        return
    rows = due.filter(id__in=ids).values_list("order_id", "store_order_id", "document")
    references = [
        Reference(
            shop_order_id=order_id,
            store_order_id=str(store_order_id),
            lines=_line_references(f"{store_order_id}", bytes(document)),
        )
        for order_id, store_order_id, document in rows
    ]
    try:
        clients.shop_client(connection.shop, "urgent").add_references(references)
    except PartlyRefused as error:
        log.warning("references refused", connection=connection.id, orders=[item.id for item in error.items])
    except (Transient, NeedsPerson) as error:
        log.warning("external references were not written", connection=connection.id, orders=len(ids), error=str(error))
        return
    ShopOrderRow.objects.filter(id__in=ids).update(referenced=True)


def _line_references(store_order_id: str, document: bytes) -> tuple[tuple[str, str], ...]:
    units = [unit for line in from_json(document, ShopOrder).lines for unit in line.unit_ids]
    return tuple((f"{store_order_id}-{number}", unit) for number, unit in enumerate(units[:100], 1))


def order_retry_seconds(attempt: int) -> float | None:
    """Waits after what is not a failed creation (that has exact times): quick at first, then every ten minutes."""
    return min(600.0, 3.0 * 2.0 ** min(attempt, 8))


# -- shipments ------------------------------------------------------------------------------------------------------


def draft_shipments(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Read the store's shipments of the asked orders and plan what TikTok has not been told yet."""
    connection = _connection(lane, fresh=True)
    preferences = connection_actions.preferences(connection)
    if preferences.fulfillment_direction != "bc_to_tts":
        return []
    rows = {
        row.order_id: row
        for row in ShopOrderRow.objects.filter(connection=connection, order_id__in=[ask.key for ask in asks]).exclude(
            store_order_id=None
        )
        if not row.fulfilled_by_tiktok
    }
    orders = {o.id: o for o in clients.shop_client(connection.shop, "urgent").orders(list(rows))} if rows else {}
    book.keep_orders(connection, orders.values())
    return [_draft_shipments(connection, preferences, row, orders[key]) for key, row in rows.items() if key in orders]


def _draft_shipments(connection: Connection, preferences: Preferences, row: ShopOrderRow, order: ShopOrder) -> Plan:
    if row.store_order_id is None or order.status == "CANCELLED":
        return Plan(key=order.id)
    client = clients.store_client(connection.store, "urgent")
    found = client.shipments(row.store_order_id)
    reported = {s.shipment_id: s for s in ShipmentRow.objects.filter(order=row)}
    pending = [s for s in found if s.id not in reported or reported[s.id].state != ReportState.REPORTED]
    if not pending:
        return Plan(key=order.id)
    links = book.links_of(connection, [order])
    items = {item.id: item for item in client.order_items(row.store_order_id)}
    taken = frozenset(unit for shipment in reported.values() for unit in shipment.unit_ids)
    changes: list[AnyChange] = []
    findings: list[Finding] = []
    for shipment in pending:
        facts = shipping.ShipmentFacts(
            id=shipment.id, tracking_number=shipment.tracking_number, carrier=carrier_of(shipment), items=shipment.items
        )
        own = reported.get(shipment.id)
        own_units = tuple(own.unit_ids) if own is not None else ()
        units = own_units or shipping.units_of(facts, items, order, links, taken)
        planned = shipping.plan_report(
            order,
            facts,
            units,
            mapping=preferences.carriers,
            providers=_providers(connection.shop, order.delivery_option_id),
        )
        taken |= set(units)
        if isinstance(planned, Finding):
            findings.append(planned)
        else:
            changes.append(planned)
    return Plan(key=order.id, changes=tuple(changes), findings=tuple(findings))


_PROVIDER_SECONDS = 86_400.0
_provider_cache: dict[tuple[str, str], tuple[float, tuple[ShippingProvider, ...]]] = {}


def _providers(shop: Shop, delivery_option_id: str) -> tuple[ShippingProvider, ...]:
    """The carriers that TikTok takes for a delivery option, read once a day."""
    key = (shop.shop_id, delivery_option_id)
    known = _provider_cache.get(key)
    if known is not None and clock.timestamp() - known[0] < _PROVIDER_SECONDS:
        return known[1]
    providers = tuple(clients.shop_client(shop).shipping_providers(delivery_option_id))
    _provider_cache[key] = (clock.timestamp(), providers)
    return providers


def apply_shipment(lane: LaneRef, key: str, change: AnyChange) -> str:
    """Report one shipment. Repeating it is answered "already shipped", which the client takes for success."""
    if not isinstance(change, ReportShipment):
        msg = f"{type(change).__name__} is not a change of this lane"
        raise TypeError(msg)
    connection = _connection(lane)
    row = ShopOrderRow.objects.get(connection=connection, order_id=key)
    report, _ = ShipmentRow.objects.get_or_create(
        account_id=row.account_id,
        order=row,
        shipment_id=change.store_shipment_id,
        defaults={"unit_ids": list(change.unit_ids)},
    )
    if report.state == ReportState.REPORTED:
        return "reported before"
    report.tracking_number, report.provider_id = change.tracking_number, change.provider_id
    report.unit_ids, report.state = list(change.unit_ids), ReportState.SENDING
    report.save(update_fields=["tracking_number", "provider_id", "unit_ids", "state"])
    try:
        shipped = clients.shop_client(connection.shop, "urgent").mark_shipped(
            key, change.unit_ids, change.tracking_number, change.provider_id
        )
    except Refused:
        report.state = ReportState.FAILED
        report.save(update_fields=["state"])
        raise
    report.package_id, report.state, report.reported_at = shipped.package_id, ReportState.REPORTED, clock.now()
    report.save(update_fields=["package_id", "state", "reported_at"])
    return f"package {shipped.package_id} {shipped.warning}".strip()


# -- cancellations --------------------------------------------------------------------------------------------------


def draft_cancellations(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Look at both sides of the asked orders and plan what the other side must be told."""
    connection = _connection(lane, fresh=True)
    preferences = connection_actions.preferences(connection)
    rows = {
        row.order_id: row
        for row in ShopOrderRow.objects.filter(connection=connection, order_id__in=[ask.key for ask in asks])
    }
    shop_client = clients.shop_client(connection.shop, "urgent")
    orders = {o.id: o for o in shop_client.orders(list(rows))} if rows else {}
    kept = book.keep_orders(connection, orders.values())
    records = {record.order_id: record for record in CancellationRow.objects.filter(order__in=rows.values())}
    plans = []
    for key in rows:
        if key not in orders:
            continue
        row = kept[key].row
        store_order, record = _store_order(connection, row), records.get(row.id)
        plans.append(
            _draft_cancellation(connection, preferences, row, orders[key], store_order=store_order, record=record)
        )
    return plans


def _store_order(connection: Connection, row: ShopOrderRow) -> StoreOrder | None:
    if row.store_order_id is None:
        return None
    try:
        found = clients.store_client(connection.store, "urgent").order(row.store_order_id)
    except NotFound:
        return None
    _keep_status(row, found.status_id)
    return found


def _draft_cancellation(
    connection: Connection,
    preferences: Preferences,
    row: ShopOrderRow,
    order: ShopOrder,
    *,
    store_order: StoreOrder | None,
    record: CancellationRow | None,
) -> Plan:
    sides = cancelling.Sides(
        shop_order_id=order.id,
        shop_status=order.status,
        store_order_id=store_order.id if store_order else None,
        store_status=store_order.status_id if store_order else None,
        origin=record.origin if record else None,
        refused=bool(record and record.state == "refused"),
    )
    origin = cancelling.origin_of(sides)
    if origin is None:
        return Plan(key=order.id)
    if record is None:
        record, _ = CancellationRow.objects.get_or_create(
            account_id=row.account_id, order=row, defaults={"origin": origin}
        )
    if order.status == "CANCELLED":
        inventory.release(connection, [order.id])
        if store_order is None:
            _note(row, Creation.IGNORED, "Cancelled before it was imported.")
    reasons: Sequence[str] = ()
    asks_shop = origin != "shop" and order.status != "CANCELLED" and not sides.refused
    if asks_shop:
        reasons = clients.shop_client(connection.shop, "urgent").cancel_reasons(order.id)
    change, finding = cancelling.plan_cancellation(sides, preferences, reasons, record.reason)
    if finding is not None and record.state != "refused":
        CancellationRow.objects.filter(id=record.id).update(state="refused")
    if change is None and finding is None:
        CancellationRow.objects.filter(id=record.id).update(state="done")
    return Plan(key=order.id, changes=(change,) if change else (), findings=(finding,) if finding else ())


def apply_cancellation(lane: LaneRef, key: str, change: AnyChange) -> str:
    """Tell the other side. Both read first where a repeat could do harm."""
    connection = _connection(lane)
    row = ShopOrderRow.objects.get(connection=connection, order_id=key)
    record = CancellationRow.objects.get(order=row)
    match change:
        case CancelStoreOrder():
            client = clients.store_client(connection.store, "urgent")
            current = client.order(change.store_order_id).status_id
            if importing.next_status(current, importing.CANCELLED) is not None:
                client.set_order_status(change.store_order_id, importing.CANCELLED)
                _keep_status(row, importing.CANCELLED)
            CancellationRow.objects.filter(id=record.id).update(state="done")
            return "cancelled in BigCommerce"
        case CancelShopOrder():
            return _cancel_at_shop(connection, row, record, change)
        case _:
            msg = f"{type(change).__name__} is not a change of this lane"
            raise TypeError(msg)


def _cancel_at_shop(connection: Connection, row: ShopOrderRow, record: CancellationRow, change: CancelShopOrder) -> str:
    client = clients.shop_client(connection.shop, "urgent")
    first = CancellationRow.objects.filter(id=record.id, attempted_at=None).update(attempted_at=clock.now())
    if not first and [order.status for order in client.orders([row.order_id])] == ["CANCELLED"]:
        CancellationRow.objects.filter(id=record.id).update(state="done")
        return "was cancelled already"
    try:
        client.cancel_order(row.order_id, change.reason)
    except Refused:
        CancellationRow.objects.filter(id=record.id).update(state="refused", attempted_at=None)
        raise
    except Transient as error:
        if not error.outcome_unknown:
            CancellationRow.objects.filter(id=record.id).update(attempted_at=None)
        raise
    owner = f"connection:{connection.id}"
    lanes.ask(
        connection.account_id,
        "cancellation",
        owner,
        [row.order_id],
        reason="cancelled at TikTok",
        due_at=clock.after(1),
    )
    return f"cancelled at TikTok Shop ({change.reason})"


# -- polls ----------------------------------------------------------------------------------------------------------

_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(days=30)
_AHEAD = timedelta(days=1)
"""Polls look this far ahead of what we take for TikTok's time: the overlap, not an upper end, makes them complete."""


def poll_orders(
    connection: Connection, *, start: datetime | None = None, end: datetime | None = None, task: Task | None = None
) -> int:
    """Read the shop's orders changed since the last poll (or between two times), keep them, ask for what is new.

    Pages go by update time, oldest first, with an overlap of ten minutes; the watermark is TikTok's time and moves only
    after the whole poll. Returns how many orders were read. Safe to repeat.
    """
    shop = connection.shop
    client = clients.shop_client(shop, "urgent")
    now = skew.now(settings.OPERATOR.tiktok_api)
    since = start or (shop.orders_seen_at - _OVERLAP if shop.orders_seen_at else now - _FIRST_LOOK)
    until = end or now + _AHEAD  # once: a page token holds for one filter only
    newest, token, read = shop.orders_seen_at, "", 0
    while True:
        page = client.orders_page(updated_from=since, updated_to=until, page_token=token)
        kept = book.keep_orders(connection, page.rows)
        _hold(connection, connection_actions.preferences(connection), page.rows, book.links_of(connection, page.rows))
        read += len(page.rows)
        for order in page.rows:
            newest = order.updated_at if newest is None else max(newest, order.updated_at)
        wanted = [key for key, entry in kept.items() if entry.news or _unsettled(entry.row)]
        if task is not None:
            tasks.ask_for(task, "order", f"connection:{connection.id}", wanted, priority=lanes.URGENT)
        else:
            lanes.ask(
                connection.account_id,
                "order",
                f"connection:{connection.id}",
                wanted,
                reason="poll",
                priority=lanes.URGENT,
            )
        token = page.next_token
        if not token:
            break
    if start is None and newest is not None:
        Shop.objects.filter(id=shop.id).update(orders_seen_at=newest)
    return read


def _unsettled(row: ShopOrderRow) -> bool:
    """Paid, wanted, and without a store order though no failure is on record: an ask that got lost is made good."""
    return row.creation == Creation.WAITING and row.status in importing.PAID


def poll_store_orders(connection: Connection) -> int:
    """Read the store's orders changed since the last poll: shipments and cancellations whose webhooks were lost."""
    store = connection.store
    client = clients.store_client(store, "urgent")
    now = skew.now(settings.OPERATOR.bigcommerce_api)
    since = store.orders_modified_at - _OVERLAP if store.orders_modified_at else now - _FIRST_LOOK
    read, seen, page_number = 0, set(), 1
    while True:
        page = client.orders_modified(since, page=page_number)
        fresh = [order for order in page if order.id not in seen]
        seen |= {order.id for order in page}
        read += len(fresh)
        _ask_about(store, fresh)
        if len(page) < 250:
            break
        last = page[-1].modified_at
        if last > since:
            since, page_number = last, 1
        else:
            page_number += 1
    newest = max((order.modified_at for order in page), default=None)
    if newest is not None:
        Store.objects.filter(id=store.id).update(orders_modified_at=newest)
    log.debug("store orders polled", store=store.id, read=read)
    return read


def _ask_about(store: Store, orders: Sequence[StoreOrder]) -> None:
    """Ask the lanes about store orders of ours that show another state than we know.

    Those of every connection of the store: they share one watermark, and what one poll passes, none sees again.
    """
    by_id = {order.id: order for order in orders}
    rows = ShopOrderRow.objects.filter(connection__store=store, store_order_id__in=list(by_id))
    keys: dict[tuple[str, int], list[str]] = {}
    for row in rows:
        order = by_id[row.store_order_id or 0]
        if order.status_id == importing.CANCELLED and row.status != "CANCELLED":
            keys.setdefault(("cancellation", row.connection_id), []).append(row.order_id)
        elif order.status_id in {2, 3, 10} and row.status in shipping.SHIPPABLE:
            keys.setdefault(("shipment", row.connection_id), []).append(row.order_id)
    for (kind, connection_id), order_ids in keys.items():
        owner = f"connection:{connection_id}"
        lanes.ask(store.account_id, kind, owner, order_ids, reason="poll", priority=lanes.URGENT)


def poll_cancellations(connection: Connection) -> int:
    """Read the shop's cancellations changed since the last poll and ask for their orders."""
    shop = connection.shop
    client = clients.shop_client(shop, "urgent")
    started = skew.now(settings.OPERATOR.tiktok_api)
    since = shop.cancellations_seen_at - _OVERLAP if shop.cancellations_seen_at else started - _FIRST_LOOK
    token, read = "", 0
    while True:
        page = client.cancellations_page(updated_from=since, page_token=token)
        read += len(page.rows)
        keys = [request.order_id for request in page.rows]
        known = set(
            ShopOrderRow.objects.filter(connection=connection, order_id__in=keys).values_list("order_id", flat=True)
        )
        owner = f"connection:{connection.id}"
        lanes.ask(connection.account_id, "cancellation", owner, known, reason="poll", priority=lanes.URGENT)
        lanes.ask(connection.account_id, "order", owner, set(keys) - known, reason="poll", priority=lanes.URGENT)
        token = page.next_token
        if not token:
            break
    Shop.objects.filter(id=shop.id).update(cancellations_seen_at=started)
    return read


def fetch(task: Task) -> bool:
    """Task: read orders changed since the last poll, or between two times, and import what should be."""
    connection = Connection.objects.select_related("store", "shop").get(id=int(task.params["connection"]))
    start = clock.parse(task.params["start"]) if task.params.get("start") else None
    end = clock.parse(task.params["end"]) if task.params.get("end") else None
    poll_orders(connection, start=start, end=end, task=task)
    task.refresh_from_db()
    tasks.carried_out(task)
    return False


def released(connection: Connection, codes: Sequence[str]) -> None:
    """These SKUs are there now: ask again for the orders that waited for one of them."""
    owner, wanted = f"connection:{connection.id}", set(codes)
    waiting = problems.open_keys(connection.account_id, owner, "E-ORD-SKU")
    rows = ShopOrderRow.objects.filter(connection=connection, order_id__in=waiting) if waiting else ()
    keys = [row.order_id for row in rows if any(line.seller_sku in wanted for line in book.order_of(row).lines)]
    lanes.ask(connection.account_id, "order", owner, keys, reason="SKU is there", priority=lanes.URGENT)


_connections: dict[int, Connection] = {}


def _connection(lane: LaneRef, *, fresh: bool = False) -> Connection:
    """The lane's connection. A draft reads it `fresh`; the changes of its batch then share what it read.

    Raises Unauthorized only for a draft: what was begun is ended, whoever let us in meanwhile.
    """
    if fresh:
        _connections[lane.owner_id] = working_connection(lane.owner_id)
    elif lane.owner_id not in _connections:
        _connections[lane.owner_id] = Connection.objects.select_related("store", "shop", "shop__seller").get(
            id=lane.owner_id
        )
    return _connections[lane.owner_id]
