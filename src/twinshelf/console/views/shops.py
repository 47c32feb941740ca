"""One shop: its two names, what its authorization allows and until when, and its deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions as connections
from twinshelf.connections import queries
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.forms import ShopForm
from twinshelf.console.views.answers import Told, started
from twinshelf.listings import queries as listings
from twinshelf.orders import queries as orders


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def add(request: ConsoleRequest) -> HttpResponse:
    """Ask for market, kind of seller and name of a new shop; then a link leads to TikTok.

    A link, not a form: the content policy keeps forms on this site.
    """
    form = ShopForm(request.POST or None)
    way = ""
    if form.is_valid():
        asked = {"region": form.cleaned_data["region"], "name": form.cleaned_data["name"]}
        way = f"{reverse('authorize')}?{urlencode({**asked, 'site': form.cleaned_data['sites']}, doseq=True)}"
    context = {
        "form": form,
        "way": way,
        "away": connections.away_since(session=request.session),
        "no_app": None if queries.has_shop_app() else texts.message("E-CON-NOAPP"),
    }
    return render(request, "console/shop_add.html", context, status=400 if form.errors else 200)


_PAGES: Final[Mapping[str, str]] = {
    "products": "products",
    "orders": "orders",
    "inventory": "inventory_skus",
    "analysis": "sales",
}
"""The page on which each use of a shop is made."""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def shop(request: ConsoleRequest, shop_id: int) -> HttpResponse:
    """What is known of a shop; a form gives it another name in Twinshelf."""
    found = queries.shop_or_404(shop_id)
    if request.method == "POST":
        by, paired = Actor.of(request.user), queries.connection_of(found)
        with Told(request):
            before = paired.name if paired is not None else ""
            connections.rename_shop(found, request.POST.get("name", ""), by=by)
            chosen = request.POST.get("connection", before)
            if paired is not None and chosen != before:  # else it may have followed the shop's name
                connections.rename(paired, chosen, by=by)
            messages.success(request, _("The shop is shown as %(name)s.") % {"name": found})
        return redirect("shop", found.id)
    context = {
        "shop": found,
        "access": queries.shop_access(found),
        "capabilities": [(each, missing, _PAGES[each.use]) for each, missing in queries.capabilities(found)],
        "connection": queries.connection_of(found),
    }
    return render(request, "console/shop.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OWN)
def delete(request: ConsoleRequest, shop_id: int) -> HttpResponse:
    """Delete a shop from Twinshelf, after its name was typed."""
    found = queries.shop_or_404(shop_id)
    if request.method == "POST":
        task = None
        with Told(request):
            task = connections.delete_shop(
                found,
                typed=request.POST.get("typed", ""),
                keep_history=bool(request.POST.get("keep_history")),
                by=Actor.of(request.user),
            )
        return started(request, [task], "connections", follow=True) if task else redirect("shop_delete", found.id)
    connection = queries.connection_of(found)
    context = {
        "shop": found,
        "connection": connection,
        "listed": listings.listed_count(connection) if connection else 0,
        "orders": orders.order_count(connection) if connection else 0,
        "waiting": orders.waiting_count(connection) if connection else 0,
    }
    return render(request, "console/shop_delete.html", context)
