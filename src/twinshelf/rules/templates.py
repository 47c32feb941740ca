"""What a category template says, and how it turns a product into a category, attributes and a package. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final, Literal

import msgspec

from twinshelf.connections.preferences import PackageDefaults, PriceRule, unfit_price_rule
from twinshelf.documents import (
    Attribute,
    AttributeValue,
    Dimensions,
    Finding,
    OptionValue,
    Product,
    Weight,
    WeightUnit,
    category_fields,
    finding,
    seller_sku,
)
from twinshelf.errors import DocumentError
from twinshelf.rules.common import CommonValues, nearest
from twinshelf.rules.conditions import RuleGroup, fold

Source = Literal[
    "fixed", "custom_field", "option", "brand", "title", "sku", "barcode", "weight", "length", "width", "height"
]
NAMED_SOURCES: Final = frozenset({"custom_field", "option"})
"""Those of which a product has several: `field` says which."""
Side = Literal["length", "width", "height"]
SIDES: Final[tuple[Side, ...]] = ("length", "width", "height")
PACKAGE: Final = (*SIDES, "weight")


class AttributeRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the value of one TikTok attribute comes from. `name` is the attribute's; `field` the store's."""

    name: str
    source: Source = "fixed"
    field: str = ""
    value: str = ""
    """The fixed value, or what to use where the field of a product is empty ("" for nothing)."""
    values: tuple[str, ...] = ()
    """Fixed values, where the attribute takes several; they come before `value`."""

    @property
    def given(self) -> bool:
        """Whether it says where a value comes from."""
        if self.source == "fixed":
            return bool(self.value.strip() or self.values)
        return self.source not in NAMED_SOURCES or bool(self.field.strip())


class VariationRule(msgspec.Struct, frozen=True):
    """The option of the store's products whose values a variation attribute of TikTok has."""

    name: str
    option: str


class MeasureRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a side or the weight of the package comes from. A number without a unit is in the store's."""

    source: Source = "fixed"
    field: str = ""
    value: str = ""

    @property
    def given(self) -> bool:
        """Whether it says where a number comes from."""
        if self.source == "fixed":
            return _number(self.value) is not None
        return self.source not in NAMED_SOURCES or bool(self.field.strip())


class PackageRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the sides and the weight of the package come from; None: from nowhere in particular."""

    length: MeasureRule | None = None
    width: MeasureRule | None = None
    height: MeasureRule | None = None
    weight: MeasureRule | None = None


Chosen = Literal["chosen", "accepted"]
"""How a person came to a category: by their own choice, or by accepting a suggestion."""


class CategoryRule(CommonValues, frozen=True, omit_defaults=True):
    """One row of the category mapping: a store category key → a TikTok leaf category.

    `attributes` and common values are for the products that the row decides about, over those of the template. Without
    a `category_id` the row only keeps those: it decides about no product.
    """

    key: str
    category_id: str
    category_path: str = ""
    attributes: tuple[AttributeRule, ...] = ()
    how: Chosen = "chosen"
    at: datetime | None = None
    """When a person last chose the category; None: before that was kept."""

    @property
    def says(self) -> bool:
        """Whether it says anything of its products beside their category."""
        return bool(self.attributes or self.common)


class TemplateRules(CommonValues, frozen=True, kw_only=True, omit_defaults=True):
    """The stored rules of a template beside its name and category."""

    group: RuleGroup = RuleGroup()
    override: bool = False
    """It takes also products that another template holds."""
    attributes: tuple[AttributeRule, ...] = ()
    package: PackageDefaults = PackageDefaults()
    """Whole numbers for every product; where `measures` says where one comes from, that counts."""
    measures: PackageRules = PackageRules()
    variations: tuple[VariationRule, ...] | None = None
    """None: variants have their options by the store's own names."""
    cash_on_delivery: bool | None = None
    """None: as it stands in the shop."""
    categories: tuple[CategoryRule, ...] = ()
    price_rule: PriceRule = PriceRule()
    """`none`: the connection's applies."""


MOST_CONDITIONS: Final = 500
"""More than anybody writes, and as many as every database takes in one query."""


class HeldBy(msgspec.Struct, frozen=True, kw_only=True):
    """The template that holds a product, as what is decided of the product needs it."""

    rules: TemplateRules = TemplateRules()
    category_id: str = ""
    is_default: bool = True


