"""The orders of a connection, compared: each with its store order, what it asks for, and what was shipped of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinshelf import messages
from twinshelf.connections import actions as connection_actions
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import ProofReason, ProofSubject, ShopOrder, StoreOrder, Unreadable
from twinshelf.orders.bearers import bearers_of
from twinshelf.orders.intake import plan as importing
from twinshelf.orders.models import ShopOrderRow
from twinshelf.proof import plan as planning
from twinshelf.proof.plan import Ledger, Pair


@dataclass(frozen=True)
class Sold:
    """Both sides as just read: orders of the shop by id, all orders of the store, and what could not be read."""

    orders: Mapping[str, ShopOrder]
    unreadable_orders: tuple[Unreadable, ...]
    store_orders: tuple[StoreOrder, ...]
    unreadable_store_orders: tuple[Unreadable, ...]
    days: int
    """How far back the orders of the shop were read."""


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
    alone = [order for order in sold.orders.values() if order.id not in pairs]
    unlinked: set[str] = set()
    for start in range(0, len(alone), _A_QUERY):
        unlinked |= _unlinked(connection, alone[start : start + _A_QUERY])
    for order in sold.orders.values():
        pair = pairs.get(order.id, Pair(None))
        if pair.order is None:
            _judge_alone(order, preferences, unlinked, ledger)
            continue
        shipped = planning.compare_shipped(order, pair.order)
        ledger.judge(ProofSubject.ORDER, order.id, *planning.compare_order(order, pair))
        ledger.there(ProofSubject.SHIPMENT)
        ledger.judge(ProofSubject.SHIPMENT, order.id, *shipped)
        for entry in (pair.order, *pair.doubles):
            ledger.judge(ProofSubject.STORE_ORDER, entry.id)
        for entry in pair.others:
            text = "Archived in BigCommerce." if entry.archived else "A double that was canceled."
            ledger.leave_out(ProofSubject.STORE_ORDER, entry.id, ProofReason.SKIPPED, text)


def _unlinked(connection: Connection, orders: Sequence[ShopOrder]) -> set[str]:
    """The ids of those orders of which a SKU has no certain variant."""
    ids = [order.id for order in orders]
    rows = {row.order_id: row for row in ShopOrderRow.objects.filter(connection=connection, order_id__in=ids)}
    made = [(rows.get(order.id) or ShopOrderRow(connection=connection, order_id=order.id), order) for order in orders]
    found = bearers_of(connection, made)
    return {order.id for order in orders if any(line.sku_id not in found[order.id].links for line in order.lines)}


def _judge_alone(order: ShopOrder, preferences: Preferences, unlinked: set[str], ledger: Ledger) -> None:
    """An order that the store does not have: rightly so, not yet, or not as it should be."""
    decision = importing.decide(order, preferences)
    if decision.verdict != "create":
        ledger.leave_out(ProofSubject.ORDER, order.id, ProofReason.SKIPPED, decision.reason)
    elif order.id in unlinked:
        ledger.leave_out(ProofSubject.ORDER, order.id, ProofReason.NOT_PLANNABLE, f"{messages.title('E-ORD-SKU')}.")
    else:
        ledger.judge(ProofSubject.ORDER, order.id, planning.order_missing(order.id))
