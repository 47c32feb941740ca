"""Task: work out what a bulk write would send, product by product, and keep it as lines. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from django.db import transaction

from twinshelf.connections.models import Connection
from twinshelf.documents import Money, Plan
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.kit.upsert import insert_rows
from twinshelf.listings.models import Link, ListingRow, Review, ReviewLine
from twinshelf.listings.reviews.plan import Shown, Verdict, line_of
from twinshelf.sync import agreements, preview, tasks
from twinshelf.sync.models import Task

KINDS = ("listing", "price", "stock")
_AT_ONCE = 50
_SLICE_SECONDS = 2.0


def carry_out(task: Task) -> bool:
    """A slice of working out a review; its place is kept in the task. Returns whether more is left."""
    review = Review.objects.select_related("connection__store", "connection__shop").get(id=task.params["review"])
    ids = ids_of(review)
    at = int(task.cursor.get("at", 0))
    deadline = clock.monotonic() + _SLICE_SECONDS
    while at < len(ids):
        some = ids[at : at + _AT_ONCE]
        lines = _lines(review, some)
        at += len(some)
        with transaction.atomic():
            ReviewLine.objects.filter(review=review, key__in=some).delete()  # of a slice that did not come to its end
            insert_rows(lines)
            task.cursor = {"at": at}
            task.save(update_fields=["cursor"])
            tasks.count(task, succeeded=len(some), total=len(ids))
        if clock.monotonic() > deadline and at < len(ids):
            return True
    Review.objects.filter(id=review.id).update(ready_at=clock.now())
    task.refresh_from_db()
    tasks.carried_out(task, counts_itself=True)
    return False


def ids_of(review: Review) -> list[str]:
    """The products of a review, in order; all of the store if none were chosen."""
    known = StoreProduct.objects.filter(store_id=review.connection.store_id, deleted=False)
    if review.products is None:
        return list(known.order_by("product_id").values_list("product_id", flat=True))
    found: list[str] = []
    for start in range(0, len(review.products), 500):
        found += known.filter(product_id__in=review.products[start : start + 500]).values_list("product_id", flat=True)
    return sorted(found)


def _lines(review: Review, ids: Sequence[str]) -> list[ReviewLine]:
    connection = review.connection
    names = {
        product_id: (sku, title)
        for product_id, sku, title in StoreProduct.objects.filter(
            store_id=connection.store_id, product_id__in=ids
        ).values_list("product_id", "sku", "title")
    }
    shown = _shown(connection, ids)
    made = []
    for kind in KINDS:
        for plan in preview.preview(connection.account_id, f"connection:{connection.id}", [kind], ids):
            line = line_of(plan, shown.get(plan.key, Shown()))
            if kind != "listing" and line.verdict is Verdict.NOTHING:
                continue
            sku, title = names.get(plan.key, ("", ""))
            made.append(
                ReviewLine(
                    account_id=connection.account_id,
                    review=review,
                    kind=kind,
                    key=plan.key,
                    verdict=line.verdict,
                    sku=sku or _first_sku(plan, shown),
                    title=title,
                    rows=[[row.name, row.sku, row.before, row.after] for row in line.rows],
                    findings=[msgspec.to_builtins(found) for found in line.findings],
                    digests=[agreements.digest(change) for change in plan.changes],
                    calls=line.calls,
                    reviewed=line.reviewed,
                )
            )
    return made


def _first_sku(plan: Plan, shown: Mapping[str, Shown]) -> str:
    skus = shown[plan.key].skus if plan.key in shown else {}
    return next((code for code, _price, _units in skus.values()), "")


def _shown(connection: Connection, ids: Sequence[str]) -> dict[str, Shown]:
    skus: dict[str, dict[str, tuple[str, Money | None, int | None]]] = {}
    for link in Link.objects.filter(connection=connection, product_id__in=ids):
        price = None if link.price is None else Money(link.price, link.currency)
        skus.setdefault(link.product_id, {})[link.sku_id] = (link.seller_sku, price, link.quantity)
    rows = ListingRow.objects.filter(connection=connection, product_id__in=ids)
    return {row.product_id: Shown(row.sent_listing(), skus.get(row.product_id, {})) for row in rows}
