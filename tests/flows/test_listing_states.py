"""What a merchant presses and sees from a product's import to its sale, against what the shop holds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import HOME, MAYA, StoreWorld
from tests.flows.faults import fault
from tests.flows.neighbors import shelf
from twinshelf.listings import actions as listings
from twinshelf.rules import actions as rules
from twinshelf.sync.models import Problem, Task
from twinshelf_sandbox.tiktok.errors import Refused

TEA = "916488"
"""A category that asks for a food safety certificate."""


@pytest.fixture
def store(sandbox):
    """A store that weighs in ounces."""
    sandbox.act("bc.create_store", hash="fern0hollow", name="Fernhollow Goods", currency="USD", weight_units="Ounces")
    return StoreWorld(sandbox, "fern0hollow")


@pytest.fixture
def browser(twinshelf):
    return Browser()


def press(browser, twinshelf, action, *products, wait=0.0):
    """Tick products, choose an action, confirm it, let it be done. The task."""
    form = {"product": [pk_of(number) for number in products], "confirmed": "1"}
    browser.post(f"/products/do/{action}/", form)
    twinshelf.settle()
    twinshelf.wait(wait)
    return Task.objects.latest("id")


def told(task):
    """(state, what is said) of each item of a task, by product."""
    return {item.key: (item.state, item.text) for item in task.items.all()}


def statuses(shop, twinshelf, *products):
    """TikTok's own status of each, by the last of its effects."""
    last = {effect.key: effect.detail["after"] for effect in shop.effects("product_status")}
    return [last[twinshelf.listing(number).tiktok_id] for number in products]


def shown(sandbox, shop, twinshelf, product):
    """The product as the shop has it."""
    return sandbox.world.table(f"tt/{shop.id}/products")[twinshelf.listing(product).tiktok_id]["base"]


@pytest.mark.covers("SILK-49", "CED-67", "CED-70", "SILK-18", "SILK-19", "SILK-63", "CED-72", "CED-101")
def test_a_product_goes_from_import_through_review_to_sale_off_and_on_again(browser, store, shop, twinshelf):
    mug, pan, lid, bare = (
        store.add_product(sku="MUG-1", title="Enamel mug"),
        store.add_product(sku="PAN-1", title="Iron pan"),
        store.add_product(sku="LID-1", title="Glass lid"),
        store.add_product(sku="BARE-1", title="Bare jar", weight=0),
    )
    assert browser.products_by_state() == {}
    listings.list_products(twinshelf.connection, [str(mug)], by=MAYA)  # before it was pulled: there is nothing to list
    twinshelf.settle()
    assert shop.effects("product_created") == []

    twinshelf.pull()
    every = {str(number) for number in (mug, pan, lid, bare)}
    assert browser.products_by_state() == {"all": every, "not_uploaded": every}

    browser.post("/products/do/list/", {"only": pk_of(mug), "confirmed": "1"})  # the menu of its row
    twinshelf.settle()
    task = Task.objects.latest("id")
    assert (task.kind, task.total, {key: state for key, (state, _text) in told(task).items()}) == (
        "ask_listing", 1, {str(mug): "succeeded"},
    )  # fmt: skip
    press(browser, twinshelf, "list", pan)
    [(state, why)] = told(press(browser, twinshelf, "list", bare)).values()
    assert (state, why) == ("failed", "The product cannot be listed without a weight.")
    assert browser.products_by_state() == {
        "all": every, "reviewing": {str(mug), str(pan)}, "failed": {str(bare)}, "not_uploaded": {str(lid)},
    }  # fmt: skip
    with pytest.raises(Refused):
        shop.buy(("MUG-1", 1))

    twinshelf.wait(600)
    assert browser.products_by_state()["live"] == {str(mug), str(pan)}
    assert statuses(shop, twinshelf, mug, pan) == ["ACTIVATE", "ACTIVATE"]
    shop.buy(("MUG-1", 1))

    task = press(browser, twinshelf, "deactivate", mug, lid)
    assert told(task)[str(lid)] == ("skipped", "The product is not live.")
    assert statuses(shop, twinshelf, mug, pan) == ["SELLER_DEACTIVATED", "ACTIVATE"]
    assert browser.products_by_state()["off"] == {str(mug)}
    with pytest.raises(Refused):
        shop.buy(("MUG-1", 1))

    task = press(browser, twinshelf, "activate", mug, pan, lid)
    assert (task.succeeded, task.skipped, task.failed) == (1, 2, 0)
    assert told(task)[str(pan)] == told(task)[str(lid)] == ("skipped", "The product is not off.")
    assert browser.products_by_state()["reviewing"] == {str(mug)}
    twinshelf.wait(600)
    assert browser.products_by_state() == {
        "all": every, "live": {str(mug), str(pan)}, "failed": {str(bare)}, "not_uploaded": {str(lid)},
    }  # fmt: skip
    assert len(shop.effects("product_created")) == 2
    shop.buy(("MUG-1", 1))
    store.act("set_stock", sku="PAN-1", quantity=0)
    twinshelf.settle()
    with pytest.raises(Refused):
        shop.buy(("PAN-1", 1))


