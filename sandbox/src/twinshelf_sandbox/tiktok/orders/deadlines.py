"""Until when an order must be shipped, handed over and delivered, by market.

Of Viet Nam these are the deadlines of captured orders: ends of its days, and 16:00 for arranging. Which days they are
depends there on weekdays and the shop; here on the hour of the order. Of other markets nobody has published captured
orders: whole days from payment on, unverified. Source: docs/platforms/tiktok-shop.md section 15.3.
"""

from __future__ import annotations

from typing import Final

from twinshelf_sandbox.tiktok.regions import Region

_DAY: Final = 86_400
_HOUR: Final = 3600
_VIETNAM_OFFSET: Final = 7 * _HOUR
_SAME_DAY_UNTIL: Final = 14 * _HOUR
DAYS: Final = {
    "rts_sla_time": 2,
    "tts_sla_time": 3,
    "shipping_due_time": 4,
    "cancel_order_sla_time": 4,
    "collection_due_time": 7,
    "delivery_sla_time": 14,
    "delivery_due_time": 21,
}
"""Days after payment, in markets of which no order was captured."""


def deadlines(region: Region, paid_at: int) -> dict[str, int]:
    """The deadlines of an order that was paid, or for cash on delivery confirmed, at `paid_at`; Unix seconds."""
    if region.code != "VN":
        return {name: paid_at + days * _DAY for name, days in DAYS.items()}
    local = paid_at + _VIETNAM_OFFSET
    midnight = local - local % _DAY - _VIETNAM_OFFSET
    if local % _DAY >= _SAME_DAY_UNTIL:
        midnight += _DAY
    last_second = midnight + _DAY - 1
    return {
        "rts_sla_time": midnight + 16 * _HOUR,
        "tts_sla_time": last_second,
        "shipping_due_time": last_second + 2 * _DAY,
        "cancel_order_sla_time": last_second + 2 * _DAY,
        "collection_due_time": last_second + 3 * _DAY,
    }
