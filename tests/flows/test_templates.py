"""The template: categories read, suggested and chosen; what was refused because of it is tried again."""

from __future__ import annotations

from tests.flows.conftest import HOME, MAYA
from twinshelf.listings import actions, queries
from twinshelf.listings.suggesting import suggest_template
from twinshelf.messages import message
from twinshelf.rules import actions as rules
from twinshelf.sync.models import Problem


def test_products_refused_for_a_wrong_category_go_live_once_it_is_right(store, shop, twinshelf):
    mug, jar = store.add_product(sku="MUG-1"), store.add_product(sku="JAR-1", title="Pantry jar")
    rules.set_default_template(twinshelf.connection, category_id="999999999", by=MAYA)
    twinshelf.list()
    assert twinshelf.problems() == [(str(mug), "E-CAT-UNKNOWN"), (str(jar), "E-CAT-UNKNOWN")]

    _template, tried = rules.set_default_template(twinshelf.connection, category_id=HOME, by=MAYA)
    twinshelf.settle()
    twinshelf.wait(600)

    assert tried == 2
    assert [twinshelf.listing(product).state for product in (mug, jar)] == ["live", "live"]
    assert twinshelf.problems() == []


def test_a_product_whose_category_nobody_chose_waits_and_the_others_go(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", _category_paths=["Kitchen"])
    book = store.add_product(sku="BOOK-1", title="Hacking for everybody", _category_paths=["Books"])
    row = {"key": "kitchen", "category_id": HOME, "category_path": "Kitchenware > Drinkware > Mugs"}
    rules.set_default_template(twinshelf.connection, category_id="", categories=[row], by=MAYA)

    twinshelf.list()

    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.problems() == [(str(book), "E-CAT-KEY")]
    assert message("E-CAT-KEY").counted(3) == "3 products need a category"


def test_what_tiktok_is_not_sure_of_is_left_empty_and_nothing_is_said_of_the_goods(store, shop, twinshelf):
    for n, title in enumerate(("Enamel mug", "Stoneware mug", "Tall mug with a lid")):
        store.add_product(sku=f"MUG-{n}", title=title, _category_paths=["Kitchen > Cups"])
    for n, title in enumerate(("Gray Hat Hacking", "Microserfs", "The Masters of Deception")):
        store.add_product(sku=f"BOOK-{n}", title=title, _category_paths=["Books"])
    for n, title in enumerate(("Soy candle", "Enamel mug", "Wool throw")):
        store.add_product(sku=f"GIFT-{n}", title=title, _category_paths=["Gifts"])
    store.add_product(sku="TEA-1", title="Tea caddy 茶叶罐", _category_paths=["Tea"])  # TikTok refuses to be asked
    twinshelf.pull()

    assert suggest_template(twinshelf.connection) == {
        "category_id": "",
        "category_path": "",
        "categories": [
            {"key": "Kitchen > Cups", "category_id": HOME, "category_path": "Kitchenware > Drinkware > Mugs"}
        ],
    }


def test_categories_and_suggestions_come_by_the_engine(store, shop, twinshelf):
    store.add_product(sku="MUG-1", title="Enamel mug", _category_paths=["Cups"])
    twinshelf.pull()
    connection = twinshelf.connection
    assert queries.category_leaves(connection) == {}
    assert queries.categories_are_old(connection)

    actions.read_categories(connection)
    actions.read_categories(connection, [HOME])
    actions.suggest_categories(connection, by=MAYA)
    twinshelf.settle()

    assert not queries.categories_are_old(connection)
    assert queries.category_leaves(connection)[HOME].path == "Kitchenware > Drinkware > Mugs"
    assert [leaf.path for leaf in queries.find_categories(connection, "travel tins")] == [
        "Home Supplies > Home Decor > Candle Holders > Candle Accessories > Travel Tins"
    ]
    asked, unread = queries.asked_attributes(connection, [HOME, "600064"])
    assert unread == ["600064"]
    assert all(attribute.name != "Color" for attribute in asked)  # it tells SKUs apart
    found = queries.suggestions_of(connection)
    assert found is not None
    assert (found.pending, found.recommended) == (False, {"cups": HOME})
    assert {key: row["category_id"] for key, row in found.suggested.items()} == {"cups": HOME}
    assert not Problem.objects.filter(closed_at=None).exists()
