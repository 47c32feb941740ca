"""A database that goes away in the middle (fault catalog, E): whatever statement it happens at, all is made good."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.flows.faults import HELD_SECONDS, rest, ship
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
