"""What may be known about returns, and what may be done to them. What buyers wrote shows on the page of one return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from django.db.models import Count, Expression, Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf.connections.models import Connection
from twinshelf.documents import (
    DecisionState,
    Money,
    PaybackState,
    ReturnChoice,
    ReturnDecision,
    ReturnEvent,
    ReturnKind,
    ReturnLine,
    ReturnStage,
    ShopReturn,
)
from twinshelf.kit.actions import Action, Permission
from twinshelf.kit.paging import SIZE, Page, in_order, page_of_ids
from twinshelf.kit.text_search import matching
from twinshelf.orders.cancellations.plan import reason_words
from twinshelf.orders.models import ReturnRow, ShopOrderRow
from twinshelf.orders.queries import Buyer, buyer_of, control_panel_place
from twinshelf.orders.returns.book import return_of, story_of
from twinshelf.orders.returns.status import came_back, paid_back
from twinshelf.sync import queries as sync
from twinshelf.sync.models import ChangeRecord, Problem

Sort = Literal["deadline", "asked", "total"]

_BY_DEADLINE: Final = Coalesce("deadline", Value(datetime(9999, 1, 1, tzinfo=UTC)))
"""What asks nothing of the seller comes last."""

_COLUMNS: Final[dict[Sort, str | Expression]] = {"deadline": _BY_DEADLINE, "asked": "created_at", "total": "total"}

TABS: Final[tuple[ReturnStage, ...]] = tuple(stage for stage in ReturnStage if stage is not ReturnStage.UNKNOWN)
"""The tabs beside that of all, in their order (docs/reference/behavior.md RET-2)."""

KINDS: Final = (ReturnKind.REFUND, ReturnKind.RETURN_AND_REFUND, ReturnKind.REPLACEMENT, ReturnKind.EXCHANGE)


@dataclass(frozen=True)
class ReturnFilter:
    """Which returns, in which order: at first those whose deadline is the nearest, then the youngest."""

    text: str = ""
    stage: ReturnStage | None = None
    kind: ReturnKind | None = None
    connection_id: int | None = None
    sort: Sort = "deadline"
    descending: bool = False
    number: int = 1
    size: int = SIZE

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than a tab."""
        return bool(self.text or self.kind or self.connection_id)


def returns(wanted: ReturnFilter, connections: Sequence[Connection]) -> Page[ReturnRow]:
    """One page of returns."""
    rows = _narrowed(wanted, connections)
    if wanted.stage is not None:
        rows = rows.filter(stage=wanted.stage)
    page = page_of_ids(
        rows,
        _COLUMNS[wanted.sort],
        descending=wanted.descending,
        total=rows.count(),
        number=wanted.number,
        size=wanted.size,
    )
    full = ReturnRow.objects.select_related("connection__shop").defer("story", "search")
    return page.of(lambda found: in_order(full, found))


def _narrowed(wanted: ReturnFilter, connections: Sequence[Connection]) -> QuerySet[ReturnRow]:
    """Those that the filter lets through, but for its tab."""
    ids = [c.id for c in connections if wanted.connection_id in {None, c.id}]
    rows = ReturnRow.objects.filter(connection_id__in=ids)
    if wanted.kind is not None:
        rows = rows.filter(kind=wanted.kind)
    text = wanted.text.strip().removeprefix("#")
    if text.isdecimal() and len(text) <= 40:
        made = ShopOrderRow.objects.filter(connection_id__in=ids, store_order_id=text).values_list(
            "order_id", flat=True
        )
        exact = rows.filter(Q(return_id=text) | Q(order_id=text) | Q(order_id__in=list(made[:50])))
        if exact.exists():
            return exact
    return matching(rows, text)


def tab_counts(wanted: ReturnFilter, connections: Sequence[Connection]) -> dict[str, int]:
    """How many returns each tab holds of those that the filter lets through, whatever its own tab; `all` is all."""
    counts: Counter[str] = Counter({"all": 0, **{stage.value: 0 for stage in TABS}})
    for stage, number in _narrowed(wanted, connections).values_list("stage").annotate(Count("id")).order_by():
        counts[stage] += number
        counts["all"] += number
    return dict(counts)


