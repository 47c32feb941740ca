"""Lists of small objects of a product: custom fields, bulk pricing rules, videos and reviews.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml.
"""

from __future__ import annotations

from typing import Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import product_documents, product_rows
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
from twinshelf_sandbox.bigcommerce.catalog.product_writes import conflict, product_of
from twinshelf_sandbox.bigcommerce.responses import Json, data, no_content, not_found, v3_error
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_products")

MOST_FIELDS, MOST_RULES, MOST_VIDEOS = 200, 50, 50


def entry(rows: list[Json], entry_id: int) -> Json:
    """The object of that id. Raises Refused where there is none."""
    for row in rows:
        if row["id"] == entry_id:
            return row
    raise not_found()


def _page(call: Call, rows: list[Json]) -> Response:
    shown, meta = call.paged(rows)
    return data([call.narrow(row) for row in shown], meta)


def put_field(store: Store, product: Product, doc: Json) -> Json:
    """Make a custom field, or change the one of that id; the pair of name and value is unique on a product."""
    rows = product.sub("custom_fields")
    row = next((r for r in rows if r["id"] == doc.get("id")), None)
    name, value = doc.get("name", (row or {}).get("name")), doc.get("value", (row or {}).get("value"))
    errors = {}
    for key, text in (("name", name), ("value", value)):
        if not isinstance(text, str) or not 1 <= len(text) <= 250:
            errors[key] = f"{key} must be between 1 and 250 characters long"
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if any(r["name"] == name and r["value"] == value for r in rows if r is not row):
        raise conflict("The custom field is a duplicate", {"name": "must be unique with its value"})
    if row is None:
        if len(rows) >= MOST_FIELDS:
            raise v3_error(422, f"A product may have no more than {MOST_FIELDS} custom fields")
        row = {"id": store.take("custom_fields", product_documents.FIRST_FIELD)}
        rows.append(row)
    row.update(name=name, value=value)
    return row


@routes.get("/v3/catalog/products/{product_id}/custom-fields")
def _list_custom_fields(call: Call, product_id: int) -> Response:
    return _page(call, product_of(call, product_id).sub("custom_fields"))


@routes.post("/v3/catalog/products/{product_id}/custom-fields")
def _create_custom_field(call: Call, product_id: int) -> Response:
    product = product_of(call, product_id)
    row = put_field(call.store, product, {**call.object(), "id": None})
    return _saved_entry(call, product, "custom_field", "created", row)


def _saved_entry(call: Call, product: Product, what: str, how: str, row: Json) -> Response:
    product_rows.save(call.store, product, quiet=True)
    call.store.effect(f"{what}_{how}", row["id"], product_id=product.id)
    return no_content() if how == "deleted" else data(row)


