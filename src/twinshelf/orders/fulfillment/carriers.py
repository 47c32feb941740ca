"""The carriers that a shop may name: for reporting a shipment, and for choosing from. Kept for a day."""

from __future__ import annotations

from datetime import timedelta

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import ShippingProvider, from_json, to_json
from twinshelf.kit import clock
from twinshelf.orders.models import Providers
from twinshelf.tiktok.errors import ShippedByTikTok
from twinshelf.tiktok.regions import region as region_of

_PROVIDERS_FOR = timedelta(days=1)


def providers_of(shop: Shop, delivery_option_id: str, buyer_region: str = "") -> tuple[ShippingProvider, ...]:
    """The carriers that TikTok takes for a delivery option, read once a day.

    Some markets tell them for a way from one country to another only: `buyer_region` "" is the shop's own.
    """
    regions = {}
    if region_of(shop.region).providers_by_route:
        regions = {"warehouse_region": shop.region, "buyer_region": buyer_region or shop.region}
    key = ":".join((delivery_option_id, *regions.values()))
    kept = Providers.objects.filter(shop=shop, delivery_option_id=key).first()
    if kept is not None and clock.now() - kept.read_at < _PROVIDERS_FOR:
        return from_json(bytes(kept.document), tuple[ShippingProvider, ...])
    providers = tuple(clients.shop_client(shop).shipping_providers(delivery_option_id, **regions))
    Providers.objects.update_or_create(
        account_id=shop.account_id,
        shop=shop,
        delivery_option_id=key,
        defaults={"document": to_json(providers), "read_at": clock.now()},
    )
    return providers


def read_providers(connection: Connection) -> tuple[ShippingProvider, ...]:
    """The carriers of every way in which the shop's warehouse delivers. Safe to repeat."""
    found: dict[str, ShippingProvider] = {}
    for option in clients.shop_client(connection.shop).delivery_options(connection.warehouse_id):
        try:
            providers = providers_of(connection.shop, option.id)
        except ShippedByTikTok:  # TikTok is the carrier: nothing to choose
            continue
        found |= {provider.id: provider for provider in providers}
    return tuple(found.values())
