"""The list of returns, one return on both sides, deciding about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console import words
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.history import told
from twinshelf.console.views.answers import Told, back, page_size, started, whole
from twinshelf.documents import ReturnDecision, ReturnKind, ReturnStage
from twinshelf.orders.queries import actions_for_problem
from twinshelf.orders.returns import actions, queries
from twinshelf.orders.returns.queries import ReturnFilter, ReturnView

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.orders.models import ReturnRow

_SORTS = {"deadline", "asked", "total"}


def return_filter(params: QueryDict, every: Sequence[Connection]) -> ReturnFilter:
    """The filter that an address names; what it does not know it leaves out."""
    tab, kind, sort = params.get("tab", ""), params.get("type", ""), params.get("sort", "")
    shop = whole(params, "shop", 0)
    return ReturnFilter(
        text=params.get("q", "").strip(),
        stage=ReturnStage(tab) if tab in queries.TABS else None,
        kind=ReturnKind(kind) if kind in queries.KINDS else None,
        connection_id=shop if any(c.id == shop for c in every) else None,
        sort=name if (name := sort.removeprefix("-")) in _SORTS else "deadline",  # type: ignore[arg-type]
        descending=sort.startswith("-") and sort.removeprefix("-") in _SORTS,
        number=whole(params, "page", 1),
        size=page_size(params),
    )


@require_safe
@needs(Permission.VIEW)
def returns(request: ConsoleRequest) -> HttpResponse:
    """The list of returns, with the first of them beside it where there is room."""
    return _page(request, None)


@require_safe
@needs(Permission.VIEW)
def return_page(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One return on both sides, beside the list."""
    return _page(request, queries.return_or_404(pk))


def _page(request: ConsoleRequest, chosen: ReturnRow | None) -> HttpResponse:
    every = connections.connections()
    wanted = return_filter(request.GET, every)
    numbers = queries.tab_counts(wanted, every)
    page = queries.returns(wanted, every)
    waiting, first_at = queries.awaiting_decision(every)
    first = queries.first_to_decide(every) if waiting else None
    shown = chosen or (queries.return_or_404(page.rows[0].pk) if page.rows else None)
    labels = {row.value: word for row, word in words.RETURN_TABS.items()}
    return render(
        request,
        "console/returns.html",
        {
            "page": page,
            "groups": _groups([queries.line_of(row) for row in page.rows], by_deadline=wanted.sort == "deadline"),
            "wanted": wanted,
            "tab": wanted.stage.value if wanted.stage else "all",
            "tabs": [
                ("all", _("All"), numbers["all"]),
                *((stage.value, labels[stage.value], numbers[stage.value]) for stage in queries.TABS),
            ],
            "connections": every,
            "several_shops": len(every) > 1,
            "shops": [(c.id, c.name) for c in every],
            "kinds": [(kind.value, words.RETURN_KINDS[kind]) for kind in queries.KINDS],
            "sorts": words.RETURN_SORTS.items(),
            "chips": _chips(wanted, every),
            "narrowed": wanted.stage is not None or wanted.narrows,
            "waiting": waiting,
            "first_at": first_at,
            "first": first,
            "one": chosen is not None,
            "chosen": chosen.pk if chosen is not None else None,
            **(_details(request, queries.view_of(shown), every) if shown is not None else {}),
        },
    )


def _groups(
    lines: Sequence[queries.ReturnInList], *, by_deadline: bool
) -> list[tuple[str, list[queries.ReturnInList]]]:
    """The list under its headings: what waits for the seller, what waits for others, what is over."""
    if not by_deadline:
        return [("", list(lines))] if lines else []
    groups: dict[str, list[queries.ReturnInList]] = {}
    for line in lines:
        waits = line.row.deadline is not None
        open_ = ReturnStage(line.row.stage).open
        name = _("Need your decision") if waits else _("With the buyer or TikTok") if open_ else _("Over")
        groups.setdefault(name, []).append(line)
    return list(groups.items())


