"""What may be known about stores, shops and their connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.db.models import F, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf.connections import joining
from twinshelf.connections.models import AccessState, Connection, GlobalProductRow, Seller, Shop, Store
from twinshelf.documents import Finding, ListingMethod
from twinshelf.errors import Unauthorized
from twinshelf.kit import clock, skew
from twinshelf.kit.actions import Action
from twinshelf.kit.paging import Page, in_order, page_of_ids
from twinshelf.tiktok import regions
from twinshelf.tiktok.regions import REGIONS
from twinshelf.tiktok.scopes import CAPABILITIES, Capability

EXPIRES_SOON = timedelta(days=14)


@dataclass(frozen=True)
class Access:
    """Whether we may work with a store or a shop, and until when (None: until it is taken back)."""

    state: Literal["connected", "ending", "ended", "unbound"]
    until: datetime | None = None
    days_left: int | None = None

    @property
    def has_ended(self) -> bool:
        """Whether somebody must authorize us again."""
        return self.state in {"ended", "unbound"}


def connections() -> list[Connection]:
    """Every connection of the account with its store and shop, in the order they were made."""
    return list(_staying().select_related("store", "shop", "shop__seller").order_by("id"))


def _staying() -> QuerySet[Connection]:
    return Connection.objects.filter(shop__leaving_at=None)


def connections_of(store: Store) -> list[Connection]:
    """The store's connections with their shops, in the order they were made."""
    return list(_staying().filter(store=store).select_related("shop", "shop__seller").order_by("id"))


def connections_of_all_accounts() -> list[Connection]:
    """Every connection of this installation with its account, store and shop, for whoever runs it."""
    rows = Connection.objects.with_scopes_disabled().filter(shop__leaving_at=None)
    return list(rows.select_related("account", "store", "shop__seller").order_by("id"))


def sellers() -> list[Seller]:
    """Every seller who authorized one of the account's shops, in the order they did."""
    return list(Seller.objects.order_by("id"))


def being_set_up() -> Connection | None:
    """The connection whose setting up was begun first and is not finished; None where there is none."""
    rows = _staying().filter(set_up_at=None).select_related("store", "shop", "shop__seller")
    return rows.order_by("id").first()


def connection_or_404(connection_id: int) -> Connection:
    """A connection of the account with its store and shop. Raises Http404."""
    return get_object_or_404(_staying().select_related("store", "shop", "shop__seller"), id=connection_id)


def sales_warehouses(connection: Connection) -> list[tuple[str, str]]:
    """(id, name) of the shop's warehouses that are on and sell, as read when it was connected; its own one first."""
    usable = [(each["id"], each["name"]) for each in connection.shop.warehouses if each["sales"] and each["enabled"]]
    return sorted(usable, key=lambda each: each[0] != connection.warehouse_id)


def stores() -> list[Store]:
    """Every store of the account, in the order they were connected."""
    return list(Store.objects.order_by("id"))


def store_or_404(store_id: int) -> Store:
    """A store of the account. Raises Http404."""
    return get_object_or_404(Store.objects, id=store_id)


def unpaired_shops() -> list[Shop]:
    """Shops that are authorized but not connected with a store yet."""
    return list(Shop.objects.filter(connection=None, leaving_at=None).select_related("seller").order_by("id"))


def shops() -> list[Shop]:
    """Every shop of the account with its seller, in the order they were authorized; those being deleted left out."""
    return list(Shop.objects.filter(leaving_at=None).select_related("seller", "connection").order_by("id"))


def connection_of(shop: Shop) -> Connection | None:
    """The connection that the shop is paired by, with its store; None while there is none."""
    return Connection.objects.filter(shop=shop).select_related("store").first()


def capabilities(shop: Shop) -> list[tuple[Capability, tuple[str, ...]]]:
    """(what the shop can be used for, the scopes that its authorization lacks for that) each."""
    return [(capability, capability.missing(shop.seller.scopes)) for capability in CAPABILITIES]


def lacking(shop: Shop) -> list[Capability]:
    """What the shop must be authorized anew for."""
    return [capability for capability, missing in capabilities(shop) if missing]


