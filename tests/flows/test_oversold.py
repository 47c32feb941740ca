"""Orders that were cancelled because a product was not to be had: told on every page until nothing is oversold."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.flows import faults
from tests.flows.browser import Browser
from twinshelf.accounts.models import AuditEntry
from twinshelf.listings.models import Link, ListingRow
from twinshelf.orders.models import CancellationRow

BANNER = "One or more orders have been canceled due to product unavailability. Click to view details."
OUT = "seller_cancel_reason_out_of_stock"
LIST = "/orders/oversold/"


@pytest.fixture
def goods(store, twinshelf):
    """Two products that are live: their ids."""
    made = [store.add_product(sku=sku, title=title, stock=9) for sku, title in (("MUG-1", "Mug"), ("JAR-1", "Jar"))]
    twinshelf.list()
    return made


@pytest.fixture
def cancelled(sandbox, shop, twinshelf):
    """Has an order of a SKU made, which is in the store before it is cancelled at TikTok Shop: its id."""

    def cancel(sku, *, reason=OUT, quantity=1):
        order_id = shop.buy((sku, quantity))
        twinshelf.wait(faults.HELD_SECONDS)
        sandbox.act("tt.cancel_order", order_id=order_id, reason=reason)
        twinshelf.settle()
        return order_id

    return cancel


def listed(browser):
    """What the list shows: order → {title: (SKUs, units)}."""
    return {
        order.row.order_id: {entry.title: (entry.skus, entry.row.units) for entry, _going, _actions in entries}
        for order, _shop_actions, entries in browser.get(LIST).context["shown"]
    }


def offers(browser, title):
    """The actions that the list offers for a product, by name, of its first order."""
    for _order, _shop_actions, entries in browser.get(LIST).context["shown"]:
        for entry, _going, actions in entries:
            if entry.title == title:
                return {action.id: action for action in actions}
    return {}


def press(browser, action):
    """Send what a button sends."""
    place = {"product.deactivate": "/products/do/deactivate/"}.get(action.id) or f"{LIST}{action.args[0]}/checked/"
    confirmed = {"confirmed": "1"} if action.confirm else {}
    return browser.post(place, {**{name: str(value) for name, value in action.sent}, **confirmed})


@pytest.mark.covers("SILK-71", "SILK-72", "SILK-74")
def test_each_order_is_listed_with_its_products_until_each_is_down_or_in_stock(
    sandbox, shop, twinshelf, goods, cancelled
):
    browser = Browser()
    pages = ("/", "/products/", "/orders/", "/activity/", "/connections/", "/settings/", "/faq/")
    priced = cancelled("MUG-1", reason="seller_cancel_reason_wrong_price")
    assert [page for page in pages if BANNER in browser.words(page)] == []  # cancelled for another reason

    mug, jar = (cancelled(sku, quantity=2) for sku in ("MUG-1", "JAR-1"))
    assert [page for page in pages if BANNER not in browser.words(page)] == []
    page = browser.get("/").content.decode()
    [link] = re.findall(r'<a\s+href="/orders/oversold/"[^>]*>\s*([^<]+?)\s*</a>', page)
    assert link == BANNER
    assert re.search(r'href="/orders/oversold/"\s+target="_blank"', page)
    assert priced not in browser.words(LIST)
    assert listed(browser) == {jar: {"Jar": (("JAR-1",), 2)}, mug: {"Mug": (("MUG-1",), 2)}}
    assert CancellationRow.objects.get(order__order_id=mug).reason == OUT

    down = offers(browser, "Mug")["product.deactivate"]
    assert str(down.confirm).startswith("Is it really out of stock?")
    press(browser, down)
    assert "being taken down" in browser.words(LIST)
    assert BANNER in browser.words("/")  # not down yet
    twinshelf.settle()

    products = sandbox.world.table(f"tt/{shop.id}/products")
    assert {row["base"]["title"]: row["status"] for _key, row in products.items()} == {
        "Mug": "SELLER_DEACTIVATED", "Jar": "ACTIVATE",
    }  # fmt: skip
    assert set(listed(browser)) == {jar}
    assert BANNER in browser.words("/")

    Link.objects.filter(seller_sku="JAR-1").update(quantity=50)
    [told] = press(browser, offers(browser, "Jar")["oversold.checked"])
    assert told.startswith("TikTok Shop still offers 50, and BigCommerce has 9.")
    assert set(listed(browser)) == {jar}
    Link.objects.filter(seller_sku="JAR-1").update(quantity=9)
    press(browser, offers(browser, "Jar")["oversold.checked"])
    [entry] = AuditEntry.objects.filter(action="oversold.checked")
    assert (entry.subject, entry.after) == (f"product:{goods[1]}", {"in_stock": True, "orders": [jar]})

    assert (listed(browser), [page for page in pages if BANNER in browser.words(page)]) == ({}, [])
    assert "Nothing is oversold" in browser.words(LIST)

    twinshelf.poll()  # what is down is closed for good: selling it again does not bring its orders back
    ListingRow.objects.update(state="live")
    twinshelf.fetch_orders()
    assert BANNER not in browser.words("/")


def test_a_part_and_a_cancellation_from_here_are_listed_and_one_from_bigcommerce_is_not(
    sandbox, store, shop, twinshelf, goods
):
    browser = Browser()
    part, here, there = (shop.buy(("MUG-1", 3), ("JAR-1", 1)) for _ in range(3))
    twinshelf.wait(faults.HELD_SECONDS)
    sandbox.act("tt.cancel_order", order_id=part, reason=OUT, items=[{"seller_sku": "MUG-1", "quantity": 2}])
    browser.post(f"/orders/{twinshelf.order(here).pk}/cancel/", {"reason": OUT})
    store.act("cancel_order", order_id=twinshelf.order(there).store_order_id)
    twinshelf.settle()
    twinshelf.wait(60)

    assert {e.detail["order_id"]: e.detail["reason"] for e in shop.effects("cancellation")}[there] == OUT
    assert listed(browser) == {
        here: {"Mug": (("MUG-1",), 3), "Jar": (("JAR-1",), 1)},
        part: {"Mug": (("MUG-1",), 2)},
    }
    press(browser, offers(browser, "Mug")["oversold.checked"])  # with all its orders
    assert listed(browser) == {here: {"Jar": (("JAR-1",), 1)}}
    twinshelf.poll()
    assert listed(browser) == {here: {"Jar": (("JAR-1",), 1)}}  # looking again lists nothing twice


@pytest.mark.covers("SILK-73")
def test_process_to_tiktok_shop_opens_the_product_management_of_the_shops_market(
    shop, twinshelf, goods, cancelled, monkeypatch
):
    browser = Browser()
    cancelled("MUG-1")

    def leads_to():
        page = browser.get(LIST).content.decode()
        [found] = re.findall(r'href="([^"]+)"\s+target="_blank" rel="noreferrer"\s*>\s*Process to TikTok Shop', page)
        return found

    assert leads_to() == "https://seller-us.tiktok.com/product/manage?shop_region=US"
    for region, host in (("GB", "seller-uk"), ("DE", "seller-de"), ("MY", "seller-my"), ("MX", "seller-mx")):
        twinshelf.connection.shop.region = region
        twinshelf.connection.shop.save(update_fields=["region"])
        assert leads_to() == f"https://{host}.tiktok.com/product/manage?shop_region={region}"
    monkeypatch.setattr(settings.OPERATOR, "tiktok_seller_center", "http://sandbox.test/seller/{shop}/products")
    assert leads_to() == f"http://sandbox.test/seller/{shop.id}/products"


def test_the_banner_costs_one_query(goods, cancelled):
    browser = Browser()
    with CaptureQueriesContext(connection) as before:
        browser.get("/faq/")
    for sku in ("MUG-1", "JAR-1"):
        cancelled(sku)
    with CaptureQueriesContext(connection) as after:
        assert BANNER in browser.words("/faq/")
    about = [each["sql"] for each in after if "orders_oversold" in each["sql"]]
    assert (len(about), len(after)) == (1, len(before))
