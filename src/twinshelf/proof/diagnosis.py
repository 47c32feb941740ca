"""Why something does not move: what a connection's access, settings, SKUs and locations keep from moving (DIA-1).

Asks no platform and changes nothing. What a setting keeps back is no fault: it is said so that nobody has to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from twinshelf import messages
from twinshelf.connections import queries as connections
from twinshelf.connections.access import Failing, failing
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.connections.preferences import Preferences, preferences_from_json
from twinshelf.documents import ListingStatus
from twinshelf.goods import locations
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit.actions import Action
from twinshelf.kit.words import counted
from twinshelf.listings.incoming import matching
from twinshelf.listings.models import ChannelSku, Link, ShopSkuSeen
from twinshelf.orders import queries as orders
from twinshelf.orders.models import ShopOrderRow
from twinshelf.proof.controls import queries
from twinshelf.rules import push_rules
from twinshelf.rules.skus import difference
from twinshelf.sync import queries as sync
from twinshelf.sync.models import Problem
from twinshelf.tiktok.regions import region as region_of

Topic = Literal["access", "products", "imports", "matching", "orders", "stock", "shipments"]
ARROWS = {"bc_to_tts": "BigCommerce → TikTok Shop", "tts_to_bc": "TikTok Shop → BigCommerce", "disabled": "disabled"}
_MOST_NAMED = 5
_ASKED = ("in BigCommerce", "as asked")
_SCOPES: Final = frozenset({"E-CON-SCOPE", "E-CON-GRANT"})
_ELSEWHERE: Final = frozenset({"E-CON-STORE", "E-CON-OTHER"})
_ACCESS: Final = ("E-CON-AUTH", "E-CON-SECRET", "E-CON-SHOP", "E-CON-SELLER", "E-CON-TAX", *_SCOPES, *_ELSEWHERE)
_MOVING: Final[tuple[Topic, ...]] = ("products", "orders", "stock", "shipments")
_OF_ORDERS: Final[tuple[Topic, ...]] = ("access", "orders", "shipments")


@dataclass(frozen=True)
class Cause:
    """One thing that was looked at: whether it lets `topic` move, what it is now, and where that is changed.

    `setting` is the preference that says so, by its name on record; "" where it is none. `chosen`: it does not move,
    because it goes the other way by choice. `actions` change it.
    """

    topic: Topic
    moves: bool
    text: str
    remedy: str = ""
    setting: str = ""
    chosen: bool = False
    actions: tuple[Action, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether it keeps something back that is meant to move."""
        return not self.moves and not self.chosen

    @property
    def state(self) -> Literal["moves", "chosen", "kept"]:
        """What a person should know of it."""
        return "moves" if self.moves else "chosen" if self.chosen else "kept"

    def to_json(self) -> dict[str, Any]:
        """As commands print it."""
        names = ("topic", "moves", "kept", "text", "remedy", "setting")
        return {name: getattr(self, name) for name in names}


def of_connection(connection: Connection, sku: str = "", order: str = "") -> list[Cause]:
    """All that was looked at, in the order of the topics.

    With a `sku` (or product number of BigCommerce), whether that one may move too, and nothing of others; with the
    number of an `order` on either side, what keeps that one.
    """
    asked = _Asked(connection, sku.strip(), order.strip().removeprefix("#"))
    found = [
        *_setup(asked),
        *_access(asked),
        *_products(asked),
        *_imports(asked),
        *_matching(asked),
        *_orders(asked),
        *_stock(asked),
        *_shipments(asked),
    ]
    return [each for each in found if not asked.order or each.topic in _OF_ORDERS]


