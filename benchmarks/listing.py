"""Listing of products: CPU of our process and calls, for the push and for what review made of it."""

from __future__ import annotations

import math

from benchmarks.harness import TEMPLATE, Result, in_process, measured, product_environment, sandbox
from benchmarks.importing import _set_up
from benchmarks.orders import THREADS, finish
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf_sandbox.client import ControlClient

IMAGES, A_PAGE, STOCK_A_CALL = 4, 100, 100


def run(products: int) -> list[Result]:
    """`products` of five variants and four pictures of their own, listed, reviewed and read back."""
    with sandbox(products) as control:
        return in_process(lambda: _list(control, products))


def _list(control: ControlClient, products: int) -> list[Result]:
    with product_environment():
        connection = _set_up(control, with_shop=True)
        from twinshelf.goods import actions as goods
        from twinshelf.listings import actions
        from twinshelf.listings.models import ListingRow
        from twinshelf.proof import reconcile as proof
        from twinshelf.rules import actions as rules
        from twinshelf.sync import drain, engine

        driver = engine.current()
        drain.use_threads(THREADS)
        finish(driver, goods.pull(connection.store, by=COMMAND_LINE))
        rules.set_default_template(connection, **TEMPLATE, by=COMMAND_LINE)
        control.forget_calls()
        with measured() as push:
            finish(driver, actions.list_products(connection, None, by=COMMAND_LINE))
        push_calls = control.count_calls("tiktok")
        control.advance(600)
        control.forget_calls()
        with measured() as review:
            finish(driver, actions.refresh(connection, None, by=COMMAND_LINE))
            driver.run(10**6)  # type: ignore[attr-defined]
        review_calls = control.count_calls("tiktok")
        with measured() as prove:
            report = proof.check(connection)
        live = ListingRow.objects.filter(connection=connection, state="live").count()
        if live != products or report["differences"]:
            raise RuntimeError(f"{live} of {products} are live, {len(report['differences'])} differences")
        review_minimum = math.ceil(products / A_PAGE) + math.ceil(products / STOCK_A_CALL)
        return [
            Result(
                f"list {products:,} × 5 × {IMAGES}: calls / minimal", push_calls / products / (1 + IMAGES), "×", 1.1
            ),
            Result("  CPU each, pictures included", push.cpu / products * 1000, "ms"),
            Result("  wall time", push.wall, "s", None, f"{products / push.wall:,.0f} listings/s"),
            Result("read back after review: calls / minimal", review_calls / review_minimum, "×", 1.1),
            Result("  CPU each", review.cpu / products * 1000, "ms"),
            Result("prove: CPU each", prove.cpu / products * 1000, "ms"),
        ]
