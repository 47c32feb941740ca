"""What may be known about orders. Of the buyer only the page of one order shows more than the name."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from statistics import median
from typing import Any, Final, Literal

import msgspec
from django.db.models import Count, Expression, Max, Min, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Length, Substr
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf import messages
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.connections.queries import shop_now
from twinshelf.documents import (
    Address,
    CreationState,
    DecisionState,
    Money,
    OrderLine,
    Product,
    ShopOrder,
    ShopOrderStatus,
    finding,
    from_json,
)
from twinshelf.goods import locations
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.kit.actions import Action, Permission
from twinshelf.kit.paging import SIZE, Page, in_order, page_of_ids
from twinshelf.kit.secrets import Unsealable, unseal
from twinshelf.kit.sort_keys import beginnings
from twinshelf.kit.text_search import matching
from twinshelf.kit.words import searched
from twinshelf.orders.bearers import bearers_of
from twinshelf.orders.book import PRODUCT, TITLE
from twinshelf.orders.cancellations.plan import reason_words, seller_reasons
from twinshelf.orders.models import CancellationRow, CancelRequestRow, ShipmentRow, ShopOrderRow, StoreOrderRow
from twinshelf.orders.status import counted_status
from twinshelf.sync import queries as sync
from twinshelf.sync.models import ChangeRecord, InboxEvent, Problem

Tab = Literal[
    "all",
    "awaiting_shipment",
    "awaiting_collection",
    "in_transit",
    "delivered",
    "completed",
    "cancelled",
    "on_hold",
    "failed",
    "archived",
]
Sort = Literal["placed", "total", "order", "store_order", "status", "ship_by", "customer"]

TABS: Final[tuple[tuple[Tab, tuple[ShopOrderStatus, ...]], ...]] = (
    ("awaiting_shipment", (ShopOrderStatus.AWAITING_SHIPMENT, ShopOrderStatus.PARTIALLY_SHIPPING)),
    ("awaiting_collection", (ShopOrderStatus.AWAITING_COLLECTION,)),
    ("in_transit", (ShopOrderStatus.IN_TRANSIT,)),
    ("delivered", (ShopOrderStatus.DELIVERED,)),
    ("completed", (ShopOrderStatus.COMPLETED,)),
    ("cancelled", (ShopOrderStatus.CANCELLED,)),
    ("on_hold", (ShopOrderStatus.ON_HOLD, ShopOrderStatus.UNPAID)),
)
"""TikTok's stages as tabs (docs/reference/behavior.md ORD-12); `failed` goes by the store order instead."""

NOT_SOLD: Final = (ShopOrderStatus.UNPAID, ShopOrderStatus.CANCELLED)
_MEASURED_ORDERS = 200
_FEW = 5000
"""Up to so many orders of a tab it is quicker to sort them than to walk all orders by date."""


@dataclass(frozen=True)
class OrderFilter:
    """Which orders, in which order. `placed_from` and `placed_to` are moments, the second not included."""

    text: str = ""
    tab: Tab = "all"
    connection_id: int | None = None
    fulfilled_by: Literal["", "seller", "tiktok"] = ""
    logistics: Literal["", "seller", "tiktok"] = ""
    """Whose carrier takes the parcel."""
    customer: str = ""
    """What the buyer's name begins with: the first or the last name."""
    product_name: str = ""
    """Words of one order's titles, each from its beginning."""
    product_id: str = ""
    """TikTok's number of a product, whole."""
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    asks_to_cancel: bool = False
    """Only those whose buyer waits for an answer."""
    sort: Sort = "placed"
    descending: bool = True
    number: int = 1
    size: int = SIZE

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than a tab of a shop: then the tab's count is not its own."""
        return bool(
            self.text or self.more or self.asks_to_cancel or self.fulfilled_by or self.placed_from or self.placed_to
        )

    @property
    def more(self) -> bool:
        """Whether it asks for what has an index of its own."""
        return bool(self.logistics or self.customer or self.product_name or self.product_id)


def orders(wanted: OrderFilter, connections: Sequence[Connection], *, total: int | None = None) -> Page[ShopOrderRow]:
    """One page of orders, newest first unless asked otherwise. `total` is how many there are, where that is known."""
    rows = _matching(wanted, connections, total)
    column: dict[Sort, str | Sequence[str | Expression]] = {
        "placed": "placed_at",
        "total": "total",
        "order": "order_id",
        "store_order": (Length("store_order_id"), "store_order_id"),  # numbers, most of them, of any length
        "status": "status",
        "ship_by": "ship_by",
        "customer": "name_key",
    }
    page = page_of_ids(
        rows,
        column[wanted.sort],
        descending=wanted.descending,
        total=rows.count() if total is None else total,
        number=wanted.number,
        size=wanted.size,
    )
    full = ShopOrderRow.objects.select_related("connection__shop").defer("document", "search")
    return page.of(lambda ids: in_order(full, ids))


EXPORTED: Final = (
    "Shop", "TikTok order", "BigCommerce order", "Placed at (UTC)", "Customer", "Status", "Total", "Currency",
    "In BigCommerce", "Reason", "Ship by (UTC)", "Fulfilled by",
)  # fmt: skip
"""The columns of an export, as `export_rows` fills them."""

_EXPORTED_AT_ONCE = 500


