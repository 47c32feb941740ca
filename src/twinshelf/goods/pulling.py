"""The products of a store: read anew where asked for, pulled page by page, and told of to its connections' lanes.

Reads the store alone: what a shop is to show of its products is the business of the lanes asked here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from twinshelf import messages
from twinshelf.accounts.actors import ENGINE
from twinshelf.connections import clients
from twinshelf.connections.batches import StoreBatch
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.connections.queries import store_now
from twinshelf.documents import Names, Plan, Product, finding, from_json, to_json, token
from twinshelf.goods import actions, doubts, holds, locations, snapshot
from twinshelf.goods.models import StoreNames, StoreProduct, StoreVariant
from twinshelf.goods.readiness import unready
from twinshelf.goods.reading_ahead import ReadAhead
from twinshelf.goods.selections import selected
from twinshelf.kit import clock
from twinshelf.kit.words import counted
from twinshelf.rules import membership
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.flows import ORDERS, Flow, Signal
from twinshelf.sync.models import Task

_NAMES_FOR = timedelta(minutes=5)
_PULL_OVERLAP = timedelta(minutes=2)
_LOOK_AGAIN_SECONDS = 30.0
_HOLDS_END_SECONDS = holds.SURE_AFTER.total_seconds() + 1.0


def observe_products(batch: StoreBatch, keys: Sequence[str]) -> Mapping[str, Plan]:
    """Read these products again, keep what changed and mark it in the lanes of the store's connections.

    It changes nothing outside, so a preview has nothing to show.
    """
    if batch.preview:
        return {}
    store = batch.store
    urgent = any(ask.priority <= lanes.URGENT for ask in batch.asks.values())
    client = clients.store_client(store, "urgent" if urgent else "normal")
    started = clock.now()
    names = names_of(store)
    page = client.products(list(keys), names, store=clients.info_of(store))
    with transaction.atomic():  # what is on record as seen has been marked: never one without the other
        snapshot.lock(store)
        overtaken = snapshot.seen_since(store, page.missing, started)
        missing = set(page.missing) - overtaken
        meant = {key for key in keys if (key, doubts.GONE) in batch.confirmed}
        vanished = doubts.gone_too_many(store, missing, meant=meant, due=_due(batch, keys), now=started)
        believed = {
            key for key in keys if (key, doubts.EMPTIED) in batch.confirmed or batch.signalled(key, Signal.SOLD)
        }
        changed, held, holding = _keep(
            store, _wanted(store, page.products), started, believed=believed, due=_due(batch, keys)
        )
        snapshot.keep_unreadable(store, {entry.id: str(entry.error) for entry in page.unreadable})
        gone = snapshot.mark_deleted(store, missing - vanished, meant=meant)
        membership.forget(store, gone)
        spread(store, changed, gone, cause=batch.asks[keys[0]].cause)
    findings = {entry.id: finding("E-PRODUCT-READ", why=entry.error) for entry in page.unreadable}
    findings |= {product_id: finding("E-PRD-GONE", others=len(vanished) - 1) for product_id in vanished}
    findings |= {product_id: finding("E-INV-EMPTIED", others=len(held) - 1) for product_id in held}
    again = changed.doubted | overtaken
    if names.draws_from:  # the inventory of a location may still show what was there before a change
        again |= changed.kept
    return {
        key: Plan(
            key=key,
            findings=(findings[key],) if key in findings else (),
            later_seconds=_LOOK_AGAIN_SECONDS if key in again else _HOLDS_END_SECONDS if key in holding else None,
        )
        for key in keys
    }


def _due(batch: StoreBatch, keys: Sequence[str]) -> int:
    """How many products may be concerned beside one that is looked at by itself: its batch was planned one by one."""
    return lanes.due_count(batch.lane.id) if len(keys) == 1 else 0


def _keep(
    store: Store, products: Sequence[Product], began: datetime, *, believed: Collection[str] = (), due: int = 0
) -> tuple[snapshot.Changed, set[str], set[str]]:
    """Keep a reading, but for stock that fell to 0 of too many products: theirs stays what it was.

    Returns what changed, the products whose stock is held back, and those of which orders hold units that this reading
    may not show yet. `believed` are those of which somebody, or the
    store itself, said why it fell.
    """
    emptied = doubts.emptied(store, [product for product in products if product.id not in believed])
    held = doubts.emptied_too_many(store, emptied, due=due, now=began)
    kept = [doubts.with_stock(p, emptied[p.id]) if p.id in held else p for p in products] if held else products
    changed = snapshot.keep_products(store, kept, began=began)
    changed.price |= _placed(store, [product for product in kept if product.id in changed.new | changed.content])
    doubts.note_emptied(store, emptied.keys() - held - changed.doubted, now=began)
    holding = holds.stock_was_read(store, kept, changed, began)
    return changed, held - changed.doubted, holding


def _placed(store: Store, products: Sequence[Product]) -> set[str]:
    """Have products that are new or changed join and leave category templates; returns those that moved.

    With the reading and not after it: nothing is ever sent by the rules of a template that a product has left.
    """
    if not products:
        return set()
    texts = membership.keep_texts(store, products)
    connections = Connection.objects.filter(store=store)
    return set().union(*(membership.observed(connection, texts) for connection in connections))


def take(store: Store, product_ids: Collection[str], *, cause: str) -> Mapping[str, Product]:
    """Read these products and keep them, whoever adds new ones otherwise: somebody here made them, or needs them.

    Returns them by id. Safe to repeat.
    """
    started, names = clock.now(), names_of(store)
    page = clients.store_client(store).products(product_ids, names, store=clients.info_of(store))
    with transaction.atomic():
        snapshot.lock(store)
        changed, _held, _holding = _keep(store, page.products, started, believed=list(product_ids))
        spread(store, changed, set(), cause=cause)
    return {product.id: product for product in page.products}


def spread(store: Store, changed: snapshot.Changed, gone: set[str], *, cause: str) -> None:
    """Ask the lanes of every connection of the store for what a reading showed to have changed."""
    if not changed.any and not gone:
        return
    _look_at_doubled(store)
    if told := changed.new | changed.content:
        _unblock_codes(store, told)
    for connection in Connection.objects.filter(store=store):
        owner = f"connection:{connection.id}"
        preferences = preferences_from_json(connection.preferences)
        listed = selected(connection, changed.any | gone)
        lanes.ask(
            store.account_id,
            "stock",
            owner,
            (changed.stock | gone) & listed,
            cause=cause,
            priority=lanes.URGENT,
        )
        if preferences.catalog_direction != "bc_to_tts":
            continue
        lanes.ask(store.account_id, "price", owner, changed.price & listed, cause=cause)
        lanes.ask(
            store.account_id,
            "listing",
            owner,
            (changed.content | changed.new | gone) & listed,
            cause=cause,
            priority=lanes.BULK,
        )


def _unblock_codes(store: Store, product_ids: set[str]) -> None:
    """Tell of the SKUs of new or changed products: orders may wait for one."""
    if not problems.is_awaited(store.account_id, "sku"):  # the usual case
        return
    variants = StoreVariant.objects.filter(store=store, product_id__in=product_ids, deleted=False).exclude(sku="")
    problems.unblock(store.account_id, *(token("sku", code) for code in variants.values_list("sku", flat=True)))


def _look_at_doubled(store: Store) -> None:
    """Ask again for products that were held for a SKU used by others too, where it is theirs alone now."""
    for connection in Connection.objects.filter(store=store):
        owner = f"connection:{connection.id}"
        keys = problems.open_keys(store.account_id, owner, "E-SKU-DUP")
        if keys:
            doubled = snapshot.products_with_doubled_codes(store.id, list(keys))
            alone = [key for key in keys if key not in doubled]
            lanes.ask(store.account_id, "listing", owner, alone, cause="SKU is its own", priority=lanes.BULK)


def _wanted(store: Store, products: Sequence[Product]) -> Sequence[Product]:
    """Of products that nobody pulled by hand: all with automatic import, else those that a pull has brought before."""
    connections = Connection.objects.filter(store=store)
    if any(preferences_from_json(connection.preferences).auto_import for connection in connections):
        return products
    ids = [product.id for product in products]
    known = set(StoreProduct.objects.filter(store=store, product_id__in=ids).values_list("product_id", flat=True))
    return [product for product in products if product.id in known]


def _known_only(store: Store, products: Sequence[Product], since: datetime | None) -> Sequence[Product]:
    """Of products read by the timetable: as `_wanted`. Since when some were left out stays on record.

    A pull by hand of what changed begins there, so that it finds what the timetable has passed over.
    """
    wanted = _wanted(store, products)
    if len(wanted) < len(products):
        first = min(product.modified_at for product in products) if since is None else since
        Store.objects.filter(id=store.id, new_since=None).update(new_since=first)
    return wanted


def names_of(store: Store) -> Names:
    """Brand names and category paths of the store, read again every few minutes."""
    kept = StoreNames.objects.filter(store=store).first()
    if kept is not None and clock.now() - kept.read_at < _NAMES_FOR:
        return from_json(bytes(kept.document), Names)
    names = clients.store_client(store, "bulk").names()
    StoreNames.objects.update_or_create(
        account_id=store.account_id, store=store, defaults={"document": to_json(names), "read_at": clock.now()}
    )
    return names


def pull(task: Task) -> bool:
    """Task: read the store's products, all or those changed in some time, 250 a page, each while the last is stored.

    Pages go by id, not by number, so rows that move while the shop edits are neither skipped nor read twice. The
    place is kept in the task, so a restart goes on with the page it was at. A full pull ends by looking for what it did
    not see.
    """
    store = Store.objects.get(id=int(task.params["store"]))
    client = clients.store_client(store, "bulk")
    since = clock.parse(task.params["since"]) if task.params.get("since") else None
    until = clock.parse(task.params["until"]) if task.params.get("until") else None
    names, info = names_of(store), clients.info_of(store)
    cursor = task.cursor or {
        "last_id": "",
        "started": clock.now().isoformat(),
        "watermark": (store_now(store) - _PULL_OVERLAP).isoformat(),
        "counts_itself": True,
    }
    deadline = clock.monotonic() + 2.0
    read_page = partial(client.products_after, names=names, store=info, modified_since=since, modified_until=until)
    ahead = tasks.left_by_last_slice(task)
    if not isinstance(ahead, ReadAhead) or ahead.next_after() != cursor["last_id"]:
        ahead = ReadAhead(lambda last_id, going_on: read_page(last_id, going_on=going_on), cursor["last_id"])
    while True:
        started, page = ahead.take()
        with transaction.atomic():
            snapshot.lock(store)
            products = _known_only(store, page.products, since) if task.params.get("by_itself") else page.products
            believed = [product.id for product in products] if task.params.get("moved") else ()
            changed, held, holding = _keep(store, products, started, believed=believed)
            back = doubts.waiting(store, [product.id for product in page.products])
            owner, cause = f"store:{store.id}", f"read beside pull {task.id}"
            lanes.ask(store.account_id, "product", owner, changed.doubted | held | back, cause=cause)
            later = clock.after(_HOLDS_END_SECONDS)
            lanes.ask(store.account_id, "product", owner, holding, cause="orders took stock", due_at=later)
            if page.unreadable:
                lane = lanes.lane_of(store.account_id, "product", f"store:{store.id}")
                snapshot.keep_unreadable(store, {entry.id: str(entry.error) for entry in page.unreadable})
                tasks.note_items(task, lane, [(e.id, "failed", str(e.error)) for e in page.unreadable])
            seen = [product.id for product in page.products if product.id not in changed.new | changed.doubted]
            _touch(store, seen)
            spread(store, changed, set(), cause=f"pull {task.id}")
            cursor = {
                **cursor,
                "last_id": page.last_id,
                "unready": cursor.get("unready", 0) + _note_unready(task, store, page.products),
            }
            tasks.count(task, succeeded=len(page.products), failed=len(page.unreadable))
            task.cursor = cursor
            task.save(update_fields=["cursor"])
        if not page.more:
            break
        if clock.monotonic() > deadline:
            tasks.leave_for_next_slice(task, ahead)
            return True
    if since is None and until is None:
        started_at = clock.parse(cursor["started"])
        unseen = StoreProduct.objects.filter(store=store, deleted=False, seen_at__lt=started_at)
        # Only asked for: a page that was cut short must not empty a shop. Who is not there by id either, is gone.
        keys = unseen.values_list("product_id", flat=True)
        lanes.ask(store.account_id, "product", f"store:{store.id}", keys, cause=f"not seen by pull {task.id}")
    if until is None:
        _note_pulled(store, since, watermark=clock.parse(cursor["watermark"]), by_hand=not task.params.get("by_itself"))
    _tell_unready(task, cursor["unready"])
    task.refresh_from_db()
    tasks.count(task, total=task.succeeded + task.failed)
    tasks.carried_out(task)
    return False


def _note_unready(task: Task, store: Store, products: Sequence[Product]) -> int:
    """Note of each product that somebody pulls what it still lacks, so that none is left out in silence. How many."""
    if task.params.get("by_itself"):
        return 0
    lane = lanes.lane_of(store.account_id, "product", f"store:{store.id}")
    found = {product.id: unready(product) for product in products}
    told = [
        (product_id, "succeeded", f"Not ready: {'; '.join(messages.title(each.code) for each in findings)}.")
        for product_id, findings in found.items()
        if findings
    ]
    if told:
        tasks.note_items(task, lane, told)
    return len(told)


def _tell_unready(task: Task, number: int) -> None:
    if number:
        task.params = {**task.params, "told": f"{counted(number, 'product')} not ready for TikTok Shop: see below."}
        task.save(update_fields=["params"])


def _note_pulled(store: Store, since: datetime | None, *, watermark: datetime, by_hand: bool) -> None:
    """Note up to when the store is known, unless this pull begins later than that: it left a gap.

    `watermark` is the platform's time when the pull began, so what was edited meanwhile on a page already read comes
    again.
    """
    if since is None or store.pulled_at is None or since <= store.pulled_at:
        Store.objects.filter(id=store.id).update(pulled_at=watermark)
    if by_hand and (since is None or (store.new_since and since <= store.new_since)):
        Store.objects.filter(id=store.id).update(new_since=None)


def _touch(store: Store, product_ids: Sequence[str]) -> None:
    """Note that these were seen now, also where nothing changed: a full pull tells by it what is gone."""
    StoreProduct.objects.filter(store=store, product_id__in=product_ids).update(seen_at=clock.now())


def observe_locations(batch: StoreBatch, keys: Sequence[str]) -> Mapping[str, Plan]:
    """Read the locations, and have the stock of all products read anew where one was opened, closed or switched.

    What that means for the push rules of the store's connections is for their own lanes to say.
    """
    if batch.preview:
        return {}
    store = batch.store
    _read_locations(store)
    return {key: Plan(key=key) for key in keys}


def _read_locations(store: Store) -> None:
    found = clients.store_client(store, "urgent").locations() if locations.wanted(store) else None
    with transaction.atomic():
        snapshot.lock(store)
        before = _standing(store)
        if found is None:
            locations.forget(store)
        else:
            locations.keep(store, found)
            if not before:
                locations.count_all(store)
        after = _standing(store)
        if found is not None and before == after:  # one was renamed, or the timetable looked
            return
        StoreNames.objects.filter(store=store).delete()
        actions.pull(store, moved=True, by=ENGINE)
        for connection in Connection.objects.filter(store=store):
            lanes.ask(store.account_id, "warehouse", f"connection:{connection.id}", ["all"], cause="locations changed")


def _standing(store: Store) -> dict[str, tuple[bool, bool]]:
    """Of every location on record, whether it is on and whether it was removed."""
    rows = locations.known(store).values()
    return {row.location_id: (row.enabled, row.removed_at is not None) for row in rows}


def as_observed(plan: Plan) -> Plan:
    """The plan of a flow that only reads: what its observing found. Pure."""
    return plan


LOCATIONS = Flow("location", StoreBatch, observe_locations, as_observed, size=10, gather_seconds=0.5)
PRODUCTS = Flow("product", StoreBatch, observe_products, as_observed, size=250, gather_seconds=0.5, queue=ORDERS)
