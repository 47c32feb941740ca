"""Products, variants and what hangs on them: the Catalog API.

Source: BigCommerce docs, reference/catalog/*.v3.yml.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.bigcommerce import fields, inventory, pictures, products
from twinshelf_sandbox.bigcommerce.answers import (
    Json,
    Refused,
    data,
    data_raw,
    decode,
    encode,
    id_of,
    ints,
    iso,
    join,
    no_content,
    not_found,
    number,
    objects,
    pagination,
    parse_date,
    truth,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.products import DEFAULT_LOCATION, MIRRORED, PRICES, Product, product_json, with_base
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_v2_products")

MOST_BATCH, MOST_VARIANT_BATCH, MOST_DELETE = 10, 50, 250
MOST_VARIANTS, MOST_VALUES, MOST_FIELDS, MOST_IMAGES, MOST_RULES = 600, 250, 200, 1_000, 50
FEW: Final = 10
"""Page size with `include=options` or `modifiers`, whatever `limit` says."""
INCLUDES: Final = (
    "bulk_pricing_rules", "channels", "custom_fields", "images", "modifiers", "options", "parent_relations",
    "primary_image", "reviews", "variants", "videos",
)  # fmt: skip
SORTS: Final = (
    "id", "name", "sku", "price", "date_modified", "date_last_imported", "inventory_level", "is_visible",
    "total_sold", "calculated_price",
)  # fmt: skip


# -- reading products -----------------------------------------------------------------------------------------------


class _Facts(msgspec.Struct):
    """What filters look at, read without decoding the rest."""

    name: str
    type: str
    sku: str
    description: str
    price: Decimal
    calculated_price: Decimal
    weight: Decimal
    categories: list[int]
    brand_id: int
    inventory_level: int
    inventory_warning_level: int
    inventory_tracking: str
    total_sold: int
    is_visible: bool
    is_featured: bool
    is_free_shipping: bool
    availability: str
    condition: str
    upc: str
    mpn: str
    date_last_imported: str
    date_modified: str


_facts = msgspec.json.Decoder(_Facts, strict=False).decode
Test = Callable[[int, Entity, _Facts], bool]


def _tests(call: Call) -> list[Test]:
    """The filters that need the product itself."""
    query = call.query
    tests: list[Test] = []

    def add(name: str, test: Callable[[_Facts, str], bool]) -> None:
        if name in query:
            value = query[name]
            tests.append(lambda _id, _row, facts: test(facts, value))

    for field in ("mpn", "upc", "type", "availability"):
        add(field, lambda facts, value, field=field: getattr(facts, field).casefold() == value.casefold())  # type: ignore[misc]
    # The filter is in lower case although the field is capitalized.
    add("condition", lambda facts, value: facts.condition.lower() == value)
    for field in ("price", "weight"):
        add(field, lambda facts, value, field=field: getattr(facts, field) == _decimal(value))  # type: ignore[misc]
    for field in ("brand_id", "total_sold"):
        add(field, lambda facts, value, field=field: getattr(facts, field) == _decimal(value))  # type: ignore[misc]
    for field in ("is_visible", "is_featured", "is_free_shipping"):
        add(field, lambda facts, value, field=field: getattr(facts, field) == truth(value))  # type: ignore[misc]
    # A product in more than one category is excluded; `:in` means all of them, odd as it is (help texts of both).
    add("categories", lambda facts, value: facts.categories == ints(value))
    add("categories:in", lambda facts, value: set(ints(value)) <= set(facts.categories))
    add("inventory_low", lambda facts, value: _low(facts) == truth(value))
    add("out_of_stock", lambda facts, value: _out(facts) == truth(value))
    for suffix, compare in _COMPARE.items():
        add(
            f"inventory_level{suffix}",
            lambda facts, value, compare=compare: compare(Decimal(facts.inventory_level), value),  # type: ignore[misc]
        )
    keyword = query.get("keyword")
    if keyword:
        add(
            "keyword",
            lambda facts, value: value.casefold() in f"{facts.name} {facts.description} {facts.sku}".casefold(),
        )
    channels = ints(query["channel_id:in"]) if "channel_id:in" in query else None
    if channels is not None:
        tests.append(lambda _id, row, _f: any(channel in row["h"] for channel in channels))
    for suffix in ("", ":not", ":min", ":max"):
        name = f"date_last_imported{suffix}"
        if name in query:
            limit = _date(call, name)
            tests.append(lambda _i, _r, facts, limit=limit, suffix=suffix: _imported(facts, suffix, limit))  # type: ignore[misc]
    return tests


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except ArithmeticError:
        value = Decimal("NaN")
    if not value.is_finite():
        raise v3_error(422, f"Invalid filter: {text[:50]} is not a number")
    return value


_COMPARE: Final[dict[str, Callable[[Decimal, str], bool]]] = {
    "": lambda value, text: value == _decimal(text),
    ":in": lambda value, text: value in ints(text),
    ":not_in": lambda value, text: value not in ints(text),
    ":min": lambda value, text: value >= _decimal(text),
    ":max": lambda value, text: value <= _decimal(text),
    ":greater": lambda value, text: value > _decimal(text),
    ":less": lambda value, text: value < _decimal(text),
}


def _low(facts: _Facts) -> bool:
    return facts.inventory_tracking != "none" and 0 < facts.inventory_level <= facts.inventory_warning_level


def _out(facts: _Facts) -> bool:
    return facts.inventory_tracking != "none" and facts.inventory_level <= 0


def _imported(facts: _Facts, suffix: str, limit: float) -> bool:
    if not facts.date_last_imported:
        return suffix == ":not"
    at = parse_date(facts.date_last_imported, 0)
    return {"": at == limit, ":not": at != limit, ":min": at >= limit, ":max": at <= limit}[suffix]


def _date(call: Call, name: str) -> float:
    try:
        return parse_date(call.query[name], call.store.now)
    except ValueError:
        raise v3_error(422, f"Invalid filter: the value of {name} is not a date", {name: "invalid date"}) from None


def _integer(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise v3_error(
            422, f"Invalid filter: the value of {name} is not an integer", {name: "invalid integer"}
        ) from None


def _candidates(call: Call) -> tuple[list[int], int, int]:
    """(sorted ids, start, end): the products that the id, SKU and name filters leave, as a slice of a sorted list."""
    query, index = call.query, call.store.index
    chosen: set[int] | None = None

    def narrow(found: set[int]) -> None:
        nonlocal chosen
        chosen = found if chosen is None else chosen & found

    for name in ("id", "id:in"):
        if name in query:
            narrow({one for one in ints(query[name]) if index.products.has(one)})
    for name in ("sku", "sku:in"):  # the main SKU only, never a variant's
        if name in query:
            skus = [query[name]] if name == "sku" else query[name].split(",")
            narrow({one for sku in skus for one in index.products_with(sku)})
    if "name" in query:
        found = index.by_name(query["name"])
        narrow(set() if found is None else {found})
    ids = index.products.all if chosen is None else sorted(chosen)
    lows = [
        value + shift
        for name, shift in (("id:min", 0), ("id:greater", 1))
        if (value := _integer(call, name)) is not None
    ]
    highs = [
        value + shift for name, shift in (("id:max", 0), ("id:less", -1)) if (value := _integer(call, name)) is not None
    ]
    start, end = index.page(ids, max(lows, default=None), min(highs, default=None))
    return ids, start, end


def _filtered(call: Call) -> tuple[list[int], int, int]:
    """The products a list call asks for, as a slice of a list in the order asked for."""
    query, store = call.query, call.store
    ids, start, end = _candidates(call)
    tests = _tests(call)
    dated = [name for name in ("date_modified", "date_modified:min", "date_modified:max") if name in query]
    sort = query.get("sort", "id")
    if sort not in SORTS:
        raise v3_error(422, f"Invalid sort: {sort[:50]}", {"sort": f"must be one of {', '.join(SORTS)}"})
    backward = query.get("direction", "asc").lower() == "desc"
    if not tests and not dated and "id:not_in" not in query and sort == "id" and not backward:
        return ids, start, end
    kept = ids[start:end]
    for name in dated:
        limit, modified = _date(call, name), store.index.modified
        if name.endswith("min"):
            recent = store.index.changed.since(limit)
            kept = recent if len(kept) == len(store.index.products.all) else sorted(set(recent) & set(kept))
        elif name.endswith("max"):
            kept = [one for one in kept if modified[one] <= limit]
        else:
            kept = [one for one in kept if modified[one] == int(limit)]
    if "id:not_in" in query:
        without = set(ints(query["id:not_in"]))
        kept = [one for one in kept if one not in without]
    if tests:
        kept = [one for one in kept if _passes(store, one, tests)]
    if sort == "date_modified":
        kept.sort(key=lambda one: (store.index.modified[one], one))
    elif sort != "id":
        kept.sort(key=lambda one: (_sort_value(store, one, sort), one))
    if backward:
        kept.reverse()
    return kept, 0, len(kept)


def _passes(store: Store, product_id: int, tests: list[Test]) -> bool:
    row = store.products.get(product_id)
    if row is None:
        return False
    facts = _facts(row["m"])
    return all(test(product_id, row, facts) for test in tests)


def _sort_value(store: Store, product_id: int, name: str) -> Any:
    row = store.products.get(product_id)
    value = "" if row is None else decode(row["m"])[name]
    return value.casefold() if isinstance(value, str) else value


def _includes(call: Call) -> list[str]:
    names = [name.strip() for name in call.query.get("include", "").split(",") if name.strip()]
    unknown = [name for name in names if name not in INCLUDES]
    if unknown:
        raise v3_error(422, f"Invalid include: {unknown[0][:50]}", {"include": f"must be one of {', '.join(INCLUDES)}"})
    return names


def _narrowing(call: Call) -> Json | None:
    """`include_fields` and `exclude_fields`; `id` always stays."""
    keep, drop = call.query.get("include_fields"), call.query.get("exclude_fields")
    if keep is None and drop is None:
        return None
    return {
        "keep": None if keep is None else {name.strip() for name in keep.split(",")},
        "drop": set() if drop is None else {name.strip() for name in drop.split(",")},
    }


@routes.get("/v3/catalog/products")
def _list_products(call: Call) -> Response:
    store = call.store
    include, narrowing = _includes(call), _narrowing(call)
    page, limit = call.page()
    if "options" in include or "modifiers" in include:
        limit = min(limit, FEW)
    ids, start, end = _filtered(call)
    picture_base = store.picture_base
    pieces: list[bytes] = []
    count = 0
    for product_id in ids[min(start + (page - 1) * limit, end) : min(start + page * limit, end)]:
        raw = store.products.raw(product_id)
        if raw is not None:
            count += 1
            pieces.append(b",")
            pieces += product_json(raw, include, narrowing, picture_base)
    meta = pagination(end - start, count, page, limit, call.query)
    # One join for the whole answer: it may have two megabytes.
    whole = b"".join((b'{"data":[', *pieces[1:], b'],"meta":', encode(meta), b"}"))
    return Response(200, whole, {"content-type": "application/json"})


def _row(call: Call, product_id: int) -> Entity:
    row = call.store.products.get(product_id)
    if row is None:
        raise not_found("The requested product was not found.")
    return row


def _product(call: Call, product_id: int) -> Product:
    return Product(product_id, _row(call, product_id))


def _answer(call: Call, product_id: int, status: int = 200) -> Response:
    raw = call.store.products.raw(product_id)
    if raw is None:
        raise not_found("The requested product was not found.")
    return data_raw(
        b"".join(product_json(raw, _includes(call), _narrowing(call), call.store.picture_base)), status=status
    )


@routes.get("/v3/catalog/products/{product_id}")
def _get_product(call: Call, product_id: int) -> Response:
    return _answer(call, product_id)


@routes.get("/v3/catalog/summary")
def _summary(call: Call) -> Response:
    count, levels, prices, worth = 0, 0, [], Decimal(0)
    dates = []
    for product_id in call.store.index.products.all:
        product = _product(call, product_id)
        dates.append(product.main["date_created"])
        for variant in product.variants:
            count += 1
            price = Decimal(variant["calculated_price"])
            prices.append(price)
            levels += variant["inventory_level"] or 0
            worth += price * (variant["inventory_level"] or 0)
    mean = number(sum(prices, Decimal(0)) / count) if count else 0
    return data({
        "inventory_count": levels,
        "variant_count": count,
        "inventory_value": number(worth),
        "highest_variant_price": number(max(prices, default=Decimal(0))),
        "average_variant_price": mean,
        "lowest_variant_price": str(number(min(prices, default=Decimal(0)))),  # a string, unlike the others
        "oldest_variant_date": min(dates, default=None),
        "newest_variant_date": max(dates, default=None),
        "primary_category_id": 0,
        "primary_category_name": "",
    })  # fmt: skip


# -- writing products -----------------------------------------------------------------------------------------------

_REQUIRED: Final = ("name", "price", "type", "weight")


def _conflict(title: str, errors: Json | None = None) -> Refused:
    return v3_error(409, title, errors)


def _check_product(call: Call, doc: Json, product_id: int | None, *, keys: set[str] | None = None) -> Json:
    """The fields of a product document that may be kept; refuses what the platform refuses."""
    store = call.store
    if product_id is None:
        missing = {name: f"Please provide a {name}." for name in _REQUIRED if doc.get(name) is None}
        if missing:
            raise v3_error(422, "Missing Required Fields", missing)
    kept, errors = fields.check(doc, fields.PRODUCT)
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if kept.get("is_price_hidden") and kept.get("availability", "disabled") != "disabled":
        raise v3_error(422, "is_price_hidden requires availability disabled", {"is_price_hidden": "is invalid"})
    if "name" in kept:
        same = store.index.by_name(kept["name"])
        if same is not None and same != product_id:
            raise _conflict("The product name is a duplicate", {"name": "The product name is a duplicate"})
    if kept.get("sku"):
        _free_sku(store, kept["sku"], product_id, 0, keys)
    unknown = [one for one in kept.get("categories", []) if one not in store.rows("categories")]
    if unknown:
        raise _conflict(f"One or more of the categories do not exist: {unknown[0]}", {"categories": "do not exist"})
    if kept.get("brand_id") and kept["brand_id"] not in store.rows("brands"):
        raise _conflict("The brand does not exist", {"brand_id": "does not exist"})
    return kept


def _free_sku(store: Store, sku: str, product_id: int | None, variant_id: int, keys: set[str] | None = None) -> None:
    """Refuse a SKU that another product or variant has; letters' case makes no difference."""
    for owner in store.index.owners_of(sku):
        owner_product = -owner if owner < 0 else store.index.product_of[owner]
        base = (
            owner > 0
            and owner_product == product_id
            and variant_id == 0
            and len(store.products.table[owner_product]["vi"]) == 1
        )
        if (owner_product, owner) in {(product_id, variant_id), (product_id, -(product_id or 0))} or base:
            continue
        raise _conflict(
            "The product sku is a duplicate" if variant_id == 0 else "Sku is not unique", {"sku": "must be unique"}
        )
    if keys is not None:
        if sku.casefold() in keys:
            raise _conflict("The product sku is a duplicate", {"sku": "must be unique"})
        keys.add(sku.casefold())


