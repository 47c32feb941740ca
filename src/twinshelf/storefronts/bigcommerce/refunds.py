"""Refunds of the V3 API as our documents, and what is to be paid back as its JSON. Pure.

Source: BigCommerce docs, reference/orders.v3.yml, refund_quotes and refunds; store-operations/orders/refunds.mdx.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf.documents import Money, RefundItem, RefundQuote, StoreRefund, Unreadable
from twinshelf.storefronts.bigcommerce import wire

_REASON_LIMIT: Final = 1000


class _Method(msgspec.Struct):
    provider_id: str
    amount: Decimal
    offline: bool = False


class _Quote(msgspec.Struct):
    total_refund_amount: Decimal
    total_refund_tax_amount: Decimal = Decimal(0)
    refund_methods: list[list[_Method]] = []


class _Part(msgspec.Struct):
    reason: str | None = None


class _Refund(msgspec.Struct):
    id: wire.Id
    order_id: wire.Id
    total_amount: Decimal
    created: str
    reason: str | None = None
    items: list[_Part] = []


_quotes = wire.Reader(_Quote)
_refunds = wire.Reader(_Refund)


def quote_from_json(body: bytes, currency: str) -> RefundQuote:
    """What BigCommerce would pay back, and the one provider that pays all of it without moving money.

    A way to pay may be of several providers: those are left out, and so are gateways and store credit.
    """
    quote = _quotes.enveloped(body)
    offline = (way[0].provider_id for way in quote.refund_methods if len(way) == 1 and way[0].offline)
    return RefundQuote(
        total=wire.money(quote.total_refund_amount, currency, "total_refund_amount"),
        tax=wire.money(quote.total_refund_tax_amount, currency, "total_refund_tax_amount"),
        offline=next(offline, ""),
    )


def refund_from_json(body: bytes, currency: str) -> StoreRefund:
    """The refund that was just made."""
    return _refund(_refunds.enveloped(body), currency)


def refunds_from_json(body: bytes, currency: str) -> tuple[list[StoreRefund], tuple[Unreadable, ...]]:
    """(refunds of one order, those that could not be read)."""
    return wire.mapped(_refunds.v3_list(body), lambda row: _refund(row, currency), lambda row: row.id)


def _refund(row: _Refund, currency: str) -> StoreRefund:
    reasons = [row.reason or "", *(part.reason or "" for part in row.items)]
    return StoreRefund(
        id=str(row.id),
        order_id=str(row.order_id),
        total=wire.money(row.total_amount, currency, "total_amount"),
        created_at=wire.moment(row.created, "created"),
        reason=" ".join(dict.fromkeys(filter(None, reasons))),
    )


def items_to_json(items: Sequence[RefundItem]) -> dict[str, Any]:
    """The body of a quote: units of lines, and amounts of the order as a whole."""
    return {"items": [_item_to_json(item) for item in items]}


def _item_to_json(item: RefundItem) -> dict[str, Any]:
    body: dict[str, Any] = {"item_id": int(item.item_id), "reason": item.reason[:_REASON_LIMIT]}
    if item.amount is not None:
        return body | {"item_type": "ORDER", "amount": item.amount.amount}
    return body | {"item_type": "PRODUCT", "quantity": item.quantity}


def refund_to_json(items: Sequence[RefundItem], quote: RefundQuote, total: Money, tax: Money) -> dict[str, Any]:
    """The body of a refund of exactly `total`, by the offline provider of its quote.

    Where the quote comes to another sum, ours overrides it: what TikTok paid back is what the order shows.
    """
    payment = {"provider_id": quote.offline, "amount": total.amount, "offline": True}
    body = items_to_json(items) | {"payments": [payment]}
    if not quote.total.same_as(total):
        body["merchant_calculated_override"] = {"total_amount": total.amount, "total_tax": tax.amount}
    return body