@dataclass(frozen=True)
class GlobalStore:
    """A cross-border seller with the sub-stores that the account has of them."""

    seller: Seller
    shops: tuple[Shop, ...]

    def __str__(self) -> str:
        return self.seller.nickname or self.seller.name

    @property
    def markets(self) -> tuple[str, ...]:
        """The countries of its sub-stores, each once."""
        return tuple(dict.fromkeys(shop.region for shop in self.shops))

    @property
    def bound(self) -> bool:
        """Whether at least one sub-store still lets us in, which is enough to read the Global Store."""
        return self.seller.state == AccessState.CONNECTED and any(shop.unbound_at is None for shop in self.shops)

    @property
    def supplies(self) -> bool:
        """Whether it supplies one of its shops, whose products are then made and changed there alone."""
        return any(shop.listing_method == ListingMethod.GLOBAL for shop in self.shops)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Its shops that the last authorization did not bring."""
        return tuple(LeftOut(*row) for row in self.seller.left_out)


@dataclass(frozen=True)
class LeftOut:
    """A shop that a seller has and that did not join: `code` says why."""

    name: str
    market: str
    code: str


def global_stores() -> list[GlobalStore]:
    """The account's Global Stores, in the order they were authorized."""
    found: dict[int, list[Shop]] = {}
    for shop in shops():
        if shop.is_cross_border:
            found.setdefault(shop.seller_id, []).append(shop)
    return [GlobalStore(of_one[0].seller, tuple(of_one)) for _id, of_one in sorted(found.items())]


def global_store_or_404(seller_id: int) -> GlobalStore:
    """A Global Store of the account. Raises Http404."""
    for each in global_stores():
        if each.seller.id == seller_id:
            return each
    raise Http404


def global_products(store: GlobalStore, *, number: int, size: int) -> Page[GlobalProductRow]:
    """A page of the live products of a Global Store as last read, those changed last first."""
    rows = GlobalProductRow.objects.filter(seller=store.seller)
    ids = page_of_ids(rows, "updated_at", descending=True, total=rows.count(), number=number, size=size)
    return ids.of(lambda some: in_order(GlobalProductRow.objects.all(), some))


def counted_shops() -> int:
    """How many shops the account has in the sense of its terms: a Global Store is none, its sub-stores are."""
    return Shop.objects.filter(unbound_at=None, leaving_at=None).count()


def refused_shops(shops: Sequence[Shop]) -> list[Finding]:
    """What kept other shops of these shops' sellers from joining at their last authorization; not what was chosen."""
    found: list[Finding] = []
    for seller in Seller.objects.filter(id__in={shop.seller_id for shop in shops}).select_related("account"):
        by_code: dict[str, list[str]] = {}
        for name, _market, code in seller.left_out:
            by_code.setdefault(code, []).append(name)
        limit = seller.account.most_shops
        found += [joining.refusal(code, names, limit=limit) for code, names in by_code.items() if code != "E-TEN-SITE"]
    return found


def product_management(shop: Shop) -> str:
    """Where the shop's products are managed at TikTok: the operator's setting, else Seller Center of its market."""
    if address := settings.OPERATOR.tiktok_seller_center:
        return address.replace("{shop}", shop.shop_id)
    return regions.product_management(shop.region, cross_border=shop.is_cross_border)


def shop_or_404(shop_id: int) -> Shop:
    """A shop of the account with its seller. Raises Http404."""
    return get_object_or_404(Shop.objects.filter(leaving_at=None).select_related("seller"), id=shop_id)


@dataclass(frozen=True)
class Receiver:
    """Whom a delivery of a shop is for. `connection_id` is None while the shop is paired with no store."""

    account_id: int
    shop: Shop
    connection_id: int | None


def receiver_of(shop_id: str) -> Receiver | None:
    """The account, of all, that has connected this shop; None if none has, or it was taken back from the one."""
    shops = Shop.objects.with_scopes_disabled().filter(shop_id=shop_id, leaving_at=None, unbound_at=None)
    shop = shops.annotate(paired=F("connection__id")).first()
    return None if shop is None else Receiver(shop.account_id, shop, shop.paired)


def app_missing() -> bool:
    """Whether shops of any account are on record while the operator's settings name no app to work for them."""
    known = settings.OPERATOR.tiktok_app_key and settings.OPERATOR.tiktok_app_secret
    return not known and Shop.objects.with_scopes_disabled().exists()


