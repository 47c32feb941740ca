"""What a shop shows of its listings: read one by one or by a search, and recorded. Changes nothing in the shop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from twinshelf.connections import clients
from twinshelf.connections.choices import preferences
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import AuditStatus, ListingState, ListingStatus, ShopListing, SyncField
from twinshelf.errors import NotFound
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows, upsert
from twinshelf.listings import linking
from twinshelf.listings import plan as planning
from twinshelf.listings.compare import edits_of
from twinshelf.listings.models import CategoryTree, Link, ListingRow, ShopSkuSeen, deleted_of, leaves_kept
from twinshelf.rules.categories import leaves_of
from twinshelf.sync import lanes
from twinshelf.sync.flows import Signal
from twinshelf.tiktok.regions import region as region_of

_SCAN_OVERLAP = timedelta(minutes=10)
_ONE_BY_ONE = 2
"""Up to so many listings are read by themselves; more, by one search of what changed lately, a hundred a call."""


def scan_listings(connection: Connection) -> int:
    """Read the shop's products changed since the last scan and record them: the poll behind the webhooks.

    Returns how many were read. Safe to repeat.
    """
    scan = read_changed(connection)
    for refused, signals in ((True, Signal.LOOK), (False, Signal.NONE)):
        keys = [product_id for product_id, is_refused in scan.touched.items() if is_refused is refused]
        owner = f"connection:{connection.id}"
        lanes.ask(
            connection.account_id, "listing", owner, keys, cause="seen by scan", priority=lanes.BULK, signals=signals
        )
    if preferences(connection).catalog_direction == "tts_to_bc":
        lanes.ask(
            connection.account_id, "incoming", f"connection:{connection.id}", scan.seen, cause="seen by scan",
            priority=lanes.BULK,
        )  # fmt: skip
    return len(scan.seen)


@dataclass
class Scan:
    """A search of the shop: the ids it found, and what only a look at the listing itself tells."""

    began: datetime
    seen: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """Ids of listings that TikTok refused or stopped. Its reasons are not in a search, so they are not recorded."""
    touched: dict[str, bool] = field(default_factory=dict)
    """Ids of our products that changed since they were last seen → whether they are among the refused."""


def read_changed(connection: Connection) -> Scan:
    """Read the shop's products changed since the last scan and record them, a page at a time, with all their SKUs.

    The first scan reads everything and so finds what another connector or a person listed before. The watermark is
    TikTok's time and moves only after the whole scan.
    """
    shop = connection.shop
    since = shop.listings_seen_at - _SCAN_OVERLAP if shop.listings_seen_at else None
    scan, newest = Scan(clock.now()), shop.listings_seen_at
    for listings in clients.shop_client(shop, "bulk").listings(updated_from=since):
        keep_seen_skus(shop.id, shop.account_id, listings)
        ids = [listing.id for listing in listings]
        rows = {row.tiktok_id: row for row in ListingRow.objects.filter(connection=connection, tiktok_id__in=ids)}
        sightings = []
        for listing in listings:
            newest = listing.updated_at if newest is None else max(newest, listing.updated_at)
            refused = ListingStatus.FAILED in {listing.status, listing.audit_status} or (
                listing.status == ListingStatus.PLATFORM_DEACTIVATED
            )
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
        record_observed(connection, sightings, began=scan.began)
    if newest != shop.listings_seen_at:
        shop.listings_seen_at = newest
        Shop.objects.filter(id=shop.id).update(listings_seen_at=newest)
    return scan


def read_categories(connection: Connection) -> None:
    """Read the shop's category tree and keep its leaves. Safe to repeat."""
    shop = connection.shop
    version = region_of(shop.region).category_version
    leaves = leaves_of(clients.shop_client(shop, "bulk").categories(version))
    CategoryTree.objects.update_or_create(
        account_id=shop.account_id, shop=shop, defaults={"leaves": leaves_kept(leaves), "read_at": clock.now()}
    )


def look_at(connection: Connection, rows: Sequence[ListingRow]) -> bool:
    """Read what the shop shows of these listings and record it. Returns whether other rows than these were written.

    More than a few are read by one search; only a refusal, whose reasons a search does not tell, and what the search
    did not find are then read one by one.
    """
    if len(rows) <= _ONE_BY_ONE:
        for row in rows:
            look(connection, row)
        return False
    scan = read_changed(connection)
    for row in rows:
        if row.tiktok_id in scan.refused or row.tiktok_id not in scan.seen:
            look(connection, row)
    return True


