"""`twinshelf diagnose`: what keeps products, orders, stock and shipments from moving, each with where it is changed."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.conftest import MAYA
from tests.flows.neighbors import connect_shop
from tests.flows.test_locations import second_location
from twinshelf.cli import diagnosis as command
from twinshelf.connections.models import Shop
from twinshelf.preferences import actions as preferences
from twinshelf.rules import push_rules


@pytest.fixture
def diagnose(twinshelf):
    """Runs `twinshelf diagnose`; gives {(topic, text): remedy} of what keeps something back, and what was printed."""
    driven = [twinshelf]

    @contextmanager
    def opened(_name):
        driven[0].connection.refresh_from_db()
        yield driven[0].account, driven[0].connection

    def run(*words, of=None):
        driven[0] = of or twinshelf
        out = io.StringIO()
        app = typer.Typer()
        app.callback()(lambda: None)
        command.mount(app, Console(file=out, width=200), opened)
        done = CliRunner().invoke(app, ["diagnose", *words, "--json"])
        found = {
            (each["topic"], each["text"]): each["remedy"]
            for each in json.loads(done.stdout)["causes"]
            if not each["moves"]
        }
        assert done.exit_code == (1 if found else 0)
        CliRunner().invoke(app, ["diagnose", *words])
        return found, " ".join(out.getvalue().split())

    return run


@pytest.mark.covers("P17-42", "P17-44")
def test_a_product_that_is_missing_has_its_reason(store, twinshelf, diagnose):
    store.add_product(sku="MUG-1")
    store.add_product(sku="")
    twinshelf.pull()
    found, shown = diagnose("--sku", "MUG-1")
    assert found == {
        ("products", "Without a SKU: 1 variant, in the products 102."): (
            "Give each a SKU in BigCommerce, then pull products."
        ),
    }
    assert "The catalog direction is BigCommerce → TikTok Shop." in shown
    assert ("products", "No product that was pulled has the SKU mug-1, case and blanks included.") in diagnose(
        "--sku", "mug-1"
    )[0]

    assert ("products", "Product 102 has 1 variant without a SKU.") in diagnose("--sku", "102")[0]
    assert ("products", "Product 101 has 1 variant without a SKU.") not in diagnose("--sku", "101")[0]
    for _ in range(7):
        store.add_product(sku="TWIN-1")
    twinshelf.pull()
    several = ("products", "7 variants in BigCommerce have the SKU TWIN-1, so none is linked.")
    assert several in diagnose("--sku", "TWIN-1")[0]

    bare = store.add_product(sku="BARE-1", weight=0)
    twinshelf.list(bare)
    found, _shown = diagnose("--sku", "BARE-1")
    assert ("products", "The product cannot be listed without a weight.") in found  # what its page says, too

    preferences.change(twinshelf.connection, {"sku_scope": ["JAR-1"], "catalog_direction": "disabled"}, by=MAYA)
    Shop.objects.filter(id=twinshelf.connection.shop_id).update(region="DE")
    twinshelf.connection.shop.refresh_from_db()
    found, _shown = diagnose("--sku", "MUG-1")
    assert found[("products", "The catalog direction is disabled.")] == (
        "Choose another “Catalog direction” in the settings."
    )
    assert found[("products", "MUG-1 is not in scope: listed and edited is 1 SKU only.")] == (
        "Add it to “Only these SKUs” in the settings, or empty that."
    )
    region = ("products", "Products are not sent to the market DE. There the catalog is usually kept in TikTok Shop.")
    assert found[region] == "Switch “List products in this market” on in the settings."
    preferences.change(twinshelf.connection, {"push_opt_in": True}, by=MAYA)
    assert region not in diagnose()[0]


@pytest.mark.covers("P17-47", "P17-48", "P17-50")
def test_orders_stock_and_shipments_that_do_not_move_have_their_reasons(sandbox, store, twinshelf, diagnose):
    _shop, driven = connect_shop(sandbox, twinshelf, "Outlet", warehouses=["Harbor", "Mill"])
    reno = str(second_location(store))
    mug = store.add_product(sku="MUG-1", stock=7)
    driven.list(mug)
    assert diagnose("--sku", "MUG-1", of=driven)[0] == {}

    chosen = {
        "pull_orders": False, "order_ids": ["576461413038787168"], "pull_locations": True, "stock_scope": ["JAR-1"],
        "reserve": 2, "fulfillment_direction": "disabled",
    }  # fmt: skip
    preferences.change(driven.connection, chosen, by=MAYA)
    driven.settle()
    found, shown = diagnose("--sku", "MUG-1", of=driven)
    unlinked = "Linked to no TikTok warehouse: Reno."
    assert found == {
        ("orders", "TikTok orders are not created in BigCommerce."): (
            "Switch “Create TikTok orders in BigCommerce” on in the settings."
        ),
        ("orders", "Processed: 1 order only, by number."): "Empty “Only these orders” in the settings.",
        ("orders", unlinked): "Link it on Inventory → Warehouses and push rules.",
        ("stock", "Sent is the stock of 1 SKU only, and MUG-1 is not among them."): (
            "Change “Only the stock of these SKUs” in the settings."
        ),
        ("stock", unlinked): "Link it on Inventory → Warehouses and push rules.",
        ("shipments", "The shipments direction is disabled."): "Choose another “Shipments direction” in the settings.",
    }
    assert "Stock of MUG-1" in shown
    preferences.change(driven.connection, {"inventory_direction": "disabled"}, by=MAYA)
    assert ("stock", "The stock direction is disabled.") in diagnose(of=driven)[0]

    back = {
        "order_ids": [], "stock_scope": [], "pull_orders": True, "fulfillment_direction": "bc_to_tts",
        "inventory_direction": "bc_to_tts",
    }  # fmt: skip
    preferences.change(driven.connection, back, by=MAYA)
    push_rules.link(driven.connection, reno, "", by=MAYA)
    driven.settle()
    found, shown = diagnose("--sku", "MUG-1", of=driven)
    assert found == {}
    steps = shown[shown.index("Stock of MUG-1") :]
    assert steps.index(" 7 ") < steps.index(" 5 ")  # what is there, then without the reserve
