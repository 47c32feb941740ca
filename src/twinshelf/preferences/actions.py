"""What may be done to a connection's preferences: change some, set a change back, read TikTok's carriers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from twinshelf.accounts import audit
from twinshelf.accounts import queries as accounts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences, preferences_from_json
from twinshelf.listings import actions as listings
from twinshelf.listings.incoming.queries import DryRun, dry_run
from twinshelf.orders import actions as orders
from twinshelf.orders.fulfillment.carriers import read_providers
from twinshelf.preferences.effects import PRIORITIES, concerned
from twinshelf.preferences.fields import Field, differing, set_back, with_values
from twinshelf.rules.quantities import rarely_enough
from twinshelf.rules.sync_rules import Ticks, choices_of
from twinshelf.sync import lanes

CHANGES = ("preferences.change", "preferences.undo", "preferences.tick", "connections.set_preferences")
"""What changes are called in the audit log: their entries are the history of a connection's preferences."""


@dataclass(frozen=True)
class Changed:
    """What a change did: the preferences that are other now, and how many keys of each kind of lane were asked for."""

    fields: tuple[Field, ...]
    asked: Mapping[str, int]
    overwrites: bool = False
    """The store's own stock is overwritten from now on."""
    low_limit: int | None = None
    """The low-stock limit that was chosen, where it is so low that people are warned."""


class NothingToUndo(Exception):
    """There is no such change of this connection, or a later one has chosen something else."""


class NotAgreed(Exception):
    """Another catalog direction is chosen while both sides have products, and nobody has agreed to what it would do.

    `found` is what it would do now. Nothing was changed.
    """

    def __init__(self, found: DryRun) -> None:
        self.found = found
        super().__init__(f"{found.direction} would make {len(found.created)} product(s)")


def change(connection: Connection, values: Mapping[str, Any], *, by: Actor, agreed: str = "") -> Changed:
    """Choose some preferences, by their names on record; the others stay. What it concerns is looked at again.

    Another catalog direction, with products on both sides, needs `agreed`, the fingerprint of the dry run that somebody
    has seen. Raises NotAgreed without it, and where it would do something else by now.

    Where a rate is confirmed, the store is asked in which currencies it takes orders: what is missing there is told
    before anything is listed. Safe to repeat: what is chosen already changes nothing. Raises DocumentError naming the
    one that does not fit.
    """
    if values.get("exchange_rate"):
        connections.look_at_currencies(connection)
    with transaction.atomic():
        before = preferences_from_json(_on_record(connection))
        after = with_values(before, values)
        _must_agree(connection, before, after, agreed)
        return _replace(connection, before, after, by, "preferences.change")


def _must_agree(connection: Connection, before: Preferences, after: Preferences, agreed: str) -> None:
    if after.catalog_direction == before.catalog_direction:
        return
    found = dry_run(connection, after.catalog_direction)
    if found.both and found.fingerprint != agreed:
        raise NotAgreed(found)


def tick(connection: Connection, ticks: Ticks, *, by: Actor) -> Changed:
    """Choose the sync rules by three ticks (SYN-3), as `change` does. Safe to repeat."""
    with transaction.atomic():
        before = preferences_from_json(_on_record(connection))
        after = with_values(before, choices_of(ticks, before.sync))
        return _replace(connection, before, after, by, "preferences.tick")


def undo(connection: Connection, entry_id: int, *, by: Actor, agreed: str = "") -> Changed:
    """Set back what one change chose, as long as nothing else was chosen since. Raises NothingToUndo.

    Raises NotAgreed as `change` does: to go back to a catalog direction is to choose it.
    """
    entry = accounts.audit_entry(entry_id, CHANGES, f"connection:{connection.id}")
    if entry is None:
        raise NothingToUndo
    with transaction.atomic():
        known = _on_record(connection)
        back = set_back(known, entry.before or {}, entry.after or {})
        if back is None:
            raise NothingToUndo
        before, after = preferences_from_json(known), preferences_from_json(back)
        _must_agree(connection, before, after, agreed)
        return _replace(connection, before, after, by, "preferences.undo")


def read_carriers(connection: Connection, *, by: Actor) -> int:
    """Ask TikTok which carriers the shop may name, for choosing from; how many there are. Safe to repeat."""
    found = read_providers(connection)
    with transaction.atomic():
        audit.record(by, connection.account_id, "preferences.read_carriers", f"connection:{connection.id}")
    return len(found)


def _on_record(connection: Connection) -> Mapping[str, Any]:
    """The stored choices, of the row and not of the object in hand: somebody may have chosen meanwhile."""
    rows = Connection.objects.select_for_update().values_list("preferences", flat=True)
    stored: Mapping[str, Any] = rows.get(id=connection.id)
    return stored


def _replace(connection: Connection, before: Preferences, after: Preferences, by: Actor, action: str) -> Changed:
    changed = differing(before, after)
    if not changed:
        return Changed((), {})
    connections.set_preferences(connection, after, by=by, action=action)
    keys: dict[str, set[str]] = {}
    for kind, some in concerned(connection, before, after, changed):
        keys.setdefault(kind, set()).update(some)
    owner = f"connection:{connection.id}"
    for kind, priority in PRIORITIES.items():
        lanes.ask(
            connection.account_id, kind, owner, keys.get(kind, ()), cause=f"settings: {by.name}", priority=priority
        )
    if after.pull_store_orders and not before.pull_store_orders:
        orders.fetch_store_orders(connection, by=by)
    if before.last_units != after.last_units:
        listings.compare_stock_of_siblings(connection, cause=f"settings: {by.name}")
    asked = {kind: len(keys[kind]) for kind in PRIORITIES if keys.get(kind)}
    chosen = after.threshold if after.threshold != before.threshold else None
    pushes = after.inventory_direction == "tts_to_bc" != before.inventory_direction
    return Changed(changed, asked, overwrites=pushes, low_limit=chosen if rarely_enough(chosen) else None)
