"""What a plan is made of: idempotent calls' worth of change, and the plan itself."""

from __future__ import annotations

import msgspec

from twinshelf.documents.findings import Finding
from twinshelf.documents.goods import ProductDraft
from twinshelf.documents.listings import Listing, SyncField
from twinshelf.documents.money import Dimensions, Document, Money, Weight
from twinshelf.documents.orders import StoreOrderState
from twinshelf.documents.returns import RefundItem, ReturnDecision, StockUnits


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
    sku_ids: tuple[tuple[str, str], ...]
    """(variant id, TikTok SKU id) of the SKUs that stay."""
    withdrawn: tuple[str, ...] = ()
    """Fields that TikTok has from us and `listing` does not have any more: by name, attributes by their id. Only these
    are taken away; whatever else `listing` does not speak of stays as somebody set it in the shop."""
    left: tuple[SyncField, ...] = ()
    """Fields that stay as the shop has them, whatever `listing` says of them."""


class SetPrices(Change, frozen=True, kw_only=True):
    shop_listing_id: str
    prices: tuple[tuple[str, Money], ...]
    """(TikTok SKU id, price), sorted by id."""
    replaced: tuple[tuple[str, Money], ...] = ()
    """(TikTok SKU id, price) of those of them that somebody had set in the shop: what it showed."""


class SetStock(Change, frozen=True, kw_only=True):
    shop_listing_id: str
    stock: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    """(TikTok SKU id, ((warehouse id, available quantity), …)), sorted by id; every warehouse of a SKU is named."""
    put_back: tuple[tuple[str, int, int], ...] = ()
    """(seller SKU, units that the shop showed, units that are right) of SKUs of which the shop may have put units on
    offer again, since an order there was cancelled."""


class PutInWarehouses(Change, frozen=True, kw_only=True):
    """Have SKUs sold from warehouses that they are not in yet: an edit, for setting stock adds none."""

    shop_listing_id: str
    stock: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    """(TikTok SKU id, ((warehouse id, available quantity), …)), as in `SetStock`."""


class SetStoreStock(Change, frozen=True, kw_only=True):
    """Have the store count as many units as the shop has, and as orders without a store order will take."""

    product_id: str
    stock: tuple[tuple[str, int], ...]
    """(variant id, units), sorted by id."""
    held: tuple[tuple[str, int], ...] = ()
    """(variant id, units) that orders hold of them: where that has changed, the numbers are out of date."""
    as_product: bool = False
    """The store counts the product as a whole: it has one variant without options."""


class DeactivateListing(Change, frozen=True, kw_only=True):
    shop_listing_id: str
    low: tuple[str, ...] = ()
    """The seller SKUs whose low stock is the reason; none: a person wants it."""


class ActivateListing(Change, frozen=True, kw_only=True):
    shop_listing_id: str
    restocked: bool = False
    """It was taken off sale for its low stock, and has enough again; else a person wants it."""


class DeleteListing(Change, frozen=True, kw_only=True):
    shop_listing_id: str


class RecoverListing(Change, frozen=True, kw_only=True):
    """Bring a deleted listing back, off sale."""

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


class MoveStock(Change, frozen=True, kw_only=True):
    """Book units of an order from one location of the store to another: shipped from the one, drawn from the other.

    Adds and takes off, so it must not happen twice. A refusal does not keep the order.
    """

    shop_order_id: str
    source: str
    target: str
    products: tuple[tuple[str, int], ...] = ()
    """(product id, units) of goods that the store counts by product, sorted."""
    variants: tuple[tuple[str, int], ...] = ()
    """(variant id, units) of the others, sorted."""

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"move {self.source} {self.target}"


class ReferenceOrder(Change, frozen=True, kw_only=True):
    """Note the store's order beside the shop's. `lines` are (our line id, the shop's unit id)."""

    shop_order_id: str
    store_order_id: str
    lines: tuple[tuple[str, str], ...] = ()


class SetStoreStatus(Change, frozen=True, kw_only=True):
    store_order_id: str
    state: StoreOrderState
    before: StoreOrderState


class SetStoreAddress(Change, frozen=True, kw_only=True):
    """Send the store order to the address the shop has now. The address is kept apart: it is personal."""

    store_order_id: str
    shop_order_id: str


class ReportShipment(Change, frozen=True, kw_only=True):
    """Tell the shop that these units are on their way."""

    shop_order_id: str
    store_shipment_id: str
    unit_ids: tuple[str, ...]
    tracking_number: str
    provider_id: str
    carrier: str = ""
    """The carrier as people say it, for showing."""
    shop_package_id: str = ""
    """The package to ship, in markets where there is one from payment on; "" elsewhere, where one comes of it."""

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"ship {self.store_shipment_id} {self.shop_package_id}".rstrip()


