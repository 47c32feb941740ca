"""Customers V3, as far as a connector may want a record of a buyer.

Source: BigCommerce docs, reference/customers.v3.yml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog.price_lists import cursor_page
from twinshelf_sandbox.bigcommerce.filters import by_dates, by_id
from twinshelf_sandbox.bigcommerce.responses import Json, data, ints, iso_z, no_content, v3_error
from twinshelf_sandbox.bigcommerce.settings import geography
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_customers")

MOST: Final = 10
_SAVED: Final = ("addresses", "storecredit", "attributes", "formfields", "shopper_profile_id", "segment_ids")
"""The parts shown of a customer that was just saved: all."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CHECKS: Final[dict[str, fields.Check]] = {
    "email": fields.text(250, 3),
    "first_name": fields.text(100, 1),
    "last_name": fields.text(100, 1),
    "company": fields.text(255),
    "phone": fields.text(50),
    "notes": fields.text(),
    "tax_exempt_category": fields.text(255),
    "customer_group_id": fields.whole(),
    "accepts_product_review_abandoned_cart_emails": fields.truth,
    "origin_channel_id": fields.whole(),
    "channel_ids": fields.optional(fields.list_of(fields.whole())),
}
_ADDRESS: Final[dict[str, fields.Check]] = {
    name: fields.text(255)
    for name in (
        "first_name",
        "last_name",
        "company",
        "address1",
        "address2",
        "city",
        "state_or_province",
        "postal_code",
        "country_code",
        "phone",
    )
} | {"address_type": fields.one_of("residential", "commercial")}


def _checked(call: Call, at: int, doc: Json, known: Entity | None) -> Json:
    kept, errors = fields.check(doc, _CHECKS)
    if known is None:
        errors.update(
            {name: f"Please provide {name}." for name in ("email", "first_name", "last_name") if not doc.get(name)}
        )
    if "email" in kept and "email" not in errors:
        if not _EMAIL.fullmatch(kept["email"]):
            errors["email"] = "email is invalid"
        for row in call.store.rows("customers").table.values():
            if row["email"].casefold() == kept["email"].casefold() and (known is None or row["id"] != known["id"]):
                errors["email"] = f"{kept['email']} already in use"
    addresses = doc.get("addresses") or []
    if not isinstance(addresses, list) or len(addresses) > MOST:
        errors["addresses"] = f"addresses must have no more than {MOST} items"
    if errors:
        raise v3_error(
            422,
            "Create customers failed" if known is None else "Update customers failed",
            {f"{at}.{k}": v for k, v in errors.items()},
        )
    return kept


def _docs(call: Call) -> list[Json]:
    docs = call.array()
    if len(docs) > MOST:
        raise v3_error(
            413, f"The request payload is too large. The maximum items allowed in the array is {MOST}.", short=True
        )
    return docs


def _shown(row: Entity, include: Iterable[str]) -> Json:
    """A customer with the parts asked for. Nobody here has store credit, attributes, forms, a profile or a segment."""
    parts = {
        "addresses": ("addresses", row["addresses"]),
        "storecredit": ("store_credit_amounts", [{"amount": 0}]),
        "attributes": ("attributes", []),
        "formfields": ("form_fields", []),
        "shopper_profile_id": ("shopper_profile_id", ""),
        "segment_ids": ("segment_ids", []),
    }
    shown = {name: value for name, value in row.items() if name != "addresses"}
    shown["address_count"] = len(row["addresses"])
    return {**shown, **dict(parts[name] for name in include if name in parts)}


def _put_addresses(store: Store, row: Entity, doc: Json) -> None:
    for one in doc.get("addresses") or []:
        _add_address(store, row, one if isinstance(one, dict) else {})


def _add_address(store: Store, row: Entity, doc: Json) -> Json:
    address = {
        "id": store.take("customer_addresses", 1),
        "customer_id": row["id"],
        **dict.fromkeys(_ADDRESS, ""),
        "address_type": "residential",
        "country": "",
        **_checked_address(doc, "Create customer addresses failed"),
    }
    row["addresses"].append(address)
    return address


def _checked_address(doc: Json, title: str) -> Json:
    """The writable fields of an address, with the country's name beside its code."""
    kept, errors = fields.check(doc, _ADDRESS)
    if errors:
        raise v3_error(422, title, errors)
    if "country_code" in kept:
        kept["country"] = geography.country_name(kept["country_code"]) or ""
    return kept


def _listed(text: str) -> set[str]:
    return {one.strip().casefold() for one in text.split(",")}


def _filtered(call: Call) -> list[Entity]:
    """The customers that the filters leave, dates aside."""
    query = call.query
    rows = by_id(call.store.rows("customers").values(), query)
    rows = by_id(rows, query, "customer_group_id", "customer_group_id")
    for name in ("email", "company", "phone", "registration_ip_address"):
        if f"{name}:in" in query:
            rows = [row for row in rows if row[name].casefold() in _listed(query[f"{name}:in"])]
    if "name:in" in query:
        rows = [row for row in rows if _name(row) in _listed(query["name:in"])]
    if "name:like" in query:
        part = query["name:like"].replace("%", " ").strip().casefold()
        rows = [row for row in rows if part in _name(row)]
    return rows


def _name(row: Entity) -> str:
    return f"{row['first_name']} {row['last_name']}".casefold()


