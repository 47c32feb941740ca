"""The task behind a template that was saved or deleted: all products join and leave, set by set, and are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from twinshelf.accounts.actors import ENGINE
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.goods.selections import selected
from twinshelf.kit import clock
from twinshelf.rules import membership
from twinshelf.rules.conditions import Candidate
from twinshelf.rules.models import Membership, ProductTexts, Template
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task

_AT_ONCE = 1000
_SLICE_SECONDS = 2.0


def evaluate(task: Task) -> bool:
    """Have the products of a store join and leave templates after one was saved or deleted, a slice at a time.

    The place is kept in the task, so that a restart goes on where it was. Each set is written with its place. Listings
    whose template changed, or is the one that was saved, are asked for. Safe to repeat.
    """
    template = Template.objects.filter(id=task.params["template"]).select_related("connection__store").first()
    if template is None:  # an earlier try has ended it
        tasks.carried_out(task)
        return False
    connection = template.connection
    products = _products_of(template)
    if "last" not in task.cursor:
        tasks.count(task, total=products.count())
        task.cursor = {"last": 0, "counts_itself": True}
    deadline = clock.monotonic() + _SLICE_SECONDS
    while True:
        with transaction.atomic():
            # As readings of the store do: none is kept while products are placed by what the last one said.
            list(Store.objects.select_for_update(no_key=True).filter(id=connection.store_id).values_list("id"))
            rows = list(products.filter(pk__gt=task.cursor["last"]).order_by("pk")[:_AT_ONCE])
            if not rows:
                break
            _place(task, template, rows, membership.candidates_of(connection))
            task.cursor = {**task.cursor, "last": rows[-1].pk}
            task.save(update_fields=["cursor"])
        if clock.monotonic() > deadline:
            return True
    _drop_emptied(connection)
    tasks.carried_out(task)
    return False


def _drop_emptied(connection: Connection) -> None:
    """Drop the deleted templates that hold nothing any more: also one whose own task somebody cancelled."""
    held = Membership.objects.filter(connection=connection).values("template_id")
    Template.objects.filter(connection=connection).exclude(removed_at=None).exclude(id__in=held).delete()


def _products_of(template: Template) -> QuerySet[ProductTexts]:
    rows: QuerySet[ProductTexts] = ProductTexts.objects.filter(store=template.connection.store_id)
    if template.removed_at is not None:
        rows = rows.filter(product_id__in=Membership.objects.filter(template=template).values("product_id"))
    return rows


def _place(task: Task, template: Template, rows: Sequence[ProductTexts], candidates: Sequence[Candidate]) -> None:
    connection = template.connection
    texts = {row.product_id: row.texts() for row in rows}
    placed = membership.decide(connection, texts, candidates, saved=template.id)
    membership.write(connection, placed.moves)
    names = dict(Template.objects.filter(connection=connection).values_list("id", "name"))
    default = Template.objects.filter(connection=connection, is_default=True).values_list("name", flat=True).first()
    items = [(move.product_id, "succeeded", _moved(move, names, default or "")) for move in placed.moves]
    items += [(key, "skipped", f"Stays in “{names[holder]}”.") for key, holder in placed.stays.items()]
    tasks.note_items(task, lanes.lane_of(task.account_id, "listing", task.owner), items)
    if placed.moves:
        record(
            ENGINE,
            task.account_id,
            "rules.products_moved",
            task.owner,
            before={move.product_id: names.get(move.before or 0) for move in placed.moves},
            after={move.product_id: names.get(move.after or 0) for move in placed.moves},
            detail=task.title,
        )
    holders = membership.holders_of(connection, texts)
    theirs = {key for key in texts if holders.get(key) == template.id or (template.is_default and key not in holders)}
    _ask(task, connection, theirs | {move.product_id for move in placed.moves})
    tasks.count(task, succeeded=len(rows) - len(placed.stays), skipped=len(placed.stays))


def _moved(move: membership.Move, names: dict[int, str], default: str) -> str:
    """What became of a product, for people."""
    before = default if move.before is None else names.get(move.before, "")
    after = default if move.after is None else names.get(move.after, "")
    return f"Moved from “{before}” to “{after}”."


def _ask(task: Task, connection: Connection, product_ids: set[str]) -> None:
    if preferences_from_json(connection.preferences).catalog_direction != "bc_to_tts":
        return
    listed = selected(connection, product_ids)
    for kind in ("price", "listing"):
        lanes.ask(task.account_id, kind, task.owner, listed, cause=task.title, priority=lanes.BULK)
