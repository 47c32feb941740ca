"""Gathers the evidence of a simulation that is at rest."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import connection as database
from django_scopes import scope, scopes_disabled

from soak.evidence import Books, Evidence, Goods, Shelf, SideFacts, Struck, Told
from soak.product import Product
from soak.worlds import Place
from twinshelf.kit import clock
from twinshelf.orders import queries as sales
from twinshelf.orders.models import ShopOrderRow
from twinshelf.proof import reconcile as proof
from twinshelf.sync.models import AttemptRow, ChangeRecord, InboxEvent, Lane, Mark, Problem, Task


def gather(product: Product, place: Place, struck: Struck, log: io.StringIO, *, early: bool = False) -> Evidence:
    """Look at both platforms and, unless it is `early`, into our own books. The proof reads both platforms anew."""
    world = product.sandbox.world
    found = Evidence(
        now=product.moments.now,
        effects=list(world.effects),
        sides=[
            SideFacts(side.account.name, side.store, side.shop, side.preferences, tuple(side.chosen))
            for side in place.sides
        ],
        odd_skus=set(place.odd_skus),
        asked={key: list(prices) for key, prices in place.asked.items()},
        struck=struck,
        calls=list(product.notes.calls),
        acks=list(product.notes.acks),
        crashes=list(product.notes.crashes),
        broken_double=[repr(error) for error in product.sandbox.faults.crashes],
    )
    for side in place.sides:
        for row in world.table(f"tt/{side.shop}/orders").values():
            found.orders[row["id"]] = {**row, "shop": side.shop}
        _look_at_shop(found, product, side.shop)
    for store in dict.fromkeys(side.store for side in place.sides):
        _look_at_store(found, product, store)
    _note_stock(found)
    found.drifted = set(place.drifted)
    if early:
        found.books = Books(problems=_problems({side.account.id: side.account.name for side in place.sides}))
        return found
    found.books = _books(place)
    found.log = log.getvalue()
    _note_secrets(found, product, place)
    return found


def _look_at_shop(found: Evidence, product: Product, shop: str) -> None:
    world = product.sandbox.world
    carriers: dict[str, list[str]] = {}
    for listing in world.table(f"tt/{shop}/products").values():
        if listing["status"] == "DELETED":
            continue
        offers = world.table(f"tt/{shop}/offers").get(listing["id"]) or {"skus": {}}
        for sku in listing["skus"]:
            carriers.setdefault(sku["seller_sku"], []).append(listing["id"])
            offer = offers["skus"].get(sku["id"])
            if offer is None:
                continue
            found.shelves[shop, sku["seller_sku"]] = Shelf(
                listing["id"],
                sum(level[0] for level in offer["stock"].values()),
                Decimal(offer["price"] or "0"),
                live=listing["status"] == "ACTIVATE",
            )
    found.doubled += [(shop, sku, ids) for sku, ids in carriers.items() if len(ids) > 1]


def _look_at_store(found: Evidence, product: Product, store: str) -> None:
    act = product.sandbox.act
    for key in product.sandbox.world.table(f"bc/{store}/products").keys():  # noqa: SIM118 - a table is not a mapping
        document = act("bc.product", hash=store, product_id=key)
        for variant in document["variants"]:
            stock = document["inventory_level"] if len(document["variants"]) == 1 else variant["inventory_level"]
            price = variant["price"] if variant["price"] is not None else document["price"]
            found.goods[store, variant["sku"]] = Goods(
                str(document["id"]),
                stock,
                Decimal(str(price)),
                for_sale=document["availability"] == "available" and not variant["purchasing_disabled"],
            )
    for number in act("bc.orders", hash=store):
        found.store_orders.append({**act("bc.order", hash=store, order_id=number), "store": store})


def _note_stock(found: Evidence) -> None:
    for (store, sku), goods in found.goods.items():
        found.stocked[store, sku] = [goods.stock]
    for effect in found.effects:
        if effect.kind == "stock_changed" and effect.platform == "bigcommerce":
            numbers = found.stocked.setdefault((effect.tenant, effect.detail["sku"]), [])
            numbers += [effect.detail["before"], effect.detail["after"]]


def _books(place: Place) -> Books:
    names = {side.account.id: side.account.name for side in place.sides}
    with scopes_disabled():
        lanes = {lane.id: lane for lane in Lane.objects.all()}
        late = clock.after(-600)
        marks = tuple(
            f"{lanes[mark.lane_id].kind} {mark.key} (asked by {mark.cause}, due {mark.due_at:%d %H:%M})"
            for mark in Mark.objects.all()
            if mark.due_at < late
        )
        attempts = tuple(f"{row.name} of {row.key}" for row in AttemptRow.objects.all())
        tasks = tuple(Task.objects.values_list("title", "state"))
        inbox: dict[str, int] = {}
        for outcome in InboxEvent.objects.values_list("outcome", flat=True):
            inbox[outcome] = inbox.get(outcome, 0) + 1
        problems = _problems(names)
        shown = {
            order_id: (status, store_order_id or "")
            for order_id, status, store_order_id in ShopOrderRow.objects.values_list(
                "order_id", "status", "store_order_id"
            )
        }
        changes = tuple(
            (names[account_id], kind, key, ok)
            for account_id, kind, key, ok in ChangeRecord.objects.order_by("id").values_list(
                "account_id", "kind", "key", "ok"
            )
        )
        strangers = tuple(
            f"order {row.order_id}"
            for row in ShopOrderRow.objects.select_related("connection")
            if row.account_id != row.connection.account_id
        )
    differences, told = {}, {}
    for side in place.sides:
        with scope(account=side.account):
            side.connection.refresh_from_db()
            report = proof.check(side.connection)
            differences[side.shop] = [f"{one['kind']} {one['key']}: {one['text']}" for one in report["differences"]]
            told[side.account.name] = sales.span(7).orders
    return Books(
        marks=marks,
        awake=tuple(f"{lane.kind} of {lane.owner}" for lane in lanes.values() if lane.awake),
        attempts=attempts,
        tasks=tasks,
        inbox=inbox,
        problems=problems,
        changes=changes,
        strangers=strangers,
        differences=differences,
        orders=shown,
        orders_told=told,
        bytes_on_disk=sum(path.stat().st_size for path in _files()),
    )


def _problems(names: dict[int, str]) -> tuple[Told, ...]:
    with scopes_disabled():
        rows = Problem.objects.filter(closed_at=None).select_related("lane").order_by("id")
        return tuple(Told(names[row.account_id], row.lane.kind, row.key, row.code) for row in rows)


def _files() -> list[Path]:
    name = Path(str(database.settings_dict["NAME"]))
    return [path for path in (name, name.with_name(name.name + "-wal")) if path.exists()]


def _note_secrets(found: Evidence, product: Product, place: Place) -> None:
    world, operator = product.sandbox.world, settings.OPERATOR
    found.secrets.add(operator.tiktok_app_secret)
    for name in ("tt/tokens", "tt/refresh_tokens", "bc/tokens"):
        found.secrets |= {str(key) for key in world.table(name)}
    for store in {side.store for side in place.sides}:
        for account in world.table(f"bc/{store}/accounts").values():
            found.secrets |= {str(account[name]) for name in ("client_secret", "access_token") if account.get(name)}
    for order in found.orders.values():
        address = order["_address"]
        for name, value in address.items():
            if name in {"name", "phone", "phone_number", "line1", "address_line1", "street"} and len(str(value)) > 8:
                found.buyers.add(str(value))
    found.database = b"".join(path.read_bytes() for path in _files())
