"""The cancellation flow: what one side cancelled is passed on to the other, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from twinshelf import messages
from twinshelf.connections.batches import UrgentBatch
from twinshelf.documents import (
    AnswerCancellation,
    AnyChange,
    CancellationOrigin,
    CancellationRequest,
    CancellationState,
    CancelShopOrder,
    CancelStoreOrder,
    CreationState,
    DecisionState,
    Finding,
    ShopOrder,
    ShopOrderStatus,
    StoreOrder,
    StoreOrderState,
)
from twinshelf.errors import NotFound, Refused
from twinshelf.goods import holds
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows
from twinshelf.orders import book
from twinshelf.orders.bearers import links_of
from twinshelf.orders.cancellations import plan as planning
from twinshelf.orders.models import CancellationRow, CancelRequestRow, ShopOrderRow
from twinshelf.orders.oversold import book as oversold
from twinshelf.orders.status import DISPATCHED, next_state
from twinshelf.sync import lanes, problems
from twinshelf.sync.flows import ORDERS, Attempt, Closed, Done, Flow, Made, Signal, no_change


@dataclass
class CancellationBatch(UrgentBatch):
    """A batch of orders whose cancellation is looked at, with our rows of them by order id."""

    rows: dict[str, ShopOrderRow] = field(default_factory=dict)
    records: dict[str, CancellationRow] = field(default_factory=dict)
    asked: dict[str, list[CancelRequestRow]] = field(default_factory=dict)
    """Our rows of the requests of these orders that wait for an answer, by order id."""
    requests: dict[str, list[CancellationRequest]] = field(default_factory=dict)
    """What TikTok says of the cancellations of orders that were cancelled whole or in part, by order id."""


def observe_cancellations(batch: CancellationBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenCancellation]:
    """Read both sides of these orders, and keep where a cancellation began that is seen for the first time."""
    known = ShopOrderRow.objects.filter(connection=batch.connection, order_id__in=list(keys))
    ids = list(known.values_list("order_id", flat=True))
    orders = {order.id: order for order in batch.shop_client.orders(ids)} if ids else {}
    kept = book.keep_orders(batch.connection, orders.values(), write=not batch.preview)
    batch.rows.update({key: entry.row for key, entry in kept.items()})
    records = CancellationRow.objects.filter(order__in=[row.id for row in batch.rows.values()])
    batch.records.update({record.order.order_id: record for record in records.select_related("order")})
    waiting = CancelRequestRow.objects.filter(order__in=[row.id for row in batch.rows.values()], waiting=True)
    doubtful = set(waiting.values_list("order__order_id", flat=True))
    wanted = [o for o in orders.values() if _partly(o) or o.id in doubtful or _unexplained(batch, o)]
    batch.requests.update(_requests(batch, wanted))
    _keep_requests(batch)
    _read_reasons(batch, orders)
    seen = {key: _seen(batch, orders[key]) for key in ids if key in orders}
    return {key: each for key, each in seen.items() if each is not None}


def _seen(batch: CancellationBatch, order: ShopOrder) -> planning.SeenCancellation | None:
    """Both sides of one order; None where nobody cancelled it."""
    row, record = batch.rows[order.id], batch.records.get(order.id)
    store_order = _store_order(batch, row)
    sides = planning.Sides(
        shop_order_id=order.id,
        shop_status=order.status,
        store_order_id=store_order.id if store_order else None,
        store_state=store_order.state if store_order else None,
        origin=CancellationOrigin(record.origin) if record else None,
        refused=bool(record and record.state == CancellationState.REFUSED),
    )
    _ask_for_shipments(batch, order, store_order)
    origin = planning.origin_of(sides)
    _note_unavailable(batch, order, origin)
    if origin is None:
        part, answers = _part(batch, row, order, store_order), _answers(batch, order.id)
        found = part is not None or answers
        return planning.SeenCancellation(sides, batch.preferences, answers=answers, part=part) if found else None
    if record is None and not batch.preview:
        record, _ = CancellationRow.objects.get_or_create(
            account_id=row.account_id, order=row, defaults={"origin": origin}
        )
        batch.records[order.id] = record
    if record is not None and origin is CancellationOrigin.SHOP and not record.reason and not batch.preview:
        record.reason = next((each.reason for each in batch.requests.get(order.id, ()) if each.reason), "")[:200]
        update_rows([record], ["reason"])
    reasons: Sequence[str] = ()
    if planning.asks_shop(sides):
        reasons = batch.shop_client.cancel_reasons(order.id)
    return planning.SeenCancellation(
        sides, batch.preferences, tuple(reasons), record.reason if record else "", answers=_answers(batch, order.id)
    )


def _keep_requests(batch: CancellationBatch) -> None:
    """Keep what TikTok says of the requests to cancel, and the reasons to decline those that wait for us."""
    for order_id, requests in batch.requests.items():
        row = batch.rows[order_id]
        known = {each.cancel_id: each for each in CancelRequestRow.objects.filter(order=row)}
        kept = []
        for request in requests:
            each = known.get(request.id) or CancelRequestRow(account_id=row.account_id, order=row, cancel_id=request.id)
            if each.updated_at is not None and request.updated_at is not None and request.updated_at < each.updated_at:
                continue
            if request.awaiting_us and not each.reasons:
                each.reasons = [list(reason) for reason in batch.shop_client.reject_reasons(request.id)]
            each.status, each.waiting, each.deadline = request.status, request.awaiting_us, request.deadline
            each.reason = (request.reason_text or planning.reason_words(request.reason))[:300]
            each.updated_at = request.updated_at
            if not each.waiting and each.state == DecisionState.WAITING:  # somebody answered it
                each.state = DecisionState.DONE.value
            if not batch.preview:
                each.save()
            kept.append(each)
        batch.asked[order_id] = [each for each in kept if each.waiting]


def _answers(batch: CancellationBatch, order_id: str) -> tuple[AnswerCancellation, ...]:
    return tuple(
        AnswerCancellation(
            shop_order_id=order_id, cancel_id=each.cancel_id, grant=each.answer == "grant", reason=each.answer_reason
        )
        for each in batch.asked.get(order_id, ())
        if each.state == DecisionState.WAITING
    )


def _read_reasons(batch: CancellationBatch, orders: Mapping[str, ShopOrder]) -> None:
    """Read TikTok's reasons to cancel those orders for which somebody asked for them."""
    changed = []
    for order_id, order in orders.items():
        row = batch.rows[order_id]
        if row.reasons_asked_at is None or row.cancel_reasons is not None or batch.preview:
            continue
        row.cancel_reasons = list(batch.shop_client.cancel_reasons(order.id))
        row.reasons_for = row.status
        changed.append(row)
    update_rows(changed, ["cancel_reasons", "reasons_for"])


