"""The demo: the sandbox and the product as processes of their own, and a script that plays merchant and buyers.

It drives the product through its own actions and the sandbox through its control API; nothing here takes part in the
work. What was done is noted in a file, so that a killed demo goes on where it was.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from twinshelf.accounts.actors import COMMAND_LINE, Actor
from twinshelf.cli import installation
from twinshelf.cli.demo_report import Spent, done, spent
from twinshelf.errors import TwinshelfError
from twinshelf_sandbox.client import ControlClient, ControlError

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection

STORE = "fern0hollow"
EMAIL, PASSWORD = "demo@twinshelf.example", "twinshelf-demo"
APP = {
    "TWINSHELF_TIKTOK_APP_KEY": "6demo0key",
    "TWINSHELF_TIKTOK_APP_SECRET": "demo-app-secret-of-the-sandbox",
    "TWINSHELF_TIKTOK_SERVICE_ID": "7400000000000000001",
    "TWINSHELF_BIGCOMMERCE_APP_ID": "40127",
    "TWINSHELF_BIGCOMMERCE_CLIENT_ID": "demo0app0of0the0marketplace",
    "TWINSHELF_BIGCOMMERCE_CLIENT_SECRET": "demo-secret-of-the-marketplace-app",
}


@dataclass(frozen=True)
class Options:
    """What the command line said."""

    exit: bool
    fresh: bool
    realistic: bool
    catalog: Path | None
    columns: str
    products: int
    port: int
    sandbox_port: int
    data: Path


# -- the demo -------------------------------------------------------------------------------------------------------


@dataclass
class Story:
    """What has been done so far, on disk."""

    path: Path
    done: dict[str, Any] = field(default_factory=dict)
    resumed: bool = False

    @classmethod
    def load(cls, path: Path) -> Story:
        """The story so far; one in which nothing was done if there is no such file."""
        done = json.loads(path.read_text()) if path.exists() else {}
        return cls(path, done, resumed=bool(done))

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """Do `work` unless it was done in an earlier run; its result is kept."""
        if name not in self.done:
            self.done[name] = work()
            temporary = self.path.with_suffix(".new")
            temporary.write_text(json.dumps(self.done))
            temporary.replace(self.path)
        return self.done[name]


def run(options: Options, console: Console, show: Callable[[dict[str, Any]], None]) -> int:
    """The whole demo. Returns the exit code: 1 if the proof found a difference. `show` prints the proof's report.

    Unless it is to exit, this process becomes one that only waits, and ends the others when it is ended.
    """
    if options.port == options.sandbox_port:
        raise TwinshelfError("Twinshelf and the sandbox need a port each: choose another --sandbox-port.")
    data = options.data.resolve()
    if options.fresh and data.exists():
        _require_demo(data)
        shutil.rmtree(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = _settings(options, data)
    installation.write(data / installation.DEMO_FILE, settings)
    environment = {
        **os.environ,
        **settings,
        "TWINSHELF_SLOT": "demo",
        "TWINSHELF_PARENT": str(os.getpid()),
        "DJANGO_SETTINGS_MODULE": "twinshelf.settings",
    }
    environment.setdefault("TWINSHELF_LOG_LEVEL", "WARNING")
    os.environ.update(environment)
    story = Story.load(data / "demo.json")
    started = time.monotonic()  # noqa: TID251 - measures the demo itself
    with ExitStack() as stack:
        stack.enter_context(_ended_by_signal())
        stack.enter_context(_refusals())
        control, sandbox = stack.enter_context(_sandbox(options, environment, console))
        product = stack.enter_context(_product(options, environment, console))
        with _connected(options, control, story, console) as connection:
            _play(control, story, connection, console)
            calls = _spent(control, connection)
            differs = _prove(connection, console, show)
            _show_calls(story, calls, console)
            _leave(control, story, console)
            try_this = _suggestion(connection, options)
        console.print(f"Took {time.monotonic() - started:.0f} s.")  # noqa: TID251
        code = 1 if differs else 0
        if options.exit:
            return code
        _tell(options, console, try_this)
        _only_wait(product.pid, sandbox.pid, code=code)
    return code


def _settings(options: Options, data: Path) -> dict[str, str]:
    """What an operator would set so that everything leads to the sandbox."""
    sandbox = f"http://127.0.0.1:{options.sandbox_port}"
    return {
        **APP,
        "TWINSHELF_DATA": str(data),
        "TWINSHELF_BASE_URL": f"http://127.0.0.1:{options.port}",
        "TWINSHELF_BIGCOMMERCE_API": sandbox,
        "TWINSHELF_BIGCOMMERCE_LOGIN": sandbox,
        "TWINSHELF_BIGCOMMERCE_PANEL": f"{sandbox}/admin/{{hash}}",
        "TWINSHELF_TIKTOK_API": sandbox,
        "TWINSHELF_TIKTOK_AUTH": sandbox,
        "TWINSHELF_TIKTOK_SERVICES": sandbox,
        "TWINSHELF_TIKTOK_SELLER_CENTER": f"{sandbox}/seller/{{shop}}/products",
        "TWINSHELF_FETCH_ALLOW": json.dumps([f"127.0.0.1:{options.sandbox_port}"]),
        "TWINSHELF_SANDBOX": sandbox,
    }


def _require_demo(data: Path) -> None:
    """Raise TwinshelfError unless a demo made this directory, or it is empty: nothing else is ever removed."""
    if any(data.iterdir()) and not ((data / "demo.json").exists() or (data / installation.DEMO_FILE).exists()):
        raise TwinshelfError(f"{data} holds no demo, so it is not emptied: choose another --data.")


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """A signal to end ends the demo as Ctrl-C does, so that nothing is left running."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(options: Options, console: Console, try_this: str) -> None:
    """Where everything is, a line each that fits into 80 columns."""
    here = f"http://127.0.0.1:{options.port}"
    command = Path(sys.argv[0]) if Path(sys.argv[0]).name == "twinshelf" else Path("twinshelf")
    file = options.data / installation.DEMO_FILE
    lines = [
        ("Console", f"[bold]{here}[/bold]"),
        ("Email", f"[bold]{EMAIL}[/bold]"),
        ("Password", f"[bold]{PASSWORD}[/bold]"),
        ("Sandbox", f"http://127.0.0.1:{options.sandbox_port}"),
        ("Commands", f"{_short(command)} --env {_short(file)} orders"),
    ]
    console.print()
    for label, value in lines:
        console.print(f"{label + ':':<11}{value}", soft_wrap=True, highlight=False)
    if try_this:
        console.print(f"\n{try_this}", highlight=False)
    console.print("\nCtrl-C ends both. `make demo` goes on from here, `make demo ARGS=--fresh` starts over.")