class _Asked:
    """What was asked, with what the tables say of it."""

    def __init__(self, connection: Connection, sku: str, order: str) -> None:
        self.connection, self.sku, self.order = connection, sku, order
        self.chosen: Preferences = preferences_from_json(connection.preferences)
        self.owner = f"connection:{connection.id}"

    def setting(self, name: str) -> tuple[Action, ...]:
        return (queries.setting(self.connection, name),)

    def action(self, *ids: str) -> tuple[Action, ...]:
        return tuple(queries.of_connection(self.connection, each) for each in ids)

    @cached_property
    def variants(self) -> list[tuple[str, str]]:
        """(product id, variant id) of the store's variants with the SKU that was asked for; two tell of several."""
        rows = StoreVariant.objects.filter(store_id=self.connection.store_id, sku=self.sku, deleted=False)
        return list(rows.values_list("product_id", "variant_id")) if self.sku else []

    @cached_property
    def parent(self) -> StoreProduct | None:
        """The product whose own SKU was asked for, where its variants have others."""
        if not self.sku or self.variants:
            return None
        return StoreProduct.objects.filter(store_id=self.connection.store_id, sku=self.sku, deleted=False).first()

    @cached_property
    def of_number(self) -> list[str]:
        """The SKUs of the variants of the product whose number, or own SKU, was asked for."""
        number = self.parent.product_id if self.parent is not None else self.sku
        rows = StoreVariant.objects.filter(store_id=self.connection.store_id, product_id=number, deleted=False)
        return list(rows.order_by("id").values_list("sku", flat=True)) if number and not self.variants else []

    @cached_property
    def listed(self) -> list[str]:
        """TikTok's ids of the shop's products with the SKU that was asked for."""
        rows = ShopSkuSeen.objects.filter(shop_id=self.connection.shop_id, seller_sku=self.sku)
        return list(rows.exclude(status=ListingStatus.DELETED).values_list("tiktok_id", flat=True)) if self.sku else []

    @cached_property
    def row(self) -> ShopOrderRow | None:
        return orders.order_numbered(self.order, [self.connection]) if self.order else None

    @cached_property
    def of_store(self) -> Failing | None:
        """What is wrong with our access to the store."""
        known = failing(self.connection.store) or self._held("BigCommerce")
        if known is None and connections.store_access(self.connection.store).has_ended:
            return Failing("E-CON-AUTH", {"platform": "BigCommerce", "answer": "the access has ended"})
        return known

    @cached_property
    def of_shop(self) -> Failing | None:
        """What is wrong with our access to the shop."""
        shop = self.connection.shop
        if connections.shop_access(shop).has_ended:
            return Failing("E-CON-AUTH", {"platform": "TikTok Shop", "answer": "the authorization has ended"})
        known = failing(shop) or self._held("TikTok Shop")
        lacking = dict.fromkeys(scope for _use, missing in connections.capabilities(shop) for scope in missing)
        if known is None and lacking:
            return Failing("E-CON-SCOPE", {"platform": "TikTok Shop", "operation": ", ".join(lacking)})
        return known

    def _held(self, platform: str) -> Failing | None:
        """What work met that was refused at a platform's door, and nothing has got through since."""
        owners = [self.owner, f"store:{self.connection.store_id}"]
        rows = Problem.objects.filter(lane__owner__in=owners, code__in=_ACCESS, closed_at=None).order_by("-id")[:50]
        met = (each for each in rows if each.facts.get("platform", "TikTok Shop") == platform)
        return next((Failing(each.code, each.facts) for each in met), None)


def _setup(asked: _Asked) -> Iterator[Cause]:
    if asked.connection.set_up_at is None:
        for topic in _MOVING:
            yield Cause(
                topic, moves=False,
                text=f"The setup of {asked.connection.name} is not finished: nothing is sent for it.",
                remedy="Press “Continue” at the top of the console, and save the last step.",
            )  # fmt: skip


# -- access -----------------------------------------------------------------------------------------------------------


def access_of(connection: Connection) -> list[Cause]:
    """Whether both platforms let us in, as far as is known; if not, which it is: credentials, scopes or store."""
    return list(_access(_Asked(connection, "", "")))


