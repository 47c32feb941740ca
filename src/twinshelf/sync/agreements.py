"""Agreements: what a person has seen and agreed to be sent for a key, change by change. Nothing else of it is sent.

A mark that says so (`Signal.AGREED`) is held to them. A plan may have fewer changes than agreed (some were made, or are
needed no more); one that has another waits for a person, whoever changed the world meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from twinshelf.documents import AnyChange, Plan, finding
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.sync import lanes
from twinshelf.sync.models import Agreement


def digest(change: AnyChange) -> str:
    """What stands for a change, byte for byte."""
    return hashlib.sha256(msgspec.json.encode(change)).hexdigest()[:32]


def keep(account_id: int, kind: str, owner: str, agreed: Mapping[str, Sequence[str]]) -> None:
    """Keep what was agreed to, as digests by key; none: nothing may be sent of it. The last agreement counts."""
    lane = lanes.lane_of(account_id, kind, owner)
    now = clock.now()
    rows = [(lane.id, key, list(digests), now) for key, digests in agreed.items()]
    upsert(Agreement, account_id, ["lane_id", "key", "digests", "made_at"], rows, unique=["lane_id", "key"])


def of(lane_id: int, keys: Collection[str]) -> dict[str, frozenset[str]]:
    """What was agreed to for these keys; those without an agreement are left out."""
    if not keys:
        return {}
    rows = Agreement.objects.filter(lane_id=lane_id, key__in=list(keys))
    return {key: frozenset(digests) for key, digests in rows.values_list("key", "digests")}


def forget(lane_id: int, keys: Iterable[str]) -> None:
    """Drop the agreements of keys that are done with."""
    if some := list(keys):
        Agreement.objects.filter(lane_id=lane_id, key__in=some).delete()


def held_to(plan: Plan, agreed: frozenset[str]) -> Plan:
    """The plan, if it holds nothing but what was agreed to; else one that sends nothing and says so. Pure."""
    if all(digest(change) in agreed for change in plan.changes):
        return plan
    return msgspec.structs.replace(plan, changes=(), findings=(*plan.findings, finding("E-REV-MOVED")))
