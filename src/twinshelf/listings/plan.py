"""What a shop should show of a product, and which changes bring it there. Pure: documents in, plan out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    ActivateListing,
    Attribute,
    AuditStatus,
    CategoryRules,
    CreateListing,
    DeactivateListing,
    Dimensions,
    EditContent,
    Finding,
    Listing,
    ListingSku,
    ListingState,
    ListingStatus,
    Money,
    Plan,
    Product,
    SetPrices,
    SetStock,
    Variant,
    Weight,
    WeightUnit,
    finding,
    seller_sku,
    to_json,
)
from twinshelf.rules import templates
from twinshelf.rules.pricing import base_price, guard, shop_price
from twinshelf.rules.templates import TemplateRules


class ShopFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan needs to know of the shop and the connection beside the product."""

    region: str
    currency: str
    warehouse_id: str
    preferences: Preferences
    template: TemplateRules
    template_category_id: str
    store_weight_unit: WeightUnit


def listable_variants(product: Product, preferences: Preferences) -> tuple[Variant, ...]:
    """The variants that may be offered: purchasable ones, unless the merchant includes all."""
    if preferences.include_unpurchasable:
        return product.variants
    return tuple(variant for variant in product.variants if variant.purchasable and product.purchasable)


Checks = Callable[[Listing, frozenset[str]], Sequence[Finding]]
"""What the shop itself would refuse of a listing, as far as it can be built; variants without a price are named."""


def desired_listing(
    product: Product,
    facts: ShopFacts,
    *,
    category_id: str,
    attributes: tuple[Attribute, ...],
    rules: CategoryRules,
    quantities: Mapping[str, int],
    checks: Checks | None = None,
) -> tuple[Listing | None, tuple[Finding, ...]]:
    """The listing as it should be, and everything that keeps it from being so: all problems of a product at once.

    `quantities` gives what may be offered of each variant id; a variant without one is listed with 0. `checks` sees
    the listing also where something is missing; what was found here already is not told twice. The listing is None if
    any finding is blocking.
    """
    findings: list[Finding] = []
    variants = listable_variants(product, facts.preferences)
    if not variants:
        return None, (finding("I-NOT-PURCHASABLE"),)
    if not product.title.strip():
        findings.append(finding("E-LST-TITLE"))
    description = product.description
    if not _visible_text(description):
        findings.append(finding("W-LST-DESC"))
        description = f"<p>{_escaped(product.title)}</p>"
    if not product.images:
        findings.append(finding("E-LST-IMG"))
    if not category_id:
        findings.append(finding("E-CAT-KEY", waits_for="template"))
    if counted_for_all_variants(product):
        quantities = {}  # how many there are of which variant is not known: none is offered
        findings.append(finding("W-INV-PRODUCTLEVEL"))
    values, attribute_findings = templates.attribute_values(product, attributes, facts.template)
    findings += attribute_findings
    findings += _certificates(rules)
    weight, dimensions, package_findings = templates.package_of(
        product, facts.template, facts.preferences.package, weight_unit=facts.store_weight_unit
    )
    findings += package_findings
    skus, unpriced, sku_findings = _skus(product, variants, facts, quantities)
    findings += sku_findings
    listing = Listing(
        product_id=product.id,
        title=product.title.strip(),
        description=description,
        category_id=category_id,
        brand_id=facts.template.brand_id,
        attributes=values,
        image_urls=tuple(image.url for image in product.images[:9]),
        weight=weight or Weight(Decimal(0), facts.store_weight_unit),
        dimensions=dimensions or Dimensions(None, None, None, "CM"),
        warehouse_id=facts.warehouse_id,
        skus=skus,
    )
    if checks is not None:
        told = {found.code for found in findings}
        findings += [found for found in checks(listing, unpriced) if found.code not in told]
    return None if any(found.blocking for found in findings) else listing, tuple(findings)


