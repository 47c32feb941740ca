"""Orders V3: refund quotes and refunds, transactions, capture and void.

A refund never gives stock back. Source: BigCommerce docs, reference/orders.v3.yml and store-operations/orders/refunds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.orders import order_updates, orders
from twinshelf_sandbox.bigcommerce.orders.order_index import PARTIALLY_REFUNDED, REFUNDED, UNPAID
from twinshelf_sandbox.bigcommerce.orders.orders import Order
from twinshelf_sandbox.bigcommerce.responses import (
    STATUS_PAGE,
    Json,
    Refused,
    data,
    id_of,
    ints,
    iso,
    no_content,
    not_found,
    number,
    objects,
    parse_date,
    plain,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

ORDERS: Final = "store_v2_orders"
TRANSACTIONS: Final = "store_v2_transactions"
routes = Routes(ORDERS, TRANSACTIONS)

_BY_QUANTITY: Final = frozenset({"PRODUCT", "GIFT_WRAPPING"})
_BY_AMOUNT: Final = frozenset({"SHIPPING", "HANDLING", "ORDER", "FEE", "TAX"})
_CENT: Final = Decimal("0.01")


def _order(call: Call, order_id: int) -> Order:
    order = orders.load(call.store, order_id)
    if order is None:
        raise not_found(f"Order with id {order_id} not found")
    return order


def refused(title: str, errors: Json | None = None) -> Refused:
    """A refusal in the array that refunds are answered in."""
    row: Json = {"status": 422, "title": title, "type": STATUS_PAGE}
    if errors:
        row["errors"] = errors
    return Refused(Response.json({"data": [row]}, 422))


def of_order(store: Store, order_id: int) -> list[Entity]:
    """The refunds of an order, oldest first."""
    return [row for row in store.rows("refunds").values() if row["order_id"] == order_id]


def _amount(value: Any, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise v3_error(422, "JSON data is missing or invalid", {name: "error.expected.jsnumber"})
    try:
        return Decimal(number(value))
    except ValueError:
        raise v3_error(422, "JSON data is missing or invalid", {name: "error.expected.jsnumber"}) from None


def left_of(store: Store, order: Order) -> Decimal:
    """What is left of an order's total after its refunds, in whole cents."""
    back = sum((Decimal(row["total_amount"]) for row in of_order(store, order.id)), Decimal(0))
    return (Decimal(order.main["total_inc_tax"]) - back).quantize(_CENT)


def _total(store: Store, order: Order, body: Json) -> tuple[Decimal, Decimal, list[Json]]:
    """(amount, tax in it, items) of a refund body, checked against what is left of each item."""
    if order.main["status_id"] in UNPAID:
        raise refused("The payment of this order has not been received.")
    if "tax_adjustment_amount" in body:
        total = tax = _amount(body["tax_adjustment_amount"], "tax_adjustment_amount")
        kept: list[Json] = []
    else:
        total, tax, kept = _items(store, order, body.get("items"))
    _within(store, order, total)
    return total.quantize(_CENT), tax.quantize(_CENT), kept


def _within(store: Store, order: Order, total: Decimal) -> None:
    if total < 0:
        raise refused("The refund amount must not be less than zero.")
    if total > left_of(store, order):
        raise refused("The refund amount is more than is left of the order.")


def _items(store: Store, order: Order, items: Any) -> tuple[Decimal, Decimal, list[Json]]:
    if not isinstance(items, list) or not items:
        raise v3_error(422, "JSON data is missing or invalid", {"items": "error.path.missing"})
    total = tax = Decimal(0)
    kept: list[Json] = []
    for at, item in enumerate(items):
        kind = item.get("item_type") if isinstance(item, dict) else None
        if kind not in (*_BY_QUANTITY, *_BY_AMOUNT):
            raise v3_error(422, "JSON data is missing or invalid", {f"items.{at}.item_type": "error.path.missing"})
        if len(str(item.get("reason") or "")) > 1000:
            raise v3_error(422, "JSON data is missing or invalid", {f"items.{at}.reason": "error.maxLength"})
        earlier = [one for row in of_order(store, order.id) for one in row["items"]] + kept
        read = _units if kind in _BY_QUANTITY else _sum
        part, part_tax, row = read(order, item, at, earlier)
        total, tax = total + part, tax + part_tax
        kept.append(row)
    return total, tax, kept


def _like(earlier: list[Json], kind: str, item_id: int) -> list[Json]:
    """What was given back before of the same thing."""
    return [one for one in earlier if (one["item_type"], one["item_id"]) == (kind, item_id)]


