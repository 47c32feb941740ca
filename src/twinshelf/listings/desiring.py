"""The listing that a connection wants of a product: its facts, TikTok's categories, and planning brought together.

Calls TikTok Shop for its categories alone, and says nothing of what is to change there: that is for `plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import Attribute, CategoryRules, Finding, Listing, Product, from_json, to_json
from twinshelf.kit import clock
from twinshelf.listings import plan as planning
from twinshelf.listings.models import CategoryCache
from twinshelf.rules import templates
from twinshelf.rules.models import Template
from twinshelf.tiktok import products as tiktok_products
from twinshelf.tiktok import texts
from twinshelf.tiktok.regions import region as region_of

_CATEGORY_SECONDS = 86_400.0

Categories = dict[str, tuple[tuple[Attribute, ...], CategoryRules]]
"""Attributes and rules by category id, for as long as one piece of work takes."""


def facts_of(connection: Connection) -> planning.ShopFacts:
    """What planning needs to know of the connection. The template is the connection's default one."""
    template = Template.objects.filter(connection=connection, is_default=True).first()
    return planning.ShopFacts(
        region=connection.shop.region,
        currency=connection.shop.currency,
        warehouse_id=connection.warehouse_id,
        preferences=connection_actions.preferences(connection),
        template=templates.rules_from_json(template.rules if template else {}),
        template_category_id=template.category_id if template else "",
        store_weight_unit=connection.store.weight_unit,
    )


def desire(
    connection: Connection,
    facts: planning.ShopFacts,
    product: Product,
    quantities: Mapping[str, int],
    *,
    categories: Categories,
) -> tuple[Listing | None, tuple[Finding, ...]]:
    """The listing as it should be, checked by our rules and by TikTok's own, all problems at once.

    `categories` spares those who ask for many products from reading each category again; it is filled here.
    """
    category_id = templates.category_of(product, facts.template, facts.template_category_id)
    if category_id not in categories:
        categories[category_id] = category_of(connection.shop, category_id) if category_id else ((), CategoryRules())
    attributes, rules = categories[category_id]
    region = region_of(facts.region)
    listing, findings = planning.desired_listing(
        product,
        facts,
        category_id=category_id,
        attributes=attributes,
        rules=rules,
        quantities=quantities,
        checks=lambda draft, unpriced: tiktok_products.problems_of(draft, region, unpriced=unpriced),
    )
    if listing is None:
        return None, findings
    # What TikTok does not take in a title (emoji, control characters) is left out when sending, with a notice above.
    return msgspec.structs.replace(listing, title=texts.plain(listing.title)), findings


def category_of(shop: Shop, category_id: str) -> tuple[tuple[Attribute, ...], CategoryRules]:
    """Attributes and rules of a TikTok category, read anew once a day."""
    cached = CategoryCache.objects.filter(shop=shop, category_id=category_id).first()
    if cached is not None and clock.now() - cached.read_at < timedelta(seconds=_CATEGORY_SECONDS):
        return from_json(bytes(cached.attributes), tuple[Attribute, ...]), from_json(bytes(cached.rules), CategoryRules)
    client = clients.shop_client(shop)
    version = region_of(shop.region).category_version
    attributes, rules = client.attributes(category_id, version), client.rules(category_id, version)
    CategoryCache.objects.update_or_create(
        account_id=shop.account_id,
        shop=shop,
        category_id=category_id,
        defaults={"attributes": to_json(attributes), "rules": to_json(rules), "read_at": clock.now()},
    )
    return attributes, rules
