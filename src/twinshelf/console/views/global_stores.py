"""Global Stores of cross-border sellers: their sub-stores, nickname and products."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions as connections
from twinshelf.connections import queries
from twinshelf.console.access import ConsoleRequest, Permission, may, needs
from twinshelf.console.views.answers import Told, page_size, started, whole


@require_safe
@needs(Permission.GLOBAL_STORE)
def index(request: ConsoleRequest) -> HttpResponse:
    """The first Global Store; how to add one where there is none."""
    stores = queries.global_stores()
    if stores:
        return redirect("global_store", stores[0].seller.id)
    return render(request, "console/global_store_none.html")


@require_safe
@needs(Permission.GLOBAL_STORE)
def store(request: ConsoleRequest, seller_id: int) -> HttpResponse:
    """A Global Store: its sub-stores, and which of the seller's shops did not join."""
    return _page(request, queries.global_store_or_404(seller_id))


@require_POST
@needs(Permission.GLOBAL_STORE)
def read(request: ConsoleRequest, seller_id: int) -> HttpResponse:
    """Read the live products of a Global Store now."""
    if not may(request, Permission.OPERATE):
        raise PermissionDenied
    found = queries.global_store_or_404(seller_id)
    made = []
    with Told(request):
        made.append(connections.read_global_store(found.seller, by=Actor.of(request.user)))
    return started(request, made, "connections", follow=False)


@require_POST
@needs(Permission.GLOBAL_STORE)
def nickname(request: ConsoleRequest, seller_id: int) -> HttpResponse:
    """Ask for another nickname. It changes when the seller authorizes again, and a link leads there.

    A link, not a form: the content policy keeps forms on this site.
    """
    if not may(request, Permission.OPERATE):
        raise PermissionDenied
    found = queries.global_store_or_404(seller_id)
    wanted = " ".join(request.POST.get("name", "").split())[:190]
    if not wanted or wanted == found.seller.nickname:
        return redirect("global_store", found.seller.id)
    return _page(request, found, wanted=wanted)


def _page(request: ConsoleRequest, found: queries.GlobalStore, *, wanted: str = "") -> HttpResponse:
    asked = {"region": found.shops[0].region, "site": found.markets}
    context = {
        "store": found,
        "others": [each for each in queries.global_stores() if each.seller.id != found.seller.id],
        "shops": [(shop, queries.shop_access(shop)) for shop in found.shops],
        "left_out": [(each, texts.message(each.code)) for each in found.left_out],
        "operate": may(request, Permission.OPERATE),
        "page": queries.global_products(found, number=whole(request.GET, "page", 1), size=page_size(request.GET)),
        "wanted": wanted,
        "renew": f"{reverse('authorize')}?{urlencode(asked, doseq=True)}",
        "way": f"{reverse('authorize')}?{urlencode({**asked, 'name': wanted}, doseq=True)}" if wanted else "",
    }
    return render(request, "console/global_store.html", context)
