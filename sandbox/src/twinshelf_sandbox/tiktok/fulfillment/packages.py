"""Packages: what they are, how they are read, their papers.

In South-East Asia, Brazil and Mexico they exist from payment on, elsewhere from shipping on.
Source: `docs/platforms/tiktok-shop.md` section 16.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import of_shop
from twinshelf_sandbox.tiktok.orders.recipient_addresses import recipient_json
from twinshelf_sandbox.tiktok.products import uploads
from twinshelf_sandbox.tiktok.regions import platform_carrier
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

PACKAGE_STATUSES: Final = ("TO_FULFILL", "PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED")
_DAY: Final = 86_400
_URL_SECONDS: Final = _DAY
_NO_DOCUMENT: Final = {"TO_FULFILL": 21023035, "FULFILLING": 21042102, "COMPLETED": 21042102, "CANCELLED": 21023059}
"""Status of a package → why it has no papers: too early, too late, or never."""
_PACKAGE_ONLY_AFTER_SHIPPING: Final = ("US", "GB")


# -- the package itself ----------------------------------------------------------------------------------------


def new_package(
    shop: Shop, order_ids: list[str], lines: list[Entity], order: Entity, *, tag: str = "DEFAULT"
) -> Entity:
    """A new package of lines, put into `order`; the caller keeps it."""
    now = shop.now
    package: Entity = {
        "id": shop.platform.new_id("package"),
        "status": "TO_FULFILL",
        "sub_status": "STOCKING",
        "create_time": now,
        "update_time": now,
        "order_ids": order_ids,
        "line_ids": [line["id"] for line in lines],
        "tracking_number": "",
        "provider_id": "",
        "provider_name": "",
        "shipping_type": order["shipping_type"],
        "delivery_option_id": order["delivery_option_id"],
        "delivery_option_name": order["delivery_option_name"],
        "handover_method": "",
        "warehouse_id": order["warehouse_id"],
        "tag": tag,
        "updates": 0,
        "shipped_at": 0,
        "more_trackings": [],
        "invoice": "",
        "events": [],
    }
    if order["shipping_type"] == "TIKTOK":
        package["provider_id"], package["provider_name"] = platform_carrier(shop.region.code)
    attach(order, package, lines)
    return package


def attach(order: Entity, package: Entity, lines: list[Entity]) -> None:
    """Put a package and what it holds into its order."""
    if package["id"] not in [p["id"] for p in order["packages"]]:
        order["packages"].append({"id": package["id"]})
    for line in lines:
        line["package_id"], line["package_status"] = package["id"], package["status"]
        if package["provider_id"]:
            line["shipping_provider_id"], line["shipping_provider_name"] = (
                package["provider_id"],
                package["provider_name"],
            )


def keep(shop: Shop, package: Entity) -> None:
    """Write a package back."""
    package["update_time"] = shop.now
    shop.packages.put(package["id"], package)


def on_payment(shop: Shop, order: Entity) -> None:
    """Outside the US and UK a package exists from payment on."""
    if shop.facts["region"] in _PACKAGE_ONLY_AFTER_SHIPPING or order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK":
        return
    package = new_package(shop, [order["id"]], order["line_items"], order)
    keep(shop, package)


def lines_of(orders: list[Entity], package: Entity) -> list[Entity]:
    """Order lines in a package."""
    ids = set(package["line_ids"])
    return [line for order in orders for line in order["line_items"] if line["id"] in ids]


def orders_of(shop: Shop, package: Entity) -> list[Entity]:
    """Orders a package is for: several when it was combined."""
    return [shop.orders[order_id] for order_id in package["order_ids"]]


def package_of(shop: Shop, package_id: str) -> Entity:
    """The package of that id. Raises ApiError."""
    package = shop.packages.get(package_id)
    if package is None:
        raise ApiError(21011028 if has_another_shop(shop, package_id) else 21011001)
    return package


def has_another_shop(shop: Shop, package_id: str) -> bool:
    """Whether another shop has that package, which is answered differently."""
    platform = shop.platform
    return any(package_id in platform.shop(str(key)).packages for key in platform.shops.keys() if key != shop.id)  # noqa: SIM118


# -- reading ---------------------------------------------------------------------------------------------------


class _Search(msgspec.Struct):
    package_status: str | None = None
    create_time_ge: int | None = None
    create_time_lt: int | None = None
    update_time_ge: int | None = None
    update_time_lt: int | None = None


def search(call: Call) -> Any:
    """Pages of packages by status and time."""
    shop, body = call.shop, call.body(_Search)
    size = call.integer("page_size", 1, 50, None)
    by = call.choice("sort_field", ("create_time", "update_time", "order_pay_time"), "create_time")
    by = "create_time" if by == "order_pay_time" else by
    descending = call.choice("sort_order", ("ASC", "DESC"), "DESC") == "DESC"
    if body.package_status and body.package_status not in PACKAGE_STATUSES:
        raise call.bad("`package_status` is unknown")
    ranges = {
        "create_time": (body.create_time_ge, body.create_time_lt),
        "update_time": (body.update_time_ge, body.update_time_lt),
    }
    (since, until), (low, high) = ranges[by], ranges["update_time" if by == "create_time" else "create_time"]
    other = "update_time" if by == "create_time" else "create_time"

    def fits(_key: str, row: Any) -> bool:
        at: int = getattr(row, other)
        return (low is None or at >= low) and (high is None or at < high)

    page = shop.package_index.page(
        by=by,
        descending=descending,
        status=body.package_status or "",
        since=since,
        until=until,
        keep=None if low is None and high is None else fits,
        after=call.platform.paging.after(call, "packages"),
        size=size,
    )
    return {
        "packages": [_found(shop, shop.packages[key]) for key in page.keys],
        "total_count": page.total,
        "next_page_token": call.platform.paging.next_after(call, "packages", page.last, more=page.more),
    }


def _order_skus(shop: Shop, orders: list[Entity], package: Entity) -> list[Entity]:
    shown = []
    for order in orders:
        skus: dict[str, Entity] = {}
        for line in order["line_items"]:
            if line["id"] in package["line_ids"]:
                image = shop.platform.url(line["sku_image"])
                new = {"id": line["sku_id"], "name": line["sku_name"], "image_url": image, "quantity": 0}
                entry = skus.setdefault(line["sku_id"], new)
                entry["quantity"] += 1
        shown.append({"id": order["id"], "skus": list(skus.values())})
    return shown


def _found(shop: Shop, package: Entity) -> Entity:
    return {
        "id": package["id"],
        "orders": _order_skus(shop, orders_of(shop, package), package),
        "create_time": package["create_time"],
        "update_time": package["update_time"],
        "status": package["status"],
        "tracking_number": package["tracking_number"],
        "shipping_provider_name": package["provider_name"],
        "shipping_provider_id": package["provider_id"],
        "order_line_item_ids": package["line_ids"],
    }


def detail(call: Call) -> Any:
    """One package; units of weight and length are spelled otherwise than for products."""
    shop = call.shop
    package = package_of(shop, call.path["package_id"])
    orders = orders_of(shop, package)
    recipient = recipient_json(shop, orders[0])
    sender = (shop.warehouse(package["warehouse_id"]) or shop.warehouses("SALES_WAREHOUSE")[0])["address"]
    skus = {line["sku_id"] for line in lines_of(orders, package)}
    answer: Entity = {
        "package_id": package["id"],
        "orders": _order_skus(shop, orders, package),
        "package_status": package["status"],
        "package_sub_status": package["sub_status"],
        "split_and_combine_tag": package["tag"],
        "has_multi_skus": len(skus) > 1,
        "note_tag": "BUYER_NOTED" if any(o["buyer_message"] for o in orders) else "BUYER_UNNOTED",
        "shipping_provider_name": package["provider_name"],
        "shipping_provider_id": package["provider_id"],
        "shipping_type": package["shipping_type"],
        "delivery_option_name": package["delivery_option_name"],
        "delivery_option_id": package["delivery_option_id"],
        "tracking_number": package["tracking_number"],
        "create_time": package["create_time"],
        "update_time": package["update_time"],
        "handover_method": package["handover_method"],
        "order_line_item_ids": package["line_ids"],
        "recipient_address": {
            name: recipient[name]
            for name in (
                "full_address",
                "phone_number",
                "name",
                "postal_code",
                "address_detail",
                "region_code",
                "address_line1",
                "address_line2",
                "address_line3",
                "address_line4",
            )
        },
        "sender_address": {
            "full_address": sender["full_address"],
            "phone_number": sender["phone_number"],
            "name": sender["contact_person"],
            "postal_code": sender["postal_code"],
            "address_detail": sender["address_line1"],
            "region_code": sender["region_code"],
            "address_line1": sender["address_line1"],
            "address_line2": sender["address_line2"],
        },
        "weight": package.get("weight") or {"value": "520", "unit": "GRAM"},
        "warehouse_id": package["warehouse_id"],
    }
    for name in ("dimension", "ship_exception_reason"):
        if package.get(name):
            answer[name] = package[name]
    return answer


def note_event(shop: Shop, package: Entity, description: str, code: int) -> None:
    """Add to what the carrier reports."""
    package["events"].append([shop.now * 1000, description, code])


def tracking(call: Call) -> Any:
    """Carrier events of an order, newest first, in milliseconds."""
    shop = call.shop
    order = of_shop(shop, call.path["order_id"])
    events = [e for p in order["packages"] if (row := shop.packages.get(p["id"])) is not None for e in row["events"]]
    events.sort(reverse=True)
    return {
        "tracking": [{"description": text, "update_time_millis": at, "action_code": code} for at, text, code in events]
    }


def logistics_tracking(call: Call) -> Any:
    """Carrier events of an order, parcel by parcel, oldest last."""
    shop = call.shop
    order = of_shop(shop, call.path["order_id"])
    parcels = []
    for entry in order["packages"]:
        package = shop.packages.get(entry["id"])
        if package is None or not package["tracking_number"]:
            continue
        parcels.append(
            {
                "newest_tracking_no": package["tracking_number"],
                "carrier_name": package["provider_name"],
                "track_list": [
                    {
                        "description": text,
                        "tracking_no": package["tracking_number"],
                        "update_time_millis": at,
                        "action_code": code,
                    }
                    for at, text, code in reversed(package["events"])
                ],
            }
        )
    return {"order_id": order["id"], "logistics_details": parcels}


def document(call: Call) -> Any:
    """The address of a label or slip, good for a day: for parcels shipped by TikTok, arranged and not picked up."""
    shop = call.shop
    kinds = (
        "SHIPPING_LABEL",
        "PACKING_SLIP",
        "SHIPPING_LABEL_AND_PACKING_SLIP",
        "SHIPPING_LABEL_PICTURE",
        "HAZMAT_LABEL",
        "INVOICE_LABEL",
    )
    kind = call.choice("document_type", kinds, "")
    call.choice("document_size", ("A6", "A5"), "A6")
    form = call.choice("document_format", ("PDF", "ZPL"), "PDF")
    package = package_of(shop, call.path["package_id"])
    if package["shipping_type"] != "TIKTOK":
        raise ApiError(21008017)
    if package["status"] != "PROCESSING":
        raise ApiError(_NO_DOCUMENT[package["status"]])
    brazil = shop.facts["region"] == "BR"
    if (kind == "INVOICE_LABEL" or form == "ZPL") and not brazil:
        raise call.bad("invoice labels and ZPL are for Brazil")
    if shop.now < package["shipped_at"] + int(shop.switch("label_seconds")):
        raise ApiError(11034037)
    ending = "png" if kind == "SHIPPING_LABEL_PICTURE" else form.lower()
    what = f"documents/{package['id']}/{kind}.{ending}"
    url = uploads.signed_url(call.request, shop.platform, what, _URL_SECONDS)
    return {"doc_url": url, "tracking_number": package["tracking_number"]}


def pickup_slots(now: int) -> list[tuple[int, int]]:
    """Begin and end of the slots of the next three days."""
    days = [(now // _DAY + n) * _DAY for n in range(1, 4)]
    return [(day + 9 * 3600, day + 18 * 3600) for day in days]


def handover_slots(call: Call) -> Any:
    """Pickup slots of the next days; one name is misspelt by the platform."""
    package_of(call.shop, call.path["package_id"])
    slots = [{"start_time": start, "end_time": end, "avaliable": True} for start, end in pickup_slots(call.now)]
    return {
        "can_pickup": True,
        "can_drop_off": True,
        "can_van_collection": False,
        "drop_off_point_url": "",
        "pickup_slots": slots,
    }


_BASIC: Final = "seller.fulfillment.basic"
_WRITE: Final = "seller.fulfillment.package.write"
_BAD: Final = 21001001
_V2309: Final = ("202309",)

ENDPOINTS: Final = (
    Endpoint("POST", "/fulfillment/{v}/packages/search", _V2309, _BASIC, search),
    Endpoint("GET", "/fulfillment/{v}/packages/{package_id}", _V2309, _BASIC, detail, bad_input=_BAD),
    Endpoint(
        "GET", "/fulfillment/{v}/orders/{order_id}/tracking", _V2309, "seller.logistics", tracking, bad_input=_BAD
    ),
    Endpoint(
        "GET",
        "/logistics/{v}/orders/{order_id}/tracking",
        ("202604",),
        "seller.logistics",
        logistics_tracking,
        bad_input=_BAD,
    ),
    Endpoint(
        "GET", "/fulfillment/{v}/packages/{package_id}/shipping_documents", _V2309, _BASIC, document, bad_input=_BAD
    ),
    Endpoint(
        "GET",
        "/fulfillment/{v}/packages/{package_id}/handover_time_slots",
        _V2309,
        _WRITE,
        handover_slots,
        bad_input=_BAD,
    ),
)
