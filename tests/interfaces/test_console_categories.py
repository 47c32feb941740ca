"""The page of the category map: what it shows before it knows anything, its groups and filters."""

from __future__ import annotations

import pytest

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.kit import clock
from twinshelf.listings.models import CategorySuggestions
from twinshelf.rules.actions import map_categories
from twinshelf.sync.models import Lane, Mark

JARS, JARS_PATH = "600031", "Kitchenware > Jars"


@pytest.fixture
def counted(world):
    """Three categories of the store as counted: one to choose, one with a sure suggestion, one that is mapped."""
    counted = {
        "kitchen > jars": {"written": "Kitchen > Jars", "number": 3},
        "gifts": {"written": "Gifts", "number": 5},
        "mugs": {"written": "Mugs", "number": 2},
        "": {"written": "", "number": 7},
    }
    suggested = {
        "kitchen > jars": {"category_id": JARS, "confidence": "sure", "agreed": 3, "of": 3, "maybe": [JARS]},
        "gifts": {"confidence": "unsure", "agreed": 2, "of": 5, "maybe": [JARS]},
    }
    now = clock.now()
    CategorySuggestions.objects.create(
        account=world.account, connection=world.uk, counted=counted, suggested=suggested, counted_at=now, asked_at=now
    )
    map_categories(world.uk, {"mugs": (JARS, JARS_PATH)}, by=COMMAND_LINE)


def address(world, **query):
    return "/templates/categories/?" + "&".join(f"{k}={v}" for k, v in {"shop": world.uk.id, **query}.items())


def keys(page):
    return [line["row"].key for _word, _hint, _n, lines in page["groups"] for line in lines]


def test_before_it_was_counted_the_page_says_so_and_asks_for_it(console, world):
    page = console.get(address(world))

    assert "The store's categories are counted, and TikTok Shop is asked for its own." in page
    lane = Lane.objects.get(kind="listings_poll", owner=f"connection:{world.uk.id}")
    assert "ranking" in set(Mark.objects.filter(lane=lane).values_list("key", flat=True))
    assert "data-ended" not in console.get(f"/templates/categories/{world.uk.id}/counting/").html


@pytest.mark.usefixtures("counted")
def test_the_map_groups_filters_and_finds(console, world):
    page = console.get(address(world))

    assert keys(page) == ["gifts", "kitchen > jars", "mugs"]
    assert [(name, n) for name, _word, n in page["pills"]] == [
        ("all", 3), ("choose", 1), ("suggested", 1), ("mapped", 1), ("missing", 0),
    ]  # fmt: skip
    assert "8 products wait for a category." in page
    assert "Accept 1 sure one" in page
    assert "Kitchen · 3 products" in page
    assert keys(console.get(address(world, show="choose"))) == ["gifts"]
    assert keys(console.get(address(world, show="suggested"))) == ["kitchen > jars"]
    assert keys(console.get(address(world, q="JARS"))) == ["kitchen > jars", "mugs"]  # of either side
    assert "No category here" in console.get(address(world, q="zzz"))
    assert keys(console.get(address(world, show="nonsense"))) == ["gifts", "kitchen > jars", "mugs"]
    assert console.get(f"/templates/categories/{world.uk.id}/edit/?key=nowhere").status == 404
    assert console.get(f"/templates/categories/{world.uk.id}/edit/?key=Gifts").status == 200


@pytest.mark.usefixtures("counted")
def test_all_sure_ones_are_accepted_at_once_and_the_unsure_stay(console, world):
    page = console.post(f"/templates/categories/{world.uk.id}/accept/", {"sure": "1"})

    assert "1 category is mapped." in page
    rows = {line["row"].key: line["row"] for _w, _h, _n, lines in page["groups"] for line in lines}
    assert [(key, row.state) for key, row in rows.items()] == [
        ("gifts", "choose"), ("kitchen > jars", "mapped"), ("mugs", "mapped"),
    ]  # fmt: skip
    assert (rows["kitchen > jars"].by.how, rows["mugs"].by.how) == ("accepted", "chosen")
