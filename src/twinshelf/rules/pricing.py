"""The price a shop should show: base price, currency, rule, rounding, guard. Pure, exact, each step told."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import msgspec

from twinshelf.connections.preferences import Preferences, PriceRule
from twinshelf.documents import Finding, Money, Variant, finding, minor_unit

PriceStepRule = Literal[
    "own", "regular", "sale_price", "tax", "rate", "fixed_up", "fixed_down", "percent_up", "percent_down", "rounded"
]


NO_RULE: Final = PriceRule()


class PriceStep(msgspec.Struct, frozen=True):
    """One step of the calculation: the rule, its figure (None where it has none), and the price after it."""

    rule: PriceStepRule
    after: Money
    figure: Decimal | None = None
    of_template: bool = False
    """It is the rule of the product's template, which takes the place of the connection's."""


class Price(msgspec.Struct, frozen=True):
    """What the shop should ask, and how it came about. The last step leaves `value`."""

    value: Money
    steps: tuple[PriceStep, ...]


def own_price(amount: Decimal, currency: str) -> Price:
    """A price that a person set for a product: sent as it is."""
    price = Money(amount, currency)
    return Price(price, (PriceStep("own", price),))


def price_of(
    variant: Variant,
    preferences: Preferences,
    *,
    currency: str,
    sku: str,
    untaxed: bool = False,
    template_rule: PriceRule = NO_RULE,
) -> Price | Finding:
    """What a shop of this currency should ask for a variant, or why it cannot be said.

    `untaxed`: the store's prices lack the tax that the shop's include. `template_rule`: that of the product's template,
    which wins over the connection's if it is one.
    """
    if untaxed and preferences.tax_percent is None:
        return finding("E-PRC-TAX", waits_for="tax")
    sale = preferences.use_sale_price and variant.sale_price is not None
    base = variant.sale_price if preferences.use_sale_price and variant.sale_price is not None else variant.price
    return shop_price(
        base,
        currency=currency,
        rate=preferences.exchange_rate,
        rule=template_rule if template_rule.kind != "none" else preferences.price_rule,
        of_template=template_rule.kind != "none",
        tax=preferences.tax_percent if untaxed else None,
        sku=sku,
        start="sale_price" if sale else "regular",
    )


def shop_price(
    base: Money,
    *,
    currency: str,
    rate: Decimal | None,
    rule: PriceRule,
    sku: str,
    start: Literal["regular", "sale_price"] = "regular",
    tax: Decimal | None = None,
    of_template: bool = False,
) -> Price | Finding:
    """Add the tax, convert, apply the rule, round half up to the minor unit: in this order (PRC-2).

    A Finding where no price can be given: no confirmed rate for differing currencies, or a result below the smallest
    unit, which also covers a missing (0) price in the store.
    """
    amount, steps = base.amount, [PriceStep(start, base)]
    if tax:
        amount *= 1 + tax / 100
        steps.append(PriceStep("tax", Money(amount, base.currency), tax))
    if base.currency != currency:
        if rate is None or rate <= 0:
            return finding("E-PRC-RATE", waits_for="rate", store=base.currency, shop=currency)
        amount *= rate
        steps.append(PriceStep("rate", Money(amount, currency), rate))
    match rule.kind:
        case "fixed_up":
            amount += rule.value
        case "fixed_down":
            amount -= rule.value
        case "percent_up":
            amount *= 1 + rule.value / 100
        case "percent_down":
            amount *= 1 - rule.value / 100
    if rule.kind != "none":
        steps.append(PriceStep(rule.kind, Money(amount, currency), rule.value, of_template))
    price = Money(amount, currency).rounded()
    if not price.same_as(steps[-1].after):
        steps.append(PriceStep("rounded", price))
    if base.amount <= 0 or price.amount < minor_unit(currency):
        return finding("E-PRC-MIN", skus=f"{sku} ({price})")
    return Price(price, tuple(steps))


def store_price(shown: Money, *, currency: str, rate: Decimal | None, tax: Decimal | None) -> Money | Finding:
    """What the store asks for what the shop shows, where the shop's catalog leads: the way back without any rule.

    The tax is taken off where the store enters prices without it (None: nothing to take off); `rate` is the shop's
    currency for one of the store's. Rounded half up to the minor unit. A Finding where no rate is confirmed.
    """
    amount = shown.amount
    if shown.currency != currency:
        if rate is None or rate <= 0:
            return finding("E-PRC-RATE", waits_for="rate", store=currency, shop=shown.currency)
        amount /= rate
    if tax:
        amount /= 1 + tax / 100
    return Money(amount, currency).rounded()


def guard(before: Money | None, after: Money, *, percent: Decimal, sku: str) -> Finding | None:
    """Hold a change beyond the guard: a price 100 times too high is likelier a slip than a wish."""
    if before is None or before.currency != after.currency or before.amount <= 0:
        return None
    change = abs(after.amount - before.amount) / before.amount * 100
    if change <= percent:
        return None
    prices = f"SKU {sku} from {before.rounded()} to {after.rounded()}"
    return finding("E-PRC-GUARD", percent=f"{percent:f}", prices=prices)
