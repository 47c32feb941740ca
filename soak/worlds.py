"""What a seed makes: accounts with stores, shops, goods and choices; built on both platforms and in the product."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django_scopes import scope

from soak.product import Product
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE, Actor, ActorKind
from twinshelf.accounts.models import Account
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences, PriceRule
from twinshelf.goods import actions as goods
from twinshelf.listings import actions as listings
from twinshelf.rules import actions as rules

HOME = "600042"
MERCHANT = Actor(ActorKind.USER, None, "Maya")
PASSWORD = "a long enough password"  # noqa: S105 - of accounts that live for a second
PRICES = ("10.005", "19.999", "0.30", "3.33", "12.00", "7.125", "1.005", "2.675", "24.95", "100.00", "8.345", "0.615")
"""Prices that show whether money is counted exactly."""


@dataclass(frozen=True)
class ShopPlan:
    """A shop to be, with what its merchant chooses."""

    name: str
    preferences: Preferences


@dataclass(frozen=True)
class GoodsPlan:
    """A product to be. More than one SKU: a variant for each. `odd` names what is wrong with it, "" if nothing is."""

    title: str
    skus: tuple[str, ...]
    price: str
    stock: int
    odd: str = ""


@dataclass(frozen=True)
class AccountPlan:
    """An account to be, with one store."""

    name: str
    store: str
    shops: tuple[ShopPlan, ...]
    goods: tuple[GoodsPlan, ...]


@dataclass
class Side:
    """One connection as it was built."""

    account: Account
    connection: Connection
    store: str
    shop: str
    seller: str
    preferences: Preferences
    chosen: list[Preferences] = field(default_factory=list)
    """Everything that was ever chosen."""


@dataclass
class Place:
    """Everything that was built: sides in order of building, and what is known of the goods."""

    sides: list[Side] = field(default_factory=list)
    plans: list[AccountPlan] = field(default_factory=list)
    odd_skus: set[tuple[str, str]] = field(default_factory=set)
    """(store, SKU) of goods that no rule can list."""
    added: int = 0
    asked: dict[tuple[str, str], list[Decimal]] = field(default_factory=dict)
    """Every price that a store ever asked, by (store, SKU)."""
    drifted: set[tuple[str, str]] = field(default_factory=set)
    """(shop, SKU) of what somebody changed in the shop."""


def plan_world(chance: random.Random) -> list[AccountPlan]:
    """One or two accounts; often with the same SKUs, so that one taken for the other's shows."""
    same = chance.random() < 0.7
    plans = []
    for number in range(1 if chance.random() < 0.6 else 2):
        prefix = "SKU" if same else "AB"[number]
        shops = tuple(
            ShopPlan(f"Shop {number}{place}", _preferences(chance))
            for place in range(1 if chance.random() < 0.8 else 2)
        )
        made = tuple(_goods(chance, prefix, at) for at in range(chance.randint(3, 5)))
        if chance.random() < 0.25:
            made = (*made, GoodsPlan("Nameless thing", ("",), "5.00", 3, "no SKU"))
        if chance.random() < 0.2:
            made = (*made, GoodsPlan("Twin one", (f"{prefix}-TWIN",), "5.00", 3, "SKU twice"))
            made = (*made, GoodsPlan("Twin two", (f"{prefix}-TWIN",), "5.00", 3, "SKU twice"))
        plans.append(AccountPlan(f"Account{number}", f"store{number}hash", shops, made))
    return plans


def _goods(chance: random.Random, prefix: str, at: int) -> GoodsPlan:
    sizes = chance.choice((1, 1, 1, 2, 3))
    skus = (f"{prefix}-{at}",) if sizes == 1 else tuple(f"{prefix}-{at}-{size}" for size in range(sizes))
    return GoodsPlan(f"Enamel mug No. {at}", skus, chance.choice(PRICES), chance.choice((2, 6, 12, 30)))


def _preferences(chance: random.Random) -> Preferences:
    rule = chance.choice(
        (
            PriceRule(),
            PriceRule(),
            PriceRule("percent_up", Decimal("12.5")),
            PriceRule("percent_up", Decimal(50)),
            PriceRule("fixed_up", Decimal("0.005")),
        )
    )
    return Preferences(
        price_rule=rule,
        reserve=chance.choice((0, 0, 0, 1)),
        threshold=chance.choice((None, None, None, 1)),
        auto_import=chance.random() < 0.7,
        cancel_tts_to_bc=chance.random() < 0.85,
    )


