"""One TikTok Shop, spoken to in our documents. Knows calls, pages, repeats, refusals; the JSON is in its neighbors."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self, TypeVar
from urllib.parse import quote, urlencode

import httpx2
import msgspec
import stamina

from twinshelf.documents import (
    Attribute,
    CancellationRequest,
    CategoryRules,
    Listing,
    Money,
    ShippingProvider,
    ShopCategory,
    ShopInfo,
    ShopListing,
    ShopOrder,
    Warehouse,
)
from twinshelf.errors import (
    DocumentError,
    NotFound,
    PlatformDown,
    ScopeMissing,
    Throttled,
    Transient,
    Unauthorized,
)
from twinshelf.kit import clock, http
from twinshelf.kit.budget import Patient
from twinshelf.kit.http import Answer, Budget, Urgency
from twinshelf.tiktok import (
    cancellations,
    categories,
    errors,
    messages,
    orders,
    packages,
    products,
    shops,
    signing,
    wire,
)
from twinshelf.tiktok import webhooks as hooks
from twinshelf.tiktok.categories import Brand, RecommendedCategory
from twinshelf.tiktok.errors import PLATFORM, AlreadyShipped, NoCategory, PartlyRefused, TooManyRows
from twinshelf.tiktok.orders import Reference
from twinshelf.tiktok.packages import Package, PackagedUnit, Shipped
from twinshelf.tiktok.products import CreatedListing, EditedListing
from twinshelf.tiktok.regions import Region
from twinshelf.tiktok.shops import DeliveryOption
from twinshelf.tiktok.webhooks import Subscription
from twinshelf.tiktok.wire import Page, Rows, Unreadable

API_URL: Final = "https://open-api.tiktokglobalshop.com"

# What one call takes at most (docs of the endpoints).
ORDERS_A_CALL: Final = 50
REFERENCES_A_CALL: Final = 100
PRODUCTS_A_CALL: Final = 20
STOCK_A_CALL: Final = 100
SELLER_SKUS_A_CALL: Final = 10
PAGE: Final = 100
CANCELLATIONS_PAGE: Final = 50
_BEFORE_THE_FIRST_LISTING: Final = 1_500_000_000  # July 2017: TikTok was not yet called so, outside China

_TRIES, _TIME_SECONDS = 3, 10.0
_FIRST_WAIT_SECONDS, _LAST_WAIT_SECONDS = 0.2, 2.0
_DEFAULT_THROTTLE_SECONDS: Final = 1.0
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_NO_DATA: Final = msgspec.Raw(b"{}")
# The reason for a timestamp that TikTok refuses; its code stands for nine other things as well.
_CLOCK_WORD: Final = "timestamp"

T = TypeVar("T")

Method = Literal["GET", "POST", "PUT", "DELETE"]


class TokenSource(Protocol):
    """Where the seller's access token comes from, and who renews it for all that use it."""

    def access_token(self) -> str:
        """The token to use now."""

    def refresh_after(self, rejected: str) -> str:
        """A token other than `rejected`, which TikTok has just refused. Raises Unauthorized if there is none."""


class _Reply(msgspec.Struct, frozen=True):
    code: int | str
    message: str | None = None
    request_id: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")


