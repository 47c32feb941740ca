"""Orders in the store admin: the list, and one order with what a merchant does to it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Final

from twinshelf_sandbox.bigcommerce.orders import refunds
from twinshelf_sandbox.bigcommerce.orders.carriers import CARRIERS, PROVIDERS
from twinshelf_sandbox.bigcommerce.orders.order_index import CANCELLED, STATUSES
from twinshelf_sandbox.bigcommerce.responses import Json
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.pages.admin import sheet
from twinshelf_sandbox.pages.frame import Missing, Page, Sheet, at, counted, moment, page_of, search
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

_SIZE: Final = 25
_BAD: Final = frozenset({4, 5, 6, 13})
_GOOD: Final = frozenset({2, 10})


def _status(status_id: int) -> Html:
    return badge(STATUSES[status_id][0], "bad" if status_id in _BAD else "good" if status_id in _GOOD else "wait")


def orders(parts: Parts, query: dict[str, str], store_hash: str) -> Sheet:
    """`/admin/{store_hash}/orders`, newest first; `q` is an order's id or its external id."""
    store, index = parts.store(store_hash), parts.store(store_hash).order_index
    number, wanted, status = page_of(query), query.get("q", "").strip(), query.get("status", "")
    found = index.ids.all[::-1]
    if wanted:
        found = sorted(
            {*index.by_external.get(wanted, []), *(one for one in found if str(one) == wanted)}, reverse=True
        )
    if status:
        found = [one for one in found if str(index.facts[one].status_id) == status]
    counts = Counter(facts_.status_id for facts_ in index.facts.values())
    rows = []
    for order_id in found[(number - 1) * _SIZE : number * _SIZE]:
        row = parts.look("bc.order", hash=store.hash, order_id=order_id)
        buyer = row["billing_address"]
        rows.append(
            (
                link(path("admin", store.hash, "orders", order_id), f"Order {order_id}"),
                at(index.facts[order_id].created),
                f"{buyer['first_name']} {buyer['last_name']}",
                row["items_total"],
                _money(row, row["total_inc_tax"]),
                _status(row["status_id"]),
                tag("code", row["external_order_id"]) if row["external_order_id"] else "—",
            )
        )
    body = tag(
        "div",
        counted(
            ((one, STATUSES[one][0], counts[one]) for one in sorted(counts)),
            path("admin", store.hash, "orders"),
            status,
        ),
        search("Order id or external id", wanted, status=status),
        table(
            "Orders",
            ("Order", "Placed", "Buyer", "#Units", "#Total", "State", "External id"),
            rows,
            empty="No order is like that.",
        ),
        pager(number, _SIZE, len(found), q=wanted, status=status),
    )
    return sheet(store, "Orders", body, "orders")


def _money(order_: Json, amount: str) -> str:
    return f"{Decimal(amount):,.2f} {order_['currency_code']}"


def order(parts: Parts, _query: dict[str, str], store_hash: str, order_id: str) -> Sheet:
    """`/admin/{store_hash}/orders/{order_id}`."""
    store = parts.store(store_hash)
    if not (order_id.isascii() and order_id.isdigit()):
        raise Missing(f"There is no order {order_id}.")
    row = parts.look("bc.order", hash=store.hash, order_id=int(order_id))
    lines = [
        (
            line["name"],
            tag("code", line["sku"]),
            line["quantity"],
            line["quantity_shipped"],
            line["quantity_refunded"],
            _money(row, line["price_inc_tax"]),
            _money(row, line["total_inc_tax"]),
        )
        for line in row["products"]
    ]
    body = tag(
        "div",
        card(
            "Lines",
            table("Lines", ("Product", "SKU", "#Bought", "#Shipped", "#Refunded", "#Price", "#Total"), lines),
            _sums(row),
            wide=True,
        ),
        card(
            "Order",
            facts(
                [
                    ("State", _status(row["status_id"])),
                    ("Payment", row["payment_status"] or row["payment_method"]),
                    ("Placed", tag("time", moment(row["date_created"]))),
                    ("Source", row["order_source"]),
                    ("Channel", row["channel_id"]),
                    ("External id", tag("code", row["external_order_id"]) if row["external_order_id"] else "none"),
                    ("Notes", row["staff_notes"] or "none"),
                    ("Message", row["customer_message"] or "none"),
                ]
            ),
        ),
        card(
            "Ships to",
            [_address(one) for one in row["shipping_addresses"]] or tag("p", "Nothing is shipped.", class_="empty"),
        ),
        card("What the merchant does", _buttons(store, row)),
        card(
            "Shipments",
            [_shipment(store, one) for one in row["shipments"]] or tag("p", "None yet.", class_="empty"),
            wide=True,
        ),
        card("Refunds", _refunds(store, row), wide=True),
        class_="cards",
    )
    return sheet(store, f"Order {order_id}", body, "orders", deeper=True)


