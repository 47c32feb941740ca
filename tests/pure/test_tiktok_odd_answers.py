"""Whatever stands where TikTok promised something else, a row is read or refused by name: never anything worse."""

from __future__ import annotations

import contextlib
import copy
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from twinshelf.documents import Dimensions, Listing, ListingSku, Money, Weight
from twinshelf.errors import DocumentError
from twinshelf.tiktok import cancellations, categories, errors, orders, packages, products, shops, webhooks
from twinshelf.tiktok.regions import region

SHARED = Path(os.environ.get("TWINSHELF_SHARED") or Path(__file__).parents[3] / "shared")
SAMPLES = SHARED / "data" / "tiktok-doc-samples"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the shared test data is not beside the repository")

ODD: tuple[Any, ...] = (
    None,
    7,
    576461413038785753,
    -0.5,
    True,
    "",
    "x",
    "NaN",
    "1e999999999",
    [],
    [None],
    ["x"],
    {},
    {"id": None},
)


MUG = Listing(
    product_id="81", title="Mug", description="", category_id="1", image_urls=(), warehouse_id="7",
    weight=Weight(Decimal(1), "LB"), dimensions=Dimensions(Decimal(1), Decimal(1), Decimal(1), "IN"),
    skus=(ListingSku(variant_id="61", seller_sku="MUG", price=Money(Decimal(9), "USD")),),
)  # fmt: skip


def sample(area, endpoint, *path):
    found = json.loads((SAMPLES / f"{area}.json").read_text(encoding="utf-8"))[endpoint]
    for step in path:
        found = found[step]
    return found


def places(value, path=()):
    """Every place inside `value`, as the path that leads there."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def changed(value, path, odd):
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], odd) if path[1:] else odd
    return value


DATA = ("response", "data")
READERS = [
    (orders.order_from_json, ("orders", "get-order-detail", *DATA, "orders", 0)),
    (packages.packaged_units_from_json, ("orders", "get-order-detail", *DATA, "orders", 0)),
    (products.listing_from_json, ("products", "search-products", *DATA, "products", 0)),
    (products.created_from_json, ("products", "create-product", *DATA)),
    (products.stock_from_json, ("products", "inventory-search", *DATA, "inventory", 0)),
    (categories.attribute_from_json, ("products", "get-attributes", *DATA, "attributes", 0)),
    (categories.rules_from_json, ("products", "get-category-rules", *DATA)),
    (categories.brand_from_json, ("products", "get-brands", *DATA, "brands", 0)),
    (shops.warehouse_from_json, ("logistics", "get-warehouse-list", *DATA, "warehouses", 0)),
    (packages.package_from_json, ("fulfillment", "get-package-detail", *DATA)),
    (packages.shipped_from_json, ("fulfillment", "mark-package-as-shipped", *DATA)),
    (cancellations.cancellation_from_json, ("return-and-refund", "search-cancellations", *DATA, "cancellations", 0)),
    (cancellations.reasons_from_json, ("return-and-refund", "get-aftersale-eligibility", *DATA)),
    (lambda data: errors.refused_items(data, "sku_id"), ("products", "update-inventory", *DATA)),
    (webhooks.hint_from_json, ("webhooks", "4-package-update", "payload")),
    (webhooks.hint_from_json, ("webhooks", "37-product-audit-status-change", "payload")),
]


@pytest.mark.parametrize(("reader", "where"), READERS, ids=[where[1] for _, where in READERS])
def test_a_row_with_one_odd_value_is_read_or_refused(reader, where):
    row = sample(*where)
    reader(json.dumps(row).encode())

    for number, path in enumerate(places(row)):
        for odd in ODD[number % 3 :: 3]:  # a third of them at each place: all of them over the row
            with contextlib.suppress(DocumentError):
                reader(msgspec.json.encode(changed(row, path, odd)))


def test_a_product_with_one_odd_value_can_be_sent_back_or_is_refused():
    row = sample("products", "get-product", *DATA)
    read = products._Current.__struct_fields__
    for number, path in enumerate(path for path in places(row) if path[0] in read):
        for odd in ODD[number % 3 :: 3]:
            current = msgspec.json.encode(changed(row, path, odd))
            with contextlib.suppress(DocumentError):
                products.edit_to_json(MUG, current, image_uris={}, sku_ids={"61": "10001"}, region=region("US"))
