"""Webhooks: which ones we ask for, whether one is genuine, and what it hints at. Pure.

A webhook never carries truth, only the id of something worth reading again.
Source: BigCommerce docs, docs/integrations/webhooks/{overview, https-webhook-overview, events/*}.mdx;
reference/webhooks.v3.yml.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from twinshelf.documents import HintKind, StoreHint
from twinshelf.errors import DocumentError, NotGenuine, OutOfTime
from twinshelf.storefronts.bigcommerce import wire

SECRET_HEADER = "X-Twinshelf-Secret"  # noqa: S105 - the name under which it travels
"""BigCommerce sends each delivery with the headers its webhook was made with: this one carries our secret."""

TOLERANCE_SECONDS = 300

MOST_IDS = 250
"""Of one delivery; polls find what is left out."""

TOPICS: Mapping[str, HintKind] = MappingProxyType(
    {
        "store/product/created": "product",
        "store/product/updated": "product",
        "store/product/deleted": "deleted",
        "store/product/inventory/updated": "inventory",
        "store/product/inventory/order/updated": "sold",
        "store/sku/created": "sku",
        "store/sku/updated": "sku",
        "store/sku/deleted": "sku",
        "store/sku/inventory/updated": "inventory",
        "store/sku/inventory/order/updated": "sold",
        "store/inventory/location/created": "location",
        "store/inventory/location/updated": "location",
        "store/order/statusUpdated": "order",
        "store/shipment/created": "shipment",
        "store/shipment/updated": "shipment",
        "store/shipment/deleted": "shipment",
        "store/app/uninstalled": "uninstalled",
    }
)
"""What a store connection subscribes to, and what each hints at; a delivery of any other topic is ignored.

