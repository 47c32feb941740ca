"""Authorizing a shop from the console, with TikTok's page in between: what comes back is taken once, here, and soon."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections as databases
from django.test import Client

from tests.flows.conftest import ShopWorld
from tests.flows.faults import fault
from tests.flows.neighbors import consent as agreed
from tests.flows.neighbors import open_shop
from tests.waiting import PATIENCE_SECONDS
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Membership, User
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Seller, Shop, Store
from twinshelf.kit import clock

REFUSED = "This authorization did not begin here, or took too long."


class Browser:
    """Somebody's browser, signed in."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)

    def begin(self) -> str:
        """Press Connect; the state that TikTok is handed."""
        answer = self.client.get("/connections/authorize/?region=US")
        return parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]

    def come_back(self, code: str, state: str | None) -> str:
        """What the page says after TikTok sent the browser back."""
        query = {"code": code} if state is None else {"code": code, "state": state}
        answer = self.client.get("/connections/tiktok", query, follow=True)
        return " ".join(str(message) for message in answer.context["messages"])


@pytest.fixture
def owner(twinshelf) -> User:
    return Membership.objects.get(account=twinshelf.account, role="owner").user


@pytest.fixture
def consent(sandbox, shop, twinshelf):
    """The seller agrees on TikTok's page: a fresh code."""
    return lambda: sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=shop.seller)


def exchanged(shop) -> int:
    return len([e for e in shop._sandbox.world.effects if e.kind == "authorized"])


def test_what_comes_back_to_the_browser_that_began_is_taken_once(shop, owner, consent):
    browser = Browser(owner)
    state = browser.begin()
    before = exchanged(shop)

    assert "Authorized: Fernhollow US." in browser.come_back(consent(), state)
    assert exchanged(shop) == before + 1
    assert REFUSED in browser.come_back(consent(), state)
    assert exchanged(shop) == before + 1


@pytest.mark.covers("BIGS-04")
def test_who_authorizes_the_same_shop_once_more_is_told_that_the_browser_is_still_logged_in_there(
    sandbox, shop, twinshelf, owner, consent
):
    browser, name = Browser(owner), twinshelf.connection.name

    told = browser.come_back(consent(), browser.begin())

    assert f"This TikTok Shop is already connected here as {name}. You are still logged in to that account." in told
    assert Shop.objects.count() == 1

    another = browser.come_back(agreed(sandbox, open_shop(sandbox, "Outlet")), browser.begin())
    assert another == "Authorized: Outlet."

    Seller.objects.filter(shops=twinshelf.connection.shop).update(state="disconnected")
    assert browser.come_back(consent(), browser.begin()) == "Authorized: Fernhollow US."  # what renewing is for


def test_a_state_that_was_refused_with_its_code_is_used_up_too(shop, owner, consent):
    browser = Browser(owner)
    state = browser.begin()

    assert REFUSED not in browser.come_back("not-a-code", state)
    assert REFUSED in browser.come_back(consent(), state)


def test_several_begun_in_one_browser_may_come_back_in_any_order(owner, consent):
    browser = Browser(owner)
    first, second = browser.begin(), browser.begin()

    assert "Authorized" in browser.come_back(consent(), second)
    assert "Authorized" in browser.come_back(consent(), first)


def test_a_state_of_another_browser_another_account_long_ago_or_forged_is_refused(shop, twinshelf, owner, consent):
    rival = accounts.create_account(
        "Rival", owner_email="rita@rival.test", password="a long enough password", by=COMMAND_LINE
    )
    other = Membership.objects.get(account=rival).user
    browser, state = Browser(owner), Browser(owner).begin()
    before = exchanged(shop)

    assert REFUSED in browser.come_back(consent(), state)
    assert REFUSED in Browser(other).come_back(consent(), browser.begin())
    assert REFUSED in browser.come_back(consent(), "")
    assert REFUSED in browser.come_back(consent(), "eyJ9:forged")
    late = browser.begin()
    clock.move(601)
    assert REFUSED in browser.come_back(consent(), late)
    assert exchanged(shop) == before
    assert Seller.objects.count() == 1


# -- A09: back from TikTok without a state ---------------------------------------------------------------------------

CONFIRM = "/connections/tiktok/confirm/"


@pytest.fixture
def stranger(sandbox, shop, twinshelf) -> ShopWorld:
    """A shop that is connected nowhere: whoever sends its code might be anybody."""
    return open_shop(sandbox, "Stranger & Sons")


def follow(browser: Browser, code: str) -> str:
    """Follow a link back from TikTok that has no state; the page one is at then."""
    return browser.client.get("/connections/tiktok", {"code": code}, follow=True).content.decode()


def press(browser: Browser, page: str) -> str:
    """Press the button of a page that asked; the page one is at then."""
    stamp = re.search(r'name="stamp" value="(\w+)"', page)
    fields = {"stamp": stamp[1]} if stamp else {}
    return browser.client.post(CONFIRM, fields, follow=True).content.decode()


def test_a09_an_authorization_that_did_not_begin_here_counts_only_when_its_owner_confirms_the_shop(
    sandbox, stranger, owner
):
    browser = Browser(owner)

    page = follow(browser, agreed(sandbox, stranger))

    assert "Is this your shop?" in page
    assert "Shops of Stranger &amp; Sons, to be added to Fernhollow" in page
    assert not Shop.objects.filter(shop_id=stranger.id).exists()
    assert Seller.objects.count() == 1

    assert "Authorized: Stranger &amp; Sons." in press(browser, page)
    assert Shop.objects.get(shop_id=stranger.id).seller.name == "Stranger & Sons"

    assert REFUSED in press(browser, page)  # it works once
    assert Seller.objects.count() == 2


