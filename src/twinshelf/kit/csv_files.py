"""CSV files that a spreadsheet can open without carrying anything out, made line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class _Line:
    """A file of one line, for csv to write to."""

    def write(self, line: str) -> str:
        return line


def cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \u3000\u00a0").startswith(_FORMULA) else text


def lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a file, each made when it is asked for. None is an empty cell."""
    write = csv.writer(_Line()).writerow
    yield write(header)
    for row in rows:
        yield write([cell("" if value is None else str(value)) for value in row])


def in_batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of so many, for looking up at once what goes with them."""
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some
