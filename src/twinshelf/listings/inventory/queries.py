"""What may be known of the stock of SKUs. Reads tables only: the lists go by what was last worked out and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.goods import holds
from twinshelf.goods.models import Hold, StoreProduct, StoreVariant
from twinshelf.kit.actions import Action
from twinshelf.kit.paging import SIZE, Page, in_order, page_of_ids
from twinshelf.kit.text_search import matching
from twinshelf.listings.models import Link
from twinshelf.listings.queries import document_of
from twinshelf.listings.sides import VariantSides, variants_on_both_sides
from twinshelf.rules.quantities import LIMITS
from twinshelf.sync import queries as sync
from twinshelf.sync.models import ChangeRecord, Problem

Difference = Literal["", "too_many", "too_few", "not_sent", "held", "limited", "oversold"]
DIFFERENCES: Final[tuple[Difference, ...]] = ("", "too_many", "too_few", "not_sent", "held", "limited", "oversold")
"""What a list of SKUs tells apart; "" is all of them. `oversold`: orders hold more than there is."""

Standing = Literal["same", "too_many", "too_few", "waiting", "not_sent", "left", "unknown"]
_MOST_FOUND = 3000
_CHANGES = ("SetStock", "PutInWarehouses", "SetStoreStock", "DeactivateListing", "ActivateListing")
"""The outward changes that move what can be bought."""


@dataclass(frozen=True)
class SkuFilter:
    """Which SKUs of one shop."""

    text: str = ""
    difference: Difference = ""
    number: int = 1
    size: int = SIZE


@dataclass(frozen=True)
class SkuLine:
    """One SKU in one shop. `stock` None: the store does not track it, or has it no more."""

    link: Link
    product: StoreProduct | None
    stock: int | None
    held: int
    reserve: int
    waiting: bool
    refused: bool

    @property
    def by(self) -> int:
        """The units by which the shop shows another number than it should."""
        return abs((self.link.quantity or 0) - (self.link.expected or 0))

    @property
    def differs(self) -> bool:
        """Whether the shop shows another number than it should."""
        return self.standing in {"too_many", "too_few"}

    @property
    def standing(self) -> Standing:
        """How what the shop shows stands to what it should."""
        link = self.link
        if self.refused:
            return "not_sent"
        if link.expected is None:
            return "left" if link.read_at is not None else "unknown"
        if link.quantity is None:
            return "unknown"
        if link.quantity == link.expected:
            return "same"
        return "waiting" if self.waiting else "too_many" if link.quantity > link.expected else "too_few"


def skus(wanted: SkuFilter, connection: Connection, *, total: int | None = None) -> Page[SkuLine]:
    """One page of the SKUs that a shop has of ours, by seller SKU."""
    rows = _matching(wanted, connection)
    page = page_of_ids(
        rows,
        "seller_sku",
        descending=False,
        total=rows.count() if total is None else total,
        number=wanted.number,
        size=wanted.size,
    )
    return page.of(lambda ids: _lines(in_order(_links(), ids), connection))


def counts(connection: Connection, *, text: str = "") -> dict[Difference, int]:
    """How many SKUs there are of each kind, within a search."""
    return {kind: _matching(SkuFilter(text=text, difference=kind), connection).count() for kind in DIFFERENCES}


def too_many(connection: Connection) -> tuple[int, int]:
    """(SKUs, units) by which a shop shows more than it should."""
    rows = _matching(SkuFilter(difference="too_many"), connection)
    units = rows.aggregate(units=Sum(F("quantity") - F("expected")))["units"]
    return rows.count(), units or 0


def differing_products(connection: Connection) -> list[str]:
    """The products of which a SKU shows another number than it should: for repairing all of them."""
    kinds: tuple[Difference, ...] = ("too_many", "too_few", "not_sent")
    found: set[str] = set()
    for kind in kinds:
        found.update(_matching(SkuFilter(difference=kind), connection).values_list("product_id", flat=True))
    return sorted(found)


def _links() -> Any:
    """Links by connections that were read in the account's scope: naming the account too leaves their indexes."""
    return Link.objects.with_scopes_disabled()


def _matching(wanted: SkuFilter, connection: Connection) -> QuerySet[Link]:
    rows: QuerySet[Link] = _links().filter(connection_id=connection.id)
    match wanted.difference:
        case "too_many":
            rows = rows.filter(quantity__gt=F("expected"))
        case "too_few":
            rows = rows.filter(quantity__lt=F("expected"))
        case "limited":
            rows = rows.exclude(limited_by="").filter(limited_by__in=sorted(LIMITS))
        case "not_sent":
            rows = rows.filter(product_id__in=_refused(connection).values("key"))
        case "held":
            rows = rows.filter(variant_id__in=Hold.objects.filter(store_id=connection.store_id).values("variant_id"))
        case "oversold":
            rows = rows.filter(variant_id__in=_oversold(connection))
    if wanted.text:
        found = matching(StoreProduct.objects.filter(store_id=connection.store_id), wanted.text)
        rows = rows.filter(product_id__in=list(found.values_list("product_id", flat=True)[:_MOST_FOUND]))
    return rows


