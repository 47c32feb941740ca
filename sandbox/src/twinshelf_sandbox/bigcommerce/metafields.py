"""Metafields of products, variants, brands, categories, orders, channels, locations, customers and the store.

What another account made is seen and edited as far as its `permission_set` allows. Source: BigCommerce docs,
reference/catalog/products_catalog.v3.yml, orders.v3.yml, store-operations/metafields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog.price_lists import cursor_page
from twinshelf_sandbox.bigcommerce.filters import by_dates, by_id
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    Refused,
    data,
    decode,
    ints,
    iso,
    no_content,
    not_found,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes()

MOST_PER_CLIENT: Final = 250
_SETS: Final = ("app_only", "read", "write", "read_and_sf_access", "write_and_sf_access")
_SEEN_BY_ALL: Final = frozenset(_SETS) - {"app_only"}
_EDITED_BY_ALL: Final = frozenset({"write", "write_and_sf_access"})
_CHECKS: Final[dict[str, fields.Check]] = {
    "key": fields.text(64, 1),
    "value": fields.text(65_535, 1),
    "namespace": fields.text(64, 1),
    "permission_set": fields.one_of(*_SETS),
    "description": fields.text(255),
}
_REQUIRED: Final = ("key", "value", "namespace", "permission_set")
_SHOWN: Final = (
    "id", "key", "value", "namespace", "permission_set", "resource_type", "resource_id", "description",
    "date_created", "date_modified", "owner_client_id",
)  # fmt: skip


def _shown(row: Entity) -> Json:
    shown = {name: row[name] for name in _SHOWN}
    if row["resource_type"] == "store":  # its ids are text, unlike those of all other kinds
        shown.update(id=str(row["id"]), resource_id=str(row["resource_id"]))
    return shown


def _visible(call: Call, row: Entity) -> bool:
    return row["owner_client_id"] == call.client_id or row["permission_set"] in _SEEN_BY_ALL


def _rows(call: Call, kind: str, resource_id: int | None) -> list[Entity]:
    """The metafields of a kind of thing that the caller may see, after the filters of the query."""
    query = call.query
    rows = [
        row
        for row in call.store.rows("metafields").values()
        if row["resource_type"] == kind
        and (resource_id is None or row["resource_id"] == resource_id)
        and _visible(call, row)
    ]
    for name in ("key", "namespace"):
        if name in query:
            rows = [row for row in rows if row[name] == query[name]]
        if f"{name}:in" in query:
            rows = [row for row in rows if row[name] in query[f"{name}:in"].split(",")]
    if "resource_id:in" in query:
        rows = [row for row in rows if row["resource_id"] in ints(query["resource_id:in"])]
    rows = by_dates(call, by_id(rows, query))
    if query.get("direction", "asc").lower() == "desc":
        rows.reverse()
    return rows


def _one(call: Call, kind: str, resource_id: int | None, metafield_id: int) -> Entity:
    row = call.store.rows("metafields").get(metafield_id)
    if (
        row is None
        or row["resource_type"] != kind
        or (resource_id is not None and row["resource_id"] != resource_id)
        or not _visible(call, row)
    ):
        raise not_found("The resource at that URL is not found.")
    return row


def _may_edit(call: Call, row: Entity) -> None:
    own = row["owner_client_id"] == call.client_id
    if (
        not own
        and row["permission_set"] not in _EDITED_BY_ALL
        and "store_metafield_write_all" not in call.account["scopes"]
    ):
        raise v3_error(403, "You are not allowed to change this metafield")


def _checked(doc: Json, *, new: bool) -> Json:
    kept, errors = fields.check(doc, _CHECKS)
    if new:
        errors.update({name: f"Please provide a {name}." for name in _REQUIRED if doc.get(name) is None})
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    return kept


def _save(call: Call, row: Entity, what: str) -> None:
    store = call.store
    store.rows("metafields").put(row["id"], row)
    store.effect(
        f"metafield_{what}",
        row["id"],
        resource_type=row["resource_type"],
        resource_id=row["resource_id"],
        key=row["key"],
    )
    _tell(store, row, what)


def _tell(store: Store, row: Entity, what: str) -> None:
    content = {
        "type": "metafield",
        "metafield_id": row["id"],
        "resource_id": str(row["resource_id"]),
        "namespace": row["namespace"],
        "owner_client_id": row["owner_client_id"],
    }
    kind = "inventory/location" if row["resource_type"] == "location" else row["resource_type"]
    if kind != "customer":  # no document lists events of their own for metafields of customers
        store.fire(f"store/{kind}/metafield/{what}", content)
    store.fire(f"store/metafield/{what}", content)


def _create(call: Call, kind: str, resource_id: int, doc: Json) -> Entity:
    store, kept = call.store, _checked(doc, new=True)
    siblings = _siblings(store, (kind, resource_id, call.client_id))
    _no_twin(siblings, kept)
    if len(siblings) >= MOST_PER_CLIENT:
        raise v3_error(422, f"No more than {MOST_PER_CLIENT} metafields per client and {kind}")
    now = iso(store.now)
    row = {
        "id": store.take("metafields", 6),
        "description": "",
        **kept,
        "resource_type": kind,
        "resource_id": resource_id,
        "date_created": now,
        "date_modified": now,
        "owner_client_id": call.client_id,
    }
    _save(call, row, "created")
    return row


def _siblings(store: Store, place: tuple[str, int, str]) -> list[Entity]:
    """The metafields of (kind, resource, owner)."""
    return [
        row
        for row in store.rows("metafields").table.values()
        if (row["resource_type"], row["resource_id"], row["owner_client_id"]) == place
    ]


def _no_twin(siblings: list[Entity], named: Json) -> None:
    if any((row["namespace"], row["key"]) == (named["namespace"], named["key"]) for row in siblings):
        raise v3_error(409, "The metafield is a duplicate", {"key": "must be unique in its namespace"})


def _update(call: Call, row: Entity, doc: Json) -> Entity:
    _may_edit(call, row)
    kept = _checked(doc, new=False)
    if any(row[name] != value for name, value in kept.items()):
        siblings = _siblings(call.store, (row["resource_type"], row["resource_id"], row["owner_client_id"]))
        _no_twin([other for other in siblings if other["id"] != row["id"]], {**row, **kept})
        row.update(kept, date_modified=iso(call.store.now))
        _save(call, row, "updated")
    return row


def _delete(call: Call, row: Entity) -> None:
    _may_edit(call, row)
    call.store.rows("metafields").delete(row["id"])
    call.store.effect(
        "metafield_deleted",
        row["id"],
        resource_type=row["resource_type"],
        resource_id=row["resource_id"],
        key=row["key"],
    )
    _tell(call.store, row, "deleted")


# -- the same routes for every kind of thing --------------------------------------------------------------------------

Exists = Callable[[Store, int], bool]


def _need(call: Call, exists: Exists, resource_id: int) -> None:
    if not exists(call.store, resource_id):
        raise not_found("The resource at that URL is not found.")


def _register(kind: str, base: str, scope: str, exists: Exists) -> None:
    """Single routes at `base`, whose last placeholder is the thing's id; without one it is the store."""
    name = base.rsplit("{", 1)[1].split("}", maxsplit=1)[0] if "{" in base else ""

    def of(call: Call, ids: dict[str, int]) -> int:
        number: int = ids[name] if name else call.store.row["store_id"]
        return number

    def list_(call: Call, **ids: int) -> Response:
        _need(call, exists, of(call, ids))
        shown, meta = cursor_page(call, _rows(call, kind, of(call, ids)))
        return data([call.narrow(_shown(row)) for row in shown], meta)

    def create(call: Call, **ids: int) -> Response:
        _need(call, exists, of(call, ids))
        return data(_shown(_create(call, kind, of(call, ids), call.object())))

    def get(call: Call, metafield_id: int, **ids: int) -> Response:
        return data(call.narrow(_shown(_one(call, kind, of(call, ids), metafield_id))))

    def update(call: Call, metafield_id: int, **ids: int) -> Response:
        return data(_shown(_update(call, _one(call, kind, of(call, ids), metafield_id), call.object())))

    def delete(call: Call, metafield_id: int, **ids: int) -> Response:
        _delete(call, _one(call, kind, of(call, ids), metafield_id))
        return no_content()

    routes.get(base, scope)(list_)
    if name:
        routes.post(base, scope)(create)
    routes.get(f"{base}/{{metafield_id}}", scope)(get)
    routes.put(f"{base}/{{metafield_id}}", scope)(update)
    routes.delete(f"{base}/{{metafield_id}}", scope)(delete)


