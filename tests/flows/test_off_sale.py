"""What the merchant takes off sale in the store is offered no more in any shop, and stays listed (CAT-3, CAT-4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.faults import HELD_SECONDS
from tests.flows.neighbors import shelf
from twinshelf.sync.models import Problem


def tee(store, *sizes: str, **more: Any) -> int:
    """A product with a variant of five units for each size."""
    variants = [
        {
            "sku": f"TEE-{size}",
            "price": 20,
            "inventory_level": 5,
            "option_values": [{"option_display_name": "Size", "label": size}],
        }
        for size in sizes
    ]
    return int(store.add_product(sku="TEE", title="Plain tee", inventory_tracking="variant", variants=variants, **more))


def shown(sandbox, shop, twinshelf, product_id: int) -> dict[str, tuple[str, int]]:
    """What TikTok shows: TikTok SKU id and units by seller SKU."""
    listing_id = twinshelf.listing(product_id).tiktok_id
    product = sandbox.world.table(f"tt/{shop.id}/products").get(listing_id)["base"]
    offers = sandbox.world.table(f"tt/{shop.id}/offers")[listing_id]["skus"]
    return {
        sku["seller_sku"]: (sku["id"], sum(level[0] for level in offers[sku["id"]]["stock"].values()))
        for sku in product["skus"]
    }


def told(product_id: int) -> dict[str, dict[str, str]]:
    found = Problem.objects.filter(key=str(product_id), closed_at=None)
    return {problem.code: problem.facts for problem in found}


def test_a_product_that_is_disabled_is_offered_no_more_until_it_is_available_again(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=10)
    twinshelf.list(mug)

    store.act("edit_product", product_id=mug, availability="disabled")
    twinshelf.settle()

    assert shelf(shop, twinshelf, mug) == 0
    assert twinshelf.listing(mug).state == "live"
    assert told(mug) == {"W-PRD-OFFSALE": {"skus": "MUG-1"}}
    assert twinshelf.differences() == []

    store.act("set_stock", sku="MUG-1", quantity=8)
    twinshelf.settle()
    assert shelf(shop, twinshelf, mug) == 0

    store.act("edit_product", product_id=mug, availability="available")
    twinshelf.settle()
    assert shelf(shop, twinshelf, mug) == 8
    assert told(mug) == {}
    assert shop.effects("product_edited") == []


def test_orders_for_what_was_taken_off_sale_are_imported(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=10)
    twinshelf.list(mug)
    order = shop.buy(("MUG-1", 2))
    store.act("edit_product", product_id=mug, availability="disabled")
    twinshelf.settle()

    twinshelf.wait(HELD_SECONDS)

    assert twinshelf.order(order).store_order_id is not None
    assert store.act("stock", sku="MUG-1") == 8
    assert shelf(shop, twinshelf, mug) == 0


def test_a_product_that_was_never_listed_is_skipped(store, twinshelf):
    mug = store.add_product(sku="MUG-1", availability="disabled")
    twinshelf.list(mug)

    assert told(mug) == {"I-NOT-PURCHASABLE": {}}
    assert twinshelf.listing(mug).tiktok_id == ""


def test_a_product_that_only_the_store_hides_stays_on_sale(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=10)
    twinshelf.list(mug)

    store.act("edit_product", product_id=mug, is_visible=False)
    twinshelf.settle()

    assert shelf(shop, twinshelf, mug) == 10
    assert told(mug) == {}


@pytest.mark.parametrize("sizes", [("S",), ("S", "M")])
def test_a_variant_that_is_switched_off_keeps_its_sku_with_0_and_comes_back_with_it(
    sandbox, store, shop, twinshelf, sizes
):
    product = tee(store, *sizes)
    twinshelf.list(product)
    before = shown(sandbox, shop, twinshelf, product)

    store.act("edit_variant", sku="TEE-S", purchasing_disabled=True)
    twinshelf.settle()

    assert shown(sandbox, shop, twinshelf, product) == before | {"TEE-S": (before["TEE-S"][0], 0)}
    assert told(product) == {"W-PRD-OFFSALE": {"skus": "TEE-S"}}
    assert twinshelf.differences() == []

    store.act("edit_product", product_id=product, name="Plain tee, heavy")  # an edit that names all SKUs
    twinshelf.settle()
    twinshelf.wait(700)
    assert shown(sandbox, shop, twinshelf, product) == before | {"TEE-S": (before["TEE-S"][0], 0)}

    store.act("edit_variant", sku="TEE-S", purchasing_disabled=False)
    twinshelf.settle()
    twinshelf.wait(700)

    assert shown(sandbox, shop, twinshelf, product) == before
    assert told(product) == {}
    assert shop.effects("sku_deleted") == []
    assert twinshelf.differences() == []


def test_a_deleted_variant_keeps_its_sku_with_0_and_is_flagged(sandbox, store, shop, twinshelf):
    product = tee(store, "S", "M", "L")
    twinshelf.list(product)
    before = shown(sandbox, shop, twinshelf, product)

    store.act("delete_variant", sku="TEE-M")
    twinshelf.settle()
    store.act("edit_product", product_id=product, name="Plain tee, heavy")
    twinshelf.settle()
    twinshelf.wait(700)

    assert shown(sandbox, shop, twinshelf, product) == before | {"TEE-M": (before["TEE-M"][0], 0)}
    assert told(product) == {"W-PRD-VARGONE": {"skus": "TEE-M"}}
    assert shop.effects("sku_deleted") == []
    assert twinshelf.differences() == []


@pytest.mark.parametrize("sku", ["TEE-M", "TEE-MEDIUM"])
def test_a_variant_that_is_made_anew_takes_over_the_sku_of_the_one_it_replaces(sandbox, store, shop, twinshelf, sku):
    """Found by its seller SKU, or by its options."""
    product = tee(store, "S", "M")
    twinshelf.list(product)
    before = shown(sandbox, shop, twinshelf, product)

    store.act("delete_variant", sku="TEE-M")
    twinshelf.settle()
    option = [{"option_display_name": "Size", "label": "M"}]
    again = {"sku": sku, "price": 20, "inventory_level": 3, "option_values": option}
    store.act("add_variant", product_id=product, variant=again)
    twinshelf.pull()
    twinshelf.wait(700)

    after = shown(sandbox, shop, twinshelf, product)
    assert after == {"TEE-S": before["TEE-S"], sku: (before["TEE-M"][0], 3)}
    assert told(product) == {}
    assert shop.effects("sku_deleted") == []
    assert twinshelf.differences() == []
