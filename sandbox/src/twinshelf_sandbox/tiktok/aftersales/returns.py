"""Returns, refunds, replacements and exchanges: their states and deadlines.

Requests left unanswered approve themselves after 48 hours, replacements after 24. A replacement or an exchange makes a
new order. Source: `docs/platforms/tiktok-shop.md` sections 17.1 and 17.4 to 17.6.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.tiktok.aftersales.cancellations import ANSWER_SECONDS, refund_amount
from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.orders import orders
from twinshelf_sandbox.tiktok.orders.order_states import finish, put, text, touch
from twinshelf_sandbox.tiktok.orders.orders import Purchase, Unit
from twinshelf_sandbox.tiktok.orders.recipient_addresses import Address
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity

KINDS: Final = ("REFUND", "RETURN_AND_REFUND", "REPLACEMENT", "EXCHANGE")
PENDING: Final = "RETURN_OR_REFUND_REQUEST_PENDING"
SUCCESS: Final = "RETURN_OR_REFUND_REQUEST_SUCCESS"
COMPLETE: Final = "RETURN_OR_REFUND_REQUEST_COMPLETE"
CANCEL: Final = "RETURN_OR_REFUND_REQUEST_CANCEL"
REJECT: Final = "REFUND_OR_RETURN_REQUEST_REJECT"
AWAITING: Final = "AWAITING_BUYER_SHIP"
SHIPPED: Final = "BUYER_SHIPPED_ITEM"
REJECT_PARCEL: Final = "REJECT_RECEIVE_PACKAGE"
OFFERED: Final = "AWAITING_BUYER_RESPONSE"
DONE: Final = (COMPLETE, CANCEL)
_REFUND_SECONDS: Final = 60
DAY: Final = 86_400
RETURN_SECONDS: Final = 10 * DAY
DISPUTE_SECONDS: Final = 7 * DAY


def kind_status(kind: str, what: str) -> str:
    """The status of a replacement or exchange, whose names begin with its kind."""
    return f"{kind}_REQUEST_{what}"


# -- states ----------------------------------------------------------------------------------------------------


def request(
    shop: Shop,
    order: Entity,
    lines: list[Entity],
    *,
    kind: str,
    role: str,
    reason: str,
    reason_text: str,
    note: str = "",
    shipment_type: str = "PLATFORM",
    handover_method: str = "DROP_OFF",
    quick: bool = False,
    total: Decimal | None = None,
) -> Entity:
    """Open a request about lines of an order."""
    now = shop.now
    status = PENDING if kind in ("REFUND", "RETURN_AND_REFUND") else kind_status(kind, "PENDING")
    row: Entity = {
        "id": shop.platform.new_id("reverse"),
        "order_id": order["id"],
        "user_id": order["user_id"],
        "type": kind,
        "status": status,
        "arbitration_status": "",
        "proposed_type": "",
        "role": role,
        "reason": reason,
        "reason_text": reason_text,
        "create_time": now,
        "update_time": now,
        "lines": [[shop.platform.new_id("reverse_line"), line["id"]] for line in lines],
        "deadline": 0,
        "step": 0,
        "shipment_type": shipment_type,
        "handover_method": handover_method,
        "tracking": "",
        "provider": [],
        "total": None if total is None else text(shop, total),
        "partial": None,
        "refused_partial": False,
        "quick": quick,
        "keep": False,
        "records": [],
    }
    for line in lines:
        line["_return"] = row["id"]
    touch(shop, order)
    put(shop, order)
    shop.effect(
        "return_created", row["id"], order_id=order["id"], type=kind, role=role, reason=reason, units=len(lines)
    )
    record(
        shop, row, "ORDER_RETURN" if kind != "REFUND" else "ORDER_REFUND", role, "A request was submitted.", note=note
    )
    if role == "SELLER":
        begin_return(shop, row)
    else:
        wait(shop, row, 24 * 3600 if kind in ("REPLACEMENT", "EXCHANGE") else ANSWER_SECONDS)
        shop.returns.put(row["id"], row)
        _tell(shop, row)
    return row


def begin_return(shop: Shop, row: Entity) -> None:
    """A seller's own request needs nobody's approval."""
    shop.returns.put(row["id"], row)
    _tell(shop, row)
    if row["type"] == "REFUND":
        succeed(shop, row)
    else:
        move(shop, row, AWAITING, RETURN_SECONDS)


def record(shop: Shop, row: Entity, event: str, role: str, description: str, *, note: str = "") -> None:
    """Add to the return's history."""
    row["records"].append([shop.now, event, role, description, row["reason_text"], note])


