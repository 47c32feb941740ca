"""What may be done to the store's goods: pull them; take its word that one was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from twinshelf.accounts.actors import Actor, ActorKind
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Store
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.kit.words import counted, stamp
from twinshelf.sync import tasks
from twinshelf.sync.models import Task


def pull(
    store: Store, *, since: datetime | None = None, until: datetime | None = None, moved: bool = False, by: Actor
) -> Task:
    """Read the store's products: those last changed from `since` to `until`, both inclusive; None: no such end.

    What the engine pulls brings new products only where a connection of the store adds them by itself. `moved`: the
    store said that its locations changed, which explains stock that fell to 0.
    """
    params = {
        "store": store.id,
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
        "by_itself": by.kind is ActorKind.ENGINE,
        "moved": moved,
    }
    title = f"Pull products of {store}{_changed(since, until)}"
    with transaction.atomic():
        record(by, store.account_id, "goods.pull", f"store:{store.id}", detail=title)
        return tasks.submit(store.account_id, "pull", title, owner=f"store:{store.id}", by=by, params=params)


def read_again(store: Store, product_ids: Sequence[str], *, by: Actor) -> Task:
    """Read these products of the store again, now. Ids that it does not have any more are found to be deleted."""
    title = f"Pull {counted(len(product_ids), 'product')} of {store}"
    owner = f"store:{store.id}"
    with transaction.atomic():
        record(by, store.account_id, "goods.read_again", owner, detail=title)
        task = tasks.asking(store.account_id, "ask_product", title, owner=owner, by=by)
        tasks.ask_for(task, "product", owner, list(product_ids))
        if not product_ids:
            tasks.settle(task.id)
    return task


def _changed(since: datetime | None, until: datetime | None) -> str:
    if since and until:
        return f" changed from {stamp(since)} to {stamp(until)}"
    if since or until:
        return f" changed since {stamp(since)}" if since else f" changed until {stamp(until)}"  # type: ignore[arg-type]
    return ""


def told_deleted(store_id: int, product_ids: Sequence[str]) -> None:
    """Note that the store itself said of these products that they were deleted. Safe to repeat.

    Decides nothing: the next look at them does. Seen again, they were not.
    """
    StoreProduct.objects.filter(store_id=store_id, product_id__in=product_ids, deleted=False).update(
        told_deleted_at=clock.now()
    )
