"""The proof: every product, listing, price, stock and order of either side is compared, or it is told why not.

Each test holds that the counts add up: what was compared and what was not are all there is.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.flows.conftest import MAYA
from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.goods.models import StoreVariant
from twinshelf.kit import clock
from twinshelf.listings import actions as listing
from twinshelf.listings.models import Link
from twinshelf.messages import title
from twinshelf.orders import book
from twinshelf.orders.bearers import links_of
from twinshelf.orders.intake import plan as importing
from twinshelf.proof import reconcile
from twinshelf.rules.models import Template
from twinshelf.sync import lanes
from twinshelf.sync.models import AttemptRow, Task


@pytest.fixture
def prove(twinshelf):
    """A proof, whose counts add up."""

    def run():
        twinshelf.connection.refresh_from_db()
        report = reconcile.check(twinshelf.connection)
        left: Counter[str] = Counter()
        for group in report["not_compared"]:
            assert group["number"] >= len(group["keys"]) > 0
            left[group["subject"]] += group["number"]
        for subject, counts in report["subjects"].items():
            assert counts["left_out"] == left[subject], subject
            assert counts["there"] == counts["compared"] + counts["left_out"], subject
        return report

    return run


def left_out(report):
    """(what, why, how many) of what was not compared."""
    return {(each["subject"], each["reason"], each["text"]): each["number"] for each in report["not_compared"]}


def compared(report):
    return {subject: counts["compared"] for subject, counts in report["subjects"].items() if counts["compared"]}


def test_a_shop_in_step_is_compared_whole(store, shop, twinshelf, prove):
    twinshelf.list(store.add_product(sku="MUG-1"), store.add_product(sku="JAR-1"))
    shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)

    report = prove()

    assert (report["differences"], report["not_compared"]) == ([], [])
    assert compared(report) == {
        "product": 2, "listing": 2, "price": 2, "stock": 2, "order": 1, "store_order": 1, "lines": 1, "shipment": 1,
    }  # fmt: skip


def test_what_is_not_compared_of_goods_is_told_with_the_reason(sandbox, store, shop, twinshelf, prove):
    twinshelf.list(*(store.add_product(sku="MUG-1"), store.add_product(sku="CUP-1", images=[])))
    for sku in ("JAR-1", "TIN-1"):
        store.add_product(sku=sku)
    twinshelf.pull()

    report = prove()

    assert report["differences"] == []
    assert left_out(report) == {
        ("product", "skipped", "Not chosen for this shop."): 2,
        ("product", "not_plannable", f"{title('E-LST-IMG')}."): 1,
    }
    assert compared(report) == {"product": 1, "listing": 1, "price": 1, "stock": 1}


def test_a_listing_in_review_is_in_progress(store, twinshelf, prove):
    store.add_product(sku="MUG-1")
    twinshelf.pull()
    listing.list_products(twinshelf.connection, None, by=MAYA)
    twinshelf.settle()

    report = prove()

    in_review = ("in_progress", "In review at TikTok Shop.")
    assert left_out(report) == {(subject, *in_review): 1 for subject in ("product", "listing", "price", "stock")}


def test_a_live_listing_that_could_not_be_made_today_is_still_compared_in_price_and_stock(
    store, shop, twinshelf, prove
):
    mug = store.add_product(sku="MUG-1", title="Enamel mug")
    twinshelf.list(mug)
    Template.objects.update(category_id="")
    store.act("set_stock", sku="MUG-1", quantity=4)

    report = prove()

    assert [(each["kind"], each["expected"], each["found"]) for each in report["differences"]] == [("stock", "4", "10")]
    assert left_out(report) == {
        ("product", "not_plannable", f"{title('E-CAT-KEY')}."): 1,
        ("listing", "not_plannable", f"{title('E-CAT-KEY')}."): 1,
    }


def test_what_a_listing_shows_that_is_linked_with_nothing_is_told(store, shop, twinshelf, prove):
    twinshelf.list(store.add_product(sku="MUG-1"))
    Link.objects.all().delete()

    report = prove()

    assert [each["text"] for each in report["differences"]] == ["SKU MUG-1 is not in the shop."]
    not_linked = ("skipped", "Not linked to a variant.")
    assert left_out(report) == {("price", *not_linked): 1, ("stock", *not_linked): 1}


def test_what_differs_of_something_just_asked_for_is_in_progress_and_a_minute_later_a_difference(
    store, twinshelf, prove
):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    StoreVariant.objects.update(stock=3)
    store.act("set_stock", sku="MUG-1", quantity=3)
    lane = lanes.lane_of(twinshelf.account.id, "stock", f"connection:{twinshelf.connection.id}")
    lanes.ask(lane.account_id, "stock", lane.owner, [str(mug)], cause="a test")

    Task.objects.create(account=twinshelf.account, kind="pull", title="Pull products", owner=lane.owner)
    orders = lanes.lane_of(twinshelf.account.id, "order", lane.owner)
    AttemptRow.objects.create(account=twinshelf.account, lane=orders, key="5001", name="create", token="t", epoch=1)

    young = prove()
    clock.move(61)
    old = prove()

    assert young["differences"] == []
    assert young["working"] == []
    assert old["working"] == [
        {"what": "product", "number": 1, "keys": [str(mug)]},
        {"what": "order", "number": 1, "keys": ["5001"]},
        {"what": "task", "number": 1, "keys": ["Pull products"]},
    ]
    assert left_out(young) == {("stock", "in_progress", "Asked for less than a minute ago."): 1}
    assert [each["kind"] for each in old["differences"]] == ["stock"]
    assert left_out(old) == {}


def test_orders_that_are_not_compared_are_told_with_the_reason(store, shop, twinshelf, prove):
    twinshelf.list(store.add_product(sku="MUG-1"))
    store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 1}])
    shop.buy(("MUG-1", 1))
    twinshelf.settle()

    report = prove()

    assert left_out(report) == {
        ("order", "skipped", "On hold: TikTok lets the buyer cancel for about an hour."): 1,
        ("store_order", "skipped", "Not an order of TikTok Shop."): 1,
    }


def test_an_archived_store_order_is_there_and_compared(sandbox, store, shop, twinshelf, prove):
    """Lists leave it out. One that is in no list and in no archive is told as missing."""
    twinshelf.list(store.add_product(sku="MUG-1"))
    archived, gone = shop.buy(("MUG-1", 2)), shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    store_order_id = twinshelf.order(archived).store_order_id
    store.act("archive_order", order_id=store_order_id)
    sandbox.world.table(f"bc/{store.hash}/orders").delete(int(twinshelf.order(gone).store_order_id))
    twinshelf.wait(61)
    report = prove()

    assert [(each["kind"], each["key"]) for each in report["differences"]] == [("order_missing", gone)]
    assert {what: compared(report)[what] for what in ("order", "lines", "store_order")} == {
        "order": 2,
        "lines": 1,
        "store_order": 1,
    }


def test_a_double_is_told_however_old_its_order_is(sandbox, store, shop, twinshelf, prove):
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    second = make_again(twinshelf, order_id)
    text = f"BigCommerce has it more than once: {twinshelf.order(order_id).store_order_id}, {second}."

    fresh = prove()
    clock.move(31 * 86400)
    sandbox.advance(31 * 86400)
    old = prove()

    assert [each["text"] for each in fresh["differences"] if each["kind"] == "order_double"] == [text]
    assert [each["text"] for each in old["differences"] if each["kind"] == "order_double"] == [text]
    store.act("cancel_order", order_id=second)
    assert [each for each in prove()["differences"] if each["kind"] == "order_double"] == []


def test_a_cancellation_in_the_shop_that_by_choice_is_not_sent_on_is_left_out(sandbox, store, shop, twinshelf, prove):
    twinshelf.prefer(cancel_tts_to_bc=False)
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.wait(700)

    chosen = prove()
    twinshelf.prefer()
    changed = prove()

    assert [each for each in chosen["differences"] if each["key"] == order_id] == []
    assert left_out(chosen)["order", "skipped", "Cancellations on TikTok Shop are not sent to BigCommerce."] == 1
    assert [each["kind"] for each in changed["differences"] if each["key"] == order_id] == ["order_status"]


def test_a_cancellation_in_the_store_that_by_choice_is_not_sent_on_is_left_out(store, shop, twinshelf, prove):
    twinshelf.prefer(cancel_bc_to_tts=False)
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    store.act("cancel_order", order_id=twinshelf.order(order_id).store_order_id)
    twinshelf.wait(700)

    chosen = prove()
    twinshelf.prefer()
    changed = prove()

    assert [each for each in chosen["differences"] if each["key"] == order_id] == []
    assert left_out(chosen)["order", "skipped", "Cancellations in BigCommerce are not sent to TikTok Shop."] == 1
    assert [each["kind"] for each in changed["differences"] if each["key"] == order_id] == ["order_status"]


def make_again(twinshelf, order_id):
    """Another connector makes the store order once more."""
    connection, row = twinshelf.connection, twinshelf.order(order_id)
    facts = importing.DraftFacts(
        preferences=connection_actions.preferences(connection),
        channel_id=connection.channel_id,
        external_source="another connector",
        shop_id=connection.shop.shop_id,
        links=links_of(connection, row, book.order_of(row)),
    )
    draft = importing.draft_order(book.order_of(row, with_buyer=True), facts)
    return clients.store_client(connection.store, "bulk").create_order(draft)


@pytest.mark.parametrize("status_id", [2, 3, 10], ids=["shipped", "partially shipped", "completed"])
def test_an_order_that_was_shipped_without_the_shop_knowing_differs(store, shop, twinshelf, prove, status_id):
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    store.act("set_order_status", order_id=twinshelf.order(order_id).store_order_id, status_id=status_id)

    found = prove()["differences"]

    assert [(each["kind"], each["key"], each["found"]) for each in found] == [
        ("shipment", order_id, "AWAITING_SHIPMENT")
    ]
