"""Statements and payments: completed orders settle day by day. Source: `docs/platforms/tiktok-shop.md` section 18.

Fees are made up: 6 % referral on what the seller earns. A statement closes at 0:00 UTC and is paid a day later.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.orders.order_states import of_shop, text
from twinshelf_sandbox.tiktok.regions import SEA
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

_DAY: Final = 86_400
_FIRST_STATEMENT: Final = 7238804564097517339
_FIRST_PAYMENT: Final = 3458767051733897992
_FEE: Final = Decimal("0.06")


def _earned(shop: Shop, order: Entity) -> dict[str, Decimal]:
    """What an order brings its seller: the platform pays its own discounts, tax goes through."""
    lines = [line for line in order["line_items"] if line["_state"] != "cancelled"]
    gross = sum((Decimal(line["original_price"]) for line in lines), Decimal(0))
    discount = sum((Decimal(line["seller_discount"]) for line in lines), Decimal(0))
    refunded = sum(
        (Decimal(line["original_price"]) - Decimal(line["seller_discount"]) for line in lines if line.get("_refunded")),
        Decimal(0),
    )
    revenue = gross - discount - refunded
    fee = -(revenue * _FEE).quantize(shop.region.smallest, ROUND_HALF_UP)
    shipping = -Decimal(order["payment"]["shipping_fee_seller_discount"])
    return {
        "gross": gross,
        "discount": -discount,
        "refund": -refunded,
        "revenue": revenue,
        "fee": fee,
        "shipping": shipping,
        "settlement": revenue + fee + shipping,
    }


def _days(shop: Shop) -> dict[int, list[str]]:
    """Settled orders by day."""
    days: dict[int, list[str]] = {}
    for order_id, row in shop.table("settled").items():
        days.setdefault(row["day"], []).append(str(order_id))
    return days


def _statement(shop: Shop, day: int, order_ids: list[str]) -> Entity:
    sums = [_earned(shop, shop.orders[order_id]) for order_id in order_ids]

    def total(name: str) -> str:
        return text(shop, sum((s[name] for s in sums), Decimal(0)))

    at = (day + 1) * _DAY
    paid = shop.now >= at + _DAY
    entry = {
        "id": str(_FIRST_STATEMENT + day * 1069),
        "statement_time": at,
        "currency": shop.currency,
        "settlement_amount": total("settlement"),
        "revenue_amount": total("revenue"),
        "fee_amount": total("fee"),
        "adjustment_amount": "0",
        "net_sales_amount": total("revenue"),
        "shipping_cost_amount": total("shipping"),
        "payment_status": "PAID" if paid else "PROCESSING",
        "payment_id": str(_FIRST_PAYMENT + day * 1087),
    }
    if paid:
        entry["payment_time"] = at + _DAY
    return entry


def _closed(shop: Shop) -> list[tuple[int, list[str]]]:
    today = shop.now // _DAY
    return [(day, ids) for day, ids in sorted(_days(shop).items()) if day < today]


def _page(call: Call, what: str, found: list[Any], *, descending: bool) -> tuple[list[Any], str]:
    size = call.integer("page_size", 1, 100, 20)
    found = found[::-1] if descending else found
    start = call.platform.paging.offset(call, what)
    return found[start : start + size], call.platform.paging.next_offset(call, what, start + size, len(found))


def _descending(call: Call) -> bool:
    return call.choice("sort_order", ("ASC", "DESC"), "ASC") == "DESC"


def _range(call: Call, name: str) -> tuple[int, int]:
    return call.integer(f"{name}_ge", 0, 10**12, 0), call.integer(f"{name}_lt", 0, 10**12, 10**12)


def statements(call: Call) -> Any:
    """Statements by day; the day that is not over has none."""
    call.choice("sort_field", ("statement_time",), "")
    low, high = _range(call, "statement_time")
    wanted = call.params.get("payment_status", "")
    rows = [_statement(call.shop, day, ids) for day, ids in _closed(call.shop)]
    found = [r for r in rows if low <= r["statement_time"] < high and (not wanted or r["payment_status"] == wanted)]
    page, token = _page(call, "statements", found, descending=_descending(call))
    return {"statements": page, "next_page_token": token}


def _breakdown(shop: Shop, earned: dict[str, Decimal]) -> Entity:
    return {
        "subtotal_before_discount_amount": text(shop, earned["gross"]),
        "seller_discount_amount": text(shop, earned["discount"]),
        "refund_subtotal_before_discount_amount": text(shop, earned["refund"]),
        "seller_discount_refund_amount": "0",
        "cod_service_fee_amount": "0",
        "refund_cod_service_fee_amount": "0",
    }


def statement_transactions(call: Call) -> Any:
    """The orders of one statement."""
    shop = call.shop
    found = next(
        ((d, ids) for d, ids in _closed(shop) if str(_FIRST_STATEMENT + d * 1069) == call.path["statement_id"]), None
    )
    if found is None:
        raise ApiError(36009004, "Invalid parameters: there is no such statement.")
    day, ids = found
    statement = _statement(shop, day, ids)
    rows = []
    for order_id in ids:
        order = shop.orders[order_id]
        earned = _earned(shop, order)
        rows.append(
            {
                "id": str(int(order_id) + 7),
                "type": "ORDER",
                "order_id": order_id,
                "order_create_time": order["create_time"],
                "settlement_amount": text(shop, earned["settlement"]),
                "revenue_amount": text(shop, earned["revenue"]),
                "revenue_breakdown": _breakdown(shop, earned),
                "shipping_cost_amount": text(shop, earned["shipping"]),
                "fee_tax_amount": text(shop, earned["fee"]),
                "adjustment_amount": "0",
            }
        )
    page, token = _page(call, "transactions", rows, descending=_descending(call))
    return {
        "id": statement["id"],
        "create_time": statement["statement_time"],
        "status": "SETTLED",
        "currency": shop.currency,
        "payable_amount": statement["settlement_amount"],
        "total_reserve_amount": "0",
        "total_settlement_amount": statement["settlement_amount"],
        "total_settlement_breakdown": {
            "total_revenue_amount": statement["revenue_amount"],
            "total_shipping_cost_amount": statement["shipping_cost_amount"],
            "total_fee_tax_amount": statement["fee_amount"],
            "total_adjustment_amount": "0",
        },
        "total_count": len(rows),
        "transactions": page,
        "next_page_token": token,
    }


def order_transactions(call: Call) -> Any:
    """What one order brought, per SKU; empty until it is settled."""
    shop = call.shop
    order = of_shop(shop, call.path["order_id"])
    settled = shop.table("settled").get(order["id"])
    earned = _earned(shop, order)
    answer: Entity = {
        "order_id": order["id"],
        "order_create_time": order["create_time"],
        "currency": shop.currency,
        "revenue_amount": text(shop, earned["revenue"]),
        "fee_and_tax_amount": text(shop, earned["fee"]),
        "shipping_cost_amount": text(shop, earned["shipping"]),
        "settlement_amount": text(shop, earned["settlement"]),
        "sku_transactions": [],
        "total_count": 0,
    }
    if settled is None:
        return answer
    by_sku: dict[str, list[Entity]] = {}
    for line in order["line_items"]:
        if line["_state"] != "cancelled":
            by_sku.setdefault(line["sku_id"], []).append(line)
    for sku_id, lines in by_sku.items():
        part = _earned(shop, {**order, "line_items": lines})
        answer["sku_transactions"].append(
            {
                "sku_id": sku_id,
                "sku_name": lines[0]["sku_name"],
                "product_name": lines[0]["product_name"],
                "statement_id": str(_FIRST_STATEMENT + settled["day"] * 1069),
                "quantity": str(len(lines)),
                "settlement_amount": text(shop, part["revenue"] + part["fee"]),
                "revenue_amount": text(shop, part["revenue"]),
                "revenue_breakdown": _breakdown(shop, part),
                "fee_tax_amount": text(shop, part["fee"]),
            }
        )
    answer["total_count"] = len(answer["sku_transactions"])
    return answer


def unsettled(call: Call) -> Any:
    """Paid orders that are not completed, with what they are expected to bring."""
    shop = call.shop
    call.choice("sort_field", ("order_create_time",), "")
    low, high = _range(call, "search_time")
    keys: list[str] = []
    for status in (
        "ON_HOLD",
        "AWAITING_SHIPMENT",
        "PARTIALLY_SHIPPING",
        "AWAITING_COLLECTION",
        "IN_TRANSIT",
        "DELIVERED",
    ):
        keys += shop.order_index.page(
            by="create_time",
            descending=False,
            status=status,
            since=low,
            until=high,
            size=shop.order_index.count(status),
        ).keys
    orders = sorted((shop.orders[key] for key in keys), key=lambda order: (order["create_time"], order["id"]))
    page, token = _page(call, "unsettled", orders, descending=_descending(call))
    earned = [_earned(shop, order) for order in orders]

    def total(name: str) -> str:
        return text(shop, sum((e[name] for e in earned), Decimal(0)))

    rows = []
    for order in page:
        one = _earned(shop, order)
        row = {
            "type": "ORDER",
            "id": str(int(order["id"]) + 7),
            "status": "UNSETTLED",
            "currency": shop.currency,
            "unsettled_reason": "waiting for delivery" if order["status"] != "DELIVERED" else "waiting for completion",
            "order_create_time": order["create_time"],
            "order_id": order["id"],
            "est_settlement_amount": text(shop, one["settlement"]),
            "est_revenue_amount": text(shop, one["revenue"]),
            "est_shipping_cost_amount": text(shop, one["shipping"]),
            "est_fee_tax_amount": text(shop, one["fee"]),
            "est_adjustment_amount": "0",
            "revenue_breakdown": _breakdown(shop, one),
        }
        if order.get("delivery_time"):
            row["order_delivery_time"] = order["delivery_time"]
        rows.append(row)
    return {
        "transactions": rows,
        "total_count": len(orders),
        "next_page_token": token,
        "sum_est_settlement_amount": total("settlement"),
        "sum_est_revenue_amount": total("revenue"),
        "sum_est_adjustment_amount": "0",
        "sum_est_fee_amount": total("fee"),
    }


def payments(call: Call) -> Any:
    """Paid statements. Not available in South-East Asia."""
    shop = call.shop
    if shop.facts["region"] in SEA:
        raise ApiError(36009004, "Invalid parameters: payments are not available in this region.")
    call.choice("sort_field", ("create_time",), "")
    low, high = _range(call, "create_time")
    found = []
    for day, ids in _closed(shop):
        statement = _statement(shop, day, ids)
        if statement["payment_status"] != "PAID" or not low <= statement["statement_time"] < high:
            continue
        money = {"value": statement["settlement_amount"], "currency": shop.currency}
        found.append(
            {
                "id": statement["payment_id"],
                "create_time": statement["statement_time"],
                "status": "PAID",
                "amount": money,
                "settlement_amount": money,
                "payment_amount_before_exchange": money,
                "exchange_rate": "1.000000",
                "paid_time": statement["payment_time"],
                "bank_account": "***********1234",
            }
        )
    page, token = _page(call, "payments", found, descending=_descending(call))
    return {"payments": page, "next_page_token": token}


def withdrawals(call: Call) -> Any:
    """Money that went from the shop's balance to the bank: every paid statement."""
    kinds = call.listed("types")
    if not kinds:
        raise call.bad("`types` is required")
    low, high = _range(call, "create_time")
    found = []
    for day, ids in _closed(call.shop):
        statement = _statement(call.shop, day, ids)
        at = statement.get("payment_time")
        if at is not None and low <= at < high:
            found += [
                {
                    "id": f"{kind[0]}{statement['id']}",
                    "type": kind,
                    "amount": statement["settlement_amount"],
                    "currency": call.shop.currency,
                    "status": "SUCCESS",
                    "create_time": at,
                }
                for kind in ("SETTLE", "WITHDRAW")
                if kind in kinds
            ]
    page, token = _page(call, "withdrawals", found, descending=False)
    return {"withdrawals": page, "total_count": len(found), "next_page_token": token}


_SCOPE: Final = "seller.finance.info"

ENDPOINTS: Final = (
    Endpoint("GET", "/finance/{v}/statements", ("202309",), _SCOPE, statements),
    Endpoint(
        "GET",
        "/finance/{v}/statements/{statement_id}/statement_transactions",
        ("202501",),
        _SCOPE,
        statement_transactions,
    ),
    Endpoint(
        "GET",
        "/finance/{v}/orders/{order_id}/statement_transactions",
        ("202501",),
        _SCOPE,
        order_transactions,
        bad_input=21001001,
    ),
    Endpoint("GET", "/finance/{v}/orders/unsettled", ("202507",), _SCOPE, unsettled),
    Endpoint("GET", "/finance/{v}/payments", ("202605",), _SCOPE, payments),
    Endpoint("GET", "/finance/{v}/withdrawals", ("202309",), _SCOPE, withdrawals),
)
