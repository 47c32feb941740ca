"""The console's words: how states, fields, rules and problems are called and shown. Nothing here looks anything up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from twinshelf.documents import StoreOrderState

Text = Any
"""A lazy translation: a string by the time it is shown."""


@dataclass(frozen=True)
class Look:
    """A state's word with its tint and icon: a state never hangs on color alone."""

    word: Text
    tone: str = ""
    icon: str = "clock"


THEMES: Final[Mapping[str, Look]] = {
    "": Look(_("As the system"), icon="system"),
    "light": Look(_("Light"), icon="sun"),
    "dark": Look(_("Dark"), icon="moon"),
}

LISTING: Final[Mapping[str, Look]] = {
    "live": Look(_("Live"), "ok", "check"),
    "reviewing": Look(_("In review"), "info", "clock"),
    "in_progress": Look(_("Sending"), "info", "up"),
    "failed": Look(_("Failed"), "bad", "stop"),
    "inactive_seller": Look(_("Off"), "", "pause"),
    "inactive_system": Look(_("Off (low stock)"), "", "pause"),
    "inactive_platform": Look(_("Stopped by TikTok"), "bad", "stop"),
    "not_uploaded": Look(_("Not listed"), "", "plus"),
}

BUCKETS: Final[Mapping[str, Text]] = {
    "all": _("All"),
    "live": _("Live"),
    "reviewing": _("In review"),
    "in_progress": _("Sending"),
    "not_uploaded": _("Not listed"),
    "failed": _("Failed"),
    "off": _("Off"),
    "inactive_platform": _("Stopped"),
}
"""The pills over the product list, in their order."""

STOCK: Final[Mapping[str, Text]] = {"in": _("In stock"), "low": _("5 or fewer"), "out": _("Out of stock")}

ORDER: Final[Mapping[str, Look]] = {
    "UNPAID": Look(_("Unpaid"), "", "clock"),
    "ON_HOLD": Look(_("On hold"), "", "pause"),
    "AWAITING_SHIPMENT": Look(_("Awaiting shipment"), "warn", "clock"),
    "PARTIALLY_SHIPPING": Look(_("Partly shipped"), "warn", "truck"),
    "AWAITING_COLLECTION": Look(_("Awaiting collection"), "warn", "box"),
    "IN_TRANSIT": Look(_("In transit"), "info", "truck"),
    "DELIVERED": Look(_("Delivered"), "ok", "check"),
    "COMPLETED": Look(_("Completed"), "ok", "check"),
    "CANCELLED": Look(_("Canceled"), "", "x"),
}

TABS: Final[Mapping[str, Text]] = {
    "all": _("All"),
    "awaiting_shipment": _("Awaiting shipment"),
    "awaiting_collection": _("Awaiting collection"),
    "in_transit": _("In transit"),
    "delivered": _("Delivered"),
    "completed": _("Completed"),
    "cancelled": _("Canceled"),
    "on_hold": _("On hold, unpaid"),
    "failed": _("Not in BigCommerce"),
}

STORE_STATE: Final[Mapping[StoreOrderState, Text]] = {
    StoreOrderState.INCOMPLETE: _("Incomplete"),
    StoreOrderState.PENDING: _("Pending"),
    StoreOrderState.SHIPPED: _("Shipped"),
    StoreOrderState.PARTIALLY_SHIPPED: _("Partially Shipped"),
    StoreOrderState.REFUNDED: _("Refunded"),
    StoreOrderState.CANCELLED: _("Cancelled"),
    StoreOrderState.DECLINED: _("Declined"),
    StoreOrderState.AWAITING_PAYMENT: _("Awaiting Payment"),
    StoreOrderState.AWAITING_PICKUP: _("Awaiting Pickup"),
    StoreOrderState.AWAITING_SHIPMENT: _("Awaiting Shipment"),
    StoreOrderState.COMPLETED: _("Completed"),
    StoreOrderState.AWAITING_FULFILLMENT: _("Awaiting Fulfillment"),
    StoreOrderState.MANUAL_VERIFICATION: _("Manual Verification Required"),
    StoreOrderState.DISPUTED: _("Disputed"),
    StoreOrderState.PARTIALLY_REFUNDED: _("Partially Refunded"),
    StoreOrderState.UNKNOWN: _("Unknown"),
}
"""BigCommerce's own names of its order statuses, in its spelling."""

