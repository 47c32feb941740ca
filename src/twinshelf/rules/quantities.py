"""How much a shop may offer of a variant, and the steps that lead to the number. Pure."""

from __future__ import annotations

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
    "reserve",
    "limit",
    "not_at_first",
    "own",
]


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


def gone() -> Quantity:
    """Of what the store does not have any more, nothing is offered."""
    return Quantity(0, (QuantityStep("gone", 0),))


def not_at_first(quantity: Quantity) -> Quantity:
    """The units that a SKU is created with where stock is only sent afterwards: none."""
    return Quantity(0, (*quantity.steps, QuantityStep("not_at_first", 0))) if quantity.offered else quantity


def quantity_of(
    product: Product, variant: Variant, *, held: int, preferences: Preferences, choices: ProductChoices = NONE
) -> Quantity:
    """Units to offer of one variant: stock less what orders on their way hold, less the reserve; 0 at the threshold.

    Never negative, never above TikTok's maximum. Of goods that the store does not track, the merchant's figure for such
    goods is offered, less what is held; of variants that it counts together, none, since nobody knows how many there
    are of which. What a person set for the variant is the most that is offered, and the figure for goods that are not
    tracked. A product that is taken off sale at the threshold keeps its units: none can be bought meanwhile.
    docs/reference/behavior.md INV-2 to INV-8.
    """
    own, threshold = choices.of(variant.id).quantity, threshold_of(preferences, choices)
    if not ((variant.purchasable and product.purchasable) or preferences.include_unpurchasable):
        return Quantity(0, (QuantityStep("not_for_sale", 0),))
    if counted_for_all_variants(product):
        return Quantity(0, (QuantityStep("product_level", 0),))
    if variant.stock is None:
        units = preferences.untracked_quantity if own is None else own
        steps = [QuantityStep("untracked" if own is None else "own", units, units)]
    else:
        units = variant.stock
        steps = [QuantityStep("stock", units, units)]
    if held:
        units -= held
        steps.append(QuantityStep("held", units, held))
    if threshold.units is not None and variant.stock is not None and units <= threshold.units:
        if threshold.mode == "set_zero":
            return Quantity(0, (*steps, QuantityStep("threshold", 0, threshold.units)))
        steps.append(QuantityStep("low", units, threshold.units))
    if preferences.reserve:
        units -= preferences.reserve
        steps.append(QuantityStep("reserve", units, preferences.reserve))
    if own is not None and variant.stock is not None and units > own:
        units = own
        steps.append(QuantityStep("own", units, own))
    offered = max(0, min(units, MAX_QUANTITY))
    if offered != units:
        steps.append(QuantityStep("limit", offered, MAX_QUANTITY if units > 0 else 0))
    return Quantity(offered, tuple(steps))
