"""The harness of the flow tests: the product on the inline engine, and both platforms, in one process.

`store` and `shop` are the sandbox's worlds, `twinshelf` is the product driven as its user would. Tests change a world,
let things settle, and look at a world.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection as database
from django.db import transaction
from django_scopes import scope
from pytest_django import DjangoDbBlocker

from soak.calls import post
from tests.flows.browser import Browser
from twinshelf import wiring
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE, Actor, ActorKind
from twinshelf.accounts.models import Account, Membership
from twinshelf.connections import actions as connections
from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences
from twinshelf.goods import actions as goods
from twinshelf.kit import clock, http, skew
from twinshelf.listings import actions as catalog
from twinshelf.listings import observing as scanning
from twinshelf.listings.models import ListingRow
from twinshelf.orders import actions as orders
from twinshelf.orders.cancellations.polls import poll_cancellations
from twinshelf.orders.fulfillment.polls import poll_store_orders
from twinshelf.orders.intake.polls import poll_orders
from twinshelf.orders.models import ShopOrderRow
from twinshelf.proof import reconcile as proof
from twinshelf.rules import actions as rules
from twinshelf.sync import engine, lanes
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import Problem, Task
from twinshelf.tiktok.budget import PacedBudget
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.transport import SandboxTransport

HOME = "600042"
MAYA = Actor(ActorKind.USER, None, "Maya")
"""Who does what tests do as the merchant; she has no user row of her own."""


@pytest.fixture(scope="session")
def _tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[str]:
    """The tables that tests fill: all but those that migrations filled (permissions, content types)."""
    with django_db_blocker.unblock(), database.cursor() as cursor:
        empty = []
        for table in sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)}):
            cursor.execute(f"select exists (select 1 from {database.ops.quote_name(table)})")
            if not cursor.fetchone()[0]:
                empty.append(table)
    return empty


@pytest.fixture
def transactional_db(_tables: list[str], django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database with real commits (`on_commit` fires), emptied afterwards.

    In place of pytest-django's, which makes all permissions anew after each test and takes most of a second.
    """
    with django_db_blocker.unblock():
        yield
        with transaction.atomic(), database.cursor() as cursor:  # foreign keys are looked at when it commits
            for table in _tables:
                cursor.execute(f"delete from {database.ops.quote_name(table)}")


@pytest.fixture(scope="session", autouse=True)
def _swift() -> Iterator[None]:
    """Nothing here waits for a pace: learning it is tested with the budget. Imports are not collected over and over."""
    first, PacedBudget.FIRST_RATE = PacedBudget.FIRST_RATE, PacedBudget.TOP_RATE
    gc.collect()
    gc.freeze()
    yield
    PacedBudget.FIRST_RATE = first


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Both platforms, in memory; their webhooks come in through the product's own receivers."""
    made = build(send=post)
    http.use_transport(lambda: Wire(made.site))
    yield made
    http.use_transport(None)
    clients.PROCESS.close()
    skew.forget()
    made.close()
    for crash in made.faults.crashes:  # a double that breaks inside proves nothing about the product
        raise crash


class Wire(SandboxTransport):
    """The way to the sandbox. A call inside a transaction would hold its locks for as long as a platform takes."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert not database.in_atomic_block, f"{request.method} {request.url.path} is sent inside a transaction"
        return super().handle_request(request)


class StoreWorld:
    """The BigCommerce side, as a person in its control panel sees it."""

    def __init__(self, sandbox: Sandbox, store_hash: str) -> None:
        self._sandbox, self.hash = sandbox, store_hash

    def act(self, action: str, **arguments: Any) -> Any:
        """An action of the sandbox, whose ids are numbers, as BigCommerce's are; ours are text."""
        numbers = {name: int(value) for name, value in arguments.items() if name in {"order_id", "product_id"}}
        return self._sandbox.act(f"bc.{action}", hash=self.hash, **arguments | numbers)

    def add_product(
        self, *, sku: str, title: str = "Enamel mug", price: str = "12.00", stock: int = 10, **more: Any
    ) -> int:
        """A product without options, with all that a listing needs; `more` overrides fields."""
        product = {
            "name": title,
            "type": "physical",
            "sku": sku,
            "description": "<p>A plain and sturdy thing.</p>",
            "weight": Decimal("1.2"),
            "width": 4,
            "height": 4,
            "depth": 4,
            "price": Decimal(price),
            "inventory_level": stock,
            "inventory_tracking": "product",
            "availability": "available",
            "is_visible": True,
            "_category_paths": ["Kitchen"],
            "images": [{"_picture": f"mug-{sku}/1", "is_thumbnail": True, "sort_order": 0}],
            "custom_fields": [{"name": "Material", "value": "Metal"}],
            **more,
        }
        return int(self.act("add_product", product=product))

    def effects(self, kind: str) -> list[Any]:
        return [e for e in self._sandbox.world.effects if e.platform == "bigcommerce" and e.kind == kind]

    def orders(self) -> list[dict[str, Any]]:
        """All orders of the store, archived ones too."""
        return [row for _key, row in self._sandbox.world.table(f"bc/{self.hash}/orders").items()]


