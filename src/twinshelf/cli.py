"""The `twinshelf` command. Each command sets Django up for itself, so `--help` is instant."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from twinshelf.accounts.models import Account
    from twinshelf.connections.models import Connection
    from twinshelf.sync.models import Task

app = typer.Typer(no_args_is_help=True, add_completion=True, help="Keeps BigCommerce stores and TikTok Shops in step.")
console = Console()
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def main() -> None:
    """Entry point: problems a person can mend are told in a line with their remedy, never as a traceback."""
    from twinshelf.errors import NeedsPerson, TwinshelfError

    try:
        app()
    except NeedsPerson as error:
        console.print(f"[red]{error}[/red]\n{error.remedy} [dim]({error.code})[/dim]")
        sys.exit(1)
    except TwinshelfError as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(1)


# -- processes ------------------------------------------------------------------------------------------------------


@app.command()
def serve(host: str = "127.0.0.1", port: int = 8780) -> None:
    """Run web, worker and timetables in one process."""
    from twinshelf import worker

    worker.set_up()
    worker.migrate()
    stop = worker.start_engine()
    web = worker.WebServer(host, port)
    web.start()
    console.print(f"Twinshelf listens on http://{host}:{port}")
    worker.wait_for_signal()
    web.stop()
    stop()


@app.command()
def web(host: str = "127.0.0.1", port: int = 8780) -> None:
    """Run the web server alone; workers run elsewhere."""
    from twinshelf import worker

    worker.set_up()
    worker.migrate()
    stop = worker.connect_engine()
    server = worker.WebServer(host, port)
    server.start()
    console.print(f"Twinshelf listens on http://{host}:{port}")
    worker.wait_for_signal()
    server.stop()
    stop()


@app.command(name="worker")
def worker_command() -> None:
    """Run a worker alone: as many as the work needs, on as many machines."""
    from twinshelf import worker

    worker.set_up()
    worker.migrate()
    stop = worker.start_engine()
    console.print("Worker started")
    worker.wait_for_signal()
    stop()


@app.command()
def sandbox(
    host: str = "127.0.0.1",
    port: int = 8790,
    state: Annotated[
        Path | None, typer.Option(help="File that keeps the world; without it the world is in memory.")
    ] = None,
    catalog: Annotated[Path | None, typer.Option(help="A catalog to fill the store with: JSON, JSONL or CSV.")] = None,
    columns: Annotated[str, typer.Option(help="Which column is what: title=name,price=preis")] = "",
    products: Annotated[int, typer.Option(help="How many products of the built-in shop; 0: as many as there are.")] = 0,
    seed: int = 1,
) -> None:
    """Run the doubles of both platforms alone."""
    from twinshelf import demo as demo_module

    demo_module.run_sandbox(host, port, state=state, catalog=catalog, columns=columns, products=products, seed=seed)


@app.command()
def demo(
    exit: Annotated[bool, typer.Option("--exit", help="End after the proof; exit code 1 if anything differs.")] = False,  # noqa: A002 - the option's name
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the last demo and start over.")] = False,
    realistic: Annotated[bool, typer.Option("--realistic", help="Keep the platforms' own limits.")] = False,
    catalog: Annotated[
        Path | None, typer.Option(help="Use this catalog (JSON, JSONL, CSV) instead of our own shop.")
    ] = None,
    columns: Annotated[str, typer.Option(help="Which column is what: title=name,price=preis")] = "",
    products: Annotated[int, typer.Option(help="Make this many products.")] = 0,
    port: int = 8780,
    sandbox_port: int = 8790,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its databases.")] = Path("data/demo"),
) -> None:
    """Show the main job, end to end, against the sandbox: list, sell, hold, cancel, ship, change, prove."""
    from twinshelf import demo as demo_module

    options = demo_module.Options(
        exit=exit, fresh=fresh, realistic=realistic, catalog=catalog, columns=columns, products=products, port=port,
        sandbox_port=sandbox_port, data=data,
    )  # fmt: skip
    sys.exit(demo_module.run(options, console, print_report))


# -- work -----------------------------------------------------------------------------------------------------------


@contextmanager
def _asking() -> Iterator[None]:
    """Set up so that this command can ask the workers for something."""
    from twinshelf import worker

    worker.set_up()
    worker.migrate()
    stop = worker.connect_engine()
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
    email: Annotated[str, typer.Option(help="Owner's e-mail, for a new account.")] = "owner@example.com",
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

    with _asking():
        from twinshelf.accounts import actions as accounts
        from twinshelf.accounts.models import Account
        from twinshelf.connections import actions

        owner = Account.objects.filter(name=account).first()
        if owner is None:
            if not password:
                console.print("[red]A new account needs --password (or TWINSHELF_PASSWORD).[/red]")
                raise typer.Exit(2)
            owner = accounts.create_account(account, owner_email=email, password=password)
        with scope(account=owner):
            connected = actions.connect_store(
                owner, store_hash_or_url=store, access_token=token, client_secret=client_secret
            )
            console.print(f"Connected store {connected.name} ({connected.hash}), {connected.currency}")
            for shop in actions.authorize_shops(owner, code) if code else []:
                pair = actions.pair(owner, store=connected, shop=shop, name=f"{connected.name} → {shop.name}")
                console.print(f"Paired with TikTok Shop {shop.name} ({shop.region}) as “{pair.name}”")


@app.command()
def pull(
    connection: str = "",
    since: Annotated[str, typer.Option(help="ISO time; empty: everything.")] = "",
    json_: Json = False,
) -> None:
    """Read the store's products."""
    from twinshelf.kit import clock

    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.catalog import actions

        _follow(actions.pull(chosen.store, since=clock.parse(since) if since else None), as_json=json_)


