"""Facts about markets: currency, limits, units, who ships how.

Source: docs/platforms/tiktok-shop.md sections 9.1-9.3, 16.1, 19. That the platform ships was seen in VN; it is taken to
be the rule in the other markets whose packages exist from payment on. Names and ids of delivery options outside the few
that are public, and of carriers outside US, GB, FR and VN but for DHL Paket, are invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

EU5: Final = ("DE", "FR", "IT", "ES", "IE")
NEW_EU: Final = ("NL", "BE", "AT", "GR", "PT", "PL", "CZ", "HU")
EU: Final = (*EU5, *NEW_EU)
SEA: Final = ("ID", "MY", "PH", "SG", "TH", "VN")
STRICT_SELLER_SKU: Final = frozenset({"DE", "ES", "FR", "IT", "PL", "NL", "BE", "CZ", "AT", "GR", "PT", "HU"})


@dataclass(frozen=True)
class Region:
    """One market. Price ranges are (lowest, highest) in its currency."""

    code: str
    name: str
    currency: str
    locale: str
    decimals: int = 2
    tree: str = "v2"
    max_skus: int = 300
    title: tuple[int, int] = (1, 255)
    weights: tuple[str, ...] = ("KILOGRAM",)
    lengths: tuple[str, ...] = ("CENTIMETER",)
    ships_by: str = "mark"  # "mark": packages come into being when shipped; "package": they exist from payment on
    local_price: tuple[str, str] = ("0.01", "6300")
    global_price: tuple[str, str] = ("0.01", "6300")
    cross_border_price: tuple[str, str] = ("0.01", "150")
    cod: bool = False
    tax: bool = False
    phone: str = "+1"
    levels: tuple[str, ...] = ("Country", "state", "city")
    country: str = ""
    """What an address calls the country, where that is not `name`."""
    shipping: str = "SELLER"
    """Who ships what a shopper buys without a word about it: SELLER, or TIKTOK where the platform's shipping rules."""
    delivery: tuple[tuple[str, str, str], ...] = field(default=())

    def price_range(self, kind: str) -> tuple[Decimal, Decimal]:
        """`kind` is "local", "global" (local warehouse) or "cross_border"."""
        low, high = {"local": self.local_price, "global": self.global_price}.get(kind, self.cross_border_price)
        return Decimal(low), Decimal(high)

    @property
    def smallest(self) -> Decimal:
        """The smallest unit of the currency."""
        return Decimal(1).scaleb(-self.decimals)


def _eu(code: str, name: str, locale: str, phone: str, currency: str = "EUR", **more: object) -> Region:
    options: dict[str, object] = {"levels": ("Country", "federal state", "municipality")}
    if code in NEW_EU:
        options["title"] = (25, 255)
    return Region(code, name, currency, locale, phone=phone, **{**options, **more})  # type: ignore[arg-type]


def _sea(code: str, name: str, currency: str, locale: str, price: tuple[str, str], **more: object) -> Region:
    options: dict[str, object] = {
        "max_skus": 100,
        "title": (25, 255),
        "ships_by": "package",
        "local_price": price,
        "global_price": price,
        "cross_border_price": price,
        "cod": True,
        "levels": ("Country", "province", "district", "ward"),
        "shipping": "TIKTOK",
    }
    return Region(code, name, currency, locale, **{**options, **more})  # type: ignore[arg-type]


_ALL: Final = (
    Region(
        "US", "United States", "USD", "en-US", weights=("KILOGRAM", "POUND"), lengths=("CENTIMETER", "INCH"),
        local_price=("0.01", "7600"), global_price=("0.01", "7600"), cross_border_price=("0.01", "800"), tax=True,
        levels=("Country", "state", "county", "city"),
    ),
    Region(
        "GB", "United Kingdom", "GBP", "en-GB", phone="+44", local_price=("0.01", "5600"),
        global_price=("0.01", "5600"), cross_border_price=("0.01", "134.5"), levels=("Country", "country", "county"),
    ),
    _eu("DE", "Germany", "de-DE", "+49"),
    _eu("FR", "France", "fr-FR", "+33", levels=("Country", "department", "arrondissement")),
    _eu("IT", "Italy", "it-IT", "+39", levels=("Country", "province", "municipality")),
    _eu("ES", "Spain", "es-ES", "+34", levels=("Country", "province", "municipality")),
    _eu("IE", "Ireland", "en-IE", "+353", levels=("Country", "county", "municipal district")),
    _eu("NL", "Netherlands", "nl-NL", "+31"),
    _eu("BE", "Belgium", "nl-BE", "+32"),
    _eu("AT", "Austria", "de-AT", "+43"),
    _eu("GR", "Greece", "el-GR", "+30"),
    _eu("PT", "Portugal", "pt-PT", "+351"),
    _eu("PL", "Poland", "pl-PL", "+48", "PLN", local_price=("0.01", "27000"), global_price=("0.01", "27000")),
    _eu(
        "CZ", "Czech Republic", "cs-CZ", "+420", "CZK", local_price=("0.01", "155000"), global_price=("0.01", "155000"),
    ),
    _eu("HU", "Hungary", "hu-HU", "+36", "HUF", local_price=("1", "2500000"), global_price=("1", "2500000")),
    Region(
        "JP", "Japan", "JPY", "ja-JP", 0, weights=("KILOGRAM", "GRAM"), local_price=("1", "500000"), phone="+81",
        global_price=("1", "500000"), cross_border_price=("1", "10000"), levels=("Country", "prefecture", "city"),
    ),
    _sea("ID", "Indonesia", "IDR", "id-ID", ("100", "100000000"), decimals=0, phone="+62"),
    _sea("MY", "Malaysia", "MYR", "ms-MY", ("0.01", "320000"), phone="+60"),
    _sea("PH", "Philippines", "PHP", "en-PH", ("0.01", "400000"), phone="+63"),
    _sea(
        "SG", "Singapore", "SGD", "en-SG", ("0.01", "10000"), phone="+65", cod=False,
        cross_border_price=("0.01", "400"),
    ),
    _sea("TH", "Thailand", "THB", "th-TH", ("30", "260000"), phone="+66", cross_border_price=("0.01", "260000")),
    _sea("VN", "Viet Nam", "VND", "vi-VN", ("1", "180000000"), decimals=0, weights=("KILOGRAM", "GRAM"), phone="+84",
         cross_border_price=("1", "1000000"), country="Việt Nam"),
    Region(
        "MX", "Mexico", "MXN", "es-MX", tree="v1", title=(1, 300), weights=("KILOGRAM", "GRAM"), ships_by="package",
        local_price=("1", "50000"), global_price=("1", "50000"), cross_border_price=("1", "4560"), phone="+52",
        levels=("Country", "state", "municipality"), shipping="TIKTOK",
    ),
    Region(
        "BR", "Brazil", "BRL", "pt-BR", tree="v1", title=(1, 300), weights=("KILOGRAM", "GRAM"), ships_by="package",
        local_price=("0.5", "10000"), phone="+55", levels=("Country", "state", "municipality"), shipping="TIKTOK",
    ),
)  # fmt: skip

