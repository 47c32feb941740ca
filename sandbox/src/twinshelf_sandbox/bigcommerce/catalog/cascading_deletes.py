"""What goes with a product or a variant that is deleted: prices in price lists, metafields, channel listings."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.store import Store


def forget_product(store: Store, product_id: int, variant_ids: Collection[int]) -> None:
    """Delete what other tables hold of a product and of its variants. Fires no webhook."""
    forget_variants(store, variant_ids)
    _forget_metafields(store, "product", {product_id})
    listings = store.rows("listings")
    for listing in list(listings.values()):
        if listing["product_id"] == product_id:
            listings.delete(listing["listing_id"])


def forget_variants(store: Store, variant_ids: Collection[int]) -> None:
    """Delete what other tables hold of variants. Fires no webhook."""
    records = store.rows("price_records")
    if len(records):
        gone = {f"{variant_id:012d}" for variant_id in variant_ids}
        for key in records.keys():  # noqa: SIM118 - a table is not a mapping
            if str(key).split("|")[1] in gone:
                records.delete(key)
    _forget_metafields(store, "variant", set(variant_ids))


def _forget_metafields(store: Store, kind: str, ids: Collection[int]) -> None:
    metafields = store.rows("metafields")
    for row in list(metafields.values()) if len(metafields) else ():
        if row["resource_type"] == kind and row["resource_id"] in ids:
            metafields.delete(row["id"])
