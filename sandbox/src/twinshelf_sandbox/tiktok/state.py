"""Where the TikTok Shop double keeps its state: apps, sellers and shops with their tables, switches and indexes.

Everything that lasts is in world tables `tt/…`; what is kept beside them is rebuilt from them and watches them.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from twinshelf_sandbox.faults import Faults
from twinshelf_sandbox.tiktok import switches
from twinshelf_sandbox.tiktok.errors import Refused
from twinshelf_sandbox.tiktok.paging import Paging
from twinshelf_sandbox.tiktok.products.category_tree import Trees
from twinshelf_sandbox.tiktok.regions import REGIONS, Region
from twinshelf_sandbox.tiktok.time_index import Lookup, Timed, TimedIndex
from twinshelf_sandbox.webhooks import Outbox
from twinshelf_sandbox.world import Entity, Key, Table, World

_STARTS: Final = {
    "product": (1729592969712207008, 131),
    "sku": (1729592969712207073, 131),
    "order": (576461413038785752, 177),
    "line": (577086512123755123, 113),
    "package": (1152321127278713123, 193),
    "reverse": (4035318504086604100, 211),
    "reverse_line": (4035227657962164811, 113),
    "shop": (7495270000000000791, 1009),
    "seller": (7494270000000000113, 1013),
    "warehouse": (7272940000000000726, 1019),
    "entity": (7395366865142499073, 1021),
    "brand": (7082427311584347905, 1031),
    "attribute": (7301000000000000101, 1033),
    "value": (7301500000000000103, 1039),
    "notification": (7327112393057371910, 1049),
    "user": (7493996903972308733, 1051),
    "file": (7360000000000000211, 1061),
    "activity": (7136104329798256386, 1063),
    "statement": (7238804564097517339, 1069),
    "template": (7267563252536723205, 1087),
    "compliance": (7172959296971220002, 1091),
    "global_product": (1729700000000000019, 1093),
    "global_sku": (1729710000000000023, 1097),
    "service": (7117000000000000051, 1103),
}
"""First id and step of each family of ids, so that they look like the platform's: 18 or 19 digits, above 2**53."""


class ProductRow(Timed):
    audit_status: str = "NONE"
    has_draft: bool = False
    category_version: str = ""
    tier: str = ""


class OrderRow(Timed):
    shipping_type: str = ""
    user_id: str = ""
    is_buyer_request_cancel: bool = False
    warehouse_id: str = ""


class ReverseRow(Timed):
    order_id: str = ""
    user_id: str = ""
    type: str = ""
    arbitration_status: str = ""
    proposed_type: str = ""


class _SkuRef(msgspec.Struct):
    id: str
    seller_sku: str = ""


class _Skus(msgspec.Struct):
    skus: list[_SkuRef]
    external_product_id: str = ""


_skus = msgspec.msgpack.Decoder(_Skus).decode
_references = msgspec.msgpack.Decoder(dict[str, Any]).decode


def _sku_ids(row: bytes) -> Iterator[str]:
    return (sku.id for sku in _skus(row).skus)


def _seller_skus(row: bytes) -> Iterator[str]:
    return (sku.seller_sku for sku in _skus(row).skus)


def _external_product(row: bytes) -> Iterator[str]:
    external = _skus(row).external_product_id
    return iter([external] if external else [])


def _external_orders(row: bytes) -> Iterator[str]:
    return (f"{platform}:{reference['id']}" for platform, reference in _references(row).items())


