"""BigCommerce as one of the storefronts: what the core knows of this package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from twinshelf.documents import StoreHint
from twinshelf.storefronts.bigcommerce import auth, store, webhooks
from twinshelf.storefronts.bigcommerce.answers import PLATFORM
from twinshelf.storefronts.bigcommerce.budget import WindowBudget
from twinshelf.storefronts.bigcommerce.client import BigCommerce
from twinshelf.storefronts.protocol import Claims, Grant, Storefront


class _BigCommerce:
    key = "bigcommerce"
    name = PLATFORM

    def store_hash(self, text: str) -> str:
        return store.hash_from_address(text)

    def open(self, store_hash: str, access_token: str, *, base_url: str, budget: str = "") -> BigCommerce:
        return BigCommerce(store_hash, access_token, budget=WindowBudget(budget or store_hash), base_url=base_url)

    def hint(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        secret: str,
        client_secret: str | None,
        must_be_signed: bool,
        now: datetime,
    ) -> StoreHint:
        webhooks.verify(
            headers, body, secret=secret, client_secret=client_secret, must_be_signed=must_be_signed, now=now
        )
        return webhooks.hint_from_json(body)

    def grant(
        self, query: Mapping[str, str], *, client_id: str, client_secret: str, redirect_uri: str, login_url: str
    ) -> Grant:
        return auth.exchange_code(
            client_id=client_id,
            client_secret=client_secret,
            code=query.get("code", ""),
            context=query.get("context", ""),
            scope=query.get("scope", ""),
            redirect_uri=redirect_uri,
            login_url=login_url,
        )

    def claims(self, token: str, *, client_id: str, client_secrets: Sequence[str], now: datetime) -> Claims:
        return auth.verify_signed_payload(token, client_id, client_secrets, now)


BIGCOMMERCE: Final[Storefront] = _BigCommerce()
