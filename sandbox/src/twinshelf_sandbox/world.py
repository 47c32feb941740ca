"""The sandbox's world: one virtual clock, tables that survive a kill, timed jobs, and the log of true effects.

Both platform doubles keep all their state here and nowhere else, so that a world can be saved, restored, replayed
and killed at any moment. Knows nothing of HTTP and nothing of either platform.
"""

from __future__ import annotations

import heapq
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

Key = int | str
Entity = dict[str, Any]
Watcher = Callable[[Key, bytes | None, bytes | None], None]
"""(key, encoded row before, encoded row after); None where there is no row."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Clock:
    """Virtual time: real time plus an offset, run at a rate, or stopped.

    `now()` is in Unix seconds. Everything the platforms stamp (creation times, `Date` headers, signature windows,
    holds, audits, webhook retries) uses it; quota windows and latency use real time.
    """

    def __init__(self) -> None:
        self._base_virtual = self._base_real = time.time()
        self._rate = 1.0

    def now(self) -> float:
        """The virtual now in Unix seconds."""
        return self._base_virtual + (time.time() - self._base_real) * self._rate

    def datetime(self) -> datetime:
        """The virtual now as an aware UTC datetime."""
        return datetime.fromtimestamp(self.now(), UTC)

    @property
    def rate(self) -> float:
        """Virtual seconds per real second; 0 while stopped."""
        return self._rate

    def set(self, timestamp: float) -> None:
        """Make it `timestamp` (Unix seconds) now, and go on at the same rate."""
        self._base_virtual, self._base_real = timestamp, time.time()

    def advance(self, seconds: float) -> None:
        """Jump forward; never backward, since the platforms' own clocks do not run backward."""
        if seconds < 0:
            msg = f"the clock cannot be advanced by {seconds} s; use set()"
            raise ValueError(msg)
        self.set(self.now() + seconds)

    def run(self, rate: float) -> None:
        """Let virtual time pass `rate` times as fast as real time; 0 stops it but for `set` and `advance`."""
        self.set(self.now())
        self._rate = rate


class Table:
    """Entities of one kind by key. What `get` returns is a copy: `put` it back to keep a change.

    Entities are JSON-shaped dictionaries and are held encoded, which keeps 100,000 products in a few hundred MB.
    `watchers` are told of every change of a row, also of those that a rollback, a restore or a fault undoes: an index
    that is kept by a watcher is always in step with its table.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world, self.name = world, name
        self._rows: dict[Key, bytes] = {}
        self.watchers: list[Watcher] = []

    def get(self, key: Key) -> Entity | None:
        """A copy of the entity; None if there is none."""
        row = self._rows.get(key)
        return None if row is None else _decode(row)

    def __getitem__(self, key: Key) -> Entity:
        result: Entity = _decode(self._rows[key])
        return result

    def put(self, key: Key, entity: Mapping[str, Any]) -> None:
        """Make `entity` the whole entity of `key`, whatever was there."""
        row = _encode(entity)
        self._world.remember(self, key)
        before = self._rows.get(key)
        self._rows[key] = row
        for watch in self.watchers:
            watch(key, before, row)

    def delete(self, key: Key) -> bool:
        """True if there was such an entity. Safe to repeat."""
        if key not in self._rows:
            return False
        self._world.remember(self, key)
        before = self._rows.pop(key)
        for watch in self.watchers:
            watch(key, before, None)
        return True

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys())

    def keys(self) -> list[Key]:
        """All keys in the order they came, as a list of their own: the table may change meanwhile."""
        return list(self._rows)

    def values(self) -> Iterator[Entity]:
        """Copies of all entities there are now; the table may change meanwhile."""
        for row in list(self._rows.values()):
            yield _decode(row)

    def items(self) -> Iterator[tuple[Key, Entity]]:
        """(key, copy of the entity) of all there are now; the table may change meanwhile."""
        for key, row in list(self._rows.items()):
            yield key, _decode(row)

    def raw(self, key: Key) -> bytes | None:
        """The encoded entity, for snapshots."""
        return self._rows.get(key)

    def restore_raw(self, key: Key, row: bytes | None) -> None:
        """Put an encoded entity (None: its absence) back without noting a change. For the world's own use."""
        before = self._rows.get(key)
        if row is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = row
        for watch in self.watchers:
            watch(key, before, row)


