"""The inbox: webhooks on disk before they are acknowledged, each counted once, with what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from twinshelf.kit import clock
from twinshelf.sync import lanes


@dataclass(frozen=True)
class AskFor:
    """A key that a webhook makes us look at."""

    kind: str
    owner: str
    key: str
    priority: int = lanes.NORMAL


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

    False if the very same delivery was here before: it asks for nothing again.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into sync_inboxevent "
                "(account_id, source, dedupe, topic, subject, outcome, reason, received_at) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                [
                    account_id,
                    source,
                    dedupe[:100],
                    topic[:80],
                    subject[:120],
                    "ignored" if ignored_because else "applied",
                    ignored_because[:120],
                    connection.ops.adapt_datetimefield_value(clock.now()),
                ],
            )
            if not cursor.rowcount:
                return False
        keys: dict[tuple[str, str, int], list[str]] = {}
        for one in asks:
            keys.setdefault((one.kind, one.owner, one.priority), []).append(one.key)
        for (kind, owner, priority), some in keys.items():
            lanes.ask(account_id, kind, owner, some, reason=f"webhook {topic}"[:60], priority=priority)
    return True
