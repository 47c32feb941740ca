"""What everything speaks: goods, listings, orders and the changes planned for them. Frozen, exact, JSON-able.

`store` is the BigCommerce side, `shop` the TikTok Shop side. Platform JSON becomes these at the edge and nothing else
travels through the core. Documents are msgspec Structs: they compare by value, and `to_json`/`from_json` round-trip
them exactly (Decimal as text), tagged where a list mixes kinds. Imports nothing of ours but `errors`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import msgspec

from twinshelf.errors import DocumentError

# Currencies TikTok Shop sells in whose minor unit is not 1/100 (ISO 4217; IDR, VND are sold without decimals there).
_MINOR_DIGITS = {"JPY": 0, "VND": 0, "IDR": 0, "KRW": 0, "CLP": 0, "HUF": 2}


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all documents: frozen, built by keyword."""


D = TypeVar("D")


def to_json(document: Any) -> bytes:
    """A document, or a tuple or list of them, as JSON that keeps amounts as they are written: 1.5 is not 1.50."""
    return msgspec.json.encode(document)


def from_json(data: bytes | str, kind: type[D]) -> D:
    """The document that `to_json` wrote. Raises DocumentError naming the field that does not fit."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:  # what does not fit, and what is no JSON at all
        text = str(error)
        named = " - at `" in text or "required field" in text
        raise DocumentError(text.rsplit("`", 2)[-2].removeprefix("$.") if named else "document", text) from error


# -- money and measures ---------------------------------------------------------------------------------------------


class Money(msgspec.Struct, frozen=True):
    """An exact amount with its currency (ISO 4217). Amounts of different currencies never meet in one sum."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Money:
        """Raises DocumentError if `amount` is not a finite decimal number. Floats are refused: they are not exact."""
        if isinstance(amount, float):
            raise DocumentError("amount", f"{amount!r} is a float; money needs exact decimals")
        try:
            value = Decimal(amount)
        except (InvalidOperation, TypeError, ValueError) as error:
            raise DocumentError("amount", f"{amount!r} is not a number") from error
        if not value.is_finite():
            raise DocumentError("amount", f"{amount!r} is not a finite number")
        return cls(value, currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """No money, of that currency."""
        return cls(Decimal(0), currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str) -> Money:
        """The exact sum; zero for no amounts. Raises ValueError if one is of another currency."""
        result = cls.zero(currency)
        for amount in amounts:
            result += amount
        return result

    def rounded(self) -> Money:
        """Rounded half up to the currency's minor unit."""
        return Money(self.amount.quantize(minor_unit(self.currency), ROUND_HALF_UP), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def same_as(self, other: Money | None) -> bool:
        """Equal in value and currency, whatever the number of trailing zeros."""
        return other is not None and self.currency == other.currency and self.amount == other.amount

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            msg = f"{self.currency} and {other.currency} cannot be added or compared"
            raise ValueError(msg)
        return other.amount


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-_MINOR_DIGITS.get(currency, 2))


WeightUnit = Literal["LB", "OZ", "KG", "G", "T"]
LengthUnit = Literal["IN", "CM"]

_KILOGRAMS: dict[str, Decimal] = {
    "KG": Decimal(1),
    "G": Decimal("0.001"),
    "T": Decimal(1000),
    "LB": Decimal("0.45359237"),
    "OZ": Decimal("0.028349523125"),
}
_CENTIMETERS: dict[str, Decimal] = {"CM": Decimal(1), "IN": Decimal("2.54")}


class Weight(msgspec.Struct, frozen=True):
    value: Decimal
    unit: WeightUnit

    def to(self, unit: WeightUnit) -> Weight:
        """Converted exactly (international pound); round it where it is sent."""
        if unit == self.unit:
            return self
        return Weight(self.value * _KILOGRAMS[self.unit] / _KILOGRAMS[unit], unit)


class Dimensions(msgspec.Struct, frozen=True):
    """Of the package, not the goods. A side that the store does not give is None."""

    length: Decimal | None
    width: Decimal | None
    height: Decimal | None
    unit: LengthUnit

    def to(self, unit: LengthUnit) -> Dimensions:
        """Converted exactly (an inch is 2.54 cm); a side that is None stays None. Round it where it is sent."""
        if unit == self.unit:
            return self
        factor = _CENTIMETERS[self.unit] / _CENTIMETERS[unit]
        length, width, height = (
            None if side is None else side * factor for side in (self.length, self.width, self.height)
        )
        return Dimensions(length, width, height, unit)


# -- the store's goods ----------------------------------------------------------------------------------------------

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

    id: int
    sku: str
    options: tuple[OptionValue, ...] = ()
    price: Money
    sale_price: Money | None = None
    stock: int | None = None
    weight: Weight | None = None
    gtin: str = ""
    image_url: str = ""
    purchasable: bool = True


class Product(Document, frozen=True, kw_only=True):
    """One product of the store with all its variants; a product without options has one variant with none."""

    id: int
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
    visible: bool = True
    modified_at: datetime


def seller_sku(product: Product, variant: Variant) -> str:
    """The merchant's code of a variant: its own, or the product's where a product without options has only that."""
    return variant.sku or (product.sku if len(product.variants) == 1 else "")


# -- listings -------------------------------------------------------------------------------------------------------

ListingStatus = Literal[
    "DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE", "DELETED"
]


class AttributeValue(Document, frozen=True, kw_only=True):
    """A product attribute of a TikTok category: by ids from its list, or by own words where it takes them."""

    id: str
    value_ids: tuple[str, ...] = ()
    value_names: tuple[str, ...] = ()


class ListingSku(Document, frozen=True, kw_only=True):
    """One SKU as it should be in the shop."""

    variant_id: int
    seller_sku: str
    options: tuple[OptionValue, ...] = ()
    price: Money
    quantity: int = 0
    gtin: str = ""
    image_url: str = ""


class Listing(Document, frozen=True, kw_only=True):
    """One product as it should be in one shop."""

    product_id: int
    title: str
    description: str
    category_id: str
    brand_id: str = ""
    attributes: tuple[AttributeValue, ...] = ()
    image_urls: tuple[str, ...]
    weight: Weight
    dimensions: Dimensions
    warehouse_id: str
    skus: tuple[ListingSku, ...]


class ShopSku(Document, frozen=True, kw_only=True):
    """One SKU as the shop has it. `stock` is the available quantity per warehouse id; `price` None if not told."""

    id: str
    seller_sku: str
    price: Money | None = None
    stock: tuple[tuple[str, int], ...] = ()


class ShopListing(Document, frozen=True, kw_only=True):
    """One product as the shop has it. `status` and `audit_status` are TikTok's words, unknown ones included."""

    id: str
    title: str
    status: str
    audit_status: str = ""
    audit_reasons: tuple[str, ...] = ()
    has_draft: bool = False
    external_product_id: str = ""
    category_id: str = ""
    description: str = ""
    skus: tuple[ShopSku, ...] = ()
    updated_at: datetime


class Attribute(Document, frozen=True, kw_only=True):
    """What a TikTok category asks. `sales` attributes tell SKUs apart; the others describe the product."""

    id: str
    name: str
    sales: bool
    required: bool
    multiple: bool = False
    customizable: bool = False
    numeric: bool = False
    """Own words must be a number above 0."""
    required_with: tuple[tuple[str, str], ...] = ()
    """(attribute id, value id) of other attributes with whose values this one is required too."""
    values: tuple[tuple[str, str], ...] = ()
    """(value id, name); empty where the attribute takes free text."""


class CategoryRules(Document, frozen=True, kw_only=True):
    """The rules of one TikTok leaf category that decide whether a product can be listed."""

    certifications: tuple[tuple[str, str], ...] = ()
    """(id, name) of the certificates it requires."""
    size_chart_required: bool = False
    package_dimension_required: bool = True
    cod_supported: bool = False
    seller_sku_required: bool = False


class ShopCategory(Document, frozen=True, kw_only=True):
    id: str
    parent_id: str
    name: str
    leaf: bool
    available: bool = True


# -- orders ---------------------------------------------------------------------------------------------------------

ShopOrderStatus = Literal[
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
]


class Address(Document, frozen=True, kw_only=True):
    """Where to send an order. Personal: kept only encrypted. Masked or missing parts are as the shop gave them."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street_1: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_code: str = ""
    phone: str = ""
    email: str = ""

    @property
    def clear(self) -> bool:
        """Enough to ship to, and nothing of it masked with asterisks."""
        needed = (self.first_name or self.last_name, self.street_1, self.city, self.country_code)
        return all(needed) and not any("*" in part for part in (*needed, self.postal_code))


class OrderLine(Document, frozen=True, kw_only=True):
    """Units of one SKU bought alike. TikTok sends one line item per unit: `unit_ids` are theirs.

    Amounts are per unit. `paid` is what the buyer pays for one unit before tax (`sale_price`).
    """

    unit_ids: tuple[str, ...]
    product_id: str
    sku_id: str
    seller_sku: str
    title: str
    sku_title: str = ""
    original_price: Money
    paid: Money
    seller_discount: Money
    platform_discount: Money
    tax: Money
    gift: bool = False
    status: str = ""

    @property
    def quantity(self) -> int:
        """How many units the line has."""
        return len(self.unit_ids)


class OrderPayment(Document, frozen=True, kw_only=True):
    """What the buyer pays, as TikTok adds it up: total = subtotal + shipping + tax + fees."""

    subtotal: Money
    shipping: Money
    tax: Money
    product_tax: Money
    shipping_tax: Money
    fees: Money
    seller_discount: Money
    platform_discount: Money
    total: Money


class ShopOrder(Document, frozen=True, kw_only=True):
    """One order of the shop. Times are TikTok's. `address` is personal (see Address)."""

    id: str
    status: str
    created_at: datetime
    updated_at: datetime
    paid_at: datetime | None = None
    on_hold: bool = False
    lines: tuple[OrderLine, ...]
    payment: OrderPayment
    address: Address = Address()
    buyer_id: str = ""
    buyer_message: str = ""
    fulfilled_by_tiktok: bool = False
    shipped_by_tiktok: bool = False
    delivery_option_id: str = ""
    delivery_option: str = ""
    warehouse_id: str = ""
    package_ids: tuple[str, ...] = ()
    tracking_number: str = ""
    shipping_provider: str = ""
    ship_by: datetime | None = None
    cancel_reason: str = ""
    cancelled_by: str = ""
    buyer_wants_cancel: bool = False
    sample: bool = False
    replacement: bool = False


class StoreOrderLine(Document, frozen=True, kw_only=True):
    """A catalog line of an order to be made in the store: `unit_price_*` per unit. A custom line has variant_id 0."""

    product_id: int
    variant_id: int
    sku: str
    name: str
    quantity: int
    unit_price_ex_tax: Money
    unit_price_inc_tax: Money


class StoreOrderDraft(Document, frozen=True, kw_only=True):
    """An order as it should be made in the store. Totals are stated, not left to the store to compute."""

    external_order_id: str
    external_source: str
    external_merchant_id: str
    channel_id: int
    status_id: int
    address: Address
    lines: tuple[StoreOrderLine, ...]
    shipping_method: str
    shipping_ex_tax: Money
    shipping_inc_tax: Money
    discount: Money
    handling: Money | None = None
    """Fees the buyer paid beside goods, shipping and tax (small orders, delivery, insurance); None: none."""
    subtotal_ex_tax: Money
    subtotal_inc_tax: Money
    total_ex_tax: Money
    total_inc_tax: Money
    payment_method: str = "TikTok Shop"
    customer_message: str = ""
    staff_notes: str = ""


class StoreOrderItem(Document, frozen=True, kw_only=True):
    """A line of an order in the store: `id` is BigCommerce's order_product_id.

    `address_id` is the shipping address it goes to, 0 if it is not shipped.
    """

    id: int
    product_id: int
    variant_id: int
    sku: str
    quantity: int
    shipped: int = 0
    address_id: int = 0


class StoreOrder(Document, frozen=True, kw_only=True):
    """An order as the store has it. `items` are empty unless they were read."""

    id: int
    status_id: int
    external_order_id: str
    external_source: str
    channel_id: int
    total_inc_tax: Money
    modified_at: datetime
    created_at: datetime
    archived: bool = False
    items: tuple[StoreOrderItem, ...] = ()


class StoreShipment(Document, frozen=True, kw_only=True):
    """A shipment in the store: `items` are (order_product_id, quantity)."""

    id: int
    order_id: int
    tracking_number: str = ""
    tracking_carrier: str = ""
    shipping_provider: str = ""
    shipping_method: str = ""
    items: tuple[tuple[int, int], ...] = ()


class CancellationRequest(Document, frozen=True, kw_only=True):
    """A cancellation at TikTok: asked for by the buyer, or done. `awaiting_us` is True while the seller must answer."""

    id: str
    order_id: str
    status: str
    role: str
    reason: str = ""
    reason_text: str = ""
    awaiting_us: bool = False
    deadline: datetime | None = None
    updated_at: datetime | None = None
    unit_ids: tuple[str, ...] = ()
    """The units it takes back; () if TikTok named none, which means the whole order."""


class ShippingProvider(msgspec.Struct, frozen=True):
    id: str
    name: str


class Warehouse(Document, frozen=True, kw_only=True):
    id: str
    name: str
    sales: bool
    enabled: bool
    default: bool = False


class ShopInfo(Document, frozen=True, kw_only=True):
    """A shop our app is authorized for. `region` is a country code (GB, not UK)."""

    id: str
    name: str
    region: str
    seller_type: str
    cipher: str
    code: str = ""


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


class StoreLocation(Document, frozen=True, kw_only=True):
    id: int
    code: str
    label: str
    enabled: bool


# -- changes: what a plan is made of --------------------------------------------------------------------------------


class Change(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One call's worth of change. Tagged with its class name, so that it can be stored and read back."""

    @property
    def once(self) -> str:
        """The name of a call that must not happen twice, its own among those of one key; "" if it may be repeated."""
        return ""


class CreateListing(Change, frozen=True, kw_only=True):
    """Create the product. It goes with its attempt's token: TikTok answers a repeat with the first product."""

    listing: Listing

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return "create"


class EditContent(Change, frozen=True, kw_only=True):
    """Send edited content to review. Price and stock are not part of it: they never wait behind a review."""

    shop_listing_id: str
    listing: Listing
    sku_ids: tuple[tuple[int, str], ...]
    """(variant id, TikTok SKU id) of the SKUs that stay."""


class SetPrices(Change, frozen=True, kw_only=True):
    shop_listing_id: str
    prices: tuple[tuple[str, Money], ...]
    """(TikTok SKU id, price), sorted by id."""


class SetStock(Change, frozen=True, kw_only=True):
    shop_listing_id: str
    stock: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    """(TikTok SKU id, ((warehouse id, available quantity), …)), sorted by id; every warehouse of a SKU is named."""


class DeactivateListing(Change, frozen=True, kw_only=True):
    shop_listing_id: str


class ActivateListing(Change, frozen=True, kw_only=True):
    shop_listing_id: str


class DeleteListing(Change, frozen=True, kw_only=True):
    shop_listing_id: str


class CreateStoreOrder(Change, frozen=True, kw_only=True):
    """Make the order in the store, exactly once: looked up by its external id first whenever an outcome is unknown.

    The draft is kept apart (it is personal), under the TikTok order id.
    """

    shop_order_id: str

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return "create"


class ReferenceOrder(Change, frozen=True, kw_only=True):
    """Note the store's order beside the shop's. `lines` are (our line id, the shop's unit id)."""

    shop_order_id: str
    store_order_id: str
    lines: tuple[tuple[str, str], ...] = ()


class SetStoreStatus(Change, frozen=True, kw_only=True):
    store_order_id: int
    status_id: int
    before: int


class SetStoreAddress(Change, frozen=True, kw_only=True):
    """Send the store order to the address the shop has now. The address is kept apart: it is personal."""

    store_order_id: int
    shop_order_id: str


class ReportShipment(Change, frozen=True, kw_only=True):
    """Tell the shop that these units are on their way."""

    shop_order_id: str
    store_shipment_id: int
    unit_ids: tuple[str, ...]
    tracking_number: str
    provider_id: str
    carrier: str = ""
    """The carrier as people say it, for showing."""

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"ship {self.store_shipment_id}"


class CancelShopOrder(Change, frozen=True, kw_only=True):
    shop_order_id: str
    reason: str

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return "cancel"


class CancelStoreOrder(Change, frozen=True, kw_only=True):
    store_order_id: int
    shop_order_id: str


AnyChange = (
    CreateListing
    | EditContent
    | SetPrices
    | SetStock
    | DeactivateListing
    | ActivateListing
    | DeleteListing
    | CreateStoreOrder
    | ReferenceOrder
    | SetStoreStatus
    | SetStoreAddress
    | ReportShipment
    | CancelShopOrder
    | CancelStoreOrder
)


def token(kind: str, name: str = "") -> str:
    """What a finding waits for, and what unblocks it: `link:SKU-9`, `template`. One word, whatever the name holds."""
    return f"{kind}:{quote(name)}" if name else kind


class Finding(Document, frozen=True, kw_only=True):
    """Something that keeps a plan from being complete: a message of the catalog with its remedy.

    `blocking` findings stop the change they belong to; the others are told along the way.
    """

    code: str
    text: str
    remedy: str = ""
    blocking: bool = True
    waits_for: str = ""
    """What would release it, as `sync.problems.unblock` takes it: `link:SKU-9`, `template`; "" if nothing here does."""


class Plan(Document, frozen=True, kw_only=True):
    """What to do for one key: changes in order, and the findings that go with them."""

    key: str
    changes: tuple[AnyChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    later_seconds: float | None = None
    """Nothing can be said yet: plan again in so many seconds. None: the plan stands."""
    settled: bool = False
    """What earlier attempts for this key came to is known by now: their notes may go."""
