"""Brands of the Catalog API.

Source: BigCommerce docs, reference/catalog/brands_catalog.v3.yml.
"""

from __future__ import annotations

from typing import Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import image_files, product_rows
from twinshelf_sandbox.bigcommerce.filters import by_id, by_text
from twinshelf_sandbox.bigcommerce.responses import data, no_content, not_found, v3_error
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_products")

MOST_BRANDS: Final = 30_000

_BRAND: Final[dict[str, fields.Check]] = {
    "name": fields.text(255, 1),
    "page_title": fields.text(255),
    "meta_keywords": fields.list_of(fields.text()),
    "meta_description": fields.text(),
    "image_url": fields.text(255),
    "search_keywords": fields.text(255),
    "custom_url": fields.address,
}


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
    rows = by_text(rows, call.query, "name", "page_title")
    if call.query.get("sort") == "name":
        rows.sort(key=lambda row: row["name"].casefold())
    if call.query.get("direction", "asc").lower() == "desc":
        rows.reverse()
    shown, meta = call.paged(rows)
    return data([call.narrow(row) for row in shown], meta)


@routes.post("/v3/catalog/brands")
def _create_brand(call: Call) -> Response:
    store = call.store
    kept = fields.checked(call.object(), _BRAND, ("name",))
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
    return data(call.narrow(_brand(call, brand_id)))


@routes.put("/v3/catalog/brands/{brand_id}")
def _update_brand(call: Call, brand_id: int) -> Response:
    store, row = call.store, _brand(call, brand_id)
    kept = fields.checked(call.object(), _BRAND)
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
    _remove_brand(call.store, _brand(call, brand_id))
    return no_content()


def _remove_brand(store: Store, row: Entity) -> None:
    store.rows("brands").delete(row["id"])
    store.forget_brands()
    for product_id in list(store.index.products.all):
        product = product_rows.existing(store, product_id)
        if product.main["brand_id"] == row["id"]:
            product.main["brand_id"] = 0
            product_rows.save(store, product)
    store.effect("brand_deleted", row["id"])


@routes.delete("/v3/catalog/brands")
def _delete_brands(call: Call) -> Response:
    if "name" not in call.query and "page_title" not in call.query:
        raise v3_error(422, "A filter by name or page_title is required to delete brands")
    for row in by_text(list(call.store.rows("brands").values()), call.query, "name", "page_title"):
        _remove_brand(call.store, row)
    return no_content()


@routes.post("/v3/catalog/brands/{brand_id}/image")
def _set_brand_image(call: Call, brand_id: int) -> Response:
    row = _brand(call, brand_id)
    url = image_files.received_url(call)
    call.store.rows("brands").put(brand_id, {**row, "image_url": url})
    return data({"image_url": url})


@routes.delete("/v3/catalog/brands/{brand_id}/image")
def _delete_brand_image(call: Call, brand_id: int) -> Response:
    call.store.rows("brands").put(brand_id, {**_brand(call, brand_id), "image_url": ""})
    return no_content()
