"""What may be known about products and listings.

A list is found in two steps: ids from the list index alone, then the rows of one page without their documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final, Literal

import msgspec
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf import messages
from twinshelf.connections.choices import preferences
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.queries import of_stores
from twinshelf.documents import (
    Attribute,
    CategoryRules,
    CertificateRule,
    ListingState,
    ListingStatus,
    Product,
    Variant,
    from_json,
    seller_sku,
)
from twinshelf.goods.models import Sale, StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.kit.actions import Action
from twinshelf.kit.paging import SIZE, Page, in_order, page_of_ids
from twinshelf.kit.text_search import matching
from twinshelf.kit.words import searched
from twinshelf.listings.models import (
    CategoryCache,
    CategorySuggestions,
    CategoryTree,
    ChannelSku,
    Link,
    ListingRow,
    ProductChoicesRow,
    ShopSkuSeen,
    SkuReport,
)
from twinshelf.rules.categories import Leaf, find
from twinshelf.rules.category_map import Asked, Counted, MapFacts, MapRow, category_ids, map_rows
from twinshelf.rules.models import Membership, Template
from twinshelf.rules.queries import held_by
from twinshelf.rules.ranking import Suggested
from twinshelf.rules.skus import Audit
from twinshelf.rules.templates import rules_from_json
from twinshelf.sync import queries as sync
from twinshelf.sync.models import Problem, Task

Bucket = Literal["live", "reviewing", "in_progress", "not_uploaded", "failed", "off", "inactive_platform", "shop_only"]
"""`shop_only`: gone from the store, while the shop still has the listing. It is apart from the others and from all."""
Stock = Literal["", "in", "low", "out"]
Kind = Literal["", "simple", "variants"]
"""Whether a product has options; one without is listed as a single SKU."""
Sort = Literal["title", "price", "stock", "modified"]

OFF: Final = (ListingState.INACTIVE_SELLER, ListingState.INACTIVE_SYSTEM)
LOW_STOCK = 5

BUCKETS: Final[tuple[tuple[Bucket, tuple[str, ...]], ...]] = (
    ("failed", (ListingState.FAILED,)),
    ("inactive_platform", (ListingState.INACTIVE_PLATFORM,)),
    ("in_progress", (ListingState.IN_PROGRESS,)),
    ("reviewing", (ListingState.REVIEWING,)),
    ("live", (ListingState.LIVE,)),
    ("off", OFF),
    ("not_uploaded", (ListingState.NOT_UPLOADED,)),
)
"""What a list tells apart, the one that needs a person most first. A product that is in several shops counts once,
under the first of these that holds in any of them; so the counts add up to all products."""

_NOT_LISTED = 1
"""The rank of the last bucket: products that no shop has."""

_KEPT, _GONE = (False,), (True,)
"""`deleted` as a list of one: Django writes a bare boolean as `NOT deleted`, which SQLite looks up in no index."""

_FEW = 3000
"""Up to so many keys it is quicker to start from them than to walk the list in its order."""


@dataclass(frozen=True)
class ProductFilter:
    """Which products, in which order. `connection_id` None: all shops. `code` narrows `problems` to one code."""

    text: str = ""
    bucket: Bucket | None = None
    connection_id: int | None = None
    category: str = ""
    stock: Stock = ""
    problems: bool = False
    code: str = ""
    kind: Kind = ""
    template: Template | None = None
    """Only those that this template holds, in its own connection."""
    sort: Sort = "title"
    descending: bool = False
    number: int = 1
    size: int = SIZE

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than a bucket of a shop: then the bucket's count is not its own."""
        return bool(
            self.text or self.category or self.stock or self.problems or self.code or self.kind or self.template
        )

    @property
    def everything(self) -> bool:
        """Whether this is every product there is."""
        return not (self.bucket or self.narrows)


@dataclass(frozen=True)
class StockRange:
    """The fewest and the most units that a variant has, and those of all together."""

    least: int
    most: int
    total: int


@dataclass(frozen=True)
class ProductLine:
    """A product with its listings (one per connection of its store that has one) and their open problems."""

    product: StoreProduct
    listings: tuple[tuple[Connection, ListingRow | None, int], ...]
    matched: str = ""
    """The SKU or barcode of a variant by which a search found it, where its name and own SKU do not show why."""
    pending: frozenset[int] = frozenset()
    """The connections in which what is listed is still to be brought up to date."""
    store_stock: StockRange | None = None
    """The units of its variants in the store; None where the store counts none of them."""
    shop_stock: StockRange | None = None
    """The units of its SKUs in the shop that is `shown`."""
    problems: tuple[Problem, ...] = ()
    """What is to be fixed, over its shops."""

    @property
    def sale(self) -> Sale:
        """Whether the store sells it."""
        return sale_state(self.product)

    @property
    def synced(self) -> frozenset[int]:
        """The connections whose shop has it, with nothing to send and nothing to fix."""
        return frozenset(
            c.id
            for c, row, problems in self.listings
            if row is not None and row.tiktok_id and not problems and c.id not in self.pending
        )

    @property
    def shown(self) -> tuple[Connection, ListingRow] | None:
        """The listing whose price and stock stand for the product: the first that TikTok has."""
        return next(((c, row) for c, row, _problems in self.listings if row is not None and row.tiktok_id), None)


def products(
    wanted: ProductFilter, connections: Sequence[Connection], *, total: int | None = None
) -> Page[ProductLine]:
    """One page of products. `connections` are those of the account; the filter may narrow them to one.

    `total` is how many there are, where that is known already.
    """
    rows = _matching(wanted, connections)
    order: Any = {
        "title": "title",
        "price": Coalesce("price_min", Value(0), output_field=DecimalField(max_digits=20, decimal_places=4)),
        "stock": Coalesce("stock", Value(-1)),
        "modified": "modified_at",
    }[wanted.sort]
    page = page_of_ids(
        rows,
        order,
        descending=wanted.descending,
        total=rows.count() if total is None else total,
        number=wanted.number,
        size=wanted.size,
    )
    chosen = [c for c in connections if wanted.connection_id in {None, c.id}]
    return page.of(
        lambda ids: _lines(
            in_order(StoreProduct.objects.select_related("store").defer("document", "digest", "search"), ids),
            chosen,
            wanted.text,
        )
    )


def lines_of(connection: Connection, product_ids: Sequence[str]) -> list[ProductLine]:
    """Some products as the list shows them of one shop, in the order of the ids; unknown ones are left out."""
    return [
        line
        for start in range(0, len(product_ids), 500)
        for line in _lines(rows_of(connection.store_id, product_ids[start : start + 500]), [connection], "")
    ]


