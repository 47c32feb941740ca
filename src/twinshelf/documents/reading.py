"""What reading a storefront tells beside its goods and orders: pages, what could not be read, hints of changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from twinshelf.documents.goods import Product
from twinshelf.documents.orders import StoreOrder
from twinshelf.errors import DocumentError

HintKind = Literal[
    "product", "deleted", "sku", "inventory", "sold", "location", "order", "shipment", "uninstalled", "ignored"
]  # fmt: skip


@dataclass(frozen=True)
class Unreadable:
    """One row of a list that could not be read. `id` is "" where not even that could be told."""

    id: str
    error: DocumentError


@dataclass(frozen=True)
class Names:
    """What ids in products stand for: brands by id, categories by id as full paths such as `Home > Storage`."""

    brands: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    draws_from: str = ""
    """The location that the store's orders draw from, where it has several; "" where all stock is in one."""


@dataclass(frozen=True)
class ProductPage:
    """Products that were read, and what became of the others.

    `last_id` is where a scan goes on, whether or not that product could be read, "" if there was none; `more` says that
    it should.
    `missing` are ids asked for by name that the store does not have (any more).
    """

    products: tuple[Product, ...]
    unreadable: tuple[Unreadable, ...]
    last_id: str
    more: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoreOrderPage:
    """Orders that were read, without their items, and those that could not be.

    `last_id` is where a scan goes on: the id it began after, if the page is empty. `more` says that it should.
    """

    orders: tuple[StoreOrder, ...]
    unreadable: tuple[Unreadable, ...]
    last_id: str
    more: bool


class StoreHint(msgspec.Struct, frozen=True, kw_only=True):
    """That something may have changed in a store, as a webhook of it says.

    `ids` are product ids for product, deleted, sku and inventory, and order ids for order and shipment; `variant_ids`
    and `shipment_id` tell more where the event did. `event_id` is equal for repeated deliveries of one event, and for
    events of one second that read the same. `reason` says why an "ignored" one is.
    """

    topic: str
    store_hash: str
    kind: HintKind
    ids: tuple[str, ...] = ()
    variant_ids: tuple[str, ...] = ()
    shipment_id: str = ""
    event_id: str = ""
    reason: str = ""
