"""Which products a category template is for: its conditions, and which of several templates holds a product. Pure.

A condition means the same here, for one product, and in `rules.queries`, for all that are stored: both look into the
same texts, folded and packed by this module. docs/reference/behavior.md TPL-3, TPL-5, TPL-6.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from twinshelf.documents import Product, seller_sku

_BETWEEN = "\n"
"""Stands before, between and after the values of a field. No value has one: folding makes it a blank."""


class Field(StrEnum):
    """What a condition looks at. The vendor of a product is its brand."""

    TITLE = "title"
    SKU = "sku"
    BRAND = "brand"
    CATEGORY = "category"
    PRODUCT_TYPE = "product_type"
    VENDOR = "vendor"


class Operator(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    DOES_NOT_CONTAIN = "does_not_contain"

    @property
    def whole(self) -> bool:
        """Whether a whole value must be the text, not a part of one."""
        return self in {Operator.EQUALS, Operator.NOT_EQUALS}

    @property
    def found(self) -> bool:
        """Whether a product fits that has the text; else one that does not."""
        return self in {Operator.EQUALS, Operator.CONTAINS}


class Match(StrEnum):
    """How many of the conditions must be true."""

    ALL = "all"
    ANY = "any"


class Condition(msgspec.Struct, frozen=True):
    """One condition. Capitals make no difference, nor do blanks at the ends or several in a row.

    A field of several values equals or contains a text if any of them does, so it does not if none of them does. An
    empty field equals and contains nothing.
    """

    field: Field
    operator: Operator
    value: str


class RuleGroup(msgspec.Struct, frozen=True):
    """The conditions of a template. Without any, no product fits."""

    match: Match = Match.ALL
    conditions: tuple[Condition, ...] = ()


class Texts(msgspec.Struct, frozen=True):
    """What conditions look at of one product: by field all its values, folded and packed; "" where it has none."""

    title: str = ""
    sku: str = ""
    brand: str = ""
    category: str = ""
    product_type: str = ""


def column(field: Field) -> str:
    """The name in `Texts` of what a condition on this field looks at."""
    return "brand" if field is Field.VENDOR else field.value


def fold(text: str) -> str:
    """A text as it is compared: without capitals in any script, in one encoding of accents, with single blanks."""
    if text.isascii():  # most are, and an import folds some twenty of each product
        return " ".join(text.lower().replace("\0", " ").split())
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
    return " ".join(folded.replace("\0", " ").split())


def pack(values: Iterable[str]) -> str:
    """The values of a field as one text, each once; what is empty is none."""
    return _packed(map(fold, values))


def _packed(folded: Iterable[str]) -> str:
    known = dict.fromkeys(value for value in folded if value)
    return _BETWEEN + _BETWEEN.join(known) + _BETWEEN if known else ""


def texts_of(product: Product) -> Texts:
    """What conditions look at.

    SKU: that of the product and of each variant. Category: of each category of the product its full path, the paths
    above it, and each name in them. Product type: the custom field of this name.
    """
    types = [value for name, value in product.custom_fields if fold(name) == "product type"]
    return Texts(
        title=pack([product.title]),
        sku=pack([product.sku, *(seller_sku(product, variant) for variant in product.variants)]),
        brand=pack([product.brand]),
        category=_packed(name for path in product.categories for name in _names(path)),
        product_type=pack(types),
    )


@lru_cache(maxsize=4096)  # a store has few categories, and many products in each
def _names(path: str) -> tuple[str, ...]:
    parts = [fold(part) for part in path.split(">")]
    return (*(" > ".join(parts[:n]) for n in range(len(parts), 0, -1)), *parts)


def needle(condition: Condition) -> str:
    """What is looked for in the packed values; "" for a condition without a text, which nothing equals or contains."""
    text = fold(condition.value)
    return f"{_BETWEEN}{text}{_BETWEEN}" if text and condition.operator.whole else text


Matcher = Callable[[Texts], bool]


def matcher(group: RuleGroup) -> Matcher:
    """Whether a product fits, ready to be asked for many."""
    tests = [(column(each.field), needle(each), each.operator.found) for each in group.conditions]
    if not tests:
        return lambda _texts: False
    enough = all if group.match is Match.ALL else any

    def fits(texts: Any) -> bool:
        return enough((bool(text) and text in getattr(texts, name)) is found for name, text, found in tests)

    return fits


def matches(texts: Texts, group: RuleGroup) -> bool:
    """Whether one product fits the conditions."""
    return matcher(group)(texts)


class Candidate(msgspec.Struct, frozen=True):
    """A template that products may join. `overrides`: it takes also those that another template holds."""

    id: int
    fits: Matcher
    overrides: bool = False


def place(
    texts: Texts, candidates: Sequence[Candidate], held_by: int | None, *, saved: int | None = None
) -> int | None:
    """The template that is to hold a product; None: the default one. `candidates` stand in the order of the list.

    The template that holds it keeps it as long as it fits, unless another that fits overrides; of those that override,
    one that has it keeps it, but for the one that was `saved` just now. A product that none holds goes to the first
    that fits.
    """
    fitting = [each for each in candidates if each.fits(texts)]
    overriding = [each.id for each in fitting if each.overrides]
    if saved is not None and saved in overriding:
        return saved
    preferred = overriding or [each.id for each in fitting]
    if held_by in preferred or (not overriding and held_by in {each.id for each in fitting}):
        return held_by
    return preferred[0] if preferred else None
