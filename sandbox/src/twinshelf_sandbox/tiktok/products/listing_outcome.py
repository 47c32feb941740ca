"""What a check of a product is given and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.state import Shop

DAY_SECONDS: Final = 86_400


@dataclass
class Checked:
    """The outcome of a check: violations, warnings, and what the platform drops without a word."""

    errors: list[ApiError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    drop_brand: bool = False
    drop_identifiers: set[int] = field(default_factory=set)
    drop_list_prices: set[int] = field(default_factory=set)
    drop_size_chart: bool = False

    def add(self, code: int, text: str = "") -> None:
        """Note a violation; without `text` in the words of the code."""
        self.errors.append(ApiError(code, text))


@dataclass(frozen=True)
class Known:
    """What the check needs to know beside the body: the shop, and the SKUs an edit may refer to."""

    shop: Shop
    edit: bool = False
    known_skus: frozenset[str] = frozenset()
    identifiers: dict[str, str] = field(default_factory=dict)
    """SKU id → identifier code already submitted."""
    pre_sale: dict[str, str] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    """SKU id → price that stays when none is given."""
    stocked: frozenset[str] = frozenset()
    """SKUs whose stock stays when none is given."""
    draft: bool = False
    """Saved as a draft: what is missing is forgiven, what is there must still be right."""


def first(errors: list[ApiError]) -> None:
    """Raise the first of `errors`, if any."""
    if errors:
        raise errors[0]
