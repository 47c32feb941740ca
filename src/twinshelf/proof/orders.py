"""The orders of a connection, compared: each with its store order, what it asks for, and what was shipped of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinshelf import messages
from twinshelf.connections import actions as connection_actions
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    CancellationOrigin,
    ProofReason,
    ProofSubject,
    ShippingProvider,
    ShopOrder,
    ShopOrderStatus,
    StoreOrder,
    StoreOrderItem,
    StoreOrderState,
    StoreShipment,
    Unreadable,
)
from twinshelf.orders.bearers import bearers_of
from twinshelf.orders.intake import plan as importing
from twinshelf.orders.models import CancellationRow, ShopOrderRow
from twinshelf.orders.packages.plan import to_write
from twinshelf.proof import plan as planning
from twinshelf.proof.plan import Ledger, Pair


@dataclass(frozen=True)
class Reads:
    """What is read of single orders where the lists do not tell enough."""

    items: Callable[[str], Sequence[StoreOrderItem]]
    """The lines of a store order."""
    shipments: Callable[[str], Sequence[StoreShipment]]
    """The shipments of a store order."""
    providers: Callable[[ShopOrder], Sequence[ShippingProvider]]
    """The carriers that the shop takes for one of its orders."""


@dataclass(frozen=True)
class Sold:
    """Both sides as just read: orders of the shop by id, all orders of the store, and what could not be read."""

    orders: Mapping[str, ShopOrder]
    unreadable_orders: tuple[Unreadable, ...]
    store_orders: tuple[StoreOrder, ...]
    unreadable_store_orders: tuple[Unreadable, ...]
    days: int
    """How far back the orders of the shop were read."""
    at: datetime
    reads: Reads


_NUMBERS_FOR = timedelta(days=7)
"""So long after the last change of an order its shipments are read, a call each: a number is final after 72 hours."""


@dataclass(frozen=True)
class _Work:
    """What comparing one order after the other shares.

    By order id: `links`, then by TikTok's SKU id, and `origins`, where the cancellation on record began.
    """

    preferences: Preferences
    ledger: Ledger
    reads: Reads
    links: Mapping[str, Mapping[str, tuple[str, str]]]
    origins: Mapping[str, CancellationOrigin]
    now: datetime


def compare_sold(connection: Connection, sold: Sold, ledger: Ledger) -> None:
    """Compare all of it and enter it into the ledger."""
    ledger.there(ProofSubject.ORDER, len(sold.orders) + len(sold.unreadable_orders))
    ledger.there(ProofSubject.STORE_ORDER, len(sold.store_orders) + len(sold.unreadable_store_orders))
    for subject, rows in (
        (ProofSubject.ORDER, sold.unreadable_orders),
        (ProofSubject.STORE_ORDER, sold.unreadable_store_orders),
    ):
        for row in rows:
            ledger.leave_out(subject, row.id, ProofReason.UNREADABLE, str(row.error))
    unread = {row.id for row in sold.unreadable_orders}
    by_external: dict[str, list[StoreOrder]] = {}
    for entry in sold.store_orders:
        if entry.external_order_id:
            by_external.setdefault(entry.external_order_id, []).append(entry)
        else:
            ledger.leave_out(ProofSubject.STORE_ORDER, entry.id, ProofReason.SKIPPED, "Not an order of TikTok Shop.")
    pairs = {external: planning.pair_of(found) for external, found in by_external.items()}
    _compare_pairs(connection, sold, pairs, ledger)
    others = pairs.keys() - sold.orders.keys() - unread
    known = _known(connection, others)
    for external in others:
        why = f"Its order did not change on TikTok Shop in {sold.days} days." if external in known else _FOREIGN
        if external in known:
            ledger.tell(*planning.tell_doubles(external, pairs[external]))
        for entry in by_external[external]:
            ledger.leave_out(ProofSubject.STORE_ORDER, entry.id, ProofReason.SKIPPED, why)
    for external in pairs.keys() & unread:
        for entry in by_external[external]:
            ledger.leave_out(
                ProofSubject.STORE_ORDER, entry.id, ProofReason.UNREADABLE, "Its TikTok order cannot be read."
            )


def without_store_order(connection: Connection, orders: Iterable[ShopOrder]) -> dict[str, datetime]:
    """Which of these should have a store order, by id, and when they were placed."""
    preferences = connection_actions.preferences(connection)
    return {order.id: order.created_at for order in orders if importing.decide(order, preferences).verdict == "create"}


_FOREIGN = "Not an order of this shop."
_A_QUERY = 500


def _known(connection: Connection, order_ids: set[str]) -> set[str]:
    """Which of these are orders of the connection's shop."""
    every = sorted(order_ids)
    known: set[str] = set()
    for start in range(0, len(every), _A_QUERY):
        rows = ShopOrderRow.objects.filter(connection=connection, order_id__in=every[start : start + _A_QUERY])
        known.update(rows.values_list("order_id", flat=True))
    return known


