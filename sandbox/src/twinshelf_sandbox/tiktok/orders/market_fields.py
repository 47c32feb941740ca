"""Which fields of an order its market leaves out, and where it has others.

Known of Viet Nam only, from a week of captured orders; elsewhere an order shows all that the documents name for it.
Source: docs/platforms/tiktok-shop.md section 15.3.
"""

from __future__ import annotations

from typing import Final

from twinshelf_sandbox.world import Entity

_NEVER: Final = ("buyer_nickname", "is_exchange_order", "delivery_due_time", "delivery_sla_time")
_WHEN_TRUE: Final = ("is_buyer_request_cancel",)
"""Left out of captured orders, none of which had a request: whether it comes with one is unverified."""
_BEFORE_SHIPPING: Final = ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT")


def as_in_its_market(region: str, shown: Entity) -> None:
    """Change an order, as it is shown, to what orders of `region` have."""
    if region != "VN":
        return
    for name in _NEVER:
        shown.pop(name, None)
    for name in _WHEN_TRUE:
        if not shown.get(name):
            shown.pop(name, None)
    if shown["status"] in _BEFORE_SHIPPING:
        shown.pop("tracking_number", None)
    if "collection_time" in shown:
        shown["cancel_order_sla_time"] = shown["collection_due_time"]
    for line in shown["line_items"]:
        line.pop("is_dangerous_good", None)
        line.setdefault("tracking_number", "")
    carried = next((line for line in shown["line_items"] if line.get("shipping_provider_id")), None)
    if carried is not None:
        shown.setdefault("shipping_provider_id", carried["shipping_provider_id"])
        shown.setdefault("shipping_provider", carried["shipping_provider_name"])
