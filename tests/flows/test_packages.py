"""Each direction of shipments does what it says and nothing else; what TikTok shipped reaches the store once."""

from __future__ import annotations

import pytest

from tests.flows.conftest import MAYA
from tests.flows.faults import fault, lose_webhooks, ready_to_ship, rest, ship
from twinshelf.connections import clients
from twinshelf.orders import actions as orders
from twinshelf.orders.book import order_of
from twinshelf.orders.models import ShipmentRow

ONE, TWO, THREE = "9400111899223100000001", "9400111899223100000028", "9400111899223100000035"


def written(store):
    """Number, carrier and SKUs of each shipment that we made in the store, in their order."""
    return [
        (
            e.detail["tracking_number"],
            e.detail["carrier"] or e.detail["provider"],
            {i["sku"]: i["quantity"] for i in e.detail["items"]},
        )
        for e in store.effects("shipment_created")
        if e.cause.startswith("bigcommerce POST")
    ]


def told(shop):
    """The numbers that we told TikTok."""
    return [e.detail["tracking"] for e in shop.effects("package_shipped") if e.cause.startswith("tiktok POST")]


def state(twinshelf, store_order_id):
    return clients.store_client(twinshelf.connection.store, "urgent").order(store_order_id).state


def shipments(twinshelf, store_order_id):
    return clients.store_client(twinshelf.connection.store, "urgent").shipments(store_order_id)


@pytest.mark.covers("P17-06", "P17-33")
@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("bc_to_tts", ([], [ONE])),
        ("tts_to_bc", ([(TWO, "usps", {"MUG-1": 1})], [])),
        ("disabled", ([], [])),
    ],
)
def test_each_direction_of_shipments_does_that_and_nothing_else(
    *, sandbox, store, shop, twinshelf, direction, expected
):
    in_store, in_shop = expected
    store.add_product(sku="MUG-1")
    twinshelf.list()
    twinshelf.prefer(fulfillment_direction=direction)
    sent_in_store, store_order = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    sent_in_shop, _other = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    ship(store, store_order, ONE)
    sandbox.act("tt.ship_order", order_id=sent_in_shop, tracking_number=TWO, carrier="USPS")
    twinshelf.settle()
    twinshelf.poll()
    orders.sync(twinshelf.order(sent_in_store), by=MAYA)
    orders.sync(twinshelf.order(sent_in_shop), by=MAYA)
    twinshelf.settle()

    assert (written(store), told(shop)) == (in_store, in_shop)
    assert len(store.effects("shipment_created")) == 1 + len(in_store)
    assert len(shop.effects("package_shipped")) == 1 + len(in_shop)
    assert twinshelf.problems() == []
    before = "AWAITING_COLLECTION" if in_shop else "AWAITING_SHIPMENT"
    assert (twinshelf.order(sent_in_store).status, twinshelf.order(sent_in_shop).status) == (
        before,
        "AWAITING_COLLECTION",
    )


def test_parts_and_several_packages_become_a_shipment_each_with_number_and_carrier(
    sandbox, store, shop, twinshelf, sold
):
    twinshelf.prefer(fulfillment_direction="tts_to_bc", carriers=(("Dragonfly", "LaserShip"), ("DFL", "LaserShip")))
    order_id, store_order = sold(("MUG-1", 2), ("JAR-1", 1))
    units = {line.seller_sku: line.unit_ids for line in order_of(twinshelf.order(order_id)).lines}
    part = [units["MUG-1"][0], units["JAR-1"][0]]
    sandbox.act("tt.ship_order", order_id=order_id, tracking_number=ONE, carrier="USPS", lines=part)
    twinshelf.poll()  # TikTok says nothing of a part

    assert written(store) == [(ONE, "usps", {"MUG-1": 1, "JAR-1": 1})]
    assert state(twinshelf, store_order) == "partially_shipped"
    assert twinshelf.differences() == []

    sandbox.act("tt.ship_order", order_id=order_id, tracking_number="LX123456789", carrier="LaserShip")
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert written(store)[1:] == [("LX123456789", "", {"MUG-1": 1})]
    [_first, second] = shipments(twinshelf, store_order)
    assert (second.carrier, second.tracking_number) == ("Dragonfly", "LX123456789")
    assert state(twinshelf, store_order) == "shipped"
    assert [(row.state, row.from_shop) for row in ShipmentRow.objects.all()] == [("reported", True)] * 2
    assert (told(shop), twinshelf.problems(), twinshelf.differences()) == ([], [], [])


