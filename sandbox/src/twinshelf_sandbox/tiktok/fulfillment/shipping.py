"""How orders are shipped in both regimes, and how that is corrected.

In the US, UK, EU and Japan the seller marks order lines as shipped; in South-East Asia, Brazil and Mexico packages
are shipped. Source: `docs/platforms/tiktok-shop.md` section 16.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.aftersales import cancellations
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.fulfillment.packages import (
    attach,
    keep,
    new_package,
    note_event,
    orders_of,
    package_of,
    pickup_slots,
)
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import after_shipping, of_shop, open_lines, put, touch
from twinshelf_sandbox.tiktok.products import stock
from twinshelf_sandbox.tiktok.regions import NEW_EU, SEA, platform_carrier, providers
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

_TRACKING: Final = re.compile(r"[A-Za-z0-9\-_./]{4,50}")
_PATTERNS: Final = {
    "UPS": re.compile(r"1Z[0-9A-Z]{16}"),
    "USPS": re.compile(r"9[2-5]\d{20}|[A-Z]{2}\d{9}US"),
    "FedEx": re.compile(r"\d{12}|\d{15}"),
    "Royal Mail": re.compile(r"[A-Z]{2}\d{9}GB"),
}
"""Numbers that can only be one carrier's. A number that fits none is accepted for any."""
_UPDATE_SECONDS: Final = 72 * 3600


# -- shipping --------------------------------------------------------------------------------------------------


def check_tracking(shop: Shop, number: str, provider_id: str, *, package_id: str = "") -> str:
    """The name of the carrier. Raises ApiError for numbers and carriers that do not fit or are used up."""
    name = dict(providers(shop.facts["region"])).get(provider_id)
    if name is None or not number:
        raise ApiError(21011022)
    if not _TRACKING.fullmatch(number):
        raise ApiError(21004012)
    if shop.switch("check_tracking_numbers"):
        fits = [carrier for carrier, pattern in _PATTERNS.items() if pattern.fullmatch(number)]
        if (
            fits
            and name not in fits
            and any(carrier in dict(providers(shop.facts["region"])).values() for carrier in fits)
        ):
            raise ApiError(21004015)
    used = shop.table("trackings").get(f"{provider_id}:{number}") or {"packages": []}
    if len([p for p in used["packages"] if p != package_id]) >= 20:
        raise ApiError(21011026)
    return name


def _note_tracking(shop: Shop, number: str, provider_id: str, package_id: str) -> None:
    table = shop.table("trackings")
    row = table.get(f"{provider_id}:{number}") or {"packages": []}
    if package_id not in row["packages"]:
        row["packages"].append(package_id)
        table.put(f"{provider_id}:{number}", row)


def _may_ship(order: Entity) -> None:
    """Refuse what no shipping call may do."""
    match order["status"]:
        case "ON_HOLD":
            raise ApiError(21011044)
        case "CANCELLED":
            raise ApiError(21011041)
        case "UNPAID":
            raise ApiError(21011012)
        case "DELIVERED" | "COMPLETED" | "IN_TRANSIT" | "AWAITING_COLLECTION":
            raise ApiError(21011020)
    if order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK":
        raise ApiError(21008025)


def _dispatch(shop: Shop, orders: list[Entity], package: Entity) -> None:
    """The package is on its way to the carrier: lines are shipped, their stock is gone, the orders move on."""
    package["status"], package["sub_status"] = "PROCESSING", "RTS"
    package["shipped_at"] = shop.now
    note_event(shop, package, "The seller has shipped your package.", 50101)
    for order in orders:
        lines = [line for line in order["line_items"] if line["id"] in package["line_ids"]]
        attach(order, package, lines)
        freed: dict[tuple[str, str, str], list[str]] = {}
        for line in lines:
            line["_state"] = "shipped"
            line["rts_time"] = shop.now
            line["tracking_number"] = package["tracking_number"]
            for product_id, sku_id, name, warehouse_id in line["_held"]:
                freed.setdefault((product_id, sku_id, name), []).append(warehouse_id)
        for (product_id, sku_id, name), warehouses in freed.items():
            stock.release(shop, product_id, {"id": sku_id, "seller_sku": name}, warehouses, order["id"], restock=False)
        order["tracking_number"] = package["tracking_number"]
        order["shipping_provider_id"], order["shipping_provider"] = package["provider_id"], package["provider_name"]
        shop.effect(
            "package_shipped",
            package["id"],
            order_id=order["id"],
            tracking=package["tracking_number"],
            provider=package["provider_id"],
            provider_name=package["provider_name"],
            lines=[line["id"] for line in lines],
        )
        after_shipping(shop, order)
        put(shop, order)
    if package["tracking_number"]:
        _note_tracking(shop, package["tracking_number"], package["provider_id"], package["id"])
    keep(shop, package)


