"""Pages of long lists: the ids of one page first, from an index alone, then its rows.

Offsets are cheap as long as ordering and filters are covered by an index; past the middle a page is reached from the
other end, so the last page costs no more than the first half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import F, QuerySet
from django.db.models.expressions import Expression, OrderBy

T = TypeVar("T")
U = TypeVar("U")

SIZES = (5, 10, 25, 50, 100)
"""How many items a page may have; 50 unless chosen."""
SIZE = 50


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of the `total` items of a list. `number` counts from 1 and is the last page if there is no such page."""

    rows: tuple[T, ...]
    total: int
    number: int = 1
    size: int = SIZE

    @property
    def pages(self) -> int:
        """How many pages there are: an empty list has one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The place of this page's first item in the list, counted from 1; 0 in an empty list."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The place of this page's last item in the list, counted from 1; 0 in an empty list."""
        return min(self.number * self.size, self.total)

    @property
    def previous(self) -> int | None:
        """The number of the page before; None on the first."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """The number of the page after; None on the last."""
        return self.number + 1 if self.number < self.pages else None

    def of(self, make: Callable[[Sequence[T]], Sequence[U]]) -> Page[U]:
        """The same page with other rows: `make` turns all of them at once."""
        return Page(tuple(make(self.rows)), self.total, self.number, self.size)


def page_of(rows: Sequence[T], *, number: int, size: int) -> Page[T]:
    """One page of what is all at hand."""
    last = max(1, -(-len(rows) // size))
    at = min(max(1, number), last)
    return Page(tuple(rows[(at - 1) * size : at * size]), len(rows), at, size)


Column = str | Expression


def page_of_ids(
    rows: QuerySet[Any], order: Column | Sequence[Column], *, descending: bool, total: int, number: int, size: int
) -> Page[int]:
    """Page `number` of `rows` as primary keys, ordered by columns and then by key, so that no row is on two pages."""
    columns = [order] if isinstance(order, str | Expression) else order
    by: list[Any] = [F(each) if isinstance(each, str) else each for each in columns]
    page: Page[int] = Page((), total, number, size)
    number = min(max(1, number), page.pages)
    start = (number - 1) * size
    count = min(size, total - start)
    if count <= 0:
        return Page((), total, number, size)
    backward = start > total - start - count
    if backward:
        start = total - start - count
    down = descending != backward
    sorted_rows = rows.order_by(*(OrderBy(each, descending=down) for each in by), "-pk" if down else "pk")
    found = sorted_rows.values_list("pk", flat=True)
    ids = list(found[start : start + count])
    return Page(tuple(reversed(ids) if backward else ids), total, number, size)


def in_order(rows: QuerySet[Any], ids: Sequence[int]) -> list[Any]:
    """The rows of these primary keys, in their order; a row that has gone meanwhile is left out."""
    by_id = {row.pk: row for row in rows.filter(pk__in=ids)}
    return [by_id[i] for i in ids if i in by_id]
