"""What is due on all shops, the nearest first, in each shop's own time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from twinshelf.connections import queries as connections
from twinshelf.console import words
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.views.answers import page_size, whole
from twinshelf.orders.deadlines import queries
from twinshelf.orders.deadlines.plan import DeadlineKind, Span
from twinshelf.orders.deadlines.queries import Deadline, DeadlineFilter

_PAGES: Final = {DeadlineKind.RETURN: "return", DeadlineKind.AUTHORIZATION: "shop"}


@dataclass(frozen=True)
class Line:
    """One deadline with the address of what it is about."""

    due: Deadline
    url: str


@require_safe
@needs(Permission.VIEW)
def deadlines(request: ConsoleRequest) -> HttpResponse:
    """Orders to ship, holds that end, buyers and returns that wait for an answer, access that ends."""
    every = connections.connections()
    asked = request.GET
    shop = whole(asked, "shop", 0)
    wanted = DeadlineFilter(
        span=next((each for each in Span if each.value == asked.get("tab")), None),
        kind=next((each for each in DeadlineKind if each.value == asked.get("type")), None),
        connection_id=shop if shop in {c.id for c in every} else None,
        number=whole(asked, "page", 1),
        size=page_size(asked),
    )
    found = queries.deadlines(wanted, every)
    pills = [("all", _("All"), found.total)]
    pills += [(span.value, str(words.SPANS[span]), found.counts[span]) for span in Span]
    return render(
        request,
        "console/deadlines.html",
        {
            "page": found.page,
            "lines": [Line(each, _address(each)) for each in found.page.rows],
            "tab": wanted.span.value if wanted.span else "all",
            "tabs": pills,
            "kinds": [(kind.value, words.DEADLINES[kind].word) for kind in DeadlineKind],
            "kind": wanted.kind.value if wanted.kind else "",
            "shops": [(c.id, c.name) for c in every],
            "shop": wanted.connection_id,
            "chips": _chips(wanted, {c.id: c.name for c in every}),
            "narrowed": wanted.span is not None or wanted.kind is not None or wanted.connection_id is not None,
        },
    )


def _chips(wanted: DeadlineFilter, names: dict[int, str]) -> list[tuple[str, str]]:
    chips = []
    if wanted.kind:
        chips.append(("type", str(words.DEADLINES[wanted.kind].word)))
    if wanted.connection_id:
        chips.append(("shop", names[wanted.connection_id]))
    return chips


def _address(due: Deadline) -> str:
    return reverse(_PAGES.get(due.kind, "order"), args=[due.pk])
