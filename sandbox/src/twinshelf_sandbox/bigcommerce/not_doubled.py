"""Operations that BigCommerce documents and this double does not have: they answer 501 with a sentence, not 404.

So software that meets one can tell "not doubled" from a wrong path. Source: BigCommerce docs, reference/.
"""

from __future__ import annotations

import re
from typing import Final

NOT_DOUBLED: Final[dict[str, tuple[str, ...]]] = {
    # what it is → where it stands; `{}` is any segment, and all below a path belongs to it
    "V2's catalog and webhooks, superseded by V3": (
        "/v2/brands", "/v2/categories", "/v2/products", "/v2/options", "/v2/option_sets", "/v2/hooks",
    ),
    "V2's customers and their groups": ("/v2/customers", "/v2/customer_groups"),
    "coupons, gift certificates and promotions": ("/v2/coupons", "/v2/gift_certificates", "/v3/promotions"),
    "V2's transactions and payments": ("/v2/orders/{}/transactions", "/v2/payments", "/v3/payments"),
    "content: pages, blog, banners, widgets, scripts, redirects, themes": (
        "/v2/pages", "/v2/blog", "/v2/banners", "/v2/redirects", "/v3/content", "/v3/themes", "/v3/storefront",
        "/v3/channels/{}/active-theme",
    ),
    "carts, checkouts, wishlists and prices for them": (
        "/v3/carts", "/v3/checkouts", "/v3/abandoned-carts", "/v3/wishlists", "/v3/pricing",
    ),
    "shipping zones, methods, carriers and pickup": ("/v2/shipping", "/v3/shipping", "/v3/pickup"),
    "tax settings, and classes by V3": ("/v3/tax",),
    "customers' attributes, form fields, consent, segments, passwords and settings": (
        "/v3/customers/attributes", "/v3/customers/attribute-values", "/v3/customers/form-field-values",
        "/v3/customers/settings", "/v3/customers/validate-credentials", "/v3/customers/subscribers",
        "/v3/customers/{}/consent", "/v3/customers/{}/stored-instruments", "/v3/segments", "/v3/shopper-profiles",
    ),
    "reviews, complex rules, pictures of modifiers and sort orders of products": (
        "/v3/catalog/products/{}/reviews", "/v3/catalog/products/{}/complex-rules",
        "/v3/catalog/products/{}/modifiers/{}/values/{}/image", "/v3/catalog/categories/{}/products/sort-order",
    ),
    "settings of storefront, search, analytics, logo and catalog": (
        "/v3/settings/analytics", "/v3/settings/catalog", "/v3/settings/favicon", "/v3/settings/logo",
        "/v3/settings/search", "/v3/settings/storefront",
    ),
    "certificates and routes of sites, and the store's log": (
        "/v3/sites/certificates", "/v3/sites/{}/certificate", "/v3/sites/{}/routes", "/v3/store/systemlogs",
    ),
}  # fmt: skip
_PATTERNS: Final = tuple(
    (re.compile(re.escape(path).replace(r"\{\}", "[^/]+") + "(?:/.*)?"), what)
    for what, paths in NOT_DOUBLED.items()
    for path in paths
)


def not_doubled(path: str) -> str:
    """What is at a path behind the store's hash that BigCommerce has and the double has not; "" for any other path."""
    return next((what for pattern, what in _PATTERNS if pattern.fullmatch(path)), "")


def not_doubled_word(path: str) -> str:
    """The same of a path that ends in a word where a route of the double has a number."""
    return next((what for what, paths in NOT_DOUBLED.items() if path in paths), "")
