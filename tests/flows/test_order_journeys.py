"""An order from its payment to its end as the merchant sees it, against what both platforms hold."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA, Twinshelf
from tests.flows.faults import HELD_SECONDS, lose_webhooks, ready_to_ship, ship
from tests.flows.neighbors import consent, open_shop
from tests.flows.test_incoming import sell
from twinshelf.connections import actions as connections
from twinshelf.goods.models import StoreVariant
from twinshelf.kit import clock
from twinshelf.listings.models import Link, ListingRow
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync.models import Schedule, Task

pytestmark = pytest.mark.usefixtures("mug")


@pytest.fixture
def mug(store, twinshelf):
    """A live listing of which there are nine at 20.00."""
    product_id = store.add_product(sku="MUG-1", title="Enamel mug", price="20.00", stock=9)
    twinshelf.list(product_id)
    return product_id


@pytest.fixture
def browser(twinshelf):
    return Browser()


def page_of(twinshelf, order_id):
    return f"/orders/{twinshelf.order(order_id).pk}/"


def tabs_of(browser, order_id):
    """The tabs that list an order, but for All."""
    tabs = [name for name, _word, _count in browser.get("/orders/").context["tabs"] if name != "all"]
    listed = {name: browser.get(f"/orders/?tab={name}").context["page"].rows for name in tabs}
    return [name for name, rows in listed.items() if order_id in [row.order_id for row in rows]]


def writes(sandbox):
    """How often each call was made that changes something at TikTok."""
    return {
        place: number
        for place, number in sandbox.site.calls.items()
        if place[0] == "tiktok" and place[1] != "GET" and not place[2].endswith(("/search", "/refresh"))
    }


@pytest.mark.covers("SILK-39", "SILK-40", "SILK-42", "SILK-43")
def test_shipped_once_in_the_store_the_rest_is_told_by_tiktok_alone(browser, sandbox, store, shop, twinshelf):
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))

    def both():
        return (
            store.act("order", order_id=store_order_id)["status_id"],
            sandbox.world.table(f"tt/{shop.id}/orders")[order_id]["status"],
            tabs_of(browser, order_id),
        )

    assert both() == (11, "AWAITING_SHIPMENT", ["awaiting_shipment"])  # Awaiting Fulfillment, paid
    ship(store, store_order_id, "9400111899223100000001")
    twinshelf.settle()
    [package] = shop.effects("package_shipped")
    assert {name: package.detail[name] for name in ("order_id", "tracking", "provider_name")} == {
        "order_id": order_id, "tracking": "9400111899223100000001", "provider_name": "USPS",
    }  # fmt: skip
    assert len(package.detail["lines"]) == 2
    assert both() == (2, "AWAITING_COLLECTION", ["awaiting_collection"])  # Shipped

    before = writes(sandbox)
    for action, status, tab in (
        ("carrier_scan", "IN_TRANSIT", "in_transit"),
        ("deliver", "DELIVERED", "delivered"),
        ("complete", "COMPLETED", "completed"),
    ):
        assert both()[1] != status
        sandbox.act(f"tt.{action}", order_id=order_id)
        twinshelf.settle()
        assert both()[1:] == (status, [tab])
    twinshelf.poll()
    assert writes(sandbox) == before
    assert len(shop.effects("package_shipped")) == 1


@pytest.mark.covers("CED-117", "SILK-44", "SILK-45")
def test_an_order_is_cancelled_here_there_or_in_the_store_with_a_reason_and_once(
    browser, sandbox, store, shop, twinshelf
):
    def state(order_id):
        store_order = store.act("order", order_id=twinshelf.order(order_id).store_order_id)
        return sandbox.world.table(f"tt/{shop.id}/orders")[order_id]["status"], store_order["status_id"]

    here, there, stored = (shop.buy(("MUG-1", 1)) for _ in range(3))
    twinshelf.wait(HELD_SECONDS)
    browser.post(f"{page_of(twinshelf, here)}reasons/")
    twinshelf.settle()
    reasons = [name for name, _words in browser.get(page_of(twinshelf, here)).context["reasons"]]

    [told] = browser.post(f"{page_of(twinshelf, here)}cancel/", {"reason": ""})
    twinshelf.settle()
    assert told.startswith("Choose a cancellation reason.")
    assert state(here) == ("AWAITING_SHIPMENT", 11)
    assert shop.effects("cancellation") == []
    assert "seller_cancel_reason_out_of_stock" in reasons

    told = browser.post(f"{page_of(twinshelf, here)}cancel/", {"reason": "seller_cancel_reason_out_of_stock"})
    twinshelf.settle()
    twinshelf.wait(60)
    assert told == ["The cancellation is on its way to TikTok."]
    assert state(here) == ("CANCELLED", 5)
    assert state(there) == state(stored) == ("AWAITING_SHIPMENT", 11)

    sandbox.act("tt.cancel_order", order_id=there)
    store.act("cancel_order", order_id=twinshelf.order(stored).store_order_id)
    twinshelf.settle()
    twinshelf.wait(60)
    twinshelf.poll()
    assert state(there) == state(stored) == ("CANCELLED", 5)
    assert [(e.detail["order_id"], e.detail["reason"]) for e in shop.effects("cancellation")] == [
        (here, "seller_cancel_reason_out_of_stock"),
        (there, "seller_cancel_reason_out_of_stock"),
        (stored, "seller_cancel_reason_out_of_stock"),
    ]
    assert len([e for e in store.effects("order_status") if e.detail["after"] == 5]) == 3
    assert tabs_of(browser, here) == tabs_of(browser, there) == tabs_of(browser, stored) == ["cancelled"]


@pytest.mark.covers("CED-122", "CED-126", "CED-125", "CED-127", "SILK-38")
def test_the_page_of_an_order_tells_what_both_platforms_hold(browser, sandbox, store, shop, twinshelf):
    order_id = shop.buy(
        ("MUG-1", 2), shipping_fee="4.99", seller_discount="1.00", platform_discount="0.50", tax="2.10",
        address={"name": "Ada Moss", "first_name": "Ada", "last_name": "Moss", "line1": "12 Elm Street",
                 "postal_code": "94607", "phone": "(+1)5125550100"},
    )  # fmt: skip
    twinshelf.settle()
    held = browser.words(page_of(twinshelf, order_id))
    assert "Name A***a M***s" in held
    assert "Masked by TikTok." in held
    assert twinshelf.problems() == []

    twinshelf.wait(HELD_SECONDS)
    row = twinshelf.order(order_id)
    there = store.act("order", order_id=row.store_order_id)
    page = browser.words(page_of(twinshelf, order_id))

    assert "Name Ada Moss Ship to 12 Elm Street Oakland, California 94607 United States" in page
    assert "Masked by TikTok." not in page
    assert "+1 5125550100" in page
    paid = sandbox.world.table(f"tt/{shop.id}/orders")[order_id]["payment"]
    assert "Enamel mug MUG-1 · Default Linked $19.25 2 $38.50" in page
    assert "Items before discounts $40.00" in page
    assert "(paid by TikTok) −$0.50 Your discount (paid by you) −$1.00 Subtotal $38.50" in page
    assert "Shipping $4.99 Tax (collected by TikTok) $2.10 Buyer paid $45.59" in page
    assert "Method Shipped by seller" in page
    assert (paid["sub_total"], paid["shipping_fee"], paid["tax"], paid["total_amount"]) == (
        "38.50", "4.99", "2.10", "45.59",
    )  # fmt: skip
    money = ("subtotal_ex_tax", "discount_amount", "shipping_cost_ex_tax", "total_tax", "total_inc_tax")
    assert [Decimal(there[name]) for name in money] == [Decimal(n) for n in ("40", "1.5", "4.99", "2.1", "45.59")]
    [line], [address] = there["products"], there["shipping_addresses"]
    assert (line["name"], line["sku"], line["quantity"], Decimal(line["price_ex_tax"])) == (
        "Enamel mug",
        "MUG-1",
        2,
        Decimal(20),
    )
    assert (address["street_1"], address["city"], address["state"], address["zip"], address["shipping_method"]) == (
        "12 Elm Street", "Oakland", "California", "94607", "Shipped by seller",
    )  # fmt: skip

    shop.buy(("MUG-1", 1))
    twinshelf.settle()
    assert f'href="{page_of(twinshelf, order_id)}' in browser.get("/orders/").content.decode()
    found = browser.client.get("/search/", {"q": order_id})
    assert found.headers["Location"] == page_of(twinshelf, order_id)


@pytest.mark.covers("CED-107", "CED-121", "SILK-70")
def test_a_line_is_matched_by_its_sku_or_the_order_is_not_made_and_says_why(browser, store, shop, twinshelf):
    Link.objects.all().delete()
    good = shop.buy(("MUG-1", 2))
    twinshelf.wait(HELD_SECONDS)
    [line] = store.act("order", order_id=twinshelf.order(good).store_order_id)["products"]
    assert (line["product_id"], line["quantity"]) == (int(ListingRow.objects.get().product_id), 2)
    assert line["variant_id"] == 1001
    assert store.act("stock", sku="MUG-1") == 7

    Link.objects.all().delete()
    StoreVariant.objects.filter(sku="MUG-1").update(sku="mug-1")  # like it, and not it
    bad = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    assert len(store.effects("order_created")) == 1
    assert tabs_of(browser, bad) == ["awaiting_shipment", "failed"]
    listed, page = browser.words("/orders/?tab=failed"), browser.words(page_of(twinshelf, bad))
    assert re.search(rf"{bad} .*fulfilled by you N/A .*Awaiting shipment Not in BigCommerce", listed)
    assert "MUG-1" in twinshelf.order(bad).reason
    assert twinshelf.order(bad).reason in page
    assert "Retry" in page

    StoreVariant.objects.filter(sku="mug-1").update(sku="MUG-1")
    browser.post(f"{page_of(twinshelf, bad)}retry/")
    twinshelf.settle()
    assert [e.detail["external_order_id"] for e in store.effects("order_created")] == [good, bad]
    assert tabs_of(browser, bad) == ["awaiting_shipment"]


@pytest.mark.covers("CED-118", "CED-106")
def test_without_webhooks_orders_come_by_the_timetable_and_at_once_by_the_button(
    browser, sandbox, store, shop, twinshelf
):
    lose_webhooks(sandbox)
    first = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    assert twinshelf.order(first).creation == "created"
    [made] = store.effects("order_created")
    assert made.at - (sandbox.world.clock.now() - HELD_SECONDS) <= 3600 + 1800
    second = shop.buy(("MUG-1", 1))
    assert not ShopOrderRow.objects.filter(order_id=second).exists()
    twinshelf.wait(301)
    assert twinshelf.order(second).status == "ON_HOLD"  # within five minutes, though nothing told us

    third = shop.buy(("MUG-1", 1))
    browser.post("/orders/fetch/")
    twinshelf.settle()
    assert twinshelf.order(third).status == "ON_HOLD"
    sandbox.act("tt.cancel_order", order_id=second)
    twinshelf.wait(HELD_SECONDS)
    for _ in range(3):
        browser.post("/orders/fetch/")
        twinshelf.settle()
    assert [e.detail["external_order_id"] for e in store.effects("order_created")] == [first, third]
    assert len(shop.effects("external_reference")) == 2


@pytest.mark.covers("SILK-93", "P17-01")
def test_after_two_hours_without_us_the_missed_orders_are_found_and_made_once(browser, sandbox, store, shop, twinshelf):
    known = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    lose_webhooks(sandbox)
    Schedule.objects.all().delete()  # nothing comes by itself
    missed = [shop.buy(("MUG-1", 1)) for _ in range(3)]
    store.act("set_stock", sku="MUG-1", quantity=30)
    clock.move(7200)
    sandbox.advance(7200)
    twinshelf.settle()
    assert not ShopOrderRow.objects.filter(order_id__in=missed).exists()
    assert len(store.effects("order_created")) == 1

    today = f"{clock.now():%Y-%m-%d}"
    for found in (set(missed), set()):
        browser.post("/orders/fetch-missed/", {"start": today, "end": today})
        twinshelf.settle()
        items = Task.objects.latest("id").items.values_list("key", flat=True)
        assert set(items) - {known} == found or found == set()
        assert sorted(e.detail["external_order_id"] for e in store.effects("order_created")) == sorted([known, *missed])

    twinshelf.pull()
    twinshelf.poll()
    assert twinshelf.differences() == []


@pytest.mark.covers("SILK-94")
def test_missed_orders_that_do_not_await_shipment_are_listed_as_not_eligible(browser, sandbox, store, shop, twinshelf):
    lose_webhooks(sandbox)
    Schedule.objects.all().delete()  # nothing comes by itself
    names = ("awaits", "collection", "transit", "delivered", "completed", "cancelled")
    missed = {name: shop.buy(("MUG-1", 1)) for name in names}
    sandbox.advance(HELD_SECONDS)
    clock.move(HELD_SECONDS)
    missed["held"] = shop.buy(("MUG-1", 1))
    steps = {"collection": 1, "transit": 2, "delivered": 3, "completed": 4}
    for name, number in steps.items():
        for step in ("tt.ship_order", "tt.carrier_scan", "tt.deliver", "tt.complete")[:number]:
            sandbox.act(step, order_id=missed[name])
    sandbox.act("tt.cancel_order", order_id=missed["cancelled"])
    sandbox.advance(60)
    clock.move(60)

    today = f"{clock.now():%Y-%m-%d}"
    yesterday = f"{clock.now() - timedelta(days=1):%Y-%m-%d}"
    for _ in range(2):
        browser.post("/orders/fetch-missed/", {"start": yesterday, "end": today})
        twinshelf.settle()
    first, second = Task.objects.filter(kind="fetch_orders").order_by("id")
    told = {
        missed["collection"]: "not eligible: Awaiting Collection",
        missed["transit"]: "not eligible: In Transit",
        missed["delivered"]: "not eligible: Delivered",
        missed["completed"]: "not eligible: Completed",
        missed["cancelled"]: "not eligible: Cancelled",
        missed["held"]: "not eligible: On Hold",
    }
    for task in (first, second):
        skipped = task.items.filter(state="skipped").values_list("key", "text")
        assert (dict(skipped), task.state) == (told, "completed")
    assert (first.summary, second.summary) == ("1 done, 6 skipped", "6 skipped")
    words = browser.words(f"/activity/{first.id}/")
    assert all(f"{order_id} Skipped {text}" in words for order_id, text in told.items())
    assert [e.detail["external_order_id"] for e in store.effects("order_created")] == [missed["awaits"]]

    reason = "The search for missed orders leaves it: not eligible: In Transit. “Retry” makes it."
    assert twinshelf.order(missed["transit"]).reason == reason
    assert twinshelf.order(missed["cancelled"]).reason == "Cancelled before it was imported."
    browser.press(page_of(twinshelf, missed["transit"]), "Retry")
    twinshelf.settle()
    assert twinshelf.order(missed["transit"]).store_state == "shipped"
    made = [e.detail["external_order_id"] for e in store.effects("order_created")]
    assert made == [missed["awaits"], missed["transit"]]


@pytest.mark.covers("SHOP-14")
def test_a_new_connection_brings_the_orders_of_the_last_thirty_days_each_once(sandbox, store, twinshelf):
    shop = open_shop(sandbox, "Fernhollow Two")
    sell(sandbox, shop, "MUG-1", price="20.00", quantity=50)
    ages = {"today": 0, "29 days": 29, "31 days": 31}
    placed = {name: shop.buy(("MUG-1", 1)) for name in ages}
    twinshelf.wait(HELD_SECONDS)
    table = sandbox.world.table(f"tt/{shop.id}/orders")
    for name, days in ages.items():
        order = table[placed[name]]
        since = {key: order[key] - days * 86_400 for key in ("create_time", "update_time", "paid_time") if key in order}
        table.put(placed[name], order | since)

    [authorized] = connections.authorize_shops(twinshelf.account, consent(sandbox, shop), by=MAYA)
    made = connections.pair(twinshelf.account, store=twinshelf.connection.store, shop=authorized, name="Two", by=MAYA)
    driven = Twinshelf(sandbox, twinshelf.account, made, twinshelf.engine)
    for _ in range(2):
        driven.poll()
        driven.wait(601)

    known = ShopOrderRow.objects.filter(connection=made).values_list("order_id", flat=True)
    assert set(known) == {placed["today"], placed["29 days"]}
    created = [effect.detail["external_order_id"] for effect in store.effects("order_created")]
    assert sorted(created) == sorted([placed["today"], placed["29 days"]])
    assert driven.problems() == []
