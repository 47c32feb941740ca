"""The money of an order as a whole: costs, fees, discount, totals and taxes.

Source: BigCommerce docs, reference/orders.v2.oas2.yml and store-operations/orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from twinshelf_sandbox.bigcommerce.orders.order_fields import amount, pair_of
from twinshelf_sandbox.bigcommerce.orders.orders import ZERO, Order
from twinshelf_sandbox.bigcommerce.responses import Json, money, objects, v2_invalid, whole_number
from twinshelf_sandbox.bigcommerce.store import Store


def _sum(rows: Iterable[Json], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), ZERO)


def put_costs(order: Order, doc: Json) -> None:
    """Shipping, handling and wrapping of a document."""
    main = order.main
    for name in ("shipping_cost", "handling_cost", "wrapping_cost"):
        base = amount(doc, f"base_{name}")
        pair = pair_of(doc, name)
        if base is None and pair is None:
            continue
        ex, inc = pair or (base or ZERO, base or ZERO)
        main[f"base_{name}"] = money(base if base is not None else ex)
        main.update({f"{name}_ex_tax": money(ex), f"{name}_inc_tax": money(inc), f"{name}_tax": money(inc - ex)})


def recompute(store: Store, order: Order, doc: Json | None = None) -> None:
    """Bring totals into step with lines, costs, fees and discount; what `doc` states itself stays as stated."""
    main, lines = order.main, order.lines
    doc = doc or {}
    if (
        not pair_of(doc, "wrapping_cost")
        and doc.get("base_wrapping_cost") is None
        and any(line["wrapping_id"] for line in lines)
    ):
        ex = sum((Decimal(line["wrapping_cost_ex_tax"]) * line["quantity"] for line in lines), ZERO)
        inc = sum((Decimal(line["wrapping_cost_inc_tax"]) * line["quantity"] for line in lines), ZERO)
        main.update(
            base_wrapping_cost=money(ex),
            wrapping_cost_ex_tax=money(ex),
            wrapping_cost_inc_tax=money(inc),
            wrapping_cost_tax=money(inc - ex),
        )
    subtotal = pair_of(doc, "subtotal") or (_sum(lines, "total_ex_tax"), _sum(lines, "total_inc_tax"))
    discount = Decimal(main["discount_amount"]) + Decimal(main["coupon_discount"])
    costs = {
        side: sum(
            (Decimal(main[f"{name}_{side}"]) for name in ("shipping_cost", "handling_cost", "wrapping_cost")), ZERO
        )
        + _sum(order.row["fees"], f"cost_{side}")
        for side in ("ex_tax", "inc_tax")
    }
    total = pair_of(doc, "total") or (
        max(ZERO, subtotal[0] + costs["ex_tax"] - discount),
        max(ZERO, subtotal[1] + costs["inc_tax"] - discount),
    )
    for name, (ex, inc) in (("subtotal", subtotal), ("total", total)):
        main.update({f"{name}_ex_tax": money(ex), f"{name}_inc_tax": money(inc), f"{name}_tax": money(inc - ex)})
    units = sum(line["quantity"] for line in lines)
    main["items_total"] = units if store.switch("items_total") == "units" else len(lines)
    main["items_shipped"] = sum(line["quantity_shipped"] for line in lines)
    main["order_is_digital"] = bool(lines) and all(line["type"] == "digital" for line in lines)
    main["shipping_address_count"] = len(order.addresses)
    for address in order.addresses:
        own = [line for line in lines if line["order_address_id"] == address["id"]]
        address["items_total"] = sum(line["quantity"] for line in own)
        address["items_shipped"] = sum(line["quantity_shipped"] for line in own)
    if order.addresses:
        _cost_of_address(order.addresses[0], main)
    _spread_discount(order)
    order.row["taxes"] = _taxes(store, order)


def _cost_of_address(address: Json, main: Json) -> None:
    address["base_cost"] = main["base_shipping_cost"]
    address["base_handling_cost"] = main["base_handling_cost"]
    for side in ("ex_tax", "inc_tax", "tax"):
        address[f"cost_{side}"] = main[f"shipping_cost_{side}"]
        address[f"handling_cost_{side}"] = main[f"handling_cost_{side}"]


def _spread_discount(order: Order) -> None:
    """The order's manual discount shows on its lines by their share of the subtotal."""
    discount, lines = Decimal(order.main["discount_amount"]), order.lines
    whole = _sum(lines, "total_inc_tax")
    spent = ZERO
    for at, line in enumerate(lines):
        total = Decimal(line["total_inc_tax"])
        if not discount or not whole:
            line.update(applied_discounts=[], discounted_total_inc_tax=line["total_inc_tax"])
            continue
        share = discount - spent if at == len(lines) - 1 else (discount * total / whole).quantize(Decimal("0.0001"))
        spent += share
        row = {
            "id": "manual-discount",
            "amount": money(share),
            "name": "Manual Discount",
            "code": None,
            "target": "order",
        }
        line.update(applied_discounts=[row], discounted_total_inc_tax=money(max(ZERO, total - share)))


