"""The stock flow: what each shop may offer, compared with what it offers, set where it differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from twinshelf.connections import warehouses
from twinshelf.connections.batches import UrgentBatch
from twinshelf.documents import (
    AnyChange,
    Finding,
    ListingState,
    PutInWarehouses,
    SetStock,
    SetStoreStock,
    ShopSku,
    WarehouseStatus,
    finding,
)
from twinshelf.errors import Refused
from twinshelf.goods import snapshot
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows
from twinshelf.kit.words import counted
from twinshelf.listings import desiring
from twinshelf.listings import plan as planning
from twinshelf.listings.afterwards import look_again
from twinshelf.listings.desired import DesiredSku
from twinshelf.listings.facts import facts_of
from twinshelf.listings.models import Link, ListingRow
from twinshelf.listings.store_stock import apply_store_stock, observe_store_stock, record_store_stock
from twinshelf.rules import push_rules
from twinshelf.rules.quantities import counted_for_all_variants
from twinshelf.sync import lanes
from twinshelf.sync.flows import ORDERS, Attempt, Closed, Flow, Made, Signal, no_change
from twinshelf.tiktok.errors import PartlyRefused

_WAREHOUSE = "E-WHS-STATUS"

_STOCKABLE = (
    ListingState.LIVE,
    ListingState.REVIEWING,
    ListingState.FAILED,
    ListingState.INACTIVE_SELLER,
    ListingState.INACTIVE_SYSTEM,
    ListingState.IN_PROGRESS,
)
"""States in which TikTok takes stock (its status table: all but PLATFORM_DEACTIVATED, FREEZE, DELETED)."""


Seen = planning.SeenSkus | planning.SeenStoreStock


def observe_stock(batch: UrgentBatch, keys: Sequence[str]) -> Mapping[str, Seen]:
    """Read the shop's stock of these products (100 a call), beside what may be offered of them.

    The store's side is its last reading less what orders on their way hold, so a quantity is never above what was
    known to be there when it was decided.
    """
    connection = batch.connection
    direction = batch.preferences.inventory_direction
    if direction == "disabled":
        return _skipped(batch, keys, finding("I-INV-OFF"))
    listed = ListingRow.objects.filter(connection=connection, product_id__in=list(keys), state__in=_STOCKABLE)
    if not batch.preferences.stock_while_off:  # what is about to be switched on is not to sell its old number
        listed = listed.exclude(Q(state=ListingState.INACTIVE_SELLER) & ~Q(switch_to=True))
    rows = {row.product_id: row for row in listed.exclude(tiktok_id="")}
    skipped: dict[str, Seen] = _skipped(batch, [key for key in keys if key not in rows], finding("I-INV-STATE"))
    if not rows:
        return skipped
    links = list(Link.objects.filter(connection=connection, product_id__in=rows))
    observed = batch.shop_client.stock([row.tiktok_id for row in rows.values()])
    if not batch.preview:
        _keep_observed(rows, links, observed)
    if direction == "tts_to_bc":
        return skipped | observe_store_stock(batch, rows, links, observed)
    products = snapshot.products_of(connection.store_id, rows)
    facts = facts_of(connection, rows)
    desired = desiring.skus_on_both_sides(connection, links, facts, products)
    if not batch.preview:
        _keep_expected(links, desired)
    shown = {sku_id: ShopSku(id=sku_id, seller_sku="", stock=tuple(stock)) for sku_id, stock in observed.items()}
    of_product: dict[str, dict[str, str]] = {}
    for link in links:
        of_product.setdefault(link.product_id, {})[link.variant_id] = link.sku_id
    return skipped | {
        product_id: planning.SeenSkus(
            product_id,
            tiktok_id=row.tiktok_id,
            desired=desired.get(product_id, {}),
            links=of_product.get(product_id, {}),
            shown=shown,
            warehouse_id=facts.warehouse_of(product_id),
            product_level=product_id in products and counted_for_all_variants(products[product_id]),
            cancelled=batch.signalled(product_id, Signal.CANCELLED),
            state=row.state,
            resend=batch.signalled(product_id, Signal.RESEND),
        )
        for product_id, row in rows.items()
    }


def _skipped(batch: UrgentBatch, keys: Sequence[str], why: Finding) -> dict[str, Seen]:
    """Those of these products that a person asked for, with the reason why nothing of them is sent."""
    return {
        key: planning.SeenSkus(key, tiktok_id="", desired={}, links={}, shown={}, warehouse_id="", skipped=why)
        for key in keys
        if batch.signalled(key, Signal.LOOK)
    }


def _keep_expected(links: Iterable[Link], desired: Mapping[str, Mapping[str, DesiredSku]]) -> None:
    """Record what each SKU should show and which limit holds it back: what lists and filters of stock go by."""
    moved = []
    for link in links:
        sku = desired.get(link.product_id, {}).get(link.variant_id)
        follows = sku is not None and sku.stock_follows
        expected = sku.quantity.offered if sku is not None and follows else None
        limited_by = sku.quantity.limited_by if sku is not None and follows else ""
        if (link.expected, link.limited_by) != (expected, limited_by):
            link.expected, link.limited_by = expected, limited_by
            moved.append(link)
    update_rows(moved, ["expected", "limited_by"])


def _keep_observed(
    rows: Mapping[str, ListingRow],
    links: Iterable[Link],
    observed: Mapping[str, Sequence[tuple[str, int]]],
    *,
    sent: bool = False,
) -> None:
    """Record the numbers that the shop shows: sales there move them without any call of ours. `sent`: it took them."""
    totals: dict[str, int] = {}
    moved = []
    now = clock.now()
    for link in links:
        if link.sku_id in observed:
            shown = sum(count for _warehouse, count in observed[link.sku_id])
            link.quantity, link.read_at = shown, now
            if sent:
                link.sent, link.sent_at = shown, now
            moved.append(link)
        totals[link.product_id] = totals.get(link.product_id, 0) + (link.quantity or 0)
    update_rows(moved, ["quantity", "read_at", "sent", "sent_at"] if sent else ["quantity", "read_at"])
    stale = [row for product_id, row in rows.items() if row.quantity != totals.get(product_id)]
    for row in stale:
        row.quantity = totals.get(row.product_id)
    update_rows(stale, ["quantity"])


def apply_stock(batch: UrgentBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Set the stock of SKUs in their warehouses: absolute numbers, so safe to repeat.

    A warehouse that is switched off takes no number, and nothing is sold from it: what it refused is set without it.
    Where it should have had units, the others get theirs, and the refusal stands.
    """
    if isinstance(change, PutInWarehouses):
        return _put_in_warehouses(batch, change)
    if isinstance(change, SetStoreStock):
        return apply_store_stock(batch, change)
    if not isinstance(change, SetStock):
        return no_change(batch, change, attempt)
    stock = dict(change.stock)
    try:
        batch.shop_client.set_stock(change.shop_listing_id, stock)
    except PartlyRefused as refused:
        left = planning.without_closed(stock, {(item.id, item.warehouse_id) for item in refused.items if item.closed})
        if left.rest:
            batch.shop_client.set_stock(change.shop_listing_id, left.rest)
        if not left.whole or {item.id for item in refused.items if not item.closed}:
            raise
        stock |= left.rest
    text = f"stock of {counted(len(stock), 'SKU')} set"
    if change.put_back:
        told = ", ".join(f"{code} {shown} → {right}" for code, shown, right in change.put_back)
        text = f"{text}: TikTok had put units back after a cancelled order ({told})"
    return Made(text, stock)


