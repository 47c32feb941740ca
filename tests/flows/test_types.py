"""Simple products, and products that only the shop has, in the list of products."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import HOME, MAYA
from tests.flows.test_skus import in_shop
from twinshelf.goods.models import StoreProduct
from twinshelf.rules import actions as rules


def options(*sizes: str) -> list[dict[str, Any]]:
    return [
        {"sku": f"TEE-{size}", "inventory_level": 5, "option_values": [{"option_display_name": "Size", "label": size}]}
        for size in sizes
    ]


@pytest.mark.covers("CED-76")
def test_the_filter_for_simple_products_returns_exactly_those_without_options(store, twinshelf):
    mug = str(store.add_product(sku="MUG-1", title="Enamel mug"))
    bowl = str(store.add_product(sku="BOWL-1", title="Enamel bowl"))
    one_size = str(store.add_product(sku="CAP", title="Cap of one size", variants=options("ONE")))
    tee = str(store.add_product(sku="TEE", title="Plain tee", variants=options("S", "M")))
    twinshelf.pull()

    def found(query: str) -> set[str]:
        return {line.product.product_id for line in Browser().get(f"/products/?{query}").context["page"].rows}

    assert found("type=simple") == {mug, bowl}
    assert found("type=variants") == {one_size, tee}
    assert found("type=simple&q=bowl") == {bowl}
    assert "Simple product" in Browser().words("/products/?type=simple")
    store.act("add_variant", product_id=int(mug), variant=options("L")[0] | {"sku": "MUG-L"})
    twinshelf.settle()
    assert found("type=simple") == {bowl}


@pytest.mark.covers("SHOP-13")
def test_products_of_the_shop_that_are_linked_with_none_of_the_store_are_in_a_tab_of_their_own(store, shop, twinshelf):
    browser = Browser()
    theirs = in_shop(store, twinshelf, "OLD-1", "OLD-2")
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    assert StoreProduct.objects.count() == 1

    page = browser.get("/products/?state=shop_only").context
    assert ("shop_only", "On TikTok only", 2) in page["pills"]
    assert [(one.tiktok_id, one.skus) for one in page["unlinked"].rows] == [
        (theirs[0], ("OLD-1",)), (theirs[1], ("OLD-2",)),
    ]  # fmt: skip
    assert "Of somebody else, OLD-1 US Live OLD-1" in browser.words("/products/?state=shop_only")
    assert [one.tiktok_id for one in browser.get("/products/?state=shop_only&q=old-2").context["unlinked"].rows] == [
        theirs[1]
    ]

    twinshelf.list(store.add_product(sku="OLD-1"))  # equal SKUs: they belong together
    page = browser.get("/products/?state=shop_only").context
    assert [one.tiktok_id for one in page["unlinked"].rows] == [theirs[1]]
    assert twinshelf.differences() == []


@pytest.mark.covers("SILK-13")
def test_the_custom_field_category_is_the_category_of_a_product(store, twinshelf):
    fields = [{"name": " category ", "value": "Lamps "}, {"name": "Product Type", "value": "Lighting"}]
    fields.append({"name": "Material", "value": "Metal"})
    lamp = str(store.add_product(sku="LAMP-1", title="Oak lamp", custom_fields=fields))
    bulb = str(store.add_product(sku="BULB-1", title="Warm bulb", custom_fields=fields[1:]))
    mug = str(store.add_product(sku="MUG-1", title="Enamel mug"))
    twinshelf.pull()
    browser = Browser()

    assert dict(StoreProduct.objects.values_list("product_id", "category")) == {
        lamp: "Lamps", bulb: "Lighting", mug: "Kitchen",
    }  # fmt: skip
    assert browser.get("/products/?category=Lamps").context["page"].total == 1
    assert {"Lamps", "Lighting", "Kitchen"} <= set(browser.get("/products/categories/").context["categories"])
    template = browser.get(f"/connections/{twinshelf.connection.id}/template/").content.decode()
    assert "Lamps" in template

    rules.set_default_template(
        twinshelf.connection, category_id="", by=MAYA,
        categories=[{"key": "lamps", "category_id": HOME, "category_path": "Home"}],
    )  # fmt: skip
    twinshelf.list(int(lamp), int(mug))
    assert twinshelf.listing(int(lamp)).state == "live"
    assert (mug, "E-CAT-KEY") in twinshelf.problems()
