"""The inbox: webhooks on disk before they are acknowledged, each counted once, with what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from twinshelf.kit import clock
from twinshelf.sync import lanes
from twinshelf.sync.models import InboxEvent


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
        try:
            with transaction.atomic():
                InboxEvent.objects.create(
                    account_id=account_id,
                    source=source,
                    dedupe=dedupe[:100],
                    topic=topic[:80],
                    subject=subject[:120],
                    outcome="ignored" if ignored_because else "applied",
                    reason=ignored_because[:120],
                    received_at=clock.now(),
                )
        except IntegrityError:
            return False
        for one in asks:
            lanes.ask(account_id, one.kind, one.owner, [one.key], reason=f"webhook {topic}"[:60], priority=one.priority)
    return True
