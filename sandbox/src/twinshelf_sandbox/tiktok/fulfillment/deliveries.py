"""What carriers do with parcels, and what follows for their orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.aftersales import cancellations
from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.fulfillment.packages import keep, lines_of, note_event, orders_of
from twinshelf_sandbox.tiktok.fulfillment.shipping import by_platform
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import finish, open_lines, put, set_status
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity


def _of_order(platform: Platform, order_id: str) -> tuple[Shop, Entity]:
    for key in platform.shops.keys():  # noqa: SIM118 - a table is not a mapping
        shop = platform.shop(str(key))
        order = shop.orders.get(order_id)
        if order is not None:
            return shop, order
    raise Refused(f"order_id: there is no order {order_id!r}")


def _moving(shop: Shop, order: Entity, package_id: str | None, statuses: tuple[str, ...]) -> list[Entity]:
    rows = [shop.packages[entry["id"]] for entry in order["packages"] if entry["id"] in shop.packages]
    found = [r for r in rows if r["status"] in statuses and package_id in (None, r["id"])]
    if not found:
        raise Refused(f"order_id: no package of {order['id']} is {' or '.join(statuses)}")
    return found


def _mark_lines(shop: Shop, package: Entity) -> list[Entity]:
    orders = orders_of(shop, package)
    for line in lines_of(orders, package):
        line["package_status"] = package["status"]
    return orders


def _all(shop: Shop, order: Entity, statuses: tuple[str, ...]) -> bool:
    rows = [shop.packages[entry["id"]] for entry in order["packages"] if entry["id"] in shop.packages]
    return all(r["status"] in statuses for r in rows if r["status"] != "CANCELLED") and not open_lines(order)


def ship_by_platform(platform: Platform, order_id: str, lines: list[str] | None = None) -> None:
    """TikTok ships an order, or the lines named: from its own warehouse, or by a label of its own."""
    shop, order = _of_order(platform, order_id)
    try:
        by_platform(shop, order, lines or [])
    except ApiError as error:
        raise Refused(f"order_id: {error}") from error


def carrier_scan(platform: Platform, order_id: str, package_id: str | None = None) -> None:
    """A carrier collects the packages of an order, or one of them; with all of them the order is IN_TRANSIT."""
    shop, order = _of_order(platform, order_id)
    for package in _moving(shop, order, package_id, ("PROCESSING",)):
        package["status"], package["sub_status"] = "FULFILLING", "TTS"
        note_event(shop, package, "Your package has been picked up by the carrier.", 50102)
        keep(shop, package)
        for touched in _mark_lines(shop, package):
            put(shop, touched)
            if touched["status"] == "AWAITING_COLLECTION" and _all(shop, touched, ("FULFILLING", "COMPLETED")):
                touched["collection_time"] = shop.now
                set_status(shop, touched, "IN_TRANSIT")
                put(shop, touched)


def deliver(platform: Platform, order_id: str, package_id: str | None = None) -> None:
    """A carrier delivers the packages of an order, or one of them; with all of them the order is DELIVERED."""
    shop, order = _of_order(platform, order_id)
    for package in _moving(shop, order, package_id, ("PROCESSING", "FULFILLING")):
        _delivered(shop, package)


def _delivered(shop: Shop, package: Entity) -> None:
    package["status"], package["sub_status"] = "COMPLETED", "DELIVERED"
    note_event(shop, package, "Your package was delivered.", 50104)
    keep(shop, package)
    for order in _mark_lines(shop, package):
        put(shop, order)
        if order["status"] in ("AWAITING_COLLECTION", "IN_TRANSIT") and _all(shop, order, ("COMPLETED",)):
            order["delivery_time"] = shop.now
            if order["is_cod"]:
                order["paid_time"] = shop.now
            set_status(shop, order, "DELIVERED")
            put(shop, order)
            seconds = shop.switch("completion_seconds")
            if seconds:
                shop.platform.world.schedule(shop.now + seconds, "tt.complete", {"shop": shop.id, "order": order["id"]})


def move_package(platform: Platform, order_id: str, warehouse_id: str, package_id: str | None = None) -> None:
    """The platform ships the packages of an order, or one of them, from another warehouse; the order keeps its own."""
    shop, order = _of_order(platform, order_id)
    row = shop.warehouse(warehouse_id)
    if row is None or row["type"] != "SALES_WAREHOUSE":
        raise Refused(f"warehouse_id: {warehouse_id!r} is not one for sales of the shop")
    for package in _moving(shop, order, package_id, ("TO_FULFILL", "PROCESSING", "FULFILLING")):
        package["warehouse_id"] = warehouse_id
        keep(shop, package)
        entry = {"package_id": package["id"], "order_id_list": package["order_ids"]}
        data = {"sc_type": "NONE", "role_type": "ROLE_SYSTEM", "package_list": [entry], "update_time": shop.now}
        webhooks.notify(shop, "PACKAGE_UPDATE", data)


def fail_delivery(platform: Platform, order_id: str, reason: str = "PACKAGE_LOST") -> None:
    """A carrier loses, damages or returns a package: the platform cancels the order."""
    names = {
        "PACKAGE_LOST": "package_lost",
        "PACKAGE_DAMAGAED": "package_damaged",
        "PACKAGE_SCRAP": "package_scrap",
        "RETURNED_TO_SHIPPER": "returned_to_shipper_refused",
    }
    if reason not in names:
        raise Refused(f"reason: must be one of {', '.join(names)}")
    shop, order = _of_order(platform, order_id)
    for package in _moving(shop, order, None, ("PROCESSING", "FULFILLING")):
        package["sub_status"], package["ship_exception_reason"] = "SHIP_EXCEPTION", reason
        keep(shop, package)
    cancellations.cancel_by_platform(shop, order, names[reason])


def complete(platform: Platform, order_id: str) -> None:
    """The time for after-sales requests is over: the order is COMPLETED."""
    shop, order = _of_order(platform, order_id)
    if order["status"] != "DELIVERED":
        raise Refused(f"order_id: order {order_id} is {order['status']}, not DELIVERED")
    finish(shop, order)
    put(shop, order)


class _Delivery(msgspec.Struct):
    id: str = ""
    delivery_type: str = ""
    fail_delivery_reason: str | None = None


class _Deliveries(msgspec.Struct):
    packages: list[_Delivery] = []


def delivered_by_seller(call: Call) -> Any:
    """The seller's own fleet reports a delivery."""
    shop, body = call.shop, call.body(_Deliveries)
    errors = []
    for entry in body.packages:
        package = shop.packages.get(entry.id)
        if (
            package is None
            or package["shipping_type"] != "SELLER"
            or package["status"] not in ("PROCESSING", "FULFILLING")
        ):
            errors.append(ApiError(21011028).entry(package_id=entry.id))
        elif entry.delivery_type == "DELIVERY_SUCCESS":
            _delivered(shop, package)
        elif entry.delivery_type == "DELIVERY_FAILED":
            note_event(shop, package, "Delivery failed.", 50105)
            keep(shop, package)
    return {"errors": errors} if errors else {}


ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    "tt.ship_by_platform": ship_by_platform,
    "tt.carrier_scan": carrier_scan,
    "tt.deliver": deliver,
    "tt.fail_delivery": fail_delivery,
    "tt.move_package": move_package,
    "tt.complete": complete,
}

_BAD: Final = 21001001
_V2309: Final = ("202309",)

ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/fulfillment/{v}/packages/deliver",
        _V2309,
        "seller.delivery.status.write",
        delivered_by_seller,
        bad_input=_BAD,
    ),
)
