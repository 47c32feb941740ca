"""Authorizing a shop from the console, with TikTok's page in between: what comes back is taken once, here, and soon."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from tests.flows.faults import fault
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.models import Membership, User
from twinshelf.connections.models import Seller, Store
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


@pytest.mark.covers("CED-06", "SHOP-12")
def test_what_comes_back_to_the_browser_that_began_is_taken_once(shop, owner, consent):
    browser = Browser(owner)
    state = browser.begin()
    before = exchanged(shop)

    assert "Authorized: Fernhollow US." in browser.come_back(consent(), state)
    assert exchanged(shop) == before + 1
    assert REFUSED in browser.come_back(consent(), state)
    assert exchanged(shop) == before + 1


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


def test_a_state_of_another_browser_another_account_or_long_ago_or_none_at_all_is_refused(
    shop, twinshelf, owner, consent
):
    rival = accounts.create_account("Rival", owner_email="rita@rival.test", password="a long enough password")
    other = Membership.objects.get(account=rival).user
    browser, state = Browser(owner), Browser(owner).begin()
    before = exchanged(shop)

    assert REFUSED in browser.come_back(consent(), state)
    assert REFUSED in Browser(other).come_back(consent(), browser.begin())
    assert REFUSED in browser.come_back(consent(), None)
    assert REFUSED in browser.come_back(consent(), "eyJ9:forged")
    late = browser.begin()
    clock.move(601)
    assert REFUSED in browser.come_back(consent(), late)
    assert exchanged(shop) == before
    assert Seller.objects.count() == 1


def test_a_shop_of_another_account_is_not_taken_over(shop, twinshelf, consent):
    rival = accounts.create_account("Rival", owner_email="rita@rival.test", password="a long enough password")
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