def wait(shop: Shop, row: Entity, seconds: int) -> None:
    """Set the time by which somebody must act; what happens then depends on the state."""
    row["step"] += 1
    row["deadline"] = shop.now + seconds
    payload = {"shop": shop.id, "return": row["id"], "step": row["step"]}
    shop.platform.world.schedule(row["deadline"], "tt.return_deadline", payload)


def move(shop: Shop, row: Entity, status: str, seconds: int = 0) -> None:
    """Bring a return to another state, with a deadline where somebody has to act."""
    before, row["status"] = row["status"], status
    row["update_time"] = shop.now
    row["deadline"] = 0
    row["step"] += 1
    if seconds:
        wait(shop, row, seconds)
    shop.effect("return_status", row["id"], order_id=row["order_id"], before=before, after=status)
    shop.returns.put(row["id"], row)
    _tell(shop, row)


def _tell(shop: Shop, row: Entity) -> None:
    role = "SYSTEM" if row["role"] == "OPERATOR" else row["role"]
    if not row["status"].startswith("EXCHANGE"):  # the webhook does not know exchanges
        data = {
            "order_id": row["order_id"],
            "return_role": role,
            "return_type": row["type"],
            "return_status": row["status"],
            "return_id": row["id"],
            "create_time": row["create_time"],
            "update_time": row["update_time"],
        }
        webhooks.notify(shop, "RETURN_STATUS_CHANGE", data)
    newer = {
        "aftersales_request_id": row["id"],
        "return_role": role,
        "aftersales_request_status": aftersales_status(row),
        "aftersales_request_create_time": row["create_time"],
        "aftersales_request_update_time": row["update_time"],
    }
    webhooks.notify(shop, "AFTERSALES_REQUEST_STATUS_CHANGE", newer)


def succeed(shop: Shop, row: Entity) -> None:
    """The buyer gets the money; a little later the request is complete."""
    record(shop, row, "REFUND", "SYSTEM", "The refund was issued.")
    status = SUCCESS if row["type"] in ("REFUND", "RETURN_AND_REFUND") else kind_status(row["type"], "REFUND_SUCCESS")
    move(shop, row, status)
    order = shop.orders[row["order_id"]]
    lines = returned_lines(order, row)
    shop.effect(
        "refund",
        row["id"],
        order_id=row["order_id"],
        amount=offered_amount(shop, order, row)["refund_total"],
        units=len(lines),
    )
    for line in lines:
        line["_refunded"] = True
    active = [line for line in order["line_items"] if line["_state"] != "cancelled"]
    if order["status"] in ("AWAITING_COLLECTION", "IN_TRANSIT") and all(line.get("_refunded") for line in active):
        finish(shop, order)
    else:
        touch(shop, order)
    put(shop, order)
    if status == SUCCESS:
        shop.platform.world.schedule(
            shop.now + _REFUND_SECONDS, "tt.return_complete", {"shop": shop.id, "return": row["id"]}
        )
    items = [
        {
            "main_order_id": order["id"],
            "return_line_item_id": i,
            "sku_id": line["sku_id"],
            "sku_return_request_id": row["id"],
        }
        for (i, _), line in zip(row["lines"], lines, strict=True)
    ]
    data = {
        "aftersales_request_id": row["id"],
        "line_items": items,
        "refund_currency": shop.currency,
        "refund_status": "REFUND_SUCCESS",
        "refund_timestamp": shop.now,
        "refund_total": offered_amount(shop, order, row)["refund_total"],
        "rma_id": row["id"],
    }
    webhooks.notify(shop, "REFUND_SUCCESS", data)


