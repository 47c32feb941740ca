"""Orders V2: create, read, change and archive, with what they do to stock.

Source: BigCommerce docs, reference/orders.v2.oas2.yml and store-operations/orders.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce import channels, geography, inventory, pricelists, products, settings
from twinshelf_sandbox.bigcommerce.answers import (
    Json,
    Refused,
    decode,
    encode,
    is_whole,
    join,
    money,
    no_content,
    number,
    objects,
    parse_date,
    plain,
    rfc2822,
    v2_error,
    v2_invalid,
    v2_list,
    v2_missing,
    v2_not_found,
)
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.orderbook import (
    CANCELLED,
    COMPLETED,
    DECLINED,
    FIRST_ORDER,
    REFUNDED,
    SHIPPED,
    STATUSES,
    SYSTEM_LABELS,
    packed,
    unpacked,
)
from twinshelf_sandbox.bigcommerce.products import Product
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_orders")

MOST_LINES: Final = 50
"""Consignments show no more lines than that."""
ZERO: Final = Decimal(0)
SHORT: Final = "Quantities of one or more products are out of stock or did not meet quantity requirements."
TOLD_STATUSES: Final = frozenset({2, 3, 4, 5, 6, 8, 10, 14})
"""Statuses whose setting e-mails the customer."""
_PAIRS: Final = ("shipping_cost", "handling_cost", "wrapping_cost", "subtotal", "total")
_ADDRESS: Final = (
    "first_name",
    "last_name",
    "company",
    "street_1",
    "street_2",
    "city",
    "state",
    "zip",
    "country",
    "country_iso2",
    "phone",
    "email",
)
_READ_ONLY: Final = frozenset({
    "id", "date_modified", "date_shipped", "status", "custom_status", "subtotal_tax", "shipping_cost_tax",
    "handling_cost_tax", "wrapping_cost_tax", "total_tax", "payment_status", "store_credit_amount",
    "gift_certificate_amount", "currency_id", "currency_code", "currency_exchange_rate", "default_currency_id",
    "coupon_discount", "shipping_address_count", "external_id", "is_email_opt_in", "credit_card_type", "cart_id",
    "is_tax_inclusive_pricing", "store_default_currency_code", "store_default_to_transactional_exchange_rate",
    "coupons", "item_total", "credit_card", "taxes",
})  # fmt: skip
_TEXTS: Final[dict[str, int]] = {
    "payment_method": 255, "payment_provider_id": 255, "staff_notes": 65_535, "customer_message": 65_535,
    "external_source": 255, "external_order_id": 255, "external_merchant_id": 255, "geoip_country": 255,
    "geoip_country_iso2": 2, "customer_locale": 64,
}  # fmt: skip
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


# -- rows -----------------------------------------------------------------------------------------------------------


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
    if "consignments" in include or "consignments.line_items" in include:
        shown = encode(_consignments(store, _whole(row), order_id, lines="consignments.line_items" in include)).decode()
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


def _consignments(store: Store, row: Entity, order_id: int, *, lines: bool) -> Json:
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


# -- reading --------------------------------------------------------------------------------------------------------

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


def label(store: Store, status_id: int) -> str:
    """The merchant's own name of a status, or the system's."""
    renamed: str = store.row["status_labels"].get(str(status_id), SYSTEM_LABELS[status_id])
    return renamed


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


def _row(call: Call, order_id: int) -> Entity:
    row = call.store.orders.get(order_id)
    if row is None:
        raise v2_not_found()
    return unpacked(row)


def _shown(call: Call, order_id: int, status: int = 200) -> Response:
    body = order_json(call.store, _row(call, order_id), call)
    return Response(status, body, {"content-type": "application/json"})


@routes.get("/v2/orders/{order_id}")
def _get_order(call: Call, order_id: int) -> Response:
    return _shown(call, order_id)


def _slice(call: Call, rows: list[Any]) -> Response:
    page, limit = call.page()
    return v2_list(rows[(page - 1) * limit : page * limit])


@routes.get("/v2/orders/{order_id}/products")
def _list_lines(call: Call, order_id: int) -> Response:
    return _slice(call, [shown_line(line) for line in _row(call, order_id)["lines"]])


@routes.get("/v2/orders/{order_id}/products/{line_id}")
def _get_line(call: Call, order_id: int, line_id: int) -> Response:
    for line in _row(call, order_id)["lines"]:
        if line["id"] == line_id:
            return Response.json(shown_line(line))
    raise v2_not_found()


def list_addresses(call: Call, order_id: int) -> Response:
    """Answers under both spellings."""
    return _slice(call, [shown_address(call.store, address) for address in _row(call, order_id)["addresses"]])


def _address_of(addresses: list[Json], address_id: int) -> Json:
    for address in addresses:
        if address["id"] == address_id:
            return address
    raise v2_not_found()


def get_address(call: Call, order_id: int, address_id: int) -> Response:
    """Answers under both spellings."""
    return Response.json(shown_address(call.store, _address_of(_row(call, order_id)["addresses"], address_id)))


def update_address(call: Call, order_id: int, address_id: int) -> Response:
    """Changes neither shipping cost nor tax."""
    order = Order(_row(call, order_id))
    address = _address_of(order.addresses, address_id)
    doc = call.object()
    for name in doc:
        if name not in _ADDRESS and name not in {"shipping_method", "form_fields"}:
            raise _locked(name)
    _put_address(address, doc, "shipping_addresses", partial=True)
    save(call.store, order)
    call.store.effect("order_updated", order_id, fields=["shipping_addresses"])
    tell(call.store, order, "updated")
    return Response.json(shown_address(call.store, address))


def shipping_quotes(call: Call, order_id: int, address_id: int) -> Response:
    """Orders of the API have none."""
    _address_of(_row(call, order_id)["addresses"], address_id)
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
    return _slice(call, _row(call, order_id)["coupons"])


@routes.get("/v2/orders/{order_id}/taxes")
def _list_taxes(call: Call, order_id: int) -> Response:
    detailed = call.query.get("details", "").lower() in {"true", "1"}
    rows = [
        {name: value for name, value in tax.items() if detailed or name not in {"order_product_id", "line_item_type"}}
        for tax in _row(call, order_id)["taxes"]
    ]
    return _slice(call, rows)


@routes.get("/v2/orders/{order_id}/messages")
def _list_messages(call: Call, order_id: int) -> Response:
    rows = _row(call, order_id)["messages"]
    least, most = _int(call, "min_id"), _int(call, "max_id")
    rows = [row for row in rows if (least is None or row["id"] >= least) and (most is None or row["id"] <= most)]
    if "status" in call.query:
        rows = [row for row in rows if row["status"] == call.query["status"]]
    return _slice(call, rows)


@routes.get("/v2/orders/{order_id}/fees")
def _list_fees(call: Call, order_id: int) -> Response:
    fees = _row(call, order_id)["fees"]
    return Response.json({"fees": fees}) if fees else no_content()


@routes.get("/v2/orders/{order_id}/consignments")
def _get_consignments(call: Call, order_id: int) -> Response:
    include = call.query.get("include", "").split(",")
    return Response.json(
        _consignments(call.store, _row(call, order_id), order_id, lines="consignments.line_items" in include)
    )


# -- checking what is written ---------------------------------------------------------------------------------------


def _locked(name: str) -> Refused:
    return v2_error(
        400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
    )


def amount(doc: Json, name: str, shown: str | None = None) -> Decimal | None:
    """An amount of a document: number or text, never negative; None if it is not there."""
    value = doc.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise v2_invalid(shown or name)
    try:
        amount = Decimal(value)
    except ArithmeticError:
        raise v2_invalid(shown or name) from None
    if not amount.is_finite() or amount < 0 or amount > 10**15:
        raise v2_invalid(shown or name)
    return amount.quantize(Decimal("0.0001"))


def _pair(doc: Json, name: str, prefix: str = "") -> tuple[Decimal, Decimal] | None:
    """`…_ex_tax` and `…_inc_tax`: both or neither."""
    ex = amount(doc, f"{name}_ex_tax", f"{prefix}{name}_ex_tax")
    inc = amount(doc, f"{name}_inc_tax", f"{prefix}{name}_inc_tax")
    if ex is None and inc is None:
        return None
    if ex is None or inc is None:
        raise v2_invalid(f"{prefix}{name}_{'ex' if ex is None else 'inc'}_tax")
    return ex, inc


def _text(doc: Json, name: str, most: int) -> str | None:
    value = doc.get(name)
    if value is None:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > most:
        raise v2_invalid(name)
    return value


def _put_address(address: Json, doc: Any, name: str, *, partial: bool = False) -> None:
    """Bring an address document into an address, names and codes of the country both filled in."""
    if not isinstance(doc, dict):
        raise v2_invalid(name)
    for part in _ADDRESS:
        if part in doc:
            value = doc[part]
            if value is None:
                raise v2_error(400, f"The field '{part}' does not allow null values.")
            if not isinstance(value, str) or len(value) > 255:
                raise v2_invalid(f"{name}.{part}")
            address[part] = value
        elif not partial:
            address.setdefault(part, "")
    if "form_fields" in doc:
        address["form_fields"] = doc["form_fields"] or []
    if "shipping_method" in doc:
        address["shipping_method"] = str(doc["shipping_method"] or "")
    if len(address["zip"]) == 1 or (name == "billing_address" and not address["zip"]):
        raise v2_invalid(f"{name}.zip")
    if address["email"] and not _EMAIL.fullmatch(address["email"]):
        raise v2_invalid(f"{name}.email")
    code = _country(address, doc, name, partial=partial)
    if code:
        address["country_iso2"], address["country"] = code, geography.country_name(code)


def _country(address: Json, doc: Json, name: str, *, partial: bool) -> str:
    """The code of the country an address document names; "" if a partial one names none."""
    if doc.get("country_iso2"):
        code: str = address["country_iso2"].upper()
        if geography.country_name(code) is None:
            raise v2_invalid(f"{name}.country_iso2")
        return code
    if doc.get("country"):
        found = geography.country_code(address["country"])
        if found is None:
            raise v2_invalid(f"{name}.country")
        return found
    if partial:
        return ""
    side = "Billing" if name == "billing_address" else "Shipping"
    raise v2_invalid(f"{name}.country", f"{side} address country not supplied.")


def _check_fields(call: Call, doc: Json, *, update: bool) -> None:
    """Refuse what may not be written at all, and what has a bad value, field by field."""
    store = call.store
    locked = _READ_ONLY | {"external_merchant_id", "default_currency_code"} if update else _READ_ONLY
    for name in doc:
        if name in locked:
            raise _locked(name)
    if "status_id" in doc and (type(doc["status_id"]) is not int or doc["status_id"] not in STATUSES):
        raise v2_invalid("status_id")
    customer = doc.get("customer_id", 0)
    if customer != 0 and not (type(customer) is int and customer in store.rows("customers")):
        raise v2_invalid("customer_id")
    if "channel_id" in doc and not channels.takes_orders(store, doc["channel_id"]):
        raise v2_invalid("channel_id")
    code = doc.get("default_currency_code")
    if code is not None:
        known = settings.currency(store, str(code))
        if known is None or not known["enabled"] or not known["is_transactional"]:
            raise v2_invalid("default_currency_code")
    if doc.get("date_created"):
        try:
            parse_date(str(doc["date_created"]), store.now)
        except ValueError:
            raise v2_invalid("date_created") from None
    for name, version in (("ip_address", 4), ("ip_address_v6", 6)):
        if doc.get(name) and not _is_ip(str(doc[name]), version):
            raise v2_invalid(name)


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


# -- lines ----------------------------------------------------------------------------------------------------------


@dataclass
class _Trouble:
    """What is wrong with the lines of an order: told all at once."""

    options: list[Json] = field(default_factory=list)
    amounts: list[Json] = field(default_factory=list)

    def raise_options(self) -> None:
        if self.options:
            raise v2_error(400, "The options of one or more products are invalid.", {"errors": self.options})


def _thing(store: Store, product: Product) -> Json:
    path = f"/products/{product.id}"
    return {
        "id": product.id,
        "name": product.main["name"],
        "url": f"{store.base_url}/stores/{store.hash}/v2{path}",
        "resource": path,
    }


def _variant(store: Store, product: Product, doc: Json, trouble: _Trouble) -> tuple[Json | None, list[Json]]:
    """The variant a line means and the options it shows; faults go to `trouble`."""
    options, modifiers = product.sub("options"), product.sub("modifiers")
    by_id = {option["id"]: option for option in (*options, *modifiers)}
    chosen = _chosen(store, product, doc, by_id, trouble)
    variant = _meant(product, doc, chosen)
    missing = [] if variant is not None else [option for option in options if option["id"] not in chosen]
    for modifier in modifiers:
        if modifier.get("required") and modifier["id"] not in chosen:
            usual = next((value for value in modifier["option_values"] if value.get("is_default")), None)
            if usual is None:
                missing.append(modifier)
            else:
                chosen[modifier["id"]] = str(usual["id"])
    thing = _thing(store, product)
    if missing:
        told = {**thing, "required_product_options": [_required(thing, option) for option in missing]}
        trouble.options.append({"type": "MandatoryProductOptions", "product": told})
    elif variant is None and not trouble.options:
        trouble.options.append({"type": "InvalidProductOption", "product": {**thing, "value": ""}})
    picks = [(value["option_id"], str(value["id"])) for value in (variant or {}).get("option_values", [])]
    picks += [(option["id"], chosen[option["id"]]) for option in modifiers if option["id"] in chosen]
    return variant, [_pick(by_id[option_id], value) for option_id, value in picks]


def _chosen(store: Store, product: Product, doc: Json, by_id: dict[int, Json], trouble: _Trouble) -> dict[int, str]:
    """Option → value of a line's `product_options`, without those that are at fault."""
    given = doc.get("product_options") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise v2_invalid("products.product_options")
    thing = _thing(store, product)
    chosen: dict[int, str] = {}
    for one in given:
        option = by_id.get(one["id"]) if isinstance(one.get("id"), int) else None
        value = str(one.get("value", ""))
        if option is None:
            trouble.options.append({"type": "InvalidProductOption", "product": {**thing, "value": value}})
            continue
        values = [str(known["id"]) for known in option["option_values"]]
        if values and value not in values:
            names = {"id": option["id"], "option_id": option["id"], "display_name": option["display_name"]}
            told = {**thing, "product_option": {**names, "value": value}}
            trouble.options.append({"type": "InvalidProductOptionValue", "product": told})
            continue
        chosen[option["id"]] = value
    return chosen


