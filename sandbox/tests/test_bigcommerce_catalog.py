"""Products, variants, options and images of the BigCommerce double, with the quirks of the Catalog API."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from sandbox.tests.bigcommerce_client import MUG, SHIRT, open_store
from twinshelf_sandbox.faults import Fault

PRODUCTS = "/v3/catalog/products"


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


# -- create -----------------------------------------------------------------------------------------------------------


def test_a_product_without_options_has_a_base_variant_that_mirrors_it(store):
    made = store.product(price=12.5, weight=0.4, upc="0123456789012", inventory_tracking="product", inventory_level=7)
    (variant,) = store.data(f"{PRODUCTS}/{made['id']}/variants")
    assert made["base_variant_id"] == variant["id"]
    assert (variant["option_values"], variant["sku_id"]) == ([], None)
    same = ("sku", "price", "weight", "upc", "inventory_level", "calculated_price")
    assert {name: variant[name] for name in same} == {name: made[name] for name in same}

    store.put(f"{PRODUCTS}/{made['id']}/variants/{variant['id']}", {"price": 13, "sku": "MUG-2"})
    again = store.data(f"{PRODUCTS}/{made['id']}")
    assert (again["price"], again["sku"], again["calculated_price"]) == (13, "MUG-2", 13)


def test_variants_inherit_until_they_are_overridden_and_always_tell_what_counts(store):
    product_id, variants = store.shirt()
    rows = {row["sku"]: row for row in store.data(f"{PRODUCTS}/{product_id}/variants")}
    fields = ("price", "calculated_price", "weight", "calculated_weight")
    assert [rows["SHIRT-S"][name] for name in fields] == [None, 40, None, 0.5]
    assert [rows["SHIRT-M"][name] for name in fields] == [45, 45, None, 0.5]
    assert store.data(f"{PRODUCTS}/{product_id}")["base_variant_id"] is None

    store.put(f"{PRODUCTS}/{product_id}", {"sale_price": 30})
    assert [row["calculated_price"] for row in store.data(f"{PRODUCTS}/{product_id}/variants")] == [30, 45]
    store.put(f"{PRODUCTS}/{product_id}/variants/{variants['SHIRT-M']}", {"sale_price": 20})
    assert [row["calculated_price"] for row in store.data(f"{PRODUCTS}/{product_id}/variants")] == [30, 20]


def test_creating_tells_once_and_says_what(store):
    since = store.since()
    product_id = store.product(SHIRT)["id"]
    (effect,) = since.effects()
    assert (effect.kind, effect.key, effect.detail) == (
        "product_created",
        str(product_id),
        {"sku": "", "name": "Linen shirt", "variants": 2},
    )


@pytest.mark.parametrize(
    ("_case", "body", "status", "title", "errors"),
    [
        (
            "nothing at all",
            {},
            422,
            "Missing Required Fields",
            {name: f"Please provide a {name}." for name in ("name", "price", "type", "weight")},
        ),
        (
            "a name of 251",
            {**MUG, "name": "x" * 251},
            422,
            None,
            {"name": "name must be between 1 and 250 characters long"},
        ),
        ("a negative price", {**MUG, "price": -1}, 422, None, {"price": "price must be between 0 and 9999999999"}),
        ("a price that is no number", {**MUG, "price": "dear"}, 422, None, {"price": "price must be a number"}),
        ("an unknown type", {**MUG, "type": "dream"}, 422, None, {"type": "type must be one of physical, digital"}),
        ("a UPC of 15", {**MUG, "upc": "1" * 15}, 422, None, {"upc": "upc must be between 0 and 14 characters long"}),
        ("a category that is not there", {**MUG, "categories": [999]}, 409, None, {"categories": "do not exist"}),
        ("a brand that is not there", {**MUG, "brand_id": 999}, 409, None, {"brand_id": "does not exist"}),
        ("an image without address", {**MUG, "images": [{}]}, 422, "image_url must be present if uploading by url", {}),
        ("201 custom fields", {**MUG, "custom_fields": [{"name": "a", "value": "b"}] * 201}, 422, None, None),
    ],
)
def test_what_a_new_product_is_refused_for(store, _case, body, status, title, errors):
    since = store.since()
    answer = store.post(PRODUCTS, body)
    assert answer.status_code == status
    if title is not None:
        assert answer.json()["title"] == title
    if errors is not None:
        assert answer.json()["errors"] == errors
    assert since.kinds() == []


def test_names_and_skus_are_unique_whatever_the_case_of_their_letters(store):
    store.shirt()
    store.product()
    assert (
        store.post(PRODUCTS, {**MUG, "name": "ENAMEL MUG", "sku": "X"}).json()["title"]
        == "The product name is a duplicate"
    )
    assert store.post(PRODUCTS, {**MUG, "name": "Other", "sku": "mug-1"}).status_code == 409
    assert store.post(PRODUCTS, {**MUG, "name": "Other", "sku": "shirt-s"}).status_code == 409
    assert store.post(PRODUCTS, {**MUG, "name": "Other", "sku": ""}).status_code == 200


def test_money_is_exact_and_bare_in_v3(store):
    raw = store.http.post(
        PRODUCTS, content=b'{"name":"Mug","type":"physical","weight":1,"price":19.9900,"cost_price":0.1}'
    )
    found = msgspec.json.decode(raw.content, type=dict[str, dict[str, msgspec.Raw]])["data"]
    assert [bytes(found[name]) for name in ("price", "cost_price", "calculated_price", "sale_price")] == [
        b"19.99",
        b"0.1",
        b"19.99",
        b"0",
    ]


def test_a_brand_name_makes_the_brand_and_is_not_echoed(store):
    first = store.product(brand_name="Acme")
    second = store.product(name="Other", sku="MUG-2", brand_name="acme")
    assert "brand_name" not in first
    assert first["brand_id"] == second["brand_id"]
    assert [(b["id"], b["name"]) for b in store.data("/v3/catalog/brands")] == [(first["brand_id"], "Acme")]


def test_read_only_fields_in_a_write_are_ignored(store):
    made = store.product()
    answer = store.put(
        f"{PRODUCTS}/{made['id']}", {"id": 5, "calculated_price": 1, "date_created": "x", "total_sold": 9}
    )
    assert answer.status_code == 200
    assert answer.json()["data"] == made


# -- list -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(store):
    """Six products: ids 101 to 106, one a minute apart."""
    kitchen, office = store.act("add_category", path="Kitchen"), store.act("add_category", path="Office")
    docs = [
        {"name": "Mug", "sku": "A-1", "price": 12, "categories": [kitchen], "condition": "New"},
        {"name": "Pan", "sku": "A-2", "price": 30, "categories": [kitchen, office], "condition": "Used"},
        {"name": "Pen", "sku": "A-3", "price": 2, "categories": [office], "is_visible": False},
        {"name": "Cap", "sku": "A-4", "price": 15, "inventory_tracking": "product", "inventory_level": 3},
        {"name": "Hat", "sku": "A-5", "price": 20, "inventory_tracking": "product", "inventory_level": 0},
        {
            "name": "Bag",
            "sku": "",
            "price": 9,
            "variants": [{"sku": "B-1", "option_values": [{"option_display_name": "C", "label": "1"}]}],
        },
    ]
    store.sandbox.world.clock.run(0)
    store.sandbox.world.clock.set(1_767_225_600)  # 2026-01-01
    for doc in docs:
        store.product({"type": "physical", "weight": 1, **doc})
        store.sandbox.advance(60)
    return store


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "Mug Pan Pen Cap Hat Bag"),
        ({"id__in": "101,103,999"}, "Mug Pen"),
        ({"id": "104"}, "Cap"),
        ({"id__greater": "104"}, "Hat Bag"),
        ({"id__min": "104"}, "Cap Hat Bag"),
        ({"id__min": "102", "id__less": "104"}, "Pan Pen"),
        ({"id__not_in": "101,102,103"}, "Cap Hat Bag"),
        ({"sku": "a-2"}, "Pan"),
        ({"sku__in": "A-1,A-5,B-1"}, "Mug Hat"),  # the main SKU only: B-1 is a variant's
        ({"name": "Pen"}, "Pen"),
        ({"price": "12"}, "Mug"),
        ({"categories": "18"}, "Mug"),  # hides products in several categories
        ({"categories__in": "18"}, "Mug Pan"),
        ({"categories__in": "18,19"}, "Pan"),
        ({"condition": "used"}, "Pan"),
        ({"condition": "Used"}, ""),
        ({"is_visible": "false"}, "Pen"),
        ({"inventory_level": "3"}, "Cap"),
        ({"inventory_level__greater": "0"}, "Cap"),
        ({"out_of_stock": "1"}, "Hat"),
        ({"keyword": "pE"}, "Pen"),
        ({"channel_id__in": "1"}, "Mug Pan Pen Cap Hat Bag"),
        ({"channel_id__in": "2"}, ""),
        ({"date_modified__min": "2026-01-01T00:03:00+00:00"}, "Cap Hat Bag"),
        ({"date_modified__max": "2026-01-01T00:01:00Z"}, "Mug Pan"),
        ({"date_modified__min": "Thu, 01 Jan 2026 00:04:00 +0000"}, "Hat Bag"),
        ({"sort": "name"}, "Bag Cap Hat Mug Pan Pen"),
        ({"sort": "price", "direction": "desc"}, "Pan Hat Cap Mug Bag Pen"),
        ({"sort": "id", "direction": "desc", "limit": "2"}, "Bag Hat"),
        ({"id__greater": "102", "limit": "2", "page": "2"}, "Hat Bag"),
        ({"total_sold": "0", "type": "physical", "availability": "available", "price": "9"}, "Bag"),
        ({"nonsense": "1"}, "Mug Pan Pen Cap Hat Bag"),  # unknown parameters are ignored here
    ],
)
def test_products_are_found_by(shelf, query, names):
    assert [p["name"] for p in shelf.data(PRODUCTS, **query)] == names.split()


def test_a_date_without_a_time_gets_the_time_of_day_of_the_request(shelf):
    # It is 00:06: so 2026-01-01 means 00:06, and everything is older.
    assert shelf.data(PRODUCTS, date_modified__min="2026-01-01") == []
    assert len(shelf.data(PRODUCTS, date_modified__min="2025-12-31")) == 6


def test_pages_say_where_they_are_and_the_last_has_no_next(shelf):
    first = shelf.get(PRODUCTS, limit=4).json()["meta"]["pagination"]
    assert first["links"] == {"current": "?page=1&limit=4", "next": "?page=2&limit=4"}
    assert (first["total"], first["count"], first["total_pages"]) == (6, 4, 2)
    last = shelf.get(PRODUCTS, limit=4, page=2).json()["meta"]["pagination"]
    assert last["links"] == {"current": "?page=2&limit=4", "previous": "?page=1&limit=4"}
    assert shelf.get(PRODUCTS, page=9).json()["data"] == []


def test_including_options_or_modifiers_cuts_the_page_to_ten(store):
    store.act("add_products", products=[{"name": f"P{n}", "price": 1, "sku": f"S{n}"} for n in range(25)])
    for include in ("options", "modifiers", "images,options"):
        meta = store.get(PRODUCTS, limit=250, include=include).json()["meta"]["pagination"]
        assert (meta["count"], meta["per_page"], meta["total_pages"]) == (10, 10, 3)
    assert store.get(PRODUCTS, limit=250, include="variants,images").json()["meta"]["pagination"]["count"] == 25


def test_fields_can_be_chosen_but_the_id_and_the_gift_wrapping_always_come(store):
    store.product()
    (row,) = store.data(PRODUCTS, include_fields="name,price")
    assert set(row) == {"id", "name", "price", "gift_wrapping_options_type", "gift_wrapping_options_list"}
    (row,) = store.data(PRODUCTS, exclude_fields="id,description")
    assert "id" in row
    assert "description" not in row


def test_sub_resources_come_on_request(store):
    product_id, variants = store.shirt()
    (row,) = store.data(
        PRODUCTS,
        include="variants,images,primary_image,custom_fields,options,channels,videos,bulk_pricing_rules,parent_relations",
    )
    assert [v["id"] for v in row["variants"]] == list(variants.values())
    assert row["options"][0]["display_name"] == "Size"
    assert (row["images"], row["primary_image"], row["channels"], row["custom_fields"]) == ([], None, [1], [])
    assert "variants" not in store.data(f"{PRODUCTS}/{product_id}")


# -- change -----------------------------------------------------------------------------------------------------------


def test_a_change_tells_the_price_of_each_variant_it_moves_and_nothing_else(store):
    product_id, variants = store.shirt()
    since = store.since()
    store.put(f"{PRODUCTS}/{product_id}", {"price": 41.5})
    assert [(e.kind, e.key, e.detail) for e in since.effects()] == [
        ("price_changed", str(variants["SHIRT-S"]), {"sku": "SHIRT-S", "before": "40", "after": "41.5"}),
        ("product_updated", str(product_id), {"sku": "", "fields": ["price"]}),
    ]
    again = store.since()
    store.put(f"{PRODUCTS}/{product_id}", {"price": 41.5})
    assert again.kinds() == []


def test_a_change_moves_the_date_and_so_does_a_variants_unless_switched_off(store, sandbox):
    product_id, variants = store.shirt()
    before = store.data(f"{PRODUCTS}/{product_id}")["date_modified"]
    sandbox.advance(10)
    store.put(f"{PRODUCTS}/{product_id}/variants/{variants['SHIRT-S']}", {"price": 44})
    moved = store.data(f"{PRODUCTS}/{product_id}")["date_modified"]
    assert moved > before
    store.turn("variant_moves_date_modified", False)
    sandbox.advance(10)
    store.put(f"{PRODUCTS}/{product_id}/variants/{variants['SHIRT-S']}", {"price": 43})
    store.act("set_stock", sku="SHIRT-S", quantity=1)
    assert store.data(f"{PRODUCTS}/{product_id}")["date_modified"] == moved


def test_a_batch_of_products_takes_ten_and_fails_as_a_whole(store):
    ids = [store.product(name=f"Mug {n}", sku=f"M-{n}")["id"] for n in range(11)]
    many = store.put(PRODUCTS, [{"id": one, "price": 1} for one in ids])
    assert (many.status_code, many.json()["title"]) == (
        413,
        "The request payload is too large. The maximum items allowed in the array is 10.",
    )
    assert store.put(PRODUCTS, [{"id": ids[0], "price": 1}, {"id": ids[1], "name": "Mug 5"}]).status_code == 409
    assert store.act("price", sku="M-0") == "12"
    good = store.put(PRODUCTS, [{"id": ids[0], "price": 1}, {"id": ids[1], "price": 2}])
    assert [p["price"] for p in good.json()["data"]] == [1, 2]
    assert store.put(PRODUCTS, [{"id": 999, "price": 1}]).status_code == 404


def test_a_partial_fault_saves_some_of_a_batch_and_says_207(store, sandbox):
    ids = [store.product(name=f"Mug {n}", sku=f"M-{n}")["id"] for n in range(3)]
    sandbox.faults.add(Fault("partial", platform="bigcommerce", method="PUT", items=[str(ids[1])]))
    answer = store.put(PRODUCTS, [{"id": one, "price": 5} for one in ids])
    assert answer.status_code == 207
    assert answer.json()["errors"]["errors"] == {str(ids[1]): "was not saved"}
    assert [store.act("price", sku=f"M-{n}") for n in range(3)] == ["5", "12", "5"]


def test_the_stock_part_of_a_write_may_fail_alone(store):
    store.act("set_location", location_id=1, enabled=False)
    answer = store.post(PRODUCTS, {**MUG, "inventory_tracking": "product", "inventory_level": 5})
    assert answer.status_code == 207
    assert answer.json()["errors"]["errors"] == {"inventory_level": "was not saved"}
    again = store.put(f"{PRODUCTS}/{answer.json()['data']['id']}", {"price": 3, "inventory_level": 5})
    assert (again.status_code, again.json()["data"]["price"]) == (207, 3)
    assert store.stock("MUG-1") == 0


def test_stock_written_through_the_catalog_goes_to_the_default_location_and_is_clamped(store):
    product_id = store.product(inventory_tracking="product")["id"]
    assert store.put(f"{PRODUCTS}/{product_id}", {"inventory_level": 3_000_000_000}).status_code == 200
    assert store.stock("MUG-1") == 2_147_483_647
    shirt, variants = store.shirt()
    store.put(f"{PRODUCTS}/{shirt}", {"variants": [{"id": variants["SHIRT-S"], "inventory_level": 8}]})
    assert [store.stock(sku) for sku in ("SHIRT-S", "SHIRT-M")] == [8, 2]
    assert store.data(f"{PRODUCTS}/{shirt}")["inventory_level"] == 10


def test_products_are_deleted_one_by_one_or_by_a_filter_but_never_all(store):
    ids = [store.product(name=f"Mug {n}", sku=f"M-{n}")["id"] for n in range(4)]
    assert store.delete(f"{PRODUCTS}/{ids[0]}").status_code == 204
    assert store.delete(f"{PRODUCTS}/{ids[0]}").status_code == 204
    assert store.delete(PRODUCTS).status_code == 422
    assert store.delete(PRODUCTS, id__in=f"{ids[1]},{ids[2]}").status_code == 204
    assert [p["id"] for p in store.data(PRODUCTS)] == [ids[3]]
    assert store.data("/v3/catalog/variants", sku="M-1") == []
    assert [e.detail["sku"] for e in store.effects("product_deleted")] == ["M-0", "M-1", "M-2"]
    assert store.get(f"{PRODUCTS}/{ids[0]}").status_code == 404


def test_a_deleted_product_takes_its_listings_metafields_and_prices_with_it_and_a_variant_its_own(store):
    shirt, variants = store.shirt()
    mug = store.product()["id"]
    (price_list, channel) = (
        store.post("/v3/pricelists", {"name": "TikTok"}).json()["data"]["id"],
        store.post("/v3/channels", {"name": "T", "type": "marketplace", "platform": "tiktok"}).json()["data"]["id"],
    )
    records = f"/v3/pricelists/{price_list}/records"
    store.put(records, [{"sku": sku, "currency": "usd", "price": 9} for sku in ("SHIRT-S", "SHIRT-M", "MUG-1")])
    for product_id, variant_id in (
        (shirt, variants["SHIRT-M"]),
        (mug, store.data(f"{PRODUCTS}/{mug}")["base_variant_id"]),
    ):
        listed = {"product_id": product_id, "variant_id": variant_id, "state": "active"}
        store.post(
            f"/v3/channels/{channel}/listings", [{"product_id": product_id, "state": "active", "variants": [listed]}]
        )
    field = {"key": "k", "value": "v", "namespace": "n", "permission_set": "app_only"}
    store.post(f"{PRODUCTS}/metafields", [{**field, "resource_id": one} for one in (shirt, mug)])
    store.post("/v3/catalog/variants/metafields", [{**field, "resource_id": one} for one in variants.values()])

    def left():
        return (
            [row["variant_id"] for row in store.data(records)],
            [row["product_id"] for row in store.data(f"/v3/channels/{channel}/listings")],
            [row["resource_id"] for row in store.data(f"{PRODUCTS}/metafields")],
            [row["resource_id"] for row in store.data("/v3/catalog/variants/metafields")],
        )

    base = store.data(f"{PRODUCTS}/{mug}")["base_variant_id"]
    small, medium = variants["SHIRT-S"], variants["SHIRT-M"]
    assert left() == ([small, medium, base], [shirt, mug], [shirt, mug], [small, medium])
    store.delete(f"{PRODUCTS}/{shirt}/variants/{small}")
    assert left() == ([medium, base], [shirt, mug], [shirt, mug], [medium])
    store.delete(f"{PRODUCTS}/{shirt}")
    assert left() == ([base], [mug], [mug], [])


# -- variants ---------------------------------------------------------------------------------------------------------


def test_all_variants_are_found_by_id_sku_and_product_only(store):
    product_id, variants = store.shirt()
    store.product()
    rows = store.data("/v3/catalog/variants")
    assert [row["sku"] for row in rows] == ["SHIRT-S", "SHIRT-M", "MUG-1"]
    assert [row["id"] for row in store.data("/v3/catalog/variants", sku="shirt-m")] == [variants["SHIRT-M"]]
    assert len(store.data("/v3/catalog/variants", product_id__in=product_id)) == 2
    assert len(store.data("/v3/catalog/variants", sku__in="SHIRT-M")) == 3  # there is no such filter


def test_variants_are_made_one_by_one_from_option_values_that_exist(store):
    product_id = store.product(sku="")["id"]
    base = f"{PRODUCTS}/{product_id}"
    option = store.post(
        f"{base}/options",
        {
            "display_name": "Size",
            "type": "dropdown",
            "option_values": [{"label": "S", "sort_order": 0}, {"label": "M", "sort_order": 1}],
        },
    )
    assert option.status_code == 200
    assert store.data(f"{base}/variants") == []  # the base variant went, and options make no variants
    values = option.json()["data"]["option_values"]

    def body(sku, value):
        return {"sku": sku, "option_values": [{"id": value["id"], "option_id": option.json()["data"]["id"]}]}

    assert store.post(f"{base}/variants", {"sku": "A"}).status_code == 422
    assert store.post(f"{base}/variants", body("", values[0])).status_code == 422
    made = store.post(f"{base}/variants", body("A", values[0])).json()["data"]
    assert [(v["label"], v["option_display_name"]) for v in made["option_values"]] == [("S", "Size")]
    assert made["sku_id"] is not None
    assert store.post(f"{base}/variants", body("B", values[0])).status_code == 409
    assert store.post(f"{base}/variants", body("A", values[1])).status_code == 409
    assert store.post(f"{base}/options", {"display_name": "size", "type": "dropdown"}).status_code == 409


def test_the_601st_variant_and_the_251st_value_are_refused(store):
    values = [{"option_display_name": "N", "label": str(n)} for n in range(250)]
    variants = [
        {"sku": f"V-{n}-{m}", "option_values": [values[n], {"option_display_name": "M", "label": str(m)}]}
        for n in range(200)
        for m in range(3)
    ]
    product_id = store.product({"name": "Big", "type": "physical", "weight": 1, "price": 1, "variants": variants})["id"]
    options = {o["display_name"]: o for o in store.data(f"{PRODUCTS}/{product_id}/options")}
    more = store.post(
        f"{PRODUCTS}/{product_id}/options/{options['M']['id']}/values", {"label": "new", "sort_order": 9}
    ).json()["data"]
    pair = [
        {"option_id": options["N"]["id"], "id": options["N"]["option_values"][0]["id"]},
        {"option_id": options["M"]["id"], "id": more["id"]},
    ]
    assert store.post(f"{PRODUCTS}/{product_id}/variants", {"sku": "V-601", "option_values": pair}).status_code == 422
    for n in range(50):
        assert (
            store.post(
                f"{PRODUCTS}/{product_id}/options/{options['N']['id']}/values", {"label": f"x{n}", "sort_order": 1}
            ).status_code
            == 200
        )
    assert (
        store.post(
            f"{PRODUCTS}/{product_id}/options/{options['N']['id']}/values", {"label": "y", "sort_order": 1}
        ).status_code
        == 422
    )
    assert len(store.data(f"{PRODUCTS}/{product_id}/variants", limit=250, page=3)) == 100


def test_the_batch_of_variants_updates_and_creates_fifty_at_once_or_none(store):
    product_id, variants = store.shirt()
    option = store.data(f"{PRODUCTS}/{product_id}/options")[0]
    value = store.post(
        f"{PRODUCTS}/{product_id}/options/{option['id']}/values", {"label": "L", "sort_order": 3}
    ).json()["data"]
    new = {
        "product_id": product_id,
        "sku": "SHIRT-L",
        "price": 50,
        "option_values": [{"id": value["id"], "option_id": option["id"]}],
    }
    good = store.put("/v3/catalog/variants", [{"id": variants["SHIRT-S"], "price": 39.99}, new])
    assert [(v["sku"], v["price"]) for v in good.json()["data"]] == [("SHIRT-S", 39.99), ("SHIRT-L", 50)]
    bad = store.put(
        "/v3/catalog/variants", [{"id": variants["SHIRT-S"], "price": 1}, {"id": variants["SHIRT-M"], "sku": "shirt-l"}]
    )
    assert bad.status_code == 422
    assert [error["id"] for error in bad.json()["batch_errors"]] == [variants["SHIRT-M"]]
    assert store.act("price", sku="SHIRT-S") == "39.99"
    many = store.put("/v3/catalog/variants", [{"id": 1}] * 51)
    assert (many.status_code, many.json()["title"]) == (
        413,
        "The request payload is too large. The maximum items allowed in the array is 50",
    )


def test_deleting_a_variant_and_the_last_one(store):
    product_id, variants = store.shirt()
    since = store.since()
    assert store.delete(f"{PRODUCTS}/{product_id}/variants/{variants['SHIRT-S']}").status_code == 204
    assert [(e.kind, e.detail["sku"]) for e in since.effects()] == [("variant_deleted", "SHIRT-S")]
    assert store.data(f"{PRODUCTS}/{product_id}")["inventory_level"] == 2
    store.delete(f"{PRODUCTS}/{product_id}/variants/{variants['SHIRT-M']}")
    assert store.data(f"{PRODUCTS}/{product_id}/variants") == []


def test_renaming_a_value_shows_in_the_variants(store):
    product_id, _ = store.shirt()
    option = store.data(f"{PRODUCTS}/{product_id}/options")[0]
    value = option["option_values"][0]
    store.put(f"{PRODUCTS}/{product_id}/options/{option['id']}/values/{value['id']}", {"label": "Small"})
    assert store.data(f"{PRODUCTS}/{product_id}/variants")[0]["option_values"][0]["label"] == "Small"
    used = store.delete(f"{PRODUCTS}/{product_id}/options/{option['id']}/values/{value['id']}")
    assert used.status_code == 409


# -- images, custom fields --------------------------------------------------------------------------------------------


def test_images_come_and_go_and_only_one_is_the_thumbnail(store):
    product_id = store.product()["id"]
    base = f"{PRODUCTS}/{product_id}/images"
    assert store.get(base).status_code == 204
    first = store.post(base, {"image_url": "https://example.com/a.jpg"}).json()["data"]
    second = store.post(
        base, {"image_url": "https://example.com/b.png", "description": "Behind", "sort_order": 2}
    ).json()["data"]
    assert (first["is_thumbnail"], second["is_thumbnail"]) == (True, False)
    store.put(f"{base}/{second['id']}", {"is_thumbnail": True})
    assert [(i["id"], i["is_thumbnail"]) for i in store.data(base)] == [(first["id"], False), (second["id"], True)]
    assert store.data(f"{PRODUCTS}/{product_id}", include="primary_image")["primary_image"]["id"] == second["id"]
    assert store.delete(f"{base}/{second['id']}").status_code == 204
    assert [(i["id"], i["is_thumbnail"]) for i in store.data(base)] == [(first["id"], True)]
    kinds = [e.kind for e in store.effects() if e.kind.startswith("image")]
    assert kinds == ["image_created", "image_created", "image_updated", "image_deleted"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"image_url": "https://example.com/" + "a" * 255}, 422),
        ({"image_url": "ftp://example.com/a.png"}, 400),
    ],
)
def test_images_that_cannot_be_had(store, body, status):
    product_id = store.product()["id"]
    assert store.post(f"{PRODUCTS}/{product_id}/images", body).status_code == status


def test_an_image_may_be_sent_as_a_file(store):
    product_id, variants = store.shirt()
    png = b"\x89PNG" + bytes(100)
    answer = store.http.post(f"{PRODUCTS}/{product_id}/images", files={"image_file": ("a.png", png, "image/png")})
    assert store.http.get(answer.json()["data"]["url_zoom"]).content == png
    text = store.http.post(f"{PRODUCTS}/{product_id}/images", files={"image_file": ("a.png", b"<html>", "image/png")})
    assert text.status_code == 422
    variant = f"{PRODUCTS}/{product_id}/variants/{variants['SHIRT-S']}"
    big = store.http.post(f"{variant}/image", files={"image_file": ("a.png", png + bytes(1024 * 1024), "image/png")})
    assert big.status_code == 500
    small = store.http.post(f"{variant}/image", files={"image_file": ("a.png", png, "image/png")}).json()["data"]
    assert store.data(variant)["image_url"] == small["image_url"]
    assert store.data(PRODUCTS, include="variants")[0]["variants"][0]["image_url"] == small["image_url"]


def test_custom_fields_are_pairs_that_occur_once(store):
    product_id = store.product(custom_fields=[{"name": "Care", "value": "Hand wash"}])["id"]
    base = f"{PRODUCTS}/{product_id}/custom-fields"
    assert store.post(base, {"name": "Care", "value": "Hand wash"}).status_code == 409
    made = store.post(base, {"name": "Care", "value": "Dry"}).json()["data"]
    assert store.put(f"{base}/{made['id']}", {"value": "Air dry"}).json()["data"]["value"] == "Air dry"
    assert store.post(base, {"name": "", "value": "x" * 251}).status_code == 422
    assert [(f["name"], f["value"]) for f in store.data(base)] == [("Care", "Hand wash"), ("Care", "Air dry")]
    assert store.data(f"{PRODUCTS}/{product_id}", include="custom_fields")["custom_fields"] == store.data(base)
    assert store.delete(f"{base}/{made['id']}").status_code == 204
    assert store.get(f"{base}/{made['id']}").status_code == 404


def test_bulk_pricing_rules_and_modifiers_are_kept(store):
    product_id = store.product()["id"]
    rule = {"quantity_min": 2, "quantity_max": 5, "type": "percent", "amount": 10}
    made = store.post(f"{PRODUCTS}/{product_id}/bulk-pricing-rules", rule).json()["data"]
    assert store.data(f"{PRODUCTS}/{product_id}/bulk-pricing-rules") == [{"id": made["id"], **rule}]
    modifier = {"display_name": "Engraving", "type": "text", "required": True}
    store.post(f"{PRODUCTS}/{product_id}/modifiers", modifier)
    (shown,) = store.data(f"{PRODUCTS}/{product_id}/modifiers")
    assert (shown["display_name"], shown["required"], shown["option_values"]) == ("Engraving", True, [])
    assert store.data(f"{PRODUCTS}/{product_id}", include="modifiers")["modifiers"] == [shown]


def test_the_summary_counts_all_and_writes_one_number_as_text(store):
    store.shirt()
    summary = store.data("/v3/catalog/summary")
    assert (summary["variant_count"], summary["inventory_count"], summary["inventory_value"]) == (2, 7, 290)
    assert (summary["lowest_variant_price"], summary["highest_variant_price"]) == ("40", 45)


# -- what people and loaders do ---------------------------------------------------------------------------------------


def test_a_catalog_document_becomes_a_product_with_brand_categories_and_pictures(store):
    product_id = store.act(
        "add_product",
        product={
            "name": "Linen shirt",
            "price": Decimal("39.90"),
            "weight": Decimal("0.3"),
            "brand_name": "Tern",
            "_category_paths": ["Men/Shirts", "Sale"],
            "inventory_tracking": "variant",
            "images": [{"_picture": "linen-shirt/1", "description": "Front"}],
            "custom_fields": [{"name": "Material", "value": "Linen"}],
            "variants": [
                {
                    "sku": f"LS-{size}",
                    "inventory_level": 4,
                    "_picture": f"linen-shirt/{size}",
                    "option_values": [{"option_display_name": "Size", "label": size}],
                }
                for size in "SML"
            ],
        },
    )
    shown = store.data(f"{PRODUCTS}/{product_id}", include="variants,images,options,custom_fields")
    names = {c["category_id"]: c["name"] for c in store.data("/v3/catalog/trees/categories")}
    assert sorted(names.values()) == ["Men", "Sale", "Shirts"]
    assert [names[c] for c in shown["categories"]] == ["Shirts", "Sale"]
    assert (shown["price"], shown["inventory_level"], shown["images"][0]["description"]) == (39.9, 12, "Front")
    assert [v["label"] for v in shown["options"][0]["option_values"]] == ["S", "M", "L"]
    assert shown["variants"][1]["image_url"].endswith("/_bigcommerce/abc123/pictures/linen-shirt/M.png")


def test_broken_data_can_be_put_in_on_purpose(store):
    for name in ("One", "Two"):
        store.act("add_product", product={"name": name, "price": 1, "sku": "SAME"})
    assert len(store.data("/v3/catalog/variants", sku="SAME")) == 2
    assert len(store.data(PRODUCTS, sku="SAME")) == 2
    store.act("delete_product", sku="SAME")
    assert [p["name"] for p in store.data(PRODUCTS, sku="SAME")] == ["Two"]


@pytest.mark.parametrize(
    ("action", "arguments", "field"),
    [
        ("set_stock", {"sku": "MUG-1", "quantity": -1}, "quantity"),
        ("set_stock", {"sku": "MUG-1", "quantity": 2**31}, "quantity"),
        ("add_category", {"path": ""}, "path"),
        ("add_category", {"path": [" ", 1]}, "path"),
        ("place_order", {"lines": ["MUG-1"]}, "lines"),
    ],
)
def test_what_nobody_can_do_in_the_control_panel_is_refused_by_its_name(store, action, arguments, field):
    store.product(inventory_tracking="product", inventory_level=4)
    since = store.since()
    with pytest.raises(ValueError, match=f"^{field}: "):
        store.act(action, **arguments)
    assert since.kinds() == []
    assert store.stock("MUG-1") == 4


def test_what_a_person_does_in_the_control_panel(store):
    product_id, _ = store.shirt()
    since = store.since()
    store.act("edit_product", product_id=product_id, name="Linen shirt, new", brand_name="Tern")
    store.act("set_price", sku="SHIRT-S", price="44.50")
    store.act("edit_variant", sku="SHIRT-M", purchasing_disabled=True)
    store.act(
        "add_variant",
        product_id=product_id,
        variant={
            "sku": "SHIRT-L",
            "inventory_level": 3,
            "option_values": [{"option_display_name": "Size", "label": "L"}],
        },
    )
    store.act("delete_variant", sku="SHIRT-M")
    store.act("delete_product", product_id=product_id)
    assert since.kinds() == [
        "brand_created",
        "product_updated",
        "price_changed",
        "variant_updated",
        "variant_updated",
        "variant_created",
        "stock_changed",
        "variant_deleted",
        "product_deleted",
    ]
    with pytest.raises(ValueError, match="there is no variant with the SKU 'SHIRT-S'"):
        store.act("set_price", sku="SHIRT-S", price="1")
    with pytest.raises(ValueError, match="no such field: colour"):
        store.act("edit_product", product_id=store.product()["id"], colour="red")


# -- brands and categories --------------------------------------------------------------------------------------------


def test_brands_are_unique_by_name(store):
    made = store.post("/v3/catalog/brands", {"name": "Acme"}).json()["data"]
    assert store.post("/v3/catalog/brands", {"name": "ACME"}).status_code == 409
    assert store.post("/v3/catalog/brands", {}).status_code == 422
    assert store.put(f"/v3/catalog/brands/{made['id']}", {"name": "Acme Inc"}).json()["data"]["name"] == "Acme Inc"
    assert [b["name"] for b in store.data("/v3/catalog/brands", name__like="inc")] == ["Acme Inc"]
    assert store.product(brand_name="Acme Inc")["brand_id"] == made["id"]
    assert store.delete("/v3/catalog/brands").status_code == 422
    assert store.delete(f"/v3/catalog/brands/{made['id']}").status_code == 204
    assert store.get(f"/v3/catalog/brands/{made['id']}").status_code == 404


def test_categories_live_in_trees(store):
    men = store.post("/v3/catalog/trees/categories", [{"name": "Men", "tree_id": 1}])
    assert men.status_code == 201
    assert men.json()["meta"] == {"total": 1, "success": 1, "failed": 0}
    top = men.json()["data"][0]["category_id"]
    shirts = store.post("/v3/catalog/trees/categories", [{"name": "Shirts", "tree_id": 1, "parent_id": top}]).json()[
        "data"
    ][0]
    assert (
        store.post("/v3/catalog/trees/categories", [{"name": "shirts", "tree_id": 1, "parent_id": top}]).status_code
        == 409
    )
    tree = store.data("/v3/catalog/trees/1/categories")
    assert [(node["name"], node["depth"], [c["name"] for c in node["children"]]) for node in tree] == [
        ("Men", 0, ["Shirts"])
    ]
    assert store.data("/v3/catalog/categories", parent_id=top)[0]["id"] == shirts["category_id"]
    assert store.data("/v3/catalog/trees", channel_id__in=1) == [
        {"id": 1, "name": "Default catalog tree", "channels": [1]}
    ]
    product_id = store.product(categories=[shirts["category_id"]])["id"]
    assert store.delete("/v3/catalog/trees/categories", category_id__in=top).status_code == 202
    assert store.data("/v3/catalog/trees/categories") == []
    assert store.data(f"{PRODUCTS}/{product_id}")["categories"] == []
    many = store.put("/v3/catalog/trees", [{"name": str(n)} for n in range(51)])
    assert (many.status_code, many.json()["title"]) == (
        413,
        "The request payload is too large. The maximum trees allowed in the array is 50.",
    )


def test_products_are_assigned_to_channels(store):
    product_id = store.product()["id"]
    channel = store.post(
        "/v3/channels", {"name": "TikTok-Shop-US", "type": "marketplace", "platform": "tiktok"}
    ).json()["data"]["id"]
    base = f"{PRODUCTS}/channel-assignments"
    assert store.put(base, [{"product_id": product_id, "channel_id": channel}]).status_code == 204
    assert store.put(base, [{"product_id": product_id, "channel_id": 7}]).status_code == 422
    assert store.data(base, channel_id__in=channel) == [{"product_id": product_id, "channel_id": channel}]
    assert [p["id"] for p in store.data(PRODUCTS, channel_id__in=channel)] == [product_id]
    assert store.delete(base).status_code == 422
    assert store.delete(base, channel_id__in=channel).status_code == 204
    assert store.data(base) == [{"product_id": product_id, "channel_id": 1}]
    assert [e.detail for e in store.effects("product_assigned", "product_unassigned")] == [{"channel_id": channel}] * 2
