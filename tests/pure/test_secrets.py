"""Sealed columns: what is sealed opens in its place, under a key that is configured, and nowhere else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, strategies

from tests.pure.builders import random_cases
from twinshelf.kit.secrets import Unsealable, key_ids, seal, unseal

OLD, NEW = "the key of last year", "the key of this year"
HERE, ELSEWHERE = "store:abc", "store:xyz"


@pytest.fixture
def keys(settings):
    """Configure these keys, the current one first."""

    def configure(*masters):
        settings.KEYS = masters

    configure(NEW)
    return configure


def altered(sealed, position):
    """The sealed value with one byte of its nonce, text or tag turned over."""
    version, key_id, text = sealed.split(".")
    data = bytearray(base64.urlsafe_b64decode(text))
    data[position] ^= 1
    return f"{version}.{key_id}.{base64.urlsafe_b64encode(bytes(data)).decode()}"


def cut(sealed, length):
    version, key_id, text = sealed.split(".")
    return f"{version}.{key_id}.{base64.urlsafe_b64encode(base64.urlsafe_b64decode(text)[:length]).decode()}"


@pytest.mark.parametrize("text", ["x", "a token", "Zoë Ångström, 東京", "a" * 10_000, "1.2.3", "\x00"])
def test_what_is_sealed_opens_where_it_was_sealed_for(keys, text):
    sealed = seal(text, bound_to=HERE)

    assert unseal(sealed, bound_to=HERE) == text
    assert text == "x" or text not in sealed


@random_cases
@given(strategies.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_any_text_comes_back(text):
    assert unseal(seal(text, bound_to=HERE), bound_to=HERE) == text


def test_nothing_stays_nothing(keys):
    assert seal("", bound_to=HERE) == ""
    assert unseal("", bound_to=HERE) == ""


def test_the_same_text_is_never_sealed_alike(keys):
    assert seal("a token", bound_to=HERE) != seal("a token", bound_to=HERE)


@pytest.mark.parametrize(
    ("_case", "change"),
    [
        ("a byte of the nonce", lambda sealed: altered(sealed, 0)),
        ("a byte of the text", lambda sealed: altered(sealed, 12)),
        ("a byte of the tag", lambda sealed: altered(sealed, -1)),
        ("cut inside the tag", lambda sealed: cut(sealed, 20)),
        ("cut inside the nonce", lambda sealed: cut(sealed, 3)),
        ("cut to nothing", lambda sealed: cut(sealed, 0)),
        ("another key's id", lambda sealed: sealed.replace(sealed.split(".")[1], "00000000")),
        ("a version of tomorrow", lambda sealed: "2" + sealed[1:]),
        ("without its parts", lambda sealed: sealed.split(".")[2]),
        ("a part too many", lambda sealed: sealed + ".x"),
        ("not base64", lambda sealed: ".".join([*sealed.split(".")[:2], "a"])),
        ("the plain text", lambda _sealed: "a token"),
    ],
)
def test_what_was_altered_does_not_open(keys, _case, change):
    with pytest.raises(Unsealable):
        unseal(change(seal("a token", bound_to=HERE)), bound_to=HERE)


def test_what_was_moved_to_another_row_does_not_open(keys):
    with pytest.raises(Unsealable, match="altered, or sealed for another row"):
        unseal(seal("a token", bound_to=HERE), bound_to=ELSEWHERE)


@pytest.mark.parametrize(
    ("_case", "configured", "opens", "to_be_sealed_anew"),
    [
        ("the same key", (OLD,), True, False),
        ("a new key in front: it opens, and should be sealed anew", (NEW, OLD), True, True),
        ("the old key behind two others", (NEW, "a third", OLD), True, True),
        ("the old key is gone", (NEW,), False, True),
    ],
)
def test_keys_are_changed_by_putting_a_new_one_in_front(keys, _case, configured, opens, to_be_sealed_anew):
    keys(OLD)
    sealed = seal("a token", bound_to=HERE)

    keys(*configured)

    assert (sealed.split(".")[1] != key_ids()[0]) is to_be_sealed_anew
    if opens:
        assert unseal(sealed, bound_to=HERE) == "a token"
    else:
        with pytest.raises(Unsealable, match="is not configured"):
            unseal(sealed, bound_to=HERE)


def test_sealing_anew_uses_the_new_key(keys):
    keys(OLD)
    sealed = seal("a token", bound_to=HERE)
    keys(NEW, OLD)

    resealed = seal(unseal(sealed, bound_to=HERE), bound_to=HERE)

    keys(NEW)
    assert resealed.split(".")[1] == key_ids()[0]
    assert unseal(resealed, bound_to=HERE) == "a token"


def test_an_error_names_neither_the_secret_nor_the_key(keys):
    with pytest.raises(Unsealable) as refused:
        unseal(altered(seal("a token", bound_to=HERE), 0), bound_to=HERE)

    assert "a token" not in str(refused.value)
    assert NEW not in str(refused.value)
