"""Orders of a shop: units grouped to lines, money that adds up, and the address as far as it is shown.

Also the references to our orders that TikTok keeps beside its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from twinshelf.documents import (
    Address,
    Document,
    Money,
    OrderLine,
    OrderPayment,
    ShopOrder,
    ShopOrderStatus,
    ShopPackage,
)
from twinshelf.errors import DocumentError
from twinshelf.tiktok import wire
from twinshelf.tiktok.packages import ARRANGED

REFERENCE_PLATFORM: Final = "BIGCOMMERCE"
_MAX_REFERENCE_LINES: Final = 100

_ZERO: Final = Decimal(0)

# The webhook's spelling of the same status.
_STATUS: Final = {"CANCEL": "CANCELLED"}

_CANCELLED: Final = frozenset({"CANCELLED", "CANCEL"})
_GONE: Final = "CANCELLED"
"""A package's status."""

_BY_TIKTOK: Final = frozenset({"FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"})


class _Tax(msgspec.Struct, frozen=True):
    tax_amount: Decimal = _ZERO


class _LineItem(msgspec.Struct, frozen=True):
    id: str
    original_price: Decimal
    sale_price: Decimal
    sku_id: str = ""
    product_id: str = ""
    seller_sku: str = ""
    product_name: str = ""
    sku_name: str = ""
    seller_discount: Decimal = _ZERO
    platform_discount: Decimal = _ZERO
    item_tax: list[_Tax] = []
    is_gift: bool = False
    display_status: str = ""
    package_id: str = ""
    package_status: str = ""
    tracking_number: str = ""
    shipping_provider_id: str = ""
    shipping_provider_name: str = ""


class _Payment(msgspec.Struct, frozen=True):
    currency: str
    total_amount: Decimal
    sub_total: Decimal
    shipping_fee: Decimal = _ZERO
    tax: Decimal | None = None
    product_tax: Decimal = _ZERO
    shipping_fee_tax: Decimal = _ZERO
    seller_discount: Decimal = _ZERO
    platform_discount: Decimal = _ZERO


class _District(msgspec.Struct, frozen=True):
    address_level: str = ""
    address_level_name: str = ""
    address_name: str = ""
    iso_code: str = ""


class _Recipient(msgspec.Struct, frozen=True):
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""
    full_address: str = ""
    address_detail: str = ""
    address_line1: str = ""
    address_line2: str = ""
    address_line3: str = ""
    address_line4: str = ""
    postal_code: str = ""
    post_town: str = ""
    region_code: str = ""
    district_info: list[_District] = []


class _Package(msgspec.Struct, frozen=True):
    id: str = ""


class _Order(msgspec.Struct, frozen=True):
    id: str
    status: str
    create_time: int
    update_time: int
    payment: _Payment
    line_items: list[_LineItem]
    paid_time: int = 0
    is_on_hold_order: bool = False
    recipient_address: _Recipient = _Recipient()
    user_id: str = ""
    buyer_email: str = ""
    buyer_message: str = ""
    fulfillment_type: str = ""
    shipping_type: str = ""
    delivery_option_id: str = ""
    delivery_option_name: str = ""
    warehouse_id: str = ""
    packages: list[_Package] = []
    tracking_number: str = ""
    shipping_provider: str = ""
    rts_sla_time: int = 0
    shipping_due_time: int = 0
    cancel_reason: str = ""
    cancellation_initiator: str = ""
    is_buyer_request_cancel: bool = False
    is_sample_order: bool = False
    is_replacement_order: bool = False
    is_exchange_order: bool = False
    replaced_order_id: str = ""
    exchange_source_order_id: str = ""


def order_from_json(data: bytes | msgspec.Raw) -> ShopOrder:
    """Translate one order of Get Order List or Get Order Detail; both give the same.

    TikTok sends a line item for every unit: those bought alike become one line that knows its units. `fees` is what
    the total has beyond goods, shipping and tax (service, small-order and delivery fees, insurance), so that the parts
    always make up the total; it is negative where TikTok took something off. `ship_by` is the latest time to ship.
    A masked or empty address comes as it is: while an order is unpaid or on hold there is none.

    Raises DocumentError naming the field that is missing. An unknown status is UNKNOWN; its word is kept.
    """
    order = wire.read(data, _Order)
    for field, text in (("id", order.id), ("status", order.status), ("payment.currency", order.payment.currency)):
        if not text:
            raise DocumentError(field, "empty in what TikTok Shop sent")
    word = _STATUS.get(order.status, order.status)
    status = ShopOrderStatus(word)
    return ShopOrder(
        id=order.id,
        status=status,
        status_text=word if status is ShopOrderStatus.UNKNOWN else "",
        created_at=wire.moment(order.create_time, "create_time"),
        updated_at=wire.moment(order.update_time, "update_time"),
        paid_at=wire.moment_or_none(order.paid_time, "paid_time"),
        on_hold=order.is_on_hold_order or status is ShopOrderStatus.ON_HOLD,
        lines=_lines(order.line_items, order.payment.currency),
        payment=_payment(order.payment),
        address=_address(order.recipient_address, order.buyer_email),
        buyer_id=order.user_id,
        buyer_message=order.buyer_message.strip(),
        fulfilled_by_tiktok=order.fulfillment_type in _BY_TIKTOK,
        shipped_by_tiktok=order.shipping_type.startswith("TIKTOK"),
        delivery_option_id=order.delivery_option_id,
        delivery_option=order.delivery_option_name.strip(),
        warehouse_id=order.warehouse_id,
        packages=_packages(order),
        tracking_number=order.tracking_number,
        shipping_provider=order.shipping_provider,
        ship_by=wire.moment_or_none(order.rts_sla_time or order.shipping_due_time, "rts_sla_time"),
        cancel_reason=order.cancel_reason,
        cancelled_by=order.cancellation_initiator,
        buyer_wants_cancel=order.is_buyer_request_cancel,
        sample=order.is_sample_order,
        replacement=order.is_replacement_order or order.is_exchange_order,
        source_order_id=order.replaced_order_id or order.exchange_source_order_id,
    )


