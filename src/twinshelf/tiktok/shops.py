"""What a shop says of itself: id and cipher, warehouses, how it delivers, and what it still lacks to sell."""

from __future__ import annotations

import msgspec

from twinshelf.documents import Document, ShippingProvider, ShopInfo, Warehouse, WarehouseKind, WarehouseStatus
from twinshelf.tiktok import wire


class DeliveryOption(Document, frozen=True, kw_only=True):
    """A way of delivery that a warehouse offers. `type` is TikTok's word, such as STANDARD or SEND_BY_SELLER."""

    id: str
    name: str
    type: str = ""


class _Shop(msgspec.Struct, frozen=True):
    id: str
    cipher: str
    name: str = ""
    region: str = ""
    seller_type: str = ""
    code: str = ""


def shop_from_json(data: bytes | msgspec.Raw) -> ShopInfo:
    """One shop of Get Authorized Shops: the only place that tells ciphers."""
    shop = wire.read(data, _Shop)
    return ShopInfo(
        id=shop.id,
        name=shop.name,
        region=shop.region,
        seller_type=shop.seller_type,
        cipher=shop.cipher,
        code=shop.code,
    )


class _Address(msgspec.Struct, frozen=True):
    city: str = ""
    state: str = ""
    region_code: str = ""


class _Warehouse(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    type: str = ""
    sub_type: str = ""
    effect_status: str = ""
    is_default: bool = False
    address: _Address | None = None


def warehouse_from_json(data: bytes | msgspec.Raw) -> Warehouse:
    """One warehouse. Only what is ENABLED can sell: RESTRICTED is a holiday or a limit of orders.

    Of its address, the place and the country alone are kept: it names a person.
    """
    warehouse = wire.read(data, _Warehouse)
    address = warehouse.address or _Address()
    return Warehouse(
        id=warehouse.id,
        name=warehouse.name,
        sales=warehouse.type == "SALES_WAREHOUSE",
        enabled=warehouse.effect_status == "ENABLED",
        default=warehouse.is_default,
        status=_status(warehouse.effect_status),
        kind=_kind(warehouse.sub_type),
        place=", ".join(filter(None, (address.city, address.state))),
        region=address.region_code,
    )


def _status(text: str) -> WarehouseStatus:
    return WarehouseStatus(text) if text in set(WarehouseStatus) else WarehouseStatus.UNKNOWN


def _kind(text: str) -> WarehouseKind:
    return WarehouseKind(text) if text in set(WarehouseKind) else WarehouseKind.UNKNOWN


class _Provider(msgspec.Struct, frozen=True):
    id: str
    name: str = ""


def provider_from_json(data: bytes | msgspec.Raw) -> ShippingProvider:
    """One carrier. Names are close to each other: DHL and DHL eCommerce are two."""
    provider = wire.read(data, _Provider)
    return ShippingProvider(provider.id, provider.name.strip())


class _DeliveryOption(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    type: str = ""


def delivery_option_from_json(data: bytes | msgspec.Raw) -> DeliveryOption:
    """One way of delivery of a warehouse."""
    option = wire.read(data, _DeliveryOption)
    return DeliveryOption(id=option.id, name=option.name.strip(), type=option.type)


class _Check(msgspec.Struct, frozen=True):
    check_item: str
    is_failed: bool = False
    fail_reasons: list[str] = []


def failed_check_from_json(data: bytes | msgspec.Raw) -> tuple[str, tuple[str, ...]] | None:
    """(item, TikTok's reasons) of a listing prerequisite that is not met; None for one that is.

    Items are TikTok's words; its `BANk_ACCOUNT` is spelt in capitals here.
    """
    check = wire.read(data, _Check)
    return (check.check_item.upper(), tuple(check.fail_reasons)) if check.is_failed else None
