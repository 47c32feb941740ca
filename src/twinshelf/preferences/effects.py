"""What a change of preferences concerns: which keys of which lanes are looked at again. Reads tables only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import CancellationOrigin, ListingState, ListingStatus, ShopOrderStatus, StoreOrderState
from twinshelf.goods.models import StoreProduct
from twinshelf.listings.models import ListingRow, ShopSkuSeen
from twinshelf.orders.models import ShopOrderRow
from twinshelf.preferences.fields import Field, value_of
from twinshelf.sync import lanes
from twinshelf.sync.models import Problem

Keys = QuerySet[Any, str]
Concerns = Iterator[tuple[str, Keys]]
"""(kind of lane, the keys in it that a change concerns)."""

PRIORITIES: Final[Mapping[str, int]] = {
    "price": lanes.NORMAL,
    "stock": lanes.URGENT,
    "listing": lanes.BULK,
    "order": lanes.URGENT,
    "shipment": lanes.URGENT,
    "package": lanes.URGENT,
    "cancellation": lanes.URGENT,
    "incoming": lanes.BULK,
}
"""The lanes that a change may ask, in the order in which people are told, and how urgently each is asked."""


@dataclass(frozen=True)
class _Change:
    """One preference of a connection that changes."""

    connection: Connection
    before: Any
    after: Any


def concerned(connection: Connection, before: Preferences, after: Preferences, changed: tuple[Field, ...]) -> Concerns:
    """What the change from one set of choices to another concerns. A kind may come several times."""
    for field in changed:
        change = _Change(connection, value_of(before, field.name), value_of(after, field.name))
        yield from CONCERNS[field.name](change)


def _listings(change: _Change, **such: Any) -> Keys:
    return ListingRow.objects.filter(connection=change.connection, **such).values_list("product_id", flat=True)


def _live(change: _Change) -> Keys:
    return _listings(change, state=ListingState.LIVE)


def _in_shop(change: _Change) -> Keys:
    return _listings(change).exclude(tiktok_id="")


def _with_problem(change: _Change, kind: str, code: str) -> Keys:
    open_ones = Problem.objects.filter(
        closed_at=None, lane__owner=f"connection:{change.connection.id}", lane__kind=kind, code__startswith=code
    )
    return open_ones.exclude(key="*").values_list("key", flat=True)


def _orders(change: _Change, *such: Q) -> Keys:
    """Orders that are not over."""
    over = (ShopOrderStatus.COMPLETED, ShopOrderStatus.CANCELLED)
    rows = ShopOrderRow.objects.filter(*such, connection=change.connection).exclude(status__in=over)
    return rows.values_list("order_id", flat=True)


def _prices(change: _Change) -> Concerns:
    yield "price", _live(change)
    yield "listing", _with_problem(change, "listing", "E-PRC-")


def _guard(change: _Change) -> Concerns:
    yield "price", _with_problem(change, "price", "E-PRC-GUARD")


def _stock(change: _Change) -> Concerns:
    yield "stock", _in_shop(change)


def _content(change: _Change) -> Concerns:
    yield "listing", _listings(change, wanted=True)


def _for_sale(change: _Change) -> Concerns:
    yield from _content(change)
    yield from _stock(change)
    yield "price", _live(change)


def _catalog_direction(change: _Change) -> Concerns:
    yield from _content(change)
    if change.after == "bc_to_tts":
        yield "price", _live(change)
    elif change.after == "tts_to_bc":
        seen = ShopSkuSeen.objects.filter(shop_id=change.connection.shop_id).exclude(status=ListingStatus.DELETED)
        yield "incoming", seen.order_by().values_list("tiktok_id", flat=True).distinct()
    if change.before == "tts_to_bc":
        yield "incoming", _with_problem(change, "incoming", "")


def _stock_while_off(change: _Change) -> Concerns:
    if change.after:
        yield "stock", _in_shop(change).filter(state=ListingState.INACTIVE_SELLER)


def _stock_direction(change: _Change) -> Concerns:
    yield "stock", _with_problem(change, "stock", "E-") if change.after == "disabled" else _in_shop(change)


def _orders_without(change: _Change) -> Concerns:
    yield "order", _orders(change, Q(store_order_id=None))


def _refused_orders(change: _Change) -> Concerns:
    if change.after:
        yield "order", _with_problem(change, "order", "E-ORD-CREATE")


def _at(status: ShopOrderStatus) -> Callable[[_Change], Concerns]:
    """The orders that have this status and a store order."""

    def concerned_now(change: _Change) -> Concerns:
        yield "order", _orders(change, Q(status=status) & ~Q(store_order_id=None))

    return concerned_now


def _shipments(change: _Change) -> Concerns:
    if change.after == "bc_to_tts":
        open_ones = (ShopOrderStatus.AWAITING_SHIPMENT, ShopOrderStatus.PARTIALLY_SHIPPING)
        shipped = (StoreOrderState.SHIPPED, StoreOrderState.PARTIALLY_SHIPPED)
        yield "shipment", _orders(change, Q(status__in=open_ones, store_state__in=shipped))
    else:
        yield "shipment", _with_problem(change, "shipment", "E-")
    if change.after == "tts_to_bc":
        moving = (
            ShopOrderStatus.PARTIALLY_SHIPPING,
            ShopOrderStatus.AWAITING_COLLECTION,
            ShopOrderStatus.IN_TRANSIT,
        )
        yield "package", _orders(change, Q(status__in=moving) & ~Q(store_order_id=None))
    else:
        yield "package", _with_problem(change, "package", "E-")


def _carriers(change: _Change) -> Concerns:
    yield "shipment", _with_problem(change, "shipment", "E-FUL-CARRIER")


def _cancelled_in_shop(change: _Change, such: Q) -> Concerns:
    """Of the orders that have a store order; one that was shipped or refunded since is left alone by the plan."""
    if change.after:
        rows = ShopOrderRow.objects.filter(
            such, connection=change.connection, status=ShopOrderStatus.CANCELLED, store_order_id__isnull=False
        ).exclude(store_state=StoreOrderState.CANCELLED)
        yield "cancellation", rows.values_list("order_id", flat=True)


def _from_shop(change: _Change) -> Concerns:
    yield from _cancelled_in_shop(change, ~Q(cancellation__origin=CancellationOrigin.APP))


def _from_here(change: _Change) -> Concerns:
    yield from _cancelled_in_shop(change, Q(cancellation__origin=CancellationOrigin.APP))


def _from_store(change: _Change) -> Concerns:
    if change.after:
        yield "cancellation", _orders(change, Q(store_state=StoreOrderState.CANCELLED))


def _scope(change: _Change) -> Concerns:
    yield from _content(change)
    yield "price", _live(change)


def _deleted(change: _Change) -> Concerns:
    """What the store does not have any more and the shop still has."""
    if change.after:
        gone = StoreProduct.objects.filter(store_id=change.connection.store_id, deleted=True).values("product_id")
        yield "listing", _listings(change, product_id__in=gone).exclude(tiktok_id="")


def _what_comes(_change: _Change) -> Concerns:
    """Nothing that is there: it counts for what comes."""
    return iter(())


def _unless_left(kind: str, concern: Callable[[_Change], Concerns]) -> Callable[[_Change], Concerns]:
    """As `concern`; of what is left to TikTok from now on, only the problems that end with it."""

    def concerned_now(change: _Change) -> Concerns:
        if change.after != "tts":
            yield from concern(change)
        else:
            yield kind, _with_problem(change, kind, "E-")

    return concerned_now


def _manual_only(change: _Change) -> Concerns:
    if not change.after:
        yield from _content(change)


CONCERNS: Final[Mapping[str, Callable[[_Change], Concerns]]] = {
    "catalog_direction": _catalog_direction,
    "auto_import": _what_comes,
    "auto_delete": _deleted,
    "sku_scope": _scope,
    "strict_sku_match": _content,
    "include_unpurchasable": _for_sale,
    "push_opt_in": _content,
    "gtin_required": _content,
    "gtin_reason": _what_comes,
    "package.length": _content,
    "package.width": _content,
    "package.height": _content,
    "package.weight": _content,
    "manual_updates_only": _manual_only,
    "sync.name.create": _what_comes,
    "sync.name.update": _unless_left("listing", _content),
    "sync.description.update": _unless_left("listing", _content),
    "sync.price.update": _unless_left("price", _prices),
    "sync.media.update": _unless_left("listing", _content),
    "sync.barcode.create": _what_comes,
    "sync.barcode.update": _unless_left("listing", _content),
    "sync.stock.create": _what_comes,
    "sync.stock.update": _unless_left("stock", _stock),
    "sync.weight.update": _unless_left("listing", _content),
    "exchange_rate": _prices,
    "tax_percent": _prices,
    "price_rule.kind": _prices,
    "price_rule.value": _prices,
    "use_sale_price": _prices,
    "price_guard_percent": _guard,
    "inventory_direction": _stock_direction,
    "threshold": _stock,
    "threshold_mode": _stock,
    "stock_scope": _stock,
    "stock_percent": _stock,
    "stock_cap": _stock,
    "last_units": _stock,
    "reserve": _stock,
    "untracked_quantity": _stock,
    "pull_locations": _stock,
    "stock_while_off": _stock_while_off,
    "pull_orders": _orders_without,
    "pull_store_orders": _what_comes,
    "create_unpaid": _orders_without,
    "sync_fbt": _orders_without,
    "retry_orders": _refused_orders,
    "email_pattern": _what_comes,
    "relay_email": _what_comes,
    "archive_cancelled": _what_comes,
    "platform_shipping_text": _what_comes,
    "shipping_methods": _what_comes,
    "unpaid_status": _at(ShopOrderStatus.UNPAID),
    "awaiting_shipment_status": _at(ShopOrderStatus.AWAITING_SHIPMENT),
    "awaiting_collection_status": _at(ShopOrderStatus.AWAITING_COLLECTION),
    "in_transit_status": _at(ShopOrderStatus.IN_TRANSIT),
    "delivered_status": _at(ShopOrderStatus.DELIVERED),
    "completed_status": _what_comes,
    "order_poll_minutes": _what_comes,
    "order_ids": _orders_without,
    "fulfillment_direction": _shipments,
    "carriers": _carriers,
    "cancel_tts_to_bc": _from_shop,
    "cancel_bc_to_tts": _from_store,
    "cancel_app_to_bc": _from_here,
    "cancel_reason": _what_comes,
    "refund_returns": _what_comes,
    "restock_returns": _what_comes,
}
