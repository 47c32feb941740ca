"""Words for people in texts that are stored: titles of tasks, answers in the change record."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 product`, `2,000 products`: for nouns whose plural takes an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