def completed(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that completes a request whose refund went through."""
    shop = platform.shop(payload["shop"])
    row = shop.returns.get(payload["return"])
    if row is not None and row["status"] == SUCCESS:
        move(shop, row, COMPLETE)


def expired(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that acts when nobody did: requests are approved, parcels never sent close the request."""
    shop = platform.shop(payload["shop"])
    row = shop.returns.get(payload["return"])
    if row is None or row["step"] != payload["step"]:
        return
    if row["status"] in (AWAITING, REJECT, REJECT_PARCEL):
        close_return(shop, row, "SYSTEM", "The request was closed because the deadline passed.")
    elif not shop.switch("auto_approve"):
        return
    elif row["status"] == PENDING:
        approve_request(shop, row)
    elif row["status"] == SHIPPED:
        succeed(shop, row)
    elif row["status"] == OFFERED:
        accept_offer(shop, row)
    elif row["status"].endswith("_REQUEST_PENDING"):
        send_replacement(shop, row)


def approve_request(shop: Shop, row: Entity) -> None:
    """Let a request pass: the money at once, or the parcel first."""
    if row["type"] == "REFUND":
        succeed(shop, row)
    else:
        record(shop, row, "SELLER_AGREE", "SELLER", "The return was accepted.")
        move(shop, row, AWAITING, RETURN_SECONDS)


def close_return(shop: Shop, row: Entity, role: str, description: str) -> None:
    """End a return without money."""
    record(shop, row, "RETURN_CLOSED", role, description)
    kind = row["type"]
    move(shop, row, CANCEL if kind in ("REFUND", "RETURN_AND_REFUND") else kind_status(kind, "CANCEL"))
    order = shop.orders[row["order_id"]]
    for line in returned_lines(order, row):
        line.pop("_return", None)
    touch(shop, order)
    put(shop, order)


def send_replacement(shop: Shop, row: Entity) -> None:
    """Send the goods again: a new order with a price of nothing and a flag that says why."""
    order = shop.orders[row["order_id"]]
    units = []
    for line in returned_lines(order, row):
        product = shop.products[line["product_id"]]
        sku = next((s for s in product["base"].get("skus", []) if s["id"] == line["sku_id"]), None)
        if sku is None:
            continue
        units.append(Unit(product, sku, {**shop.offers[product["id"]]["skus"][sku["id"]], "promotion": None}))
    flags: Entity = {"is_replacement_order": True, "replaced_order_id": order["id"]}
    if row["type"] == "EXCHANGE":
        flags = {"is_exchange_order": True, "exchange_source_order_id": order["id"]}
    purchase = Purchase(
        address=Address(**order["_address"]),
        user_id=order["user_id"],
        buyer_email=order["buyer_email"],
        is_sample=True,
        tax=Decimal(0),
        shipping_type=order["shipping_type"],
        flags={**flags, "is_sample_order": False},
    )
    try:
        new = orders.place(shop, units, purchase)
    except Refused as error:
        raise ApiError(25001044, str(error)) from error
    orders.pay(shop, new)
    put(shop, new)
    row["next_order_id"] = new["id"]
    record(shop, row, "REPLACEMENT", "SELLER", "The goods will be sent again.")
    move(shop, row, kind_status(row["type"], "COMPLETE"))


def accept_offer(shop: Shop, row: Entity) -> None:
    """The buyer takes less money and keeps the goods."""
    row["total"] = row["partial"]["amount"]
    succeed(shop, row)


def returned_lines(order: Entity, row: Entity) -> list[Entity]:
    """Order lines that a return is about."""
    by_id = {line["id"]: line for line in order["line_items"]}
    return [by_id[line_id] for _, line_id in row["lines"]]


def offered_amount(shop: Shop, order: Entity, row: Entity) -> Entity:
    """What the buyer would get: the whole sum, or what was agreed."""
    amount = refund_amount(shop, order, returned_lines(order, row))
    if row["total"] is not None:
        amount |= {
            "refund_total": row["total"],
            "refund_subtotal": row["total"],
            "refund_tax": "0",
            "refund_shipping_fee": "0",
        }
    return amount


def aftersales_status(row: Entity) -> str:
    """A return's state in the newer model."""
    return "PENDING_REQUEST_REVIEW" if row["status"].endswith("_REQUEST_PENDING") else "REQUEST_REVIEW_COMPLETED"


JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {
    "tt.return_complete": completed,
    "tt.return_deadline": expired,
}
