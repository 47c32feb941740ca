"""What does not fit of a person's choices for a product, told at its field. Asks only the hosts of own pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from django.utils.translation import gettext as _

from twinshelf import messages
from twinshelf.connections.models import Connection
from twinshelf.documents import Attribute, ListingSku, Money, Product, minor_unit
from twinshelf.errors import DocumentError, Transient
from twinshelf.kit import fetch
from twinshelf.listings.facts import known_category
from twinshelf.rules import templates
from twinshelf.rules.conditions import fold
from twinshelf.rules.own import MOST_IMAGES, NO_CODE_REASONS, ProductChoices
from twinshelf.rules.templates import AttributeRule, TemplateRules
from twinshelf.tiktok import products as tiktok
from twinshelf.tiktok import texts
from twinshelf.tiktok.regions import Region
from twinshelf.tiktok.regions import region as region_of

LONGEST = {"title": 1000, "description": 60_000, "attribute": 2000, "warranty": 200, "image": 2000, "variation": 50}
"""Characters beyond which a text is a slip of the hand, whatever TikTok takes of it."""


@dataclass(frozen=True)
class Unfit:
    """A choice that does not fit. `field` as `ProductChoices` names it; of one variant or attribute `price.11`."""

    field: str
    reason: str


def unfit(connection: Connection, product: Product, choices: ProductChoices, category_id: str) -> tuple[Unfit, ...]:
    """Everything that does not fit, all at once. `category_id`: the category that the product goes to."""
    region = region_of(connection.shop.region)
    category = known_category(connection.shop, category_id)
    return (
        *_texts(choices, region),
        *_variants(product, choices, region, connection.shop.currency),
        *_package(choices, region),
        *_codes(choices),
        *_attributes(product, choices, category.attributes),
        *_images(choices),
    )


def unreachable(choices: ProductChoices, known: ProductChoices) -> tuple[Unfit, ...]:
    """The pictures among those added to `known` that cannot be fetched or used: asks the hosts that they are at."""
    found = []
    for url in choices.images:
        if url in known.images:
            continue
        try:
            fetch.fitted(url, fetch.image(url), smallest=300, largest=4000)
        except fetch.ImageUnusable as error:
            found.append(Unfit("images", _("%(url)s cannot be used: %(why)s.") % {"url": url[:120], "why": error.why}))
        except Transient:
            found.append(Unfit("images", _("%(url)s does not answer. Try again later.") % {"url": url[:120]}))
    return tuple(found)


def _texts(choices: ProductChoices, region: Region) -> Iterator[Unfit]:
    if len(choices.title) > LONGEST["title"]:
        yield Unfit("title", _("More than %(most)s characters.") % {"most": LONGEST["title"]})
    elif choices.title:
        for found in tiktok.title_problems(choices.title, region):
            if found.blocking:
                yield Unfit("title", messages.text(found))
    if len(choices.description) > LONGEST["description"]:
        yield Unfit("description", _("More than %(most)s characters.") % {"most": f"{LONGEST['description']:,}"})
    elif choices.description and not texts.clean_description(choices.description):
        yield Unfit("description", _("Nothing is left of it that TikTok takes: write at least a few words."))
    elif region.code != "JP" and texts.has_chinese(choices.description):
        yield Unfit("description", _("TikTok takes no Chinese characters in this market."))
    if len(choices.warranty) > LONGEST["warranty"]:
        yield Unfit("warranty", _("More than %(most)s characters.") % {"most": LONGEST["warranty"]})


def _variants(product: Product, choices: ProductChoices, region: Region, currency: str) -> Iterator[Unfit]:
    for variant in product.variants:
        chosen = choices.of(variant.id)
        if chosen.price is not None:
            yield from _price(variant.id, chosen.price, region, currency)
        if chosen.quantity is not None and not 0 <= chosen.quantity <= tiktok.MAX_QUANTITY:
            most = f"{tiktok.MAX_QUANTITY:,}"
            yield Unfit(f"quantity.{variant.id}", _("A whole number from 0 to %(most)s.") % {"most": most})
        if chosen.gtin:
            try:
                texts.identifier_code(chosen.gtin)
            except DocumentError as error:
                yield Unfit(f"gtin.{variant.id}", f"{error.reason[:1].upper()}{error.reason[1:]}.")


def _price(variant_id: str, amount: Decimal, region: Region, currency: str) -> Iterator[Unfit]:
    field = f"price.{variant_id}"
    if not amount.is_finite() or amount <= 0:
        yield Unfit(field, _("A price above 0."))
        return
    if amount != amount.quantize(minor_unit(currency)):
        yield Unfit(field, _("%(currency)s has no smaller amount than %(unit)s.")
                    % {"currency": currency, "unit": minor_unit(currency)})  # fmt: skip
        return
    sku = ListingSku(variant_id=variant_id, seller_sku=variant_id, price=Money(amount, currency))
    for found in tiktok.price_problems(sku, region):
        if "limits" in found.facts:
            yield Unfit(field, _("TikTok takes prices %(limits)s.") % {"limits": found.facts["limits"]})


def _package(choices: ProductChoices, region: Region) -> Iterator[Unfit]:
    if choices.weight is not None:
        if not choices.weight.value.is_finite() or choices.weight.value <= 0:
            yield Unfit("weight", _("A weight above 0."))
        elif choices.weight.to("KG").value > region.weight_max.to("KG").value:
            most = f"{region.weight_max.value.normalize():f} {region.weight_max.unit.lower()}"
            yield Unfit("weight", _("TikTok takes at most %(most)s.") % {"most": most})
    size = choices.dimensions
    if size is not None:
        for side in templates.SIDES:
            value = getattr(size, side)
            if value is None or not value.is_finite() or value <= 0:
                yield Unfit("dimensions", _("Length, width and height, each above 0."))
                return


def _codes(choices: ProductChoices) -> Iterator[Unfit]:
    if choices.codes == "no" and choices.no_code_reason not in NO_CODE_REASONS:
        yield Unfit("codes", _("Choose the reason why it has no product code."))


def _attributes(product: Product, choices: ProductChoices, attributes: tuple[Attribute, ...]) -> Iterator[Unfit]:
    known = {fold(each.name): each for each in attributes if not each.sales}
    variations = {fold(each.name) for each in attributes if each.sales}
    for name, value in choices.attributes.items():
        attribute = known.get(fold(name))
        if fold(name) in variations and len(value) > LONGEST["variation"]:
            yield Unfit(f"attribute.{name}", _("More than %(most)s characters.") % {"most": LONGEST["variation"]})
            continue
        if len(value) > LONGEST["attribute"]:
            yield Unfit(f"attribute.{name}", _("More than %(most)s characters.") % {"most": LONGEST["attribute"]})
        elif attribute is not None:
            rules = TemplateRules(attributes=(AttributeRule(name=name, value=value),))
            asked = (msgspec.structs.replace(attribute, required=True, required_with=()),)
            _values, findings = templates.attribute_values(product, asked, rules)
            if findings:
                yield Unfit(f"attribute.{name}", _not_in(attribute))


def _not_in(attribute: Attribute) -> str:
    if attribute.numeric:
        return _("A number above 0.")
    names: Mapping[str, str] = dict(attribute.values)
    return _("Not in TikTok's list: %(values)s.") % {"values": ", ".join(list(names.values())[:12])}


def _images(choices: ProductChoices) -> Iterator[Unfit]:
    if len(choices.images) > MOST_IMAGES:
        yield Unfit("images", _("TikTok shows at most %(most)s images.") % {"most": MOST_IMAGES})
    if len(set(choices.images)) < len(choices.images):
        yield Unfit("images", _("An address is there twice."))
    for url in choices.images:
        if len(url) > LONGEST["image"] or not url.startswith(("https://", "http://")):
            yield Unfit("images", _("%(url)s is no address of an image: it begins with https://.") % {"url": url[:80]})
