"""Price lists: records per variant and currency, and which channel or customer group they are for.

Source: BigCommerce docs, reference/price_lists.v3.yml.
"""

from __future__ import annotations

import base64
import operator
from typing import Any, Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
from twinshelf_sandbox.bigcommerce.filters import by_dates, by_id, by_text
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    Refused,
    data,
    decode,
    id_of,
    ints,
    is_whole,
    iso_z,
    no_content,
    not_found,
    number,
    pagination,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_products")

MOST_PUT, MOST_POST = 1_000, 100
_PRICE: Final[dict[str, fields.Check]] = {
    "price": fields.amount(),
    "sale_price": fields.optional(fields.amount()),
    "retail_price": fields.optional(fields.amount()),
    "map_price": fields.optional(fields.amount()),
}


def price_in(store: Store, variant: Json, channel_id: int) -> Any:
    """The price of a variant in a channel: its price list's where one is assigned and active, else the catalog's."""
    if len(store.rows("price_assignments")):
        for row in store.rows("price_assignments").values():
            if row["channel_id"] != channel_id or row["customer_group_id"]:
                continue
            price_list = store.rows("price_lists").get(row["price_list_id"])
            record = store.rows("price_records").get(_key(row["price_list_id"], variant["id"], store.row["currency"]))
            if price_list is not None and price_list["active"] and record is not None:
                return _numbers(record)["calculated_price"]
    return variant["calculated_price"]


def _key(list_id: int, variant_id: int, currency: str) -> str:
    return f"{list_id}|{variant_id:012d}|{currency.lower()}"


def _numbers(record: Entity) -> Json:
    """A record as it is answered; prices are kept as text, to be exact."""
    shown = dict(record)
    for name in _PRICE:
        value = record.get(name)
        shown[name] = None if value is None else number(value)
    shown["calculated_price"] = shown["sale_price"] or shown["price"]
    shown["bulk_pricing_tiers"] = [{**tier, "amount": number(tier["amount"])} for tier in record["bulk_pricing_tiers"]]
    return shown


def cursor_page(call: Call, rows: list[Entity], default: int = 50, maximum: int = 250) -> tuple[list[Entity], Json]:
    """A page by number, or by cursor where `before` or `after` is given; `page` is ignored then."""
    query = call.query
    page, limit = call.page(default, maximum)
    if "after" in query or "before" in query:
        at = _place(query.get("after") or query.get("before") or "")
        shown = rows[at : at + limit] if "after" in query else rows[max(0, at - 1 - limit) : max(0, at - 1)]
        start = at if "after" in query else max(0, at - 1 - limit)
    else:
        start = (page - 1) * limit
        shown = rows[start : start + limit]
    meta = pagination(len(rows), len(shown), page, limit, query)
    links = {}
    if start + len(shown) < len(rows):
        links["next"] = f"?limit={limit}&after={_cursor(start + len(shown))}"
    if start > 0:
        links["previous"] = f"?limit={limit}&before={_cursor(start + 1)}"
    meta["cursor_pagination"] = {
        "count": len(shown),
        "per_page": limit,
        "start_cursor": _cursor(start + 1) if shown else None,
        "end_cursor": _cursor(start + len(shown)) if shown else None,
        "links": links,
    }
    return shown, meta


def _cursor(place: int) -> str:
    return base64.b64encode(str(place).encode()).decode()


def _place(cursor: str) -> int:
    try:
        place = base64.b64decode(cursor, validate=True).decode("ascii")
    except ValueError:
        place = ""
    if not is_whole(place) or int(place) < 0:
        raise v3_error(422, "The cursor is invalid", {"after": "is invalid"})
    return int(place)


def _list(call: Call, price_list_id: int) -> Entity:
    row = call.store.rows("price_lists").get(price_list_id)
    if row is None:
        raise not_found("The requested price list was not found.")
    return row


@routes.get("/v3/pricelists")
def _list_price_lists(call: Call) -> Response:
    shown, meta = cursor_page(call, by_dates(call, _named_lists(call)))
    return data(shown, meta)