def export_rows(wanted: OrderFilter, connections: Sequence[Connection]) -> Iterator[Sequence[object]]:
    """Every order that matches, oldest first, some hundred at a time. Of the buyer the name, as the list shows it."""
    last = 0
    while True:
        rows = _matching(wanted, connections, None).filter(pk__gt=last).order_by("pk").select_related("connection")
        some = list(rows.defer("document", "search")[:_EXPORTED_AT_ONCE])
        if not some:
            return
        last = some[-1].pk
        for row in some:
            due = ship_by(row)
            yield (
                row.connection.name, row.order_id, row.store_order_id, _utc(row.placed_at), buyer_of(row).name,
                row.status, f"{row.total.normalize():f}", row.currency, row.get_creation_display(), row.reason,
                _utc(due) if due else "", "TikTok" if row.fulfilled_by_tiktok else "Seller",
            )  # fmt: skip


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _unscoped() -> Any:
    """Orders by connections that were read in the account's scope.

    Naming the account as well would draw the database to the list index, which begins with it, where those that begin
    with the connection answer at once.
    """
    return ShopOrderRow.objects.with_scopes_disabled()


def _matching(wanted: OrderFilter, connections: Sequence[Connection], total: int | None) -> QuerySet[ShopOrderRow]:
    ids = [c.id for c in connections if wanted.connection_id in {None, c.id}]
    few = wanted.tab != "all" and total is not None and total <= _FEW
    rows: QuerySet[ShopOrderRow] = _unscoped() if few else ShopOrderRow.objects.all()
    if few or wanted.connection_id is not None:
        rows = rows.filter(connection_id__in=ids)
    if wanted.tab == "failed":
        rows = rows.filter(creation=CreationState.FAILED)
    elif wanted.tab == "archived":
        rows = rows.filter(_archived(connections))
    elif wanted.tab != "all":
        rows = rows.filter(_in_tab(wanted.tab))
    if wanted.tab in {"all", "cancelled"} and not wanted.text and archives(connections):
        rows = rows.exclude(_archived(connections))
    return _narrowed(rows, wanted, ids)


def shipments_direction(row: ShopOrderRow) -> str:
    """The merchant's `fulfillment_direction` for the connection of an order."""
    return preferences_from_json(row.connection.preferences).fulfillment_direction


def archives(connections: Sequence[Connection]) -> bool:
    """Whether cancelled orders of any of these connections are kept under Archived."""
    return bool(_archiving(connections))


def narrowed_to_some(connections: Sequence[Connection]) -> list[tuple[Connection, int]]:
    """The connections that process only some orders, and how many: what is easily forgotten after a trial (P17-26)."""
    found = [(one, len(preferences_from_json(one.preferences).order_ids)) for one in connections]
    return [(one, number) for one, number in found if number]


def _archiving(connections: Sequence[Connection]) -> list[int]:
    return [one.id for one in connections if preferences_from_json(one.preferences).archive_cancelled]


def _archived(connections: Sequence[Connection]) -> Q:
    """Cancelled orders of connections that archive them (ORD-10). A search finds them all the same."""
    return Q(status=ShopOrderStatus.CANCELLED, connection_id__in=_archiving(connections))


def _in_tab(tab: Tab) -> Q:
    """Orders of a tab. One of which a return is open is not completed, but delivered (RET-3)."""
    found = Q(status__in=dict(TABS)[tab])
    if tab == "completed":
        return found & Q(open_return=False)
    return found | Q(status=ShopOrderStatus.COMPLETED, open_return=True) if tab == "delivered" else found


def _narrowed(rows: QuerySet[ShopOrderRow], wanted: OrderFilter, ids: Sequence[int]) -> QuerySet[ShopOrderRow]:
    """Those that the filter lets through, but for its tab and shop."""
    if wanted.fulfilled_by:
        rows = rows.filter(fulfilled_by_tiktok=wanted.fulfilled_by == "tiktok")
    if wanted.placed_from is not None:
        rows = rows.filter(placed_at__gte=wanted.placed_from)
    if wanted.placed_to is not None:
        rows = rows.filter(placed_at__lt=wanted.placed_to)
    if wanted.asks_to_cancel:
        rows = rows.filter(asks_to_cancel=True)
    if wanted.logistics:
        rows = rows.filter(shipped_by_tiktok=wanted.logistics == "tiktok")
    if wanted.customer:
        rows = rows.filter(_named(wanted.customer))
    if wanted.product_name:
        words = (f"{TITLE}{word}" for word in searched(wanted.product_name))
        rows = matching(rows, " ".join(words))
    if wanted.product_id:
        marked = f"  {PRODUCT}{wanted.product_id}"
        whole = Q(search__contains=f"{marked}  ") | Q(search__endswith=marked)
        rows = matching(rows, f"{PRODUCT}{wanted.product_id}").filter(whole)
    return _containing(rows, wanted.text, ids)


def _named(text: str) -> Q:
    """Orders whose buyer's whole name or last name begins with `text`. A name of no letter names none."""
    found = Q(pk__in=[])
    for least, below in beginnings(text):
        found |= Q(name_key__gte=least, name_key__lt=below) | Q(last_name_key__gte=least, last_name_key__lt=below)
    return found


def _containing(rows: QuerySet[ShopOrderRow], text: str, connection_ids: Sequence[int]) -> QuerySet[ShopOrderRow]:
    """Orders whose number on either side is `text`, or whose SKUs and titles contain each of its words."""
    text = text.strip().removeprefix("#")
    if text.isdecimal() and len(text) <= 64:
        number = Q(order_id=text) | Q(store_order_id=text)
        exact = list(_unscoped().filter(number, connection_id__in=connection_ids).values_list("pk", flat=True)[:50])
        if exact:
            return rows.filter(pk__in=exact)
    return matching(rows, text)


