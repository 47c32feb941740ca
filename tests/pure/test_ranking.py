"""Categories from names: by the words of the tree, by what was confirmed, and how sure an answer is."""

from __future__ import annotations

import pytest

from twinshelf.rules.categories import Leaf
from twinshelf.rules.ranking import Confidence, Examples, Names, rank, suggest

PATHS = (
    "Menswear & Underwear > Men's Tops > T-shirts",
    "Womenswear & Underwear > Women's Tops > T-shirts",
    "Menswear & Underwear > Men's Bottoms > Trousers",
    "Womenswear & Underwear > Women's Bottoms > Trousers",
    "Kids' Fashion > Boys' Clothes > Bottoms",
    "Kids' Fashion > Girls' Clothes > Bottoms",
    "Baby & Maternity > Baby Fashion Accessories > Baby Hats & Caps",
    "Fashion Accessories > Clothes Accessories > Hats",
    "Luggage & Bags > Women's Bags > Handbags",
    "Home Supplies > Home Decor > Candles",
    "Home Supplies > Home Decor > Candle Holders",
    "Pet Supplies > Dog & Cat Furniture > Beds, Sofas & Mats",
    "Furniture > Indoor Furniture > Sofas",
    "Pre-Owned > Bags > Tote Bags",
    "Luggage & Bags > Women's Bags > Tote Bags",
)
NAMES = Names(Leaf(id=path, path=path) for path in PATHS)


@pytest.mark.parametrize(
    ("title", "first"),
    [
        ("Nike Men Navy Tee", PATHS[0]),
        ("Women’s Printed T-Shirt", PATHS[1]),
        ("Levi's Men Beige Chinos", PATHS[2]),
        ("Palazzo Pants for Ladies", PATHS[3]),
        ("Boys Blue Shorts", PATHS[4]),
        ("Black Beanie Cap", PATHS[7]),
        ("Baby Cap", PATHS[6]),
        ("Leather Hand Bag", PATHS[8]),
        ("Soy Candle in Amber Glass", PATHS[9]),
        ("Brass Candle Holder", PATHS[10]),
        ("Two-Seat Sofa", PATHS[12]),
        ("Dog Sofa, Washable", PATHS[11]),
        ("Canvas Tote", PATHS[14]),
        ("CAFÉ CANDLE", PATHS[9]),
    ],
)
def test_a_title_names_its_category(title, first):
    assert NAMES.rank(title)[0][0] == first


@pytest.mark.parametrize("title", ["", "   ", "12 34", "Микроволновка", "ue 40nu7192 uxxh", "🎁🎁", "the of and"])
def test_a_title_without_a_known_word_names_none(title):
    assert NAMES.rank(title) == []
    assert rank(title, NAMES).confidence == 0
    assert suggest([title], "", NAMES).category_id == ""


def test_a_name_without_an_audience_is_not_sure_of_one():
    found = suggest(["Plain T-Shirt"], "", NAMES)

    assert (found.category_id, found.confidence) == ("", Confidence.UNSURE)
    assert set(found.maybe[:2]) == {PATHS[0], PATHS[1]}


def test_what_a_person_confirmed_weighs_more_than_a_name():
    gifts = [(f"Beeswax {thing} Gift", [PATHS[10]]) for thing in ("Candle", "Taper", "Pillar", "Votive")]

    assert rank("Beeswax Candle Gift", NAMES).scores[0][0] == PATHS[9]
    assert rank("Beeswax Candle Gift", NAMES, Examples(gifts)).scores[0][0] == PATHS[10]


def test_an_example_with_several_right_categories_counts_for_each_of_them():
    known = Examples([("Wallaby Thing", [PATHS[0], PATHS[1]])])

    assert [category_id for category_id, _score in rank("Wallaby Thing", NAMES, known).scores[:2]] == list(PATHS[:2])


def test_titles_of_a_category_agree_or_the_answer_is_none():
    candles = [f"Soy Candle {n}" for n in range(6)]
    known = Examples([("Soy Candle in a Jar", [PATHS[9]]), ("Linen Tote", [PATHS[14]]), ("Corner Sofa", [PATHS[12]])])
    same = suggest(candles, "Candles", NAMES, known)
    mixed = suggest([*candles[:2], "Tote", "Handbag", "Sofa"], "Gifts", NAMES, known)

    assert (same.category_id, same.agreed, same.of) == (PATHS[9], 6, 6)
    assert same.confidence is Confidence.SURE
    assert (mixed.category_id, mixed.of, mixed.confidence) == ("", 5, Confidence.UNSURE)
    assert PATHS[9] in mixed.maybe


def test_no_titles_no_answer():
    assert suggest([], "Candles", NAMES).confidence is Confidence.NONE