class _LineRef(msgspec.Struct):
    order_line_id: str = ""
    sub_item_id: str | None = None


class ShippingInfo(msgspec.Struct):
    tracking_number: str = ""
    shipping_provider_id: str = ""
    note: str | None = None


class _Mark(msgspec.Struct):
    order_line_list: list[_LineRef] | None = None
    shipping_info_list: list[ShippingInfo] | None = None
    # the older version of the call
    order_line_item_ids: list[str] | None = None
    tracking_number: str | None = None
    shipping_provider_id: str | None = None


def mark_shipped(call: Call) -> Any:
    """Mark order lines, or all that are open, as shipped with a tracking number. A second call gets 21011020."""
    shop, body = call.shop, call.body(_Mark)
    region = shop.region
    if region.ships_by != "mark" or (region.code in NEW_EU and not shop.switch("mark_shipped_in_new_eu")):
        raise ApiError(21008106)
    order = of_shop(shop, call.path["order_id"])
    infos = body.shipping_info_list or []
    if not infos and body.tracking_number:
        infos = [
            ShippingInfo(tracking_number=body.tracking_number, shipping_provider_id=body.shipping_provider_id or "")
        ]
    if not infos:
        raise ApiError(21001001, "Invalid parameters: a tracking number is required.")
    return mark(
        shop, order, infos, body.order_line_item_ids or [ref.order_line_id for ref in body.order_line_list or []]
    )


def mark(shop: Shop, order: Entity, infos: list[ShippingInfo], wanted: list[str]) -> Entity:
    """Ship the lines `wanted`, or all that are open, with the first of `infos`. Raises ApiError."""
    _may_ship(order)
    if order["shipping_type"] != "SELLER":
        raise ApiError(21011004)
    if len(infos) > 1 and not shop.switch("multiple_trackings"):
        raise ApiError(21001001, "Invalid parameters: only one tracking number can be uploaded at a time.")
    if not wanted and len(_waiting(shop, order)) > 1:
        raise ApiError(21011048)
    lines = lines_to_ship(order, wanted)
    cancellations.shipping_overrides(shop, order)
    number, provider_id = infos[0].tracking_number, infos[0].shipping_provider_id
    name = check_tracking(shop, number, provider_id)
    package = _package_for(shop, order, lines)
    package["tracking_number"], package["provider_id"], package["provider_name"] = number, provider_id, name
    if shop.switch("multiple_trackings"):
        package["more_trackings"] = [msgspec.to_builtins(info) for info in infos[1:]]
    _dispatch(shop, [order], package)
    answer: Entity = {"order_id": order["id"], "order_line_item_ids": package["line_ids"], "package_id": package["id"]}
    fits = [carrier for carrier, pattern in _PATTERNS.items() if pattern.fullmatch(number)]
    if len(fits) > 1 or (fits and fits[0] != name):
        answer["warning"] = {"message": "The tracking number matches more than one provider."}
    return answer


def by_platform(shop: Shop, order: Entity, wanted: list[str]) -> None:
    """TikTok takes over the lines `wanted`, or all that are open, with a number of its own. Raises ApiError."""
    if order["shipping_type"] != "TIKTOK":
        raise ApiError(21011004)
    if order["status"] not in ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"):
        raise ApiError(21011020)
    package = _package_for(shop, order, lines_to_ship(order, wanted))
    number, (provider_id, name) = _platform_number(shop, package["id"]), platform_carrier(shop.region.code)
    package["tracking_number"], package["provider_id"], package["provider_name"] = number, provider_id, name
    _dispatch(shop, [order], package)


def lines_to_ship(order: Entity, wanted: list[str]) -> list[Entity]:
    """The lines named, or all open ones. Raises ApiError for lines that cannot be shipped."""
    by_id = {line["id"]: line for line in order["line_items"]}
    if not wanted:
        return open_lines(order)
    unknown = [i for i in wanted if i not in by_id]
    if unknown:
        raise ApiError(21011029, f"The order line {unknown[0]!r} is not one of the order.")
    lines = [by_id[i] for i in dict.fromkeys(wanted)]
    for line in lines:
        if line["_state"] == "shipped":
            raise ApiError(21011006)
        if line["_state"] == "cancelled":
            raise ApiError(21011042)
    return lines


