"""Webhooks of TikTok Shop: where they go, what they carry, how they are signed and retried.

Source: `docs/platforms/tiktok-shop.md` section 7. Odd things kept on purpose: product ids as numbers in some topics,
`CANCEL` for cancelled orders, no notification id in type 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import Refused
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint, disturbed, sign_webhook
from twinshelf_sandbox.webhooks import Delivery
from twinshelf_sandbox.wire import json_encode

if TYPE_CHECKING:
    from twinshelf_sandbox.tiktok.state import Platform, Shop

LADDER: Final = (120, 1800, 10_800, 43_200)
"""Seconds from each failed attempt to the next; after the last the event is dropped."""

TOPICS: Final = {
    "ORDER_STATUS_CHANGE": 1,
    "REVERSE_STATUS_UPDATE": 2,
    "RECIPIENT_ADDRESS_UPDATE": 3,
    "PACKAGE_UPDATE": 4,
    "PRODUCT_STATUS_CHANGE": 5,
    "SELLER_DEAUTHORIZATION": 6,
    "UPCOMING_AUTHORIZATION_EXPIRATION": 7,
    "CANCELLATION_STATUS_CHANGE": 11,
    "RETURN_STATUS_CHANGE": 12,
    "NEW_CONVERSATION": 13,
    "NEW_MESSAGE": 14,
    "PRODUCT_INFORMATION_CHANGE": 15,
    "PRODUCT_CREATION": 16,
    "PRODUCT_CATEGORY_CHANGE": 18,
    "SIZE_CHART_CHANGE": 19,
    "INVENTORY_STATUS_CHANGE": 27,
    "NEW_MESSAGE_LISTENER": 33,
    "INVOICE_STATUS_CHANGE": 36,
    "PRODUCT_AUDIT_STATUS_CHANGE": 37,
    "STRIKETHROUGH_PRICE_EXPIRED": 38,
    "ACTIVITY_STATUS_CHANGE": 39,
    "SKU_STATUS_CHANGE": 50,
    "GLOBAL_REPLICATION_STATUS_CHANGE": 51,
    "GLOBAL_LISTING_METHOD_CHANGE": 52,
    "PACKAGE_RECOMMENDATION": 62,
    "AFTERSALES_REQUEST_STATUS_CHANGE": 64,
    "RMA_STATUS_CHANGE": 65,
    "REFUND_SUCCESS": 67,
    "INVENTORY_CHANGED_BY_SHOP": 71,
}

CONFIGURABLE: Final = frozenset(
    {
        "ORDER_STATUS_CHANGE",
        "RECIPIENT_ADDRESS_UPDATE",
        "PACKAGE_UPDATE",
        "PRODUCT_STATUS_CHANGE",
        "SELLER_DEAUTHORIZATION",
        "UPCOMING_AUTHORIZATION_EXPIRATION",
        "CANCELLATION_STATUS_CHANGE",
        "RETURN_STATUS_CHANGE",
        "NEW_CONVERSATION",
        "NEW_MESSAGE",
        "PRODUCT_INFORMATION_CHANGE",
        "PRODUCT_CREATION",
        "PRODUCT_CATEGORY_CHANGE",
        "NEW_MESSAGE_LISTENER",
        "INVOICE_STATUS_CHANGE",
        "PRODUCT_AUDIT_STATUS_CHANGE",
        "REVERSE_STATUS_UPDATE",
    }
)
"""The event types an app can set an address for by API; the others go to the app's own address only."""

_WITHOUT_NOTIFICATION_ID: Final = frozenset({"RECIPIENT_ADDRESS_UPDATE"})


def notify(shop: Shop, topic: str, data: dict[str, Any], *, app_key: str = "", number: int = 0) -> None:
    """Send `topic` to every app the shop's seller has authorized, or to `app_key` only.

    `number` is the type of a topic that is not among `TOPICS`.
    """
    data = disturbed(data, shop.switch)
    platform = shop.platform
    for grant in platform.grants_of(shop.seller_id):
        if (app_key and grant["app_key"] != app_key) or shop.id in grant.get("unbound", ()):
            continue
        app = platform.apps[grant["app_key"]]
        own = shop.hooks.get(f"{grant['app_key']}:{topic}")
        url = own["address"] if own is not None else app["webhook_url"]
        if not url:
            continue
        body: dict[str, Any] = {"type": number or TOPICS[topic]}
        if topic not in _WITHOUT_NOTIFICATION_ID:
            body["tts_notification_id"] = platform.new_id("notification")
        body |= {"shop_id": shop.id, "timestamp": platform.now, "data": data}
        raw = json_encode(body)
        platform.outbox.post(
            platform="tiktok",
            tenant=shop.id,
            topic=topic,
            url=url,
            headers={
                "content-type": "application/json",
                "authorization": sign_webhook(grant["app_key"], app["app_secret"], raw),
            },
            body=raw,
            timeout_seconds=3.0,
        )


