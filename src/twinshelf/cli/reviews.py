"""`twinshelf review`: what a push would send, before it is sent, and the sending of exactly that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import Complain, Json, Named, Open

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.listings.models import Review, ReviewLine
    from twinshelf.listings.reviews.queries import Summary
    from twinshelf.sync.models import Task


_MOST_SHOWN = 100


Products = Annotated[
    list[str] | None, typer.Argument(metavar="[PRODUCT]…", help="SKUs, or BigCommerce's product numbers; none: all.")
]
Send = Annotated[int, typer.Option("--send", metavar="NUMBER", help="Send what this review shows, and nothing else.")]


class Follow(Protocol):
    """Shows a task until it has ended, and ends the command where it failed."""

    def __call__(self, task: Task, *, as_json: bool = False) -> None:
        """Show it; `as_json`: as JSON, once it has ended."""


@dataclass(frozen=True)
class Ways:
    """What the command needs of the others: a connection by name, products by name, to wait, to complain."""

    opened: Open
    pulled: Callable[[Any, list[str] | None], list[str]]
    follow: Follow
    complain: Complain


def mount(app: typer.Typer, console: Console, ways: Ways) -> None:
    """Add `review` to the commands of `app`."""

    @app.command()
    def review(products: Products = None, connection: Named = "", send: Send = 0, json_: Json = False) -> None:
        """Show what a push would send: new, changed before → after, and held back, with what it costs.

        For example: twinshelf review FH-6107, then twinshelf review --send 12
        """
        with ways.opened(connection) as (_account, chosen):
            from twinshelf.listings.reviews import actions, queries

            if send:
                try:
                    task = actions.send(_review(chosen, send, ways), by=COMMAND_LINE)
                except actions.NotReady:
                    what = f"Review {send} is not ready, or was sent already."
                    raise typer.Exit(ways.complain(what, "Make another: twinshelf review.")) from None
                ways.follow(task, as_json=json_)
                return
            made = actions.begin(chosen, ways.pulled(chosen, products) if products else None, by=COMMAND_LINE)
            if made.task is not None:
                ways.follow(made.task)
            found, lines = queries.summary(made), list(queries.all_lines(made))
            if json_:
                print(json.dumps(_as_json(made, found, lines)))  # noqa: T201
                return
            _print(console, made, found, lines)


def _review(connection: Connection, number: int, ways: Ways) -> Review:
    from twinshelf.listings.reviews import queries

    found = next((one for one in queries.latest(connection, limit=1000) if one.id == number), None)
    if found is None:
        raise typer.Exit(ways.complain(f"There is no review {number} of {connection}.", "Make one: twinshelf review."))
    return found


def _print(console: Console, made: Review, found: Summary, lines: list[ReviewLine]) -> None:
    import msgspec

    from twinshelf import messages
    from twinshelf.console import words
    from twinshelf.documents import Finding
    from twinshelf.listings.reviews.plan import Verdict

    numbers = ((word, found.products.get(name, 0)) for name, (_tint, _icon, word) in words.REVIEWED.items())
    counts = ", ".join(f"{number:,} {word}" for word, number in numbers if number)
    console.print(f"Review {made.id}: {counts or 'no product'}.", markup=False, soft_wrap=True)
    table = Table("SKU", "Product", "What happens", "Before → after")
    shown = [line for line in lines if line.verdict != Verdict.NOTHING]
    for line in shown[:_MOST_SHOWN]:
        rows = [
            f"{words.LISTING_FIELDS.get(name, name)} {sku}".strip() + f": {before or '–'} → {after}"
            for name, sku, before, after in line.rows
        ]
        rows += [messages.text(msgspec.convert(each, Finding)) for each in line.findings]
        what = str(words.REVIEWED[Verdict(line.verdict)][2])
        table.add_row(escape(line.sku), escape(line.title), what, escape("\n".join(rows)))
    if shown:
        console.print(table)
    if len(shown) > _MOST_SHOWN:
        console.print(f"And {len(shown) - _MOST_SHOWN:,} more; --json prints all.")
    console.print(
        f"{found.total:,} changes, {found.reviews:,} go to TikTok's review, {found.calls:,} calls beside pictures.",
        markup=False,
    )
    if found.total:
        console.print(f"To send exactly this: twinshelf review --send {made.id}", markup=False, soft_wrap=True)


def _as_json(made: Review, found: Summary, lines: list[ReviewLine]) -> dict[str, Any]:
    return {
        "review": made.id,
        "products": dict(found.products),
        "changes": dict(found.changes),
        "calls": found.calls,
        "reviews": found.reviews,
        "lines": [
            {
                "kind": line.kind, "product": line.key, "sku": line.sku, "title": line.title, "verdict": line.verdict,
                "fields": [dict(zip(("name", "sku", "before", "after"), row, strict=True)) for row in line.rows],
                "findings": line.findings,
            }
            for line in lines
        ],
    }  # fmt: skip
