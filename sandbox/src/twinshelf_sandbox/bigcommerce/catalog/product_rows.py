"""A product of a sandbox store: how it is kept, how it is written as JSON, and the one place where it is saved.

A product is one row holding ready-made JSON: its own fields, each variant, its options and the rest. A page of 250 is
then little more than a join, and a stock change touches one variant's bytes. Knows nothing of requests.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from twinshelf_sandbox.bigcommerce.catalog.cascading_deletes import forget_product
from twinshelf_sandbox.bigcommerce.responses import Json, decode, encode, iso, join, number, plain
from twinshelf_sandbox.bigcommerce.tables import SortedIds, Timeline
from twinshelf_sandbox.world import Entity, Key

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.store import Store

FIRST_PRODUCT, FIRST_VARIANT, FIRST_SKU = 101, 1001, 5001
FIRST_OPTION, FIRST_VALUE, FIRST_IMAGE, FIRST_FIELD = 301, 2001, 501, 701
MOST_STOCK: Final = 2_147_483_647
DEFAULT_LOCATION: Final = 1

BASE_MARK: Final = "\x01\x02"
"""Stands for the address of the sandbox's pictures inside stored JSON, where it is an escape no client's text has."""
_BASE_BYTES: Final = b"\\u0001\\u0002"

MAIN: Final[Json] = {
    "id": 0,
    "name": "",
    "type": "physical",
    "sku": "",
    "description": "",
    "weight": 0,
    "width": 0,
    "depth": 0,
    "height": 0,
    "price": 0,
    "cost_price": 0,
    "retail_price": 0,
    "sale_price": 0,
    "map_price": 0,
    "tax_class_id": 0,
    "product_tax_code": "",
    "calculated_price": 0,
    "categories": [],
    "brand_id": 0,
    "option_set_id": None,
    "option_set_display": "right",
    "inventory_level": 0,
    "inventory_warning_level": 0,
    "inventory_tracking": "none",
    "reviews_rating_sum": 0,
    "reviews_count": 0,
    "total_sold": 0,
    "fixed_cost_shipping_price": 0,
    "is_free_shipping": False,
    "is_visible": True,
    "is_featured": False,
    "related_products": [-1],
    "warranty": "",
    "bin_picking_number": "",
    "layout_file": "",
    "upc": "",
    "mpn": "",
    "gtin": "",
    "date_last_imported": "",
    "search_keywords": "",
    "availability": "available",
    "availability_description": "",
    "condition": "New",
    "is_condition_shown": False,
    "order_quantity_minimum": 0,
    "order_quantity_maximum": 0,
    "page_title": "",
    "meta_keywords": [],
    "meta_description": "",
    "date_created": "",
    "date_modified": "",
    "view_count": 0,
    "preorder_release_date": None,
    "preorder_message": "",
    "is_preorder_only": False,
    "is_price_hidden": False,
    "price_hidden_label": "",
    "custom_url": {"url": "", "is_customized": False},
    "base_variant_id": None,
    "open_graph_type": "product",
    "open_graph_title": "",
    "open_graph_description": "",
    "open_graph_use_meta_description": True,
    "open_graph_use_product_name": True,
    "open_graph_use_image": True,
    "gift_wrapping_options_type": "any",
    "gift_wrapping_options_list": [],
    "sort_order": 0,
}
"""A product's own fields, in the order they are answered, with what they hold until set."""

VARIANT: Final[Json] = {
    "id": 0,
    "product_id": 0,
    "sku": "",
    "sku_id": None,
    "price": None,
    "calculated_price": 0,
    "sale_price": None,
    "retail_price": None,
    "map_price": None,
    "weight": None,
    "calculated_weight": 0,
    "width": None,
    "height": None,
    "depth": None,
    "is_free_shipping": False,
    "fixed_cost_shipping_price": None,
    "purchasing_disabled": False,
    "purchasing_disabled_message": "",
    "image_url": "",
    "cost_price": 0,
    "upc": "",
    "mpn": "",
    "gtin": "",
    "inventory_level": 0,
    "inventory_warning_level": 0,
    "bin_picking_number": "",
    "option_values": [],
}