def _brand(store: Store, doc: Json, kept: Json) -> None:
    name = kept.pop("brand_name", None)
    if name and "brand_id" not in doc:
        kept["brand_id"] = store.brand_of(name)


@routes.post("/v3/catalog/products")
def _create_product(call: Call) -> Response:
    store, doc = call.store, call.object()
    keys: set[str] = set()
    kept = _check_product(call, doc, None, keys=keys)
    variants = _nested(doc, "variants", MOST_VARIANTS)
    for at, variant in enumerate(variants):
        good, errors = fields.check(variant, fields.VARIANT)
        if errors:
            raise v3_error(422, "JSON data is missing or invalid", {f"variants.{at}.{k}": v for k, v in errors.items()})
        values = variant.get("option_values")
        if not isinstance(values, list) or not all(
            isinstance(v, dict) and isinstance(v.get("label"), str) for v in values
        ):
            raise v3_error(
                422, "JSON data is missing or invalid", {f"variants.{at}.option_values": "must be an array of labels"}
            )
        if values and not good.get("sku"):
            raise v3_error(422, "Missing Required Fields", {f"variants.{at}.sku": "Please provide a sku."})
        if good.get("sku") and good["sku"].casefold() != str(kept.get("sku", "")).casefold():
            _free_sku(store, good["sku"], None, -1, keys)
        variant.update(good)
        variant.pop("id", None)
    combos = [
        tuple(sorted((v.get("option_display_name"), v.get("label")) for v in variant["option_values"]))
        for variant in variants
    ]
    if len(set(combos)) != len(combos):
        raise _conflict("Two variants have the same option values", {"variants": "must be unique"})
    for image in _nested(doc, "images", MOST_IMAGES):
        if not isinstance(image.get("image_url"), str):
            raise v3_error(422, "image_url must be present if uploading by url", short=True)
    _nested(doc, "custom_fields", MOST_FIELDS)
    _nested(doc, "bulk_pricing_rules", MOST_RULES)
    _nested(doc, "videos", MOST_RULES)
    most = store.switch("product_limit")
    if most is not None and len(store.products) >= most:
        raise v3_error(507, "The store has reached the number of products its plan allows")
    _brand(store, doc, kept)
    product_id = store.take("products", products.FIRST_PRODUCT)
    whole = {**doc, **kept, "channels": [1]}
    for name in ("id", "date_created", "date_modified", "options", "modifiers", "_picture", "base_variant_id"):
        whole.pop(name, None)
    product = products.make_row(store, product_id, whole, store.now)
    locked = _stock_locked(store, whole)
    if locked:
        product.stock.clear()
    products.create(store, product)
    return _partly(call, product_id) if locked else _answer(call, product_id)


