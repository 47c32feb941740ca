"""Shipments as TikTok hears of them: what is sent, and what it says of units and packages already shipped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from twinshelf.documents import Document
from twinshelf.tiktok import wire

ARRANGED: Final = frozenset({"PROCESSING", "FULFILLING", "COMPLETED"})
"""Statuses of a package whose shipment was already reported."""


class PackagedUnit(Document, frozen=True, kw_only=True):
    """A unit of an order with the package it is in: "" while it is in none."""

    unit_id: str
    package_id: str = ""
    tracking_number: str = ""


class Package(Document, frozen=True, kw_only=True):
    """A package. `status` is TikTok's word; `arranged` says that its shipment was already reported."""

    id: str
    status: str
    arranged: bool
    tracking_number: str = ""
    provider_id: str = ""
    warehouse_id: str = ""
    """Where it really ships from: TikTok may move it after the order was placed."""


class Shipped(Document, frozen=True, kw_only=True):
    """What became of a report. `warning` is TikTok's own, such as of a number that several carriers could have made."""

    package_id: str
    warning: str = ""


def clean_tracking(number: str) -> str:
    """A tracking number as carriers print it: without spaces, in capitals: TikTok compares it with their form."""
    return "".join(number.split()).upper()


def shipment_to_json(unit_ids: Iterable[str], tracking_number: str, provider_id: str) -> dict[str, Any]:
    """The body of Mark Package As Shipped, version 202610."""
    return {
        "order_line_list": [{"order_line_id": unit_id} for unit_id in unit_ids],
        "shipping_info_list": [
            {"tracking_number": clean_tracking(tracking_number), "shipping_provider_id": provider_id}
        ],
    }


def tracking_to_json(tracking_number: str, provider_id: str) -> dict[str, str]:
    """Tracking number and carrier, as Ship Package (`self_shipment`) and Update Shipping Info take them."""
    return {"tracking_number": clean_tracking(tracking_number), "shipping_provider_id": provider_id}


class _Warning(msgspec.Struct, frozen=True):
    message: str = ""


class _Shipped(msgspec.Struct, frozen=True):
    package_id: str = ""
    warning: _Warning = _Warning()


def shipped_from_json(data: bytes | msgspec.Raw) -> Shipped:
    """The answer of Mark Package As Shipped."""
    shipped = wire.read(data, _Shipped)
    return Shipped(package_id=shipped.package_id, warning=shipped.warning.message)


class _LineItem(msgspec.Struct, frozen=True):
    id: str
    package_id: str = ""
    package_status: str = ""
    tracking_number: str = ""


class _Order(msgspec.Struct, frozen=True):
    line_items: list[_LineItem] = []


def packaged_units_from_json(data: bytes | msgspec.Raw) -> tuple[PackagedUnit, ...]:
    """Every unit of one order of Get Order Detail with its package; a cancelled package counts as none."""
    return tuple(
        PackagedUnit(unit_id=item.id)
        if item.package_status == "CANCELLED"
        else PackagedUnit(unit_id=item.id, package_id=item.package_id, tracking_number=item.tracking_number)
        for item in wire.read(data, _Order).line_items
    )


class _Package(msgspec.Struct, frozen=True):
    package_id: str
    package_status: str = ""
    tracking_number: str = ""
    shipping_provider_id: str = ""
    warehouse_id: str = ""


def package_from_json(data: bytes | msgspec.Raw) -> Package:
    """The answer of Get Package Detail."""
    package = wire.read(data, _Package)
    return Package(
        id=package.package_id,
        status=package.package_status,
        arranged=package.package_status in ARRANGED,
        tracking_number=package.tracking_number,
        provider_id=package.shipping_provider_id,
        warehouse_id=package.warehouse_id,
    )
