"""The price flow: what each live listing asks, set where it is not what it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from twinshelf.connections.batches import ConnectionBatch
from twinshelf.documents import AnyChange, ListingState, Money, SetPrices
from twinshelf.errors import Transient
from twinshelf.goods import snapshot
from twinshelf.kit.upsert import update_rows
from twinshelf.kit.words import counted
from twinshelf.listings import desiring, observing
from twinshelf.listings import plan as planning
from twinshelf.listings.afterwards import look_again
from twinshelf.listings.facts import facts_of
from twinshelf.listings.models import Link, ListingRow
from twinshelf.sync.flows import Attempt, Closed, Flow, Made, Signal, no_change
from twinshelf.tiktok.errors import PriceLocked

_PRICE_LOCKED_WAIT_SECONDS = 900.0


def observe_prices(batch: ConnectionBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenSkus]:
    """The store's prices of these products and those last seen in the shop; only what is live can take a price."""
    connection = batch.connection
    if batch.preferences.catalog_direction != "bc_to_tts":
        return {}
    _look_first(batch, keys)
    live = dict(
        ListingRow.objects.filter(
            connection=connection, product_id__in=list(keys), state=ListingState.LIVE
        ).values_list("product_id", "tiktok_id")
    )
    products = snapshot.products_of(connection.store_id, live)
    links = list(Link.objects.filter(connection=connection, product_id__in=list(products)))
    facts = facts_of(connection, products)
    desired = desiring.skus_on_both_sides(connection, links, facts, products)
    shown = {link.sku_id: link.as_seen() for link in links}
    edited = frozenset(link.sku_id for link in links if link.edited)
    of_product: dict[str, dict[str, str]] = {}
    for link in links:
        of_product.setdefault(link.product_id, {})[link.variant_id] = link.sku_id
    return {
        product_id: planning.SeenSkus(
            product_id,
            tiktok_id=live[product_id],
            desired=desired[product_id],
            links=of_product.get(product_id, {}),
            shown=shown,
            warehouse_id=facts.warehouse_of(product_id),
            guard_percent=batch.preferences.price_guard_percent,
            edited=edited,
            confirmed=batch.confirmed.get((product_id, "E-PRC-GUARD"), {}).get("prices", ""),
        )
        for product_id in products
    }


def _look_first(batch: ConnectionBatch, keys: Sequence[str]) -> None:
    """Read the listings of which a person wants the prices to be compared: somebody may have changed them there."""
    wanted = [] if batch.preview else [key for key in keys if batch.signalled(key, Signal.LOOK)]
    rows = ListingRow.objects.filter(connection=batch.connection, product_id__in=wanted, state=ListingState.LIVE)
    if wanted and (found := list(rows)):
        observing.look_at(batch.connection, found)


def apply_price(batch: ConnectionBatch, change: AnyChange, attempt: Attempt) -> Made:
    """Set prices. Safe to repeat. A price locked by a promotion is tried again after a while, not given up."""
    if not isinstance(change, SetPrices):
        return no_change(batch, change, attempt)
    prices = dict(change.prices)
    try:
        batch.shop_client.set_prices(change.shop_listing_id, prices)
    except PriceLocked as error:
        raise Transient("the price is locked by a promotion", wait_seconds=_PRICE_LOCKED_WAIT_SECONDS) from error
    told = [f"{counted(len(prices), 'price')} set"]
    told += [
        f"overwrote TikTok edit of price: {before.rounded()} → {prices[sku_id]}" for sku_id, before in change.replaced
    ]
    return Made("; ".join(told), prices)


def record_prices(batch: ConnectionBatch, closed: Sequence[Closed[planning.SeenSkus]]) -> None:
    """Keep the prices that the shop took, of the whole batch. Lost before that, they are set once more."""
    look_again(batch, closed)
    taken: dict[str, Money] = {}
    product_ids = []
    for each in closed:
        for done in each.done:
            if done.made is not None:
                taken.update(done.made.kept)
                product_ids.append(each.key)
    if not product_ids:
        return
    of_products = {"connection": batch.connection, "product_id__in": product_ids}
    shown: dict[str, list[Decimal]] = {}
    moved = []
    for link in Link.objects.filter(**of_products):
        if link.sku_id in taken:
            link.price, link.currency = taken[link.sku_id].amount, taken[link.sku_id].currency
            link.edited = False
            moved.append(link)
        if link.price is not None:
            shown.setdefault(link.product_id, []).append(link.price)
    update_rows(moved, ["price", "currency", "edited"])
    rows = list(ListingRow.objects.filter(**of_products))
    for row in rows:
        prices = shown.get(row.product_id)
        row.price_min, row.price_max = (min(prices), max(prices)) if prices else (None, None)
    update_rows(rows, ["price_min", "price_max"])


PRICES = Flow("price", ConnectionBatch, observe_prices, planning.plan_prices, apply_price, record_prices, size=100)
