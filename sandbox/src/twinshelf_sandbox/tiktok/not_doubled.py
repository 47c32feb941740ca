"""Operations that TikTok Shop documents and this double does not have: they answer 501 with a sentence, not 404.

So software that meets one can tell "not doubled" from a wrong path. Source: the operations of
`tiktok-shop-api`, which is made of the platform's documents.
"""

from __future__ import annotations

import re
from typing import Final

NOT_DOUBLED: Final[dict[str, tuple[str, ...]]] = {
    # what it is → where it stands at any version; `{}` is any segment, and all below a path belongs to it
    "affiliates and creators": ("/affiliate_creator", "/affiliate_partner", "/affiliate_seller"),
    "analytics": ("/analytics",),
    "customer service and engagement": ("/customer_service", "/customer_engagement"),
    "fulfillment by TikTok": ("/fbt",),
    "partners of categories, supply chain and large files": (
        "/authorization/category_assets", "/supply_chain", "/open",
    ),
    "coupons": ("/promotion/coupons",),
    "balances of accounts": ("/finance/account_balances", "/finance/account_transactions"),
    "pictures and files that prove a delivery": ("/fulfillment/files", "/fulfillment/images"),
    "first-mile bundles, vouchers, customs, print on demand and blind boxes": (
        "/fulfillment/bundles", "/fulfillment/first_mile_bundle", "/fulfillment/redeem_info",
        "/fulfillment/pod_details", "/fulfillment/orders/customs_info", "/fulfillment/order/sof", "/order/pod_details",
        "/order/orders/blind_box_result",
    ),
    "translation of pictures, appeals, opportunities and standard products": (
        "/product/images/translation_tasks", "/product/compliance/auditing", "/product/appeals",
        "/product/opportunities", "/product/products/gpa_upgrade_task", "/product/skpps",
    ),
}  # fmt: skip
_PATTERNS: Final = tuple(
    (re.compile(re.sub(r"^(/\w+)", r"\1/\\d{6}", path) + "(?:/.*)?"), what)
    for what, paths in NOT_DOUBLED.items()
    for path in paths
)


def not_doubled(path: str) -> str:
    """What is at a path that TikTok Shop has and the double has not; "" for any other path."""
    return next((what for pattern, what in _PATTERNS if pattern.fullmatch(path)), "")