def product_keys(wanted: ProductFilter, connections: Sequence[Connection]) -> list[tuple[int, str]]:
    """(store id, product id) of every product that matches: for an action on all of them."""
    return list(_matching(wanted, connections).values_list("store_id", "product_id"))


_LONGEST_NUMBER = 64
EXPORTED: Final = (
    "product_id", "variant_id", "title", "sku", "options", "barcode", "brand", "category", "price", "currency", "stock",
    "purchasable", "connection", "tiktok_status", "tiktok_product", "tiktok_sku", "tiktok_price", "tiktok_currency",
    "tiktok_stock",
)  # fmt: skip
"""The columns of an export: one row for each variant and each shop that has, or may have, its product."""

_EXPORTED_AT_ONCE = 250


def export_rows(wanted: ProductFilter, connections: Sequence[Connection]) -> Iterator[Sequence[object]]:
    """Every variant of the products that match, in both the store's words and each shop's, some hundred at a time."""
    chosen = [c for c in connections if wanted.connection_id in {None, c.id}]
    by_store = of_stores(chosen)
    last = 0
    while True:
        rows = _matching(wanted, connections).filter(pk__gt=last).order_by("pk").select_related("store")
        some = list(rows.defer("digest", "search")[:_EXPORTED_AT_ONCE])
        if not some:
            return
        last = some[-1].pk
        keys = {"connection_id__in": [c.id for c in chosen], "product_id__in": [row.product_id for row in some]}
        listed = {(one.connection_id, one.product_id): one for one in _unscoped().filter(**keys).defer("sent")}
        links = {(link.connection_id, link.variant_id): link for link in Link.objects.filter(**keys)}
        for row in some:
            product = document_of(row)
            shops: Sequence[Connection | None] = by_store.get(row.store_id) or [None]
            for shop in shops:
                listing = listed.get((shop.id, row.product_id)) if shop is not None else None
                for variant in product.variants:
                    link = links.get((shop.id, variant.id)) if shop is not None else None
                    yield (*_exported(row, product, variant), *_exported_of_shop(shop, listing, link))


def _exported(row: StoreProduct, product: Product, variant: Variant) -> Sequence[object]:
    options = ", ".join(f"{each.option}: {each.value}" for each in variant.options)
    return (
        product.id, variant.id, product.title, seller_sku(product, variant), options, variant.gtin, product.brand,
        row.category, f"{variant.price.amount:f}", variant.price.currency, variant.stock,
        "yes" if product.purchasable and variant.purchasable else "no",
    )  # fmt: skip


def _exported_of_shop(shop: Connection | None, listing: ListingRow | None, link: Link | None) -> Sequence[object]:
    price = link.price if link is not None else None
    return (
        shop.name if shop is not None else "",
        listing.get_state_display() if listing is not None else "",
        listing.tiktok_id if listing is not None else "",
        link.sku_id if link is not None else "",
        f"{price.normalize():f}" if price is not None else "",
        link.currency if link is not None else "",
        link.quantity if link is not None else None,
    )


def _matching(wanted: ProductFilter, connections: Sequence[Connection]) -> QuerySet[StoreProduct]:
    chosen = [c for c in connections if wanted.connection_id in {None, c.id}]
    rows: QuerySet[StoreProduct] = StoreProduct.objects.filter(
        deleted__in=_GONE if wanted.bucket == "shop_only" else _KEPT
    )
    if wanted.connection_id is not None:
        rows = rows.filter(store_id__in={c.store_id for c in chosen})
    else:
        # The stores are named although they are all: so the list index is used from its first column to its last.
        rows = rows.filter(store_id__in=_store_ids())
    rows = matching(rows, wanted.text)
    if wanted.category:
        rows = rows.filter(category__startswith=wanted.category)
    if wanted.template is not None:
        rows = rows.filter(held_by(wanted.template))
    if wanted.kind:
        rows = rows.filter(simple=wanted.kind == "simple")
    match wanted.stock:
        case "in":
            rows = rows.filter(Q(stock__gt=0) | Q(stock=None))
        case "low":
            rows = rows.filter(stock__gt=0, stock__lte=LOW_STOCK)
        case "out":
            rows = rows.filter(stock=0)
    if wanted.bucket == "shop_only":
        rows = rows.filter(_still_listed(chosen))
    elif wanted.bucket is not None:
        rows = rows.filter(_in_bucket(wanted.bucket, chosen))
    if wanted.problems or wanted.code:
        rows = rows.filter(_with_problems(wanted.code, chosen))
    return rows


def _still_listed(connections: Sequence[Connection]) -> Q:
    """Products of these connections' stores that a shop has."""
    found = Q(pk__in=[])
    for store_id, some in of_stores(connections).items():
        listed = _unscoped().filter(connection_id__in=[c.id for c in some], product_id=OuterRef("product_id"))
        there = listed.exclude(tiktok_id="").exclude(state=ListingState.NOT_UPLOADED)
        found |= Q(store_id=store_id) & Q(Exists(there))
    return found


def _store_ids() -> list[int]:
    return list(Store.objects.values_list("id", flat=True))


def _in_bucket(bucket: Bucket, connections: Sequence[Connection]) -> Q:
    """Products whose weightiest state over these connections falls into `bucket`, store by store."""
    names = [name for name, _states in BUCKETS]
    heavier = [state for _name, states in BUCKETS[: names.index(bucket)] for state in states]
    own = dict(BUCKETS)[bucket]
    found = Q(pk__in=[])
    for store_id, some in of_stores(connections).items():
        ids = [c.id for c in some]
        here = Q(store_id=store_id)
        if bucket == "not_uploaded":
            here &= ~Q(Exists(_listed(ids, heavier)))
        else:
            few = _unscoped().filter(connection_id__in=ids, state__in=own).count() <= _FEW
            keys = ListingRow.objects.filter(connection_id__in=ids, state__in=own).values("product_id")
            here &= Q(product_id__in=keys) if few else Q(Exists(_listed(ids, own)))
            if heavier and len(ids) > 1:
                here &= ~Q(Exists(_listed(ids, heavier)))
        found |= here
    if bucket == "not_uploaded" and (lonely := set(_store_ids()) - set(of_stores(connections))):
        found |= Q(store_id__in=lonely)
    return found


def _listed(connection_ids: Sequence[int], states: Sequence[str]) -> QuerySet[ListingRow]:
    rows: QuerySet[ListingRow] = _unscoped().filter(
        connection_id__in=connection_ids, product_id=OuterRef("product_id"), state__in=states
    )
    return rows


