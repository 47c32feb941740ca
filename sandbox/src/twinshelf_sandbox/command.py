"""`twinshelf-sandbox`: starts a sandbox, and drives one that runs through its control API.

Also mounted elsewhere, as `twinshelf sandbox`. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from twinshelf_sandbox.app import Sandbox
    from twinshelf_sandbox.client import ControlClient

app = typer.Typer(
    invoke_without_command=True,
    help="Run the doubles of both platforms alone, or drive a running sandbox with the commands below.",
)
console = Console()

_REFUSED: Final = "refused-rows.txt"
"""Beside the world's file: what of a catalog was not taken, and why."""
_LONGEST_SECONDS: Final = 600
_DEFAULT: Final = "http://127.0.0.1:8790"
Address = Annotated[str, typer.Option(envvar="TWINSHELF_SANDBOX", help="Where the sandbox to drive listens.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Pairs = Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]…", help="Values are JSON, or else text.")]


# -- starting -------------------------------------------------------------------------------------------------------


@app.callback()
def start(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen at; 0: any that is free.")] = 8790,
    state: Annotated[
        Path | None, typer.Option(help="File that keeps the world; without it the world is in memory.")
    ] = None,
    snapshot: Annotated[Path | None, typer.Option(help="Begin with this snapshot instead of a new world.")] = None,
    stores: Annotated[int, typer.Option(min=1, max=50, help="How many stores.")] = 1,
    plan: Annotated[str, typer.Option(help="Plan of the stores: standard, plus, pro or enterprise.")] = "plus",
    currency: Annotated[str, typer.Option(help="Currency of the stores.")] = "USD",
    shops: Annotated[
        str, typer.Option("--shops", "--region", help="Regions, each with a local seller's shop: US,GB. Empty: none.")
    ] = "US",
    cross_border: Annotated[str, typer.Option(help="Regions of one cross-border seller's shops: GB,DE,MY.")] = "",
    redirect_url: Annotated[
        str, typer.Option(help="Where TikTok's consent page sends the seller.")
    ] = "http://127.0.0.1:8780/connections/tiktok",
    catalog: Annotated[Path | None, typer.Option(help="A catalog to fill the stores with: JSON, JSONL or CSV.")] = None,
    columns: Annotated[str, typer.Option(help="Which column is what: title=name,price=preis")] = "",
    products: Annotated[int, typer.Option(min=0, help="How many products; 0: as many as there are.")] = 0,
    categories: Annotated[
        list[Path] | None, typer.Option(help="TikTok category tree (CSV) instead of our small one; may be repeated.")
    ] = None,
    faults: Annotated[Path | None, typer.Option(help="Fault rules to begin with: JSON or TOML.")] = None,
    latency: Annotated[
        str, typer.Option(help="Milliseconds an answer of the platforms takes: 80, or 40-200 by chance.")
    ] = "0",
    clock: Annotated[str, typer.Option(help="What time it is in a new world: ISO 8601 or Unix seconds.")] = "",
    rate: Annotated[float | None, typer.Option(min=0, help="How fast its time passes; 0: only on demand.")] = None,
    realistic: Annotated[
        bool, typer.Option("--realistic/--unlimited", help="Keep the platforms' limits of calls and listings.")
    ] = True,
    seed: Annotated[int, typer.Option(help="The same seed and calls make the same world.")] = 1,
) -> None:
    """Run the doubles of both platforms alone, or drive a running sandbox with the commands below."""
    if context.invoked_subcommand is not None:
        return
    from twinshelf_sandbox.app import build
    from twinshelf_sandbox.bigcommerce.responses import Refused
    from twinshelf_sandbox.catalogs import CatalogError
    from twinshelf_sandbox.faults import read_faults
    from twinshelf_sandbox.seeding import Opening, open_world

    opening = Opening(
        stores, plan, currency, _listed(shops), _listed(cross_border), redirect_url, realistic, catalog,
        _pairs(_listed(columns), as_json=False), products, None if state is None else state.with_name(_REFUSED),
    )  # fmt: skip
    try:
        rules = read_faults(faults) if faults is not None else []
        sandbox = build(state, seed=seed)
        is_new = sandbox.world.table("world").get("seeded") is None
        _set_pace(sandbox, latency, clock if is_new else "", rate)
        if snapshot is not None and is_new:
            sandbox.world.restore(snapshot.read_bytes())
        for path in categories or []:
            _say(f"Categories: {sandbox.act('tt.load_categories', path=str(path)):,} of {path.name}")
        open_world(sandbox, opening, say=_say)
        for rule in rules:
            sandbox.faults.add(rule)
    except KeyError as error:
        _fail(f"{error} is unknown")
    except (OSError, ValueError, OverflowError, sqlite3.Error, zlib.error, CatalogError, Refused) as error:
        _fail(str(error))
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread starts, so that only `sigwait` gets them
    try:
        server = sandbox.serve(host=host, port=port)
        server.start()
    except (OSError, ValueError) as error:
        _fail(f"{host}:{port}: {error}")
    sandbox.act("bc.set_base_url", url=server.address)
    sandbox.act("bc.allow_local_hooks")
    _say(f"Sandbox listens on {server.address}")
    _watch_parent()
    signal.sigwait(ends)
    server.stop()


