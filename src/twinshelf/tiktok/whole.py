"""A product of the shop as a whole, with texts, pictures and measures: for making one of the store of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from twinshelf.documents import Dimensions, LengthUnit, OptionValue, ShopProduct, ShopVariant, Weight, WeightUnit
from twinshelf.tiktok import products, wire

_WEIGHTS: Final[Mapping[str, WeightUnit]] = {"KILOGRAM": "KG", "GRAM": "G", "POUND": "LB", "OUNCE": "OZ"}
_LENGTHS: Final[Mapping[str, LengthUnit]] = {"CENTIMETER": "CM", "INCH": "IN"}


class _Picture(msgspec.Struct, frozen=True):
    urls: list[str] = []


class _Value(msgspec.Struct, frozen=True):
    name: str = ""
    value_name: str = ""
    sku_img: _Picture = _Picture()


class _Code(msgspec.Struct, frozen=True):
    code: str = ""


class _Sku(msgspec.Struct, frozen=True):
    id: str
    sales_attributes: list[_Value] = []
    identifier_code: _Code = _Code()


class _Measure(msgspec.Struct, frozen=True):
    value: str = ""
    length: str = ""
    width: str = ""
    height: str = ""
    unit: str = ""


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Product(msgspec.Struct, frozen=True):
    brand: _Named | None = None
    main_images: list[_Picture] = []
    package_weight: _Measure = _Measure()
    package_dimensions: _Measure = _Measure()
    skus: list[_Sku] = []


def product_from_json(data: bytes | msgspec.Raw) -> ShopProduct:
    """Translate one product of Get Product. A measure without a number or with an unknown unit is None.

    The addresses of pictures hold for a while only: they say where one can be had now, not which one it is.
    Raises DocumentError naming the field that is missing.
    """
    product = wire.read(data, _Product)
    return ShopProduct(
        listing=products.listing_from_json(data),
        brand=product.brand.name if product.brand else "",
        image_urls=tuple(picture.urls[0] for picture in product.main_images if picture.urls),
        weight=_weight(product.package_weight),
        dimensions=_dimensions(product.package_dimensions),
        variants=tuple(_variant(sku) for sku in product.skus),
    )


def _variant(sku: _Sku) -> ShopVariant:
    pictures = [value.sku_img.urls[0] for value in sku.sales_attributes if value.sku_img.urls]
    return ShopVariant(
        sku_id=sku.id,
        options=tuple(OptionValue(value.name, value.value_name) for value in sku.sales_attributes),
        gtin=sku.identifier_code.code,
        image_url=pictures[0] if pictures else "",
    )


def _weight(measure: _Measure) -> Weight | None:
    value, unit = _number(measure.value), _WEIGHTS.get(measure.unit)
    return None if value is None or unit is None else Weight(value, unit)


def _dimensions(measure: _Measure) -> Dimensions | None:
    unit = _LENGTHS.get(measure.unit)
    length, width, height = (_number(side) for side in (measure.length, measure.width, measure.height))
    return None if unit is None or length is width is height is None else Dimensions(length, width, height, unit)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None
