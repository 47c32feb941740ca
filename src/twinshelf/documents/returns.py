"""Returns and refunds: what buyers ask for after an order, what sellers decide, and what the store pays back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from twinshelf.documents.money import Document, Money


class ReturnKind(StrEnum):
    """What a buyer asks for, in TikTok's words; UNKNOWN stands for a word that we do not know."""

    REFUND = "REFUND"
    RETURN_AND_REFUND = "RETURN_AND_REFUND"
    REPLACEMENT = "REPLACEMENT"
    EXCHANGE = "EXCHANGE"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> ReturnKind | None:
        return cls.UNKNOWN if isinstance(value, str) else None


class ReturnStage(StrEnum):
    """How far a request is: the tabs of the list. UNKNOWN: TikTok has a status that we do not know."""

    APPLYING = "applying"
    REJECTED = "rejected"
    RETURNING = "returning"
    SHIPPED = "shipped"
    RECEIPT_REJECTED = "receipt_rejected"
    SUCCESS = "success"
    COMPLETE = "complete"
    CLOSED = "closed"
    UNKNOWN = "unknown"

    @property
    def open(self) -> bool:
        """Whether something may still come of it."""
        return self not in _OVER


_OVER = frozenset({ReturnStage.COMPLETE, ReturnStage.CLOSED})


class ReturnDecision(StrEnum):
    """What a seller may decide, in TikTok's words."""

    APPROVE_REFUND = "APPROVE_REFUND"
    APPROVE_RETURN = "APPROVE_RETURN"
    APPROVE_RECEIVED_PACKAGE = "APPROVE_RECEIVED_PACKAGE"
    APPROVE_REPLACEMENT = "APPROVE_REPLACEMENT"
    ISSUE_REPLACEMENT_REFUND = "ISSUE_REPLACEMENT_REFUND"
    OFFER_PARTIAL_REFUND = "OFFER_PARTIAL_REFUND"
    REJECT_REFUND = "REJECT_REFUND"
    REJECT_RETURN = "REJECT_RETURN"
    REJECT_RECEIVED_PACKAGE = "REJECT_RECEIVED_PACKAGE"
    REJECT_REPLACEMENT = "REJECT_REPLACEMENT"
    OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG = "OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG"

    @property
    def rejects(self) -> bool:
        """Whether it says no, so that a reason must be given."""
        return self.value.startswith("REJECT")

    @property
    def offers(self) -> bool:
        """Whether it offers a part of the money, so that an amount must be given."""
        return self.value.startswith("OFFER")

    @property
    def sent_as_rejection(self) -> bool:
        """Whether TikTok takes it by the call that rejects."""
        return self.rejects or self is ReturnDecision.OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG


class DecisionState(StrEnum):
    """How far a decision made here is: on its way, made at TikTok, or refused there."""

    NONE = ""
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class PaybackState(StrEnum):
    """How far the store followed a return: with its money, or with its stock.

    NOT_NEEDED: there is nothing to do in the store. UNSURE: a call was made and nobody can tell what came of it.
    """

    NONE = ""
    DONE = "done"
    NOT_NEEDED = "not_needed"
    UNSURE = "unsure"


class ReturnLine(Document, frozen=True, kw_only=True):
    """One unit that a request is about. `refund` is what TikTok gives back for it, all in."""

    id: str
    unit_id: str
    sku_id: str
    seller_sku: str = ""
    title: str = ""
    sku_title: str = ""
    image_url: str = ""
    refund: Money


class RefundAmount(Document, frozen=True, kw_only=True):
    """What a request gives back. `other`: what TikTok puts beside goods, shipping and tax, so that the sum is whole."""

    total: Money
    subtotal: Money
    shipping: Money
    tax: Money
    other: Money


class ShopReturn(Document, frozen=True, kw_only=True):
    """A request for money, a return, a replacement or an exchange. Times are TikTok's.

    `status` is TikTok's word. `deadline`: by when the seller must act; None while nothing is asked of the seller.
    `offered`: the part of the money that the seller offered instead.
    """

    id: str
    order_id: str
    kind: ReturnKind
    status: str
    arbitration: str = ""
    role: str = ""
    reason: str = ""
    reason_text: str = ""
    created_at: datetime
    updated_at: datetime
    deadline: datetime | None = None
    lines: tuple[ReturnLine, ...] = ()
    refund: RefundAmount
    tracking_number: str = ""
    provider: str = ""
    warehouse: str = ""
    """Where it goes back to, as one line; the seller's own address."""
    keeps_goods: bool = False
    offered: Money | None = None
    offer_refused: bool = False


class ReturnEvent(Document, frozen=True, kw_only=True):
    """An entry of a request's history. `note` is what somebody wrote: personal, kept only sealed."""

    at: datetime
    event: str = ""
    role: str = ""
    description: str = ""
    reason_text: str = ""
    note: str = ""
    images: tuple[str, ...] = ()


class ReturnChoice(Document, frozen=True, kw_only=True):
    """A decision that TikTok takes now, with (name, text) of the reasons of which one must go with it."""

    decision: ReturnDecision
    reasons: tuple[tuple[str, str], ...] = ()


class RefundItem(Document, frozen=True, kw_only=True):
    """What of a store order is paid back: units of a line (`quantity`), or an amount of the order as a whole."""

    item_id: str
    quantity: int = 0
    """0: it is an amount of the order."""
    amount: Money | None = None
    reason: str = ""


class RefundQuote(Document, frozen=True, kw_only=True):
    """What the store would pay back: `offline` is the provider that only records it, "" where none does."""

    total: Money
    tax: Money
    offline: str = ""


class StoreRefund(Document, frozen=True, kw_only=True):
    """A refund of a store order: `reason` as the store joins those of its items."""

    id: str
    order_id: str
    total: Money
    created_at: datetime
    reason: str = ""


class StockUnits(Document, frozen=True, kw_only=True):
    """Units of a variant to add to the store's stock. `by_product`: the store counts its product as a whole."""

    product_id: str
    variant_id: str
    quantity: int
    by_product: bool = False
