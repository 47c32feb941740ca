"""What becomes of a product of the shop in the store: linked, made, changed, or told why not. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

import msgspec

from twinshelf.documents import (
    AnyChange,
    CreateStoreProduct,
    Dimensions,
    DraftVariant,
    Finding,
    ListingStatus,
    Money,
    Plan,
    Product,
    ProductDraft,
    SetStorePrices,
    SetStoreProduct,
    ShopProduct,
    Weight,
    finding,
)
from twinshelf.rules.pricing import store_price
from twinshelf.rules.skus import difference
from twinshelf.tiktok import texts

TAKEN = frozenset({ListingStatus.ACTIVATE, ListingStatus.SELLER_DEACTIVATED})
"""The states of a product in which it is one: TikTok has let it pass, and has not stopped it."""


class Verdict(StrEnum):
    """What the SKUs of a product of one side say of the other."""

    LINK = "link"
    """One product of the other side has them."""
    CREATE = "create"
    """Nothing there has them, or nearly has them."""
    NEAR = "near"
    """Nothing has them, and something has SKUs that differ in writing alone: a person must say."""
    AMBIGUOUS = "ambiguous"
    """Several have them: nothing is linked or made by itself."""
    NO_SKU = "no_sku"
    """It has a SKU that is empty."""


@dataclass(frozen=True)
class Match:
    """The verdict on a product.

    `other` is the product of the other side where there is one; `named` the SKUs at fault, with the nearly equal ones.
    """

    verdict: Verdict
    other: str = ""
    named: tuple[tuple[str, tuple[str, ...]], ...] = ()


def match(
    codes: Sequence[str],
    holders: Mapping[str, Collection[str]],
    rivals: Mapping[str, Collection[str]],
    near: Mapping[str, Sequence[str]],
) -> Match:
    """What these SKUs of one product find on the other side. Equal is exact, case and blanks included (CAT-6).

    `holders`: ids of the other side's products by SKU, an id as often as it has the SKU. `rivals`: those of this side's
    other products that have it too. `near`: SKUs of the other side that are nearly equal.
    """
    if not codes or not all(codes):
        return Match(Verdict.NO_SKU)
    doubled = [
        code
        for code in dict.fromkeys(codes)
        if len(holders.get(code, ())) > 1 or rivals.get(code) or codes.count(code) > 1
    ]
    found = {holder for code in codes for holder in holders.get(code, ())}
    if doubled or len(found) > 1:
        named = doubled or [code for code in dict.fromkeys(codes) if holders.get(code)]
        return Match(Verdict.AMBIGUOUS, named=tuple((code, ()) for code in named))
    if found:
        return Match(Verdict.LINK, next(iter(found)))
    nearly = tuple((code, tuple(near[code])) for code in dict.fromkeys(codes) if near.get(code))
    return Match(Verdict.NEAR, named=nearly) if nearly else Match(Verdict.CREATE)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of the connection beside the product."""

    currency: str
    """The store's."""
    rate: Decimal | None = None
    untaxed: bool = False
    tax: Decimal | None = None
    counted: bool = True
    """Stock is kept in step: a product that is made begins with the units that the shop has."""
    sku_scope: tuple[str, ...] = ()


def draft_of(product: ShopProduct, facts: Facts) -> ProductDraft | tuple[Finding, ...]:
    """A product of the shop as the store should have it, or what keeps it from being said."""
    if facts.untaxed and facts.tax is None:
        return (finding("E-PRC-TAX", waits_for="tax"),)
    variants, findings = [], []
    known = {variant.sku_id: variant for variant in product.variants}
    for sku in product.listing.skus:
        beside = known[sku.id]
        if sku.price is None:
            findings.append(finding("E-IMP-PRICE", skus=sku.seller_sku))
            continue
        tax = facts.tax if facts.untaxed else None
        price = store_price(sku.price, currency=facts.currency, rate=facts.rate, tax=tax)
        if isinstance(price, Finding):
            return (price,)
        variants.append(
            DraftVariant(
                sku=sku.seller_sku,
                options=beside.options,
                price=price,
                stock=sum(units for _place, units in sku.stock) if facts.counted else None,
                gtin=beside.gtin,
                image_url=beside.image_url,
            )
        )
    if findings:
        return tuple(findings)
    return ProductDraft(
        title=" ".join(product.listing.title.split()),
        description=texts.clean_description(product.listing.description),
        brand=product.brand,
        weight=product.weight,
        dimensions=product.dimensions,
        image_urls=product.image_urls,
        visible=product.listing.status == ListingStatus.ACTIVATE,
        variants=tuple(variants),
    )


def without_addresses(draft: ProductDraft) -> ProductDraft:
    """A draft as it is shown and recorded: the addresses of its pictures hold for a while only, and are signed."""
    variants = tuple(msgspec.structs.replace(variant, image_url="") for variant in draft.variants)
    return msgspec.structs.replace(draft, image_urls=(), variants=variants)


def lasting(draft: ProductDraft) -> ProductDraft:
    """A draft without what is never the same twice, or has a lane of its own: addresses of pictures, and stock."""
    variants = tuple(msgspec.structs.replace(variant, image_url="", stock=None) for variant in draft.variants)
    return msgspec.structs.replace(draft, image_urls=(), variants=variants)


