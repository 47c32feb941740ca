"""What orders do to stock: whether it is there, and taking and giving it back.

Source: BigCommerce docs, reference/settings.v3.yml, integrations/webhooks/events; the older reference for refusals.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.catalog import product_rows
from twinshelf_sandbox.bigcommerce.inventory import inventory
from twinshelf_sandbox.bigcommerce.orders.order_index import COMPLETED, SHIPPED
from twinshelf_sandbox.bigcommerce.orders.order_lines import thing_of
from twinshelf_sandbox.bigcommerce.orders.orders import Order
from twinshelf_sandbox.bigcommerce.responses import Json, Refused, v2_error
from twinshelf_sandbox.bigcommerce.settings import settings
from twinshelf_sandbox.bigcommerce.store import Store

SHORT: Final = "Quantities of one or more products are out of stock or did not meet quantity requirements."


def inventory_setting(store: Store, order: Order, name: str) -> Any:
    """An inventory setting in force for an order: its channel's own, else the store's."""
    channel = order.channel_id if store.switch("order_channel_settings") else None
    return settings.setting(store, "inventory", name, channel)


def takes_now(store: Store, order: Order, status_id: int, *, created: bool) -> bool:
    """Whether an order of that status has its stock taken."""
    if inventory_setting(store, order, "update_stock_behavior") == "order_placed":
        return status_id not in store.switch("order_statuses_without_stock")
    return status_id in {SHIPPED, COMPLETED} or (not created and order.row["took"])


def shortages(store: Store, wanted: Iterable[tuple[Json, int]], location: int) -> list[Json]:
    """An error per line that cannot be had: out of stock, too many or too few of a product."""
    errors: list[Json] = []
    enabled = str(location) in store.row["enabled_locations"]
    left: dict[tuple[int, str], int] = {}
    amounts: dict[int, int] = {}
    lines = [(line, quantity) for line, quantity in wanted if line["product_id"]]
    for line, quantity in lines:
        amounts[line["product_id"]] = amounts.get(line["product_id"], 0) + quantity
    told: set[int] = set()
    for line, quantity in lines:
        product = product_rows.load(store, line["product_id"])
        if product is None:
            continue
        thing = thing_of(store, product)
        main, total = product.main, amounts[product.id]
        if product.tracking != "none":
            owner = product.owner(line["variant_id"])
            key = (product.id, owner)
            left.setdefault(key, inventory.sellable(product, owner, location) if enabled else 0)
            if left[key] < quantity:
                level = max(0, left[key])
                if owner == "p" or product.is_simple:
                    errors.append({"type": "OutOfStock", "product": {**thing, "inventory_level": level}})
                else:
                    variant = product.peek(int(owner))
                    path = f"/products/{product.id}/skus/{variant['sku_id']}"
                    sku = {
                        "id": variant["sku_id"],
                        "sku": variant["sku"],
                        "inventory_level": level,
                        "url": f"{store.base_url}/stores/{store.hash}/v2{path}",
                        "resource": path,
                    }
                    errors.append({"type": "OutOfStock", "product": {**thing, "sku": sku}})
            else:
                left[key] -= quantity
        most, least = main["order_quantity_maximum"], main["order_quantity_minimum"]
        if product.id not in told and most and total > most:
            errors.append({"type": "ExceedsMaxQuantity", "product": {**thing, "maximum_quantity": most}})
        elif product.id not in told and least and total < least:
            errors.append({"type": "InsufficientQuantity", "product": {**thing, "minimum_quantity": least}})
        told.add(product.id)
    return errors


def take(store: Store, line: Json, quantity: int, location: int) -> None:
    """Take a line's units off the shelf; a shelf never goes below nothing."""
    product = product_rows.load(store, line["product_id"]) if line["product_id"] else None
    if product is None or quantity <= 0:
        return
    if product.tracking == "none":
        product.main["total_sold"] += quantity
        store.products.put(product.id, product.encode())
        store.fire("store/product/updated", {"type": "product", "id": product.id})
        return
    owner = product.owner(line["variant_id"])
    shelf = product.shelf(owner, location)
    taken = min(quantity, max(0, shelf[0]))
    line.update(_taken=line["_taken"] + taken, _location=location, _owner=owner)
    inventory.change(store, product, owner, location, shelf[0] - taken, method="relative", by_order=True, sold=quantity)


def give_back(store: Store, line: Json, quantity: int) -> None:
    """Put units of a line back where they came from, at most what it took."""
    quantity = min(quantity, line["_taken"])
    product = product_rows.load(store, line["product_id"]) if quantity > 0 else None
    if product is None:
        return
    line["_taken"] -= quantity
    owner = line["_owner"]
    if owner != "p" and int(owner) not in product.row["vi"]:
        return
    shelf = product.shelf(owner, line["_location"])
    inventory.change(store, product, owner, line["_location"], shelf[0] + quantity, method="relative", by_order=True)


def take_all(store: Store, order: Order) -> None:
    """Take what an order has not taken yet."""
    location = store.switch("order_location")
    for line in order.lines:
        take(store, line, line["quantity"] - line["_taken"], location)
    order.row["took"] = True


def give_all_back(store: Store, order: Order) -> None:
    """Give back whatever an order took."""
    for line in order.lines:
        give_back(store, line, line["_taken"])
    order.row["took"] = False


def short(errors: list[Json]) -> Refused:
    """The refusal that names every line in short supply."""
    return v2_error(409, SHORT, {"errors": errors})
