"""The installation checklist: whether a store and a shop are ready to be kept in step (ONB-4).

Reads tables as they were last filled, counts in the database, and calls no platform; `actions.look_again` fills them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from twinshelf.connections import queries, warehouses
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.documents import ListingStatus
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit.actions import Action
from twinshelf.listings.models import ShopSkuSeen
from twinshelf.listings.queries import default_template
from twinshelf.sync import queries as sync
from twinshelf.tiktok.regions import REGIONS

_MOST_NAMED = 5


class State(StrEnum):
    """What an item says. FIX stops every save, LATER none; WAITING stops only the last: nobody knows it yet."""

    OK = "ok"
    FIX = "fix"
    LATER = "later"
    WAITING = "waiting"


@dataclass(frozen=True)
class Item:
    """One item of the checklist. `text` says what is wrong and `fix` what mends it; both "" where all is well."""

    key: str
    title: str
    state: State
    text: str = ""
    fix: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Preflight:
    """The whole checklist, in its order."""

    items: tuple[Item, ...]
    reading: bool = False
    """The store's products are being read right now."""

    def count(self, state: State) -> int:
        """How many items are so."""
        return sum(item.state is state for item in self.items)

    @property
    def blocking(self) -> tuple[Item, ...]:
        """What must be mended before anything is saved."""
        return tuple(item for item in self.items if item.state is State.FIX)

    @property
    def waiting(self) -> tuple[Item, ...]:
        """What is not known yet, but will be without anybody's doing."""
        return tuple(item for item in self.items if item.state is State.WAITING)


def preflight(store: Store | None, shop: Shop | None, connection: Connection | None = None) -> Preflight:
    """Every item for a pair that is, or is to be, connected. A dozen queries, however many products there are."""
    reading = store is not None and _is_reading(store)
    return Preflight(tuple(_items(store, shop, connection, reading=reading)), reading)


def _items(store: Store | None, shop: Shop | None, connection: Connection | None, *, reading: bool) -> Iterator[Item]:
    yield _store_access(store)
    yield _shop_access(shop)
    yield _shop_active(shop)
    yield _region(shop)
    yield _warehouses(shop)
    yield _currency(store, shop, connection)
    number = StoreProduct.objects.filter(store=store, deleted=False).count() if store is not None else 0
    yield _products_read(store, number, reading=reading)
    if store is not None and number:
        yield _missing(store, connection)
        yield _doubled(store, shop, connection)
        yield _tracked(store)
    else:
        state = State.WAITING if reading or store is None else State.LATER
        for key, title in _OF_PRODUCTS.items():
            yield Item(key, str(title), state, _("Not known before products are read."))
    yield _category(connection)


_OF_PRODUCTS: Mapping[str, Promise] = {
    "missing": _lazy("Every product and variant has a SKU"),
    "doubled": _lazy("No SKU is used twice"),
    "tracked": _lazy("Stock is tracked for every variant"),
}
_NOT_YET = _lazy("Not known before both are connected.")


def _store_access(store: Store | None) -> Item:
    title = _("BigCommerce lets us in, with all scopes")
    if store is None:
        return Item("store", title, State.WAITING, _("No store is connected yet."), _("Connect a store above."))
    if queries.store_access(store).has_ended:
        text = _("%(store)s does not take its access token any more.") % {"store": store}
        return Item("store", title, State.FIX, text, _("Enter its API account again under “Connect another store”."))
    return Item("store", title, State.OK)


def _shop_access(shop: Shop | None) -> Item:
    title = _("TikTok Shop lets us in, with all permissions")
    if shop is None:
        return Item("shop", title, State.WAITING, _("No shop is authorized yet."), _("Press “Add a TikTok Shop”."))
    renew = Action(
        id="shop.authorize", label=_("Reauthorize the shop"), args=(shop.region,), method="get", about=str(shop)
    )
    fix = _("Press “Reauthorize the shop” and grant all permissions.")
    if queries.shop_access(shop).has_ended:
        text = _("The authorization of %(shop)s has ended.") % {"shop": shop}
        return Item("shop", title, State.FIX, text, fix, (renew,))
    lacking = sorted({one for _use, scopes in queries.capabilities(shop) for one in scopes})
    if lacking:
        text = _("Not granted: %(scopes)s.") % {"scopes": ", ".join(lacking)}
        return Item("shop", title, State.FIX, text, fix, (renew,))
    return Item("shop", title, State.OK)


