"""The console's words: how states, fields and rules are called and shown. Nothing here looks anything up.

What is told of problems is in `twinshelf.messages`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from twinshelf.documents import ListingStatus, ProofReason, ProofSubject, ReturnKind, ReturnStage, StoreOrderState
from twinshelf.kit.actions import Permission
from twinshelf.listings.incoming.plan import Verdict
from twinshelf.listings.reviews import plan as reviewing
from twinshelf.orders.deadlines.plan import DeadlineKind, Span
from twinshelf.proof.queries import State

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

SELLER_TYPES: Final[Mapping[str, Text]] = {
    "LOCAL": _("Local seller"),
    "CROSS_BORDER": _("Cross-border seller"),
    "INTRA_EU": _("Seller within the EU"),
}

LISTING_METHODS: Final[Mapping[str, Text]] = {
    "GLOBAL_PUBLISHING": _("Global → Local"),
    "LOCAL_REPLICATION": _("Local → Local"),
}

CAPABILITIES: Final[Mapping[str, Text]] = {
    "orders": _("Order processing"),
    "products": _("Product publishing"),
    "inventory": _("Inventory push"),
    "analysis": _("Data analysis"),
}
"""What a shop may be used for."""

PERMISSIONS: Final[tuple[tuple[str, Text], ...]] = (
    (Permission.OPERATE, _("Change products, listings, orders, templates and settings")),
    (Permission.GLOBAL_STORE, _("TikTok Global Store Page")),
    (Permission.PEOPLE, _("See the users of the account")),
    (Permission.SECURITY, _("See the security log")),
)
"""What a role of an account's own may grant, in its order on the page."""

BROWSERS: Final = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
"""What a browser calls itself by, the more special ones first: most name Chrome and Safari as well."""
SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip

LOOKS_ONLY: Final[Text] = _("Only look")

AUDIT: Final[Mapping[str, Text]] = {
    "accounts.create_account": _("Account made"),
    "accounts.delete_role": _("Role deleted"),
    "accounts.factor_added": _("Second step added to the sign-in"),
    "accounts.factor_removed": _("Second step taken from the sign-in"),
    "accounts.codes_renewed": _("Recovery codes made anew"),
    "accounts.invite": _("User invited"),
    "accounts.invite_again": _("New link for an invited user"),
    "accounts.join": _("Invitation accepted"),
    "accounts.link_mailed": _("Link sent by email"),
    "accounts.password_changed": _("Password changed"),
    "accounts.password_reset": _("Password reset by email"),
    "accounts.remove_user": _("User deleted"),
    "accounts.rename_user": _("User renamed"),
    "accounts.reset_asked": _("Link to reset the password sent"),
    "accounts.save_role": _("Role saved"),
    "accounts.sessions_ended": _("Other devices signed out"),
    "accounts.set_password": _("Password set by the operator"),
    "accounts.set_role": _("Role changed"),
    "accounts.sign_in_failed": _("Sign-in failed"),
    "accounts.sign_up": _("Account made by signing up"),
    "accounts.signed_in": _("Signed in"),
    "accounts.take_second_steps": _("Second steps taken away by the operator"),
    "connections.authorize_shops": _("Shops authorized"),
    "connections.claim_store": _("Store that installed the app added"),
    "connections.connect_store": _("Store connected"),
    "connections.installed": _("App installed in the store again"),
    "connections.uninstalled": _("App taken out of the store"),
    "connections.disconnected": _("Authorization ended"),
    "connections.pair": _("Store and shop connected"),
    "connections.rename": _("Connection renamed"),
    "connections.check_access": _("Access to both platforms tested"),
    "connections.set_preferences": _("Settings of a connection changed"),
}
"""What the entries of the audit log tell of, by their action."""

SECURITY: Final[Mapping[str, Text]] = {
    "sign_ins": _("Signing in"),
    "users": _("Users and roles"),
    "connections": _("Stores, shops and their credentials"),
    "work": _("Everything else"),
}
"""The kinds of entries that the security log is filtered by."""

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

SHOP_ONLY: Final[Text] = _("On TikTok only")
"""Products deleted in BigCommerce whose listing TikTok still has, and listings that no product is linked with."""

