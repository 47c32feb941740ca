"""From an empty account to a connection, by the console alone; and an authorization that ends."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.db import connection

from tests.flows.browser import Browser, words_of
from tests.flows.conftest import ShopWorld
from tests.flows.faults import HELD_SECONDS
from tests.flows.neighbors import connect_store, consent, open_shop
from twinshelf.connections.models import Connection, Seller, Shop, Store
from twinshelf.kit.secrets import unseal
from twinshelf.orders.models import ShopOrderRow


def authorize(browser, sandbox, shop, *, region="US"):
    """Press Authorize, agree on TikTok's page, come back. (Where the browser was sent to, what is told then.)"""
    answer = browser.client.get(f"/connections/authorize/?region={region}")
    sent_to = urlsplit(answer.headers["Location"])
    state = parse_qs(sent_to.query)["state"][0]
    answer = browser.client.get("/connections/tiktok", {"code": consent(sandbox, shop), "state": state}, follow=True)
    return sent_to, [str(message) for message in answer.context["messages"]]


def try_store(browser, address, token):
    """Enter an API account. What the page then says."""
    form = {"store_hash_or_url": address, "access_token": token}
    return words_of(browser.client.post("/connections/store/", form, follow=True).content.decode())


@pytest.mark.covers("P17-10", "P17-13", "P17-16", "SILK-03", "SILK-04", "SILK-05", "SILK-08", "SHOP-09", "CED-04")
@pytest.mark.parametrize("first", ["store", "shop"])
def test_a_store_and_a_shop_are_connected_in_either_order_and_paired_under_a_name(newcomer, sandbox, store, first):
    sandbox.act("bc.create_store", hash="second0store", name="Second", currency="USD")
    shop, other = open_shop(sandbox, "Newcomer"), open_shop(sandbox, "Newcomer too")
    assert "0 of 3 done" in newcomer.words("/")

    def connect():
        keys = sandbox.act("bc.create_api_account", hash="second0store", name="Twinshelf")["access_token"]
        few = ["store_v2_orders", "store_v2_information_read_only", "store_v2_products_read_only"]
        narrow = sandbox.act("bc.create_api_account", hash="second0store", name="Narrow", scopes=few)["access_token"]
        for address in ("!", "https://evil.example/store-second0store.mybigcommerce.com", "https://www.example.com"):
            assert "That is not a BigCommerce store hash or control-panel address." in try_store(
                newcomer, address, keys
            )
        url = "https://store-second0store.mybigcommerce.com/manage/dashboard"
        assert "BigCommerce rejected the credentials" in try_store(newcomer, url, "wrong")
        assert "Store inventory (store_inventory)" in try_store(newcomer, url, narrow)
        assert not Store.objects.exists()
        assert "Connected: Second." in try_store(newcomer, url, keys)
        assert "Connected: Second." in try_store(newcomer, "second0store", keys)
        assert [each.hash for each in Store.objects.all()] == ["second0store"]

    def let_in():
        page = newcomer.get("/connections/").content.decode()
        assert 'href="/connections/authorize/?region=US"' in page
        sent_to, told = authorize(newcomer, sandbox, shop)
        assert (sent_to.hostname, sent_to.path) == ("services.us.tiktokshop.com", "/open/authorize")
        assert len(parse_qs(sent_to.query)["state"][0]) > 40
        assert told == ["Authorized: Newcomer."]
        forged = newcomer.client.get("/connections/tiktok", {"code": "c", "state": "forged"}, follow=True)
        assert "This authorization did not begin here" in str(next(iter(forged.context["messages"])))

    steps = {"store": connect, "shop": let_in}
    steps.pop(first)()
    assert "1 of 3 done" in newcomer.words("/")
    steps.popitem()[1]()
    assert "2 of 3 done" in newcomer.words("/")

    made = {"name": "Main", "store": Store.objects.get().id, "shop": Shop.objects.get().id}
    assert newcomer.post("/connections/pair/", made) == ["Connected: Main. Next: choose its category."]
    connection = Connection.objects.get()
    assert "Main Connected Second → Newcomer" in newcomer.words("/connections/")
    authorize(newcomer, sandbox, other)
    again = {"name": "Main", "store": Store.objects.get().id, "shop": Shop.objects.get(connection=None).id}
    refused = newcomer.client.post("/connections/pair/", again)
    assert "There is a connection of this name already." in words_of(refused.content.decode())
    assert newcomer.post("/connections/pair/", again | {"name": "Other"}) == [
        "Connected: Other. Next: choose its category."
    ]
    assert "exists" in newcomer.post(f"/connections/{connection.id}/rename/", {"name": "Other"})[0]
    newcomer.post(f"/connections/{connection.id}/rename/", {"name": "First"})
    assert sorted(Connection.objects.values_list("name", flat=True)) == ["First", "Other"]


