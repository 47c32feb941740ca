"""Which location's stock goes to which warehouse, and what a person is told when one of them goes (WHS-1, WHS-2)."""

from __future__ import annotations

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA, ShopWorld, Twinshelf
from tests.flows.neighbors import connect_shop
from tests.flows.test_locations import second_location
from twinshelf.connections import warehouses
from twinshelf.goods.models import Location
from twinshelf.listings import actions as catalog
from twinshelf.messages import text
from twinshelf.preferences import actions as preferences
from twinshelf.rules import push_rules
from twinshelf.rules.models import PushRule
from twinshelf.rules.warehouses import RepairStep
from twinshelf.sync import schedules
from twinshelf.sync.models import Problem


@pytest.fixture
def outlet(sandbox, store, twinshelf) -> tuple[ShopWorld, Twinshelf, str, str]:
    """A shop with the warehouses Harbor and Mill, connected, with the store's locations pulled."""
    shop, driven = connect_shop(sandbox, twinshelf, "Outlet", warehouses=["Harbor", "Mill"])
    rows = sandbox.world.table("tt/shops")[shop.id]["warehouses"]
    harbor, mill = [row["id"] for row in rows if row["type"] == "SALES_WAREHOUSE"]
    return shop, driven, harbor, mill


def levels(sandbox, shop, driven, product) -> dict[str, int]:
    """Units by warehouse of the one SKU of a product, as TikTok has them."""
    offers = sandbox.world.table(f"tt/{shop.id}/offers")[driven.listing(product).tiktok_id]
    [offer] = offers["skus"].values()
    return {warehouse: level[0] for warehouse, level in offer["stock"].items()}


@pytest.mark.covers("P17-07", "P17-28", "P17-29", "P17-30")
def test_locations_are_listed_linked_and_pushed(sandbox, store, outlet):
    shop, driven, harbor, mill = outlet
    reno = str(second_location(store))
    mug = store.add_product(sku="MUG-1", stock=2)
    store.act("set_stock", sku="MUG-1", quantity=7, location_id=int(reno))
    driven.list(mug)
    assert list(Location.objects.all()) == []  # off: none
    assert levels(sandbox, shop, driven, mug) == {harbor: 2}

    preferences.change(driven.connection, {"pull_locations": True}, by=MAYA)
    driven.settle()
    rows = Location.objects.order_by("id").values_list("label", "enabled", "units", "skus")
    assert list(rows) == [("Default location", True, 2, 1), ("Reno", True, 7, 1)]
    assert levels(sandbox, shop, driven, mug) == {harbor: 2}  # nothing changes by itself
    assert [row.label for row in push_rules.flagged(driven.connection)] == ["Reno"]

    push_rules.set_rule(driven.connection, harbor, linked=["1", reno], by=MAYA)
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 9}  # empty: the sum
    assert push_rules.flagged(driven.connection) == []

    push_rules.set_rule(driven.connection, harbor, linked=["1", reno], only=reno, by=MAYA)
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 7}  # one location: its stock

    push_rules.set_rule(driven.connection, harbor, linked=["1"], by=MAYA)
    push_rules.set_rule(driven.connection, mill, linked=[reno], by=MAYA)
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 7}
    store.act("set_stock", sku="MUG-1", quantity=5, location_id=int(reno))
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 5}
    driven.wait(60)
    assert driven.differences() == []
    assert driven.problems() == []

    cup = store.add_product(sku="CUP-1", stock=3)
    store.act("set_stock", sku="CUP-1", quantity=4, location_id=int(reno))
    driven.list(cup)
    assert levels(sandbox, shop, driven, cup) == {harbor: 3, mill: 4}  # made in both at once

    preferences.change(driven.connection, {"pull_locations": False}, by=MAYA)
    driven.settle()
    assert list(Location.objects.all()) == []
    driven.wait(60)
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 0}
    assert driven.differences() == []


@pytest.fixture
def two_places(store, outlet) -> tuple[ShopWorld, Twinshelf, str, str, str, int]:
    """Harbor gets the stock of the default location, Mill that of Reno: a mug with 2 here and 7 there."""
    shop, driven, harbor, mill = outlet
    reno = str(second_location(store))
    mug = store.add_product(sku="MUG-1", stock=2)
    store.act("set_stock", sku="MUG-1", quantity=7, location_id=int(reno))
    driven.pull()
    preferences.change(driven.connection, {"pull_locations": True}, by=MAYA)
    driven.settle()
    push_rules.set_rule(driven.connection, mill, linked=[reno], by=MAYA)
    driven.list(mug)
    return shop, driven, harbor, mill, reno, mug


