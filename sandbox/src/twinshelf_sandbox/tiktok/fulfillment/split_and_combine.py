"""Packages that are split into several or combined into one. Source: `docs/platforms/tiktok-shop.md` section 16."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.fulfillment.packages import attach, keep, new_package, package_of
from twinshelf_sandbox.tiktok.fulfillment.shipping import lines_to_ship
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import of_shop, open_lines, put, touch
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity


def split_attributes(call: Call) -> Any:
    """Whether orders may and must be split, and why not."""
    shop, order_ids = call.shop, call.listed("order_ids")
    if not 1 <= len(order_ids) <= 50:
        raise call.bad("`order_ids` must have 1 to 50 entries, joined by commas")
    answer = []
    for order_id in order_ids:
        order = of_shop(shop, order_id)
        problem = _why_not_split(shop, order)
        entry: Entity = {
            "order_id": order_id,
            "can_split": not problem,
            "must_split": bool(order.get("_must_split")),
            "must_split_reasons": [],
        }
        if problem:
            entry["reason"] = problem
        if order.get("_must_split"):
            entry["must_split_reasons"] = [{"type": "TOTAL_COUNT_LIMITATION", "max_count": "10"}]
        answer.append(entry)
    return {"split_attributes": answer}


def _why_not_split(shop: Shop, order: Entity) -> str:
    if order["status"] == "CANCELLED":
        return "Order has been canceled"
    if order["status"] not in ("AWAITING_SHIPMENT", "ON_HOLD", "PARTIALLY_SHIPPING"):
        return "The order has been shipped"
    if order.get("split_or_combine_tag") == "COMBINED":
        return "Order has combine, not allow split order"
    skus = {line["sku_id"] for line in open_lines(order)}
    unit_level = shop.region.ships_by == "mark" or (shop.facts["region"] == "MX" and not shop.is_local)
    if len(open_lines(order)) < 2 or (len(skus) < 2 and not unit_level):
        return "split same sku in Multi Package not allow"
    return ""


class _Group(msgspec.Struct):
    id: str = ""
    order_line_item_ids: list[str] = []


class _Split(msgspec.Struct):
    splittable_groups: list[_Group] = []


def split(call: Call) -> Any:
    """Split an order's package before shipping; units of one SKU stay together where the market wants it so."""
    shop, body = call.shop, call.body(_Split)
    order = of_shop(shop, call.path["order_id"])
    if not body.splittable_groups:
        raise ApiError(21011005)
    if problem := _why_not_split(shop, order):
        raise ApiError(21011046 if "combine" in problem else 21011036 if "same sku" in problem else 21011035, problem)
    groups = [lines_to_ship(order, group.order_line_item_ids) for group in body.splittable_groups]
    named = [line["id"] for lines in groups for line in lines]
    if len(named) != len(set(named)):
        raise ApiError(21011005)
    rest = [line for line in open_lines(order) if line["id"] not in named]
    if shop.region.ships_by == "package" and not (shop.facts["region"] == "MX" and not shop.is_local):
        homes: dict[str, set[int]] = {}
        for n, lines in enumerate([*groups, rest]):
            for line in lines:
                homes.setdefault(line["sku_id"], set()).add(n)
        if any(len(places) > 1 for places in homes.values()):
            raise ApiError(21011036)
    for entry in list(order["packages"]):
        package = shop.packages.get(entry["id"])
        if package is not None and package["status"] == "TO_FULFILL":
            package["line_ids"] = [line["id"] for line in rest]
            package["tag"] = "SPLIT"
            if not rest:
                package["status"], package["sub_status"] = "CANCELLED", "CANCELLED"
            keep(shop, package)
    order["split_or_combine_tag"] = "SPLIT"
    answer = []
    for group, lines in zip(body.splittable_groups, groups, strict=True):
        package = new_package(shop, [order["id"]], lines, order, tag="SPLIT")
        keep(shop, package)
        answer.append({"splittable_group_id": group.id, "id": package["id"]})
    touch(shop, order)
    put(shop, order)
    shop.effect("order_split", order["id"], packages=[entry["id"] for entry in answer])
    _tell_packages(shop, "SPLIT", [(entry["id"], [order["id"]]) for entry in answer])
    return {"packages": answer}


def _tell_packages(shop: Shop, kind: str, found: list[tuple[str, list[str]]]) -> None:
    entries = [{"package_id": package_id, "order_id_list": order_ids} for package_id, order_ids in found]
    data = {"sc_type": kind, "role_type": "ROLE_SELLER", "package_list": entries, "update_time": shop.now}
    webhooks.notify(shop, "PACKAGE_UPDATE", data)


