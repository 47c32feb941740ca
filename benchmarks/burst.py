"""Stock bursts and freshness, against `twinshelf serve` as a process, with webhooks over sockets."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from benchmarks.harness import TEMPLATE, Result, connect, free_port, product_environment, sandbox
from benchmarks.sandbox_process import STORE
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf_sandbox.client import ControlClient

RATE = 50
SECONDS = 60.0


@contextmanager
def _serving(control: ControlClient) -> Iterator[Any]:
    """`twinshelf serve` as a process with everything listed and live. Yields the connection, for asking and proving."""
    port = free_port()
    with product_environment(port):
        from twinshelf import processes

        processes.set_up()
        processes.migrate()
        stop = processes.connect_engine()
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "twinshelf.cli", "serve", "--port", str(port)], env=os.environ
        )
        try:
            _until(lambda: _up(port), 60)
            from twinshelf.goods import actions as goods
            from twinshelf.listings import actions
            from twinshelf.rules import actions as rules

            connection = connect(control, with_shop=True)
            _follow(goods.pull(connection.store, by=COMMAND_LINE))
            rules.set_default_template(connection, **TEMPLATE, by=COMMAND_LINE)
            _follow(actions.list_products(connection, None, by=COMMAND_LINE))
            control.advance(600)
            _rest()
            control.act("tt.set_limits", shop_id=connection.shop.shop_id, per_second=RATE)
            yield connection
        finally:
            process.terminate()
            process.wait(timeout=30)
            stop()


def _up(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


def _until(ready: Any, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > give_up:
            raise RuntimeError("not ready in time")
        time.sleep(0.05)


def _follow(task: Any) -> None:
    while task.state not in {"completed", "failed"}:
        time.sleep(0.1)
        task.refresh_from_db()


def _rest(seconds: float = 600) -> float:
    """Wait until nothing is asked for; returns when that was first seen."""
    from twinshelf.sync.models import Lane, Mark

    give_up, quiet, since = time.monotonic() + seconds, 0, 0.0
    while quiet < 8 and time.monotonic() < give_up:
        busy = Mark.objects.exists() or Lane.objects.filter(awake=True).exists()
        if busy:
            quiet = 0
        else:
            since = time.monotonic() if quiet == 0 else since
            quiet += 1
        time.sleep(0.1)
    return since


def run(changes: int) -> list[Result]:
    """`changes` stock changes in a minute over 5,000 SKUs: acknowledged quickly, merged, drained."""
    with sandbox(1000) as control, _serving(control) as connection:
        from twinshelf.listings.models import Link
        from twinshelf.proof import reconcile as proof

        product_of = dict(Link.objects.filter(connection=connection).values_list("seller_sku", "product_id"))
        skus = sorted(product_of)
        control.act("bench.acks")
        control.forget_calls()
        start = time.monotonic()
        control.act("bench.change_stock", skus=skus, changes=changes, seconds=SECONDS)
        while (last := control.act("bench.changed")) is None:
            time.sleep(0.5)
        drained = _rest() - start
        acks = control.act("bench.acks")
        pushes = sum(row["count"] for row in control.calls("tiktok") if row["path"].endswith("/inventory/update"))
        differences = [d for d in proof.check(connection)["differences"] if d["kind"] == "stock"]
        sent, bound = max(last.values()), _least(last, product_of)
        return [
            Result(
                f"burst {changes:,} changes of {len(skus):,} SKUs: p99 acknowledgement",
                acks["p99"] * 1000,
                "ms",
                250.0,
                f"{acks['count']} webhooks",
            ),
            Result("  webhooks not answered 2xx", acks["refused"], "", 0.0),
            Result(
                "  drained / bound",
                drained / bound,
                "×",
                1.3,
                f"changes took {sent:.0f} s, least {bound:.1f} s, drained after {drained:.1f} s",
            ),
            Result("  pushes / changes (merged)", pushes / changes, "×", 1.0, f"{pushes} calls"),
            Result("  stock differences afterwards", len(differences), "", 0.0),
        ]


def _least(last: Mapping[str, float], product_of: Mapping[str, int]) -> float:
    """The seconds that no schedule can beat: a product is pushed once after its last change, `RATE` a second.

    So of the k products that changed last, those k pushes begin when the first of them has changed for the last time.
    """
    of_products: dict[int, float] = {}
    for sku, at in last.items():
        product = product_of[sku]
        of_products[product] = max(at, of_products.get(product, 0.0))
    latest_first = sorted(of_products.values(), reverse=True)
    return max(at + pushes / RATE for pushes, at in enumerate(latest_first, start=1))


def run_freshness() -> list[Result]:
    """Seconds from a change in the store to the number on the shelf, one at a time."""
    with sandbox(30) as control, _serving(control) as connection:
        from twinshelf.listings.models import Link

        skus = sorted(set(Link.objects.filter(connection=connection).values_list("seller_sku", flat=True)))
        waits = []
        for number in range(40):
            sku, seen = skus[number % len(skus)], control.get("state")["effects"]
            start = time.monotonic()
            control.act("bc.set_stock", hash=STORE, sku=sku, quantity=600 + number)

            def shown(sku: str = sku, seen: int = seen) -> bool:
                effects = control.effects(since=seen, platform="tiktok", kind="stock_set")
                return any(effect["detail"]["seller_sku"] == sku for effect in effects)

            _until(shown, 30)
            waits.append(time.monotonic() - start)
            time.sleep(0.3)
        waits.sort()
        return [
            Result("store change → visible in the shop: p95", waits[int(len(waits) * 0.95)], "s", 2.0),
            Result("  median", waits[len(waits) // 2], "s"),
        ]
