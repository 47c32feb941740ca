"""What orders, packages and after-sales share: amounts, an order's states, and how changes of it are told.

Source: `docs/platforms/tiktok-shop.md` sections 15.2 and 15.4.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

STATUSES: Final = (
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
)


def money(shop: Shop, value: Any) -> Decimal:
    """An amount in the shop's smallest unit's precision. Raises Refused for what is no amount."""
    try:
        return Decimal(str(value)).quantize(shop.region.smallest, ROUND_HALF_UP)
    except ArithmeticError as error:
        raise Refused(f"{value!r} is not an amount of money") from error


def text(shop: Shop, amount: Decimal) -> str:
    """As the API writes it: "0" for nothing, else with the currency's decimals."""
    return "0" if not amount else str(amount.quantize(shop.region.smallest))


def spread(shop: Shop, total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Share `total` out in proportion to `weights`, exactly: what rounding leaves goes to the first ones."""
    whole = sum(weights, Decimal(0))
    if not whole or not total:
        return [Decimal(0)] * len(weights)
    unit = shop.region.smallest
    shares = [(total * w / whole // unit) * unit for w in weights]
    left = int((total - sum(shares, Decimal(0))) / unit)
    for at in range(len(shares)):
        if left <= 0:
            break
        if weights[at]:
            shares[at] += unit
            left -= 1
    return shares


def put(shop: Shop, order: Entity) -> None:
    """Write an order back."""
    shop.orders.put(order["id"], order)


def open_lines(order: Entity) -> list[Entity]:
    """Lines that are neither cancelled nor shipped."""
    return [line for line in order["line_items"] if line["_state"] == "open"]


def set_status(shop: Shop, order: Entity, status: str) -> None:
    """Move an order, tell the world and, by webhook, the apps. The caller puts the order back."""
    before = order["status"]
    order["update_time"] = shop.now
    if before == status:
        return
    order["status"] = status
    for line in order["line_items"]:
        if line["_state"] == "cancelled":
            line["display_status"] = "CANCELLED"
        elif status == "PARTIALLY_SHIPPING":
            line["display_status"] = "AWAITING_COLLECTION" if line["_state"] == "shipped" else "AWAITING_SHIPMENT"
        else:
            line["display_status"] = status
    shop.effect("order_status", order["id"], before=before, after=status)
    tell(shop, order)


def touch(shop: Shop, order: Entity) -> None:
    """Note a change of an order that keeps its status."""
    order["update_time"] = shop.now


def tell(shop: Shop, order: Entity) -> None:
    """Webhook 1, in the webhook's own spelling."""
    status = order["status"]
    if status == "PARTIALLY_SHIPPING":  # the webhook's list of values does not have it
        return
    data = {
        "order_id": order["id"],
        "order_status": "CANCEL" if status == "CANCELLED" else status,
        "is_on_hold_order": order["is_on_hold_order"],
        "update_time": order["update_time"],
    }
    webhooks.notify(shop, "ORDER_STATUS_CHANGE", data)


def after_shipping(shop: Shop, order: Entity) -> None:
    """Set the state that follows from which lines are shipped."""
    if open_lines(order):
        set_status(shop, order, "PARTIALLY_SHIPPING")
    else:
        order["rts_time"] = shop.now
        set_status(shop, order, "AWAITING_COLLECTION")


def finish(shop: Shop, order: Entity) -> None:
    """COMPLETED, and the money goes into the day's statement."""
    order["_completed"] = shop.now
    shop.table("settled").put(order["id"], {"day": shop.now // 86_400})
    set_status(shop, order, "COMPLETED")


def is_elsewhere(shop: Shop, order_id: str) -> bool:
    """Whether another shop has that order, which is answered differently."""
    platform = shop.platform
    return any(order_id in platform.shop(str(key)).orders for key in platform.shops.keys() if key != shop.id)  # noqa: SIM118


def of_shop(shop: Shop, order_id: str) -> Entity:
    """The order of that id. Raises ApiError 21008111 when the shop has none."""
    order = shop.orders.get(order_id)
    if order is None:
        raise ApiError(21008111)
    return order


def drop_lines(shop: Shop, order: Entity, line_ids: set[str]) -> None:
    """Take cancelled lines out of the order's packages; a package with nothing left is cancelled."""
    for entry in order["packages"]:
        package = shop.packages.get(entry["id"])
        if package is None or package["status"] not in ("TO_FULFILL", "PROCESSING"):
            continue
        left = [line_id for line_id in package["line_ids"] if line_id not in line_ids]
        if len(left) == len(package["line_ids"]):
            continue
        package["update_time"] = shop.now
        if left:
            package["line_ids"] = left
        else:
            package["status"], package["sub_status"] = "CANCELLED", "CANCELLED"
            shop.effect("package_status", package["id"], before="TO_FULFILL", after="CANCELLED")
        shop.packages.put(package["id"], package)
