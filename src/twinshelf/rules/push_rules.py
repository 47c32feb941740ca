"""The push rules of a connection: read for those who plan, and changed by people (WHS-2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.connections import warehouses as shop_warehouses
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import Warehouse, WarehouseStatus
from twinshelf.errors import DocumentError
from twinshelf.goods import locations
from twinshelf.goods.models import Location
from twinshelf.goods.selections import every_listed
from twinshelf.kit import clock
from twinshelf.listings.models import ListingRow
from twinshelf.rules.models import LocationLink, PushRule
from twinshelf.rules.warehouses import Push, Refusal, Repair, Source, repair_of, untouchable
from twinshelf.sync import lanes


def push_of(connection: Connection) -> Push | None:
    """The push rules of a connection; None where its locations are not pulled, or none is linked to a warehouse."""
    if not preferences_from_json(connection.preferences).pull_locations:
        return None
    rules = rules_of(connection)
    default = locations.default_of(connection.store_id)
    linked: dict[str, list[str]] = {}
    for each in links_of(connection):
        linked.setdefault(each.warehouse_id, []).append(each.location_id)
    if not default or not any(linked.get(each.warehouse_id) for each in rules):
        return None
    sources = [Source(each.warehouse_id, tuple(linked.get(each.warehouse_id, ())), each.location_id) for each in rules]
    return Push(tuple(sources), default)


def rules_of(connection: Connection) -> Sequence[PushRule]:
    """The rules of a connection in their order."""
    return list(PushRule.objects.filter(connection=connection).order_by("position", "id"))


def links_of(connection: Connection) -> Sequence[LocationLink]:
    """The linked locations of a connection, those of a warehouse in the order in which orders are taken from them."""
    return list(LocationLink.objects.filter(connection=connection).order_by("position", "id"))


def begin(connection: Connection) -> None:
    """Make the first rule: the default location feeds the warehouse that has all stock so far. Safe to repeat.

    So nothing that is offered changes when locations are pulled for the first time.
    """
    default = locations.default_of(connection.store_id)
    if not default or not connection.warehouse_id or LocationLink.objects.filter(connection=connection).exists():
        return
    owner: dict[str, Any] = {"account_id": connection.account_id, "connection": connection}
    with transaction.atomic():
        PushRule.objects.get_or_create(**owner, warehouse_id=connection.warehouse_id)
        LocationLink.objects.get_or_create(
            connection=connection,
            location_id=default,
            defaults={"account_id": connection.account_id, "warehouse_id": connection.warehouse_id},
        )


def set_rule(
    connection: Connection, warehouse_id: str, *, linked: Sequence[str], only: str = "", by: Actor, action: str = "set"
) -> None:
    """Have a warehouse get the stock of the locations `linked`, or of one of them `only`; other warehouses lose them.

    Orders of the warehouse are taken from the locations in this order. What it changes is sent at once. Safe to repeat.
    Raises DocumentError where the shop does not sell from the warehouse, or the store has no such location.
    """
    if warehouse_id not in {each.id for each in shop_warehouses.of(connection.shop)}:
        raise DocumentError("warehouse", "The shop does not sell from this warehouse.")
    there = {row.location_id for row in locations.known(connection.store).values() if row.removed_at is None}
    wanted = list(dict.fromkeys([*linked, *([only] if only else [])]))
    if unknown := [each for each in wanted if each not in there]:
        raise DocumentError("location", f"The store has no location {unknown[0]}.")
    with transaction.atomic():
        before = _told(connection)
        owner: dict[str, Any] = {"account_id": connection.account_id, "connection": connection}
        place = PushRule.objects.filter(connection=connection).aggregate(last=Max("position"))["last"]
        PushRule.objects.update_or_create(
            connection=connection,
            warehouse_id=warehouse_id,
            defaults={"location_id": only, "chosen": True},
            create_defaults={
                **owner,
                "location_id": only,
                "chosen": True,
                "position": 0 if place is None else place + 1,
            },
        )
        _link(connection, warehouse_id, wanted)
        _changed(connection, before, by, f"rules.push_rule_{action}")


def remove_rule(connection: Connection, warehouse_id: str, *, by: Actor) -> None:
    """Have a warehouse get no stock any more; its locations are linked no more. Safe to repeat.

    Raises DocumentError for the last one: then nothing would be offered.
    """
    if not PushRule.objects.filter(connection=connection).exclude(warehouse_id=warehouse_id).exists():
        raise DocumentError("warehouse", "One warehouse must get the stock. Choose another one for this rule instead.")
    with transaction.atomic():
        before = _told(connection)
        PushRule.objects.filter(connection=connection, warehouse_id=warehouse_id).delete()
        LocationLink.objects.filter(connection=connection, warehouse_id=warehouse_id).delete()
        _changed(connection, before, by, "rules.push_rule_remove")


def replace_warehouse(connection: Connection, old: str, new: str, *, by: Actor) -> None:
    """Have another warehouse take the place of one: it gets its stock, its locations and its products from now on.

    What is listed there is put into the new one by the next sending. Safe to repeat. Raises DocumentError where the
    shop does not sell from the new one.
    """
    usable = {each.id for each in shop_warehouses.of(connection.shop) if each.enabled}
    if new not in usable:
        raise DocumentError("warehouse", "The shop does not sell from this warehouse.")
    if old == new:
        return
    with transaction.atomic():
        before = _told(connection)
        taken = PushRule.objects.filter(connection=connection, warehouse_id=new).exists()
        old_rule = PushRule.objects.filter(connection=connection, warehouse_id=old)
        if taken:
            old_rule.delete()
        elif not old_rule.update(warehouse_id=new, refused_at=None, chosen=True):
            owner: dict[str, Any] = {"account_id": connection.account_id, "connection": connection}
            PushRule.objects.create(**owner, warehouse_id=new, chosen=True)
        LocationLink.objects.filter(connection=connection, warehouse_id=old).update(warehouse_id=new)
        ListingRow.objects.filter(connection=connection, warehouse_id=old).update(warehouse_id=new)
        if connection.warehouse_id == old:
            Connection.objects.filter(id=connection.id).update(warehouse_id=new)
            connection.warehouse_id = new
        _changed(connection, before, by, "rules.push_rule_replace")


def link(connection: Connection, location_id: str, warehouse_id: str, *, by: Actor) -> None:
    """Link a location to a warehouse of the shop, beside those that are; "": to none, as a place it does not sell from.

    Safe to repeat. Raises DocumentError where there is no such location or warehouse.
    """
    if warehouse_id:
        rule = PushRule.objects.filter(connection=connection, warehouse_id=warehouse_id).first()
        there = [each.location_id for each in links_of(connection) if each.warehouse_id == warehouse_id]
        only = rule.location_id if rule is not None else ""
        set_rule(connection, warehouse_id, linked=[*there, location_id], only=only, by=by, action="link")
        return
    if location_id not in locations.known(connection.store):
        raise DocumentError("location", f"The store has no location {location_id}.")
    with transaction.atomic():
        before = _told(connection)
        _unlink(connection, [location_id])
        LocationLink.objects.create(
            account_id=connection.account_id, connection=connection, location_id=location_id, warehouse_id=""
        )
        _changed(connection, before, by, "rules.push_rule_link")


def unlink(connection: Connection, location_id: str, *, by: Actor) -> None:
    """Take back what a location was linked to. Safe to repeat."""
    with transaction.atomic():
        before = _told(connection)
        _unlink(connection, [location_id])
        _changed(connection, before, by, "rules.push_rule_unlink")


def _link(connection: Connection, warehouse_id: str, wanted: Sequence[str]) -> None:
    LocationLink.objects.filter(connection=connection, warehouse_id=warehouse_id).delete()
    _unlink(connection, wanted, but=warehouse_id)
    LocationLink.objects.bulk_create(
        LocationLink(
            account_id=connection.account_id,
            connection=connection,
            location_id=location_id,
            warehouse_id=warehouse_id,
            position=number,
        )
        for number, location_id in enumerate(wanted)
    )


def _unlink(connection: Connection, location_ids: Sequence[str], *, but: str = "") -> None:
    """Take these locations from wherever they are linked; a rule that sends one of them alone sends the sum again."""
    LocationLink.objects.filter(connection=connection, location_id__in=location_ids).delete()
    alone = PushRule.objects.filter(connection=connection, location_id__in=location_ids)
    alone.exclude(warehouse_id=but).update(location_id="")


def _told(connection: Connection) -> dict[str, object]:
    """The rules as the audit log tells them: warehouse → what feeds it."""
    linked: dict[str, list[str]] = {}
    for each in links_of(connection):
        linked.setdefault(each.warehouse_id or "none", []).append(each.location_id)
    told: dict[str, object] = {f"linked to {warehouse}": ids for warehouse, ids in linked.items()}
    told |= {f"sent to {each.warehouse_id}": each.location_id or "sum" for each in rules_of(connection)}
    return told | {"warehouse_id": connection.warehouse_id}


def _changed(connection: Connection, before: Mapping[str, object], by: Actor, action: str) -> None:
    """Note what changed, and have it sent: the stock of everything that is listed is looked at again."""
    old, new = changed(before, _told(connection))
    if not old and not new:
        return
    owner = f"connection:{connection.id}"
    record(by, connection.account_id, action, owner, before=old, after=new)
    lanes.ask(connection.account_id, "warehouse", owner, ["all"], cause=f"push rules: {by.name}")
    keys = every_listed(connection)
    lanes.ask(connection.account_id, "stock", owner, keys, cause=f"push rules: {by.name}", priority=lanes.URGENT)


def note_taken(connection: Connection, refused: Sequence[str], taken: Sequence[str]) -> None:
    """Note for which warehouses TikTok took stock, and for which it did not. Safe to repeat."""
    rules = PushRule.objects.filter(connection=connection)
    for warehouse_id in refused:
        if not rules.filter(warehouse_id=warehouse_id).exists():
            owner: dict[str, Any] = {"account_id": connection.account_id, "connection": connection}
            PushRule.objects.get_or_create(**owner, warehouse_id=warehouse_id)
        rules.filter(warehouse_id=warehouse_id, refused_at=None).update(refused_at=clock.now())
    if taken:
        rules.filter(warehouse_id__in=taken, refused_at__isnull=False).update(refused_at=None)


def warehouse_of(connection: Connection, warehouse_id: str) -> Warehouse | None:
    """A warehouse of the connection's shop, as last read; None if it is not there."""
    return next((each for each in shop_warehouses.of(connection.shop) if each.id == warehouse_id), None)


