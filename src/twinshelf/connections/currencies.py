"""The currencies in which a store takes orders: without the shop's among them no order could be created there."""

from __future__ import annotations

from datetime import timedelta

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Store
from twinshelf.connections.queries import takes_orders_in
from twinshelf.documents import StoreCurrency, token
from twinshelf.errors import NeedsPerson, Refused, Transient
from twinshelf.kit import clock
from twinshelf.storefronts.protocol import StoreClient
from twinshelf.sync import problems

_LOOK_AGAIN = timedelta(minutes=1)


def as_kept(found: tuple[StoreCurrency, ...]) -> dict[str, dict[str, object]]:
    """The store's currencies as they are kept with it. Pure."""
    return {each.code: {"rate": str(each.rate), "orders": each.takes_orders} for each in found}


def asked_of(client: StoreClient) -> dict[str, dict[str, object]] | None:
    """What the store says of its currencies; None where it does not tell."""
    try:
        return as_kept(client.currencies())
    except Refused:
        return None


def read_currencies(store: Store) -> None:
    """Ask the store for its currencies and keep them; what waited for one that is there now is tried again."""
    before, store.currencies = store.currencies or {}, asked_of(clients.store_client(store))
    store.currencies_read_at = clock.now()
    store.save(update_fields=["currencies", "currencies_read_at"])
    refused = [code for code in store.currencies or {} if not before.get(code, {}).get("orders")]
    added = [code for code in refused if takes_orders_in(store, code)]
    if added:
        problems.unblock(store.account_id, *(token("currency", code) for code in added))


def takes_now(store: Store, code: str) -> bool:
    """As `takes_orders_in`, with the store asked again, once a minute, while it does not."""
    read_at = store.currencies_read_at
    if not takes_orders_in(store, code) and (read_at is None or clock.now() - read_at > _LOOK_AGAIN):
        read_currencies(store)
    return takes_orders_in(store, code)


def look_at_currencies(connection: Connection) -> None:
    """Ask the store anew, where it was not known to take the shop's currency. Failing to is no error."""
    try:
        takes_now(connection.store, connection.shop.currency)
    except (Transient, NeedsPerson):
        return
