"""Real processes, killed at random moments: afterwards nothing is missing, nothing is double, and both sides agree."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.installation import PATIENCE_SECONDS, Installation, judge, killer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    workers, seed, *more = getattr(request, "param", (1, 1))
    made = Installation(tmp_path, workers, seed, **(more[0] if more else {}))
    yield made
    made.close()


@pytest.mark.covers("BEY-02")
@pytest.mark.parametrize("installation", [(1, 20260214)], indirect=True)
def test_nothing_is_lost_or_doubled_when_worker_and_web_are_killed_again_and_again(installation: Installation):
    installation.start()
    installation.connect()
    stop = threading.Event()
    thread = killer(installation, [installation.workers[0], installation.web], stop, least=1.5, most=4.0)

    assert installation.finish("pull")["state"] == "completed"
    installation.merchant("template")
    assert installation.finish("list_all")["state"] == "completed"
    installation.pass_time(600)  # reviews
    bought = installation.buy(14)
    installation.pass_time(3700)  # the hold ends
    shipped = installation.ship(bought[:8])
    installation.restock(6)
    installation.until("killed often enough", lambda: sum(process.kills for process in installation.processes) >= 7)

    stop.set()
    thread.join()
    installation.come_to_rest()
    judge(installation, bought, shipped)


@pytest.mark.covers("BEY-02")
@pytest.mark.parametrize("installation", [(2, 20260307)], indirect=True)
def test_a_survivor_takes_over_and_an_outage_of_both_platforms_is_waited_out(installation: Installation):
    """Of two workers one dies for good in the middle of its work. Later the platforms go away at random moments.

    At the end the answers to pushes of stock are lost: each is looked at again after five minutes.
    """
    installation.start()
    installation.connect()
    assert installation.finish("pull")["state"] == "completed"
    installation.merchant("template")
    installation.slow_down(0.2)
    number = installation.merchant("list_all")["task"]
    installation.until("the first are listed", lambda: bool(installation.effects("product_created")))

    victim = installation.kill_at_work()
    assert installation.running(victim)  # it left its work lying
    installation.until("the other took over", lambda: not installation.running(victim))
    assert installation.merchant("report")["leases"] == [f"slot-{1 - victim}"]
    installation.slow_down(0.0)
    installation.until("all are listed", lambda: installation.merchant("task", number=number)["state"] == "completed")
    installation.pass_time(600)

    bought = installation.buy(4)
    installation.pass_time(3700)
    for pause in (0.2, 0.7, 1.5):  # while orders are being made
        time.sleep(installation.chance.uniform(0, pause))
        installation.sandbox.kill()
        time.sleep(installation.chance.uniform(0, pause))
        installation.sandbox.start()
        installation.until("the platforms are back", installation.platforms_answer)
        bought += installation.buy(2)
        installation.pass_time(3700)
    shipped = installation.ship(bought[:4])
    installation.restock(4)
    installation.come_to_rest()
    assert installation.second_looks() == 0  # nor any that the outages left

    installation.lose_answers("POST", "/product/*/inventory/update")
    installation.restock(3)
    installation.until("pushes got no answer", lambda: installation.second_looks() >= 1)
    assert installation.give_answers() >= 1
    installation.rest()
    assert installation.second_looks() == 0
    judge(installation, bought, shipped)


FEW_THREADS = {"TWINSHELF_WORKER_THREADS": "2", "TWINSHELF_LEASE_SECONDS": "2"}
"""So that a backlog of orders takes a while, and a frozen worker is soon taken for dead."""


def store_orders(installation: Installation) -> int:
    """How many orders were made in the store."""
    return sum(effect["platform"] == "bigcommerce" for effect in installation.effects("order_created"))


FROZEN = [(2, 20260411, FEW_THREADS), (2, 20260512, FEW_THREADS)]


@pytest.mark.parametrize("installation", FROZEN if os.environ.get("TWINSHELF_WHOLE") else FROZEN[:1], indirect=True)
def test_a_worker_that_was_frozen_past_its_lease_doubles_nothing_when_it_wakes_up(installation: Installation):
    """In the middle of a backlog of orders, until its successor has made all of them."""
    installation.start()
    installation.connect()
    assert installation.finish("pull")["state"] == "completed"
    installation.merchant("template")
    assert installation.finish("list_all")["state"] == "completed"
    installation.pass_time(600)
    bought = installation.buy(24)
    for worker in installation.workers:
        worker.kill()
    installation.pass_time(3700)  # the hold ends while nobody works
    installation.slow_down(2.0)
    for worker in installation.workers:
        worker.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not store_orders(installation) and time.monotonic() < deadline:
        time.sleep(0.05)  # the look of `until` at all that moves would take too long here
    time.sleep(0.5)  # the calls are out, and wait for their answers: inside the sending nobody could fence them

    victim = installation.freeze_at_work("order")
    made = store_orders(installation)
    installation.until("the other took over", lambda: not installation.running(victim))
    installation.slow_down(0.2)
    installation.until("it made the rest", lambda: store_orders(installation) >= len(bought))
    installation.workers[victim].thaw()
    time.sleep(4)
    installation.slow_down(0.0)
    installation.come_to_rest()

    assert 0 < made < len(bought)
    judge(installation, bought, set())
