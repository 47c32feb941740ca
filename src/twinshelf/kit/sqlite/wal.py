"""Keeps the write-ahead logs of SQLite small: bulk work and long readers make them grow, and nothing makes them shrink.

`journal_size_limit` cuts a log when it begins anew, which only a writer makes it do. What is left of the last writer is
cut here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

LIMIT: Final = 16 * 1024 * 1024
"""Bytes that a log may keep. What is written again into a log that exists already costs less."""


def shrink(databases: Iterable[Path]) -> int:
    """Cut the logs of these databases that are larger than the limit. Returns how many were.

    Waits for nobody: where somebody reads what is only in the log, the next call does it. Safe to repeat.
    """
    cut = 0
    for path in databases:
        log = path.with_name(f"{path.name}-wal")
        if not log.exists() or log.stat().st_size <= LIMIT:
            continue
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            [busy, _pages, _done] = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except sqlite3.OperationalError:  # somebody writes at this moment
            busy = 1
        finally:
            connection.close()
        cut += not busy
    return cut
