"""What may be done to prove a connection: check all of it."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Connection
from twinshelf.sync import queries, tasks
from twinshelf.sync.models import Task


def check(connection: Connection, *, by: Actor) -> Task:
    """Compare everything that a shop shows with what should be there. Changes nothing."""
    title = f"Check everything on {connection.shop}"
    owner = queries.owner_ref("connection", connection.id)
    with transaction.atomic():
        record(by, connection.account_id, "proof.check", owner, detail=title)
        return tasks.submit(connection.account_id, "prove", title, owner=owner, by=by)
