"""The warehouse flow: a shop's warehouses read anew, and what that means for the push rules of its connection.

Reads both sides and changes none: what a rule can send no more is told, and somebody chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinshelf.connections import warehouses
from twinshelf.connections.batches import ConnectionBatch
from twinshelf.connections.models import Connection
from twinshelf.documents import Plan
from twinshelf.goods import locations
from twinshelf.goods.models import Location
from twinshelf.goods.selections import every_listed
from twinshelf.rules import push_rules
from twinshelf.rules.warehouses import Place, SeenRule, rule_findings
from twinshelf.sync import lanes, problems
from twinshelf.sync.flows import Flow

KIND = "warehouse"
EVERY = "all"
"""The key that has the warehouses read; every other key is the id of one that a rule names."""


def observe_warehouses(batch: ConnectionBatch, keys: Sequence[str]) -> Mapping[str, SeenRule]:
    """Read the shop's warehouses where asked for, and the rules of these keys with what is on either side of them."""
    connection = batch.connection
    if batch.preview:
        return {}
    before = {each.id: each.name for each in warehouses.of(connection.shop)}
    if EVERY in keys:
        enabled = push_rules.open_warehouses(connection)
        warehouses.read(connection.shop)
        if batch.preferences.pull_locations:
            push_rules.begin(connection)
        _ask_for_each(connection, opened=push_rules.open_warehouses(connection) - enabled)
    return seen_rules(connection, [key for key in keys if key != EVERY], names=before) | {
        key: SeenRule(key=key, name="", warehouse=None, sources=()) for key in keys if key == EVERY
    }


def _ask_for_each(connection: Connection, *, opened: set[str]) -> None:
    """Look at each rule, and at those that have a problem and no rule any more.

    As soon as a warehouse is open, what it should have is sent.
    """
    owner = f"connection:{connection.id}"
    codes = ("E-WHS-GONE", "E-WHS-OFF", "W-WHS-HOLIDAY", "E-LOC-GONE", "E-LOC-OFF")
    keys = push_rules.fed(connection) | set(problems.open_keys(connection.account_id, owner, *codes))
    lanes.ask(connection.account_id, KIND, owner, keys, cause="warehouses read", priority=lanes.URGENT)
    if opened & push_rules.fed(connection):
        keys = set(every_listed(connection))
        lanes.ask(connection.account_id, "stock", owner, keys, cause="a warehouse was opened", priority=lanes.URGENT)


def seen_rules(connection: Connection, ids: Sequence[str], *, names: Mapping[str, str]) -> dict[str, SeenRule]:
    """The rules of these warehouses with what was last read on both sides, by warehouse id.

    One without a rule has nothing to tell; where no rule is made at all, the connection's own warehouse gets all stock.
    """
    push = push_rules.push_of(connection)
    rules = {each.warehouse_id: each for each in push.sources} if push is not None else {}
    there = {each.id: each for each in warehouses.of(connection.shop)}
    places = locations.known(connection.store)
    found = {}
    for key in ids:
        source = rules.get(key)
        if source is None and (push is not None or key != connection.warehouse_id):
            continue  # nothing is sent there: what was told of it ends
        at = tuple(_place(places[each]) for each in source.sends if each in places) if source is not None else ()
        name = there[key].name if key in there else names.get(key) or key
        units = sum(each.units for each in at if each.enabled and not each.removed)
        found[key] = SeenRule(key=key, name=name, warehouse=there.get(key), sources=at, units=units)
    return found


def _place(row: Location) -> Place:
    units = row.units if row.usable else row.lost_units
    return Place(row.location_id, row.name, row.enabled, row.removed_at is not None, units)


def plan_warehouse(seen: SeenRule) -> Plan:
    """What a person must know of one rule; nothing of reading them all. Pure."""
    return Plan(key=seen.key, findings=() if seen.key == EVERY else rule_findings(seen))


WAREHOUSES = Flow(KIND, ConnectionBatch, observe_warehouses, plan_warehouse, size=50)
