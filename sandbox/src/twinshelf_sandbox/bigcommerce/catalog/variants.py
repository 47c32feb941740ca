"""Variants of the Catalog API: of one product, over all products, and fifty at once.

Source: BigCommerce docs, reference/catalog/product-variants_catalog.v3.yml.
"""

from __future__ import annotations

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import product_documents, product_rows
from twinshelf_sandbox.bigcommerce.catalog.cascading_deletes import forget_variants
from twinshelf_sandbox.bigcommerce.catalog.picture_addresses import with_base
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
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
    Refused,
    data_raw,
    decode,
    encode,
    id_of,
    ints,
    join,
    no_content,
    not_found,
    pagination,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_products")

MOST_VARIANTS, MOST_BATCH = 600, 50


def _shown(call: Call, raw: bytes) -> bytes:
    """A variant as it is answered, of what the row keeps."""
    whole = with_base(raw, call.store.picture_base)
    return whole if call.narrowing is None else encode(call.narrow(decode(whole)))


@routes.get("/v3/catalog/products/{product_id}/variants")
def _list_variants(call: Call, product_id: int) -> Response:
    shown, meta = call.paged(row_of(call, product_id)["v"])
    return data_raw(join(_shown(call, raw) for raw in shown), meta)


@routes.get("/v3/catalog/variants")
def list_all_variants(call: Call) -> Response:
    """By id, sku, upc or product only: there is no `sku:in`, no filter by date or stock."""
    store, query, index = call.store, call.query, call.store.index
    page, limit = call.page()
    chosen: set[int] | None = None
    if "id" in query:
        chosen = {one for one in ints(query["id"]) if index.variants.has(one)}
    if "sku" in query:
        found = set(index.variants_with(query["sku"]))
        chosen = found if chosen is None else chosen & found
    if "product_id:in" in query:
        found = set()
        for product_id in ints(query["product_id:in"]):
            row = store.products.get(product_id)
            found |= set() if row is None else set(row["vi"])
        chosen = found if chosen is None else chosen & found
    ids = index.variants.all if chosen is None else sorted(chosen)
    if "upc" in query:
        ids = [one for one in ids if decode(_raw_variant(store, one))["upc"] == query["upc"]]
    rows: dict[int, Entity] = {}
    pieces = []
    for variant_id in ids[(page - 1) * limit : page * limit]:
        product_id = index.product_of[variant_id]
        if product_id not in rows:
            row = store.products.get(product_id)
            if row is None:
                continue
            rows[product_id] = row
        row = rows[product_id]
        if variant_id in row["vi"]:  # a stale read may look at a time before it was made
            pieces.append(_shown(call, row["v"][row["vi"].index(variant_id)]))
    return data_raw(join(pieces), pagination(len(ids), len(pieces), page, limit, query))


def _raw_variant(store: Store, variant_id: int) -> bytes:
    row = store.products.table[store.index.product_of[variant_id]]
    raw: bytes = row["v"][row["vi"].index(variant_id)]
    return raw


def variant_of(product: Product, variant_id: int) -> Json:
    """The variant of that id, to change. Raises Refused where the product has none such."""
    if variant_id not in product.row["vi"]:
        raise not_found("The requested variant was not found.")
    return product.variant(variant_id)


@routes.get("/v3/catalog/products/{product_id}/variants/{variant_id}")
def _get_variant(call: Call, product_id: int, variant_id: int) -> Response:
    return data_raw(_shown(call, encode(variant_of(product_of(call, product_id), variant_id))))


def _check_variant(call: Call, doc: Json, product: Product, variant_id: int) -> Json:
    kept, errors = fields.check(doc, fields.VARIANT)
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if "sku" in kept:
        if not kept["sku"] and not product.is_simple:
            raise v3_error(422, "Missing Required Fields", {"sku": "Please provide a sku."})
        if kept["sku"]:
            free_sku(call.store, kept["sku"], product.id, variant_id if not product.is_simple else 0)
    return kept


def _new_values(product: Product, doc: Json) -> list[Json]:
    """The option values of a new variant: one of each option, by id, in a combination not taken yet."""
    given = doc.get("option_values")
    options = product.sub("options")
    if not isinstance(given, list) or not given or not all(isinstance(value, dict) for value in given):
        raise v3_error(422, "Missing Required Fields", {"option_values": "Please provide option_values."})
    chosen = []
    for value in given:
        option = next((o for o in options if o["id"] == value.get("option_id")), None)
        known = (
            None if option is None else next((v for v in option["option_values"] if v["id"] == value.get("id")), None)
        )
        if option is None or known is None:
            raise v3_error(422, "The option values are invalid", {"option_values": "must exist on the product"})
        chosen.append({"id": known["id"], "option_id": option["id"]})
    if {value["option_id"] for value in chosen} != {option["id"] for option in options}:
        raise v3_error(422, "The option values are invalid", {"option_values": "must name one value of each option"})
    taken = {tuple(sorted(v["id"] for v in variant["option_values"])) for variant in product.variants}
    if tuple(sorted(value["id"] for value in chosen)) in taken:
        raise conflict("A variant with these option values exists", {"option_values": "must be unique"})
    return chosen


