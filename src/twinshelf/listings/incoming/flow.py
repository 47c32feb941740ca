"""The flow of the catalog the other way: products of the shop linked with, made and changed in the store.

The store's product is made at most once. Its SKUs are looked up in the store before it is made, and BigCommerce itself
refuses a SKU that it has; what the look finds is read and kept here, and the next plan links it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from twinshelf.connections import clients
from twinshelf.connections.batches import ConnectionBatch
from twinshelf.connections.models import Connection
from twinshelf.documents import (
    AnyChange,
    CreateStoreProduct,
    ListingStatus,
    Product,
    ProductDraft,
    SetStorePrices,
    SetStoreProduct,
    ShopProduct,
    to_json,
    token,
)
from twinshelf.errors import NeedsPerson, NotFound, Refused, Transient
from twinshelf.goods import pulling, snapshot
from twinshelf.goods.selections import select
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.listings import linking, observing
from twinshelf.listings.facts import facts_of
from twinshelf.listings.incoming import matching
from twinshelf.listings.incoming import plan as planning
from twinshelf.listings.models import IncomingRow, Link, ListingRow
from twinshelf.listings.plan import linkable
from twinshelf.sync import lanes, problems
from twinshelf.sync.flows import BULK, Attempt, Closed, Flow, Made, no_change

KIND = "incoming"
_CONFLICT = 409


class _ThereAlready(Transient):
    """The store has the SKUs: its products were read, and the next plan knows them."""

    def __init__(self) -> None:
        super().__init__("the store has these SKUs already; they are looked at again", wait_seconds=0.1, exact=True)


@dataclass
class IncomingBatch(ConnectionBatch):
    """A batch of products of a shop."""

    began: datetime = field(default_factory=clock.now)
    drafts: dict[str, ProductDraft] = field(default_factory=dict)
    """By TikTok's id, with the addresses of pictures: a plan and its record do without these."""


# -- observe --------------------------------------------------------------------------------------------------------


def observe_incoming(batch: IncomingBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenIncoming]:
    """Read these products of the shop, one call each, and what the store has with their SKUs; link what is equal."""
    if batch.preferences.catalog_direction != "tts_to_bc":
        return {}
    connection = batch.connection
    read = {key: _read(batch, key) for key in keys}
    products = {key: product for key, product in read.items() if product is not None}
    if not batch.preview:
        observing.keep_seen_skus(
            connection.shop_id, connection.account_id, [product.listing for product in products.values()]
        )
    around = matching.around_of(connection, {key: codes_of(product) for key, product in products.items()})
    taken = {
        row.tiktok_id: row.draft() for row in IncomingRow.objects.filter(connection=connection, tiktok_id__in=keys)
    }
    known = snapshot.products_of(connection.store_id, {match.other for match in around.matches.values() if match.other})
    facts = _facts(batch)
    seen = {}
    for key in keys:
        product = products.get(key)
        if product is None:
            seen[key] = planning.SeenIncoming(key, None)
            continue
        match = around.matches[key]
        one = planning.SeenIncoming(
            key,
            product,
            draft=planning.draft_of(product, facts),
            matched=match,
            taken=taken.get(key),
            known=known.get(match.other),
            variants=around.variants.get(key, {}),
            in_scope=not facts.sku_scope or any(code in facts.sku_scope for code in codes_of(product)),
        )
        if not batch.preview and one.in_scope and one.known is not None and product.listing.status in planning.TAKEN:
            _link(connection, product, one.known.id, one.variants, began=batch.began)
        if isinstance(one.draft, ProductDraft):
            batch.drafts[key] = one.draft
        seen[key] = one
    return seen


def _read(batch: IncomingBatch, key: str) -> ShopProduct | None:
    try:
        found = batch.shop_client.product(key)
    except NotFound:
        return None
    return None if found.listing.status == ListingStatus.DELETED else found


def codes_of(product: ShopProduct) -> tuple[str, ...]:
    """The seller SKUs of a product of the shop, in its order."""
    return tuple(sku.seller_sku for sku in product.listing.skus)


def _facts(batch: IncomingBatch) -> planning.Facts:
    shop, chosen = facts_of(batch.connection, ()), batch.preferences
    return planning.Facts(
        currency=batch.connection.store.currency,
        rate=chosen.exchange_rate,
        untaxed=shop.untaxed,
        tax=chosen.tax_percent,
        counted=chosen.inventory_direction != "disabled",
        sku_scope=chosen.sku_scope,
    )


