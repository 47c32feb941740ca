"""Keeping what was read: the store's products and the shops' listings as rows, and which lanes that concerns.

Writes tables and says what changed; decides nothing and calls no platform.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from twinshelf.connections.models import Connection, Store
from twinshelf.documents import Product, ShopListing, from_json, to_json
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows, upsert
from twinshelf.listings import plan as planning
from twinshelf.listings.models import Link, ListingRow, ShopSkuSeen

_PRODUCT_COLUMNS = (
    "store_id", "product_id", "title", "sku", "brand", "category", "image_url", "variant_count", "price_min",
    "price_max", "stock", "search", "document", "digest", "problem", "modified_at", "seen_at", "deleted",
)  # fmt: skip
_VARIANT_COLUMNS = (
    "store_id", "product_id", "variant_id", "sku", "gtin", "price", "stock", "purchasable", "deleted",
)  # fmt: skip


@dataclass
class Changed:
    """Product ids by what changed of them since they were last read. One that came back is in all of them."""

    new: set[int] = field(default_factory=set)
    content: set[int] = field(default_factory=set)
    price: set[int] = field(default_factory=set)
    stock: set[int] = field(default_factory=set)

    @property
    def any(self) -> set[int]:
        """The products of which anything changed."""
        return self.new | self.content | self.price | self.stock


def keep_products(store: Store, products: Sequence[Product]) -> Changed:
    """Store what was read of these products and say what is different. Unchanged ones cost a look and nothing else."""
    changed = Changed()
    documents = {product.id: to_json(product) for product in products}
    digests = {product_id: hashlib.sha256(document).digest() for product_id, document in documents.items()}
    known = {
        row.product_id: row
        for row in StoreProduct.objects.filter(store=store, product_id__in=list(digests)).only(
            "product_id", "digest", "document", "deleted"
        )
    }
    fresh: list[Product] = []
    for product in products:
        row = known.get(product.id)
        if row is None:
            changed.new.add(product.id)
        elif row.deleted:  # it came back: everything of it may have changed
            for kind in (changed.new, changed.content, changed.price, changed.stock):
                kind.add(product.id)
        elif bytes(row.digest) == digests[product.id]:
            continue
        else:
            _compare(from_json(bytes(row.document), Product), product, changed)
        fresh.append(product)
    if not fresh:
        return changed
    now = clock.now()
    with transaction.atomic():
        upsert(
            StoreProduct,
            store.account_id,
            _PRODUCT_COLUMNS,
            [_product_row(store, product, documents[product.id], digests[product.id], now) for product in fresh],
            unique=["store_id", "product_id"],
            newer_by="modified_at",
        )
        upsert(
            StoreVariant,
            store.account_id,
            _VARIANT_COLUMNS,
            [
                (store.id, p.id, v.id, planning.seller_sku(p, v), v.gtin, v.price.amount, v.stock, v.purchasable, False)
                for p in fresh
                for v in p.variants
            ],
            unique=["store_id", "variant_id"],
        )
        _drop_gone_variants(store, fresh, known)
    return changed


def _drop_gone_variants(store: Store, fresh: Sequence[Product], known: Mapping[int, StoreProduct]) -> None:
    present = {variant.id for product in fresh for variant in product.variants}
    again = [product.id for product in fresh if product.id in known]
    before = StoreVariant.objects.filter(store=store, product_id__in=again, deleted=False)
    if gone := set(before.values_list("variant_id", flat=True)) - present:
        StoreVariant.objects.filter(store=store, variant_id__in=gone).update(deleted=True, stock=0)


def _product_row(store: Store, product: Product, document: bytes, digest: bytes, now: datetime) -> tuple[object, ...]:
    prices = [variant.price.amount for variant in product.variants]
    stocks = [variant.stock for variant in product.variants if variant.stock is not None]
    codes = {product.sku, *(v.sku for v in product.variants), *(v.gtin for v in product.variants)}
    thumbnail = next((image.url for image in product.images if image.thumbnail), "")
    return (
        store.id,
        product.id,
        product.title,
        product.sku,
        product.brand,
        product.categories[0] if product.categories else "",
        thumbnail or (product.images[0].url if product.images else ""),
        len(product.variants),
        min(prices, default=None),
        max(prices, default=None),
        sum(stocks) if stocks else None,
        " ".join([product.title, *sorted(code for code in codes if code)]).lower(),
        document,
        digest,
        "",
        product.modified_at,
        now,
        False,
    )


def _compare(before: Product, after: Product, changed: Changed) -> None:
    old, new = {v.id: v for v in before.variants}, {v.id: v for v in after.variants}
    both = old.keys() & new.keys()
    if any((old[i].price, old[i].sale_price) != (new[i].price, new[i].sale_price) for i in both):
        changed.price.add(after.id)
    if any(old[i].stock != new[i].stock for i in both) or before.tracking != after.tracking or old.keys() != new.keys():
        changed.stock.add(after.id)
    if _content(before) != _content(after):
        changed.content.add(after.id)


def _content(product: Product) -> tuple[object, ...]:
    variants = tuple((v.id, v.sku, v.options, v.weight, v.gtin, v.image_url, v.purchasable) for v in product.variants)
    return (
        product.title, product.description, product.brand, product.categories, product.custom_fields, product.weight,
        product.dimensions, product.images, product.purchasable, variants,
    )  # fmt: skip


def seen_since(store: Store, product_ids: Iterable[int], moment: datetime) -> set[int]:
    """Those of these products that another reading has stored since then: which of the two is newer, nobody knows."""
    rows = StoreProduct.objects.filter(store=store, product_id__in=list(product_ids), seen_at__gt=moment)
    return set(rows.values_list("product_id", flat=True))


def keep_unreadable(store: Store, problems: Mapping[int, str]) -> None:
    """Note why a product could not be read, on its row if it has one: it is shown, not dropped."""
    for product_id, why in problems.items():
        StoreProduct.objects.filter(store=store, product_id=product_id).update(problem=why, seen_at=clock.now())


def mark_deleted(store: Store, product_ids: Iterable[int]) -> set[int]:
    """Mark products as gone from the store, with their variants' stock at 0. Returns those that were there before."""
    gone = set(
        StoreProduct.objects.filter(store=store, product_id__in=list(product_ids), deleted=False).values_list(
            "product_id", flat=True
        )
    )
    StoreProduct.objects.filter(store=store, product_id__in=gone).update(deleted=True, stock=0, seen_at=clock.now())
    StoreVariant.objects.filter(store=store, product_id__in=gone).update(deleted=True, stock=0)
    return gone


