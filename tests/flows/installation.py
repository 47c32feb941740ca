"""A sandbox and the product's real processes beside it, to be killed, frozen and judged: by tests and by the soak.

The judge is the sandbox's own log of what really happened, apart from the product's proof.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from tests.waiting import wait_until
from twinshelf_sandbox.client import ControlClient, ControlError

STORE = "fern0hollow"
ROOT = Path(__file__).resolve().parents[2]
APP = {
    "TWINSHELF_TIKTOK_APP_KEY": "6killkey",
    "TWINSHELF_TIKTOK_APP_SECRET": "app-secret-of-the-kill-tests",
    "TWINSHELF_TIKTOK_SERVICE_ID": "7400000000000000009",
    "TWINSHELF_BIGCOMMERCE_APP_ID": "40127",
}
PRODUCTS = 20
CANCELLED = 5

PATIENCE_SECONDS = 150.0
"""For whole processes beside each other: no wait ends earlier in which nothing moves."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A command of ours as a process that can be killed and started again, with one log for all its lives."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self._command, self._environment, self._log = name, command, environment, log
        self._popen: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "twinshelf.cli", *self._command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def kill(self) -> None:
        """End it as a power cut would: nothing of it is asked."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()
            self.kills += 1

    def freeze(self) -> None:
        """Hold it where it is, until `thaw` or `kill`."""
        if self._popen is not None:
            self._popen.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        if self._popen is not None:
            self._popen.send_signal(signal.SIGCONT)

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])


class Merchant:
    """`tests/flows/merchant.py` at the other end of two pipes."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.merchant"], cwd=ROOT, env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log.open("ab"), text=True,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._ready = False

    def _read(self) -> Any:
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        assert line, "the merchant is gone; see merchant.log"
        return json.loads(line)

    def try_to(self, command: str, **arguments: Any) -> tuple[Any, str]:
        """(answer, "") or (None, what went wrong)."""
        with self._lock:
            if not self._ready:
                self._ready = self._read() == {}
            assert self._popen.stdin is not None
            self._popen.stdin.write(json.dumps([command, arguments]) + "\n")
            self._popen.stdin.flush()
            answer = self._read()
        return answer.get("ok"), answer.get("error", "")

    def __call__(self, command: str, **arguments: Any) -> Any:
        answer, error = self.try_to(command, **arguments)
        assert not error, f"{command}: {error}"
        return answer

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait()