class Shop:
    """One shop: its facts, its tables and their indexes. There is one object per shop and process."""

    def __init__(self, platform: Platform, shop_id: str) -> None:
        self.platform, self.id = platform, shop_id
        table = self.table
        self.products, self.offers = table("products"), table("offers")
        self.orders, self.packages = table("orders"), table("packages")
        self.cancellations, self.returns = table("cancellations"), table("returns")
        self.references, self.promotions = table("references"), table("promotions")
        self.idempotency, self.hooks, self.names = table("idempotency"), table("hooks"), table("names")
        self.product_index = TimedIndex(self.products, ProductRow)
        self.order_index = TimedIndex(self.orders, OrderRow)
        self.package_index = TimedIndex(self.packages, Timed)
        self.cancellation_index = TimedIndex(self.cancellations, ReverseRow)
        self.return_index = TimedIndex(self.returns, ReverseRow)
        self.by_sku = Lookup(self.products, _sku_ids)
        self.by_seller_sku = Lookup(self.products, _seller_skus)
        self.by_external_product = Lookup(self.products, _external_product)
        self.by_external_order = Lookup(self.references, _external_orders)
        for kept in (self.products, self.offers, self.orders, self.packages, self.cancellations, self.returns):
            platform.history.follow(kept)

    def table(self, name: str) -> Table:
        """A table of this shop."""
        return self.platform.world.table(f"tt/{self.id}/{name}")

    @property
    def row(self) -> Entity:
        """A copy of the shop's facts; `save` keeps changes."""
        return self.platform.shops[self.id]

    def save(self, row: Entity) -> None:
        """Write the shop's own row back."""
        self.platform.shops.put(self.id, row)

    @property
    def facts(self) -> Entity:
        """The shop's facts, shared: for reading only."""
        return self.platform.shop_facts(self.id)

    @property
    def region(self) -> Region:
        """Rules of the shop's market."""
        return REGIONS[self.facts["region"]]

    @property
    def is_local(self) -> bool:
        """Whether the seller sells in the seller's own country only."""
        return bool(self.facts["seller_type"] == "LOCAL")

    @property
    def seller_id(self) -> str:
        """Whose shop it is."""
        return str(self.facts["seller_id"])

    @property
    def currency(self) -> str:
        """What prices are in."""
        return self.region.currency

    @property
    def tree(self) -> str:
        """The version of the category tree that products of this shop must use."""
        return str(self.switch("category_version") or self.region.tree)

    def switch(self, name: str) -> Any:
        """The value of a switch: the shop's own, else the sandbox's."""
        own = self.facts["switches"]
        return own[name] if name in own else self.platform.switch(name)

    def warehouses(self, kind: str = "") -> list[Entity]:
        """Warehouses, of one kind or all."""
        return [w for w in self.facts["warehouses"] if not kind or w["type"] == kind]

    def warehouse(self, warehouse_id: str) -> Entity | None:
        """The warehouse of that id."""
        return next((w for w in self.facts["warehouses"] if w["id"] == warehouse_id), None)

    def effect(self, kind: str, key: Key, **detail: Any) -> None:
        """Tell the world of a true change."""
        self.platform.world.effect("tiktok", self.id, kind, key, **detail)

    @property
    def now(self) -> int:
        """Seconds of the sandbox's clock."""
        return self.platform.now


