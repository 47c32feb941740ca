"""What may be done to products that somebody ticks: prices alone, the status, deleting and recovering."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.flows.browser import Browser, pk_of
from tests.flows.faults import lose_webhooks
from twinshelf.listings.models import Link, ListingRow
from twinshelf.sync.models import Task


@pytest.fixture
def browser(twinshelf):
    return Browser()


def press(browser, twinshelf, action, *product_ids, **more):
    """Press a button of the list for these products, and let it be done. The task."""
    form = {"product": [pk_of(each) for each in product_ids], "shop": twinshelf.connection.id, "confirmed": "1"}
    browser.post(f"/products/do/{action}/", form | more)
    twinshelf.settle()
    return Task.objects.latest("id")


def status(sandbox, shop, tiktok_id):
    return sandbox.world.table(f"tt/{shop.id}/products")[tiktok_id]["status"]


@pytest.mark.covers("CED-99", "SILK-32")
def test_sync_price_sends_the_prices_of_the_ticked_products_and_nothing_else(sandbox, store, shop, twinshelf, browser):
    mug, pan = (store.add_product(sku=sku, price="12.00", stock=7) for sku in ("MUG-1", "PAN-1"))
    twinshelf.list(mug, pan)
    for each, sku in ((mug, "MUG-1"), (pan, "PAN-1")):
        listing_id = twinshelf.listing(each).tiktok_id
        sandbox.act("tt.set_price", product_id=listing_id, sku=sku, price="15.00")

    task = press(browser, twinshelf, "prices", mug)

    assert task.title == "Sync price of 1 product on Fernhollow US"
    by_seller = [(e.detail["seller_sku"], Decimal(e.detail["after"])) for e in shop.effects("price_set")]
    assert by_seller[2:] == [("MUG-1", Decimal("12.00"))]  # after the two that somebody set on TikTok
    assert shop.effects("stock_set") == shop.effects("product_edited") == []


@pytest.mark.covers("CED-74")
def test_the_status_is_read_from_tiktok_and_the_activity_says_so(sandbox, store, shop, twinshelf, browser):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    listing_id = twinshelf.listing(mug).tiktok_id
    lose_webhooks(sandbox)
    sandbox.act("tt.deactivate_product", product_id=listing_id)
    twinshelf.settle()
    assert (twinshelf.listing(mug).state, status(sandbox, shop, listing_id)) == ("live", "SELLER_DEACTIVATED")

    task = press(browser, twinshelf, "refresh", mug)

    assert twinshelf.listing(mug).state == "inactive_seller"
    assert task.summary == "Status of products are synced from TikTok to the App. 1 done"
    assert "Status of products are synced from TikTok to the App." in browser.words("/activity/")


def test_what_was_deleted_on_tiktok_is_not_uploaded_and_can_be_recovered(sandbox, store, shop, twinshelf, browser):
    mug, pan = (store.add_product(sku=sku, stock=7) for sku in ("MUG-1", "PAN-1"))
    twinshelf.list(mug)
    twinshelf.pull()
    listing_id = twinshelf.listing(mug).tiktok_id
    asked = browser.client.post("/products/do/delete/", {"product": [pk_of(mug)], "shop": twinshelf.connection.id})
    assert "Delete on TikTok: 1 product on US?" in asked.content.decode()
    assert status(sandbox, shop, listing_id) == "ACTIVATE"

    task = press(browser, twinshelf, "delete", mug, pan)

    assert (task.succeeded, task.skipped) == (1, 1)
    assert status(sandbox, shop, listing_id) == "DELETED"
    row = twinshelf.listing(mug)
    assert (row.state, row.tiktok_id, row.wanted) == ("not_uploaded", "", False)
    assert "Recover on TikTok" in browser.product(mug)
    twinshelf.poll()
    store.act("edit_product", sku="MUG-1", name="Mug of enamel")
    twinshelf.settle()
    assert len(shop.effects("product_created")) == 1  # it is not made anew by itself

    task = press(browser, twinshelf, "recover", mug, pan)

    assert (task.succeeded, task.skipped) == (1, 1)
    row = ListingRow.objects.get(product_id=str(mug))
    assert (row.state, row.tiktok_id, row.deleted) == ("inactive_seller", listing_id, {})
    press(browser, twinshelf, "activate", mug)
    twinshelf.wait(600)
    twinshelf.wait(600)
    assert (twinshelf.listing(mug).state, status(sandbox, shop, listing_id)) == ("live", "ACTIVATE")
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    assert twinshelf.order(order_id).creation == "created"
    assert twinshelf.differences() == []


@pytest.mark.covers("CED-103")
def test_recovering_is_offered_as_long_as_tiktok_keeps_the_product_and_then_it_says_why_not(
    sandbox, store, shop, twinshelf, browser
):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    first = twinshelf.listing(mug).tiktok_id
    press(browser, twinshelf, "delete", mug)
    assert browser.products_by_state() == {"all": {str(mug)}, "not_uploaded": {str(mug)}}
    assert "Not listed" in browser.product(mug)
    assert "Recover on TikTok" in browser.product(mug)
    press(browser, twinshelf, "recover", mug)
    assert (twinshelf.listing(mug).tiktok_id, status(sandbox, shop, first)) == (first, "SELLER_DEACTIVATED")

    press(browser, twinshelf, "delete", mug)
    products = sandbox.world.table(f"tt/{shop.id}/products")
    assert products.delete(first)  # TikTok has kept it for as long as it does
    task = press(browser, twinshelf, "recover", mug)

    assert (task.succeeded, task.failed) == (0, 1)
    page = browser.product(mug)
    assert "TikTok Shop has no such listing in this shop." in page
    assert "Recover on TikTok" not in page
    press(browser, twinshelf, "list", mug)
    twinshelf.wait(600)
    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.listing(mug).tiktok_id != first


@pytest.mark.covers("SILK-31")
def test_a_product_that_tiktok_has_is_mapped_sku_by_sku_and_its_orders_sync(sandbox, store, shop, twinshelf, browser):
    def in_sizes(code, title):
        sizes = [
            {"sku": f"{code}-{n}", "inventory_level": stock,
             "option_values": [{"option_display_name": "Size", "label": label}]}
            for n, label, stock in ((1, "S", 7), (2, "L", 3))
        ]  # fmt: skip
        return store.add_product(sku="", title=title, variants=sizes, inventory_tracking="variant")

    there = in_sizes("OLD", "Mug of old")
    twinshelf.list(there)
    listing_id = twinshelf.listing(there).tiktok_id
    store.act("delete_product", product_id=there)
    mug = in_sizes("MUG", "Enamel mug")
    twinshelf.settle()
    twinshelf.pull()
    address = f"/products/{pk_of(mug)}/map/"
    listed = browser.get("/products/?q=Enamel").content.decode()
    assert re.search(rf'<a class="entry" href="{address}(\?shop=\d+)?">Map Product</a>', listed)
    assert "has no product 123." in browser.words(f"{address}?tiktok_id=123")
    page = browser.get(f"{address}?tiktok_id={listing_id}")
    chosen = {}
    for (sku, variants), wanted in zip(page.context["lines"], ("MUG-1", "MUG-2"), strict=True):
        assert (sku.seller_sku, [code for _id, code, _same in variants]) == (
            wanted.replace("MUG", "OLD"), ["MUG-1", "MUG-2"],
        )  # fmt: skip
        chosen[f"sku.{sku.id}"] = next(variant for variant, code, _same in variants if code == wanted)
    titles = len(shop.effects("product_edited"))

    told = browser.post(address, {"tiktok_id": listing_id} | chosen)
    twinshelf.settle()

    assert told == ["2 SKUs are linked. Orders for them find their products."]
    row = twinshelf.listing(mug)
    assert (row.tiktok_id, row.state, row.quantity) == (listing_id, "live", 10)
    links = Link.objects.filter(product_id=str(mug)).order_by("seller_sku").values_list("seller_sku", "variant_id")
    assert list(links) == list(zip(("OLD-1", "OLD-2"), chosen.values(), strict=True))
    assert len(shop.effects("product_edited")) == titles
    order_id = shop.buy(("OLD-2", 1))
    twinshelf.wait(3700)
    lines = store.act("order", order_id=twinshelf.order(order_id).store_order_id)["products"]
    assert [(line["sku"], line["quantity"]) for line in lines] == [("MUG-2", 1)]
