"""Tables and sorted ids of a sandbox store."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from twinshelf_sandbox.world import Entity, Key, Table

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.store import Store

unpack = msgspec.msgpack.Decoder().decode


class Rows:
    """One table of a store. Remembers what was before each change, so that a stale read can go back."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self.table: Table = store.world.table(f"bc/{store.hash}/{name}")

    def get(self, key: Any) -> Entity | None:
        """A copy of the row, as of the time reads look at; None for what can be no key."""
        if not isinstance(key, int | str):
            return None
        past = self._store.past
        if past is not None and (self.table.name, key) in past:
            row = past[self.table.name, key]
            return None if row is None else unpack(row)
        return self.table.get(key)

    def __getitem__(self, key: Key) -> Entity:
        """The row as it is now. Raises KeyError if there is none."""
        return self.table[key]

    def raw(self, key: Key) -> bytes | None:
        """The row as it is kept, for reading parts of it."""
        past = self._store.past
        if past is not None and (self.table.name, key) in past:
            return past[self.table.name, key]
        return self.table.raw(key)

    def put(self, key: Key, entity: Mapping[str, Any]) -> None:
        """Keep a row."""
        self._store.history.append((self._store.world.clock.now(), self.table.name, key, self.table.raw(key)))
        self.table.put(key, entity)

    def delete(self, key: Key) -> bool:
        """True if there was such a row."""
        self._store.history.append((self._store.world.clock.now(), self.table.name, key, self.table.raw(key)))
        return self.table.delete(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int | str) and key in self.table

    def __len__(self) -> int:
        return len(self.table)

    def keys(self) -> list[Key]:
        """All keys, in no order."""
        return self.table.keys()

    def values(self) -> Iterator[Entity]:
        """In order of key."""
        for key in sorted(self.table.keys(), key=_sort_key):
            row = self.get(key)
            if row is not None:
                yield row


def _sort_key(key: Key) -> tuple[int, Key]:
    return (0, key) if isinstance(key, int) else (1, key)


class SortedIds:
    """Ids in order; nearly all are added at the end."""

    def __init__(self) -> None:
        self.all: list[int] = []

    def add(self, number: int) -> None:
        """Add an id; nothing happens if it is there."""
        if not self.all or number > self.all[-1]:
            self.all.append(number)
        elif not self.has(number):
            insort(self.all, number)

    def discard(self, number: int) -> None:
        """Take an id away; nothing happens if it is not there."""
        at = bisect_left(self.all, number)
        if at < len(self.all) and self.all[at] == number:
            del self.all[at]

    def has(self, number: int) -> bool:
        """Whether the id is there."""
        at = bisect_left(self.all, number)
        return at < len(self.all) and self.all[at] == number


class Timeline:
    """When each id last changed, so that "changed since" costs what changed since, not what there is."""

    def __init__(self) -> None:
        self.at: dict[int, int] = {}
        self._log: list[tuple[int, int]] = []

    def note(self, number: int, second: int) -> None:
        """Remember that an id changed at a time."""
        if self.at.get(number) == second:
            return
        self.at[number] = second
        if not self._log or (second, number) >= self._log[-1]:
            self._log.append((second, number))
        else:
            insort(self._log, (second, number))
        if len(self._log) > 4 * len(self.at) + 1_000:
            self._log = sorted((when, one) for one, when in self.at.items())

    def forget(self, number: int) -> None:
        """The id is gone."""
        self.at.pop(number, None)

    def since(self, second: float) -> list[int]:
        """Ids changed at `second` or later, in order of id."""
        found = self._log[bisect_left(self._log, (second, 0)) :]
        return sorted({number for when, number in found if self.at.get(number) == when})