def _short(path: Path) -> str:
    """A path as it is typed here."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)


def _only_wait(*children: int, code: int) -> None:
    """Become a process of a few megabytes that ends the others once it is told to. Does not return."""
    sys.stdout.flush()
    sys.stderr.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})  # until it waits for them
    program = str(Path(__file__).with_name("demo_waiting.py"))
    os.execv(sys.executable, [sys.executable, "-I", "-S", program, str(code), *map(str, children)])  # noqa: S606


@contextmanager
def _refusals() -> Iterator[None]:
    """What the sandbox refuses ends the demo with its words."""
    try:
        yield
    except ControlError as error:
        raise TwinshelfError(f"The sandbox refused: {error}") from error


@contextmanager
def _process(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "twinshelf.cli", *arguments], env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _require_free(port: int, option: str, seconds: float = 20) -> None:
    """Return once nobody listens there: what a killed demo left ends by itself, soon. Raises TwinshelfError."""
    give_up = time.monotonic() + seconds  # noqa: TID251
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        if time.monotonic() > give_up:  # noqa: TID251
            msg = f"port {port} is taken: end what runs there, or choose {option}"
            raise TwinshelfError(msg)
        time.sleep(0.25)


def _wait_until(
    what: str, ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 120
) -> None:
    give_up = time.monotonic() + seconds  # noqa: TID251
    while not ready():
        if process.poll() is not None:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            msg = f"{what} ended by itself:\n{tail}"
            raise TwinshelfError(msg)
        if time.monotonic() > give_up:  # noqa: TID251
            msg = f"{what} did not start within {seconds:.0f} s; see {log}"
            raise TwinshelfError(msg)
        time.sleep(0.1)


Process = subprocess.Popen[bytes]


@contextmanager
def _sandbox(
    options: Options, environment: dict[str, str], console: Console
) -> Iterator[tuple[ControlClient, Process]]:
    log = options.data / "sandbox.log"
    arguments = [
        "sandbox",
        "--port",
        str(options.sandbox_port),
        "--state",
        str(options.data.resolve() / "sandbox.sqlite3"),
        "--shops",
        "",  # the demo opens its own
        "--categories",
        str(files("twinshelf_sandbox.catalogs") / "data" / "fernhollow" / "categories.csv"),
    ]
    if options.catalog:
        arguments += ["--catalog", str(options.catalog.resolve())]
    if options.columns:
        arguments += ["--columns", options.columns]
    if options.products:
        arguments += ["--products", str(options.products)]
    control = ControlClient(f"http://127.0.0.1:{options.sandbox_port}")
    _require_free(options.sandbox_port, "--sandbox-port")
    with _process(arguments, environment, log) as process:
        with console.status("Filling the sandbox's store …"):
            _wait_until("The sandbox", control.is_up, process, log, 900)
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith(("Catalog", "  ")):
                console.print(line)
        console.print(f"[green]✓[/green] Sandbox of both platforms on http://127.0.0.1:{options.sandbox_port}")
        yield control, process


@contextmanager
def _product(options: Options, environment: dict[str, str], console: Console) -> Iterator[Process]:
    log = options.data / "twinshelf.log"
    _require_free(options.port, "--port")
    with _process(["serve", "--port", str(options.port)], environment, log) as process:

        def up() -> bool:
            try:
                return httpx2.get(f"http://127.0.0.1:{options.port}/healthz", timeout=5).status_code == 200
            except httpx2.HTTPError:
                return False

        with console.status("Starting Twinshelf …"):
            _wait_until("Twinshelf", up, process, log)
        console.print(f"[green]✓[/green] Twinshelf on http://127.0.0.1:{options.port} (SQLite, one process)")
        yield process


@contextmanager
def _connected(options: Options, control: ControlClient, story: Story, console: Console) -> Iterator[Connection]:
    from twinshelf import processes

    processes.set_up()
    stop = processes.connect_engine()
    from django_scopes import scope

    from twinshelf.accounts import actions as accounts
    from twinshelf.accounts.queries import account_of_owner
    from twinshelf.connections import actions, queries

    try:
        keys = story.once("store keys", lambda: control.act("bc.create_api_account", hash=STORE, name="Twinshelf"))
        story.once("app", lambda: _offer_app(options, control))
        shop = story.once("shop", lambda: _open_shop(options, control))
        account = account_of_owner("Fernhollow Goods", EMAIL) or accounts.create_account(
            "Fernhollow Goods", owner_email=EMAIL, password=PASSWORD, owner_name="Maya Ortiz", by=COMMAND_LINE
        )
        with scope(account=account):
            connection = next((one for one in queries.connections() if one.name == "US"), None)
            if connection is None:
                store = actions.connect_store(
                    account, store_hash_or_url=STORE, access_token=keys["access_token"], client_id=keys["client_id"],
                    client_secret=keys["client_secret"], by=COMMAND_LINE,
                )  # fmt: skip
                code = control.act("tt.authorize", app_key=APP["TWINSHELF_TIKTOK_APP_KEY"], seller=shop["seller"])
                shops = actions.authorize_shops(account, code, by=COMMAND_LINE)
                connection = actions.pair(account, store=store, shop=shops[0], name="US", by=COMMAND_LINE)
            console.print(
                f"[green]✓[/green] Connected {connection.store} with {connection.shop} ({connection.shop.region})"
            )
            yield queries.connection_or_404(connection.id)
    finally:
        stop()


def _offer_app(options: Options, control: ControlClient) -> None:
    """Put our app into the sandbox's Marketplace, where another store could install it from."""
    here = f"http://127.0.0.1:{options.port}"
    control.act(
        "bc.register_app",
        name="TikTok Shop Connector",
        auth_url=f"{here}/apps/bigcommerce/auth/",
        load_url=f"{here}/apps/bigcommerce/load/",
        uninstall_url=f"{here}/hooks/bigcommerce/uninstall",
        remove_user_url=f"{here}/hooks/bigcommerce/remove_user",
        client_id=APP["TWINSHELF_BIGCOMMERCE_CLIENT_ID"],
        client_secret=APP["TWINSHELF_BIGCOMMERCE_CLIENT_SECRET"],
    )


