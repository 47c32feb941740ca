"""The form of a category template: what a person has entered so far, whole or not, and the rows that show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from twinshelf.connections.preferences import PriceRule, unfit_price_rule
from twinshelf.documents import Attribute
from twinshelf.rules import templates
from twinshelf.rules.categories import Leaf, named
from twinshelf.rules.conditions import Condition, Field, Match, Operator, RuleGroup, fold
from twinshelf.rules.templates import MEASURES, PACKAGE, AttributeRule, MeasureRule, TemplateRules, VariationRule

if TYPE_CHECKING:
    from twinshelf.rules.models import Template

Words = tuple[tuple[str, Any], ...]

FIELDS: Final[Words] = (
    (Field.TITLE, gettext_lazy("Title")),
    (Field.SKU, gettext_lazy("SKU")),
    (Field.BRAND, gettext_lazy("Brand")),
    (Field.CATEGORY, gettext_lazy("Category")),
    (Field.PRODUCT_TYPE, gettext_lazy("Product type")),
    (Field.VENDOR, gettext_lazy("Vendor")),
)
OPERATORS: Final[Words] = (
    (Operator.EQUALS, gettext_lazy("Equals")),
    (Operator.NOT_EQUALS, gettext_lazy("Does not equal")),
    (Operator.CONTAINS, gettext_lazy("Contains")),
    (Operator.DOES_NOT_CONTAIN, gettext_lazy("Does not contain")),
)
MATCHES: Final[Words] = (
    (Match.ALL, gettext_lazy("All conditions are true")),
    (Match.ANY, gettext_lazy("Any condition is true")),
)
PRICE_RULES: Final[Words] = (
    ("none", gettext_lazy("None: the rule of the connection applies")),
    ("fixed_up", gettext_lazy("Fixed increment")),
    ("fixed_down", gettext_lazy("Fixed decrement")),
    ("percent_up", gettext_lazy("Percentage increment")),
    ("percent_down", gettext_lazy("Percentage decrement")),
)
_OF_PRODUCTS: Final[Words] = (
    ("title", gettext_lazy("Title")),
    ("brand", gettext_lazy("Brand")),
    ("sku", gettext_lazy("SKU")),
    ("barcode", gettext_lazy("Barcode")),
)
_SIZES: Final[Words] = (
    ("weight", gettext_lazy("Weight")),
    ("length", gettext_lazy("Length")),
    ("width", gettext_lazy("Width")),
    ("height", gettext_lazy("Height")),
)
OWN_SOURCES: Final[Words] = (("", gettext_lazy("Not mapped")), ("fixed", gettext_lazy("Fixed value")))
YES_NO: Final[Words] = (("", gettext_lazy("Not mapped")), ("no", gettext_lazy("No")), ("yes", gettext_lazy("Yes")))


@dataclass(frozen=True)
class StoreFields:
    """The names of custom fields and options that the store's products have."""

    custom_fields: Sequence[str] = ()
    options: Sequence[str] = ()


@dataclass(frozen=True)
class MappingRow:
    """Where an attribute comes from, as a row of the form shows it. `key` begins the names of its fields."""

    key: str
    name: str
    source: str
    groups: Sequence[tuple[str, Words]]
    required: bool = False
    hint: str = ""
    values: Sequence[str] = ()
    """TikTok's list; none where it takes own words alone."""
    chosen: frozenset[str] = frozenset()
    multiple: bool = False
    own: bool = True
    """It takes own words."""
    text: str = ""

    @property
    def others(self) -> str:
        """What the list of several values is called while it is closed."""
        return ", ".join(value for value in self.values if value in self.chosen)


_EMPTY: Final = TemplateRules()


