"""Global Stores: how their shops are supplied, and their live products as last read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction

from twinshelf.accounts.actors import ENGINE, Actor
from twinshelf.accounts.audit import record
from twinshelf.connections import clients
from twinshelf.connections.models import LOCAL, AccessState, GlobalProductRow, Seller, Shop
from twinshelf.documents import GlobalProduct
from twinshelf.errors import Refused, ScopeMissing
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.sync import problems, schedules, tasks
from twinshelf.sync.models import Task, TaskState
from twinshelf.tiktok.wire import Rows

TASK = "global_products"
_DAY = 86_400
_SLICE_SECONDS = 1.0
_COLUMNS = ("seller_id", "global_id", "title", "seller_skus", "updated_at", "reading")
_ROWS_AT_ONCE = 500


def read_method(shop: Shop) -> None:
    """Read how a cross-border seller's shop gets its products, and keep it. Safe to repeat.

    What waited for another way is asked for again. Where TikTok does not tell, what was known stays.
    """
    if not shop.is_cross_border:
        return
    schedules.set_schedule(shop.account_id, TASK, f"seller:{shop.seller_id}", _DAY)
    try:
        method = clients.shop_client(shop).listing_method()
    except (Refused, ScopeMissing):
        return
    if method.value != shop.listing_method:
        shop.listing_method = method.value
        with transaction.atomic():
            shop.save(update_fields=["listing_method"])
            problems.unblock(shop.account_id, "publishing")


def read_global_store(seller: Seller, *, by: Actor) -> Task:
    """Have the live products of a Global Store read, and how its shops are supplied; one at a time. Safe to repeat."""
    owner = f"seller:{seller.id}"
    under_way = Task.objects.filter(kind=TASK, owner=owner, state__in=[TaskState.QUEUED, TaskState.RUNNING]).first()
    if under_way is not None:
        return under_way
    title = f"Read the Global Store {seller.nickname or seller.name}"
    with transaction.atomic():
        record(by, seller.account_id, "connections.read_global_store", owner)
        return tasks.submit(seller.account_id, TASK, title, owner=owner, by=by, params={"seller": seller.id})


def by_timetable(account_id: int, owner: str) -> None:
    """The daily reading. None of a store that lets us in no more, or was read by somebody in the meantime."""
    seller = Seller.objects.filter(id=int(owner.partition(":")[2]), state=AccessState.CONNECTED).first()
    if seller is None or not Shop.objects.exclude(seller_type=LOCAL).filter(seller=seller, unbound_at=None).exists():
        return
    if seller.products_read_at is None or clock.now() - seller.products_read_at > timedelta(hours=12):
        title = f"Read the Global Store {seller.nickname or seller.name}"
        tasks.submit(account_id, TASK, title, owner=owner, by=ENGINE, params={"seller": seller.id})


def carry_out(task: Task) -> bool:
    """Read a slice of a Global Store; whether there is more. A slice whose place was lost begins anew."""
    seller = Seller.objects.filter(id=task.params["seller"]).first()
    if seller is None:
        tasks.carried_out(task)
        return False
    pages = tasks.left_by_last_slice(task)
    if pages is None:
        shops = list(Shop.objects.exclude(seller_type=LOCAL).filter(seller=seller, unbound_at=None))
        for shop in shops:
            read_method(shop)
        Task.objects.filter(id=task.id).update(succeeded=0, failed=0)
        pages = _pages(seller)
    until = clock.monotonic() + _SLICE_SECONDS
    for page in pages:
        _keep(seller, task, page)
        tasks.count(task, succeeded=len(page), failed=len(page.unreadable))
        if clock.monotonic() > until:
            tasks.leave_for_next_slice(task, pages)
            return True
    GlobalProductRow.objects.filter(seller=seller).exclude(reading=task.id).delete()
    Seller.objects.filter(id=seller.id).update(products_read_at=clock.now())
    tasks.carried_out(task)
    return False


def _pages(seller: Seller) -> Iterator[Rows[GlobalProduct]]:
    with clients.seller_client(seller) as client:
        yield from client.live_global_products()


def _keep(seller: Seller, task: Task, products: Rows[GlobalProduct]) -> None:
    rows = [
        (seller.id, each.id, each.title, list(each.seller_skus), each.updated_at, task.id)
        for each in {each.id: each for each in products}.values()
    ]
    upsert(GlobalProductRow, seller.account_id, _COLUMNS, rows, unique=["seller_id", "global_id"])