def products_of(store_id: int, product_ids: Iterable[int]) -> dict[int, Product]:
    """The products as last read, by id; deleted ones are left out."""
    rows = StoreProduct.objects.filter(store_id=store_id, product_id__in=list(product_ids), deleted=False)
    return {row.product_id: from_json(bytes(row.document), Product) for row in rows.only("product_id", "document")}


def keep_listings(connection: Connection, sightings: Iterable[tuple[ListingRow, ShopListing]]) -> dict[int, set[str]]:
    """Record what the shop shows of listings, and return what is new by product id.

    `live` when it went on sale just now, `price` and `stock` where it shows other numbers than were known. An older
    sighting than the one on record is ignored.
    """
    current = [(row, seen) for row, seen in sightings if row.observed_at is None or seen.updated_at >= row.observed_at]
    if not current:
        return {}
    links: dict[int, list[Link]] = {}
    linked = Link.objects.filter(connection=connection, product_id__in=[row.product_id for row, _seen in current])
    for link in linked:
        links.setdefault(link.product_id, []).append(link)
    news: dict[int, set[str]] = {}
    moved: list[Link] = []
    for row, seen in current:
        before = row.state
        row.status, row.audit_status, row.audit_reasons = seen.status, seen.audit_status, list(seen.audit_reasons)
        row.state = planning.state_of(seen.status, seen.audit_status, deactivated_by_us=before == "inactive_system")
        row.observed_at, row.checked_at = seen.updated_at, clock.now()
        became = news[row.product_id] = set()
        if seen.status == "DELETED":
            # Somebody took it away over there: it is not made anew before somebody here wants it again.
            row.tiktok_id, row.sent, row.wanted = "", None, False
        else:
            moved += _compare_skus(row, seen, links.get(row.product_id, ()), became)
        if row.state == "live" and before != "live":
            became.add("live")
    with transaction.atomic():
        linked.filter(product_id__in=[row.product_id for row, seen in current if seen.status == "DELETED"]).delete()
        update_rows(moved, ["price", "currency", "quantity"])
        update_rows(
            [row for row, _seen in current],
            [
                "status", "audit_status", "audit_reasons", "state", "observed_at", "checked_at", "tiktok_id", "sent",
                "wanted", "price_min", "price_max", "quantity",
            ],
        )  # fmt: skip
    return news


