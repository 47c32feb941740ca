"""The doctor: why something does not move, for a connection, one SKU or one order, each with its control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions
from twinshelf.connections import queries as connections
from twinshelf.console import words
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.views.answers import Told, whole
from twinshelf.listings.inventory import queries as inventory
from twinshelf.orders import queries as orders
from twinshelf.proof import diagnosis
from twinshelf.proof.controls import queries

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection

_LONGEST = 255


@require_safe
@needs(Permission.VIEW)
def doctor(request: ConsoleRequest) -> HttpResponse:
    """What keeps a connection, one of its SKUs or one of its orders from moving."""
    every = connections.connections()
    sku, order = (request.GET.get(name, "").strip()[:_LONGEST] for name in ("sku", "order"))
    context: dict[str, Any] = {"sku": sku, "order": order, "shops": [(each.id, each.name) for each in every]}
    if every:
        chosen = _chosen(every, whole(request.GET, "shop", 0), order)
        causes = diagnosis.of_connection(chosen, sku, order)
        link = inventory.link_of_sku(chosen, sku) if sku else None
        steps = inventory.steps_of(inventory.detail(link, chosen)) if link is not None else ()
        context |= {
            "chosen": chosen,
            "tested_at": min((at for at in (chosen.store.access_tested_at, chosen.shop.access_tested_at) if at),
                             default=None),
            "causes": [(each, offered(request, each.actions) if not each.moves else []) for each in causes],
            "kept": sum(each.kept for each in causes),
            "steps": [(words.step_title(each["rule"], each["figure"]), each["after"]) for each in steps],
            "tests": offered(request, [queries.check_access(chosen)]),
        }  # fmt: skip
    return render(request, "console/doctor.html", context)


def _chosen(every: list[Connection], shop: int, order: str) -> Connection:
    """The connection that was asked for; else that of the order, or the first."""
    asked = next((each for each in every if each.id == shop), None)
    if asked is None and order and (row := orders.order_numbered(order, every)):
        asked = next(each for each in every if each.id == row.connection_id)
    return asked or every[0]


@require_POST
@needs(Permission.OPERATE)
def test(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Ask both platforms whether credentials, scopes and store are right, and show what is not."""
    connection = connections.connection_or_404(connection_id)
    with Told(request):
        if actions.check_access(connection, by=Actor.of(request.user)):
            messages.success(request, _("Tested: credentials, scopes and store are right."))
        else:
            messages.error(request, _("Tested: something is wrong. The doctor says what."))
    return redirect(f"{reverse('doctor')}?shop={connection.id}")