def _taxes(store: Store, order: Order) -> list[Json]:
    """A row per taxed line and for the shipping; prices given with the order name them `API Tax Override`."""
    rows = []
    name = "API Tax Override" if order.row["overridden"] else "Tax"
    rate = ZERO if order.row["overridden"] else Decimal(store.row["tax_rate"])
    kinds = [(line["total_tax"], line["order_address_id"], line["id"], "item") for line in order.lines]
    first = order.addresses[0]["id"] if order.addresses else 0
    kinds += [
        (order.main["shipping_cost_tax"], first, 0, "shipping"),
        (order.main["handling_cost_tax"], first, 0, "handling"),
    ]
    for at, (tax, address_id, line_id, kind) in enumerate(kinds, start=1):
        if Decimal(tax):
            rows.append({
                "id": order.id * 100 + at, "order_id": order.id, "order_address_id": address_id, "tax_rate_id": 0,
                "sales_tax_id": "", "tax_class_id": 0, "name": name, "class": "Default Tax Class",
                "rate": money(rate), "priority": 0, "priority_amount": tax, "line_amount": tax,
                "order_pickup_method_id": 0, "order_product_id": str(line_id), "line_item_type": kind,
            })  # fmt: skip
    return rows


def new_fees(store: Store, docs: Any) -> list[Json]:
    """The fees of a new order. Raises Refused."""
    if not objects(docs):
        raise v2_invalid("fees")
    return [fee_of(store, {**one, "id": None}) for one in docs]


def fee_of(store: Store, doc: Any) -> Json:
    """A fee of a document, numbered unless it has an id. Raises Refused."""
    if not isinstance(doc, dict) or doc.get("type", "custom_fee") != "custom_fee":
        raise v2_invalid("fees")
    names = [doc.get("display_name_customer"), doc.get("display_name_merchant")]
    if not any(names) or not all(isinstance(name, str | None) for name in names):
        raise v2_invalid("fees.display_name_customer")
    if doc.get("tax_class_id") is not None and whole_number(doc["tax_class_id"]) is None:
        raise v2_invalid("fees.tax_class_id")
    # One official sample spells it cost_exc_tax.
    ex = amount({"x": doc.get("cost_ex_tax", doc.get("cost_exc_tax"))}, "x", "fees.cost_ex_tax")
    inc, tax = amount(doc, "cost_inc_tax", "fees.cost_inc_tax"), amount(doc, "cost_tax", "fees.cost_tax")
    if sum(one is not None for one in (ex, inc, tax)) < 2:
        raise v2_invalid("fees.cost_ex_tax")
    if ex is None:
        ex = (inc or ZERO) - (tax or ZERO)
    if inc is None:
        inc = ex + (tax or ZERO)
    return {
        "id": doc.get("id") or store.take("fees", 1),
        "type": "custom_fee",
        "display_name_customer": doc.get("display_name_customer") or doc["display_name_merchant"],
        "display_name_merchant": doc.get("display_name_merchant") or doc["display_name_customer"],
        "source": str(doc.get("source") or ""),
        "base_cost": money(ex),
        "cost_ex_tax": money(ex),
        "cost_inc_tax": money(inc),
        "cost_tax": money(inc - ex),
        "tax_class_id": doc.get("tax_class_id"),
    }
