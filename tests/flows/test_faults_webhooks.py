"""Webhooks that go wrong (fault catalog, B): doubled, lost, late, out of order; and each flow by poll and by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS, fault, lose_webhooks, ready_to_ship, rest, ship
from twinshelf.listings import actions as catalog
from twinshelf.listings import actions as listings
from twinshelf.orders import actions as orders
from twinshelf.sync import engine
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import InboxEvent


def life_of_a_mug(sandbox, store, shop, twinshelf):
    """Listed, sold twice, one order shipped and one cancelled, price, stock and title changed. Returns both orders."""
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    shipped, cancelled = shop.buy(("MUG-1", 1)), shop.buy(("MUG-1", 2))
    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)
    store.act("set_price", sku="MUG-1", price="13.00")
    store.act("set_stock", sku="MUG-1", quantity=6)
    store.act("edit_product", product_id=mug, name="Enamel mug, blue")
    ship(store, twinshelf.order(shipped).store_order_id)
    sandbox.act("tt.cancel_order", order_id=cancelled)
    twinshelf.settle()
    return shipped, cancelled


def all_is_well(store, shop, twinshelf, shipped, cancelled):
    assert len(shop.effects("product_created")) == 1
    assert len(store.effects("order_created")) == 2
    assert len(shop.effects("package_shipped")) == 1
    assert len(shop.effects("cancellation")) == 1
    assert twinshelf.order(shipped).status == "AWAITING_COLLECTION"
    cancellations = [e for e in store.effects("order_status") if e.detail["after"] == 5]
    assert [e.key for e in cancellations] == [twinshelf.order(cancelled).store_order_id]
    assert store.act("stock", sku="MUG-1") == 8  # set to 6, and the cancelled two came back
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"action": "duplicate"}, id="F20 each delivered twice at once"),
        pytest.param({"action": "duplicate", "seconds": 43_200}, id="F20 F24 and again half a day later"),
        pytest.param({"action": "lose", "probability": 0.3}, id="F21 three of ten lost"),
        pytest.param({"action": "lose"}, id="F21 all lost"),
        pytest.param({"action": "reorder", "seconds": 600}, id="F22 within ten minutes in any order"),
        pytest.param({"action": "delay", "seconds": 43_200}, id="F24 half a day late"),
    ],
)
def test_whatever_happens_to_webhooks_each_thing_happens_once(sandbox, store, shop, twinshelf, how):
    twinshelf.prefer(auto_import=True)
    fault(sandbox, on="webhook", times=None, **how)

    both = life_of_a_mug(sandbox, store, shop, twinshelf)
    rest(sandbox, twinshelf)
    twinshelf.wait(86_400)

    all_is_well(store, shop, twinshelf, *both)


def test_f23_an_order_told_of_before_it_can_be_read_is_imported_when_it_can(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1"))
    fault(sandbox, platform="tiktok", path="/order/*/orders", action="stale", seconds=20, times=2)

    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    twinshelf.wait(30)

    assert twinshelf.order(order_id).status == "ON_HOLD"
    assert twinshelf.problems() == []


def test_f25_a_webhook_that_bigcommerce_switched_off_is_switched_on_within_the_hour(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    arrive, sandbox.outbox.send = sandbox.outbox.send, lambda *_delivery: 0
    store.act("set_stock", sku="MUG-1", quantity=3)
    sandbox.advance(3 * 86_400)  # it gives up after two days, and switches the webhook off
    sandbox.outbox.send = arrive
    store.act("set_stock", sku="MUG-1", quantity=2)
    twinshelf.settle()
    assert shop.effects("stock_set") == []

    twinshelf.wait(3700)
    assert [e.detail["after"] for e in shop.effects("stock_set")] == [2]
    store.act("set_stock", sku="MUG-1", quantity=1)
    twinshelf.settle()

    assert [e.detail["after"] for e in shop.effects("stock_set")] == [2, 1]
    assert twinshelf.differences() == []


def test_two_sales_of_one_second_are_two_events_though_their_webhooks_read_the_same(sandbox, store, shop, twinshelf):
    """BigCommerce's `hash` is one of the content and the second: of a flash sale, it is the same again and again."""
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    sandbox.world.clock.run(0)

    for left in (6, 5, 4):
        store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 1}])
        twinshelf.settle()
        assert shop.effects("stock_set")[-1].detail["after"] == left

    sandbox.world.clock.run(1)
    assert len(shop.effects("stock_set")) == 3


