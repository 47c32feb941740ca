"""What a category template says, and how it turns a product into a category, attributes and a package. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

import msgspec

from twinshelf.connections.preferences import PackageDefaults
from twinshelf.documents import Attribute, AttributeValue, Dimensions, Finding, Product, Weight, WeightUnit, finding
from twinshelf.errors import DocumentError

Source = Literal["fixed", "custom_field", "brand", "option"]


class AttributeRule(msgspec.Struct, frozen=True, kw_only=True):
    """Where the value of one TikTok attribute comes from. `name` is the attribute's; `field` the store's."""

    name: str
    source: Source = "fixed"
    field: str = ""
    value: str = ""
    """The fixed value, or what to use where the field of a product is empty ("" for nothing)."""


class CategoryRule(msgspec.Struct, frozen=True):
    """One row of the category mapping: a store category key → a TikTok leaf category."""

    key: str
    category_id: str
    category_path: str = ""


class TemplateRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The stored rules of a template beside its name and category."""

    attributes: tuple[AttributeRule, ...] = ()
    package: PackageDefaults = PackageDefaults()
    categories: tuple[CategoryRule, ...] = ()
    brand_id: str = ""


def rules_from_json(stored: Mapping[str, Any]) -> TemplateRules:
    """Raises DocumentError naming the rule that does not fit."""
    try:
        return msgspec.convert(stored, TemplateRules, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        raise DocumentError(text.rsplit("`", 2)[-2].removeprefix("$.") if "`" in text else "rules", text) from error


def category_keys(product: Product) -> tuple[str, ...]:
    """The source category keys of a product, strongest first, in lower case and without outer blanks.

    Custom field `Category`, then `Product Type`, then its category paths, each with its parents.
    """
    fields = {name.strip().lower(): value.strip() for name, value in product.custom_fields}
    keys = [fields.get("category", ""), fields.get("product type", "")]
    for path in product.categories:
        parts = [part.strip() for part in path.split(">")]
        keys += [" > ".join(parts[:n]) for n in range(len(parts), 0, -1)]
        keys.append(parts[-1])
    return tuple(dict.fromkeys(key.lower() for key in keys if key))


def category_of(product: Product, rules: TemplateRules, default_category_id: str) -> str:
    """The TikTok category: the mapping of the product's strongest key that has one, else the template's; "" if none."""
    rule = category_rule_of(product, rules)
    return default_category_id if rule is None else rule.category_id


def category_rule_of(product: Product, rules: TemplateRules) -> CategoryRule | None:
    """The row of the mapping that decides about the product: that of its strongest key that has one."""
    mapping = {rule.key.strip().lower(): rule for rule in rules.categories}
    return next((mapping[key] for key in category_keys(product) if key in mapping), None)


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
        text = _source_text(
            product, rule or AttributeRule(name=attribute.name, source="custom_field", field=attribute.name)
        )
        if not text:
            if required:
                missing.append(attribute.name)
            continue
        value = _fit(attribute, text)
        if value is not None:
            found.append(value)
            chosen.update((attribute.id, value_id) for value_id in value.value_ids)
        elif required:
            unfit.append(f"{attribute.name} “{text}”")
    findings = []
    if missing:
        findings.append(finding("E-LST-ATTR", waits_for="template", names=", ".join(missing)))
    if unfit:
        findings.append(finding("E-LST-ATTRVALUE", waits_for="template", values=", ".join(unfit)))
    return tuple(found), tuple(findings)


def _source_text(product: Product, rule: AttributeRule) -> str:
    match rule.source:
        case "fixed":
            return rule.value.strip()
        case "brand":
            return product.brand.strip() or rule.value.strip()
        case "option":
            wanted = rule.field.strip().lower()
            values = [
                option.value
                for variant in product.variants
                for option in variant.options
                if option.option.lower() == wanted
            ]
            return (values[0] if values else rule.value).strip()
        case "custom_field":
            wanted = rule.field.strip().lower()
            value = next((value for name, value in product.custom_fields if name.strip().lower() == wanted), "")
            return value.strip() or rule.value.strip()


_NUMBER = re.compile(r"\d+(\.\d+)?")


def _fit(attribute: Attribute, text: str) -> AttributeValue | None:
    known = {name.strip().lower(): value_id for value_id, name in attribute.values}
    parts = [part.strip() for part in text.split(",") if part.strip()] if attribute.multiple and known else [text]
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
    own_weights = [v.weight for v in product.variants if v.weight is not None and v.weight.value > 0]
    heaviest = max(own_weights, key=lambda weight: weight.to("G").value, default=product.weight)
    weight = _weight(rules.package.weight, weight_unit) or _positive(heaviest) or _weight(defaults.weight, weight_unit)
    findings: list[Finding] = []
    if weight is None:
        findings.append(finding("E-LST-WEIGHT", waits_for="template"))
    unit = product.dimensions.unit if product.dimensions else ("IN" if weight_unit in {"LB", "OZ"} else "CM")
    sides: dict[str, Decimal] = {}
    rounded = []
    for side in ("length", "width", "height"):
        own = getattr(product.dimensions, side) if product.dimensions else None
        template, default = getattr(rules.package, side), getattr(defaults, side)
        value = Decimal(template) if template else (own or (Decimal(default) if default else None))
        if value is None or value <= 0:
            continue
        sides[side] = value.to_integral_value(ROUND_CEILING)
        if sides[side] != value:
            rounded.append(f"{side} {value.normalize():f} → {sides[side]}")
    missing = [side for side in ("length", "width", "height") if side not in sides]
    if missing:
        findings.append(finding("E-LST-DIM", waits_for="template", sides=", ".join(missing)))
        return weight, None, tuple(findings)
    if rounded:
        findings.append(finding("N-PKG-ROUND", sides=", ".join(rounded)))
    return weight, Dimensions(sides["length"], sides["width"], sides["height"], unit), tuple(findings)


def _positive(weight: Weight | None) -> Weight | None:
    return weight if weight is not None and weight.value > 0 else None


def _weight(value: int | None, unit: WeightUnit) -> Weight | None:
    return Weight(Decimal(value), unit) if value else None
