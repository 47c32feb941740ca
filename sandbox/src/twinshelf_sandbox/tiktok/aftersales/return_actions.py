"""What buyers, carriers and the platform do in a return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from twinshelf_sandbox.tiktok.aftersales import reasons
from twinshelf_sandbox.tiktok.aftersales.cancellations import ANSWER_SECONDS, may_return
from twinshelf_sandbox.tiktok.aftersales.returns import (
    AWAITING,
    DAY,
    DONE,
    KINDS,
    OFFERED,
    PENDING,
    REJECT,
    REJECT_PARCEL,
    RETURN_SECONDS,
    SHIPPED,
    SUCCESS,
    accept_offer,
    close_return,
    move,
    record,
    request,
    send_replacement,
    succeed,
    wait,
)
from twinshelf_sandbox.tiktok.errors import Refused
from twinshelf_sandbox.tiktok.regions import platform_carrier, providers
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity


def _find(platform: Platform, return_id: str) -> tuple[Shop, Entity]:
    for key in platform.shops.keys():  # noqa: SIM118 - a table is not a mapping
        shop = platform.shop(str(key))
        row = shop.returns.get(return_id)
        if row is not None:
            return shop, row
    raise Refused(f"return_id: there is no return {return_id!r}")


class Asked(NamedTuple):
    """What a buyer asks for after delivery; `seller_skus` has one entry per unit, None means all that is left."""

    kind: str
    seller_skus: list[str] | None
    reason: str
    note: str
    shipment_type: str
    quick: bool


def request_by_buyer(shop: Shop, order: Entity, asked: Asked) -> str:
    """A buyer asks for money, a return, a replacement or an exchange. Raises Refused."""
    kind = asked.kind
    if kind not in KINDS:
        raise Refused(f"kind: must be one of {', '.join(KINDS)}")
    basis = kind if kind == "REFUND" else "RETURN_AND_REFUND"
    if not may_return(shop, order, basis, "BUYER"):
        raise Refused(f"order_id: a buyer cannot ask for a {kind} of an order that is {order['status']}")
    lines = [line for line in order["line_items"] if line["_state"] != "cancelled" and not line.get("_return")]
    if asked.seller_skus is not None:
        chosen = []
        for name in asked.seller_skus:
            line = next((one for one in lines if one["seller_sku"] == name and one not in chosen), None)
            if line is None:
                raise Refused(f"seller_skus: no unit of {name!r} is left to return")
            chosen.append(line)
        lines = chosen
    if not lines:
        raise Refused("order_id: nothing is left to return")
    known = reasons.buyer_return(shop.facts["region"], basis, order["status"])
    name = asked.reason or next(iter(known))
    row = request(
        shop,
        order,
        lines,
        kind=kind,
        role="BUYER",
        reason=name,
        reason_text=known.get(name, name),
        note=asked.note,
        shipment_type=asked.shipment_type,
        quick=asked.quick,
    )
    return str(row["id"])


def _in_state(row: Entity, *states: str) -> None:
    if row["status"] not in states:
        raise Refused(f"return_id: the return is {row['status']}, not {' or '.join(states)}")


def send_back(platform: Platform, return_id: str, tracking: str = "") -> None:
    """The buyer sends the goods back; the seller looks at them, or 30 days later the platform does."""
    shop, row = _find(platform, return_id)
    _in_state(row, AWAITING)
    carrier = (
        platform_carrier(shop.region.code) if row["shipment_type"] == "PLATFORM" else providers(shop.facts["region"])[0]
    )
    if not row["tracking"]:
        row["tracking"], row["provider"] = tracking or f"RT{row['id'][-10:]}", list(carrier)
    record(shop, row, "BUYER_SHIPPED", "BUYER", "The goods are on their way back.")
    move(shop, row, SHIPPED, 30 * DAY)


def arrive(platform: Platform, return_id: str) -> None:
    """The parcel arrives at the seller, who has 48 hours to look at it."""
    shop, row = _find(platform, return_id)
    _in_state(row, SHIPPED)
    wait(shop, row, ANSWER_SECONDS)
    row["update_time"] = shop.now
    shop.returns.put(return_id, row)


def answer_offer(platform: Platform, return_id: str, accept: bool) -> None:  # noqa: FBT001 - arguments of actions are JSON
    """The buyer accepts a partial refund or refuses it; then the seller must answer again."""
    shop, row = _find(platform, return_id)
    _in_state(row, OFFERED)
    if accept:
        accept_offer(shop, row)
        return
    row["refused_partial"] = True
    move(shop, row, SHIPPED if row["tracking"] else PENDING, ANSWER_SECONDS)


def withdraw(platform: Platform, return_id: str) -> None:
    """The buyer takes a request back."""
    shop, row = _find(platform, return_id)
    if row["status"] in (*DONE, SUCCESS):
        raise Refused(f"return_id: the return is {row['status']}")
    close_return(shop, row, "BUYER", "The request was withdrawn.")


def dispute(platform: Platform, return_id: str) -> None:
    """The buyer does not accept a rejection: the platform looks at it."""
    shop, row = _find(platform, return_id)
    _in_state(row, REJECT, REJECT_PARCEL, "REPLACEMENT_REQUEST_REJECT")
    row["arbitration_status"] = "IN_PROGRESS"
    row["step"] += 1
    row["update_time"] = shop.now
    record(shop, row, "ARBITRATION", "BUYER", "The buyer asked the platform to decide.")
    shop.returns.put(return_id, row)
    shop.effect("arbitration", return_id, status="IN_PROGRESS")


def arbitrate(platform: Platform, return_id: str, support: str) -> None:
    """The platform decides a dispute for the BUYER or the SELLER."""
    shop, row = _find(platform, return_id)
    if row["arbitration_status"] != "IN_PROGRESS":
        raise Refused("return_id: no dispute is open")
    if support not in ("BUYER", "SELLER"):
        raise Refused("support: must be BUYER or SELLER")
    row["arbitration_status"] = f"SUPPORT_{support}"
    record(shop, row, "ARBITRATION", "OPERATOR", f"The platform supports the {support.lower()}.")
    shop.effect("arbitration", return_id, status=row["arbitration_status"])
    if support == "SELLER":
        close_return(shop, row, "OPERATOR", "The platform supports the seller.")
    elif row["status"] == "REPLACEMENT_REQUEST_REJECT":
        send_replacement(shop, row)
    elif row["status"] == REJECT and row["type"] == "RETURN_AND_REFUND":
        move(shop, row, AWAITING, RETURN_SECONDS)
    else:
        succeed(shop, row)


ACTIONS: Final[dict[str, Callable[..., Any]]] = {"tt.return_arrived": arrive, "tt.arbitrate": arbitrate}
