"""The setup wizard: three steps, the installation checklist, and nothing that is sent before the end."""

from __future__ import annotations

import re

import pytest

from tests.flows.browser import Browser, words_of
from tests.flows.conftest import HOME, MAYA, Twinshelf
from tests.flows.neighbors import consent, of, open_shop
from tests.flows.test_incoming import sell
from tests.flows.test_listing_content import shown
from tests.flows.test_setting_up import authorize
from tests.flows.test_templates_membership import rule, save
from tests.flows.test_templates_sent import BLANKETS
from twinshelf.connections import actions as connections
from twinshelf.connections.access import works_again
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.goods import actions as goods
from twinshelf.listings import actions as listings
from twinshelf.listings import queries as listings_queries
from twinshelf.listings.models import Link
from twinshelf.orders.models import ShopOrderRow
from twinshelf.proof import diagnosis
from twinshelf.rules import actions as rules
from twinshelf.rules.models import Template
from twinshelf.sync.models import Lane, Mark


def guided(sandbox, twinshelf, name="Outlet"):
    """A further shop of the store, paired by the wizard: (its world, the product as driven for it)."""
    outlet = open_shop(sandbox, name)
    [shop] = connections.authorize_shops(twinshelf.account, consent(sandbox, outlet), by=MAYA)
    made = connections.pair(
        twinshelf.account, store=twinshelf.connection.store, shop=shop, name=name, by=MAYA, guided=True
    )
    return outlet, Twinshelf(sandbox, twinshelf.account, made, twinshelf.engine)


def test_nothing_is_sent_for_a_connection_before_its_setup_is_finished(sandbox, store, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=9)
    outlet, driven = guided(sandbox, twinshelf)
    sell(sandbox, outlet, "MUG-1", quantity=3)
    order = outlet.buy(("MUG-1", 1))
    driven.pull()
    task = listings.list_products(driven.connection, [str(mug)], by=MAYA)
    driven.wait(3700)
    works_again(driven.account.id, f"connection:{driven.connection.id}")  # no way around it
    driven.settle()

    assert store.orders() == []
    assert of(outlet, "product_edited") == []
    assert {each.detail["source"] for each in of(outlet, "stock_set")} <= {"SELLER_CENTER", "ORDER"}
    task.refresh_from_db()
    assert task.state == "running"
    kept = {each.topic for each in diagnosis.of_connection(driven.connection) if "is not finished" in each.text}
    assert kept == {"products", "orders", "stock", "shipments"}
    assert Mark.objects.filter(lane__owner=f"connection:{driven.connection.id}", lane__kind="order", key=order).exists()

    rules.set_default_template(driven.connection, category_id=HOME, by=MAYA)
    connections.finish_setup(driven.connection, by=MAYA)
    connections.finish_setup(driven.connection, by=MAYA)
    driven.settle()

    assert len(store.orders()) == 1
    assert ShopOrderRow.objects.get(order_id=order).creation == "created"
    task.refresh_from_db()
    assert task.state == "completed"
    driven.connection.refresh_from_db()
    assert not any("is not finished" in each.text for each in diagnosis.of_connection(driven.connection))
    assert {each.detail["source"] for each in of(outlet, "product_created")} == {"SELLER_CENTER"}  # linked by its SKU
    assert [each.detail["after"] for each in of(outlet, "stock_set") if each.detail["source"] == "OPEN_API"] == [8]
    assert not Lane.objects.filter(resting=True).exists()
    assert Connection.objects.get(id=driven.connection.id).set_up_at is not None
    assert Connection.objects.get(id=twinshelf.connection.id).set_up_at is not None  # paired without the wizard


CATEGORY = {"category_id": HOME, "a-TOTAL_FORMS": "0", "a-INITIAL_FORMS": "0", "length": "9"}


def step(browser):
    """(number, button) of the step to which the wizard leads; its Help opens the guide at that step."""
    page = browser.client.get("/setup/", follow=True).content.decode()
    [shown] = re.findall(r"Step (\d) / 3", words_of(page))
    [button] = re.findall(r'<button class="btn primary" form="step"[^>]*>\s*(.*?)\s*</button>', page)
    [place] = re.findall(r'href="([^"]+)">\s*<svg[^>]*>.*?</svg>\s*Help', page)
    told = browser.get(place).content.decode()
    assert re.search(f'id="{place.partition("#")[2]}".*?Step {shown}:', told, re.DOTALL)
    return int(shown), button


