"""Which SKUs move and which belong together: scope, equal and nearly equal SKUs, Channel SKUs, strict matching."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS
from tests.flows.test_incoming import sell
from twinshelf.connections.models import Connection
from twinshelf.errors import NeedsPerson
from twinshelf.goods.models import Selection, StoreProduct, StoreVariant
from twinshelf.listings import actions as catalog
from twinshelf.listings.models import Link, ListingRow


def in_shop(store: Any, twinshelf: Any, *codes: str) -> list[str]:
    """Products that the shop has from elsewhere, each with one of these seller SKUs; TikTok's ids of them."""
    products = [store.add_product(sku=code, title=f"Of somebody else, {code}") for code in codes]
    twinshelf.list(*products)
    found = [twinshelf.listing(product).tiktok_id for product in products]
    for product in products:  # as if we had never known of them
        for model in (ListingRow, Link, Selection, StoreVariant, StoreProduct):
            model.objects.filter(product_id=str(product)).delete()
        store.act("delete_product", product_id=product)
    twinshelf.settle()
    twinshelf.poll()
    return found


def linked() -> dict[str, str]:
    return dict(Link.objects.values_list("seller_sku", "tiktok_id"))


def choose(twinshelf: Any, **values: str) -> list[str]:
    told = Browser().post(f"/connections/{twinshelf.connection.id}/settings/", values)
    twinshelf.connection.refresh_from_db()
    twinshelf.settle()
    return told


