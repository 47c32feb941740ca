"""Stock: the Inventory API with its delay, and the one place where a number on a shelf changes.

Source: BigCommerce docs, reference/inventory.v3.yml, store-operations/catalog/inventory-adjustments.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec

from twinshelf_sandbox.bigcommerce.calls import PROBLEM, Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import product_rows
from twinshelf_sandbox.bigcommerce.catalog.product_rows import MOST_STOCK, Product
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    Refused,
    data_raw,
    encode,
    ints,
    join,
    pagination,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_inventory", refusals=PROBLEM)

MOST_ITEMS: Final = 2_000
TOO_LARGE: Final = "The request payload is too large. The maximum items allowed in the array is"
DEFAULT: Final = 1


# -- one number on a shelf ------------------------------------------------------------------------------------------


def change(
    store: Store,
    product: Product,
    owner: str,
    location: int,
    after: int,
    *,
    method: str,
    by_order: bool = False,
    sold: int = 0,
) -> None:
    """Set what is on hand of one owner at one location, with its effect and its webhooks.

    `method` is absolute or relative as the webhooks say it; their `value` is the difference either way.
    """
    shelf = product.shelf(owner, location)
    before, known = shelf[0], shelf[5]
    shelf[0], shelf[5] = after, True
    if before == after and known and not sold:
        return
    product_rows.save_stock(store, product, owner, sold)
    if before == after:
        return
    variant = None if owner == "p" else product.peek(int(owner))
    base = product.main["base_variant_id"]
    sku = product.main["sku"] if variant is None else variant["sku"]
    variant_id = base if variant is None else variant["id"]
    store.effect(
        "stock_changed", sku or variant_id or product.id, sku=sku, product_id=product.id, variant_id=variant_id,
        location=location, before=before, after=after, by="order" if by_order else method,
    )  # fmt: skip
    moved: Json = {"product_id": product.id, "method": "relative" if by_order else method, "value": after - before}
    if variant is not None and variant["sku_id"] is not None:
        thing, content = (
            "sku",
            {"type": "sku", "id": variant["sku_id"], "inventory": {**moved, "variant_id": variant["id"]}},
        )
    else:
        thing, content = "product", {"type": "product", "id": product.id, "inventory": moved}
    if by_order:
        store.fire(f"store/{thing}/inventory/order/updated", content)
    if not by_order or store.switch("sale_fires_both_inventory_hooks"):
        store.fire(f"store/{thing}/inventory/updated", content)
    place = {"variant_id": variant_id, "product_id": product.id, "location_id": location}
    # The asterisk is part of these scopes, not a wildcard. Source: webhook events, inventory and location.
    store.fire("store/channel/*/inventory/product/stock_changed", place)
    sellable = after - shelf[1]
    if before - shelf[1] > shelf[3] >= sellable > 0:
        store.fire("store/channel/*/inventory/product/low_stock_reached", place)
    if before - shelf[1] > 0 >= sellable:
        store.fire("store/channel/*/inventory/product/out_of_stock_reached", place)
    store.fire("store/product/updated", {"type": "product", "id": product.id})


def sellable(product: Product, owner: str, location: int) -> int:
    """What an order may take at one location; nothing where the item is marked as not in stock."""
    shelf = product.stock.get(owner, {}).get(str(location))
    if shelf is None or not shelf[2]:
        return 0
    return int(shelf[0] - shelf[1])


def owner_of(product: Product, variant_id: int) -> str:
    """Whose shelf an inventory item is; without tracking a product without options keeps its stock as its own."""
    if product.tracking == "variant":
        return str(variant_id)
    if product.tracking == "product" or product.is_simple:
        return "p"
    return str(variant_id)


# -- adjustments ----------------------------------------------------------------------------------------------------


@routes.put("/v3/inventory/adjustments/absolute")
def _absolute(call: Call) -> Response:
    return _adjust(call, "absolute")


@routes.post("/v3/inventory/adjustments/relative")
def _relative(call: Call) -> Response:
    return _adjust(call, "relative")


@dataclass
class _Sifted:
    """The items of an adjustment: good ones, and what is wrong with the others."""

    good: list[Json] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    untouched: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def sift(self, store: Store, at: int, item: Any, method: str) -> None:
        wrong = _wrong_fields(store, item, method)
        if wrong:
            self.errors.update({f"items.{at}.{name}": text for name, text in wrong.items()})
            return
        try:
            product, owner = _identify(store, item)
        except ValueError as error:
            self.broken.append(str(error))
            return
        quantity, location = item["quantity"], item["location_id"]
        shelf = product.stock.get(owner, {}).get(str(location))
        if method == "relative" and (shelf is None or not shelf[5]):
            self.untouched.append(_named(item))
        elif method == "relative" and shelf and quantity < 0 and shelf[0] + quantity < shelf[1]:
            self.broken.append(f"Item with {_named(item)} has not enough stock at location {location}")
        elif method == "relative" and shelf and shelf[0] + quantity > MOST_STOCK:
            self.errors[f"items.{at}.quantity"] = f"must not lead above {MOST_STOCK}"
        else:
            name = _named(item)
            row = {"product": product.id, "owner": owner, "location": location, "quantity": quantity, "name": name}
            self.good.append(row)

    def refusal(self) -> Refused | None:
        """What the platform says of the bad ones."""
        if self.errors:
            return v3_error(422, "Payload contains invalid fields", self.errors)
        if self.broken:
            return v3_error(422, f"[{', '.join(self.broken)}]")
        if self.untouched:
            names = ", ".join(self.untouched)
            return v3_error(422, f"Items with identity: [{names}] requires absolute adjustment before relative")
        return None


def _adjust(call: Call, method: str) -> Response:
    store = call.store
    items = call.object().get("items")
    if not isinstance(items, list) or not items:
        raise v3_error(422, "Payload contains invalid fields", {"items": "must be a non-empty array"})
    if len(items) > MOST_ITEMS:
        raise v3_error(413, f"{TOO_LARGE} {MOST_ITEMS}.")
    sifted = _Sifted()
    for at, item in enumerate(items):
        sifted.sift(store, at, item, method)
    refusal = sifted.refusal()
    if refusal is not None and (store.switch("inventory_batch") == "all_or_nothing" or not sifted.good):
        raise refusal
    good = sifted.good
    if call.fault is not None and call.fault.action == "partial":
        good = [item for at, item in enumerate(good) if not _lost(call.fault.items, item["name"], at)]
    transaction = transaction_id(store)
    job = {"hash": store.hash, "method": method, "items": good, "transaction": transaction}
    delay = store.between("inventory_delay")
    if delay > 0:
        store.world.schedule(store.now + delay, "bc.inventory", job)
    else:
        carry_out(store, job)
    return Response.json({"transaction_id": transaction})


def transaction_id(store: Store) -> str:
    """What an accepted write is answered with."""
    return str(uuid.UUID(int=store.world.rng.getrandbits(128)))


def _lost(named: list[str], name: str, at: int) -> bool:
    """Whether a `partial` fault loses an item: those it names, else every second one."""
    return name.split(" ", 1)[1] in named if named else at % 2 == 1


def _wrong_fields(store: Store, item: Any, method: str) -> dict[str, str]:
    if not isinstance(item, dict):
        return {"": "must be an object"}
    errors = {}
    location = item.get("location_id")
    if not isinstance(location, int) or isinstance(location, bool):
        errors["location_id"] = "must not be null"
    else:
        row = store.rows("locations").get(location)
        if row is None:
            errors["location_id"] = f"Location {location} was not found"
        elif not row["enabled"]:
            errors["location_id"] = f"Location {location} is disabled"
    quantity = item.get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool):
        errors["quantity"] = "must not be null"
    elif abs(quantity) > MOST_STOCK or (method == "absolute" and quantity < 0):
        errors["quantity"] = f"must be between {0 if method == 'absolute' else -MOST_STOCK} and {MOST_STOCK}"
    if sum(name in item for name in ("sku", "variant_id", "product_id")) != 1:
        errors["identity"] = "Exactly one of sku, variant_id and product_id must be specified"
    return errors


def _named(identity: Json) -> str:
    for name in ("sku", "variant_id", "product_id"):
        if name in identity:
            return f"{name} {identity[name]}"
    return "nothing"


def _identify(store: Store, identity: Json) -> tuple[Product, str]:
    """The product and shelf an identity names. It must be of the level the product is tracked at.

    Raises ValueError with the platform's words.
    """
    name = _named(identity)
    unknown = f"Item with {name} was not found"
    if "product_id" in identity:
        row_id, variant_id = identity["product_id"], None
    elif "variant_id" in identity:
        variant_id = identity["variant_id"]
        row_id = store.index.product_of.get(variant_id) if isinstance(variant_id, int) else None
    else:
        owners = store.index.owners_of(str(identity["sku"]))
        if not owners:
            raise ValueError(unknown)
        variant_id = owners[0] if owners[0] > 0 else None
        row_id = store.index.product_of[owners[0]] if owners[0] > 0 else -owners[0]
    product = product_rows.load(store, row_id) if isinstance(row_id, int) else None
    if product is None:
        raise ValueError(unknown)
    tracking = product.tracking
    own_sku = "sku" in identity and product.main["sku"].casefold() == str(identity["sku"]).casefold()
    if tracking == "product" and variant_id is not None and not own_sku:
        msg = f"Item with {name} is tracked by product, please update stock by product id"
        raise ValueError(msg)
    if tracking == "variant" and variant_id is None:
        msg = f"Item with {name} is tracked by variant, please update stock by variant id"
        raise ValueError(msg)
    return product, "p" if variant_id is None else owner_of(product, variant_id)


def carry_out(store: Store, job: Json) -> None:
    """Let an accepted adjustment take effect, some time after its answer.

    What cannot be done any more is lost without a word: a relative one that another adjustment overtook.
    """
    for item in job["items"]:
        product = product_rows.load(store, item["product"])
        if product is None or (item["owner"] != "p" and int(item["owner"]) not in product.row["vi"]):
            store.effect("adjustment_lost", item["name"], why="the item is gone", method=job["method"])
            continue
        shelf = product.shelf(item["owner"], item["location"])
        after = item["quantity"] if job["method"] == "absolute" else shelf[0] + item["quantity"]
        if job["method"] == "relative" and item["quantity"] < 0 and after < shelf[1]:
            store.effect("adjustment_lost", item["name"], why="not enough stock", method=job["method"])
            continue
        change(store, product, item["owner"], item["location"], after, method=job["method"])


# -- items ----------------------------------------------------------------------------------------------------------


@routes.get("/v3/inventory/items")
def _list_items(call: Call) -> Response:
    store, query = call.store, call.query
    places = list(store.rows("locations").values())
    if "location_id:in" in query:
        places = [place for place in places if place["id"] in ints(query["location_id:in"])]
    if "location_code:in" in query:
        codes = query["location_code:in"].split(",")
        places = [place for place in places if place["code"] in codes]
    known = [(str(place["id"]), place["id"] == DEFAULT, _place_json(place)) for place in places]
    shown, meta = _items(call, {place["id"] for place in places})
    rows = []
    for item in shown:
        lines = [
            head + _numbers(item.shelves.get(key)) + b"}"
            for key, always, head in known
            if always or key in item.shelves
        ]
        rows.append(b'{"identity":' + encode(item.identity) + b',"locations":[' + b",".join(lines) + b"]}")
    return data_raw(join(rows), meta)


@routes.get("/v3/inventory/locations/{location_id}/items")
def _list_location_items(call: Call, location_id: int) -> Response:
    if location_id not in call.store.rows("locations"):
        raise v3_error(404, "The requested location was not found.")
    shown, meta = _items(call, {location_id})
    key = str(location_id)
    rows = [b'{"identity":' + encode(item.identity) + b"," + _numbers(item.shelves.get(key)) + b"}" for item in shown]
    return data_raw(join(rows), meta)


class _Main(msgspec.Struct):
    sku: str
    inventory_tracking: str
    base_variant_id: int | None


class _Identity(msgspec.Struct):
    sku: str
    id: int
    product_id: int
    sku_id: int | None


_main = msgspec.json.Decoder(_Main).decode
_variant = msgspec.json.Decoder(_Identity).decode


class _Item(NamedTuple):
    identity: Json
    shelves: dict[str, list[Any]]


def _item(row: Entity, variant_id: int, main: _Main) -> _Item:
    variant = _variant(row["v"][row["vi"].index(variant_id)])
    simple = main.base_variant_id is not None
    own = main.inventory_tracking == "product" or (simple and main.inventory_tracking != "variant")
    if main.inventory_tracking == "product" and not simple:
        identity: Json = {"sku": main.sku, "variant_id": None, "product_id": variant.product_id, "sku_id": None}
    else:
        identity = {
            "sku": variant.sku,
            "variant_id": variant.id,
            "product_id": variant.product_id,
            "sku_id": variant.sku_id,
        }
    return _Item(identity, row["s"].get("p" if own else str(variant_id), {}))


def _items(call: Call, places: set[int]) -> tuple[list[_Item], Json]:
    """One page of the inventory items that stand at one of `places`, in order of variant.

    At the default location every item stands, if with nothing on hand.
    """
    store, query = call.store, call.query
    page, limit = call.page(50, 1_000)
    ids = store.index.items.all
    chosen: set[int] | None = None
    for name, find in (("variant_id:in", _by_variant), ("product_id:in", _by_product), ("sku:in", _by_sku)):
        if name in query:
            found = find(store, query[name])
            chosen = found if chosen is None else chosen & found
    if chosen is not None:
        ids = sorted(chosen)
    if DEFAULT not in places:
        wanted = {str(place) for place in places}
        ids = [one for one in ids if _stands_at(store, one, wanted)]
    shown: list[_Item] = []
    known: dict[int, tuple[Entity, _Main]] = {}
    for variant_id in ids[(page - 1) * limit : page * limit]:
        product_id = store.index.product_of[variant_id]
        if product_id not in known:
            row = store.products.get(product_id)
            if row is None:
                continue
            known[product_id] = row, _main(row["m"])
        row, main = known[product_id]
        if variant_id in row["vi"]:
            shown.append(_item(row, variant_id, main))
    return shown, pagination(len(ids), len(shown), page, limit, query)


def _stands_at(store: Store, variant_id: int, places: set[str]) -> bool:
    row = store.products.get(store.index.product_of[variant_id])
    return (
        row is not None
        and variant_id in row["vi"]
        and not places.isdisjoint(_item(row, variant_id, _main(row["m"])).shelves)
    )


def _by_variant(store: Store, text: str) -> set[int]:
    return {one for one in ints(text) if store.index.items.has(one)}


def _by_product(store: Store, text: str) -> set[int]:
    found: set[int] = set()
    for product_id in ints(text):
        product = product_rows.load(store, product_id)
        if product is not None:
            found |= {one for one in product.row["vi"] if store.index.items.has(one)}
    return found


def _by_sku(store: Store, text: str) -> set[int]:
    found: set[int] = set()
    for sku in text.split(","):
        for owner in store.index.owners_of(sku.strip()):
            if owner > 0:
                found |= _by_variant(store, str(owner))
            else:
                found |= _by_product(store, str(-owner))
    return found


_NOTHING: Final[list[Any]] = [0, 0, True, 0, "", False]


def _numbers(shelf: list[Any] | None) -> bytes:
    """The figures of one item at one location, to go inside an object."""
    on_hand, safety, in_stock, warning, bin_, _ = shelf or _NOTHING
    return (
        (
            f'"available_to_sell":{on_hand - safety},"total_inventory_onhand":{on_hand},'
            f'"settings":{{"safety_stock":{safety},'
            f'"is_in_stock":{"true" if in_stock else "false"},"warning_level":{warning},"bin_picking_number":'
        ).encode()
        + (encode(bin_) if bin_ else b'""')
        + b"}"
    )


def _place_json(place: Entity) -> bytes:
    head = {
        "location_id": place["id"],
        "location_code": place["code"],
        "location_name": place["label"],
        "location_enabled": place["enabled"],
    }
    return encode(head)[:-1] + b","


@routes.put("/v3/inventory/locations/{location_id}/items")
def set_items(call: Call, location_id: int) -> Response:
    """Safety stock, warning level, bin and whether an item is in stock at all, at one location."""
    store = call.store
    place = store.rows("locations").get(location_id)
    if place is None:
        raise v3_error(404, "The requested location was not found.")
    if not place["enabled"]:
        raise v3_error(422, f"Location {location_id} is disabled")
    settings = call.object().get("settings")
    if not isinstance(settings, list) or not settings:
        raise v3_error(422, "Payload contains invalid fields", {"settings": "must be a non-empty array"})
    if len(settings) > MOST_ITEMS:
        raise v3_error(413, f"{TOO_LARGE} {MOST_ITEMS}.")
    errors: dict[str, str] = {}
    for at, setting in enumerate(settings):
        errors.update(_wrong_setting(at, setting))
    if errors:
        raise v3_error(422, "Payload contains invalid fields", errors)
    broken: list[str] = []
    todo = []
    for setting in settings:
        try:
            product, owner = _identify(store, setting["identity"])
            todo.append((product.id, owner, setting))
        except ValueError as error:
            broken.append(str(error))
    if broken:
        raise v3_error(422, f"[{', '.join(broken)}]")
    for product_id, owner, setting in todo:
        _set_item(store, product_rows.existing(store, product_id), owner, location_id, setting)
    return Response.json({"transaction_id": transaction_id(store)})


_SETTINGS: Final[dict[str, type]] = {
    "safety_stock": int,
    "is_in_stock": bool,
    "warning_level": int,
    "bin_picking_number": str,
}


def _wrong_setting(at: int, setting: Any) -> dict[str, str]:
    identity = setting.get("identity") if isinstance(setting, dict) else None
    if not isinstance(identity, dict) or not any(name in identity for name in ("sku", "variant_id", "product_id")):
        return {f"setting.{at}.identity": "must not be null"}
    given = [name for name in _SETTINGS if name in setting]
    if not given:
        text = "At least one setting must be specified: warning_level, is_in_stock or safety_stock"
        return {f"setting.{at}.settings": text}
    errors = {}
    for name in given:
        value, kind = setting[name], _SETTINGS[name]
        too_much = isinstance(value, int) and not 0 <= value <= MOST_STOCK
        if type(value) is not kind or too_much:
            errors[f"setting.{at}.{name}"] = "is invalid"
    return errors


def _set_item(store: Store, product: Product, owner: str, location_id: int, setting: Json) -> None:
    shelf = product.shelf(owner, location_id)
    before = list(shelf)
    for place, name in enumerate(_SETTINGS, start=1):
        shelf[place] = setting.get(name, shelf[place])
    if shelf == before:
        return
    product_rows.save_stock(store, product, owner)
    store.effect(
        "stock_settings_changed",
        _named(setting["identity"]),
        location=location_id,
        product_id=product.id,
        safety_before=before[1],
        safety_after=shelf[1],
        is_in_stock=shelf[2],
    )
    variant_id = product.main["base_variant_id"] if owner == "p" else int(owner)
    place_ids = {"variant_id": variant_id, "product_id": product.id, "location_id": location_id}
    store.fire("store/channel/*/inventory/product/settings_changed", place_ids)
