"""Import of a catalog into the store's tables, free and under the platform's quota, beside clients that only read."""

from __future__ import annotations

import math
import os
import sqlite3
import tempfile
import time
from typing import Any

import httpx2

from benchmarks.harness import Result, connect, in_process, measured, product_environment, sandbox
from benchmarks.sandbox_process import STORE
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf_sandbox.client import ControlClient

PAGE = 250
"""Products, brands or categories that BigCommerce gives in one answer at most.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml, `limit`; variants, images and custom fields of a
product come inside it and do not shorten the page, as options and modifiers would (to 10).
"""


def run(products: int) -> list[Result]:
    """CPU, calls and memory of an import; memory again at five times the size, where it must not have grown."""
    with sandbox(products) as control:
        results = in_process(lambda: _import(control, products))
        results += in_process(lambda: _bigc(control, products))
        results += in_process(lambda: _official(control, products))
        results += in_process(lambda: _floor(control, products))
    return results


def _import(control: ControlClient, products: int) -> list[Result]:
    with product_environment():
        store = _set_up(control)
        from twinshelf.goods import actions
        from twinshelf.goods.models import StoreProduct, StoreVariant
        from twinshelf.sync import engine

        minimal = _minimal_calls(control, products)
        control.forget_calls()
        with measured() as ruler:
            task = actions.pull(store, by=COMMAND_LINE)
            engine.current().run()  # type: ignore[attr-defined]
        task.refresh_from_db()
        stored = (StoreProduct.objects.count(), StoreVariant.objects.count())
        if stored != (products, products * 5) or task.state != "completed":
            raise RuntimeError(f"stored {stored}, task {task.state}")
        thousands = products / 1000
        calls = control.count_calls("bigcommerce")
        return [
            Result(f"import {products:,} × 5 × 4: calls / minimal", calls / minimal, "×", 1.1, f"{calls} calls"),
            Result("  CPU per 1,000 products stored", ruler.cpu / thousands, "s", 0.25),
            Result("  peak memory", ruler.peak_mb, "MB", 250.0),
            Result("  wall time", ruler.wall, "s", None, f"{products / ruler.wall:,.0f} products/s"),
        ]


def _minimal_calls(control: ControlClient, products: int) -> int:
    """The fewest calls that can bring all products with their variants, pictures, fields, brand and category names.

    All of it is asked for in full pages, and an empty list costs a call too: that it is empty must be told. A page
    tells whether another follows, so none is asked for in vain. What the store says of itself was read when it was
    connected, and a product's parts come with it: neither costs a call. No import of everything can do with fewer, so
    calls / minimal is never below 1.
    """
    rows = [products, _total("/v3/catalog/brands", control), _total("/v3/catalog/trees/categories", control)]
    return sum(max(1, math.ceil(number / PAGE)) for number in rows)


def _total(path: str, control: ControlClient) -> int:
    """How many rows a list of the store has."""
    answer = httpx2.get(
        f"{os.environ['BENCH_SANDBOX']}/stores/{STORE}{path}",
        params={"limit": 1},
        headers={"X-Auth-Token": _keys(control)["access_token"]},
    )
    return int(answer.json()["meta"]["pagination"]["total"])


def _set_up(control: ControlClient, *, with_shop: bool = False) -> Any:
    from twinshelf import processes

    processes.set_up()
    processes.migrate()
    from twinshelf.sync import engine
    from twinshelf.sync.inline import InlineEngine

    engine.use(InlineEngine())
    return connect(control, with_shop=with_shop)