MIRRORED: Final = (
    "sku", "price", "sale_price", "retail_price", "map_price", "cost_price", "weight", "width", "height", "depth",
    "is_free_shipping", "fixed_cost_shipping_price", "upc", "mpn", "gtin", "inventory_warning_level",
    "bin_picking_number",
)  # fmt: skip
"""What a product without options shares with its base variant. Source: BigCommerce docs, catalog overview."""

_DERIVED: Final = {
    "calculated_price",
    "inventory_level",
    "date_modified",
    "base_variant_id",
    "total_sold",
    "calculated_weight",
}
SILENT: Final = {"mpn", "gtin", "custom_url"}
"""Fields whose change fires no `store/product/updated`. Source: webhook events, product."""

SUBS: Final = {
    "o": "options",
    "d": "modifiers",
    "c": "custom_fields",
    "b": "bulk_pricing_rules",
    "y": "videos",
    "w": "reviews",
}
"""Row key → name of the sub-resources kept as JSON lists. Keys are short: there are a hundred thousand rows."""
_SUB_KEY: Final = {name: key for key, name in SUBS.items()}


class _Facts(msgspec.Struct):
    name: str
    sku: str
    inventory_tracking: str
    date_modified: str


class _VariantFacts(msgspec.Struct):
    id: int
    sku: str


@lru_cache(maxsize=256)
def _second(modified: str) -> int:
    return int(datetime.fromisoformat(modified).timestamp())


_facts = msgspec.json.Decoder(_Facts).decode
_variant_facts = msgspec.json.Decoder(_VariantFacts).decode


class Product:
    """A working copy: read and change `main`, `variants` and `sub(…)`, then `save`. Nothing is decoded until asked for.

    Stock is `stock[owner][location]` = [on hand, safety stock, in stock, warning level, bin, set once]; the owner is
    "p" for stock of the product and a variant's id as text for its own.
    """

    def __init__(self, id_: int, row: Entity) -> None:
        self.id, self.row = id_, row
        self._main: Json | None = None
        self._variants: list[Json] | None = None
        self._images: list[Json] | None = None
        self._subs: dict[str, list[Json]] = {}

    @property
    def main(self) -> Json:
        """The product's own fields."""
        if self._main is None:
            self._main = decode(self.row["m"])
        return self._main

    @property
    def variants(self) -> list[Json]:
        """Its variants, in order."""
        if self._variants is None:
            self._variants = [decode(raw) for raw in self.row["v"]]
        return self._variants

    @variants.setter
    def variants(self, value: list[Json]) -> None:
        self._variants = value

    def variant(self, variant_id: int) -> Json:
        """The variant of that id. Raises StopIteration if it is not of this product."""
        return next(v for v in self.variants if v["id"] == variant_id)

    def peek(self, variant_id: int) -> Json:
        """The variant of that id, only to look at: its changes are not kept. Raises ValueError if it is not there."""
        if self._variants is not None:
            return next(v for v in self._variants if v["id"] == variant_id)
        variant: Json = decode(self.row["v"][self.row["vi"].index(variant_id)])
        return variant

    def sub(self, name: str) -> list[Json]:
        """Options, modifiers, custom fields, bulk pricing rules or videos, to read or change in place."""
        if name not in self._subs:
            raw = self.row.get(_SUB_KEY[name])
            self._subs[name] = [] if raw is None else decode(raw)
        return self._subs[name]

    @property
    def images(self) -> list[Json]:
        """Its images, in order."""
        if self._images is None:
            self._images = decode(self.row["i"])
        return self._images

    @property
    def channels(self) -> list[int]:
        """The channels it is assigned to."""
        channels: list[int] = self.row["h"]
        return channels

    @property
    def stock(self) -> dict[str, dict[str, list[Any]]]:
        """What is on which shelf."""
        stock: dict[str, dict[str, list[Any]]] = self.row["s"]
        return stock

    @property
    def is_simple(self) -> bool:
        """Without options: one base variant that shares the product's fields."""
        return len(self.row["v"]) == 1 and self.main["base_variant_id"] is not None

    @property
    def tracking(self) -> str:
        """`none`, `product` or `variant`."""
        tracking: str = self.main["inventory_tracking"]
        return tracking

    def owner(self, variant_id: int) -> str:
        """Whose stock a variant's sale takes."""
        return str(variant_id) if self.tracking == "variant" else "p"

    def shelf(self, owner: str, location: int) -> list[Any]:
        """The stock line to change; made on first use."""
        return self.stock.setdefault(owner, {}).setdefault(str(location), [0, 0, True, 0, "", False])

    def derive(self, store: Store) -> None:
        """Bring what follows from other fields into step: prices, weights, mirrored fields, levels."""
        main, variants = self.main, self.variants
        simple = len(variants) == 1 and not variants[0]["option_values"]
        main["base_variant_id"] = variants[0]["id"] if simple else None
        if simple:
            variants[0]["sku_id"] = None
            for name in MIRRORED:
                variants[0][name] = main[name]
        main["calculated_price"] = main["sale_price"] or main["price"]
        for variant in variants:
            variant["calculated_price"] = _calculated(main, variant)
            variant["calculated_weight"] = main["weight"] if variant["weight"] is None else variant["weight"]
        self.derive_levels(store)

    def derive_levels(self, store: Store, only: str | None = None) -> None:
        """Bring `inventory_level` into step with the stock; `only` one owner's if just that changed."""
        main, stock = self.main, self.stock
        if self.tracking != "variant":
            main["inventory_level"] = store.level(stock.get("p"))
            if main["base_variant_id"] is not None:
                self.variants[0]["inventory_level"] = main["inventory_level"]
            return
        if only is not None and self._variants is None:  # one of six hundred: leave the others as they are
            main["inventory_level"] = sum(store.level(stock.get(str(variant_id))) for variant_id in self.row["vi"])
            if int(only) in self.row["vi"]:
                at = self.row["vi"].index(int(only))
                self.row["v"][at] = encode(
                    {**decode(self.row["v"][at]), "inventory_level": store.level(stock.get(only))}
                )
            return
        main["inventory_level"] = 0
        for variant in self.variants:
            variant["inventory_level"] = store.level(stock.get(str(variant["id"])))
            main["inventory_level"] += variant["inventory_level"]

    def encode(self) -> Entity:
        """The row to keep."""
        if self._main is not None:
            self.row["m"] = encode(self._main)
        if self._variants is not None:
            self.row["v"] = [encode(v) for v in self._variants]
            self.row["vi"] = [v["id"] for v in self._variants]
            if any(v["image_url"] and v["image_url"].startswith(BASE_MARK) for v in self._variants):
                self.row["u"] = 1  # the sandbox's address is left open in them
            else:
                self.row.pop("u", None)
        if self._images is not None:
            self.row["i"] = encode(self._images)
        for name, rows in self._subs.items():
            if rows:
                self.row[_SUB_KEY[name]] = encode(rows)
            else:
                self.row.pop(_SUB_KEY[name], None)
        return self.row


