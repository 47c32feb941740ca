"""Global Stores of cross-border sellers: which sub-stores join, what they are called, and who has them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django_scopes import scope

from tests.flows.browser import Browser, words_of
from tests.flows.conftest import ShopWorld
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import User
from twinshelf.connections import clients
from twinshelf.connections.models import Seller, Shop
from twinshelf.kit import clock


def great(sandbox, *regions):
    """A cross-border seller with a shop in each market: its id, and shop ids by market."""
    seller = sandbox.act("tt.create_seller", name="Great", region="CN", seller_type="CROSS_BORDER")["seller_id"]
    return seller, [open_in(sandbox, seller, region, number) for number, region in enumerate(regions)]


def open_in(sandbox, seller, region, number=0):
    made = sandbox.act("tt.create_shop", seller=seller, name=f"Great {region}{number or ''}", region=region)
    return made["shop_id"]


def way_for(browser, **form):
    """Fill in "Add a TikTok Shop"; the link that leads on."""
    form = {"region": "MY", "seller_type": "CROSS_BORDER", "name": "AA", **form}
    return browser.client.post("/connections/shops/add/", form).context["way"]


def follow(browser, sandbox, seller, way):
    """Follow the link to TikTok, agree, come back. What is told then."""
    state = parse_qs(urlsplit(browser.client.get(way).headers["Location"]).query)["state"][0]
    code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=seller)
    answer = browser.client.get("/connections/tiktok", {"code": code, "state": state}, follow=True)
    return [re.sub(r"<[^>]+>", "", str(message)) for message in answer.context["messages"]]


def refreshed(sandbox, shop_id):
    return [one for one in ShopWorld(sandbox, shop_id).effects("token_refreshed") if one.tenant == shop_id]


def names():
    """(name here, market) of the shops of the Global Stores, in the order they were authorized."""
    rows = Shop.objects.exclude(seller_type="LOCAL").order_by("id")
    return [(str(shop), shop.region) for shop in rows]


@pytest.mark.covers("BIGS-07", "BIGS-12")
def test_only_sub_stores_in_ticked_countries_join_and_are_numbered_on(sandbox, twinshelf):
    browser = Browser()
    seller, _ids = great(sandbox, "MY", "SG", "MY", "PH")
    page = browser.words("/connections/shops/add/")
    assert "All sub-stores in the ticked countries join. None ticked: those of all countries." in page

    way = way_for(browser, sites=["MY"])
    assert follow(browser, sandbox, seller, way) == ["Authorized: AA01, AA02."]

    assert names() == [("AA01", "MY"), ("AA02", "MY")]
    [kept] = Seller.objects.filter(nickname="AA")
    page = browser.words(f"/global/{kept.id}/")
    assert "2 sub-stores of the cross-border seller Great." in page
    assert "Great SG1 Not added: No shop in the ticked countries Singapore Not authorized" in page

    assert follow(browser, sandbox, seller, way_for(browser, sites=["SG"])) == ["Authorized: AA01, AA03, AA02."]
    assert sorted(names()) == [("AA01", "MY"), ("AA02", "MY"), ("AA03", "SG")]

    told = follow(browser, sandbox, great(sandbox, "TH")[0], way_for(browser, sites=["VN", "MY"], name="BB"))
    assert told[0].startswith("The seller has no shop in the countries that were ticked: MY, VN. Nothing was added.")
    assert not Shop.objects.filter(region="TH").exists()
    assert not Seller.objects.filter(nickname="BB").exists()

    # A local seller has one shop: nothing to tick.
    local = sandbox.act("tt.create_seller", name="Corner", region="GB")["seller_id"]
    open_in(sandbox, local, "GB")
    way = way_for(browser, region="GB", seller_type="LOCAL", name="Corner", sites=["MY"])
    assert follow(browser, sandbox, local, way) == ["Authorized: Corner."]


@pytest.mark.covers("BIGS-09")
def test_a_limit_counts_sub_stores_and_not_the_global_store(sandbox, twinshelf):
    browser = Browser()
    accounts.set_terms(twinshelf.account, most_shops=4, takes_cross_border=True, by=COMMAND_LINE)  # one is there
    seller, _ids = great(sandbox, "MY", "SG", "PH")
    assert follow(browser, sandbox, seller, way_for(browser)) == ["Authorized: AA01, AA02, AA03."]
    assert "4 of 4 shops. A Global Store itself does not count" in browser.words("/connections/")
    open_in(sandbox, seller, "TH")

    told = follow(browser, sandbox, seller, way_for(browser))

    assert told[0] == "Authorized: AA01, AA02, AA03."
    assert told[1].startswith("This account may have 4 TikTok Shop(s). Not added: Great TH. Delete a shop that")
    assert [market for _name, market in names()] == ["MY", "SG", "PH"]
    page = browser.words(f"/global/{Seller.objects.get(nickname='AA').id}/")
    assert "Great TH Not added: The account has all its shops Thailand Not authorized" in page

    other, _ids = great(sandbox, "VN")
    [told] = follow(browser, sandbox, other, way_for(browser, name="BB"))
    assert told.startswith("This account may have 4 TikTok Shop(s). Not added: Great VN.")
    assert Seller.objects.count() == 2  # nothing of a seller none of whose shops joins

    accounts.set_terms(twinshelf.account, most_shops=None, takes_cross_border=True, by=COMMAND_LINE)
    assert follow(browser, sandbox, other, way_for(browser, name="BB")) == ["Authorized: BB01."]


@pytest.mark.covers("BIGS-14")
def test_the_nickname_of_a_global_store_changes_by_authorizing_again(sandbox, twinshelf):
    browser = Browser()
    seller, _ids = great(sandbox, "MY", "SG")
    follow(browser, sandbox, seller, way_for(browser))
    [kept] = Seller.objects.filter(nickname="AA")
    assert "the seller authorizes the Global Store again" in browser.words(f"/global/{kept.id}/")

    asked = browser.client.post(f"/global/{kept.id}/nickname/", {"name": "  Zed "})

    page = words_of(asked.content.decode())
    assert "AA is called Zed as soon as the seller has authorized it again. Nothing is changed before" in page
    assert "Reauthorize to change it" in page
    kept.refresh_from_db()
    assert kept.nickname == "AA"

    follow(browser, sandbox, seller, asked.context["way"])
    kept.refresh_from_db()
    assert kept.nickname == "Zed"
    assert names() == [("AA01", "MY"), ("AA02", "SG")]  # sub-stores are renamed by themselves
    assert "Zed" in browser.words("/connections/")

    follow(browser, sandbox, seller, browser.get(f"/global/{kept.id}/").context["renew"])
    kept.refresh_from_db()
    assert kept.nickname == "Zed"  # authorizing again without another name leaves it


@pytest.mark.covers("SHOP-04")
def test_a_cross_border_seller_is_told_by_tiktok_and_may_be_forbidden(sandbox, twinshelf):
    browser = Browser()
    seller, _ids = great(sandbox, "MY", "SG")
    accounts.set_terms(twinshelf.account, most_shops=None, takes_cross_border=False, by=COMMAND_LINE)
    as_local = way_for(browser, seller_type="LOCAL")  # chosen wrongly: what TikTok says counts

    [told] = follow(browser, sandbox, seller, as_local)

    assert told.startswith("This account takes no shops of cross-border sellers. Not added: Great MY, Great SG1.")
    assert names() == []
    assert Seller.objects.count() == 1
    local = sandbox.act("tt.create_seller", name="Corner", region="MY")["seller_id"]
    open_in(sandbox, local, "MY")
    assert follow(browser, sandbox, local, way_for(browser, name="Corner")) == ["Authorized: Corner."]

    accounts.set_terms(twinshelf.account, most_shops=None, takes_cross_border=True, by=COMMAND_LINE)
    assert follow(browser, sandbox, seller, way_for(browser, seller_type="LOCAL")) == ["Authorized: AA01, AA02."]
    assert Seller.objects.get(nickname="AA").shops.count() == 2  # it is a Global Store all the same
    assert browser.words("/connections/").count("Cross-border seller") == 2

    accounts.set_terms(twinshelf.account, most_shops=None, takes_cross_border=False, by=COMMAND_LINE)
    open_in(sandbox, seller, "TH")
    told = follow(browser, sandbox, seller, way_for(browser))
    assert told[0] == "Authorized: AA01, AA02."  # what is there goes on
    assert "Not added: Great TH" in told[1]


@pytest.mark.covers("BIGS-23")
def test_sub_stores_of_one_site_are_split_over_two_accounts(sandbox, store, twinshelf):
    ours = Browser()
    seller, _ids = great(sandbox, "MY", "MY", "SG")
    follow(ours, sandbox, seller, way_for(ours, sites=["MY"]))
    stay, go = Shop.objects.exclude(seller_type="LOCAL").order_by("id")
    for shop in (stay, go):
        form = {"name": str(shop), "store": twinshelf.connection.store_id, "shop": shop.id, "exchange_rate": "4"}
        ours.post("/connections/pair/", form)
    twinshelf.settle()
    neighbor = accounts.create_account(
        "Neighbor", owner_email="nora@neighbor.test", password="a long enough password", by=COMMAND_LINE
    )
    theirs = Browser(User.objects.get(email="nora@neighbor.test"))

    [told] = follow(theirs, sandbox, seller, way_for(theirs, sites=["MY"], name="BB"))
    assert told.startswith("This TikTok Shop (Great MY, Great MY1) is already connected to another account.")
    with scope(account=neighbor):
        assert not Shop.objects.exists()
        assert not Seller.objects.exists()
    follow(ours, sandbox, seller, way_for(ours, sites=["MY"]))

    sandbox.act("tt.unbind_shop", app_key=settings.OPERATOR.tiktok_app_key, shop_id=go.shop_id)
    twinshelf.settle()
    page = ours.words("/connections/")
    assert "AA02 Disconnected Great MY1" in page
    assert "AA01 Connected Great MY" in page
    assert "AA02 " in ours.words("/")

    told = follow(theirs, sandbox, seller, way_for(theirs, sites=["MY"], name="BB"))

    assert told[0] == "Authorized: BB01."
    assert told[1].startswith("This TikTok Shop (Great MY) is already connected to another account.")
    with scope(account=neighbor):
        [moved] = Shop.objects.all()
        assert (moved.shop_id, moved.region, str(moved.seller)) == (go.shop_id, "MY", "Great")
    assert "AA02 Disconnected" in ours.words("/connections/")

    # Both accounts work with the tokens that the last authorization gave: neither locks the other out.
    for first, second in ((stay, moved), (moved, stay)):
        clock.move(8 * 86_400)  # an access token is good for seven days
        sandbox.advance(8 * 86_400)
        before = len(refreshed(sandbox, stay.shop_id))
        assert clients.shop_client(first).warehouses()
        assert clients.shop_client(second).warehouses()
        assert len(refreshed(sandbox, stay.shop_id)) == before + 1

    # Account 1 authorizes again: what account 2 has stays there.
    told = follow(ours, sandbox, seller, way_for(ours))
    assert told[0] == "Authorized: AA01, AA03."
    assert Shop.objects.get(id=go.id).unbound_at is not None
