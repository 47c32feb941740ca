"""`twinshelf diagnose`: why products, orders, stock or shipments of a connection do not move."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.cli.shared import Json, Named, Open


def mount(app: typer.Typer, console: Console, opened: Open) -> None:
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
        json_: Json = False,
    ) -> None:
        """Say what keeps products, orders, stock or shipments of a connection from moving.

        It looks at settings, SKUs and locations, asks no platform and changes nothing. The exit code is 1 where
        something is kept back.
        """
        with opened(connection) as (_account, chosen):
            from twinshelf.console import words
            from twinshelf.listings.inventory import queries
            from twinshelf.proof import diagnosis

            causes = diagnosis.of_connection(chosen, sku)
            link = queries.link_of_sku(chosen, sku) if sku else None
            steps = queries.steps_of(queries.detail(link, chosen)) if link is not None else ()
            if json_:
                found = [each.__dict__ for each in causes]
                print(json.dumps({"connection": chosen.name, "causes": found, "stock": list(steps)}))  # noqa: T201
            else:
                table = Table("", "What", "Finding", "Remedy")
                for each in causes:
                    mark = "[green]ok[/green]" if each.moves else "[red]✗[/red]"
                    table.add_row(mark, each.topic.capitalize(), escape(each.text), escape(each.remedy))
                console.print(table)
                if steps:
                    shown = Table("Step", "Units after it", title=escape(f"Stock of {sku}"))
                    for step in steps:
                        shown.add_row(escape(words.step_title(step["rule"], step["figure"])), f"{step['after']:,}")
                    console.print(shown)
            if not all(each.moves for each in causes):
                raise typer.Exit(1)