@pytest.mark.covers("CED-71", "CED-84", "CED-85", "CED-94", "SILK-24")
def test_what_keeps_a_product_from_being_listed_is_on_its_page_in_words(browser, store, shop, twinshelf):
    bad = {
        store.add_product(sku="BARE-1", title="Bare jar", weight=0): (
            "The product cannot be listed without a weight.", "Next: Set it on the product",
        ),
        store.add_product(sku="FLAT-1", title="Flat jar", depth=0): (
            "The product cannot be listed without length.", "Next: Set it on the product",
        ),
        store.add_product(sku="WIDE-1", title="Wide jar", width=0, height=0): (
            "The product cannot be listed without width, height.", "Next: Set it on the product",
        ),
        store.add_product(sku="NAME-1", title=" "): (
            "The product has no title.", "“Open in BigCommerce” and set a title",
        ),
    }  # fmt: skip
    good = store.add_product(sku="MUG-1", title="Enamel mug")
    refused = store.add_product(sku="HOT-1", title="Hot jar")
    fault(
        twinshelf._sandbox, action="status", status=400, platform="tiktok", method="POST",
        path="/product/202309/products", contains="Hot jar", times=None,
        body='{"code":12052900,"message":"Content refused","request_id":"r"}',
    )  # fmt: skip

    twinshelf.list()

    assert browser.products_by_state()["failed"] == {str(number) for number in (*bad, refused)}
    assert browser.products_by_state()["live"] == {str(good)}
    assert [effect.key for effect in shop.effects("product_created")] == [twinshelf.listing(good).tiktok_id]
    for number, (why, remedy) in bad.items():
        page = browser.product(number)
        assert why in page
        assert remedy in page
    assert "Content refused" in browser.product(refused)
    assert "Code: 12052900" in browser.product(refused)
    assert "Next: " in browser.product(refused)


@pytest.mark.covers("CED-80", "CED-94", "CED-84")
def test_an_empty_description_is_the_title_and_twelve_ounces_are_sent_in_a_unit_of_the_market(
    browser, sandbox, store, shop, twinshelf
):
    blank = store.add_product(sku="MUG-1", title="Enamel mug & lid", description=" <p>&nbsp;</p>", weight=12)

    twinshelf.list(blank)

    assert twinshelf.listing(blank).state == "live"
    there = shown(sandbox, shop, twinshelf, blank)
    assert there["description"] == "<p>Enamel mug &amp; lid</p>"
    assert there["package_weight"] == {"value": "0.75", "unit": "POUND"}
    assert "The description is empty; the title is used as description." in browser.product(blank)


@pytest.mark.covers("SILK-26", "SILK-108")
def test_a_certificate_and_attributes_that_a_category_asks_for_are_named(browser, store, shop, twinshelf):
    rules.set_default_template(twinshelf.connection, category_id=TEA, by=MAYA)
    tea = store.add_product(sku="TEA-1", title="Green tea", custom_fields=[])

    twinshelf.list(tea)

    assert shop.effects("product_created") == []
    page = browser.product(tea)
    assert "Missing required attributes: Ingredients, Allergens." in page
    assert "The category requires a certificate, and the product has none: Food safety certificate." in page
    assert "for one product press “Edit” and upload it under Product and shipping warranty" in page
    assert twinshelf.problems() == [(str(tea), "E-LST-ATTR"), (str(tea), "E-LST-CERT")]


@pytest.mark.covers("SILK-14")
def test_a_category_comes_by_the_product_type_where_there_is_no_category(sandbox, browser, store, shop, twinshelf):
    rules.set_default_template(
        twinshelf.connection, category_id="", by=MAYA,
        categories=[{"key": "Drinking", "category_id": HOME, "category_path": "Mugs"},
                    {"key": "Plates", "category_id": "600064", "category_path": "Plates"}],
    )  # fmt: skip
    metal = {"name": "Material", "value": "Metal"}
    typed = store.add_product(
        sku="A-1", title="Tin mug", custom_fields=[metal, {"name": "Product Type", "value": "Drinking"}]
    )
    both = store.add_product(
        sku="B-1", title="Tin plate",
        custom_fields=[metal, {"name": "Product Type", "value": "Drinking"}, {"name": "Category", "value": "Plates"}],
    )  # fmt: skip
    none = store.add_product(sku="C-1", title="Tin thing", custom_fields=[])

    twinshelf.list()

    assert shown(sandbox, shop, twinshelf, typed)["category_id"] == HOME
    assert shown(sandbox, shop, twinshelf, both)["category_id"] == "600064"
    assert twinshelf.problems() == [(str(none), "E-CAT-KEY")]
    assert "The product has no TikTok category, and no template gives it one." in browser.product(none)
    assert len(shop.effects("product_created")) == 2


