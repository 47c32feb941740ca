"""A product made of a document in the shape of the API's: numbers, options, variants, stock and images."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from twinshelf_sandbox.bigcommerce.catalog.picture_addresses import image_urls, picture_mark, picture_of
from twinshelf_sandbox.bigcommerce.catalog.product_rows import (
    DEFAULT_LOCATION,
    MAIN,
    MIRRORED,
    MOST_STOCK,
    VARIANT,
    Product,
)
from twinshelf_sandbox.bigcommerce.responses import Json, iso, number

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.store import Store

FIRST_PRODUCT, FIRST_VARIANT, FIRST_SKU = 101, 1001, 5001
FIRST_OPTION, FIRST_VALUE, FIRST_IMAGE, FIRST_FIELD = 301, 2001, 501, 701


def slug(name: str) -> str:
    """`/enamel-mug/` of "Enamel mug"."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"/{text or 'product'}/"


PRICES: Final = ("price", "sale_price", "retail_price", "cost_price", "map_price", "fixed_cost_shipping_price")
MEASURES: Final = ("weight", "width", "height", "depth")
_NUMBERS: Final = frozenset({*PRICES, *MEASURES})
_INEXACT: Final = frozenset({Decimal, float, str})


def numbers(doc: Json) -> None:
    """Bring the prices and measures of a document into the form they are kept in."""
    for name in _NUMBERS:
        value = doc.get(name)
        if value.__class__ in _INEXACT:
            doc[name] = _number(str(value))


_number = lru_cache(maxsize=4096)(number)
"""A catalog repeats its prices and measures."""


def make_row(store: Store, product_id: int, doc: Json, now: float) -> Product:
    """A new product of a document in the shape of the API's, ids optional. What the document lacks gets its default."""
    main = _filled(MAIN, doc)
    main["id"] = product_id
    numbers(main)
    for name in PRICES:
        if main[name] is None:
            main[name] = 0
    main["date_created"] = doc.get("date_created") or iso(now)
    main["date_modified"] = doc.get("date_modified") or iso(now)
    if not main["custom_url"].get("url"):
        main["custom_url"] = {"url": slug(main["name"]), "is_customized": False}
    product = Product(product_id, {"m": b"", "v": [], "vi": [], "i": b"[]", "h": doc.get("channels") or [1], "s": {}})
    product._main, product._images = main, []  # noqa: SLF001 - the maker of products
    options = [_option(store, product_id, at, option) for at, option in enumerate(doc.get("options") or [])]
    given = [v for v in doc.get("variants") or [] if v.get("option_values")]
    seen: dict[tuple[Any, Any], Json] = {}
    product.variants = [make_variant(store, product_id, v, options, seen) for v in given]
    if not product.variants:
        base: Json = next(iter(doc.get("variants") or []), {})
        for name in MIRRORED:  # a simple product may be given by its base variant alone
            if base.get(name) not in (None, "") and doc.get(name) in (None, "", 0):
                main[name] = base[name]
        numbers(main)
        product.variants = [make_variant(store, product_id, {**base, "option_values": []}, options)]
    for at, option in enumerate(options):
        option["sort_order"] = option.get("sort_order", at)
    product._subs["options"] = options  # noqa: SLF001
    _take_stock(product, doc, given)
    for at, image in enumerate(doc.get("images") or []):
        add_image(store, product, image, at)
    if doc.get("_picture") and not product.images:
        add_image(store, product, {"_picture": doc["_picture"]}, 0)
    for name, start in (
        ("custom_fields", FIRST_FIELD),
        ("bulk_pricing_rules", 1),
        ("videos", 1),
        ("modifiers", FIRST_OPTION),
    ):
        rows = doc.get(name) or []
        if rows:
            product._subs[name] = [_numbered(store, name, start, row) for row in rows]  # noqa: SLF001
    return product


def _filled(defaults: Json, doc: Json) -> Json:
    """`defaults` with what the document says instead; what they do not name is left out."""
    filled = {**defaults, **doc}
    for name in doc.keys() - defaults.keys():
        del filled[name]
    return filled


def _numbered(store: Store, name: str, start: int, row: Json) -> Json:
    result = {**row, "id": row.get("id") or store.take("options" if name == "modifiers" else name, start)}
    for value in result.get("option_values") or []:
        value.setdefault("id", store.take("values", FIRST_VALUE))
        value.setdefault("option_id", result["id"])
    return result


