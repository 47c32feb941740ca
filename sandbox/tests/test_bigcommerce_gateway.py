"""What every call to the BigCommerce double passes: route, token, store, quota, scope; its two dialects of errors."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from sandbox.tests.bigcommerce_client import account, open_store
from twinshelf_sandbox.faults import Fault

TYPE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


@pytest.fixture
def at_once(sandbox):
    """Hold so many calls before they are answered, for as long as the block lasts."""

    @contextmanager
    def hold(count, call):
        inside, go = threading.Barrier(count + 1), threading.Event()
        sandbox.faults.sleep = lambda _seconds: (inside.wait(60), go.wait(60))
        sandbox.faults.add(Fault(action="delay", seconds=1, times=count))
        with ThreadPoolExecutor(count) as pool:
            held = [pool.submit(call) for _ in range(count)]
            inside.wait(60)
            try:
                yield held
            finally:
                go.set()

    return hold


def test_a_placeholder_in_a_path_is_a_name_like_any_other(store, sandbox):
    assert store.get("/v3/catalog/brands/{}").status_code == 404
    assert store.get("/v3/catalog/brands/{brand_id}").status_code == 404
    assert store.get("/v3/catalog/{}/1").status_code == 404
    assert sandbox.faults.crashes == []


def test_an_unknown_route_is_404_before_anyone_looks_at_the_token(store):
    v3 = store.http.get("/v3/nonsense", headers={"X-Auth-Token": "wrong"})
    assert (v3.status_code, v3.json()["title"]) == (404, "The route is not found, check the URL")
    v2 = store.http.get("/v2/nonsense", headers={"X-Auth-Token": "wrong"})
    assert (v2.status_code, v2.json()) == (404, [{"status": 404, "message": "The route is not found, check the URL"}])


@pytest.mark.parametrize(
    ("_case", "headers", "content_type", "text"),
    [
        ("no token", {}, "text/plain", "X-Auth-Token header is required"),
        ("empty token", {"X-Auth-Token": ""}, "text/plain", "X-Auth-Token header should have correct format"),
        ("unknown token", {"X-Auth-Token": "nobody"}, "application/json", '"title":"Unauthorized"'),
    ],
)
def test_there_are_three_kinds_of_401(store, _case, headers, content_type, text):
    del store.http.headers["X-Auth-Token"]
    answer = store.http.get("/v2/time", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith(content_type)
    assert text in answer.text


def test_a_token_of_another_store_is_403_and_so_is_a_store_that_is_not_there(store, sandbox):
    other = open_store(sandbox, "other1")
    assert store.http.get("https://api.bigcommerce.com/stores/other1/v2/time").status_code == 403
    assert store.http.get("https://api.bigcommerce.com/stores/nowhere/v2/time").status_code == 403
    assert other.get("/v2/time").status_code == 200


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("store_v2_products_read_only", "GET", "/v3/catalog/products", 200),
        ("store_v2_products_read_only", "POST", "/v3/catalog/products", 403),
        ("store_v2_products", "GET", "/v3/catalog/products", 200),
        ("store_v2_products", "GET", "/v2/orders", 403),
        ("store_v2_orders", "GET", "/v2/orders", 204),
        ("store_v2_orders", "GET", "/v3/inventory/items", 403),
        ("store_inventory", "GET", "/v3/inventory/items", 200),
        ("store_inventory", "GET", "/v3/inventory/locations", 403),
        ("store_locations_read_only", "GET", "/v3/inventory/locations", 200),
        ("store_locations_read_only", "POST", "/v3/inventory/locations", 403),
        ("store_channel_settings", "GET", "/v3/channels", 200),
        ("store_channel_settings", "GET", "/v3/channels/1/listings", 403),
        ("store_channel_listings", "GET", "/v3/channels/1/listings", 200),
        ("store_v2_information_read_only", "GET", "/v2/store", 200),
        ("store_v2_information_read_only", "PUT", "/v3/settings/inventory", 403),
        ("", "GET", "/v3/hooks", 200),
    ],
)
def test_scopes_open_what_they_name_and_read_only_ones_only_reading(store, scope, method, path, status):
    limited = account(store.sandbox, "abc123", scopes=[scope])
    answer = limited.http.request(method, path, json={} if method != "GET" else None)
    assert answer.status_code == status
    if status == 403 and "/v3/" in path:
        title = "You don't have a required scope to access the endpoint"
        assert answer.json() == {"status": 403, "title": title, "type": TYPE, "errors": {}}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PATCH", "/v3/catalog/products", 501), ("PUT", "/v2/time", 405), ("POST", "/v3/catalog/variants", 405)],
)
def test_methods_that_do_not_exist(store, method, path, status):
    assert store.http.request(method, path).status_code == status


def test_a_body_that_is_no_json_is_refused_in_the_dialect_of_the_call(store):
    json = {"content-type": "application/json"}
    v3 = store.http.post("/v3/catalog/products", content=b"{not json", headers=json)
    assert (v3.status_code, v3.json()["title"], v3.json()["detail"]) == (400, "Input is invalid", "Syntax error")
    v2 = store.http.post("/v2/orders", content=b"[1,", headers=json)
    assert (v2.status_code, v2.json()[0]["status"]) == (400, 400)
    deep = b"[" * 100_000
    assert store.http.post("/v3/catalog/products", content=deep, headers=json).status_code == 400
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert store.http.post("/v3/catalog/products", content=b"a=b", headers=form).status_code == 415
    assert store.sandbox.faults.crashes == []


def test_v2_lists_are_bare_and_empty_ones_have_no_body_while_v3_lists_are_wrapped(store):
    empty = store.get("/v2/orders")
    assert (empty.status_code, empty.content) == (204, b"")
    assert store.get("/v3/catalog/products").json() == {
        "data": [],
        "meta": {
            "pagination": {
                "total": 0,
                "count": 0,
                "per_page": 50,
                "current_page": 1,
                "total_pages": 1,
                "links": {"current": "?page=1&limit=50"},
            }
        },
    }
    store.ordered()
    assert [order["id"] for order in store.get("/v2/orders").json()] == [100]
    assert store.get("/v2/orders", page=2).status_code == 204
    assert store.get("/v2/orders.json").status_code == 200  # the suffix of old still works


def test_v2_speaks_xml_to_those_who_take_nothing_else_and_v3_does_not(store):
    store.ordered(staff_notes="a < b")
    xml = {"Accept": "application/xml"}
    order = store.http.get("/v2/orders", headers=xml)
    assert order.headers["content-type"] == "application/xml; charset=utf-8"
    start = '<?xml version="1.0" encoding="UTF-8"?>\n<orders><order><id>100</id><customer_id>0</customer_id>'
    assert order.text.startswith(start)
    assert "<staff_notes>a &lt; b</staff_notes>" in order.text
    missing = store.http.get("/v2/orders/7", headers=xml)
    assert missing.status_code == 404
    assert missing.text.endswith(
        "<errors><error><status>404</status><message>The requested resource was not found.</message></error></errors>"
    )
    assert store.http.get("/v3/catalog/products", headers=xml).status_code == 406
    both = store.http.get("/v2/orders", headers={"Accept": "application/xml, application/json"})
    assert both.headers["content-type"] == "application/json"


@pytest.mark.parametrize("text", ["1.5", "x", "1_0", "²", "9" * 30])
def test_a_page_is_a_plain_number(store, text):
    v2 = store.get("/v2/orders", page=text)
    assert (v2.status_code, v2.json()[0]["message"]) == (400, "The field 'page' is invalid.")
    assert store.get("/v3/catalog/products", page=text).status_code == 422


def test_a_limit_above_the_maximum_is_refused_or_cut(store):
    assert store.get("/v3/catalog/products", limit=251).status_code == 413
    assert store.get("/v2/orders", limit=251).status_code == 413
    store.turn("over_limit", "clamp")
    assert store.get("/v3/catalog/products", limit=251).json()["meta"]["pagination"]["per_page"] == 250
    bad = store.get("/v3/channels", limit="a")
    assert bad.json()["title"] == 'Query parameter "limit" value must be integer. For input string: "a".'


# -- quota ----------------------------------------------------------------------------------------------------------


def test_the_quota_is_a_window_of_30_seconds_that_all_tokens_of_a_store_share(sandbox):
    store = open_store(sandbox, switches={"quota": "plan"}, plan="plus")
    second = account(sandbox, "abc123", name="another app")
    now = 1000.0
    sandbox.bigcommerce.real_time = lambda: now
    answer = store.get("/v2/time")
    assert {k: v for k, v in answer.headers.items() if k.startswith("x-rate")} == {
        "x-rate-limit-time-window-ms": "30000",
        "x-rate-limit-time-reset-ms": "30000",
        "x-rate-limit-requests-quota": "150",
        "x-rate-limit-requests-left": "149",
    }
    for _ in range(149):
        second.get("/v2/time")
    now = 1012.5
    spent = store.get("/v3/catalog/products")
    assert spent.status_code == 429
    assert spent.json() == {"status": 429, "title": "Too Many Requests", "type": TYPE, "errors": {}}
    assert (spent.headers["x-rate-limit-time-reset-ms"], spent.headers["x-retry-after"]) == ("17500", "18")
    now = 1030.0
    assert store.get("/v2/time").headers["x-rate-limit-requests-left"] == "149"


def test_an_unlimited_store_sends_no_quota_headers(store):
    assert not [name for name in store.get("/v2/time").headers if name.startswith("x-rate")]


def test_other_apps_may_eat_the_quota(sandbox):
    store = open_store(sandbox, switches={"quota": 100})
    sandbox.faults.add(Fault("quota", code=60, platform="bigcommerce"))
    assert store.get("/v2/time").headers["x-rate-limit-requests-left"] == "39"
    sandbox.faults.add(Fault("quota", platform="bigcommerce"))
    drained = store.get("/v2/time")
    assert (drained.status_code, drained.headers["x-rate-limit-requests-left"]) == (429, "0")
    assert store.get("/v2/time").status_code == 429


@pytest.mark.parametrize(("style", "status"), [("bare", 429), ("500", 500)])
def test_throttling_may_come_without_headers(sandbox, style, status):
    store = open_store(sandbox, switches={"quota": 1, "throttle_style": style})
    store.get("/v2/time")
    answer = store.get("/v2/time")
    assert answer.status_code == status
    assert not [name for name in answer.headers if name.startswith("x-r")]


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("GET", "/v3/catalog/trees/1/categories", 1),
        ("GET", "/v3/inventory/locations", 50),
        ("PUT", "/v3/pricelists/records", 1),
        ("GET", "/v3/pricelists/1/records", 10),
        ("POST", "/v3/pricelists/1/records", 10),
        ("PUT", "/v3/pricelists/1/records", 2),
        ("PUT", "/v3/pricelists/1/assignments", 25),
        ("PUT", "/v3/customers", 3),
        ("PUT", "/v3/customers/addresses", 3),
    ],
)
def test_some_operations_are_answered_only_so_often_at_the_same_time(store, at_once, method, path, most):
    def call():
        return store.http.request(method, path, json=[])

    with at_once(most, call) as held:
        assert call().status_code == 429
        store.turn("concurrency_limits", False)
        assert call().status_code != 429
    assert 429 not in [answer.result().status_code for answer in held]


def test_a_call_beside_another_is_told_apart_from_a_spent_quota(sandbox, at_once):
    store, other = open_store(sandbox, switches={"quota": 100}), open_store(sandbox, "other1")
    path = "/v3/catalog/trees/1/categories"
    with at_once(1, lambda: store.get(path)):
        beside = store.get(path)
        assert (beside.status_code, beside.json()["title"]) == (429, "Too Many Requests")
        assert beside.headers["x-rate-limit-requests-left"] == "99"
        assert "x-retry-after" not in beside.headers
        assert other.get(path).status_code == 200
        assert store.get("/v2/time").status_code == 200
    assert store.get(path).status_code == 200


def test_a_revoked_token_stays_dead(store, sandbox):
    sandbox.faults.add(Fault("revoke", platform="bigcommerce"))
    assert store.get("/v2/time").status_code == 401
    assert store.get("/v2/time").status_code == 401
    assert [e.kind for e in store.effects()][-1] == "token_revoked"


def test_a_suspended_store_answers_503(store):
    store.act("set_status", status="suspended")
    answer = store.get("/v2/time")
    assert (answer.status_code, answer.json()[0]["message"][:23]) == (503, "The store is suspended.")


def test_a_stale_read_shows_the_past_and_what_is_new_is_not_there_yet(store, sandbox):
    store.product(inventory_tracking="product", inventory_level=5)
    sandbox.advance(60)
    store.act("set_stock", sku="MUG-1", quantity=1)
    new = store.product(name="Newer mug", sku="MUG-2")["id"]
    sandbox.faults.add(Fault("stale", seconds=20, times=None, platform="bigcommerce"))
    items = store.data("/v3/inventory/items")
    assert [(i["identity"]["sku"], i["locations"][0]["available_to_sell"]) for i in items] == [("MUG-1", 5)]
    assert store.get(f"/v3/catalog/products/{new}").status_code == 404
    sandbox.faults.clear()
    assert [i["locations"][0]["available_to_sell"] for i in store.data("/v3/inventory/items")] == [1, 0]


def test_an_answer_may_carry_keys_that_no_one_announced(store):
    store.turn("extra_keys", 1.0)
    assert "x_unannounced" in store.get("/v2/time").json()
    store.product()
    assert "x_unannounced" in store.get("/v3/catalog/products").json()["data"][0]


def test_a_refused_call_leaves_nothing_behind_not_even_in_the_indexes(store, sandbox):
    first, second = store.product(), store.product(name="Other mug", sku="MUG-2")
    since = store.since()
    batch = [{"id": first["id"], "name": "Renamed", "sku": "NEW-1"}, {"id": second["id"], "price": "no number"}]
    assert store.put("/v3/catalog/products", batch).status_code == 422
    assert since.kinds() == []
    assert [p["id"] for p in store.data("/v3/catalog/products", sku="MUG-1")] == [first["id"]]
    assert store.data("/v3/catalog/products", sku="NEW-1") == []
    assert [p["id"] for p in store.data("/v3/catalog/products", name="Enamel mug")] == [first["id"]]


def test_what_breaks_inside_answers_500_without_a_traceback(store, sandbox):
    sandbox.world.table("bc/abc123/orders").put(5, {"broken": True})
    sandbox.world.table("bc/abc123/products").put(5, {"broken": True})
    for path in ("/v2/orders/5", "/v3/catalog/products/5/variants"):
        answer = store.get(path)
        assert answer.status_code == 500
        assert "Traceback" not in answer.text
        assert "KeyError" not in answer.text
    assert len(sandbox.faults.crashes) == 2


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_pictures_are_served_under_the_sandboxs_own_address(store, sandbox):
    sandbox.act("bc.set_base_url", url="http://127.0.0.1:8400/")
    product = {"name": "Mug", "price": 1, "images": [{"_picture": "mug/front"}, {"_picture": "mug/back side"}]}
    product_id = store.act("add_product", product=product)
    images = store.data(f"/v3/catalog/products/{product_id}/images")
    assert images[0]["url_zoom"] == "http://127.0.0.1:8400/_bigcommerce/abc123/pictures/mug/front.png"
    assert images[1]["url_tiny"] == "http://127.0.0.1:8400/_bigcommerce/abc123/pictures/mug/back%20side.png?size=tiny"
    assert store.data(f"/v3/catalog/products/{product_id}", include="images")["images"] == images
    answer = store.http.get(images[1]["url_zoom"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content[:3] == b"\xff\xd8\xff"
