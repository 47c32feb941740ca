"""Cancellations: requests of buyers, those that were done, and the reasons TikTok accepts for them."""

from __future__ import annotations

import msgspec

from twinshelf.documents import CancellationRequest
from twinshelf.tiktok import wire

PENDING = "CANCELLATION_REQUEST_PENDING"


class _NextAction(msgspec.Struct, frozen=True):
    action: str = ""
    deadline: int = 0


class _LineItem(msgspec.Struct, frozen=True):
    order_line_item_id: str = ""


class _Cancellation(msgspec.Struct, frozen=True):
    cancel_id: str
    order_id: str
    cancel_status: str
    role: str = ""
    cancel_reason: str = ""
    cancel_reason_text: str = ""
    update_time: int = 0
    create_time: int = 0
    seller_next_action_response: list[_NextAction] = []
    cancel_line_items: list[_LineItem] = []


def cancellation_from_json(data: bytes | msgspec.Raw) -> CancellationRequest:
    """Translate one row of Search Cancellations.

    While it is pending the seller has to answer by `deadline`; silence approves it (48 hours).
    """
    request = wire.read(data, _Cancellation)
    pending = request.cancel_status == PENDING
    deadlines = [action.deadline for action in request.seller_next_action_response if action.deadline]
    return CancellationRequest(
        id=request.cancel_id,
        order_id=request.order_id,
        status=same_spelling(request.cancel_status),
        role=request.role,
        reason=request.cancel_reason,
        reason_text=request.cancel_reason_text,
        awaiting_us=pending and bool(request.seller_next_action_response or request.role == "BUYER"),
        deadline=wire.moment(min(deadlines), "seller_next_action_response") if deadlines else None,
        updated_at=wire.moment_or_none(request.update_time or request.create_time, "update_time"),
        unit_ids=tuple(item.order_line_item_id for item in request.cancel_line_items if item.order_line_item_id),
    )


def same_spelling(status: str) -> str:
    """The API's spelling of a cancellation's status: webhooks write CANCELLED where it says CANCEL."""
    return "CANCELLATION_REQUEST_CANCEL" if status == "CANCELLATION_REQUEST_CANCELLED" else status


class _Eligibility(msgspec.Struct, frozen=True):
    request_type: str = "CANCEL"
    eligible: bool = False
    available_reason_names: list[str] = []


class _SkuEligibility(msgspec.Struct, frozen=True):
    line_item_eligibility: list[_Eligibility] = []


class _Eligibilities(msgspec.Struct, frozen=True):
    sku_eligibility: list[_SkuEligibility] = []


def reasons_from_json(data: bytes | msgspec.Raw) -> tuple[str, ...]:
    """The reasons with which the seller may cancel the whole order now; none if a line of it cannot be cancelled."""
    lines = [
        line
        for sku in wire.read(data, _Eligibilities).sku_eligibility
        for line in sku.line_item_eligibility
        if line.request_type == "CANCEL"
    ]
    if not lines or not all(line.eligible for line in lines):
        return ()
    first, *others = (line.available_reason_names for line in lines)
    return tuple(reason for reason in dict.fromkeys(first) if all(reason in other for other in others))


class _Reason(msgspec.Struct, frozen=True):
    name: str
    text: str = ""


def reject_reason_from_json(data: bytes | msgspec.Raw) -> tuple[str, str]:
    """(name to send, text to show) of a reason to reject a request."""
    reason = wire.read(data, _Reason)
    return reason.name, reason.text or reason.name


class _Done(msgspec.Struct, frozen=True):
    cancel_id: str = ""
    cancel_status: str = ""


def cancelled_from_json(data: bytes | msgspec.Raw) -> tuple[str, str]:
    """The answer of Cancel Order: (cancel id, status)."""
    done = wire.read(data, _Done)
    return done.cancel_id, same_spelling(done.cancel_status)