@dataclass
class Draft:
    """A template as entered. `errors` by field; `stale` are the mapped attributes that the category does not have."""

    name: str = ""
    rules: TemplateRules = _EMPTY
    category: Leaf | None = None
    category_text: str = ""
    confirmed: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    price_figure: str = ""

    @classmethod
    def of(cls, template: Template, leaves: Mapping[str, Leaf]) -> Draft:
        """What a stored template says."""
        rules = templates.rules_from_json(template.rules)
        leaf = leaves.get(template.category_id)
        if leaf is None and template.category_id:
            leaf = Leaf(id=template.category_id, path=template.category_path or template.category_id)
        figure = "" if rules.price_rule.kind == "none" else f"{rules.price_rule.value.normalize():f}"
        return cls(name=template.name, rules=rules, category=leaf, price_figure=figure)

    @classmethod
    def posted(cls, post: QueryDict, leaves: Mapping[str, Leaf], kept: TemplateRules) -> Draft:
        """What a person sent; `kept` has what the form does not show."""
        draft = cls(name=post.get("name", ""), confirmed="confirmed" in post)
        draft._take_category(post, leaves)
        draft.price_figure = post.get("price_value", "").strip()
        draft.rules = msgspec.structs.replace(
            kept,
            group=_group(post),
            override="override" in post,
            attributes=tuple(_attributes(post)),
            variations=tuple(_variations(post)),
            measures=templates.PackageRules(**{measure: _measure(post, measure) for measure in PACKAGE}),
            cash_on_delivery={"yes": True, "no": False}.get(post.get("cod", "")),
            price_rule=draft._price_rule(post),
        )
        return draft

    def _take_category(self, post: QueryDict, leaves: Mapping[str, Leaf]) -> None:
        self.category = None if "clear" in post else leaves.get(post.get("category", ""))
        text = post.get("category_path", "").strip()
        if not text:
            return
        leaf = named(leaves, text, post.get("category_id", ""))
        if leaf is not None and leaf.available:
            self.category = leaf
            return
        self.category_text = text
        if leaf is not None:
            self.errors["category"] = _("TikTok Shop does not let this shop list in this category.")
        elif leaves:
            self.errors["category"] = _("There is no such category. Type a word, and choose one from the list.")
        else:
            self.errors["category"] = _("TikTok's categories are being read. Try again in a moment.")

    def _price_rule(self, post: QueryDict) -> Any:
        kind = post.get("price_kind", "none")
        if kind == "none" or kind not in dict(PRICE_RULES):
            return _EMPTY.price_rule
        try:
            figure = Decimal(self.price_figure.replace(",", "."))
        except InvalidOperation:
            figure = Decimal(0)
        rule = PriceRule(kind, figure)  # type: ignore[arg-type]
        if reason := unfit_price_rule(rule):
            self.errors["price"] = _("The figure %(reason)s.") % {"reason": _(reason)}
        return rule

    @property
    def conditions(self) -> Sequence[Condition]:
        """The rows of conditions."""
        return self.rules.group.conditions

    def attributes_of(self, asked: Iterable[Attribute]) -> tuple[AttributeRule, ...]:
        """The mapping without attributes that the category does not have."""
        known = {fold(attribute.name) for attribute in asked if not attribute.sales}
        return tuple(rule for rule in self.rules.attributes if fold(rule.name) in known)


def _group(post: QueryDict) -> RuleGroup:
    rows = list(zip(post.getlist("c-field"), post.getlist("c-operator"), post.getlist("c-value"), strict=False))
    dropped = post.get("drop", "")
    if dropped.isdecimal() and int(dropped) < len(rows):
        del rows[int(dropped)]
    conditions = [
        Condition(Field(name), Operator(operator), value[:255])
        for name, operator, value in rows[: templates.MOST_CONDITIONS]
        if name in set(Field) and operator in set(Operator)
    ]
    if "add" in post:
        conditions.append(Condition(Field.TITLE, Operator.CONTAINS, ""))
    match = post.get("match", "")
    return RuleGroup(Match(match) if match in set(Match) else Match.ALL, tuple(conditions))


def _source(post: QueryDict, key: str) -> tuple[str, str]:
    source, _colon, name = post.get(f"{key}-source", "").partition(":")
    known = {"fixed", *templates.NAMED_SOURCES, *dict(_OF_PRODUCTS), *dict(_SIZES)}
    return (source, name[:250]) if source in known else ("", "")


def _attributes(post: QueryDict) -> Iterable[AttributeRule]:
    for number, name in enumerate(post.getlist("a-name")):
        key = f"a{number}"
        source, field_name = _source(post, key)
        if source:
            yield AttributeRule(
                name=name[:250],
                source=source,  # type: ignore[arg-type]
                field=field_name,
                value=post.get(f"{key}-text", "").strip()[:250],
                values=tuple(value for value in post.getlist(f"{key}-value") if value) if source == "fixed" else (),
            )


