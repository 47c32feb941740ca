"""A merchant's hands, as a process of its own beside a running installation.

For tests that kill the installation's processes: one command a line in, one JSON answer a line out. It works through
the product's own actions, drains nothing, and is not killed itself. Run as `python -m tests.flows.merchant`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from twinshelf import processes
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.messages import text

processes.set_up()  # models can be imported from here on

# ruff: noqa: E402
from django.db import transaction
from django.db.models import F, Min, Sum
from django_scopes import scope, scopes_disabled

from twinshelf.accounts import actions as accounts
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Connection, Store
from twinshelf.goods import actions as goods
from twinshelf.goods.models import Hold
from twinshelf.kit import clock
from twinshelf.listings import actions as catalog
from twinshelf.listings.models import ListingRow
from twinshelf.orders import actions as orders
from twinshelf.orders.models import ShopOrderRow
from twinshelf.rules import actions as rules
from twinshelf.sync import schedules
from twinshelf.sync.models import ExecutorLease, Lane, Mark, Problem, Schedule, Task

Answer = dict[str, Any]


@contextmanager
def _connection() -> Iterator[Connection]:
    """The one connection there is, in its account's scope."""
    with scopes_disabled():
        found = Connection.objects.select_related("account", "store", "shop", "shop__seller").get()
    with scope(account=found.account):
        yield found


def connect(store: str, keys: dict[str, str], code: str) -> Answer:
    """Connect a store and a shop."""
    account = accounts.create_account(
        "Fernhollow", owner_email="maya@fernhollow.test", password="a long enough password", by=COMMAND_LINE
    )
    with scope(account=account):
        made = connections.connect_store(
            account, store_hash_or_url=store, access_token=keys["access_token"], client_id=keys["client_id"],
            client_secret=keys["client_secret"], by=COMMAND_LINE,
        )  # fmt: skip
        [shop] = connections.authorize_shops(account, code, by=COMMAND_LINE)
        connections.pair(account, store=made, shop=shop, name="US", by=COMMAND_LINE)
    return {}


def pull() -> Answer:
    """Have the store's products read."""
    with _connection() as connection:
        return {"task": goods.pull(connection.store, by=COMMAND_LINE).id}


def template() -> Answer:
    """Set up a template for all goods: mugs, of metal where they do not say what of."""
    material = {"name": "Material", "source": "custom_field", "field": "Material", "value": "Metal"}
    with _connection() as connection:
        rules.set_default_template(connection, category_id="600042", attributes=[material], by=COMMAND_LINE)
    return {}


def list_all() -> Answer:
    """Have all products listed."""
    with _connection() as connection:
        return {"task": catalog.list_products(connection, None, by=COMMAND_LINE).id}


def task(number: int) -> Answer:
    """How a task stands."""
    with scopes_disabled():
        row = Task.objects.get(id=number)
        return {"state": row.state, "summary": row.summary, "succeeded": row.succeeded, "failed": row.failed}


def look() -> Answer:
    """Have everything looked at that timetables look at by themselves every few minutes.

    Orders whose creation failed, which would be tried again after ten minutes, are retried by hand.
    """
    with _connection() as connection:
        failed = Mark.objects.filter(lane__kind="order", attempts__gt=0).values_list("key", flat=True)
        for order in ShopOrderRow.objects.filter(connection=connection, order_id__in=list(failed), store_order_id=None):
            orders.retry(order, by=COMMAND_LINE)
        for row in Schedule.objects.all():
            schedules.run_now(row.account_id, row.kind, row.owner)
        Store.objects.filter(id=connection.store_id).update(pulled_at=None)
    return {}


def busy() -> Answer:
    """What is still to be done: lanes at work or due, marks by kind with their tries, tasks.

    `later`: where no lane is at work or due, the seconds until the next one is; None if none wants to be woken.
    `moves` changes with everything that is done.
    """
    with scopes_disabled():
        now = clock.now()
        marks = Mark.objects.values_list("lane__kind", "key", "attempts", "due_at").order_by("due_at")
        tasks = Task.objects.filter(state__in=["queued", "running"])
        asleep = Lane.objects.filter(awake=False)
        next_at = asleep.aggregate(at=Min("due_at"))["at"]
        return {
            "lanes": Lane.objects.filter(awake=True).count() + asleep.filter(due_at__lte=now).count(),
            "marks": [f"{kind} {key}, {n} tries, in {(at - now).total_seconds():.0f} s" for kind, key, n, at in marks],
            "tasks": list(tasks.values_list("title", flat=True)),
            "later": None if next_at is None else (next_at - now).total_seconds(),
            "moves": [
                Lane.objects.aggregate(n=Sum("epoch"))["n"],
                Mark.objects.aggregate(n=Sum("generation"))["n"],
                *tasks.values_list("id", "state", "succeeded", "failed"),
            ],
        }


def pass_time(seconds: float) -> Answer:
    """Have everything that was put off come so many seconds earlier, as if that time had passed.

    The processes share the machine's clock, which no test can move; what they wait for stands in the database. Too
    early is harmless: whoever must still wait is sent back to wait.
    """
    earlier = timedelta(seconds=seconds)
    with scopes_disabled(), transaction.atomic():
        Mark.objects.update(due_at=F("due_at") - earlier)
        Lane.objects.update(due_at=F("due_at") - earlier, held_until=F("held_until") - earlier)
        Hold.objects.update(converted_at=F("converted_at") - earlier)
    return {}


def report() -> Answer:
    """What the product believes: its listings and orders, what is wrong, and which workers it has."""
    with _connection() as connection:
        listings = ListingRow.objects.filter(connection=connection)
        orders = ShopOrderRow.objects.filter(connection=connection)
        return {
            "listings": list(listings.values_list("product_id", "state", "tiktok_id")),
            "orders": list(orders.values_list("order_id", "status", "store_order_id", "reason")),
            "problems": [(one.key, one.code, text(one)) for one in Problem.objects.filter(closed_at=None)],
            "leases": list(ExecutorLease.objects.values_list("slot", flat=True)),
        }


COMMANDS = {made.__name__: made for made in (connect, pull, template, list_all, task, look, busy, pass_time, report)}


def main() -> None:
    stop = processes.connect_engine()
    answer: Answer = {}
    while True:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            return stop()
        name, arguments = json.loads(line)
        try:
            answer = {"ok": COMMANDS[name](**arguments)}
        except Exception as error:  # noqa: BLE001 - told to the test, which may try again
            answer = {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
