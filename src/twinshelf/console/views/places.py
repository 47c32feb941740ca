"""Inventory: the store's locations, the shops' warehouses, and the push rules that tie them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.views.answers import Told, back
from twinshelf.listings import actions
from twinshelf.listings.places import queries as places
from twinshelf.rules import push_rules

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection

_LONGEST_SKU = 255


@require_safe
@needs(Permission.VIEW)
def index(_request: ConsoleRequest) -> HttpResponse:
    """Inventory opens with its SKUs."""
    return redirect("inventory_skus")


@require_safe
@needs(Permission.VIEW)
def locations(request: ConsoleRequest) -> HttpResponse:
    """The locations of every store, with the warehouses that get their stock."""
    stores = places.stores_with_locations()
    shown = [
        (
            store,
            [
                (
                    line,
                    [(each, offered(request, places.actions_for_location(line, each))) for each in store.connections],
                )
                for line in store.lines
            ],
            _switches(store),
        )
        for store in stores
    ]
    flagged = [line for store in stores for line in store.lines if line.state is places.LocationState.NOT_LINKED]
    return render(request, "console/locations.html", {"stores": shown, "flagged": flagged, "tabs": _tabs()})


def _switches(store: places.StorePlaces) -> list[tuple[str, str]]:
    """(name, address of the switch) of each connection in which locations can be turned on."""
    own = [each for each in connections.connections() if each.store_id == store.store.id]
    return [(each.name, f"{reverse('preferences', args=[each.id])}#pull_locations") for each in own]


@require_safe
@needs(Permission.VIEW)
def warehouses(request: ConsoleRequest) -> HttpResponse:
    """Push rules and warehouses of every shop; with a SKU, what each rule would send of it now."""
    sku = request.GET.get("sku", "").strip()[:_LONGEST_SKU]
    shops = [places.shop_rules(each, sku=sku) for each in connections.connections()]
    shown = [
        (
            shop,
            offered(request, places.actions_for_rules(shop)),
            [(line, offered(request, places.actions_for_rule(line))) for line in shop.rules],
            [(line, offered(request, places.actions_for_repair(line))) for line in shop.rules if line.fails],
        )
        for shop in shops
    ]
    return render(
        request,
        "console/warehouses.html",
        {
            "shops": shown,
            "sku": sku,
            "unknown": sku and all(shop.unknown_sku for shop in shops),
            "failing": any(line.fails for shop in shops for line in shop.rules),
            "tabs": _tabs(),
        },
    )


def _tabs() -> dict[str, int]:
    flagged, failing = places.counts(connections.connections())
    return {"flagged": flagged, "failing": failing}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def rule(request: ConsoleRequest, connection_id: int, warehouse_id: str = "") -> HttpResponse:
    """Choose which locations feed a warehouse, in which order, and whether one of them alone is sent."""
    connection = connections.connection_or_404(connection_id)
    shop = places.shop_rules(connection)
    line = next((each for each in shop.rules if each.source.warehouse_id == warehouse_id), None)
    if line is None and warehouse_id:
        raise Http404
    if request.method == "POST":
        with Told(request):
            _save_rule(request, connection, line)
            messages.success(request, _("Saved: push rule. The stock is sent again."))
            return redirect("inventory_warehouses")
    return render(request, "console/push_rule.html", {"shop": shop, "connection": connection, **_form(shop, line)})


def _form(shop: places.ShopRules, line: places.RuleLine | None) -> dict[str, Any]:
    linked = list(dict.fromkeys(line.source.locations if line is not None else ()))
    usable = [row for row in shop.locations.values() if row.removed_at is None]
    ordered = sorted(usable, key=lambda row: (row.location_id not in linked, _place(linked, row.location_id)))
    used = {each.source.warehouse_id for each in shop.rules}
    mine = line.source.warehouse_id if line is not None else ""
    free = [each.warehouse for each in shop.warehouses if each.warehouse.id == mine or each.warehouse.id not in used]
    fed = {row.location_id: each.name for each in shop.rules if each is not line for row in each.places}
    return {
        "line": line,
        "choices": [(row, row.location_id in linked, fed.get(row.location_id, "")) for row in ordered],
        "only": line.source.only if line is not None else "",
        "sources": [(row.location_id, row.name) for row in ordered],
        "houses": [(each.id, each.name) for each in free if each.enabled or each.id == mine],
        "chosen": mine,
        "last": len(shop.rules) < 2,
    }


def _place(linked: list[str], location_id: str) -> int:
    return linked.index(location_id) if location_id in linked else 0


def _save_rule(request: ConsoleRequest, connection: Connection, line: places.RuleLine | None) -> None:
    by, old = Actor.of(request.user), line.source.warehouse_id if line is not None else ""
    new = request.POST.get("warehouse", "")
    if old and request.POST.get("remove"):
        push_rules.remove_rule(connection, old, by=by)
        return
    if old and new and new != old:
        push_rules.replace_warehouse(connection, old, new, by=by)
    if places.shop_rules(connection).locations:
        linked, only = request.POST.getlist("location"), request.POST.get("only", "")
        push_rules.set_rule(connection, new or old, linked=linked, only=only, by=by)


@require_POST
@needs(Permission.OPERATE)
def synchronize(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Read shop and warehouses again, and try again what TikTok refused for a warehouse."""
    connection = connections.connection_or_404(connection_id)
    with Told(request):
        tried = actions.synchronize_warehouses(connection, by=Actor.of(request.user))
        told = ngettext("%(n)s product is tried again.", "%(n)s products are tried again.", tried) % {"n": tried}
        messages.success(request, _("Warehouses read.") + (f" {told}" if tried else ""))
    return back(request, "inventory_warehouses")