def _meant(product: Product, doc: Json, chosen: dict[int, str]) -> Json | None:
    """The variant a line names by its id, or by one value of each option."""
    variant_id = doc.get("variant_id")
    if variant_id:
        if variant_id not in product.row["vi"]:
            raise v2_invalid("products.variant_id")
        return product.peek(variant_id)
    if product.is_simple:
        return product.variants[0]
    for variant in product.variants:
        values = variant["option_values"]
        if values and all(chosen.get(value["option_id"]) == str(value["id"]) for value in values):
            return variant
    return None


def _required(thing: Json, option: Json) -> Json:
    return {
        "id": option["id"],
        "option_id": option["id"],
        "display_name": option["display_name"],
        "url": f"{thing['url']}/options/{option['id']}",
        "resource": f"{thing['resource']}/options/{option['id']}",
    }


def _pick(option: Json, value: str) -> Json:
    shown = next((known["label"] for known in option["option_values"] if str(known["id"]) == value), value)
    return {
        "id": 0,
        "option_id": option["id"],
        "order_product_id": 0,
        "product_option_id": option["id"],
        "display_name": option["display_name"],
        "display_name_customer": option["display_name"],
        "display_name_merchant": option["display_name"],
        "display_value": shown,
        "display_value_customer": shown,
        "display_value_merchant": shown,
        "value": value,
        "type": {"swatch": "Swatch", "text": "Text field", "checkbox": "Checkbox"}.get(
            option["type"], "Multiple choice"
        ),
        "name": option["name"],
        "display_style": {"rectangles": "Rectangle", "dropdown": "Dropdown", "radio_buttons": "Radio"}.get(
            option["type"], ""
        ),
    }