def _nested(doc: Json, name: str, most: int) -> list[Json]:
    rows = doc.get(name)
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise v3_error(422, "JSON data is missing or invalid", {name: "must be an array of objects"})
    if len(rows) > most:
        raise v3_error(
            422, f"A product may have no more than {most} {name}", {name: f"must have no more than {most} items"}
        )
    return rows


def _stock_locked(store: Store, doc: Json) -> bool:
    """Whether stock was sent while the default location takes no edits: then that part fails and the rest is saved."""
    levels = [doc.get("inventory_level"), *(v.get("inventory_level") for v in doc.get("variants") or [])]
    return any(level is not None for level in levels) and str(DEFAULT_LOCATION) not in store.row["enabled_locations"]


def _partly(call: Call, product_id: int) -> Response:
    """207: the product was saved, its stock was not."""
    whole = decode(_answer(call, product_id).body)
    error = v3_error(207, "Product was saved, but its inventory was not updated", {"inventory_level": "was not saved"})
    return Response.json({"data": whole["data"], "errors": decode(error.response.body), "meta": {}}, 207)


@routes.put("/v3/catalog/products/{product_id}")
def _update_product(call: Call, product_id: int) -> Response:
    _row(call, product_id)
    doc = call.object()
    locked = apply_product(call, product_id, doc)
    return _partly(call, product_id) if locked else _answer(call, product_id)


def apply_product(call: Call, product_id: int, doc: Json) -> bool:
    """Bring the fields of `doc` into a product; True if its stock part failed."""
    store = call.store
    kept = _check_product(call, doc, product_id)
    _brand(store, doc, kept)
    return put_fields(store, product_id, kept, doc)


def put_fields(store: Store, product_id: int, kept: Json, doc: Json | None = None) -> bool:
    """Set checked fields of a product, its stock last; True if the stock could not be set."""
    doc = doc or {}
    product = Product(product_id, store.products.table[product_id])
    level = kept.pop("inventory_level", None)
    product.main.update(kept)
    for name in PRICES:
        if product.main[name] is None:
            product.main[name] = 0
    for change in doc.get("custom_fields") or []:
        _put_field(store, product, change)
    levels = {}
    for change in doc.get("variants") or []:
        # The specification names variants on POST only; the migration guide sets their stock by this call.
        if isinstance(change, dict) and change.get("id") in product.row["vi"]:
            good, errors = fields.check(change, fields.VARIANT)
            if errors:
                raise v3_error(422, "JSON data is missing or invalid", errors)
            if good.get("inventory_level") is not None:
                levels[change["id"]] = good.pop("inventory_level")
            put_variant(product, product.variant(change["id"]), good)
    products.save(store, product)
    if level is not None:
        levels[0] = level
    return _put_levels(store, product_id, levels)