def _calculated(main: Json, variant: Json) -> Any:
    """The price a shopper sees before price lists; a variant's own price beats the product's sale price.

    Source: BigCommerce docs, store-operations/pricing/calculations, order of precedence.
    """
    if variant["sale_price"]:
        return variant["sale_price"]
    if variant["price"] is not None and main["base_variant_id"] is None:
        return variant["price"]
    return main["sale_price"] or main["price"]


# -- JSON -----------------------------------------------------------------------------------------------------------


_SAFE = re.compile(r"[A-Za-z0-9_./-]+")


def picture_file(key: str) -> str:
    """A picture's key as the end of its address; keys without an ending get one."""
    return (key if _SAFE.fullmatch(key) else quote(key)) + (
        "" if key.lower().endswith((".png", ".jpg", ".jpeg")) else ".png"
    )


def picture_mark(key: str) -> str:
    """The address of a picture as it is kept inside JSON: where the sandbox answers is filled in when it is read."""
    return BASE_MARK + picture_file(key)


def with_base(body: bytes, picture_base: str) -> bytes:
    """`body` with the sandbox's address where it was left open."""
    return body.replace(_BASE_BYTES, picture_base.encode())


class _Channels(msgspec.Struct):
    h: list[int]


_channels = msgspec.msgpack.Decoder(_Channels).decode


def channels_of(raw: bytes) -> list[int]:
    """The channels a product is assigned to, of its row as the table holds it."""
    return _channels(raw).h


