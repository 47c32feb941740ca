"""Slots of workers: who holds one, who may take it, and what a worker does that was taken for dead."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from twinshelf.kit import clock
from twinshelf.sync import leases
from twinshelf.sync.models import ExecutorLease

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Time passes only where somebody waits."""
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.move(seconds)

    monkeypatch.setattr(clock, "sleep", sleep)
    yield waited
    clock.reset()


def held() -> dict[str, str]:
    return dict(ExecutorLease.objects.values_list("slot", "holder"))


def test_a_named_slot_is_refused_while_its_holder_is_alive(monkeypatch, waiting):
    first = leases.take("demo", holder="elsewhere.1.a")

    def beats(seconds: float) -> None:
        waiting.append(seconds)
        clock.move(seconds)
        first.beat(clock.now())

    monkeypatch.setattr(clock, "sleep", beats)
    with pytest.raises(leases.SlotTaken, match="Another process works as “demo” already: end it, or give this one"):
        leases.take("demo", holder="elsewhere.2.b")
    assert held() == {"demo": "elsewhere.1.a"}
    assert waiting == [0.1]


def test_a_named_slot_of_another_machine_is_taken_once_its_holder_has_been_silent(waiting):
    leases.take("demo", holder="elsewhere.1.a")

    leases.take("demo", holder="elsewhere.2.b")

    assert held() == {"demo": "elsewhere.2.b"}
    assert sum(waiting) == pytest.approx(leases.ttl_seconds(), abs=0.11)


def test_a_named_slot_whose_process_was_killed_is_taken_at_once(waiting):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    machine, _own, _rest = leases.take("first").holder.rpartition(f".{os.getpid()}.")
    ExecutorLease.objects.update(slot="demo", holder=f"{machine}.{ended.pid}.a")

    leases.take("demo", holder="b")

    assert held()["demo"] == "b"
    assert waiting == []


def test_a_worker_taken_for_dead_takes_its_slot_back_once_whoever_took_it_is_gone():
    first = leases.take("demo", holder="elsewhere.1.a")
    ExecutorLease.objects.update(holder="elsewhere.2.b", beat_at=clock.now())

    first.beat(clock.now())
    assert held() == {"demo": "elsewhere.2.b"}

    first.beat(clock.now() + timedelta(seconds=leases.ttl_seconds() + 1))
    assert held() == {"demo": "elsewhere.1.a"}


def test_a_slot_that_was_given_back_is_taken_back():
    first = leases.take("demo", holder="elsewhere.1.a")
    ExecutorLease.objects.all().delete()

    first.beat(clock.now())

    assert held() == {"demo": "elsewhere.1.a"}


def test_workers_without_a_name_take_the_first_slots_that_are_free():
    assert [leases.take("").slot for _ in range(3)] == ["worker-1", "worker-2", "worker-3"]
    ExecutorLease.objects.filter(slot="worker-2").delete()
    assert leases.take("").slot == "worker-2"
