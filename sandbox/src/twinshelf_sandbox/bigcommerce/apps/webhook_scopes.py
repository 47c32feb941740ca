"""The scopes that BigCommerce documents for webhooks, and which texts name one or several of them.

Source: BigCommerce docs, the events pages of integrations/webhooks and one callback file for each scope in
docs/webhooks/callbacks. Of channels, whose events stand in a page of their own, those of carts, categories, orders,
products and inventory are here, with the settings as a group.
"""

from __future__ import annotations

from typing import Final

_CHANGES: Final = ("created", "updated", "deleted")
_CART: Final = (*_CHANGES, "abandoned", "converted", "couponApplied", *(f"lineItem/{word}" for word in _CHANGES))
_ORDER: Final = ("created", "updated", "archived", "statusUpdated", "refund/created", "message/created")
_TRANSACTION: Final = ("transaction/created", "transaction/updated")
_STOCK: Final = ("inventory/updated", "inventory/order/updated")
_METAFIELD: Final = tuple(f"metafield/{word}" for word in _CHANGES)
_DOCUMENTED: Final[dict[str, tuple[str, ...]]] = {
    "app": ("uninstalled",),
    "brand": (*_CHANGES, *_METAFIELD),
    "cart": (*_CART, *_METAFIELD),
    "category": (*_CHANGES, *_METAFIELD),
    "channel": ("created", "updated", *_METAFIELD),
    "channel/{id}": (
        *(f"cart/{name}" for name in _CART),
        *(f"category/{name}" for name in (*_CHANGES, "product/assigned", "product/unassigned", "tree/updated")),
        *(f"order/{name}" for name in (*_ORDER, *_TRANSACTION)),
        *(
            f"inventory/product/{name}"
            for name in ("stock_changed", "low_stock_reached", "out_of_stock_reached", "settings_changed")
        ),
        *(f"product/{name}" for name in ("assigned", "unassigned")),
        *(f"script/{name}" for name in _CHANGES),
        "notifications/abandonedCart/updated",
        *(
            f"settings/{name}/updated"
            for name in (
                "catalog", "checkout", "currency", "emailStatus", "favicon/image", "locale", "logo", "logo/image",
                "profile", "robots", "route", "SEO", "socialMediaLinks", "storefrontStatus", "theme",
            )
        ),
    ),
    "customer": (
        *_CHANGES,
        *(f"address/{name}" for name in _CHANGES),
        "channel/login/access/updated",
        "payment/instrument/default/updated",
    ),
    "hook": ("deliveryException",),
    "information": ("updated",),
    "inventory/location": (*_CHANGES, *_METAFIELD),
    "metafield": _CHANGES,
    "modifier": ("updated",),
    "option": ("updated",),
    "order": (*_ORDER, *_TRANSACTION, *_METAFIELD),
    "priceList": (
        *_CHANGES, "activated", "deactivated",
        *(f"{what}/{name}" for what in ("assignment", "record", "records") for name in _CHANGES),
    ),
    "product": (*_CHANGES, *_STOCK, *_METAFIELD, *(f"variant/{name}" for name in _METAFIELD)),
    "redirects": ("updated",),
    "script": _CHANGES,
    "shipment": _CHANGES,
    "sku": (*_CHANGES, *_STOCK),
    "store": _METAFIELD,
    "subscriber": _CHANGES,
    "variant": _METAFIELD,
}  # fmt: skip
SCOPES: Final = frozenset(f"store/{group}/{name}" for group, names in _DOCUMENTED.items() for name in names)
_GROUPS: Final = frozenset(scope[:at] for scope in SCOPES for at, char in enumerate(scope) if char == "/") - {"store"}


def is_documented(scope: str) -> bool:
    """Whether `scope` is one of the list, or `…/*` over some. A channel's number may be any, or `*` itself."""
    parts = scope.rstrip("/").split("/")
    if parts[1:2] == ["channel"] and len(parts) > 3 and (parts[2] == "*" or parts[2].isdigit()):
        parts[2] = "{id}"
    if parts[-1] == "*":
        return "/".join(parts[:-1]) in _GROUPS
    return "/".join(parts) in SCOPES
