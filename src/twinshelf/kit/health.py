"""Whether the database does its work: it answers, and it takes what has to be written."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from django.db import DatabaseError, connection

from twinshelf.kit import clock

_LOOK_SECONDS = 5.0
"""Anybody may ask for our health: a write for each would be work for nothing."""


@dataclass
class _Looked:
    at: float = float("-inf")
    why_not: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


_looked = _Looked()


def why_nothing_is_kept() -> str:
    """Why nothing can be written at the moment (a full disk, a database that is away); "" if all is well.

    Writes one row, for whatever answers reads on a full disk keeps no webhook. Looks at most every five seconds.
    """
    with _looked.lock:
        if clock.monotonic() - _looked.at > _LOOK_SECONDS:
            _looked.why_not = _written()
            _looked.at = clock.monotonic()
        return _looked.why_not


def forget() -> None:
    """Look again at the next question, for tests."""
    _looked.at = float("-inf")


def _written() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into kit_platformclock (host, offset_seconds) values (%s, %s) "
                "on conflict (host) do update set offset_seconds = excluded.offset_seconds",
                ["", clock.timestamp() % 1000],
            )
    except DatabaseError as error:
        return type(error).__name__
    return ""
