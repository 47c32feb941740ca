"""What may be known about the store's goods as they were last read, and what a pull would read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, OuterRef

from twinshelf.connections.models import Store
from twinshelf.documents import Product, from_json
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit import clock


def product_ids(store: Store, among: Sequence[str] | None = None) -> list[str]:
    """The ids of the store's products, sorted; with `among`, of those of them that it has."""
    known = StoreProduct.objects.filter(store=store, deleted=False)
    if among is not None:
        known = known.filter(product_id__in=among)
    return sorted(known.values_list("product_id", flat=True))


def variants_named(store: Store, variant_ids: Sequence[str]) -> list[StoreVariant]:
    """These variants of the store, in the order they were first read; those it does not have are left out."""
    return list(StoreVariant.objects.filter(store=store, variant_id__in=variant_ids).order_by("id"))


def products_named(store: Store, names: Sequence[str]) -> dict[str, list[str]]:
    """The ids of products by what people call them: the product's number, its SKU, or the SKU of a variant.

    A number goes before a SKU. A SKU that several products have names them all; a name that none has is left out.
    """
    kept = StoreProduct.objects.filter(store=store, deleted=False)
    found = {number: [number] for number in kept.filter(product_id__in=names).values_list("product_id", flat=True)}
    skus = [name for name in names if name not in found]
    variants = StoreVariant.objects.filter(store=store, deleted=False, sku__in=skus)
    owners: dict[str, set[str]] = {}
    for sku, product_id in [
        *kept.filter(sku__in=skus).values_list("sku", "product_id"),
        *variants.values_list("sku", "product_id"),
    ]:
        owners.setdefault(sku, set()).add(product_id)
    return found | {sku: sorted(ids) for sku, ids in owners.items()}


_SAMPLE = 400


def field_names(store_id: int) -> tuple[list[str], list[str]]:
    """(custom fields, options) that products of the store have, those of most products first.

    Of the products that changed last: a name that only older ones have may be missing.
    """
    rows = StoreProduct.objects.filter(store_id=store_id, deleted=False).order_by("-modified_at")
    fields: Counter[str] = Counter()
    options: Counter[str] = Counter()
    for document in rows.values_list("document", flat=True)[:_SAMPLE]:
        product = from_json(bytes(document), Product)
        fields.update({name.strip() for name, _value in product.custom_fields})
        options.update({option.option for variant in product.variants for option in variant.options})
    return [name for name, _n in fields.most_common()], [name for name, _n in options.most_common()]


def titles(store: Store, product_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(SKU, title) by product id, of the products that the store has."""
    rows = StoreProduct.objects.filter(store=store, product_id__in=product_ids)
    return {product_id: (sku, title) for product_id, sku, title in rows.values_list("product_id", "sku", "title")}


# -- what to pull -----------------------------------------------------------------------------------------------------

FIRST_PULL_YEARS = 3
"""How far back the first pull by date goes. BigCommerce does not tell when a store was opened (SILK-16)."""


@dataclass(frozen=True)
class PullOffer:
    """What to pull, as offered: since the last pull (None: there was none), or the days from `first` to `last`."""

    since: datetime | None
    first: date
    last: date


def pull_offers(stores: Sequence[Store]) -> list[PullOffer]:
    """What a pull of each store is offered to read; its days are those of the store's time zone.

    Where nothing of a store is here yet, it is the first pull, whatever the timetables have looked at.
    """
    any_product = StoreProduct.objects.filter(store_id=OuterRef("id"))
    rows = Store.objects.filter(Exists(any_product), id__in=[store.id for store in stores])
    known = set(rows.values_list("id", flat=True))
    offers = []
    for store in stores:
        today = clock.now().astimezone(_zone(store)).date()
        since = changed_since(store) if store.id in known else None
        offers.append(PullOffer(since, years_before(today, FIRST_PULL_YEARS), today))
    return offers


def changed_since(store: Store) -> datetime | None:
    """Since when changes of the store have not been pulled by hand or by itself; None: it was never pulled."""
    return store.new_since or store.pulled_at


def days_as_times(store: Store, first: date, last: date) -> tuple[datetime, datetime]:
    """The first and the last second of these days in the store's time zone."""
    zone = _zone(store)
    end = datetime.combine(last + timedelta(days=1), time.min, zone) - timedelta(seconds=1)
    return datetime.combine(first, time.min, zone), end


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 28 February for 29 February. Pure."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _zone(store: Store) -> ZoneInfo:
    try:
        return ZoneInfo(store.time_zone)
    except (ZoneInfoNotFoundError, ValueError):  # BigCommerce knows names that this machine does not
        return ZoneInfo("UTC")
