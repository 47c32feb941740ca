"""Telling people by email: looks what happened in an account, and sends each person what they were not told of yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from twinshelf import messages
from twinshelf.accounts import queries as accounts
from twinshelf.accounts.letters import send
from twinshelf.accounts.models import Account, Membership, User
from twinshelf.connections import queries as connections
from twinshelf.connections.models import AccessState, Connection
from twinshelf.documents import Plan
from twinshelf.kit import clock
from twinshelf.kit.actions import Permission
from twinshelf.notices import plan as planning
from twinshelf.notices.models import NoticeRow
from twinshelf.notices.plan import Event, Kind
from twinshelf.sync import lanes
from twinshelf.sync.flows import Batch, Flow
from twinshelf.sync.models import Problem
from twinshelf.sync.problems import OWNER_KEY

KIND = "notice"
_EVERYTHING = "all"
_AT_ONCE = 500
"""Failed orders that are looked at in one go; the others are told of the next time."""
_PLACES: Mapping[Kind, str] = {Kind.EXPIRES: "connections", Kind.LOST: "connections", Kind.ORDERS: "orders"}


@dataclass
class NoticeBatch(Batch):
    """A batch of an account's keys."""


def look(account_id: int, owner: str) -> None:
    """Have an account looked at. Only that: a mail server may be slow."""
    if settings.SENDS_EMAIL:
        lanes.ask(account_id, KIND, owner, [_EVERYTHING], cause="timetable", priority=lanes.BULK)


def observe_notices(batch: NoticeBatch, keys: Sequence[str]) -> Mapping[str, Plan]:
    """Send what is to be told. A person is told of an event once; what no server took comes again.

    No email goes out inside a transaction. A process that ends between the note and the email sends none: rather none
    than two.
    """
    if batch.preview:
        return {}
    if settings.SENDS_EMAIL:
        _tell(batch.lane.account_id)
    return {key: Plan(key=key) for key in keys}


def _tell(account_id: int) -> None:
    account, now = Account.objects.get(id=account_id), clock.now()
    readers = _readers(account)
    every = connections.connections() if readers else []
    events = [*_of_access(every), *_of_orders(every)]
    NoticeRow.objects.filter(kind=Kind.ORDERS, at__lt=now - 2 * planning.ORDERS_FOR).delete()
    for user in readers:
        told = set(NoticeRow.objects.filter(user=user, key__in=[e.key for e in events]).values_list("key", flat=True))
        for kind in Kind:
            fresh = [event for event in events if event.kind is kind and event.key not in told]
            if not fresh or (kind is Kind.ORDERS and not planning.may_tell_of_orders(_last_of_orders(user), now)):
                continue
            if not _send(account, user, kind, fresh):
                return  # the server takes none now


def _readers(account: Account) -> list[User]:
    """Those of an account who want email and may see its connections."""
    members = Membership.objects.active().filter(account=account, user__is_active=True, user__emails=True)
    some = members.select_related("user", "custom_role").order_by("user_id")
    return [each.user for each in some if Permission.VIEW in accounts.permissions_of(each)]


def _last_of_orders(user: User) -> datetime | None:
    last: datetime | None = NoticeRow.objects.filter(user=user, kind=Kind.ORDERS).aggregate(last=Max("at"))["last"]
    return last


def _send(account: Account, user: User, kind: Kind, events: Sequence[Event]) -> bool:
    base = settings.OPERATOR.base_url.rstrip("/")
    subject, text = planning.letter(
        kind, events, account=str(account), place=base + reverse(_PLACES[kind]), switch=base + reverse("settings")
    )
    rows = [NoticeRow(account=account, user=user, kind=kind, key=event.key) for event in events]
    with transaction.atomic():
        NoticeRow.objects.bulk_create(rows)
    if send(user.email, subject, text):
        return True
    NoticeRow.objects.filter(user=user, key__in=[event.key for event in events]).delete()
    return False


def _of_access(every: Sequence[Connection]) -> Iterable[Event]:
    """What is lost, or about to be: each store and each seller's authorization once, with the connections it is for."""
    now, names = clock.now(), dict[str, list[str]]()
    stores, shops = {}, {}
    for each in every:
        store, shop = each.store, each.shop
        names.setdefault(f"store:{store.id}", []).append(each.name)
        stores[f"store:{store.id}"] = store
        alone = shop.unbound_at is not None
        subject = f"shop:{shop.id}" if alone else f"seller:{shop.seller_id}"
        names.setdefault(subject, []).append(each.name)
        shops[subject] = shop
    for subject, store in stores.items():
        if store.state != AccessState.CONNECTED:
            yield planning.lost(subject, "", "BigCommerce", names[subject])
        else:  # the next loss is another event, but for one that comes and goes
            known = NoticeRow.objects.filter(key=planning.lost(subject, "", "", ()).key)
            known.filter(at__lt=now - planning.LOST_AGAIN_AFTER).delete()
    for subject, shop in shops.items():
        seller, access = shop.seller, connections.shop_access(shop)
        if access.has_ended:
            since = shop.unbound_at or seller.authorized_at
            yield planning.lost(subject, since.isoformat(), "TikTok Shop", names[subject])
        elif event := planning.expiry(subject, seller.authorized_at, seller.refresh_expires_at, now, names[subject]):
            yield event


def _of_orders(every: Sequence[Connection]) -> Iterable[Event]:
    """The orders that have just been given up, the oldest first."""
    names = {f"connection:{each.id}": each.name for each in every}
    rows = Problem.objects.filter(
        closed_at=None, blocking=True, lane__kind="order", lane__owner__in=list(names),
        opened_at__gt=clock.now() - planning.ORDERS_FOR,
    ).exclude(key=OWNER_KEY)  # fmt: skip
    for owner, key, code in rows.order_by("opened_at", "id").values_list("lane__owner", "key", "code")[:_AT_ONCE]:
        yield planning.failed_order(owner, key, names[owner], messages.title(code))


def plan_notice(plan: Plan) -> Plan:
    """Nothing to change: looking has sent what was to be sent. Pure."""
    return plan


NOTICES = Flow(KIND, NoticeBatch, observe_notices, plan_notice, size=10)
