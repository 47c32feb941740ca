"""`twinshelf backup` and `twinshelf restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal

console = Console()


def mount(app: typer.Typer) -> None:
    """Add the two commands to `app`."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it. Without: twinshelf-<time>.tar.gz in this directory.")
    ] = None,
) -> None:
    """Write both databases and the key into one file, while everything runs. Whoever has it has the credentials."""
    from twinshelf.cli import installation

    installation.use()
    if missing := installation.missing():
        typer.echo(" ".join(missing), err=True)
        raise typer.Exit(2)
    from twinshelf import processes
    from twinshelf.kit import clock

    processes.set_up()
    from twinshelf import backups

    path = file or Path(f"twinshelf-{clock.now():%Y%m%dT%H%M%SZ}.tar.gz")
    manifest = backups.back_up(path)
    console.print(f"Wrote {path} ({decimal(path.stat().st_size)}), readable by you only.", soft_wrap=True)
    if not manifest.with_key:
        console.print("The key is not in it: it comes from TWINSHELF_KEY. Keep it apart.", soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file that “twinshelf backup” wrote.")],
) -> None:
    """Put a backup back. Stop Twinshelf first. What is there now is kept in the data directory."""
    from twinshelf import processes

    processes.set_up()
    from twinshelf import backups

    done = backups.restore(file)
    console.print(f"Restored the state of {done.manifest.made_at}.", soft_wrap=True)
    if done.kept is not None:
        console.print(f"What was there before is kept in {done.kept}; delete it when all is well.", soft_wrap=True)
    console.print("Start Twinshelf: it reads first what has happened since then.", soft_wrap=True)
