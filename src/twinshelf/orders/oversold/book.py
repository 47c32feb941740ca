"""The list of what is oversold: entries come with cancellations and go with the listings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet

from twinshelf.connections.models import Connection
from twinshelf.documents import ListingState
from twinshelf.kit import clock
from twinshelf.listings.models import ListingRow
from twinshelf.orders.models import OversoldRow, ShopOrderRow

_DOWN = (ListingState.NOT_UPLOADED, ListingState.INACTIVE_SELLER, ListingState.INACTIVE_PLATFORM)
"""States of a listing in which nobody can buy the product, until a person puts it on sale again."""


def note(order: ShopOrderRow, units: Mapping[str, int]) -> None:
    """Have these units by TikTok SKU id in the list, by the products that bear them. Safe to repeat."""
    by_product: Counter[str] = Counter()
    for sku_id, number in units.items():
        by_product[order.bearers.get(sku_id, [""])[0]] += number
    rows = [
        OversoldRow(
            account_id=order.account_id,
            connection_id=order.connection_id,
            order=order,
            product_id=product_id,
            units=number,
        )
        for product_id, number in by_product.items()
    ]
    OversoldRow.objects.bulk_create(rows, ignore_conflicts=True)
    if "" not in by_product:  # of what had no product at first
        OversoldRow.objects.filter(order=order, product_id="", closed_at=None).delete()


def open_entries() -> QuerySet[OversoldRow]:
    """The entries of the account that nobody closed and whose product the shop may sell."""
    at_shop = ListingRow.objects.filter(connection=OuterRef("connection"), product_id=OuterRef("product_id"))
    sold = at_shop.exclude(state__in=_DOWN)
    return OversoldRow.objects.filter(
        Q(product_id="") | Exists(sold), closed_at=None, connection__shop__leaving_at=None
    )


def close_taken_down(connection: Connection) -> None:
    """Close for good the entries of products that the shop does not sell now, also if it sells them again later."""
    mine = OversoldRow.objects.filter(connection=connection, closed_at=None)
    mine.exclude(id__in=open_entries().filter(connection=connection).values("id")).update(closed_at=clock.now())
