"""Orders V2, changed: status, fields, lines, fees and addresses, and the archive.

Source: BigCommerce docs, reference/orders.v2.oas2.yml and store-operations/orders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.orders.order_fields import (
    PAIRS,
    TEXTS,
    amount,
    check_fields,
    pair_of,
    put_address,
    text_of,
)
from twinshelf_sandbox.bigcommerce.orders.order_index import (
    CANCELLED,
    COMPLETED,
    DECLINED,
    REFUNDED,
    SHIPPED,
    SYSTEM_LABELS,
)
from twinshelf_sandbox.bigcommerce.orders.order_lines import (
    Trouble,
    new_address,
    new_line,
    number_line,
    price_line,
    quantity_of,
)
from twinshelf_sandbox.bigcommerce.orders.order_reads import address_of, row_of, shown_order
from twinshelf_sandbox.bigcommerce.orders.order_stock import (
    give_all_back,
    give_back,
    inventory_setting,
    short,
    shortages,
    take,
    take_all,
    takes_now,
)
from twinshelf_sandbox.bigcommerce.orders.order_totals import fee_of, put_costs, recompute
from twinshelf_sandbox.bigcommerce.orders.orders import (
    TOLD_STATUSES,
    Order,
    label,
    mail,
    save,
    shown_line,
    tell,
    tell_status,
)
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    encode,
    money,
    no_content,
    parse_date,
    plain,
    rfc2822,
    v2_invalid,
    whole_number,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_orders")


def set_status(
    store: Store, order: Order, status_id: int, *, restock: bool = True, checked: bool = True, mailed: bool = True
) -> None:
    """Move an order to a status with all that follows for its stock; saves it.

    `restock=False` is a V3 refund, which never gives stock back. `checked=False` skips the look at the stock where
    an order is taken up again, `mailed=False` leaves the customer's email to whoever moves the status.
    """
    main = order.main
    before = main["status_id"]
    if before == status_id:
        return
    main.update(status_id=status_id, status=SYSTEM_LABELS[status_id], custom_status=label(store, status_id))
    ended = {CANCELLED, REFUNDED} | ({DECLINED} if store.switch("declined_restocks") else set())
    if status_id in ended:
        if restock and order.row["took"] and inventory_setting(store, order, "refund_order_stock_adjustment"):
            give_all_back(store, order)
            order.row["gave_back"] = True
    elif _takes_stock(store, order, status_id):
        if checked and status_id not in {SHIPPED, COMPLETED}:
            wanted = [(line, line["quantity"] - line["_taken"]) for line in order.lines]
            errors = shortages(store, wanted, store.switch("order_location"))
            if errors:
                raise short(errors)
        take_all(store, order)
    if status_id == SHIPPED and not main["date_shipped"]:
        main["date_shipped"] = rfc2822(store.now)
    save(store, order)
    store.effect("order_status", order.id, before=before, after=status_id, external_order_id=main["external_order_id"])
    tell_status(store, order, before)
    if mailed and status_id in TOLD_STATUSES:
        mail(store, order, "status", status_id=status_id)


def _takes_stock(store: Store, order: Order, status_id: int) -> bool:
    """Whether an order takes its stock, for the first time or again, where it moves to a status."""
    if order.row["took"] or (order.row.get("gave_back") and not store.switch("uncancel_takes_stock")):
        return False
    return takes_now(store, order, status_id, created=False)


@routes.put("/v2/orders/{order_id}")
def update_order(call: Call, order_id: int) -> Response:
    """Partial. Lines act like PATCH and lose their discounts; fees replace the whole set."""
    store = call.store
    order = Order(row_of(call, order_id))
    doc = call.object()
    check_fields(call, doc, update=True)
    for name in PAIRS:
        pair_of(doc, name)
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
    return shown_order(call, order_id)


def _put_simple(order: Order, doc: Json) -> set[str]:
    """Plain fields of a document; returns the names of those that changed."""
    main = order.main
    changed = set()
    values: Json = {name: text_of(doc, name, most) for name, most in TEXTS.items() if name in doc}
    for name in ("customer_id", "channel_id"):
        if name in doc:
            values[name] = whole_number(doc[name])
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
        put_address(order.main["billing_address"], doc["billing_address"], "billing_address", partial=True)
    if "shipping_addresses" in doc:
        _put_shipping(store, order, doc["shipping_addresses"])
    if "products" in doc:
        _edit_lines(store, order, doc["products"])
    if "fees" in doc:
        order.row["fees"] = _edited_fees(store, order, doc["fees"])
    discount = amount(doc, "discount_amount")
    if discount is not None:
        order.main["discount_amount"] = money(discount)
    put_costs(order, doc)
    return any(name in doc for name in _TOTALLED)


_TOTALLED: Final = (
    *("products", "fees", "discount_amount", "shipping_addresses", "billing_address"),
    *(f"base_{name}" for name in PAIRS),
    *(f"{name}{tail}" for name in PAIRS for tail in ("_ex_tax", "_inc_tax")),
)
"""Fields whose writing computes the totals anew."""


def _put_shipping(store: Store, order: Order, given: Any) -> None:
    """Addresses by their id, else by their place; more than there are become new ones."""
    if not isinstance(given, list):
        raise v2_invalid("shipping_addresses")
    for at, one in enumerate(given):
        if isinstance(one, dict) and one.get("id") is not None:
            rest = {name: value for name, value in one.items() if name != "id"}
            put_address(address_of(order.addresses, one["id"]), rest, "shipping_addresses", partial=True)
        elif at < len(order.addresses):
            put_address(order.addresses[at], one, "shipping_addresses", partial=True)
        else:
            address: Json = {}
            put_address(address, one, "shipping_addresses")
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
        fees.append(fee_of(store, whole))
    return fees


def _edit_lines(store: Store, order: Order, docs: Any) -> None:
    """Lines with an id are edited or removed, those without are added. Stock is looked at before anything changes."""
    if not isinstance(docs, list):
        raise v2_invalid("products")
    location = store.switch("order_location")
    edits = _edits(store, order, docs)
    wanted = [(line, quantity - line["quantity"] if line["id"] else quantity) for line, quantity, _ in edits]
    errors = shortages(store, [(line, more) for line, more in wanted if more > 0], location)
    if errors:
        raise short(errors)
    moves = inventory_setting(store, order, "edit_order_stock_adjustment") and order.row["took"]
    for (line, quantity, prices), (_, more) in zip(edits, wanted, strict=True):
        if line["id"] == 0:
            number_line(store, line, order.id, order.addresses[0]["id"] if order.addresses else 0)
            order.lines.append(line)
        if moves and more > 0:
            take(store, line, more, location)
        elif moves and more < 0:
            give_back(store, line, -more)
        line.update(quantity=quantity, applied_discounts=[])
        price_line(line, prices)
    if edits:
        order.main["discount_amount"] = money(0)  # discounts of changed lines are dropped
    order.row["lines"] = [line for line in order.lines if line["quantity"] > 0]


def set_quantity(store: Store, order: Order, sku: str, quantity: int) -> None:
    """Set how many units of a SKU an order asks for, as a person does in the panel; 0 takes the line out."""
    ids = [line["id"] for line in order.lines if line["sku"] == sku]
    if not ids:
        raise v2_invalid("products")
    doc = {"products": [{"id": line_id, "quantity": quantity if at == 0 else 0} for at, line_id in enumerate(ids)]}
    _edit_lines(store, order, doc["products"])
    recompute(store, order, doc)
    save(store, order)
    store.effect("order_updated", order.id, fields=["products"], total=plain(order.main["total_inc_tax"]))
    tell(store, order, "updated")


def _edits(store: Store, order: Order, docs: list[Any]) -> list[tuple[Json, int, tuple[Decimal, Decimal]]]:
    """(line, quantity to be, prices to be) of each document; new lines have the id 0 yet."""
    trouble = Trouble()
    edits = []
    left = {line["id"]: line for line in order.lines}
    for doc in docs:
        if not isinstance(doc, dict):
            raise v2_invalid("products")
        if doc.get("id") is None:
            made = new_line(store, doc, order.channel_id, Decimal(1), trouble)
            if made is not None:
                edits.append((made, made["quantity"], (Decimal(made["price_ex_tax"]), Decimal(made["price_inc_tax"]))))
            continue
        line = left.pop(doc["id"], None) if isinstance(doc["id"], int) else None
        if line is None:
            raise v2_invalid("products.id")
        quantity = quantity_of(doc, 0) if "quantity" in doc else line["quantity"]
        prices = pair_of(doc, "price", "products.") or (Decimal(line["price_ex_tax"]), Decimal(line["price_inc_tax"]))
        for name in ("name", "name_customer", "name_merchant", "upc", "sku"):
            if doc.get(name):
                line[name] = str(doc[name])
        edits.append((line, quantity, prices))
    trouble.raise_options()
    return edits


@routes.delete("/v2/orders/{order_id}")
def delete_order(call: Call, order_id: int) -> Response:
    """Archives: the order stays readable by its id."""
    archive(call.store, Order(row_of(call, order_id)))
    return no_content()


@routes.delete("/v2/orders")
def delete_orders(call: Call) -> Response:
    """Archives every order there is, or the first `limit`."""
    facts = call.store.order_index.facts
    left = [order_id for order_id in call.store.order_index.ids.all if not facts[order_id].deleted]
    for order_id in left[: call.page()[1]] if "limit" in call.query else left:
        archive(call.store, Order(row_of(call, order_id)))
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
