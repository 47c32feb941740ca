"""How much a shop may offer of a variant, and the steps that lead to the number. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from twinshelf.connections.preferences import Preferences, ThresholdMode
from twinshelf.documents import Product, Variant
from twinshelf.rules.own import NONE, ProductChoices
from twinshelf.tiktok.products import MAX_QUANTITY

QuantityRule = Literal[
    "stock",
    "untracked",
    "gone",
    "not_for_sale",
    "product_level",
    "held",
    "threshold",
    "low",
    "elsewhere",
    "percent",
    "reserve",
    "cap",
    "limit",
    "not_at_first",
    "own",
]


LIMITS: Final[frozenset[QuantityRule]] = frozenset({"threshold", "low", "elsewhere"})
"""The rules by which a merchant has goods that are there not sold."""


class QuantityStep(msgspec.Struct, frozen=True):
    """One step of the calculation: the rule, its figure (None where it has none), and the units after it."""

    rule: QuantityRule
    after: int
    figure: int | None = None


class Quantity(msgspec.Struct, frozen=True):
    """Units to offer, and how they came about. The last step leaves `offered`."""

    offered: int
    steps: tuple[QuantityStep, ...]

    @property
    def low(self) -> bool:
        """Whether the units are at the limit at which the whole product is taken off sale."""
        return any(step.rule == "low" for step in self.steps)

    @property
    def limited_by(self) -> QuantityRule | Literal[""]:
        """The limit that keeps all of it from being sold, of those that a merchant chose; "" where none does."""
        return next((step.rule for step in self.steps if step.rule in LIMITS), "")

    @property
    def beyond_most(self) -> int:
        """The units in the store, if they are more than TikTok takes of one SKU and so are not all shown; else 0."""
        if not self.offered or self.steps[-1:] != (QuantityStep("limit", self.offered, MAX_QUANTITY),):
            return 0
        return (self.steps[0].figure or 0) if self.steps[0].rule == "stock" else 0


SUGGESTED_ABOVE: Final = 5
"""A limit of 1 to so many units is taken with a warning: buyers may buy faster than numbers travel (INV-8)."""


def rarely_enough(threshold: int | None) -> bool:
    """Whether a limit is so low that a person is warned; 0 only says that sold out is sold out."""
    return threshold is not None and 0 < threshold <= SUGGESTED_ABOVE


_WHOLE: Final = 100


class Claims(msgspec.Struct, frozen=True):
    """Which shops of a store get the last units of a product (BEY-21).

    `limits` are (connection id, units) of those that claim them and sell the product, in the order of their ids: the
    first whose limit is not below the units that are left gets all of them, so every shop decides the same.
    """

    limits: tuple[tuple[int, int], ...] = ()
    mine: int = 0
    """The connection that is asked about."""

    def taken_elsewhere(self, units: int) -> bool:
        """Whether another shop gets all of so many units."""
        return self._taker(units)[0] not in {0, self.mine}

    def limit_at(self, units: int) -> int:
        """The limit by which so many units are given to one shop; 0 if they are not."""
        return self._taker(units)[1]

    def _taker(self, units: int) -> tuple[int, int]:
        return next(((shop, limit) for shop, limit in self.limits if units <= limit), (0, 0))


NO_CLAIMS: Final = Claims()


class Threshold(msgspec.Struct, frozen=True):
    """A low-stock limit: at `units` or fewer, `mode` says what happens. None: there is no limit."""

    units: int | None = None
    mode: ThresholdMode = "set_zero"


def threshold_of(preferences: Preferences, choices: ProductChoices = NONE) -> Threshold:
    """The limit that counts for a product: its own beats the connection's, and "exclude" switches both off (INV-8)."""
    if choices.threshold_excluded:
        return Threshold()
    units = preferences.threshold if choices.threshold is None else choices.threshold
    return Threshold(units, choices.threshold_mode or preferences.threshold_mode)


def counted_for_all_variants(product: Product) -> bool:
    """Whether the store counts the stock of all variants together, so that of each it is unknown."""
    return product.tracking == "product" and any(variant.options for variant in product.variants)


