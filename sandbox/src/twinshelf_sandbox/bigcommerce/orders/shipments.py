"""Shipments V2: what leaves, with which carrier, and what that does to the order.

Source: BigCommerce docs, reference/orders.v2.oas2.yml; carrier values: the published list of tracking carriers.
"""

from __future__ import annotations

from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.orders import carriers, order_fields, order_updates, orders
from twinshelf_sandbox.bigcommerce.orders.order_index import PARTIALLY_SHIPPED, SHIPPED
from twinshelf_sandbox.bigcommerce.orders.orders import Order
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    money,
    no_content,
    rfc2822,
    v2_error,
    v2_invalid,
    v2_list,
    v2_missing,
    v2_not_found,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_orders")

_TEXTS: Final[dict[str, int]] = {
    "tracking_number": 50, "tracking_link": 500, "shipping_provider": 255, "tracking_carrier": 255,
    "shipping_method": 255, "comments": 65_535, "merchant_shipping_cost": 64,
}  # fmt: skip


def of_order(store: Store, order_id: int) -> list[Entity]:
    """The shipments of an order, oldest first."""
    table = store.rows("shipments")
    known = store.rows("order_shipments").get(order_id) or {"ids": []}
    return [row for one in known["ids"] if (row := table.get(one)) is not None]


def _order(call: Call, order_id: int) -> Order:
    order = orders.load(call.store, order_id)
    if order is None:
        raise v2_not_found()
    return order


def _shipment(call: Call, order_id: int, shipment_id: int) -> Entity:
    row = call.store.rows("shipments").get(shipment_id)
    if row is None or row["order_id"] != order_id:
        raise v2_not_found()
    return row


def _shown(row: Entity) -> Json:
    provider, carrier, number = row["shipping_provider"], row["tracking_carrier"], row["tracking_number"]
    link = "" if row["tracking_link"] else carriers.tracking_link(provider, carrier, number)
    return {
        **row,
        "shipping_provider_display_name": carriers.PROVIDERS.get(provider, ""),
        "generated_tracking_link": link,
    }


def _texts(doc: Json) -> dict[str, str]:
    values = {}
    for name, most in _TEXTS.items():
        if name not in doc:
            continue
        value = doc[name]
        if value is None:
            value = ""
        if not isinstance(value, str):
            value = str(value)
        if len(value) > most:
            raise v2_invalid(name)
        values[name] = value
    if "merchant_shipping_cost" in values:
        values["merchant_shipping_cost"] = money(order_fields.amount(values, "merchant_shipping_cost") or 0)
    if values.get("tracking_carrier") and not carriers.known(values["tracking_carrier"]):
        raise v2_invalid("tracking_carrier")
    return values


@routes.get("/v2/orders/{order_id}/shipments")
def _list_shipments(call: Call, order_id: int) -> Response:
    _order(call, order_id)
    page, limit = call.page()
    return v2_list([_shown(row) for row in of_order(call.store, order_id)][(page - 1) * limit : page * limit])


@routes.get("/v2/orders/{order_id}/shipments/count")
def _count_shipments(call: Call, order_id: int) -> Response:
    _order(call, order_id)
    return Response.json({"count": len(of_order(call.store, order_id))})


@routes.get("/v2/orders/{order_id}/shipments/{shipment_id}")
def _get_shipment(call: Call, order_id: int, shipment_id: int) -> Response:
    return Response.json(_shown(_shipment(call, order_id, shipment_id)))


@routes.post("/v2/orders/{order_id}/shipments")
def _create_shipment(call: Call, order_id: int) -> Response:
    order, doc = _order(call, order_id), call.object()
    for name in ("order_address_id", "items"):
        if name not in doc:
            raise v2_missing(name)
    shipment_id = ship(call.store, order, doc)
    location = f"{call.store.base_url}/stores/{call.store.hash}/v2/orders/{order_id}/shipments/{shipment_id}"
    return Response.json(_shown(_shipment(call, order_id, shipment_id)), 201, {"location": location})