class _Page(msgspec.Struct):
    """The parts of a row that answers are made of; the rest is passed over."""

    m: bytes
    v: list[bytes]
    i: bytes = b"[]"
    h: list[int] = []
    o: bytes = b"[]"
    d: bytes = b"[]"
    c: bytes = b"[]"
    b: bytes = b"[]"
    y: bytes = b"[]"
    w: bytes = b"[]"
    u: int = 0


_page = msgspec.msgpack.Decoder(_Page).decode


def product_json(raw: bytes, include: Iterable[str], fields: Json | None, picture_base: str) -> list[bytes]:
    """A product as the API answers it, in pieces: its fields, then the sub-resources of `include`.

    `raw` is its row as the table holds it; `fields` = {"keep": set | None, "drop": set} narrows the top level.
    """
    row = _page(raw)
    pieces = [(row.m if fields is None else _narrowed(row.m, fields))[:-1]]
    for name in include:
        pieces.append(f',"{name}":'.encode())
        match name:
            case "variants":
                pieces.append(join([with_base(one, picture_base) for one in row.v] if row.u else row.v))
            case "images":
                pieces.append(with_base(row.i, picture_base))
            case "primary_image":
                pieces.append(with_base(encode(primary_image(decode(row.i))), picture_base))
            case "channels":
                pieces.append(encode(row.h))
            case "parent_relations":
                pieces.append(b"[]")
            case _:
                part: bytes = getattr(row, _SUB_KEY[name])
                pieces.append(part)
    pieces.append(b"}")
    return pieces


_loose = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _narrowed(raw: bytes, fields: Json) -> bytes:
    main = _loose(raw)
    keep, drop = fields["keep"], fields["drop"]
    if keep is not None:
        # The gift wrapping fields come along whatever is asked for (help text of `include_fields`).
        keep = keep | {"id", "gift_wrapping_options_type", "gift_wrapping_options_list"}
        main = {k: v for k, v in main.items() if k in keep}
    return encode({k: v for k, v in main.items() if k == "id" or k not in drop})


def primary_image(images: list[Json]) -> Json | None:
    """The thumbnail, or the first image in order."""
    if not images:
        return None
    return next((image for image in images if image["is_thumbnail"]), images[0])


