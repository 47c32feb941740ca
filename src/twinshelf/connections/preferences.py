"""A merchant's choices for a connection, with their defaults (docs/reference/behavior.md section 1.2). Pure.

Stored as JSON on the connection; what is not stored has its default here, so a new choice needs no migration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from twinshelf.documents import StoreOrderState
from twinshelf.errors import DocumentError

Direction = Literal["bc_to_tts", "tts_to_bc", "disabled"]
ThresholdMode = Literal["set_zero", "deactivate"]
RuleKind = Literal["none", "fixed_up", "fixed_down", "percent_up", "percent_down"]


class PriceRule(msgspec.Struct, frozen=True):
    """How a shop's price differs from the store's. `value` > 0: an amount of the shop's currency, or a percentage."""

    kind: RuleKind = "none"
    value: Decimal = Decimal(0)


class PackageDefaults(msgspec.Struct, frozen=True):
    """Whole numbers in the store's units that apply where nothing stronger gives a value; None: no default."""

    length: int | None = None
    width: int | None = None
    height: int | None = None
    weight: int | None = None


class NameRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the title comes from: `create` before the product is in the shop, `update` afterwards.

    origin: the store. connector: the title kept here, which the store does not change any more. tts: TikTok's stays.
    """

    create: Literal["origin", "connector"] = "origin"
    update: Literal["origin", "connector", "tts"] = "origin"


class UpdateRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field that always comes from the store at first. origin: it follows the store; tts: TikTok's stays."""

    update: Literal["origin", "tts"] = "origin"


class OptionalRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field that need not be sent at first (none). origin: it follows the store; tts: TikTok's stays."""

    create: Literal["origin", "none"] = "origin"
    update: Literal["origin", "tts"] = "origin"


class SyncRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Field by field, where the shop's value comes from (docs/reference/behavior.md section 8)."""

    name: NameRule = NameRule()
    description: UpdateRule = UpdateRule()
    price: UpdateRule = UpdateRule()
    media: UpdateRule = UpdateRule()
    barcode: OptionalRule = OptionalRule()
    stock: OptionalRule = OptionalRule()
    weight: UpdateRule = UpdateRule()
    """Weight and sides of the package."""


