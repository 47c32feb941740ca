"""The index for searching products: in step with what is written, the same on every database."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import connection

from tests.flows.browser import Browser, pk_of
from tests.flows.faults import HELD_SECONDS
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import text_search
from twinshelf.kit.text_search import searchable
from twinshelf.listings.models import Link
from twinshelf.orders.book import order_of as document_of


def found(text: str) -> set[str]:
    page = Browser().get(f"/products/?per=100&q={text}").context["page"]
    return {line.product.product_id for line in page.rows}


def test_a_search_finds_parts_of_names_codes_and_barcodes_and_shows_what_matched(store, twinshelf):
    sizes = [
        {"sku": f"TEE-{n}-{size}", "gtin": f"50123456789{n}{at}", "option_values": [
            {"option_display_name": "Size", "label": size}], "inventory_level": 3}
        for n, (at, size) in zip((7, 7), enumerate(("XL", "S")), strict=True)
    ]  # fmt: skip
    tee = str(store.add_product(sku="TEE", title="Plain tee 100 % wool", variants=sizes))
    mug = str(store.add_product(sku="MUG-1", title="Ärmelschürze Mug"))
    twinshelf.pull()

    assert found("ool+lain") == found("TEE-7-x") == found("8970") == {tee}
    assert found("xl") == found("s+tee") == found("10") == {tee}  # few letters: the beginning of a word, or a part
    assert found("rm") == set()
    assert found("ÄRMEL") == found("ä") == found("mu") == {mug}
    assert found("%22") == found("'") == found("*") == found("wool%22+OR+%22mug") == set()
    assert found("%25") == {tee}
    assert found("") == {tee, mug}
    assert "found by TEE-7-XL" in Browser().words("/products/?q=tee-7")
    assert "found by" not in Browser().words("/products/?q=plain")


def test_the_index_follows_what_is_written(store, twinshelf):
    mug = store.add_product(sku="MUG-1", title="Enamel mug")
    bowl = store.add_product(sku="BOWL-1", title="Enamel bowl")
    twinshelf.pull()

    store.act("edit_product", product_id=mug, name="Copper mug")
    store.act("set_stock", sku="BOWL-1", quantity=1)
    twinshelf.settle()
    assert (found("enamel"), found("copper")) == ({str(bowl)}, {str(mug)})
    store.act("delete_product", product_id=bowl)
    twinshelf.settle()
    assert found("enamel") == set()
    StoreProduct.objects.filter(product_id=str(bowl)).delete()
    _check()


def test_the_search_at_the_top_finds_a_thing_by_each_of_its_numbers(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", stock=9)
    store.add_product(sku="BOWL-1", title="Enamel bowl", stock=9)
    task = twinshelf.list(mug)
    twinshelf.pull()
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    number = twinshelf.order(order_id).store_order_id
    store.act("ship_order", order_id=number, carrier="usps", tracking_number="9400111899223100000007")
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)
    listing = twinshelf.listing(mug)
    link = Link.objects.get(connection=twinshelf.connection, product_id=str(mug))
    order = document_of(twinshelf.order(order_id))
    [package] = order.packages
    browser = Browser()

    def opened(text):
        answer = browser.client.get("/search/", {"q": text}, follow=True)
        hits = re.findall(r'<a href="(/(?:products|orders|activity)/\d+/)">', answer.content.decode())
        return answer.redirect_chain[-1][0] if answer.redirect_chain else hits[0]

    of_product = f"/products/{pk_of(mug)}/"
    of_order = f"/orders/{twinshelf.order(order_id).pk}/"
    of_the_product = (str(mug), link.variant_id, listing.tiktok_id, link.sku_id, "MUG-1")
    assert {text: opened(text) for text in of_the_product} == dict.fromkeys(of_the_product, of_product)
    assert (package.tracking_number, len(package.id) > 5) == ("9400111899223100000007", True)
    of_the_order = (order_id, f"#{number}", package.id, package.tracking_number)
    assert {text: opened(text) for text in of_the_order} == dict.fromkeys(of_the_order, of_order)
    assert f"/activity/{task.id}/" in browser.client.get("/search/", {"q": str(task.id)}, follow=True).content.decode()
    assert "Nothing found" in browser.words("/search/?q=729999999999999999999")


def test_an_index_whose_triggers_were_lost_is_made_again(store, twinshelf):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its index by itself")
    mug = store.add_product(sku="MUG-1", title="Enamel mug")
    twinshelf.pull()
    with connection.cursor() as cursor:  # as a migration does that makes the table anew
        cursor.execute("drop trigger goods_storeproduct_search_changed")
    StoreProduct.objects.update(search=searchable(["Copper mug"]))
    assert found("copper") == set()

    text_search.keep_indexes(apps.get_app_config("goods"), "default")

    assert (found("enamel"), found("copper")) == (set(), {str(mug)})
    _check()


def _check() -> None:
    """SQLite compares the index with the table, and raises where they differ."""
    if connection.vendor == "sqlite":
        name = "goods_storeproduct_search"
        with connection.cursor() as cursor:
            cursor.execute(f"insert into {name} ({name}, rank) values ('integrity-check', 1)")
