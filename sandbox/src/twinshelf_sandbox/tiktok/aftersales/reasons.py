"""Reasons for cancelling, returning, refunding and refusing: which names a market offers whom in which order status.

Names are those of the platform's interface; they are irregular and must be taken as they are. Source: the pages that
`data/reasons.txt` names; `docs/platforms/tiktok-shop.md` sections 17.2, 17.3 and 17.6.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from twinshelf_sandbox.tiktok.regions import EU, SEA

Reasons = dict[str, str]
"""Reason name → text."""

_GROUPS: Final = {"EU": EU, "SEA": SEA}


@cache
def _table() -> dict[tuple[str, str], Reasons]:
    """Heading of the file and region → the reasons below it that the region has."""
    found: dict[tuple[str, str], Reasons] = {}
    heading = ""
    for line in (files(__package__) / "data" / "reasons.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            heading = line.strip("[]")
        elif line and not line.startswith("#"):
            markets, name, text = line.split(" | ")
            for market in markets.split():
                for region in _GROUPS.get(market, (market,)):
                    found.setdefault((heading, region), {})[name] = text
    return found


def _listed(region: str, deed: str, state: str = "") -> Reasons:
    """The reasons for a deed: those that hold whatever the state of the order, and those of this state."""
    table = _table()
    return {**table.get((deed, region), {}), **table.get((f"{deed} {state}", region), {})}


def _payment(status: str) -> str:
    return "unpaid" if status == "UNPAID" else "paid"


def _delivery(status: str) -> str:
    return "shipped" if status in ("AWAITING_COLLECTION", "IN_TRANSIT") else "delivered"


def seller_cancel(region: str, status: str) -> Reasons:
    """What a seller may give for cancelling an order that is in `status`."""
    return _listed(region, "seller cancel", _payment(status))


def all_seller_cancel(region: str) -> Reasons:
    """Every reason for which a seller may cancel in a region."""
    return seller_cancel(region, "UNPAID") | seller_cancel(region, "AWAITING_SHIPMENT")


def is_out_of_stock(name: str) -> bool:
    """Whether a cancellation for that reason says that stock was wrong."""
    return "out_of_stock" in name


def buyer_cancel(region: str, status: str) -> Reasons:
    """Reasons of a buyer, by the state of the order."""
    return _listed(region, "buyer cancel", _payment(status))


def platform_cancel(region: str) -> Reasons:
    """Reasons of the platform and its operators, whatever the state of the order."""
    return _listed(region, "platform cancels")


def spelled(region: str, reason: str) -> str:
    """A reason of the platform by the name that the market has for it; as it was given where the market has none."""
    known = platform_cancel(region)
    spellings = (reason, f"{reason}_uk", reason.replace("damaged", "damagaed"))
    return next((name for name in spellings if name in known), reason)


def reject_cancel(region: str) -> Reasons:
    """Reasons to refuse a cancellation."""
    return _listed(region, "seller rejects cancel")


def buyer_return(region: str, kind: str, status: str) -> Reasons:
    """`kind` is REFUND, RETURN_AND_REFUND, REPLACEMENT or EXCHANGE."""
    return _listed(region, "buyer refund" if kind == "REFUND" else "buyer return", _delivery(status))


def seller_return(region: str, kind: str, status: str) -> Reasons:
    """Reasons for which a seller may start a return or refund; none where the market does not let sellers start one."""
    return _listed(region, "seller return" if kind == "RETURN_AND_REFUND" else "seller refund", _delivery(status))


def reject_return(region: str, kind: str) -> Reasons:
    """For rejecting a request to refund, return or replace."""
    return _listed(region, "seller rejects refund" if kind == "REFUND" else "seller rejects return")


def reject_parcel(region: str) -> Reasons:
    """For rejecting a parcel that came back."""
    return _listed(region, "seller rejects parcel")
