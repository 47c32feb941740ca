"""Writers of one process queue up before SQLite, which itself would let them wait blindly, or refuse them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models import F

from tests.waiting import PATIENCE_SECONDS
from twinshelf.kit.models import PlatformClock

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")

HOST = "store.test"


@pytest.fixture
def row(transactional_db) -> None:
    PlatformClock.objects.create(host=HOST)


def offset() -> float:
    return PlatformClock.objects.get(host=HOST).offset_seconds


def add_one() -> None:
    PlatformClock.objects.filter(host=HOST).update(offset_seconds=F("offset_seconds") + 1)


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    """`work` on a connection of its own, whose SQLite gives up at once where it finds the file locked."""

    def run() -> object:
        try:
            with connection.cursor() as cursor:
                cursor.execute("pragma busy_timeout = 0")
            return work()
        finally:
            connections.close_all()

    return run


def test_many_writers_all_get_their_turn(row):
    def some() -> None:
        for number in range(10):
            if number % 2:
                add_one()
            else:
                with transaction.atomic():
                    add_one()

    with ThreadPoolExecutor(16) as pool:
        for job in [pool.submit(in_thread(some)) for _ in range(16)]:
            job.result()

    assert offset() == 160.0


@pytest.mark.parametrize("how", ["committed", "rolled back", "closed"])
def test_a_transaction_gives_its_turn_back_however_it_ends(row, how):
    begun, finish = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                add_one()
                begun.set()
                finish.wait(PATIENCE_SECONDS)
                if how == "rolled back":
                    raise ZeroDivisionError
                if how == "closed":
                    connection.close()
        except ZeroDivisionError:
            pass

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(in_thread(first))
        assert begun.wait(PATIENCE_SECONDS)
        other = pool.submit(in_thread(add_one))
        finish.set()
        one.result()
        other.result()

    assert offset() == (2.0 if how == "committed" else 1.0)


def test_reading_needs_no_turn(row):
    with transaction.atomic():
        add_one()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(in_thread(offset)).result(PATIENCE_SECONDS) == 0.0


def test_a_turn_that_never_comes_is_an_error(row, monkeypatch):
    monkeypatch.setattr("twinshelf.kit.sqlite.base._WAIT_SECONDS", 0.05)
    with transaction.atomic():
        add_one()
        with ThreadPoolExecutor(1) as pool, pytest.raises(OperationalError, match="did not end"):
            pool.submit(in_thread(add_one)).result(PATIENCE_SECONDS)

    add_one()
    assert offset() == 2.0
