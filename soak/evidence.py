"""What is known of a simulation at rest: what really happened on the platforms, and what our own books say.

The sandbox's effect log and tables are the truth. Of the product's tables only those are read whose own state is
judged (marks, tasks, problems, the change record): never to learn what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from twinshelf.connections.preferences import Preferences
from twinshelf_sandbox.world import Effect

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call that the product made. `status` 0: it got no whole answer. `wait_until`: how long to stay away."""

    at: float
    platform: str
    tenant: str
    method: str
    path: str
    status: int
    throttled: bool = False
    wait_until: float = 0.0


@dataclass(frozen=True)
class Ack:
    """One webhook that the product answered. `stored`: the inbox had it, committed, when the answer left."""

    topic: str
    status: int
    stored: bool


@dataclass
class Struck:
    """What faults did that a check must know."""

    named: list[str] = field(default_factory=list)
    """Ids of the catalog, in order."""
    blurred_seconds: float = 0.0
    """For how long a reading may have been out of date when it was acted on."""
    frozen_in_call: bool = False
    """A process stood still inside a call: what no fence can exclude may have happened twice."""
    revoked: set[str] = field(default_factory=set)
    """Stores and shops whose access was ended."""


@dataclass(frozen=True)
class SideFacts:
    """A connection: its account, store and shop, what was chosen, and everything that was ever chosen before."""

    account: str
    store: str
    shop: str
    preferences: Preferences
    chosen: tuple[Preferences, ...] = ()


@dataclass(frozen=True)
class Goods:
    """A variant as the store has it."""

    product_id: str
    stock: int
    price: Decimal
    for_sale: bool = True


@dataclass(frozen=True)
class Shelf:
    """A SKU as a shop offers it."""

    listing_id: str
    quantity: int
    price: Decimal
    live: bool = True


@dataclass(frozen=True)
class Told:
    """An open problem, in the words of our own books."""

    account: str
    kind: str
    key: str
    code: str


@dataclass(frozen=True)
class Books:
    """Our own state, to be judged."""

    marks: tuple[str, ...] = ()
    awake: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()
    tasks: tuple[tuple[str, str], ...] = ()
    """(title, state)"""
    inbox: Mapping[str, int] = field(default_factory=dict)
    """By outcome."""
    problems: tuple[Told, ...] = ()
    changes: tuple[tuple[str, str, str, bool], ...] = ()
    """(account, kind of change, key, ok)"""
    strangers: tuple[str, ...] = ()
    """Rows whose account is not that of what they belong to."""
    differences: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By shop: what the proof finds."""
    orders: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """TikTok order id → (its status, its store order's id), as the console shows them."""
    orders_told: Mapping[str, int] = field(default_factory=dict)
    """By account: how many orders of the last week the console counts."""
    bytes_on_disk: int = 0


@dataclass
class Evidence:
    """Everything that a check may look at."""

    now: float = 0.0
    effects: list[Effect] = field(default_factory=list)
    sides: list[SideFacts] = field(default_factory=list)
    orders: dict[str, Json] = field(default_factory=dict)
    """TikTok orders by id, as the platform keeps them, each with its `shop`."""
    store_orders: list[Json] = field(default_factory=list)
    """Orders of all stores with their lines (`products`), each with its `store`."""
    goods: dict[tuple[str, str], Goods] = field(default_factory=dict)
    """By (store, SKU)."""
    shelves: dict[tuple[str, str], Shelf] = field(default_factory=dict)
    """By (shop, seller SKU). Listings that were deleted are left out."""
    doubled: list[tuple[str, str, list[str]]] = field(default_factory=list)
    """(shop, seller SKU, listing ids) where more than one listing carries it."""
    odd_skus: set[tuple[str, str]] = field(default_factory=set)
    asked: dict[tuple[str, str], list[Decimal]] = field(default_factory=dict)
    """Every price that the store ever asked, by (store, SKU)."""
    stocked: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Every number of units that the store ever had, by (store, SKU)."""
    poisoned: set[str] = field(default_factory=set)
    """Ids of what a fault that is never taken back strikes."""
    struck: Struck = field(default_factory=Struck)
    first_fault_at: float | None = None
    early: list[str] = field(default_factory=list)
    """What did not converge an hour after healing, where no fault had kept a change from us."""
    drifted: set[tuple[str, str]] = field(default_factory=set)
    """(shop, SKU) of what somebody changed in the shop."""
    rested_at: float = 0.0
    """From when on nobody did anything and everything had been tried again."""
    calls: list[Call] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    never_rests: str = ""
    broken_double: list[str] = field(default_factory=list)
    replayed: list[Effect] = field(default_factory=list)
    """What happened when every webhook was played a second time."""
    books: Books = field(default_factory=Books)
    log: str = ""
    database: bytes = b""
    secrets: set[str] = field(default_factory=set)
    buyers: set[str] = field(default_factory=set)
    """Names, streets and phones of buyers: in our database only sealed, in the log never."""
