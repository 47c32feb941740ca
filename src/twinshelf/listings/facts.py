"""The merchant's choices for a connection as `desired` needs them. Reads tables, calls no platform."""

from __future__ import annotations

from collections.abc import Iterable

from twinshelf.connections import queries as connections
from twinshelf.connections.models import Connection, Shop
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import Attribute, CategoryRules, from_json
from twinshelf.listings.desired import CategoryFacts, ShopFacts
from twinshelf.listings.models import CategoryCache
from twinshelf.rules import membership
from twinshelf.tiktok.regions import region


def facts_of(connection: Connection, product_ids: Iterable[str]) -> ShopFacts:
    """What must be known of the connection to say what it should show of these products."""
    default, held = membership.templates_of(connection, product_ids)
    return ShopFacts(
        region=connection.shop.region,
        currency=connection.shop.currency,
        warehouse_id=connection.warehouse_id,
        preferences=preferences_from_json(connection.preferences),
        default_template=default,
        templates=held,
        store_currency=connection.store.currency,
        currency_taken=connections.takes_orders_in(connection.store, connection.shop.currency),
        store_weight_unit=connection.store.weight_unit,
        untaxed=region(connection.shop.region).prices_with_tax and not connection.store.prices_include_tax,
    )


def known_category(shop: Shop, category_id: str) -> CategoryFacts:
    """A TikTok category as it was last read, however long ago; nothing but its id if it never was."""
    kept = CategoryCache.objects.filter(shop=shop, category_id=category_id).first() if category_id else None
    if kept is None:
        return CategoryFacts(category_id)
    attributes = from_json(bytes(kept.attributes), tuple[Attribute, ...])
    return CategoryFacts(category_id, attributes, from_json(bytes(kept.rules), CategoryRules))
