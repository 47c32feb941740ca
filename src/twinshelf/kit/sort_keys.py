"""Keys that sort as secret texts do, and say nothing else of them: for lists in the order of a sealed column.

Each byte of a text becomes a number that grows with it, by a table of steps that nobody can make without our key; each
beginning has a table of its own. So keys compare as their texts do, a text's beginning gives the beginning of its key,
and without the key neither says which letters it was made of (docs/decisions/0028-sorting-what-is-sealed.md).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from twinshelf.kit.secrets import key_ids

LETTERS = 20
"""Bytes of a text that count: those alike so far sort as they come."""
_DIGITS = 6
KEY_LENGTH = 8 + LETTERS * _DIGITS
_AFTER = "g"
"""Sorts after every digit of a key."""


def sort_key(text: str) -> str:
    """The key of `text`, whatever its case, accents and blanks: ASCII, at most KEY_LENGTH long; "" of nothing."""
    folded = _folded(text)
    return _key(settings.KEYS[0], folded) if folded else ""


def beginnings(text: str) -> list[tuple[str, str]]:
    """(least, below): the keys of all texts that begin with `text` are from one of these to below its other."""
    folded = _folded(text)
    starts = [_key(master, folded) for master in settings.KEYS] if folded else []
    return [(start, start + _AFTER) for start in starts]


def current() -> str:
    """How the keys begin that are made now: those that begin otherwise were made by an older key of ours."""
    return key_ids()[0]


def _folded(text: str) -> bytes:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split()).encode()[:LETTERS]


def _key(master: str, text: bytes) -> str:
    digits = (f"{_steps(master, text[:place])[byte]:0{_DIGITS}x}" for place, byte in enumerate(text))
    return key_ids()[settings.KEYS.index(master)] + "".join(digits)


@lru_cache(maxsize=4096)
def _steps(master: str, before: bytes) -> Sequence[int]:
    """A number for each byte that may follow `before`, each larger than the one before it.

    The steps are of very different sizes, so that how large a number is tells nothing of which byte it stands for.
    """
    stream = hashlib.shake_256(_secret(master) + before).digest(3 * 256)
    sizes = (1 + ((stream[3 * n] << 8 | stream[3 * n + 1]) >> (stream[3 * n + 2] & 15)) for n in range(256))
    return tuple(accumulate(sizes))


@lru_cache(maxsize=8)
def _secret(master: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"twinshelf sort keys").derive(master.encode())
