"""What a shop should show of a product: the listing and, per SKU, price and quantity with the steps that led there.

Pure, and the only place that says so. `desiring` brings the facts, `compare` tells what differs, `plan` what to do.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from twinshelf.connections.preferences import Preferences, SyncRules
from twinshelf.documents import (
    Attribute,
    AttributeValue,
    CategoryRules,
    Dimensions,
    Finding,
    Image,
    Listing,
    ListingCertificate,
    ListingSku,
    Money,
    Product,
    SyncField,
    Variant,
    Weight,
    WeightUnit,
    finding,
    seller_sku,
    token,
)
from twinshelf.rules import own, templates
from twinshelf.rules.own import MOST_IMAGES, ProductChoices
from twinshelf.rules.pricing import Price, own_price, price_of
from twinshelf.rules.quantities import (
    NO_CLAIMS,
    Claims,
    Quantity,
    counted_for_all_variants,
    gone,
    not_at_first,
    quantity_of,
)
from twinshelf.rules.sync_rules import CONTENT, Phase, source_of, switched_off
from twinshelf.rules.templates import HeldBy
from twinshelf.rules.warehouses import Push, Share, counted, shared_out, shares
from twinshelf.tiktok import texts


class ShopFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of the shop and the connection beside the product."""

    region: str
    currency: str
    warehouse_id: str
    warehouses: Mapping[str, str] = {}
    """By product id the warehouse that was chosen for it; the others are in `warehouse_id`."""
    push: Push | None = None
    """Which locations feed which warehouse; None: all stock that orders can draw is in one warehouse."""
    chosen: bool = False
    """A person chose the warehouse that gets the stock: SKUs that are in others are put into it."""
    closed: frozenset[str] = frozenset()
    """The warehouses that take no stock, as last read: what they should have is not offered, and their rules say so."""
    held_at: Mapping[str, Mapping[str, int]] = {}
    """By variant id, what orders hold at which location, as far as it is known."""
    preferences: Preferences
    default_template: HeldBy = HeldBy()
    templates: Mapping[str, HeldBy] = {}
    """By product id the template that holds it; those that are not in it, the default one holds."""
    store_weight_unit: WeightUnit
    store_currency: str = ""
    currency_taken: bool = True
    """The store takes orders in the shop's currency; else nothing new is offered: no order could be made."""
    channel_skus: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By variant id the SKU by which it is matched with the shop, where that is not the store's."""
    claims: Mapping[str, Claims] = {}
    """By product id which shops get its last units; none claims those of the others."""
    untaxed: bool = False
    """The store's prices lack the tax that the shop's include."""
    today: date = date.min
    """Until when papers must last."""

    def warehouse_of(self, product_id: str) -> str:
        """The shop's warehouse from which a product sells."""
        return self.warehouses.get(product_id, self.warehouse_id)

    def shares_of(self, product_id: str, variant: Variant) -> tuple[tuple[Share, ...], Variant]:
        """What each warehouse may get of a variant, and the variant with the stock that counts for the shop."""
        if self.push is None:
            return (), variant
        chosen = self.warehouses.get(product_id, "")
        found = shares(variant, self.push, chosen=chosen, held_at=self.held_at.get(variant.id))
        return found, counted(variant, found)

    def shared_out(self, product_id: str, offered: int, found: Sequence[Share]) -> tuple[tuple[str, int], ...]:
        """(warehouse id, units) of what is offered of a variant; () where all is in the warehouse of its product."""
        if self.push is None and not self.chosen:
            return ()
        levels = shared_out(offered, found, first=self.warehouse_of(product_id))
        return tuple(level for level in levels if level[0] not in self.closed) or levels

    def template_of(self, product: Product) -> HeldBy:
        """The template that holds a product."""
        return self.templates.get(product.id, self.default_template)

    def category_of(self, product: Product, choices: ProductChoices = own.NONE) -> str:
        """The TikTok category of a product; "" if none. One that was chosen for the product itself is strongest."""
        return choices.category_id or templates.category_for(product, self.template_of(product))

    def code_of(self, product: Product, variant: Variant) -> str:
        """The SKU that a variant has in the shop, or should have."""
        return self.channel_skus.get(variant.id) or seller_sku(product, variant)

    def stock_in_scope(self, code: str) -> bool:
        """Whether the stock of a SKU is changed at all (`stock_scope`)."""
        return not self.preferences.stock_scope or code in self.preferences.stock_scope

    def in_scope(self, code: str) -> bool:
        """Whether content and price of a SKU go to the shop at all (`sku_scope`)."""
        return not self.preferences.sku_scope or code in self.preferences.sku_scope