def tab_counts(
    connections: Sequence[Connection], *, connection_id: int | None = None, within: OrderFilter | None = None
) -> dict[str, int]:
    """How many orders each tab holds; `all` is their sum but for `failed`, whose orders are in the others too.

    `within`: only orders that this filter lets through, whatever its tab.
    """
    ids = [c.id for c in connections if connection_id in {None, c.id}]
    rows = _unscoped().filter(connection_id__in=ids)
    if within is not None:
        rows = _narrowed(rows, within, ids)
    tab_of: dict[str, str] = {status: name for name, statuses in TABS for status in statuses}
    counts: Counter[str] = Counter({name: 0 for name, _statuses in TABS})
    counts["all"] = 0
    for status, number in rows.values_list("status").annotate(Count("id")).order_by():
        counts["all"] += number
        if status in tab_of:
            counts[tab_of[status]] += number
    # Few, and found by their own index: as a condition among others they are looked for among all completed ones.
    returned = list(_unscoped().filter(connection_id__in=ids, open_return=True).values_list("pk", flat=True))
    unfinished = rows.filter(pk__in=returned, status=ShopOrderStatus.COMPLETED).count() if returned else 0
    counts["completed"] -= unfinished
    counts["delivered"] += unfinished
    counts["failed"] = rows.filter(creation=CreationState.FAILED).count()
    counts["archived"] = 0
    if archives(connections):
        counts["archived"] = rows.filter(_archived(connections)).count()
        if within is None or not within.text:
            counts["all"] -= counts["archived"]
            counts["cancelled"] -= counts["archived"]
    return dict(counts)


def order_count(connection: Connection) -> int:
    """How many orders of a connection are known."""
    return ShopOrderRow.objects.filter(connection=connection).count()


def waiting_count(connection: Connection) -> int:
    """How many orders of a connection are still to be made in the store: paid, or on their way to it."""
    open_ones = (CreationState.WAITING, CreationState.FAILED)
    rows = ShopOrderRow.objects.filter(connection=connection, creation__in=open_ones)
    return rows.exclude(status=ShopOrderStatus.CANCELLED).count()


def orders_not_created() -> int:
    """How many orders have no store order although they should: those of the tab `failed`, of all accounts in scope."""
    return ShopOrderRow.objects.filter(creation=CreationState.FAILED).count()


def awaiting_shipment(connections: Sequence[Connection]) -> int:
    """How many orders wait to be shipped: the number beside the menu."""
    rows = _unscoped().filter(connection_id__in=[c.id for c in connections])
    return int(rows.filter(status__in=dict(TABS)["awaiting_shipment"]).count())


def due_soon(connections: Sequence[Connection], *, hours: float) -> tuple[int, datetime | None]:
    """How many orders must ship within `hours` (late ones included), and when the first of them is due."""
    due = _unscoped().filter(
        connection_id__in=[c.id for c in connections],
        status__in=dict(TABS)["awaiting_shipment"],
        fulfilled_by_tiktok=False,
        ship_by__lte=shop_now() + timedelta(hours=hours),
    )
    found = due.aggregate(number=Count("id"), first=Min("ship_by"))
    return found["number"], found["first"]


def asked_to_cancel(connections: Sequence[Connection]) -> int:
    """How many orders have a buyer who waits for an answer to a request to cancel."""
    rows = _unscoped().filter(connection_id__in=[c.id for c in connections], asks_to_cancel=True)
    return int(rows.count())


def first_answer_due(connections: Sequence[Connection]) -> datetime | None:
    """By when the first of the buyers who ask to cancel must have an answer; None if nobody waits."""
    rows = CancelRequestRow.objects.filter(order__connection_id__in=[c.id for c in connections], waiting=True)
    found: datetime | None = rows.aggregate(first=Min("deadline"))["first"]
    return found


def find_orders(text: str, limit: int = 5) -> list[ShopOrderRow]:
    """The newest orders by number on either side, of a package or of tracking, by SKU or title."""
    rows = _containing(ShopOrderRow.objects.all(), text, list(Connection.objects.values_list("id", flat=True)))
    return list(
        rows.select_related("connection__shop").defer("document", "buyer", "search").order_by("-placed_at")[:limit]
    )


def order_or_404(order_pk: int) -> ShopOrderRow:
    """An order of the account with its connection. Raises Http404."""
    return get_object_or_404(ShopOrderRow.objects.select_related("connection__store", "connection__shop"), pk=order_pk)


def order_named(order_id: str, beside: ShopOrderRow) -> ShopOrderRow | None:
    """The order of TikTok's id in the shop of another one; None where it is not on record."""
    return ShopOrderRow.objects.filter(connection_id=beside.connection_id, order_id=order_id).first()


def follow_ups(row: ShopOrderRow) -> list[ShopOrderRow]:
    """The orders that replace goods of this one, the oldest first."""
    rows = ShopOrderRow.objects.filter(connection_id=row.connection_id, source_order_id=row.order_id)
    return list(rows.defer("document", "buyer", "search").order_by("placed_at"))


