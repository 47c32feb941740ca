"""Three shops and the store itself sell out of one stock: random lives, judged after every event by an own count."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.conftest import ShopWorld, StoreWorld, Twinshelf
from tests.flows.faults import HELD_SECONDS, fault, rest
from tests.flows.neighbors import connect_shop, of, shelf
from tests.flows.test_low_stock import choose
from twinshelf.goods.models import Hold
from twinshelf.storefronts.bigcommerce.budget import WindowBudget
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.tiktok.errors import Refused

LIVES = int(os.environ.get("LIVES", "2"))
"""How many lives are lived; `LIVES=100` by hand."""
LAST = 3
"""At so many units or fewer, all of them go to the outlet."""


class Life:
    """One stock, its sellers, and a count of its units that knows nothing of how the product counts."""

    def __init__(self, sandbox: Sandbox, store: StoreWorld, shop: ShopWorld, twinshelf: Twinshelf) -> None:
        self.sandbox, self.store, self.twinshelf = sandbox, store, twinshelf
        outlet, in_outlet = connect_shop(sandbox, twinshelf, "Outlet")
        corner, in_corner = connect_shop(sandbox, twinshelf, "Corner")
        self.shops = {"main": (shop, twinshelf), "outlet": (outlet, in_outlet), "corner": (corner, in_corner)}
        store.act("set_switch", name="quota", value=None)
        self.mug = store.add_product(sku="MUG-1", stock=8)
        for _shop, driven in self.shops.values():
            driven.list(self.mug)
        choose(in_outlet, last_units=LAST)
        twinshelf.settle()
        self.orders: dict[str, tuple[str, int]] = {}
        """Order number → (shop, units) of those that were not cancelled."""

    def free(self) -> int:
        """Units that nobody has bought: what the store counts, less the orders that it has not been given yet."""
        made = {e.detail["external_order_id"] for e in self.store.effects("order_created")}
        open_ones = sum(units for order, (_shop, units) in self.orders.items() if order not in made)
        return int(self.store.act("stock", sku="MUG-1")) - open_ones

    def shown(self) -> dict[str, int]:
        return {name: shelf(shop, driven, self.mug) for name, (shop, driven) in self.shops.items()}

    def buy(self, dice: random.Random) -> str:
        name, units, paid = dice.choice(list(self.shops)), dice.randint(1, 3), dice.random() < 0.7
        try:
            order = self.shops[name][0].buy(("MUG-1", units), pay=paid)
        except Refused:
            return f"{name} refuses {units}"
        self.orders[order] = name, units
        return f"{name} sells {units}{'' if paid else ', unpaid'}"

    def cancel(self, dice: random.Random) -> str:
        made = {e.detail["external_order_id"] for e in self.store.effects("order_created")}
        waiting = sorted(set(self.orders) - made)
        if not waiting:
            return "nothing to cancel"
        order = dice.choice(waiting)
        self.sandbox.act("tt.cancel_order", order_id=order)
        name, units = self.orders.pop(order)
        return f"{name} cancels {units}"

    def sell_in_store(self, dice: random.Random) -> str:
        units = min(dice.randint(1, 2), max(0, self.free()))
        if not units:
            return "the store has none"
        self.store.act("place_order", lines=[{"sku": "MUG-1", "quantity": units}])
        return f"the store sells {units}"

    def restock(self, dice: random.Random) -> str:
        units = int(self.store.act("stock", sku="MUG-1")) + dice.randint(1, 5)
        self.store.act("set_stock", sku="MUG-1", quantity=units)
        return f"the store has {units}"

    def let_holds_end(self, _dice: random.Random) -> str:
        self.twinshelf.wait(HELD_SECONDS)
        return "holds end"

    def step(self, dice: random.Random) -> str:
        """One event, its webhooks as they come: as they should, twice, or not at all until the timetables look."""
        weather = dice.choices(["fine", "doubled", "lost"], [6, 2, 1])[0]
        if weather == "doubled":
            fault(self.sandbox, action="duplicate", on="webhook", times=None)
        elif weather == "lost":
            fault(self.sandbox, action="lose", on="webhook", times=None)
        acts = [self.buy, self.cancel, self.sell_in_store, self.restock, self.let_holds_end]
        told = dice.choices(acts, [8, 2, 2, 2, 2])[0](dice)
        self.twinshelf.settle()
        self.sandbox.faults.clear()
        if weather == "lost":
            for _shop, driven in self.shops.values():
                driven.poll()
            self.twinshelf.pull()
        return f"{told} ({weather})"

    def sent_elsewhere(self) -> Iterator[Any]:
        for name, (shop, _driven) in self.shops.items():
            if name != "outlet":
                yield from of(shop, "stock_set")


def live(life: Life, seed: int, steps: int) -> None:
    dice, story = random.Random(seed), []
    for _ in range(steps):
        before, sent = life.free(), len(list(life.sent_elsewhere()))
        story.append(life.step(dice))
        free, shown = life.free(), life.shown()
        assert free >= 0, f"sold twice, seed {seed}: " + " · ".join(story)
        last = free <= LAST
        expected = {name: free if not last or name == "outlet" else 0 for name in life.shops}
        assert shown == expected, f"seed {seed}: " + " · ".join(story)
        if last and before <= LAST:  # not even for a moment
            assert all(e.detail["after"] == 0 for e in list(life.sent_elsewhere())[sent:]), story
    life.twinshelf.wait(HELD_SECONDS)
    for order, (_name, _units) in list(life.orders.items()):
        if life.sandbox.world.table(f"tt/{shop_of(life, order)}/orders")[order]["status"] == "UNPAID":
            life.sandbox.act("tt.cancel_order", order_id=order)
            del life.orders[order]
    rest(life.sandbox, life.twinshelf)
    made = [e.detail["external_order_id"] for e in life.store.effects("order_created") if e.detail["external_order_id"]]
    assert sorted(made) == sorted(life.orders), f"seed {seed}: " + " · ".join(story)  # each once
    assert not Hold.objects.exists()
    assert [driven.differences() for _shop, driven in life.shops.values()] == [[], [], []]


def shop_of(life: Life, order: str) -> str:
    return life.shops[life.orders[order][0]][0].id


@pytest.mark.covers("BEY-21")
@pytest.mark.parametrize("seed", range(1, LIVES + 1))
def test_the_last_units_are_never_offered_twice_whatever_happens_in_three_shops(
    sandbox, store, shop, twinshelf, *, monkeypatch, seed
):
    monkeypatch.setattr(WindowBudget, "acquire", lambda *_: None)  # it counts in real time, which does not pass here
    live(Life(sandbox, store, shop, twinshelf), seed=seed, steps=25)


@pytest.mark.parametrize("choice", [{"threshold": 3}, {"stock_percent": 50}, {"stock_cap": 2}])
def test_a_shop_that_sold_shows_what_its_own_rules_leave_and_not_what_the_sale_left(store, shop, twinshelf, choice):
    mug = store.add_product(sku="MUG-1", stock=6)
    choose(twinshelf, **choice)
    twinshelf.list(mug)
    assert shelf(shop, twinshelf, mug) == {"threshold": 6, "stock_percent": 3, "stock_cap": 2}[next(iter(choice))]

    shop.buy(("MUG-1", 2))
    twinshelf.settle()
    assert shelf(shop, twinshelf, mug) == {"threshold": 4, "stock_percent": 2, "stock_cap": 2}[next(iter(choice))]

    shop.buy(("MUG-1", 1))
    twinshelf.settle()
    assert shelf(shop, twinshelf, mug) == {"threshold": 0, "stock_percent": 1, "stock_cap": 2}[next(iter(choice))]