FULFILLERS: Final[Mapping[str, Text]] = {"seller": _("Seller"), "tiktok": "TikTok"}

TASK: Final[Mapping[str, Look]] = {
    "queued": Look(_("Queued"), "info", "clock"),
    "running": Look(_("Running"), "info", "sync"),
    "completed": Look(_("Done"), "ok", "check"),
    "failed": Look(_("Could not be carried out"), "bad", "stop"),
    "cancelled": Look(_("Canceled"), "", "x"),
}

ITEM: Final[Mapping[str, Look]] = {
    "waiting": Look(_("Waiting"), "info", "clock"),
    "succeeded": Look(_("Done"), "ok", "check"),
    "failed": Look(_("Failed"), "bad", "stop"),
    "skipped": Look(_("Skipped"), "", "x"),
}

TASK_KINDS: Final[Mapping[str, Text]] = {
    "ask_listing": _("List, update or refresh"),
    "ask_stock": _("Sync price and stock"),
    "ask_visibility": _("Activate or deactivate"),
    "pull": _("Pull products"),
    "fetch_orders": _("Fetch orders"),
    "prove": _("Check everything"),
}

REPORT: Final[Mapping[str, Look]] = {
    "waiting": Look(_("Waiting"), "info", "clock"),
    "sending": Look(_("Sending"), "info", "up"),
    "reported": Look(_("TikTok knows"), "ok", "check"),
    "failed": Look(_("Not reported"), "bad", "stop"),
}

AGREEMENT: Final[Mapping[str, Look]] = {
    "as_set": Look(_("As set"), "ok", "check"),
    "differs": Look(_("Differs"), "bad", "alert"),
    "missing": Look(_("Missing"), "", "plus"),
    "unknown": Look(_("Not read back"), "", "help"),
}

LINKS: Final[Mapping[str, Look]] = {
    "as_set": Look(_("Linked"), "ok", "link"),
    "differs": Look(_("Differs"), "bad", "alert"),
    "missing": Look(_("Not linked"), "", "link"),
}
"""How a variant stands to its SKU on TikTok, by `VariantSides.agreement`."""

MADE: Final[Mapping[bool, Look]] = {True: Look(_("Made"), "ok", "check"), False: Look(_("Refused"), "bad", "stop")}
"""Whether a platform took a change."""

INBOX: Final[Mapping[str, Look]] = {
    "applied": Look(_("Applied"), "ok", "check"),
    "ignored": Look(_("Ignored"), "", "x"),
}
"""What became of a platform's message."""

EVENTS: Final[Mapping[str, Look]] = {
    "applied": Look(_("Applied"), "info", "dl"),
    "ignored": Look(_("Ignored"), "idle", "dl"),
}
"""The same in a history."""

SALE: Final[Mapping[str, Text]] = {
    "deleted": _("Deleted"),
    "not_purchasable": _("Not purchasable"),
    "hidden": _("Hidden"),
    "for_sale": _("For sale"),
}
"""Whether the store sells a product, by `listings.queries.sale_state`."""

STAGES: Final[Mapping[str, Text]] = {
    "paid": _("Paid"),
    "created": _("In BigCommerce"),
    "shipped": _("Shipped"),
    "in_transit": _("In transit"),
    "delivered": _("Delivered"),
    "completed": _("Completed"),
}
_STAGES_OTHERWISE: Final[Mapping[tuple[str, str], Text]] = {
    ("created", "failed"): _("Not in BigCommerce"),
    ("shipped", "now"): _("Ship"),
    ("shipped", ""): _("Ship"),
}
_STAGE_ICONS: Final = {"done": "check", "failed": "stop", "now": "truck", "": "dots"}
_STAGE_ICONS_OTHERWISE: Final = {("paid", "now"): "clock", ("created", "now"): "dots"}
STAGE_NOTES: Final[Mapping[str, Text]] = {"in_transit": _("Tracked by TikTok"), "completed": _("Paid out")}


def stage(name: str, state: str) -> Look:
    """A point of an order's line, by `orders.queries.Stage`."""
    word = _STAGES_OTHERWISE.get((name, state), STAGES[name])
    return Look(word, icon=_STAGE_ICONS_OTHERWISE.get((name, state), _STAGE_ICONS[state]))


TOASTS: Final[Mapping[str, str]] = {"error": "stop", "warning": "alert", "info": "help", "success": "check"}
"""Icons of what is told once, by its level."""

