"""Words for people in texts that are stored: titles of tasks, answers in the change record."""

from __future__ import annotations

from datetime import UTC, datetime


def counted(number: int, noun: str) -> str:
    """`1 product`, `2,000 products`: for nouns whose plural takes an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def stamp(at: datetime) -> str:
    """A moment in a text that is stored: `2026-11-30 07:02 UTC`. The console shows it in the reader's time zone."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


MOST_SEARCHED = 12
"""Words of one search: each is a condition of its own, and databases take only so many."""


def searched(text: str) -> list[str]:
    """The words that a search looks for, in lower case: the first ones of very many."""
    return list(dict.fromkeys(text.lower().split()))[:MOST_SEARCHED]
