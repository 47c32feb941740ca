"""What a shop may offer of a store with several locations: what one order can draw (WHS-3, INV-3)."""

from __future__ import annotations

import pytest

from tests.flows.faults import HELD_SECONDS, fault
from tests.flows.neighbors import connect_shop, shelf


def second_location(store, label="Reno") -> int:
    address = {
        "address1": "1 Elm", "city": "Reno", "state": "Nevada", "zip": "89501", "email": "a@b.test",
        "country_code": "US", "geo_coordinates": {"latitude": 1, "longitude": 1},
    }  # fmt: skip
    return int(store.act("add_location", location={"label": label, "type_id": "PHYSICAL", "address": address}))


def test_what_is_offered_can_be_drawn_by_one_order(store, shop, twinshelf):
    reno = second_location(store)
    mug = store.add_product(sku="MUG-1", stock=2)
    store.act("set_stock", sku="MUG-1", quantity=7, location_id=reno)
    twinshelf.list(mug)

    assert shelf(shop, twinshelf, mug) == 2
    assert twinshelf.differences() == []

    order = shop.buy(("MUG-1", 2))
    twinshelf.wait(HELD_SECONDS)
    assert twinshelf.order(order).store_order_id is not None
    assert shelf(shop, twinshelf, mug) == 0
    assert twinshelf.problems() == []


def test_variants_are_counted_each_by_itself(store, shop, twinshelf):
    reno = second_location(store)
    variants = [
        {"sku": f"TEE-{size}", "price": 20, "inventory_level": 5,
         "option_values": [{"option_display_name": "Size", "label": size}]}
        for size in "SM"
    ]  # fmt: skip
    tee = store.add_product(sku="TEE", title="Plain tee", inventory_tracking="variant", variants=variants)
    store.act("set_stock", sku="TEE-M", quantity=9, location_id=reno)
    store.act("set_stock", sku="TEE-M", quantity=1)
    twinshelf.list(tee)

    assert shelf(shop, twinshelf, tee) == 5 + 1


def test_goods_that_the_store_does_not_track_are_not_looked_up(store, shop, twinshelf):
    second_location(store)
    mug = store.add_product(sku="MUG-1", inventory_tracking="none")
    twinshelf.list(mug)

    assert shelf(shop, twinshelf, mug) == 999


@pytest.mark.parametrize("enabled", [True, False])
def test_a_location_that_is_opened_or_switched_off_is_noticed_at_once(store, shop, twinshelf, enabled):
    mugs = [store.add_product(sku=f"MUG-{n}", stock=4) for n in range(4)]
    twinshelf.list(*mugs)

    if enabled:
        reno = second_location(store)
        for number in range(4):
            store.act("set_stock", sku=f"MUG-{number}", quantity=7, location_id=reno)
    else:
        store.act("set_location", location_id=1, enabled=False)
    twinshelf.settle()

    assert [shelf(shop, twinshelf, mug) for mug in mugs] == [4 if enabled else 0] * 4
    assert twinshelf.problems() == []
    twinshelf.wait(60)
    assert twinshelf.differences() == []


def test_an_inventory_that_lags_is_read_once_more(sandbox, store, shop, twinshelf):
    reno = second_location(store)
    mug = store.add_product(sku="MUG-1", stock=5)
    store.act("set_stock", sku="MUG-1", quantity=7, location_id=reno)
    twinshelf.list(mug)
    twinshelf.wait(120)
    fault(sandbox, platform="bigcommerce", path="/stores/*/v3/inventory/items", action="stale", seconds=15, times=1)

    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    twinshelf.wait(30)

    assert shelf(shop, twinshelf, mug) == 3
    assert twinshelf.differences() == []


@pytest.mark.parametrize("closed", ["other", "own"])
def test_a_warehouse_that_is_switched_off_keeps_no_stock_of_another_from_being_set(sandbox, store, twinshelf, closed):
    outlet, in_outlet = connect_shop(sandbox, twinshelf, "Outlet", warehouses=["Harbor", "Mill"])
    mug = store.add_product(sku="MUG-1", stock=9)
    in_outlet.list(mug)
    own = in_outlet.connection.warehouse_id
    rows = sandbox.world.table("tt/shops")[outlet.id]["warehouses"]
    [other] = [row["id"] for row in rows if row["type"] == "SALES_WAREHOUSE" and row["id"] != own]
    listing = in_outlet.listing(mug).tiktok_id
    sandbox.act("tt.set_stock", product_id=listing, sku="MUG-1", quantity=2, warehouse_id=other)
    switched = other if closed == "other" else own
    sandbox.act("tt.set_warehouse", shop_id=outlet.id, warehouse_id=switched, effect_status="DISABLED")

    store.act("set_stock", sku="MUG-1", quantity=4)
    in_outlet.settle()

    if closed == "other":
        assert shelf(outlet, in_outlet, mug) == 4 + 2  # what is in a warehouse that is off, nobody can buy
        assert in_outlet.problems() == []
    else:
        assert in_outlet.problems() == [(str(mug), "E-WHS-STATUS"), (own, "E-WHS-OFF")]
