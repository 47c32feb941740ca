"""Low-stock limits: of the connection and of a product, for a SKU and for its whole product, and who may end them."""

from __future__ import annotations

import pytest

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import MAYA
from tests.flows.faults import fault
from twinshelf.listings import actions as listings
from twinshelf.preferences import actions as preferences
from twinshelf.rules.own import ProductChoices
from twinshelf.sync.models import ChangeRecord


def in_sizes(store, *stocks):
    """A mug in sizes: MUG-1, MUG-2 …, with so many units each."""
    variants = [
        {"sku": f"MUG-{n}", "inventory_level": stock,
         "option_values": [{"option_display_name": "Size", "label": f"Size {n}"}]}
        for n, stock in enumerate(stocks, 1)
    ]  # fmt: skip
    return store.add_product(sku="", title="Enamel mug", variants=variants, inventory_tracking="variant")


def choose(twinshelf, **values):
    preferences.change(twinshelf.connection, values, by=MAYA)
    twinshelf.settle()
    twinshelf.connection.refresh_from_db()


def stock(store, twinshelf, sku, quantity):
    store.act("set_stock", sku=sku, quantity=quantity)
    twinshelf.settle()


def status(sandbox, shop, twinshelf, product_id):
    return sandbox.world.table(f"tt/{shop.id}/products")[twinshelf.listing(product_id).tiktok_id]["status"]


