"""Customers V3, as far as a connector may want a record of a buyer.

Source: BigCommerce docs, reference/customers.v3.yml.
"""

from __future__ import annotations

import re
from typing import Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.answers import Json, data, ints, iso_z, no_content, v3_error
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.pricelists import cursor_page
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_customers")

MOST: Final = 10
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
        "address_type",
    )
}


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


def _shown(call: Call, row: Entity) -> Json:
    include = call.query.get("include", "").split(",")
    addresses = row["addresses"]
    shown = {name: value for name, value in row.items() if name != "addresses"}
    shown["address_count"] = len(addresses)
    if "addresses" in include:
        shown["addresses"] = addresses
    return shown


def _put_addresses(store: Store, row: Entity, doc: Json) -> None:
    for one in doc.get("addresses") or []:
        kept, errors = fields.check(one if isinstance(one, dict) else {}, _ADDRESS)
        if errors:
            raise v3_error(422, "Create customer addresses failed", errors)
        row["addresses"].append(
            {"id": store.take("customer_addresses", 1), "customer_id": row["id"], **dict.fromkeys(_ADDRESS, ""), **kept}
        )


@routes.get("/v3/customers")
def _list_customers(call: Call) -> Response:
    query = call.query
    rows = list(call.store.rows("customers").values())
    if "id:in" in query:
        rows = [row for row in rows if row["id"] in ints(query["id:in"])]
    if "email:in" in query:
        emails = {email.strip().casefold() for email in query["email:in"].split(",")}
        rows = [row for row in rows if row["email"].casefold() in emails]
    shown, meta = cursor_page(call, rows)
    return data([_shown(call, row) for row in shown], meta)


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
        made.append(_shown(call, row))
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
        saved.append(_shown(call, row))
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
