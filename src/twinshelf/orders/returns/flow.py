"""The return flow: what TikTok says of the returns of an order, what was decided here, and the store after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from twinshelf import messages
from twinshelf.connections.batches import UrgentBatch
from twinshelf.documents import (
    AnyChange,
    Change,
    DecideReturn,
    DecisionState,
    Money,
    PaybackState,
    Product,
    PutBackStock,
    RefundStoreOrder,
    ReturnChoice,
    ReturnDecision,
    ShopReturn,
    from_json,
)
from twinshelf.errors import NeedsPerson, NotFound, Refused, Transient
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows
from twinshelf.orders import book as orders
from twinshelf.orders.bearers import bearers_of
from twinshelf.orders.models import ReturnRow, ShopOrderRow
from twinshelf.orders.returns import book
from twinshelf.orders.returns import plan as planning
from twinshelf.orders.returns.status import carried_out
from twinshelf.sync import lanes
from twinshelf.sync.flows import ORDERS, Attempt, Closed, Done, Flow, Made, no_change

BUSY_TRIES, BUSY_SECONDS = 3, 20.0
"""A refund that was quoted and then refused: the store may be busy with another one of the order."""


@dataclass
class ReturnBatch(UrgentBatch):
    """A batch of orders whose returns are looked at, with our rows of them by return id."""

    rows: dict[str, ReturnRow] = field(default_factory=dict)


def observe_returns(batch: ReturnBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenReturns]:
    """Read the returns of these orders, and of those that the store must follow its order, refunds and stock."""
    by_order: dict[str, dict[str, ShopReturn]] = {}
    for page in batch.shop_client.return_pages(order_ids=keys):
        for request in page.rows:
            by_order.setdefault(request.order_id, {})[request.id] = request
    every = [request for some in by_order.values() for request in some.values()]
    batch.rows.update(book.keep_returns(batch.connection, every, write=not batch.preview))
    _read_more(batch)
    known = ShopOrderRow.objects.filter(connection=batch.connection, order_id__in=list(by_order))
    rows = {row.order_id: row for row in known.exclude(store_order_id=None)}
    return {
        key: _seen(batch, key, rows.get(key), [batch.rows[return_id] for return_id in sorted(by_order[key])])
        for key in keys
        if key in by_order
    }


def _read_more(batch: ReturnBatch) -> None:
    """Read the history of those that changed, and what may be decided about those that wait for the seller."""
    stale = [row for row in batch.rows.values() if row.read_at != row.updated_at]
    waiting = [row for row in batch.rows.values() if row.decision_state == DecisionState.WAITING and row not in stale]
    for row in stale:
        row.story = book.sealed_story(row, batch.shop_client.return_records(row.return_id))
        row.read_at = row.updated_at
    for row in (*stale, *waiting):
        choices = batch.shop_client.return_choices(row.return_id) if row.deadline is not None else ()
        row.offered = msgspec.to_builtins(choices)
    if not batch.preview:
        book.keep_told([*stale, *waiting])


def _seen(
    batch: ReturnBatch, order_id: str, order_row: ShopOrderRow | None, rows: Sequence[ReturnRow]
) -> planning.SeenReturns:
    each = tuple(_seen_return(batch, order_id, row) for row in rows)
    preferences = batch.preferences
    wants = any(planning.wants_refund(one, preferences) or planning.wants_stock(one, preferences) for one in each)
    unsure = any(one.stock_state is PaybackState.UNSURE for one in each)
    seen = planning.SeenReturns(order_id, each, preferences)
    if order_row is None or order_row.store_order_id is None or not (wants or unsure):
        return seen
    side = _store_side(batch, order_row, order_row.store_order_id)
    if side is None:
        return seen
    return _with_stock(batch, planning.SeenReturns(order_id, each, preferences, side))


def _seen_return(batch: ReturnBatch, order_id: str, row: ReturnRow) -> planning.SeenReturn:
    decided = None
    if row.decision and row.decision_state:
        amount = Money(row.decision_amount, row.currency) if row.decision_amount is not None else None
        decided = planning.Decided(
            ReturnDecision(row.decision), DecisionState(row.decision_state), row.decision_reason,
            row.decision_comment, amount, row.decision_answer,
        )  # fmt: skip
    return planning.SeenReturn(
        book.return_of(row),
        choices=tuple(msgspec.convert(row.offered, tuple[ReturnChoice, ...])),
        decided=decided,
        refund_state=PaybackState(row.refund_state),
        refund_id=row.store_refund_id,
        stock_state=PaybackState(row.stock_state),
        restock=row.restock,
        sent_back=row.sent_back,
        stock_before=row.stock_before,
        stock_tried=(order_id, f"stock {row.return_id}") in batch.attempted,
    )


def _store_side(batch: ReturnBatch, row: ShopOrderRow, store_order_id: str) -> planning.StoreSide | None:
    client = batch.store_client
    try:
        store_order = client.order(store_order_id)
    except NotFound:
        return None
    order = orders.order_of(row)
    links = bearers_of(batch.connection, [(row, order)])[row.order_id].links
    variants = {unit: links[line.sku_id] for line in order.lines if line.sku_id in links for unit in line.unit_ids}
    products = StoreProduct.objects.filter(
        store_id=batch.connection.store_id, product_id__in={product_id for product_id, _variant in variants.values()}
    )
    documents = [from_json(bytes(each.document), Product) for each in products.only("document")]
    return planning.StoreSide(
        store_order,
        client.order_items(store_order_id),
        client.refunds(store_order_id, store_order.total_inc_tax.currency),
        variants,
        {product.id: product.tracking for product in documents},
    )


def _with_stock(batch: ReturnBatch, seen: planning.SeenReturns) -> planning.SeenReturns:
    """With the units that the store holds now of what comes back; kept, so that a lost answer can be judged by it."""
    wanting = [one for one in seen.returns if planning.wants_stock(one, seen.preferences)]
    variants = sorted({each.variant_id for one in wanting for each in planning.units_back(seen, one)})
    if not variants:
        return seen
    stock = batch.store_client.inventory(variant_ids=variants)
    now = {variant: levels[_DEFAULT] for variant, levels in stock.items() if _DEFAULT in levels}
    found, changed = [], []
    for one in seen.returns:
        if one not in wanting:
            found.append(one)
            continue
        row = batch.rows[one.request.id]
        if not one.stock_tried and row.stock_before != now:
            row.stock_before = now
            changed.append(row)
        found.append(replace(one, stock_before=row.stock_before, stock_now=now))
    if not batch.preview:
        update_rows(changed, ["stock_before"])
    return planning.SeenReturns(seen.order_id, tuple(found), seen.preferences, seen.store)


def apply_return(batch: ReturnBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Decide at TikTok, or follow in the store. Each looks first where an earlier try may have had an effect."""
    match change:
        case DecideReturn():
            if not attempt.first and _is_carried_out(batch, change):
                return Made("was decided already")
            batch.shop_client.decide_return(
                change.return_id, change.decision, attempt.token,
                reason=change.reason, comment=change.comment, amount=change.amount,
            )  # fmt: skip
            return Made(f"decided at TikTok Shop: {change.decision.replace('_', ' ').lower()}")
        case RefundStoreOrder():
            return _refund(batch, change, attempt)
        case PutBackStock():
            batch.store_client.add_stock(change.units, reason=planning.marker(change.return_id))
            return Made("added to the stock in BigCommerce")
        case _:
            return no_change(batch, change, attempt)