def _unscoped() -> Any:
    """Listings by connections that were read in the account's scope.

    Naming the account as well would keep the database from answering out of the index on (connection, state), which is
    eight times slower at 100,000 rows.
    """
    return ListingRow.objects.with_scopes_disabled()


def _with_problems(code: str, connections: Sequence[Connection]) -> Q:
    found = Q(pk__in=[])
    for store_id, some in of_stores(connections).items():
        owners = [f"store:{store_id}", *(f"connection:{c.id}" for c in some)]
        problems = sync.open_problems(sync.PRODUCT_KINDS, owners, code=code)
        keys = set(problems.values_list("key", flat=True)[: _FEW + 1])
        here = Q(product_id__in=keys) if len(keys) <= _FEW else Q(Exists(problems.filter(key=OuterRef("product_id"))))
        found |= Q(store_id=store_id) & here
    return found


def _lines(rows: Sequence[StoreProduct], connections: Sequence[Connection], text: str) -> list[ProductLine]:
    by_store = of_stores(connections)
    ids = [row.product_id for row in rows]
    listings = {
        (row.connection_id, row.product_id): row
        for row in _unscoped().filter(connection_id__in=[c.id for c in connections], product_id__in=ids).defer("sent")
    }
    owners = [f"connection:{c.id}" for c in connections]
    problems = sync.problems_of([*ids, sync.WHOLE_LANE], sync.PRODUCT_KINDS, owners)
    matched = matched_by(rows, text)
    asked = sync.asked_for(ids, ("listing", "price"), owners)
    in_stores = StoreVariant.objects.filter(
        store_id__in={row.store_id for row in rows}, product_id__in=ids, deleted__in=_KEPT
    )
    in_store = _stock_ranges(in_stores, "store_id", "stock")
    in_shop = _stock_ranges(
        Link.objects.filter(connection_id__in=[c.id for c in connections], product_id__in=ids),
        "connection_id",
        "quantity",
    )
    lines = []
    for row in rows:
        here = by_store.get(row.store_id, ())
        line = ProductLine(
            row,
            tuple(
                (
                    connection,
                    listing := listings.get((connection.id, row.product_id)),
                    to_fix(problems, f"connection:{connection.id}", listing, row.product_id),
                )
                for connection in here
            ),
            matched.get(row.pk, ""),
            frozenset(
                c.id
                for c in here
                if (f"connection:{c.id}", row.product_id) in asked and (c.id, row.product_id) in listings
            ),
            in_store.get((row.store_id, row.product_id)),
            problems=tuple(
                problem
                for c in here
                for problem in _reasons(problems, f"connection:{c.id}", listings.get((c.id, row.product_id)), row)
            ),
        )
        shown = line.shown
        lines.append(line if shown is None else replace(line, shop_stock=in_shop.get((shown[0].id, row.product_id))))
    return lines


def to_fix(found: Mapping[tuple[str, str], Sequence[Problem]], owner: str, listing: ListingRow | None, key: str) -> int:
    """How many problems keep a product from being as it should be in a shop; `found` has those of the lane as well."""
    return sum(p.blocking for p in found.get((owner, key), ())) or len(why_held(found, owner, listing))


def _reasons(
    found: Mapping[tuple[str, str], Sequence[Problem]], owner: str, listing: ListingRow | None, row: StoreProduct
) -> Sequence[Problem]:
    own = [p for p in found.get((owner, row.product_id), ()) if p.blocking]
    return own or why_held(found, owner, listing)


def why_held(
    found: Mapping[tuple[str, str], Sequence[Problem]], owner: str, listing: ListingRow | None
) -> list[Problem]:
    """The problems of the whole lane for which a product is failed that has no listing: nothing gets through."""
    if listing is None or listing.tiktok_id or listing.state != ListingState.FAILED:
        return []
    return [p for p in found.get((owner, sync.WHOLE_LANE), ()) if p.blocking and p.lane.kind == "listing"]


def _stock_ranges(rows: QuerySet[Any, Any], owner: str, column: str) -> dict[tuple[int, str], StockRange]:
    """By (owner, product id) what the variants of a page have of `column`; none where it is not counted."""
    units = rows.exclude(**{column: None}).values_list(owner, "product_id").order_by()
    found = units.annotate(least=Min(column), most=Max(column), total=Sum(column))
    return {(number, product_id): StockRange(*figures) for number, product_id, *figures in found}


def bucket_counts(
    connections: Sequence[Connection], *, connection_id: int | None = None, within: ProductFilter | None = None
) -> dict[str, int]:
    """How many products there are, as `all` and by bucket; the buckets add up to `all`.

    `within`: only products that this filter lets through, whatever its bucket.
    """
    chosen = [c for c in connections if connection_id in {None, c.id}]
    if within is not None:
        return _bucket_counts_within(within, connections, chosen)
    store_ids = {c.store_id for c in chosen} if connection_id is not None else set(_store_ids())
    counts: Counter[str] = Counter({name: 0 for name, _states in BUCKETS})
    counts["all"] = StoreProduct.objects.filter(store_id__in=store_ids, deleted__in=_KEPT).count()
    for store_id, some in of_stores(chosen).items():
        ids = [c.id for c in some]
        by_bucket = _by_state if len(ids) == 1 else _by_weightiest_state
        counts.update(by_bucket(_unscoped().filter(connection_id__in=ids)))
        # What is listed of products that are gone from the store is not in the list, so it is taken off again.
        rows = StoreProduct.objects.filter(store_id=store_id, deleted__in=_GONE).values_list("product_id", flat=True)
        if gone := list(rows[: _FEW + 1]):
            among = gone if len(gone) <= _FEW else rows
            counts.subtract(by_bucket(_unscoped().filter(connection_id__in=ids, product_id__in=among)))
    counts["not_uploaded"] = counts["all"] - sum(counts[name] for name, _states in BUCKETS if name != "not_uploaded")
    counts["shop_only"] = _matching(ProductFilter(bucket="shop_only", connection_id=connection_id), connections).count()
    counts["unlinked"] = shop_only_count(chosen)
    return dict(counts)