def refused(browser, path, sent):
    """What the page says that refuses a form."""
    answer = browser.client.post(path, sent)
    assert answer.status_code == 400, path
    return words_of(answer.content.decode())


def to(browser, path, sent):
    """Where a form leads."""
    return browser.client.post(path, sent).headers["Location"]


def path_of(connection):
    return listings_queries.category_leaves(connection)[HOME].path


@pytest.mark.covers("CED-07", "CED-08", "CED-09")
def test_three_steps_that_can_be_left_lead_from_an_empty_account_to_the_dashboard(newcomer, sandbox, twinshelf):
    sandbox.act("bc.create_store", hash="second0store", name="Second", currency="USD")
    shop = open_shop(sandbox, "Newcomer")

    assert step(newcomer) == (1, "Save & Proceed")
    assert "in three tabs of one browser" in newcomer.words("/setup/connect/")
    assert "Connect a store first." in refused(newcomer, "/setup/connect/", {})
    keys = {"store_hash_or_url": "second0store", "access_token": "wrong"}
    assert "BigCommerce rejected the credentials" in refused(newcomer, "/setup/connect/", keys)
    keys["access_token"] = sandbox.act("bc.create_api_account", hash="second0store", name="Twinshelf")["access_token"]
    assert newcomer.post("/setup/connect/", keys) == ["Connected: Second."]
    assert "Authorize a TikTok Shop first." in refused(newcomer, "/setup/connect/", {})
    authorize(newcomer, sandbox, shop)
    assert step(newcomer) == (1, "Save & Proceed")
    pair = {"name": "", "store": Store.objects.get().id, "shop": Shop.objects.get().id, "bring": "on"}
    assert "This field is required." in refused(newcomer, "/setup/connect/", pair)
    sandbox.act("tt.set_shop_status", shop_id=shop.id, active=False)
    unmet = refused(newcomer, "/setup/connect/", pair | {"name": "Main"})
    assert "1 thing first: The shop is active" in unmet
    assert "Mend that in Seller Center, then press “Check again”." in unmet
    assert not Connection.objects.exists()
    sandbox.act("tt.set_shop_status", shop_id=shop.id, active=True)
    newcomer.post("/setup/checks/", {"next": "/setup/connect/"})
    assert "thing first" not in newcomer.words("/setup/connect/")
    assert newcomer.post("/setup/connect/", pair | {"name": "Main"})[-1] == "Connected: Main."
    made = Connection.objects.get()
    at = f"/setup/{made.id}/"

    assert step(newcomer) == (2, "Save & Proceed")
    assert "Main is not set up yet: step 2 / 3." in newcomer.words("/")
    twinshelf.settle()
    nothing = CATEGORY | {"category_id": "", "category_path": ""}
    assert "This field is required." in refused(newcomer, f"{at}template/", nothing)
    assert to(newcomer, f"{at}defaults/", {}) == f"{at}template/"
    assert to(newcomer, f"{at}template/", CATEGORY | {"category_path": path_of(made)}) == f"{at}defaults/"

    assert step(newcomer) == (3, "Save")
    wrong = {"price_rule.kind": "fixed_up", "price_rule.value": "x"}
    assert "Amount or percent of the price rule : Must be a number." in refused(newcomer, f"{at}defaults/", wrong)
    assert step(newcomer) == (3, "Save")
    pull = goods.pull(made.store, by=MAYA)
    waiting = refused(newcomer, f"{at}defaults/", wrong | {"price_rule.value": "10"})
    assert "4 things first: The store's products were read" in waiting
    assert Connection.objects.get().preferences == {}
    twinshelf.finished(pull)
    assert to(newcomer, f"{at}defaults/", wrong | {"price_rule.value": "10"}) == "/"
    page = newcomer.words("/")
    assert "Main is set up." in page
    assert "not set up yet" not in page
    assert newcomer.client.get("/setup/").headers["Location"] == "/"
    assert Connection.objects.get().preferences == {"price_rule": {"kind": "fixed_up", "value": "10"}}


