"""The page Inventory: the stock of each SKU on both sides, and the calculation of its number."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager

import typer
from django.test import Client
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA
from tests.flows.faults import SET_STOCK, fault, lose_webhooks
from tests.flows.test_low_stock import choose, in_sizes, sent, stock
from twinshelf.cli import stock as commands
from twinshelf.listings import actions as listings
from twinshelf.listings.models import Link

PAGE = "/inventory/skus/"


def rows(browser, query=""):
    """(SKU, in store, held, should be, sent, shown, standing) of each line of the list."""
    page = browser.get(f"{PAGE}{query}").context["page"]
    return [
        (each.link.seller_sku, each.stock, each.held, each.link.expected, each.link.sent, each.link.quantity,
         each.standing)
        for each in page.rows
    ]  # fmt: skip


def test_every_number_is_shown_with_what_led_to_it_and_repaired_by_a_press(sandbox, store, shop, twinshelf):
    mug, pan = in_sizes(store, 14, 3), store.add_product(sku="PAN-1", stock=20)
    twinshelf.list(mug, pan)
    choose(twinshelf, threshold=5, reserve=2)
    browser = Browser()
    order_id = shop.buy(("PAN-1", 4))
    twinshelf.settle()
    listings.compare(twinshelf.connection, by=MAYA)
    twinshelf.settle()

    assert rows(browser) == [
        ("MUG-1", 14, 0, 12, 12, 12, "same"),
        ("MUG-2", 3, 0, 0, 0, 0, "same"),
        ("PAN-1", 20, 4, 14, 18, 14, "same"),
    ]
    assert rows(browser, "?q=PAN-1") == [("PAN-1", 20, 4, 14, 18, 14, "same")]
    assert [row[0] for row in rows(browser, "?show=limited")] == ["MUG-2"]
    assert [row[0] for row in rows(browser, "?show=held")] == ["PAN-1"]
    words = browser.words(f"{PAGE}{Link.objects.get(seller_sku='PAN-1').pk}/")
    assert "Should be 14" in words
    steps = ["Stock in BigCommerce What an order can draw, as last read. 20",
             "Held for orders: 4 Units that orders of every shop will take. 16",
             "Reserve: 2 Always kept back from this shop. 14"]  # fmt: skip
    assert " ".join(steps) in words
    assert f"4 for order {order_id}" in words

    lose_webhooks(sandbox)
    sandbox.act("tt.set_stock", product_id=twinshelf.listing(pan).tiktok_id, sku="PAN-1", quantity=40)
    listings.refresh(twinshelf.connection, [str(pan)], by=MAYA)
    refused = fault(sandbox, **SET_STOCK, action="status", status=503, times=None)
    twinshelf.settle()
    assert rows(browser, "?show=too_many")[0][:1] == ("PAN-1",)
    assert "1 SKU shows more on TikTok than it should, 26 units in all." in browser.words(PAGE)
    sandbox.faults.clear()
    assert refused.struck

    browser.post(f"{PAGE}repair/{twinshelf.connection.id}/")
    twinshelf.settle()

    assert sent(shop)[-1] == ("PAN-1", 14)
    assert rows(browser, "?show=too_many") == []
    assert (twinshelf.differences(), rows(browser)[2][3:]) == ([], (14, 14, 14, "same"))


def test_the_command_tells_the_same_steps(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=9)
    twinshelf.list(mug)
    choose(twinshelf, reserve=2)
    stock(store, twinshelf, "MUG-1", 7)

    @contextmanager
    def opened(_name):
        yield twinshelf.account, twinshelf.connection

    app = typer.Typer()
    app.callback()(lambda: None)
    complaints: list[tuple[str, str]] = []

    def complain(what: str, remedy: str) -> int:
        complaints.append((what, remedy))
        return 1

    commands.mount(app, Console(file=io.StringIO()), opened, complain)

    ended = CliRunner().invoke(app, ["stock", "MUG-1", "--json"])
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["should_be"], told["sent"], told["on_tiktok"]) == (0, 5, 5, 5)
    assert told["steps"] == [
        {"rule": "stock", "figure": 7, "after": 7}, {"rule": "reserve", "figure": 2, "after": 5},
    ]  # fmt: skip
    assert CliRunner().invoke(app, ["stock", "NONE-1"]).exit_code == 2
    assert complaints[0][0] == "US has no linked SKU “NONE-1”."


def test_nobody_sees_the_stock_of_another_account(twinshelf, store, shop):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    link = Link.objects.get()

    assert Client().get(f"{PAGE}{link.pk}/").status_code == 302
    assert Browser().client.get(f"{PAGE}{link.pk + 1}/").status_code == 404