def awaiting_decision(connections: Sequence[Connection]) -> tuple[int, datetime | None]:
    """How many returns wait for the seller, and the first of their deadlines."""
    rows = ReturnRow.objects.filter(connection_id__in=[c.id for c in connections], deadline__isnull=False)
    found = rows.aggregate(number=Count("id"), first=Min("deadline"))
    return found["number"], found["first"]


def first_to_decide(connections: Sequence[Connection]) -> ReturnRow | None:
    """The return whose deadline comes first; None if none waits."""
    rows = ReturnRow.objects.filter(connection_id__in=[c.id for c in connections], deadline__isnull=False)
    return rows.order_by("deadline", "pk").first()


def next_to_decide(row: ReturnRow, connections: Sequence[Connection]) -> ReturnRow | None:
    """The return to decide after this one; None if no other waits."""
    rows = ReturnRow.objects.filter(connection_id__in=[c.id for c in connections], deadline__isnull=False)
    others = rows.exclude(pk=row.pk).order_by("deadline", "pk")
    later = others.filter(deadline__gte=row.deadline).first() if row.deadline else None
    return later or others.first()


def return_or_404(pk: int) -> ReturnRow:
    """A return of the account with its connection. Raises Http404."""
    return get_object_or_404(ReturnRow.objects.select_related("connection__store", "connection__shop"), pk=pk)


def return_numbered(text: str, connections: Sequence[Connection]) -> ReturnRow | None:
    """The return with this number; None if none has it."""
    rows = ReturnRow.objects.filter(connection_id__in=[c.id for c in connections], return_id=text.strip())
    return rows.select_related("connection__store", "connection__shop").first()


def returns_of(order: ShopOrderRow) -> list[ReturnRow]:
    """The returns of an order, the oldest first."""
    rows = ReturnRow.objects.filter(connection_id=order.connection_id, order_id=order.order_id)
    return list(rows.defer("story", "search").order_by("created_at", "pk"))


# -- the list -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReturnInList:
    """A return as the list shows it. `reason` is in words; `units` counts what it is about."""

    row: ReturnRow
    title: str
    units: int
    reason: str
    image_url: str

    @property
    def several(self) -> bool:
        """Whether it is about more than one unit."""
        return self.units > 1


def line_of(row: ReturnRow) -> ReturnInList:
    """What the list shows of a return."""
    request = return_of(row)
    first = request.lines[0] if request.lines else None
    title = (first.title or first.seller_sku) if first else _("Return %(number)s") % {"number": row.return_id}
    return ReturnInList(row, str(title), len(request.lines), reason_of(request), first.image_url if first else "")


def reason_of(request: ShopReturn) -> str:
    """Why it was asked for, in words, never TikTok's name of the reason."""
    return request.reason_text if _worded(request.reason_text) else reason_words(request.reason)


def _worded(text: str) -> bool:
    return bool(text) and ("_" not in text or " " in text)


# -- one return -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """Units of one SKU that come back, or were asked for, and what TikTok pays back for them."""

    line: ReturnLine
    quantity: int
    refund: Money
    image_url: str


StepName = Literal["asked", "approved", "shipped", "received", "refunded"]


@dataclass(frozen=True)
class Step:
    """A point of a return's way. `state`: done, now, failed, or "" where it lies ahead."""

    name: StepName
    state: Literal["done", "now", "failed", ""]
    at: datetime | None = None


@dataclass(frozen=True)
class ReturnView:
    """Everything the page of one return shows."""

    row: ReturnRow
    request: ShopReturn
    reason: str
    items: tuple[Item, ...]
    story: tuple[ReturnEvent, ...]
    order: ShopOrderRow | None
    buyer: Buyer
    problems: tuple[Problem, ...]
    changes: tuple[ChangeRecord, ...]
    follow_ups: tuple[ShopOrderRow, ...]
    """Orders that replace goods of this return's order."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the buyer wrote."""
        return tuple(event.note for event in self.story if event.note and event.role == "BUYER")

    @property
    def photos(self) -> tuple[str, ...]:
        """Addresses of what the buyer photographed, each once."""
        return tuple(dict.fromkeys(image for event in self.story for image in event.images if event.role == "BUYER"))

    @property
    def disputed(self) -> bool:
        """Whether TikTok is deciding between buyer and seller."""
        return self.request.arbitration == "IN_PROGRESS"


