"""Opens platform clients for stores and shops: credentials unsealed, tokens refreshed once, budgets shared.

The only module that does. Clients are kept per process and credential, so that their connection pools are reused.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import F, Q

from twinshelf.connections.models import AccessState, Seller, Shop, Store
from twinshelf.documents import StoreInfo
from twinshelf.errors import NeedsPerson, PlatformDown, Unauthorized
from twinshelf.kit import clock
from twinshelf.kit.http import Urgency
from twinshelf.kit.secrets import seal, unseal
from twinshelf.storefronts.bigcommerce.budget import WindowBudget
from twinshelf.storefronts.bigcommerce.client import BigCommerce
from twinshelf.tiktok.auth import TikTokAuth, Tokens
from twinshelf.tiktok.budget import PacedBudget
from twinshelf.tiktok.client import TikTok

log = structlog.get_logger(__name__)

_stores: dict[int, tuple[str, BigCommerce]] = {}
_shops: dict[int, tuple[str, TikTok]] = {}
_lock = threading.Lock()

RENEW_BEFORE = timedelta(days=1)
"""An access token (about 7 days) is refreshed this long before it ends."""


def store_client(store: Store, urgency: Urgency = "normal") -> BigCommerce:
    """The client of a store, spending the store's shared quota as `urgency` allows."""
    with _lock:
        token, client = _stores.get(store.id, ("", None))
        if client is None or token != store.token:
            client = BigCommerce(
                store.hash,
                unseal(store.token, bound_to=store_binding(store.hash)),
                budget=WindowBudget(store.hash),
                base_url=settings.OPERATOR.bigcommerce_api,
            )
            _stores[store.id] = store.token, client  # the one before ends with its last call
    return client.with_urgency(urgency)


def shop_client(shop: Shop, urgency: Urgency = "normal") -> TikTok:
    """The client of a shop, with its cipher and its seller's tokens."""
    with _lock:
        cipher, client = _shops.get(shop.id, ("", None))
        if client is None or cipher != shop.cipher:
            client = TikTok(
                settings.OPERATOR.tiktok_app_key,
                settings.OPERATOR.tiktok_app_secret,
                SellerTokens(shop.seller_id),
                cipher=unseal(shop.cipher, bound_to=shop_binding(shop.shop_id)),
                shop_id=shop.shop_id,
                budget=PacedBudget(shop.shop_id),
                base_url=settings.OPERATOR.tiktok_api,
            )
            _shops[shop.id] = shop.cipher, client
    return client.with_urgency(urgency)


def info_of(store: Store) -> StoreInfo:
    """What the store said of itself when it was last asked, for translating its documents."""
    return StoreInfo(
        hash=store.hash,
        name=store.name,
        currency=store.currency,
        time_zone=store.time_zone,
        weight_unit=store.weight_unit,
        length_unit=store.length_unit,
        prices_include_tax=store.prices_include_tax,
        control_panel_url=store.control_panel_url,
    )


def trial_seller(tokens: Tokens) -> TikTok:
    """A client for tokens that are not on record yet: to ask which shops they cover."""
    return TikTok(
        settings.OPERATOR.tiktok_app_key,
        settings.OPERATOR.tiktok_app_secret,
        _Fresh(tokens.access_token),
        budget=PacedBudget(tokens.open_id),
        base_url=settings.OPERATOR.tiktok_api,
    )


class _Fresh:
    """`TokenSource` of a token just given, which nobody renews."""

    def __init__(self, token: str) -> None:
        self._token = token

    def access_token(self) -> str:
        return self._token

    def refresh_after(self, rejected: str) -> str:  # noqa: ARG002 - there is no other
        raise Unauthorized("TikTok Shop", "it does not take the token that it gave")


def trial_store(store_hash: str, access_token: str) -> BigCommerce:
    """A client for credentials that are not on record yet, to be tested. Close it, or use it as a context manager."""
    return BigCommerce(
        store_hash, access_token, budget=WindowBudget(store_hash), base_url=settings.OPERATOR.bigcommerce_api
    )


def auth_client() -> TikTokAuth:
    """TikTok's sign-in with our app's key: codes and refresh tokens for tokens. Belongs to no seller."""
    return TikTokAuth(
        settings.OPERATOR.tiktok_app_key, settings.OPERATOR.tiktok_app_secret, auth_url=settings.OPERATOR.tiktok_auth
    )


def forget() -> None:
    """Drop all open clients: credentials changed, or a test ends."""
    with _lock:
        for _token, store in _stores.values():
            store.close()
        for _cipher, shop in _shops.values():
            shop.close()
        _stores.clear()
        _shops.clear()


