"""A part of an order cancelled at TikTok, and store orders that were passed by before they were known."""

from __future__ import annotations

import pytest

from tests.flows.conftest import MAYA
from tests.flows.faults import CREATE_ORDER, HELD_SECONDS, fault
from twinshelf.messages import text
from twinshelf.orders import actions as orders
from twinshelf.orders import queries as orders_seen
from twinshelf.sync.models import Lane, Problem

REASON = "seller_cancel_reason_out_of_stock"


def cancel(sandbox, order_id, sku, quantity=1):
    """The seller cancels units of an order in Seller Center."""
    items = [{"seller_sku": sku, "quantity": quantity}]
    sandbox.act("tt.cancel_order", order_id=order_id, reason=REASON, items=items)


def told():
    return [(problem.key, problem.code, text(problem)) for problem in Problem.objects.filter(closed_at=None)]


def test_a_line_cancelled_at_tiktok_is_a_problem_until_the_store_order_has_it_no_more(sandbox, store, twinshelf, sold):
    order_id, store_order_id = sold(("MUG-1", 1), ("JAR-1", 1))
    cancel(sandbox, order_id, "JAR-1")
    twinshelf.settle()

    assert told() == [
        (
            order_id,
            "E-CAN-PART",
            "TikTok cancelled 1 × JAR-1, and the order in BigCommerce still asks for it. (Out of stock)",
        )
    ]
    [difference] = twinshelf.differences()
    assert (difference["kind"], difference["text"], difference["expected"], difference["found"]) == (
        "order_lines", "The orders differ in JAR-1.", "0", "1",
    )  # fmt: skip
    assert twinshelf.order(order_id).status == "AWAITING_SHIPMENT"
    assert store.act("order", order_id=store_order_id)["status_id"] == 11

    store.act("edit_order", order_id=store_order_id, sku="JAR-1", quantity=0)
    twinshelf.poll()

    assert (told(), store.act("stock", sku="JAR-1")) == ([], 10)
    assert [each for each in twinshelf.differences() if each["kind"] in {"order_lines", "stock"}] == []


def test_a_part_of_a_quantity_is_named_and_the_rest_is_shipped(sandbox, store, shop, twinshelf, sold):
    order_id, store_order_id = sold(("MUG-1", 3))
    cancel(sandbox, order_id, "MUG-1", 2)
    twinshelf.settle()

    [(_key, code, words)] = told()
    assert (code, words.startswith("TikTok cancelled 2 × MUG-1, ")) == ("E-CAN-PART", True)

    store.act("edit_order", order_id=store_order_id, sku="MUG-1", quantity=2)
    twinshelf.poll()
    [(_key, code, words)] = told()
    assert words.startswith("TikTok cancelled 1 × MUG-1, ")

    store.act("edit_order", order_id=store_order_id, sku="MUG-1", quantity=1)
    store.act("ship_order", order_id=store_order_id, carrier="usps", tracking_number="9400111899223100000001")
    twinshelf.poll()
    assert told() == []
    assert len(shop.effects("package_shipped")[0].detail["lines"]) == 1
    assert twinshelf.order(order_id).status == "AWAITING_COLLECTION"


def test_a_line_cancelled_before_the_import_is_neither_held_nor_ordered(sandbox, store, shop, twinshelf):
    for sku in ("MUG-1", "JAR-1"):
        store.add_product(sku=sku)
    twinshelf.list()
    order_id = shop.buy(("MUG-1", 1), ("JAR-1", 1))
    twinshelf.settle()
    cancel(sandbox, order_id, "JAR-1")
    twinshelf.settle()

    assert twinshelf.differences() == []  # the unit is offered again
    twinshelf.wait(3700)

    store_order = store.act("order", order_id=twinshelf.order(order_id).store_order_id)
    assert [(line["sku"], line["quantity"]) for line in store_order["products"]] == [("MUG-1", 1)]
    assert (store.act("stock", sku="JAR-1"), store.act("stock", sku="MUG-1")) == (10, 9)
    assert (told(), twinshelf.differences()) == ([], [])


# -- what was passed by before an order was known -------------------------------------------------------------------


@pytest.fixture
def unknown(sandbox, store, shop, twinshelf):
    """An order whose store order was made without an answer, and cannot be found for half an hour: (ids, find)."""
    twinshelf.list(store.add_product(sku="MUG-1", stock=90))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    sandbox.advance(HELD_SECONDS - 30)
    fault(sandbox, **CREATE_ORDER, action="drop", phase="after", times=1)
    twinshelf.wait(60)
    [store_order_id] = store.act("orders", external_order_id=order_id)
    assert twinshelf.order(order_id).store_order_id is None
    hidden = [
        fault(
            sandbox, platform="bigcommerce", method="GET", path="/stores/*/v2/orders", query=query, action="status",
            status=503, times=None,
        )
        for query in ("min_id", "external_order_id")
    ]  # fmt: skip

    def find():
        for _ in range(6):
            store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 1}])
            Lane.objects.update(held_until=None)
            twinshelf.wait(300)
        for rule in hidden:
            sandbox.faults.remove(rule.id)
        orders.retry(twinshelf.order(order_id), by=MAYA)
        for _ in range(2):
            Lane.objects.update(held_until=None)
            twinshelf.wait(601)
        assert twinshelf.order(order_id).store_order_id == str(store_order_id)
        assert store.act("orders", external_order_id=order_id) == [store_order_id]

    return order_id, store_order_id, find


def test_a_shipment_made_before_the_order_was_known_is_told(store, shop, twinshelf, unknown):
    _order_id, store_order_id, find = unknown
    store.act("ship_order", order_id=store_order_id, carrier="usps", tracking_number="9400111899223100000001")

    find()

    assert len(shop.effects("package_shipped")) == 1


def test_a_cancellation_made_before_the_order_was_known_is_passed_on(store, shop, twinshelf, unknown):
    order_id, store_order_id, find = unknown
    store.act("cancel_order", order_id=store_order_id)

    find()

    assert twinshelf.order(order_id).status == "CANCELLED"


def test_an_address_changed_before_the_order_was_known_is_set(sandbox, store, twinshelf, unknown):
    order_id, store_order_id, find = unknown
    sandbox.act("shopper.change_address", order_id=order_id, address={"line1": "99 Oak Avenue", "line2": ""})

    find()

    assert store.act("order", order_id=store_order_id)["shipping_addresses"][0]["street_1"] == "99 Oak Avenue"


# -- what the buyer asks for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "status"), [("approve", "CANCELLED"), ("reject", "AWAITING_SHIPMENT")])
def test_a_buyers_request_to_cancel_waits_on_the_first_page_until_it_is_answered(
    sandbox, twinshelf, sold, answer, status
):
    order_id, _store_order_id = sold(("MUG-1", 1))
    assert orders_seen.asked_to_cancel([twinshelf.connection]) == 0

    cancel_id = sandbox.act("shopper.cancel", order_id=order_id)
    twinshelf.settle()
    assert orders_seen.asked_to_cancel([twinshelf.connection]) == 1

    sandbox.act(f"tt.{answer}_cancellation", cancel_id=cancel_id)
    twinshelf.settle()
    assert orders_seen.asked_to_cancel([twinshelf.connection]) == 0
    assert twinshelf.order(order_id).status == status
