"""The products of a store: read anew where asked for, pulled page by page, and told of to its connections' lanes.

Reads the store alone: what a shop is to show of its products is the business of the lanes asked here.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from django.conf import settings
from django.db import connections, transaction

from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Store
from twinshelf.documents import Finding, Plan, Product
from twinshelf.goods import snapshot
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit import clock, skew
from twinshelf.listings import linking
from twinshelf.listings.models import ListingRow
from twinshelf.storefronts.bigcommerce.products import Names, ProductPage
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.actions import confirmed
from twinshelf.sync.flows import Ask, LaneRef
from twinshelf.sync.models import Task

ReadPage = Callable[[int, Callable[[int], object]], ProductPage]
"""(id after which the page begins, who is told where to go on) → the page."""

_NAMES_SECONDS = 300.0
_PULL_OVERLAP = timedelta(minutes=2)

_names: dict[int, tuple[float, Names]] = {}


def draft_products(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Read the asked products anew, keep what changed and ask the connections' lanes for it. Plans nothing outward."""
    store = Store.objects.get(id=lane.owner_id)
    urgent = any("inventory" in ask.reason or "order" in ask.reason for ask in asks)
    client = clients.store_client(store, "urgent" if urgent else "normal")
    started = clock.now()
    page = client.products([int(ask.key) for ask in asks], names_of(store), store=clients.info_of(store))
    fresh = _wanted(store, page.products)
    doubtful = _gone_at_once(lane, store, asks, page.missing)
    with transaction.atomic():  # what is on record as seen has been asked about: never one without the other
        changed = snapshot.keep_products(store, fresh)
        snapshot.keep_unreadable(store, {entry.id: str(entry.error) for entry in page.unreadable})
        gone = snapshot.mark_deleted(store, set(page.missing) - doubtful)
        stock_read(store, [variant.id for product in page.products for variant in product.variants], started)
        spread(store, changed, gone, reason=asks[0].reason)
    findings = {
        entry.id: Finding(
            code="E-PRODUCT-READ",
            text=f"BigCommerce sent a product that cannot be read: {entry.error}",
            remedy="Correct it in BigCommerce.",
        )
        for entry in page.unreadable
    }
    for product_id in doubtful:
        findings[product_id] = Finding(
            code=GONE,
            text=f"BigCommerce no longer shows this product and {len(doubtful) - 1} others that were there before.",
            remedy="Confirm it if they were removed on purpose. What is there again is noticed by itself.",
        )
    return [Plan(key=ask.key, findings=(findings[int(ask.key)],) if int(ask.key) in findings else ()) for ask in asks]


GONE = "E-PRD-GONE"
_MOST_GONE, _MOST_GONE_PERCENT, _FEW_GONE = 20, 5, 2