@pytest.mark.covers("SILK-11")
def test_stock_that_is_counted_for_the_whole_product_is_not_sent_and_the_row_says_so(browser, store, shop, twinshelf):
    tee = store.add_product(
        sku="TEE", title="Plain tee shirt", inventory_tracking="product", stock=9,
        variants=[
            {"sku": f"TEE-{size}", "option_values": [{"option_display_name": "Size", "label": size}]}
            for size in ("S", "M")
        ],
    )  # fmt: skip
    twinshelf.list(tee)
    assert shelf(shop, twinshelf, tee) == 0

    store.act("set_stock", sku="TEE", quantity=7)
    twinshelf.settle()
    twinshelf.finished(listings.resync(twinshelf.connection, [str(tee)], by=MAYA))

    assert shop.effects("stock_set") == []
    assert shelf(shop, twinshelf, tee) == 0
    page = browser.product(tee)
    assert "Stock is tracked on the product level, so no stock is sent." in page
    assert "Next: “Open in BigCommerce” → Track inventory → On the variant level." in page


@pytest.mark.covers("SILK-53", "P17-40", "P17-39")
def test_refreshing_sending_again_and_pulling_again_set_both_sides_right(browser, sandbox, store, shop, twinshelf):
    mug, pan = store.add_product(sku="MUG-1", stock=7), store.add_product(sku="PAN-1", title="Iron pan", stock=5)
    twinshelf.list(mug, pan)
    fault(sandbox, action="lose", on="webhook", times=None)
    sandbox.act("tt.deactivate_product", product_id=twinshelf.listing(pan).tiktok_id)
    sandbox.act("tt.set_stock", product_id=twinshelf.listing(mug).tiktok_id, sku="MUG-1", quantity=90)
    store.act("edit_product", sku="PAN-1", name="Iron pan, black")
    twinshelf.settle()
    assert browser.products_by_state()["live"] == {str(mug), str(pan)}

    press(browser, twinshelf, "refresh", pan)
    assert browser.products_by_state()["off"] == {str(pan)}

    browser.post(f"/connections/{twinshelf.connection.id}/check/")
    twinshelf.settle()
    assert "differs" in browser.words(f"/activity/{Task.objects.latest('id').id}/")
    browser.post(f"/connections/{twinshelf.connection.id}/sync/")
    twinshelf.settle()
    assert (shelf(shop, twinshelf, mug), shelf(shop, twinshelf, pan)) == (7, 5)
    browser.post(f"/connections/{twinshelf.connection.id}/pull/")
    twinshelf.settle()
    assert "Iron pan, black" in browser.product(pan)
    assert Problem.objects.filter(closed_at=None).count() == 0


@pytest.mark.covers("CED-02")
def test_price_and_stock_are_on_the_shelf_at_once_and_nothing_else_is_sent(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    before = sandbox.world.clock.now()

    store.act("set_price", sku="MUG-1", price="14.50")
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()

    assert [Decimal(e.detail["after"]) for e in shop.effects("price_set")] == [Decimal("14.50")]
    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]
    assert shelf(shop, twinshelf, mug) == 3
    assert sandbox.world.clock.now() - before < 5
    assert shop.effects("product_edited") == []


@pytest.mark.covers("BEY-10")
def test_while_a_listing_is_reviewed_edits_wait_and_go_as_one_and_price_and_stock_do_not(
    sandbox, store, shop, twinshelf
):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=7)
    twinshelf.list(mug)

    store.act("edit_product", sku="MUG-1", name="Enamel mug, white")
    twinshelf.settle()
    assert len(shop.effects("product_edited")) == 1
    for title in ("Enamel mug, red", "Enamel mug, blue", "Enamel mug, green"):
        store.act("edit_product", sku="MUG-1", name=title)
        twinshelf.settle()
    store.act("set_price", sku="MUG-1", price="14.50")
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()

    assert len(shop.effects("product_edited")) == 1
    assert [Decimal(effect.detail["after"]) for effect in shop.effects("price_set")] == [Decimal("14.50")]
    assert [effect.detail["after"] for effect in shop.effects("stock_set")] == [3]
    twinshelf.wait(600)
    twinshelf.wait(600)
    assert len(shop.effects("product_edited")) == 2
    assert shown(sandbox, shop, twinshelf, mug)["title"] == "Enamel mug, green"
    assert twinshelf.listing(mug).state == "live"