def test_a09_a_parked_authorization_is_of_one_browser_one_account_and_ten_minutes(sandbox, twinshelf, stranger, owner):
    rival = accounts.create_account(
        "Rival", owner_email="rita@rival.test", password="a long enough password", by=COMMAND_LINE
    )
    Membership.objects.create(account=rival, user=owner, role="owner")
    browser = Browser(owner)

    page = follow(browser, agreed(sandbox, stranger))
    assert REFUSED in press(Browser(owner), page)
    browser.client.post("/account/", {"account": rival.id})
    assert REFUSED in press(browser, page)
    browser.client.post("/account/", {"account": twinshelf.account.id})
    clock.move(601)
    assert REFUSED in press(browser, page)
    assert REFUSED in browser.client.get(CONFIRM, follow=True).content.decode()

    assert not Shop.objects.with_scopes_disabled().filter(shop_id=stranger.id).exists()


def test_a09_what_is_confirmed_is_what_was_shown(sandbox, stranger, owner):
    browser = Browser(owner)
    page = follow(browser, agreed(sandbox, open_shop(sandbox, "My other shop")))
    follow(browser, agreed(sandbox, stranger))  # loaded behind the page that she still looks at

    assert REFUSED in press(browser, page)
    assert not Shop.objects.filter(shop_id=stranger.id).exists()


def test_a09_no_other_site_presses_the_button_and_nobody_but_an_owner_may(sandbox, stranger, twinshelf, owner):
    victim = Browser(owner)
    victim.client.handler.enforce_csrf_checks = True
    follow(victim, agreed(sandbox, stranger))
    assert victim.client.post(CONFIRM).status_code == 403

    helper = User.objects.create_user("adam@fernhollow.test", "a long enough password")
    Membership.objects.create(account=twinshelf.account, user=helper, role="admin")
    code = agreed(sandbox, stranger)
    browser = Browser(helper)
    assert browser.client.get("/connections/tiktok", {"code": code}).status_code == 403
    assert browser.client.post(CONFIRM).status_code == 403
    assert code in sandbox.world.table("tt/codes")  # not exchanged

    assert Client().get("/connections/tiktok", {"code": code}).status_code == 302  # who is not signed in, signs in
    assert not Shop.objects.filter(shop_id=stranger.id).exists()


def test_a09_what_is_parked_is_sealed(sandbox, stranger, owner):
    browser = Browser(owner)
    follow(browser, agreed(sandbox, stranger))

    tokens = [str(token) for token in sandbox.world.table("tt/tokens")]
    kept = browser.client.session.items()
    assert len(tokens) == 2
    assert [token for token in tokens if token in str(kept)] == []


@pytest.mark.covers("SHOP-06")
def test_a_shop_of_another_account_is_not_taken_over(shop, twinshelf, consent):
    rival = accounts.create_account(
        "Rival", owner_email="rita@rival.test", password="a long enough password", by=COMMAND_LINE
    )
    browser = Browser(Membership.objects.get(account=rival).user)

    told = browser.come_back(consent(), browser.begin())

    assert "is already connected to another account" in told
    assert "Fernhollow" in told


def test_tiktok_being_away_is_told_and_breaks_no_page(sandbox, owner, consent):
    browser = Browser(owner)
    code = consent()
    fault(sandbox, platform="tiktok", path="/api/v2/token/get", action="status", status=503, times=None)

    assert "Try again in a moment." in browser.come_back(code, browser.begin())


def test_bigcommerce_being_away_is_told_and_nothing_is_kept(sandbox, store, twinshelf, owner):
    fault(sandbox, platform="bigcommerce", action="status", status=503, times=None)
    sandbox.act("bc.create_store", hash="second0store", name="Second", currency="USD")

    answer = Browser(owner).client.post(
        "/connections/store/", {"store_hash_or_url": "second0store", "access_token": "a-token"}
    )

    assert answer.status_code == 400
    assert b"Nothing was kept; try again in a moment." in answer.content
    assert Store.objects.count() == 1


def test_a32_a_state_is_used_once_though_several_requests_bring_it_at_once(twinshelf):
    """Each request reads the session for itself, and writes it as a whole."""
    session = SessionStore()
    url = connections.authorize_url(twinshelf.account, region="US", session=session)
    session.save()
    [state] = parse_qs(urlsplit(url).query)["state"]
    barrier = threading.Barrier(6)

    def use(_number: int) -> bool:
        mine = SessionStore(session.session_key)
        mine.load()
        try:
            barrier.wait(PATIENCE_SECONDS)
            connections.use_state(state, account=twinshelf.account, session=mine)
        except connections.BadState:
            return False
        finally:
            databases.close_all()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [False] * 5 + [True]


def test_where_an_operator_has_another_control_panel_and_page_of_consent_links_lead_there(
    sandbox, store, twinshelf, owner, monkeypatch
):
    monkeypatch.setattr(settings.OPERATOR, "bigcommerce_panel", "http://panel.test/admin/{hash}")
    monkeypatch.setattr(settings.OPERATOR, "tiktok_services", "http://services.test")
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Twinshelf again")
    connected = connections.connect_store(
        twinshelf.account, store_hash_or_url=store.hash, access_token=keys["access_token"], by=COMMAND_LINE
    )

    assert connected.control_panel_url == f"http://panel.test/admin/{store.hash}"
    client = Client()
    client.force_login(owner)
    location = client.get("/connections/authorize/?region=US").headers["Location"]
    assert location.startswith("http://services.test/open/authorize?")
