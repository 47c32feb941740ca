"""Pairing variants with the TikTok SKUs that a shop made of them or has already. Writes rows, calls no platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinshelf.connections.models import Connection
from twinshelf.documents import Listing, ShopListing
from twinshelf.kit.upsert import update_rows, upsert
from twinshelf.listings.models import Link


@dataclass(frozen=True)
class Paired:
    """Variants of a product whose TikTok SKU ids are known: variant id → SKU id."""

    product_id: str
    tiktok_id: str
    pairs: Mapping[str, str]
    listing: Listing


def pair_found(connection: Connection, product_id: str, found: ShopListing, pairs: Mapping[str, str]) -> None:
    """Pair variants of a product (variant id → SKU id) with SKUs that the shop has, with the numbers that it shows."""
    skus = {sku.id: sku for sku in found.skus}
    known = Link.objects.filter(connection=connection, sku_id__in=list(pairs.values()))
    known.exclude(variant_id__in=list(pairs)).delete()
    rows = []
    for variant_id, sku_id in pairs.items():
        sku = skus[sku_id]
        price = (None, "") if sku.price is None else (sku.price.amount, sku.price.currency)
        units = sum(units for _place, units in sku.stock)
        rows.append((connection.id, variant_id, product_id, sku.seller_sku, found.id, sku_id, False, *price, units))
    unique = ["connection_id", "variant_id"]
    update = [name for name in _LINK_COLUMNS if name not in {*unique, "manual"}]
    upsert(Link, connection.account_id, _LINK_COLUMNS, rows, unique=unique, update=update)


_LINK_COLUMNS = (
    "connection_id", "variant_id", "product_id", "seller_sku", "tiktok_id", "sku_id", "manual", "price", "currency",
    "quantity",
)  # fmt: skip


def keep_links(connection: Connection, paired: Sequence[Paired]) -> None:
    """Pair variants with TikTok SKUs. Price and stock went along only for SKUs that are new: an edit sends neither."""
    sku_ids = [sku_id for some in paired for sku_id in some.pairs.values()]
    known = {link.sku_id: link for link in Link.objects.filter(connection=connection, sku_id__in=sku_ids)}
    same, fresh = [], []
    for some in paired:
        skus = {sku.variant_id: sku for sku in some.listing.skus}
        for variant_id, sku_id in some.pairs.items():
            sku, link = skus[variant_id], known.get(sku_id)
            if link is not None and link.variant_id == variant_id:
                link.product_id, link.seller_sku, link.tiktok_id = some.product_id, sku.seller_sku, some.tiktok_id
                same.append(known.pop(sku_id))
            else:
                fresh.append(
                    (
                        connection.id, variant_id, some.product_id, sku.seller_sku, some.tiktok_id, sku_id, False,
                        sku.price.amount, sku.price.currency, sku.quantity,
                    )
                )  # fmt: skip
    # What is left was another variant's SKU.
    Link.objects.filter(connection=connection, sku_id__in=list(known)).delete()
    update_rows(same, ["product_id", "seller_sku", "tiktok_id"])
    unique = ["connection_id", "variant_id"]
    update = [name for name in _LINK_COLUMNS if name not in {*unique, "manual"}]
    upsert(Link, connection.account_id, _LINK_COLUMNS, fresh, unique=unique, update=update)