def _bucket_counts_within(
    wanted: ProductFilter, connections: Sequence[Connection], chosen: Sequence[Connection]
) -> dict[str, int]:
    matching = _matching(replace(wanted, bucket=None), connections)
    counts: Counter[str] = Counter({name: 0 for name, _states in BUCKETS})
    by_store = of_stores(chosen)
    for store_id, some in by_store.items():
        counts.update(_by_weightiest_of(matching.filter(store_id=store_id).order_by(), [c.id for c in some]))
    if wanted.connection_id is None:
        counts["not_uploaded"] += matching.exclude(store_id__in=by_store).count()
    counts["all"] = sum(counts.values())
    counts["shop_only"] = _matching(replace(wanted, bucket="shop_only"), connections).count()
    # What a shop has by itself has no category or stock of ours, and looking through its titles is for its own tab.
    shown = wanted.bucket == "shop_only" and not replace(wanted, text="").narrows
    counts["unlinked"] = shop_only_count(chosen, wanted.text) if shown else 0
    return dict(counts)


def _by_state(rows: QuerySet[ListingRow]) -> Counter[str]:
    """Listings by bucket, out of the index on state: one shop has one listing of a product."""
    bucket_of = {state: name for name, states in BUCKETS for state in states}
    counts: Counter[str] = Counter()
    for state, number in rows.values_list("state").annotate(Count("id")).order_by():
        counts[bucket_of[state]] += number
    return counts


def _by_weightiest_state(rows: QuerySet[ListingRow]) -> Counter[str]:
    """Products by bucket where several shops sell the same store's."""
    return _counted_by_rank(rows.values("product_id").annotate(rank=Max(_rank())).values("rank").order_by())


def _by_weightiest_of(products: QuerySet[StoreProduct], connection_ids: Sequence[int]) -> Counter[str]:
    """The same for some products of one store: a look at each of their listings, out of an index that has its state."""
    ranks = [
        Coalesce(
            Subquery(
                _unscoped()
                .filter(connection_id=connection_id, product_id=OuterRef("product_id"))
                .annotate(rank=_rank())
                .values("rank")[:1]
            ),
            Value(_NOT_LISTED),
            output_field=IntegerField(),
        )
        for connection_id in connection_ids
    ]
    return _counted_by_rank(products.annotate(rank=Greatest(*ranks) if len(ranks) > 1 else ranks[0]).values("rank"))


def _rank() -> Case:
    """How much a listing's state needs a person: the first of the buckets most. What is live is looked for first."""
    ranks = sorted(((len(BUCKETS) - n, states) for n, (_name, states) in enumerate(BUCKETS)), key=_live_first)
    return Case(
        *(When(state__in=states, then=Value(rank)) for rank, states in ranks),
        default=Value(_NOT_LISTED),
        output_field=IntegerField(),
    )


def _live_first(entry: tuple[int, tuple[str, ...]]) -> bool:
    return ListingState.LIVE not in entry[1]


def _counted_by_rank(ranks: Any) -> Counter[str]:
    try:
        sql, params = ranks.query.sql_with_params()  # counting by an aggregate is beyond the ORM
    except EmptyResultSet:  # it sees that nothing can match
        return Counter()
    with connection.cursor() as cursor:
        cursor.execute(f"select p.rank, count(*) from ({sql}) p group by p.rank", params)  # noqa: S608 - made by the ORM
        return Counter({BUCKETS[len(BUCKETS) - rank][0]: number for rank, number in cursor.fetchall()})


@dataclass(frozen=True)
class ShopOnly:
    """A product that a shop has and no product of the store is linked with. `skus` are its seller SKUs, "" for none."""

    connection: Connection
    tiktok_id: str
    title: str
    status: str
    skus: tuple[str, ...]


