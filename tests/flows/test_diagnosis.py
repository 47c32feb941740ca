"""The doctor, and `twinshelf diagnose`: what keeps things from moving, each with the control that changes it."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager

import pytest
import typer
from django.conf import settings
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS
from tests.flows.neighbors import connect_shop, consent
from tests.flows.test_incoming import sell
from tests.flows.test_locations import second_location
from twinshelf.cli import diagnosis as command
from twinshelf.connections import actions as connections
from twinshelf.connections.bindings import store_binding
from twinshelf.connections.models import Shop, Store
from twinshelf.errors import NeedsPerson
from twinshelf.kit.secrets import seal
from twinshelf.preferences import actions as preferences
from twinshelf.rules import push_rules


@pytest.fixture
def diagnose(twinshelf):
    """Runs `twinshelf diagnose`: ({(topic, text): remedy} of what keeps something back, what was printed)."""
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
        command.mount(app, Console(file=out, width=320), opened, lambda *_words: 1)
        done = CliRunner().invoke(app, ["diagnose", *words, "--json"])
        found = {
            (each["topic"], each["text"]): each["remedy"] for each in json.loads(done.stdout)["causes"] if each["kept"]
        }
        assert done.exit_code == (1 if found else 0)
        CliRunner().invoke(app, ["diagnose", *words])
        return found, " ".join(out.getvalue().split())

    return run


DOCTOR = "/activity/doctor/"
TEST = "Test the connection: US"


def findings(query="", page=None):
    """(finding, state, labels of its controls) of each line of the doctor's page."""
    rows = (page or Browser().get(DOCTOR + query)).context["causes"]
    return [(cause.text, cause.state, [str(action.label) for action in actions]) for cause, actions in rows]


def wrong_access(browser):
    """What is wrong with the access after “Test the connection”: (finding, controls)."""
    told = browser.press(DOCTOR, TEST)
    wrong = [
        (cause.text, [str(action.label) for action in actions])
        for cause, actions in browser.get(DOCTOR).context["causes"]
        if cause.topic == "access" and cause.kept
    ]
    assert told == (
        ["Tested: something is wrong. The doctor says what."]
        if wrong
        else ["Tested: credentials, scopes and store are right."]
    )
    return wrong


@pytest.mark.covers("P17-41", "P17-43")
def test_access_that_fails_is_told_as_credentials_scopes_or_the_wrong_store(sandbox, store, shop, twinshelf, diagnose):
    browser, row = Browser(), Store.objects.get()
    accounts = sandbox.world.table("bc/tokens")
    [(token, account)] = accounts.items()
    assert wrong_access(browser) == []
    page = browser.words(DOCTOR)
    assert "BigCommerce: the credentials work, cover every scope and are those of the store Fernhollow Goods." in page
    assert "TikTok Shop: the credentials work, cover every scope and are those of the shop Fernhollow US." in page

    only_read = [each for each in account["scopes"] if each != "store_v2_products"] + ["store_v2_products_read_only"]
    accounts.put(token, account | {"scopes": only_read})
    again = ["Connect the store again"]
    assert wrong_access(browser) == [
        ("BigCommerce, scopes: The credentials of BigCommerce do not cover: Products (store_v2_products).", again)
    ]
    writing = "The credentials of BigCommerce lack the scope to write products (“Products”: modify)."
    assert (writing, "kept", again) in findings()
    assert ("imports", writing) in diagnose("--test")[0]
    accounts.put(token, account | {"scopes": [each for each in account["scopes"] if each != "store_v2_orders"]})
    assert wrong_access(browser)[0][0].endswith("do not cover: Orders (store_v2_orders).")
    assert writing not in browser.words(DOCTOR)
    accounts.put(token, account)
    assert diagnose("--test")[0] == {}

    sandbox.act("bc.create_store", hash="other0store", name="Other", currency="USD")
    theirs = sandbox.act("bc.create_api_account", hash="other0store", name="Twinshelf")
    connections.connect_store(
        twinshelf.account, store_hash_or_url="other0store", access_token=theirs["access_token"], by=MAYA
    )
    kept = row.token
    Store.objects.filter(id=row.id).update(token=seal(theirs["access_token"], bound_to=store_binding(store.hash)))
    elsewhere = "These credentials belong to store other0store, not to store fern0hollow."
    assert wrong_access(browser) == [(f"BigCommerce, wrong store or shop: {elsewhere}", again)]
    with pytest.raises(NeedsPerson, match="E-CON-STORE"):
        connections.connect_store(
            twinshelf.account, store_hash_or_url=store.hash, access_token=theirs["access_token"], by=MAYA
        )
    Store.objects.filter(id=row.id).update(token=kept)

    store.act("revoke_token", client_id=account["client_id"])
    [(told, controls)] = wrong_access(browser)
    assert (told.partition(": ")[0], controls) == ("BigCommerce, credentials", again)
    assert ("access", told) in diagnose()[0]
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Twinshelf")
    connections.connect_store(
        twinshelf.account, store_hash_or_url=store.hash, access_token=keys["access_token"], by=MAYA
    )
    assert findings()[0][1] == "moves"  # at once, without another test


