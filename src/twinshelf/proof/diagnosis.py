"""Why something does not move: what a connection's own settings, SKUs and locations keep from moving.

Asks no platform and changes nothing. What a setting keeps back is no fault: it is said so that nobody has to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from twinshelf import messages
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences, preferences_from_json
from twinshelf.goods import locations
from twinshelf.goods.models import StoreVariant
from twinshelf.kit.words import counted
from twinshelf.rules import push_rules
from twinshelf.sync import queries as sync
from twinshelf.tiktok.regions import region as region_of

Topic = Literal["products", "orders", "stock", "shipments"]
ARROWS = {"bc_to_tts": "BigCommerce → TikTok Shop", "tts_to_bc": "TikTok Shop → BigCommerce", "disabled": "disabled"}
_MOST_NAMED = 5


@dataclass(frozen=True)
class Cause:
    """One thing that was looked at: whether it lets `topic` move, what it is now, and where that is changed.

    `setting` is the preference that says so, by its name on record; "" where it is none.
    """

    topic: Topic
    moves: bool
    text: str
    remedy: str = ""
    setting: str = ""


def of_connection(connection: Connection, sku: str = "") -> list[Cause]:
    """All that was looked at, in the order of the topics; with a `sku`, whether that one may move too."""
    chosen = preferences_from_json(connection.preferences)
    return [
        *_setup(connection),
        *_products(connection, chosen, sku),
        *_orders(connection, chosen),
        *_stock(connection, chosen, sku),
        *_shipments(chosen),
    ]


def _setup(connection: Connection) -> Iterator[Cause]:
    if connection.set_up_at is None:
        for topic in get_args(Topic):
            yield Cause(
                topic, moves=False, text=f"The setup of {connection.name} is not finished: nothing is sent for it.",
                remedy="Press “Continue” at the top of the console, and save the last step.",
            )  # fmt: skip


def _products(connection: Connection, chosen: Preferences, sku: str) -> Iterator[Cause]:
    way = chosen.catalog_direction
    yield Cause(
        "products", way != "disabled", f"The catalog direction is {ARROWS[way]}.",
        "" if way != "disabled" else "Choose another “Catalog direction” in the settings.", "catalog_direction",
    )  # fmt: skip
    if way != "tts_to_bc":
        pushes = region_of(connection.shop.region).product_push or chosen.push_opt_in
        yield Cause(
            "products", pushes,
            f"Products are {'' if pushes else 'not '}sent to the market {connection.shop.region}."
            + ("" if pushes else " There the catalog is usually kept in TikTok Shop."),
            "" if pushes else "Switch “List products in this market” on in the settings.", "push_opt_in",
        )  # fmt: skip
    without = StoreVariant.objects.filter(store_id=connection.store_id, deleted=False, sku="")
    number = without.count()
    if number:
        named = ", ".join(without.order_by("product_id").values_list("product_id", flat=True).distinct()[:_MOST_NAMED])
        yield Cause(
            "products", moves=False, text=f"Without a SKU: {counted(number, 'variant')}, in the products {named}.",
            remedy="Give each a SKU in BigCommerce, then pull products.",
        )  # fmt: skip
    yield from _sku(connection, chosen, sku)


def _sku(connection: Connection, chosen: Preferences, sku: str) -> Iterator[Cause]:
    if chosen.sku_scope and not sku:
        yield Cause(
            "products", moves=True, text=f"Listed and edited: {counted(len(chosen.sku_scope), 'SKU')} only.",
            remedy="For all: empty “Only these SKUs” in the settings.", setting="sku_scope",
        )  # fmt: skip
    if not sku:
        return
    rows = StoreVariant.objects.filter(store_id=connection.store_id, sku=sku, deleted=False)
    known, products = rows.count(), list(rows.values_list("product_id", flat=True)[:_MOST_NAMED])
    of_number = StoreVariant.objects.filter(store_id=connection.store_id, product_id=sku, deleted=False)
    if not known and of_number.exists():
        bare = of_number.filter(sku="").count()
        yield Cause(
            "products", moves=not bare, text=f"Product {sku} has {counted(bare, 'variant')} without a SKU.",
            remedy="Give each a SKU in BigCommerce, then pull products." if bare else "",
        )  # fmt: skip
        return
    if not known:
        yield Cause(
            "products", moves=False, text=f"No product that was pulled has the SKU {sku}, case and blanks included.",
            remedy="Give the variant this SKU in BigCommerce, and pull products; nearly equal ones: SKU audit.",
        )  # fmt: skip
    elif known > 1:
        yield Cause(
            "products", moves=False, text=f"{known} variants in BigCommerce have the SKU {sku}, so none is linked.",
            remedy="Give each a SKU of its own in BigCommerce.",
        )  # fmt: skip
    owner = f"connection:{connection.id}"
    told = sync.problems_of(products, ["listing", "price", "stock"], [owner])
    for problem in (one for some in told.values() for one in some):
        topic: Topic = "stock" if problem.lane.kind == "stock" else "products"
        yield Cause(topic, moves=False, text=messages.text(problem), remedy=messages.remedy(problem))
    if chosen.sku_scope and sku not in chosen.sku_scope:
        yield Cause(
            "products", moves=False,
            text=f"{sku} is not in scope: listed and edited is {counted(len(chosen.sku_scope), 'SKU')} only.",
            remedy="Add it to “Only these SKUs” in the settings, or empty that.", setting="sku_scope",
        )  # fmt: skip


def _orders(connection: Connection, chosen: Preferences) -> Iterator[Cause]:
    yield Cause(
        "orders", chosen.pull_orders,
        f"TikTok orders are {'' if chosen.pull_orders else 'not '}created in BigCommerce.",
        "" if chosen.pull_orders else "Switch “Create TikTok orders in BigCommerce” on in the settings.", "pull_orders",
    )  # fmt: skip
    if chosen.order_ids:
        yield Cause(
            "orders", moves=False, text=f"Processed: {counted(len(chosen.order_ids), 'order')} only, by number.",
            remedy="Empty “Only these orders” in the settings.", setting="order_ids",
        )  # fmt: skip
    else:
        yield Cause("orders", moves=True, text="Orders of every number are processed.", setting="order_ids")
    yield _locations("orders", connection, chosen)


def _locations(topic: Topic, connection: Connection, chosen: Preferences) -> Cause:
    if not chosen.pull_locations:
        return Cause(topic, moves=True, text="Locations are not used: everything is taken from the default one.",
                     setting="pull_locations")  # fmt: skip
    loose = [row.label for row in push_rules.flagged(connection)]
    if not locations.known(connection.store):
        return Cause(topic, moves=False, text="No location was read yet.", remedy="They are read every hour.")
    if loose:
        return Cause(
            topic, moves=False, text=f"Linked to no TikTok warehouse: {', '.join(loose[:_MOST_NAMED])}.",
            remedy="Link it on Inventory → Warehouses and push rules.", setting="pull_locations",
        )  # fmt: skip
    return Cause(topic, moves=True, text="Every location is linked to a TikTok warehouse.", setting="pull_locations")


def _stock(connection: Connection, chosen: Preferences, sku: str) -> Iterator[Cause]:
    way = chosen.inventory_direction
    yield Cause(
        "stock", way != "disabled", f"The stock direction is {ARROWS[way]}.",
        "" if way != "disabled" else "Choose another “Stock direction” in the settings.", "inventory_direction",
    )  # fmt: skip
    if chosen.stock_scope:
        moves = not sku or sku in chosen.stock_scope
        yield Cause(
            "stock", moves, f"Sent is the stock of {counted(len(chosen.stock_scope), 'SKU')} only"
            + (f", and {sku} is not among them." if not moves else "."),
            "Change “Only the stock of these SKUs” in the settings.", "stock_scope",
        )  # fmt: skip
    yield _locations("stock", connection, chosen)


def _shipments(chosen: Preferences) -> Iterator[Cause]:
    way = chosen.fulfillment_direction
    yield Cause(
        "shipments", way != "disabled", f"The shipments direction is {ARROWS[way]}.",
        "" if way != "disabled" else "Choose another “Shipments direction” in the settings.", "fulfillment_direction",
    )  # fmt: skip
