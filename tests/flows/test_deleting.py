"""What becomes of a listing whose product, or variant, was deleted in the store."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.browser import Browser
from tests.flows.faults import lose_webhooks
from twinshelf.listings.models import Link
from twinshelf.sync.models import ChangeRecord


def in_shop(sandbox: Any, shop: Any, tiktok_id: str) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.world.table(f"tt/{shop.id}/products")[tiktok_id]
    return found


def deleted(shop: Any) -> list[str]:
    """TikTok's ids of the products that were deleted in the shop, in that order."""
    return [e.key for e in shop.effects("product_status") if e.detail["after"] == "DELETED"]


def switch(twinshelf: Any, *, on: bool) -> list[str]:
    """Switch automatic deletion on the page of settings."""
    value = {"auto_delete": "on" if on else "off"}
    told = Browser().post(f"/connections/{twinshelf.connection.id}/settings/", value)
    twinshelf.connection.refresh_from_db()
    twinshelf.settle()
    return told


@pytest.mark.covers("CED-22")
def test_a_deleted_product_stays_flagged_with_0_units_or_goes_from_the_shop_too(sandbox, store, shop, twinshelf):
    mug, bowl = store.add_product(sku="MUG-1", stock=7), store.add_product(sku="BOWL-1", stock=7)
    twinshelf.list()
    ids = {product: twinshelf.listing(product).tiktok_id for product in (mug, bowl)}
    browser = Browser()

    store.act("delete_product", product_id=mug)
    twinshelf.settle()
    twinshelf.wait(700)

    assert deleted(shop) == []
    assert [(e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")] == [("MUG-1", 0)]
    assert twinshelf.problems() == [(str(mug), "W-PRD-DELETED")]
    assert "Deleted in BigCommerce" in browser.product(mug)
    assert browser.products_by_state() == {"all": {str(bowl)}, "live": {str(bowl)}, "shop_only": {str(mug)}}

    told = switch(twinshelf, on=True)
    assert told[0].startswith("Saved: Delete products by itself. 1 product is compared with TikTok again")
    store.act("delete_product", product_id=bowl)
    twinshelf.settle()

    assert deleted(shop) == [ids[mug], ids[bowl]]
    assert twinshelf.problems() == []
    assert not Link.objects.exists()
    made = ChangeRecord.objects.filter(kind="DeleteListing", ok=True)
    assert set(made.values_list("key", flat=True)) == {str(mug), str(bowl)}
    assert "Deleted on TikTok" in browser.words("/activity/changes/")
    assert twinshelf.differences() == []
    twinshelf.wait(86_400)  # nothing makes it anew, or deletes it twice
    assert len(shop.effects("product_created")) == len(deleted(shop)) == 2


@pytest.mark.covers("CED-23")
def test_a_deleted_variant_is_never_deleted_in_the_shop(sandbox, store, shop, twinshelf):
    sizes = [
        {"sku": f"TEE-{size}", "inventory_level": 5, "option_values": [{"option_display_name": "Size", "label": size}]}
        for size in ("S", "M")
    ]
    tee = store.add_product(sku="TEE", title="Plain tee", variants=sizes, inventory_tracking="variant")
    twinshelf.list(tee)
    switch(twinshelf, on=True)

    store.act("delete_variant", sku="TEE-M")
    twinshelf.settle()
    twinshelf.wait(700)

    assert deleted(shop) == shop.effects("sku_deleted") == []
    skus = in_shop(sandbox, shop, twinshelf.listing(tee).tiktok_id)["skus"]
    assert {sku["seller_sku"] for sku in skus} == {"TEE-S", "TEE-M"}
    assert {link.seller_sku: link.quantity for link in Link.objects.all()} == {"TEE-S": 5, "TEE-M": 0}
    assert twinshelf.problems() == [(str(tee), "W-PRD-VARGONE")]
    assert "A variant was deleted in BigCommerce" in Browser().product(tee)


def test_many_products_that_vanish_unsaid_are_not_deleted_before_somebody_confirms_it(sandbox, store, shop, twinshelf):
    mugs = [store.add_product(sku=f"MUG-{n}") for n in range(5)]
    twinshelf.list()
    switch(twinshelf, on=True)
    lose_webhooks(sandbox)
    for mug in mugs[:4]:
        store.act("delete_product", product_id=mug)

    twinshelf.pull()

    assert deleted(shop) == []
    assert {code for _key, code in twinshelf.problems()} == {"E-PRD-GONE"}
