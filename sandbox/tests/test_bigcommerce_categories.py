"""Category trees and brands of the BigCommerce double: batches in part, places, names, pictures."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import open_store

TREE = "/v3/catalog/trees/categories"


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


def made(store, name, **fields):
    row = {"name": name, "tree_id": 1, **fields}
    return store.post(TREE, [row]).json()["data"][0]["category_id"]


def test_a_batch_of_categories_is_saved_in_part_and_says_207(store):
    answer = store.post(TREE, [{"name": "Men", "tree_id": 1}, {"name": "men", "tree_id": 1}])
    body = answer.json()
    assert (answer.status_code, body["meta"]) == (207, {"total": 2, "success": 1, "failed": 1})
    assert [row["name"] for row in body["data"]] == ["Men"]
    assert (body["errors"]["status"], body["errors"]["title"]) == (409, "The category name is a duplicate")
    changed = store.put(TREE, [{"category_id": body["data"][0]["category_id"], "name": "Him"}, {"category_id": 9}])
    assert (changed.status_code, changed.json()["meta"]) == (207, {"total": 2, "success": 1, "failed": 1})
    assert [row["name"] for row in store.data(TREE)] == ["Him"]


def test_a_batch_of_which_nothing_could_be_saved_is_refused(store):
    answer = store.post(TREE, [{"name": "x" * 51, "tree_id": 1}])
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["name"])
    assert store.data(TREE) == []


def test_a_category_goes_below_neither_itself_nor_its_children(store):
    men = made(store, "Men")
    shirts = made(store, "Shirts", parent_id=men)
    for parent in (men, shirts):
        refused = store.put(TREE, [{"category_id": men, "parent_id": parent}])
        assert (refused.status_code, refused.json()["title"]) == (422, "A category cannot be below itself")


def test_categories_are_nested_eight_deep(store):
    parent = 0
    for level in range(8):
        parent = made(store, f"Level {level}", parent_id=parent)
    assert store.post(TREE, [{"name": "Too deep", "parent_id": parent}]).status_code == 422
    flat = made(store, "Flat")
    assert store.put(TREE, [{"category_id": flat, "parent_id": parent}]).status_code == 422


def test_a_renamed_or_moved_category_needs_a_name_its_siblings_lack(store):
    men, women = made(store, "Men"), made(store, "Women")
    shirts = made(store, "Women", parent_id=men)
    assert store.put(TREE, [{"category_id": men, "name": "WOMEN"}]).status_code == 409
    assert store.put(TREE, [{"category_id": shirts, "parent_id": 0}]).status_code == 409
    assert store.put(TREE, [{"category_id": women, "name": "women"}]).status_code == 200


def test_a_child_is_in_the_tree_of_its_parent(store):
    (second,) = store.put("/v3/catalog/trees", [{"name": "Second"}]).json()["data"]
    parent = made(store, "Men", tree_id=second["id"])
    child = store.post(TREE, [{"name": "Shirts", "parent_id": parent}]).json()["data"][0]
    assert child["tree_id"] == second["id"]
    assert store.post(TREE, [{"name": "Hats", "parent_id": parent, "tree_id": 1}]).status_code == 422


@pytest.mark.parametrize(
    "docs",
    [
        [{"name": ""}],
        [{"name": "x" * 256}],
        [{"channels": []}],
        [{"id": 1, "name": ""}],
        [{"name": "Good"}, {"name": ""}],
    ],
)
def test_a_tree_without_a_name_of_1_to_255_characters_is_refused_with_its_batch(store, docs):
    before = store.data("/v3/catalog/trees")
    refused = store.put("/v3/catalog/trees", docs)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["name"])
    assert store.data("/v3/catalog/trees") == before


def test_a_tree_that_is_there_needs_no_new_name(store):
    (tree,) = store.data("/v3/catalog/trees")
    assert store.put("/v3/catalog/trees", [{"id": tree["id"]}]).json()["data"] == [tree]
    renamed = store.put("/v3/catalog/trees", [{"id": tree["id"], "name": "x" * 255}]).json()["data"]
    assert renamed == [{**tree, "name": "x" * 255}]


def test_an_address_that_was_given_is_kept(store):
    men = made(store, "Men")
    assert store.data(TREE)[0]["url"] == {"path": "/men/", "is_customized": False}
    store.put(TREE, [{"category_id": men, "url": {"path": "/him/"}}])
    assert store.data(TREE, include_fields="url") == [
        {"category_id": men, "url": {"path": "/him/", "is_customized": True}}
    ]
    assert store.put(TREE, [{"category_id": men, "url": {"path": 5}}]).status_code == 422


def test_deprecated_categories_are_deleted_by_a_filter_only(store):
    made(store, "Men")
    assert store.delete("/v3/catalog/categories").status_code == 422
    assert store.delete("/v3/catalog/categories", name="Men").status_code == 204
    assert store.data(TREE) == []


@pytest.mark.parametrize("things", ["brands", "categories"])
def test_brands_and_categories_have_a_picture(store, things):
    thing = store.post(f"/v3/catalog/{things}", {"name": "Harbor", "parent_id": 0}).json()["data"]["id"]
    path = f"/v3/catalog/{things}/{thing}"
    url = store.post(f"{path}/image", {"image_url": "https://example.com/a.png"}).json()["data"]["image_url"]
    assert (store.data(path)["image_url"], url.rsplit("/", 1)[1]) == (url, "a.png")
    assert store.delete(f"{path}/image").status_code == 204
    assert store.data(path)["image_url"] == ""


def test_products_lose_a_brand_that_is_deleted(store):
    mug = store.product(brand_name="Harbor")
    brand = f"/v3/catalog/brands/{mug['brand_id']}"
    assert (store.delete(brand).status_code, store.delete(brand).status_code) == (204, 404)
    assert store.data(f"/v3/catalog/products/{mug['id']}")["brand_id"] == 0


def test_brands_are_sorted_by_name(store):
    for name in ("beta", "Alpha", "gamma"):
        store.post("/v3/catalog/brands", {"name": name})
    shown = store.data("/v3/catalog/brands", sort="name", direction="desc", include_fields="name")
    assert [row["name"] for row in shown] == ["gamma", "beta", "Alpha"]
