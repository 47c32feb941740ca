"""Orders of both sides, their shipments and cancellations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from twinshelf.documents.money import Document, Money


class ShopOrderStatus(StrEnum):
    """How far an order of the shop is, in TikTok's words; UNKNOWN stands for a word that we do not know."""

    UNPAID = "UNPAID"
    ON_HOLD = "ON_HOLD"
    AWAITING_SHIPMENT = "AWAITING_SHIPMENT"
    PARTIALLY_SHIPPING = "PARTIALLY_SHIPPING"
    AWAITING_COLLECTION = "AWAITING_COLLECTION"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> ShopOrderStatus | None:
        return cls.UNKNOWN if isinstance(value, str) else None

    @property
    def paid(self) -> bool:
        """Paid, past its hold, and not cancelled."""
        return self in _PAID

    @property
    def shippable(self) -> bool:
        """Whether a package can still be reported."""
        return self in _SHIPPABLE

    @property
    def cancellable(self) -> bool:
        """Whether a seller may cancel in every market; in other statuses TikTok is asked what it allows."""
        return self in _CANCELLABLE

    @property
    def rank(self) -> int:
        """How far it is: -1 not paid, 0 to be shipped (also unknown), 1 on its way, 2 delivered, 3 completed."""
        return _RANKS.get(self, 0)


_SHIPPABLE = frozenset({ShopOrderStatus.AWAITING_SHIPMENT, ShopOrderStatus.PARTIALLY_SHIPPING})
_CANCELLABLE = frozenset({ShopOrderStatus.UNPAID, ShopOrderStatus.ON_HOLD, ShopOrderStatus.AWAITING_SHIPMENT})
_RANKS = {
    ShopOrderStatus.UNPAID: -1,
    ShopOrderStatus.AWAITING_COLLECTION: 1,
    ShopOrderStatus.IN_TRANSIT: 1,
    ShopOrderStatus.DELIVERED: 2,
    ShopOrderStatus.COMPLETED: 3,
}
_PAID = _SHIPPABLE | {status for status, rank in _RANKS.items() if rank > 0}


class StoreOrderState(StrEnum):
    """How far an order of the store is. Each storefront maps its own notation to these and back.

    UNKNOWN stands for a state that the storefront has and we do not know.
    """

    INCOMPLETE = "incomplete"
    PENDING = "pending"
    SHIPPED = "shipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    AWAITING_PAYMENT = "awaiting_payment"
    AWAITING_PICKUP = "awaiting_pickup"
    AWAITING_SHIPMENT = "awaiting_shipment"
    COMPLETED = "completed"
    AWAITING_FULFILLMENT = "awaiting_fulfillment"
    MANUAL_VERIFICATION = "manual_verification"
    DISPUTED = "disputed"
    PARTIALLY_REFUNDED = "partially_refunded"
    UNKNOWN = "unknown"


class CreationState(StrEnum):
    """How far the store order of a shop order has come."""

    WAITING = "waiting"
    CREATED = "created"
    FAILED = "failed"
    IGNORED = "ignored"


class ReportState(StrEnum):
    """Whether the shop has been told of a shipment."""

    WAITING = "waiting"
    SENDING = "sending"
    REPORTED = "reported"
    FAILED = "failed"


class CancellationOrigin(StrEnum):
    """Where a cancellation began: at the shop, in the store, or here."""

    SHOP = "shop"
    STORE = "store"
    APP = "app"


class CancellationState(StrEnum):
    """How far a cancellation got on the other side."""

    PASSING = "passing"
    DONE = "done"
    REFUSED = "refused"


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

    @property
    def cancelled(self) -> bool:
        """Whether these units were taken out of the order."""
        return self.status == ShopOrderStatus.CANCELLED


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


class ShopPackage(Document, frozen=True, kw_only=True):
    """A package of an order of the shop, without those that were cancelled. `unit_ids` are of this order alone.

    `shipped`: the shop was told that it is on its way. Number and provider are as the shop shows them, "" if it does
    not.
    """

    id: str
    unit_ids: tuple[str, ...] = ()
    shipped: bool = False
    tracking_number: str = ""
    provider_id: str = ""
    provider: str = ""


class ShopOrder(Document, frozen=True, kw_only=True):
    """One order of the shop. Times are TikTok's. `address` is personal (see Address)."""

    id: str
    status: ShopOrderStatus
    status_text: str = ""
    """TikTok's word where we do not know it, "" where we do."""
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
    packages: tuple[ShopPackage, ...] = ()
    tracking_number: str = ""
    shipping_provider: str = ""
    ship_by: datetime | None = None
    cancel_reason: str = ""
    cancelled_by: str = ""
    buyer_wants_cancel: bool = False
    sample: bool = False
    replacement: bool = False
    source_order_id: str = ""
    """The first order, of one that replaces its goods or exchanges them: TikTok took its money there."""

    @property
    def status_word(self) -> str:
        """The status as TikTok calls it, also where we do not know the word."""
        return self.status_text or self.status.value


class StoreOrderLine(Document, frozen=True, kw_only=True):
    """A catalog line of an order to be made in the store: `unit_price_*` per unit. A custom line has variant_id ""."""

    product_id: str
    variant_id: str
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
    channel_id: str
    state: StoreOrderState
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

    `address_id` is the shipping address it goes to, "" if it is not shipped.
    """

    id: str
    product_id: str
    variant_id: str
    sku: str
    quantity: int
    shipped: int = 0
    refunded: int = 0
    address_id: str = ""

    @property
    def asked_for(self) -> int:
        """How many units are still to be sent or kept by the buyer: what was refunded is not."""
        return max(0, self.quantity - self.refunded)


class StoreOrder(Document, frozen=True, kw_only=True):
    """An order as the store has it. `items` are empty unless they were read."""

    id: str
    state: StoreOrderState
    external_order_id: str
    external_source: str
    channel_id: str
    total_inc_tax: Money
    modified_at: datetime
    created_at: datetime
    archived: bool = False
    source: str = ""
    """Where it was placed, in the store's word; "" where it is not told."""
    items: tuple[StoreOrderItem, ...] = ()
    has_all_items: bool = False
    """Whether `items` are all lines that the order has."""


class StoreShipment(Document, frozen=True, kw_only=True):
    """A shipment in the store: `items` are (order_product_id, quantity), `carrier` as people say it ("": untold)."""

    id: str
    order_id: str
    tracking_number: str = ""
    carrier: str = ""
    comments: str = ""
    items: tuple[tuple[str, int], ...] = ()


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