SHOP_STATUS: Final[Mapping[str, Text]] = {
    ListingStatus.DRAFT: _("Draft"),
    ListingStatus.PENDING: _("In review"),
    ListingStatus.FAILED: _("Failed"),
    ListingStatus.ACTIVATE: _("Live"),
    ListingStatus.SELLER_DEACTIVATED: _("Off"),
    ListingStatus.PLATFORM_DEACTIVATED: _("Stopped by TikTok"),
    ListingStatus.FREEZE: _("Stopped by TikTok"),
}
"""TikTok's own state of a product that is not linked."""

KINDS: Final[Mapping[str, Text]] = {"simple": _("Simple product"), "variants": _("With variants")}
"""Whether a product has options."""

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
    "CANCELLED": Look(_("Cancelled"), "", "x"),
}

TABS: Final[Mapping[str, Text]] = {
    "all": _("All"),
    "awaiting_shipment": _("Awaiting shipment"),
    "awaiting_collection": _("Awaiting collection"),
    "in_transit": _("In transit"),
    "delivered": _("Delivered"),
    "completed": _("Completed"),
    "cancelled": _("Cancelled"),
    "on_hold": _("On hold, unpaid"),
    "failed": _("Not in BigCommerce"),
    "archived": _("Archived"),
}

DEADLINES: Final[Mapping[str, Look]] = {
    DeadlineKind.SHIP: Look(_("Ship"), "warn", "truck"),
    DeadlineKind.HOLD: Look(_("Hold ends"), "", "pause"),
    DeadlineKind.CANCELLATION: Look(_("Answer: cancellation"), "bad", "x"),
    DeadlineKind.RETURN: Look(_("Decide: return"), "bad", "undo"),
    DeadlineKind.AUTHORIZATION: Look(_("Access ends"), "warn", "link"),
}

SPANS: Final[Mapping[Span, Text]] = {
    Span.LATE: _("Late"),
    Span.TODAY: _("Due today"),
    Span.TOMORROW: _("Due tomorrow"),
    Span.LATER: _("Later"),
}

RETURN_TABS: Final[Mapping[ReturnStage, Text]] = {
    ReturnStage.APPLYING: _("Aftersale applying"),
    ReturnStage.REJECTED: _("Aftersale reject application"),
    ReturnStage.RETURNING: _("Aftersale returning"),
    ReturnStage.SHIPPED: _("Aftersale buyer shipped"),
    ReturnStage.RECEIPT_REJECTED: _("Aftersale reject receive"),
    ReturnStage.SUCCESS: _("Aftersale success"),
    ReturnStage.COMPLETE: _("Complete"),
    ReturnStage.CLOSED: _("Closed"),
    ReturnStage.UNKNOWN: _("Unknown"),
}
"""How far returns are (docs/reference/behavior.md RET-2)."""

RETURN: Final[Mapping[str, Look]] = {
    "applying": Look(RETURN_TABS[ReturnStage.APPLYING], "info", "bell"),
    "rejected": Look(RETURN_TABS[ReturnStage.REJECTED], "warn", "x"),
    "returning": Look(RETURN_TABS[ReturnStage.RETURNING], "", "undo"),
    "shipped": Look(RETURN_TABS[ReturnStage.SHIPPED], "", "truck"),
    "receipt_rejected": Look(RETURN_TABS[ReturnStage.RECEIPT_REJECTED], "warn", "x"),
    "success": Look(RETURN_TABS[ReturnStage.SUCCESS], "ok", "check"),
    "complete": Look(RETURN_TABS[ReturnStage.COMPLETE], "ok", "check"),
    "closed": Look(RETURN_TABS[ReturnStage.CLOSED], "", "x"),
}

RETURN_KINDS: Final[Mapping[ReturnKind, Text]] = {
    ReturnKind.REFUND: _("Refund only"),
    ReturnKind.RETURN_AND_REFUND: _("Return and refund"),
    ReturnKind.REPLACEMENT: _("Replacement"),
    ReturnKind.EXCHANGE: _("Exchange"),
    ReturnKind.UNKNOWN: _("Another request"),
}

RETURN_SORTS: Final[Mapping[str, Text]] = {
    "deadline": _("Nearest deadline first"),
    "-asked": _("Newest first"),
    "-total": _("Largest amount first"),
}

_RETURN_STEPS: Final[Mapping[str, Text]] = {
    "asked": _("Buyer asked"),
    "approved": _("Approved"),
    "shipped": _("Buyer shipped"),
    "received": _("Received"),
    "refunded": _("Refunded"),
}


