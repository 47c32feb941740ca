"""The catalog's flows: products of a store, listings and prices of a connection.

The only part of the catalog that calls a platform. `product` (lane of a store) reads products anew and asks the lanes
of every connection for what changed of them. `listing` creates and edits listings and records what review made of
them. `price` sets prices.
"""

from __future__ import annotations

import contextvars
import hashlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import uuid4

import msgspec
import structlog
from django.conf import settings
from django.db import connections, transaction

from twinshelf.bigcommerce.products import Names, ProductPage
from twinshelf.catalog import plan as planning
from twinshelf.catalog import snapshot, templates
from twinshelf.catalog.models import (
    CategoryCache,
    Link,
    ListingRow,
    ListingState,
    StoreProduct,
    StoreVariant,
    Template,
    UploadedImage,
)
from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.connections.queries import working_connection
from twinshelf.documents import (
    AnyChange,
    Attribute,
    CategoryRules,
    CreateListing,
    DeactivateListing,
    EditContent,
    Finding,
    Listing,
    Money,
    Plan,
    Product,
    SetPrices,
    ShopListing,
    from_json,
    to_json,
)
from twinshelf.errors import NeedsPerson, NotFound, Refused, Transient
from twinshelf.kit import clock, fetch, skew
from twinshelf.kit.upsert import update_rows, upsert
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.flows import Ask, LaneRef
from twinshelf.sync.models import Task
from twinshelf.sync.preview import PREVIEW
from twinshelf.tiktok import products as tiktok_products
from twinshelf.tiktok import texts
from twinshelf.tiktok.errors import PartlyRefused, PriceLocked
from twinshelf.tiktok.regions import region as region_of

log = structlog.get_logger(__name__)

Quantities = Callable[[Connection, Sequence[int]], Mapping[int, int]]
"""(connection, product ids) → units to offer by variant id. Handed in by wiring: it is inventory's to say."""

ReadPage = Callable[[int, Callable[[int], object]], ProductPage]
"""(id after which the page begins, who is told where to go on) → the page."""

_PRICE_LOCKED_WAIT_SECONDS = 900.0
_NAMES_SECONDS = 300.0
_CATEGORY_SECONDS = 86_400.0

_names: dict[int, tuple[float, Names]] = {}
_image_locks: dict[str, threading.Lock] = {}
_image_locks_guard = threading.Lock()


# -- products of the store ------------------------------------------------------------------------------------------


