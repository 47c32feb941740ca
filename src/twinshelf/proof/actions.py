"""What may be done to prove a connection: check all of it."""

from __future__ import annotations

from twinshelf.accounts.models import User
from twinshelf.connections.models import Connection
from twinshelf.sync import queries, tasks
from twinshelf.sync.models import Task


def check(connection: Connection, *, by: User | None = None) -> Task:
    """Compare everything that a shop shows with what should be there. Changes nothing."""
    title = f"Check everything on {connection.shop}"
    owner = queries.owner_ref("connection", connection.id)
    return tasks.submit(connection.account_id, "prove", title, owner=owner, by=by)