def ship(store: Store, order: Order, doc: Json) -> int:
    """Ship items of an order; returns the shipment's id. Refuses more than is left of a line."""
    address = next((one for one in order.addresses if one["id"] == doc["order_address_id"]), None)
    if address is None:
        raise v2_invalid("order_address_id")
    items = _items(order, doc["items"], address["id"])
    texts = _texts(doc)
    shipment_id = store.take("shipments", 11)
    billing = {name: value for name, value in order.main["billing_address"].items() if name != "form_fields"}
    row = {
        "id": shipment_id,
        "order_id": order.id,
        "customer_id": order.main["customer_id"],
        "order_address_id": address["id"],
        "date_created": rfc2822(store.now),
        "tracking_number": texts.get("tracking_number", ""),
        "merchant_shipping_cost": texts.get("merchant_shipping_cost", money(0)),
        "shipping_method": texts.get("shipping_method") or address["shipping_method"],
        "comments": texts.get("comments", ""),
        # Left out it becomes "custom", and no link appears in the email; "" stays "".
        "shipping_provider": texts.get("shipping_provider", "custom"),
        "tracking_carrier": texts.get("tracking_carrier", ""),
        "tracking_link": texts.get("tracking_link", ""),
        "billing_address": billing,
        "shipping_address": {name: address[name] for name in billing},
        "items": [
            {
                "order_product_id": line["id"],
                "product_id": line["product_id"] if store.switch("shipment_product_id") == "real" else 0,
                "quantity": quantity,
            }
            for line, quantity in items
        ],
    }
    store.rows("shipments").put(shipment_id, row)
    known = store.rows("order_shipments").get(order.id) or {"ids": []}
    store.rows("order_shipments").put(order.id, {"ids": [*known["ids"], shipment_id]})
    for line, quantity in items:
        line["quantity_shipped"] += quantity
    _count(order)
    complete = all(
        line["quantity_shipped"] + line["quantity_refunded"] >= line["quantity"]
        for line in order.lines
        if line["type"] != "digital"
    )
    if complete:
        order.main["date_shipped"] = rfc2822(store.now)
    orders.save(store, order)
    store.effect(
        "shipment_created", shipment_id, order_id=order.id, external_order_id=order.main["external_order_id"],
        provider=row["shipping_provider"], carrier=row["tracking_carrier"], tracking_number=row["tracking_number"],
        items=[{"sku": line["sku"], "order_product_id": line["id"], "quantity": quantity} for line, quantity in items],
    )  # fmt: skip
    store.fire("store/shipment/created", {"type": "shipment", "id": shipment_id, "orderId": order.id})
    orders.mail(store, order, "shipment", shipment_id=shipment_id, tracking_number=row["tracking_number"])
    if store.switch("shipment_sets_status"):
        order_updates.set_status(store, order, SHIPPED if complete else PARTIALLY_SHIPPED, mailed=False)
    orders.tell(store, order, "updated")
    return shipment_id


def _items(order: Order, given: Any, address_id: int) -> list[tuple[Json, int]]:
    if not isinstance(given, list) or not given:
        raise v2_invalid("items")
    amounts: dict[int, int] = {}
    for item in given:
        if not isinstance(item, dict):
            raise v2_invalid("items")
        line_id, quantity = item.get("order_product_id"), item.get("quantity")
        if not isinstance(line_id, int) or not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise v2_invalid("items")
        amounts[line_id] = amounts.get(line_id, 0) + quantity
    chosen = []
    for line_id, quantity in amounts.items():
        line = next(
            (one for one in order.lines if one["id"] == line_id and one["order_address_id"] == address_id), None
        )
        if line is None or line["type"] == "digital" or quantity > line["quantity"] - line["quantity_shipped"]:
            raise v2_invalid("items")
        chosen.append((line, quantity))
    return chosen


def _count(order: Order) -> None:
    order.main["items_shipped"] = sum(line["quantity_shipped"] for line in order.lines)
    for address in order.addresses:
        address["items_shipped"] = sum(
            line["quantity_shipped"] for line in order.lines if line["order_address_id"] == address["id"]
        )


@routes.put("/v2/orders/{order_id}/shipments/{shipment_id}")
def _update_shipment(call: Call, order_id: int, shipment_id: int) -> Response:
    row, doc = _shipment(call, order_id, shipment_id), call.object()
    if "items" in doc:
        raise v2_error(
            400, "The field 'items' cannot be written to. Please remove it from your request before trying again."
        )
    change(call.store, row, _texts(doc), doc.get("order_address_id"))
    return Response.json(_shown(_shipment(call, order_id, shipment_id)))


def change(store: Store, row: Entity, texts: dict[str, str], address_id: Any = None) -> None:
    """Change how a shipment travels, such as its tracking number; nothing happens if it is so already."""
    values: Json = dict(texts)
    order = orders.existing(store, row["order_id"])
    if address_id is not None:
        address = next((one for one in order.addresses if one["id"] == address_id), None)
        if address is None:
            raise v2_invalid("order_address_id")
        values.update(
            order_address_id=address_id, shipping_address={name: address[name] for name in row["shipping_address"]}
        )
    changed = {name: value for name, value in values.items() if row[name] != value}
    if not changed:
        return
    store.rows("shipments").put(row["id"], {**row, **changed})
    store.effect(
        "shipment_updated",
        row["id"],
        order_id=order.id,
        fields=sorted(changed),
        tracking_number=values.get("tracking_number", row["tracking_number"]),
    )
    store.fire("store/shipment/updated", {"type": "shipment", "id": row["id"], "orderId": order.id})


@routes.delete("/v2/orders/{order_id}/shipments/{shipment_id}")
def _delete_shipment(call: Call, order_id: int, shipment_id: int) -> Response:
    remove(call.store, _shipment(call, order_id, shipment_id))
    return no_content()


@routes.delete("/v2/orders/{order_id}/shipments")
def _delete_shipments(call: Call, order_id: int) -> Response:
    _order(call, order_id)
    for row in of_order(call.store, order_id):
        remove(call.store, row)
    return no_content()


def remove(store: Store, row: Entity) -> None:
    """Take a shipment back; the order keeps its status."""
    order = orders.existing(store, row["order_id"])
    known = store.rows("order_shipments").get(order.id) or {"ids": []}
    store.rows("order_shipments").put(order.id, {"ids": [one for one in known["ids"] if one != row["id"]]})
    store.rows("shipments").delete(row["id"])
    for item in row["items"]:
        for line in order.lines:
            if line["id"] == item["order_product_id"]:
                line["quantity_shipped"] -= item["quantity"]
    _count(order)
    orders.save(store, order)
    store.effect("shipment_deleted", row["id"], order_id=order.id)
    store.fire("store/shipment/deleted", {"type": "shipment", "id": row["id"], "orderId": order.id})
