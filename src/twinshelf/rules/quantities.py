"""How much a shop may offer of a variant, and the steps that lead to the number. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import Product, Variant
from twinshelf.tiktok.products import MAX_QUANTITY

QuantityRule = Literal[
    "stock",
    "untracked",
    "gone",
    "not_for_sale",
    "product_level",
    "held",
    "threshold",
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
    def beyond_most(self) -> int:
        """The units in the store, if they are more than TikTok takes of one SKU and so are not all shown; else 0."""
        if not self.offered or self.steps[-1:] != (QuantityStep("limit", self.offered, MAX_QUANTITY),):
            return 0
        return (self.steps[0].figure or 0) if self.steps[0].rule == "stock" else 0


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
    product: Product, variant: Variant, *, held: int, preferences: Preferences, own: int | None = None
) -> Quantity:
    """Units to offer of one variant: stock less what orders on their way hold, less the reserve; 0 at the threshold.

    Never negative, never above TikTok's maximum. Of goods that the store does not track, the merchant's figure for such
    goods is offered, less what is held; of variants that it counts together, none, since nobody knows how many there
    are of which. `own` is what a person set for it: the most that is offered, and the figure for goods that are not
    tracked. docs/reference/behavior.md INV-2 to INV-6.
    """
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
    if preferences.threshold is not None and variant.stock is not None and units <= preferences.threshold:
        return Quantity(0, (*steps, QuantityStep("threshold", 0, preferences.threshold)))
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