def _named_lists(call: Call) -> list[Entity]:
    """The price lists that the filters on id and name leave."""
    return by_text(by_id(call.store.rows("price_lists").values(), call.query), call.query, "name")


def _check_list(call: Call, doc: Json, known: Entity | None) -> Json:
    kept, errors = fields.check(doc, {"name": fields.text(50, 1), "active": fields.truth})
    if known is None and "name" not in doc:
        errors["name"] = "Please provide a name."
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    for row in call.store.rows("price_lists").values():
        if row["name"] == kept.get("name") and (known is None or row["id"] != known["id"]):
            raise v3_error(409, "The price list name is a duplicate", {"name": "must be unique"})
    return kept


@routes.post("/v3/pricelists")
def _create_price_list(call: Call) -> Response:
    store, kept = call.store, _check_list(call, call.object(), None)
    now = iso_z(store.now)
    row = {
        "id": store.take("price_lists", 1),
        "name": kept["name"],
        "date_created": now,
        "date_modified": now,
        "active": kept.get("active", True),
    }
    store.rows("price_lists").put(row["id"], row)
    store.effect("price_list_created", row["id"], name=row["name"])
    store.fire("store/priceList/created", {"type": "price_list", "id": row["id"]})
    return data(row)


@routes.get("/v3/pricelists/{price_list_id}")
def _get_price_list(call: Call, price_list_id: int) -> Response:
    return data(_list(call, price_list_id))


@routes.put("/v3/pricelists/{price_list_id}")
def _update_price_list(call: Call, price_list_id: int) -> Response:
    row = _list(call, price_list_id)
    kept = _check_list(call, call.object(), row)
    turned = "active" in kept and kept["active"] != row["active"]
    row.update(kept, date_modified=iso_z(call.store.now))
    call.store.rows("price_lists").put(price_list_id, row)
    call.store.effect("price_list_updated", price_list_id, **kept)
    call.store.fire("store/priceList/updated", {"type": "price_list", "id": price_list_id})
    if turned:
        call.store.fire(
            f"store/priceList/{'activated' if row['active'] else 'deactivated'}",
            {"type": "price_list", "id": price_list_id},
        )
    return data(row)


@routes.delete("/v3/pricelists/{price_list_id}")
def _delete_price_list(call: Call, price_list_id: int) -> Response:
    _remove_list(call.store, price_list_id)
    return no_content()


@routes.delete("/v3/pricelists")
def delete_price_lists(call: Call) -> Response:
    """By `id:in` or `name`: those that fit, with their records and assignments."""
    if "id:in" not in call.query and "name" not in call.query:
        raise v3_error(422, "A filter is required to delete price lists")
    for row in _named_lists(call):
        _remove_list(call.store, row["id"])
    return no_content()


def _remove_list(store: Store, list_id: int) -> None:
    if not store.rows("price_lists").delete(list_id):
        return
    for record in _records(store, list_id):
        store.rows("price_records").delete(_key(list_id, record["variant_id"], record["currency"]))
    for row in list(store.rows("price_assignments").values()):
        if row["price_list_id"] == list_id:
            store.rows("price_assignments").delete(row["id"])
    store.effect("price_list_deleted", list_id)
    store.fire("store/priceList/deleted", {"type": "price_list", "id": list_id})


# -- records --------------------------------------------------------------------------------------------------------


def _records(store: Store, list_id: int) -> list[Entity]:
    prefix = f"{list_id}|"
    table = store.rows("price_records")
    keys = sorted(filter(lambda key: str(key).startswith(prefix), table.keys()))
    return [row for key in keys if (row := table.get(key)) is not None]


def _shown(call: Call, record: Entity) -> Json:
    shown = _numbers(record)
    include = call.query.get("include", "").split(",")
    if "bulk_pricing_tiers" not in include:
        shown.pop("bulk_pricing_tiers")
    if "sku" in include:
        shown["sku"] = _sku(call.store, record["variant_id"])
    return shown


