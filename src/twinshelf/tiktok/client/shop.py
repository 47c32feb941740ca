"""The shop itself: its warehouses and carriers, what keeps it from listing, the webhooks it sends."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from twinshelf.documents import ShippingProvider, ShopInfo, Warehouse
from twinshelf.tiktok import shops
from twinshelf.tiktok import webhooks as hooks
from twinshelf.tiktok.client.calls import Call, Calls, nothing
from twinshelf.tiktok.shops import DeliveryOption
from twinshelf.tiktok.webhooks import Subscription


class ShopCalls(Calls):
    """What a shop says of itself."""

    def shops(self) -> tuple[ShopInfo, ...]:
        """Every shop that the seller authorized, with its cipher.

        Source: Get Authorized Shops, GET /authorization/202309/shops.
        """
        return self._rows("/authorization/202309/shops", "shops", shops.shop_from_json, in_shop=False)

    def warehouses(self) -> tuple[Warehouse, ...]:
        """All warehouses, also those for returns and those switched off: stock goes to `sales` and `enabled` ones.

        Source: Get Warehouse List, GET /logistics/202309/warehouses.
        """
        return self._rows("/logistics/202309/warehouses", "warehouses", shops.warehouse_from_json)

    def failed_prerequisites(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(item, TikTok's reasons) of everything that keeps the shop from listing; () if it can list.

        Source: Check Listing Prerequisites, GET /product/202312/prerequisites.
        """
        checks = self._rows("/product/202312/prerequisites", "check_results", shops.failed_check_from_json)
        return tuple(check for check in checks if check is not None)

    def delivery_options(self, warehouse_id: str) -> tuple[DeliveryOption, ...]:
        """How a warehouse delivers. Source: GET /logistics/202309/warehouses/{warehouse_id}/delivery_options."""
        return self._rows(
            "/logistics/202309/warehouses/{}/delivery_options",
            "delivery_options",
            shops.delivery_option_from_json,
            ids=(warehouse_id,),
            query={"scope": "WAREHOUSE"},
        )

    def shipping_providers(
        self, delivery_option_id: str, *, warehouse_region: str = "", buyer_region: str = ""
    ) -> tuple[ShippingProvider, ...]:
        """The carriers that may be named for orders with this delivery option.

        In DE, ES, FR, IE and IT the regions must be given too. Raises ShippedByTikTok where TikTok is the carrier.
        Source: Get Shipping Providers, GET /logistics/202309/delivery_options/{delivery_option_id}/shipping_providers.
        """
        return self._rows(
            "/logistics/202309/delivery_options/{}/shipping_providers",
            "shipping_providers",
            shops.provider_from_json,
            ids=(delivery_option_id,),
            query={"warehouse_region": warehouse_region, "buyer_region": buyer_region},
        )

    def webhooks(self) -> tuple[Subscription, ...]:
        """The topics this shop sends to addresses of its own. Source: Get Shop Webhooks, GET /event/202309/webhooks."""
        return self._rows("/event/202309/webhooks", "webhooks", hooks.subscription_from_json, id_field="event_type")

    def ensure_webhooks(self, address: str, event_types: Iterable[str] = hooks.EVENT_TYPES) -> tuple[str, ...]:
        """Have each topic sent to `address`; return those that were not. Other topics are left alone. Safe to repeat.

        Source: Update Shop Webhook, PUT /event/202309/webhooks.
        """
        there = {hook.event_type: hook.address for hook in self.webhooks()}
        changed = tuple(event_type for event_type in event_types if there.get(event_type) != address)
        for event_type in changed:
            body = msgspec.json.encode({"address": address, "event_type": event_type})
            self._call(Call("PUT", "/event/202309/webhooks", body=body), nothing)
        return changed
