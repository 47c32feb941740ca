"""`twinshelf accounts`: the accounts of the installation, and what the operator allows each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import WRONG, Complain, Json

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from twinshelf.accounts.models import Account


def mount(
    app: typer.Typer, console: Console, asking: Callable[[], AbstractContextManager[None]], complain: Complain
) -> None:
    """Add `accounts` to the commands of `app`. `asking` sets everything up."""
    commands = typer.Typer(name="accounts", help="Show the accounts, and what each may have.")

    @commands.callback(invoke_without_command=True)
    def accounts(context: typer.Context, *, json_: Json = False) -> None:
        """Show the accounts, how many TikTok Shops each has and may have, and whether cross-border sellers may join."""
        if context.invoked_subcommand is None:
            with asking():
                _print(console, as_json=json_)

    @commands.command()
    def terms(
        account: Annotated[str, typer.Argument(help="Name of the account.")],
        *,
        shops: Annotated[
            str, typer.Option(metavar="NUMBER", help="At most so many TikTok Shops; `any` for any number.")
        ] = "",
        cross_border: Annotated[
            bool | None,
            typer.Option("--cross-border/--no-cross-border", help="Whether shops of cross-border sellers may join."),
        ] = None,
    ) -> None:
        """Say what an account may have. Shops that it has already stay; a Global Store itself does not count.

        For example: twinshelf accounts terms "Fernhollow" --shops 3 --no-cross-border
        """
        with asking():
            from twinshelf.accounts import actions
            from twinshelf.accounts.queries import accounts_named

            found = accounts_named(account)
            if len(found) != 1 or not account:
                complain(f"There is no account “{account}”, or more than one.", "See all: twinshelf accounts")
                raise typer.Exit(WRONG)
            if shops not in {"", "any"} and not (shops.isascii() and shops.isdigit() and len(shops) < 7):
                complain(f"“{shops}” is no number of shops.", "Give a number, or any: --shops 3")
                raise typer.Exit(WRONG)
            most = {"": found[0].most_shops, "any": None}[shops] if shops in {"", "any"} else int(shops)
            takes = found[0].takes_cross_border if cross_border is None else cross_border
            actions.set_terms(found[0], most_shops=most, takes_cross_border=takes, by=COMMAND_LINE)
            _print(console, as_json=False)

    app.add_typer(commands)


def _print(console: Console, *, as_json: bool) -> None:
    from twinshelf.accounts.queries import accounts_named

    told = [_told(account) for account in accounts_named("")]
    if as_json:
        console.print_json(json.dumps(told))
        return
    table = Table("Account", "TikTok Shops", "Cross-border sellers")
    for each in told:
        most = "any number" if each["most_shops"] is None else each["most_shops"]
        takes = "may join" if each["takes_cross_border"] else "may not join"
        table.add_row(str(each["account"]), f"{each['shops']} of {most}", takes)
    console.print(table)


def _told(account: Account) -> dict[str, object]:
    from django_scopes import scope

    from twinshelf.connections.queries import counted_shops

    with scope(account=account):
        shops = counted_shops()
    return {
        "account": account.name,
        "shops": shops,
        "most_shops": account.most_shops,
        "takes_cross_border": account.takes_cross_border,
    }