def _sorted(rows: list[Entity], order: str) -> list[Entity]:
    field, _, direction = order.partition(":")
    if field not in {"date_created", "date_modified", "last_name"} or direction not in {"", "asc", "desc"}:
        raise v3_error(422, f"Invalid sort: {order[:50]}", {"sort": "must be date_created, date_modified or last_name"})
    return sorted(rows, key=lambda row: (row[field], row["id"]), reverse=direction == "desc")


@routes.get("/v3/customers")
def _list_customers(call: Call) -> Response:
    query = call.query
    rows = _sorted(by_dates(call, _filtered(call)), query.get("sort", "date_created:asc"))
    shown, meta = cursor_page(call, rows)
    return data([_shown(row, query.get("include", "").split(",")) for row in shown], meta)


@routes.post("/v3/customers")
def _create_customers(call: Call) -> Response:
    store, docs = call.store, _docs(call)
    made = []
    for at, doc in enumerate(docs):
        kept = _checked(call, at, doc, None)
        now = iso_z(store.now)
        row = {
            "id": store.take("customers", 11),
            "company": "",
            "phone": "",
            "notes": "",
            "tax_exempt_category": "",
            "customer_group_id": 0,
            "accepts_product_review_abandoned_cart_emails": False,
            "origin_channel_id": 1,
            "channel_ids": None,
            **kept,
            "authentication": {"force_password_reset": False},
            "registration_ip_address": "",
            "date_created": now,
            "date_modified": now,
            "addresses": [],
        }
        _put_addresses(store, row, doc)
        store.rows("customers").put(row["id"], row)
        store.effect("customer_created", row["id"])
        store.fire("store/customer/created", {"type": "customer", "id": row["id"]})
        made.append(_shown(row, _SAVED))
    return data(made)


@routes.put("/v3/customers")
def _update_customers(call: Call) -> Response:
    store, docs = call.store, _docs(call)
    saved = []
    for at, doc in enumerate(docs):
        row = store.rows("customers").get(doc.get("id") or 0)
        if row is None:
            raise v3_error(422, "Update customers failed", {f"{at}.id": "does not exist"})
        row.update(_checked(call, at, doc, row), date_modified=iso_z(store.now))
        store.rows("customers").put(row["id"], row)
        store.effect("customer_updated", row["id"])
        store.fire("store/customer/updated", {"type": "customer", "id": row["id"]})
        saved.append(_shown(row, _SAVED))
    return data(saved)


@routes.delete("/v3/customers")
def _delete_customers(call: Call) -> Response:
    if "id:in" not in call.query:
        raise v3_error(422, "The id:in filter is required")
    for customer_id in ints(call.query["id:in"]):
        if call.store.rows("customers").delete(customer_id):
            call.store.effect("customer_deleted", customer_id)
            call.store.fire("store/customer/deleted", {"type": "customer", "id": customer_id})
    return no_content()


# -- their addresses ------------------------------------------------------------------------------------------------


def _holders(call: Call) -> list[Entity]:
    """The customers with addresses."""
    return [row for row in call.store.rows("customers").values() if row["addresses"]]


@routes.get("/v3/customers/addresses")
def _list_addresses(call: Call) -> Response:
    query = call.query
    rows = by_id([one for row in _holders(call) for one in row["addresses"]], query)
    rows = by_id(rows, query, "customer_id", "customer_id")
    if "company:in" in query:
        rows = [row for row in rows if row["company"].casefold() in _listed(query["company:in"])]
    if "name:in" in query:
        rows = [row for row in rows if _name(row) in _listed(query["name:in"])]
    shown, meta = call.paged(rows)
    return data(shown, meta)


@routes.post("/v3/customers/addresses")
def _create_addresses(call: Call) -> Response:
    made = []
    for at, doc in enumerate(_docs(call)):
        row = call.store.rows("customers").get(doc.get("customer_id"))
        if row is None:
            raise v3_error(422, "Create customer addresses failed", {f"{at}.customer_id": "does not exist"})
        made.append(_add_address(call.store, row, doc))
        _keep(call.store, row)
    return data(made)


def _keep(store: Store, row: Entity) -> None:
    store.rows("customers").put(row["id"], {**row, "date_modified": iso_z(store.now)})
    store.fire("store/customer/updated", {"type": "customer", "id": row["id"]})


@routes.put("/v3/customers/addresses")
def _update_addresses(call: Call) -> Response:
    saved = []
    for at, doc in enumerate(_docs(call)):
        row, address = _address(call, at, doc.get("id"))
        address.update(_checked_address(doc, "Update customer addresses failed"))
        saved.append(address)
        _keep(call.store, row)
    return data(saved)


def _address(call: Call, at: int, address_id: Any) -> tuple[Entity, Json]:
    """(customer, address) of an id. Raises Refused where there is none."""
    for row in _holders(call):
        for address in row["addresses"]:
            if address["id"] == address_id:
                return row, address
    raise v3_error(422, "Update customer addresses failed", {f"{at}.id": "does not exist"})


@routes.delete("/v3/customers/addresses")
def _delete_addresses(call: Call) -> Response:
    if "id:in" not in call.query:
        raise v3_error(422, "The id:in filter is required")
    gone = set(ints(call.query["id:in"]))
    for row in _holders(call):
        left = [address for address in row["addresses"] if address["id"] not in gone]
        if left != row["addresses"]:
            row["addresses"] = left
            _keep(call.store, row)
    return no_content()
