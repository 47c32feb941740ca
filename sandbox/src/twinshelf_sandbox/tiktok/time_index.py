"""Keys of a table in the order of their times, for searches that must not read every row.

An index watches its table, so it needs no care by those who change rows and survives rollback and restore.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

from twinshelf_sandbox.world import Key, Table


class Timed(msgspec.Struct):
    """The part of a row that searches look at. Kinds of rows add what else can be filtered by."""

    status: str
    create_time: int
    update_time: int


R = TypeVar("R", bound=Timed)
Place = tuple[int, str]


class Page(msgspec.Struct):
    keys: list[str]
    last: Place | None
    more: bool
    total: int


class TimedIndex(Generic[R]):
    """Rows of one table by creation time and by update time, as a whole and for each status."""

    def __init__(self, table: Table, kind: type[R]) -> None:
        self._decode: Callable[[bytes], R] = msgspec.msgpack.Decoder(kind).decode
        self.rows: dict[str, R] = {}
        self._created: dict[str, list[Place]] = {"": []}
        self._updated: dict[str, list[Place]] = {"": []}
        for key in table.keys():  # noqa: SIM118 - a table is not a mapping
            self._changed(key, None, table.raw(key))
        table.watchers.append(self._changed)

    def _changed(self, key: Key, _before: bytes | None, after: bytes | None) -> None:
        name = str(key)
        old = self.rows.pop(name, None)
        new = None if after is None else self._decode(after)
        if new is not None:
            self.rows[name] = new
        for lists, at in ((self._created, "create_time"), (self._updated, "update_time")):
            before = None if old is None else (getattr(old, at), old.status)
            now = None if new is None else (getattr(new, at), new.status)
            if before == now:
                continue
            if before is not None:
                for group in ("", before[1]):
                    places = lists[group]
                    del places[bisect_left(places, (before[0], name))]
            if now is not None:
                for group in ("", now[1]):
                    insort(lists.setdefault(group, []), (now[0], name))

    def count(self, status: str = "") -> int:
        """Rows in a status, or all."""
        return len(self._created.get(status, ()))

    def statuses(self) -> dict[str, int]:
        """How many rows each status has."""
        return {name: len(places) for name, places in sorted(self._created.items()) if name and places}

    def page(
        self,
        *,
        by: str,
        descending: bool,
        status: str = "",
        since: int | None = None,
        until: int | None = None,
        keep: Callable[[str, R], bool] | None = None,
        after: Place | None = None,
        offset: int = 0,
        size: int,
    ) -> Page:
        """Rows with `since` <= time < `until`, from behind `after`, or from `offset`; `keep` filters further."""
        places = (self._created if by == "create_time" else self._updated).get(status, [])
        low = 0 if since is None else bisect_left(places, (since, ""))
        high = len(places) if until is None else bisect_left(places, (until, ""))
        high = max(low, high)
        if keep is None:
            total = high - low
            if after is not None:
                at = bisect_left(places, after)
                if descending:
                    high = max(low, min(high, at))
                else:
                    low = min(high, max(low, at + (at < len(places) and places[at] == after)))
            low, high = (low, high - offset) if descending else (low + offset, high)
            slice_ = (
                places[max(low, high - size) : max(low, high)][::-1]
                if descending
                else places[low : min(high, low + size)]
            )
            more = high - low > size
        else:
            chosen = [p for p in places[low:high] if keep(p[1], self.rows[p[1]])]
            total = len(chosen)
            if descending:
                chosen.reverse()
            if after is not None:
                chosen = [p for p in chosen if (p < after if descending else p > after)]
            slice_ = chosen[offset : offset + size]
            more = len(chosen) > offset + size
        return Page([name for _, name in slice_], slice_[-1] if slice_ else None, more, total)


class Lookup:
    """From a value inside rows to the keys of the rows that hold it."""

    def __init__(self, table: Table, values: Callable[[bytes], Iterator[str]]) -> None:
        self._values = values
        self._keys: dict[str, set[str]] = {}
        for key in table.keys():  # noqa: SIM118 - a table is not a mapping
            self._changed(key, None, table.raw(key))
        table.watchers.append(self._changed)

    def _changed(self, key: Key, before: bytes | None, after: bytes | None) -> None:
        old = set() if before is None else set(self._values(before))
        new = set() if after is None else set(self._values(after))
        for value in old - new:
            keys = self._keys[value]
            keys.discard(str(key))
            if not keys:
                del self._keys[value]
        for value in new - old:
            self._keys.setdefault(value, set()).add(str(key))

    def find(self, value: str) -> list[str]:
        """Ids of the rows that have `value`, sorted."""
        return sorted(self._keys.get(value, ()))
