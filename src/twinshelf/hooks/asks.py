"""What a genuine delivery makes us look at: keys of lanes, never what the delivery says of them."""

from __future__ import annotations

from collections.abc import Iterable

from twinshelf.documents import StoreHint
from twinshelf.listings.queries import leads, products_of_listings
from twinshelf.orders.own import pulling
from twinshelf.orders.queries import shop_orders_of
from twinshelf.sync import lanes
from twinshelf.sync.flows import Signal
from twinshelf.sync.inbox import AskFor
from twinshelf.tiktok.webhooks import Hint


def of_store(store_id: int, hint: StoreHint) -> Iterable[AskFor]:
    """What a store's webhook asks for; nothing where the order is none of ours."""
    owner = f"store:{store_id}"
    match hint.kind:
        case "product" | "deleted" | "sku":
            for product_id in hint.ids:
                yield AskFor("product", owner, product_id)
        case "inventory":
            for product_id in hint.ids:
                yield AskFor("product", owner, product_id, lanes.URGENT)
        case "sold":
            for product_id in hint.ids:
                yield AskFor("product", owner, product_id, lanes.URGENT, Signal.SOLD)
        case "location":
            yield AskFor("location", owner, "all", lanes.URGENT)
        case "uninstalled":
            yield AskFor("store", owner, "hooks", lanes.URGENT)
        case "order" | "shipment":
            kind = "shipment" if hint.kind == "shipment" else "cancellation"
            ours = shop_orders_of(store_id, hint.ids)
            for connection_id, order_id in ours:
                yield AskFor(kind, f"connection:{connection_id}", order_id, lanes.URGENT)
            if len(ours) < len(hint.ids) and (wanting := pulling(store_id)):  # one poll, however many come
                yield AskFor("orders_poll", f"connection:{wanting.id}", "store_orders")
        case _:
            return


def of_shop(connection_id: int, hint: Hint) -> Iterable[AskFor]:
    """What a shop's webhook asks for; nothing where the product is none of ours, unless the shop's catalog leads."""
    owner = f"connection:{connection_id}"
    match hint.kind:
        case "order":
            for order_id in hint.ids or hint.order_ids:
                yield AskFor("order", owner, order_id, lanes.URGENT)
        case "cancellation":
            for order_id in hint.order_ids:
                yield AskFor("order", owner, order_id, lanes.URGENT)
                yield AskFor("cancellation", owner, order_id, lanes.URGENT)
        case "return":
            for order_id in hint.order_ids:
                yield AskFor("return", owner, order_id, lanes.URGENT)
            if not hint.order_ids:
                yield AskFor("orders_poll", owner, "returns", lanes.URGENT)
        case "package":
            for order_id in hint.order_ids:
                yield AskFor("order", owner, order_id)
        case "product":
            yield from _of_product(connection_id, owner, hint.ids)
        case _:
            return


def _of_product(connection_id: int, owner: str, ids: Iterable[str]) -> Iterable[AskFor]:
    listed = list(ids)
    for product_id in products_of_listings(connection_id, listed):
        yield AskFor("listing", owner, product_id, signals=Signal.LOOK)
    if leads(connection_id):
        for listing_id in listed:
            yield AskFor("incoming", owner, listing_id)
