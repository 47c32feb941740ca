"""The CSV files that BigCommerce itself exports, the current kind and the legacy one.

Both put the rows of a product below it: `Product` first, then its variants (`Variant`, or `SKU` in the legacy kind) and
images. What they leave blank is meant to be blank, so nothing is made up for a column that is there. Source:
BigCommerce help center, "Supported Product Fields" and "Importing Product Options (v3)".
"""

import re
from collections.abc import Iterator
from typing import Any

from twinshelf_sandbox.catalogs import checks
from twinshelf_sandbox.catalogs.checks import BadValue
from twinshelf_sandbox.catalogs.columns import plain
from twinshelf_sandbox.catalogs.documents import Dialect, Report
from twinshelf_sandbox.catalogs.files import CsvRow, Torn
from twinshelf_sandbox.catalogs.product_builder import Builder, Group, Item, Picture

_BOTH = {
    "price": "price",
    "cost price": "cost_price",
    "retail price": "retail_price",
    "sale price": "sale_price",
    "bin picking number": "bin_picking_number",
    "search keywords": "keywords",
    "manufacturer part number": "mpn",
    "product condition": "condition",
}
_CURRENT = _BOTH | {
    "id": "id",
    "name": "title",
    "type": "type",
    "sku": "sku",
    "inventory tracking": "tracking",
    "current stock": "stock",
    "low stock": "warning_level",
    "brand id": "brand_id",
    "brand": "brand",
    "brand name": "brand",
    "categories": "categories",
    "description": "description",
    "custom fields": "custom_fields",
    "upc ean": "upc",
    "global trade number": "gtin",
    "weight": "weight",
    "width": "width",
    "height": "height",
    "depth": "depth",
    "is visible": "visible",
    "warranty": "warranty",
}
_LEGACY = _BOTH | {
    "product id": "id",
    "product name": "title",
    "product type": "type",
    "product code sku": "sku",
    "track inventory": "tracking",
    "current stock level": "stock",
    "low stock level": "warning_level",
    "brand name": "brand",
    "category": "categories",
    "product description": "description",
    "product custom fields": "custom_fields",
    "product upc ean": "upc",
    "global trade item number": "gtin",
    "gtin": "gtin",
    "product weight": "weight",
    "product width": "width",
    "product height": "height",
    "product depth": "depth",
    "allow purchases": "purchasable",
    "product visible": "visible",
    "product warranty": "warranty",
}
_OPTION_TYPES = {
    "s": "dropdown", "rb": "radio_buttons", "rt": "rectangles", "cs": "swatch", "pl": "product_list",
    "pi": "product_list_with_images", "dropdown": "dropdown", "swatch": "swatch", "radio": "radio_buttons",
    "radio buttons": "radio_buttons", "rectangle": "rectangles", "rectangles": "rectangles",
    "product list": "product_list", "pick list": "product_list",
}  # fmt: skip
_LEGACY_OPTION = re.compile(r"\[(\w+)\]([^=]*)=(.*)", re.DOTALL)
_OPTION = re.compile(r"Type=(.*?)\|Name=(.*?)\|Value=(.*?)\s*\|*\s*(?=Type=[^|]*\|Name=|$)", re.DOTALL)
_CHANGE = re.compile(r"\[(ADD|REMOVE|FIXED)\]\s*(.*)")
_COLOR = re.compile(r"\s*(?:\[#[^\]]*\]|:#[0-9a-fA-F]{3,8}\b.*|:https?:\S+)\s*$")
_IMAGE_FILE = re.compile(r"product image (?:file|url) (\d+)")


def dialect_of(header: list[str]) -> Dialect | None:
    """Which of BigCommerce's exports has this header, if any."""
    names = {plain(name) for name in header}
    if {"item type", "product name"} <= names and names & {"product code sku", "product id", "category"}:
        return "BigCommerce export (legacy)"
    if {"item", "name", "sku"} <= names and names & {"options", "inventory tracking", "internal image url export"}:
        return "BigCommerce export"
    return None


def groups(rows: Iterator[CsvRow], header: list[str], report: Report, builder: Builder) -> Iterator[Group]:
    """Gather the rows below the header into products; what is no product by nature is counted as skipped."""
    reader = _Reader(header, legacy=report.dialect == "BigCommerce export (legacy)")
    report.columns, report.ignored_columns = reader.columns, reader.ignored
    product: Group | None = None
    for line, cells in rows:
        if isinstance(cells, Torn):
            builder.refuse(line, BadValue("", cells.reason, "" if cells.column is None else header[cells.column]))
            continue
        kind = reader.kind(cells)
        if kind == "product":
            if product:
                yield _whole(product)
            product = Group(head=reader.item(line, reader.row(cells)), lines=[line], known=reader.known)
        elif kind in {"rule", "video"}:
            report.skipped[kind.capitalize()] += 1
        else:
            try:
                reader.add(line, kind, reader.row(cells), product)
            except BadValue as bad:
                builder.refuse(line, bad)
    if product:
        yield _whole(product)


def _whole(product: Group) -> Group:
    """A variant row without options is the product's own base variant: what it says is the product's."""
    if len(product.items) == 1 and not product.items[0].options:
        base = product.items.pop()
        product.head.values |= {name: value for name, value in base.values.items() if name != "title"}
        product.head.images += base.images
    product.head.images.sort(key=lambda picture: not picture.thumbnail)
    return product