@dataclass(frozen=True)
class SeenIncoming:
    """A product of the shop with what the store has of it.

    `product` None: the shop does not have it. `draft` is what should be in the store, or why that cannot be said.
    `taken`: what was brought to the store last; None: nothing yet. `known`: the store's product, as last read.
    """

    key: str
    product: ShopProduct | None
    draft: ProductDraft | tuple[Finding, ...] = ()
    matched: Match = Match(Verdict.NO_SKU)
    taken: ProductDraft | None = None
    known: Product | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    """Id of the store's variant by the SKU of the shop that it is linked with, or is to be."""
    in_scope: bool = True


def plan_incoming(seen: SeenIncoming) -> Plan:
    """Make it, change it, or nothing; with what stands in the way. Made are only what nothing nearly equal is there."""
    product, matched = seen.product, seen.matched
    if product is None or product.listing.status not in TAKEN:
        return Plan(key=seen.key, settled=product is None)
    codes = [sku.seller_sku for sku in product.listing.skus]
    if not seen.in_scope:
        return Plan(key=seen.key, findings=(finding("I-SKU-SCOPE", skus=", ".join(codes)),))
    named = ", ".join(code for code, _near in matched.named)
    match matched.verdict:
        case Verdict.NO_SKU:
            return Plan(key=seen.key, findings=(finding("E-IMP-NOSKU", title=product.listing.title),))
        case Verdict.AMBIGUOUS:
            return Plan(key=seen.key, findings=(finding("E-IMP-DUP", skus=named),))
        case Verdict.NEAR:
            return Plan(key=seen.key, findings=(finding("E-IMP-NEAR", pairs="; ".join(_pairs(matched))),))
    if isinstance(seen.draft, tuple):
        return Plan(key=seen.key, findings=seen.draft, settled=matched.verdict is Verdict.LINK)
    if matched.verdict is Verdict.CREATE:
        change = CreateStoreProduct(shop_listing_id=seen.key, draft=without_addresses(seen.draft))
        return Plan(key=seen.key, changes=(change,))
    if seen.known is None:
        return Plan(key=seen.key, settled=True)
    lacking = [code for code in codes if code not in seen.variants]
    findings = (finding("W-IMP-VARIANT", skus=", ".join(lacking)),) if lacking else ()
    changes = tuple(_changes(seen.draft, seen.taken, seen.known, seen.variants))
    return Plan(key=seen.key, changes=changes, findings=findings, settled=True)


def _pairs(matched: Match) -> Iterator[str]:
    for code, others in matched.named:
        for other in others:
            yield f"“{code}” on TikTok, “{other}” in BigCommerce ({difference(other, code)})"


def _changes(
    draft: ProductDraft, taken: ProductDraft | None, known: Product, variants: Mapping[str, str]
) -> Iterator[AnyChange]:
    """What the shop changed since it was taken over; at first, all in which the store has something else.

    What somebody changed in the store since then stays until the shop changes that field: no tug of war.
    """
    title = draft.title if _moved(draft.title, taken.title if taken else None, known.title) else None
    described = _moved(
        texts.plain(draft.description),
        texts.plain(taken.description) if taken else None,
        texts.plain(known.description),
    )
    before = taken.weight if taken else known.weight
    weight = draft.weight if draft.weight is not None and not _same_weight(draft.weight, before) else None
    size_before = taken.dimensions if taken else known.dimensions
    size = draft.dimensions if draft.dimensions is not None and not _same_size(draft.dimensions, size_before) else None
    if title is not None or described or weight is not None or size is not None:
        yield SetStoreProduct(
            store_product_id=known.id,
            title=title,
            description=draft.description if described else None,
            weight=weight,
            dimensions=size,
        )
    if prices := dict(_prices(draft, taken, known, variants)):
        yield SetStorePrices(store_product_id=known.id, prices=tuple(sorted(prices.items())))


def _moved(now: str, taken: str | None, known: str) -> bool:
    return bool(now) and now != (known if taken is None else taken)


def _prices(
    draft: ProductDraft, taken: ProductDraft | None, known: Product, variants: Mapping[str, str]
) -> Iterator[tuple[str, Money]]:
    before = {variant.sku: variant.price for variant in taken.variants} if taken else {}
    there = {variant.id: variant.price for variant in known.variants}
    for wanted in draft.variants:
        variant_id = variants.get(wanted.sku, "")
        if variant_id in there and not wanted.price.same_as(before.get(wanted.sku, there[variant_id])):
            yield variant_id, wanted.price


_GRAIN = Decimal("0.001")


def _same_weight(one: Weight, other: Weight | None) -> bool:
    return other is not None and abs(one.to("KG").value - other.to("KG").value) < _GRAIN


def _same_size(one: Dimensions, other: Dimensions | None) -> bool:
    if other is None:
        return False
    ours, theirs = one.to("CM"), other.to("CM")
    pairs = zip((ours.length, ours.width, ours.height), (theirs.length, theirs.width, theirs.height), strict=True)
    return all(a is b is None or (a is not None and b is not None and abs(a - b) < _GRAIN * 10) for a, b in pairs)