def _units(order: Order, item: Json, at: int, earlier: list[Json]) -> tuple[Decimal, Decimal, Json]:
    """(amount, tax, row) of units of a line."""
    line = next((one for one in order.lines if one["id"] == id_of(item.get("item_id"))), None)
    quantity = item.get("quantity")
    if line is None or type(quantity) is not int or quantity < 1:
        raise refused("The item or its quantity is invalid.", {f"items.{at}.item_id": "is invalid"})
    if quantity > line["quantity"] - sum(one["quantity"] for one in _like(earlier, item["item_type"], line["id"])):
        text = f"The quantity of item {line['id']} is more than can be refunded."
        raise refused(text, {f"items.{at}.quantity": "is invalid"})
    part, tax = _line_amount(line, quantity, item["item_type"])
    adjustments = item.get("adjustments") or []
    if not objects(adjustments):
        raise v3_error(422, "JSON data is missing or invalid", {f"items.{at}.adjustments": "error.expected.jsarray"})
    for adjustment in adjustments:
        change = _amount(adjustment.get("amount"), f"items.{at}.adjustments")
        if change > 0:
            raise v3_error(422, "JSON data is missing or invalid", {f"items.{at}.adjustments": "error.maximum"})
        part += change
    return part, tax, _row(item, line["id"], quantity, None, adjustments)


def _sum(order: Order, item: Json, at: int, earlier: list[Json]) -> tuple[Decimal, Decimal, Json]:
    """(amount, tax, row) of an amount given as such: shipping, handling, a fee, tax, or the order as a whole."""
    part = _amount(item.get("amount"), f"items.{at}.amount")
    if part <= 0:
        raise refused("The amount must be more than zero.", {f"items.{at}.amount": "is invalid"})
    item_id = id_of(item.get("item_id", order.id))
    most = _most(order, item["item_type"], item_id)
    if most is None:
        raise refused("The item is invalid.", {f"items.{at}.item_id": "is invalid"})
    back = sum((Decimal(one["requested_amount"]) for one in _like(earlier, item["item_type"], item_id)), Decimal(0))
    if part > most - back:
        raise refused("The amount is more than is left of the item.", {f"items.{at}.amount": "is invalid"})
    tax = part if item["item_type"] == "TAX" else Decimal(0)
    return part, tax, _row(item, item_id, 1, number(part), [])


def _most(order: Order, kind: str, item_id: int) -> Decimal | None:
    """What there is to give back of a thing; None if there is no such thing in the order.

    The order itself has no bound of its own: the whole refund is held against it.
    """
    main = order.main
    if kind in {"SHIPPING", "HANDLING"}:
        known = item_id in {address["id"] for address in order.addresses}
        return Decimal(main[f"{kind.lower()}_cost_inc_tax"]) if known else None
    if kind == "FEE":
        return next((Decimal(fee["cost_inc_tax"]) for fee in order.row["fees"] if fee["id"] == item_id), None)
    if kind == "ORDER":
        return Decimal("Infinity") if item_id == order.id else None
    return Decimal(main["total_tax"])


def _row(item: Json, item_id: int, quantity: int, requested: Decimal | int | None, adjustments: list[Json]) -> Json:
    return {
        "item_type": item["item_type"],
        "item_id": item_id,
        "reason": str(item.get("reason") or ""),
        "quantity": quantity,
        "requested_amount": requested,
        "adjustments": adjustments,
    }


def _line_amount(line: Json, quantity: int, kind: str) -> tuple[Decimal, Decimal]:
    """What units of a line cost after its share of the discount, and the tax in it."""
    if kind == "GIFT_WRAPPING":
        return Decimal(line["wrapping_cost_inc_tax"]) * quantity, Decimal(line["wrapping_cost_tax"]) * quantity
    whole = Decimal(line["discounted_total_inc_tax"])
    share = whole * quantity / line["quantity"]
    return share, Decimal(line["price_tax"]) * quantity


def _methods(order: Order, amount: Decimal) -> list[list[Json]]:
    """An array of arrays: each inner one is a way to pay all of it back. Payments from outside are only recorded."""
    custom = {
        "provider_id": "custom",
        "provider_description": order.main["payment_method"],
        "amount": number(amount),
        "offline": True,
        "offline_provider": True,
        "offline_reason": "This is an offline payment provider.",
    }
    ways = [[custom]]
    if order.main["customer_id"]:
        ways.append(
            [
                {
                    **custom,
                    "provider_id": "storecredit",
                    "provider_description": "Store credit",
                    "offline": False,
                    "offline_provider": False,
                    "offline_reason": "",
                }
            ]
        )
    return ways


