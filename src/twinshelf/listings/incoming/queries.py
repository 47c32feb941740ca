"""What another catalog direction would do, before it is chosen: what links by SKU, and what would be made (CAT-8)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

import msgspec
from django.db.models import Q

from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Direction
from twinshelf.documents import ListingStatus
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit.csv_files import in_batches
from twinshelf.listings.incoming import matching
from twinshelf.listings.incoming.plan import TAKEN, Verdict, match
from twinshelf.listings.models import ListingRow, ShopSkuSeen

Side = Literal["store", "shop"]

_AT_ONCE = 500


class Foreseen(msgspec.Struct, frozen=True):
    """One product of the side that would lead, and what becomes of it on the other side."""

    key: str
    title: str
    skus: tuple[str, ...]
    verdict: Verdict
    other: str = ""
    """Id of the product that it is linked with."""
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class DryRun:
    """What a direction would do. `store` and `shop` count the products of both sides as last read.

    `fingerprint` stands for all that is shown: it is another one as soon as any of it is.
    """

    direction: Direction
    store: int
    shop: int
    rows: tuple[Foreseen, ...]
    fingerprint: str

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many products there are of each verdict."""
        return Counter(row.verdict for row in self.rows)

    @property
    def created(self) -> tuple[Foreseen, ...]:
        """What would be made."""
        return tuple(row for row in self.rows if row.verdict is Verdict.CREATE)

    @property
    def unsure(self) -> tuple[Foreseen, ...]:
        """What a person must look at first: it would be left alone."""
        return tuple(row for row in self.rows if row.verdict not in {Verdict.CREATE, Verdict.LINK})

    @property
    def both(self) -> bool:
        """Whether products exist on both sides, so that a switch can double some."""
        return bool(self.store and self.shop and self.direction != "disabled")


def dry_run(connection: Connection, direction: Direction) -> DryRun:
    """What this direction would do with the products of both sides as last read. Reads tables, calls nobody.

    Some 40 µs a product: 100,000 products take a few seconds.
    """
    store = StoreProduct.objects.filter(store_id=connection.store_id, deleted=False).count()
    living = ShopSkuSeen.objects.filter(shop_id=connection.shop_id).exclude(status=ListingStatus.DELETED)
    shop = living.values("tiktok_id").distinct().count()
    found: list[Foreseen] = []
    if direction == "tts_to_bc":
        found = list(_into_store(connection))
    elif direction == "bc_to_tts":
        found = list(_into_shop(connection))
    digest = hashlib.sha256(msgspec.json.encode([direction, store, shop, found])).hexdigest()
    return DryRun(direction, store, shop, tuple(found), digest[:32])


def _into_store(connection: Connection) -> Iterator[Foreseen]:
    seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id, status__in=list(TAKEN)).order_by("tiktok_id", "id")
    columns = ("tiktok_id", "seller_sku", "title")
    rows = seen.values_list(*columns).iterator(chunk_size=5000)
    products = ((key, list(some)) for key, some in groupby(rows, key=itemgetter(0)))
    rest: list[Foreseen] = []
    for batch in in_batches(products, _AT_ONCE):
        codes = {key: [code for _key, code, _title in some] for key, some in batch}
        titles = {key: some[0][2] for key, some in batch}
        around = matching.around_of(connection, codes, nearly=False)
        for key, own in codes.items():
            verdict = around.matches[key]
            one = Foreseen(key, titles[key], tuple(own), verdict.verdict, verdict.other)
            if verdict.verdict is Verdict.CREATE:
                rest.append(one)
            else:
                yield one
    near = matching.nearly_equal(connection, {code for one in rest for code in one.skus})
    for one in rest:
        yield _with_near(one, near)


def _into_shop(connection: Connection) -> Iterator[Foreseen]:
    """Of the products that somebody wants in the shop: those that are not there yet, and those that are."""
    wanted = ListingRow.objects.filter(connection=connection).filter(Q(wanted=True) | ~Q(tiktok_id=""))
    rows = wanted.order_by("product_id").values_list("product_id", "tiktok_id").iterator(chunk_size=5000)
    rest: list[Foreseen] = []
    for batch in in_batches(rows, _AT_ONCE):
        ids = [product_id for product_id, _tiktok_id in batch]
        here = StoreProduct.objects.filter(store_id=connection.store_id, product_id__in=ids, deleted=False)
        titles = dict(here.values_list("product_id", "title"))
        codes: dict[str, list[str]] = {}
        variants = StoreVariant.objects.filter(store_id=connection.store_id, product_id__in=ids, deleted=False)
        for product_id, code in variants.order_by("id").values_list("product_id", "sku"):
            codes.setdefault(product_id, []).append(code)
        shown = matching.holders_in_shop(connection, [code for some in codes.values() for code in some])
        rivals = matching.rivals_in_store(connection, [code for some in codes.values() for code in some])
        for product_id, tiktok_id in batch:
            if product_id not in titles:
                continue
            own = codes.get(product_id, [])
            if tiktok_id:
                yield Foreseen(product_id, titles[product_id], tuple(own), Verdict.LINK, tiktok_id)
                continue
            verdict = match(own, shown, {code: rivals.get(code, set()) - {product_id} for code in own}, {})
            one = Foreseen(product_id, titles[product_id], tuple(own), verdict.verdict, verdict.other)
            if verdict.verdict is Verdict.CREATE:
                rest.append(one)
            else:
                yield one
    near = matching.nearly_in_shop(connection, {code for one in rest for code in one.skus})
    for one in rest:  # nearly equal SKUs keep nothing from being listed: the merchant asked for these products
        yield msgspec.structs.replace(one, near=tuple(each for code in one.skus for each in near.get(code, ())))


def _with_near(one: Foreseen, near: Mapping[str, Sequence[str]]) -> Foreseen:
    found = tuple(other for code in one.skus for other in near.get(code, ()))
    return msgspec.structs.replace(one, verdict=Verdict.NEAR, near=found) if found else one
