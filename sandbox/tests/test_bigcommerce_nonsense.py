"""Bad input gets the platform's kind of answer from the BigCommerce double, never an error of its own."""

from __future__ import annotations

import copy
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests.bigcommerce_client import open_store

JUNK: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", "x", "0", "ü" * 300, [], {}, [None], [[]], [{}], {"": None},
    {"id": []}, {"id": {}}, [1, "a"], "2026-13-45", "1e400", "\x00", "💥", "²", "--5", "1e999999", "9" * 5_000,
]  # fmt: skip
BODIES = json.loads(Path(__file__).with_name("bigcommerce_bodies.json").read_text(encoding="utf-8"))
"""[method, path, a body that passes or nearly passes] each."""
QUERIES = [
    (
        "/v3/catalog/products",
        (
            "id id:in id:min id:not_in sku name price weight categories:in date_modified:min "
            "date_last_imported:max is_visible inventory_level:greater keyword include "
            "include_fields sort direction page limit channel_id:in brand_id total_sold"
        ),
    ),
    ("/v3/catalog/variants", "id sku upc product_id:in page limit include_fields"),
    ("/v3/catalog/brands", "id:min name name:like page"),
    ("/v3/catalog/trees/categories", "category_id:in parent_id:min tree_id keyword is_visible"),
    ("/v3/catalog/trees/1/categories", "depth"),
    ("/v3/catalog/products/101/metafields", "key:in resource_id:in date_modified:min after before limit"),
    ("/v3/inventory/items", "sku:in variant_id:in product_id:in location_id:in location_code:in page limit"),
    ("/v3/inventory/locations", "location_id:in is_active type_id:in limit"),
    ("/v3/channels", "status:in date_created:min page limit include"),
    ("/v3/channels/1053001/listings", "limit after product_id:in date_modified"),
    ("/v3/hooks", "is_active scope page limit"),
    ("/v3/pricelists/1/records", "variant_id:in sku:in currency date_modified:min after before include"),
    ("/v3/customers", "id:in email:in after include"),
    ("/v3/orders/payment_actions/refunds", "order_id:in created:min transaction_id page"),
    (
        "/v2/orders",
        (
            "min_id max_id min_total status_id customer_id email min_date_created max_date_modified "
            "sort page limit external_order_id include is_deleted"
        ),
    ),
    ("/v2/orders/100/messages", "min_id status"),
    ("/v2/countries", "country page limit"),
    ("/v3/settings/inventory", "channel_id"),
]
TEXTS = [
    "",
    "x",
    "-1",
    "0",
    "99999999999999999999",
    "1,2,x",
    "true",
    "2026-01-15",
    "2026-99-99T00:00:00Z",
    "Wed, 99 Foo",
    "1e400",
    "NaN",
    "ü💥",
    "a:b:c",
    "'; drop table",
    "T",
    "-",
    "²",
    "--5",
    "1_0",
    "9" * 5_000,
    "1e999999999",
]
RAW = ("1e999999999", "-1e999999999", "9" * 5_000, "NaN", "-0.0", '"\\ud800"')
"""Numbers and texts as only their own JSON can say them."""
IDS = ("1", "11", "100", "101", "1001", "1053001", "0", "999999", "9" * 20, "abc", "²", "-1", "usd", "1.0", "%00")
NAMES = [
    "id", "name", "product_id", "variant_id", "items", "price", "quantity", "sku", "email", "url", "amount", "headers",
    "option_values", "label", "type", "status_id", "currency", "settings", "identity", "value", "key", "namespace",
    "permission_set", "resource_id", "address", "products", "images", "billing_address", "payments", "custom_fields",
    "fees", "location_id", "channels", "parent_id",
]  # fmt: skip


@pytest.fixture(scope="module")
def store():
    from twinshelf_sandbox.app import build  # noqa: PLC0415 - one for the whole module

    sandbox = build()
    store = open_store(sandbox)
    product_id, variants = store.shirt()
    store.product(inventory_tracking="product", inventory_level=5)
    store.post("/v3/channels", {"name": "TikTok", "type": "marketplace", "platform": "tiktok"})
    store.act("add_category", path="Men")
    line = {"product_id": product_id, "variant_id": variants["SHIRT-S"], "quantity": 2}
    store.ordered(
        line, fees=[{"type": "custom_fee", "display_name_customer": "F", "cost_ex_tax": 1, "cost_inc_tax": 1}]
    )
    store.act("ship_order", order_id=100, items=[{"sku": "SHIRT-S", "quantity": 1}])
    store.post("/v3/hooks", {"scope": "store/order/*", "destination": "https://x.example/h"})
    store.post("/v3/channels/1053001/listings", [{"product_id": 101, "state": "active", "variants": []}])
    store.post("/v3/pricelists", {"name": "P"})
    store.post("/v3/customers", [{"email": "a@example.com", "first_name": "A", "last_name": "B"}])
    store.post("/v3/catalog/products/101/custom-fields", {"name": "x", "value": "y"})
    store.post(
        "/v3/catalog/products/101/metafields", {"namespace": "n", "key": "q", "value": "v", "permission_set": "read"}
    )
    yield store
    sandbox.close()