def slug(name: str) -> str:
    """`/enamel-mug/` of "Enamel mug"."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"/{text or 'product'}/"


# -- the index ------------------------------------------------------------------------------------------------------


class Index:
    """What finds products and variants of one store without reading them all."""

    def __init__(self, store: Store) -> None:
        self._rows = store.rows("products")
        self.rebuild()

    def rebuild(self) -> None:
        """Read all products once."""
        self.products, self.variants = SortedIds(), SortedIds()
        self.items = SortedIds()
        """Variants that stand for an inventory item: all, but only the first of a product with stock of its own."""
        self.product_of: dict[int, int] = {}
        self.changed = Timeline()
        self._skus: dict[str, int | tuple[int, ...]] = {}
        self._names: dict[str, int] = {}
        self._known: dict[int, tuple[str, tuple[tuple[str, int], ...], tuple[int, ...], tuple[int, ...]]] = {}
        for key in sorted(map(int, self._rows.keys())):
            self.add(key, self._rows.table[key])

    def refresh(self, key: Key) -> None:
        """Correct everything about one product after its row changed, appeared or went."""
        product_id = int(key)
        row = self._rows.table.get(product_id)
        self._forget(product_id)
        if row is not None:
            self.add(product_id, row)

    def touch(self, product_id: int, modified: float) -> None:
        """Only the date of change moved."""
        self.changed.note(product_id, int(modified))

    def add(self, product_id: int, row: Entity) -> None:
        """Note a product that is new."""
        skus = [(v.sku, v.id) for v in map(_variant_facts, row["v"])]
        self._note(product_id, _facts(row["m"]), skus)

    def add_made(self, product: Product) -> None:
        """Note a product that is new, of the working copy it was made in: nothing needs to be decoded."""
        main = product.main
        facts = _Facts(main["name"], main["sku"], product.tracking, main["date_modified"])
        self._note(product.id, facts, [(v["sku"], v["id"]) for v in product.variants])

    def _note(self, product_id: int, facts: _Facts, skus: list[tuple[str, int]]) -> None:
        name, own_sku = facts.name.casefold(), facts.sku.casefold()
        ids = tuple(variant_id for _, variant_id in skus)
        owners = tuple((sku.casefold(), variant_id) for sku, variant_id in skus if sku)
        # A product with options may have a SKU of its own, which then belongs to no variant.
        if own_sku and not any(sku == own_sku for sku, _ in owners):
            owners = (*owners, (own_sku, -product_id))
        items = ids if facts.inventory_tracking == "variant" else ids[:1]
        self._known[product_id] = (name, owners, ids, items)
        self.products.add(product_id)
        self._names.setdefault(name, product_id)
        self.changed.note(product_id, _second(facts.date_modified))
        for sku, owner in owners:
            held = self._skus.get(sku)
            if held is None:
                self._skus[sku] = owner
            else:
                self._skus[sku] = (*(held if isinstance(held, tuple) else (held,)), owner)
        for variant_id in ids:
            self.product_of[variant_id] = product_id
            self.variants.add(variant_id)
        for variant_id in items:
            self.items.add(variant_id)

    def _forget(self, product_id: int) -> None:
        known = self._known.pop(product_id, None)
        if known is None:
            return
        name, owners, ids, items = known
        self.products.discard(product_id)
        self.changed.forget(product_id)
        if self._names.get(name) == product_id:
            del self._names[name]
        for sku, owner in owners:
            held = self._skus.get(sku)
            if isinstance(held, tuple) and len(held) > 1:
                rest = tuple(other for other in held if other != owner)
                self._skus[sku] = rest if len(rest) > 1 else rest[0]
            else:
                self._skus.pop(sku, None)
        for variant_id in ids:
            self.product_of.pop(variant_id, None)
            self.variants.discard(variant_id)
        for variant_id in items:
            self.items.discard(variant_id)

    def by_name(self, name: str) -> int | None:
        """The product of that name, whatever the case of its letters."""
        return self._names.get(name.casefold())

    def owners_of(self, sku: str) -> tuple[int, ...]:
        """Variant ids with that SKU; minus the product id where it is a product's own. Several only in broken data."""
        held = self._skus.get(sku.casefold())
        if held is None:
            return ()
        return held if isinstance(held, tuple) else (held,)

    def variants_with(self, sku: str) -> list[int]:
        """Variants with that SKU, whatever the case of its letters."""
        return [owner for owner in self.owners_of(sku) if owner > 0]

    def search(self, text: str) -> list[int]:
        """Products whose name or a SKU contains `text`, whatever the case of its letters, in order of id."""
        wanted = text.casefold()
        found = {product_id for product_id, known in self._known.items() if wanted in known[0]}
        for sku, held in self._skus.items():
            if wanted in sku:
                owners = held if isinstance(held, tuple) else (held,)
                found |= {-owner if owner < 0 else self.product_of[owner] for owner in owners}
        return sorted(found)

    def products_with(self, sku: str) -> list[int]:
        """Products whose main SKU it is."""
        found = []
        for owner in self.owners_of(sku):
            product_id = -owner if owner < 0 else self.product_of[owner]
            row = self._rows.get(product_id)
            if row is not None and _facts(row["m"]).sku.casefold() == sku.casefold():
                found.append(product_id)
        return found

    @property
    def modified(self) -> dict[int, int]:
        """Product → when it last changed, in Unix seconds."""
        return self.changed.at

    def page(self, ids: list[int], low: int | None, high: int | None) -> tuple[int, int]:
        """The slice of sorted `ids` between `low` and `high`, both included; None is open."""
        start = 0 if low is None else bisect_left(ids, low)
        end = len(ids) if high is None else bisect_left(ids, high + 1)
        return start, max(start, end)


# -- saving ---------------------------------------------------------------------------------------------------------


def load(store: Store, product_id: int) -> Product | None:
    """A working copy of a product; None if there is none."""
    row = store.products.get(product_id)
    return None if row is None else Product(product_id, row)


def existing(store: Store, product_id: int) -> Product:
    """A working copy of a product that is there. Raises KeyError."""
    return Product(product_id, store.products[product_id])


def create(store: Store, product: Product) -> None:
    """Put a new product into the store, with its effect and its webhooks."""
    product.derive(store)
    store.products.put(product.id, product.encode())
    store.index.refresh(product.id)
    store.effect(
        "product_created",
        product.id,
        sku=product.main["sku"],
        name=product.main["name"],
        variants=len(product.variants),
    )
    store.fire("store/product/created", {"type": "product", "id": product.id})
    for variant in product.variants:
        if variant["sku_id"] is not None:
            store.fire_sku("created", product.id, variant)
    for channel in product.channels:
        store.fire(f"store/channel/{channel}/product/assigned", {"product_id": product.id})


