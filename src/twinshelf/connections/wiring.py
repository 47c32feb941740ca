"""What stores and their connections as such bring to the engine: whether they let us in, and their webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinshelf.accounts.actors import ENGINE
from twinshelf.connections import actions, global_stores, shops
from twinshelf.connections.batches import StoreBatch
from twinshelf.documents import Plan
from twinshelf.sync import lanes
from twinshelf.sync.flows import Flow


def observe_store(batch: StoreBatch, keys: Sequence[str]) -> Mapping[str, Plan]:
    """Look after a store as such: whether it lets us in, and its webhooks."""
    if batch.preview:
        return {}
    actions.check_store(batch.store, by=ENGINE)
    return {key: Plan(key=key) for key in keys}


def plan_store(plan: Plan) -> Plan:
    """Nothing to change: looking after it has put everything right. Pure."""
    return plan


def _look_after_store(account_id: int, owner: str) -> None:
    lanes.ask(account_id, "store", owner, ["hooks"], cause="timetable")


FLOWS = (Flow("store", StoreBatch, observe_store, plan_store, size=10),)
TIMETABLES = {"store_hooks": _look_after_store, global_stores.TASK: global_stores.by_timetable}
TASKS = {"delete_shop": shops.delete_rows, global_stores.TASK: global_stores.carry_out}
