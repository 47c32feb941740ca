"""Processes: the worker that drains lanes, the web server, and both in one. Each ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import fcntl
import gc
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any
from urllib.parse import urlsplit

import django
import waitress
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from twinshelf.errors import TwinshelfError
from twinshelf.kit import clock, logs


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

    From then on this process counts as one that runs: nothing is put back from a backup beside it.
    """
    say_running()
    update_tables()


def update_tables() -> None:
    """Create or update all tables. One process at a time: those of an installation often start together, on nothing.

    Raises ImproperlyConfigured, and changes nothing, where a newer version has been here.
    """
    from twinshelf.sync import durable

    with _alone():
        if unknown := _migrations_of_a_newer_version():
            msg = (
                f"a newer version of Twinshelf has changed this database ({', '.join(unknown)}). Start that version, "
                "or restore a backup from before its first start; this version has changed nothing"
            )
            raise ImproperlyConfigured(msg)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        durable.migrate()


def _migrations_of_a_newer_version() -> list[str]:
    """What was applied to the database and is not among the migrations that this version brings."""
    return _unknown(MigrationLoader(connection, ignore_no_migrations=True))


def _unknown(loader: MigrationLoader) -> list[str]:
    known = {*loader.disk_migrations, *loader.replacements}
    return sorted(f"{app}.{name}" for app, name in loader.applied_migrations if (app, name) not in known)


def require_tables() -> None:
    """Raise ImproperlyConfigured unless the tables of this installation are those of this version. Changes nothing."""
    loader = MigrationLoader(connection, ignore_no_migrations=True)
    if _unknown(loader):
        msg = "a newer version of Twinshelf has changed this database: use that version"
        raise ImproperlyConfigured(msg)
    if not loader.disk_migrations.keys() <= loader.applied_migrations.keys():
        msg = "the tables of this installation are of an older version: start it once (twinshelf serve, web or worker)"
        raise ImproperlyConfigured(msg)


def require_app() -> None:
    """Raise ImproperlyConfigured if shops are connected and the settings have lost the app that works for them.

    A start without it would only fail call by call, and refuse each webhook.
    """
    from twinshelf.connections import queries

    if queries.app_missing():
        msg = "shops are connected, but TWINSHELF_TIKTOK_APP_KEY or TWINSHELF_TIKTOK_APP_SECRET is not set"
        raise ImproperlyConfigured(msg)


@contextmanager
def _alone() -> Iterator[None]:
    """While no other process of this installation is in here. Whoever dies in here lets the next one in."""
    if connection.vendor == "postgresql":
        # Asked again and again: a statement that waits for the lock would be waited for by the engine, which builds its
        # indexes only once every statement from before has ended, while its process holds the lock.
        with connection.cursor() as cursor:
            while not _locked(cursor):
                clock.sleep(0.2)
            try:
                yield
            finally:
                cursor.execute("select pg_advisory_unlock(%s)", [_MIGRATING])
        return
    settings.OPERATOR.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.OPERATOR.data / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _locked(cursor: Any) -> bool:
    cursor.execute("select pg_try_advisory_lock(%s)", [_MIGRATING])
    return bool(cursor.fetchone()[0])


_MIGRATING = 7_811_520_334
"""A number of our own among PostgreSQL's advisory locks."""


_running: TextIOWrapper | None = None


def say_running() -> None:
    """Hold the file that says that a process of this installation runs, to the end of this one. Safe to repeat."""
    global _running  # noqa: PLW0603 - one per process
    if _running is None:
        _running = _running_file()
        fcntl.flock(_running, fcntl.LOCK_SH)


@contextmanager
def alone_or_none() -> Iterator[bool]:
    """Whether no process of this installation runs on this machine; none can start while the block lasts."""
    with _running_file() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _running_file() -> TextIOWrapper:
    settings.OPERATOR.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return (settings.OPERATOR.data / "running.lock").open("w")


def start_engine() -> Callable[[], None]:
    """Start draining lanes in this process. Returns what stops it."""
    from twinshelf.sync import durable, engine

    say_running()
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

    say_running()
    client = durable.connect()
    engine.use(client)

    def stop() -> None:
        engine.use(None)
        client.close()

    return stop


