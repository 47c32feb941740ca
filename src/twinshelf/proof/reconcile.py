"""Carries out a proof: reads the store's goods and orders and the shop's, page by page, and keeps the report.

Reads about ⌈products/250⌉ + ⌈orders/250⌉ pages of the store and ⌈products/100⌉ + ⌈orders/100⌉ of the shop, and the
shipments of each order that was shipped and changed within a week. Archived orders of the store are read only where an
order of the shop has no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.documents import Product, ShopListing, ShopOrder, StoreOrder, Unreadable
from twinshelf.kit import clock, skew
from twinshelf.orders.fulfillment.carriers import providers_of
from twinshelf.orders.intake.index import CLOCKS_DIFFER
from twinshelf.proof.listings import Goods, compare_goods
from twinshelf.proof.orders import Reads, Sold, compare_sold, without_store_order
from twinshelf.proof.plan import EXAMPLES, Ledger, Side
from twinshelf.sync import lanes, queries, tasks
from twinshelf.sync.models import Task

SINCE = timedelta(days=30)
"""How far back orders of the shop are read."""
_YOUNG = timedelta(minutes=1)
"""How long something that differs may be on its way."""


def prove(task: Task) -> bool:
    """Task: compare everything of one connection and keep what differs in the task's cursor (`report`)."""
    connection = Connection.objects.select_related("store", "shop", "shop__seller").get(
        id=int(task.owner.partition(":")[2])
    )
    report = check(connection, task)
    lane = lanes.lane_of(task.account_id, "listing", task.owner)
    tasks.note_items(
        task,
        lane,
        [
            (f"{d['kind']} {d['key']}"[:120], "failed", f"{d['text']} Expected {d['expected']}, found {d['found']}.")
            for d in report["differences"]
        ],
    )
    different, left_out = len(report["differences"]), report["left_out"]
    tasks.count(
        task,
        succeeded=report["compared"],
        failed=different,
        skipped=left_out,
        total=report["compared"] + different + left_out,
    )
    task.refresh_from_db()
    tasks.carried_out(task, report=report, counts_itself=True)
    return False


def check(connection: Connection, task: Task | None = None) -> dict[str, Any]:
    """The report of one connection: `Ledger.report`, when it was made, the listings by state, and what takes long.

    `task` is the one that asks, which is not counted among those that have not ended.
    """
    before = _working(connection)
    goods, sold = _read_goods(connection), _read_sold(connection)
    ledger = Ledger(working=before | _working(connection))
    states = compare_goods(connection, goods, ledger)
    compare_sold(connection, sold, ledger)
    return {
        "at": clock.now().isoformat(),
        "products": len(goods.products) + len(goods.unreadable_products),
        "listings": states,
        "working": _working_for_long(connection, ledger.working, task),
        **ledger.report(),
    }


def _working_for_long(
    connection: Connection, working: Mapping[tuple[Side, str], bool], task: Task | None
) -> list[dict[str, Any]]:
    """What has been in progress for more than a minute: products and orders by id, and tasks by title.

    It is named beside what was compared: what differs of it is told as a difference, and what does not is not silent.
    """
    before, owners = clock.now() - _YOUNG, _owners(connection)
    old = {
        side: {key for (of, key), young in working.items() if of == side and not young}
        | queries.attempted_keys(owners, kinds, before=before)
        for side, kinds in (("product", queries.PRODUCT_KINDS), ("order", queries.ORDER_KINDS))
    }
    tasks_there = [each.title for each in queries.tasks_not_ended(owners, before=before) if each != task]
    named = {**{side: sorted(keys, key=lambda key: (len(key), key)) for side, keys in old.items()}, "task": tasks_there}
    return [{"what": what, "number": len(keys), "keys": keys[:EXAMPLES]} for what, keys in named.items() if keys]


def _working(connection: Connection) -> dict[tuple[Side, str], bool]:
    """The products and orders that are being worked on, and whether they were asked for a moment ago."""
    asked = {
        "product": queries.asked_keys(_owners(connection), queries.PRODUCT_KINDS),
        "order": queries.asked_keys(_owners(connection), queries.ORDER_KINDS),
    }
    young = clock.now() - _YOUNG
    return {(side, key): at > young for side in ("product", "order") for key, at in asked[side].items()}


def _owners(connection: Connection) -> tuple[str, str]:
    return queries.owner_ref("connection", connection.id), queries.owner_ref("store", connection.store_id)


def _read_goods(connection: Connection) -> Goods:
    client = clients.store_client(connection.store, "bulk").patient()
    names, info = client.names(), clients.info_of(connection.store)
    products: dict[str, Product] = {}
    unreadable_products: dict[str, Unreadable] = {}
    for page in client.product_pages(names, store=info):
        products.update({product.id: product for product in page.products})
        unreadable_products.update(_named(page.unreadable, len(unreadable_products)))
    listings: dict[str, ShopListing] = {}
    unreadable_listings: dict[str, Unreadable] = {}
    for rows in clients.shop_client(connection.shop, "bulk").patient().listings():
        listings.update({listing.id: listing for listing in rows})
        unreadable_listings.update(_named(rows.unreadable, len(unreadable_listings)))
    return Goods(
        products,
        tuple(row for key, row in unreadable_products.items() if key not in products),
        listings,
        tuple(row for key, row in unreadable_listings.items() if key not in listings),
    )


def _named(rows: tuple[Unreadable, ...], start: int) -> dict[str, Unreadable]:
    """Rows that could not be read by id; each of those whose id could not be read either is one of its own."""
    return {row.id or f"? {start + at}": row for at, row in enumerate(rows)}


def _read_sold(connection: Connection) -> Sold:
    shop = clients.shop_client(connection.shop, "bulk").patient()
    orders: dict[str, ShopOrder] = {}
    unreadable: dict[str, Unreadable] = {}
    until = skew.now(settings.OPERATOR.tiktok_api) + timedelta(days=1)
    for page in shop.order_pages(updated_from=until - SINCE, updated_to=until):
        orders.update({order.id: order for order in page.rows})
        unreadable.update(_named(page.unreadable, len(unreadable)))
    store = clients.store_client(connection.store, "bulk").patient()
    store_orders: dict[str, StoreOrder] = {}
    unreadable_there: dict[str, Unreadable] = {}
    for found in store.order_pages("", with_items=True):
        store_orders.update({order.id: order for order in found.orders})
        unreadable_there.update(_named(found.unreadable, len(unreadable_there)))
    made = {order.external_order_id for order in store_orders.values()}
    # Lists leave archived orders out: people archive what they are done with.
    if without := without_store_order(connection, [order for key, order in orders.items() if key not in made]):
        for found in store.archived_order_pages(min(without.values()) - CLOCKS_DIFFER, with_items=True):
            store_orders.update({order.id: order for order in found.orders if order.external_order_id in without})
            unreadable_there.update(_named(found.unreadable, len(unreadable_there)))
    return Sold(
        orders,
        tuple(row for key, row in unreadable.items() if key not in orders),
        tuple(store_orders.values()),
        tuple(row for key, row in unreadable_there.items() if key not in store_orders),
        SINCE.days,
        clock.now(),
        Reads(
            store.order_items,
            store.shipments,
            lambda order: providers_of(connection.shop, order.delivery_option_id, order.address.country_code),
        ),
    )


TASKS = {"prove": prove}
