"""What TikTok Shop demands of a product's main images and its package."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from twinshelf_sandbox.tiktok.products import uploads
from twinshelf_sandbox.tiktok.products.listing_outcome import Checked, Known
from twinshelf_sandbox.tiktok.products.product_bodies import Product, Weight
from twinshelf_sandbox.tiktok.state import Shop

POSITIVE: Final = re.compile(r"\d+(\.\d+)?")
_SIZE: Final = re.compile(r"\d{1,6}(\.\d{1,2})?")

_IMAGE_URI: Final = re.compile(r"tos-[a-z0-9-]+/[A-Za-z0-9]+")
_WEIGHT_DECIMALS: Final = {"KILOGRAM": 3, "POUND": 2, "GRAM": 0}


def check_images(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    """The main images: their number, and that each was uploaded and is large enough."""
    given = body.main_images or []
    if not given:
        if not known.draft:
            out.add(12052028)
        return
    if len(given) > 9:
        out.add(12052306)
    for image in given:
        row = uploads.find(shop.platform, shop.seller_id, image.uri or "")
        if row is None:
            illegal = not _IMAGE_URI.fullmatch(image.uri or "")
            out.add(
                12052300 if illegal else 12052722, f"The main image {image.uri!r} was not uploaded to the platform."
            )
        elif min(row["width"], row["height"]) < 300:
            out.add(12052301, f"The main image {image.uri!r} must have 300 pixels on each side at least.")


def weight_error(shop: Shop, weight: Weight) -> int:
    """The code of what is wrong with a weight; 0 if nothing is."""
    value, unit = weight.value or "", weight.unit or ""
    if unit not in _WEIGHT_DECIMALS:
        return 12019011
    if unit not in shop.region.weights:
        return 12019061 if unit == "POUND" else 12019060
    if not POSITIVE.fullmatch(value):
        return 12052006
    if not Decimal(value):
        return 12052181
    if -Decimal(value).normalize().as_tuple().exponent > _WEIGHT_DECIMALS[unit]:  # type: ignore[operator]
        return 12052006
    return 12019011 if Decimal(value) > 100_000 else 0


def check_package(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    """Weight and size of the package."""
    weight, size = body.package_weight, body.package_dimensions
    if weight is None:
        if not known.draft:
            out.add(12019011, "The package weight is required.")
    elif code := weight_error(shop, weight):
        out.add(code)
    if size is None:
        return
    if size.unit not in ("CENTIMETER", "INCH"):
        out.add(12019012)
    elif size.unit not in shop.region.lengths:
        out.add(12019061)
    for value, code in ((size.height, 12052003), (size.width, 12052004), (size.length, 12052005)):
        text = (value or "").replace(",", ".") if shop.facts["region"] == "BR" else value or ""
        if not _SIZE.fullmatch(text):
            out.add(code)
        elif not Decimal(text):
            out.add(12052116)
    if weight is not None and (weight.unit == "POUND") != (size.unit == "INCH"):
        out.add(12052915)
