"""What TikTok Shop demands of promotion activities and of the products in them, each rule with its code.

Source: the fields and error tables of Create Activity, Update Activity, Update Activity Product and Remove Activity
Product.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from twinshelf_sandbox.tiktok.amounts import plain
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

PRICED: Final = ("FIXED_PRICE", "DIRECT_DISCOUNT", "FLASHSALE")
_LEVELS: Final = {
    "FIXED_PRICE": ("PRODUCT", "VARIATION"),
    "DIRECT_DISCOUNT": ("PRODUCT", "VARIATION"),
    "FLASHSALE": ("PRODUCT", "VARIATION"),
    "SHIPPING_DISCOUNT": ("PRODUCT", "SHOP"),
    "BUY_MORE_SAVE_MORE": ("PRODUCT", "SHOP"),
    "BUY_X_GET_Y": ("PRODUCT", "SHOP"),
    "GIFT_WITH_PURCHASE": ("PRODUCT",),
}
"""Activity type → what it may be about."""
_SHORT_TITLES: Final = ("FLASHSALE", "SHIPPING_DISCOUNT")
_SHORTEST_SECONDS: Final = 600
_MOST_PER_CALL: Final = 300


class Activity(msgspec.Struct):
    title: str = ""
    activity_type: str = ""
    product_level: str = "PRODUCT"
    duration_type: str = "NORMAL"
    begin_time: int = 0
    end_time: int = 0
    participation_limit: list[dict[str, str]] | None = None
    discount: msgspec.Raw = msgspec.Raw(b"null")
    """Terms of activities that lower no price of a SKU: kept and shown as they came."""


class ActivitySku(msgspec.Struct):
    id: str = ""
    activity_price_amount: str | None = None
    discount: str | None = None
    quantity_limit: int = -1
    quantity_per_user: int = -1


class ActivityProduct(msgspec.Struct):
    id: str = ""
    activity_price_amount: str | None = None
    discount: str | None = None
    quantity_limit: int = -1
    quantity_per_user: int = -1
    skus: list[ActivitySku] | None = None


def check_title(shop: Shop, body: Activity, own_id: str = "") -> None:
    """Raises ApiError for a title that is missing, too long or in use."""
    if not body.title:
        raise ApiError(17029003)
    if len(body.title) > (50 if body.activity_type in _SHORT_TITLES else 100):
        raise ApiError(17029002)
    if any(row["title"] == body.title and row["id"] != own_id for row in shop.promotions.values()):
        raise ApiError(17029004)


def check_new(shop: Shop, body: Activity) -> None:
    """Raises ApiError for an activity that cannot be created so."""
    levels = _LEVELS.get(body.activity_type)
    if levels is None:
        raise ApiError(17029036)
    check_title(shop, body)
    if body.product_level not in levels or body.duration_type not in ("NORMAL", "INDEFINITE"):
        raise ApiError(17029001)
    if body.duration_type == "INDEFINITE":
        if body.activity_type != "SHIPPING_DISCOUNT":
            raise ApiError(17029001)
        return
    if body.begin_time < shop.now:
        raise ApiError(17029005)
    check_period(body.begin_time, body.end_time)


def check_period(begin: int, end: int) -> None:
    """Raises ApiError for a period below ten minutes."""
    if end < begin + _SHORTEST_SECONDS:
        raise ApiError(17029006)


def check_change(row: Entity) -> None:
    """Raises ApiError where an activity is over and cannot be changed any more."""
    if row["status"] == "DEACTIVATED":
        raise ApiError(17029010)
    if row["status"] == "EXPIRED":
        raise ApiError(17029012)


def check_products(row: Entity, given: list[ActivityProduct]) -> None:
    """Raises ApiError for entries that do not fit the type and the level of the activity."""
    if not given:
        raise ApiError(17029033)
    ids = [product.id for product in given]
    skus = [sku.id for product in given for sku in product.skus or []]
    if len(ids) != len(set(ids)):
        raise ApiError(17029039)
    if len(skus) != len(set(skus)):
        raise ApiError(17029040)
    if len(ids) > _MOST_PER_CALL or len(skus) > _MOST_PER_CALL:
        raise ApiError(17029046)
    if row["activity_type"] in PRICED:
        for product in given:
            _check_levels(row, product)


def _check_levels(row: Entity, product: ActivityProduct) -> None:
    if row["product_level"] == "PRODUCT":
        if product.skus:
            raise ApiError(17029013)
        codes = {"DIRECT_DISCOUNT": (17029029, 17029041)}.get(row["activity_type"], (17029030, 17029042))
        _check_terms(row, product, codes)
        return
    if not product.skus:
        raise ApiError(17029037)
    if product.activity_price_amount is not None or product.discount is not None:
        raise ApiError(17029038)
    if product.quantity_limit != -1:
        raise ApiError(17029015)
    if product.quantity_per_user != -1:
        raise ApiError(17029014)
    codes = {"DIRECT_DISCOUNT": (17029031, 17029043)}.get(row["activity_type"], (17029032, 17029044))
    for sku in product.skus:
        _check_terms(row, sku, codes)


def _check_terms(row: Entity, entry: ActivityProduct | ActivitySku, codes: tuple[int, int]) -> None:
    """A percentage for discounts, an amount for prices; `codes` are for the wrong one of the two and for neither."""
    wrong, missing = codes
    percent = row["activity_type"] == "DIRECT_DISCOUNT"
    wanted, other = entry.discount, entry.activity_price_amount
    if not percent:
        wanted, other = other, wanted
    if other is not None:
        raise ApiError(wrong)
    if wanted is None:
        raise ApiError(missing)
    for limit in (entry.quantity_limit, entry.quantity_per_user):
        if limit != -1 and not 1 <= limit <= 99:
            raise ApiError(17029050)


def activity_price(shop: Shop, price: str, amount: str | None, discount: str | None) -> str:
    """What a SKU of `price` costs in an activity: `amount`, or `discount` percent less. Raises ApiError."""
    base, fixed, percent = plain(price), plain(amount), plain(discount or "0")
    if base is None or percent is None or (amount is not None and fixed is None):
        raise ApiError(17029034)
    value = fixed if fixed is not None else base * (100 - percent) / 100
    value = value.quantize(shop.region.smallest, ROUND_HALF_UP)
    if not Decimal(0) < value <= base:
        raise ApiError(17029034)
    return str(value)
