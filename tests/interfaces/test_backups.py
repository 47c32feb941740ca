"""`twinshelf backup` and `restore`, as an operator runs them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.postgres import NoPostgres, cluster
from twinshelf import backups, processes

PASSWORD = "a long password of the owner"


class Installed:
    """An installation in a directory of its own, and its commands as processes."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.data = folder / "data"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWINSHELF_", "DJANGO_"))}
        self.environment = {**kept, "TWINSHELF_DATA": str(self.data), "TWINSHELF_LOG_LEVEL": "WARNING", **environment}

    def command(self, *words: str | Path, **environment: str) -> tuple[int, str]:
        """Exit code and everything that was said, its line ends as blanks."""
        ran = subprocess.run(
            [sys.executable, "-m", "twinshelf.cli", *map(str, words)],
            check=False, capture_output=True, text=True, env={**self.environment, **environment},
        )  # fmt: skip
        return ran.returncode, " ".join((ran.stdout + ran.stderr).split())

    def python(self, code: str) -> str:
        """What `code` prints in a process of this installation, with accounts and engine at hand."""
        lines = [
            "from twinshelf import processes",
            "processes.set_up()",
            "processes.migrate()",
            "from twinshelf.accounts.actions import create_account",
            "from twinshelf.accounts.actors import ENGINE",
            "from twinshelf.accounts.models import Account",
            "from twinshelf.kit import secrets",
            code,
        ]
        ran = subprocess.run(
            [sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True, env=self.environment
        )
        return ran.stdout.strip()

    def add_account(self, name: str) -> None:
        self.python(f"create_account({name!r}, owner_email='{name}@fernhollow.test', password={PASSWORD!r}, by=ENGINE)")

    def accounts(self) -> str:
        return self.python("print(*Account.objects.order_by('name').values_list('name', flat=True))")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An installation with an account, its backup, and a second account made after that."""
    installed = Installed(tmp_path_factory.mktemp("installed"))
    installed.add_account("Fernhollow")
    file = installed.data.parent / "backup.tar.gz"
    assert installed.command("backup", file) == (0, f"Wrote {file} ({_size(file)}), readable by you only.")
    installed.add_account("Later")
    return installed, file


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1000:,.1f} kB"


def _altered(file: Path, folder: Path, *, leave_out: str = "", spoil: str = "", **manifest: object) -> Path:
    """The backup with a part missing or spoilt, or with another manifest."""
    made = folder / "altered.tar.gz"
    with tarfile.open(file) as source, tarfile.open(made, "w:gz") as target:
        for entry in source:
            if entry.name == leave_out:
                continue
            file_of_it = source.extractfile(entry)
            assert file_of_it is not None
            content = file_of_it.read()
            if entry.name == backups.MANIFEST:
                content = json.dumps({**json.loads(content), **manifest}).encode()
            if entry.name == spoil:
                content = content[:4096] + b"\xff" * (len(content) - 4096)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return made


def test_a_backup_is_for_its_owner_only_and_holds_both_databases_and_the_key(made):
    _installed, file = made

    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        assert archive.getnames() == ["manifest.json", "engine.sqlite3", "twinshelf.sqlite3", "key"]
    assert [path.name for path in file.parent.iterdir() if path != file] == ["data"]  # nothing is left lying about


def test_restoring_brings_the_state_back_and_keeps_what_was_there(made):
    installed, file = made
    sealed = installed.python("print(secrets.seal('a token', bound_to='here'))")
    (installed.data / "key").rename(installed.data / "key.lost")  # a machine that has none of it, a key neither

    code, said = installed.command("restore", file)

    kept = next(installed.data.glob("before-restore-*"))
    assert code == 0
    assert f"What was there before is kept in {kept}" in said
    assert (installed.data / "key").read_text() == (installed.data / "key.lost").read_text()
    asked = f"print(*Account.objects.values_list('name', flat=True), secrets.unseal({sealed!r}, bound_to='here'))"
    assert installed.python(asked) == "Fernhollow a token"
    assert {path.name for path in kept.iterdir()} >= {"engine.sqlite3", "twinshelf.sqlite3", "key"}


@pytest.fixture
def here(tmp_path, settings, monkeypatch):
    """This process as an installation on SQLite whose databases are two files."""
    monkeypatch.setattr(settings.OPERATOR, "data", tmp_path / "here")
    monkeypatch.setattr(settings.OPERATOR, "key", "")
    (tmp_path / "here").mkdir()
    for name in ("engine.sqlite3", "twinshelf.sqlite3"):
        (tmp_path / "here" / name).write_text("as it was")
    return tmp_path / "here"


@pytest.fixture
def put_back(made, tmp_path, settings, monkeypatch):
    """Put an altered backup back, under another key if one is given."""

    def restore(*, key: str = "", **altered: str) -> None:
        monkeypatch.setattr(settings.OPERATOR, "key", key)
        backups.restore(_altered(made[1], tmp_path, **altered))

    return restore


@pytest.mark.parametrize(
    ("altered", "says"),
    [
        ({"database": "postgresql"}, "is of an installation on postgresql, and this one is on sqlite"),
        ({"migrations": ["sync.9999_later"], "version": "9.0"}, r"is of a newer version of Twinshelf \(9.0;"),
        ({"format": 2, "version": "9.0"}, "is of format 2, and this version reads format 1. Use version 9.0"),
        ({"key": "k" * 40}, "are sealed under another key"),
        ({"leave_out": "engine.sqlite3"}, "is damaged: engine.sqlite3 is missing"),
        ({"leave_out": "manifest.json"}, "is no backup of Twinshelf, or it is damaged"),
        ({"spoil": "twinshelf.sqlite3"}, "is damaged: twinshelf.sqlite3 cannot be read whole"),
    ],
)
def test_a_backup_that_does_not_fit_changes_nothing(here, put_back, altered, says):
    with pytest.raises(backups.BackupError, match=says):
        put_back(**altered)

    assert {path.name: path.read_text() for path in here.iterdir() if path.suffix == ".sqlite3"} == {
        "engine.sqlite3": "as it was", "twinshelf.sqlite3": "as it was",
    }  # fmt: skip
    assert {path.name for path in here.iterdir() if path.is_dir()} == set()


def test_a_backup_is_not_put_back_beside_a_process_that_runs(made, here, monkeypatch):
    monkeypatch.setattr(processes, "_running", None)
    processes.say_running()

    with pytest.raises(backups.BackupError, match=r"Twinshelf is running\. Stop all its processes, on all machines"):
        backups.restore(made[1])

    assert (here / "twinshelf.sqlite3").read_text() == "as it was"


def test_a_file_that_is_no_backup_is_told(made, here, tmp_path):
    _installed, file = made
    (tmp_path / "cut.tar.gz").write_bytes(file.read_bytes()[:5000])
    (tmp_path / "notes.txt").write_text("notes")

    for name in ("cut.tar.gz", "notes.txt"):
        with pytest.raises(backups.BackupError, match=f"{name} is no backup of Twinshelf, or it is damaged."):
            backups.restore(tmp_path / name)
    with pytest.raises(backups.BackupError, match="There is no file"):
        backups.restore(tmp_path / "none")


def test_a_backup_is_never_written_over_something(made, tmp_path):
    with pytest.raises(backups.BackupError, match=r"exists already\. Name another file"):
        backups.back_up(made[1])
    with pytest.raises(backups.BackupError, match=r"There is no directory .*nowhere\. Make it first"):
        backups.back_up(tmp_path / "nowhere" / "file")


@pytest.mark.postgres
def test_an_installation_on_postgresql_is_backed_up_and_restored(tmp_path):
    try:
        with cluster() as url:
            installed = Installed(tmp_path, TWINSHELF_DATABASE_URL=url)
            installed.add_account("Fernhollow")
            assert installed.command("backup", tmp_path / "backup.tar.gz")[0] == 0
            installed.add_account("Later")

            code, said = installed.command("restore", tmp_path / "backup.tar.gz")

            kept = next(installed.data.glob("before-restore-*"))
            assert (code, f"kept in {kept}" in said) == (0, True), said
            assert installed.accounts() == "Fernhollow"
            assert installed.command("doctor")[1].count("ok") >= 3
            assert (kept / "database.dump").stat().st_size > 10_000
    except NoPostgres as why:
        if os.environ.get("TWINSHELF_REQUIRE_ALL"):
            raise
        pytest.skip(f"Not tried on PostgreSQL: {why}.")
