"""`twinshelf deadlines`: what waits for the merchant, the nearest first."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.cli.shared import Json, Named, Open, whole

_MOST = 1000


def mount(app: typer.Typer, console: Console, opened: Open) -> None:
    """Add `deadlines` to the commands of `app`. `opened` gives the connection of a name."""

    @app.command()
    def deadlines(connection: Named = "", json_: Json = False) -> None:
        """List what is due, the nearest first: orders to ship, holds, requests of buyers, access that ends.

        Times are the shop's own. At most the first 1,000 are listed. The exit code is 1 where something is late.
        """
        with opened(connection) as (_account, chosen):
            from twinshelf.console import words
            from twinshelf.orders.deadlines import queries
            from twinshelf.orders.deadlines.plan import Span

            found = queries.deadlines(queries.DeadlineFilter(size=_MOST), [chosen])
            if json_:
                told = [
                    {
                        "what": each.kind.value, "about": each.name, "shop": each.connection.name,
                        "due": each.at.isoformat(), "span": each.span.value,
                    }
                    for each in found.page.rows
                ]  # fmt: skip
                print(json.dumps(told))  # noqa: T201
            else:
                table = Table("What", whole("About"), "Shop", "Due", "When")
                for each in found.page.rows:
                    late = each.span is Span.LATE
                    when = str(words.SPANS[each.span]).lower()
                    table.add_row(
                        str(words.DEADLINES[each.kind].word), escape(each.name), escape(each.connection.name),
                        f"{each.at.astimezone(each.zone):%Y-%m-%d %H:%M %Z}", f"[red]{when}[/red]" if late else when,
                    )  # fmt: skip
                console.print(table)
            if found.counts[Span.LATE]:
                raise typer.Exit(1)