def falls_by_what_is_sold(preferences: Preferences, choices: ProductChoices = NONE, claims: Claims = NO_CLAIMS) -> bool:
    """Whether a sale in a shop leaves there just what the rules would offer then: the shop counted it itself.

    Not so where a limit, a share or a most decides, or another shop gets the last units.
    """
    limited = threshold_of(preferences, choices).units is not None or preferences.stock_cap is not None
    own = any(each.quantity is not None for each in choices.variants.values())
    return not (limited or own or preferences.stock_percent < _WHOLE or claims.limits)


def gone() -> Quantity:
    """Of what the store does not have any more, nothing is offered."""
    return Quantity(0, (QuantityStep("gone", 0),))


def not_at_first(quantity: Quantity) -> Quantity:
    """The units that a SKU is created with where stock is only sent afterwards: none."""
    return Quantity(0, (*quantity.steps, QuantityStep("not_at_first", 0))) if quantity.offered else quantity


def quantity_of(
    product: Product,
    variant: Variant,
    *,
    held: int,
    preferences: Preferences,
    choices: ProductChoices = NONE,
    claims: Claims = NO_CLAIMS,
) -> Quantity:
    """Units to offer of one variant: of its stock less what orders on their way hold, what the rules leave.

    One after the other: the threshold, the last units that another shop gets, the share, the reserve, the most that may
    be offered.

    Never negative, never above TikTok's maximum. Of goods that the store does not track, the merchant's figure for such
    goods is offered, less what is held; of variants that it counts together, none, since nobody knows how many there
    are of which. What a person set for the variant is the most that is offered, and the figure for goods that are not
    tracked. A product that is taken off sale at the threshold keeps its units: none can be bought meanwhile.
    docs/reference/behavior.md INV-2 to INV-8.
    """
    own, threshold = choices.of(variant.id).quantity, threshold_of(preferences, choices)
    if (why := _unsellable(product, variant, preferences)) is not None:
        return Quantity(0, (QuantityStep(why, 0),))
    tracked = variant.stock is not None
    if variant.stock is not None:
        steps = [QuantityStep("stock", variant.stock, variant.stock)]
    elif own is not None:
        steps = [QuantityStep("own", own, own)]
    else:
        steps = [QuantityStep("untracked", preferences.untracked_quantity, preferences.untracked_quantity)]
    if held:
        steps.append(QuantityStep("held", steps[-1].after - held, held))
    units = steps[-1].after
    if tracked and threshold.units is not None and units <= threshold.units:
        if threshold.mode == "set_zero":
            return Quantity(0, (*steps, QuantityStep("threshold", 0, threshold.units)))
        steps.append(QuantityStep("low", units, threshold.units))
    if tracked and claims.taken_elsewhere(units):
        return Quantity(0, (*steps, QuantityStep("elsewhere", 0, claims.limit_at(units))))
    steps += _limited(units, preferences, own if tracked else None, tracked=tracked)
    return Quantity(steps[-1].after, tuple(steps))


def _unsellable(product: Product, variant: Variant, preferences: Preferences) -> QuantityRule | None:
    """Why none of it can be offered, whatever there is; None if it can."""
    if not ((variant.purchasable and product.purchasable) or preferences.include_unpurchasable):
        return "not_for_sale"
    return "product_level" if counted_for_all_variants(product) else None


def _limited(units: int, preferences: Preferences, own: int | None, *, tracked: bool) -> Iterator[QuantityStep]:
    """The steps that leave a part of the units, each only where it changes something."""
    if preferences.stock_percent < _WHOLE and tracked and units > 0:
        units = units * preferences.stock_percent // _WHOLE
        yield QuantityStep("percent", units, preferences.stock_percent)
    if preferences.reserve:
        units -= preferences.reserve
        yield QuantityStep("reserve", units, preferences.reserve)
    if preferences.stock_cap is not None and units > preferences.stock_cap:
        units = preferences.stock_cap
        yield QuantityStep("cap", units, units)
    if own is not None and units > own:
        units = own
        yield QuantityStep("own", units, own)
    offered = max(0, min(units, MAX_QUANTITY))
    if offered != units:
        yield QuantityStep("limit", offered, MAX_QUANTITY if units > 0 else 0)
