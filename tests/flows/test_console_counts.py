"""The console's numbers against what the platforms hold, never against each other."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA
from tests.flows.faults import fault
from twinshelf.listings import actions as listings

HELD_SECONDS = 3700

NOT_SOLD = {"UNPAID", "CANCELLED"}

TAB_OF = {
    "UNPAID": "on_hold",
    "ON_HOLD": "on_hold",
    "AWAITING_SHIPMENT": "awaiting_shipment",
    "PARTIALLY_SHIPPING": "awaiting_shipment",
    "AWAITING_COLLECTION": "awaiting_collection",
    "IN_TRANSIT": "in_transit",
    "DELIVERED": "delivered",
    "COMPLETED": "completed",
    "CANCELLED": "cancelled",
}


@pytest.fixture
def browser(twinshelf):
    return Browser()


def refuse_store_orders(sandbox):
    call = {"platform": "bigcommerce", "method": "POST", "path": "/stores/*/v2/orders"}
    fault(sandbox, action="status", status=422, times=None, **call)


def statuses(shop):
    """TikTok's own status of every order, by the last of its effects."""
    orders = {effect.key: "UNPAID" for effect in shop.effects("order_created")}
    return orders | {effect.key: effect.detail["after"] for effect in shop.effects("order_status")}


def orders_by_tab(browser):
    """Order ids as each tab lists them."""
    tabs = browser.get("/orders/").context["tabs"]
    return {
        name: {row.order_id for row in browser.get(f"/orders/?tab={name}&per=100").context["page"].rows}
        for name, _word, _count in tabs
    }


@pytest.fixture
def sold(sandbox, store, shop, twinshelf):
    """An order in each of TikTok's states, and one that BigCommerce refused."""
    mug = store.add_product(sku="MUG-1", stock=90)
    twinshelf.list(mug)
    names = ("awaiting", "collected", "moving", "delivered", "completed", "cancelled")
    orders = {name: shop.buy(("MUG-1", 1)) for name in names}
    twinshelf.wait(HELD_SECONDS)
    for number, name in enumerate(("collected", "moving", "delivered", "completed")):
        store.act(
            "ship_order",
            order_id=twinshelf.order(orders[name]).store_order_id,
            carrier="usps",
            tracking_number=f"940011189922310000000{number}",
        )
    twinshelf.settle()
    for name in ("moving", "delivered", "completed"):
        sandbox.act("tt.carrier_scan", order_id=orders[name])
    for name in ("delivered", "completed"):
        sandbox.act("tt.deliver", order_id=orders[name])
    sandbox.act("tt.complete", order_id=orders["completed"])
    sandbox.act("tt.cancel_order", order_id=orders["cancelled"])
    twinshelf.settle()
    orders["refused"] = shop.buy(("MUG-1", 1))
    refuse_store_orders(sandbox)
    twinshelf.wait(HELD_SECONDS)
    orders["unpaid"], orders["held"] = shop.buy(("MUG-1", 1), pay=False), shop.buy(("MUG-1", 2))
    twinshelf.settle()
    return orders


@pytest.mark.covers("CED-29", "CED-111", "CED-113", "CED-114", "CED-115")
def test_each_order_is_under_the_tab_of_its_status_at_tiktok_and_tabs_and_tiles_count_them(browser, shop, sold):
    there = statuses(shop)
    assert len(set(there.values())) == 8

    expected = {tab: {order for order, status in there.items() if TAB_OF[status] == tab} for tab in TAB_OF.values()}
    expected |= {"all": set(there), "failed": {sold["refused"]}}

    assert orders_by_tab(browser) == expected
    tabs = {name: count for name, _word, count in browser.get("/orders/").context["tabs"]}
    assert tabs == {name: len(orders) for name, orders in expected.items()}
    tiles = {name: count for name, _word, count in browser.get("/").context["stages"]}
    assert tiles == {name: len(orders) for name, orders in expected.items() if name not in {"all", "on_hold"}}
    assert set(tiles) == {
        "awaiting_shipment", "awaiting_collection", "in_transit", "delivered", "completed", "cancelled", "failed",
    }  # fmt: skip
    assert re.search(r"2 Awaiting shipment.* 1 Not in BigCommerce", browser.words("/"))


@pytest.mark.covers("CED-112")
def test_a_paid_order_raises_the_count_of_awaiting_shipment_by_one_until_it_is_shipped(store, shop, twinshelf, browser):
    def awaiting():
        return orders_by_tab(browser)["awaiting_shipment"]

    mug = store.add_product(sku="MUG-1", stock=9)
    twinshelf.list(mug)
    assert awaiting() == set()
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    assert awaiting() == set()  # on hold

    twinshelf.wait(HELD_SECONDS)
    assert awaiting() == {order_id}
    [made] = store.effects("order_created")
    assert twinshelf.order(order_id).store_order_id == made.key

    store.act("ship_order", order_id=made.key, carrier="usps", tracking_number="9400111899223100000001")
    twinshelf.settle()
    assert awaiting() == set()


def test_missing_orders_come_first_and_red_and_agree_with_the_tab(browser, sold):
    page = browser.get("/").context

    first = page["attention"][0]
    assert (first.sentence, first.tone, first.url) == (
        "1 paid order is not in BigCommerce yet",
        "bad",
        "/orders/?tab=failed",
    )
    assert browser.get(first.url).context["page"].total == 1