def working_connection(connection_id: int) -> Connection:
    """The connection with its store, shop and seller, for somebody about to work on it.

    Raises Unauthorized where one of its sides no longer lets us in: then nothing is sent to the other either.
    """
    connection = Connection.objects.select_related("store", "shop", "shop__seller").get(id=connection_id)
    if connection.store.state != AccessState.CONNECTED:
        raise Unauthorized("BigCommerce", "the store has ended the connection")
    if connection.shop.seller.state != AccessState.CONNECTED or connection.shop.unbound_at is not None:
        raise Unauthorized("TikTok Shop", "the seller has ended the authorization")
    return connection


def api_url(platform: str) -> str:
    """Where the storefront of this key is called: the operator's setting of its name."""
    url: str = getattr(settings.OPERATOR, f"{platform}_api")
    return url


def store_now(store: Store) -> datetime:
    """The time at the store's platform, as far as known: what is modified there is measured on that clock."""
    return skew.now(api_url(store.platform))


def shop_now() -> datetime:
    """The time at TikTok Shop, as far as known: spans of orders are measured on the clock that dates them."""
    return skew.now(settings.OPERATOR.tiktok_api)


def store_access(store: Store) -> Access:
    """Whether the store still takes our token. It has no end of its own."""
    return Access("connected" if store.state == AccessState.CONNECTED else "ended")


def shop_access(shop: Shop) -> Access:
    """The authorization of the shop's seller. It ends with its refresh token, or when a sub-store is unbound."""
    until = shop.seller.refresh_expires_at
    left = until - clock.now()
    days = max(0, left.days)
    if shop.unbound_at is not None:
        return Access("unbound", until, 0)
    if shop.seller.state != AccessState.CONNECTED or left <= timedelta(0):
        return Access("ended", until, 0)
    return Access("ending" if left <= EXPIRES_SOON else "connected", until, days)


def takes_orders_in(store: Store, code: str) -> bool:
    """Whether orders can be made in a currency, as far as is known: where the store never told, they can."""
    if code == store.currency or not store.currencies:
        return True
    return bool(store.currencies.get(code, {}).get("orders"))


def proposed_rate(store: Store, code: str) -> Decimal | None:
    """What the store itself counts for a currency; None where it counts 1, which stands for "nobody has said"."""
    kept = (store.currencies or {}).get(code)
    rate = Decimal(str(kept["rate"])) if kept else Decimal(1)
    return None if rate == 1 or rate <= 0 else rate.normalize()


def label(connection: Connection) -> str:
    """The short mark of a shop where there is little room: its market, in people's letters."""
    return "UK" if connection.shop.region == "GB" else connection.shop.region


def of_stores(all_connections: Sequence[Connection]) -> dict[int, list[Connection]]:
    """The connections by store id."""
    found: dict[int, list[Connection]] = {}
    for connection in all_connections:
        found.setdefault(connection.store_id, []).append(connection)
    return found


def has_shop_app() -> bool:
    """Whether the operator has set all that the way to TikTok's consent page needs."""
    operator = settings.OPERATOR
    return bool(operator.tiktok_app_key and operator.tiktok_app_secret and operator.tiktok_service_id)


def markets() -> tuple[str, ...]:
    """The country codes of the markets whose shops can be connected."""
    return tuple(REGIONS)


def name_taken(name: str) -> bool:
    """Whether a connection of the account has this name."""
    return Connection.objects.filter(name=name).exists()


def actions_for(connection: Connection) -> tuple[Action, ...]:
    """What may be done for a whole connection: for all its products, all its orders, its authorization."""
    return (
        Action(id="connection.check", label=_("Check everything"), args=(connection.id,)),
        Action(id="connection.pull", label=_("Pull products"), args=(connection.id,)),
        Action(id="connection.refresh", label=_("Refresh status"), args=(connection.id,)),
        Action(id="connection.sync", label=_("Sync price & stock"), args=(connection.id,)),
        Action(id="connection.inventory", label=_("Force inventory resync"), args=(connection.id,)),
        Action(id="connection.skus", label=_("SKU audit"), args=(connection.id,), method="get"),
        Action(id="connection.doctor", label=_("Doctor"), args=(connection.id,), method="get"),
        Action(id="connection.orders", label=_("Fetch orders"), args=(connection.id,)),
        Action(id="shop.authorize", label=_("Reauthorize the shop"), args=(connection.shop.region,), method="get"),
    )
