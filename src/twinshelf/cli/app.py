"""The `twinshelf` command. Each command sets Django up for itself, so `--help` is instant."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.cli import (
    accounts,
    backups,
    deadlines,
    diagnosis,
    installation,
    problems,
    reviews,
    sandbox,
    settings,
    skus,
    templates,
    users,
)
from twinshelf.cli import orders as order_commands
from twinshelf.cli import products as products_commands
from twinshelf.cli import returns as return_commands
from twinshelf.cli import stock as stock_command
from twinshelf.cli.orders import amount
from twinshelf.cli.shared import Json, Named, whole

if TYPE_CHECKING:
    from twinshelf.accounts.models import Account
    from twinshelf.connections.models import Connection
    from twinshelf.documents import Plan
    from twinshelf.sync.models import Task

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_show_locals=False,  # they may hold a token
    help="Keeps BigCommerce stores and TikTok Shops in step.",
)
console = Console()
errors = Console(stderr=True)
Host = Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0: at all of this machine.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen at; 0: any that is free.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")]
Products = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PRODUCT]…",
        help="SKUs, or BigCommerce's product numbers (the last part of a product's address in the control panel).",
    ),
]

PARTLY = 3
"""The exit code where some of what was asked for failed, and the rest was done."""


def main() -> None:
    """Entry point: problems a person can mend are told in a line with their remedy, never as a traceback."""
    try:
        sys.argv[1:] = [_utf8(word) for word in sys.argv[1:]]
        app()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        code = _told(error)
        if code is None:
            raise
        sys.exit(code)


def _utf8(word: str) -> str:
    try:
        word.encode()
    except UnicodeEncodeError:
        sys.exit(_complain("An argument is not UTF-8 text.", "Set your terminal to UTF-8.") + 1)
    return word


def _told(error: Exception) -> int | None:
    """Tell an error that a person can mend. Returns the exit code; None for one that is a bug."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError, OperationalError
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from twinshelf import messages
    from twinshelf.errors import NeedsPerson, TwinshelfError

    match error:
        case NeedsPerson():
            return _complain(messages.text(error), f"{messages.remedy(error)} ({error.code})")
        case TwinshelfError() | ImproperlyConfigured():
            return _complain(str(error))
        case ValidationError():
            named = "; ".join(f"TWINSHELF_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors() if e["loc"])
            return _complain(f"A setting cannot be read: {named or error.title}.")
        case SettingsError():
            return _complain(f"A setting cannot be read: {error}.", "Lists are written as JSON.")
        case OperationalError():
            return _complain(
                f"The database does not answer: {error}", "Start it, or correct TWINSHELF_DATABASE_URL or _DATA."
            )
        case DatabaseError():
            return _complain(f"The database cannot be read: {error}", "Correct TWINSHELF_DATABASE_URL or _DATA.")
        case OSError():
            return _complain(str(error), "Free what is taken, or choose another: --port, TWINSHELF_DATA.")
    return None


def _complain(what: str, remedy: str = "") -> int:
    """Say what is wrong, and what to do about it, where it does not mix with results. The exit code 1."""
    errors.print(what.strip(), style="red", markup=False, soft_wrap=True)
    if remedy:
        errors.print(remedy, markup=False, soft_wrap=True)
    return 1


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        console.print(version("twinshelf"))
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    env: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Read settings from this file, such as a demo's demo.env.")
    ] = None,
) -> None:
    """Keeps BigCommerce stores and TikTok Shops in step."""
    global _settings_file  # noqa: PLW0603 - an option that stands before the command
    _settings_file = env


_settings_file: Path | None = None


# -- processes ------------------------------------------------------------------------------------------------------


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8780) -> None:
    """Run web, worker and timetables in one process.

    Without TWINSHELF_BASE_URL, people and webhooks are told to come to the port that is given here.
    """
    _serve(host, port, works=True)


@app.command()
def web(host: Host = "127.0.0.1", port: Port = 8780) -> None:
    """Run the web server alone; workers run elsewhere."""
    _serve(host, port, works=False)