class DesiredSku(msgspec.Struct, frozen=True, kw_only=True):
    """One variant as the shop should show it. `price` None: it cannot be said, and `problem` says why.

    `listable`: it may be offered at all; one that may not keeps its SKU in the shop, with 0 units.
    """

    variant_id: str
    seller_sku: str
    price: Price | None
    problem: Finding | None
    quantity: Quantity
    listable: bool = True
    in_scope: bool = True
    """Whether its content and price go to the shop at all; its stock has a scope of its own."""
    price_follows: bool = True
    """Its price follows the store; else TikTok's stays, whatever `price` says."""
    shares: tuple[Share, ...] = ()
    """What each warehouse may get of it, in the order of the push rules; (): all is in one."""
    levels: tuple[tuple[str, int], ...] = ()
    """(warehouse id, units) of what is offered; (): all of it in the warehouse of its product."""
    stock_follows: bool = True
    """Its units follow the store; else TikTok's stay, whatever `quantity` says."""


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop has of a product already. `sent` is what TikTok last accepted; None: nothing from us."""

    listed: bool = False
    sent: Listing | None = None
    linked: frozenset[str] = frozenset()
    """The variants that have a SKU there."""

    @property
    def phase(self) -> Phase:
        """Which half of the sync rules counts."""
        return "update" if self.listed else "create"


EMPTY_SHELF = Shelf()


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """A product as the shop should show it: `skus` by variant id, and the listing with all that keeps it from being so.

    `listing` is None if any of the findings is blocking.
    """

    skus: Mapping[str, DesiredSku]
    listing: Listing | None
    findings: tuple[Finding, ...]
    left: frozenset[SyncField] = frozenset()
    """The fields that stay as TikTok has them, whatever `listing` says."""


class CategoryFacts(msgspec.Struct, frozen=True):
    """A TikTok category with what it asks; `id` "" where none is known."""

    id: str = ""
    attributes: tuple[Attribute, ...] = ()
    rules: CategoryRules = CategoryRules()


Checks = Callable[[Listing, frozenset[str]], Sequence[Finding]]
"""What the shop itself would refuse of a listing, as far as it can be built; variants without a price are named."""


def desired_skus(
    product: Product,
    facts: ShopFacts,
    held: Mapping[str, int],
    *,
    choices: ProductChoices = own.NONE,
    linked: Collection[str] = (),
) -> dict[str, DesiredSku]:
    """Price and quantity of every variant, by variant id. `held` are units that orders on their way will take.

    `linked` are the variants that the shop has: their price and stock may be left to it (SYN-1).
    """
    preferences, template_rule = facts.preferences, facts.template_of(product).rules.price_rule
    follows = {
        field: source_of(preferences.sync, field, "update", choices.switches) != "tts"
        for field in (SyncField.PRICE, SyncField.STOCK)
    }
    priced = not switched_off(SyncField.PRICE, choices.switches)
    stocked = source_of(preferences.sync, SyncField.STOCK, "create") != "none"
    claims = facts.claims.get(product.id, NO_CLAIMS)
    skus = {}
    for variant in product.variants:
        code = facts.code_of(product, variant)
        there = variant.id in linked
        in_scope = facts.in_scope(code)
        stock_in_scope = facts.stock_in_scope(code)
        chosen = choices.of(variant.id)
        price: Price | Finding
        if chosen.price is not None:
            price = own_price(chosen.price, facts.currency)
        else:
            price = price_of(
                variant,
                preferences,
                currency=facts.currency,
                sku=code,
                untaxed=facts.untaxed,
                template_rule=template_rule,
            )
        shares, stocked_at = facts.shares_of(product.id, variant)
        quantity = quantity_of(
            product, stocked_at, held=held.get(variant.id, 0), preferences=preferences, choices=choices, claims=claims
        )
        quantity = quantity if there or (stocked and stock_in_scope) else not_at_first(quantity)
        skus[variant.id] = DesiredSku(
            variant_id=variant.id,
            seller_sku=code,
            price=price if isinstance(price, Price) else None,
            problem=price if isinstance(price, Finding) else None,
            quantity=quantity,
            shares=shares,
            levels=facts.shared_out(product.id, quantity.offered, shares),
            listable=listable(product, variant, preferences),
            in_scope=in_scope,
            price_follows=in_scope and (not there or follows[SyncField.PRICE] or (chosen.price is not None and priced)),
            stock_follows=not there or (follows[SyncField.STOCK] and stock_in_scope),
        )
    return skus


def gone_sku(variant_id: str, code: str) -> DesiredSku:
    """What the shop should show of a variant that the store does not have any more: nothing to sell."""
    return DesiredSku(variant_id=variant_id, seller_sku=code, price=None, problem=None, quantity=gone(), listable=False)


def off_sale(skus: Iterable[DesiredSku]) -> Finding:
    """What to tell of SKUs that the merchant took off sale in the store."""
    return finding("W-PRD-OFFSALE", skus=", ".join(sku.seller_sku or sku.variant_id for sku in skus))


def untaken(store: str, shop: str) -> Finding:
    """Why nothing is offered, and no order made, in a currency that the store takes no orders in."""
    return finding("E-CON-CUR", waits_for=token("currency", shop), store=store, shop=shop)


def listable(product: Product, variant: Variant, preferences: Preferences) -> bool:
    """Whether a variant may be offered: a purchasable one, or any if the merchant includes all."""
    return preferences.include_unpurchasable or (variant.purchasable and product.purchasable)


def desired(
    product: Product,
    facts: ShopFacts,
    *,
    category: CategoryFacts,
    held: Mapping[str, int],
    checks: Checks | None = None,
    choices: ProductChoices = own.NONE,
    shelf: Shelf = EMPTY_SHELF,
) -> Desired:
    """The listing as it should be, and everything that keeps it from being so: all problems of a product at once.

    What the sync rules leave to TikTok is in `left`, and in the listing as it was last sent: so it differs in nothing.
    `checks` sees the listing also where something is missing; what was found here already is not told twice.
    """
    left = left_to_shop(facts.preferences.sync, choices, shelf)
    pictures = len(product.images) + len(choices.images)
    product = _by_the_rules(own.over_product(product, choices), facts.preferences.sync, choices, shelf, left)
    skus = desired_skus(product, facts, held, choices=choices, linked=shelf.linked)
    rules = templates.rules_for(product, facts.template_of(product))
    template = own.over_template(rules, choices, category.attributes)
    variants, unlisted = _variants_to_list(product, skus)
    if not variants:
        return Desired(skus=skus, listing=None, findings=unlisted)
    findings = [] if facts.currency_taken else [untaken(facts.store_currency, facts.currency)]
    if off := [sku for sku in skus.values() if sku.in_scope and not sku.listable]:
        findings.append(off_sale(off))
    if not product.title.strip():
        findings.append(finding("E-LST-TITLE"))
    description = product.description
    if not _visible_text(description):
        findings.append(finding("W-LST-DESC"))
        description = f"<p>{html.escape(product.title, quote=False)}</p>"
    if not product.images:
        findings.append(finding("E-LST-IMG"))
    elif pictures > MOST_IMAGES and SyncField.MEDIA not in left:
        findings.append(finding("W-LST-IMG", number=pictures, limit=MOST_IMAGES))
    if not category.id:
        findings.append(finding("E-CAT-KEY", waits_for="template"))
    if counted_for_all_variants(product):
        findings.append(finding("W-INV-PRODUCTLEVEL"))
    values, attribute_findings = templates.attribute_values(product, category.attributes, template)
    findings += attribute_findings
    variants, named, sales_attributes, unmapped = _with_variations(product, variants, category.attributes, template)
    findings += unmapped
    findings += _paper_findings(category.rules, choices, template.certificates, values, facts.today)
    findings += _named_findings(category.rules, template, listed=shelf.listed)
    weight, dimensions, package_findings = templates.package_of(
        product, template, facts.preferences.package, weight_unit=facts.store_weight_unit
    )
    if SyncField.WEIGHT in left and shelf.sent is not None:
        weight, dimensions, package_findings = shelf.sent.weight, shelf.sent.dimensions, ()
    findings += package_findings
    asked_codes = _codes_sent(facts.preferences.sync, shelf, left) and (
        choices.codes == "yes" or (facts.preferences.gtin_required and choices.codes != "no")
    )
    findings += _sku_findings(variants, skus, gtin_required=asked_codes)
    listing = Listing(
        product_id=product.id,
        title=product.title.strip(),
        description=description,
        category_id=category.id,
        brand_id=template.brand_id,
        cash_on_delivery=template.cash_on_delivery,
        sales_attributes=sales_attributes,
        attributes=values,
        image_urls=tuple(image.url for image in product.images[:MOST_IMAGES]),
        weight=weight or Weight(Decimal(0), facts.store_weight_unit),
        dimensions=dimensions or Dimensions(None, None, None, "CM"),
        warehouse_id=facts.warehouse_of(product.id),
        minimum_quantity=product.minimum_quantity if product.minimum_quantity > 1 else 0,  # one is what anybody buys
        maximum_quantity=product.maximum_quantity,
        certificates=tuple(each for each in template.certificates if each.id in _taken(category.rules)),
        manufacturer_id=template.manufacturer_id,
        responsible_person_id=template.responsible_person_id,
        size_chart=choices.size_chart if category.rules.size_chart_supported else None,
        skus=tuple(_listing_sku(variant, skus[variant.id], facts.currency, named) for variant in variants),
    )
    if checks is not None:
        told = {each.code for each in findings}
        unpriced = frozenset(
            variant.id for variant in variants if skus[variant.id].price is None or not skus[variant.id].price_follows
        )
        findings += [each for each in checks(listing, unpriced) if each.code not in told]
    if any(each.blocking for each in findings):
        return Desired(skus=skus, listing=None, findings=tuple(findings), left=left)
    # What TikTok does not take in a title (emoji, control characters) is left out, with a notice of its checks.
    listing = msgspec.structs.replace(listing, title=texts.plain(listing.title))
    return Desired(skus=skus, listing=listing, findings=tuple(findings), left=left)


def _variants_to_list(
    product: Product, skus: Mapping[str, DesiredSku]
) -> tuple[Sequence[Variant], tuple[Finding, ...]]:
    """(the variants that go into the listing, why none does)."""
    scoped = [sku for sku in skus.values() if sku.in_scope]
    if not scoped:
        codes = ", ".join(sku.seller_sku or sku.variant_id for sku in skus.values())
        return (), (finding("I-SKU-SCOPE", skus=codes),)
    variants = [variant for variant in product.variants if skus[variant.id].listable and skus[variant.id].in_scope]
    return variants, () if variants else (finding("I-NOT-PURCHASABLE"), off_sale(scoped))


def _with_variations(
    product: Product, variants: Sequence[Variant], attributes: Sequence[Attribute], template: templates.TemplateRules
) -> tuple[Sequence[Variant], Mapping[str, tuple[str, str]], tuple[tuple[str, str], ...], list[Finding]]:
    """What goes into the listing of options, and what keeps it from being sent.

    (The variants with what the category demands of a single one, what options are mapped to, (name, id) of all
    variation attributes, the findings.)
    """
    named, not_mapped = templates.sales_attributes(product, attributes, template)
    options, of_single, asks = templates.single_options(product, attributes, template)
    if options:
        variants = [msgspec.structs.replace(variant, options=options) for variant in variants]
    every = tuple(sorted({*named.values(), *of_single}))
    return variants, named, every, [each for each in (not_mapped, asks) if each is not None]


def left_to_shop(rules: SyncRules, choices: ProductChoices, shelf: Shelf) -> frozenset[SyncField]:
    """The fields of the content that stay as TikTok has them; none before the product is there."""
    if not shelf.listed:
        return frozenset()
    owned = {SyncField.NAME: choices.title, SyncField.DESCRIPTION: choices.description}
    return frozenset(
        field
        for field in CONTENT
        if source_of(rules, field, "update", choices.switches) == "tts"
        and not (owned.get(field) and not switched_off(field, choices.switches))
    )


def _taken(rules: CategoryRules) -> set[str]:
    return {each.id for each in rules.certificates}


def _paper_findings(
    rules: CategoryRules,
    choices: ProductChoices,
    certificates: Sequence[ListingCertificate],
    values: Sequence[AttributeValue],
    today: date,
) -> Iterator[Finding]:
    """Certificates that are missing or have ended; a size chart that is missing, or that the category does not take."""
    chosen = {(value.id, value_id) for value in values for value_id in value.value_ids}
    given = {each.id: each for each in certificates if each.files}
    for rule in rules.papers:
        paper = given.get(rule.id)
        if paper is None:
            if rule.required or not chosen.isdisjoint(rule.required_with):
                yield finding("E-LST-CERT", waits_for="template", names=rule.name)
        elif rule.expires and (paper.expires is None or paper.expires <= today):
            yield finding("E-LST-CERTDATE", waits_for="template", names=rule.name)
    if rules.size_chart_required and choices.size_chart is None:
        yield finding("E-LST-SIZECHART")
    elif choices.size_chart is not None and not rules.size_chart_supported:
        yield finding("W-LST-SIZECHART")
    if others := [each.name or each.id for each in choices.certificates if each.id not in _taken(rules)]:
        yield finding("W-LST-CERT", names=", ".join(others))


def _named_findings(rules: CategoryRules, template: templates.TemplateRules, *, listed: bool) -> Iterator[Finding]:
    """Whether the category wants somebody named whom nobody chose. A listing has whom somebody chose in the shop."""
    manufacturer = rules.manufacturer_required and not template.manufacturer_id
    person = rules.responsible_person_required and not template.responsible_person_id
    if not listed and (manufacturer or person):
        yield finding("E-LST-COMPL", waits_for="template")


def _by_the_rules(
    product: Product, rules: SyncRules, choices: ProductChoices, shelf: Shelf, left: frozenset[SyncField]
) -> Product:
    """The product with what does not follow the store as it was last sent, variant by variant."""
    sent = shelf.sent
    changes: dict[str, Any] = {}
    if sent is not None:
        kept = source_of(rules, SyncField.NAME, "update", choices.switches) == "connector" and not choices.title
        if SyncField.NAME in left or kept:
            changes["title"] = sent.title
        if SyncField.DESCRIPTION in left:
            changes["description"] = sent.description
        if SyncField.MEDIA in left:
            changes["images"] = tuple(Image(url=url) for url in sent.image_urls)
    known = {sku.variant_id: sku for sku in sent.skus} if sent is not None else {}
    coded = source_of(rules, SyncField.BARCODE, "create") != "none"
    variants = []
    for variant in product.variants:
        before = known.get(variant.id) if variant.id in shelf.linked else None
        if before is None and not coded and variant.id not in shelf.linked:
            variant = msgspec.structs.replace(variant, gtin="")  # noqa: PLW2901 - the same variant, by the rules
        if before is not None and SyncField.BARCODE in left:
            variant = msgspec.structs.replace(variant, gtin=before.gtin)  # noqa: PLW2901
        if before is not None and SyncField.MEDIA in left:
            variant = msgspec.structs.replace(variant, image_url=before.image_url)  # noqa: PLW2901
        variants.append(variant)
    return msgspec.structs.replace(product, **changes, variants=tuple(variants))


def _codes_sent(rules: SyncRules, shelf: Shelf, left: frozenset[SyncField]) -> bool:
    if shelf.listed:
        return SyncField.BARCODE not in left
    return source_of(rules, SyncField.BARCODE, "create") != "none"


def _sku_findings(variants: Sequence[Variant], skus: Mapping[str, DesiredSku], *, gtin_required: bool) -> list[Finding]:
    findings: list[Finding] = []
    seen: set[str] = set()
    for variant in variants:
        sku = skus[variant.id]
        if not sku.seller_sku:
            findings.append(finding("E-SKU-MISSING", variants=variant.id))
        elif sku.seller_sku in seen:
            findings.append(finding("E-SKU-TWICE", skus=sku.seller_sku))
        seen.add(sku.seller_sku)
        if gtin_required and not variant.gtin:
            findings.append(finding("E-LST-GTIN", skus=sku.seller_sku))
        if sku.problem is not None and sku.price_follows:
            findings.append(sku.problem)
    return findings


def _listing_sku(variant: Variant, sku: DesiredSku, currency: str, named: Mapping[str, tuple[str, str]]) -> ListingSku:
    return ListingSku(
        variant_id=variant.id,
        seller_sku=sku.seller_sku,
        options=templates.named_options(variant.options, named),
        price=sku.price.value if sku.price is not None else Money.zero(currency),
        quantity=sku.quantity.offered,
        levels=sku.levels,
        gtin=variant.gtin,
        image_url=variant.image_url,
    )


def _visible_text(markup: str) -> bool:
    inside = False
    for character in markup.replace("&nbsp;", " "):
        if character == "<":
            inside = True
        elif character == ">":
            inside = False
        elif not inside and not character.isspace():
            return True
    return False
