"""What a shop shows of its listings: read one by one or by a search, and recorded. Changes nothing in the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import ShopListing
from twinshelf.errors import NotFound
from twinshelf.goods import snapshot
from twinshelf.kit import clock
from twinshelf.listings.models import Link, ListingRow, ListingState
from twinshelf.sync import lanes
from twinshelf.sync.flows import Ask

_SCAN_OVERLAP = timedelta(minutes=10)


def scan_listings(connection: Connection) -> int:
    """Read the shop's products changed since the last scan and record them: the poll behind the webhooks.

    Returns how many were read. Safe to repeat.
    """
    scan = read_changed(connection)
    for refused, reason in ((True, "refresh by scan"), (False, "seen by scan")):
        keys = [str(product_id) for product_id, is_refused in scan.touched.items() if is_refused is refused]
        owner = f"connection:{connection.id}"
        lanes.ask(connection.account_id, "listing", owner, keys, reason=reason, priority=lanes.BULK)
    return len(scan.seen)


@dataclass
class Scan:
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


def read_changed(connection: Connection) -> Scan:
    """Read the shop's products changed since the last scan and record them, a page at a time, with all their SKUs.

    The first scan reads everything and so finds what another connector or a person listed before. The watermark is
    TikTok's time and moves only after the whole scan.
    """
    shop = connection.shop
    since = shop.listings_seen_at - _SCAN_OVERLAP if shop.listings_seen_at else None
    scan, newest = Scan(clock.now()), shop.listings_seen_at
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


def look(connection: Connection, row: ListingRow) -> None:
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
