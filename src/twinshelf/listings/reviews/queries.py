"""What a review found: counts, costs and lines, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.shortcuts import get_object_or_404

from twinshelf.connections.models import Connection
from twinshelf.kit.paging import SIZE, Page, in_order, page_of_ids
from twinshelf.listings.models import Review, ReviewLine
from twinshelf.listings.reviews.plan import Verdict


@dataclass(frozen=True)
class Summary:
    """What a review would do: products by verdict, changes by kind of lane, and what it costs."""

    products: Mapping[str, int]
    changes: Mapping[str, int]
    calls: int
    reviews: int

    @property
    def total(self) -> int:
        """All changes."""
        return sum(self.changes.values())

    @property
    def new(self) -> int:
        """Products that are not in the shop yet: they cannot be taken back, only deleted."""
        return self.products.get(Verdict.NEW, 0)


def review_or_404(review_id: int) -> Review:
    """A review of the account."""
    return get_object_or_404(
        Review.objects.select_related("connection__shop", "connection__store", "task"), id=review_id
    )


def latest(connection: Connection, *, limit: int = 10) -> list[Review]:
    """The reviews of a connection, newest first."""
    return list(Review.objects.filter(connection=connection).order_by("-id")[:limit])


def summary(review: Review) -> Summary:
    """Counts and costs of a review, as far as it is worked out."""
    lines = ReviewLine.objects.filter(review=review)
    sends = lines.exclude(verdict__in=[Verdict.NOTHING, Verdict.FINDING])
    by_verdict = lines.order_by().values_list("verdict").annotate(n=Count("key", distinct=True))
    by_kind = sends.order_by().values_list("kind").annotate(n=Count("id"))
    cost = sends.aggregate(calls=Sum("calls"), reviews=Count("id", filter=Q(reviewed=True)))
    return Summary(dict(by_verdict), dict(by_kind), cost["calls"] or 0, cost["reviews"] or 0)


def lines(review: Review, *, verdict: str = "", text: str = "", number: int = 1, size: int = SIZE) -> Page[ReviewLine]:
    """The lines of a review, in the order of the products; those where nothing is to be done only if asked for."""
    rows = ReviewLine.objects.filter(review=review)
    rows = rows.filter(verdict=verdict) if verdict else rows.exclude(verdict=Verdict.NOTHING)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(sku__icontains=text))
    page = page_of_ids(rows, "id", descending=False, total=rows.count(), number=number, size=size)
    return page.of(lambda ids: in_order(ReviewLine.objects.all(), ids))


def all_lines(review: Review) -> Iterator[ReviewLine]:
    """Every line of a review, product by product."""
    return ReviewLine.objects.filter(review=review).order_by("id").iterator(chunk_size=1000)