def order_pks(order_ids: Sequence[str], connection_ids: Sequence[int]) -> dict[str, int]:
    """Primary keys by TikTok order id, for lists that speak of orders."""
    rows = ShopOrderRow.objects.filter(connection_id__in=connection_ids, order_id__in=order_ids)
    return dict(rows.values_list("order_id", "pk"))


# -- the buyer ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Buyer:
    """Who an order goes to, as far as TikTok told and as long as we keep it. `known` False: purged, or unreadable."""

    address: Address = field(default_factory=Address)
    message: str = ""
    known: bool = False

    @property
    def name(self) -> str:
        """First and last name, as far as told."""
        return f"{self.address.first_name} {self.address.last_name}".strip()

    @property
    def masked(self) -> bool:
        """Whether TikTok hides parts of it."""
        return any("*" in str(part) for part in msgspec.structs.astuple(self.address))


def buyer_of(row: ShopOrderRow) -> Buyer:
    """The buyer from the sealed column; empty where they were purged or the key is gone."""
    if not row.buyer:
        return Buyer()
    try:
        told = json.loads(unseal(row.buyer, bound_to=f"order:{row.connection_id}:{row.order_id}"))
    except Unsealable:
        return Buyer()
    return Buyer(msgspec.convert(told["address"], Address), told["message"], known=True)


# -- one order ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineView:
    """A line of an order with the store product it is linked to, if it is. `product_pk` is that row's key.

    `gone`: its variant was deleted in the store.
    """

    line: OrderLine
    product_pk: int | None
    image_url: str
    linked: bool
    gone: bool = False

    @property
    def total(self) -> Money:
        """What the buyer pays for the line before tax."""
        return self.line.paid * self.line.quantity


@dataclass(frozen=True)
class OrderView:
    """Everything the page of one order shows."""

    row: ShopOrderRow
    order: ShopOrder
    buyer: Buyer
    lines: tuple[LineView, ...]
    shipments: tuple[ShipmentRow, ...]
    cancellation: CancellationRow | None
    problems: tuple[Problem, ...]
    changes: tuple[ChangeRecord, ...]
    events: tuple[InboxEvent, ...]
    created_at: datetime | None
    """When the store order was made, by the record of it."""
    location: str = ""
    """What the location is called that it is taken from; "" where locations are not used."""
    warehouse: str = ""
    """What the TikTok warehouse is called that the order was placed at."""

    @property
    def units(self) -> int:
        """How many units were bought."""
        return sum(line.quantity for line in self.order.lines)

    @property
    def goods(self) -> Money:
        """The lines before any discount."""
        return Money.total((line.original_price * line.quantity for line in self.order.lines), self.row.currency)


def view_of(row: ShopOrderRow) -> OrderView:
    """One order with its lines, shipments, problems and history."""
    order = from_json(bytes(row.document), ShopOrder)
    connection = row.connection
    owner = f"connection:{connection.id}"
    bearers = bearers_of(connection, [(row, order)])[row.order_id]
    products = {
        product.product_id: product
        for product in StoreProduct.objects.filter(
            store_id=connection.store_id, product_id__in=[product_id for product_id, _variant in bearers.links.values()]
        ).only("product_id", "image_url")
    }
    lines = []
    for line in order.lines:
        linked, gone = line.sku_id in bearers.links, line.sku_id in bearers.gone
        product = products.get(bearers.links[line.sku_id][0]) if linked else None
        pk, image_url = (product.pk, product.image_url) if product else (None, "")
        lines.append(LineView(line, pk, image_url, linked, gone))
    changes = sync.changes_of(row.order_id, sync.ORDER_CHANGES, [owner])
    return OrderView(
        row=row,
        order=order,
        buyer=buyer_of(row),
        lines=tuple(lines),
        shipments=tuple(ShipmentRow.objects.filter(order=row).order_by("id")),
        cancellation=CancellationRow.objects.filter(order=row).first(),
        problems=tuple(sync.problems_of([row.order_id], sync.ORDER_KINDS, [owner]).get((owner, row.order_id), ())),
        changes=tuple(changes),
        events=tuple(sync.events_of([row.order_id])),
        created_at=next((change.at for change in changes if change.kind == "CreateStoreOrder" and change.ok), None),
        location=_location(row),
        warehouse=_warehouse(row, order),
    )


def _warehouse(row: ShopOrderRow, order: ShopOrder) -> str:
    """What the TikTok warehouse of an order is called; its id where the shop's warehouses do not name it."""
    listed = row.connection.shop.warehouses
    return next((each["name"] for each in listed if each["id"] == order.warehouse_id), order.warehouse_id)


def _location(row: ShopOrderRow) -> str:
    """What the location is called that an order is taken from; "" where locations are not used."""
    if not row.location_id:
        return ""
    known = locations.known(row.connection.store).get(row.location_id)
    return known.name if known is not None else row.location_id


# -- which variant a SKU is -----------------------------------------------------------------------------------------

CANDIDATES = 25
"""Variants that are offered at once; a search finds the others."""


@dataclass(frozen=True)
class Candidate:
    """A variant of the store that the SKU of a line may be. `options` are in words: `M, Navy`."""

    product_id: str
    variant_id: str
    product_pk: int
    title: str
    sku: str
    gtin: str
    options: str
    image_url: str
    stock: int | None


def line_named(order: ShopOrder, text: str) -> OrderLine | None:
    """The first line of an order whose seller SKU, or TikTok SKU id, is `text`; None if none has it."""
    return next((line for line in order.lines if text and text in {line.seller_sku, line.sku_id}), None)


