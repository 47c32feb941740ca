"""Manufacturers and responsible persons of a seller, searched for choosing one. Reads TikTok, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from twinshelf.connections import clients
from twinshelf.connections.models import Connection

Kind = Literal["manufacturer", "responsible_person"]
KINDS: Final[Mapping[str, Kind]] = {"manufacturer": "manufacturer", "responsible_person": "responsible_person"}
MOST = 20


@dataclass(frozen=True)
class Responsible:
    """Somebody whom a seller has entered at TikTok."""

    id: str
    name: str


def find(connection: Connection, kind: Kind, text: str) -> list[Responsible]:
    """Those with `text` in what TikTok has of them, by name, at most 20. One call; safe to repeat.

    Raises the errors of a platform that is away or that took access back.
    """
    if not text.strip():
        return []
    shop = clients.shop_client(connection.shop)
    search = shop.find_manufacturers if kind == "manufacturer" else shop.find_responsible_persons
    found = [Responsible(each.id, each.name) for each in search(text.strip())]
    return sorted(found, key=lambda each: each.name.casefold())[:MOST]