def delivered(platform: Platform, delivery: Delivery, status: int) -> None:
    """What to do after an attempt: nothing when it was answered, else try again later, at last drop the event.

    200 is what receivers should answer; 401 is the documented way to refuse a signature and ends it too.
    """
    if 200 <= status < 300 or status == 401:
        return
    if delivery.attempt > len(LADDER):
        platform.world.effect("tiktok", delivery.tenant, "webhook_dropped", delivery.topic, url=delivery.url)
        return
    platform.outbox.post(
        platform=delivery.platform,
        tenant=delivery.tenant,
        topic=delivery.topic,
        url=delivery.url,
        headers=delivery.headers,
        body=delivery.body,
        due=platform.world.clock.now() + LADDER[delivery.attempt - 1],
        attempt=delivery.attempt + 1,
        timeout_seconds=delivery.timeout_seconds,
    )


class _SetHook(msgspec.Struct):
    address: str = ""
    event_type: str = ""


def _event_type(call: Call, event_type: str) -> str:
    if event_type not in CONFIGURABLE:
        raise call.bad("`event_type` is not one that can be configured")
    return event_type


def update(call: Call) -> dict[str, Any]:
    """Set where events of one type go for this shop; replaces what was set."""
    body = call.body(_SetHook)
    topic = _event_type(call, body.event_type)
    if not body.address.startswith(("https://", "http://")) or len(body.address) > 255:
        raise call.bad("`address` must be an HTTP address of 255 characters at most")
    key = f"{call.app_key}:{topic}"
    before = call.shop.hooks.get(key)
    created = before["create_time"] if before is not None else call.now
    entry = {"event_type": topic, "address": body.address, "create_time": created, "update_time": call.now}
    call.shop.hooks.put(key, entry)
    call.shop.effect("webhook_set", topic, before=before and before["address"], after=body.address)
    return {}


def listed(call: Call) -> dict[str, Any]:
    """Where events go for this shop, by type."""
    factor = 1000 if call.shop.switch("webhook_list_milliseconds") else 1
    entries = [
        {**entry, "create_time": entry["create_time"] * factor, "update_time": entry["update_time"] * factor}
        for key, entry in sorted(call.shop.hooks.items())
        if str(key).startswith(f"{call.app_key}:")
    ]
    return {"webhooks": entries, "total_count": len(entries)}


def delete(call: Call) -> dict[str, Any]:
    """Stop sending events of one type for this shop; the app's own address takes over."""
    topic = _event_type(call, call.body(_SetHook).event_type)
    if call.shop.hooks.delete(f"{call.app_key}:{topic}"):
        call.shop.effect("webhook_deleted", topic)
    return {}


def set_webhook_url(platform: Platform, app_key: str, url: str) -> None:
    """Set the address that gets all webhooks of an app, as in Partner Center; an empty one sends none."""
    app = platform.apps.get(app_key)
    if app is None:
        raise Refused(f"there is no app {app_key!r}")
    app["webhook_url"] = url
    platform.apps.put(app_key, app)


def send_webhook(platform: Platform, shop_id: str, number: int, data: dict[str, Any]) -> None:
    """Send a webhook of whatever type and content, such as one that no document knows."""
    notify(platform.shop(shop_id), f"TYPE_{number}", data, number=number)


_SCOPE: Final = "seller.authorization.info"

ENDPOINTS: Final = (
    Endpoint("PUT", "/event/{v}/webhooks", ("202309",), _SCOPE, update),
    Endpoint("GET", "/event/{v}/webhooks", ("202309",), _SCOPE, listed),
    Endpoint("DELETE", "/event/{v}/webhooks", ("202309",), _SCOPE, delete),
)
