"""Orders in the seller center: the list, one order with what seller, carrier and buyer do to it, and after-sales."""

from __future__ import annotations

from typing import Any, Final

from twinshelf_sandbox.pages.frame import Missing, Page, Sheet, at, counted, page_of, search, word
from twinshelf_sandbox.pages.markup import (
    Html,
    act,
    badge,
    card,
    choice,
    facts,
    field,
    link,
    more,
    pager,
    path,
    table,
    tag,
)
from twinshelf_sandbox.pages.parts import Parts
from twinshelf_sandbox.pages.seller import sheet
from twinshelf_sandbox.tiktok.aftersales import cancellations, reasons, returns
from twinshelf_sandbox.tiktok.orders.order_states import open_lines
from twinshelf_sandbox.tiktok.regions import providers
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

_SIZE: Final = 25
_KINDS: Final = {"CANCELLED": "bad", "COMPLETED": "good", "DELIVERED": "good", "ON_HOLD": "", "UNPAID": ""}


def _status(status: str) -> Html:
    return badge(word(status), _KINDS.get(status, "wait"))


def orders(parts: Parts, query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}/orders`, newest first; `q` is an order's id or the number another platform gave it."""
    shop, status, wanted, number = (
        parts.shop(shop_id),
        query.get("status", ""),
        query.get("q", "").strip(),
        page_of(query),
    )
    if wanted:
        known = {wanted, *(key for name in ("BIGCOMMERCE",) for key in shop.by_external_order.find(f"{name}:{wanted}"))}
        keys = sorted(key for key in known if key in shop.orders)
        total = len(keys)
    else:
        page = shop.order_index.page(
            by="create_time", descending=True, status=status, offset=(number - 1) * _SIZE, size=_SIZE
        )
        keys, total = page.keys, page.total
    statuses = ((name, word(name), count) for name, count in shop.order_index.statuses().items())
    heads = ("Order", "Placed", "Buyer", "#Units", "#Total", "State", "Elsewhere")
    body = tag(
        "div",
        counted(statuses, path("seller", shop.id, "orders"), status),
        search("Order id or external id", wanted),
        table("Orders", heads, orders_rows(shop, keys), empty="No order is like that."),
        pager(number, _SIZE, total, status=status),
    )
    return sheet(shop, "Orders", body, "orders")


def orders_rows(shop: Shop, keys: list[str]) -> list[tuple[Any, ...]]:
    """Rows of a table of orders: id, time, buyer, units, total, state, ids elsewhere."""
    rows = []
    for key in keys:
        order_ = shop.orders[key]
        rows.append(
            (
                link(path("seller", shop.id, "orders", key), key),
                at(order_["create_time"]),
                order_["buyer_nickname"],
                len(order_["line_items"]),
                f"{order_['payment']['total_amount']} {shop.currency}",
                [_status(order_["status"]), badge("asks to cancel", "bad") if order_["_pending_cancel"] else None],
                _elsewhere(shop, key),
            )
        )
    return rows


_NAMES: Final = {"BIGCOMMERCE": "BigCommerce"}
"""Names of platforms that are not written as words are."""


def _elsewhere(shop: Shop, order_id: str) -> str:
    known = shop.references.get(order_id) or {}
    return ", ".join(f"{_NAMES.get(name, word(name))} {reference['id']}" for name, reference in known.items()) or "—"


def order(parts: Parts, _query: dict[str, str], shop_id: str, order_id: str) -> Sheet:
    """`/seller/{shop_id}/orders/{order_id}`."""
    shop = parts.shop(shop_id)
    row = shop.orders.get(order_id)
    if row is None:
        raise Missing(f"There is no order {order_id} in this shop.")
    address, paid = row["_address"], row["payment"]
    lines = [
        (
            line["product_name"],
            tag("code", line["seller_sku"]),
            line["sku_name"],
            [_status(line["display_status"]), badge("gift", "good") if line["is_gift"] else None],
            line["sale_price"],
            line.get("tracking_number", "") or "—",
        )
        for line in row["line_items"]
    ]
    sums = [
        (word(name), f"{amount} {paid['currency']}")
        for name, amount in paid.items()
        if name != "currency" and amount != "0"
    ]
    packages = [
        (
            tag("code", package["id"]),
            word(package["status"]),
            package["provider_name"] or "—",
            package["tracking_number"] or "—",
            len(package["line_ids"]),
        )
        for entry in row["packages"]
        if (package := shop.packages.get(entry["id"])) is not None
    ]
    where = (
        address["name"],
        address["line1"],
        address["line2"],
        f"{address['districts'][-1]} {address['postal_code']}",
        ", ".join(address["districts"][:-1]),
        address["phone"],
    )
    body = tag(
        "div",
        card(
            "Order",
            facts(
                [
                    ("State", _status(row["status"])),
                    ("Placed", at(row["create_time"])),
                    ("Changed", at(row["update_time"])),
                    ("Kind", word(row["order_type"])),
                    ("Shipped by", word(row["shipping_type"])),
                    ("Elsewhere", _elsewhere(shop, order_id)),
                    ("Message", row["buyer_message"] or "none"),
                    *([("Cancelled because", row["cancel_reason"])] if row.get("cancel_reason") else []),
                ]
            ),
        ),
        card("What the seller does", _seller_buttons(shop, row)),
        card("What the carrier does", _carrier_buttons(row)),
        card("What the buyer does", buyer_buttons(row)),
        card("Ships to", tag("address", [[text, tag("br")] for text in where if text.strip()])),
        card("Amounts", facts(sums)),
        card(
            "Units",
            table("Units", ("Product", "Seller SKU", "Option", "State", "#Price", "Tracking"), lines),
            wide=True,
        ),
        card(
            "Packages",
            table("Packages", ("Package", "State", "Carrier", "Tracking", "#Units"), packages, empty="None yet."),
            wide=True,
        ),
        card("Cancellations and returns", _aftersales_of(shop, order_id), wide=True),
        class_="cards",
    )
    return sheet(shop, f"Order {order_id}", body, "orders", deeper=True)


def _seller_buttons(shop: Shop, row: Entity) -> list[Html]:
    named, status = {"order_id": row["id"]}, row["status"]
    buttons = []
    if status in ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"):
        carriers = [(key, name) for key, name in providers(shop.facts["region"])]
        units = [(line["id"], f"one {line['seller_sku']}") for line in open_lines(row)]
        buttons.append(
            act(
                "tt.ship_order",
                "Ship",
                choice("carrier", "Carrier", carriers),
                field("tracking_number", "Tracking number", value=f"SB{row['id'][-10:]}"),
                more("Only a part", choice("lines:list", "Units", [("", "all that are open"), *units])),
                kind="good",
                **named,
            )
        )
    request = cancellations.pending(shop, row)
    if request is not None:
        buttons += _cancellation_buttons(shop, request)
    elif status not in ("COMPLETED", "CANCELLED", "IN_TRANSIT", "DELIVERED"):
        known = reasons.seller_cancel(shop.facts["region"], status)
        buttons.append(
            more(
                "Cancel",
                act(
                    "tt.cancel_order",
                    "Cancel the order",
                    choice("reason", "Reason", known.items()),
                    kind="danger",
                    **named,
                ),
            )
        )
    return buttons or [tag("p", "Nothing to do in this state.", class_="empty")]


def _carrier_buttons(row: Entity) -> list[Html]:
    named, status = {"order_id": row["id"]}, row["status"]
    buttons = []
    if row["shipping_type"] == "TIKTOK" and status in ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"):
        buttons.append(act("tt.ship_by_platform", "Ship it as TikTok", **named))
    if status in ("AWAITING_COLLECTION", "PARTIALLY_SHIPPING"):
        buttons.append(act("tt.carrier_scan", "Collect the packages", **named))
    if status in ("AWAITING_COLLECTION", "IN_TRANSIT", "PARTIALLY_SHIPPING"):
        buttons.append(act("tt.deliver", "Deliver", kind="good", **named))
        lost = ("PACKAGE_LOST", "PACKAGE_DAMAGAED", "PACKAGE_SCRAP", "RETURNED_TO_SHIPPER")
        buttons.append(
            more(
                "Fail",
                act(
                    "tt.fail_delivery",
                    "Do not deliver",
                    choice("reason", "Reason", [(name, word(name)) for name in lost]),
                    kind="danger",
                    **named,
                ),
            )
        )
    if status == "DELIVERED":
        buttons.append(act("tt.complete", "End the time for returns", **named))
    return buttons or [tag("p", "Nothing is on its way.", class_="empty")]


def buyer_buttons(row: Entity) -> list[Html]:
    """What the buyer of an order can do in its state."""
    named, status = {"order_id": row["id"]}, row["status"]
    buttons = []
    if status == "UNPAID":
        buttons.append(act("shopper.pay", "Pay", kind="good", **named))
    if row["_pending_cancel"]:
        buttons.append(act("shopper.withdraw_cancellation", "Withdraw the cancellation", **named))
    elif status in ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"):
        label = "Ask to cancel" if status == "AWAITING_SHIPMENT" else "Cancel"
        buttons.append(act("shopper.cancel", label, kind="danger", **named))
    if status in ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"):
        buttons += [
            act("shopper.change_address", "Move house", **named),
            more(
                "Change the address",
                act(
                    "shopper.change_address",
                    "Change the address",
                    field("address.line1", "Street", value=row["_address"]["line1"]),
                    field("address.postal_code", "Postal code", value=row["_address"]["postal_code"]),
                    **named,
                ),
            ),
        ]
    if status in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED"):
        kinds = [(kind, word(kind)) for kind in returns.KINDS]
        buttons.append(
            act(
                "shopper.return_request",
                "Ask",
                choice("kind", "For", kinds, chosen="RETURN_AND_REFUND"),
                field("seller_skus:list", "Only these seller SKUs, one for each unit"),
                field("note", "Words"),
                **named,
            )
        )
    return buttons or [tag("p", "Nothing to do in this state.", class_="empty")]


# -- after-sales ---------------------------------------------------------------------------------------------------


def _cancellation_buttons(shop: Shop, request: Entity) -> list[Html]:
    named = {"cancel_id": request["id"]}
    why = reasons.reject_cancel(shop.facts["region"]).items()
    return [
        act("tt.approve_cancellation", "Approve the cancellation", kind="good", **named),
        act(
            "tt.reject_cancellation", "Reject the cancellation", choice("reason", "Reason", why), kind="danger", **named
        ),
    ]


def _return_buttons(row: Entity) -> list[Html]:
    """What can be done about a return in its state: by the seller, the buyer and the platform."""
    named, status = {"return_id": row["id"]}, row["status"]
    if row["arbitration_status"] == "IN_PROGRESS":
        return [
            act("tt.arbitrate", "Decide for the buyer", support="BUYER", **named),
            act("tt.arbitrate", "Decide for the seller", support="SELLER", **named),
        ]
    if status.endswith("_REQUEST_PENDING"):
        return [
            act("tt.approve_return", "Approve", kind="good", **named),
            act("tt.reject_return", "Reject", kind="danger", **named),
            act("shopper.withdraw_return", "Buyer withdraws", **named),
        ]
    match status:
        case returns.AWAITING:
            return [
                act("shopper.send_back", "Buyer sends it back", **named),
                act("shopper.withdraw_return", "Buyer withdraws", **named),
            ]
        case returns.SHIPPED:
            return [
                act("tt.return_arrived", "Parcel arrives", **named),
                act("tt.approve_return", "Accept the parcel", kind="good", **named),
                act("tt.reject_return", "Reject the parcel", kind="danger", **named),
            ]
        case returns.OFFERED:
            return [
                act("shopper.answer_offer", "Buyer accepts the offer", accept__bool="true", **named),
                act("shopper.answer_offer", "Buyer refuses the offer", accept__bool="false", **named),
            ]
        case returns.REJECT | returns.REJECT_PARCEL | "REPLACEMENT_REQUEST_REJECT":
            return [act("shopper.dispute", "Buyer disputes", **named)]
        case _:
            return []


def _request_row(shop: Shop, row: Entity, buttons: list[Html]) -> tuple[Any, ...]:
    return (
        tag("code", row["id"]),
        link(path("seller", shop.id, "orders", row["order_id"]), row["order_id"]),
        word(row["type"]),
        badge(word(row["status"]), "wait" if buttons else ""),
        row["reason_text"],
        len(row["lines"]),
        at(row["create_time"]),
        buttons,
    )


_HEADS: Final = ("Request", "Order", "Kind", "State", "Reason", "#Units", "Since", "(Buttons)")


def _cancellation_row(shop: Shop, row: Entity) -> tuple[Any, ...]:
    return _request_row(shop, row, _cancellation_buttons(shop, row) if row["status"] == cancellations.PENDING else [])


def _return_row(shop: Shop, row: Entity) -> tuple[Any, ...]:
    return _request_row(shop, row, _return_buttons(row))


def _aftersales_of(shop: Shop, order_id: str) -> Html:
    cancellations, back = shop.cancellation_index.rows, shop.return_index.rows
    rows = [
        _cancellation_row(shop, shop.cancellations[key])
        for key, one in cancellations.items()
        if one.order_id == order_id
    ]
    rows += [_return_row(shop, shop.returns[key]) for key, one in back.items() if one.order_id == order_id]
    return table("Cancellations and returns", _HEADS, rows, empty="Nobody asked for anything.")


def after_sales(parts: Parts, query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}/aftersales`: what buyers asked for, newest first."""
    shop, number = parts.shop(shop_id), page_of(query)
    start = (number - 1) * _SIZE
    cancelling = shop.cancellation_index.page(by="create_time", descending=True, offset=start, size=_SIZE)
    returning = shop.return_index.page(by="create_time", descending=True, offset=start, size=_SIZE)
    body = tag(
        "div",
        card(
            "Cancellations",
            table(
                "Cancellations",
                _HEADS,
                [_cancellation_row(shop, shop.cancellations[key]) for key in cancelling.keys],
                empty="No order was cancelled.",
            ),
            wide=True,
        ),
        card(
            "Returns, refunds and replacements",
            table(
                "Returns",
                _HEADS,
                [_return_row(shop, shop.returns[key]) for key in returning.keys],
                empty="Nothing came back.",
            ),
            wide=True,
        ),
        pager(number, _SIZE, max(cancelling.total, returning.total)),
        class_="cards",
    )
    return sheet(shop, "After-sales", body, "aftersales")


PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("/seller/{shop_id}/orders", orders),
    ("/seller/{shop_id}/orders/{order_id}", order),
    ("/seller/{shop_id}/aftersales", after_sales),
)
