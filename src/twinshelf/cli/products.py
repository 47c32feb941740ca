"""`twinshelf products`: what the menu of a product offers, at a prompt and for many products at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open, whole

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.listings.queries import ProductLine
    from twinshelf.rules.own import ProductChoices
    from twinshelf.sync.models import Task

Change = Callable[["ProductChoices"], "ProductChoices"]
Products = Annotated[list[str], typer.Argument(metavar="PRODUCT…", help="SKUs, or BigCommerce's product numbers.")]
_FAILED, _PARTLY = 1, 3


def mount(
    app: typer.Typer,
    console: Console,
    opened: Open,
    complain: Complain,
    *,
    pulled: Callable[[Connection, list[str]], list[str]],
    follow: Callable[..., None],
) -> None:
    """Add `products` to the commands of `app`. `pulled` gives the ids of products by their names."""
    products = typer.Typer(no_args_is_help=True, help="Do to some products what their menu offers.")
    commands = _Commands(console, opened, complain, pulled, follow)
    for command in (
        commands.pull, commands.push, commands.status, commands.refresh, commands.size_chart, commands.certificate,
        commands.attributes, commands.brand, commands.category,
    ):  # fmt: skip
        products.command()(command)
    app.add_typer(products, name="products")


@dataclass(frozen=True)
class _Commands:
    """The commands, with what the whole command line shares."""

    console: Console
    opened: Open
    complain: Complain
    pulled: Callable[[Connection, list[str]], list[str]]
    follow: Callable[..., None]

    def pull(self, products: Products, connection: Named = "", json_: Json = False) -> None:
        """Read these products from BigCommerce again, now."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.goods import actions

            self._follow(actions.read_again(chosen.store, self.pulled(chosen, products), by=COMMAND_LINE), json_)

    def push(
        self,
        products: Products,
        template: Annotated[
            str, typer.Option(help="The category template that is to hold them; without: the one that each is in.")
        ] = "",
        warehouse: Annotated[
            str, typer.Option(help="The id of the warehouse that new ones sell from; without: the connection's.")
        ] = "",
        connection: Named = "",
        json_: Json = False,
    ) -> None:
        """List these products in the shop, or bring their listings up to date."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.errors import DocumentError
            from twinshelf.listings import actions
            from twinshelf.rules.queries import choosable

            held_by = None
            if template:
                named = [each for each in choosable(chosen) if each.name.casefold() == template.casefold()]
                if not named:
                    self._refuse(f"There is no template “{template}”.", "See them: twinshelf templates list")
                held_by = named[0]
            ids = self.pulled(chosen, products)
            try:
                task = actions.list_products(chosen, ids, held_by=held_by, warehouse_id=warehouse, by=COMMAND_LINE)
            except DocumentError as error:
                self._refuse(error.reason, "")
            self._follow(task, json_)

    def refresh(self, products: Products, connection: Named = "", json_: Json = False) -> None:
        """Read from TikTok how the listings of these products are."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.listings import actions

            self._follow(actions.refresh(chosen, self.pulled(chosen, products), by=COMMAND_LINE), json_)

    def status(self, products: Products, connection: Named = "", json_: Json = False) -> None:
        """Show whether these products are synced, and why not. The exit code is 1 if none is, 3 if some are not."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.listings.queries import lines_of

            ids = self.pulled(chosen, products)
            lines = lines_of(chosen, ids)
            shown = [_as_json(chosen, line) for line in lines]
            if json_:
                print(json.dumps(shown))  # noqa: T201
            else:
                _print(self.console, shown)
        self._end(sum(each["synced"] for each in shown), len(shown))

    def size_chart(
        self,
        products: Products,
        file: Annotated[Path | None, typer.Option(help="An image; without: its own one is taken away.")] = None,
        connection: Named = "",
    ) -> None:
        """Give these products a size chart."""
        with self.opened(connection) as (_account, chosen):
            kept = None if file is None else self._keep(chosen, file, "size_chart")
            self._change(chosen, products, lambda known: msgspec.structs.replace(known, size_chart=kept))

    def certificate(
        self,
        products: Products,
        number: Annotated[str, typer.Option("--id", help="The id of the certificate that the category takes.")],
        file: Annotated[list[Path], typer.Option(help="A PDF or an image; several are pages of one.")],
        expires: Annotated[
            datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which it ends.")
        ] = None,
        connection: Named = "",
    ) -> None:
        """Give these products a certificate, in place of the one of this id that they have."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.documents import ListingCertificate

            papers = tuple(self._keep(chosen, path, "certificate") for path in file)
            ends = None if expires is None else expires.replace(tzinfo=UTC).date()
            made = ListingCertificate(id=number, files=papers, expires=ends)

            def changed(known: ProductChoices) -> ProductChoices:
                others = (each for each in known.certificates if each.id != number)
                return msgspec.structs.replace(known, certificates=(*others, made))

            self._change(chosen, products, changed)

    def attributes(
        self,
        products: Products,
        values: Annotated[
            list[str],
            typer.Option("--set", metavar="NAME=VALUE", help="An attribute; without a value: as the template."),
        ],
        connection: Named = "",
    ) -> None:
        """Give these products attributes of their own."""
        with self.opened(connection) as (_account, chosen):
            given = {}
            for text in values:
                name, equals, value = text.partition("=")
                if not equals or not name.strip():
                    self._refuse(f"“{text}” is no NAME=VALUE.", "For example: --set Material=Cotton")
                given[name.strip()] = value.strip()

            def changed(known: ProductChoices) -> ProductChoices:
                from twinshelf.rules.conditions import fold

                names = {fold(name) for name in given}
                kept = {name: value for name, value in known.attributes.items() if fold(name) not in names}
                return msgspec.structs.replace(known, attributes=kept | {k: v for k, v in given.items() if v})

            self._change(chosen, products, changed)

    def brand(
        self,
        products: Products,
        name: Annotated[str, typer.Option(help="TikTok's name of the brand, whole; without: as the template.")] = "",
        connection: Named = "",
    ) -> None:
        """Give these products a brand of TikTok."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.listings import brands

            found = brands.find(chosen, name) if name else []
            same = next((each for each in found if each.name.casefold() == name.strip().casefold()), None)
            if name and same is None:
                near = ", ".join(each.name for each in found[:5])
                self._refuse(f"TikTok has no brand “{name}”.", f"It has: {near}." if near else "")
            kept = {"brand_id": same.id, "brand_name": same.name} if same else {"brand_id": "", "brand_name": ""}
            self._change(chosen, products, lambda known: msgspec.structs.replace(known, **kept))

    def category(
        self,
        products: Products,
        category: Annotated[
            str, typer.Option("--to", help="TikTok's category: its id or its whole path; without: as the template.")
        ] = "",
        connection: Named = "",
    ) -> None:
        """Give these products a category of TikTok."""
        with self.opened(connection) as (_account, chosen):
            from twinshelf.listings.queries import category_leaves
            from twinshelf.rules.categories import named

            leaf = None
            if category:
                leaves = category_leaves(chosen)
                leaf = leaves.get(category.strip()) or named(leaves, category, "")
                if leaf is None:
                    self._refuse(f"There is no category “{category}” in this market.", "Give its id or its whole path.")
            kept = {"category_id": leaf.id if leaf else "", "category_path": leaf.path if leaf else ""}
            self._change(chosen, products, lambda known: msgspec.structs.replace(known, **kept))

    # -- what they share --------------------------------------------------------------------------------------------

    def _follow(self, task: Task, json_: bool) -> None:
        self.follow(task, as_json=json_)

    def _refuse(self, what: str, remedy: str) -> NoReturn:
        self.complain(what, remedy)
        raise typer.Exit(WRONG)

    def _keep(self, connection: Connection, path: Path, use: Any) -> Any:
        from twinshelf.errors import DocumentError
        from twinshelf.listings import files

        try:
            return files.keep(connection, path.name, path.read_bytes(), use=use)
        except DocumentError as error:
            self._refuse(f"{path}: {error.reason}", "")

    def _change(self, connection: Connection, products: list[str], changed: Change) -> None:
        """Change what each of these products has of its own; one that does not fit keeps none of the others back."""
        from twinshelf.listings import actions
        from twinshelf.listings.facts import choices_of
        from twinshelf.rules.own import NONE

        ids = self.pulled(connection, products)
        known, failed = choices_of(connection, ids), 0
        for product_id in ids:
            try:
                actions.choose(connection, product_id, changed(known.get(product_id, NONE)), by=COMMAND_LINE)
            except actions.ChoicesUnfit as error:
                failed += 1
                self.complain("\n".join(f"{product_id}: {each.reason}" for each in error.found), "")
        self.console.print(f"{len(ids) - failed:,} of {len(ids):,} saved; TikTok follows by itself.", markup=False)
        self._end(len(ids) - failed, len(ids))

    def _end(self, fine: int, number: int) -> None:
        if fine < number:
            raise typer.Exit(_PARTLY if fine else _FAILED)


def _as_json(connection: Connection, line: ProductLine) -> dict[str, Any]:
    from twinshelf import messages

    (_connection, listing, _number) = line.listings[0]
    return {
        "product": line.product.product_id,
        "sku": line.product.sku,
        "title": line.product.title,
        "synced": connection.id in line.synced,
        "pending": connection.id in line.pending,
        "state": listing.state if listing is not None else "not_uploaded",
        "tiktok_id": listing.tiktok_id if listing is not None else "",
        "tiktok_status": listing.status if listing is not None else "",
        "problems": [
            {"code": each.code, "text": messages.text(each), "remedy": messages.remedy(each)} for each in line.problems
        ],
    }


def _print(console: Console, shown: Sequence[dict[str, Any]]) -> None:
    table = Table(whole("Product"), "Title", "Synced", whole("TikTok product"), "TikTok status", "Why not")
    for each in shown:
        synced = "synced" if each["synced"] else "update pending" if each["pending"] else "not synced"
        why = "\n".join(f"{one['text']} {one['remedy']} ({one['code']})" for one in each["problems"])
        table.add_row(
            escape(each["sku"] or each["product"]), escape(each["title"]), synced, each["tiktok_id"],
            each["tiktok_status"] or each["state"], escape(why),
        )  # fmt: skip
    console.print(table)
