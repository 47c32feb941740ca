"""The store itself, its channels, and what an API account may do there. Pure.

Source: BigCommerce docs, reference/{store_information.v2, settings.v3, channels.v3}.yml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from twinshelf.documents import LengthUnit, StoreCurrency, StoreInfo, StoreRight, StoreScope, Unreadable, WeightUnit
from twinshelf.errors import DocumentError
from twinshelf.storefronts.bigcommerce import wire

MARKETPLACE, PLATFORM = "marketplace", "tiktok"
"""The pair of channel type and platform under which BigCommerce knows TikTok Shop."""


@dataclass(frozen=True)
class Channel:
    """A sales channel of the store. `status` is BigCommerce's word: orders are taken only while it is "connected"."""

    id: str
    name: str
    type: str
    platform: str
    status: str
    external_id: str

    @property
    def revivable(self) -> bool:
        """Whether its status can still be set; a deleted channel only comes back through BigCommerce's support."""
        return self.status not in {"deleted", "terminated"}


@dataclass(frozen=True)
class Probe:
    """A harmless call that tells whether a scope was granted: a read, or a write to what no store has."""

    scope: StoreScope
    path: str
    method: Literal["GET", "PUT"] = "GET"


def _scope(name: str, label: str, opens: StoreRight) -> StoreScope:
    return StoreScope(name=name, label=label, opens=opens)


_PRODUCTS = _scope("store_v2_products", "Products", "products")
_INVENTORY = _scope("store_inventory", "Store inventory", "stock")
_ORDERS = _scope("store_v2_orders", "Orders", "orders")

PROBES: tuple[Probe, ...] = (
    Probe(_scope("store_v2_information_read_only", "Information & settings", "settings"), "/v2/store"),
    Probe(_PRODUCTS, "/v3/catalog/products?include_fields=id&limit=1"),
    Probe(_PRODUCTS, "/v3/catalog/products/0", "PUT"),
    Probe(_INVENTORY, "/v3/inventory/items?limit=1"),
    Probe(_INVENTORY, "/v3/inventory/adjustments/absolute", "PUT"),
    Probe(_scope("store_locations_read_only", "Store locations", "locations"), "/v3/inventory/locations?limit=1"),
    Probe(_ORDERS, "/v2/orders?limit=1"),
    Probe(_ORDERS, "/v2/orders/0", "PUT"),
    Probe(_scope("store_channel_settings", "Channel settings", "channels"), "/v3/channels?limit=1"),
)
"""What we need and how to find out. A `_read_only` scope opens GET only, so writing is tried too: where nothing is."""

_HASH = re.compile(r"[a-z0-9]{3,32}")
_ADDRESS = re.compile(r"(?:https?://)?store-([a-z0-9]{3,32})(?:-\d+)?\.mybigcommerce\.com(?:[/?#:].*)?", re.DOTALL)
_API_PATH = re.compile(r"https?://api\.bigcommerce\.com/stores/([a-z0-9]{3,32})(?:[/?#].*)?", re.DOTALL)

_WEIGHT_UNITS: Mapping[str, WeightUnit] = MappingProxyType(
    {"lbs": "LB", "pounds": "LB", "ounces": "OZ", "kgs": "KG", "kilograms": "KG", "grams": "G", "tonnes": "T"}
)
_LENGTH_UNITS: Mapping[str, LengthUnit] = MappingProxyType({"inches": "IN", "centimeters": "CM"})


class _TimeZone(msgspec.Struct):
    name: str


class _Store(msgspec.Struct):
    id: str
    name: str
    currency: str
    timezone: _TimeZone
    is_price_entered_with_tax: bool | None = None
    control_panel_base_url: str | None = None
    weight_units: str | None = None
    dimension_units: str | None = None


class _Units(msgspec.Struct):
    weight_measurement: str | None = None
    length_measurement: str | None = None


class _Time(msgspec.Struct):
    time: Annotated[int, msgspec.Meta(ge=0, le=2**33)]


class _Currency(msgspec.Struct):
    currency_code: str
    currency_exchange_rate: Decimal
    is_default: bool = False
    is_transactional: bool = False
    enabled: bool = True


class _Channel(msgspec.Struct):
    id: wire.Id
    name: str
    type: str
    platform: str
    status: str
    external_id: str | None = None


