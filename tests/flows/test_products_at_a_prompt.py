"""What a product's menu offers, in the console and at a prompt: the same actions for one and for many products."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from decimal import Decimal

import pytest
import typer
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.browser import Browser, pk_of
from tests.flows.faults import lose_webhooks
from twinshelf.cli import products as commands
from twinshelf.cli.app import _pulled, exit_code
from twinshelf.listings.facts import choices_of
from twinshelf.sync.models import Task

MENU = {
    "Pull from BigCommerce": "do/pull/", "List or update": "do/list/", "Refresh status": "do/refresh/",
    "Size chart": "edit/#media", "Certificates": "edit/#shipping", "Attributes": "edit/#attributes",
    "Brand": "edit/#basic", "Category": "edit/#basic",
}  # fmt: skip


@pytest.fixture
def prompt(twinshelf):
    """Runs `twinshelf products …`: (exit code, what it says)."""
    out = io.StringIO()

    @contextmanager
    def opened(_name):
        yield twinshelf.account, twinshelf.connection

    def complain(what, remedy):
        out.write(f"{what} {remedy}\n")
        return 1

    def follow(task, *, as_json):
        assert as_json is False
        twinshelf.settle()
        task.refresh_from_db()
        out.write(f"{task.title}: {task.summary}\n")
        if code := exit_code(task):
            raise typer.Exit(code)

    app = typer.Typer()
    app.callback()(lambda: None)
    commands.mount(app, Console(file=out, width=250), opened, complain, pulled=_pulled, follow=follow)

    def run(*words):
        out.truncate(out.seek(0))
        done = CliRunner().invoke(app, ["products", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, (done.stdout if "--json" in words else " ".join((out.getvalue() + done.stdout).split()))

    return run


def test_products_are_pulled_pushed_and_looked_at_by_their_skus(sandbox, store, shop, twinshelf, prompt):
    mug, _bare = store.add_product(sku="MUG-1", price="12.00"), store.add_product(sku="BARE-1", weight=0)
    twinshelf.pull()

    assert prompt("status", "MUG-1")[0] == 1
    code, text = prompt("push", "MUG-1", "BARE-1")
    assert (code, "1 done, 1 failed" in text) == (3, True)
    assert prompt("push", "BARE-1")[0] == 1
    twinshelf.wait(600)
    code, text = prompt("status", "MUG-1", "BARE-1", "--json")
    shown = {each["sku"]: each for each in json.loads(text)}
    assert code == 3
    assert (shown["MUG-1"]["synced"], shown["MUG-1"]["tiktok_status"]) == (True, "ACTIVATE")
    assert shown["MUG-1"]["tiktok_id"] == twinshelf.listing(mug).tiktok_id
    assert (shown["BARE-1"]["synced"], shown["BARE-1"]["state"]) == (False, "failed")
    [problem] = shown["BARE-1"]["problems"]
    assert problem["text"] == "The product cannot be listed without a weight."
    assert "synced" in prompt("status", "MUG-1")[1]

    lose_webhooks(sandbox)
    store.act("set_price", sku="MUG-1", price="13.00")
    sandbox.act("tt.deactivate_product", product_id=twinshelf.listing(mug).tiktok_id)
    twinshelf.settle()
    assert prompt("refresh", "MUG-1")[0] == 0
    assert twinshelf.listing(mug).state == "inactive_seller"
    browser = Browser()
    browser.post("/products/do/pull/", {"only": pk_of(mug)})
    task = Task.objects.latest("id")
    assert task.title == f"Pull 1 product of {twinshelf.connection.store}"
    twinshelf.settle()
    task.refresh_from_db()
    assert (task.state, task.succeeded) == ("completed", 1)
    assert "$13.00 in store" in browser.words("/products/?q=MUG-1")
    assert prompt("pull", str(mug))[0] == 0


def test_what_a_product_has_of_its_own_is_said_for_several_at_a_prompt(store, twinshelf, prompt, tmp_path):
    mug, pan = (store.add_product(sku=sku) for sku in ("MUG-1", "PAN-1"))
    twinshelf.pull()
    chart, paper, small = tmp_path / "chart.png", tmp_path / "paper.pdf", tmp_path / "small.png"
    Image.new("RGB", (1100, 1100)).save(chart)
    Image.new("RGB", (10, 10)).save(small)
    paper.write_bytes(b"%PDF-1.4 a paper")

    def own(product):
        return choices_of(twinshelf.connection, [str(product)])[str(product)]

    assert prompt("brand", "MUG-1", "PAN-1", "--name", "harbor & pine")[0] == 0
    assert {own(each).brand_name for each in (mug, pan)} == {"Harbor & Pine"}
    assert prompt("brand", "MUG-1", "--name", "Nobody's brand")[0] == 2
    assert prompt("attributes", "MUG-1", "--set", "Style=Plain", "--set", "Care=By hand")[0] == 0
    assert own(mug).attributes == {"Style": "Plain", "Care": "By hand"}
    assert prompt("attributes", "MUG-1", "--set", "style=")[0] == 0
    assert own(mug).attributes == {"Care": "By hand"}
    assert prompt("attributes", "MUG-1", "--set", "Care")[0] == 2
    assert prompt("attributes", "MUG-1", "PAN-1", "--set", f"Care={'x' * 2001}") == (
        1,
        " ".join(f"{each}: More than 2000 characters." for each in (mug, pan))
        + " 0 of 2 saved; TikTok follows by itself.",
    )
    assert prompt("size-chart", "MUG-1", "--file", str(chart))[0] == 0
    assert own(mug).size_chart.name == "chart.png"
    assert prompt("size-chart", "MUG-1", "--file", str(small))[0] == 2
    assert prompt("certificate", "MUG-1", "--id", "77", "--file", str(paper), "--expires", "2030-01-31")[0] == 0
    assert [(each.id, str(each.expires)) for each in own(mug).certificates] == [("77", "2030-01-31")]
    assert prompt("category", "MUG-1", "--to", "No such > Thing")[0] == 2
    assert (own(mug).brand_name, own(mug).attributes) == ("Harbor & Pine", {"Care": "By hand"})  # each keeps the others
    assert store.act("stock", sku="MUG-1") == Decimal(10)
    assert store.effects("product_edited") == []


def test_the_menu_of_a_row_offers_the_same(store, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)

    page = Browser().get("/products/").content.decode()

    menu = page[page.index('<div class="pop">', page.index("data-row")) :]
    menu = menu[: menu.index("</tr>")]
    for word, address in MENU.items():
        assert word in menu
        assert address.replace("edit/", f"{pk_of(mug)}/edit/") in menu
