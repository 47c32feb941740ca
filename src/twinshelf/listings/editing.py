"""What the editor of a product shows: the product, what was chosen for it in a shop, and what its category asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from twinshelf.connections.models import Connection
from twinshelf.documents import Attribute, CategoryRules, Product
from twinshelf.listings.desired import DesiredSku, desired_skus
from twinshelf.listings.facts import choices_of, facts_of, known_category
from twinshelf.listings.models import CategoryCache, ListingRow
from twinshelf.listings.queries import category_leaves
from twinshelf.rules import own, templates
from twinshelf.rules.common import CommonValues
from twinshelf.rules.conditions import fold
from twinshelf.rules.own import ProductChoices


@dataclass(frozen=True)
class AskedOf:
    """One attribute of the category: what the template gives it (`given`), and what was chosen for the product."""

    attribute: Attribute
    given: str
    chosen: str

    @property
    def values(self) -> tuple[str, ...]:
        """TikTok's list; none where it takes free text."""
        return tuple(name for _id, name in self.attribute.values)

    offered: str = ""
    """What the form says where nothing was chosen, so that saving it answers what the category demands."""

    @property
    def variation(self) -> bool:
        """Whether it tells SKUs apart: asked of a product without options."""
        return self.attribute.sales

    @property
    def compliance(self) -> bool:
        """Whether it asks for batteries or dangerous goods."""
        return own.asks_compliance(self.attribute)


@dataclass(frozen=True)
class Editing:
    """A product in one shop, as its editor shows it."""

    product: Product
    choices: ProductChoices
    category_id: str
    category_path: str
    category_read: bool
    """TikTok has told what the category asks."""
    category: CategoryRules
    inherited: CommonValues
    """Brand, certificates and the like that it has of its template or of the category map."""
    asked: tuple[AskedOf, ...]
    skus: dict[str, DesiredSku]
    """What the shop should show by variant id, with what was chosen."""
    from_store: dict[str, DesiredSku]
    """The same without it."""
    overwritten: dict[str, str]
    """What the last send replaced of edits made in the shop: field → what it showed."""

    @property
    def simple(self) -> bool:
        """Whether it has one variant without options."""
        return len(self.product.variants) == 1 and not self.product.variants[0].options

    @property
    def takes_warranty(self) -> bool:
        """Whether the category asks for a warranty period."""
        return any(own.asks_warranty(each.attribute) for each in self.asked)


def _variation(
    product: Product, attribute: Attribute, template: templates.TemplateRules, by_name: Mapping[str, str]
) -> AskedOf:
    options, _named, _asks = templates.single_options(product, (attribute,), template)
    given = options[0].value if options else ""
    offered = "" if given or not attribute.required else _("One %(name)s") % {"name": attribute.name}
    return AskedOf(attribute, given, by_name.get(fold(attribute.name), ""), offered)


def editing(connection: Connection, product: Product, choices: ProductChoices | None = None) -> Editing:
    """The product as its editor shows it; `choices` are those of a form that was not kept. Calls no platform."""
    kept = choices_of(connection, [product.id]).get(product.id, own.NONE)
    chosen = kept if choices is None else choices
    facts = facts_of(connection, [product.id])
    category_id = facts.category_of(product, chosen)
    leaf = category_leaves(connection).get(category_id)
    known = known_category(connection.shop, category_id)
    template = templates.rules_for(product, facts.template_of(product))
    row = ListingRow.objects.filter(connection=connection, product_id=product.id).first()
    by_name = {fold(name): value for name, value in chosen.attributes.items()}
    asked = []
    for attribute in known.attributes:
        if attribute.sales and (len(product.variants) != 1 or product.variants[0].options):
            continue
        if attribute.sales:
            asked.append(_variation(product, attribute, template, by_name))
            continue
        values, _findings = templates.attribute_values(product, (attribute,), template)
        names = dict(attribute.values)
        given = ", ".join(
            text for value in values for text in (*(names[each] for each in value.value_ids), *value.value_names)
        )
        asked.append(AskedOf(attribute, given, by_name.get(fold(attribute.name), "")))
    return Editing(
        product=product,
        choices=chosen,
        category_id=category_id,
        category_path=leaf.path if leaf else chosen.category_path,
        category_read=CategoryCache.objects.filter(shop=connection.shop, category_id=category_id).exists(),
        category=known.rules,
        inherited=template,
        asked=tuple(sorted(asked, key=lambda each: (not each.attribute.required, each.attribute.name.casefold()))),
        skus=desired_skus(product, facts, {}, choices=chosen),
        from_store=desired_skus(product, facts, {}),
        overwritten=dict(row.overwritten) if row is not None else {},
    )