def _put_levels(store: Store, product_id: int, levels: dict[int, int]) -> bool:
    """Stock by variant id, 0 being the product's own, at the default location. True if that location takes no edits."""
    if not levels:
        return False
    if str(DEFAULT_LOCATION) not in store.row["enabled_locations"]:
        return True
    for variant_id, level in levels.items():
        product = Product(product_id, store.products.table[product_id])
        owner = "p"
        if product.tracking == "variant":
            if variant_id == 0 and not product.is_simple:
                continue  # the sum of the variants: cannot be written
            owner = str(variant_id or product.row["vi"][0])
        inventory.change(store, product, owner, DEFAULT_LOCATION, level, method="absolute")
    return False


def put_variant(product: Product, variant: Json, kept: Json) -> None:
    """Set checked fields of a variant; what a base variant shares with its product is set there."""
    if product.is_simple:
        for name in MIRRORED:
            if name in kept:
                value = kept.pop(name)
                product.main[name] = products.MAIN[name] if value is None else value
    variant.update(kept)
    if variant["cost_price"] is None:
        variant["cost_price"] = 0


@routes.put("/v3/catalog/products")
def update_products(call: Call) -> Response:
    """Up to ten at once; one bad one fails all, without being named."""
    docs = call.array()
    if len(docs) > MOST_BATCH:
        raise v3_error(
            413,
            f"The request payload is too large. The maximum items allowed in the array is {MOST_BATCH}.",
            short=True,
        )
    for doc in docs:
        if not isinstance(doc.get("id"), int):
            raise v3_error(422, "Missing Required Fields", {"id": "Please provide an id."})
        if doc["id"] not in call.store.products:
            raise not_found("One or more of the products were not found.")
    spared = _spared(call, docs)
    failed = False
    for doc in docs:
        if doc["id"] not in spared:
            failed |= apply_product(call, doc["id"], doc)
    pieces = [_answer(call, doc["id"]).body[len(b'{"data":') : -len(b',"meta":{}}')] for doc in docs]
    if failed or spared:
        error = v3_error(207, "Some attributes were not saved", {str(one): "was not saved" for one in sorted(spared)})
        body = b'{"data":' + join(pieces) + b',"errors":' + error.response.body + b',"meta":{}}'
        return Response(207, body, {"content-type": "application/json"})
    return data_raw(join(pieces), {"pagination": {"total": len(docs)}})


def _spared(call: Call, docs: list[Json]) -> set[int]:
    """The ids of a batch that a `partial` fault does not save: those it names by id or SKU, else every second."""
    fault = call.fault
    if fault is None or fault.action != "partial":
        return set()
    named = set(fault.items)
    if named:
        return {doc["id"] for doc in docs if str(doc.get("id")) in named or str(doc.get("sku")) in named}
    return {doc["id"] for doc in docs[1::2]}


@routes.delete("/v3/catalog/products/{product_id}")
def _delete_product(call: Call, product_id: int) -> Response:
    if product_id in call.store.products:
        products.remove(call.store, product_id)
    return no_content()


_DELETE_FILTERS: Final = (
    "id:in", "id", "id:not_in", "id:min", "id:max", "id:greater", "id:less", "name", "sku", "sku:in", "price",
    "weight", "condition", "brand_id", "date_modified", "date_modified:min", "date_modified:max",
    "date_last_imported", "is_visible", "is_featured", "inventory_level", "total_sold", "type", "categories",
    "keyword", "channel_id:in",
)  # fmt: skip


@routes.delete("/v3/catalog/products")
def _delete_products(call: Call) -> Response:
    if not any(name in call.query for name in _DELETE_FILTERS):
        raise v3_error(422, "A filter is required to delete products")
    ids, start, end = _filtered(call)
    chosen = ids[start:end]
    if len(chosen) > MOST_DELETE:
        raise v3_error(413, f"No more than {MOST_DELETE} products can be deleted at once")
    for product_id in chosen:
        products.remove(call.store, product_id)
    return no_content()


# -- variants -------------------------------------------------------------------------------------------------------


def _variant_pieces(row: Entity, picture_base: str, narrowing: Json | None) -> list[bytes]:
    pieces = [with_base(raw, picture_base) for raw in row["v"]]
    if narrowing is None:
        return pieces
    return [encode(_narrow(decode(raw), narrowing)) for raw in pieces]


def _narrow(doc: Json, narrowing: Json) -> Json:
    keep, drop = narrowing["keep"], narrowing["drop"]
    return {k: v for k, v in doc.items() if k == "id" or ((keep is None or k in keep) and k not in drop)}


@routes.get("/v3/catalog/products/{product_id}/variants")
def _list_variants(call: Call, product_id: int) -> Response:
    pieces = _variant_pieces(_row(call, product_id), call.store.picture_base, _narrowing(call))
    shown, meta = call.paged(pieces)
    return data_raw(join(shown), meta)


@routes.get("/v3/catalog/variants")
def list_all_variants(call: Call) -> Response:
    """By id, sku, upc or product only: there is no `sku:in`, no filter by date or stock."""
    store, query, index = call.store, call.query, call.store.index
    page, limit = call.page()
    chosen: set[int] | None = None
    if "id" in query:
        chosen = {one for one in ints(query["id"]) if index.variants.has(one)}
    if "sku" in query:
        found = set(index.variants_with(query["sku"]))
        chosen = found if chosen is None else chosen & found
    if "product_id:in" in query:
        found = set()
        for product_id in ints(query["product_id:in"]):
            row = store.products.get(product_id)
            found |= set() if row is None else set(row["vi"])
        chosen = found if chosen is None else chosen & found
    ids = index.variants.all if chosen is None else sorted(chosen)
    if "upc" in query:
        ids = [one for one in ids if decode(_raw_variant(store, one))["upc"] == query["upc"]]
    narrowing, picture_base = _narrowing(call), store.picture_base
    rows: dict[int, Entity] = {}
    pieces = []
    for variant_id in ids[(page - 1) * limit : page * limit]:
        product_id = index.product_of[variant_id]
        if product_id not in rows:
            row = store.products.get(product_id)
            if row is None:
                continue
            rows[product_id] = row
        row = rows[product_id]
        raw = with_base(row["v"][row["vi"].index(variant_id)], picture_base)
        pieces.append(raw if narrowing is None else encode(_narrow(decode(raw), narrowing)))
    return data_raw(join(pieces), pagination(len(ids), len(pieces), page, limit, query))