def _set_pace(sandbox: Sandbox, latency: str, clock: str, rate: float | None) -> None:
    least, _, most = latency.partition("-")
    try:
        sandbox.site.latency_seconds = float(least) / 1000
        sandbox.site.latency_spread = max(0.0, float(most or least) - float(least)) / 1000
    except ValueError:
        _fail(f"--latency {latency}: a number of milliseconds, or two such as 40-200")
    if not 0 <= sandbox.site.latency_seconds + sandbox.site.latency_spread < _LONGEST_SECONDS:
        _fail(f"--latency {latency}: 0 to {_LONGEST_SECONDS * 1000:,} milliseconds")
    if rate is not None and not math.isfinite(rate):
        _fail(f"--rate {rate}: a number of seconds a second")
    if rate is not None:
        sandbox.world.clock.run(rate)
    if clock:
        from twinshelf_sandbox.arguments import moment

        sandbox.world.clock.set(moment(clock, "clock"))


def _watch_parent() -> None:
    """End with the process that started us, even if it was killed."""
    parent = os.environ.get("TWINSHELF_PARENT")
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


# -- driving --------------------------------------------------------------------------------------------------------


@app.command()
def access(address: Address = _DEFAULT) -> None:
    """Print the keys to what was opened at the start, as JSON: stores, the TikTok app, shops."""
    with _driving(address) as control:
        _print(control.get("access"))


@app.command()
def state(address: Address = _DEFAULT) -> None:
    """Print counts of both platforms as JSON: products, orders, jobs and webhooks that wait, faults."""
    with _driving(address) as control:
        _print(control.get("state"))


