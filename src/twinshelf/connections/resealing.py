"""Sealing all credentials anew, so that an older key of the operator's can be dropped."""

from __future__ import annotations

from twinshelf.connections.bindings import seller_binding, shop_binding, store_binding
from twinshelf.connections.models import Installation, Seller, Shop, Store
from twinshelf.kit import secrets


def reseal() -> int:
    """Seal the credentials of all accounts under the current key; how many were under older ones. Safe to repeat.

    Raises Unsealable where a value's key is not configured.
    """
    stores = Store.objects.with_scopes_disabled().all()
    sellers = Seller.objects.with_scopes_disabled().all()
    shops = Shop.objects.with_scopes_disabled().all()
    return (
        secrets.reseal(
            stores, ["token", "client_id", "client_secret", "hook_secret"], lambda row: store_binding(row.hash)
        )
        + secrets.reseal(sellers, ["access_token", "refresh_token"], lambda row: seller_binding(row.open_id))
        + secrets.reseal(Installation.objects.all(), ["token"], lambda row: store_binding(row.store_hash))
        + secrets.reseal(shops, ["cipher"], lambda row: shop_binding(row.shop_id))
    )