def save(store: Store, product: Product, *, quiet: bool = False) -> None:
    """Keep a changed product: effects and webhooks for what differs from before, nothing if nothing does.

    `quiet` is for changes that fire no webhook and move no date (images, custom fields).
    """
    before = Product(product.id, store.products.table[product.id])
    product.derive(store)
    main, old = product.main, before.main
    changed = [name for name in main if name not in _DERIVED and main[name] != old.get(name)]
    olds = {v["id"]: v for v in before.variants}
    news = {v["id"]: v for v in product.variants}
    touched = [k for k, v in news.items() if k in olds and _differs(v, olds[k], simple=product.is_simple)]
    added, gone = [k for k in news if k not in olds], [k for k in olds if k not in news]
    priced = [k for k in news if k in olds and news[k]["calculated_price"] != olds[k]["calculated_price"]]
    substance = changed or touched or added or gone
    if substance and (changed or store.switch("variant_moves_date_modified")):
        main["date_modified"] = iso(store.now)
    row = product.encode()
    if row == store.products.table[product.id]:
        return
    store.products.put(product.id, row)
    store.index.refresh(product.id)
    for variant_id in priced:
        store.effect(
            "price_changed",
            variant_id,
            sku=news[variant_id]["sku"],
            before=plain(olds[variant_id]["calculated_price"]),
            after=plain(news[variant_id]["calculated_price"]),
        )
    if changed:
        store.effect("product_updated", product.id, sku=main["sku"], fields=sorted(changed))
    for kind, ids, source in (("created", added, news), ("updated", touched, news), ("deleted", gone, olds)):
        for variant_id in ids:
            variant = source[variant_id]
            store.effect(f"variant_{kind}", variant_id, sku=variant["sku"], product_id=product.id)
            if variant["sku_id"] is not None:
                store.fire_sku(kind, product.id, variant)
    if not quiet and (set(changed) - SILENT or touched or added or gone):
        store.fire("store/product/updated", {"type": "product", "id": product.id})


def _differs(new: Json, old: Json, *, simple: bool) -> bool:
    # A base variant's shared fields are the product's: their change is told once, as the product's.
    skip = _DERIVED | set(MIRRORED) if simple else _DERIVED
    return any(new[name] != old.get(name) for name in new if name not in skip)


def save_stock(store: Store, product: Product, owner: str, sold: int = 0) -> None:
    """Keep a product of which only the stock of `owner` changed (and, at a sale, `total_sold`)."""
    product.derive_levels(store, None if owner == "p" else owner)
    if sold:
        product.main["total_sold"] += sold
    if store.switch("variant_moves_date_modified"):
        product.main["date_modified"] = iso(store.now)
        store.index.touch(product.id, store.now)
    store.products.put(product.id, product.encode())


def remove(store: Store, product_id: int) -> None:
    """Delete a product with everything in it."""
    product = Product(product_id, store.products.table[product_id])
    store.products.delete(product_id)
    store.index.refresh(product_id)
    forget_product(store, product_id, product.row["vi"])
    store.effect("product_deleted", product_id, sku=product.main["sku"], skus=[v["sku"] for v in product.variants])
    for variant in product.variants:
        if variant["sku_id"] is not None:
            store.fire_sku("deleted", product_id, variant)
    store.fire("store/product/deleted", {"type": "product", "id": product_id})


# -- from documents -------------------------------------------------------------------------------------------------

PRICES: Final = ("price", "sale_price", "retail_price", "cost_price", "map_price", "fixed_cost_shipping_price")
MEASURES: Final = ("weight", "width", "height", "depth")
_NUMBERS: Final = frozenset({*PRICES, *MEASURES})
_INEXACT: Final = frozenset({Decimal, float, str})


def numbers(doc: Json) -> None:
    """Bring the prices and measures of a document into the form they are kept in."""
    for name in _NUMBERS:
        value = doc.get(name)
        if value.__class__ in _INEXACT:
            doc[name] = _number(str(value))