def _chips(wanted: ReturnFilter, every: Sequence[Connection]) -> list[tuple[str, str]]:
    chips = []
    if wanted.text:
        chips.append(("q", _("Search: %(value)s") % {"value": wanted.text}))
    if wanted.kind:
        chips.append(("type", str(words.RETURN_KINDS[wanted.kind])))
    if wanted.connection_id:
        chips.append(("shop", next(c.name for c in every if c.id == wanted.connection_id)))
    return chips


def _details(request: ConsoleRequest, view: ReturnView, every: Sequence[Connection]) -> dict[str, Any]:
    row = view.row
    steps = [
        (words.return_step(step.name, step.state), step.state, step.at, step.state == "now")
        for step in queries.steps_of(view)
    ]
    return {
        "view": view,
        "row": row,
        "steps": steps,
        "actions": offered(request, queries.actions_for(view)),
        "decisions": [
            (each, action) for each in queries.decisions_for(view) for action in offered(request, (each.action,))
        ],
        "problems": [(p, offered(request, actions_for_problem(p))) for p in view.problems],
        "history": _history(view),
        "expects_refund": queries.expects_refund(view),
        "next_return": queries.next_to_decide(row, every),
    }


def _history(view: ReturnView) -> list[tuple[str, datetime, Any]]:
    entries: list[tuple[str, datetime, Any]] = [
        *(("change", record.at, record) for record in view.changes),
        *(("return", event.at, event) for event in view.story),
    ]
    return told(entries, most=len(entries))


# -- what may be done -----------------------------------------------------------------------------------------------


@require_POST
@needs(Permission.OPERATE)
def fetch(request: ConsoleRequest) -> HttpResponse:
    """Read what changed of the shops' returns now."""
    shop = whole(request.POST, "shop", 0)
    chosen = [c for c in connections.connections() if shop in {0, c.id}]
    return started(request, [actions.sync_now(c, by=Actor.of(request.user)) for c in chosen], "returns", follow=False)


@require_POST
@needs(Permission.OPERATE)
def sync(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Look at the return on both sides now."""
    row = queries.return_or_404(pk)
    with Told(request):
        actions.sync(row, by=Actor.of(request.user))
        messages.success(request, _("Looking at both sides. This page shows what comes of it."))
    return redirect("return", row.pk)


@require_POST
@needs(Permission.OPERATE)
def decide(request: ConsoleRequest, pk: int, decision: str) -> HttpResponse:
    """Tell TikTok what was decided."""
    row = queries.return_or_404(pk)
    if decision not in list(ReturnDecision):
        raise Http404
    sent = request.POST
    with Told(request):
        actions.decide(
            row,
            ReturnDecision(decision),
            by=Actor.of(request.user),
            reason=sent.get("reason", ""),
            comment=sent.get("comment", ""),
            amount=queries.amount_from_text(sent.get("amount", "")),
            restock={"yes": True, "no": False}.get(sent.get("restock", "")),
        )
        messages.success(request, _("Your decision is on its way to TikTok. This page shows what comes of it."))
    return redirect("return", row.pk)


@require_POST
@needs(Permission.OPERATE)
def restock(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Put what came back into the store's stock."""
    row = queries.return_or_404(pk)
    with Told(request):
        actions.choose_restock(row, restock=True, by=Actor.of(request.user))
        messages.success(request, _("What came back is added to the stock in BigCommerce, once."))
    return redirect("return", row.pk)


@require_POST
@needs(Permission.OPERATE)
def refunded(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The store order needs no refund for this return."""
    row = queries.return_or_404(pk)
    actions.settle_refund(row, by=Actor.of(request.user))
    messages.success(request, _("BigCommerce records no refund for this return."))
    return back(request, "returns")


@require_POST
@needs(Permission.OPERATE)
def stocked(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The stock of what came back is right as it is."""
    row = queries.return_or_404(pk)
    actions.settle_stock(row, by=Actor.of(request.user))
    messages.success(request, _("Nothing more is added to the stock for this return."))
    return back(request, "returns")
