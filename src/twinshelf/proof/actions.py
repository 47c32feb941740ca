"""What may be done to prove a connection: check all of it."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.sync import queries, tasks
from twinshelf.sync.models import Task


def look_again(store: Store, shop: Shop, *, by: Actor) -> None:
    """Ask both platforms for what the installation checklist shows of them. Safe to repeat.

    Raises NeedsPerson where one does not let us in, and Transient; what was learnt by then is on record.
    """
    try:
        connections.check_store(store, by=by)
    finally:
        store.refresh_from_db(fields=["state"])
    connections.look_at_shop(shop, by=by)
    with transaction.atomic():
        record(by, store.account_id, "proof.look_again", queries.owner_ref("store", store.id), detail=f"shop:{shop.id}")


def check(connection: Connection, *, by: Actor) -> Task:
    """Compare everything that a shop shows with what should be there. Changes nothing."""
    title = f"Check everything on {connection.shop}"
    owner = queries.owner_ref("connection", connection.id)
    with transaction.atomic():
        record(by, connection.account_id, "proof.check", owner, detail=title)
        return tasks.submit(connection.account_id, "prove", title, owner=owner, by=by)
