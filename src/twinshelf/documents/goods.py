"""The store and its goods: products with all their variants."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from twinshelf.documents.money import Dimensions, Document, LengthUnit, Money, Weight, WeightUnit

Tracking = Literal["none", "product", "variant"]


class OptionValue(msgspec.Struct, frozen=True):
    option: str
    value: str


class Image(Document, frozen=True, kw_only=True):
    """A picture of a product in the store. `url` is the largest the store serves."""

    url: str
    thumbnail: bool = False
    sort_order: int = 0


class Variant(Document, frozen=True, kw_only=True):
    """One sellable thing. `price` is the regular price in effect (a null of BigCommerce is the product's price).

    `stock` is what the store can sell of it over the locations that count; None where the store does not track it.
    """

    id: str
    sku: str
    options: tuple[OptionValue, ...] = ()
    price: Money
    sale_price: Money | None = None
    stock: int | None = None
    stock_at: tuple[tuple[str, int], ...] = ()
    """(location id, what it can sell) of the locations that are on; empty: all of it is in the default one."""
    weight: Weight | None = None
    gtin: str = ""
    image_url: str = ""
    purchasable: bool = True


class Product(Document, frozen=True, kw_only=True):
    """One product of the store with all its variants; a product without options has one variant with none."""

    id: str
    title: str
    sku: str = ""
    description: str = ""
    brand: str = ""
    categories: tuple[str, ...] = ()
    """Full category paths such as `Home > Storage`, in the store's order."""
    custom_fields: tuple[tuple[str, str], ...] = ()
    price: Money
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    images: tuple[Image, ...] = ()
    variants: tuple[Variant, ...]
    tracking: Tracking = "none"
    purchasable: bool = True
    """The store takes orders for it; of its variants, for those that are purchasable too."""
    visible: bool = True
    """The store's own pages show it. One that they do not may well be sold elsewhere, and is."""
    minimum_quantity: int = 0
    """How many units an order must have of it at least; 0 if the store does not say."""
    maximum_quantity: int = 0
    """How many units an order may have of it at most; 0 if the store does not say."""
    modified_at: datetime


class DraftVariant(Document, frozen=True, kw_only=True):
    """One variant of a product that the store is to have. `stock` None: the store does not count it."""

    sku: str
    options: tuple[OptionValue, ...] = ()
    price: Money
    stock: int | None = None
    gtin: str = ""
    image_url: str = ""


class ProductDraft(Document, frozen=True, kw_only=True):
    """A product as the store should have it, made of one of the shop. One variant without options: a simple product."""

    title: str
    description: str
    brand: str = ""
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    image_urls: tuple[str, ...] = ()
    visible: bool = True
    variants: tuple[DraftVariant, ...]


class StoreInfo(Document, frozen=True, kw_only=True):
    """What a store says of itself. `aggregates_locations`: more than one enabled location exists."""

    hash: str
    name: str
    currency: str
    time_zone: str
    weight_unit: WeightUnit
    length_unit: LengthUnit
    prices_include_tax: bool = False
    control_panel_url: str = ""


StoreRight = Literal["settings", "products", "stock", "locations", "orders", "channels"]


class StoreScope(Document, frozen=True, kw_only=True):
    """A scope that we need at a store: its `name`, the `label` on the store's own pages, and what it opens."""

    name: str
    label: str
    opens: StoreRight

    def __str__(self) -> str:
        return f"{self.label} ({self.name})"


class StoreCurrency(Document, frozen=True, kw_only=True):
    """A currency that a store knows. `rate`: what one unit of the store's own is worth in it, as the store counts.

    `takes_orders`: orders can be made in it; the others are only displayed.
    """

    code: str
    rate: Decimal
    takes_orders: bool


class StoreLocation(Document, frozen=True, kw_only=True):
    """A place where the store keeps stock. `default`: the one that its orders draw from."""

    id: str
    code: str
    label: str
    enabled: bool
    default: bool = False


def seller_sku(product: Product, variant: Variant) -> str:
    """The merchant's code of a variant: its own, or the product's where a product without options has only that."""
    return variant.sku or (product.sku if len(product.variants) == 1 else "")


def category_fields(product: Product) -> tuple[str, str]:
    """The custom fields `Category` and `Product Type`, whatever their case and outer blanks; "" where there is none."""
    fields = {name.strip().lower(): value.strip() for name, value in product.custom_fields}
    return fields.get("category", ""), fields.get("product type", "")


def source_category(product: Product) -> str:
    """What a product's category is called in the store: the first of custom field `Category`, `Product Type`, its path.

    "" where there is none. The store's own type of a product says only whether it is physical, so it is never used.
    """
    return next(filter(None, (*category_fields(product), *product.categories)), "")
