"""The stock of every SKU in a shop, and how the number of one of them is worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console import words
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.history import told
from twinshelf.console.views.answers import Told, page_size, started, whole
from twinshelf.listings import actions
from twinshelf.listings.inventory import queries as inventory
from twinshelf.listings.places import queries as places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twinshelf.connections.models import Connection


def _tabs(every: Sequence[Connection]) -> dict[str, int]:
    flagged, failing = places.counts(every)
    return {"flagged": flagged, "failing": failing}


@require_safe
@needs(Permission.VIEW)
def skus(request: ConsoleRequest) -> HttpResponse:
    """The SKUs of one shop, with the stock on both sides; the first shop unless one is chosen."""
    every = connections.connections()
    shop = whole(request.GET, "shop", 0)
    chosen = next((each for each in every if each.id == shop), every[0] if every else None)
    if chosen is None:
        return render(request, "console/inventory.html", {"connections": every, "tabs": _tabs(every)})
    kind = request.GET.get("show", "")
    wanted = inventory.SkuFilter(
        text=request.GET.get("q", "").strip(),
        difference=kind if kind in inventory.DIFFERENCES else "",
        number=whole(request.GET, "page", 1),
        size=page_size(request.GET),
    )
    counts = inventory.counts(chosen, text=wanted.text)
    differing = counts["too_many"] + counts["too_few"] + counts["not_sent"]
    numbers = inventory.too_many(chosen) if counts["too_many"] else (0, 0)
    return render(
        request,
        "console/inventory.html",
        {
            "page": inventory.skus(wanted, chosen, total=counts[wanted.difference]),
            "wanted": wanted,
            "connections": every,
            "chosen": chosen,
            "shops": [(each.id, each.name) for each in every],
            "several_shops": len(every) > 1,
            "pills": [(name, word, counts[name]) for name, word in words.SKU_PILLS.items()],  # type: ignore[index]
            "chips": [("q", _("Search: %(value)s") % {"value": wanted.text})] if wanted.text else [],
            "too_many": numbers,
            "actions": offered(request, inventory.actions_for_skus(chosen, differing)),
            "tabs": _tabs(every),
            "lacks_inventory": any(each.use == "inventory" for each in connections.lacking(chosen.shop)),
        },
    )


@require_safe
@needs(Permission.VIEW)
def sku(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One SKU in one shop: the drawer's content where the list asks for it, a page of its own otherwise."""
    link, connection = inventory.link_or_404(pk, connections.connections())
    found = inventory.detail(link, connection)
    steps = found.side.desired.quantity.steps if found.side is not None else ()
    context: dict[str, Any] = {
        "found": found,
        "line": found.line,
        "connection": connection,
        "steps": [(words.step_title(step.rule, step.figure), words.step_text(step.rule), step) for step in steps],
        "history": told((("change", record.at, record) for record in found.history), most=20),
        "actions": offered(request, inventory.actions_for_sku(found, connection)),
    }
    return render(request, "console/_sku.html" if request.htmx else "console/sku.html", context)


@require_POST
@needs(Permission.OPERATE)
def repair(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Send the stock of every product of which a SKU shows another number than it should."""
    connection = connections.connection_or_404(connection_id)
    made = []
    with Told(request):
        made.append(actions.sync_stock(connection, inventory.differing_products(connection), by=Actor.of(request.user)))
    return started(request, made, "inventory_skus", follow=False)