def _option(store: Store, product_id: int, at: int, option: Json) -> Json:
    number_ = option.get("id") or store.take("options", FIRST_OPTION)
    name = option.get("display_name") or option.get("name") or f"Option {at + 1}"
    values = [
        {
            "id": value.get("id") or store.take("values", FIRST_VALUE),
            "label": value["label"],
            "sort_order": value.get("sort_order", place),
            "value_data": value.get("value_data"),
            "is_default": bool(value.get("is_default")),
        }
        for place, value in enumerate(option.get("option_values") or [])
    ]
    return {
        "id": number_,
        "product_id": product_id,
        "name": option.get("name") or f"{name}{product_id}",
        "display_name": name,
        "type": option.get("type") or "dropdown",
        "sort_order": option.get("sort_order", at),
        "option_values": values,
        "config": option.get("config") or {},
    }


def make_variant(
    store: Store, product_id: int, doc: Json, options: list[Json], seen: dict[tuple[Any, Any], Json] | None = None
) -> Json:
    """A variant of a document; its option values are found in `options`, by id or by label, or added there.

    `seen` remembers, for the variants of one product, what was found.
    """
    variant = _filled(VARIANT, doc)
    numbers(variant)
    variant["id"] = doc.get("id") or store.take("variants", FIRST_VARIANT)
    variant["product_id"] = product_id
    variant["cost_price"] = variant["cost_price"] or 0
    if doc.get("_picture"):
        variant["image_url"] = picture_mark(doc["_picture"])
    shown = []
    for value in doc["option_values"]:
        key = (value.get("option_display_name") or value.get("option_id"), value.get("label") or value.get("id"))
        known = None if seen is None else seen.get(key)
        if known is None:
            known = _value(store, product_id, value, options)
            if seen is not None:
                seen[key] = known
        shown.append(known)
    variant["option_values"] = shown
    if variant["option_values"]:
        variant["sku_id"] = doc.get("sku_id") or store.take("skus", FIRST_SKU)
    variant["inventory_level"] = 0
    return variant


def _value(store: Store, product_id: int, value: Json, options: list[Json]) -> Json:
    name = value.get("option_display_name")
    for option in options:
        if option["display_name"] == name or option["id"] == value.get("option_id"):
            break
    else:
        given: Json = {"id": value.get("option_id"), "display_name": name or "Option", "option_values": []}
        option = _option(store, product_id, len(options), given)
        options.append(option)
    for known in option["option_values"]:
        if known["id"] == value.get("id") or known["label"] == value.get("label"):
            break
    else:
        known = {
            "id": value.get("id") or store.take("values", FIRST_VALUE),
            "label": str(value.get("label", "")),
            "sort_order": len(option["option_values"]),
            "value_data": None,
            "is_default": False,
        }
        option["option_values"].append(known)
    return {
        "id": known["id"],
        "label": known["label"],
        "option_id": option["id"],
        "option_display_name": option["display_name"],
    }


def _take_stock(product: Product, doc: Json, given: list[Json]) -> None:
    """Put the levels of the document on the shelf of the default location."""
    if product.tracking == "variant":
        for variant, source in zip(product.variants, given or product.variants, strict=True):
            level = source.get("inventory_level")
            if level is None and not given:
                level = doc.get("inventory_level")
            if level is not None:
                _put(product, str(variant["id"]), level, source.get("inventory_warning_level"))
    elif product.tracking == "product" or doc.get("inventory_level"):
        level = doc.get("inventory_level")
        if level is None and not given and doc.get("variants"):
            level = doc["variants"][0].get("inventory_level")
        _put(product, "p", level or 0, doc.get("inventory_warning_level"))


def _put(product: Product, owner: str, level: int, warning: int | None) -> None:
    shelf = product.shelf(owner, DEFAULT_LOCATION)
    shelf[0], shelf[3], shelf[5] = min(max(int(level), 0), MOST_STOCK), int(warning or 0), True


def add_image(store: Store, product: Product, doc: Json, at: int | None = None) -> Json:
    """Add an image of a document: by its picture key, or one made of the address it was given by."""
    key = doc.get("_picture") or picture_of(
        doc.get("image_url") or doc.get("_original_image_url") or doc.get("url_zoom") or ""
    )
    thumbnail = bool(doc.get("is_thumbnail", not product.images))
    if thumbnail:
        for other in product.images:
            other["is_thumbnail"] = False
    number_ = doc.get("id") or store.take("images", FIRST_IMAGE)
    image = {
        "id": number_,
        "product_id": product.id,
        "is_thumbnail": thumbnail,
        "sort_order": int(doc.get("sort_order") or at or 0),
        "description": str(doc.get("description") or ""),
        "image_file": f"p/{number_ % 1000:03d}/picture__{number_}.png",
        **image_urls(key),
        "date_modified": iso(store.now),
    }
    product.images.append(image)
    return image