class Installation:
    """A sandbox and the product's processes beside it, each with files of its own in one directory."""

    def __init__(self, folder: Path, workers: int, seed: int, **more: str) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.web_port, sandbox_port = free_port(), free_port()
        self.sandbox_address = f"http://127.0.0.1:{sandbox_port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHELF_")}
        self.environment = {
            **kept,
            **APP,
            "DJANGO_SETTINGS_MODULE": "twinshelf.settings",
            "TWINSHELF_DATA": str(folder / "data"),
            "TWINSHELF_DATABASE_URL": "",
            "TWINSHELF_BASE_URL": f"http://127.0.0.1:{self.web_port}",
            "TWINSHELF_BIGCOMMERCE_API": self.sandbox_address,
            "TWINSHELF_BIGCOMMERCE_LOGIN": self.sandbox_address,
            "TWINSHELF_TIKTOK_API": self.sandbox_address,
            "TWINSHELF_TIKTOK_AUTH": self.sandbox_address,
            "TWINSHELF_FETCH_ALLOW": json.dumps([f"127.0.0.1:{sandbox_port}"]),
            "TWINSHELF_LOG_LEVEL": "WARNING",
            **more,
        }
        world = ("--state", str(folder / "world.sqlite3"), "--products", str(PRODUCTS))
        self.sandbox = self._process("sandbox", "sandbox", "--port", str(sandbox_port), *world)
        self.web = self._process("web", "web", "--port", str(self.web_port))
        self.workers = [self._process(f"worker-{n}", "worker", TWINSHELF_SLOT=f"slot-{n}") for n in range(workers)]
        self.control = ControlClient(self.sandbox_address)
        self.merchant = Merchant(self.environment, folder / "merchant.log")
        self.shop: dict[str, Any] = {}

    def _process(self, name: str, *command: str, **more: str) -> Process:
        return Process(name, list(command), {**self.environment, **more}, self.folder / f"{name}.log")

    @property
    def processes(self) -> list[Process]:
        return [self.sandbox, self.web, *self.workers]

    # -- starting and ending ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start all processes at once, on nothing, and return when the web and the sandbox answer."""
        for process in self.processes:
            process.start()
        self.until("the platforms answer", self.platforms_answer)
        self.until("the web answers", self.web_answers)

    def answers(self, url: str) -> bool:
        try:
            return httpx2.get(url, timeout=60).status_code == 200
        except httpx2.HTTPError:
            return False

    def close(self) -> None:
        for process in self.processes:
            process.kill()
        self.merchant.close()

    def until(self, what: str, true: Callable[[], bool]) -> None:
        """Return once it is true; fails where nothing moves any more, or where a process ended by itself."""

        def checked() -> bool:
            if true():
                return True
            for process in self.processes:
                assert process.alive or process.kills, f"{process.name} ended by itself:\n{process.tail()}"
            return False

        wait_until(checked, what, signs=self.moves, patience=PATIENCE_SECONDS, state=self.state, look_every=0.05)

    def moves(self) -> object:
        """What changes with everything that the product or the platforms do."""
        found, _error = self.merchant.try_to("busy")
        try:
            effects = self.control.get("state")["effects"]
        except (httpx2.HTTPError, ControlError):
            effects = None
        return effects, found and found["moves"], sum(process.kills for process in self.processes)

    def state(self) -> str:
        told = [f"{process.name}: {process.tail(12)}" for process in self.processes]
        return "\n".join([json.dumps(self.merchant.try_to("busy"))[:3000], *told])

    # -- the platforms ------------------------------------------------------------------------------------------------

    def act(self, action: str, /, **arguments: Any) -> Any:
        return self.control.act(action, **arguments)

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the platforms."""
        self.control.advance(seconds)

    def pass_time_on_both_sides(self, seconds: float) -> None:
        """Let time pass for the platforms and for what the product has put off."""
        self.pass_time(seconds)
        self.merchant("pass_time", seconds=seconds)

    def lose_answers(self, method: str, path: str) -> None:
        """Let such calls take effect, and break the connection in place of an answer."""
        self.control.post("faults", action="drop", phase="after", method=method, path=path, times=None)

    def give_answers(self) -> int:
        """End that; how many answers were lost."""
        lost = sum(rule["struck"] for rule in self.control.get("faults")["faults"])
        self.control.delete("faults")
        return int(lost)

    def effects(self, kind: str) -> list[dict[str, Any]]:
        return list(self.control.effects(kind=kind))

    def open_shop(self) -> str:
        """Accounts on both platforms; returns the code that authorizes us."""
        self.act(
            "tt.create_app",
            app_key=APP["TWINSHELF_TIKTOK_APP_KEY"],
            app_secret=APP["TWINSHELF_TIKTOK_APP_SECRET"],
            service_id=APP["TWINSHELF_TIKTOK_SERVICE_ID"],
            redirect_url=f"http://127.0.0.1:{self.web_port}/connections/tiktok",
        )
        seller = self.act("tt.create_seller", name="Fernhollow", region="US")
        self.shop = self.act("tt.create_shop", seller=seller["seller_id"], name="Fernhollow US", region="US")
        self.act("tt.set_limits", shop_id=self.shop["shop_id"], per_second=50, daily_listings=100_000)
        self.act("bc.set_switch", hash=STORE, name="quota", value=None)
        return str(self.act("tt.authorize", app_key=APP["TWINSHELF_TIKTOK_APP_KEY"], seller=seller["seller_id"]))

    # -- the merchant and the buyers ----------------------------------------------------------------------------------

    def connect(self) -> None:
        code = self.open_shop()
        keys = self.act("bc.create_api_account", hash=STORE, name="Twinshelf")
        self.merchant("connect", store=STORE, keys=keys, code=code)

    def finish(self, command: str) -> dict[str, Any]:
        """Submit a task and wait for it. Returns how it ended."""
        number = self.merchant(command)["task"]
        ended: dict[str, Any] = {}

        def done() -> bool:
            ended.update(self.merchant("task", number=number))
            return ended["state"] not in {"queued", "running"}

        self.until(f"{command} is done", done)
        return ended

    def on_the_shelf(self) -> dict[str, int]:
        """Seller SKU → units that the shop shows, of products that passed their review."""
        live = {e["key"] for e in self.effects("product_status") if e["detail"]["after"] == "ACTIVATE"}
        return {
            effect["detail"]["seller_sku"]: effect["detail"]["after"]
            for effect in self.effects("stock_set")
            if effect["platform"] == "tiktok" and effect["key"] in live
        }

    def well_stocked(self) -> list[str]:
        return sorted(sku for sku, units in self.on_the_shelf().items() if units >= 6)

    def buy(self, number: int) -> list[str]:
        """So many paid orders of one or two SKUs."""
        skus = self.well_stocked()
        wanted = [self.chance.sample(skus, 1 + n % 2) for n in range(number)]
        return [
            str(
                self.act(
                    "shopper.buy",
                    shop_id=self.shop["shop_id"],
                    items=[{"seller_sku": sku, "quantity": 1} for sku in skus_of_one],
                )
            )
            for skus_of_one in wanted
        ]

    def ship(self, orders: list[str]) -> set[str]:
        """Ship these orders in the store, each as soon as it is there. Returns the tracking numbers."""
        numbers = set()
        for order_id in orders:
            [store_order] = self.store_orders(order_id)
            tracking = f"94001118992238{store_order:08d}"
            self.act("bc.ship_order", hash=STORE, order_id=store_order, carrier="usps", tracking_number=tracking)
            numbers.add(tracking)
        return numbers

    def store_orders(self, order_id: str) -> list[int]:
        """The store's orders of an order, once there is one. What webhooks did not tell, the timetables find."""
        found: list[int] = []
        looked = time.monotonic()

        def there() -> bool:
            nonlocal looked
            if time.monotonic() - looked > 2:
                self.merchant.try_to("look")
                looked = time.monotonic()
            found[:] = self.act("bc.orders", hash=STORE, external_order_id=order_id)
            return bool(found)

        self.until(f"order {order_id} is in the store", there)
        return found

    def restock(self, number: int) -> None:
        """Take three units of some SKUs off the store's stock."""
        for sku in self.chance.sample(self.well_stocked(), number):
            stock = self.act("bc.stock", hash=STORE, sku=sku)
            self.act("bc.set_stock", hash=STORE, sku=sku, quantity=max(0, stock - 3))

    def slow_down(self, seconds: float) -> None:
        """Have every answer of the platforms take so long."""
        self.control.set_latency(seconds)

    def second_looks(self) -> int:
        """How many products will be looked at again because a push of their stock got no answer."""
        return sum(" stock " in mark for mark in self.merchant("busy")["marks"])  # in whichever lane: `stock 114`

    def running(self, worker: int) -> list[str]:
        """The slices and tasks that a worker has begun and not ended, by the ids in the engine's own table."""
        with sqlite3.connect(f"file:{self.folder}/data/engine.sqlite3?mode=ro", uri=True) as engine:
            rows = engine.execute(
                "select workflow_uuid from workflow_status where status = 'PENDING' and executor_id = ? "
                "and (workflow_uuid like 'lane:%' or workflow_uuid like 'task:%')",
                [f"slot-{worker}"],
            )
            return [row[0] for row in rows]

    def freeze_at_work(self, kind: str) -> int:
        """Freeze the worker that is in the middle of a lane of this kind; which one it was."""
        with sqlite3.connect(f"file:{self.folder}/data/twinshelf.sqlite3?mode=ro", uri=True) as app:
            lanes = [f"lane:{row[0]}:" for row in app.execute("select id from sync_lane where kind = ?", [kind])]

        def frozen() -> bool:
            for number, worker in enumerate(self.workers):
                worker.freeze()
                if any(one.startswith(tuple(lanes)) for one in self.running(number)):
                    held.append(number)
                    return True
                worker.thaw()
            return False

        held: list[int] = []
        self.until(f"a worker is frozen in the middle of a lane of {kind}s", frozen)
        return held[0]

    def kill_at_work(self) -> int:
        """Kill a worker in the middle of a lane, for good; which one it was. What it had in hand is left lying."""

        def killed() -> bool:
            for number, worker in enumerate(self.workers):
                worker.freeze()  # between a look and the kill it could come to an end
                if any(one.startswith("lane:") for one in self.running(number)):
                    worker.kill()
                    return True
                worker.thaw()
            return False

        self.until("a worker is in the middle of a lane", killed)
        return next(number for number, worker in enumerate(self.workers) if not worker.alive)

    def come_to_rest(self) -> None:
        """All processes run, the platforms have sent again what was not answered, the timetables have come round."""
        self.until("the web answers", self.web_answers)
        self.pass_time(3600)
        self.merchant("look")
        self.rest()

    def web_answers(self) -> bool:
        return self.answers(f"http://127.0.0.1:{self.web_port}/healthz")

    def platforms_answer(self) -> bool:
        return self.answers(f"{self.sandbox_address}/_sandbox/clock")

    def rest(self) -> None:
        """Wait until nothing is left to do on either side, now or later.

        Quiet is what has lasted for longer than the worker's own round of two seconds. Where all that is left is put
        off, such as the second look after a call that got no answer, time passes to then.
        """
        busy_at = time.monotonic()

        def resting() -> bool:
            nonlocal busy_at
            there = self.control.clock()
            coming = there["next_job"] is not None and there["next_job"] < there["now"] + 2
            found, error = self.merchant.try_to("busy")
            if coming or error or found["lanes"] or found["tasks"]:
                busy_at = time.monotonic()
            if time.monotonic() - busy_at <= 3.0:
                return False
            if found["marks"] and found["later"] is not None:
                self.pass_time_on_both_sides(found["later"])
                busy_at = time.monotonic()
            return not found["marks"]

        self.until("all is at rest", resting)

    def prove(self) -> dict[str, Any]:
        ran = subprocess.run(
            [sys.executable, "-m", "twinshelf.cli", "prove", "--json"],
            check=False, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.stdout.strip(), ran.stderr[-3000:]
        report: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
        assert ran.returncode == (1 if report.get("differences") else 0), ran.stderr[-3000:]
        return report


def killer(
    installation: Installation, victims: list[Process], stop: threading.Event, *, least: float, most: float
) -> threading.Thread:
    """Kill one of `victims` after a random pause, start it again after another, and so on until `stop`.

    The pauses grow: where a machine is so busy that a process needs longer than one to begin, it gets there later.
    """

    def run() -> None:
        chance = random.Random(installation.chance.random())
        growth = 1.0
        while not stop.wait(chance.uniform(least, most) * growth):
            growth *= 1.1
            victim = chance.choice(victims)
            victim.kill()
            stop.wait(chance.uniform(0.0, 0.5))
            victim.start()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def judge(installation: Installation, bought: list[str], shipped: set[str], *, frozen: bool = False) -> None:
    """By what really happened on the platforms. `frozen`: a process stood still, perhaps in the middle of a call.

    Then an order may have been made twice, and one of both was cancelled.
    """
    created = Counter(
        effect["detail"]["external_order_id"]
        for effect in installation.effects("order_created")
        if effect["platform"] == "bigcommerce"
    )
    assert set(created) == set(bought)
    assert frozen or created == dict.fromkeys(bought, 1)  # each order once, at no moment twice
    for order_id in bought:
        made = installation.act("bc.orders", hash=STORE, external_order_id=order_id)
        assert frozen or len(made) == 1
        states = [installation.act("bc.order", hash=STORE, order_id=number)["status_id"] for number in made]
        assert len([state for state in states if state != CANCELLED]) == 1, (order_id, states)

    listed = Counter(effect["detail"]["external_product_id"] for effect in installation.effects("product_created"))
    assert set(listed.values()) == {1}
    reported = installation.merchant("report")
    told = {key for key, code, _text in reported["problems"] if code.startswith("E-")}
    assert {product for product, _state, _id in reported["listings"]} - listed.keys() - told == set()
    assert len(listed) >= PRODUCTS * 0.7  # the rest lacks something that a listing needs, and says so

    packages = [effect for effect in installation.effects("package_shipped") if effect["platform"] == "tiktok"]
    assert Counter(effect["detail"]["tracking"] for effect in packages) == dict.fromkeys(shipped, 1)

    for sku, units in installation.on_the_shelf().items():
        assert units == installation.act("bc.stock", hash=STORE, sku=sku), sku

    report = installation.prove()
    assert report["differences"] == []
    assert report["subjects"]["order"]["compared"] == len(bought)
