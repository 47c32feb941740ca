"""A shop's warehouses, read at the platform and kept with the shop."""

from __future__ import annotations

import msgspec

from twinshelf.connections import clients, global_stores
from twinshelf.connections.models import Shop
from twinshelf.documents import Warehouse, WarehouseStatus
from twinshelf.errors import Refused, ScopeMissing
from twinshelf.kit import clock


def read(shop: Shop) -> tuple[Warehouse, ...]:
    """Read the shop's warehouses and keep them: all of them, those for returns and those switched off too.

    Safe to repeat. A warehouse that the shop does not have any more is not among them, and not on record afterwards.
    """
    client = clients.shop_client(shop)
    try:
        found = client.warehouses()
    except Refused as refused:
        if refused.code == _NOT_ACTIVE:  # nothing can be read of it; that it is off, is known by this
            shop.failing = [[SHOP_STATUS, [refused.platform_message]]]
            shop.save(update_fields=["failing"])
        raise
    global_stores.read_method(shop)
    try:
        failing = client.failed_prerequisites()
    except (Refused, ScopeMissing):
        failing = ()
    shop.failing = [[item, list(reasons)] for item, reasons in failing]
    shop.warehouses = [_kept(each) for each in found]
    shop.warehouses_read_at = clock.now()
    shop.save(update_fields=["warehouses", "warehouses_read_at", "failing"])
    return found


SHOP_STATUS = "SHOP_STATUS"
"""What TikTok calls the prerequisite that the shop is active: not so of one that is closed, banned or suspended."""
_NOT_ACTIVE = "E-CON-SHOP"


def inactive(shop: Shop) -> str:
    """TikTok's words for why the shop may not sell, as last read; "" if it may."""
    for item, reasons in shop.failing:
        if item == SHOP_STATUS:
            return ", ".join(reasons) or "The shop is not active."
    return ""


def _kept(each: Warehouse) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "sales": each.sales,
        "enabled": each.enabled,
        "default": each.default,
        "status": each.status.value,
        "kind": each.kind.value,
        "place": each.place,
        "region": each.region,
    }


def of(shop: Shop) -> tuple[Warehouse, ...]:
    """The shop's warehouses for selling, as last read, its default one first."""
    rows = [_from_record(row) for row in shop.warehouses]
    return tuple(sorted((row for row in rows if row.sales), key=lambda row: not row.default))


def _from_record(row: dict[str, object]) -> Warehouse:
    known = {name: row[name] for name in Warehouse.__struct_fields__ if name in row}
    found = msgspec.convert(known, Warehouse)
    if "status" in row or found.enabled:
        return found
    return msgspec.structs.replace(found, status=WarehouseStatus.UNKNOWN)  # kept before its status was
