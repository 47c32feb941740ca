"""Every preference as people meet it: its card, label, help and unit, and how text becomes its value. Reads nothing.

What there is to choose stands in `connections.preferences`; a test holds that each choice has its row here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from twinshelf.connections.preferences import ORDER_STATES, Preferences, preferences_from_json, preferences_to_json
from twinshelf.documents import StoreOrderState, SyncField
from twinshelf.errors import DocumentError
from twinshelf.orders.cancellations.plan import offered_reasons
from twinshelf.rules.sync_rules import MATRIX, Phase

Text = str | Promise


class Card(StrEnum):
    """The part of the page that a preference is on."""

    CATALOG = "catalog"
    SYNC = "sync"
    PRICES = "prices"
    STOCK = "stock"
    ORDERS = "orders"
    SHIPPING = "shipping"
    CANCELLATIONS = "cancellations"


CARDS: Final[Mapping[Card, Text]] = {
    Card.CATALOG: _("Catalog"),
    Card.SYNC: _("Sync rules"),
    Card.PRICES: _("Prices"),
    Card.STOCK: _("Stock"),
    Card.ORDERS: _("Orders"),
    Card.SHIPPING: _("Shipping"),
    Card.CANCELLATIONS: _("Cancellations"),
}


class Control(StrEnum):
    """How a preference is chosen."""

    CHOICE = "choice"
    SWITCH = "switch"
    WHOLE = "whole"
    NUMBER = "number"
    TEXT = "text"
    IDS = "ids"
    SKUS = "skus"
    CARRIERS = "carriers"
    METHODS = "methods"


class Unit(StrEnum):
    """What a number counts; the connection says in which currency, and the store in which measure."""

    NONE = ""
    PERCENT = "percent"
    UNITS = "units"
    MINUTES = "minutes"
    RULE = "rule"
    RATE = "rate"
    LENGTH = "length"
    WEIGHT = "weight"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One preference. `empty` says what it means to choose nothing; "" where something must be chosen."""

    name: str
    """As on record; `price_rule.kind` is the `kind` of the group `price_rule`."""
    card: Card
    label: Text
    help: Text
    control: Control
    unit: Unit = Unit.NONE
    choices: tuple[tuple[str, Text], ...] = ()
    empty: Text = ""


DEFAULTS: Final = Preferences()
ON, OFF = "on", "off"
_SWITCH: Final[Mapping[str, bool]] = {ON: True, OFF: False, "yes": True, "no": False, "true": True, "false": False}
_DIRECTIONS = (
    ("bc_to_tts", _("BigCommerce → TikTok Shop")),
    ("tts_to_bc", _("TikTok Shop → BigCommerce")),
    ("disabled", _("Off")),
)
THRESHOLD_MODES: Final = (("set_zero", _("Offer 0 of the SKU")), ("deactivate", _("Take the product off sale")))
_CATALOG_DIRECTIONS = (
    ("bc_to_tts", _("BigCommerce → TikTok Shop")),
    ("tts_to_bc", _("TikTok Shop → BigCommerce")),
    ("disabled", _("Disabled")),
)
CATALOG_SIDES: Final[Mapping[str, tuple[Text, Text]]] = {
    "bc_to_tts": (_("Pull updates from BigCommerce"), _("Push to TikTok")),
    "tts_to_bc": (_("Push updates to BigCommerce"), _("Pull from TikTok")),
    "disabled": (_("Disabled"), _("Disabled")),
}
"""What each platform calls a direction of the catalog: “Process product catalog”, “Process product catalog updates”."""
_LONGEST = 250
_PATTERN_WORDS = frozenset({"buyer_id", "order_id"})

SOURCE_WORDS: Final[Mapping[str, Text]] = {
    "origin": "BigCommerce",
    "connector": "Twinshelf",
    "tts": _("TikTok Shop’s own"),
    "none": _("Do not sync"),
}
"""Where the value of a field comes from, in the words of the matrix."""

SYNC_WORDS: Final[Mapping[SyncField, Text]] = {
    SyncField.NAME: _("Title"),
    SyncField.DESCRIPTION: _("Description"),
    SyncField.PRICE: _("Price"),
    SyncField.MEDIA: _("Images"),
    SyncField.BARCODE: _("Product code"),
    SyncField.STOCK: _("Stock"),
    SyncField.WEIGHT: _("Weight and package size"),
}

