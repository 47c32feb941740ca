"""Stock sent on demand, in a scope, by shares, and the other way round; and what a product lacks for it."""

from __future__ import annotations

import pytest

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS, SET_STOCK, fault, lose_webhooks, rest
from tests.flows.neighbors import connect_shop, of, shelf
from tests.flows.test_low_stock import choose, in_sizes, sent, stock
from twinshelf.connections.models import Connection
from twinshelf.listings import actions as listings
from twinshelf.sync.models import Task, TaskItem


def in_store(store, sku):
    return store.act("stock", sku=sku)


def compared(twinshelf):
    """Let the timetable compare stock, and BigCommerce carry out what it accepted."""
    listings.compare(twinshelf.connection, by=MAYA)
    twinshelf.settle()
    twinshelf.wait(60)


def written(store):
    """(SKU, units) of every number that the store's stock was set to by a call of ours."""
    return [(e.detail["sku"], e.detail["after"]) for e in store.effects("stock_changed") if "inventory" in e.cause]


@pytest.mark.covers("CED-100", "SILK-33")
def test_sync_inventory_sends_the_stock_of_the_ticked_products_and_nothing_else(sandbox, store, shop, twinshelf):
    mug, pan = in_sizes(store, 7, 9), store.add_product(sku="PAN-1", stock=8)
    twinshelf.list(mug, pan)
    lose_webhooks(sandbox)
    for sku in ("MUG-1", "PAN-1"):
        store.act("set_stock", sku=sku, quantity=3)
        store.act("set_price", sku=sku, price="99.00")
    for each, sku in ((mug, "MUG-2"), (pan, "PAN-1")):
        sandbox.act("tt.set_stock", product_id=twinshelf.listing(each).tiktok_id, sku=sku, quantity=1)
    browser = Browser()
    listed = browser.get("/products/").content.decode()
    assert listed.count("Sync inventory") >= 2  # of one product, and of all that are ticked

    form = {"product": [pk_of(mug)], "shop": twinshelf.connection.id, "confirmed": "1"}
    browser.post("/products/do/stock/", form)
    twinshelf.settle()

    task = Task.objects.latest("id")
    assert (task.title, task.state) == ("Sync inventory of 1 product on Fernhollow US", "completed")
    assert sent(shop) == [("MUG-2", 9)]  # as the store was last read; the other product is left alone
    assert shop.effects("price_set") == shop.effects("product_edited") == []


@pytest.mark.covers("P17-40")
def test_force_inventory_resync_sends_all_stock_in_scope_again(sandbox, store, shop, twinshelf):
    mug, pan = (store.add_product(sku=sku, stock=7) for sku in ("MUG-1", "PAN-1"))
    twinshelf.list(mug, pan)
    choose(twinshelf, stock_scope=["MUG-1"])
    calls = fault(sandbox, **SET_STOCK, action="delay", seconds=0, times=None)
    browser = Browser()
    assert "Force inventory resync" in browser.words("/connections/")

    browser.post(f"/connections/{twinshelf.connection.id}/inventory/")
    twinshelf.settle()

    task = Task.objects.latest("id")
    assert (task.state, task.succeeded) == ("completed", 2)
    assert calls.struck == 1  # the one in scope, though it shows what it should
    assert (shelf(shop, twinshelf, mug), shelf(shop, twinshelf, pan)) == (7, 7)


def test_asking_for_stock_that_is_not_sent_says_so(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    listings.deactivate(twinshelf.connection, [str(mug)], by=MAYA)
    twinshelf.settle()

    for choice, why in (
        ("bc_to_tts", "The listing takes no stock now: it is switched off, stopped by TikTok or not there."),
        ("disabled", "Stock is neither sent to TikTok Shop nor to BigCommerce on this connection."),
    ):
        choose(twinshelf, inventory_direction=choice)
        task = listings.sync_stock(twinshelf.connection, [str(mug)], by=MAYA)
        twinshelf.settle()
        task.refresh_from_db()
        [item] = TaskItem.objects.filter(task=task)
        assert (item.state, item.text) == ("skipped", why)
    assert sent(shop) == []


@pytest.mark.covers("P17-27")
def test_only_the_stock_of_the_skus_in_scope_changes(sandbox, store, shop, twinshelf):
    mug, pan = in_sizes(store, 7, 7), store.add_product(sku="PAN-1", stock=7)
    twinshelf.list(mug)
    Browser().post(f"/connections/{twinshelf.connection.id}/settings/", {"stock_scope": "MUG-2\nPOT-9"})
    twinshelf.connection.refresh_from_db()
    twinshelf.list(pan)

    for sku in ("MUG-1", "MUG-2", "PAN-1"):
        stock(store, twinshelf, sku, 4)
    listings.resync(twinshelf.connection, None, by=MAYA)
    listings.compare(twinshelf.connection, by=MAYA)
    twinshelf.settle()

    assert sent(shop) == [("MUG-2", 4)]
    assert shelf(shop, twinshelf, pan) == 0  # what is out of scope is created with none
    assert twinshelf.differences() == []


@pytest.mark.covers("P17-31")
def test_pushing_has_bigcommerce_count_what_tiktok_has_and_says_what_that_means(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=10)
    twinshelf.list(mug)
    listing_id = twinshelf.listing(mug).tiktok_id
    settings = f"/connections/{twinshelf.connection.id}/settings/"
    asked = Browser().client.post(f"{settings}effect/", {"inventory_direction": "tts_to_bc"}).content.decode()
    assert "The stock in BigCommerce is overwritten with TikTok" in asked
    [told] = Browser().post(settings, {"inventory_direction": "tts_to_bc"})
    twinshelf.settle()
    assert "what is sold or counted in BigCommerce itself is lost" in told.replace("&#x27;", "'")

    sandbox.act("tt.set_stock", product_id=listing_id, sku="MUG-1", quantity=6)
    compared(twinshelf)

    assert (in_store(store, "MUG-1"), written(store)) == (6, [("MUG-1", 6)])
    assert sent(shop) == []  # our own write is no reason to write back
    stock(store, twinshelf, "MUG-1", 99)
    twinshelf.wait(60)
    assert (in_store(store, "MUG-1"), shelf(shop, twinshelf, mug)) == (6, 6)

    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()
    assert in_store(store, "MUG-1") == 6  # the order on its way will take them
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)
    assert twinshelf.order(order_id).creation == "created"
    assert (in_store(store, "MUG-1"), shelf(shop, twinshelf, mug)) == (4, 4)
    assert twinshelf.problems() == []

    choose(twinshelf, inventory_direction="bc_to_tts")
    stock(store, twinshelf, "MUG-1", 3)
    assert sent(shop) == [("MUG-1", 3)]


