"""Which variants of the store the SKUs of an order are: found when it is first seen, and kept with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from twinshelf.connections.choices import preferences
from twinshelf.connections.models import Connection
from twinshelf.documents import ListingStatus, ShopOrder
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.listings.models import ChannelSku, Link, ShopSkuSeen
from twinshelf.orders.intake.plan import Candidates, Variant, bearer
from twinshelf.orders.models import ChosenVariant, ShopOrderRow


@dataclass(frozen=True)
class Bearers:
    """What the SKUs of one order are in the store, by TikTok SKU id.

    `links` gives (product id, variant id); a SKU without a certain variant is absent. `gone` are those whose variant
    was deleted there, with the time where it is known; `unsure` those whose seller SKU is used more than once: by
    how many variants of the store, and how many SKUs of the shop. `moved`: something is not on the order's row yet.
    """

    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    gone: Mapping[str, datetime | None] = field(default_factory=dict)
    unsure: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    moved: bool = False


def bearers_of(connection: Connection, orders: Sequence[tuple[ShopOrderRow, ShopOrder]]) -> dict[str, Bearers]:
    """What the SKUs of these orders are, by order id; what is new is put into `row.bearers`, but not written.

    An order that has its store order keeps what that was made with, whatever became of the variants since. A few
    queries for all of them; none where every SKU is on record and every order made.
    """
    found = {row.order_id: Bearers(_on_record(row)) for row, _order in orders}
    open_orders = [(row, order) for row, order in orders if not _done_with(row, order)]
    if not open_orders:
        return found
    search = _Search(connection, open_orders)
    for row, order in open_orders:
        links: dict[str, tuple[str, str]] = {}
        gone: dict[str, datetime | None] = {}
        unsure: dict[str, tuple[int, int]] = {}
        for line in order.lines:
            candidates = search.candidates(row, line.sku_id, line.seller_sku)
            taken = bearer(candidates)
            if taken is not None:
                links[line.sku_id] = taken.ids
            elif lost := candidates.kept or candidates.linked:
                gone[line.sku_id] = search.deleted_at(lost)
            elif line.seller_sku in search.unsure:
                unsure[line.sku_id] = search.unsure[line.seller_sku]
        kept = {sku_id: list(ids) for sku_id, ids in links.items()}
        moved = any(row.bearers.get(sku_id) != ids for sku_id, ids in kept.items())
        row.bearers = {**row.bearers, **kept}
        found[row.order_id] = Bearers(links, gone, unsure, moved)
    return found


def links_of(connection: Connection, row: ShopOrderRow, order: ShopOrder) -> Mapping[str, tuple[str, str]]:
    """(product id, variant id) by TikTok SKU id of one order, for the SKUs that have a variant. Writes nothing."""
    return bearers_of(connection, [(row, order)])[row.order_id].links


def _on_record(row: ShopOrderRow) -> dict[str, tuple[str, str]]:
    return {sku_id: (product_id, variant_id) for sku_id, (product_id, variant_id) in row.bearers.items()}


def _done_with(row: ShopOrderRow, order: ShopOrder) -> bool:
    return row.store_order_id is not None and all(line.sku_id in row.bearers for line in order.lines)


class _Search:
    """All that may bear the SKUs of some orders, read at once."""

    def __init__(self, connection: Connection, orders: Iterable[tuple[ShopOrderRow, ShopOrder]]) -> None:
        self._store_id = connection.store_id
        kept = {tuple(ids) for row, _order in orders for ids in row.bearers.values()}
        sku_ids = {line.sku_id for _row, order in orders for line in order.lines}
        links = Link.objects.filter(connection=connection, sku_id__in=sku_ids)
        linked = {
            sku_id: (product_id, variant_id, manual)
            for sku_id, product_id, variant_id, manual in links.values_list(
                "sku_id", "product_id", "variant_id", "manual"
            )
        }
        choices = ChosenVariant.objects.filter(connection=connection, sku_id__in=sku_ids)
        chosen = {
            sku_id: (product_id, variant_id)
            for sku_id, product_id, variant_id in choices.values_list("sku_id", "product_id", "variant_id")
        }
        named = {ids[1] for ids in kept} | {ids[1] for ids in linked.values()} | {ids[1] for ids in chosen.values()}
        lost = StoreVariant.objects.filter(store_id=self._store_id, variant_id__in=named, deleted=True)
        self._lost = {
            variant_id: (p, sku) for p, variant_id, sku in lost.values_list("product_id", "variant_id", "sku")
        }
        self._links = {sku_id: self._variant((p, v), manual=manual) for sku_id, (p, v, manual) in linked.items()}
        self._chosen = {sku_id: self._variant(ids, manual=True) for sku_id, ids in chosen.items()}
        self._heirs = self._of_lost()
        codes = {
            line.seller_sku
            for row, order in orders
            for line in order.lines
            if line.seller_sku and line.sku_id not in row.bearers and line.sku_id not in linked
        }
        self._by_code, self.unsure = _by_code(connection, codes) if codes else ({}, {})
        self._deleted_at = self._products_deleted()

    def candidates(self, row: ShopOrderRow, sku_id: str, seller_sku: str) -> Candidates:
        """What may bear a SKU of an order."""
        kept = self._variant(tuple(row.bearers[sku_id])) if sku_id in row.bearers else None
        linked = self._links.get(sku_id)
        known = kept or linked
        heir = self._heirs.get(known.variant_id) if known is not None else None
        return Candidates(
            kept=kept, linked=linked, chosen=self._chosen.get(sku_id), heir=heir, by_code=self._by_code.get(seller_sku)
        )

    def deleted_at(self, variant: Variant) -> datetime | None:
        """When the product of a variant was deleted; None if it was not, or nobody knows."""
        return self._deleted_at.get(variant.product_id)

    def _variant(self, ids: Sequence[str], *, manual: bool = False) -> Variant:
        return Variant(ids[0], ids[1], there=ids[1] not in self._lost, manual=manual)

    def _of_lost(self) -> dict[str, Variant]:
        """By the id of a deleted variant: the one that has its SKU now, within the same product."""
        codes = {sku for _product_id, sku in self._lost.values() if sku}
        if not codes:
            return {}
        rows = StoreVariant.objects.filter(store_id=self._store_id, sku__in=codes, deleted=False)
        now: dict[tuple[str, str], list[str]] = {}
        for product_id, variant_id, sku in rows.values_list("product_id", "variant_id", "sku"):
            now.setdefault((product_id, sku), []).append(variant_id)
        return {
            variant_id: Variant(place[0], now[place][0])
            for variant_id, place in self._lost.items()
            if len(now.get(place, ())) == 1
        }

    def _products_deleted(self) -> dict[str, datetime]:
        if not self._lost:
            return {}
        ids = {product_id for product_id, _sku in self._lost.values()}
        rows = StoreProduct.objects.filter(store_id=self._store_id, product_id__in=ids, deleted=True)
        times = rows.values_list("product_id", "told_deleted_at", "seen_at")
        return {product_id: told or seen for product_id, told, seen in times}


def _by_code(connection: Connection, codes: set[str]) -> tuple[dict[str, Variant], dict[str, tuple[int, int]]]:
    """The variants that these seller SKUs name without doubt: one of the store, and one SKU of the shop at most.

    And the seller SKUs that name none for sure: by how many of the store, and of the shop, each is used.
    """
    variants: dict[str, list[Variant]] = {}
    rows = StoreVariant.objects.filter(store_id=connection.store_id, sku__in=codes, deleted=False)
    named = list(rows.values_list("sku", "product_id", "variant_id"))
    if not preferences(connection).strict_sku_match:
        renamed = ChannelSku.objects.filter(connection=connection)
        known = renamed.filter(variant_id__in=[variant_id for _sku, _product, variant_id in named])
        others = set(known.values_list("variant_id", flat=True))
        named = [entry for entry in named if entry[2] not in others]
        named += renamed.filter(sku__in=codes).values_list("sku", "product_id", "variant_id")
    for code, product_id, variant_id in named:
        variants.setdefault(code, []).append(Variant(product_id, variant_id))
    seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id, seller_sku__in=codes).exclude(
        status=ListingStatus.DELETED
    )
    in_shop = Counter(seen.values_list("seller_sku", flat=True))
    unsure = {code: (len(some), in_shop[code]) for code, some in variants.items() if max(len(some), in_shop[code]) > 1}
    return {code: some[0] for code, some in variants.items() if code not in unsure}, unsure