def look(connection: Connection, row: ListingRow) -> None:
    """Read the listing and record it. If TikTok knows it no more, it counts as not uploaded."""
    began = clock.now()
    try:
        observed = clients.shop_client(connection.shop).listing(row.tiktok_id)
    except NotFound:
        row.tiktok_id, row.sent, row.state, row.status = "", None, ListingState.NOT_UPLOADED, ListingStatus.DELETED
        row.wanted, row.checked_at = False, began
        row.save(update_fields=["tiktok_id", "sent", "state", "status", "wanted", "checked_at"])
        Link.objects.filter(connection=connection, product_id=row.product_id).delete()
    else:
        record_observed(connection, [(row, observed)], began=began)


def adopt(connection: Connection, row: ListingRow, found: ShopListing, paired: linking.Paired) -> None:
    """Link a product to what the shop has of it already, and record what it shows.

    A product that is gone from the store gives its listing up. What it had linked beside comes along, so that SKUs
    which nobody sells any more are still set to 0.
    """
    began = clock.now()
    with transaction.atomic():
        before = ListingRow.objects.filter(connection=connection, tiktok_id=found.id).exclude(id=row.id)
        others, owner = list(before.values_list("product_id", flat=True)), f"connection:{connection.id}"
        before.update(
            tiktok_id="", sent=None, wanted=False, state=ListingState.NOT_UPLOADED, status="", audit_status="",
            audit_reasons=[], price_min=None, price_max=None, quantity=None,
        )  # fmt: skip
        Link.objects.filter(connection=connection, tiktok_id=found.id).update(product_id=row.product_id)
        linking.keep_links(connection, [paired])
        row.save(update_fields=["tiktok_id"])
        record_observed(connection, [(row, found)], began=began)
        cause = "another product has its listing"
        lanes.ask(connection.account_id, "listing", owner, others, cause=cause, priority=lanes.BULK)


def record_observed(
    connection: Connection, sightings: Sequence[tuple[ListingRow, ShopListing]], *, began: datetime
) -> None:
    """Keep sightings; what has just gone live, or shows other numbers than known, gets them compared.

    `began` is our time before they were read: what was asked for earlier is answered by them.
    """
    became = _keep_listings(connection, sightings, began)
    owner = f"connection:{connection.id}"
    for kind in ("price", "stock"):
        live = [product_id for product_id, news in became.items() if "live" in news]
        moved = [product_id for product_id, news in became.items() if kind in news and "live" not in news]
        lanes.ask(connection.account_id, kind, owner, live, cause="went live")
        lanes.ask(connection.account_id, kind, owner, moved, cause=f"{kind} moved in the shop")


def _keep_listings(
    connection: Connection, sightings: Iterable[tuple[ListingRow, ShopListing]], began: datetime
) -> dict[str, set[str]]:
    """Record what the shop shows of listings, and return what is new by product id.

    `live` when it went on sale just now, `price` and `stock` where it shows other numbers than were known. An older
    sighting than the one on record is ignored.
    """
    current = [(row, seen) for row, seen in sightings if row.observed_at is None or seen.updated_at >= row.observed_at]
    if not current:
        return {}
    links: dict[str, list[Link]] = {}
    linked = Link.objects.filter(connection=connection, product_id__in=[row.product_id for row, _seen in current])
    for link in linked:
        links.setdefault(link.product_id, []).append(link)
    news: dict[str, set[str]] = {}
    moved: list[Link] = []
    for row, seen in current:
        before = row.state
        row.status, row.audit_status, row.audit_reasons = seen.status, seen.audit_status, list(seen.audit_reasons)
        row.state = planning.state_of(seen.status, seen.audit_status, deactivated_by_us=row.low_off_at is not None)
        if row.state == ListingState.LIVE and row.low_off_at is not None and began > row.low_off_at:
            row.low_off_at = None  # somebody put it on sale since: if it is off again, that is not for us to end
        row.observed_at, row.checked_at = seen.updated_at, began
        became = news[row.product_id] = set()
        if seen.status == ListingStatus.DELETED:
            # Somebody took it away over there: it is not made anew before somebody here wants it again.
            row.deleted = deleted_of(row.tiktok_id, links.get(row.product_id, ()))
            row.tiktok_id, row.sent, row.wanted = "", None, False
        else:
            moved += _compare_skus(row, seen, links.get(row.product_id, ()), became)
        if row.state == ListingState.LIVE and before != ListingState.LIVE:
            became.add("live")
        row.shop_edits = _edits(row, seen)
    with transaction.atomic():
        linked.filter(
            product_id__in=[row.product_id for row, seen in current if seen.status == ListingStatus.DELETED]
        ).delete()
        update_rows(moved, ["price", "currency", "quantity", "edited"])
        update_rows(
            [row for row, _seen in current],
            [
                "status", "audit_status", "audit_reasons", "state", "observed_at", "checked_at", "tiktok_id", "sent",
                "wanted", "price_min", "price_max", "quantity", "shop_edits", "deleted", "low_off_at",
            ],
        )  # fmt: skip
    return news


