"""What a product carries besides its own fields, and the fields and addresses it shares with others."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import MUG, open_store

PRODUCTS = "/v3/catalog/products"
RULE = {"quantity_min": 2, "quantity_max": 5, "type": "price", "amount": 1}
PARTS = {
    "images": [{"image_url": "https://example.com/a.png"}, {"image_url": "https://example.com/b.png"}],
    "custom_fields": [{"name": "Material", "value": "Enamel"}],
    "bulk_pricing_rules": [RULE],
    "videos": [{"video_id": "z3fRu9pkuXE", "title": "The mug"}],
}


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


def parts(store, product_id):
    return store.data(f"{PRODUCTS}/{product_id}", include=",".join(PARTS))


def test_a_product_is_made_with_all_its_parts(store):
    made = parts(store, store.product(**PARTS)["id"])
    assert [(image["is_thumbnail"], image["sort_order"]) for image in made["images"]] == [(True, 0), (False, 1)]
    assert made["custom_fields"] == [{"id": 701, "name": "Material", "value": "Enamel"}]
    assert made["bulk_pricing_rules"] == [{"id": 1, **RULE}]
    assert [(video["id"], video["title"], video["type"]) for video in made["videos"]] == [(1, "The mug", "youtube")]


def test_a_change_of_a_product_changes_the_parts_it_names_by_id_and_adds_the_others(store):
    made = parts(store, store.product(**PARTS)["id"])
    change = {
        "images": [{"id": made["images"][1]["id"], "is_thumbnail": True}, {"image_url": "https://example.com/c.png"}],
        "custom_fields": [{"id": 701, "value": "Steel"}, {"name": "Care", "value": "By hand"}],
        "bulk_pricing_rules": [{"id": 1, "amount": 2}, {**RULE, "quantity_min": 6, "quantity_max": 0}],
        "videos": [{"id": 1, "title": "The mug, falling"}],
    }
    assert store.put(f"{PRODUCTS}/{made['id']}", change).status_code == 200
    after = parts(store, made["id"])
    assert [image["is_thumbnail"] for image in after["images"]] == [False, True, False]
    assert [(field["name"], field["value"]) for field in after["custom_fields"]] == [
        ("Material", "Steel"),
        ("Care", "By hand"),
    ]
    assert [(rule["quantity_min"], rule["amount"]) for rule in after["bulk_pricing_rules"]] == [(2, 2), (6, 1)]
    assert [video["title"] for video in after["videos"]] == ["The mug, falling"]


@pytest.mark.parametrize(
    ("part", "status", "title"),
    [
        ({"custom_fields": [{"name": "a"}]}, 422, "JSON data is missing or invalid"),
        ({"custom_fields": [{"name": "a", "value": "b"}] * 2}, 409, "The custom field is a duplicate"),
        ({"custom_fields": [{"name": "a", "value": str(n)} for n in range(201)]}, 422,
         "A product may have no more than 200 custom_fields"),
        ({"bulk_pricing_rules": [RULE, {**RULE, "quantity_min": 5}]}, 409, "The bulk pricing rule overlaps another"),
        ({"bulk_pricing_rules": [{**RULE, "type": "gift"}]}, 422, "JSON data is missing or invalid"),
        ({"images": [{}]}, 422, "image_url must be present if uploading by url"),
        ({"images": [{"image_url": "https://example.com/" + "a" * 236}]}, 422,
         "image_url must be at most 255 characters long"),
        ({"images": [{"image_url": "ftp://example.com/a.png"}]}, 400, "The image could not be downloaded"),
        ({"videos": [{"title": "no id"}]}, 422, "JSON data is missing or invalid"),
        ({"videos": "one"}, 422, "JSON data is missing or invalid"),
        ({"tax_class_id": 9}, 409, "The tax class does not exist"),
    ],
)  # fmt: skip
def test_a_bad_part_fails_the_whole_product(store, part, status, title):
    answer = store.post(PRODUCTS, {**MUG, **part})
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert store.data(PRODUCTS) == []


def test_an_address_in_the_storefront_belongs_to_one_product(store):
    mug = store.product(custom_url={"url": "/mug/"})
    taken = store.post(PRODUCTS, {**MUG, "name": "Bowl", "sku": "BOWL", "custom_url": {"url": "/Mug"}})
    assert (taken.status_code, taken.json()["title"]) == (409, "The product URL is a duplicate")
    assert store.put(f"{PRODUCTS}/{mug['id']}", {"custom_url": {"url": "/mug/"}}).status_code == 200
    bowl = store.product(name="Bowl", sku="BOWL")
    assert store.put(f"{PRODUCTS}/{bowl['id']}", {"custom_url": {"url": "/mug/"}}).status_code == 409


def test_a_keyword_is_looked_for_in_the_brand_too(store):
    store.product(brand_name="Harbor goods")
    store.product(name="Bowl", sku="BOWL")
    assert [row["name"] for row in store.data(PRODUCTS, keyword="harbor")] == ["Enamel mug"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("images", "is_thumbnail"),
        ("custom-fields", "value"),
        ("bulk-pricing-rules", "amount"),
        ("videos", "title"),
        ("variants", "sku"),
        ("options", "display_name"),
        ("modifiers", "required"),
        ("metafields", "value"),
    ],
)
def test_fields_can_be_chosen_in_every_list_of_a_product(store, path, field):
    product_id = store.product(
        PARTS | MUG,
        variants=[{"sku": "MUG-S", "option_values": [{"option_display_name": "Size", "label": "S"}]}],
    )["id"]
    store.post(f"{PRODUCTS}/{product_id}/modifiers", {"display_name": "Note", "type": "text", "required": False})
    note = {"namespace": "n", "key": "k", "value": "v", "permission_set": "read"}
    store.post(f"{PRODUCTS}/{product_id}/metafields", note)
    whole = store.data(f"{PRODUCTS}/{product_id}/{path}")[0]
    chosen = store.data(f"{PRODUCTS}/{product_id}/{path}", include_fields=field)
    assert chosen[0] == {"id": whole["id"], field: whole[field]}
    without = store.data(f"{PRODUCTS}/{product_id}/{path}/{whole['id']}", exclude_fields=f"{field},id")
    assert without == {name: value for name, value in whole.items() if name != field}


def test_videos_come_and_go(store):
    videos = f"{PRODUCTS}/{store.product()['id']}/videos"
    made = store.post(videos, {"video_id": "z3fRu9pkuXE", "title": "The mug"}).json()["data"]
    assert store.put(f"{videos}/{made['id']}", {"title": "Falling"}).json()["data"] == {**made, "title": "Falling"}
    assert store.put(f"{videos}/{made['id']}", {"type": "film"}).status_code == 422
    assert store.delete(f"{videos}/{made['id']}").status_code == 204
    assert (store.data(videos), store.get(f"{videos}/{made['id']}").status_code) == ([], 404)
