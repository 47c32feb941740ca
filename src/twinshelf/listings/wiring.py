"""What the shop side brings to the engine."""

from __future__ import annotations

from datetime import timedelta

from twinshelf.accounts.actors import ENGINE
from twinshelf.connections.models import Connection
from twinshelf.listings import actions, afterwards, auditing, content, prices, stock, visibility, warehouses
from twinshelf.listings.incoming import flow as incoming
from twinshelf.listings.reviews import working as reviewing
from twinshelf.sync import lanes, problems


def _poll(account_id: int, owner: str) -> None:
    lanes.ask(account_id, afterwards.KIND, owner, ["listings"], cause="timetable")


def _compare(account_id: int, owner: str) -> None:
    _read_warehouses(account_id, owner)
    actions.compare(Connection.objects.get(id=int(owner.partition(":")[2])), by=ENGINE)


def _try_refused_again(account_id: int, owner: str) -> None:
    problems.ask_again(account_id, owner, ("price", "stock"), younger_than=timedelta(hours=1))


def _read_warehouses(account_id: int, owner: str) -> None:
    lanes.ask(account_id, warehouses.KIND, owner, [warehouses.EVERY], cause="timetable")


FLOWS = (
    content.CONTENT,
    prices.PRICES,
    stock.STOCK,
    visibility.VISIBILITY,
    warehouses.WAREHOUSES,
    afterwards.POLLS,
    incoming.INCOMING,
)
TIMETABLES = {
    "shop_listings": _poll,
    "shop_comparison": _compare,
    "shop_refusals": _try_refused_again,
    "shop_warehouses": _read_warehouses,
}
TASKS = {"sku_audit": auditing.carry_out, "review": reviewing.carry_out}
