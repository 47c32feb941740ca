"""More than one connection: further shops of a store, further stores, further accounts, in one world."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django_scopes import scope

from tests.flows.conftest import HOME, MAYA, ShopWorld, StoreWorld, Twinshelf
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Account
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Store
from twinshelf.rules import actions as rules
from twinshelf_sandbox.app import Sandbox


def consent(sandbox: Sandbox, shop: ShopWorld) -> str:
    """The seller of a shop lets our app in: the code that TikTok's page would send the browser back with."""
    seller = sandbox.world.table("tt/shops")[shop.id]["seller_id"]
    return str(sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=seller))


def open_shop(
    sandbox: Sandbox, name: str, *, region: str = "US", warehouses: list[str] | None = None, kind: str = "LOCAL"
) -> ShopWorld:
    """A shop of a seller of its own, connected with nothing yet. `kind` is the seller's."""
    seller = sandbox.act("tt.create_seller", name=name, region=region, seller_type=kind)["seller_id"]
    made = sandbox.act("tt.create_shop", seller=seller, name=name, region=region, warehouses=warehouses)
    return ShopWorld(sandbox, made["shop_id"])


def connect_shop(
    sandbox: Sandbox,
    twinshelf: Twinshelf,
    name: str,
    *,
    store: Store | None = None,
    account: Account | None = None,
    warehouses: list[str] | None = None,
    kind: str = "LOCAL",
) -> tuple[ShopWorld, Twinshelf]:
    """A further shop, connected with the store of `twinshelf` or another one; and the product as driven for it."""
    account = account or twinshelf.account
    shop = open_shop(sandbox, name, warehouses=warehouses, kind=kind)
    [authorized] = connections.authorize_shops(account, consent(sandbox, shop), by=MAYA)
    connection = connections.pair(
        account, store=store or twinshelf.connection.store, shop=authorized, name=name, by=MAYA
    )
    rules.set_default_template(connection, category_id=HOME, by=MAYA)
    driven = Twinshelf(sandbox, account, connection, twinshelf.engine)
    driven.settle()
    return shop, driven


def connect_store(
    sandbox: Sandbox, twinshelf: Twinshelf, store_hash: str, *, account: Account | None = None
) -> tuple[StoreWorld, ShopWorld, Twinshelf]:
    """A further store with a shop of its own, in the account of `twinshelf` or another one."""
    account = account or twinshelf.account
    sandbox.act("bc.create_store", hash=store_hash, name=f"{store_hash} goods", currency="USD")
    keys = sandbox.act("bc.create_api_account", hash=store_hash, name="Twinshelf")
    made = connections.connect_store(
        account, store_hash_or_url=store_hash, access_token=keys["access_token"], client_id=keys["client_id"],
        client_secret=keys["client_secret"], by=MAYA,
    )  # fmt: skip
    shop, driven = connect_shop(sandbox, twinshelf, f"{store_hash} shop", store=made, account=account)
    return StoreWorld(sandbox, store_hash), shop, driven


def connect_account(
    sandbox: Sandbox, twinshelf: Twinshelf, name: str, store_hash: str
) -> tuple[Account, StoreWorld, ShopWorld, Twinshelf]:
    """Another account with a store and a shop of its own. What is looked at in it needs `scope(account=…)`."""
    account = accounts.create_account(
        name, owner_email=f"{name.lower()}@rival.test", password="a long enough password", by=COMMAND_LINE
    )
    with scope(account=account):
        return account, *connect_store(sandbox, twinshelf, store_hash, account=account)


def of(world: ShopWorld | StoreWorld, kind: str) -> list[Any]:
    """What really happened in this one store or shop, of one kind."""
    tenant = world.id if isinstance(world, ShopWorld) else world.hash
    return [effect for effect in world.effects(kind) if effect.tenant == tenant]


def shelf(shop: ShopWorld, twinshelf: Twinshelf, product_id: int) -> int:
    """How many units buyers can buy of a product in a shop, by the shop's own books."""
    offers = shop._sandbox.world.table(f"tt/{shop.id}/offers")[twinshelf.listing(product_id).tiktok_id]
    return sum(level[0] for offer in offers["skus"].values() for level in offer["stock"].values())
