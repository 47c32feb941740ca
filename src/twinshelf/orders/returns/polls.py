"""Reading the shop's returns: the poll behind the webhooks, and Sync Return."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Max

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import DecisionState
from twinshelf.kit import skew
from twinshelf.orders.models import ReturnRow, ShopOrderRow
from twinshelf.orders.returns import book
from twinshelf.orders.returns.status import PAID_BACK
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task

_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(days=30)
_UNFINISHED_FOR = timedelta(days=60)


def poll_returns(connection: Connection, *, task: Task | None = None) -> int:
    """Read the shop's returns changed since the newest on record, keep them, and ask for their orders.

    What the store still has to follow is asked for too, so that an ask that got lost is made good. Returns how many
    returns were read. Safe to repeat.
    """
    client = clients.shop_client(connection.shop, "urgent")
    known = ReturnRow.objects.filter(connection=connection)
    newest = known.aggregate(newest=Max("updated_at"))["newest"]
    since = newest - _OVERLAP if newest else skew.now(settings.OPERATOR.tiktok_api) - _FIRST_LOOK
    read, wanted = 0, set(_unfinished(connection))
    for page in client.return_pages(updated_from=since):
        rows = book.keep_returns(connection, page.rows)
        read += len(rows)
        wanted |= {row.order_id for row in rows.values() if row.read_at != row.updated_at}
    owner = f"connection:{connection.id}"
    if task is not None:
        tasks.ask_for(task, "return", owner, sorted(wanted), priority=lanes.URGENT)
    else:
        lanes.ask(connection.account_id, "return", owner, wanted, cause="poll", priority=lanes.URGENT)
    return read


def _unfinished(connection: Connection) -> list[str]:
    """Orders of returns with a decision on its way, or whose money the store does not show yet though it could."""
    rows = ReturnRow.objects.filter(connection=connection)
    deciding = rows.filter(decision_state=DecisionState.WAITING).values_list("order_id", flat=True)
    if not preferences_from_json(connection.preferences).refund_returns:
        return list(deciding)
    paid = rows.filter(status__in=PAID_BACK, total__gt=0, refund_state="")
    recent = paid.filter(updated_at__gte=skew.now(settings.OPERATOR.tiktok_api) - _UNFINISHED_FOR)
    ids = list(recent.values_list("order_id", flat=True))
    made = ShopOrderRow.objects.filter(connection=connection, order_id__in=ids).exclude(store_order_id=None)
    return [*deciding, *made.values_list("order_id", flat=True)]


def fetch_returns(task: Task) -> bool:
    """Task: read the returns changed since the last look, and bring both sides in step."""
    connection = Connection.objects.select_related("store", "shop").get(id=int(task.params["connection"]))
    poll_returns(connection, task=task)
    task.refresh_from_db()
    tasks.carried_out(task)
    return False
