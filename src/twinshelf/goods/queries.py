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
