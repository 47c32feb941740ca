"""Which products of the shop and of the store have the same SKUs, as both were last read. Reads tables only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from twinshelf.connections.models import Connection
from twinshelf.documents import ListingStatus
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.listings.facts import facts_of
from twinshelf.listings.incoming.plan import Match, Verdict, match
from twinshelf.listings.models import ChannelSku, Link, ListingRow, ShopSkuSeen
from twinshelf.rules.skus import key_of


@dataclass(frozen=True)
class Around:
    """What the SKUs of products of the shop find in the store: the verdict, and variant ids by SKU, by product."""

    matches: Mapping[str, Match]
    variants: Mapping[str, Mapping[str, str]]


def around_of(connection: Connection, codes: Mapping[str, Sequence[str]], *, nearly: bool = True) -> Around:
    """What these products of the shop (TikTok's id → seller SKUs) find in the store, as both were last read.

    What is linked, by a person or earlier, stays so whatever its SKUs say. A few queries for all of them; one look
    through all SKUs of the store where some have no equal there, unless `nearly` equal ones are not asked for.
    """
    every = sorted({code for some in codes.values() for code in some if code})
    linked = _linked(connection, codes)
    by_code = _holders(connection, every)
    rivals = {code: set(ids) for code, ids in holders_in_shop(connection, every).items()}
    lacking = {
        code for key, some in codes.items() if key not in linked for code in some if code and code not in by_code
    }
    near = nearly_equal(connection, lacking) if nearly else {}
    matches, variants = {}, {}
    for key, some in codes.items():
        holders = {code: [product_id for product_id, _variant in by_code.get(code, ())] for code in some}
        matches[key] = match(some, holders, {code: rivals.get(code, set()) - {key} for code in some}, near)
        if key in linked:
            matches[key] = Match(Verdict.LINK, linked[key][0])
        other = matches[key].other
        own = {
            code: variant_id
            for code in some
            for product_id, variant_id in by_code.get(code, ())
            if product_id == other and some.count(code) == 1 and len(by_code[code]) == 1
        }
        variants[key] = own | (linked[key][1] if key in linked else {})
    return Around(matches, variants)


def _linked(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[str, dict[str, str]]]:
    """(the store's living product, variant id by seller SKU) of those that are linked."""
    wanted = sorted(keys)
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        rows = dict(
            ListingRow.objects.filter(connection=connection, tiktok_id__in=some).values_list("tiktok_id", "product_id")
        )
        here = set(
            StoreProduct.objects.filter(
                store_id=connection.store_id, product_id__in=list(rows.values()), deleted=False
            ).values_list("product_id", flat=True)
        )
        found |= {key: (product_id, {}) for key, product_id in rows.items() if product_id in here}
        links = Link.objects.filter(connection=connection, tiktok_id__in=list(found))
        for key, product_id, code, variant_id in links.values_list(
            "tiktok_id", "product_id", "seller_sku", "variant_id"
        ):
            if key in found and found[key][0] == product_id:
                found[key][1][code] = variant_id
    return found


def _holders(connection: Connection, codes: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """(product id, variant id) of the store's variants by the SKU with which they are matched."""
    found: dict[str, list[tuple[str, str]]] = {}
    strict = facts_of(connection, ()).preferences.strict_sku_match
    for start in range(0, len(codes), 500):
        some = codes[start : start + 500]
        variants = StoreVariant.objects.filter(store_id=connection.store_id, sku__in=some, deleted=False)
        rows = list(variants.values_list("sku", "product_id", "variant_id"))
        if not strict:
            others = ChannelSku.objects.filter(connection=connection)
            renamed = others.filter(variant_id__in=[variant_id for _code, _product, variant_id in rows])
            gone = set(renamed.values_list("variant_id", flat=True))
            rows = [row for row in rows if row[2] not in gone]
            rows += list(others.filter(sku__in=some).values_list("sku", "product_id", "variant_id"))
        for code, product_id, variant_id in rows:
            found.setdefault(code, []).append((product_id, variant_id))
    return found


_MOST_NEAR = 5


def nearly_equal(connection: Connection, codes: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The store's SKUs that are nearly equal to these, which have no equal there; at most five for each."""
    variants = StoreVariant.objects.filter(store_id=connection.store_id, deleted=False).exclude(sku="")
    return _near_of(codes, variants.values_list("sku", flat=True))


def nearly_in_shop(connection: Connection, codes: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The shop's SKUs that are nearly equal to these, which have no equal there; at most five for each."""
    seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id).exclude(status=ListingStatus.DELETED)
    return _near_of(codes, seen.exclude(seller_sku="").values_list("seller_sku", flat=True))


def _near_of(codes: Collection[str], others: QuerySet[Any, str]) -> dict[str, tuple[str, ...]]:
    if not codes:
        return {}
    wanted: dict[str, list[str]] = {}
    for code in codes:
        wanted.setdefault(key_of(code), []).append(code)
    found: dict[str, dict[str, None]] = {}
    for other in others.iterator(chunk_size=5000):
        for code in wanted.get(key_of(other), ()):
            if other != code:
                found.setdefault(code, {})[other] = None
    return {code: tuple(sorted(near))[:_MOST_NEAR] for code, near in found.items()}


def holders_in_shop(connection: Connection, codes: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the shop's products by their seller SKUs, an id as often as it has the SKU."""
    found: dict[str, list[str]] = {}
    every = sorted({code for code in codes if code})
    for start in range(0, len(every), 500):
        rows = ShopSkuSeen.objects.filter(shop_id=connection.shop_id, seller_sku__in=every[start : start + 500])
        rows = rows.exclude(status__in=[ListingStatus.DELETED, ListingStatus.DRAFT])
        for code, tiktok_id in rows.values_list("seller_sku", "tiktok_id"):
            found.setdefault(code, []).append(tiktok_id)
    return found


def rivals_in_store(connection: Connection, codes: Sequence[str]) -> dict[str, set[str]]:
    """Ids of the store's products by the SKUs that they have."""
    found: dict[str, set[str]] = {}
    every = sorted({code for code in codes if code})
    for start in range(0, len(every), 500):
        some = every[start : start + 500]
        rows = StoreVariant.objects.filter(store_id=connection.store_id, sku__in=some, deleted=False)
        for code, product_id in rows.values_list("sku", "product_id"):
            found.setdefault(code, set()).add(product_id)
    return found
