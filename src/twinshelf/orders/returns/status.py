"""How far a return is, by TikTok's status: the one table of its stages, and what each stage means. Pure.

Source: docs/reference/behavior.md RET-2; docs/platforms/tiktok-shop.md section 17.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from twinshelf.documents import ReturnDecision, ReturnKind, ReturnStage, ShopReturn

OFFERED: Final = "AWAITING_BUYER_RESPONSE"

STAGES: Final[Mapping[str, ReturnStage]] = MappingProxyType(
    {
        "RETURN_OR_REFUND_REQUEST_PENDING": ReturnStage.APPLYING,
        "REPLACEMENT_REQUEST_PENDING": ReturnStage.APPLYING,
        "EXCHANGE_REQUEST_PENDING": ReturnStage.APPLYING,
        OFFERED: ReturnStage.APPLYING,
        "REFUND_OR_RETURN_REQUEST_REJECT": ReturnStage.REJECTED,
        "REPLACEMENT_REQUEST_REJECT": ReturnStage.REJECTED,
        "AWAITING_BUYER_SHIP": ReturnStage.RETURNING,
        "BUYER_SHIPPED_ITEM": ReturnStage.SHIPPED,
        "REJECT_RECEIVE_PACKAGE": ReturnStage.RECEIPT_REJECTED,
        "RETURN_OR_REFUND_REQUEST_SUCCESS": ReturnStage.SUCCESS,
        "RETURN_OR_REFUND_REQUEST_COMPLETE": ReturnStage.COMPLETE,
        "REPLACEMENT_REQUEST_COMPLETE": ReturnStage.COMPLETE,
        "REPLACEMENT_REQUEST_REFUND_SUCCESS": ReturnStage.COMPLETE,
        "EXCHANGE_REQUEST_COMPLETE": ReturnStage.COMPLETE,
        "EXCHANGE_REQUEST_REFUND_SUCCESS": ReturnStage.COMPLETE,
        "RETURN_OR_REFUND_REQUEST_CANCEL": ReturnStage.CLOSED,
        "REPLACEMENT_REQUEST_CANCEL": ReturnStage.CLOSED,
        "EXCHANGE_REQUEST_CANCEL": ReturnStage.CLOSED,
    }
)

PAID_BACK: Final = frozenset(
    {
        "RETURN_OR_REFUND_REQUEST_SUCCESS",
        "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "REPLACEMENT_REQUEST_REFUND_SUCCESS",
        "EXCHANGE_REQUEST_REFUND_SUCCESS",
    }
)
"""Statuses in which TikTok gave, or gives, the buyer money."""
_LOST: Final = frozenset({"SUPPORT_SELLER", "CLOSED"})
"""Ends of an arbitration after which a rejection stands for good."""


def stage_of(request: ShopReturn) -> ReturnStage:
    """The stage of a request: by its status, and by the end of an arbitration that upheld a rejection."""
    stage = STAGES.get(request.status, ReturnStage.UNKNOWN)
    if stage in {ReturnStage.REJECTED, ReturnStage.RECEIPT_REJECTED} and request.arbitration in _LOST:
        return ReturnStage.CLOSED
    return stage


def paid_back(request: ShopReturn) -> bool:
    """Whether TikTok gave, or gives, the buyer money for it: a replacement that was sent costs none."""
    return request.status in PAID_BACK and request.refund.total.amount > 0


def came_back(request: ShopReturn, *, shipped: bool) -> bool:
    """Whether the seller has the goods again: they were on their way back, and the money was not refused.

    `shipped`: it was seen on its way back before.
    """
    back = shipped or bool(request.tracking_number)
    return request.kind is ReturnKind.RETURN_AND_REFUND and paid_back(request) and back and not request.keeps_goods


def supersedes(seen: ShopReturn, kept: ShopReturn) -> bool:
    """Whether a reading is at least as new as the one on record. Of two within one second an end is not undone."""
    if seen.updated_at != kept.updated_at:
        return seen.updated_at > kept.updated_at
    return stage_of(kept).open or not stage_of(seen).open


_LEADS_TO: Final[Mapping[ReturnDecision, frozenset[ReturnStage]]] = MappingProxyType(
    {
        ReturnDecision.APPROVE_REFUND: frozenset({ReturnStage.SUCCESS, ReturnStage.COMPLETE}),
        ReturnDecision.APPROVE_RETURN: frozenset(
            {ReturnStage.RETURNING, ReturnStage.SHIPPED, ReturnStage.SUCCESS, ReturnStage.COMPLETE}
        ),
        ReturnDecision.APPROVE_RECEIVED_PACKAGE: frozenset({ReturnStage.SUCCESS, ReturnStage.COMPLETE}),
        ReturnDecision.APPROVE_REPLACEMENT: frozenset({ReturnStage.COMPLETE}),
        ReturnDecision.ISSUE_REPLACEMENT_REFUND: frozenset({ReturnStage.SUCCESS, ReturnStage.COMPLETE}),
        ReturnDecision.REJECT_REFUND: frozenset({ReturnStage.REJECTED}),
        ReturnDecision.REJECT_RETURN: frozenset({ReturnStage.REJECTED}),
        ReturnDecision.REJECT_RECEIVED_PACKAGE: frozenset({ReturnStage.RECEIPT_REJECTED}),
        ReturnDecision.REJECT_REPLACEMENT: frozenset({ReturnStage.REJECTED, ReturnStage.CLOSED}),
    }
)


def carried_out(decision: ReturnDecision, request: ShopReturn) -> bool:
    """Whether a request is where a decision leads: it was made, whoever made it."""
    if decision.offers:
        return request.status == OFFERED
    return stage_of(request) in _LEADS_TO[decision]