@pytest.mark.covers("P17-25")
def test_only_the_skus_in_scope_move_and_others_show_out_of_scope(store, shop, twinshelf):
    sizes = [
        {"sku": f"TEE-{size}", "inventory_level": 5, "option_values": [{"option_display_name": "Size", "label": size}]}
        for size in ("S", "M")
    ]
    tee = store.add_product(sku="TEE", title="Plain tee", variants=sizes, inventory_tracking="variant")
    mug = store.add_product(sku="MUG-1", price="12.00")
    twinshelf.list(mug)
    choose(twinshelf, sku_scope="TEE-S")

    twinshelf.list(tee, mug)
    store.act("set_price", sku="MUG-1", price="13.00")
    store.act("edit_product", product_id=mug, name="Enamel mug, blue")
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()

    assert set(linked()) == {"TEE-S", "MUG-1"}
    assert shop.effects("price_set") == shop.effects("product_edited") == []
    assert [(e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")] == [("MUG-1", 3)]
    assert (str(mug), "I-SKU-SCOPE") in twinshelf.problems()
    assert "Out of scope" in Browser().product(mug)
    listed, other = Browser().product(tee).split("TEE-S S ")[1].split("TEE-M M ")
    assert ("Linked" in listed, "Out of scope" in listed) == (True, False)
    assert other.startswith("– $12.00 – 5 Out of scope ")
    assert twinshelf.differences() == []

    choose(twinshelf, sku_scope="")
    twinshelf.wait(700)
    assert set(linked()) == {"TEE-S", "TEE-M", "MUG-1"}
    assert [e.detail["after"] for e in shop.effects("price_set")] == ["13.00"]
    assert "Out of scope" not in Browser().product(mug)


@pytest.mark.covers("P17-19", "P17-21")
def test_equal_skus_link_and_nearly_equal_ones_are_suggestions(sandbox, store, shop, twinshelf):
    theirs = dict(zip(("AB-1", "CD-2", "EF3"), in_shop(store, twinshelf, "AB-1", "CD-2", "EF3"), strict=True))
    mugs = {code: store.add_product(sku=code) for code in ("AB-1", "cd-2", "EF-3")}
    mugs["GH 4"] = store.add_product(sku="GH 4")
    blank = sell(sandbox, shop, "GH4")
    twinshelf.poll()
    made = len(shop.effects("product_created"))
    twinshelf.list(mugs["AB-1"])

    assert linked() == {"AB-1": theirs["AB-1"]}
    assert len(shop.effects("product_created")) == made
    browser = Browser()
    browser.post(f"/connections/{twinshelf.connection.id}/skus/")
    twinshelf.settle()
    page = browser.words(f"/connections/{twinshelf.connection.id}/skus/")
    assert "cd-2 CD-2 character 1: “c” in BigCommerce, “C” on TikTok" in page
    assert "EF-3 EF3 character 3: “-” in BigCommerce, “3” on TikTok" in page
    assert "GH 4 GH4 character 3: “␣” in BigCommerce, “4” on TikTok" in page
    file = browser.get(f"/connections/{twinshelf.connection.id}/skus.csv").getvalue().decode()
    near = [row for row in csv.DictReader(io.StringIO(file)) if row["finding"] == "near"]
    assert {(row["sku"], row["like"]) for row in near} == {("cd-2", "CD-2"), ("EF-3", "EF3"), ("GH 4", "GH4")}
    order = shop.buy(("GH4", 1))
    twinshelf.wait(HELD_SECONDS)
    assert store.effects("order_created") == []
    assert twinshelf.order(order).reason.endswith("no linked product for SKU GH4.")
    twinshelf.list(mugs["GH 4"])
    assert blank not in linked().values()
    twinshelf.list(mugs["cd-2"])
    assert linked()["cd-2"] not in theirs.values()  # CD-2 is another SKU, so it was listed anew


@pytest.mark.covers("P17-22", "P17-24", "P17-46")
def test_a_variant_is_matched_by_its_channel_sku(sandbox, store, shop, twinshelf):
    [theirs] = in_shop(store, twinshelf, "OLD-77")
    sizes = [
        {"sku": f"TEE-{size}", "inventory_level": 5, "option_values": [{"option_display_name": "Size", "label": size}]}
        for size in ("S", "M")
    ]
    tee = store.add_product(sku="", title="Plain tee", variants=sizes, inventory_tracking="variant")
    mug = store.add_product(sku="MUG-1", stock=4)
    twinshelf.pull()
    order = shop.buy(("OLD-77", 1))
    twinshelf.wait(HELD_SECONDS)
    assert twinshelf.order(order).store_order_id is None
    browser = Browser()
    page = f"/products/{pk_of(mug)}/"

    assert "SKUs are set on the variants" in browser.product(tee)
    hint = '<a href="#variants">SKUs are set on the variants</a>'
    of_tee = browser.get(f"/products/{pk_of(tee)}/").content.decode()
    assert (hint in of_tee, 'id="variants"' in of_tee) == (True, True)
    assert hint not in browser.get(page).content.decode()
    told = browser.product(tee)
    assert "The product itself has no SKU: its variants have." in told
    theirs_has_none = "TikTok’s own products have no Channel SKU: it is set on the variant of BigCommerce alone."
    assert f"{theirs_has_none} TEE-S TEE-M" in told
    assert "The product itself has no SKU" not in browser.product(mug)
    variant = browser.get(page).context["variant_skus"][0][0].variant_id
    form = {"shop": twinshelf.connection.id, f"sku-{variant}": " OLD-77 ", "next": page}
    assert browser.post(f"/products/{pk_of(mug)}/skus/", form) == ["Saved: Channel SKU."]
    twinshelf.list(mug)

    assert linked() == {"OLD-77": theirs}
    assert len(shop.effects("product_created")) == 1  # theirs
    assert twinshelf.order(order).store_order_id is not None
    assert 'value="OLD-77"' in browser.get(page).content.decode()
    taken = {"shop": twinshelf.connection.id, f"sku-{variant}": "TEE-S", "next": page}
    assert browser.post(f"/products/{pk_of(mug)}/skus/", taken)[0].startswith(
        "Another variant of the store has the SKU TEE-S."
    )


@pytest.mark.covers("P17-23")
def test_with_strict_matching_no_other_sku_can_be_linked_and_the_page_says_why(sandbox, store, shop, twinshelf):
    [theirs] = in_shop(store, twinshelf, "OLD-77")
    mug = store.add_product(sku="MUG-1")
    twinshelf.pull()
    browser = Browser()
    variant = browser.get(f"/products/{pk_of(mug)}/").context["variant_skus"][0][0].variant_id
    catalog.set_channel_sku(twinshelf.connection, variant, "OLD-77", by=MAYA)
    choose(twinshelf, strict_sku_match="on")
    connection = Connection.objects.get()

    told = browser.product(mug)
    assert "TikTok’s own products have no Channel SKU" not in told
    assert "Strict SKU matching is on: TikTok’s SKU must equal that of BigCommerce, so none can be set here." in told
    assert f'name="sku-{variant}"' not in browser.get(f"/products/{pk_of(mug)}/").content.decode()
    form = {"shop": connection.id, f"sku-{variant}": "OLD-78"}
    assert browser.post(f"/products/{pk_of(mug)}/skus/", form)[0].startswith("This connection matches SKUs strictly")
    with pytest.raises(NeedsPerson):
        catalog.link(connection, variant_id=variant, tiktok_id=theirs, sku_id="1", seller_sku="OLD-77", by=MAYA)

    twinshelf.list(mug)
    assert set(linked()) == {"MUG-1"}
    assert linked()["MUG-1"] != theirs


@pytest.mark.covers("P17-20")
def test_a_sku_of_two_products_is_listed_linked_to_neither_and_keeps_orders_waiting(sandbox, store, shop, twinshelf):
    sell(sandbox, shop, "MUG-1", title="A mug")
    sell(sandbox, shop, "JAR-1")
    sell(sandbox, shop, "JAR-1", title="Another bowl")
    twinshelf.poll()
    first, second = store.add_product(sku="MUG-1", title="First"), store.add_product(sku="MUG-1", title="Second")
    jar = store.add_product(sku="JAR-1")
    twinshelf.list(first, second, jar)
    assert linked() == {}
    browser, place = Browser(), f"/connections/{twinshelf.connection.id}/skus/"
    browser.post(place)
    twinshelf.settle()
    page = browser.words(place)
    assert "MUG-1 BigCommerce: First BigCommerce: Second" in page
    assert "JAR-1 TikTok: Oak bowl TikTok: Another bowl" in page

    orders = {code: shop.buy((code, 1)) for code in ("MUG-1", "JAR-1")}
    twinshelf.wait(HELD_SECONDS)

    assert store.effects("order_created") == []
    said = "Not created in BigCommerce: no linked product for SKU {}."
    assert twinshelf.order(orders["MUG-1"]).reason == said.format("MUG-1 (used 2 times in BigCommerce)")
    assert twinshelf.order(orders["JAR-1"]).reason == said.format("JAR-1 (used 2 times on TikTok)")


def test_an_audit_lists_missing_and_duplicate_skus_of_both_sides(sandbox, store, shop, twinshelf):
    store.add_product(sku="", title="A mug without a code")
    store.add_product(sku="MUG-1", title="First mug")
    store.add_product(sku="MUG-1", title="Second mug")
    twinshelf.pull()
    browser = Browser()
    assert "Not audited yet" in browser.words(f"/connections/{twinshelf.connection.id}/skus/")

    browser.post(f"/connections/{twinshelf.connection.id}/skus/")
    twinshelf.settle()

    page = browser.words(f"/connections/{twinshelf.connection.id}/skus/")
    assert "3 SKUs of BigCommerce and 0 of TikTok compared" in page
    assert "MUG-1 BigCommerce: First mug BigCommerce: Second mug" in page
    assert "A mug without a code BigCommerce" in page