def _each(call: Call, docs: list[Json], work: Callable[[Json], Json | int]) -> Response:
    """Do each of a batch apart: a refusal may come with a part that was saved."""
    saved, wrong = [], []
    for doc in docs:
        try:
            with call.store.world.savepoint():
                saved.append(work(doc))
        except Refused as refused:
            wrong.append(decode(refused.response.body))
    meta = {"total": len(docs), "success": len(saved), "failed": len(wrong)}
    if wrong:
        return Response.json({"data": saved, "errors": wrong, "meta": meta}, 422)
    return data(saved, meta)


def _list_many(call: Call, kind: str) -> Response:
    shown, meta = cursor_page(call, _rows(call, kind, None))
    return data([call.narrow(_shown(row)) for row in shown], meta)


def _create_many(call: Call, kind: str, exists: Exists) -> Response:
    def work(doc: Json) -> Json:
        resource_id = doc.get("resource_id")
        if not isinstance(resource_id, int) or not exists(call.store, resource_id):
            raise v3_error(422, "JSON data is missing or invalid", {"resource_id": "does not exist"})
        return _shown(_create(call, kind, resource_id, doc))

    return _each(call, call.array(), work)


def _update_many(call: Call, kind: str) -> Response:
    return _each(call, call.array(), lambda doc: _shown(_update(call, _one(call, kind, None, _id(doc)), doc)))