def candidates(connection: Connection, line: OrderLine, text: str = "") -> list[Candidate]:
    """The variants of the store that a line's SKU may be, the likeliest first: by SKU, by barcode, by title.

    With `text`, those of it instead: a SKU or barcode, or words of title, SKU and barcode.
    """
    known = StoreVariant.objects.filter(store_id=connection.store_id, deleted=False)
    code = text or line.seller_sku
    found = list(known.filter(sku=code).order_by("id")[:CANDIDATES]) if code else []
    searches = [searched(text)] if text else [searched(line.seller_sku), searched(line.title)]
    for words in searches:
        if len(found) >= CANDIDATES or not words:
            continue
        products = StoreProduct.objects.filter(store_id=connection.store_id, deleted=False)
        named = matching(products, " ".join(words)).order_by("title", "id")
        ids = list(named.values_list("product_id", flat=True)[:CANDIDATES])
        rows = known.filter(product_id__in=ids).order_by("id")[: 10 * CANDIDATES]
        place = {product_id: at for at, product_id in enumerate(ids)}
        found += sorted(rows, key=lambda v: (code not in {v.sku, v.gtin}, place[v.product_id], v.pk))
    return _as_candidates(connection, list({variant.pk: variant for variant in found}.values())[:CANDIDATES])


def variant_named(connection: Connection, text: str) -> list[StoreVariant]:
    """The variants of the store whose SKU, else whose id, is `text`: none, one, or several that share a SKU."""
    known = StoreVariant.objects.filter(store_id=connection.store_id, deleted=False)
    return list(known.filter(sku=text)[:2]) or list(known.filter(variant_id=text)[:1]) if text else []


def _as_candidates(connection: Connection, variants: Sequence[StoreVariant]) -> list[Candidate]:
    rows = StoreProduct.objects.filter(
        store_id=connection.store_id, product_id__in={variant.product_id for variant in variants}
    )
    products = {row.product_id: row for row in rows.only("pk", "product_id", "title", "image_url", "document")}
    options = {
        variant.id: ", ".join(option.value for option in variant.options)
        for row in products.values()
        for variant in from_json(bytes(row.document), Product).variants
    }
    return [
        Candidate(
            product_id=variant.product_id,
            variant_id=variant.variant_id,
            product_pk=row.pk,
            title=row.title,
            sku=variant.sku,
            gtin=variant.gtin,
            options=options.get(variant.variant_id, ""),
            image_url=row.image_url,
            stock=variant.stock,
        )
        for variant in variants
        if (row := products.get(variant.product_id)) is not None
    ]


def order_numbered(text: str, connections: Sequence[Connection]) -> ShopOrderRow | None:
    """The one order whose number on either side is `text`, with or without a # before it; None if none, or several."""
    number = text.strip().removeprefix("#")
    if not number.isdecimal() or len(number) > 64:
        return None
    ids = [connection.id for connection in connections]
    rows = _unscoped().filter(Q(order_id=number) | Q(store_order_id=number), connection_id__in=ids)
    found = list(rows.select_related("connection__store", "connection__shop")[:2])
    return found[0] if len(found) == 1 else None


# -- sales ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sales:
    """What was sold in a currency: now and in the span of the same length before."""

    currency: str
    total: Decimal
    before: Decimal


@dataclass(frozen=True)
class Span:
    """Sales and orders of the last `days` days against the days before them."""

    days: int
    sales: tuple[Sales, ...]
    orders: int
    orders_before: int


def span(days: int) -> Span:
    """Sales by currency and the number of orders; cancelled and unpaid ones are not counted."""
    now = shop_now()
    start, before = now - timedelta(days=days), now - timedelta(days=2 * days)
    rows = ShopOrderRow.objects.filter(placed_at__gte=before).exclude(status__in=NOT_SOLD)
    recent = Q(placed_at__gte=start)
    found = rows.values("currency").annotate(
        now=Sum("total", filter=recent), then=Sum("total", filter=~recent), count=Count("id", filter=recent),
        count_then=Count("id", filter=~recent),
    )  # fmt: skip
    sales = [Sales(row["currency"], row["now"] or Decimal(0), row["then"] or Decimal(0)) for row in found]
    return Span(
        days,
        tuple(sorted(sales, key=lambda s: (-s.total, s.currency))),
        sum(row["count"] for row in found),
        sum(row["count_then"] for row in found),
    )


@dataclass(frozen=True)
class ShopSales:
    """What one shop sold in a currency over some days. `cancelled` orders are in no other number."""

    connection_id: int
    currency: str
    orders: int
    total: Decimal
    buyers: int
    cancelled: int

    @property
    def average(self) -> Decimal:
        """What an order is worth; 0 where there is none."""
        return self.total / self.orders if self.orders else Decimal(0)


