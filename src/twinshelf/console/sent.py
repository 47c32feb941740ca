"""What a change sent to a platform, in lines that people can read. Pure: the record's document in, lines out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from twinshelf.console import words
from twinshelf.orders.queries import cancel_reason_text

Lines = list[tuple[str, str]]
"""(what it is, what was sent)."""

MOST = 60
"""Lines shown of one change; a listing may have a hundred SKUs."""

_UNSAID: Final = frozenset({"type", "product_id", "shop_order_id", "sku_ids"})
"""The record says it beside the lines, or it is a number of our own."""

NAMES: Final[Mapping[str, Any]] = {
    **words.FIELDS,
    "shop_listing_id": _("Listing on TikTok"),
    "category_id": _("TikTok category number"),
    "brand_id": _("Brand number"),
    "manufacturer_id": _("Manufacturer number"),
    "responsible_person_id": _("Responsible person number"),
    "image_urls": _("Images"),
    "weight": _("Package weight"),
    "dimensions": _("Package size"),
    "warehouse_id": _("Warehouse"),
    "store_order_id": _("BigCommerce order"),
    "store_shipment_id": _("BigCommerce shipment"),
    "tracking_number": _("Tracking number"),
    "provider_id": _("Carrier number at TikTok"),
    "carrier": _("Carrier"),
    "unit_ids": _("Units"),
    "lines": _("Lines"),
    "reason": _("Reason"),
    "state": _("Status"),
    "before": _("Status before"),
}


def lines_of(change: Mapping[str, Any]) -> Lines:
    """What was sent, line by line, `MOST` at most; the rest is counted in the last line."""
    found = list(_lines(change))
    if len(found) <= MOST:
        return found
    return [*found[:MOST], ("", str(_("and %(n)s more") % {"n": f"{len(found) - MOST:,}"}))]


def _lines(change: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in change.items():
        if name in _UNSAID or value in ("", [], None):
            continue
        match name:
            case "listing":
                yield from _lines(value)
            case "skus":
                yield from ((_sku(sku["seller_sku"]), _sku_value(sku)) for sku in value)
            case "prices":
                yield from ((_sku(sku_id), _money(price)) for sku_id, price in value)
            case "stock":
                yield from ((_sku(sku_id), _quantity(*place)) for sku_id, places in value for place in places)
            case "attributes":
                yield _name(name), ", ".join(_attribute(each) for each in value)
            case "image_urls" | "lines" | "unit_ids":
                yield _name(name), f"{len(value):,}"
            case "reason":
                yield _name(name), cancel_reason_text(value)
            case "state" | "before":
                yield _name(name), words.status_text(value)
            case "weight" | "dimensions":
                yield _name(name), _measure(value)
            case _:
                yield _name(name), str(value)


def _name(name: str) -> str:
    return str(NAMES.get(name) or name.replace("_", " ").capitalize())


def _sku(code: str) -> str:
    return str(_("SKU %(code)s") % {"code": code})


def _measure(value: Mapping[str, Any]) -> str:
    numbers = [str(part) for name, part in value.items() if name != "unit"]
    return f"{' × '.join(numbers)} {value['unit'].lower()}"


def _money(price: Mapping[str, Any]) -> str:
    return f"{price['amount']} {price['currency']}"


def _quantity(warehouse: str, quantity: int) -> str:
    return str(_("%(n)s in warehouse %(number)s") % {"n": f"{quantity:,}", "number": warehouse})


def _sku_value(sku: Mapping[str, Any]) -> str:
    options = " / ".join(option["value"] for option in sku.get("options", ()))
    parts = [options, _money(sku["price"]), str(_("%(n)s in stock") % {"n": f"{sku['quantity']:,}"})]
    return ", ".join(part for part in parts if part)


def _attribute(value: Mapping[str, Any]) -> str:
    said = ", ".join([*value.get("value_names", ()), *(f"no. {each}" for each in value.get("value_ids", ()))])
    return f"no. {value['id']}: {said}"
