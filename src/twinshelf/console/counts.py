"""Counts beside lists, remembered for some seconds where counting takes its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django.core.cache import caches

from twinshelf.listings import queries as catalog
from twinshelf.orders import queries as orders

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection

_memory = caches["memory"]
LARGE = 20_000
SECONDS = 15
"""Counts of more than so many things may be a quarter of a minute old: nobody sees it at that size."""


def buckets(account_id: int, every: Sequence[Connection], *, connection_id: int | None = None) -> dict[str, int]:
    """Products by bucket, as `catalog.queries.bucket_counts`."""
    key = f"console:buckets:{account_id}:{connection_id}"
    return _remembered(key, lambda: catalog.bucket_counts(every, connection_id=connection_id))


def tabs(account_id: int, every: Sequence[Connection], *, connection_id: int | None = None) -> dict[str, int]:
    """Orders by tab, as `orders.queries.tab_counts`."""
    key = f"console:tabs:{account_id}:{connection_id}"
    return _remembered(key, lambda: orders.tab_counts(every, connection_id=connection_id))


def _remembered(key: str, count: Callable[[], dict[str, int]]) -> dict[str, int]:
    known: dict[str, int] | None = _memory.get(key)
    if known is not None:
        return known
    counts = count()
    if counts["all"] > LARGE:
        _memory.set(key, counts, SECONDS)
    return counts