def category_for(product: Product, held_by: HeldBy) -> str:
    """The TikTok category of a product; "" if none. The mapping of categories is weaker than a template (section 2)."""
    if not held_by.is_default:
        return held_by.category_id
    return category_of(product, held_by.rules, held_by.category_id)


def rules_from_json(stored: Mapping[str, Any]) -> TemplateRules:
    """Raises DocumentError naming the rule that does not fit."""
    try:
        rules = msgspec.convert(stored, TemplateRules, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        raise DocumentError(text.rsplit("`", 2)[-2].removeprefix("$.") if "`" in text else "rules", text) from error
    if reason := unfit_price_rule(rules.price_rule):
        raise DocumentError("price_rule.value", reason)
    if len(rules.group.conditions) > MOST_CONDITIONS:
        raise DocumentError("group.conditions", f"must be {MOST_CONDITIONS} at most")
    return rules


def with_papers_of(rules: TemplateRules, kept: TemplateRules) -> TemplateRules:
    """`rules` with the certificates of `kept`, for all products and for each category of the store that both have."""
    papers = {fold(row.key): row.certificates for row in kept.categories}
    categories = (msgspec.structs.replace(r, certificates=papers.get(fold(r.key), ())) for r in rules.categories)
    return msgspec.structs.replace(rules, certificates=kept.certificates, categories=tuple(categories))


def category_keys(product: Product) -> tuple[str, ...]:
    """The source category keys of a product, strongest first, in lower case and without outer blanks.

    Custom field `Category`, then `Product Type`, then its category paths, each with its parents.
    """
    return tuple(dict.fromkeys(key.lower() for key in written_keys(product)))


def written_keys(product: Product) -> tuple[str, ...]:
    """The source category keys as the store writes them."""
    keys = [*category_fields(product)]
    for path in product.categories:
        parts = [part.strip() for part in path.split(">")]
        keys += [" > ".join(parts[:n]) for n in range(len(parts), 0, -1)]
        keys.append(parts[-1])
    return tuple(dict.fromkeys(key for key in keys if key))


def category_of(product: Product, rules: TemplateRules, default_category_id: str) -> str:
    """The TikTok category: the mapping of the product's strongest key that has one, else the template's; "" if none."""
    rule = category_rule_of(product, rules)
    return default_category_id if rule is None else rule.category_id


def category_rule_of(product: Product, rules: TemplateRules) -> CategoryRule | None:
    """The row of the mapping that decides about the product: that of its strongest key that has one."""
    mapping = {rule.key.strip().lower(): rule for rule in rules.categories if rule.category_id}
    return next((mapping[key] for key in category_keys(product) if key in mapping), None)


def rules_for(product: Product, held_by: HeldBy) -> TemplateRules:
    """What applies to a product: the template, and over the default one the row of the mapping that decides about it.

    A value of the row is for products that do not say it themselves: their own custom field of that name comes first.
    """
    rules = held_by.rules
    if not held_by.is_default or not any(rule.says for rule in rules.categories):
        return rules
    row = category_rule_of(product, rules)
    if row is None:
        return rules
    own = {fold(rule.name) for rule in row.attributes}
    return msgspec.structs.replace(
        rules,
        attributes=(*(rule for rule in rules.attributes if fold(rule.name) not in own), *row.attributes),
        **nearest(row, rules),
    )


def attribute_values(
    product: Product, attributes: tuple[Attribute, ...], rules: TemplateRules
) -> tuple[tuple[AttributeValue, ...], tuple[Finding, ...]]:
    """Values for the product attributes of a category, and what is missing or does not fit.

    A required attribute without a rule takes a custom field of its own name. Some are required only with a certain
    value of another. Values are matched to TikTok's list without case; a value that is not in the list is only sent
    where the attribute takes own words.
    """
    by_name = {rule.name.strip().lower(): rule for rule in rules.attributes}
    found: list[AttributeValue] = []
    missing: list[str] = []
    unfit: list[str] = []
    chosen: set[tuple[str, str]] = set()
    for attribute in sorted(attributes, key=lambda one: bool(one.required_with)):  # after those that they depend on
        if attribute.sales:
            continue
        rule = by_name.get(attribute.name.strip().lower())
        required = attribute.required or not chosen.isdisjoint(attribute.required_with)
        if rule is None and not required:
            continue
        rule = rule or AttributeRule(name=attribute.name, source="custom_field", field=attribute.name)
        texts = rule.values if rule.source == "fixed" and rule.values else _parts(attribute, source_text(product, rule))
        if not texts:
            if required:
                missing.append(attribute.name)
            continue
        value = _fit(attribute, texts)
        if value is not None:
            found.append(value)
            chosen.update((attribute.id, value_id) for value_id in value.value_ids)
        elif required:
            unfit.append(f"{attribute.name} “{', '.join(texts)}”")
    findings = []
    if missing:
        findings.append(finding("E-LST-ATTR", waits_for="template", names=", ".join(missing)))
    if unfit:
        findings.append(finding("E-LST-ATTRVALUE", waits_for="template", values=", ".join(unfit)))
    return tuple(found), tuple(findings)


def source_text(product: Product, rule: AttributeRule | MeasureRule) -> str:
    """What a rule takes from a product; where that is empty its own value, "" for nothing."""
    return _field_text(product, rule.source, fold(rule.field)).strip() or rule.value.strip()


def _field_text(product: Product, source: Source, wanted: str) -> str:
    match source:
        case "fixed":
            return ""
        case "brand":
            return product.brand
        case "title":
            return product.title
        case "sku":
            return product.sku or next((seller_sku(product, variant) for variant in product.variants), "")
        case "barcode":
            return next((variant.gtin for variant in product.variants if variant.gtin), "")
        case "weight":
            weight = _heaviest(product)
            return "" if weight is None else f"{weight.value.normalize():f}"
        case "length" | "width" | "height":
            side = getattr(product.dimensions, source) if product.dimensions else None
            return "" if side is None else f"{side.normalize():f}"
        case "option":
            options = (option for variant in product.variants for option in variant.options)
            return next((option.value for option in options if fold(option.option) == wanted), "")
        case "custom_field":
            return next((value for name, value in product.custom_fields if fold(name) == wanted), "")


def _heaviest(product: Product) -> Weight | None:
    own = [v.weight for v in product.variants if v.weight is not None and v.weight.value > 0]
    return max(own, key=lambda weight: weight.to("G").value, default=product.weight)


def _parts(attribute: Attribute, text: str) -> tuple[str, ...]:
    """A text as values: several with commas between them, where the attribute takes several of a list."""
    if not text:
        return ()
    if not (attribute.multiple and attribute.values):
        return (text,)
    return tuple(part.strip() for part in text.split(",") if part.strip())


_NUMBER = re.compile(r"\d+(\.\d+)?")


def _number(text: str) -> Decimal | None:
    """A number above 0; None for anything else."""
    text = text.strip()
    return Decimal(text) if _above_nothing(text) else None


def _fit(attribute: Attribute, texts: Sequence[str]) -> AttributeValue | None:
    known = {name.strip().lower(): value_id for value_id, name in attribute.values}
    parts = texts if attribute.multiple else texts[:1]
    ids = tuple(known[part.lower()] for part in parts if part.lower() in known)
    own = tuple(part for part in parts if part.lower() not in known)
    if own and (attribute.customizable or not known) and (not attribute.numeric or all(map(_above_nothing, own))):
        return AttributeValue(id=attribute.id, value_ids=ids, value_names=own)
    return AttributeValue(id=attribute.id, value_ids=ids) if ids else None


def _above_nothing(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and Decimal(text) > 0


def package_of(
    product: Product, rules: TemplateRules, defaults: PackageDefaults, *, weight_unit: WeightUnit
) -> tuple[Weight | None, Dimensions | None, tuple[Finding, ...]]:
    """Weight and size of the package: template, else the product's own, else the connection's default.

    The weight of a product with several variants is the heaviest's. Sides with decimals are rounded up to whole units
    with a notice. What is missing is named.
    """
    heaviest = _heaviest(product)
    weight = (
        _mapped_weight(product, rules.measures.weight, weight_unit)
        or _weight(rules.package.weight, weight_unit)
        or _positive(heaviest)
        or _weight(defaults.weight, weight_unit)
    )
    findings: list[Finding] = []
    if weight is None:
        findings.append(finding("E-LST-WEIGHT", waits_for="template"))
    unit = product.dimensions.unit if product.dimensions else ("IN" if weight_unit in {"LB", "OZ"} else "CM")
    sides: dict[str, Decimal] = {}
    rounded = []
    for side in SIDES:
        own = getattr(product.dimensions, side) if product.dimensions else None
        template, default = getattr(rules.package, side), getattr(defaults, side)
        mapped = _mapped(product, getattr(rules.measures, side))
        value = mapped or (Decimal(template) if template else (own or (Decimal(default) if default else None)))
        if value is None or value <= 0:
            continue
        sides[side] = value.to_integral_value(ROUND_CEILING)
        if sides[side] != value:
            rounded.append(f"{side} {value.normalize():f} → {sides[side]}")
    missing = [side for side in SIDES if side not in sides]
    if missing:
        findings.append(finding("E-LST-DIM", waits_for="template", sides=", ".join(missing)))
        return weight, None, tuple(findings)
    if rounded:
        findings.append(finding("N-PKG-ROUND", sides=", ".join(rounded)))
    return weight, Dimensions(sides["length"], sides["width"], sides["height"], unit), tuple(findings)


def _mapped(product: Product, rule: MeasureRule | None) -> Decimal | None:
    return None if rule is None else _number(source_text(product, rule))


def _mapped_weight(product: Product, rule: MeasureRule | None, unit: WeightUnit) -> Weight | None:
    if rule is not None and rule.source == "weight":
        return _positive(_heaviest(product))
    value = _mapped(product, rule)
    return None if value is None else Weight(value, unit)


def _positive(weight: Weight | None) -> Weight | None:
    return weight if weight is not None and weight.value > 0 else None


def _weight(value: int | None, unit: WeightUnit) -> Weight | None:
    return Weight(Decimal(value), unit) if value else None


# -- variations -----------------------------------------------------------------------------------------------------


def sales_attributes(
    product: Product, attributes: Iterable[Attribute], rules: TemplateRules
) -> tuple[dict[str, tuple[str, str]], Finding | None]:
    """By the folded name of a store's option the variation attribute that has its values: (name, id).

    An option that is mapped to none keeps its own name, so that no two variants become one. The finding says that the
    category has variation attributes, and none was mapped for a product with several variants (TPL-8).
    """
    known = {fold(attribute.name): attribute for attribute in attributes if attribute.sales}
    if rules.variations is None:
        return {}, None
    mapped = {
        fold(rule.option): (known[fold(rule.name)].name, known[fold(rule.name)].id)
        for rule in rules.variations
        if fold(rule.name) in known and rule.option.strip()
    }
    several = len(product.variants) > 1
    if several and known and not {fold(o.option) for v in product.variants for o in v.options} & mapped.keys():
        return mapped, finding("E-LST-VARMAP", waits_for="template", number=len(product.variants), title=product.title)
    return mapped, None


def single_options(
    product: Product, attributes: Iterable[Attribute], rules: TemplateRules
) -> tuple[tuple[OptionValue, ...], tuple[tuple[str, str], ...], Finding | None]:
    """What the one SKU of a product without options says of the variation attributes of its category (CAT-10).

    (its options, (name, id) of their attributes, what the category demands and nobody said). A value comes from a rule
    for the attribute, else, where it is demanded, from a custom field of its name.
    """
    if len(product.variants) != 1 or product.variants[0].options:
        return (), (), None
    by_name = {fold(rule.name): rule for rule in rules.attributes}
    options, named, missing = [], [], []
    for attribute in attributes:
        rule = by_name.get(fold(attribute.name))
        if not attribute.sales or (rule is None and not attribute.required):
            continue
        rule = rule or AttributeRule(name=attribute.name, source="custom_field", field=attribute.name)
        value = rule.values[0] if rule.source == "fixed" and rule.values else source_text(product, rule)
        if value:
            options.append(OptionValue(attribute.name, value))
            named.append((attribute.name, attribute.id))
        elif attribute.required:
            missing.append(attribute.name)
    asks = finding("E-LST-VARASK", waits_for="template", names=", ".join(missing)) if missing else None
    return tuple(options), tuple(named), asks


def named_options(options: Iterable[OptionValue], mapped: Mapping[str, tuple[str, str]]) -> tuple[OptionValue, ...]:
    """Options by the names of the variation attributes that they are mapped to."""
    return tuple(
        OptionValue(mapped[fold(each.option)][0], each.value) if fold(each.option) in mapped else each
        for each in options
    )


# -- what a person is told while setting up a template --------------------------------------------------------------

CASH_ON_DELIVERY: Final = "Cash on delivery"
MEASURES: Final[Mapping[str, str]] = {
    "length": "Package length", "width": "Package width", "height": "Package height", "weight": "Package weight"
}  # fmt: skip


def unmapped(rules: TemplateRules, attributes: Iterable[Attribute]) -> list[str]:
    """The required attributes that a template does not say the source of, by name: it cannot be saved like this."""
    given = {fold(rule.name) for rule in rules.attributes if rule.given}
    missing = [a.name for a in attributes if a.required and not a.sales and fold(a.name) not in given]
    if rules.cash_on_delivery is None:
        missing.append(CASH_ON_DELIVERY)
    for measure, name in MEASURES.items():
        rule = getattr(rules.measures, measure)
        if rule is None or not rule.given:
            missing.append(name)
    return missing


def no_longer_apply(rules: TemplateRules, attributes: Sequence[Attribute]) -> list[str]:
    """The attributes that a template maps and a category does not have, by name."""
    known = {fold(attribute.name) for attribute in attributes}
    mapped = [*(rule.name for rule in rules.attributes), *(rule.name for rule in rules.variations or ())]
    return [name for name in mapped if fold(name) not in known]


def mismatched(rules: TemplateRules) -> list[tuple[str, str]]:
    """(attribute, field) of pairings that look wrong: one measure taken from another, such as width from length."""
    pairs = [
        (MEASURES[measure], getattr(rules.measures, measure)) for measure in PACKAGE if getattr(rules.measures, measure)
    ]
    pairs += [(rule.name, rule) for rule in rules.attributes]
    return [(name, _field_name(rule)) for name, rule in pairs if _other_measure(name, _field_name(rule))]


def _field_name(rule: AttributeRule | MeasureRule) -> str:
    if rule.source == "fixed":
        return ""
    return rule.field if rule.source in NAMED_SOURCES else rule.source


def _other_measure(name: str, field: str) -> bool:
    ours, theirs = _measures_in(name), _measures_in(field)
    return bool(ours and theirs) and ours.isdisjoint(theirs)


def _measures_in(name: str) -> set[str]:
    return set(PACKAGE).intersection(re.findall(r"\w+", fold(name)))


def suggested(attributes: Iterable[Attribute], custom_fields: Iterable[str], options: Iterable[str]) -> TemplateRules:
    """A template to begin with: each attribute from the store's field of the same name, and nothing that is a guess."""
    attributes, fields = list(attributes), {fold(name): name for name in custom_fields}
    known = {fold(name): name for name in options}
    return TemplateRules(
        attributes=tuple(_suggested(attributes, fields)),
        variations=tuple(
            VariationRule(each.name, known[fold(each.name)])
            for each in attributes
            if each.sales and fold(each.name) in known
        ),
        measures=PackageRules(
            length=MeasureRule(source="length"),
            width=MeasureRule(source="width"),
            height=MeasureRule(source="height"),
            weight=MeasureRule(source="weight"),
        ),
        cash_on_delivery=False,
    )


def _suggested(attributes: Iterable[Attribute], fields: Mapping[str, str]) -> Iterator[AttributeRule]:
    for each in attributes:
        name = fold(each.name)
        if each.sales:
            continue
        if name in fields:
            yield AttributeRule(name=each.name, source="custom_field", field=fields[name])
        elif name == "brand":
            yield AttributeRule(name=each.name, source="brand")


# -- names ----------------------------------------------------------------------------------------------------------

LONGEST_NAME: Final = 80


def copy_name(name: str, taken: Iterable[str]) -> str:
    """What a copy is called: "Copy of …", with its middle left out where that is too long, and numbered if taken."""
    known = {fold(each) for each in taken}
    number = 1
    while True:
        made = _shortened(f"Copy of {name}", "" if number == 1 else f" ({number})")
        if fold(made) not in known:
            return made
        number += 1


def _shortened(name: str, end: str) -> str:
    room = LONGEST_NAME - len(end)
    if len(name) <= room:
        return name + end
    first = (room - 1) // 2
    return f"{name[:first].rstrip()}…{name[len(name) - (room - 1 - first) :].lstrip()}{end}"
