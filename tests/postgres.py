"""A PostgreSQL cluster to throw away: made in a temporary directory, reached through a socket there, gone afterwards.

initdb refuses root, so root runs it as the user whom Debian's package made (or as nobody).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATABASE = "twinshelf"
PORT = 54329
"""Only a part of the socket's name: nothing listens on the network."""


class NoPostgres(Exception):
    """PostgreSQL cannot be had here; the message says why."""


@contextmanager
def cluster() -> Iterator[str]:
    """The address of an empty database, as TWINSHELF_DATABASE_URL takes it. Raises NoPostgres.

    Nothing is flushed to disk: it is as quick as it gets and survives no power cut.
    """
    folder = _programs()
    user = _user()
    home = Path(tempfile.mkdtemp(prefix="twinshelf-pg-"))
    try:
        os.chown(home, user.pw_uid, user.pw_gid)
        data, owner = home / "data", "twinshelf"
        _run(user, folder / "initdb", "-D", data, "-U", owner, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-F -k {home} -p {PORT} -c listen_addresses= -c full_page_writes=off -c synchronous_commit=off"
        _run(user, folder / "pg_ctl", "-D", data, "-l", home / "log", "-w", "-t", "60", "-o", options, "start")
        try:
            _run(user, folder / "createdb", "-h", home, "-p", PORT, "-U", owner, DATABASE)
            yield f"postgresql://{owner}@/{DATABASE}?host={home}&port={PORT}"
        finally:
            _run(user, folder / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """Where initdb and pg_ctl are: on the path, or where Debian keeps the newest version's."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not versions:
        raise NoPostgres("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return versions[-1].parent


def _user() -> pwd.struct_passwd:
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("there is no user but root to run PostgreSQL as")


def _run(user: pwd.struct_passwd, *command: object) -> None:
    same = user.pw_uid == os.geteuid()
    ran = subprocess.run(
        [str(part) for part in command],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # pg_ctl's server keeps it open for ever
        stderr=subprocess.PIPE if "start" not in command else subprocess.DEVNULL,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        user=None if same else user.pw_uid,
        group=None if same else user.pw_gid,
        extra_groups=None if same else [],
    )
    if ran.returncode:
        raise NoPostgres(f"{command[0]} failed: {(ran.stderr or '').strip()[-500:]}")
