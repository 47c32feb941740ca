"""The main job: list, follow prices and stock, import orders once, hand shipments back, cancel once."""

from decimal import Decimal

import pytest

from tests.flows.conftest import MAYA
from tests.flows.neighbors import shelf
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.listings import actions as catalog
from twinshelf.listings.models import Link
from twinshelf.orders import actions as orders
from twinshelf.sync.models import Problem
from twinshelf_sandbox.faults import Fault

HELD_SECONDS = 3700


@pytest.mark.covers("CED-69", "BIGS-21")
def test_a_product_of_the_store_goes_live_in_the_shop(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=7)

    twinshelf.list(mug)

    listing = twinshelf.listing(mug)
    assert (listing.state, listing.status) == ("live", "ACTIVATE")
    assert len(shop.effects("product_created")) == 1
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_a_new_price_reaches_the_shelf_without_a_review(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00")
    twinshelf.list(mug)

    store.act("set_price", sku="MUG-1", price="14.50")
    twinshelf.settle()

    [change] = shop.effects("price_set")
    assert (change.detail["seller_sku"], Decimal(change.detail["before"]), Decimal(change.detail["after"])) == (
        "MUG-1",
        Decimal("12.00"),
        Decimal("14.50"),
    )
    assert shop.effects("product_edited") == []
    assert twinshelf.differences() == []


def test_new_stock_reaches_the_shelf_and_nothing_else_is_sent(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)

    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()

    [change] = shop.effects("stock_set")
    assert (change.detail["seller_sku"], change.detail["before"], change.detail["after"]) == ("MUG-1", 7, 3)
    assert shop.effects("price_set") == []
    assert shop.effects("product_edited") == []
    assert twinshelf.differences() == []


def test_more_stock_than_tiktok_takes_is_shown_in_part_and_told(store, shop, twinshelf):
    product_id = store.add_product(sku="MUG-1", stock=2_147_483_647)
    twinshelf.list(product_id)
    [told] = Problem.objects.filter(closed_at=None)

    assert shelf(shop, twinshelf, product_id) == 99_999
    assert (told.key, told.code, told.blocking) == (str(product_id), "W-INV-MOST", False)
    assert told.facts == {"most": "99,999", "skus": "MUG-1 (2,147,483,647)"}
    assert twinshelf.differences() == []

    store.act("set_stock", sku="MUG-1", quantity=99_999)
    twinshelf.settle()
    assert shelf(shop, twinshelf, product_id) == 99_999
    assert twinshelf.problems() == []


def test_a_new_title_goes_to_review_and_price_and_stock_stay(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=7)
    twinshelf.list(mug)

    store.act("edit_product", sku="MUG-1", name="Enamel mug, white")
    twinshelf.settle()
    twinshelf.wait(600)

    assert len(shop.effects("product_edited")) == 1
    assert shop.effects("price_set") == []
    assert shop.effects("stock_set") == []
    assert twinshelf.differences() == []


@pytest.mark.covers("SILK-36", "CED-105")
def test_a_paid_order_becomes_one_store_order_after_its_hold(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)

    order_id = shop.buy(("MUG-1", 2), shipping_fee="4.99", seller_discount="1.00", platform_discount="0.50")
    twinshelf.settle()
    assert store.effects("order_created") == []
    assert twinshelf.order(order_id).reason.startswith("On hold")

    twinshelf.wait(HELD_SECONDS)

    [created] = store.effects("order_created")
    row = twinshelf.order(order_id)
    assert created.detail["external_order_id"] == order_id
    assert (row.creation, row.store_order_id, row.store_state) == ("created", created.key, "awaiting_fulfillment")
    store_order = store.act("order", order_id=row.store_order_id)
    assert Decimal(store_order["total_inc_tax"]) == row.total
    assert store_order["external_source"] == "32000"
    assert str(store_order["channel_id"]) == twinshelf.connection.channel_id
    assert store.act("stock", sku="MUG-1") == 5
    assert len(shop.effects("external_reference")) == 1
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_an_order_seen_many_times_is_created_once(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)

    for _ in range(3):
        twinshelf.fetch_orders()
        twinshelf.poll()

    assert len(store.effects("order_created")) == 1
    assert len(shop.effects("external_reference")) == 1


def test_an_order_is_found_by_polling_when_its_webhooks_are_lost(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    lose_webhooks(sandbox)

    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    twinshelf.poll()

    assert twinshelf.order(order_id).creation == "created"
    assert len(store.effects("order_created")) == 1


def test_a_shipment_of_the_store_reaches_the_shop_with_its_number(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.wait(HELD_SECONDS)

    store.act(
        "ship_order",
        order_id=twinshelf.order(order_id).store_order_id,
        carrier="usps",
        tracking_number="9400111899223100000001",
    )
    twinshelf.settle()

    [package] = shop.effects("package_shipped")
    assert package.detail["tracking"] == "9400111899223100000001"
    assert len(package.detail["lines"]) == 2
    assert twinshelf.order(order_id).status == "AWAITING_COLLECTION"
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_two_partial_shipments_are_two_packages(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    jar = store.add_product(sku="JAR-1", title="Pantry jar")
    twinshelf.list(mug, jar)
    order_id = shop.buy(("MUG-1", 1), ("JAR-1", 1))
    twinshelf.wait(HELD_SECONDS)
    store_order_id = twinshelf.order(order_id).store_order_id
    first, second = [line["id"] for line in store.act("order", order_id=store_order_id)["products"]]

    for item, number in ((first, "9400111899223100000011"), (second, "9400111899223100000012")):
        store.act(
            "ship_order",
            order_id=store_order_id,
            items=[{"order_product_id": item, "quantity": 1}],
            carrier="usps",
            tracking_number=number,
        )
        twinshelf.settle()

    packages = shop.effects("package_shipped")
    assert [p.detail["tracking"] for p in packages] == ["9400111899223100000011", "9400111899223100000012"]
    assert twinshelf.differences() == []


def test_a_shipment_without_a_number_waits_for_it(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    [shipment_id] = store.act("ship_order", order_id=twinshelf.order(order_id).store_order_id, carrier="usps")
    twinshelf.settle()
    assert shop.effects("package_shipped") == []
    assert twinshelf.problems() == [(order_id, "E-FUL-TRACK")]

    store.act("edit_shipment", shipment_id=shipment_id, tracking_number="9400111899223100000002")
    twinshelf.settle()

    assert len(shop.effects("package_shipped")) == 1
    assert twinshelf.problems() == []


def test_an_unknown_carrier_is_a_problem_and_not_a_loss(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    store_order_id = twinshelf.order(order_id).store_order_id
    store.act("ship_order", order_id=store_order_id, shipping_provider="Bob's Vans", tracking_number="BV-000123")
    twinshelf.settle()

    assert shop.effects("package_shipped") == []
    assert twinshelf.problems() == [(order_id, "E-FUL-CARRIER")]


def test_a_buyer_cancelling_on_hold_leaves_no_store_order(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()

    sandbox.act("shopper.cancel", order_id=order_id)
    twinshelf.wait(HELD_SECONDS)

    assert store.effects("order_created") == []
    assert twinshelf.order(order_id).status == "CANCELLED"
    assert store.act("stock", sku="MUG-1") == 7
    assert twinshelf.differences() == []


def test_an_order_cancelled_at_tiktok_is_cancelled_in_the_store_once(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.wait(HELD_SECONDS)
    store_order_id = twinshelf.order(order_id).store_order_id

    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.settle()
    twinshelf.poll()

    assert store.act("order", order_id=store_order_id)["status_id"] == 5
    changes = [e for e in store.effects("order_status") if e.key == store_order_id]
    assert [(e.detail["before"], e.detail["after"]) for e in changes] == [(11, 5)]
    assert len(shop.effects("cancellation")) == 1
    assert twinshelf.differences() == []


def test_an_order_cancelled_in_the_store_is_cancelled_at_tiktok_once(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.wait(HELD_SECONDS)

    store.act("cancel_order", order_id=twinshelf.order(order_id).store_order_id)
    twinshelf.settle()
    twinshelf.wait(10)
    twinshelf.poll()

    assert twinshelf.order(order_id).status == "CANCELLED"
    assert len(shop.effects("cancellation")) == 1
    assert twinshelf.differences() == []


@pytest.mark.covers("SILK-35")
def test_an_order_with_an_unlinked_sku_waits_and_heals_itself(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1")
    jar = store.add_product(sku="JAR-1", title="Pantry jar")
    twinshelf.list(mug, jar)
    link = Link.objects.get(seller_sku="JAR-1")
    variant_id, tiktok_id, sku_id = link.variant_id, link.tiktok_id, link.sku_id
    link.delete()
    StoreVariant.objects.filter(sku="JAR-1").update(sku="jar-1")  # like it, and not it
    order_id = shop.buy(("MUG-1", 1), ("JAR-1", 1))
    twinshelf.wait(HELD_SECONDS)
    assert store.effects("order_created") == []
    assert twinshelf.problems() == [(order_id, "E-ORD-SKU")]

    catalog.link(twinshelf.connection, variant_id=variant_id, tiktok_id=tiktok_id, sku_id=sku_id, by=MAYA)
    twinshelf.settle()

    assert len(store.effects("order_created")) == 1
    assert twinshelf.problems() == []


def test_a_line_without_a_link_is_matched_by_its_exact_sku(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    Link.objects.all().delete()

    order_id = shop.buy(("MUG-1", 2))
    twinshelf.wait(HELD_SECONDS)

    row = twinshelf.order(order_id)
    [line] = store.act("order", order_id=row.store_order_id)["products"]
    assert (line["product_id"], line["quantity"]) == (mug, 2)
    assert store.act("stock", sku="MUG-1") == 5


def test_an_order_heals_itself_when_a_product_with_its_sku_appears(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    twinshelf.wait(3700)  # until the hourly look at what changed has passed it
    Link.objects.all().delete()
    StoreVariant.objects.all().delete()
    StoreProduct.objects.all().delete()
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.wait(HELD_SECONDS)
    assert twinshelf.problems() == [(order_id, "E-ORD-SKU")]

    twinshelf.pull()

    assert twinshelf.order(order_id).creation == "created"
    assert twinshelf.problems() == []


@pytest.mark.covers("SILK-25")
def test_a_review_that_refuses_tells_why_and_a_fix_goes_through(store, shop, twinshelf, sandbox):
    sandbox.act(
        "tt.set_audit_policy",
        shop_id=shop.id,
        reject=[{"field": "title", "contains": "miracle", "position": "Product title", "reason": "Exaggerated claim"}],
    )
    mug = store.add_product(sku="MUG-1", title="A miracle mug")
    twinshelf.list(mug)
    assert twinshelf.listing(mug).state == "failed"
    assert twinshelf.problems() == [(str(mug), "E-LST-REVIEW")]

    store.act("edit_product", sku="MUG-1", name="Enamel mug")
    twinshelf.settle()
    twinshelf.wait(600)

    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.problems() == []
    assert len(shop.effects("product_created")) == 1


@pytest.mark.covers("CED-71")
def test_all_problems_of_a_product_are_told_at_once_and_nothing_is_sent(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", weight=0, width=0, images=[])

    twinshelf.list(mug)

    assert twinshelf.problems() == [
        (str(mug), "E-LST-DIM"),
        (str(mug), "E-LST-IMG"),
        (str(mug), "E-LST-WEIGHT"),
    ]
    assert shop.effects("product_created") == []
    assert shop.effects("image_uploaded") == []
    assert twinshelf.listing(mug).state == "failed"


def test_a_picture_is_uploaded_once_however_many_products_show_it(store, shop, twinshelf):
    for sku in ("MUG-1", "MUG-2", "MUG-3"):
        store.add_product(
            sku=sku, title=f"Enamel mug {sku}", images=[{"_picture": "shared/1", "is_thumbnail": True, "sort_order": 0}]
        )

    twinshelf.list()

    assert len(shop.effects("product_created")) == 3
    assert len(shop.effects("image_uploaded")) == 1


def test_a_product_deleted_in_the_store_is_offered_no_more(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)

    store.act("delete_product", sku="MUG-1")
    twinshelf.settle()

    [change] = shop.effects("stock_set")
    assert (change.detail["before"], change.detail["after"]) == (7, 0)
    assert shop.effects("product_deleted") == []


def test_an_answer_lost_on_the_way_makes_no_second_order(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()
    fault(sandbox, action="drop", phase="after", platform="bigcommerce", method="POST", path="/stores/*/v2/orders")

    twinshelf.wait(HELD_SECONDS)
    twinshelf.wait(601)

    assert len(store.effects("order_created")) == 1
    assert twinshelf.order(order_id).creation == "created"
    assert store.act("stock", sku="MUG-1") == 5
    assert twinshelf.differences() == []


def test_a_create_whose_answer_is_lost_makes_no_second_listing(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1")
    fault(sandbox, action="drop", phase="after", platform="tiktok", method="POST", path="/product/202309/products")

    twinshelf.list(mug)
    twinshelf.wait(600)

    assert len(shop.effects("product_created")) == 1
    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.differences() == []


@pytest.mark.covers("SILK-37")
def test_an_unpaid_order_is_shown_and_created_once_it_is_paid(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1), pay=False)
    twinshelf.settle()
    row = twinshelf.order(order_id)
    assert (row.status, row.store_order_id, row.reason) == ("UNPAID", None, "Not paid yet.")

    sandbox.act("shopper.pay", order_id=order_id)
    twinshelf.wait(HELD_SECONDS)

    assert twinshelf.order(order_id).creation == "created"
    assert len(store.effects("order_created")) == 1


def test_an_order_is_in_the_app_even_if_the_store_refuses_it(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    fault(
        sandbox,
        action="status",
        status=422,
        platform="bigcommerce",
        method="POST",
        path="/stores/*/v2/orders",
        times=None,
    )

    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)

    row = twinshelf.order(order_id)
    assert (row.status, row.creation, row.store_order_id) == ("AWAITING_SHIPMENT", "failed", None)


@pytest.mark.covers("SILK-22", "SILK-48")
def test_a_finished_task_says_what_became_of_each_item(store, shop, twinshelf):
    good = store.add_product(sku="MUG-1")
    bad = store.add_product(sku="MUG-2", title="Enamel mug, bare", weight=0)

    task = twinshelf.list(good, bad)

    assert (task.state, task.succeeded, task.failed) == ("completed", 1, 1)
    assert task.summary == "Failed to upload 1 product(s) to TikTok Shop. 1 done, 1 failed"
    assert {item.key: item.state for item in task.items.all()} == {str(good): "succeeded", str(bad): "failed"}


def test_a_changed_address_reaches_the_store_order_until_it_is_shipped(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    before = store.act("order", order_id=twinshelf.order(order_id).store_order_id)["billing_address"]["street_1"]

    sandbox.act("shopper.change_address", order_id=order_id)
    twinshelf.settle()

    after = store.act("order", order_id=twinshelf.order(order_id).store_order_id)["billing_address"]["street_1"]
    assert after != before
    assert len(store.effects("order_created")) == 1


def test_a_moved_buyer_keeps_no_part_of_the_old_address(store, shop, twinshelf, sandbox):
    twinshelf.list(store.add_product(sku="MUG-1"))
    old = {"name": "Ada Moss", "first_name": "Ada", "last_name": "Moss", "line1": "12 Elm Street", "line2": "Apt 4",
           "postal_code": "78701", "phone": "(+1)5125550100"}  # fmt: skip
    order_id = shop.buy(("MUG-1", 1), address=old)
    twinshelf.wait(HELD_SECONDS)
    store_order_id = twinshelf.order(order_id).store_order_id
    [before] = store.act("order", order_id=store_order_id)["shipping_addresses"]
    assert (before["street_1"], before["street_2"]) == ("12 Elm Street", "Apt 4")

    sandbox.act("shopper.change_address", order_id=order_id, address={"line1": "99 Oak Avenue", "line2": ""})
    twinshelf.settle()

    [after] = store.act("order", order_id=store_order_id)["shipping_addresses"]
    bill = store.act("order", order_id=store_order_id)["billing_address"]
    assert (after["street_1"], after["street_2"]) == ("99 Oak Avenue", "")
    assert (bill["street_1"], bill["street_2"]) == ("99 Oak Avenue", "")
    assert (after["phone"], after["zip"]) == (before["phone"], "78701")


def test_units_on_hold_are_withheld_from_the_shelf_and_sold_once(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=3)
    twinshelf.list(mug)

    shop.buy(("MUG-1", 2))
    twinshelf.settle()
    store.act("set_stock", sku="MUG-1", quantity=4)
    twinshelf.settle()

    assert [e.detail["after"] for e in shop.effects("stock_set")] == [2]  # four there, two of them as good as sold
    twinshelf.wait(HELD_SECONDS)
    assert store.act("stock", sku="MUG-1") == 2
    assert twinshelf.differences() == []


def test_a_price_beyond_the_guard_is_held_and_shown(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00")
    twinshelf.list(mug)

    store.act("set_price", sku="MUG-1", price="1200.00")
    twinshelf.settle()

    assert shop.effects("price_set") == []
    assert twinshelf.problems() == [(str(mug), "E-PRC-GUARD")]


@pytest.mark.parametrize("times", [1, 3])
def test_a_failed_creation_is_tried_again_after_ten_twenty_and_thirty_minutes(store, shop, twinshelf, sandbox, times):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    fault(
        sandbox,
        action="status",
        status=422,
        platform="bigcommerce",
        method="POST",
        path="/stores/*/v2/orders",
        times=times,
        body='[{"status":422,"message":"The field \'products\' is invalid."}]',
    )
    twinshelf.wait(HELD_SECONDS)

    for attempt in range(1, times + 1):
        row = twinshelf.order(order_id)
        assert (row.creation, row.attempts) == ("failed", attempt)
        twinshelf.wait(590)
        assert twinshelf.order(order_id).attempts == attempt
        twinshelf.wait(12)

    assert twinshelf.order(order_id).creation == "created"
    assert len(store.effects("order_created")) == 1


def test_after_three_retries_a_person_must_look_and_retry_works(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    fault(
        sandbox, action="status", status=422, platform="bigcommerce", method="POST", path="/stores/*/v2/orders", times=4
    )
    twinshelf.wait(HELD_SECONDS)
    for _ in range(4):
        twinshelf.wait(601)
    assert twinshelf.problems() == [(order_id, "E-ORD-CREATE")]
    twinshelf.wait(7200)
    assert store.effects("order_created") == []

    orders.retry(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()

    assert len(store.effects("order_created")) == 1
    assert twinshelf.problems() == []


def fault(sandbox, **rule):
    sandbox.faults.add(Fault.from_json(rule))


def lose_webhooks(sandbox):
    fault(sandbox, action="lose", on="webhook", times=None)
