"""Keys of sealed texts: they sort and begin as the texts do, and say nothing of them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies

from tests.pure.builders import random_cases
from twinshelf.kit import sort_keys

NAMES = strategies.text(alphabet="abcdeilmnorst äöéñø-'.日本ЖΩ", max_size=18)


def folded(text):
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split()).encode()[: sort_keys.LETTERS]


@random_cases
@given(NAMES, NAMES)
def test_keys_compare_as_their_texts_do(one, other):
    first, second = sort_keys.sort_key(one), sort_keys.sort_key(other)
    assert (first < second, first == second) == (folded(one) < folded(other), folded(one) == folded(other))


@random_cases
@given(NAMES, NAMES)
def test_the_keys_of_what_begins_alike_lie_together(start, rest):
    for whole, begins in ((start + rest, True), (rest, folded(rest).startswith(folded(start)))):
        inside = [low <= sort_keys.sort_key(whole) < below for low, below in sort_keys.beginnings(start)]
        if folded(start) and not start.endswith(" "):
            assert any(inside) is begins


@pytest.mark.parametrize(
    ("_case", "one", "other"),
    [("case", "Maya Lind", "MAYA LIND"), ("accents", "José Pérez", "jose perez"), ("blanks", " Ann  Lee ", "ann lee")],
)
def test_what_reads_alike_has_one_key(_case, one, other):
    assert sort_keys.sort_key(one) == sort_keys.sort_key(other)


def test_nothing_has_no_key():
    assert (sort_keys.sort_key("  "), sort_keys.beginnings("")) == ("", [])


def test_a_key_is_short_and_ascii_however_long_the_text():
    key = sort_keys.sort_key("Ж" * 300)
    assert (len(key) <= sort_keys.KEY_LENGTH, key.isascii()) == (True, True)


def test_another_key_of_ours_gives_other_numbers_and_both_are_looked_for(settings):
    before = sort_keys.sort_key("Maya")
    settings.KEYS = ["another secret of thirty-two letters", *settings.KEYS]

    after = sort_keys.sort_key("Maya")

    assert after.startswith(sort_keys.current())
    assert before[8:] != after[8:]
    assert [low for low, _below in sort_keys.beginnings("Maya")] == [after, before]


def test_the_size_of_a_number_does_not_tell_the_letter(settings):
    """Under many keys, the number of an `m` is often below that of another key's `b`, and the other way round."""
    below = 0
    for number in range(200):
        settings.KEYS = [f"secret {number}", f"other {number}"]
        m, b = sort_keys.beginnings("m")[0][0], sort_keys.beginnings("b")[1][0]
        below += m[8:] < b[8:]
    assert 40 < below < 160
