"""Orders V2: what an order is, how it is kept and shown, and who is told of it.

Source: BigCommerce docs, reference/orders.v2.oas2.yml and store-operations/orders.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import Call
from twinshelf_sandbox.bigcommerce.orders.order_index import SYSTEM_LABELS, packed, unpacked
from twinshelf_sandbox.bigcommerce.responses import Json, decode, encode, number, parse_date, rfc2822
from twinshelf_sandbox.bigcommerce.settings import settings
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.world import Entity

MOST_LINES: Final = 50
"""Consignments show no more lines than that."""


ZERO: Final = Decimal(0)


TOLD_STATUSES: Final = frozenset({2, 3, 4, 5, 6, 8, 10, 14})
"""Statuses whose setting emails the customer."""


class Order:
    """A working copy of an order row: change `main`, `lines` and the rest, then `save`."""

    def __init__(self, row: Entity) -> None:
        """`row` is whole, as `unpacked` gives it."""
        self.row = row
        self.main: Json = decode(row["m"])

    @property
    def id(self) -> int:
        """The order's number."""
        order_id: int = self.main["id"]
        return order_id

    @property
    def lines(self) -> list[Json]:
        """Its products, catalog and custom ones."""
        lines: list[Json] = self.row["lines"]
        return lines

    @property
    def addresses(self) -> list[Json]:
        """Its shipping addresses."""
        addresses: list[Json] = self.row["addresses"]
        return addresses

    @property
    def channel_id(self) -> int:
        """The channel it came by."""
        channel_id: int = self.main["channel_id"]
        return channel_id


def load(store: Store, order_id: int) -> Order | None:
    """A working copy of an order; None if there is none."""
    row = store.orders.get(order_id)
    return None if row is None else Order(unpacked(row))


def existing(store: Store, order_id: int) -> Order:
    """A working copy of an order that is there. Raises KeyError."""
    return Order(unpacked(store.orders[order_id]))


def save(store: Store, order: Order, *, new: bool = False) -> None:
    """Keep an order; its date of change moves with every save."""
    main, row = order.main, order.row
    modified = store.now
    main["date_modified"] = rfc2822(modified)
    created = int(parse_date(main["date_created"], 0))
    row["m"] = encode(main)
    row["f"] = [
        main["status_id"], created, int(modified) if not new else max(created, int(modified)), main["channel_id"],
        main["customer_id"], main["is_deleted"], main["external_order_id"],
    ]  # fmt: skip
    store.orders.put(order.id, packed(row))
    store.order_index.refresh(order.id)


def order_json(store: Store, row: Entity, call: Call | None = None) -> bytes:
    """An order as V2 answers it: its fields, then links to the rest, or the rest itself where `include` asks."""
    main: bytes = row["m"]
    order_id = int(main[6 : main.index(b",")])  # {"id":123,…
    path = f"/orders/{order_id}"
    base = f"{store.base_url}/stores/{store.hash}/v2{path}"

    def link(name: str) -> str:
        return f'{{"url":"{base}/{name}","resource":"{path}/{name}"}}'

    # The link to the addresses has another spelling than their documented route; both work.
    text = f'"products":{link("products")},"shipping_addresses":{link("shippingaddresses")},"coupons":{link("coupons")}'
    include = [] if call is None else call.query.get("include", "").split(",")
    spread = call is not None and call.query.get("consignment_structure") == "object"
    if spread and ("consignments" in include or "consignments.line_items" in include):
        shown = encode(
            consignments_of(store, _whole(row), order_id, lines="consignments.line_items" in include)
        ).decode()
        text += f',"consignments":{shown}'
    else:
        text += f',"consignments":{link("consignments")}'
    if "fees" in include:
        text += f',"fees":{encode(_whole(row)["fees"]).decode()}'
    return main[:-1] + b"," + text.encode() + b"}"


def _whole(row: Entity) -> Entity:
    return unpacked(row) if "p" in row else row


def shown_line(line: Json) -> Json:
    """A line without the sandbox's own notes."""
    return {name: value for name, value in line.items() if name[0] != "_"}


def shown_address(store: Store, address: Json) -> Json:
    """An address without the sandbox's own notes, with its link."""
    path = f"/orders/{address['order_id']}/shippingaddresses/{address['id']}/shippingquotes"
    quotes = {"url": f"{store.base_url}/stores/{store.hash}/v2{path}", "resource": path}
    return {**{name: value for name, value in address.items() if name[0] != "_"}, "shipping_quotes": quotes}


