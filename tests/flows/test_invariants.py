"""What must be true whatever happens, where no fault is needed to try it: orders, prices, and the books we keep."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS, fault, lose_webhooks, ready_to_ship, rest, ship
from tests.flows.test_faults_webhooks import life_of_a_mug
from twinshelf.connections import clients
from twinshelf.errors import TakenOver
from twinshelf.listings.models import Link
from twinshelf.orders import actions as orders
from twinshelf.orders.intake import flow as intake
from twinshelf.sync import drain, lanes
from twinshelf.sync.models import AttemptRow, ChangeRecord, InboxEvent, Lane, Mark, Task

# -- orders ---------------------------------------------------------------------------------------------------------


def test_f30_two_workers_with_one_order_in_hand_make_one_store_order(sandbox, store, shop, twinshelf):
    """Each of them planned to create it before the other had; the second knows nothing of the first but its rows."""
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()
    lose_webhooks(sandbox)
    sandbox.advance(HELD_SECONDS)
    connection = twinshelf.connection
    lane = lanes.lane_of(connection.account_id, "order", f"connection:{connection.id}")

    lanes.ask(connection.account_id, "order", lane.owner, [order_id], cause="webhook")
    at_work = []
    for _worker in range(2):
        lane.refresh_from_db()
        claim = lanes.claim(lane, lane.epoch, 100)
        assert claim is not None
        batch, planned, _failed = drain._decide(lane, intake.INTAKE, claim.asks)
        fence = drain.Fence(lane.id, claim.turn)
        at_work.append((batch, planned, drain.Attempts(lane, lane.epoch, batch, fence), fence))
    assert [[type(c).__name__ for p in planned for c in p.plan.changes] for _batch, planned, *_ in at_work] == [
        ["CreateStoreOrder"],
        ["CreateStoreOrder"],
    ]
    for each in at_work:
        drain._apply(intake.INTAKE, *each)
    assert len(store.effects("order_created")) == 1
    rest(sandbox, twinshelf)

    assert [e.detail["external_order_id"] for e in store.effects("order_created")] == [order_id]
    assert store.act("stock", sku="MUG-1") == 5
    assert twinshelf.differences() == []


def test_a_worker_that_has_planned_a_store_order_does_not_make_it_once_another_works_on_it(
    sandbox, store, shop, twinshelf
):
    """Frozen between its plan and its calls; the other has begun its turn, and not made the order yet."""
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()
    lose_webhooks(sandbox)
    sandbox.advance(HELD_SECONDS)
    connection = twinshelf.connection
    lane = lanes.lane_of(connection.account_id, "order", f"connection:{connection.id}")
    lanes.ask(connection.account_id, "order", lane.owner, [order_id], cause="webhook")
    lane.refresh_from_db()
    claim = lanes.claim(lane, lane.epoch, 100)
    assert claim is not None
    batch, planned, _failed = drain._decide(lane, intake.INTAKE, claim.asks)
    fence = drain.Fence(lane.id, claim.turn)
    attempts = drain.Attempts(lane, lane.epoch, batch, fence)
    attempts.note([(order_id, "create")])
    lane.refresh_from_db()
    assert lanes.claim(lane, lane.epoch, 100) is not None

    [closed] = drain._apply(intake.INTAKE, batch, planned, attempts, fence)

    assert isinstance(closed.done[-1].error, TakenOver)
    assert store.effects("order_created") == []
    rest(sandbox, twinshelf)
    assert [e.detail["external_order_id"] for e in store.effects("order_created")] == [order_id]


def test_i1_a_store_order_that_was_archived_is_not_made_a_second_time(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))

    store.act("archive_order", order_id=store_order_id)
    twinshelf.settle()
    orders.retry(twinshelf.order(order_id), by=MAYA)
    orders.sync(twinshelf.order(order_id), by=MAYA)
    twinshelf.fetch_orders()
    rest(sandbox, twinshelf)

    assert len(store.effects("order_created")) == 1
    assert store.act("stock", sku="MUG-1") == 5


def test_f37_our_own_store_order_comes_back_as_webhooks_and_nothing_comes_of_it(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    _order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    made = len(sandbox.world.effects)

    store.act("set_order_status", order_id=store_order_id, status_id=9)  # a person goes on with it
    twinshelf.settle()
    rest(sandbox, twinshelf)

    later = [(e.platform, e.kind) for e in sandbox.world.effects[made:]]
    assert [kind for kind in later if kind != ("bigcommerce", "order_status")] == []
    assert [(e.detail["before"], e.detail["after"]) for e in store.effects("order_status")] == [(11, 9)]
    assert store.act("stock", sku="MUG-1") == 5


def test_i4_what_was_cancelled_at_tiktok_is_not_reported_as_shipped_though_the_store_ships_it(
    sandbox, store, shop, twinshelf
):
    twinshelf.prefer(cancel_tts_to_bc=False)
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.settle()

    ship(store, store_order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert shop.effects("package_shipped") == []
    assert twinshelf.order(order_id).status == "CANCELLED"
    assert len(shop.effects("cancellation")) == 1
    assert len(store.effects("order_created")) == 1


def test_i5_an_older_reading_of_an_order_takes_nothing_back(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    ship(store, store_order_id)
    twinshelf.settle()
    before = twinshelf.order(order_id)
    assert (before.status, before.store_state) == ("AWAITING_COLLECTION", "shipped")
    changes = ChangeRecord.objects.count()
    struck = fault(
        sandbox, platform="tiktok", path="/order/*/orders*", action="stale", seconds=HELD_SECONDS / 2, times=None
    )

    orders.sync(before, by=MAYA)
    twinshelf.fetch_orders()
    twinshelf.poll()

    assert struck.struck >= 3
    after = twinshelf.order(order_id)
    assert (after.status, after.updated_at, after.store_state) == (before.status, before.updated_at, "shipped")
    assert ChangeRecord.objects.count() == changes
    sandbox.faults.clear()
    rest(sandbox, twinshelf)
    assert len(store.effects("order_created")) == len(shop.effects("package_shipped")) == 1


@pytest.mark.parametrize("price", ["3.33", "10.05", "19.99", "0.10"])
@pytest.mark.parametrize("discount", ["0", "0.01", "0.05"])
def test_f46_i2_both_sides_of_an_order_agree_to_the_cent(store, shop, twinshelf, price, discount):
    twinshelf.list(store.add_product(sku="MUG-1", price=price, stock=7))
    order_id = shop.buy(
        ("MUG-1", 3), seller_discount=discount, platform_discount=discount, shipping_fee="4.99", tax="0.07"
    )
    twinshelf.wait(HELD_SECONDS)

    row = twinshelf.order(order_id)
    made = store.act("order", order_id=row.store_order_id)
    goods = Decimal(price) * 3
    assert Decimal(made["subtotal_ex_tax"]) == goods
    assert Decimal(made["discount_amount"]) == 2 * Decimal(discount)
    assert Decimal(made["shipping_cost_ex_tax"]) == Decimal("4.99")
    assert Decimal(made["total_tax"]) == Decimal("0.07")
    assert (
        Decimal(made["total_inc_tax"]) == row.total == goods - 2 * Decimal(discount) + Decimal("4.99") + Decimal("0.07")
    )


# -- prices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["0", "1200.00", "0.12"])
def test_f48_a_price_that_cannot_be_meant_is_held_and_told_and_the_right_one_goes(store, shop, twinshelf, wrong):
    mug = store.add_product(sku="MUG-1", price="12.00")
    twinshelf.list(mug)

    store.act("set_price", sku="MUG-1", price=wrong)
    twinshelf.settle()
    twinshelf.wait(700)
    assert shop.effects("price_set") == []
    assert Link.objects.get().price == Decimal("12.00")
    [(key, code)] = twinshelf.problems()
    assert (key, code.startswith("E-PRC-")) == (str(mug), True)

    store.act("set_price", sku="MUG-1", price="13.00")
    twinshelf.settle()
    assert [e.detail["after"] for e in shop.effects("price_set")] == ["13.00"]
    assert twinshelf.problems() == []


# -- our own books --------------------------------------------------------------------------------------------------


def test_i14_at_rest_nothing_is_left_undone_and_every_webhook_has_its_end(sandbox, store, shop, twinshelf):
    twinshelf.prefer(auto_import=True)
    life_of_a_mug(sandbox, store, shop, twinshelf)
    theirs = store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 1}])
    store.act("set_order_status", order_id=theirs, status_id=9)
    rest(sandbox, twinshelf)

    assert (Mark.objects.count(), AttemptRow.objects.count()) == (0, 0)
    assert not Lane.objects.filter(awake=True).exists()
    assert set(Task.objects.values_list("state", flat=True)) == {"completed"}
    for task in Task.objects.all():
        assert task.succeeded + task.failed == task.total, task.title
    delivered = [d for d in sandbox.world.table("deliveries").values() if 200 <= d["status"] < 300]
    assert len(delivered) == InboxEvent.objects.count() > 20
    assert set(InboxEvent.objects.values_list("outcome", flat=True)) == {"applied", "ignored"}
    ignored = InboxEvent.objects.filter(outcome="ignored")
    assert {(e.topic, e.subject, e.reason) for e in ignored} == {
        ("store/order/statusUpdated", str(theirs), "nothing of ours")
    }


def test_i23_each_change_that_really_happened_has_its_record(sandbox, store, shop, twinshelf):
    twinshelf.prefer(auto_import=True)
    life_of_a_mug(sandbox, store, shop, twinshelf)
    rest(sandbox, twinshelf)

    shop_client = clients.shop_client(twinshelf.connection.shop)
    sold = [e.detail["external_order_id"] for e in store.effects("order_created")]
    happened = Counter(
        {
            "CreateListing": len(shop.effects("product_created")),
            "EditContent": len(shop.effects("product_edited")),
            "SetPrices": len(shop.effects("price_set")),
            "SetStock": len(shop.effects("stock_set")),
            "ReportShipment": len(shop.effects("package_shipped")),
            "CreateStoreOrder": len(store.effects("order_created")),
            "ReferenceOrder": len([order_id for order_id in sold if shop_client.references(order_id)]),
            "CancelStoreOrder": len([e for e in store.effects("order_status") if e.detail["after"] == 5]),
        }
    )
    assert min(happened.values()) > 0, happened
    assert Counter(ChangeRecord.objects.filter(ok=True).values_list("kind", flat=True)) == happened
    for record in ChangeRecord.objects.all():
        assert record.cause, record.kind
        assert record.change, record.kind
        assert record.answer, record.kind
