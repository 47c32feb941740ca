"""`twinshelf problems`: what only a person can put right, grouped by cause, and trying again once it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.sync.models import Problem
    from twinshelf.sync.queries import ProblemGroup


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `problems` to the commands of `app`. `opened` gives the connection of a name, ready to ask for work."""

    @app.command()
    def problems(
        code: Annotated[str, typer.Argument(metavar="[CODE]", help="Only this problem, one by one.")] = "",
        retry: Annotated[bool, typer.Option("--retry", help="Try again what has the problem CODE.")] = False,
        limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many, the newest first.")] = 50,
        connection: Named = "",
        json_: Json = False,
    ) -> None:
        """Show what only a person can put right, with its remedy; with a code, each product or order that has it.

        For example: twinshelf problems E-LST-IMG, and once it is put right: twinshelf problems E-LST-IMG --retry
        """
        code = code.upper()
        if retry and not code:
            complain("Which problem?", "Give its code, as in: twinshelf problems E-LST-IMG --retry")
            raise typer.Exit(WRONG)
        with opened(connection) as (account, chosen):
            from twinshelf.sync import actions, queries

            groups = [group for group in queries.problem_groups() if code in {"", group.code}]
            if retry:
                tried = sum(
                    actions.retry_group(account, kind=group.kind, code=group.code, by=COMMAND_LINE) for group in groups
                )
                console.print(f"{tried:,} tried again by the workers. See what is left: twinshelf problems {code}")
            elif code:
                _print_each(console, chosen, queries.problems(code=code, size=limit).rows, as_json=json_)
            else:
                _print_groups(console, groups, as_json=json_)


def _print_groups(console: Console, groups: list[ProblemGroup], *, as_json: bool) -> None:
    from twinshelf import messages

    if as_json:
        print(json.dumps([  # noqa: T201
            {"code": one.code, "kind": one.kind, "count": one.count, "title": messages.title(one.code),
             "text": one.text, "remedy": messages.message(one.code).remedy} for one in groups
        ]))  # fmt: skip
        return
    if not groups:
        console.print("No problems.")
        return
    table = Table(Column("Code", no_wrap=True), "Problem", "Number", "What to do")
    for one in groups:
        problem = one.text if one.one_cause else messages.title(one.code)
        table.add_row(one.code, escape(problem), f"{one.count:,}", escape(messages.message(one.code).remedy))
    console.print(table)
    console.print("Each one by itself: twinshelf problems CODE")


def _print_each(console: Console, connection: Connection, rows: Sequence[Problem], *, as_json: bool) -> None:
    from twinshelf import messages
    from twinshelf.goods.queries import titles

    if as_json:
        print(json.dumps([  # noqa: T201
            {"code": one.code, "kind": one.lane.kind, "key": one.key, "text": messages.text(one),
             "remedy": messages.remedy(one), "blocking": one.blocking, "opened_at": one.opened_at.isoformat()}
            for one in rows
        ]))  # fmt: skip
        return
    if not rows:
        console.print("No such problem.")
        return
    names = titles(connection.store, [one.key for one in rows])
    table = Table("Product or order", "Problem")
    for one in rows:
        sku, title = names.get(one.key, (one.key, ""))
        table.add_row(escape(f"{sku or one.key} {title}".strip()), escape(messages.text(one)))
    console.print(table)
    console.print(messages.remedy(rows[0]), markup=False, soft_wrap=True)
