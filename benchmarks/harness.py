"""What the benchmarks share: a sandbox process, the product set up against it, and rulers for time, CPU, memory."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.sandbox_process import STORE
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf_sandbox.client import ControlClient


@dataclass
class Result:
    """One figure. `bound` None: no bound, shown for comparison. Lower is better."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How much of its bound the value takes; over 1 is a miss."""
        if self.bound == 0:
            return 0.0 if self.value == 0 else float("inf")
        return None if self.bound is None else self.value / self.bound

    def line(self) -> str:
        """The result as `make bench` prints it."""
        bound = "" if self.bound is None else f"bound {self.bound:g} {self.unit}, ratio {self.ratio:.2f}"
        mark = " " if self.bound is None else ("✓" if self.value <= self.bound else "✗")
        return f"{mark} {self.name:<62} {self.value:>10.3f} {self.unit:<12} {bound}  {self.note}"


TEMPLATE: dict[str, Any] = {
    "category_id": "600042",
    "attributes": [{"name": "Material", "source": "custom_field", "field": "Material", "value": "Metal"}],
}
"""For goods that all are mugs, of metal where they do not say what of."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sandbox(
    products: int, *, quota: int | None = None, latency: float = 0.0, variants: int = 5
) -> Iterator[ControlClient]:
    """A filled sandbox process; its address goes into the environment of the product."""
    port = free_port()
    arguments = [
        sys.executable,
        "-m",
        "benchmarks.sandbox_process",
        str(port),
        str(products),
        "--variants",
        str(variants),
    ]
    arguments += ["--latency", str(latency)] + (["--quota", str(quota)] if quota else [])
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    try:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise RuntimeError("the sandbox did not start")
        address = f"http://127.0.0.1:{port}"
        os.environ["BENCH_SANDBOX"] = address
        yield ControlClient(address)
    finally:
        process.terminate()
        process.wait(timeout=30)


APP_KEY, APP_SECRET = "6bench0key", "bench-app-secret"


@contextmanager
def product_environment(port: int | None = None) -> Iterator[str]:
    """A data directory and the settings of a product against the sandbox of this run. Once per process."""
    data = tempfile.mkdtemp(prefix="twinshelf-bench-")
    address = os.environ["BENCH_SANDBOX"]
    os.environ.update(
        TWINSHELF_DATA=data,
        TWINSHELF_BASE_URL=f"http://127.0.0.1:{port or free_port()}",
        TWINSHELF_BIGCOMMERCE_API=address,
        TWINSHELF_TIKTOK_API=address,
        TWINSHELF_TIKTOK_AUTH=address,
        TWINSHELF_TIKTOK_APP_KEY=APP_KEY,
        TWINSHELF_TIKTOK_APP_SECRET=APP_SECRET,
        TWINSHELF_TIKTOK_SERVICE_ID="7400000000000000002",
        TWINSHELF_FETCH_ALLOW=json.dumps([address.removeprefix("http://")]),
        TWINSHELF_LOG_LEVEL="WARNING",
        DJANGO_SETTINGS_MODULE="twinshelf.settings",
    )
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


_entered: list[Any] = []


def connect(control: ControlClient, *, with_shop: bool) -> Any:
    """An account with the benchmark's store (and a shop paired with it). Returns the store or the connection."""
    from django_scopes import scope

    from twinshelf.accounts import actions as accounts
    from twinshelf.connections import actions

    keys = control.act("bc.create_api_account", hash=STORE, name="Twinshelf")
    account = accounts.create_account(
        "Benchmark",
        owner_email="bench@twinshelf.example",
        password="benchmark it",  # noqa: S106 - of a database thrown away
        by=COMMAND_LINE,
    )
    _entered.append(scope(account=account))  # for the rest of this process
    _entered[-1].__enter__()
    store = actions.connect_store(account, store_hash_or_url=STORE, access_token=keys["access_token"], by=COMMAND_LINE)
    if not with_shop:
        return store
    control.act("tt.create_app", app_key=APP_KEY, app_secret=APP_SECRET, redirect_url="http://127.0.0.1/x")
    seller = control.act("tt.create_seller", name="Benchmark")["seller_id"]
    shop = control.act("tt.create_shop", seller=seller, name="Benchmark US")
    control.act("tt.set_limits", shop_id=shop["shop_id"], per_second=100000, daily_listings=10_000_000)
    control.act("tt.set_audit_policy", shop_id=shop["shop_id"], seconds=0)
    code = control.act("tt.authorize", app_key=APP_KEY, seller=seller)
    return actions.pair(
        account,
        store=store,
        shop=actions.authorize_shops(account, code, by=COMMAND_LINE)[0],
        name="US",
        by=COMMAND_LINE,
    )


@dataclass
class Ruler:
    """What a piece of work cost this process."""

    wall: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Ruler]:
    """Time, CPU and peak memory of what runs inside."""
    ruler, wall, cpu = Ruler(), time.perf_counter(), time.process_time()
    yield ruler
    ruler.wall, ruler.cpu = time.perf_counter() - wall, time.process_time() - cpu
    ruler.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_process(work: Callable[[], list[Result]]) -> list[Result]:
    """Run `work` in a child of its own, so that memory and caches of one benchmark do not color the next."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        code = 1
        try:
            results = [result.__dict__ for result in work()]
            os.write(write, json.dumps(results).encode())
            code = 0
        except BaseException:  # noqa: BLE001 - the child ends here; its parent sees the code
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(write)
    data = b""
    while chunk := os.read(read, 65536):
        data += chunk
    os.waitpid(child, 0)
    return [Result(**entry) for entry in json.loads(data)] if data else [Result("failed", 1.0, "", 0.5)]
