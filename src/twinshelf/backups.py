"""Backups of an installation: both databases and the key in one file, made while it runs; and putting one back.

SQLite is copied by its own online backup, PostgreSQL by `pg_dump` and `pg_restore`: their makers keep them right.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from twinshelf import processes
from twinshelf.errors import TwinshelfError
from twinshelf.kit import clock, forgetting, secrets
from twinshelf.sync import schedules

FORMAT = 1
ENGINE, APP = "engine.sqlite3", "twinshelf.sqlite3"
"""Copied in this order: a task that the engine's copy does not know yet is begun; one that it has ended would fail."""
DUMP, KEY, MANIFEST = "database.dump", "key", "manifest.json"


class BackupError(TwinshelfError):
    """A backup cannot be made or put back; the text says why and what to do."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    format: int
    version: str
    made_at: str
    """UTC."""
    database: str
    """`sqlite` or `postgresql`."""
    migrations: list[str]
    """`<app>.<name>` of each that was applied."""
    key_id: str
    """Which key its credentials are sealed under; says nothing of the key."""
    with_key: bool
    """Whether the key itself is in the backup."""


@dataclass(frozen=True)
class Restored:
    """What putting a backup back did."""

    manifest: Manifest
    kept: Path | None
    """Where what was there before is kept; None if there was nothing."""


def back_up(path: Path) -> Manifest:
    """Write a backup to `path`, readable by its owner only. Safe while everything runs.

    The file holds the key if the installation keeps it in its data directory: whoever has the file has the credentials.
    Raises BackupError, also if `path` exists; then nothing is left at `path`.
    """
    if path.exists():
        raise BackupError(f"{path} exists already. Name another file.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no directory {path.parent}. Make it first.")
    manifest = Manifest(
        format=FORMAT,
        version=version("twinshelf"),
        made_at=clock.now().isoformat(timespec="seconds"),
        database=_kind(),
        migrations=sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
        key_id=secrets.key_ids()[0],
        with_key=not settings.OPERATOR.key,
    )
    partial = path.with_name(f".{path.name}.partial")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".twinshelf-backup-") as folder:
            parts = _dump(Path(folder)) if _kind() == "postgresql" else _copies(Path(folder))
            if manifest.with_key:
                parts.append(settings.OPERATOR.data / KEY)
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
                _add(archive, MANIFEST, msgspec.json.encode(manifest))
                for part in parts:
                    archive.add(part, arcname=part.name)
        partial.rename(path)
    except sqlite3.Error as error:
        raise BackupError(f"The database could not be copied: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def read_manifest(path: Path) -> Manifest:
    """What the backup at `path` says of itself. Raises BackupError if it is none, or of a newer format."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            file = archive.extractfile(MANIFEST)
            if file is None:
                raise KeyError(MANIFEST)
            told = json.loads(file.read())
            if told.get("format") != FORMAT:
                raise BackupError(
                    f"{path.name} is of format {told.get('format')}, and this version reads format {FORMAT}. "
                    f"Use version {told.get('version', 'of its time')} of Twinshelf."
                )
            return msgspec.convert(told, Manifest)
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {path}.") from error
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, KeyError, ValueError, AttributeError) as error:
        raise BackupError(f"{path.name} is no backup of Twinshelf, or it is damaged.") from error


def restore(path: Path) -> Restored:
    """Put the backup at `path` in place of what is there, which is kept beside it. Nothing else may be running.

    Afterwards every timetable is due: what happened on the platforms since the backup is read at the first start.
    Raises BackupError before anything is changed if the backup does not fit.
    """
    manifest = read_manifest(path)
    if manifest.database != _kind():
        raise BackupError(
            f"{path.name} is of an installation on {manifest.database}, and this one is on {_kind()}. "
            "Set TWINSHELF_DATABASE_URL accordingly."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(manifest.migrations) - known):
        raise BackupError(
            f"{path.name} is of a newer version of Twinshelf ({manifest.version}; this one does not know {newer[0]}). "
            "Install that version first."
        )
    with _alone(), tempfile.TemporaryDirectory(dir=settings.OPERATOR.data, prefix=".twinshelf-restore-") as folder:
        parts = _unpack(path, Path(folder))
        if manifest.key_id not in secrets.key_ids() and (settings.OPERATOR.key or not manifest.with_key):
            raise BackupError(
                f"The credentials in {path.name} are sealed under another key ({manifest.key_id}). "
                "Set TWINSHELF_KEY to it, or add it after a comma to the key that is set."
            )
        kept = settings.OPERATOR.data / f"before-restore-{clock.now():%Y%m%dT%H%M%SZ}"
        if _kind() == "postgresql":
            kept.mkdir(mode=0o700)
            _load(parts[DUMP], kept / DUMP)
        else:
            _check(parts, path)
            kept.mkdir(mode=0o700)
            _replace(parts, kept)
        if KEY in parts and not settings.OPERATOR.key:
            _keep(settings.OPERATOR.data / KEY, kept)
            shutil.move(parts[KEY], settings.OPERATOR.data / KEY)
        _look_at_everything()
    if not any(kept.iterdir()):
        kept.rmdir()
        return Restored(manifest, None)
    return Restored(manifest, kept)


