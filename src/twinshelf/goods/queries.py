"""What may be known about the store's goods as they were last read."""

from __future__ import annotations

from collections.abc import Sequence

from twinshelf.connections.models import Store
from twinshelf.goods.models import StoreProduct


def product_ids(store: Store, among: Sequence[str] | None = None) -> list[str]:
    """The ids of the store's products, sorted; with `among`, of those of them that it has."""
    known = StoreProduct.objects.filter(store=store, deleted=False)
    if among is not None:
        known = known.filter(product_id__in=among)
    return sorted(known.values_list("product_id", flat=True))