def _skus(
    product: Product, variants: tuple[Variant, ...], facts: ShopFacts, quantities: Mapping[str, int]
) -> tuple[tuple[ListingSku, ...], frozenset[str], list[Finding]]:
    """The SKUs, which of their variants have no price (theirs is 0), and what was found."""
    findings: list[Finding] = []
    skus: list[ListingSku] = []
    unpriced: set[str] = set()
    seen: set[str] = set()
    for variant in variants:
        code = seller_sku(product, variant)
        if not code:
            findings.append(finding("E-SKU-MISSING", variants=variant.id))
        elif code in seen:
            findings.append(finding("E-SKU-TWICE", skus=code))
        seen.add(code)
        if facts.preferences.gtin_required and not variant.gtin:
            findings.append(finding("E-LST-GTIN", skus=code))
        price = desired_price(variant, facts, code)
        if isinstance(price, Finding):
            findings.append(price)
            unpriced.add(variant.id)
            price = Money(Decimal(0), facts.currency)
        skus.append(
            ListingSku(
                variant_id=variant.id,
                seller_sku=code,
                options=variant.options,
                price=price,
                quantity=quantities.get(variant.id, 0),
                gtin=variant.gtin,
                image_url=variant.image_url,
            )
        )
    return tuple(skus), frozenset(unpriced), findings


def desired_price(variant: Variant, facts: ShopFacts, sku: str) -> Money | Finding:
    """What the shop should ask for a variant, or why it cannot be said."""
    preferences = facts.preferences
    return shop_price(
        base_price(variant, use_sale_price=preferences.use_sale_price),
        currency=facts.currency,
        rate=preferences.exchange_rate,
        rule=preferences.price_rule,
        sku=sku,
    )


@dataclass(frozen=True)
class SeenPrices:
    """Prices of one live listing on both sides.

    `links` gives the TikTok SKU id and the price last seen there by variant id. `confirmed`: a person said that a
    change beyond the guard is meant.
    """

    product: Product
    facts: ShopFacts
    tiktok_id: str
    links: Mapping[str, tuple[str, Money | None]]
    confirmed: bool = False


def plan_prices(seen: SeenPrices) -> Plan:
    """The one call that sets every price of a product that is not as it should be.

    A change beyond the guard is held, unless it is confirmed; the other prices still go.
    """
    findings: list[Finding] = []
    prices: list[tuple[str, Money]] = []
    percent = seen.facts.preferences.price_guard_percent
    for variant in seen.product.variants:
        if variant.id not in seen.links:
            continue
        sku_id, shown = seen.links[variant.id]
        code = seller_sku(seen.product, variant)
        price = desired_price(variant, seen.facts, code)
        if isinstance(price, Finding):
            findings.append(price)
        elif not price.same_as(shown):
            held = None if seen.confirmed else guard(shown, price, percent=percent, sku=code)
            if held is not None:
                findings.append(held)
            else:
                prices.append((sku_id, price))
    changes: tuple[SetPrices, ...] = (
        (SetPrices(shop_listing_id=seen.tiktok_id, prices=tuple(sorted(prices))),) if prices else ()
    )
    return Plan(key=str(seen.product.id), changes=changes, findings=tuple(findings))


def counted_for_all_variants(product: Product | None) -> bool:
    """Whether the store counts the stock of all variants together, so that of each it is unknown."""
    return product is not None and product.tracking == "product" and any(v.options for v in product.variants)


@dataclass(frozen=True)
class SeenStock:
    """Stock of one listing on both sides.

    `desired` gives the quantity by TikTok SKU id, `observed` (warehouse id, available) pairs as just read, of whatever
    SKUs. `product_level`: the store counts all variants together.
    """

    key: str
    tiktok_id: str
    desired: Mapping[str, int]
    observed: Mapping[str, Sequence[tuple[str, int]]]
    warehouse_id: str
    product_level: bool = False


def plan_stock(seen: SeenStock) -> Plan:
    """The one call that sets the stock of every SKU of a product that is not as it should be.

    Every warehouse of a SKU is named, changed or not: TikTok wants the full set and no other. All stock goes to our
    warehouse, none to the others.
    """
    if seen.product_level:
        return Plan(key=seen.key, findings=(finding("E-INV-PRODUCTLEVEL"),))
    changes: list[tuple[str, tuple[tuple[str, int], ...]]] = []
    gone: list[str] = []
    for sku_id, quantity in sorted(seen.desired.items()):
        shown = seen.observed.get(sku_id)
        if shown is None:
            gone.append(sku_id)
            continue
        warehouses = dict.fromkeys([warehouse for warehouse, _ in shown] or [seen.warehouse_id], 0)
        target = seen.warehouse_id if seen.warehouse_id in warehouses else min(warehouses)  # the same in any order
        wanted = {**warehouses, target: quantity}
        if wanted != dict(shown):
            changes.append((sku_id, tuple(sorted(wanted.items()))))
    return Plan(
        key=seen.key,
        changes=(SetStock(shop_listing_id=seen.tiktok_id, stock=tuple(changes)),) if changes else (),
        findings=(finding("E-LST-SKUGONE"),) if gone else (),
    )