def _packages(order: _Order) -> tuple[ShopPackage, ...]:
    """The packages with their units, as the line items say. One that no line names holds all if it is the only one."""
    named = [package.id for package in order.packages] + [item.package_id for item in order.line_items]
    ids = list(dict.fromkeys(filter(None, named)))
    inside = {package_id: [item for item in order.line_items if item.package_id == package_id] for package_id in ids}
    if len(ids) == 1 and not inside[ids[0]]:
        inside[ids[0]] = list(order.line_items)
    found = []
    for package_id, items in inside.items():
        there = [item for item in items if item.display_status not in _CANCELLED]
        if items and all(item.package_status == _GONE or item not in there for item in items):
            continue
        first = next((item for item in there if item.tracking_number), there[0] if there else None)
        found.append(
            ShopPackage(
                id=package_id,
                unit_ids=tuple(item.id for item in there),
                shipped=any(item.package_status in ARRANGED for item in there),
                tracking_number=first.tracking_number if first else "",
                provider_id=first.shipping_provider_id if first else "",
                provider=first.shipping_provider_name if first else "",
            )
        )
    return tuple(found)


def _lines(items: Iterable[_LineItem], currency: str) -> tuple[OrderLine, ...]:
    """Units of a kind become one line, by first sight. Units taxed differently are two kinds: amounts are exact."""
    groups: dict[OrderLine, list[str]] = {}
    for item in items:
        if not item.id:
            raise DocumentError("line_items.id", "empty in what TikTok Shop sent")
        groups.setdefault(_line(item, currency), []).append(item.id)
    return tuple(replace(kind, unit_ids=tuple(unit_ids)) for kind, unit_ids in groups.items())


def _line(item: _LineItem, currency: str) -> OrderLine:
    """What `item` has in common with other units of its kind: all but the unit's own id."""

    def money(field: str, amount: Decimal) -> Money:
        return wire.money(amount, currency, f"line_items.{field}")

    return OrderLine(
        unit_ids=(),
        product_id=item.product_id,
        sku_id=item.sku_id,
        seller_sku=item.seller_sku,
        title=item.product_name,
        sku_title=item.sku_name,
        original_price=money("original_price", item.original_price),
        paid=money("sale_price", item.sale_price),
        seller_discount=money("seller_discount", item.seller_discount),
        platform_discount=money("platform_discount", item.platform_discount),
        tax=Money.total((money("item_tax", tax.tax_amount) for tax in item.item_tax), currency),
        gift=item.is_gift,
        status=_STATUS.get(item.display_status, item.display_status),
    )


def _payment(payment: _Payment) -> OrderPayment:
    def money(field: str, amount: Decimal) -> Money:
        return wire.money(amount, payment.currency, f"payment.{field}")

    total, subtotal = money("total_amount", payment.total_amount), money("sub_total", payment.sub_total)
    shipping = money("shipping_fee", payment.shipping_fee)
    product_tax, shipping_tax = (
        money("product_tax", payment.product_tax),
        money("shipping_fee_tax", payment.shipping_fee_tax),
    )
    tax = product_tax + shipping_tax if payment.tax is None else money("tax", payment.tax)
    return OrderPayment(
        subtotal=subtotal,
        shipping=shipping,
        tax=tax,
        product_tax=product_tax,
        shipping_tax=shipping_tax,
        fees=total - subtotal - shipping - tax,
        seller_discount=money("seller_discount", payment.seller_discount),
        platform_discount=money("platform_discount", payment.platform_discount),
        total=total,
    )


# -- address --------------------------------------------------------------------------------------------------------