def _open_shop(options: Options, control: ControlClient) -> dict[str, Any]:
    control.act(
        "tt.create_app",
        name="TikTok Shop Connector",
        app_key=APP["TWINSHELF_TIKTOK_APP_KEY"],
        app_secret=APP["TWINSHELF_TIKTOK_APP_SECRET"],
        service_id=APP["TWINSHELF_TIKTOK_SERVICE_ID"],
        redirect_url=f"http://127.0.0.1:{options.port}/connections/tiktok",
    )
    opened = []
    for seller_name, shop_name, region in _SHOPS:
        seller = control.act("tt.create_seller", name=seller_name, region=region)["seller_id"]
        shop = control.act("tt.create_shop", seller=seller, name=shop_name, region=region)
        if not options.realistic:
            control.act("tt.set_limits", shop_id=shop["shop_id"], per_second=50, daily_listings=10_000_000)
        control.act("tt.set_audit_policy", shop_id=shop["shop_id"], seconds=_AUDIT_SECONDS_AFTER, reject=_REFUSALS)
        opened.append({**shop, "seller": seller})
    if not options.realistic:
        control.act("bc.set_switch", hash=STORE, name="quota", value=None)
    return opened[0]


_SHOPS = (
    ("Fernhollow Goods LLC", "Fernhollow Goods US", "US"),
    ("Fernhollow Outlet LLC", "Fernhollow Outlet US", "US"),
    ("Fernhollow Goods Ltd", "Fernhollow Goods UK", "GB"),
)
"""The first one is connected by the demo; the others wait to be, by whoever tries the console."""
_AUDIT_SECONDS_AFTER = 2
"""How long reviews take when the story is over and a person tries things."""