def run_limited(products: int) -> list[Result]:
    """Wall time of an import at 150 calls per 30 s and 250 ms a call, against what the quota allows."""
    quota, window, latency = 150, 30.0, 0.25
    with sandbox(products, quota=quota, latency=latency) as control:

        def work() -> list[Result]:
            with product_environment():
                store = _set_up(control)
                from twinshelf.goods import actions
                from twinshelf.sync import engine

                calls = _minimal_calls(control, products)
                time.sleep(window + 1)  # connecting spent some of the first window
                control.forget_calls()
                with measured() as ruler:
                    task = actions.pull(store, by=COMMAND_LINE)
                    while task.state != "completed":
                        engine.current().run()  # type: ignore[attr-defined]
                        task.refresh_from_db()
                bound = window * ((calls - 1) // quota) + (((calls - 1) % quota) + 1) * latency
                return [
                    Result(
                        f"import {products:,} under quota: wall / bound",
                        ruler.wall / bound,
                        "×",
                        1.2,
                        f"{ruler.wall:.0f} s",
                    )
                ]

        return in_process(work)


# -- peers, which only read -----------------------------------------------------------------------------------------


def _keys(control: ControlClient) -> dict[str, str]:
    keys: dict[str, str] = control.act("bc.create_api_account", hash=STORE, name="peer")
    return keys


def _bigc(control: ControlClient, products: int) -> list[Result]:
    from bigc.api import BigCommerceAPI

    address, keys = os.environ["BENCH_SANDBOX"], _keys(control)
    client = BigCommerceAPI(STORE, keys["access_token"])
    client.api_v3._prepare_url = lambda path: f"{address}/stores/{STORE}/v3{path}"  # noqa: SLF001 - it knows one host
    with measured() as ruler:
        count = sum(1 for _ in client.api_v3.get_many("/catalog/products", params={"include": "variants,images"}))
    if count != products:
        raise RuntimeError(f"bigc read {count}")
    return [Result("  peer bigc, reading only: CPU per 1,000 products", ruler.cpu / (products / 1000), "s")]


def _official(control: ControlClient, products: int) -> list[Result]:
    from bigcommerce.connection import OAuthConnection

    address, keys = os.environ["BENCH_SANDBOX"], _keys(control)
    client = OAuthConnection(keys["client_id"], STORE, keys["access_token"])
    with measured() as ruler:
        page = count = 0
        while True:
            page += 1
            query = {"include": "variants,images", "limit": 250, "page": page}
            answer = client._run_method("GET", f"{address}/stores/{STORE}/v3/catalog/products", query=query)  # noqa: SLF001
            rows = answer.json()["data"]
            count += len(rows)
            if len(rows) < PAGE:
                break
    if count != products:
        raise RuntimeError(f"the official client read {count}")
    return [Result("  peer bigcommerce (official), reading only", ruler.cpu / (products / 1000), "s")]


def _floor(control: ControlClient, products: int) -> list[Result]:
    """urllib3 and msgspec into bare SQLite rows, without a connector's care: the least that storing could cost."""
    import msgspec
    import urllib3

    keys, address = _keys(control), os.environ["BENCH_SANDBOX"]
    http = urllib3.PoolManager(headers={"X-Auth-Token": keys["access_token"], "Accept": "application/json"})
    with tempfile.NamedTemporaryFile(suffix=".sqlite3") as file:
        db = sqlite3.connect(file.name)
        db.execute("pragma journal_mode=wal")
        db.execute("create table product (id integer primary key, title text, body blob)")
        db.execute(
            "create table variant (id integer primary key, product integer, sku text, price text, stock integer)"
        )
        with measured() as ruler:
            last = count = 0
            while True:
                query = f"sort=id&id:greater={last}&limit=250&include=variants,images"
                url = f"{address}/stores/{STORE}/v3/catalog/products?{query}"
                rows = msgspec.json.decode(http.request("GET", url).data)["data"]
                with db:
                    db.executemany(
                        "insert into product values (?,?,?)",
                        [(r["id"], r["name"], msgspec.json.encode(r)) for r in rows],
                    )
                    db.executemany(
                        "insert into variant values (?,?,?,?,?)",
                        [
                            (v["id"], r["id"], v["sku"], str(v["price"]), v["inventory_level"])
                            for r in rows
                            for v in r["variants"]
                        ],
                    )
                count += len(rows)
                if len(rows) < PAGE:
                    break
                last = rows[-1]["id"]
    if count != products:
        raise RuntimeError(f"the floor read {count}")
    return [Result("  floor: urllib3 + msgspec + bare SQLite", ruler.cpu / (products / 1000), "s")]
