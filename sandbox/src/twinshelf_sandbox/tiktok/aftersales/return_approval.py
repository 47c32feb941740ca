"""What sellers decide about returns, and returns that sellers start.

Source: `docs/platforms/tiktok-shop.md` sections 17.1 and 17.4 to 17.6.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.aftersales import reasons
from twinshelf_sandbox.tiktok.aftersales.cancellations import (
    ANSWER_SECONDS,
    LineRef,
    chosen_lines,
    may_return,
    once,
    refund_amount,
)
from twinshelf_sandbox.tiktok.aftersales.returns import (
    AWAITING,
    CANCEL,
    COMPLETE,
    DISPUTE_SECONDS,
    OFFERED,
    PENDING,
    REJECT,
    REJECT_PARCEL,
    SHIPPED,
    SUCCESS,
    approve_request,
    kind_status,
    move,
    record,
    request,
    returned_lines,
    send_replacement,
    succeed,
)
from twinshelf_sandbox.tiktok.amounts import plain
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint, multipart
from twinshelf_sandbox.tiktok.orders.order_states import money, text
from twinshelf_sandbox.tiktok.regions import providers
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

APPROVALS: Final = (
    "APPROVE_REFUND",
    "APPROVE_RETURN",
    "APPROVE_RECEIVED_PACKAGE",
    "APPROVE_REPLACEMENT",
    "ISSUE_REPLACEMENT_REFUND",
    "OFFER_PARTIAL_REFUND",
    "DIRECT_REFUND",
)
REJECTIONS: Final = (
    "REJECT_REFUND",
    "REJECT_RETURN",
    "REJECT_RECEIVED_PACKAGE",
    "REJECT_REPLACEMENT",
    "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG",
)
_WRONG_STATE: Final = {
    "APPROVE_RECEIVED_PACKAGE": 25011013,
    "REJECT_RECEIVED_PACKAGE": 25011014,
    "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG": 25011014,
    "REJECT_REFUND": 25011011,
    "REJECT_RETURN": 25011011,
    "REJECT_REPLACEMENT": 25011011,
}


def why_not(row: Entity, decision: str) -> ApiError | None:
    """Why a seller cannot decide so now; None if it is possible."""
    kind, status = row["type"], row["status"]
    if row["arbitration_status"] == "IN_PROGRESS":
        return ApiError(25011010)
    if status in (CANCEL, kind_status(kind, "CANCEL")):
        return ApiError(25020009)
    replacement = kind in ("REPLACEMENT", "EXCHANGE")
    fits = {
        "APPROVE_REFUND": kind == "REFUND",
        "REJECT_REFUND": kind == "REFUND",
        "APPROVE_RETURN": kind == "RETURN_AND_REFUND",
        "REJECT_RETURN": kind == "RETURN_AND_REFUND",
        "APPROVE_RECEIVED_PACKAGE": kind == "RETURN_AND_REFUND",
        "REJECT_RECEIVED_PACKAGE": kind == "RETURN_AND_REFUND",
        "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG": kind == "RETURN_AND_REFUND",
        "OFFER_PARTIAL_REFUND": not replacement,
        "DIRECT_REFUND": not replacement,
        "APPROVE_REPLACEMENT": replacement,
        "ISSUE_REPLACEMENT_REFUND": replacement,
        "REJECT_REPLACEMENT": replacement,
    }[decision]
    if not fits:
        return ApiError(25020004)
    if decision in ("APPROVE_RECEIVED_PACKAGE", "REJECT_RECEIVED_PACKAGE", "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG"):
        if status in (SUCCESS, COMPLETE):
            return ApiError(25020011)
        if decision != "APPROVE_RECEIVED_PACKAGE" and row["quick"]:
            return ApiError(25011025)
        return None if status == SHIPPED else ApiError(_WRONG_STATE[decision])
    if decision == "DIRECT_REFUND":
        return None if status in (PENDING, AWAITING, SHIPPED) else ApiError(25011012)
    if status.endswith("_REQUEST_PENDING"):
        return None
    if decision.startswith("REJECT") and status in (SUCCESS, COMPLETE, AWAITING, SHIPPED):
        return ApiError(25020010)
    return ApiError(_WRONG_STATE.get(decision, 25011012))


def row_asked_for(call: Call) -> Entity:
    """The return that the path names. Raises ApiError 25007006."""
    row = call.shop.returns.get(call.path["return_id"])
    if row is None:
        raise ApiError(25007006)
    return row


class Money(msgspec.Struct):
    currency: str | None = None
    amount: str | None = None
    partial_refund_total: str | None = None


class Approval(msgspec.Struct):
    decision: str = ""
    buyer_keep_item: bool | None = None
    partial_refund: Money | None = None


def make_offer(shop: Shop, row: Entity, amount: str | None, currency: str | None) -> None:
    """Check and note a partial refund."""
    order = shop.orders[row["order_id"]]
    full = Decimal(refund_amount(shop, order, returned_lines(order, row))["refund_total"])
    value = plain(amount)
    if value is None:
        raise ApiError(25001001, "An invalid request parameter was passed: the partial refund needs an amount.")
    if currency != shop.currency:
        raise ApiError(25001001, f"An invalid request parameter was passed: the currency must be {shop.currency}.")
    if not 0 < value <= full:
        raise ApiError(25005005)
    row["partial"] = {"currency": currency, "amount": text(shop, value)}
    row["proposed_type"] = "PARTIAL_REFUND"


def accept(shop: Shop, row: Entity, body: Approval) -> None:
    """Carry out an approval. Raises ApiError where the return's state does not allow it."""
    if (problem := why_not(row, body.decision)) is not None:
        raise problem
    match body.decision:
        case "APPROVE_REFUND" | "APPROVE_RECEIVED_PACKAGE" | "DIRECT_REFUND" | "ISSUE_REPLACEMENT_REFUND":
            succeed(shop, row)
        case "APPROVE_RETURN":
            if body.buyer_keep_item:
                row["keep"] = True
                succeed(shop, row)
            else:
                approve_request(shop, row)
        case "APPROVE_REPLACEMENT":
            send_replacement(shop, row)
        case "OFFER_PARTIAL_REFUND":
            given = body.partial_refund or Money()
            make_offer(shop, row, given.amount, given.currency)
            move(shop, row, OFFERED, ANSWER_SECONDS)


