"""Which products belong to which channels and categories.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml.
"""

from __future__ import annotations

from collections.abc import Callable

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import product_json, product_rows
from twinshelf_sandbox.bigcommerce.responses import Json, data, ints, no_content, v3_error
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.bigcommerce.tables import unpack
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_products")


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
    shown, meta = call.paged(_assigned(call, "channel_id", product_json.channels_of))
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
    product = product_rows.load(store, product_id)
    if product is None or (channel_id in product.channels) == assigned:
        return
    if assigned:
        product.channels.append(channel_id)
    else:
        product.channels.remove(channel_id)
    product_rows.save(store, product, quiet=True)
    word = "assigned" if assigned else "unassigned"
    store.effect(f"product_{word}", product_id, channel_id=channel_id)
    store.fire(f"store/channel/{channel_id}/product/{word}", {"product_id": product_id})


@routes.delete("/v3/catalog/products/channel-assignments")
def _delete_channel_assignments(call: Call) -> Response:
    _need_filter(call, "channel_id")
    for row in _assigned(call, "channel_id", product_json.channels_of):
        assign(call.store, row["product_id"], row["channel_id"], assigned=False)
    return no_content()


def _categories_of(raw: bytes) -> list[int]:
    return list(product_rows.Product(0, unpack(raw)).main["categories"])


@routes.get("/v3/catalog/products/category-assignments")
def _list_category_assignments(call: Call) -> Response:
    shown, meta = call.paged(_assigned(call, "category_id", _categories_of))
    return data(shown, meta)


@routes.put("/v3/catalog/products/category-assignments")
def _put_category_assignments(call: Call) -> Response:
    for product_id, category_id in _pairs(call, "category_id"):
        product = product_rows.load(call.store, product_id)
        if product is None or category_id not in call.store.rows("categories"):
            raise v3_error(422, "One or more products or categories do not exist", {"product_id": str(product_id)})
        if category_id not in product.main["categories"]:
            product.main["categories"].append(category_id)
            product_rows.save(call.store, product)
    return no_content()


@routes.delete("/v3/catalog/products/category-assignments")
def _delete_category_assignments(call: Call) -> Response:
    _need_filter(call, "category_id")
    for row in _assigned(call, "category_id", _categories_of):
        product = product_rows.existing(call.store, row["product_id"])
        product.main["categories"] = [one for one in product.main["categories"] if one != row["category_id"]]
        product_rows.save(call.store, product)
    return no_content()
