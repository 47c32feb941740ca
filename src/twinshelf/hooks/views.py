"""Webhook receivers.

A delivery is on disk, with its marks, before it is acknowledged; nothing is read from it but what to look at. A bad
signature is refused with 401 and leaves no trace in the inbox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_scopes import scope

from twinshelf.accounts.models import Account
from twinshelf.connections import actions as connections
from twinshelf.connections import hook_keys, queries
from twinshelf.connections.hook_keys import HookKeys
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import StoreHint
from twinshelf.errors import DocumentError, NotGenuine
from twinshelf.goods import actions as goods
from twinshelf.kit import skew
from twinshelf.listings.models import ListingRow
from twinshelf.orders.models import ShopOrderRow
from twinshelf.storefronts.known import STOREFRONTS
from twinshelf.sync import inbox, lanes
from twinshelf.sync.flows import Signal
from twinshelf.sync.inbox import AskFor
from twinshelf.tiktok import webhooks as shop_hooks

log = structlog.get_logger(__name__)

MAX_BYTES = 256 * 1024


@csrf_exempt
@require_POST
def storefront(request: HttpRequest, platform: str, store_id: int) -> HttpResponse:
    """A delivery for one store. The address names it; its own secret, and the producer in the body, must agree."""
    body = _body(request)
    found = None if body is None else _genuine(request.headers, body, platform, store_id)
    if body is None or found is None:
        return HttpResponse(status=401)
    keys, hint = found
    with scope(account=Account(id=keys.account_id)):
        if hint.kind == "deleted":
            goods.told_deleted(store_id, hint.ids)
        asks = list(_store_asks(store_id, hint))
        inbox.receive(
            keys.account_id,
            keys.platform,
            # Of each event its own, the same when it is told again; the hash in the body is that of all events of one
            # second that read the same, such as single units sold one after the other.
            dedupe=request.headers.get("Webhook-Id")
            or hint.event_id
            or hashlib.sha1(body, usedforsecurity=False).hexdigest(),
            topic=hint.topic,
            subject=",".join(hint.ids[:5]),
            asks=asks,
            ignored_because=hint.reason or ("" if asks else "nothing of ours"),
        )
    return HttpResponse(status=200)


def _genuine(
    headers: Mapping[str, str], body: bytes, platform: str, store_id: int, *, anew: bool = False
) -> tuple[HookKeys, StoreHint] | None:
    """What the delivery tells, if it is this store's, with the keys that prove it."""
    keys = hook_keys.of_store(store_id, anew=anew)
    if keys is None or keys.platform != platform:
        return None
    try:
        hint = STOREFRONTS[platform].hint(
            headers,
            body,
            secret=keys.secret,
            client_secret=keys.client_secret,
            now=skew.now(queries.api_url(platform)),
        )
    except (NotGenuine, DocumentError) as error:
        if not anew:  # its keys may have been changed a moment ago
            return _genuine(headers, body, platform, store_id, anew=True)
        log.warning("webhook refused", source=platform, store=store_id, why=str(error))
        return None
    return (keys, hint) if hint.store_hash == keys.store_hash else None


def _store_asks(store_id: int, hint: StoreHint) -> Iterable[AskFor]:
    owner = f"store:{store_id}"
    match hint.kind:
        case "product" | "deleted" | "sku":
            for product_id in hint.ids:
                yield AskFor("product", owner, product_id)
        case "inventory":
            for product_id in hint.ids:
                yield AskFor("product", owner, product_id, lanes.URGENT)
        case "uninstalled":
            yield AskFor("store", owner, "hooks", lanes.URGENT)
        case "order" | "shipment":
            kind = "shipment" if hint.kind == "shipment" else "cancellation"
            rows = ShopOrderRow.objects.filter(connection__store_id=store_id, store_order_id__in=hint.ids)
            for connection_id, order_id in rows.values_list("connection_id", "order_id"):
                yield AskFor(kind, f"connection:{connection_id}", order_id, lanes.URGENT)
        case _:
            return


@csrf_exempt
@require_POST
def tiktok(request: HttpRequest) -> HttpResponse:
    """A delivery of our TikTok Shop app. Whose it is stands in the signed body alone."""
    body = _body(request)
    if body is None or not shop_hooks.verify(
        settings.OPERATOR.tiktok_app_key,
        settings.OPERATOR.tiktok_app_secret,
        request.headers.get("Authorization", ""),
        body,
    ):
        return HttpResponse(status=401)
    try:
        hint = shop_hooks.hint_from_json(body)
    except DocumentError as error:
        log.warning("webhook unreadable", source="tiktok", why=str(error))
        return HttpResponse(status=200)  # genuine, but nothing in it that we could use: refusing would only repeat it
    shop = Shop.objects.with_scopes_disabled().select_related("seller").filter(shop_id=hint.shop_id).first()
    if shop is None:
        log.info("webhook for a shop that is not connected", source="tiktok", type=hint.type)
        return HttpResponse(status=200)
    with scope(account=Account(id=shop.account_id)):
        connection = Connection.objects.filter(shop=shop).only("id").first()
        asks = list(_shop_asks(connection, hint)) if connection else []
        inbox.receive(
            shop.account_id,
            "tiktok",
            dedupe=hint.notification_id,
            topic=f"{hint.kind} ({hint.type})",
            subject=hint.ids[0] if hint.ids else "",
            asks=asks,
            ignored_because="" if asks or hint.kind == "deauthorized" else "nothing of ours",
        )
        if hint.kind == "deauthorized":
            connections.disconnected(shop.seller)
    return HttpResponse(status=200)


def _shop_asks(connection: Connection, hint: shop_hooks.Hint) -> Iterable[AskFor]:
    owner = f"connection:{connection.id}"
    match hint.kind:
        case "order":
            for order_id in hint.ids or hint.order_ids:
                yield AskFor("order", owner, order_id, lanes.URGENT)
        case "cancellation":
            for order_id in hint.order_ids:
                yield AskFor("order", owner, order_id, lanes.URGENT)
                yield AskFor("cancellation", owner, order_id, lanes.URGENT)
        case "package":
            for order_id in hint.order_ids:
                yield AskFor("order", owner, order_id)
        case "product":
            rows = ListingRow.objects.filter(connection=connection, tiktok_id__in=hint.ids)
            for product_id in rows.values_list("product_id", flat=True):
                yield AskFor("listing", owner, product_id, signals=Signal.LOOK)
        case _:
            return


def health(_request: HttpRequest) -> HttpResponse:
    """200 while this process serves and its database answers."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return HttpResponse("ok", content_type="text/plain")


def _body(request: HttpRequest) -> bytes | None:
    """The raw body, None if it is larger than any genuine delivery."""
    if int(request.headers.get("Content-Length") or 0) > MAX_BYTES:
        return None
    return request.body
