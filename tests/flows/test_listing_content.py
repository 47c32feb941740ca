"""What a listing says of its product survives the way to the shop, and products that come back double nothing."""

from __future__ import annotations

from decimal import Decimal

from tests.flows.conftest import MAYA
from twinshelf.listings import actions as catalog
from twinshelf.listings.models import Link, ListingRow
from twinshelf.messages import text
from twinshelf.sync.models import Problem


def shown(sandbox, shop, twinshelf, product):
    """The product as the shop has it."""
    return sandbox.world.table(f"tt/{shop.id}/products").get(twinshelf.listing(product).tiktok_id)["base"]


def on_sale(sandbox, shop, sku):
    """Ids of the shop's listings that are not deleted and have a seller SKU."""
    return [
        listing_id
        for listing_id, product in sandbox.world.table(f"tt/{shop.id}/products").items()
        if product["status"] != "DELETED" and sku in [each["seller_sku"] for each in product["base"]["skus"]]
    ]


def of_sizes(store, *skus, title="Plain tee shirt"):
    variants = [
        {"sku": sku, "inventory_level": 5, "option_values": [{"option_display_name": "Size", "label": f"No. {n}"}]}
        for n, sku in enumerate(skus, 1)
    ]
    return store.add_product(sku="", title=title, inventory_tracking="variant", variants=variants)


def test_how_many_an_order_may_have_goes_along_changes_and_goes_away(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", order_quantity_minimum=2, order_quantity_maximum=12)
    jar = store.add_product(sku="JAR-1", order_quantity_minimum=21)
    plain = store.add_product(sku="CUP-1")

    def limits(product):
        made = shown(sandbox, shop, twinshelf, product)
        return made.get("minimum_order_quantity"), made.get("purchase_order_quantity_limit")

    twinshelf.list()
    assert limits(mug) == (2, {"maximum_order_quantity": 12})
    assert limits(plain) == (None, None)
    assert twinshelf.problems() == [(str(jar), "E-LST-ORDERQTY")]

    store.act("edit_product", product_id=mug, order_quantity_minimum=3, order_quantity_maximum=0)
    twinshelf.settle()
    twinshelf.wait(600)
    assert limits(mug) == (3, None)
    assert len(shop.effects("product_edited")) == 1


def test_a_parcel_weighs_what_it_weighs_rounded_up(sandbox, store, shop, twinshelf):
    pounds = ("0.001", "0.004", "1.201", "1.2")
    pins = [store.add_product(sku=f"PIN-{n}", weight=Decimal(weight)) for n, weight in enumerate(pounds)]

    twinshelf.list()

    assert twinshelf.problems() == []
    sent = [shown(sandbox, shop, twinshelf, pin)["package_weight"] for pin in pins]
    assert sent == [{"value": weight, "unit": "POUND"} for weight in ("0.01", "0.01", "1.21", "1.2")]


def test_options_that_tiktok_takes_for_one_are_told_before_any_call(sandbox, store, shop, twinshelf):
    def tee(sku, *each):
        variants = [
            {"sku": f"{sku}-{n}", "price": 20, "inventory_level": 5,
             "option_values": [{"option_display_name": name, "label": label} for name, label in values.items()]}
            for n, values in enumerate(each)
        ]  # fmt: skip
        return store.add_product(sku=sku, inventory_tracking="variant", variants=variants)

    refused = [
        tee("A", {"Color": "Navy"}, {"Color": "navy"}),
        tee("B", {"Road": "Straße"}, {"Road": "STRASSE"}),
        tee("C", {"Size": "S", "size": "1"}, {"Size": "M", "size": "2"}),
        tee("D", {"Color": "\uff2eavy"}, {"Color": "Navy"}),
    ]
    stars = tee("E", {"Rating": "★"}, {"Rating": "★★"})
    twinshelf.pull()

    catalog.list_products(twinshelf.connection, None, by=MAYA)
    twinshelf.settle()

    assert [e for e in sandbox.world.effects if e.kind == "image_uploaded"] == []
    assert twinshelf.problems() == [
        *((str(product), "E-LST-VAR") for product in refused),
        (str(stars), "E-LST-OPTION"),
    ]
    told = text(Problem.objects.get(key=str(stars)))
    assert "“★” (SKU E-0), “★★” (SKU E-1)" in told


def test_products_that_are_deleted_and_imported_again_take_their_listings_over(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    tee = of_sizes(store, "TEE-S", "TEE-M", "TEE-L")
    twinshelf.list()
    before = {sku: on_sale(sandbox, shop, sku) for sku in ("MUG-1", "TEE-S", "TEE-L")}
    store.act("delete_product", product_id=mug)
    store.act("delete_product", product_id=tee)
    twinshelf.settle()

    mug_again, tee_again = store.add_product(sku="MUG-1", stock=4), of_sizes(store, "TEE-S", "TEE-M")
    twinshelf.settle()
    twinshelf.list()
    twinshelf.poll()
    twinshelf.wait(700)

    assert {sku: on_sale(sandbox, shop, sku) for sku in ("MUG-1", "TEE-S", "TEE-L")} == before
    assert len(shop.effects("product_created")) == 2
    assert [twinshelf.listing(product).state for product in (mug_again, tee_again)] == ["live", "live"]
    assert [twinshelf.listing(product).tiktok_id for product in (mug, tee)] == ["", ""]
    assert {link.seller_sku: link.quantity for link in Link.objects.all()} == {
        "MUG-1": 4, "TEE-S": 5, "TEE-M": 5, "TEE-L": 0,
    }  # fmt: skip
    assert twinshelf.problems() == [(str(tee_again), "W-PRD-VARGONE")]
    assert twinshelf.differences() == []


def test_a_product_whose_skus_the_shop_has_in_several_listings_makes_no_other(sandbox, store, shop, twinshelf):
    first, second = store.add_product(sku="MUG-1"), store.add_product(sku="MUG-2")
    twinshelf.list()
    Link.objects.all().delete()
    ListingRow.objects.all().delete()
    for product in (first, second):
        store.act("delete_product", product_id=product)
    twinshelf.poll()

    both = of_sizes(store, "MUG-1", "MUG-2", title="Enamel mug")
    twinshelf.settle()
    twinshelf.list(both)

    assert twinshelf.problems() == [(str(both), "E-SKU-SHOP")]
    assert len(shop.effects("product_created")) == 2
