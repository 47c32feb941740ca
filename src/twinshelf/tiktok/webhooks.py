"""Webhooks: whether one is genuine, what it hints at, and which ones a shop has. Pure.

A webhook never carries truth, only the id of something worth reading again.
Source: TikTok Shop docs, "Webhooks configuration guide" and the pages of the topics.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from twinshelf.documents import Document
from twinshelf.errors import DocumentError
from twinshelf.tiktok import cancellations, wire

Kind = Literal["order", "product", "cancellation", "return", "package", "deauthorized", "expiring", "ignored"]


class Topic(Document, frozen=True):
    """What a kind of webhook hints at, and its name where a shop's connection subscribes to it.

    Without name it is taken if it comes: it can be had in Partner Center only, or tells nothing that others do not.
    """

    kind: Kind
    event_type: str = ""


TOPICS: Final = MappingProxyType[int, Topic](
    {
        1: Topic("order", "ORDER_STATUS_CHANGE"),
        3: Topic("order", "RECIPIENT_ADDRESS_UPDATE"),
        4: Topic("package", "PACKAGE_UPDATE"),
        5: Topic("product", "PRODUCT_STATUS_CHANGE"),
        6: Topic("deauthorized", "SELLER_DEAUTHORIZATION"),
        7: Topic("expiring", "UPCOMING_AUTHORIZATION_EXPIRATION"),
        11: Topic("cancellation", "CANCELLATION_STATUS_CHANGE"),
        12: Topic("return", "RETURN_STATUS_CHANGE"),
        15: Topic("product", "PRODUCT_INFORMATION_CHANGE"),
        16: Topic("product"),  # created
        18: Topic("product"),  # moved to another category
        27: Topic("product"),  # its stock runs out
        36: Topic("package"),  # invoice
        37: Topic("product", "PRODUCT_AUDIT_STATUS_CHANGE"),
        38: Topic("product"),  # a struck price ends
        50: Topic("product"),  # a SKU's status
        64: Topic("return"),
        65: Topic("return"),
        67: Topic("return"),
        71: Topic("product"),  # its stock was changed in the shop
    }
)
"""Topic by the number that deliveries carry. Others (conversations, promotions, size charts, …) are ignored."""

EVENT_TYPES: Final = tuple(topic.event_type for topic in TOPICS.values() if topic.event_type)
"""What a connection subscribes to."""


class Hint(Document, frozen=True, kw_only=True):
    """That something may have changed.

    `ids` are of the kind's own things: orders, products, cancellations, returns, packages. `order_ids` are the orders
    concerned, where the topic tells. `status` is spelt as in the API. `at` is when it changed, as TikTok dates it.
    `notification_id` is equal for repeated deliveries; a topic without one gets it from its body.
    """

    type: int
    notification_id: str
    shop_id: str
    kind: Kind
    ids: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    status: str = ""
    at: datetime


class Subscription(Document, frozen=True, kw_only=True):
    """One topic that the shop has sent to `address`."""

    event_type: str
    address: str
    updated_at: datetime | None = None


_OWN_ID: Final = MappingProxyType[Kind, str](
    {
        "order": "order_id",
        "product": "product_id",
        "cancellation": "cancel_id",
        "return": "own_return_id",
        "package": "package_id",
    }
)
_STATUS_FIELDS: Final = ("order_status", "cancel_status", "return_status", "invoice_status", "status")

MOST_IDS: Final = 100
"""Of one delivery. The documented ones name one thing, or the few orders of a combined package."""
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,40}")

_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")


def verify(app_key: str, app_secret: str, authorization: str, body: bytes) -> bool:
    """Whether TikTok signed this very body for this app. Compares in constant time; never raises.

    The signature has no timestamp in it: a delivery that was caught can be sent again, and is told by its id only.
    Without a secret nothing is genuine: anybody can sign with none.
    """
    if not app_key or not app_secret:
        return False
    expected = hmac.new(app_secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
    given = authorization if _SIGNATURE.fullmatch(authorization) else ""
    return hmac.compare_digest(given.encode(), expected.encode())


class _Audit(msgspec.Struct, frozen=True):
    status: str = ""


class _Package(msgspec.Struct, frozen=True):
    package_id: str = ""
    order_id_list: list[str] = []


class _Returned(msgspec.Struct, frozen=True):
    main_order_id: str = ""


class _Data(msgspec.Struct, frozen=True):
    order_id: str = ""
    order_ids: list[str] = []
    product_id: str = ""
    cancel_id: str = ""
    return_id: str = ""
    aftersales_request_id: str = ""
    rma_id: str = ""
    line_items: list[_Returned] = []
    package_id: str = ""
    package_list: list[_Package] = []
    order_status: str = ""
    cancel_status: str = ""
    return_status: str = ""
    invoice_status: str = ""
    status: str = ""
    audit: _Audit = _Audit()
    update_time: int = 0
    create_time: int = 0

    @property
    def own_return_id(self) -> str:
        """The newer topics call a return a request, or its parcel."""
        return self.return_id or self.aftersales_request_id or self.rma_id


class _Delivery(msgspec.Struct, frozen=True):
    type: int
    timestamp: int
    tts_notification_id: str = ""
    shop_id: str = ""
    data: dict[str, Any] = {}


def hint_from_json(body: bytes) -> Hint:
    """What a delivery is about. Ids are text even where TikTok sends numbers.

    A topic that is unknown, or of use to nobody here, is "ignored": so is one whose data cannot be read, since polling
    finds what it was about. Raises DocumentError only if even type and time are missing.
    """
    delivery = wire.read(body, _Delivery)
    kind: Kind = TOPICS[delivery.type].kind if delivery.type in TOPICS else "ignored"
    try:
        data = wire.read(msgspec.json.encode(delivery.data), _Data) if kind != "ignored" else _Data()
    except DocumentError:
        kind, data = "ignored", _Data()
    own: list[str] = [getattr(data, _OWN_ID[kind])] if kind in _OWN_ID else []
    orders = [data.order_id, *data.order_ids, *(item.main_order_id for item in data.line_items)]
    for package in data.package_list:
        own.append(package.package_id)
        orders += package.order_id_list
    ids = _bounded(own)
    if kind in _OWN_ID and not ids:
        kind = "ignored"
    return Hint(
        type=delivery.type,
        # A topic that the documentation leaves without id (3): equal bodies are one event.
        notification_id=delivery.tts_notification_id or f"body-{hashlib.sha256(body).hexdigest()}",
        shop_id=delivery.shop_id if _ID.fullmatch(delivery.shop_id) else "",
        kind=kind,
        ids=ids,
        order_ids=_bounded(orders),
        status=_status(data),
        at=wire.moment(data.update_time or data.create_time or delivery.timestamp, "timestamp"),
    )


def _bounded(ids: Iterable[str]) -> tuple[str, ...]:
    """Each once, those that can be ids, and no more than any genuine delivery tells: polls find what is left out."""
    return tuple(islice((one for one in dict.fromkeys(ids) if _ID.fullmatch(one)), MOST_IDS))


def _status(data: _Data) -> str:
    found = next((text for field in _STATUS_FIELDS if (text := getattr(data, field))), data.audit.status)
    return cancellations.same_spelling("CANCELLED" if found == "CANCEL" else found)


class _Subscription(msgspec.Struct, frozen=True):
    event_type: str
    address: str = ""
    update_time: int = 0
    create_time: int = 0


def subscription_from_json(data: bytes | msgspec.Raw) -> Subscription:
    """One row of Get Shop Webhooks; its times come in milliseconds or in seconds."""
    row = wire.read(data, _Subscription)
    return Subscription(
        event_type=row.event_type,
        address=row.address,
        updated_at=wire.moment_or_none(row.update_time or row.create_time, "update_time"),
    )
