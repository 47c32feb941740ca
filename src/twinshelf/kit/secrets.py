"""Sealing of credentials and buyer data at rest: AES-256-GCM with key id, rotation and row-bound associated data.

A sealed value only opens where it was sealed for (`bound_to`), so a row's ciphertext copied to another row is refused.
Keys are derived from the operator's `TWINSHELF_KEY`s and are never in the database.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models, transaction

from twinshelf.errors import TwinshelfError

_NONCE_BYTES = 12


class Unsealable(TwinshelfError):
    """A sealed value cannot be opened: its key is not among the configured ones, or it was altered or moved."""


def seal(plaintext: str, *, bound_to: str) -> str:
    """`plaintext` as text fit for a column, sealed under the first key. "" stays ""."""
    if not plaintext:
        return ""
    master = settings.KEYS[0]
    nonce = os.urandom(_NONCE_BYTES)
    box = _cipher(master).encrypt(nonce, plaintext.encode(), bound_to.encode())
    return f"1.{_key_id(master)}.{base64.urlsafe_b64encode(nonce + box).decode()}"


def unseal(sealed: str, *, bound_to: str) -> str:
    """What `seal` was given with the same `bound_to`. Raises Unsealable."""
    if not sealed:
        return ""
    try:
        version, key_id, text = sealed.split(".")
        data = base64.urlsafe_b64decode(text)
    except ValueError as error:
        raise Unsealable("not a sealed value") from error
    if version != "1":
        raise Unsealable(f"sealed by a newer version ({version})")
    for master in settings.KEYS:
        if _key_id(master) == key_id:
            try:
                return _cipher(master).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound_to.encode()).decode()
            except (InvalidTag, ValueError) as error:  # ValueError: cut so short that not even the nonce is there
                raise Unsealable("altered, or sealed for another row") from error
    raise Unsealable(f"key {key_id} is not configured: add it after the current one in TWINSHELF_KEY")


def key_ids() -> list[str]:
    """The ids of the configured keys, the current one first. They tell which key it is and nothing of it."""
    return [_key_id(master) for master in settings.KEYS]


def reseal(rows: models.QuerySet[Any], columns: Sequence[str], bound_to: Callable[[Any], str]) -> int:
    """Seal under the current key what these columns hold under older ones; how many values that were. Safe to repeat.

    May run beside everything: a value that somebody else changes meanwhile stays as they put it. Raises Unsealable.
    """
    count = 0
    for column in columns:
        older = rows.exclude(**{column: ""}).exclude(**{f"{column}__startswith": f"1.{key_ids()[0]}."}).order_by("pk")
        last = 0
        while batch := list(older.filter(pk__gt=last)[:_AT_ONCE]):
            last = batch[-1].pk
            with transaction.atomic():
                for row in batch:
                    sealed = getattr(row, column)
                    anew = seal(unseal(sealed, bound_to=bound_to(row)), bound_to=bound_to(row))
                    count += rows.filter(pk=row.pk, **{column: sealed}).update(**{column: anew})
    return count


_AT_ONCE = 200
"""Rows: writers of SQLite wait for them."""


@lru_cache(maxsize=8)
def _cipher(master: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"twinshelf sealed columns").derive(master.encode()))


@lru_cache(maxsize=8)
def _key_id(master: str) -> str:
    return hashlib.sha256(b"key id:" + master.encode()).hexdigest()[:8]
