"""SQLite for a process with many threads: whoever wants to write waits for its turn here, not inside SQLite.

SQLite has one writer at a time and lets the others sleep blindly, up to 100 ms between looks and in no order: with 32
threads that write a row now and then, each waited a tenth of a second (measured). Other processes are still kept
apart by SQLite itself.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

_WRITES = frozenset({"insert", "update", "delete", "replac"})
_WAIT_SECONDS = 20.0
_AGAIN_SECONDS = 0.1

_turns: dict[str, threading.Lock] = {}
_turns_guard = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that takes its turn before it begins to write, and gives it back with the transaction."""

    _has_turn = False
    _wait_seconds = _WAIT_SECONDS

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """As Django's; the cursor knows its connection."""
        cursor = self.connection.cursor(factory=_Cursor)
        cursor.wrapper = self
        return cursor

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the turn for one statement outside a transaction."""
        self._take_turn()
        try:
            yield
        except sqlite3.OperationalError:
            self.found_locked()
            raise
        finally:
            self._give_turn_back()

    def wait_at_most(self, seconds: float) -> None:
        """Wait so long, at most, for this process's other writers and, once more, for other processes."""
        if seconds != self._wait_seconds:
            self._wait_seconds = seconds
            self._tell_patience()

    def found_locked(self) -> None:
        """Whoever waits shortly has waited for what it was: further statements of a request try at once."""
        if self._wait_seconds < _WAIT_SECONDS:
            self.wait_at_most(min(self._wait_seconds, _AGAIN_SECONDS))

    def init_connection_state(self) -> None:
        """As Django's, for a connection that is opened anew; it waits as long as the one before."""
        super().init_connection_state()
        self._tell_patience()

    def _tell_patience(self) -> None:
        if self.connection is not None:
            self.connection.execute(f"pragma busy_timeout = {round(self._wait_seconds * 1000)}")

    @property
    def has_turn(self) -> bool:
        """Whether this connection is the one that may write."""
        return self._has_turn

    def _take_turn(self) -> None:
        if not self._turn.acquire(timeout=self._wait_seconds):
            self.found_locked()
            msg = "database is locked: a transaction of this process did not end"
            raise OperationalError(msg)
        self._has_turn = True

    def _give_turn_back(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn.release()

    @property
    def _turn(self) -> threading.Lock:
        name = str(self.settings_dict["NAME"])
        with _turns_guard:
            return _turns.setdefault(name, threading.Lock())

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc] # the stubs leave it out
        except BaseException as error:
            self._give_turn_back()
            if isinstance(error, OperationalError | sqlite3.OperationalError):
                self.found_locked()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc] # the stubs leave it out
        self._give_turn_back()

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc] # the stubs leave it out
        self._give_turn_back()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc] # the stubs leave it out
        finally:
            self._give_turn_back()


class _Cursor(base.SQLiteCursorWrapper):
    wrapper: DatabaseWrapper

    def execute(self, query: str, params: Any = None) -> Any:
        if self._needs_turn(query):
            with self.wrapper.turn():
                return super().execute(query, params)
        return super().execute(query, params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        if self._needs_turn(query):
            with self.wrapper.turn():
                return super().executemany(query, param_list)
        return super().executemany(query, param_list)

    def _needs_turn(self, query: str) -> bool:
        return not self.wrapper.has_turn and query[:6].lower() in _WRITES
