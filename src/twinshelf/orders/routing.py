"""From which location of the store an order is taken: its TikTok warehouse decides (WHS-3). Reads our tables only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twinshelf.connections.models import Connection
from twinshelf.documents import ShopOrder
from twinshelf.goods import locations, snapshot
from twinshelf.orders.intake.plan import BookedUnits, Route, imported_lines
from twinshelf.rules import push_rules
from twinshelf.rules.warehouses import Push, route


@dataclass(frozen=True)
class Routes:
    """The push rules of a connection as orders need them; `push` None: locations are not used."""

    push: Push | None
    usable: tuple[str, ...] = ()
    names: Mapping[str, str] | None = None

    @classmethod
    def of(cls, connection: Connection) -> Routes:
        """Those of a connection."""
        push = push_rules.push_of(connection)
        if push is None:
            return cls(None)
        rows = locations.known(connection.store)
        usable = tuple(each for each, row in rows.items() if row.usable)
        return cls(push, usable, {each: row.name for each, row in rows.items()})

    def place_of(self, order: ShopOrder) -> str:
        """The location that an order will take its units from, as far as that is known before anything is read."""
        if self.push is None:
            return ""
        return route(order.warehouse_id, self.push, {}, {}, self.usable)[0]


def routes_of(
    connection: Connection, routes: Routes, orders: Iterable[tuple[ShopOrder, Mapping[str, tuple[str, str]]]]
) -> dict[str, Route]:
    """Where each order is taken from and why, by order id, with what of it the store counts."""
    if routes.push is None:
        return {}
    every = list(orders)
    products = snapshot.products_of(
        connection.store_id, {product_id for _order, links in every for product_id, _variant in links.values()}
    )
    found = {}
    for order, links in every:
        taken: dict[tuple[str, str], int] = {}
        for line in imported_lines(order):
            if line.sku_id in links:
                taken[links[line.sku_id]] = taken.get(links[line.sku_id], 0) + line.quantity
        levels: dict[str, dict[str, int]] = {}
        by_product: dict[str, int] = {}
        by_variant: dict[str, int] = {}
        for (product_id, variant_id), units in taken.items():
            product = products.get(product_id)
            variant = next((each for each in product.variants if each.id == variant_id), None) if product else None
            if product is None or variant is None or variant.stock is None:
                continue  # nobody counts it
            levels[variant_id] = locations.levels(variant, routes.push.default)
            counted = by_variant if product.tracking == "variant" else by_product
            key = variant_id if product.tracking == "variant" else product_id
            counted[key] = counted.get(key, 0) + units
        needed = {variant: units for (_product, variant), units in taken.items() if variant in levels}
        location, why = route(order.warehouse_id, routes.push, needed, levels, routes.usable)
        booked = BookedUnits(tuple(sorted(by_product.items())), tuple(sorted(by_variant.items())))
        name = (routes.names or {}).get(location, location)
        found[order.id] = Route(location, name, why, routes.push.default, booked)
    return found