NEEDED = {
    "store_v2_products": "Products (store_v2_products)",
    "store_inventory": "Store inventory (store_inventory)",
    "store_locations": "Store locations (store_locations_read_only)",
    "store_v2_orders": "Orders (store_v2_orders)",
    "store_v2_information": "Information & settings (store_v2_information_read_only)",
    "store_channel_settings": "Channel settings (store_channel_settings)",
}
"""Scope → how the form names it where it lacks. Orders hold the fulfillments."""


@pytest.mark.covers("P17-11")
def test_each_scope_that_an_api_account_lacks_is_named_and_nothing_is_kept(newcomer, sandbox, store):
    sandbox.act("bc.create_store", hash="second0store", name="Second", currency="USD", plan="enterprise")
    writing = ("store_v2_products", "store_inventory", "store_v2_orders")
    cases = [({*NEEDED} - {scope}, words) for scope, words in NEEDED.items()]
    cases += [({*NEEDED} - {scope} | {f"{scope}_read_only"}, NEEDED[scope]) for scope in writing]

    for scopes, words in cases:
        keys = sandbox.act("bc.create_api_account", hash="second0store", name="Narrow", scopes=sorted(scopes))
        page = try_store(newcomer, "second0store", keys["access_token"])
        assert f"The credentials of BigCommerce do not cover: {words}." in page, words
    assert not Store.objects.exists()


@pytest.mark.covers("SILK-06", "SILK-07")
def test_credentials_are_asked_for_by_both_names_kept_sealed_and_never_shown_again(newcomer, sandbox, store):
    sandbox.act("bc.create_store", hash="second0store", name="Second", currency="USD")
    keys = sandbox.act("bc.create_api_account", hash="second0store", name="Twinshelf")
    page = newcomer.words("/connections/")
    assert "BigCommerce shows these credentials only once" in page
    assert all(label in page for label in ("Access Token", "Client ID (App Key)", "Client secret (App Secret)"))

    names = ("access_token", "client_id", "client_secret")
    form = {"store_hash_or_url": "second0store", **{name: keys[name] for name in names}}
    newcomer.client.post("/connections/store/", form)

    kept = Store.objects.get()
    sealed = (kept.token, kept.client_id, kept.client_secret)
    assert [unseal(text, bound_to="store:second0store") for text in sealed] == [keys[name] for name in names]
    rows = connection.cursor()
    rows.execute("select * from connections_store")
    written = str(rows.fetchall())
    for path in ("/", "/connections/", "/settings/"):
        html = newcomer.get(path).content.decode()
        assert not any(keys[name] in html for name in names), path
    assert not any(keys[name] in written for name in names)


@pytest.mark.covers("CED-06", "SHOP-12")
def test_declining_on_tiktok_s_page_leaves_nothing_behind_and_agreeing_makes_it(newcomer, sandbox):
    shop = open_shop(sandbox, "Newcomer")
    page = newcomer.get("/connections/").content.decode()
    assert 'type="password"' not in page.partition('id="shops"')[2]  # TikTok's password is typed at TikTok
    sent_to = urlsplit(newcomer.client.get("/connections/authorize/?region=US").headers["Location"])
    state = parse_qs(sent_to.query)["state"][0]
    assert sent_to.hostname == "services.us.tiktokshop.com"

    back = {"code": "null", "error": "auth_denied", "state": state, "locale": "en"}
    answer = newcomer.client.get("/connections/tiktok", back, follow=True)

    assert (
        "TikTok Shop was not authorized: it was declined on TikTok's page. Nothing was changed here. "
        "To authorize the shop after all, press “Authorize:”"
    ) in words_of(answer.content.decode())
    assert (Seller.objects.count(), Shop.objects.count(), Connection.objects.count()) == (0, 0, 0)
    _sent_to, told = authorize(newcomer, sandbox, shop)
    assert told == ["Authorized: Newcomer."]
    assert (Seller.objects.count(), Shop.objects.count()) == (1, 1)


