"""A product of a sandbox store: how it is kept, and the one place where it is saved.

A product is one row holding ready-made JSON: its own fields, each variant, its options and the rest. A page of 250 is
then little more than a join, and a stock change touches one variant's bytes. Knows nothing of requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from twinshelf_sandbox.bigcommerce.catalog.cascading_deletes import forget_product
from twinshelf_sandbox.bigcommerce.catalog.picture_addresses import BASE_MARK
from twinshelf_sandbox.bigcommerce.responses import Json, decode, encode, iso, plain
from twinshelf_sandbox.world import Entity

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.store import Store

MOST_STOCK: Final = 2_147_483_647
DEFAULT_LOCATION: Final = 1

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
SUB_KEY: Final = {name: key for key, name in SUBS.items()}


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
            raw = self.row.get(SUB_KEY[name])
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
                self.row[SUB_KEY[name]] = encode(rows)
            else:
                self.row.pop(SUB_KEY[name], None)
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
