"""Cancellations: by the buyer, the seller, the platform; requests, deadlines, and who may do what in which state.

Source: `docs/platforms/tiktok-shop.md` sections 17.1 to 17.3.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.aftersales import reasons
from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import drop_lines, open_lines, put, set_status, text, touch
from twinshelf_sandbox.tiktok.products import stock
from twinshelf_sandbox.tiktok.regions import SEA
from twinshelf_sandbox.tiktok.state import Platform, ReverseRow, Shop
from twinshelf_sandbox.world import Entity

PENDING: Final = "CANCELLATION_REQUEST_PENDING"
SUCCESS: Final = "CANCELLATION_REQUEST_SUCCESS"
COMPLETE: Final = "CANCELLATION_REQUEST_COMPLETE"
CLOSED: Final = "CANCELLATION_REQUEST_CANCEL"
ANSWER_SECONDS: Final = 48 * 3600
_REFUND_SECONDS: Final = 60


# -- the request -----------------------------------------------------------------------------------------------


def _new(
    shop: Shop,
    order: Entity,
    lines: list[Entity],
    *,
    role: str,
    reason: str,
    reason_text: str,
    status: str,
    kind: str = "CANCEL",
) -> Entity:
    now = shop.now
    request: Entity = {
        "id": shop.platform.new_id("reverse"),
        "order_id": order["id"],
        "user_id": order["user_id"],
        "type": kind,
        "status": status,
        "role": role,
        "reason": reason,
        "reason_text": reason_text,
        "create_time": now,
        "update_time": now,
        "lines": [[shop.platform.new_id("reverse_line"), line["id"]] for line in lines],
        "restock": not reasons.is_out_of_stock(reason),
        "deadline": now + ANSWER_SECONDS if status == PENDING else 0,
    }
    shop.effect(
        "cancellation", request["id"], order_id=order["id"], role=role, reason=reason, status=status, units=len(lines)
    )
    shop.cancellations.put(request["id"], request)
    _tell(shop, request)
    return request


def _tell(shop: Shop, request: Entity) -> None:
    status = request["status"]
    data = {
        "order_id": request["order_id"],
        "cancellations_role": "SYSTEM" if request["role"] == "OPERATOR" else request["role"],
        "cancel_status": "CANCELLATION_REQUEST_CANCELLED" if status == CLOSED else status,
        "cancel_id": request["id"],
        "create_time": request["create_time"],
    }
    webhooks.notify(shop, "CANCELLATION_STATUS_CHANGE", data)
    if shop.switch("legacy_cancel_webhook"):
        legacy = {
            "order_id": request["order_id"],
            "reverse_order_id": request["id"],
            "reverse_type": 1,
            "reverse_user": 1,
            "reverse_order_status": {PENDING: 1, SUCCESS: 50, COMPLETE: 100}.get(status, 99),
            "update_time": shop.now,
        }
        webhooks.notify(shop, "REVERSE_STATUS_UPDATE", legacy)


def _move(shop: Shop, request: Entity, status: str) -> None:
    before, request["status"] = request["status"], status
    request["update_time"] = shop.now
    shop.effect("cancellation_status", request["id"], order_id=request["order_id"], before=before, after=status)
    shop.cancellations.put(request["id"], request)
    _tell(shop, request)


def _carry_out(shop: Shop, order: Entity, request: Entity) -> None:
    """Cancel the lines of a request that was accepted; the refund completes it a little later."""
    ids = {line_id for _, line_id in request["lines"]}
    initiator = {"OPERATOR": "SYSTEM"}.get(request["role"], request["role"])
    freed: dict[tuple[str, str, str, bool], list[str]] = {}
    for line in order["line_items"]:
        if line["id"] not in ids or line["_state"] == "cancelled":
            continue
        for product_id, sku_id, name, warehouse_id in line["_held"]:
            freed.setdefault((product_id, sku_id, name, line["_state"] == "open"), []).append(warehouse_id)
        line["_state"], line["display_status"] = "cancelled", "CANCELLED"
        line["cancel_reason"], line["cancel_user"] = request["reason_text"], request["role"]
        if line.get("package_id"):
            line["package_status"] = "CANCELLED"
    for (product_id, sku_id, name, held), warehouses in freed.items():
        back = request["restock"] and (order["status"] == "UNPAID" or stock.restocks(shop, product_id, sku_id))
        sku = {"id": sku_id, "seller_sku": name}
        stock.release(shop, product_id, sku, warehouses, order["id"], restock=back, held=held)
    drop_lines(shop, order, ids)
    order["_pending_cancel"], order["is_buyer_request_cancel"] = "", False
    if all(line["_state"] == "cancelled" for line in order["line_items"]):
        order["cancel_reason"], order["cancellation_initiator"], order["cancel_time"] = (
            request["reason_text"],
            initiator,
            shop.now,
        )
        order["is_on_hold_order"] = False
        set_status(shop, order, "CANCELLED")
    else:
        touch(shop, order)
        shop.effect("lines_cancelled", order["id"], lines=sorted(ids))
        if order["status"] == "PARTIALLY_SHIPPING" and not open_lines(order):
            order["rts_time"] = shop.now
            set_status(shop, order, "AWAITING_COLLECTION")
    put(shop, order)
    shop.platform.world.schedule(shop.now + _REFUND_SECONDS, "tt.refunded", {"shop": shop.id, "cancel": request["id"]})


def refunded(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that completes a cancellation once the money is back."""
    shop = platform.shop(payload["shop"])
    request = shop.cancellations.get(payload["cancel"])
    if request is not None and request["status"] == SUCCESS:
        _move(shop, request, COMPLETE)


