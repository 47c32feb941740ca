"""Opens platform clients for stores and shops: credentials unsealed, budgets shared. The only module that does."""

from __future__ import annotations

import threading

from django.conf import settings

from twinshelf.connections.bindings import shop_binding, store_binding
from twinshelf.connections.models import Seller, Shop, Store
from twinshelf.connections.queries import api_url
from twinshelf.connections.tokens import SellerTokens
from twinshelf.documents import StoreInfo
from twinshelf.errors import Unauthorized
from twinshelf.kit.http import Urgency
from twinshelf.kit.secrets import unseal
from twinshelf.storefronts import known as storefronts
from twinshelf.storefronts.known import STOREFRONTS
from twinshelf.storefronts.protocol import StoreClient
from twinshelf.tiktok.auth import Tokens
from twinshelf.tiktok.budget import PacedBudget
from twinshelf.tiktok.client import TikTok


class Clients:
    """Open clients by store and shop, so that their connection pools are reused. Thread-safe; close it in the end."""

    def __init__(self) -> None:
        self._stores: dict[int, tuple[str, StoreClient]] = {}
        self._shops: dict[int, tuple[str, TikTok]] = {}
        self._lock = threading.Lock()

    def store(self, store: Store, urgency: Urgency = "normal") -> StoreClient:
        """The client of a store, spending the store's shared quota as `urgency` allows."""
        with self._lock:
            token, client = self._stores.get(store.id, ("", None))
            if client is None or token != store.token:
                token = unseal(store.token, bound_to=store_binding(store.hash))
                platform = store.platform
                client = STOREFRONTS[platform].open(store.hash, token, base_url=api_url(platform))
                self._stores[store.id] = store.token, client  # the one before ends with its last call
        return client.with_urgency(urgency)

    def shop(self, shop: Shop, urgency: Urgency = "normal") -> TikTok:
        """The client of a shop, with its cipher and its seller's tokens."""
        with self._lock:
            cipher, client = self._shops.get(shop.id, ("", None))
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
                self._shops[shop.id] = shop.cipher, client
        return client.with_urgency(urgency)

    def close(self) -> None:
        """Close every client. What is asked for afterwards is opened anew."""
        with self._lock:
            for _token, store in self._stores.values():
                store.close()
            for _cipher, shop in self._shops.values():
                shop.close()
            self._stores.clear()
            self._shops.clear()


PROCESS = Clients()
"""Those of this process, which lasts as long as it does: whoever changes what they were opened with closes it."""


def store_client(store: Store, urgency: Urgency = "normal") -> StoreClient:
    """The client of a store, out of those of this process."""
    return PROCESS.store(store, urgency)


def shop_client(shop: Shop, urgency: Urgency = "normal") -> TikTok:
    """The client of a shop, out of those of this process."""
    return PROCESS.shop(shop, urgency)


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


def seller_client(seller: Seller) -> TikTok:
    """A client for what belongs to a seller and to no shop, such as the products of a Global Store."""
    return TikTok(
        settings.OPERATOR.tiktok_app_key,
        settings.OPERATOR.tiktok_app_secret,
        SellerTokens(seller.id),
        budget=PacedBudget(seller.open_id),
        base_url=settings.OPERATOR.tiktok_api,
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


def trial_store(
    account_id: int, store_hash: str, access_token: str, *, platform: str = storefronts.DEFAULT
) -> StoreClient:
    """A client for credentials that are not on record yet, to be tested. Close it, or use it as a context manager.

    It spends a budget of the account that tries, and leaves that of the store alone: anybody can name any store.
    """
    return STOREFRONTS[platform].open(
        store_hash, access_token, base_url=api_url(platform), budget=f"trials of account {account_id}"
    )