_REFUSALS = [
    {
        "field": "title",
        "contains": "Miracle",
        "position": "Product title",
        "reason": "The title makes a claim that cannot be checked.",
        "suggestion": "Describe the product plainly.",
    },
    {
        "field": "title",
        "contains": "Candle",
        "without": "wax, soy, paraffin, stearin, lantern, holder",
        "position": "Product title",
        "reason": "The title does not say what the candle is made of.",
        "suggestion": "Add the kind of wax to the title, such as “soy wax”.",
    },
]
"""What the sandbox's reviewers refuse in the demo, so that refusals and their reasons are seen."""

# -- the story ------------------------------------------------------------------------------------------------------


def _play(control: ControlClient, story: Story, connection: Connection, console: Console) -> None:
    from twinshelf.goods import actions as goods
    from twinshelf.listings import actions as catalog

    merchant = _merchant(connection)
    shop_id = story.done["shop"]["shop_id"]
    task_id = story.once("pull", lambda: goods.pull(connection.store, by=merchant).id)
    _follow(task_id, console)
    story.once("template", lambda: _template(connection, merchant))
    story.once("reviews", lambda: control.act("tt.set_audit_policy", shop_id=shop_id, seconds=240))
    task_id = story.once("list", lambda: catalog.list_products(connection, None, by=merchant).id)
    _follow(task_id, console)
    story.once("reviewed", lambda: _pass_time(control, 600, "ten minutes, in which TikTok reviews", console))
    _rest(console)
    story.once("quick reviews", lambda: control.act(
        "tt.set_audit_policy", shop_id=shop_id, seconds=_AUDIT_SECONDS_AFTER))  # fmt: skip
    sold = story.once("sold", lambda: _sell(control, story, connection, shop_id, console))
    story.once("called off", lambda: [control.act("shopper.cancel", order_id=order_id) for order_id in sold[5:26:20]])
    story.once(
        "hold over", lambda: _pass_time(control, 3660, "61 minutes, so that the hold on new orders ends", console)
    )
    _rest(console)
    story.once("store side", lambda: _store_side(control, story, connection, sold, console))
    _rest(console)
    story.once("carrier", lambda: _pass_time(control, 120, "two minutes", console))
    _rest(console)


