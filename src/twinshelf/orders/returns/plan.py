"""What follows from the returns of one order: decisions to send, money and stock to follow in the store. Pure.

The order is the key, since a store takes one refund of an order at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    AnyChange,
    DecideReturn,
    DecisionState,
    Finding,
    Money,
    PaybackState,
    Plan,
    PutBackStock,
    RefundItem,
    RefundStoreOrder,
    ReturnChoice,
    ReturnDecision,
    ShopReturn,
    StockUnits,
    StoreOrder,
    StoreOrderItem,
    StoreOrderState,
    StoreRefund,
    Tracking,
    finding,
)
from twinshelf.orders.returns.status import came_back, carried_out, paid_back


@dataclass(frozen=True)
class Decided:
    """A decision made here. `answer`: why TikTok refused it, where it did."""

    decision: ReturnDecision
    state: DecisionState = DecisionState.WAITING
    reason: str = ""
    comment: str = ""
    amount: Money | None = None
    answer: str = ""


@dataclass(frozen=True)
class SeenReturn:
    """One return as just read, with what we know of it.

    `choices` is what TikTok takes now. `restock` is a person's choice for this return, None: as preferred.
    `sent_back`: it was seen on its way back before. `stock_before` and `stock_now`: units of its variants at the
    default location before the call that adds what came back, and now; None where none comes back.
    `stock_tried`: that call was made, and its outcome is not known.
    """

    request: ShopReturn
    choices: tuple[ReturnChoice, ...] = ()
    decided: Decided | None = None
    refund_state: PaybackState = PaybackState.NONE
    refund_id: str = ""
    stock_state: PaybackState = PaybackState.NONE
    restock: bool | None = None
    sent_back: bool = False
    stock_before: Mapping[str, int] | None = None
    stock_now: Mapping[str, int] | None = None
    stock_tried: bool = False


@dataclass(frozen=True)
class StoreSide:
    """The store order of a TikTok order with its lines and refunds.

    `variants`: TikTok unit id → (product id, variant id). `tracking`: what the store counts, by product id.
    """

    order: StoreOrder
    items: tuple[StoreOrderItem, ...]
    refunds: tuple[StoreRefund, ...]
    variants: Mapping[str, tuple[str, str]]
    tracking: Mapping[str, Tracking]


@dataclass(frozen=True)
class SeenReturns:
    """All returns of one order. `store` None: nothing is to be done in the store, or the order is not there."""

    order_id: str
    returns: tuple[SeenReturn, ...]
    preferences: Preferences
    store: StoreSide | None = None


def wants_refund(seen: SeenReturn, preferences: Preferences) -> bool:
    """Whether the store is to record what TikTok paid back."""
    return preferences.refund_returns and not seen.refund_state and paid_back(seen.request)


def wants_stock(seen: SeenReturn, preferences: Preferences) -> bool:
    """Whether the store is to have what came back on its shelf again: by this return's choice, else as preferred."""
    chosen = preferences.restock_returns if seen.restock is None else seen.restock
    return chosen and not seen.stock_state and came_back(seen.request, shipped=seen.sent_back)


def marker(return_id: str) -> str:
    """By which a refund in the store is known as that of a return."""
    return f"{_MARKED}{return_id}"


_MARKED = "TikTok return "


@dataclass(frozen=True)
class Settled:
    """What is known of a return without a call. None: nothing new."""

    decision: DecisionState | None = None
    refund: PaybackState | None = None
    refund_id: str = ""
    stock: PaybackState | None = None
    restock: bool | None = None
    """What was preferred when the goods came back: a later preference moves no goods that somebody has put away."""


def settled(seen: SeenReturns, one: SeenReturn) -> Settled:
    """What the reading says is done already: decisions that took effect, refunds and stock that are there."""
    decision = refund = stock = restock = None
    refund_id = ""
    if one.restock is None and came_back(one.request, shipped=one.sent_back):
        restock = seen.preferences.restock_returns
    if one.decided is not None and one.decided.state is DecisionState.WAITING:
        decision = DecisionState.DONE if carried_out(one.decided.decision, one.request) else None
    if wants_refund(one, seen.preferences) and seen.store is not None:
        if (known := _refunds(seen).get(one.request.id)) is not None:
            refund, refund_id = PaybackState.DONE, known.id
        elif seen.store.order.state in _NEVER_PAID:
            refund = PaybackState.NOT_NEEDED
    if seen.store is not None and wants_stock(one, seen.preferences):
        if not units_back(seen, one):
            stock = PaybackState.NOT_NEEDED
        elif one.stock_tried and _was_added(seen, one):
            stock = PaybackState.DONE
    return Settled(decision, refund, refund_id, stock, restock)


_NEVER_PAID = frozenset({StoreOrderState.CANCELLED, StoreOrderState.DECLINED})
"""States of a store order that counts for nothing: there is no money in it to give back."""


def _refunds(seen: SeenReturns) -> Mapping[str, StoreRefund]:
    """The refunds of the returns that want one, by return id: those that name it, else one that somebody made by hand.

    One by hand is of the same sum, younger than the request, and stands for one return only.
    """
    if seen.store is None:
        return {}
    taken = {one.refund_id for one in seen.returns}
    free = [refund for refund in seen.store.refunds if refund.id not in taken]
    found: dict[str, StoreRefund] = {}
    waiting = [one.request for one in seen.returns if wants_refund(one, seen.preferences)]
    for request in waiting:
        named = refund_named(free, request.id)
        if named is not None:
            found[request.id] = named
            free.remove(named)
    by_hand = [refund for refund in free if _MARKED not in refund.reason]
    for request in waiting:
        like = (r for r in by_hand if r.total.same_as(request.refund.total) and r.created_at >= request.created_at)
        if request.id not in found and (made := next(like, None)) is not None:
            found[request.id] = made
            by_hand.remove(made)
    return found