def open_warehouses(connection: Connection) -> set[str]:
    """Ids of the shop's warehouses that are on, as last read."""
    return {each.id for each in shop_warehouses.of(connection.shop) if each.enabled}


def fed(connection: Connection) -> set[str]:
    """Ids of the warehouses that get stock of a connection: those of its rules, and its own."""
    return ({each.warehouse_id for each in rules_of(connection)} | {connection.warehouse_id}) - {""}


def flagged(connection: Connection) -> Sequence[Location]:
    """The locations that are on and linked to nothing in this connection (P17-29)."""
    linked = {each.location_id for each in links_of(connection)}
    rows = locations.known(connection.store).values()
    return [row for row in rows if row.usable and row.location_id not in linked]


def repair(connection: Connection, warehouse_id: str, refused_at: datetime | None) -> Repair:
    """What to do next about the rule of a warehouse, by what was last read of shop and warehouses."""
    shop = connection.shop
    there = shop_warehouses.of(shop)
    return repair_of(
        Refusal(
            warehouse=next((each for each in there if each.id == warehouse_id), None),
            region=shop.region,
            refused_at=refused_at,
            read_at=shop.warehouses_read_at,
            inactive=shop_warehouses.inactive(shop),
            cross_border=shop.is_cross_border,
            others=there,
        )
    )


