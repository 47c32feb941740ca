"""The soak's slice of real processes: sockets, files, signals. `make soak ARGS="--processes --seeds 3"` runs it.

A seed decides what people do and which faults strike; how the machine mixes them is its own, so that a seed does not
repeat a run exactly. What was found by one is to be told by the sandbox's log and the logs that are kept on failure.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.installation import Installation, Process, judge

SEEDS = [int(seed) for seed in os.environ.get("SOAK_SEEDS", "").split(",") if seed]
LONGER_THAN_A_LEASE = 8.0
LOCKED_SECONDS = 15.0
CREATE_ORDER = "/stores/*/v2/orders"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not SEEDS, reason="takes minutes a seed: make soak ARGS=--processes"),
]


class Nature:
    """What goes wrong around the processes of one installation, drawn from its chance."""

    def __init__(self, installation: Installation) -> None:
        self.installation, self.chance = installation, random.Random(installation.chance.random())
        self.frozen = False
        self.struck: list[str] = []
        self._threads: list[threading.Thread] = []
        self.kinds: dict[str, Callable[[], None]] = {
            "F51 a process is killed": self._kill,
            "F51 all of ours are killed": self._kill_all,
            "F51 a worker is frozen past its lease": self._freeze,
            "F52 another program holds the database": self._lock,
            "F01 answers to new orders are lost": self._lose_answers,
            "F06 both platforms are slow": self._slow,
        }

    def strike(self) -> None:
        """One of them."""
        name = self.chance.choice(list(self.kinds))
        self.struck.append(name)
        self.kinds[name]()

    def heal(self) -> None:
        """End all of them, and have all processes run."""
        for thread in self._threads:
            thread.join()
        self.installation.give_answers()
        self.installation.slow_down(0)
        for process in self.installation.processes:
            if not process.alive:
                process.start()

    def _ours(self) -> list[Process]:
        return [self.installation.web, *self.installation.workers]

    def _beside(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    def _kill(self) -> None:
        victim = self.chance.choice(self._ours())
        victim.kill()
        time.sleep(self.chance.uniform(0, 1))
        victim.start()

    def _kill_all(self) -> None:
        for process in self._ours():
            process.kill()
        for process in self._ours():
            process.start()

    def _freeze(self) -> None:
        self.frozen = True
        victim = self.chance.choice(self.installation.workers)
        victim.freeze()

        def wake() -> None:
            time.sleep(LONGER_THAN_A_LEASE)
            victim.thaw()

        self._beside(wake)

    def _lock(self) -> None:
        path = self.installation.folder / "data" / "twinshelf.sqlite3"

        def hold() -> None:
            other = sqlite3.connect(path, timeout=60, isolation_level=None)
            other.execute("begin immediate")
            time.sleep(LOCKED_SECONDS)
            other.rollback()
            other.close()

        self._beside(hold)

    def _lose_answers(self) -> None:
        self.installation.lose_answers("POST", CREATE_ORDER)

        def end() -> None:
            time.sleep(5)
            self.installation.give_answers()

        self._beside(end)

    def _slow(self) -> None:
        self.installation.slow_down(self.chance.choice((0.3, 1.0)))

        def end() -> None:
            time.sleep(10)
            self.installation.slow_down(0)

        self._beside(end)


@pytest.mark.parametrize("seed", SEEDS)
def test_real_processes_lose_and_double_nothing_whatever_strikes(seed: int, tmp_path: Path):
    installation = Installation(tmp_path, 2, seed)
    try:
        nature, chance = Nature(installation), random.Random(seed)
        installation.start()
        installation.connect()
        assert installation.finish("pull")["state"] == "completed"
        installation.merchant("template")
        assert installation.finish("list_all")["state"] == "completed"
        installation.pass_time(600)
        bought, shipped, at_once = list[str](), set[str](), list[str]()
        for _round in range(4):
            nature.strike()
            at_once = installation.buy(chance.randint(2, 5))
            bought += at_once
            installation.pass_time(chance.choice((60, 1200, 3700)))
            installation.restock(chance.randint(1, 3))
            if chance.random() < 0.5:
                nature.strike()
            time.sleep(chance.uniform(0, 3))
        nature.heal()
        installation.pass_time(3700)
        installation.come_to_rest()
        shipped = installation.ship(chance.sample(bought, len(bought) // 2)) if not nature.frozen else set()
        installation.come_to_rest()
        sys.stdout.write(f"seed {seed}: {len(bought)} orders; {'; '.join(nature.struck)}\n")
        judge(installation, bought, shipped, frozen=nature.frozen)
    finally:
        installation.close()