def approve(call: Call) -> Any:
    """Accept a request or a returned parcel, or offer something else."""

    def act() -> Any:
        body = call.body(Approval)
        if body.decision not in APPROVALS:
            raise call.bad("`decision` is unknown")
        accept(call.shop, row_asked_for(call), body)
        return {}

    return once(call, f"return approve {call.path['return_id']}", act)


class Rejection(msgspec.Struct):
    decision: str = ""
    reject_reason: str = ""
    comment: str | None = None
    images: list[dict[str, Any]] | None = None
    partial_refund_amount: Money | None = None


def reject_reasons_of(shop: Shop, row: Entity, decision: str) -> reasons.Reasons:
    """Reasons that a decision may name."""
    region = shop.facts["region"]
    if decision in ("REJECT_RECEIVED_PACKAGE", "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG"):
        return reasons.reject_parcel(region)
    return reasons.reject_return(region, row["type"])


def refuse(shop: Shop, row: Entity, body: Rejection) -> None:
    """Carry out a rejection that the return's state allows (`why_not`). Raises ApiError for an unknown reason."""
    known = reject_reasons_of(shop, row, body.decision)
    if body.reject_reason not in known:
        raise ApiError(25001014)
    record(shop, row, "SELLER_REJECT", "SELLER", known[body.reject_reason], note=body.comment or "")
    match body.decision:
        case "REJECT_RECEIVED_PACKAGE":
            move(shop, row, REJECT_PARCEL, DISPUTE_SECONDS)
        case "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG":
            given = body.partial_refund_amount or Money()
            make_offer(shop, row, given.partial_refund_total or given.amount, given.currency)
            move(shop, row, OFFERED, ANSWER_SECONDS)
        case "REJECT_REPLACEMENT":
            move(
                shop,
                row,
                kind_status(row["type"], "REJECT")
                if row["type"] == "REPLACEMENT"
                else kind_status("EXCHANGE", "CANCEL"),
            )
        case _:
            move(shop, row, REJECT, DISPUTE_SECONDS)


def reject(call: Call) -> Any:
    """Refuse a request or a returned parcel, with a reason of the platform's list."""

    def act() -> Any:
        row, body = row_asked_for(call), call.body(Rejection)
        if body.decision not in REJECTIONS:
            raise call.bad("`decision` is unknown")
        if (problem := why_not(row, body.decision)) is not None:
            raise problem
        if len(body.comment or "") > 500:
            raise ApiError(98001004, "The length of the seller's words is over the limit.")
        if len(body.images or []) > 6:
            raise call.bad("`images` may have 6 entries")
        refuse(call.shop, row, body)
        return {}

    return once(call, f"return reject {call.path['return_id']}", act)


class _Sku(msgspec.Struct):
    sku_id: str = ""
    quantity: int = 0


class _Create(msgspec.Struct):
    order_id: str = ""
    return_reason: str = ""
    return_type: str = ""
    request_type: str = ""
    reason_name: str = ""
    skus: list[_Sku] | None = None
    order_line_item_ids: list[str] | None = None
    order_line_list: list[LineRef] | None = None
    refund_total: str | None = None
    currency: str | None = None
    shipment_type: str | None = None
    handover_method: str | None = None