def _compare_pairs(connection: Connection, sold: Sold, pairs: Mapping[str, Pair], ledger: Ledger) -> None:
    preferences = connection_actions.preferences(connection)
    both = pairs.keys() & sold.orders.keys()
    work = _Work(preferences, ledger, sold.reads, _links(connection, both), _origins(connection, both), sold.at)
    alone = [order for order in sold.orders.values() if order.id not in pairs]
    unlinked: set[str] = set()
    for start in range(0, len(alone), _A_QUERY):
        unlinked |= _unlinked(connection, alone[start : start + _A_QUERY])
    for order in sold.orders.values():
        pair = pairs.get(order.id, Pair(None))
        if pair.order is None:
            _judge_alone(order, preferences, unlinked, ledger)
            continue
        _judge_there(work, order, pair)
        ledger.there(ProofSubject.LINES)
        ledger.there(ProofSubject.SHIPMENT)
        if order.status == ShopOrderStatus.CANCELLED or pair.order.state is StoreOrderState.CANCELLED:
            for subject in (ProofSubject.LINES, ProofSubject.SHIPMENT):
                ledger.leave_out(subject, order.id, ProofReason.SKIPPED, "The order is cancelled.")
        else:
            _judge_lines(work, order, pair.order)
            _judge_shipped(work, order, pair.order)
        for entry in (pair.order, *pair.doubles):
            ledger.judge(ProofSubject.STORE_ORDER, entry.id)
        for entry in pair.others:
            text = "Archived in BigCommerce." if entry.archived else "A double that was cancelled."
            ledger.leave_out(ProofSubject.STORE_ORDER, entry.id, ProofReason.SKIPPED, text)


def _links(connection: Connection, order_ids: Collection[str]) -> dict[str, dict[str, tuple[str, str]]]:
    """(product id, variant id) by TikTok's SKU id, as these orders were made, by order id."""
    every = sorted(order_ids)
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for start in range(0, len(every), _A_QUERY):
        rows = ShopOrderRow.objects.filter(connection=connection, order_id__in=every[start : start + _A_QUERY])
        for order_id, bearers in rows.values_list("order_id", "bearers"):
            found[order_id] = {sku_id: (ids[0], ids[1]) for sku_id, ids in bearers.items()}
    return found


def _origins(connection: Connection, order_ids: Collection[str]) -> dict[str, CancellationOrigin]:
    """Where the cancellations on record of these orders began."""
    every = sorted(order_ids)
    found: dict[str, CancellationOrigin] = {}
    for start in range(0, len(every), _A_QUERY):
        some = every[start : start + _A_QUERY]
        rows = CancellationRow.objects.filter(order__connection=connection, order__order_id__in=some)
        found |= {
            order_id: CancellationOrigin(origin) for order_id, origin in rows.values_list("order__order_id", "origin")
        }
    return found


def _unlinked(connection: Connection, orders: Sequence[ShopOrder]) -> set[str]:
    """The ids of those orders of which a SKU has no certain variant."""
    ids = [order.id for order in orders]
    rows = {row.order_id: row for row in ShopOrderRow.objects.filter(connection=connection, order_id__in=ids)}
    made = [(rows.get(order.id) or ShopOrderRow(connection=connection, order_id=order.id), order) for order in orders]
    found = bearers_of(connection, made)
    return {order.id for order in orders if any(line.sku_id not in found[order.id].links for line in order.lines)}


