"""Pairing a store with a shop."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.accounts.models import Account
from twinshelf.connections import clients, currencies, warehouses
from twinshelf.connections.choices import preferences
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.errors import DocumentError, NeedsPerson
from twinshelf.kit import clock
from twinshelf.sync import lanes, schedules

_DAY = 86_400
LONGEST_NAME = 120


def pair(account: Account, *, store: Store, shop: Shop, name: str, by: Actor, guided: bool = False) -> Connection:
    """Connect a store with a shop: a channel in the store, the shop's warehouses, webhooks, timetables.

    `guided`: the wizard goes on with a new connection. Both sides are read, and nothing is sent before `finish_setup`.
    Safe to repeat. Raises NeedsPerson where the shop has no sales warehouse that is switched on.
    """
    client = clients.shop_client(shop)
    usable = [each for each in warehouses.read(shop) if each.sales and each.enabled]
    if not usable:
        raise NeedsPerson("E-WHS-NONE", shop=shop)
    currencies.read_currencies(store)
    default = next((w for w in usable if w.default), usable[0])
    channel_id = clients.store_client(store).ensure_channel(f"TikTok-Shop-{shop.region}", shop.shop_id)
    if Connection.objects.filter(name=name).exclude(shop=shop).exists():
        raise NeedsPerson("E-CON-NAME", name=name)
    chosen = {"store_id": store.id, "name": name, "channel_id": channel_id, "warehouse_id": default.id}
    with transaction.atomic():
        known = Connection.objects.filter(shop=shop).values(*chosen).first()
        connection, new = Connection.objects.update_or_create(
            account=account,
            shop=shop,
            defaults=chosen,
            create_defaults={**chosen, "set_up_at": None if guided else clock.now()},
        )
        if new and guided:
            lanes.rest(account.id, f"connection:{connection.id}")
        before, after = changed(known or {}, chosen)
        subject = f"connection:{connection.id}"
        record(by, account.id, "connections.pair", subject, before=before, after=after, detail=f"shop:{shop.id}")
    client.ensure_webhooks(f"{settings.OPERATOR.base_url}/hooks/tiktok")
    owner = f"connection:{connection.id}"
    minutes = preferences(connection).order_poll_minutes
    schedules.set_schedule(account.id, "shop_orders", owner, minutes * 60, first_in=2)
    schedules.set_schedule(account.id, "shop_listings", owner, 600, first_in=2)
    schedules.set_schedule(account.id, "shop_cancellations", owner, 600, first_in=600)
    schedules.set_schedule(account.id, "store_orders", owner, 600, first_in=600)
    schedules.set_schedule(account.id, "shop_refusals", owner, 600, first_in=600)
    schedules.set_schedule(account.id, "shop_comparison", owner, _DAY, first_in=_DAY)
    schedules.set_schedule(account.id, "shop_warehouses", owner, 3600, first_in=3600)
    schedules.set_schedule(account.id, "notices", f"account:{account.id}", 300, first_in=300)
    return connection


def finish_setup(connection: Connection, *, by: Actor) -> None:
    """End the setting up of a connection: what was asked for meanwhile is sent from now on. Safe to repeat."""
    with transaction.atomic():
        now = clock.now()
        if not Connection.objects.filter(id=connection.id, set_up_at=None).update(set_up_at=now):
            return
        owner = f"connection:{connection.id}"
        after = {"set_up_at": now.isoformat()}
        record(by, connection.account_id, "connections.finish_setup", owner, before={"set_up_at": None}, after=after)
        lanes.begin(connection.account_id, owner)
        connection.set_up_at = now


def rename(connection: Connection, name: str, *, by: Actor) -> None:
    """Give a connection another name, unique in its account. Raises NeedsPerson, or DocumentError if it is too long."""
    name = " ".join(name.split())
    if not name:
        raise NeedsPerson("E-CON-NAMELESS")
    if len(name) > LONGEST_NAME:
        raise DocumentError("name", f"The name of a connection has at most {LONGEST_NAME} characters.")
    before, after = {"name": connection.name}, {"name": name}
    try:
        with transaction.atomic():
            Connection.objects.filter(id=connection.id).update(name=name)
            subject = f"connection:{connection.id}"
            record(by, connection.account_id, "connections.rename", subject, before=before, after=after)
    except IntegrityError as error:  # the database lets no two connections of an account have one name
        raise NeedsPerson("E-CON-NAME", name=name) from error
    connection.name = name