def shop_only(wanted: ProductFilter, connections: Sequence[Connection]) -> Page[ShopOnly]:
    """One page of the products that only a shop has, by title; the filter's text and shop narrow them."""
    chosen = [c for c in connections if wanted.connection_id in {None, c.id}]
    rows = _shop_only(chosen, wanted.text)
    total = rows.count()
    pages = max(1, -(-total // wanted.size))
    number = min(max(1, wanted.number), pages)
    start = (number - 1) * wanted.size
    found = list(rows.order_by("name", "shop_id", "tiktok_id")[start : start + wanted.size])
    skus: dict[tuple[int, str], list[tuple[str, str]]] = {}
    ids = [tiktok_id for _shop, tiktok_id, _name in found]
    seen = ShopSkuSeen.objects.filter(shop_id__in=[c.shop_id for c in chosen], tiktok_id__in=ids).order_by("id")
    for shop_id, tiktok_id, code, status in seen.values_list("shop_id", "tiktok_id", "seller_sku", "status"):
        skus.setdefault((shop_id, tiktok_id), []).append((code, status))
    by_shop = {c.shop_id: c for c in chosen}
    lines = tuple(
        ShopOnly(
            by_shop[shop_id], tiktok_id, name, skus[shop_id, tiktok_id][0][1],
            tuple(code for code, _status in skus[shop_id, tiktok_id]),
        )
        for shop_id, tiktok_id, name in found
        if (shop_id, tiktok_id) in skus
    )  # fmt: skip
    return Page(lines, total, number, wanted.size)


def shop_only_count(connections: Sequence[Connection], text: str = "") -> int:
    """How many products the shops have that no product of the store is linked with."""
    return int(_shop_only(connections, text).count())


def _shop_only(connections: Sequence[Connection], text: str) -> QuerySet[Any, Any]:
    """(shop, TikTok's id, title) of each, as last seen there."""
    ours = _unscoped().filter(connection__shop=OuterRef("shop"), tiktok_id=OuterRef("tiktok_id"))
    rows = ShopSkuSeen.objects.filter(shop_id__in=[c.shop_id for c in connections])
    rows = rows.exclude(status=ListingStatus.DELETED).exclude(Exists(ours))
    for word in searched(text):
        rows = rows.filter(Q(title__icontains=word) | Q(seller_sku__icontains=word))
    found: QuerySet[Any, Any] = rows.values_list("shop_id", "tiktok_id").annotate(name=Max("title"))
    return found


def listing_counts(connections: Sequence[Connection]) -> dict[str, int]:
    """How many listings there are by state, over these connections: what shops show, not what products are."""
    return dict(
        _unscoped().filter(connection_id__in=[c.id for c in connections]).values_list("state").annotate(Count("id"))
    )


def failed_listings(connections: Sequence[Connection]) -> int:
    """How many listings were refused: the number beside the menu."""
    return int(_unscoped().filter(connection_id__in=[c.id for c in connections], state=ListingState.FAILED).count())


def categories(limit: int = 300) -> list[str]:
    """The categories that products have in the store, for choosing one."""
    found = StoreProduct.objects.filter(store_id__in=_store_ids(), deleted__in=_KEPT).exclude(category="")
    return sorted(found.values_list("category", flat=True).distinct()[:limit])


def listed_count(connection: Connection) -> int:
    """How many products of a connection TikTok has, in whatever state."""
    return ListingRow.objects.filter(connection=connection).exclude(tiktok_id="").count()


def product_count(store_id: int) -> int:
    """How many products a store has."""
    return StoreProduct.objects.filter(store_id=store_id, deleted__in=_KEPT).count()


def find_products(text: str, limit: int = 5) -> list[StoreProduct]:
    """The first products whose name, SKU or barcode contains `text`; before them those that have it as a number."""
    exact = _numbered(text.strip(), list(Connection.objects.values_list("id", flat=True)))
    rows = _matching(ProductFilter(text=text), ()).defer("document", "digest", "search").order_by("title", "pk")
    some = list(rows[:limit])
    if exact:
        first = StoreProduct.objects.defer("document", "digest", "search").filter(exact, deleted__in=_KEPT)
        some = list({row.pk: row for row in [*first.order_by("pk")[:limit], *some]}.values())[:limit]
    return some


def _numbered(text: str, connection_ids: Sequence[int]) -> Q | None:
    """Products that `text` is the number or code of, on either side: product, variant, listing, SKU of the shop."""
    if not text or len(text) > _LONGEST_NUMBER:
        return None
    named = {"connection_id__in": connection_ids}
    found = {
        *_unscoped().filter(**named, tiktok_id=text).values_list("connection__store_id", "product_id"),
        *Link.objects.filter(Q(sku_id=text) | Q(seller_sku=text), **named).values_list(
            "connection__store_id", "product_id"
        ),
        *ChannelSku.objects.filter(**named, sku=text).values_list("connection__store_id", "product_id"),
    }
    stores = _store_ids()
    variants = StoreVariant.objects.filter(store_id__in=stores, variant_id=text)
    found |= {*variants.values_list("store_id", "product_id"), *((store_id, text) for store_id in stores)}
    return reduce(or_, (Q(store_id=store_id, product_id=product_id) for store_id, product_id in sorted(found)), Q())


def matched_by(rows: Sequence[StoreProduct], text: str) -> dict[int, str]:
    """By product row, the SKU or barcode of a variant that has a word of `text`; none where the name shows it all."""
    words = searched(text)
    hidden = {
        (row.store_id, row.product_id): row.pk
        for row in rows
        if not all(word in f"{row.title} {row.sku}".lower() for word in words)
    }
    if not words or not hidden:
        return {}
    stores, products = {store_id for store_id, _product in hidden}, [product_id for _store, product_id in hidden]
    variants = StoreVariant.objects.filter(store_id__in=stores, product_id__in=products, deleted__in=_KEPT)
    found: dict[int, str] = {}
    for store_id, product_id, *codes in variants.order_by("id").values_list("store_id", "product_id", "sku", "gtin"):
        pk = hidden.get((store_id, product_id))
        if pk is not None and pk not in found:
            fitting = [code for code in codes if any(word in code.lower() for word in words)]
            found |= {pk: fitting[0]} if fitting else {}
    return found


def product_or_404(product_pk: int) -> StoreProduct:
    """A product of the account by its row, deleted ones too. Raises Http404."""
    return get_object_or_404(StoreProduct.objects.select_related("store"), pk=product_pk)


def document_of(row: StoreProduct) -> Product:
    """The whole product as last read from the store."""
    return from_json(bytes(row.document), Product)


def products_by_pk(pks: Sequence[int], *, gone: bool = False) -> list[tuple[int, str]]:
    """(store id, product id) of these rows; those of other accounts, and unless `gone` deleted ones, are left out."""
    found: list[tuple[int, str]] = []
    pks = [pk for pk in pks if pk < 2**63]  # beyond that no row has its number, and no database takes it
    for start in range(0, len(pks), 500):
        rows = StoreProduct.objects.filter(
            pk__in=pks[start : start + 500], deleted__in=_KEPT + _GONE if gone else _KEPT
        )
        found += rows.values_list("store_id", "product_id")
    return found


def listings_of(row: StoreProduct, connections: Sequence[Connection]) -> dict[int, ListingRow]:
    """The listings of a product by connection id."""
    rows = _unscoped().filter(connection_id__in=[c.id for c in connections], product_id=row.product_id)
    return {listing.connection_id: listing for listing in rows}


def links_of(row: StoreProduct, connection: Connection) -> dict[str, Link]:
    """The links of a product's variants in one shop, by variant id."""
    return {link.variant_id: link for link in Link.objects.filter(connection=connection, product_id=row.product_id)}


def variants_of(row: StoreProduct) -> list[StoreVariant]:
    """The variants of a product that are still in the store."""
    return list(
        StoreVariant.objects.filter(store_id=row.store_id, product_id=row.product_id, deleted__in=_KEPT).order_by("id")
    )


def default_template(connection: Connection) -> Template | None:
    """The template for products that no other holds; None if there is none yet."""
    return Template.objects.filter(connection=connection, is_default=True).first()


# -- what the template's page asks -------------------------------------------------------------------------------------


def category_leaves(connection: Connection) -> dict[str, Leaf]:
    """The shop's categories that products can be listed in, by id, as last read; none if they never were."""
    kept = CategoryTree.objects.filter(shop=connection.shop_id).first()
    return {} if kept is None else {leaf.id: leaf for leaf in kept.all_leaves()}


def categories_are_old(connection: Connection) -> bool:
    """Whether the shop's categories were not read for a day."""
    since = clock.now() - timedelta(days=1)
    return not CategoryTree.objects.filter(shop=connection.shop_id, read_at__gt=since).exists()


def find_categories(connection: Connection, text: str) -> list[Leaf]:
    """The shop's categories that have all these words, at most 20."""
    return find(category_leaves(connection).values(), text)


def suggestions_of(connection: Connection) -> CategorySuggestions | None:
    """What TikTok was asked to suggest for the store's categories; None if it never was."""
    return CategorySuggestions.objects.filter(connection=connection).first()


# -- the category map -----------------------------------------------------------------------------------------------

_COUNTED_AGAIN = timedelta(minutes=10)


def categories_are_uncounted(connection: Connection) -> bool:
    """Whether the store's categories were not counted for some minutes, or never."""
    since = clock.now() - _COUNTED_AGAIN
    return not CategorySuggestions.objects.filter(connection=connection, counted_at__gt=since).exists()


def category_map(connection: Connection) -> tuple[list[MapRow], CategorySuggestions | None]:
    """The rows of a connection's category map, and when they were counted; no rows before the first time."""
    kept, template = suggestions_of(connection), default_template(connection)
    facts = MapFacts(
        rules=rules_from_json(template.rules if template else {}),
        default_id=template.category_id if template else "",
        counted=msgspec.convert(kept.counted, dict[str, Counted]) if kept is not None else {},
        suggested=msgspec.convert(kept.suggested, dict[str, Suggested]) if kept is not None else {},
        leaves=category_leaves(connection),
        asked={},
        today=clock.now().date(),
    )
    facts = msgspec.structs.replace(facts, asked=_what_they_ask(connection, category_ids(facts)))
    return map_rows(facts), kept


def _what_they_ask(connection: Connection, wanted: Iterable[str]) -> dict[str, Asked]:
    rows = CategoryCache.objects.filter(shop=connection.shop_id, category_id__in=list(wanted))
    return {
        row.category_id: Asked(
            from_json(bytes(row.attributes), tuple[Attribute, ...]), from_json(bytes(row.rules), CategoryRules)
        )
        for row in rows
    }


def store_categories(connection: Connection, limit: int = 500) -> list[tuple[str, int]]:
    """The store's categories with the number of their products, those with most first; "" for products without one."""
    rows = StoreProduct.objects.filter(store_id=connection.store_id, deleted__in=_KEPT)
    counts = rows.values_list("category").annotate(number=Count("id")).order_by("-number", "category")
    return list(counts[:limit])


@dataclass(frozen=True)
class AskedAttribute:
    """What one or more categories ask of a product. `values` is TikTok's list; none where it takes free text."""

    name: str
    required: bool
    values: tuple[str, ...]


def asked_attributes(connection: Connection, category_ids: Iterable[str]) -> tuple[list[AskedAttribute], list[str]]:
    """(what these categories ask, required ones first; ids of those that were not read yet)."""
    wanted = dict.fromkeys(category_ids)
    kept = {
        row.category_id: row for row in CategoryCache.objects.filter(shop=connection.shop_id, category_id__in=wanted)
    }
    found: dict[str, AskedAttribute] = {}
    for row in kept.values():
        for attribute in from_json(bytes(row.attributes), tuple[Attribute, ...]):
            if attribute.sales:
                continue
            before = found.get(attribute.name.lower())
            required = attribute.required or (before is not None and before.required)
            values = dict.fromkeys([*(before.values if before else ()), *(name for _id, name in attribute.values)])
            found[attribute.name.lower()] = AskedAttribute(attribute.name, required, tuple(values))
    ordered = sorted(found.values(), key=lambda each: (not each.required, each.name.lower()))
    return ordered, [category_id for category_id in wanted if category_id not in kept]


def attributes_of(connection: Connection, category_id: str) -> tuple[Attribute, ...] | None:
    """What a category asks, as it was last read; None if it never was."""
    kept = CategoryCache.objects.filter(shop=connection.shop_id, category_id=category_id).first()
    return None if kept is None else from_json(bytes(kept.attributes), tuple[Attribute, ...])


def rules_asked(connection: Connection, category_ids: Iterable[str]) -> CategoryRules:
    """What any of these categories takes and demands beside attributes; of one that was not read yet, nothing."""
    rows = CategoryCache.objects.filter(shop=connection.shop_id, category_id__in=set(category_ids))
    every = [from_json(bytes(row.rules), CategoryRules) for row in rows.order_by("category_id")]
    certificates: dict[str, CertificateRule] = {}
    for rule in (rule for rules in every for rule in rules.certificates):
        before = certificates.setdefault(rule.id, rule)
        certificates[rule.id] = msgspec.structs.replace(
            before, required=before.required or rule.required, expires=before.expires or rule.expires
        )
    return CategoryRules(
        certificates=tuple(certificates.values()),
        manufacturer_required=any(rules.manufacturer_required for rules in every),
        responsible_person_required=any(rules.responsible_person_required for rules in every),
    )


def rows_of(store_id: int, product_ids: Sequence[str]) -> list[StoreProduct]:
    """The rows of these products without their documents, in the order of the ids."""
    rows = StoreProduct.objects.filter(store_id=store_id, product_id__in=product_ids)
    by_id = {row.product_id: row for row in rows.defer("document", "digest", "search")}
    return [by_id[product_id] for product_id in product_ids if product_id in by_id]


def named(store_id: int, product_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """(primary key, title) by product id, for lists that speak of products."""
    if store_id not in _store_ids():
        return {}
    # The store is the account's, so the account is not named: the database finds them by store and id then.
    rows = StoreProduct.objects.with_scopes_disabled().filter(store_id=store_id, product_id__in=product_ids)
    return {product_id: (pk, title) for product_id, pk, title in rows.values_list("product_id", "pk", "title")}


def named_in_shop(connection_id: int, tiktok_ids: Sequence[str]) -> dict[str, tuple[int | None, str]]:
    """(primary key of the store's product it is linked with, title) by TikTok's product id, as last seen there."""
    connection = Connection.objects.filter(id=connection_id).first()
    if connection is None:
        return {}
    seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id, tiktok_id__in=tiktok_ids)
    linked = dict(
        ListingRow.objects.filter(connection=connection, tiktok_id__in=tiktok_ids).values_list(
            "tiktok_id", "product_id"
        )
    )
    pks = pks_of(connection.store_id, set(linked.values()))
    titles = dict(seen.values_list("tiktok_id", "title"))
    return {key: (pks.get(linked.get(key, "")), title) for key, title in titles.items()}


def waiting_problem(problem: Problem) -> bool:
    """Whether the template would mend it for all products at once."""
    return "template" in problem.waits_for.split()


def sku_report(connection: Connection) -> tuple[Audit, datetime] | None:
    """(what the last audit of the SKUs found, when it was made); None if there was none."""
    row = SkuReport.objects.filter(connection=connection).first()
    return None if row is None else (msgspec.convert(row.report, Audit), row.made_at)


def audit_rows(found: Audit) -> tuple[list[str], Iterator[Sequence[str]]]:
    """(the header, the rows) of an audit of SKUs as a file."""
    return ["finding", "side", "sku", "product", "id", "title", "like", "difference"], _audit_rows(found)


def _audit_rows(found: Audit) -> Iterator[Sequence[str]]:
    for sku in found.missing:
        yield "missing", sku.side, sku.code, sku.product_id, sku.id, sku.title, "", ""
    for doubled in found.doubled:
        for sku in doubled.skus:
            yield "duplicate", sku.side, sku.code, sku.product_id, sku.id, sku.title, "", ""
    for near in found.near:
        sku = near.first
        yield "near", sku.side, sku.code, sku.product_id, sku.id, sku.title, near.second.code, near.difference


def matches_strictly(connection: Connection) -> bool:
    """Whether SKUs must be equal to be linked, so that nothing is linked by hand (P17-23)."""
    return preferences(connection).strict_sku_match


def channel_skus(connection: Connection, product_id: str) -> dict[str, str]:
    """The Channel SKUs of a product's variants, by variant id."""
    rows = ChannelSku.objects.filter(connection=connection, product_id=product_id)
    return dict(rows.values_list("variant_id", "sku"))


def pks_of(store_id: int, product_ids: Iterable[str]) -> dict[str, int]:
    """The rows of products by product id, for addresses."""
    rows = StoreProduct.objects.filter(store_id=store_id, product_id__in=list(product_ids))
    return dict(rows.values_list("product_id", "pk"))


# -- what may be done -----------------------------------------------------------------------------------------------


def actions_for(
    row: StoreProduct, listings: Iterable[ListingRow | None], *, connection_id: int | None = None
) -> tuple[Action, ...]:
    """What may be done to a product and these listings of it: in one shop, or where `connection_id` is None in all."""
    sent: tuple[tuple[str, int], ...] = (("only", row.pk),)
    if connection_id is not None:
        sent += (("shop", connection_id),)
    rows = [listing for listing in listings if listing is not None]
    known = [listing for listing in rows if listing.tiktok_id]
    states = {listing.state for listing in known}
    found = []
    if not row.deleted:
        found.append(Action(id="product.list", label=_("List or update"), sent=sent, tone="primary"))
        found.append(Action(id="product.upload", label=_("Upload product"), sent=sent))
        at = (row.pk,) if connection_id is None else (row.pk, connection_id)
        found.append(Action(id="product.edit", label=_("Edit"), args=at, method="get"))
        if not known:
            found.append(Action(id="product.map", label=_("Map Product"), args=at, method="get"))
    if known:
        found.append(Action(id="product.refresh", label=_("Refresh status"), sent=sent))
    if known and not row.deleted:
        found.append(Action(id="product.sync", label=_("Sync price & stock"), sent=sent))
        found.append(Action(id="product.prices", label=_("Sync price"), sent=sent))
        found.append(Action(id="product.stock", label=_("Sync inventory"), sent=sent))
    if not row.deleted and not states.isdisjoint(OFF):
        found.append(Action(id="product.activate", label=_("Activate"), sent=sent))
    if ListingState.LIVE in states:
        found.append(
            Action(
                id="product.deactivate",
                label=_("Deactivate"),
                sent=sent,
                tone="danger",
                confirm=CONSEQUENCES["deactivate"] if connection_id is not None else "",
            )
        )
    if known:
        confirm = CONSEQUENCES["delete"] if connection_id is not None else ""
        found.append(
            Action(id="product.delete", label=_("Delete on TikTok"), sent=sent, tone="danger", confirm=confirm)
        )
    if any(listing.deleted and not listing.tiktok_id and "refused" not in listing.deleted for listing in rows):
        found.append(Action(id="product.recover", label=_("Recover on TikTok"), sent=sent))
    return tuple(found)


def menu_for(row: StoreProduct, listings: Iterable[ListingRow | None]) -> tuple[Action, ...]:
    """What the menu of a product in the list offers: all of `actions_for`, and the ways to parts of its editor."""
    offered = actions_for(row, listings)
    if row.deleted:
        return offered
    pull = Action(id="product.pull", label=_("Pull from BigCommerce"), sent=(("only", row.pk),))
    parts = (
        Action(id="product.size_chart", label=_("Size chart"), args=(row.pk,), method="get"),
        Action(id="product.certificates", label=_("Certificates"), args=(row.pk,), method="get"),
        Action(id="product.attributes", label=_("Attributes"), args=(row.pk,), method="get"),
        Action(id="product.brand", label=_("Brand"), args=(row.pk,), method="get"),
        Action(id="product.category", label=_("Category"), args=(row.pk,), method="get"),
    )
    after = next(place for place, action in enumerate(offered) if action.id == "product.edit") + 1
    return (*offered[:after], *parts, pull, *offered[after:])


CONSEQUENCES: Final = {
    "upload": _(
        "New products are created in the shop and reviewed by TikTok; those that are there and differ are updated."
        " Products for which a template is chosen stay in it, whatever its conditions say, until it is deleted or"
        " another is chosen here."
    ),
    "list": _(
        "New products are created in the shop and reviewed by TikTok. Those that differ are updated; edited content is"
        " reviewed again. This cannot be undone at once: what is listed can only be deactivated, and stays in its"
        " warehouse."
    ),
    "sync": _("Prices and stock that differ are set on TikTok at once. This cannot be undone here."),
    "deactivate": _(
        "Buyers cannot buy them any more. To undo this, activate them: they go through TikTok's review again and are"
        " live only after it."
    ),
    "prices": _("Prices that differ are set on TikTok at once. This cannot be undone here."),
    "stock": _("Stock that differs is set on TikTok at once, and nothing else. This cannot be undone here."),
    "delete": _(
        "They vanish from the shop with the reviews of buyers, and are not listed again by themselves. TikTok keeps"
        " them for a while: “Recover on TikTok” brings them back, off sale."
    ),
    "recover": _("They come back off sale. To sell them, activate them: they go through TikTok's review again."),
    "activate": _("They go through TikTok's review again and are live only after it. Undo switches them off again."),
}
"""What an action on products brings about, and what undoing it costs; to be read before it is done."""

UNASKED = 20
"""Up to so many products of one shop are listed, synced or activated without asking first."""


def asks_first(action: str, *, products: int, shops: int) -> bool:
    """Whether an action on so many products in so many shops must be confirmed.

    Deactivating and deleting always, and what asks for a template; reading never.
    """
    if action not in CONSEQUENCES:
        return False
    return action in {"deactivate", "delete", "upload"} or products > UNASKED or shops > 1


def fitting(connection: Connection, product_ids: Sequence[str], *, on: bool) -> int:
    """How many of these have a listing that can be switched on (`on`), or off; the others would be skipped."""
    states = OFF if on else (ListingState.LIVE,)
    rows = _unscoped().filter(connection_id=connection.id, state__in=states)
    ids = list(product_ids)
    return sum(rows.filter(product_id__in=ids[start : start + 500]).count() for start in range(0, len(ids), 500))


def actions_for_list(connection_id: int | None) -> tuple[Action, ...]:
    """What may be done beside the list of products: in one shop, or where None in one that is still to be chosen."""
    if connection_id is None:
        return (Action(id="template.upload_where", label=_("Bulk upload"), method="get"),)
    return (Action(id="template.upload", label=_("Bulk upload"), args=(connection_id,), method="get"),)


def not_in_shop(connection: Connection, product_ids: Sequence[str]) -> int:
    """How many of these the shop does not have yet: what listing them uploads."""
    rows = _unscoped().filter(connection_id=connection.id).exclude(tiktok_id="")
    ids = list(product_ids)
    there = sum(rows.filter(product_id__in=ids[start : start + 500]).count() for start in range(0, len(ids), 500))
    return len(ids) - int(there)


def actions_for_many() -> tuple[Action, ...]:
    """What may be done to products that somebody ticks: each action leaves out what it does not fit."""
    return (
        Action(id="product.list", label=_("List or update"), tone="primary"),
        Action(id="product.refresh", label=_("Refresh status")),
        Action(id="product.sync", label=_("Sync price & stock")),
        Action(id="product.deactivate", label=_("Deactivate")),
        Action(id="product.review", label=_("Review changes")),
        Action(id="product.activate", label=_("Activate")),
        Action(id="product.upload", label=_("Upload product")),
        Action(id="product.pull", label=_("Pull from BigCommerce")),
        Action(id="product.prices", label=_("Sync price")),
        Action(id="product.stock", label=_("Sync inventory")),
        Action(id="product.delete", label=_("Delete on TikTok")),
        Action(id="product.recover", label=_("Recover on TikTok")),
    )


def actions_for_problem(
    problem: Problem, row: StoreProduct, *, connection_id: int | None, same: int
) -> tuple[Action, ...]:
    """What may be done about a product's problem, which `same` products have: mend its cause, confirm, try again.

    The cause is in the template that holds them all, in the category map, or said by the product itself.
    """
    found = sync.actions_for(problem)
    if connection_id is None:
        return found
    place = messages.CONTROLS[messages.message(problem.code).control]
    edit = Action(id="product.edit", label=_("Edit"), args=(row.pk, connection_id), method="get")
    if place == messages.CONTROLS["product.edit"] or place == messages.CONTROLS["product.brand"]:
        return (edit, *found)
    of_category = problem.code.startswith("E-CAT-")
    if not waiting_problem(problem) and place.page not in {"template", "categories"}:
        return found
    if of_category and _has_own_category(connection_id, row.product_id):
        return (edit, *found)
    way = _way_to_template(problem, connection_id, same, of_category=of_category)
    of_paper = place == messages.CONTROLS["template.certificates"]  # said for all, or for this one
    return (way, edit, *found) if of_paper else (way, *found)


def _way_to_template(problem: Problem, connection_id: int, same: int, *, of_category: bool) -> Action:
    """To the template that holds all `same` products with this problem, or to the page where the cause is said."""
    holders = _holders(problem, connection_id, same)
    label, shop = _("Set in template"), (connection_id,)
    if len(holders) > 1:
        way = Action(id="template.all", label=_("Set in templates"), args=shop, method="get")
    elif holders != {None}:
        way = Action(id="template.edit", label=label, args=(connection_id, *holders), method="get")
    elif of_category:
        way = Action(id="template.map", label=_("Category map"), args=shop, method="get")
    else:
        way = Action(id="connection.template", label=label, args=shop, method="get")
    return replace(way, label=f"{way.label} ({same:,})") if same > 1 else way


def _has_own_category(connection_id: int, product_id: str) -> bool:
    rows = ProductChoicesRow.objects.filter(connection_id=connection_id, product_id=product_id)
    return any(choices.get("category_id") for choices in rows.values_list("choices", flat=True))


def _holders(problem: Problem, connection_id: int, same: int) -> set[int | None]:
    """The templates that hold the products with this problem, in one query; None: the default one."""
    held = Membership.objects.filter(
        connection_id=connection_id, product_id__in=sync.keys_with_same(problem), template__removed_at=None,
        template__is_default=False,
    )  # fmt: skip
    numbers = dict(held.values_list("template_id").annotate(number=Count("id")).order_by())
    return {*numbers, *([None] if sum(numbers.values()) < same else [])}


def actions_for_task(task: Task) -> tuple[Action, ...]:
    """What may be done about a task, including what only the catalog knows of: to switch listings back."""
    undo = (Action(id="task.undo", label=_("Undo"), args=(task.id,), method="get"),) if may_be_undone(task) else ()
    return (*undo, *sync.actions_for_task(task))


def may_be_undone(task: Task) -> bool:
    """Whether a task switches listings and has switched some or still will, so that they can be switched back."""
    return (
        task.kind == "ask_visibility"
        and "remove" not in task.params
        and (task.succeeded > 0 or sync.is_unfinished(task))
    )


def switched_by(task: Task) -> list[str]:
    """The products that a task has switched, and those that it still will: what undoing it is about."""
    switched = sync.keys_of(task, "succeeded")
    waiting = sync.keys_of(task, "waiting")
    fit = (ListingState.LIVE,) if not task.params["on"] else OFF
    rows = _unscoped().filter(connection_id=sync.owner_id(task.owner), state__in=fit)
    still = {
        product_id
        for start in range(0, len(waiting), 500)
        for product_id in rows.filter(product_id__in=waiting[start : start + 500]).values_list("product_id", flat=True)
    }
    return [*switched, *(key for key in waiting if key in still)]


def sale_state(row: StoreProduct) -> Sale:
    """Whether the store sells the product itself."""
    return Sale.DELETED if row.deleted else Sale(row.sale)


def products_of_listings(connection_id: int, shop_listing_ids: Sequence[str]) -> list[str]:
    """The ids of the products behind these listings of a connection; those that are not ours are left out."""
    rows = ListingRow.objects.filter(connection_id=connection_id, tiktok_id__in=shop_listing_ids)
    return list(rows.values_list("product_id", flat=True))


def leads(connection_id: int) -> bool:
    """Whether the shop's catalog leads: its products are made and changed in the store."""
    connection = Connection.objects.filter(id=connection_id).first()
    return connection is not None and preferences(connection).catalog_direction == "tts_to_bc"


def sku_quantities(connection: Connection) -> list[tuple[str, int]]:
    """(seller SKU, units the shop shows) of every SKU of live listings, in the order they were linked."""
    live = ListingRow.objects.filter(connection=connection, state=ListingState.LIVE).values("product_id")
    rows = Link.objects.filter(connection=connection, product_id__in=live).order_by("id")
    return [(code, quantity or 0) for code, quantity in rows.values_list("seller_sku", "quantity")]


def linked_variants(connection: Connection) -> list[str]:
    """The ids of the store's variants that have a SKU in the shop, sorted."""
    return list(Link.objects.filter(connection=connection).order_by("variant_id").values_list("variant_id", flat=True))
