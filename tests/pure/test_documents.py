"""Documents: money that is exact and never mixed, measures, and JSON that comes back as it went."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies

from tests.pure.builders import address, inches, listing, money, on_shelf, order, product, random_cases, usd
from twinshelf.documents import (
    Address,
    CancelShopOrder,
    CreateListing,
    Listing,
    Money,
    Plan,
    Product,
    SetPrices,
    SetStock,
    ShopListing,
    ShopOrder,
    StoreLocation,
    Weight,
    finding,
    from_json,
    minor_unit,
    to_json,
)
from twinshelf.errors import DocumentError

# -- money ----------------------------------------------------------------------------------------------------------

any_amount = strategies.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    strategies.integers(-(10**12), 10**12),
    strategies.integers(-8, 2),
)
any_money = strategies.builds(Money, any_amount, strategies.sampled_from(["USD", "GBP", "JPY", "VND", "IDR"]))


@pytest.mark.parametrize(
    ("_case", "amount", "currency", "rounded"),
    [
        ("half a cent goes up", "0.005", "USD", "0.01"),
        ("less than half a cent goes down", "0.00499", "USD", "0.00"),
        ("half up, not to the even cent", "2.665", "USD", "2.67"),
        ("half up, not to the even cent, the other way", "2.675", "USD", "2.68"),
        ("cents are filled up", "12", "GBP", "12.00"),
        ("a debt is rounded away from zero", "-0.005", "EUR", "-0.01"),
        ("yen have no cents: a half goes up", "1250.5", "JPY", "1251"),
        ("yen have no cents: less goes down", "1250.49", "JPY", "1250"),
        ("dong have no cents", "99999.5", "VND", "100000"),
        ("rupiah are sold without cents", "14999.4", "IDR", "14999"),
        ("forints are sold with two", "99.995", "HUF", "100.00"),
        ("an unknown currency has two", "1.005", "XXX", "1.01"),
    ],
)
def test_money_is_rounded_half_up_to_what_its_currency_has(_case, amount, currency, rounded):
    result = money(amount, currency).rounded()

    assert (str(result.amount), result.currency) == (rounded, currency)


@pytest.mark.parametrize(
    ("currency", "unit"), [("USD", "0.01"), ("GBP", "0.01"), ("JPY", "1"), ("VND", "1"), ("IDR", "1")]
)
def test_the_smallest_amount_of_a_currency(currency, unit):
    assert minor_unit(currency) == Decimal(unit)


@pytest.mark.parametrize(
    ("_case", "amounts", "total"),
    [
        ("0.1 and 0.2 make 0.3", ("0.1", "0.2"), "0.3"),
        ("a hundred cents make a dollar", ("0.01",) * 100, "1.00"),
        ("three for ten", ("3.33", "3.33", "3.34"), "10.00"),
        ("nothing makes nothing", (), "0"),
        ("a discount takes off", ("12.00", "-2.00"), "10.00"),
    ],
)
def test_money_adds_up_exactly(_case, amounts, total):
    assert Money.total(map(usd, amounts), "USD") == usd(total)


@pytest.mark.covers("CED-157")
@pytest.mark.parametrize(
    ("_case", "mix"),
    [
        ("added", lambda one, other: one + other),
        ("taken off", lambda one, other: one - other),
        ("compared", lambda one, other: one < other),
        ("compared for at most", lambda one, other: one <= other),
        ("summed", lambda one, other: Money.total([one, other], "USD")),
        ("summed in a third currency", lambda one, _other: Money.total([one], "GBP")),
    ],
)
def test_amounts_of_two_currencies_never_meet(_case, mix):
    with pytest.raises(ValueError, match="cannot be added or compared"):
        mix(usd("1.00"), money("1.00", "AUD"))


@pytest.mark.covers("CED-157")
def test_money_is_shown_with_its_currency():
    assert str(money("113.00", "AUD")) == "113.00 AUD"


@pytest.mark.parametrize(
    ("_case", "one", "other", "same"),
    [
        ("trailing zeros do not count", usd("12.5"), usd("12.50"), True),
        ("a cent does", usd("12.50"), usd("12.51"), False),
        ("so does the currency", usd("12.50"), money("12.50", "CAD"), False),
        ("nothing is not 0", usd(0), None, False),
    ],
)
def test_the_same_amount(_case, one, other, same):
    assert one.same_as(other) is same


@pytest.mark.parametrize(("amount", "held"), [("0", False), ("0.00", False), ("0.01", True), ("-1", True)])
def test_no_money_is_false(amount, held):
    assert bool(usd(amount)) is held


@pytest.mark.parametrize(
    ("_case", "amount", "result"),
    [
        ("text", "12.50", "12.50"),
        ("a whole number", 12, "12"),
        ("an exact decimal", Decimal("0.10"), "0.10"),
    ],
)
def test_money_is_made_of_what_is_exact(_case, amount, result):
    assert str(Money.of(amount, "USD").amount) == result


@pytest.mark.parametrize(
    ("_case", "amount"),
    [
        ("a float: 0.1 is not a tenth", 0.1),
        ("no number", "free"),
        ("empty", ""),
        ("a decimal comma", "12,50"),
        ("not a number at all", "NaN"),
        ("endless", "Infinity"),
        ("nothing", None),
    ],
)
def test_money_is_not_made_of_anything_else(_case, amount):
    with pytest.raises(DocumentError) as refused:
        Money.of(amount, "USD")
    assert refused.value.field == "amount"


@random_cases
@given(any_money)
def test_money_comes_back_from_json_digit_by_digit(amount):
    back = from_json(to_json(amount), Money)

    assert back == amount
    assert str(back) == str(amount)


@random_cases
@given(any_money)
def test_rounding_moves_money_by_half_a_unit_at_most_and_only_once(amount):
    rounded = amount.rounded()

    assert abs(rounded.amount - amount.amount) * 2 <= minor_unit(amount.currency)
    assert rounded.rounded() == rounded


# -- measures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "value", "unit", "into", "result"),
    [
        ("12 ounces are three quarters of a pound", "12", "OZ", "LB", "0.75"),
        ("a pound is 453.59237 g by definition", "1", "LB", "G", "453.59237"),
        ("a tonne", "0.002", "T", "KG", "2.000"),
        ("grams", "340", "G", "KG", "0.340"),
        ("nothing to convert", "1.50", "KG", "KG", "1.50"),
    ],
)
def test_weights_are_converted_exactly(_case, value, unit, into, result):
    assert Weight(Decimal(value), unit).to(into) == Weight(Decimal(result), into)


@pytest.mark.parametrize(
    ("_case", "size", "into", "sides"),
    [
        ("an inch is 2.54 cm", inches(1, 10, "0.5"), "CM", ("2.54", "25.40", "1.270")),
        ("a side that is not given stays so", inches(1, None, None), "CM", ("2.54", None, None)),
        ("nothing to convert", inches(4, 4, 5), "IN", ("4", "4", "5")),
    ],
)
def test_sizes_are_converted_exactly(_case, size, into, sides):
    converted = size.to(into)

    assert (converted.length, converted.width, converted.height) == tuple(side and Decimal(side) for side in sides)
    assert converted.unit == into


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "changes", "clear"),
    [
        ("all there", {}, True),
        ("one name is enough", {"last_name": ""}, True),
        ("the other name as well", {"first_name": ""}, True),
        ("no name", {"first_name": "", "last_name": ""}, False),
        ("a masked name", {"first_name": "A**"}, False),
        ("no street", {"street_1": ""}, False),
        ("a masked street", {"street_1": "1 M***"}, False),
        ("no city", {"city": ""}, False),
        ("no country", {"country_code": ""}, False),
        ("countries without postal codes exist", {"postal_code": ""}, True),
        ("a masked postal code", {"postal_code": "787**"}, False),
        ("a masked phone does not stop a parcel", {"phone": "+1 512***0100"}, True),
    ],
)
def test_an_address_is_clear_when_a_parcel_would_arrive(_case, changes, clear):
    assert address(**changes).clear is clear


def test_no_address_is_not_clear():
    assert Address().clear is False


# -- JSON -----------------------------------------------------------------------------------------------------------

PLAN = Plan(
    key="1",
    changes=(
        CreateListing(listing=listing()),
        SetPrices(shop_listing_id="tt-1", prices=(("tt-MUG-1", usd("12.50")),)),
        SetStock(shop_listing_id="tt-1", stock=(("tt-MUG-1", (("w-1", 3), ("w-2", 0))),)),
        CancelShopOrder(shop_order_id="5764", reason="out_of_stock"),
    ),
    findings=(finding("E-LST-ATTR", waits_for="template", names="Material"),),
)


@pytest.mark.parametrize(
    ("_case", "document", "kind"),
    [
        ("a product", product(), Product),
        ("a listing", listing(), Listing),
        ("a listing as the shop has it", on_shelf(), ShopListing),
        ("an order", order(), ShopOrder),
        ("a plan of mixed changes keeps their kinds and order", PLAN, Plan),
        ("many at once", (listing(), listing(title="Tin mug")), tuple[Listing, ...]),
    ],
)
def test_a_document_comes_back_from_json_as_it_went(_case, document, kind):
    assert from_json(to_json(document), kind) == document
    assert to_json(from_json(to_json(document), kind)) == to_json(document)


@pytest.mark.parametrize(
    ("_case", "data", "field"),
    [
        ("a field of the wrong kind", b'{"id":7,"code":"","label":"","enabled":true}', "id"),
        ("a field that is missing", b'{"code":"","label":"","enabled":true}', "id"),
        ("something else altogether", b"[]", "document"),
        ("cut off", b'{"id":"1",', "document"),
        ("nothing", b"", "document"),
        ("not JSON", b"<html>", "document"),
    ],
)
def test_what_is_not_a_document_names_the_field(_case, data, field):
    with pytest.raises(DocumentError) as refused:
        from_json(data, StoreLocation)
    assert refused.value.field == field


def test_a_field_deep_inside_is_named_by_its_path():
    data = to_json(listing()).replace(b'"12.00"', b'"dear"')

    with pytest.raises(DocumentError) as refused:
        from_json(data, Listing)
    assert refused.value.field == "skus[0].price.amount"


def test_documents_cannot_be_changed():
    with pytest.raises(AttributeError):
        order().status = "CANCELLED"
