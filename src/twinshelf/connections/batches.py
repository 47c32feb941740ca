"""What one drain of a store's or a connection's lane works with: read once, shared by its flow, gone with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from twinshelf.connections import clients, currencies
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.preferences import Preferences, preferences_from_json
from twinshelf.connections.queries import takes_orders_in, working_connection
from twinshelf.kit.http import Urgency
from twinshelf.storefronts.protocol import StoreClient
from twinshelf.sync.flows import Batch
from twinshelf.tiktok.client import TikTok


@dataclass
class StoreBatch(Batch):
    """A batch of a store's keys."""

    @cached_property
    def store(self) -> Store:
        """The store as it was when the batch began."""
        return Store.objects.get(id=self.lane.owner_id)


@dataclass
class ConnectionBatch(Batch):
    """A batch of a connection's keys. Its calls spend the quotas as `urgency` allows."""

    urgency: ClassVar[Urgency] = "normal"

    @cached_property
    def connection(self) -> Connection:
        """The connection with its store, shop and seller, read when the batch began.

        Raises Unauthorized where one of its sides no longer lets us in: then nothing is sent to the other either.
        """
        return working_connection(self.lane.owner_id)

    @cached_property
    def preferences(self) -> Preferences:
        """The merchant's choices as they were when the batch began."""
        return preferences_from_json(self.connection.preferences)

    @cached_property
    def currency_taken(self) -> bool:
        """Whether the store takes orders in the shop's currency; asked again where not. A preview asks nobody."""
        store, code = self.connection.store, self.connection.shop.currency
        return takes_orders_in(store, code) if self.preview else currencies.takes_now(store, code)

    @property
    def shop_client(self) -> TikTok:
        """The client of the connection's shop."""
        return clients.shop_client(self.connection.shop, self.urgency)

    @property
    def store_client(self) -> StoreClient:
        """The client of the connection's store."""
        return clients.store_client(self.connection.store, self.urgency)


@dataclass
class UrgentBatch(ConnectionBatch):
    """A batch whose calls may spend what is kept back for urgent work."""

    urgency: ClassVar[Urgency] = "urgent"