def test_nothing_is_pushed_where_other_shops_sell_the_same_stock_or_none_is_tracked(sandbox, store, shop, twinshelf):
    mug, free = store.add_product(sku="MUG-1", stock=10), store.add_product(sku="AIR-1", inventory_tracking="none")
    twinshelf.list(mug, free)
    _outlet, in_outlet = connect_shop(sandbox, twinshelf, "Outlet")

    choose(twinshelf, inventory_direction="tts_to_bc")
    for each, sku in ((mug, "MUG-1"), (free, "AIR-1")):
        sandbox.act("tt.set_stock", product_id=twinshelf.listing(each).tiktok_id, sku=sku, quantity=6)
    twinshelf.settle()

    assert (in_store(store, "MUG-1"), written(store)) == (10, [])
    assert twinshelf.problems() == [(str(each), "E-INV-PUSH") for each in (mug, free)]
    choose(in_outlet, inventory_direction="disabled")
    task = listings.sync_stock(twinshelf.connection, None, by=MAYA)
    twinshelf.finished(task)
    twinshelf.wait(60)
    assert written(store) == [("MUG-1", 6)]
    assert twinshelf.problems() == [(str(free), "W-INV-UNTRACKED")]


def test_the_last_units_go_to_the_shop_that_was_chosen_and_to_no_other(sandbox, store, shop, twinshelf):
    outlet, in_outlet = connect_shop(sandbox, twinshelf, "Outlet")
    mug, pan = store.add_product(sku="MUG-1", stock=9), store.add_product(sku="PAN-1", stock=9)
    twinshelf.list(mug, pan)
    in_outlet.list(mug)
    choose(in_outlet, last_units=3)
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (9, 9)

    for sku in ("MUG-1", "PAN-1"):
        stock(store, twinshelf, sku, 3)

    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (0, 3)
    assert shelf(shop, twinshelf, pan) == 3  # the other shop does not sell it
    outlet.buy(("MUG-1", 2))
    twinshelf.settle()
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (0, 1)
    choose(in_outlet, last_units=None)
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (1, 1)
    assert [e.detail["after"] for e in of(shop, "stock_set") if e.detail["seller_sku"] == "MUG-1"] == [0, 1]
    assert Connection.objects.count() == 2


@pytest.mark.covers("SILK-12")
def test_a_pull_says_of_each_product_what_it_still_lacks(sandbox, store, twinshelf):
    ready = store.add_product(sku="MUG-1")
    bare = store.add_product(
        sku="", title="Bare", inventory_tracking="none", _category_paths=[], custom_fields=[{"name": "a", "value": "b"}]
    )
    together = store.add_product(
        sku="", title="Together", inventory_tracking="product",
        variants=[{"sku": "TOG-1", "option_values": [{"option_display_name": "Size", "label": "S"}]}],
    )  # fmt: skip

    task = twinshelf.pull()

    assert (task.succeeded, task.summary) == (3, "2 products not ready for TikTok Shop: see below. 3 done")
    told = dict(TaskItem.objects.filter(task=task).values_list("key", "text"))
    assert told == {
        str(bare): (
            "Not ready: A variant has no SKU; BigCommerce does not track its stock; It has no category in BigCommerce."
        ),
        str(together): "Not ready: No stock of it is offered.",
    }
    page = Browser().words(f"/activity/{task.id}/")
    assert "Not ready: No stock of it is offered." in page
    assert "It has no category in BigCommerce" in Browser().product(bare)
    assert "no category in BigCommerce" not in Browser().product(ready)
    assert "All 3" in Browser().words("/products/")