def _delete_many(call: Call, kind: str) -> Response:
    body = call.json()
    if not isinstance(body, list) or not all(isinstance(one, int) for one in body):
        raise v3_error(400, "Input is invalid", detail="Syntax error")

    def work(doc: Json) -> int:
        _delete(call, _one(call, kind, None, _id(doc)))
        return _id(doc)

    return _each(call, [{"id": one} for one in body], work)


def _id(doc: Json) -> int:
    number = doc.get("id")
    return number if isinstance(number, int) else 0


def _register_batch(kind: str, base: str, scope: str, exists: Exists) -> None:
    """Routes for many at once, over all things of a kind."""
    routes.get(base, scope)(lambda call: _list_many(call, kind))
    routes.post(base, scope)(lambda call: _create_many(call, kind, exists))
    routes.put(base, scope)(lambda call: _update_many(call, kind))
    routes.delete(base, scope)(lambda call: _delete_many(call, kind))


def _register_store() -> None:
    """The store has the batch on the address of its list, where others have the single call; that is taken too."""
    base, scope = "/v3/store/metafields", "store_v2_information"
    _register("store", base, scope, lambda _store, _one: True)

    def create(call: Call) -> Response:
        store_id: int = call.store.row["store_id"]
        body = call.json()
        if isinstance(body, dict):
            return data(_shown(_create(call, "store", store_id, body)))
        return _each(call, call.array(), lambda doc: _shown(_create(call, "store", store_id, doc)))

    routes.post(base, scope)(create)
    routes.put(base, scope)(lambda call: _update_many(call, "store"))
    routes.delete(base, scope)(lambda call: _delete_many(call, "store"))


def _in(table: str) -> Exists:
    return lambda store, one: one in store.rows(table)


def _is_variant(store: Store, one: int) -> bool:
    # The product in the path must be there, but whether it owns the variant is not looked at.
    return one in store.index.product_of


_PRODUCTS: Final = "store_v2_products"
for _kind, _base, _scope, _exists in (
    ("product", "/v3/catalog/products/{product_id}/metafields", _PRODUCTS, _in("products")),
    ("variant", "/v3/catalog/products/{product_id}/variants/{variant_id}/metafields", _PRODUCTS, _is_variant),
    ("brand", "/v3/catalog/brands/{brand_id}/metafields", _PRODUCTS, _in("brands")),
    ("category", "/v3/catalog/categories/{category_id}/metafields", _PRODUCTS, _in("categories")),
    ("order", "/v3/orders/{order_id}/metafields", "store_v2_orders", _in("orders")),
    ("channel", "/v3/channels/{channel_id}/metafields", "store_channel_settings", _in("channels")),
    ("location", "/v3/inventory/locations/{location_id}/metafields", "store_locations", _in("locations")),
    ("customer", "/v3/customers/{customer_id}/metafields", "store_v2_customers", _in("customers")),
):
    _register(_kind, _base, _scope, _exists)
for _kind, _base, _scope, _exists in (
    ("product", "/v3/catalog/products/metafields", _PRODUCTS, _in("products")),
    ("variant", "/v3/catalog/variants/metafields", _PRODUCTS, _is_variant),
    ("brand", "/v3/catalog/brands/metafields", _PRODUCTS, _in("brands")),
    ("category", "/v3/catalog/categories/metafields", _PRODUCTS, _in("categories")),
    ("order", "/v3/orders/metafields", "store_v2_orders", _in("orders")),
    ("channel", "/v3/channels/metafields", "store_channel_settings", _in("channels")),
    ("location", "/v3/inventory/locations/metafields", "store_locations", _in("locations")),
    ("customer", "/v3/customers/metafields", "store_v2_customers", _in("customers")),
):
    _register_batch(_kind, _base, _scope, _exists)
_register_store()