def _sku(store: Store, variant_id: int) -> str:
    product_id = store.index.product_of.get(variant_id)
    if product_id is None:
        return ""
    sku: str = Product(product_id, store.products.table[product_id]).variant(variant_id)["sku"]
    return sku


@routes.get("/v3/pricelists/{price_list_id}/records")
def _list_records(call: Call, price_list_id: int) -> Response:
    _list(call, price_list_id)
    rows = by_dates(call, _by_item(call, _records(call.store, price_list_id)))
    for name in (*_PRICE, "calculated_price"):
        rows = _by_price(call, rows, name)
    shown, meta = cursor_page(call, rows, 50, 1_000)
    return data([_shown(call, row) for row in shown], meta)


def _by_item(call: Call, rows: list[Entity]) -> list[Entity]:
    """The records that the filters on variant, product, SKU and currency leave."""
    query = call.query
    if "variant_id:in" in query:
        rows = [row for row in rows if row["variant_id"] in ints(query["variant_id:in"])]
    if "product_id:in" in query:
        rows = [row for row in rows if row["product_id"] in ints(query["product_id:in"])]
    for name in ("sku", "sku:in"):
        if name in query:
            skus = [query[name]] if name == "sku" else query[name].split(",")
            wanted = {one for sku in skus for one in call.store.index.variants_with(sku.strip())}
            rows = [row for row in rows if row["variant_id"] in wanted]
    for name in ("currency", "currency:in"):
        if name in query:
            codes = query[name].lower().split(",")
            rows = [row for row in rows if row["currency"] in codes]
    return rows


def _by_price(call: Call, rows: list[Entity], name: str) -> list[Entity]:
    """The records that the filters on one of their prices leave; a price they lack fits none."""
    for suffix, fits in _COMPARE.items():
        text = call.query.get(f"{name}{suffix}")
        if text is None:
            continue
        try:
            limit = number(text)
        except ValueError:
            raise v3_error(422, f"The value of {name}{suffix} is not a number") from None
        rows = [row for row in rows if (price := _numbers(row)[name]) is not None and fits(price, limit)]
    return rows


_COMPARE: Final = {"": operator.eq, ":min": operator.ge, ":max": operator.le}


@routes.get("/v3/pricelists/{price_list_id}/records/{variant_id}")
def _list_records_of_variant(call: Call, price_list_id: int, variant_id: int) -> Response:
    _list(call, price_list_id)
    rows = [row for row in _records(call.store, price_list_id) if row["variant_id"] == variant_id]
    shown, meta = cursor_page(call, rows)
    return data([_shown(call, row) for row in shown], meta)


def _record(call: Call, price_list_id: int, variant_id: int, currency: str) -> Entity:
    row = call.store.rows("price_records").get(_key(price_list_id, variant_id, currency))
    if row is None:
        raise not_found("The requested price record was not found.")
    return row


@routes.get("/v3/pricelists/{price_list_id}/records/{variant_id}/{currency}")
def _get_record(call: Call, price_list_id: int, variant_id: int, currency: str) -> Response:
    return data(_shown(call, _record(call, price_list_id, variant_id, currency)))


@routes.put("/v3/pricelists/{price_list_id}/records/{variant_id}/{currency}")
def _put_record(call: Call, price_list_id: int, variant_id: int, currency: str) -> Response:
    _list(call, price_list_id)
    if variant_id not in call.store.index.product_of:
        raise not_found("The requested variant was not found.")
    kind = _save_record(call.store, price_list_id, variant_id, currency, call.object())
    call.store.fire(
        f"store/priceList/record/{kind}",
        {"price_list_id": price_list_id, "variant_id": variant_id, "currency": currency.lower()},
    )
    return data(_numbers(_record(call, price_list_id, variant_id, currency)))