def _leave(control: ControlClient, story: Story, console: Console) -> None:
    """What a day leaves for a person: orders on hold, and one of something that the store does not know."""
    shop_id = story.done["shop"]["shop_id"]
    codes = story.done["bought"]
    for number in range(min(3, len(codes))):
        buy = partial(control.act, "shopper.buy", shop_id=shop_id, items=[{"seller_sku": codes[number], "quantity": 1}])
        story.once(f"held {number}", buy)
    listed = partial(
        control.act, "tt.add_product", shop_id=shop_id, title="Gift Wrapping by Hand, Fern Paper", category_id="832136",
        seller_sku=_UNKNOWN_SKU, price="6.50",
    )  # fmt: skip
    story.once("listed by hand", listed)
    story.once("sold by hand", partial(
        control.act, "shopper.buy", shop_id=shop_id, items=[{"seller_sku": _UNKNOWN_SKU, "quantity": 1}],
        hours_ago=3))  # fmt: skip
    story.once("second hold over", lambda: _release(control, story))
    _rest(console)
    _show_problems(console)


_UNKNOWN_SKU = "GIFT-WRAP"


def _release(control: ControlClient, story: Story) -> bool:
    """The hold on the order of the unknown article ends; those that were just placed stay on hold."""
    control.act("tt.end_hold", order_id=story.done["sold by hand"])
    return True


_REFUSED = "E-LST-REVIEW"


def _suggestion(connection: Connection, options: Options) -> str:
    """Something that a newcomer can try at once: a refusal, and where to do what it asks for."""
    from twinshelf.goods.queries import titles
    from twinshelf.sync.queries import problems

    refused = problems(code=_REFUSED, size=50).rows
    if not refused:
        return ""
    named = titles(connection.store, [one.key for one in refused])
    key = next((one.key for one in refused if named.get(one.key, ("", ""))[0] == "FH-6107"), refused[0].key)
    sku, title = named[key]
    return (
        f"Try this: TikTok refused {sku} because its title names no wax. Open it in the\n"
        f"store, add “soy wax” to its name, and see it go live in the console:\n"
        f"  http://127.0.0.1:{options.sandbox_port}/admin/{STORE}/products/{key}\n"
        f"  ({title})"
    )


def _merchant(connection: Connection) -> Actor:
    from twinshelf.accounts.queries import members_of

    return Actor.of(members_of(connection.account)[0].user)


