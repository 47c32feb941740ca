"""The listing that a connection wants of a product: its facts, TikTok's categories, and planning brought together.

Calls TikTok Shop for its categories alone, and says nothing of what is to change there: that is for `plan`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import Attribute, CategoryRules, Product, from_json, to_json
from twinshelf.goods import holds
from twinshelf.kit import clock
from twinshelf.listings.desired import (
    EMPTY_SHELF,
    CategoryFacts,
    Desired,
    DesiredSku,
    Shelf,
    ShopFacts,
    desired,
    desired_skus,
    gone_sku,
)
from twinshelf.listings.facts import choices_of
from twinshelf.listings.models import CategoryCache, Link
from twinshelf.rules import own
from twinshelf.rules.own import ProductChoices
from twinshelf.tiktok import products as tiktok_products
from twinshelf.tiktok.regions import region as region_of

_CATEGORY_SECONDS = 86_400.0

Categories = dict[str, CategoryFacts]
"""Categories by id, for as long as one piece of work takes."""


def held_of(connection: Connection, products: Iterable[Product]) -> Mapping[str, int]:
    """Units of these products' variants that orders on their way will take, by variant id."""
    return holds.held(connection.store_id, [variant.id for product in products for variant in product.variants])


def desire(
    connection: Connection,
    facts: ShopFacts,
    product: Product,
    held: Mapping[str, int],
    *,
    categories: Categories,
    choices: ProductChoices = own.NONE,
    shelf: Shelf = EMPTY_SHELF,
) -> Desired:
    """The product as the shop should show it, checked by our rules and by TikTok's own, all problems at once.

    `choices` are those for the product, `shelf` what the shop has of it.
    `categories` spares those who ask for many products from reading each category again; it is filled here.
    """
    category_id = facts.category_of(product, choices)
    if category_id not in categories:
        categories[category_id] = category_of(connection.shop, category_id) if category_id else CategoryFacts()
    region = region_of(facts.region)
    return desired(
        product,
        facts,
        category=categories[category_id],
        held=held,
        checks=lambda draft, unpriced: tiktok_products.problems_of(draft, region, unpriced=unpriced),
        choices=choices,
        shelf=shelf,
    )


def skus_on_both_sides(
    connection: Connection, links: Iterable[Link], facts: ShopFacts, products: Mapping[str, Product]
) -> dict[str, dict[str, DesiredSku]]:
    """What the shop should show of every SKU of these products, by product and variant id.

    A linked variant that the store does not have any more is in it, with nothing to offer.
    """
    held, links = held_of(connection, products.values()), list(links)
    chosen = choices_of(connection, products)
    linked: dict[str, set[str]] = {}
    for link in links:
        linked.setdefault(link.product_id, set()).add(link.variant_id)
    skus = {
        product_id: desired_skus(
            product, facts, held, choices=chosen.get(product_id, own.NONE), linked=linked.get(product_id, ())
        )
        for product_id, product in products.items()
    }
    for link in links:
        of_product = skus.setdefault(link.product_id, {})
        if link.variant_id not in of_product:
            of_product[link.variant_id] = gone_sku(link.variant_id, link.seller_sku)
    return skus


def category_of(shop: Shop, category_id: str) -> CategoryFacts:
    """Attributes and rules of a TikTok category, read anew once a day."""
    cached = CategoryCache.objects.filter(shop=shop, category_id=category_id).first()
    if cached is not None and clock.now() - cached.read_at < timedelta(seconds=_CATEGORY_SECONDS):
        attributes = from_json(bytes(cached.attributes), tuple[Attribute, ...])
        return CategoryFacts(category_id, attributes, from_json(bytes(cached.rules), CategoryRules))
    client = clients.shop_client(shop)
    version = region_of(shop.region).category_version
    attributes, rules = tuple(client.attributes(category_id, version)), client.rules(category_id, version)
    CategoryCache.objects.update_or_create(
        account_id=shop.account_id,
        shop=shop,
        category_id=category_id,
        defaults={"attributes": to_json(attributes), "rules": to_json(rules), "read_at": clock.now()},
    )
    return CategoryFacts(category_id, attributes, rules)