def _serve(host: str, port: int, *, works: bool) -> None:
    from twinshelf import processes

    named = installation.is_set("BASE_URL")
    installation.use(_settings_file)
    ports = processes.listen(host, port)  # before anything is made or any work begins
    if not named:
        installation.serve_at(processes.address_of(host, ports[0].getsockname()[1]))
    processes.set_up()
    processes.migrate()
    processes.require_app()
    stop = processes.start_engine() if works else processes.connect_engine()
    server = processes.WebServer(host, port, sockets=ports)
    server.start()
    console.print(f"Twinshelf listens on {processes.address_of(host, server.port)}")
    processes.wait_for_signal()
    server.stop()
    stop()


@app.command(name="worker")
def worker_command() -> None:
    """Run a worker alone: as many as the work needs, on as many machines."""
    from twinshelf import processes

    installation.use(_settings_file)
    processes.set_up()
    processes.migrate()
    processes.require_app()
    stop = processes.start_engine()
    console.print("Worker started")
    processes.wait_for_signal()
    stop()


sandbox.mount(app)
backups.mount(app)


@app.command()
def demo(
    exit: Annotated[bool, typer.Option("--exit", help="End after the proof; exit code 1 if anything differs.")] = False,  # noqa: A002 - the option's name
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the last demo and start over.")] = False,
    realistic: Annotated[bool, typer.Option("--realistic", help="Keep the platforms' own limits.")] = False,
    catalog: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="Use this catalog (JSON, JSONL, CSV) instead of our own shop.",
        ),
    ] = None,
    columns: Annotated[str, typer.Option(help="Which column is what: title=name,price=preis")] = "",
    products: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Make this many products; 0: as many as there are.")
    ] = 0,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of Twinshelf.")] = 8780,
    sandbox_port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the sandbox.")] = 8790,
    data: Annotated[Path, typer.Option(file_okay=False, help="Where the demo keeps its databases.")] = Path(
        "data/demo"
    ),
) -> None:
    """Show the main job, end to end, against the sandbox: list, sell, hold, cancel, ship, change, prove."""
    sandbox.require()
    from twinshelf.cli import demo as demo_module

    options = demo_module.Options(
        exit=exit, fresh=fresh, realistic=realistic, catalog=catalog, columns=columns, products=products, port=port,
        sandbox_port=sandbox_port, data=data,
    )  # fmt: skip
    sys.exit(demo_module.run(options, console, print_report))


# -- work -----------------------------------------------------------------------------------------------------------


@contextmanager
def _asking(*, makes: bool = False) -> Iterator[None]:
    """Set up so that this command can ask the workers for something.

    Only a command that `makes` an installation may do so where there is none, or bring its tables up to date.
    """
    if demo := installation.use(_settings_file):
        errors.print(f"This is the demo's installation, in {demo}.", style="dim", markup=False, soft_wrap=True)
    if not makes and (missing := installation.missing()):
        _complain(*missing)
        raise typer.Exit(2)
    from twinshelf import processes

    processes.set_up()
    if makes:
        processes.migrate()
    else:
        processes.require_tables()
    stop = processes.connect_engine()
    try:
        yield
    finally:
        stop()