def _partly(order: ShopOrder) -> bool:
    """Whether a part of an order was, or may have been, cancelled."""
    some = any(line.cancelled for line in order.lines)
    return order.status is not ShopOrderStatus.CANCELLED and (some or order.buyer_wants_cancel)


def _unexplained(batch: CancellationBatch, order: ShopOrder) -> bool:
    """Whether an order was cancelled at TikTok and we have not read why."""
    record = batch.records.get(order.id)
    begun_there = record is None or (record.origin == CancellationOrigin.SHOP and not record.reason)
    return order.status is ShopOrderStatus.CANCELLED and begun_there


def _note_unavailable(batch: CancellationBatch, order: ShopOrder, origin: CancellationOrigin | None) -> None:
    """Keep what of an order is not to be had, as TikTok or somebody here said; BigCommerce says nothing of it."""
    if batch.preview or origin is CancellationOrigin.STORE:
        return
    record = batch.records.get(order.id)
    chosen = record.reason if record is not None and origin is CancellationOrigin.APP else ""
    units = planning.unavailable_units(order, batch.requests.get(order.id, ()), chosen)
    if units:
        oversold.note(batch.rows[order.id], units)


def _requests(batch: CancellationBatch, orders: Sequence[ShopOrder]) -> dict[str, list[CancellationRequest]]:
    """TikTok's cancellations of these orders: usually none, and then no call."""
    found: dict[str, list[CancellationRequest]] = {order.id: [] for order in orders}
    if orders:
        for page in batch.shop_client.cancellation_pages(order_ids=list(found)):
            for request in page.rows:
                found.setdefault(request.order_id, []).append(request)
    return found


