"""The goods of a connection, compared: each product and listing, and the price and stock of each SKU of the shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import msgspec

from twinshelf import messages
from twinshelf.connections.models import Connection
from twinshelf.documents import (
    Listing,
    ListingState,
    ListingStatus,
    Product,
    ProofReason,
    ProofSubject,
    ShopListing,
    ShopSku,
    SyncField,
    Unreadable,
)
from twinshelf.goods import doubts
from twinshelf.goods.doubts import HeldBack
from twinshelf.listings import compare, desiring
from twinshelf.listings import plan as catalog_plan
from twinshelf.listings.compare import PriceDifference, SkuDifference, SkuMissing, StockDifference
from twinshelf.listings.desired import Desired, DesiredSku, Shelf, ShopFacts, gone_sku
from twinshelf.listings.facts import choices_of, facts_of
from twinshelf.listings.models import Link, ListingRow
from twinshelf.proof import plan as planning
from twinshelf.proof.plan import Ledger
from twinshelf.rules import own
from twinshelf.rules.own import ProductChoices
from twinshelf.rules.sync_rules import CONTENT, source_of
from twinshelf.sync import queries

_NOT_LIVE: Mapping[str, tuple[ProofReason, str]] = {
    ListingState.NOT_UPLOADED: (ProofReason.NOT_LIVE, "Deleted in the shop."),
    ListingState.IN_PROGRESS: (ProofReason.NOT_LIVE, "A draft in the shop."),
    ListingState.REVIEWING: (ProofReason.IN_PROGRESS, "In review at TikTok Shop."),
    ListingState.FAILED: (ProofReason.NOT_LIVE, "Refused by TikTok Shop."),
    ListingState.INACTIVE_SELLER: (ProofReason.NOT_LIVE, "Switched off."),
    ListingState.INACTIVE_SYSTEM: (ProofReason.NOT_LIVE, "Switched off for want of stock."),
    ListingState.INACTIVE_PLATFORM: (ProofReason.NOT_LIVE, "Stopped by TikTok Shop."),
}
"""Why a listing that is not on sale is not compared, by its state in the shop."""

Why = tuple[ProofReason, str]


def _batched(rows: Iterable[ListingRow], size: int) -> Iterator[Sequence[ListingRow]]:
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some


_NOT_LINKED: Why = (ProofReason.SKIPPED, "Not linked to a variant.")


@dataclass(frozen=True)
class Goods:
    """Both sides as just read: products of the store and listings of the shop by id, and what could not be read."""

    products: Mapping[str, Product]
    unreadable_products: tuple[Unreadable, ...]
    listings: Mapping[str, ShopListing]
    unreadable_listings: tuple[Unreadable, ...]


@dataclass
class _Work:
    """What comparing one product after the other shares."""

    connection: Connection
    facts: ShopFacts
    goods: Goods
    ledger: Ledger
    held: Mapping[str, int]
    links: dict[str, dict[str, str]]
    """TikTok's SKU id by variant id, by product id."""
    codes: dict[str, str]
    """Seller SKU by TikTok's SKU id, as linked."""
    problems: Mapping[str, str]
    """The code of an open problem that keeps a product from being listed, by product id."""
    unread: frozenset[str]
    """Ids of products that could not be read."""
    choices: Mapping[str, ProductChoices]
    """What people chose, by product id."""
    held_back: HeldBack
    """What of the store's word is not believed before somebody says that it is meant."""
    sent: Mapping[str, Listing] = field(default_factory=dict)
    """What was last sent, by product id: of the rows at hand, and only where it is needed."""
    categories: desiring.Categories = field(default_factory=dict)


