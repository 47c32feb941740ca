"""Which field follows the store and which stays as TikTok has it: the matrix, a product's ticks, the three ticks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies

from tests.pure.builders import facts, listing, product, random_cases, red_and_blue, usd, variant
from twinshelf.connections.preferences import SyncRules
from twinshelf.documents import CategoryRules, Image, ShopSku, SyncField
from twinshelf.listings.compare import compare_content, compare_skus, edits_of
from twinshelf.listings.desired import CategoryFacts, Shelf, desired, desired_skus
from twinshelf.listings.plan import SeenSkus, plan_prices
from twinshelf.preferences.fields import DEFAULTS, FIELDS, with_values
from twinshelf.rules.own import ProductChoices
from twinshelf.rules.sync_rules import CONTENT, MATRIX, Switches, Ticks, choices_of, source_of, ticks_of

UPDATES = {field: strategies.sampled_from(MATRIX[field]["update"]) for field in SyncField}


def rules(**cells):
    """`name_update="tts"` and so on over the defaults."""
    chosen = {f"sync.{cell.replace('_', '.')}": source for cell, source in cells.items()}
    return with_values(DEFAULTS, chosen).sync


def shop(**cells):
    return facts(sync=rules(**cells))


def made(goods, market, *, choices=None, shelf=None) -> Any:
    return desired(
        goods,
        market,
        category=CategoryFacts("600001", (), CategoryRules()),
        held={},
        choices=choices or ProductChoices(),
        shelf=shelf or Shelf(),
    )


@pytest.mark.parametrize(
    ("field", "create", "update"),
    [
        ("name", ("origin", "connector"), ("origin", "connector", "tts")),
        ("description", ("origin",), ("origin", "tts")),
        ("price", ("origin",), ("origin", "tts")),
        ("media", ("origin",), ("origin", "tts")),
        ("barcode", ("origin", "none"), ("origin", "tts")),
        ("stock", ("origin", "none"), ("origin", "tts")),
        ("weight", ("origin",), ("origin", "tts")),
    ],
)
def test_only_these_cells_may_be_chosen_and_the_first_is_the_default(field, create, update):
    assert MATRIX[SyncField(field)] == {"create": create, "update": update}
    assert source_of(SyncRules(), SyncField(field), "create") == create[0]
    assert source_of(SyncRules(), SyncField(field), "update") == update[0]
    for phase, sources in (("create", create), ("update", update)):
        preference = FIELDS.get(f"sync.{field}.{phase}")
        assert (None if len(sources) == 1 else sources) == (
            None if preference is None else tuple(source for source, _words in preference.choices)
        )


@pytest.mark.parametrize(
    ("_case", "connection", "switches", "source"),
    [
        ("the connection's rule while the product uses it", {"name_update": "tts"}, None, "tts"),
        ("an unticked field stays TikTok's", {}, Switches(title=False), "tts"),
        ("a ticked one follows although the connection leaves it", {"name_update": "tts"}, Switches(), "origin"),
        ("a ticked title that is kept here stays so", {"name_update": "connector"}, Switches(), "connector"),
        ("the other ticks say nothing of the title", {}, Switches(price=False, inventory=False), "origin"),
    ],
)
def test_a_products_own_ticks_beat_the_rules_of_the_connection(_case, connection, switches, source):
    assert source_of(rules(**connection), SyncField.NAME, "update", switches) == source


@pytest.mark.parametrize(
    ("tick", "field"),
    [
        ("title", "name"), ("description", "description"), ("price", "price"), ("image", "media"),
        ("inventory", "stock"), ("weight", "weight"),
    ],
)  # fmt: skip
def test_each_tick_decides_about_one_field(tick, field):
    off = Switches(**{tick: False})
    assert [each.value for each in SyncField if source_of(SyncRules(), each, "update", off) == "tts"] == [field]
    assert source_of(rules(barcode_update="tts"), SyncField.BARCODE, "update", Switches()) == "tts"


@pytest.mark.parametrize(
    ("information", "price", "inventory", "sent"),
    [
        (True, True, True, set(SyncField)),
        (True, False, False, set(SyncField)),
        (False, True, False, {SyncField.PRICE}),
        (False, False, True, {SyncField.STOCK}),
        (False, False, False, set()),
    ],
)
def test_price_and_inventory_are_sent_with_their_own_tick_or_with_the_product_information(
    information, price, inventory, sent
):
    for before in (SyncRules(), rules(price_update="tts", name_update="connector", media_update="tts")):
        chosen = choices_of(Ticks(information=information, price=price, inventory=inventory), before)
        after = with_values(msgspec.structs.replace(DEFAULTS, sync=before), chosen).sync
        assert {field for field in SyncField if source_of(after, field, "update") != "tts"} == sent
        assert choices_of(Ticks(information=information, price=price, inventory=inventory), after) == {}
        assert ticks_of(after) == Ticks(
            information=information, price=SyncField.PRICE in sent, inventory=SyncField.STOCK in sent
        )


def test_a_matrix_that_three_ticks_cannot_say_is_shown_as_partly_ticked_and_left_alone():
    own = rules(description_update="tts")

    assert ticks_of(own) == Ticks(information=None, price=True, inventory=True)
    assert choices_of(Ticks(information=None, price=False, inventory=True), own) == {"sync.price.update": "tts"}


# -- what a listing should be ---------------------------------------------------------------------------------------

OTHERS = {
    "title": "Mug of enamel, as TikTok knows it",
    "description": "<p>As it was sent.</p>",
    "image_urls": ("https://store.test/old.jpg",),
}
SHELF: Any = Shelf(listed=True, sent=listing(**OTHERS), linked=frozenset({"11"}))


@pytest.mark.parametrize(
    ("cell", "field"),
    [("name_update", "title"), ("description_update", "description"), ("media_update", "image_urls")],
)
def test_what_is_left_to_tiktok_is_as_it_was_last_sent_and_so_differs_in_nothing(cell, field):
    ours, left = made(product(), facts(), shelf=SHELF), made(product(), shop(**{cell: "tts"}), shelf=SHELF)

    assert field in compare_content(ours.listing, SHELF.sent)
    assert field not in compare_content(left.listing, SHELF.sent)
    assert left.left == {SyncField(cell.partition("_")[0])}
    assert made(product(), shop(**{cell: "tts"})).left == frozenset()  # before it is there, all comes from the store


def test_a_title_that_is_kept_here_does_not_follow_the_store_and_is_still_ours():
    kept = made(product(title="New in the store"), shop(name_update="connector"), shelf=SHELF)

    assert (kept.listing.title, kept.left) == (OTHERS["title"], frozenset())
    assert made(product(title="New in the store"), shop(name_create="connector")).listing.title == "New in the store"


def test_a_blank_title_in_the_store_stops_nothing_where_tiktok_keeps_its_own():
    assert made(product(title=" "), facts(), shelf=SHELF).listing is None
    assert made(product(title=" "), shop(name_update="tts"), shelf=SHELF).listing is not None


def test_the_package_that_is_left_to_tiktok_is_asked_for_nowhere():
    light = product(variant(weight=None), weight=None)

    assert "E-LST-WEIGHT" in [found.code for found in made(light, facts(), shelf=SHELF).findings]
    left = made(light, shop(weight_update="tts"), shelf=SHELF)
    assert (left.listing.weight, left.listing.dimensions) == (SHELF.sent.weight, SHELF.sent.dimensions)


CODED = product(*(msgspec.structs.replace(each, gtin="4006381333931") for each in red_and_blue()))


@pytest.mark.parametrize(
    ("_case", "cells", "linked", "codes"),
    [
        ("created with codes", {}, (), ["4006381333931"] * 2),
        ("created without", {"barcode_create": "none"}, (), ["", ""]),
        ("what is there follows", {"barcode_create": "none"}, ("11",), ["4006381333931", ""]),
        ("what is there is left", {"barcode_update": "tts"}, ("11",), ["", "4006381333931"]),
    ],
)
def test_codes_are_sent_by_the_rule_for_what_is_new_and_by_the_one_for_what_is_there(_case, cells, linked, codes):
    known = listing(*(msgspec.structs.replace(sku, gtin="") for sku in made(CODED, facts()).listing.skus))
    shelf = Shelf(listed=bool(linked), sent=known if linked else None, linked=frozenset(linked))

    assert [sku.gtin for sku in made(CODED, shop(**cells), shelf=shelf).listing.skus] == codes


def test_codes_that_are_not_sent_are_not_required():
    asking = facts(sync=rules(barcode_create="none"), gtin_required=True)

    assert made(product(), asking).listing is not None
    assert [found.code for found in made(product(), facts(gtin_required=True)).findings] == ["E-LST-GTIN"]


def test_a_price_left_to_tiktok_differs_in_nothing_while_a_new_variant_still_gets_one():
    goods = product(*red_and_blue())
    skus = desired_skus(goods, shop(price_update="tts", stock_update="tts"), {}, linked={"11"})

    assert [(sku.price_follows, sku.stock_follows) for sku in skus.values()] == [(False, False), (True, True)]
    shown = {key: ShopSku(id=key, seller_sku=key, price=usd("99.00"), stock=(("w", 1),)) for key in ("s-11", "s-12")}
    links = {"11": "s-11", "12": "s-12"}
    wrong = compare_skus(skus, links, shown, warehouse_id="w")
    assert [(type(each).__name__, each.variant_id) for each in wrong] == [
        ("PriceDifference", "12"),
        ("StockDifference", "12"),
    ]


def test_a_price_that_cannot_be_said_is_no_problem_where_it_is_tiktoks():
    pounds = facts(region="GB", currency="GBP", sync=rules(price_update="tts"), tax_percent=0)
    skus: Any = desired_skus(product(), pounds, {}, linked={"11"})
    seen = SeenSkus(
        "1", tiktok_id="t", desired=skus, links={"11": "s"}, shown={"s": ShopSku(id="s", seller_sku="MUG-1")},
        warehouse_id="w",
    )  # fmt: skip

    assert skus["11"].problem.code == "E-PRC-RATE"
    assert plan_prices(seen).findings == ()


def test_stock_that_is_not_sent_at_first_is_0_and_follows_once_it_is_there():
    market = shop(stock_create="none")

    first, later = (desired_skus(product(), market, {}, linked=linked)["11"].quantity for linked in ((), {"11"}))

    assert (first.offered, [step.rule for step in first.steps]) == (0, ["stock", "not_at_first"])
    assert later.offered == 10


@random_cases
@given(strategies.fixed_dictionaries(UPDATES))
def test_whatever_is_chosen_what_differs_is_never_a_field_that_is_left(updates):
    market = shop(**{f"{field}_update": source for field, source in updates.items() if source != "origin"})
    result = made(product(), market, shelf=SHELF)
    fields = {"name": {"title"}, "description": {"description"}, "media": {"image_urls"},
              "weight": {"weight", "dimensions"}}  # fmt: skip

    left = {field for field, source in updates.items() if source == "tts" and field in CONTENT}
    assert result.left == left
    differing = set(compare_content(result.listing, SHELF.sent))
    assert differing.isdisjoint({name for field in left for name in fields.get(field, ())})


# -- edits on TikTok ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "title", "description", "edited"),
    [
        ("as it was sent", "Enamel mug", "<p>Plain and sturdy.</p>", set()),
        ("another way to write the same HTML", "Enamel mug", "<div> Plain  and <b>sturdy.</b></div>", set()),
        ("a new title", "Enamel mug, hand made", "<p>Plain and sturdy.</p>", {"name"}),
        ("a new text", "Enamel mug", "<p>Plain.</p>", {"description"}),
        ("a search tells no description", "Enamel mug", "", set()),
    ],
)
def test_an_edit_is_what_the_shop_shows_otherwise_than_it_was_sent(_case, title, description, edited):
    sent = listing(title="Enamel mug", description="<p>Plain and sturdy.</p>", image_urls=(Image(url="x").url,))
    assert set(edits_of(sent, title, description)) == edited