@app.command()
def connect(
    store: Annotated[str, typer.Option(help="Store hash or control-panel address.")],
    token: Annotated[
        str, typer.Option(envvar="TWINSHELF_STORE_TOKEN", help="Access token of a store-level API account.")
    ],
    account: Annotated[str, typer.Option(help="Name of the account; made if there is none.")] = "Main",
    email: Annotated[str, typer.Option(help="Email of the account's owner.")] = "",
    password: Annotated[
        str, typer.Option(envvar="TWINSHELF_PASSWORD", help="Owner's password, for a new account.")
    ] = "",
    client_secret: Annotated[
        str, typer.Option(envvar="TWINSHELF_STORE_SECRET", help="Client secret, to check webhooks.")
    ] = "",
    code: Annotated[str, typer.Option(help="Authorization code of TikTok Shop, to connect its shops as well.")] = "",
) -> None:
    """Connect a store, and with --code the shops of a TikTok seller, each paired with it."""
    from django_scopes import scope

    with _asking(makes=True):
        from twinshelf.connections import actions

        owner = _account_to_connect(account, email, password)
        with scope(account=owner):
            connected = actions.connect_store(
                owner, store_hash_or_url=store, access_token=token, client_secret=client_secret, by=COMMAND_LINE
            )
            console.print(f"Connected store {connected.name} ({connected.hash}), {connected.currency}")
            for shop in actions.authorize_shops(owner, code, by=COMMAND_LINE) if code else []:
                pair = actions.pair(
                    owner, store=connected, shop=shop, name=f"{connected.name} → {shop.name}", by=COMMAND_LINE
                )
                console.print(f"Paired with TikTok Shop {shop.name} ({shop.region}) as “{pair.name}”")
                if connected.currency != shop.currency:
                    console.print(
                        f"The store uses {connected.currency}, the shop {shop.currency}: nothing is priced before you"
                        f" confirm what 1 {connected.currency} is worth in {shop.currency}:\n"
                        f"  twinshelf settings set exchange_rate RATE --connection “{pair.name}”",
                        markup=False,
                        soft_wrap=True,
                    )


@app.command()
def reseal() -> None:
    """Encrypt credentials and buyers anew under the first key of TWINSHELF_KEY, so that older ones can be taken out.

    Put the new key first, restart every process, then run this. It may be repeated.
    """
    with _asking():
        from twinshelf.accounts import actions as accounts
        from twinshelf.connections import actions as connections
        from twinshelf.orders import actions as orders

        count = accounts.reseal() + connections.reseal() + orders.reseal()
        console.print(f"Encrypted {count} value(s) anew. Nothing is under an older key any more.")
        console.print("Backups made before still need the older key.")


def _account_to_connect(name: str, email: str, password: str) -> Account:
    """The account of that name and owner, made if there is none. Complains and exits where it cannot be told which."""
    from twinshelf.accounts import actions as accounts
    from twinshelf.accounts.queries import account_of_owner

    if not email:
        _complain(
            f"The account “{name}” may be anybody's: accounts are told apart by their owner.",
            "Give --email and, for a new account, --password (or TWINSHELF_PASSWORD).",
        )
        raise typer.Exit(2)
    if found := account_of_owner(name, email):
        return found
    if not password:
        _complain(
            f"{email} owns no account “{name}” yet, and a new one needs the owner's password.",
            "Give --password (or TWINSHELF_PASSWORD).",
        )
        raise typer.Exit(2)
    try:
        return accounts.create_account(name, owner_email=email, password=password, by=COMMAND_LINE)
    except accounts.EmailTaken:
        raise typer.Exit(
            _complain(
                f"Somebody signs in as {email} already, and not with this password. Nothing was made.",
                f"Give their own, or set it first if the address is yours: twinshelf password {email}",
            )
        ) from None


@app.command()
def password(
    email: Annotated[str, typer.Argument(help="Whom to give a new password.")],
    password: Annotated[
        str, typer.Option(envvar="TWINSHELF_PASSWORD", prompt=True, hide_input=True, help="The new password.")
    ],
) -> None:
    """Give a user a new password, where they cannot reset it by email. Whoever is signed in as them is signed out."""
    from django.core.exceptions import ValidationError

    with _asking():
        from twinshelf.accounts import actions

        try:
            actions.set_password(email, password, by=COMMAND_LINE)
        except actions.NoSuchUser:
            raise typer.Exit(_complain(f"Nobody signs in as {email}.", "Give the address they sign in with.")) from None
        except ValidationError as error:
            raise typer.Exit(_complain(" ".join(error.messages), "Choose another password.")) from None
        console.print(f"{email} has a new password.")