def _kind() -> str:
    return "postgresql" if connection.vendor == "postgresql" else "sqlite"


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(clock.now().timestamp())
    archive.addfile(entry, io.BytesIO(content))


def _unpack(path: Path, folder: Path) -> dict[str, Path]:
    """The parts by name; nothing else of the file is taken out."""
    wanted = {DUMP, KEY} if _kind() == "postgresql" else {ENGINE, APP, KEY}
    with tarfile.open(path, "r:gz") as archive:
        for entry in archive:
            if entry.isfile() and entry.name in wanted:
                archive.extract(entry, folder, filter="data")
    parts = {part.name: part for part in folder.iterdir()}
    if missing := sorted(wanted - {KEY} - set(parts)):
        raise BackupError(f"{path.name} is damaged: {missing[0]} is missing.")
    return parts


@contextmanager
def _alone() -> Iterator[None]:
    """While no process of this installation runs. Raises BackupError if one does."""
    with processes.alone_or_none() as alone:
        others = 0
        if alone and _kind() == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "select count(*) from pg_stat_activity where datname = current_database() "
                    "and pid <> pg_backend_pid() and backend_type = 'client backend'"
                )
                others = cursor.fetchone()[0]
        if not alone or others:
            raise BackupError("Twinshelf is running. Stop all its processes, on all machines, and restore again.")
        yield


# -- SQLite ---------------------------------------------------------------------------------------------------------


def _copies(folder: Path) -> list[Path]:
    made = []
    for name in (ENGINE, APP):
        with (
            closing(sqlite3.connect(f"file:{settings.OPERATOR.data / name}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(folder / name)) as copy,
        ):
            source.backup(copy)
        made.append(folder / name)
    return made


def _check(parts: dict[str, Path], path: Path) -> None:
    for name in (ENGINE, APP):
        with closing(sqlite3.connect(parts[name])) as copy:
            try:
                whole = copy.execute("pragma quick_check").fetchone() == ("ok",)
            except sqlite3.DatabaseError:
                whole = False
        if not whole:
            raise BackupError(f"{path.name} is damaged: {name} cannot be read whole.")


def _replace(parts: dict[str, Path], kept: Path) -> None:
    connections.close_all()
    for name in (ENGINE, APP):
        for file in sorted(settings.OPERATOR.data.glob(f"{name}*")):  # with the log that belongs to it
            _keep(file, kept)
        shutil.move(parts[name], settings.OPERATOR.data / name)


def _keep(file: Path, kept: Path) -> None:
    if file.exists():
        file.rename(kept / file.name)


# -- PostgreSQL -----------------------------------------------------------------------------------------------------


def _dump(folder: Path) -> list[Path]:
    _postgres("pg_dump", "--format=custom", "--no-owner", "--compress=0", f"--file={folder / DUMP}")
    return [folder / DUMP]


def _load(dump: Path, kept: Path) -> None:
    """Keep what is there as a dump, drop all tables of ours and of the engine, and load the other dump."""
    if connection.introspection.table_names():
        _postgres("pg_dump", "--format=custom", "--no-owner", f"--file={kept}")
    ours = (*(f"{config.label}_" for config in apps.get_app_configs()), "django_")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(ours):
                cursor.execute(f"drop table if exists {connection.ops.quote_name(table)} cascade")
        for function in forgetting.functions():
            cursor.execute(f"drop function if exists {connection.ops.quote_name(function)}()")
        cursor.execute("drop schema if exists dbos cascade")
    connections.close_all()
    _postgres("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={_name()}", str(dump))


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on our database; the password is in its environment only."""
    given = connection.get_connection_params()
    environment = {f"PG{_PG_NAMES.get(name, name.upper())}": str(given[name]) for name in _PG_PASSED if given.get(name)}
    try:
        subprocess.run([program, *arguments], env={**os.environ, **environment}, check=True, capture_output=True)  # noqa: S603
    except FileNotFoundError as error:
        raise BackupError(
            f"{program} is not installed here (Debian: apt-get install postgresql-client). It must be of the server's "
            "version or newer."
        ) from error
    except subprocess.CalledProcessError as error:
        raise BackupError(f"{program} failed: {error.stderr.decode(errors='replace').strip()[-500:]}") from error


_PG_NAMES = {"dbname": "DATABASE"}
_PG_PASSED = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey")


def _look_at_everything() -> None:
    """Update the tables to this version, and have every timetable ask at its next tick."""
    processes.update_tables()
    schedules.all_now()
    connections.close_all()
