"""Products of the Catalog API: read, made, changed and deleted.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from twinshelf_sandbox.bigcommerce import fields, filters
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import (
    images,
    product_documents,
    product_rows,
    product_subresources,
    variants,
)
from twinshelf_sandbox.bigcommerce.catalog.product_documents import PRICES
from twinshelf_sandbox.bigcommerce.catalog.product_json import product_json
from twinshelf_sandbox.bigcommerce.catalog.product_rows import DEFAULT_LOCATION, Product
from twinshelf_sandbox.bigcommerce.catalog.product_writes import (
    conflict,
    free_sku,
    product_of,
    put_levels,
    put_variant,
    row_of,
    spared_of,
)
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    data,
    data_raw,
    decode,
    encode,
    join,
    no_content,
    not_found,
    number,
    objects,
    pagination,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.settings.settings import TAX_CLASSES
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_products")

MOST_BATCH, MOST_DELETE = 10, 250
FEW: Final = 10
"""Page size with `include=options` or `modifiers`, whatever `limit` says."""
INCLUDES: Final = (
    "bulk_pricing_rules", "channels", "custom_fields", "images", "modifiers", "options", "parent_relations",
    "primary_image", "reviews", "variants", "videos",
)  # fmt: skip


# -- reading --------------------------------------------------------------------------------------------------------


def _includes(call: Call) -> list[str]:
    names = [name.strip() for name in call.query.get("include", "").split(",") if name.strip()]
    unknown = [name for name in names if name not in INCLUDES]
    if unknown:
        raise v3_error(422, f"Invalid include: {unknown[0][:50]}", {"include": f"must be one of {', '.join(INCLUDES)}"})
    return names


@routes.get("/v3/catalog/products")
def _list_products(call: Call) -> Response:
    store = call.store
    include, narrowing = _includes(call), call.narrowing
    page, limit = call.page()
    if "options" in include or "modifiers" in include:
        limit = min(limit, FEW)
    ids, start, end = filters.filtered(call)
    picture_base = store.picture_base
    pieces: list[bytes] = []
    count = 0
    for product_id in ids[min(start + (page - 1) * limit, end) : min(start + page * limit, end)]:
        raw = store.products.raw(product_id)
        if raw is not None:
            count += 1
            pieces.append(b",")
            pieces += product_json(raw, include, narrowing, picture_base)
    meta = pagination(end - start, count, page, limit, call.query)
    # One join for the whole answer: it may have two megabytes.
    whole = b"".join((b'{"data":[', *pieces[1:], b'],"meta":', encode(meta), b"}"))
    return Response(200, whole, {"content-type": "application/json"})


def _answer(call: Call, product_id: int, status: int = 200) -> Response:
    raw = call.store.products.raw(product_id)
    if raw is None:
        raise not_found("The requested product was not found.")
    return data_raw(
        b"".join(product_json(raw, _includes(call), call.narrowing, call.store.picture_base)), status=status
    )


@routes.get("/v3/catalog/products/{product_id}")
def _get_product(call: Call, product_id: int) -> Response:
    return _answer(call, product_id)


@routes.get("/v3/catalog/summary")
def _summary(call: Call) -> Response:
    count, levels, prices, worth = 0, 0, [], Decimal(0)
    dates = []
    for product_id in call.store.index.products.all:
        product = product_of(call, product_id)
        dates.append(product.main["date_created"])
        for variant in product.variants:
            count += 1
            price = Decimal(variant["calculated_price"])
            prices.append(price)
            levels += variant["inventory_level"] or 0
            worth += price * (variant["inventory_level"] or 0)
    mean = number(sum(prices, Decimal(0)) / count) if count else 0
    return data({
        "inventory_count": levels,
        "variant_count": count,
        "inventory_value": number(worth),
        "highest_variant_price": number(max(prices, default=Decimal(0))),
        "average_variant_price": mean,
        "lowest_variant_price": str(number(min(prices, default=Decimal(0)))),  # a string, unlike the others
        "oldest_variant_date": min(dates, default=None),
        "newest_variant_date": max(dates, default=None),
        "primary_category_id": 0,
        "primary_category_name": "",
    })  # fmt: skip


# -- writing --------------------------------------------------------------------------------------------------------

_REQUIRED: Final = ("name", "price", "type", "weight")


def _check_product(call: Call, doc: Json, product_id: int | None, *, keys: set[str] | None = None) -> Json:
    """The fields of a product document that may be kept; refuses what the platform refuses."""
    store = call.store
    if product_id is None:
        missing = {name: f"Please provide a {name}." for name in _REQUIRED if doc.get(name) is None}
        if missing:
            raise v3_error(422, "Missing Required Fields", missing)
    kept, errors = fields.check(doc, fields.PRODUCT)
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if kept.get("is_price_hidden") and kept.get("availability", "disabled") != "disabled":
        raise v3_error(422, "is_price_hidden requires availability disabled", {"is_price_hidden": "is invalid"})
    if "name" in kept:
        same = store.index.by_name(kept["name"])
        if same is not None and same != product_id:
            raise conflict("The product name is a duplicate", {"name": "The product name is a duplicate"})
    if kept.get("sku"):
        free_sku(store, kept["sku"], product_id, 0, keys)
    unknown = [one for one in kept.get("categories", []) if one not in store.rows("categories")]
    if unknown:
        raise conflict(f"One or more of the categories do not exist: {unknown[0]}", {"categories": "do not exist"})
    if kept.get("brand_id") and kept["brand_id"] not in store.rows("brands"):
        raise conflict("The brand does not exist", {"brand_id": "does not exist"})
    if kept.get("tax_class_id", 0) not in TAX_CLASSES:
        raise conflict("The tax class does not exist", {"tax_class_id": "does not exist"})
    url = kept.get("custom_url", {}).get("url")
    if url and any(other != product_id for other in filters.with_url(store, url)):
        raise conflict("The product URL is a duplicate", {"custom_url": "must be unique"})
    return kept


def _brand(store: Store, doc: Json, kept: Json) -> None:
    name = kept.pop("brand_name", None)
    if name and "brand_id" not in doc:
        kept["brand_id"] = store.brand_of(name)


@routes.post("/v3/catalog/products")
def _create_product(call: Call) -> Response:
    store, doc = call.store, call.object()
    keys: set[str] = set()
    kept = _check_product(call, doc, None, keys=keys)
    given = _nested(doc, "variants", variants.MOST_VARIANTS)
    for at, variant in enumerate(given):
        good, errors = fields.check(variant, fields.VARIANT)
        if errors:
            raise v3_error(422, "JSON data is missing or invalid", {f"variants.{at}.{k}": v for k, v in errors.items()})
        values = variant.get("option_values")
        if not isinstance(values, list) or not all(
            isinstance(v, dict) and isinstance(v.get("label"), str) for v in values
        ):
            raise v3_error(
                422, "JSON data is missing or invalid", {f"variants.{at}.option_values": "must be an array of labels"}
            )
        if values and not good.get("sku"):
            raise v3_error(422, "Missing Required Fields", {f"variants.{at}.sku": "Please provide a sku."})
        if good.get("sku") and good["sku"].casefold() != str(kept.get("sku", "")).casefold():
            free_sku(store, good["sku"], None, -1, keys)
        variant.update(good)
        variant.pop("id", None)
    combos = [
        tuple(sorted((v.get("option_display_name"), v.get("label")) for v in variant["option_values"]))
        for variant in given
    ]
    if len(set(combos)) != len(combos):
        raise conflict("Two variants have the same option values", {"variants": "must be unique"})
    most = store.switch("product_limit")
    if most is not None and len(store.products) >= most:
        raise v3_error(507, "The store has reached the number of products its plan allows")
    _brand(store, doc, kept)
    product_id = store.take("products", product_documents.FIRST_PRODUCT)
    whole = {**doc, **kept, "channels": [1]}
    for name in (*_NOT_TAKEN, *_PARTS):
        whole.pop(name, None)
    product = product_documents.make_row(store, product_id, whole, store.now)
    _put_parts(store, product, doc)
    locked = _stock_locked(store, whole)
    if locked:
        product.stock.clear()
    product_rows.create(store, product)
    return _partly(call, product_id) if locked else _answer(call, product_id)


_NOT_TAKEN: Final = ("id", "date_created", "date_modified", "options", "modifiers", "_picture", "base_variant_id")
_PARTS: Final = {
    "images": (images.MOST, images.put_image),
    "custom_fields": (product_subresources.MOST_FIELDS, product_subresources.put_field),
    "bulk_pricing_rules": (product_subresources.MOST_RULES, product_subresources.put_rule),
    "videos": (product_subresources.MOST_VIDEOS, product_subresources.put_video),
}
"""What a product's document may carry: how many at most, and who makes one, or changes it where its id is given."""


