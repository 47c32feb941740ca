"""Options, which tell variants apart, and modifiers, which make none.

Source: BigCommerce docs, reference/catalog/product-variant-options_catalog.v3.yml, product-modifiers_catalog.v3.yml.
"""

from __future__ import annotations

from typing import Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import product_documents, product_rows
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
from twinshelf_sandbox.bigcommerce.catalog.product_subresources import entry
from twinshelf_sandbox.bigcommerce.catalog.product_writes import conflict, product_of
from twinshelf_sandbox.bigcommerce.responses import Json, data, no_content, objects, v3_error
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_products")

MOST_VALUES: Final = 250
_OPTION_TYPES: Final = ("radio_buttons", "rectangles", "dropdown", "swatch", "product_list", "product_list_with_images")
_MODIFIER_TYPES: Final = (*_OPTION_TYPES, "date", "checkbox", "file", "text", "multi_line_text", "numbers_only_text")


def _check_option(product: Product, doc: Json, *, sub: str, known: Json | None) -> Json:
    types = _OPTION_TYPES if sub == "options" else _MODIFIER_TYPES
    checks: dict[str, fields.Check] = {
        "display_name": fields.text(255, 1),
        "type": fields.one_of(*types),
        "sort_order": fields.whole(-2_147_483_648),
    }
    kept, errors = fields.check(doc, checks)
    if known is None:
        errors.update({name: f"Please provide a {name}." for name in ("display_name", "type") if name not in doc})
    if sub == "modifiers":
        if known is None and "required" not in doc:
            errors["required"] = "Please provide required."
        if "required" in doc:
            kept["required"] = bool(doc["required"])
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if "display_name" in kept and any(
        row["display_name"].casefold() == kept["display_name"].casefold()
        for row in product.sub(sub)
        if row is not known
    ):
        raise conflict("The option name is a duplicate", {"display_name": "must be unique"})
    if "config" in doc:
        kept["config"] = doc["config"]
    return kept


def _check_value(doc: Json, *, known: Json | None) -> Json:
    checks: dict[str, fields.Check] = {
        "label": fields.text(255, 1),
        "sort_order": fields.whole(-2_147_483_648),
        "is_default": fields.truth,
    }
    kept, errors = fields.check(doc, checks)
    if known is None:
        errors.update({name: f"Please provide a {name}." for name in ("label",) if name not in doc})
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    for name in ("value_data", "adjusters"):
        if name in doc:
            kept[name] = doc[name]
    return kept


def _new_value(call: Call, option: Json, doc: Json, *, sub: str) -> Json:
    kept = _check_value(doc, known=None)
    if len(option["option_values"]) >= MOST_VALUES:
        raise v3_error(422, f"An option may have no more than {MOST_VALUES} values")
    if any(value["label"] == kept["label"] for value in option["option_values"]):
        raise conflict("The option value is a duplicate", {"label": "must be unique"})
    value = {
        "id": call.store.take("values", product_documents.FIRST_VALUE),
        "label": kept["label"],
        "sort_order": kept.get("sort_order", len(option["option_values"])),
        "value_data": kept.get("value_data"),
        "is_default": kept.get("is_default", False),
    }
    if sub == "modifiers":
        value["option_id"] = option["id"]
        value["adjusters"] = kept.get("adjusters") or {
            "price": None, "weight": None, "image_url": "", "purchasing_disabled": {"status": False, "message": ""},
        }  # fmt: skip
    return value


def _save_option(call: Call, product: Product, sub: str, how: str, option_id: int) -> None:
    product_rows.save(call.store, product, quiet=True)
    what = "option" if sub == "options" else "modifier"
    call.store.effect(f"{what}_{how}", option_id, product_id=product.id)
    call.store.fire("store/product/updated", {"type": "product", "id": product.id})


def _list_options(call: Call, product_id: int, sub: str) -> Response:
    shown, meta = call.paged(product_of(call, product_id).sub(sub))
    return data([call.narrow(option) for option in shown], meta)


def _create_option(call: Call, product_id: int, sub: str) -> Response:
    """Makes no variants and no SKUs; those are made afterwards."""
    product, doc = product_of(call, product_id), call.object()
    kept = _check_option(product, doc, sub=sub, known=None)
    if sub == "options" and product.main["option_set_id"] is not None:
        raise v3_error(422, "The product uses an option set, options cannot be added")
    option: Json = {
        "id": call.store.take("options", product_documents.FIRST_OPTION),
        "product_id": product_id,
        "name": f"{kept['display_name']}{int(call.store.now)}-{product_id}",
        "display_name": kept["display_name"],
        "type": kept["type"],
        "sort_order": kept.get("sort_order", len(product.sub(sub))),
        "option_values": [],
        "config": kept.get("config") or {},
    }
    if sub == "modifiers":
        option["required"] = kept["required"]
    values = doc.get("option_values") or []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise v3_error(422, "JSON data is missing or invalid", {"option_values": "must be an array of objects"})
    for value in values:
        option["option_values"].append(_new_value(call, option, value, sub=sub))
    product.sub(sub).append(option)
    if sub == "options" and product.is_simple:
        product.variants = []  # the base variant goes with the first option
    _save_option(call, product, sub, "created", option["id"])
    return data(option)


