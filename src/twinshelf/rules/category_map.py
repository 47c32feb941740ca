"""The category map as a person sees it: a row for each category of the store, what fits it and what it misses. Pure.

What is said here is never acted on: a suggestion becomes a row of the mapping only when a person accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from twinshelf.documents import Attribute, CategoryRules
from twinshelf.rules.categories import Leaf
from twinshelf.rules.conditions import fold
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
    unread: bool = False
    """What the category asks was not read from TikTok yet."""

    @property
    def lacks(self) -> int:
        """How many things are missing."""
        return len(self.missing) + len(self.certificates)

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
        missing=missing_attributes(asked.attributes, facts.rules, said, entry) if asked and entry.number else (),
        certificates=tuple(name for _id, name in asked.rules.certifications) if asked and entry.number else (),
        unread=bool(category_id) and asked is None,
    )


def _as_chosen(by: CategoryRule | None) -> Leaf | None:
    """The category as it was called when a person chose it: the tree was not read yet."""
    return Leaf(id=by.category_id, path=by.category_path) if by is not None and by.category_path else None


def missing_attributes(
    attributes: Iterable[Attribute], rules: TemplateRules, row: CategoryRule | None, entry: Counted
) -> tuple[str, ...]:
    """The required attributes that at least one product of a category has no value for, by name.

    A value comes from the row of the mapping, from the template, or from the product's own custom field. Whether some
    other source of the template is filled in on every product is not looked at: such a one counts as given.
    """
    given = {fold(rule.name): rule for rule in (*rules.attributes, *(row.attributes if row is not None else ()))}
    attributes = [attribute for attribute in attributes if not attribute.sales]
    chosen = {
        (attribute.id, value_id)
        for attribute in attributes
        for value_id, name in attribute.values
        if (rule := given.get(fold(attribute.name))) is not None and fold(name) in _values(rule)
    }
    return tuple(
        attribute.name
        for attribute in attributes
        if (attribute.required or not chosen.isdisjoint(attribute.required_with))
        and not _given(given.get(fold(attribute.name)), attribute.name, entry)
    )


def _values(rule: AttributeRule) -> set[str]:
    return {fold(value) for value in (*rule.values, rule.value) if value.strip()}


def _given(rule: AttributeRule | None, name: str, entry: Counted) -> bool:
    if rule is None:
        return _all_have(entry, name)
    if _values(rule):
        return True
    if rule.source == "custom_field":
        return _all_have(entry, rule.field)
    return rule.given


def _all_have(entry: Counted, field: str) -> bool:
    return entry.number > 0 and entry.fields.get(fold(field), 0) >= entry.number
