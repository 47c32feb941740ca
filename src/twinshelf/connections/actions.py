"""What may be done with stores, shops and their connections: all of it in one place, for interfaces and flows."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts import audit
from twinshelf.accounts.actors import Actor
from twinshelf.connections import warehouses
from twinshelf.connections.access import disconnected, keep_test, works_again
from twinshelf.connections.authorizing import (
    BadState,
    Declined,
    NoShopJoins,
    Parked,
    ShopTaken,
    Wish,
    authorize_shops,
    authorize_url,
    away_since,
    confirm_parked,
    park_authorization,
    parked_authorization,
    use_state,
    wrong_with_shop,
)
from twinshelf.connections.choices import preferences, set_preferences
from twinshelf.connections.currencies import look_at_currencies
from twinshelf.connections.global_stores import read_global_store
from twinshelf.connections.installing import (
    NoStoreApp,
    Opened,
    TicketSpent,
    claim_store,
    claims_of,
    installed,
    opened,
    uninstalled,
    waiting,
)
from twinshelf.connections.models import Connection, Shop
from twinshelf.connections.pairing import finish_setup, pair, rename
from twinshelf.connections.resealing import reseal
from twinshelf.connections.shops import Mistyped, delete_shop, rename_shop
from twinshelf.connections.stores import (
    NotAStore,
    ScopesMissing,
    StoreTaken,
    ask_for_time,
    check_store,
    connect_store,
    ensure_store_hooks,
    store_hash_of,
    store_hook_address,
    wrong_with_store,
)
from twinshelf.errors import Refused, WrongStore


def read_warehouses(connection: Connection, *, by: Actor) -> int:
    """Read the shop's warehouses at TikTok, and whether it may sell; how many are for selling. Safe to repeat."""
    warehouses.read(connection.shop)
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        audit.record(by, connection.account_id, "connections.read_warehouses", owner)
    return len(warehouses.of(connection.shop))


def look_at_shop(shop: Shop, *, by: Actor) -> None:
    """Read at TikTok whether a shop may sell, and from where. That it may not is kept, and no error. Safe to repeat."""
    try:
        warehouses.read(shop)
    except Refused:
        if not warehouses.inactive(shop):
            raise
    with transaction.atomic():
        audit.record(by, shop.account_id, "connections.look_at_shop", f"shop:{shop.id}")


def check_access(connection: Connection, *, by: Actor) -> bool:
    """Ask both platforms whether credentials, scopes and store are right; whether they are. Safe to repeat.

    What is wrong is kept with its side, for `proof.diagnosis`. Where nothing is, work that rested goes on. Raises
    Transient where a platform does not answer, and Refused where it answers something else.
    """
    found = {"store": wrong_with_store(connection.store), "shop": wrong_with_shop(connection.shop)}
    well = not any(found.values())
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        keep_test(connection.store, found["store"])
        keep_test(connection.shop, found["shop"])
        told = {side: each.code if each is not None else "" for side, each in found.items()}
        audit.record(by, connection.account_id, "connections.check_access", owner, after=told)
        if well:
            works_again(connection.account_id, owner)
    return well


__all__ = [
    "BadState",
    "Declined",
    "Mistyped",
    "NoShopJoins",
    "NoStoreApp",
    "NotAStore",
    "Opened",
    "Parked",
    "ScopesMissing",
    "ShopTaken",
    "StoreTaken",
    "TicketSpent",
    "Wish",
    "WrongStore",
    "ask_for_time",
    "authorize_shops",
    "authorize_url",
    "away_since",
    "check_access",
    "check_store",
    "claim_store",
    "claims_of",
    "confirm_parked",
    "connect_store",
    "delete_shop",
    "disconnected",
    "ensure_store_hooks",
    "finish_setup",
    "installed",
    "look_at_currencies",
    "look_at_shop",
    "opened",
    "pair",
    "park_authorization",
    "parked_authorization",
    "preferences",
    "read_global_store",
    "read_warehouses",
    "rename",
    "rename_shop",
    "reseal",
    "set_preferences",
    "store_hash_of",
    "store_hook_address",
    "uninstalled",
    "use_state",
    "waiting",
]