def _save_record(store: Store, list_id: int, variant_id: int, currency: str, doc: Json) -> str:
    """Keep a record; returns "created" or "updated"."""
    known = store.rows("price_records").get(_key(list_id, variant_id, currency))
    kept, errors = fields.check(doc, _PRICE)
    if known is None and "price" not in doc:
        errors["price"] = "Please provide a price."
    if len(currency) != 3 or not currency.isalpha():
        errors["currency"] = "currency is invalid"
    tiers = doc.get("bulk_pricing_tiers")
    if tiers is not None and not (
        isinstance(tiers, list) and all(isinstance(tier, dict) and "amount" in tier for tier in tiers)
    ):
        errors["bulk_pricing_tiers"] = "bulk_pricing_tiers is invalid"
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    now = iso_z(store.now)
    row = known or {
        "price_list_id": list_id,
        "variant_id": variant_id,
        "price": None,
        "sale_price": None,
        "retail_price": None,
        "map_price": None,
        "date_created": now,
        "currency": currency.lower(),
        "product_id": store.index.product_of[variant_id],
        "bulk_pricing_tiers": [],
    }
    before = row["price"], row["sale_price"]
    row.update({name: None if value is None else str(value) for name, value in kept.items()}, date_modified=now)
    if tiers is not None:
        row["bulk_pricing_tiers"] = [{**tier, "amount": str(tier["amount"])} for tier in tiers]
    store.rows("price_records").put(_key(list_id, variant_id, currency), row)
    kind = "updated" if known else "created"
    if not known or before != (row["price"], row["sale_price"]):
        store.effect(f"price_record_{kind}", variant_id, price_list_id=list_id, currency=row["currency"],
                     before=before[1] or before[0], after=row["sale_price"] or row["price"])  # fmt: skip
    return kind


def _save_batch(call: Call, docs: list[tuple[int, Json]], most: int) -> Response:
    """Many records: one webhook for all that were made, one for all that were changed. A bad one fails the batch."""
    store = call.store
    if len(docs) > most:
        raise v3_error(
            413, f"The request payload is too large. The maximum items allowed in the array is {most}.", short=True
        )
    wrong = []
    told: dict[str, list[Json]] = {}
    for list_id, doc in docs:
        variant_id, currency = doc.get("variant_id"), str(doc.get("currency") or "")
        if variant_id is None and isinstance(doc.get("sku"), str):
            variant_id = next(iter(store.index.variants_with(doc["sku"])), None)
        try:
            variant_id = id_of(variant_id)
            if variant_id not in store.index.product_of or list_id not in store.rows("price_lists"):
                raise v3_error(422, "The variant or price list does not exist", {"variant_id": "does not exist"})
            kind = _save_record(store, list_id, variant_id, currency, doc)
            told.setdefault(kind, []).append(
                {"price_list_id": list_id, "variant_id": variant_id, "currency": currency.lower()}
            )
        except Refused as refused:
            errors = decode(refused.response.body)["errors"]
            wrong.append(
                {
                    "data": {
                        "price_list_id": list_id,
                        "variant_id": variant_id,
                        "sku": doc.get("sku"),
                        "currency": currency,
                    },
                    "field_errors": errors,
                }
            )
    if wrong:
        raise Refused(Response.json({"batch_errors": wrong}, 422))
    for kind, rows in told.items():
        store.fire(f"store/priceList/records/{kind}", rows)
    return data({})


@routes.put("/v3/pricelists/{price_list_id}/records")
def _put_records(call: Call, price_list_id: int) -> Response:
    _list(call, price_list_id)
    return _save_batch(call, [(price_list_id, doc) for doc in call.array()], MOST_PUT)


@routes.post("/v3/pricelists/{price_list_id}/records")
def _post_records_of_list(call: Call, price_list_id: int) -> Response:
    _list(call, price_list_id)
    return _save_batch(call, [(price_list_id, doc) for doc in call.array()], MOST_POST)


@routes.post("/v3/pricelists/records")
def _post_records(call: Call) -> Response:
    return _save_batch(call, [(id_of(doc.get("price_list_id")), doc) for doc in call.array()], MOST_POST)