def _template(connection: Connection, merchant: Actor) -> int:
    """A default template as a merchant would set it up: what TikTok is sure of, and what the merchant knows better.

    What a product is made of, and whom it is for, is told by the products' own custom fields.
    """
    from twinshelf.listings import suggesting
    from twinshelf.rules import actions as rules

    suggestion = suggesting.suggest_template(connection)
    rows = {row["key"]: row for row in suggestion["categories"]}
    known = {row["key"].lower() for row in _known_categories()}
    rows = {key: row for key, row in rows.items() if key.lower() not in known}
    rows |= {row["key"]: row for row in _known_categories()}
    chosen = {**suggestion, "categories": list(rows.values())}
    template, _tried = rules.set_default_template(connection, **chosen, by=merchant)
    return template.id


@cache
def _known_categories() -> tuple[dict[str, str], ...]:
    """Where goods like these belong, as a merchant would say who knows them. The rest needs a person."""
    text = (files(__package__) / "data" / "demo_categories.csv").read_text(encoding="utf-8")
    return tuple(
        {"key": row["store"], "category_id": row["number"], "category_path": row["tiktok"]}
        for row in csv.DictReader(text.splitlines())
    )


def _pass_time(control: ControlClient, seconds: float, what: str, console: Console) -> bool:
    console.print(f"  The sandbox's clock jumps {what}.")
    control.advance(seconds, stride=1)
    return True