PHASE_WORDS: Final[Mapping[Phase, Text]] = {"create": _("when it is created"), "update": _("afterwards")}


def _sync_rows() -> Iterator[Field]:
    """A preference for every cell of the matrix that leaves a choice."""
    helps = {
        "create": _("What a product is created with on TikTok Shop."),
        "update": _("What happens to it once the product is on TikTok Shop."),
    }
    for field, phases in MATRIX.items():
        for phase, sources in phases.items():
            if len(sources) > 1:
                yield Field(
                    name=f"sync.{field}.{phase}",
                    card=Card.SYNC,
                    label=format_lazy("{}, {}", SYNC_WORDS[field], PHASE_WORDS[phase]),
                    help=helps[phase],
                    control=Control.CHOICE,
                    choices=tuple((source, SOURCE_WORDS[source]) for source in sources),
                )


_STATES: Final[Mapping[StoreOrderState, Text]] = {
    StoreOrderState.PENDING: _("Pending"),
    StoreOrderState.SHIPPED: _("Shipped"),
    StoreOrderState.AWAITING_PAYMENT: _("Awaiting Payment"),
    StoreOrderState.AWAITING_PICKUP: _("Awaiting Pickup"),
    StoreOrderState.AWAITING_SHIPMENT: _("Awaiting Shipment"),
    StoreOrderState.COMPLETED: _("Completed"),
    StoreOrderState.AWAITING_FULFILLMENT: _("Awaiting Fulfillment"),
}


def _states(name: str) -> tuple[tuple[str, Text], ...]:
    """What a row of the map of order statuses may be, the usual one first."""
    return tuple((state.value, _STATES[state]) for state in ORDER_STATES[name])