def listen(host: str, port: int) -> list[socket.socket]:
    """Take a port, so that whoever wants it too is told at once: a socket for each address that `host` has.

    Raises TwinshelfError, with the address, where it cannot be had.
    """
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:  # no name, or none that a network could have
        raise TwinshelfError(f"{host} is no address of this machine: choose another --host.") from error
    taken: list[socket.socket] = []
    try:
        for family, _kind, _protocol, _name, place in dict.fromkeys(places):
            where = (place[0], taken[0].getsockname()[1], *place[2:]) if taken else place  # port 0: the same for all
            taken.append(socket.create_server(where, family=family, backlog=256))
    except OSError as error:
        for one in taken:
            one.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise TwinshelfError(f"{host}:{port}: {reason}. End what runs there, or choose another: --port.") from error
    return taken


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine reaches what listens at `host`."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - nothing is bound here
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class WebServer:
    """The web application on waitress, for one machine. In production a WSGI server of choice does it.

    One thread reads what comes in, from all connections at once, and hands over requests that are whole: however many
    connections are slow, they hold none of the threads that answer. What is not whole in time is ended.
    """

    MOST_WAITING = 600
    """Connections that may be open without a whole request; beyond it, those that wait longest are ended."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        threads: int = 10,
        request_seconds: float = 30.0,
        application: Any = None,
        sockets: Sequence[socket.socket] = (),
    ) -> None:
        """`sockets` that listen already go before `host` and `port`."""
        if application is None:
            from twinshelf.wsgi import application
        self._application = application
        self._request_seconds = request_seconds
        self._options = {
            **({"sockets": list(sockets)} if sockets else {"host": host, "port": port}),
            "threads": threads,
            "backlog": 256,
            "connection_limit": 2 * self.MOST_WAITING,
            "asyncore_use_poll": True,  # select() knows no socket beyond the 1024th
            "channel_timeout": 60,
            "cleanup_interval": 10,
            "max_request_header_size": 32 * 1024,
            "max_request_body_size": max(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.PAPERS_MAX_MEMORY_SIZE),
            "url_scheme": urlsplit(settings.OPERATOR.base_url).scheme,
            "ident": None,
            "clear_untrusted_proxy_headers": not settings.OPERATOR.trusted_proxies,
        }
        self._open: dict[int, Any] = {}
        self._begun: dict[HTTPChannel, tuple[int, float]] = {}
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def start(self) -> None:
        """Returns once the port is open; raises OSError if it is taken."""
        _room_for_files(2 * self.MOST_WAITING + 500)
        self._server = waitress.create_server(self._application, map=self._open, **self._options)
        self._thread = threading.Thread(target=self._serve, daemon=True, name="web")
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is open: the one asked for, or one that was free where 0 was."""
        return next(int(one.effective_port) for one in self._open.values() if isinstance(one, BaseWSGIServer))

    def stop(self) -> None:
        """Answer what is being answered, take nothing new, close the port."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _serve(self) -> None:
        while not self._ending.is_set():
            wasyncore.loop(timeout=0.5, use_poll=True, map=self._open, count=1)
            self._end_the_slow()
        for one in list(self._open.values()):
            if isinstance(one, BaseWSGIServer):
                one.del_channel(self._open)
                one.socket.close()
        give_up = clock.monotonic() + 10
        while any(c.requests or c.total_outbufs_len for c in self._channels()) and clock.monotonic() < give_up:
            wasyncore.loop(timeout=0.1, use_poll=True, map=self._open, count=1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._open)

    def _channels(self) -> list[HTTPChannel]:
        return [one for one in self._open.values() if isinstance(one, HTTPChannel)]

    def _end_the_slow(self) -> None:
        """End connections whose request takes too long to arrive, and of too many that wait the oldest."""
        now = clock.monotonic()
        waiting = [channel for channel in self._channels() if not (channel.requests or channel.total_outbufs_len)]
        begun: dict[HTTPChannel, tuple[int, float]] = {}
        for channel in waiting:
            part = id(channel.request)
            before, since = self._begun.get(channel, (part, now))
            begun[channel] = (part, since if part == before else now)
            if channel.request is not None and now - begun[channel][1] > self._request_seconds:
                channel.will_close = True
        self._begun = begun
        for channel in sorted(waiting, key=lambda one: begun[one][1])[: -self.MOST_WAITING]:
            channel.will_close = True


def _room_for_files(count: int) -> None:
    """Let this process have that many open, as far as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def wait_for_signal() -> None:
    """Return on SIGTERM or SIGINT, or once the process that `TWINSHELF_PARENT` names is not our parent any more."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    parent = os.environ.get("TWINSHELF_PARENT", "")
    while not done.wait(1.0) and (not parent or str(os.getppid()) == parent):
        pass
