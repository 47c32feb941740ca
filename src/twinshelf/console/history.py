"""The history of a product or an order: what happened, newest first, without what says the same again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Entry = tuple[str, datetime, Any]
"""(kind, when, what): the kind is the component that shows it."""


@dataclass(frozen=True)
class Messages:
    """Messages of a platform about the same, one after the other: `times` of them, the newest is told."""

    source: str
    topic: str
    outcome: str
    reason: str
    times: int


def told(entries: Iterable[Entry], *, most: int) -> list[Entry]:
    """The newest `most` entries. Equal messages in a row are told once; ignored ones are in the webhook log only."""
    found: list[Entry] = []
    for kind, at, entry in sorted(entries, key=lambda each: each[1], reverse=True):
        if kind != "event":
            found.append((kind, at, entry))
        elif entry.outcome != "ignored":
            before = found[-1][2] if found and found[-1][0] == "event" else None
            if before is not None and (before.source, before.topic) == (entry.source, entry.topic):
                found[-1] = ("event", found[-1][1], _one_more(before))
            else:
                found.append((kind, at, Messages(entry.source, entry.topic, entry.outcome, entry.reason, 1)))
    return found[:most]


def _one_more(messages: Messages) -> Messages:
    return Messages(messages.source, messages.topic, messages.outcome, messages.reason, messages.times + 1)