TONES: Final[Mapping[str, str]] = {"bad": "stop", "warn": "alert"}
"""Icons of messages that stand on a page, by their tint."""

WRONG: Final = frozenset({"failed", "inactive_platform"})
"""Buckets, tabs and outcomes whose number is a number of failures."""

FIELDS: Final[Mapping[str, Text]] = {
    "title": _("Title"),
    "price": _("Price"),
    "stock": _("Stock"),
    "barcode": _("Barcode"),
    "category": _("Category"),
    "package": _("Package"),
    "status": _("Status"),
}

RULES: Final[Mapping[str, Text]] = {
    "template": _("From the default template"),
    "mapping": _("For its category in BigCommerce"),
    "sale_price": _("Sale price where there is one"),
    "rate": _("Exchange rate {value}"),
    "fixed_up": _("Price rule: +{value}"),
    "fixed_down": _("Price rule: −{value}"),
    "percent_up": _("Price rule: +{value}%"),
    "percent_down": _("Price rule: −{value}%"),
    "held": _("{value} held for orders on their way"),
    "reserve": _("{value} a variant kept back"),
    "threshold": _("0 at {value} or fewer"),
    "untracked": _("{value} where stock is not tracked"),
}


def rule_text(rule: str) -> str:
    """A rule of `inventory.queries.Side` in words: `percent_up:10` → "Price rule: +10%"."""
    name, _colon, value = rule.partition(":")
    if name == "rate" and not value:
        return str(_("No exchange rate confirmed"))
    return str(RULES.get(name, name)).format(value=value)


CHANGES: Final[Mapping[str, tuple[Text, str]]] = {
    "CreateListing": (_("Sent to TikTok Shop"), "up"),
    "EditContent": (_("Content sent to TikTok Shop"), "up"),
    "SetPrices": (_("Price set on TikTok"), "tag"),
    "SetStock": (_("Stock set on TikTok"), "stock"),
    "DeactivateListing": (_("Deactivated on TikTok"), "pause"),
    "ActivateListing": (_("Activated on TikTok"), "check"),
    "DeleteListing": (_("Deleted on TikTok"), "x"),
    "CreateStoreOrder": (_("Created in BigCommerce"), "check"),
    "SetStoreStatus": (_("Status set in BigCommerce"), "sync"),
    "SetStoreAddress": (_("Address changed in BigCommerce"), "truck"),
    "ReportShipment": (_("Shipment reported to TikTok"), "truck"),
    "CancelShopOrder": (_("Cancellation sent to TikTok"), "x"),
    "CancelStoreOrder": (_("Canceled in BigCommerce"), "x"),
}

SOURCES: Final[Mapping[str, str]] = {"bigcommerce": "BigCommerce", "tiktok": "TikTok Shop"}

TOPICS: Final[Mapping[str, Text]] = {
    "order": _("order changed"),
    "package": _("package changed"),
    "product": _("product changed"),
    "cancellation": _("cancellation changed"),
    "return": _("return changed"),
    "deauthorized": _("authorization ended"),
    "expiring": _("authorization ends soon"),
    "ignored": _("of no use here"),
}
"""What TikTok Shop's messages are about, by `tiktok.webhooks.Kind`."""


def topic_text(topic: str) -> str:
    """A topic in words: `order (1)` → "order changed"; `store/order/statusUpdated` → "order status updated"."""
    if topic.startswith("store/"):
        spaced = "".join(
            f" {letter.lower()}" if letter.isupper() else letter for letter in topic.removeprefix("store/")
        )
        return spaced.replace("/", " ")
    return str(TOPICS.get(topic.partition(" (")[0], topic))


def cause_text(cause: str) -> str:
    """Why something was done: a webhook by its platform and what it is about, anything else as it is recorded."""
    word, _space, topic = cause.partition(" ")
    if word != "webhook" or not topic:
        return cause
    source = SOURCES["bigcommerce" if topic.startswith("store/") else "tiktok"]
    return str(_("message from {source}, {topic}")).format(source=source, topic=topic_text(topic))


