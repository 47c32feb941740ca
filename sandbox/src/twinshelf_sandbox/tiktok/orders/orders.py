"""Orders of the TikTok Shop double: how they come into being, move through their states, and are read.

An order is stored as the API shows it, plus what only the double knows under names that begin with `_`. There is one
line per unit. Source: `docs/platforms/tiktok-shop.md` section 15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.aftersales import cancellations
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.fulfillment import packages
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.deadlines import deadlines
from twinshelf_sandbox.tiktok.orders.market_fields import as_in_its_market
from twinshelf_sandbox.tiktok.orders.order_states import (
    STATUSES,
    finish,
    is_elsewhere,
    money,
    of_shop,
    put,
    set_status,
    spread,
    tell,
    text,
)
from twinshelf_sandbox.tiktok.orders.recipient_addresses import Address, recipient_json
from twinshelf_sandbox.tiktok.products import stock
from twinshelf_sandbox.tiktok.regions import delivery_options
from twinshelf_sandbox.tiktok.state import OrderRow, Platform, Shop
from twinshelf_sandbox.world import Entity

PLATFORMS: Final = (
    "SHOPIFY",
    "WOOCOMMERCE",
    "BIGCOMMERCE",
    "MAGENTO",
    "SALESFORCE_COMMERCE_CLOUD",
    "CHANNEL_ADVISOR",
    "AMAZON",
    "ORDER_MANAGEMENT_SYSTEM",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "ERP_SYSTEM",
)
MARKET_FEES: Final = (
    "small_order_fee",
    "buyer_service_fee",
    "handling_fee",
    "shipping_insurance_fee",
    "item_insurance_fee",
    "item_insurance_tax",
)
_DETAIL_ONLY: Final = (
    "payment_card_type",
    "payment_method_code",
    "payment_auth_code",
    "channel_entity_national_registry_id",
)


# -- coming into being -----------------------------------------------------------------------------------------


@dataclass
class Unit:
    """One unit someone is about to buy."""

    product: Entity
    sku: Entity
    offer: Entity
    is_gift: bool = False


@dataclass
class Purchase:
    """Everything about a purchase beside its units. Amounts are for the whole order."""

    address: Address
    user_id: str
    buyer_email: str
    seller_discount: Decimal = Decimal(0)
    platform_discount: Decimal = Decimal(0)
    shipping_fee: Decimal = Decimal(0)
    shipping_fee_seller_discount: Decimal = Decimal(0)
    shipping_fee_platform_discount: Decimal = Decimal(0)
    tax: Decimal | None = None
    retail_delivery_fee: Decimal = Decimal(0)
    market_fees: dict[str, Decimal] = field(default_factory=dict)
    """What the buyer pays on top in some markets, by name (`MARKET_FEES`)."""
    shipping_type: str = "SELLER"
    fulfillment_type: str = "FULFILLMENT_BY_SELLER"
    order_type: str = "NORMAL"
    buyer_message: str = ""
    is_sample: bool = False
    is_cod: bool = False
    flags: Entity = field(default_factory=dict)


_TAX_RATE: Final = Decimal("0.0825")


def place(shop: Shop, units: list[Unit], purchase: Purchase) -> Entity:
    """Create an unpaid order and hold its stock. Raises Refused when something cannot be bought."""
    order_id = shop.platform.new_id("order")
    held = _hold(shop, units, order_id)
    lines = [_line(shop, unit, taken) for unit, taken in zip(units, held, strict=True)]
    _amounts(shop, units, lines, purchase)
    now = shop.now
    option = next(o for o in delivery_options(shop.facts["region"]) if o.shipping_type == purchase.shipping_type)
    order: Entity = {
        "id": order_id,
        "status": "UNPAID",
        "create_time": now,
        "update_time": now,
        "user_id": purchase.user_id,
        "buyer_email": purchase.buyer_email,
        "buyer_nickname": purchase.address.first_name.lower() or "buyer",
        "buyer_message": purchase.buyer_message,
        "commerce_platform": "TIKTOK_SHOP",
        "order_type": purchase.order_type,
        "is_cod": purchase.is_cod,
        "is_sample_order": purchase.is_sample,
        "is_on_hold_order": False,
        "is_buyer_request_cancel": False,
        "is_replacement_order": False,
        "is_exchange_order": False,
        "has_updated_recipient_address": False,
        "fulfillment_type": purchase.fulfillment_type,
        "shipping_type": purchase.shipping_type,
        "delivery_type": "HOME_DELIVERY",
        "delivery_option_id": option.id,
        "delivery_option_name": option.name,
        "tracking_number": "",
        "warehouse_id": lines[0]["_held"][0][3] if lines[0]["_held"] else shop.warehouses("SALES_WAREHOUSE")[0]["id"],
        "packages": [],
        "payment_method_name": "Cash on delivery" if purchase.is_cod else "Credit card",
        "line_items": lines,
        "_address": purchase.address.as_dict(),
        "_price": {},
        "_pending_cancel": "",
        **purchase.flags,
    }
    if shop.facts["region"] == "BR":
        order |= {"need_upload_invoice": "NEED_INVOICE", "cpf": "000.000.000-00", "cpf_name": purchase.address.name}
    order["payment"] = payment(shop, order["line_items"], purchase)
    shop.effect(
        "order_created",
        order_id,
        total=order["payment"]["total_amount"],
        units=len(lines),
        seller_skus=[line["seller_sku"] for line in lines],
    )
    put(shop, order)
    tell(shop, order)
    seconds = shop.switch("unpaid_seconds")
    if seconds:
        shop.platform.world.schedule(now + seconds, "tt.unpaid", {"shop": shop.id, "order": order_id})
    return order


def _hold(shop: Shop, units: list[Unit], order_id: str) -> list[list[list[Any]]]:
    """Hold the stock of every unit: for each unit the parts [product, sku, seller sku, warehouse] that were taken."""
    needs: dict[tuple[str, str], int] = {}
    parts_of: list[list[tuple[str, str, str]]] = []
    for unit in units:
        parts = []
        for part in unit.sku.get("combined_skus") or [
            {"product_id": unit.product["id"], "sku_id": unit.sku["id"], "sku_count": 1}
        ]:
            product = shop.products[part["product_id"]]
            seller_sku = next((s["seller_sku"] for s in product["skus"] if s["id"] == part["sku_id"]), "")
            parts += [(part["product_id"], part["sku_id"], seller_sku)] * part["sku_count"]
        parts_of.append(parts)
        for product_id, sku_id, _ in parts:
            needs[product_id, sku_id] = needs.get((product_id, sku_id), 0) + 1
    taken: dict[tuple[str, str], list[str]] = {}
    names = {(p, s): n for parts in parts_of for p, s, n in parts}
    for (product_id, sku_id), count in needs.items():
        sku = {"id": sku_id, "seller_sku": names[product_id, sku_id]}
        taken[product_id, sku_id] = stock.commit(shop, product_id, sku, count, order_id)
    return [[[p, s, n, taken[p, s].pop(0)] for p, s, n in parts] for parts in parts_of]


def _line(shop: Shop, unit: Unit, held: list[list[Any]]) -> Entity:
    content, sku = unit.product["base"], unit.sku
    attributes = sku.get("sales_attributes", [])
    images = [a["sku_img"]["uri"] for a in attributes if a.get("sku_img")] or [
        i["uri"] for i in content.get("main_images", [])
    ]
    line: Entity = {
        "id": shop.platform.new_id("line"),
        "sku_id": sku["id"],
        "product_id": unit.product["id"],
        "product_name": content.get("title", ""),
        "sku_name": ", ".join(a["value_name"] for a in attributes) or "Default",
        "seller_sku": sku.get("seller_sku", ""),
        "sku_image": f"/_tiktok/cdn/{images[0]}" if images else "",
        "currency": shop.currency,
        "display_status": "UNPAID",
        "sku_type": "NORMAL",
        "is_gift": unit.is_gift,
        "is_dangerous_good": False,
        "_held": held,
        "_state": "open",
    }
    if sku.get("combined_skus"):
        line["combined_listing_skus"] = [
            {
                "sku_id": p["sku_id"],
                "sku_count": p["sku_count"],
                "product_id": p["product_id"],
                "seller_sku": next((h[2] for h in held if h[1] == p["sku_id"]), ""),
            }
            for p in sku["combined_skus"]
        ]
    return line


def _amounts(shop: Shop, units: list[Unit], lines: list[Entity], purchase: Purchase) -> None:
    prices, activity_discounts = [], []
    for unit in units:
        free = unit.is_gift or purchase.is_sample
        price = Decimal(0) if free else money(shop, unit.offer["price"])
        promotion = unit.offer["promotion"]
        reduced = money(shop, promotion["price"]) if promotion is not None and promotion.get("price") else price
        prices.append(price)
        activity_discounts.append(max(Decimal(0), price - min(price, reduced)))
    net = [p - a for p, a in zip(prices, activity_discounts, strict=True)]
    seller = [a + s for a, s in zip(activity_discounts, spread(shop, purchase.seller_discount, net), strict=True)]
    left = [p - s for p, s in zip(prices, seller, strict=True)]
    platform = spread(shop, purchase.platform_discount, left)
    sales = [v - d for v, d in zip(left, platform, strict=True)]
    if any(s < 0 for s in sales):
        raise Refused("seller_discount: the discounts are larger than the price")
    if purchase.tax is not None:
        taxes = spread(shop, purchase.tax, sales if any(sales) else [Decimal(1)] * len(sales))
    elif shop.region.tax:
        taxes = [money(shop, s * _TAX_RATE) for s in sales]
    else:
        taxes = [Decimal(0)] * len(sales)
    for at, line in enumerate(lines):
        line["original_price"] = text(shop, prices[at])
        line["sale_price"] = text(shop, sales[at])
        line["seller_discount"] = text(shop, seller[at])
        line["platform_discount"] = text(shop, platform[at])
        if line["is_gift"]:
            line["gift_retail_price"] = text(shop, money(shop, units[at].offer["price"]))
        if taxes[at]:
            line["item_tax"] = [
                {"tax_type": "SALES_TAX", "tax_amount": text(shop, taxes[at]), "tax_rate": str(_TAX_RATE)}
            ]
        promotion = units[at].offer["promotion"]
        line["_activity"] = [promotion["id"], text(shop, activity_discounts[at])] if promotion is not None else []


def payment(shop: Shop, lines: list[Entity], purchase: Purchase) -> Entity:
    """The order's amounts, by the documented formulas: they always add up."""

    def total(name: str) -> Decimal:
        return sum((Decimal(line[name]) for line in lines), Decimal(0))

    product_tax = sum(
        (Decimal(line["item_tax"][0]["tax_amount"]) for line in lines if line.get("item_tax")), Decimal(0)
    )
    original, seller, platform = total("original_price"), total("seller_discount"), total("platform_discount")
    sub_total = original - seller - platform
    shipping = purchase.shipping_fee - purchase.shipping_fee_seller_discount - purchase.shipping_fee_platform_discount
    amounts = {
        "sub_total": sub_total,
        "shipping_fee": shipping,
        "seller_discount": seller,
        "platform_discount": platform,
        "total_amount": sub_total
        + shipping
        + product_tax
        + purchase.retail_delivery_fee
        + sum(purchase.market_fees.values(), Decimal(0)),
        "original_total_product_price": original,
        "original_shipping_fee": purchase.shipping_fee,
        "shipping_fee_seller_discount": purchase.shipping_fee_seller_discount,
        "shipping_fee_platform_discount": purchase.shipping_fee_platform_discount,
        "shipping_fee_cofunded_discount": Decimal(0),
        "tax": product_tax,
    }
    if shop.region.tax:
        amounts |= {
            "product_tax": product_tax,
            "shipping_fee_tax": Decimal(0),
            "retail_delivery_fee": purchase.retail_delivery_fee,
        }
    amounts |= purchase.market_fees
    return {"currency": shop.currency, **{name: text(shop, amount) for name, amount in amounts.items()}}


