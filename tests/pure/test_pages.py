"""Reading a long list page by page comes to an end, whatever the platform says."""

from __future__ import annotations

import pytest

from twinshelf.errors import PlatformDown
from twinshelf.kit import pages
from twinshelf.kit.pages import every_page


def turned(following, *, rows=None, most=None):
    """(places that were read, whether a circle was told) of a platform that goes on as `following` says."""
    read = []

    def turn(place):
        read.append(place)
        return place

    try:
        for _page in every_page(
            turn,
            0,
            following=following,
            rows=(lambda place: rows[place]) if rows else (lambda _place: None),
            platform="The store",
        ):
            assert most is None or len(read) <= most
    except PlatformDown as error:
        return read, str(error) == "The store leads in a circle: a list has no end"
    return read, False


@pytest.mark.parametrize(
    ("_case", "following", "read", "circle"),
    [
        ("one page", {0: None}, [0], False),
        ("three pages", {0: 1, 1: 2, 2: None}, [0, 1, 2], False),
        ("the last page names itself", {0: 1, 1: 1}, [0, 1], True),
        ("the first page names itself", {0: 0}, [0], True),
        ("back to the beginning", {0: 1, 1: 2, 2: 0}, [0, 1, 2], True),
        ("back to the middle", {0: 1, 1: 2, 2: 3, 3: 1}, [0, 1, 2, 3], True),
    ],
)
def test_a_place_that_was_read_is_not_read_again(_case, following, read, circle):
    assert turned(following.get) == (read, circle)


@pytest.mark.parametrize(
    ("_case", "rows", "read", "circle"),
    [
        ("other rows on each page", {0: ["a"], 1: ["b"], 2: ["c"]}, [0, 1, 2], False),
        ("the same rows under another number", {0: ["a"], 1: ["b"], 2: ["b"]}, [0, 1, 2], True),
        ("pages without rows in between", {0: ["a"], 1: [], 2: []}, [0, 1, 2], False),
    ],
)
def test_the_same_rows_twice_in_a_row_are_a_circle(_case, rows, read, circle):
    assert turned({0: 1, 1: 2, 2: None}.get, rows=rows) == (read, circle)


def test_a_list_that_always_goes_on_is_given_up(monkeypatch):
    monkeypatch.setattr(pages, "MOST_PAGES", 7)
    assert turned(lambda place: place + 1, most=7) == (list(range(7)), True)
