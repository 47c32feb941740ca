"""What the core needs of a storefront: to be opened, read and written in our documents, and to tell what it posts.

A storefront is one package that has a `Storefront` and is named in `storefronts.known`. Nothing else of it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from twinshelf.documents import (
    Address,
    Dimensions,
    Money,
    Names,
    ProductDraft,
    ProductPage,
    RefundItem,
    RefundQuote,
    StockUnits,
    StoreCurrency,
    StoreHint,
    StoreInfo,
    StoreLocation,
    StoreOrder,
    StoreOrderDraft,
    StoreOrderItem,
    StoreOrderPage,
    StoreOrderState,
    StoreRefund,
    StoreScope,
    StoreShipment,
    Weight,
)
from twinshelf.kit.http import Urgency


class StoreClient(Protocol):
    """One store, opened with its credentials. Thread-safe; close it, or use it as a context manager.

    Any method raises, besides what it names: OutOfBudget and Throttled (not now), PlatformDown (no usable answer),
    Unauthorized (the token no longer holds), ScopeMissing (not with this token), Refused.
    """

    def with_urgency(self, urgency: Urgency) -> Self:
        """The same store and connections, spending the budget with another urgency. Only the original is closed."""

    def patient(self) -> Self:
        """The same store and connections, waiting for the budget where others put their work off."""

    def close(self) -> None:
        """Let go of the connections. Safe to repeat."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def store(self) -> StoreInfo:
        """What the store says of itself."""

    def time(self) -> datetime:
        """The platform's clock: the cheapest call there is."""

    def currencies(self) -> tuple[StoreCurrency, ...]:
        """The currencies that the store knows, its own among them."""

    def missing_scopes(self) -> tuple[StoreScope, ...]:
        """The scopes we need and the token lacks."""

    def names(self) -> Names:
        """All brand names and category paths, and where orders draw stock from.

        Good for as long as nobody renames one or opens a location.
        """

    def products_after(
        self,
        last_id: str,
        names: Names,
        *,
        store: StoreInfo,
        modified_since: datetime | None = None,
        modified_until: datetime | None = None,
        going_on: Callable[[str], object] | None = None,
    ) -> ProductPage:
        """The next products after `last_id`, "" to begin. Go on with the page's `last_id` while it has `more`.

        Their stock is what an order could draw. `modified_since` and `modified_until`, both inclusive, leave out what
        the store counts as last modified before or after. `going_on` is told that `last_id` as soon as it is known,
        before the products are made, if there is more.
        """

    def product_pages(self, names: Names, *, store: StoreInfo) -> Iterator[ProductPage]:
        """All products, page by page, each asked for when it is wanted. Raises PlatformDown for a list without end."""

    def products(self, ids: Iterable[str], names: Names, *, store: StoreInfo) -> ProductPage:
        """Products by their ids. `missing` are those the store does not have."""

    def products_with_skus(self, skus: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """The ids of the products that have a variant of this SKU, by SKU, as the store compares SKUs."""

    def create_product(self, draft: ProductDraft, *, store: StoreInfo) -> str:
        """Make the product and return its id. Not safe to repeat: look with `products_with_skus` before."""

    def set_product(
        self,
        product_id: str,
        *,
        store: StoreInfo,
        title: str | None = None,
        description: str | None = None,
        weight: Weight | None = None,
        dimensions: Dimensions | None = None,
    ) -> None:
        """Set these fields of a product; those that are None stay as they are. Safe to repeat. Raises NotFound."""

    def set_variant_prices(self, prices: Mapping[str, Money]) -> None:
        """Set prices by variant id. Safe to repeat: it sets."""

    def inventory(
        self, *, product_ids: Iterable[str] = (), variant_ids: Iterable[str] = ()
    ) -> Mapping[str, Mapping[str, int]]:
        """What each location can sell, by variant id and location id. Right after a change the old may still show."""

    def move_stock(
        self,
        source: str,
        target: str,
        *,
        products: Iterable[tuple[str, int]],
        variants: Iterable[tuple[str, int]],
        reason: str,
    ) -> None:
        """Take (id, units) off one location, and put them to another. Not safe to repeat: it adds. Raises Refused."""

    def locations(self) -> tuple[StoreLocation, ...]:
        """All places where the store keeps stock, those that are switched off included."""

    def set_stock(self, variants: Mapping[str, int], products: Mapping[str, int]) -> None:
        """Set how many units can be sold where orders draw from; what else there is stays.

        By variant id, and by product id of those products that the store counts as a whole.
        Safe to repeat: it sets. The new number may show only a moment later.
        """

    def ensure_channel(self, name: str, external_id: str) -> str:
        """The id of the store's channel for the shop `external_id`, made or reconnected if need be. Safe to repeat."""

    def ensure_hooks(self, destination: str, secret: str) -> None:
        """Have all topics of the storefront posted to `destination`, with our secret. Safe to repeat."""

    def delete_hooks(self, destination: str) -> None:
        """Remove all webhooks that this token made to `destination`. Safe to repeat."""

    def orders_after(self, last_id: str) -> StoreOrderPage:
        """The next orders after `last_id`, "" to begin. Go on with the page's `last_id` while it has `more`."""

    def orders_modified(self, since: datetime, *, page: int = 1) -> StoreOrderPage:
        """Orders modified at `since` or later, oldest change first; the pages are numbered from 1."""

    def order_pages(self, last_id: str, *, with_items: bool = False) -> Iterator[StoreOrderPage]:
        """All orders after `last_id`, page by page, with their lines as far as one call tells them if asked for.

        Raises PlatformDown for a list without end.
        """

    def modified_order_pages(self, since: datetime) -> Iterator[StoreOrderPage]:
        """All orders modified at `since` or later, oldest change first. Raises PlatformDown for a list without end."""

    def find_orders(self, external_order_id: str) -> tuple[StoreOrder, ...]:
        """The orders that carry this external id, archived ones too. Raises rather than overlook one."""

    def archived_order_pages(self, created_since: datetime, *, with_items: bool = False) -> Iterator[StoreOrderPage]:
        """The archived orders made since then, as far as the store lists such; their lines as `order_pages`."""

    def order(self, order_id: str) -> StoreOrder:
        """One order, without its items. Raises NotFound."""

    def order_items(self, order_id: str) -> tuple[StoreOrderItem, ...]:
        """All lines of an order. Raises NotFound."""

    def create_order(self, draft: StoreOrderDraft, *, store_currency: str | None = None) -> str:
        """Make the order and return its id. Not safe to repeat: look with `find_orders` before.

        Raises OutOfStock; GoneFromStore; Refused, with a message of its own where nothing will pass by itself.
        """

    def set_order_status(self, order_id: str, state: StoreOrderState) -> None:
        """Safe to repeat: it sets. Raises NotFound."""

    def set_order_address(self, order_id: str, address: Address) -> None:
        """Set where an order bills and ships to. Safe to repeat. Raises NotFound."""

    def refunds(self, order_id: str, currency: str) -> tuple[StoreRefund, ...]:
        """All refunds of an order."""

    def quote_refund(self, order_id: str, items: Sequence[RefundItem], currency: str) -> RefundQuote:
        """What the store would pay back for these items. Changes nothing."""

    def refund(
        self, order_id: str, items: Sequence[RefundItem], quote: RefundQuote, *, total: Money, tax: Money
    ) -> StoreRefund:
        """Record that `total` was paid back outside of the store. NOT safe to repeat."""

    def add_stock(self, units: Sequence[StockUnits], *, reason: str) -> None:
        """Add units to the stock that orders draw from. NOT safe to repeat."""

    def shipments(self, order_id: str) -> tuple[StoreShipment, ...]:
        """All shipments of an order. Raises NotFound."""

    def create_shipment(
        self,
        order_id: str,
        items: Sequence[tuple[str, int]],
        *,
        address_id: str,
        tracking_number: str = "",
        carrier: str = "",
        comments: str = "",
    ) -> StoreShipment:
        """Ship `items`, pairs of (line, units), of one address. NOT safe to repeat: look with `shipments` before.

        `carrier` as people say it. Raises NotFound; Refused where no so many units of a line are left.
        """

    def update_shipment(self, order_id: str, shipment_id: str, *, tracking_number: str, carrier: str) -> None:
        """Set number and carrier of a shipment. Safe to repeat: it sets. Raises NotFound."""


@dataclass(frozen=True)
class Grant:
    """What an installation gives us. The store named here decides, not the one named in the browser's address."""

    store_hash: str
    scopes: tuple[str, ...]
    user_id: int
    user_email: str
    owner_email: str
    account_uuid: str
    access_token: str = field(repr=False)


@dataclass(frozen=True)
class Claims:
    """Who opened the app, from where. `channel_id` is set if it was opened from a sales channel."""

    store_hash: str
    user_id: int
    user_email: str
    owner_id: int
    owner_email: str
    url: str
    locale: str
    channel_id: int | None
    token_id: str
    issued_at: datetime
    """The platform's clock, to the second."""

    @property
    def by_owner(self) -> bool:
        """Whether it is the owner of the store, who alone may say whose it is here."""
        return self.user_id == self.owner_id


class Storefront(Protocol):
    """A kind of store that we connect with."""

    @property
    def key(self) -> str:
        """What stores of this kind are marked with on record and in addresses of webhooks."""

    @property
    def name(self) -> str:
        """As people call it."""

    def store_hash(self, text: str) -> str:
        """What names a store, in what people paste. Raises DocumentError if nothing there does."""

    def open(self, store_hash: str, access_token: str, *, base_url: str, budget: str = "") -> StoreClient:
        """A client of the store, spending the budget that all processes share: the store's, or another by its name."""

    def hint(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secret: str,
        client_secret: str | None,
        must_be_signed: bool,
        now: datetime,
    ) -> StoreHint:
        """What a delivery is about. Raises NotGenuine unless it proves to be this store's, DocumentError for no JSON.

        `client_secret` is None for an account that typed none. `must_be_signed`: a signature alone proves it then.
        """

    def grant(
        self, query: Mapping[str, str], *, client_id: str, client_secret: str, redirect_uri: str, login_url: str
    ) -> Grant:
        """Turn the code in the address that a store installs our app by into a token. Works once per code.

        Raises Unauthorized if the platform refuses the code or our client secret, PlatformDown if it gave no usable
        answer: then the merchant has to install again.
        """

    def claims(self, token: str, *, client_id: str, client_secrets: Sequence[str], now: datetime) -> Claims:
        """Who opened our app, if `token` is the platform's own and meant for us now. Raises NotGenuine."""
