"""Products without options: listed as one SKU, with a variation where their category demands one."""

from __future__ import annotations

import pytest

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import HOME


def skus(sandbox, shop, listing):
    """(seller SKU, its variation as name and value) of a product of the shop, by its own books."""
    found = sandbox.world.table(f"tt/{shop.id}/products")[listing.tiktok_id]["base"]["skus"]
    return [
        (sku["seller_sku"], [(each["name"], each["value_name"]) for each in sku.get("sales_attributes", ())])
        for sku in found
    ]


@pytest.mark.covers("CED-75")
def test_a_product_without_options_is_one_sku_and_a_demanded_variation_is_asked_for(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    assert twinshelf.listing(mug).state == "live"
    assert skus(sandbox, shop, twinshelf.listing(mug)) == [("MUG-1", [])]

    sandbox.act("tt.demand_variation", shop_id=shop.id, category_id=HOME, names=["Color"])
    twinshelf.wait(90_000)  # what a category asks is kept for a day
    jar = store.add_product(sku="JAR-1", title="Pantry jar")
    fields = [{"name": "Material", "value": "Metal"}, {"name": "Color", "value": "Blue"}]
    pot = store.add_product(sku="POT-1", title="Pot", custom_fields=fields)
    before = store.effects("product_edited")
    twinshelf.list(jar, pot)

    assert twinshelf.listing(jar).state == "failed"
    assert (str(jar), "E-LST-VARASK") in twinshelf.problems()
    assert skus(sandbox, shop, twinshelf.listing(pot)) == [("POT-1", [("Color", "Blue")])]
    browser = Browser()
    assert "its category demands a variation: Color." in browser.product(jar)
    address = f"/products/{pk_of(jar)}/edit/"
    page = browser.get(f"{address}?shop={twinshelf.connection.id}")
    [(field, asked)] = [(at, each) for at, each, _error in page.context["asked"] if each.attribute.name == "Color"]
    assert (asked.variation, asked.offered) == (True, "One Color")
    assert 'value="One Color"' in page.content.decode()

    form = {"shop": twinshelf.connection.id, "global_sync": "on", f"attribute.{field}": "x" * 51}
    refused = browser.client.post(address, form)
    assert refused.context["errors"] == {"attribute.Color": "More than 50 characters."}
    browser.post(address, form | {f"attribute.{field}": "One Color"})
    twinshelf.settle()
    twinshelf.wait(600)

    assert twinshelf.listing(jar).state == "live"
    assert skus(sandbox, shop, twinshelf.listing(jar)) == [("JAR-1", [("Color", "One Color")])]
    assert twinshelf.problems() == []
    assert store.effects("product_edited") == before