@app.command()
def pull(
    connection: Named = "",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Changed since then (UTC); without: everything."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Last changed until then (UTC)."),
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="Only what changed since the last pull.")] = False,
    json_: Json = False,
) -> None:
    """Read the store's products."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.goods import actions, queries

        if last and (since or until):
            raise typer.BadParameter("Give either --last or a time, not both.", param_hint="--last")
        begin = queries.changed_since(chosen.store) if last else since.replace(tzinfo=UTC) if since else None
        end = until.replace(tzinfo=UTC) if until else None
        if begin and end and end < begin:
            raise typer.BadParameter("It is before --since.", param_hint="--until")
        _follow(actions.pull(chosen.store, since=begin, until=end, by=COMMAND_LINE), as_json=json_)


@app.command()
def plan(products: Products = None, connection: Named = "", json_: Json = False) -> None:
    """Show what a push would change, without changing anything. Without products: all.

    For example: twinshelf plan FH-6107 112
    """
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.sync import preview

        ids, owner = _pulled(chosen, products), f"connection:{chosen.id}"
        plans = [
            (kind, one)
            for kind in ("listing", "price", "stock")
            for one in preview.preview(chosen.account_id, owner, [kind], ids)
        ]
        _print_plans(chosen, plans, as_json=json_)


@app.command()
def push(products: Products = None, connection: Named = "", json_: Json = False) -> None:
    """List products in the shop and bring listings up to date. Without products: all.

    For example: twinshelf push FH-6107 112
    """
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.listings import actions

        _follow(actions.list_products(chosen, _pulled(chosen, products), by=COMMAND_LINE), as_json=json_)


ToSwitch = Annotated[list[str], typer.Argument(metavar="PRODUCT…", help="SKUs, or BigCommerce's product numbers.")]


@app.command()
def deactivate(products: ToSwitch, connection: Named = "", json_: Json = False) -> None:
    """Take live listings off sale. Put on sale again, they go through TikTok's review once more."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.listings import actions

        _follow(actions.deactivate(chosen, _pulled(chosen, products), by=COMMAND_LINE), as_json=json_)


@app.command()
def activate(products: ToSwitch, connection: Named = "", json_: Json = False) -> None:
    """Put listings on sale that were taken off. TikTok reviews them first."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.listings import actions

        _follow(actions.activate(chosen, _pulled(chosen, products), by=COMMAND_LINE), as_json=json_)


@app.command()
def orders(
    connection: Named = "",
    fetch: Annotated[bool, typer.Option("--fetch", help="Read what changed first.")] = False,
    limit: Limit = 30,
    json_: Json = False,
) -> None:
    """Show the latest TikTok orders and their BigCommerce orders."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.orders import actions, queries

        code = _carry_out(actions.fetch_now(chosen, by=COMMAND_LINE), quiet=json_) if fetch else 0
        rows = queries.latest_orders(chosen, limit)
        if json_:
            print(json.dumps([  # noqa: T201
                {"order_id": r.order_id, "status": r.status, "store_order_id": r.store_order_id,
                 "total": amount(r.total, r.currency), "currency": r.currency, "reason": r.reason} for r in rows
            ]))  # fmt: skip
            raise typer.Exit(code)
        table = Table(whole("TikTok order"), "Status", whole("BigCommerce"), "Total", "Why not")
        for row in rows:
            table.add_row(
                row.order_id,
                row.status,
                str(row.store_order_id or "–"),
                f"{amount(row.total, row.currency)} {row.currency}",
                row.reason,
            )
        console.print(table)
        raise typer.Exit(code)


@app.command(name="tasks")
def tasks_command(limit: Limit = 20, json_: Json = False) -> None:
    """Show the latest tasks."""
    from django_scopes import scopes_disabled

    with _asking(), scopes_disabled():
        from twinshelf.sync.queries import latest_tasks

        rows = latest_tasks(limit)
        if json_:
            print(json.dumps([_task_json(row) for row in rows]))  # noqa: T201
            return
        table = Table("#", "Task", "State", "Done", "Failed", "Skipped", "Of")
        for row in rows:
            table.add_row(
                str(row.id),
                row.title,
                row.get_state_display(),
                str(row.succeeded),
                str(row.failed),
                str(row.skipped),
                str(row.total or "–"),
            )
        console.print(table)


