"""A database that goes away in the middle (fault catalog, E): whatever statement it happens at, all is made good."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.flows.faults import HELD_SECONDS, rest, ship
from twinshelf.accounts.models import User
from twinshelf.kit import clock, health, patience
from twinshelf.kit.sqlite import wal
from twinshelf.sync import engine
from twinshelf.sync.inline import InlineEngine

STATEMENTS = 800
"""Fewer than the hour takes that is tried here: each of them comes."""


class Outage:
    """Counts statements, and fails one of them, as a connection does that is lost at that moment."""

    def __init__(self, at: int) -> None:
        self.at, self.count, self.struck = at, 0, ""

    def __call__(self, execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        self.count += 1
        if self.count == self.at:
            self.struck = sql
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


@pytest.mark.parametrize("at", sorted(random.Random(52).sample(range(STATEMENTS), 12)))
def test_f52_a_statement_that_fails_loses_and_doubles_nothing(sandbox, store, shop, twinshelf, at):
    mug, jar = store.add_product(sku="MUG-1", stock=7), store.add_product(sku="JAR-1", title="Pantry jar", stock=7)
    twinshelf.list(mug, jar)
    bought, cancelled = shop.buy(("MUG-1", 2)), shop.buy(("JAR-1", 1))
    outage = Outage(at)

    def go_on(seconds: float) -> None:
        try:
            twinshelf.wait(seconds)
        except OperationalError:  # the worker died of it; another one starts
            twinshelf.engine = InlineEngine()
            engine.use(twinshelf.engine)

    with connection.execute_wrapper(outage):
        go_on(HELD_SECONDS)
        store.act("set_price", sku="MUG-1", price="13.00")
        go_on(60)
        if (store_order_id := twinshelf.order(bought).store_order_id) is not None:
            ship(store, store_order_id)
        sandbox.act("tt.cancel_order", order_id=cancelled)
        go_on(60)
        go_on(600)
    assert outage.struck
    rest(sandbox, twinshelf)
    if store_order_id is None:
        ship(store, twinshelf.order(bought).store_order_id)
        twinshelf.settle()

    made = [e.detail["external_order_id"] for e in store.effects("order_created")]
    assert len(made) == len(set(made))
    assert bought in made
    assert (store.act("stock", sku="MUG-1"), store.act("stock", sku="JAR-1")) == (5, 7)
    assert [e.detail["after"] for e in shop.effects("price_set")] == ["13.00"]
    assert len(shop.effects("package_shipped")) == 1
    assert len(shop.effects("cancellation")) == 1
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f52_a_draft_that_the_database_interrupts_is_made_again_and_no_bug_of_ours(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    store.act("set_stock", sku="MUG-1", quantity=3)
    failed: list[str] = []

    def outage(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if "goods_storevariant" in sql and sql.lstrip().lower().startswith("insert") and not failed:
            failed.append(sql)
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(outage):
        twinshelf.settle()
    assert failed
    assert (shop.effects("stock_set"), twinshelf.problems()) == ([], [])

    twinshelf.wait(5)
    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]


# -- a lock that another process holds ------------------------------------------------------------------------------


@contextmanager
def locked() -> Iterator[None]:
    """Another program holds what we write to: a repair by hand, a backup of somebody else's."""
    if connection.vendor == "sqlite":
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        other.execute("begin immediate")
        yield
        other.rollback()
        other.close()
        return
    stranger = connection.copy()
    with stranger.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("lock table sync_inboxevent, sync_lane, django_session, accounts_user in exclusive mode")
    yield
    stranger.close()


def test_f52_while_another_holds_the_database_nothing_waits_for_long_and_afterwards_nothing_is_lost(
    sandbox, store, shop, twinshelf, monkeypatch
):
    for name in ("PAGE_SECONDS", "HOOK_SECONDS", "PROBE_SECONDS"):
        monkeypatch.setattr(patience, name, getattr(patience, name) / 10)
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    browser = Client(raise_request_exception=False)
    who = {"login": "maya@fernhollow.test", "password": "a long enough password"}
    bought, begun = [], clock.real()
    health.forget()

    with locked():
        for _ in range(5):
            bought.append(shop.buy(("MUG-1", 1)))
            sandbox.settle()
        seconds_of_webhooks = clock.real() - begun
        read, signing_in = browser.get("/accounts/login/"), browser.post("/accounts/login/", who)

    assert seconds_of_webhooks < 2.5
    assert sandbox.world.table(f"tt/{shop.id}/orders")
    assert read.status_code == 200
    assert (signing_in.status_code, signing_in.headers["Retry-After"]) == (503, "10")
    assert "The database takes nothing at the moment" in signing_in.text
    assert clock.real() - begun < 5

    health.forget()
    assert browser.post("/accounts/login/", who).status_code == 302
    assert User.objects.get(email=who["login"]).last_login is not None
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)
    made = [e.detail["external_order_id"] for e in store.effects("order_created")]
    assert sorted(made) == sorted(bought)
    assert (store.act("stock", sku="MUG-1"), twinshelf.problems(), twinshelf.differences()) == (2, [], [])


def test_what_waits_for_a_lock_in_the_background_waits_long(transactional_db):
    patience.wait_at_most(patience.HOOK_SECONDS)
    connection.close()
    patience.wait_at_most(20)

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("pragma busy_timeout").fetchone() == (20_000,)


def test_the_log_of_sqlite_that_has_grown_is_cut_once_nobody_reads_it(tmp_path: Path):
    path = tmp_path / "grown.sqlite3"
    writer, reader = (sqlite3.connect(path, isolation_level=None) for _ in range(2))
    writer.execute("pragma journal_mode=wal")
    writer.execute("create table rows (row blob)")
    reader.execute("begin")
    reader.execute("select count(*) from rows").fetchone()
    writer.execute("insert into rows values (zeroblob(?))", [wal.LIMIT + 1_000_000])
    log = tmp_path / "grown.sqlite3-wal"
    assert log.stat().st_size > wal.LIMIT

    assert wal.shrink([path]) == 0
    reader.rollback()
    assert (wal.shrink([path]), log.stat().st_size) == (1, 0)
    assert wal.shrink([path, tmp_path / "none.sqlite3"]) == 0
    assert writer.execute("select length(row) from rows").fetchone() == (wal.LIMIT + 1_000_000,)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")
def test_a_log_of_ours_is_cut_when_it_begins_anew(transactional_db):
    with connection.cursor() as cursor:
        assert cursor.execute("pragma journal_size_limit").fetchone() == (wal.LIMIT,)
