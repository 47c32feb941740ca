"""TikTok's categories: the tree's leaves, found by words, named by a person; and when a suggestion is sure."""

from __future__ import annotations

import pytest

from twinshelf.documents import ShopCategory
from twinshelf.listings.suggesting import agreed_on
from twinshelf.rules.categories import Leaf, find, leaves_of, named
from twinshelf.tiktok.categories import RecommendedCategory


def node(category_id, parent_id, name, *, leaf=False, available=True):
    return ShopCategory(id=category_id, parent_id=parent_id, name=name, leaf=leaf, available=available)


TREE = (
    node("1", "0", "Home Supplies"),
    node("2", "1", "Home Decor"),
    node("3", "2", "Candles", leaf=True),
    node("4", "2", "Candle Holders", leaf=True),
    node("5", "0", "Kitchenware"),
    node("6", "5", "Mugs", leaf=True),
    node("7", "5", "Fire Starters", leaf=True, available=False),
    node("8", "99", "Orphans", leaf=True),
    node("9", "9", "Its own parent", leaf=True),
)
LEAVES = {leaf.id: leaf for leaf in leaves_of(TREE)}


def test_leaves_have_their_whole_path():
    assert {leaf.id: (leaf.path, leaf.available) for leaf in LEAVES.values()} == {
        "3": ("Home Supplies > Home Decor > Candles", True),
        "4": ("Home Supplies > Home Decor > Candle Holders", True),
        "6": ("Kitchenware > Mugs", True),
        "7": ("Kitchenware > Fire Starters", False),
        "8": ("Orphans", True),
        "9": ("Its own parent", True),
    }


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("candle", ["3", "4"]),
        ("candle holders", ["4"]),
        ("holders candle home", ["4"]),
        ("home", ["3", "4"]),
        ("andle", []),
        ("MUGS", ["6"]),
        ("6", ["6"]),
        ("   ", []),
        ("sofa", []),
    ],
)
def test_a_category_is_found_by_the_beginnings_of_words_of_its_path(typed, found):
    assert [leaf.id for leaf in find(LEAVES.values(), typed)] == found


def test_no_more_are_found_than_a_person_reads():
    many = [Leaf(id=str(n), path=f"Home > Candle {n}") for n in range(50)]

    assert len(find(many, "candle")) == 20


@pytest.mark.parametrize(
    ("text", "picked", "meant"),
    [
        ("Kitchenware > Mugs", "6", "6"),
        ("Kitchenware > Mugs", "", "6"),
        ("kitchenware > mugs ", "3", "6"),
        ("6", "", "6"),
        ("Mugs", "6", None),
        ("Kitchenware", "", None),
        ("999999999", "", None),
        ("", "", None),
    ],
)
def test_a_category_is_what_stands_there_not_what_was_picked_before(text, picked, meant):
    leaf = named(LEAVES, text, picked)

    assert (leaf.id if leaf else None) == meant


@pytest.mark.parametrize(
    ("answers", "sure"),
    [
        (["6"], "6"),
        ([None], None),
        ([], None),
        (["6", "6", "3"], "6"),
        (["6", "3", "4"], None),
        (["6", None, None], None),
        (["6", "6", None], "6"),
        (["6", "3"], None),
        (["6", "6", "6", "3", "4"], "6"),
        (["6", "6", "3", "4"], None),
    ],
)
def test_a_suggestion_is_sure_where_three_of_five_answers_agree(answers, sure):
    found = agreed_on([each and RecommendedCategory(id=each, path=f"path of {each}") for each in answers])

    assert (found.id if found else None) == sure
