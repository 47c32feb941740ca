"""`twinshelf settings`: the preferences of a connection at a prompt, with the words and the checks of their page."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli import settings_files
from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.preferences.fields import Field

Preview = Annotated[bool, typer.Option("--preview", help="Only say what it would concern; nothing is kept.")]
Yes = Annotated[bool, typer.Option("--yes", help="Switch the catalog direction, once you have seen what it does.")]


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `settings` to the commands of `app`. `opened` gives the connection of a name, ready to ask for work."""
    settings = typer.Typer(no_args_is_help=True, help="Show and change the settings of a connection.")

    @settings.command()
    def show(
        names: Annotated[list[str] | None, typer.Argument(help="Which settings; none: all.")] = None,
        connection: Named = "",
        changed: Annotated[bool, typer.Option("--changed", help="Only those that differ from their default.")] = False,
        json_: Json = False,
    ) -> None:
        """Show every setting of a connection with its value and its default."""
        with opened(connection) as (_account, chosen):
            from twinshelf.preferences import queries

            wanted = {_field(name, complain).name for name in names or ()}
            rows = [
                row
                for row in queries.shown(chosen)
                if (not wanted or row.field.name in wanted) and (row.changed or not changed)
            ]
            if json_:
                print(json.dumps([_as_json(chosen, row) for row in rows]))  # noqa: T201
                return
            table = Table(Column("Name", no_wrap=True), "Setting", "Value", "Default")
            for row in rows:
                value = f"[bold]{_plain(row.words)}[/bold]" if row.changed else _plain(row.words)
                table.add_row(row.field.name, str(row.field.label), value, _plain(row.default))
            console.print(table)

    @settings.command(name="set", context_settings={"ignore_unknown_options": True})  # a value may be -2
    def set_(
        pairs: Annotated[
            list[str], typer.Argument(metavar="NAME VALUE …", help="A setting and its value, or several such pairs.")
        ],
        connection: Named = "",
        preview: Preview = False,
        yes: Yes = False,
    ) -> None:
        """Choose settings of a connection. What a change concerns is looked at again by the workers.

        A list is written with commas: `order_ids 5761,5762`; carriers as `carriers "DFL = DFL US, UPS = UPS"`, and
        so `shipping_methods`. A value of "" chooses nothing, where a setting may be empty.
        """
        if len(pairs) % 2:
            raise typer.Exit(_wrong(complain, "A setting has no value.", "Write: twinshelf settings set NAME VALUE."))
        with opened(connection) as (_account, chosen):
            from twinshelf.errors import DocumentError
            from twinshelf.preferences.fields import parse, reason_at

            try:
                values = {
                    field.name: parse(field, _text(field, text))
                    for field, text in (
                        (_field(name, complain), text) for name, text in zip(pairs[::2], pairs[1::2], strict=True)
                    )
                }
                _carry_out(console, chosen, values, preview=preview, yes=yes)
            except DocumentError as error:
                name, reason = reason_at(error)
                raise typer.Exit(
                    _wrong(complain, f"{name or error.field}: {reason}", "Nothing was changed.")
                ) from error

    @settings.command()
    def reset(
        names: Annotated[list[str], typer.Argument(help="Which settings.")],
        connection: Named = "",
        preview: Preview = False,
        yes: Yes = False,
    ) -> None:
        """Set settings of a connection back to their defaults."""
        with opened(connection) as (_account, chosen):
            from twinshelf.errors import DocumentError
            from twinshelf.preferences.fields import DEFAULTS, parse, reason_at, text_of

            fields = [_field(name, complain) for name in names]
            try:
                values = {field.name: parse(field, text_of(field, DEFAULTS)) for field in fields}
                _carry_out(console, chosen, values, preview=preview, yes=yes)
            except DocumentError as error:
                name, reason = reason_at(error)
                raise typer.Exit(
                    _wrong(complain, f"{name or error.field}: {reason}", "Nothing was changed.")
                ) from error

    settings_files.add(settings, console, opened, complain)
    app.add_typer(settings, name="settings")


def _carry_out(console: Console, connection: Connection, values: dict[str, Any], *, preview: bool, yes: bool) -> None:
    from twinshelf.preferences import actions, queries, telling

    switch = queries.switch(connection, values)
    settings_files.print_switch(console, switch)
    if preview:
        effect = queries.effect(connection, values)
        told = telling.before(effect) if effect.fields else "Nothing would be changed."
        console.print(told, markup=False, soft_wrap=True)
        return
    with settings_files.agreeing(console, switch, yes=yes) as agreed:
        done = actions.change(connection, values, by=COMMAND_LINE, agreed=agreed)
    console.print(telling.after(done), markup=False, soft_wrap=True)


def _text(field: Field, text: str) -> str:
    """A value as a form has it: lists by lines."""
    from twinshelf.preferences.fields import Control

    return "\n".join(text.split(",")) if field.control in {Control.CARRIERS, Control.METHODS} else text


def _field(name: str, complain: Complain) -> Field:
    from twinshelf.preferences.fields import FIELDS

    if name in FIELDS:
        return FIELDS[name]
    near = get_close_matches(name, FIELDS, 3, 0.4)
    hint = f"Did you mean: {', '.join(near)}?" if near else "See them all: twinshelf settings show."
    raise typer.Exit(_wrong(complain, f"There is no setting “{name}”.", hint))


def _wrong(complain: Complain, what: str, remedy: str) -> int:
    complain(what, remedy)
    return WRONG


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _as_json(connection: Connection, row: Any) -> dict[str, Any]:
    import msgspec

    from twinshelf.connections.actions import preferences
    from twinshelf.preferences.fields import DEFAULTS, value_of

    field = row.field
    return {
        "name": field.name,
        "value": msgspec.to_builtins(value_of(preferences(connection), field.name)),
        "default": msgspec.to_builtins(value_of(DEFAULTS, field.name)),
        "changed": row.changed,
        "label": str(field.label),
        "help": str(field.help),
        "unit": row.measure,
        "choices": [value for value, _words in field.choices],
    }