def _access(asked: _Asked) -> Iterator[Cause]:
    connection = asked.connection
    sides: tuple[tuple[str, Store | Shop, Failing | None, Action], ...] = (
        ("BigCommerce", connection.store, asked.of_store, queries.stores()),
        ("TikTok Shop", connection.shop, asked.of_shop, queries.of_connection(connection, "shop.authorize")),
    )
    for platform, side, wrong, mends in sides:
        if wrong is None:
            what = "the store" if platform == "BigCommerce" else "the shop"
            text = f"{platform}: the credentials work, cover every scope and are those of {what} {side}."
            yield Cause("access", moves=True, text=text)
            continue
        told = messages.say(wrong.code, wrong.facts)
        remedy = messages.message(wrong.code).remedy
        yield Cause("access", moves=False, text=f"{platform}, {_which(wrong.code)}: {told}", remedy=remedy,
                    actions=(mends,))  # fmt: skip


def _which(code: str) -> str:
    if code in _SCOPES:
        return "scopes"
    return "wrong store or shop" if code in _ELSEWHERE else "credentials"


# -- products ---------------------------------------------------------------------------------------------------------


def _products(asked: _Asked) -> Iterator[Cause]:
    connection, chosen, way = asked.connection, asked.chosen, asked.chosen.catalog_direction
    here_alone = bool(asked.variants) and not asked.listed
    text = f"The catalog direction is {ARROWS[way]}."
    yield Cause(
        "products", way == "bc_to_tts",
        text if way != "tts_to_bc" else f"{text} Products of BigCommerce are not sent to TikTok Shop.",
        "" if way == "bc_to_tts" else "Choose another “Catalog direction” in the settings.", "catalog_direction",
        chosen=way == "tts_to_bc" and not here_alone, actions=asked.setting("catalog_direction"),
    )  # fmt: skip
    if way != "tts_to_bc":
        pushes = region_of(connection.shop.region).product_push or chosen.push_opt_in
        yield Cause(
            "products", pushes,
            f"Products are {'' if pushes else 'not '}sent to the market {connection.shop.region}."
            + ("" if pushes else " There the catalog is usually kept in TikTok Shop."),
            "" if pushes else "Switch “List products in this market” on in the settings.", "push_opt_in",
            actions=asked.setting("push_opt_in"),
        )  # fmt: skip
    if not asked.sku:
        yield from _without_sku(asked)
    yield from _sku(asked)


def _without_sku(asked: _Asked) -> Iterator[Cause]:
    without = StoreVariant.objects.filter(store_id=asked.connection.store_id, deleted=False, sku="")
    number = without.count()
    if number:
        named = ", ".join(without.order_by("product_id").values_list("product_id", flat=True).distinct()[:_MOST_NAMED])
        yield Cause(
            "products", moves=False, text=f"Without a SKU: {counted(number, 'variant')}, in the products {named}.",
            remedy="Give each a SKU in BigCommerce, then pull products.",
            actions=asked.action("connection.skus", "connection.pull"),
        )  # fmt: skip
    if asked.chosen.sku_scope:
        yield Cause(
            "products", moves=True, text=f"Listed and edited: {counted(len(asked.chosen.sku_scope), 'SKU')} only.",
            remedy="For all: empty “Only these SKUs” in the settings.", setting="sku_scope",
            actions=asked.setting("sku_scope"),
        )  # fmt: skip


