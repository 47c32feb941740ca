"""Orders V2, read: lists with their filters, counts, statuses, and the parts of one order.

Source: BigCommerce docs, reference/orders.v2.oas2.yml.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.orders.order_fields import ADDRESS, put_address, unwritable
from twinshelf_sandbox.bigcommerce.orders.order_index import STATUSES, unpacked
from twinshelf_sandbox.bigcommerce.orders.orders import (
    Order,
    consignments_of,
    label,
    order_json,
    save,
    shown_address,
    shown_line,
    tell,
)
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    decode,
    is_whole,
    join,
    no_content,
    parse_date,
    truth,
    v2_invalid,
    v2_list,
    v2_not_found,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_orders")

_SORTS: Final = {
    "id": "id",
    "customer_id": "customer_id",
    "date_created": "created",
    "date_modified": "modified",
    "status_id": "status_id",
    "channel_id": "channel_id",
    "external_id": "external_order_id",
}
"""What a list may be sorted by → where the index has it."""


def _int(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not is_whole(text):
        raise v2_invalid(name)
    return int(text)


def _when(call: Call, name: str) -> float | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return parse_date(text, call.store.now)
    except ValueError:
        raise v2_invalid(name) from None


def _amount_param(call: Call, name: str) -> Decimal | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except ArithmeticError:
        raise v2_invalid(name) from None
    if not amount.is_finite():
        raise v2_invalid(name)
    return amount


def _filtered(call: Call) -> list[int]:
    """Ids of the orders a list call asks for, in its order."""
    store = call.store
    kept = _by_facts(call, _candidates(call))
    tests = _tests(call)
    if tests:
        kept = [one for one in kept if all(test(decode(store.orders.table[one]["m"])) for test in tests)]
    sort, _, direction = call.query.get("sort", "id:asc").partition(":")
    if sort not in _SORTS or direction not in {"", "asc", "desc"}:
        raise v2_invalid("sort")
    if sort != "id":
        facts, name = store.order_index.facts, _SORTS[sort]
        kept = sorted(kept, key=lambda one: (getattr(facts[one], name) or ("" if sort == "external_id" else 0), one))
    return kept[::-1] if direction == "desc" else kept


def _candidates(call: Call) -> list[int]:
    """What the filters on ids and on the date of change leave, in order of id."""
    query, index = call.query, call.store.order_index
    ids = index.ids.all
    if "external_order_id" in query:
        ids = sorted(index.by_external.get(query["external_order_id"], []))
    low, high = _int(call, "min_id"), _int(call, "max_id")
    start = 0 if low is None else bisect_left(ids, low)
    end = len(ids) if high is None else bisect_left(ids, high + 1)
    kept = ids[start:end]
    since = _when(call, "min_date_modified")
    if since is None:
        return kept
    recent = index.changed.since(since)
    return recent if len(kept) == len(index.ids.all) else sorted(set(recent) & set(kept))


def _by_facts(call: Call, kept: list[int]) -> list[int]:
    """What the filters leave that need no look at the orders themselves."""
    query, facts = call.query, call.store.order_index.facts
    if not call.store.switch("archived_orders_listed") or "is_deleted" in query:
        wanted = query.get("is_deleted", "false").lower() in {"true", "1"}
        kept = [one for one in kept if facts[one].deleted == wanted]
    for name in ("status_id", "channel_id", "customer_id"):
        value = _int(call, name)
        if value is not None:
            kept = [one for one in kept if getattr(facts[one], name) == value]
    least, most = _when(call, "min_date_created"), _when(call, "max_date_created")
    if least is not None:
        kept = [one for one in kept if facts[one].created >= least]
    if most is not None:
        kept = [one for one in kept if facts[one].created <= most]
    latest = _when(call, "max_date_modified")
    if latest is not None:
        kept = [one for one in kept if facts[one].modified <= latest]
    return kept


def _tests(call: Call) -> list[Callable[[Json], bool]]:
    """The filters that need the order itself."""
    query = call.query
    tests: list[Callable[[Json], bool]] = []
    least, most = _amount_param(call, "min_total"), _amount_param(call, "max_total")
    if least is not None:
        tests.append(lambda main: Decimal(main["total_inc_tax"]) >= least)
    if most is not None:
        tests.append(lambda main: Decimal(main["total_inc_tax"]) <= most)
    if "email" in query:
        tests.append(lambda main: main["billing_address"]["email"].casefold() == query["email"].casefold())
    if "payment_method" in query:
        tests.append(lambda main: main["payment_method"] == query["payment_method"])
    if "cart_id" in query:
        tests.append(lambda main: main["cart_id"] == query["cart_id"])
    return tests


@routes.get("/v2/orders")
def _list_orders(call: Call) -> Response:
    page, limit = call.page()
    pieces = []
    for order_id in _filtered(call)[(page - 1) * limit : page * limit]:
        row = call.store.orders.get(order_id)
        if row is not None:
            pieces.append(order_json(call.store, row, call))
    if not pieces:
        return no_content()
    return Response(200, join(pieces), {"content-type": "application/json"})


@routes.get("/v2/orders/count")
def _count_orders(call: Call) -> Response:
    facts = call.store.order_index.facts
    ids = _filtered(call)
    counts: dict[int, int] = {}
    for order_id in ids:
        counts[facts[order_id].status_id] = counts.get(facts[order_id].status_id, 0) + 1
    rows = []
    for status in _statuses(call.store):
        place = status.pop("order")
        rows.append({**status, "count": counts.get(status["id"], 0), "sort_order": place})
    rows.sort(key=lambda row: row["sort_order"])
    return Response.json({"statuses": rows, "count": len(ids)})


def _statuses(store: Store) -> list[Json]:
    return [
        {
            "id": status_id,
            "name": name,
            "system_label": name,
            "custom_label": label(store, status_id),
            "system_description": description,
            "order": place,
        }
        for status_id, (name, place, description) in STATUSES.items()
    ]


@routes.get("/v2/order_statuses")
def _list_statuses(call: Call) -> Response:
    return v2_list(_statuses(call.store))


@routes.get("/v2/order_statuses/{status_id}")
def _get_status(call: Call, status_id: int) -> Response:
    if status_id not in STATUSES:
        raise v2_not_found()
    return Response.json(_statuses(call.store)[status_id])


def row_of(call: Call, order_id: int) -> Entity:
    """The whole row of an order. Raises Refused where there is none."""
    row = call.store.orders.get(order_id)
    if row is None:
        raise v2_not_found()
    return unpacked(row)


def shown_order(call: Call, order_id: int, status: int = 200) -> Response:
    """An order, as all calls that read or write one answer it."""
    body = order_json(call.store, row_of(call, order_id), call)
    return Response(status, body, {"content-type": "application/json"})


@routes.get("/v2/orders/{order_id}")
def _get_order(call: Call, order_id: int) -> Response:
    return shown_order(call, order_id)


def _slice(call: Call, rows: list[Any]) -> Response:
    page, limit = call.page()
    return v2_list(rows[(page - 1) * limit : page * limit])


@routes.get("/v2/orders/{order_id}/products")
def _list_lines(call: Call, order_id: int) -> Response:
    return _slice(call, [shown_line(line) for line in row_of(call, order_id)["lines"]])


@routes.get("/v2/orders/{order_id}/products/{line_id}")
def _get_line(call: Call, order_id: int, line_id: int) -> Response:
    for line in row_of(call, order_id)["lines"]:
        if line["id"] == line_id:
            return Response.json(shown_line(line))
    raise v2_not_found()


def list_addresses(call: Call, order_id: int) -> Response:
    """Answers under both spellings."""
    return _slice(call, [shown_address(call.store, address) for address in row_of(call, order_id)["addresses"]])


def address_of(addresses: list[Json], address_id: int) -> Json:
    """The address of that id. Raises Refused where there is none."""
    for address in addresses:
        if address["id"] == address_id:
            return address
    raise v2_not_found()


def get_address(call: Call, order_id: int, address_id: int) -> Response:
    """Answers under both spellings."""
    return Response.json(shown_address(call.store, address_of(row_of(call, order_id)["addresses"], address_id)))


def update_address(call: Call, order_id: int, address_id: int) -> Response:
    """Changes neither shipping cost nor tax."""
    order = Order(row_of(call, order_id))
    address = address_of(order.addresses, address_id)
    doc = call.object()
    for name in doc:
        if name not in ADDRESS and name not in {"shipping_method", "form_fields"}:
            raise unwritable(name)
    put_address(address, doc, "shipping_addresses", partial=True)
    save(call.store, order)
    call.store.effect("order_updated", order_id, fields=["shipping_addresses"])
    tell(call.store, order, "updated")
    return Response.json(shown_address(call.store, address))


def shipping_quotes(call: Call, order_id: int, address_id: int) -> Response:
    """Orders of the API have none."""
    address_of(row_of(call, order_id)["addresses"], address_id)
    return no_content()


for _spelling in ("shipping_addresses", "shippingaddresses"):
    _base = f"/v2/orders/{{order_id}}/{_spelling}"
    routes.get(_base)(list_addresses)
    routes.get(f"{_base}/{{address_id}}")(get_address)
    routes.put(f"{_base}/{{address_id}}")(update_address)
    routes.get(f"{_base}/{{address_id}}/shipping_quotes")(shipping_quotes)
    routes.get(f"{_base}/{{address_id}}/shippingquotes")(shipping_quotes)
routes.get("/v2/orders/{order_id}/consignments/shipping/{address_id}/shipping_quotes")(shipping_quotes)


@routes.get("/v2/orders/{order_id}/coupons")
def _list_coupons(call: Call, order_id: int) -> Response:
    return _slice(call, row_of(call, order_id)["coupons"])


@routes.get("/v2/orders/{order_id}/taxes")
def _list_taxes(call: Call, order_id: int) -> Response:
    detailed = call.query.get("details", "").lower() in {"true", "1"}
    rows = [
        {name: value for name, value in tax.items() if detailed or name not in {"order_product_id", "line_item_type"}}
        for tax in row_of(call, order_id)["taxes"]
    ]
    return _slice(call, rows)


@routes.get("/v2/orders/{order_id}/messages")
def _list_messages(call: Call, order_id: int) -> Response:
    rows = row_of(call, order_id)["messages"]
    least, most = _int(call, "min_id"), _int(call, "max_id")
    rows = [row for row in rows if (least is None or row["id"] >= least) and (most is None or row["id"] <= most)]
    since, until, customer = _when(call, "min_date_created"), _when(call, "max_date_created"), _int(call, "customer_id")
    rows = [
        row
        for row in rows
        if (since is None or parse_date(row["date_created"], 0) >= since)
        and (until is None or parse_date(row["date_created"], 0) <= until)
        and (customer is None or row["customer_id"] == customer)
        and ("is_flagged" not in call.query or row["is_flagged"] == truth(call.query["is_flagged"]))
        and call.query.get("status", row["status"]) == row["status"]
    ]
    return _slice(call, rows)


@routes.get("/v2/orders/{order_id}/fees")
def _list_fees(call: Call, order_id: int) -> Response:
    fees = row_of(call, order_id)["fees"]
    return Response.json({"fees": fees}) if fees else no_content()


@routes.get("/v2/orders/{order_id}/consignments")
def _get_consignments(call: Call, order_id: int) -> Response:
    include = call.query.get("include", "").split(",")
    return Response.json(
        consignments_of(call.store, row_of(call, order_id), order_id, lines="consignments.line_items" in include)
    )