REGIONS: Final = {region.code: region for region in _ALL}

PROVIDERS: Final = {
    "US": (
        ("7117858858072016686", "USPS"), ("7117859084333745966", "UPS"), ("7129720299146184490", "FedEx"),
        ("7213986298535610158", "DHL express"), ("7220301902846625579", "DHL eCommerce"),
        ("7248600717110282027", "Amazon Logistics"), ("7352738314622863120", "UniUni"),
        ("7352739623900022544", "Gofo Express"),
        ("7132708441138677550", "LaserShip"), ("7132721393761781550", "OnTrac"), ("7212612330725574442", "Veho"),
        ("7212609771327719211", "OSM Worldwide"), ("7049196166784747269", "Asendia US"),
        ("7260760118063531777", "GLS US"),
        ("7325327335803406082", "Speedx"), ("7347979279965095682", "First Mile"),
        ("7443967306838836999", "DHL Heavyweight"),
        ("7443971189820622610", "XPO"), ("7443973716947502855", "Pitt Ohio"),
    ),
    "GB": (
        ("6599541761693270018", "EVRi"), ("6639580521074524161", "DHL UK"), ("6641219975896514562", "Yodel UK"),
        ("6649195729745887233", "UK Mail"), ("6657598289359323137", "DPD UK"), ("6671794738251726849", "Royal Mail"),
        ("6699476450581430274", "Parcel Force"), ("6760565269699084290", "APC Overnight"),
        ("7265220402182358786", "Amazon Logistics UK"), ("6770000000000000017", "Parcel2Go"),
        ("6770000000000000034", "UPS UK"), ("6770000000000000051", "FedEx UK"), ("6760727669580627970", "Panther UK"),
        ("6770000000000000085", "Arrow XL"),
    ),
    "DE": (
        ("7038796963025782530", "DHL Paket"), ("7038797000000000017", "Hermes DE"), ("7038797000000000034", "DPD DE"),
    ),
    "FR": (
        ("7073406403947267841", "La Poste"), ("7038794268994963202", "Colissimo"),
        ("7038794025851160321", "Colis Privé"),
    ),
    "VN": (
        ("6841743441349706241", "J&T Express"), ("7252807945006614278", "GHN"), ("7155825439565416197", "Viettel Post"),
    ),
}  # fmt: skip


def providers(region: str) -> tuple[tuple[str, str], ...]:
    """(id, name) of the carriers a seller of `region` can ship with."""
    known = PROVIDERS.get(region)
    if known is not None:
        return known
    base = 7040000000000000000 + sum(ord(c) * 1009**n for n, c in enumerate(region)) * 1_000_003
    names = ("J&T Express", "Ninja Van", "DHL eCommerce") if region in SEA else ("DHL", "DPD", "GLS")
    if region == "JP":
        names = ("Yamato Transport", "Sagawa Express", "Japan Post")
    return tuple((str(base + 1_000_033 * n), f"{name} {region}") for n, name in enumerate(names, 1))


PLATFORM_PROVIDER: Final = ("6617675021119438849", "TT Virtual express")


def platform_carrier(region: str) -> tuple[str, str]:
    """(id, name) of the carrier that TikTok's shipping names: captured orders of VN have one of their own."""
    return PROVIDERS["VN"][0] if region == "VN" else PLATFORM_PROVIDER


@dataclass(frozen=True)
class DeliveryOption:
    id: str
    name: str
    type: str
    shipping_type: str
    """SELLER (the seller arranges a carrier) or TIKTOK (the platform does)."""


def delivery_options(region: str) -> tuple[DeliveryOption, ...]:
    """The delivery options of a market: shipping by seller first, then by the platform."""
    base = 7091146663000000000 + sum(ord(c) * 1009**n for n, c in enumerate(region)) * 1_000_003
    standard = "7057025213938009858" if region == "VN" else str(base + 17)
    return (
        DeliveryOption(str(base), "Shipped by seller", "SEND_BY_SELLER", "SELLER"),
        DeliveryOption(standard, "Standard shipping", "STANDARD", "TIKTOK"),
        DeliveryOption(str(base + 34), "Express shipping", "EXPRESS", "TIKTOK"),
    )
