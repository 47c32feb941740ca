"""The merchant's choices for a connection as `desired` needs them. Reads tables, calls no platform."""

from __future__ import annotations

from collections.abc import Iterable

from twinshelf.connections import queries as connections
from twinshelf.connections.models import Connection, Shop
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import Attribute, CategoryRules, from_json
from twinshelf.goods import holds
from twinshelf.kit import clock
from twinshelf.listings.desired import CategoryFacts, ShopFacts
from twinshelf.listings.models import CategoryCache, ChannelSku, ListingRow, ProductChoicesRow
from twinshelf.rules import membership, push_rules
from twinshelf.rules.own import NONE, ProductChoices, choices_from_json
from twinshelf.rules.quantities import NO_CLAIMS, Claims, falls_by_what_is_sold
from twinshelf.tiktok.regions import region

_SEVERAL = 2


def facts_of(connection: Connection, product_ids: Iterable[str]) -> ShopFacts:
    """What must be known of the connection to say what it should show of these products."""
    ids = list(product_ids)
    default, held = membership.templates_of(connection, ids)
    preferences = preferences_from_json(connection.preferences)
    push = push_rules.push_of(connection)
    return ShopFacts(
        region=connection.shop.region,
        currency=connection.shop.currency,
        warehouse_id=connection.warehouse_id,
        warehouses=_warehouses_of(connection, ids),
        push=push,
        chosen=push_rules.chosen(connection),
        closed=push_rules.closed(connection),
        held_at=holds.held_at(connection.store_id, ids) if push is not None else {},
        preferences=preferences,
        channel_skus={} if preferences.strict_sku_match else channel_skus_of(connection, ids),
        default_template=default,
        templates=held,
        store_currency=connection.store.currency,
        claims=_claims_of(connection, ids),
        today=clock.now().date(),
        currency_taken=connections.takes_orders_in(connection.store, connection.shop.currency),
        store_weight_unit=connection.store.weight_unit,
        untaxed=region(connection.shop.region).prices_with_tax and not connection.store.prices_include_tax,
    )


def changed_by_sales(connection: Connection, product_ids: Iterable[str]) -> set[str]:
    """Those of these products of which the shop must show something else after a sale than what the sale left."""
    ids = sorted(set(product_ids))
    chosen, claims = preferences_from_json(connection.preferences), _claims_of(connection, ids)
    choices = choices_of(connection, ids)
    return {key for key in ids if not falls_by_what_is_sold(chosen, choices.get(key, NONE), claims.get(key, NO_CLAIMS))}


def _claims_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, Claims]:
    """Which shops of the store get the last units of these products, by product id. Usually one query finds none."""
    stored = Connection.objects.filter(store_id=connection.store_id, preferences__has_key="last_units")
    limits = {
        shop_id: chosen.last_units
        for shop_id, choices in stored.values_list("id", "preferences")
        if (chosen := preferences_from_json(choices)).last_units and chosen.inventory_direction == "bc_to_tts"
    }
    if not limits:
        return {}
    ids = sorted(set(product_ids))
    selling: dict[str, set[int]] = {}
    for start in range(0, len(ids), 500):
        rows = ListingRow.objects.filter(connection_id__in=limits, product_id__in=ids[start : start + 500])
        for product_id, shop_id in rows.exclude(tiktok_id="").values_list("product_id", "connection_id"):
            selling.setdefault(product_id, set()).add(shop_id)
    return {
        product_id: Claims(tuple((shop_id, limits[shop_id]) for shop_id in sorted(shops)), connection.id)
        for product_id, shops in selling.items()
    }


def _warehouses_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, str]:
    """The warehouses chosen for these products, by product id. A shop with one has nothing to choose, or to look up."""
    if len(connection.shop.warehouses) < _SEVERAL:
        return {}
    ids = sorted(set(product_ids))
    found: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        rows = ListingRow.objects.filter(connection=connection, product_id__in=ids[start : start + 500])
        found.update(rows.exclude(warehouse_id="").values_list("product_id", "warehouse_id"))
    return found


def channel_skus_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, str]:
    """The Channel SKUs of these products' variants, by variant id."""
    ids = sorted(set(product_ids))
    found: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        rows = ChannelSku.objects.filter(connection=connection, product_id__in=ids[start : start + 500])
        found.update(rows.values_list("variant_id", "sku"))
    return found


def choices_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, ProductChoices]:
    """What people chose for these products in the connection's shop; those for which nobody chose are left out."""
    ids = sorted(set(product_ids))
    found: dict[str, ProductChoices] = {}
    for start in range(0, len(ids), 500):
        rows = ProductChoicesRow.objects.filter(connection=connection, product_id__in=ids[start : start + 500])
        found |= {key: choices_from_json(stored) for key, stored in rows.values_list("product_id", "choices")}
    return found


def known_category(shop: Shop, category_id: str) -> CategoryFacts:
    """A TikTok category as it was last read, however long ago; nothing but its id if it never was."""
    kept = CategoryCache.objects.filter(shop=shop, category_id=category_id).first() if category_id else None
    if kept is None:
        return CategoryFacts(category_id)
    attributes = from_json(bytes(kept.attributes), tuple[Attribute, ...])
    return CategoryFacts(category_id, attributes, from_json(bytes(kept.rules), CategoryRules))
