"""What sealed secrets are bound to: a token copied into another row does not open."""

from __future__ import annotations


def store_binding(store_hash: str) -> str:
    """What a store's sealed secrets are bound to."""
    return f"store:{store_hash}"


def shop_binding(shop_id: str) -> str:
    """What a shop's sealed cipher is bound to."""
    return f"shop:{shop_id}"


def seller_binding(open_id: str) -> str:
    """What a seller's sealed tokens are bound to."""
    return f"seller:{open_id}"