def test_f26_what_a_blocked_receiver_missed_is_told_again_and_counts_once(sandbox, store, shop, twinshelf):
    ids = [store.add_product(sku=f"MUG-{n}", title=f"Enamel mug {n}", stock=50) for n in range(12)]
    twinshelf.list(*ids)
    before = InboxEvent.objects.count()
    arrive, sandbox.outbox.send = sandbox.outbox.send, lambda *_delivery: 0  # slower than BigCommerce's patience
    for quantity in range(40, 30, -1):
        for n in range(12):
            store.act("set_stock", sku=f"MUG-{n}", quantity=quantity)
    twinshelf.settle()
    assert len(store.effects("hook_domain_blocked")) == 1
    assert (shop.effects("stock_set"), InboxEvent.objects.count()) == ([], before)

    sandbox.outbox.send = arrive
    store.act("set_stock", sku="MUG-0", quantity=20)
    twinshelf.settle()
    assert shop.effects("stock_set") == []  # the domain is blocked: nothing is sent there
    twinshelf.wait(181)
    twinshelf.wait(601)

    assert sorted((e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")) == sorted(
        [("MUG-0", 20), *((f"MUG-{n}", 31) for n in range(1, 12))]
    )
    told = list(InboxEvent.objects.filter(topic="store/product/inventory/updated").values_list("dedupe", "outcome"))
    assert {outcome for _dedupe, outcome in told} == {"applied"}
    assert len(told) == 121
    assert twinshelf.differences() == []


def test_f27_what_was_acknowledged_is_worked_on_though_nobody_was_at_work(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    store.act("set_stock", sku="MUG-1", quantity=3)
    sandbox.settle()  # told, on record, and no work done
    assert shop.effects("stock_set") == []

    twinshelf.engine = InlineEngine()  # as after a crash: it knows of nothing
    engine.use(twinshelf.engine)
    twinshelf.wait(60)

    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]


def test_f28_a_burst_is_merged(sandbox, store, shop, twinshelf):
    ids = [store.add_product(sku=f"MUG-{n}", title=f"Enamel mug {n}", stock=50) for n in range(12)]
    twinshelf.list(*ids)

    for quantity in (40, 30, 20):
        for n in range(12):
            store.act("set_stock", sku=f"MUG-{n}", quantity=quantity)
    before = sandbox.site.requests
    twinshelf.settle()

    assert sorted((e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")) == sorted(
        (f"MUG-{n}", 20) for n in range(12)
    )
    calls = sandbox.site.requests - before
    assert calls <= 12 + 5  # one a product, a read of both sides in bulk, the locations every five minutes
    assert twinshelf.differences() == []


def test_i18_the_whole_log_of_webhooks_told_again_changes_nothing(sandbox, store, shop, twinshelf):
    told: list[Any] = []
    send = sandbox.outbox.send

    def overhear(url: str, headers: Any, body: bytes, timeout: float) -> int:
        told.append((url, headers, body, timeout))
        return int(send(url, headers, body, timeout))

    sandbox.outbox.send = overhear
    twinshelf.prefer(auto_import=True)
    both = life_of_a_mug(sandbox, store, shop, twinshelf)
    rest(sandbox, twinshelf)
    log = len(sandbox.world.effects), InboxEvent.objects.count()

    for delivery in told[:]:
        send(*delivery)
    rest(sandbox, twinshelf)

    assert (len(sandbox.world.effects), InboxEvent.objects.count()) == log
    all_is_well(store, shop, twinshelf, *both)


# -- by hand: the same without webhooks and without waiting for a timetable -----------------------------------------


def test_by_hand_a_pull_brings_the_catalog_and_its_changes(sandbox, store, shop, twinshelf):
    lose_webhooks(sandbox)
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    store.act("set_price", sku="MUG-1", price="13.00")
    store.act("set_stock", sku="MUG-1", quantity=3)
    store.act("edit_product", product_id=mug, name="Enamel mug, blue")

    twinshelf.pull()

    assert [e.detail["after"] for e in shop.effects("price_set")] == ["13.00"]
    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]
    assert len(shop.effects("product_edited")) == 1
    assert twinshelf.differences() == []


def test_by_hand_a_resync_sets_right_what_moved_in_the_shop(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    lose_webhooks(sandbox)
    listing = twinshelf.listing(mug)
    sandbox.act("tt.set_stock", product_id=listing.tiktok_id, sku="MUG-1", quantity=99)

    twinshelf.finished(listings.resync(twinshelf.connection, [mug], by=MAYA))

    assert [e.detail["after"] for e in shop.effects("stock_set")] == [7]
    assert twinshelf.differences() == []


def test_by_hand_a_refresh_reads_what_became_of_a_listing(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    lose_webhooks(sandbox)
    sandbox.act("tt.deactivate_product", product_id=twinshelf.listing(mug).tiktok_id)

    twinshelf.finished(catalog.refresh(twinshelf.connection, [mug], by=MAYA))

    assert twinshelf.listing(mug).state == "inactive_seller"


def test_by_hand_orders_are_fetched(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1"))
    lose_webhooks(sandbox)
    order_id = shop.buy(("MUG-1", 1))
    sandbox.advance(HELD_SECONDS)

    twinshelf.fetch_orders()

    assert twinshelf.order(order_id).creation == "created"


def test_by_hand_one_order_is_looked_at_on_both_sides(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    shipped, shipped_store_order = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    cancelled, cancelled_store_order = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    lose_webhooks(sandbox)
    ship(store, shipped_store_order)
    store.act("cancel_order", order_id=cancelled_store_order)
    twinshelf.settle()
    assert shop.effects("package_shipped") == []

    for order_id in (shipped, cancelled):
        orders.sync(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()

    assert len(shop.effects("package_shipped")) == 1
    assert len(shop.effects("cancellation")) == 1
    assert twinshelf.order(cancelled).status == "CANCELLED"