def expired(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that approves a request the seller left unanswered for 48 hours."""
    shop = platform.shop(payload["shop"])
    request = shop.cancellations.get(payload["cancel"])
    if request is not None and request["status"] == PENDING and shop.switch("auto_approve"):
        _accept(shop, request)


def _accept(shop: Shop, request: Entity) -> None:
    order = shop.orders[request["order_id"]]
    _move(shop, request, SUCCESS)
    _carry_out(shop, order, request)


def _close(shop: Shop, request: Entity, why: str) -> None:
    order = shop.orders[request["order_id"]]
    request["closed_because"] = why
    _move(shop, request, CLOSED)
    order["_pending_cancel"], order["is_buyer_request_cancel"] = "", False
    touch(shop, order)
    put(shop, order)


def pending(shop: Shop, order: Entity) -> Entity | None:
    """The request about an order that waits for an answer."""
    return shop.cancellations.get(order["_pending_cancel"]) if order["_pending_cancel"] else None


def shipping_overrides(shop: Shop, order: Entity) -> None:
    """What shipping does to a buyer's pending cancellation: rejects it in the US, is refused elsewhere.

    Raises ApiError 21011007. Changes `order`: read nothing older of it afterwards.
    """
    request = pending(shop, order)
    if request is None:
        return
    allowed = shop.switch("may_ship_over_cancel_request")
    if not (shop.facts["region"] == "US" if allowed is None else allowed):
        raise ApiError(21011007)
    request["closed_because"] = "shipped"
    _move(shop, request, CLOSED)
    order["_pending_cancel"], order["is_buyer_request_cancel"] = "", False


# -- by the buyer and the platform -----------------------------------------------------------------------------


def request_by_buyer(shop: Shop, order: Entity, reason: str = "") -> str:
    """A buyer asks to cancel: at once while unpaid or on hold, later the seller is asked. Raises Refused."""
    status = order["status"]
    allowed = (
        "UNPAID",
        "ON_HOLD",
        "AWAITING_SHIPMENT",
        *(("AWAITING_COLLECTION",) if shop.facts["region"] in SEA else ()),
    )
    if status not in allowed:
        raise Refused(f"order_id: a buyer cannot cancel an order that is {status}")
    if order["_pending_cancel"]:
        raise Refused("order_id: a request is pending")
    known = reasons.buyer_cancel(shop.facts["region"], status)
    name = reason or next(iter(known))
    lines = [line for line in order["line_items"] if line["_state"] != "cancelled"]
    described = known.get(name, name)
    if status in ("UNPAID", "ON_HOLD"):
        request = _new(
            shop, order, lines, role="BUYER", reason=name, reason_text=described, status=SUCCESS, kind="BUYER_CANCEL"
        )
        _carry_out(shop, order, request)
        return str(request["id"])
    request = _new(
        shop, order, lines, role="BUYER", reason=name, reason_text=described, status=PENDING, kind="BUYER_CANCEL"
    )
    order["_pending_cancel"], order["is_buyer_request_cancel"], order["request_cancel_time"] = (
        request["id"],
        True,
        shop.now,
    )
    touch(shop, order)
    put(shop, order)
    shop.platform.world.schedule(request["deadline"], "tt.cancel_deadline", {"shop": shop.id, "cancel": request["id"]})
    return str(request["id"])


def withdraw_by_buyer(shop: Shop, order: Entity) -> None:
    """A buyer takes a pending request back."""
    request = pending(shop, order)
    if request is None:
        raise Refused("order_id: no request is pending")
    _close(shop, request, "withdrawn")


def cancel_by_platform(shop: Shop, order: Entity, reason: str, role: str = "SYSTEM") -> str:
    """The platform cancels an order, whatever its state short of delivered.

    `reason` is a name of the platform's; the market's own spelling of it is what is kept.
    """
    if order["status"] in ("DELIVERED", "COMPLETED", "CANCELLED"):
        raise Refused(f"order_id: an order that is {order['status']} cannot be cancelled")
    if (asked := pending(shop, order)) is not None:
        asked["closed_because"] = "cancelled"
        _move(shop, asked, CLOSED)
    lines = [line for line in order["line_items"] if line["_state"] != "cancelled"]
    region = shop.facts["region"]
    name = reasons.spelled(region, reason)
    described = reasons.platform_cancel(region).get(name, name)
    request = _new(shop, order, lines, role=role, reason=name, reason_text=described, status=SUCCESS)
    _carry_out(shop, order, request)
    return str(request["id"])


# -- by the seller ---------------------------------------------------------------------------------------------


class _Sku(msgspec.Struct):
    sku_id: str = ""
    quantity: int = 0


class LineRef(msgspec.Struct):
    order_line_item_id: str = ""
    sub_order_line_item_id: str | None = None


class _Cancel(msgspec.Struct):
    order_id: str = ""
    cancel_reason: str = ""
    skus: list[_Sku] | None = None
    order_line_item_ids: list[str] | None = None
    order_line_list: list[LineRef] | None = None


def chosen_lines(
    lines: list[Entity], skus: list[Any] | None, ids: list[str] | None, refs: list[LineRef] | None
) -> list[Entity]:
    """The lines a call names: by SKU and quantity, by id, or all when it names none. Raises ApiError."""
    if ids and refs:
        raise ApiError(25001001, "Give `order_line_item_ids` or `order_line_list`, not both.")
    wanted = list(ids or [r.order_line_item_id for r in refs or []])
    if wanted:
        by_id = {line["id"]: line for line in lines}
        if any(i not in by_id for i in wanted) or len(set(wanted)) != len(wanted):
            raise ApiError(25005011)
        return [by_id[i] for i in wanted]
    if skus:
        chosen: list[Entity] = []
        for sku in skus:
            found = [line for line in lines if line["sku_id"] == sku.sku_id]
            if sku.quantity < 1 or len(found) < sku.quantity:
                raise ApiError(25005011)
            chosen += found[: sku.quantity]
        return chosen
    return lines


def _why_not(shop: Shop, order: Entity) -> ApiError | None:
    """Why a seller cannot cancel an order now; None if it is possible."""
    status = order["status"]
    if status in ("COMPLETED", "CANCELLED"):
        return ApiError(25001051)
    if order["_pending_cancel"]:
        return ApiError(25001011)
    if status in ("IN_TRANSIT", "DELIVERED") or (status == "AWAITING_COLLECTION" and shop.facts["region"] != "US"):
        return ApiError(25001045)
    if order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK" and status != "UNPAID":
        return ApiError(25020005)
    return None


def cancel_by_seller(shop: Shop, order: Entity, body: _Cancel) -> Entity:
    """Cancel an order or, in the US and UK for lack of stock, some of its units."""
    region = shop.facts["region"]
    if (problem := _why_not(shop, order)) is not None:
        raise problem
    fitting = reasons.seller_cancel(region, order["status"])
    reason = body.cancel_reason
    if reason not in fitting:
        if reason in reasons.all_seller_cancel(region):
            raise ApiError(25001021)
        if reason in reasons.buyer_cancel(region, order["status"]) or reason in reasons.platform_cancel(region):
            raise ApiError(25001015)
        raise ApiError(25001014)
    can = [
        line
        for line in order["line_items"]
        if line["_state"] == "open" or (line["_state"] == "shipped" and region == "US")
    ]
    if order["status"] == "PARTIALLY_SHIPPING":
        can = open_lines(order)
    lines = chosen_lines(can, body.skus, body.order_line_item_ids, body.order_line_list)
    active = [line for line in order["line_items"] if line["_state"] != "cancelled"]
    if len(lines) < len(active) and not (region in ("US", "GB") and reasons.is_out_of_stock(reason)):
        raise ApiError(25005010)
    request = _new(shop, order, lines, role="SELLER", reason=reason, reason_text=fitting[reason], status=SUCCESS)
    _carry_out(shop, order, request)
    return request


def cancel(call: Call) -> Any:
    """Cancel an order or some of its units as its seller."""
    body = call.body(_Cancel)
    order = call.shop.orders.get(body.order_id)
    if order is None:
        raise ApiError(25007006)
    request = cancel_by_seller(call.shop, order, body)
    return {"cancel_id": request["id"], "cancel_status": request["status"]}


def cancel_in_seller_center(shop: Shop, order: Entity, reason: str, items: list[Entity] | None = None) -> str:
    """A seller cancels an order in Seller Center, or the `items` of it: {seller_sku, quantity}. Raises Refused."""
    name = reason or next(iter(reasons.seller_cancel(shop.facts["region"], order["status"])))
    sku_ids = {line["seller_sku"]: line["sku_id"] for line in order["line_items"]}
    skus = [_Sku(sku_ids.get(one["seller_sku"], ""), one.get("quantity", 1)) for one in items or []]
    try:
        return str(cancel_by_seller(shop, order, _Cancel(order["id"], name, skus or None))["id"])
    except ApiError as error:
        raise Refused(f"order_id: {error}") from error


class _Reject(msgspec.Struct):
    reject_reason: str = ""
    comment: str | None = None
    images: list[dict[str, Any]] | None = None


def _asked(call: Call) -> Entity:
    request = call.shop.cancellations.get(call.path["cancel_id"])
    if request is None:
        raise ApiError(25007006)
    return request


def once(call: Call, what: str, act: Callable[[], Any]) -> Any:
    """Do something once per `idempotency_key` of the query; the same key again gets the first answer."""
    key = call.params.get("idempotency_key", "")
    if len(key) > 255:
        raise call.bad("`idempotency_key` is longer than 255 characters")
    if key and (done := call.shop.idempotency.get(f"{what}:{key}")) is not None:
        return done["answer"]
    answer = act()
    if key:
        call.shop.idempotency.put(f"{what}:{key}", {"answer": answer})
    return answer


def _still_open(request: Entity, *, settled: int, closed: int) -> None:
    if request["status"] in (SUCCESS, COMPLETE):
        raise ApiError(settled)
    if request["status"] == CLOSED:
        raise ApiError(closed)


def accept(shop: Shop, request: Entity) -> None:
    """The seller accepts what a buyer asked for. Raises ApiError."""
    _still_open(request, settled=25011012, closed=25020009)
    _accept(shop, request)


def refuse(shop: Shop, request: Entity, reason: str) -> None:
    """The seller refuses what a buyer asked for, with a reason of the platform's list. Raises ApiError."""
    _still_open(request, settled=25020010, closed=25011011)
    if reason not in reasons.reject_cancel(shop.facts["region"]):
        raise ApiError(25001014)
    _close(shop, request, reason)


def approve(call: Call) -> Any:
    """Accept what a buyer asked for."""

    def act() -> Any:
        accept(call.shop, _asked(call))
        return {}

    return once(call, f"approve {call.path['cancel_id']}", act)


def reject(call: Call) -> Any:
    """Refuse what a buyer asked for, with a reason of the platform's list."""

    def act() -> Any:
        request, body = _asked(call), call.body(_Reject)
        _still_open(request, settled=25020010, closed=25011011)
        if len(body.comment or "") > 500:
            raise ApiError(98001004, "The length of the seller's words is over the limit.")
        refuse(call.shop, request, body.reject_reason)
        return {}

    return once(call, f"reject {call.path['cancel_id']}", act)


# -- reading ---------------------------------------------------------------------------------------------------


def refund_amount(shop: Shop, order: Entity, lines: list[Entity]) -> Entity:
    """What these lines are worth to the buyer: price, tax, and shipping when nothing of the order is left."""

    def amount(value: Decimal) -> str:
        return text(shop, value)

    subtotal = sum((Decimal(line["sale_price"]) for line in lines), Decimal(0))
    tax = sum((Decimal(line["item_tax"][0]["tax_amount"]) for line in lines if line.get("item_tax")), Decimal(0))
    paid = order["payment"]
    whole = len(lines) == len(order["line_items"])
    shipping = Decimal(paid["shipping_fee"]) if whole else Decimal(0)
    delivery = Decimal(paid.get("retail_delivery_fee", "0")) if whole else Decimal(0)
    service = Decimal(paid.get("buyer_service_fee", "0")) if whole else Decimal(0)
    answer = {
        "currency": paid["currency"],
        "refund_total": amount(subtotal + tax + shipping + delivery + service),
        "refund_subtotal": amount(subtotal),
        "refund_shipping_fee": amount(shipping),
        "refund_tax": amount(tax),
        "retail_delivery_fee": amount(delivery),
    }
    if service:
        answer["buyer_service_fee"] = amount(service)
    return answer


def _shown(shop: Shop, request: Entity) -> Entity:
    order = shop.orders[request["order_id"]]
    lines = {line["id"]: line for line in order["line_items"]}
    chosen = [lines[line_id] for _, line_id in request["lines"]]
    answer: Entity = {
        "cancel_id": request["id"],
        "order_id": request["order_id"],
        "cancel_type": request["type"],
        "cancel_status": request["status"],
        "role": request["role"],
        "cancel_reason": request["reason"],
        "cancel_reason_text": request["reason_text"],
        "create_time": request["create_time"],
        "update_time": request["update_time"],
        "refund_amount": refund_amount(shop, order, chosen),
        "cancel_line_items": [
            {
                "cancel_line_item_id": item_id,
                "order_line_item_id": line_id,
                "sku_id": lines[line_id]["sku_id"],
                "sku_name": lines[line_id]["sku_name"],
                "product_name": lines[line_id]["product_name"],
                "seller_sku": lines[line_id]["seller_sku"],
                "product_image": {"url": shop.platform.url(lines[line_id]["sku_image"]), "width": 200, "height": 200},
                "refund_amount": refund_amount(shop, order, [lines[line_id]]),
            }
            for item_id, line_id in request["lines"]
        ],
        "should_replenish_stock": request["restock"],
    }
    if request["status"] == PENDING:
        answer["seller_next_action_response"] = [
            {"action": "SELLER_RESPOND_BUYER_CANCEL", "deadline": request["deadline"]}
        ]
    return answer


class _Search(msgspec.Struct):
    cancel_ids: list[str] | None = None
    order_ids: list[str] | None = None
    buyer_user_ids: list[str] | None = None
    cancel_types: list[str] | None = None
    cancel_status: list[str] | None = None
    create_time_ge: int | None = None
    create_time_lt: int | None = None
    update_time_ge: int | None = None
    update_time_lt: int | None = None
    locale: str | None = None


def search(call: Call) -> Any:
    """Requests, oldest first unless asked otherwise; `page_size` comes as text, 1 to 50, 10 when left out."""
    shop, body = call.shop, call.body(_Search)
    size = call.integer("page_size", 1, 50, 10)
    by = call.choice("sort_field", ("create_time", "update_time"), "create_time")
    descending = call.choice("sort_order", ("ASC", "DESC"), "ASC") == "DESC"
    ids, orders = set(body.cancel_ids or ()), set(body.order_ids or ())
    users, kinds, statuses = set(body.buyer_user_ids or ()), set(body.cancel_types or ()), set(body.cancel_status or ())
    ranges = {
        "create_time": (body.create_time_ge, body.create_time_lt),
        "update_time": (body.update_time_ge, body.update_time_lt),
    }
    (since, until), (other_since, other_until) = (
        ranges[by],
        ranges["update_time" if by == "create_time" else "create_time"],
    )
    other = "update_time" if by == "create_time" else "create_time"

    def keep(key: str, row: ReverseRow) -> bool:
        at: int = getattr(row, other)
        return (
            (not ids or key in ids)
            and (not orders or row.order_id in orders)
            and (not users or row.user_id in users)
            and (not kinds or row.type in kinds)
            and (not statuses or row.status in statuses)
            and (other_since is None or at >= other_since)
            and (other_until is None or at < other_until)
        )

    plain = not (ids or orders or users or kinds or statuses) and other_since is None and other_until is None
    page = shop.cancellation_index.page(
        by=by,
        descending=descending,
        since=since,
        until=until,
        keep=None if plain else keep,
        after=call.platform.paging.after(call, "cancellations"),
        size=size,
    )
    return {
        "cancellations": [_shown(shop, shop.cancellations[key]) for key in page.keys],
        "total_count": page.total,
        "next_page_token": call.platform.paging.next_after(call, "cancellations", page.last, more=page.more),
    }


def _entry(kind: str, lines: list[Entity], problem: ApiError | None, names: list[str]) -> Entity:
    entry: Entity = {
        "request_type": kind,
        "order_line_items_ids": [line["id"] for line in lines],
        "order_line_list": [{"order_line_item_id": line["id"]} for line in lines],
        "eligible": problem is None,
    }
    if problem is None:
        entry["available_reason_names"] = names
    else:
        entry["ineligible_code"], entry["ineligible_reason"] = problem.code, problem.message
    return entry


def eligibility(call: Call) -> Any:
    """Which after-sales requests can be made about which lines, and with which reasons."""
    shop = call.shop
    order = shop.orders.get(call.path["order_id"])
    if order is None:
        raise ApiError(25007006)
    who = call.choice("initiate_aftersale_user", ("SELLER", "BUYER"), "SELLER")
    kinds = call.listed("request_types") or ["CANCEL", "REFUND", "RETURN_AND_REFUND"]
    region, status = shop.facts["region"], order["status"]
    answer = []
    for sku_id in dict.fromkeys(line["sku_id"] for line in order["line_items"]):
        lines = [line for line in order["line_items"] if line["sku_id"] == sku_id and line["_state"] != "cancelled"]
        entries = []
        for kind in kinds:
            if not lines:
                entries.append(_entry(kind, [], ApiError(25001051), []))
            elif kind == "CANCEL":
                problem = _why_not(shop, order) if who == "SELLER" else None
                names = (
                    reasons.seller_cancel(region, status) if who == "SELLER" else reasons.buyer_cancel(region, status)
                )
                entries.append(_entry(kind, lines, problem, list(names)))
            else:
                problem = None if may_return(shop, order, kind, who) else ApiError(25001003)
                if problem is None and any(line.get("_return") for line in lines):
                    problem = ApiError(25001011)
                make = reasons.seller_return if who == "SELLER" else reasons.buyer_return
                entries.append(_entry(kind, lines, problem, list(make(region, kind, status))))
        answer.append({"sku_id": sku_id, "line_item_eligibility": entries})
    return {"sku_eligibility": answer}


def may_return(shop: Shop, order: Entity, kind: str, who: str) -> bool:
    """Whether a refund or return can be asked for in the order's state."""
    status, region = order["status"], shop.facts["region"]
    if who == "SELLER" and not reasons.seller_return(region, kind, status):
        return False
    if kind == "REFUND":
        if who == "BUYER":
            return status in ("AWAITING_COLLECTION", "DELIVERED") or (status == "IN_TRANSIT" and region in ("US", "GB"))
        return status in ("AWAITING_COLLECTION", "DELIVERED", "IN_TRANSIT") and (
            region in ("US", "GB") or status != "IN_TRANSIT"
        )
    if who == "BUYER":
        return bool(status == "DELIVERED")
    return bool(status == "DELIVERED" or (status == "IN_TRANSIT" and region == "US"))


JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {
    "tt.refunded": refunded,
    "tt.cancel_deadline": expired,
}

_SCOPE: Final = "seller.return_refund.basic"
_BAD: Final = 25001001

ENDPOINTS: Final = (
    Endpoint("POST", "/return_refund/{v}/cancellations", ("202309", "202602"), _SCOPE, cancel, bad_input=_BAD),
    Endpoint("POST", "/return_refund/{v}/cancellations/search", ("202309", "202602"), _SCOPE, search, bad_input=_BAD),
    Endpoint(
        "POST", "/return_refund/{v}/cancellations/{cancel_id}/approve", ("202309",), _SCOPE, approve, bad_input=_BAD
    ),
    Endpoint(
        "POST", "/return_refund/{v}/cancellations/{cancel_id}/reject", ("202309",), _SCOPE, reject, bad_input=_BAD
    ),
    Endpoint(
        "GET",
        "/return_refund/{v}/orders/{order_id}/aftersale_eligibility",
        ("202309", "202602"),
        _SCOPE,
        eligibility,
        bad_input=_BAD,
    ),
)
