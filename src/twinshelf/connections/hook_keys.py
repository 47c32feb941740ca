"""What webhooks must prove to know: each store's own secrets, unsealed once for the many deliveries of a second."""

from __future__ import annotations

from dataclasses import dataclass, field

from twinshelf.connections.bindings import store_binding
from twinshelf.connections.models import Store
from twinshelf.kit import clock
from twinshelf.kit.secrets import unseal


@dataclass(frozen=True)
class HookKeys:
    """What a delivery for a store must prove to know. `client_secret` None: its account typed none."""

    account_id: int
    store_hash: str
    secret: str = field(repr=False)
    client_secret: str | None = field(repr=False)


_hook_keys: dict[int, tuple[float, HookKeys]] = {}
_HOOK_KEYS_SECONDS = 1.0


def of_store(store_id: int, *, anew: bool = False) -> HookKeys | None:
    """The keys of a store of any account; None if there is no such store.

    They may be a second old, unless asked for `anew`: look again before refusing a delivery with them.
    """
    known, now = _hook_keys.get(store_id), clock.monotonic()
    if known is not None and not anew and now - known[0] < _HOOK_KEYS_SECONDS:
        return known[1]
    store = Store.objects.with_scopes_disabled().filter(id=store_id).first()
    if store is None:
        _hook_keys.pop(store_id, None)
        return None
    binding = store_binding(store.hash)
    keys = HookKeys(
        store.account_id,
        store.hash,
        unseal(store.hook_secret, bound_to=binding),
        unseal(store.client_secret, bound_to=binding) or None,
    )
    _hook_keys[store_id] = now, keys
    return keys
