"""BigCommerce as one of the storefronts: what the core knows of this package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from twinshelf.documents import StoreHint
from twinshelf.storefronts.bigcommerce import store, webhooks
from twinshelf.storefronts.bigcommerce.answers import PLATFORM
from twinshelf.storefronts.bigcommerce.budget import WindowBudget
from twinshelf.storefronts.bigcommerce.client import BigCommerce
from twinshelf.storefronts.protocol import Storefront


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


BIGCOMMERCE: Final[Storefront] = _BigCommerce()
