"""Switches of the TikTok Shop double: behaviour that the platform's documents leave open, or that tests want to vary.

`tt.set_switch(shop_id, name, value)` sets one for a shop, with shop_id `*` for all shops that have no value of their
own. The numbers in brackets are the open questions of `docs/platforms/tiktok-shop.md` section 24.
"""

from __future__ import annotations

from typing import Any, Final

from twinshelf_sandbox.switch_values import position

SWITCHES: Final[dict[str, tuple[Any, str]]] = {
    "zero_quantity": (True, "[1] Whether a quantity of 0 is accepted; otherwise 12052055."),
    "max_quantity": (999_999, "[1] The largest quantity accepted, per SKU and warehouse."),
    "name_disabled_warehouses": (
        False,
        "Whether setting stock must name a SKU's warehouses that are switched off too, which cannot be; unverified.",
    ),
    "retry_after": (True, "[2] Whether a 429 carries a Retry-After header."),
    "business_error_status": (200, "[3] HTTP status of business errors."),
    "atomic_prices": (
        True,
        "[4] Whether one bad SKU refuses the whole price update; otherwise the good ones are applied.",
    ),
    "category_version": ("", "[5] The category tree this shop must use, v1 or v2; empty: what is usual in its region."),
    "title_minimum": (0, "[5] The least number of characters of a title; 0: what is usual in the region."),
    "refresh_ends_old_token": (True, "[6] Whether a refresh ends the access token handed out before it."),
    "new_cipher_on_authorization": (False, "[7] Whether authorizing again gives the shop a new cipher."),
    "webhook_list_milliseconds": (True, "[8] Whether Get Shop Webhooks gives its times in milliseconds."),
    "returns_minimum_page": (10, "[9] The smallest page size returns/search accepts."),
    "global_products_retired": (False, "[10] Whether the calls of global products answer 36009014."),
    "unsigned_empty_object": (False, "[11] Whether a body of {} may be left out of the signature."),
    "mark_shipped_in_new_eu": (True, "[12] Whether Mark Package As Shipped works in the markets new in 2026."),
    "on_hold": (True, "Whether a paid order waits in ON_HOLD before AWAITING_SHIPMENT."),
    "on_hold_seconds": (3600, "How long a paid order is on hold."),
    "unpaid_seconds": (86_400, "How long an unpaid order lives before the platform cancels it; 0: for ever."),
    "late_shipment_seconds": (0, "After how long in AWAITING_SHIPMENT the platform cancels an order; 0: never."),
    "completion_seconds": (0, "How long after delivery an order becomes COMPLETED by itself; 0: only by tt.complete."),
    "on_hold_address": ("masked", "What an order on hold shows of its address: masked or empty."),
    "mask_tiktok_shipping_always": (
        False,
        "Whether US orders shipped by TikTok mask phone and address in every status.",
    ),
    "auto_restock": (True, "Whether a cancellation puts the units back in stock without the seller."),
    "post_live_drafts": (True, "Whether a submitted product can be saved as a draft beside its live version."),
    "search_cap": ("total", "What 12052180 watches in product searches: total results or the offset asked for."),
    "stale_search_status": (False, "Whether product searches show the status a product had before its last change."),
    "label_seconds": (0, "How long the label of a package is being made after it was arranged (11034037 meanwhile)."),
    "check_tracking_numbers": (True, "Whether a number that is plainly another carrier's is refused with 21004015."),
    "tracking_updates": (1, "How often the tracking number of a package can be corrected, within 72 hours."),
    "multiple_trackings": (False, "Whether the seller may give several tracking numbers for one package."),
    "auto_approve": (True, "Whether requests the seller leaves unanswered are approved when their deadline passes."),
    "development_shop": (
        False,
        "Whether the shop has the quota of development shops: 1,000 calls an hour, else 36009037.",
    ),
    "allowed_ips": ([], "Callers allowed to use the app, as x-forwarded-for names them; empty: all. Else 36009033."),
    "unavailable_share": (0.0, "Share of calls answered 503 before any effect."),
    "internal_error_share": (0.0, "Share of calls answered 36009003 before any effect."),
    "extra_fields": (False, "Whether answers carry fields no document mentions."),
    "odd_values": ({}, "Values to put into every field of these names in answers, such as an unknown enum value."),
    "null_fields": ([], "Names of fields that are null in every answer."),
    "not_main_category": ([], "Categories in which this shop may not sell (permission NON_MAIN_CATEGORY)."),
    "failing_checks": ([], "Items of the listing prerequisites that fail, such as RETURN_WAREHOUSE or SHOP_TAX."),
    "locked_for_integration": (
        False,
        "Whether Seller Center is locked so that only stock and price can be edited (12052332).",
    ),
    "may_ship_over_cancel_request": (
        None,
        "Whether shipping overrides a buyer's pending cancellation; null: only in the US.",
    ),
    "replicas_need_audit_seconds": (60, "How long it takes until a replicated or published product is there."),
    "category_upgrade_seconds": (7200, "How long a category upgrade of the shop takes."),
    "listing_methods": (
        "",
        "GLOBAL_PUBLISHING or LOCAL_REPLICATION; empty: LOCAL_REPLICATION for cross-border sellers.",
    ),
    "legacy_cancel_webhook": (False, "Whether webhook 2 (REVERSE_STATUS_UPDATE) is sent beside 11 and 12."),
}
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "category_version": ("", "v1", "v2"),
    "on_hold_address": ("masked", "empty"),
    "search_cap": ("total", "offset"),
    "listing_methods": ("", "GLOBAL_PUBLISHING", "LOCAL_REPLICATION"),
}


def checked(name: str, value: Any) -> Any:
    """`value` as the switch keeps it. Raises ValueError for what is no switch or no position of it."""
    if name not in SWITCHES:
        msg = f"name: there is no switch {name!r}; known: {', '.join(sorted(SWITCHES))}"
        raise ValueError(msg)
    return position(name, default(name), value, _WORDS.get(name, ()))


def default(name: str) -> Any:
    """The value of a switch that nobody set."""
    return SWITCHES[name][0]
