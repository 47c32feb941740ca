"""A shop from its first authorization to its deletion: its names, what it may be used for, and until when."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.conf import settings
from django.test import Client
from django_scopes import scope

from tests.flows.browser import Browser, words_of
from tests.flows.conftest import MAYA, ShopWorld
from tests.flows.neighbors import connect_shop, consent, open_shop
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import AuditEntry
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Connection, Seller, Shop
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.listings.models import Link, ListingRow
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync.models import ChangeRecord, Lane, Schedule, Task
from twinshelf_sandbox.transport import SandboxTransport


def let_in(browser, sandbox, shop, address, *, scopes=None):
    """Follow the link to TikTok, agree to some or all scopes, come back. What is told then."""
    sent_to = urlsplit(browser.client.get(address).headers["Location"])
    seller = sandbox.world.table("tt/shops")[shop.id]["seller_id"]
    code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=seller, scopes=scopes)
    state = parse_qs(sent_to.query)["state"][0]
    answer = browser.client.get("/connections/tiktok", {"code": code, "state": state}, follow=True)
    return sent_to, [str(message) for message in answer.context["messages"]]


def links(browser):
    """The page of connections as it is written, with single blanks."""
    return " ".join(browser.get("/connections/").content.decode().split())


def asked_for(browser, **form):
    """Fill in "Add a TikTok Shop". (The page as it is read, the link that leads on.)"""
    answer = browser.client.post("/connections/shops/add/", {"seller_type": "LOCAL", **form})
    return words_of(answer.content.decode()), answer.context["way"]


@pytest.mark.covers("CED-05", "SHOP-05", "SHOP-10", "SHOP-11", "BIGS-06", "BIGS-17")
def test_a_shop_is_added_by_market_kind_of_account_and_a_name_of_its_own(sandbox, twinshelf):
    browser, shop = Browser(), open_shop(sandbox, "Fernhollow London", region="GB")
    assert 'href="/connections/shops/add/"' in browser.get("/connections/").content.decode()
    first = browser.words("/connections/shops/add/")
    assert "Choose the country" in first
    assert "Local seller Cross-border seller" in first

    for region, why in (("elsewhere", "TikTok Shop in other countries is not supported yet."), ("", "required")):
        page, way = asked_for(browser, region=region, name="London")
        assert (why in page, way) == (True, "")

    page, way = asked_for(browser, region="GB", name="London")
    assert "United Kingdom is supported" in page
    assert "Use the network and the computer with which you usually sign in to this shop" in page
    sent_to, told = let_in(browser, sandbox, shop, way)
    assert (sent_to.hostname, told) == ("services.tiktokshop.com", ["Authorized: London."])

    kept = Shop.objects.get(shop_id=shop.id)
    assert (kept.region, kept.name, kept.display_name) == ("GB", "Fernhollow London", "London")
    assert (
        f"London Connected Fernhollow London · {shop.id} · not paired yet United Kingdom Local seller"
        in browser.words("/connections/")
    )


@pytest.mark.covers("BIGS-01")
def test_a_shop_comes_from_the_app_store_of_seller_center_as_it_does_from_here(sandbox, twinshelf):
    from_here, from_there = open_shop(sandbox, "From here"), open_shop(sandbox, "From there")
    browser = Browser()
    let_in(browser, sandbox, from_here, "/connections/authorize/?region=US")
    newcomer = Client()

    asked = newcomer.get("/connections/tiktok", {"code": consent(sandbox, from_there)})
    assert asked.status_code == 302
    signing_in = asked.headers["Location"]
    assert signing_in.startswith("/accounts/login/")
    newcomer.post(signing_in, {"login": "maya@fernhollow.test", "password": "a long enough password"})
    page = newcomer.get(parse_qs(urlsplit(signing_in).query)["next"][0], follow=True).content.decode()
    assert "Is this your shop?" in page
    [stamp] = re.findall(r'name="stamp" value="(\w+)"', page)
    newcomer.post("/connections/tiktok/confirm/", {"stamp": stamp})

    made = {shop.name: shop for shop in Shop.objects.filter(connection=None).select_related("seller")}
    assert set(made) == {"From here", "From there"}
    for name in ("region", "seller_type", "currency", "account_id", "leaving_at"):
        assert getattr(made["From here"], name) == getattr(made["From there"], name), name
    assert made["From there"].seller.scopes == made["From here"].seller.scopes != []
    for shop in made.values():
        form = {"name": shop.name, "store": twinshelf.connection.store_id, "shop": shop.id}
        assert browser.post("/connections/pair/", form) == [f"Connected: {shop.name}. Next: choose its category."]


@pytest.mark.covers("BIGS-18")
def test_the_app_is_installed_from_the_app_and_service_store_and_the_shop_has_what_was_granted(sandbox, twinshelf):
    sandbox.act(
        "tt.create_app", name="TikTok Shop Connector", redirect_url="https://twinshelf.test/connections/tiktok",
        app_key=settings.OPERATOR.tiktok_app_key, service_id=settings.OPERATOR.tiktok_service_id,
        scopes=["seller.authorization.info", "seller.shop.info", "seller.product.basic", "seller.order.info"],
    )  # fmt: skip
    shop = open_shop(sandbox, "From the store")
    seller_center = httpx2.Client(transport=SandboxTransport(sandbox.site), base_url="https://seller.test")

    def read(address):
        answer = seller_center.get(address)
        assert answer.status_code == 200, address
        return answer.text

    def way(page, word):
        [found] = re.findall(rf'href="([^"]+)"[^>]*>{word}<', page)
        return html.unescape(found)

    # Seller Center → App & Service Store → the app → Install.
    store = read(way(read(f"/seller/{shop.id}"), "App &amp; Service Store"))
    assert "not installed" in store
    asked = read(way(store, "TikTok Shop Connector"))
    assert "From the store (US)" in asked
    assert "It asks for 4 scopes" in asked
    consent_page = read(way(asked, "Confirm to install"))
    assert consent_page.count("<fieldset>") == 1  # of the seller who is signed in
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', consent_page))
    sent_back = seller_center.get("/open/authorize", params={**fields, "decision": "approve"}).headers["Location"]
    assert "state=" not in sent_back

    # TikTok sends the browser back, where the owner confirms.
    browser = Browser()
    page = browser.client.get(sent_back.removeprefix("https://twinshelf.test"), follow=True).content.decode()
    assert "From the store" in page
    [stamp] = re.findall(r'name="stamp" value="(\w+)"', page)
    assert not Shop.objects.filter(shop_id=shop.id).exists()
    browser.post("/connections/tiktok/confirm/", {"stamp": stamp})

    kept = Shop.objects.select_related("seller").get(shop_id=shop.id)
    assert sorted(kept.seller.scopes) == [
        "seller.authorization.info", "seller.order.info", "seller.product.basic", "seller.shop.info",
    ]  # fmt: skip
    assert "From the store Connected" in browser.words("/connections/")
    shown = browser.get(f"/connections/shops/{kept.id}/").context["capabilities"]
    assert {each.use: missing for each, missing, _page in shown} == {
        "products": ("seller.product.write", "seller.product.delete"),
        "orders": ("seller.fulfillment.basic", "seller.return_refund.basic", "seller.order.ext_ref.write"),
        "inventory": ("seller.product.write", "seller.logistics"),
        "analysis": (),
    }
    assert ">installed<" in read(f"/seller/{shop.id}/apps")


@pytest.mark.covers("SILK-09", "CED-05")
@pytest.mark.parametrize("kind", ["LOCAL", "CROSS_BORDER"])
@pytest.mark.parametrize("region", ["US", "GB", "DE", "JP", "MY", "MX", "BR"])
def test_every_kind_of_seller_of_every_part_of_the_world_comes_back_with_the_new_shop(sandbox, twinshelf, kind, region):
    browser = Browser()
    seller = sandbox.act("tt.create_seller", name="Seller", region=region, seller_type=kind)["seller_id"]
    made = sandbox.act("tt.create_shop", seller=seller, name="Shop", region=region)
    _page, way = asked_for(browser, region=region, seller_type=kind, name="Ours")

    sent_to, told = let_in(browser, sandbox, ShopWorld(sandbox, made["shop_id"]), way)

    assert sent_to.hostname == ("services.us.tiktokshop.com" if region == "US" else "services.tiktokshop.com")
    name = "Ours" if kind == "LOCAL" else "Ours01"  # "Ours" is the Global Store
    assert told == [f"Authorized: {name}."]
    kept = Shop.objects.get(shop_id=made["shop_id"])
    assert (kept.region, kept.seller_type, kept.display_name) == (region, kind, name)
    forged = browser.client.get("/connections/tiktok", {"code": "c", "state": "forged"}, follow=True)
    assert "This authorization did not begin here" in str(next(iter(forged.context["messages"])))


@pytest.mark.covers("BIGS-12", "BIGS-13")
def test_shops_of_one_authorization_are_numbered_and_renamed_each_by_itself(sandbox, twinshelf):
    browser = Browser()
    seller = sandbox.act("tt.create_seller", name="Great", region="GB", seller_type="CROSS_BORDER")["seller_id"]
    for number in range(2):
        made = sandbox.act("tt.create_shop", seller=seller, name=f"Great {number}", region=("MY", "SG")[number])
    _page, way = asked_for(browser, region="MY", seller_type="CROSS_BORDER", name="AA")

    let_in(browser, sandbox, ShopWorld(sandbox, made["shop_id"]), way)

    first, second = Shop.objects.filter(connection=None).order_by("id")
    assert [(shop.display_name, shop.name) for shop in (first, second)] == [("AA01", "Great 0"), ("AA02", "Great 1")]
    browser.post(f"/connections/shops/{first.id}/", {"name": "Kuala Lumpur"})
    page = browser.words("/connections/")
    assert "Kuala Lumpur Connected Great 0" in page
    assert "AA02 Connected Great 1" in page
    assert "AA01" not in page


@pytest.mark.covers("BIGS-03", "BIGS-16")
def test_who_does_not_come_back_from_tiktok_is_told_what_helps(sandbox, twinshelf):
    browser = Browser()
    hints = (
        "Check the network, and switch a VPN off or to the country of the shop.",
        "Try another DNS: OpenDNS (208.67.222.222) or Google DNS (8.8.8.8).",
    )

    def page():
        return browser.words("/connections/shops/add/")

    assert not any(hint in page() for hint in hints)
    _page, way = asked_for(browser, region="US")
    browser.client.get(way)
    assert not any(hint in page() for hint in hints)
    with clock.moved(61):
        assert "You went to TikTok 1 min ago , and have not come back" in page()
        assert all(hint in page() for hint in hints)

    let_in(browser, sandbox, open_shop(sandbox, "Fernhollow Two"), way)
    with clock.moved(61):
        assert not any(hint in page() for hint in hints)


@pytest.mark.covers("SHOP-16")
def test_a_shop_is_renamed_in_twinshelf_and_not_on_tiktok(sandbox, store, shop, twinshelf):
    browser, kept = Browser(), twinshelf.connection.shop
    address = f"/connections/shops/{kept.id}/"
    assert f'href="{address}" aria-label="Rename Fernhollow US"' in links(browser)

    told = browser.post(address, {"name": "  Main   shop ", "connection": "United States"})

    assert told == ["The shop is shown as Main shop."]
    for path in ("/", "/connections/", address, f"/connections/{twinshelf.connection.id}/template/"):
        assert "United States" in browser.words(path), path
    for path in ("/", "/connections/", address, "/inventory/warehouses/"):
        assert "Main shop" in browser.words(path), path
        assert "Fernhollow US" not in browser.words(path).replace("called Fernhollow US", "").replace(
            "Fernhollow US · ", ""
        ), path
    kept.refresh_from_db()
    assert (kept.name, kept.display_name) == ("Fernhollow US", "Main shop")
    assert sandbox.world.table("tt/shops")[shop.id]["name"] == "Fernhollow US"
    entries = AuditEntry.objects.filter(action__in=["connections.rename_shop", "connections.rename"])
    assert [entry.after for entry in entries.order_by("id")] == [
        {"display_name": "Main shop"},
        {"name": "United States"},
    ]

    store.add_product(sku="MUG-1", title="Enamel mug", price="20.00", stock=9)
    twinshelf.list()
    shop.buy(("MUG-1", 1))
    twinshelf.settle()
    named = {"name": "Main shop", "connection": "Main shop"}
    browser.post(address, named)  # the connection has the name of its shop, as when it was paired
    browser.post(address, {"name": "Corner shop", "connection": "Main shop"})  # its field was left as it was
    shown = dict.fromkeys(
        ("/", "/products/", "/orders/", "/inventory/skus/", "/connections/", "/inventory/warehouses/"), 0
    )
    for path in shown:
        words = browser.words(path).replace("List 1 product on Main shop", "")  # what was done under that name
        assert "Main shop" not in words, path
        shown[path] = words.count("Corner shop")
    assert all(shown[path] for path in ("/", "/connections/", "/inventory/warehouses/"))
    twinshelf.connection.refresh_from_db()
    assert twinshelf.connection.name == "Corner shop"

    assert browser.post(address, {"name": "x" * 201}) == ["The name of a shop has at most 200 characters."]
    assert browser.post(address, {"name": ""}) == ["The shop is shown as Fernhollow US."]


@pytest.mark.covers("SHOP-17", "BIGS-02", "BIGS-15")
def test_what_a_shop_may_be_used_for_and_until_when_is_shown(sandbox, twinshelf):
    browser, shop = Browser(), open_shop(sandbox, "Fernhollow Two")
    few = ["seller.authorization.info", "seller.shop.info", "seller.product.basic", "seller.product.delete"]
    few += ["seller.order.info", "seller.fulfillment.basic", "seller.return_refund.basic", "seller.order.ext_ref.write"]
    let_in(browser, sandbox, shop, "/connections/authorize/?region=US")
    kept = Shop.objects.get(shop_id=shop.id)
    browser.post("/connections/pair/", {"name": "Two", "store": twinshelf.connection.store_id, "shop": kept.id})
    let_in(browser, sandbox, shop, "/connections/authorize/?region=US", scopes=few)

    seen = browser.words("/connections/")
    assert "Reauthorize to enable: Product publishing Reauthorize to enable: Inventory push United States" in seen
    page = browser.words(f"/connections/shops/{kept.id}/")
    assert "Order processing Granted" in page
    lacks = "Reauthorize to enable. Not granted: seller.product.write, seller.logistics Reauthorize to enable"
    assert f"Inventory push {lacks}" in page
    assert "Data analysis Granted" in page
    enable = "Reauthorize Fernhollow Two to enable the push of inventory."
    inventory = f"/inventory/skus/?shop={Connection.objects.get(name='Two').id}"
    assert enable in browser.words(inventory)
    assert "to enable the push of inventory" not in browser.words(f"/inventory/skus/?shop={twinshelf.connection.id}")
    assert "Access token expires" in seen
    assert "Authorization expires" in seen

    let_in(browser, sandbox, shop, "/connections/authorize/?region=US")
    assert "Reauthorize to enable" not in browser.words("/connections/")
    assert enable not in browser.words(inventory)
    assert browser.words(f"/connections/shops/{kept.id}/").count("Granted") == 4
    seller = Seller.objects.get(id=kept.seller_id)
    html = browser.get("/connections/").content.decode()
    for moment in (seller.access_expires_at, seller.refresh_expires_at):
        assert f'datetime="{moment.isoformat()}"' in html or moment.strftime("%Y-%m-%d %H:%M") in html


def rows_of(connection):
    """How many rows hang on a connection, by table."""
    owner = f"connection:{connection.id}"
    return {
        "listings": ListingRow.objects.filter(connection_id=connection.id).count(),
        "links": Link.objects.filter(connection_id=connection.id).count(),
        "orders": ShopOrderRow.objects.filter(connection_id=connection.id).count(),
        "lanes": Lane.objects.filter(owner=owner).count(),
        "schedules": Schedule.objects.filter(owner=owner).count(),
        "changes": ChangeRecord.objects.filter(kind="listing").count(),
    }


@pytest.mark.covers("SHOP-07", "SHOP-08", "SHOP-19")
def test_a_deleted_shop_leaves_nothing_here_and_all_on_tiktok_and_may_go_elsewhere(sandbox, store, shop, twinshelf):
    browser, ours, kept = Browser(), twinshelf.connection, twinshelf.connection.shop
    mug = store.add_product(sku="MUG-1", stock=9)
    _other_shop, other = connect_shop(sandbox, twinshelf, "Second")
    twinshelf.list(mug)
    other.list(mug)
    order = shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    page = f"/connections/shops/{kept.id}/delete/"
    assert f'href="{page}" aria-label="Delete Fernhollow US"' in links(browser)
    before, theirs = rows_of(ours), rows_of(other.connection)
    assert (before["listings"], before["orders"]) == (1, 1)

    asked = browser.words(page)
    assert "Nothing changes on TikTok Shop: its products, orders and stock there stay as they are." in asked
    assert "what Twinshelf knows of its 1 listed products, its 1 orders, its inventory" in asked
    assert "To confirm, type the name of the shop: Fernhollow US" in asked
    html = browser.get(page).content.decode()
    for file, needle in (("products", "MUG-1"), ("orders", order)):
        assert f'href="/{file}.csv?shop={ours.id}"' in html
        assert needle in browser.client.get(f"/{file}.csv?shop={ours.id}").getvalue().decode()

    [told] = browser.post(page, {"typed": "fernhollow us"})
    assert told.startswith("Nothing was deleted: what was typed is not “Fernhollow US”.")
    assert rows_of(ours) == before
    world = {kind: len(shop.effects(kind)) for kind in ("stock_set", "price_set", "product_created", "product_deleted")}
    calls = len(sandbox.world.table(f"tt/{shop.id}/offers"))

    browser.post(page, {"typed": "Fernhollow US"})
    assert "Fernhollow US" not in browser.words("/connections/")
    twinshelf.settle()

    task = Task.objects.get(kind="delete_shop")
    assert task.state == "completed"
    assert task.summary == f"Rows removed from Twinshelf: {task.succeeded:,} done"
    assert not Shop.objects.filter(id=kept.id).exists()
    assert not Connection.objects.filter(id=ours.id).exists()
    assert not Seller.objects.filter(id=kept.seller_id).exists()
    assert {name: n for name, n in rows_of(ours).items() if name != "changes"} == {
        "listings": 0, "links": 0, "orders": 0, "lanes": 0, "schedules": 0,
    }  # fmt: skip
    assert {**rows_of(other.connection), "changes": 0} == {**theirs, "changes": 0}
    assert StoreProduct.objects.count() == 1
    assert {kind: len(shop.effects(kind)) for kind in world} == world
    assert len(sandbox.world.table(f"tt/{shop.id}/offers")) == calls

    store.act("set_stock", sku="MUG-1", quantity=4)  # the other shop goes on, and nobody asks for the one that is gone
    twinshelf.settle()
    assert not Lane.objects.filter(owner=f"connection:{ours.id}").exists()
    assert not any(effect.tenant == shop.id for effect in shop.effects("stock_set"))

    neighbor = accounts.create_account(
        "Neighbor", owner_email="nora@neighbor.test", password="a long enough password", by=COMMAND_LINE
    )
    with scope(account=neighbor):
        [moved] = connections.authorize_shops(neighbor, consent(sandbox, shop), by=MAYA)
        assert (moved.shop_id, moved.account_id) == (shop.id, neighbor.id)


def test_a_shop_that_comes_back_makes_no_second_store_order(sandbox, store, shop, twinshelf):
    browser, kept = Browser(), twinshelf.connection.shop
    mug = store.add_product(sku="MUG-1", stock=9)
    twinshelf.list(mug)
    order = shop.buy(("MUG-1", 1))
    twinshelf.wait(3700)
    [made] = sandbox.world.table(f"bc/{store.hash}/orders").keys()
    browser.post(f"/connections/shops/{kept.id}/delete/", {"typed": "Fernhollow US", "keep_history": "1"})
    twinshelf.settle()
    assert ChangeRecord.objects.filter(key=order).exists()

    [again] = connections.authorize_shops(twinshelf.account, consent(sandbox, shop), by=MAYA)
    connection = connections.pair(twinshelf.account, store=twinshelf.connection.store, shop=again, name="US", by=MAYA)
    twinshelf.connection = connection
    twinshelf.wait(3700)

    assert list(sandbox.world.table(f"bc/{store.hash}/orders").keys()) == [made]
    row = ShopOrderRow.objects.get(order_id=order)
    assert (row.creation, row.store_order_id) == ("created", str(made))