@pytest.mark.parametrize("kind", ["FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_SELLER"])
def test_what_tiktok_ships_itself_is_a_shipment_in_the_store_too(sandbox, store, shop, twinshelf, kind):
    store.add_product(sku="MUG-1")
    twinshelf.list()
    twinshelf.prefer(fulfillment_direction="tts_to_bc", sync_fbt=True)
    order_id = shop.buy(("MUG-1", 2), fulfillment_type=kind, shipping_type="TIKTOK")
    twinshelf.wait(3700)
    assert written(store) == []

    sandbox.act("tt.ship_by_platform", order_id=order_id)
    twinshelf.settle()
    sandbox.act("tt.carrier_scan", order_id=order_id)
    rest(sandbox, twinshelf)

    [effect] = shop.effects("package_shipped")
    [(number, _code, items)] = written(store)
    assert (number, items) == (effect.detail["tracking"], {"MUG-1": 2})
    [shipment] = shipments(twinshelf, twinshelf.order(order_id).store_order_id)
    assert shipment.carrier == effect.detail["provider_name"]
    assert (twinshelf.problems(), twinshelf.differences()) == ([], [])


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_shipment_whose_answer_was_lost_is_made_once(*, sandbox, store, shop, twinshelf, sold, phase):
    twinshelf.prefer(fulfillment_direction="tts_to_bc")
    order_id, store_order = sold(("MUG-1", 1))
    lose_webhooks(sandbox)
    fault(
        sandbox,
        platform="bigcommerce",
        method="POST",
        path="/stores/*/v2/orders/*/shipments",
        action="drop",
        phase=phase,
        times=2,
    )

    sandbox.act("tt.ship_order", order_id=order_id, tracking_number=ONE, carrier="USPS")
    rest(sandbox, twinshelf)

    assert written(store) == [(ONE, "usps", {"MUG-1": 1})]
    [row] = ShipmentRow.objects.all()
    assert (row.tracking_number, row.from_shop, row.order.store_order_id) == (ONE, True, store_order)
    assert (twinshelf.problems(), twinshelf.differences()) == ([], [])


def test_people_in_the_store_are_not_worked_against(sandbox, store, shop, twinshelf, sold):
    twinshelf.prefer(fulfillment_direction="tts_to_bc")
    order_id, store_order = sold(("MUG-1", 2))
    ship(store, store_order, THREE, [{"sku": "MUG-1", "quantity": 1}])  # by hand, and one unit is left
    sandbox.act("tt.ship_order", order_id=order_id, tracking_number=ONE, carrier="USPS")
    twinshelf.settle()
    assert written(store) == [(ONE, "usps", {"MUG-1": 1})]

    [package] = [e.key for e in shop.effects("package_shipped")]
    provider = ShipmentRow.objects.get().provider_id
    clients.shop_client(twinshelf.connection.shop, "urgent").update_shipping(package, TWO, provider)
    orders.sync(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()
    numbers = {s.tracking_number for s in shipments(twinshelf, store_order)}
    assert numbers == {TWO, THREE}

    [ours] = [s.id for s in shipments(twinshelf, store_order) if s.tracking_number == TWO]
    store.act("delete_shipment", shipment_id=int(ours))
    orders.sync(twinshelf.order(order_id), by=MAYA)
    rest(sandbox, twinshelf)
    assert (len(written(store)), told(shop)) == (1, [])


def test_a_cancelled_store_order_is_not_shipped(sandbox, store, shop, twinshelf, sold):
    twinshelf.prefer(fulfillment_direction="tts_to_bc", cancel_bc_to_tts=False)
    order_id, store_order = sold(("MUG-1", 1))
    store.act("cancel_order", order_id=store_order)
    twinshelf.settle()

    sandbox.act("tt.ship_order", order_id=order_id, tracking_number=ONE, carrier="USPS")
    twinshelf.settle()

    assert (written(store), state(twinshelf, store_order)) == ([], "cancelled")
