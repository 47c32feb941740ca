"""Orders that were cancelled because a product was not to be had: which, and what to do about each product."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.views.answers import Told, back, page_size, whole
from twinshelf.orders.oversold import actions, queries


@require_safe
@needs(Permission.VIEW)
def oversold(request: ConsoleRequest) -> HttpResponse:
    """The cancelled orders with their products."""
    page = queries.orders(number=whole(request.GET, "page", 1), size=page_size(request.GET))
    shown = [
        (
            each,
            offered(request, queries.actions_for_shop(each.row.connection.shop)),
            [
                (entry, queries.is_going_down(entry), offered(request, queries.actions_for(entry)))
                for entry in each.entries
            ],
        )
        for each in page.rows
    ]
    return render(request, "console/oversold.html", {"page": page, "shown": shown, "here": request.get_full_path()})


@require_POST
@needs(Permission.OPERATE)
def checked(request: ConsoleRequest, entry_id: int) -> HttpResponse:
    """Say that a product was looked at and is in stock."""
    with Told(request):
        actions.checked(queries.entry_or_404(entry_id), by=Actor.of(request.user))
        messages.success(request, _("Noted: it is in stock. Its orders are not in this list any more."))
    return back(request, "oversold")
