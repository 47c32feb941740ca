"""What keeps a plan from being complete, and what a proof compares or leaves out."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import quote

import msgspec

from twinshelf.documents.money import Document


def token(kind: str, name: str = "") -> str:
    """What a finding waits for, and what unblocks it: `link:SKU-9`, `template`. One word, whatever the name holds."""
    return f"{kind}:{quote(name)}" if name else kind


class Finding(Document, frozen=True, kw_only=True):
    """Something that keeps a plan from being complete: a code of the table in `messages`, and the facts of its text."""

    code: str
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    waits_for: str = ""
    """What would release it, as `sync.problems.unblock` takes it: `link:SKU-9`, `template`; "" if nothing here does."""

    @property
    def blocking(self) -> bool:
        """Whether it stops the change it belongs to; the others are told along the way."""
        return self.code.startswith("E-")


def finding(code: str, /, waits_for: str = "", **facts: object) -> Finding:
    """A finding with its facts as text. A test holds their names against the text of the code."""
    return Finding(code=code, facts={name: str(fact) for name, fact in facts.items()}, waits_for=waits_for)


class ProofSubject(StrEnum):
    """What a proof compares, one by one. Everything that either side has of it is counted."""

    PRODUCT = "product"
    """A product of the store, with what its listing says."""
    LISTING = "listing"
    """A listing of the shop, with what its product says."""
    PRICE = "price"
    """The price of a SKU that the shop has."""
    STOCK = "stock"
    """The stock of a SKU that the shop has."""
    ORDER = "order"
    """An order of the shop, with its store order: there once, the same total, cancelled or not."""
    STORE_ORDER = "store_order"
    """An order of the store."""
    LINES = "lines"
    """What an order of the shop that has its store order asks for: which SKUs, how many of each."""
    SHIPMENT = "shipment"
    """What was shipped of such an order: its shipments with their numbers and carriers, and the shop's packages."""


class ProofReason(StrEnum):
    """Why a proof did not compare something."""

    UNREADABLE = "unreadable"
    """A platform sent it in a form that cannot be read, or left out what is compared."""
    NOT_PLANNABLE = "not_plannable"
    """What should be there cannot be said until somebody solves a problem."""
    IN_PROGRESS = "in_progress"
    """It is being worked on, here or at the shop."""
    NOT_LIVE = "not_live"
    """The shop does not show it."""
    SKIPPED = "skipped"
    """A rule or a choice leaves it out."""
