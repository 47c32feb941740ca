"""The shape of a product on its way into the sandbox store, and what reading a catalog found.

A `SourceProduct` is a BigCommerce V3 product as `GET /v3/catalog/products` returns it with variants, images, custom
fields and options, before a store has given it ids: categories are written as paths, the brand by its name, pictures by
a key.
Keeps out how files are read (`files`), recognized (`formats`) and checked (`checks`).
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypedDict


class SourceImage(TypedDict, total=False):
    """One picture of a product. `_picture` is a key for `pictures.picture`; the sandbox serves it under an address.

    `_original_image_url` is the address a file gave: nothing here can reach it.
    """

    _picture: str
    _original_image_url: str
    is_thumbnail: bool
    sort_order: int
    description: str


class SourceOptionLabel(TypedDict, total=False):
    """One value of an option."""

    label: str
    sort_order: int
    is_default: bool
    value_data: dict[str, Any] | None


class SourceOption(TypedDict, total=False):
    """An option shoppers choose by; `type` is one of BigCommerce's, such as `swatch` or `rectangles`."""

    display_name: str
    type: str
    sort_order: int
    option_values: list[SourceOptionLabel]


class SourceOptionValue(TypedDict, total=False):
    """The value one variant has for one option."""

    option_display_name: str
    label: str


class SourceVariant(TypedDict, total=False):
    """One sellable thing. Null prices, weight and dimensions are the product's; a base variant has no option values."""

    id: int
    sku: str
    price: Decimal | None
    sale_price: Decimal | None
    retail_price: Decimal | None
    cost_price: Decimal | None
    weight: Decimal | None
    width: Decimal | None
    height: Decimal | None
    depth: Decimal | None
    purchasing_disabled: bool
    purchasing_disabled_message: str
    image_url: str
    _picture: str
    _original_image_url: str
    upc: str
    gtin: str
    mpn: str
    inventory_level: int
    inventory_warning_level: int
    bin_picking_number: str
    option_values: list[SourceOptionValue]


class SourceCustomField(TypedDict, total=False):
    """A name and a value the storefront shows."""

    name: str
    value: str


class SourceProduct(TypedDict, total=False):
    """A product to put into the sandbox store.

    Prices are in the store's currency, weight and dimensions in its units; all are exact. A file in the shape of the V3
    API may carry further V3 fields and ids: they are handed on as they are.
    """

    id: int
    name: str
    type: str
    sku: str
    description: str
    weight: Decimal
    width: Decimal
    height: Decimal
    depth: Decimal
    price: Decimal
    sale_price: Decimal
    retail_price: Decimal
    cost_price: Decimal
    map_price: Decimal
    _category_paths: list[str]
    brand_name: str
    inventory_level: int
    inventory_warning_level: int
    inventory_tracking: str
    is_visible: bool
    is_featured: bool
    availability: str
    condition: str
    upc: str
    gtin: str
    mpn: str
    warranty: str
    search_keywords: str
    bin_picking_number: str
    order_quantity_minimum: int
    order_quantity_maximum: int
    custom_url: dict[str, Any]
    options: list[SourceOption]
    modifiers: list[dict[str, Any]]
    variants: list[SourceVariant]
    images: list[SourceImage]
    custom_fields: list[SourceCustomField]


Dialect = Literal["V3 API products", "BigCommerce export", "BigCommerce export (legacy)", "recognized columns"]


class CatalogError(Exception):
    """A file that cannot be read at all, or not any further. `line` is None where no line is to blame."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{file}{'' if line is None else f', line {line}'}: {reason}")


@dataclass(frozen=True)
class Refusal:
    """One row that was left out, and why. `field` is "" where the row as a whole is at fault."""

    line: int
    field: str
    value: str
    reason: str

    def __str__(self) -> str:
        shown = f'{self.field} "{self.value}"' if self.field and self.value else self.field
        return f"line {self.line}: {f'{shown} ' if shown else ''}{self.reason}"


@dataclass
class Report:
    """What one reading of a catalog found; complete when the iteration has ended.

    Every row counts once: `rows` = `taken` (it is a product or a part of one) + refused + skipped.
    """

    dialect: Dialect | None = None
    encoding: str = ""
    delimiter: str = ""
    columns: dict[str, list[str]] = field(default_factory=dict)
    """Our field -> the columns of the file it is read from."""
    ignored_columns: list[str] = field(default_factory=list)
    taken: int = 0
    products: int = 0
    variants: int = 0
    refused: list[Refusal] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """Rows that are no products by nature, by kind: rules and videos of a BigCommerce export."""
    made_up: Counter[str] = field(default_factory=Counter)
    """Values that the file does not have and that were made up, by field."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Values that were dropped from products that were taken, by reason."""

    @property
    def rows(self) -> int:
        """Rows of the file (lines, or elements of a JSON list) that were dealt with."""
        return self.taken + len(self.refused) + self.skipped.total()

    def refuse(self, refusal: Refusal) -> None:
        """Count a row as refused."""
        self.refused.append(refusal)

    def summary(self, *, refusals: int = 5) -> str:
        """The report for a person, in a few lines; the first `refusals` refused rows are spelled out."""
        kind = self.dialect or "nothing"
        how = ", ".join(part for part in (self.encoding, _named(self.delimiter)) if part)
        counts = f"{self.products:,} products, {self.variants:,} variants"
        lines = [f"Read {self.rows:,} rows as {kind} ({how}): {counts}."]
        if self.skipped:
            lines.append(f"Skipped: {_counts(self.skipped)}.")
        if self.made_up:
            lines.append(f"Made up: {_counts(self.made_up)}.")
        if self.left_out:
            lines.append(f"Left out: {_counts(self.left_out)}.")
        if self.ignored_columns:
            more = f" and {len(self.ignored_columns) - 12} more" if len(self.ignored_columns) > 12 else ""
            lines.append(f"Columns not used: {', '.join(self.ignored_columns[:12])}{more}.")
        if self.refused:
            lines.append(f"Refused {len(self.refused):,} rows:")
            lines += [f"  {refusal}" for refusal in self.refused[:refusals]]
            if len(self.refused) > refusals:
                lines.append(f"  … and {len(self.refused) - refusals:,} more")
        return "\n".join(lines)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counter.items()))


def _named(delimiter: str) -> str:
    return {"": "", ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(delimiter, delimiter)