def view_of(row: ReturnRow) -> ReturnView:
    """One return with its items, its history and its order."""
    request = return_of(row)
    owner = f"connection:{row.connection_id}"
    orders = ShopOrderRow.objects.filter(connection_id=row.connection_id)
    order = orders.select_related("connection__store", "connection__shop").filter(order_id=row.order_id).first()
    problems = sync.problems_of([row.order_id], ("return",), [owner]).get((owner, row.order_id), ())
    changes = [
        change
        for change in sync.changes_of(row.order_id, _CHANGES, [owner])
        if change.change.get("return_id") == row.return_id
    ]
    return ReturnView(
        row=row,
        request=request,
        reason=reason_of(request),
        items=_items(request),
        story=story_of(row),
        order=order,
        buyer=buyer_of(order) if order is not None else Buyer(),
        problems=tuple(problems),
        changes=tuple(changes),
        follow_ups=tuple(orders.filter(source_order_id=row.order_id).order_by("placed_at"))
        if request.kind in {ReturnKind.REPLACEMENT, ReturnKind.EXCHANGE}
        else (),
    )


_CHANGES: Final = ("DecideReturn", "RefundStoreOrder", "PutBackStock")


def _items(request: ShopReturn) -> tuple[Item, ...]:
    by_sku: dict[str, list[ReturnLine]] = {}
    for line in request.lines:
        by_sku.setdefault(line.sku_id or line.id, []).append(line)
    currency = request.refund.total.currency
    return tuple(
        Item(lines[0], len(lines), Money.total((line.refund for line in lines), currency), lines[0].image_url)
        for lines in by_sku.values()
    )


def steps_of(view: ReturnView) -> tuple[Step, ...]:
    """Asked, approved, sent back, received, refunded; of a refund without goods only the first and the last."""
    row, request = view.row, view.request
    times = {word: event.at for event in view.story for word in (event.event,)}
    asked = Step("asked", "done", request.created_at)
    stage = ReturnStage(row.stage)
    if request.kind is not ReturnKind.RETURN_AND_REFUND:
        end = "done" if stage in _ENDED_WELL else "failed" if stage in _ENDED_BADLY else "now"
        return asked, Step("refunded", end, times.get("REFUND"))  # type: ignore[arg-type]
    places = {
        ReturnStage.APPLYING: 1, ReturnStage.REJECTED: 1, ReturnStage.RETURNING: 2, ReturnStage.SHIPPED: 3,
        ReturnStage.RECEIPT_REJECTED: 3, ReturnStage.SUCCESS: 5, ReturnStage.COMPLETE: 5,
    }  # fmt: skip
    reached = places.get(stage, 3 if row.sent_back else 1)
    failed = stage in _ENDED_BADLY
    names: tuple[StepName, ...] = ("approved", "shipped", "received", "refunded")
    at = {"approved": "SELLER_AGREE", "shipped": "BUYER_SHIPPED", "refunded": "REFUND"}
    found = [asked]
    for place, name in enumerate(names, start=1):
        state = "done" if reached > place else ("failed" if failed else "now") if reached == place else ""
        found.append(Step(name, state, times.get(at.get(name, ""))))  # type: ignore[arg-type]
    return tuple(found)


_ENDED_WELL: Final = frozenset({ReturnStage.SUCCESS, ReturnStage.COMPLETE})
_ENDED_BADLY: Final = frozenset({ReturnStage.REJECTED, ReturnStage.RECEIPT_REJECTED, ReturnStage.CLOSED})


# -- what may be done -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """A decision that may be taken now. `asks_amount` and `asks_restock` say what else its form asks."""

    decision: ReturnDecision
    action: Action
    asks_amount: bool = False
    asks_restock: bool = False
    asks_comment: bool = False


def decisions_for(view: ReturnView) -> tuple[Decision, ...]:
    """The decisions that TikTok takes now, each with what it means; none while one is on its way."""
    row = view.row
    if row.decision_state == DecisionState.WAITING:
        return ()
    found = [_decision(row, choice) for choice in msgspec.convert(row.offered, tuple[ReturnChoice, ...])]
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.decision)))


_ORDER: Final = tuple(ReturnDecision)