def _part(
    batch: CancellationBatch, row: ShopOrderRow, order: ShopOrder, store_order: StoreOrder | None
) -> Finding | None:
    """What TikTok cancelled of an order while its store order still asks for it; None if there is no such thing."""
    if store_order is None or store_order.state in _OVER:
        return None
    cancelled = planning.cancelled_units(order, batch.requests.get(order.id, ()))
    if not cancelled:
        return None
    items = batch.store_client.order_items(store_order.id)
    return planning.still_asked_for(order, cancelled, items, links_of(batch.connection, row, order))


_OVER = frozenset({StoreOrderState.CANCELLED, StoreOrderState.REFUNDED, StoreOrderState.DECLINED})
"""States of a store order of which nothing is sent any more."""


def _ask_for_shipments(batch: CancellationBatch, order: ShopOrder, store_order: StoreOrder | None) -> None:
    """Have an order looked at that the store says it shipped, where the shop waits for that.

    And one of which is told that it was shipped though cancelled, once a person changed it in the store. Where we
    cancel it there by ourselves, that stays told until somebody looks.
    """
    if batch.preview or store_order is None:
        return
    lane = batch.lane
    waits = store_order.state in DISPATCHED and order.status.shippable
    if order.status is ShopOrderStatus.CANCELLED and not batch.preferences.cancel_tts_to_bc:
        waits = order.id in problems.open_keys(lane.account_id, lane.owner, "E-FUL-CANCELLED")
    if waits:
        lanes.ask(
            lane.account_id, "shipment", lane.owner, [order.id], cause="changed in BigCommerce", priority=lanes.URGENT
        )


def _store_order(batch: CancellationBatch, row: ShopOrderRow) -> StoreOrder | None:
    if row.store_order_id is None:
        return None
    try:
        found = batch.store_client.order(row.store_order_id)
    except NotFound:
        return None
    row.store_state = found.state
    if not batch.preview:
        row.save(update_fields=["store_state"])
    return found