def _link(
    connection: Connection, product: ShopProduct, product_id: str, variants: Mapping[str, str], *, began: datetime
) -> None:
    """Make a product of the shop the listing of one of the store, and pair their SKUs. Safe to repeat."""
    listing = product.listing
    codes = {sku.id: sku.seller_sku for sku in listing.skus}
    pairs = linkable(codes, tuple((variant_id, code) for code, variant_id in variants.items()))
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        row, fresh = ListingRow.objects.get_or_create(
            account_id=connection.account_id, connection=connection, product_id=product_id
        )
        if row.tiktok_id not in {"", listing.id}:  # it has another listing, which stays its own
            return
        if row.tiktok_id != listing.id:
            row.tiktok_id, fresh = listing.id, True
            row.save(update_fields=["tiktok_id"])
        before = dict(
            Link.objects.filter(connection=connection, product_id=product_id).values_list("variant_id", "sku_id")
        )
        if any(before.get(variant_id) != sku_id for variant_id, sku_id in pairs.items()):
            linking.pair_found(connection, product_id, listing, pairs)
            fresh = True
        observing.record_observed(connection, [(row, listing)], began=began)
        if not fresh:
            return
        select(connection, [product_id])
        lanes.ask(connection.account_id, "stock", owner, [product_id], cause="linked by SKU", priority=lanes.URGENT)
        waiting = [f"link:{sku_id}" for sku_id in pairs.values()]
        problems.unblock(connection.account_id, *waiting, *(token("sku", code) for code in codes.values()))


# -- apply ----------------------------------------------------------------------------------------------------------


def apply_incoming(batch: IncomingBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Make a product in the store, or set what changed of it. Only making must not happen twice: it looks first."""
    store, client = batch.connection.store, batch.store_client
    match change:
        case CreateStoreProduct():
            return _create(batch, change, attempt)
        case SetStoreProduct():
            client.set_product(
                change.store_product_id,
                store=clients.info_of(store),
                title=change.title,
                description=change.description,
                weight=change.weight,
                dimensions=change.dimensions,
            )
            given = {
                "title": change.title, "description": change.description, "weight": change.weight,
                "package size": change.dimensions,
            }  # fmt: skip
            names = [name for name, value in given.items() if value is not None]
            return Made(f"set {', '.join(names)}")
        case SetStorePrices():
            client.set_variant_prices(dict(change.prices))
            return Made(", ".join(f"{variant_id}: {price}" for variant_id, price in change.prices[:5]))
        case _:
            return no_change(batch, change, attempt)


@dataclass(frozen=True)
class _ProductMade:
    product: Product


def _create(batch: IncomingBatch, change: CreateStoreProduct, attempt: Attempt) -> Made:
    store, client = batch.connection.store, batch.store_client
    codes = [variant.sku for variant in change.draft.variants]
    # A product is made whole or not at all, so that one of its SKUs tells whether an earlier call has made it.
    _look(batch, codes if not attempt.first else codes[:1])
    try:
        product_id = client.create_product(batch.drafts[change.shop_listing_id], store=clients.info_of(store))
    except Refused as refused:
        if refused.platform_code != _CONFLICT:
            raise
        _look(batch, codes)
        if any(name == "name" for name, _text in refused.fields):
            raise NeedsPerson("E-IMP-NAME", title=change.draft.title) from refused
        raise
    made = pulling.take(store, [product_id], cause="made of a TikTok product").get(product_id)
    if made is None:  # a copy of the store that lags does not show it yet: the next look finds it
        raise _ThereAlready
    return Made(f"created as {product_id}", _ProductMade(made))


def _look(batch: IncomingBatch, codes: Sequence[str]) -> None:
    """Raise _ThereAlready where the store has one of these SKUs, once its products are read and kept."""
    found = batch.store_client.products_with_skus(codes)
    if not found:
        return
    ids = sorted({product_id for some in found.values() for product_id in some})
    pulling.take(batch.connection.store, ids, cause="looked up by SKU")
    raise _ThereAlready


# -- record ---------------------------------------------------------------------------------------------------------


def record_incoming(batch: IncomingBatch, closed: Sequence[Closed[planning.SeenIncoming]]) -> None:
    """Keep what the store was given, and link what was made."""
    connection = batch.connection
    rows: list[tuple[Any, ...]] = []
    for each in closed:
        draft, product = each.seen.draft, each.seen.product
        if product is None or isinstance(draft, tuple) or each.failed is not None:
            continue
        made = next(
            (done.made.kept for done in each.done if done.made and isinstance(done.made.kept, _ProductMade)), None
        )
        if made is not None:
            variants = {variant.sku: variant.id for variant in made.product.variants}
            _link(connection, product, made.product.id, variants, began=batch.began)
        known = made.product.id if made is not None else each.seen.known.id if each.seen.known else ""
        if known and (made is not None or each.plan.settled) and planning.lasting(draft) != each.seen.taken:
            rows.append((connection.id, each.key, known, made is not None, _kept(draft), clock.now()))
    columns = ["connection_id", "tiktok_id", "product_id", "made", "taken", "taken_at"]
    update = ["product_id", "taken", "taken_at"]
    upsert(IncomingRow, connection.account_id, columns, rows, unique=["connection_id", "tiktok_id"], update=update)


def _kept(draft: ProductDraft) -> bytes:
    return zlib.compress(to_json(planning.lasting(draft)), 1)


INCOMING = Flow(
    KIND,
    IncomingBatch,
    observe_incoming,
    planning.plan_incoming,
    apply_incoming,
    record_incoming,
    size=50,
    queue=BULK,
)