def _gone_at_once(lane: LaneRef, store: Store, asks: Sequence[Ask], missing: Iterable[int]) -> set[int]:
    """Those of the missing products that are not taken as gone before somebody has confirmed it.

    More than 20, or than 5 % of the store's products, that vanish together without a word are likelier a wrong answer
    than a wish; one or two are not. Those that wait to be confirmed already count as well, and so may all that is due
    where a batch is drafted one by one. BigCommerce's own message that a product was deleted is such a word.
    """
    told = {int(ask.key) for ask in asks if "product/deleted" in ask.reason or ask.reason == confirmed(GONE)}
    here = StoreProduct.objects.filter(store=store, deleted=False)
    silent = set(here.filter(product_id__in=set(missing) - told).values_list("product_id", flat=True))
    if not silent:
        return set()
    waiting = {int(key) for key in problems.open_keys(store.account_id, f"store:{store.id}", GONE)}
    number = len(silent | waiting) if len(asks) > 1 else max(len(silent | waiting), lanes.due_count(lane.id))
    most = max(_FEW_GONE, min(_MOST_GONE, here.count() * _MOST_GONE_PERCENT // 100))
    return silent if number > most else set()


stock_read: Callable[[Store, Sequence[int], datetime], None] = lambda _store, _variant_ids, _started: None  # noqa: E731
"""Told of every fresh reading of stock: inventory ends holds that it covers. Set by wiring."""


def spread(store: Store, changed: snapshot.Changed, gone: set[int], *, reason: str) -> None:
    """Ask the lanes of every connection of the store for what a reading showed to have changed."""
    if not changed.any and not gone:
        return
    _look_at_doubled(store)
    for connection in Connection.objects.filter(store=store):
        owner = f"connection:{connection.id}"
        preferences = connection_actions.preferences(connection)
        if told := changed.new | changed.content:
            _tell_codes(connection, told)
        listed = set(
            ListingRow.objects.filter(connection=connection, product_id__in=changed.any | gone)
            .exclude(tiktok_id="", wanted=False)
            .values_list("product_id", flat=True)
        )
        lanes.ask(
            store.account_id,
            "stock",
            owner,
            map(str, (changed.stock | gone) & listed),
            reason=reason,
            priority=lanes.URGENT,
        )
        if preferences.catalog_direction != "bc_to_tts":
            continue
        if preferences.auto_import:
            new = changed.new - listed
            ListingRow.objects.bulk_create(
                [ListingRow(account_id=store.account_id, connection=connection, product_id=i) for i in sorted(new)],
                ignore_conflicts=True,
            )
        lanes.ask(store.account_id, "price", owner, map(str, changed.price & listed), reason=reason)
        lanes.ask(
            store.account_id,
            "listing",
            owner,
            map(str, (changed.content | changed.new | gone) & listed),
            reason=reason,
            priority=lanes.BULK,
        )


def _tell_codes(connection: Connection, product_ids: set[int]) -> None:
    """Tell of the SKUs of new or changed products, where orders wait for one."""
    if problems.open_keys(connection.account_id, f"connection:{connection.id}", "E-ORD-SKU"):
        variants = StoreVariant.objects.filter(store_id=connection.store_id, product_id__in=product_ids, deleted=False)
        linking.released(connection, list(variants.values_list("sku", flat=True)))


def _look_at_doubled(store: Store) -> None:
    """Ask again for products that were held for a SKU used by others too, where it is theirs alone now."""
    for connection in Connection.objects.filter(store=store):
        owner = f"connection:{connection.id}"
        keys = problems.open_keys(store.account_id, owner, "E-SKU-DUP")
        if keys:
            doubled = snapshot.products_with_doubled_codes(store.id, [int(key) for key in keys])
            alone = [key for key in keys if int(key) not in doubled]
            lanes.ask(store.account_id, "listing", owner, alone, reason="SKU is its own", priority=lanes.BULK)


def _wanted(store: Store, products: Sequence[Product]) -> Sequence[Product]:
    """Products that a webhook told of: all with automatic import, else those that a pull has brought before."""
    connections = Connection.objects.filter(store=store)
    if any(connection_actions.preferences(connection).auto_import for connection in connections):
        return products
    ids = [product.id for product in products]
    known = set(StoreProduct.objects.filter(store=store, product_id__in=ids).values_list("product_id", flat=True))
    return [product for product in products if product.id in known]


def names_of(store: Store) -> Names:
    """Brand names and category paths of the store, read anew every few minutes."""
    known = _names.get(store.id)
    if known is not None and clock.timestamp() - known[0] < _NAMES_SECONDS:
        return known[1]
    names = clients.store_client(store, "bulk").names()
    _names[store.id] = (clock.timestamp(), names)
    return names


def pull(task: Task) -> bool:
    """Task: read the store's products, all or those changed since a time, 250 a page, each while the last is stored.

    Pages go by id, not by number, so rows that move while the shop edits are neither skipped nor read twice. The
    place is kept in the task, so a restart goes on with the page it was at. A full pull ends by looking for what it did
    not see.
    """
    store = Store.objects.get(id=int(task.params["store"]))
    client = clients.store_client(store, "bulk")
    since = clock.parse(task.params["since"]) if task.params.get("since") else None
    names, info = names_of(store), clients.info_of(store)
    cursor = task.cursor or {
        "last_id": 0,
        "started": clock.now().isoformat(),
        "watermark": (skew.now(settings.OPERATOR.bigcommerce_api) - _PULL_OVERLAP).isoformat(),
        "counts_itself": True,
    }
    deadline = clock.monotonic() + 2.0
    read_page = partial(client.products_after, names=names, store=info, modified_since=since)
    ahead = _Ahead.of(task.id, cursor["last_id"], lambda last_id, going_on: read_page(last_id, going_on=going_on))
    while True:
        started, page = ahead.take()
        with transaction.atomic():
            overtaken = snapshot.seen_since(store, [product.id for product in page.products], started)
            products = [product for product in page.products if product.id not in overtaken]
            changed = snapshot.keep_products(store, products)
            stock_read(store, [variant.id for product in products for variant in product.variants], started)
            back = _there_again(store, page.products)
            owner, reason = f"store:{store.id}", f"read beside pull {task.id}"
            lanes.ask(store.account_id, "product", owner, map(str, overtaken | back), reason=reason)
            if page.unreadable:
                lane = lanes.lane_of(store.account_id, "product", f"store:{store.id}")
                snapshot.keep_unreadable(store, {entry.id: str(entry.error) for entry in page.unreadable})
                tasks.note_items(task, lane, [(str(e.id), "failed", str(e.error)) for e in page.unreadable])
            _touch(store, page.products)
            spread(store, changed, set(), reason=f"pull {task.id}")
            cursor = {**cursor, "last_id": page.last_id}
            tasks.count(task, succeeded=len(page.products), failed=len(page.unreadable))
            task.cursor = cursor
            task.save(update_fields=["cursor"])
        if not page.more:
            break
        if clock.monotonic() > deadline:
            ahead.leave(task.id)
            return True
    if since is None:
        started_at = clock.parse(cursor["started"])
        unseen = StoreProduct.objects.filter(store=store, deleted=False, seen_at__lt=started_at)
        # Only asked for: a page that was cut short must not empty a shop. Who is not there by id either, is gone.
        keys = map(str, unseen.values_list("product_id", flat=True))
        lanes.ask(store.account_id, "product", f"store:{store.id}", keys, reason=f"not seen by pull {task.id}")
    # From the platform's time when this pull began: what was edited meanwhile on a page already read comes again.
    Store.objects.filter(id=store.id).update(pulled_at=clock.parse(cursor["watermark"]))
    task.refresh_from_db()
    tasks.count(task, total=task.succeeded + task.failed)
    tasks.carried_out(task)
    return False


def _there_again(store: Store, products: Sequence[Product]) -> set[int]:
    """Products that were missing for a while and are still waiting to be confirmed as gone."""
    waiting = {int(key) for key in problems.open_keys(store.account_id, f"store:{store.id}", GONE)}
    return {product.id for product in products} & waiting if waiting else set()


class _Ahead:
    """Reads the next pages on threads while one is stored: a scan waits for the platform or for the disk, never both.

    A page is asked for as soon as the one before it tells where to go on, before that is made into documents.
    """

    PAGES, FRESH_SECONDS = 2, 3.0
    _left: ClassVar[dict[int, _Ahead]] = {}

    def __init__(self, read_page: ReadPage, last_id: int) -> None:
        self._read_page = read_page
        self._lock = threading.Lock()
        self._pages: deque[_Coming] = deque()
        self._due: int | None = last_id
        self._begin()

    @classmethod
    def of(cls, task_id: int, last_id: int, read_page: ReadPage) -> _Ahead:
        """What the last slice of this task left, if it is fresh and its next page is the one after `last_id`."""
        cls._left = {key: each for key, each in cls._left.items() if each.next_after() is not None}
        left = cls._left.pop(task_id, None)
        return left if left is not None and left.next_after() == last_id else cls(read_page, last_id)

    def leave(self, task_id: int) -> None:
        """Go on reading for the next slice."""
        self._left[task_id] = self

    def take(self) -> tuple[datetime, ProductPage]:
        """The next page, and the time before it was read. Raises what reading it raised."""
        page = self._pages[0].page.result()
        self._pages.popleft()
        self._begin()
        return page

    def next_after(self) -> int | None:
        """The id after which the next page begins; None if none is on its way or it is not fresh any more."""
        if not self._pages or clock.monotonic() - self._pages[0].begun > self.FRESH_SECONDS:
            return None
        return self._pages[0].after

    def _begin(self, last_id: int | None = None) -> None:
        with self._lock:
            self._due = last_id or self._due
            if self._due is not None and len(self._pages) < self.PAGES:
                coming = _Coming(self._due, clock.monotonic())
                self._pages.append(coming)
                self._due = None
                # Scopes live in context variables, which threads do not inherit.
                work = partial(contextvars.copy_context().run, self._read, coming)
                threading.Thread(target=work, daemon=True, name="read ahead").start()

    def _read(self, coming: _Coming) -> None:
        try:
            coming.page.set_result((clock.now(), self._read_page(coming.after, self._begin)))
        except BaseException as error:  # noqa: BLE001 - raised to whoever takes the page
            coming.page.set_exception(error)
        finally:
            connections.close_all()  # this thread's own


@dataclass
class _Coming:
    """A page on its way: the one after an id, since when."""

    after: int
    begun: float
    page: Future[tuple[datetime, ProductPage]] = field(default_factory=Future)


def _touch(store: Store, products: Sequence[Product]) -> None:
    """Note that these were seen now, also where nothing changed: a full pull tells by it what is gone."""
    StoreProduct.objects.filter(store=store, product_id__in=[product.id for product in products]).update(
        seen_at=clock.now()
    )