class _Reader:
    """Cells to items for one header."""

    def __init__(self, header: list[str], *, legacy: bool) -> None:
        self._legacy = legacy
        fields = _LEGACY if legacy else _CURRENT
        kind = "item type" if legacy else "item"
        names = [plain(name) for name in header]
        self.kind_at = names.index(kind)
        self._kind_name = header[self.kind_at]
        self._places = {name: place for place, name in reversed(list(enumerate(names)))}
        self._fields = {fields[name]: self._places[name] for name in names if name in fields}
        self._files = sorted(
            (int(m[1]), place) for place, name in enumerate(names) if (m := _IMAGE_FILE.fullmatch(name))
        )
        used = {*self._fields.values(), *(place for _, place in self._files), self.kind_at}
        self.columns = {name: [header[place]] for name, place in self._fields.items()}
        self.ignored = [
            header[place]
            for place, name in enumerate(names)
            if place not in used and name and name != "options" and "image" not in name
        ]
        self.known = frozenset(self._fields) | ({"images"} if self._files or not legacy else frozenset())

    def kind(self, cells: list[str]) -> str:
        return cells[self.kind_at].strip().casefold()

    def row(self, cells: list[str]) -> list[str]:
        return [cell.strip() for cell in cells]

    def add(self, line: int, kind: str, row: list[str], product: Group | None) -> None:
        """Add a row below a product to it."""
        if kind not in {"sku", "variant", "image"}:
            raise BadValue(kind, "is no kind of row that an export has", self._kind_name)
        if product is None:
            raise BadValue("", "stands before any product")
        if kind == "image":
            product.head.images += self.images(row)
        else:
            product.items.append(self.variant(line, row, product.head))
        product.lines.append(line)

    def item(self, line: int, row: list[str]) -> Item:
        values: dict[str, Any] = {name: row[place] for name, place in self._fields.items() if row[place]}
        if self._legacy and "type" in values:
            values["type"] = {"P": "physical", "D": "digital"}.get(values["type"].upper(), values["type"])
        if "tracking" in values:
            values["tracking"] = _tracking(values["tracking"])
        _place_categories(values)
        return Item(line, values, images=self.images(row))

    def images(self, row: list[str]) -> list[Picture]:
        """The images a row names: numbered files in a legacy product, one address in an image or a variant row."""
        if self._legacy:
            return [
                Picture(
                    row[place],
                    self._cell(row, f"product image description {number}"),
                    checks.flag(self._cell(row, f"product image is thumbnail {number}")) is True,
                )
                for number, place in self._files
                if row[place]
            ]
        url = next((u for name in _URLS if (u := self._cell(row, name))), "")
        thumbnail = checks.flag(self._cell(row, "image is thumbnail")) is True
        return [Picture(url, self._cell(row, "image description"), thumbnail)] if url else []

    def variant(self, line: int, row: list[str], head: Item) -> Item:
        item = self.item(line, row)
        for name in ("tracking", "categories", "category", "category_ids", "title", "type"):
            item.values.pop(name, None)
        for name in ("price", "weight", "sale_price"):
            if name in item.values:
                item.values[name] = _changed(item.values[name], head.values.get(name))
        if self._legacy:
            item.options = _legacy_options(row[self._fields["title"]])
        else:
            item.options = _options(self._cell(row, "options"))
            item.images = [Picture(url) for url in [self._cell(row, "variant image url")] if url]
        return item

    def _cell(self, row: list[str], name: str) -> str:
        place = self._places.get(name)
        return "" if place is None else row[place]


_URLS = ("internal image url export", "image url import")


def _tracking(word: str) -> str:
    given = word.casefold()
    if given in {"none", "n", "no", "false", "0", "do not track", "off"}:
        return "none"
    return "variant" if given in {"variant", "by option", "by options", "sku", "option", "2"} else "product"


def _place_categories(values: dict[str, Any]) -> None:
    """Categories are ids in the current export, "12;34", and paths in the legacy one."""
    given = values.pop("categories", "")
    parts = [part.strip() for part in given.split(";") if part.strip()]
    if parts and all(part.isdecimal() for part in parts):
        values["category_ids"] = [int(part) for part in parts]
    elif given:
        values["category"] = given


def _changed(value: str, base: Any) -> str:
    """A price or weight of a variant: its own ("[FIXED]12" or "12"), or a change to the product's ("[ADD]2")."""
    match = _CHANGE.fullmatch(value)
    if not match:
        return value
    if match[1] == "FIXED":
        return match[2]
    change = checks.money(match[2], "change")
    start = checks.money(base, "base")
    if change is None or start is None:
        return value
    return str(start + change if match[1] == "ADD" else start - change)


def _legacy_options(name: str) -> list[tuple[str, str, str]]:
    """The options in a SKU row's name, "[S]Color=Red,[RB]Size=M"; a swatch's color code after ":" is dropped."""
    parts = (_LEGACY_OPTION.fullmatch(part.strip()) for part in re.split(r",\s*(?=\[\w+\])", name))
    found = [_option(match[2], match[3], match[1]) for match in parts if match]
    if name and not found:
        raise BadValue(name, 'names no options, as "[S]Color=Red,[RB]Size=M" does', "Product Name")
    return found


def _options(text: str) -> list[tuple[str, str, str]]:
    """The options of a variant row, "Type=Swatch|Name=Color|Value=Red[#f00]|Type=…"."""
    found = [_option(match[2], match[3], match[1]) for match in _OPTION.finditer(text)]
    if text and not found:
        raise BadValue(text, 'names no options, as "Type=Dropdown|Name=Size|Value=M" does', "Options")
    return found


def _option(name: str, label: str, kind: str) -> tuple[str, str, str]:
    return name.strip(), _COLOR.sub("", label).strip(), _OPTION_TYPES.get(kind.strip().casefold(), "")