def compare_goods(connection: Connection, goods: Goods, ledger: Ledger) -> dict[str, int]:
    """Compare all of it and enter it into the ledger. Returns how many listings of ours are in which state."""
    ledger.there(ProofSubject.PRODUCT, len(goods.products) + len(goods.unreadable_products))
    ledger.there(ProofSubject.LISTING, len(goods.listings) + len(goods.unreadable_listings))
    held_back = doubts.held_back(connection.store)
    told = {key: held_back.on_record(goods.products[key]) for key in held_back.codes if key in goods.products}
    kept = {
        variant.id
        for key, product in told.items()
        for variant, there in zip(product.variants, goods.products[key].variants, strict=True)
        if variant.stock != there.stock
    }
    goods = replace(goods, products={**goods.products, **told})
    number = sum(len(listing.skus) for listing in goods.listings.values())
    ledger.there(ProofSubject.PRICE, number)
    ledger.there(ProofSubject.STOCK, number)
    for subject, unreadable in (
        (ProofSubject.PRODUCT, goods.unreadable_products),
        (ProofSubject.LISTING, goods.unreadable_listings),
    ):
        for each in unreadable:
            ledger.leave_out(subject, each.id, ProofReason.UNREADABLE, str(each.error))
    links: dict[str, dict[str, str]] = {}
    codes: dict[str, str] = {}
    for product_id, variant_id, sku_id, code in Link.objects.filter(connection=connection).values_list(
        "product_id", "variant_id", "sku_id", "seller_sku"
    ):
        links.setdefault(product_id, {})[variant_id] = sku_id
        codes[sku_id] = code
    work = _Work(
        connection,
        facts_of(connection, goods.products),
        goods,
        ledger,
        desiring.held_of(connection, goods.products.values()),
        links,
        codes,
        queries.open_codes(connection.account_id, queries.owner_ref("connection", connection.id), "listing"),
        frozenset(row.id for row in goods.unreadable_products),
        choices_of(connection, goods.products),
        HeldBack(held_back.codes, {v: n for v, n in held_back.stock.items() if v in kept}),
    )
    states: Counter[str] = Counter()
    rows_of = {row.product_id: row for row in ListingRow.objects.filter(connection=connection).defer("sent")}
    ours = set()
    for some in _batched(rows_of.values(), 500):
        work.sent = _sent(work, some)
        for row in some:
            shop = goods.listings.get(row.tiktok_id) if row.tiktok_id else None
            if shop is not None:
                ours.add(shop.id)
                states[catalog_plan.state_of(shop.status, shop.audit_status)] += 1
            else:
                states[row.state if not row.tiktok_id else ListingState.NOT_UPLOADED] += 1
            _compare_row(work, row, goods.products.get(row.product_id), shop)
    for product_id in goods.products.keys() - rows_of.keys():
        ledger.leave_out(ProofSubject.PRODUCT, product_id, ProofReason.SKIPPED, "Not chosen for this shop.")
    for listing_id in goods.listings.keys() - ours:
        why = (ProofReason.SKIPPED, "Not listed by Twinshelf.")
        ledger.leave_out(ProofSubject.LISTING, listing_id, *why)
        _leave_out_skus(work, listing_id, goods.listings[listing_id], why)
    live = [each for each in goods.listings.values() if each.status == ListingStatus.ACTIVATE]
    ledger.tell(*planning.double_skus(live, codes))
    return dict(states)


def _sent(work: _Work, rows: Sequence[ListingRow]) -> Mapping[str, Listing]:
    """What was last sent of these products, as far as the sync rules leave a field of them as it is."""
    rules = work.facts.preferences.sync
    ids = []
    for row in rows:
        switches = work.choices.get(row.product_id, own.NONE).switches
        if row.tiktok_id and any(source_of(rules, name, "update", switches) != "origin" for name in CONTENT):
            ids.append(row.pk)
    kept = ListingRow.objects.filter(pk__in=ids).only("product_id", "sent")
    return {row.product_id: sent for row in kept if (sent := row.sent_listing()) is not None}


def _compare_row(work: _Work, row: ListingRow, product: Product | None, shop: ShopListing | None) -> None:
    """One product that was chosen for the shop, or was once, with its listing if it has one."""
    ledger = work.ledger
    if shop is None:
        if product is None:
            return  # on neither side: there is nothing to compare
        if row.tiktok_id:
            ledger.judge(
                ProofSubject.PRODUCT, row.product_id, planning.missing(row.product_id, "It is not there any more.")
            )
        else:
            _judge_unlisted(work, row)
        return
    state = catalog_plan.state_of(shop.status, shop.audit_status)
    if state is not ListingState.LIVE:
        _leave_out(work, row, product, shop, _NOT_LIVE[state])
        return
    if product is None and row.product_id in work.held_back.codes:
        _leave_out(work, row, product, shop, _held_back(work, row.product_id))
        return
    if row.product_id in work.unread:
        _leave_out(work, row, product, shop, (ProofReason.UNREADABLE, "Its product cannot be read."))
        return
    _compare_live(work, row, product, shop)