def test_a_location_that_goes_while_it_holds_stock_is_named(sandbox, store, two_places):
    shop, driven, harbor, mill, reno, mug = two_places
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 7}

    store.act("set_location", location_id=int(reno), enabled=False)
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 0}
    assert driven.problems() == [(mill, "E-LOC-OFF")]
    [problem] = Problem.objects.filter(closed_at=None)
    assert text(problem) == (
        "BigCommerce location “Reno” is switched off: its 7 units are offered no more in warehouse “Mill”."
    )

    store.act("remove_location", location_id=int(reno))  # BigCommerce tells nobody
    driven.wait(3700)
    schedules.tick()
    driven.settle()
    assert driven.problems() == [(mill, "E-LOC-GONE")]
    assert text(Problem.objects.get(closed_at=None)) == (
        "BigCommerce location “Reno” was removed or merged: its 7 units are offered no more in warehouse “Mill”."
    )

    push_rules.set_rule(driven.connection, mill, linked=["1"], by=MAYA)
    push_rules.remove_rule(driven.connection, harbor, by=MAYA)
    driven.settle()
    assert driven.problems() == []
    assert levels(sandbox, shop, driven, mug) == {harbor: 0, mill: 2}
    driven.wait(60)
    assert driven.differences() == []


def test_a_warehouse_on_holiday_is_kept_up_to_date_and_named(sandbox, store, two_places):
    shop, driven, harbor, mill, reno, mug = two_places
    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=mill, effect_status="RESTRICTED")
    assert catalog.synchronize_warehouses(driven.connection, by=MAYA) == 0
    driven.settle()
    assert driven.problems() == [(mill, "W-WHS-HOLIDAY")]

    store.act("set_stock", sku="MUG-1", quantity=5, location_id=int(reno))
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 5}

    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=mill, effect_status="ENABLED")
    catalog.synchronize_warehouses(driven.connection, by=MAYA)
    driven.settle()
    assert driven.problems() == []


def test_a_merged_warehouse_is_named_and_the_others_keep_their_numbers(sandbox, store, two_places):
    shop, driven, harbor, mill, _reno, mug = two_places
    sandbox.act("tt.remove_warehouse", shop_id=shop.id, warehouse_id=mill, into=harbor)
    assert levels(sandbox, shop, driven, mug) == {harbor: 9}
    driven.wait(3700)
    schedules.tick()
    driven.settle()
    assert driven.problems() == [(mill, "E-WHS-GONE")]

    store.act("set_stock", sku="MUG-1", quantity=3)
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 3}
    assert driven.problems() == [(mill, "E-WHS-GONE")]

    push_rules.replace_warehouse(driven.connection, mill, harbor, by=MAYA)
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {harbor: 10}
    assert driven.problems() == []


HOUSES = "/inventory/warehouses/"


@pytest.mark.covers("BIGS-24", "BIGS-26")
def test_one_button_reads_the_warehouses_and_sends_again_what_tiktok_refused(sandbox, store, two_places):
    shop, driven, harbor, mill, reno, mug = two_places
    browser = Browser()
    sandbox.act("tt.add_warehouse", shop_id=shop.id, name="Quay")
    assert "Quay" not in browser.words(HOUSES)
    assert browser.press(HOUSES, "Synchronize warehouses: Outlet") == ["Warehouses read."]
    assert "Quay" in browser.words(HOUSES)
    assert shop.effects("stock_set") == []

    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=mill, effect_status="DISABLED")
    store.act("set_stock", sku="MUG-1", quantity=6, location_id=int(reno))
    driven.settle()
    assert driven.problems() == [(mill, "E-WHS-OFF")]
    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=mill, effect_status="ENABLED")
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 7}

    told = browser.press(HOUSES, "Synchronize warehouses and try again: Mill")
    driven.settle()
    assert told == ["Warehouses read. 1 product is tried again."]
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 6}
    assert driven.problems() == []
    page = browser.words(HOUSES)
    assert ("Fix Mill" in page, "Refused by TikTok" in page) == (False, False)


