"""What a person chose for one product in one shop, beyond the rules of its connection and its template. Pure.

Stored as JSON on `listings.ProductChoicesRow`; what is not stored has its default here, and means no choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from twinshelf.errors import DocumentError
from twinshelf.rules.sync_rules import Switches


class ProductChoices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The choices for one product in one shop. The store is never written with them."""

    switches: Switches | None = None
    """Which fields follow the store; None: the rules of the connection."""


NONE = ProductChoices()


def choices_from_json(stored: Mapping[str, Any]) -> ProductChoices:
    """The stored choices over the defaults. Raises DocumentError naming the one that does not fit."""
    try:
        return msgspec.convert(stored, ProductChoices, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        raise DocumentError(text.rsplit("`", 2)[-2].removeprefix("$.") if "`" in text else "choices", text) from error


def choices_to_json(choices: ProductChoices) -> dict[str, Any]:
    """What was chosen, as JSON values."""
    built: dict[str, Any] = msgspec.to_builtins(choices)
    return built
