"""Orders, and the store orders noted beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from twinshelf.documents import ShopOrder
from twinshelf.tiktok import orders, wire
from twinshelf.tiktok.client.calls import PAGE, Calls, all_took_effect, batches
from twinshelf.tiktok.orders import Reference
from twinshelf.tiktok.wire import Page, Rows

# What one call takes at most (docs of the endpoints).
ORDERS_A_CALL: Final = 50
REFERENCES_A_CALL: Final = 100


class OrderCalls(Calls):
    """The orders of a shop."""

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

    def order_pages(self, *, updated_from: datetime, updated_to: datetime) -> Iterator[Page[ShopOrder]]:
        """All pages of `orders_page`, each asked for when it is wanted.

        Raises PlatformDown, besides, where they lead in a circle.
        """
        return self._pages(
            lambda token: self.orders_page(updated_from=updated_from, updated_to=updated_to, page_token=token)
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
            for some in batches(order_ids, ORDERS_A_CALL)
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
                lambda data: all_took_effect(data, "order_id"),
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