@pytest.mark.covers("BIGS-28")
def test_for_a_local_warehouse_of_a_global_store_the_overseas_one_of_its_market_is_proposed(sandbox, store, twinshelf):
    shop, driven = connect_shop(sandbox, twinshelf, "Global", warehouses=["Overseas West"], kind="CROSS_BORDER")
    opened = {"shop_id": shop.id, "region": "US"}
    local = sandbox.act("tt.add_warehouse", name="Anvil local", **opened)
    sandbox.act("tt.add_warehouse", name="Attic", **opened)
    sandbox.act("tt.add_warehouse", **opened | {"name": "Abroad", "sub_type": "CB_OVERSEA_WAREHOUSE", "region": "GB"})
    browser, sync = Browser(), "Synchronize warehouses: Global"
    browser.press(HOUSES, sync)
    overseas = driven.connection.warehouse_id
    driven.connection.shop.refresh_from_db()
    push_rules.replace_warehouse(driven.connection, overseas, local, by=MAYA)  # as the seller had it before
    mug = store.add_product(sku="MUG-1", stock=7)
    driven.list(mug)
    assert levels(sandbox, shop, driven, mug) == {local: 7}

    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=local, effect_status="DISABLED")
    store.act("set_stock", sku="MUG-1", quantity=5)
    driven.settle()
    assert (str(mug), "E-WHS-STATUS") in driven.problems()
    again = "Synchronize warehouses and try again: Anvil local"
    assert browser.press(HOUSES, again) == ["Warehouses read. 1 product is tried again."]
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {local: 7}
    assert (str(mug), "E-WHS-STATUS") in driven.problems()
    page = browser.words(HOUSES)
    assert "Choose the cross-border overseas warehouse of this market. The stock is then sent again." in page
    assert [name for name in ("Overseas West", "Attic", "Abroad") if f"Use {name}" in page] == ["Overseas West"]

    assert browser.press(HOUSES, "Use Overseas West") == ["Saved: push rule. The stock is sent again."]
    driven.settle()
    assert levels(sandbox, shop, driven, mug)[overseas] == 5
    assert driven.problems() == []
    assert "Fix Anvil local" not in browser.words(HOUSES)


@pytest.mark.covers("BIGS-24")
def test_synchronizing_lists_the_warehouses_of_the_shop(sandbox, two_places):
    shop, driven, harbor, mill, _reno, _mug = two_places
    assert [each.id for each in warehouses.of(driven.connection.shop)] == [harbor, mill]
    sandbox.act("tt.add_warehouse", shop_id=shop.id, name="Quay")
    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=mill, effect_status="DISABLED")

    catalog.synchronize_warehouses(driven.connection, by=MAYA)
    driven.connection.shop.refresh_from_db()
    assert [(each.name, each.status) for each in warehouses.of(driven.connection.shop)] == [
        ("Harbor", "ENABLED"), ("Mill", "DISABLED"), ("Quay", "ENABLED"),
    ]  # fmt: skip


@pytest.mark.covers("BIGS-29")
def test_a_refused_warehouse_is_repaired_in_order_and_the_others_are_left_alone(sandbox, store, two_places):
    shop, driven, harbor, mill, reno, mug = two_places
    connection = driven.connection
    before = {each.warehouse_id: each.location_id for each in push_rules.rules_of(connection)}
    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=mill, effect_status="DISABLED")
    quay = sandbox.act("tt.add_warehouse", shop_id=shop.id, name="Quay")
    fixed = "tt.set_warehouse"

    store.act("set_stock", sku="MUG-1", quantity=6, location_id=int(reno))
    store.act("set_stock", sku="MUG-1", quantity=1)
    driven.settle()
    assert levels(sandbox, shop, driven, mug)[harbor] == 1  # what can be sent is
    assert (mill, "E-WHS-OFF") in driven.problems()
    refused = PushRule.objects.filter(connection=connection, refused_at__isnull=False)
    assert list(refused.values_list("warehouse_id", flat=True)) == [mill]

    # Step 2 alone, where the warehouse is on again.
    sandbox.act(fixed, shop_id=shop.id, warehouse_id=mill, effect_status="ENABLED")
    catalog.synchronize_warehouses(connection, by=MAYA)
    driven.settle()
    assert driven.problems() == []
    assert levels(sandbox, shop, driven, mug) == {harbor: 1, mill: 6}
    assert not refused.exists()
    assert push_rules.repair_all(connection, by=MAYA) == []  # nothing failed

    # Still off: another one is chosen, and only for the rule that failed.
    sandbox.act(fixed, shop_id=shop.id, warehouse_id=mill, effect_status="DISABLED")
    store.act("set_stock", sku="MUG-1", quantity=4, location_id=int(reno))
    driven.settle()
    connection.shop.refresh_from_db()
    found = push_rules.repair(connection, mill, refused.get().refused_at)
    assert (found.step, [each.name for each in found.proposed]) == (RepairStep.CHANGE, ["Harbor", "Quay"])
    push_rules.replace_warehouse(connection, mill, quay, by=MAYA)
    driven.settle()
    driven.wait(600)
    assert levels(sandbox, shop, driven, mug) == {harbor: 1, mill: 6, quay: 4}  # nobody can buy at Mill
    after = {each.warehouse_id: each.location_id for each in push_rules.rules_of(connection)}
    assert after[harbor] == before[harbor]
    assert driven.problems() == []
