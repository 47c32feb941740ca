"""What webhooks must prove to know: each store's own secrets, unsealed once for the many deliveries of a second."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from twinshelf.connections.bindings import store_binding
from twinshelf.connections.models import Store
from twinshelf.kit import clock
from twinshelf.kit.secrets import unseal


@dataclass(frozen=True)
class HookKeys:
    """What a delivery for a store must prove to know. `client_secret` None: none is known."""

    account_id: int
    platform: str
    store_hash: str
    secret: str = field(repr=False)
    client_secret: str | None = field(repr=False)
    signed: bool
    """The store has signed deliveries before: none counts without a signature."""


class Keyring:
    """The keys of stores, each good for a second: of many deliveries that come together one looks them up."""

    GOOD_FOR_SECONDS = 1.0

    def __init__(self) -> None:
        self._keys: dict[int, tuple[float, HookKeys]] = {}

    def of_store(self, store_id: int, *, anew: bool = False) -> HookKeys | None:
        """The keys of a store of any account; None if there is no such store.

        They may be a second old, unless asked for `anew`: look again before refusing a delivery with them.
        """
        known, now = self._keys.get(store_id), clock.monotonic()
        if known is not None and not anew and now - known[0] < self.GOOD_FOR_SECONDS:
            return known[1]
        store = Store.objects.with_scopes_disabled().filter(id=store_id).first()
        if store is None:
            self._keys.pop(store_id, None)
            return None
        binding = store_binding(store.hash)
        keys = HookKeys(
            store.account_id,
            store.platform,
            store.hash,
            unseal(store.hook_secret, bound_to=binding),
            _client_secret(store) or None,
            store.hooks_signed,
        )
        self._keys[store_id] = now, keys
        return keys

    def forget(self) -> None:
        """Drop them all: a test ends, whose stores have ids that come again."""
        self._keys.clear()


def _client_secret(store: Store) -> str:
    """What BigCommerce signs deliveries for this store with: of our app where it is installed, else of its account."""
    if store.installed_at is not None:
        return str(settings.OPERATOR.bigcommerce_client_secret)
    return unseal(store.client_secret, bound_to=store_binding(store.hash))


PROCESS = Keyring()
"""That of this process."""


def of_store(store_id: int, *, anew: bool = False) -> HookKeys | None:
    """The keys of a store, out of this process's keyring."""
    return PROCESS.of_store(store_id, anew=anew)


def note_signed(store_id: int) -> None:
    """A delivery of this store came with a good signature: demand one from now on."""
    Store.objects.with_scopes_disabled().filter(id=store_id, hooks_signed=False).update(hooks_signed=True)
    PROCESS.of_store(store_id, anew=True)
