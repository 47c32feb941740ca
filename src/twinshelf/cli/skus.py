"""`twinshelf skus`: the SKUs of both sides, and by which SKU a variant is matched."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open

if TYPE_CHECKING:
    from twinshelf.rules.skus import Audit

_SIDES = {"store": "BigCommerce", "shop": "TikTok"}


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `skus` to the commands of `app`. `opened` gives the connection of a name, ready to ask for work."""
    skus = typer.Typer(no_args_is_help=True, help="Compare the SKUs of both sides, and say which belong together.")
    commands = _Commands(console, opened, complain)
    for command in (commands.audit, commands.match):
        skus.command()(command)
    app.add_typer(skus, name="skus")


@dataclass(frozen=True)
class _Commands:
    """The commands, with what the whole command line shares."""

    console: Console
    opened: Open
    complain: Complain

    def audit(
        self,
        connection: Named = "",
        json_: Json = False,
        csv_: Annotated[bool, typer.Option("--csv", help="Print a CSV file instead of tables.")] = False,
    ) -> None:
        """List missing and duplicate SKUs, and those that are nearly equal. The exit code is 1 where there are any."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.kit.csv_files import lines
            from twinshelf.listings import auditing
            from twinshelf.listings.queries import audit_rows

            found = auditing.titled(chosen, auditing.audit(chosen))
            if json_:
                print(msgspec.json.encode(found).decode())  # noqa: T201
            elif csv_:
                sys.stdout.writelines(lines(*audit_rows(found)))
            else:
                _print(self.console, found)
        if not found.clean:
            raise typer.Exit(1)

    def match(
        self,
        variant: Annotated[str, typer.Argument(help="A variant of the store: its SKU or id.")],
        sku: Annotated[str, typer.Argument(help="The SKU that TikTok has for it; without: its own again.")] = "",
        connection: Named = "",
    ) -> None:
        """Match a variant with TikTok by another SKU than BigCommerce's (Channel SKU)."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.listings import actions
            from twinshelf.orders.queries import variant_named

            named = variant_named(chosen, variant)
            if len(named) != 1:
                known = "No variant" if not named else "More than one variant"
                self.complain(f"{known} of {chosen.store} has the SKU or id {variant}.", "Give the id of a variant.")
                raise typer.Exit(WRONG)
            actions.set_channel_sku(chosen, named[0].variant_id, sku, by=COMMAND_LINE)
            self.console.print(f"{variant} is matched with TikTok by the SKU {sku or named[0].sku}.", markup=False)


def _print(console: Console, found: Audit) -> None:
    console.print(f"{found.checked['store']:,} SKUs of BigCommerce and {found.checked['shop']:,} of TikTok compared.")
    if found.clean:
        console.print("All SKUs are in order.")
        return
    if found.near:
        table = Table("In BigCommerce", "On TikTok", "What differs", title=f"Nearly equal: {found.near_count:,}")
        for near in found.near:
            table.add_row(escape(near.first.code), escape(near.second.code), escape(near.difference))
        console.print(table)
    if found.doubled:
        table = Table("SKU", "Where", title=f"Used several times: {found.doubled_count:,}")
        for one in found.doubled:
            where = ", ".join(f"{_SIDES[sku.side]} {sku.title or sku.product_id}" for sku in one.skus)
            table.add_row(escape(one.code), escape(where))
        console.print(table)
    if found.missing:
        table = Table("Side", "Product", "Variant", title=f"Missing: {found.missing_count:,}")
        for sku in found.missing:
            table.add_row(_SIDES[sku.side], escape(sku.title or sku.product_id), sku.id)
        console.print(table)