class CorrectShipment(Change, frozen=True, kw_only=True):
    """Put right number and carrier of a package that the shop was told of. The shop takes it once, within 72 hours."""

    shop_order_id: str
    store_shipment_id: str
    shop_package_id: str
    tracking_number: str
    provider_id: str
    carrier: str = ""
    """The carrier as people say it, for showing."""

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"correct {self.shop_package_id} {self.tracking_number}"[:80]


class ShipStoreOrder(Change, frozen=True, kw_only=True):
    """Record in the store that a package of the shop is on its way: one shipment, of lines of one address."""

    shop_order_id: str
    store_order_id: str
    shop_package_id: str
    address_id: str
    items: tuple[tuple[str, int], ...]
    """(line of the store order, units)."""
    unit_ids: tuple[str, ...]
    tracking_number: str
    provider_id: str
    carrier: str = ""
    """As the store calls it."""

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"shipment of {self.shop_package_id} {self.address_id}"


class CorrectStoreShipment(Change, frozen=True, kw_only=True):
    """Give a shipment of the store the number that its package has in the shop now."""

    shop_order_id: str
    store_order_id: str
    store_shipment_id: str
    shop_package_id: str
    tracking_number: str
    carrier: str = ""


class CancelShopOrder(Change, frozen=True, kw_only=True):
    shop_order_id: str
    reason: str

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return "cancel"


class CancelStoreOrder(Change, frozen=True, kw_only=True):
    store_order_id: str
    shop_order_id: str


class CancelDouble(Change, frozen=True, kw_only=True):
    """Cancel a store order that was made of the same shop order as another one, and of which nothing was shipped."""

    store_order_id: str
    shop_order_id: str


class CreateStoreProduct(Change, frozen=True, kw_only=True):
    """Make a product of the shop one of the store, exactly once: looked up by its SKUs first."""

    shop_listing_id: str
    draft: ProductDraft

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return "create"


class SetStoreProduct(Change, frozen=True, kw_only=True):
    """Bring fields of a store's product to what the shop shows. None: the field stays as it is."""

    store_product_id: str
    title: str | None = None
    description: str | None = None
    weight: Weight | None = None
    dimensions: Dimensions | None = None


class SetStorePrices(Change, frozen=True, kw_only=True):
    """Set prices of a store's variants."""

    store_product_id: str
    prices: tuple[tuple[str, Money], ...]
    """(variant id, price), sorted by id."""


class AnswerCancellation(Change, frozen=True, kw_only=True):
    """Grant or decline a buyer's request to cancel. It goes with its attempt's token."""

    shop_order_id: str
    cancel_id: str
    grant: bool
    reason: str = ""
    """TikTok's name of the reason to decline."""

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"answer {self.cancel_id}"


class DecideReturn(Change, frozen=True, kw_only=True):
    """Tell TikTok what the seller decided about a return. It goes with its attempt's token."""

    return_id: str
    decision: ReturnDecision
    reason: str = ""
    """TikTok's name of the reason to reject."""
    comment: str = ""
    amount: Money | None = None
    """The part of the money that is offered, where a part is."""

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"decide {self.return_id} {self.decision}"


class RefundStoreOrder(Change, frozen=True, kw_only=True):
    """Record in the store what TikTok paid back for a return, to the cent. Looked up before it is tried again."""

    store_order_id: str
    return_id: str
    items: tuple[RefundItem, ...]
    total: Money
    tax: Money

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"refund {self.return_id}"


class PutBackStock(Change, frozen=True, kw_only=True):
    """Add what came back with a return to the store's stock. The store does not tell afterwards what was added."""

    return_id: str
    units: tuple[StockUnits, ...]

    @property
    def once(self) -> str:
        """As `Change.once`."""
        return f"stock {self.return_id}"


AnyChange = (
    CreateListing
    | EditContent
    | SetPrices
    | SetStock
    | PutInWarehouses
    | SetStoreStock
    | DeactivateListing
    | ActivateListing
    | DeleteListing
    | RecoverListing
    | CreateStoreOrder
    | MoveStock
    | ReferenceOrder
    | SetStoreStatus
    | SetStoreAddress
    | ReportShipment
    | CorrectShipment
    | ShipStoreOrder
    | CorrectStoreShipment
    | CancelShopOrder
    | CancelStoreOrder
    | CancelDouble
    | CreateStoreProduct
    | SetStoreProduct
    | SetStorePrices
    | AnswerCancellation
    | DecideReturn
    | RefundStoreOrder
    | PutBackStock
)


class Plan(Document, frozen=True, kw_only=True):
    """What to do for one key: changes in order, and the findings that go with them."""

    key: str
    changes: tuple[AnyChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    later_seconds: float | None = None
    """Nothing can be said yet: plan again in so many seconds. None: the plan stands."""
    settled: bool = False
    """What earlier attempts for this key came to is known by now: their notes may go."""
