"""A seller's tokens under many workers: refreshed once, never lost, and no false "reconnect"."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections as databases

from tests.waiting import PATIENCE_SECONDS
from twinshelf.connections import clients
from twinshelf.connections.models import AccessState, Seller
from twinshelf.connections.tokens import SellerTokens
from twinshelf.errors import PlatformDown, Unauthorized
from twinshelf.kit import clock
from twinshelf.tiktok.auth import TikTokAuth, Tokens
from twinshelf_sandbox.faults import Fault

WORKERS = 4


@pytest.fixture
def seller(twinshelf) -> Seller:
    made: Seller = twinshelf.connection.shop.seller
    return made


def all_at_once(seller: Seller, *, rejected: str = "") -> set[str]:
    """The tokens that workers of their own get when they all need one at the same moment."""
    barrier = threading.Barrier(WORKERS)

    def worker(_number: int) -> str:
        mine = SellerTokens(seller.id)
        try:
            barrier.wait(PATIENCE_SECONDS)
            return mine.refresh_after(rejected) if rejected else mine.access_token()
        finally:
            databases.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        return set(pool.map(worker, range(WORKERS)))


def about_to_end(seller: Seller) -> None:
    Seller.objects.filter(id=seller.id).update(access_expires_at=clock.after(60))


@pytest.fixture
def renewals(sandbox, twinshelf) -> Fault:
    """A rule that changes nothing; its `seen` counts the calls that renew a token."""
    rule = Fault(action="headers", platform="tiktok", path="/api/v2/token/refresh", times=None)
    made: Fault = sandbox.faults.add(rule)
    return made


@pytest.mark.parametrize("latency", [0.0, 0.15])
def test_workers_that_all_find_the_token_about_to_end_refresh_it_once(
    *, sandbox, shop, twinshelf, seller, latency, renewals
):
    before = SellerTokens(seller.id).access_token()
    about_to_end(seller)
    sandbox.site.latency_seconds = latency

    tokens = all_at_once(seller)

    assert (renewals.seen, len(shop.effects("token_refreshed"))) == (1, 1)
    assert len(tokens) == 1
    assert before not in tokens
    row = Seller.objects.get(id=seller.id)
    assert (row.state, row.refreshing_until) == (AccessState.CONNECTED, None)
    assert row.access_expires_at > clock.after(86_400 * 5)
    assert clients.shop_client(twinshelf.connection.shop).warehouses()  # and it works


def test_workers_whose_token_was_rejected_refresh_it_once(shop, seller, renewals):
    rejected = SellerTokens(seller.id).access_token()

    tokens = all_at_once(seller, rejected=rejected)

    assert (renewals.seen, len(shop.effects("token_refreshed"))) == (1, 1)
    assert rejected not in tokens
    assert len(tokens) == 1


def test_a_worker_that_is_told_of_an_old_rejection_takes_the_new_token(shop, seller):
    old = SellerTokens(seller.id).access_token()
    new = SellerTokens(seller.id).refresh_after(old)

    assert SellerTokens(seller.id).refresh_after(old) == new
    assert len(shop.effects("token_refreshed")) == 1


def test_a_worker_that_died_while_refreshing_blocks_the_others_for_half_a_minute_only(shop, seller):
    about_to_end(seller)
    Seller.objects.filter(id=seller.id).update(refreshing_until=clock.now() - timedelta(seconds=1))

    SellerTokens(seller.id).access_token()

    assert len(shop.effects("token_refreshed")) == 1


def test_a_worker_that_stood_still_past_its_lease_takes_the_token_that_another_got(shop, seller, monkeypatch):
    """Its own refresh token is used up then, and TikTok refuses it: that ends nothing."""
    old = SellerTokens(seller.id).access_token()
    renewed: list[str] = []
    true = TikTokAuth.refresh

    def stood_still(auth: TikTokAuth, refresh_token: str) -> Tokens:
        if not renewed:
            renewed.append("begun")
            Seller.objects.filter(id=seller.id).update(refreshing_until=clock.now() - timedelta(seconds=1))
            renewed.append(SellerTokens(seller.id).refresh_after(old))
        return true(auth, refresh_token)

    monkeypatch.setattr(TikTokAuth, "refresh", stood_still)

    assert SellerTokens(seller.id).refresh_after(old) == renewed[1] != old
    assert len(shop.effects("token_refreshed")) == 1
    assert Seller.objects.get(id=seller.id).state == AccessState.CONNECTED


def test_a_renewal_that_fails_does_not_fail_calls_while_the_token_is_good(sandbox, shop, seller):
    good = SellerTokens(seller.id).access_token()
    about_to_end(seller)
    sandbox.faults.add(Fault(action="status", status=503, platform="tiktok", path="/api/v2/token/refresh", times=None))

    assert SellerTokens(seller.id).access_token() == good

    Seller.objects.filter(id=seller.id).update(access_expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(PlatformDown):
        SellerTokens(seller.id).access_token()
    sandbox.faults.clear()
    assert SellerTokens(seller.id).access_token() != good
    assert Seller.objects.get(id=seller.id).state == AccessState.CONNECTED


def test_a_refresh_that_is_refused_asks_for_a_new_authorization(sandbox, shop, seller, twinshelf):
    """TikTok does not know the refresh token any more, as after a refresh whose answer was lost."""
    about_to_end(seller)
    sandbox.faults.add(Fault(action="drop", phase="after", platform="tiktok", path="/api/v2/token/refresh", times=1))
    token = SellerTokens(seller.id).access_token()
    assert len(shop.effects("token_refreshed")) == 1
    assert token

    with pytest.raises(Unauthorized):
        SellerTokens(seller.id).refresh_after(token)

    assert Seller.objects.get(id=seller.id).state == AccessState.DISCONNECTED