def _update_option(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    product, doc = product_of(call, product_id), call.object()
    option = entry(product.sub(sub), option_id)
    option.update(_check_option(product, doc, sub=sub, known=option))
    values = doc.get("option_values") or []
    if not objects(values):
        raise v3_error(422, "JSON data is missing or invalid", {"option_values": "must be an array of objects"})
    for value in values:
        known = next((v for v in option["option_values"] if v["id"] == value.get("id")), None)
        if known is None:
            option["option_values"].append(_new_value(call, option, value, sub=sub))
        else:
            known.update(_check_value(value, known=known))
    _relabel(product)
    _save_option(call, product, sub, "updated", option_id)
    return data(option)


def _relabel(product: Product) -> None:
    """Variants show the labels of their option values."""
    labels = {value["id"]: (option, value) for option in product.sub("options") for value in option["option_values"]}
    for variant in product.variants:
        for shown in variant["option_values"]:
            option, value = labels.get(shown["id"], (None, None))
            if option is not None and value is not None:
                shown.update(label=value["label"], option_display_name=option["display_name"])


def _delete_option(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    """Deleting an option deletes the variants that were told apart by it."""
    product = product_of(call, product_id)
    option = entry(product.sub(sub), option_id)
    product.sub(sub).remove(option)
    if sub == "options":
        left = [v for v in product.variants if all(value["option_id"] != option_id for value in v["option_values"])]
        for variant in product.variants:
            if variant not in left:
                product.stock.pop(str(variant["id"]), None)
        product.variants = left
        if not left and not product.sub("options"):
            product.variants = [product_documents.make_variant(call.store, product_id, {"option_values": []}, [])]
    _save_option(call, product, sub, "deleted", option_id)
    return no_content()


def _get_option(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    return data(call.narrow(entry(product_of(call, product_id).sub(sub), option_id)))


def _get_value(call: Call, product_id: int, option_id: int, value_id: int, sub: str) -> Response:
    option = entry(product_of(call, product_id).sub(sub), option_id)
    return data(call.narrow(entry(option["option_values"], value_id)))


def _list_values(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    shown, meta = call.paged(entry(product_of(call, product_id).sub(sub), option_id)["option_values"])
    return data([call.narrow(value) for value in shown], meta)


def _create_value(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    product = product_of(call, product_id)
    option = entry(product.sub(sub), option_id)
    value = _new_value(call, option, call.object(), sub=sub)
    option["option_values"].append(value)
    _save_option(call, product, sub, "updated", option_id)
    return data(value)


def _update_value(call: Call, product_id: int, option_id: int, value_id: int, sub: str) -> Response:
    product = product_of(call, product_id)
    value = entry(entry(product.sub(sub), option_id)["option_values"], value_id)
    value.update(_check_value(call.object(), known=value))
    _relabel(product)
    _save_option(call, product, sub, "updated", option_id)
    return data(value)


def _delete_value(call: Call, product_id: int, option_id: int, value_id: int, sub: str) -> Response:
    product = product_of(call, product_id)
    option = entry(product.sub(sub), option_id)
    value = entry(option["option_values"], value_id)
    if sub == "options" and any(shown["id"] == value_id for v in product.variants for shown in v["option_values"]):
        raise conflict("The option value is in use by a variant")
    option["option_values"].remove(value)
    _save_option(call, product, sub, "updated", option_id)
    return no_content()


def _register(sub: str) -> None:
    base = f"/v3/catalog/products/{{product_id}}/{sub}"
    one = f"{base}/{{option_id}}"
    routes.get(base)(lambda call, product_id: _list_options(call, product_id, sub))
    routes.post(base)(lambda call, product_id: _create_option(call, product_id, sub))
    routes.get(one)(lambda call, product_id, option_id: _get_option(call, product_id, option_id, sub))
    routes.put(one)(lambda call, product_id, option_id: _update_option(call, product_id, option_id, sub))
    routes.delete(one)(lambda call, product_id, option_id: _delete_option(call, product_id, option_id, sub))
    routes.get(f"{one}/values")(lambda call, product_id, option_id: _list_values(call, product_id, option_id, sub))
    routes.post(f"{one}/values")(lambda call, product_id, option_id: _create_value(call, product_id, option_id, sub))
    routes.get(f"{one}/values/{{value_id}}")(
        lambda call, product_id, option_id, value_id: _get_value(call, product_id, option_id, value_id, sub)
    )
    routes.put(f"{one}/values/{{value_id}}")(
        lambda call, product_id, option_id, value_id: _update_value(call, product_id, option_id, value_id, sub)
    )
    routes.delete(f"{one}/values/{{value_id}}")(
        lambda call, product_id, option_id, value_id: _delete_value(call, product_id, option_id, value_id, sub)
    )


_register("options")
_register("modifiers")
