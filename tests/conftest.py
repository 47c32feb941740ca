"""What all tests share."""

import hashlib
import importlib.util
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django import VERSION
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from twinshelf.kit import clock, logs, text_search
from twinshelf.kit.sqlite import statistics

logs.configure("WARNING")

SHARED = Path(os.environ.get("TWINSHELF_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material beside the repository; tests that read it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the reference material is not beside the repository (TWINSHELF_SHARED names it)")
    return SHARED


@pytest.fixture
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's clock stands still and moves by `clock.move` alone: how long a busy machine takes shows nowhere."""
    at = clock.timestamp() - clock._offset_seconds
    monkeypatch.setattr(clock, "timestamp", lambda: at + clock._offset_seconds)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """The test database with its tables: of pytest-django's own, but SQLite's is kept for the next run.

    Migrating takes some seconds in every process. The file is kept under a name made of all migrations, so a new
    migration makes a new one.
    """
    cache = getattr(request.config, "cache", None)
    if connection.vendor == "sqlite" and cache is not None:
        kept = cache.mkdir("tables") / f"{_digest_of_migrations()}.sqlite3"
        name = Path(connection.settings_dict["TEST"]["NAME"])
        if kept.exists():
            shutil.copy(kept, name)
            connection.close()
            connection.settings_dict["NAME"] = str(name)
            yield
            return
        with django_db_blocker.unblock():
            made = setup_databases(verbosity=0, interactive=False, serialized_aliases=())
            new = kept.with_suffix(f".{os.getpid()}")
            with sqlite3.connect(name) as database:
                database.execute("vacuum into ?", [str(new)])
            new.replace(kept)
    else:
        with django_db_blocker.unblock():
            made = setup_databases(verbosity=0, interactive=False, serialized_aliases=())
    yield
    with django_db_blocker.unblock():
        if (
            connection.vendor == "postgresql"
        ):  # threads of a test may hold connections still, and it is not dropped then
            with connection.cursor() as cursor:
                cursor.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )
        teardown_databases(made, verbosity=0)


def _digest_of_migrations() -> str:
    digest = hashlib.sha256(repr((VERSION, settings.INSTALLED_APPS, settings.CACHES)).encode())
    for writer in (statistics.__file__, text_search.__file__):
        digest.update(Path(str(writer)).read_bytes())  # what it writes is part of the tables
    for app in apps.get_app_configs():
        spec = importlib.util.find_spec(f"{app.name}.migrations")
        for folder in spec.submodule_search_locations or () if spec else ():
            for path in sorted(Path(folder).glob("*.py")):
                digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:24]
