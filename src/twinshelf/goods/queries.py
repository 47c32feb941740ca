"""What may be known about the store's goods as they were last read."""

from __future__ import annotations

from collections.abc import Sequence

from twinshelf.connections.models import Store
from twinshelf.goods.models import StoreProduct, StoreVariant


def product_ids(store: Store, among: Sequence[str] | None = None) -> list[str]:
    """The ids of the store's products, sorted; with `among`, of those of them that it has."""
    known = StoreProduct.objects.filter(store=store, deleted=False)
    if among is not None:
        known = known.filter(product_id__in=among)
    return sorted(known.values_list("product_id", flat=True))


def variants_named(store: Store, variant_ids: Sequence[str]) -> list[StoreVariant]:
    """These variants of the store, in the order they were first read; those it does not have are left out."""
    return list(StoreVariant.objects.filter(store=store, variant_id__in=variant_ids).order_by("id"))


def products_named(store: Store, names: Sequence[str]) -> dict[str, list[str]]:
    """The ids of products by what people call them: the product's number, its SKU, or the SKU of a variant.

    A number goes before a SKU. A SKU that several products have names them all; a name that none has is left out.
    """
    kept = StoreProduct.objects.filter(store=store, deleted=False)
    found = {number: [number] for number in kept.filter(product_id__in=names).values_list("product_id", flat=True)}
    skus = [name for name in names if name not in found]
    variants = StoreVariant.objects.filter(store=store, deleted=False, sku__in=skus)
    owners: dict[str, set[str]] = {}
    for sku, product_id in [
        *kept.filter(sku__in=skus).values_list("sku", "product_id"),
        *variants.values_list("sku", "product_id"),
    ]:
        owners.setdefault(sku, set()).add(product_id)
    return found | {sku: sorted(ids) for sku, ids in owners.items()}


def titles(store: Store, product_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(SKU, title) by product id, of the products that the store has."""
    rows = StoreProduct.objects.filter(store=store, product_id__in=product_ids)
    return {product_id: (sku, title) for product_id, sku, title in rows.values_list("product_id", "sku", "title")}
