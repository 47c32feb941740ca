"""The other direction of the stock flow: what the shop has becomes what the store counts ("Push to BigCommerce").

The store is set to what the shop can sell, and what orders will take that have no store order yet: creating these takes
it. Echoes need no care: what the store then tells is what was set, so nothing differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twinshelf.connections.batches import UrgentBatch
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import Finding, SetStoreStock, finding
from twinshelf.errors import Transient
from twinshelf.goods import holds, snapshot
from twinshelf.kit.words import counted
from twinshelf.listings import desiring
from twinshelf.listings.facts import facts_of
from twinshelf.listings.models import Link, ListingRow
from twinshelf.listings.plan import SeenStoreStock
from twinshelf.rules.quantities import counted_for_all_variants
from twinshelf.sync import lanes
from twinshelf.sync.flows import Closed, Made, Signal


def observe_store_stock(
    batch: UrgentBatch,
    rows: Mapping[str, ListingRow],
    links: Sequence[Link],
    observed: Mapping[str, Sequence[tuple[str, int]]],
) -> dict[str, SeenStoreStock]:
    """Both sides of these products: what the shop was just read to have, and what the store was last read to count."""
    connection = batch.connection
    products = snapshot.products_of(connection.store_id, rows)
    desired = desiring.skus_on_both_sides(connection, links, facts_of(connection, rows), products)
    held = holds.open_units(connection.store_id, [link.variant_id for link in links])
    shared = _also_sold(connection)
    seen = {}
    for product_id, product in products.items():
        follows = {key for key, sku in desired.get(product_id, {}).items() if sku.stock_follows}
        there = {
            link.variant_id: sum(units for _warehouse, units in observed[link.sku_id])
            for link in links
            if link.product_id == product_id and link.sku_id in observed and link.variant_id in follows
        }
        seen[product_id] = SeenStoreStock(
            product_id,
            shown=there,
            counted={variant.id: variant.stock for variant in product.variants},
            codes={key: sku.seller_sku or key for key, sku in desired.get(product_id, {}).items()},
            held={key: held[key] for key in there if key in held},
            product_level=counted_for_all_variants(product),
            as_product=product.tracking == "product",
            shared=shared,
        )
    return seen


def _also_sold(connection: Connection) -> Finding | None:
    """Why nothing is written: other shops sell the same stock, and their sales would be overwritten."""
    others = Connection.objects.filter(store_id=connection.store_id).exclude(id=connection.id).select_related("shop")
    selling = [
        other.name for other in others if preferences_from_json(other.preferences).inventory_direction != "disabled"
    ]
    return finding("E-INV-PUSH", shops=", ".join(sorted(selling))) if selling else None


def apply_store_stock(batch: UrgentBatch, change: SetStoreStock) -> Made:
    """Set what the store counts: absolute numbers, so safe to repeat.

    Raises Transient where orders hold other units than when it was planned: its numbers are out of date.
    """
    ids = [variant_id for variant_id, _units in change.stock]
    if holds.open_units(batch.connection.store_id, ids) != dict(change.held):
        raise Transient("Orders came in meanwhile.", wait_seconds=1.0)
    stock = dict(change.stock)
    whole = {change.product_id: sum(stock.values())} if change.as_product else {}
    batch.store_client.set_stock({} if whole else stock, whole)
    return Made(f"stock of {counted(len(ids), 'SKU')} set in BigCommerce")


def record_store_stock(batch: UrgentBatch, closed: Sequence[Closed[Any]]) -> None:
    """Have the store read again where it was written: our own change explains what it then tells."""
    written = [each.key for each in closed if any(isinstance(done.change, SetStoreStock) for done in each.done)]
    owner = f"store:{batch.connection.store_id}"
    lanes.ask(
        batch.lane.account_id, "product", owner, written, cause="stock set in BigCommerce", priority=lanes.URGENT,
        signals=Signal.SOLD,
    )  # fmt: skip