def _raw_variant(store: Store, variant_id: int) -> bytes:
    row = store.products.table[store.index.product_of[variant_id]]
    raw: bytes = row["v"][row["vi"].index(variant_id)]
    return raw


def _variant_of(product: Product, variant_id: int) -> Json:
    if variant_id not in product.row["vi"]:
        raise not_found("The requested variant was not found.")
    return product.variant(variant_id)


@routes.get("/v3/catalog/products/{product_id}/variants/{variant_id}")
def _get_variant(call: Call, product_id: int, variant_id: int) -> Response:
    variant = _variant_of(_product(call, product_id), variant_id)
    narrowing = _narrowing(call)
    return data_raw(
        with_base(encode(variant if narrowing is None else _narrow(variant, narrowing)), call.store.picture_base)
    )


def _check_variant(call: Call, doc: Json, product: Product, variant_id: int) -> Json:
    kept, errors = fields.check(doc, fields.VARIANT)
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if "sku" in kept:
        if not kept["sku"] and not product.is_simple:
            raise v3_error(422, "Missing Required Fields", {"sku": "Please provide a sku."})
        if kept["sku"]:
            _free_sku(call.store, kept["sku"], product.id, variant_id if not product.is_simple else 0)
    return kept


def _new_values(product: Product, doc: Json) -> list[Json]:
    """The option values of a new variant: one of each option, by id, in a combination not taken yet."""
    given = doc.get("option_values")
    options = product.sub("options")
    if not isinstance(given, list) or not given or not all(isinstance(value, dict) for value in given):
        raise v3_error(422, "Missing Required Fields", {"option_values": "Please provide option_values."})
    chosen = []
    for value in given:
        option = next((o for o in options if o["id"] == value.get("option_id")), None)
        known = (
            None if option is None else next((v for v in option["option_values"] if v["id"] == value.get("id")), None)
        )
        if option is None or known is None:
            raise v3_error(422, "The option values are invalid", {"option_values": "must exist on the product"})
        chosen.append({"id": known["id"], "option_id": option["id"]})
    if {value["option_id"] for value in chosen} != {option["id"] for option in options}:
        raise v3_error(422, "The option values are invalid", {"option_values": "must name one value of each option"})
    taken = {tuple(sorted(v["id"] for v in variant["option_values"])) for variant in product.variants}
    if tuple(sorted(value["id"] for value in chosen)) in taken:
        raise _conflict("A variant with these option values exists", {"option_values": "must be unique"})
    return chosen


def _add_variant(call: Call, product: Product, doc: Json) -> int:
    store = call.store
    kept = _check_variant(call, doc, product, -1)
    if not kept.get("sku"):
        raise v3_error(422, "Missing Required Fields", {"sku": "Please provide a sku."})
    values = _new_values(product, doc)
    if len(product.variants) >= MOST_VARIANTS:
        raise v3_error(422, f"A product may have no more than {MOST_VARIANTS} variants")
    kept.pop("inventory_level", None)
    variant = products.make_variant(store, product.id, {**kept, "option_values": values}, product.sub("options"))
    # The first real variant takes the place of the base variant.
    product.variants = [*(v for v in product.variants if v["option_values"]), variant]
    products.save(store, product)
    variant_id: int = variant["id"]
    return variant_id


@routes.post("/v3/catalog/products/{product_id}/variants")
def _create_variant(call: Call, product_id: int) -> Response:
    doc = call.object()
    variant_id = _add_variant(call, _product(call, product_id), doc)
    level = fields.check(doc, fields.VARIANT)[0].get("inventory_level")
    failed = level is not None and _put_levels(call.store, product_id, {variant_id: level})
    return _variant_answer(call, variant_id, failed=failed)


def _variant_answer(call: Call, variant_id: int, *, failed: bool) -> Response:
    body = with_base(_raw_variant(call.store, variant_id), call.store.picture_base)
    if not failed:
        return data_raw(body)
    error = v3_error(207, "Variant was saved, but its inventory was not updated", {"inventory_level": "was not saved"})
    return Response(
        207,
        b'{"data":' + body + b',"errors":' + error.response.body + b',"meta":{}}',
        {"content-type": "application/json"},
    )


def apply_variant(call: Call, product_id: int, variant_id: int, doc: Json) -> bool:
    """Bring the fields of `doc` into a variant; True if its stock part failed."""
    product = _product(call, product_id)
    variant = _variant_of(product, variant_id)
    kept = _check_variant(call, doc, product, variant_id)
    level = kept.pop("inventory_level", None)
    put_variant(product, variant, kept)
    products.save(call.store, product)
    return level is not None and _put_levels(call.store, product_id, {variant_id: level})


@routes.put("/v3/catalog/products/{product_id}/variants/{variant_id}")
def _update_variant(call: Call, product_id: int, variant_id: int) -> Response:
    failed = apply_variant(call, product_id, variant_id, call.object())
    return _variant_answer(call, variant_id, failed=failed)


@routes.delete("/v3/catalog/products/{product_id}/variants/{variant_id}")
def _delete_variant(call: Call, product_id: int, variant_id: int) -> Response:
    _variant_of(_product(call, product_id), variant_id)
    remove_variant(call.store, product_id, variant_id)
    return no_content()


def remove_variant(store: Store, product_id: int, variant_id: int) -> None:
    """Delete a variant; a product that lost its last one gets a base variant again."""
    product = Product(product_id, store.products.table[product_id])
    product.variants = [v for v in product.variants if v["id"] != variant_id]
    product.stock.pop(str(variant_id), None)
    if not product.variants and not product.sub("options"):
        product.variants = [products.make_variant(store, product_id, {"option_values": []}, [])]
    products.save(store, product)


@routes.put("/v3/catalog/variants")
def upsert_variants(call: Call) -> Response:
    """Up to fifty: update by `id`, create by `product_id`, `sku` and `option_values`. All or nothing."""
    store, docs = call.store, call.array()
    if len(docs) > MOST_VARIANT_BATCH:
        title = f"The request payload is too large. The maximum items allowed in the array is {MOST_VARIANT_BATCH}"
        raise v3_error(413, title, short=True)
    spared = _spared(call, docs)
    wrong, done, failed = [], [], False
    for doc in docs:
        if id_of(doc.get("id")) in spared:
            continue
        try:
            with store.world.savepoint():
                variant_id, stock_failed = _upsert(call, doc)
            done.append(variant_id)
            failed |= stock_failed
        except Refused as refused:
            error = decode(refused.response.body)
            wrong.append({
                "status": error["status"], "title": error["title"], "type": error["type"], "errors": error["errors"],
                "id": doc.get("id"), "sku": doc.get("sku"),
            })  # fmt: skip
    if wrong:
        raise Refused(Response.json({"batch_errors": wrong}, 422))
    pieces = [with_base(_raw_variant(store, one), store.picture_base) for one in done]
    if failed or spared:
        error = v3_error(
            207, "Some variants were not saved", {str(one): "was not saved" for one in sorted(spared)}
        ).response.body
        body = b'{"data":' + join(pieces) + b',"errors":' + error + b',"meta":{}}'
        return Response(207, body, {"content-type": "application/json"})
    return data_raw(join(pieces))


