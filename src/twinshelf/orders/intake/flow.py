"""The order flow: TikTok orders kept, their one store order made, its status and address brought up to date.

Every TikTok order is on record before anything is made of it. A store order is made at most once: the engine notes the
attempt before the call, and an attempt whose outcome is unknown is looked up before it is made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction

from twinshelf import messages
from twinshelf.accounts import audit
from twinshelf.accounts.actors import ENGINE
from twinshelf.connections.batches import UrgentBatch
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    AnyChange,
    CancelDouble,
    CreateStoreOrder,
    CreationState,
    Finding,
    MoveStock,
    SetStoreAddress,
    SetStoreStatus,
    ShopOrder,
    ShopOrderStatus,
    StoreOrder,
    StoreOrderState,
)
from twinshelf.errors import GoneFromStore, NeedsPerson, NotFound, Refused, ScopeMissing, Transient
from twinshelf.goods import holds
from twinshelf.goods.selections import products_of_variants, selected
from twinshelf.kit import clock, skew
from twinshelf.kit.upsert import update_rows
from twinshelf.listings.desired import untaken
from twinshelf.listings.facts import changed_by_sales
from twinshelf.orders import book, own
from twinshelf.orders.bearers import Bearers
from twinshelf.orders.intake import index
from twinshelf.orders.intake import plan as planning
from twinshelf.orders.models import ShopOrderRow, StoreOrderSeen
from twinshelf.orders.packages import flow as packages
from twinshelf.orders.packages.plan import due
from twinshelf.orders.routing import Routes, routes_of
from twinshelf.orders.status import next_state
from twinshelf.rules.warehouses import Routed
from twinshelf.sync import lanes
from twinshelf.sync.flows import MOST_TRIES, ORDERS, Attempt, Closed, Done, Flow, Made, no_change


class _GivenUp(NeedsPerson):
    """The store order could not be made, and the retries are used up."""

    def __init__(self, why: str, failures: planning.Failures, *, outcome_unknown: bool) -> None:
        self.failures, self.outcome_unknown = failures, outcome_unknown
        super().__init__("E-ORD-CREATE", why=why.rstrip("."), retries=planning.RETRIES)


class _NotTaken(NeedsPerson):
    """The store refuses the order, and no repeating would help."""

    def __init__(self, refused: Refused, failures: planning.Failures) -> None:
        self.failures = failures
        super().__init__(refused.code, **refused.facts)


@dataclass
class OrderBatch(UrgentBatch):
    """A batch of orders of a connection, with our rows of them by order id.

    `look_first`: orders whose store order may be there although none is on record.
    """

    rows: dict[str, ShopOrderRow] = field(default_factory=dict)
    bearers: dict[str, Bearers] = field(default_factory=dict)
    twins: dict[str, tuple[planning.Twin, ...]] = field(default_factory=dict)
    look_first: set[str] = field(default_factory=set)
    routes: dict[str, planning.Route] = field(default_factory=dict)
    started_at: datetime = field(default_factory=clock.now)


# -- observe --------------------------------------------------------------------------------------------------------


def observe_orders(batch: OrderBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenOrder]:
    """Read these orders (50 a call) and keep them, with the store orders that were made of them since the last look."""
    connection = batch.connection
    orders = {order.id: order for order in batch.shop_client.orders(keys)}
    kept = book.keep_orders(connection, orders.values(), write=not batch.preview)
    rows = {order_id: entry.row for order_id, entry in kept.items()}
    bearers = {order_id: entry.bearers for order_id, entry in kept.items()}
    if not batch.preview:
        without = [row for row in rows.values() if row.store_order_id is None]
        if without:
            index.index_store_orders(connection.store)
            _adopt(without, connection)
            _look_behind(batch, without, orders)
        batch.twins.update(_twins(batch, [row for row in rows.values() if row.store_order_id is not None]))
        hold(connection, batch.preferences, orders.values(), bearers)
    batch.rows.update(rows)
    batch.bearers.update(bearers)
    batch.routes.update(_routes(batch, orders, bearers))
    return {key: _seen(batch, key, orders.get(key), rows.get(key)) for key in keys}


def _routes(
    batch: OrderBatch, orders: Mapping[str, ShopOrder], bearers: Mapping[str, Bearers]
) -> dict[str, planning.Route]:
    """Where these orders are taken from: the warehouse of the order, or the one that its package really ships from."""
    routes = Routes.of(batch.connection)
    if routes.push is None:
        return {}
    moved = {} if batch.preview or len(routes.push.sources) < _SEVERAL else _real_warehouses(batch, orders.values())
    asked = [
        (msgspec.structs.replace(order, warehouse_id=moved.get(key, order.warehouse_id)), bearers[key].links)
        for key, order in orders.items()
        if key in bearers
    ]
    found = routes_of(batch.connection, routes, asked)
    for key in moved:
        if found[key].why is Routed.LINKED:
            found[key] = msgspec.structs.replace(found[key], why=Routed.PACKAGE)
    return found


_SEVERAL = 2


def _real_warehouses(batch: OrderBatch, orders: Iterable[ShopOrder]) -> dict[str, str]:
    """The warehouses of packages that TikTok moved to another one than their order's, by order id: a call for each.

    Source: docs/platforms/tiktok-shop.md section 16, `warehouse_id` of a package.
    """
    found = {}
    for order in orders:
        if not order.packages or order.status is ShopOrderStatus.CANCELLED:
            continue
        try:
            package = batch.shop_client.package(order.packages[0].id)
        except (Refused, NotFound):  # what ships from where is then as the order says
            continue
        if package.warehouse_id and package.warehouse_id != order.warehouse_id:
            found[order.id] = package.warehouse_id
    return found


def _seen(batch: OrderBatch, key: str, order: ShopOrder | None, row: ShopOrderRow | None) -> planning.SeenOrder:
    if order is None or row is None:
        return planning.SeenOrder(key, None, batch.preferences, {}, tries=batch.asks[key].attempts)
    return planning.SeenOrder(
        key,
        order,
        batch.preferences,
        batch.bearers[key].links,
        batch.bearers[key].gone,
        batch.bearers[key].unsure,
        store_order_id=row.store_order_id,
        store_state=_known_state(row),
        address_due=row.address_due,
        open_return=row.open_return,
        twins=batch.twins.get(key, ()),
        route=batch.routes.get(key),
        booked=row.location_id,
        short=row.location_why == Routed.SHORT,
        booking_seconds=_booking_seconds(row),
        untaken=None if row.store_order_id is not None or batch.currency_taken else _untaken(batch.connection),
    )


def _look_behind(batch: OrderBatch, rows: Sequence[ShopOrderRow], orders: Mapping[str, ShopOrder]) -> None:
    """Note which orders may have been made before our record begins, and look for them among what was archived."""
    now, ours = skew.now(settings.OPERATOR.tiktok_api), clock.now()
    late = [
        row
        for row in rows
        if row.store_order_id is None
        and planning.decide(orders[row.order_id], batch.preferences).verdict == "create"
        and planning.made_before(
            orders[row.order_id],
            first_seen=now - (ours - row.seen_at),
            asked=now - (ours - (batch.asks[row.order_id].asked_at or ours)),
            now=now,
            tries=batch.asks[row.order_id].attempts,
        )
    ]
    if not late:
        return
    batch.look_first.update(row.order_id for row in late)
    index.index_archived(batch.connection.store, min(orders[row.order_id].created_at for row in late))
    _adopt(late, batch.connection)


def _twins(batch: OrderBatch, rows: Sequence[ShopOrderRow]) -> dict[str, tuple[planning.Twin, ...]]:
    """The store orders, read now, of those orders that have more than one. The one to keep becomes the order's own.

    It is exchanged here, before anything is done to the others, so that cancelling one never reads as the merchant's
    wish to cancel the TikTok order.
    """
    store, by_id = batch.connection.store, {row.order_id: row for row in rows}
    seen = StoreOrderSeen.objects.filter(store=store, external_order_id__in=list(by_id), archived=False)
    live = seen.exclude(state__in=list(planning.OVER))
    doubled = {
        order_id
        for order_id, store_order_id in live.values_list("external_order_id", "store_order_id")
        if store_order_id != by_id[order_id].store_order_id
    }
    found = {}
    for order_id in sorted(doubled):
        orders = batch.store_client.find_orders(order_id)
        index.keep(store, orders)
        found[order_id] = twins = tuple(_twin(batch, order) for order in orders)
        row = by_id[order_id]
        kept = planning.pair_of(row.store_order_id or "", twins).kept
        if kept != row.store_order_id:
            _note_created(row, kept, next(twin.state for twin in twins if twin.store_order_id == kept))
            row.referenced = False
            _keep_created(batch.connection, [row], "referenced")
    return found


def _twin(batch: OrderBatch, order: StoreOrder) -> planning.Twin:
    return planning.Twin(
        store_order_id=order.id,
        created_at=order.created_at,
        state=order.state,
        ours=order.external_source == settings.OPERATOR.bigcommerce_app_id,
        shipped=bool(batch.store_client.shipments(order.id)),
        archived=order.archived,
    )


def _untaken(connection: Connection) -> Finding:
    return untaken(connection.store.currency, connection.shop.currency)


def _known_state(row: ShopOrderRow) -> StoreOrderState | None:
    return StoreOrderState(row.store_state) if row.store_state else None


def _adopt(rows: Sequence[ShopOrderRow], connection: Connection) -> None:
    """Take store orders that carry these orders' ids as theirs: an earlier try or another connector made them."""
    wanted = {row.order_id: row for row in rows}
    found = StoreOrderSeen.objects.filter(store_id=connection.store_id, external_order_id__in=list(wanted))
    adopted = {}
    for seen in found.order_by("-archived", "-created_at", "-id"):  # the oldest one that is not archived stays
        row = adopted[seen.external_order_id] = wanted[seen.external_order_id]
        _note_created(row, seen.store_order_id, StoreOrderState(seen.state))
    with transaction.atomic():
        _keep_created(connection, list(adopted.values()))
        _ask_for_what_was_passed_by(connection, adopted.values())