def _variations(post: QueryDict) -> Iterable[VariationRule]:
    for number, name in enumerate(post.getlist("v-name")):
        if option := post.get(f"v{number}-option", ""):
            yield VariationRule(name[:250], option[:250])


def _measure(post: QueryDict, measure: str) -> MeasureRule | None:
    source, name = _source(post, measure)
    if not source:
        return None
    return MeasureRule(source=source, field=name, value=post.get(f"{measure}-text", "").strip()[:40])  # type: ignore[arg-type]


# -- rows -----------------------------------------------------------------------------------------------------------


def attribute_rows(
    draft: Draft, asked: Sequence[Attribute], fields: StoreFields, *, required: bool
) -> list[MappingRow]:
    """The rows of the attributes that describe a product, required ones or the others, in TikTok's order."""
    rules = {fold(rule.name): rule for rule in draft.rules.attributes}
    shown = [attribute for attribute in asked if not attribute.sales]
    return [
        _row(f"a{number}", attribute, rules.get(fold(attribute.name)), fields)
        for number, attribute in enumerate(shown)
        if attribute.required is required
    ]


def _row(key: str, attribute: Attribute, rule: AttributeRule | None, fields: StoreFields) -> MappingRow:
    values = [name for _id, name in attribute.values]
    chosen = list(rule.values) if rule else []
    if rule and rule.source == "fixed" and not chosen:
        chosen = [value for value in values if fold(value) == fold(rule.value)]
    return MappingRow(
        key=key,
        name=attribute.name,
        source=_source_of(rule),
        groups=_groups(fields, rule, (*_OF_PRODUCTS, *_SIZES)),
        required=attribute.required,
        hint=_hint(attribute),
        values=values,
        chosen=frozenset(chosen),
        multiple=attribute.multiple,
        own=attribute.customizable or not values,
        text="" if rule is None or rule.value in chosen else rule.value,
    )


def _hint(attribute: Attribute) -> str:
    if attribute.numeric:
        return _("A number")
    if not attribute.values:
        return _("Own words")
    if attribute.multiple:
        return _("Several allowed") if not attribute.customizable else _("Several allowed, own words too")
    return _("From TikTok's list") if not attribute.customizable else _("From TikTok's list, or own words")


def measure_rows(draft: Draft, fields: StoreFields) -> list[MappingRow]:
    """The rows of the package."""
    rows = []
    for measure in PACKAGE:
        rule = getattr(draft.rules.measures, measure)
        rows.append(
            MappingRow(
                key=measure,
                name=_(MEASURES[measure]),
                source=_source_of(rule),
                groups=_groups(fields, rule, _SIZES),
                required=True,
                text="" if rule is None else rule.value,
            )
        )
    return rows


def _source_of(rule: AttributeRule | MeasureRule | None) -> str:
    if rule is None:
        return ""
    return f"{rule.source}:{rule.field}" if rule.source in templates.NAMED_SOURCES else rule.source


def _groups(fields: StoreFields, rule: AttributeRule | MeasureRule | None, own: Words) -> list[tuple[str, Words]]:
    """The choices of where it comes from, in groups; a field that no product has any more stays among them."""
    custom, options = list(fields.custom_fields), list(fields.options)
    if rule is not None and rule.source == "custom_field" and rule.field not in custom:
        custom.append(rule.field)
    if rule is not None and rule.source == "option" and rule.field not in options:
        options.append(rule.field)
    return [
        (_("Field of the product"), own),
        (_("Custom field"), tuple((f"custom_field:{name}", name) for name in custom)),
        (_("Option"), tuple((f"option:{name}", name) for name in options)),
    ]


@dataclass(frozen=True)
class VariationRow:
    """The option that a variation attribute of TikTok has its values from."""

    key: str
    name: str
    option: str
    options: Sequence[str]


def variation_rows(draft: Draft, asked: Iterable[Attribute], fields: StoreFields) -> list[VariationRow]:
    """A row for each variation attribute of the category."""
    rules = {fold(rule.name): rule.option for rule in draft.rules.variations or ()}
    rows = []
    for number, attribute in enumerate(each for each in asked if each.sales):
        option = rules.get(fold(attribute.name), "")
        options = [*fields.options, *([option] if option and option not in fields.options else [])]
        rows.append(VariationRow(f"v{number}", attribute.name, option, options))
    return rows