_RETURN_EVENTS: Final[Mapping[str, Look]] = {
    "ORDER_RETURN": Look(_("The buyer asked for a return"), "info", "undo"),
    "ORDER_REFUND": Look(_("The buyer asked for a refund"), "info", "undo"),
    "SELLER_AGREE": Look(_("The request was accepted"), "ok", "check"),
    "SELLER_REJECT": Look(_("You rejected it"), "warn", "x"),
    "BUYER_SHIPPED": Look(_("The buyer sent the parcel"), "info", "truck"),
    "REFUND": Look(_("TikTok refunded the buyer"), "ok", "check"),
    "REPLACEMENT": Look(_("The goods are sent again"), "ok", "box"),
    "ARBITRATION": Look(_("TikTok was asked to decide"), "warn", "shield"),
    "RETURN_CLOSED": Look(_("The request was closed"), "", "x"),
}
_RETURN_ROLES: Final[Mapping[str, Text]] = {
    "BUYER": _("The buyer did something"),
    "SELLER": _("You did something"),
}


def return_event(event: str, role: str) -> Look:
    """An entry of a return's history; one whose name we do not know is told by who did it."""
    known = _RETURN_EVENTS.get(event)
    return known or Look(_RETURN_ROLES.get(role, _("TikTok did something")), "", "dots")


def return_step(name: str, state: str) -> Look:
    """A point of a return's way, by `orders.returns.queries.Step`."""
    return Look(_RETURN_STEPS[name], icon={"done": "check", "failed": "x", "now": "clock", "": "dots"}[state])


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

ORIGINS: Final[Mapping[str, Text]] = {
    "www": _("Online store"),
    "mobile": _("Online store, on a phone"),
    "iphone": _("Online store, on a phone"),
    "ipad": _("Online store, on a tablet"),
    "android": _("Online store, on a phone"),
    "manual": _("Control panel"),
    "external": _("Another app"),
    "checkout_api": _("Checkout API"),
    "buybutton": _("Buy button"),
    "amazon": _("Amazon"),
    "ebay": _("eBay"),
    "facebookshop": _("Facebook"),
    "facebookcheckout": _("Facebook"),
    "facebookmarketplace": _("Facebook"),
    "pinterest": _("Pinterest"),
    "socialshop": _("Social shop"),
}
"""Where BigCommerce says that an order was placed, by its word."""


def origin(source: str, app: str) -> str:
    """Where an order of the store's own was placed; an app is called by the name it gave itself."""
    if source == "external" and app:
        return app
    return str(ORIGINS.get(source) or source.replace("_", " ").capitalize())


PREFERENCE_GROUPS: Final[Mapping[str, tuple[Text, Text]]] = {
    "sync": (
        _("Where each field comes from"),
        _(
            "BigCommerce: it follows the store. Twinshelf: the title kept here stays. TikTok Shop’s own: what stands "
            "there is never overwritten. The ticks of a product, and its own title, description and prices, come first."
        ),
    ),
    "price_rule": (
        _("Price rule"),
        _("Added to every price of this connection, after the exchange rate. An amount is in the shop's currency."),
    ),
    "package": (
        _("Package where a product has none"),
        _("Used where neither the product nor the template gives a value. Whole numbers; empty: no default."),
    ),
}
"""Preferences that stand in one line of the page: how the line is called, and what it is for."""

PREFERENCE_SHORT: Final[Mapping[str, Text]] = {
    "price_rule.kind": _("Rule"),
    "price_rule.value": _("Amount or percent"),
    "package.length": _("Length"),
    "package.width": _("Width"),
    "package.height": _("Height"),
    "package.weight": _("Weight"),
}

FULFILLERS: Final[Mapping[str, Text]] = {"seller": _("Seller"), "tiktok": "TikTok"}

LOGISTICS: Final[Mapping[str, Text]] = {"seller": _("Shipped by the seller"), "tiktok": _("Shipping by TikTok")}
"""Whose carrier takes an order's parcel, as the filter calls it."""

TASK: Final[Mapping[str, Look]] = {
    "queued": Look(_("Queued"), "info", "clock"),
    "running": Look(_("Running"), "info", "sync"),
    "completed": Look(_("Done"), "ok", "check"),
    "failed": Look(_("Could not be carried out"), "bad", "stop"),
    "cancelled": Look(_("Cancelled"), "", "x"),
}

