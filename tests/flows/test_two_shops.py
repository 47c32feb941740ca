"""Two shops of one store: they share its stock, and nothing else. What happens in one never stops the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.flows.conftest import MAYA, ShopWorld, StoreWorld, Twinshelf
from tests.flows.faults import HELD_SECONDS, SET_STOCK, fault, lose_webhooks, ready_to_ship, rest, ship
from tests.flows.neighbors import connect_shop, consent, of, shelf
from twinshelf.connections import actions as connections
from twinshelf.connections.preferences import PriceRule
from twinshelf.goods.models import Hold
from twinshelf_sandbox.tiktok.errors import Refused


@pytest.fixture
def second(sandbox, twinshelf) -> tuple[ShopWorld, Twinshelf]:
    """Another shop, of another seller, connected with the same store."""
    return connect_shop(sandbox, twinshelf, "Outlet")


def listed_in_both(store: StoreWorld, twinshelf: Twinshelf, second: tuple[ShopWorld, Twinshelf], **product: Any) -> int:
    """A product that is live in both shops."""
    made = store.add_product(**{"sku": "MUG-1", "stock": 7, **product})
    twinshelf.list(made)
    second[1].list(made)
    return made


def pushed(shop: ShopWorld) -> list[tuple[int, int]]:
    """(before, after) of every number we set in a shop after its listings were created."""
    return [(e.detail["before"], e.detail["after"]) for e in of(shop, "stock_set")]


# -- one stock ------------------------------------------------------------------------------------------------------


@pytest.mark.covers("SHOP-01")
def test_an_order_in_one_shop_lowers_what_the_other_offers_at_once_and_only_once(
    sandbox, store, shop, twinshelf, second
):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second)
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (7, 7)

    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()

    assert store.act("stock", sku="MUG-1") == 7  # on hold: no store order took them yet
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (5, 5)

    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)

    assert store.act("stock", sku="MUG-1") == 5
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (5, 5)
    assert pushed(outlet) == [(7, 5)]  # never back up in between
    assert pushed(shop) == []  # it counted its own sale
    assert [e.detail["external_order_id"] for e in store.effects("order_created")] == [order_id]
    assert not Hold.objects.exists()
    assert (twinshelf.differences(), in_outlet.differences(), twinshelf.problems()) == ([], [], [])


@pytest.mark.covers("BEY-03")
def test_an_unpaid_order_in_one_shop_is_withheld_from_the_other_and_given_back(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second)

    order_id = shop.buy(("MUG-1", 3), pay=False)
    twinshelf.settle()
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (4, 4)

    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (7, 7)
    assert pushed(outlet) == [(7, 4), (4, 7)]
    assert store.effects("order_created") == []
    assert not Hold.objects.exists()


@pytest.mark.covers("BEY-03")
def test_the_last_unit_cannot_be_bought_in_the_second_shop_once_we_know_of_the_first(
    sandbox, store, shop, twinshelf, second
):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second, stock=1)
    shop.buy(("MUG-1", 1))
    twinshelf.settle()

    assert shelf(outlet, in_outlet, mug) == 0
    with pytest.raises(Refused, match="out of stock"):
        outlet.buy(("MUG-1", 1))

    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)
    assert len(store.effects("order_created")) == 1
    assert store.act("stock", sku="MUG-1") == 0
    assert pushed(outlet) == [(1, 0)]


def test_f35_the_last_unit_sold_in_both_shops_at_once_makes_one_order_and_one_problem(
    sandbox, store, shop, twinshelf, second
):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second, stock=1)
    first, late = shop.buy(("MUG-1", 1)), outlet.buy(("MUG-1", 1))

    for _ in range(12):
        twinshelf.wait(HELD_SECONDS / 4)
    rest(sandbox, twinshelf)

    assert len(store.effects("order_created")) == 1
    assert {twinshelf.order(first).creation, in_outlet.order(late).creation} == {"created", "failed"}
    assert [code for _key, code in twinshelf.problems()] == ["E-ORD-CREATE"]
    assert store.act("stock", sku="MUG-1") == 0
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (0, 0)
    assert all(after == 0 for _before, after in (*pushed(shop), *pushed(outlet)))


def test_sales_in_both_shops_and_in_the_store_are_each_taken_once(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second, stock=20)

    shop.buy(("MUG-1", 2))
    outlet.buy(("MUG-1", 3))
    store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 4}])
    twinshelf.settle()
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (11, 11)

    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)
    rest(sandbox, twinshelf)

    assert store.act("stock", sku="MUG-1") == 11
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (11, 11)
    assert min(after for _before, after in (*pushed(shop), *pushed(outlet))) == 11
    assert (twinshelf.differences(), in_outlet.differences(), twinshelf.problems()) == ([], [], [])


def test_an_order_that_only_a_poll_finds_is_withheld_from_the_other_shop_too(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second)
    lose_webhooks(sandbox)

    shop.buy(("MUG-1", 2))
    twinshelf.poll()

    assert shelf(outlet, in_outlet, mug) == 5
    assert store.effects("order_created") == []


def test_each_shop_keeps_its_own_reserve(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    in_outlet.prefer(reserve=3)
    mug = listed_in_both(store, twinshelf, second)
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (7, 4)

    shop.buy(("MUG-1", 2))
    twinshelf.settle()

    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (5, 2)


def test_a_cancelled_order_gives_its_units_back_to_both_shops_once(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second)
    order_id, _store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    assert store.act("stock", sku="MUG-1") == 5

    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert store.act("stock", sku="MUG-1") == 7
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (7, 7)
    assert pushed(outlet) == [(7, 5), (5, 7)]
    assert [e.detail["after"] for e in store.effects("order_status")] == [5]


# -- two books of orders --------------------------------------------------------------------------------------------


def test_shipments_and_cancellations_reach_the_shop_that_sold(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    listed_in_both(store, twinshelf, second)
    sold_here, sold_there = shop.buy(("MUG-1", 1)), outlet.buy(("MUG-1", 1))
    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)
    here, there = twinshelf.order(sold_here), in_outlet.order(sold_there)
    made = {i: store.act("order", order_id=i) for i in (here.store_order_id, there.store_order_id)}
    assert str(made[here.store_order_id]["channel_id"]) == twinshelf.connection.channel_id
    assert str(made[there.store_order_id]["channel_id"]) == in_outlet.connection.channel_id
    assert twinshelf.connection.channel_id != in_outlet.connection.channel_id

    ship(store, there.store_order_id)
    store.act("cancel_order", order_id=here.store_order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert (of(shop, "package_shipped"), len(of(outlet, "package_shipped"))) == ([], 1)
    assert (len(of(shop, "cancellation")), of(outlet, "cancellation")) == (1, [])
    assert (twinshelf.order(sold_here).status, in_outlet.order(sold_there).status) == (
        "CANCELLED",
        "AWAITING_COLLECTION",
    )
    assert twinshelf.problems() == []


def test_store_orders_that_moved_while_webhooks_were_lost_are_found_for_both_shops(
    sandbox, store, shop, twinshelf, second
):
    """The polls of both connections share the store's watermark: what one reads, the other must not miss."""
    outlet, in_outlet = second
    listed_in_both(store, twinshelf, second)
    sold_here, sold_there = shop.buy(("MUG-1", 1)), outlet.buy(("MUG-1", 1))
    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)
    lose_webhooks(sandbox)

    ship(store, in_outlet.order(sold_there).store_order_id)
    ship(store, twinshelf.order(sold_here).store_order_id, "9400111899223100000002")
    twinshelf.wait(601)
    twinshelf.wait(601)

    assert [e.detail["tracking"] for e in of(shop, "package_shipped")] == ["9400111899223100000002"]
    assert [e.detail["tracking"] for e in of(outlet, "package_shipped")] == ["9400111899223100000001"]