def _sku(asked: _Asked) -> Iterator[Cause]:
    sku, chosen, known = asked.sku, asked.chosen, len(asked.variants)
    if not sku:
        return
    if asked.parent is not None:
        yield Cause(
            "products", moves=True, actions=(queries.product(asked.parent.pk),),
            text=f"{sku} is the SKU of product {asked.parent.product_id} as a whole. Its variants are matched, each by "
            f"its own: {', '.join(asked.of_number[:_MOST_NAMED])}.",
        )  # fmt: skip
    elif asked.of_number:
        bare = asked.of_number.count("")
        yield Cause(
            "products", moves=not bare, text=f"Product {sku} has {counted(bare, 'variant')} without a SKU.",
            remedy="Give each a SKU in BigCommerce, then pull products." if bare else "",
            actions=asked.action("connection.pull") if bare else (),
        )  # fmt: skip
    elif not known:
        yield Cause(
            "products", moves=False, text=f"No product that was pulled has the SKU {sku}, case and blanks included.",
            remedy="Give the variant this SKU in BigCommerce, and pull products; nearly equal ones: SKU audit.",
            actions=asked.action("connection.pull", "connection.skus"),
        )  # fmt: skip
    elif known > 1:
        yield Cause(
            "products", moves=False, text=f"{known} variants in BigCommerce have the SKU {sku}, so none is linked.",
            remedy="Give each a SKU of its own in BigCommerce.", actions=asked.action("connection.skus"),
        )  # fmt: skip
    number = asked.parent.product_id if asked.parent is not None else sku
    products = [number] if asked.of_number else list(dict.fromkeys(product for product, _variant in asked.variants))
    told = sync.problems_of(products[:_MOST_NAMED], ["listing", "price", "stock"], [asked.owner])
    for problem in (one for some in told.values() for one in some):
        topic: Topic = "stock" if problem.lane.kind == "stock" else "products"
        actions = (queries.warehouses(),) if messages.message(problem.code).page == "warehouses" else ()
        yield Cause(topic, moves=False, text=messages.text(problem), remedy=messages.remedy(problem), actions=actions)
    codes = asked.of_number or [sku]
    if chosen.sku_scope and not set(codes) & set(chosen.sku_scope):
        yield Cause(
            "products", moves=False,
            text=f"{sku} is not in scope: listed and edited is {counted(len(chosen.sku_scope), 'SKU')} only.",
            remedy="Add it to “Only these SKUs” in the settings, or empty that.", setting="sku_scope",
            actions=asked.setting("sku_scope"),
        )  # fmt: skip


def _imports(asked: _Asked) -> Iterator[Cause]:
    way = asked.chosen.catalog_direction
    there_alone = bool(asked.listed) and not asked.variants
    text = f"The catalog direction is {ARROWS[way]}."
    yield Cause(
        "imports", way == "tts_to_bc",
        text if way == "tts_to_bc" else f"{text} Products of TikTok Shop are not made or changed in BigCommerce.",
        "" if way == "tts_to_bc" else "For that, choose “TikTok Shop → BigCommerce” as “Catalog direction”.",
        "catalog_direction", chosen=way == "bc_to_tts" and not there_alone,
        actions=asked.setting("catalog_direction"),
    )  # fmt: skip
    wrong = asked.of_store
    met = sync.open_problems(("incoming",), (asked.owner,)).filter(code__in=_SCOPES).first()
    if wrong is not None and "products" in wrong.closed:
        text = "The credentials of BigCommerce lack the scope to write products (“Products”: modify)."
    elif met is not None:
        text = messages.text(met)
    else:
        return
    remedy = messages.message("E-CON-SCOPE").remedy
    yield Cause("imports", moves=False, text=text, remedy=remedy, actions=(queries.stores(),))


# -- which SKUs belong together ---------------------------------------------------------------------------------------


def _matching(asked: _Asked) -> Iterator[Cause]:
    if not asked.sku or asked.of_number:
        return
    connection, sku = asked.connection, asked.sku
    mapped = _mapped(asked)
    if mapped:
        yield Cause("matching", moves=True, text=f"{sku} is matched with TikTok by the Channel SKU {mapped}.")
    variants = [variant for _product, variant in asked.variants]
    if Link.objects.filter(connection=connection, variant_id__in=variants).exists() or (variants and asked.listed):
        yield Cause("matching", moves=True, text=f"{mapped or sku} is the same on both sides.")
        return
    if asked.variants:
        code = mapped or sku
        for other in matching.nearly_in_shop(connection, [code]).get(code, ()):
            yield _near(asked, code, other)
    else:
        for other in matching.nearly_equal(connection, [sku]).get(sku, ()):
            yield _near(asked, other, sku) if asked.listed else Cause(
                "matching", moves=False,
                text=f"BigCommerce has “{other}”, not “{sku}”: {difference(other, sku, _ASKED)}.",
                remedy="Look for it as BigCommerce has it, case and blanks included.",
                actions=asked.action("connection.skus"),
            )  # fmt: skip