def _put_parts(store: Store, product: Product, doc: Json) -> None:
    for name, (most, put) in _PARTS.items():
        for part in _nested(doc, name, most):
            put(store, product, part)


def _nested(doc: Json, name: str, most: int) -> list[Json]:
    rows = doc.get(name)
    if rows is None:
        return []
    if not objects(rows):
        raise v3_error(422, "JSON data is missing or invalid", {name: "must be an array of objects"})
    if len(rows) > most:
        raise v3_error(
            422, f"A product may have no more than {most} {name}", {name: f"must have no more than {most} items"}
        )
    return rows


def _stock_locked(store: Store, doc: Json) -> bool:
    """Whether stock was sent while the default location takes no edits: then that part fails and the rest is saved."""
    levels = [doc.get("inventory_level"), *(v.get("inventory_level") for v in doc.get("variants") or [])]
    return any(level is not None for level in levels) and str(DEFAULT_LOCATION) not in store.row["enabled_locations"]


def _partly(call: Call, product_id: int) -> Response:
    """207: the product was saved, its stock was not."""
    whole = decode(_answer(call, product_id).body)
    error = v3_error(207, "Product was saved, but its inventory was not updated", {"inventory_level": "was not saved"})
    return Response.json({"data": whole["data"], "errors": decode(error.response.body), "meta": {}}, 207)