def _put_in_warehouses(batch: UrgentBatch, change: PutInWarehouses) -> Made:
    """Have SKUs sold from further warehouses. Those that are switched off are not named: TikTok refuses them."""
    off = {each.id for each in warehouses.of(batch.connection.shop) if each.status is WarehouseStatus.DISABLED}
    stock = {
        sku_id: tuple(level for level in levels if level[1] or level[0] not in off) for sku_id, levels in change.stock
    }
    batch.shop_client.put_in_warehouses(change.shop_listing_id, stock)
    return Made(f"{counted(len(stock), 'SKU')} put into further warehouses", stock)


def record_stock(batch: UrgentBatch, closed: Sequence[Closed[Seen]]) -> None:
    """Keep the numbers that the shop took, of the whole batch. Lost before that, the next look at the shop tells."""
    if batch.preferences.inventory_direction == "tts_to_bc":
        record_store_stock(batch, closed)
        return
    look_again(batch, closed)
    _ask_for_visibility(batch, closed)
    _note_warehouses(batch, closed)
    taken: dict[str, Sequence[tuple[str, int]]] = {}
    product_ids = []
    for each in closed:
        for done in each.done:
            if done.made is not None:
                taken.update(done.made.kept)
                product_ids.append(each.key)
    if not product_ids:
        return
    of_products = {"connection": batch.connection, "product_id__in": product_ids}
    rows = {row.product_id: row for row in ListingRow.objects.filter(**of_products)}
    _keep_observed(rows, Link.objects.filter(**of_products), taken, sent=True)


def _ask_for_visibility(batch: UrgentBatch, closed: Sequence[Closed[Seen]]) -> None:
    """Have those looked at that are on sale with low stock, or were taken off for it and have enough again."""
    turned = {ListingState.LIVE: True, ListingState.INACTIVE_SYSTEM: False}
    seen = [each.seen for each in closed if isinstance(each.seen, planning.SeenSkus) and each.seen.state]
    keys = [each.key for each in seen if turned.get(ListingState(each.state)) is bool(each.low)]
    lane = batch.lane
    lanes.ask(lane.account_id, "visibility", lane.owner, keys, cause="stock and its limit", priority=lanes.URGENT)


def _note_warehouses(batch: UrgentBatch, closed: Sequence[Closed[Seen]]) -> None:
    """Note for which warehouses TikTok took stock, and for which it did not: their push rules say so (WHS-5)."""
    refused: set[str] = set()
    took: set[str] = set()
    for each in closed:
        for done in each.done:
            stock = done.change.stock if isinstance(done.change, SetStock | PutInWarehouses) else ()
            named = {warehouse for _sku, levels in stock for warehouse, units in levels if units}
            if done.made is not None:
                took |= named
            elif isinstance(done.error, Refused) and done.error.code == _WAREHOUSE:
                items = getattr(done.error, "items", ())
                refused |= named & {item.warehouse_id for item in items if item.closed} or named
    push_rules.note_taken(batch.connection, sorted(refused), sorted(took - refused))
    if refused:
        owner = f"connection:{batch.connection.id}"
        lanes.ask(batch.connection.account_id, "warehouse", owner, ["all"], cause="TikTok took no stock")


STOCK = Flow(
    "stock", UrgentBatch, observe_stock, planning.plan_either_stock, apply_stock, record_stock, size=100, queue=ORDERS
)