def sales_by_shop(days: int, *, of: Sequence[Connection] | None = None) -> list[ShopSales]:
    """Sales of the last `days` days shop by shop, the busiest first; unpaid orders are not counted. None: all shops."""
    start = shop_now() - timedelta(days=days)
    rows = ShopOrderRow.objects.filter(placed_at__gte=start).exclude(status=ShopOrderStatus.UNPAID)
    rows = rows if of is None else rows.filter(connection__in=of)
    sold = ~Q(status=ShopOrderStatus.CANCELLED)
    found = rows.values("connection_id", "currency").annotate(
        orders=Count("id", filter=sold), total=Sum("total", filter=sold), cancelled=Count("id", filter=~sold),
        buyers=Count("buyer_id", filter=sold & ~Q(buyer_id=""), distinct=True),
    )  # fmt: skip
    sales = [
        ShopSales(
            connection_id=row["connection_id"],
            currency=row["currency"],
            orders=row["orders"],
            total=row["total"] or Decimal(0),
            buyers=row["buyers"],
            cancelled=row["cancelled"],
        )
        for row in found.order_by()
    ]
    return sorted(sales, key=lambda each: (-each.orders, each.connection_id, each.currency))


@dataclass(frozen=True)
class Customer:
    """A buyer of one shop over some days. `name` is masked, "" where it is not kept or not told."""

    name: str
    last: ShopOrderRow
    """Their newest order."""
    orders: int
    total: Decimal
    currency: str
    first_at: datetime
    last_at: datetime


def masked(name: str) -> str:
    """The first letter of each part of a name: a list says who bought again, not who it is. Pure."""
    return " ".join(f"{part[0]}***" for part in name.split())


def customers(
    days: int, *, of: Sequence[Connection] | None = None, number: int = 1, size: int = SIZE
) -> Page[Customer]:
    """The buyers of the last `days` days shop by shop, those with the most orders first; only whom TikTok numbers."""
    start = shop_now() - timedelta(days=days)
    rows = ShopOrderRow.objects.filter(placed_at__gte=start).exclude(status__in=NOT_SOLD).exclude(buyer_id="")
    rows = rows if of is None else rows.filter(connection__in=of)
    grouped = rows.values("connection_id", "buyer_id", "currency").annotate(
        orders=Count("id"), paid=Sum("total"), first=Min("placed_at"), latest=Max("placed_at"), newest=Max("id")
    )
    total = grouped.count()
    page: Page[dict[str, Any]] = Page((), total, number, size)
    number = min(max(1, number), page.pages)
    some = list(grouped.order_by("-orders", "-latest", "newest")[(number - 1) * size : number * size])
    full = ShopOrderRow.objects.select_related("connection__shop").defer("document", "search")
    newest = full.in_bulk([row["newest"] for row in some])
    return Page(tuple(_customer(row, newest[row["newest"]]) for row in some), total, number, size)


def _customer(row: Mapping[str, Any], last: ShopOrderRow) -> Customer:
    return Customer(
        name=masked(buyer_of(last).name),
        last=last,
        orders=row["orders"],
        total=row["paid"],
        currency=row["currency"],
        first_at=row["first"],
        last_at=row["latest"],
    )


def per_day(days: int, zone: tzinfo) -> list[tuple[date, dict[int, int]]]:
    """Orders a day by connection id for the last `days` days of a time zone, today included; cancelled ones count."""
    today = shop_now().astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    start = datetime.combine(first, datetime.min.time(), zone)
    found: dict[date, dict[int, int]] = {first + timedelta(days=n): {} for n in range(days)}
    rows = ShopOrderRow.objects.filter(placed_at__gte=start).exclude(status=ShopOrderStatus.UNPAID)
    # Counted by ten minutes of UTC and put into days here: SQLite has no time zones, and asking Python for the day of
    # each order is ten times slower. (Where clocks differ from UTC by 45 minutes, days begin five minutes off.)
    begins = [datetime.combine(day, datetime.min.time(), zone).astimezone(UTC).isoformat(" ")[:15] for day in found]
    tens = rows.annotate(ten=Substr(Cast("placed_at", TextField()), 1, 15)).values_list("ten", "connection_id")
    days_of = list(found.values())
    for ten, connection_id, number in tens.annotate(Count("id")).order_by():
        counts = days_of[max(0, bisect_right(begins, ten) - 1)]
        counts[connection_id] = counts.get(connection_id, 0) + number
    return list(found.items())


def import_seconds(days: int = 7) -> float | None:
    """Median seconds from TikTok's newest word of an order to its store order, over the latest; None if unknown."""
    created = dict(
        ChangeRecord.objects.filter(kind="CreateStoreOrder", ok=True, at__gte=clock.now() - timedelta(days=days))
        .order_by("-at")
        .values_list("key", "at")[:_MEASURED_ORDERS]
    )
    if not created:
        return None
    oldest = min(created.values()) - timedelta(hours=2)
    events = InboxEvent.objects.filter(source="tiktok", received_at__gte=oldest, subject__in=list(created))
    words = events.order_by("received_at").values_list("subject", "received_at")
    told = {subject: at for subject, at in words if at <= created[subject]}  # the last one before it stays
    return median((created[key] - at).total_seconds() for key, at in told.items()) if told else None


def cancel_reasons(order: ShopOrderRow) -> tuple[tuple[str, str], ...]:
    """(name, words) of the reasons to choose from: those that TikTok told for this order, else the documented ones."""
    known = offered_reasons(order)
    return seller_reasons(ShopOrderStatus(order.status)) if known is None else known


def offered_reasons(order: ShopOrderRow) -> tuple[tuple[str, str], ...] | None:
    """(name, words) of the reasons that TikTok, asked for this order as it is now, takes; None: it was not asked."""
    if order.cancel_reasons is None or order.reasons_for != order.status:
        return None
    return tuple((name, reason_words(name)) for name in order.cancel_reasons)


