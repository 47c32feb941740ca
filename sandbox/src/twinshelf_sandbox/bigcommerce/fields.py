"""What a client may write into products and variants: kinds, limits, and what is said about a bad value.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml and product-variants_catalog.v3.yml.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.responses import Json, number, v3_error, whole_number

Check = Callable[[Any], tuple[Any, str | None]]
"""A value as sent → the value to keep, and what is wrong with it (None: nothing)."""


def text(most: int = 65_535, least: int = 0) -> Check:
    """Text of so many characters; numbers become their text."""

    def check(value: Any) -> tuple[Any, str | None]:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            return value, "must be a string"
        if not least <= len(value) <= most:
            return value, f"must be between {least} and {most} characters long"
        return value, None

    return check


def amount(least: int = 0, most: int = 9_999_999_999) -> Check:
    """A number; text that reads as one is taken too."""

    def check(value: Any) -> tuple[Any, str | None]:
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            return value, "must be a number"
        try:
            exact = number(value.strip() if isinstance(value, str) else value)
        except ValueError:
            return value, "must be a number"
        if not least <= exact <= most:
            return value, f"must be between {least} and {most}"
        return exact, None

    return check


def whole(least: int = 0, most: int = 2_147_483_647) -> Check:
    """A whole number between two limits; text that reads as one is taken too."""

    def check(value: Any) -> tuple[Any, str | None]:
        exact = whole_number(value)
        if exact is None:
            return value, "must be an integer"
        if not least <= exact <= most:
            return value, f"must be between {least} and {most}"
        return exact, None

    return check


def level(value: Any) -> tuple[Any, str | None]:
    """Stock written through the catalog: over the limits it is clamped, never refused."""
    kept, wrong = whole(-(10**18), 10**18)(value)
    return (kept, wrong) if wrong else (min(max(kept, 0), 2_147_483_647), None)


def truth(value: Any) -> tuple[Any, str | None]:
    """A boolean, not a word or a number."""
    return (value, None) if isinstance(value, bool) else (value, "must be a boolean")


def one_of(*values: str) -> Check:
    """One of a few words."""

    def check(value: Any) -> tuple[Any, str | None]:
        return (value, None) if value in values else (value, f"must be one of {', '.join(values)}")

    return check


def list_of(check_item: Check, most: int = 1_000) -> Check:
    """An array whose items pass a check."""

    def check(value: Any) -> tuple[Any, str | None]:
        if not isinstance(value, list):
            return value, "must be an array"
        if len(value) > most:
            return value, f"must have no more than {most} items"
        kept = []
        for item in value:
            good, wrong = check_item(item)
            if wrong:
                return value, wrong
            kept.append(good)
        return kept, None

    return check


def optional(check_value: Check) -> Check:
    """Null is allowed and means "inherit" or "none"."""

    def check(value: Any) -> tuple[Any, str | None]:
        return (None, None) if value is None else check_value(value)

    return check


def address(value: Any) -> tuple[Any, str | None]:
    """`custom_url`."""
    if not isinstance(value, dict):
        return value, "must be an object"
    url = value.get("url", "")
    if not isinstance(url, str) or len(url) > 255:
        return value, "url must be a string of at most 255 characters"
    return {"url": url, "is_customized": bool(value.get("is_customized", True))}, None


PRODUCT: Final[dict[str, Check]] = {
    "name": text(250, 1),
    "type": one_of("physical", "digital"),
    "sku": text(255),
    "description": text(10_000_000),
    "weight": amount(),
    "width": amount(),
    "depth": amount(),
    "height": amount(),
    "price": amount(),
    "cost_price": amount(),
    "retail_price": amount(),
    "sale_price": amount(),
    "map_price": amount(),
    "tax_class_id": whole(0, 255),
    "product_tax_code": text(255),
    "categories": list_of(whole()),
    "brand_id": whole(0, 1_000_000_000),
    "brand_name": text(255),
    "inventory_level": level,
    "inventory_warning_level": whole(),
    "inventory_tracking": one_of("none", "product", "variant"),
    "fixed_cost_shipping_price": amount(),
    "is_free_shipping": truth,
    "is_visible": truth,
    "is_featured": truth,
    "related_products": list_of(whole(-1)),
    "warranty": text(65_535),
    "bin_picking_number": text(255),
    "layout_file": text(500),
    "upc": text(14),
    "gtin": text(14),
    "mpn": text(255),
    "search_keywords": text(65_535),
    "availability": one_of("available", "disabled", "preorder"),
    "availability_description": text(255),
    "gift_wrapping_options_type": one_of("any", "none", "list"),
    "gift_wrapping_options_list": list_of(whole()),
    "sort_order": whole(-2_147_483_648),
    "condition": one_of("New", "Used", "Refurbished"),
    "is_condition_shown": truth,
    "order_quantity_minimum": whole(0, 1_000_000_000),
    "order_quantity_maximum": whole(0, 1_000_000_000),
    "page_title": text(255),
    "meta_keywords": list_of(text(65_535)),
    "meta_description": text(65_535),
    "view_count": whole(0, 1_000_000_000),
    "preorder_release_date": optional(text(64)),
    "preorder_message": text(255),
    "is_preorder_only": truth,
    "is_price_hidden": truth,
    "price_hidden_label": text(200),
    "custom_url": address,
    "open_graph_type": text(64),
    "open_graph_title": text(255),
    "open_graph_description": text(65_535),
    "open_graph_use_meta_description": truth,
    "open_graph_use_product_name": truth,
    "open_graph_use_image": truth,
    "date_last_imported": text(64),
}

VARIANT: Final[dict[str, Check]] = {
    "sku": text(255),
    "price": optional(amount()),
    "sale_price": optional(amount()),
    "retail_price": optional(amount()),
    "map_price": optional(amount()),
    "cost_price": optional(amount()),
    "weight": optional(amount()),
    "width": optional(amount()),
    "height": optional(amount()),
    "depth": optional(amount()),
    "is_free_shipping": truth,
    "fixed_cost_shipping_price": optional(amount()),
    "purchasing_disabled": truth,
    "purchasing_disabled_message": text(255),
    "image_url": text(255),
    "upc": optional(text(14)),
    "gtin": optional(text(14)),
    "mpn": optional(text(255)),
    "inventory_level": optional(level),
    "inventory_warning_level": optional(whole()),
    "bin_picking_number": optional(text(255)),
}


def check(doc: Json, fields: dict[str, Check]) -> tuple[Json, dict[str, str]]:
    """The writable fields of a document as they are kept, and what is wrong with the rest; unknown fields are ignored.

    Read-only fields count as unknown: the catalog ignores them in a write rather than refuse it.
    """
    kept: Json = {}
    errors: dict[str, str] = {}
    for name, check_value in fields.items():
        if name in doc:
            kept[name], wrong = check_value(doc[name])
            if wrong:
                errors[name] = f"{name} {wrong}"
    return kept, errors


def checked(doc: Json, fields: dict[str, Check], required: tuple[str, ...] = ()) -> Json:
    """The writable fields of a document as they are kept. Raises Refused for a bad or a missing one."""
    kept, errors = check(doc, fields)
    errors.update({name: f"Please provide a {name}." for name in required if doc.get(name) is None})
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    return kept