def refund_named(refunds: Iterable[StoreRefund], return_id: str) -> StoreRefund | None:
    """The refund that names a return; None if none does."""
    named = re.compile(rf"{_MARKED}{re.escape(return_id)}(?!\w)")
    return next((refund for refund in refunds if named.search(refund.reason)), None)


def units_back(seen: SeenReturns, one: SeenReturn) -> tuple[StockUnits, ...]:
    """What a return brings back, as far as the store counts it."""
    if seen.store is None:
        return ()
    variants, tracking = seen.store.variants, seen.store.tracking
    counts = Counter(variants[line.unit_id] for line in one.request.lines if line.unit_id in variants)
    return tuple(
        StockUnits(
            product_id=product_id,
            variant_id=variant_id,
            quantity=number,
            by_product=tracking[product_id] == "product",
        )
        for (product_id, variant_id), number in sorted(counts.items())
        if tracking.get(product_id, "none") != "none"
    )


def _was_added(seen: SeenReturns, one: SeenReturn) -> bool:
    before, now = one.stock_before or {}, one.stock_now or {}
    units = units_back(seen, one)
    return bool(units) and all(
        each.variant_id in before and now.get(each.variant_id) == before[each.variant_id] + each.quantity
        for each in units
    )


def plan_returns(seen: SeenReturns) -> Plan:
    """What to tell TikTok of the returns of an order, and how the store follows: one refund at a time.

    A refund comes to exactly what TikTok gave back, or is told as a problem. Stock is added by one call: where nobody
    can tell what came of it, a person looks, since adding it twice would sell what is not there.
    """
    changes: list[AnyChange] = []
    findings: list[Finding] = []
    refunding = False
    for one in seen.returns:
        known = settled(seen, one)
        if one.decided is not None and known.decision is None:
            _add(changes, findings, _decision(one, one.decided))
        if seen.store is None:
            continue
        if wants_refund(one, seen.preferences) and known.refund is None and not refunding:
            planned = _refund(seen.store, one)
            refunding = isinstance(planned, RefundStoreOrder)
            _add(changes, findings, planned)
        if wants_stock(one, seen.preferences) and known.stock is None:
            _add(changes, findings, _stock(seen, one))
        if one.stock_state is PaybackState.UNSURE:
            findings.append(_unsure(one))
    return Plan(key=seen.order_id, changes=tuple(changes), findings=tuple(findings))


def _add(changes: list[AnyChange], findings: list[Finding], planned: AnyChange | Finding | None) -> None:
    if isinstance(planned, Finding):
        findings.append(planned)
    elif planned is not None:
        changes.append(planned)


def _decision(one: SeenReturn, decided: Decided) -> DecideReturn | Finding | None:
    if decided.state is DecisionState.REFUSED and one.request.deadline is not None:
        return finding("E-RET-REFUSED", number=one.request.id, answer=decided.answer)
    if decided.state is not DecisionState.WAITING:
        return None
    if decided.decision not in {choice.decision for choice in one.choices}:
        return finding("E-RET-STATE", number=one.request.id)
    return DecideReturn(
        return_id=one.request.id,
        decision=decided.decision,
        reason=decided.reason,
        comment=decided.comment,
        amount=decided.amount,
    )


def _refund(store: StoreSide, one: SeenReturn) -> RefundStoreOrder | Finding:
    total, tax = one.request.refund.total, one.request.refund.tax
    in_store = store.order.total_inc_tax
    if in_store.currency != total.currency:
        return finding("E-RET-CURRENCY", amount=total, currency=in_store.currency)
    left = in_store - Money.total((refund.total for refund in store.refunds), in_store.currency)
    if left < total:
        return finding("E-RET-LEFT", amount=total, left=left.rounded())
    return RefundStoreOrder(
        store_order_id=store.order.id,
        return_id=one.request.id,
        items=refund_items(store, one.request),
        total=total,
        tax=tax,
    )


def refund_items(store: StoreSide, request: ShopReturn) -> tuple[RefundItem, ...]:
    """What a refund is of: the units, where all of their price goes back, else an amount of the order.

    A buyer who gets a part of the money keeps the goods: no unit is counted as refunded then.
    """
    reason = marker(request.id)
    whole = Money.total((line.refund for line in request.lines), request.refund.total.currency)
    amount = (RefundItem(item_id=store.order.id, amount=request.refund.total, reason=reason),)
    if request.refund.total < whole or not request.lines:
        return amount
    wanted = Counter(store.variants.get(line.unit_id, ("", ""))[1] for line in request.lines)
    found = []
    for item in store.items:
        number = min(wanted[item.variant_id], item.asked_for)
        if number:
            found.append(RefundItem(item_id=item.id, quantity=number, reason=reason))
            wanted[item.variant_id] -= number
    return tuple(found) if not +wanted else amount


def _stock(seen: SeenReturns, one: SeenReturn) -> PutBackStock | Finding:
    if one.stock_tried:
        return _unsure(one)
    return PutBackStock(return_id=one.request.id, units=units_back(seen, one))


def _unsure(one: SeenReturn) -> Finding:
    codes = Counter(line.seller_sku or line.title for line in one.request.lines)
    return finding("E-RET-STOCK", units=", ".join(f"{number} × {code}" for code, number in sorted(codes.items())))