No wildcards: with one beside a topic it covers, all comes twice.
"""


@dataclass(frozen=True)
class Hook:
    """One registered webhook. `headers` hold our secret and stay out of its repr."""

    id: str
    scope: str
    destination: str
    active: bool
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)

    def carries(self, secret: str) -> bool:
        """Whether its deliveries would pass `verify` with this secret."""
        return any(name.lower() == SECRET_HEADER.lower() and _same(text, secret) for name, text in self.headers.items())


class _Delivery(msgspec.Struct):
    scope: str
    producer: str
    data: Any = None
    hash: str | None = None


class _Hook(msgspec.Struct):
    id: wire.Id
    scope: str
    destination: str
    is_active: bool
    headers: dict[str, str] | None = None


_hooks = wire.Reader(_Hook)
_delivery = msgspec.json.Decoder(_Delivery)

_PRODUCER = re.compile(r"stores/([a-z0-9]{3,32})")

# Where an event keeps the ids of what it is about, by kind: paths tried in order.
_IDS: Mapping[HintKind, tuple[str, ...]] = MappingProxyType(
    {
        "product": ("product_id", "id"),
        "deleted": ("product_id", "id"),
        "sku": ("sku.product_id", "product_id"),
        "inventory": ("inventory.product_id", "product_id", "id"),
        "sold": ("inventory.product_id", "product_id", "id"),
        "order": ("order_id", "orderId", "id"),
        "shipment": ("orderId", "order_id"),
    }
)


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secret: str,
    client_secret: str | None,
    must_be_signed: bool = False,
    now: datetime,
) -> None:
    """Return if a delivery is genuine; raise NotGenuine otherwise: OutOfTime if everything but its time proves it.

    Compares in constant time, on the raw body.

    Our own secret header must be there and right. A Standard Webhooks signature must be right and no more than five
    minutes old where there is one and `client_secret` is known (None for an account that typed no client secret).
    There has to be one if `must_be_signed`: without, a delivery that was caught could come again under another id.
    The payload's `hash` proves nothing: it has no key.
    Source: https-webhook-overview.mdx; standardwebhooks 1.0, `Webhook.verify`.
    """
    if not secret:
        raise NotGenuine("this store has no webhook secret yet")
    given = {name.lower(): value for name, value in headers.items()}
    if not _same(given.get(SECRET_HEADER.lower(), ""), secret):
        raise NotGenuine("the secret header is missing or wrong")
    signatures = given.get("webhook-signature")
    if not client_secret:
        return
    if signatures is None:
        if must_be_signed:
            raise NotGenuine("it is not signed, as earlier ones were")
        return
    message_id, time = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    message = f"{message_id}.{time}.".encode() + body
    expected = base64.b64encode(hmac.digest(client_secret.encode(), message, hashlib.sha256)).decode()
    versioned = (entry.partition(",") for entry in signatures.split(" "))
    if not any(_same(text, expected) for version, _, text in versioned if version == "v1"):
        raise NotGenuine("the signature does not fit the body")
    if not re.fullmatch(r"[0-9]{1,12}", time) or abs(now.timestamp() - int(time)) > TOLERANCE_SECONDS:
        raise OutOfTime("the signature is too old, or from the future")


def hint_from_json(body: bytes) -> StoreHint:
    """What a delivery is about.

    An event that is not for us, or whose ids cannot be found, is "ignored" with the reason: refusing it would only
    make BigCommerce repeat it for two days and then switch the webhook off. Raises DocumentError for a body that does
    not even say its scope and store.
    """
    try:
        delivery = wire.decode(_delivery, body)
    except wire.NotAnAnswer as error:
        raise DocumentError("body", "not JSON") from error
    producer = _PRODUCER.fullmatch(delivery.producer)
    if producer is None:
        raise DocumentError("producer", "not a store")
    return _hint(delivery, producer[1])


def hooks_from_json(body: bytes) -> tuple[tuple[Hook, ...], bool | None]:
    """(webhooks of our account, whether there are more pages)."""
    rows = _hooks.v3_list(body)
    hooks = [Hook(str(row.id), row.scope, row.destination, row.is_active, row.headers or {}) for row in rows.good]
    return tuple(hooks), rows.more


def hook_to_json(scope: str, destination: str, secret: str) -> dict[str, Any]:
    """The body that makes a webhook, or sets an existing one right."""
    return {"scope": scope, "destination": destination, "is_active": True, "headers": {SECRET_HEADER: secret}}


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _hint(delivery: _Delivery, store_hash: str) -> StoreHint:
    def ignored(reason: str) -> StoreHint:
        return StoreHint(
            topic=delivery.scope, store_hash=store_hash, kind="ignored", event_id=delivery.hash or "", reason=reason
        )

    kind = TOPICS.get(delivery.scope.rstrip("/"), "ignored")  # some scopes come with a slash at the end
    if kind == "ignored":
        return ignored("a scope we do nothing with")
    events = delivery.data if isinstance(delivery.data, list) else [delivery.data]
    ids, variant_ids = set(), set()
    paths = _IDS.get(kind, ())
    for event in events:
        ids |= _first_id(event, paths)
        variant_ids |= _first_id(event, ("variant_id", "sku.variant_id", "inventory.variant_id"))
    if paths and not ids:
        return ignored("it names no id that we could find")
    shipment_ids = _first_id(delivery.data, ("id",)) if kind == "shipment" else set()
    return StoreHint(
        topic=delivery.scope,
        store_hash=store_hash,
        kind=kind,
        ids=tuple(map(str, sorted(ids)[:MOST_IDS])),
        variant_ids=tuple(map(str, sorted(variant_ids)[:MOST_IDS])),
        shipment_id=str(min(shipment_ids, default="")),
        event_id=delivery.hash or "",
    )


def _first_id(event: Any, paths: Iterable[str]) -> set[int]:
    """The id at the first of `paths` that leads to one. Ids come as numbers and, in some scopes, as text."""
    for path in paths:
        value = event
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
            return {value}
    return set()
