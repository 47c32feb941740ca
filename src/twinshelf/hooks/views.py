"""Webhook receivers.

A delivery is on disk, with its marks, before it is acknowledged; nothing is read from it but what to look at. A bad
signature is refused with 401 and leaves no trace in the inbox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from twinshelf.accounts.actors import ENGINE
from twinshelf.accounts.queries import account_scope
from twinshelf.connections import actions as connections
from twinshelf.connections import hook_keys, queries
from twinshelf.connections.hook_keys import HookKeys
from twinshelf.documents import StoreHint
from twinshelf.errors import DocumentError, NeedsPerson, NotGenuine, OutOfTime
from twinshelf.goods import actions as goods
from twinshelf.hooks import asks
from twinshelf.kit import skew
from twinshelf.kit.health import why_nothing_is_kept
from twinshelf.storefronts.known import STOREFRONTS
from twinshelf.storefronts.protocol import Claims
from twinshelf.sync import inbox
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
    if keys.client_secret and not keys.signed and "Webhook-Signature" in request.headers:
        hook_keys.note_signed(store_id)
    with account_scope(keys.account_id):
        if hint.kind == "deleted":
            goods.told_deleted(store_id, hint.ids)
        wanted = list(asks.of_store(store_id, hint))
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
            asks=wanted,
            ignored_because=hint.reason or ("" if wanted else "nothing of ours"),
        )
    return HttpResponse(status=200)


def _genuine(
    headers: Mapping[str, str], body: bytes, platform: str, store_id: int, *, anew: bool = False, asked: bool = False
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
            must_be_signed=keys.signed,
            now=skew.now(queries.api_url(platform)),
        )
    except (NotGenuine, DocumentError) as error:
        if not asked and isinstance(error, OutOfTime) and connections.ask_for_time(store_id):
            return _genuine(headers, body, platform, store_id, anew=anew, asked=True)  # our own clock may have jumped
        if not anew:  # its keys may have been changed a moment ago
            return _genuine(headers, body, platform, store_id, anew=True, asked=asked)
        log.warning("webhook refused", source=platform, store=store_id, why=str(error))
        return None
    return (keys, hint) if hint.store_hash == keys.store_hash else None


@require_GET
def app_uninstalled(request: HttpRequest) -> HttpResponse:
    """BigCommerce's server says that a store took our app out. Its signed payload alone says which."""
    claims = _claims(request)
    if claims is None:
        return HttpResponse(status=401)
    connections.uninstalled(claims, by=ENGINE)
    return HttpResponse(status=200)


@require_GET
def app_user_removed(request: HttpRequest) -> HttpResponse:
    """A store took a person's access to our app away. Nobody signs in here as a person of BigCommerce: nothing ends."""
    return HttpResponse(status=401 if _claims(request) is None else 200)


def _claims(request: HttpRequest) -> Claims | None:
    try:
        return connections.claims_of(request.GET.get("signed_payload_jwt", ""))
    except (NotGenuine, NeedsPerson) as error:
        log.warning("callback refused", source="bigcommerce", why=str(error))
        return None


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
    receiver = queries.receiver_of(hint.shop_id)
    if receiver is None:
        log.info("webhook for a shop that is not connected", source="tiktok", type=hint.type)
        return HttpResponse(status=200)
    with account_scope(receiver.account_id):
        wanted = list(asks.of_shop(receiver.connection_id, hint)) if receiver.connection_id else []
        new = inbox.receive(
            receiver.account_id,
            "tiktok",
            dedupe=hint.notification_id,
            topic=f"{hint.kind} ({hint.type})",
            subject=hint.ids[0] if hint.ids else "",
            asks=wanted,
            ignored_because="" if wanted or hint.kind == "deauthorized" else "nothing of ours",
        )
        if hint.kind == "deauthorized":
            connections.disconnected(receiver.shop, at=hint.at, new=new, by=ENGINE)
    return HttpResponse(status=200)


def health(_request: HttpRequest) -> HttpResponse:
    """200 while this process serves and its database takes what has to be kept; else 503."""
    if why_not := why_nothing_is_kept():
        log.error("nothing can be written", why=why_not)
        return HttpResponse("the database takes nothing", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


def _body(request: HttpRequest) -> bytes | None:
    """The raw body, None if it is larger than any genuine delivery."""
    if int(request.headers.get("Content-Length") or 0) > MAX_BYTES:
        return None
    return request.body
