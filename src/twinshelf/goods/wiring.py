"""What the store's goods bring to the engine."""

from __future__ import annotations

from twinshelf.accounts.actors import ENGINE
from twinshelf.connections.models import Store
from twinshelf.goods import actions, pulling
from twinshelf.sync import lanes


def _read_changed_products(_account_id: int, owner: str) -> None:
    """Read what changed in the store since the last pull: webhooks can be lost."""
    store = _store(owner)
    actions.pull(store, since=store.pulled_at, by=ENGINE)


def _read_all_products(_account_id: int, owner: str) -> None:
    """Read all of the store: a change that moved no modification time is found by nothing else."""
    actions.pull(_store(owner), by=ENGINE)


def _read_locations(account_id: int, owner: str) -> None:
    """Read the store's locations: it sends no webhook of one that was deleted."""
    lanes.ask(account_id, "location", owner, ["all"], cause="timetable")


def _store(owner: str) -> Store:
    return Store.objects.get(id=int(owner.partition(":")[2]))


FLOWS = (pulling.PRODUCTS, pulling.LOCATIONS)
TASKS = {"pull": pulling.pull}
TIMETABLES = {
    "store_products": _read_changed_products,
    "store_comparison": _read_all_products,
    "store_locations": _read_locations,
}