def consignments_of(store: Store, row: Entity, order_id: int, *, lines: bool) -> Json:
    """What goes where: pickups, shipping addresses and downloads, with their `lines` or with links to them."""

    def items(wanted: Callable[[Json], bool]) -> list[Json]:
        chosen = [line for line in row["lines"] if wanted(line)]
        if lines:
            shown: list[Json] = [shown_line(line) for line in chosen[:MOST_LINES]]
            if len(chosen) > MOST_LINES:
                shown.append({"__warning__": f"Only the first {MOST_LINES} line items are shown."})
            return shown
        base = f"{store.base_url}/stores/{store.hash}/v2"
        return [
            {
                "url": f"{base}/orders/{order_id}/products/{line['id']}",
                "resource": f"/orders/{order_id}/products/{line['id']}",
            }
            for line in chosen
        ]

    shipping = []
    for address in row["addresses"]:
        path = f"/orders/{order_id}/consignments/shipping/{address['id']}/shipping_quotes"
        quotes = {"url": f"{store.base_url}/stores/{store.hash}/v2{path}", "resource": path}
        shown = {name: value for name, value in address.items() if name != "order_id" and name[0] != "_"}
        for name in list(shown):  # numbers here, text in shipping_addresses
            if "cost" in name and isinstance(shown[name], str):
                shown[name] = number(shown[name])
        shipping.append({
            **shown,
            "line_items": items(lambda line, one=address["id"]: line["order_address_id"] == one),  # type: ignore[misc]
            "shipping_quotes": quotes,
        })  # fmt: skip
    pickups = [
        {**pickup, "line_items": items(lambda line, one=pickup["id"]: line.get("_pickup") == one)}  # type: ignore[misc]
        for pickup in row.get("pickups", [])
    ]
    downloads = items(lambda line: line["type"] == "digital")
    return {
        "pickups": pickups,
        "shipping": shipping,
        "downloads": [{"recipient_email": decode(row["m"])["billing_address"]["email"], "line_items": downloads}]
        if downloads
        else [],
        "email": {"gift_certificates": []},
    }


def label(store: Store, status_id: int) -> str:
    """The merchant's own name of a status, or the system's."""
    renamed: str = store.row["status_labels"].get(str(status_id), SYSTEM_LABELS[status_id])
    return renamed


def tell(store: Store, order: Order, what: str) -> None:
    """`store/order/…` carries `id`, the channel's own scope `order_id`."""
    store.fire(f"store/order/{what}", {"type": "order", "id": order.id})
    store.fire(f"store/channel/{order.channel_id}/order/{what}", {"order_id": order.id})


def tell_status(store: Store, order: Order, before: int) -> None:
    """`…/order/statusUpdated`, with the status it had before."""
    moved = {"previous_status_id": before, "new_status_id": order.main["status_id"]}
    store.fire("store/order/statusUpdated", {"type": "order", "id": order.id, "status": moved})
    store.fire(f"store/channel/{order.channel_id}/order/statusUpdated", {"order_id": order.id, "status": moved})


def mail(store: Store, order: Order, about: str, **detail: Any) -> None:
    """Email the customer, if there is an address and the channel's settings do not forbid it."""
    address = order.main["billing_address"]["email"]
    if address and settings.setting(store, "email-statuses", "combined_order_status_email", order.channel_id):
        store.effect("email_sent", order.id, about=about, to=address, **detail)


def add_message(store: Store, order_id: int, text: str, subject: str) -> int:
    """A message of the buyer on an order; the API only reads them."""
    order = existing(store, order_id)
    message_id = store.take("order_messages", 1)
    order.row["messages"].append({
        "id": message_id, "order_id": order_id, "staff_id": 0, "customer_id": order.main["customer_id"],
        "type": "customer", "subject": subject, "message": text, "status": "unread", "is_flagged": False,
        "date_created": rfc2822(store.now), "customer": {},
    })  # fmt: skip
    store.orders.put(order_id, packed(order.row))
    store.effect("order_message", message_id, order_id=order_id)
    store.fire(
        "store/order/message/created", {"type": "order", "id": order_id, "message": {"order_message_id": message_id}}
    )
    return message_id
