"""Processes: the worker that drains lanes, the web server, and both in one. Each ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django
from cheroot import wsgi
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from twinshelf.kit import logs


def set_up() -> None:
    """Django, logging and the wiring, for a process that is about to do something. Safe to repeat."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinshelf.settings")
    first = not apps.ready
    if first:
        django.setup()
    logs.configure(settings.OPERATOR.log_level)
    from twinshelf import wiring

    wiring.install()
    if first:
        leave_alone()


def leave_alone() -> None:
    """Have Python's collector pass by all that was made until now: modules, models, routes. They stay to the end.

    To look through them again and again cost a third of the import of an order. For once or twice in a process.
    """
    gc.collect()
    gc.freeze()


def migrate() -> None:
    """Create or update the tables of the app and of the engine. Safe to repeat and before every start.

    One process at a time: those of an installation are often started together, on nothing.
    """
    from twinshelf.sync import durable

    with _alone():
        call_command("migrate", verbosity=0, interactive=False)
        durable.migrate()


@contextmanager
def _alone() -> Iterator[None]:
    """While no other process of this installation is in here. Whoever dies in here lets the next one in."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", [_MIGRATING])
            try:
                yield
            finally:
                cursor.execute("select pg_advisory_unlock(%s)", [_MIGRATING])
        return
    settings.OPERATOR.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.OPERATOR.data / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_MIGRATING = 7_811_520_334
"""A number of our own among PostgreSQL's advisory locks."""


def start_engine() -> Callable[[], None]:
    """Start draining lanes in this process. Returns what stops it."""
    from twinshelf.sync import durable, engine

    client, lease = durable.launch()
    engine.use(client)
    leave_alone()

    def stop() -> None:
        durable.shutdown(lease)  # what is still at work may have to enqueue
        engine.use(None)

    return stop


def connect_engine() -> Callable[[], None]:
    """Let this process ask, without draining anything itself. Returns what lets go."""
    from twinshelf.sync import durable, engine

    client = durable.connect()
    engine.use(client)

    def stop() -> None:
        engine.use(None)
        client.close()

    return stop


class WebServer:
    """The web application on cheroot's threads, for one machine. In production a WSGI server of choice does it."""

    def __init__(self, host: str, port: int, *, threads: int = 10) -> None:
        from twinshelf.wsgi import application

        self._server: Any = wsgi.Server((host, port), application, numthreads=threads, request_queue_size=256)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Returns once the port is open; raises OSError if it is taken."""
        self._server.prepare()
        self._thread = threading.Thread(target=self._server.serve, daemon=True, name="web")
        self._thread.start()

    def stop(self) -> None:
        """Answer what is being answered, take nothing new, close the port."""
        self._server.stop()


def wait_for_signal() -> None:
    """Return on SIGTERM or SIGINT."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    while not done.wait(1.0):
        pass
