"""`twinshelf order`: one order at a prompt: what became of it, and what the console offers for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open, whole

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.orders.models import ShopOrderRow
    from twinshelf.orders.queries import Candidate, OrderView

Number = Annotated[str, typer.Argument(metavar="ORDER", help="Its number at TikTok, or in BigCommerce.")]


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `order` to the commands of `app`. `opened` gives the connection of a name, ready to ask for work."""
    order = typer.Typer(no_args_is_help=True, help="Look at one order, and put right what keeps it back.")
    commands = _Commands(console, opened, complain)
    for command in (commands.show, commands.retry, commands.link, commands.cancel, commands.answer):
        order.command()(command)
    app.add_typer(order, name="order")


@dataclass(frozen=True)
class _Commands:
    """The commands, with what the whole command line shares."""

    console: Console
    opened: Open
    complain: Complain

    def show(self, number: Number, connection: Named = "", json_: Json = False) -> None:
        """Show an order on both sides: its items and what they are linked to, and why it is kept back."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.orders.queries import view_of

            view = view_of(self._row_of(chosen, number))
            if json_:
                print(json.dumps(_as_json(view)))  # noqa: T201
            else:
                _print(self.console, view)

    def retry(self, number: Number, connection: Named = "") -> None:
        """Try again now to create the order in BigCommerce. Never makes a second one."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.orders import actions

            row = self._row_of(chosen, number)
            if row.store_order_id:
                self.console.print(f"Order {row.order_id} is in BigCommerce already, as {row.store_order_id}.")
                return
            actions.retry(row, by=COMMAND_LINE)
            self.console.print(f"Order {row.order_id} is tried again by the workers. {_LATER.format(row.order_id)}")

    def link(
        self,
        number: Number,
        sku: Annotated[str, typer.Argument(help="The SKU of the item, as TikTok has it.")],
        variant: Annotated[
            str,
            typer.Argument(help="What it is in BigCommerce: a SKU, or the id of a variant. Without: what it may be."),
        ] = "",
        connection: Named = "",
        search: Annotated[str, typer.Option(help="Look for this SKU, barcode or title.")] = "",
    ) -> None:
        """Say which product of the store an item is. It is remembered, and the order is created by itself."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.orders import actions, queries

            row = self._row_of(chosen, number)
            line = queries.line_named(queries.view_of(row).order, sku)
            if line is None:
                self._fail(
                    f"Order {row.order_id} has no item with the SKU {sku}.", f"See: twinshelf order show {row.order_id}"
                )
            if not variant:
                found = queries.candidates(chosen, line, search)
                _print_candidates(self.console, found)
                return
            named = queries.variant_named(chosen, variant)
            if len(named) != 1:
                known = "No variant" if not named else "More than one variant"
                self._fail(
                    f"{known} of {chosen.store} has the SKU or id {variant}.",
                    f"See what it may be: twinshelf order link {row.order_id} {sku}",
                )
            actions.link(row, sku_id=line.sku_id, variant_id=named[0].variant_id, by=COMMAND_LINE)
            self.console.print(
                f"{sku} is {named[0].sku or named[0].variant_id} from now on. {_LATER.format(row.order_id)}"
            )

    def cancel(
        self,
        number: Number,
        reason: Annotated[str, typer.Option(help="One of TikTok's reasons; without: those there are.")] = "",
        connection: Named = "",
    ) -> None:
        """Cancel an order at TikTok; BigCommerce follows. This cannot be undone."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.orders import actions, queries

            row = self._row_of(chosen, number)
            reasons = dict(queries.cancel_reasons(row))
            if not reasons:
                self._fail(f"TikTok does not let a seller cancel order {row.order_id} any more.", "See Seller Center.")
            if reason not in reasons:
                told = ", ".join(f"{name} ({words})" for name, words in reasons.items())
                self._fail(
                    f"“{reason}” is no reason." if reason else "A reason is needed.", f"Give one with --reason: {told}."
                )
            actions.cancel(row, reason, by=COMMAND_LINE)
            self.console.print(f"The cancellation is on its way to TikTok. {_LATER.format(row.order_id)}")

    def answer(
        self,
        number: Number,
        decision: Annotated[str, typer.Argument(help="accept or decline; without: what the buyer asks.")] = "",
        reason: Annotated[str, typer.Option(help="For declining: one of TikTok's reasons.")] = "",
        connection: Named = "",
    ) -> None:
        """Answer a buyer who asks to cancel an order: accepting cancels it on both sides. This cannot be undone."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf import messages
            from twinshelf.errors import NeedsPerson
            from twinshelf.orders import actions, queries

            row = self._row_of(chosen, number)
            request = next((each for each in queries.cancel_requests(row) if queries.actions_for_request(each)), None)
            if request is None:
                self._fail(
                    f"No buyer waits for an answer about order {row.order_id}.",
                    f"See: twinshelf order show {row.order_id}",
                )
            if decision not in {"accept", "decline"}:
                asked = f"The buyer asks to cancel: {request.reason}" if request.reason else "The buyer asks to cancel."
                self._fail(f"“{decision}” is no answer." if decision else asked, "Give one: accept or decline.")
            reasons = dict(request.reasons)
            if decision == "decline" and reason not in reasons:
                told = ", ".join(f"{name} ({words})" for name, words in reasons.items())
                self._fail("One of TikTok's reasons is needed.", f"Give it with --reason: {told}.")
            try:
                actions.answer_request(
                    row, request.cancel_id, grant=decision == "accept", reason=reason, by=COMMAND_LINE
                )
            except NeedsPerson as error:
                self._fail(messages.text(error), messages.remedy(error))
            self.console.print(f"The answer is on its way to TikTok. {_LATER.format(row.order_id)}")

    def _row_of(self, chosen: Connection, number: str) -> ShopOrderRow:
        from twinshelf.orders.queries import order_numbered

        row = order_numbered(number, [chosen])
        if row is None:
            self._fail(
                f"{chosen.name} has no order {number}.", "See which there are: twinshelf orders, or --fetch them first."
            )
        return row

    def _fail(self, what: str, remedy: str) -> NoReturn:
        self.complain(what, remedy)
        raise typer.Exit(WRONG)


_LATER = "See what comes of it: twinshelf order show {}"


def amount(value: Decimal, currency: str) -> str:
    """An amount as text, with as many decimals as the currency has: 47.63."""
    from twinshelf.documents import Money

    return f"{Money(value, currency).rounded().amount:f}"


def _as_json(view: OrderView) -> dict[str, Any]:
    from twinshelf.orders.queries import cancel_requests

    row = view.row
    return {
        "order_id": row.order_id,
        "status": row.status,
        "store_order_id": row.store_order_id,
        "creation": row.creation,
        "reason": row.reason,
        "total": amount(row.total, row.currency),
        "currency": row.currency,
        "placed_at": row.placed_at.isoformat(),
        "ship_by": row.ship_by.isoformat() if row.ship_by else None,
        "lines": [
            {
                "seller_sku": each.line.seller_sku,
                "sku_id": each.line.sku_id,
                "title": each.line.title,
                "quantity": each.line.quantity,
                "linked": each.linked,
                "deleted_in_store": each.gone,
            }
            for each in view.lines
        ],
        "requests": [
            {
                "cancel_id": each.cancel_id,
                "reason": each.reason,
                "deadline": each.deadline.isoformat() if each.deadline else None,
                "answer": each.answer,
                "reasons": dict(each.reasons),
            }
            for each in cancel_requests(row)
        ],
        "problems": [{"code": problem.code, "facts": problem.facts} for problem in view.problems],
    }


def _print(console: Console, view: OrderView) -> None:
    from twinshelf import messages
    from twinshelf.orders.queries import cancel_requests

    row = view.row
    console.print(f"TikTok order {row.order_id}: {row.status}, {amount(row.total, row.currency)} {row.currency}")
    console.print(f"In BigCommerce: {row.store_order_id or 'no'}" + (f". {escape(row.reason)}" if row.reason else ""))
    table = Table("SKU", "Item", "Quantity", "In BigCommerce")
    for each in view.lines:
        state = "linked" if each.linked else "deleted there" if each.gone else "not linked"
        name = each.line.seller_sku or each.line.sku_id
        table.add_row(escape(name), escape(each.line.title), str(each.line.quantity), state)
    console.print(table)
    for request in cancel_requests(row):
        console.print(
            f"The buyer asks to cancel: {request.reason}. Answer: twinshelf order answer {row.order_id}",
            style="yellow",
            markup=False,
        )
    for problem in view.problems:
        console.print(f"{messages.text(problem)} {messages.remedy(problem)}", style="red", markup=False)


def _print_candidates(console: Console, found: list[Candidate]) -> None:
    if not found:
        console.print("No product fits. Look for one with --search, or pull first: twinshelf pull.")
        return
    table = Table(whole("Variant"), whole("SKU"), "Barcode", "Product", "Options", "Stock")
    for each in found:
        stock = "–" if each.stock is None else str(each.stock)
        table.add_row(each.variant_id, escape(each.sku), each.gtin, escape(each.title), escape(each.options), stock)
    console.print(table)
