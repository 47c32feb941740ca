"""How long this thread waits for what others lock in the database: whoever answers people and platforms, shortly.

Work in the background waits long, since it can. A page or a webhook that waits as long keeps a thread of the web server
from answering anything else, and its caller has given up before.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from django.db import OperationalError, connection

PAGE_SECONDS = 4.0
HOOK_SECONDS = 1.0
"""TikTok waits three seconds for an answer: one turn among our own writers, one at the database, and a second try."""
PROBE_SECONDS = 0.2
"""While the database was just found locked: many callers, and each is to hear of it at once."""


class _Told(threading.local):
    """What this thread's connection was told last, and which one it was."""

    last: tuple[object, float] | None = None


_told = _Told()


def wait_at_most(seconds: float) -> None:
    """Have this thread's connection wait so long at most for a lock; then OperationalError is raised. Safe to repeat.

    Says nothing of a database that is away: whatever is asked of it next does.
    """
    if connection.vendor == "sqlite":
        connection.wait_at_most(seconds)  # type: ignore[attr-defined] # our own backend
        return
    with suppress(OperationalError):
        connection.ensure_connection()
        if _told.last == (connection.connection, seconds):
            return
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, false)", [f"{round(seconds * 1000)}ms"])
        _told.last = connection.connection, seconds
