"""Keeping what was read of returns: rows for lists, the document, and the history sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from twinshelf.connections.models import Connection
from twinshelf.documents import ReturnEvent, ReturnStage, ShopReturn, from_json, to_json
from twinshelf.kit import clock
from twinshelf.kit.secrets import Unsealable, seal, unseal
from twinshelf.kit.text_search import searchable
from twinshelf.kit.upsert import insert_rows, update_rows
from twinshelf.orders.models import ReturnRow, ShopOrderRow
from twinshelf.orders.returns.status import stage_of, supersedes
from twinshelf.sync import lanes

_READ = (
    "kind", "stage", "status", "updated_at", "deadline", "total", "currency", "document", "search", "sent_back",
    "read_at",
)  # fmt: skip


def binding(connection_id: int, return_id: str) -> str:
    """What the sealed history of a return is bound to."""
    return f"return:{connection_id}:{return_id}"


def return_of(row: ReturnRow) -> ShopReturn:
    """The return as last read."""
    return from_json(bytes(row.document), ShopReturn)


def story_of(row: ReturnRow) -> tuple[ReturnEvent, ...]:
    """Its history, the oldest first; empty where it was not read, or its key is gone."""
    if not row.story:
        return ()
    try:
        told = unseal(row.story, bound_to=binding(row.connection_id, row.return_id))
    except Unsealable:
        return ()
    return from_json(told, tuple[ReturnEvent, ...])


def sealed_story(row: ReturnRow, events: Iterable[ReturnEvent]) -> str:
    """The history as its column keeps it, the oldest first."""
    told = to_json(tuple(sorted(events, key=lambda event: event.at))).decode()
    return seal(told, bound_to=binding(row.connection_id, row.return_id))


def keep_returns(connection: Connection, requests: Iterable[ShopReturn], *, write: bool = True) -> dict[str, ReturnRow]:
    """Record readings of returns, each once, by return id. An older reading than is on record changes nothing.

    Orders are told whether a return of theirs is open. Without `write` the rows are only made up, for a preview.
    """
    seen = {request.id: request for request in requests}
    rows = {row.return_id: row for row in ReturnRow.objects.filter(connection=connection, return_id__in=list(seen))}
    fresh: list[ReturnRow] = []
    changed: list[ReturnRow] = []
    for request in seen.values():
        row = rows.get(request.id)
        if row is None:
            row = ReturnRow(
                account_id=connection.account_id, connection=connection, return_id=request.id,
                order_id=request.order_id, created_at=request.created_at, seen_at=clock.now(),
            )  # fmt: skip
            _fill(row, request)
            rows[request.id] = row
            fresh.append(row)
        elif supersedes(request, kept := return_of(row)) and request != kept:
            _fill(row, request)
            changed.append(row)
    if not write:
        return rows
    update_rows(changed, _READ)
    if fresh:
        # Another worker may be storing the same one right now: the constraint decides, and its row is read.
        insert_rows(fresh, unique=["connection_id", "return_id"])
        ids = [row.return_id for row in fresh]
        rows |= {row.return_id: row for row in ReturnRow.objects.filter(connection=connection, return_id__in=ids)}
    if fresh or changed:
        note_open_returns(connection, {row.order_id for row in (*fresh, *changed)})
    return rows


def _fill(row: ReturnRow, request: ShopReturn) -> None:
    stage = stage_of(request)
    row.kind, row.stage, row.status = request.kind.value, stage.value, request.status
    row.updated_at, row.deadline = request.updated_at, request.deadline
    row.total, row.currency = request.refund.total.amount, request.refund.total.currency
    row.document = to_json(request)
    row.read_at = None  # within one second it may change twice
    row.sent_back = row.sent_back or stage is ReturnStage.SHIPPED
    words = {request.id, request.order_id}
    words |= {word for line in request.lines for word in (line.seller_sku, line.title)}
    row.search = searchable(sorted(words))


def note_open_returns(connection: Connection, order_ids: Collection[str]) -> None:
    """Note with these orders whether a return of theirs is open, and have those looked at whose last one ended."""
    over = [stage.value for stage in ReturnStage if not stage.open]
    open_ids = set(
        ReturnRow.objects.filter(connection=connection, order_id__in=order_ids)
        .exclude(stage__in=over)
        .values_list("order_id", flat=True)
    )
    rows = ShopOrderRow.objects.filter(connection=connection, order_id__in=order_ids)
    rows.filter(open_return=False, order_id__in=open_ids).update(open_return=True)
    over_now = list(rows.filter(open_return=True).exclude(order_id__in=open_ids).values_list("order_id", flat=True))
    if over_now:
        rows.filter(order_id__in=over_now).update(open_return=False)
        owner = f"connection:{connection.id}"
        lanes.ask(connection.account_id, "order", owner, over_now, cause="its returns ended")


def keep_told(rows: Sequence[ReturnRow]) -> None:
    """Write what was read of the history and the choices of these."""
    update_rows(rows, ["story", "offered", "read_at"])
