"""A person says which variant of the store a SKU is, at the order that waits for it: on its page, or by a command."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager

import pytest
import typer
from django.test import Client
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS
from tests.flows.test_order_lines import lines_of
from twinshelf.accounts.models import AuditEntry, User
from twinshelf.cli import orders as commands
from twinshelf.goods.models import StoreVariant
from twinshelf.listings.models import Link
from twinshelf.orders import actions as orders
from twinshelf.orders import queries


@pytest.fixture
def teapot(store, twinshelf):
    """A product that the shop does not list."""
    return store.add_product(sku="POT-1", title="Enamel teapot", stock=5, upc="4006381333931")


@pytest.fixture
def waiting(store, shop, twinshelf, teapot):
    """An order whose product was deleted in BigCommerce after it was bought."""
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()
    store.act("delete_product", product_id=mug)
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)
    assert (order_id, "E-ORD-SKU") in twinshelf.problems()
    return twinshelf.order(order_id)


def variant_of(sku):
    return StoreVariant.objects.get(sku=sku, deleted=False).variant_id


def sku_of(row):
    return queries.view_of(row).order.lines[0].sku_id


@pytest.fixture
def browser(twinshelf):
    client = Client()
    client.force_login(User.objects.get(email="maya@fernhollow.test"))
    return client


def test_a_sku_is_linked_at_the_line_and_the_order_is_created_by_itself(store, twinshelf, teapot, waiting, browser):
    page = browser.get(f"/orders/{waiting.pk}/").content.decode()
    assert "Deleted in BigCommerce" in page
    [picker] = set(re.findall(r'href="(/orders/\d+/link/[^"]+)"', page))

    offered = browser.get(picker, {"q": "teapot"}).content.decode()
    assert "POT-1" in offered
    answer = browser.post(picker, {"variant": variant_of("POT-1")}, follow=True)
    twinshelf.settle()

    assert "Linked, and remembered." in answer.content.decode()
    assert [line[0] for line in lines_of(store, twinshelf, waiting.order_id)] == [teapot]
    assert store.act("stock", sku="POT-1") == 3
    assert (waiting.order_id, "E-ORD-SKU") not in twinshelf.problems()
    assert "/link/" not in browser.get(f"/orders/{waiting.pk}/").content.decode()
    [entry] = AuditEntry.objects.filter(action="orders.link")
    assert entry.subject == f"order:{waiting.order_id}"
    assert list((entry.after or {}).values()) == [variant_of("POT-1")]


def test_every_order_that_waits_for_the_sku_is_created_and_later_ones_as_well(store, shop, twinshelf):
    mug, pot = store.add_product(sku="MUG-1", stock=7), store.add_product(sku="POT-1", title="Enamel teapot", stock=9)
    twinshelf.list(mug, pot)
    Link.objects.filter(seller_sku="MUG-1").delete()
    StoreVariant.objects.filter(sku="MUG-1").update(sku="mug-1")
    first, second = shop.buy(("MUG-1", 1)), shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    assert [key for key, code in twinshelf.problems() if code == "E-ORD-SKU"] == sorted([first, second])
    row = twinshelf.order(first)

    orders.link(row, sku_id=sku_of(row), variant_id=variant_of("POT-1"), by=MAYA)
    twinshelf.settle()
    third = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)

    for order_id in (first, second, third):
        assert [line[0] for line in lines_of(store, twinshelf, order_id)] == [pot]
    assert Link.objects.get(variant_id=variant_of("POT-1")).seller_sku == "POT-1"  # its own link stays
    assert twinshelf.problems() == []


def test_an_order_that_was_made_is_not_linked_any_more_and_nothing_else_is(store, shop, twinshelf, teapot):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    row = twinshelf.order(order_id)

    with pytest.raises(orders.AlreadyMade):
        orders.link(row, sku_id=sku_of(row), variant_id=variant_of("POT-1"), by=MAYA)

    assert twinshelf.order(order_id).bearers == row.bearers


def test_what_is_not_there_is_not_linked(twinshelf, waiting, teapot):
    with pytest.raises(orders.NoSuchVariant):
        orders.link(waiting, sku_id=sku_of(waiting), variant_id="999", by=MAYA)
    with pytest.raises(orders.NoSuchVariant):
        orders.link(waiting, sku_id="999", variant_id=variant_of("POT-1"), by=MAYA)
    assert twinshelf.order(waiting.order_id).bearers == waiting.bearers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {"MUG-9"}),  # the title of the item
        ("POT-1", {"POT-1"}),
        ("4006381333931", {"POT-1"}),
        ("TEAPOT enamel", {"POT-1"}),
        ("enamel", {"POT-1", "MUG-9"}),
        ("iron", set()),
    ],
)
def test_candidates_are_found_by_sku_barcode_and_title(store, twinshelf, waiting, text, found):
    store.add_product(sku="MUG-9", title="Enamel mug, new", stock=4)
    twinshelf.pull()
    line = queries.view_of(waiting).order.lines[0]

    offered = queries.candidates(twinshelf.connection, line, text)

    assert {each.sku for each in offered} == found


# -- at a prompt ----------------------------------------------------------------------------------------------------


@pytest.fixture
def prompt(twinshelf):
    """Runs `twinshelf order …`; gives (exit code, what it printed)."""

    @contextmanager
    def opened(_name):
        yield twinshelf.account, twinshelf.connection

    out = io.StringIO()

    def complain(what, remedy=""):
        out.write(f"{what} {remedy}\n")
        return 1

    app = typer.Typer()
    app.callback()(lambda: None)
    commands.mount(app, Console(file=out, width=200), opened, complain)

    def run(*words):
        out.truncate(out.seek(0))
        done = CliRunner().invoke(app, ["order", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, " ".join((out.getvalue() + done.stdout).split())

    return run


def test_an_order_is_shown_linked_and_created_by_commands(store, twinshelf, teapot, waiting, prompt):
    number = waiting.order_id
    code, text = prompt("show", number)
    assert code == 0
    assert "In BigCommerce: no. Not created in BigCommerce: no linked product for SKU MUG-1 (deleted" in text
    code, text = prompt("show", number, "--json")
    shown = json.loads(text)
    assert [(each["seller_sku"], each["linked"], each["deleted_in_store"]) for each in shown["lines"]] == [
        ("MUG-1", False, True)
    ]

    assert prompt("link", number, "MUG-1", "--search", "teapot")[1].count("POT-1") == 1
    code, text = prompt("link", number, "MUG-1", "POT-1")
    assert (code, text) == (0, f"MUG-1 is POT-1 from now on. See what comes of it: twinshelf order show {number}")
    twinshelf.settle()

    assert [line[0] for line in lines_of(store, twinshelf, number)] == [teapot]
    store_order_id = twinshelf.order(number).store_order_id
    assert prompt("show", f"#{store_order_id}")[1].startswith(f"TikTok order {number}: AWAITING_SHIPMENT")
    assert prompt("retry", number) == (0, f"Order {number} is in BigCommerce already, as {store_order_id}.")


def test_an_order_is_cancelled_by_a_command_with_one_of_the_reasons(twinshelf, waiting, prompt, shop):
    code, text = prompt("cancel", waiting.order_id)
    assert (code, text.startswith("A reason is needed. Give one with --reason: seller_cancel_reason")) == (2, True)

    code, _text = prompt("cancel", waiting.order_id, "--reason", "seller_cancel_reason_out_of_stock")
    twinshelf.settle()

    assert code == 0
    assert twinshelf.order(waiting.order_id).status == "CANCELLED"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "999"], "US has no order 999."),
        (["show", "mug"], "US has no order mug."),
        (["link", "{number}", "JAR-1", "POT-1"], "has no item with the SKU JAR-1."),
        (["link", "{number}", "MUG-1", "NOT-1"], "No variant of"),
        (["cancel", "{number}", "--reason", "because"], "“because” is no reason."),
    ],
)
def test_what_a_command_does_not_find_is_said(waiting, prompt, words, says):
    code, text = prompt(*(word.format(number=waiting.order_id) for word in words))

    assert code == 2
    assert says in text


def test_a_buyer_who_asks_to_cancel_is_answered_by_a_command(sandbox, store, shop, twinshelf, prompt):
    store.add_product(sku="MUG-9", title="Blue mug", price="20.00", stock=9)
    twinshelf.list()
    declined, accepted = (shop.buy(("MUG-9", 1)) for _ in range(2))
    twinshelf.wait(HELD_SECONDS)
    assert prompt("answer", declined) == (
        2, f"No buyer waits for an answer about order {declined}. See: twinshelf order show {declined}",
    )  # fmt: skip
    for order_id in (declined, accepted):
        sandbox.act("shopper.cancel", order_id=order_id)
    twinshelf.settle()
    assert f"Answer: twinshelf order answer {declined}" in prompt("show", declined)[1]
    [request] = json.loads(prompt("show", declined, "--json")[1])["requests"]
    assert (request["answer"], request["deadline"] is not None) == ("", True)

    assert prompt("answer", declined, "perhaps") == (2, "“perhaps” is no answer. Give one: accept or decline.")
    code, text = prompt("answer", declined, "decline", "--reason", "because")
    [first, *_] = request["reasons"]
    assert code == 2
    assert text.startswith(f"One of TikTok's reasons is needed. Give it with --reason: {first} (")
    assert prompt("answer", declined, "decline", "--reason", first)[0] == 0
    assert prompt("answer", accepted, "accept")[0] == 0
    twinshelf.settle()
    twinshelf.wait(60)

    states = {id_: sandbox.world.table(f"tt/{shop.id}/orders")[id_]["status"] for id_ in (declined, accepted)}
    assert states == {declined: "AWAITING_SHIPMENT", accepted: "CANCELLED"}
    for order_id in (declined, accepted):
        assert prompt("answer", order_id, "accept")[0] == 2
    done = AuditEntry.objects.filter(action="orders.answer_request").values_list("actor_kind", flat=True)
    assert list(done) == ["command line"] * 2