@pytest.mark.covers("SHOP-03")
@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("US", "services.us.tiktokshop.com"),
        ("GB", "services.tiktokshop.com"),
        ("MY", "services.tiktokshop.com"),
        ("SG", "services.tiktokshop.com"),
    ],
)
def test_shops_of_every_market_connect(sandbox, twinshelf, region, host):
    browser, shop = Browser(), open_shop(sandbox, f"Shop {region}", region=region)

    sent_to, told = authorize(browser, sandbox, shop, region=region)

    assert (sent_to.hostname, told) == (host, [f"Authorized: Shop {region}."])
    made = Shop.objects.get(shop_id=shop.id)
    form = {"name": f"Our {region}", "store": twinshelf.connection.store_id, "shop": made.id}
    if region != "US":
        form["exchange_rate"] = "1.25"
    assert browser.post("/connections/pair/", form) == [f"Connected: Our {region}. Next: choose its category."]
    assert Connection.objects.get(shop=made).name == f"Our {region}"
    assert made.region == region


@pytest.mark.covers("SHOP-02", "BIGS-08")
def test_one_authorization_brings_all_fifty_shops_of_all_markets_to_be_paired(sandbox, twinshelf):
    browser = Browser()
    seller = sandbox.act("tt.create_seller", name="Great", region="GB", seller_type="CROSS_BORDER")["seller_id"]
    for number in range(50):
        region = ("US", "GB", "MY")[number % 3]
        made = sandbox.act("tt.create_shop", seller=seller, name=f"Great {number}", region=region)

    _sent_to, told = authorize(browser, sandbox, ShopWorld(sandbox, made["shop_id"]))

    new = list(Shop.objects.filter(connection=None))
    assert len(new) == 50
    assert told[0].startswith("Authorized: ")
    assert browser.words("/connections/").count("not paired yet") == 50
    for made in (new[0], new[-1]):
        form = {"name": made.name, "store": twinshelf.connection.store_id, "shop": made.id, "exchange_rate": "2"}
        assert "Connected" in browser.post("/connections/pair/", form)[0]
    assert Connection.objects.count() == 3


@pytest.mark.covers("SILK-10")
def test_two_connections_have_their_own_products_orders_and_settings(sandbox, store, shop, twinshelf):
    browser = Browser()
    mug = store.add_product(sku="MUG-1", title="Enamel mug")
    twinshelf.list(mug)
    order = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    other_store, other_shop, other = connect_store(sandbox, twinshelf, "second0store")
    ours, theirs = twinshelf.connection.id, other.connection.id

    def seen(connection):
        products = browser.get(f"/products/?shop={connection}").context["page"].rows
        orders = browser.get(f"/orders/?shop={connection}").context["page"].rows
        return [line.product.title for line in products], [row.order_id for row in orders]

    assert seen(theirs) == ([], [])
    pan = other_store.add_product(sku="MUG-1", title="Iron pan")
    other.list(pan)
    another = other_shop.buy(("MUG-1", 1))
    other.settle()
    assert seen(ours) == (["Enamel mug"], [order])
    assert seen(theirs) == (["Iron pan"], [another])

    browser.post(f"/connections/{theirs}/settings/", {"threshold": "5"})
    stored = {one.id: one.preferences for one in Connection.objects.all()}
    assert stored[theirs]["threshold"] == 5
    assert stored[ours].get("threshold") is None
    assert f"/connections/{theirs}/settings/" in browser.get("/connections/").content.decode()


@pytest.mark.covers("SILK-106", "CED-33")
def test_an_authorization_that_ends_stops_work_is_told_and_loses_nothing(sandbox, store, shop, twinshelf):
    browser = Browser()
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    assert re.search(rf"Fernhollow US TikTok {shop.id} · until \w+ \d+, 20\d\d Connected", browser.words("/"))

    sandbox.act("tt.deauthorize", app_key=settings.OPERATOR.tiktok_app_key, seller=shop.seller)
    twinshelf.settle()
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    twinshelf.wait(700)

    assert shop.effects("stock_set") == []
    for path in ("/", "/connections/"):
        page = browser.words(path)
        assert "access has ended" in page
        assert "until" not in page.replace("until you connect", "")
    dashboard = browser.words("/")
    assert f"Fernhollow US TikTok {shop.id} · access has ended" in dashboard
    assert "Fernhollow US: access has ended Nothing is sent or read until you connect it again." in dashboard
    assert "Reauthorize the shop" in browser.words("/connections/")

    order = shop.buy(("MUG-1", 1))
    _sent_to, told = authorize(browser, sandbox, shop)
    twinshelf.wait(HELD_SECONDS)
    assert told == ["Authorized: Fernhollow US."]
    assert "access has ended" not in browser.words("/")
    assert ShopOrderRow.objects.get(order_id=order).creation == "created"
    assert twinshelf.differences() == []