def _desired(work: _Work, row: ListingRow, product: Product | None) -> Desired:
    """What should be there. Of a product that the store does not have (any more): nothing to sell of what is linked."""
    links = work.links.get(row.product_id, {})
    if product is None:
        made = Desired(skus={}, listing=None, findings=())
    else:
        shelf = Shelf(listed=bool(row.tiktok_id), sent=work.sent.get(row.product_id), linked=frozenset(links))
        made = desiring.desire(
            work.connection,
            work.facts,
            product,
            work.held,
            categories=work.categories,
            choices=work.choices.get(row.product_id, own.NONE),
            shelf=shelf,
        )
    gone = {v: gone_sku(v, work.codes.get(sku_id, "")) for v, sku_id in links.items() if v not in made.skus}
    return msgspec.structs.replace(made, skus={**made.skus, **gone})


def _judge_unlisted(work: _Work, row: ListingRow) -> None:
    key, code = row.product_id, work.problems.get(row.product_id)
    if not row.wanted:
        work.ledger.leave_out(ProofSubject.PRODUCT, key, ProofReason.SKIPPED, "Not chosen for this shop.")
    elif code is not None:
        reason = ProofReason.SKIPPED if code.startswith(messages.SKIPPED) else ProofReason.NOT_PLANNABLE
        work.ledger.leave_out(ProofSubject.PRODUCT, key, reason, f"{messages.title(code)}.")
    elif since := work.ledger.progress("product", key):
        work.ledger.leave_out(ProofSubject.PRODUCT, key, ProofReason.IN_PROGRESS, since)
    elif row.state == ListingState.IN_PROGRESS:
        work.ledger.leave_out(ProofSubject.PRODUCT, key, ProofReason.IN_PROGRESS, "Being sent to TikTok Shop.")
    else:
        work.ledger.judge(ProofSubject.PRODUCT, key, planning.missing(key, "It should be there and never was."))


def _leave_out(work: _Work, row: ListingRow, product: Product | None, shop: ShopListing, why: Why) -> None:
    if product is not None:
        work.ledger.leave_out(ProofSubject.PRODUCT, row.product_id, *why)
    work.ledger.leave_out(ProofSubject.LISTING, row.product_id, *why)
    _leave_out_skus(work, row.product_id, shop, why)


def _leave_out_skus(work: _Work, key: str, shop: ShopListing, why: Why) -> None:
    for _sku in shop.skus:
        work.ledger.leave_out(ProofSubject.PRICE, key, *why)
        work.ledger.leave_out(ProofSubject.STOCK, key, *why)


def _compare_live(work: _Work, row: ListingRow, product: Product | None, shop: ShopListing) -> None:
    """A listing that is on sale: what it says, and price and stock of its SKUs.

    Where its content cannot be said, or is not sent, price and stock of what is linked are still compared.
    """
    key, ledger = row.product_id, work.ledger
    made = _desired(work, row, product)
    links = work.links.get(key, {})
    offered = {sku.variant_id for sku in made.listing.skus} if made.listing is not None and row.wanted else set()
    wanted = {variant: sku for variant, sku in made.skus.items() if variant in offered or variant in links}
    shown = {sku.id: sku for sku in shop.skus}
    wrong = compare.compare_skus(wanted, links, shown, warehouse_id=work.facts.warehouse_of(key))
    absent = [planning.tell_sku(key, each) for each in wrong if isinstance(each, SkuMissing)]
    if (why := _without_content(work, row, product, made)) is not None:
        ledger.tell(*absent)
        if product is not None:
            ledger.leave_out(ProofSubject.PRODUCT, key, *why)
        ledger.leave_out(ProofSubject.LISTING, key, *why)
    elif made.listing is not None:
        title = None if SyncField.NAME in made.left else compare.compare_title(made.listing, shop)
        if ledger.judge(ProofSubject.PRODUCT, key, *([planning.tell_title(key, title)] if title else []), *absent):
            ledger.judge(ProofSubject.LISTING, key)
        else:
            ledger.leave_out(ProofSubject.LISTING, key, ProofReason.IN_PROGRESS, ledger.progress("product", key))
    variants = {sku_id: wanted[variant] for variant, sku_id in links.items() if variant in wanted}
    prices = {each.sku_id: each for each in wrong if isinstance(each, PriceDifference)}
    stocks = {each.sku_id: each for each in wrong if isinstance(each, StockDifference)}
    for sku in shop.skus:
        _judge_price(work, key, sku, variants.get(sku.id), prices.get(sku.id))
        _judge_stock(work, key, variants.get(sku.id), stocks.get(sku.id))