def may_ask_reasons(order: ShopOrderRow) -> bool:
    """Whether TikTok may let the seller cancel in this status: elsewhere it need not be asked."""
    status = ShopOrderStatus(order.status)
    return status.cancellable or (
        status is ShopOrderStatus.AWAITING_COLLECTION and order.connection.shop.region == "US"
    )


_ASKING = timedelta(seconds=60)
"""So long an answer is waited for before the question can be put again."""


def asks_for_reasons(order: ShopOrderRow) -> bool:
    """Whether TikTok is being asked for the reasons right now."""
    return order.cancel_reasons is None and _asked_lately(order)


def _asked_lately(order: ShopOrderRow) -> bool:
    return order.reasons_asked_at is not None and clock.now() - order.reasons_asked_at < _ASKING


def cancel_reason_text(name: str) -> str:
    """Why an order was cancelled, in words: TikTok's name of a reason, or what somebody wrote."""
    return reason_words(name)


# -- how far an order is --------------------------------------------------------------------------------------------

StageName = Literal["paid", "created", "shipped", "in_transit", "delivered", "completed"]
StageState = Literal["done", "now", "failed", ""]


@dataclass(frozen=True)
class Stage:
    """A point of the line from payment to payout. `state` "": it lies ahead."""

    name: StageName
    state: StageState
    at: datetime | None = None
    due: datetime | None = None
    """By when it must be reached; None: nobody says."""
    took: timedelta | None = None
    note: str = ""


def stages_of(view: OrderView) -> tuple[Stage, ...]:
    """Paid, in BigCommerce, shipped, in transit, delivered, completed; none of a cancelled order."""
    row = view.row
    if row.status == ShopOrderStatus.CANCELLED:
        return ()
    place = ShopOrderStatus(row.status).rank
    if place >= 1:
        shipped = Stage("shipped", "done", note=view.order.shipping_provider)
    else:
        shipped = Stage("shipped", "now" if row.store_order_id and place == 0 else "", due=row.ship_by)
    return (
        Stage("paid", "done" if row.paid_at else "now", at=row.paid_at),
        _created(view),
        shipped,
        Stage("in_transit", _state(place, 1)),
        Stage("delivered", _state(place, 2)),
        Stage("completed", "done" if place == 3 else ""),
    )


def _created(view: OrderView) -> Stage:
    row = view.row
    if row.store_order_id:
        took = max(timedelta(0), view.created_at - row.seen_at) if view.created_at else None
        return Stage("created", "done", at=view.created_at, took=took)
    if row.creation == CreationState.FAILED:
        return Stage("created", "failed", note=row.reason)
    return Stage("created", "now" if row.paid_at else "", note=row.reason)


def _state(place: int, own: int) -> StageState:
    return "done" if place > own else ("now" if place == own else "")


def ship_by(row: ShopOrderRow) -> datetime | None:
    """By when the seller must ship; None where that is done, or not the seller's to do."""
    return row.ship_by if row.status == ShopOrderStatus.AWAITING_SHIPMENT and not row.fulfilled_by_tiktok else None


def status_of(row: ShopOrderRow) -> str:
    """The status that an order counts with, in TikTok's word: completed only once no return of it is open."""
    status = ShopOrderStatus(row.status)
    counted = counted_status(status, open_return=row.open_return)
    return row.status if counted is status else counted.value


def not_created(row: ShopOrderRow) -> bool:
    """Whether the store order could not be made."""
    return row.creation == CreationState.FAILED


def may_ship(row: ShopOrderRow) -> bool:
    """Whether shipments have been made or may still come."""
    return row.status != ShopOrderStatus.CANCELLED or ShipmentRow.objects.filter(order=row).exists()


def buyer_asks_to_cancel(view: OrderView) -> bool:
    """Whether the buyer waits for an answer to a request to cancel."""
    return view.order.buyer_wants_cancel and view.cancellation is None


# -- what may be done -----------------------------------------------------------------------------------------------


def actions_for(view: OrderView) -> tuple[Action, ...]:
    """What may be done about an order: cancel it, read it again, create its store order, open that in the store."""
    row, found = view.row, list(_to_cancel(view))
    if row.store_order_id:
        found.append(Action(id="order.sync", label=_("Sync"), args=(row.pk,)))
    elif row.creation != CreationState.IGNORED:
        found.append(Action(id="order.retry", label=_("Retry"), args=(row.pk,), tone="primary"))
    if panel := control_panel_place(row):
        ship = row.status == ShopOrderStatus.AWAITING_SHIPMENT
        found.append(
            Action(
                id="order.open",
                label=_("Ship in BigCommerce") if ship else _("Open in BigCommerce"),
                args=panel,
                method="get",
                tone="primary",
                permission=Permission.VIEW,
            )
        )
    return tuple(found)


def _to_cancel(view: OrderView) -> Iterator[Action]:
    """To cancel an order: TikTok is asked first which reasons it takes for it; where it takes none, why not."""
    row, label = view.row, _("Cancel order")
    over = row.status == ShopOrderStatus.CANCELLED
    if view.cancellation is not None and not over:
        return
    reasons = offered_reasons(row)
    if over or not may_ask_reasons(row) or reasons == ():
        status = row.status.replace("_", " ").lower()
        why = messages.text(finding("E-CAN-STATE", status=status))
        yield Action(id="order.cancel", label=label, args=(row.pk,), tone="danger", refused=why)
    elif asks_for_reasons(row):
        asked = _("TikTok is asked which reasons it takes for this order.")
        yield Action(id="order.reasons", label=_("Asking TikTok…"), args=(row.pk,), tone="danger", refused=asked)
    elif reasons is None:
        yield Action(id="order.reasons", label=label, args=(row.pk,), tone="danger")
    else:
        yield Action(
            id="order.cancel",
            label=label,
            args=(row.pk,),
            tone="danger",
            confirm=_("This cannot be undone. TikTok refunds the buyer; BigCommerce follows."),
            reasons=reasons,
            opened=_asked_lately(row),
        )


