"""What a seller does with orders, cancellations and returns in Seller Center."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twinshelf_sandbox.tiktok.aftersales import cancellations, reasons, return_approval
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.fulfillment.shipping import SelfShipment, Ship, ShippingInfo, mark, ship_package
from twinshelf_sandbox.tiktok.orders import orders
from twinshelf_sandbox.tiktok.products.products import all_shops
from twinshelf_sandbox.tiktok.regions import providers
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity


def _of_shop(platform: Platform, table: str, key: str, word: str) -> tuple[Shop, Entity]:
    for shop_id in platform.shops.keys():  # noqa: SIM118 - a table is not a mapping
        shop = platform.shop(str(shop_id))
        row = shop.table(table).get(key)
        if row is not None:
            return shop, row
    raise Refused(f"{word}: there is no {word.removesuffix('_id')} {key!r}")


def ship_order(
    platform: Platform, order_id: str, tracking_number: str = "", carrier: str = "", lines: list[str] | None = None
) -> None:
    """The seller ships an order, or the lines named; where packages are shipped, all that wait.

    `carrier` is the id or the name of a shipping provider of the market; without one it is the first.
    """
    shop, order = _of_shop(platform, "orders", order_id, "order_id")
    known = providers(shop.facts["region"])
    provider_id = next((key for key, name in known if carrier in (key, name)), "") if carrier else known[0][0]
    if not provider_id:
        raise Refused(f"carrier: must be one of {', '.join(name for _, name in known)}")
    number = tracking_number or f"SB{order_id[-10:]}"
    try:
        if shop.region.ships_by == "mark":
            info = ShippingInfo(tracking_number=number, shipping_provider_id=provider_id)
            mark(shop, order, [info], lines or [])
            return
        waiting = [p["id"] for p in order["packages"] if shop.packages[p["id"]]["status"] == "TO_FULFILL"]
        if not waiting:
            raise Refused("order_id: no package waits to be shipped")
        for package_id in waiting:
            own = SelfShipment(tracking_number=number, shipping_provider_id=provider_id)
            ship_package(shop, package_id, Ship(self_shipment=own))
    except ApiError as error:
        raise Refused(f"order_id: {error}") from error


def approve_cancellation(platform: Platform, cancel_id: str) -> None:
    """The seller accepts a buyer's wish to cancel."""
    shop, request = _of_shop(platform, "cancellations", cancel_id, "cancel_id")
    try:
        cancellations.accept(shop, request)
    except ApiError as error:
        raise Refused(f"cancel_id: {error}") from error


def reject_cancellation(platform: Platform, cancel_id: str, reason: str = "") -> None:
    """The seller refuses a buyer's wish to cancel, for a reason of the platform's list or the first of them."""
    shop, request = _of_shop(platform, "cancellations", cancel_id, "cancel_id")
    try:
        cancellations.refuse(shop, request, reason or next(iter(reasons.reject_cancel(shop.facts["region"]))))
    except ApiError as error:
        raise Refused(f"cancel_id: {error}") from error


def _decision(row: Entity, known: tuple[str, ...]) -> str:
    """The first decision of `known` that the state of the return allows."""
    fitting = next((name for name in known if return_approval.why_not(row, name) is None), None)
    if fitting is None:
        raise Refused(f"return_id: nothing is to be decided while the return is {row['status']}")
    return fitting


def approve_return(platform: Platform, return_id: str, decision: str = "", amount: str = "") -> str:
    """The seller accepts a request or a parcel that came back, as its state asks for. Returns the decision.

    `decision` is one of the API's, such as DIRECT_REFUND or, with an `amount`, OFFER_PARTIAL_REFUND.
    """
    shop, row = _of_shop(platform, "returns", return_id, "return_id")
    body = return_approval.Approval(decision=decision or _decision(row, return_approval.APPROVALS))
    if body.decision not in return_approval.APPROVALS:
        raise Refused(f"decision: must be one of {', '.join(return_approval.APPROVALS)}")
    if amount:
        body.partial_refund = return_approval.Money(currency=shop.currency, amount=amount)
    try:
        return_approval.accept(shop, row, body)
    except ApiError as error:
        raise Refused(f"return_id: {error}") from error
    return body.decision


def reject_return(platform: Platform, return_id: str, decision: str = "", reason: str = "") -> str:
    """The seller refuses a request or a parcel that came back, as its state asks for. Returns the decision."""
    shop, row = _of_shop(platform, "returns", return_id, "return_id")
    chosen = decision or _decision(row, return_approval.REJECTIONS)
    if chosen not in return_approval.REJECTIONS:
        raise Refused(f"decision: must be one of {', '.join(return_approval.REJECTIONS)}")
    why = reason or next(iter(return_approval.reject_reasons_of(shop, row, chosen)))
    try:
        if (problem := return_approval.why_not(row, chosen)) is not None:
            raise problem
        return_approval.refuse(shop, row, return_approval.Rejection(decision=chosen, reject_reason=why))
    except ApiError as error:
        raise Refused(f"return_id: {error}") from error
    return chosen


def end_hold(platform: Platform, order_id: str) -> None:
    """The hold on an order ends now, not an hour after it was paid."""
    for shop in all_shops(platform):
        if order_id in shop.orders:
            orders.release(platform, {"shop": shop.id, "order": order_id})
            return
    raise Refused(f"order_id: there is no order {order_id!r}")


ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    "tt.end_hold": end_hold,
    "tt.ship_order": ship_order,
    "tt.approve_cancellation": approve_cancellation,
    "tt.reject_cancellation": reject_cancellation,
    "tt.approve_return": approve_return,
    "tt.reject_return": reject_return,
}