@app.command()
def prove(connection: Named = "", json_: Json = False) -> None:
    """Read both platforms afresh and compare everything. Exit code 1 if anything differs."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.proof import actions

        task = actions.check(chosen, by=COMMAND_LINE)
        _show(task, hidden=json_)
        if task.state != "completed":
            _complain(f"{task.title}: {task.get_state_display()}. {task.summary}")
            raise typer.Exit(1)
        report: dict[str, Any] = task.cursor.get("report", {})
        if json_:
            print(json.dumps(report))  # noqa: T201
        else:
            print_report(report)
        if report.get("differences"):
            raise typer.Exit(1)


@app.command()
def template(connection: Named = "", json_: Json = False) -> None:
    """Show how products become listings: their TikTok categories, attributes and packages."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.listings import queries
        from twinshelf.rules.templates import rules_from_json

        kept = queries.default_template(chosen)
        rules = rules_from_json(kept.rules if kept else {})
        default = (kept.category_id, kept.category_path) if kept else ("", "")
        if json_:
            import msgspec

            known = {"category_id": default[0], "category_path": default[1]}
            print(json.dumps(known | _whole(msgspec.to_builtins(rules))))  # noqa: T201
            return
        table = Table("Category in BigCommerce", "TikTok category", "Number")
        for rule in rules.categories:
            table.add_row(escape(rule.key), escape(rule.category_path) or "–", rule.category_id)
        table.add_row("everything else", escape(default[1]) or "none: needs you first", default[0] or "–")
        console.print(table)
        if rules.attributes:
            attributes = Table("Attribute", "From", "Value")
            for one in rules.attributes:
                attributes.add_row(
                    escape(one.name), escape(f"{one.source} {one.field}".strip()), escape(one.value) or "–"
                )
            console.print(attributes)
        console.print("Change it in the console: Connections → Template.")


@app.command()
def doctor(json_: Json = False) -> None:
    """Check this installation: settings, databases, credentials, webhooks, what is stuck."""
    with _asking():
        from twinshelf.cli import checkup

        findings = checkup.examine()
        if json_:
            print(json.dumps([finding.__dict__ for finding in findings]))  # noqa: T201
        else:
            table = Table("", "What", "Finding", "Remedy")
            for finding in findings:
                table.add_row(
                    "[green]ok[/green]" if finding.ok else "[red]✗[/red]",
                    escape(finding.what),
                    escape(finding.text),
                    escape(finding.remedy),
                )
            console.print(table)
        if not all(finding.ok for finding in findings):
            raise typer.Exit(1)


# -- helpers --------------------------------------------------------------------------------------------------------


@contextmanager
def _connection(name: str) -> Iterator[tuple[Account, Connection]]:
    """The connection of that name, or the only one there is, inside its account's scope."""
    from django_scopes import scope

    from twinshelf.connections.queries import connections_of_all_accounts

    rows = connections_of_all_accounts()
    chosen = [row for row in rows if row.name == name] if name else rows
    if len(chosen) != 1:
        if not rows:
            _complain("There is no connection yet.", "Make one: twinshelf connect, or the console's Connections page.")
        else:
            known = ", ".join(f"“{row.name}”" for row in rows)
            _complain(f"There is no connection “{name}”." if name else "There are several connections.",
                      f"Name one with --connection: {known}.")  # fmt: skip
        raise typer.Exit(2)
    with scope(account=chosen[0].account):
        yield chosen[0].account, chosen[0]


@contextmanager
def _opened(name: str) -> Iterator[tuple[Account, Connection]]:
    """The connection of that name, ready to ask the workers for something."""
    with _asking(), _connection(name) as found:
        yield found