@pytest.mark.covers("CED-28")
def test_each_product_is_under_the_state_it_has_at_tiktok_and_the_counts_follow_the_search(
    browser, sandbox, store, shop, twinshelf
):
    numbers = {
        name: store.add_product(sku=f"{name.upper()}-1", title=f"{name} of iron") for name in ("mug", "pan", "jar")
    }
    twinshelf.list(*numbers.values())
    listed = {name: twinshelf.listing(number).tiktok_id for name, number in numbers.items()}
    numbers["new"] = store.add_product(sku="NEW-1", title="Lid of glass")
    sandbox.act("tt.deactivate_product", product_id=listed["pan"])
    sandbox.act("tt.take_down_product", product_id=listed["jar"])
    twinshelf.settle()
    twinshelf.pull()
    twinshelf.poll()

    there = {effect.key: effect.detail["after"] for effect in shop.effects("product_status")}
    assert Counter(there.values()) == {"ACTIVATE": 1, "SELLER_DEACTIVATED": 1, "PLATFORM_DEACTIVATED": 1}
    shown = {name: count for name, _word, count in browser.get("/products/").context["pills"] if count}
    assert shown == {"all": 4, "live": 1, "off": 1, "inactive_platform": 1, "not_uploaded": 1}

    narrowed = {name: count for name, _word, count in browser.get("/products/?q=iron").context["pills"] if count}
    assert narrowed == {"all": 3, "live": 1, "off": 1, "inactive_platform": 1}
    [line] = browser.get("/products/?q=iron&state=off").context["page"].rows
    assert line.product.title == "pan of iron"
    assert {n: c for n, _w, c in browser.get("/products/?q=glass&state=off").context["pills"] if c} == {
        "all": 1,
        "not_uploaded": 1,
    }


@pytest.mark.covers("CED-24", "CED-26", "CED-30", "CED-31", "SHOP-20", "SILK-47")
def test_the_dashboard_counts_what_the_platforms_hold(browser, sandbox, store, shop, twinshelf, sold):  # noqa: PLR0917 - fixtures
    numbers = {
        name: store.add_product(sku=f"{name.upper()}-1", title=f"{name} of iron", **more)
        for name, more in {"pan": {}, "jar": {}, "lid": {}, "tub": {}, "bare": {"weight": 0}}.items()
    }
    twinshelf.list(numbers["pan"])
    sandbox.act("tt.deactivate_product", product_id=twinshelf.listing(numbers["pan"]).tiktok_id)
    for name in ("jar", "bare"):
        listings.list_products(twinshelf.connection, [str(numbers[name])], by=MAYA)
    twinshelf.settle()
    listings.list_products(twinshelf.connection, [str(numbers["tub"])], by=MAYA)  # and nobody has got to it yet

    page = browser.get("/")
    source, words = page.content.decode(), browser.words("/")
    [mug] = {effect.key for effect in shop.effects("product_created")} - {
        twinshelf.listing(numbers[name]).tiktok_id for name in ("pan", "jar")
    }
    there = {effect.key: effect.detail["after"] for effect in shop.effects("product_status")}
    assert (there[mug], there[twinshelf.listing(numbers["pan"]).tiktok_id]) == ("ACTIVATE", "SELLER_DEACTIVATED")
    expected = {"off": "pan", "reviewing": "jar", "not_uploaded": "lid", "in_progress": "tub", "failed": "bare"}
    listed = browser.products_by_state()
    assert {name: listed[name] for name in expected} == {
        state: {str(numbers[name])} for state, name in expected.items()
    }
    tiles = {name: count for name, _word, count in page.context["buckets"]}
    assert tiles == dict.fromkeys([*expected, "live"], 1) | {"inactive_platform": 0}
    assert all(f'href="/products/?state={name}"' in source for name in expected)

    by_tab = orders_by_tab(browser)
    for name, _word, count in page.context["stages"]:
        assert f'href="/orders/?tab={name}"' in source
        assert len(by_tab[name]) == count
    held = statuses(shop)
    assert by_tab["all"] == set(held)
    rows = sandbox.world.table(f"tt/{shop.id}/orders")
    sums = [Decimal(rows[key]["payment"]["total_amount"]) for key, status in held.items() if status not in NOT_SOLD]
    assert f"TikTok Shop sales, USD ${sum(sums):,.2f}" in words
    assert "List 1 product on Fernhollow US 1 failed" in words
    assert "List 1 product on Fernhollow US Done 1 done" in words
    assert 'href="/activity/"' in source
    log = browser.get("/activity/").context["page"].rows
    assert [task.title for task in log].count("List 1 product on Fernhollow US") >= 3
    assert re.search(r'title="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"', source)

    sales = browser.get("/orders/sales/")
    [(name, sold_there)] = sales.context["shops"]
    number = Counter(held.values())
    assert (name, sold_there.currency) == (twinshelf.connection.name, "USD")
    assert (sold_there.orders, sold_there.total) == (len(sums), sum(sums))
    assert (sold_there.cancelled, number["UNPAID"] > 0 or number["CANCELLED"] > 0) == (number["CANCELLED"], True)
    buyers = Counter(rows[key]["user_id"] for key, status in held.items() if status not in NOT_SOLD)
    assert sorted(each.orders for each in sales.context["page"].rows) == sorted(buyers.values())
    assert sum(each.total for each in sales.context["page"].rows) == sum(sums)
    assert all(re.fullmatch(r"(\S\*\*\*( |$))+", each.name) for each in sales.context["page"].rows)
    told = sales.content.decode()
    personal = ("first_name", "last_name", "phone_number", "full_address", "address_line1", "postal_code")
    addresses = [row["_address"] for row in rows.values()]
    words = {str(address[part]) for address in addresses for part in personal if address.get(part)}
    assert len(words) > 4
    assert [word for word in words if word in told] == []