def _decision(row: ReturnRow, choice: ReturnChoice) -> Decision:
    decision = choice.decision
    label = row._meta.get_field("decision").flatchoices
    refunds = decision in _REFUNDS
    action = Action(
        id="return.decide",
        label=str(dict(label)[decision.value]),
        args=(row.pk, decision.value),
        tone="danger" if decision.rejects else "primary" if refunds or decision is _RETURN else "",
        confirm=_MEANINGS[decision],
        reasons=choice.reasons if decision.sent_as_rejection else (),
    )
    received = decision is ReturnDecision.APPROVE_RECEIVED_PACKAGE
    return Decision(
        decision, action, asks_amount=decision.offers, asks_restock=received, asks_comment=decision.sent_as_rejection
    )


_RETURN: Final = ReturnDecision.APPROVE_RETURN
_REFUNDS: Final = frozenset({ReturnDecision.APPROVE_REFUND, ReturnDecision.APPROVE_RECEIVED_PACKAGE})
_MEANINGS: Final[dict[ReturnDecision, Any]] = {
    ReturnDecision.APPROVE_REFUND: _("TikTok refunds the buyer at once. This cannot be undone."),
    ReturnDecision.APPROVE_RETURN: _("The buyer sends the goods back; you decide about the money when they are here."),
    ReturnDecision.APPROVE_RECEIVED_PACKAGE: _("TikTok refunds the buyer at once. This cannot be undone."),
    ReturnDecision.APPROVE_REPLACEMENT: _("TikTok makes a new order for the same goods, which you ship."),
    ReturnDecision.ISSUE_REPLACEMENT_REFUND: _("TikTok refunds the buyer instead. This cannot be undone."),
    ReturnDecision.OFFER_PARTIAL_REFUND: _("The buyer may keep the goods for this part of the money, or refuse it."),
    ReturnDecision.REJECT_REFUND: _("The buyer gets no money, and may ask TikTok to decide."),
    ReturnDecision.REJECT_RETURN: _("The buyer gets no money, and may ask TikTok to decide."),
    ReturnDecision.REJECT_RECEIVED_PACKAGE: _("The buyer gets no money, and may ask TikTok to decide."),
    ReturnDecision.REJECT_REPLACEMENT: _("The buyer gets no replacement, and may ask TikTok to decide."),
    ReturnDecision.OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG: _(
        "The buyer gets this part of the money, or refuses it; then you decide again."
    ),
}


def actions_for(view: ReturnView) -> tuple[Action, ...]:
    """What may be done beside deciding: read it again, open the order in the store, say that the store is in order."""
    row, found = view.row, [Action(id="return.sync", label=_("Sync"), args=(view.row.pk,))]
    codes = {problem.code for problem in view.problems}
    if codes & _REFUND_CODES and not row.refund_state:
        found.append(
            Action(
                id="return.refunded", label=_("No refund is needed"), args=(row.pk,),
                confirm=_("BigCommerce then records no refund for this return."),
            )
        )  # fmt: skip
    if row.stock_state == PaybackState.UNSURE:
        found.append(
            Action(
                id="return.stocked", label=_("The stock is right"), args=(row.pk,),
                confirm=_("Nothing more is added to the stock in BigCommerce for this return."),
            )
        )  # fmt: skip
    elif not row.stock_state and came_back(view.request, shipped=row.sent_back) and not row.restock:
        found.append(
            Action(
                id="return.restock", label=_("Put back into stock"), args=(row.pk,),
                confirm=_("The units that came back are added to the stock in BigCommerce, once."),
            )
        )  # fmt: skip
    if view.order is not None and (place := control_panel_place(view.order)):
        found.append(
            Action(
                id="order.open", label=_("Open in BigCommerce"), args=place, method="get", permission=Permission.VIEW
            )
        )
    return tuple(found)


_REFUND_CODES: Final = frozenset({"E-RET-LEFT", "E-RET-CURRENCY", "E-RET-METHOD", "E-RET-REFUND"})


def expects_refund(view: ReturnView) -> bool:
    """Whether TikTok gave money back that the store order is to show."""
    return paid_back(view.request)


def amount_from_text(text: str) -> Decimal | None:
    """An amount that somebody typed; None for what is none."""
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except ArithmeticError:
        return None
    return amount if amount.is_finite() else None
