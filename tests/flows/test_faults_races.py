"""Data that moves, drifts or makes no sense (fault catalog, C), ends of connections, and clocks that are wrong."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from types import SimpleNamespace

import pytest

from tests.flows.conftest import MAYA
from tests.flows.faults import (
    EDIT_LISTING,
    HELD_SECONDS,
    SET_PRICES,
    SHIP,
    fault,
    lose_webhooks,
    ready_to_ship,
    rest,
    ship,
)
from twinshelf.connections import clients
from twinshelf.connections.batches import StoreBatch
from twinshelf.connections.models import Store
from twinshelf.goods import actions as goods
from twinshelf.goods import pulling
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.goods.reading_ahead import ReadAhead
from twinshelf.kit import clock
from twinshelf.kit.models import Budget
from twinshelf.listings import actions as catalog
from twinshelf.listings.models import Link, ListingRow
from twinshelf.messages import text
from twinshelf.orders import actions as orders
from twinshelf.orders import queries as sales
from twinshelf.orders.cancellations.polls import poll_cancellations
from twinshelf.orders.fulfillment.polls import poll_store_orders
from twinshelf.orders.intake.polls import poll_orders
from twinshelf.orders.models import ShipmentRow, ShopOrderRow
from twinshelf.sync import drain, lanes, preview
from twinshelf.sync.flows import Ask
from twinshelf.sync.models import ChangeRecord, Problem


def several(store, *skus, stock=9):
    """A product with a variant for each SKU."""
    variants = [
        {"sku": sku, "inventory_level": stock, "option_values": [{"option_display_name": "Size", "label": f"No. {n}"}]}
        for n, sku in enumerate(skus, 1)
    ]
    return store.add_product(sku="", inventory_tracking="variant", variants=variants)


# -- rows that move while they are read -----------------------------------------------------------------------------


def test_f31_orders_that_move_between_pages_are_neither_skipped_nor_doubled(sandbox, store, shop, twinshelf):
    store.act("set_switch", name="quota", value=None)
    Budget.objects.all().delete()
    clients.PROCESS.close()
    twinshelf.list(store.add_product(sku="MUG-1", stock=500))
    lose_webhooks(sandbox)
    bought = [shop.buy(("MUG-1", 1)) for _ in range(105)]
    sandbox.advance(HELD_SECONDS)
    fault(
        sandbox,
        platform="tiktok",
        path="/order/*/orders/search",
        action="edit",
        phase="after",
        edit={"action": "tt.cancel_order", "arguments": {"order_id": bought[0]}},
    )

    orders.fetch_now(twinshelf.connection, by=MAYA)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    states = {order_id: twinshelf.order(order_id).creation for order_id in bought}
    assert {states.pop(bought[0])} <= {"created", "ignored"}
    assert set(states.values()) == {"created"}
    created = [e.detail["external_order_id"] for e in store.effects("order_created")]
    assert len(created) == len(set(created))
    assert twinshelf.differences() == []


def test_a_page_of_a_pull_never_overwrites_what_was_read_after_it(sandbox, store, shop, twinshelf, monkeypatch):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    lose_webhooks(sandbox)
    take = ReadAhead.take

    def overtaken(ahead):
        page = take(ahead)
        store.act("set_stock", sku="MUG-1", quantity=0)
        lane = lanes.lane_of(twinshelf.connection.account_id, "product", f"store:{store_id}")
        batch = drain.open_batch(lane, pulling.PRODUCTS, [Ask(str(mug), 1, "webhook", 0)])
        assert isinstance(batch, StoreBatch)
        pulling.observe_products(batch, [str(mug)])
        return page

    store_id = twinshelf.connection.store_id
    monkeypatch.setattr(ReadAhead, "take", overtaken)

    twinshelf.pull()

    assert StoreVariant.objects.get(product_id=mug).stock == 0
    assert [e.detail["after"] for e in shop.effects("stock_set")] == [0]
    assert twinshelf.differences() == []


def test_f32_more_store_orders_of_one_second_than_fit_on_a_page_hide_none(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=900))
    cancelled, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    lose_webhooks(sandbox)
    sandbox.world.clock.run(0)
    others = [store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 1}]) for _ in range(520)]
    store.act("cancel_order", order_id=store_order_id)
    sandbox.world.clock.run(1)
    moments = {store.act("order", order_id=i)["date_modified"] for i in (others[0], others[-1], store_order_id)}
    assert len(moments) == 1

    rest(sandbox, twinshelf)

    assert twinshelf.order(cancelled).status == "CANCELLED"


def _pull_changes(connection):
    connection.store.refresh_from_db()
    goods.pull(connection.store, since=connection.store.pulled_at, by=MAYA)


SAME_SECOND = {
    "orders": (lambda it: it.shop.buy(("MUG-1", 1)), poll_orders, lambda: ShopOrderRow.objects.count() == 4),
    "shipments": (
        lambda it: ship(it.store, it.store_order_id, f"9400111899223100000{it.store_order_id}"),
        poll_store_orders,
        lambda: ShipmentRow.objects.filter(state="reported").count() == 2,
    ),
    "cancellations": (
        lambda it: it.sandbox.act("tt.cancel_order", order_id=it.order_id),
        poll_cancellations,
        lambda: ShopOrderRow.objects.filter(status="CANCELLED").count() == 2,
    ),
    "products": (
        lambda it: it.store.act("set_stock", sku="MUG-1", quantity=int(it.store_order_id)),
        _pull_changes,
        lambda: str(StoreVariant.objects.get().stock) == max(ShopOrderRow.objects.values_list("store_order_id"))[0],
    ),
}


@pytest.mark.parametrize(("happens", "poll", "is_known"), SAME_SECOND.values(), ids=SAME_SECOND)
def test_f32_what_happens_in_the_second_at_which_a_poll_ended_is_read_by_the_next(
    *, sandbox, store, shop, twinshelf, happens, poll, is_known
):
    twinshelf.list(store.add_product(sku="MUG-1", stock=90))
    sold = [shop.buy(("MUG-1", 1)) for _ in range(2)]
    twinshelf.wait(HELD_SECONDS)
    lose_webhooks(sandbox)
    sandbox.world.clock.run(0)

    for order_id in sold:
        store_order_id = twinshelf.order(order_id).store_order_id
        happens(
            SimpleNamespace(sandbox=sandbox, store=store, shop=shop, order_id=order_id, store_order_id=store_order_id)
        )
        twinshelf.connection.shop.refresh_from_db()
        twinshelf.connection.store.refresh_from_db()
        poll(twinshelf.connection)
        twinshelf.settle()

    sandbox.world.clock.run(1)
    assert is_known()


def test_f33_a_change_that_moved_no_date_is_found_within_a_day(sandbox, store, shop, twinshelf):
    store.act("set_switch", name="variant_moves_date_modified", value=False)
    several(store, "BOX-S", "BOX-M")
    twinshelf.list()
    lose_webhooks(sandbox)
    twinshelf.wait(7300)

    store.act("set_stock", sku="BOX-S", quantity=4)
    twinshelf.wait(7300)
    assert shop.effects("stock_set") == []
    twinshelf.wait(86_400)

    assert [(e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")] == [("BOX-S", 4)]
    assert twinshelf.differences() == []


def test_a_number_that_moved_in_the_shop_unnoticed_is_set_right_within_a_day(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    lose_webhooks(sandbox)
    sandbox.act("tt.set_stock", product_id=twinshelf.listing(mug).tiktok_id, sku="MUG-1", quantity=99)

    twinshelf.wait(86_500)

    assert [(e.detail["before"], e.detail["after"]) for e in shop.effects("stock_set")] == [(99, 7)]
    assert twinshelf.differences() == []


def test_i12_a_list_that_comes_back_empty_empties_no_shop(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    fault(
        sandbox,
        platform="bigcommerce",
        path="/stores/*/v3/catalog/products",
        action="body",
        status=200,
        headers={"content-type": "application/json"},
        body='{"data": [], "meta": {}}',
    )

    twinshelf.pull()
    rest(sandbox, twinshelf)

    assert shop.effects("stock_set") == []
    assert not StoreProduct.objects.get(product_id=mug).deleted
    assert twinshelf.differences() == []


def test_f34_a_reading_that_lags_behind_does_not_make_stock_flap(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    twinshelf.wait(60)
    fault(sandbox, platform="bigcommerce", path="/stores/*/v3/catalog/products", action="stale", seconds=15, times=1)

    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]
    assert twinshelf.differences() == []


# -- both sides at once ---------------------------------------------------------------------------------------------


def test_f35_the_last_unit_sold_on_both_sides_is_told_and_no_more_is_offered(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=1))
    order_id = shop.buy(("MUG-1", 1))
    store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 1}])

    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)

    assert store.act("stock", sku="MUG-1") == 0
    assert twinshelf.order(order_id).creation == "failed"
    assert (order_id, "E-ORD-CREATE") in twinshelf.problems()
    shown = twinshelf.listing(StoreProduct.objects.get().product_id).quantity
    assert shown == 0


def test_f38_a_cancellation_while_the_shipment_is_on_its_way_has_one_end(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    fault(
        sandbox,
        **SHIP,
        action="edit",
        edit={"action": "tt.cancel_order", "arguments": {"order_id": order_id}},
    )

    ship(store, store_order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert twinshelf.order(order_id).status == "CANCELLED"
    assert shop.effects("package_shipped") == []
    assert len(shop.effects("cancellation")) == 1


@pytest.mark.covers("SILK-107")
def test_f40_a_listing_deleted_in_the_shop_while_it_is_edited_is_not_raised_from_the_dead(
    sandbox, store, shop, twinshelf
):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    tiktok_id = twinshelf.listing(mug).tiktok_id
    fault(
        sandbox,
        **EDIT_LISTING,
        action="edit",
        edit={"action": "tt.delete_product", "arguments": {"product_id": tiktok_id}},
    )

    store.act("edit_product", product_id=mug, name="Enamel mug, blue")
    twinshelf.settle()
    rest(sandbox, twinshelf)

    row = twinshelf.listing(mug)
    assert (row.state, row.tiktok_id) == ("not_uploaded", "")
    assert len(shop.effects("product_created")) == 1
    assert twinshelf.problems() == [(str(mug), "E-LST-SKUGONE")]
    assert twinshelf.differences() == []

    twinshelf.list(mug)
    assert twinshelf.listing(mug).state == "live"
    assert len(shop.effects("product_created")) == 2
    assert twinshelf.problems() == []


def test_f40_a_price_that_a_person_changed_in_the_shop_is_set_back(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00")
    twinshelf.list(mug)

    sandbox.act("tt.set_price", product_id=twinshelf.listing(mug).tiktok_id, sku="MUG-1", price="11.00")
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert [(e.detail["before"], e.detail["after"]) for e in shop.effects("price_set")][-1] == ("11.00", "12.00")
    assert twinshelf.differences() == []


def test_f41_a_price_locked_by_a_promotion_waits_for_its_end(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", price="12.00"))
    locked = fault(
        sandbox, **SET_PRICES, action="envelope", code=12052038, message="The SKU is in a promotion", times=None
    )

    store.act("set_price", sku="MUG-1", price="13.00")
    for _ in range(8):
        twinshelf.wait(901)
    assert shop.effects("price_set") == []
    sandbox.faults.rules.remove(locked)
    twinshelf.wait(901)

    assert [e.detail["after"] for e in shop.effects("price_set")] == ["13.00"]
    assert twinshelf.problems() == []


def test_f42_an_edit_that_review_refuses_leaves_the_old_content_live_and_says_so(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    sandbox.act(
        "tt.set_audit_policy",
        shop_id=shop.id,
        reject=[{"field": "title", "contains": "miracle", "reason": "Exaggerated claim", "suggestion": "Be modest"}],
    )

    store.act("edit_product", product_id=mug, name="Enamel mug, a miracle")
    twinshelf.settle()
    twinshelf.wait(700)

    assert twinshelf.listing(mug).state == "live"
    [problem] = Problem.objects.filter(closed_at=None)
    assert problem.code == "E-LST-EDIT"
    assert "the old content stays live" in text(problem)
    assert "Exaggerated claim" in text(problem)


def test_a_product_the_shop_has_already_is_taken_over_with_its_price_and_stock_set_right(
    sandbox, store, shop, twinshelf
):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    Link.objects.all().delete()
    ListingRow.objects.all().delete()
    lose_webhooks(sandbox)
    store.act("set_price", sku="MUG-1", price="13.00")
    store.act("set_stock", sku="MUG-1", quantity=3)

    twinshelf.list(mug)
    rest(sandbox, twinshelf)

    assert len(shop.effects("product_created")) == 1
    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.differences() == []


# -- data that makes no sense ---------------------------------------------------------------------------------------


def test_f43_one_sku_twice_and_no_sku_are_parked_with_their_reason_and_the_rest_goes_on(store, shop, twinshelf):
    mug, jar = store.add_product(sku="MUG-1"), store.add_product(sku="JAR-1", title="Pantry jar")
    twin = store.add_product(sku="MUG-1", title="Another enamel mug")
    bare = store.add_product(sku="", title="Bare")

    twinshelf.list()

    assert twinshelf.listing(jar).state == "live"
    assert [twinshelf.listing(i).state for i in (mug, twin, bare)] == ["failed", "failed", "failed"]
    assert twinshelf.problems() == [
        (str(mug), "E-SKU-DUP"),
        (str(twin), "E-SKU-DUP"),
        (str(bare), "E-SKU-MISSING"),
    ]

    store.act("delete_product", product_id=twin)
    twinshelf.settle()
    twinshelf.wait(600)

    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.problems() == [(str(bare), "E-SKU-MISSING")]


def test_f45_more_pictures_than_the_shop_takes_are_left_out_and_too_many_variants_refused_before_any_call(
    store, shop, twinshelf
):
    pictures = [{"_picture": f"mug/{n}", "is_thumbnail": n == 1, "sort_order": n} for n in range(1, 13)]
    mug = store.add_product(sku="MUG-1", images=pictures)
    crowd = several(store, *[f"C-{n}" for n in range(301)])

    twinshelf.list(mug, crowd)

    assert twinshelf.listing(mug).state == "live"
    assert len({e.key for e in shop.effects("image_uploaded") or []}) <= 9
    assert [e.detail["seller_skus"] for e in shop.effects("product_created")] == [["MUG-1"]]
    [left_out, (refused, code)] = twinshelf.problems()
    assert left_out == (str(mug), "W-LST-IMG")
    assert (refused, code[0]) == (str(crowd), "E")


def test_f45_what_the_daily_cap_of_listings_holds_back_waits_and_goes_the_next_day(sandbox, store, shop, twinshelf):
    mug, jar = store.add_product(sku="MUG-1"), store.add_product(sku="JAR-1", title="Pantry jar")
    capped = fault(
        sandbox,
        platform="tiktok",
        method="POST",
        path="/product/202309/products",
        action="envelope",
        code=12052093,
        message="The limit of product listings is reached.",
        times=None,
    )
    twinshelf.pull()
    catalog.list_products(twinshelf.connection, None, by=MAYA)
    twinshelf.settle()
    assert shop.effects("product_created") == []

    sandbox.faults.rules.remove(capped)
    for _ in range(5):
        twinshelf.wait(21_600)

    assert [twinshelf.listing(i).state for i in (mug, jar)] == ["live", "live"]
    assert twinshelf.problems() == []


# -- a preview ------------------------------------------------------------------------------------------------------


def test_a_preview_tells_what_a_push_would_do_and_changes_nothing(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00")
    bare = store.add_product(sku="", title="Bare")
    twinshelf.list(mug)
    Link.objects.all().delete()
    ListingRow.objects.update(tiktok_id="", state="not_uploaded", sent=None)
    before = list(ListingRow.objects.order_by("id").values()), len(sandbox.world.effects)

    plans = preview.preview(
        twinshelf.account.id, f"connection:{twinshelf.connection.id}", ["listing"], [str(mug), str(bare)]
    )

    told = {p.key: ([type(c).__name__ for c in p.changes], [f.code for f in p.findings]) for p in plans}
    # The first is in the shop already, and would be taken over and edited; the second was never pushed.
    assert told == {str(mug): (["EditContent"], []), str(bare): ([], ["E-SKU-MISSING"])}
    assert (list(ListingRow.objects.order_by("id").values()), len(sandbox.world.effects)) == before
    assert Link.objects.count() == 0


# -- connections that end -------------------------------------------------------------------------------------------


def test_f56_a_store_that_uninstalls_us_ends_all_work_and_nothing_more_is_pushed(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)

    store.act("uninstall")
    twinshelf.settle()

    assert Store.objects.get().state == "disconnected"
    assert ("*", "E-CON-AUTH") in twinshelf.problems()
    changes = ChangeRecord.objects.count()
    shop.buy(("MUG-1", 1))
    sandbox.act("tt.set_price", product_id=twinshelf.listing(mug).tiktok_id, sku="MUG-1", price="11.00")
    rest(sandbox, twinshelf)
    assert ChangeRecord.objects.count() == changes
    assert store.effects("order_created") == []
    assert {"E-CON-AUTH"} == {code for _key, code in twinshelf.problems()}


def test_f56_a_seller_who_deauthorizes_ends_all_work(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)

    sandbox.act("tt.deauthorize", app_key="6testkey", seller=shop.seller)
    twinshelf.settle()
    store.act("set_price", sku="MUG-1", price="13.00")
    rest(sandbox, twinshelf)

    assert ("*", "E-CON-AUTH") in twinshelf.problems()
    assert shop.effects("price_set") == []


# -- clocks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_i19_a_clock_that_jumps_breaks_nothing(sandbox, store, shop, twinshelf, hours):
    twinshelf.list(store.add_product(sku="MUG-1", price="12.00", stock=7))
    first = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    clock.move(hours * 3600)
    twinshelf.settle()

    second = shop.buy(("MUG-1", 1))
    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)
    ship(store, twinshelf.order(first).store_order_id)
    store.act("set_price", sku="MUG-1", price="13.00")
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert [twinshelf.order(i).creation for i in (first, second)] == ["created", "created"]
    assert len(store.effects("order_created")) == 2
    assert len(shop.effects("package_shipped")) == 1
    assert [Decimal(e.detail["after"]) for e in shop.effects("price_set")] == [Decimal("13.00")]
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []
    assert sales.span(7).orders == 2
    per_day = dict(sales.per_day(7, UTC))
    assert [number for by_connection in per_day.values() for number in by_connection.values()] in ([2], [1, 1])