ITEM: Final[Mapping[str, Look]] = {
    "waiting": Look(_("Waiting"), "info", "clock"),
    "succeeded": Look(_("Done"), "ok", "check"),
    "failed": Look(_("Failed"), "bad", "stop"),
    "skipped": Look(_("Skipped"), "", "x"),
}

TASK_KINDS: Final[Mapping[str, Text]] = {
    "ask_listing": _("List, update or refresh"),
    "ask_product": _("Pull some products"),
    "ask_stock": _("Sync price and stock"),
    "ask_visibility": _("Activate or deactivate"),
    "pull": _("Pull products"),
    "fetch_orders": _("Fetch orders"),
    "fetch_store_orders": _("Fetch BigCommerce orders"),
    "fetch_returns": _("Sync returns"),
    "prove": _("Check everything"),
}

REPORT: Final[Mapping[str, Look]] = {
    "waiting": Look(_("Waiting"), "info", "clock"),
    "sending": Look(_("Sending"), "info", "up"),
    "reported": Look(_("TikTok knows"), "ok", "check"),
    "failed": Look(_("Not reported"), "bad", "stop"),
}

SUBJECTS: Final[Mapping[ProofSubject, Text]] = {
    ProofSubject.PRODUCT: _("Products in the store"),
    ProofSubject.LISTING: _("Listings in the shop"),
    ProofSubject.PRICE: _("Prices of SKUs"),
    ProofSubject.STOCK: _("Stock of SKUs"),
    ProofSubject.ORDER: _("TikTok orders"),
    ProofSubject.STORE_ORDER: _("Store orders"),
    ProofSubject.LINES: _("What orders ask for"),
    ProofSubject.SHIPMENT: _("What was shipped of orders"),
}
"""What a full check compares."""

WORKING: Final[Mapping[str, Text]] = {"product": _("Products"), "order": _("Orders"), "task": _("Tasks")}
"""What a full check finds in progress for long."""

REASONS: Final[Mapping[ProofReason, Text]] = {
    ProofReason.UNREADABLE: _("Cannot be read"),
    ProofReason.NOT_PLANNABLE: _("Needs you first"),
    ProofReason.IN_PROGRESS: _("In progress"),
    ProofReason.NOT_LIVE: _("Not live"),
    ProofReason.SKIPPED: _("Left out by a rule"),
}
"""Why it did not compare something."""

AGREEMENT: Final[Mapping[str, Look]] = {
    "as_set": Look(_("As set"), "ok", "check"),
    "differs": Look(_("Differs"), "bad", "alert"),
    "missing": Look(_("Missing"), "", "plus"),
    "unknown": Look(_("Not read back"), "", "help"),
}

CAUSES: Final[Mapping[str, Look]] = {
    "kept": Look(_("Kept back"), "bad", "alert"),
    "chosen": Look(_("The other way"), "plain", "pause"),
    "moves": Look(_("In order"), "ok", "check"),
}
"""What the doctor says of one thing that it looked at."""

EXAMINED: Final[Mapping[str, Text]] = {
    "access": _("Access"),
    "products": _("Products to TikTok Shop"),
    "imports": _("Products to BigCommerce"),
    "matching": _("Equal SKUs"),
    "orders": _("Orders"),
    "stock": _("Stock"),
    "shipments": _("Shipments"),
}
"""What the doctor looks at, in its order."""

PLACES: Final[Mapping[str, Look]] = {
    "linked": Look(_("Linked"), "ok", "link"),
    "apart": Look(_("Not sold from"), "", "pause"),
    "not_linked": Look(_("Not linked"), "warn", "alert"),
    "in_use": Look(_("In use"), "ok", "check"),
    "not_used": Look(_("Not used"), "", "dots"),
    "refused": Look(_("Refused by TikTok"), "bad", "stop"),
    "holiday": Look(_("On holiday"), "warn", "pause"),
    "off": Look(_("Switched off"), "bad", "stop"),
    "gone": Look(_("Removed"), "bad", "stop"),
}
"""Locations of a store, and warehouses of a shop."""

KINDS_OF_WAREHOUSE: Final[Mapping[str, Text]] = {
    "DOMESTIC_WAREHOUSE": _("Domestic"),
    "CB_OVERSEA_WAREHOUSE": _("Cross-border overseas"),
    "CB_DIRECT_SHIPPING_WAREHOUSE": _("Global Warehouse: ships from abroad"),
    "UNKNOWN": _("Not said"),
}

