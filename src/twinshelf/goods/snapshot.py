"""Keeping what was read of the store's products as rows, and telling what changed.

Writes tables and says what changed; calls no platform. A reading is kept as a whole or not at all: what version it is
of, `_standing` decides, for the product, its variants, prices and stock alike (docs/decisions/0021).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from django.db.models import Count

from twinshelf.connections.models import Store
from twinshelf.documents import Money, Product, from_json, seller_sku, source_category, to_json
from twinshelf.goods import locations
from twinshelf.goods.models import Sale, StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.kit.text_search import note_new, searchable
from twinshelf.kit.upsert import upsert

_PRODUCT_COLUMNS = (
    "store_id", "product_id", "title", "sku", "brand", "category", "image_url", "variant_count", "simple", "sale",
    "price_min", "price_max", "stock", "search", "document", "digest", "problem", "modified_at", "seen_at", "deleted",
)  # fmt: skip
_VARIANT_COLUMNS = (
    "store_id", "product_id", "variant_id", "sku", "gtin", "price", "stock", "purchasable", "deleted",
)  # fmt: skip


LONGEST_LAG = timedelta(hours=1)
"""No copy of the store from which it answers is taken to be further behind than this."""


LONGEST_CATEGORY = 500
"""Characters of a category's path in the list of products; longer ones are cut: an index takes only so much."""


@dataclass
class Changed:
    """Product ids by what changed of them since they were last read. One that came back is in all of them.

    `kept` are all whose reading was not what was on record. `doubted` are those of which another reading may be newer:
    nothing of this one was kept.
    """

    new: set[str] = field(default_factory=set)
    content: set[str] = field(default_factory=set)
    price: set[str] = field(default_factory=set)
    stock: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)

    @property
    def any(self) -> set[str]:
        """The products of which anything changed."""
        return self.new | self.content | self.price | self.stock


def lock(store: Store) -> None:
    """Let no other reading of the store be kept until the transaction ends: which is newer is decided one by one."""
    list(Store.objects.select_for_update(no_key=True).filter(id=store.id).values_list("id"))


def keep_products(store: Store, products: Sequence[Product], *, began: datetime) -> Changed:
    """Store what was read of these products and say what is different. Unchanged ones cost a look and nothing else.

    `began` is our time before they were read. To be called in a transaction, behind `lock`.
    """
    changed = Changed()
    documents = {product.id: to_json(product) for product in products}
    digests = {product_id: hashlib.sha256(document).digest() for product_id, document in documents.items()}
    known = {
        row.product_id: row
        for row in StoreProduct.objects.filter(store=store, product_id__in=list(digests)).only(
            "product_id", "digest", "document", "deleted", "told_deleted_at", "modified_at", "seen_at"
        )
    }
    fresh: list[Product] = []
    replaced: list[Product] = []
    told_wrong: list[int] = []
    for product in products:
        row = known.get(product.id)
        if row is None:
            changed.new.add(product.id)
            fresh.append(product)
            continue
        standing = _standing(row, product, same=bytes(row.digest) == digests[product.id], began=began)
        if standing == "older":
            changed.doubted.add(product.id)
            continue
        if row.told_deleted_at is not None:  # it is still there
            told_wrong.append(row.id)
        if standing == "same":
            continue
        if row.deleted:  # it came back: everything of it may have changed
            for kind in (changed.new, changed.content, changed.price, changed.stock):
                kind.add(product.id)
        else:
            before = from_json(bytes(row.document), Product)
            replaced.append(before)
            _compare(before, product, changed)
        fresh.append(product)
    if told_wrong:
        StoreProduct.objects.filter(id__in=told_wrong).update(told_deleted_at=None)
    if not fresh:
        return changed
    changed.kept = {product.id for product in fresh}
    now = clock.now()
    locations.count(store, fresh, instead_of=replaced)
    upsert(
        StoreProduct,
        store.account_id,
        _PRODUCT_COLUMNS,
        [_product_row(store, product, documents[product.id], digests[product.id], now) for product in fresh],
        unique=["store_id", "product_id"],
    )
    if changed.new - known.keys():
        note_new(StoreProduct, store_id=store.id, product_id__in=sorted(changed.new - known.keys()))
    upsert(
        StoreVariant,
        store.account_id,
        _VARIANT_COLUMNS,
        [
            (
                store.id,
                p.id,
                v.id,
                seller_sku(p, v),
                v.gtin,
                v.price.amount,
                v.stock,
                p.purchasable and v.purchasable,
                False,
            )
            for p in fresh
            for v in p.variants
        ],
        unique=["store_id", "variant_id"],
    )
    _drop_gone_variants(store, fresh, known)
    return changed


def _standing(row: StoreProduct, product: Product, *, same: bool, began: datetime) -> Literal["newer", "same", "older"]:
    """How a reading stands to what is on record.

    The store's own time of the last change decides. It has a grain of a second, and not every change moves it: where it
    is the same on both, a reading that began after the last one was kept is newer, and of two that overlapped nobody
    knows. A time that went back is a copy of the store that lags, or, if that lasts, a store that was restored. A
    product that the store said it deleted is not back as long as only such a copy may still show it.
    """
    lags = began - row.seen_at < LONGEST_LAG
    if product.modified_at < row.modified_at:
        return "older" if lags else "newer"
    if row.told_deleted_at is not None and product.modified_at == row.modified_at:
        told_lately = began - row.told_deleted_at < LONGEST_LAG
        return "older" if told_lately else "newer" if row.deleted else "same" if same else "newer"
    if same and not row.deleted:
        return "same"
    overlapped = began < row.seen_at <= clock.now()  # later than now: our clock was put back
    return "older" if product.modified_at == row.modified_at and overlapped else "newer"


