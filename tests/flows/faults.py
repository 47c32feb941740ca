"""What the fault tests share: faults on demand, an order that is ready to ship, and what must hold when all rests."""

from __future__ import annotations

from typing import Any

from soak.calls import (
    CANCEL,
    CREATE_LISTING,
    CREATE_ORDER,
    EDIT_LISTING,
    SET_ORDER,
    SET_PRICES,
    SET_STOCK,
    SHIP,
)
from tests.flows.conftest import ShopWorld, StoreWorld, Twinshelf
from twinshelf.kit.models import Budget
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.faults import Fault

__all__ = [
    "CANCEL",
    "CREATE_LISTING",
    "CREATE_ORDER",
    "EDIT_LISTING",
    "HELD_SECONDS",
    "SET_ORDER",
    "SET_PRICES",
    "SET_STOCK",
    "SHIP",
    "fault",
    "lose_webhooks",
    "ready_to_ship",
    "rest",
    "ship",
]  # fmt: skip

HELD_SECONDS = 3700
"""An order on hold is paid and may be shipped after this."""


def fault(sandbox: Sandbox, **rule: Any) -> Fault:
    return sandbox.faults.add(Fault.from_json(rule))


def lose_webhooks(sandbox: Sandbox) -> Fault:
    return fault(sandbox, action="lose", on="webhook", times=None)


def rest(sandbox: Sandbox, twinshelf: Twinshelf) -> None:
    """Heal everything and let the timetables do what they do by themselves within the hour."""
    sandbox.faults.clear()
    for _ in range(6):
        Budget.objects.update(blocked_until=0)  # quotas are counted in real time, which does not pass here
        twinshelf.wait(601)


def ready_to_ship(shop: ShopWorld, twinshelf: Twinshelf, *items: tuple[str, int]) -> tuple[str, str]:
    """(TikTok order, store order) of a paid order of these SKUs whose hold is over."""
    order_id = shop.buy(*items)
    twinshelf.wait(HELD_SECONDS)
    store_order_id = twinshelf.order(order_id).store_order_id
    assert store_order_id is not None
    return order_id, store_order_id


def ship(
    store: StoreWorld,
    store_order_id: str,
    number: str = "9400111899223100000001",
    items: list[dict[str, Any]] | None = None,
    carrier: str = "usps",
) -> int:
    """The store ships an order, or these items of it. Returns the shipment's id."""
    [shipment] = store.act("ship_order", order_id=store_order_id, carrier=carrier, tracking_number=number, items=items)
    return int(shipment)
