"""Amounts of money as callers write them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_PLAIN: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def plain(text: str | None) -> Decimal | None:
    """The number that a text of digits with at most one point means; None for every other text, and for none."""
    return Decimal(text) if text and _PLAIN.fullmatch(text) else None