def repair_all(connection: Connection, *, by: Actor) -> list[tuple[str, str]]:
    """Choose the best proposed warehouse for every rule that failed: (old, new) of each that was changed.

    Left alone are rules that never failed and those of direct shipping, whose "Global Warehouse" is a choice of its own
    (WHS-4), and those that a reading or TikTok must put right first. A warehouse that has a rule gets no second one's
    stock: that would change a rule that never failed, and is for a person to choose. Safe to repeat.
    """
    replaced, off = [], closed(connection)
    rules = rules_of(connection)
    taken = {rule.warehouse_id for rule in rules}
    for rule in rules:
        there = warehouse_of(connection, rule.warehouse_id)
        if untouchable(there, refused=rule.refused_at is not None or rule.warehouse_id in off):
            continue
        found = repair(connection, rule.warehouse_id, rule.refused_at)
        free = next((each.id for each in found.proposed if each.id not in taken), None)
        if free is not None:
            replace_warehouse(connection, rule.warehouse_id, free, by=by)
            replaced.append((rule.warehouse_id, free))
            taken.add(free)
    return replaced


def chosen(connection: Connection) -> bool:
    """Whether a person chose the warehouse that gets the stock of a connection."""
    return PushRule.objects.filter(connection=connection, chosen=True).exists()


def closed(connection: Connection) -> frozenset[str]:
    """The warehouses of rules that take no stock, as last read: they are gone, or switched off."""
    there = {each.id: each for each in shop_warehouses.of(connection.shop)}
    named = {each.warehouse_id for each in rules_of(connection)}
    return frozenset(each for each in named if each not in there or there[each].status is WarehouseStatus.DISABLED)
