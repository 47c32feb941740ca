"""Inventory → Locations, and Warehouses and push rules: what is shown, chosen and tried."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests import console_data
from twinshelf.connections.models import Connection
from twinshelf.documents import Product, from_json, to_json
from twinshelf.goods.models import Location, StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.rules import push_rules
from twinshelf.rules.models import LocationLink, PushRule
from twinshelf.sync import engine
from twinshelf.sync.inline import InlineEngine


@pytest.fixture(autouse=True)
def placed(world):
    """Shop US with two warehouses, one of them off, and a store with three locations."""
    engine.use(InlineEngine())
    house(world, ("7001", "US East", "ENABLED"), ("7002", "US West", "ENABLED"), ("7003", "US South", "DISABLED"))
    Connection.objects.filter(id=world.us.id).update(preferences={"pull_locations": True})
    places = (("1", "Columbus", 31204, 4806), ("2", "Reno", 9877, 3990), ("3", "Chicago showroom", 214, 96))
    for number, label, units, skus in places:
        Location.objects.create(
            account=world.account, store=world.us.store, location_id=number, label=label, is_default=number == "1",
            units=units, skus=skus,
        )  # fmt: skip
    owner: dict[str, Any] = {"account": world.account, "connection": world.us}
    for place, (location, warehouse) in enumerate((("1", "7001"), ("2", "7002"))):
        PushRule.objects.create(**owner, warehouse_id=warehouse, position=place)
        LocationLink.objects.create(**owner, location_id=location, warehouse_id=warehouse)
    yield
    engine.use(None)


def house(world: console_data.World, *rows: tuple[str, str, str]) -> None:
    world.us.shop.warehouses = [
        {"id": number, "name": name, "sales": True, "enabled": status == "ENABLED", "default": number == "7001",
         "status": status, "kind": "DOMESTIC_WAREHOUSE", "place": "Newark, NJ", "region": "US"}
        for number, name, status in rows
    ]  # fmt: skip
    world.us.shop.warehouses_read_at = clock.now()
    world.us.shop.save()


def stocked(world: console_data.World, **at: int) -> str:
    """The SKU of a variant that is listed in Shop US, with these units at these locations."""
    variant = StoreVariant.objects.filter(store=world.us.store, stock__gt=0).order_by("id")[0]
    row = StoreProduct.objects.get(store=world.us.store, product_id=variant.product_id)
    product = from_json(bytes(row.document), Product)
    levels = tuple((number.removeprefix("l"), units) for number, units in at.items())
    variants = tuple(
        msgspec.structs.replace(each, stock=levels[0][1], stock_at=levels) if each.id == variant.variant_id else each
        for each in product.variants
    )
    row.document = to_json(msgspec.structs.replace(product, variants=variants))
    row.save()
    return variant.sku


@pytest.mark.covers("P17-28", "P17-29")
def test_locations_are_listed_with_their_state_and_what_is_not_linked_is_flagged(console, world):
    page = console.get("/inventory/locations/")
    for row in ("Columbus Active · orders draw from here 31,204 4,806", "Reno Active 9,877 3,990"):
        assert row in page, row
    assert "Chicago showroom is not linked. Its 214 units in 96 SKUs are not offered on TikTok." in page
    assert page.text.count("Not linked") == 1
    assert "1 not linked" in page

    saved = console.post(f"/inventory/locations/{world.us.id}/3/", {"warehouse": "7002"})
    assert "Saved: Chicago showroom." in saved
    assert "is not linked" not in saved
    linked = LocationLink.objects.filter(warehouse_id="7002").order_by("position")
    assert list(linked.values_list("location_id", flat=True)) == ["2", "3"]
    Location.objects.filter(location_id="2").update(enabled=False)
    assert "Not active" in console.get("/inventory/locations/")


@pytest.mark.covers("P17-07", "P17-49")
def test_nothing_is_listed_while_pulling_locations_is_off(console, world):
    Connection.objects.update(preferences={})
    page = console.get("/inventory/locations/")
    assert "Columbus" not in page
    assert "Locations are not read Pulling locations is off" in page
    assert f'href="/connections/{world.us.id}/settings/#pull_locations"' in page.html


def test_a_rule_says_what_it_would_send_of_a_sku_and_why(console, world):
    sku = stocked(world, l1=20, l2=6)
    Connection.objects.filter(id=world.us.id).update(preferences={"pull_locations": True, "reserve": 2})

    page = console.get(f"/inventory/warehouses/?sku={sku}")
    assert "Would send 20 to US East." in page
    assert "20 Columbus; 2 a variant kept back" in page
    assert "Would send 4 to US West." in page
    assert "Nothing is sent." in page
    assert "No store has the SKU nonsense." in console.get("/inventory/warehouses/?sku=nonsense")


@pytest.mark.covers("BIGS-24")
def test_a_rule_is_edited_among_the_warehouses_of_its_shop(console, world):
    address = f"/inventory/warehouses/{world.us.id}/rule/7001/"
    listed = console.get("/inventory/warehouses/")
    table = listed.text.partition("TikTok warehouses of Shop US")[2].partition("TikTok warehouses of Shop UK")[0]
    assert all(name in table for name in ("US East", "US West", "US South"))
    page = console.get(address)
    assert "US East" in page
    assert 'value="7002"' not in page.html  # another rule's
    assert "Reno 9,877 units, now feeds US West" in page

    console.post(address, {"warehouse": "7001", "location": ["1", "2"], "only": "2"})
    [rule] = [each for each in push_rules.rules_of(world.us) if each.warehouse_id == "7001"]
    assert rule.location_id == "2"
    assert [each.location_id for each in push_rules.links_of(world.us) if each.warehouse_id == "7001"] == ["1", "2"]
    assert not LocationLink.objects.filter(warehouse_id="7002").exists()

    assert "The store has no location 9." in console.post(address, {"warehouse": "7001", "location": ["9"]})
    assert console.get(f"/inventory/warehouses/{world.us.id}/rule/9999/").status == 404


@pytest.mark.covers("BIGS-25", "BIGS-27", "BIGS-29")
def test_a_refused_warehouse_shows_its_steps_and_fix_all_leaves_the_rest_alone(console, world):
    PushRule.objects.filter(warehouse_id="7002").update(refused_at=clock.now())
    page = console.get("/inventory/warehouses/")
    assert "Fix US West TikTok does not accept stock here “Invalid platform warehouse status.”" in page
    assert "Shop checked: active. Warehouse: Refused by TikTok" in page
    assert "Synchronize the warehouses and try again." in page
    assert "Synchronize warehouses and try again" in page

    rows = (("7001", "US East", "ENABLED"), ("7002", "US West", "DISABLED"), ("7003", "US South", "ENABLED"))
    house(world, *rows)
    page = console.get("/inventory/warehouses/")
    assert "Choose another warehouse for this rule; the stock is then sent again." in page
    assert "Use US East" in page
    console.post(f"/inventory/warehouses/{world.us.id}/replace/7002/", {"warehouse": "7003"})
    kept = {each.warehouse_id: each.refused_at for each in push_rules.rules_of(world.us)}
    assert kept == {"7001": None, "7003": None}

    world.us.shop.failing = [["SHOP_STATUS", ["The shop is suspended."]]]
    world.us.shop.save()
    PushRule.objects.filter(warehouse_id="7003").update(refused_at=clock.now())
    page = console.get("/inventory/warehouses/")
    assert "The shop may not sell: The shop is suspended. Another warehouse does not help" in page
    assert "Rules of 0" not in page
    assert "0 rules got another warehouse." in console.post(f"/inventory/warehouses/{world.us.id}/repair/")


@pytest.mark.covers("BIGS-29")
def test_fix_all_moves_what_failed_and_neither_what_never_did_nor_direct_shipping(console, world):
    house(
        world, ("7001", "US East", "ENABLED"), ("7002", "US West", "DISABLED"), ("7003", "US South", "ENABLED"),
        ("7004", "Global Warehouse", "ENABLED"),
    )  # fmt: skip
    world.us.shop.warehouses[3]["kind"] = "CB_DIRECT_SHIPPING_WAREHOUSE"
    world.us.shop.save()
    PushRule.objects.create(account=world.account, connection=world.us, warehouse_id="7004", position=2)
    before = clock.after(-60)  # the reading of the warehouses is younger, and does not cure it
    PushRule.objects.filter(warehouse_id__in=["7002", "7004"]).update(refused_at=before)
    locations = {row.location_id: row.warehouse_id for row in LocationLink.objects.all()}

    assert "1 rule got another warehouse." in console.post(f"/inventory/warehouses/{world.us.id}/repair/")

    kept = {each.warehouse_id: each.refused_at is None for each in push_rules.rules_of(world.us)}
    assert kept == {"7001": True, "7003": True, "7004": False}
    assert {row.location_id: row.warehouse_id for row in LocationLink.objects.all()} == {**locations, "2": "7003"}

    house(world, ("7001", "US East", "ENABLED"), ("7003", "US South", "DISABLED"))  # none is free
    PushRule.objects.filter(warehouse_id="7003").update(refused_at=clock.after(-60))
    assert "0 rules got another warehouse." in console.post(f"/inventory/warehouses/{world.us.id}/repair/")
    assert {row.location_id: row.warehouse_id for row in LocationLink.objects.all()} == {**locations, "2": "7003"}


@pytest.mark.covers("SILK-103")
def test_the_page_names_its_shop_and_what_to_do_in_another_account(console, world):
    page = console.get("/inventory/warehouses/")
    shop = world.us.shop
    assert f"shop is {shop} , id {shop.shop_id} ." in page
    assert (
        "If the page doesn't match this connection, you are logged in to Seller Center with another TikTok account: "
        "log out there, log in to the right one, then refresh."
    ) in page
