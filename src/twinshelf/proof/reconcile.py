"""Carries out a proof: reads the store's goods and orders and the shop's, page by page, and keeps the report.

Reads about ⌈products/250⌉ + ⌈orders/250⌉ pages of the store and ⌈products/100⌉ + ⌈orders/100⌉ of the shop.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
from django.conf import settings

from twinshelf.connections import actions as connection_actions
from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.documents import ListingState, Product, ReportState, ShopListing, ShopOrder, StoreOrder, StoreOrderState
from twinshelf.kit import clock, skew
from twinshelf.listings import compare, desiring
from twinshelf.listings import plan as catalog_plan
from twinshelf.listings.facts import facts_of
from twinshelf.listings.models import Link, ListingRow
from twinshelf.orders.intake import plan as importing
from twinshelf.orders.models import ShipmentRow
from twinshelf.proof import plan as planning
from twinshelf.sync import lanes, tasks
from twinshelf.sync.models import Task

SINCE = timedelta(days=30)


def prove(task: Task) -> bool:
    """Task: compare everything of one connection and keep what differs in the task's cursor (`report`)."""
    connection = Connection.objects.select_related("store", "shop", "shop__seller").get(
        id=int(task.owner.partition(":")[2])
    )
    report = check(connection)
    lane = lanes.lane_of(task.account_id, "listing", task.owner)
    tasks.note_items(
        task,
        lane,
        [
            (f"{d['kind']} {d['key']}"[:120], "failed", f"{d['text']} Expected {d['expected']}, found {d['found']}.")
            for d in report["differences"]
        ],
    )
    tasks.count(
        task,
        succeeded=report["compared"],
        failed=len(report["differences"]),
        total=report["compared"] + len(report["differences"]),
    )
    task.refresh_from_db()
    tasks.carried_out(task, report=report, counts_itself=True)
    return False


def check(connection: Connection) -> dict[str, Any]:
    """The report of one connection: counts of what was compared, listings by state, and every difference."""
    products = _read_products(connection)
    listings = _read_listings(connection)
    orders = _read_shop_orders(connection)
    store_orders = _read_store_orders(connection)
    differences: list[planning.Difference] = []
    counts: Counter[str] = Counter()
    states = _compare_listings(connection, products, listings, differences, counts)
    _compare_orders(connection, orders, store_orders, differences, counts)
    return {
        "at": clock.now().isoformat(),
        "products": len(products),
        "listings": states,
        "compared": sum(counts.values()),
        **counts,
        "differences": [msgspec.to_builtins(d) for d in differences],
    }


def _read_products(connection: Connection) -> dict[str, Product]:
    client = clients.store_client(connection.store, "bulk").patient()
    names, info = client.names(), clients.info_of(connection.store)
    pages = client.product_pages(names, store=info)
    return {product.id: product for page in pages for product in page.products}


def _read_listings(connection: Connection) -> dict[str, ShopListing]:
    pages = clients.shop_client(connection.shop, "bulk").patient().listings()
    return {listing.id: listing for page in pages for listing in page}


def _read_shop_orders(connection: Connection) -> list[ShopOrder]:
    client = clients.shop_client(connection.shop, "bulk").patient()
    until = skew.now(settings.OPERATOR.tiktok_api) + timedelta(days=1)
    pages = client.order_pages(updated_from=until - SINCE, updated_to=until)
    return list({order.id: order for page in pages for order in page.rows}.values())


def _read_store_orders(connection: Connection) -> dict[str, list[StoreOrder]]:
    client = clients.store_client(connection.store, "bulk").patient()
    found: dict[str, list[StoreOrder]] = {}
    for page in client.order_pages(""):
        for order in page.orders:
            if order.external_order_id:
                found.setdefault(order.external_order_id, []).append(order)
    return found


def _compare_listings(
    connection: Connection, products: dict[str, Product], listings: dict[str, ShopListing],
    differences: list[planning.Difference], counts: Counter[str],
) -> dict[str, int]:  # fmt: skip
    """Compare what is live; what is in review or refused is counted by state, not as a difference."""
    facts = facts_of(connection)
    states: Counter[str] = Counter()
    rows = list(ListingRow.objects.filter(connection=connection))
    links: dict[str, dict[str, str]] = {}
    for product_id, variant_id, sku_id in Link.objects.filter(connection=connection).values_list(
        "product_id", "variant_id", "sku_id"
    ):
        links.setdefault(product_id, {})[variant_id] = sku_id
    held = desiring.held_of(connection, products.values())
    categories: desiring.Categories = {}
    for row in rows:
        shop = listings.get(row.tiktok_id) if row.tiktok_id else None
        if row.tiktok_id and shop is None:
            shop_state: str = ListingState.NOT_UPLOADED
            if row.state == ListingState.LIVE:
                differences.append(
                    planning.Difference(
                        kind="listing_missing", key=row.product_id, text="The shop does not have it any more."
                    )
                )
        else:
            shop_state = catalog_plan.state_of(shop.status, shop.audit_status) if shop else row.state
        states[shop_state] += 1
        product = products.get(row.product_id)
        if shop is None or shop_state != ListingState.LIVE or product is None or not row.wanted:
            continue
        made = desiring.desire(connection, facts, product, held, categories=categories)
        if made.listing is None:
            continue
        counts["live_listings"] += 1
        counts["skus"] += len(made.listing.skus)
        wrong = compare.compare_shown(made.listing, made.skus, shop, links.get(row.product_id, {}))
        differences += [told for each in wrong if (told := planning.tell(row.product_id, each)) is not None]
    return dict(states)


def _compare_orders(
    connection: Connection, orders: list[ShopOrder], store_orders: dict[str, list[StoreOrder]],
    differences: list[planning.Difference], counts: Counter[str],
) -> None:  # fmt: skip
    preferences = connection_actions.preferences(connection)
    linked = set(Link.objects.filter(connection=connection).values_list("sku_id", flat=True))
    importable = frozenset(
        order.id
        for order in orders
        if importing.decide(order, preferences).verdict == "create"
        and all(line.sku_id in linked for line in order.lines)
    )
    counts["orders"] += len(orders)
    counts["order_pairs"] += sum(1 for order in orders if store_orders.get(order.id))
    differences += planning.compare_orders(orders, importable, store_orders)
    reported = dict(
        ShipmentRow.objects.filter(order__connection=connection, state=ReportState.REPORTED).values_list(
            "order__order_id", "tracking_number"
        )
    )
    for order in orders:
        for store_order in store_orders.get(order.id, ()):
            if store_order.state is not StoreOrderState.SHIPPED or not order.status.shippable:
                continue
            counts["shipments"] += 1
            differences.append(
                planning.Difference(
                    kind="shipment",
                    key=order.id,
                    text="Shipped in BigCommerce, TikTok Shop does not know.",
                    expected="shipped",
                    found=order.status_word if order.id not in reported else f"{order.status_word} though reported",
                )
            )
    counts["shipments"] += len(reported)


TASKS = {"prove": prove}