def _mapped(asked: _Asked) -> str:
    """The Channel SKU by which the variant that was asked for is matched; "" if by its own."""
    if asked.chosen.strict_sku_match or not asked.variants:
        return ""
    rows = ChannelSku.objects.filter(connection=asked.connection, variant_id=asked.variants[0][1])
    return rows.values_list("sku", flat=True).first() or ""


def _near(asked: _Asked, ours: str, theirs: str) -> Cause:
    """Two SKUs that differ in writing alone, with the character in which they do."""
    text = f"BigCommerce has “{ours}”, TikTok Shop “{theirs}”: {difference(ours, theirs)}."
    if asked.chosen.strict_sku_match:
        remedy = "Write it the same on both sides: while “Strict SKU matching” is on, no Channel SKU counts."
        return Cause("matching", moves=False, text=text, remedy=remedy, setting="strict_sku_match",
                     actions=asked.setting("strict_sku_match"))  # fmt: skip
    rows = StoreVariant.objects.filter(store_id=asked.connection.store_id, sku=ours, deleted=False)
    product = StoreProduct.objects.filter(
        store_id=asked.connection.store_id, product_id__in=rows.values("product_id")
    ).first()
    remedy = f"Write it the same on both sides, or give {theirs} under “Channel SKU” on the product."
    actions = (queries.product(product.pk),) if product is not None else ()
    return Cause("matching", moves=False, text=text, remedy=remedy, actions=actions)


# -- orders -----------------------------------------------------------------------------------------------------------


def _orders(asked: _Asked) -> Iterator[Cause]:
    chosen = asked.chosen
    if asked.order:
        yield from _order(asked)
    yield Cause(
        "orders", chosen.pull_orders,
        f"TikTok orders are {'' if chosen.pull_orders else 'not '}created in BigCommerce.",
        "" if chosen.pull_orders else "Switch “Create TikTok orders in BigCommerce” on in the settings.", "pull_orders",
        actions=asked.setting("pull_orders"),
    )  # fmt: skip
    number = asked.row.order_id if asked.row is not None else asked.order
    if chosen.order_ids:
        among = number in chosen.order_ids
        count = counted(len(chosen.order_ids), "order")
        yield Cause(
            "orders", moves=among, text=f"Processed: {count} only, by number{', this one too' if among else ''}.",
            remedy="" if among else "Empty “Only these orders” in the settings.", setting="order_ids",
            actions=asked.setting("order_ids"),
        )  # fmt: skip
    else:
        yield Cause("orders", moves=True, text="Orders of every number are processed.", setting="order_ids")
    yield _locations("orders", asked)


def _order(asked: _Asked) -> Iterator[Cause]:
    """What is known of the one order that was asked for."""
    row, number, connection = asked.row, asked.order, asked.connection
    if row is None:
        seen = connection.shop.orders_seen_at
        until = f"; orders were read that changed until {seen:%Y-%m-%d %H:%M} UTC" if seen else ""
        yield Cause(
            "orders", moves=False, text=f"No order {number} was read from {connection.shop}{until}.",
            remedy="Look whether it is of this shop, then press “Fetch orders”.",
            actions=asked.action("connection.orders"),
        )  # fmt: skip
        return
    opens = (queries.order(row.pk),)
    told = sync.problems_of([row.order_id], sync.ORDER_KINDS, [asked.owner])
    found = [problem for some in told.values() for problem in some]
    if row.store_order_id:
        text = f"Order {row.order_id} is in BigCommerce as no. {row.store_order_id}."
        yield Cause("orders", moves=True, text=text, actions=opens)
    else:
        ignored = not orders.not_created(row) and not row.reason and not found
        offered = orders.actions_for(orders.view_of(row))
        again = tuple(each for each in offered if each.id == "order.retry")
        why = f" {row.reason}" if row.reason else ""
        text = f"Order {row.order_id} is not in BigCommerce.{why}"
        yield Cause("orders", moves=False, text=text, remedy="" if ignored else "See its page for what keeps it.",
                    actions=(*again, *opens))  # fmt: skip
    for problem in found:
        topic: Topic = "orders" if problem.lane.kind == "order" else "shipments"
        yield Cause(topic, moves=False, text=messages.text(problem), remedy=messages.remedy(problem), actions=opens)


