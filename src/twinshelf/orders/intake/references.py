"""The reference flow: the store's order ids written beside TikTok's orders, a hundred a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinshelf.connections.batches import UrgentBatch
from twinshelf.documents import AnyChange, Plan, ReferenceOrder
from twinshelf.orders import book
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync.flows import BULK, Closed, Flow, Made
from twinshelf.tiktok.errors import PartlyRefused
from twinshelf.tiktok.orders import Reference

_A_CALL = 100
_LINES = 100
"""Lines that TikTok takes of one order."""


@dataclass(frozen=True)
class SeenReference:
    """An order with its store order, and whether TikTok has been told. `unit_ids` are TikTok's."""

    order_id: str
    store_order_id: str | None
    referenced: bool
    unit_ids: tuple[str, ...]


def observe_references(batch: UrgentBatch, keys: Sequence[str]) -> Mapping[str, SeenReference]:
    """These orders as they are on record."""
    rows = ShopOrderRow.objects.filter(connection=batch.connection, order_id__in=list(keys))
    return {
        row.order_id: SeenReference(
            row.order_id,
            row.store_order_id,
            row.referenced,
            tuple(unit for line in book.order_of(row).lines for unit in line.unit_ids),
        )
        for row in rows
    }


def plan_reference(seen: SeenReference) -> Plan:
    """Tell TikTok once. Pure."""
    if seen.store_order_id is None or seen.referenced:
        return Plan(key=seen.order_id)
    lines = tuple((f"{seen.store_order_id}-{number}", unit) for number, unit in enumerate(seen.unit_ids[:_LINES], 1))
    change = ReferenceOrder(shop_order_id=seen.order_id, store_order_id=seen.store_order_id, lines=lines)
    return Plan(key=seen.order_id, changes=(change,))


def apply_references(batch: UrgentBatch, changes: Sequence[tuple[str, AnyChange]]) -> Mapping[str, Made | Exception]:
    """Write up to a hundred references by one call. Safe to repeat: it sets."""
    references = [
        Reference(shop_order_id=change.shop_order_id, store_order_id=change.store_order_id, lines=change.lines)
        for _key, change in changes
        if isinstance(change, ReferenceOrder)
    ]
    refused: Mapping[str, Exception] = {}
    try:
        batch.shop_client.add_references(references)
    except PartlyRefused as error:
        refused = error.one_by_one()
    # A refused reference is not tried for ever: it is a help, not part of the order.
    return {key: Made(f"left out: {refused[key]}" if key in refused else "referenced") for key, _change in changes}


def record_references(batch: UrgentBatch, closed: Sequence[Closed[SeenReference]]) -> None:
    """Keep which orders are done with."""
    told = [each.key for each in closed if any(done.made is not None for done in each.done)]
    ShopOrderRow.objects.filter(connection=batch.connection, order_id__in=told).update(referenced=True)


REFERENCES = Flow(
    "reference",
    UrgentBatch,
    observe_references,
    plan_reference,
    record=record_references,
    apply_together=apply_references,
    together=_A_CALL,
    size=_A_CALL,
    gather_seconds=1.0,
    queue=BULK,
)