@dataclass(frozen=True)
class Effect:
    """One change that really happened: the ground truth for tests, the soak and the demo's own check."""

    seq: int
    at: float
    platform: str
    tenant: str
    kind: str
    key: str
    cause: str
    detail: dict[str, Any]


JobHandler = Callable[[dict[str, Any]], None]
Action = Callable[..., Any]

_SCHEMA: Final = """
create table if not exists entity (
    tab text not null, key blob not null, body blob not null, primary key (tab, key)
) without rowid;
create table if not exists effect (seq integer primary key, body blob not null);
"""

_FORMAT: Final = "twinshelf sandbox world 1"
_ALL_ANEW: Final = -1
"""Stands for the number of effects in the file after a restore: none of them is of this world."""


class World:
    """All state of one sandbox, in memory, written through to a SQLite file at the end of each transaction.

    `path=None` keeps it in memory only. `seed` decides every draw; each further start on one file draws anew, so that
    what must be unique is. Not safe without `lock`: hold it (or use `transaction()`) around every use.
    """

    def __init__(self, path: Path | None = None, *, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.seed = seed
        self.rng = random.Random(seed)
        self.effects: list[Effect] = []
        self.handlers: dict[str, JobHandler] = {}
        self.actions: dict[str, Action] = {}
        self.cause = "world"
        self.on_undo: list[Callable[[Table, Key], None]] = []  # told of each row put back: for indexes beside tables
        self.wake = threading.Event()  # set when a job may have become due; the server's ticker waits on it
        self._tables: dict[str, Table] = {}
        self._undo: list[tuple[Table, Key, bytes | None]] | None = None
        self._undo_effects = 0
        self._dirty: dict[tuple[str, Key], None] = {}
        self._stored_effects = 0
        self._heap: list[tuple[float, int]] = []
        self._depth = 0
        self._db: sqlite3.Connection | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=off")  # survives the death of the process; power loss is not in scope
            self._db.executescript(_SCHEMA)
            self._load(self._db)
            starts = self.next_id("starts")
            if starts > 1:
                self.rng = random.Random(f"start {starts} with {seed}")
            self._store()
        meta = self.table("world").get("clock")
        if meta is not None:
            # Time that passed while the sandbox was down passed in its world as well.
            self.clock.set(max(meta["now"] + (time.time() - meta["real"]) * meta["rate"], meta["now"]))
            self.clock.run(meta["rate"])

    # -- tables -------------------------------------------------------------------------------------------------

    def table(self, name: str) -> Table:
        """The table of that name, made on first use. Names are paths such as `bc/abc123/products`."""
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = Table(self, name)
        return table

    def tables(self, prefix: str = "") -> list[Table]:
        """The tables whose names begin with `prefix`, by name."""
        return [table for name, table in sorted(self._tables.items()) if name.startswith(prefix)]

    def next_id(self, name: str, start: int = 1, step: int = 1) -> int:
        """The next number of a sequence that survives restarts; never the same twice."""
        sequences = self.table("sequences")
        row = sequences.get(name)
        value: int = start if row is None else row["last"] + step
        sequences.put(name, {"last": value})
        return value

    def remember(self, table: Table, key: Key) -> None:
        """Note that `key` of `table` is about to change, for undo and for the file."""
        if self._undo is not None:
            self._undo.append((table, key, table.raw(key)))
        if self._db is not None:
            self._dirty[table.name, key] = None

    # -- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, cause: str) -> Iterator[None]:
        """All or nothing: an exception inside puts every table and the effect log back, then passes on.

        On success the changes are in the file before this returns, so an answer never precedes its effect on disk.
        Nested transactions join the outer one.
        """
        with self.lock:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            self._depth, self._undo, self._undo_effects = 1, [], len(self.effects)
            before, self.cause = self.cause, cause
            try:
                yield
            except BaseException:
                self._roll_back(0, self._undo_effects)
                raise
            finally:
                self._undo, self._depth, self.cause = None, 0, before
            self._store()

    def _changes(self) -> list[tuple[Table, Key, bytes | None]]:
        """What the transaction around us changed so far, with what was there before. Raises RuntimeError outside."""
        if self._undo is None:
            msg = "this needs a transaction around it"
            raise RuntimeError(msg)
        return self._undo

    def _roll_back(self, changes: int, effects: int) -> None:
        log = self._changes()
        undone = log[changes:]
        del log[changes:]
        for table, key, row in reversed(undone):
            table.restore_raw(key, row)
        del self.effects[effects:]
        for table, key in {(table.name, key): (table, key) for table, key, _ in undone}.values():
            for callback in self.on_undo:
                callback(table, key)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside a transaction: an exception puts back what was changed since here, then passes on.

        For a double that refuses a call, or one item of a batch, after it began to change things.
        """
        changes, effects = len(self._changes()), len(self.effects)
        try:
            yield
        except BaseException:
            self._roll_back(changes, effects)
            raise

    def effect(self, platform: str, tenant: str, kind: str, key: Key, /, **detail: Any) -> None:
        """Record that something on a platform really changed. Call it where the change is made, once."""
        seq = self.effects[-1].seq + 1 if self.effects else 1
        self.effects.append(Effect(seq, self.clock.now(), platform, tenant, kind, str(key), self.cause, detail))

    def save_clock(self) -> None:
        """Write the clock to the file; called by whoever sets, runs or advances it, and now and then by the ticker."""
        with self.transaction("clock"):
            self.table("world").put("clock", {"now": self.clock.now(), "real": time.time(), "rate": self.clock.rate})

    # -- timed jobs ---------------------------------------------------------------------------------------------

    def schedule(self, due: float, kind: str, payload: Mapping[str, Any]) -> int:
        """Have the handler registered for `kind` called with `payload` once virtual time reaches `due`."""
        job_id = self.next_id("jobs")
        self.table("jobs").put(job_id, {"due": due, "kind": kind, "payload": dict(payload)})
        heapq.heappush(self._heap, (due, job_id))
        self.wake.set()
        return job_id

    def cancel_job(self, job_id: int) -> None:
        """Safe to repeat, and after the job ran."""
        self.table("jobs").delete(job_id)

    def next_due(self) -> float | None:
        """The virtual time of the next job; None if none is waiting."""
        jobs = self.table("jobs")
        while self._heap:
            due, job_id = self._heap[0]
            job = jobs.get(job_id)
            # A rollback gives numbers back: an entry may name a later job by the number of one that never came to be.
            if job is not None and job["due"] == due:
                return due
            heapq.heappop(self._heap)
        return None

    def run_due(self) -> int:
        """Run every job that is due, in order of its time, each in a transaction of its own. Returns how many ran.

        Cheap when nothing is due. A job whose handler raises is dropped and recorded as the effect `job_failed`.
        """
        done = 0
        with self.lock:
            while True:
                due = self.next_due()
                if due is None or due > self.clock.now():
                    return done
                _, job_id = heapq.heappop(self._heap)
                job = self.table("jobs").get(job_id)
                if job is None:
                    continue
                try:
                    with self.transaction(f"job {job['kind']}"):
                        self.table("jobs").delete(job_id)
                        self.handlers[job["kind"]](job["payload"])
                except Exception as error:  # noqa: BLE001 - one bad job must not stop the world; it is put on record
                    with self.transaction("job_failed"):
                        self.table("jobs").delete(job_id)
                        self.effect("sandbox", "", "job_failed", job_id, job=job["kind"], error=repr(error))
                done += 1

    def advance(self, seconds: float) -> int:
        """Let `seconds` pass at once, stopping at every job on the way so that each runs at its own time."""
        with self.lock:
            target = self.clock.now() + seconds
            done = self.run_due()
            while (due := self.next_due()) is not None and due <= target:
                self.clock.set(max(due, self.clock.now()))
                done += self.run_due()
            self.clock.set(max(target, self.clock.now()))
            done += self.run_due()
            self.save_clock()
            return done

    # -- actions ------------------------------------------------------------------------------------------------

    def act(self, name: str, /, **arguments: Any) -> Any:
        """Do what a person or a shopper does on a platform, by the name under which a double registered it."""
        with self.transaction(f"action {name}"):
            return self.actions[name](**arguments)

    # -- snapshots ----------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole world as one value, for `restore` here or in another process: tables, clock, effects and chance."""
        with self.lock:
            # The clock's row tells when it was written in real time, which is not the world's own.
            tables = {
                name: [(key, table.raw(key)) for key in table if (name, key) != ("world", "clock")]
                for name, table in self._tables.items()
            }
            return _encode(
                {
                    "format": _FORMAT,
                    "now": self.clock.now(),
                    "rate": self.clock.rate,
                    "rng": self.rng.getstate(),
                    "tables": tables,
                    "effects": [effect.__dict__ for effect in self.effects],
                }
            )

    def clear(self) -> None:
        """Forget everything but the clock, as if the world had just been made."""
        nothing = {"format": _FORMAT, "rate": self.clock.rate, "rng": self.rng.getstate(), "tables": {}, "effects": []}
        self.restore(_encode({**nothing, "now": self.clock.now()}))

    def restore(self, snapshot: bytes) -> None:
        """Replace everything by `snapshot`. Doubles rebuild what they derive from tables: see `on_restore`.

        Raises ValueError for what is no snapshot; nothing is changed then.
        """
        try:
            data = _decode(snapshot)
        except msgspec.DecodeError as error:
            raise ValueError("this is no snapshot of a world") from error
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise ValueError("this is no snapshot of a world, or one of another version")
        with self.lock:
            with self.transaction("restore"):
                for table in self._tables.values():
                    for key in table:
                        table.delete(key)
                for name, rows in data["tables"].items():
                    table = self.table(name)
                    for key, row in rows:
                        self.remember(table, key)
                        table.restore_raw(key, row)
                self.effects[:] = [Effect(**effect) for effect in data["effects"]]
                self._undo_effects = 0
                self._stored_effects = _ALL_ANEW
            version, state, gauss = data["rng"]
            self.rng.setstate((version, tuple(state), gauss))
            self._rebuild_heap()
            self.clock.run(data["rate"])
            self.clock.set(data["now"])
            self.save_clock()
            for callback in self.on_restore:
                callback()

    @property
    def on_restore(self) -> list[Callable[[], None]]:
        """What to call after all tables were replaced: a double that keeps indexes beside its tables adds itself."""
        callbacks: list[Callable[[], None]] = self.__dict__.setdefault("_on_restore", [])
        return callbacks

    # -- the file -----------------------------------------------------------------------------------------------

    def _rebuild_heap(self) -> None:
        self._heap = [(job["due"], int(job_id)) for job_id, job in self.table("jobs").items()]
        heapq.heapify(self._heap)

    def _load(self, db: sqlite3.Connection) -> None:
        for name, key, body in db.execute("select tab, key, body from entity"):
            self.table(name).restore_raw(_decode(key), body)
        for _seq, body in db.execute("select seq, body from effect order by seq"):
            self.effects.append(Effect(**_decode(body)))
        self._stored_effects = len(self.effects)
        self._rebuild_heap()

    def _store(self) -> None:
        if self._db is None or not (self._dirty or self._stored_effects != len(self.effects)):
            self._dirty.clear()
            return
        puts: list[tuple[str, bytes, bytes]] = []
        deletes: list[tuple[str, bytes]] = []
        for name, key in self._dirty:
            row = self._tables[name].raw(key)
            if row is None:
                deletes.append((name, _encode(key)))
            else:
                puts.append((name, _encode(key), row))
        anew = self._stored_effects == _ALL_ANEW
        effects: Iterable[tuple[int, bytes]] = [
            (e.seq, _encode(e.__dict__)) for e in self.effects[0 if anew else self._stored_effects :]
        ]
        self._db.execute("begin immediate")
        try:
            if anew:
                self._db.execute("delete from effect")
            self._db.executemany("delete from entity where tab=? and key=?", deletes)
            self._db.executemany(
                "insert into entity (tab, key, body) values (?,?,?) "
                "on conflict (tab, key) do update set body=excluded.body",
                puts,
            )
            self._db.executemany("insert or replace into effect (seq, body) values (?,?)", effects)
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")
        self._dirty.clear()
        self._stored_effects = len(self.effects)

    def close(self) -> None:
        """Write what is left and let go of the file. The world must not be used afterwards."""
        with self.lock:
            self.save_clock()
            if self._db is not None:
                self._db.close()
                self._db = None
