"""A preview: the plans that a push would apply, applied by nobody."""

from __future__ import annotations

from collections.abc import Sequence

from twinshelf.documents import Plan
from twinshelf.sync import drain, lanes
from twinshelf.sync.flows import Ask, installed


def preview(account_id: int, owner: str, kinds: Sequence[str], keys: Sequence[str]) -> list[Plan]:
    """The plans that asking for `keys` would make now, kind by kind. Reads both sides; writes and sends nothing."""
    plans: list[Plan] = []
    for kind in kinds:
        flow = installed.flows[kind]
        lane = lanes.lane_of(account_id, kind, owner)
        for start in range(0, len(keys), flow.size):
            some = keys[start : start + flow.size]
            batch = drain.open_batch(lane, flow, [Ask(key, 0, "", 0) for key in some], preview=True)
            plans += [plan for _key, _seen, plan in drain.plans_of(flow, batch, some)]
    return plans