def places(value, path=()):
    """Every place inside a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def replaced(value, path, junk):
    if not path:
        return junk
    result = copy.copy(value)
    result[path[0]] = replaced(value[path[0]], path[1:], junk)
    return result


@pytest.mark.parametrize(("number", "method", "path", "body"), [(n, *row) for n, row in enumerate(BODIES)])
def test_no_body_breaks_a_call(store, number, method, path, body):
    chance = random.Random(number)
    spots = list(places(body))
    snapshot = store.sandbox.world.snapshot()
    for spot in spots:
        for junk in chance.sample(JUNK, 3):
            answer = store.http.request(method, path, json=replaced(body, spot, junk))
            assert answer.status_code < 500, (spot, junk, store.sandbox.faults.crashes)
    assert store.http.request(method, path, json=body).status_code < 500
    assert store.sandbox.faults.crashes == []
    store.sandbox.world.restore(snapshot)


@pytest.mark.parametrize(("number", "method", "path", "body"), [(n, *row) for n, row in enumerate(BODIES)])
def test_no_number_breaks_or_stops_a_call(store, number, method, path, body):
    chance = random.Random(number)
    spots = list(places(body))
    snapshot = store.sandbox.world.snapshot()
    for raw in RAW:
        text = json.dumps(replaced(body, chance.choice(spots), "@")).replace('"@"', raw)
        answer = store.http.request(method, path, content=text, headers={"content-type": "application/json"})
        assert answer.status_code < 500, (text[:200], store.sandbox.faults.crashes)
    store.sandbox.world.restore(snapshot)


def document(chance, depth=0):
    """A document of known names with junk in them."""
    kind = chance.random()
    if depth > 2 or kind < 0.3:
        return chance.choice(JUNK)
    if kind < 0.75:
        return {chance.choice(NAMES): document(chance, depth + 1) for _ in range(chance.randint(0, 5))}
    return [document(chance, depth + 1) for _ in range(chance.randint(0, 3))]


@pytest.mark.parametrize("seed", range(3))
def test_no_route_breaks(store, seed):
    chance = random.Random(seed)
    snapshot = store.sandbox.world.snapshot()
    for route in store.sandbox.bigcommerce.routes:
        path = re.sub(r"\{\w+\}", lambda _: chance.choice(IDS), route.path)
        body = {} if route.method == "GET" else {"json": document(chance)}
        answer = store.http.request(route.method, path, **body)
        assert answer.status_code < 500, (route.method, path, body, store.sandbox.faults.crashes)
    assert store.sandbox.faults.crashes == []
    store.sandbox.world.restore(snapshot)


@pytest.mark.parametrize(("path", "names"), QUERIES)
def test_no_query_breaks_a_call(store, path, names):
    for name in names.split():
        for text in TEXTS:
            answer = store.http.get(path, params={name: text})
            assert answer.status_code < 500, (name, text, store.sandbox.faults.crashes)
    assert store.sandbox.faults.crashes == []


@pytest.mark.parametrize("kind", ["application/json", "application/xml", "text/plain", "multipart/form-data", ""])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 5_000, b"\xef\xbb\xbf{}"])
def test_no_content_type_breaks_a_call(store, kind, content):
    headers = {"content-type": kind} if kind else {}
    for path in ("/v3/catalog/products", "/v3/catalog/products/102/images", "/v3/hooks", "/v2/orders"):
        assert 400 <= store.http.post(path, content=content, headers=headers).status_code < 500
    assert store.sandbox.faults.crashes == []


def test_no_path_breaks_a_call(store):
    for path in (
        "/v3/catalog/products/",
        "/v3/catalog/products/abc",
        "/v3/catalog/products/99999999999999999999",
        "/v2/orders/-1",
        "/v2/orders/1/../../",
        "/v3//",
        "/",
        "/v3/catalog/products/1%2F2",
        "/v2/orders/²",
    ):
        assert store.http.get(path).status_code < 500
    assert store.sandbox.faults.crashes == []