def _waiting(shop: Shop, order: Entity) -> list[Entity]:
    """Packages of an order that could be shipped."""
    found = [package for entry in order["packages"] if (package := shop.packages.get(entry["id"])) is not None]
    return [package for package in found if package["status"] == "TO_FULFILL" and package["line_ids"]]


def _package_for(shop: Shop, order: Entity, lines: list[Entity]) -> Entity:
    """The waiting package that holds exactly these lines, else a new one that takes them out of others."""
    ids = [line["id"] for line in lines]
    waiting = _waiting(shop, order)
    for package in waiting:
        if set(package["line_ids"]) == set(ids):
            return package
    for package in waiting:
        if set(package["line_ids"]) & set(ids):
            package["line_ids"] = [i for i in package["line_ids"] if i not in ids]
            package["tag"] = "SPLIT"
            if not package["line_ids"]:
                package["status"], package["sub_status"] = "CANCELLED", "CANCELLED"
            keep(shop, package)
    whole = len(lines) == len([line for line in order["line_items"] if line["_state"] != "cancelled"])
    if not whole:
        order["split_or_combine_tag"] = "SPLIT"
    return new_package(shop, [order["id"]], lines, order, tag="DEFAULT" if whole else "SPLIT")


class _Slot(msgspec.Struct):
    start_time: int = 0
    end_time: int = 0


class SelfShipment(msgspec.Struct):
    tracking_number: str = ""
    shipping_provider_id: str = ""


class Ship(msgspec.Struct):
    handover_method: str | None = None
    pickup_slot: _Slot | None = None
    self_shipment: SelfShipment | None = None


class _BatchEntry(msgspec.Struct):
    id: str = ""
    handover_method: str | None = None
    pickup_slot: _Slot | None = None
    self_shipment: SelfShipment | None = None


class _Batch(msgspec.Struct):
    packages: list[_BatchEntry] = []


def _check_handover(shop: Shop, body: Ship | _BatchEntry) -> None:
    """South-East Asia ignores how a parcel is handed over; elsewhere a slot must be one of those offered."""
    if body.handover_method not in (None, "", "PICKUP", "DROP_OFF"):
        raise ApiError(21001001, "Invalid parameters: `handover_method` must be PICKUP or DROP_OFF.")
    slot = body.pickup_slot
    if slot is None or shop.facts["region"] in SEA:
        return
    if (slot.start_time, slot.end_time) not in pickup_slots(shop.now):
        raise ApiError(21011053)


def ship_package(shop: Shop, package_id: str, body: Ship | _BatchEntry) -> None:
    """Hand one package over, with the seller's own carrier or TikTok's. Raises ApiError."""
    if shop.region.ships_by != "package" and not _is_bought_label(shop, package_id):
        raise ApiError(21008106)
    package = package_of(shop, package_id)
    match package["status"]:
        case "CANCELLED":
            raise ApiError(21011041)
        case "COMPLETED":
            raise ApiError(21011030)
        case "PROCESSING" | "FULFILLING":
            raise ApiError(21008099)
    _check_handover(shop, body)
    orders = orders_of(shop, package)
    for order in orders:
        _may_ship(order)
        if order.get("need_upload_invoice") in ("NEED_INVOICE", "INVOICE_PROCESSING"):
            raise ApiError(21004006 if order["need_upload_invoice"] == "NEED_INVOICE" else 21004020)
        if order.get("_must_split") and package["tag"] != "SPLIT":
            raise ApiError(21003002)
    if package["shipping_type"] == "SELLER":
        if body.self_shipment is None:
            raise ApiError(21011022, "`self_shipment` is required for packages shipped by the seller.")
        number, provider_id = body.self_shipment.tracking_number, body.self_shipment.shipping_provider_id
        name = check_tracking(shop, number, provider_id, package_id=package_id)
    else:
        number, (provider_id, name) = _platform_number(shop, package_id), platform_carrier(shop.region.code)
    for order in orders:
        cancellations.shipping_overrides(shop, order)
    package["tracking_number"], package["provider_id"], package["provider_name"] = number, provider_id, name
    package["handover_method"] = body.handover_method or "PICKUP"
    _dispatch(shop, orders, package)


def _platform_number(shop: Shop, package_id: str) -> str:
    """A number as the platform's carrier writes it: twelve digits in Viet Nam, elsewhere of our own form."""
    return f"85{package_id[-10:]}" if shop.region.code == "VN" else f"TT{package_id[-12:]}{shop.region.code}"


def _is_bought_label(shop: Shop, package_id: str) -> bool:
    package = shop.packages.get(package_id)
    return package is not None and bool(package.get("service"))


def ship(call: Call) -> Any:
    """Ship one package of the seller's own handover or TikTok's."""
    ship_package(call.shop, call.path["package_id"], call.body(Ship))
    return {}