def _quantity(doc: Json, least: int = 1) -> int:
    quantity = doc.get("quantity")
    if isinstance(quantity, str) and quantity.isdigit():
        quantity = int(quantity)
    if isinstance(quantity, Decimal) and quantity == quantity.to_integral_value():
        quantity = int(quantity)
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not least <= quantity <= 2_147_483_647:
        raise v2_invalid("products.quantity")
    return quantity


def _names(doc: Json, usual: str) -> Json:
    name = doc.get("name") or doc.get("name_customer") or usual
    merchant = doc.get("name_merchant") or usual or name
    for value in (name, merchant):
        if not isinstance(value, str) or len(value) > 250:
            raise v2_invalid("products.name")
    return {"name": name, "name_customer": doc.get("name_customer") or name, "name_merchant": merchant}


def _new_line(store: Store, doc: Any, channel_id: int, rate: Decimal, trouble: _Trouble) -> Json | None:
    """A line of a document, not yet numbered; None if its options are at fault."""
    if not isinstance(doc, dict):
        raise v2_invalid("products")
    prices = _pair(doc, "price", "products.")
    if not doc.get("product_id"):
        if not doc.get("name"):
            raise v2_invalid("products.product_id, products.name")
        quantity = _quantity(doc)
        if prices is None:
            raise v2_invalid("products.price_inc_tax")
        names = _names(doc, str(doc["name"]))
        sku, upc = str(doc.get("sku") or ""), str(doc.get("upc") or "")
        return _line(names, codes=(sku, upc), quantity=quantity, prices=prices, base=prices[0])
    product_id = doc["product_id"]
    product = (
        products.load(store, product_id) if isinstance(product_id, int) and not isinstance(product_id, bool) else None
    )
    if product is None:
        raise v2_invalid("products.product_id")
    quantity = _quantity(doc)
    variant, picks = _variant(store, product, doc, trouble)
    if variant is None:
        return None
    main = product.main
    base = pricelists.price_in(store, variant, channel_id)
    catalog_prices = _taxed(store, (Decimal(base) * rate).quantize(Decimal("0.0001")))
    charged = prices or catalog_prices
    line = _line(
        _names(doc, main["name"]),
        ids=(product_id, variant["id"]),
        codes=(variant["sku"] or main["sku"], str(doc.get("upc") or variant["upc"] or "")),
        kind=main["type"],
        quantity=quantity,
        prices=charged,
        base=charged[1 if store.row["is_price_entered_with_tax"] else 0],
    )
    for name in ("weight", "width", "height", "depth"):
        line[name] = money(main[name] if variant[name] is None else variant[name])
    cost = money(variant["cost_price"] or main["cost_price"] or 0)
    line.update(base_cost_price=cost, cost_price_inc_tax=cost, cost_price_ex_tax=cost)
    line.update(
        fixed_shipping_cost=money(main["fixed_cost_shipping_price"] or 0),
        bin_picking_number=variant["bin_picking_number"] or "",
    )
    brand = store.rows("brands").get(main["brand_id"]) if main["brand_id"] else None
    line.update(brand=brand["name"] if brand else "", product_options=picks)
    wrapping = _pair(doc, "wrapping_cost", "products.")
    if wrapping is not None:
        line.update(
            wrapping_id=doc.get("wrapping_id") or 0, wrapping_name=str(doc.get("wrapping_name") or ""),
            wrapping_message=str(doc.get("wrapping_message") or ""), base_wrapping_cost=money(wrapping[0]),
            wrapping_cost_ex_tax=money(wrapping[0]), wrapping_cost_inc_tax=money(wrapping[1]),
            wrapping_cost_tax=money(wrapping[1] - wrapping[0]),
        )  # fmt: skip
    return line