@routes.post("/v3/orders/{order_id}/payment_actions/refund_quotes")
def _quote(call: Call, order_id: int) -> Response:
    order = _order(call, order_id)
    total, tax, items = _total(call.store, order, call.object())
    level = sum((Decimal(str(item["requested_amount"])) for item in items if item["item_type"] == "ORDER"), Decimal(0))
    return data({
        "order_id": order_id, "total_refund_amount": number(total), "total_refund_tax_amount": number(tax),
        "order_level_refund_amount": number(level), "rounding": 0, "adjustment": 0, "tax_inclusive": True,
        "refund_methods": _methods(order, total),
    }, status=201)  # fmt: skip


@routes.post("/v3/orders/{order_id}/payment_actions/refunds")
def _refund(call: Call, order_id: int) -> Response:
    return data(_shown(refund(call.store, _order(call, order_id), call.object())), status=201)


def refund(store: Store, order: Order, body: Json) -> Entity:
    """Give money back, as the body of the API says. Raises Refused."""
    before = of_order(store, order.id)
    if before and store.now - max(parse_date(row["created"], 0) for row in before) < store.switch(
        "refund_busy_seconds"
    ):
        raise refused("Another refund of this order is being processed.")
    total, tax, items = _total(store, order, body)
    override = body.get("merchant_calculated_override")
    if override is not None and not isinstance(override, dict):
        raise v3_error(
            422, "JSON data is missing or invalid", {"merchant_calculated_override": "error.expected.jsobject"}
        )
    if override is not None:
        total = _amount(override.get("total_amount"), "merchant_calculated_override.total_amount")
        tax = _amount(override.get("total_tax"), "merchant_calculated_override.total_tax")
        _within(store, order, total)
    payments = body.get("payments")
    if not objects(payments) or not payments:
        raise v3_error(422, "JSON data is missing or invalid", {"payments": "error.path.missing"})
    paid = sum((_amount(payment.get("amount"), "payments.amount") for payment in payments), Decimal(0))
    if any(payment.get("provider_id") == "storecredit" for payment in payments) and not order.main["customer_id"]:
        raise refused("Unable to provide store credit for a guest customer.")
    if paid != total:
        raise refused("The payment amounts must equal the refund total.", {"payments": f"must be {number(total)}"})
    known = {"custom", "storecredit"}
    if any(str(payment.get("provider_id")) not in known for payment in payments):
        raise refused("The payment provider is not available for this order.", {"payments": "provider_id is invalid"})
    refund_id = store.take("refunds", 12)
    made = [
        {
            "id": store.take("refund_payments", 13),
            "provider_id": payment["provider_id"],
            "amount": str(number(_amount(payment["amount"], "amount"))),
            "offline": bool(payment.get("offline")),
            "is_declined": False,
            "declined_message": "",
            "transaction_id": f"refund-{refund_id}",
        }
        for payment in payments
    ]
    row = {
        "id": refund_id,
        "order_id": order.id,
        "user_id": 0,
        "created": iso(store.now),
        "reason": "; ".join(item["reason"] for item in items if item["reason"]),
        "total_amount": str(number(total)),
        "total_tax": str(number(tax)),
        "uses_merchant_override_values": override is not None,
        "items": [_kept(item) for item in items],
        "payments": made,
    }  # fmt: skip
    store.rows("refunds").put(refund_id, row)
    _carry_out(store, order, row, items)
    return row


def refund_rest(store: Store, order: Order, reason: str) -> Entity:
    """Give back all that was not given back before, outside of the payment gateway. Raises Refused."""
    left = left_of(store, order)
    item = {"item_type": "ORDER", "item_id": order.id, "amount": left, "reason": reason}
    return refund(store, order, {"items": [item], "payments": [{"provider_id": "custom", "amount": left}]})


def _kept(item: Json) -> Json:
    """An item with its amounts as text."""
    requested = item["requested_amount"]
    changes = [{**one, "amount": str(one["amount"])} for one in item["adjustments"]]
    return {**item, "requested_amount": None if requested is None else str(requested), "adjustments": changes}


