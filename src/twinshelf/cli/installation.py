"""Which installation a command works with: the one of the environment, one in `./data`, or the demo's below it.

Looks at files only, before any setting is read: reading settings makes a key file where there is none, and a command
that looks at an installation must not make one.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from twinshelf.errors import TwinshelfError

DEMO_FILE = "demo.env"
"""In the data directory of a demo: the environment that its processes have."""
ADDRESS_FILE = "address"
"""In the data directory: where this installation was served last, if no setting says where it is reached."""
_DEMO = Path("data/demo")


def use(file: Path | None = None) -> Path | None:
    """Complete the environment: by this file, or by that of the demo whose data directory is used.

    What is set already stays. Returns the data directory of a demo that was found though nobody named it, else None.
    Raises TwinshelfError.
    """
    found = None
    if file is None:
        data = _data()
        if not is_named() and not exists() and (_DEMO / DEMO_FILE).is_file():
            data = found = _DEMO
        if (data / DEMO_FILE).is_file() and not _database_url():
            file = data / DEMO_FILE
    for name, value in (read(file) if file is not None else {}).items():
        os.environ.setdefault(name, value)
    if not _setting("BASE_URL") and (served := _data() / ADDRESS_FILE).is_file():
        os.environ["TWINSHELF_BASE_URL"] = served.read_text(encoding="utf-8").strip()
    return found


def serve_at(address: str) -> None:
    """People and webhooks come to `address`, unless TWINSHELF_BASE_URL says otherwise; later commands know it too."""
    served = _data() / ADDRESS_FILE
    if _setting("BASE_URL"):
        return
    os.environ["TWINSHELF_BASE_URL"] = address
    served.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    served.write_text(address, encoding="utf-8")


def is_set(name: str) -> bool:
    """Whether the operator set this setting, in the environment or as a secret file."""
    return bool(_setting(name))


def is_named() -> bool:
    """Whether the environment says where the installation is."""
    return "TWINSHELF_DATA" in os.environ or bool(_database_url())


def exists() -> bool:
    """Whether there is an installation where the settings point to."""
    return bool(_database_url()) or (_data() / "twinshelf.sqlite3").is_file()


def missing() -> tuple[str, str] | None:
    """What is missing where the settings point to, and what to do about it; None if an installation is there."""
    data = _data()
    if not exists():
        place = data if data.is_absolute() else f"./{data}"
        return f"There is no installation in {place}.", (
            "Start one (twinshelf serve, or twinshelf demo), go to its folder, or say where it is: TWINSHELF_DATA, or "
            "twinshelf --env FILE."
        )
    if _database_url() and not (_setting("KEY") or (data / "key").is_file()):
        return f"TWINSHELF_KEY is not set, and there is no key in {data}.", "Give the key that the installation has."
    return None


def read(file: Path) -> dict[str, str]:
    """Settings of a file that a shell can read too: lines NAME=VALUE, the value quoted if it needs to be.

    Raises TwinshelfError naming the line that is none.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise TwinshelfError(f"{file} cannot be read: {reason}.") from error
    found = {}
    for number, line in enumerate(lines, 1):
        try:
            words = shlex.split(line.removeprefix("export "), comments=True)
        except ValueError:
            words = ["", ""]
        if not words:
            continue
        name, sign, value = words[0].partition("=")
        if len(words) != 1 or not sign or not name.isidentifier():
            raise TwinshelfError(f"{file}, line {number}: write NAME=VALUE, and quote a value that has spaces.")
        found[name] = value
    return found


def write(file: Path, settings: Mapping[str, str]) -> None:
    """Write settings as `read` reads them, for the file's owner only."""
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
    temporary = file.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    temporary.replace(file)


def _data() -> Path:
    return Path(_setting("DATA") or "data")


def _database_url() -> str:
    return _setting("DATABASE_URL")


def _setting(name: str) -> str:
    """A setting of the environment, or of the directory of secret files. "" if it is not set."""
    name = f"TWINSHELF_{name}"
    folder = os.environ.get("TWINSHELF_SECRETS_DIR", "")
    if name not in os.environ and folder and (file := Path(folder) / name).is_file():
        return file.read_text(encoding="utf-8").strip()
    return os.environ.get(name, "")