_stores = wire.Reader(_Store)
_units = wire.Reader(_Units)
_times = wire.Reader(_Time)
_currencies = wire.Reader(_Currency)
_channels = wire.Reader(_Channel)


def hash_from_address(text: str) -> str:
    """The store hash in what a person pasted: the hash itself, a control-panel address, or an API path.

    Raises DocumentError if there is none.
    """
    text = text.strip()
    if _HASH.fullmatch(text.lower()):
        return text.lower()
    if match := _ADDRESS.fullmatch(text.lower()) or _API_PATH.fullmatch(text.lower()):
        return match[1]
    raise DocumentError("store hash", "not a BigCommerce store hash or control-panel address")


def units_from_json(body: bytes) -> tuple[str, str]:
    """BigCommerce's words for the units of (weight, length), "" if it does not say."""
    row = _units.enveloped(body)
    return row.weight_measurement or "", row.length_measurement or ""


def store_from_json(body: bytes, units: tuple[str, str]) -> StoreInfo:
    """What `/v2/store` says, with the units of the settings.

    Where those are "" the store's own words have to do, which are less certain ("metric" has been seen). Raises
    DocumentError naming the field that is missing or the unit that is unknown.
    """
    row = _stores.bare(body)
    weight = units[0] or row.weight_units or ""
    length = units[1] or row.dimension_units or ""
    if weight.lower() not in _WEIGHT_UNITS:
        raise DocumentError("weight_measurement", f"unknown unit {weight!r}")
    if length.lower() not in _LENGTH_UNITS:
        raise DocumentError("length_measurement", f"unknown unit {length!r}")
    if not _HASH.fullmatch(row.id):
        raise DocumentError("id", "not a store hash")
    return StoreInfo(
        hash=row.id,
        name=row.name,
        currency=row.currency,
        time_zone=row.timezone.name,
        weight_unit=_WEIGHT_UNITS[weight.lower()],
        length_unit=_LENGTH_UNITS[length.lower()],
        prices_include_tax=bool(row.is_price_entered_with_tax),
        control_panel_url=_page(row.control_panel_base_url or ""),
    )


def currencies_from_json(body: bytes) -> tuple[list[StoreCurrency], tuple[Unreadable, ...]]:
    """The currencies of one page. Source: BigCommerce docs, reference/currencies.v2.yml."""
    rows = _currencies.v2_list(body)
    found = [
        StoreCurrency(
            code=row.currency_code.upper(),
            rate=row.currency_exchange_rate,
            takes_orders=row.is_default or (row.is_transactional and row.enabled),
        )
        for row in rows.good
    ]
    return found, rows.bad


def _page(url: str) -> str:
    """An address that people may be led to, "" if it is none. Without https only on this machine: the sandbox's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"})
    return url if safe and parts.hostname and not re.search(r"[\s\"'<>\\]", url) else ""


def time_from_json(body: bytes) -> datetime:
    """The platform's clock, to the second."""
    return datetime.fromtimestamp(_times.bare(body).time, UTC)


def channel_from_json(body: bytes) -> Channel:
    """One channel in its `data` envelope. Raises DocumentError naming the field that is missing."""
    return _channel(_channels.enveloped(body))


def channels_from_json(body: bytes) -> tuple[tuple[Channel, ...], bool | None]:
    """(channels, whether there are more pages)."""
    rows = _channels.v3_list(body)
    return tuple(map(_channel, rows.good)), rows.more


def channel_to_json(name: str, external_id: str) -> dict[str, Any]:
    """The body that makes the TikTok Shop channel: connected, and not to be listed on from BigCommerce's own pages."""
    return {
        "name": channel_name(name),
        "type": MARKETPLACE,
        "platform": PLATFORM,
        "status": "connected",
        "external_id": external_id,
        "is_listable_from_ui": False,
        "is_visible": True,
    }


def channel_name(text: str) -> str:
    """`text` with only what BigCommerce allows in a channel's name: Latin letters, digits, dash and underscore."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") or "TikTok-Shop"


def _channel(row: _Channel) -> Channel:
    return Channel(str(row.id), row.name, row.type, row.platform, row.status, row.external_id or "")
