"""Which column means what: recognition by the names that shops, feeds and exports usually give their columns.

A name is brought to plain words first ("Variant SKU", "variant_sku" and "variantSku" are the same), then looked up;
`--columns title=bezeichnung` goes before any of it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_NAMES = """
title: title, name, product name, product title, item name, full name, post title, product
sku: sku, code, item code, code sku, sku code, item number, item no, part number, model number, stock keeping unit
id: id, entity id, number, asin, uuid, guid, variant id, offer id
parent: item group id, group id, parent, parent id, parent sku, parent code, parent asin, handle, style id, style code,
    style number, master sku, master id, configurable sku
price: price, regular price, base price, unit price, selling price, price amount, price value, list price, current price
compare at price: compare at price, was price, original price, strike price
sale price: sale price, special price, discount price, discounted price, promo price, offer price
retail price: retail price, msrp, recommended retail price, rrp, suggested price
cost price: cost price, cost, cost per item, purchase price, wholesale price
stock: stock, qty, quantity, inventory, stock level, stock quantity, stock qty, inventory quantity, inventory qty,
    inventory level, current stock, current stock level, quantity available, available quantity, available stock,
    in stock quantity, on hand, units, quantity in stock
availability: availability, stock status, inventory status
weight: weight, shipping weight, gross weight, net weight, package weight
weight unit: weight unit, weight uom, unit of weight
depth: depth, length, package length, shipping length
width: width, package width, shipping width
height: height, package height, shipping height
length unit: dimension unit, dimensions unit, length unit, dimension uom, unit of dimension
brand: brand, manufacturer, vendor, brand name, maker, brands, manufacturer name, vendor name
gtin: gtin, ean, barcode, ean13, gtin13, gtin14, ean code, isbn13, isbn, isbn10, jan, global trade item number,
    global trade number, gtin upc ean or isbn, bar code, upc ean
upc: upc, upc code, upca
mpn: mpn, manufacturer part number
description: description, body, html, description html, body html, long description, content, full description, details,
    short description, summary, ingredients, ingredients text
category: categories, category, category path, category name, product category, google product category, collection,
    collections, department path, breadcrumb, breadcrumbs, category tags, categories tags, off category tags
level 1: department, master category, main category, top category, category 1, category level 1
level 2: sub category, subcategory, category 2, category level 2
level 3: article type, product type, sub sub category, category 3, category level 3, item type
type: type, product kind
visible: visible, is visible, published, status, active, is active, enabled
images: images, image, image url, image urls, image link, image src, picture, pictures, photo, photos,
    additional image link, additional image links, main image, img, image file, gallery
thumbnail: thumbnail, thumb, thumbnail url, small image
variant image: variant image, variant image url
keywords: tags, keywords, search keywords
warranty: warranty, warranty information
custom fields: custom fields, custom attributes, additional attributes, attributes, specifications, metafields
options: options
option values: option values, selected options, variation attributes
variants: variants, variations, children, skus
"""
_ATTRIBUTE_NAMES = """
Color: color, colour, base color, base colour, color name
Size: size, size name, shoe size
Material: material, fabric
Scent: scent, fragrance
Flavor: flavor, flavour, taste
Pack: pack, pack size
Country of Origin: country of origin, origin
Net Content: net content, net contents
Pattern: pattern
Style: style
Capacity: capacity
Volume: volume
Storage: storage
Finish: finish
Gender: gender
Season: season
Year: year
Usage: usage
Age Group: age group
Fit: fit
Care: care
Country: country
Countries: countries
Condition: condition
Author: author
Publisher: publisher
Language: language
Features: features
"""


def _table(text: str) -> dict[str, list[str]]:
    """Each line a name and the names it goes by; a line that is indented goes on."""
    lines = text.strip().replace("\n    ", " ").splitlines()
    return {own: names.strip().split(", ") for own, names in (line.split(":") for line in lines)}


FIELDS = {own.replace(" ", "_"): names for own, names in _table(_NAMES).items()}
"""Our fields and the names they go by; where a file has several, an earlier one goes first, row by row."""
ATTRIBUTES = {name: own for own, names in _table(_ATTRIBUTE_NAMES).items() for name in names}
"""Columns that tell variants apart where rows share a parent, and are custom fields otherwise."""

ATTRIBUTE = "attribute."
_PREFIXES = ("product ", "item ", "variant ", "article ", "sku ", "dimensions ", "dimension ", "inventory ", "g ")
_FIELD_OF = {name: name_of for name_of, names in FIELDS.items() for name in names}
_RANK = {name: rank for names in FIELDS.values() for rank, name in enumerate(names)}
_MEASURED = {"weight", "depth", "width", "height"}
_UNITS = {
    "kg",
    "kgs",
    "g",
    "gr",
    "grams",
    "gram",
    "lb",
    "lbs",
    "oz",
    "pounds",
    "ounces",
    "cm",
    "mm",
    "in",
    "inch",
    "inches",
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORDS = re.compile(r"[\W_]+")
_NUMBERED_IMAGE = re.compile(r"(?:image|image url|image file|image src|picture|photo|additional image)s? (\d{1,2})")
_OPTION_PAIR = re.compile(r"(?:option|attribute|variation)\s?(\d) (name|values?(?: s)?)")


def plain(name: str) -> str:
    """A column's name in lower-case words."""
    return _NOT_WORDS.sub(" ", _CAMEL.sub(" ", name)).strip().casefold()


