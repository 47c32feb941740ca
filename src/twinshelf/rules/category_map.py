"""The category map as a person sees it: a row for each category of the store, what fits it and what it misses. Pure.

What is said here is never acted on: a suggestion becomes a row of the mapping only when a person accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, Literal

import msgspec

from twinshelf.documents import Attribute, CategoryRules, CertificateRule, ListingCertificate, Product
from twinshelf.rules.categories import Leaf
from twinshelf.rules.common import NOTHING_COMMON, CommonValues, nearest
from twinshelf.rules.conditions import fold
from twinshelf.rules.own import ProductChoices
from twinshelf.rules.ranking import Confidence, Suggested
from twinshelf.rules.templates import AttributeRule, CategoryRule, TemplateRules


class Counted(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A category of the store, by the strongest key of its products."""

    written: str
    number: int = 0
    others: tuple[str, ...] = ()
    """The weaker keys that all its products have, strongest first: a row of the mapping for one decides too."""
    fields: dict[str, int] = {}
    """How many of them have a custom field, by its folded name; the commonest."""
    titles: list[str] = []
    """Of a few of its products."""
    own: dict[str, int] = {}
    """How many of them say something themselves in this shop, by what `own_key` calls it."""


class MapState(StrEnum):
    """Where a category of the store stands."""

    CHOOSE = "choose"
    SURE = "sure"
    LIKELY = "likely"
    MAPPED = "mapped"


class MapRow(msgspec.Struct, frozen=True, kw_only=True):
    """One category of the store. `leaf` is its TikTok category, or the suggested one; None: none, or one that is gone.

    `by` is the row of the mapping that decides: its own, or that of a weaker key (`inherited`). `everything_else`: it
    takes the template's own category, as long as it has none.
    """

    key: str
    written: str
    number: int
    state: MapState
    category_id: str
    leaf: Leaf | None
    by: CategoryRule | None = None
    inherited: bool = False
    own: CategoryRule | None = None
    """What was said for this category itself, with or without a TikTok category."""
    everything_else: bool = False
    suggested: Suggested = Suggested()
    maybe: tuple[Leaf, ...] = ()
    missing: tuple[str, ...] = ()
    """Required attributes that products of it lack, by name; None of this is known while `unread`."""
    certificates: tuple[str, ...] = ()
    """Certificates that products of it lack, by name."""
    named: tuple[str, ...] = ()
    """Of `manufacturer` and `responsible_person`, whom products of it lack."""
    unread: bool = False
    """What the category asks was not read from TikTok yet."""

    @property
    def lacks(self) -> int:
        """How many things are missing."""
        return len(self.missing) + len(self.certificates) + len(self.named)

    @property
    def mapped(self) -> bool:
        """Whether a TikTok category was chosen or accepted."""
        return self.state is MapState.MAPPED

    @property
    def accepted(self) -> bool:
        """Whether a person took what was suggested."""
        return self.mapped and self.by is not None and self.by.how == "accepted"

    @property
    def sure(self) -> bool:
        """Whether the suggestion may be accepted with all that are sure."""
        return self.state is MapState.SURE

    @property
    def likely(self) -> bool:
        """Whether TikTok recommends it, and nothing more is known."""
        return self.state is MapState.LIKELY

    @property
    def to_choose(self) -> bool:
        """Whether a person has to choose."""
        return self.state is MapState.CHOOSE


class Asked(msgspec.Struct, frozen=True):
    """What a TikTok category asks of a product."""

    attributes: tuple[Attribute, ...] = ()
    rules: CategoryRules = CategoryRules()


class MapFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the map is made of. `asked` has the categories that were read, by id."""

    rules: TemplateRules
    default_id: str = ""
    counted: Mapping[str, Counted]
    suggested: Mapping[str, Suggested]
    leaves: Mapping[str, Leaf]
    asked: Mapping[str, Asked]
    today: date = date.min


def own_key(kind: Literal["attribute", "certificate", "named"], name: str) -> str:
    """What is counted of products that say it themselves: an attribute by name, a certificate by id, who is named."""
    return f"{kind}:{fold(name)}"


def own_keys(product: Product, choices: ProductChoices) -> set[str]:
    """What is counted of a product: an attribute only where it has no custom field of that name, which counts apart."""
    fields = {fold(name) for name, value in product.custom_fields if value.strip()}
    said = {own_key("attribute", name) for name, value in choices.attributes.items()
            if value.strip() and fold(name) not in fields}  # fmt: skip
    papers = {own_key("certificate", each.id) for each in choices.certificates if each.files}
    return said | papers | {own_key("named", what) for what in _NAMED if getattr(choices, f"{what}_id")}


_NAMED: Final = ("manufacturer", "responsible_person")


def map_rows(facts: MapFacts) -> list[MapRow]:
    """The rows: those that a person must choose for first, each group with most products first.

    None before the store's categories are counted. A row of the mapping whose key no product has any more is there as
    well, with 0 products. Products without any category of the store have none: they take the template's own.
    """
    mapping = {fold(rule.key): rule for rule in facts.rules.categories}
    if not facts.counted:
        return []
    gone = {key: Counted(written=rule.key) for key, rule in mapping.items() if key not in facts.counted}
    rows = [_row(key, entry, mapping, facts) for key, entry in {**facts.counted, **gone}.items() if key]
    order = list(MapState)
    return sorted(rows, key=lambda row: (order.index(row.state), -row.number, row.key))


def category_ids(facts: MapFacts) -> set[str]:
    """The TikTok categories that the rows have or would have: what they ask decides what is missing."""
    ids = {rule.category_id for rule in facts.rules.categories}
    return (ids | {each.category_id for each in facts.suggested.values()}) - {""}


def _row(key: str, entry: Counted, mapping: Mapping[str, CategoryRule], facts: MapFacts) -> MapRow:
    own = mapping.get(key)
    by = next((mapping[k] for k in (key, *entry.others) if k in mapping and mapping[k].category_id), None)
    suggested = facts.suggested.get(key, Suggested())
    offered = suggested.category_id if suggested.category_id in facts.leaves else ""
    if by is not None:
        state, category_id = MapState.MAPPED, by.category_id
    elif offered:
        state = MapState.SURE if suggested.confidence is Confidence.SURE else MapState.LIKELY
        category_id = offered
    else:
        state, category_id = MapState.CHOOSE, ""
    asked = facts.asked.get(category_id)
    said = (by if by is not None and by.category_id else None) or own
    lacks = _lacks(asked, facts, said, entry) if asked and entry.number else _Lacks()
    return MapRow(
        key=key,
        written=entry.written,
        number=entry.number,
        state=state,
        category_id=category_id,
        leaf=facts.leaves.get(category_id) if facts.leaves else _as_chosen(by),
        by=by,
        inherited=by is not None and by is not own,
        own=own,
        everything_else=by is None and bool(facts.default_id),
        suggested=suggested,
        maybe=tuple(facts.leaves[each] for each in suggested.maybe if each in facts.leaves and each != category_id),
        missing=lacks.attributes,
        certificates=lacks.certificates,
        named=lacks.named,
        unread=bool(category_id) and asked is None,
    )


class _Lacks(msgspec.Struct, frozen=True):
    attributes: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def _lacks(asked: Asked, facts: MapFacts, said: CategoryRule | None, entry: Counted) -> _Lacks:
    """What a category asks that at least one of its products lacks."""
    common = CommonValues(**nearest(said or NOTHING_COMMON, facts.rules))
    required = {
        "manufacturer": asked.rules.manufacturer_required, "responsible_person": asked.rules.responsible_person_required
    }  # fmt: skip
    chosen = _chosen(asked.attributes, _said(facts.rules, said))
    return _Lacks(
        missing_attributes(asked.attributes, facts.rules, said, entry),
        tuple(
            rule.name
            for rule in asked.rules.papers
            if (rule.required or not chosen.isdisjoint(rule.required_with))
            and not _is_there(rule, common.certificates, facts.today)
            and not _every(entry, own_key("certificate", rule.id))
        ),
        tuple(
            what
            for what in _NAMED
            if required[what] and not getattr(common, f"{what}_id") and not _every(entry, own_key("named", what))
        ),
    )


def _is_there(rule: CertificateRule, papers: Iterable[ListingCertificate], today: date) -> bool:
    """Whether a certificate is there and has not ended."""
    paper = next((each for each in papers if each.id == rule.id), None)
    return paper is not None and not (rule.expires and (paper.expires is None or paper.expires <= today))


def _every(entry: Counted, key: str) -> bool:
    return 0 < entry.number <= entry.own.get(key, 0)


def _as_chosen(by: CategoryRule | None) -> Leaf | None:
    """The category as it was called when a person chose it: the tree was not read yet."""
    return Leaf(id=by.category_id, path=by.category_path) if by is not None and by.category_path else None


def missing_attributes(
    attributes: Iterable[Attribute], rules: TemplateRules, row: CategoryRule | None, entry: Counted
) -> tuple[str, ...]:
    """The required attributes that at least one product of a category has no value for, by name.

    A value comes from the row of the mapping, from the template, from the product's own custom field, or from what a
    person chose for the product. Whether some
    other source of the template is filled in on every product is not looked at: such a one counts as given.
    """
    given = _said(rules, row)
    attributes = [attribute for attribute in attributes if not attribute.sales]
    chosen = _chosen(attributes, given)
    return tuple(
        attribute.name
        for attribute in attributes
        if (attribute.required or not chosen.isdisjoint(attribute.required_with))
        and not _given(given.get(fold(attribute.name)), attribute.name, entry)
    )


def _said(rules: TemplateRules, row: CategoryRule | None) -> dict[str, AttributeRule]:
    """What template and row say of attributes, by folded name; the row counts over the template."""
    return {fold(rule.name): rule for rule in (*rules.attributes, *(row.attributes if row is not None else ()))}


def _chosen(attributes: Iterable[Attribute], given: Mapping[str, AttributeRule]) -> set[tuple[str, str]]:
    """(attribute id, value id) of the values that rules give to all products."""
    return {
        (attribute.id, value_id)
        for attribute in attributes
        for value_id, name in attribute.values
        if (rule := given.get(fold(attribute.name))) is not None and fold(name) in _values(rule)
    }


def _values(rule: AttributeRule) -> set[str]:
    return {fold(value) for value in (*rule.values, rule.value) if value.strip()}


def _given(rule: AttributeRule | None, name: str, entry: Counted) -> bool:
    own = entry.own.get(own_key("attribute", name), 0)
    if rule is None or (rule.source == "custom_field" and fold(rule.field) == fold(name) and not _values(rule)):
        return _all_have(entry, name, own)
    if _values(rule):
        return True
    if rule.source == "custom_field":
        return _all_have(entry, rule.field) or own >= entry.number
    return rule.given


def _all_have(entry: Counted, field: str, own: int = 0) -> bool:
    return entry.number > 0 and entry.fields.get(fold(field), 0) + own >= entry.number