def _shop_active(shop: Shop | None) -> Item:
    title = _("The shop is active")
    if shop is None or (shop.warehouses_read_at is None and not shop.failing):
        return _unasked("active", title, shop)
    why = warehouses.inactive(shop)
    if why:
        fix = _("Mend that in Seller Center, then press “Check again”.")
        return Item("active", title, State.FIX, f"{shop}: {why}", fix)
    return Item("active", title, State.OK)


def _unasked(key: str, title: str, shop: Shop | None) -> Item:
    if shop is None:
        return Item(key, title, State.WAITING, str(_NOT_YET))
    return Item(key, title, State.WAITING, _("TikTok Shop was not asked yet."), _("Press “Check again”."))


def _region(shop: Shop | None) -> Item:
    title = _("The market is supported")
    if shop is None:
        return Item("region", title, State.WAITING, str(_NOT_YET))
    if shop.region not in REGIONS:
        text = _("TikTok Shop in %(region)s is not supported yet.") % {"region": shop.region}
        return Item("region", title, State.FIX, text, _("Connect a shop of another market."))
    return Item("region", title, State.OK)


def _warehouses(shop: Shop | None) -> Item:
    title = _("The shop has a warehouse to sell from")
    if shop is None or shop.warehouses_read_at is None:
        return _unasked("warehouses", title, shop)
    usable = [each.name for each in warehouses.of(shop) if each.enabled]
    if not usable:
        text = _("%(shop)s has no sales warehouse that is switched on.") % {"shop": shop}
        fix = _("Add a warehouse in Seller Center, then press “Check again”.")
        return Item("warehouses", title, State.FIX, text, fix)
    return Item("warehouses", title, State.OK)


def _currency(store: Store | None, shop: Shop | None, connection: Connection | None) -> Item:
    title = _("Currencies are equal, or a rate is confirmed")
    if store is None or shop is None:
        return Item("currency", title, State.WAITING, str(_NOT_YET))
    pair = {"store": store.currency, "shop": shop.currency}
    if store.currency != shop.currency:
        if connection is None:
            text = _("BigCommerce has %(store)s, the shop %(shop)s.") % pair
            return Item("currency", title, State.WAITING, text, _("Save & Proceed asks for the rate."))
        if preferences_from_json(connection.preferences).exchange_rate is None:
            text = _("BigCommerce has %(store)s, the shop %(shop)s, and no rate is confirmed.") % pair
            fix = _("Enter the “Exchange rate” in the settings.")
            return Item("currency", title, State.FIX, text, fix, (_settings(connection),))
    if not queries.takes_orders_in(store, shop.currency):
        text = _("BigCommerce takes no orders in %(shop)s: orders could not be created there.") % pair
        fix = _("Make it a transactional currency in BigCommerce, then press “Check again”.")
        return Item("currency", title, State.LATER, text, fix)
    return Item("currency", title, State.OK)


def _settings(connection: Connection) -> Action:
    return Action(id="connection.settings", label=_("Settings"), args=(connection.id,), method="get")


def _audit(connection: Connection | None) -> tuple[Action, ...]:
    if connection is None:
        return ()
    return (Action(id="connection.skus", label=_("SKU audit"), args=(connection.id,), method="get"),)


def _is_reading(store: Store) -> bool:
    owner = sync.owner_ref("store", store.id)
    return any(task.kind == "pull" and task.owner == owner for task in sync.unfinished_tasks())