def create(call: Call) -> Any:
    """A seller refunds, or takes back, lines of an order; nothing named means all of it."""

    def act() -> Any:
        shop, body = call.shop, call.body(_Create)
        order = shop.orders.get(body.order_id)
        if order is None:
            raise ApiError(25007006)
        _check_words(call, body)
        if order["status"] == "CANCELLED":
            raise ApiError(25001051)
        if not may_return(shop, order, body.return_type, "SELLER"):
            raise ApiError(25001003)
        lines = _to_return(order, body)
        described = _reason_text(shop, order, body)
        row = request(
            shop,
            order,
            lines,
            kind=body.return_type,
            role="SELLER",
            reason=body.return_reason,
            reason_text=described,
            shipment_type=body.shipment_type or "PLATFORM",
            handover_method=body.handover_method or "DROP_OFF",
            total=_refund_wanted(call, order, lines, body),
        )
        return {"return_id": row["id"], "return_status": row["status"]}

    return once(call, "return create", act)


def _check_words(call: Call, body: _Create) -> None:
    if body.return_type not in ("REFUND", "RETURN_AND_REFUND"):
        raise call.bad("`return_type` must be REFUND or RETURN_AND_REFUND")
    if body.shipment_type not in (None, "PLATFORM", "BUYER_ARRANGE"):
        raise call.bad("`shipment_type` must be PLATFORM or BUYER_ARRANGE")
    if body.handover_method not in (None, "DROP_OFF", "PICKUP"):
        raise call.bad("`handover_method` must be DROP_OFF or PICKUP")


def _reason_text(shop: Shop, order: Entity, body: _Create) -> str:
    """The text of the reason given. Raises ApiError for one of another state, of buyers only, or of nobody."""
    region, kind, status = shop.facts["region"], body.return_type, order["status"]
    fitting = reasons.seller_return(region, kind, status)
    if body.return_reason in fitting:
        return fitting[body.return_reason]
    if any(body.return_reason in reasons.seller_return(region, kind, other) for other in ("IN_TRANSIT", "DELIVERED")):
        raise ApiError(25001021)
    raise ApiError(25001015 if body.return_reason in reasons.buyer_return(region, kind, status) else 25001014)


def _refund_wanted(call: Call, order: Entity, lines: list[Entity], body: _Create) -> Decimal | None:
    """The sum the seller names; None for all of it. Raises ApiError when it is more than the lines are worth."""
    if body.refund_total is None:
        return None
    shop, given = call.shop, plain(body.refund_total)
    if body.currency != shop.currency:
        raise call.bad(f"`currency` must be {shop.currency}")
    if given is None:
        raise call.bad("`refund_total` is not an amount")
    total = money(shop, given)
    if not 0 < total <= Decimal(refund_amount(shop, order, lines)["refund_total"]):
        raise ApiError(25005005)
    return total


def _to_return(order: Entity, body: _Create) -> list[Entity]:
    can = [line for line in order["line_items"] if line["_state"] != "cancelled"]
    lines = chosen_lines(can, body.skus, body.order_line_item_ids, body.order_line_list)
    if any(line.get("_return") for line in lines):
        raise ApiError(25001011)
    return lines


def calculate(call: Call) -> Any:
    """What a request would refund."""
    shop, body = call.shop, call.body(_Create)
    order = shop.orders.get(body.order_id)
    if order is None:
        raise ApiError(25007006)
    can = [line for line in order["line_items"] if line["_state"] != "cancelled"]
    lines = chosen_lines(can, body.skus, body.order_line_item_ids, body.order_line_list)
    return {"order_refund_amount": refund_amount(shop, order, lines)}


def upload_shipping_document(call: Call) -> Any:
    """A seller's own label for the buyer's parcel."""
    parts = multipart(call.request)
    row = call.shop.returns.get(call.params.get("return_id") or parts.get("return_id", b"").decode("utf-8", "replace"))
    if row is None:
        raise ApiError(25007006)
    if row["status"] != AWAITING:
        raise ApiError(25001003)
    number = parts.get("tracking_number", b"").decode("utf-8", "replace")
    provider = parts.get("return_provider_id", b"").decode("utf-8", "replace")
    if not number or provider not in dict(providers(call.shop.facts["region"])):
        raise ApiError(25001001)
    row["tracking"], row["provider"] = number, [provider, dict(providers(call.shop.facts["region"]))[provider]]
    row["update_time"] = call.now
    call.shop.returns.put(row["id"], row)
    call.shop.effect("return_label", row["id"], tracking=number)
    return {}


_SCOPE: Final = "seller.return_refund.basic"
_BAD: Final = 25001001
_PATH: Final = "/return_refund/{v}"

ENDPOINTS: Final = (
    Endpoint("POST", f"{_PATH}/returns", ("202309", "202602"), _SCOPE, create, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/returns/{{return_id}}/approve", ("202309",), _SCOPE, approve, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/returns/{{return_id}}/reject", ("202309", "202606"), _SCOPE, reject, bad_input=_BAD),
    Endpoint(
        "POST",
        f"{_PATH}/returns/shipping_documents",
        ("202405",),
        _SCOPE,
        upload_shipping_document,
        multipart=True,
        bad_input=_BAD,
    ),
    Endpoint("POST", f"{_PATH}/refunds/calculate", ("202309", "202602"), _SCOPE, calculate, bad_input=_BAD),
)
