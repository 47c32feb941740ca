"""Enums of the documents as the choices of a column."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


def choices(labels: Mapping[StrEnum, str]) -> list[tuple[str, str]]:
    """(value, label) of each member, as Django's fields and migrations take them: plain text."""
    return [(member.value, label) for member, label in labels.items()]
