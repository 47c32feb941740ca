"""`twinshelf templates`: category templates, what they say, and which products conditions find."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinshelf.cli.shared import WRONG, Complain, Json, Named, Open

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.rules.conditions import RuleGroup
    from twinshelf.rules.models import Template
    from twinshelf.rules.queries import Fitting

Where = Annotated[
    list[str] | None,
    typer.Option(metavar="CONDITION", help="FIELD OPERATOR TEXT, as in “brand equals Sagaform”; repeatable."),
]
Name = Annotated[str, typer.Argument(help="The template's name; capitals make no difference.")]


def mount(app: typer.Typer, console: Console, opened: Open, complain: Complain) -> None:
    """Add `templates` to the commands of `app`. `opened` gives the connection of a name."""
    commands = typer.Typer(
        name="templates", help="Show category templates, and which products conditions find.", no_args_is_help=True
    )

    @commands.command(name="list")
    def list_(connection: Named = "", json_: Json = False) -> None:
        """List the category templates in the order in which they are tried, with the number of their products."""
        with opened(connection) as (_account, chosen):
            _print_list(console, chosen, as_json=json_)

    @commands.command()
    def show(name: Name, connection: Named = "", json_: Json = False) -> None:
        """Show what a template says: its category, conditions, mapped attributes and price rule."""
        with opened(connection) as (_account, chosen):
            _print_one(console, _named(chosen, name, complain), as_json=json_)

    @commands.command(name="run-query")
    def run_query(
        name: Annotated[str, typer.Argument(metavar="[NAME]", help="A template; or say conditions.")] = "",
        where: Where = None,
        any_: Annotated[bool, typer.Option("--any", help="One of the conditions is enough.")] = False,
        limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many products.")] = 20,
        connection: Named = "",
        json_: Json = False,
    ) -> None:
        """Show which products fit a template's conditions, or others. Changes nothing.

        For example: twinshelf templates run-query --where "brand equals Sagaform" --where "title contains rug"
        """
        if bool(name) is bool(where):
            complain("Which conditions?", "Name a template, or give some: --where “brand equals Sagaform”.")
            raise typer.Exit(WRONG)
        with opened(connection) as (_account, chosen):
            from twinshelf.rules import queries

            if name:
                group = queries.rules_of(_named(chosen, name, complain)).group
            else:
                group = _group(where or [], any_, complain)
            _print_found(console, chosen, queries.run_query(chosen, group, size=limit), as_json=json_)

    app.add_typer(commands)


def _named(connection: Connection, name: str, complain: Complain) -> Template:
    from twinshelf.rules import queries

    template = queries.template_named(connection, name)
    if template is None:
        complain(f"There is no template “{name}”.", "See all: twinshelf templates list")
        raise typer.Exit(WRONG)
    return template


def _print_list(console: Console, connection: Connection, *, as_json: bool) -> None:
    from twinshelf.listings.queries import default_template
    from twinshelf.rules import queries

    counts = queries.product_counts(connection)
    default = default_template(connection)
    every = [*queries.templates_named(connection), *([default] if default else [])]
    if as_json:
        print(json.dumps([  # noqa: T201
            {"name": one.name, "default": one.is_default, "category_id": one.category_id,
             "category_path": one.category_path, "products": counts.get(one.id, 0)} for one in every
        ]))  # fmt: skip
        return
    table = Table("Template", "TikTok category", "Conditions", "Products")
    for one in every:
        group = queries.rules_of(one).group
        said = "all others" if one.is_default else f"{len(group.conditions)} ({group.match})"
        number = f"{counts.get(one.id, 0):,}"
        table.add_row(escape(one.name), escape(one.category_path) or one.category_id or "–", said, number)
    console.print(table)


def _print_one(console: Console, template: Template, *, as_json: bool) -> None:
    import msgspec

    from twinshelf.rules import queries

    rules = queries.rules_of(template)
    if as_json:
        said = {"name": template.name, "category_id": template.category_id, "category_path": template.category_path}
        print(json.dumps(said | msgspec.to_builtins(rules)))  # noqa: T201
        return
    console.print(f"{template.name}: {template.category_path or template.category_id}", markup=False)
    if rules.group.conditions:
        table = Table("Field", "Operator", "Text")
        for each in rules.group.conditions:
            table.add_row(each.field, each.operator, escape(each.value))
        console.print(f"Products join when {rules.group.match} of these are true:")
        console.print(table)
    mapped = Table("Attribute", "From", "Value")
    for rule in rules.attributes:
        value = ", ".join([*rule.values, *([rule.value] if rule.value else [])])
        mapped.add_row(escape(rule.name), escape(f"{rule.source} {rule.field}".strip()), escape(value) or "–")
    for variation in rules.variations or ():
        mapped.add_row(escape(variation.name), escape(f"option {variation.option}"), "–")
    if mapped.row_count:
        console.print(mapped)
    if rules.price_rule.kind != "none":
        console.print(f"Price rule: {rules.price_rule.kind} {rules.price_rule.value}")


def _print_found(console: Console, connection: Connection, result: Fitting, *, as_json: bool) -> None:
    from twinshelf.goods.queries import titles
    from twinshelf.rules import queries

    holders = queries.holder_names(connection, result.product_ids)
    known = titles(connection.store, result.product_ids)
    if as_json:
        rows = [
            {"product_id": one, "sku": known[one][0], "title": known[one][1], "template": holders.get(one, "")}
            for one in result.product_ids
        ]
        print(json.dumps({"total": result.total, "products": rows}))  # noqa: T201
        return
    console.print(f"Total {result.total:,} product(s) will be affected.")
    table = Table("SKU or number", "Title", "Template now")
    for one in result.product_ids:
        table.add_row(escape(known[one][0] or one), escape(known[one][1]), escape(holders.get(one, "Default")))
    if result.product_ids:
        console.print(table)


def _group(where: list[str], any_: Any, complain: Complain) -> RuleGroup:
    from twinshelf.rules.conditions import Condition, Field, Match, Operator, RuleGroup

    conditions = []
    for words in where:
        field, operator, value = [*words.split(maxsplit=2), "", "", ""][:3]
        if field.lower() not in set(Field) or operator.lower() not in set(Operator) or not value.strip():
            complain(
                f"“{words}” is no condition.",
                f"FIELD is one of {', '.join(Field)}; OPERATOR of {', '.join(Operator)}; then a text.",
            )
            raise typer.Exit(WRONG)
        conditions.append(Condition(Field(field.lower()), Operator(operator.lower()), value))
    return RuleGroup(Match.ANY if any_ else Match.ALL, tuple(conditions))