def _ask_for_what_was_passed_by(connection: Connection, rows: Collection[ShopOrderRow]) -> None:
    """Have shipments, cancellation and address of store orders looked at that were there before they were known.

    Webhooks and polls pass by what is not on record, and nothing of it is told a second time.
    """
    statuses = {row.order_id: ShopOrderStatus(row.status) for row in rows}
    shippable = [key for key, status in statuses.items() if status.shippable]
    cancellable = [key for key, status in statuses.items() if status.cancellable or status.shippable]
    owner, cause = f"connection:{connection.id}", "store order found"
    lanes.ask(connection.account_id, "shipment", owner, shippable, cause=cause, priority=lanes.URGENT)
    lanes.ask(connection.account_id, "cancellation", owner, cancellable, cause=cause, priority=lanes.URGENT)
    moved = [row.order_id for row in rows if row.address_due]
    lanes.ask(connection.account_id, "order", owner, moved, cause=cause, priority=lanes.URGENT)


def hold(
    connection: Connection, preferences: Preferences, orders: Iterable[ShopOrder], bearers: Mapping[str, Bearers]
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
        unwanted = {order.id for order in open_orders if planning.decide(order, preferences).verdict == "ignore"}
        holds.release(connection, unwanted)
        routes = Routes.of(connection) if open_orders else Routes(None)
        sold = holds.hold(
            connection,
            {
                order.id: planning.group_by_variant(order, bearers[order.id].links)
                for order in open_orders
                if order.id not in unwanted
            },
            places={order.id: routes.place_of(order) for order in open_orders},
        )
        _compare_what_is_left(connection, sold)
        holds.convert(connection, [order_id for order_id, store_order_id in made.items() if store_order_id is not None])


def _compare_what_is_left(connection: Connection, variant_ids: Collection[str]) -> None:
    """The shop counted the sale itself; have it looked at where the rules now want another number than what is left."""
    if not variant_ids:
        return
    keys = changed_by_sales(connection, products_of_variants(connection.store_id, variant_ids))
    owner, cause = f"connection:{connection.id}", "held for orders"
    lanes.ask(connection.account_id, "stock", owner, selected(connection, keys), cause=cause, priority=lanes.URGENT)


# -- apply ----------------------------------------------------------------------------------------------------------


def apply_order(batch: OrderBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Make a store order, or move its status or address."""
    match change:
        case CreateStoreOrder():
            return _create(batch, batch.rows[change.shop_order_id], attempt)
        case SetStoreStatus():
            client = batch.store_client
            current = client.order(change.store_order_id).state  # a person may have moved it: theirs counts
            wanted = next_state(current, change.state)
            if wanted is None:
                return Made(f"status kept: {_spelled(current)}", current)
            client.set_order_status(change.store_order_id, wanted)
            return Made(f"status: {_spelled(current)} → {_spelled(wanted)}", wanted)
        case SetStoreAddress():
            order = book.order_of(batch.rows[change.shop_order_id], with_buyer=True)
            address = planning.draft_address(order, batch.preferences)
            batch.store_client.set_order_address(change.store_order_id, address)
            return Made("address set")
        case MoveStock():
            return _move_stock(batch, batch.rows[change.shop_order_id], change, attempt)
        case CancelDouble():
            return _cancel_double(batch, change)
        case _:
            return no_change(batch, change, attempt)


@dataclass(frozen=True)
class _StoreOrderMade:
    store_order_id: str
    state: StoreOrderState
    found: bool = False
    """It was there already: made by an earlier try, from what was known of the order then."""


@dataclass(frozen=True)
class _StockMoved:
    """Where the units of an order are taken from now; `location_id` "": as before, since it was refused."""

    location_id: str


def _move_stock(batch: OrderBatch, row: ShopOrderRow, change: MoveStock, attempt: Attempt) -> Made:
    """Book the units of an order over to the location it ships from. A refusal is told, and keeps nothing.

    Where an earlier try got no answer, what the location has now tells whether it was made: less by the units than
    before it.
    """
    client = batch.store_client
    taken = Made(f"stock booked from location {change.source} to {change.target}", _StockMoved(change.source))
    levels, wanted = _levels_at(batch, row, change), _wanted(change)
    before = row.moving.get("levels", {}) if row.moving.get("move") == change.once else {}
    if not attempt.first and before and all(levels.get(key, 0) <= before[key] - wanted.get(key, 0) for key in before):
        return taken
    row.moving = {"move": change.once, "levels": levels, "at": clock.now().isoformat()}
    ShopOrderRow.objects.filter(id=row.id).update(moving=row.moving)
    try:
        client.move_stock(
            change.source,
            change.target,
            products=change.products,
            variants=change.variants,
            reason=f"TikTok Shop order {row.order_id}",
        )
    except (Refused, ScopeMissing) as refused:
        return Made(f"stock not booked to its location: {refused}", _StockMoved(""))
    holds.place(batch.connection, row.order_id, change.target)
    return taken


def _wanted(change: MoveStock) -> dict[str, int]:
    of_products = {f"product {key}": units for key, units in change.products}
    return of_products | {f"variant {key}": units for key, units in change.variants}


def _levels_at(batch: OrderBatch, row: ShopOrderRow, change: MoveStock) -> dict[str, int]:
    """What the location that gives has of each product or variant of a move, as the store tells it now."""
    bearing = dict(batch.bearers[row.order_id].links.values())  # a product that is counted as such has one variant
    variants = {f"product {key}": bearing[key] for key, _units in change.products}
    variants |= {f"variant {key}": key for key, _units in change.variants}
    found = batch.store_client.inventory(variant_ids=variants.values())
    return {key: found.get(variant, {}).get(change.source, 0) for key, variant in variants.items()}


def _spelled(state: StoreOrderState) -> str:
    return state.replace("_", " ")


def _create(batch: OrderBatch, row: ShopOrderRow, attempt: Attempt) -> Made:
    connection, client = batch.connection, batch.store_client
    if found := _made_already(batch, row, attempt):
        return Made(f"found as {found.id}", _StoreOrderMade(found.id, found.state, found=True))
    facts = planning.DraftFacts(
        preferences=batch.preferences,
        channel_id=connection.channel_id,
        external_source=settings.OPERATOR.bigcommerce_app_id,
        shop_id=connection.shop.shop_id,
        links=batch.bearers[row.order_id].links,
        location=batch.routes[row.order_id].name if row.order_id in batch.routes else "",
    )
    draft = planning.draft_order(book.order_of(row, with_buyer=True), facts)
    try:
        store_order_id = client.create_order(draft, store_currency=connection.store.currency)
    except GoneFromStore as error:
        if batch.asks[row.order_id].attempts < _READINGS:
            raise _ReadFirst([line.product_id for line in draft.lines]) from error
        raise _refused(row, error) from error
    except Refused as error:
        if error.permanent:
            raise _refused(row, error) from error
        raise _creation_failed(batch, row, error.platform_message, outcome_unknown=False) from error
    except Transient as error:
        if not error.outcome_unknown:
            raise
        raise _creation_failed(batch, row, "no answer arrived", outcome_unknown=True) from error
    return Made(f"created as {store_order_id}", _StoreOrderMade(store_order_id, draft.state))


def _made_already(batch: OrderBatch, row: ShopOrderRow, attempt: Attempt) -> StoreOrder | None:
    """The store order that is there though none is on record: of a try without an answer, or of a record that was lost.

    The store is asked by our id. Where it may be our record that is not whole, TikTok is asked as well, to which we
    tell the store's id of each order: it knows archived ones too.
    """
    client = batch.store_client
    if not attempt.first and (found := client.find_orders(row.order_id)):
        return min(found, key=lambda order: (order.archived, order.created_at, len(order.id), order.id))
    if row.order_id not in batch.look_first:
        return None
    for reference in batch.shop_client.references(row.order_id):
        try:
            order = client.order(reference.store_order_id)
        except NotFound:
            continue
        if order.external_order_id == row.order_id:
            return order
    return None


_READINGS = 2
_READ_SECONDS = 15.0


class _ReadFirst(Transient):
    """The store says that a product or variant is gone: it is read again before the order is looked at again."""

    def __init__(self, product_ids: Sequence[str]) -> None:
        self.product_ids = tuple(product_ids)
        super().__init__("a product of the order is gone", wait_seconds=_READ_SECONDS, exact=True)


def _refused(row: ShopOrderRow, error: Refused) -> _NotTaken:
    first = row.failed_at or clock.now()
    return _NotTaken(error, planning.Failures(row.attempts + 1, first, None, messages.text(error)))


class _TriedAgainLater(Transient):
    """A creation that failed and is tried again at the time that its rule gives."""

    def __init__(self, failures: planning.Failures, wait_seconds: float, *, outcome_unknown: bool) -> None:
        self.failures = failures
        super().__init__(failures.reason, wait_seconds=wait_seconds, outcome_unknown=outcome_unknown, exact=True)


def _creation_failed(
    batch: OrderBatch, row: ShopOrderRow, why: str, *, outcome_unknown: bool
) -> _TriedAgainLater | _GivenUp:
    failures = planning.failed_again(
        why, before=row.attempts, first_at=row.failed_at, now=clock.now(), retry=batch.preferences.retry_orders
    )
    if failures.retry_at is None:
        return _GivenUp(why, failures, outcome_unknown=outcome_unknown)
    wait = max(0.0, (failures.retry_at - clock.now()).total_seconds())
    return _TriedAgainLater(failures, wait, outcome_unknown=outcome_unknown)


def _cancel_double(batch: OrderBatch, change: CancelDouble) -> Made:
    """Cancel a double, unless it is another now than it was when that was planned."""
    client = batch.store_client
    order = client.order(change.store_order_id)
    if order.external_order_id != change.shop_order_id or not planning.may_be_cancelled(_twin(batch, order)):
        return Made(f"left alone: it is {order.state} now")
    client.set_order_status(change.store_order_id, StoreOrderState.CANCELLED)
    return Made(f"cancelled {change.store_order_id}", StoreOrderState.CANCELLED)


def order_retry_seconds(attempt: int) -> float | None:
    """Waits after what is not a failed creation (that has exact times): quick at first, then every ten minutes."""
    return None if attempt + 1 >= MOST_TRIES else min(600.0, 3.0 * 2.0 ** min(attempt, 8))


# -- record ---------------------------------------------------------------------------------------------------------

_CREATED = (
    "store_order_id",
    "store_state",
    "creation",
    "reason",
    "failed_at",
    "attempts",
    "location_id",
    "location_why",
)
_STATE = ("store_state", "address_due", "creation", "reason", "failed_at", "attempts", "location_id", "location_why")


def record_orders(batch: OrderBatch, closed: Sequence[Closed[planning.SeenOrder]]) -> None:
    """Keep what was made and why something was not; then ask those who go on with it.

    The stock that new store orders took is held no more, TikTok is to learn their ids, and cancellations are passed on.
    """
    created: list[ShopOrderRow] = []
    moved: list[ShopOrderRow] = []
    passed_by: list[ShopOrderRow] = []
    late = clock.now() - batch.started_at > _MAY_BE_PASSED_BY
    for each in closed:
        row = batch.rows.get(each.key)
        if row is None:
            continue
        before = [getattr(row, name) for name in _STATE]
        for done in each.done:
            if isinstance(done.change, CancelDouble):
                _note_double(batch, row, done.change, done)
            elif done.made is not None and isinstance(done.made.kept, _StockMoved):
                _note_moved(batch, row, done.made.kept)
            elif done.made is not None and isinstance(done.made.kept, _StoreOrderMade):
                _note_created(row, done.made.kept.store_order_id, done.made.kept.state)
                _note_place(batch, row)
                created.append(row)
                if done.made.kept.found or late:
                    passed_by.append(row)
                if not done.made.kept.found:
                    _has_newest_address(row)
            else:
                _note_change(row, done)
        if row.store_order_id is None:
            _note_without(row, each)
        if row not in created and before != [getattr(row, name) for name in _STATE]:
            moved.append(row)
    _keep_created(batch.connection, created)
    update_rows(moved, _STATE)
    _ask_for_what_was_passed_by(batch.connection, passed_by)
    _ask_for_the_rest(batch, closed)


_MAY_BE_PASSED_BY = timedelta(minutes=1)
"""A batch that took longer may have been frozen, while webhooks and polls passed by the orders it made."""


def _has_newest_address(row: ShopOrderRow) -> None:
    """Note that the store order was made with the address on record, unless a newer one came in meanwhile."""
    if row.address_due:
        row.address_due = False
        ShopOrderRow.objects.filter(id=row.id, updated_at=row.updated_at).update(address_due=False)


def _keep_created(connection: Connection, rows: Sequence[ShopOrderRow], *more: str) -> None:
    update_rows(rows, [*_CREATED, *more])
    own.give_up(connection.store_id, [row.store_order_id for row in rows if row.store_order_id])


def _note_created(row: ShopOrderRow, store_order_id: str, state: StoreOrderState) -> None:
    row.store_order_id, row.store_state = store_order_id, state
    row.creation, row.reason = CreationState.CREATED, ""
    row.failed_at, row.attempts = None, 0


def _note_moved(batch: OrderBatch, row: ShopOrderRow, moved: _StockMoved) -> None:
    route = batch.routes.get(row.order_id)
    if moved.location_id:
        row.location_id, row.location_why = moved.location_id, route.why.value if route is not None else ""
    elif route is not None:
        row.location_id, row.location_why = row.location_id or route.drawn, Routed.SHORT.value


def _note_place(batch: OrderBatch, row: ShopOrderRow) -> None:
    """Note where an order without a move is taken from: from where the store draws it."""
    route = batch.routes.get(row.order_id)
    if route is not None and not row.location_id:
        row.location_id, row.location_why = route.drawn, route.why.value


def _note_change(row: ShopOrderRow, done: Done) -> None:
    if done.made is None:
        return
    if isinstance(done.change, SetStoreStatus):
        row.store_state = done.made.kept
    elif isinstance(done.change, SetStoreAddress):
        row.address_due = False


def _note_double(batch: OrderBatch, row: ShopOrderRow, change: CancelDouble, done: Done) -> None:
    """A store order was cancelled that nobody asked to cancel: on record for those who ask who did it."""
    if done.made is None or done.made.kept is None:
        return
    seen = StoreOrderSeen.objects.filter(store_id=batch.connection.store_id, store_order_id=change.store_order_id)
    before = seen.values_list("state", flat=True).first()
    seen.update(state=done.made.kept)
    audit.record(
        ENGINE,
        row.account_id,
        "orders.cancel_double",
        f"order:{row.order_id}",
        before={change.store_order_id: before},
        after={change.store_order_id: done.made.kept},
        detail=f"The order was made twice; {row.store_order_id} stays.",
    )


_BOOKED_SECONDS = 5.0
"""The store's inventory shows a booking after a moment (F34): an order made earlier may be refused."""


def _booking_seconds(row: ShopOrderRow) -> float:
    if not row.location_id or "at" not in row.moving or row.location_why == Routed.SHORT:
        return 0.0
    return _BOOKED_SECONDS - (clock.now() - clock.parse(row.moving["at"])).total_seconds()


def _note_without(row: ShopOrderRow, each: Closed[planning.SeenOrder]) -> None:
    """Say on an order without a store order why it has none."""
    seen, order = each.seen, each.seen.order
    failed = each.failed.error if each.failed else None
    if isinstance(failed, (_TriedAgainLater, _GivenUp, _NotTaken)):
        row.attempts, row.failed_at = failed.failures.attempts, failed.failures.failed_at
        row.creation, row.reason = CreationState.FAILED, failed.failures.reason
    elif isinstance(failed, _ReadFirst):
        row.creation, row.reason = CreationState.FAILED, "BigCommerce does not have a product of the order any more."
    elif each.failed and each.outcome.state == "parked":
        row.creation, row.reason = CreationState.FAILED, each.outcome.text
    elif order is not None and not each.done:
        decision = planning.decide(order, seen.preferences)
        if decision.verdict == "create":
            row.creation = CreationState.FAILED
            row.reason = " ".join(messages.text(found) for found in each.plan.findings)
        else:
            row.creation = CreationState.IGNORED if decision.verdict == "ignore" else CreationState.WAITING
            row.reason = decision.reason


def _ask_for_the_rest(batch: OrderBatch, closed: Sequence[Closed[planning.SeenOrder]]) -> None:
    lane = batch.lane
    with_store_order = [row.order_id for row in batch.rows.values() if row.store_order_id is not None]
    holds.convert(batch.connection, with_store_order)
    cancelled = [
        each.key for each in closed if planning.is_cancelled(each.seen) or planning.is_cancelled_in_part(each.seen)
    ]
    lanes.ask(lane.account_id, "cancellation", lane.owner, cancelled, cause="order cancelled", priority=lanes.URGENT)
    unreferenced = [
        row.order_id for row in batch.rows.values() if row.store_order_id is not None and not row.referenced
    ]
    lanes.ask(lane.account_id, "reference", lane.owner, unreferenced, cause="store order made", priority=lanes.BULK)
    lanes.ask(lane.account_id, "package", lane.owner, _with_packages(batch, closed), cause="shipped on TikTok",
              priority=lanes.URGENT)  # fmt: skip
    booked = [
        each.key
        for each in closed
        if each.seen.store_order_id is None and any(isinstance(done.change, MoveStock) for done in each.done)
    ]
    soon = clock.after(_BOOKED_SECONDS)
    lanes.ask(lane.account_id, "order", lane.owner, booked, cause="stock booked", due_at=soon, priority=lanes.URGENT)
    errors = [each.failed.error for each in closed if each.failed]
    gone = {product_id for error in errors if isinstance(error, _ReadFirst) for product_id in error.product_ids}
    owner = f"store:{batch.connection.store_id}"
    lanes.ask(lane.account_id, "product", owner, gone, cause="an order's product is gone", priority=lanes.URGENT)


def _with_packages(batch: OrderBatch, closed: Sequence[Closed[planning.SeenOrder]]) -> list[str]:
    """The orders of which packages are on their way that the store does not know, where it is to be told."""
    if batch.preferences.fulfillment_direction != packages.DIRECTION:
        return []
    rows = [row for row in batch.rows.values() if row.store_order_id is not None]
    on_record = packages.written_of(rows)
    there = {row.order_id for row in rows}
    return [
        each.key
        for each in closed
        if each.seen.order is not None
        and each.key in there
        and due(each.seen.order, on_record.get(each.key, {}).values())
    ]


INTAKE = Flow(
    "order",
    OrderBatch,
    observe_orders,
    planning.plan_order,
    apply_order,
    record_orders,
    size=100,
    queue=ORDERS,
    retry_seconds=order_retry_seconds,
)