class History:
    """Rows as they were a while ago, for faults of kind `stale`: answers from a replica that lags."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changes: deque[tuple[float, Table, Key, bytes | None]] = deque(maxlen=20_000)
        self._paused = False

    def follow(self, table: Table) -> None:
        """Remember how rows of `table` were."""

        def changed(key: Key, before: bytes | None, _after: bytes | None) -> None:
            if not self._paused:
                self._changes.append((self._world.clock.now(), table, key, before))

        table.watchers.append(changed)

    @contextmanager
    def as_of(self, seconds: float) -> Iterator[None]:
        """Let all followed tables show what they held `seconds` ago. Nothing may be changed meanwhile."""
        since = self._world.clock.now() - seconds
        undone: list[tuple[Table, Key, bytes | None]] = []
        self._paused = True
        try:
            for at, table, key, before in reversed(self._changes):
                if at <= since:
                    break
                undone.append((table, key, table.raw(key)))
                table.restore_raw(key, before)
            yield
        finally:
            for table, key, row in reversed(undone):
                table.restore_raw(key, row)
            self._paused = False


class Platform:
    """Apps, sellers, authorizations, shops, uploads: everything that is not inside one shop."""

    def __init__(self, world: World, outbox: Outbox, faults: Faults) -> None:
        self.world, self.outbox, self.faults = world, outbox, faults
        table = world.table
        self.apps, self.sellers, self.shops = table("tt/apps"), table("tt/sellers"), table("tt/shops")
        self.codes, self.grants = table("tt/codes"), table("tt/grants")
        self.tokens, self.refresh_tokens = table("tt/tokens"), table("tt/refresh_tokens")
        self.ciphers, self.settings = table("tt/ciphers"), table("tt/settings")
        self.images, self.image_bytes, self.files = table("tt/images"), table("tt/image_bytes"), table("tt/files")
        self.brands = table("tt/brands")
        self.history = History(world)
        self.trees, self.paging = Trees(), Paging()
        self._shops: dict[str, Shop] = {}
        self._facts: dict[str, Entity] = {}
        self._settings: Entity | None = None
        self.address = ""  # where the call being answered was sent to
        self.shops.watchers.append(lambda key, _before, _after: self._forget(str(key)))
        self.settings.watchers.append(lambda _key, _before, _after: self._forget_settings())

    def _forget(self, shop_id: str) -> None:
        self._facts.pop(shop_id, None)

    def _forget_settings(self) -> None:
        self._settings = None

    def url(self, path: str) -> str:
        """The whole address of something on the CDN, as the caller reaches it; nothing for nothing."""
        return f"{self.address}{path}" if path else ""

    @property
    def now(self) -> int:
        """The virtual now in whole seconds."""
        return int(self.world.clock.now())

    def new_id(self, family: str) -> str:
        """The next id of a family, of the platform's shape."""
        start, step = _STARTS[family]
        return str(self.world.next_id(f"tt/{family}", start, step))

    def secret(self, name: str, length: int = 32) -> str:
        """A repeatable secret-looking text: tokens and ciphers of one world are the same in every run."""
        number = self.world.next_id("tt/secret")
        return hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:length]

    def shop(self, shop_id: str) -> Shop:
        """The shop of that id. Raises Refused when there is none."""
        shop = self._shops.get(shop_id)
        if shop_id not in self.shops:
            raise Refused(f"shop_id: there is no shop {shop_id!r}")
        if shop is None:
            shop = self._shops[shop_id] = Shop(self, shop_id)
        return shop

    def shop_facts(self, shop_id: str) -> Entity:
        """The row of a shop, decoded once."""
        facts = self._facts.get(shop_id)
        if facts is None:
            facts = self._facts[shop_id] = self.shops[shop_id]
        return facts

    def shops_of(self, seller_id: str) -> list[Shop]:
        """Shops of a seller."""
        return [self.shop(str(key)) for key in self.shops.keys() if self.shop_facts(str(key))["seller_id"] == seller_id]  # noqa: SIM118

    def is_unbound(self, app_key: str, shop: Shop) -> bool:
        """Whether the seller took this shop alone back from an app that still has others of theirs."""
        grant = self.grants.get(f"{app_key}:{shop.seller_id}")
        return grant is not None and shop.id in grant.get("unbound", ())

    def switch(self, name: str) -> Any:
        """The value of a switch for all shops."""
        if self._settings is None:
            self._settings = self.settings.get("switches") or {}
        return self._settings[name] if name in self._settings else switches.default(name)

    def set_switch(self, shop_id: str, name: str, value: Any) -> None:
        """Set a switch of one shop or, with `*`, of all that have not set it. Raises Refused."""
        try:
            position = switches.checked(name, value)
        except ValueError as error:
            raise Refused(str(error)) from error
        if shop_id == "*":
            settings = self.settings.get("switches") or {}
            settings[name] = position
            self.settings.put("switches", settings)
            return
        shop = self.shop(shop_id)
        row = shop.row
        row["switches"][name] = position
        shop.save(row)

    def switch_limit(self, shop: Shop | None, path: str) -> float:
        """Calls per second allowed for one operation of one shop; 0 means without limit."""
        limits = (shop.facts["limits"] if shop is not None else {}) or {}
        defaults = self._limits()
        return float(limits.get("paths", {}).get(path) or limits.get("per_second", defaults))

    def _limits(self) -> float:
        row = self.settings.get("limits")
        return 50.0 if row is None else float(row["per_second"])

    def grants_of(self, seller_id: str) -> list[Entity]:
        """The authorizations in force for a seller's account."""
        return [
            grant
            for app_key in self.apps.keys()  # noqa: SIM118 - a table is not a mapping
            if (grant := self.grants.get(f"{app_key}:{seller_id}")) is not None
            and grant["active"]
            and grant["ends"] > self.now
        ]