class ShopWorld:
    """The TikTok side, as a person in Seller Center and the buyers see it."""

    def __init__(self, sandbox: Sandbox, shop_id: str) -> None:
        self._sandbox, self.id = sandbox, shop_id

    def effects(self, kind: str) -> list[Any]:
        """What really happened in the shop. Prices and stock: only what calls set, not what creating or selling did."""
        return [
            e
            for e in self._sandbox.world.effects
            if e.platform == "tiktok"
            and e.kind == kind
            and not (kind == "price_set" and e.detail["before"] == "")
            and not (kind == "stock_set" and e.detail["source"] != "OPEN_API")
        ]

    def buy(self, *items: tuple[str, int], **more: Any) -> str:
        """A paid order of (seller SKU, quantity) pairs; it is on hold for an hour."""
        wanted = [{"seller_sku": sku, "quantity": quantity} for sku, quantity in items]
        return str(self._sandbox.act("shopper.buy", shop_id=self.id, items=wanted, **more))


class Twinshelf:
    """The product with one connection, driven by what its user can press."""

    def __init__(self, sandbox: Sandbox, account: Account, connection: Connection, driver: InlineEngine) -> None:
        self._sandbox, self.account, self.connection, self.engine = sandbox, account, connection, driver

    def settle(self) -> None:
        """Let webhooks arrive and all work be done, until both rest. Time does not pass."""
        for _ in range(50):
            moved = self._sandbox.settle() + self.engine.run()
            if not moved:
                return
        msg = "the product and the platforms keep each other busy for ever"
        raise AssertionError(msg)

    def wait(self, seconds: float) -> None:
        """Let time pass on both sides, then settle."""
        clock.move(seconds)
        self._sandbox.advance(seconds)
        self.settle()

    def pull(self) -> Task:
        return self.finished(goods.pull(self.connection.store, by=MAYA))

    def list(self, *product_ids: int) -> Task:
        """Pull, list these products (all, if none are named) and let reviews pass."""
        self.pull()
        task = catalog.list_products(self.connection, [str(number) for number in product_ids] or None, by=MAYA)
        self.settle()
        self.wait(600)
        return self.finished(task)

    def fetch_orders(self) -> Task:
        return self.finished(orders.fetch_now(self.connection, by=MAYA))

    def poll(self) -> None:
        """What the timetables do by themselves when webhooks were lost."""
        self.connection.refresh_from_db()
        self.connection.shop.refresh_from_db()
        self.connection.store.refresh_from_db()
        poll_orders(self.connection)
        poll_store_orders(self.connection)
        poll_cancellations(self.connection)
        scanning.scan_listings(self.connection)
        self.settle()

    def finished(self, task: Task) -> Task:
        self.settle()
        task.refresh_from_db()
        assert task.state == "completed", (task.state, task.summary, task.cursor)
        return task

    def prefer(self, **choices: Any) -> None:
        connections.set_preferences(self.connection, Preferences(**choices), by=MAYA)

    def listing(self, product_id: int) -> ListingRow:
        return ListingRow.objects.get(connection=self.connection, product_id=str(product_id))

    def order(self, order_id: str) -> ShopOrderRow:
        return ShopOrderRow.objects.get(connection=self.connection, order_id=order_id)

    def problems(self) -> Sequence[tuple[str, str]]:
        """(key, code) of what is open, sorted."""
        return sorted(Problem.objects.filter(closed_at=None).values_list("key", "code"))

    def differences(self) -> Sequence[dict[str, Any]]:
        """What the proof finds: it reads both platforms afresh."""
        self.connection.refresh_from_db()
        found: list[dict[str, Any]] = proof.check(self.connection)["differences"]
        return found


@pytest.fixture
def store(sandbox: Sandbox) -> StoreWorld:
    made = sandbox.act("bc.create_store", hash="fern0hollow", name="Fernhollow Goods", currency="USD")
    del made
    return StoreWorld(sandbox, "fern0hollow")