def _refused(connection: Connection) -> QuerySet[Problem]:
    return sync.open_problems(("stock",), (sync.owner_ref("connection", connection.id),)).filter(blocking=True)


def _oversold(connection: Connection) -> list[str]:
    """The variants of which orders hold more than the store has: few, so they are looked up one by one."""
    stock = StoreVariant.objects.filter(store_id=connection.store_id, variant_id=OuterRef("variant_id"))
    sums = Hold.objects.filter(store_id=connection.store_id, converted_at=None).values("variant_id")
    rows = sums.annotate(units=Sum("quantity"), stock=Subquery(stock.values("stock")[:1]))
    return list(rows.filter(units__gt=F("stock")).values_list("variant_id", flat=True))


def _lines(links: Sequence[Link], connection: Connection) -> list[SkuLine]:
    store_id, owner = connection.store_id, sync.owner_ref("connection", connection.id)
    variants, product_ids = [link.variant_id for link in links], sorted({link.product_id for link in links})
    stock = dict(
        StoreVariant.objects.filter(store_id=store_id, variant_id__in=variants, deleted=False).values_list(
            "variant_id", "stock"
        )
    )
    rows = StoreProduct.objects.filter(store_id=store_id, product_id__in=product_ids)
    products = {row.product_id: row for row in rows.defer("document", "digest", "search")}
    held = holds.held(store_id, variants)
    asked = sync.asked_for(product_ids, ("stock",), (owner,))
    refused = set(_refused(connection).filter(key__in=product_ids).values_list("key", flat=True))
    reserve = preferences_from_json(connection.preferences).reserve
    return [
        SkuLine(
            link,
            products.get(link.product_id),
            stock.get(link.variant_id),
            held.get(link.variant_id, 0),
            reserve,
            waiting=(owner, link.product_id) in asked,
            refused=link.product_id in refused,
        )
        for link in links
    ]


# -- one SKU ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeldFor:
    """Units that an order holds. `taken_at`: when its store order took them; the next reading ends the hold."""

    order_id: str
    units: int
    since: datetime
    taken_at: datetime | None


@dataclass(frozen=True)
class SkuDetail:
    """One SKU in one shop with the calculation of its number, worked out now, and what was done."""

    line: SkuLine
    side: VariantSides | None
    held_for: tuple[HeldFor, ...]
    problems: tuple[Problem, ...]
    history: tuple[ChangeRecord, ...]


def link_or_404(pk: int, connections: Sequence[Connection]) -> tuple[Link, Connection]:
    """A linked SKU of one of these connections. Raises Http404."""
    known = {connection.id: connection for connection in connections}
    link = get_object_or_404(Link, pk=pk, connection_id__in=list(known))
    return link, known[link.connection_id]


def detail(link: Link, connection: Connection) -> SkuDetail:
    """All that leads to the number of one SKU."""
    [line] = _lines([link], connection)
    owner = sync.owner_ref("connection", connection.id)
    side = None
    if line.product is not None and not line.product.deleted:
        product = document_of(StoreProduct.objects.get(pk=line.product.pk))
        links = {
            each.variant_id: each for each in Link.objects.filter(connection=connection, product_id=link.product_id)
        }
        sides = variants_on_both_sides(product, connection, links)
        side = next((each for each in sides if each.desired.variant_id == link.variant_id), None)
    rows = Hold.objects.filter(store_id=connection.store_id, variant_id=link.variant_id).order_by("created_at", "id")
    return SkuDetail(
        line,
        side,
        tuple(HeldFor(row.order_id, row.quantity, row.created_at, row.converted_at) for row in rows),
        tuple(sync.problems_of([link.product_id], ("stock",), [owner]).get((owner, link.product_id), ())),
        tuple(sync.changes_of(link.product_id, _CHANGES, [owner])),
    )


def link_of_sku(connection: Connection, code: str) -> Link | None:
    """The linked SKU with this seller SKU; None if the shop has none of ours."""
    return Link.objects.filter(connection=connection, seller_sku=code).order_by("id").first()


def steps_of(found: SkuDetail) -> Sequence[Mapping[str, Any]]:
    """The calculation as plain data: rule, figure and units after each step."""
    steps = found.side.desired.quantity.steps if found.side is not None else ()
    return [{"rule": step.rule, "figure": step.figure, "after": step.after} for step in steps]


# -- what may be done -------------------------------------------------------------------------------------------------


def actions_for_skus(connection: Connection, differing: int) -> tuple[Action, ...]:
    """What may be done to the stock of a shop."""
    found = [Action(id="connection.inventory", label=_("Force inventory resync"), args=(connection.id,))]
    if differing:
        found.append(Action(id="inventory.repair", label=_("Send what differs"), args=(connection.id,), tone="primary"))
    return tuple(found)


def actions_for_sku(found: SkuDetail, connection: Connection) -> tuple[Action, ...]:
    """What may be done to one SKU."""
    product = found.line.product
    if product is None or product.deleted:
        return ()
    sent = (("only", product.pk), ("shop", connection.id))
    return (
        Action(id="product.stock", label=_("Send now"), sent=sent, tone="primary"),
        Action(id="product.edit", label=_("Change limits"), args=(product.pk, connection.id), method="get"),
    )
