"""Copying a product from one shop of a store to another: what goes along, and what is still missing there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from django.utils.translation import gettext as _

from twinshelf import messages
from twinshelf.connections.models import Connection
from twinshelf.documents import Attribute, Product
from twinshelf.listings.choosing import Unfit, unfit
from twinshelf.listings.editing import AskedOf, Editing, editing
from twinshelf.listings.facts import known_category
from twinshelf.listings.queries import category_leaves
from twinshelf.rules import own
from twinshelf.rules.categories import Leaf, named
from twinshelf.rules.conditions import fold
from twinshelf.rules.own import ProductChoices


@dataclass(frozen=True)
class Gap:
    """Something that a person has to see to in the other shop before the product can be listed there."""

    name: str
    why: str


@dataclass(frozen=True)
class Copy:
    """A product as it would be chosen in another shop. `read`: TikTok has told what its category asks there."""

    choices: ProductChoices
    leaf: Leaf | None
    read: bool
    attributes: tuple[tuple[str, str], ...]
    """(name, value) of what goes along, as that shop names them."""
    gaps: tuple[Gap, ...]


def copy_of(source: Connection, to: Connection, product: Product) -> Copy:
    """The product as it is chosen and given by templates in one shop, in the words of another. Calls no platform.

    Its category is the one of the same number or else of the same path. Attributes go by number or name, values as
    well; a value that is not in a list there is a gap. Prices of its own are in the other currency, and files belong
    to the shop: they stay behind.
    """
    here, leaves = editing(source, product), category_leaves(to)
    leaf = leaf_there(here.category_id, here.category_path, leaves)
    there = known_category(to.shop, leaf.id if leaf else "")
    given, lost = attributes_there(here.asked, there.attributes)
    choices = msgspec.structs.replace(
        here.choices,
        category_id=leaf.id if leaf else "",
        category_path=leaf.path if leaf else "",
        attributes=given,
        variants={key: msgspec.structs.replace(each, price=None) for key, each in here.choices.variants.items()},
        certificates=(),
        size_chart=None,
    )
    wrong = unfit(to, product, choices, choices.category_id)
    choices = without(choices, wrong)
    after = editing(to, product, choices)
    return Copy(choices, leaf, after.category_read, tuple(choices.attributes.items()), (
        *([] if leaf else [Gap(_("Category"), _("There is none like it: choose one."))]),
        *lost,
        *(Gap(_field(each), each.reason) for each in wrong),
        *_missing(after),
        *_left_behind(here),
    ))  # fmt: skip


def leaf_there(category_id: str, path: str, leaves: Mapping[str, Leaf]) -> Leaf | None:
    """The category of the same number, else of the same path, that the other shop may list in. Pure."""
    found = leaves.get(category_id) or (named(leaves, path) if path else None)
    return found if found is not None and found.available else None


def attributes_there(
    asked: Sequence[AskedOf], attributes: Sequence[Attribute]
) -> tuple[dict[str, str], tuple[Gap, ...]]:
    """The values that go along, by the name that the other shop has for each attribute, and what does not. Pure.

    What the other category does not ask for is left out without a word.
    """
    by_id = {each.id: each for each in attributes}
    by_name = {fold(each.name): each for each in attributes}
    given: dict[str, str] = {}
    gaps = []
    for each in asked:
        value = each.chosen or each.given
        target = by_id.get(each.attribute.id) or by_name.get(fold(each.attribute.name))
        if not value or target is None:
            continue
        known = [_value_there(part, each.attribute, target) for part in _parts(value, each.attribute)]
        fitting = [part for part in known if part]
        if fitting and (target.multiple or len(fitting) == 1):
            given[target.name] = ", ".join(fitting)
        if len(fitting) < len(known) or target.name not in given:
            gaps.append(Gap(target.name, _("“%(value)s” is not offered there: choose another.") % {"value": value}))
    return given, tuple(gaps)


def _parts(value: str, attribute: Attribute) -> list[str]:
    if not attribute.multiple or value in {name for _id, name in attribute.values}:
        return [value]
    return [part.strip() for part in value.split(",") if part.strip()]


def _value_there(value: str, attribute: Attribute, target: Attribute) -> str:
    """The word that the other shop has for a value; "" for none."""
    if not target.values:
        return value
    ids = {fold(name): value_id for value_id, name in attribute.values}
    there, names = dict(target.values), {fold(name): name for _id, name in target.values}
    found = there.get(ids.get(fold(value), "")) or names.get(fold(value))
    return found or (value if target.customizable else "")


def without(choices: ProductChoices, wrong: Iterable[Unfit]) -> ProductChoices:
    """The choices without those that do not fit. Pure."""
    for each in wrong:
        stem, _dot, name = each.field.partition(".")
        if stem == "attribute":
            kept = {key: value for key, value in choices.attributes.items() if key != name}
            choices = msgspec.structs.replace(choices, attributes=kept)
        elif name:
            variants = {key: value for key, value in choices.variants.items() if key != name}
            choices = msgspec.structs.replace(choices, variants=variants)
        else:
            choices = msgspec.structs.replace(choices, **{stem: getattr(own.NONE, stem)})
    return choices


def _missing(after: Editing) -> list[Gap]:
    required = [each for each in after.asked if each.attribute.required and not (each.chosen or each.given)]
    found = [Gap(each.attribute.name, _("TikTok requires it there.")) for each in required]
    if after.category.size_chart_required:
        found.append(Gap(_("Size chart"), _("TikTok requires it there.")))
    found += [Gap(rule.name, _("TikTok requires it there.")) for rule in after.category.certificates if rule.required]
    problems = dict.fromkeys(messages.text(each.problem) for each in after.skus.values() if each.problem is not None)
    return [*found, *(Gap(_("Price"), why) for why in problems)]


def _left_behind(here: Editing) -> list[Gap]:
    found = []
    if any(each.price is not None for each in here.choices.variants.values()):
        found.append(Gap(_("Own prices"), _("They are in the currency of the other shop: set them again.")))
    if here.choices.size_chart is not None:
        found.append(Gap(_("Size chart"), _("Files belong to a shop: upload it again.")))
    if here.choices.certificates:
        found.append(Gap(_("Certificates"), _("Files belong to a shop: upload them again.")))
    return found


def _field(wrong: Unfit) -> str:
    stem, _dot, name = wrong.field.partition(".")
    return name if stem == "attribute" else stem.replace("_", " ").capitalize()
