"""Shipments of the V2 API as our documents and back, and who carries them. Pure.

Source: BigCommerce docs, reference/orders.v2.oas2.yml, orderShipment; assets/csv/tracking_carrier_values.csv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from twinshelf.documents import StoreShipment, Unreadable
from twinshelf.storefronts.bigcommerce import wire

CARRIERS: Mapping[str, str] = MappingProxyType(
    {
        "4px": "4PX",
        "amazon": "Amazon Shipping",
        "asendia-usa": "Asendia USA",
        "auspost": "Australia Post",
        "australia-post": "Australia Post",
        "axlehire-ftp": "AxleHire",
        "brt-it": "BRT Bartolini",
        "cainiao": "Cainiao",
        "canada-post": "Canada Post",
        "canadapost": "Canada Post",
        "china-ems": "China EMS (ePacket)",
        "china-post": "China Post",
        "chronopost-france": "Chronopost France",
        "correosexpress": "Correos Express",
        "dhl": "DHL Express",
        "dhl-germany": "Deutsche Post DHL",
        "dhl-global-mail": "DHL eCommerce",
        "dpd-uk": "DPD UK",
        "endicia": "USPS",
        "estafeta": "Estafeta",
        "fedex": "FedEx",
        "flashexpress": "Flash Express",
        "ghn": "GHN",
        "gls": "GLS",
        "hermes-de": "Hermes Germany",
        "inpost-paczkomaty": "InPost Paczkomaty",
        "jne": "JNE",
        "jtexpress": "J&T Express Malaysia",
        "jtexpress-vn": "J&T Express Vietnam",
        "la-poste-colissimo": "La Poste",
        "lasership": "LaserShip",
        "mondialrelay": "Mondial Relay",
        "myhermes-uk": "EVRi",
        "ninjavan": "Ninja Van",
        "ontrac": "OnTrac",
        "pitney-bowes": "Pitney Bowes",
        "poste-italiane": "Poste Italiane",
        "purolator": "Purolator",
        "royalmail": "Royal Mail",
        "sf-express": "SF Express",
        "simplypost": "J&T Express Singapore",
        "spain-correos-es": "Correos de España",
        "spx": "Shopee Express",
        "thailand-post": "Thailand Post",
        "ups": "UPS",
        "upsonline": "UPS",
        "upsready": "UPS",
        "usps": "USPS",
        "vnpost": "Vietnam Post",
        "whistl": "Whistl",
        "yanwen": "Yanwen",
        "yodel": "Yodel",
        "yunexpress": "Yun Express",
    }
)
"""What carriers are called whose code BigCommerce stores: the usual ones of the markets TikTok Shop is in."""

_PROVIDERS_ONLY = frozenset({"royalmail"})
"""Carriers that BigCommerce knows as a shipping provider and not as a tracking carrier."""

_OTHER_CODES = frozenset({"endicia", "upsonline", "upsready", "auspost", "canadapost"})
"""Codes of which another one means the same carrier."""

_CODES: Mapping[str, str] = MappingProxyType(
    {name.casefold(): code for code, name in CARRIERS.items() if code not in _OTHER_CODES}
)

# Words that stand for "no carrier named": what BigCommerce stores by itself, and what its form offers.
_NO_CARRIER = frozenset({"", "none", "custom", "other", "shipperhq"})


class _ShippedItem(msgspec.Struct):
    order_product_id: wire.Id
    quantity: int


class _Shipment(msgspec.Struct):
    id: wire.Id
    order_id: wire.Id
    items: list[_ShippedItem]
    tracking_number: str | None = None
    tracking_carrier: str | None = None
    shipping_provider: str | None = None
    shipping_method: str | None = None
    comments: str | None = None


_shipments = wire.Reader(_Shipment)


def shipment_from_json(body: bytes) -> StoreShipment:
    """One shipment. Raises DocumentError naming the field that is missing."""
    return _shipment(_shipments.bare(body))


def shipments_from_json(body: bytes) -> tuple[list[StoreShipment], tuple[Unreadable, ...]]:
    """(shipments of one order, those that could not be read)."""
    rows = _shipments.v2_list(body)
    return [_shipment(row) for row in rows.good], rows.bad


def shipment_to_json(
    *, address_id: str, items: Sequence[tuple[str, int]], tracking_number: str, carrier: str, comments: str
) -> dict[str, Any]:
    """The body that makes a shipment of `items`, pairs of (order_product_id, quantity); `carrier` as people say it."""
    body: dict[str, Any] = {
        "order_address_id": int(address_id),
        "items": [{"order_product_id": int(item_id), "quantity": quantity} for item_id, quantity in items],
        "tracking_number": tracking_number,
    }
    return body | carrier_to_json(carrier) | ({"comments": comments} if comments else {})


def carrier_to_json(name: str) -> dict[str, str]:
    """The fields that name a carrier: by BigCommerce's code, which gives a tracking link, else as the method's name.

    `shipping_provider` is always there: left out, it would be stored as "custom", and the buyer's email would lack
    its link. Source: docs/platforms/bigcommerce.md sections 14 and 21.
    """
    code = _CODES.get(name.strip().casefold(), "")
    if code in _PROVIDERS_ONLY:
        return {"tracking_carrier": "", "shipping_provider": code}
    method = {} if code or not name.strip() else {"shipping_method": name.strip()}
    return {"tracking_carrier": code, "shipping_provider": ""} | method


def carrier(tracking_carrier: str, shipping_provider: str, shipping_method: str) -> str:
    """Who carries it, as people say it (`usps` → `USPS`); what the merchant typed where it is no code; "" if untold.

    Merchants and shipping tools fill in any of three fields: the tracking carrier is the most deliberate, then the
    provider, then the method, which is free text.
    """
    for text in (tracking_carrier, shipping_provider, shipping_method):
        name = text.strip()
        code = name.lower()
        if code not in _NO_CARRIER and not code.startswith("carrier_"):  # an app's own provider: a number, no name
            return CARRIERS.get(code, name)
    return ""


def _shipment(row: _Shipment) -> StoreShipment:
    return StoreShipment(
        id=str(row.id),
        order_id=str(row.order_id),
        tracking_number=(row.tracking_number or "").strip(),
        carrier=carrier(row.tracking_carrier or "", row.shipping_provider or "", row.shipping_method or ""),
        items=tuple((str(item.order_product_id), item.quantity) for item in row.items),
        comments=row.comments or "",
    )