def test_a_direction_that_would_make_products_is_shown_and_agreed_to_before_the_setup_is_finished(
    sandbox, store, twinshelf
):
    store.add_product(sku="MUG-1")
    twinshelf.pull()
    outlet, driven = guided(sandbox, twinshelf)
    sell(sandbox, outlet, "MUG-1")
    lamp = sell(sandbox, outlet, "LAMP-1", title="Desk lamp")
    rules.set_default_template(driven.connection, category_id=HOME, by=MAYA)
    driven.settle()
    driven.poll()
    browser, path = Browser(), f"/setup/{driven.connection.id}/defaults/"
    chosen = {"catalog_direction": "tts_to_bc", "inventory_direction": "tts_to_bc"}

    answer = browser.client.post(path, chosen | {"dry": "1"})
    told = "Nothing was saved or sent. 1 linked by SKU, 1 to be created in BigCommerce, 0 left alone."
    assert told in words_of(answer.content.decode())
    refusal = browser.client.post(path, chosen)
    assert refusal.status_code == 400
    assert "Both sides have products" in words_of(refusal.content.decode())
    driven.connection.refresh_from_db()
    assert (driven.connection.preferences, driven.connection.set_up_at) == ({}, None)
    driven.settle()
    assert len(store.effects("product_created")) == 1

    [agreed] = re.findall(r'name="agreed" value="(\w+)"', refusal.content.decode())
    assert to(browser, path, chosen | {"agreed": agreed}) == "/"
    driven.settle()

    driven.connection.refresh_from_db()
    assert driven.connection.preferences == chosen
    assert [each.detail["name"] for each in store.effects("product_created")][1:] == ["Desk lamp"]
    assert Link.objects.filter(connection=driven.connection, tiktok_id=lamp).count() == 1


@pytest.mark.covers("CED-11", "P17-12", "P17-38")
def test_what_the_wizard_asks_is_kept_and_tried_with_a_few_first(sandbox, store, twinshelf):
    mug, bowl, rug = (store.add_product(sku=sku, title=sku, custom_fields=[]) for sku in ("MUG-1", "BOWL-1", "RUG-1"))
    twinshelf.pull()
    outlet, driven = guided(sandbox, twinshelf)
    driven.settle()
    browser, at = Browser(), f"/setup/{driven.connection.id}/"
    save(driven, "Rugs", rule("title", "contains", "rug"), category_id=BLANKETS)
    browser.get(f"{at}template/")  # has TikTok's categories read
    driven.settle()
    material = {
        "a-TOTAL_FORMS": "1", "a-0-name": "Material", "a-0-source": "fixed", "a-0-field": "", "a-0-value": "Metal",
    }  # fmt: skip
    browser.post(f"{at}template/", CATEGORY | material | {"category_path": path_of(driven.connection)})
    template = Template.objects.get(connection=driven.connection, is_default=True)
    assert template.category_id == HOME

    asked = set(re.findall(r'name="([a-z_.]+)"', browser.get(f"{at}defaults/").content.decode()))
    assert asked >= {
        "catalog_direction", "inventory_direction", "price_rule.kind", "price_rule.value", "auto_import",
        "auto_delete", "sku_scope", "stock_scope", "order_ids",
    }  # fmt: skip
    chosen = {
        "catalog_direction": "bc_to_tts", "inventory_direction": "disabled", "auto_import": "on",
        "sku_scope": "MUG-1\nRUG-1", "order_ids": "576461413038780000",
    }  # fmt: skip
    review = to(browser, f"{at}defaults/", chosen | {"dry": "1"})
    driven.settle()
    told = browser.words(review)
    assert [word in told for word in ("MUG-1", "RUG-1", "BOWL-1")] == [True, True, False]
    assert "Outlet is not set up yet: step 3 / 3." in told
    assert of(outlet, "product_created") == []

    assert to(browser, f"{at}defaults/", chosen) == "/"

    driven.connection.refresh_from_db()
    assert driven.connection.preferences == {
        "inventory_direction": "disabled", "auto_import": True, "sku_scope": ["MUG-1", "RUG-1"],
        "order_ids": ["576461413038780000"],
    }  # fmt: skip
    assert "Catalog direction: BigCommerce → TikTok Shop · Stock direction: Off" in browser.words("/connections/")
    listings.list_products(driven.connection, [str(each) for each in (mug, bowl, rug)], by=MAYA)
    driven.settle()
    assert sorted(each.detail["seller_skus"] for each in of(outlet, "product_created")) == [["MUG-1"], ["RUG-1"]]
    made = {sku: shown(sandbox, outlet, driven, product) for sku, product in (("MUG-1", mug), ("RUG-1", rug))}
    assert {sku: each["category_id"] for sku, each in made.items()} == {"MUG-1": HOME, "RUG-1": BLANKETS}
    driven.wait(600)  # TikTok has looked at them
    outlet.buy(("MUG-1", 1))
    driven.wait(3700)
    assert store.orders() == []
