"""Orders of BigCommerce itself: shown here by choice, each with its origin, and never those that we made (ORD-11)."""

from __future__ import annotations

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS
from twinshelf.connections import clients
from twinshelf.documents import StoreOrderState
from twinshelf.orders.models import ShopOrderRow, StoreOrderRow
from twinshelf.preferences import actions as preferences
from twinshelf.sync.models import Task

MUG = [{"sku": "MUG-1", "quantity": 1}]
PAGE = "/orders/bigcommerce/"


def shown() -> dict[str, tuple[str, str]]:
    """Number → (state, source) of the orders that the page lists."""
    return {row.store_order_id: (row.state, row.source) for row, _address in Browser().get(PAGE).context["lines"]}


@pytest.mark.covers("P17-02")
def test_own_orders_of_the_store_are_shown_with_their_origin_and_ours_are_not_among_them(store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=50))
    before = str(store.act("place_order", lines=MUG))
    bought = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    twinshelf.wait(700)
    made = twinshelf.order(bought).store_order_id
    assert made is not None
    assert not StoreOrderRow.objects.exists()  # off: nothing of them is read
    assert "BigCommerce’s own orders are not read" in Browser().words(PAGE)

    preferences.change(twinshelf.connection, {"pull_store_orders": True}, by=MAYA)
    twinshelf.settle()
    assert shown() == {before: ("awaiting_fulfillment", "www")}  # from the first on, and not the one that we made
    task = Task.objects.get(kind="fetch_store_orders")
    assert (task.state, task.summary) == ("completed", "1 done")

    after = str(store.act("place_order", lines=MUG))
    again = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    twinshelf.wait(700)
    ours = {made, twinshelf.order(again).store_order_id}
    assert shown().keys() == {before, after}
    words = Browser().words(PAGE)
    assert f"#{after} BigCommerce Online store" in words
    assert not any(f"#{number} " in words for number in ours)

    clients.store_client(twinshelf.connection.store, "bulk").set_order_status(before, StoreOrderState.SHIPPED)
    twinshelf.settle()  # by its webhook
    assert shown()[before] == ("shipped", "www")
    assert Browser().words(f"{PAGE}?q=%23{before}").count("BigCommerce Online store") == 1

    Browser().press(PAGE, "Fetch BigCommerce orders")
    twinshelf.settle()
    assert shown().keys() == {before, after}
    assert Task.objects.filter(kind="fetch_store_orders").latest("id").summary == "2 done"
    assert (ShopOrderRow.objects.count(), len(store.orders()), twinshelf.differences()) == (2, 4, [])

    preferences.change(twinshelf.connection, {"pull_store_orders": False}, by=MAYA)
    store.act("place_order", lines=MUG)
    twinshelf.wait(700)
    assert StoreOrderRow.objects.count() == 2
    assert shown() == {}


def test_an_order_that_turns_out_to_be_of_a_tiktok_order_is_the_stores_own_no_more(store, shop, twinshelf):
    preferences.change(twinshelf.connection, {"pull_store_orders": True}, by=MAYA)
    twinshelf.list(store.add_product(sku="MUG-1", stock=50))
    bought = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    twinshelf.settle()
    row = twinshelf.order(bought)
    # As another connector leaves it: made for the order, before this one knew of it.
    StoreOrderRow.objects.create(
        account=row.account, store=twinshelf.connection.store, store_order_id=row.store_order_id, state="pending",
        total=1, currency="USD", source="external", external_source="another connector", created_at=row.placed_at,
        modified_at=row.placed_at,
    )  # fmt: skip
    twinshelf.wait(0)
    assert shown() == {row.store_order_id: ("pending", "external")}
    ShopOrderRow.objects.filter(id=row.id).update(store_order_id=None, store_state="", creation="waiting")
    twinshelf.fetch_orders()
    twinshelf.settle()
    row.refresh_from_db()
    assert row.store_order_id is not None
    assert (shown(), len(store.orders())) == ({}, 1)