_ROWS: Final = (
    Field(name="catalog_direction", card=Card.CATALOG, label=_("Catalog direction"), control=Control.CHOICE,
          help=_("Which catalog is copied to the other one: titles, texts, prices, measures. Disabled: both are kept "
                 "apart; stock and orders still follow their own settings."), choices=_CATALOG_DIRECTIONS),
    Field(name="auto_import", card=Card.CATALOG, label=_("Add new products by itself"), control=Control.SWITCH,
          help=_("Products new in BigCommerce appear under Products without a pull. Off: “Pull products” adds them.")),
    Field(name="auto_delete", card=Card.CATALOG, label=_("Delete products by itself"), control=Control.SWITCH,
          help=_("A product deleted in BigCommerce is deleted on TikTok Shop too, where it can be recovered. A deleted "
                 "variant never is. Off: it stays there with 0 units.")),
    Field(name="sku_scope", card=Card.CATALOG, label=_("Only these SKUs"), control=Control.SKUS,
          help=_("To try with a few first: only these SKUs are listed, edited and priced on TikTok Shop. Others show "
                 "“out of scope”. One on a line."), empty=_("all SKUs")),
    Field(name="strict_sku_match", card=Card.CATALOG, label=_("Strict SKU matching"), control=Control.SWITCH,
          help=_("A TikTok SKU must equal the SKU in BigCommerce. Nothing can be linked by hand, and no Channel SKU "
                 "counts.")),
    Field(name="include_unpurchasable", card=Card.CATALOG, label=_("Sync unpurchasable products"),
          control=Control.SWITCH,
          help=_("Products and variants that nobody can buy in BigCommerce are listed and sold on TikTok Shop too.")),
    Field(name="push_opt_in", card=Card.CATALOG, label=_("List products in this market"), control=Control.SWITCH,
          help=_("Only matters outside the US and UK, where the catalog is usually kept in TikTok Shop.")),
    Field(name="gtin_required", card=Card.CATALOG, label=_("Product codes are required"), control=Control.SWITCH,
          help=_("A variant without a GTIN (UPC, EAN, ISBN) is not listed.")),
    Field(name="gtin_reason", card=Card.CATALOG, label=_("Reason without a product code"), control=Control.CHOICE,
          help=_("Why products have no code, where none is required. TikTok's API takes no reason: it is shown on the "
                 "product."),
          choices=(("Generic or non-branded product without GTIN", _("Generic or non-branded product without GTIN")),
                   ("Brand or manufacturer does not provide a GTIN",
                    _("Brand or manufacturer does not provide a GTIN")))),
    Field(name="package.length", card=Card.CATALOG, label=_("Default package length"), control=Control.WHOLE,
          help=_("Used where neither the product nor the template gives one."), unit=Unit.LENGTH,
          empty=_("no default")),
    Field(name="package.width", card=Card.CATALOG, label=_("Default package width"), control=Control.WHOLE,
          help=_("Used where neither the product nor the template gives one."), unit=Unit.LENGTH,
          empty=_("no default")),
    Field(name="package.height", card=Card.CATALOG, label=_("Default package height"), control=Control.WHOLE,
          help=_("Used where neither the product nor the template gives one."), unit=Unit.LENGTH,
          empty=_("no default")),
    Field(name="package.weight", card=Card.CATALOG, label=_("Default package weight"), control=Control.WHOLE,
          help=_("Used where neither the product nor the template gives one."), unit=Unit.WEIGHT,
          empty=_("no default")),
    Field(name="manual_updates_only", card=Card.SYNC, label=_("Manual updates only"), control=Control.SWITCH,
          help=_("Only prices and stock are sent by themselves. Everything else waits for “List or update” on the "
                 "product.")),
    *_sync_rows(),
    Field(name="exchange_rate", card=Card.PRICES, label=_("Exchange rate"), control=Control.NUMBER,
          help=_("What one unit of the store's currency is worth in the shop's. Nothing is priced until it is "
                 "confirmed. Without meaning where both use the same currency."), unit=Unit.RATE,
          empty=_("not confirmed")),
    Field(name="tax_percent", card=Card.PRICES, label=_("Tax on top"), control=Control.NUMBER,
          help=_("Added to every price where BigCommerce's are entered without tax and the shop's are what buyers pay: "
                 "everywhere but in the US. 0 if there is none. Without meaning elsewhere."), unit=Unit.PERCENT,
          empty=_("not confirmed")),
    Field(name="price_rule.kind", card=Card.PRICES, label=_("Price rule"), control=Control.CHOICE,
          help=_("Added to every price of this connection, after the exchange rate."),
          choices=(("none", _("None")), ("fixed_up", _("Add an amount")), ("fixed_down", _("Take off an amount")),
                   ("percent_up", _("Add percent")), ("percent_down", _("Take off percent")))),
    Field(name="price_rule.value", card=Card.PRICES, label=_("Amount or percent of the price rule"),
          control=Control.NUMBER,
          help=_("An amount is in the shop's currency."), unit=Unit.RULE),
    Field(name="use_sale_price", card=Card.PRICES, label=_("Use the sale price"), control=Control.SWITCH,
          help=_("Where BigCommerce has a sale price, it is the base instead of the regular price.")),
    Field(name="price_guard_percent", card=Card.PRICES, label=_("Hold large price changes"), control=Control.NUMBER,
          help=_("A price that would change by more than this waits until somebody confirms it."), unit=Unit.PERCENT),
    Field(name="inventory_direction", card=Card.STOCK, label=_("Stock direction"), control=Control.CHOICE,
          help=_("Pull: TikTok Shop follows BigCommerce. Push: BigCommerce follows TikTok Shop, and what it had itself "
                 "is overwritten. Both ways at once are not offered: they undo each other."),
          choices=(("bc_to_tts", _("Pull from BigCommerce")), ("tts_to_bc", _("Push to BigCommerce")),
                   ("disabled", _("Off")))),
    Field(name="stock_scope", card=Card.STOCK, label=_("Only the stock of these SKUs"), control=Control.SKUS,
          help=_("To try with a few first: the stock of other SKUs is not changed. One on a line."),
          empty=_("all SKUs")),
    Field(name="threshold", card=Card.STOCK, label=_("Low-stock limit"), control=Control.WHOLE,
          help=_("At or below it, a SKU is not sold on TikTok Shop. More than 5 is suggested: buyers may be quicker "
                 "than numbers travel. The limit of a product beats this one."), unit=Unit.UNITS,
          empty=_("no limit")),
    Field(name="threshold_mode", card=Card.STOCK, label=_("At the low-stock limit"), control=Control.CHOICE,
          help=_("Offer 0: only that SKU, and the product stays live. Take off sale: the whole product, until all its "
                 "SKUs are above the limit again; what a person switched off stays off."), choices=THRESHOLD_MODES),
    Field(name="stock_percent", card=Card.STOCK, label=_("Share of the stock"), control=Control.WHOLE,
          help=_("The part of what is there that this shop may offer, rounded down. 1 to 100."), unit=Unit.PERCENT),
    Field(name="stock_cap", card=Card.STOCK, label=_("At most"), control=Control.WHOLE,
          help=_("More units of a SKU are never offered here."), unit=Unit.UNITS, empty=_("all there are")),
    Field(name="last_units", card=Card.STOCK, label=_("Last units to this shop"), control=Control.WHOLE,
          help=_("At so many units or fewer, all of them are offered here, and 0 in the other shops of the store. Only "
                 "of what this shop sells."), unit=Unit.UNITS, empty=_("off")),
    Field(name="reserve", card=Card.STOCK, label=_("Reserve"), control=Control.WHOLE,
          help=_("Always kept back from this shop, of every SKU."), unit=Unit.UNITS),
    Field(name="untracked_quantity", card=Card.STOCK, label=_("Stock not tracked"), control=Control.WHOLE,
          help=_("Offered for goods whose stock BigCommerce does not track."), unit=Unit.UNITS),
    Field(name="pull_locations", card=Card.STOCK, label=_("Use BigCommerce locations"), control=Control.SWITCH,
          help=_("Locations are read from BigCommerce, and push rules say which of them sends its stock to which "
                 "TikTok warehouse (Inventory). Off: what an order can draw is offered, all in one warehouse.")),
    Field(name="stock_while_off", card=Card.STOCK, label=_("Send stock of listings that are off"),
          control=Control.SWITCH,
          help=_("Off: a listing that was switched off keeps its number until it is switched on.")),
    Field(name="pull_orders", card=Card.ORDERS, label=_("Create TikTok orders in BigCommerce"), control=Control.SWITCH,
          help=_("Off: TikTok orders are shown here, and not created in BigCommerce.")),
    Field(name="pull_store_orders", card=Card.ORDERS, label=_("Show BigCommerce’s own orders"), control=Control.SWITCH,
          help=_("Orders that were not placed on TikTok are read too and found under Orders → BigCommerce orders. "
                 "Nothing changes on either side. Off: they are not read.")),
    Field(name="create_unpaid", card=Card.ORDERS, label=_("Create unpaid orders"), control=Control.SWITCH,
          help=_("They are created before they are paid, in the status of unpaid orders. Off: once they are paid.")),
    Field(name="sync_fbt", card=Card.ORDERS, label=_("Orders fulfilled by TikTok"), control=Control.SWITCH,
          help=_("They are created in BigCommerce as well, already shipped. Off: they stay here.")),
    Field(name="retry_orders", card=Card.ORDERS, label=_("Try failed orders again"), control=Control.SWITCH,
          help=_("After 10, 20 and 30 minutes; then a person must look. Off: a person must look at once.")),
    Field(name="email_pattern", card=Card.ORDERS, label=_("Customer email"), control=Control.TEXT,
          help=_("TikTok hides the buyer's address. {buyer_id} and {order_id} stand for their numbers.")),
    Field(name="relay_email", card=Card.ORDERS, label=_("Use TikTok’s forwarding address"), control=Control.SWITCH,
          help=_("Where TikTok gives an address that forwards to the buyer, it is the email of the BigCommerce order. "
                 "BigCommerce’s own mails then reach the buyer. Off: always the pattern above.")),
    Field(name="archive_cancelled", card=Card.ORDERS, label=_("Archive cancelled orders"), control=Control.SWITCH,
          help=_("Cancelled orders leave the list and are found under Archived. Nothing changes on either side.")),
    Field(name="platform_shipping_text", card=Card.ORDERS, label=_("Shipping method for TikTok shipping"),
          control=Control.TEXT, help=_("Written into the BigCommerce order when TikTok ships it.")),
    Field(name="shipping_methods", card=Card.ORDERS, label=_("Shipping methods"), control=Control.METHODS,
          help=_("TikTok's shipping option, exactly as an order has it, and the shipping method to write into the "
                 "BigCommerce order: Standard shipping = Ground. One on a line. Others go by TikTok's name, or by the "
                 "text above."),
          empty=_("no other names")),
    Field(name="unpaid_status", card=Card.ORDERS, label=_("Status of unpaid orders"), control=Control.CHOICE,
          help=_("Without effect unless unpaid orders are created. They never look ready to ship."),
          choices=_states("unpaid_status")),
    Field(name="awaiting_shipment_status", card=Card.ORDERS, label=_("Status of orders to ship"),
          control=Control.CHOICE, help=_("What a BigCommerce order is made as once TikTok says awaiting shipment."),
          choices=_states("awaiting_shipment_status")),
    Field(name="awaiting_collection_status", card=Card.ORDERS, label=_("Status of orders to collect"),
          control=Control.CHOICE, help=_("What it becomes once TikTok says awaiting collection, unless it is further."),
          choices=_states("awaiting_collection_status")),
    Field(name="in_transit_status", card=Card.ORDERS, label=_("Status of orders in transit"), control=Control.CHOICE,
          help=_("What a BigCommerce order becomes once TikTok says in transit."),
          choices=_states("in_transit_status")),
    Field(name="delivered_status", card=Card.ORDERS, label=_("Status of delivered orders"), control=Control.CHOICE,
          help=_("What a BigCommerce order becomes once TikTok says delivered. BigCommerce itself would call it "
                 "Shipped."),
          choices=_states("delivered_status")),
    Field(name="completed_status", card=Card.ORDERS, label=_("Status of completed orders"), control=Control.CHOICE,
          help=_("What a BigCommerce order becomes once TikTok says completed. For what comes from now on."),
          choices=_states("completed_status")),
    Field(name="order_poll_minutes", card=Card.ORDERS, label=_("Look for orders every"), control=Control.WHOLE,
          help=_("A safety net: TikTok's messages bring most orders at once. 1 to 30."), unit=Unit.MINUTES),
    Field(name="order_ids", card=Card.ORDERS, label=_("Only these orders"), control=Control.IDS,
          help=_("To try with a few first: only these TikTok order numbers are created. One on a line."),
          empty=_("all orders")),
    Field(name="fulfillment_direction", card=Card.SHIPPING, label=_("Shipments direction"), control=Control.CHOICE,
          help=_("The first: shipments of BigCommerce are reported to TikTok. The second: what was shipped on TikTok, "
                 "also by TikTok itself, becomes a shipment in BigCommerce with number and carrier. Off: neither."),
          choices=_DIRECTIONS),
    Field(name="carriers", card=Card.SHIPPING, label=_("Carriers"), control=Control.CARRIERS,
          help=_("The carrier's name exactly as BigCommerce has it, and TikTok's. Equal names need no row."),
          empty=_("equal names only")),
    Field(name="cancel_tts_to_bc", card=Card.CANCELLATIONS, label=_("TikTok → BigCommerce"), control=Control.SWITCH,
          help=_("An order cancelled on TikTok by buyer, seller or TikTok becomes Cancelled in BigCommerce, and no "
                 "other status: so nobody ships it, and its stock comes back. Off: it stays as it is.")),
    Field(name="cancel_bc_to_tts", card=Card.CANCELLATIONS, label=_("BigCommerce → TikTok"), control=Control.SWITCH,
          help=_("An order cancelled in BigCommerce is cancelled on TikTok, with the reason below.")),
    Field(name="cancel_app_to_bc", card=Card.CANCELLATIONS, label=_("Twinshelf → BigCommerce"), control=Control.SWITCH,
          help=_("An order cancelled here is cancelled in BigCommerce after TikTok agrees.")),
    Field(name="cancel_reason", card=Card.CANCELLATIONS, label=_("Reason given to TikTok"), control=Control.CHOICE,
          help=_("Where the cancellation starts in BigCommerce. A reason that TikTok does not offer for the order "
                 "gives way to the first that means out of stock."),
          choices=(("", _("The first that means out of stock")),
                   *((name, _(words)) for name, words in offered_reasons()))),
    Field(name="refund_returns", card=Card.CANCELLATIONS, label=_("Refunds of returns"), control=Control.SWITCH,
          help=_("What TikTok pays back for a return is recorded as a refund in BigCommerce. No money moves there.")),
    Field(name="restock_returns", card=Card.CANCELLATIONS, label=_("Restock returns"), control=Control.SWITCH,
          help=_("What came back and was accepted is added to BigCommerce’s stock, unless a return says otherwise.")),
)  # fmt: skip

