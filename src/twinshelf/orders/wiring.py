"""What orders bring to the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twinshelf.connections.batches import UrgentBatch
from twinshelf.connections.models import Connection
from twinshelf.documents import Plan
from twinshelf.orders.cancellations import flow as cancellations
from twinshelf.orders.cancellations.polls import poll_cancellations
from twinshelf.orders.fulfillment import flow as fulfillment
from twinshelf.orders.fulfillment.polls import poll_store_orders
from twinshelf.orders.intake import flow as intake
from twinshelf.orders.intake.polls import fetch, fetch_own, poll_orders
from twinshelf.orders.intake.references import REFERENCES
from twinshelf.orders.packages.flow import PACKAGES
from twinshelf.orders.returns import flow as returns
from twinshelf.orders.returns.polls import fetch_returns, poll_returns
from twinshelf.sync import lanes
from twinshelf.sync.flows import SYNC, Flow

KIND = "orders_poll"

POLLS: Mapping[str, Callable[[Connection], object]] = {
    "orders": poll_orders,
    "cancellations": poll_cancellations,
    "returns": poll_returns,
    "store_orders": poll_store_orders,
}


def observe_polls(batch: UrgentBatch, keys: Sequence[str]) -> Mapping[str, Plan]:
    """Carry out the polls that were asked for. They read and mark; they change nothing outside."""
    if batch.preview:
        return {}
    for key in keys:
        POLLS[key](batch.connection)
    return {key: Plan(key=key) for key in keys}


def plan_poll(plan: Plan) -> Plan:
    """Nothing to change. Pure."""
    return plan


def _poll(*keys: str) -> Callable[[int, str], None]:
    def ask_for_it(account_id: int, owner: str) -> None:
        lanes.ask(account_id, KIND, owner, keys, cause="timetable")

    return ask_for_it


FLOWS = (
    intake.INTAKE,
    REFERENCES,
    fulfillment.SHIPMENTS,
    PACKAGES,
    cancellations.CANCELLATIONS,
    returns.RETURNS,
    Flow(KIND, UrgentBatch, observe_polls, plan_poll, size=10, queue=SYNC),
)
TASKS = {"fetch_orders": fetch, "fetch_returns": fetch_returns, "fetch_store_orders": fetch_own}
TIMETABLES = {
    "shop_orders": _poll("orders"),
    "shop_cancellations": _poll("cancellations", "returns"),
    "store_orders": _poll("store_orders"),
}
