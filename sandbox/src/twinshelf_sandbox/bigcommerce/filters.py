"""What a list call asks for: products by their many filters, in their order, and small tables by id and text.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.bigcommerce.calls import Call
from twinshelf_sandbox.bigcommerce.responses import decode, ints, is_whole, parse_date, truth, v3_error
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.world import Entity

SORTS: Final = (
    "id", "name", "sku", "price", "date_modified", "date_last_imported", "inventory_level", "is_visible",
    "total_sold", "calculated_price",
)  # fmt: skip


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
            lambda facts, value: value.casefold() in _words(call.store, facts),
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


def _words(store: Store, facts: _Facts) -> str:
    """What a keyword is looked for in: name, description, SKU and brand."""
    brand = store.rows("brands").get(facts.brand_id) if facts.brand_id else None
    return f"{facts.name} {facts.description} {facts.sku} {brand['name'] if brand else ''}".casefold()


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
    if not is_whole(text):
        raise v3_error(422, f"Invalid filter: the value of {name} is not an integer", {name: "invalid integer"})
    return int(text)


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


def filtered(call: Call) -> tuple[list[int], int, int]:
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


class _Url(msgspec.Struct):
    url: str = ""


class _Place(msgspec.Struct):
    custom_url: _Url


_place = msgspec.json.Decoder(_Place).decode


def with_url(store: Store, url: str) -> list[int]:
    """The products at an address of the storefront; looks at all of them, since few writes ask for it."""
    sought = url.strip("/").casefold()
    return [
        one
        for one in store.index.products.all
        if _place(store.products.table[one]["m"]).custom_url.url.strip("/").casefold() == sought
    ]


def _sort_value(store: Store, product_id: int, name: str) -> Any:
    row = store.products.get(product_id)
    value = "" if row is None else decode(row["m"])[name]
    return value.casefold() if isinstance(value, str) else value


# -- small tables ---------------------------------------------------------------------------------------------------


def by_id(rows: Iterable[Entity], query: dict[str, str], field: str = "id", prefix: str = "id") -> list[Entity]:
    """The rows that the filters on an id leave."""
    kept = list(rows)
    tests: list[tuple[str, Callable[[int, str], bool]]] = [
        ("", lambda one, text: one in ints(text)),
        (":in", lambda one, text: one in ints(text)),
        (":not_in", lambda one, text: one not in ints(text)),
        (":min", lambda one, text: bool(ints(text)) and one >= ints(text)[0]),
        (":max", lambda one, text: bool(ints(text)) and one <= ints(text)[0]),
        (":greater", lambda one, text: bool(ints(text)) and one > ints(text)[0]),
        (":less", lambda one, text: bool(ints(text)) and one < ints(text)[0]),
    ]
    for suffix, test in tests:
        name = f"{prefix}{suffix}"
        if name in query:
            kept = [row for row in kept if test(row[field], query[name])]
    return kept


def by_text(rows: list[Entity], query: dict[str, str], *names: str) -> list[Entity]:
    """The rows that the filters on texts leave: equal whatever the case, or `:like`."""
    for name in names:
        if name in query:
            rows = [row for row in rows if str(row[name]).casefold() == query[name].casefold()]
        like = query.get(f"{name}:like")
        if like is not None:
            rows = [row for row in rows if like.strip("%").casefold() in str(row[name]).casefold()]
    return rows


def by_dates(call: Call, rows: list[Entity]) -> list[Entity]:
    """The rows that the filters on the dates of creation and change leave."""
    for field in ("date_created", "date_modified"):
        for suffix in ("", ":min", ":max"):
            name = f"{field}{suffix}"
            if name not in call.query:
                continue
            try:
                limit = parse_date(call.query[name], call.store.now)
            except ValueError:
                raise v3_error(422, f'Query parameter "{name}" value must be a date.', short=True) from None
            at = {id(row): parse_date(row[field], 0) for row in rows}
            if suffix == "":
                rows = [row for row in rows if at[id(row)] == limit]
            elif suffix == ":min":
                rows = [row for row in rows if at[id(row)] >= limit]
            else:
                rows = [row for row in rows if at[id(row)] <= limit]
    return rows