def _edits(row: ListingRow, seen: ShopListing) -> dict[str, str]:
    """What somebody changed in the shop since we sent it. While TikTok reviews, it still shows what was before."""
    quiet = seen.status == ListingStatus.ACTIVATE and seen.audit_status not in {
        AuditStatus.AUDITING,
        AuditStatus.FAILED,
    }
    sent = row.sent_listing() if quiet else None
    if sent is None:
        return {}
    found = {name.value: text for name, text in edits_of(sent, seen.title, seen.description).items()}
    if not seen.description and SyncField.DESCRIPTION in row.shop_edits:  # a search does not tell it
        found[SyncField.DESCRIPTION] = row.shop_edits[SyncField.DESCRIPTION]
    return found


def _compare_skus(row: ListingRow, seen: ShopListing, links: Sequence[Link], became: set[str]) -> list[Link]:
    """Bring links and the row's own numbers in line with the sighting; the links that differed."""
    skus = {sku.id: sku for sku in seen.skus}
    moved = []
    for link in links:
        sku = skus.get(link.sku_id)
        if sku is None:
            continue
        before = link.price, link.currency, link.quantity
        if sku.price is not None and (sku.price.amount, sku.price.currency) != (link.price, link.currency):
            link.edited = link.price is not None
            link.price, link.currency = sku.price.amount, sku.price.currency
            became.add("price")
        quantity = sum(quantity for _warehouse, quantity in sku.stock)
        if quantity != link.quantity:
            link.quantity = quantity
            became.add("stock")
        if before != (link.price, link.currency, link.quantity):
            moved.append(link)
    prices = [link.price for link in links if link.price is not None]
    row.price_min, row.price_max = min(prices, default=None), max(prices, default=None)
    row.quantity = sum(link.quantity or 0 for link in links)
    return moved


def seen_by_code(connection: Connection, codes: Iterable[str]) -> dict[str, set[str]]:
    """Ids of the shop's listings by the seller SKUs in `codes`: seen in the shop, or linked with one of our products.

    What the shop deleted is left out.
    """
    wanted = sorted({code for code in codes if code})
    found: dict[str, set[str]] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id, seller_sku__in=some)
        seen = seen.exclude(status=ListingStatus.DELETED)
        linked = Link.objects.filter(connection=connection, seller_sku__in=some)
        for rows in (seen, linked):
            for code, tiktok_id in rows.values_list("seller_sku", "tiktok_id"):
                found.setdefault(code, set()).add(tiktok_id)
    return found


def of_living_products(connection: Connection, tiktok_ids: Iterable[str]) -> set[str]:
    """Those of these listings that belong to a product which the store has: no other may take them over."""
    wanted = sorted(set(tiktok_ids))
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        rows = ListingRow.objects.filter(connection=connection, tiktok_id__in=wanted[start : start + 500])
        owners = dict(rows.values_list("product_id", "tiktok_id"))
        here = StoreProduct.objects.filter(store_id=connection.store_id, product_id__in=list(owners), deleted=False)
        found.update(owners[product_id] for product_id in here.values_list("product_id", flat=True))
    return found


def keep_seen_skus(shop_id: int, account_id: int, listings: Iterable[ShopListing]) -> None:
    """Remember every SKU of the shop, linked or not: where creating looks for what is already there."""
    upsert(
        ShopSkuSeen,
        account_id,
        ["shop_id", "tiktok_id", "sku_id", "seller_sku", "title", "status"],
        [
            (shop_id, listing.id, sku.id, sku.seller_sku, listing.title, listing.status)
            for listing in listings
            for sku in listing.skus
        ],
        unique=["shop_id", "sku_id"],
    )