def _combinable(shop: Shop) -> list[tuple[str, list[str]]]:
    """Groups of waiting packages of one buyer and address."""
    groups: dict[str, list[Entity]] = {}
    for row in shop.packages.values():
        if row["status"] != "TO_FULFILL" or row["tag"] != "DEFAULT":
            continue
        order = shop.orders[row["order_ids"][0]]
        if order["status"] != "AWAITING_SHIPMENT":
            continue
        address = order["_address"]
        groups.setdefault(
            f"{order['user_id']}|{address['line1']}|{address['postal_code']}|{row['warehouse_id']}", []
        ).append(row)
    return [(rows[0]["id"], [r["order_ids"][0] for r in rows][:20]) for rows in groups.values() if len(rows) > 1]


def search_combinable(call: Call) -> Any:
    """Packages that could travel as one."""
    size = call.integer("page_size", 1, 50, None)
    found = _combinable(call.shop)
    start = call.platform.paging.offset(call, "combinable")
    return {
        "combinable_packages": [{"id": i, "order_ids": ids} for i, ids in found[start : start + size]],
        "total_count": len(found),
        "next_page_token": call.platform.paging.next_offset(call, "combinable", start + size, len(found)),
    }


class _Combinable(msgspec.Struct):
    id: str = ""
    order_ids: list[str] = []


class _Combine(msgspec.Struct):
    combinable_packages: list[_Combinable] = []


def combine(call: Call) -> Any:
    """Put several orders of one buyer into one package; refusals are listed per group."""
    shop, body = call.shop, call.body(_Combine)
    if not body.combinable_packages:
        raise ApiError(21011005)
    done, errors = [], []
    for entry in body.combinable_packages:
        allowed = dict(_combinable(shop))
        if entry.id not in allowed or not set(entry.order_ids) <= set(allowed[entry.id]) or len(entry.order_ids) < 2:
            code = 21011031 if entry.id in allowed else 10007014
            errors.append(ApiError(code).entry(package_id=entry.id))
            continue
        orders = [shop.orders[order_id] for order_id in entry.order_ids]
        for order in orders:
            for old in order["packages"]:
                package = shop.packages[old["id"]]
                package["status"], package["sub_status"] = "CANCELLED", "CANCELLED"
                keep(shop, package)
            order["packages"] = []
            order["split_or_combine_tag"] = "COMBINED"
        package = new_package(
            shop, entry.order_ids, [line for o in orders for line in open_lines(o)], orders[0], tag="COMBINE"
        )
        for order in orders:
            attach(order, package, open_lines(order))
            touch(shop, order)
            put(shop, order)
        keep(shop, package)
        shop.effect("packages_combined", package["id"], orders=entry.order_ids)
        _tell_packages(shop, "COMBINE", [(package["id"], entry.order_ids)])
        done.append({"id": package["id"], "order_ids": entry.order_ids})
    return {"packages": done, **({"errors": errors} if errors else {})}


class _Uncombine(msgspec.Struct):
    order_ids: list[str] = []


def uncombine(call: Call) -> Any:
    """Take orders out of a combined package, each into one of its own; without a list all of them."""
    shop, body = call.shop, call.body(_Uncombine)
    package = package_of(shop, call.path["package_id"])
    if package["tag"] != "COMBINE" or package["status"] != "TO_FULFILL":
        raise ApiError(21011005)
    ids = body.order_ids or package["order_ids"]
    if not set(ids) <= set(package["order_ids"]):
        raise ApiError(21011029)
    left = [i for i in package["order_ids"] if i not in ids]
    if len(left) == 1:
        ids, left = package["order_ids"], []
    answer = []
    for order_id in ids:
        order = shop.orders[order_id]
        order["packages"], order["split_or_combine_tag"] = [], None
        lines = open_lines(order)
        package["line_ids"] = [i for i in package["line_ids"] if i not in [line["id"] for line in lines]]
        own = new_package(shop, [order_id], lines, order)
        keep(shop, own)
        del order["split_or_combine_tag"]
        touch(shop, order)
        put(shop, order)
        answer.append({"id": own["id"], "order_ids": [order_id]})
    package["order_ids"] = left
    if not left:
        package["order_ids"] = ids[:1]
        package["status"], package["sub_status"] = "CANCELLED", "CANCELLED"
    keep(shop, package)
    shop.effect("packages_uncombined", package["id"], orders=ids)
    _tell_packages(shop, "CANCEL_COMBINE", [(entry["id"], entry["order_ids"]) for entry in answer])
    return {"packages": answer}


_WRITE: Final = "seller.fulfillment.package.write"
_BAD: Final = 21001001
_V2309: Final = ("202309",)

ENDPOINTS: Final = (
    Endpoint("GET", "/fulfillment/{v}/orders/split_attributes", _V2309, _WRITE, split_attributes),
    Endpoint("POST", "/fulfillment/{v}/orders/{order_id}/split", _V2309, _WRITE, split, bad_input=_BAD),
    Endpoint("GET", "/fulfillment/{v}/combinable_packages/search", _V2309, _WRITE, search_combinable),
    Endpoint("POST", "/fulfillment/{v}/packages/combine", _V2309, _WRITE, combine, bad_input=_BAD),
    Endpoint("POST", "/fulfillment/{v}/packages/{package_id}/uncombine", _V2309, _WRITE, uncombine, bad_input=_BAD),
)