def _locations(topic: Topic, asked: _Asked) -> Cause:
    connection = asked.connection
    if not asked.chosen.pull_locations:
        return Cause(topic, moves=True, text="Locations are not used: everything is taken from the default one.",
                     setting="pull_locations")  # fmt: skip
    loose = [row.label for row in push_rules.flagged(connection)]
    if not locations.known(connection.store):
        return Cause(topic, moves=False, text="No location was read yet.", remedy="They are read every hour.",
                     setting="pull_locations", actions=asked.setting("pull_locations"))  # fmt: skip
    if loose:
        return Cause(
            topic, moves=False, text=f"Linked to no TikTok warehouse: {', '.join(loose[:_MOST_NAMED])}.",
            remedy="Link it on Inventory → Warehouses and push rules.", setting="pull_locations",
            actions=(queries.warehouses(),),
        )  # fmt: skip
    return Cause(topic, moves=True, text="Every location is linked to a TikTok warehouse.", setting="pull_locations")


# -- stock and shipments ----------------------------------------------------------------------------------------------


def _stock(asked: _Asked) -> Iterator[Cause]:
    chosen, sku, way = asked.chosen, asked.sku, asked.chosen.inventory_direction
    text = f"The stock direction is {ARROWS[way]}."
    yield Cause(
        "stock", way == "bc_to_tts",
        text if way != "tts_to_bc" else f"{text} Stock of BigCommerce is not sent: it follows TikTok Shop.",
        "" if way == "bc_to_tts" else "Choose another “Stock direction” in the settings.", "inventory_direction",
        chosen=way == "tts_to_bc", actions=asked.setting("inventory_direction"),
    )  # fmt: skip
    if chosen.stock_scope:
        moves = not sku or bool(set(asked.of_number or [sku]) & set(chosen.stock_scope))
        yield Cause(
            "stock", moves, f"Sent is the stock of {counted(len(chosen.stock_scope), 'SKU')} only"
            + (f", and {sku} is not among them." if not moves else "."),
            "Change “Only the stock of these SKUs” in the settings.", "stock_scope",
            actions=asked.setting("stock_scope"),
        )  # fmt: skip
    refused = [each for each in push_rules.rules_of(asked.connection) if each.refused_at is not None]
    if refused or push_rules.closed(asked.connection):
        yield Cause(
            "stock", moves=False, text="TikTok takes no stock for a warehouse of a push rule.",
            remedy="Follow the steps on Inventory → Warehouses and push rules.", actions=(queries.warehouses(),),
        )  # fmt: skip
    yield _locations("stock", asked)


def _shipments(asked: _Asked) -> Iterator[Cause]:
    way = asked.chosen.fulfillment_direction
    text = f"The shipments direction is {ARROWS[way]}."
    yield Cause(
        "shipments", way == "bc_to_tts",
        text if way != "tts_to_bc" else f"{text} Shipments of BigCommerce are not sent to TikTok Shop.",
        "" if way == "bc_to_tts" else "Choose another “Shipments direction” in the settings.", "fulfillment_direction",
        chosen=way == "tts_to_bc", actions=asked.setting("fulfillment_direction"),
    )  # fmt: skip
