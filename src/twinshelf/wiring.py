"""Where everything meets: flows by kind of lane, tasks, timetables, and what domains tell each other upward.

To add a flow: a plan function, a draft and an apply, one row here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from twinshelf.connections import actions as connections
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.queries import working_connection
from twinshelf.documents import AnyChange, Plan
from twinshelf.errors import Transient
from twinshelf.goods import holds as inventory_actions
from twinshelf.goods import pulling
from twinshelf.kit import clock
from twinshelf.listings import actions as catalog_actions
from twinshelf.listings import content as catalog
from twinshelf.listings import linking, suggesting
from twinshelf.listings import observing as scanning
from twinshelf.listings import stock as inventory
from twinshelf.listings import visibility as switching
from twinshelf.orders.intake import flow as orders
from twinshelf.proof import reconcile as proof
from twinshelf.sync import lanes, problems
from twinshelf.sync.flows import Ask, Flow, LaneRef, installed

Apply = Callable[[LaneRef, str, AnyChange], str]

POLLS: Mapping[str, Callable[[Connection], object]] = {
    "orders": orders.poll_orders,
    "listings": scanning.scan_listings,
    "cancellations": orders.poll_cancellations,
    "store_orders": orders.poll_store_orders,
}
"""What a connection's own lane reads for each key."""

READS: Mapping[str, str] = {"stock": "stock", "price": "listing"}
"""For what is pushed to the shop, the lane that reads there how it is."""

LATEST_SECONDS = 300.0
"""A call that got no answer has arrived after this, or never will."""


def draft_connection(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Carry out the polls that were asked for. They read and ask; they change nothing outside."""
    connection = working_connection(lane.owner_id)
    plans = []
    for ask in asks:
        kind, _, key = ask.key.partition(" ")
        later = None
        if not key:
            POLLS[kind](connection)
        elif lanes.is_asked(lane.account_id, kind, lane.owner, key):  # not through yet: the last try counts
            later = LATEST_SECONDS
        else:
            reason = "refresh after no answer"
            lanes.ask(lane.account_id, READS[kind], lane.owner, [key], reason=reason, priority=lanes.BULK)
        plans.append(Plan(key=ask.key, later_seconds=later))
    return plans


def _looked_at_again(kind: str, apply: Apply) -> Apply:
    """`apply`, with a second look at keys whose call got no answer.

    Such a call may still arrive, behind a newer one, and put its old number in place of the right one.
    """

    def applied(lane: LaneRef, key: str, change: AnyChange) -> str:
        try:
            return apply(lane, key, change)
        except Transient as error:
            if error.outcome_unknown:
                again, due = [f"{kind} {key}"], clock.after(LATEST_SECONDS)
                lanes.ask(
                    lane.account_id,
                    "connection",
                    lane.owner,
                    again,
                    reason="no answer",
                    priority=lanes.BULK,
                    due_at=due,
                )
            raise

    return applied


def draft_store(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Look after a store as such: whether it lets us in, and its webhooks."""
    connections.check_store(Store.objects.get(id=lane.owner_id))
    return [Plan(key=ask.key) for ask in asks]


def _poll(key: str) -> Callable[[int, str], None]:
    def ask_for_it(account_id: int, owner: str) -> None:
        lanes.ask(account_id, "connection", owner, [key], reason="timetable")

    return ask_for_it


def _look_after_store(account_id: int, owner: str) -> None:
    lanes.ask(account_id, "store", owner, ["hooks"], reason="timetable")


def _read_store_products(_account_id: int, owner: str) -> None:
    """Read what changed in the store since the last pull: webhooks can be lost."""
    store = Store.objects.get(id=int(owner.partition(":")[2]))
    catalog_actions.pull(store, since=store.pulled_at)


def _read_store_anew(_account_id: int, owner: str) -> None:
    """Read all of the store: a change that moved no modification time is found by nothing else."""
    catalog_actions.pull(Store.objects.get(id=int(owner.partition(":")[2])))


def _compare(_account_id: int, owner: str) -> None:
    inventory_actions.compare(Connection.objects.get(id=int(owner.partition(":")[2])))


def _try_refused_again(account_id: int, owner: str) -> None:
    problems.ask_again(account_id, owner, ("price", "stock"), younger_than=timedelta(hours=1))


def no_change(_lane: LaneRef, _key: str, change: AnyChange) -> str:
    """For lanes whose plans change nothing outside. Raises TypeError: a plan with a change in it is a bug."""
    msg = f"{type(change).__name__} is not a change of this lane"
    raise TypeError(msg)


def suggest_template(connection: Connection) -> dict[str, Any]:
    """A default template to begin with, as `catalog.actions.set_default_template` takes it. Asks TikTok Shop."""
    return suggesting.suggest_template(connection)


def install() -> None:
    """Make it all known to the engine. Call once per process, after Django is set up; repeating it changes nothing."""
    listings = catalog.ListingFlow(inventory.offered)
    pulling.stock_read = inventory_actions.stock_was_read
    linking.released = orders.released
    installed.install(
        [
            Flow("product", pulling.draft_products, no_change, batch=250, gather_seconds=0.5, queue="orders"),
            Flow(
                "listing",
                listings.draft_many,
                listings.apply,
                before=listings.before,
                keep=listings.keep,
                batch=100,
                queue="bulk",
            ),
            Flow(
                "price",
                catalog.draft_prices,
                _looked_at_again("price", catalog.apply_price),
                keep=catalog.keep_prices,
                batch=100,
                queue="sync",
            ),
            Flow(
                "stock",
                inventory.draft_stock,
                _looked_at_again("stock", inventory.apply_stock),
                keep=inventory.keep_stock,
                batch=100,
                queue="orders",
            ),
            Flow(
                "order",
                orders.draft_orders,
                orders.apply_order,
                before=orders.attempt_orders,
                after=orders.finish_orders,
                batch=100,
                queue="orders",
                retry_seconds=orders.order_retry_seconds,
            ),
            Flow("shipment", orders.draft_shipments, orders.apply_shipment, batch=50, queue="orders"),
            Flow("cancellation", orders.draft_cancellations, orders.apply_cancellation, batch=50, queue="orders"),
            Flow("connection", draft_connection, no_change, batch=10, queue="sync"),
            Flow("store", draft_store, no_change, batch=10, queue="sync"),
        ],
        tasks={
            "pull": pulling.pull,
            "fetch_orders": orders.fetch,
            "prove": proof.prove,
            "switch_listings": switching.switch_listings,
        },
        schedules={
            "shop_orders": _poll("orders"),
            "shop_listings": _poll("listings"),
            "shop_cancellations": _poll("cancellations"),
            "store_orders": _poll("store_orders"),
            "store_products": _read_store_products,
            "store_hooks": _look_after_store,
            "store_comparison": _read_store_anew,
            "shop_comparison": _compare,
            "shop_refusals": _try_refused_again,
        },
    )
