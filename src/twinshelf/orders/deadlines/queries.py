"""What is due, and when: orders to ship, holds that end, buyers who wait for an answer, access that ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from django.db.models import CharField, Count, DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value

from twinshelf.connections.models import AccessState, Connection
from twinshelf.connections.queries import shop_now
from twinshelf.documents import ShopOrderStatus
from twinshelf.kit import clock
from twinshelf.kit.paging import SIZE, Page
from twinshelf.orders.deadlines.plan import ENDING, HOLD, DeadlineKind, Span, bounds, span_of, zone_of
from twinshelf.orders.models import CancelRequestRow, ReturnRow, ShopOrderRow


@dataclass(frozen=True)
class DeadlineFilter:
    """Which of them: of a span, of a kind, of a connection."""

    span: Span | None = None
    kind: DeadlineKind | None = None
    connection_id: int | None = None
    number: int = 1
    size: int = SIZE


@dataclass(frozen=True)
class Deadline:
    """One moment. `pk` is that of an order, a return or a shop, as the kind says; `name` is its number or name."""

    kind: DeadlineKind
    at: datetime
    pk: int
    name: str
    connection: Connection
    zone: tzinfo
    span: Span


@dataclass(frozen=True)
class Deadlines:
    """One page of them, the nearest first, and how many each span has, of the kind and connection that were asked."""

    page: Page[Deadline]
    counts: Mapping[Span, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many there are in all spans."""
        return sum(self.counts.values())


def deadlines(wanted: DeadlineFilter, connections: Sequence[Connection]) -> Deadlines:
    """What is due by TikTok Shop's clock, which judges; days are those of each shop's own time."""
    chosen = [c for c in connections if wanted.connection_id in {None, c.id}]
    now, zones = shop_now(), {c.id: zone_of(c.shop.region, c.store.time_zone) for c in chosen}
    rows = [_SOURCES[kind](list(zones), now) for kind in DeadlineKind if wanted.kind in {None, kind}]
    counts = dict.fromkeys(Span, 0)
    for each in rows:
        told = each.aggregate(**{span.value: Count("pk", filter=_within(span, now, zones)) for span in Span})
        for span in Span:
            counts[span] += told[span.value]
    if wanted.span is not None:
        rows = [each.filter(_within(wanted.span, now, zones)) for each in rows]
    total = counts[wanted.span] if wanted.span is not None else sum(counts.values())
    last = max(1, -(-total // wanted.size))
    number = min(max(1, wanted.number), last)
    every = [each.values_list("due_kind", "due_at", "due_pk", "due_name", "due_connection") for each in rows]
    union = every[0].union(*every[1:], all=True) if len(every) > 1 else every[0]
    first = (number - 1) * wanted.size
    found = union.order_by("due_at", "due_kind", "due_pk")[first : first + wanted.size]
    by_id = {c.id: c for c in chosen}
    page = tuple(
        Deadline(DeadlineKind(kind), at, pk, name, by_id[place], zones[place], span_of(at, now, zones[place]))
        for kind, at, pk, name, place in found
    )
    return Deadlines(Page(page, total, number, wanted.size), counts)


def _within(span: Span, now: datetime, zones: Mapping[int, tzinfo]) -> Q:
    """That a row belongs to a span: of connections in different zones, each by its own days."""
    if span is Span.LATE:
        return Q(due_at__lte=now)
    found = Q(pk__in=[])
    for zone in set(zones.values()):
        tomorrow, after = bounds(now, zone)
        match span:
            case Span.TODAY:
                inside = Q(due_at__gt=now, due_at__lt=tomorrow)
            case Span.TOMORROW:
                inside = Q(due_at__gt=now, due_at__gte=tomorrow, due_at__lt=after)
            case _:
                inside = Q(due_at__gt=now, due_at__gte=after)
        found |= inside & Q(due_connection__in=[place for place, its in zones.items() if its == zone])
    return found


def _told(rows: QuerySet[Any], kind: DeadlineKind, *, at: Any, pk: str, name: str, connection: str) -> QuerySet[Any]:
    told: QuerySet[Any] = rows.annotate(
        due_kind=Value(kind.value, output_field=CharField()),
        due_at=at,
        due_pk=F(pk),
        due_name=F(name),
        due_connection=F(connection),
    )
    return told.order_by()


def _to_ship(places: Sequence[int], _now: datetime) -> QuerySet[Any]:
    rows = ShopOrderRow.objects.filter(
        connection_id__in=places,
        status=ShopOrderStatus.AWAITING_SHIPMENT,
        fulfilled_by_tiktok=False,
        ship_by__isnull=False,
    )
    return _told(rows, DeadlineKind.SHIP, at=F("ship_by"), pk="pk", name="order_id", connection="connection_id")


def _held(places: Sequence[int], now: datetime) -> QuerySet[Any]:
    """Holds that have not run out: what TikTok holds for longer, such as a pre-order, is told no end."""
    rows = ShopOrderRow.objects.filter(connection_id__in=places, status=ShopOrderStatus.ON_HOLD, paid_at__gt=now - HOLD)
    at = ExpressionWrapper(F("paid_at") + Value(HOLD), output_field=DateTimeField())
    return _told(rows, DeadlineKind.HOLD, at=at, pk="pk", name="order_id", connection="connection_id")


def _asked_to_cancel(places: Sequence[int], _now: datetime) -> QuerySet[Any]:
    rows = CancelRequestRow.objects.filter(order__connection_id__in=places, waiting=True, deadline__isnull=False)
    return _told(
        rows, DeadlineKind.CANCELLATION, at=F("deadline"), pk="order_id", name="order__order_id",
        connection="order__connection_id",
    )  # fmt: skip


def _returns(places: Sequence[int], _now: datetime) -> QuerySet[Any]:
    rows = ReturnRow.objects.filter(connection_id__in=places, deadline__isnull=False)
    return _told(rows, DeadlineKind.RETURN, at=F("deadline"), pk="pk", name="order_id", connection="connection_id")


def _authorizations(places: Sequence[int], _now: datetime) -> QuerySet[Any]:
    rows = Connection.objects.filter(
        id__in=places,
        shop__seller__state=AccessState.CONNECTED,
        shop__seller__refresh_expires_at__lte=clock.now() + ENDING,
    )
    return _told(
        rows, DeadlineKind.AUTHORIZATION, at=F("shop__seller__refresh_expires_at"), pk="shop_id", name="shop__name",
        connection="pk",
    )  # fmt: skip


_SOURCES: Final[Mapping[DeadlineKind, Callable[[Sequence[int], datetime], QuerySet[Any]]]] = {
    DeadlineKind.SHIP: _to_ship,
    DeadlineKind.HOLD: _held,
    DeadlineKind.CANCELLATION: _asked_to_cancel,
    DeadlineKind.RETURN: _returns,
    DeadlineKind.AUTHORIZATION: _authorizations,
}
