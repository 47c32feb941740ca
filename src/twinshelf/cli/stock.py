"""`twinshelf stock`: how the number of a SKU in a shop is worked out."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `stock` to the commands of `app`. `opened` gives the connection of a name, ready to ask for work."""

    @app.command()
    def stock(
        sku: Annotated[str, typer.Argument(help="The SKU as TikTok has it.")],
        connection: Named = "",
        json_: Json = False,
    ) -> None:
        """Show what a shop should offer of a SKU, step by step, and what it shows. Exit code 1 if they differ."""
        with opened(connection) as (_account, chosen):
            from twinshelf.listings.inventory import queries

            link = queries.link_of_sku(chosen, sku)
            if link is None:
                complain(
                    f"{chosen.name} has no linked SKU “{sku}”.", "See the SKUs of both sides: twinshelf skus audit."
                )
                raise typer.Exit(WRONG)
            found = queries.detail(link, chosen)
            told: dict[str, Any] = {
                "sku": link.seller_sku,
                "should_be": found.side.expected_quantity if found.side is not None else 0,
                "sent": link.sent,
                "on_tiktok": link.quantity,
                "read_at": link.read_at.isoformat() if link.read_at else None,
                "standing": found.line.standing,
                "steps": queries.steps_of(found),
                "held": [{"order": each.order_id, "units": each.units} for each in found.held_for],
            }
            if json_:
                print(json.dumps(told))  # noqa: T201
            else:
                _print(console, told)
            if found.line.differs:
                raise typer.Exit(1)


def _print(console: Console, told: dict[str, Any]) -> None:
    from twinshelf.console import words

    table = Table("Step", "Units after it")
    for step in told["steps"]:
        table.add_row(escape(words.step_title(step["rule"], step["figure"])), f"{step['after']:,}")
    console.print(table)
    for each in told["held"]:
        console.print(f"Held: {each['units']} for order {each['order']}", markup=False)
    shown = "–" if told["on_tiktok"] is None else f"{told['on_tiktok']:,}"
    sent = "–" if told["sent"] is None else f"{told['sent']:,}"
    console.print(f"Should be {told['should_be']:,}, sent {sent}, on TikTok {shown}", markup=False)
