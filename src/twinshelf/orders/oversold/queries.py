"""What may be known about what is oversold: the orders that were cancelled for it, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf.connections.models import Shop
from twinshelf.connections.queries import product_management
from twinshelf.documents import ListingState
from twinshelf.goods.models import StoreProduct
from twinshelf.kit.actions import Action, Permission
from twinshelf.kit.paging import SIZE, Page
from twinshelf.listings.models import ListingRow
from twinshelf.listings.queries import CONSEQUENCES
from twinshelf.orders.book import order_of
from twinshelf.orders.models import OversoldRow, ShopOrderRow
from twinshelf.orders.oversold.book import open_entries


@dataclass(frozen=True)
class Entry:
    """One product of a cancelled order. `product` is None where the store's product is not known, or is gone."""

    row: OversoldRow
    title: str
    skus: tuple[str, ...]
    """SKUs of the order that are of this product."""
    product: StoreProduct | None
    listing: ListingRow | None


@dataclass(frozen=True)
class OversoldOrder:
    """An order that was cancelled because some of it was not to be had, with what is still oversold of it."""

    row: ShopOrderRow
    at: datetime
    """When we learned of it."""
    entries: tuple[Entry, ...]


def anything() -> bool:
    """Whether anything of the account is oversold: one look into an index of the open entries."""
    return open_entries().exists()


def orders(*, number: int = 1, size: int = SIZE) -> Page[OversoldOrder]:
    """The orders that were cancelled because a product was not to be had and still is oversold, newest first."""
    rows = ShopOrderRow.objects.filter(Exists(open_entries().filter(order=OuterRef("pk"))))
    total = rows.count()
    page: Page[OversoldOrder] = Page((), total, number, size)
    number = min(max(1, number), page.pages)
    some = rows.select_related("connection__shop", "connection__store").order_by("-placed_at", "-pk")
    found = list(some[(number - 1) * size : number * size])
    entries: dict[int, list[OversoldRow]] = {}
    for entry in open_entries().filter(order__in=[row.pk for row in found]).order_by("pk"):
        entries.setdefault(entry.order_id, []).append(entry)
    known = _Known([each for of_order in entries.values() for each in of_order], found)
    shown = [
        OversoldOrder(row, min(each.at for each in of_order), tuple(known.entry(row, each) for each in of_order))
        for row in found
        if (of_order := entries.get(row.pk))
    ]
    return Page(tuple(shown), total, number, size)


class _Known:
    """The products and listings of some entries, read at once."""

    def __init__(self, entries: Sequence[OversoldRow], rows: Sequence[ShopOrderRow]) -> None:
        ids = {entry.product_id for entry in entries if entry.product_id}
        stores = {row.connection.store_id for row in rows}
        products = StoreProduct.objects.filter(store__in=stores, product_id__in=ids)
        self._products = {(each.store_id, each.product_id): each for each in products.defer("document", "search")}
        listings = ListingRow.objects.filter(connection__in={row.connection_id for row in rows}, product_id__in=ids)
        self._listings = {(each.connection_id, each.product_id): each for each in listings.defer("sent")}

    def entry(self, row: ShopOrderRow, entry: OversoldRow) -> Entry:
        """What is known of one entry."""
        lines = [line for line in order_of(row).lines if row.bearers.get(line.sku_id, [""])[0] == entry.product_id]
        product = self._products.get((row.connection.store_id, entry.product_id))
        title = product.title if product is not None else ", ".join(dict.fromkeys(line.title for line in lines))
        skus = tuple(dict.fromkeys(line.seller_sku or line.sku_id for line in lines))
        return Entry(entry, title, skus, product, self._listings.get((entry.connection_id, entry.product_id)))


def entry_or_404(entry_id: int) -> OversoldRow:
    """An entry of the list, open or closed, with its connection and order. Raises Http404."""
    return get_object_or_404(OversoldRow.objects.select_related("connection", "order"), id=entry_id)


def is_going_down(entry: Entry) -> bool:
    """Whether the product is being taken off sale right now."""
    return entry.listing is not None and (entry.listing.switch_to is False or entry.listing.remove_to is True)


def actions_for(entry: Entry) -> tuple[Action, ...]:
    """To say whether the stock is really out, which takes the product down, or that it is there."""
    about, found = entry.title, []
    live = entry.listing is not None and entry.listing.state == ListingState.LIVE
    if entry.product is not None and live and not is_going_down(entry):
        found.append(
            Action(
                id="product.deactivate",
                label=_("Out of stock: take it down"),
                about=about,
                sent=(("only", entry.product.pk), ("shop", entry.row.connection_id)),
                tone="danger",
                confirm=_("Is it really out of stock?") + " " + CONSEQUENCES["deactivate"],
            )
        )
    found.append(Action(id="oversold.checked", label=_("It is in stock"), about=about, args=(entry.row.pk,)))
    return tuple(found)


def actions_for_shop(shop: Shop) -> tuple[Action, ...]:
    """To open TikTok's page where the products of a shop are managed."""
    label = _("Process to TikTok Shop")
    return (
        Action(
            id="shop.manage", label=label, about=str(shop), args=(product_management(shop),), method="get",
            permission=Permission.VIEW,
        ),
    )  # fmt: skip
