"""SKUs of a connection: the audit of both sides, and the Channel SKUs of a product's variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.views.answers import Told, back, csv_answer, started, whole
from twinshelf.listings import actions, queries
from twinshelf.rules.skus import Audit

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.VIEW, change=Permission.OPERATE)
def audit(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """What the last audit found; sent, a new one is made."""
    connection = connections.connection_or_404(connection_id)
    if request.method == "POST":
        made = [actions.audit_skus(connection, by=Actor.of(request.user))]
        return started(request, made, "products", follow=True)
    kept = queries.sku_report(connection)
    found, made_at = kept or (None, None)
    return render(
        request,
        "console/skus.html",
        {
            "connection": connection,
            "others": [one for one in connections.connections() if one.id != connection.id],
            "found": found,
            "made_at": made_at,
            "pks": _pks(connection, found) if found else {},
        },
    )


def _pks(connection: Connection, found: Audit) -> dict[str, int]:
    listed = [*found.missing, *(one.first for one in found.near)]
    listed += [sku for one in found.doubled for sku in one.skus]
    return queries.pks_of(connection.store_id, {sku.product_id for sku in listed if sku.side == "store"})


@require_safe
@needs(Permission.VIEW)
def audit_file(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """What the last audit found, as a file."""
    connection = connections.connection_or_404(connection_id)
    kept = queries.sku_report(connection)
    found = kept[0] if kept else Audit(checked={})
    return csv_answer(request.account, f"twinshelf-skus-{connection.id}.csv", *queries.audit_rows(found))


@require_POST
@needs(Permission.OPERATE)
def channel_skus(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Match variants of a product with a shop by other SKUs than the store's."""
    row = queries.product_or_404(pk)
    every = [one for one in connections.connections() if one.store_id == row.store_id]
    shop = whole(request.POST, "shop", 0)
    connection = next((one for one in every if one.id == shop), None)
    if connection is None:
        raise Http404
    with Told(request):
        for variant in queries.variants_of(row):
            name = f"sku-{variant.variant_id}"
            if name in request.POST:
                actions.set_channel_sku(connection, variant.variant_id, request.POST[name], by=Actor.of(request.user))
        messages.success(request, _("Saved: Channel SKU."))
    return back(request, "products")
