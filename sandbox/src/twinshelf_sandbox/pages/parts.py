"""What pages look at: the control, both platforms, and how one finds a store or a shop."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from twinshelf_sandbox.bigcommerce import BigCommerce
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.control import Control
from twinshelf_sandbox.pages.frame import Missing
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Key, Table, World


@dataclass(frozen=True)
class Parts:
    """The world, as pages see it. They read tables and ask actions that only look; they change nothing."""

    control: Control
    bigcommerce: BigCommerce
    platform: Platform

    @property
    def world(self) -> World:
        """Clock, tables, effects."""
        return self.control.world

    def look(self, action: str, /, **arguments: Any) -> Any:
        """What an action that only looks returns. Raises Missing where it finds nothing."""
        try:
            return self.world.actions[action](**arguments)
        except (ValueError, KeyError) as error:
            raise Missing(str(error)) from error

    def stores(self) -> Iterator[Store]:
        """All stores, in the order they were opened."""
        return (self.bigcommerce.known(str(key)) for key in self.world.table("bc/stores"))

    def shops(self) -> Iterator[Shop]:
        """All shops, in the order they were opened."""
        return (self.platform.shop(str(key)) for key in self.platform.shops)

    def store(self, hash_: str) -> Store:
        """The store of that hash. Raises Missing."""
        store = self.bigcommerce.store(hash_)
        if store is None:
            raise Missing(f"There is no store {hash_}.")
        return store

    def shop(self, shop_id: str) -> Shop:
        """The shop of that id. Raises Missing."""
        if shop_id not in self.platform.shops:
            raise Missing(f"There is no shop {shop_id}.")
        return self.platform.shop(shop_id)


class _Sku(msgspec.Struct):
    seller_sku: str = ""


class _Base(msgspec.Struct):
    title: str = ""


class _Listing(msgspec.Struct):
    base: _Base
    skus: list[_Sku]


_listing = msgspec.msgpack.Decoder(_Listing).decode


class Titles:
    """Titles and seller SKUs of a shop's products, kept in step by watching the table: reading all rows takes long."""

    def __init__(self, products: Table) -> None:
        self._known: dict[str, str] = {}
        for key in products.keys():  # noqa: SIM118 - a table is not a mapping
            self._changed(key, None, products.raw(key))
        products.watchers.append(self._changed)

    def _changed(self, key: Key, _before: bytes | None, after: bytes | None) -> None:
        if after is None:
            self._known.pop(str(key), None)
            return
        row = _listing(after)
        self._known[str(key)] = "\n".join([row.base.title, *(sku.seller_sku for sku in row.skus)]).casefold()

    def having(self, text: str) -> set[str]:
        """Ids of products whose title, SKU or own id contains `text`."""
        wanted = text.casefold()
        return {key for key, known in self._known.items() if wanted in known or wanted in key}


_titles: weakref.WeakKeyDictionary[Table, Titles] = weakref.WeakKeyDictionary()


def titles(products: Table) -> Titles:
    """The titles of that table; read once, at the first search."""
    known = _titles.get(products)
    if known is None:
        known = _titles[products] = Titles(products)
    return known
