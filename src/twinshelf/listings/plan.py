"""Which changes bring a listing to what it should be. Pure: both sides in, plan out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from twinshelf.documents import (
    ActivateListing,
    AnyChange,
    AuditStatus,
    CreateListing,
    DeactivateListing,
    DeleteListing,
    EditContent,
    Finding,
    Listing,
    ListingState,
    ListingStatus,
    Money,
    Plan,
    PutInWarehouses,
    RecoverListing,
    SetPrices,
    SetStock,
    SetStoreStock,
    ShopSku,
    SyncField,
    finding,
)
from twinshelf.listings.compare import (
    PriceDifference,
    SkuDifference,
    SkuMissing,
    StockDifference,
    compare_content,
    compare_skus,
    withdrawn,
)
from twinshelf.listings.desired import DesiredSku
from twinshelf.rules.pricing import guard
from twinshelf.rules.sync_rules import CONTENT
from twinshelf.tiktok.products import MAX_QUANTITY


@dataclass(frozen=True)
class SeenSkus:
    """Price and stock of one listing on both sides.

    `desired` is what should be there by variant id; a linked variant that the store does not have any more is in it.
    `links` gives the TikTok SKU id by variant id, `shown` what the shop has by SKU id: as just read, or as last seen.
    `product_level`: the store counts all variants together. `confirmed` names the price changes
    beyond the guard, of `guard_percent`, that a person said are meant.
    """

    key: str
    tiktok_id: str
    desired: Mapping[str, DesiredSku]
    links: Mapping[str, str]
    shown: Mapping[str, ShopSku]
    warehouse_id: str
    product_level: bool = False
    edited: frozenset[str] = frozenset()
    """The SKU ids whose price somebody set in the shop."""
    guard_percent: Decimal = Decimal(50)
    confirmed: str = ""
    cancelled: bool = False
    """An order was cancelled in the shop, which may have put its units on offer again."""
    state: str = ""
    """Our state of the listing."""
    resend: bool = False
    """Its stock is sent even where the shop shows it already."""
    skipped: Finding | None = None
    """Why nothing of it is sent, where somebody asked for it."""

    @property
    def low(self) -> tuple[str, ...]:
        """As `low_skus`, of what the shop has."""
        return low_skus(self.desired, self.links)

    def differences(self) -> tuple[SkuDifference, ...]:
        """What differs of the linked SKUs."""
        linked = {variant_id: sku for variant_id, sku in self.desired.items() if variant_id in self.links}
        return compare_skus(linked, self.links, self.shown, warehouse_id=self.warehouse_id)


@dataclass(frozen=True)
class SeenStoreStock:
    """What the shop has of one product and what the store counts of it, by variant id, where the store follows.

    `counted` None: the store does not track it. `held`: units that orders without a store order will take.
    `shared`: why nothing is written, since other shops sell the same stock.
    """

    key: str
    shown: Mapping[str, int]
    counted: Mapping[str, int | None]
    codes: Mapping[str, str]
    held: Mapping[str, int]
    product_level: bool = False
    as_product: bool = False
    """The store counts it as a whole."""
    shared: Finding | None = None
    skipped: Finding | None = None


def plan_either_stock(seen: SeenSkus | SeenStoreStock) -> Plan:
    """The stock of one product, in the direction of its connection."""
    return plan_store_stock(seen) if isinstance(seen, SeenStoreStock) else plan_stock(seen)


def plan_store_stock(seen: SeenStoreStock) -> Plan:
    """The one call that has the store count what the shop has, and what is held: store orders are still to take it."""
    if seen.skipped is not None or seen.shared is not None:
        return Plan(key=seen.key, findings=tuple(filter(None, (seen.skipped or seen.shared,))))
    if seen.product_level:
        return Plan(key=seen.key, findings=(finding("E-INV-PRODUCTLEVEL"),))
    tracked = {key: units for key in seen.shown if (units := seen.counted.get(key)) is not None}
    stock = tuple(
        (key, right)
        for key, units in sorted(tracked.items())
        if (right := max(0, seen.shown[key]) + seen.held.get(key, 0)) != units
    )
    untracked = [seen.codes.get(key, key) for key in seen.shown if key in seen.counted and key not in tracked]
    findings = (finding("W-INV-UNTRACKED", skus=", ".join(untracked)),) if untracked else ()
    ids = {key for key, _units in stock}
    held = tuple(sorted((key, units) for key, units in seen.held.items() if key in ids))
    change = SetStoreStock(product_id=seen.key, stock=stock, held=held, as_product=seen.as_product)
    return Plan(key=seen.key, changes=(change,) if stock else (), findings=findings)


def low_skus(desired: Mapping[str, DesiredSku], linked: Collection[str]) -> tuple[str, ...]:
    """The seller SKUs for whose low stock the whole listing is to be off sale (INV-6); linked ones alone count."""
    return tuple(
        sku.seller_sku or variant_id
        for variant_id, sku in desired.items()
        if variant_id in linked and sku.stock_follows and sku.listable and sku.quantity.low
    )


def plan_prices(seen: SeenSkus) -> Plan:
    """The one call that sets every price of a listing that is not as it should be.

    A change beyond the guard is held, unless this very one is confirmed; the other prices still go.
    """
    findings = [
        sku.problem
        for sku in seen.desired.values()
        if sku.problem is not None and sku.price_follows and sku.variant_id in seen.links
    ]
    prices: list[tuple[str, Money]] = []
    for wrong in seen.differences():
        if not isinstance(wrong, PriceDifference):
            continue
        held = guard(wrong.found, wrong.expected, percent=seen.guard_percent, sku=wrong.seller_sku)
        if held is None or held.facts["prices"] in seen.confirmed:
            prices.append((wrong.sku_id, wrong.expected))
        else:
            findings.append(held)
    going = {sku_id for sku_id, _price in prices}
    replaced = tuple(
        (sku_id, before) for sku_id in sorted(going & seen.edited) if (before := seen.shown[sku_id].price) is not None
    )
    change = SetPrices(shop_listing_id=seen.tiktok_id, prices=tuple(prices), replaced=replaced)
    return Plan(key=seen.key, changes=(change,) if prices else (), findings=tuple(findings))


def plan_stock(seen: SeenSkus) -> Plan:
    """The one call that sets the stock of every SKU of a listing that is not as it should be.

    Every warehouse of a SKU is named, changed or not: TikTok wants the full set and no other. Where the SKU is not in a
    warehouse yet that should have units, it is put there first. Of a product that is counted for all variants together
    the units are unknown: only what is gone or off sale is set, to 0.
    """
    if seen.skipped is not None:
        return Plan(key=seen.key, findings=(seen.skipped,))
    wrong = seen.differences()
    unknown = {key for key, sku in seen.desired.items() if sku.listable} if seen.product_level else frozenset[str]()
    differing = [each for each in wrong if isinstance(each, StockDifference) and each.variant_id not in unknown]
    stock = tuple((each.sku_id, each.wanted) for each in differing if not each.absent)
    entering = tuple((each.sku_id, each.wanted) for each in differing if each.absent)
    if seen.resend:
        stock = tuple(sorted({**dict(_as_it_is(seen, unknown, dict(entering))), **dict(stock)}.items()))
    put_back = tuple(
        (each.seller_sku or each.variant_id, each.shown, each.expected)
        for each in differing
        if not each.absent and each.shown > each.expected
    )
    findings = [finding("E-INV-PRODUCTLEVEL")] if unknown else []
    if seen.low:
        findings.append(finding("W-INV-LOW", skus=", ".join(seen.low)))
    findings += _beyond_most(seen.desired[key] for key in seen.links if key in seen.desired)
    if any(isinstance(each, SkuMissing) for each in wrong):
        findings.append(finding("E-LST-SKUGONE"))
    changes: list[AnyChange] = []
    if stock:
        told = put_back if seen.cancelled else ()
        changes.append(SetStock(shop_listing_id=seen.tiktok_id, stock=stock, put_back=told))
    if entering:
        changes.append(PutInWarehouses(shop_listing_id=seen.tiktok_id, stock=entering))
    return Plan(key=seen.key, changes=tuple(changes), findings=tuple(findings))


def _as_it_is(
    seen: SeenSkus, unknown: Collection[str], entering: Collection[str]
) -> Iterator[tuple[str, tuple[tuple[str, int], ...]]]:
    """What the shop shows of each SKU whose stock we send, but for those that are put into further warehouses."""
    for variant_id, sku_id in seen.links.items():
        sku, there = seen.desired.get(variant_id), seen.shown.get(sku_id)
        if (
            sku is not None
            and there is not None
            and sku.stock_follows
            and not (variant_id in unknown or sku_id in entering)
        ):
            yield sku_id, tuple(sorted(there.stock))


def _beyond_most(skus: Iterable[DesiredSku]) -> list[Finding]:
    """What to tell of SKUs of which the store has more than TikTok takes and so shows."""
    more = ((sku.seller_sku or sku.variant_id, sku.quantity.beyond_most) for sku in skus)
    told = ", ".join(f"{name} ({units:,})" for name, units in more if units)
    return [finding("W-INV-MOST", most=f"{MAX_QUANTITY:,}", skus=told)] if told else []


Levels = Mapping[str, tuple[tuple[str, int], ...]]
"""(warehouse id, units) by SKU id."""


class WithoutClosed(msgspec.Struct, frozen=True):
    """What is left of a stock call of which some warehouses were refused because they are switched off.

    `rest` are the levels to send of the SKUs concerned. `whole`: nothing that should be offered is missing in it.
    """

    rest: Levels
    whole: bool


def without_closed(stock: Levels, closed: Collection[tuple[str, str]]) -> WithoutClosed:
    """What is left of a stock call of which these (SKU id, warehouse id) pairs were refused as switched off.

    Only the SKUs concerned, and of them those that are in another warehouse too.
    """
    rest: dict[str, tuple[tuple[str, int], ...]] = {}
    whole = bool(closed)
    for sku_id in {sku_id for sku_id, _warehouse in closed}:
        levels = stock.get(sku_id, ())
        left = tuple(level for level in levels if (sku_id, level[0]) not in closed)
        whole = whole and bool(left) and not any(units for level, units in levels if (sku_id, level) in closed)
        if left:
            rest[sku_id] = left
    return WithoutClosed(rest, whole)


@dataclass(frozen=True)
class SeenVisibility:
    """A listing that somebody wants on sale (`switch_to` True) or off (False), with our state of it.

    `low` are the seller SKUs for whose low stock it is to be off sale.
    """

    key: str
    tiktok_id: str
    state: str
    switch_to: bool | None
    remove_to: bool | None = None
    """Somebody wants it deleted (True) or recovered (False)."""
    deleted_id: str = ""
    """What the shop called it before it was deleted; "" if it was not."""
    low: tuple[str, ...] = ()


def plan_visibility(seen: SeenVisibility) -> Plan:
    """Switch, delete or recover it if its state allows; else say that it was skipped, and why.

    What nobody wishes anything of is off sale while its stock is low, and on again if it was off for that alone.
    """
    if seen.remove_to is not None:
        return _plan_removal(seen)
    if seen.switch_to is None:
        return _plan_low(seen)
    if seen.switch_to and seen.low and seen.state in _OFF:
        return Plan(key=seen.key, findings=(finding("I-LST-LOW", skus=", ".join(seen.low)),))
    if not seen.switch_to and seen.state == ListingState.INACTIVE_SYSTEM:
        return Plan(key=seen.key)  # it is off already; from now on because a person wants it
    fit = _OFF if seen.switch_to else {ListingState.LIVE}
    if seen.state not in fit:
        return Plan(key=seen.key, findings=(finding("I-LST-NOTOFF" if seen.switch_to else "I-LST-NOTLIVE"),))
    change = ActivateListing if seen.switch_to else DeactivateListing
    return Plan(key=seen.key, changes=(change(shop_listing_id=seen.tiktok_id),))


_OFF = frozenset({ListingState.INACTIVE_SELLER, ListingState.INACTIVE_SYSTEM})


def _plan_low(seen: SeenVisibility) -> Plan:
    if seen.low and seen.state == ListingState.LIVE:
        return Plan(key=seen.key, changes=(DeactivateListing(shop_listing_id=seen.tiktok_id, low=seen.low),))
    if not seen.low and seen.state == ListingState.INACTIVE_SYSTEM:
        return Plan(key=seen.key, changes=(ActivateListing(shop_listing_id=seen.tiktok_id, restocked=True),))
    return Plan(key=seen.key)


def _plan_removal(seen: SeenVisibility) -> Plan:
    if seen.remove_to:
        if not seen.tiktok_id:
            return Plan(key=seen.key, findings=(finding("I-LST-NOTTHERE"),))
        return Plan(key=seen.key, changes=(DeleteListing(shop_listing_id=seen.tiktok_id),))
    if seen.tiktok_id or not seen.deleted_id:
        return Plan(key=seen.key, findings=(finding("I-LST-NOTDELETED"),))
    return Plan(key=seen.key, changes=(RecoverListing(shop_listing_id=seen.deleted_id),))


@dataclass(frozen=True)
class SeenListing:
    """One product of a connection on both sides.

    `listing` is what should be there; None where `findings` keep it from being sent, or where the product is gone from
    the store or not `wanted` any more. `tiktok_id` is "" before it is listed. `sent` is what TikTok last accepted.
    `pushes`: the market's catalog is kept in the store. `reviewing`: TikTok is looking at it.
    """

    key: str
    tiktok_id: str
    wanted: bool
    status: str
    audit_status: str
    audit_reasons: tuple[str, ...]
    reviewing: bool
    sent: Listing | None
    listing: Listing | None
    findings: tuple[Finding, ...]
    pushes: bool
    supplied: bool = False
    """The shop is supplied by the Global Store: its products are made and changed there, and by no app."""
    pushed: bool = False
    """Somebody pushed the product, and it was not sent since."""
    apart: bool = False
    """The merchant keeps both catalogs apart: nothing of the content is sent."""
    sku_ids: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    """Seller SKUs of linked variants that the store does not have any more."""
    left: frozenset[SyncField] = frozenset()
    """The fields of the content that stay as the shop has them."""
    edited: frozenset[SyncField] = frozenset()
    """The fields that somebody changed in the shop since they were sent."""
    deleted: bool = False
    """The store does not have the product any more."""
    deletes: bool = False
    """What the store deleted is deleted in the shop as well."""
    waits: bool = False
    """The merchant sends content by hand, and nobody has sent this one."""

    @property
    def differing(self) -> bool:
        """Whether the shop has other content than it should, in a field that follows the store."""
        if self.listing is None or self.left >= CONTENT:
            return False
        return bool(compare_content(self.listing, self.sent) or self.edited - self.left)


def plan_listing(seen: SeenListing) -> Plan:
    """Create, edit, or nothing; with everything that stands in the way. Price and stock have plans of their own.

    A product that is gone from the store keeps its listing, with its stock at 0, unless the merchant has such deleted
    in the shop too; one that is not wanted any more always does.
    """
    if not (seen.wanted or seen.tiktok_id):
        return Plan(key=seen.key, findings=() if seen.deleted else deleted_findings(seen.status))
    if seen.deleted and not seen.apart:
        if not seen.tiktok_id:
            return Plan(key=seen.key)
        if seen.deletes:
            return Plan(key=seen.key, changes=(DeleteListing(shop_listing_id=seen.tiktok_id),), settled=True)
    review = review_findings(seen.status, seen.audit_status, seen.audit_reasons) if seen.tiktok_id else ()
    told = (*review, *_told_of(seen))
    if seen.apart:
        off = () if seen.tiktok_id else (finding("I-CAT-OFF"),)
        return Plan(key=seen.key, findings=(*review, *off), settled=bool(seen.tiktok_id))
    if seen.listing is None:
        return Plan(key=seen.key, findings=told, settled=bool(seen.tiktok_id))
    if seen.supplied:
        refused = not seen.tiktok_id or (seen.pushed and seen.differing)
        findings = (*told, finding("E-GLOBAL-READONLY", waits_for="publishing")) if refused else tuple(told)
        return Plan(key=seen.key, findings=findings, settled=bool(seen.tiktok_id))
    if not seen.tiktok_id:
        if not seen.pushes:
            return Plan(key=seen.key, findings=(*told, region_finding()))
        return Plan(key=seen.key, changes=(CreateListing(listing=seen.listing),), findings=told)
    # While TikTok reviews, further content waits and goes as one; the end of the review marks it again.
    rests = seen.reviewing or seen.status in {ListingStatus.FREEZE, ListingStatus.DELETED} or not seen.pushes
    if rests or seen.waits or not seen.differing:
        return Plan(key=seen.key, findings=told, settled=True)
    change = EditContent(
        shop_listing_id=seen.tiktok_id,
        listing=seen.listing,
        sku_ids=seen.sku_ids,
        withdrawn=withdrawn(seen.listing, seen.sent),
        left=tuple(sorted(seen.left)),
    )
    return Plan(key=seen.key, changes=(change,), findings=told, settled=True)


def _told_of(seen: SeenListing) -> list[Finding]:
    """What to tell of the product itself. One that is off sale is skipped, or stays listed with nothing to sell."""
    told = [each for each in seen.findings if not each.code.startswith("N-")]
    if seen.deleted:
        told.append(finding("W-PRD-DELETED"))
    if any(each.code == "I-NOT-PURCHASABLE" for each in told):
        untrue = "I-NOT-PURCHASABLE" if seen.tiktok_id else "W-PRD-OFFSALE"
        told = [each for each in told if each.code != untrue]
    if seen.gone:
        told.append(finding("W-PRD-VARGONE", skus=", ".join(seen.gone)))
    return told


def state_unlisted(seen: SeenListing, plan: Plan, *, state: str, parked: bool) -> str:
    """Our state of a product that is not in the shop, after its plan was carried out. `parked`: a person must help."""
    if plan.changes:
        return ListingState.FAILED if parked else ListingState.IN_PROGRESS
    if seen.wanted and plan.findings:
        skipped = all(finding.code.startswith("I-") for finding in plan.findings)
        return ListingState.NOT_UPLOADED if skipped else ListingState.FAILED
    return ListingState.NOT_UPLOADED if state == ListingState.IN_PROGRESS else state


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


def several_in_shop(listing: Listing, in_shop: Mapping[str, set[str]]) -> tuple[Finding, ...]:
    """What keeps a listing from being made whose SKUs the shop has already, in more than one listing."""
    codes = [code for code in dict.fromkeys(sku.seller_sku for sku in listing.skus) if in_shop.get(code)]
    return (finding("E-SKU-SHOP", skus=", ".join(codes)),)


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