settings.mount(app, console, _opened, _complain)
order_commands.mount(app, console, _opened, _complain)
return_commands.mount(app, console, _opened, _complain)
skus.mount(app, console, _opened, _complain)
stock_command.mount(app, console, _opened, _complain)
diagnosis.mount(app, console, _opened, _complain)
deadlines.mount(app, console, _opened)
problems.mount(app, console, _opened, _complain)
templates.mount(app, console, _opened, _complain)
users.mount(app, console, _asking, _complain)
accounts.mount(app, console, _asking, _complain)


def _pulled(connection: Connection, products: list[str] | None) -> list[str]:
    """The ids of these products of the store, or of all that were pulled. Ends the command if one is unknown."""
    from twinshelf.goods.queries import product_ids, products_named

    if not products:
        return product_ids(connection.store)
    found = products_named(connection.store, products)
    if unknown := [name for name in dict.fromkeys(products) if not found.get(name)]:
        _complain(
            f"{connection.store} has no pulled product with the SKU or number {', '.join(unknown)}.",
            "Pull first (twinshelf pull), or copy the SKU from the console's page Products.",
        )
        raise typer.Exit(2)
    if several := next((name for name in products if len(found[name]) > 1), ""):
        numbers = ", ".join(found[several])
        _complain(f"Several products have the SKU {several}.", f"Name one by its number: {numbers}.")
        raise typer.Exit(2)
    return sorted({found[name][0] for name in products})


def _follow(task: Task, *, as_json: bool = False) -> None:
    """Show a task's progress until it has ended, then the result. Ends the command where anything failed."""
    if code := _carry_out(task, as_json=as_json):
        raise typer.Exit(code)


products_commands.mount(app, console, _opened, _complain, pulled=_pulled, follow=_follow)
reviews.mount(app, console, reviews.Ways(_opened, _pulled, _follow, _complain))


def _carry_out(task: Task, *, as_json: bool = False, quiet: bool = False) -> int:
    """As `_follow`; returns the exit code: 1 if it failed, 3 if a part of it did."""
    _show(task, hidden=as_json or quiet)
    if as_json:
        print(json.dumps(_task_json(task)))  # noqa: T201
    elif not quiet:
        console.print(f"{task.title}: {task.get_state_display()}. {task.summary}", markup=False, soft_wrap=True)
    if task.state == "completed" and task.failed and not quiet:
        _complain(f"{task.failed:,} of {task.total:,} failed.", "See why: twinshelf problems")
    return exit_code(task)


def exit_code(task: Task) -> int:
    """Of a command that followed a task: 0, `PARTLY` if a part of it failed, 1 if all of it did or it did not end."""
    if task.state != "completed" or (task.failed and not task.succeeded and not task.skipped):
        return 1
    return PARTLY if task.failed else 0


_PATIENCE_SECONDS = 10.0


def _show(task: Task, *, hidden: bool) -> None:
    """A bar until the task has ended. Ends the command where no worker is there to carry it out."""
    from twinshelf.sync.queries import workers_alive

    final = {"completed", "failed", "cancelled"}

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()  # noqa: TID251 - measures the command itself
    with Progress(*columns, console=console, disable=hidden or not sys.stdout.isatty()) as progress:
        bar = progress.add_task(task.title, total=task.total, rate="")
        while True:
            task.refresh_from_db()
            seconds = max(time.monotonic() - started, 0.001)  # noqa: TID251
            progress.update(bar, total=task.total, completed=task.done, rate=f"{task.done / seconds:.1f}/s")
            if task.state in final:
                return
            if seconds > _PATIENCE_SECONDS and not workers_alive():
                progress.stop()
                _complain(
                    f"No worker is running. Task {task.id} waits and is carried out by the next one.",
                    "Start one: twinshelf serve, or twinshelf worker. Follow it with: twinshelf tasks.",
                )
                raise typer.Exit(1)
            time.sleep(0.2)