@routes.get("/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def _get_custom_field(call: Call, product_id: int, field_id: int) -> Response:
    return data(call.narrow(entry(product_of(call, product_id).sub("custom_fields"), field_id)))


@routes.put("/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def _update_custom_field(call: Call, product_id: int, field_id: int) -> Response:
    product = product_of(call, product_id)
    entry(product.sub("custom_fields"), field_id)
    row = put_field(call.store, product, {**call.object(), "id": field_id})
    return _saved_entry(call, product, "custom_field", "updated", row)


@routes.delete("/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def _delete_custom_field(call: Call, product_id: int, field_id: int) -> Response:
    product = product_of(call, product_id)
    row = entry(product.sub("custom_fields"), field_id)
    product.sub("custom_fields").remove(row)
    return _saved_entry(call, product, "custom_field", "deleted", row)


_RULE: Final[dict[str, fields.Check]] = {
    "quantity_min": fields.whole(),
    "quantity_max": fields.whole(),
    "type": fields.one_of("price", "percent", "fixed"),
    "amount": fields.amount(),
}


def put_rule(store: Store, product: Product, doc: Json) -> Json:
    """Make a bulk pricing rule, or change the one of that id; the quantities of two rules do not overlap."""
    rows = product.sub("bulk_pricing_rules")
    row = next((r for r in rows if r["id"] == doc.get("id")), None)
    kept, errors = fields.check(doc, _RULE)
    errors.update({name: f"Please provide a {name}." for name in _RULE if row is None and name not in doc})
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    whole = {**(row or {}), **kept}
    if any(_overlap(whole, other) for other in rows if other is not row):
        raise conflict("The bulk pricing rule overlaps another", {"quantity_min": "must not overlap another rule"})
    if row is None:
        if len(rows) >= MOST_RULES:
            raise v3_error(422, f"A product may have no more than {MOST_RULES} bulk pricing rules")
        row = {"id": store.take("bulk_pricing_rules", 1)}
        rows.append(row)
    row.update(kept)
    return row


def _overlap(one: Json, other: Json) -> bool:
    """A maximum of 0 has no end."""
    ends = [rule["quantity_max"] or product_rows.MOST_STOCK for rule in (one, other)]
    return bool(one["quantity_min"] <= ends[1] and other["quantity_min"] <= ends[0])


@routes.get("/v3/catalog/products/{product_id}/bulk-pricing-rules")
def _list_rules(call: Call, product_id: int) -> Response:
    return _page(call, product_of(call, product_id).sub("bulk_pricing_rules"))


@routes.post("/v3/catalog/products/{product_id}/bulk-pricing-rules")
def _create_rule(call: Call, product_id: int) -> Response:
    product = product_of(call, product_id)
    row = put_rule(call.store, product, {**call.object(), "id": None})
    return _saved_entry(call, product, "bulk_pricing_rule", "created", row)


@routes.get("/v3/catalog/products/{product_id}/bulk-pricing-rules/{rule_id}")
def _get_rule(call: Call, product_id: int, rule_id: int) -> Response:
    return data(call.narrow(entry(product_of(call, product_id).sub("bulk_pricing_rules"), rule_id)))


@routes.put("/v3/catalog/products/{product_id}/bulk-pricing-rules/{rule_id}")
def _update_rule(call: Call, product_id: int, rule_id: int) -> Response:
    product = product_of(call, product_id)
    entry(product.sub("bulk_pricing_rules"), rule_id)
    row = put_rule(call.store, product, {**call.object(), "id": rule_id})
    return _saved_entry(call, product, "bulk_pricing_rule", "updated", row)


@routes.delete("/v3/catalog/products/{product_id}/bulk-pricing-rules/{rule_id}")
def _delete_rule(call: Call, product_id: int, rule_id: int) -> Response:
    product = product_of(call, product_id)
    row = entry(product.sub("bulk_pricing_rules"), rule_id)
    product.sub("bulk_pricing_rules").remove(row)
    return _saved_entry(call, product, "bulk_pricing_rule", "deleted", row)


_VIDEO: Final[dict[str, fields.Check]] = {
    "title": fields.text(255),
    "description": fields.text(),
    "sort_order": fields.whole(-2_147_483_648),
    "type": fields.one_of("youtube"),
    "video_id": fields.text(255, 1),
}


def put_video(store: Store, product: Product, doc: Json) -> Json:
    """Make a video, or change the one of that id."""
    rows = product.sub("videos")
    row = next((r for r in rows if r["id"] == doc.get("id")), None)
    kept, errors = fields.check(doc, _VIDEO)
    if row is None and "video_id" not in doc:
        errors["video_id"] = "Please provide a video_id."
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if row is None:
        row = {
            "title": "",
            "description": "",
            "sort_order": len(rows),
            "type": "youtube",
            "video_id": "",
            "id": store.take("videos", 1),
            "product_id": product.id,
            "length": "",
        }
        rows.append(row)
    row.update(kept)
    return row


@routes.get("/v3/catalog/products/{product_id}/videos")
def _list_videos(call: Call, product_id: int) -> Response:
    return _page(call, product_of(call, product_id).sub("videos"))


@routes.post("/v3/catalog/products/{product_id}/videos")
def _create_video(call: Call, product_id: int) -> Response:
    product = product_of(call, product_id)
    row = put_video(call.store, product, {**call.object(), "id": None})
    return _saved_entry(call, product, "video", "created", row)


@routes.get("/v3/catalog/products/{product_id}/videos/{video_id}")
def _get_video(call: Call, product_id: int, video_id: int) -> Response:
    return data(call.narrow(entry(product_of(call, product_id).sub("videos"), video_id)))


@routes.put("/v3/catalog/products/{product_id}/videos/{video_id}")
def _update_video(call: Call, product_id: int, video_id: int) -> Response:
    product = product_of(call, product_id)
    entry(product.sub("videos"), video_id)
    row = put_video(call.store, product, {**call.object(), "id": video_id})
    return _saved_entry(call, product, "video", "updated", row)


@routes.delete("/v3/catalog/products/{product_id}/videos/{video_id}")
def _delete_video(call: Call, product_id: int, video_id: int) -> Response:
    product = product_of(call, product_id)
    row = entry(product.sub("videos"), video_id)
    product.sub("videos").remove(row)
    return _saved_entry(call, product, "video", "deleted", row)


@routes.get("/v3/catalog/products/{product_id}/reviews")
def _list_reviews(call: Call, product_id: int) -> Response:
    return _page(call, product_of(call, product_id).sub("reviews"))