def _is_carried_out(batch: ReturnBatch, change: DecideReturn) -> bool:
    order_id = batch.rows[change.return_id].order_id
    pages = batch.shop_client.return_pages(order_ids=[order_id])
    return any(
        request.id == change.return_id and carried_out(change.decision, request)
        for page in pages
        for request in page.rows
    )


def _refund(batch: ReturnBatch, change: RefundStoreOrder, attempt: Attempt) -> Made:
    client, currency = batch.store_client, change.total.currency
    if not attempt.first:
        known = planning.refund_named(client.refunds(change.store_order_id, currency), change.return_id)
        if known is not None:
            return Made("was refunded already", known.id)
    try:
        quote = client.quote_refund(change.store_order_id, change.items, currency)
        if not quote.offline:
            raise NeedsPerson("E-RET-METHOD", amount=change.total)
        made = client.refund(change.store_order_id, change.items, quote, total=change.total, tax=change.tax)
    except Refused as refused:
        order_id = batch.rows[change.return_id].order_id
        if batch.asks[order_id].attempts < BUSY_TRIES:
            raise Transient(str(refused), wait_seconds=BUSY_SECONDS, exact=True) from refused
        raise NeedsPerson("E-RET-REFUND", amount=change.total, answer=refused.platform_message) from refused
    return Made(f"refunded {change.total} in BigCommerce", made.id)


