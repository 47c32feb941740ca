"""Promotions: activities that lower prices for a while and meanwhile lock them, and may hold back stock.

Source: `docs/platforms/tiktok-shop.md` section 18.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products.products import other_shop_has
from twinshelf_sandbox.tiktok.promotions.promotion_rules import (
    PRICED,
    Activity,
    ActivityProduct,
    ActivitySku,
    activity_price,
    check_change,
    check_new,
    check_period,
    check_products,
    check_title,
)
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity

_INDEFINITE_SECONDS: Final = 10 * 365 * 86_400
_SEARCH_LIMIT: Final = 10_000


class _Products(msgspec.Struct):
    products: list[ActivityProduct] = []
    activity_id: str = ""


def _status_by_time(row: Entity, now: int) -> str:
    if row["status"] == "DEACTIVATED":
        return "DEACTIVATED"
    return "NOT_START" if now < row["begin_time"] else "ONGOING" if now < row["end_time"] else "EXPIRED"


def _set_status(shop: Shop, row: Entity, status: str) -> None:
    before, row["status"], row["update_time"] = row["status"], status, shop.now
    shop.promotions.put(row["id"], row)
    if before == status:
        return
    shop.effect("promotion_status", row["id"], before=before, after=status)
    data = {
        "activity_id": row["id"],
        "update_time": shop.now,
        "activity_type": row["activity_type"],
        "product_level": row["product_level"],
        "status": status,
    }
    webhooks.notify(shop, "ACTIVITY_STATUS_CHANGE", data)


def _apply(shop: Shop, row: Entity) -> None:
    """Put the activity on its SKUs while it runs, take it off otherwise."""
    running = row["status"] == "ONGOING" and row["activity_type"] in PRICED
    wanted: dict[str, dict[str, Entity]] = {}
    for product in row["products"]:
        wanted[product["id"]] = {sku["id"]: sku for sku in product["skus"]}
    for product_id, skus in wanted.items():
        offers = shop.offers.get(product_id)
        if offers is None:
            continue
        for sku_id, offer in offers["skus"].items():
            if running and sku_id in skus:
                entry = skus[sku_id]
                offer["promotion"] = {
                    "id": row["id"],
                    "title": row["title"],
                    "price": entry["price"],
                    "reserved": max(0, entry["quantity_limit"]),
                }
            elif offer["promotion"] is not None and offer["promotion"]["id"] == row["id"]:
                offer["promotion"] = None
        shop.offers.put(product_id, offers)


def tick(platform: Platform, payload: dict[str, Any]) -> None:
    """The job at the begin and the end of an activity."""
    shop = platform.shop(payload["shop"])
    row = shop.promotions.get(payload["activity"])
    if row is None:
        return
    _set_status(shop, row, _status_by_time(row, shop.now))
    _apply(shop, row)


def _new(shop: Shop, body: Activity) -> Entity:
    now = shop.now
    row: Entity = {
        "id": shop.platform.new_id("activity"),
        "title": body.title,
        "activity_type": body.activity_type,
        "product_level": body.product_level,
        "duration_type": body.duration_type,
        "begin_time": body.begin_time or now,
        "end_time": body.end_time or now + _INDEFINITE_SECONDS,
        "status": "",
        "create_time": now,
        "update_time": now,
        "products": [],
        "participation_limit": body.participation_limit or [{"type": "NO_LIMIT"}],
        "discount": bytes(body.discount).decode(),
    }
    row["status"] = _status_by_time(row, now)
    shop.promotions.put(row["id"], row)
    shop.effect("promotion_created", row["id"], title=body.title, status=row["status"])
    _schedule(shop, row)
    return row


def _schedule(shop: Shop, row: Entity) -> None:
    for at in (row["begin_time"], row["end_time"]):
        if at > shop.now:
            shop.platform.world.schedule(at, "tt.activity", {"shop": shop.id, "activity": row["id"]})


def create(call: Call) -> Any:
    """Plan an activity; products come later."""
    body = call.body(Activity)
    check_new(call.shop, body)
    row = _new(call.shop, body)
    return {
        "activity_id": row["id"],
        "status": row["status"],
        "create_time": row["create_time"],
        "update_time": row["update_time"],
    }


def _row(call: Call) -> Entity:
    row = call.shop.promotions.get(call.path["activity_id"])
    if row is None:
        raise ApiError(17029009)
    return row


def update(call: Call) -> Any:
    """Change title and times of an activity."""
    shop, row, body = call.shop, _row(call), call.body(Activity)
    check_change(row)
    body.activity_type = row["activity_type"]
    check_title(shop, body, row["id"])
    begin, end = body.begin_time or row["begin_time"], body.end_time or row["end_time"]
    if row["status"] == "ONGOING" and begin != row["begin_time"]:
        raise ApiError(17029011)
    check_period(begin, end)
    row["title"], row["begin_time"], row["end_time"] = body.title, begin, end
    _set_status(shop, row, _status_by_time(row, shop.now))
    _apply(shop, row)
    _schedule(shop, row)
    return {"activity_id": row["id"], "title": row["title"], "update_time": row["update_time"]}


def _put_products(shop: Shop, row: Entity, given: list[ActivityProduct]) -> None:
    for product in given:
        offers = shop.offers.get(product.id)
        if offers is None:
            raise ApiError(17029017 if other_shop_has(shop, product.id) else 17029051)
        if (
            any(o["promotion"] is not None and o["promotion"]["id"] != row["id"] for o in offers["skus"].values())
            and row["activity_type"] in PRICED
        ):
            raise ApiError(17029022)
        chosen = product.skus or [
            ActivitySku(
                id=i,
                activity_price_amount=product.activity_price_amount,
                discount=product.discount,
                quantity_limit=product.quantity_limit,
            )
            for i in offers["skus"]
        ]
        skus = []
        for sku in chosen:
            offer = offers["skus"].get(sku.id)
            if offer is None:
                raise ApiError(17029053 if shop.by_sku.find(sku.id) else 17029016)
            price = activity_price(shop, offer["price"], sku.activity_price_amount, sku.discount)
            skus.append(
                {
                    "id": sku.id,
                    "price": price,
                    "discount": sku.discount or "0",
                    "quantity_limit": sku.quantity_limit,
                    "quantity_per_user": sku.quantity_per_user,
                }
            )
        row["products"] = [p for p in row["products"] if p["id"] != product.id] + [{"id": product.id, "skus": skus}]
    if sum(len(p["skus"]) for p in row["products"]) > 10_000:
        raise ApiError(17029025)
    row["update_time"] = shop.now
    shop.promotions.put(row["id"], row)
    _apply(shop, row)
    shop.effect("promotion_products", row["id"], products=[p["id"] for p in row["products"]])


def update_products(call: Call) -> Any:
    """Put products or SKUs into an activity."""
    shop, row, body = call.shop, _row(call), call.body(_Products)
    check_change(row)
    check_products(row, body.products)
    _put_products(shop, row, body.products)
    return {
        "activity_id": row["id"],
        "title": row["title"],
        "update_time": row["update_time"],
        "status": row["status"],
        "total_count": len(row["products"]),
    }


class _Remove(msgspec.Struct):
    product_ids: list[str] | None = None
    sku_ids: list[str] | None = None


def remove_products(call: Call) -> Any:
    """Take products or SKUs out of an activity."""
    shop, row, body = call.shop, _row(call), call.body(_Remove)
    products, skus = set(body.product_ids or ()), set(body.sku_ids or ())
    check_change(row)
    before = row["products"]
    if products - {p["id"] for p in before}:
        raise ApiError(17029023)
    if skus - {sku["id"] for p in before for sku in p["skus"]}:
        raise ApiError(17029024)
    left = []
    for product in before:
        kept = [] if product["id"] in products else [sku for sku in product["skus"] if sku["id"] not in skus]
        if kept:
            left.append({**product, "skus": kept})
    _apply(shop, {**row, "status": "REMOVING"})
    row["products"], row["update_time"] = left, shop.now
    shop.promotions.put(row["id"], row)
    _apply(shop, row)
    return {"activity_id": row["id"], "status": row["status"], "update_time": row["update_time"]}


def deactivate(call: Call) -> Any:
    """End an activity before its time."""
    shop, row = call.shop, _row(call)
    check_change(row)
    _set_status(shop, row, "DEACTIVATED")
    _apply(shop, row)
    return {"activity_id": row["id"], "title": row["title"], "status": row["status"], "update_time": row["update_time"]}


def republish(call: Call) -> Any:
    """Start an ended activity again."""
    shop, row = call.shop, _row(call)
    row["status"] = ""
    _set_status(shop, row, _status_by_time(row, shop.now))
    _apply(shop, row)
    _schedule(shop, row)
    return {"activity_id": row["id"]}


def _shown(shop: Shop, row: Entity, *, products: bool) -> Entity:
    entry = {
        name: row[name]
        for name in (
            "title",
            "activity_type",
            "product_level",
            "duration_type",
            "begin_time",
            "end_time",
            "status",
            "create_time",
            "update_time",
            "participation_limit",
        )
    }
    if row["discount"] != "null":
        entry["discount"] = msgspec.Raw(row["discount"].encode())
    if products:
        entry["products"] = [
            {
                "id": product["id"],
                "skus": [
                    {
                        "id": sku["id"],
                        "discount": sku["discount"],
                        "quantity_limit": sku["quantity_limit"],
                        "quantity_per_user": sku["quantity_per_user"],
                        "activity_price": {"amount": sku["price"], "currency": shop.currency},
                    }
                    for sku in product["skus"]
                ],
            }
            for product in row["products"]
        ]
    return entry


def get(call: Call) -> Any:
    """One activity with its products."""
    return {"activity_id": call.path["activity_id"], **_shown(call.shop, _row(call), products=True)}


class _Search(msgspec.Struct):
    status: str = ""
    activity_title: str = ""
    activity_type: str = ""
    page_size: int = 20
    page_token: str = ""


def search(call: Call) -> Any:
    """Page size and token are in the body here; the token is the number of the page."""
    shop, body = call.shop, call.body(_Search)
    if not 1 <= body.page_size <= 100 or (body.page_token and not body.page_token.isdecimal()):
        raise ApiError(17029001)
    if len(body.page_token) > 9 or int(body.page_token or 1) + body.page_size >= _SEARCH_LIMIT:
        raise ApiError(17029059)
    found = [
        {"id": row["id"], **_shown(shop, row, products=False)}
        for row in shop.promotions.values()
        if (not body.status or row["status"] == body.status)
        and (not body.activity_type or row["activity_type"] == body.activity_type)
        and body.activity_title in row["title"]
    ]
    page = int(body.page_token or 1)
    start = (page - 1) * body.page_size
    more = start + body.page_size < len(found)
    return {
        "activities": found[start : start + body.page_size],
        "total_count": len(found),
        "next_page_token": str(page + 1) if more else "",
    }


# -- in Seller Center ------------------------------------------------------------------------------------------


def start_promotion(
    platform: Platform,
    shop_id: str,
    product_ids: list[str],
    *,
    discount: str = "10",
    price: str | None = None,
    reserved: int = -1,
    seconds: int = 86_400,
    title: str = "",
) -> str:
    """Start an activity on products at once: `discount` percent off or a fixed `price`, for `seconds`. Returns its id.

    `reserved` units of each SKU are held back for the activity.
    """
    shop = platform.shop(shop_id)
    name = title or f"Promotion {len(shop.promotions) + 1}"
    body = Activity(
        title=name,
        activity_type="FIXED_PRICE" if price else "DIRECT_DISCOUNT",
        begin_time=shop.now,
        end_time=shop.now + seconds,
    )
    try:
        check_title(shop, body)
        row = _new(shop, body)
        products = [
            ActivityProduct(
                id=i, activity_price_amount=price, discount=None if price else discount, quantity_limit=reserved
            )
            for i in product_ids
        ]
        _put_products(shop, row, products)
    except ApiError as error:
        raise Refused(f"product_ids: {error}") from error
    return str(row["id"])


def end_promotion(platform: Platform, activity_id: str) -> None:
    """End an activity at once."""
    for key in platform.shops.keys():  # noqa: SIM118 - a table is not a mapping
        shop = platform.shop(str(key))
        row = shop.promotions.get(activity_id)
        if row is not None:
            _set_status(shop, row, "DEACTIVATED")
            _apply(shop, row)
            return
    raise Refused(f"activity_id: there is no activity {activity_id!r}")


JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {"tt.activity": tick}
ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    "tt.start_promotion": start_promotion,
    "tt.end_promotion": end_promotion,
}

_INFO: Final = "seller.promotion.info"
_WRITE: Final = "seller.promotion.write"
_PATH: Final = "/promotion/{v}/activities"
_BAD: Final = 17029001

ENDPOINTS: Final = (
    Endpoint("POST", _PATH, ("202309",), _WRITE, create, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/search", ("202309",), _INFO, search, bad_input=_BAD),
    Endpoint("GET", f"{_PATH}/{{activity_id}}", ("202309",), _INFO, get, bad_input=_BAD),
    Endpoint("PUT", f"{_PATH}/{{activity_id}}", ("202309",), _WRITE, update, bad_input=_BAD),
    Endpoint("PUT", f"{_PATH}/{{activity_id}}/products", ("202309",), _WRITE, update_products, bad_input=_BAD),
    Endpoint("DELETE", f"{_PATH}/{{activity_id}}/products", ("202309",), _WRITE, remove_products, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/{{activity_id}}/deactivate", ("202309",), _WRITE, deactivate, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/{{activity_id}}/republish", ("202607",), _WRITE, republish, bad_input=_BAD),
)