ROUTED: Final[Mapping[str, Text]] = {
    "linked": _("It is linked to the order’s TikTok warehouse."),
    "preferred": _("Of the locations linked to the order’s TikTok warehouse, the first that had all its goods."),
    "first": _("The first location linked to the order’s TikTok warehouse; none had all its goods."),
    "package": _("TikTok moved the package to another warehouse, to which this location is linked."),
    "unlinked": _("No location is linked to the order’s TikTok warehouse: it is taken from where BigCommerce draws."),
    "off": _("The linked location is switched off or removed, so it is taken from where BigCommerce draws."),
    "short": _("BigCommerce did not book the units to the linked location: correct the stock of both by hand."),
}
"""Why an order is taken from its location."""

LINKS: Final[Mapping[str, Look]] = {
    "as_set": Look(_("Linked"), "ok", "link"),
    "differs": Look(_("Differs"), "bad", "alert"),
    "missing": Look(_("Not linked"), "", "link"),
    "gone": Look(_("Deleted in BigCommerce"), "", "box"),
    "out_of_scope": Look(_("Out of scope"), "", "pause"),
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

SALE: Final[Mapping[str, Look]] = {
    "deleted": Look(_("Deleted"), "", "x"),
    "not_purchasable": Look(_("Not purchasable"), "warn", "pause"),
    "hidden": Look(_("Hidden"), "", "pause"),
    "for_sale": Look(_("For sale"), "ok", "check"),
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
    "description": _("Description"),
    "brand_id": _("Brand"),
    "attributes": _("Attributes"),
    "image_urls": _("Images"),
    "cash_on_delivery": _("Cash on delivery"),
    "sales_attributes": _("Variation attributes"),
    "skus": _("Variants"),
}

RULES: Final[Mapping[str, Text]] = {
    "template": _("From the default template"),
    "own_template": _("From its template"),
    "mapping": _("For its category in BigCommerce"),
    "sale_price": _("Sale price where there is one"),
    "tax": _("Tax on top: {value}%"),
    "rate": _("Exchange rate {value}"),
    "fixed_up": _("Price rule: +{value}"),
    "fixed_down": _("Price rule: −{value}"),
    "percent_up": _("Price rule: +{value}%"),
    "percent_down": _("Price rule: −{value}%"),
    "template_fixed_up": _("Price rule of the template: +{value}"),
    "template_fixed_down": _("Price rule of the template: −{value}"),
    "template_percent_up": _("Price rule of the template: +{value}%"),
    "template_percent_down": _("Price rule of the template: −{value}%"),
    "held": _("{value} held for orders on their way"),
    "reserve": _("{value} a variant kept back"),
    "threshold": _("0 at {value} or fewer"),
    "low": _("Off sale at {value} or fewer"),
    "elsewhere": _("0: another shop gets the last {value}"),
    "percent": _("{value}% of it"),
    "cap": _("At most {value}"),
    "untracked": _("{value} where stock is not tracked"),
    "not_for_sale": _("0: not purchasable in BigCommerce"),
    "product_level": _("0: stock is tracked for the product, not its variants"),
    "gone": _("0: not in BigCommerce any more"),
    "own": _("Own choice for this product"),
    "not_at_first": _("0 at first: stock is sent once it is listed"),
    "sync_tts": _("Sync rule: TikTok Shop’s own stays"),
    "sync_connector": _("Sync rule: the title kept in Twinshelf"),
    "sync_none": _("Sync rule: not sent when it is created"),
    "gtin_reason": _("No code: {value}"),
}


SKU_PILLS: Final[Mapping[str, Text]] = {
    "": _("All"),
    "too_many": _("Too many on TikTok"),
    "too_few": _("Too few"),
    "not_sent": _("Not sent"),
    "held": _("Held"),
    "limited": _("At a limit"),
    "oversold": _("Oversold"),
}
"""What the list of SKUs tells apart, by `listings.inventory.queries.DIFFERENCES`."""

SKU_STANDING: Final[Mapping[str, Look]] = {
    "same": Look(_("Same"), "ok", "check"),
    "too_many": Look(_("Too many"), "bad", "stop"),
    "too_few": Look(_("Too few"), "warn", "alert"),
    "waiting": Look(_("Waiting"), "info", "clock"),
    "not_sent": Look(_("Not sent"), "bad", "stop"),
    "left": Look(_("Left to TikTok"), "", "pause"),
    "unknown": Look(_("Not read yet"), "", "dots"),
}
"""How what a shop shows stands to what it should, by `SkuLine.standing`."""

STEPS: Final[Mapping[str, tuple[Text, Text]]] = {
    "stock": (_("Stock in BigCommerce"), _("What an order can draw, as last read.")),
    "untracked": (_("Stock is not tracked"), _("The number chosen for such goods in the settings.")),
    "own": (_("Own quantity of the product: {figure}"), _("Never more is offered of it in this shop.")),
    "held": (_("Held for orders: {figure}"), _("Units that orders of every shop will take.")),
    "threshold": (_("Low-stock limit: {figure}"), _("At or below it 0 is sent; the product stays live.")),
    "low": (_("Low-stock limit: {figure}"), _("At or below it the whole product is off sale.")),
    "elsewhere": (_("Last units: {figure} or fewer"), _("All of them go to another shop of the store.")),
    "percent": (_("Share of the stock: {figure}%"), _("Rounded down.")),
    "reserve": (_("Reserve: {figure}"), _("Always kept back from this shop.")),
    "cap": (_("At most {figure}"), _("More is never offered in this shop.")),
    "limit": (_("What TikTok takes"), _("From 0 to 99,999 units.")),
    "gone": (_("Gone from BigCommerce"), _("Nothing of it is offered.")),
    "not_for_sale": (_("Not purchasable in BigCommerce"), _("Nothing of it is offered.")),
    "product_level": (
        _("Stock is tracked for the product, not its variants"),
        _("Nobody knows how many there are of which."),
    ),
    "not_at_first": (_("0 at first"), _("Stock is sent once it is listed.")),
}
"""The steps that lead to a number: what each is called, and what it does. By `rules.quantities.QuantityRule`."""


def step_title(rule: str, figure: int | None) -> str:
    """What a step of the calculation is called."""
    title = STEPS[rule][0] if rule in STEPS else rule
    return str(title).format(figure="–" if figure is None else f"{figure:,}")


def step_text(rule: str) -> str:
    """What a step of the calculation does."""
    return str(STEPS[rule][1]) if rule in STEPS else ""


def rule_text(rule: str) -> str:
    """A rule of `listings.sides.Side` in words: `percent_up:10` → "Price rule: +10%"."""
    name, _colon, value = rule.partition(":")
    if name == "rate" and not value:
        return str(_("No exchange rate confirmed"))
    if name == "tax" and not value:
        return str(_("No tax confirmed"))
    return str(RULES.get(name, name)).format(value=value)


CHANGES: Final[Mapping[str, tuple[Text, str]]] = {
    "CreateListing": (_("Sent to TikTok Shop"), "up"),
    "EditContent": (_("Content sent to TikTok Shop"), "up"),
    "SetPrices": (_("Price set on TikTok"), "tag"),
    "SetStock": (_("Stock set on TikTok"), "stock"),
    "PutInWarehouses": (_("Put into further warehouses on TikTok"), "stock"),
    "SetStoreStock": (_("Stock set in BigCommerce"), "stock"),
    "DeactivateListing": (_("Deactivated on TikTok"), "pause"),
    "ActivateListing": (_("Activated on TikTok"), "check"),
    "DeleteListing": (_("Deleted on TikTok"), "x"),
    "RecoverListing": (_("Recovered on TikTok"), "undo"),
    "CreateStoreOrder": (_("Created in BigCommerce"), "check"),
    "MoveStock": (_("Stock booked to the location that ships"), "stock"),
    "ReferenceOrder": (_("BigCommerce order noted on TikTok"), "link"),
    "SetStoreStatus": (_("Status set in BigCommerce"), "sync"),
    "SetStoreAddress": (_("Address changed in BigCommerce"), "truck"),
    "ReportShipment": (_("Shipment reported to TikTok"), "truck"),
    "CorrectShipment": (_("Tracking number corrected on TikTok"), "truck"),
    "ShipStoreOrder": (_("Shipment created in BigCommerce"), "truck"),
    "CorrectStoreShipment": (_("Tracking number corrected in BigCommerce"), "truck"),
    "CreateStoreProduct": (_("Created in BigCommerce"), "plus"),
    "SetStoreProduct": (_("Changed in BigCommerce"), "edit"),
    "SetStorePrices": (_("Prices set in BigCommerce"), "tag"),
    "CancelShopOrder": (_("Cancellation sent to TikTok"), "x"),
    "CancelStoreOrder": (_("Cancelled in BigCommerce"), "x"),
    "AnswerCancellation": (_("Answer to the buyer’s request sent to TikTok"), "note"),
    "DecideReturn": (_("Decision about a return sent to TikTok"), "note"),
    "RefundStoreOrder": (_("Refund recorded in BigCommerce"), "undo"),
    "PutBackStock": (_("Added to the stock in BigCommerce"), "box"),
}

VERDICTS: Final[Mapping[Verdict, tuple[str, str, Text]]] = {
    Verdict.CREATE: ("info", "plus", _("Is created")),
    Verdict.LINK: ("ok", "link", _("Is linked")),
    Verdict.NEAR: ("warn", "alert", _("Left alone: nearly the same")),
    Verdict.AMBIGUOUS: ("warn", "alert", _("Left alone: SKU used twice")),
    Verdict.NO_SKU: ("warn", "alert", _("Left alone: SKU missing")),
}
"""Tint and words for what another catalog direction does with a product."""

REVIEWED: Final[Mapping[str, tuple[str, str, Text]]] = {
    reviewing.Verdict.NEW: ("info", "plus", _("New on TikTok")),
    reviewing.Verdict.CHANGED: ("ok", "sync", _("Changed")),
    reviewing.Verdict.OFF: ("note", "pause", _("Taken away")),
    reviewing.Verdict.FINDING: ("bad", "alert", _("With findings, not sent")),
    reviewing.Verdict.NOTHING: ("note", "check", _("Nothing to do")),
}
"""Tint, icon and words for what a review says of a product."""

CHECKED: Final[Mapping[State, Look]] = {
    State.OK: Look(_("Ok"), "ok", "check"),
    State.FIX: Look(_("Fix"), "bad", "x"),
    State.LATER: Look(_("Fix later"), "warn", "alert"),
    State.WAITING: Look(_("Waiting"), "info", "clock"),
}
"""What the installation checklist says of an item."""

LISTING_FIELDS: Final[Mapping[str, Text]] = {
    "title": _("Title"),
    "description": _("Description"),
    "category_id": _("Category"),
    "brand_id": _("Brand"),
    "attributes": _("Attributes"),
    "image_urls": _("Images"),
    "weight": _("Weight"),
    "dimensions": _("Package"),
    "minimum_quantity": _("Least in an order"),
    "maximum_quantity": _("Most in an order"),
    "cash_on_delivery": _("Cash on delivery"),
    "sales_attributes": _("Options"),
    "certificates": _("Certificates"),
    "manufacturer_id": _("Manufacturer"),
    "responsible_person_id": _("Responsible person"),
    "size_chart": _("Size chart"),
    "skus": _("SKUs"),
    "price": _("Price"),
    "stock": _("Stock"),
}
"""What the fields of a listing are called in a review."""

LANES: Final[Mapping[str, Text]] = {
    "listing": _("Listing"),
    "price": _("Price"),
    "stock": _("Stock"),
    "visibility": _("On or off sale"),
    "product": _("Product"),
    "incoming": _("Product of TikTok"),
    "order": _("Order"),
    "shipment": _("Shipment"),
    "package": _("Package"),
    "cancellation": _("Cancellation"),
    "warehouse": _("Warehouse"),
    "reference": _("Order reference"),
    "connection": _("Connection"),
    "store": _("Store"),
}
"""What a kind of lane is about."""

SHIPMENTS: Final[Mapping[str, Text]] = {
    "bc_to_tts": _("A shipment you create in BigCommerce reaches TikTok by itself, usually within a minute."),
    "tts_to_bc": _("A shipment made on TikTok is written to BigCommerce by itself, usually within a minute."),
    "disabled": _("Shipments are copied neither way: their direction is off in the settings."),
}
"""What becomes of an order's shipments, by their direction."""

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


_STORE_TOPICS: Final[Mapping[str, Text]] = {
    "product/created": _("product added"),
    "product/updated": _("product changed"),
    "product/deleted": _("product deleted"),
    "product/inventory/updated": _("stock of a product changed"),
    "product/inventory/order/updated": _("an order changed the stock of a product"),
    "sku/created": _("variant added"),
    "sku/updated": _("variant changed"),
    "sku/deleted": _("variant deleted"),
    "sku/inventory/updated": _("stock of a variant changed"),
    "sku/inventory/order/updated": _("an order changed the stock of a variant"),
    "order/created": _("order created"),
    "order/updated": _("order changed"),
    "order/archived": _("order archived"),
    "order/statusUpdated": _("order status changed"),
    "shipment/created": _("shipment created"),
    "shipment/updated": _("shipment changed"),
    "shipment/deleted": _("shipment deleted"),
    "app/uninstalled": _("app uninstalled"),
}


def topic_text(topic: str) -> str:
    """A topic in words: `order (1)` → "order changed"; `store/order/statusUpdated` → "order status changed"."""
    if not topic.startswith("store/"):
        return str(TOPICS.get(topic.partition(" (")[0], topic))
    name = topic.removeprefix("store/")
    if name in _STORE_TOPICS:
        return str(_STORE_TOPICS[name])
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.replace("/", " ")


_BY_HAND: Final[Mapping[str, Text]] = {
    "retry by hand": _("tried again by {name}"),
    "sync by hand": _("synced by {name}"),
    "cancel by hand": _("cancelled by {name}"),
    "confirm by hand": _("confirmed by {name}"),
    "decide by hand": _("decided by {name}"),
    "restock by hand": _("put back into stock by {name}"),
    "settle by hand": _("settled by {name}"),
    "answer by hand": _("answered by {name}"),
    "settings": _("settings changed by {name}"),
}
_CAUSES: Final[Mapping[str, Text]] = {
    "uninstalled": _("the app was taken out of the store"),
    "timetable": _("the timetable"),
    "poll": _("a regular look at the platform"),
    "comparison": _("the regular comparison of price and stock"),
    "seen by scan": _("a regular look at the listings"),
    "went live": _("the listing went live"),
    "price moved in the shop": _("the price was changed on TikTok"),
    "stock moved in the shop": _("the stock was changed on TikTok"),
    "held for orders": _("units are held for new orders"),
    "holds released": _("units are not held for orders any more"),
    "hold over": _("the hold of an order ended"),
    "orders took stock": _("orders took stock"),
    "SKU is its own": _("its SKU is unique again"),
    "order cancelled": _("the order was cancelled"),
    "cancelled at TikTok": _("the order was cancelled on TikTok"),
    "decided at TikTok": _("a decision was made on TikTok"),
    "refunded": _("a refund was recorded"),
    "its returns ended": _("the last return of the order ended"),
    "store order made": _("the BigCommerce order was created"),
    "refused before": _("it was refused before"),
    "no answer": _("a call got no answer"),
    "refresh after no answer": _("a call got no answer"),
}
_TASK: Final = re.compile(r"(?P<how>task|pull|not seen by pull) (?P<id>\d+)(: (?P<name>.+))?")


def cause_text(cause: str) -> str:
    """Why something was done, and by whom where a person asked for it. A cause that has no words here says its own."""
    word, _space, topic = cause.partition(" ")
    if word == "webhook" and topic:
        source = SOURCES["bigcommerce" if topic.startswith("store/") else "tiktok"]
        return str(_("message from {source}, {topic}")).format(source=source, topic=topic_text(topic))
    what, _colon, name = cause.partition(": ")
    if what in _BY_HAND:
        return str(_BY_HAND[what]).format(name=name or _("hand"))
    if task := _TASK.fullmatch(cause):
        words = str(_("task no. {id} of {name}") if task["name"] else _("task no. {id}"))
        if task["how"] == "not seen by pull":
            words = str(_("not found by {words}")).format(words=words)
        return words.format(id=task["id"], name=task["name"])
    return str(_CAUSES.get(cause, cause))


def task_of_cause(cause: str) -> int | None:
    """The task that asked for it, if one did."""
    task = _TASK.fullmatch(cause)
    return int(task["id"]) if task else None


def status_text(state: str) -> str:
    """BigCommerce's name of an order's state."""
    known = {str(each): word for each, word in STORE_STATE.items()}
    return str(known.get(state) or state.replace("_", " ").capitalize())


def look(table: Mapping[str, Look], state: str) -> Look:
    """How a state is shown; one that nobody thought of is shown as the platform spells it."""
    return table.get(state) or Look(state.replace("_", " ").capitalize(), "", "help")