def _compare_skus(row: ListingRow, seen: ShopListing, links: Sequence[Link], became: set[str]) -> list[Link]:
    """Bring links and the row's own numbers in line with the sighting; the links that differed."""
    skus = {sku.id: sku for sku in seen.skus}
    moved = []
    for link in links:
        sku = skus.get(link.sku_id)
        if sku is None:
            continue
        before = link.price, link.currency, link.quantity
        if sku.price is not None and (sku.price.amount, sku.price.currency) != (link.price, link.currency):
            link.price, link.currency = sku.price.amount, sku.price.currency
            became.add("price")
        quantity = sum(quantity for _warehouse, quantity in sku.stock)
        if quantity != link.quantity:
            link.quantity = quantity
            became.add("stock")
        if before != (link.price, link.currency, link.quantity):
            moved.append(link)
    prices = [link.price for link in links if link.price is not None]
    row.price_min, row.price_max = min(prices, default=None), max(prices, default=None)
    row.quantity = sum(link.quantity or 0 for link in links)
    return moved


def seen_by_code(shop_id: int, codes: Iterable[str]) -> dict[str, set[str]]:
    """Ids of the shop's listings, linked or not, by the seller SKUs in `codes`; what the shop deleted is left out."""
    wanted = sorted(set(codes))
    found: dict[str, set[str]] = {}
    for start in range(0, len(wanted), 500):
        rows = ShopSkuSeen.objects.filter(shop_id=shop_id, seller_sku__in=wanted[start : start + 500])
        for code, tiktok_id in rows.exclude(status="DELETED").values_list("seller_sku", "tiktok_id"):
            found.setdefault(code, set()).add(tiktok_id)
    return found


def doubled_codes(store_id: int, codes: Iterable[str]) -> dict[str, int]:
    """Those of these SKUs that several products of the store use, with the number of products."""
    wanted = sorted({code for code in codes if code})
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        rows = StoreVariant.objects.filter(store_id=store_id, deleted=False, sku__in=wanted[start : start + 500])
        counts = rows.values_list("sku").annotate(Count("product_id", distinct=True))
        found.update({code: number for code, number in counts if number > 1})
    return found


def products_with_doubled_codes(store_id: int, product_ids: Sequence[int]) -> set[int]:
    """Those of these products that have a SKU which another product of the store has too."""
    codes: dict[int, set[str]] = {}
    for start in range(0, len(product_ids), 500):
        rows = StoreVariant.objects.filter(store_id=store_id, product_id__in=product_ids[start : start + 500])
        for product_id, code in rows.filter(deleted=False).values_list("product_id", "sku"):
            codes.setdefault(product_id, set()).add(code)
    doubled = doubled_codes(store_id, set().union(*codes.values())).keys()
    return {product_id for product_id, own in codes.items() if own & doubled}


def keep_seen_skus(shop_id: int, account_id: int, listings: Iterable[ShopListing]) -> None:
    """Remember every SKU of the shop, linked or not: where creating looks for what is already there."""
    upsert(
        ShopSkuSeen,
        account_id,
        ["shop_id", "tiktok_id", "sku_id", "seller_sku", "title", "status"],
        [
            (shop_id, listing.id, sku.id, sku.seller_sku, listing.title, listing.status)
            for listing in listings
            for sku in listing.skus
        ],
        unique=["shop_id", "sku_id"],
    )
