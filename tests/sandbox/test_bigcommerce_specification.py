"""Answers and webhooks of the BigCommerce double against the platform's own OpenAPI files, where those are at hand.

The files are descriptive: almost nothing in them is required, and some reject what the platform really sends. So the
known mistakes are mended first, and the keys that must be there are listed here.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.sandbox.bigcommerce_client import into, open_store


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Without the timestamp resolver, or dates in enums become dates."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

# Fields that the files call not nullable although the platform answers null, as their own texts or samples say.
NULLABLE = {
    "base_variant_id", "option_set_id", "primary_image", "price", "sale_price", "retail_price", "map_price", "weight",
    "width", "height", "depth", "fixed_cost_shipping_price", "sku_id", "variant_id", "external_order_id",
    "external_merchant_id", "external_source", "external_id", "cart_id", "payment_provider_id",
    "gateway_transaction_id", "reference_transaction_id", "preorder_release_date", "event_date", "value_data",
    "credit_card_type", "offline", "requested_amount", "channel_ids", "tax_class_id", "customer_group_id",
    "wrapping_name",
}  # fmt: skip


@lru_cache
def load(path):
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=Loader)


def target(doc, node):
    """A node, or what its reference points at."""
    while isinstance(node, dict) and "$ref" in node:
        found = doc
        for part in node["$ref"][2:].split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def mended(doc, node, name="", depth=0):
    """A schema of OpenAPI 3.0 as JSON Schema, references followed, known mistakes mended."""
    node = target(doc, node)
    if not isinstance(node, dict) or depth > 12:
        return {}
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            result[key] = {k: mended(doc, v, k, depth + 1) for k, v in value.items()}
        elif key == "items":
            result[key] = mended(doc, value, name, depth + 1)
        elif key in {"allOf", "anyOf", "oneOf"}:
            # {url, resource} fits every alternative, so "exactly one" is never true.
            word = "anyOf" if key == "oneOf" else key
            result[word] = [mended(doc, v, name, depth + 1) for v in value]
        elif key in {"type", "enum", "required", "minimum", "maximum", "minLength", "maxLength", "maxItems"}:
            result[key] = value
    return nullable(result) if node.get("nullable") or name in NULLABLE else result


def nullable(schema):
    """The same schema, null allowed."""
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    for word, null in (("enum", None), ("anyOf", {"type": "null"})):
        if word in schema:
            schema[word] = [*schema[word], null]
    return schema


def problems(folder, file, path, body):
    """What is wrong with the answer to a GET, by the file that describes it."""
    doc = load(folder / file)
    pattern = {p: "^" + re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(p)) + "$" for p in doc["paths"]}
    hits = [p for p, rx in pattern.items() if re.match(rx, path)]
    operation = doc["paths"][min(hits, key=lambda p: p.count("{"))]["get"]
    answer = operation["responses"]["200"]
    while "$ref" in answer:
        answer = doc["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = mended(doc, next(iter(answer["content"].values())).get("schema", {}))
    found = Draft202012Validator(schema).iter_errors(body)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in found]


@pytest.fixture
def specs(shared):
    folder = shared / "specs" / "bigcommerce"
    if not folder.is_dir():
        pytest.skip("BigCommerce's OpenAPI files are not in the reference material")
    return folder


@pytest.fixture
def store(sandbox):
    """A store with one of everything that is read below."""
    store = open_store(sandbox)
    channel = store.post("/v3/channels", {"name": "TikTok", "type": "marketplace", "platform": "tiktok"}).json()[
        "data"
    ]["id"]
    product_id, variants = store.shirt()
    store.product(
        images=[{"image_url": "https://example.com/a.png"}],
        custom_fields=[{"name": "a", "value": "b"}],
        brand_name="Acme",
    )
    store.post(
        f"/v3/catalog/products/{product_id}/modifiers", {"display_name": "Note", "type": "text", "required": False}
    )
    store.act("add_category", path="Men/Shirts")
    line = {
        "product_id": product_id,
        "variant_id": variants["SHIRT-S"],
        "quantity": 2,
        "price_inc_tax": 44,
        "price_ex_tax": 40,
    }
    store.ordered(line, channel_id=channel, external_order_id="5761", base_shipping_cost=5, discount_amount=1)
    store.act("ship_order", order_id=100, carrier="usps", tracking_number="94001")
    store.act("place_order", lines=[{"sku": "SHIRT-M", "quantity": 1}])
    store.act("leave_message", order_id=101, text="Hello")
    store.post("/v3/hooks", {"scope": "store/order/*", "destination": "https://x.example/h"})
    store.post(f"/v3/channels/{channel}/listings", [{"product_id": product_id, "state": "active", "variants": []}])
    price_list = store.post("/v3/pricelists", {"name": "TikTok"}).json()["data"]["id"]
    store.put(f"/v3/pricelists/{price_list}/records", [{"sku": "SHIRT-S", "currency": "USD", "price": 33}])
    store.post("/v3/customers", [{"email": "a@example.com", "first_name": "A", "last_name": "B"}])
    store.post(
        f"/v3/catalog/products/{product_id}/metafields",
        {"namespace": "n", "key": "k", "value": "v", "permission_set": "read"},
    )
    refund = {
        "items": [{"item_type": "ORDER", "item_id": 101, "amount": 1}],
        "payments": [{"provider_id": "custom", "amount": 1, "offline": True}],
    }
    store.post("/v3/orders/101/payment_actions/refunds", refund)
    return store


ORDER = {
    "id", "customer_id", "date_created", "date_modified", "date_shipped", "status_id", "status", "custom_status",
    "subtotal_ex_tax", "subtotal_inc_tax", "subtotal_tax", "base_shipping_cost", "shipping_cost_ex_tax",
    "total_inc_tax", "items_total", "items_shipped", "payment_method", "payment_status", "refunded_amount",
    "order_is_digital", "currency_code", "default_currency_code", "is_deleted", "billing_address", "order_source",
    "channel_id", "external_source", "external_id", "external_merchant_id", "external_order_id", "tax_provider_id",
    "customer_locale", "products", "shipping_addresses", "coupons", "consignments", "staff_notes", "customer_message",
    "discount_amount", "cart_id", "ip_address", "ip_address_v6",
}  # fmt: skip
PRODUCT = {
    "id", "name", "type", "sku", "description", "weight", "width", "depth", "height", "price", "cost_price",
    "retail_price", "sale_price", "map_price", "calculated_price", "categories", "brand_id", "inventory_level",
    "inventory_tracking", "is_visible", "availability", "upc", "mpn", "gtin", "condition", "custom_url",
    "base_variant_id", "date_created", "date_modified", "gift_wrapping_options_list", "option_set_id", "total_sold",
    "sort_order", "open_graph_type", "warranty",
}  # fmt: skip
VARIANT = {
    "id", "product_id", "sku", "sku_id", "price", "calculated_price", "sale_price", "weight", "calculated_weight",
    "image_url", "upc", "inventory_level", "option_values", "purchasing_disabled",
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "path", "keys"),
    [
        ("store_information.v2.yml", "/v2/store", {"id", "store_id", "plan_level", "timezone", "features", "logo"}),
        ("store_information.v2.yml", "/v2/time", {"time"}),
        ("catalog/products_catalog.v3.yml", "/v3/catalog/products", PRODUCT),
        (
            "catalog/products_catalog.v3.yml",
            "/v3/catalog/products?include=variants,images,custom_fields,options,modifiers,channels",
            PRODUCT,
        ),
        ("catalog/products_catalog.v3.yml", "/v3/catalog/products/101", PRODUCT),
        (
            "catalog/products_catalog.v3.yml",
            "/v3/catalog/products/102/images",
            {"id", "url_zoom", "url_tiny", "is_thumbnail", "sort_order"},
        ),
        ("catalog/products_catalog.v3.yml", "/v3/catalog/products/102/custom-fields", {"id", "name", "value"}),
        (
            "catalog/products_catalog.v3.yml",
            "/v3/catalog/products/101/metafields",
            {"id", "key", "value", "namespace", "permission_set", "resource_id"},
        ),
        ("catalog/products_catalog.v3.yml", "/v3/catalog/products/channel-assignments", {"product_id", "channel_id"}),
        ("catalog/products_catalog.v3.yml", "/v3/catalog/summary", {"variant_count", "lowest_variant_price"}),
        ("catalog/product-variants_catalog.v3.yml", "/v3/catalog/products/101/variants", VARIANT),
        (
            "catalog/product-variant-options_catalog.v3.yml",
            "/v3/catalog/products/101/options",
            {"id", "display_name", "option_values", "type"},
        ),
        (
            "catalog/product-modifiers_catalog.v3.yml",
            "/v3/catalog/products/101/modifiers",
            {"id", "display_name", "required", "type"},
        ),
        ("catalog/brands_catalog.v3.yml", "/v3/catalog/brands", {"id", "name", "custom_url"}),
        ("catalog/category-trees_catalog.v3.yml", "/v3/catalog/trees", {"id", "name", "channels"}),
        (
            "catalog/category-trees_catalog.v3.yml",
            "/v3/catalog/trees/categories",
            {"category_id", "tree_id", "parent_id", "name", "url"},
        ),
        (
            "catalog/category-trees_catalog.v3.yml",
            "/v3/catalog/trees/1/categories",
            {"id", "name", "children", "depth"},
        ),
        ("catalog/categories_catalog.v3.yml", "/v3/catalog/categories", {"id", "parent_id", "name", "custom_url"}),
        ("inventory.v3.yml", "/v3/inventory/items", {"identity", "locations"}),
        (
            "inventory.v3.yml",
            "/v3/inventory/locations/1/items",
            {"identity", "available_to_sell", "total_inventory_onhand", "settings"},
        ),
        ("locations.v3.yml", "/v3/inventory/locations", {"id", "code", "label", "enabled", "address", "type_id"}),
        ("settings.v3.yml", "/v3/settings/inventory", {"update_stock_behavior", "refund_order_stock_adjustment"}),
        ("settings.v3.yml", "/v3/settings/email-statuses", {"combined_order_status_email"}),
        ("settings.v3.yml", "/v3/settings/store/units-of-measurement", {"weight_measurement", "length_measurement"}),
        ("settings.v3.yml", "/v3/settings/inventory/notifications", {"low_stock_notification_address"}),
        (
            "currencies.v2.yml",
            "/v2/currencies",
            {"id", "currency_code", "is_default", "is_transactional", "currency_exchange_rate"},
        ),
        ("orders.v2.oas2.yml", "/v2/orders", ORDER),
        ("orders.v2.oas2.yml", "/v2/orders/100", ORDER),
        ("orders.v2.oas2.yml", "/v2/orders/count", {"statuses", "count"}),
        ("orders.v2.oas2.yml", "/v2/order_statuses", {"id", "name", "system_label", "custom_label", "order"}),
        (
            "orders.v2.oas2.yml",
            "/v2/orders/100/products",
            {
                "id",
                "order_id",
                "product_id",
                "variant_id",
                "sku",
                "quantity",
                "price_inc_tax",
                "quantity_shipped",
                "applied_discounts",
                "product_options",
            },
        ),
        (
            "orders.v2.oas2.yml",
            "/v2/orders/100/shipping_addresses",
            {"id", "order_id", "shipping_method", "cost_inc_tax", "items_total", "shipping_quotes"},
        ),
        ("orders.v2.oas2.yml", "/v2/orders/100/taxes?details=true", {"id", "name", "line_amount", "line_item_type"}),
        ("orders.v2.oas2.yml", "/v2/orders/101/messages", {"id", "message", "status"}),
        (
            "orders.v2.oas2.yml",
            "/v2/orders/100/shipments",
            {"id", "order_id", "items", "tracking_number", "shipping_provider", "generated_tracking_link"},
        ),
        ("orders.v2.oas2.yml", "/v2/orders/100/consignments", {"pickups", "shipping", "downloads", "email"}),
        (
            "orders.v3.yml",
            "/v3/orders/101/payment_actions/refunds",
            {"id", "order_id", "total_amount", "items", "payments"},
        ),
        ("orders.v3.yml", "/v3/orders/101/transactions", {"id", "order_id", "event", "method", "amount"}),
        ("channels.v3.yml", "/v3/channels?include=currencies", {"id", "name", "type", "platform", "status"}),
        ("channels.v3.yml", "/v3/channels/1053001/listings", {"listing_id", "product_id", "state", "variants"}),
        (
            "channels.v3.yml",
            "/v3/channels/currency-assignments",
            {"channel_id", "enabled_currencies", "default_currency"},
        ),
        ("channels.v3.yml", "/v3/channels/1/site", {"id", "url", "channel_id"}),
        ("price_lists.v3.yml", "/v3/pricelists", {"id", "name", "active"}),
        ("price_lists.v3.yml", "/v3/pricelists/1/records", {"variant_id", "currency", "price", "calculated_price"}),
        ("customers.v3.yml", "/v3/customers", {"id", "email", "first_name"}),
        ("webhooks.v3.yml", "/v3/hooks", {"id", "scope", "destination", "is_active", "headers"}),
        ("webhooks.v3.yml", "/v3/hooks/admin", {"emails", "hooks_list", "blocked_domains"}),
    ],
)
def test_answers_fit_the_published_schemas_and_have_the_keys_that_count(specs, store, file, path, keys):
    answer = store.get(path)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert problems(specs, file, path[3:].split("?")[0], body) == []
    inner = body["data"] if path.startswith("/v3/") else body
    rows = inner if isinstance(inner, list) else [inner]
    assert rows
    for row in rows:
        assert keys <= set(row), keys - set(row)


def test_webhooks_fit_their_published_schemas(specs, sandbox):
    store = open_store(sandbox)
    sent: list[bytes] = []
    sandbox.outbox.send = into(sent)
    for group in ("order", "product", "sku", "shipment", "inventory", "priceList", "metafield"):
        assert (
            store.post("/v3/hooks", {"scope": f"store/{group}/*", "destination": "https://x.example/h"}).status_code
            == 200
        )
    product_id, _ = store.shirt()
    store.product(inventory_tracking="product", inventory_level=3)
    store.act("set_price", sku="SHIRT-S", price="41")
    store.act("set_stock", sku="MUG-1", quantity=1)
    order_id = store.act("place_order", lines=[{"sku": "SHIRT-S", "quantity": 1}, {"sku": "MUG-1", "quantity": 1}])
    store.act("ship_order", order_id=order_id)
    store.act("edit_shipment", shipment_id=11, tracking_number="2")
    store.act("delete_shipment", shipment_id=11)
    store.act("leave_message", order_id=order_id, text="Hi")
    refund = {
        "items": [{"item_type": "ORDER", "item_id": order_id, "amount": 1}],
        "payments": [{"provider_id": "custom", "amount": 1, "offline": True}],
    }
    store.post(f"/v3/orders/{order_id}/payment_actions/refunds", refund)
    store.act("archive_order", order_id=order_id)
    field = {"namespace": "n", "key": "k", "value": "v", "permission_set": "read"}
    store.post(f"/v3/catalog/products/{product_id}/metafields", field)
    store.post(f"/v3/orders/{order_id}/metafields", field)
    store.act("add_location", location={"code": "B", "label": "Back", "type_id": "VIRTUAL"})
    price_list = store.post("/v3/pricelists", {"name": "T"}).json()["data"]["id"]
    store.put(f"/v3/pricelists/{price_list}/records/1001/usd", {"price": 1})
    store.act("delete_product", product_id=product_id)
    sandbox.settle()
    schemas = {}
    for file in sorted((specs / "webhook-callbacks").glob("*.yml")):
        schemas.update({scope: mended({}, schema) for scope, schema in load(file)["properties"].items()})
    known = [event for event in map(json.loads, sent) if event["scope"] in schemas]
    wrong = [(e["scope"], x.message) for e in known for x in Draft202012Validator(schemas[e["scope"]]).iter_errors(e)]
    assert wrong == []
    assert len({event["scope"] for event in known}) >= 20
