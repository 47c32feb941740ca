"""Brands, category trees, and which products belong to which channels and categories.

Source: BigCommerce docs, reference/catalog/{brands,categories,category-trees,products}_catalog.v3.yml.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

from twinshelf_sandbox.bigcommerce import fields, products
from twinshelf_sandbox.bigcommerce.answers import (
    Json,
    data,
    id_of,
    ints,
    is_whole,
    no_content,
    not_found,
    truth,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.bigcommerce.tables import unpack
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_products")

MOST_CATEGORIES, MOST_DEPTH, MOST_TREES, MOST_BRANDS = 16_000, 8, 50, 30_000
FIRST_CATEGORY: Final = 18
MAIN_TREE: Final = 1


def by_id(rows: Iterable[Entity], query: dict[str, str], field: str = "id", prefix: str = "id") -> list[Entity]:
    """The rows that the filters on an id leave."""
    kept = list(rows)
    tests: list[tuple[str, Callable[[int, str], bool]]] = [
        ("", lambda one, text: one in ints(text)),
        (":in", lambda one, text: one in ints(text)),
        (":not_in", lambda one, text: one not in ints(text)),
        (":min", lambda one, text: bool(ints(text)) and one >= ints(text)[0]),
        (":max", lambda one, text: bool(ints(text)) and one <= ints(text)[0]),
        (":greater", lambda one, text: bool(ints(text)) and one > ints(text)[0]),
        (":less", lambda one, text: bool(ints(text)) and one < ints(text)[0]),
    ]
    for suffix, test in tests:
        name = f"{prefix}{suffix}"
        if name in query:
            kept = [row for row in kept if test(row[field], query[name])]
    return kept


def _by_text(rows: list[Entity], query: dict[str, str], *names: str) -> list[Entity]:
    for name in names:
        if name in query:
            rows = [row for row in rows if str(row[name]).casefold() == query[name].casefold()]
        like = query.get(f"{name}:like")
        if like is not None:
            rows = [row for row in rows if like.strip("%").casefold() in str(row[name]).casefold()]
    return rows


# -- brands ---------------------------------------------------------------------------------------------------------

_BRAND: Final[dict[str, fields.Check]] = {
    "name": fields.text(255, 1),
    "page_title": fields.text(255),
    "meta_keywords": fields.list_of(fields.text()),
    "meta_description": fields.text(),
    "image_url": fields.text(255),
    "search_keywords": fields.text(255),
    "custom_url": fields.address,
}


def _checked(doc: Json, checks: dict[str, fields.Check], required: tuple[str, ...] = ()) -> Json:
    kept, errors = fields.check(doc, checks)
    errors.update({name: f"Please provide a {name}." for name in required if doc.get(name) is None})
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    return kept


def _brand(call: Call, brand_id: int) -> Entity:
    row = call.store.rows("brands").get(brand_id)
    if row is None:
        raise not_found("The requested brand was not found.")
    return row


def _named_brand(store: Store, name: str) -> Entity | None:
    return next((row for row in store.rows("brands").table.values() if row["name"].casefold() == name.casefold()), None)


@routes.get("/v3/catalog/brands")
def _list_brands(call: Call) -> Response:
    rows = by_id(call.store.rows("brands").values(), call.query)
    shown, meta = call.paged(_by_text(rows, call.query, "name", "page_title"))
    return data(shown, meta)


@routes.post("/v3/catalog/brands")
def _create_brand(call: Call) -> Response:
    store = call.store
    kept = _checked(call.object(), _BRAND, ("name",))
    if _named_brand(store, kept["name"]) is not None:
        raise v3_error(409, "The brand name is a duplicate", {"name": "must be unique"})
    if len(store.rows("brands")) >= MOST_BRANDS:
        raise v3_error(422, f"A store may have no more than {MOST_BRANDS} brands")
    brand_id = store.brand_of(kept["name"])
    row = {**_brand(call, brand_id), **kept}
    store.rows("brands").put(brand_id, row)
    return data(row)


@routes.get("/v3/catalog/brands/{brand_id}")
def _get_brand(call: Call, brand_id: int) -> Response:
    return data(_brand(call, brand_id))


@routes.put("/v3/catalog/brands/{brand_id}")
def _update_brand(call: Call, brand_id: int) -> Response:
    store, row = call.store, _brand(call, brand_id)
    kept = _checked(call.object(), _BRAND)
    same = _named_brand(store, str(kept.get("name", row["name"])))
    if same is not None and same["id"] != brand_id:
        raise v3_error(409, "The brand name is a duplicate", {"name": "must be unique"})
    row.update(kept)
    store.rows("brands").put(brand_id, row)
    store.forget_brands()
    store.effect("brand_updated", brand_id, name=row["name"])
    return data(row)


@routes.delete("/v3/catalog/brands/{brand_id}")
def _delete_brand(call: Call, brand_id: int) -> Response:
    if call.store.rows("brands").delete(brand_id):
        call.store.forget_brands()
        call.store.effect("brand_deleted", brand_id)
    return no_content()


@routes.delete("/v3/catalog/brands")
def _delete_brands(call: Call) -> Response:
    if "name" not in call.query:
        raise v3_error(422, "A filter by name is required to delete brands")
    for row in _by_text(list(call.store.rows("brands").values()), call.query, "name"):
        call.store.rows("brands").delete(row["id"])
        call.store.forget_brands()
        call.store.effect("brand_deleted", row["id"])
    return no_content()


# -- trees ----------------------------------------------------------------------------------------------------------


@routes.get("/v3/catalog/trees")
def _list_trees(call: Call) -> Response:
    rows = by_id(call.store.rows("trees").values(), call.query)
    if "channel_id:in" in call.query:
        wanted = set(ints(call.query["channel_id:in"]))
        rows = [row for row in rows if wanted & set(row["channels"])]
    shown, meta = call.paged(rows)
    return data(shown, meta)


@routes.put("/v3/catalog/trees")
def _upsert_trees(call: Call) -> Response:
    store, docs = call.store, call.array()
    if len(docs) > MOST_TREES:
        title = f"The request payload is too large. The maximum trees allowed in the array is {MOST_TREES}."
        raise v3_error(413, title, short=True)
    saved = []
    for doc in docs:
        tree_id = doc.get("id")
        known = store.rows("trees").get(tree_id) if isinstance(tree_id, int) else None
        if tree_id is not None and known is None:
            raise v3_error(422, "The category tree does not exist", {"id": "does not exist"})
        if known is None:
            wanted = doc.get("channels") or []
            taken = {one for row in store.rows("trees").values() for one in row["channels"]}
            if (
                not isinstance(doc.get("name"), str)
                or not isinstance(wanted, list)
                or not all(map(id_of, wanted))
                or taken & set(wanted)
            ):
                raise v3_error(422, "The category tree is invalid", {"channels": "a channel has one tree at most"})
            known = {"id": store.take("trees", MAIN_TREE + 1), "name": doc["name"], "channels": wanted}
        elif isinstance(doc.get("name"), str):
            known["name"] = doc["name"]
        store.rows("trees").put(known["id"], known)
        saved.append(known)
    return data(saved, {"total": len(saved), "success": len(saved), "failed": 0})


@routes.delete("/v3/catalog/trees")
def _delete_trees(call: Call) -> Response:
    if "id:in" not in call.query:
        raise v3_error(422, "A filter is required to delete category trees")
    for tree_id in ints(call.query["id:in"]):
        if call.store.rows("trees").delete(tree_id):
            for row in [row for row in call.store.rows("categories").values() if row["tree_id"] == tree_id]:
                remove_category(call.store, row["category_id"])
    return no_content()


@routes.get("/v3/catalog/trees/{tree_id}/categories")
def get_tree(call: Call, tree_id: int) -> Response:
    """The tree as nested nodes; without meta worth the name."""
    if tree_id not in call.store.rows("trees"):
        raise not_found("The requested category tree was not found.")
    depth = call.query.get("depth")
    most = int(depth) if depth and is_whole(depth) else MOST_DEPTH
    children: dict[int, list[Entity]] = {}
    for row in call.store.rows("categories").values():
        if row["tree_id"] == tree_id:
            children.setdefault(row["parent_id"], []).append(row)

    def nodes(parent: int, level: int, path: list[int]) -> list[Json]:
        if level > most:
            return []
        return [
            {
                "id": row["category_id"],
                "parent_id": parent,
                "depth": level,
                "path": [*path, row["category_id"]],
                "name": row["name"],
                "is_visible": row["is_visible"],
                "url": row["url"]["path"],
                "children": nodes(row["category_id"], level + 1, [*path, row["category_id"]]),
            }
            for row in sorted(children.get(parent, []), key=lambda row: (row["sort_order"], row["category_id"]))
        ]

    return data(nodes(0, 0, []))


# -- categories -----------------------------------------------------------------------------------------------------

_CATEGORY: Final[dict[str, fields.Check]] = {
    "name": fields.text(50, 1),
    "parent_id": fields.whole(),
    "tree_id": fields.whole(),
    "description": fields.text(),
    "views": fields.whole(),
    "sort_order": fields.whole(-2_147_483_648),
    "page_title": fields.text(255),
    "meta_keywords": fields.list_of(fields.text()),
    "meta_description": fields.text(),
    "layout_file": fields.text(500),
    "image_url": fields.text(255),
    "is_visible": fields.truth,
    "search_keywords": fields.text(255),
    "default_product_sort": fields.text(64),
}


def add_category(store: Store, doc: Json) -> Entity:
    """Make a category. Raises Refused for a name its siblings have, an unknown parent, or too deep a place."""
    kept = _checked(doc, _CATEGORY, ("name",))
    parent_id = kept.get("parent_id", 0)
    tree_id = kept.get("tree_id", MAIN_TREE)
    table = store.rows("categories")
    parent = None if parent_id == 0 else table.get(parent_id)
    if parent_id and parent is None:
        raise v3_error(422, "The parent category does not exist", {"parent_id": "does not exist"})
    if tree_id not in store.rows("trees"):
        raise v3_error(422, "The category tree does not exist", {"tree_id": "does not exist"})
    if parent is not None and len(_path(store, parent)) >= MOST_DEPTH:
        raise v3_error(422, f"Categories may be nested {MOST_DEPTH} levels deep", {"parent_id": "is too deep"})
    if len(table) >= MOST_CATEGORIES:
        raise v3_error(422, f"A store may have no more than {MOST_CATEGORIES} categories")
    for row in table.table.values():
        if (row["tree_id"], row["parent_id"], row["name"].casefold()) == (tree_id, parent_id, kept["name"].casefold()):
            raise v3_error(409, "The category name is a duplicate", {"name": "must be unique among its siblings"})
    url = doc.get("url") or doc.get("custom_url") or {}
    if not isinstance(url, dict):
        raise v3_error(422, "JSON data is missing or invalid", {"url": "url must be an object"})
    return put_category(store, {**kept, "parent_id": parent_id, "tree_id": tree_id}, url)


def put_category(store: Store, kept: Json, url: Json | None = None) -> Entity:
    """Keep a new category without asking."""
    category_id = store.take("categories", FIRST_CATEGORY)
    url = url or {}
    path = str(url.get("path") or url.get("url") or products.slug(kept["name"]))
    row = {
        "category_id": category_id,
        "category_uuid": str(uuid.UUID(int=store.world.rng.getrandbits(128), version=4)),
        "parent_id": 0,
        "tree_id": MAIN_TREE,
        "name": "",
        "description": "",
        "views": 0,
        "sort_order": 0,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "layout_file": "category.html",
        "image_url": "",
        "is_visible": True,
        "search_keywords": "",
        "default_product_sort": "use_store_settings",
        "url": {"path": path, "is_customized": bool(url)},
        **kept,
    }
    store.rows("categories").put(category_id, row)
    store.effect("category_created", category_id, name=row["name"], parent_id=row["parent_id"])
    store.fire("store/category/created", {"type": "category", "id": category_id})
    return row


def _path(store: Store, row: Entity) -> list[int]:
    path = [row["category_id"]]
    while row["parent_id"]:
        above = store.rows("categories").get(row["parent_id"])
        if above is None:
            break
        row = above
        path.append(row["category_id"])
    return path


def path_ids(store: Store, paths: Iterable[Any], cache: dict[tuple[str, ...], int]) -> list[int]:
    """The category at the end of each path ("Men/Shirts", or a list of names), made where it is missing."""
    found = []
    for path in paths:
        names = [name.strip()[:50] for name in (path.split("/") if isinstance(path, str) else path) if name.strip()]
        parent = 0
        walked: tuple[str, ...] = ()
        for name in names[:MOST_DEPTH]:
            walked = (*walked, name.casefold())
            if walked not in cache:
                cache[walked] = int(put_category(store, {"name": name, "parent_id": parent})["category_id"])
            parent = cache[walked]
        if parent and parent not in found:
            found.append(parent)
    return found


def path_cache(store: Store) -> dict[tuple[str, ...], int]:
    """Path of names → category, for `path_ids`."""
    rows = {row["category_id"]: row for row in store.rows("categories").values() if row["tree_id"] == MAIN_TREE}

    def names(row: Entity) -> tuple[str, ...]:
        above = rows.get(row["parent_id"])
        return (*(names(above) if above else ()), row["name"].casefold())

    return {names(row): key for key, row in rows.items()}


def change_category(store: Store, row: Entity, doc: Json) -> Entity:
    """Bring the writable fields of a document into a category."""
    kept = _checked(doc, _CATEGORY)
    kept.pop("tree_id", None)
    if kept.get("parent_id") and kept["parent_id"] not in store.rows("categories"):
        raise v3_error(422, "The parent category does not exist", {"parent_id": "does not exist"})
    row.update(kept)
    store.rows("categories").put(row["category_id"], row)
    store.effect("category_updated", row["category_id"], fields=sorted(kept))
    store.fire("store/category/updated", {"type": "category", "id": row["category_id"]})
    return row


def remove_category(store: Store, category_id: int) -> None:
    """Delete a category with all below it; products lose it."""
    for row in [row for row in store.rows("categories").values() if row["parent_id"] == category_id]:
        remove_category(store, row["category_id"])
    if not store.rows("categories").delete(category_id):
        return
    for product_id in list(store.index.products.all):
        product = products.load(store, product_id)
        if product is not None and category_id in product.main["categories"]:
            product.main["categories"] = [one for one in product.main["categories"] if one != category_id]
            products.save(store, product)
    store.effect("category_deleted", category_id)
    store.fire("store/category/deleted", {"type": "category", "id": category_id})


def _filtered(call: Call) -> list[Entity]:
    query = call.query
    rows = list(call.store.rows("categories").values())
    for prefix in ("id", "category_id"):
        rows = by_id(rows, query, "category_id", prefix)
    rows = by_id(by_id(rows, query, "parent_id", "parent_id"), query, "tree_id", "tree_id")
    if "category_uuid:in" in query:
        rows = [row for row in rows if row["category_uuid"] in query["category_uuid:in"].split(",")]
    if "is_visible" in query:
        rows = [row for row in rows if row["is_visible"] == truth(query["is_visible"])]
    if "keyword" in query:
        rows = [row for row in rows if query["keyword"].casefold() in row["name"].casefold()]
    return _by_text(rows, query, "name", "page_title")


@routes.get("/v3/catalog/trees/categories")
def _list_categories(call: Call) -> Response:
    shown, meta = call.paged(_filtered(call))
    return data(shown, meta)


@routes.post("/v3/catalog/trees/categories")
def _create_categories(call: Call) -> Response:
    made = [add_category(call.store, doc) for doc in call.array()]
    return data(made, {"total": len(made), "success": len(made), "failed": 0}, 201)


@routes.put("/v3/catalog/trees/categories")
def _update_categories(call: Call) -> Response:
    for doc in call.array():
        row = call.store.rows("categories").get(doc.get("category_id") or 0)
        if row is None:
            raise v3_error(422, "The category does not exist", {"category_id": "does not exist"})
        change_category(call.store, row, doc)
    return no_content()


@routes.delete("/v3/catalog/trees/categories")
def delete_categories(call: Call) -> Response:
    """Accepted as a task: 202."""
    if not any(
        name.split(":")[0] in {"category_id", "category_uuid", "tree_id", "parent_id", "name", "keyword"}
        for name in call.query
    ):
        raise v3_error(422, "A filter is required to delete categories")
    for row in _filtered(call):
        remove_category(call.store, row["category_id"])
    return Response.json({"data": [], "meta": {}}, 202)


def _old_style(row: Entity) -> Json:
    """A category as the deprecated routes show it: `id` and `custom_url`."""
    shown = {k: v for k, v in row.items() if k not in {"category_id", "category_uuid", "tree_id", "url"}}
    return {
        "id": row["category_id"],
        **shown,
        "custom_url": {"url": row["url"]["path"], "is_customized": row["url"]["is_customized"]},
    }


def _old_row(call: Call, category_id: int) -> Entity:
    row = call.store.rows("categories").get(category_id)
    if row is None or row["tree_id"] != MAIN_TREE:
        raise not_found("The requested category was not found.")
    return row


@routes.get("/v3/catalog/categories")
def list_old_categories(call: Call) -> Response:
    """Deprecated: sees the tree of channel 1 only."""
    shown, meta = call.paged([_old_style(row) for row in _filtered(call) if row["tree_id"] == MAIN_TREE])
    return data(shown, meta)


@routes.post("/v3/catalog/categories")
def _create_old_category(call: Call) -> Response:
    doc = call.object()
    if doc.get("parent_id") is None:
        raise v3_error(422, "Missing Required Fields", {"parent_id": "Please provide a parent_id."})
    return data(_old_style(add_category(call.store, doc)))


@routes.get("/v3/catalog/categories/tree")
def _get_old_tree(call: Call) -> Response:
    return get_tree(call, MAIN_TREE)


@routes.get("/v3/catalog/categories/{category_id}")
def _get_old_category(call: Call, category_id: int) -> Response:
    return data(_old_style(_old_row(call, category_id)))


@routes.put("/v3/catalog/categories/{category_id}")
def _update_old_category(call: Call, category_id: int) -> Response:
    return data(_old_style(change_category(call.store, _old_row(call, category_id), call.object())))


@routes.delete("/v3/catalog/categories/{category_id}")
def _delete_old_category(call: Call, category_id: int) -> Response:
    remove_category(call.store, category_id)
    return no_content()


# -- assignments ----------------------------------------------------------------------------------------------------


def _pairs(call: Call, other: str) -> list[tuple[int, int]]:
    docs = call.array()
    errors = {}
    for at, doc in enumerate(docs):
        for name in ("product_id", other):
            if not isinstance(doc.get(name), int):
                errors[f"{at}.{name}"] = "error.path.missing" if name not in doc else "error.expected.jsnumber"
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors, short=True)
    return [(doc["product_id"], doc[other]) for doc in docs]


def _assigned(call: Call, other: str, held: Callable[[bytes], list[int]]) -> list[Json]:
    store, query = call.store, call.query
    ids = store.index.products.all
    if "product_id:in" in query:
        ids = sorted(one for one in ints(query["product_id:in"]) if store.index.products.has(one))
    wanted = set(ints(query[f"{other}:in"])) if f"{other}:in" in query else None
    rows: list[Json] = []
    for product_id in ids:
        raw = store.products.raw(product_id)
        kept = [one for one in (held(raw) if raw else ()) if wanted is None or one in wanted]
        rows += [{"product_id": product_id, other: one} for one in kept]
    return rows


def _need_filter(call: Call, other: str) -> None:
    if "product_id:in" not in call.query and f"{other}:in" not in call.query:
        raise v3_error(422, "At least one filter is required: product_id:in or " + f"{other}:in")


@routes.get("/v3/catalog/products/channel-assignments")
def _list_channel_assignments(call: Call) -> Response:
    shown, meta = call.paged(_assigned(call, "channel_id", products.channels_of))
    return data(shown, meta)


@routes.put("/v3/catalog/products/channel-assignments")
def _put_channel_assignments(call: Call) -> Response:
    store, pairs = call.store, _pairs(call, "channel_id")
    unknown = [pair for pair in pairs if pair[0] not in store.products or pair[1] not in store.rows("channels")]
    if unknown:
        raise v3_error(422, "One or more products or channels do not exist", {"product_id": str(unknown[0][0])})
    for product_id, channel_id in pairs:
        assign(store, product_id, channel_id)
    return no_content()


def assign(store: Store, product_id: int, channel_id: int, *, assigned: bool = True) -> None:
    """Put a product on a channel, or take it off. Nothing happens if it is so already."""
    product = products.load(store, product_id)
    if product is None or (channel_id in product.channels) == assigned:
        return
    if assigned:
        product.channels.append(channel_id)
    else:
        product.channels.remove(channel_id)
    products.save(store, product, quiet=True)
    word = "assigned" if assigned else "unassigned"
    store.effect(f"product_{word}", product_id, channel_id=channel_id)
    store.fire(f"store/channel/{channel_id}/product/{word}", {"product_id": product_id})


@routes.delete("/v3/catalog/products/channel-assignments")
def _delete_channel_assignments(call: Call) -> Response:
    _need_filter(call, "channel_id")
    for row in _assigned(call, "channel_id", products.channels_of):
        assign(call.store, row["product_id"], row["channel_id"], assigned=False)
    return no_content()


def _categories_of(raw: bytes) -> list[int]:
    return list(products.Product(0, unpack(raw)).main["categories"])


@routes.get("/v3/catalog/products/category-assignments")
def _list_category_assignments(call: Call) -> Response:
    shown, meta = call.paged(_assigned(call, "category_id", _categories_of))
    return data(shown, meta)


@routes.put("/v3/catalog/products/category-assignments")
def _put_category_assignments(call: Call) -> Response:
    for product_id, category_id in _pairs(call, "category_id"):
        product = products.load(call.store, product_id)
        if product is None or category_id not in call.store.rows("categories"):
            raise v3_error(422, "One or more products or categories do not exist", {"product_id": str(product_id)})
        if category_id not in product.main["categories"]:
            product.main["categories"].append(category_id)
            products.save(call.store, product)
    return no_content()


@routes.delete("/v3/catalog/products/category-assignments")
def _delete_category_assignments(call: Call) -> Response:
    _need_filter(call, "category_id")
    for row in _assigned(call, "category_id", _categories_of):
        product = products.existing(call.store, row["product_id"])
        product.main["categories"] = [one for one in product.main["categories"] if one != row["category_id"]]
        products.save(call.store, product)
    return no_content()
