"""`twinshelf diagnose`: why products, orders, stock or shipments of a connection do not move."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.cli.shared import Complain, Json, Named, Open


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `diagnose` to the commands of `app`. `opened` gives the connection of a name."""

    @app.command()
    def diagnose(
        connection: Named = "",
        sku: Annotated[
            str,
            typer.Option(
                help="Say of this SKU, or product number of BigCommerce, what keeps it, and how its stock comes about."
            ),
        ] = "",
        order: Annotated[
            str, typer.Option(help="Say of the order with this number on either side what keeps it.")
        ] = "",
        test: Annotated[
            bool,
            typer.Option("--test", help="First ask both platforms whether credentials, scopes and store are right."),
        ] = False,
        json_: Json = False,
    ) -> None:
        """Say what keeps products, orders, stock or shipments of a connection from moving.

        It looks at access, settings, SKUs and locations. Without --test it asks no platform; it changes nothing there.
        The exit code is 1 where something is kept back: not where it goes the other way by choice.
        """
        with opened(connection) as (_account, chosen):
            from twinshelf.accounts.actors import COMMAND_LINE
            from twinshelf.connections import actions
            from twinshelf.console import words
            from twinshelf.errors import Refused, Transient
            from twinshelf.listings.inventory import queries
            from twinshelf.proof import diagnosis

            if test:
                try:
                    actions.check_access(chosen, by=COMMAND_LINE)
                except (Transient, Refused) as error:
                    told = complain(f"The connection could not be tested: {error}.", "Try again later.")
                    raise typer.Exit(told) from error
            causes = diagnosis.of_connection(chosen, sku, order)
            link = queries.link_of_sku(chosen, sku) if sku else None
            steps = queries.steps_of(queries.detail(link, chosen)) if link is not None else ()
            if json_:
                found = [each.to_json() for each in causes]
                print(json.dumps({"connection": chosen.name, "causes": found, "stock": list(steps)}))  # noqa: T201
            else:
                table = Table("", "What", "Finding", "Remedy")
                for each in causes:
                    mark = "[red]✗[/red]" if each.kept else "[green]ok[/green]" if each.moves else "–"
                    table.add_row(mark, str(words.EXAMINED[each.topic]), escape(each.text), escape(each.remedy))
                console.print(table)
                if steps:
                    shown = Table("Step", "Units after it", title=escape(f"Stock of {sku}"))
                    for step in steps:
                        shown.add_row(escape(words.step_title(step["rule"], step["figure"])), f"{step['after']:,}")
                    console.print(shown)
            if any(each.kept for each in causes):
                raise typer.Exit(1)
