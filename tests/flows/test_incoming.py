"""The catalog the other way: products of the shop are made and changed in the store, each exactly once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from tests.flows.conftest import HOME
from tests.flows.faults import fault
from twinshelf.accounts.models import User
from twinshelf.goods.models import StoreProduct
from twinshelf.listings.models import IncomingRow, Link
from twinshelf.sync.models import ChangeRecord, Problem

OAK = [{"id": "100157", "values": [{"name": "Oak"}]}]


@pytest.fixture
def leading(twinshelf):
    """The shop's catalog leads."""
    twinshelf.prefer(catalog_direction="tts_to_bc")
    return twinshelf


def sell(sandbox, shop, sku, *, title="Oak bowl", price="24.50", quantity=7, **more):
    """A product that a person lists in Seller Center; its id."""
    return sandbox.act(
        "tt.add_product", shop_id=shop.id, title=title, category_id=HOME, seller_sku=sku, price=price,
        quantity=quantity, more={"product_attributes": OAK, **more},
    )  # fmt: skip


def in_color(name, sku, price):
    return {
        "seller_sku": sku,
        "price": {"amount": price},
        "sales_attributes": [{"name": "Color", "value_name": name}],
    }


def prices(product):
    """What a shopper pays for its variants, in their order."""
    return [Decimal(str(variant["calculated_price"])) for variant in product["variants"]]


def made(store):
    """The SKUs of the products that were made in the store by calls."""
    return [effect.detail["name"] for effect in store.effects("product_created") if effect.cause.startswith("bigc")]


def test_a_product_of_the_shop_is_made_in_the_store_once_and_follows_the_shop(sandbox, store, shop, leading):
    lamp = sell(
        sandbox, shop, "", title="Desk lamp", quantity=7,
        description='<p>Bright <b style="color:red">and</b> warm.</p>',
        package_weight={"value": "2.5", "unit": "POUND"},
        package_dimensions={"length": "12", "width": "8", "height": "6", "unit": "INCH"},
        skus=[in_color("Red", "LAMP-R", "31.00"), in_color("Blue", "LAMP-B", "33.00")],
    )  # fmt: skip
    leading.settle()
    leading.wait(3600)

    assert made(store) == ["Desk lamp"]
    product = store.act("product", sku="LAMP-R")
    assert (product["name"], product["description"]) == ("Desk lamp", "<p>Bright <b>and</b> warm.</p>")
    assert [Decimal(str(product[side])) for side in ("weight", "depth", "width", "height")] == [
        Decimal("2.5"), 12, 8, 6,
    ]  # fmt: skip
    assert product["inventory_tracking"] == "variant"
    assert len(product["images"]) == 1
    variants = [(v["sku"], v["inventory_level"], v["option_values"][0]["label"]) for v in product["variants"]]
    assert variants == [("LAMP-R", 7, "Red"), ("LAMP-B", 7, "Blue")]
    assert prices(product) == [Decimal(31), Decimal(33)]
    assert sorted(Link.objects.values_list("seller_sku", "tiktok_id")) == [("LAMP-B", lamp), ("LAMP-R", lamp)]
    assert shop.effects("stock_set") == []  # both sides have the same units
    record = ChangeRecord.objects.get()
    assert (record.kind, record.key, record.ok) == ("CreateStoreProduct", lamp, True)
    assert "x-signature" not in str(record.change)

    sandbox.act("tt.edit_product", product_id=lamp, changes={"title": "Desk lamp of oak"})
    sandbox.act("tt.approve", product_id=lamp)
    sandbox.act("tt.set_price", product_id=lamp, sku="LAMP-B", price="35.00")
    leading.settle()
    leading.poll()

    product = store.act("product", sku="LAMP-R")
    assert product["name"] == "Desk lamp of oak"
    assert prices(product) == [Decimal(31), Decimal(35)]
    kinds = list(ChangeRecord.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["CreateStoreProduct", "SetStoreProduct", "SetStorePrices"]
    assert made(store) == ["Desk lamp"]
    assert [effect.detail["source"] for effect in shop.effects("product_edited")] == ["SELLER_CENTER"]
    assert [effect.detail["after"] for effect in shop.effects("price_set")] == ["35.00"]  # what the person set
    assert leading.problems() == []


def test_a_lost_answer_makes_no_second_product(sandbox, store, shop, leading):
    fault(sandbox, action="drop", phase="after", method="POST", path="/v3/catalog/products", times=1)
    sell(sandbox, shop, "BOWL-1")
    leading.settle()
    leading.wait(60)
    leading.wait(600)

    assert made(store) == ["Oak bowl"]
    assert Link.objects.get().seller_sku == "BOWL-1"
    assert StoreProduct.objects.get().sku == "BOWL-1"
    assert IncomingRow.objects.count() == 1
    assert leading.problems() == []


@pytest.mark.parametrize("pulled", [True, False])
def test_equal_skus_are_linked_and_nothing_is_made(sandbox, store, shop, leading, pulled):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00")
    if pulled:
        leading.pull()
    sold = sell(sandbox, shop, "MUG-1", title="Enamel mug, white", price="14.00")
    leading.settle()
    leading.wait(5)

    assert made(store) == []
    assert Link.objects.values_list("product_id", "seller_sku", "tiktok_id").get() == (str(mug), "MUG-1", sold)
    product = store.act("product", sku="MUG-1")
    assert (product["name"], prices(product)) == ("Enamel mug, white", [Decimal(14)])
    store.act("edit_product", product_id=mug, name="Mug of the store")  # what a person sets there stays
    leading.wait(600)
    leading.poll()
    assert store.act("product", sku="MUG-1")["name"] == "Mug of the store"


def test_a_sku_that_is_nearly_equal_or_used_twice_creates_nothing_and_says_why(sandbox, store, shop, leading):
    store.add_product(sku="AB-1", title="Bowl of the store")
    leading.pull()
    near = sell(sandbox, shop, "ab-1", title="Bowl of the shop")
    twice = [sell(sandbox, shop, "CUP-1", title=f"Cup {n}") for n in (1, 2)]
    named = sell(sandbox, shop, "OTHER-1", title="Bowl of the store")
    leading.settle()
    leading.wait(60)
    leading.poll()

    assert made(store) == []
    assert Link.objects.count() == 0
    assert leading.problems() == sorted(
        [(near, "E-IMP-NEAR"), *((cup, "E-IMP-DUP") for cup in twice), (named, "E-IMP-NAME")]
    )
    client = Client()
    client.force_login(User.objects.get(email="maya@fernhollow.test"))
    page = client.get("/activity/problems/").content.decode()
    assert "Bowl of the shop" in page  # by its title, not by its number
    assert near not in page
    facts = Problem.objects.get(code="E-IMP-NEAR").facts["pairs"]
    assert facts == "“ab-1” on TikTok, “AB-1” in BigCommerce (character 1: “A” in BigCommerce, “a” on TikTok)"


def test_without_stock_sync_no_units_cross_and_with_the_catalog_off_no_product_does(sandbox, store, shop, twinshelf):
    twinshelf.prefer(catalog_direction="disabled")
    sell(sandbox, shop, "BOWL-1")
    twinshelf.settle()
    twinshelf.poll()
    assert made(store) == []

    twinshelf.prefer(catalog_direction="tts_to_bc", inventory_direction="disabled")
    sell(sandbox, shop, "DISH-1", title="Oak dish")
    twinshelf.settle()
    twinshelf.wait(5)
    assert sorted(made(store)) == ["Oak bowl", "Oak dish"]
    assert store.act("product", sku="DISH-1")["inventory_tracking"] == "none"
