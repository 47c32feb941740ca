"""Stock and locations of the BigCommerce double: adjustments that take their time, safety stock, tracking levels."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import open_store
from twinshelf_sandbox.faults import Fault

ABSOLUTE, RELATIVE = "/v3/inventory/adjustments/absolute", "/v3/inventory/adjustments/relative"


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


def location(code="BACK", **changes):
    return {
        "code": code,
        "label": "Back room",
        "type_id": "PHYSICAL",
        "address": {
            "address1": "1 Street",
            "city": "Austin",
            "state": "TX",
            "zip": "78701",
            "email": "a@example.com",
            "country_code": "US",
            "geo_coordinates": {"latitude": 1.5, "longitude": 2.5},
        },
        **changes,
    }


def item(quantity, location_id=1, **identity):
    return {"location_id": location_id, "quantity": quantity, **identity}


def levels(store, **query):
    """SKU → [(location, to sell, on hand)]."""
    return {
        row["identity"]["sku"]: [
            (p["location_id"], p["available_to_sell"], p["total_inventory_onhand"]) for p in row["locations"]
        ]
        for row in store.data("/v3/inventory/items", **query)
    }


def test_an_accepted_adjustment_takes_effect_a_moment_later(store, sandbox):
    store.turn("inventory_delay", [2, 2])
    _, variants = store.shirt()
    since = store.since()
    answer = store.put(
        ABSOLUTE, {"reason": "count", "items": [item(9, sku="SHIRT-S"), item(4, variant_id=variants["SHIRT-M"])]}
    )
    assert answer.status_code == 200
    assert list(answer.json()) == ["transaction_id"]
    assert levels(store) == {"SHIRT-S": [(1, 5, 5)], "SHIRT-M": [(1, 2, 2)]}
    assert since.kinds() == []
    sandbox.advance(3)
    assert levels(store) == {"SHIRT-S": [(1, 9, 9)], "SHIRT-M": [(1, 4, 4)]}
    assert [
        (e.key, e.detail["before"], e.detail["after"], e.detail["location"], e.detail["by"]) for e in since.effects()
    ] == [
        ("SHIRT-S", 5, 9, 1, "absolute"),
        ("SHIRT-M", 2, 4, 1, "absolute"),
    ]


def test_two_absolutes_in_flight_end_in_either_order(store, sandbox):
    store.turn("inventory_delay", [0.1, 5])
    store.shirt()
    ends = set()
    for _ in range(12):
        store.put(ABSOLUTE, {"items": [item(1, sku="SHIRT-S")]})
        store.put(ABSOLUTE, {"items": [item(2, sku="SHIRT-S")]})
        sandbox.advance(10)
        ends.add(store.stock("SHIRT-S"))
    assert ends == {1, 2}


def test_a_relative_adjustment_that_was_overtaken_is_lost(store, sandbox):
    store.turn("inventory_delay", [5, 5])
    store.shirt()
    store.post(RELATIVE, {"items": [item(-4, sku="SHIRT-S")]})
    store.act("set_stock", sku="SHIRT-S", quantity=3)
    since = store.since()
    sandbox.advance(6)
    assert store.stock("SHIRT-S") == 3
    assert [(e.kind, e.detail["why"]) for e in since.effects()] == [("adjustment_lost", "not enough stock")]


def test_relative_needs_an_absolute_first_and_respects_the_safety_stock(store):
    store.product(inventory_tracking="product")
    product_id = store.act("product", sku="MUG-1")["id"]
    store.act("add_location", location=location())
    early = store.post(RELATIVE, {"items": [item(3, 2, product_id=product_id)]})
    title = f"Items with identity: [product_id {product_id}] requires absolute adjustment before relative"
    assert (early.status_code, early.json()["title"]) == (422, title)
    assert early.headers["content-type"] == "application/problem+json"

    store.put(ABSOLUTE, {"items": [item(50, product_id=product_id)]})
    settings = {"settings": [{"identity": {"product_id": product_id}, "safety_stock": 10, "warning_level": 3}]}
    assert store.put("/v3/inventory/locations/1/items", settings).status_code == 200
    assert store.post(RELATIVE, {"items": [item(-20, product_id=product_id)]}).status_code == 200
    assert levels(store) == {"MUG-1": [(1, 20, 30)]}
    assert store.post(RELATIVE, {"items": [item(-21, product_id=product_id)]}).status_code == 422
    assert levels(store) == {"MUG-1": [(1, 20, 30)]}
    assert store.data(f"/v3/catalog/products/{product_id}")["inventory_level"] == 20


@pytest.mark.parametrize(
    ("_case", "items", "title"),
    [
        ("no such SKU", [item(1, sku="NONE")], "[Item with sku NONE was not found]"),
        ("no such variant", [item(1, variant_id=9)], "[Item with variant_id 9 was not found]"),
        (
            "of a product tracked by variant",
            [item(1, product_id=101)],
            "[Item with product_id 101 is tracked by variant, please update stock by variant id]",
        ),
        (
            "of a product tracked as a whole",
            [item(1, variant_id=1003)],
            "[Item with variant_id 1003 is tracked by product, please update stock by product id]",
        ),
        ("no identity", [item(1)], "Payload contains invalid fields"),
        ("two identities", [item(1, sku="SHIRT-S", product_id=101)], "Payload contains invalid fields"),
        ("no such location", [item(1, 9, sku="SHIRT-S")], "Payload contains invalid fields"),
        ("no quantity", [{"location_id": 1, "sku": "SHIRT-S"}], "Payload contains invalid fields"),
        ("below nothing", [item(-1, sku="SHIRT-S")], "Payload contains invalid fields"),
        ("above the limit", [item(2_147_483_648, sku="SHIRT-S")], "Payload contains invalid fields"),
        ("a fraction", [item(1.5, sku="SHIRT-S")], "Payload contains invalid fields"),
        ("nothing", [], "Payload contains invalid fields"),
    ],
)
def test_what_an_absolute_adjustment_is_refused_for_as_a_whole(store, _case, items, title):
    assert store.shirt() == (101, {"SHIRT-S": 1001, "SHIRT-M": 1002})
    store.product(inventory_tracking="product")
    answer = store.put(ABSOLUTE, {"items": [item(7, sku="SHIRT-M"), *items] if items else []})
    assert (answer.status_code, answer.json()["title"]) == (422, title)
    assert store.stock("SHIRT-M") == 2


def test_a_batch_takes_two_thousand_items(store):
    store.shirt()
    assert store.put(ABSOLUTE, {"items": [item(1, sku="SHIRT-S")] * 2001}).status_code == 413
    assert store.put(ABSOLUTE, {"items": [item(1, sku="SHIRT-S")] * 2000}).status_code == 200


def test_a_batch_may_apply_its_good_items_by_a_switch(store):
    store.turn("inventory_batch", "rest_applied")
    store.shirt()
    assert store.put(ABSOLUTE, {"items": [item(7, sku="SHIRT-M"), item(1, sku="NONE")]}).status_code == 200
    assert store.stock("SHIRT-M") == 7


def test_a_partial_fault_accepts_all_and_loses_some(store, sandbox):
    store.shirt()
    sandbox.faults.add(Fault("partial", platform="bigcommerce", path="*/adjustments/*", items=["SHIRT-M"]))
    assert store.put(ABSOLUTE, {"items": [item(7, sku="SHIRT-S"), item(7, sku="SHIRT-M")]}).status_code == 200
    assert [store.stock(sku) for sku in ("SHIRT-S", "SHIRT-M")] == [7, 2]


def test_a_product_tracked_as_a_whole_has_one_item(store):
    shirt = store.product(
        name="Socks",
        sku="SOCKS",
        inventory_tracking="product",
        inventory_level=6,
        variants=[
            {"sku": f"SOCKS-{n}", "option_values": [{"option_display_name": "N", "label": str(n)}]} for n in range(2)
        ],
    )
    (row,) = store.data("/v3/inventory/items")
    assert row["identity"] == {"sku": "SOCKS", "variant_id": None, "product_id": shirt["id"], "sku_id": None}
    assert row["locations"][0]["available_to_sell"] == 6
    store.put(f"/v3/catalog/products/{shirt['id']}", {"inventory_tracking": "variant"})
    assert levels(store) == {"SOCKS-0": [(1, 0, 0)], "SOCKS-1": [(1, 0, 0)]}


def test_items_are_found_by_sku_variant_product_and_location(store):
    product_id, variants = store.shirt()
    store.product(inventory_tracking="product", inventory_level=1)
    back = store.act("add_location", location=location())
    store.put(ABSOLUTE, {"items": [item(3, back, sku="SHIRT-M")]})
    assert list(levels(store, sku__in="shirt-s,MUG-1")) == ["SHIRT-S", "MUG-1"]
    assert list(levels(store, variant_id__in=variants["SHIRT-M"])) == ["SHIRT-M"]
    assert list(levels(store, product_id__in=product_id)) == ["SHIRT-S", "SHIRT-M"]
    assert levels(store, location_id__in=back) == {"SHIRT-M": [(2, 3, 3)]}
    assert levels(store, location_code__in="BACK") == {"SHIRT-M": [(2, 3, 3)]}
    assert levels(store)["SHIRT-M"] == [(1, 2, 2), (2, 3, 3)]
    flat = store.data(f"/v3/inventory/locations/{back}/items")
    assert [(row["identity"]["sku"], row["available_to_sell"]) for row in flat] == [("SHIRT-M", 3)]
    assert store.get("/v3/inventory/locations/9/items").status_code == 404
    meta = store.get("/v3/inventory/items", limit=2, page=2).json()["meta"]["pagination"]
    assert (meta["total"], meta["count"]) == (3, 1)
    assert store.get("/v3/inventory/items", limit=1001).status_code == 413


def test_pages_of_one_location_are_full_of_what_stands_there(store):
    store.shirt()
    store.product(inventory_tracking="product", inventory_level=4)
    store.post("/v3/inventory/locations", [location()])
    store.put(ABSOLUTE, {"items": [item(7, 2, sku="MUG-1")]})
    answer = store.get("/v3/inventory/items", location_id__in="2", limit=1).json()
    assert [row["identity"]["sku"] for row in answer["data"]] == ["MUG-1"]
    pages = answer["meta"]["pagination"]
    assert (pages["total"], pages["count"], pages["total_pages"]) == (1, 1, 1)
    assert list(levels(store, location_id__in="1")) == ["SHIRT-S", "SHIRT-M", "MUG-1"]


def test_the_catalog_shows_the_sum_of_enabled_locations_or_the_default_one(store):
    product_id, _ = store.shirt()
    back = store.act("add_location", location=location())
    store.act("set_stock", sku="SHIRT-S", quantity=10, location_id=back)

    def level():
        return store.data(f"/v3/catalog/products/{product_id}")["inventory_level"]

    assert level() == 17
    store.act("set_location", location_id=back, enabled=False)
    assert level() == 7
    assert store.put(ABSOLUTE, {"items": [item(1, back, sku="SHIRT-S")]}).status_code == 422
    store.act("set_location", location_id=back, enabled=True)
    store.turn("catalog_level", "default_location")
    assert level() == 7


def test_settings_need_at_least_one(store):
    store.shirt()
    answer = store.put("/v3/inventory/locations/1/items", {"settings": [{"identity": {"sku": "SHIRT-S"}}]})
    text = "At least one setting must be specified: warning_level, is_in_stock or safety_stock"
    assert (answer.status_code, answer.json()["errors"]) == (422, {"setting.0.settings": text})


# -- locations --------------------------------------------------------------------------------------------------------


def test_locations_are_written_in_arrays_and_numbered_after_the_default_one(store):
    answer = store.post("/v3/inventory/locations", [location(), location("SHOP", label="Shop", enabled=False)])
    assert (answer.status_code, list(answer.json())) == (200, ["transaction_id"])
    rows = store.data("/v3/inventory/locations")
    assert [(row["id"], row["code"], row["enabled"]) for row in rows] == [
        (1, "BC-LOCATION-1", True),
        (2, "BACK", True),
        (3, "SHOP", False),
    ]
    assert [row["id"] for row in store.data("/v3/inventory/locations", is_active="true")] == [1, 2]
    assert [row["id"] for row in store.data("/v3/inventory/locations", location_code__in="SHOP")] == [3]
    store.put("/v3/inventory/locations", [{"id": 3, "label": "Shop front", "enabled": True}])
    assert store.data("/v3/inventory/locations", location_id__in=3)[0]["label"] == "Shop front"
    assert [(e.kind, e.key) for e in store.effects("location_created", "location_updated")] == [
        ("location_created", "2"),
        ("location_created", "3"),
        ("location_updated", "3"),
    ]


@pytest.mark.parametrize(
    ("_case", "doc", "error"),
    [
        ("a code that is taken", location("BC-LOCATION-1"), "0.code"),
        ("no address", location(address={}), "0.address"),
        (
            "no coordinates",
            location(address={**location()["address"], "geo_coordinates": None}),
            "0.address.geo_coordinates",
        ),
        ("no label", location(label=""), "0.label"),
    ],
)
def test_what_a_location_is_refused_for(store, _case, doc, error):
    answer = store.post("/v3/inventory/locations", [doc])
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [error])
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"label": 5}, "0.label"),
        ({"code": ""}, "0.code"),
        ({"time_zone": None}, "0.time_zone"),
        ({"operating_hours": []}, "0.operating_hours"),
        ({"special_hours": {}}, "0.special_hours"),
        ({"enabled": "yes"}, "0.enabled"),
        ({"type_id": "SHOP"}, "0.type_id"),
        ({"address": {**location()["address"], "geo_coordinates": {"latitude": 91, "longitude": 0}}},
         "0.address.geo_coordinates"),
    ],
)  # fmt: skip
def test_fields_of_a_location_have_their_kinds(store, changes, error):
    answer = store.post("/v3/inventory/locations", [location(**changes)])
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [error])


def test_two_locations_of_one_call_need_two_codes(store):
    answer = store.post("/v3/inventory/locations", [location("A"), location("A")])
    assert (answer.status_code, answer.json()["errors"]) == (422, {"1.code": "must be unique"})
    assert len(store.data("/v3/inventory/locations")) == 1


def test_a_location_without_a_code_gets_one(store):
    doc = {name: value for name, value in location().items() if name != "code"}
    assert store.post("/v3/inventory/locations", [doc]).status_code == 200
    assert [row["code"] for row in store.data("/v3/inventory/locations")] == ["BC-LOCATION-1", "BC-LOCATION-2"]


def test_a_location_that_is_switched_off_takes_no_edits(store):
    store.product(inventory_tracking="product", inventory_level=5)
    store.act("set_location", location_id=1, enabled=False)
    stock = {"items": [{"location_id": 1, "product_id": 101, "quantity": 3}]}
    setting = {"settings": [{"identity": {"product_id": 101}, "safety_stock": 1}]}
    assert store.put("/v3/inventory/adjustments/absolute", stock).status_code == 422
    assert store.put("/v3/inventory/locations/1/items", setting).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("PUT", "/v3/inventory/adjustments/absolute", {"content": b"{"}, 400),
        ("PUT", "/v3/inventory/adjustments/absolute", {"json": []}, 422),
        ("GET", "/v3/inventory/items?limit=1001", {}, 413),
        ("GET", "/v3/inventory/locations/9/items", {}, 404),
        ("GET", "/v3/inventory/locations?page=x", {}, 422),
        ("POST", "/v3/inventory/locations", {"json": {}}, 422),
        ("DELETE", "/v3/inventory/locations", {}, 422),
    ],
)
def test_inventory_refuses_in_a_content_type_of_its_own(store, method, path, sent, status):
    answer = store.http.request(method, path, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_plan_has_room_for_so_many_locations(store):
    assert store.post("/v3/inventory/locations", [location(f"L{n}") for n in range(5)]).status_code == 422
    assert store.post("/v3/inventory/locations", [location(f"L{n}") for n in range(4)]).status_code == 200


def test_the_default_location_and_those_with_open_orders_stay(store):
    product_id, variants = store.shirt()
    back = store.act("add_location", location=location())
    assert "shipping origin" in store.delete("/v3/inventory/locations", location_id__in=1).json()["title"]
    store.turn("order_location", back)
    store.act("set_stock", sku="SHIRT-S", quantity=4, location_id=back)
    order = store.ordered({"product_id": product_id, "variant_id": variants["SHIRT-S"], "quantity": 1})
    refused = store.delete("/v3/inventory/locations", location_id__in=back)
    assert "associated with 1 order(s)" in refused.json()["title"]
    store.put(f"/v2/orders/{order['id']}", {"status_id": 10})
    assert store.delete("/v3/inventory/locations", location_id__in=back).status_code == 200
    assert levels(store)["SHIRT-S"] == [(1, 5, 5)]
    assert store.data(f"/v3/catalog/products/{product_id}")["inventory_level"] == 7