@require_POST
@needs(Permission.OPERATE)
def replace(request: ConsoleRequest, connection_id: int, warehouse_id: str) -> HttpResponse:
    """Have another warehouse take the place of one that TikTok refuses, and send its stock again."""
    connection = connections.connection_or_404(connection_id)
    with Told(request):
        chosen = request.POST.get("warehouse", "")
        push_rules.replace_warehouse(connection, warehouse_id, chosen, by=Actor.of(request.user))
        messages.success(request, _("Saved: push rule. The stock is sent again."))
    return back(request, "inventory_warehouses")


@require_POST
@needs(Permission.OPERATE)
def repair(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Choose the best other warehouse for every rule that TikTok refused; the others stay."""
    connection = connections.connection_or_404(connection_id)
    with Told(request):
        changed = push_rules.repair_all(connection, by=Actor.of(request.user))
        text = ngettext("%(n)s rule got another warehouse.", "%(n)s rules got another warehouse.", len(changed))
        messages.success(request, text % {"n": len(changed)})
    return back(request, "inventory_warehouses")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def link(request: ConsoleRequest, connection_id: int, location_id: str) -> HttpResponse:
    """Link a location to a warehouse, to none, or take back what it was linked to."""
    connection = connections.connection_or_404(connection_id)
    line = places.location_or_none(location_id, connection)
    if line is None:
        raise Http404
    if request.method == "POST":
        with Told(request):
            _link(connection, location_id, request.POST.get("warehouse", ""), Actor.of(request.user))
            messages.success(request, _("Saved: %(name)s.") % {"name": line.row.name})
            return redirect("inventory_locations")
    known = line.links[0] if line.links else None
    houses = [(each.warehouse.id, each.warehouse.name) for each in places.shop_rules(connection).warehouses]
    options = [("", _("Not linked")), (_NONE, _("No warehouse: TikTok does not sell from here")), *houses]
    chosen = "" if known is None else known.warehouse_id or _NONE
    return render(
        request, "console/location_link.html",
        {"line": line, "connection": connection, "options": options, "chosen": chosen},
    )  # fmt: skip


_NONE = "none"


def _link(connection: Connection, location_id: str, chosen: str, by: Actor) -> None:
    if not chosen:
        push_rules.unlink(connection, location_id, by=by)
    else:
        push_rules.link(connection, location_id, "" if chosen == _NONE else chosen, by=by)
