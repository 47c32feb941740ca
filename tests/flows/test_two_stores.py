"""Two stores, each with its shop, in one account and in two: their products and orders have the same numbers, and
nothing of one is ever read, sent or stopped on account of the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django_scopes import scope

from tests.flows.conftest import MAYA, ShopWorld, StoreWorld, Twinshelf
from tests.flows.faults import CREATE_ORDER, HELD_SECONDS, fault, lose_webhooks, rest, ship
from tests.flows.neighbors import connect_account, connect_store, consent, of, shelf
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Account, AccountModel, Membership
from twinshelf.connections import actions as connections
from twinshelf.connections import stores
from twinshelf.connections.actions import ShopTaken
from twinshelf.connections.models import Seller, Shop, Store
from twinshelf.errors import NeedsPerson, Unauthorized
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync.models import ChangeRecord, InboxEvent, Problem


@dataclass
class Side:
    """One of the two: a store, its shop, and the product as its merchant drives it."""

    account: Account
    store: StoreWorld
    shop: ShopWorld
    twinshelf: Twinshelf
    mug: int = 0

    @contextmanager
    def scope(self) -> Iterator[Twinshelf]:
        """Look at what is in its account."""
        with scope(account=self.account):
            yield self.twinshelf

    def creation(self, order_id: str) -> str:
        with self.scope() as twinshelf:
            return str(twinshelf.order(order_id).creation)

    def store_order(self, order_id: str) -> int:
        with self.scope() as twinshelf:
            return int(twinshelf.order(order_id).store_order_id or 0)

    def shelf(self) -> int:
        with self.scope() as twinshelf:
            return shelf(self.shop, twinshelf, self.mug)

    def in_order(self) -> bool:
        """Both platforms show what they should, and nobody has to be told anything."""
        with self.scope() as twinshelf:
            return (twinshelf.differences(), twinshelf.problems()) == ([], [])


@pytest.fixture(params=["in one account", "in two accounts"])
def sides(request, sandbox, store, shop, twinshelf) -> tuple[Side, Side]:
    """Ours and theirs: each with a mug of the same SKU, live in its shop. Theirs has other numbers."""
    ours = Side(twinshelf.account, store, shop, twinshelf)
    if request.param == "in one account":
        theirs = Side(twinshelf.account, *connect_store(sandbox, twinshelf, "rival0store"))
    else:
        theirs = Side(*connect_account(sandbox, twinshelf, "Rival", "rival0store"))
    for side, stock, price in ((ours, 7, "12.00"), (theirs, 50, "20.00")):
        with side.scope() as driven:
            side.mug = side.store.add_product(sku="MUG-1", stock=stock, price=price)
            driven.list(side.mug)
    assert ours.mug == theirs.mug  # the numbers of BigCommerce are a store's own
    return ours, theirs


def test_orders_and_stock_of_the_same_numbers_stay_apart(sandbox, sides, twinshelf):
    ours, theirs = sides
    here, there = ours.shop.buy(("MUG-1", 2)), theirs.shop.buy(("MUG-1", 5))
    twinshelf.settle()
    assert (ours.shelf(), theirs.shelf()) == (5, 45)

    for _ in range(8):
        twinshelf.wait(HELD_SECONDS / 4)
    assert ours.store_order(here) == theirs.store_order(there)
    ship(theirs.store, theirs.store_order(there))
    ours.store.act("cancel_order", order_id=ours.store_order(here))
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert [e.detail["external_order_id"] for e in of(ours.store, "order_created")] == [here]
    assert [e.detail["external_order_id"] for e in of(theirs.store, "order_created")] == [there]
    assert (of(ours.shop, "package_shipped"), len(of(theirs.shop, "package_shipped"))) == ([], 1)
    assert (len(of(ours.shop, "cancellation")), of(theirs.shop, "cancellation")) == (1, [])
    assert (ours.store.act("stock", sku="MUG-1"), theirs.store.act("stock", sku="MUG-1")) == (7, 45)
    assert (ours.shelf(), theirs.shelf()) == (7, 45)
    # TikTok gives back nothing of what a seller cancels: that number is set once, and no other.
    assert [(e.detail["before"], e.detail["after"]) for e in of(ours.shop, "stock_set")] == [(5, 7)]
    assert of(theirs.shop, "stock_set") == []
    assert ours.in_order()
    assert theirs.in_order()


def test_price_stock_and_deletion_reach_the_right_shop(sides, twinshelf):
    ours, theirs = sides

    ours.store.act("set_price", sku="MUG-1", price="13.00")
    theirs.store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    assert [e.detail["after"] for e in of(ours.shop, "price_set")] == ["13.00"]
    assert [e.detail["after"] for e in of(theirs.shop, "stock_set")] == [3]

    theirs.store.act("delete_product", product_id=theirs.mug)
    twinshelf.settle()

    assert (ours.shelf(), theirs.shelf()) == (7, 0)
    assert (of(theirs.shop, "price_set"), of(ours.shop, "stock_set")) == ([], [])
    with ours.scope() as driven:
        told = [(str(theirs.mug), "W-PRD-DELETED")] if ours.account == theirs.account else []
        assert (driven.differences(), driven.problems()) == ([], told)


@pytest.mark.parametrize("ended", ["the store's token", "the shop's authorization", "the app is uninstalled"])
def test_access_that_ends_for_one_stops_nothing_of_the_other(sandbox, sides, twinshelf, ended):
    ours, theirs = sides
    match ended:
        case "the store's token":
            fault(sandbox, platform="bigcommerce", tenant=ours.store.hash, action="revoke")
        case "the shop's authorization":
            sandbox.act("tt.deauthorize", app_key=settings.OPERATOR.tiktok_app_key, seller=ours.shop.seller)
        case _:
            ours.store.act("uninstall")
    ours.store.act("set_stock", sku="MUG-1", quantity=1)
    theirs.store.act("set_stock", sku="MUG-1", quantity=9)
    order_id = theirs.shop.buy(("MUG-1", 2))
    twinshelf.settle()
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)

    assert theirs.creation(order_id) == "created"
    assert (theirs.store.act("stock", sku="MUG-1"), theirs.shelf()) == (7, 7)
    with theirs.scope() as driven:
        assert driven.differences() == []
    assert of(ours.shop, "stock_set") == []
    with ours.scope():
        held = Problem.objects.filter(closed_at=None).values_list("code", "lane__owner")
        assert {code for code, _owner in held} == {"E-CON-AUTH"}
        mine = {f"connection:{ours.twinshelf.connection.id}", f"store:{ours.twinshelf.connection.store_id}"}
        assert {owner for _code, owner in held} <= mine


def test_a_store_that_fails_delays_no_order_of_the_other(sandbox, sides, twinshelf):
    ours, theirs = sides
    fault(sandbox, **CREATE_ORDER, tenant=ours.store.hash, action="status", status=503, times=None)
    here, there = ours.shop.buy(("MUG-1", 1)), theirs.shop.buy(("MUG-1", 1))

    twinshelf.wait(HELD_SECONDS)

    assert (ours.creation(here), theirs.creation(there)) == ("failed", "created")
    rest(sandbox, twinshelf)
    assert ours.creation(here) == "created"
    assert (len(of(ours.store, "order_created")), len(of(theirs.store, "order_created"))) == (1, 1)


# -- two accounts ---------------------------------------------------------------------------------------------------


def test_a_store_belongs_to_one_account_and_nothing_of_it_is_told_to_who_cannot_open_it(sandbox, store, twinshelf):
    rival = accounts.create_account(
        "Rival", owner_email="rival@rival.test", password="a long enough password", by=COMMAND_LINE
    )
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Rival")

    def connect(account, token):
        with scope(account=account):
            return connections.connect_store(account, store_hash_or_url=store.hash, access_token=token, by=MAYA)

    with pytest.raises(connections.StoreTaken, match="E-TEN-STORE store='Fernhollow Goods'"):
        connect(rival, keys["access_token"])
    with pytest.raises(Unauthorized):
        connect(rival, "nonsense")
    with scope(account=rival):
        assert not Store.objects.exists()

    assert (
        connect(twinshelf.account, keys["access_token"]).id == twinshelf.connection.store_id
    )  # its own: as often as wanted


def test_of_two_accounts_that_connect_a_store_at_once_one_has_it(sandbox, twinshelf, monkeypatch):
    """The other one looked before the first had it."""
    sandbox.act("bc.create_store", hash="quick0store", name="Quick", currency="USD")
    keys = sandbox.act("bc.create_api_account", hash="quick0store", name="Twinshelf")
    rival = accounts.create_account(
        "Rival", owner_email="rival@rival.test", password="a long enough password", by=COMMAND_LINE
    )
    begun: list[str] = []
    true = stores._taken_by_one

    def overtaken(name):
        if not begun:
            begun.append(name)
            connect(twinshelf.account)
        return true(name)

    def connect(account):
        with scope(account=account):
            return connections.connect_store(
                account, store_hash_or_url="quick0store", access_token=keys["access_token"], by=MAYA
            )

    monkeypatch.setattr(stores, "_taken_by_one", overtaken)

    with pytest.raises(connections.StoreTaken):
        connect(rival)
    assert [store.account_id for store in Store.objects.with_scopes_disabled().filter(hash="quick0store")] == [
        twinshelf.account.id
    ]


@pytest.fixture
def rivals(sandbox, store, shop, twinshelf) -> tuple[Side, Side]:
    """As `sides`, in two accounts."""
    ours = Side(twinshelf.account, store, shop, twinshelf)
    theirs = Side(*connect_account(sandbox, twinshelf, "Rival", "rival0store"))
    for side in (ours, theirs):
        with side.scope() as driven:
            side.mug = side.store.add_product(sku="MUG-1", stock=7, title=f"Mug of {side.account}")
            driven.list(side.mug)
    return ours, theirs


def test_i20_no_row_of_one_account_hangs_on_a_row_of_the_other(sandbox, rivals, twinshelf):
    ours, theirs = rivals
    for side in rivals:
        side.shop.buy(("MUG-1", 1))
        side.store.add_product(sku="", title="Bare")
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)

    looked, whose = 0, set()
    for model in apps.get_models():
        if not issubclass(model, AccountModel):
            continue
        ways = [f for f in model._meta.fields if f.related_model and issubclass(f.related_model, AccountModel)]
        for row in model._default_manager.with_scopes_disabled().select_related(*[way.name for way in ways]):
            whose.add(row.account_id)
            for way in ways:
                other = getattr(row, way.name)
                assert other is None or other.account_id == row.account_id, (model.__name__, way.name, row.pk)
                looked += other is not None
    assert looked > 20
    assert whose == {ours.account.id, theirs.account.id}


def test_i20_a_person_sees_nothing_of_the_other_account_on_any_page(sandbox, rivals, twinshelf):
    ours, theirs = rivals
    order_id = theirs.shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    browser = Client()
    browser.force_login(Membership.objects.get(account=ours.account).user)

    secrets = ("Mug of Rival", "rival0store", "rival@rival.test", theirs.shop.id)
    for path in ("/", "/products/", "/orders/", "/activity/", "/activity/problems/", "/activity/webhooks/",
                 "/activity/changes/", "/connections/", "/settings/", "/search/?q=mug"):  # fmt: skip
        page = browser.get(path, follow=True).content.decode()
        assert "Fernhollow" in page
        assert {secret for secret in (*secrets, order_id) if secret in page} == set(), path
    for sought in (order_id, "Mug of Rival", theirs.shop.id):
        assert browser.get("/search/", {"q": sought}).status_code == 200  # a list of what was found, and no leap to it
        assert re.findall(r'href="/(?:orders|products)/\d+', browser.get(f"/search/?q={sought}").content.decode()) == []


def test_a04_a_genuine_webhook_of_one_shop_moves_nothing_of_the_other(sandbox, rivals, twinshelf):
    """The address of TikTok's webhooks is one for all: whose a delivery is stands in its signed body."""
    ours, theirs = rivals
    lose = lose_webhooks(sandbox)
    order_id = theirs.shop.buy(("MUG-1", 1))
    sandbox.faults.remove(lose.id)
    InboxEvent.objects.with_scopes_disabled().all().delete()

    sandbox.act("tt.send_webhook", shop_id=ours.shop.id, number=1, data={"order_id": order_id})
    twinshelf.settle()

    with ours.scope():
        assert not ShopOrderRow.objects.exists()
    with theirs.scope():
        assert not InboxEvent.objects.exists()
        assert not ShopOrderRow.objects.exists()