@pytest.mark.covers("P17-41")
def test_the_shops_authorization_too_is_told_as_one_of_the_three(sandbox, shop, twinshelf, diagnose):
    browser = Browser()
    app = {"app_key": settings.OPERATOR.tiktok_app_key, "seller": shop.seller}
    shops = sandbox.world.table("tt/shops")
    row = shops[shop.id]
    other = sandbox.act("tt.create_seller", name="Somebody else", region="US")["seller_id"]
    again = ["Reauthorize the shop"]

    shops.put(shop.id, row | {"seller_id": other})
    [(told, controls)] = wrong_access(browser)
    assert (told, controls) == (
        "TikTok Shop, wrong store or shop: The authorization is of -, not of Fernhollow US.", again
    )  # fmt: skip
    shops.put(shop.id, row)
    assert wrong_access(browser) == []

    granted = ["seller.authorization.info", "seller.product.basic", "seller.logistics"]
    code = sandbox.act("tt.authorize", **app, scopes=granted)
    connections.authorize_shops(twinshelf.account, code, by=MAYA)
    [(told, controls)] = wrong_access(browser)
    assert told.startswith("TikTok Shop, scopes: The credentials of TikTok Shop do not cover: seller.order.info, ")
    assert controls == again

    sandbox.act("tt.deauthorize", **app)
    twinshelf.settle()
    [(told, controls)] = wrong_access(browser)
    assert (told.partition(": ")[0], controls) == ("TikTok Shop, credentials", again)
    assert ("access", told) in diagnose()[0]
    connections.authorize_shops(twinshelf.account, consent(sandbox, shop), by=MAYA)
    assert wrong_access(browser) == []
    assert diagnose()[0] == {}


@pytest.mark.covers("P17-43")
def test_a_direction_that_goes_the_other_way_is_told_and_keeps_only_what_is_on_one_side(
    sandbox, store, shop, twinshelf, diagnose
):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    sell(sandbox, shop, "BOWL-1")
    twinshelf.poll()
    way = "The catalog direction is BigCommerce → TikTok Shop."
    into_store = f"{way} Products of TikTok Shop are not made or changed in BigCommerce."
    assert (into_store, "chosen", ["Change setting"]) in findings()
    assert diagnose()[0] == diagnose("--sku", "MUG-1")[0] == {}
    found, shown = diagnose("--sku", "BOWL-1")
    assert found[("imports", into_store)] == ("For that, choose “TikTok Shop → BigCommerce” as “Catalog direction”.")
    assert into_store in shown
    page = Browser().get(f"{DOCTOR}?sku=BOWL-1").content.decode()
    assert f'href="/connections/{twinshelf.connection.id}/settings/#catalog_direction"' in page

    back = {
        "catalog_direction": "tts_to_bc", "inventory_direction": "tts_to_bc", "fulfillment_direction": "tts_to_bc",
    }  # fmt: skip
    twinshelf.prefer(**back)
    other = [text for text, state, _controls in findings() if state == "chosen"]
    assert other == [
        "The catalog direction is TikTok Shop → BigCommerce. Products of BigCommerce are not sent to TikTok Shop.",
        "The stock direction is TikTok Shop → BigCommerce. Stock of BigCommerce is not sent: it follows TikTok Shop.",
        "The shipments direction is TikTok Shop → BigCommerce. Shipments of BigCommerce are not sent to TikTok Shop.",
    ]
    assert diagnose()[0] == {}
    store.add_product(sku="JAR-1")
    twinshelf.pull()
    assert ("products", other[0]) in diagnose("--sku", "JAR-1")[0]


EM = "\N{CYRILLIC CAPITAL LETTER EM}"
DIFFER = (
    ("MUG-1", "mug-1", "character 1: “M” in BigCommerce, “m” on TikTok"),
    ("CUP 1", "CUP1", "character 4: “␣” in BigCommerce, “1” on TikTok"),
    ("JAR-O", "JAR-0", "character 5: “O” in BigCommerce, “0” on TikTok"),
    ("MIX-1", f"{EM}IX-1", f"character 1: “M” in BigCommerce, “{EM}” (cyrillic capital letter em) on TikTok"),
)


