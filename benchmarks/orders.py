"""Import of orders: CPU of our process and calls of both platforms, against the least that batches allow."""

from __future__ import annotations

import math
import time
from typing import Any

from benchmarks.harness import TEMPLATE, Result, in_process, measured, product_environment, sandbox
from benchmarks.importing import _set_up
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf_sandbox.client import ControlClient

LINES = 3
THREADS = 8


def run(orders: int) -> list[Result]:
    """`orders` paid orders of three lines each, found by one poll."""
    with sandbox(60) as control:
        return in_process(lambda: _orders(control, orders))


def finish(driver: Any, task: Any) -> None:
    """Work until the task has ended; lanes whose budget is empty wait for it in real time, as they do in a worker."""
    while task.state not in {"completed", "failed"}:
        driver.run(10**6)
        time.sleep(0.02)
        task.refresh_from_db()


def _orders(control: ControlClient, orders: int) -> list[Result]:
    with product_environment():
        connection = _set_up(control, with_shop=True)
        from twinshelf.goods import actions as goods
        from twinshelf.listings import actions as catalog
        from twinshelf.listings.models import Link, ListingRow
        from twinshelf.orders import actions
        from twinshelf.orders.models import ShopOrderRow
        from twinshelf.rules import actions as rules
        from twinshelf.sync import drain, engine

        driver = engine.current()
        drain.use_threads(THREADS)
        finish(driver, goods.pull(connection.store, by=COMMAND_LINE))
        rules.set_default_template(connection, **TEMPLATE, by=COMMAND_LINE)
        finish(driver, catalog.list_products(connection, None, by=COMMAND_LINE))
        control.advance(600)
        finish(driver, catalog.refresh(connection, None, by=COMMAND_LINE))
        live = ListingRow.objects.filter(connection=connection, state="live").values_list("product_id", flat=True)
        links = list(
            Link.objects.filter(connection=connection, product_id__in=live)
            .order_by("id")
            .values_list("sku_id", "seller_sku")
        )
        from benchmarks.sandbox_process import STORE

        for sku in {code for _sku_id, code in links}:
            control.act("bc.set_stock", hash=STORE, sku=sku, quantity=90_000)
        finish(driver, goods.pull(connection.store, by=COMMAND_LINE))
        finish(driver, catalog.resync(connection, None, by=COMMAND_LINE))
        shop_id = connection.shop.shop_id
        for number in range(orders):
            items = [{"sku_id": links[(number * 7 + n * 31) % len(links)][0], "quantity": 1} for n in range(LINES)]
            control.act("shopper.buy", shop_id=shop_id, items=items)
        control.advance(3700)
        control.forget_calls()
        with measured() as ruler:
            finish(driver, actions.fetch_now(connection, by=COMMAND_LINE))
        created = ShopOrderRow.objects.filter(connection=connection).exclude(store_order_id=None).count()
        if created != orders:
            raise RuntimeError(f"{created} of {orders} orders were imported")
        shop_calls, store_calls = control.count_calls("tiktok"), control.count_calls("bigcommerce")
        shop_minimum = math.ceil(orders / 100) + math.ceil(orders / 50) + math.ceil(orders / 100)
        return [
            Result(f"orders {orders:,} × {LINES}: CPU each", ruler.cpu / orders * 1000, "ms", 3.0),
            Result("  store calls / minimal", store_calls / orders, "×", 1.1, f"{store_calls} calls"),
            Result("  shop calls / minimal", shop_calls / shop_minimum, "×", 1.1, f"{shop_calls} calls"),
            Result("  wall time", ruler.wall, "s", None, f"{orders / ruler.wall:,.0f} orders/s"),
        ]