def test_a_shop_of_another_account_cannot_be_taken_and_no_key_to_it_is_kept(sandbox, rivals, twinshelf):
    ours, theirs = rivals
    before = ChangeRecord.objects.with_scopes_disabled().count()

    with ours.scope(), pytest.raises(ShopTaken, match="rival0store shop"):
        connections.authorize_shops(ours.account, consent(sandbox, theirs.shop), by=MAYA)

    with ours.scope():
        assert [s.shop_id for s in Shop.objects.all()] == [ours.shop.id]
        assert [s.name for s in Seller.objects.all()] == ["Fernhollow"]
    assert ChangeRecord.objects.with_scopes_disabled().count() == before

    # TikTok ends a seller's tokens when it gives new ones: theirs are told so, wait, and lose nothing.
    theirs.store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    with theirs.scope() as driven:
        assert {code for _key, code in driven.problems()} == {"E-CON-AUTH"}
        connections.authorize_shops(theirs.account, consent(sandbox, theirs.shop), by=MAYA)
    twinshelf.settle()
    assert theirs.shelf() == 3
    assert theirs.in_order()


def test_a_token_connects_the_store_that_it_is_of_and_no_other(sandbox, rivals):
    ours, theirs = rivals
    keys = sandbox.act("bc.create_api_account", hash=theirs.store.hash, name="Another")
    with ours.scope():
        before = Store.objects.get().token

    with ours.scope(), pytest.raises(NeedsPerson, match="E-CON-STORE"):
        connections.connect_store(
            ours.account, store_hash_or_url=ours.store.hash, access_token=keys["access_token"], by=MAYA
        )

    with ours.scope():
        assert Store.objects.get().token == before