def _upsert(call: Call, doc: Json) -> tuple[int, bool]:
    store = call.store
    variant_id = doc.get("id")
    if isinstance(variant_id, int):
        product_id = store.index.product_of.get(variant_id)
        if product_id is None or doc.get("product_id", product_id) != product_id:
            raise not_found(f"The variant {variant_id} was not found.")
        return variant_id, apply_variant(call, product_id, variant_id, doc)
    product_id = doc.get("product_id")
    if not isinstance(product_id, int) or product_id not in store.products:
        raise v3_error(422, "Missing Required Fields", {"product_id": "Please provide an existing product_id."})
    variant_id = _add_variant(call, _product(call, product_id), doc)
    level = fields.check(doc, fields.VARIANT)[0].get("inventory_level")
    return variant_id, level is not None and _put_levels(store, product_id, {variant_id: level})


@routes.post("/v3/catalog/products/{product_id}/variants/{variant_id}/image")
def _set_variant_image(call: Call, product_id: int, variant_id: int) -> Response:
    product = _product(call, product_id)
    variant = _variant_of(product, variant_id)
    key = pictures.received(call, most=pictures.MOST_VARIANT_BYTES)
    variant["image_url"] = products.picture_mark(key)
    products.save(call.store, product)
    return data({"image_url": call.store.picture_base + products.picture_file(key)})


# -- images ---------------------------------------------------------------------------------------------------------


def _images_answer(call: Call, value: Any, meta: Json | None = None) -> Response:
    return data_raw(with_base(encode(value), call.store.picture_base), meta)


@routes.get("/v3/catalog/products/{product_id}/images")
def _list_images(call: Call, product_id: int) -> Response:
    images = _product(call, product_id).images
    if not images:
        return no_content()
    shown, meta = call.paged(images)
    return _images_answer(call, shown, meta)


@routes.post("/v3/catalog/products/{product_id}/images")
def _create_image(call: Call, product_id: int) -> Response:
    product = _product(call, product_id)
    if len(product.images) >= MOST_IMAGES:
        raise v3_error(422, f"A product may have no more than {MOST_IMAGES} images")
    key = pictures.received(call, most=pictures.MOST_BYTES)
    doc = pictures.fields_of(call)
    first = not product.images
    image = products.add_image(call.store, product, {
        "_picture": key, "is_thumbnail": truth(str(doc.get("is_thumbnail", first))),
        "sort_order": _place(doc.get("sort_order")), "description": doc.get("description") or "",
    })  # fmt: skip
    _save_images(call.store, product, "image_created", image["id"])
    if first:  # only the first thumbnail fires; further images are seen by reading again
        call.store.fire("store/product/updated", {"type": "product", "id": product_id})
    return _images_answer(call, image)


def _place(value: Any) -> int:
    """A sort order, 0 for what is no number."""
    kept, wrong = fields.whole(-2_147_483_648)(value)
    return 0 if wrong else int(kept)


def _save_images(store: Store, product: Product, kind: str, image_id: int) -> None:
    products.save(store, product, quiet=True)
    store.effect(kind, image_id, product_id=product.id)


def _image(product: Product, image_id: int) -> Json:
    for image in product.images:
        if image["id"] == image_id:
            return image
    raise not_found("The requested image was not found.")


@routes.get("/v3/catalog/products/{product_id}/images/{image_id}")
def _get_image(call: Call, product_id: int, image_id: int) -> Response:
    return _images_answer(call, _image(_product(call, product_id), image_id))


@routes.put("/v3/catalog/products/{product_id}/images/{image_id}")
def _update_image(call: Call, product_id: int, image_id: int) -> Response:
    product = _product(call, product_id)
    image = _image(product, image_id)
    doc = pictures.fields_of(call)
    if doc.get("image_url") or "image_file" in doc:
        image.update(products.image_urls(pictures.received(call, most=pictures.MOST_BYTES)))
    if "is_thumbnail" in doc and truth(str(doc["is_thumbnail"])):
        for other in product.images:
            other["is_thumbnail"] = other is image
    if "sort_order" in doc:
        image["sort_order"] = _place(doc["sort_order"])
    if "description" in doc:
        image["description"] = str(doc["description"] or "")
    image["date_modified"] = iso(call.store.now)
    _save_images(call.store, product, "image_updated", image_id)
    return _images_answer(call, image)


@routes.delete("/v3/catalog/products/{product_id}/images/{image_id}")
def _delete_image(call: Call, product_id: int, image_id: int) -> Response:
    product = _product(call, product_id)
    image = _image(product, image_id)
    product.images.remove(image)
    if image["is_thumbnail"] and product.images:
        product.images[0]["is_thumbnail"] = True
    _save_images(call.store, product, "image_deleted", image_id)
    return no_content()


# -- custom fields, bulk pricing, videos: lists of small objects ------------------------------------------------------


def _entry(rows: list[Json], entry_id: int) -> Json:
    for row in rows:
        if row["id"] == entry_id:
            return row
    raise not_found()


def _put_field(store: Store, product: Product, doc: Json) -> Json:
    """Add or change a custom field; the pair of name and value is unique on a product."""
    rows = product.sub("custom_fields")
    row = next((r for r in rows if r["id"] == doc.get("id")), None)
    name, value = doc.get("name", (row or {}).get("name")), doc.get("value", (row or {}).get("value"))
    errors = {}
    for key, text in (("name", name), ("value", value)):
        if not isinstance(text, str) or not 1 <= len(text) <= 250:
            errors[key] = f"{key} must be between 1 and 250 characters long"
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if any(r["name"] == name and r["value"] == value for r in rows if r is not row):
        raise _conflict("The custom field is a duplicate", {"name": "must be unique with its value"})
    if row is None:
        if len(rows) >= MOST_FIELDS:
            raise v3_error(422, f"A product may have no more than {MOST_FIELDS} custom fields")
        row = {"id": store.take("custom_fields", products.FIRST_FIELD)}
        rows.append(row)
    row.update(name=name, value=value)
    return row


@routes.get("/v3/catalog/products/{product_id}/custom-fields")
def _list_custom_fields(call: Call, product_id: int) -> Response:
    shown, meta = call.paged(_product(call, product_id).sub("custom_fields"))
    return data(shown, meta)


