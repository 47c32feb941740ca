"""Shoppers: invented people who buy, pay, cancel, move house and send things back.

They act through world actions `shopper.…`, as the control API and tests call them. What they do has the rules of the
platform, not of its API: what a buyer cannot do is refused with `Refused`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.tiktok.aftersales import cancellations, return_actions
from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.double import bound
from twinshelf_sandbox.tiktok.errors import Refused
from twinshelf_sandbox.tiktok.orders import orders
from twinshelf_sandbox.tiktok.orders.order_states import money, put, touch
from twinshelf_sandbox.tiktok.orders.orders import Purchase, Unit
from twinshelf_sandbox.tiktok.orders.recipient_addresses import Address, invent
from twinshelf_sandbox.tiktok.products import stock
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity, World


class Shopper:
    """Registers the actions `shopper.…` of one world."""

    def __init__(self, world: World, platform: Platform) -> None:
        self.world, self.platform = world, platform
        actions: dict[str, Callable[..., Any]] = {
            "shopper.buy": buy,
            "shopper.buy_something": buy_something,
            "shopper.pay": pay,
            "shopper.cancel": cancel,
            "shopper.withdraw_cancellation": withdraw_cancellation,
            "shopper.change_address": change_address,
            "shopper.return_request": return_request,
            "shopper.send_back": return_actions.send_back,
            "shopper.answer_offer": return_actions.answer_offer,
            "shopper.withdraw_return": return_actions.withdraw,
            "shopper.dispute": return_actions.dispute,
            "tt.cancel_order": cancel_order,
        }
        for name, action in actions.items():
            world.actions[name] = bound(action, platform)


def buy(
    platform: Platform,
    shop_id: str,
    items: list[dict[str, Any]],
    *,
    pay: bool = True,
    seller_discount: str = "0",
    platform_discount: str = "0",
    shipping_fee: str = "0",
    shipping_fee_seller_discount: str = "0",
    shipping_fee_platform_discount: str = "0",
    tax: str | None = None,
    retail_delivery_fee: str = "0",
    fees: dict[str, str] | None = None,
    address: dict[str, Any] | None = None,
    shipping_type: str = "",
    fulfillment_type: str = "FULFILLMENT_BY_SELLER",
    order_type: str = "NORMAL",
    message: str = "",
    sample: bool = False,
    cod: bool = False,
    must_split: bool = False,
    buyer: str | None = None,
    hours_ago: float = 0,
) -> str:
    """Buy `items` in a shop and, unless `pay` is false, pay. Returns the order id.

    An item is {seller_sku or sku_id, quantity, gift}. Amounts are texts for the whole order; without `tax` the US gets
    the usual rate. `fees` are those of a market, such as a `small_order_fee`. `address` overrides parts of an invented
    one. Without `shipping_type` (SELLER or TIKTOK) it is shipped as is usual in the market. `buyer` is a name: the same
    name gives the same buyer again. Stock is held at once, paid or not; what is not live or out of stock is refused.
    With `hours_ago` the order was placed and paid then, and its deadlines count from then on; the apps are told now.
    """
    shop = platform.shop(shop_id)
    shipping_type = shipping_type or shop.region.shipping
    if shipping_type not in ("SELLER", "TIKTOK"):
        raise Refused("shipping_type: must be SELLER or TIKTOK")
    _one_of("order_type", order_type, _ORDER_TYPES)
    _one_of("fulfillment_type", fulfillment_type, _FULFILLMENT_TYPES)
    units = _units(shop, items)
    if not units:
        raise Refused("items: buy something")
    if shop.switch("development_shop") and len({u.product["id"] for u in units}) > 3:
        raise Refused("items: a development shop allows 3 products in an order")
    unknown_fees = sorted(set(fees or ()) - set(orders.MARKET_FEES))
    if unknown_fees:
        raise Refused(f"fees: {unknown_fees[0]!r} is unknown")
    user_id, where = _buyer(shop, buyer)
    if address:
        unknown = sorted(set(address) - set(Address.__dataclass_fields__))
        if unknown:
            raise Refused(f"address: {unknown[0]!r} is unknown")
        where = Address(**{**where.as_dict(), **address})
    pre_sale = next((u.sku["pre_sale"] for u in units if u.sku.get("pre_sale")), None)
    flags: Entity = {"_must_split": must_split} if must_split else {}
    if pre_sale is not None and order_type == "NORMAL":
        order_type = "PRE_ORDER" if pre_sale["type"] == "PRE_ORDER" else "MADE_TO_ORDER"
        when = pre_sale.get("fulfillment_type") or {}
        if when.get("release_date"):
            flags["release_date"] = when["release_date"]
        if when.get("handling_duration_days"):
            flags["handling_duration"] = {"days": str(when["handling_duration_days"]), "type": "BUSINESS_DAY"}
    purchase = Purchase(
        address=where,
        user_id=user_id,
        buyer_email=f"v2b{user_id[-8:]}@chat.seller.example.com",
        seller_discount=_amount(shop, "seller_discount", seller_discount),
        platform_discount=_amount(shop, "platform_discount", platform_discount),
        shipping_fee=_amount(shop, "shipping_fee", shipping_fee),
        shipping_fee_seller_discount=_amount(shop, "shipping_fee_seller_discount", shipping_fee_seller_discount),
        shipping_fee_platform_discount=_amount(shop, "shipping_fee_platform_discount", shipping_fee_platform_discount),
        tax=None if tax is None else _amount(shop, "tax", tax),
        retail_delivery_fee=_amount(shop, "retail_delivery_fee", retail_delivery_fee),
        market_fees={name: _amount(shop, "fees", amount) for name, amount in (fees or {}).items()},
        shipping_type=shipping_type,
        fulfillment_type=fulfillment_type,
        order_type=order_type,
        buyer_message=message,
        is_sample=sample,
        is_cod=cod,
        flags=flags,
    )
    order = orders.place(shop, units, purchase)
    if pay:
        orders.pay(shop, order)
    _set_back(order, hours_ago)
    put(shop, order)
    return str(order["id"])


def _set_back(order: Entity, hours: float) -> None:
    if not 0 <= hours <= _MOST_HOURS:
        raise Refused(f"hours_ago: must be 0 to {_MOST_HOURS:,}")
    order.update({name: order[name] - int(hours * 3600) for name in _THEN & order.keys()})


_MOST_HOURS: Final = 24 * 365

_THEN: Final = frozenset(
    {"create_time", "paid_time", "rts_sla_time", "tts_sla_time", "shipping_due_time", "cancel_order_sla_time"}
    | {"collection_due_time", "delivery_due_time", "delivery_sla_time"}
)
"""Times of an order that are those of its sale, or count from it."""

_ORDER_TYPES: Final = (
    "NORMAL",
    "ZERO_LOTTERY",
    "AUCTION",
    "PRE_ORDER",
    "MADE_TO_ORDER",
    "BACK_ORDER",
    "VIRTUAL_ORDER",
)
_FULFILLMENT_TYPES: Final = (
    "FULFILLMENT_BY_SELLER",
    "FULFILLMENT_BY_TIKTOK",
    "FULFILLMENT_BY_DILAYANI_TOKOPEDIA",
)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise Refused(f"{name}: must be one of {', '.join(known)}")


def _amount(shop: Shop, name: str, value: str) -> Decimal:
    """What the argument `name` is worth. Raises Refused, naming it, for what is no amount or less than nothing."""
    try:
        amount = money(shop, value)
    except Refused as error:
        raise Refused(f"{name}: {error}") from error
    if not amount.is_finite() or amount < 0:
        raise Refused(f"{name}: {value!r} is less than nothing or no amount of money")
    return amount


_TRIES: Final = 50


def buy_something(platform: Platform, shop_id: str, most: int = 3, *, pay: bool = True) -> str:
    """Buy one to `most` units of something that is for sale and in stock, by chance. Returns the order id."""
    shop, rng = platform.shop(shop_id), platform.world.rng
    live = shop.product_index.count("ACTIVATE")
    for _ in range(_TRIES if live else 0):
        page = shop.product_index.page(
            by="create_time", descending=False, status="ACTIVATE", offset=rng.randrange(live), size=1
        )
        offers = shop.offers[page.keys[0]]["skus"]
        sku_id = rng.choice([sku["id"] for sku in shop.products[page.keys[0]]["skus"]])
        left = min(most, stock.available(offers[sku_id]))
        if left > 0 and offers[sku_id]["status"] == "NORMAL":
            return buy(platform, shop_id, [{"sku_id": sku_id, "quantity": rng.randint(1, left)}], pay=pay)
    raise Refused("shop_id: the shop has nothing that is for sale and in stock")


def _units(shop: Shop, items: list[dict[str, Any]]) -> list[Unit]:
    units: list[Unit] = []
    for at, item in enumerate(items):
        if not isinstance(item, dict):
            raise Refused(f"items: entry {at} must be an object")
        quantity = item.get("quantity", 1)
        if not isinstance(quantity, int) or not 1 <= quantity <= 500:
            raise Refused(f"items: the quantity of entry {at} must be 1 to 500")
        product, sku = _find(shop, item, at)
        offer = shop.offers[product["id"]]["skus"][sku["id"]]
        if product["status"] != "ACTIVATE" or offer["status"] != "NORMAL":
            raise Refused(
                f"items: {sku.get('seller_sku') or sku['id']} is not for sale, its product is {product['status']}"
            )
        units += [Unit(product, sku, offer, is_gift=bool(item.get("gift")))] * quantity
    return units


def _find(shop: Shop, item: dict[str, Any], at: int) -> tuple[Entity, Entity]:
    sku_id, seller_sku = item.get("sku_id"), item.get("seller_sku")
    keys = shop.by_sku.find(str(sku_id)) if sku_id else shop.by_seller_sku.find(str(seller_sku)) if seller_sku else []
    found = [shop.products[key] for key in keys]
    found.sort(key=lambda product: product["status"] != "ACTIVATE")
    for product in found:
        for sku in product["base"].get("skus", []):
            if (sku_id and sku["id"] == sku_id) or (not sku_id and sku.get("seller_sku") == seller_sku):
                return product, sku
    raise Refused(f"items: entry {at} names no SKU of the shop: {sku_id or seller_sku!r}")


def _buyer(shop: Shop, name: str | None) -> tuple[str, Address]:
    table = shop.platform.world.table("tt/buyers")
    if name is not None and (known := table.get(f"{shop.id}:{name}")) is not None:
        return str(known["user_id"]), Address(**known["address"])
    address = invent(shop, shop.platform.world.rng)
    user_id = shop.platform.new_id("user")
    if name is not None:
        table.put(f"{shop.id}:{name}", {"user_id": user_id, "address": address.as_dict()})
    return user_id, address


def _order(platform: Platform, order_id: str) -> tuple[Shop, Entity]:
    for key in platform.shops.keys():  # noqa: SIM118 - a table is not a mapping
        shop = platform.shop(str(key))
        order = shop.orders.get(order_id)
        if order is not None:
            return shop, order
    raise Refused(f"order_id: there is no order {order_id!r}")


def pay(platform: Platform, order_id: str) -> None:
    """Pay an unpaid order: it goes on hold for an hour, then to the seller."""
    shop, order = _order(platform, order_id)
    orders.pay(shop, order)
    put(shop, order)


def cancel(platform: Platform, order_id: str, reason: str = "") -> str:
    """Ask to cancel: done at once while unpaid or on hold, a request to the seller later. Returns the cancel id."""
    shop, order = _order(platform, order_id)
    return cancellations.request_by_buyer(shop, order, reason)


def withdraw_cancellation(platform: Platform, order_id: str) -> None:
    """Take a pending cancellation request back."""
    shop, order = _order(platform, order_id)
    cancellations.withdraw_by_buyer(shop, order)


def change_address(platform: Platform, order_id: str, address: dict[str, Any] | None = None) -> None:
    """Change where an unshipped order goes: parts of the address, or all of it to an invented one. Webhook 3."""
    shop, order = _order(platform, order_id)
    if order["status"] not in ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"):
        raise Refused(f"order_id: the address of an order that is {order['status']} cannot be changed")
    new = {**order["_address"], **address} if address else invent(shop, platform.world.rng).as_dict()
    try:
        order["_address"] = Address(**new).as_dict()
    except TypeError as error:
        raise Refused(f"address: {error}") from error
    order["has_updated_recipient_address"] = True
    touch(shop, order)
    put(shop, order)
    shop.effect("address_changed", order_id)
    webhooks.notify(shop, "RECIPIENT_ADDRESS_UPDATE", {"order_id": order_id, "update_time": shop.now})


def cancel_order(
    platform: Platform, order_id: str, reason: str = "", by: str = "SELLER", items: list[Entity] | None = None
) -> str:
    """The seller, or the platform (`by` SYSTEM or OPERATOR), cancels an order. Returns the cancel id.

    `items`, {seller_sku, quantity} each, are what a seller cancels of it instead of the whole: the US and the UK allow
    that for lack of stock.
    """
    shop, order = _order(platform, order_id)
    if by == "SELLER":
        return cancellations.cancel_in_seller_center(shop, order, reason, items)
    if by not in ("SYSTEM", "OPERATOR"):
        raise Refused("by: must be SELLER, SYSTEM or OPERATOR")
    return cancellations.cancel_by_platform(shop, order, reason or "platform_cancel", by)


def return_request(
    platform: Platform,
    order_id: str,
    *,
    kind: str = "RETURN_AND_REFUND",
    seller_skus: list[str] | None = None,
    reason: str = "",
    note: str = "",
    shipment_type: str = "PLATFORM",
    quick: bool = False,
) -> str:
    """Ask for a REFUND, RETURN_AND_REFUND, REPLACEMENT or EXCHANGE of units of an order. Returns the return id.

    `seller_skus` has one entry per unit; None means all that is left. With `quick` the seller cannot refuse the parcel.
    """
    shop, order = _order(platform, order_id)
    asked = return_actions.Asked(kind, seller_skus, reason, note, shipment_type, quick)
    return return_actions.request_by_buyer(shop, order, asked)
