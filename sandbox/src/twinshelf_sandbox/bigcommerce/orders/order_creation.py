"""Orders V2, made: by the API, and by shoppers of the storefront.

Source: BigCommerce docs, reference/orders.v2.oas2.yml and store-operations/orders.
"""

from __future__ import annotations

from decimal import Decimal

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.orders.order_fields import (
    ADDRESS,
    PAIRS,
    TEXTS,
    amount,
    check_fields,
    pair_of,
    put_address,
    text_of,
)
from twinshelf_sandbox.bigcommerce.orders.order_index import CANCELLED, DECLINED, FIRST_ORDER, REFUNDED, SYSTEM_LABELS
from twinshelf_sandbox.bigcommerce.orders.order_lines import Trouble, new_address, new_line, number_line
from twinshelf_sandbox.bigcommerce.orders.order_reads import shown_order
from twinshelf_sandbox.bigcommerce.orders.order_stock import short, shortages, take, take_all, takes_now
from twinshelf_sandbox.bigcommerce.orders.order_totals import new_fees, put_costs, recompute
from twinshelf_sandbox.bigcommerce.orders.orders import Order, label, save, tell, tell_status
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    encode,
    money,
    parse_date,
    plain,
    rfc2822,
    v2_invalid,
    v2_missing,
    whole_number,
)
from twinshelf_sandbox.bigcommerce.settings import settings
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_orders")


@routes.post("/v2/orders")
def create_order(call: Call) -> Response:
    """No idempotency: the same `external_order_id` twice makes two orders."""
    doc = call.object()
    check_fields(call, doc, update=False)
    made = place(call.store, doc)
    if isinstance(made, Response):
        return made
    response = shown_order(call, made, 201)
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
    put_address(billing, doc["billing_address"], "billing_address")
    billing.setdefault("form_fields", [])
    shipping = [] if pickup else _shipping(doc, billing)
    for name in PAIRS:
        pair_of(doc, name)
    channel_id = doc.get("channel_id", 1)
    code = str(doc.get("default_currency_code") or store.row["currency"])
    rate = Decimal(1)
    if code != store.row["currency"]:
        rate = Decimal((settings.currency(store, code) or {"currency_exchange_rate": "1"})["currency_exchange_rate"])
    trouble = Trouble()
    lines = [new_line(store, one, channel_id, rate, trouble) for one in line_docs]
    trouble.raise_options()
    kept = [line for line in lines if line is not None]
    order = _blank(store, doc, code=code, source=source, lines=kept, billing=billing)
    order.row["fees"] = new_fees(store, doc.get("fees") or [])
    _check_stock_of_new(store, order)
    refused = _check_partly(store, order)
    if refused is not None:
        return refused
    _number(store, order, shipping, pickup)
    order.main["discount_amount"] = money(amount(doc, "discount_amount") or 0)
    put_costs(order, doc)
    recompute(store, order, doc)
    if takes_now(store, order, order.main["status_id"], created=True):
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
        return [{name: billing[name] for name in ADDRESS}]
    if not isinstance(given, list):
        raise v2_invalid("shipping_addresses")
    addresses = []
    for one in given:
        address: Json = {}
        put_address(address, one, "shipping_addresses")
        addresses.append(address)
    return addresses


def _check_stock_of_new(store: Store, order: Order) -> None:
    status_id = order.main["status_id"]
    if store.switch("partial_deduction") or status_id in {CANCELLED, REFUNDED, DECLINED}:
        return
    errors = shortages(store, [(line, line["quantity"]) for line in order.lines], store.switch("order_location"))
    if errors:
        raise short(errors)


def _check_partly(store: Store, order: Order) -> Response | None:
    """By the switch `partial_deduction` a refused order keeps what the lines before the short one took."""
    if not store.switch("partial_deduction"):
        return None
    location = store.switch("order_location")
    errors = shortages(store, [(line, line["quantity"]) for line in order.lines], location)
    if not errors:
        return None
    for line in order.lines:
        if shortages(store, [(line, line["quantity"])], location):
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
    texts = {name: text_of(doc, name, most) for name, most in TEXTS.items()}
    main: Json = {
        "id": 0,
        "customer_id": whole_number(doc.get("customer_id", 0)),
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
    overridden = any(pair_of(one, "price") for one in doc.get("products") or [] if isinstance(one, dict)) or any(
        pair_of(doc, name) for name in PAIRS
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
        tell_status(store, order, 0)


def _told(line: Json) -> Json:
    names = ("sku", "product_id", "variant_id", "quantity")
    return {**{name: line[name] for name in names}, "price": plain(line["price_inc_tax"]), "taken": line["_taken"]}