def _taxed(store: Store, price: Decimal) -> tuple[Decimal, Decimal]:
    """(ex tax, inc tax) of a catalog price. Stores with automatic tax compute none for orders of the API."""
    rate = Decimal(0) if store.row["automatic_tax"] else Decimal(store.row["tax_rate"]) / 100
    if store.row["is_price_entered_with_tax"]:
        return (price / (1 + rate)).quantize(Decimal("0.0001")), price
    return price, (price * (1 + rate)).quantize(Decimal("0.0001"))


def _line(
    names: Json,
    *,
    ids: tuple[int, int] = (0, 0),
    codes: tuple[str, str],
    kind: str = "physical",
    quantity: int,
    prices: tuple[Decimal, Decimal],
    base: Decimal,
) -> Json:
    """A line with nothing but its names, (product, variant), (SKU, UPC), quantity and prices filled in."""
    zero = money(0)
    line: Json = {
        "id": 0,
        "order_id": 0,
        "product_id": ids[0],
        "variant_id": ids[1],
        "order_pickup_method_id": 0,
        "order_address_id": 0,
        **names,
        "sku": codes[0],
        "upc": codes[1],
        "type": kind,
        "base_price": money(base),
        "price_ex_tax": zero,
        "price_inc_tax": zero,
        "price_tax": zero,
        "base_total": zero,
        "total_ex_tax": zero,
        "total_inc_tax": zero,
        "total_tax": zero,
        "weight": zero,
        "width": zero,
        "height": zero,
        "depth": zero,
        "quantity": quantity,
        "base_cost_price": zero,
        "cost_price_inc_tax": zero,
        "cost_price_ex_tax": zero,
        "cost_price_tax": zero,
        "is_refunded": False,
        "quantity_refunded": 0,
        "refund_amount": zero,
        "return_id": 0,
        "wrapping_id": 0,
        "wrapping_name": "",
        "base_wrapping_cost": zero,
        "wrapping_cost_ex_tax": zero,
        "wrapping_cost_inc_tax": zero,
        "wrapping_cost_tax": zero,
        "wrapping_message": "",
        "quantity_shipped": 0,
        "event_name": None,
        "event_date": "",
        "fixed_shipping_cost": zero,
        "ebay_item_id": "",
        "ebay_transaction_id": "",
        "option_set_id": None,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "bin_picking_number": "",
        "external_id": None,
        "fulfillment_source": "",
        "brand": "",
        "gift_certificate_id": None,
        "applied_discounts": [],
        "product_options": [],
        "configurable_fields": [],
        "discounted_total_inc_tax": zero,
        "_taken": 0,
        "_location": 0,
        "_owner": "",
    }
    _price_line(line, prices)
    return line


def _price_line(line: Json, prices: tuple[Decimal, Decimal]) -> None:
    ex, inc = prices
    quantity = line["quantity"]
    line.update(price_ex_tax=money(ex), price_inc_tax=money(inc), price_tax=money(inc - ex))
    line.update(
        total_ex_tax=money(ex * quantity), total_inc_tax=money(inc * quantity), total_tax=money((inc - ex) * quantity)
    )
    line["base_total"] = money(Decimal(line["base_price"]) * quantity)
    line["discounted_total_inc_tax"] = line["total_inc_tax"]


# -- stock ----------------------------------------------------------------------------------------------------------


def _setting(store: Store, order: Order, name: str) -> Any:
    channel = order.channel_id if store.switch("order_channel_settings") else None
    return settings.setting(store, "inventory", name, channel)


def _takes_now(store: Store, order: Order, status_id: int, *, created: bool) -> bool:
    """Whether an order of that status has its stock taken."""
    if _setting(store, order, "update_stock_behavior") == "order_placed":
        return status_id not in store.switch("order_statuses_without_stock")
    return status_id in {SHIPPED, COMPLETED} or (not created and order.row["took"])


def _shortages(store: Store, wanted: Iterable[tuple[Json, int]], location: int) -> list[Json]:
    """An error per line that cannot be had: out of stock, too many or too few of a product."""
    errors: list[Json] = []
    left: dict[tuple[int, str], int] = {}
    amounts: dict[int, int] = {}
    lines = [(line, quantity) for line, quantity in wanted if line["product_id"]]
    for line, quantity in lines:
        amounts[line["product_id"]] = amounts.get(line["product_id"], 0) + quantity
    told: set[int] = set()
    for line, quantity in lines:
        product = products.load(store, line["product_id"])
        if product is None:
            continue
        thing = _thing(store, product)
        main, total = product.main, amounts[product.id]
        if product.tracking != "none":
            owner = product.owner(line["variant_id"])
            key = (product.id, owner)
            left.setdefault(key, inventory.sellable(product, owner, location))
            if left[key] < quantity:
                level = max(0, left[key])
                if owner == "p" or product.is_simple:
                    errors.append({"type": "OutOfStock", "product": {**thing, "inventory_level": level}})
                else:
                    variant = product.peek(int(owner))
                    path = f"/products/{product.id}/skus/{variant['sku_id']}"
                    sku = {
                        "id": variant["sku_id"],
                        "sku": variant["sku"],
                        "inventory_level": level,
                        "url": f"{store.base_url}/stores/{store.hash}/v2{path}",
                        "resource": path,
                    }
                    errors.append({"type": "OutOfStock", "product": {**thing, "sku": sku}})
            else:
                left[key] -= quantity
        most, least = main["order_quantity_maximum"], main["order_quantity_minimum"]
        if product.id not in told and most and total > most:
            errors.append({"type": "ExceedsMaxQuantity", "product": {**thing, "maximum_quantity": most}})
        elif product.id not in told and least and total < least:
            errors.append({"type": "InsufficientQuantity", "product": {**thing, "minimum_quantity": least}})
        told.add(product.id)
    return errors