def is_field(name: str) -> str | None:
    """Our field for what somebody wrote on the left of `--columns field=column`: its own name or a usual one."""
    words = plain(name)
    own = words.replace(" ", "_")
    return own if own in FIELDS else _FIELD_OF.get(words)


@dataclass
class Recognized:
    """What the columns of a file mean. Columns are given by position for CSV, by key for JSON."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    """The unit that a column's own name gives, by column: "Weight (kg)"."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Column -> the name of the attribute in it."""
    option_pairs: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of columns that hold an option's name and its value."""
    ignored: list[str] = field(default_factory=list)


def recognize(names: Iterable[str], given: Mapping[str, str]) -> Recognized:
    """What columns of these names mean. `given` maps our fields (or "attribute.Material") to columns and goes first."""
    found = Recognized()
    ranked: dict[str, list[tuple[int, str]]] = {}
    pairs: dict[str, dict[str, str]] = {}
    asked_for = _by_column(given)
    for name in names:
        words = plain(name)
        own, rank, unit = _field(words)
        if unit:
            found.units[name] = unit
        if name in asked_for:
            for asked in asked_for[name]:
                if asked.startswith(ATTRIBUTE):
                    found.attributes[name] = asked.removeprefix(ATTRIBUTE)
                else:
                    ranked.setdefault(asked, []).append((-1, name))
        elif pair := _OPTION_PAIR.fullmatch(_without_prefix(words)):
            pairs.setdefault(pair[1], {})["value" if pair[2].startswith("value") else "name"] = name
        elif own:
            ranked.setdefault(own, []).append((rank, name))
        elif label := ATTRIBUTES.get(words) or ATTRIBUTES.get(_without_prefix(words)):
            found.attributes[name] = label
        else:
            found.ignored.append(name)
    found.fields = {own: [name for _, name in sorted(columns)] for own, columns in ranked.items()}
    found.option_pairs = [(pair["name"], pair["value"]) for _, pair in sorted(pairs.items()) if len(pair) == 2]
    return found


def _by_column(given: Mapping[str, str]) -> dict[str, list[str]]:
    by_column: dict[str, list[str]] = {}
    for own, column in given.items():
        by_column.setdefault(column, []).append(own)
    return by_column


def _field(words: str) -> tuple[str, int, str]:
    """Field, rank and unit of a column by its words; the field is "" for an unknown one."""
    if words in _FIELD_OF:
        return _FIELD_OF[words], _RANK[words], ""
    if words in ATTRIBUTES:
        return "", 0, ""
    bare = _without_prefix(words)
    if image := _NUMBERED_IMAGE.fullmatch(bare):
        return "images", 100 + int(image[1]), ""
    if bare in _FIELD_OF:
        return _FIELD_OF[bare], _RANK[bare], ""
    if bare == "grams":
        return "weight", 0, "g"
    head, _, last = words.rpartition(" ")
    if last in _UNITS:
        for candidate in (head, _without_prefix(head)):
            if _FIELD_OF.get(candidate) in _MEASURED:
                return _FIELD_OF[candidate], _RANK[candidate], last
    return "", 0, ""


def _without_prefix(words: str) -> str:
    for prefix in _PREFIXES:
        if words.startswith(prefix):
            return words.removeprefix(prefix)
    return words
