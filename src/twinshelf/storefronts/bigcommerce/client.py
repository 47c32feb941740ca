"""One store of BigCommerce, spoken to in our documents. Knows calls, pages and repeats; the JSON is in its neighbors.

There is no method that deletes or archives orders: `DELETE /v2/orders` takes all of them at once.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
import stamina
import structlog

from twinshelf.documents import (
    Address,
    Dimensions,
    Money,
    Names,
    Product,
    ProductDraft,
    ProductPage,
    RefundItem,
    RefundQuote,
    StockUnits,
    StoreCurrency,
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
    Unreadable,
    Weight,
)
from twinshelf.errors import (
    DocumentError,
    NotFound,
    PlatformDown,
    Refused,
    ScopeMissing,
    Throttled,
    Unauthorized,
    WrongStore,
)
from twinshelf.kit import http
from twinshelf.kit.budget import BudgetedClient
from twinshelf.kit.http import Budget, Urgency
from twinshelf.kit.pages import every_page
from twinshelf.storefronts.bigcommerce import (
    answers,
    inventory,
    orders,
    products,
    refunds,
    shipments,
    states,
    store,
    webhooks,
    wire,
)
from twinshelf.storefronts.bigcommerce.answers import PLATFORM
from twinshelf.storefronts.bigcommerce.store import Channel
from twinshelf.storefronts.bigcommerce.webhooks import Hook

API_URL: Final = "https://api.bigcommerce.com"

BUCKET: Final = "store"
"""BigCommerce counts all calls to a store in one window, whatever they ask for."""

PAGE: Final = 250
STOCK_PAGE: Final = 1000

_V2_DEFAULT_PAGE = 50
_LONGEST_ID_LIST = 6000  # characters; leaves room in the 8 KB that servers commonly allow for the address line
_SHORT_WAIT_SECONDS = 5.0
# Longer than a short wait: an overloaded store is not asked again within the call, only to refuse again.
_FIRST_GROWN_WAIT_SECONDS, _LAST_GROWN_WAIT_SECONDS = 8.0, 64.0

_SUBJECTS = (
    ("/v3/catalog/", "products"),
    ("/v3/inventory/locations", "locations"),
    ("/v3/inventory/", "inventory"),
    ("/v3/channels", "channels"),
    ("/v3/hooks", "webhooks"),
    ("/v2/orders", "orders"),
    ("/v3/orders", "orders"),
    ("/", "store information"),
)

_WITH_PARTS = ("include", "variants,images,custom_fields")  # options or modifiers would cut the page to 10 products

_TOKEN = re.compile(r"[!-~]+")

log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder(decimal_format="number").encode

T = TypeVar("T")
Params = Sequence[tuple[str, str | int]]
_WITH_ITEMS: Final[Params] = (
    ("include", "consignments,consignments.line_items"),
    ("consignment_structure", "object"),
)


class _Patience:
    """How often in a row the store refused a call without saying how long to wait. Shared by all who use the pool."""

    def __init__(self) -> None:
        self.refusals = 0

    def next_wait(self) -> float:
        wait = _FIRST_GROWN_WAIT_SECONDS * 2.0 ** min(self.refusals, 8)
        self.refusals += 1
        return min(wait, _LAST_GROWN_WAIT_SECONDS)


@dataclass(frozen=True)
class _OfTime:
    """A page of orders by the time of their change, and where to go on: (time, number of the page)."""

    page: StoreOrderPage
    next: tuple[datetime, int]


@dataclass(frozen=True)
class _Numbered(Generic[T]):
    """A page of a numbered list. `more`: another is worth a look."""

    number: int
    found: T
    more: bool


class BigCommerce(BudgetedClient):
    """A store, by its hash and an API account's token. Thread-safe; close it, or use it as a context manager.

    Any method raises, besides what it names: OutOfBudget and Throttled (not now), PlatformDown (no usable answer),
    Unauthorized (the token no longer holds), ScopeMissing (not with this token), Refused (see its `fields`).
    """

    def __init__(
        self,
        store_hash: str,
        access_token: str,
        *,
        budget: Budget,
        base_url: str = API_URL,
        urgency: Urgency = "normal",
    ) -> None:
        if not _TOKEN.fullmatch(access_token):  # no header could carry it
            raise Unauthorized(PLATFORM, "that is not an access token")
        self.store_hash = store.hash_from_address(store_hash)
        headers = {"x-auth-token": access_token, "accept": "application/json"}
        super().__init__(http.client(base_url, headers=headers), budget, urgency)
        self._base_url = base_url.rstrip("/")
        self._patience = _Patience()

    # -- the store --------------------------------------------------------------------------------------------------

    def store(self) -> StoreInfo:
        """Name, currency, time zone and units of the store. Two calls.

        Raises DocumentError if the store uses a unit we do not know, and WrongStore if the token is another store's.
        """
        try:
            units = self._get("/v3/settings/store/units-of-measurement", store.units_from_json)
        except (Refused, ScopeMissing):
            units = ("", "")
        try:
            return self._get("/v2/store", lambda body: store.store_from_json(body, units))
        except Refused as error:
            if error.platform_code == HTTPStatus.FORBIDDEN:  # a missing scope is told as such
                raise WrongStore("", self.store_hash) from error
            raise

    def time(self) -> datetime:
        """The platform's clock. The cheapest proof that the credentials work."""
        return self._get("/v2/time", store.time_from_json)

    def currencies(self) -> tuple[StoreCurrency, ...]:
        """All currencies of the store. Source: currencies.v2.yml, GET /currencies."""
        return self._v2_pages("/v2/currencies", store.currencies_from_json)

    def missing_scopes(self) -> tuple[StoreScope, ...]:
        """The scopes we need and the token lacks, as BigCommerce's control panel calls them. A call per right.

        Nothing is changed: what is tried to be written has the number 0, or says nothing.
        """
        missing: dict[StoreScope, None] = {}
        for probe in store.PROBES:
            try:
                self._call(probe.method, probe.path, bytes, body=None if probe.method == "GET" else {})
            except ScopeMissing:
                missing[probe.scope] = None
            except Refused:
                if probe.method == "GET":
                    raise
        return tuple(missing)

    # -- catalog ----------------------------------------------------------------------------------------------------

    def names(self) -> Names:
        """All brand names and category paths, and where orders draw stock from. A call per 250 of either, and one.

        Good for as long as nobody renames one or opens a location.
        """
        brands: dict[str, str] = {}
        for found in self._pages("/v3/catalog/brands", products.brands_from_json, [("include_fields", "name")]):
            brands |= found
        try:
            draws_from = inventory.draws_from(self.locations())
        except (Refused, ScopeMissing):
            draws_from = ""
        return Names(brands, products.category_paths(self._categories()), draws_from)

    def products_after(
        self,
        last_id: str,
        names: Names,
        *,
        store: StoreInfo,
        modified_since: datetime | None = None,
        modified_until: datetime | None = None,
        limit: int = PAGE,
        going_on: Callable[[str], object] | None = None,
    ) -> ProductPage:
        """The next products by id after `last_id`, "" to begin. Go on with the page's `last_id` while it has `more`.

        `going_on` is told that `last_id` as soon as it is known, before the products are made, if there is more.

        Ids, unlike page numbers, do not shift while somebody edits the catalog. `modified_since` leaves out products
        that BigCommerce counts as untouched; that misses price lists and some variants, so it replaces no full scan.
        Source: products_catalog.v3.yml, GET /catalog/products, `id:greater`, `date_modified:min`,
        `date_modified:max`.
        """
        params: list[tuple[str, str | int]] = [
            ("sort", "id"),
            ("direction", "asc"),
            ("id:greater", last_id or 0),
            ("limit", limit),
            _WITH_PARTS,
        ]
        if modified_since is not None:
            params.append(("date_modified:min", wire.stamp(modified_since)))
        if modified_until is not None:
            params.append(("date_modified:max", wire.stamp(modified_until)))

        def go_on(place: str) -> None:
            _must_go_on(last_id, place, more=True)
            if going_on is not None:
                going_on(place)

        page = self._get(
            "/v3/catalog/products",
            lambda body: products.page_from_json(body, names, store=store, limit=limit, going_on=go_on),
            params,
        )
        return replace(page, products=self._as_drawn(page.products, names))

    def product_pages(self, names: Names, *, store: StoreInfo) -> Iterator[ProductPage]:
        """All products by id, page by page, each asked for when it is wanted.

        Raises PlatformDown, besides what `products_after` raises, where the pages lead in a circle.
        """
        return every_page(
            lambda last_id: self.products_after(last_id, names, store=store),
            "",
            following=lambda page: page.last_id if page.more else None,
            platform=PLATFORM,
        )

    def products(self, ids: Iterable[str], names: Names, *, store: StoreInfo) -> ProductPage:
        """Products by their ids, sorted by id; a call per 250. `missing` are those the store does not have."""
        wanted = sorted(set(ids), key=int)
        found: list[Product] = []
        unreadable: list[Unreadable] = []
        for some in _chunks(wanted, PAGE):
            params: Params = [("id:in", some), ("limit", PAGE), _WITH_PARTS]
            page = self._get(
                "/v3/catalog/products",
                lambda body: products.page_from_json(body, names, store=store, limit=PAGE),
                params,
            )
            found += page.products
            unreadable += page.unreadable
        seen = {product.id for product in found} | {entry.id for entry in unreadable}
        return ProductPage(
            products=self._as_drawn(sorted(found, key=lambda product: int(product.id)), names),
            unreadable=tuple(unreadable),
            last_id=max(seen, key=lambda i: int(i or 0), default=""),
            more=False,
            missing=tuple(i for i in wanted if i not in seen),
        )

    def products_with_skus(self, skus: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """The ids of the products that have a variant of this SKU, by SKU; those that nothing has are left out.

        A call per SKU. BigCommerce may answer with SKUs that differ in case: compare what `products` then gives.
        Source: product-variants_catalog.v3.yml, GET /catalog/variants, `sku`.
        """
        found: dict[str, tuple[str, ...]] = {}
        for sku in dict.fromkeys(skus):
            pages = self._pages("/v3/catalog/variants", products.holders_from_json, [("sku", sku)])
            if ids := tuple(dict.fromkeys(product_id for page in pages for product_id in page)):
                found[sku] = ids
        return found

    def create_product(self, draft: ProductDraft, *, store: StoreInfo) -> str:
        """Make the product and return its id. NOT safe to repeat: look with `products_with_skus` before.

        BigCommerce refuses a name or SKU that it has already: Refused with 409. It fetches the pictures by itself.
        Raises DocumentError if the draft contradicts itself. Source: products_catalog.v3.yml, POST /catalog/products.
        """
        body = products.draft_to_json(draft, store)
        return self._post("/v3/catalog/products", body, products.created_id_from_json)

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
        body = products.fields_to_json(
            title=title, description=description, weight=weight, dimensions=dimensions, store=store
        )
        self._put(f"/v3/catalog/products/{product_id}", body)

    def set_variant_prices(self, prices: Mapping[str, Money]) -> None:
        """Set prices by variant id, 50 a call. Safe to repeat: it sets.

        Source: product-variants_catalog.v3.yml, PUT /catalog/variants.
        """
        rows = [{"id": int(variant_id), "price": price.amount} for variant_id, price in sorted(prices.items())]
        for start in range(0, len(rows), products.MOST_VARIANTS_A_CALL):
            self._put("/v3/catalog/variants", rows[start : start + products.MOST_VARIANTS_A_CALL])

    def _as_drawn(self, found: Sequence[Product], names: Names) -> tuple[Product, ...]:
        """The products with what orders can draw, where the catalog also counts locations that they cannot reach."""
        if not names.draws_from:  # the usual case
            return tuple(found)
        tracked = [product.id for product in found if any(variant.stock is not None for variant in product.variants)]
        stock = self.inventory(product_ids=tracked)
        return tuple(inventory.with_stock_at(product, stock, names.draws_from) for product in found)

    def _categories(self) -> dict[int, tuple[int, str]]:
        """Through category trees, which know every storefront; where there are none, through the deprecated list."""
        found: dict[int, tuple[int, str]] = {}
        try:
            for page in self._pages("/v3/catalog/trees/categories", products.categories_from_json):
                found |= page
        except Refused:
            found.clear()
            for page in self._pages("/v3/catalog/categories", products.categories_from_json):
                found |= page
        return found

    # -- inventory --------------------------------------------------------------------------------------------------

    def inventory(
        self, *, product_ids: Iterable[str] = (), variant_ids: Iterable[str] = ()
    ) -> dict[str, Mapping[str, int]]:
        """What each location can sell, by variant id and location id, of the products or the variants named.

        A call per 1,000 variants. A variant that is not in the answer is unknown to the inventory, not out of stock.
        Right after a change the old number may still show.
        """
        found: dict[str, Mapping[str, int]] = {}
        for name, ids in (("product_id:in", product_ids), ("variant_id:in", variant_ids)):
            for some in _chunks(sorted(set(ids), key=int), STOCK_PAGE):
                for stock in self._pages("/v3/inventory/items", _stock_from_json, [(name, some)], limit=STOCK_PAGE):
                    found.update(stock)
        return found

    def add_stock(self, units: Sequence[StockUnits], *, reason: str) -> None:
        """Add units to what the default location holds: where orders draw from.

        NOT safe to repeat: it adds, and nothing tells afterwards that it was done. Raises Refused for what the store
        does not track.
        Source: BigCommerce docs, reference/inventory.v3.yml, POST /inventory/adjustments/relative.
        """
        self._post("/v3/inventory/adjustments/relative", inventory.addition_to_json(units, reason), bytes)

    def locations(self) -> tuple[StoreLocation, ...]:
        """All locations, disabled ones included."""
        pages = self._pages("/v3/inventory/locations", inventory.locations_from_json)
        return tuple(location for page in pages for location in page)

    def set_stock(self, variants: Mapping[str, int], products: Mapping[str, int]) -> None:
        """Set the units on hand at the default location, from which orders draw: by variant id, and by product id.

        An item goes by the level at which it is tracked. Safe to repeat: it sets. Accepted at once, carried out a
        moment later. At most 2,000 items a call.
        Source: inventory-adjustments.mdx; PUT /v3/inventory/adjustments/absolute.
        """
        items = [*inventory.adjustments("variant_id", variants), *inventory.adjustments("product_id", products)]
        for start in range(0, len(items), inventory.MOST_ADJUSTED):
            body = {"reason": "TikTok Shop", "items": items[start : start + inventory.MOST_ADJUSTED]}
            self._put("/v3/inventory/adjustments/absolute", body)

    def move_stock(
        self,
        source: str,
        target: str,
        *,
        products: Iterable[tuple[str, int]],
        variants: Iterable[tuple[str, int]],
        reason: str,
    ) -> None:
        """Take units off what one location holds, and put them to another: of goods counted by product, and variants.

        Not safe to repeat: it adds. Raises Refused where the one has fewer above its safety stock, or the store never
        counted the other, and ScopeMissing with a token that may only read.
        Source: inventory.v3.yml, POST /inventory/adjustments/relative.
        """
        units = [("product_id", *each) for each in products] + [("variant_id", *each) for each in variants]
        items = [
            {"location_id": int(location), name: int(number), "quantity": sign * quantity}
            for location, sign in ((source, -1), (target, 1))
            for name, number, quantity in units
        ]
        self._post("/v3/inventory/adjustments/relative", {"reason": reason, "items": items}, bytes)

    # -- channel ----------------------------------------------------------------------------------------------------

    def ensure_channel(self, name: str, external_id: str) -> str:
        """The id of the connected TikTok Shop channel for the shop `external_id`, made or reconnected if need be.

        Safe to repeat: a channel is found again by its external id. BigCommerce allows few characters in a name and
        each name once; others are replaced, and a taken name gets the external id at its end.
        """
        own = [c for c in self._channels() if c.external_id == external_id and c.revivable]
        if own:
            channel = min(own, key=lambda c: (c.status != "connected", int(c.id)))
            if channel.status != "connected":
                self._put(f"/v3/channels/{channel.id}", {"status": "connected"})
            return channel.id
        try:
            return self._create_channel(name, external_id)
        except Refused as refused:
            if refused.platform_code != 409:
                raise
            return self._create_channel(f"{name}-{external_id}", external_id)

    def channel_status(self, channel_id: str) -> str:
        """BigCommerce's word for the state of a channel; orders are taken only while it is "connected".

        Raises NotFound.
        """
        return self._get(f"/v3/channels/{channel_id}", store.channel_from_json).status

    def _channels(self) -> list[Channel]:
        params: Params = [("type:in", store.MARKETPLACE), ("platform:in", store.PLATFORM)]
        pages = self._pages("/v3/channels", store.channels_from_json, params)
        return [channel for page in pages for channel in page if channel.platform == store.PLATFORM]

    def _create_channel(self, name: str, external_id: str) -> str:
        return self._post("/v3/channels", store.channel_to_json(name, external_id), store.channel_from_json).id

    # -- webhooks ---------------------------------------------------------------------------------------------------

    def hooks(self) -> tuple[Hook, ...]:
        """All webhooks of our API account; BigCommerce does not show those of others."""
        return self._hooks([])

    def ensure_hooks(self, destination: str, secret: str, *, scopes: Iterable[str] = webhooks.TOPICS) -> None:
        """Have an active webhook with our secret for each topic at `destination`. Others are left alone.

        Safe to repeat, and to repeat with a new secret. BigCommerce switches webhooks off after two days of failures
        or 90 of silence; this switches them on again. A new one may take a minute to fire.
        """
        present = {hook.scope: hook for hook in self._hooks([("destination", destination)])}
        for scope in scopes:
            body = webhooks.hook_to_json(scope, destination, secret)
            hook = present.get(scope)
            if hook is None:
                try:
                    self._post("/v3/hooks", body, bytes)
                except Refused as refused:
                    if refused.platform_code != 409:  # 409: another process was faster
                        raise
            elif not (hook.active and hook.carries(secret)):
                self._put(f"/v3/hooks/{hook.id}", body)

    def delete_hooks(self, destination: str) -> None:
        """Remove all our webhooks to `destination`. Safe to repeat."""
        for hook in self._hooks([("destination", destination)]):
            try:
                self._call("DELETE", f"/v3/hooks/{hook.id}", bytes)
            except NotFound:
                continue

    def _hooks(self, params: Params) -> tuple[Hook, ...]:
        found = (hook for page in self._pages("/v3/hooks", webhooks.hooks_from_json, params) for hook in page)
        destination = dict(params).get("destination")
        return tuple(hook for hook in found if destination is None or hook.destination == destination)

    # -- orders -----------------------------------------------------------------------------------------------------

    def orders_after(self, last_id: str, *, limit: int = PAGE, with_items: bool = False) -> StoreOrderPage:
        """The next orders by id after `last_id`, "" to begin. Go on with the page's `last_id` while it has `more`.

        `with_items`: with their lines, but for orders of more than 50 (`StoreOrder.has_all_items`). An order that
        cannot be read is left out and named in the log.
        """
        params: list[tuple[str, str | int]] = [("min_id", int(last_id or 0) + 1), ("sort", "id:asc")]
        if with_items:
            params += _WITH_ITEMS
        page = self._order_page(params, after=last_id, limit=limit)
        _must_go_on(last_id, page.last_id, more=page.more)
        return page

    def order_pages(self, last_id: str, *, with_items: bool = False) -> Iterator[StoreOrderPage]:
        """All orders by id after `last_id`, "" to begin, page by page, each asked for when it is wanted.

        Raises PlatformDown, besides what `orders_after` raises, where the pages lead in a circle.
        """
        return every_page(
            partial(self.orders_after, with_items=with_items),
            last_id,
            following=lambda page: page.last_id if page.more else None,
            platform=PLATFORM,
        )

    def orders_modified(self, since: datetime, *, page: int = 1, limit: int = PAGE) -> StoreOrderPage:
        """Orders modified at `since` or later, oldest change first, without their items; empty past the end.

        Orders shift between pages while they change: rather than to the next page, go on with the last order's time as
        `since`. Only where a whole page has one time does it take the next page. An order that cannot be read is left
        out and named in the log.
        """
        return self._order_page(
            [("min_date_modified", wire.stamp(since)), ("sort", "date_modified:asc"), ("page", page)], limit=limit
        )

    def modified_order_pages(self, since: datetime) -> Iterator[StoreOrderPage]:
        """All orders modified at `since` or later, oldest change first, page by page; none comes twice.

        Raises PlatformDown, besides what `orders_modified` raises, where the pages lead in a circle.
        """
        handed_out: set[tuple[str, datetime]] = set()

        def turn(place: tuple[datetime, int]) -> _OfTime:
            page = self.orders_modified(place[0], page=place[1])
            last = max((order.modified_at for order in page.orders), default=place[0])
            # Orders shift between pages while they change: on with the last one's time, not with the next number.
            return _OfTime(page, (last, 1) if last > place[0] else (place[0], place[1] + 1))

        pages = every_page(
            turn, (since, 1), following=lambda turned: turned.next if turned.page.more else None, platform=PLATFORM
        )
        stale = 0
        for turned in pages:
            fresh = tuple(order for order in turned.page.orders if (order.id, order.modified_at) not in handed_out)
            handed_out |= {(order.id, order.modified_at) for order in fresh}
            stale = 0 if fresh else stale + 1
            if stale > 1 and turned.page.more:  # one may be: all of a page have one time, and it is read again by it
                raise PlatformDown(f"{PLATFORM} leads in a circle: a list has no end")
            yield dataclasses.replace(turned.page, orders=fresh)

    def find_orders(self, external_order_id: str) -> tuple[StoreOrder, ...]:
        """The orders that carry this external id, without their items: none, one, or a double that must not be.

        Archived ones are asked for apart: that lists leave them out, and that they take this filter, is not documented.
        Raises DocumentError if one of them cannot be read, and PlatformDown if the answer is about other orders: to
        overlook an order here would be to create it again.
        """

        def read(body: bytes) -> list[StoreOrder]:
            found, unreadable = orders.orders_from_json(body)
            if unreadable:
                raise unreadable[0].error
            return found

        matching: dict[str, StoreOrder] = {}
        for archived in ("false", "true"):
            params: Params = [("external_order_id", external_order_id), ("is_deleted", archived), ("limit", PAGE)]
            found = self._get("/v2/orders", read, params)
            right = {order.id: order for order in found if order.external_order_id == external_order_id}
            if found and not right:
                raise PlatformDown(f"{PLATFORM} was asked for one order and answered with others")
            matching |= right
        return tuple(matching.values())

    def archived_order_pages(self, created_since: datetime, *, with_items: bool = False) -> Iterator[StoreOrderPage]:
        """The archived orders made at `created_since` or later, by id, page by page; `with_items` as `orders_after`.

        Ends at once where the store pays no heed to the filter, which is not documented.
        Raises PlatformDown, besides what `orders_after` raises, where the pages lead in a circle.
        """

        def turn(last_id: str) -> StoreOrderPage:
            params: Params = [
                ("is_deleted", "true"),
                ("min_date_created", wire.stamp(created_since)),
                ("min_id", int(last_id or 0) + 1),
                ("sort", "id:asc"),
            ]
            page = self._order_page([*params, *(_WITH_ITEMS if with_items else ())], after=last_id, limit=PAGE)
            archived = tuple(order for order in page.orders if order.archived)
            return dataclasses.replace(page, orders=archived, more=page.more and len(archived) == len(page.orders))

        return every_page(turn, "", following=lambda page: page.last_id if page.more else None, platform=PLATFORM)

    def order(self, order_id: str) -> StoreOrder:
        """One order, archived ones included, without its items. Raises NotFound."""
        return self._get(f"/v2/orders/{order_id}", orders.order_from_json)

    def order_items(self, order_id: str) -> tuple[StoreOrderItem, ...]:
        """All lines of an order. Raises NotFound, and DocumentError if one of them cannot be read."""
        return self._v2_pages(f"/v2/orders/{order_id}/products", orders.items_from_json)

    def create_order(self, draft: StoreOrderDraft, *, store_currency: str | None = None) -> str:
        """Make the order and return its id. NOT safe to repeat: BigCommerce has no idempotency key.

        Look with `find_orders` before, and again after PlatformDown with `outcome_unknown`. BigCommerce lowers its
        stock for the lines and sends no email. An order in another currency than `store_currency` is refused unless
        the store sells in it; None: not compared.

        Raises OutOfStock, whose `fields` name every refused line as `sku:…` or `product:…`; read the stock again after
        it, since part may have been taken. Raises GoneFromStore where a product or variant is not there any more,
        DocumentError if the draft contradicts itself.
        Source: orders.v2.oas2.yml, POST /orders.
        """
        body = orders.draft_to_json(draft, store_currency=store_currency)
        try:
            return self._post("/v2/orders", body, orders.created_id_from_json)
        except Refused as refused:
            raise orders.explained(refused, draft.total_inc_tax.currency) from refused

    def set_order_status(self, order_id: str, state: StoreOrderState) -> None:
        """Safe to repeat: it sets. May email the buyer, as the merchant's settings say. Raises NotFound."""
        self._put(f"/v2/orders/{order_id}", {"status_id": states.number_of(state)})

    def set_order_address(self, order_id: str, address: Address) -> None:
        """Set where an order bills and ships to; its prices stay. Safe to repeat. Raises NotFound."""
        body = orders.address_to_json(address)
        for address_id in self._get(f"/v2/orders/{order_id}/shipping_addresses", orders.address_ids_from_json):
            self._put(f"/v2/orders/{order_id}/shipping_addresses/{address_id}", body)
        self._put(f"/v2/orders/{order_id}", {"billing_address": body})

    def refunds(self, order_id: str, currency: str) -> tuple[StoreRefund, ...]:
        """All refunds of an order, in the order's currency. Raises NotFound, DocumentError if one cannot be read."""
        found, unreadable = self._get(
            f"/v3/orders/{order_id}/payment_actions/refunds", lambda body: refunds.refunds_from_json(body, currency)
        )
        if unreadable:
            raise unreadable[0].error
        return tuple(found)

    def quote_refund(self, order_id: str, items: Sequence[RefundItem], currency: str) -> RefundQuote:
        """What BigCommerce would pay back for these items. Changes nothing. Raises Refused where it cannot."""
        path = f"/v3/orders/{order_id}/payment_actions/refund_quotes"
        return self._post(path, refunds.items_to_json(items), lambda body: refunds.quote_from_json(body, currency))

    def refund(
        self, order_id: str, items: Sequence[RefundItem], quote: RefundQuote, *, total: Money, tax: Money
    ) -> StoreRefund:
        """Record that exactly `total` was paid back outside of the store, by the offline provider of `quote`.

        NOT safe to repeat: look with `refunds` before, and after PlatformDown with `outcome_unknown`. Moves no money
        and gives no stock back; may email the buyer. One at a time per order: a second one meanwhile is Refused.
        Source: BigCommerce docs, reference/orders.v3.yml; store-operations/orders/refunds.mdx.
        """
        body = refunds.refund_to_json(items, quote, total, tax)
        return self._post(
            f"/v3/orders/{order_id}/payment_actions/refunds",
            body,
            lambda answer: refunds.refund_from_json(answer, total.currency),
        )

    def shipments(self, order_id: str) -> tuple[StoreShipment, ...]:
        """All shipments of an order. Raises NotFound, and DocumentError if one of them cannot be read."""
        return self._v2_pages(f"/v2/orders/{order_id}/shipments", shipments.shipments_from_json)

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
        """Ship `items`, pairs of (order_product_id, quantity), of one shipping address (`StoreOrderItem.address_id`).

        NOT safe to repeat: look with `shipments` before, and after PlatformDown with `outcome_unknown`. May email the
        buyer, so give the tracking number at once. Whether the order's status follows depends on the store: set it too.
        """
        body = shipments.shipment_to_json(
            address_id=address_id,
            items=items,
            tracking_number=tracking_number,
            carrier=carrier,
            comments=comments,
        )
        return self._post(f"/v2/orders/{order_id}/shipments", body, shipments.shipment_from_json)

    def update_shipment(self, order_id: str, shipment_id: str, *, tracking_number: str, carrier: str) -> None:
        """Set number and carrier of a shipment. Safe to repeat: it sets. Raises NotFound."""
        body = {"tracking_number": tracking_number} | shipments.carrier_to_json(carrier)
        self._put(f"/v2/orders/{order_id}/shipments/{shipment_id}", body)

    def _order_page(self, params: Params, *, after: str = "", limit: int) -> StoreOrderPage:
        page = self._get(
            "/v2/orders",
            lambda body: orders.page_from_json(body, after=after, limit=limit),
            [*params, ("limit", limit)],
        )
        for entry in page.unreadable:
            log.warning("order_unreadable", store=self.store_hash, order_id=entry.id, field=entry.error.field)
        return page

    # -- calls ------------------------------------------------------------------------------------------------------

    def _get(self, path: str, read: Callable[[bytes], T], params: Params = ()) -> T:
        return self._call("GET", path, read, params=params)

    def _put(self, path: str, body: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        self._call("PUT", path, bytes, body=body)

    def _post(self, path: str, body: Mapping[str, Any], read: Callable[[bytes], T]) -> T:
        return self._call("POST", path, read, body=body)

    def _pages(
        self, path: str, read: Callable[[bytes], tuple[T, bool | None]], params: Params = (), *, limit: int = PAGE
    ) -> Iterator[T]:
        """All numbered pages of a V3 list, until one is empty, whatever the last one promised.

        Where they do not say whether more follow, the next one is always looked at.
        """

        def turn(number: int) -> _Numbered[T]:
            found, follows = self._get(path, read, [*params, ("page", number), ("limit", limit)])
            return _Numbered(number, found, more=bool(found) and follows is not False)

        return (page.found for page in self._numbered(turn))

    def _v2_pages(self, path: str, read: Callable[[bytes], tuple[list[T], tuple[Unreadable, ...]]]) -> tuple[T, ...]:
        """All numbered pages of a V2 list.

        They do not say whether more follow: a page as long as the limit, or as the default that a server may silently
        fall back to, is followed by another look.
        """

        def turn(number: int) -> _Numbered[list[T]]:
            found, unreadable = self._get(path, read, [("page", number), ("limit", PAGE)])
            if unreadable:
                raise unreadable[0].error
            return _Numbered(number, found, more=len(found) in {PAGE, _V2_DEFAULT_PAGE})

        return tuple(row for page in self._numbered(turn) for row in page.found)

    def _numbered(self, turn: Callable[[int], _Numbered[T]]) -> Iterator[_Numbered[T]]:
        return every_page(
            turn,
            1,
            following=lambda page: page.number + 1 if page.more else None,
            rows=lambda page: page.found,
            platform=PLATFORM,
        )

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[bytes], T],
        *,
        params: Params = (),
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> T:
        """Make a call and read its answer; the one place where calls are repeated.

        Up to three tries within ten seconds, where the earlier one surely had no effect or the call merely sets.
        """
        for attempt in stamina.retry_context(
            on=_wait_before_retry, attempts=3, timeout=10.0, wait_initial=0.2, wait_max=2.0, wait_jitter=0.2
        ):
            with attempt:
                return self._try(method, path, read, params, body)
        raise AssertionError("stamina ends by returning or raising")

    def _try(
        self,
        method: str,
        path: str,
        read: Callable[[bytes], T],
        params: Params,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
    ) -> T:
        url = f"{self._base_url}/stores/{self.store_hash}{path}"
        if params:
            url = f"{url}?{urlencode(params, safe=',:')}"
        headers = {} if body is None else {"content-type": "application/json"}
        request = self._http.build_request(
            method, http.address(url), content=None if body is None else _encode(body), headers=headers
        )
        repeatable = method != "POST"
        self._budget.acquire(BUCKET, self._urgency)
        answer = http.send(self._http, request, platform=PLATFORM, repeatable=repeatable)
        self._budget.observe(BUCKET, answer.status, answer.headers, throttled=answer.status == 429)
        if answer.status != 429:
            self._patience.refusals = 0
        try:
            answers.judge(
                answer.status,
                answer.headers,
                answer.body,
                content_type=answer.content_type,
                doing=_doing(method, path),
                repeatable=repeatable,
            )
        except Throttled as throttled:
            if throttled.wait_seconds:
                raise
            raise Throttled(str(throttled), wait_seconds=self._patience.next_wait()) from None
        try:
            return read(answer.body)
        except (wire.NotAnAnswer, DocumentError) as error:
            if repeatable and isinstance(error, DocumentError):
                raise
            raise PlatformDown(
                f"{PLATFORM} did not answer with its JSON: {error}", outcome_unknown=not repeatable
            ) from error


def _must_go_on(last_id: str, place: str, *, more: bool) -> None:
    """Raise PlatformDown if a scan by id that has more to read would not get further: it would never end."""
    if more and int(place or 0) <= int(last_id or 0):
        raise PlatformDown(f"{PLATFORM} leads in a circle: the page after {last_id or 'the beginning'} ends before it")


def _stock_from_json(body: bytes) -> tuple[Mapping[str, Mapping[str, int]], bool | None]:
    page = inventory.stock_from_json(body, limit=STOCK_PAGE)
    return page.stock, page.more


def _wait_before_retry(error: Exception) -> bool | float:
    """For stamina: whether to try again, and after how many seconds where the server named a short wait."""
    if not isinstance(error, Throttled | PlatformDown) or error.outcome_unknown:
        return False
    if error.wait_seconds > _SHORT_WAIT_SECONDS:
        return False
    return error.wait_seconds or True


def _doing(method: str, path: str) -> str:
    """The operation in words, for whoever has to add a scope."""
    what = next(words for start, words in _SUBJECTS if path.startswith(start))
    return f"{'reading' if method == 'GET' else 'changing'} {what}"


def _chunks(ids: Iterable[str], size: int) -> Iterator[str]:
    """`ids` as comma-separated lists, each of at most `size` ids and short enough for an address line."""
    some: list[str] = []
    length = 0
    for text in ids:
        if some and (len(some) == size or length + len(text) + 1 > _LONGEST_ID_LIST):
            yield ",".join(some)
            some, length = [], 0
        some.append(text)
        length += len(text) + 1
    if some:
        yield ",".join(some)