def _sell(control: ControlClient, story: Story, connection: Connection, shop_id: str, console: Console) -> list[str]:
    """Buyers order what is live, one to three lines each: most of them over the last two weeks."""
    from twinshelf.listings.queries import sku_quantities

    codes = [code for code, quantity in sku_quantities(connection) if quantity >= 6]
    codes = story.once("bought", lambda: codes[: 40 * 13])
    orders = []
    count = min(40, max(len(codes) // 2, min(len(codes), 8)))
    for number in range(count):
        lines = [codes[(number * 7 + n * 13) % len(codes)] for n in range(1 + number % 3)]
        items = [{"seller_sku": code, "quantity": 1 + (number + n) % 2} for n, code in enumerate(dict.fromkeys(lines))]
        buy = partial(
            control.act, "shopper.buy", shop_id=shop_id, items=items, hours_ago=round(_HOURS * (1 - number / count), 1)
        )
        orders.append(story.once(f"order {number}", buy))
    console.print(f"[green]✓[/green] Buyers placed {len(orders)} orders over the last two weeks")
    return orders


_HOURS = 13.5 * 24


def _store_side(
    control: ControlClient, story: Story, connection: Connection, sold: list[str], console: Console
) -> dict[str, int]:
    """The merchant at work in BigCommerce: ships, cancels, changes prices and stock."""
    from twinshelf.orders.queries import store_order_ids

    rows = store_order_ids(connection, sold)
    imported = [rows[order_id] for order_id in sold if order_id in rows]
    cancelled = imported[-2:]
    # Nearly all that is older than two days has been shipped: one was overlooked, and is late by now.
    late = len(imported) * 3 // 4
    waiting = max(1, len(imported) // 7)
    shipped = [order_id for number, order_id in enumerate(imported[: -2 - waiting]) if number != late]
    for number, order_id in enumerate(shipped):
        ship = partial(
            control.act,
            "bc.ship_order",
            hash=STORE,
            order_id=order_id,
            carrier="usps",
            tracking_number=f"94001118992238{number:08d}",
        )
        story.once(f"shipped {order_id}", ship)
    for order_id in cancelled:
        story.once(f"cancelled {order_id}", partial(control.act, "bc.cancel_order", hash=STORE, order_id=order_id))
    changed = _change_goods(control, story, connection)
    console.print(
        f"[green]✓[/green] In BigCommerce: {len(shipped)} shipped, {len(cancelled)} cancelled, "
        f"{changed} prices and stocks changed"
    )
    return {"shipped": len(shipped), "cancelled": len(cancelled), "changed": changed}


def _change_goods(control: ControlClient, story: Story, connection: Connection) -> int:
    from twinshelf.goods.queries import variants_named
    from twinshelf.listings.queries import linked_variants

    changed = 0
    for number, variant in enumerate(variants_named(connection.store, linked_variants(connection)[::9][:40])):
        if number % 2:
            price = (variant.price * Decimal("1.08")).quantize(Decimal("0.01"))
            dearer = partial(control.act, "bc.set_price", hash=STORE, sku=variant.sku, price=str(price))
            story.once(f"price {variant.sku}", dearer)
        elif variant.stock is not None:
            fewer = partial(
                control.act, "bc.set_stock", hash=STORE, sku=variant.sku, quantity=max(0, variant.stock - 3)
            )
            story.once(f"stock {variant.sku}", fewer)
        changed += 1
    return changed


# -- waiting and showing --------------------------------------------------------------------------------------------


def _follow(task_id: int, console: Console) -> None:
    """Show a task's progress until it has ended."""
    from twinshelf.sync.queries import task_or_404

    task = task_or_404(task_id)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    start, first = time.monotonic(), task.done  # noqa: TID251
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(task.title, total=task.total, rate="")
        while task.state not in {"completed", "failed", "cancelled"}:
            task.refresh_from_db()
            rate = (task.done - first) / max(time.monotonic() - start, 0.1)  # noqa: TID251
            progress.update(bar, total=task.total, completed=task.done, rate=f"{rate:.0f}/s")
            time.sleep(0.2)
    mark = "[green]✓[/green]" if task.state == "completed" else "[red]✗[/red]"
    console.print(f"{mark} {task.title}: {task.summary}")


def _rest(console: Console, *, patience_seconds: float = 600) -> None:
    """Wait until nothing is asked for that is due; not for ever while what is asked for stays as much as it was."""
    from twinshelf.sync.queries import lanes_awake, marks_due

    before, since, quiet = -1, time.monotonic(), 0  # noqa: TID251
    with console.status("Twinshelf is at work …"):
        while quiet < 6:  # looks in a row
            asked = marks_due(30)
            quiet = 0 if asked or lanes_awake() else quiet + 1
            if asked != before:
                before, since = asked, time.monotonic()  # noqa: TID251
            elif time.monotonic() - since > patience_seconds:  # noqa: TID251
                return
            time.sleep(0.25)


def _prove(connection: Connection, console: Console, show: Callable[[dict[str, Any]], None]) -> bool:
    from twinshelf.proof import actions

    task = actions.check(connection, by=_merchant(connection))
    _follow(task.id, console)
    task.refresh_from_db()
    report = task.cursor.get("report", {})
    show(report)
    return task.state != "completed" or bool(report.get("differences"))


def _show_problems(console: Console) -> None:
    """What is left for a person, in words."""
    from twinshelf import messages
    from twinshelf.sync.queries import problem_groups

    if groups := problem_groups():
        table = Table("Left for you", "Number", "What to do")
        for group in groups:
            table.add_row(
                f"{messages.title(group.code)} ({group.code})", f"{group.count:,}", messages.message(group.code).remedy
            )
        console.print(table)


def _spent(control: ControlClient, connection: Connection) -> list[Spent]:
    from twinshelf.goods.queries import product_ids

    work = done(control.effects(), products=len(product_ids(connection.store)))
    return spent(control.calls(), work)


def _show_calls(story: Story, calls: list[Spent], console: Console) -> None:
    """Calls by job beside the fewest possible, and both sums."""
    if story.resumed:
        console.print("The sandbox counts calls from its own start: only a demo that ran through can tell the minimum.")
        return
    table = Table("Calls of Twinshelf", "Used", "Minimum")
    for row in calls:
        table.add_row(row.job, f"{row.calls:,}", "" if row.minimum is None else f"{row.minimum:,}")
    counted = [(row.calls, row.minimum) for row in calls if row.minimum is not None]
    used, least = sum(number for number, _ in counted), sum(minimum for _, minimum in counted)
    table.add_section()
    table.add_row("All that have a minimum", f"{used:,}", f"{least:,} (×{used / max(least, 1):.2f})")
    console.print(table)
