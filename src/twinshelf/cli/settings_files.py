"""`twinshelf settings export` and `import`: the settings of a connection as a file, and what differs from one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import WRONG, Complain, Named, Open

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.listings.incoming.queries import DryRun
    from twinshelf.preferences.files import Wanted

Preview = Annotated[bool, typer.Option("--preview", help="Only show what differs; nothing is kept.")]
Yes = Annotated[bool, typer.Option("--yes", help="Switch the catalog direction, once you have seen what it does.")]


def add(settings: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add both commands to `settings`. `opened` gives the connection of a name, ready to ask for work."""

    @settings.command(name="export")
    def export(
        file: Annotated[Path | None, typer.Argument(help="Where to; without: it is printed.", dir_okay=False)] = None,
        connection: Named = "",
    ) -> None:
        """Write settings, templates and push rules of a connection as a file, to be kept or given to another one."""
        with opened(connection) as (_account, chosen):
            from twinshelf.preferences import files

            text = files.written(chosen)
            if file is None:
                print(text, end="")  # noqa: T201
                return
            try:
                file.write_text(text, encoding="utf-8")
            except OSError as error:
                complain(f"{file}: {error.strerror}", "Give another place.")
                raise typer.Exit(WRONG) from error
            console.print(f"Written: {file}. Nothing in it is secret.", markup=False, soft_wrap=True)

    @settings.command(name="import")
    def import_(
        file: Annotated[
            Path, typer.Argument(help="A file that `twinshelf settings export` has written, or a part of it.")
        ],
        connection: Named = "",
        preview: Preview = False,
        yes: Yes = False,
        prune: Annotated[
            bool, typer.Option("--prune", help="Delete the templates that the file does not name.")
        ] = False,
    ) -> None:
        """Bring a connection to what a file says, and show what differs. Parts that it leaves out stay as they are."""
        with opened(connection) as (_account, chosen):
            from twinshelf.errors import DocumentError
            from twinshelf.preferences import files

            try:
                with file.open("rb") as opened_file:
                    text = opened_file.read(files.MOST_BYTES + 1)
                wanted = files.read(text, chosen, prune=prune)
                _bring(console, chosen, wanted, preview=preview, yes=yes)
            except OSError as error:
                complain(f"{file}: {error.strerror}", "Give a file to read.")
                raise typer.Exit(WRONG) from error
            except DocumentError as error:
                place = f"{file}: {error.field}: {error.reason}"
                complain(place, "Nothing was changed.")
                raise typer.Exit(WRONG) from error


def _bring(console: Console, connection: Connection, wanted: Wanted, *, preview: bool, yes: bool) -> None:
    """Show what a file has otherwise, and carry it out unless that is all that was asked for."""
    from twinshelf.kit.words import counted
    from twinshelf.preferences import files, queries, telling

    if not wanted.differences:
        console.print("The file says what is so already.")
        return
    table = Table(Column("Where", overflow="fold"), "Now", "In the file")
    for row in wanted.differences:
        table.add_row(escape(row.place), escape(row.before) or "–", escape(row.after) or "–")
    console.print(table)
    switch = queries.switch(connection, wanted.values)
    print_switch(console, switch)
    if preview:
        console.print(f"{counted(len(wanted.differences), 'difference')}. Nothing was changed.")
        return
    with agreeing(console, switch, yes=yes) as agreed:
        done = files.carry_out(connection, wanted, by=COMMAND_LINE, agreed=agreed)
    said = telling.after(done) if done.fields else "Saved. The workers look at what it concerns."
    console.print(said, markup=False, soft_wrap=True)


_MOST_SHOWN = 50


@contextmanager
def agreeing(console: Console, switch: DryRun | None, *, yes: bool) -> Iterator[str]:
    """Gives what a change of the catalog direction is agreed to by; ends the command where it needs a --yes."""
    from twinshelf.preferences import actions

    try:
        yield switch.fingerprint if switch is not None and yes else ""
    except actions.NotAgreed:
        console.print("Nothing was changed. To switch, repeat the command with --yes.", markup=False, soft_wrap=True)
        raise typer.Exit(WRONG) from None


def print_switch(console: Console, found: DryRun | None) -> None:
    """The warning of P17-18: counts, and what would be made, by SKU and title; nothing where nobody needs it."""
    from twinshelf.preferences import telling

    if found is None or not found.both:
        return
    for sentence in telling.switch(found):
        console.print(sentence, markup=False, soft_wrap=True)
    rows = [*((row, "is created") for row in found.created), *((row, "is left alone") for row in found.unsure)]
    if rows:
        table = Table("SKU", "Title", "What happens")
        for row, what in rows[:_MOST_SHOWN]:
            near = f"; nearly {', '.join(row.near)}" if row.near else ""
            table.add_row(escape(", ".join(row.skus)), escape(row.title), escape(f"{what}{near}"))
        console.print(table)
    if len(rows) > _MOST_SHOWN:
        console.print(f"And {len(rows) - _MOST_SHOWN:,} more.")
