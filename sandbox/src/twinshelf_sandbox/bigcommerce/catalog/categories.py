"""Category trees and the categories in them, also by the deprecated routes.

Source: BigCommerce docs, reference/catalog/{categories,category-trees}_catalog.v3.yml.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import image_files, product_documents, product_rows
from twinshelf_sandbox.bigcommerce.filters import by_id, by_text
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    Refused,
    data,
    decode,
    id_of,
    ints,
    is_whole,
    no_content,
    not_found,
    truth,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_products")

MOST_CATEGORIES, MOST_DEPTH, MOST_TREES = 16_000, 8, 50
FIRST_CATEGORY: Final = 18
MAIN_TREE: Final = 1


# -- trees ----------------------------------------------------------------------------------------------------------

_TREE: Final[dict[str, fields.Check]] = {"name": fields.text(255, 1)}


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
        kept = fields.checked(doc, _TREE, () if known else ("name",))
        if known is None:
            wanted = doc.get("channels") or []
            taken = {one for row in store.rows("trees").values() for one in row["channels"]}
            if not isinstance(wanted, list) or not all(map(id_of, wanted)) or taken & set(wanted):
                raise v3_error(422, "The category tree is invalid", {"channels": "a channel has one tree at most"})
            known = {"id": store.take("trees", MAIN_TREE + 1), "name": kept["name"], "channels": wanted}
        known.update(kept)
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
    kept = fields.checked(doc, _CATEGORY, ("name",))
    parent_id = kept.get("parent_id", 0)
    table = store.rows("categories")
    parent = None if parent_id == 0 else table.get(parent_id)
    tree_id = kept.get("tree_id", parent["tree_id"] if parent else MAIN_TREE)
    if parent_id and (parent is None or parent["tree_id"] != tree_id):
        raise v3_error(422, "The parent category does not exist", {"parent_id": "does not exist"})
    if tree_id not in store.rows("trees"):
        raise v3_error(422, "The category tree does not exist", {"tree_id": "does not exist"})
    if parent is not None and len(_path(store, parent)) >= MOST_DEPTH:
        raise v3_error(422, f"Categories may be nested {MOST_DEPTH} levels deep", {"parent_id": "is too deep"})
    if len(table) >= MOST_CATEGORIES:
        raise v3_error(422, f"A store may have no more than {MOST_CATEGORIES} categories")
    _no_namesake(store, {"category_id": 0, "tree_id": tree_id, "parent_id": parent_id, "name": kept["name"]})
    return put_category(store, {**kept, "parent_id": parent_id, "tree_id": tree_id}, _url(doc))


def _url(doc: Json) -> Json:
    url = doc.get("url") or doc.get("custom_url") or {}
    path = url.get("path", url.get("url", "")) if isinstance(url, dict) else None
    if not isinstance(path, str) or len(path) > 255:
        raise v3_error(422, "JSON data is missing or invalid", {"url": "url must be an object with a path"})
    return {"path": path} if path else {}


def _no_namesake(store: Store, row: Json) -> None:
    """Refuse a name that a sibling has."""
    place = row["tree_id"], row["parent_id"], row["name"].casefold()
    for other in store.rows("categories").table.values():
        same = (other["tree_id"], other["parent_id"], other["name"].casefold()) == place
        if same and other["category_id"] != row["category_id"]:
            raise v3_error(409, "The category name is a duplicate", {"name": "must be unique among its siblings"})


def put_category(store: Store, kept: Json, url: Json | None = None) -> Entity:
    """Keep a new category without asking; without a `path` in `url` it gets one made of its name."""
    category_id = store.take("categories", FIRST_CATEGORY)
    url = url or {}
    path = url.get("path") or product_documents.slug(kept["name"])
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
    kept = fields.checked(doc, _CATEGORY)
    kept.pop("tree_id", None)
    if kept.get("parent_id"):
        above = store.rows("categories").get(kept["parent_id"])
        if above is None or above["tree_id"] != row["tree_id"]:
            raise v3_error(422, "The parent category does not exist", {"parent_id": "does not exist"})
        path = _path(store, above)
        if row["category_id"] in path:
            raise v3_error(422, "A category cannot be below itself", {"parent_id": "is the category or below it"})
        if len(path) >= MOST_DEPTH:
            raise v3_error(422, f"Categories may be nested {MOST_DEPTH} levels deep", {"parent_id": "is too deep"})
    row.update(kept)
    _no_namesake(store, row)
    if url := _url(doc):
        row["url"] = {**url, "is_customized": True}
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
        product = product_rows.load(store, product_id)
        if product is not None and category_id in product.main["categories"]:
            product.main["categories"] = [one for one in product.main["categories"] if one != category_id]
            product_rows.save(store, product)
    store.effect("category_deleted", category_id)
    store.fire("store/category/deleted", {"type": "category", "id": category_id})


def _filtered(call: Call) -> list[Entity]:
    query = call.query
    rows = list(call.store.rows("categories").values())
    for prefix in ("id", "category_id"):
        rows = by_id(rows, query, "category_id", prefix)
    rows = by_id(by_id(rows, query, "parent_id", "parent_id"), query, "tree_id", "tree_id")
    for name, wanted in (("category_uuid:in", True), ("category_uuid:not_in", False)):
        if name in query:
            rows = [row for row in rows if (row["category_uuid"] in query[name].split(",")) == wanted]
    if "is_visible" in query:
        rows = [row for row in rows if row["is_visible"] == truth(query["is_visible"])]
    if "keyword" in query:
        rows = [row for row in rows if query["keyword"].casefold() in row["name"].casefold()]
    return by_text(rows, query, "name", "page_title")


@routes.get("/v3/catalog/trees/categories")
def _list_categories(call: Call) -> Response:
    shown, meta = call.paged(_filtered(call))
    return data([call.narrow(row, "category_id") for row in shown], meta)


@routes.post("/v3/catalog/trees/categories")
def _create_categories(call: Call) -> Response:
    return _each(call, lambda doc: add_category(call.store, doc), 201, shown=True)


@routes.put("/v3/catalog/trees/categories")
def _update_categories(call: Call) -> Response:
    def change(doc: Json) -> Entity:
        row = call.store.rows("categories").get(doc.get("category_id") or 0)
        if row is None:
            raise v3_error(422, "The category does not exist", {"category_id": "does not exist"})
        return change_category(call.store, row, doc)

    return _each(call, change, 200, shown=False)


def _each(call: Call, work: Callable[[Json], Entity], status: int, *, shown: bool) -> Response:
    """Do each of a batch apart: 207 where some were saved and some not, the refusal itself where none was.

    `shown` puts what was saved into the answer.
    """
    docs = call.array()
    saved: list[Entity] = []
    wrong: list[Refused] = []
    for doc in docs:
        try:
            with call.store.world.savepoint():
                saved.append(work(doc))
        except Refused as refused:
            wrong.append(refused)
    if wrong and not saved:
        raise wrong[0]
    meta = {"total": len(docs), "success": len(saved), "failed": len(wrong)}
    body: Json = {"data": saved, "meta": meta} if shown else {"meta": meta}
    if wrong:
        body["errors"] = decode(wrong[0].response.body)
    return Response.json(body, 207 if wrong else status)


@routes.delete("/v3/catalog/trees/categories")
def delete_categories(call: Call) -> Response:
    """Accepted as a task: 202."""
    _need_category_filter(call, "category_id")
    rows = _filtered(call)
    for row in rows:
        remove_category(call.store, row["category_id"])
    return _counted(len(rows), 202)


def _need_category_filter(call: Call, id_: str) -> None:
    names = {id_, "category_uuid", "tree_id", "parent_id", "name", "page_title", "keyword", "is_visible"}
    if not any(name.split(":")[0] in names for name in call.query):
        raise v3_error(422, "A filter is required to delete categories")


def _counted(done: int, status: int = 200) -> Response:
    return Response.json({"meta": {"total": done, "success": done, "failed": 0}}, status)


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
    return data([call.narrow(row) for row in shown], meta)


@routes.post("/v3/catalog/categories")
def _create_old_category(call: Call) -> Response:
    doc = call.object()
    if doc.get("parent_id") is None:
        raise v3_error(422, "Missing Required Fields", {"parent_id": "Please provide a parent_id."})
    return data(_old_style(add_category(call.store, doc)))


@routes.delete("/v3/catalog/categories")
def _delete_old_categories(call: Call) -> Response:
    _need_category_filter(call, "id")
    for row in _filtered(call):
        if row["tree_id"] == MAIN_TREE:
            remove_category(call.store, row["category_id"])
    return no_content()


@routes.get("/v3/catalog/categories/tree")
def _get_old_tree(call: Call) -> Response:
    return get_tree(call, MAIN_TREE)


@routes.get("/v3/catalog/categories/{category_id}")
def _get_old_category(call: Call, category_id: int) -> Response:
    return data(_old_style(_old_row(call, category_id)))


@routes.put("/v3/catalog/categories/{category_id}")
def _update_old_category(call: Call, category_id: int) -> Response:
    return data(_old_style(change_category(call.store, _old_row(call, category_id), call.object())))


@routes.post("/v3/catalog/categories/{category_id}/image")
def _set_category_image(call: Call, category_id: int) -> Response:
    row, url = _old_row(call, category_id), image_files.received_url(call)
    change_category(call.store, row, {"image_url": url})
    return data({"image_url": url})


@routes.delete("/v3/catalog/categories/{category_id}/image")
def _delete_category_image(call: Call, category_id: int) -> Response:
    change_category(call.store, _old_row(call, category_id), {"image_url": ""})
    return no_content()


@routes.delete("/v3/catalog/categories/{category_id}")
def _delete_old_category(call: Call, category_id: int) -> Response:
    remove_category(call.store, category_id)
    return no_content()
