"""A product that TikTok Shop has already, looked up by its id, so that a person can map it to one of the store."""

from __future__ import annotations

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.documents import ListingStatus, ShopListing
from twinshelf.errors import DocumentError, NotFound


def find(connection: Connection, tiktok_id: str) -> ShopListing:
    """The shop's product of this id. One call; safe to repeat. Raises DocumentError with words where there is none."""
    number = tiktok_id.strip()
    if not number.isdecimal() or len(number) > 40:
        raise DocumentError("tiktok_id", "A TikTok product id has digits alone.")
    try:
        found = clients.shop_client(connection.shop).listing(number)
    except NotFound as error:
        raise DocumentError("tiktok_id", f"{connection.shop} has no product {number}.") from error
    if found.status == ListingStatus.DELETED:
        raise DocumentError("tiktok_id", f"Product {number} was deleted on TikTok Shop.")
    return found