PROBLEMS: Final[Mapping[str, tuple[Text, str]]] = {
    "E-LST-TITLE": (
        ngettext_lazy("%d product has a title that cannot be used", "%d products have a title that cannot be used"),
        "tag",
    ),
    "E-LST-DESC": (
        ngettext_lazy(
            "%d product has a description that cannot be used", "%d products have a description that cannot be used"
        ),
        "note",
    ),
    "E-LST-SKUS": (ngettext_lazy("%d product has too many variants", "%d products have too many variants"), "list"),
    "E-LST-ATTR": (
        ngettext_lazy("%d product misses a required attribute", "%d products miss a required attribute"),
        "tag",
    ),
    "E-LST-ATTRVALUE": (
        ngettext_lazy(
            "%d product has a value that TikTok does not offer", "%d products have a value that TikTok does not offer"
        ),
        "tag",
    ),
    "E-LST-IMG": (ngettext_lazy("%d product has no image", "%d products have no image"), "box"),
    "E-LST-IMGURL": (
        ngettext_lazy("%d product has an image that cannot be used", "%d products have an image that cannot be used"),
        "box",
    ),
    "E-LST-WEIGHT": (ngettext_lazy("%d product has no weight", "%d products have no weight"), "box"),
    "E-LST-DIM": (ngettext_lazy("%d product has no package size", "%d products have no package size"), "box"),
    "E-LST-GTIN": (ngettext_lazy("%d product misses a barcode", "%d products miss a barcode"), "tag"),
    "E-LST-REVIEW": (
        ngettext_lazy("TikTok's review refused %d product", "TikTok's review refused %d products"),
        "stop",
    ),
    "E-LST-STOPPED": (ngettext_lazy("TikTok stopped %d product", "TikTok stopped %d products"), "stop"),
    "E-CAT-KEY": (ngettext_lazy("%d product has no TikTok category", "%d products have no TikTok category"), "list"),
    "E-SKU-MISSING": (
        ngettext_lazy("%d product has a variant without SKU", "%d products have a variant without SKU"),
        "tag",
    ),
    "E-SKU-DUP": (
        ngettext_lazy("%d product has a SKU that is used twice", "%d products have a SKU that is used twice"),
        "tag",
    ),
    "E-PRC-MIN": (
        ngettext_lazy("The price rule gives %d product no price", "The price rule gives %d products no price"),
        "alert",
    ),
    "E-PRC-RANGE": (
        ngettext_lazy(
            "%d product has a price that TikTok does not take", "%d products have a price that TikTok does not take"
        ),
        "alert",
    ),
    "E-INV-PRODUCTLEVEL": (
        ngettext_lazy(
            "%d product counts its stock for all variants together",
            "%d products count their stock for all variants together",
        ),
        "stock",
    ),
    "E-PRC-GUARD": (
        ngettext_lazy("%d price change is held for you to check", "%d price changes are held for you to check"),
        "alert",
    ),
    "E-PRC-RATE": (
        ngettext_lazy("%d product waits for an exchange rate", "%d products wait for an exchange rate"),
        "alert",
    ),
    "E-ORD-SKU": (
        ngettext_lazy("%d order could not be created in BigCommerce", "%d orders could not be created in BigCommerce"),
        "link",
    ),
    "E-ORD-CREATE": (ngettext_lazy("BigCommerce refused %d order", "BigCommerce refused %d orders"), "stop"),
    "E-FUL-CARRIER": (
        ngettext_lazy(
            "%d shipment has a carrier TikTok does not know", "%d shipments have a carrier TikTok does not know"
        ),
        "truck",
    ),
    "E-FUL-TRACK": (
        ngettext_lazy("%d shipment has no tracking number", "%d shipments have no tracking number"),
        "truck",
    ),
    "E-CON-AUTH": (
        ngettext_lazy("Access to %d shop or store has ended", "Access to %d shops or stores has ended"),
        "link",
    ),
}

KINDS: Final[Mapping[str, Text]] = {
    "listing": ngettext_lazy("%d product needs a fix", "%d products need a fix"),
    "price": ngettext_lazy("The price of %d product could not be set", "The price of %d products could not be set"),
    "stock": ngettext_lazy("The stock of %d product could not be set", "The stock of %d products could not be set"),
    "product": ngettext_lazy("%d product could not be read", "%d products could not be read"),
    "order": ngettext_lazy("%d order needs you", "%d orders need you"),
    "shipment": ngettext_lazy(
        "%d shipment could not be reported to TikTok", "%d shipments could not be reported to TikTok"
    ),
    "cancellation": ngettext_lazy("%d cancellation could not be passed on", "%d cancellations could not be passed on"),
    "connection": ngettext_lazy("%d connection needs you", "%d connections need you"),
    "store": ngettext_lazy("%d store needs you", "%d stores need you"),
}
OTHER_KIND: Final = ngettext_lazy("%d thing needs you", "%d things need you")