FIELDS: Final[Mapping[str, Field]] = {row.name: row for row in _ROWS}


# -- values -----------------------------------------------------------------------------------------------------------


def value_of(preferences: Preferences, name: str) -> Any:
    """The value of one preference, by its name on record."""
    value: Any = preferences
    for part in name.split("."):
        value = getattr(value, part)
    return value


def with_values(preferences: Preferences, values: Mapping[str, Any]) -> Preferences:
    """The choices with some of them replaced, checked. Raises DocumentError naming the first that does not fit."""
    stored = preferences_to_json(preferences)
    for name, value in values.items():
        *groups, own = name.split(".")
        inside = stored
        for group in groups:
            inside = inside.setdefault(group, {})
        inside[own] = value
    return preferences_from_json(stored)


def differing(before: Preferences, after: Preferences) -> tuple[Field, ...]:
    """The preferences in which two sets of choices differ, in the order of the page."""
    return tuple(field for field in _ROWS if value_of(before, field.name) != value_of(after, field.name))


def is_default(preferences: Preferences, name: str) -> bool:
    """Whether it is what it would be without a choice."""
    return bool(value_of(preferences, name) == value_of(DEFAULTS, name))


def set_back(known: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is on record with a change taken back; None if what it chose is not what is on record any more. Pure."""
    if not after or any(known.get(name) != value for name, value in after.items()):
        return None
    merged = {**known, **before}
    return {name: value for name, value in merged.items() if value is not None}


# -- text -------------------------------------------------------------------------------------------------------------


def text_of(field: Field, preferences: Preferences) -> str:
    """A value as it stands in a form or a command; `parse` reads it back."""
    value = value_of(preferences, field.name)
    match field.control:
        case Control.SWITCH:
            return ON if value else OFF
        case Control.IDS | Control.SKUS:
            return "\n".join(value)
        case Control.CARRIERS | Control.METHODS:
            return "\n".join(f"{ours} = {theirs}" for ours, theirs in value)
        case Control.NUMBER:
            return "" if value is None else f"{value.normalize():f}"
        case _:
            return "" if value is None else str(value)


def words_of(field: Field, preferences: Preferences, measure: str = "") -> str:
    """A value as people read it, with its unit (`measure`, as `queries.measures` gives it)."""
    text = text_of(field, preferences)
    match field.control:
        case Control.SWITCH:
            return _now("On") if text == ON else _now("Off")
        case Control.CHOICE:
            return str(dict(field.choices).get(text, text))
        case Control.IDS | Control.SKUS | Control.CARRIERS | Control.METHODS:
            return ", ".join(text.split("\n")) if text else str(field.empty)
        case _:
            return f"{text} {measure}".strip() if text else str(field.empty)


def parse(field: Field, text: str) -> Any:
    """The value that a text means, as it is kept. Raises DocumentError with words for the person who typed it."""
    match field.control:
        case Control.SWITCH:
            chosen = _SWITCH.get(text.strip().lower())
            if chosen is None:
                raise DocumentError(field.name, _now("Must be on or off."))
            return chosen
        case Control.CHOICE:
            return _choice(field, text.strip())
        case Control.WHOLE:
            return _whole(field, text)
        case Control.NUMBER:
            return _number(field, text)
        case Control.IDS:
            return _ids(field, text)
        case Control.SKUS:
            return _skus(field, text)
        case Control.CARRIERS | Control.METHODS:
            return pairs_of(field, [line.partition("=")[::2] for line in text.splitlines() if line.strip()])
        case Control.TEXT:
            return _text(field, text)


def reason_at(error: DocumentError) -> tuple[str, str]:
    """(the preference, what is wrong in words as a sentence) of a choice that was refused."""
    reason = error.reason[:1].upper() + error.reason[1:]
    return error.field if error.field in FIELDS else "", reason if reason.endswith(".") else f"{reason}."


def _choice(field: Field, text: str) -> str:
    known = [value for value, _words in field.choices]
    if text in known:
        return text
    by_words = {str(words).lower(): value for value, words in field.choices}
    if field.name == "catalog_direction":
        by_words |= {str(words).lower(): value for value, sides in CATALOG_SIDES.items() for words in sides}
    if text.lower() in by_words:
        return by_words[text.lower()]
    raise DocumentError(field.name, _now("Must be one of: %(choices)s.") % {"choices": ", ".join(filter(None, known))})


def _whole(field: Field, text: str) -> int | None:
    plain = text.strip().replace(",", "")
    if not plain and field.empty:
        return None
    if not re.fullmatch(r"-?\d{1,9}", plain):
        raise DocumentError(field.name, _now("Must be a whole number."))
    return int(plain)


def _number(field: Field, text: str) -> str | None:
    plain = text.strip().replace("\N{NARROW NO-BREAK SPACE}", "").removesuffix("%").strip()
    if not plain and field.empty:
        return None
    if re.fullmatch(r"-?\d+,\d+", plain):  # 0,88 as much of the world writes it; a thousands comma would be misread
        raise DocumentError(field.name, _now("Write decimals with a point: 0.88."))
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise DocumentError(field.name, _now("Must be a number.")) from None
    return str(number)


def _ids(field: Field, text: str) -> list[str]:
    ids = list(dict.fromkeys(re.split(r"[\s,;]+", text.strip()))) if text.strip() else []
    for one in ids:
        if not re.fullmatch(r"\d{1,40}", one):
            raise DocumentError(field.name, _now("“%(text)s” is no TikTok order number.") % {"text": one[:40]})
    return ids


def _skus(field: Field, text: str) -> list[str]:
    """One SKU a line: a SKU may have commas and blanks inside it."""
    codes = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if too_long := next((code for code in codes if len(code) > _LONGEST), ""):
        raise DocumentError(field.name, _now("“%(text)s…” is too long for a SKU.") % {"text": too_long[:40]})
    return codes


def pairs_of(field: Field, rows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Rows of a form as the value of a map of names: empty rows are left out. Raises DocumentError."""
    made: dict[str, str] = {}
    for ours, theirs in rows:
        ours, theirs = ours.strip(), theirs.strip()  # noqa: PLW2901 - the same pair without blanks around it
        if not ours and not theirs:
            continue
        if not ours or not theirs:
            both = {
                Control.CARRIERS: _now("Each carrier needs both names: BigCommerce's and TikTok's."),
                Control.METHODS: _now("Write a line as: TikTok's shipping option = BigCommerce's shipping method."),
            }
            raise DocumentError(field.name, both[field.control])
        if max(len(ours), len(theirs)) > 100:
            raise DocumentError(field.name, _now("A name has at most 100 characters."))
        if ours in made:
            raise DocumentError(field.name, _now("“%(name)s” is there twice.") % {"name": ours})
        made[ours] = theirs
    return [[ours, theirs] for ours, theirs in made.items()]


def _text(field: Field, text: str) -> str:
    plain = " ".join(text.split())
    if not plain:
        raise DocumentError(field.name, _now("Must not be empty."))
    if len(plain) > _LONGEST:
        raise DocumentError(field.name, _now("At most %(number)s characters.") % {"number": _LONGEST})
    if field.name == "email_pattern":
        _check_pattern(field, plain)
    return plain


def _check_pattern(field: Field, pattern: str) -> None:
    words = re.findall(r"\{(\w*)\}", pattern)
    rest = re.sub(r"\{\w*\}", "1", pattern)
    if set(words) - _PATTERN_WORDS or "{" in rest or "}" in rest:
        raise DocumentError(field.name, _now("Only {buyer_id} and {order_id} may stand in braces."))
    if not re.fullmatch(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", rest):
        raise DocumentError(field.name, _now("Must be an email address, such as {buyer_id}@example.com."))
