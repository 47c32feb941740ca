"""Which variant of the store a line of an order takes, whatever becomes of SKUs, links and variants meanwhile."""

from __future__ import annotations

import httpx2
import pytest

from tests.flows.conftest import StoreWorld
from tests.flows.faults import HELD_SECONDS
from twinshelf.kit import clock
from twinshelf.listings.models import Link
from twinshelf_sandbox.transport import SandboxTransport


def rename(sandbox, store, product_id, sku):
    """Give a product without options another SKU, as somebody in the control panel would."""
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Control panel")
    with httpx2.Client(transport=SandboxTransport(sandbox.site)) as client:
        answer = client.put(
            f"http://sandbox.test/stores/{store.hash}/v3/catalog/products/{product_id}",
            headers={"x-auth-token": keys["access_token"], "accept": "application/json"},
            json={"sku": sku},
        )
    assert answer.status_code == 200, answer.text


def tee(store: StoreWorld, *sizes: str) -> int:
    variants = [
        {"sku": f"TEE-{size}", "price": 20, "inventory_level": 5, "option_values": option(size)} for size in sizes
    ]
    return store.add_product(sku="TEE", title="Plain tee shirt", inventory_tracking="variant", variants=variants)


def option(size):
    return [{"option_display_name": "Size", "label": size}]


def lines_of(store, twinshelf, order_id):
    """(product id, variant id, quantity) of the lines of its store order."""
    lines = store.act("order", order_id=twinshelf.order(order_id).store_order_id)["products"]
    return [(line["product_id"], line["variant_id"], line["quantity"]) for line in lines]


# -- a variant that is gone -----------------------------------------------------------------------------------------


def test_an_order_on_hold_takes_the_variant_that_was_made_anew(store, shop, twinshelf):
    product = tee(store, "S", "M")
    twinshelf.list(product)
    order_id = shop.buy(("TEE-M", 1))
    twinshelf.settle()

    store.act("delete_variant", sku="TEE-M")
    again = {"sku": "TEE-M", "price": 20, "inventory_level": 4, "option_values": option("M")}
    variant = store.act("add_variant", product_id=product, variant=again)
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)

    assert lines_of(store, twinshelf, order_id) == [(product, variant, 1)]
    assert store.act("stock", sku="TEE-M") == 3
    assert [code for _key, code in twinshelf.problems() if code.startswith("E-ORD")] == []


def test_an_order_of_a_variant_that_is_gone_is_told_by_its_sku_and_never_sent(store, shop, twinshelf):
    product = tee(store, "S", "M")
    twinshelf.list(product)
    order_id = shop.buy(("TEE-M", 1))
    twinshelf.settle()

    store.act("delete_variant", sku="TEE-M")
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)

    row = twinshelf.order(order_id)
    assert (row.creation, row.attempts) == ("failed", 0)
    assert row.reason == "Not created in BigCommerce: no linked product for SKU TEE-M (deleted in BigCommerce)."
    assert (order_id, "E-ORD-SKU") in twinshelf.problems()
    assert store.effects("order_created") == []


def test_an_order_of_a_deleted_product_is_told_by_its_sku_and_time_and_never_sent(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    store.act("delete_product", product_id=mug)
    twinshelf.settle()
    deleted = clock.now()

    twinshelf.wait(HELD_SECONDS)

    row = twinshelf.order(order_id)
    assert (row.creation, row.attempts) == ("failed", 0)
    assert row.reason == (
        "Not created in BigCommerce: no linked product for SKU MUG-1 "
        f"(deleted in BigCommerce at {deleted:%Y-%m-%d %H:%M} UTC)."
    )
    assert (order_id, "E-ORD-SKU") in twinshelf.problems()
    assert store.effects("order_created") == []


# -- SKUs that move -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("linked", [True, False])
def test_an_order_stays_with_its_variant_when_the_sku_is_renamed(sandbox, store, shop, twinshelf, linked):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    if not linked:
        Link.objects.all().delete()
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()

    rename(sandbox, store, mug, "MUG-ONE")
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)

    assert [line[0] for line in lines_of(store, twinshelf, order_id)] == [mug]
    assert store.act("stock", sku="MUG-ONE") == 5


@pytest.mark.parametrize("linked", [True, False])
def test_an_order_never_books_on_the_product_that_was_given_its_sku(sandbox, store, shop, twinshelf, linked):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    if not linked:
        Link.objects.all().delete()
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()

    rename(sandbox, store, mug, "MUG-ONE")
    store.add_product(sku="MUG-1", title="Enamel teapot", stock=9)
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)

    assert [line[0] for line in lines_of(store, twinshelf, order_id)] == [mug]
    assert (store.act("stock", sku="MUG-ONE"), store.act("stock", sku="MUG-1")) == (5, 9)


def test_an_order_of_a_deleted_product_never_books_on_the_one_that_was_given_its_sku(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()

    store.act("delete_product", product_id=mug)
    store.add_product(sku="MUG-1", title="Enamel teapot", stock=9)
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)

    assert twinshelf.order(order_id).reason.startswith(
        "Not created in BigCommerce: no linked product for SKU MUG-1 (del"
    )
    assert store.effects("order_created") == []
    assert store.act("stock", sku="MUG-1") == 9
