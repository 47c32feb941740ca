"""TikTok's JSON is read exactly, forgivingly, and row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from twinshelf.errors import DocumentError
from twinshelf.tiktok import wire


class Thing(msgspec.Struct):
    id: str
    price: Decimal = Decimal(0)
    names: list[str] = []
    count: int = 7
    open: bool = True


@pytest.mark.parametrize(
    ("_case", "sent", "read"),
    [
        ("as documented", b'{"id":"1","price":"19.990","names":["a"]}', Thing("1", Decimal("19.990"), ["a"])),
        ("a field nobody knows", b'{"id":"1","new":{"x":[1]}}', Thing("1")),
        ("an id as a number beyond 2^53", b'{"id":576461413038785753}', Thing("576461413038785753")),
        ("a price as a number", b'{"id":"1","price":1234567890123456.78}', Thing("1", Decimal("1234567890123456.78"))),
        ("nulls", b'{"id":"1","price":null,"names":null,"count":null,"open":null}', Thing("1")),
        ("a null in a list", b'{"id":"1","names":["a",null]}', Thing("1", names=["a"])),
        ("empty texts", b'{"id":"1","price":"","count":"","open":""}', Thing("1")),
        ("numbers and flags as text", b'{"id":"1","count":"12","open":"false"}', Thing("1", count=12, open=False)),
    ],
)
def test_what_fits_somehow_is_read(_case, sent, read):
    assert wire.read(sent, Thing) == read


@pytest.mark.parametrize(
    ("_case", "sent", "field"),
    [
        ("missing", b'{"price":"1"}', "id"),
        ("null", b'{"id":null}', "id"),
        ("a word for a price", b'{"id":"1","price":"dear"}', "price"),
        ("an object for a list", b'{"id":"1","names":{}}', "names"),
        ("a list for the whole", b"[]", "document"),
        ("cut", b'{"id":"1', "document"),
        ("HTML", b"<html>", "document"),
        ("not UTF-8", b'{"id":"\xff"}', "document"),
        ("endlessly nested", b"[" * 100_000, "document"),
    ],
)
def test_what_does_not_fit_is_named(_case, sent, field):
    with pytest.raises(DocumentError) as caught:
        wire.read(sent, Thing)
    assert caught.value.field == field


def test_a_field_of_a_row_is_named_with_its_place():
    class Order(msgspec.Struct):
        lines: list[Thing]

    with pytest.raises(DocumentError) as caught:
        wire.read(b'{"lines":[{"id":"1"},{"price":"1"}]}', Order)
    assert caught.value.field == "lines[1].id"


def test_one_odd_row_does_not_cost_the_page():
    sent = (
        b'{"things":[{"id":"1"},{"id":"2","price":"dear"},null,{"id":4},{"price":"1"}],'
        b'"next_page_token":"aDU2/x+Y=","total_count":5}'
    )

    page = wire.page(sent, "things", lambda row: wire.read(row, Thing))

    assert page.rows == (Thing("1"), Thing("4"))
    assert page.next_token == "aDU2/x+Y="
    assert page.total == 5
    assert [(row.id, row.error.field) for row in page.unreadable] == [("2", "price"), ("", "document"), ("", "id")]


@pytest.mark.parametrize(
    "sent", [b"{}", b'{"things":null,"next_page_token":null,"total_count":null}', b'{"things":[]}']
)
def test_a_page_without_rows_is_empty_and_the_last(sent):
    page = wire.page(sent, "things", lambda row: wire.read(row, Thing))

    assert (page.rows, page.next_token, page.total, page.unreadable) == ((), "", None, ())


def test_times_are_seconds_or_milliseconds_and_zero_is_never():
    assert wire.moment(1_762_561_736, "x") == datetime(2025, 11, 8, 0, 28, 56, tzinfo=UTC)
    assert wire.moment(1_762_561_736_250, "x") == datetime(2025, 11, 8, 0, 28, 56, 250_000, tzinfo=UTC)
    assert wire.moment_or_none(0, "x") is None
    with pytest.raises(DocumentError, match="x: 99999999999999999 is not a time"):
        wire.moment(99_999_999_999_999_999, "x")
