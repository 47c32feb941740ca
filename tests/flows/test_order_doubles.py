"""One store order for one TikTok order: what was made twice, or before our record begins, is found."""

from __future__ import annotations

import httpx2
import pytest
from django.conf import settings

from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS, fault, ready_to_ship, ship
from twinshelf.accounts.models import AuditEntry
from twinshelf.connections.models import Shop, Store
from twinshelf.orders import actions as orders
from twinshelf.orders.models import ShopOrderRow, StoreOrderSeen
from twinshelf.sync.models import AttemptRow, ChangeRecord, Mark
from twinshelf_sandbox.transport import SandboxTransport

CANCELLED = 5


pytestmark = pytest.mark.usefixtures("listed")


@pytest.fixture
def listed(store, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=9))


def make_again(sandbox, store, store_order_id, source=settings.OPERATOR.bigcommerce_app_id, **more):
    """The same order once more: what a worker sends that was frozen inside the call. Returns its id."""
    first = store.act("order", order_id=store_order_id)
    lines = [
        {name: line[name] for name in ("product_id", "variant_id", "quantity", "price_ex_tax", "price_inc_tax")}
        for line in first["products"]
    ]
    address = {
        name: first["billing_address"][name]
        for name in ("first_name", "last_name", "street_1", "city", "state", "zip", "country_iso2", "email")
    }
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Another worker")
    body = {
        "status_id": 11,
        "external_source": source,
        "external_order_id": first["external_order_id"],
        "billing_address": address,
        "products": lines,
        **more,
    }
    with httpx2.Client(transport=SandboxTransport(sandbox.site)) as client:
        answer = client.post(
            f"http://sandbox.test/stores/{store.hash}/v2/orders",
            headers={"x-auth-token": keys["access_token"], "accept": "application/json"},
            json=body,
        )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def status(store, store_order_id):
    return store.act("order", order_id=store_order_id)["status_id"]


def test_a_younger_double_is_found_by_the_poll_cancelled_and_told(sandbox, store, shop, twinshelf):
    order_id, kept = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    double = make_again(sandbox, store, kept)
    assert store.act("stock", sku="MUG-1") == 5

    twinshelf.wait(301)

    assert (status(store, double), status(store, kept)) == (CANCELLED, 11)
    assert store.act("stock", sku="MUG-1") == 7
    assert (twinshelf.order(order_id).store_order_id, twinshelf.order(order_id).status) == (kept, "AWAITING_SHIPMENT")
    assert shop.effects("cancellation") == []
    assert twinshelf.problems() == [(order_id, "W-ORD-DOUBLE")]
    [record] = ChangeRecord.objects.filter(kind="CancelDouble")
    assert (record.key, record.ok, record.change["store_order_id"]) == (order_id, True, double)
    [entry] = AuditEntry.objects.filter(action="orders.cancel_double")
    assert (entry.subject, entry.actor_name, entry.after) == (f"order:{order_id}", "Twinshelf", {double: "cancelled"})

    orders.sync(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()
    twinshelf.wait(3700)
    assert twinshelf.problems() == []
    assert ChangeRecord.objects.filter(kind="CancelDouble").count() == 1
    assert twinshelf.differences() == []


def test_the_older_one_of_two_stays_whichever_was_on_record(sandbox, store, shop, twinshelf):
    order_id, younger = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    older = make_again(sandbox, store, younger, date_created="Mon, 02 Jan 2006 15:04:05 +0000")

    twinshelf.wait(301)

    assert (status(store, younger), status(store, older)) == (CANCELLED, 11)
    row = twinshelf.order(order_id)
    assert (row.store_order_id, row.status, row.referenced) == (older, "AWAITING_SHIPMENT", True)
    assert shop.effects("cancellation") == []
    assert [e.detail["external_id"] for e in shop.effects("external_reference")] == [younger, older]


@pytest.mark.parametrize("first_is_shipped", [False, True])
def test_a_double_of_which_something_was_shipped_is_told_and_left_alone(
    sandbox, store, shop, twinshelf, first_is_shipped
):
    order_id, kept = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    double = make_again(sandbox, store, kept)
    ship(store, double)
    if first_is_shipped:
        ship(store, kept, "9400111899223100000002")

    twinshelf.wait(301)

    assert CANCELLED not in {status(store, double), status(store, kept)}
    assert (order_id, "E-ORD-DOUBLE") in twinshelf.problems()
    assert ChangeRecord.objects.filter(kind="CancelDouble").count() == 0


def test_a_double_that_another_connector_made_is_told_and_left_alone(sandbox, store, shop, twinshelf):
    order_id, kept = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    double = make_again(sandbox, store, kept, source="another connector")

    twinshelf.wait(301)

    assert (status(store, double), status(store, kept)) == (11, 11)
    assert twinshelf.problems() == [(order_id, "E-ORD-DOUBLE")]

    store.act("cancel_order", order_id=double)
    orders.sync(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()
    assert twinshelf.problems() == []
    assert (status(store, kept), twinshelf.order(order_id).status) == (11, "AWAITING_SHIPMENT")


# -- a record that is not whole -------------------------------------------------------------------------------------


def lose_an_hour(twinshelf, order_id, *, all_of_it):
    """Our database as it was before the order was made: with the order on hold, or without it."""
    StoreOrderSeen.objects.all().delete()
    AttemptRow.objects.all().delete()
    Mark.objects.all().delete()
    Store.objects.update(orders_seen="", orders_modified_at=None)
    Shop.objects.update(orders_seen_at=None)
    row = ShopOrderRow.objects.filter(order_id=order_id)
    if all_of_it:
        row.delete()
    else:
        row.update(store_order_id=None, store_state="", creation="waiting", referenced=False, status="ON_HOLD")


@pytest.mark.parametrize("lost", ["the order", "the order, and what lists tell of it", "its creation"])
def test_an_archived_order_is_found_after_our_record_was_restored(sandbox, store, shop, twinshelf, lost):
    order_id, kept = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    store.act("archive_order", order_id=kept)
    twinshelf.settle()
    lose_an_hour(twinshelf, order_id, all_of_it=lost != "its creation")
    if "lists" in lost:  # the store pays no heed to the filter: TikTok alone knows
        fault(sandbox, platform="bigcommerce", path="/stores/*/v2/orders", query="is_deleted", action="status",
              status=204, times=None)  # fmt: skip

    twinshelf.poll()
    twinshelf.wait(601)

    assert store.act("orders", external_order_id=order_id) == [int(kept)]
    assert twinshelf.order(order_id).store_order_id == kept
    assert store.act("stock", sku="MUG-1") == 7


def test_an_order_that_is_seen_late_and_was_not_made_is_made_once(sandbox, store, shop, twinshelf):
    fault(sandbox, action="lose", on="webhook", times=None)
    order_id = shop.buy(("MUG-1", 2))
    sandbox.advance(HELD_SECONDS)
    sandbox.faults.clear()

    twinshelf.poll()
    twinshelf.wait(HELD_SECONDS)

    assert [e.detail["external_order_id"] for e in store.effects("order_created")] == [order_id]
    assert twinshelf.problems() == []


def test_orders_of_the_shop_are_on_record_while_the_store_does_not_answer(sandbox, store, shop, twinshelf):
    fault(sandbox, action="lose", on="webhook", times=None)
    order_id = shop.buy(("MUG-1", 1))
    fault(sandbox, platform="bigcommerce", action="status", status=503, times=None)

    twinshelf.wait(301)

    row = twinshelf.order(order_id)
    twinshelf.connection.shop.refresh_from_db()
    assert twinshelf.connection.shop.orders_seen_at == row.updated_at