def cancel_requests(row: ShopOrderRow) -> list[CancelRequestRow]:
    """The requests of the buyer to cancel an order that wait for an answer, or whose answer was refused."""
    return list(CancelRequestRow.objects.filter(order=row, waiting=True).order_by("deadline", "pk"))


def actions_for_request(request: CancelRequestRow) -> tuple[Action, ...]:
    """To grant or decline a request to cancel; nothing while an answer is on its way."""
    if request.state == DecisionState.WAITING:
        return ()
    args = (request.order_id, request.cancel_id)
    return (
        Action(
            id="order.grant", label=_("Accept"), args=args, tone="danger",
            confirm=_("The order is cancelled and TikTok refunds the buyer. BigCommerce follows. No undo."),
        ),
        Action(
            id="order.decline", label=_("Decline"), args=args, confirm=_("The order stays as it is, on both sides."),
            reasons=tuple((name, words) for name, words in request.reasons),
        ),
    )  # fmt: skip


def actions_for_line(row: ShopOrderRow, each: LineView) -> tuple[Action, ...]:
    """What may be done about a line: say which variant of the store its SKU is, while the order waits for that."""
    if each.linked or each.line.cancelled or row.store_order_id or row.creation == CreationState.IGNORED:
        return ()
    name = each.line.seller_sku or each.line.title
    return (
        Action(
            id="order.link", label=_("Link SKU"), about=name, args=(row.pk, each.line.sku_id), method="get",
            tone="primary",
        ),
    )  # fmt: skip


def actions_for_candidate(row: ShopOrderRow, sku_id: str, candidate: Candidate) -> tuple[Action, ...]:
    """To choose this variant for a SKU of an order."""
    about = f"{candidate.title} {candidate.sku}".strip()
    sent = (("variant", candidate.variant_id),)
    return (Action(id="order.choose", label=_("Link"), about=about, args=(row.pk, sku_id), sent=sent),)


def control_panel_place(row: ShopOrderRow) -> tuple[str, str] | None:
    """The store's control panel and the store order's number there; None where one of them is not known."""
    panel = row.connection.store.control_panel_url.rstrip("/")
    return (panel, row.store_order_id) if panel and row.store_order_id else None


def actions_for_problem(problem: Problem) -> tuple[Action, ...]:
    """What may be done about an order's problem. Creating the store order again is an action of the order itself."""
    return () if problem.lane.kind == "order" else sync.actions_for(problem)


# -- the list -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OrderInList:
    """An order as the list shows it. `ship_by` None: the seller has nothing to ship, or does not any more."""

    row: ShopOrderRow
    buyer: Buyer
    not_created: bool
    ship_by: datetime | None
    status: str


def line_of(row: ShopOrderRow) -> OrderInList:
    """What the list shows of an order."""
    return OrderInList(row, buyer_of(row), not_created(row), ship_by(row), status_of(row))


def own_store_orders(
    connections: Sequence[Connection], *, text: str = "", number: int = 1, size: int = SIZE
) -> Page[StoreOrderRow]:
    """One page of the stores' own orders, newest first, of the stores that have them pulled (ORD-11).

    `text`: only the order with this number.
    """
    rows = StoreOrderRow.objects.filter(store_id__in={each.store_id for each in pulling_own(connections)})
    if text:
        rows = rows.filter(store_order_id=text.removeprefix("#"))
    page = page_of_ids(rows, "created_at", descending=True, total=rows.count(), number=number, size=size)
    return page.of(lambda ids: in_order(StoreOrderRow.objects.select_related("store"), ids))


def pulling_own(connections: Sequence[Connection]) -> list[Connection]:
    """Of these connections, those that have their store's own orders pulled; one for each store."""
    chosen = [each for each in connections if preferences_from_json(each.preferences).pull_store_orders]
    return list({each.store_id: each for each in reversed(chosen)}.values())[::-1]


def shop_orders_of(store_id: int, store_order_ids: Sequence[str]) -> list[tuple[int, str]]:
    """(connection id, TikTok order id) of the orders that were made in the store as these; others are left out."""
    rows = ShopOrderRow.objects.filter(connection__store_id=store_id, store_order_id__in=store_order_ids)
    return list(rows.values_list("connection_id", "order_id"))


def latest_orders(connection: Connection, limit: int) -> list[ShopOrderRow]:
    """The orders of a connection that were placed last, newest first."""
    return list(ShopOrderRow.objects.filter(connection=connection).order_by("-placed_at")[:limit])


def store_order_ids(connection: Connection, order_ids: Sequence[str]) -> dict[str, str]:
    """BigCommerce order ids by TikTok order id, of those of these orders that were made in the store."""
    rows = ShopOrderRow.objects.filter(connection=connection, order_id__in=order_ids)
    return {row.order_id: row.store_order_id for row in rows if row.store_order_id}
