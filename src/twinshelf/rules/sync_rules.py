"""Which field of a listing follows the store, and which stays as TikTok has it (SYN-1 to SYN-4). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from twinshelf.connections.preferences import SyncRules
from twinshelf.documents import SyncField

Source = Literal["origin", "connector", "tts", "none"]
"""origin: the store's value. connector: the one kept here. tts: TikTok's stays. none: nothing is sent."""
Phase = Literal["create", "update"]
SOURCES: Final[tuple[Source, ...]] = get_args(Source)
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)


CONTENT: Final = frozenset(SyncField) - {SyncField.PRICE, SyncField.STOCK}
"""The fields that go through TikTok's review: together they are the product information."""


def _allowed(field: SyncField, phase: Phase) -> tuple[Source, ...]:
    rule = {each.name: each.type for each in msgspec.structs.fields(SyncRules)}[field.value]
    cells = {each.name: get_args(each.type) for each in msgspec.structs.fields(rule)}
    return cells.get(phase, ("origin",))


MATRIX: Final[Mapping[SyncField, Mapping[Phase, tuple[Source, ...]]]] = {
    field: {phase: _allowed(field, phase) for phase in PHASES} for field in SyncField
}
"""What may be chosen for each field and phase; the first is the default. One with a single source is no choice."""


class Switches(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ticks of one product that does not use the connection's rules. Unticked: TikTok's value stays (SYN-2)."""

    price: bool = True
    description: bool = True
    weight: bool = True
    title: bool = True
    image: bool = True
    inventory: bool = True


_SWITCH_OF: Final[Mapping[SyncField, str]] = {
    SyncField.NAME: "title",
    SyncField.DESCRIPTION: "description",
    SyncField.PRICE: "price",
    SyncField.MEDIA: "image",
    SyncField.STOCK: "inventory",
    SyncField.WEIGHT: "weight",
}


def switched_off(field: SyncField, switches: Switches | None) -> bool:
    """Whether the product itself leaves this field to TikTok; None: it uses the connection's rules."""
    return switches is not None and field in _SWITCH_OF and not getattr(switches, _SWITCH_OF[field])


def source_of(rules: SyncRules, field: SyncField, phase: Phase, switches: Switches | None = None) -> Source:
    """Where a field's value comes from. A product's own ticks beat the connection's rules; they are for updates.

    A ticked field follows the store although the connection leaves it to TikTok.
    """
    chosen: Source = getattr(getattr(rules, field.value), phase, "origin")
    if phase == "create" or switches is None or field not in _SWITCH_OF:
        return chosen
    if switched_off(field, switches):
        return "tts"
    return "origin" if chosen == "tts" else chosen


class Ticks(msgspec.Struct, frozen=True, kw_only=True):
    """The matrix as three ticks: what is sent to TikTok by itself after a product was listed."""

    information: bool | None
    """Every field there is; so price and inventory are sent whatever their own ticks say. None: only a part of it."""
    price: bool
    inventory: bool


def ticks_of(rules: SyncRules) -> Ticks:
    """The matrix as three ticks."""
    sent = {field for field in SyncField if source_of(rules, field, "update") != "tts"}
    whole = sent == set(SyncField)
    return Ticks(
        information=whole if whole or sent.isdisjoint(CONTENT) else None,
        price=SyncField.PRICE in sent,
        inventory=SyncField.STOCK in sent,
    )


def choices_of(ticks: Ticks, rules: SyncRules) -> dict[str, str]:
    """What three ticks choose in the matrix, by preference: only the cells that they change.

    Price is sent if Price or Product information is ticked, inventory likewise; the rest with Product information
    alone, and as it is where that is None (SYN-3). A title that comes from here stays so.
    """
    sent: dict[SyncField, bool] = {
        SyncField.PRICE: ticks.price or bool(ticks.information),
        SyncField.STOCK: ticks.inventory or bool(ticks.information),
    }
    if ticks.information is not None:
        sent |= dict.fromkeys(CONTENT, ticks.information)
    chosen: dict[str, str] = {}
    for field in sorted(sent):
        now = source_of(rules, field, "update")
        if sent[field] != (now != "tts"):
            chosen[f"sync.{field}.update"] = "origin" if sent[field] else "tts"
    return chosen