@app.command()
def clock(
    set_: Annotated[str, typer.Option("--set", help="ISO 8601 or Unix seconds.")] = "",
    advance: Annotated[float | None, typer.Option(help="Seconds to pass, with everything due at its own time.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0, help="How fast time passes; 1: as outside, 0: only on demand.")
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Jump to the next timed job.")] = False,
    json_: Json = False,
    address: Address = _DEFAULT,
) -> None:
    """Show the sandbox's clock, set it, let time pass, or change its pace."""
    given = {"set": set_ or None, "advance": advance, "rate": rate, "step": step or None}
    body = {name: value for name, value in given.items() if value is not None}
    for name, number in (("advance", advance), ("rate", rate)):
        if number is not None and not math.isfinite(number):
            _fail(f"--{name} {number}: a finite number")
    with _driving(address) as control:
        answer = control.post("clock", **body) if body else control.clock()
    if json_:
        _print(answer)
    else:
        console.print(f"{answer['iso']}, {answer['rate']:g} seconds a second")


@app.command()
def latency(
    milliseconds: Annotated[float, typer.Argument(min=0, max=600_000, help="What each answer takes.")],
    spread: Annotated[float, typer.Option(min=0, max=600_000, help="By chance up to so many more.")] = 0.0,
    address: Address = _DEFAULT,
) -> None:
    """Let each answer of the platforms take some time."""
    with _driving(address) as control:
        control.set_latency(milliseconds / 1000, spread=spread / 1000)


@app.command()
def act(
    action: Annotated[str, typer.Argument(help="Its name.")] = "", values: Pairs = None, address: Address = _DEFAULT
) -> None:
    """Do what a person or a shopper does, and print what comes of it as JSON. Without an action: list them."""
    with _driving(address) as control:
        if action:
            _print(control.act(action, **_pairs(values or [])))
            return
        actions = control.get("actions")["actions"]
    table = Table("Action", "Takes", "Does")
    for one in actions:
        takes = [f"{p['name']}" if p["required"] else f"[dim]{p['name']}[/dim]" for p in one["parameters"]]
        table.add_row(one["name"], " ".join(takes), one["doc"].split("\n")[0])
    console.print(table)


@app.command()
def fault(
    action: Annotated[str, typer.Argument(help="What happens: status, drop, delay, …")],
    values: Pairs = None,
    address: Address = _DEFAULT,
) -> None:
    """Add a fault rule, such as: fault status status=502 phase=after method=POST path='*/v2/orders'. Prints it."""
    with _driving(address) as control:
        _print(control.post("faults", action=action, **_pairs(values or [])))


@app.command()
def faults(
    file: Annotated[Path | None, typer.Option(help="Add the rules of this file, JSON or TOML.")] = None,
    remove: Annotated[int | None, typer.Option(help="Take back the rule of this number.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take all rules back.")] = False,
    json_: Json = False,
    address: Address = _DEFAULT,
) -> None:
    """Show the fault rules in force, after adding or taking back what the options say."""
    with _driving(address) as control:
        if clear:
            control.delete("faults")
        if remove is not None:
            control.delete(f"faults/{remove}")
        if file is not None:
            rules = _rules(file)
            control.post("faults", **(rules if isinstance(rules, dict) else {"faults": rules}))
        rules = control.get("faults")["faults"]
    if json_:
        _print(rules)
        return
    table = Table("#", "Action", "Strikes", "Phase", "Struck", "Of")
    for rule in rules:
        where = " ".join(str(rule[name]) for name in ("platform", "tenant", "method", "path") if rule[name])
        table.add_row(
            str(rule["id"]), rule["action"], where, rule["phase"], str(rule["struck"]), str(rule["times"] or "always")
        )
    console.print(table)


@app.command()
def effects(
    platform: Annotated[str, typer.Option(help="bigcommerce or tiktok.")] = "",
    tenant: Annotated[str, typer.Option(help="Store hash or shop id.")] = "",
    kind: Annotated[str, typer.Option(help="What happened, such as order_created.")] = "",
    key: Annotated[str, typer.Option(help="Id of what it happened to.")] = "",
    cause: Annotated[str, typer.Option(help="A part of what caused it.")] = "",
    since: Annotated[int, typer.Option(help="Only those after this number.")] = 0,
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")] = 30,
    json_: Json = False,
    address: Address = _DEFAULT,
) -> None:
    """Show what really changed on either platform, with what caused it."""
    given = {"platform": platform, "tenant": tenant, "kind": kind, "key": key, "cause": cause}
    query = {name: value for name, value in given.items() if value}
    order = "newest" if newest else "oldest"
    with _driving(address) as control:
        answer = control.get("effects", **query, since=since, limit=limit, order=order)
    if json_:
        _print(answer)
        return
    table = Table("#", "Where", "What", "Key", "Detail", "Cause")
    for one in answer["effects"]:
        detail = json.dumps(one["detail"], ensure_ascii=False)
        where = f"{one['platform']} {one['tenant']}"
        table.add_row(str(one["seq"]), where, one["kind"], one["key"], detail, one["cause"])
    console.print(table)


@app.command()
def snapshot(file: Annotated[Path, typer.Argument(help="The file.")], address: Address = _DEFAULT) -> None:
    """Save the whole world to a file, for `restore` or for `--snapshot` of another sandbox."""
    with _driving(address) as control:
        try:
            file.write_bytes(control.snapshot())
        except OSError as error:
            _fail(str(error))


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="The file.")], address: Address = _DEFAULT) -> None:
    """Replace the whole world by that of a file."""
    try:
        data = file.read_bytes()
    except OSError as error:
        _fail(str(error))
    with _driving(address) as control:
        control.restore(data)


# -- helpers --------------------------------------------------------------------------------------------------------


@contextmanager
def _driving(address: str) -> Iterator[ControlClient]:
    """A client of the sandbox there. A refusal ends the command with the sandbox's own words."""
    from httpx2 import InvalidURL

    from twinshelf_sandbox.client import ControlClient, ControlError

    try:
        yield ControlClient(address.rstrip("/"))
    except InvalidURL as error:
        _fail(f"--address: {error}")
    except ControlError as error:
        _fail(str(error))


def _rules(file: Path) -> Any:
    import tomllib

    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        _fail(f"{file}: {error}")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pairs(texts: list[str], *, as_json: bool = True) -> dict[str, Any]:
    """{name: value} of texts such as quantity=3 or sku=MUG-1."""
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            _fail(f"{text}: say name=value")
        pairs[name.strip()] = _value(value) if as_json else value.strip()
    return pairs


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _say(line: str) -> None:
    print(line, flush=True)


def _fail(text: str) -> NoReturn:
    print(text, file=sys.stderr, flush=True)
    raise typer.Exit(1)