def _add_variant(call: Call, product: Product, doc: Json) -> int:
    store = call.store
    kept = _check_variant(call, doc, product, -1)
    if not kept.get("sku"):
        raise v3_error(422, "Missing Required Fields", {"sku": "Please provide a sku."})
    values = _new_values(product, doc)
    if len(product.variants) >= MOST_VARIANTS:
        raise v3_error(422, f"A product may have no more than {MOST_VARIANTS} variants")
    kept.pop("inventory_level", None)
    variant = product_documents.make_variant(
        store, product.id, {**kept, "option_values": values}, product.sub("options")
    )
    # The first real variant takes the place of the base variant.
    product.variants = [*(v for v in product.variants if v["option_values"]), variant]
    product_rows.save(store, product)
    variant_id: int = variant["id"]
    return variant_id


@routes.post("/v3/catalog/products/{product_id}/variants")
def _create_variant(call: Call, product_id: int) -> Response:
    doc = call.object()
    variant_id = _add_variant(call, product_of(call, product_id), doc)
    level = fields.check(doc, fields.VARIANT)[0].get("inventory_level")
    failed = level is not None and put_levels(call.store, product_id, {variant_id: level})
    return _variant_answer(call, variant_id, failed=failed)


def _variant_answer(call: Call, variant_id: int, *, failed: bool) -> Response:
    body = with_base(_raw_variant(call.store, variant_id), call.store.picture_base)
    if not failed:
        return data_raw(body)
    error = v3_error(207, "Variant was saved, but its inventory was not updated", {"inventory_level": "was not saved"})
    return Response(
        207,
        b'{"data":' + body + b',"errors":' + error.response.body + b',"meta":{}}',
        {"content-type": "application/json"},
    )


def apply_variant(call: Call, product_id: int, variant_id: int, doc: Json) -> bool:
    """Bring the fields of `doc` into a variant; True if its stock part failed."""
    product = product_of(call, product_id)
    variant = variant_of(product, variant_id)
    kept = _check_variant(call, doc, product, variant_id)
    level = kept.pop("inventory_level", None)
    put_variant(product, variant, kept)
    product_rows.save(call.store, product)
    return level is not None and put_levels(call.store, product_id, {variant_id: level})


@routes.put("/v3/catalog/products/{product_id}/variants/{variant_id}")
def _update_variant(call: Call, product_id: int, variant_id: int) -> Response:
    failed = apply_variant(call, product_id, variant_id, call.object())
    return _variant_answer(call, variant_id, failed=failed)


@routes.delete("/v3/catalog/products/{product_id}/variants/{variant_id}")
def _delete_variant(call: Call, product_id: int, variant_id: int) -> Response:
    variant_of(product_of(call, product_id), variant_id)
    remove_variant(call.store, product_id, variant_id)
    return no_content()


def remove_variant(store: Store, product_id: int, variant_id: int) -> None:
    """Delete a variant; a product that lost its last one gets a base variant again."""
    product = Product(product_id, store.products.table[product_id])
    product.variants = [v for v in product.variants if v["id"] != variant_id]
    product.stock.pop(str(variant_id), None)
    if not product.variants and not product.sub("options"):
        product.variants = [product_documents.make_variant(store, product_id, {"option_values": []}, [])]
    product_rows.save(store, product)
    forget_variants(store, [variant_id])


@routes.put("/v3/catalog/variants")
def upsert_variants(call: Call) -> Response:
    """Up to fifty: update by `id`, create by `product_id`, `sku` and `option_values`. All or nothing."""
    store, docs = call.store, call.array()
    if len(docs) > MOST_BATCH:
        title = f"The request payload is too large. The maximum items allowed in the array is {MOST_BATCH}"
        raise v3_error(413, title, short=True)
    spared = spared_of(call, docs)
    wrong, done, failed = [], [], False
    for doc in docs:
        if id_of(doc.get("id")) in spared:
            continue
        try:
            with store.world.savepoint():
                variant_id, stock_failed = _upsert(call, doc)
            done.append(variant_id)
            failed |= stock_failed
        except Refused as refused:
            error = decode(refused.response.body)
            wrong.append({
                "status": error["status"], "title": error["title"], "type": error["type"], "errors": error["errors"],
                "id": doc.get("id"), "sku": doc.get("sku"),
            })  # fmt: skip
    if wrong:
        raise Refused(Response.json({"batch_errors": wrong}, 422))
    pieces = [with_base(_raw_variant(store, one), store.picture_base) for one in done]
    if failed or spared:
        error = v3_error(
            207, "Some variants were not saved", {str(one): "was not saved" for one in sorted(spared)}
        ).response.body
        body = b'{"data":' + join(pieces) + b',"errors":' + error + b',"meta":{}}'
        return Response(207, body, {"content-type": "application/json"})
    return data_raw(join(pieces))


def _upsert(call: Call, doc: Json) -> tuple[int, bool]:
    store = call.store
    variant_id = doc.get("id")
    if isinstance(variant_id, int):
        product_id = store.index.product_of.get(variant_id)
        if product_id is None or doc.get("product_id", product_id) != product_id:
            raise not_found(f"The variant {variant_id} was not found.")
        return variant_id, apply_variant(call, product_id, variant_id, doc)
    product_id = doc.get("product_id")
    if not isinstance(product_id, int) or product_id not in store.products:
        raise v3_error(422, "Missing Required Fields", {"product_id": "Please provide an existing product_id."})
    variant_id = _add_variant(call, product_of(call, product_id), doc)
    level = fields.check(doc, fields.VARIANT)[0].get("inventory_level")
    return variant_id, level is not None and put_levels(store, product_id, {variant_id: level})
