"""Bugs planted on purpose, one at a time, to see that the checks find them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_place(name: str) -> Iterator[None]:
    """Have the bug of this name inside the block; "" for none."""
    del name
    yield
