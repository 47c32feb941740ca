"""Answers and webhooks of the BigCommerce double against the platform's own OpenAPI files, where those are at hand.

Every operation is called once (`bigcommerce_tour`). What the files say of an answer must hold, the answer must have no
key that nothing published names, and, since almost nothing is required in the files, the keys that count are listed
here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sandbox.tests import bigcommerce_tour
from sandbox.tests.bigcommerce_client import into, open_store
from sandbox.tests.bigcommerce_tour import Answer, Tour
from sandbox.tests.openapi import Schema, Specification, load, mended, problems, strangers
from twinshelf_sandbox.app import build

PAGING = {"meta.pagination", "meta.cursor_pagination"}
COUNTS = {"meta.total", "meta.success", "meta.failed"}

# Routes of the double that no file describes.
UNDESCRIBED = {
    ("GET", "/v3/catalog/categories/tree"),  # deprecated, still answered
    *(
        (method, f"/v2/orders/{{order_id}}/{rest}")  # the spelling of the orders' own links
        for method, rest in (
            ("GET", "shippingaddresses"),
            ("GET", "shippingaddresses/{address_id}"),
            ("PUT", "shippingaddresses/{address_id}"),
            ("GET", "shippingaddresses/{address_id}/shipping_quotes"),
            ("GET", "shippingaddresses/{address_id}/shippingquotes"),
            ("GET", "shipping_addresses/{address_id}/shippingquotes"),
        )
    ),
}
# Successes with a status that no file names: V2 answers an empty list with 204, and the live API creates with 201.
OTHER_STATUS = {
    ("GET", "/v2/orders/{order_id}/consignments/shipping/{address_id}/shipping_quotes", 204),
    ("GET", "/v2/orders/{order_id}/coupons", 204),
    ("GET", "/v2/orders/{order_id}/shipping_addresses/{address_id}/shipping_quotes", 204),
    ("POST", "/v2/orders", 201),
}
# Where a file says nothing of a body that is there.
NO_SCHEMA = {
    ("POST", "/v3/pricelists/assignments"),
    ("PUT", "/v3/settings/inventory/notifications"),
}
# Mistakes of the files: what they would refuse although other files, their samples or their own text say it is right.
MISTAKES = {
    ("GET", "/v3/catalog/products/{product_id}/bulk-pricing-rules"): "a list, described as one rule",
    ("GET", "/v3/orders/payment_actions/refunds/{refund_id}"): "requested_amount is text here, a number in the list",
    ("POST", "/v3/customers/{customer_id}/metafields"): "one metafield, described as the answer to a batch",
    ("PUT", "/v3/customers/{customer_id}/metafields/{metafield_id}"): "one metafield, described as a batch's",
    ("POST", "/v3/store/metafields"): "one metafield, described as the answer to a batch",
    ("POST", "/v3/orders/{order_id}/payment_actions/capture"): "an object without fields: the answer has no body",
    ("POST", "/v3/orders/{order_id}/payment_actions/void"): "an object without fields: the answer has no body",
    **{
        (method, f"/v3/catalog/products/{{product_id}}/variants/{{variant_id}}/metafields{one}"): "an empty description"
        for method, one in (("POST", ""), ("GET", ""), ("GET", "/{metafield_id}"), ("PUT", "/{metafield_id}"))
    },
}
# Keys that the schema of an operation leaves out although another page of the documentation, or the schema of the same
# thing elsewhere, has them.
UNNAMED = {
    "v2/order_statuses": {".order"},
    "v2/orders": {".credit_card_type", ".custom_status", ".consignments.shipping.line_items.fulfillment_source"},
    "v2/orders/products": {".fulfillment_source"},
    "v2/orders/fees": {".fees"},
    "catalog/products": {".data.variants", ".data.channels", ".data.images.image_file", ".data.options.name"},
    "catalog/products/images": {".data.image_file"},
    "catalog/products/variants": {".data.map_price"},
    "catalog/variants": {f".data.{n}" for n in ("map_price", "calculated_weight", "gtin", "image_url", "mpn")},
    "catalog/products/modifiers": {f".data.{n}" for n in (
        "config", "display_name", "id", "name", "option_values", "product_id", "required", "sort_order", "type",
        "option_values.option_id")},
    "catalog/products/modifiers/values": {".data.option_id"},
    "channels": {".data.currencies"},
    "customers": {".data.shopper_profile_id", ".data.segment_ids"},
    "inventory/locations/items": {".data.identity.sku_id"},
    "orders/payment_actions/refunds": {".data.items.adjustments", ".data.payments.transaction_id"},
    "metafields": {".data", ".meta", ".data.owner_client_id", *(f".{name}" for name in PAGING | COUNTS)},
    "pricelists": {".meta.pagination.links"},
    "pricelists/records": {".meta.pagination.links"},
    "pricelists/assignments": {".meta.pagination.links"},
    "sites": {f".meta.pagination.{n}" for n in (
        "count", "current_page", "links", "per_page", "total", "total_pages")},  # those of all other lists
}  # fmt: skip

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
CATEGORY = {"parent_id", "name", "description", "views", "sort_order", "is_visible", "image_url", "search_keywords"}
ADDRESS = {"id", "order_id", "shipping_method", "cost_inc_tax", "items_total", "shipping_quotes", "street_1", "zip"}
LISTING = {"channel_id", "listing_id", "product_id", "state", "variants", "date_created", "date_modified"}
METAFIELD = {
    "id", "key", "value", "namespace", "permission_set", "resource_type", "resource_id", "description", "date_created",
    "date_modified", "owner_client_id",
}  # fmt: skip
# The keys of each thing, by the end of its operation's path; ids and metafields' owners are left out of the path.
KEYS = {
    "v2/store": {"id", "store_id", "plan_level", "timezone", "features", "logo", "currency", "weight_units"},
    "v2/time": {"time"},
    "v2/currencies": {"id", "currency_code", "is_default", "is_transactional", "currency_exchange_rate", "enabled"},
    "v2/countries": {"id", "country", "country_iso2", "country_iso3", "states"},
    "v2/countries/count": {"count"},
    "v2/countries/states/count": {"count"},
    "v2/countries/states": {"id", "state", "state_abbreviation", "country_id"},
    "v2/tax_classes": {"id", "name"},
    "v2/order_statuses": {"id", "name", "system_label", "custom_label", "order"},
    "v2/orders": ORDER,
    "v2/orders/count": {"statuses", "count"},
    "v2/orders/products": {
        "id", "order_id", "product_id", "variant_id", "sku", "name", "quantity", "price_inc_tax", "quantity_shipped",
        "quantity_refunded", "applied_discounts", "product_options", "order_address_id", "external_id"},
    "v2/orders/shipping_addresses": ADDRESS,
    "v2/orders/shippingaddresses": ADDRESS,
    "v2/orders/consignments": {"pickups", "shipping", "downloads", "email"},
    "v2/orders/taxes": {"id", "order_id", "name", "rate", "line_amount", "line_item_type"},
    "v2/orders/fees": {"fees"},
    "v2/orders/messages": {"id", "order_id", "message", "subject", "type", "status", "date_created"},
    "v2/orders/shipments": {
        "id", "order_id", "customer_id", "order_address_id", "items", "tracking_number", "tracking_carrier",
        "shipping_provider", "shipping_method", "generated_tracking_link", "comments", "billing_address",
        "shipping_address"},
    "v2/orders/shipments/count": {"count"},
    "catalog/products": PRODUCT,
    "catalog/products/variants": VARIANT,
    "catalog/variants": {"id", "product_id", "sku"},
    "catalog/products/variants/image": {"image_url"},
    "catalog/products/images": {
        "id", "product_id", "url_zoom", "url_standard", "url_thumbnail", "url_tiny", "is_thumbnail", "sort_order",
        "description", "date_modified"},
    "catalog/products/videos": {"id", "product_id", "title", "description", "type", "video_id", "sort_order", "length"},
    "catalog/products/custom-fields": {"id", "name", "value"},
    "catalog/products/bulk-pricing-rules": {"id", "quantity_min", "quantity_max", "type", "amount"},
    "catalog/products/options": {"id", "product_id", "display_name", "type", "option_values", "sort_order"},
    "catalog/products/options/values": {"id", "label", "sort_order", "value_data", "is_default"},
    "catalog/products/modifiers": {"id", "product_id", "display_name", "type", "required", "option_values", "config"},
    "catalog/products/modifiers/values": {"id", "option_id", "label", "adjusters", "value_data", "is_default"},
    "catalog/products/channel-assignments": {"product_id", "channel_id"},
    "catalog/products/category-assignments": {"product_id", "category_id"},
    "catalog/summary": {"variant_count", "inventory_count", "inventory_value", "lowest_variant_price"},
    "catalog/brands": {"id", "name", "page_title", "meta_keywords", "search_keywords", "image_url", "custom_url"},
    "catalog/categories": {"id", "custom_url", *CATEGORY},
    "catalog/brands/image": {"image_url"},
    "catalog/categories/image": {"image_url"},
    "catalog/categories/tree": {"id", "parent_id", "name", "is_visible", "url", "children"},
    "catalog/trees": {"id", "name", "channels"},
    "catalog/trees/categories": {"name"},
    "inventory/items": {"identity", "locations"},
    "inventory/locations/items": {"identity", "available_to_sell", "total_inventory_onhand", "settings"},
    "inventory/locations": {"id", "code", "label", "enabled", "address", "type_id", "time_zone"},
    "channels": {"id", "name", "type", "platform", "status", "external_id", "is_visible", "icon_url", "date_created"},
    "channels/currency-assignments": {"channel_id", "enabled_currencies", "default_currency"},
    "channels/listings": LISTING,
    "channels/channel-menus": {"bigcommerce_protected_app_sections", "custom_app_sections"},
    "channels/site": {"id", "url", "channel_id"},
    "channels/site/checkout-url": {"id", "url", "channel_id"},
    "sites": {"id", "url", "channel_id"},
    "orders/payment_actions/refund_quotes": {"order_id", "total_refund_amount", "total_refund_tax_amount", "rounding",
                                             "adjustment", "order_level_refund_amount",
                                             "refund_methods"},
    "orders/payment_actions/refunds": {"id", "order_id", "created", "total_amount", "total_tax", "items", "payments"},
    "orders/transactions": {"id", "order_id", "event", "method", "amount", "currency", "gateway", "status"},
    "orders/settings": {"notifications"},
    "orders/settings/channels": {"notifications"},
    "pricelists": {"id", "name", "active", "date_created", "date_modified"},
    "pricelists/records": {"price_list_id", "variant_id", "currency", "price", "sale_price", "calculated_price"},
    "pricelists/assignments": {"id", "price_list_id", "customer_group_id", "channel_id"},
    "customers": {"id", "email", "first_name", "last_name", "company", "phone", "customer_group_id", "address_count"},
    "customers/addresses": {"id", "customer_id", "address1", "city", "postal_code", "country_code", "address_type"},
    "hooks": {"id", "client_id", "store_hash", "scope", "destination", "headers", "is_active", "created_at"},
    "hooks/admin": {"emails", "hooks_list", "blocked_domains"},
    "settings/inventory": {"update_stock_behavior", "refund_order_stock_adjustment"},
    "settings/inventory/notifications": {"low_stock_notification_address"},
    "settings/email-statuses": {"combined_order_status_email"},
    "settings/store/locale": {"default_shopper_language", "shopper_language_selection_method"},
    "settings/store/profile": {"store_name", "store_email", "store_phone", "store_address"},
    "settings/store/units-of-measurement": {"weight_measurement", "length_measurement"},
    "metafields": METAFIELD,
}  # fmt: skip
# Where the answer to a write is not the thing itself.
KEYS_OF_WRITES = {
    ("PUT", "inventory/adjustments/absolute"): {"transaction_id"},
    ("POST", "inventory/adjustments/relative"): {"transaction_id"},
    ("POST", "inventory/locations"): {"transaction_id"},
    ("PUT", "inventory/locations"): {"transaction_id"},
    ("PUT", "inventory/locations/items"): {"transaction_id"},
    ("PUT", "catalog/trees/categories"): {"meta"},
    ("PUT", "pricelists/records"): set(),
    ("POST", "pricelists/records"): set(),
}
# Always empty here: the double keeps no reviews.
EMPTY = {"catalog/products/reviews"}


@pytest.fixture(scope="module")
def specs(shared: Path) -> Path:
    folder = shared / "specs" / "bigcommerce"
    if not folder.is_dir():
        pytest.skip("BigCommerce's OpenAPI files are not in the reference material")
    return folder


@pytest.fixture(scope="module")
def specification(specs: Path) -> Specification:
    return Specification(specs)


@pytest.fixture(scope="module")
def tour() -> Iterator[Tour]:
    sandbox = build()
    yield bigcommerce_tour.tour(sandbox)
    sandbox.close()


def named(route: str) -> str:
    """What an operation is about: its path without ids; every metafield is a metafield."""
    plain = re.sub(r"/\{[^}]+\}", "", route).removeprefix("/v3/").removeprefix("/")
    return "metafields" if plain.endswith("/metafields") else plain


def test_the_tour_goes_to_every_operation(tour):
    succeeded = {(answer.method, answer.route) for answer in tour.successes}
    assert {(route.method, route.path) for route in tour.store.sandbox.bigcommerce.routes} - succeeded == set()
    assert len(succeeded) >= 283


def test_only_these_routes_are_not_in_the_published_files(tour, specification):
    routes = {(answer.method, answer.route) for answer in tour.answers}
    assert {route for route in routes if specification.find(*route) is None} == UNDESCRIBED


def test_every_success_has_a_published_status(tour, specification):
    found = set()
    for answer in tour.successes:
        operation = specification.find(answer.method, answer.route)
        if operation is not None and answer.status not in operation.statuses():
            found.add((answer.method, answer.route, answer.status))
    assert found == OTHER_STATUS


def described(tour: Tour, specification: Specification) -> Iterator[tuple[Answer, Schema]]:
    """The answers with what the files say of them."""
    for answer in tour.successes:
        status = 200 if (answer.method, answer.route, answer.status) in OTHER_STATUS else answer.status
        schema = specification.schema(answer.method, answer.route, status)
        if schema is not None and answer.status != 204:
            yield answer, schema


def test_every_answer_fits_its_published_schema(tour, specification):
    wrong: dict[tuple[str, str], list[str]] = {}
    for answer, schema in described(tour, specification):
        if found := problems(schema, answer.body):
            wrong.setdefault((answer.method, answer.route), []).extend(found)
    assert {route: found for route, found in wrong.items() if route not in MISTAKES} == {}
    assert wrong.keys() == MISTAKES.keys()  # a mistake that no answer meets is no reason any more


def test_few_answers_have_no_published_schema(tour, specification):
    known = {(answer.method, answer.route) for answer, _ in described(tour, specification)}
    bodies = {(answer.method, answer.route) for answer in tour.successes if answer.body is not None}
    assert (
        bodies - known
        == UNDESCRIBED - {route for route in UNDESCRIBED if route[1].endswith(("shipping_quotes", "shippingquotes"))}
        | NO_SCHEMA
    )


def test_no_answer_has_a_key_that_nothing_published_names(tour, specification):
    found: dict[str, set[str]] = {}
    for answer, schema in described(tour, specification):
        if keys := set(strangers(schema, answer.body)):
            found.setdefault(named(answer.route), set()).update(keys)
    assert found == UNNAMED


def test_every_answer_has_the_keys_that_count(tour):
    missing = {}
    for answer in tour.successes:
        if answer.method == "DELETE" or answer.body is None:
            continue
        what = named(answer.route)
        if what in EMPTY:
            assert answer.rows == []
            continue
        wanted = KEYS_OF_WRITES[answer.method, what] if (answer.method, what) in KEYS_OF_WRITES else KEYS[what]
        for row in answer.rows:
            if lacking := wanted - set(row):
                missing[answer.method, answer.route] = lacking
    assert missing == {}


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
