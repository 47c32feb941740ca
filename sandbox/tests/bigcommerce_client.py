"""A small client of BigCommerce for tests of its double: one store, one account, and documents that pass."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.transport import SandboxTransport
from twinshelf_sandbox.webhooks import Sender

API = "https://api.bigcommerce.com"
ADDRESS: dict[str, Any] = {
    "first_name": "Jane",
    "last_name": "Doe",
    "street_1": "123 Main Street",
    "city": "Austin",
    "state": "Texas",
    "zip": "78751",
    "country_iso2": "US",
    "email": "jane@example.com",
}
MUG: dict[str, Any] = {"name": "Enamel mug", "type": "physical", "weight": 1, "price": 12, "sku": "MUG-1"}
SHIRT: dict[str, Any] = {
    "name": "Linen shirt",
    "type": "physical",
    "weight": 0.5,
    "price": 40,
    "inventory_tracking": "variant",
    "variants": [
        {"sku": "SHIRT-S", "inventory_level": 5, "option_values": [{"option_display_name": "Size", "label": "S"}]},
        {
            "sku": "SHIRT-M",
            "price": 45,
            "inventory_level": 2,
            "option_values": [{"option_display_name": "Size", "label": "M"}],
        },
    ],
}


@dataclass
class Store:
    """One store as an account with a token sees it, and the world behind it."""

    sandbox: Sandbox
    hash: str
    client_id: str
    client_secret: str
    token: str
    http: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx2.Client(
            transport=SandboxTransport(self.sandbox.site),
            base_url=f"{API}/stores/{self.hash}",
            headers={"X-Auth-Token": self.token, "Accept": "application/json"},
        )

    # -- calls ------------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> httpx2.Response:
        """Query names are written with `__` for a colon: `id__in`."""
        return self.http.get(path, params={name.replace("__", ":"): value for name, value in query.items()} or None)

    def post(self, path: str, body: Any = None) -> httpx2.Response:
        return self.http.post(path, json=body)

    def put(self, path: str, body: Any = None) -> httpx2.Response:
        return self.http.put(path, json=body)

    def delete(self, path: str, **query: Any) -> httpx2.Response:
        return self.http.delete(path, params={name.replace("__", ":"): value for name, value in query.items()} or None)

    def data(self, path: str, **query: Any) -> Any:
        """`data` of a V3 answer, or the bare body of V2, which must be a success."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"] if "/v3/" in path else answer.json()

    # -- the world --------------------------------------------------------------------------------------------------

    def act(self, action: str, **arguments: Any) -> Any:
        """What a person does in this store."""
        return self.sandbox.act(f"bc.{action}", hash=self.hash, **arguments)

    def turn(self, name: str, value: Any) -> None:
        self.act("set_switch", name=name, value=value)

    def effects(self, *kinds: str) -> list[Any]:
        """What really happened in this store, of these kinds (none: of all)."""
        found = [e for e in self.sandbox.world.effects if (e.platform, e.tenant) == ("bigcommerce", self.hash)]
        return [e for e in found if not kinds or e.kind in kinds]

    def since(self) -> Since:
        return Since(self)

    # -- documents --------------------------------------------------------------------------------------------------

    def product(self, doc: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """Create a product through the API; a mug unless told otherwise."""
        answer = self.post("/v3/catalog/products", {**copy.deepcopy(doc or MUG), **changes})
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()["data"]
        return made

    def shirt(self) -> tuple[int, dict[str, int]]:
        """A product with variants tracked by variant: its id, and the variants' ids by SKU."""
        product_id = self.product(SHIRT)["id"]
        rows = self.data(f"/v3/catalog/products/{product_id}/variants")
        return product_id, {row["sku"]: row["id"] for row in rows}

    def order(self, *products: dict[str, Any], **fields: Any) -> httpx2.Response:
        """Create an order, for a custom line unless told otherwise."""
        lines = list(products) or [{"name": "Mug", "quantity": 1, "price_inc_tax": 50, "price_ex_tax": 45}]
        return self.post("/v2/orders", {"billing_address": ADDRESS, "products": lines, "status_id": 11, **fields})

    def ordered(self, *products: dict[str, Any], **fields: Any) -> dict[str, Any]:
        answer = self.order(*products, **fields)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def stock(self, sku: str, location_id: int = 1) -> int:
        level: int = self.act("stock", sku=sku, location_id=location_id)
        return level


class Since:
    """The effects from here on."""

    def __init__(self, store: Store) -> None:
        self._store, self._start = store, len(store.sandbox.world.effects)

    def kinds(self) -> list[str]:
        return [effect.kind for effect in self.effects()]

    def effects(self) -> list[Any]:
        return [e for e in self._store.sandbox.world.effects[self._start :] if e.tenant == self._store.hash]


def into(sent: list[bytes]) -> Sender:
    """A receiver of webhooks that keeps their bodies and answers 200."""

    def send(_url: str, _headers: Mapping[str, str], body: bytes, _timeout: float) -> int:
        sent.append(body)
        return 200

    return send


def open_store(sandbox: Sandbox, hash_: str = "abc123", *, scopes: list[str] | None = None, **fields: Any) -> Store:
    """A store with unlimited quota and stock that changes at once, and an account of it."""
    switches = {"quota": None, "inventory_delay": [0, 0], **fields.pop("switches", {})}
    sandbox.act("bc.create_store", hash=hash_, switches=switches, **fields)
    return account(sandbox, hash_, scopes=scopes)


def account(sandbox: Sandbox, hash_: str, *, scopes: list[str] | None = None, name: str = "Twinshelf") -> Store:
    """A further account of a store."""
    made = sandbox.act("bc.create_api_account", hash=hash_, name=name, scopes=scopes)
    return Store(sandbox, hash_, made["client_id"], made["client_secret"], made["access_token"])
