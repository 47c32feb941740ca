"""What the demo's calls were for, beside the fewest that the platforms' page and batch sizes allow.

Pure: takes the sandbox's own count of calls and its effect log. The minimum counts what was really changed on a
platform (its effects) and the pages that must be read for it; page sizes are those of both platforms' references.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Effect = Mapping[str, Any]


@dataclass(frozen=True)
class Spent:
    """Calls made for one job; `minimum` is None where no such number is worth telling (sign-in, settings, hooks)."""

    job: str
    calls: int
    minimum: int | None


@dataclass(frozen=True)
class Done:
    """What an effect log says was done, as numbers and as sets of keys."""

    products: int
    pictures: int
    listings: int
    priced: int
    stocked: int
    shop_orders: int
    store_orders: int
    shipped: int
    cancelled_in_shop: int
    cancelled_in_store: int
    store_changes: int


def done(effects: Iterable[Effect], *, products: int) -> Done:
    """Sum an effect log up. `products` is the number of products in the store."""
    keys: dict[str, set[str]] = {}
    ours: set[str] = set()
    for effect in effects:
        kind, detail, cause = f"{effect['platform']} {effect['kind']}", effect["detail"], effect["cause"]
        if kind in {"tiktok price_set", "tiktok stock_set"} and not cause.startswith(_PUSHES):
            continue
        if kind == "bigcommerce order_status":
            by_a_person = cause.startswith("action")
            kind += f" {'person' if by_a_person else 'twinshelf'} {detail['after']}"
        if kind == "bigcommerce order_created" and not cause.startswith("bigcommerce POST"):
            continue
        if kind == "tiktok cancellation" and cause.startswith("tiktok POST"):
            ours.add(effect["key"])
        keys.setdefault(kind, set()).add(str(effect["key"]))

    def number(kind: str) -> int:
        return len(keys.get(kind, ()))

    changed_goods = number("bigcommerce price_changed") + number("bigcommerce variant_updated")
    return Done(
        products=products,
        pictures=number("tiktok image_uploaded"),
        listings=number("tiktok product_created"),
        priced=number("tiktok price_set"),
        stocked=number("tiktok stock_set"),
        shop_orders=number("tiktok order_created"),
        store_orders=number("bigcommerce order_created"),
        shipped=number("tiktok package_shipped"),
        cancelled_in_shop=number(f"bigcommerce order_status twinshelf {_CANCELLED}"),
        cancelled_in_store=len(ours),
        store_changes=changed_goods,
    )


def spent(calls: Iterable[Mapping[str, Any]], work: Done) -> list[Spent]:
    """The calls by job, in the order of the work; what fits none comes last. Pictures served do not count."""
    made = dict.fromkeys((job for job, _, _ in _JOBS), 0)
    others = 0
    for call in calls:
        line = f"{call['platform']} {call['method']} {call['path']}"
        if call["platform"] == "control" or "/_bigcommerce/" in line or "/_tiktok/" in line:
            continue
        for job, pattern, _ in _JOBS:
            if pattern.search(line):
                made[job] += call["count"]
                break
        else:
            others += call["count"]
    rows = [Spent(job, made[job], least(work)) for job, _, least in _JOBS]
    return [*rows, Spent("Sign-in, settings, categories, hooks, polls", others, None)]


_CANCELLED: Final = 5
_PUSHES: Final = ("tiktok POST /product/202309/products/",)


def _pages(number: int, size: int) -> int:
    return math.ceil(number / size)


_JOBS: Final[tuple[tuple[str, re.Pattern[str], Callable[[Done], int]], ...]] = (
    (
        "Read the catalog and its changes",
        re.compile(r"^bigcommerce GET /stores/{}/v3/catalog/(products|variants)"),
        lambda work: _pages(work.products, 250) + _pages(work.store_changes, 250),
    ),
    ("Upload pictures", re.compile(r"^tiktok POST /product/\d+/images/upload"), lambda work: work.pictures),
    ("Create listings", re.compile(r"^tiktok POST /product/\d+/products$"), lambda work: work.listings),
    ("Set prices", re.compile(r"^tiktok POST /product/\d+/products/{}/prices/"), lambda work: work.priced),
    ("Set stock", re.compile(r"^tiktok POST /product/\d+/products/{}/inventory/"), lambda work: work.stocked),
    (
        "Read TikTok orders",
        re.compile(r"^tiktok (GET /order/\d+/orders|POST /order/\d+/orders/search)"),
        lambda work: _pages(work.shop_orders, 50),
    ),
    (
        "Create BigCommerce orders",
        re.compile(r"^bigcommerce POST /stores/{}/v2/orders$"),
        lambda work: work.store_orders,
    ),
    (
        "Note their numbers on TikTok orders",
        re.compile(r"^tiktok POST /order/\d+/orders/external"),
        lambda work: _pages(work.store_orders, 100),
    ),
    (
        "Read shipments",
        re.compile(r"^bigcommerce GET /stores/{}/v2/orders/{}/(shipments|products)"),
        lambda work: work.shipped,
    ),
    ("Report shipments", re.compile(r"^tiktok POST /fulfillment/"), lambda work: work.shipped),
    (
        "Cancel",
        re.compile(r"^(tiktok POST /return_refund/\d+/cancellations|bigcommerce PUT /stores/{}/v2/orders/{})"),
        lambda work: work.cancelled_in_shop + work.cancelled_in_store,
    ),
)
