"""What all writes of products and variants have in common: SKUs, stock, and batches of which a part is lost.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml and product-variants_catalog.v3.yml.
"""

from __future__ import annotations

from twinshelf_sandbox.bigcommerce.calls import Call
from twinshelf_sandbox.bigcommerce.catalog import product_rows
from twinshelf_sandbox.bigcommerce.catalog.product_rows import DEFAULT_LOCATION, MIRRORED, Product
from twinshelf_sandbox.bigcommerce.inventory import inventory
from twinshelf_sandbox.bigcommerce.responses import Json, Refused, not_found, v3_error
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.world import Entity


def row_of(call: Call, product_id: int) -> Entity:
    """The row of a product. Raises Refused where there is none."""
    row = call.store.products.get(product_id)
    if row is None:
        raise not_found("The requested product was not found.")
    return row


def product_of(call: Call, product_id: int) -> Product:
    """A working copy of a product. Raises Refused where there is none."""
    return Product(product_id, row_of(call, product_id))


def conflict(title: str, errors: Json | None = None) -> Refused:
    """409: it clashes with something that is there, or names something that is not."""
    return v3_error(409, title, errors)


def free_sku(store: Store, sku: str, product_id: int | None, variant_id: int, keys: set[str] | None = None) -> None:
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
        raise conflict(
            "The product sku is a duplicate" if variant_id == 0 else "Sku is not unique", {"sku": "must be unique"}
        )
    if keys is not None:
        if sku.casefold() in keys:
            raise conflict("The product sku is a duplicate", {"sku": "must be unique"})
        keys.add(sku.casefold())


def put_levels(store: Store, product_id: int, levels: dict[int, int]) -> bool:
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
                product.main[name] = product_rows.MAIN[name] if value is None else value
    variant.update(kept)
    if variant["cost_price"] is None:
        variant["cost_price"] = 0


def spared_of(call: Call, docs: list[Json]) -> set[int]:
    """The ids of a batch that a `partial` fault does not save: those it names by id or SKU, else every second."""
    fault = call.fault
    if fault is None or fault.action != "partial":
        return set()
    named = set(fault.items)
    if named:
        return {doc["id"] for doc in docs if str(doc.get("id")) in named or str(doc.get("sku")) in named}
    return {doc["id"] for doc in docs[1::2]}
