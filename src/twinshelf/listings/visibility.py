"""Listings put on sale or taken off where a person says so; nothing of them is edited."""

from __future__ import annotations

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.listings.models import ListingRow, ListingState
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task
from twinshelf.tiktok.errors import PartlyRefused

_SWITCH_AT_ONCE = 20


def switch_listings(task: Task) -> bool:
    """Task: put listings on sale or take them off, 20 a call. Those in the wrong state are skipped with a reason."""
    connection = Connection.objects.select_related("shop").get(id=int(task.params["connection"]))
    on = bool(task.params["on"])
    lane = lanes.lane_of(task.account_id, "listing", task.owner)
    client = clients.shop_client(connection.shop)
    fit = {ListingState.INACTIVE_SELLER, ListingState.INACTIVE_SYSTEM} if on else {ListingState.LIVE}
    rows = {
        row.product_id: row
        for row in ListingRow.objects.filter(connection=connection, product_id__in=task.params["products"])
    }
    skipped = [i for i in task.params["products"] if i not in rows or rows[i].state not in fit]
    reason = "not off" if on else "not live"
    tasks.note_items(task, lane, [(str(i), "skipped", f"The product is {reason}.") for i in skipped])
    wanted = [rows[i] for i in task.params["products"] if i in rows and rows[i].state in fit]
    for start in range(0, len(wanted), _SWITCH_AT_ONCE):
        some = wanted[start : start + _SWITCH_AT_ONCE]
        refused: dict[str, str] = {}
        try:
            (client.activate if on else client.deactivate)([row.tiktok_id for row in some])
        except PartlyRefused as error:
            refused = dict(error.fields)
        items = []
        for row in some:
            why = refused.get(row.tiktok_id, "")
            if not why:
                _set_state(row, ListingState.REVIEWING if on else ListingState.INACTIVE_SELLER)
            items.append((str(row.product_id), "failed" if why else "succeeded", why))
        tasks.note_items(task, lane, items)
    task.refresh_from_db()
    tasks.carried_out(task)
    return False


def _set_state(row: ListingRow, state: str) -> None:
    if row.state != state:
        row.state = state
        row.save(update_fields=["state"])
