"""The merchant's choices for a connection, read and replaced. What there is to choose stands in `preferences`."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences, preferences_from_json, preferences_to_json
from twinshelf.sync import lanes, problems, schedules

_HOUR = 3600


def preferences(connection: Connection) -> Preferences:
    """The merchant's choices for this connection. Raises DocumentError if one on record does not fit any more."""
    return preferences_from_json(connection.preferences)


def set_preferences(
    connection: Connection, chosen: Preferences, *, by: Actor, action: str = "connections.set_preferences"
) -> None:
    """Replace the choices of a connection. They apply from the next plan on; what waited for one is tried again.

    `action` is what the audit log calls it. Raises DocumentError naming the choice that does not fit.
    """
    checked = preferences_from_json(preferences_to_json(chosen))
    with transaction.atomic():
        # Of the row, not of the object in hand: somebody may have chosen meanwhile.
        known = Connection.objects.select_for_update().values_list("preferences", flat=True).get(id=connection.id)
        connection.preferences = preferences_to_json(checked)
        connection.save(update_fields=["preferences"])
        owner = f"connection:{connection.id}"
        before, after = changed(known, connection.preferences)  # None: the default
        record(by, connection.account_id, action, owner, before=before, after=after)
        schedules.set_schedule(connection.account_id, "shop_orders", owner, checked.order_poll_minutes * 60)
        store = f"store:{connection.store_id}"
        if checked.pull_locations:
            schedules.set_schedule(connection.account_id, "store_locations", store, _HOUR)
            schedules.set_schedule(connection.account_id, "shop_warehouses", owner, _HOUR)
        if checked.pull_locations != known.get("pull_locations", False):
            lanes.ask(connection.account_id, "location", store, ["all"], cause=f"settings: {by.name}")
        for token in ("rate", "tax", "carrier", "template", "region"):
            problems.unblock(connection.account_id, token)