TITLES: Final[Mapping[str, Text]] = {
    "E-LST-TITLE": _("The title cannot be used"),
    "W-LST-TITLE": _("The title is changed for TikTok"),
    "E-LST-DESC": _("The description cannot be used"),
    "W-LST-DESC": _("The description is empty"),
    "E-LST-SKUS": _("There are too many variants"),
    "E-LST-VAR": _("The options of the variants cannot be used"),
    "E-LST-BRAND": _("The brand cannot be used"),
    "E-LST-STATE": _("The listing's status does not allow this"),
    "E-LST-CAP": _("The shop's listings for today are used up"),
    "W-LST-IMG": _("Not all images are sent"),
    "W-LST-DIM": _("The package size is rounded up"),
    "W-LST-GTIN": _("A barcode is left out"),
    "E-LST-ATTR": _("A required attribute is missing"),
    "E-LST-ATTRVALUE": _("A value is not in TikTok's list"),
    "E-LST-IMG": _("There is no image"),
    "E-LST-IMGURL": _("An image cannot be used"),
    "E-LST-WEIGHT": _("The weight is missing"),
    "E-LST-DIM": _("The package size is missing"),
    "E-LST-GTIN": _("A barcode is missing"),
    "E-LST-CERT": _("A certificate is missing"),
    "E-LST-REVIEW": _("TikTok's review refused it"),
    "E-LST-STOPPED": _("TikTok stopped it"),
    "E-LST-SKUGONE": _("A SKU is gone from TikTok"),
    "E-CAT-KEY": _("There is no TikTok category"),
    "E-CAT-CLOSED": _("The category is closed to this shop"),
    "E-SKU-MISSING": _("A variant has no SKU"),
    "E-SKU-DUP": _("A SKU is used twice"),
    "E-PRC-GUARD": _("A price change is held for you to check"),
    "E-PRD-GONE": _("Products vanished from BigCommerce"),
    "E-PRC-MIN": _("The price rule gives no valid price"),
    "E-PRC-RANGE": _("TikTok does not take this price"),
    "E-PRC-CUR": _("The price is in another currency"),
    "E-PRC-LOCKED": _("A promotion holds the price"),
    "E-PRC-RATE": _("An exchange rate must be confirmed"),
    "E-INV-PRODUCTLEVEL": _("Stock is tracked for the product, not its variants"),
    "E-ORD-SKU": _("Not in BigCommerce: a SKU is not linked"),
    "E-ORD-CREATE": _("BigCommerce refused the order"),
    "E-FUL-CARRIER": _("TikTok does not know the carrier"),
    "E-FUL-TRACK": _("The shipment has no tracking number"),
    "E-CON-AUTH": _("Access has ended"),
    "I-NOT-PURCHASABLE": _("Not purchasable in BigCommerce"),
}


FAMILIES: Final[Mapping[str, Text]] = {
    "LST": _("The listing needs a fix"),
    "CAT": _("The category needs a fix"),
    "SKU": _("A SKU needs a fix"),
    "PRC": _("The price needs a fix"),
    "INV": _("The stock needs a fix"),
    "WHS": _("A warehouse needs a fix"),
    "ORD": _("The order needs you"),
    "FUL": _("The shipment needs you"),
    "CAN": _("The cancellation needs you"),
    "RET": _("The return needs you"),
    "CON": _("The connection needs you"),
    "PLT": _("The platform did not answer as it should"),
}
"""Headings of problems that have none of their own, by the middle of their code."""


def look(table: Mapping[str, Look], state: str) -> Look:
    """How a state is shown; one that nobody thought of is shown as the platform spells it."""
    return table.get(state) or Look(state.replace("_", " ").capitalize(), "", "help")


def problem_group(kind: str, code: str, count: int) -> tuple[str, str]:
    """(sentence with the count, icon) for open problems of one kind of lane and one code."""
    sentence, icon = PROBLEMS.get(code, (KINDS.get(kind, OTHER_KIND), "alert"))
    return str(sentence % count), icon


def problem_title(code: str) -> str:
    """The heading of one problem, without its code."""
    family = FAMILIES.get(code[2:5], _("Something needs you"))
    return str(TITLES.get(code, family))