@dataclass
class _Skew:
    """How far TikTok's clock is ahead of ours, as its answers tell. Shared by all copies of a client.

    Apart from `kit.skew`, which asks the database: a signature must not wait for one.
    """

    seconds: float = 0.0

    def timestamp(self) -> int:
        return int(clock.timestamp() + self.seconds)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the time of an answer for the right one, if it tells any."""
        try:
            self.seconds = parsedate_to_datetime(headers["date"]).timestamp() - clock.timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return


@dataclass(frozen=True)
class _Call:
    """One call before it is signed. `path` has `{}` where ids go: that is also how its quota is counted.

    `repeatable`: doing it twice does no harm, so it may be tried again at once. `keyed`: no harm only because of a key
    that the caller has to keep until the outcome is known.
    """

    method: Method
    path: str
    ids: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    upload: tuple[bytes, Mapping[str, str]] | None = None
    in_shop: bool = True
    repeatable: bool = True
    keyed: bool = False

    @property
    def may_leave_unknown(self) -> bool:
        """Whether the caller must find out what happened if no answer comes."""
        return self.keyed or not self.repeatable

    @property
    def target(self) -> str:
        for each in self.ids:
            if not _ID.fullmatch(each):
                raise DocumentError("id", f"{each[:70]!r} is not an id of TikTok Shop")
        return self.path.format(*self.ids)


class TikTok:
    """A shop, by its cipher and the tokens of its seller. Thread-safe; close it, or use it as a context manager.

    Without cipher it can only list the shops that the seller authorized, and upload images.
    Any method raises, besides what it names: OutOfBudget and Throttled (not now), PlatformDown (no usable answer),
    Unauthorized (the seller must authorize again), ScopeMissing, ShopDisabled, NotFound, Refused (see `remedy`).

    A method that says nothing of repeating only reads. Calls that are safe to repeat are tried up to three times.
    """

    def __init__(
        self,
        app_key: str,
        app_secret: str,
        tokens: TokenSource,
        *,
        cipher: str = "",
        shop_id: str = "",
        budget: Budget,
        base_url: str = API_URL,
        urgency: Urgency = "normal",
    ) -> None:
        self.shop_id = shop_id
        self._app_key, self._app_secret, self._tokens, self._cipher = app_key, app_secret, tokens, cipher
        self._budget = budget
        self._urgency: Urgency = urgency
        self._http = http.client(base_url, headers={"accept": "application/json"})
        self._skew = _Skew()

    def with_urgency(self, urgency: Urgency) -> TikTok:
        """The same shop and connections, spending the budget with another urgency. Only the original is closed."""
        other = copy.copy(self)
        other._urgency = urgency  # noqa: SLF001 - a copy of ourselves
        return other

    def patient(self) -> TikTok:
        """The same shop and connections, waiting for the budget where others put their work off."""
        other = copy.copy(self)
        other._budget = Patient(self._budget)  # noqa: SLF001 - a copy of ourselves
        return other

    def close(self) -> None:
        """Let go of the connections, also for whoever came from `with_urgency`. Safe to repeat."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- the shop ---------------------------------------------------------------------------------------------------

    def shops(self) -> tuple[ShopInfo, ...]:
        """Every shop that the seller authorized, with its cipher.

        Source: Get Authorized Shops, GET /authorization/202309/shops.
        """
        return self._rows("/authorization/202309/shops", "shops", shops.shop_from_json, in_shop=False)

    def warehouses(self) -> tuple[Warehouse, ...]:
        """All warehouses, also those for returns and those switched off: stock goes to `sales` and `enabled` ones.

        Source: Get Warehouse List, GET /logistics/202309/warehouses.
        """
        return self._rows("/logistics/202309/warehouses", "warehouses", shops.warehouse_from_json)

    def failed_prerequisites(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(item, TikTok's reasons) of everything that keeps the shop from listing; () if it can list.

        Source: Check Listing Prerequisites, GET /product/202312/prerequisites.
        """
        checks = self._rows("/product/202312/prerequisites", "check_results", shops.failed_check_from_json)
        return tuple(check for check in checks if check is not None)

    def delivery_options(self, warehouse_id: str) -> tuple[DeliveryOption, ...]:
        """How a warehouse delivers. Source: GET /logistics/202309/warehouses/{warehouse_id}/delivery_options."""
        return self._rows(
            "/logistics/202309/warehouses/{}/delivery_options",
            "delivery_options",
            shops.delivery_option_from_json,
            ids=(warehouse_id,),
            query={"scope": "WAREHOUSE"},
        )

    def shipping_providers(
        self, delivery_option_id: str, *, warehouse_region: str = "", buyer_region: str = ""
    ) -> tuple[ShippingProvider, ...]:
        """The carriers that may be named for orders with this delivery option.

        In DE, ES, FR, IE and IT the regions must be given too. Raises ShippedByTikTok where TikTok is the carrier.
        Source: Get Shipping Providers, GET /logistics/202309/delivery_options/{delivery_option_id}/shipping_providers.
        """
        return self._rows(
            "/logistics/202309/delivery_options/{}/shipping_providers",
            "shipping_providers",
            shops.provider_from_json,
            ids=(delivery_option_id,),
            query={"warehouse_region": warehouse_region, "buyer_region": buyer_region},
        )

    # -- categories and brands --------------------------------------------------------------------------------------

    def categories(self, version: str) -> tuple[ShopCategory, ...]:
        """The whole category tree, several thousand rows, named in the shop's language.

        Source: Get Categories, GET /product/202309/categories.
        """
        return self._rows(
            "/product/202309/categories",
            "categories",
            categories.category_from_json,
            query={"category_version": version},
        )

    def attributes(self, category_id: str, version: str) -> tuple[Attribute, ...]:
        """What a leaf category asks and allows to say.

        Source: Get Attributes, GET /product/202309/categories/{category_id}/attributes.
        """
        return self._rows(
            "/product/202309/categories/{}/attributes",
            "attributes",
            categories.attribute_from_json,
            ids=(category_id,),
            query={"category_version": version},
        )

    def rules(self, category_id: str, version: str) -> CategoryRules:
        """The rules of a leaf category. Source: GET /product/202309/categories/{category_id}/rules."""
        return self._get(
            "/product/202309/categories/{}/rules",
            categories.rules_from_json,
            ids=(category_id,),
            query={"category_version": version},
        )

    def recommend_category(self, title: str, *, version: str, description: str = "") -> RecommendedCategory | None:
        """The leaf category that TikTok would choose; None if nothing fits.

        Source: Recommend Category, POST /product/202309/categories/recommend.
        """
        body = categories.recommendation_to_json(title, description, version)
        try:
            return self._post("/product/202309/categories/recommend", categories.recommendation_from_json, body)
        except NoCategory:
            return None

    def find_brands(self, prefix: str, *, category_id: str = "", version: str = "") -> tuple[Brand, ...]:
        """Up to 100 brands whose name begins with `prefix`; with `category_id`, `authorized` is for that category.

        Source: Get Brands, GET /product/202309/brands.
        """
        return self._rows(
            "/product/202309/brands",
            "brands",
            categories.brand_from_json,
            query={
                "brand_name": prefix,
                "category_id": category_id,
                "category_version": version,
                "page_size": str(PAGE),
            },
        )

    # -- listings ---------------------------------------------------------------------------------------------------

    def upload_image(self, data: bytes, use_case: str = "MAIN_IMAGE") -> str:
        """Upload a picture and return TikTok's lasting name of it, the only form in which listings take pictures.

        Safe to repeat: TikTok then has it twice.
        Source: Upload Product Image, POST /product/202309/images/upload.
        """
        call = _Call("POST", "/product/202309/images/upload", upload=(data, {"use_case": use_case}), in_shop=False)
        return self._call(call, products.image_uri_from_json)

    def create_listing(
        self,
        listing: Listing,
        *,
        image_uris: Mapping[str, str],
        key: str,
        region: Region,
        category_version: str = "",
    ) -> CreatedListing:
        """Create a product and send it to review. Safe to repeat with the same `key`: TikTok answers with the first.

        Keep the key while `outcome_unknown` is set on what is raised.
        `image_uris`: TikTok's name of each uploaded picture by its address. Raises AlreadyListed if the shop has the
        product under another key, ListingCapReached if it may list no more today.
        Source: Create Product, POST /product/202309/products.
        """
        body = products.listing_to_json(
            listing, image_uris=image_uris, region=region, category_version=category_version, key=key
        )
        return self._post("/product/202309/products", products.created_from_json, body, keyed=True)

    def edit_listing(
        self,
        listing_id: str,
        listing: Listing,
        *,
        image_uris: Mapping[str, str],
        sku_ids: Mapping[str, str],
        region: Region,
        category_version: str = "",
    ) -> EditedListing:
        """Bring the content of a listing to `listing` and send it to review; prices and stock stay as they are.

        `sku_ids` has the TikTok SKU id of each variant that is listed already; a variant without one becomes a new SKU.
        SKUs and fields that `listing` does not speak of are kept. Two calls: an edit overwrites everything, so the
        product is read first. Safe to repeat: it sets. Raises WrongStatus if it is frozen or deleted.
        Source: Get Product; Edit Product, PUT /product/202509/products/{product_id}.
        """
        current = self._get("/product/202309/products/{}", bytes, ids=(listing_id,))
        body = products.edit_to_json(
            listing,
            current,
            image_uris=image_uris,
            sku_ids=sku_ids,
            region=region,
            category_version=category_version,
        )
        call = _Call("PUT", "/product/202509/products/{}", (listing_id,), body=msgspec.json.encode(body))
        return self._call(call, products.edited_from_json)

    def listing(self, listing_id: str) -> ShopListing:
        """One product, with description and category, in whatever status. Raises NotFound.

        Source: Get Product, GET /product/202309/products/{product_id}.
        """
        return self._get("/product/202309/products/{}", products.listing_from_json, ids=(listing_id,))

    def find_listings(self, seller_skus: Iterable[str]) -> Rows[ShopListing]:
        """Every product, also deleted ones, that has one of these seller SKUs. A call for every ten of them.

        A product that cannot be read is in the result's `unreadable`: whoever is about to create one must look there.
        Source: Search Products, POST /product/202502/products/search.
        """
        found: dict[str, ShopListing] = {}
        unreadable: list[Unreadable] = []
        for some in _batches(seller_skus, SELLER_SKUS_A_CALL):
            token = ""
            while True:
                page = self._listings({"status": "ALL", "seller_skus": some}, token)
                found |= {listing.id: listing for listing in page.rows}
                unreadable += page.unreadable
                token = page.next_token
                if not token:
                    break
        return Rows.of(found.values(), unreadable)

    def listings_page(
        self,
        *,
        updated_from: datetime | None = None,
        updated_to: datetime | None = None,
        status: str = "ALL",
        page_token: str = "",
    ) -> Page[ShopListing]:
        """One page of 100 products, without description and category. Both times are inclusive, to the second.

        Raises TooManyRows where the search would go beyond 10,000 products: ask for less time.
        Source: Search Products, POST /product/202502/products/search.
        """
        body: dict[str, Any] = {"status": status}
        if updated_from is not None:
            body["update_time_ge"] = int(updated_from.timestamp())
        if updated_to is not None:
            body["update_time_le"] = int(updated_to.timestamp())
        return self._listings(body, page_token)

    def listings(self, *, updated_from: datetime | None = None) -> Iterator[tuple[ShopListing, ...]]:
        """All products, or those updated since a time, in pages of 100, without description and category.

        More than 10,000 are read in slices of time. What changes meanwhile may come twice, the newer one later.
        Raises TooManyRows where more than 10,000 were updated in one second.
        """
        yield from self._listings_between(None if updated_from is None else int(updated_from.timestamp()), None)

    def _listings_between(self, first: int | None, last: int | None) -> Iterator[tuple[ShopListing, ...]]:
        body: dict[str, Any] = {"status": "ALL"}
        body |= {} if first is None else {"update_time_ge": first}
        body |= {} if last is None else {"update_time_le": last}
        token = ""
        try:
            while True:
                page = self._listings(body, token)
                yield tuple(page.rows)
                token = page.next_token
                if not token:
                    return
        except TooManyRows:
            start = _BEFORE_THE_FIRST_LISTING if first is None else first
            end = self._skew.timestamp() + 86_400 if last is None else last
            if end <= start:
                raise
        middle = (start + end) // 2
        yield from self._listings_between(first, middle)
        yield from self._listings_between(middle + 1, last)

    def set_prices(self, listing_id: str, prices: Mapping[str, Money]) -> None:
        """Set the price of each TikTok SKU id given; other SKUs keep theirs.

        Shown at once, without review. Safe to repeat: it sets, it does not add. A call without an answer is not tried
        again here, since it may still arrive behind a newer one: look again later. Raises PriceLocked while the product
        is in a promotion, WrongStatus unless it is live.
        Source: Update Price, POST /product/202309/products/{product_id}/prices/update.
        """
        body = {"skus": [products.price_to_json(sku_id, price) for sku_id, price in prices.items()]}
        self._post("/product/202309/products/{}/prices/update", _nothing, body, ids=(listing_id,), repeatable=False)

    def set_stock(self, listing_id: str, stock: Mapping[str, Mapping[str, int] | Iterable[tuple[str, int]]]) -> None:
        """Set what can be sold of each TikTok SKU id: the quantity by warehouse id, of every warehouse of the SKU.

        Shown at once, without review. Safe to repeat: it sets. A call without an answer may arrive late, as for prices.
        Raises PartlyRefused naming the SKUs and warehouses that TikTok left out; the others took effect.
        Source: Update Inventory, POST /product/202309/products/{product_id}/inventory/update.
        """
        body = {"skus": [products.stock_to_json(sku_id, levels) for sku_id, levels in stock.items()]}
        path = "/product/202309/products/{}/inventory/update"
        self._post(path, lambda data: _all_took_effect(data, "sku_id"), body, ids=(listing_id,), repeatable=False)

    def stock(self, product_ids: Iterable[str]) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """By SKU id, what each warehouse can sell. A SKU that is not in it was not told. A call for every 100 products.

        Source: Inventory Search, POST /product/202309/inventory/search.
        """
        levels: dict[str, tuple[tuple[str, int], ...]] = {}
        for some in _batches(product_ids, STOCK_A_CALL):
            for product in self._post(
                "/product/202309/inventory/search",
                lambda data: wire.rows_at(data, "inventory", products.stock_from_json, id_field="product_id"),
                {"product_ids": some},
            ):
                levels |= product
        return levels

    def activate(self, listing_ids: Iterable[str]) -> None:
        """Put products on sale again, by way of a review. Safe to repeat. Raises PartlyRefused naming the others.

        Source: Activate Product, POST /product/202309/products/activate.
        """
        self._each_product("POST", "/product/202309/products/activate", listing_ids)

    def deactivate(self, listing_ids: Iterable[str]) -> None:
        """Take products off sale; they keep their history. Safe to repeat. Raises PartlyRefused naming the others.

        Source: Deactivate Products, POST /product/202309/products/deactivate.
        """
        self._each_product("POST", "/product/202309/products/deactivate", listing_ids)

    def delete(self, listing_ids: Iterable[str]) -> None:
        """Delete products; `recover` brings them back. Safe to repeat. Raises PartlyRefused naming the others.

        Source: Delete Products, DELETE /product/202309/products.
        """
        self._each_product("DELETE", "/product/202309/products", listing_ids)

    def recover(self, listing_ids: Iterable[str]) -> None:
        """Bring deleted products back, not on sale. Safe to repeat. Raises PartlyRefused naming the others.

        Source: Recover Products, POST /product/202309/products/recover.
        """
        self._each_product("POST", "/product/202309/products/recover", listing_ids)

    # -- orders -----------------------------------------------------------------------------------------------------

    def orders_page(
        self, *, updated_from: datetime, updated_to: datetime, page_token: str = "", page_size: int = PAGE
    ) -> Page[ShopOrder]:
        """One page of the orders last changed from `updated_from` until before `updated_to`, oldest change first.

        A page has all that `orders` would tell. Rows move while the search runs: let the next search overlap this one.
        Source: Get Order List, POST /order/202309/orders/search.
        """
        query = {
            "page_size": str(page_size),
            "page_token": page_token,
            "sort_field": "update_time",
            "sort_order": "ASC",
        }
        body = {"update_time_ge": int(updated_from.timestamp()), "update_time_lt": int(updated_to.timestamp())}
        return self._post(
            "/order/202309/orders/search",
            lambda data: wire.page(data, "orders", orders.order_from_json),
            body,
            query=query,
        )

    def orders(self, order_ids: Iterable[str]) -> Rows[ShopOrder]:
        """These orders, as they are now; those the shop does not have are missing. A call for every 50.

        An order that cannot be read is in the result's `unreadable`.
        Source: Get Order Detail, GET /order/202507/orders.
        """
        parts = [
            self._get(
                "/order/202507/orders",
                lambda data: wire.rows_at(data, "orders", orders.order_from_json),
                query={"ids": ",".join(some)},
            )
            for some in _batches(order_ids, ORDERS_A_CALL)
        ]
        return Rows.of(
            (order for part in parts for order in part), (entry for part in parts for entry in part.unreadable)
        )

    def add_references(self, references: Sequence[Reference]) -> None:
        """Note the store's orders beside TikTok's, a call for every 100. Safe to repeat: it sets.

        Raises PartlyRefused naming the TikTok orders that were left out.
        Source: Add External Order References, POST /order/202406/orders/external_orders.
        """
        self._in_parts(
            references,
            REFERENCES_A_CALL,
            lambda some: self._post(
                "/order/202406/orders/external_orders",
                lambda data: _all_took_effect(data, "order_id"),
                orders.references_to_json(some),
            ),
        )

    def references(self, order_id: str) -> tuple[Reference, ...]:
        """The store's orders that were noted beside a TikTok order.

        Source: Get External Order References, GET /order/202406/orders/{order_id}/external_orders.
        """
        return self._rows(
            "/order/202406/orders/{}/external_orders",
            "external_orders",
            lambda data: orders.reference_from_json(data, shop_order_id=order_id),
            ids=(order_id,),
            query={"platform": orders.REFERENCE_PLATFORM},
        )

    # -- fulfillment ------------------------------------------------------------------------------------------------

    def mark_shipped(self, order_id: str, unit_ids: Sequence[str], tracking_number: str, provider_id: str) -> Shipped:
        """Report units of an order as shipped by the seller, and return the package that comes of it.

        Not repeatable: after a lost answer read `packaged_units` first. If TikTok says that they were shipped before,
        they are read here, and it is a success if they went with this tracking number; else AlreadyShipped.
        Raises OnHold, OrderCancelled, RequestPending, ShippedByTikTok, TrackingRefused.
        Source: Mark Package As Shipped, POST /fulfillment/202610/orders/{order_id}/packages. US, GB, EU and JP only.
        """
        body = packages.shipment_to_json(unit_ids, tracking_number, provider_id)
        path = "/fulfillment/202610/orders/{}/packages"
        try:
            return self._post(path, packages.shipped_from_json, body, ids=(order_id,), repeatable=False)
        except AlreadyShipped:
            package_id = _package_of(self.packaged_units(order_id), unit_ids, tracking_number)
            if not package_id:
                raise
            return Shipped(package_id=package_id)

    def packaged_units(self, order_id: str) -> tuple[PackagedUnit, ...]:
        """Every unit of an order with the package it went into. Raises NotFound.

        Source: Get Order Detail, GET /order/202507/orders.
        """
        found = self._get(
            "/order/202507/orders",
            lambda data: wire.rows_at(data, "orders", packages.packaged_units_from_json),
            query={"ids": order_id},
        )
        if not found:
            raise NotFound(PLATFORM, f"There is no order {order_id}.", platform_code=0, code="E-ORD-GONE")
        return found[0]

    def package(self, package_id: str) -> Package:
        """One package. Source: Get Package Detail, GET /fulfillment/202309/packages/{package_id}."""
        return self._get("/fulfillment/202309/packages/{}", packages.package_from_json, ids=(package_id,))

    def ship_package(self, package_id: str, *, tracking_number: str = "", provider_id: str = "") -> None:
        """Report a package as shipped in the markets where packages exist from payment on (`Region.shipping` "ship").

        Without tracking number TikTok's own carrier is asked to come. Not repeatable: after a lost answer read
        `package` first. If TikTok says that it was shipped before, it is read here, and it is a success if it went with
        this tracking number; else AlreadyShipped. Raises OnHold, OrderCancelled, RequestPending, TrackingRefused.
        Source: Ship Package, POST /fulfillment/202309/packages/{package_id}/ship.
        """
        body = {"self_shipment": packages.tracking_to_json(tracking_number, provider_id)} if tracking_number else {}
        path = "/fulfillment/202309/packages/{}/ship"
        try:
            self._post(path, _nothing, body, ids=(package_id,), repeatable=False)
        except AlreadyShipped:
            package = self.package(package_id)
            if not package.arranged or not _same_tracking(package.tracking_number, tracking_number):
                raise

    def update_shipping(self, package_id: str, tracking_number: str, provider_id: str) -> None:
        """Correct tracking number and carrier of a package; TikTok allows it once, within 72 hours.

        Not repeatable: a second call is refused. Source: Update Package Shipping Info,
        POST /fulfillment/202610/packages/{package_id}/shipping_info/update.
        """
        self._post(
            "/fulfillment/202610/packages/{}/shipping_info/update",
            _nothing,
            packages.tracking_to_json(tracking_number, provider_id),
            ids=(package_id,),
            repeatable=False,
        )

    # -- cancellations ----------------------------------------------------------------------------------------------

    def cancel_reasons(self, order_id: str) -> tuple[str, ...]:
        """The reasons with which the seller can cancel the whole order now; () if it cannot be cancelled.

        Source: Get Aftersale Eligibility, GET /return_refund/202602/orders/{order_id}/aftersale_eligibility.
        """
        return self._get(
            "/return_refund/202602/orders/{}/aftersale_eligibility",
            cancellations.reasons_from_json,
            ids=(order_id,),
            query={"initiate_aftersale_user": "SELLER", "request_types": "CANCEL"},
        )

    def cancel_order(self, order_id: str, reason: str) -> tuple[str, str]:
        """Cancel the whole order with one of `cancel_reasons`, and return (cancel id, status).

        Not repeatable: read the order, or `cancel_reasons`, first. Raises WrongState if TikTok does not allow it now.
        Source: Cancel Order, POST /return_refund/202602/cancellations.
        """
        body = {"order_id": order_id, "cancel_reason": reason}
        return self._post(
            "/return_refund/202602/cancellations", cancellations.cancelled_from_json, body, repeatable=False
        )

    def cancellations_page(
        self,
        *,
        updated_from: datetime | None = None,
        updated_to: datetime | None = None,
        order_ids: Collection[str] = (),
        page_token: str = "",
    ) -> Page[CancellationRequest]:
        """One page of 50 cancellations changed from `updated_from` until before `updated_to`, oldest change first.

        Source: Search Cancellations, POST /return_refund/202602/cancellations/search.
        """
        body: dict[str, Any] = {}
        if updated_from is not None:
            body["update_time_ge"] = int(updated_from.timestamp())
        if updated_to is not None:
            body["update_time_lt"] = int(updated_to.timestamp())
        if order_ids:
            body["order_ids"] = list(order_ids)
        query = {
            "page_size": str(CANCELLATIONS_PAGE),
            "page_token": page_token,
            "sort_field": "update_time",
            "sort_order": "ASC",
        }
        return self._post(
            "/return_refund/202602/cancellations/search",
            lambda data: wire.page(data, "cancellations", cancellations.cancellation_from_json, id_field="cancel_id"),
            body,
            query=query,
        )

    def approve_cancellation(self, cancel_id: str, key: str) -> None:
        """Grant a buyer's request. Safe to repeat with the same `key`. Raises WrongState if it is decided already.

        Source: Approve Cancellation, POST /return_refund/202309/cancellations/{cancel_id}/approve.
        """
        path = "/return_refund/202309/cancellations/{}/approve"
        self._post(path, _nothing, {}, ids=(cancel_id,), query={"idempotency_key": key}, keyed=True)

    def reject_cancellation(self, cancel_id: str, reason: str, key: str) -> None:
        """Decline a buyer's request with one of `reject_reasons`. Safe to repeat with the same `key`.

        In the US do not: shipping the order declines it. Raises WrongState if it is decided already.
        Source: Reject Cancellation, POST /return_refund/202309/cancellations/{cancel_id}/reject.
        """
        path = "/return_refund/202309/cancellations/{}/reject"
        self._post(
            path, _nothing, {"reject_reason": reason}, ids=(cancel_id,), query={"idempotency_key": key}, keyed=True
        )

    def reject_reasons(self, request_id: str) -> tuple[tuple[str, str], ...]:
        """(name, text) of the reasons with which a cancellation or return can be declined.

        Source: Get Reject Reasons, GET /return_refund/202309/reject_reasons.
        """
        return self._rows(
            "/return_refund/202309/reject_reasons",
            "reasons",
            cancellations.reject_reason_from_json,
            query={"return_or_cancel_id": request_id},
        )

    # -- webhooks ---------------------------------------------------------------------------------------------------

    def webhooks(self) -> tuple[Subscription, ...]:
        """The topics this shop sends to addresses of its own. Source: Get Shop Webhooks, GET /event/202309/webhooks."""
        return self._rows("/event/202309/webhooks", "webhooks", hooks.subscription_from_json, id_field="event_type")

    def ensure_webhooks(self, address: str, event_types: Iterable[str] = hooks.EVENT_TYPES) -> tuple[str, ...]:
        """Have each topic sent to `address`; return those that were not. Other topics are left alone. Safe to repeat.

        Source: Update Shop Webhook, PUT /event/202309/webhooks.
        """
        there = {hook.event_type: hook.address for hook in self.webhooks()}
        changed = tuple(event_type for event_type in event_types if there.get(event_type) != address)
        for event_type in changed:
            body = msgspec.json.encode({"address": address, "event_type": event_type})
            self._call(_Call("PUT", "/event/202309/webhooks", body=body), _nothing)
        return changed

    # -- calls ------------------------------------------------------------------------------------------------------

    def _listings(self, body: Mapping[str, Any], page_token: str) -> Page[ShopListing]:
        return self._post(
            "/product/202502/products/search",
            lambda data: wire.page(data, "products", products.listing_from_json),
            body,
            query={"page_size": str(PAGE), "page_token": page_token},
        )

    def _each_product(self, method: Method, path: str, listing_ids: Iterable[str]) -> None:
        def change(some: list[str]) -> None:
            call = _Call(method, path, body=msgspec.json.encode({"product_ids": some}))
            self._call(call, lambda data: _all_took_effect(data, "product_id"))

        self._in_parts(listing_ids, PRODUCTS_A_CALL, change)

    def _in_parts(self, items: Iterable[T], size: int, change: Callable[[list[T]], None]) -> None:
        """`change` every part, also those after one that was partly refused; then raise all refusals as one."""
        refused: list[PartlyRefused] = []
        for some in _batches(items, size):
            try:
                change(some)
            except PartlyRefused as error:
                refused.append(error)
        if refused:
            raise PartlyRefused(
                tuple(item for error in refused for item in error.items), request_id=refused[0].request_id
            )

    def _rows(
        self,
        path: str,
        key: str,
        reader: Callable[[msgspec.Raw], T],
        *,
        ids: tuple[str, ...] = (),
        query: Mapping[str, str] | None = None,
        id_field: str = "id",
        in_shop: bool = True,
    ) -> Rows[T]:
        call = _Call("GET", path, ids, query or {}, in_shop=in_shop)
        return self._call(call, lambda data: wire.rows_at(data, key, reader, id_field=id_field))

    def _get(
        self,
        path: str,
        read: Callable[[msgspec.Raw], T],
        *,
        ids: tuple[str, ...] = (),
        query: Mapping[str, str] | None = None,
    ) -> T:
        return self._call(_Call("GET", path, ids, query or {}), read)

    def _post(
        self,
        path: str,
        read: Callable[[msgspec.Raw], T],
        body: Mapping[str, Any],
        *,
        ids: tuple[str, ...] = (),
        query: Mapping[str, str] | None = None,
        repeatable: bool = True,
        keyed: bool = False,
    ) -> T:
        call = _Call("POST", path, ids, query or {}, msgspec.json.encode(body), repeatable=repeatable, keyed=keyed)
        return self._call(call, read)

    def _call(self, call: _Call, read: Callable[[msgspec.Raw], T]) -> T:
        """Make a call and read its answer; the one place where calls are repeated.

        Up to three tries within ten seconds: of a call that is safe to repeat, or that surely had no effect.
        """
        for attempt in stamina.retry_context(
            on=lambda error: _worth_another_try(call, error),
            attempts=_TRIES,
            timeout=_TIME_SECONDS,
            wait_initial=_FIRST_WAIT_SECONDS,
            wait_max=_LAST_WAIT_SECONDS,
            wait_jitter=_FIRST_WAIT_SECONDS,
        ):
            with attempt:
                return self._try(call, read)
        raise AssertionError("stamina ends by returning or raising")

    def _try(self, call: _Call, read: Callable[[msgspec.Raw], T]) -> T:
        """One try, of up to three requests: a token that has just ended and a clock that is wrong are put right."""
        token = self._tokens.access_token()
        renewed = set_right = False
        while True:
            answer, reply = self._send(call, token)
            code, message = int(reply.code), reply.message or ""
            if code == errors.TOKEN_EXPIRED and not renewed:
                token, renewed = self._tokens.refresh_after(token), True
            elif code == errors.BAD_PARAMETER and _CLOCK_WORD in message.lower() and not set_right:
                set_right = True  # the answer that complains has also told the time
            else:
                break
        _judge(call, answer, code, message, reply.request_id or "")
        try:
            return read(_NO_DATA if bytes(reply.data) in {b"", b"null"} else reply.data)
        except DocumentError as error:
            raise PlatformDown(
                f"{PLATFORM} answered with data that cannot be read: {error}", outcome_unknown=call.may_leave_unknown
            ) from error

    def _send(self, call: _Call, token: str) -> tuple[Answer, _Reply]:
        query = {name: value for name, value in call.query.items() if value}
        query |= {"app_key": self._app_key, "timestamp": str(self._skew.timestamp())}
        if call.in_shop:
            query["shop_cipher"] = self._cipher
        request = self._request(call, token)
        content_type = request.headers.get("content-type", "")
        query["sign"] = signing.sign(self._app_secret, call.target, query, call.body or b"", content_type)
        request.url = request.url.copy_with(query=urlencode(query, quote_via=quote, safe=",").encode())
        self._budget.acquire(call.path, self._urgency)
        answer = http.send(self._http, request, platform=PLATFORM, repeatable=not call.may_leave_unknown)
        self._skew.learn(answer.headers)
        reply = _reply_or_none(answer)
        throttled = answer.status == 429 or (reply is not None and int(reply.code) in errors.THROTTLED)
        self._budget.observe(call.path, answer.status, answer.headers, throttled=throttled)
        if reply is not None:
            return answer, reply
        if throttled:
            raise Throttled(f"{PLATFORM} refused the call", wait_seconds=_wait_of(answer))
        raise PlatformDown(
            f"{PLATFORM} did not answer with its JSON (HTTP {answer.status})", outcome_unknown=call.may_leave_unknown
        )

    def _request(self, call: _Call, token: str) -> httpx2.Request:
        headers = {"x-tts-access-token": token}
        if call.upload is not None:
            data, fields = call.upload
            return self._http.build_request(
                call.method, call.target, headers=headers, data=dict(fields), files={"data": ("image", data)}
            )
        if call.body is not None:
            headers["content-type"] = "application/json"
        return self._http.build_request(call.method, call.target, headers=headers, content=call.body)


def _reply_or_none(answer: Answer) -> _Reply | None:
    """The envelope of an answer; None for what has none, such as a page of HTML or half an answer."""
    try:
        reply = msgspec.json.decode(answer.body, type=_Reply)
        int(reply.code)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return reply


def _judge(call: _Call, answer: Answer, code: int, message: str, request_id: str) -> None:
    """Return if the call took effect, whatever HTTP's status; raise what `code` stands for otherwise."""
    if code == 0:
        return
    if answer.status == 429 or code in errors.THROTTLED:
        wait = _until_next_hour() if code == errors.HOUR_USED_UP else _wait_of(answer)
        raise Throttled(f"{PLATFORM}: {messages.explain(code, message)[1]}", wait_seconds=wait)
    if code == errors.TOKEN_EXPIRED:
        raise Unauthorized(PLATFORM, "the new access token is refused too")
    if code == errors.SCOPE_MISSING:
        raise ScopeMissing(PLATFORM, messages.operation(call.method, call.path))
    if answer.status >= 500:
        raise PlatformDown(
            f"{PLATFORM}: {message} (HTTP {answer.status}, code {code}, request {request_id})",
            outcome_unknown=call.may_leave_unknown,
        )
    raise errors.refusal(code, message, request_id=request_id, repeatable=not call.may_leave_unknown)


def _worth_another_try(call: _Call, error: Exception) -> bool:
    """For stamina: whether the same call may succeed in a moment, and cannot do twice what it should do once."""
    return isinstance(error, PlatformDown) and (call.repeatable or not error.outcome_unknown)


def _wait_of(answer: Answer) -> float:
    try:
        return max(float(answer.headers["retry-after"]), 0.0)
    except (KeyError, ValueError):
        return _DEFAULT_THROTTLE_SECONDS


def _until_next_hour() -> float:
    return 3600.0 - clock.timestamp() % 3600.0


def _nothing(_data: msgspec.Raw) -> None:
    """For calls whose success has nothing to tell."""


def _all_took_effect(data: msgspec.Raw, id_field: Literal["product_id", "sku_id", "order_id"]) -> None:
    """Raise PartlyRefused if an answer of code 0 names items that were left out, Transient if they need only wait."""
    items = errors.refused_items(data, id_field)
    if not items:
        return
    if any(errors.is_down(item.code) for item in items):
        raise Transient(f"{PLATFORM} left out {len(items)} items for now: {items[0].message}")
    raise PartlyRefused(items)


def _package_of(units: Iterable[PackagedUnit], unit_ids: Collection[str], tracking_number: str) -> str:
    """The package that all of `unit_ids` went into with this tracking number; "" if it is not so."""
    ours = [unit for unit in units if unit.unit_id in set(unit_ids)]
    if len(ours) != len(set(unit_ids)) or not all(unit.package_id for unit in ours):
        return ""
    if not all(_same_tracking(unit.tracking_number, tracking_number) for unit in ours):
        return ""
    return ours[0].package_id


def _same_tracking(there: str, ours: str) -> bool:
    """Equal as carriers read them; TikTok does not always tell the number."""
    return not there or packages.clean_tracking(there) == packages.clean_tracking(ours)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    every = list(dict.fromkeys(items))
    for start in range(0, len(every), size):
        yield every[start : start + size]
