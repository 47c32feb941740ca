"""A shop of its own: its name in Twinshelf, and its leaving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.connections import pairing
from twinshelf.connections.models import Connection, GlobalProductRow, Seller, Shop
from twinshelf.errors import DocumentError, NeedsPerson
from twinshelf.kit import clock
from twinshelf.sync import lanes, schedules, tasks
from twinshelf.sync.models import ChangeRecord, Lane, Task

_LONGEST_NAME = 200
_ROWS_AT_ONCE = 500
_SLICE_SECONDS = 1.0


class Mistyped(NeedsPerson):
    def __init__(self, name: str) -> None:
        super().__init__("E-CON-TYPED", name=name)


def rename_shop(shop: Shop, name: str, *, by: Actor) -> None:
    """Give a shop a name of its own in Twinshelf; "" gives it TikTok's again, which is kept and never changed.

    A connection that carries the name under which the shop was shown follows, unless another has the new name.
    Raises DocumentError if it is too long. Safe to repeat.
    """
    name, shown = " ".join(name.split()), str(shop)
    if len(name) > _LONGEST_NAME:
        raise DocumentError("name", f"The name of a shop has at most {_LONGEST_NAME} characters.")
    before, after = {"display_name": shop.display_name}, {"display_name": name}
    if before == after:
        return
    with transaction.atomic():
        Shop.objects.filter(id=shop.id).update(display_name=name)
        record(by, shop.account_id, "connections.rename_shop", f"shop:{shop.id}", before=before, after=after)
        shop.display_name = name
        mine = Connection.objects.filter(account_id=shop.account_id)
        for one in mine.filter(shop=shop, name=shown):
            if not mine.filter(name=str(shop)).exists() and len(str(shop)) <= pairing.LONGEST_NAME:
                pairing.rename(one, str(shop), by=by)


def delete_shop(shop: Shop, *, typed: str, keep_history: bool, by: Actor) -> Task:
    """Remove a shop and all that Twinshelf knows of it, for good. Nothing is sent to TikTok Shop or to the store.

    From now on nothing is sent or read for it; its rows are removed by the task that is returned. `keep_history` leaves
    the record of changes and the tasks, which name no buyer. `typed` must be the shop's name. Raises Mistyped;
    NeedsPerson where it is being deleted already.
    """
    if typed.strip() != str(shop):
        raise Mistyped(str(shop))
    connection = Connection.objects.filter(shop=shop).first()
    with transaction.atomic():
        if not Shop.objects.filter(id=shop.id, leaving_at=None).update(leaving_at=clock.now()):
            raise NeedsPerson("E-CON-LEAVING", name=shop)
        if connection is not None:
            schedules.remove_schedules(shop.account_id, _owner(connection))
            lanes.end(shop.account_id, _owner(connection))
        before = {"name": str(shop), "shop_id": shop.shop_id, "connection": connection.name if connection else None}
        record(by, shop.account_id, "connections.delete_shop", f"shop:{shop.id}", before=before, after=None)
        return tasks.submit(
            shop.account_id,
            "delete_shop",
            f"Delete {shop}",
            by=by,
            params={"shop": shop.id, "keep_history": keep_history, "told": "Rows removed from Twinshelf:"},
        )


def _owner(connection: Connection) -> str:
    return f"connection:{connection.id}"


def delete_rows(task: Task) -> bool:
    """Remove a slice of the rows of a shop that leaves; whether there is more. Repeated, it goes on."""
    shop = Shop.objects.filter(id=task.params["shop"]).first()
    if shop is not None:
        until = clock.monotonic() + _SLICE_SECONDS
        for rows in _rows_of(shop, keep_history=task.params["keep_history"]):
            while removed := _remove_some(rows):
                tasks.count(task, succeeded=removed)
                if clock.monotonic() > until:
                    return True
        with transaction.atomic():
            _remove_last(shop)
    tasks.carried_out(task)
    return False


def _rows_of(shop: Shop, *, keep_history: bool) -> Iterator[QuerySet[Any]]:
    """All rows that hang on the shop or its connection, each table by itself, and what their lanes hold."""
    connection = Connection.objects.filter(shop=shop).first()
    if connection is not None:
        of_connection = Lane.objects.filter(account_id=shop.account_id, owner=_owner(connection))
        if not keep_history:
            yield ChangeRecord.objects.filter(lane__in=of_connection)
            yield Task.objects.filter(owner=_owner(connection))
        yield from _hanging_on(Lane, "in", of_connection)
        yield from _hanging_on(Connection, "exact", connection)
    yield from (rows for rows in _hanging_on(Shop, "exact", shop) if rows.model is not Connection)
    if not Shop.objects.filter(seller_id=shop.seller_id).exclude(id=shop.id).exists():
        yield GlobalProductRow.objects.filter(seller_id=shop.seller_id)


def _hanging_on(model: type, lookup: str, value: object) -> Iterator[QuerySet[Any]]:
    for relation in model._meta.related_objects:  # type: ignore[attr-defined]
        if relation.related_model is not ChangeRecord:
            rows = relation.related_model._default_manager.filter(**{f"{relation.field.name}__{lookup}": value})
            yield rows


def _remove_some(rows: QuerySet[Any]) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:_ROWS_AT_ONCE])
    if ids:
        with transaction.atomic():
            rows.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)


def _remove_last(shop: Shop) -> None:
    """The connection, the shop, and the tokens of a seller who has no other shop here."""
    connection = Connection.objects.filter(shop=shop).first()
    if connection is not None:
        Lane.objects.filter(account_id=shop.account_id, owner=_owner(connection)).delete()
        connection.delete()
    shop.delete()
    if not Shop.objects.filter(seller_id=shop.seller_id).exists():
        schedules.remove_schedules(shop.account_id, f"seller:{shop.seller_id}")
    Seller.objects.filter(id=shop.seller_id, shops=None).delete()