def _carry_out(store: Store, order: Order, row: Entity, items: list[Json]) -> None:
    for item in items:
        for line in order.lines:
            if item["item_type"] == "PRODUCT" and line["id"] == item["item_id"]:
                line["quantity_refunded"] += item["quantity"]
                line["is_refunded"] = line["quantity_refunded"] >= line["quantity"]
    back = sum((Decimal(one["total_amount"]) for one in of_order(store, order.id)), Decimal(0))
    complete = back >= Decimal(order.main["total_inc_tax"]).quantize(_CENT)
    order.main["payment_status"] = "refunded" if complete else "partially refunded"
    orders.save(store, order)
    store.effect(
        "refund_created", row["id"], order_id=order.id, external_order_id=order.main["external_order_id"],
        total=plain(row["total_amount"]),
        items=[{"type": i["item_type"], "id": i["item_id"], "quantity": i["quantity"]} for i in items],
    )  # fmt: skip
    refunded = {"refund_id": row["id"]}
    store.fire("store/order/refund/created", {"type": "order", "id": order.id, "refund": refunded})
    store.fire(f"store/channel/{order.channel_id}/order/refund/created", {"order_id": order.id, "refund": refunded})
    order_updates.set_status(store, order, REFUNDED if complete else PARTIALLY_REFUNDED, restock=False)
    orders.tell(store, order, "updated")


def _shown(row: Entity) -> Json:
    """A refund as it is answered; amounts are kept as text, to be exact."""
    items = [
        {**item, "requested_amount": None if item["requested_amount"] is None else number(item["requested_amount"]),
         "adjustments": [{**one, "amount": number(one["amount"])} for one in item["adjustments"]]}
        for item in row["items"]
    ]  # fmt: skip
    payments = [{**payment, "amount": number(payment["amount"])} for payment in row["payments"]]
    return {
        **row,
        "total_amount": number(row["total_amount"]),
        "total_tax": number(row["total_tax"]),
        "items": items,
        "payments": payments,
    }


@routes.get("/v3/orders/{order_id}/payment_actions/refunds")
def _list_order_refunds(call: Call, order_id: int) -> Response:
    _order(call, order_id)
    return data([_shown(row) for row in of_order(call.store, order_id)])


@routes.get("/v3/orders/payment_actions/refunds")
def _list_refunds(call: Call) -> Response:
    query = call.query
    rows = list(call.store.rows("refunds").values())
    for name, field in (("order_id:in", "order_id"), ("id:in", "id")):
        if name in query:
            rows = [row for row in rows if row[field] in ints(query[name])]
    for name, sign in (("created:min", 1), ("created:max", -1)):
        if name in query:
            try:
                limit = parse_date(query[name], call.store.now)
            except ValueError:
                raise v3_error(422, f"The value of {name} is not a date") from None
            rows = [row for row in rows if sign * (parse_date(row["created"], 0) - limit) >= 0]
    if "transaction_id" in query:
        rows = [
            row
            for row in rows
            if any(payment["transaction_id"] == query["transaction_id"] for payment in row["payments"])
        ]
    shown, meta = call.paged(rows)
    return data([_shown(row) for row in shown], meta)


@routes.get("/v3/orders/payment_actions/refunds/{refund_id}")
def _get_refund(call: Call, refund_id: int) -> Response:
    row = call.store.rows("refunds").get(refund_id)
    if row is None:
        raise not_found(f"Refund with id {refund_id} not found")
    return data(_shown(row))


@routes.get("/v3/orders/{order_id}/transactions", TRANSACTIONS)
def list_transactions(call: Call, order_id: int) -> Response:
    """Orders made by the API were paid elsewhere: they have none, which is 204."""
    order = _order(call, order_id)
    if order.main["order_source"] == "external":
        return no_content()
    row = {
        "id": order_id * 10,
        "order_id": str(order_id),  # text here
        "event": "purchase",
        "method": "custom",
        "amount": number(order.main["total_inc_tax"]),
        "currency": order.main["default_currency_code"],
        "gateway": "testgateway",
        "gateway_transaction_id": f"t-{order_id}",
        "payment_method_id": "testgateway.custom",
        "date_created": iso(parse_date(order.main["date_created"], 0)),
        "test": True,
        "status": "ok",
        "fraud_review": False,
        "reference_transaction_id": None,
        "offline": None,
        "custom": {"payment_method": order.main["payment_method"]},
        "payment_instrument_token": None,
    }
    shown, meta = call.paged([row])
    return data(shown, meta)


def _payment_action(call: Call, order_id: int, status: str) -> Response:
    order = _order(call, order_id)
    if order.main["payment_status"] != "authorized":
        raise v3_error(422, "The payment of this order cannot be processed", {"order_id": "is invalid"}, short=True)
    order.main["payment_status"] = status
    orders.save(call.store, order)
    call.store.effect("payment_action", order_id, payment_status=status)
    return Response(201)


@routes.post("/v3/orders/{order_id}/payment_actions/capture")
def _capture(call: Call, order_id: int) -> Response:
    return _payment_action(call, order_id, "capture pending")


@routes.post("/v3/orders/{order_id}/payment_actions/void")
def _void(call: Call, order_id: int) -> Response:
    return _payment_action(call, order_id, "void pending")