def ship_many(call: Call) -> Any:
    """Ship several packages, each by itself; refusals are listed per package."""
    body = call.body(_Batch)
    if not 1 <= len(body.packages) <= 50:
        raise ApiError(21001001)
    errors = []
    for at, entry in enumerate(body.packages):
        try:
            if call.breaks(entry.id, at):
                raise ApiError(call.broken().code if call.broken().code != 12052990 else 10007014)
            with call.platform.world.savepoint():
                ship_package(call.shop, entry.id, entry)
        except ApiError as error:
            errors.append(error.entry(package_id=entry.id))
    return {"errors": errors} if errors else {}


class _Size(msgspec.Struct):
    length: str = ""
    width: str = ""
    height: str = ""
    unit: str = ""


class _Weight(msgspec.Struct):
    value: str = ""
    unit: str = ""


class _Buy(msgspec.Struct):
    ship_type: str = "1"
    order_id: str = ""
    order_line_item: list[_LineRef] | None = None
    order_line_item_ids: list[str] | None = None
    order_list_ids: list[str] | None = None
    dimension: _Size | None = None
    weight: _Weight | None = None
    shipping_service_id: str | None = None


def _services(shop: Shop) -> list[Entity]:
    provider_id, name = providers(shop.facts["region"])[0]
    base = 7380000000000000000 + int(shop.id) % 1_000_000_007
    return [
        {
            "id": str(base + n * 1009),
            "name": f"{name} {kind}",
            "price": price,
            "currency": shop.currency,
            "earliest_delivery_days": days[0],
            "latest_delivery_days": days[1],
            "is_default": n == 0,
            "shipping_provider_id": provider_id,
            "shipping_provider_name": name,
        }
        for n, (kind, price, days) in enumerate((("Ground", "5", (3, 5)), ("Priority", "9", (1, 3))))
    ]


def shipping_services(call: Call) -> Any:
    """The label services TikTok offers for an order."""
    shop, body = call.shop, call.body(_Buy)
    order = of_shop(shop, call.path["order_id"])
    _may_ship(order)
    if order["shipping_type"] != "TIKTOK":
        raise ApiError(21011037)
    answer: Entity = {
        "order_id": order["id"],
        "order_line_id": body.order_line_item_ids or [],
        "shipping_services": _services(shop),
    }
    for name in ("weight", "dimension"):
        if getattr(body, name) is not None:
            answer[name] = msgspec.to_builtins(getattr(body, name))
    return answer


def buy_label(call: Call) -> Any:
    """Create a package with a TikTok label: whole order, some lines, or several orders; the order counts as shipped."""
    shop, body = call.shop, call.body(_Buy)
    if shop.region.ships_by != "mark":
        raise ApiError(21004010)
    if body.ship_type not in ("1", "2", "3"):
        raise ApiError(21001001)
    ids = body.order_list_ids or [] if body.ship_type == "3" else [body.order_id]
    if body.ship_type == "3" and not 2 <= len(ids) <= 20:
        raise ApiError(21001001)
    orders = [of_shop(shop, order_id) for order_id in ids]
    wanted = [ref.order_line_id for ref in body.order_line_item or []] or body.order_line_item_ids or []
    if body.ship_type == "2" and not wanted:
        raise ApiError(21001001)
    services = {s["id"]: s for s in _services(shop)}
    service = services.get(body.shipping_service_id or "") or next(iter(services.values()))
    if body.shipping_service_id and body.shipping_service_id not in services:
        raise ApiError(21011037)
    for order in orders:
        _may_ship(order)
        if order["shipping_type"] != "TIKTOK":
            raise ApiError(21011012)
        cancellations.shipping_overrides(shop, order)
    lines = [line for order in orders for line in lines_to_ship(order, wanted if body.ship_type == "2" else [])]
    tag = {"1": "DEFAULT", "2": "SPLIT", "3": "COMBINE"}[body.ship_type]
    package = new_package(shop, ids, lines, orders[0], tag=tag)
    package["service"] = service
    package["tracking_number"] = f"94{package['id'][-18:]}00"
    package["provider_id"], package["provider_name"] = (
        service["shipping_provider_id"],
        service["shipping_provider_name"],
    )
    for name in ("weight", "dimension"):
        if getattr(body, name) is not None:
            package[name] = msgspec.to_builtins(getattr(body, name))
    _dispatch(shop, orders, package)
    answer: Entity = {
        "package_id": package["id"],
        "create_time": package["create_time"],
        "shipping_service_info": {name: value for name, value in service.items() if name != "is_default"},
    }
    answer |= {name: package[name] for name in ("weight", "dimension") if name in package}
    return answer