@dataclass(frozen=True)
class SeenVisibility:
    """A listing that somebody wants on sale (`switch_to` True) or off (False), with our state of it."""

    key: str
    tiktok_id: str
    state: str
    switch_to: bool | None


def plan_visibility(seen: SeenVisibility) -> Plan:
    """Switch it if its state allows; else say that it was skipped, and why."""
    if seen.switch_to is None:
        return Plan(key=seen.key)
    fit = {ListingState.INACTIVE_SELLER, ListingState.INACTIVE_SYSTEM} if seen.switch_to else {ListingState.LIVE}
    if seen.state not in fit:
        return Plan(key=seen.key, findings=(finding("I-LST-NOTOFF" if seen.switch_to else "I-LST-NOTLIVE"),))
    change = ActivateListing if seen.switch_to else DeactivateListing
    return Plan(key=seen.key, changes=(change(shop_listing_id=seen.tiktok_id),))


@dataclass(frozen=True)
class SeenListing:
    """One product of a connection on both sides.

    `listing` is what should be there; None where `findings` keep it from being sent, or where the product is gone from
    the store or not `wanted` any more. `tiktok_id` is "" before it is listed. `sent` stands for the content that TikTok
    last accepted. `pushes`: the market's catalog is kept in the store. `reviewing`: TikTok is looking at it.
    """

    key: str
    tiktok_id: str
    wanted: bool
    status: str
    audit_status: str
    audit_reasons: tuple[str, ...]
    reviewing: bool
    sent: bytes | None
    listing: Listing | None
    findings: tuple[Finding, ...]
    pushes: bool
    sku_ids: tuple[tuple[str, str], ...] = ()


def plan_listing(seen: SeenListing) -> Plan:
    """Create, edit, or nothing; with everything that stands in the way. Price and stock have plans of their own.

    A product that is gone from the store, or not wanted any more, keeps its listing: its stock goes to 0.
    """
    if not (seen.wanted or seen.tiktok_id):
        return Plan(key=seen.key, findings=deleted_findings(seen.status))
    review = review_findings(seen.status, seen.audit_status, seen.audit_reasons) if seen.tiktok_id else ()
    told = (*review, *(finding for finding in seen.findings if not finding.code.startswith("N-")))
    if seen.listing is None:
        return Plan(key=seen.key, findings=told, settled=bool(seen.tiktok_id))
    if not seen.tiktok_id:
        if not seen.pushes:
            return Plan(key=seen.key, findings=(*told, region_finding()))
        return Plan(key=seen.key, changes=(CreateListing(listing=seen.listing),), findings=told)
    # While TikTok reviews, further content waits and goes as one; the end of the review marks it again.
    rests = seen.reviewing or seen.status in {ListingStatus.FREEZE, ListingStatus.DELETED} or not seen.pushes
    if rests or seen.sent == content_digest(seen.listing):
        return Plan(key=seen.key, findings=told, settled=True)
    change = EditContent(shop_listing_id=seen.tiktok_id, listing=seen.listing, sku_ids=seen.sku_ids)
    return Plan(key=seen.key, changes=(change,), findings=told, settled=True)


def state_unlisted(seen: SeenListing, plan: Plan, *, state: str, parked: bool) -> str:
    """Our state of a product that is not in the shop, after its plan was carried out. `parked`: a person must help."""
    if plan.changes:
        return ListingState.FAILED if parked else ListingState.IN_PROGRESS
    if seen.wanted and plan.findings:
        skipped = all(finding.code.startswith("I-") for finding in plan.findings)
        return ListingState.NOT_UPLOADED if skipped else ListingState.FAILED
    return ListingState.NOT_UPLOADED if state == ListingState.IN_PROGRESS else state


