"""A sandbox in a process of its own, filled for a benchmark: `python -m benchmarks.sandbox_process PORT PRODUCTS …`."""

from __future__ import annotations

import argparse
import itertools
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.catalogs.demo import demo_shop, scaled

STORE = "bench0store"


def _time_webhooks(sandbox: Sandbox) -> None:
    """Note how long receivers take to acknowledge; the action `bench.acks` tells.

    Sent by the standard library's client: the measure shares two cores with what it measures, and httpx2 costs thrice.
    """
    seconds, statuses, mine = list[float](), Counter[int](), threading.local()

    def timed(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
        start, at = time.perf_counter(), urlsplit(url)
        if getattr(mine, "netloc", "") != at.netloc:
            mine.netloc, mine.http = at.netloc, HTTPConnection(at.netloc, timeout=timeout)
        try:
            mine.http.request("POST", at.path, body, dict(headers))
            answer = mine.http.getresponse()
            answer.read()
            status = answer.status
        except (OSError, HTTPException):
            mine.http.close()
            status = 0
        seconds.append(time.perf_counter() - start)
        statuses[status] += 1
        return status

    def acks() -> dict[str, Any]:
        ordered = sorted(seconds)
        result = {
            "count": len(ordered),
            "p50": ordered[len(ordered) // 2] if ordered else 0.0,
            "p99": ordered[int(len(ordered) * 0.99)] if ordered else 0.0,
            "refused": sum(number for status, number in statuses.items() if not 200 <= status < 300),
        }
        seconds.clear()
        statuses.clear()
        return result

    sandbox.outbox.send = timed
    sandbox.world.actions["bench.acks"] = acks


def _change_stock(sandbox: Sandbox) -> None:
    """The action `bench.change_stock` begins so many changes of chosen SKUs, evenly over so many seconds.

    `bench.changed` tells when each SKU was changed last, in seconds since the first; None until all is done. Made in
    here, one by one as the control API would: asking for each over a socket would load the cores once more.
    """
    last: dict[str, float] = {}
    done = threading.Event()

    def change(skus: list[str], changes: int, seconds: float) -> None:
        chance, start = random.Random(1), time.monotonic()
        for number in range(changes):
            if (wait := start + number * seconds / changes - time.monotonic()) > 0:
                time.sleep(wait)
            sku = chance.choice(skus)
            sandbox.act("bc.set_stock", hash=STORE, sku=sku, quantity=chance.randrange(1, 500))
            last[sku] = time.monotonic() - start
        done.set()

    def begin(**arguments: Any) -> None:
        last.clear()
        done.clear()
        threading.Thread(target=change, kwargs=arguments, daemon=True).start()

    sandbox.world.actions["bench.change_stock"] = begin
    sandbox.world.actions["bench.changed"] = lambda: last if done.is_set() else None


def main() -> None:
    """Load a made catalog, say `ready`, and serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("products", type=int)
    parser.add_argument("--variants", type=int, default=5)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--quota", type=int)
    parser.add_argument("--latency", type=float, default=0.0)
    options = parser.parse_args()
    sandbox = build()
    sandbox.act("bc.create_store", hash=STORE, name="Benchmark", currency="USD", plan="plus")
    sandbox.act("bc.set_switch", hash=STORE, name="quota", value=options.quota)
    sandbox.act("bc.allow_local_hooks")
    products = scaled(
        demo_shop(), options.products, variants_per_product=options.variants, images_per_product=options.images
    )
    while batch := list(itertools.islice(products, 2000)):
        sandbox.act("bc.add_products", hash=STORE, products=batch)
    sandbox.act("bc.set_base_url", url=f"http://127.0.0.1:{options.port}")
    sandbox.site.latency_seconds = options.latency
    server = sandbox.serve(port=options.port, threads=24)
    _time_webhooks(sandbox)
    _change_stock(sandbox)
    server.start()
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()


if __name__ == "__main__":
    main()