# -- two shelves ----------------------------------------------------------------------------------------------------


def test_prices_and_titles_reach_both_shops_each_by_its_rule(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    in_outlet.prefer(price_rule=PriceRule("percent_up", Decimal(10)))
    mug = listed_in_both(store, twinshelf, second, price="12.00")

    store.act("set_price", sku="MUG-1", price="14.00")
    store.act("edit_product", product_id=mug, name="Enamel mug, blue")
    twinshelf.settle()
    twinshelf.wait(700)

    assert [e.detail["after"] for e in of(shop, "price_set")] == ["14.00"]
    assert [e.detail["after"] for e in of(outlet, "price_set")] == ["15.40"]
    assert (len(of(shop, "product_edited")), len(of(outlet, "product_edited"))) == (1, 1)
    assert (twinshelf.differences(), in_outlet.differences(), twinshelf.problems()) == ([], [], [])


def test_a_product_deleted_in_the_store_is_offered_in_neither_shop(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second)

    store.act("delete_product", product_id=mug)
    twinshelf.settle()

    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (0, 0)
    assert (pushed(shop), pushed(outlet)) == ([(7, 0)], [(7, 0)])


def test_a_listing_deleted_in_one_shop_stays_in_the_other(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second)

    sandbox.act("tt.delete_product", product_id=twinshelf.listing(mug).tiktok_id)
    twinshelf.settle()
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert (twinshelf.listing(mug).state, in_outlet.listing(mug).state) == ("not_uploaded", "live")
    assert shelf(outlet, in_outlet, mug) == 3
    assert (pushed(shop), pushed(outlet)) == ([], [(7, 3)])
    assert (len(of(shop, "product_created")), len(of(outlet, "product_created"))) == (1, 1)


# -- what stops one -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["told by a webhook", "found by a call"])
def test_an_authorization_that_ends_in_one_shop_does_not_stop_the_other(
    *, sandbox, store, shop, twinshelf, second, how
):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second, price="12.00")
    if how == "found by a call":
        lose_webhooks(sandbox)
    sandbox.act("tt.deauthorize", app_key="6testkey", seller=shop.seller)
    twinshelf.settle()
    sandbox.faults.clear()

    store.act("set_price", sku="MUG-1", price="13.00")
    store.act("set_stock", sku="MUG-1", quantity=5)
    order_id = outlet.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)

    assert in_outlet.order(order_id).creation == "created"
    assert [e.detail["after"] for e in of(outlet, "price_set")] == ["13.00"]
    assert (shelf(outlet, in_outlet, mug), store.act("stock", sku="MUG-1")) == (4, 4)
    assert (of(shop, "price_set"), pushed(shop)) == ([], [])
    assert in_outlet.differences() == []
    assert {(key, code) for key, code in twinshelf.problems()} == {("*", "E-CON-AUTH")}

    connections.authorize_shops(twinshelf.account, consent(sandbox, shop), by=MAYA)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert [e.detail["after"] for e in of(shop, "price_set")] == ["13.00"]
    assert shelf(shop, twinshelf, mug) == 4
    assert (twinshelf.differences(), in_outlet.differences(), twinshelf.problems()) == ([], [], [])


def test_a_shop_that_refuses_everything_delays_no_stock_of_the_other(sandbox, store, shop, twinshelf, second):
    outlet, in_outlet = second
    mug = listed_in_both(store, twinshelf, second)
    fault(sandbox, **SET_STOCK, tenant=shop.id, action="status", status=503, times=None)

    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()

    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (7, 3)
    rest(sandbox, twinshelf)
    assert (shelf(shop, twinshelf, mug), shelf(outlet, in_outlet, mug)) == (3, 3)
    assert twinshelf.problems() == []