@pytest.fixture
def shop(sandbox: Sandbox) -> ShopWorld:
    sandbox.act("bc.set_base_url", url="http://sandbox.test")
    sandbox.act(
        "tt.create_app",
        app_key=settings.OPERATOR.tiktok_app_key,
        app_secret=settings.OPERATOR.tiktok_app_secret,
        service_id=settings.OPERATOR.tiktok_service_id,
        redirect_url="https://twinshelf.test/connections/tiktok",
    )
    seller = sandbox.act("tt.create_seller", name="Fernhollow", region="US")
    made = sandbox.act("tt.create_shop", seller=seller["seller_id"], name="Fernhollow US", region="US")
    world = ShopWorld(sandbox, made["shop_id"])
    world.seller = seller["seller_id"]  # type: ignore[attr-defined]
    return world


@pytest.fixture
def twinshelf(transactional_db: None, sandbox: Sandbox, store: StoreWorld, shop: ShopWorld) -> Iterator[Twinshelf]:
    """An account with the store and the shop connected, inside the account's scope."""
    offset = sandbox.world.clock.now() - clock.timestamp()
    clock.move(offset)
    wiring.install()
    driver = InlineEngine()
    engine.use(driver)
    account = accounts.create_account(
        "Fernhollow", owner_email="maya@fernhollow.test", password="a long enough password", by=COMMAND_LINE
    )
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Twinshelf")
    with scope(account=account):
        connected = connections.connect_store(
            account, store_hash_or_url=store.hash, access_token=keys["access_token"], client_id=keys["client_id"],
            client_secret=keys["client_secret"], by=MAYA,
        )  # fmt: skip
        code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=shop.seller)  # type: ignore[attr-defined]
        shops = connections.authorize_shops(account, code, by=MAYA)
        connection = connections.pair(account, store=connected, shop=shops[0], name="US", by=MAYA)
        rules.set_default_template(connection, category_id=HOME, by=MAYA)
        product = Twinshelf(sandbox, account, connection, driver)
        product.settle()
        yield product
    engine.use(None)
    clock.reset()
    lanes.forget()


@pytest.fixture
def sold(store: StoreWorld, shop: ShopWorld, twinshelf: Twinshelf) -> Callable[..., tuple[str, str]]:
    """Sells (SKU, quantity) pairs of new products; the order is past its hold: (TikTok's id, the store's id)."""

    def sell(*items: tuple[str, int]) -> tuple[str, str]:
        for sku, _quantity in items:
            store.add_product(sku=sku)
        twinshelf.list()
        order_id = shop.buy(*items)
        twinshelf.wait(3700)
        return order_id, str(twinshelf.order(order_id).store_order_id)

    return sell


@pytest.fixture
def newcomer(twinshelf: Twinshelf) -> Iterator[Browser]:
    """The owner of a new account, at the console; its scope is open, and nobody has tried too often."""
    cache.clear()
    account = accounts.create_account(
        "Newcomer", owner_email="nina@new.test", password="a long enough password", by=COMMAND_LINE
    )
    with scope(account=account):
        yield Browser(Membership.objects.get(account=account).user)


@pytest.fixture
def market(sandbox: Sandbox, twinshelf: Twinshelf) -> Callable[..., tuple[StoreWorld, ShopWorld, Twinshelf]]:
    """A store and a shop of another market, connected; its orders are bought and past their hold."""

    def connect(region: str, currency: str, *skus: str) -> tuple[StoreWorld, ShopWorld, Twinshelf]:
        sandbox.act("bc.create_store", hash="second0store", name="Second", currency=currency)
        keys = sandbox.act("bc.create_api_account", hash="second0store", name="Twinshelf")
        connected = connections.connect_store(
            twinshelf.account, store_hash_or_url="second0store", access_token=keys["access_token"],
            client_id=keys["client_id"], client_secret=keys["client_secret"], by=MAYA,
        )  # fmt: skip
        seller = sandbox.act("tt.create_seller", name=region, region=region)["seller_id"]
        made = sandbox.act("tt.create_shop", seller=seller, name=region, region=region)
        code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=seller)
        [shop] = connections.authorize_shops(twinshelf.account, code, by=MAYA)
        connection = connections.pair(twinshelf.account, store=connected, shop=shop, name=region, by=MAYA)
        rules.set_default_template(connection, category_id=HOME, by=MAYA)
        driven = Twinshelf(sandbox, twinshelf.account, connection, twinshelf.engine)
        there = StoreWorld(sandbox, "second0store")
        driven.prefer(push_opt_in=True, exchange_rate=Decimal(1), tax_percent=Decimal(0))
        for sku in skus:
            there.add_product(sku=sku, title=f"Enamel mug of the sturdiest kind there is, {sku}", price="200")
        if skus:
            driven.list()
        return there, ShopWorld(sandbox, made["shop_id"]), driven

    return connect
