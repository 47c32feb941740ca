"""The price a shop should show: base price, currency, rule, rounding, guard. Pure, exact, explainable."""

from __future__ import annotations

from decimal import Decimal

from twinshelf.connections.preferences import PriceRule
from twinshelf.documents import Finding, Money, Variant, finding, minor_unit


def base_price(variant: Variant, *, use_sale_price: bool) -> Money:
    """The regular price; the sale price if wanted and there is one."""
    return variant.sale_price if use_sale_price and variant.sale_price is not None else variant.price


def shop_price(base: Money, *, currency: str, rate: Decimal | None, rule: PriceRule, sku: str) -> Money | Finding:
    """Convert, apply the rule, round half up to the minor unit: in this order (docs/reference/behavior.md PRC-2).

    A Finding where no price can be given: no confirmed rate for differing currencies, or a result below the smallest
    unit, which also covers a missing (0) price in the store.
    """
    amount = base.amount
    if base.currency != currency:
        if rate is None or rate <= 0:
            return finding("E-PRC-RATE", waits_for="rate", store=base.currency, shop=currency)
        amount *= rate
    match rule.kind:
        case "fixed_up":
            amount += rule.value
        case "fixed_down":
            amount -= rule.value
        case "percent_up":
            amount *= 1 + rule.value / 100
        case "percent_down":
            amount *= 1 - rule.value / 100
    price = Money(amount, currency).rounded()
    if base.amount <= 0 or price.amount < minor_unit(currency):
        return finding("E-PRC-MIN", skus=f"{sku} ({price})")
    return price


def guard(before: Money | None, after: Money, *, percent: Decimal, sku: str) -> Finding | None:
    """Hold a change beyond the guard: a price 100 times too high is likelier a slip than a wish."""
    if before is None or before.currency != after.currency or before.amount <= 0:
        return None
    change = abs(after.amount - before.amount) / before.amount * 100
    if change <= percent:
        return None
    prices = f"SKU {sku} from {before.rounded()} to {after.rounded()}"
    return finding("E-PRC-GUARD", percent=f"{percent:f}", prices=prices)