def store_binding(store_hash: str) -> str:
    """What a store's sealed secrets are bound to."""
    return f"store:{store_hash}"


def shop_binding(shop_id: str) -> str:
    """What a shop's sealed cipher is bound to."""
    return f"shop:{shop_id}"


def seller_binding(open_id: str) -> str:
    """What a seller's sealed tokens are bound to."""
    return f"seller:{open_id}"


class SellerTokens:
    """`TokenSource` of the TikTok client: the seller's access token, refreshed once though many notice at once.

    A refresh replaces both tokens on TikTok's side, and two at once may undo each other. So whoever wins the row's
    lease refreshes; the others wait for the row's generation to move and take what it left.
    """

    _WAIT_SECONDS = 15.0
    _GOOD_FOR_SECONDS = 1.0
    """A token just looked up is not looked up again for each of many calls; one renewed meanwhile is noticed later."""

    def __init__(self, seller_id: int) -> None:
        self._seller_id = seller_id
        self._cached: tuple[int, str] = (-1, "")
        self._recent: tuple[float, Seller] | None = None

    def access_token(self) -> str:
        """The current token; refreshed first if it is about to end."""
        recent, now = self._recent, clock.monotonic()
        if recent is None or now - recent[0] > self._GOOD_FOR_SECONDS:
            recent = self._recent = (now, self._row())
        seller = recent[1]
        if seller.access_expires_at - clock.now() < RENEW_BEFORE:
            self._recent = None
            try:
                return self._refresh(seller)
            except PlatformDown:
                if seller.access_expires_at > clock.now():  # still good: do not fail a call over a renewal
                    return self._open(seller)
                raise
        return self._open(seller)

    def refresh_after(self, rejected: str) -> str:
        """A token other than `rejected`. Raises Unauthorized if the seller must authorize again."""
        seller = self._row()
        current = self._open(seller)
        return current if current != rejected else self._refresh(seller)

    def _row(self) -> Seller:
        return Seller.objects.with_scopes_disabled().get(id=self._seller_id)

    def _open(self, seller: Seller) -> str:
        if self._cached[0] != seller.generation:
            self._cached = (seller.generation, unseal(seller.access_token, bound_to=seller_binding(seller.open_id)))
        return self._cached[1]

    def _refresh(self, seller: Seller) -> str:
        sellers = Seller.objects.with_scopes_disabled()
        give_up = clock.monotonic() + self._WAIT_SECONDS
        while True:
            now = clock.now()
            won = (
                sellers.filter(id=seller.id, generation=seller.generation)
                .filter(Q(refreshing_until=None) | Q(refreshing_until__lt=now))
                .update(refreshing_until=now + timedelta(seconds=30))
            )
            if won:
                return self._refresh_now(seller)
            row = self._row()
            if row.generation != seller.generation:
                return self._open(row)
            if clock.monotonic() > give_up:
                raise PlatformDown("another worker is refreshing the TikTok token", wait_seconds=5)
            clock.sleep(0.1)

    def _refresh_now(self, seller: Seller) -> str:
        sellers = Seller.objects.with_scopes_disabled().filter(id=seller.id)
        binding = seller_binding(seller.open_id)
        try:
            tokens = auth_client().refresh(unseal(seller.refresh_token, bound_to=binding))
        except NeedsPerson as error:
            sellers.update(refreshing_until=None, state=AccessState.DISCONNECTED)
            raise Unauthorized("TikTok Shop", "the authorization has ended") from error
        except Exception:
            sellers.update(refreshing_until=None)
            raise
        if not keep_tokens(seller, tokens, refreshed=True):  # the seller authorized anew meanwhile: that one counts
            return self._open(self._row())
        return tokens.access_token


def keep_tokens(seller: Seller, tokens: Tokens, *, refreshed: bool = False) -> bool:
    """Put new tokens on the seller's row, both in one write, before anybody uses them.

    Tokens of a refresh only count if the row is still as the refresh found it. Returns whether they were kept.
    """
    binding = seller_binding(seller.open_id)
    rows = Seller.objects.with_scopes_disabled().filter(id=seller.id)
    if refreshed:
        rows = rows.filter(generation=seller.generation)
    return bool(
        rows.update(
            access_token=seal(tokens.access_token, bound_to=binding),
            access_expires_at=tokens.access_expires_at,
            refresh_token=seal(tokens.refresh_token, bound_to=binding),
            refresh_expires_at=tokens.refresh_expires_at,
            scopes=list(tokens.granted_scopes),
            state=AccessState.CONNECTED,
            generation=F("generation") + 1,
            refreshing_until=None,
        )
    )
