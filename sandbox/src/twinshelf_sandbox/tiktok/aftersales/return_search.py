"""Returns as they are read: search, records, reasons, what may be decided.

Source: `docs/platforms/tiktok-shop.md` sections 17.1 and 17.4 to 17.6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.aftersales import reasons
from twinshelf_sandbox.tiktok.aftersales.cancellations import refund_amount
from twinshelf_sandbox.tiktok.aftersales.return_approval import (
    APPROVALS,
    REJECTIONS,
    reject_reasons_of,
    row_asked_for,
    why_not,
)
from twinshelf_sandbox.tiktok.aftersales.returns import SHIPPED, offered_amount, returned_lines
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import text
from twinshelf_sandbox.tiktok.state import ReverseRow, Shop
from twinshelf_sandbox.world import Entity

_ACTIONS: Final = {"REFUND": "SELLER_RESPOND_REFUND", "RETURN_AND_REFUND": "SELLER_RESPOND_RETURN"}


def shown(shop: Shop, row: Entity) -> Entity:
    """A request as returns/search gives it."""
    order = shop.orders[row["order_id"]]
    lines = returned_lines(order, row)
    amount = offered_amount(shop, order, row)
    answer: Entity = {
        "return_id": row["id"],
        "order_id": row["order_id"],
        "return_type": row["type"],
        "return_status": row["status"],
        "role": row["role"],
        "return_reason": row["reason"],
        "return_reason_text": row["reason_text"],
        "create_time": row["create_time"],
        "update_time": row["update_time"],
        "return_line_items": [
            {
                "return_line_item_id": item_id,
                "order_line_item_id": line["id"],
                "sku_id": line["sku_id"],
                "sku_name": line["sku_name"],
                "product_name": line["product_name"],
                "seller_sku": line["seller_sku"],
                "product_image": {"url": shop.platform.url(line["sku_image"]), "width": 200, "height": 200},
                "refund_amount": refund_amount(shop, order, [line]),
            }
            for (item_id, _), line in zip(row["lines"], lines, strict=True)
        ],
        "refund_amount": amount,
        "discount_amount": [
            {
                "currency": shop.currency,
                "product_seller_discount": text(
                    shop, sum((Decimal(line["seller_discount"]) for line in lines), Decimal(0))
                ),
                "product_platform_discount": text(
                    shop, sum((Decimal(line["platform_discount"]) for line in lines), Decimal(0))
                ),
                "shipping_fee_seller_discount": "0",
                "shipping_fee_platform_discount": "0",
            }
        ],
        "shipping_fee_amount": [
            {
                "currency": shop.currency,
                "seller_paid_return_shipping_fee": "0",
                "platform_paid_return_shipping_fee": "0",
                "buyer_paid_return_shipping_fee": "0",
            }
        ],
        "is_combined_return": False,
        "is_quick_refund": row["quick"],
    }
    if row["arbitration_status"]:
        answer["arbitration_status"] = row["arbitration_status"]
    if row["type"] != "REFUND":
        answer |= {
            "shipment_type": row["shipment_type"],
            "handover_method": row["handover_method"],
            "return_method": "PLATFORM_SHIPPED" if row["shipment_type"] == "PLATFORM" else "BUYER_SHIPPED",
            "return_shipping_document_type": "SHIPPING_LABEL",
        }
        if row["keep"]:  # a captured return that is to be sent back leaves it out
            answer["can_buyer_keep_item"] = True
        back = shop.warehouses("RETURN_WAREHOUSE")
        if back:
            answer["return_warehouse_address"] = {"full_address": back[0]["address"]["full_address"]}
    if row["tracking"]:
        answer |= {
            "return_tracking_number": row["tracking"],
            "return_provider_id": row["provider"][0],
            "return_provider_name": row["provider"][1],
        }
    if row["partial"]:
        answer |= {
            "seller_proposed_return_type": "PARTIAL_REFUND",
            "partial_refund": row["partial"],
            "buyer_rejected_partial_refund": row["refused_partial"],
        }
    step = _next_step(row)
    if step and row["deadline"]:
        answer["seller_next_action_response"] = [{"action": step, "deadline": row["deadline"]}]
    return answer


def _next_step(row: Entity) -> str:
    if row["status"] == SHIPPED:
        return "SELLER_RESPOND_RECEIVE_PACKAGE"
    if row["status"].endswith("_REQUEST_PENDING"):
        return _ACTIONS.get(row["type"], "SELLER_RESPOND_REPLACEMENT")
    return ""


class _Search(msgspec.Struct):
    return_ids: list[str] | None = None
    order_ids: list[str] | None = None
    buyer_user_ids: list[str] | None = None
    return_types: list[str] | None = None
    return_status: list[str] | None = None
    arbitration_status: list[str] | None = None
    seller_proposed_return_type: list[str] | None = None
    create_time_ge: int | None = None
    create_time_lt: int | None = None
    update_time_ge: int | None = None
    update_time_lt: int | None = None


def search(call: Call) -> Any:
    """Requests, oldest first unless asked otherwise. `return_orders` is left out when there are none."""
    shop, body = call.shop, call.body(_Search)
    size = call.integer("page_size", int(shop.switch("returns_minimum_page")), 50, 10)
    by = call.choice("sort_field", ("create_time", "update_time"), "create_time")
    descending = call.choice("sort_order", ("ASC", "DESC"), "ASC") == "DESC"
    wanted = [
        (set(body.return_ids or ()), "key"),
        (set(body.order_ids or ()), "order_id"),
        (set(body.buyer_user_ids or ()), "user_id"),
        (set(body.return_types or ()), "type"),
        (set(body.return_status or ()), "status"),
        (set(body.arbitration_status or ()), "arbitration_status"),
        (set(body.seller_proposed_return_type or ()), "proposed_type"),
    ]
    filters = [(values, name) for values, name in wanted if values]
    ranges = {
        "create_time": (body.create_time_ge, body.create_time_lt),
        "update_time": (body.update_time_ge, body.update_time_lt),
    }
    other = "update_time" if by == "create_time" else "create_time"
    (since, until), (low, high) = ranges[by], ranges[other]

    def keep(key: str, row: ReverseRow) -> bool:
        at: int = getattr(row, other)
        if (low is not None and at < low) or (high is not None and at >= high):
            return False
        return all((key if name == "key" else getattr(row, name)) in values for values, name in filters)

    plain = not filters and low is None and high is None
    page = shop.return_index.page(
        by=by,
        descending=descending,
        since=since,
        until=until,
        keep=None if plain else keep,
        after=call.platform.paging.after(call, "returns"),
        size=size,
    )
    answer: Entity = {
        "total_count": page.total,
        "next_page_token": call.platform.paging.next_after(call, "returns", page.last, more=page.more),
    }
    if page.keys:
        answer["return_orders"] = [shown(shop, shop.returns[key]) for key in page.keys]
    return answer


def records(call: Call) -> Any:
    """The history of a request. The role is written `Buyer`, unlike everywhere else."""
    return {
        "records": [
            {
                "create_time": at,
                "event": event,
                "role": role.capitalize(),
                "description": description,
                "reason_text": reason,
                "note": note,
                "images": [],
                "videos": [],
            }
            for at, event, role, description, reason, note in row_asked_for(call)["records"]
        ]
    }


def _reasons_json(found: reasons.Reasons) -> list[Entity]:
    return [{"name": name, "text": described} for name, described in found.items()]


def reject_reasons(call: Call) -> Any:
    """The reasons for rejecting a return, or a cancellation."""
    shop = call.shop
    wanted = call.params.get("return_or_cancel_id", "")
    row = shop.returns.get(wanted)
    if row is not None:
        decision = "REJECT_RECEIVED_PACKAGE" if row["status"] == SHIPPED else "REJECT_RETURN"
        return {"reasons": _reasons_json(reject_reasons_of(shop, row, decision))}
    if wanted in shop.cancellations:
        return {"reasons": _reasons_json(reasons.reject_cancel(shop.facts["region"]))}
    raise ApiError(25007006)


def _decisions(shop: Shop, row: Entity) -> list[Entity]:
    found = []
    for decision in (*APPROVALS, *REJECTIONS):
        problem = why_not(row, decision)
        entry: Entity = {"decision": decision, "eligible": problem is None}
        if problem is not None:
            if problem.code == 25020004:
                continue  # decisions of other types of request are not listed
            entry["ineligible_code"], entry["ineligible_reason"] = problem.code, problem.message
        elif decision in REJECTIONS:
            entry["available_reject_reasons"] = _reasons_json(reject_reasons_of(shop, row, decision))
        found.append(entry)
    return found


def decision_eligibility(call: Call) -> Any:
    """Which decisions a seller can take on a return or a cancellation now."""
    shop = call.shop
    wanted = (
        call.params.get("return_or_cancel_id") or call.params.get("return_id") or call.params.get("cancel_id") or ""
    )
    row = shop.returns.get(wanted)
    if row is not None:
        return {"decisions": _decisions(shop, row)}
    asked = shop.cancellations.get(wanted)
    if asked is None:
        raise ApiError(25007006)
    pending = asked["status"] == "CANCELLATION_REQUEST_PENDING"
    decisions: list[Entity] = []
    for decision in ("APPROVE_REQUEST_CANCEL", "REJECT_REQUEST_CANCEL"):
        entry: Entity = {"decision": decision, "eligible": pending}
        if not pending:
            error = ApiError(25011012 if decision.startswith("APPROVE") else 25011011)
            entry["ineligible_code"], entry["ineligible_reason"] = error.code, error.message
        elif decision.startswith("REJECT"):
            entry["available_reject_reasons"] = _reasons_json(reasons.reject_cancel(shop.facts["region"]))
        decisions.append(entry)
    return {"decisions": decisions}


def review_decision(call: Call) -> Any:
    """The same per line, with the range of a partial refund."""
    shop = call.shop
    row = shop.returns.get(call.params.get("return_id") or call.params.get("aftersales_request_id") or "")
    if row is None:
        raise ApiError(25007006)
    order = shop.orders[row["order_id"]]
    lines = []
    for (item_id, _), line in zip(row["lines"], returned_lines(order, row), strict=True):
        decisions = _decisions(shop, row)
        for entry in decisions:
            if entry["eligible"] and "PARTIAL" in entry["decision"]:
                full = refund_amount(shop, order, [line])["refund_total"]
                low = text(shop, shop.region.smallest)
                entry["partial_refund_amount_range"] = {
                    "min_amount": low,
                    "max_amount": full,
                    "currency": shop.currency,
                }
        lines.append({"return_line_item_id": item_id, "decisions": decisions})
    return {"line_items": lines, "request_log_id": row["id"]}


_SCOPE: Final = "seller.return_refund.basic"
_BAD: Final = 25001001
_PATH: Final = "/return_refund/{v}"

ENDPOINTS: Final = (
    Endpoint("POST", f"{_PATH}/returns/search", ("202309", "202602"), _SCOPE, search, bad_input=_BAD),
    Endpoint("GET", f"{_PATH}/returns/{{return_id}}/records", ("202309",), _SCOPE, records, bad_input=_BAD),
    Endpoint("GET", f"{_PATH}/reject_reasons", ("202309",), _SCOPE, reject_reasons, bad_input=_BAD),
    Endpoint("GET", f"{_PATH}/decision_eligibility", ("202601",), _SCOPE, decision_eligibility, bad_input=_BAD),
    Endpoint("GET", f"{_PATH}/review_decision", ("202606",), _SCOPE, review_decision, bad_input=_BAD),
)