@routes.post("/v3/catalog/products/{product_id}/custom-fields")
def _create_custom_field(call: Call, product_id: int) -> Response:
    product = _product(call, product_id)
    row = _put_field(call.store, product, {**call.object(), "id": None})
    return _saved_entry(call, product, "custom_field", "created", row)


def _saved_entry(call: Call, product: Product, what: str, how: str, row: Json) -> Response:
    products.save(call.store, product, quiet=True)
    call.store.effect(f"{what}_{how}", row["id"], product_id=product.id)
    return no_content() if how == "deleted" else data(row)


@routes.get("/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def _get_custom_field(call: Call, product_id: int, field_id: int) -> Response:
    return data(_entry(_product(call, product_id).sub("custom_fields"), field_id))


@routes.put("/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def _update_custom_field(call: Call, product_id: int, field_id: int) -> Response:
    product = _product(call, product_id)
    _entry(product.sub("custom_fields"), field_id)
    row = _put_field(call.store, product, {**call.object(), "id": field_id})
    return _saved_entry(call, product, "custom_field", "updated", row)


@routes.delete("/v3/catalog/products/{product_id}/custom-fields/{field_id}")
def _delete_custom_field(call: Call, product_id: int, field_id: int) -> Response:
    product = _product(call, product_id)
    row = _entry(product.sub("custom_fields"), field_id)
    product.sub("custom_fields").remove(row)
    return _saved_entry(call, product, "custom_field", "deleted", row)


def _check_rule(doc: Json) -> Json:
    checks: dict[str, fields.Check] = {
        "quantity_min": fields.whole(),
        "quantity_max": fields.whole(),
        "type": fields.one_of("price", "percent", "fixed"),
        "amount": fields.amount(),
    }
    kept, errors = fields.check(doc, checks)
    errors.update({name: f"Please provide a {name}." for name in checks if name not in doc})
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    return kept


@routes.get("/v3/catalog/products/{product_id}/bulk-pricing-rules")
def _list_rules(call: Call, product_id: int) -> Response:
    shown, meta = call.paged(_product(call, product_id).sub("bulk_pricing_rules"))
    return data(shown, meta)


@routes.post("/v3/catalog/products/{product_id}/bulk-pricing-rules")
def _create_rule(call: Call, product_id: int) -> Response:
    product = _product(call, product_id)
    rows = product.sub("bulk_pricing_rules")
    if len(rows) >= MOST_RULES:
        raise v3_error(422, f"A product may have no more than {MOST_RULES} bulk pricing rules")
    row = {"id": call.store.take("bulk_pricing_rules", 1), **_check_rule(call.object())}
    rows.append(row)
    return _saved_entry(call, product, "bulk_pricing_rule", "created", row)


@routes.get("/v3/catalog/products/{product_id}/bulk-pricing-rules/{rule_id}")
def _get_rule(call: Call, product_id: int, rule_id: int) -> Response:
    return data(_entry(_product(call, product_id).sub("bulk_pricing_rules"), rule_id))


@routes.put("/v3/catalog/products/{product_id}/bulk-pricing-rules/{rule_id}")
def _update_rule(call: Call, product_id: int, rule_id: int) -> Response:
    product = _product(call, product_id)
    row = _entry(product.sub("bulk_pricing_rules"), rule_id)
    row.update(_check_rule({**row, **call.object()}))
    return _saved_entry(call, product, "bulk_pricing_rule", "updated", row)


@routes.delete("/v3/catalog/products/{product_id}/bulk-pricing-rules/{rule_id}")
def _delete_rule(call: Call, product_id: int, rule_id: int) -> Response:
    product = _product(call, product_id)
    row = _entry(product.sub("bulk_pricing_rules"), rule_id)
    product.sub("bulk_pricing_rules").remove(row)
    return _saved_entry(call, product, "bulk_pricing_rule", "deleted", row)


@routes.get("/v3/catalog/products/{product_id}/videos")
def _list_videos(call: Call, product_id: int) -> Response:
    shown, meta = call.paged(_product(call, product_id).sub("videos"))
    return data(shown, meta)


@routes.get("/v3/catalog/products/{product_id}/reviews")
def _list_reviews(call: Call, product_id: int) -> Response:
    shown, meta = call.paged(_product(call, product_id).sub("reviews"))
    return data(shown, meta)


# -- options and modifiers ------------------------------------------------------------------------------------------

_OPTION_TYPES: Final = ("radio_buttons", "rectangles", "dropdown", "swatch", "product_list", "product_list_with_images")
_MODIFIER_TYPES: Final = (*_OPTION_TYPES, "date", "checkbox", "file", "text", "multi_line_text", "numbers_only_text")


def _check_option(product: Product, doc: Json, *, sub: str, known: Json | None) -> Json:
    types = _OPTION_TYPES if sub == "options" else _MODIFIER_TYPES
    checks: dict[str, fields.Check] = {
        "display_name": fields.text(255, 1),
        "type": fields.one_of(*types),
        "sort_order": fields.whole(-2_147_483_648),
    }
    kept, errors = fields.check(doc, checks)
    if known is None:
        errors.update({name: f"Please provide a {name}." for name in ("display_name", "type") if name not in doc})
    if sub == "modifiers":
        if known is None and "required" not in doc:
            errors["required"] = "Please provide required."
        if "required" in doc:
            kept["required"] = bool(doc["required"])
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    if "display_name" in kept and any(
        row["display_name"].casefold() == kept["display_name"].casefold()
        for row in product.sub(sub)
        if row is not known
    ):
        raise _conflict("The option name is a duplicate", {"display_name": "must be unique"})
    if "config" in doc:
        kept["config"] = doc["config"]
    return kept


def _check_value(doc: Json, *, known: Json | None) -> Json:
    checks: dict[str, fields.Check] = {
        "label": fields.text(255, 1),
        "sort_order": fields.whole(-2_147_483_648),
        "is_default": fields.truth,
    }
    kept, errors = fields.check(doc, checks)
    if known is None:
        errors.update({name: f"Please provide a {name}." for name in ("label",) if name not in doc})
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    for name in ("value_data", "adjusters"):
        if name in doc:
            kept[name] = doc[name]
    return kept


def _new_value(call: Call, option: Json, doc: Json, *, sub: str) -> Json:
    kept = _check_value(doc, known=None)
    if len(option["option_values"]) >= MOST_VALUES:
        raise v3_error(422, f"An option may have no more than {MOST_VALUES} values")
    if any(value["label"] == kept["label"] for value in option["option_values"]):
        raise _conflict("The option value is a duplicate", {"label": "must be unique"})
    value = {
        "id": call.store.take("values", products.FIRST_VALUE),
        "label": kept["label"],
        "sort_order": kept.get("sort_order", len(option["option_values"])),
        "value_data": kept.get("value_data"),
        "is_default": kept.get("is_default", False),
    }
    if sub == "modifiers":
        value["option_id"] = option["id"]
        value["adjusters"] = kept.get("adjusters") or {
            "price": None, "weight": None, "image_url": "", "purchasing_disabled": {"status": False, "message": ""},
        }  # fmt: skip
    return value


def _save_option(call: Call, product: Product, sub: str, how: str, option_id: int) -> None:
    products.save(call.store, product, quiet=True)
    what = "option" if sub == "options" else "modifier"
    call.store.effect(f"{what}_{how}", option_id, product_id=product.id)
    call.store.fire("store/product/updated", {"type": "product", "id": product.id})


def _list_options(call: Call, product_id: int, sub: str) -> Response:
    shown, meta = call.paged(_product(call, product_id).sub(sub))
    return data(shown, meta)


def _create_option(call: Call, product_id: int, sub: str) -> Response:
    """Makes no variants and no SKUs; those are made afterwards."""
    product, doc = _product(call, product_id), call.object()
    kept = _check_option(product, doc, sub=sub, known=None)
    if sub == "options" and product.main["option_set_id"] is not None:
        raise v3_error(422, "The product uses an option set, options cannot be added")
    option: Json = {
        "id": call.store.take("options", products.FIRST_OPTION),
        "product_id": product_id,
        "name": f"{kept['display_name']}{int(call.store.now)}-{product_id}",
        "display_name": kept["display_name"],
        "type": kept["type"],
        "sort_order": kept.get("sort_order", len(product.sub(sub))),
        "option_values": [],
        "config": kept.get("config") or {},
    }
    if sub == "modifiers":
        option["required"] = kept["required"]
    values = doc.get("option_values") or []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise v3_error(422, "JSON data is missing or invalid", {"option_values": "must be an array of objects"})
    for value in values:
        option["option_values"].append(_new_value(call, option, value, sub=sub))
    product.sub(sub).append(option)
    if sub == "options" and product.is_simple:
        product.variants = []  # the base variant goes with the first option
    _save_option(call, product, sub, "created", option["id"])
    return data(option)


def _update_option(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    product, doc = _product(call, product_id), call.object()
    option = _entry(product.sub(sub), option_id)
    option.update(_check_option(product, doc, sub=sub, known=option))
    values = doc.get("option_values") or []
    if not objects(values):
        raise v3_error(422, "JSON data is missing or invalid", {"option_values": "must be an array of objects"})
    for value in values:
        known = next((v for v in option["option_values"] if v["id"] == value.get("id")), None)
        if known is None:
            option["option_values"].append(_new_value(call, option, value, sub=sub))
        else:
            known.update(_check_value(value, known=known))
    _relabel(product)
    _save_option(call, product, sub, "updated", option_id)
    return data(option)


def _relabel(product: Product) -> None:
    """Variants show the labels of their option values."""
    labels = {value["id"]: (option, value) for option in product.sub("options") for value in option["option_values"]}
    for variant in product.variants:
        for shown in variant["option_values"]:
            option, value = labels.get(shown["id"], (None, None))
            if option is not None and value is not None:
                shown.update(label=value["label"], option_display_name=option["display_name"])


def _delete_option(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    """Deleting an option deletes the variants that were told apart by it."""
    product = _product(call, product_id)
    option = _entry(product.sub(sub), option_id)
    product.sub(sub).remove(option)
    if sub == "options":
        left = [v for v in product.variants if all(value["option_id"] != option_id for value in v["option_values"])]
        for variant in product.variants:
            if variant not in left:
                product.stock.pop(str(variant["id"]), None)
        product.variants = left
        if not left and not product.sub("options"):
            product.variants = [products.make_variant(call.store, product_id, {"option_values": []}, [])]
    _save_option(call, product, sub, "deleted", option_id)
    return no_content()


def _list_values(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    shown, meta = call.paged(_entry(_product(call, product_id).sub(sub), option_id)["option_values"])
    return data(shown, meta)


def _create_value(call: Call, product_id: int, option_id: int, sub: str) -> Response:
    product = _product(call, product_id)
    option = _entry(product.sub(sub), option_id)
    value = _new_value(call, option, call.object(), sub=sub)
    option["option_values"].append(value)
    _save_option(call, product, sub, "updated", option_id)
    return data(value)


def _update_value(call: Call, product_id: int, option_id: int, value_id: int, sub: str) -> Response:
    product = _product(call, product_id)
    value = _entry(_entry(product.sub(sub), option_id)["option_values"], value_id)
    value.update(_check_value(call.object(), known=value))
    _relabel(product)
    _save_option(call, product, sub, "updated", option_id)
    return data(value)


def _delete_value(call: Call, product_id: int, option_id: int, value_id: int, sub: str) -> Response:
    product = _product(call, product_id)
    option = _entry(product.sub(sub), option_id)
    value = _entry(option["option_values"], value_id)
    if sub == "options" and any(shown["id"] == value_id for v in product.variants for shown in v["option_values"]):
        raise _conflict("The option value is in use by a variant")
    option["option_values"].remove(value)
    _save_option(call, product, sub, "updated", option_id)
    return no_content()


def _register(sub: str) -> None:
    base = f"/v3/catalog/products/{{product_id}}/{sub}"
    one = f"{base}/{{option_id}}"
    routes.get(base)(lambda call, product_id: _list_options(call, product_id, sub))
    routes.post(base)(lambda call, product_id: _create_option(call, product_id, sub))
    routes.get(one)(lambda call, product_id, option_id: data(_entry(_product(call, product_id).sub(sub), option_id)))
    routes.put(one)(lambda call, product_id, option_id: _update_option(call, product_id, option_id, sub))
    routes.delete(one)(lambda call, product_id, option_id: _delete_option(call, product_id, option_id, sub))
    routes.get(f"{one}/values")(lambda call, product_id, option_id: _list_values(call, product_id, option_id, sub))
    routes.post(f"{one}/values")(lambda call, product_id, option_id: _create_value(call, product_id, option_id, sub))
    routes.get(f"{one}/values/{{value_id}}")(
        lambda call, product_id, option_id, value_id: data(
            _entry(_entry(_product(call, product_id).sub(sub), option_id)["option_values"], value_id)
        )
    )
    routes.put(f"{one}/values/{{value_id}}")(
        lambda call, product_id, option_id, value_id: _update_value(call, product_id, option_id, value_id, sub)
    )
    routes.delete(f"{one}/values/{{value_id}}")(
        lambda call, product_id, option_id, value_id: _delete_value(call, product_id, option_id, value_id, sub)
    )


_register("options")
_register("modifiers")