def take(store: Store, line: Json, quantity: int, location: int) -> None:
    """Take a line's units off the shelf; a shelf never goes below nothing."""
    product = products.load(store, line["product_id"]) if line["product_id"] else None
    if product is None or quantity <= 0:
        return
    if product.tracking == "none":
        product.main["total_sold"] += quantity
        store.products.put(product.id, product.encode())
        store.fire("store/product/updated", {"type": "product", "id": product.id})
        return
    owner = product.owner(line["variant_id"])
    shelf = product.shelf(owner, location)
    taken = min(quantity, max(0, shelf[0]))
    line.update(_taken=line["_taken"] + taken, _location=location, _owner=owner)
    inventory.change(store, product, owner, location, shelf[0] - taken, method="relative", by_order=True, sold=quantity)


def give_back(store: Store, line: Json, quantity: int) -> None:
    """Put units of a line back where they came from, at most what it took."""
    quantity = min(quantity, line["_taken"])
    product = products.load(store, line["product_id"]) if quantity > 0 else None
    if product is None:
        return
    line["_taken"] -= quantity
    owner = line["_owner"]
    if owner != "p" and int(owner) not in product.row["vi"]:
        return
    shelf = product.shelf(owner, line["_location"])
    inventory.change(store, product, owner, line["_location"], shelf[0] + quantity, method="relative", by_order=True)


def take_all(store: Store, order: Order) -> None:
    """Take what an order has not taken yet."""
    location = store.switch("order_location")
    for line in order.lines:
        take(store, line, line["quantity"] - line["_taken"], location)
    order.row["took"] = True


def give_all_back(store: Store, order: Order) -> None:
    """Give back whatever an order took."""
    for line in order.lines:
        give_back(store, line, line["_taken"])
    order.row["took"] = False


def short(errors: list[Json]) -> Refused:
    """The refusal that names every line in short supply."""
    return v2_error(409, SHORT, {"errors": errors})


# -- money of the whole ---------------------------------------------------------------------------------------------


def _sum(rows: Iterable[Json], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), ZERO)


