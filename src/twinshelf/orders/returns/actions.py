"""What may be done to returns: sync, decide, and say that the store is in order."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from django.db import transaction

from twinshelf.accounts.actors import Actor, by_hand
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Connection
from twinshelf.documents import DecisionState, PaybackState, ReturnChoice, ReturnDecision
from twinshelf.documents.money import minor_unit
from twinshelf.errors import NeedsPerson
from twinshelf.kit import clock
from twinshelf.orders.models import ReturnRow
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task

LONGEST_COMMENT = 500
"""Characters that TikTok takes with a rejection (docs/platforms/tiktok-shop.md section 17.6)."""


def sync_now(connection: Connection, *, by: Actor) -> Task:
    """Read what changed of the shop's returns right now instead of waiting for the next poll."""
    with transaction.atomic():
        task = tasks.submit(
            connection.account_id,
            "fetch_returns",
            f"Sync returns of {connection.shop}",
            owner=f"connection:{connection.id}",
            by=by,
            params={"connection": connection.id},
        )
        record(by, connection.account_id, "returns.sync_now", task.owner, detail=task.title)
    return task


def sync(row: ReturnRow, *, by: Actor) -> None:
    """Look at a return on both sides now. Safe to repeat."""
    with transaction.atomic():
        record(by, row.account_id, "returns.sync", f"return:{row.return_id}")
        ReturnRow.objects.filter(id=row.id).update(read_at=None)
        _ask(row, by_hand("sync", by))


def decide(
    row: ReturnRow,
    decision: ReturnDecision,
    *,
    by: Actor,
    reason: str = "",
    comment: str = "",
    amount: Decimal | None = None,
    restock: bool | None = None,
) -> None:
    """Decide about a return at TikTok Shop, once: pressing twice sends it once.

    `reason` is TikTok's name of one of those it offers for a rejection, `amount` what a partial refund offers, in the
    return's currency. `restock`: whether what came back goes into the store's stock; None leaves it as it is. Raises
    NeedsPerson for what TikTok does not take now, and for a reason, comment or amount that does not fit.
    """
    with transaction.atomic():
        kept = ReturnRow.objects.select_for_update().get(id=row.id)
        if kept.decision_state == DecisionState.WAITING and kept.decision == decision:
            return
        choice = _choice(kept, decision)
        if decision.sent_as_rejection and reason not in dict(choice.reasons):
            raise NeedsPerson("E-RET-REASON")
        if len(comment) > LONGEST_COMMENT:
            raise NeedsPerson("E-RET-COMMENT", limit=LONGEST_COMMENT)
        if decision.offers:
            amount = _fitting(kept, amount)
        told = {
            "decision": decision.value,
            "decision_state": DecisionState.WAITING.value,
            "decision_reason": reason if decision.sent_as_rejection else "",
            "decision_amount": amount if decision.offers else None,
        }
        before = {name: getattr(kept, name) for name in told}
        after = {**told, "restock": kept.restock if restock is None else restock}
        ReturnRow.objects.filter(id=kept.id).update(
            **after,
            decision_words=dict(choice.reasons).get(reason, "")[:300],
            decision_comment=comment.strip(),
            decision_answer="",
            decided_at=clock.now(),
        )
        subject = f"return:{kept.return_id}"
        shown = {name: str(value) if isinstance(value, Decimal) else value for name, value in after.items()}
        earlier = {name: str(value) if isinstance(value, Decimal) else value for name, value in before.items()}
        record(by, kept.account_id, "returns.decide", subject, before=earlier, after=shown)
        _ask(kept, by_hand("decide", by))


def _choice(row: ReturnRow, decision: ReturnDecision) -> ReturnChoice:
    """What TikTok takes with a decision now. Raises NeedsPerson where it takes none, or another is on its way."""
    offered = msgspec.convert(row.offered, tuple[ReturnChoice, ...])
    found = next((choice for choice in offered if choice.decision is decision), None)
    if found is None or row.decision_state == DecisionState.WAITING:
        raise NeedsPerson("E-RET-STATE", number=row.return_id)
    return found


def _fitting(row: ReturnRow, amount: Decimal | None) -> Decimal:
    """An amount to offer, in whole minor units. Raises NeedsPerson where it is not above 0 and below the whole sum."""
    unit = minor_unit(row.currency)
    if amount is None or not amount.is_finite() or not 0 < amount < row.total or amount != amount.quantize(unit):
        raise NeedsPerson("E-RET-OFFER", total=f"{row.total.quantize(unit)} {row.currency}")
    return amount


def choose_restock(row: ReturnRow, *, restock: bool, by: Actor) -> None:
    """Say whether what came back with a return goes into the store's stock. It is added once, then this is over."""
    with transaction.atomic():
        kept = ReturnRow.objects.select_for_update().get(id=row.id)
        if kept.stock_state:
            raise NeedsPerson("E-RET-STOCKED")
        ReturnRow.objects.filter(id=kept.id).update(restock=restock)
        subject, before = f"return:{kept.return_id}", {"restock": kept.restock}
        record(by, kept.account_id, "returns.restock", subject, before=before, after={"restock": restock})
        _ask(kept, by_hand("restock", by))


def settle_refund(row: ReturnRow, *, by: Actor) -> None:
    """Say that the store order needs no refund for this return: somebody saw to it. Safe to repeat."""
    _settle(row, "refund_state", "returns.refund_settled", by)


def settle_stock(row: ReturnRow, *, by: Actor) -> None:
    """Say that the stock of what came back is right as it is. Safe to repeat."""
    _settle(row, "stock_state", "returns.stock_settled", by)


def _settle(row: ReturnRow, column: str, action: str, by: Actor) -> None:
    with transaction.atomic():
        kept = ReturnRow.objects.select_for_update().get(id=row.id)
        before, after = {column: getattr(kept, column)}, {column: PaybackState.NOT_NEEDED.value}
        ReturnRow.objects.filter(id=kept.id).update(**after)
        record(by, kept.account_id, action, f"return:{kept.return_id}", before=before, after=after)
        _ask(kept, by_hand("settle", by))


def _ask(row: ReturnRow, cause: str) -> None:
    lanes.ask(
        row.account_id, "return", f"connection:{row.connection_id}", [row.order_id], cause=cause, priority=lanes.URGENT
    )