def _task_json(task: Task) -> dict[str, Any]:
    return {
        "id": task.id, "title": task.title, "state": task.state, "total": task.total, "succeeded": task.succeeded,
        "failed": task.failed, "skipped": task.skipped, "summary": task.summary,
    }  # fmt: skip


def _whole(value: Any) -> Any:
    """Plain data ready for JSON, every amount of money with as many decimals as its currency has."""
    if isinstance(value, dict):
        if value.keys() == {"amount", "currency"}:
            return {"amount": amount(Decimal(value["amount"]), value["currency"]), "currency": value["currency"]}
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def _print_plans(connection: Connection, plans: list[tuple[str, Plan]], *, as_json: bool) -> None:
    import msgspec

    from twinshelf import messages
    from twinshelf.kit.words import counted

    if as_json:
        rows = [
            {
                "kind": kind,
                "connection": connection.name,
                **_whole(msgspec.to_builtins(one)),
                "findings": [
                    {
                        **msgspec.to_builtins(found),
                        "blocking": found.blocking,
                        "text": messages.text(found),
                        "remedy": messages.remedy(found),
                    }
                    for found in one.findings
                ],
            }
            for kind, one in plans
        ]
        print(json.dumps(rows))  # noqa: T201
        return
    from twinshelf.console import words
    from twinshelf.goods.queries import titles

    told = [(kind, one) for kind, one in plans if one.changes or one.findings]
    names = titles(connection.store, [one.key for _kind, one in told])
    table = Table("Product", "Changes", "Findings")
    for _kind, one in told:
        sku, title = names.get(one.key, (one.key, ""))
        changes = (type(change).__name__ for change in one.changes)
        table.add_row(
            escape(f"{sku or one.key} {title}".strip()),
            ", ".join(str(words.CHANGES[name][0]) if name in words.CHANGES else name for name in changes) or "–",
            escape(" ".join(messages.text(found) for found in one.findings)),
        )
    console.print(table)
    console.print(f"{counted(sum(len(one.changes) for _kind, one in plans), 'change')} in all")


def print_report(report: dict[str, Any]) -> None:
    """A proof's report as tables, and every difference below them."""
    from twinshelf.console import words
    from twinshelf.documents import ProofReason, ProofSubject
    from twinshelf.kit.words import counted

    table = Table("Compared", "Number")
    table.add_row("Products in the store", f"{report.get('products', 0):,}")
    for state, number in sorted(report.get("listings", {}).items()):
        table.add_row(f"Listings {state.replace('_', ' ')}", f"{number:,}")
    console.print(table)
    counts = Table("What", "There", "Compared", "Not compared")
    for subject, row in report.get("subjects", {}).items():
        counts.add_row(
            str(words.SUBJECTS[ProofSubject(subject)]),
            *(f"{row[name]:,}" for name in ("there", "compared", "left_out")),
        )
    console.print(counts)
    if report.get("working"):
        working = Table("In progress for more than a minute", "Number", "Which")
        for group in report["working"]:
            which = ", ".join(group["keys"][:3]) + (", …" if group["number"] > 3 else "")
            working.add_row(str(words.WORKING[group["what"]]), f"{group['number']:,}", which)
        console.print(working)
    if report.get("not_compared"):
        left_out = Table("Not compared", "Number", "Why", "Which")
        for group in report["not_compared"]:
            which = ", ".join(group["keys"][:3]) + (", …" if group["number"] > 3 else "")
            why = f"{words.REASONS[ProofReason(group['reason'])]}: {group['text']}"
            left_out.add_row(str(words.SUBJECTS[ProofSubject(group["subject"])]), f"{group['number']:,}", why, which)
        console.print(left_out)
    console.print(f"{counted(len(report.get('differences', [])), 'difference')}")
    for difference in report.get("differences", [])[:50]:
        console.print(
            f"[red]{difference['kind']}[/red] {difference['key']}: {difference['text']} "
            f"expected {difference['expected']}, found {difference['found']}"
        )
