"""Locations: where stock is. The default one is also the shipping origin, and stays.

Source: BigCommerce docs, reference/locations.v3.yml.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import PROBLEM, Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import product_rows
from twinshelf_sandbox.bigcommerce.inventory.inventory import DEFAULT, transaction_id
from twinshelf_sandbox.bigcommerce.responses import Json, data, id_of, ints, iso_z, truth, v3_error
from twinshelf_sandbox.bigcommerce.store import PLAN_LOCATIONS, Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_locations", refusals=PROBLEM)

_LOCATION: Final[Json] = {
    "id": 0,
    "code": "",
    "label": "",
    "description": "",
    "managed_by_external_source": False,
    "type_id": "PHYSICAL",
    "enabled": True,
    "operating_hours": {},
    "time_zone": "Etc/UTC",
    "created_at": "",
    "updated_at": "",
    "address": {},
    "storefront_visibility": True,
    "special_hours": [],
}
_ADDRESS: Final = ("address1", "city", "state", "zip", "email", "country_code", "geo_coordinates")
_FIXED: Final = {"id", "created_at", "updated_at"}


def default_location(store: Store) -> Entity:
    """The location every store has: default and shipping origin."""
    now = iso_z(store.now)
    address = {
        "address1": "685 Market Street", "address2": "", "city": "San Francisco", "state": "California",
        "zip": "94105", "email": "store@example.com", "phone": "", "country_code": "US",
        "geo_coordinates": {"latitude": 37.7886, "longitude": -122.4014},
    }  # fmt: skip
    return {**_LOCATION, "id": DEFAULT, "code": "BC-LOCATION-1", "label": "Default location",
            "address": address, "created_at": now, "updated_at": now}  # fmt: skip


_KINDS: Final[dict[str, tuple[type, str]]] = {
    "code": (str, "must be text"),
    "label": (str, "must be text"),
    "description": (str, "must be text"),
    "time_zone": (str, "must be text"),
    "enabled": (bool, "must be a boolean"),
    "managed_by_external_source": (bool, "must be a boolean"),
    "storefront_visibility": (bool, "must be a boolean"),
    "operating_hours": (dict, "must be an object"),
    "special_hours": (list, "must be an array"),
}


def _check(store: Store, docs: list[Json], known: list[Entity | None]) -> None:
    """Refuse bad documents, all at once; each stands beside the location it changes, None for one to be made."""
    errors: dict[str, str] = {}
    owners: dict[Any, int] = {row["code"]: row["id"] for row in store.rows("locations").values()}
    for at, (doc, row) in enumerate(zip(docs, known, strict=True)):
        wrong = _wrong({**(row or {**_LOCATION, "code": "to be made"}), **doc})
        owner = -1 - at if row is None else row["id"]
        if "code" in doc and "code" not in wrong and owners.setdefault(doc["code"], owner) != owner:
            wrong["code"] = "must be unique"
        errors.update({f"{at}.{name}": text for name, text in wrong.items()})
    if errors:
        raise v3_error(422, "Payload contains invalid fields", errors)


def _wrong(whole: Json) -> dict[str, str]:
    """What is wrong with a location, by field."""
    errors = {name: text for name, (kind, text) in _KINDS.items() if not isinstance(whole[name], kind)}
    errors.update({name: "must not be blank" for name in ("code", "label") if not whole[name]})
    if whole["type_id"] not in ("PHYSICAL", "VIRTUAL"):
        errors["type_id"] = "must be PHYSICAL or VIRTUAL"
    address = whole["address"]
    if not isinstance(address, dict) or (whole["type_id"] == "PHYSICAL" and not address):
        errors["address"] = "must not be null"
    elif whole["type_id"] == "PHYSICAL":
        errors.update({f"address.{name}": "must not be null" for name in _ADDRESS if not address.get(name)})
        if "address.geo_coordinates" not in errors and not _is_spot(address["geo_coordinates"]):
            errors["address.geo_coordinates"] = "must have a latitude and a longitude"
    return errors


def _is_spot(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(name), int | float | Decimal) and abs(value[name]) <= most
        for name, most in (("latitude", 90), ("longitude", 180))
    )


@routes.get("/v3/inventory/locations")
def _list_locations(call: Call) -> Response:
    query = call.query
    rows = list(call.store.rows("locations").values())
    if "location_id:in" in query:
        rows = [row for row in rows if row["id"] in ints(query["location_id:in"])]
    if "location_code:in" in query:
        rows = [row for row in rows if row["code"] in query["location_code:in"].split(",")]
    if "type_id:in" in query:
        rows = [row for row in rows if row["type_id"] in query["type_id:in"].split(",")]
    if "is_default" in query:
        rows = [row for row in rows if (row["id"] == DEFAULT) == truth(query["is_default"])]
    for name, column in (
        ("is_active", "enabled"),
        ("managed_by_external_source", "managed_by_external_source"),
        ("storefront_visibility", "storefront_visibility"),
    ):
        if name in query:
            rows = [row for row in rows if row[column] == truth(query[name])]
    shown, meta = call.paged(rows, 50, 1_000)
    return data(shown, meta)


@routes.post("/v3/inventory/locations")
def _create_locations(call: Call) -> Response:
    store, docs = call.store, call.array()
    _check(store, docs, [None] * len(docs))
    most = PLAN_LOCATIONS[store.row["plan"]]
    if len(store.rows("locations")) + len(docs) > most:
        raise v3_error(422, f"The store has reached its limit of {most} locations.")
    for doc in docs:
        add_location(store, doc)
    return Response.json({"transaction_id": transaction_id(store)})


def _writable(doc: Json) -> Json:
    """What a caller may set. A row would keep a Decimal as text, and coordinates are numbers."""
    kept = {name: doc[name] for name in _LOCATION if name in doc and name not in _FIXED}
    place = kept.get("address")
    if isinstance(place, dict) and isinstance(place.get("geo_coordinates"), dict):
        spot = {k: float(v) if isinstance(v, Decimal) else v for k, v in place["geo_coordinates"].items()}
        kept["address"] = {**place, "geo_coordinates": spot}
    return kept


def add_location(store: Store, doc: Json) -> int:
    """Open a location; returns its id."""
    location_id = store.take("locations", DEFAULT + 1)
    now = iso_z(store.now)
    row = {**_LOCATION, "code": f"BC-LOCATION-{location_id}", **_writable(doc)}
    row.update(id=location_id, created_at=now, updated_at=now)
    store.rows("locations").put(location_id, row)
    _enabled(store)
    store.effect("location_created", location_id, code=row["code"], enabled=row["enabled"])
    store.fire("store/inventory/location/created", {"location_id": location_id})
    return location_id


@routes.put("/v3/inventory/locations")
def _update_locations(call: Call) -> Response:
    store, docs = call.store, call.array()
    known = [store.rows("locations").get(id_of(doc.get("id"))) for doc in docs]
    missing = {f"{at}.id": "Location was not found" for at, row in enumerate(known) if row is None}
    if missing:
        raise v3_error(422, "Payload contains invalid fields", missing)
    _check(store, docs, known)
    for doc in docs:
        set_location(store, doc["id"], **_writable(doc))
    return Response.json({"transaction_id": transaction_id(store)})


def set_location(store: Store, location_id: int, **fields: Any) -> None:
    """Change fields of a location; switching it off or on moves what the catalog shows as level."""
    row = store.rows("locations")[location_id]
    changed = {name: value for name, value in fields.items() if row[name] != value}
    if not changed:
        return
    store.rows("locations").put(location_id, {**row, **changed, "updated_at": iso_z(store.now)})
    _enabled(store)
    if "enabled" in changed:
        _relevel(store, location_id)
    store.effect("location_updated", location_id, fields=sorted(changed), enabled=fields.get("enabled", row["enabled"]))
    store.fire("store/inventory/location/updated", {"location_id": location_id})


@routes.delete("/v3/inventory/locations")
def _delete_locations(call: Call) -> Response:
    store = call.store
    if "location_id:in" not in call.query:
        raise v3_error(422, "The location_id:in filter is required.")
    chosen = ints(call.query["location_id:in"])
    for location_id in chosen:
        row = store.rows("locations").get(location_id)
        if row is None:
            raise v3_error(404, "The requested location was not found.")
        label = row["label"]
        if location_id == DEFAULT:
            why = "is set as a shipping origin for this store and can't be deleted."
            raise v3_error(422, f"Location can't be deleted. {label} {why}")
        orders = store.open_orders_at(location_id)
        if orders:
            why = f"is associated with {orders} order(s) and can't be deleted by now."
            raise v3_error(422, f"Location with associated orders can't be deleted. {label} {why}")
    for location_id in chosen:
        remove_location(store, location_id)
    return Response.json({"transaction_id": transaction_id(store)})


def remove_location(store: Store, location_id: int) -> None:
    """Delete a location; its stock goes with it."""
    store.rows("locations").delete(location_id)
    _enabled(store)
    _relevel(store, location_id, drop=True)
    store.effect("location_deleted", location_id)


def _enabled(store: Store) -> None:
    store.update(enabled_locations=[str(row["id"]) for row in store.rows("locations").values() if row["enabled"]])


def _relevel(store: Store, location_id: int, *, drop: bool = False) -> None:
    """Bring the levels of every product with stock at a location into step; `drop` takes that stock away."""
    for product_id in list(store.index.products.all):
        product = product_rows.load(store, product_id)
        if product is None or not any(str(location_id) in shelves for shelves in product.stock.values()):
            continue
        if drop:
            for shelves in product.stock.values():
                shelves.pop(str(location_id), None)
        product.derive_levels(store)
        store.products.put(product_id, product.encode())