def _without_content(work: _Work, row: ListingRow, product: Product | None, made: Desired) -> Why | None:
    """Why the content of a listing is not compared; None if it is."""
    if product is None:
        return ProofReason.SKIPPED, "Its product is gone from BigCommerce."
    if not row.wanted:
        return ProofReason.SKIPPED, "Its content is not sent to this shop."
    if made.listing is not None:
        by_hand = work.facts.preferences.manual_updates_only and not row.pushed
        return (ProofReason.SKIPPED, "Its content is sent by hand.") if by_hand else None
    blocking = [each for each in made.findings if each.blocking]
    text = " ".join(dict.fromkeys(f"{messages.title(each.code)}." for each in blocking or made.findings))
    return (ProofReason.NOT_PLANNABLE if blocking else ProofReason.SKIPPED), text


def _judge_price(work: _Work, key: str, shown: ShopSku, sku: DesiredSku | None, wrong: PriceDifference | None) -> None:
    ledger = work.ledger
    if sku is None:
        ledger.leave_out(ProofSubject.PRICE, key, *_NOT_LINKED)
    elif work.facts.preferences.catalog_direction != "bc_to_tts":
        ledger.leave_out(ProofSubject.PRICE, key, ProofReason.SKIPPED, "Prices are not sent to this shop.")
    elif not sku.price_follows:
        ledger.leave_out(ProofSubject.PRICE, key, ProofReason.SKIPPED, "Its price is left to TikTok Shop.")
    elif sku.price is None and sku.problem is not None:
        ledger.leave_out(ProofSubject.PRICE, key, ProofReason.NOT_PLANNABLE, f"{messages.title(sku.problem.code)}.")
    elif sku.price is None:
        ledger.leave_out(ProofSubject.PRICE, key, ProofReason.SKIPPED, "Its variant is gone from BigCommerce.")
    elif shown.price is None:
        ledger.leave_out(ProofSubject.PRICE, key, ProofReason.UNREADABLE, "TikTok Shop did not tell the price.")
    else:
        ledger.judge(ProofSubject.PRICE, key, *_told(key, wrong))


def _judge_stock(work: _Work, key: str, sku: DesiredSku | None, wrong: StockDifference | None) -> None:
    if sku is None:
        work.ledger.leave_out(ProofSubject.STOCK, key, *_NOT_LINKED)
    elif work.facts.preferences.inventory_direction != "bc_to_tts":
        why = {"tts_to_bc": "Its stock is copied to BigCommerce."}
        told = why.get(work.facts.preferences.inventory_direction, "Stock is not sent to this shop.")
        work.ledger.leave_out(ProofSubject.STOCK, key, ProofReason.SKIPPED, told)
    elif not sku.stock_follows:
        work.ledger.leave_out(ProofSubject.STOCK, key, ProofReason.SKIPPED, "Its stock is left to TikTok Shop.")
    elif wrong is None and sku.variant_id in work.held_back.stock:
        work.ledger.leave_out(ProofSubject.STOCK, key, *_held_back(work, key))
    else:
        work.ledger.judge(ProofSubject.STOCK, key, *_told(key, wrong))


def _held_back(work: _Work, key: str) -> Why:
    """Why a shop still shows what the store does not: somebody is to say first whether that is meant."""
    return ProofReason.NOT_PLANNABLE, f"Held back: {messages.title(work.held_back.codes[key])}."


def _told(key: str, wrong: SkuDifference | None) -> tuple[planning.Difference, ...]:
    return () if wrong is None else (planning.tell_sku(key, wrong),)