@routes.put("/v3/pricelists/records")
def _put_all_records(call: Call) -> Response:
    return _save_batch(call, [(id_of(doc.get("price_list_id")), doc) for doc in call.array()], MOST_PUT)


def _delete_record(store: Store, record: Entity) -> Json:
    list_id, variant_id, currency = record["price_list_id"], record["variant_id"], record["currency"]
    store.rows("price_records").delete(_key(list_id, variant_id, currency))
    store.effect("price_record_deleted", variant_id, price_list_id=list_id, currency=currency)
    return {"price_list_id": list_id, "variant_id": variant_id, "currency": currency}


@routes.delete("/v3/pricelists/{price_list_id}/records/{variant_id}/{currency}")
def _handle_delete_record(call: Call, price_list_id: int, variant_id: int, currency: str) -> Response:
    record = call.store.rows("price_records").get(_key(price_list_id, variant_id, currency))
    if record is not None:
        call.store.fire("store/priceList/record/deleted", _delete_record(call.store, record))
    return no_content()


@routes.delete("/v3/pricelists/{price_list_id}/records")
def _delete_records(call: Call, price_list_id: int) -> Response:
    rows = _by_item(call, _records(call.store, price_list_id))
    gone = [_delete_record(call.store, row) for row in rows]
    if gone:
        call.store.fire("store/priceList/records/deleted", gone)
    return no_content()


# -- assignments ----------------------------------------------------------------------------------------------------


def _assign(store: Store, list_id: int, doc: Json) -> Entity:
    group, channel = doc.get("customer_group_id"), doc.get("channel_id")
    if list_id not in store.rows("price_lists") or (group is None and channel is None):
        raise v3_error(
            422, "The price list assignment is invalid", {"price_list_id": "needs a channel_id or customer_group_id"}
        )
    if channel is not None and channel not in store.rows("channels"):
        raise v3_error(422, "The channel does not exist", {"channel_id": "does not exist"})
    known = next(
        (
            row
            for row in store.rows("price_assignments").values()
            if (row["customer_group_id"], row["channel_id"]) == (group, channel)
        ),
        None,
    )
    row = known or {"id": store.take("price_assignments", 1), "customer_group_id": group, "channel_id": channel}
    row["price_list_id"] = list_id
    store.rows("price_assignments").put(row["id"], row)
    store.effect("price_list_assigned", row["id"], price_list_id=list_id, channel_id=channel, customer_group_id=group)
    store.fire("store/priceList/assignment/updated", {"type": "price_list_assignment", "price_list_id": list_id})
    return row


def _assignments(call: Call) -> list[Entity]:
    rows = list(call.store.rows("price_assignments").values())
    for name in ("id", "price_list_id", "customer_group_id", "channel_id"):
        for suffix in ("", ":in"):
            if f"{name}{suffix}" in call.query:
                rows = [row for row in rows if row[name] in ints(call.query[f"{name}{suffix}"])]
    return rows


@routes.get("/v3/pricelists/assignments")
def _list_assignments(call: Call) -> Response:
    shown, meta = cursor_page(call, _assignments(call))
    return data(shown, meta)


@routes.post("/v3/pricelists/assignments")
def _create_assignments(call: Call) -> Response:
    for doc in call.array():
        _assign(call.store, id_of(doc.get("price_list_id")), doc)
    return data([])


@routes.put("/v3/pricelists/{price_list_id}/assignments")
def _put_assignment(call: Call, price_list_id: int) -> Response:
    return data(_assign(call.store, price_list_id, call.object()))


@routes.delete("/v3/pricelists/assignments")
def _delete_assignments(call: Call) -> Response:
    if not call.query:
        raise v3_error(422, "A filter is required to delete price list assignments")
    for row in _assignments(call):
        call.store.rows("price_assignments").delete(row["id"])
        call.store.fire(
            "store/priceList/assignment/deleted",
            {"type": "price_list_assignment", "price_list_id": row["price_list_id"]},
        )
    return no_content()