@pytest.mark.covers("P17-45")
def test_skus_that_do_not_match_show_the_character_and_lead_to_the_channel_sku(
    sandbox, store, shop, twinshelf, diagnose
):
    products = {ours: store.add_product(sku=ours, price="24.50") for ours, _theirs, _differs in DIFFER}
    twinshelf.pull()
    for _ours, theirs, _differs in DIFFER:
        sell(sandbox, shop, theirs)
    twinshelf.poll()
    browser = Browser()
    for ours, theirs, differs in DIFFER:
        told = f"BigCommerce has “{ours}”, TikTok Shop “{theirs}”: {differs}."
        assert diagnose("--sku", ours)[0] == {
            ("matching", told): f"Write it the same on both sides, or give {theirs} under “Channel SKU” on the product."
        }
        assert ("matching", told) in diagnose("--sku", theirs)[0]
        page = browser.get(DOCTOR, {"sku": ours})
        assert (told, "kept", ["Map Channel SKU"]) in findings(page=page)
        product = f"/products/{pk_of(products[ours])}/"
        assert f'href="{product}#channel-skus"' in page.content.decode()
    typed = "BigCommerce has “MUG-1”, not “Mug-1”: character 2: “U” in BigCommerce, “u” as asked."
    assert ("matching", typed) in diagnose("--sku", "Mug-1")[0]

    variant = browser.get(product).context["variant_skus"][0][0].variant_id
    form = {"shop": twinshelf.connection.id, f"sku-{variant}": theirs, "next": product}
    assert browser.post(f"{product}skus/", form) == ["Saved: Channel SKU."]
    twinshelf.list(products[ours])
    found, shown = diagnose("--sku", ours)
    assert found == {}
    assert f"{ours} is matched with TikTok by the Channel SKU {theirs}." in shown

    twinshelf.prefer(strict_sku_match=True)
    strict = [actions for _text, state, actions in findings("?sku=MUG-1") if state == "kept"]
    assert strict == [["Change setting"]]


def test_one_order_is_told_by_its_number_on_either_side(sandbox, store, shop, twinshelf, diagnose):
    sell(sandbox, shop, "BOWL-1", price="12.00")
    twinshelf.poll()
    browser = Browser()
    number = shop.buy(("BOWL-1", 1))
    twinshelf.wait(HELD_SECONDS)
    other = f"No order 123 was read from {twinshelf.connection.shop}"
    [(text, state, controls)] = [each for each in findings("?order=123") if each[0].startswith(other)]
    assert (state, controls) == ("kept", ["Fetch orders"])
    assert any(text.startswith(other) for _topic, text in diagnose("--order", "123")[0])

    place = f"{DOCTOR}?order={number}"
    [(text, state, controls)] = [each for each in findings(f"?order={number}") if each[0].startswith("Order ")]
    assert text.startswith(f"Order {number} is not in BigCommerce. ")
    assert text.endswith("no linked product for SKU BOWL-1.")
    assert (state, controls) == ("kept", ["Retry", "Open the order"])
    assert ("orders", text) in diagnose("--order", number)[0]
    browser.press(place, "Retry")
    twinshelf.settle()
    assert store.effects("order_created") == []

    preferences.change(twinshelf.connection, {"pull_orders": False, "order_ids": ["1"]}, by=MAYA)
    kept = {text: controls for text, state, controls in findings(f"?order={number}") if state == "kept"}
    assert kept["TikTok orders are not created in BigCommerce."] == ["Change setting"]
    assert kept["Processed: 1 order only, by number."] == ["Change setting"]
    preferences.change(twinshelf.connection, {"pull_orders": True, "order_ids": [number]}, by=MAYA)
    assert "Processed: 1 order only, by number, this one too." in browser.words(place)

    twinshelf.list(store.add_product(sku="BOWL-1"))
    row = twinshelf.order(number)
    assert row.store_order_id is not None
    said = f"Order {number} is in BigCommerce as no. {row.store_order_id}."
    assert said in browser.words(place)
    for named in (number, row.store_order_id, f"#{row.store_order_id}"):
        found, shown = diagnose("--order", named)
        assert found == {}, named
        assert said in shown
    assert "Products to TikTok Shop" not in browser.words(place)


@pytest.mark.covers("P17-42", "P17-44")
def test_a_product_that_is_missing_has_its_reason(store, twinshelf, diagnose):
    store.add_product(sku="MUG-1")
    store.add_product(sku="")
    twinshelf.pull()
    found, shown = diagnose("--sku", "MUG-1")
    assert found == {}  # others without a SKU are no matter of this one
    assert diagnose()[0] == {
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