_number = lru_cache(maxsize=4096)(number)
"""A catalog repeats its prices and measures."""


def make_row(store: Store, product_id: int, doc: Json, now: float) -> Product:
    """A new product of a document in the shape of the API's, ids optional. What the document lacks gets its default."""
    main = _filled(MAIN, doc)
    main["id"] = product_id
    numbers(main)
    for name in PRICES:
        if main[name] is None:
            main[name] = 0
    main["date_created"] = doc.get("date_created") or iso(now)
    main["date_modified"] = doc.get("date_modified") or iso(now)
    if not main["custom_url"].get("url"):
        main["custom_url"] = {"url": slug(main["name"]), "is_customized": False}
    product = Product(product_id, {"m": b"", "v": [], "vi": [], "i": b"[]", "h": doc.get("channels") or [1], "s": {}})
    product._main, product._images = main, []  # noqa: SLF001 - the maker of products
    options = [_option(store, product_id, at, option) for at, option in enumerate(doc.get("options") or [])]
    given = [v for v in doc.get("variants") or [] if v.get("option_values")]
    seen: dict[tuple[Any, Any], Json] = {}
    product.variants = [make_variant(store, product_id, v, options, seen) for v in given]
    if not product.variants:
        base: Json = next(iter(doc.get("variants") or []), {})
        for name in MIRRORED:  # a simple product may be given by its base variant alone
            if base.get(name) not in (None, "") and doc.get(name) in (None, "", 0):
                main[name] = base[name]
        numbers(main)
        product.variants = [make_variant(store, product_id, {**base, "option_values": []}, options)]
    for at, option in enumerate(options):
        option["sort_order"] = option.get("sort_order", at)
    product._subs["options"] = options  # noqa: SLF001
    _take_stock(product, doc, given)
    for at, image in enumerate(doc.get("images") or []):
        add_image(store, product, image, at)
    if doc.get("_picture") and not product.images:
        add_image(store, product, {"_picture": doc["_picture"]}, 0)
    for name, start in (
        ("custom_fields", FIRST_FIELD),
        ("bulk_pricing_rules", 1),
        ("videos", 1),
        ("modifiers", FIRST_OPTION),
    ):
        rows = doc.get(name) or []
        if rows:
            product._subs[name] = [_numbered(store, name, start, row) for row in rows]  # noqa: SLF001
    return product


def _filled(defaults: Json, doc: Json) -> Json:
    """`defaults` with what the document says instead; what they do not name is left out."""
    filled = {**defaults, **doc}
    for name in doc.keys() - defaults.keys():
        del filled[name]
    return filled


def _numbered(store: Store, name: str, start: int, row: Json) -> Json:
    result = {**row, "id": row.get("id") or store.take("options" if name == "modifiers" else name, start)}
    for value in result.get("option_values") or []:
        value.setdefault("id", store.take("values", FIRST_VALUE))
        value.setdefault("option_id", result["id"])
    return result


def _option(store: Store, product_id: int, at: int, option: Json) -> Json:
    number_ = option.get("id") or store.take("options", FIRST_OPTION)
    name = option.get("display_name") or option.get("name") or f"Option {at + 1}"
    values = [
        {
            "id": value.get("id") or store.take("values", FIRST_VALUE),
            "label": value["label"],
            "sort_order": value.get("sort_order", place),
            "value_data": value.get("value_data"),
            "is_default": bool(value.get("is_default")),
        }
        for place, value in enumerate(option.get("option_values") or [])
    ]
    return {
        "id": number_,
        "product_id": product_id,
        "name": option.get("name") or f"{name}{product_id}",
        "display_name": name,
        "type": option.get("type") or "dropdown",
        "sort_order": option.get("sort_order", at),
        "option_values": values,
        "config": option.get("config") or {},
    }