_DECIDED = (
    "decision_state", "decision_answer", "refund_state", "store_refund_id", "stock_state", "restock",
)  # fmt: skip


def record_returns(batch: ReturnBatch, closed: Sequence[Closed[planning.SeenReturns]]) -> None:
    """Keep what was decided, refunded and added. What was just decided is looked at again for its result."""
    changed: dict[str, ReturnRow] = {}
    for each in closed:
        for one in each.seen.returns:
            row = batch.rows[one.request.id]
            if _take(row, planning.settled(each.seen, one)) | _refuse(row, each) | _doubt(row, one, each):
                changed[row.return_id] = row
        for done in each.done:
            row = batch.rows[done.change.return_id]  # type: ignore[union-attr]  # all changes of this lane name one
            if _note(row, done):
                changed[row.return_id] = row
    update_rows(list(changed.values()), _DECIDED)
    lane = batch.lane
    decided = [each.key for each in closed if _made(each, DecideReturn)]
    lanes.ask(lane.account_id, lane.kind, lane.owner, decided, cause="decided at TikTok", due_at=clock.after(1))
    # A store takes one refund of an order at a time.
    more = [each.key for each in closed if _made(each, RefundStoreOrder)]
    lanes.ask(lane.account_id, lane.kind, lane.owner, more, cause="refunded", due_at=clock.after(BUSY_SECONDS))


def _made(each: Closed[planning.SeenReturns], kind: type[Change]) -> bool:
    return any(done.made is not None and isinstance(done.change, kind) for done in each.done)


def _note(row: ReturnRow, done: Done) -> bool:
    """Keep what came of a call; whether there is anything to keep."""
    match done.change:
        case DecideReturn() if done.made is not None:
            row.decision_state, row.decision_answer = DecisionState.DONE, ""
        case DecideReturn() if isinstance(done.error, Refused):
            row.decision_state, row.decision_answer = DecisionState.REFUSED, messages.text(done.error)
        case RefundStoreOrder() if done.made is not None:
            row.refund_state, row.store_refund_id = PaybackState.DONE, done.made.kept
        case PutBackStock() if done.made is not None:
            row.stock_state = PaybackState.DONE
        case _:
            return False
    return True


def _refuse(row: ReturnRow, each: Closed[planning.SeenReturns]) -> bool:
    """A decision that TikTok does not take any more is over, so that another can be taken."""
    if row.decision_state != DecisionState.WAITING:
        return False
    told = any(found.code == "E-RET-STATE" and found.facts["number"] == row.return_id for found in each.plan.findings)
    if told:
        row.decision_state, row.decision_answer = DecisionState.REFUSED, ""
    return told


def _doubt(row: ReturnRow, one: planning.SeenReturn, each: Closed[planning.SeenReturns]) -> bool:
    """A call that added stock, whose outcome nobody can tell, is not made again: a person looks."""
    doubtful = one.stock_tried and not row.stock_state and planning.wants_stock(one, each.seen.preferences)
    if doubtful:
        row.stock_state = PaybackState.UNSURE
    return doubtful


def _take(row: ReturnRow, known: planning.Settled) -> bool:
    if known.decision is not None:
        row.decision_state, row.decision_answer = known.decision, ""
    if known.refund is not None:
        row.refund_state, row.store_refund_id = known.refund, known.refund_id
    if known.stock is not None:
        row.stock_state = known.stock
    if known.restock is not None:
        row.restock = known.restock
    return known != planning.Settled()


_DEFAULT = "1"
"""The location that orders draw from, in every store."""


RETURNS = Flow(
    "return", ReturnBatch, observe_returns, planning.plan_returns, apply_return, record_returns, size=50, queue=ORDERS
)