def _sums(row: Json) -> Html:
    return facts(
        [
            ("Subtotal", _money(row, row["subtotal_inc_tax"])),
            ("Shipping", _money(row, row["shipping_cost_inc_tax"])),
            ("Discount", _money(row, row["discount_amount"])),
            ("Tax in it", _money(row, row["total_tax"])),
            ("Total", _money(row, row["total_inc_tax"])),
        ]
    )


def _address(one: Json) -> Html:
    lines = (
        f"{one['first_name']} {one['last_name']}",
        one["company"],
        one["street_1"],
        one["street_2"],
        f"{one['city']} {one['state']} {one['zip']}",
        one["country"],
        one["phone"],
        one["email"],
    )
    return tag("address", [[line, tag("br")] for line in lines if line.strip()])


def _buttons(store: Store, row: Json) -> list[Html]:
    named = {"hash": store.hash, "order_id__int": row["id"]}
    carriers = [("", "none"), *((name, name) for name in sorted({*PROVIDERS, *CARRIERS} - {""}))]
    states = [(number, label) for number, (label, _, _) in STATUSES.items()]
    return [
        act(
            "bc.ship_order",
            "Ship what is left",
            choice("carrier", "Carrier", carriers, chosen="usps"),
            field("tracking_number", "Tracking number", value="9400111899560000000001"),
            more(
                "Only a part", field("items.0.sku", "SKU"), field("items.0.quantity:int", "Units", kind="number", min=1)
            ),
            **named,
        ),
        act(
            "bc.set_order_status",
            "Change the state",
            choice("status_id:int", "State", states, chosen=row["status_id"]),
            **named,
        ),
        act("bc.refund_order", "Refund the rest", field("reason", "Reason"), **named),
        more(
            "Cancel or archive",
            act("bc.cancel_order", "Cancel the order", kind="danger", **named)
            if row["status_id"] != CANCELLED
            else None,
            act("bc.archive_order", "Archive the order", kind="danger", **named),
        ),
    ]


def _shipment(store: Store, row: Json) -> Html:
    carrier = row["shipping_provider"] or row["tracking_carrier"] or row["shipping_method"] or "no carrier"
    named = {"hash": store.hash, "shipment_id__int": row["id"]}
    return tag(
        "article",
        tag("h3", f"Shipment {row['id']}: {carrier}"),
        tag("p", f"{sum(item['quantity'] for item in row['items'])} units, {moment(row['date_created'])}"),
        act(
            "bc.edit_shipment",
            "Correct the number",
            field("tracking_number", "Tracking number", value=row["tracking_number"]),
            about=f"of shipment {row['id']}",
            **named,
        ),
        more("Delete", act("bc.delete_shipment", "Delete the shipment", kind="danger", about=f"{row['id']}", **named)),
        class_="variant",
    )


def _refunds(store: Store, row: Json) -> Html:
    rows = [
        (one["id"], one["created"], _money(row, one["total_amount"]), one["reason"] or "—")
        for one in refunds.of_order(store, row["id"])
    ]
    return table("Refunds", ("#Id", "Time", "#Amount", "Reason"), rows, empty="Nothing was refunded.")


PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("/admin/{store_hash}/orders", orders),
    ("/admin/{store_hash}/orders/{order_id}", order),
    ("/admin/{store_hash}/manage/orders/{order_id}", order),  # as in BigCommerce's control panel
)