def apply_cancellation(batch: CancellationBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Tell the other side. Both read first where a repeat could do harm."""
    match change:
        case CancelStoreOrder():
            client = batch.store_client
            current = client.order(change.store_order_id).state
            if next_state(current, StoreOrderState.CANCELLED) is None:
                return Made("cancelled in BigCommerce", current)
            client.set_order_status(change.store_order_id, StoreOrderState.CANCELLED)
            return Made("cancelled in BigCommerce", StoreOrderState.CANCELLED)
        case CancelShopOrder():
            shop = batch.shop_client
            if not attempt.first and [o.status for o in shop.orders([change.shop_order_id])] == [
                ShopOrderStatus.CANCELLED
            ]:
                return Made("was cancelled already", CancellationState.DONE)
            shop.cancel_order(change.shop_order_id, change.reason)
            return Made(f"cancelled at TikTok Shop: {planning.reason_words(change.reason)}")
        case AnswerCancellation():
            shop = batch.shop_client
            if not attempt.first and not _awaits_answer(batch, change):
                return Made("was answered already")
            if change.grant:
                shop.approve_cancellation(change.cancel_id, attempt.token)
                return Made("granted at TikTok Shop")
            shop.reject_cancellation(change.cancel_id, change.reason, attempt.token)
            return Made("declined at TikTok Shop")
        case _:
            return no_change(batch, change, attempt)


def _awaits_answer(batch: CancellationBatch, change: AnswerCancellation) -> bool:
    pages = batch.shop_client.cancellation_pages(order_ids=[change.shop_order_id])
    return any(request.id == change.cancel_id and request.awaiting_us for page in pages for request in page.rows)


def _is_cancelled(orders: Sequence[ShopOrder]) -> bool:
    return [order.status for order in orders] == [ShopOrderStatus.CANCELLED]


def record_cancellations(batch: CancellationBatch, closed: Sequence[Closed[planning.SeenCancellation]]) -> None:
    """Keep how far each cancellation got; what it held of the stock is free if no store order took it."""
    connection = batch.connection
    rows: list[ShopOrderRow] = []
    records: list[CancellationRow] = []
    again: list[str] = []
    back: set[str] = set()
    for each in closed:
        row = batch.rows[each.key]
        record = batch.records.get(each.key)
        if any(_note_answer(batch, each.key, done) for done in each.done):
            again.append(each.key)
        if record is None:  # only a part of it was cancelled, or a request was answered
            if each.seen.part is not None:
                back.update(_products_of(row))
            continue
        before = record.state
        record.state = _state(each, before)
        if record.state != before:
            records.append(record)
            if each.seen.sides.shop_status is ShopOrderStatus.CANCELLED:
                back.update(_products_of(row))
        for done in each.done:
            if done.made is not None and isinstance(done.change, CancelStoreOrder):
                row.store_state = done.made.kept
                rows.append(row)
            if done.made is not None and isinstance(done.change, CancelShopOrder):
                again.append(each.key)
        if each.seen.sides.shop_status is ShopOrderStatus.CANCELLED and each.seen.sides.store_order_id is None:
            row.creation, row.reason = CreationState.IGNORED, "Cancelled before it was imported."
            rows.append(row)
    update_rows(records, ["state"])
    update_rows(rows, ["store_state", "creation", "reason"])
    holds.release(connection, [each.key for each in closed if each.seen.sides.shop_status is ShopOrderStatus.CANCELLED])
    lane, due = batch.lane, clock.after(1)
    lanes.ask(
        lane.account_id, "stock", lane.owner, back, cause="cancelled at TikTok", priority=lanes.URGENT,
        signals=Signal.CANCELLED,
    )  # fmt: skip
    lanes.ask(lane.account_id, "cancellation", lane.owner, again, cause="cancelled at TikTok", due_at=due)


def _products_of(row: ShopOrderRow) -> set[str]:
    """The products of an order: the shop may have put their units on offer again."""
    return {product_id for product_id, _variant_id in row.bearers.values()}


def _note_answer(batch: CancellationBatch, order_id: str, done: Done) -> bool:
    """Keep what came of an answer; whether TikTok took it, so that the order is to be looked at again."""
    if not isinstance(done.change, AnswerCancellation):
        return False
    row = next(each for each in batch.asked[order_id] if each.cancel_id == done.change.cancel_id)
    if done.made is not None:
        row.state, row.refusal = DecisionState.DONE.value, ""
    elif isinstance(done.error, Refused):
        row.state, row.refusal = DecisionState.REFUSED.value, messages.text(done.error)
    else:
        return False
    update_rows([row], ["state", "refusal"])
    return done.made is not None


def _state(each: Closed[planning.SeenCancellation], before: str) -> str:
    if each.failed is not None:
        refused = isinstance(each.failed.error, Refused) and isinstance(each.failed.change, CancelShopOrder)
        return CancellationState.REFUSED if refused else before
    if each.plan.findings:
        return CancellationState.REFUSED
    for done in each.done:
        if isinstance(done.change, CancelShopOrder) and done.made and done.made.kept is None:
            return before  # the next look says whether it took effect
    return CancellationState.DONE


CANCELLATIONS = Flow(
    "cancellation",
    CancellationBatch,
    observe_cancellations,
    planning.plan,
    apply_cancellation,
    record_cancellations,
    size=50,
    queue=ORDERS,
)