def content_digest(listing: Listing) -> bytes:
    """What stands for the content of a listing: all but price, quantity and warehouse, which have their own calls."""
    zero = Money(Decimal(0), "")
    content = msgspec.structs.replace(
        listing,
        warehouse_id="",
        weight=Weight(listing.weight.value.normalize(), listing.weight.unit),  # 1.5 and 1.50 are one weight
        skus=tuple(msgspec.structs.replace(sku, price=zero, quantity=0) for sku in listing.skus),
    )
    return hashlib.sha256(to_json(content)).digest()


def state_of(status: str, audit_status: str, *, deactivated_by_us: bool = False) -> ListingState:
    """Our state (docs/reference/behavior.md 7.1) for TikTok's words; an unknown word is taken as still in review."""
    match status:
        case ListingStatus.ACTIVATE:
            return ListingState.LIVE
        case ListingStatus.PENDING:
            return ListingState.FAILED if audit_status == AuditStatus.FAILED else ListingState.REVIEWING
        case ListingStatus.FAILED:
            return ListingState.FAILED
        case ListingStatus.SELLER_DEACTIVATED:
            return ListingState.INACTIVE_SYSTEM if deactivated_by_us else ListingState.INACTIVE_SELLER
        case ListingStatus.PLATFORM_DEACTIVATED | ListingStatus.FREEZE:
            return ListingState.INACTIVE_PLATFORM
        case ListingStatus.DELETED:
            return ListingState.NOT_UPLOADED
        case ListingStatus.DRAFT:
            return ListingState.IN_PROGRESS
        case _:
            return ListingState.REVIEWING


_STOPPED = frozenset({ListingStatus.PLATFORM_DEACTIVATED, ListingStatus.FREEZE})


def review_findings(status: str, audit_status: str, reasons: Sequence[str]) -> tuple[Finding, ...]:
    """What TikTok's review said of a listing, word by word; nothing while it has nothing against it."""
    if audit_status != AuditStatus.FAILED and status not in {ListingStatus.FAILED, *_STOPPED}:
        return ()
    told = " ".join(reasons) or "TikTok gave no reason."
    if status in _STOPPED:
        return (finding("E-LST-STOPPED", reasons=told),)
    return (finding("E-LST-EDIT" if status == ListingStatus.ACTIVATE else "E-LST-REVIEW", reasons=told),)


def region_finding() -> Finding:
    """Why nothing is listed in a market whose catalog is kept in TikTok Shop, unless the merchant opts in."""
    return finding("E-REG-PUSH", waits_for="region")


def doubled_findings(listing: Listing, doubled: Mapping[str, int]) -> tuple[Finding, ...]:
    """What keeps a listing from being made whose SKUs other products of the store use too (`doubled`: how many)."""
    return tuple(
        finding("E-SKU-DUP", skus=f"{code} ({doubled[code]} times)")
        for code in dict.fromkeys(sku.seller_sku for sku in listing.skus)
        if code in doubled
    )


def deleted_findings(status: str) -> tuple[Finding, ...]:
    """What to tell of a listing that is not wanted and not there: nothing, unless somebody deleted it in the shop."""
    if status != ListingStatus.DELETED:
        return ()
    return (finding("E-LST-SKUGONE"),)


def linkable(listing_skus: Mapping[str, str], variants: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Variant id → TikTok SKU id for seller SKUs that are equal, case and blanks included, and unique on both sides.

    `listing_skus` gives TikTok SKU id → seller SKU, `variants` (variant id, SKU).
    """
    theirs: dict[str, list[str]] = {}
    for sku_id, code in listing_skus.items():
        theirs.setdefault(code, []).append(sku_id)
    ours: dict[str, list[str]] = {}
    for variant_id, code in variants:
        ours.setdefault(code, []).append(variant_id)
    return {
        ids[0]: theirs[code][0]
        for code, ids in ours.items()
        if code and len(ids) == 1 and len(theirs.get(code, ())) == 1
    }


def _certificates(rules: CategoryRules) -> list[Finding]:
    return [finding("E-LST-CERT", waits_for="template", names=name) for _id, name in rules.certifications]


def _visible_text(html: str) -> bool:
    inside = False
    for character in html.replace("&nbsp;", " "):
        if character == "<":
            inside = True
        elif character == ">":
            inside = False
        elif not inside and not character.isspace():
            return True
    return False


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
