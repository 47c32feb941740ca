"""A preview: the same drafts that a push would apply, applied by nobody."""

from __future__ import annotations

from collections.abc import Sequence

from twinshelf.documents import Plan
from twinshelf.sync import lanes
from twinshelf.sync.flows import Ask, installed

PREVIEW = "preview"
"""The reason of asks that are only to be looked at: a draft that sees it records no state and links nothing."""


def preview(account_id: int, owner: str, kinds: Sequence[str], keys: Sequence[str]) -> list[Plan]:
    """The plans that asking for `keys` would make now, kind by kind, without sending anything outward."""
    plans: list[Plan] = []
    for kind in kinds:
        flow = installed.flows[kind]
        lane = lanes.ref(lanes.lane_of(account_id, kind, owner))
        for start in range(0, len(keys), flow.batch):
            plans += flow.draft_many(lane, [Ask(key, 0, PREVIEW, 0) for key in keys[start : start + flow.batch]])
    return plans
