"""What differs between the markets of TikTok Shop: currency, category tree, limits, units, and how sellers ship.

Sources: TikTok Shop docs, "Create Product", "Product pricing" (July 2025, local sellers), "Fulfillment API overview".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from twinshelf.documents import Weight, WeightUnit
from twinshelf.errors import NeedsPerson

ShippingCall = Literal["mark", "ship"]
"""`mark`: report order lines as shipped, a package comes of it. `ship`: packages exist from payment on."""


@dataclass(frozen=True)
class Region:
    """One market. A price limit that TikTok does not publish is None."""

    code: str
    currency: str
    category_version: Literal["v1", "v2"]
    title_min: int
    title_max: int
    max_skus: int
    weight_units: tuple[WeightUnit, ...]
    weight_max: Weight
    price_min: Decimal | None
    price_max: Decimal | None
    shipping: ShippingCall
    strict_sku: bool = False
    """Seller SKUs of 6 to 50 letters, digits, `-` and `_` only."""
    providers_by_route: bool = False
    """Whether carriers are told for a way from one country to another only."""
    product_push: bool = False
    """Whether products are listed here without being asked to; elsewhere the catalog is kept in TikTok Shop."""

    @property
    def prices_with_tax(self) -> bool:
        """Whether a price is what the buyer pays, tax included. In the US it comes on top, and TikTok collects it."""
        return self.code != "US"

    @property
    def imperial(self) -> bool:
        """Whether pounds and inches may be sent. Weight and size must then be of the same system."""
        return "LB" in self.weight_units


class RegionUnsupported(NeedsPerson):
    """We know nothing of this market."""

    def __init__(self, code: str) -> None:
        self.region = code
        super().__init__("E-REG-UNSUPPORTED", region=code)


_METRIC: Final[tuple[WeightUnit, ...]] = ("KG",)
_GRAMS_TOO: Final[tuple[WeightUnit, ...]] = ("KG", "G")
# The shipping connector of M2E refuses more, and seen live were 188 and 871 kg: grams typed as kilograms.
_HEAVIEST: Final = Weight(Decimal(30), "KG")
_HEAVIEST_US: Final = Weight(Decimal(150), "LB")

# The tree's version: US, SEA, GB, EU and JP are on the deep one, BR and MX not yet. It moves: see `category_version`
# of `TikTok.create_listing`.
_ROWS: Final[tuple[tuple[str, str, Literal["v1", "v2"], tuple[int, int], int, str, str, ShippingCall], ...]] = (
    # code currency tree title SKUs price from to shipping
    ("US", "USD", "v2", (1, 255), 300, "0.01", "7600", "mark"),
    ("GB", "GBP", "v2", (1, 255), 300, "0.01", "5600", "mark"),
    ("DE", "EUR", "v2", (1, 255), 300, "0.01", "6300", "mark"),
    ("FR", "EUR", "v2", (1, 255), 300, "0.01", "6300", "mark"),
    ("IT", "EUR", "v2", (1, 255), 300, "0.01", "6300", "mark"),
    ("ES", "EUR", "v2", (1, 255), 300, "0.01", "6300", "mark"),
    ("IE", "EUR", "v2", (1, 255), 300, "0.01", "6300", "mark"),
    # New in 2026. By the letter of the text their titles have 25 characters at least.
    ("NL", "EUR", "v2", (25, 255), 300, "0.01", "6300", "mark"),
    ("BE", "EUR", "v2", (25, 255), 300, "0.01", "6300", "mark"),
    ("AT", "EUR", "v2", (25, 255), 300, "0.01", "6300", "mark"),
    ("GR", "EUR", "v2", (25, 255), 300, "0.01", "6300", "mark"),
    ("PT", "EUR", "v2", (25, 255), 300, "0.01", "6300", "mark"),
    ("PL", "PLN", "v2", (25, 255), 300, "", "", "mark"),
    ("CZ", "CZK", "v2", (25, 255), 300, "", "", "mark"),
    ("HU", "HUF", "v2", (25, 255), 300, "", "", "mark"),
    ("JP", "JPY", "v2", (1, 255), 300, "1", "500000", "mark"),
    ("ID", "IDR", "v2", (25, 255), 100, "100", "100000000", "ship"),
    ("MY", "MYR", "v2", (25, 255), 100, "0.01", "320000", "ship"),
    ("PH", "PHP", "v2", (25, 255), 100, "0.01", "400000", "ship"),
    ("SG", "SGD", "v2", (25, 255), 100, "0.01", "10000", "ship"),
    ("TH", "THB", "v2", (25, 255), 100, "30", "260000", "ship"),
    ("VN", "VND", "v2", (25, 255), 100, "1", "180000000", "ship"),
    ("MX", "MXN", "v1", (1, 300), 300, "1", "50000", "ship"),
    ("BR", "BRL", "v1", (1, 300), 300, "0.5", "10000", "ship"),
)
_UNITS: Final[dict[str, tuple[WeightUnit, ...]]] = {
    "US": ("LB", "KG"), "BR": _GRAMS_TOO, "JP": _GRAMS_TOO, "MX": _GRAMS_TOO,
}  # fmt: skip
_BY_ROUTE: Final = frozenset({"DE", "ES", "FR", "IE", "IT"})
_PUSHED: Final = frozenset({"US", "GB"})
_STRICT_SKUS: Final = frozenset({"DE", "ES", "FR", "IT", "PL", "NL", "BE", "CZ", "AT", "GR", "PT", "HU"})

_EUROPE: Final = ("DE", "FR", "IT", "ES", "IE", "NL", "BE", "AT", "GR", "PT", "PL", "CZ", "HU")

REGIONS: Final[dict[str, Region]] = {
    code: Region(
        code=code,
        currency=currency,
        category_version=tree,
        title_min=title[0],
        title_max=title[1],
        max_skus=max_skus,
        weight_units=_UNITS.get(code, _METRIC),
        weight_max=_HEAVIEST_US if code == "US" else _HEAVIEST,
        price_min=Decimal(price_min) if price_min else None,
        price_max=Decimal(price_max) if price_max else None,
        shipping=shipping,
        strict_sku=code in _STRICT_SKUS,
        providers_by_route=code in _BY_ROUTE,
        product_push=code in _PUSHED,
    )
    for code, currency, tree, title, max_skus, price_min, price_max, shipping in _ROWS
}


def region(code: str) -> Region:
    """The market with this country code; "UK" is GB. Raises RegionUnsupported."""
    wanted = code.strip().upper()
    found = REGIONS.get("GB" if wanted == "UK" else wanted)
    if found is None:
        raise RegionUnsupported(code)
    return found


_SELLER_CENTERS_ABROAD: Final = {"US": "us", **dict.fromkeys(("GB", *_EUROPE), "eu")}


def product_management(code: str, *, cross_border: bool) -> str:
    """The page of TikTok's Seller Center where a seller manages the products of one market.

    Local sellers have a Seller Center for each market, those who sell across borders one for a part of the world.
    """
    market = code.strip().upper()
    if cross_border:
        part = _SELLER_CENTERS_ABROAD.get(market)
        host = f"seller.{part}.tiktokshopglobalselling.com" if part else "seller.tiktokshopglobalselling.com"
    else:
        host = f"seller-{'uk' if market == 'GB' else market.lower()}.tiktok.com"
    return f"https://{host}/product/manage?shop_region={market}"