def build_world(product: Product, plans: list[AccountPlan]) -> Place:
    """Build it all, connect it and list what can be listed. Leaves everything at rest."""
    act, place = product.sandbox.act, Place(plans=plans)
    act("bc.set_base_url", url="http://sandbox.soak")
    operator = settings.OPERATOR
    act(
        "tt.create_app",
        app_key=operator.tiktok_app_key,
        app_secret=operator.tiktok_app_secret,
        service_id=operator.tiktok_service_id,
        redirect_url="https://twinshelf.soak/connections/tiktok",
    )
    for plan in plans:
        account = accounts.create_account(
            plan.name, owner_email=f"{plan.name.lower()}@merchant.example", password=PASSWORD, by=COMMAND_LINE
        )
        act("bc.create_store", hash=plan.store, name=f"{plan.name} Goods", currency="USD", plan="pro")
        for goods_plan in plan.goods:
            add_goods(product, place, plan.store, goods_plan)
        with scope(account=account):
            _connect(product, place, plan, account)
    product.settle()
    for side in place.sides:
        with scope(account=side.account):
            goods.pull(side.connection.store, by=MERCHANT)
            product.settle()
            listings.list_products(side.connection, None, by=MERCHANT)
    product.let_pass(700)
    return place


def _connect(product: Product, place: Place, plan: AccountPlan, account: Account) -> None:
    act = product.sandbox.act
    keys = act("bc.create_api_account", hash=plan.store, name="Twinshelf")
    store = connections.connect_store(
        account, store_hash_or_url=plan.store, access_token=keys["access_token"], client_id=keys["client_id"],
        client_secret=keys["client_secret"], by=MERCHANT,
    )  # fmt: skip
    for shop_plan in plan.shops:
        seller = act("tt.create_seller", name=shop_plan.name, region="US")["seller_id"]
        shop_id = act("tt.create_shop", seller=seller, name=shop_plan.name, region="US")["shop_id"]
        code = act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=seller)
        [shop] = connections.authorize_shops(account, code, by=MERCHANT)
        connection = connections.pair(account, store=store, shop=shop, name=shop_plan.name, by=MERCHANT)
        rules.set_default_template(connection, category_id=HOME, by=MERCHANT)
        connections.set_preferences(connection, shop_plan.preferences, by=MERCHANT)
        place.sides.append(
            Side(account, connection, plan.store, shop_id, seller, shop_plan.preferences, [shop_plan.preferences])
        )


def add_goods(product: Product, place: Place, store: str, plan: GoodsPlan) -> int:
    """A product in a store, complete enough to be listed but for what is odd about it. Returns its id."""
    single = len(plan.skus) == 1
    document: dict[str, Any] = {
        "name": plan.title,
        "type": "physical",
        "sku": plan.skus[0] if single else "",
        "description": "<p>A plain and sturdy thing.</p>",
        "weight": Decimal("1.2"),
        "width": 4,
        "height": 4,
        "depth": 4,
        "price": Decimal(plan.price),
        "inventory_level": plan.stock,
        "inventory_tracking": "product" if single else "variant",
        "availability": "available",
        "is_visible": True,
        "_category_paths": ["Kitchen"],
        "images": [{"_picture": f"mug-{plan.skus[0]}/1", "is_thumbnail": True, "sort_order": 0}],
        "custom_fields": [{"name": "Material", "value": "Metal"}],
    }
    if not single:
        document["variants"] = [
            {
                "sku": sku,
                "inventory_level": plan.stock,
                "option_values": [{"option_display_name": "Size", "label": f"No. {number}"}],
            }
            for number, sku in enumerate(plan.skus, 1)
        ]
    if plan.odd:
        place.odd_skus |= {(store, sku) for sku in plan.skus}
    for sku in plan.skus:
        place.asked.setdefault((store, sku), []).append(Decimal(plan.price))
    return int(product.sandbox.act("bc.add_product", hash=store, product=document))
