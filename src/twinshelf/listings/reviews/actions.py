"""What may be done about a bulk write: work out what it would send, and send exactly that."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Connection
from twinshelf.kit import clock
from twinshelf.kit.words import counted
from twinshelf.listings import actions
from twinshelf.listings.models import Review, ReviewLine
from twinshelf.sync import agreements, tasks
from twinshelf.sync.models import Task

REVIEW = "review"


class NotReady(Exception):
    """The review is still being worked out, or was sent already."""


def begin(connection: Connection, product_ids: Sequence[str] | None, *, by: Actor) -> Review:
    """Have it worked out what listing these products would send. None: every product of the store. Sends nothing."""
    with transaction.atomic():
        review = Review.objects.create(
            account_id=connection.account_id,
            connection=connection,
            products=None if product_ids is None else sorted(set(product_ids)),
            by=by.name,
            made_at=clock.now(),
        )
        title = f"Work out changes of {_what(product_ids)} on {connection.shop}"
        owner = f"connection:{connection.id}"
        task = tasks.submit(connection.account_id, REVIEW, title, owner=owner, by=by, params={"review": review.id})
        Review.objects.filter(id=review.id).update(task=task)
        review.task = task
        record(by, connection.account_id, "reviews.begin", owner, detail=str(review.id))
    return review


def _what(product_ids: Sequence[str] | None) -> str:
    return "all products" if product_ids is None else counted(len(product_ids), "product")


def send(review: Review, *, by: Actor) -> Task:
    """Send what a review shows, and nothing else: a plan that is another one by then is not sent, and says so.

    Raises NotReady where it is not worked out yet, and where it was sent already.
    """
    with transaction.atomic():
        kept = Review.objects.select_for_update().get(id=review.id)
        if kept.ready_at is None or kept.sent_at is not None:
            raise NotReady
        connection = kept.connection
        owner = f"connection:{connection.id}"
        lines = ReviewLine.objects.filter(review=kept)
        ids: list[str] = []
        also: dict[str, list[str]] = {}
        agreed: dict[str, dict[str, list[str]]] = {}
        for kind, key, digests in lines.order_by("id").values_list("kind", "key", "digests").iterator(chunk_size=5000):
            agreed.setdefault(kind, {})[key] = digests
            if kind == "listing":
                ids.append(key)
            elif digests:
                also.setdefault(kind, []).append(key)
        for kind, some in agreed.items():
            agreements.keep(connection.account_id, kind, owner, some)
        task = actions.list_reviewed(connection, ids, also, by=by)
        Review.objects.filter(id=kept.id).update(sent_at=clock.now(), sent_by=by.name)
        record(by, connection.account_id, "reviews.send", owner, after={"task": task.id}, detail=str(kept.id))
    return task
