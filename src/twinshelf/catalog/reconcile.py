"""The catalog's flows: products of a store, listings and prices of a connection.

The only part of the catalog that calls a platform. `product` (lane of a store) reads products anew and asks the lanes
of every connection for what changed of them. `listing` creates and edits listings and records what review made of
them. `price` sets prices.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from django.conf import settings
from django.db import transaction

from twinshelf.bigcommerce.products import Names
from twinshelf.catalog import plan as planning
from twinshelf.catalog import snapshot, templates
from twinshelf.catalog.models import (
    CategoryCache,
    Link,
    ListingRow,
    ListingState,
    ShopSkuSeen,
    StoreProduct,
    Template,
    UploadedImage,
)
from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop, Store
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
from twinshelf.sync import lanes, tasks
from twinshelf.sync.flows import Ask, LaneRef
from twinshelf.sync.models import Task
from twinshelf.tiktok import products as tiktok_products
from twinshelf.tiktok import texts
from twinshelf.tiktok.errors import PartlyRefused, PriceLocked
from twinshelf.tiktok.regions import region as region_of

log = structlog.get_logger(__name__)

Quantities = Callable[[Connection, Sequence[int]], Mapping[int, int]]
"""(connection, product ids) → units to offer by variant id. Handed in by wiring: it is inventory's to say."""

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
    for connection in Connection.objects.filter(store=store):
        owner = f"connection:{connection.id}"
        preferences = connection_actions.preferences(connection)
        if preferences.catalog_direction != "bc_to_tts":
            continue
        listed = set(
            ListingRow.objects.filter(connection=connection, product_id__in=changed.any | gone)
            .exclude(tiktok_id="", wanted=False)
            .values_list("product_id", flat=True)
        )
        if preferences.auto_import:
            new = changed.new - listed
            ListingRow.objects.bulk_create(
                [ListingRow(account_id=store.account_id, connection=connection, product_id=i) for i in sorted(new)],
                ignore_conflicts=True,
            )
        lanes.ask(
            store.account_id,
            "stock",
            owner,
            map(str, (changed.stock | gone) & listed),
            reason=reason,
            priority=lanes.URGENT,
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
    """Task: read the store's products, all or those changed since a time, a page of 250 a slice.

    Pages go by id, not by number, so rows that move while the shop edits are neither skipped nor read twice. The
    place is kept in the task, so a restart goes on with the page it was at. A full pull ends by noticing what is gone.
    """
    store = Store.objects.get(id=int(task.params["store"]))
    client = clients.store_client(store, "bulk")
    since = clock.parse(task.params["since"]) if task.params.get("since") else None
    names = names_of(store)
    cursor = task.cursor or {
        "last_id": 0,
        "started": clock.now().isoformat(),
        "watermark": (skew.now(settings.OPERATOR.bigcommerce_api) - _PULL_OVERLAP).isoformat(),
        "counts_itself": True,
    }
    deadline = clock.monotonic() + 2.0
    while True:
        started = clock.now()
        page = client.products_after(cursor["last_id"], names, store=clients.info_of(store), modified_since=since)
        with transaction.atomic():
            changed = snapshot.keep_products(store, page.products)
            stock_read(store, [variant.id for product in page.products for variant in product.variants], started)
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
            return True
    if since is None:
        started_at = clock.parse(cursor["started"])
        unseen = StoreProduct.objects.filter(store=store, deleted=False, seen_at__lt=started_at)
        gone = snapshot.mark_deleted(store, list(unseen.values_list("product_id", flat=True)))
        spread(store, snapshot.Changed(), gone, reason=f"pull {task.id}")
    # From the platform's time when this pull began: what was edited meanwhile on a page already read comes again.
    Store.objects.filter(id=store.id).update(pulled_at=clock.parse(cursor["watermark"]))
    task.refresh_from_db()
    tasks.count(task, total=task.succeeded + task.failed)
    tasks.carried_out(task)
    return False


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

    def draft_many(self, lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
        """Plans for the asked products: create, edit, nothing; with all findings that stand in the way."""
        connection = Connection.objects.select_related("store", "shop", "shop__seller").get(id=lane.owner_id)
        product_ids = [int(ask.key) for ask in asks]
        rows = {
            row.product_id: row for row in ListingRow.objects.filter(connection=connection, product_id__in=product_ids)
        }
        products = snapshot.products_of(connection.store_id, product_ids)
        facts = facts_of(connection)
        quantities = self._quantities(connection, product_ids)
        _look_at(connection, [row for ask in asks if (row := rows.get(int(ask.key))) and _wants_look(ask.reason, row)])
        plans = []
        for ask in asks:
            row = rows.get(int(ask.key))
            if row is None or not (row.wanted or row.tiktok_id):
                continue
            product = products.get(row.product_id)
            plans.append(self._draft(connection, ask, row, facts=facts, product=product, quantities=quantities))
        return plans

    def _draft(
        self,
        connection: Connection,
        ask: Ask,
        row: ListingRow,
        *,
        facts: planning.ShopFacts,
        product: Product | None,
        quantities: Mapping[int, int],
    ) -> Plan:
        findings = planning.review_findings(row.status, row.audit_status, row.audit_reasons) if row.tiktok_id else ()
        if product is None or not row.wanted:
            # Gone from the store, or not wanted any more: the listing stays, its stock goes to 0 by the stock lane.
            return Plan(key=ask.key, findings=findings)
        listing, listing_findings = desire(connection, facts, product, quantities)
        if listing is None:
            if not row.tiktok_id:
                skipped = all(f.code.startswith("I-") for f in listing_findings)
                _set_state(row, ListingState.NOT_UPLOADED if skipped else ListingState.FAILED)
            return Plan(key=ask.key, findings=(*findings, *_without_notices(listing_findings)))
        _keep_notices(row, listing_findings)
        told = (*findings, *_without_notices(listing_findings))
        if not row.tiktok_id:
            row = self._adopted(connection, row, listing)
        if not row.tiktok_id:
            key = row.creating_key or str(uuid4())
            return Plan(key=ask.key, changes=(CreateListing(listing=listing, key=key),), findings=told)
        digest = planning.content_digest(listing)
        if row.sent is not None and bytes(row.sent) == digest:
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

    def _adopted(self, connection: Connection, row: ListingRow, listing: Listing) -> ListingRow:
        """The row linked to a product the shop already has for these seller SKUs, else the row as it is.

        Looked up among the SKUs seen in the shop, and at the shop itself while the outcome of a create is unknown.
        """
        codes = [sku.seller_sku for sku in listing.skus]
        seen = list(
            ShopSkuSeen.objects.filter(shop_id=connection.shop_id, seller_sku__in=codes).exclude(status="DELETED")
        )
        found: ShopListing | None = None
        client = clients.shop_client(connection.shop)
        if row.creating_key:
            matches = client.find_listings(codes[:10])
            found = next((m for m in matches if m.status != "DELETED"), None)
        elif seen:
            ids = {entry.tiktok_id for entry in seen}
            if len(ids) == 1:
                try:
                    found = client.listing(ids.pop())
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
        with transaction.atomic():
            _keep_links(connection, row.product_id, found.id, pairs, listing)
            row.tiktok_id, row.creating_key = found.id, ""
            row.save(update_fields=["tiktok_id", "creating_key"])
            snapshot.keep_listing(connection, row, found)
        return row

    def before(self, lane: LaneRef, plans: Sequence[Plan]) -> None:
        """Note the keys under which creates are about to go out, so that a lost answer is recognized."""
        for plan in plans:
            for change in plan.changes:
                if isinstance(change, CreateListing):
                    ListingRow.objects.filter(connection_id=lane.owner_id, product_id=int(plan.key)).update(
                        creating_key=change.key, state=ListingState.IN_PROGRESS
                    )

    def apply(self, lane: LaneRef, key: str, change: AnyChange) -> str:
        """Make one change at the shop. Safe to repeat: creates carry a key, edits set."""
        connection = Connection.objects.select_related("store", "shop").get(id=lane.owner_id)
        row = ListingRow.objects.get(connection=connection, product_id=int(key))
        match change:
            case CreateListing():
                return _create(connection, row, change)
            case EditContent():
                return _edit(connection, row, change)
            case DeactivateListing():
                clients.shop_client(connection.shop).deactivate([change.shop_listing_id])
                _set_state(row, ListingState.INACTIVE_SELLER)
                return "deactivated"
            case _:
                return apply_nothing(lane, key, change)


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
    connection: Connection, facts: planning.ShopFacts, product: Product, quantities: Mapping[int, int]
) -> tuple[Listing | None, tuple[Finding, ...]]:
    """The listing as it should be, checked by our rules and by TikTok's own, all problems at once."""
    category_id = templates.category_of(product, facts.template, facts.template_category_id)
    attributes, rules = category_of(connection.shop, category_id) if category_id else ((), CategoryRules())
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


def suggest_template(connection: Connection) -> dict[str, Any]:
    """A default template to begin with, as `actions.set_default_template` takes it.

    Each category of the store gets the TikTok category that TikTok itself recommends for its goods; the commonest is
    the default. Required attributes come from custom fields of their name, else TikTok's first value.
    """
    client, region = clients.shop_client(connection.shop), region_of(connection.shop.region)
    samples: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    rows = StoreProduct.objects.filter(store=connection.store, deleted=False).values_list("category", "title")
    for category, title in rows.iterator():
        counts[category] += 1
        if len(samples.setdefault(category, [])) < 2:
            samples[category].append(title)
    chosen: dict[str, str] = {}
    for category, _number in counts.most_common(_SUGGEST_FOR):
        leaf = category.rpartition(">")[2].strip()
        for title in samples[category]:
            found = client.recommend_category(f"{leaf} {title}"[:250], version=region.category_version)
            if found:
                chosen[category] = found
                break
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
            if attribute.required and not attribute.sales:
                first = attribute.values[0][1] if attribute.values else "Not specified"
                attributes.append(
                    {"name": attribute.name, "source": "custom_field", "field": attribute.name, "value": first}
                )
    unique = {entry["name"].lower(): entry for entry in attributes}
    return {
        "category_id": ranked[0][0],
        "attributes": list(unique.values()),
        "categories": [{"key": key, "category_id": category_id} for key, category_id in chosen.items() if key],
    }


def _wants_look(reason: str, row: ListingRow) -> bool:
    """Whether to read the listing first: somebody told us that it changed, or its review is open."""
    return bool(row.tiktok_id) and (reason.startswith(("webhook", "refresh", "task")) or row.observed_at is None)


_ONE_BY_ONE = 2


def _look_at(connection: Connection, rows: Sequence[ListingRow]) -> None:
    """Read what the shop shows of these listings and record it.

    More than a few are read by searching what changed lately, a hundred a call; only a refusal, whose reasons a search
    does not tell, and what the search did not find are read one by one.
    """
    seen = _scan(connection) if len(rows) > _ONE_BY_ONE else {}
    for row in rows:
        found = seen.get(row.tiktok_id)
        if found is None or "FAILED" in {found.status, found.audit_status} or found.status == "PLATFORM_DEACTIVATED":
            _look(connection, row)
        else:
            record_observed(connection, row, found)


def _look(connection: Connection, row: ListingRow) -> None:
    """Read the listing and record it. If TikTok knows it no more, it counts as not uploaded."""
    try:
        observed = clients.shop_client(connection.shop).listing(row.tiktok_id)
    except NotFound:
        row.tiktok_id, row.sent, row.state, row.status = "", None, ListingState.NOT_UPLOADED, "DELETED"
        row.save(update_fields=["tiktok_id", "sent", "state", "status"])
        Link.objects.filter(connection=connection, product_id=row.product_id).delete()
    else:
        record_observed(connection, row, observed)


def record_observed(connection: Connection, row: ListingRow, observed: ShopListing) -> None:
    """Keep a sighting; what has just gone live gets its price and stock compared."""
    became = snapshot.keep_listing(connection, row, observed)
    if "live" in became:
        owner = f"connection:{connection.id}"
        lanes.ask(connection.account_id, "price", owner, [str(row.product_id)], reason="went live")
        lanes.ask(connection.account_id, "stock", owner, [str(row.product_id)], reason="went live")


def _create(connection: Connection, row: ListingRow, change: CreateListing) -> str:
    if row.tiktok_id:  # the step is being repeated and the first time got through
        return f"exists as {row.tiktok_id}"
    listing = change.listing
    client = clients.shop_client(connection.shop)
    try:
        image_uris = _uploaded(connection, listing)
    except (Transient, NeedsPerson) as error:  # surely nothing was created
        row.creating_key = ""
        row.state = ListingState.FAILED if isinstance(error, NeedsPerson) else row.state
        row.save(update_fields=["creating_key", "state"])
        raise
    try:
        created = client.create_listing(
            listing,
            image_uris=image_uris,
            key=change.key,
            region=region_of(connection.shop.region),
        )
    except Transient as error:
        if not error.outcome_unknown:
            row.creating_key = ""
            row.save(update_fields=["creating_key"])
        raise
    except Refused:
        row.creating_key, row.state = "", ListingState.FAILED
        row.save(update_fields=["creating_key", "state"])
        raise
    by_code = {sku.seller_sku: sku.variant_id for sku in listing.skus}
    pairs = {by_code[code]: sku_id for code, sku_id in created.sku_ids.items() if code in by_code}
    with transaction.atomic():
        _keep_links(connection, row.product_id, created.id, pairs, listing)
        row.tiktok_id, row.creating_key, row.sent = created.id, "", planning.content_digest(listing)
        row.state, row.status, row.audit_status = ListingState.REVIEWING, "PENDING", "AUDITING"
        row.warnings = [*row.warnings, *created.warnings]
        row.price_min = min(sku.price.amount for sku in listing.skus)
        row.price_max = max(sku.price.amount for sku in listing.skus)
        row.quantity = sum(sku.quantity for sku in listing.skus)
        row.save(
            update_fields=[
                "tiktok_id", "creating_key", "sent", "state", "status", "audit_status", "warnings", "price_min",
                "price_max", "quantity",
            ]
        )  # fmt: skip
    released(connection, [sku.seller_sku for sku in listing.skus])
    return f"created as {created.id}"


released: Callable[[Connection, Sequence[str]], None] = lambda _connection, _codes: None  # noqa: E731
"""Told of seller SKUs that have just been linked: orders that waited for them are asked for again. Set by wiring."""


def _keep_links(
    connection: Connection, product_id: int, tiktok_id: str, pairs: Mapping[int, str], listing: Listing
) -> None:
    skus = {sku.variant_id: sku for sku in listing.skus}
    for variant_id, sku_id in pairs.items():
        sku = skus[variant_id]
        Link.objects.filter(connection=connection, sku_id=sku_id).exclude(variant_id=variant_id).delete()
        Link.objects.update_or_create(
            connection=connection,
            variant_id=variant_id,
            defaults={
                "account_id": connection.account_id,
                "product_id": product_id,
                "seller_sku": sku.seller_sku,
                "tiktok_id": tiktok_id,
                "sku_id": sku_id,
                "price": sku.price.amount,
                "currency": sku.price.currency,
                "quantity": sku.quantity,
            },
        )


def _edit(connection: Connection, row: ListingRow, change: EditContent) -> str:
    client = clients.shop_client(connection.shop)
    edited = client.edit_listing(
        change.shop_listing_id,
        change.listing,
        image_uris=_uploaded(connection, change.listing),
        sku_ids=dict(change.sku_ids),
        region=region_of(connection.shop.region),
    )
    row.sent = planning.content_digest(change.listing)
    row.audit_status = edited.audit_status
    row.save(update_fields=["sent", "audit_status"])
    by_code = {sku.seller_sku: sku.variant_id for sku in change.listing.skus}
    pairs = {by_code[code]: sku_id for code, sku_id in edited.sku_ids.items() if code in by_code}
    if pairs:
        _keep_links(connection, row.product_id, change.shop_listing_id, pairs, change.listing)
    return f"sent to review: {edited.audit_status or 'accepted'}"


def _uploaded(connection: Connection, listing: Listing) -> dict[str, str]:
    """TikTok's URI for every image of the listing. What the shop has, by source or content, is not uploaded again."""
    wanted = dict.fromkeys(listing.image_urls, "MAIN_IMAGE")
    for sku in listing.skus:
        if sku.image_url:
            wanted.setdefault(sku.image_url, "ATTRIBUTE_IMAGE")
    known = {
        (entry.source, entry.use_case): entry.uri
        for entry in UploadedImage.objects.filter(shop_id=connection.shop_id, source__in=list(wanted))
    }
    return {url: known.get((url, use)) or _upload(connection, url, use) for url, use in wanted.items()}


def _upload(connection: Connection, url: str, use_case: str) -> str:
    data = fetch.fitted(url, fetch.image(url), smallest=300, largest=4000)
    digest = hashlib.sha256(data).hexdigest()
    with _image_locks_guard:  # two products of one batch may share a picture: the second waits and finds the first's
        lock = _image_locks.setdefault(f"{connection.shop_id}:{digest}:{use_case}", threading.Lock())
    with lock:
        same = UploadedImage.objects.filter(shop_id=connection.shop_id, sha256=digest, use_case=use_case).first()
        uri = same.uri if same is not None else clients.shop_client(connection.shop).upload_image(data, use_case)
        UploadedImage.objects.update_or_create(
            account_id=connection.account_id,
            shop_id=connection.shop_id,
            source=url,
            use_case=use_case,
            defaults={"sha256": digest, "uri": uri, "used_at": clock.now()},
        )
    with _image_locks_guard:
        _image_locks.pop(f"{connection.shop_id}:{digest}:{use_case}", None)
    return uri


def _set_state(row: ListingRow, state: str) -> None:
    if row.state != state:
        row.state = state
        row.save(update_fields=["state"])


def _without_notices(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if not finding.code.startswith("N-"))


def _keep_notices(row: ListingRow, findings: Sequence[Finding]) -> None:
    notices = [finding.text for finding in findings if finding.code.startswith("N-")]
    if row.warnings != notices and not row.tiktok_id:
        row.warnings = notices
        row.save(update_fields=["warnings"])


# -- prices ---------------------------------------------------------------------------------------------------------


def draft_prices(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Plans that set every price that is not as it should be; only what is live can take a price."""
    connection = Connection.objects.select_related("store", "shop").get(id=lane.owner_id)
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
    seen = _scan(connection)
    rows = {row.tiktok_id: row for row in ListingRow.objects.filter(connection=connection, tiktok_id__in=list(seen))}
    touched = [
        str(row.product_id)
        for tiktok_id, row in rows.items()
        if row.observed_at is None or seen[tiktok_id].updated_at > row.observed_at
    ]
    owner = f"connection:{connection.id}"
    lanes.ask(connection.account_id, "listing", owner, touched, reason="refresh by scan", priority=lanes.BULK)
    return len(seen)


def _scan(connection: Connection) -> dict[str, ShopListing]:
    """The shop's products changed since the last scan, by id; their SKUs are remembered.

    The first scan reads everything and so finds what another connector or a person listed before. The watermark is
    TikTok's time and moves only after the whole scan.
    """
    shop = connection.shop
    client = clients.shop_client(shop, "bulk")
    since = shop.listings_seen_at - _SCAN_OVERLAP if shop.listings_seen_at else None
    token, seen = "", dict[str, ShopListing]()
    while True:
        page = client.listings_page(updated_from=since, page_token=token)
        snapshot.keep_seen_skus(shop.id, shop.account_id, page.rows)
        seen.update({listing.id: listing for listing in page.rows})
        token = page.next_token
        if not token:
            break
    if seen:
        newest = max(listing.updated_at for listing in seen.values())
        if shop.listings_seen_at is None or newest > shop.listings_seen_at:
            shop.listings_seen_at = newest
            Shop.objects.filter(id=shop.id).update(listings_seen_at=newest)
    return seen


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