# -- states ----------------------------------------------------------------------------------------------------


def pay(shop: Shop, order: Entity) -> None:
    """The buyer pays, or for cash on delivery confirms: the order goes on hold or straight to the seller."""
    if order["status"] != "UNPAID":
        raise Refused(f"order_id: order {order['id']} is {order['status']}, not UNPAID")
    now = shop.now
    if not order["is_cod"]:
        order["paid_time"] = now
    order |= deadlines(shop.region, now)
    packages.on_payment(shop, order)
    if shop.switch("on_hold"):
        order["is_on_hold_order"] = True
        set_status(shop, order, "ON_HOLD")
        due = max(now + shop.switch("on_hold_seconds"), order.get("release_date", 0))
        shop.platform.world.schedule(due, "tt.release", {"shop": shop.id, "order": order["id"]})
    else:
        _hand_over(shop, order)


def _hand_over(shop: Shop, order: Entity) -> None:
    order["is_on_hold_order"] = False
    set_status(shop, order, "AWAITING_SHIPMENT")
    seconds = shop.switch("late_shipment_seconds")
    if seconds:
        shop.platform.world.schedule(shop.now + seconds, "tt.late", {"shop": shop.id, "order": order["id"]})


def release(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that ends the hold."""
    shop = platform.shop(payload["shop"])
    order = shop.orders.get(payload["order"])
    if order is None or order["status"] != "ON_HOLD":
        return
    _hand_over(shop, order)
    put(shop, order)


def _system_cancel(reason: str, statuses: tuple[str, ...]) -> Callable[[Platform, dict[str, Any]], None]:
    def job(platform: Platform, payload: dict[str, Any]) -> None:
        shop = platform.shop(payload["shop"])
        order = shop.orders.get(payload["order"])
        if order is not None and order["status"] in statuses:
            cancellations.cancel_by_platform(shop, order, reason)

    return job


def complete(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that ends the time for after-sales requests."""
    shop = platform.shop(payload["shop"])
    order = shop.orders.get(payload["order"])
    if order is not None and order["status"] == "DELIVERED":
        finish(shop, order)
        put(shop, order)


# -- reading ---------------------------------------------------------------------------------------------------


def order_json(shop: Shop, order: Entity, *, detail: bool) -> Entity:
    """An order as the API shows it now: what of the address is clear depends on status, shipping and time."""
    shown = {name: value for name, value in order.items() if name[0] != "_" and (detail or name not in _DETAIL_ONLY)}
    shown["line_items"] = [
        {name: value for name, value in line.items() if name[0] != "_"} for line in order["line_items"]
    ]
    for line in shown["line_items"]:
        line["sku_image"] = shop.platform.url(line["sku_image"])
    shown["recipient_address"] = recipient_json(shop, order)
    as_in_its_market(shop.region.code, shown)
    if shop.region.ships_by == "package" and "tts_sla_time" in order and "rts_time" not in order:
        # In milliseconds, unlike every other time of an order.
        shown |= {"fulfillment_priority_level": 600, "recommended_shipping_time": order["tts_sla_time"] * 1000}
    return shown


class _Search(msgspec.Struct):
    order_status: str | None = None
    create_time_ge: int | None = None
    create_time_lt: int | None = None
    update_time_ge: int | None = None
    update_time_lt: int | None = None
    shipping_type: str | None = None
    buyer_user_id: str | None = None
    is_buyer_request_cancel: bool | None = None
    warehouse_ids: list[str] | None = None


def search(call: Call) -> Any:
    """Pages of orders by status and time, straight from the sorted index."""
    shop, body = call.shop, call.body(_Search)
    size = call.integer("page_size", 1, 100, 20)
    by = call.choice("sort_field", ("create_time", "update_time"), "create_time")
    descending = call.choice("sort_order", ("ASC", "DESC"), "DESC") == "DESC"
    if body.order_status and body.order_status not in STATUSES:
        raise call.bad("`order_status` is unknown")
    if body.warehouse_ids and len(body.warehouse_ids) > 100:
        raise call.bad("`warehouse_ids` may have 100 entries")
    ranges = {
        "create_time": (body.create_time_ge, body.create_time_lt),
        "update_time": (body.update_time_ge, body.update_time_lt),
    }
    since, until = ranges[by]
    other = "update_time" if by == "create_time" else "create_time"
    page = shop.order_index.page(
        by=by,
        descending=descending,
        status=body.order_status or "",
        since=since,
        until=until,
        keep=_filter(body, other, ranges[other]),
        after=call.platform.paging.after(call, "orders"),
        size=size,
    )
    return {
        "orders": [order_json(shop, shop.orders[key], detail=False) for key in page.keys],
        "total_count": page.total,
        "next_page_token": call.platform.paging.next_after(call, "orders", page.last, more=page.more),
    }


def _filter(body: _Search, other: str, wanted: tuple[int | None, int | None]) -> Callable[[str, OrderRow], bool] | None:
    since, until = wanted
    warehouses = set(body.warehouse_ids or ())
    if (
        since is None
        and until is None
        and not warehouses
        and not body.shipping_type
        and not body.buyer_user_id
        and body.is_buyer_request_cancel is None
    ):
        return None

    def keep(_key: str, row: OrderRow) -> bool:
        at: int = getattr(row, other)
        return (
            (since is None or at >= since)
            and (until is None or at < until)
            and (not warehouses or row.warehouse_id in warehouses)
            and (not body.shipping_type or row.shipping_type == body.shipping_type)
            and (not body.buyer_user_id or row.user_id == body.buyer_user_id)
            and (body.is_buyer_request_cancel is None or row.is_buyer_request_cancel == body.is_buyer_request_cancel)
        )

    return keep


def detail(call: Call) -> Any:
    """Up to 50 orders by id, comma-joined. Unknown ids are left out; an order of another seller refuses the call."""
    ids = call.listed("ids")
    if not 1 <= len(ids) <= 50:
        raise call.bad("`ids` must have 1 to 50 entries, joined by commas")
    shop = call.shop
    found = []
    for order_id in dict.fromkeys(ids):
        order = shop.orders.get(order_id)
        if order is not None:
            found.append(order_json(shop, order, detail=True))
        elif is_elsewhere(shop, order_id):
            raise ApiError(21008111)
    return {"orders": found}


def price_detail(call: Call) -> Any:
    """`GET …/price_detail`: the order's amounts, as a whole and per line."""
    shop = call.shop
    order = of_shop(shop, call.path["order_id"])
    paid = order["payment"]
    count = len(order["line_items"])
    shipping = spread(shop, Decimal(paid["shipping_fee"]), [Decimal(1)] * count)
    shipping_list = spread(shop, Decimal(paid["original_shipping_fee"]), [Decimal(1)] * count)
    lines = [_line_price(shop, line, shipping[at], shipping_list[at]) for at, line in enumerate(order["line_items"])]

    def total(name: str) -> str:
        return text(shop, sum((Decimal(line[name]) for line in lines), Decimal(0)))

    answer: Entity = {"currency": shop.currency}
    for name in (
        "total",
        "payment",
        "sku_list_price",
        "sku_sale_price",
        "subtotal",
        "subtotal_deduction_seller",
        "subtotal_deduction_platform",
        "subtotal_tax_amount",
        "voucher_deduction_platform",
        "voucher_deduction_seller",
        "tax_amount",
        "net_price_amount",
        "sku_gift_original_price",
    ):
        answer[name] = total(name)
    answer |= {
        "shipping_list_price": paid["original_shipping_fee"],
        "shipping_sale_price": paid["shipping_fee"],
        "shipping_fee_deduction_seller": paid["shipping_fee_seller_discount"],
        "shipping_fee_deduction_platform": paid["shipping_fee_platform_discount"],
        "shipping_fee_deduction_platform_voucher": "0",
        "tax_rate": str(_TAX_RATE) if Decimal(paid["tax"]) else "0",
        "cod_fee": "0",
        "cod_fee_net_amount": "0",
        "payment": paid["total_amount"],
        "line_items": lines,
    }
    return answer


def _line_price(shop: Shop, line: Entity, shipping: Decimal, shipping_list: Decimal) -> Entity:
    tax = Decimal(line["item_tax"][0]["tax_amount"]) if line.get("item_tax") else Decimal(0)
    original, sale = Decimal(line["original_price"]), Decimal(line["sale_price"])
    shown = {
        "total": original + shipping_list,
        "payment": sale + tax + shipping,
        "sku_list_price": original,
        "sku_sale_price": sale,
        "subtotal": sale + tax,
        "subtotal_deduction_seller": Decimal(line["seller_discount"]),
        "subtotal_deduction_platform": Decimal(line["platform_discount"]),
        "subtotal_tax_amount": tax,
        "voucher_deduction_platform": Decimal(line["platform_discount"]),
        "voucher_deduction_seller": Decimal(0),
        "shipping_list_price": shipping_list,
        "shipping_sale_price": shipping,
        "tax_amount": tax,
        "net_price_amount": sale,
        "sku_gift_original_price": Decimal(line.get("gift_retail_price", "0")),
    }
    entry: Entity = {
        "id": line["id"],
        "currency": line["currency"],
        **{name: text(shop, value) for name, value in shown.items()},
    }
    entry["tax_rate"] = str(_TAX_RATE) if tax else "0"
    activity = line["_activity"]
    if activity:
        entry["seller_funded_product_promotions"] = [
            {"activity_id": activity[0], "discount_amount": activity[1], "discount_type": "ACTIVITY"}
        ]
    return entry


# -- external references ---------------------------------------------------------------------------------------


class _ExternalLine(msgspec.Struct):
    id: str = ""
    origin_id: str = ""


class _External(msgspec.Struct):
    id: str = ""
    platform: str = ""
    line_items: list[_ExternalLine] = []


class _Reference(msgspec.Struct):
    id: str = ""
    external_order: _External | None = None


class _References(msgspec.Struct):
    orders: list[_Reference] = []


def add_references(call: Call) -> Any:
    """Note the caller's own order ids, one per order and platform. Errors are per order; their codes are texts."""
    shop, body = call.shop, call.body(_References)
    if not 1 <= len(body.orders) <= 100:
        raise call.bad("`orders` must have 1 to 100 entries")
    errors = []
    for at, entry in enumerate(body.orders):
        problem = _reference_problem(shop, entry)
        if not problem and call.breaks(entry.id, at):
            problem = ("36020003", call.broken().message)
        external = entry.external_order or _External()
        if problem:
            code, message = problem
            named = {"order_id": entry.id, "external_order": {"id": external.id, "platform": external.platform}}
            errors.append({"code": code, "message": message, "detail": named})
            continue
        row = shop.references.get(entry.id) or {}
        before = row.get(external.platform)
        row[external.platform] = msgspec.to_builtins(external)
        if row[external.platform] != before:
            shop.references.put(entry.id, row)
            shop.effect(
                "external_reference",
                entry.id,
                platform=external.platform,
                external_id=external.id,
                before=before and before["id"],
            )
    return {"errors": errors} if errors else {}


def _reference_problem(shop: Shop, entry: _Reference) -> tuple[str, str] | None:
    external = entry.external_order
    order = shop.orders.get(entry.id)
    if order is None:
        return "36020001", "Invalid order_id"
    if external is None or not external.id or external.platform not in PLATFORMS:
        return "36020002", "Invalid external_order"
    if len(external.line_items) > 100:
        return "36020002", "Too many line items"
    known = {line["id"] for line in order["line_items"]}
    if any(line.origin_id not in known for line in external.line_items):
        return "36020002", "Invalid origin_id"
    return None


def _platform_asked_for(call: Call) -> str:
    return call.choice("platform", PLATFORMS, "")


def references(call: Call) -> Any:
    """Ids that another platform gave to an order."""
    wanted = _platform_asked_for(call)
    of_shop(call.shop, call.path["order_id"])
    row = call.shop.references.get(call.path["order_id"]) or {}
    return {"external_orders": [row[wanted]]} if wanted in row else {}


def search_references(call: Call) -> Any:
    """Orders that carry an external id. `orders` is left out when there are none."""
    wanted = _platform_asked_for(call)
    external_id = call.params.get("external_order_id", "")
    if not external_id:
        raise call.bad("`external_order_id` is required")
    keys = call.shop.by_external_order.find(f"{wanted}:{external_id}")
    found = [{"id": key, "external_order": call.shop.references[key][wanted]} for key in keys]
    return {"orders": found} if found else {}


_INFO: Final = "seller.order.info"

ENDPOINTS: Final = (
    Endpoint("POST", "/order/{v}/orders/search", ("202309",), _INFO, search),
    Endpoint("GET", "/order/{v}/orders", ("202309", "202507"), _INFO, detail),
    Endpoint("GET", "/order/{v}/orders/{order_id}/price_detail", ("202407",), _INFO, price_detail, bad_input=21001001),
    Endpoint("POST", "/order/{v}/orders/external_orders", ("202406",), "seller.order.ext_ref.write", add_references),
    Endpoint(
        "POST", "/order/{v}/orders/external_order_search", ("202406",), "seller.order.ext_ref.read", search_references
    ),
    Endpoint(
        "GET", "/order/{v}/orders/{order_id}/external_orders", ("202406",), "seller.order.ext_ref.read", references
    ),
)

JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {
    "tt.release": release,
    "tt.unpaid": _system_cancel("system_cancel_unpaid_time_out", ("UNPAID",)),
    "tt.late": _system_cancel(
        "system_cancel_order_reason_shipping_timeout", ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING")
    ),
    "tt.complete": complete,
}
