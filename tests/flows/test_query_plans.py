"""Hot searches name an owner and many keys; the index that has both must serve them, at every size."""

from __future__ import annotations

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from twinshelf.goods.models import Hold, StoreProduct, StoreVariant
from twinshelf.listings.models import Link, ListingRow
from twinshelf.orders.models import ShopOrderRow, StoreOrderSeen
from twinshelf.sync.models import Mark, TaskItem

KEYS = [str(number) for number in range(100, 350)]

SEARCHES = {
    "products of a store": lambda: StoreProduct.objects.filter(account_id=1, store_id=1, product_id__in=KEYS),
    "variants of products": lambda: StoreVariant.objects.filter(account_id=1, store_id=1, product_id__in=KEYS),
    "variants by SKU": lambda: StoreVariant.objects.filter(account_id=1, store_id=1, sku__in=KEYS),
    "listings of products": lambda: ListingRow.objects.filter(account_id=1, connection_id=1, product_id__in=KEYS),
    "links of products": lambda: Link.objects.filter(account_id=1, connection_id=1, product_id__in=KEYS),
    "links of TikTok SKUs": lambda: Link.objects.filter(account_id=1, connection_id=1, sku_id__in=KEYS),
    "orders": lambda: ShopOrderRow.objects.filter(account_id=1, connection_id=1, order_id__in=KEYS),
    "store orders": lambda: StoreOrderSeen.objects.filter(account_id=1, store_id=1, external_order_id__in=KEYS),
    "holds": lambda: Hold.objects.filter(account_id=1, store_id=1, variant_id__in=KEYS),
    "marks": lambda: Mark.objects.filter(account_id=1, lane_id=1, key__in=KEYS),
    "task items": lambda: TaskItem.objects.filter(account_id=1, lane_id=1, state="waiting", key__in=KEYS),
}


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_by_owner_and_keys_reads_only_those_rows(transactional_db, search):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps statistics of its own")
    with scopes_disabled():
        plan = SEARCHES[search]().explain()

    assert plan.count("=?") == 2, plan  # the owner and the key, both out of one index
    assert "SEARCH" in plan