def draft_products(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Read the asked products anew, keep what changed and ask the connections' lanes for it. Plans nothing outward."""
    store = Store.objects.get(id=lane.owner_id)
    urgent = any("inventory" in ask.reason or "order" in ask.reason for ask in asks)
    client = clients.store_client(store, "urgent" if urgent else "normal")
    started = clock.now()
    page = client.products([int(ask.key) for ask in asks], names_of(store), store=clients.info_of(store))
    fresh = _wanted(store, page.products)
    with transaction.atomic():  # what is on record as seen has been asked about: never one without the other
        changed = snapshot.keep_products(store, fresh)
        snapshot.keep_unreadable(store, {entry.id: str(entry.error) for entry in page.unreadable})
        gone = snapshot.mark_deleted(store, page.missing)
        stock_read(store, [variant.id for product in page.products for variant in product.variants], started)
        spread(store, changed, gone, reason=asks[0].reason)
    unreadable = {
        entry.id: Finding(
            code="E-PRODUCT-READ",
            text=f"BigCommerce sent a product that cannot be read: {entry.error}",
            remedy="Correct it in BigCommerce.",
        )
        for entry in page.unreadable
    }
    return [
        Plan(key=ask.key, findings=(unreadable[int(ask.key)],) if int(ask.key) in unreadable else ()) for ask in asks
    ]


stock_read: Callable[[Store, Sequence[int], datetime], None] = lambda _store, _variant_ids, _started: None  # noqa: E731
"""Told of every fresh reading of stock: inventory ends holds that it covers. Set by wiring."""


def apply_nothing(_lane: LaneRef, _key: str, change: AnyChange) -> str:
    """Raises TypeError: a plan with this change was made for another kind of lane, which is a bug."""
    msg = f"{type(change).__name__} is not a change of this lane"
    raise TypeError(msg)


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
        released(connection, list(variants.values_list("sku", flat=True)))


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
            lanes.ask(
                store.account_id,
                "product",
                f"store:{store.id}",
                map(str, overtaken),
                reason=f"read beside pull {task.id}",
            )
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


# -- listings -------------------------------------------------------------------------------------------------------


class ListingFlow:
    """The listing lane of connections. `quantities` is inventory's, so that create and stock stay one call."""

    def __init__(self, quantities: Quantities) -> None:
        self._quantities = quantities
        self._batches: dict[int, _Batch] = {}
        self._scans: dict[int, _Scan] = {}

    def draft_many(self, lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
        """Plans for the asked products: create, edit, nothing; with all findings that stand in the way."""
        connection = working_connection(lane.owner_id)
        product_ids = [int(ask.key) for ask in asks]
        rows = _rows_of(connection, product_ids)
        told = [(row, ask) for ask in asks if (row := rows.get(int(ask.key))) and _wants_look(ask.reason, row)]
        if self._look_at(connection, told):
            rows = _rows_of(connection, product_ids)
        rows.update(_as_if_pushed(connection, rows, asks))
        products = snapshot.products_of(connection.store_id, product_ids)
        codes = {
            planning.seller_sku(product, variant)
            for product_id, product in products.items()
            if product_id in rows and not rows[product_id].tiktok_id
            for variant in product.variants
        }
        drafting = _Drafting(
            connection,
            facts_of(connection),
            self._quantities(connection, product_ids),
            snapshot.seen_by_code(connection.shop_id, codes),
            snapshot.doubled_codes(connection.store_id, codes),
        )
        plans = []
        for ask in asks:
            row = rows.get(int(ask.key))
            if row is None:
                continue
            if not (row.wanted or row.tiktok_id):
                plans.append(Plan(key=ask.key, findings=planning.deleted_findings(row.status)))
                continue
            plans.append(self._draft(drafting, ask, row, products.get(row.product_id)))
        update_rows(drafting.noted, ["state", "warnings"])
        return plans

    def _draft(self, drafting: _Drafting, ask: Ask, row: ListingRow, product: Product | None) -> Plan:
        connection = drafting.connection
        findings = planning.review_findings(row.status, row.audit_status, row.audit_reasons) if row.tiktok_id else ()
        if product is None or not row.wanted:
            # Gone from the store, or not wanted any more: the listing stays, its stock goes to 0 by the stock lane.
            return Plan(key=ask.key, findings=findings)
        listing, listing_findings = desire(
            connection, drafting.facts, product, drafting.quantities, categories=drafting.categories
        )
        if listing is not None and not row.tiktok_id:
            doubled = planning.doubled_findings(listing, drafting.doubled)
            listing, listing_findings = None if doubled else listing, (*listing_findings, *doubled)
        if ask.reason != PREVIEW and not row.tiktok_id:
            drafting.note(row, listing, listing_findings)
        told = (*findings, *_without_notices(listing_findings))
        if listing is None:
            return Plan(key=ask.key, findings=told)
        if not row.tiktok_id:
            row = self._adopted(drafting, row, listing, keep=ask.reason != PREVIEW)
        pushes = region_of(drafting.facts.region).product_push or drafting.facts.preferences.push_opt_in
        if not row.tiktok_id and not pushes:
            blocked = planning.region_finding()
            if ask.reason != PREVIEW:
                drafting.note(row, None, (blocked,))
            return Plan(key=ask.key, findings=(*told, blocked))
        if not row.tiktok_id:
            key = row.creating_key or str(uuid4())
            return Plan(key=ask.key, changes=(CreateListing(listing=listing, key=key),), findings=told)
        digest = planning.content_digest(listing)
        if not pushes or (row.sent is not None and bytes(row.sent) == digest):
            return Plan(key=ask.key, findings=told)
        if row.status in {"FREEZE", "DELETED"} or row.audit_status == "AUDITING" or row.state == ListingState.REVIEWING:
            # While TikTok reviews, further content waits and goes as one; the end of the review asks for it again.
            return Plan(key=ask.key, findings=told)
        sku_ids = tuple(
            sorted(
                Link.objects.filter(connection=connection, product_id=row.product_id).values_list(
                    "variant_id", "sku_id"
                )
            )
        )
        change = EditContent(shop_listing_id=row.tiktok_id, listing=listing, sku_ids=sku_ids)
        return Plan(key=ask.key, changes=(change,), findings=told)

    def _adopted(self, drafting: _Drafting, row: ListingRow, listing: Listing, *, keep: bool) -> ListingRow:
        """The row linked to a product the shop already has for these seller SKUs, else the row as it is.

        Without `keep` the link only shows in the row returned, and nothing is written. Looked up among the SKUs seen in
        the shop, and at the shop itself while the outcome of a create is unknown.
        """
        connection = drafting.connection
        codes = [sku.seller_sku for sku in listing.skus]
        seen = {tiktok_id for code in codes for tiktok_id in drafting.seen.get(code, ())}
        found: ShopListing | None = None
        client = clients.shop_client(connection.shop)
        if row.creating_key:
            matches = client.find_listings(codes[:10])
            found = next((m for m in matches if m.status != "DELETED"), None)
        elif len(seen) == 1:
            try:
                found = client.listing(seen.pop())
            except NotFound:
                found = None
        if found is None or found.status == "DELETED":
            return row
        pairs = planning.linkable(
            {sku.id: sku.seller_sku for sku in found.skus},
            tuple((sku.variant_id, sku.seller_sku) for sku in listing.skus),
        )
        if not pairs:
            return row
        taken = ListingRow.objects.filter(connection=connection, tiktok_id=found.id).exclude(id=row.id).exists()
        if taken:
            return row
        row.tiktok_id, row.creating_key = found.id, ""
        if keep:
            with transaction.atomic():
                _keep_links(connection, [_Paired(row.product_id, found.id, pairs, listing)])
                row.save(update_fields=["tiktok_id", "creating_key"])
                record_observed(connection, [(row, found)])
        return row

    def before(self, lane: LaneRef, plans: Sequence[Plan]) -> None:
        """Note the keys under which creates are about to go out, so that a lost answer is recognized."""
        changing = {int(plan.key): plan.changes for plan in plans if plan.changes}
        if not changing:
            return
        batch = _Batch.of(lane.owner_id)
        rows = _rows_of(batch.connection, list(changing))
        creating = []
        listings = []
        for product_id, changes in changing.items():
            for change in changes:
                if isinstance(change, CreateListing):
                    rows[product_id].creating_key, rows[product_id].state = change.key, ListingState.IN_PROGRESS
                    creating.append(rows[product_id])
                if isinstance(change, CreateListing | EditContent):
                    listings.append(change.listing)
        update_rows(creating, ["creating_key", "state"])
        batch.rows = {str(product_id): row for product_id, row in rows.items()}
        batch.pictures.look_up(listings)
        self._batches[lane.owner_id] = batch

    def apply(self, lane: LaneRef, key: str, change: AnyChange) -> str:
        """Make one change at the shop. Safe to repeat: creates carry a key, edits set."""
        batch = self._batches.get(lane.owner_id) or self._batches.setdefault(lane.owner_id, _Batch.of(lane.owner_id))
        row = batch.rows.get(key) or ListingRow.objects.get(connection=batch.connection, product_id=int(key))
        match change:
            case CreateListing():
                return _create(batch, row, change)
            case EditContent():
                return _edit(batch, row, change)
            case DeactivateListing():
                clients.shop_client(batch.connection.shop).deactivate([change.shop_listing_id])
                row.state = ListingState.INACTIVE_SELLER
                batch.changed(row, "state")
                return "deactivated"
            case _:
                return apply_nothing(lane, key, change)

    def keep(self, lane: LaneRef) -> None:
        """Record what the changes of the batch made, all in a few statements.

        Lost with the process before that, a create is found again by its key and its seller SKUs.
        """
        batch = self._batches.pop(lane.owner_id, None)
        if batch is not None:
            batch.keep()

    def _look_at(self, connection: Connection, told: Sequence[tuple[ListingRow, Ask]]) -> bool:
        """Read what the shop shows of these listings and record it. Returns whether other rows than these were written.

        More than a few are read by searching what changed lately, a hundred a call; only a refusal, whose reasons a
        search does not tell, and what the search did not find are read one by one. One search answers for everything
        that was asked for before it began, also in the batches that follow.
        """
        scan = self._scans.get(connection.id)
        open_rows = [row for row, ask in told if scan is None or not scan.answers(ask)]
        scanned = len(open_rows) > _ONE_BY_ONE
        if scanned:
            scan = self._scans[connection.id] = _scan(connection)
            open_rows = []
        for row, _ask in told:
            if row in open_rows or (scan and (row.tiktok_id in scan.refused or row.tiktok_id not in scan.seen)):
                _look(connection, row)
        return scanned


def _rows_of(connection: Connection, product_ids: Sequence[int]) -> dict[int, ListingRow]:
    rows = ListingRow.objects.filter(connection=connection, product_id__in=product_ids)
    return {row.product_id: row for row in rows}


Categories = dict[str, tuple[tuple[Attribute, ...], CategoryRules]]
"""Attributes and rules by category id, for as long as one piece of work takes."""


@dataclass
class _Drafting:
    """What the drafts of one batch share; `noted` are the rows whose state or notices they changed."""

    connection: Connection
    facts: planning.ShopFacts
    quantities: Mapping[int, int]
    seen: Mapping[str, set[str]]
    doubled: Mapping[str, int]
    categories: Categories = field(default_factory=dict)
    noted: list[ListingRow] = field(default_factory=list)

    def note(self, row: ListingRow, listing: Listing | None, findings: Sequence[Finding]) -> None:
        """Say on the row of a product that is not listed yet why it cannot be, or what is left out when it is sent."""
        before = row.state, row.warnings
        if listing is None:
            skipped = all(finding.code.startswith("I-") for finding in findings)
            row.state = ListingState.NOT_UPLOADED if skipped else ListingState.FAILED
        else:
            row.warnings = [finding.text for finding in findings if finding.code.startswith("N-")]
        if before != (row.state, row.warnings):
            self.noted.append(row)


@dataclass(frozen=True)
class _Paired:
    """Variants of a product whose TikTok SKU ids are known: variant id → SKU id."""

    product_id: int
    tiktok_id: str
    pairs: Mapping[int, str]
    listing: Listing


@dataclass
class _Batch:
    """A batch of changes on their way: what they share, and what they made until it is kept with their outcomes."""

    connection: Connection
    pictures: _Pictures
    rows: Mapping[str, ListingRow] = field(default_factory=dict)
    paired: list[_Paired] = field(default_factory=list)
    _changed: list[tuple[tuple[str, ...], ListingRow]] = field(default_factory=list)

    @classmethod
    def of(cls, connection_id: int) -> _Batch:
        connection = Connection.objects.select_related("store", "shop").get(id=connection_id)
        return cls(connection, _Pictures(connection.shop))

    def changed(self, row: ListingRow, *columns: str) -> None:
        """Note that these columns of the row are to be written. May be called from several threads."""
        self._changed.append((columns, row))

    def keep(self) -> None:
        """Write it all, inside the caller's transaction."""
        self.pictures.keep()
        _keep_links(self.connection, self.paired)
        for columns in {columns for columns, _row in self._changed}:
            update_rows([row for some, row in self._changed if some == columns], columns)
        if self.paired:
            released(self.connection, [sku.seller_sku for paired in self.paired for sku in paired.listing.skus])


def facts_of(connection: Connection) -> planning.ShopFacts:
    """What planning needs to know of the connection. The template is the connection's default one."""
    template = Template.objects.filter(connection=connection, is_default=True).first()
    return planning.ShopFacts(
        region=connection.shop.region,
        currency=connection.shop.currency,
        warehouse_id=connection.warehouse_id,
        preferences=connection_actions.preferences(connection),
        template=templates.rules_from_json(template.rules if template else {}),
        template_category_id=template.category_id if template else "",
        store_weight_unit=connection.store.weight_unit,
    )


def desire(
    connection: Connection,
    facts: planning.ShopFacts,
    product: Product,
    quantities: Mapping[int, int],
    *,
    categories: Categories,
) -> tuple[Listing | None, tuple[Finding, ...]]:
    """The listing as it should be, checked by our rules and by TikTok's own, all problems at once.

    `categories` spares those who ask for many products from reading each category again; it is filled here.
    """
    category_id = templates.category_of(product, facts.template, facts.template_category_id)
    if category_id not in categories:
        categories[category_id] = category_of(connection.shop, category_id) if category_id else ((), CategoryRules())
    attributes, rules = categories[category_id]
    listing, findings = planning.desired_listing(
        product, facts, category_id=category_id, attributes=attributes, rules=rules, quantities=quantities
    )
    if listing is None:
        return None, findings
    findings = (*findings, *tiktok_products.problems_of(listing, region_of(facts.region)))
    if any(f.blocking for f in findings):
        return None, findings
    # What TikTok does not take in a title (emoji, control characters) is left out when sending, with a notice above.
    return msgspec.structs.replace(listing, title=texts.plain(listing.title)), findings


def category_of(shop: Shop, category_id: str) -> tuple[tuple[Attribute, ...], CategoryRules]:
    """Attributes and rules of a TikTok category, read anew once a day."""
    cached = CategoryCache.objects.filter(shop=shop, category_id=category_id).first()
    if cached is not None and clock.now() - cached.read_at < timedelta(seconds=_CATEGORY_SECONDS):
        return from_json(bytes(cached.attributes), tuple[Attribute, ...]), from_json(bytes(cached.rules), CategoryRules)
    client = clients.shop_client(shop)
    version = region_of(shop.region).category_version
    attributes, rules = client.attributes(category_id, version), client.rules(category_id, version)
    CategoryCache.objects.update_or_create(
        account_id=shop.account_id,
        shop=shop,
        category_id=category_id,
        defaults={"attributes": to_json(attributes), "rules": to_json(rules), "read_at": clock.now()},
    )
    return attributes, rules


_SUGGEST_FOR = 400
_TITLES, _TITLES_WITHOUT_CATEGORY = 2, 20
_SAYS_NOTHING = frozenset({"no", "none", "not applicable", "n/a", "other"})
"""Values that claim nothing of the goods: chosen before TikTok's first one, which may be "Yes"."""


def suggest_template(connection: Connection) -> dict[str, Any]:
    """A default template to begin with, as `actions.set_default_template` takes it.

    Each category of the store gets the TikTok category that TikTok itself recommends for its goods, and goods without a
    category the one it recommends for most of a sample; the commonest is the default. Required attributes come from
    custom fields of their name, else the value that claims least; a number is never made up.
    """
    client, region = clients.shop_client(connection.shop), region_of(connection.shop.region)
    samples: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    rows = StoreProduct.objects.filter(store=connection.store, deleted=False).values_list("category", "title")
    for category, title in rows.iterator():
        counts[category] += 1
        if len(samples.setdefault(category, [])) < (_TITLES if category else _TITLES_WITHOUT_CATEGORY):
            samples[category].append(title)
    chosen: dict[str, str] = {}
    for category, _number in counts.most_common(_SUGGEST_FOR):
        leaf = category.rpartition(">")[2].strip()
        found: Counter[str] = Counter()
        for title in samples[category]:
            recommended = client.recommend_category(f"{leaf} {title}"[:250], version=region.category_version)
            if recommended:
                found[recommended] += 1
            if found and category:
                break
        if found:
            chosen[category] = found.most_common(1)[0][0]
    ranked = Counter({category_id: counts[key] for key, category_id in chosen.items()}).most_common(1)
    if not ranked:
        raise NeedsPerson(
            "TikTok Shop recommends no category for these products.",
            code="E-CAT-KEY",
            remedy="Choose the category in the template.",
        )
    attributes = []
    for category_id in dict.fromkeys(chosen.values()):
        for attribute in category_of(connection.shop, category_id)[0]:
            if attribute.required and not attribute.sales and (attribute.values or not attribute.numeric):
                names = [name for _value_id, name in attribute.values] or ["Not specified"]
                first = next((name for name in names if name.lower() in _SAYS_NOTHING), names[0])
                attributes.append(
                    {"name": attribute.name, "source": "custom_field", "field": attribute.name, "value": first}
                )
    unique = {entry["name"].lower(): entry for entry in attributes}
    return {
        "category_id": ranked[0][0],
        "attributes": list(unique.values()),
        "categories": [{"key": key, "category_id": category_id} for key, category_id in chosen.items() if key],
    }


def _as_if_pushed(
    connection: Connection, rows: Mapping[int, ListingRow], asks: Sequence[Ask]
) -> Iterator[tuple[int, ListingRow]]:
    """For a preview: the rows that pushing these products would leave, as if they were wanted. Nothing is written."""
    for product_id in (int(ask.key) for ask in asks if ask.reason == PREVIEW):
        row = rows.get(product_id) or ListingRow(
            account_id=connection.account_id, connection=connection, product_id=product_id
        )
        row.wanted = True
        yield product_id, row


def _wants_look(reason: str, row: ListingRow) -> bool:
    """Whether to read the listing first: somebody told us that it changed, or its review is open."""
    told = reason.startswith(("webhook", "refresh", "task"))
    return bool(row.tiktok_id) and reason != PREVIEW and (told or row.observed_at is None)


_ONE_BY_ONE = 2


def _look(connection: Connection, row: ListingRow) -> None:
    """Read the listing and record it. If TikTok knows it no more, it counts as not uploaded."""
    try:
        observed = clients.shop_client(connection.shop).listing(row.tiktok_id)
    except NotFound:
        row.tiktok_id, row.sent, row.state, row.status = "", None, ListingState.NOT_UPLOADED, "DELETED"
        row.wanted = False
        row.save(update_fields=["tiktok_id", "sent", "state", "status", "wanted"])
        Link.objects.filter(connection=connection, product_id=row.product_id).delete()
    else:
        record_observed(connection, [(row, observed)])


def record_observed(connection: Connection, sightings: Sequence[tuple[ListingRow, ShopListing]]) -> None:
    """Keep sightings; what has just gone live, or shows other numbers than known, gets them compared."""
    became = snapshot.keep_listings(connection, sightings)
    owner = f"connection:{connection.id}"
    for kind in ("price", "stock"):
        live = [str(product_id) for product_id, news in became.items() if "live" in news]
        moved = [str(product_id) for product_id, news in became.items() if kind in news and "live" not in news]
        lanes.ask(connection.account_id, kind, owner, live, reason="went live")
        lanes.ask(connection.account_id, kind, owner, moved, reason=f"{kind} moved in the shop")


def _create(batch: _Batch, row: ListingRow, change: CreateListing) -> str:
    if row.tiktok_id:  # the step is being repeated and the first time got through
        return f"exists as {row.tiktok_id}"
    listing = change.listing
    client = clients.shop_client(batch.connection.shop)
    try:
        image_uris = batch.pictures.uris_of(listing)
    except (Transient, NeedsPerson) as error:  # surely nothing was created
        row.creating_key = ""
        row.state = ListingState.FAILED if isinstance(error, NeedsPerson) else row.state
        batch.changed(row, "creating_key", "state")
        raise
    try:
        created = client.create_listing(
            listing,
            image_uris=image_uris,
            key=change.key,
            region=region_of(batch.connection.shop.region),
        )
    except Transient as error:
        if not error.outcome_unknown:
            row.creating_key = ""
            batch.changed(row, "creating_key", "state")
        raise
    except Refused:
        row.creating_key, row.state = "", ListingState.FAILED
        batch.changed(row, "creating_key", "state")
        raise
    by_code = {sku.seller_sku: sku.variant_id for sku in listing.skus}
    pairs = {by_code[code]: sku_id for code, sku_id in created.sku_ids.items() if code in by_code}
    row.tiktok_id, row.creating_key, row.sent = created.id, "", planning.content_digest(listing)
    row.state, row.status, row.audit_status = ListingState.REVIEWING, "PENDING", "AUDITING"
    row.warnings = [*row.warnings, *created.warnings]
    row.price_min = min(sku.price.amount for sku in listing.skus)
    row.price_max = max(sku.price.amount for sku in listing.skus)
    row.quantity = sum(sku.quantity for sku in listing.skus)
    batch.changed(
        row, "tiktok_id", "creating_key", "sent", "state", "status", "audit_status", "warnings", "price_min",
        "price_max", "quantity",
    )  # fmt: skip
    batch.paired.append(_Paired(row.product_id, created.id, pairs, listing))
    return f"created as {created.id}"


released: Callable[[Connection, Sequence[str]], None] = lambda _connection, _codes: None  # noqa: E731
"""Told of seller SKUs that are there now: orders that waited for them are asked for again. Set by wiring."""


_LINK_COLUMNS = (
    "connection_id", "variant_id", "product_id", "seller_sku", "tiktok_id", "sku_id", "manual", "price", "currency",
    "quantity",
)  # fmt: skip


def _keep_links(connection: Connection, paired: Sequence[_Paired]) -> None:
    """Pair variants with TikTok SKUs. Price and stock went along only for SKUs that are new: an edit sends neither."""
    sku_ids = [sku_id for some in paired for sku_id in some.pairs.values()]
    known = {link.sku_id: link for link in Link.objects.filter(connection=connection, sku_id__in=sku_ids)}
    same, fresh = [], []
    for some in paired:
        skus = {sku.variant_id: sku for sku in some.listing.skus}
        for variant_id, sku_id in some.pairs.items():
            sku, link = skus[variant_id], known.get(sku_id)
            if link is not None and link.variant_id == variant_id:
                link.product_id, link.seller_sku, link.tiktok_id = some.product_id, sku.seller_sku, some.tiktok_id
                same.append(known.pop(sku_id))
            else:
                fresh.append(
                    (
                        connection.id, variant_id, some.product_id, sku.seller_sku, some.tiktok_id, sku_id, False,
                        sku.price.amount, sku.price.currency, sku.quantity,
                    )
                )  # fmt: skip
    # What is left was another variant's SKU.
    Link.objects.filter(connection=connection, sku_id__in=list(known)).delete()
    update_rows(same, ["product_id", "seller_sku", "tiktok_id"])
    unique = ["connection_id", "variant_id"]
    update = [name for name in _LINK_COLUMNS if name not in {*unique, "manual"}]
    upsert(Link, connection.account_id, _LINK_COLUMNS, fresh, unique=unique, update=update)


def _edit(batch: _Batch, row: ListingRow, change: EditContent) -> str:
    client = clients.shop_client(batch.connection.shop)
    edited = client.edit_listing(
        change.shop_listing_id,
        change.listing,
        image_uris=batch.pictures.uris_of(change.listing),
        sku_ids=dict(change.sku_ids),
        region=region_of(batch.connection.shop.region),
    )
    row.sent = planning.content_digest(change.listing)
    row.audit_status = edited.audit_status
    batch.changed(row, "sent", "audit_status")
    by_code = {sku.seller_sku: sku.variant_id for sku in change.listing.skus}
    pairs = {by_code[code]: sku_id for code, sku_id in edited.sku_ids.items() if code in by_code}
    if pairs:
        batch.paired.append(_Paired(row.product_id, change.shop_listing_id, pairs, change.listing))
    return f"sent to review: {edited.audit_status or 'accepted'}"


class _Pictures:
    """TikTok's URIs for the pictures of a batch. What the shop has, by source or content, is not uploaded again.

    Safe to use from several threads.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._by_source: dict[tuple[str, str], str] = {}
        self._by_content: dict[tuple[str, str], str] = {}
        self._new: list[tuple[int, str, str, str, str, datetime]] = []

    def look_up(self, listings: Iterable[Listing]) -> None:
        """Learn which pictures of these listings the shop has already."""
        urls = list({url for listing in listings for url in _pictures_of(listing)})
        for start in range(0, len(urls), 500):
            known = UploadedImage.objects.filter(shop=self._shop, source__in=urls[start : start + 500])
            for source, use_case, uri in known.values_list("source", "use_case", "uri"):
                self._by_source[source, use_case] = uri

    def uris_of(self, listing: Listing) -> dict[str, str]:
        """The URI of every picture of the listing by its address, uploaded where the shop does not have it."""
        return {
            url: self._by_source.get((url, use)) or self._upload(url, use) for url, use in _pictures_of(listing).items()
        }

    def keep(self) -> None:
        """Record what was uploaded."""
        columns = ["shop_id", "source", "use_case", "sha256", "uri", "used_at"]
        upsert(UploadedImage, self._shop.account_id, columns, self._new, unique=["shop_id", "source", "use_case"])

    def _upload(self, url: str, use_case: str) -> str:
        data = fetch.fitted(url, fetch.image(url), smallest=300, largest=4000)
        digest = hashlib.sha256(data).hexdigest()
        with _only_one(f"{self._shop.id}:{digest}:{use_case}"):  # products may share a picture: the second waits
            uri = self._by_content.get((digest, use_case)) or self._known_content(digest, use_case)
            uri = uri or clients.shop_client(self._shop).upload_image(data, use_case)
            self._by_content[digest, use_case] = self._by_source[url, use_case] = uri
        self._new.append((self._shop.id, url, use_case, digest, uri, clock.now()))
        return uri

    def _known_content(self, digest: str, use_case: str) -> str | None:
        same = UploadedImage.objects.filter(shop=self._shop, sha256=digest, use_case=use_case)
        return same.values_list("uri", flat=True).first()


def _pictures_of(listing: Listing) -> dict[str, str]:
    """Address → what TikTok is to use the picture for."""
    wanted = dict.fromkeys(listing.image_urls, "MAIN_IMAGE")
    for sku in listing.skus:
        if sku.image_url:
            wanted.setdefault(sku.image_url, "ATTRIBUTE_IMAGE")
    return wanted


@contextmanager
def _only_one(name: str) -> Iterator[None]:
    with _image_locks_guard:
        lock = _image_locks.setdefault(name, threading.Lock())
    try:
        with lock:
            yield
    finally:
        with _image_locks_guard:
            _image_locks.pop(name, None)


def _set_state(row: ListingRow, state: str) -> None:
    if row.state != state:
        row.state = state
        row.save(update_fields=["state"])


def _without_notices(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if not finding.code.startswith("N-"))


# -- prices ---------------------------------------------------------------------------------------------------------


def draft_prices(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Plans that set every price that is not as it should be; only what is live can take a price."""
    connection = working_connection(lane.owner_id)
    product_ids = [int(ask.key) for ask in asks]
    live = dict(
        ListingRow.objects.filter(
            connection=connection, product_id__in=product_ids, state=ListingState.LIVE
        ).values_list("product_id", "tiktok_id")
    )
    products = snapshot.products_of(connection.store_id, live)
    links: dict[int, dict[int, tuple[str, Money | None]]] = {}
    for link in Link.objects.filter(connection=connection, product_id__in=live):
        seen = None if link.price is None else Money(link.price, link.currency)
        links.setdefault(link.product_id, {})[link.variant_id] = (link.sku_id, seen)
    facts = facts_of(connection)
    return [
        planning.plan_prices(
            products[int(ask.key)],
            facts,
            tiktok_id=live[int(ask.key)],
            links=links.get(int(ask.key), {}),
            confirmed="confirmed" in ask.reason,
        )
        for ask in asks
        if int(ask.key) in products
    ]


def apply_price(lane: LaneRef, key: str, change: AnyChange) -> str:
    """Set prices. Safe to repeat. A price locked by a promotion is tried again after a while, not given up."""
    if not isinstance(change, SetPrices):
        return apply_nothing(lane, key, change)
    connection = Connection.objects.select_related("shop").get(id=lane.owner_id)
    try:
        clients.shop_client(connection.shop).set_prices(change.shop_listing_id, dict(change.prices))
    except PriceLocked as error:
        raise Transient("the price is locked by a promotion", wait_seconds=_PRICE_LOCKED_WAIT_SECONDS) from error
    with transaction.atomic():
        for sku_id, price in change.prices:
            Link.objects.filter(connection=connection, sku_id=sku_id).update(
                price=price.amount, currency=price.currency
            )
        prices = [
            p
            for p in Link.objects.filter(connection=connection, product_id=int(key)).values_list("price", flat=True)
            if p is not None
        ]
        ListingRow.objects.filter(connection=connection, product_id=int(key)).update(
            price_min=min(prices), price_max=max(prices)
        )
    return f"{len(change.prices)} price(s) set"


# -- scanning the shop ----------------------------------------------------------------------------------------------

_SCAN_OVERLAP = timedelta(minutes=10)
_PULL_OVERLAP = timedelta(minutes=2)


def scan_listings(connection: Connection) -> int:
    """Read the shop's products changed since the last scan and record them: the poll behind the webhooks.

    Returns how many were read. Safe to repeat.
    """
    scan = _scan(connection)
    for refused, reason in ((True, "refresh by scan"), (False, "seen by scan")):
        keys = [str(product_id) for product_id, is_refused in scan.touched.items() if is_refused is refused]
        owner = f"connection:{connection.id}"
        lanes.ask(connection.account_id, "listing", owner, keys, reason=reason, priority=lanes.BULK)
    return len(scan.seen)


@dataclass
class _Scan:
    """A search of the shop: the ids it found, and what only a look at the listing itself tells."""

    began: datetime
    seen: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Ids of listings that TikTok refused or stopped. Its reasons are not in a search, so they are not recorded."""
    touched: dict[int, bool] = field(default_factory=dict)
    """Ids of our products that changed since they were last seen → whether they are among the refused."""

    def answers(self, ask: Ask) -> bool:
        """Whether this search saw what the ask tells of."""
        return ask.asked_at is not None and ask.asked_at < self.began <= clock.now()


def _scan(connection: Connection) -> _Scan:
    """Read the shop's products changed since the last scan and record them, a page at a time, with all their SKUs.

    The first scan reads everything and so finds what another connector or a person listed before. The watermark is
    TikTok's time and moves only after the whole scan.
    """
    shop = connection.shop
    since = shop.listings_seen_at - _SCAN_OVERLAP if shop.listings_seen_at else None
    scan, newest = _Scan(clock.now()), shop.listings_seen_at
    for listings in clients.shop_client(shop, "bulk").listings(updated_from=since):
        snapshot.keep_seen_skus(shop.id, shop.account_id, listings)
        ids = [listing.id for listing in listings]
        rows = {row.tiktok_id: row for row in ListingRow.objects.filter(connection=connection, tiktok_id__in=ids)}
        sightings = []
        for listing in listings:
            newest = listing.updated_at if newest is None else max(newest, listing.updated_at)
            refused = "FAILED" in {listing.status, listing.audit_status} or listing.status == "PLATFORM_DEACTIVATED"
            scan.seen.add(listing.id)
            if refused:
                scan.refused.add(listing.id)
            row = rows.get(listing.id)
            if row is None:
                continue
            if row.observed_at is None or listing.updated_at > row.observed_at:
                scan.touched[row.product_id] = refused
            if not refused:
                sightings.append((row, listing))
        record_observed(connection, sightings)
    if newest != shop.listings_seen_at:
        shop.listings_seen_at = newest
        Shop.objects.filter(id=shop.id).update(listings_seen_at=newest)
    return scan


_SWITCH_AT_ONCE = 20


def switch_listings(task: Task) -> bool:
    """Task: put listings on sale or take them off, 20 a call. Those in the wrong state are skipped with a reason."""
    connection = Connection.objects.select_related("shop").get(id=int(task.params["connection"]))
    on = bool(task.params["on"])
    lane = lanes.lane_of(task.account_id, "listing", task.owner)
    client = clients.shop_client(connection.shop)
    fit = {ListingState.INACTIVE_SELLER, ListingState.INACTIVE_SYSTEM} if on else {ListingState.LIVE}
    rows = {
        row.product_id: row
        for row in ListingRow.objects.filter(connection=connection, product_id__in=task.params["products"])
    }
    skipped = [i for i in task.params["products"] if i not in rows or rows[i].state not in fit]
    reason = "not off" if on else "not live"
    tasks.note_items(task, lane, [(str(i), "skipped", f"The product is {reason}.") for i in skipped])
    wanted = [rows[i] for i in task.params["products"] if i in rows and rows[i].state in fit]
    for start in range(0, len(wanted), _SWITCH_AT_ONCE):
        some = wanted[start : start + _SWITCH_AT_ONCE]
        refused: dict[str, str] = {}
        try:
            (client.activate if on else client.deactivate)([row.tiktok_id for row in some])
        except PartlyRefused as error:
            refused = dict(error.fields)
        items = []
        for row in some:
            why = refused.get(row.tiktok_id, "")
            if not why:
                _set_state(row, ListingState.REVIEWING if on else ListingState.INACTIVE_SELLER)
            items.append((str(row.product_id), "failed" if why else "succeeded", why))
        tasks.note_items(task, lane, items)
    task.refresh_from_db()
    tasks.carried_out(task)
    return False