def _drop_gone_variants(store: Store, fresh: Sequence[Product], known: Mapping[str, StoreProduct]) -> None:
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
        source_category(product)[:LONGEST_CATEGORY],
        thumbnail or (product.images[0].url if product.images else ""),
        len(product.variants),
        is_simple(product),
        sale_of(product).value,
        min(prices, default=None),
        max(prices, default=None),
        sum(stocks) if stocks else None,
        searchable([product.title, *sorted(code for code in codes if code)]),
        document,
        digest,
        "",
        product.modified_at,
        now,
        False,
    )


def is_simple(product: Product) -> bool:
    """Whether a product has no options: its one variant is the product itself."""
    return not any(variant.options for variant in product.variants)


def sale_of(product: Product) -> Sale:
    """Whether the store sells a product that it has."""
    if not product.purchasable:
        return Sale.NOT_PURCHASABLE
    return Sale.FOR_SALE if product.visible else Sale.HIDDEN


def _compare(before: Product, after: Product, changed: Changed) -> None:
    old, new = {v.id: v for v in before.variants}, {v.id: v for v in after.variants}
    both = old.keys() & new.keys()
    if any((old[i].price, old[i].sale_price) != (new[i].price, new[i].sale_price) for i in both):
        changed.price.add(after.id)
    if _on_offer(before) != _on_offer(after):
        changed.stock.add(after.id)
    if _content(before) != _content(after):
        changed.content.add(after.id)


def _on_offer(product: Product) -> object:
    """All of a product that decides how many units a shop may offer of which variant."""
    variants = {v.id: (v.stock, v.stock_at, v.purchasable, bool(v.options)) for v in product.variants}
    return product.purchasable, product.tracking, variants


def _content(product: Product) -> Product:
    """All of a product that has no lane of its own: a field that is read is compared, whoever added it."""
    nothing = Money.zero(product.price.currency)
    return msgspec.structs.replace(
        product,
        price=nothing,
        tracking="none",
        modified_at=_NO_TIME,
        variants=tuple(
            msgspec.structs.replace(v, price=nothing, sale_price=None, stock=None, stock_at=())
            for v in product.variants
        ),
    )


_NO_TIME = datetime.min.replace(tzinfo=UTC)


def seen_since(store: Store, product_ids: Iterable[str], moment: datetime) -> set[str]:
    """Those of these products of which another reading has been kept since then."""
    rows = StoreProduct.objects.filter(store=store, product_id__in=list(product_ids), seen_at__gt=moment)
    return set(rows.values_list("product_id", flat=True))


def keep_unreadable(store: Store, problems: Mapping[str, str]) -> None:
    """Note why a product could not be read, on its row if it has one: it is shown, not dropped."""
    for product_id, why in problems.items():
        StoreProduct.objects.filter(store=store, product_id=product_id).update(problem=why, seen_at=clock.now())


def mark_deleted(store: Store, product_ids: Iterable[str], *, meant: Collection[str] = ()) -> set[str]:
    """Mark products as gone from the store, with their variants' stock at 0. Returns those that were there before.

    Of those in `meant` a person said so, which counts like the store's own word.
    """
    gone = set(
        StoreProduct.objects.filter(store=store, product_id__in=list(product_ids), deleted=False).values_list(
            "product_id", flat=True
        )
    )
    now = clock.now()
    locations.count(store, (), instead_of=products_of(store.id, gone).values())
    StoreProduct.objects.filter(store=store, product_id__in=gone).update(deleted=True, stock=0, seen_at=now)
    if said := gone & set(meant):
        StoreProduct.objects.filter(store=store, product_id__in=said).update(told_deleted_at=now)
    StoreVariant.objects.filter(store=store, product_id__in=gone).update(deleted=True, stock=0)
    return gone


def products_of(store_id: int, product_ids: Iterable[str]) -> dict[str, Product]:
    """The products as last read, by id; deleted ones are left out."""
    rows = StoreProduct.objects.filter(store_id=store_id, product_id__in=list(product_ids), deleted=False)
    return {row.product_id: from_json(bytes(row.document), Product) for row in rows.only("product_id", "document")}


def deleted_among(store_id: int, product_ids: Iterable[str]) -> set[str]:
    """Those of these products that the store had and does not have any more."""
    rows = StoreProduct.objects.filter(store_id=store_id, product_id__in=list(product_ids), deleted=True)
    return set(rows.values_list("product_id", flat=True))


def doubled_codes(store_id: int, codes: Iterable[str]) -> dict[str, int]:
    """Those of these SKUs that several products of the store use, with the number of products."""
    wanted = sorted({code for code in codes if code})
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        rows = StoreVariant.objects.filter(store_id=store_id, deleted=False, sku__in=wanted[start : start + 500])
        counts = rows.values_list("sku").annotate(Count("product_id", distinct=True))
        found.update({code: number for code, number in counts if number > 1})
    return found


def products_with_doubled_codes(store_id: int, product_ids: Sequence[str]) -> set[str]:
    """Those of these products that have a SKU which another product of the store has too."""
    codes: dict[str, set[str]] = {}
    for start in range(0, len(product_ids), 500):
        rows = StoreVariant.objects.filter(store_id=store_id, product_id__in=product_ids[start : start + 500])
        for product_id, code in rows.filter(deleted=False).values_list("product_id", "sku"):
            codes.setdefault(product_id, set()).add(code)
    doubled = doubled_codes(store_id, set().union(*codes.values())).keys()
    return {product_id for product_id, own in codes.items() if own & doubled}
