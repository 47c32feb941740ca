"""The stock flow: what each shop may offer, compared with what it offers, set where it differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.connections.queries import working_connection
from twinshelf.documents import AnyChange, Plan, SetStock
from twinshelf.goods import snapshot
from twinshelf.goods.models import StoreVariant
from twinshelf.kit.upsert import update_rows
from twinshelf.kit.words import counted
from twinshelf.listings import sides as queries
from twinshelf.listings.models import Link, ListingRow, ListingState
from twinshelf.rules import quantities as planning
from twinshelf.sync.flows import Ask, Batches, LaneRef

_STOCKABLE = (
    ListingState.LIVE,
    ListingState.REVIEWING,
    ListingState.FAILED,
    ListingState.INACTIVE_SELLER,
    ListingState.INACTIVE_SYSTEM,
    ListingState.IN_PROGRESS,
)
"""States in which TikTok takes stock (its status table: all but PLATFORM_DEACTIVATED, FREEZE, DELETED)."""


def draft_stock(lane: LaneRef, asks: Sequence[Ask]) -> list[Plan]:
    """Read the shop's stock of the asked products (100 a call) and plan what sets it right.

    The store's side is its last reading less what orders on their way hold, so a quantity is never above what was
    known to be there when it was decided.
    """
    connection = working_connection(lane.owner_id)
    preferences = connection_actions.preferences(connection)
    if preferences.inventory_direction != "bc_to_tts":
        return []
    product_ids = [int(ask.key) for ask in asks]
    rows = {
        row.product_id: row
        for row in ListingRow.objects.filter(
            connection=connection, product_id__in=product_ids, state__in=_STOCKABLE
        ).exclude(tiktok_id="")
    }
    if not rows:
        return []
    links: dict[int, dict[int, str]] = {}
    known = list(Link.objects.filter(connection=connection, product_id__in=rows))
    for link in known:
        links.setdefault(link.product_id, {})[link.variant_id] = link.sku_id
    quantities = offered(connection, list(rows))
    products = snapshot.products_of(connection.store_id, rows)
    observed = clients.shop_client(connection.shop, "urgent").stock([row.tiktok_id for row in rows.values()])
    _keep_observed(rows, known, observed)
    plans = []
    for product_id, row in rows.items():
        product = products.get(product_id)
        plans.append(
            planning.plan_stock(
                str(product_id),
                tiktok_id=row.tiktok_id,
                desired={
                    sku_id: quantities.get(variant_id, 0) for variant_id, sku_id in links.get(product_id, {}).items()
                },
                observed=observed,
                warehouse_id=connection.warehouse_id,
                product_level=product is not None
                and product.tracking == "product"
                and any(variant.options for variant in product.variants),
            )
        )
    return plans


def _keep_observed(
    rows: Mapping[int, ListingRow], links: Iterable[Link], observed: Mapping[str, Sequence[tuple[str, int]]]
) -> None:
    """Record the numbers that the shop shows: sales there move them without any call of ours."""
    totals: dict[int, int] = {}
    moved = []
    for link in links:
        if link.sku_id in observed:
            shown = sum(count for _warehouse, count in observed[link.sku_id])
            if link.quantity != shown:
                link.quantity = shown
                moved.append(link)
        totals[link.product_id] = totals.get(link.product_id, 0) + (link.quantity or 0)
    update_rows(moved, ["quantity"])
    stale = [row for product_id, row in rows.items() if row.quantity != totals.get(product_id)]
    for row in stale:
        row.quantity = totals.get(row.product_id)
    update_rows(stale, ["quantity"])


def offered(connection: Connection, product_ids: Sequence[int]) -> Mapping[int, int]:
    """Units that may be offered in the shop, by variant id: 0 for what is gone from the store."""
    preferences = connection_actions.preferences(connection)
    variants = list(
        StoreVariant.objects.filter(store_id=connection.store_id, product_id__in=list(product_ids)).values_list(
            "variant_id", "stock", "deleted", "purchasable"
        )
    )
    held = queries.held(connection.store_id, [variant_id for variant_id, *_ in variants])
    return {
        variant_id: 0
        if deleted or not (purchasable or preferences.include_unpurchasable)
        else planning.quantity_to_offer(stock, held.get(variant_id, 0), preferences)
        for variant_id, stock, deleted, purchasable in variants
    }


@dataclass
class _Batch:
    """Changes of stock on their way: whose they are, and the numbers that the shop has taken so far, by SKU id."""

    connection: Connection
    product_ids: list[int] = field(default_factory=list)
    taken: dict[str, Sequence[tuple[str, int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, lane: LaneRef) -> _Batch:
        return cls(Connection.objects.select_related("shop").get(id=lane.owner_id))


_batches = Batches(_Batch.of)


def apply_stock(lane: LaneRef, key: str, change: AnyChange) -> str:
    """Set the stock of SKUs in their warehouses: absolute numbers, so safe to repeat."""
    if not isinstance(change, SetStock):
        msg = f"{type(change).__name__} is not a change of this lane"
        raise TypeError(msg)
    batch, stock = _batches.of(lane), dict(change.stock)
    clients.shop_client(batch.connection.shop, "urgent").set_stock(change.shop_listing_id, stock)
    batch.taken.update(stock)
    batch.product_ids.append(int(key))
    return f"stock of {counted(len(stock), 'SKU')} set"


def keep_stock(lane: LaneRef) -> None:
    """Record the numbers that the shop took, of the whole batch. Lost before that, the next look at the shop tells."""
    batch = _batches.end(lane)
    if batch is None or not batch.product_ids:
        return
    of_products = {"connection": batch.connection, "product_id__in": batch.product_ids}
    rows = {row.product_id: row for row in ListingRow.objects.filter(**of_products)}
    _keep_observed(rows, Link.objects.filter(**of_products), batch.taken)
