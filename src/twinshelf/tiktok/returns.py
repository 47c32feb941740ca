"""Returns: requests of buyers, what a seller may decide about them now, and their history.

Source: TikTok Shop docs, Search Returns, Get Return Records, Get Decision Eligibility (docs/platforms/tiktok-shop.md
sections 17.4 to 17.6).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from twinshelf.documents import (
    RefundAmount,
    ReturnChoice,
    ReturnDecision,
    ReturnEvent,
    ReturnKind,
    ReturnLine,
    ShopReturn,
)
from twinshelf.tiktok import wire

_ZERO = Decimal(0)


class _Amount(msgspec.Struct, frozen=True):
    currency: str
    refund_total: Decimal
    refund_subtotal: Decimal = _ZERO
    refund_shipping_fee: Decimal = _ZERO
    refund_tax: Decimal = _ZERO


class _Image(msgspec.Struct, frozen=True):
    url: str = ""


class _Line(msgspec.Struct, frozen=True):
    return_line_item_id: str
    order_line_item_id: str
    refund_amount: _Amount
    sku_id: str = ""
    seller_sku: str = ""
    product_name: str = ""
    sku_name: str = ""
    product_image: _Image = _Image()


class _NextAction(msgspec.Struct, frozen=True):
    action: str = ""
    deadline: int = 0


class _Warehouse(msgspec.Struct, frozen=True):
    full_address: str = ""


class _Partial(msgspec.Struct, frozen=True):
    currency: str = ""
    amount: Decimal = _ZERO


class _Return(msgspec.Struct, frozen=True):
    return_id: str
    order_id: str
    return_status: str
    create_time: int
    update_time: int
    refund_amount: _Amount
    return_type: str = ""
    role: str = ""
    return_reason: str = ""
    return_reason_text: str = ""
    arbitration_status: str = ""
    return_tracking_number: str = ""
    return_provider_name: str = ""
    can_buyer_keep_item: bool = False
    return_warehouse_address: _Warehouse = _Warehouse()
    partial_refund: _Partial = _Partial()
    buyer_rejected_partial_refund: bool = False
    seller_next_action_response: list[_NextAction] = []
    return_line_items: list[_Line] = []


def return_from_json(data: bytes | msgspec.Raw) -> ShopReturn:
    """Translate one row of Search Returns. Raises DocumentError naming the field that does not fit.

    The deadline is the first of those by which the seller has to act; silence then decides for the buyer.
    """
    row = wire.read(data, _Return)
    currency = row.refund_amount.currency
    deadlines = [action.deadline for action in row.seller_next_action_response if action.deadline]
    offered = row.partial_refund
    return ShopReturn(
        id=row.return_id,
        order_id=row.order_id,
        kind=ReturnKind(row.return_type),
        status=row.return_status,
        arbitration=row.arbitration_status,
        role=row.role,
        reason=row.return_reason,
        reason_text=row.return_reason_text,
        created_at=wire.moment(row.create_time, "create_time"),
        updated_at=wire.moment(row.update_time, "update_time"),
        deadline=wire.moment(min(deadlines), "seller_next_action_response") if deadlines else None,
        lines=tuple(_line(line) for line in row.return_line_items),
        refund=_amount(row.refund_amount),
        tracking_number=row.return_tracking_number,
        provider=row.return_provider_name,
        warehouse=row.return_warehouse_address.full_address,
        keeps_goods=row.can_buyer_keep_item,
        offered=wire.money(offered.amount, offered.currency or currency, "partial_refund") if offered.amount else None,
        offer_refused=row.buyer_rejected_partial_refund,
    )


def _amount(row: _Amount) -> RefundAmount:
    total = wire.money(row.refund_total, row.currency, "refund_total")
    subtotal = wire.money(row.refund_subtotal, row.currency, "refund_subtotal")
    shipping = wire.money(row.refund_shipping_fee, row.currency, "refund_shipping_fee")
    tax = wire.money(row.refund_tax, row.currency, "refund_tax")
    return RefundAmount(
        total=total, subtotal=subtotal, shipping=shipping, tax=tax, other=total - subtotal - shipping - tax
    )


def _line(row: _Line) -> ReturnLine:
    return ReturnLine(
        id=row.return_line_item_id,
        unit_id=row.order_line_item_id,
        sku_id=row.sku_id,
        seller_sku=row.seller_sku,
        title=row.product_name,
        sku_title=row.sku_name,
        image_url=row.product_image.url,
        refund=wire.money(row.refund_amount.refund_total, row.refund_amount.currency, "refund_amount"),
    )


class _Event(msgspec.Struct, frozen=True):
    create_time: int
    event: str = ""
    role: str = ""
    description: str = ""
    reason_text: str = ""
    note: str = ""
    images: list[_Image] = []


def event_from_json(data: bytes | msgspec.Raw) -> ReturnEvent:
    """Translate one entry of Get Return Records. The role is written `Buyer` there, BUYER elsewhere."""
    row = wire.read(data, _Event)
    return ReturnEvent(
        at=wire.moment(row.create_time, "create_time"),
        event=row.event,
        role=row.role.upper(),
        description=row.description,
        reason_text=row.reason_text,
        note=row.note,
        images=tuple(image.url for image in row.images if image.url),
    )


class _Reason(msgspec.Struct, frozen=True):
    name: str
    text: str = ""


class _Decision(msgspec.Struct, frozen=True):
    decision: str
    eligible: bool = False
    available_reject_reasons: list[_Reason] = []


class _Decisions(msgspec.Struct, frozen=True):
    decisions: list[_Decision] = []


_KNOWN = frozenset(decision.value for decision in ReturnDecision)


def choices_from_json(data: bytes | msgspec.Raw) -> tuple[ReturnChoice, ...]:
    """The decisions of Get Decision Eligibility that can be taken now and that we know."""
    return tuple(
        ReturnChoice(
            decision=ReturnDecision(row.decision),
            reasons=tuple((reason.name, reason.text or reason.name) for reason in row.available_reject_reasons),
        )
        for row in wire.read(data, _Decisions).decisions
        if row.eligible and row.decision in _KNOWN
    )