@routes.put("/v3/catalog/products/{product_id}")
def _update_product(call: Call, product_id: int) -> Response:
    row_of(call, product_id)
    doc = call.object()
    locked = apply_product(call, product_id, doc)
    return _partly(call, product_id) if locked else _answer(call, product_id)


def apply_product(call: Call, product_id: int, doc: Json) -> bool:
    """Bring the fields of `doc` into a product; True if its stock part failed."""
    store = call.store
    kept = _check_product(call, doc, product_id)
    _brand(store, doc, kept)
    return put_fields(store, product_id, kept, doc)


def put_fields(store: Store, product_id: int, kept: Json, doc: Json | None = None) -> bool:
    """Set checked fields of a product, its stock last; True if the stock could not be set."""
    doc = doc or {}
    product = Product(product_id, store.products.table[product_id])
    level = kept.pop("inventory_level", None)
    product.main.update(kept)
    for name in PRICES:
        if product.main[name] is None:
            product.main[name] = 0
    _put_parts(store, product, doc)
    levels = {}
    for change in _nested(doc, "variants", variants.MOST_VARIANTS):
        # The specification names variants on POST only; the migration guide sets their stock by this call.
        if change.get("id") in product.row["vi"]:
            good, errors = fields.check(change, fields.VARIANT)
            if errors:
                raise v3_error(422, "JSON data is missing or invalid", errors)
            if good.get("inventory_level") is not None:
                levels[change["id"]] = good.pop("inventory_level")
            put_variant(product, product.variant(change["id"]), good)
    product_rows.save(store, product)
    if level is not None:
        levels[0] = level
    return put_levels(store, product_id, levels)


@routes.put("/v3/catalog/products")
def update_products(call: Call) -> Response:
    """Up to ten at once; one bad one fails all, without being named."""
    docs = call.array()
    if len(docs) > MOST_BATCH:
        raise v3_error(
            413,
            f"The request payload is too large. The maximum items allowed in the array is {MOST_BATCH}.",
            short=True,
        )
    for doc in docs:
        if not isinstance(doc.get("id"), int):
            raise v3_error(422, "Missing Required Fields", {"id": "Please provide an id."})
        if doc["id"] not in call.store.products:
            raise not_found("One or more of the products were not found.")
    spared = spared_of(call, docs)
    failed = False
    for doc in docs:
        if doc["id"] not in spared:
            failed |= apply_product(call, doc["id"], doc)
    pieces = [_answer(call, doc["id"]).body[len(b'{"data":') : -len(b',"meta":{}}')] for doc in docs]
    if failed or spared:
        error = v3_error(207, "Some attributes were not saved", {str(one): "was not saved" for one in sorted(spared)})
        body = b'{"data":' + join(pieces) + b',"errors":' + error.response.body + b',"meta":{}}'
        return Response(207, body, {"content-type": "application/json"})
    return data_raw(join(pieces), {"pagination": {"total": len(docs)}})


@routes.delete("/v3/catalog/products/{product_id}")
def _delete_product(call: Call, product_id: int) -> Response:
    if product_id in call.store.products:
        product_rows.remove(call.store, product_id)
    return no_content()


_DELETE_FILTERS: Final = (
    "id:in", "id", "id:not_in", "id:min", "id:max", "id:greater", "id:less", "name", "sku", "sku:in", "price",
    "weight", "condition", "brand_id", "date_modified", "date_modified:min", "date_modified:max",
    "date_last_imported", "is_visible", "is_featured", "inventory_level", "total_sold", "type", "categories",
    "keyword", "channel_id:in",
)  # fmt: skip


@routes.delete("/v3/catalog/products")
def _delete_products(call: Call) -> Response:
    if not any(name in call.query for name in _DELETE_FILTERS):
        raise v3_error(422, "A filter is required to delete products")
    ids, start, end = filters.filtered(call)
    chosen = ids[start:end]
    if len(chosen) > MOST_DELETE:
        raise v3_error(413, f"No more than {MOST_DELETE} products can be deleted at once")
    for product_id in chosen:
        product_rows.remove(call.store, product_id)
    return no_content()