@app.command()
def plan(
    products: Annotated[list[int] | None, typer.Argument()] = None, connection: str = "", json_: Json = False
) -> None:
    """Show what a push would change, without changing anything. Without products: all."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.catalog.models import StoreProduct
        from twinshelf.sync import preview

        ids = products or list(
            StoreProduct.objects.filter(store=chosen.store, deleted=False).values_list("product_id", flat=True)
        )
        plans = preview.preview(
            chosen.account_id, f"connection:{chosen.id}", ["listing", "price", "stock"], [str(i) for i in ids]
        )
        _print_plans(plans, as_json=json_)


@app.command()
def push(
    products: Annotated[list[int] | None, typer.Argument()] = None, connection: str = "", json_: Json = False
) -> None:
    """List products in the shop and bring listings up to date. Without products: all."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.catalog import actions

        _follow(actions.list_products(chosen, products), as_json=json_)


@app.command()
def orders(
    connection: str = "",
    fetch: Annotated[bool, typer.Option("--fetch", help="Read what changed first.")] = False,
    limit: int = 30,
    json_: Json = False,
) -> None:
    """Show the latest TikTok orders and their BigCommerce orders."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.orders import actions
        from twinshelf.orders.models import ShopOrderRow

        if fetch:
            _follow(actions.fetch_now(chosen), as_json=json_)
        rows = list(ShopOrderRow.objects.filter(connection=chosen).order_by("-placed_at")[:limit])
        if json_:
            print(json.dumps([  # noqa: T201
                {"order_id": r.order_id, "status": r.status, "store_order_id": r.store_order_id, "total": str(r.total),
                 "currency": r.currency, "reason": r.reason} for r in rows
            ]))  # fmt: skip
            return
        table = Table("TikTok order", "Status", "BigCommerce", "Total", "Why not")
        for row in rows:
            table.add_row(
                row.order_id,
                row.status,
                str(row.store_order_id or "–"),
                f"{row.total.normalize():f} {row.currency}",
                row.reason,
            )
        console.print(table)


@app.command(name="tasks")
def tasks_command(limit: int = 20, json_: Json = False) -> None:
    """Show the latest tasks."""
    from django_scopes import scopes_disabled

    with _asking(), scopes_disabled():
        from twinshelf.sync.models import Task

        rows = list(Task.objects.order_by("-created_at")[:limit])
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
def prove(connection: str = "", json_: Json = False) -> None:
    """Read both platforms afresh and compare everything. Exit code 1 if anything differs."""
    with _asking(), _connection(connection) as (_account, chosen):
        from twinshelf.sync import tasks

        task = tasks.submit(chosen.account_id, "prove", f"Prove {chosen.name}", owner=f"connection:{chosen.id}")
        _follow(task, as_json=json_, quiet=True)
        report: dict[str, Any] = task.cursor.get("report", {})
        if json_:
            print(json.dumps(report))  # noqa: T201
        else:
            print_report(report)
        if task.state != "completed" or report.get("differences"):
            raise typer.Exit(1)


@app.command()
def doctor(json_: Json = False) -> None:
    """Check this installation: settings, databases, credentials, webhooks, what is stuck."""
    with _asking():
        from twinshelf import checkup

        findings = checkup.examine()
        if json_:
            print(json.dumps([finding.__dict__ for finding in findings]))  # noqa: T201
        else:
            table = Table("", "What", "Finding", "Remedy")
            for finding in findings:
                table.add_row(
                    "[green]ok[/green]" if finding.ok else "[red]✗[/red]", finding.what, finding.text, finding.remedy
                )
            console.print(table)
        if not all(finding.ok for finding in findings):
            raise typer.Exit(1)


# -- helpers --------------------------------------------------------------------------------------------------------


@contextmanager
def _connection(name: str) -> Iterator[tuple[Account, Connection]]:
    """The connection of that name, or the only one there is, inside its account's scope."""
    from django_scopes import scope, scopes_disabled

    from twinshelf.connections.models import Connection

    with scopes_disabled():
        rows = list(Connection.objects.select_related("account", "store", "shop").order_by("id"))
    chosen = [row for row in rows if row.name == name] if name else rows
    if len(chosen) != 1:
        known = ", ".join(f"“{row.name}”" for row in rows) or "none yet: twinshelf connect"
        console.print(f"[red]Name one connection with --connection. There are: {known}[/red]")
        raise typer.Exit(2)
    with scope(account=chosen[0].account):
        yield chosen[0].account, chosen[0]