def _products_read(store: Store | None, number: int, *, reading: bool) -> Item:
    title = _("The store's products were read")
    if store is None:
        return Item("products", title, State.WAITING, str(_NOT_YET))
    if reading:
        text = ngettext("%(n)s product was read so far.", "%(n)s products were read so far.", number)
        return Item("products", title, State.WAITING, text % {"n": f"{number:,}"}, _("Wait until all are read."))
    if not number:
        fix = _("Press “Pull products” on the page Products; their SKUs are checked then.")
        return Item("products", title, State.LATER, _("No product is here yet."), fix)
    return Item("products", title, State.OK)


def _missing(store: Store, connection: Connection | None) -> Item:
    """Counts, and stops nothing: what has no SKU is left out until it has one."""
    title = str(_OF_PRODUCTS["missing"])
    without = StoreVariant.objects.filter(store=store, deleted=False, sku="")
    found = without.aggregate(variants=Count("id"), products=Count("product_id", distinct=True))
    if not found["variants"]:
        return Item("missing", title, State.OK)
    text = _("Without a SKU: %(variants)s, in %(products)s. They are left out until they have one.") % {
        "variants": _counted(found["variants"], ngettext("%(n)s variant", "%(n)s variants", found["variants"])),
        "products": _counted(found["products"], ngettext("%(n)s product", "%(n)s products", found["products"])),
    }
    fix = _("Give each a SKU in BigCommerce, then pull products.")
    return Item("missing", title, State.LATER, text, fix, _audit(connection))


def _counted(number: int, words: str) -> str:
    return words % {"n": f"{number:,}"}


def _doubled(store: Store, shop: Shop | None, connection: Connection | None) -> Item:
    title = str(_OF_PRODUCTS["doubled"])
    ours = StoreVariant.objects.filter(store=store, deleted=False)
    theirs = ShopSkuSeen.objects.filter(shop=shop).exclude(status=ListingStatus.DELETED)
    sides = [("BigCommerce", _twice(ours, "sku")), ("TikTok Shop", _twice(theirs, "seller_sku"))]
    texts = []
    for side, (number, named) in sides:
        if number:
            told = ngettext(
                "%(n)s SKU twice in %(side)s: %(named)s.", "%(n)s SKUs twice in %(side)s: %(named)s.", number
            )
            more = named if number <= len(named) else [*named, "…"]
            texts.append(told % {"n": f"{number:,}", "side": side, "named": ", ".join(more)})
    if not texts:
        return Item("doubled", title, State.OK)
    text = " ".join([*texts, _("Stock would go to the wrong one.")])
    return Item(
        "doubled", title, State.FIX, text, _("Give each a SKU of its own, then pull products."), _audit(connection)
    )


def _twice(rows: QuerySet[Any], column: str) -> tuple[int, Sequence[str]]:
    """(how many SKUs are used more than once, the first few of them)."""
    doubled = rows.exclude(**{column: ""}).values(column).annotate(used=Count("id")).filter(used__gt=1)
    named = list(doubled.order_by(column).values_list(column, flat=True)[:_MOST_NAMED])
    return (doubled.order_by().count() if len(named) == _MOST_NAMED else len(named)), named


def _tracked(store: Store) -> Item:
    title = str(_OF_PRODUCTS["tracked"])
    number = StoreVariant.objects.filter(store=store, deleted=False, stock=None).count()
    if not number:
        return Item("tracked", title, State.OK)
    told = ngettext(
        "%(n)s variant has no stock of its own: it is offered as always there.",
        "%(n)s variants have no stock of their own: they are offered as always there.",
        number,
    )
    fix = _("Switch on “Track inventory”, by variant, in BigCommerce, then pull products.")
    return Item("tracked", title, State.LATER, told % {"n": f"{number:,}"}, fix)


def _category(connection: Connection | None) -> Item:
    title = _("A category is chosen")
    template = default_template(connection) if connection is not None else None
    if template is None or not template.category_id:
        return Item(
            "category", title, State.WAITING, _("Chosen in step 2."), _("Choose a “TikTok category” in step 2.")
        )
    return Item("category", title, State.OK)
