"""`twinshelf returns`: what buyers ask for after an order, and deciding about it at a prompt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.orders import amount
from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open, whole

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.orders.models import ReturnRow
    from twinshelf.orders.returns.queries import ReturnView

Number = Annotated[str, typer.Argument(metavar="RETURN", help="Its number at TikTok.")]


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `returns` to the commands of `app`. `opened` gives the connection of a name, ready to ask for work."""
    returns = typer.Typer(no_args_is_help=True, help="See what buyers ask for after an order, and decide about it.")
    commands = _Commands(console, opened, complain)
    returns.command("list")(commands.list_)
    for command in (commands.show, commands.decide, commands.sync):
        returns.command()(command)
    app.add_typer(returns, name="returns")


@dataclass(frozen=True)
class _Commands:
    """The commands, with what the whole command line shares."""

    console: Console
    opened: Open
    complain: Complain

    def list_(
        self,
        stage: Annotated[str, typer.Option(help="Only those of a stage: applying, returning, shipped, …")] = "",
        connection: Named = "",
        json_: Json = False,
    ) -> None:
        """List returns, those with the nearest deadline first."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.orders.returns import queries

            if stage and stage not in queries.TABS:
                self._fail(f"“{stage}” is no stage.", f"There are: {', '.join(queries.TABS)}.")
            found = next((each for each in queries.TABS if each == stage), None)
            lines = [queries.line_of(row) for row in queries.returns(queries.ReturnFilter(stage=found), [chosen]).rows]
            if json_:
                print(json.dumps([_row_json(line.row) | {"reason": line.reason} for line in lines]))  # noqa: T201
                return
            table = Table(whole("Return"), whole("Order"), "Type", "Status", "Amount", "Decide by")
            for line in lines:
                row = line.row
                table.add_row(
                    row.return_id, row.order_id, row.get_kind_display(), row.get_stage_display(),
                    f"{amount(row.total, row.currency)} {row.currency}",
                    f"{row.deadline:%Y-%m-%d %H:%M} UTC" if row.deadline else "–",
                )  # fmt: skip
            self.console.print(table)

    def show(self, number: Number, connection: Named = "", json_: Json = False) -> None:
        """Show a return: what it is about, why, and what may be decided."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.orders.returns.queries import view_of

            view = view_of(self._row_of(chosen, number))
            if json_:
                print(json.dumps(_view_json(view)))  # noqa: T201
            else:
                _print(self.console, view)

    def decide(
        self,
        number: Number,
        decision: Annotated[str, typer.Argument(help="What to decide; without: what may be.")] = "",
        reason: Annotated[str, typer.Option(help="For a rejection: one of TikTok's reasons.")] = "",
        comment: Annotated[str, typer.Option(help="For a rejection: a message to the buyer.")] = "",
        offer: Annotated[str, typer.Option(help="For a partial refund: the amount.")] = "",
        restock: Annotated[bool, typer.Option("--restock", help="Put what came back into stock again.")] = False,
        connection: Named = "",
    ) -> None:
        """Decide about a return at TikTok. This cannot be undone."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf import messages
            from twinshelf.errors import NeedsPerson
            from twinshelf.orders.returns import actions, queries

            row = self._row_of(chosen, number)
            offered = {each.decision.value: each for each in queries.decisions_for(queries.view_of(row))}
            if not offered:
                self._fail(f"TikTok takes no decision about return {row.return_id} now.", _SEE.format(row.return_id))
            if decision not in offered:
                told = ", ".join(f"{name} ({each.action.label})" for name, each in offered.items())
                self._fail(
                    f"“{decision}” is no decision." if decision else "A decision is needed.", f"Give one: {told}."
                )
            reasons = dict(offered[decision].action.reasons)
            if reasons and reason not in reasons:
                told = ", ".join(f"{name} ({words})" for name, words in reasons.items())
                self._fail("One of TikTok's reasons is needed.", f"Give it with --reason: {told}.")
            try:
                actions.decide(
                    row, offered[decision].decision, by=COMMAND_LINE, reason=reason, comment=comment,
                    amount=queries.amount_from_text(offer), restock=restock or None,
                )  # fmt: skip
            except NeedsPerson as error:
                self._fail(messages.text(error), messages.remedy(error))
            self.console.print(f"The decision is on its way to TikTok. {_SEE.format(row.return_id)}")

    def sync(self, connection: Named = "") -> None:
        """Read what changed of the shop's returns."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.orders.returns import actions

            task = actions.sync_now(chosen, by=COMMAND_LINE)
            self.console.print(f"Task {task.id}: {task.title}. The workers carry it out. See: twinshelf returns list")

    def _row_of(self, chosen: Connection, number: str) -> ReturnRow:
        from twinshelf.orders.returns.queries import return_numbered

        row = return_numbered(number, [chosen])
        if row is None:
            self._fail(
                f"{chosen.name} has no return {number}.",
                "See which there are: twinshelf returns list, or read them first: twinshelf returns sync.",
            )
        return row

    def _fail(self, what: str, remedy: str) -> NoReturn:
        self.complain(what, remedy)
        raise typer.Exit(WRONG)


_SEE = "See: twinshelf returns show {}"


def _row_json(row: ReturnRow) -> dict[str, Any]:
    return {
        "return_id": row.return_id,
        "order_id": row.order_id,
        "type": row.kind,
        "stage": row.stage,
        "status": row.status,
        "total": amount(row.total, row.currency),
        "currency": row.currency,
        "deadline": row.deadline.isoformat() if row.deadline else None,
        "refund": row.refund_state,
        "stock": row.stock_state,
    }


def _view_json(view: ReturnView) -> dict[str, Any]:
    from twinshelf.orders.returns.queries import decisions_for

    return _row_json(view.row) | {
        "reason": view.reason,
        "items": [
            {"seller_sku": item.line.seller_sku, "title": item.line.title, "quantity": item.quantity,
             "refund": amount(item.refund.amount, item.refund.currency)}
            for item in view.items
        ],
        "decisions": [
            {"decision": each.decision.value, "reasons": dict(each.action.reasons)} for each in decisions_for(view)
        ],
        "problems": [{"code": problem.code, "facts": problem.facts} for problem in view.problems],
    }  # fmt: skip


def _print(console: Console, view: ReturnView) -> None:
    from twinshelf import messages
    from twinshelf.orders.returns.queries import decisions_for

    row = view.row
    console.print(
        f"Return {row.return_id} of order {row.order_id}: {row.get_kind_display()}, {row.get_stage_display()}"
    )
    console.print(f"{escape(view.reason)}. {amount(row.total, row.currency)} {row.currency}")
    table = Table("SKU", "Item", "Quantity", "Refund")
    for item in view.items:
        refund = f"{amount(item.refund.amount, item.refund.currency)} {item.refund.currency}"
        table.add_row(escape(item.line.seller_sku), escape(item.line.title), str(item.quantity), refund)
    console.print(table)
    if row.deadline:
        console.print(f"Decide by {row.deadline:%Y-%m-%d %H:%M} UTC; then TikTok decides for the buyer.")
    for each in decisions_for(view):
        console.print(f"  {each.decision.value}: {each.action.label}")
    for problem in view.problems:
        console.print(f"{messages.text(problem)} {messages.remedy(problem)}", style="red", markup=False)