def _follow(task: Task, *, as_json: bool, quiet: bool = False) -> None:
    """Show a task's progress until it has ended."""
    final = {"completed", "failed", "cancelled"}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()  # noqa: TID251 - measures the command itself
    with Progress(*columns, console=console, disable=as_json or quiet or not sys.stdout.isatty()) as progress:
        bar = progress.add_task(task.title, total=task.total, rate="")
        while True:
            task.refresh_from_db()
            seconds = max(time.monotonic() - started, 0.001)  # noqa: TID251
            progress.update(bar, total=task.total, completed=task.done, rate=f"{task.done / seconds:.1f}/s")
            if task.state in final:
                break
            time.sleep(0.2)
    if as_json and not quiet:
        print(json.dumps(_task_json(task)))  # noqa: T201
    elif not quiet:
        console.print(f"{task.title}: {task.get_state_display()}. {task.summary}")


def _task_json(task: Task) -> dict[str, Any]:
    return {
        "id": task.id, "title": task.title, "state": task.state, "total": task.total, "succeeded": task.succeeded,
        "failed": task.failed, "skipped": task.skipped, "summary": task.summary,
    }  # fmt: skip


def _print_plans(plans: list[Any], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        print(msgspec.json.encode(plans).decode())  # noqa: T201
        return
    table = Table("Product", "Changes", "Findings")
    for one in plans:
        if one.changes or one.findings:
            table.add_row(
                one.key,
                ", ".join(type(change).__name__ for change in one.changes) or "–",
                " ".join(f.text for f in one.findings),
            )
    console.print(table)
    console.print(f"{sum(len(one.changes) for one in plans)} change(s) for {len(plans)} plan(s)")


def print_report(report: dict[str, Any]) -> None:
    """A proof's report as a table, and every difference below it."""
    table = Table("Compared", "Number")
    table.add_row("Products in the store", f"{report.get('products', 0):,}")
    for state, number in sorted(report.get("listings", {}).items()):
        table.add_row(f"Listings {state.replace('_', ' ')}", f"{number:,}")
    table.add_row("SKUs live, price and stock compared", f"{report.get('skus', 0):,}")
    table.add_row("TikTok orders", f"{report.get('orders', 0):,}")
    table.add_row("… with their BigCommerce order", f"{report.get('order_pairs', 0):,}")
    table.add_row("Shipments reported", f"{report.get('shipments', 0):,}")
    table.add_row("Differences", f"{len(report.get('differences', []))}")
    console.print(table)
    for difference in report.get("differences", [])[:50]:
        console.print(
            f"[red]{difference['kind']}[/red] {difference['key']}: {difference['text']} "
            f"expected {difference['expected']}, found {difference['found']}"
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinshelf.settings")
    main()