def _judge_there(work: _Work, order: ShopOrder, pair: Pair) -> None:
    """An order that the store has. One that by choice is cancelled on one side only is not told for that."""
    found = planning.compare_order(order, pair)
    chosen = planning.why_one_side_may_stand(order, pair, work.origins.get(order.id), work.preferences)
    if chosen:
        found = tuple(each for each in found if each.kind != "order_status")
    if chosen and not found:
        work.ledger.leave_out(ProofSubject.ORDER, order.id, ProofReason.SKIPPED, chosen)
    else:
        work.ledger.judge(ProofSubject.ORDER, order.id, *found)


def _judge_lines(work: _Work, order: ShopOrder, store_order: StoreOrder) -> None:
    items = store_order.items if store_order.has_all_items else work.reads.items(store_order.id)
    found = planning.compare_lines(order, items, work.links.get(order.id, {}))
    work.ledger.judge(ProofSubject.LINES, order.id, *found)


def _judge_shipped(work: _Work, order: ShopOrder, store_order: StoreOrder) -> None:
    """What was shipped of an order. The shipments are read of those whose numbers can still be put right."""
    ledger, key = work.ledger, order.id
    if work.preferences.fulfillment_direction == "tts_to_bc":
        _judge_written(work, order, store_order)
        return
    if order.fulfilled_by_tiktok or order.shipped_by_tiktok:
        ledger.leave_out(ProofSubject.SHIPMENT, key, ProofReason.SKIPPED, "Shipped by TikTok.")
        return
    if work.preferences.fulfillment_direction != "bc_to_tts":
        ledger.leave_out(ProofSubject.SHIPMENT, key, ProofReason.SKIPPED, "Shipments are not sent to this shop.")
        return
    found = list(planning.compare_shipped(order, store_order))
    packages = [package for package in order.packages if package.shipped]
    if found or not (packages or any(item.shipped for item in store_order.items) or not store_order.has_all_items):
        ledger.judge(ProofSubject.SHIPMENT, key, *found)
    elif max(store_order.modified_at, order.updated_at) < work.now - _NUMBERS_FOR:
        text = f"Nothing of it changed in {_NUMBERS_FOR.days} days, and its numbers are final."
        ledger.leave_out(ProofSubject.SHIPMENT, key, ProofReason.SKIPPED, text)
    elif any(not package.tracking_number for package in packages):
        ledger.leave_out(ProofSubject.SHIPMENT, key, ProofReason.UNREADABLE, "TikTok Shop did not tell the number.")
    else:
        shipments = work.reads.shipments(store_order.id)
        providers = work.reads.providers(order)
        wrong = planning.compare_tracking(order, shipments, work.preferences.carriers, providers)
        ledger.judge(ProofSubject.SHIPMENT, key, *wrong)


def _judge_written(work: _Work, order: ShopOrder, store_order: StoreOrder) -> None:
    """Whether the store has what was shipped on TikTok."""
    if not to_write(order):
        work.ledger.judge(ProofSubject.SHIPMENT, order.id)
        return
    items = store_order.items if store_order.has_all_items else work.reads.items(store_order.id)
    found = list(planning.compare_written(order, items, work.links.get(order.id, {})))
    if not found and max(store_order.modified_at, order.updated_at) >= work.now - _NUMBERS_FOR:
        found += planning.compare_numbers(order, work.reads.shipments(store_order.id))
    work.ledger.judge(ProofSubject.SHIPMENT, order.id, *found)


def _judge_alone(order: ShopOrder, preferences: Preferences, unlinked: set[str], ledger: Ledger) -> None:
    """An order that the store does not have: rightly so, not yet, or not as it should be."""
    decision = importing.decide(order, preferences)
    if decision.verdict != "create":
        ledger.leave_out(ProofSubject.ORDER, order.id, ProofReason.SKIPPED, decision.reason)
    elif order.id in unlinked:
        ledger.leave_out(ProofSubject.ORDER, order.id, ProofReason.NOT_PLANNABLE, f"{messages.title('E-ORD-SKU')}.")
    else:
        ledger.judge(ProofSubject.ORDER, order.id, planning.order_missing(order.id))