def make_variant(
    store: Store, product_id: int, doc: Json, options: list[Json], seen: dict[tuple[Any, Any], Json] | None = None
) -> Json:
    """A variant of a document; its option values are found in `options`, by id or by label, or added there.

    `seen` remembers, for the variants of one product, what was found.
    """
    variant = _filled(VARIANT, doc)
    numbers(variant)
    variant["id"] = doc.get("id") or store.take("variants", FIRST_VARIANT)
    variant["product_id"] = product_id
    variant["cost_price"] = variant["cost_price"] or 0
    if doc.get("_picture"):
        variant["image_url"] = picture_mark(doc["_picture"])
    shown = []
    for value in doc["option_values"]:
        key = (value.get("option_display_name") or value.get("option_id"), value.get("label") or value.get("id"))
        known = None if seen is None else seen.get(key)
        if known is None:
            known = _value(store, product_id, value, options)
            if seen is not None:
                seen[key] = known
        shown.append(known)
    variant["option_values"] = shown
    if variant["option_values"]:
        variant["sku_id"] = doc.get("sku_id") or store.take("skus", FIRST_SKU)
    variant["inventory_level"] = 0
    return variant


def _value(store: Store, product_id: int, value: Json, options: list[Json]) -> Json:
    name = value.get("option_display_name")
    for option in options:
        if option["display_name"] == name or option["id"] == value.get("option_id"):
            break
    else:
        given: Json = {"id": value.get("option_id"), "display_name": name or "Option", "option_values": []}
        option = _option(store, product_id, len(options), given)
        options.append(option)
    for known in option["option_values"]:
        if known["id"] == value.get("id") or known["label"] == value.get("label"):
            break
    else:
        known = {
            "id": value.get("id") or store.take("values", FIRST_VALUE),
            "label": str(value.get("label", "")),
            "sort_order": len(option["option_values"]),
            "value_data": None,
            "is_default": False,
        }
        option["option_values"].append(known)
    return {
        "id": known["id"],
        "label": known["label"],
        "option_id": option["id"],
        "option_display_name": option["display_name"],
    }


def _take_stock(product: Product, doc: Json, given: list[Json]) -> None:
    """Put the levels of the document on the shelf of the default location."""
    if product.tracking == "variant":
        for variant, source in zip(product.variants, given or product.variants, strict=True):
            level = source.get("inventory_level")
            if level is None and not given:
                level = doc.get("inventory_level")
            if level is not None:
                _put(product, str(variant["id"]), level, source.get("inventory_warning_level"))
    elif product.tracking == "product" or doc.get("inventory_level"):
        level = doc.get("inventory_level")
        if level is None and not given and doc.get("variants"):
            level = doc["variants"][0].get("inventory_level")
        _put(product, "p", level or 0, doc.get("inventory_warning_level"))


def _put(product: Product, owner: str, level: int, warning: int | None) -> None:
    shelf = product.shelf(owner, DEFAULT_LOCATION)
    shelf[0], shelf[3], shelf[5] = min(max(int(level), 0), MOST_STOCK), int(warning or 0), True


def add_image(store: Store, product: Product, doc: Json, at: int | None = None) -> Json:
    """Add an image of a document: by its picture key, or one made of the address it was given by."""
    key = doc.get("_picture") or picture_of(
        doc.get("image_url") or doc.get("_original_image_url") or doc.get("url_zoom") or ""
    )
    thumbnail = bool(doc.get("is_thumbnail", not product.images))
    if thumbnail:
        for other in product.images:
            other["is_thumbnail"] = False
    number_ = doc.get("id") or store.take("images", FIRST_IMAGE)
    image = {
        "id": number_,
        "product_id": product.id,
        "is_thumbnail": thumbnail,
        "sort_order": int(doc.get("sort_order") or at or 0),
        "description": str(doc.get("description") or ""),
        "image_file": f"p/{number_ % 1000:03d}/picture__{number_}.png",
        **image_urls(key),
        "date_modified": iso(store.now),
    }
    product.images.append(image)
    return image


def image_urls(key: str) -> Json:
    """The four sizes of a picture."""
    url = picture_mark(key)
    return {
        "url_zoom": url,
        "url_standard": f"{url}?size=standard",
        "url_thumbnail": f"{url}?size=thumbnail",
        "url_tiny": f"{url}?size=tiny",
    }


def picture_of(url: str) -> str:
    """The key of the picture that stands for one at `url`: the sandbox fetches nothing from outside."""
    marker = "/pictures/"
    if "/_bigcommerce/" in url and marker in url:  # our own address again: the same picture
        return url.split(marker, 1)[1].split("?", 1)[0].removesuffix(".png")
    name = url.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1]
    return f"outside/{re.sub(r'[^A-Za-z0-9._-]+', '-', name)[:80] or 'picture'}"
