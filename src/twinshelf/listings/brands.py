"""TikTok's brands, searched by name for choosing one. Reads the shop, and changes nothing there."""

from __future__ import annotations

from dataclasses import dataclass

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.tiktok.regions import region

MOST = 20


@dataclass(frozen=True)
class Brand:
    """A brand of TikTok. One that the shop is not authorized for is refused, or dropped with a warning."""

    id: str
    name: str
    authorized: bool


def find(connection: Connection, text: str, *, category_id: str = "") -> list[Brand]:
    """The brands whose name begins with `text`, those that may be used first, at most 20. One call; safe to repeat.

    Raises the errors of a platform that is away or that took access back.
    """
    if not text.strip():
        return []
    version = region(connection.shop.region).category_version if category_id else ""
    found = clients.shop_client(connection.shop).find_brands(text.strip(), category_id=category_id, version=version)
    brands = [Brand(each.id, each.name, each.authorized) for each in found]
    return sorted(brands, key=lambda each: (not each.authorized, each.name.casefold()))[:MOST]
