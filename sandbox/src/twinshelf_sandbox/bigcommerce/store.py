"""One sandbox store: its tables, its switches, and the indexes that make its lists cheap.

Tables are `bc/{hash}/…`; indexes are derived from them, rebuilt at start and corrected after a refusal. Reading "as of
n seconds ago" (fault `stale`) happens here. Knows nothing of requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from twinshelf_sandbox.bigcommerce import switches
from twinshelf_sandbox.bigcommerce.catalog.product_documents import slug
from twinshelf_sandbox.bigcommerce.catalog.product_index import Index
from twinshelf_sandbox.bigcommerce.orders.order_index import OPEN, OrderIndex, unpacked
from twinshelf_sandbox.bigcommerce.responses import Json
from twinshelf_sandbox.bigcommerce.tables import Rows
from twinshelf_sandbox.world import Entity, Key, World

PLAN_QUOTA: Final = {"standard": 150, "plus": 150, "pro": 450, "enterprise": None}
"""Calls per 30 s. Source: BigCommerce docs, api-rate-limits."""
PLAN_LOCATIONS: Final = {"standard": 4, "plus": 5, "pro": 8, "enterprise": 100}
WINDOW_SECONDS: Final = 30.0
_REMEMBERED: Final = 5_000
"""Changes kept for stale reads; older ones are forgotten, so a stale read goes back at most so many changes."""

BRAND: Final[Json] = {
    "id": 0,
    "name": "",
    "page_title": "",
    "meta_keywords": [],
    "meta_description": "",
    "image_url": "",
    "search_keywords": "",
    "custom_url": {"url": "", "is_customized": False},
}

Fire = Callable[["Store", str, Any], None]


class Store:
    """Everything of one store hash. Made by `BigCommerce`, one per row of `bc/stores`."""

    def __init__(self, world: World, hash_: str, fire: Fire, *, light: bool = False) -> None:
        """`light` leaves the indexes out: for whoever only looks at the store's row and its small tables."""
        self.world, self.hash, self._fire = world, hash_, fire
        self.hooks_cache: list[Entity] | None = None
        self.history: deque[tuple[float, str, Key, bytes | None]] = deque(maxlen=_REMEMBERED)
        self.past: dict[tuple[str, Key], bytes | None] | None = None
        self.bulk = False
        """While set, numbers are taken in blocks and nothing is told: the initial load of a catalog."""
        self._stores = world.table("bc/stores")
        self._raw: bytes | None = None
        self._row: Entity = {}
        self._rows: dict[str, Rows] = {}
        self._blocks: dict[str, list[int]] = {}
        self._brands: dict[str, int] | None = None
        self.products = self.rows("products")
        self.orders = self.rows("orders")
        if not light:
            self.index = Index(self)
            self.order_index = OrderIndex(self)

    def rebuild(self) -> None:
        """Derive everything beside the tables anew."""
        self.history.clear()
        self.past = None
        self.hooks_cache = self._brands = None
        self._blocks.clear()
        self.index.rebuild()
        self.order_index.rebuild()

    def undone(self, table: str, key: Key) -> None:
        """A row of ours was put back as it was."""
        self._blocks.clear()
        if table == "products":
            self.index.refresh(key)
        elif table == "orders":
            self.order_index.refresh(key)
        elif table == "brands":
            self._brands = None
        elif table == "hooks":
            self.hooks_cache = None

    def rows(self, name: str) -> Rows:
        """The table `bc/{hash}/{name}`."""
        rows = self._rows.get(name)
        if rows is None:
            rows = self._rows[name] = Rows(self, name)
        return rows

    # -- the store's own row ----------------------------------------------------------------------------------------

    @property
    def row(self) -> Entity:
        """Name, plan, currency, switches and settings. Read only: change it through `update`."""
        raw = self._stores.raw(self.hash)
        if raw is not self._raw:
            self._raw, self._row = raw, self._stores[self.hash]
        return self._row

    def update(self, **fields: Any) -> None:
        """Change fields of the store's own row."""
        self._stores.put(self.hash, {**self.row, **fields})

    def switch(self, name: str) -> Any:
        """The position of a switch."""
        turned = self.row["switches"]
        return turned[name] if name in turned else switches.default(name)

    @property
    def now(self) -> float:
        """The virtual time, in Unix seconds."""
        return self.world.clock.now()

    @property
    def base_url(self) -> str:
        """Where this sandbox answers, for addresses inside answers."""
        row = self.world.table("world").get("base_url")
        return "http://sandbox.invalid" if row is None else str(row.get("value") or row.get("url"))

    @property
    def picture_base(self) -> str:
        """What the addresses of this store's pictures begin with."""
        return f"{self.base_url}/_bigcommerce/{self.hash}/pictures/"

    @property
    def quota(self) -> int | None:
        """Calls per 30 s window; None: unlimited."""
        turned = self.switch("quota")
        if turned == "plan":
            return PLAN_QUOTA[self.row["plan"]]
        return None if turned is None else int(turned)

    def between(self, switch: str) -> float:
        """A number of seconds from the range a switch gives; a single number is itself."""
        turned = self.switch(switch)
        least, most = turned if isinstance(turned, list) else (turned, turned)
        return float(least) if most <= least else least + self.world.rng.random() * (most - least)

    # -- numbers ----------------------------------------------------------------------------------------------------

    def take(self, name: str, start: int) -> int:
        """The next number of a sequence."""
        if not self.bulk:
            return self.world.next_id(f"bc/{self.hash}/{name}", start)
        block = self._blocks.get(name)
        if block is None or block[0] > block[1]:
            first = self.world.next_id(f"bc/{self.hash}/{name}", start)
            block = self._blocks[name] = [first, self.world.next_id(f"bc/{self.hash}/{name}", start, step=4_999)]
        block[0] += 1
        return block[0] - 1

    def used(self, name: str, number: int) -> None:
        """Note that `number` came from outside, so that it is not given again."""
        sequences = self.world.table("sequences")
        key = f"bc/{self.hash}/{name}"
        row = sequences.get(key)
        if row is None or row["last"] < number:
            sequences.put(key, {"last": number})
            self._blocks.pop(name, None)

    # -- small things every subject needs ---------------------------------------------------------------------------

    def brand_of(self, name: str) -> int:
        """The brand of that name, made if there is none. Source: help text of `brand_name`."""
        brands = self.rows("brands")
        if self._brands is None:
            self._brands = {row["name"].casefold(): int(row["id"]) for row in brands.table.values()}
        known = self._brands.get(name.casefold())
        if known is not None:
            return known
        brand_id = self.take("brands", 31)
        brands.put(
            brand_id, {**BRAND, "id": brand_id, "name": name, "custom_url": {"url": slug(name), "is_customized": False}}
        )
        self._brands[name.casefold()] = brand_id
        self.effect("brand_created", brand_id, name=name)
        return brand_id

    def forget_brands(self) -> None:
        """Brands changed: look them up anew."""
        self._brands = None

    def open_orders_at(self, location_id: int) -> int:
        """How many orders that are not over draw from a location."""
        return sum(
            1
            for order_id in self.order_index.ids.all
            if self.order_index.facts[order_id].status_id in OPEN
            and any(
                line["_location"] == location_id and line["_taken"]
                for line in unpacked(self.orders.table[order_id])["lines"]
            )
        )

    # -- stock ------------------------------------------------------------------------------------------------------

    def level(self, shelves: dict[str, list[Any]] | None) -> int:
        """What the catalog shows as `inventory_level` of one owner's stock."""
        if not shelves:
            return 0
        if self.switch("catalog_level") == "default_location":
            shelf = shelves.get("1")
            return max(0, int(shelf[0] - shelf[1])) if shelf else 0
        enabled = self.row["enabled_locations"]
        return max(0, sum(int(shelf[0] - shelf[1]) for location, shelf in shelves.items() if location in enabled))

    # -- what happened ----------------------------------------------------------------------------------------------

    def effect(self, kind: str, key: Key, /, **detail: Any) -> None:
        """Record what really happened in this store."""
        self.world.effect("bigcommerce", self.hash, kind, key, **detail)

    def fire(self, scope: str, data: Any) -> None:
        """Send webhooks of `scope` to whoever asked for it."""
        self._fire(self, scope, data)

    def fire_sku(self, what: str, product_id: int, variant: Json) -> None:
        """`store/sku/…` carries the V2 SKU id; products without options never fire it."""
        sku = {"product_id": product_id, "variant_id": variant["id"]}
        self.fire(f"store/sku/{what}", {"type": "sku", "id": variant["sku_id"], "sku": sku})

    def look_back(self, seconds: float) -> None:
        """Let reads see the tables as they were `seconds` ago, until `look_now`."""
        limit = self.now - seconds
        past: dict[tuple[str, Key], bytes | None] = {}
        for at, name, key, before in reversed(self.history):
            if at <= limit:
                break
            past[name, key] = before
        self.past = past

    def look_now(self) -> None:
        """Let reads see the present again."""
        self.past = None