class Preferences(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All choices of one connection."""

    catalog_direction: Direction = "bc_to_tts"
    push_opt_in: bool = False
    """List products also in markets where the catalog is usually kept in TikTok Shop."""
    include_unpurchasable: bool = False
    price_rule: PriceRule = PriceRule()
    use_sale_price: bool = False
    tax_percent: Decimal | None = None
    """Tax added to prices that the store enters without it, where the shop's include it; None until somebody said."""
    exchange_rate: Decimal | None = None
    """Shop currency per store currency; None until confirmed. Irrelevant while both use the same currency."""
    price_guard_percent: Decimal = Decimal(50)
    """A price that would change by more than this is held and shown instead of sent."""
    gtin_required: bool = False
    gtin_reason: str = "Generic or non-branded product without GTIN"
    package: PackageDefaults = PackageDefaults()
    inventory_direction: Direction = "bc_to_tts"
    threshold: int | None = None
    threshold_mode: ThresholdMode = "set_zero"
    """At the threshold. set_zero: the SKU is offered with 0 units. deactivate: its whole product is taken off sale."""
    stock_scope: tuple[str, ...] = ()
    """Only these SKUs' stock is sent; empty: all."""
    stock_percent: int = 100
    """The share of what is there that the shop may offer, rounded down."""
    stock_cap: int | None = None
    """The most units of a SKU that the shop may offer."""
    last_units: int | None = None
    """At so many units or fewer, all of them go to this shop and the store's other shops get 0."""
    reserve: int = 0
    """Units held back from the shop beyond any threshold."""
    untracked_quantity: int = 999
    """What the shop is told for goods whose stock the store does not track."""
    pull_locations: bool = False
    """The store's locations are read, and push rules say which of them sends its stock to which warehouse (WHS-1)."""
    stock_while_off: bool = False
    """Stock is also sent of listings that somebody switched off."""
    pull_orders: bool = True
    pull_store_orders: bool = False
    """The store's own orders are shown here too (ORD-11)."""
    order_ids: tuple[str, ...] = ()
    """Only these orders are imported; empty: all."""
    create_unpaid: bool = False
    retry_orders: bool = True
    sync_fbt: bool = False
    email_pattern: str = "{buyer_id}@tiktok.com"
    relay_email: bool = False
    """The address by which TikTok forwards mail to the buyer comes first, where an order has one."""
    archive_cancelled: bool = False
    """Cancelled orders leave the list and are found under Archived; what is done about them stays the same."""
    platform_shipping_text: str = "shipped by TTS platform"
    shipping_methods: tuple[tuple[str, str], ...] = ()
    """(TikTok shipping option, exact; shipping method named in the store order). Comes before the text above."""
    unpaid_status: StoreOrderState = StoreOrderState.AWAITING_PAYMENT
    """The store order's state for UNPAID; without effect unless unpaid orders are created (CF-02)."""
    awaiting_shipment_status: StoreOrderState = StoreOrderState.AWAITING_FULFILLMENT
    """The store order's state for AWAITING_SHIPMENT."""
    awaiting_collection_status: StoreOrderState = StoreOrderState.AWAITING_SHIPMENT
    """The store order's state for AWAITING_COLLECTION."""
    in_transit_status: StoreOrderState = StoreOrderState.SHIPPED
    """The store order's state for IN_TRANSIT."""
    delivered_status: StoreOrderState = StoreOrderState.AWAITING_PICKUP
    """The store order's state for DELIVERED: Awaiting Pickup as documented, or Shipped (preset BigCommerce-native)."""
    completed_status: StoreOrderState = StoreOrderState.COMPLETED
    """The store order's state for COMPLETED."""
    fulfillment_direction: Direction = "bc_to_tts"
    carriers: tuple[tuple[str, str], ...] = ()
    """(carrier name in BigCommerce, exact; TikTok shipping provider name)."""
    cancel_tts_to_bc: bool = True
    cancel_bc_to_tts: bool = True
    cancel_app_to_bc: bool = True
    cancel_reason: str = ""
    """TikTok reason used when the store cancels; "": the first that TikTok offers which means out of stock."""
    refund_returns: bool = True
    """What TikTok pays back for a return is recorded as a refund of the store order."""
    restock_returns: bool = False
    """What came back with a return, and was accepted, is added to the store's stock."""
    order_poll_minutes: int = 5
    auto_import: bool = False
    """Products new in the store appear by themselves; off: only by a pull."""
    sku_scope: tuple[str, ...] = ()
    """Only these SKUs are listed, edited and priced; empty: all. Stock has its own scope."""
    strict_sku_match: bool = False
    """A variant is linked with the TikTok SKU that equals its own, and with no other."""
    auto_delete: bool = False
    """A product deleted in the store is deleted in the shop too; off: it stays there with 0 units."""
    manual_updates_only: bool = False
    """Only price and stock are sent by themselves; everything else waits until somebody pushes the product."""
    sync: SyncRules = SyncRules()


ORDER_STATES: Mapping[str, tuple[StoreOrderState, ...]] = MappingProxyType(
    {
        "unpaid_status": (StoreOrderState.AWAITING_PAYMENT, StoreOrderState.PENDING),
        "awaiting_shipment_status": (StoreOrderState.AWAITING_FULFILLMENT, StoreOrderState.AWAITING_SHIPMENT),
        "awaiting_collection_status": (StoreOrderState.AWAITING_SHIPMENT, StoreOrderState.SHIPPED),
        "in_transit_status": (StoreOrderState.SHIPPED, StoreOrderState.COMPLETED),
        "delivered_status": (StoreOrderState.AWAITING_PICKUP, StoreOrderState.SHIPPED),
        "completed_status": (StoreOrderState.COMPLETED, StoreOrderState.SHIPPED, StoreOrderState.AWAITING_PICKUP),
    }
)
"""What each row of the map of order statuses may be (docs/decisions/0030).

No unpaid order looks ready to ship, none that was packed looks as if it were not, none counts as shipped before it was.
"""

_WHOLE_NUMBERS = {
    "package": "Default length, width, height and weight must be whole numbers.",
    "threshold": "The threshold must be a whole number of 0 or more.",
}
"""What E-PKG-INT and E-INV-THRESH say, for choices that are not whole numbers."""
_NUMBER, _NOT_NEGATIVE = "must be a number", "must be a whole number of 0 or more"
_PERCENT = "must be a number from 0 to 100"
_LARGEST, _FINEST, _ALL_PERCENT = 10**12, 12, 100
"""Beyond these, numbers are slips of the hand; and sums of them would not be exact any more."""


def preferences_from_json(stored: Mapping[str, Any]) -> Preferences:
    """The stored choices over the defaults. Raises DocumentError naming the choice that does not fit."""
    try:
        chosen = msgspec.convert(stored, Preferences, strict=False)
    except msgspec.ValidationError as error:
        text = str(error)
        field = text.rsplit("`", 2)[-2].removeprefix("$.") if "`" in text else "preferences"
        raise DocumentError(field, _WHOLE_NUMBERS.get(field.partition(".")[0], text)) from error
    for name, fits, reason in _bounds(chosen):
        if not fits:
            raise DocumentError(name, reason)
    return chosen


def _bounds(chosen: Preferences) -> Iterator[tuple[str, bool, str]]:
    """(preference, whether it fits, why not) of every choice that has bounds."""
    unfit = unfit_price_rule(chosen.price_rule)
    yield "price_rule.value", not unfit, unfit
    yield "exchange_rate", chosen.exchange_rate is None or _is_exact(chosen.exchange_rate), _NUMBER
    yield "price_guard_percent", _is_exact(chosen.price_guard_percent), _NUMBER
    yield "exchange_rate", chosen.exchange_rate is None or chosen.exchange_rate > 0, "must be greater than 0"
    yield "price_guard_percent", chosen.price_guard_percent >= 0, "must be 0 or more"
    yield "tax_percent", chosen.tax_percent is None or _is_exact(chosen.tax_percent), _NUMBER
    yield "tax_percent", chosen.tax_percent is None or 0 <= chosen.tax_percent <= _ALL_PERCENT, _PERCENT
    for side in PackageDefaults.__struct_fields__:
        given = getattr(chosen.package, side)
        yield f"package.{side}", given is None or given > 0, "must be greater than 0"
    yield "threshold", chosen.threshold is None or chosen.threshold >= 0, _WHOLE_NUMBERS["threshold"]
    for name, states in ORDER_STATES.items():
        yield name, getattr(chosen, name) in states, f"must be {' or '.join(states)}"
    yield "order_poll_minutes", 1 <= chosen.order_poll_minutes <= 30, "must be between 1 and 30"
    yield "stock_percent", 1 <= chosen.stock_percent <= _ALL_PERCENT, "must be between 1 and 100"
    yield "stock_cap", chosen.stock_cap is None or chosen.stock_cap >= 0, _NOT_NEGATIVE
    yield "last_units", chosen.last_units is None or chosen.last_units >= 0, _NOT_NEGATIVE
    yield "reserve", chosen.reserve >= 0, _NOT_NEGATIVE
    yield "untracked_quantity", chosen.untracked_quantity >= 0, _NOT_NEGATIVE


def unfit_price_rule(rule: PriceRule) -> str:
    """Why the figure of a price rule cannot be; "" if it can."""
    if not _is_exact(rule.value):
        return _NUMBER
    if rule.kind != "none" and rule.value <= 0:
        return "must be greater than 0"
    return "must be less than 100 %" if rule.kind == "percent_down" and rule.value >= _ALL_PERCENT else ""


def _is_exact(number: Decimal) -> bool:
    return number.is_finite() and abs(number) <= _LARGEST and -int(number.as_tuple().exponent) <= _FINEST


def preferences_to_json(preferences: Preferences) -> dict[str, Any]:
    """What differs from the defaults, as JSON values."""
    built: dict[str, Any] = msgspec.to_builtins(preferences)
    return built
