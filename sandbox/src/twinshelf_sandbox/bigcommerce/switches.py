"""What BigCommerce's sources leave open, or what stores differ in: each a documented switch of a sandbox store.

`world.act("bc.set_switch", hash=…, name=…, value=…)` turns one; the defaults are the likeliest reading of the sources.
"""

from __future__ import annotations

from typing import Any, Final

from twinshelf_sandbox.switch_values import position

SWITCHES: Final[dict[str, tuple[Any, str]]] = {
    "quota": (
        "plan",
        'Calls per 30 s window: a number, "plan" for the plan\'s own, null for unlimited (no headers then).',
    ),
    "throttle_style": (
        "429",
        'How a spent quota answers: "429" with headers, "bare" 429 without, "500" standing for it.',
    ),
    "over_limit": ("refuse", 'A page `limit` above the maximum: "refuse" (413) or "clamp".'),
    "compress": (False, "Answers are compressed for clients that accept it, as the platform's are; off to save time."),
    "extra_keys": (0.0, "Share of answers that carry one key no specification names."),
    "catalog_level": (
        "all_locations",
        '`inventory_level` in the catalog: "all_locations" that are enabled, or "default_location".',
    ),
    "variant_moves_date_modified": (True, "A change of a variant or of stock moves the product's `date_modified`."),
    "inventory_delay": ([0.3, 2.0], "Seconds until an accepted inventory write takes effect: least and most."),
    "inventory_batch": ("all_or_nothing", 'A batch with a bad item: "all_or_nothing" or "rest_applied".'),
    "order_location": (1, "The location that orders made by the API and in the storefront draw from."),
    "order_statuses_without_stock": (
        [0, 4, 5, 6],
        "Initial statuses of an order that take no stock under `order_placed`.",
    ),
    "order_channel_settings": (
        True,
        "An API order with a channel follows that channel's inventory settings, else the store's.",
    ),
    "uncancel_takes_stock": (True, "An order that leaves Cancelled or Refunded takes its stock again, 409 if short."),
    "declined_restocks": (False, "Declined gives stock back as Cancelled does."),
    "archive_restocks": (False, "Archiving an order gives its stock back."),
    "archived_orders_listed": (False, "Order lists show archived orders."),
    "partial_deduction": (False, "A refused order of several lines keeps what the lines before the short one took."),
    "shipment_sets_status": (True, "A shipment moves the order to Partially Shipped, then Shipped."),
    "shipment_product_id": ("zero", '`items[].product_id` of shipments: "zero" as in the samples, or "real".'),
    "items_total": ("units", '`items_total` of an order counts "units" or "lines".'),
    "order_created_sends_status": (False, "Creating an order also fires `store/order/statusUpdated` (from 0)."),
    "sale_fires_both_inventory_hooks": (
        False,
        "A sale fires `…/inventory/updated` beside `…/inventory/order/updated`.",
    ),
    "hook_activation": (0.0, "Seconds until a new webhook fires; the platform says up to a minute."),
    "hook_spread": (
        [0.0, 0.0],
        "Seconds, least and most, between an event and its first delivery: more than 0 reorders.",
    ),
    "hook_timeout": (10.0, "Seconds a webhook waits for its answer."),
    "documented_scopes_only": (
        True,
        "A webhook of a scope that no document lists is refused with 422; the documents name no answer to it.",
    ),
    "hook_duplicate_status": (409, "HTTP status for a second hook of one scope and destination."),
    "hook_limit_status": (422, "HTTP status for the eleventh hook of one scope."),
    "refund_busy_seconds": (0.0, "Seconds after a refund in which another one of the same order is refused with 422."),
    "channel_names_with_spaces": (
        False,
        "Channel names may have spaces, as official samples show and the rules forbid.",
    ),
    "product_limit": (None, "Products the plan allows; one more answers 507. Null: no limit."),
    "concurrency_limits": (
        True,
        "Operations that a store answers only so often at the same time refuse more calls with 429.",
    ),
    "trailing_slash_scopes": (False, "Price-list scopes are delivered with the trailing slash some documents show."),
}
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "throttle_style": ("429", "bare", "500"),
    "over_limit": ("refuse", "clamp"),
    "catalog_level": ("all_locations", "default_location"),
    "inventory_batch": ("all_or_nothing", "rest_applied"),
    "shipment_product_id": ("zero", "real"),
    "items_total": ("units", "lines"),
}


def checked(name: str, value: Any) -> Any:
    """`value` as the switch keeps it. Raises ValueError for what is no switch or no position of it."""
    if name not in SWITCHES:
        msg = f"there is no switch {name!r}; known: {', '.join(SWITCHES)}"
        raise ValueError(msg)
    if name == "quota" and value != "plan":
        return position(name, None, value)
    return position(name, default(name), value, _WORDS.get(name, ()))


def default(name: str) -> Any:
    """The value of a switch nobody turned. Raises KeyError for an unknown name."""
    return SWITCHES[name][0]
