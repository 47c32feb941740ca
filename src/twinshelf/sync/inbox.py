"""The inbox: webhooks on disk before they are acknowledged, each counted once, with what was made of it.

Deliveries that come while others are being written wait for each other and are written together: a transaction for
each, with its own look at the same few lanes, cost most of what a webhook cost.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import OperationalError, connection, transaction
from django_scopes import scope

from twinshelf.accounts.models import Account
from twinshelf.kit import clock, patience
from twinshelf.sync import lanes
from twinshelf.sync.flows import Signal


@dataclass(frozen=True)
class AskFor:
    """A key that a webhook makes us look at."""

    kind: str
    owner: str
    key: str
    priority: int = lanes.NORMAL
    signals: Signal = Signal.NONE


def receive(
    account_id: int,
    source: str,
    *,
    dedupe: str,
    topic: str,
    subject: str,
    asks: Sequence[AskFor],
    ignored_because: str = "",
) -> bool:
    """Store an event and ask for what it hints at, in one transaction: once this returns it may be acknowledged.

    False if the very same delivery was here before: it asks for nothing again. Not to be called inside a transaction,
    whose end would decide what was promised here.
    """
    delivery = _Delivery(account_id, source, dedupe[:100], topic[:80], subject[:120], asks, ignored_because[:120])
    with _guard:
        _waiting.append(delivery)
    with _writing:
        if not delivery.settled:  # whoever wrote last did not take it along: now it is our turn, with all who wait
            with _guard:
                together = _waiting[:]
                _waiting.clear()
            if clock.monotonic() < _refused_until:
                patience.wait_at_most(patience.PROBE_SECONDS)
            _write(together)
    if delivery.error is not None:
        raise delivery.error
    if not delivery.settled:  # whoever had it in hand died
        msg = "the delivery was not stored"
        raise RuntimeError(msg)
    return delivery.new


@dataclass(eq=False)
class _Delivery:
    account_id: int
    source: str
    dedupe: str
    topic: str
    subject: str
    asks: Sequence[AskFor]
    ignored_because: str
    new: bool = False
    settled: bool = False
    error: BaseException | None = field(default=None, repr=False)


_waiting: list[_Delivery] = []
_guard = threading.Lock()
_writing = threading.Lock()
_REFUSED_SECONDS = 5.0
_refused_until = 0.0
"""While the database takes nothing, each delivery tries it only shortly: those behind it wait for that."""


def _write(deliveries: Sequence[_Delivery]) -> None:
    """Settle each, together if they let themselves be written together: one that does not keeps no other from it."""
    global _refused_until  # noqa: PLW0603 - one database per process
    try:
        new = _store(deliveries)
    except BaseException as error:  # noqa: BLE001 - raised by whoever brought the delivery
        if isinstance(error, OperationalError):
            _refused_until = clock.monotonic() + _REFUSED_SECONDS
        if len(deliveries) > 1 and isinstance(error, Exception) and not isinstance(error, OperationalError):
            for delivery in deliveries:
                _write([delivery])
            return
        for delivery in deliveries:
            delivery.error, delivery.settled = error, True
        return
    for delivery in deliveries:
        delivery.new, delivery.settled = delivery in new, True


def _store(deliveries: Sequence[_Delivery]) -> set[_Delivery]:
    """Those that were not here before; on disk, with all that they ask for, when this returns."""
    with transaction.atomic(durable=True):
        new = _insert(deliveries)
        wanted: dict[tuple[int, str, str], dict[str, tuple[int, Signal, str]]] = {}
        for delivery in new:
            for one in delivery.asks:
                of_lane = wanted.setdefault((delivery.account_id, one.kind, one.owner), {})
                before, signals, _cause = of_lane.get(one.key, (one.priority, Signal.NONE, ""))
                # As a mark that is there already: the most urgent counts, and signals join.
                of_lane[one.key] = min(one.priority, before), one.signals | signals, f"webhook {delivery.topic}"
        for (account_id, kind, owner), keys in sorted(wanted.items()):
            with scope(account=Account(id=account_id)):
                lanes.ask_each(account_id, kind, owner, [(key, *ask) for key, ask in keys.items()])
    return set(new)


def _insert(deliveries: Sequence[_Delivery]) -> list[_Delivery]:
    received_at = connection.ops.adapt_datetimefield_value(clock.now())
    row = "(%s, %s, %s, %s, %s, %s, %s, %s)"
    values = [
        value
        for d in deliveries
        for value in (
            d.account_id, d.source, d.dedupe, d.topic, d.subject, "ignored" if d.ignored_because else "applied",
            d.ignored_because, received_at,
        )
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into sync_inboxevent "  # noqa: S608 - made of placeholders alone
            "(account_id, source, dedupe, topic, subject, outcome, reason, received_at) "
            f"values {', '.join([row] * len(deliveries))} on conflict do nothing returning account_id, source, dedupe",
            values,
        )
        stored = set(cursor.fetchall())
    first: dict[tuple[int, str, str], _Delivery] = {}
    for delivery in deliveries:  # of equal ones among them, one was stored
        first.setdefault((delivery.account_id, delivery.source, delivery.dedupe), delivery)
    return [delivery for key, delivery in first.items() if key in stored]
