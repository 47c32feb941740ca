"""The SKU audit of a connection: all SKUs of both sides, read from our tables. Calls no platform."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import ListingStatus
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.listings.models import ChannelSku, Link, ShopSkuSeen, SkuReport
from twinshelf.rules import skus
from twinshelf.rules.skus import Audit, Sku
from twinshelf.sync import tasks
from twinshelf.sync.models import Task

_AT_ONCE = 5000


def audit(connection: Connection) -> Audit:
    """What is wrong with the SKUs of the store and the shop as last read; some 5 µs and 200 bytes a SKU."""
    return skus.audit(skus_of(connection))


def skus_of(connection: Connection) -> Iterator[Sku]:
    """Every SKU of the store's variants, by the Channel SKU where it has one, and every SKU seen in the shop."""
    linked = dict(Link.objects.filter(connection=connection).values_list("variant_id", "sku_id"))
    strict = preferences_from_json(connection.preferences).strict_sku_match
    renamed = {} if strict else dict(
        ChannelSku.objects.filter(connection=connection).values_list("variant_id", "sku")
    )  # fmt: skip
    variants = StoreVariant.objects.filter(store_id=connection.store_id, deleted=False).order_by("id")
    columns = ("product_id", "variant_id", "sku")
    for product_id, variant_id, code in variants.values_list(*columns).iterator(chunk_size=_AT_ONCE):
        shown = renamed.get(variant_id, code)
        yield Sku(side="store", product_id=product_id, id=variant_id, code=shown, linked=variant_id in linked)
    taken = set(linked.values())
    seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id).exclude(status=ListingStatus.DELETED).order_by("id")
    rows = seen.values_list("tiktok_id", "sku_id", "seller_sku", "title").iterator(chunk_size=_AT_ONCE)
    for tiktok_id, sku_id, code, title in rows:
        yield Sku(side="shop", product_id=tiktok_id, id=sku_id, code=code, title=title, linked=sku_id in taken)


def carry_out(task: Task) -> bool:
    """Task: audit the SKUs of a connection and keep what was found, with the titles that people look for."""
    connection = Connection.objects.select_related("shop", "store").get(id=int(task.params["connection"]))
    found = audit(connection)
    report = msgspec.to_builtins(titled(connection, found))
    SkuReport.objects.update_or_create(
        account_id=connection.account_id,
        connection=connection,
        defaults={"report": report, "made_at": clock.now()},
    )
    tasks.count(task, succeeded=sum(found.checked.values()), total=sum(found.checked.values()))
    tasks.carried_out(task, counts_itself=True)
    return False


def titled(connection: Connection, found: Audit) -> Audit:
    """The audit with the titles of the store's products in it."""
    listed = [*found.missing, *(sku for one in found.doubled for sku in one.skus), *(one.first for one in found.near)]
    ids = sorted({sku.product_id for sku in listed if sku.side == "store"})
    titles: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        rows = StoreProduct.objects.filter(store_id=connection.store_id, product_id__in=ids[start : start + 500])
        titles.update(rows.values_list("product_id", "title"))

    def named(sku: Sku) -> Sku:
        return msgspec.structs.replace(sku, title=titles.get(sku.product_id, "")) if sku.side == "store" else sku

    return msgspec.structs.replace(
        found,
        missing=tuple(map(named, found.missing)),
        doubled=tuple(msgspec.structs.replace(one, skus=tuple(map(named, one.skus))) for one in found.doubled),
        near=tuple(msgspec.structs.replace(one, first=named(one.first)) for one in found.near),
    )
