"""Whether SKUs of two sides are equal, nearly equal, missing or used several times. Pure.

Only equal SKUs link, case and blanks included (CAT-6). What is nearly equal is a suggestion for a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

Side = Literal["store", "shop"]

_SIGNS = re.compile(r"[\s\-_./\\\u2010-\u2015\u2212\u00ad\u200b-\u200f\u2060\ufeff]+")
"""Blanks and signs, those that nobody sees among them."""
_ALIKE = str.maketrans("oil|", "0111")
_FOREIGN = str.maketrans("авекмнорстухіјѕһԁαβεηικμνορτυχζγ", "abekmhopctyxijshdabenikmnoptuxzy")
"""Cyrillic and Greek letters, in lower case, that look like Latin ones in either case."""
_BLANK = "\N{OPEN BOX}"


class Sku(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU of a side: of which product (`title`), variant or TikTok SKU (`id`). `linked`: it has its counterpart."""

    side: Side
    product_id: str
    id: str
    code: str
    title: str = ""
    linked: bool = False


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """Two SKUs that are nearly equal, with what differs in words."""

    first: Sku
    second: Sku
    difference: str


class Doubled(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that several variants of one side have."""

    code: str
    skus: tuple[Sku, ...]


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with the SKUs of both sides. The lists hold the first of so many as the counts say."""

    checked: Mapping[str, int]
    missing: tuple[Sku, ...] = ()
    doubled: tuple[Doubled, ...] = ()
    near: tuple[Near, ...] = ()
    missing_count: int = 0
    doubled_count: int = 0
    near_count: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not (self.missing_count or self.doubled_count or self.near_count)


MOST_LISTED = 500


def audit(skus: Iterable[Sku], *, most: int = MOST_LISTED) -> Audit:
    """Missing SKUs, SKUs that one side has several times, and those without a counterpart that nearly have one."""
    checked = {"store": 0, "shop": 0}
    missing: list[Sku] = []
    codes: dict[tuple[Side, str], list[Sku]] = {}
    for sku in skus:
        checked[sku.side] += 1
        if sku.code.strip():
            codes.setdefault((sku.side, sku.code), []).append(sku)
        else:
            missing.append(sku)
    doubled = [Doubled(code=code, skus=tuple(some)) for (_side, code), some in codes.items() if len(some) > 1]
    near = _near(codes)
    return Audit(
        checked=checked,
        missing=tuple(missing[:most]),
        doubled=tuple(doubled[:most]),
        near=tuple(near[:most]),
        missing_count=len(missing),
        doubled_count=len(doubled),
        near_count=len(near),
    )


def _near(codes: Mapping[tuple[Side, str], Sequence[Sku]]) -> list[Near]:
    """Pairs across the sides whose SKUs differ only in writing, of those that have no equal on the other side."""
    alone: dict[str, dict[Side, list[Sku]]] = {}
    for (side, code), some in codes.items():
        other: Side = "shop" if side == "store" else "store"
        if (other, code) not in codes and not any(sku.linked for sku in some):
            alone.setdefault(key_of(code), {"store": [], "shop": []})[side].append(some[0])
    return [
        Near(first=ours, second=theirs, difference=difference(ours.code, theirs.code))
        for sides in alone.values()
        for ours in sides["store"]
        for theirs in sides["shop"]
    ]


def key_of(code: str) -> str:
    """What nearly equal SKUs share: no case, no blanks and signs, `O` as 0 and `I`, `l` as 1; look-alikes as one."""
    if not code.isascii():
        code = unicodedata.normalize("NFKC", code).casefold().translate(_FOREIGN)
    return _SIGNS.sub("", code.casefold()).translate(_ALIKE)


BOTH_SIDES = ("in BigCommerce", "on TikTok")


def difference(ours: str, theirs: str, places: tuple[str, str] = BOTH_SIDES) -> str:
    """The first character in which two SKUs differ, in words; blanks are shown, and look-alikes named.

    `places` is where each of them is. "" if they are equal.
    """
    if ours == theirs:
        return ""
    at = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    one, other = _shown(ours, at), _shown(theirs, at)
    return f"character {at + 1}: {one} {places[0]}, {other} {places[1]}"


def _shown(code: str, at: int) -> str:
    if at >= len(code):
        return "nothing"
    sign = code[at]
    seen = _BLANK if sign.isspace() else "" if unicodedata.category(sign) == "Cf" else sign
    name = "" if sign.isascii() else unicodedata.name(sign, f"U+{ord(sign):04X}").lower()
    return f"“{seen}”" + (f" ({name})" if name else "")


def nearest(code: str, others: Iterable[str]) -> tuple[str, ...]:
    """Those of these SKUs that are nearly equal to `code`, and not equal."""
    key = key_of(code)
    return tuple(dict.fromkeys(other for other in others if other != code and key_of(other) == key))
