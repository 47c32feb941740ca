"""Products: their content, prices and stock, and whether they are on sale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from twinshelf.documents import (
    GlobalProduct,
    Listing,
    ListingMethod,
    Money,
    ShopListing,
    ShopProduct,
    SyncField,
    Unreadable,
)
from twinshelf.tiktok import global_products, products, whole, wire
from twinshelf.tiktok.client.calls import PAGE, Call, Calls, Method, all_took_effect, batches, nothing
from twinshelf.tiktok.errors import TooManyRows
from twinshelf.tiktok.products import CreatedListing, EditedListing
from twinshelf.tiktok.regions import Region
from twinshelf.tiktok.wire import Page, Rows

T = TypeVar("T")

# What one call takes at most (docs of the endpoints).
PRODUCTS_A_CALL: Final = 20
STOCK_A_CALL: Final = 100
SELLER_SKUS_A_CALL: Final = 10
_BEFORE_THE_FIRST_LISTING: Final = 1_500_000_000  # July 2017: TikTok was not yet called so, outside China


class ProductCalls(Calls):
    """The products of a shop."""

    def upload_image(self, data: bytes, use_case: str = "MAIN_IMAGE") -> str:
        """Upload a picture and return TikTok's lasting name of it, the only form in which listings take pictures.

        Safe to repeat: TikTok then has it twice.
        Source: Upload Product Image, POST /product/202309/images/upload.
        """
        call = Call("POST", "/product/202309/images/upload", upload=(data, {"use_case": use_case}), in_shop=False)
        return self._call(call, products.image_uri_from_json)

    def upload_file(self, data: bytes, name: str) -> str:
        """Upload a PDF and return TikTok's lasting id of it. Safe to repeat: TikTok then has it twice.

        `name` has one dot, no blanks and no symbol in front.
        Source: Upload Product File, POST /product/202309/files/upload.
        """
        call = Call("POST", "/product/202309/files/upload", upload=(data, {"name": name}), in_shop=False)
        return self._call(call, products.file_id_from_json)

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
        withdrawn: Iterable[str] = (),
        left: Iterable[SyncField] = (),
        category_version: str = "",
    ) -> EditedListing:
        """Bring the content of a listing to `listing` and send it to review; prices and stock stay as they are.

        `sku_ids` has the TikTok SKU id of each variant that is listed already; a variant without one becomes a new SKU.
        SKUs and fields that `listing` does not speak of are kept, but for those in `withdrawn`; so are those in `left`.
        Two calls: an edit overwrites everything, so the product is read first, and told as it was (`before`). Safe to
        repeat: it sets. Raises WrongStatus if it is frozen or deleted.
        Source: Get Product; Edit Product, PUT /product/202509/products/{product_id}.
        """
        current = self._get("/product/202309/products/{}", bytes, ids=(listing_id,))
        body = products.edit_to_json(
            listing,
            current,
            image_uris=image_uris,
            sku_ids=sku_ids,
            region=region,
            withdrawn=withdrawn,
            left=left,
            category_version=category_version,
        )
        call = Call("PUT", "/product/202509/products/{}", (listing_id,), body=msgspec.json.encode(body))
        edited = self._call(call, products.edited_from_json)
        return msgspec.structs.replace(edited, before=products.shown_content(current))

    def put_in_warehouses(self, listing_id: str, levels: Mapping[str, Sequence[tuple[str, int]]]) -> None:
        """Have SKUs sold from warehouses that they were not in, with what can be sold of them in each of theirs.

        `levels` has (warehouse id, units) of every warehouse of a SKU, by TikTok SKU id. Setting stock alone adds no
        warehouse, so this is an edit: it reads the product first and sends it back as it is; TikTok may review it. Safe
        to repeat: it sets. Source: Get Product; Partial Edit Product, POST …/products/{product_id}/partial_edit.
        """
        current = self._get("/product/202309/products/{}", bytes, ids=(listing_id,))
        body = msgspec.json.encode(products.warehouses_to_json(current, levels))
        self._call(Call("POST", "/product/202509/products/{}/partial_edit", (listing_id,), body=body), nothing)

    def listing(self, listing_id: str) -> ShopListing:
        """One product, with description and category, in whatever status. Raises NotFound.

        Source: Get Product, GET /product/202309/products/{product_id}.
        """
        return self._get("/product/202309/products/{}", products.listing_from_json, ids=(listing_id,))

    def product(self, listing_id: str) -> ShopProduct:
        """One product as a whole, with texts, pictures and measures. Raises NotFound.

        Source: Get Product, GET /product/202309/products/{product_id}.
        """
        return self._get("/product/202309/products/{}", whole.product_from_json, ids=(listing_id,))

    def find_listings(self, seller_skus: Iterable[str]) -> Rows[ShopListing]:
        """Every product, also deleted ones, that has one of these seller SKUs. A call for every ten of them.

        A product that cannot be read is in the result's `unreadable`: whoever is about to create one must look there.
        Source: Search Products, POST /product/202502/products/search.
        """
        found: dict[str, ShopListing] = {}
        unreadable: list[Unreadable] = []
        for some in batches(seller_skus, SELLER_SKUS_A_CALL):
            for page in self._pages(partial(self._listings, {"status": "ALL", "seller_skus": some})):
                found |= {listing.id: listing for listing in page.rows}
                unreadable += page.unreadable
        return Rows.of(found.values(), unreadable)

    def listings(self, *, updated_from: datetime | None = None) -> Iterator[Rows[ShopListing]]:
        """All products, or those updated since a time, in pages of 100, without description and category.

        A listing that cannot be read is in its page's `unreadable`. More than 10,000 are read in slices of time. What
        changes meanwhile may come twice, the newer one later. Raises TooManyRows where more than 10,000 were updated in
        one second.
        """
        first = None if updated_from is None else int(updated_from.timestamp())
        yield from self._between(self._listings, {"status": "ALL"}, first, None)

    def _between(
        self, search: Callable[[Mapping[str, Any], str], Page[T]], what: Mapping[str, Any], first: int | None,
        last: int | None,
    ) -> Iterator[Rows[T]]:  # fmt: skip
        body = dict(what)
        body |= {} if first is None else {"update_time_ge": first}
        body |= {} if last is None else {"update_time_le": last}
        try:
            yield from (page.rows for page in self._pages(partial(search, body)))
            return
        except TooManyRows:
            start = _BEFORE_THE_FIRST_LISTING if first is None else first
            end = self._skew.timestamp() + 86_400 if last is None else last
            if end <= start:
                raise
        middle = (start + end) // 2
        yield from self._between(search, what, first, middle)
        yield from self._between(search, what, middle + 1, last)

    def listing_method(self) -> ListingMethod:
        """How the shop gets its products; of a local seller's shop nothing is told.

        Source: Get Global Listing Rules, GET /product/202507/global_listing_rules.
        """
        return self._get("/product/202507/global_listing_rules", global_products.listing_method_from_json)

    def live_global_products(self) -> Iterator[Rows[GlobalProduct]]:
        """The published products of the seller's Global Store, in pages of 100; needs no shop, only the seller's token.

        More than 10,000 are read in slices of time, as listings are.
        Source: Search Global Products, POST /product/202312/global_products/search.
        """
        yield from self._between(self._global_products, {"status": "PUBLISHED"}, None, None)

    def _global_products(self, body: Mapping[str, Any], page_token: str) -> Page[GlobalProduct]:
        call = Call(
            "POST",
            "/product/202312/global_products/search",
            query={"page_size": str(PAGE), "page_token": page_token},
            body=msgspec.json.encode(body),
            in_shop=False,
        )
        return self._call(call, lambda data: wire.page(data, "global_products", global_products.product_from_json))

    def set_prices(self, listing_id: str, prices: Mapping[str, Money]) -> None:
        """Set the price of each TikTok SKU id given; other SKUs keep theirs.

        Shown at once, without review. Safe to repeat: it sets, it does not add. A call without an answer is not tried
        again here, since it may still arrive behind a newer one: look again later. Raises PriceLocked while the product
        is in a promotion, WrongStatus unless it is live.
        Source: Update Price, POST /product/202309/products/{product_id}/prices/update.
        """
        body = {"skus": [products.price_to_json(sku_id, price) for sku_id, price in prices.items()]}
        self._post("/product/202309/products/{}/prices/update", nothing, body, ids=(listing_id,), repeatable=False)

    def set_stock(self, listing_id: str, stock: Mapping[str, Mapping[str, int] | Iterable[tuple[str, int]]]) -> None:
        """Set what can be sold of each TikTok SKU id: the quantity by warehouse id, of every warehouse of the SKU.

        Shown at once, without review. Safe to repeat: it sets. A call without an answer may arrive late, as for prices.
        Raises PartlyRefused naming the SKUs and warehouses that TikTok left out; the others took effect.
        Source: Update Inventory, POST /product/202309/products/{product_id}/inventory/update.
        """
        body = {"skus": [products.stock_to_json(sku_id, levels) for sku_id, levels in stock.items()]}
        path = "/product/202309/products/{}/inventory/update"
        self._post(path, lambda data: all_took_effect(data, "sku_id"), body, ids=(listing_id,), repeatable=False)

    def stock(self, product_ids: Iterable[str]) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """By SKU id, what each warehouse can sell. A SKU that is not in it was not told. A call for every 100 products.

        Source: Inventory Search, POST /product/202309/inventory/search.
        """
        levels: dict[str, tuple[tuple[str, int], ...]] = {}
        for some in batches(product_ids, STOCK_A_CALL):
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

    def _listings(self, body: Mapping[str, Any], page_token: str) -> Page[ShopListing]:
        return self._post(
            "/product/202502/products/search",
            lambda data: wire.page(data, "products", products.listing_from_json),
            body,
            query={"page_size": str(PAGE), "page_token": page_token},
        )

    def _each_product(self, method: Method, path: str, listing_ids: Iterable[str]) -> None:
        def change(some: list[str]) -> None:
            call = Call(method, path, body=msgspec.json.encode({"product_ids": some}))
            self._call(call, lambda data: all_took_effect(data, "product_id"))

        self._in_parts(listing_ids, PRODUCTS_A_CALL, change)
