"""Prices: base, currency, rule, rounding, in this order; and the guard that holds what is likelier a slip."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies

from tests.pure.builders import money, random_cases, usd, usd_amounts, variant
from twinshelf.connections.preferences import Preferences, PriceRule
from twinshelf.documents import Finding, Money, finding, minor_unit
from twinshelf.rules.pricing import Price, PriceStep, guard, own_price, price_of, shop_price


def rule(kind="none", value="0"):
    return PriceRule(kind, Decimal(value))


def priced(base, *, currency=None, rate=None, by=None, tax=None):
    """The price, or the finding in its place."""
    found = shop_price(
        base,
        currency=currency or base.currency,
        rate=None if rate is None else Decimal(rate),
        rule=by or rule(),
        tax=None if tax is None else Decimal(tax),
        sku="MUG-1",
    )
    return found.value if isinstance(found, Price) else found


# -- the base -------------------------------------------------------------------------------------------------------


@pytest.mark.covers("CED-150")
@pytest.mark.parametrize(
    ("_case", "sale", "use_sale_price", "base"),
    [
        ("off: the regular price, whatever the sale", "80.00", False, "100.00"),
        ("on: the sale price", "80.00", True, "80.00"),
        ("on, and there is none: the regular price", None, True, "100.00"),
        ("a sale price above the regular one is taken as it is", "120.00", True, "120.00"),
    ],
)
def test_the_price_that_a_calculation_starts_from(_case, sale, use_sale_price, base):
    goods = variant(price=usd("100.00"), sale_price=None if sale is None else usd(sale))

    found = price_of(goods, Preferences(use_sale_price=use_sale_price), currency="USD", sku="MUG-1")

    assert isinstance(found, Price)
    assert found.value == usd(base)
    assert found.steps == (PriceStep("sale_price" if use_sale_price and sale else "regular", usd(base)),)


def test_a_price_tells_each_step_that_led_to_it():
    found = shop_price(
        usd("10.10"),
        currency="GBP",
        rate=Decimal("0.8"),
        rule=rule("percent_up", "10"),
        sku="MUG-1",
        start="sale_price",
    )

    assert found == Price(
        money("8.89", "GBP"),
        (
            PriceStep("sale_price", usd("10.10")),
            PriceStep("rate", money("8.080", "GBP"), Decimal("0.8")),
            PriceStep("percent_up", money("8.8880", "GBP"), Decimal(10)),
            PriceStep("rounded", money("8.89", "GBP")),
        ),
    )


# -- the calculation ------------------------------------------------------------------------------------------------


@pytest.mark.covers("CED-20")
@pytest.mark.parametrize(
    ("kind", "value", "price"),
    [
        ("none", "0", "113.00"),
        ("fixed_up", "10", "123.00"),
        ("fixed_down", "2", "111.00"),
        pytest.param("percent_up", "10", "124.30", marks=pytest.mark.covers("CED-146")),
        ("percent_down", "10", "101.70"),
    ],
)
def test_each_kind_of_rule(kind, value, price):
    result = priced(money("113", "AUD"), by=rule(kind, value))

    assert str(result) == f"{price} AUD"


@pytest.mark.parametrize(
    ("_case", "base", "by", "price"),
    [
        ("half a cent goes up", usd("0.15"), rule("percent_up", "10"), "0.17"),
        ("less goes down", usd("0.14"), rule("percent_up", "10"), "0.15"),
        ("half up, not to the even cent", usd("2.25"), rule("percent_up", "10"), "2.48"),
        ("a third off is rounded once, at the end", usd("10.00"), rule("percent_down", "33.333"), "6.67"),
        ("0.1 and 0.2 make 0.3", usd("0.1"), rule("fixed_up", "0.2"), "0.30"),
        ("a price with too many decimals is rounded as well", usd("9.995"), rule(), "10.00"),
        ("yen: half a yen goes up", money("1050", "JPY"), rule("percent_up", "5"), "1103"),
        ("yen: less goes down", money("1049", "JPY"), rule("percent_up", "5"), "1101"),
        ("dong have no cents", money("99999", "VND"), rule("percent_up", "1.5"), "101499"),
        ("rupiah are sold without cents", money("14999", "IDR"), rule("fixed_up", "0.5"), "15000"),
    ],
)
def test_prices_are_rounded_half_up_to_what_the_currency_has(_case, base, by, price):
    assert str(priced(base, by=by)) == f"{price} {base.currency}"


@pytest.mark.covers("CED-149")
@pytest.mark.parametrize(
    ("_case", "base", "currency", "rate", "by", "price"),
    [
        ("1 GBP is 2 AUD", money("113", "AUD"), "GBP", "0.5", rule(), "56.50"),
        (
            "converted first, then the rule in the shop's currency",
            money("113", "AUD"),
            "GBP",
            "0.5",
            rule("fixed_up", "10"),
            "66.50",
        ),
        ("not rounded between the two", money("0.99", "AUD"), "GBP", "0.505", rule("percent_up", "100"), "1.00"),
        ("into a currency without cents", usd("9.99"), "JPY", "149.35", rule(), "1492"),
        ("out of one", money("1000", "JPY"), "USD", "0.0067", rule(), "6.70"),
        ("one currency needs no rate", usd("12.00"), "USD", None, rule(), "12.00"),
        ("nor uses the one that is there", usd("12.00"), "USD", "0.5", rule(), "12.00"),
    ],
)
def test_prices_are_converted_at_the_confirmed_rate(_case, base, currency, rate, by, price):
    assert str(priced(base, currency=currency, rate=rate, by=by)) == f"{price} {currency}"


@pytest.mark.covers("CED-149")
@pytest.mark.parametrize(
    ("_case", "rate"), [("no rate is confirmed", None), ("a rate of 0", "0"), ("a rate below 0", "-0.5")]
)
def test_no_price_is_given_without_a_confirmed_rate(_case, rate):
    assert priced(money("113", "AUD"), currency="GBP", rate=rate) == finding(
        "E-PRC-RATE", waits_for="rate", store="AUD", shop="GBP"
    )


@pytest.mark.covers("CED-20")
@pytest.mark.parametrize(
    ("_case", "base", "by", "price"),
    [
        ("a cent is a price", usd("2.01"), rule("fixed_down", "2"), "0.01"),
        ("nothing is none", usd("2.00"), rule("fixed_down", "2"), None),
        ("less than nothing even less so", usd("1.00"), rule("fixed_down", "2"), None),
        ("half a cent becomes a cent", usd("0.01"), rule("percent_down", "50"), "0.01"),
        ("less than half a cent becomes nothing", usd("0.01"), rule("percent_down", "51"), None),
        ("all of it off", usd("113.00"), rule("percent_down", "100"), None),
        ("more than all of it", usd("113.00"), rule("percent_down", "150"), None),
        ("a yen is a price", money("3", "JPY"), rule("fixed_down", "2"), "1"),
        ("half a yen becomes a yen", money("1", "JPY"), rule("percent_down", "50"), "1"),
        ("less than half becomes nothing", money("1", "JPY"), rule("percent_down", "60"), None),
        ("no price in the store is no price here", usd("0.00"), rule(), None),
        ("and the rule does not make it one", usd("0.00"), rule("fixed_up", "10"), None),
    ],
)
def test_a_price_is_at_least_the_smallest_amount_there_is(_case, base, by, price):
    result = priced(base, by=by)

    if price is not None:
        assert str(result) == f"{price} {base.currency}"
    else:
        assert isinstance(result, Finding)
        assert (result.code, result.blocking) == ("E-PRC-MIN", True)


def test_a_price_that_is_none_is_told_with_its_number_and_sku():
    assert priced(usd("1.00"), by=rule("fixed_down", "2")) == finding("E-PRC-MIN", skus="MUG-1 (-1.00 USD)")


any_rule = strategies.builds(
    lambda kind, hundredths: PriceRule(kind, Decimal(hundredths).scaleb(-2)),
    strategies.sampled_from(["none", "fixed_up", "fixed_down", "percent_up", "percent_down"]),
    strategies.integers(1, 20_000),
)


@random_cases
@given(
    usd_amounts(),
    strategies.sampled_from(["USD", "GBP", "JPY", "VND"]),
    strategies.one_of(strategies.none(), strategies.integers(1, 10**8).map(lambda digits: Decimal(digits).scaleb(-4))),
    any_rule,
)
def test_whatever_the_rule_there_is_a_whole_price_or_a_reason(base, currency, rate, by):
    result = priced(base, currency=currency, rate=rate, by=by)

    if isinstance(result, Finding):
        assert result.blocking
    else:
        assert result.currency == currency
        assert result.amount >= minor_unit(currency)
        assert result == result.rounded()


# -- the guard ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "before", "after", "percent", "held"),
    [
        ("never priced before", None, usd("12.00"), "50", False),
        ("the same", usd("12.00"), usd("12.00"), "50", False),
        ("exactly half up is let through", usd("12.00"), usd("18.00"), "50", False),
        ("a cent more is held", usd("12.00"), usd("18.01"), "50", True),
        ("exactly half down is let through", usd("12.00"), usd("6.00"), "50", False),
        ("a cent less is held", usd("12.00"), usd("5.99"), "50", True),
        ("a slipped decimal point", usd("12.00"), usd("1200.00"), "50", True),
        ("nothing to compare with", usd("0.00"), usd("12.00"), "50", False),
        ("another currency cannot be compared", usd("12.00"), money("1900", "JPY"), "50", False),
        ("a guard of 0 holds every change", usd("12.00"), usd("12.01"), "0", True),
    ],
)
def test_a_change_beyond_the_guard_is_held(_case, before, after, percent, held):
    told = guard(before, after, percent=Decimal(percent), sku="MUG-1")

    assert (told is not None) is held


def test_what_is_held_says_from_what_to_what():
    told = guard(usd("12.0000"), usd("1200.00"), percent=Decimal(50), sku="MUG-1")

    assert told == finding("E-PRC-GUARD", percent="50", prices="SKU MUG-1 from 12.00 USD to 1200.00 USD")


@random_cases
@given(usd_amounts("0.01"))
def test_a_price_that_stays_is_never_held(price):
    assert guard(price, Money(price.amount, price.currency), percent=Decimal(0), sku="MUG-1") is None


# -- tax ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "base", "tax", "by", "price"),
    [
        ("20 % on top", "10.00", "20", None, "12.00"),
        ("none", "10.00", "0", None, "10.00"),
        ("rounded once, at the end", "9.99", "20", rule("percent_up", "10"), "13.19"),
        ("an amount comes after it", "10.00", "20", rule("fixed_up", "1"), "13.00"),
        ("half a percent", "10.00", "5.5", None, "10.55"),
    ],
)
def test_the_tax_is_added_before_all_else(_case, base, tax, by, price):
    assert str(priced(money(base, "GBP"), tax=tax, by=by)) == f"{price} GBP"


def test_the_tax_is_a_step_of_its_own():
    found = shop_price(money("10.00", "GBP"), currency="GBP", rate=None, rule=rule(), sku="MUG-1", tax=Decimal(20))

    assert isinstance(found, Price)
    assert [(step.rule, step.after.amount) for step in found.steps] == [("regular", Decimal(10)), ("tax", Decimal(12))]


@pytest.mark.parametrize(
    ("untaxed", "percent", "price"),
    [(True, None, None), (True, Decimal(20), 12), (True, Decimal(0), 10), (False, None, 10), (False, Decimal(20), 10)],
)
def test_no_price_is_given_while_nobody_said_what_tax_it_lacks(untaxed, percent, price):
    chosen = Preferences(tax_percent=percent)
    found = price_of(variant(price=usd("10.00")), chosen, currency="USD", sku="MUG-1", untaxed=untaxed)

    if price is None:
        assert found == finding("E-PRC-TAX", waits_for="tax")
    else:
        assert isinstance(found, Price)
        assert found.value.amount == price


# -- explained ------------------------------------------------------------------------------------------------------


def recomputed(steps):
    """The amount that the figures of the steps lead to, each from the one before: nothing of `after` but the first."""
    amount = steps[0].after.amount
    currency = steps[0].after.currency
    for step in steps[1:]:
        currency = step.after.currency
        match step.rule:
            case "tax" | "percent_up":
                amount *= 1 + step.figure / 100
            case "percent_down":
                amount *= 1 - step.figure / 100
            case "rate":
                amount *= step.figure
            case "fixed_up":
                amount += step.figure
            case "fixed_down":
                amount -= step.figure
            case "rounded":
                amount = Money(amount, currency).rounded().amount
        assert step.after == Money(amount, currency), step
    return Money(amount, currency)


RULES = strategies.builds(
    rule,
    strategies.sampled_from(["none", "fixed_up", "fixed_down", "percent_up", "percent_down"]),
    strategies.decimals("0.01", "99.99", places=2).map(str),
)


@random_cases
@given(
    usd_amounts("0.01"),
    strategies.one_of(strategies.none(), usd_amounts("0.01")),
    strategies.builds(
        Preferences,
        price_rule=RULES,
        use_sale_price=strategies.booleans(),
        exchange_rate=strategies.decimals("0.0001", "500", places=4),
        tax_percent=strategies.decimals("0", "30", places=2),
    ),
    strategies.tuples(strategies.sampled_from(["USD", "GBP", "JPY", "IDR"]), strategies.booleans()),
    RULES,
)
def test_every_price_is_recomputed_from_its_steps(regular, sale, preferences, market, of_template):
    goods, (currency, untaxed) = variant(price=regular, sale_price=sale), market

    found = price_of(goods, preferences, currency=currency, sku="MUG-1", untaxed=untaxed, template_rule=of_template)

    if isinstance(found, Finding):
        assert found.code == "E-PRC-MIN"
        return
    base = sale if preferences.use_sale_price and sale is not None else regular
    assert found.steps[0] == PriceStep("regular" if base is regular or base is not sale else "sale_price", base)
    assert recomputed(found.steps).same_as(found.value)


def test_a_price_of_ones_own_is_its_only_step_and_no_rule_touches_it():
    found = own_price(Decimal("111.00"), "AUD")

    assert (found.value, found.steps) == (money("111.00", "AUD"), (PriceStep("own", money("111.00", "AUD")),))
