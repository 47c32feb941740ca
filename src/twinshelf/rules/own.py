"""What a person chose for one product in one shop, beyond the rules of its connection and its template. Pure.

Stored as JSON on `listings.ProductChoicesRow`; what is not stored has its default here, and means no choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from twinshelf.connections.preferences import PackageDefaults, ThresholdMode
from twinshelf.documents import Attribute, Dimensions, Image, ListingFile, Product, Weight
from twinshelf.errors import DocumentError
from twinshelf.rules.common import CommonValues, nearest
from twinshelf.rules.conditions import fold
from twinshelf.rules.sync_rules import Switches
from twinshelf.rules.templates import AttributeRule, PackageRules, TemplateRules

MOST_IMAGES: Final = 9
CodeChoice = Literal["", "yes", "no"]
NO_CODE_REASONS: Final = (
    "Brand or manufacturer does not provide a GTIN",
    "Generic or non-branded product without GTIN",
)


class VariantChoices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The choices for one variant."""

    price: Decimal | None = None
    """In the shop's currency, sent as it is: no rule, rate or tax applies."""
    quantity: int | None = None
    """Never more than so many are offered; of goods that the store does not count, so many."""
    gtin: str = ""


class ProductChoices(CommonValues, frozen=True, kw_only=True, omit_defaults=True):
    """The choices for one product in one shop. The store is never written with them."""

    title: str = ""
    description: str = ""
    variants: dict[str, VariantChoices] = msgspec.field(default_factory=dict)
    """By variant id."""
    codes: CodeChoice = ""
    """Whether its variants have product codes: "" as the connection says, no: none is sent."""
    no_code_reason: str = ""
    """Why it has none. TikTok's API takes no reason: it is shown."""
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    category_id: str = ""
    category_path: str = ""
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    """Value by the attribute's name; several of a list with commas between them."""
    images: tuple[str, ...] = ()
    """Addresses of pictures behind those of the store."""
    warranty: str = ""
    """Its warranty period, sent where the category asks for one."""
    size_chart: ListingFile | None = None
    switches: Switches | None = None
    """Which fields follow the store; None: the rules of the connection."""
    threshold: int | None = None
    """Its own low-stock limit; None: the connection's."""
    threshold_mode: ThresholdMode | Literal[""] = ""
    """What happens at the limit; "" as the connection says."""
    threshold_excluded: bool = False
    """No limit counts for it, whatever it or the connection has."""

    def of(self, variant_id: str) -> VariantChoices:
        """The choices for a variant; one without has none."""
        return self.variants.get(variant_id, _NO_VARIANT)


_NO_VARIANT = VariantChoices()
NONE = ProductChoices()


def choices_from_json(stored: Mapping[str, Any]) -> ProductChoices:
    """The stored choices over the defaults. Raises DocumentError naming the one that does not fit."""
    try:
        return msgspec.convert(stored, ProductChoices, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        raise DocumentError(text.rsplit("`", 2)[-2].removeprefix("$.") if "`" in text else "choices", text) from error


def choices_to_json(choices: ProductChoices) -> dict[str, Any]:
    """What was chosen, as JSON values."""
    kept = {key: each for key, each in choices.variants.items() if each != _NO_VARIANT}
    built: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(choices, variants=kept))
    return built


# -- what follows from them -------------------------------------------------------------------------------------------


def over_product(product: Product, choices: ProductChoices) -> Product:
    """The product of the store with what was chosen for it put in its place; prices and units are no part of it."""
    changes: dict[str, Any] = {}
    if choices.title:
        changes["title"] = choices.title
    if choices.description:
        changes["description"] = choices.description
    if choices.images:
        room = max(MOST_IMAGES - len(choices.images), 0)
        changes["images"] = (*product.images[:room], *(Image(url=url) for url in choices.images))
    variants = product.variants
    if choices.weight is not None:
        changes["weight"] = choices.weight
        variants = tuple(msgspec.structs.replace(each, weight=None) for each in variants)
    if choices.dimensions is not None:
        changes["dimensions"] = choices.dimensions
    if choices.codes == "no":
        variants = tuple(msgspec.structs.replace(each, gtin="") for each in variants)
    elif any(each.gtin for each in choices.variants.values()):
        variants = tuple(msgspec.structs.replace(each, gtin=choices.of(each.id).gtin or each.gtin) for each in variants)
    return msgspec.structs.replace(product, **changes, variants=variants)


def over_template(rules: TemplateRules, choices: ProductChoices, attributes: Iterable[Attribute]) -> TemplateRules:
    """The rules of the template that holds the product, with what was chosen for the product in their place."""
    given = dict(choices.attributes)
    folded = {fold(name) for name in given}
    if choices.warranty:
        given |= {
            each.name: choices.warranty
            for each in attributes
            if not each.sales and asks_warranty(each) and fold(each.name) not in folded
        }
    changes = nearest(choices, rules)
    if given:
        taken = {fold(name) for name in given}
        changes["attributes"] = (
            *(AttributeRule(name=name, value=value) for name, value in given.items()),
            *(rule for rule in rules.attributes if fold(rule.name) not in taken),
        )
    measures, package = rules.measures, rules.package
    if choices.weight is not None:
        measures = msgspec.structs.replace(measures, weight=None)
        package = msgspec.structs.replace(package, weight=None)
    if choices.dimensions is not None:
        measures = PackageRules(weight=measures.weight)
        package = PackageDefaults(weight=package.weight)
    return msgspec.structs.replace(rules, **changes, measures=measures, package=package)


def asks_warranty(attribute: Attribute) -> bool:
    """Whether an attribute is the one for the warranty period."""
    words = fold(attribute.name).split()
    return "warranty" in words and not {"period", "duration"}.isdisjoint(words)


def asks_compliance(attribute: Attribute) -> bool:
    """Whether an attribute asks for batteries or dangerous goods: answered by a person, never guessed."""
    name = fold(attribute.name)
    return name.startswith("contains batteries") or "dangerous goods" in name or "hazardous material" in name