# What the levels of an address are called, by market: (city, state), the best name first. GB has a post town as well.
# Source: TikTok's docs name only the US ones (L1 state, L2 county, L3 city); the others are those of M2E's connector.
# Captured orders of VN have a `city` at L1 (one that is a province) or at L2, or none.
_LEVELS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "US": (("city",), ("state",)),
    "GB": (("post town", "city", "town", "county"), ("county", "country")),
    "DE": (("municipality", "city"), ("federal state", "state")),
    "ES": (("municipality", "city"), ("province",)),
    "FR": (("arrondissement", "city", "commune"), ("department",)),
    "IT": (("city", "municipality"), ("province",)),
    "IE": (("municipal district", "city", "town"), ("county",)),
    "BR": (("municipality", "city"), ("state",)),
    "JP": (("city", "municipality", "ward"), ("prefecture",)),
}
_OTHER_LEVELS: Final = (("city", "municipality", "town"), ("state", "province", "prefecture", "region"))

# Where a parcel does not arrive without the names below the city.
_SMALL_LEVELS_NEEDED: Final = frozenset({"ID", "MY", "PH", "TH", "VN"})
_ONE_NAME: Final = frozenset({"BR", "MX"})


def _address(to: _Recipient, email: str) -> Address:
    region = to.region_code or next((d.iso_code for d in to.district_info if d.address_level == "L0"), "")
    city_names, state_names = _LEVELS.get(region, _OTHER_LEVELS)
    levels = [district for district in to.district_info if district.address_level != "L0"]
    city = None if to.post_town else _city(levels, city_names, state_names)
    rest = [district for district in levels if district is not city]
    state = _level(rest, state_names) or _level_at(rest, "L1")
    first_name, last_name = _names(to, region)
    street_1 = to.address_line1 or to.address_detail or to.full_address
    more = [to.address_line2, to.address_line3, to.address_line4]
    if region in _SMALL_LEVELS_NEEDED and city is not None:
        below = sorted((d for d in levels if d.address_level > city.address_level), key=lambda d: d.address_level)
        more += [district.address_name for district in reversed(below)]
    lines = dict.fromkeys(line for line in map(_one_line, more) if line and line != _one_line(street_1))
    return Address(
        first_name=first_name,
        last_name=last_name,
        street_1=_one_line(street_1),
        street_2=", ".join(lines),
        city=_one_line(to.post_town or (city.address_name if city else "")),
        state=_one_line(state.address_name if state else ""),
        postal_code=_one_line(to.postal_code),
        country_code=region,
        phone=_phone(to.phone_number),
        email=email.strip(),
    )


def _city(levels: Sequence[_District], names: Iterable[str], states: Iterable[str]) -> _District | None:
    """The level that is the city; None where there is but a state.

    A `city` at L1 with a level below it is a province that is called so, as Hà Nội is: the city is the level below.
    """
    named, first, second = _level(levels, names), _level_at(levels, "L1"), _level_at(levels, "L2")
    if named is not None and (named is not first or second is None):
        return named
    return second or (None if first is _level(levels, states) else first)


def _level(levels: Iterable[_District], names: Iterable[str]) -> _District | None:
    by_name = {district.address_level_name.strip().casefold(): district for district in levels}
    return next((by_name[name] for name in names if name in by_name), None)


def _level_at(levels: Iterable[_District], level: str) -> _District | None:
    return next((district for district in levels if district.address_level == level), None)


def _names(to: _Recipient, region: str) -> tuple[str, str]:
    """One name goes into the first; BR and MX give all of it there, whatever the second says (changelog, 2025)."""
    whole, first, last = _one_line(to.name), _one_line(to.first_name), _one_line(to.last_name)
    if region in _ONE_NAME:
        return whole or f"{first} {last}".strip(), ""
    return (first, last) if first else (whole or last, "")


def _phone(text: str) -> str:
    """`(+1)213-***-1234` as `+1 213-***-1234`: what is masked stays masked."""
    return re.sub(r"^\(\+(\d+)\)\s*", r"+\1 ", _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())


# -- references to our orders ---------------------------------------------------------------------------------------


class Reference(Document, frozen=True, kw_only=True):
    """Our order beside TikTok's. `lines` are (our line id, TikTok's unit id); TikTok takes at most 100 of them."""

    shop_order_id: str
    store_order_id: str
    lines: tuple[tuple[str, str], ...] = ()


class _ReferenceLine(msgspec.Struct, frozen=True):
    id: str = ""
    origin_id: str = ""


class _Reference(msgspec.Struct, frozen=True):
    id: str
    platform: str = ""
    line_items: list[_ReferenceLine] = []


def references_to_json(references: Iterable[Reference]) -> dict[str, Any]:
    """The body of Add External Order References. A second reference of an order replaces the first."""
    return {
        "orders": [
            {
                "id": reference.shop_order_id,
                "external_order": {
                    "id": reference.store_order_id,
                    "platform": REFERENCE_PLATFORM,
                    "line_items": [
                        {"id": ours, "origin_id": theirs} for ours, theirs in reference.lines[:_MAX_REFERENCE_LINES]
                    ],
                },
            }
            for reference in references
        ]
    }


def reference_from_json(data: bytes | msgspec.Raw, *, shop_order_id: str) -> Reference:
    """One row of Get External Order References."""
    reference = wire.read(data, _Reference)
    return Reference(
        shop_order_id=shop_order_id,
        store_order_id=reference.id,
        lines=tuple((line.id, line.origin_id) for line in reference.line_items),
    )
