"""What is not believed at once: products that vanish, and stock that falls to 0, of many products within a day.

A few are a merchant's daily work; many are likelier a wrong answer or a bad import over there than a wish. They are
counted over time, so that it makes no difference whether they come together or one by one (invariant I12). What the
store's own words or our own orders explain is believed and not counted. docs/decisions/0010, 0017.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db.models import QuerySet

from twinshelf.connections.models import Store
from twinshelf.documents import Product
from twinshelf.goods import holds
from twinshelf.goods.models import Selection, StoreProduct, StoreVariant
from twinshelf.sync import problems

GONE, EMPTIED = "E-PRD-GONE", "E-INV-EMPTIED"

WINDOW = timedelta(hours=24)
MOST, MOST_PERCENT, FEW = 20, 5, 2
"""So many products within the window need nobody: 20, or 5 % if that is less, but 2 in the smallest store."""


def limit(number: int) -> int:
    """How many of so many products may vanish, or be emptied, within the window without a question. Pure."""
    return max(FEW, min(MOST, number * MOST_PERCENT // 100))


def gone_too_many(store: Store, missing: Iterable[str], *, meant: Collection[str], due: int, now: datetime) -> set[str]:
    """Those of the missing products that are not taken as gone before somebody has confirmed it.

    Those that wait to be confirmed already count as well, and so do those of the last day, and, where a batch is
    planned one by one, all that is due. BigCommerce's own message that a product was deleted is such a word.
    """
    here = StoreProduct.objects.filter(store=store, deleted=False)
    wanted = set(missing) - set(meant)
    silent = set(here.filter(product_id__in=wanted, told_deleted_at=None).values_list("product_id", flat=True))
    if not silent:
        return set()
    lately = StoreProduct.objects.filter(store=store, deleted=True, told_deleted_at=None, seen_at__gt=now - WINDOW)
    number = len(silent | _waiting(store, GONE)) + _count(lately, MOST)
    most = limit(here.count())
    return silent if max(number, due) > most else set()


def emptied(store: Store, products: Sequence[Product]) -> dict[str, dict[str, int]]:
    """Variants whose stock fell to 0 since it was last read, and what they had: by product and variant id.

    Only of products that a shop lists, and only where nothing explains it: what our own orders hold, they took.
    """
    if not Selection.objects.filter(connection__store=store).exists():  # nothing is listed yet, as at the first pull
        return {}
    empty = {variant.id: product.id for product in products for variant in product.variants if variant.stock == 0}
    fallen: dict[str, int] = {}
    ids = list(empty)
    for start in range(0, len(ids), 500):
        rows = StoreVariant.objects.filter(store=store, variant_id__in=ids[start : start + 500], deleted=False)
        before = rows.filter(stock__gt=0).values_list("variant_id", "stock")
        fallen |= {variant_id: stock for variant_id, stock in before if stock is not None}
    if not fallen:
        return {}
    taken = holds.held(store.id, list(fallen))
    found: dict[str, dict[str, int]] = {}
    for variant_id, stock in fallen.items():
        if taken.get(variant_id, 0) < stock:
            found.setdefault(empty[variant_id], {})[variant_id] = stock
    listed = Selection.objects.filter(connection__store=store, product_id__in=list(found))
    return {product_id: found[product_id] for product_id in set(listed.values_list("product_id", flat=True))}


def emptied_too_many(store: Store, product_ids: Collection[str], *, due: int, now: datetime) -> set[str]:
    """Those of these emptied products that are not believed before somebody has confirmed it.

    Those that wait count, those of the last day, and all that is due where a batch is planned one by one.
    """
    if not product_ids:
        return set()
    lately = StoreProduct.objects.filter(store=store, emptied_at__gt=now - WINDOW).exclude(product_id__in=product_ids)
    number = len(set(product_ids) | _waiting(store, EMPTIED)) + _count(lately, MOST)
    listed = Selection.objects.filter(connection__store=store).values("product_id").distinct()
    most = limit(_count(listed, MOST * 100 // MOST_PERCENT))
    return set(product_ids) if max(number, due) > most else set()


def note_emptied(store: Store, product_ids: Collection[str], *, now: datetime) -> None:
    """Have these count for a day."""
    if product_ids:
        StoreProduct.objects.filter(store=store, product_id__in=product_ids).update(emptied_at=now)


def with_stock(product: Product, stock: Mapping[str, int]) -> Product:
    """The product with what these of its variants had before. Pure."""
    variants = tuple(
        msgspec.structs.replace(variant, stock=stock[variant.id]) if variant.id in stock else variant
        for variant in product.variants
    )
    return msgspec.structs.replace(product, variants=variants)


def waiting(store: Store, product_ids: Iterable[str]) -> set[str]:
    """Those of these products that wait for somebody to say whether it is meant."""
    return (_waiting(store, GONE) | _waiting(store, EMPTIED)).intersection(product_ids)


@dataclass(frozen=True)
class HeldBack:
    """What waits for somebody to say whether it is meant: the code by product id, and stock by variant id on record."""

    codes: Mapping[str, str]
    stock: Mapping[str, int]

    def on_record(self, product: Product) -> Product:
        """The product with the stock that stays on record until then. Pure."""
        return with_stock(product, self.stock) if product.id in self.codes else product


def held_back(store: Store) -> HeldBack:
    """The products of a store that vanished or were emptied, and are not believed yet."""
    codes = {key: code for code in (GONE, EMPTIED) for key in _waiting(store, code)}
    stock: dict[str, int] = {}
    ids = [key for key, code in codes.items() if code == EMPTIED]
    for start in range(0, len(ids), 500):
        rows = StoreVariant.objects.filter(store=store, product_id__in=ids[start : start + 500], deleted=False)
        stock |= {v: number for v, number in rows.values_list("variant_id", "stock") if number}
    return HeldBack(codes, stock)


def _waiting(store: Store, code: str) -> set[str]:
    return set(problems.open_keys(store.account_id, f"store:{store.id}", code))


def _count(rows: QuerySet[Any, Any], most: int) -> int:
    """How many there are, counted no further than it matters."""
    return rows[: most + 1].count()