def _put_costs(order: Order, doc: Json) -> None:
    """Shipping, handling and wrapping of a document."""
    main = order.main
    for name in ("shipping_cost", "handling_cost", "wrapping_cost"):
        base = amount(doc, f"base_{name}")
        pair = _pair(doc, name)
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
        not _pair(doc, "wrapping_cost")
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
    subtotal = _pair(doc, "subtotal") or (_sum(lines, "total_ex_tax"), _sum(lines, "total_inc_tax"))
    discount = Decimal(main["discount_amount"]) + Decimal(main["coupon_discount"])
    costs = {
        side: sum(
            (Decimal(main[f"{name}_{side}"]) for name in ("shipping_cost", "handling_cost", "wrapping_cost")), ZERO
        )
        + _sum(order.row["fees"], f"cost_{side}")
        for side in ("ex_tax", "inc_tax")
    }
    total = _pair(doc, "total") or (
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
    for at, (amount, address_id, line_id, kind) in enumerate(kinds, start=1):
        if Decimal(amount):
            rows.append({
                "id": order.id * 100 + at, "order_id": order.id, "order_address_id": address_id, "tax_rate_id": 0,
                "sales_tax_id": "", "tax_class_id": 0, "name": name, "class": "Default Tax Class",
                "rate": money(rate), "priority": 0, "priority_amount": amount, "line_amount": amount,
                "order_pickup_method_id": 0, "order_product_id": str(line_id), "line_item_type": kind,
            })  # fmt: skip
    return rows


def _new_fees(store: Store, docs: Any) -> list[Json]:
    if not objects(docs):
        raise v2_invalid("fees")
    return [_fee(store, {**one, "id": None}) for one in docs]


def _fee(store: Store, doc: Any) -> Json:
    if not isinstance(doc, dict) or doc.get("type", "custom_fee") != "custom_fee":
        raise v2_invalid("fees")
    if not (doc.get("display_name_customer") or doc.get("display_name_merchant")):
        raise v2_invalid("fees.display_name_customer")
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


# -- create ---------------------------------------------------------------------------------------------------------


@routes.post("/v2/orders")
def create_order(call: Call) -> Response:
    """No idempotency: the same `external_order_id` twice makes two orders."""
    doc = call.object()
    _check_fields(call, doc, update=False)
    made = place(call.store, doc)
    if isinstance(made, Response):
        return made
    response = _shown(call, made, 201)
    response.headers["location"] = f"{call.store.base_url}/stores/{call.store.hash}/v2/orders/{made}"
    return response


def place(store: Store, doc: Json, *, source: str = "external") -> int | Response:
    """Make an order of a document; returns its id.

    Refuses with the platform's answer; returns it instead where the switch `partial_deduction` lets a refused order
    keep the stock of its first lines.
    """
    if "billing_address" not in doc:
        raise v2_missing("billing_address")
    pickup = _pickup(doc)
    line_docs = pickup["line_items"] if pickup else doc.get("products")
    if not line_docs:
        raise v2_missing("products")
    if not isinstance(line_docs, list):
        raise v2_invalid("products")
    billing: Json = {}
    _put_address(billing, doc["billing_address"], "billing_address")
    billing.setdefault("form_fields", [])
    shipping = [] if pickup else _shipping(doc, billing)
    for name in _PAIRS:
        _pair(doc, name)
    channel_id = doc.get("channel_id", 1)
    code = str(doc.get("default_currency_code") or store.row["currency"])
    rate = Decimal(1)
    if code != store.row["currency"]:
        rate = Decimal((settings.currency(store, code) or {"currency_exchange_rate": "1"})["currency_exchange_rate"])
    trouble = _Trouble()
    lines = [_new_line(store, one, channel_id, rate, trouble) for one in line_docs]
    trouble.raise_options()
    kept = [line for line in lines if line is not None]
    order = _blank(store, doc, code=code, source=source, lines=kept, billing=billing)
    order.row["fees"] = _new_fees(store, doc.get("fees") or [])
    _check_stock_of_new(store, order)
    refused = _check_partly(store, order)
    if refused is not None:
        return refused
    _number(store, order, shipping, pickup)
    order.main["discount_amount"] = money(amount(doc, "discount_amount") or 0)
    _put_costs(order, doc)
    recompute(store, order, doc)
    if _takes_now(store, order, order.main["status_id"], created=True):
        take_all(store, order)
    save(store, order, new=True)
    _effects_of_new(store, order)
    return order.id


def _pickup(doc: Json) -> Json | None:
    if "consignments" not in doc:
        return None
    consignments = doc["consignments"]
    if "products" in doc or "shipping_addresses" in doc or not isinstance(consignments, dict):
        raise v2_invalid("consignments")
    pickups = consignments.get("pickups")
    if (
        not isinstance(pickups, list)
        or len(pickups) != 1
        or not isinstance(pickups[0], dict)
        or not pickups[0].get("line_items")
    ):
        raise v2_invalid("consignments.pickups")
    pickup: Json = pickups[0]
    return pickup


def _shipping(doc: Json, billing: Json) -> list[Json]:
    given = doc.get("shipping_addresses")
    if not given:
        return [{name: billing[name] for name in _ADDRESS}]
    if not isinstance(given, list):
        raise v2_invalid("shipping_addresses")
    addresses = []
    for one in given:
        address: Json = {}
        _put_address(address, one, "shipping_addresses")
        addresses.append(address)
    return addresses


def _check_stock_of_new(store: Store, order: Order) -> None:
    status_id = order.main["status_id"]
    if store.switch("partial_deduction") or status_id in {CANCELLED, REFUNDED, DECLINED}:
        return
    errors = _shortages(store, [(line, line["quantity"]) for line in order.lines], store.switch("order_location"))
    if errors:
        raise short(errors)


def _check_partly(store: Store, order: Order) -> Response | None:
    """By the switch `partial_deduction` a refused order keeps what the lines before the short one took."""
    if not store.switch("partial_deduction"):
        return None
    location = store.switch("order_location")
    errors = _shortages(store, [(line, line["quantity"]) for line in order.lines], location)
    if not errors:
        return None
    for line in order.lines:
        if _shortages(store, [(line, line["quantity"])], location):
            break
        take(store, line, line["quantity"], location)
    return short(errors).response


def _blank(store: Store, doc: Json, *, code: str, source: str, lines: list[Json], billing: Json) -> Order:
    status_id = doc.get("status_id", 1)
    currency = settings.currency(store, code) or {"id": 1}
    created = parse_date(str(doc["date_created"]), store.now) if doc.get("date_created") else store.now
    zero = money(0)
    costs = {
        f"{side}{name}{tail}": zero
        for name in ("shipping_cost", "handling_cost", "wrapping_cost")
        for side, tail in (("base_", ""), ("", "_ex_tax"), ("", "_inc_tax"), ("", "_tax"))
    }
    texts = {name: _text(doc, name, most) for name, most in _TEXTS.items()}
    main: Json = {
        "id": 0,
        "customer_id": doc.get("customer_id", 0),
        "date_created": rfc2822(created),
        "date_modified": "",
        "date_shipped": "",
        "status_id": status_id,
        "status": SYSTEM_LABELS[status_id],
        "subtotal_ex_tax": zero,
        "subtotal_inc_tax": zero,
        "subtotal_tax": zero,
        **costs,
        "shipping_cost_tax_class_id": 2,
        "handling_cost_tax_class_id": 2,
        "wrapping_cost_tax_class_id": 3,
        "total_ex_tax": zero,
        "total_inc_tax": zero,
        "total_tax": zero,
        "items_total": 0,
        "items_shipped": 0,
        "payment_method": texts["payment_method"] or "Manual",
        "payment_provider_id": texts["payment_provider_id"] or "",
        "payment_status": "" if source == "external" else "captured",
        "refunded_amount": zero,
        "order_is_digital": False,
        "store_credit_amount": zero,
        "gift_certificate_amount": zero,
        "ip_address": str(doc.get("ip_address") or ""),
        "ip_address_v6": "" if doc.get("ip_address") else str(doc.get("ip_address_v6") or ""),
        "geoip_country": texts["geoip_country"] or "",
        "geoip_country_iso2": texts["geoip_country_iso2"] or "",
        "currency_id": currency["id"],
        "currency_code": code,
        "currency_exchange_rate": "1.0000000000",
        "default_currency_id": currency["id"],
        "default_currency_code": code,
        "store_default_currency_code": store.row["currency"],
        "store_default_to_transactional_exchange_rate": "1.0000000000",
        "staff_notes": texts["staff_notes"] or "",
        "customer_message": texts["customer_message"] or "",
        "discount_amount": zero,
        "coupon_discount": zero,
        "shipping_address_count": 0,
        "is_deleted": False,
        "ebay_order_id": "0",
        "cart_id": None,
        "billing_address": billing,
        "is_email_opt_in": False,
        "is_tax_inclusive_pricing": store.row["is_price_entered_with_tax"],
        "credit_card_type": None,
        "order_source": source,
        "channel_id": doc.get("channel_id", 1),
        "external_source": texts["external_source"],
        "external_id": None,
        "external_merchant_id": texts["external_merchant_id"],
        "external_order_id": texts["external_order_id"],
        "tax_provider_id": "" if source == "external" else "BasicTaxProvider",
        "customer_locale": texts["customer_locale"] or "en",
        "custom_status": label(store, status_id),
    }
    overridden = any(_pair(one, "price") for one in doc.get("products") or [] if isinstance(one, dict)) or any(
        _pair(doc, name) for name in _PAIRS
    )
    row: Entity = {
        "m": encode(main), "f": [], "lines": lines, "addresses": [], "fees": [], "taxes": [], "coupons": [],
        "messages": [], "took": False, "overridden": overridden,
    }  # fmt: skip
    order = Order(row)
    order.main = main
    return order


def _number(store: Store, order: Order, shipping: list[Json], pickup: Json | None) -> None:
    """Give an order, its addresses and its lines their ids."""
    order_id = store.take("orders", FIRST_ORDER)
    order.main["id"] = order_id
    physical = any(line["type"] != "digital" for line in order.lines)
    for address in shipping if physical else []:
        order.addresses.append(new_address(store, order_id, address))
    first = order.addresses[0]["id"] if order.addresses else 0
    pickup_id = 0
    if pickup is not None:
        pickup_id = store.take("pickups", 1)
        names = (
            "pickup_method_id",
            "pickup_method_display_name",
            "collection_instructions",
            "collection_time_description",
            "location",
        )
        order.row["pickups"] = [{"id": pickup_id, **{name: pickup.get(name, "") for name in names}}]
    for line in order.lines:
        number_line(store, line, order_id, 0 if line["type"] == "digital" else first)
        if pickup is not None:
            line.update(_pickup=pickup_id, order_pickup_method_id=pickup.get("pickup_method_id") or 0)


def new_address(store: Store, order_id: int, address: Json) -> Json:
    """An address of an order, numbered."""
    zero = money(0)
    return {
        "id": store.take("order_addresses", 1),
        "order_id": order_id,
        **{name: address.get(name, "") for name in _ADDRESS},
        "items_total": 0,
        "items_shipped": 0,
        "shipping_method": address.get("shipping_method") or "None",
        "base_cost": zero,
        "cost_ex_tax": zero,
        "cost_inc_tax": zero,
        "cost_tax": zero,
        "cost_tax_class_id": 2,
        "base_handling_cost": zero,
        "handling_cost_ex_tax": zero,
        "handling_cost_inc_tax": zero,
        "handling_cost_tax": zero,
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": address.get("country", ""),
        "form_fields": address.get("form_fields") or [],
    }


def number_line(store: Store, line: Json, order_id: int, address_id: int) -> None:
    """Give a line and its options their ids."""
    line.update(id=store.take("order_products", 1), order_id=order_id, order_address_id=address_id)
    for option in line["product_options"]:
        option.update(id=store.take("order_options", 1), order_product_id=line["id"])


def _effects_of_new(store: Store, order: Order) -> None:
    main = order.main
    store.effect(
        "order_created", order.id, external_order_id=main["external_order_id"], total=plain(main["total_inc_tax"]),
        currency=main["default_currency_code"], status_id=main["status_id"], channel_id=main["channel_id"],
        source=main["order_source"],
        lines=[_told(line) for line in order.lines],
    )  # fmt: skip
    tell(store, order, "created")
    if main["order_source"] != "external":
        content = {"type": "transaction", "order_id": str(order.id), "transaction_id": str(order.id * 10),
                   "transaction_status": "ok",
                   "transaction_type": "purchase"}  # fmt: skip
        store.fire("store/order/transaction/created", content)
    if store.switch("order_created_sends_status"):
        _tell_status(store, order, 0)


def _told(line: Json) -> Json:
    names = ("sku", "product_id", "variant_id", "quantity")
    return {**{name: line[name] for name in names}, "price": plain(line["price_inc_tax"]), "taken": line["_taken"]}


def tell(store: Store, order: Order, what: str) -> None:
    """`store/order/…` carries `id`, the channel's own scope `order_id`."""
    store.fire(f"store/order/{what}", {"type": "order", "id": order.id})
    store.fire(f"store/channel/{order.channel_id}/order/{what}", {"order_id": order.id})


def _tell_status(store: Store, order: Order, before: int) -> None:
    moved = {"previous_status_id": before, "new_status_id": order.main["status_id"]}
    store.fire("store/order/statusUpdated", {"type": "order", "id": order.id, "status": moved})
    store.fire(f"store/channel/{order.channel_id}/order/statusUpdated", {"order_id": order.id, "status": moved})


def mail(store: Store, order: Order, about: str, **detail: Any) -> None:
    """E-mail the customer, if there is an address and the channel's settings do not forbid it."""
    address = order.main["billing_address"]["email"]
    if address and settings.setting(store, "email-statuses", "combined_order_status_email", order.channel_id):
        store.effect("email_sent", order.id, about=about, to=address, **detail)


# -- change ---------------------------------------------------------------------------------------------------------


def set_status(
    store: Store, order: Order, status_id: int, *, restock: bool = True, checked: bool = True, mailed: bool = True
) -> None:
    """Move an order to a status with all that follows for its stock; saves it.

    `restock=False` is a V3 refund, which never gives stock back. `checked=False` skips the look at the stock where
    an order is taken up again, `mailed=False` leaves the customer's e-mail to whoever moves the status.
    """
    main = order.main
    before = main["status_id"]
    if before == status_id:
        return
    main.update(status_id=status_id, status=SYSTEM_LABELS[status_id], custom_status=label(store, status_id))
    ended = {CANCELLED, REFUNDED} | ({DECLINED} if store.switch("declined_restocks") else set())
    if status_id in ended:
        if restock and order.row["took"] and _setting(store, order, "refund_order_stock_adjustment"):
            give_all_back(store, order)
            order.row["gave_back"] = True
    elif _takes_stock(store, order, status_id):
        if checked and status_id not in {SHIPPED, COMPLETED}:
            wanted = [(line, line["quantity"] - line["_taken"]) for line in order.lines]
            errors = _shortages(store, wanted, store.switch("order_location"))
            if errors:
                raise short(errors)
        take_all(store, order)
    if status_id == SHIPPED and not main["date_shipped"]:
        main["date_shipped"] = rfc2822(store.now)
    save(store, order)
    store.effect("order_status", order.id, before=before, after=status_id, external_order_id=main["external_order_id"])
    _tell_status(store, order, before)
    if mailed and status_id in TOLD_STATUSES:
        mail(store, order, "status", status_id=status_id)


def _takes_stock(store: Store, order: Order, status_id: int) -> bool:
    """Whether an order takes its stock, for the first time or again, where it moves to a status."""
    if order.row["took"] or (order.row.get("gave_back") and not store.switch("uncancel_takes_stock")):
        return False
    return _takes_now(store, order, status_id, created=False)


@routes.put("/v2/orders/{order_id}")
def update_order(call: Call, order_id: int) -> Response:
    """Partial. Lines act like PATCH and lose their discounts; fees replace the whole set."""
    store = call.store
    order = Order(_row(call, order_id))
    doc = call.object()
    _check_fields(call, doc, update=True)
    for name in _PAIRS:
        _pair(doc, name)
    before = (
        encode({**order.main, "date_modified": ""}),
        encode([shown_line(line) for line in order.lines]),
        encode([order.row["fees"], order.addresses]),
    )
    changed = _put_simple(order, doc)
    recompute_needed = _put_parts(call, order, doc)
    if recompute_needed:
        recompute(store, order, doc)
    after = (
        encode({**order.main, "date_modified": ""}),
        encode([shown_line(line) for line in order.lines]),
        encode([order.row["fees"], order.addresses]),
    )
    archived = doc.get("is_deleted") is True and not order.main["is_deleted"]
    if before != after:
        save(store, order)
        names = sorted(
            changed | {name for name in ("products", "fees", "shipping_addresses", "billing_address") if name in doc}
        )
        store.effect("order_updated", order_id, fields=names, total=plain(order.main["total_inc_tax"]))
    if "status_id" in doc and doc["status_id"] != order.main["status_id"]:
        set_status(store, order, doc["status_id"])
        tell(store, order, "updated")
    elif before != after:
        tell(store, order, "updated")
    if archived:
        archive(store, order)
    elif doc.get("is_deleted") is False and order.main["is_deleted"]:
        order.main["is_deleted"] = False
        save(store, order)
        store.effect("order_updated", order_id, fields=["is_deleted"])
    return _shown(call, order_id)


def _put_simple(order: Order, doc: Json) -> set[str]:
    """Plain fields of a document; returns the names of those that changed."""
    main = order.main
    changed = set()
    values: Json = {name: _text(doc, name, most) for name, most in _TEXTS.items() if name in doc}
    for name in ("customer_id", "channel_id"):
        if name in doc:
            values[name] = doc[name]
    if doc.get("date_created"):
        values["date_created"] = rfc2822(parse_date(str(doc["date_created"]), 0))
    if doc.get("ip_address"):
        values.update(ip_address=str(doc["ip_address"]), ip_address_v6="")
    elif doc.get("ip_address_v6"):
        values.update(ip_address_v6=str(doc["ip_address_v6"]), ip_address="")
    for name, value in values.items():
        kept = value if value is not None or name.startswith("external") else ""
        if main[name] != kept:
            main[name] = kept
            changed.add(name)
    return changed


def _put_parts(call: Call, order: Order, doc: Json) -> bool:
    """Addresses, lines, fees and costs of a document; True if the totals must be computed anew."""
    store = call.store
    if "billing_address" in doc:
        _put_address(order.main["billing_address"], doc["billing_address"], "billing_address", partial=True)
    if "shipping_addresses" in doc:
        _put_shipping(store, order, doc["shipping_addresses"])
    if "products" in doc:
        _edit_lines(store, order, doc["products"])
    if "fees" in doc:
        order.row["fees"] = _edited_fees(store, order, doc["fees"])
    discount = amount(doc, "discount_amount")
    if discount is not None:
        order.main["discount_amount"] = money(discount)
    _put_costs(order, doc)
    return any(name in doc for name in _TOTALLED)


_TOTALLED: Final = (
    *("products", "fees", "discount_amount", "shipping_addresses", "billing_address"),
    *(f"base_{name}" for name in _PAIRS),
    *(f"{name}{tail}" for name in _PAIRS for tail in ("_ex_tax", "_inc_tax")),
)
"""Fields whose writing computes the totals anew."""


def _put_shipping(store: Store, order: Order, given: Any) -> None:
    """Addresses by their id, else by their place; more than there are become new ones."""
    if not isinstance(given, list):
        raise v2_invalid("shipping_addresses")
    for at, one in enumerate(given):
        if isinstance(one, dict) and one.get("id") is not None:
            rest = {name: value for name, value in one.items() if name != "id"}
            _put_address(_address_of(order.addresses, one["id"]), rest, "shipping_addresses", partial=True)
        elif at < len(order.addresses):
            _put_address(order.addresses[at], one, "shipping_addresses", partial=True)
        else:
            address: Json = {}
            _put_address(address, one, "shipping_addresses")
            order.addresses.append(new_address(store, order.id, address))


def _edited_fees(store: Store, order: Order, docs: Any) -> list[Json]:
    """The whole new set; a fee with an id keeps what it does not state."""
    if docs is not None and not isinstance(docs, list):
        raise v2_invalid("fees")
    known = {fee["id"]: fee for fee in order.row["fees"]}
    fees = []
    for doc in docs or []:
        whole = doc
        if isinstance(doc, dict) and doc.get("id") is not None:
            if not isinstance(doc["id"], int) or doc["id"] not in known:
                raise v2_invalid("fees.id")
            whole = {**known[doc["id"]], **doc}
            if "cost_exc_tax" in doc and "cost_ex_tax" not in doc:
                whole["cost_ex_tax"] = doc["cost_exc_tax"]
        fees.append(_fee(store, whole))
    return fees


def _edit_lines(store: Store, order: Order, docs: Any) -> None:
    """Lines with an id are edited or removed, those without are added. Stock is looked at before anything changes."""
    if not isinstance(docs, list):
        raise v2_invalid("products")
    location = store.switch("order_location")
    edits = _edits(store, order, docs)
    wanted = [(line, quantity - line["quantity"] if line["id"] else quantity) for line, quantity, _ in edits]
    errors = _shortages(store, [(line, more) for line, more in wanted if more > 0], location)
    if errors:
        raise short(errors)
    moves = _setting(store, order, "edit_order_stock_adjustment") and order.row["took"]
    for (line, quantity, prices), (_, more) in zip(edits, wanted, strict=True):
        if line["id"] == 0:
            number_line(store, line, order.id, order.addresses[0]["id"] if order.addresses else 0)
            order.lines.append(line)
        if moves and more > 0:
            take(store, line, more, location)
        elif moves and more < 0:
            give_back(store, line, -more)
        line.update(quantity=quantity, applied_discounts=[])
        _price_line(line, prices)
    if edits:
        order.main["discount_amount"] = money(0)  # discounts of changed lines are dropped
    order.row["lines"] = [line for line in order.lines if line["quantity"] > 0]


def _edits(store: Store, order: Order, docs: list[Any]) -> list[tuple[Json, int, tuple[Decimal, Decimal]]]:
    """(line, quantity to be, prices to be) of each document; new lines have the id 0 yet."""
    trouble = _Trouble()
    edits = []
    left = {line["id"]: line for line in order.lines}
    for doc in docs:
        if not isinstance(doc, dict):
            raise v2_invalid("products")
        if doc.get("id") is None:
            made = _new_line(store, doc, order.channel_id, Decimal(1), trouble)
            if made is not None:
                edits.append((made, made["quantity"], (Decimal(made["price_ex_tax"]), Decimal(made["price_inc_tax"]))))
            continue
        line = left.pop(doc["id"], None) if isinstance(doc["id"], int) else None
        if line is None:
            raise v2_invalid("products.id")
        quantity = _quantity(doc, 0) if "quantity" in doc else line["quantity"]
        prices = _pair(doc, "price", "products.") or (Decimal(line["price_ex_tax"]), Decimal(line["price_inc_tax"]))
        for name in ("name", "name_customer", "name_merchant", "upc", "sku"):
            if doc.get(name):
                line[name] = str(doc[name])
        edits.append((line, quantity, prices))
    trouble.raise_options()
    return edits


@routes.delete("/v2/orders/{order_id}")
def delete_order(call: Call, order_id: int) -> Response:
    """Archives: the order stays readable by its id."""
    archive(call.store, Order(_row(call, order_id)))
    return no_content()


@routes.delete("/v2/orders")
def delete_orders(call: Call) -> Response:
    """Archives every order there is."""
    for order_id in list(call.store.order_index.ids.all):
        archive(call.store, Order(_row(call, order_id)))
    return no_content()


def archive(store: Store, order: Order) -> None:
    """Archive an order; nothing happens if it is archived already."""
    if order.main["is_deleted"]:
        return
    order.main["is_deleted"] = True
    if store.switch("archive_restocks"):
        give_all_back(store, order)
    save(store, order)
    store.effect("order_archived", order.id)
    tell(store, order, "archived")


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
