"""Values a file does not have, made up so that they could be true and are the same on every reading.

Everything is drawn from a hash of the row's identity, so neither the order of the rows nor the moment matters. What
kind of thing it is, and so what it may cost and weigh, is guessed from the words of its category and title.
"""

import hashlib
import re
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Literal

Span = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """A kind of goods: its picture's shape; price in dollars, weight in pounds, sides in inches, each from and to."""

    shape: str
    price: Span
    weight: Span
    depth: Span
    width: Span
    height: Span


def _kinds() -> Iterator[tuple[str, Kind]]:
    """Words and the kind each gives away, from the table beside this module."""
    for line in (files(__package__) / "data" / "kinds.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            shape, price, weight, sides, given = (part.strip() for part in line.split(";"))
            depth, width, height = map(_span, sides.split())
            kind = Kind(shape, _span(price), _span(weight), depth, width, height)
            yield from ((word, kind) for word in given.split())


def _span(text: str) -> Span:
    low, high = text.split("-")
    return float(low), float(high)


OTHER = Kind("box", (9, 60), (0.3, 4), (4, 14), (4, 12), (2, 10))
_BY_WORD: dict[str, Kind] = {}
for _word, _kind in _kinds():
    _BY_WORD.setdefault(_word, _kind)

_WORDS = re.compile(r"[^\W_]+")
_SLUG = re.compile(r"[^a-z0-9]+")


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORDS.findall(text.casefold())


def _kind_of_word(word: str) -> Kind | None:
    return _BY_WORD.get(word) or (_BY_WORD.get(word[:-1]) if word.endswith("s") else None)


@lru_cache(maxsize=2048)
def _kind_of_category(category: str) -> Kind | None:
    for level in reversed(category.split(" > ")):
        for word in reversed(words(level)):
            if kind := _kind_of_word(word):
                return kind
    return None


def kind_of(category: str, title: str) -> Kind:
    """The kind of goods: by the last telling word of the category's deepest level that has one, else of the title."""
    if kind := _kind_of_category(category):
        return kind
    for word in reversed(words(title)):
        if kind := _kind_of_word(word):
            return kind
    return OTHER


_USES = (
    "price", "ending", "weight", "depth", "width", "height", "stock", "pictures", "picture", "sku", "sku too",
)  # fmt: skip
_PLACE = {use: place for place, use in enumerate(_USES)}
_SIXTEEN = struct.Struct("<16I")


@lru_cache(maxsize=16)
def _drawn(identity: str) -> tuple[int, ...]:
    return _SIXTEEN.unpack(hashlib.blake2b(identity.encode("utf-8", "replace")).digest())


def draw(identity: str, use: str) -> int:
    """A number below 2**32 that is always the same for an identity, and another one for each use."""
    return _drawn(identity)[_PLACE[use]]


def between(identity: str, use: str, span: Span) -> float:
    """A number in the span, low ones more often than high ones."""
    low, high = span
    share: float = draw(identity, use) / 2**32
    return float(low * (high / low) ** share)


def price(identity: str, kind: Kind) -> Decimal:
    """A price that ends the way shops' prices end."""
    raw = between(identity, "price", kind.price)
    ending = ("99", "99", "99", "95", "49", "00", "50")[draw(identity, "ending") % 7]
    return Decimal(f"{max(int(raw), 1)}.{ending}")


def weight(identity: str, kind: Kind) -> Decimal:
    """A weight in pounds, to a hundredth."""
    return Decimal(f"{max(between(identity, 'weight', kind.weight), 0.05):.2f}")


def side(identity: str, kind: Kind, name: Literal["depth", "width", "height"]) -> Decimal:
    """One side in inches, to a quarter."""
    span: Span = getattr(kind, name)
    return Decimal(f"{max(round(between(identity, name, span) * 4), 1) / 4:.2f}")


def stock(identity: str) -> int:
    """Pieces in stock: nothing for one in sixteen, else up to about a hundred and twenty."""
    number = draw(identity, "stock")
    return 0 if number % 16 == 0 else 1 + (number >> 8) % 12 * (1 + (number >> 16) % 10)


def pictures(identity: str) -> int:
    """How many pictures a product has: one to four."""
    return 1 + (0, 0, 1, 1, 2, 2, 3)[draw(identity, "pictures") % 7]


_SKU_MARKS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def sku(identity: str, title: str, given_id: str) -> str:
    """A merchant's code: the beginning of the first long word, then the row's own id or eight marks of its hash."""
    start = next((word for word in words(ascii_only(title)) if len(word) > 2), "item")[:4].upper()
    if given_id and len(given_id) <= 20 and given_id.isascii() and given_id.isalnum():
        return f"{start}-{given_id}"
    number = draw(identity, "sku") << 32 | draw(identity, "sku too")
    return f"{start}-{''.join(_SKU_MARKS[(number >> 5 * place) & 31] for place in range(8))}"


def ascii_only(text: str) -> str:
    """The text with accents taken off and everything else that is not ASCII dropped."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def slug(text: str, *, longest: int = 60) -> str:
    """A text for an address: lower case, words joined by hyphens."""
    return _SLUG.sub("-", ascii_only(text).lower().replace("'", "")).strip("-")[:longest].rstrip("-") or "item"


def check_digit(digits: str) -> str:
    """The digit that makes a GTIN of any length valid.

    Source: GS1 General Specifications, section 7.9, "Check digit calculations".
    """
    marks = digits.encode()
    tripled, single = marks[-1::-2], marks[-2::-2]
    zeros = ord("0") * (3 * len(tripled) + len(single))
    return str((zeros - 3 * sum(tripled) - sum(single)) % 10)


def gtin(number: int) -> str:
    """The GTIN-13 with that number under prefix 952, which GS1 keeps for demonstrations."""
    digits = f"952{number:09d}"
    return digits + check_digit(digits)
