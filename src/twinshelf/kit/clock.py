"""The product's only source of now. Movable in tests; lint forbids the others.

`now()` is for deadlines, retries and records. Order of events, versions and watermarks use the platforms' own
timestamps, never this clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset_seconds = 0.0


def now() -> datetime:
    """The current time, aware, UTC."""
    return datetime.fromtimestamp(timestamp(), UTC)


def timestamp() -> float:
    """Unix seconds of `now`."""
    return time.time() + _offset_seconds  # noqa: TID251 - this is the one place


def after(seconds: float) -> datetime:
    """The time `seconds` from now."""
    return now() + timedelta(seconds=seconds)


def monotonic() -> float:
    """Seconds of a clock that never jumps, for measuring spans."""
    return time.monotonic()  # noqa: TID251 - this is the one place


def sleep(seconds: float) -> None:
    """Wait in real time. Only for waits inside one call; anything longer is a due time in the database."""
    time.sleep(seconds)


def move(seconds: float) -> None:
    """Shift now by `seconds` for this process. For tests and simulations."""
    global _offset_seconds  # noqa: PLW0603 - a clock is global by nature
    _offset_seconds += seconds


@contextmanager
def moved(seconds: float) -> Iterator[None]:
    """Shift now by `seconds` inside the block."""
    move(seconds)
    try:
        yield
    finally:
        move(-seconds)


def real() -> float:
    """Unix seconds that no test moves, for quota windows: the platforms count those in real time."""
    return time.time()  # noqa: TID251 - this is the one place


def parse(text: str) -> datetime:
    """An ISO 8601 time as `isoformat` wrote it. Raises ValueError."""
    return datetime.fromisoformat(text)


def reset() -> None:
    """Take every shift back."""
    global _offset_seconds  # noqa: PLW0603 - a clock is global by nature
    _offset_seconds = 0.0
