"""What the values of a row or of a V3 document say: titles, categories, prices, options; what is wrong is raised."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from twinshelf_sandbox.catalogs import checks
from twinshelf_sandbox.catalogs.checks import BadValue
from twinshelf_sandbox.catalogs.documents import (
    SourceOption,
    SourceVariant,
)
from twinshelf_sandbox.catalogs.files import decode_json

_CATEGORY_FIELDS = {"category", "level_1", "level_2", "level_3", "type"}
_PRICES = {"price", "sale_price", "compare_at_price"}
DIGITAL = {"digital", "virtual", "download", "downloadable", "d", "e-book", "ebook"}
_KINDS_OF_PRODUCT = DIGITAL | {
    "physical",
    "simple",
    "configurable",
    "variable",
    "variation",
    "grouped",
    "bundle",
    "sku",
}


def category_paths(values: Mapping[str, Any]) -> list[str]:
    """The category paths of a row: several levels in columns of their own, or paths in one.

    In one column, paths are separated by ";" or "|" (or "," after a ">"), levels by ">" or "/".
    Open Food Facts' tags ("en:beverages|en:teas") make one path of the first and the last.
    """
    if values.keys().isdisjoint(_CATEGORY_FIELDS):
        return []
    levels = [checks.text(values.get(name), "category") for name in ("level_1", "level_2", "level_3")]
    given = values.get("category")
    if given is None and not checks.is_blank(kind := values.get("type")):
        given = None if str(kind).strip().casefold() in _KINDS_OF_PRODUCT else kind
    if levels[1] or levels[0] or given is None:
        top = levels[0] or (checks.text(given, "category") if isinstance(given, str) else None)
        return [" > ".join(dict.fromkeys(level for level in (top, *levels[1:]) if level))]
    parts = given if isinstance(given, list) else [given]
    paths: list[str] = []
    for part in parts:
        name = part.get("path") or part.get("name") if isinstance(part, dict) else part
        paths += _split_paths(checks.text(name, "category") or "")
    return paths


def _check_levels(path: str) -> None:
    for level in path.split(" > "):
        if len(level) > checks.MAX_CATEGORY:
            raise BadValue(level, f"is longer than {checks.MAX_CATEGORY} characters ({len(level)})", "category")


@lru_cache(maxsize=4096)
def _split_paths(text: str) -> tuple[str, ...]:
    if re.match(r"[a-z]{2}:\S", text):
        tags = [tag.partition(":")[2].replace("-", " ").capitalize() for tag in re.split(r"[|,;]\s*", text)]
        return (" > ".join(dict.fromkeys((tags[0], tags[-1]))),)
    if "Category Path:" in text:  # BigCommerce's legacy export: "Category Name: Mugs, Category Path: Kitchen/Mugs|…"
        found = re.findall(r"Category Path:\s*(.*?)\s*(?=[|;]?\s*Category Name:|$)", text)
        return tuple(_path(path.rstrip("|; "), "/") for path in found)
    if ">" not in text:
        return tuple(_path(path, "/") for path in re.split("[;|]", text))
    # A comma ends a path ("Clothing > Tees, Sale") unless it is part of a first level ("Food, Beverages > Tea").
    start, mark, rest = text.partition(">")
    parts = re.split(r"[;|]|(?<!\\),", mark + rest)
    paths = [path.replace("\\,", ",") for path in (start + parts[0], *parts[1:])]
    return tuple(_path(path, ">" if ">" in path else "/") for path in paths)


def _path(text: str, separator: str) -> str:
    return " > ".join(level.strip() for level in text.split(separator) if level.strip())


def title_of(value: Any, name: str) -> str:
    """The title, which must be there. `name` is the field that is told if it is wrong."""
    title = checks.text(value, name, longest=checks.MAX_TITLE)
    if title is None:
        raise BadValue("", "is missing", name)
    return title


def price_and_sale(values: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """The price and the sale price; with a higher price to compare with, that is the price and the price the sale's."""
    if values.keys().isdisjoint(_PRICES):
        return None, None
    price = checks.money(values.get("price"), "price")
    sale = checks.money(values.get("sale_price"), "sale price")
    before = checks.money(values.get("compare_at_price"), "compare at price")
    if before is not None and price is not None and sale is None and before > price:
        return before, price
    return price, sale


def labels_of(values: list[tuple[str, str, str]], names: list[str]) -> list[str]:
    """The labels of one variant in the order of the product's options."""
    labels = {name: label for name, label, _ in values}
    for name in names:
        if not labels.get(name):
            raise BadValue("", "is missing, though other variants of the product have it", name)
    return [labels[name] for name in names]


def availability_of(values: Mapping[str, Any]) -> str:
    """`available`, `preorder` or `disabled`."""
    if "availability" not in values and "purchasable" not in values:
        return "available"
    given = str(values.get("availability", "")).strip().casefold()
    if checks.flag(values.get("purchasable", True)) is False or given in {"disabled", "discontinued"}:
        return "disabled"
    return "preorder" if given in {"preorder", "pre-order"} else "available"


def condition_of(values: Mapping[str, Any]) -> str:
    """`New`, `Used` or `Refurbished`; whatever else is said means new."""
    given = str(values.get("condition", "")).strip().capitalize()
    return given if given in {"Used", "Refurbished"} else "New"


def keywords_of(value: Any) -> str:
    """Search keywords, separated by commas."""
    if isinstance(value, list):
        return ", ".join(str(word) for word in value)
    return checks.text(value, "keywords") or ""


def names_and_values(given: Any) -> Iterator[tuple[str, str]]:
    """Names and values of custom fields: "Material=Wool;Care=Cold", an object or a list of objects, or their JSON."""
    if isinstance(given, str) and given.startswith(("[", "{")):
        try:
            given = decode_json(given)
        except ValueError:
            return
    if isinstance(given, str):
        for part in re.split(r"[;\n]", given):
            name, mark, value = part.partition("=")
            if mark:
                yield name.strip().strip('"'), value.strip().strip('"')
    elif isinstance(given, dict):
        for name, value in given.items():
            yield str(name), text_of_value(value)
    elif isinstance(given, list):
        for entry in given:
            if isinstance(entry, dict):
                name = entry.get("name") or entry.get("key") or entry.get("label") or ""
                yield str(name), text_of_value(entry.get("value"))


def text_of_value(value: Any) -> str:
    """A value of a custom field as text."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value).strip()


def list_of_objects(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list; none if the field is not there."""
    given = raw.get(name)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise BadValue(given, "is not a list of objects", name)
    return given


def v3_categories(document: Mapping[str, Any]) -> dict[str, Any]:
    """The categories of a V3 document: paths if they are given, or else ids."""
    if paths := document.get("_category_paths"):
        return {"category": paths}
    ids = document.get("categories") or []
    if not isinstance(ids, list) or not all(isinstance(number, int) for number in ids):
        raise BadValue(ids, "is not a list of category ids", "categories")
    return {"category_ids": ids}


def v3_options(variants: list[SourceVariant]) -> list[SourceOption]:
    """Options as their variants show them, for a file without `include=options`."""
    labels: dict[str, dict[str, None]] = {}
    for variant in variants:
        for value in variant["option_values"]:
            labels.setdefault(value["option_display_name"], {})[value["label"]] = None
    return [
        {
            "display_name": name,
            "type": "rectangles",
            "sort_order": place,
            "option_values": [{"label": label, "sort_order": order} for order, label in enumerate(found)],
        }
        for place, (name, found) in enumerate(labels.items())
    ]
