"""The second look at what was sent and not answered, and the polls of a shop's listings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinshelf.connections.batches import ConnectionBatch
from twinshelf.documents import Plan
from twinshelf.kit import clock
from twinshelf.listings import actions, desiring, observing, suggesting
from twinshelf.sync import lanes, problems
from twinshelf.sync.flows import Closed, Flow, Signal

LATEST_SECONDS = 300.0
"""A call that got no answer has arrived after this, or never will."""

KIND = actions.POLLS

_READS: Mapping[str, str] = {"stock": "stock", "price": "listing"}
"""For what is pushed to the shop, the lane that reads there how it is."""


def look_again(batch: ConnectionBatch, closed: Sequence[Closed[Any]]) -> None:
    """Ask for a second look at keys whose call got no answer.

    Such a call may still arrive, behind a newer one, and put its old number in place of the right one.
    """
    lane = batch.lane
    keys = [f"{lane.kind} {each.key}" for each in closed if any(done.unknown for done in each.done)]
    due = clock.after(LATEST_SECONDS)
    lanes.ask(lane.account_id, KIND, lane.owner, keys, cause="no answer", priority=lanes.BULK, due_at=due)


def observe_polls(batch: ConnectionBatch, keys: Sequence[str]) -> Mapping[str, Plan]:
    """Carry out what was asked for.

    `listings` is the poll behind the webhooks, `stock 12` a second look; `categories`, `category 600042`,
    `suggestions` and `ranking` (the same without a call) are for the pages of templates and the category map.
    """
    if batch.preview:
        return {}
    return {key: _poll(batch, key) for key in keys}


def _poll(batch: ConnectionBatch, key: str) -> Plan:
    kind, _, product_id = key.partition(" ")
    match kind:
        case "listings":
            observing.scan_listings(batch.connection)
            problems.ask_held(batch.lane.account_id, batch.lane.owner)  # the shop answers
            return Plan(key=key)
        case "categories":
            observing.read_categories(batch.connection)
            return Plan(key=key)
        case "category":
            desiring.category_of(batch.connection.shop, product_id)
            return Plan(key=key)
        case "suggestions" | "ranking":
            suggesting.keep_suggestions(batch.connection, ask_tiktok=kind == "suggestions")
            return Plan(key=key)
    lane = batch.lane
    if lanes.is_asked(lane.account_id, kind, lane.owner, product_id):  # not through yet: the last try counts
        return Plan(key=key, later_seconds=LATEST_SECONDS)
    lanes.ask(
        lane.account_id,
        _READS[kind],
        lane.owner,
        [product_id],
        cause="refresh after no answer",
        priority=lanes.BULK,
        signals=Signal.LOOK,
    )
    return Plan(key=key)


def as_observed(plan: Plan) -> Plan:
    """The plan of flows whose observing says all there is to say. Pure."""
    return plan


POLLS = Flow(KIND, ConnectionBatch, observe_polls, as_observed, size=10)