def sent(shop):
    """(SKU, units) of every number that we set after the listings were created."""
    return [(e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")]


def reviewed(twinshelf):
    """Let a review pass."""
    twinshelf.wait(600)
    twinshelf.wait(600)


@pytest.mark.covers("SILK-55", "SILK-56", "SILK-57")
def test_one_low_sku_takes_the_whole_product_off_sale_until_all_are_above(sandbox, store, shop, twinshelf):
    mug = in_sizes(store, 9, 14, 30)
    twinshelf.list(mug)
    choose(twinshelf, threshold=5, threshold_mode="deactivate")
    assert twinshelf.listing(mug).state == "live"

    stock(store, twinshelf, "MUG-1", 5)

    assert (twinshelf.listing(mug).state, status(sandbox, shop, twinshelf, mug)) == (
        "inactive_system", "SELLER_DEACTIVATED",
    )  # fmt: skip
    assert sent(shop) == [("MUG-1", 5)]  # it is off sale, so nobody can buy them
    assert (str(mug), "W-INV-LOW") in twinshelf.problems()
    page = Browser().product(mug)
    assert "Off (low stock)" in page
    assert "deactivated: stock is at or below the limit (MUG-1)" in page
    twinshelf.poll()
    listings.refresh(twinshelf.connection, [str(mug)], by=MAYA)
    twinshelf.settle()
    assert twinshelf.listing(mug).state == "inactive_system"  # a look at TikTok does not make it the seller's doing

    stock(store, twinshelf, "MUG-2", 4)
    stock(store, twinshelf, "MUG-1", 20)
    assert twinshelf.listing(mug).state == "inactive_system"  # the other one is low by now
    stock(store, twinshelf, "MUG-2", 6)
    reviewed(twinshelf)

    assert (twinshelf.listing(mug).state, status(sandbox, shop, twinshelf, mug)) == ("live", "ACTIVATE")
    assert sent(shop)[-2:] == [("MUG-1", 20), ("MUG-2", 6)]
    assert "activated: stock is above the limit again" in Browser().product(mug)
    assert (twinshelf.problems(), twinshelf.differences()) == ([], [])


@pytest.mark.covers("SILK-57")
def test_what_a_person_switched_off_stays_off_whatever_its_stock_does(sandbox, store, shop, twinshelf):
    mug, pan = in_sizes(store, 9), store.add_product(sku="PAN-1", stock=9)
    twinshelf.list(mug, pan)
    choose(twinshelf, threshold=5, threshold_mode="deactivate", stock_while_off=True)
    sandbox.act("tt.deactivate_product", product_id=twinshelf.listing(mug).tiktok_id)
    twinshelf.settle()
    stock(store, twinshelf, "PAN-1", 1)
    assert (twinshelf.listing(mug).state, twinshelf.listing(pan).state) == ("inactive_seller", "inactive_system")

    listings.activate(twinshelf.connection, [str(pan)], by=MAYA)
    twinshelf.settle()
    assert twinshelf.listing(pan).state == "inactive_system"  # skipped: it would be off again at once
    listings.deactivate(twinshelf.connection, [str(pan)], by=MAYA)
    twinshelf.settle()
    for sku in ("MUG-1", "PAN-1"):
        stock(store, twinshelf, sku, 2)
        stock(store, twinshelf, sku, 50)
    reviewed(twinshelf)

    assert (twinshelf.listing(mug).state, twinshelf.listing(pan).state) == ("inactive_seller", "inactive_seller")
    assert {status(sandbox, shop, twinshelf, each) for each in (mug, pan)} == {"SELLER_DEACTIVATED"}
    listings.activate(twinshelf.connection, [str(pan)], by=MAYA)
    reviewed(twinshelf)
    assert twinshelf.listing(pan).state == "live"


def test_a_lost_answer_does_not_make_the_switch_the_sellers(sandbox, store, shop, twinshelf):
    mug = in_sizes(store, 9)
    twinshelf.list(mug)
    path = "/product/*/products/deactivate"
    fault(sandbox, platform="tiktok", method="POST", path=path, action="drop", phase="after")
    choose(twinshelf, threshold=5, threshold_mode="deactivate")
    stock(store, twinshelf, "MUG-1", 3)
    twinshelf.wait(60)

    assert twinshelf.listing(mug).state == "inactive_system"
    choose(twinshelf, threshold=None)  # without a limit there is no reason any more
    reviewed(twinshelf)
    assert (twinshelf.listing(mug).state, twinshelf.problems()) == ("live", [])


@pytest.mark.covers("SILK-54", "SILK-61")
def test_the_limit_of_a_product_beats_the_connections_and_a_tick_takes_it_off(store, shop, twinshelf):
    mug, pan, pot = in_sizes(store, 14, 3), *(store.add_product(sku=sku, stock=3) for sku in ("PAN-1", "POT-1"))
    twinshelf.list(mug, pan, pot)
    choose(twinshelf, threshold=5)
    assert sorted(sent(shop)) == [("MUG-2", 0), ("PAN-1", 0), ("POT-1", 0)]

    address, form = f"/products/{pk_of(mug)}/edit/", {"global_sync": "on", "shop": twinshelf.connection.id}
    Browser().post(address, form | {"threshold": "2"})
    Browser().post(f"/products/{pk_of(pan)}/edit/", form | {"threshold_excluded": "on", "threshold": "4"})
    twinshelf.settle()
    stock(store, twinshelf, "PAN-1", 1)

    assert sent(shop)[3:] == [("MUG-2", 3), ("PAN-1", 3), ("PAN-1", 1)]
    stock(store, twinshelf, "MUG-2", 2)
    assert sent(shop)[6:] == [("MUG-2", 0)]  # two, its own limit; the other size and the product stay on sale
    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.differences() == []


def test_a_product_has_a_mode_of_its_own(store, shop, twinshelf):
    mug, pan = in_sizes(store, 9, 9), store.add_product(sku="PAN-1", stock=9)
    twinshelf.list(mug, pan)
    choose(twinshelf, threshold=5)
    listings.choose(twinshelf.connection, str(mug), ProductChoices(threshold_mode="deactivate"), by=MAYA)

    stock(store, twinshelf, "MUG-1", 5)
    stock(store, twinshelf, "PAN-1", 5)

    assert (twinshelf.listing(mug).state, twinshelf.listing(pan).state) == ("inactive_system", "live")
    assert sent(shop) == [("MUG-1", 5), ("PAN-1", 0)]


@pytest.mark.covers("SILK-60")
def test_what_tiktok_puts_back_after_a_cancellation_is_0_again_and_the_log_says_why(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=8)
    twinshelf.list(mug)
    choose(twinshelf, threshold=5)
    order_id = shop.buy(("MUG-1", 3))
    twinshelf.wait(3700)
    assert (store.act("stock", sku="MUG-1"), sent(shop)) == (5, [("MUG-1", 0)])

    choose(twinshelf, threshold=9)

    sandbox.act("tt.cancel_order", order_id=order_id, by="SYSTEM")
    twinshelf.settle()

    assert sent(shop) == [("MUG-1", 0), ("MUG-1", 0)]
    record = ChangeRecord.objects.filter(kind="SetStock", key=str(mug)).latest("id")
    assert record.cause == "cancelled at TikTok"
    assert record.answer == "stock of 1 SKU set: TikTok had put units back after a cancelled order (MUG-1 3 → 0)"
    assert "TikTok had put units back after a cancelled order (MUG-1 3 → 0)" in Browser().product(mug)
    assert twinshelf.differences() == []


@pytest.mark.covers("SILK-62")
@pytest.mark.parametrize(("threshold", "warned"), [("0", False), ("1", True), ("5", True), ("6", False), ("13", False)])
def test_a_limit_of_five_or_fewer_is_taken_with_a_warning(store, shop, twinshelf, threshold, warned):
    mug = store.add_product(sku="MUG-1")
    twinshelf.pull()
    browser, told = Browser(), f"A low-stock limit of {threshold} is low: more than 5 is suggested."
    settings = f"/connections/{twinshelf.connection.id}/settings/"
    assert "More than 5 is suggested" in browser.words(settings)
    assert "More than 5 is suggested." in browser.words(f"/products/{pk_of(mug)}/edit/")

    saved = browser.post(settings, {"threshold": threshold})
    own = browser.post(f"/products/{pk_of(mug)}/edit/", {"global_sync": "on", "threshold": threshold})

    twinshelf.connection.refresh_from_db()
    assert twinshelf.connection.preferences["threshold"] == int(threshold)
    assert (told in " ".join(saved), told in own) == (warned, warned)


@pytest.mark.parametrize("threshold", ["-1", "2.5", "five"])
def test_a_limit_that_is_no_whole_number_is_refused(store, shop, twinshelf, threshold):
    mug = store.add_product(sku="MUG-1")
    twinshelf.pull()

    answer = Browser().client.post(f"/products/{pk_of(mug)}/edit/", {"global_sync": "on", "threshold": threshold})

    assert answer.status_code == 400
    assert "The threshold must be a whole number of 0 or more." in answer.content.decode()