# -- correcting ------------------------------------------------------------------------------------------------


class _Update(msgspec.Struct):
    tracking_number: str | None = None
    shipping_provider_id: str | None = None
    shipping_info_list: list[ShippingInfo] | None = None


def _update(shop: Shop, package: Entity, body: _Update) -> None:
    infos = body.shipping_info_list or []
    number = infos[0].tracking_number if infos else body.tracking_number or ""
    provider_id = infos[0].shipping_provider_id if infos else body.shipping_provider_id or ""
    if package["shipping_type"] != "SELLER":
        raise ApiError(21011004)
    match package["status"]:
        case "TO_FULFILL":
            raise ApiError(21011043)
        case "CANCELLED":
            raise ApiError(21011042)
        case "COMPLETED":
            raise ApiError(21011030)
    if shop.now > package["shipped_at"] + _UPDATE_SECONDS:
        raise ApiError(21011050)
    name = check_tracking(shop, number, provider_id, package_id=package["id"])
    before = (package["tracking_number"], package["provider_id"])
    if before == (number, provider_id):
        return
    if package["updates"] >= shop.switch("tracking_updates"):
        raise ApiError(21011051)
    package["updates"] += 1
    package["tracking_number"], package["provider_id"], package["provider_name"] = number, provider_id, name
    for order in orders_of(shop, package):
        for line in order["line_items"]:
            if line["id"] in package["line_ids"]:
                line["tracking_number"] = number
                line["shipping_provider_id"], line["shipping_provider_name"] = provider_id, name
        order["tracking_number"], order["shipping_provider_id"], order["shipping_provider"] = number, provider_id, name
        touch(shop, order)
        put(shop, order)
    _note_tracking(shop, number, provider_id, package["id"])
    keep(shop, package)
    shop.effect(
        "tracking_updated",
        package["id"],
        order_ids=package["order_ids"],
        before=before[0],
        after=number,
        provider=provider_id,
    )


def update_of_order(call: Call) -> Any:
    """Correct carrier and number of the package of an order that was shipped last."""
    shop, body = call.shop, call.body(_Update)
    order = shop.orders.get(call.path["order_id"])
    if order is None:
        raise ApiError(21011028)
    if order["status"] == "CANCELLED":
        raise ApiError(21011042)
    shipped = [
        p for e in order["packages"] if (p := shop.packages.get(e["id"])) is not None and p["status"] != "TO_FULFILL"
    ]
    if not shipped:
        raise ApiError(21011043)
    _update(shop, shipped[-1], body)
    return {}


def update_of_package(call: Call) -> Any:
    """Correct carrier and number of a package."""
    _update(call.shop, package_of(call.shop, call.path["package_id"]), call.body(_Update))
    return {}


def coverage(call: Call) -> Any:  # noqa: ARG001 - no number of the seller's own is covered here
    """Whether a tracking number is one of TikTok's own shipping."""
    return {"is_tiktok_shipping": False, "is_tiktok_collection": False}


_BASIC: Final = "seller.fulfillment.basic"
_BAD: Final = 21001001
_V2309: Final = ("202309",)

ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/fulfillment/{v}/orders/{order_id}/packages",
        ("202309", "202610"),
        _BASIC,
        mark_shipped,
        bad_input=_BAD,
    ),
    Endpoint("POST", "/fulfillment/{v}/packages/{package_id}/ship", _V2309, _BASIC, ship, bad_input=_BAD),
    Endpoint("POST", "/fulfillment/{v}/packages/ship", _V2309, _BASIC, ship_many, bad_input=_BAD),
    Endpoint(
        "POST",
        "/fulfillment/{v}/orders/{order_id}/shipping_services/query",
        _V2309,
        _BASIC,
        shipping_services,
        bad_input=_BAD,
    ),
    Endpoint("POST", "/fulfillment/{v}/packages", ("202309", "202512"), _BASIC, buy_label, bad_input=_BAD),
    Endpoint(
        "POST",
        "/fulfillment/{v}/orders/{order_id}/shipping_info/update",
        _V2309,
        "seller.logistics",
        update_of_order,
        bad_input=_BAD,
    ),
    Endpoint(
        "POST",
        "/fulfillment/{v}/packages/{package_id}/shipping_info/update",
        ("202309", "202610"),
        _BASIC,
        update_of_package,
        bad_input=_BAD,
    ),
    Endpoint("GET", "/fulfillment/{v}/tts_tracking_validation", ("202508",), _BASIC, coverage, bad_input=_BAD),
)
