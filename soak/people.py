"""What people do in a simulation: buyers, the merchant in both control panels, and the merchant in Twinshelf.

Each deed is a method; which one comes next is drawn by weight. What a platform does not let people do is passed by.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from django_scopes import scope
from msgspec.structs import replace

from soak.product import Product
from soak.worlds import MERCHANT, PRICES, GoodsPlan, Place, Side, add_goods
from twinshelf.connections import actions as connections
from twinshelf.connections.preferences import PriceRule
from twinshelf.goods import actions as goods
from twinshelf.orders import actions as orders
from twinshelf.orders.models import ShopOrderRow
from twinshelf.preferences import actions as preferences
from twinshelf_sandbox.tiktok.errors import Refused

CARRIERS = (("usps", "9400111899223{:09d}"), ("ups", "1Z999AA1{:010d}"), ("fedex", "61299{:07d}"))


class People:
    """Everybody of one simulation, drawing from one chance."""

    def __init__(self, product: Product, place: Place, chance: random.Random) -> None:
        self.product, self.place, self.chance = product, place, chance
        self.deeds: dict[Callable[[Side], str | None], int] = {
            self._buy: 34,
            self._pay: 3,
            self._buyer_cancels: 4,
            self._seller_cancels: 3,
            self._answer_cancellation: 3,
            self._move_house: 2,
            self._store_sells: 5,
            self._store_cancels: 4,
            self._ship: 14,
            self._deliver: 4,
            self._set_stock: 10,
            self._set_price: 8,
            self._slip_of_price: 1,
            self._edit_title: 3,
            self._off_sale: 2,
            self._new_goods: 2,
            self._drop_goods: 1,
            self._drift_in_shop: 3,
            self._unlist_in_shop: 1,
            self._choose: 2,
            self._pull: 1,
            self._fetch: 1,
            self._sync: 2,
        }

    def act_once(self) -> str:
        """One deed of one drawn person. Returns what it was, for the story of a failure."""
        told = None
        for _ in range(8):  # often there is nothing to do it to
            side = self.chance.choice(self.place.sides)
            [deed] = self.chance.choices(list(self.deeds), list(self.deeds.values()))
            try:
                told = deed(side)
            except (Refused, ValueError, LookupError) as error:
                told = f"{deed.__name__.strip('_')} is refused: {error}"
            if told:
                break
        return told or "nobody does anything"

    # -- what there is ------------------------------------------------------------------------------------------------

    def _act(self, action: str, **arguments: Any) -> Any:
        return self.product.sandbox.act(action, **arguments)

    def _rows(self, table: str) -> list[dict[str, Any]]:
        return [row for _key, row in self.product.sandbox.world.table(table).items()]

    def _orders(self, side: Side, *statuses: str) -> list[dict[str, Any]]:
        return [row for row in self._rows(f"tt/{side.shop}/orders") if row["status"] in statuses]

    def _live_skus(self, side: Side) -> list[str]:
        return [
            sku["seller_sku"]
            for product in self._rows(f"tt/{side.shop}/products")
            if product["status"] == "ACTIVATE"
            for sku in product["skus"]
        ]

    def _store_skus(self, side: Side) -> list[str]:
        plan = next(plan for plan in self.place.plans if plan.store == side.store)
        return [sku for goods_plan in plan.goods if not goods_plan.odd for sku in goods_plan.skus]

    def _ours(self, side: Side) -> list[dict[str, Any]]:
        """The store's orders that were made of TikTok orders."""
        wanted = {row["id"] for row in self._rows(f"tt/{side.shop}/orders")}
        found = []
        for number in self._act("bc.orders", hash=side.store):
            order = self._act("bc.order", hash=side.store, order_id=number)
            if order["external_order_id"] in wanted:
                found.append(order)
        return found

    def _one(self, rows: Sequence[Any]) -> Any:
        return self.chance.choice(rows) if rows else None

    # -- buyers -------------------------------------------------------------------------------------------------------

    def _buy(self, side: Side) -> str | None:
        skus = self._live_skus(side)
        if not skus:
            return None
        chosen = self.chance.sample(skus, min(len(skus), self.chance.choice((1, 1, 1, 2))))
        items = [{"seller_sku": sku, "quantity": self.chance.choice((1, 1, 2, 3))} for sku in chosen]
        more: dict[str, Any] = {}
        if self.chance.random() < 0.5:
            more = {
                "seller_discount": self.chance.choice(("0", "0.01", "0.10")),
                "platform_discount": self.chance.choice(("0", "0.03", "0.20")),
                "shipping_fee": self.chance.choice(("0", "4.99", "6.005")),
                "tax": self.chance.choice((None, "0.07", "0")),
            }
        pay = self.chance.random() < 0.85
        order_id = self._act("shopper.buy", shop_id=side.shop, items=items, pay=pay, **more)
        return f"buy {items} as {order_id}{'' if pay else ', unpaid'}"

    def _pay(self, side: Side) -> str | None:
        order = self._one(self._orders(side, "UNPAID"))
        return order and self._told(f"pay {order['id']}", self._act("shopper.pay", order_id=order["id"]))

    def _buyer_cancels(self, side: Side) -> str | None:
        order = self._one(self._orders(side, "UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"))
        return order and self._told(f"buyer cancels {order['id']}", self._act("shopper.cancel", order_id=order["id"]))

    def _move_house(self, side: Side) -> str | None:
        order = self._one(self._orders(side, "ON_HOLD", "AWAITING_SHIPMENT"))
        return order and self._told(
            f"address of {order['id']}", self._act("shopper.change_address", order_id=order["id"])
        )

    # -- the merchant in Seller Center --------------------------------------------------------------------------------

    def _seller_cancels(self, side: Side) -> str | None:
        order = self._one(self._orders(side, "UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"))
        return order and self._told(f"seller cancels {order['id']}", self._act("tt.cancel_order", order_id=order["id"]))

    def _answer_cancellation(self, side: Side) -> str | None:
        waiting = [
            row
            for row in self._rows(f"tt/{side.shop}/cancellations")
            if row["status"] == "CANCELLATION_REQUEST_PENDING"
        ]
        request = self._one(waiting)
        if request is None:
            return None
        yes = self.chance.random() < 0.6
        self._act(f"tt.{'approve' if yes else 'reject'}_cancellation", cancel_id=request["id"])
        return f"cancellation of {request['order_id']} {'approved' if yes else 'rejected'}"

    def _deliver(self, side: Side) -> str | None:
        order = self._one(self._orders(side, "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED"))
        if order is None:
            return None
        step = {"AWAITING_COLLECTION": "tt.carrier_scan", "IN_TRANSIT": "tt.deliver", "DELIVERED": "tt.complete"}
        self._act(step[order["status"]], order_id=order["id"])
        return f"{step[order['status']]} {order['id']}"

    def _drift_in_shop(self, side: Side) -> str | None:
        product = self._one([row for row in self._rows(f"tt/{side.shop}/products") if row["status"] == "ACTIVATE"])
        if product is None:
            return None
        sku = self.chance.choice(product["skus"])["seller_sku"]
        self.place.drifted.add((side.shop, sku))
        if self.chance.random() < 0.5:
            number = self.chance.choice((0, 3, 77))
            self._act("tt.set_stock", product_id=product["id"], sku=sku, quantity=number)
            return f"somebody sets {number} of {sku} in the shop"
        self._act("tt.set_price", product_id=product["id"], sku=sku, price="11.11")
        return f"somebody prices {sku} at 11.11 in the shop"

    def _unlist_in_shop(self, side: Side) -> str | None:
        product = self._one([row for row in self._rows(f"tt/{side.shop}/products") if row["status"] == "ACTIVATE"])
        return product and self._told(
            f"seller deletes the listing {product['id']}", self._act("tt.delete_product", product_id=product["id"])
        )

    # -- the merchant in the store's control panel --------------------------------------------------------------------

    def _store_sells(self, side: Side) -> str | None:
        sku = self._one([s for s in self._store_skus(side) if self._act("bc.stock", hash=side.store, sku=s) > 0])
        return sku and self._told(
            f"the store sells {sku}", self._act("bc.place_order", hash=side.store, lines=[{"sku": sku, "quantity": 1}])
        )

    def _store_cancels(self, side: Side) -> str | None:
        order = self._one([o for o in self._ours(side) if o["status_id"] in {11, 9}])
        return order and self._told(
            f"the store cancels {order['id']} of {order['external_order_id']}",
            self._act("bc.cancel_order", hash=side.store, order_id=order["id"]),
        )

    def _ship(self, side: Side) -> str | None:
        statuses = {11, 9, 3} if self.chance.random() < 0.9 else {5}  # some send off what was cancelled
        order = self._one([o for o in self._ours(side) if o["status_id"] in statuses])
        if order is None:
            return None
        open_lines = [line for line in order["products"] if line["quantity"] > line["quantity_shipped"]]
        items = None
        if self.chance.random() < 0.3 and open_lines:
            items = [{"order_product_id": open_lines[0]["id"], "quantity": 1}]
        carrier, pattern = self.chance.choice(CARRIERS)
        number = pattern.format(self.chance.randrange(10_000_000))
        self._act(
            "bc.ship_order", hash=side.store, order_id=order["id"], items=items, carrier=carrier, tracking_number=number
        )
        return f"the store ships {order['id']} of {order['external_order_id']} by {carrier} {number} {items or ''}"

    def _set_stock(self, side: Side) -> str | None:
        sku = self._one(self._store_skus(side))
        number = self.chance.choice((0, 1, 2, 3, 5, 8, 20))
        self._act("bc.set_stock", hash=side.store, sku=sku, quantity=number)
        return f"the store has {number} of {sku}"

    def _set_price(self, side: Side) -> str | None:
        sku = self._one(self._store_skus(side))
        price = Decimal(str(self._act("bc.price", hash=side.store, sku=sku)))
        new = price * self.chance.choice((Decimal("1.1"), Decimal("0.95"), Decimal("1.333"), Decimal("0.8")))
        new = max(Decimal("0.20"), new.quantize(Decimal("0.001")))
        self._ask_price(side, sku, new)
        return f"the store asks {new} for {sku}"

    def _slip_of_price(self, side: Side) -> str | None:
        sku = self._one(self._store_skus(side))
        price = Decimal(str(self._act("bc.price", hash=side.store, sku=sku)))
        wrong = self.chance.choice((Decimal(0), price * 100))
        self._ask_price(side, sku, wrong)
        self.product.let_pass(90, stride=30)
        self._ask_price(side, sku, price)
        return f"the store asks {wrong} for {sku}, for a minute"

    def _ask_price(self, side: Side, sku: str, price: Decimal) -> None:
        self._act("bc.set_price", hash=side.store, sku=sku, price=str(price))
        self.place.asked.setdefault((side.store, sku), []).append(price)

    def _edit_title(self, side: Side) -> str | None:
        sku = self._one(self._store_skus(side))
        word = self.chance.choice(("blue", "green", "large", "old", "new"))
        self._act("bc.edit_product", hash=side.store, **self._product_of(side, sku), name=f"Enamel mug, {word}")
        return f"the product of {sku} is called {word}"

    def _product_of(self, side: Side, sku: str) -> dict[str, Any]:
        return {"product_id": self._act("bc.product", hash=side.store, sku=sku)["id"]}

    def _off_sale(self, side: Side) -> str | None:
        sku = self._one(self._store_skus(side))
        product = self._act("bc.product", hash=side.store, sku=sku)
        new = "disabled" if product["availability"] == "available" else "available"
        self._act("bc.edit_product", hash=side.store, product_id=product["id"], availability=new)
        return f"the product of {sku} is {new}"

    def _new_goods(self, side: Side) -> str | None:
        self.place.added += 1
        plan = GoodsPlan(f"New mug No. {self.place.added}", (f"NEW-{self.place.added}",), self.chance.choice(PRICES), 4)
        add_goods(self.product, self.place, side.store, plan)
        return f"the store has a new product {plan.skus[0]}"

    def _drop_goods(self, side: Side) -> str | None:
        if not self.place.added:
            return None
        sku = f"NEW-{self.chance.randint(1, self.place.added)}"
        self._act("bc.delete_product", hash=side.store, sku=sku)
        return f"the store deletes {sku}"

    # -- the merchant in Twinshelf ------------------------------------------------------------------------------------

    def _choose(self, side: Side) -> str | None:
        before = connections.preferences(side.connection)
        chosen = replace(
            before,
            price_rule=self.chance.choice((before.price_rule, PriceRule("percent_up", Decimal(10)), PriceRule())),
            reserve=self.chance.choice((0, 1, 2)),
            threshold=self.chance.choice((None, before.threshold)),
        )
        names = ("price_rule", "reserve", "threshold")
        values = {name: msgspec.to_builtins(getattr(chosen, name)) for name in names}
        with scope(account=side.account):
            preferences.change(side.connection, values, by=MERCHANT)
            side.preferences = connections.preferences(side.connection)
        side.chosen.append(side.preferences)
        return f"{side.connection.name} chooses {values}"

    def _pull(self, side: Side) -> str | None:
        with scope(account=side.account):
            goods.pull(side.connection.store, by=MERCHANT)
        return "the merchant pulls"

    def _fetch(self, side: Side) -> str | None:
        with scope(account=side.account):
            orders.fetch_now(side.connection, by=MERCHANT)
        return "the merchant fetches orders"

    def _sync(self, side: Side) -> str | None:
        with scope(account=side.account):
            row = self._one(list(ShopOrderRow.objects.filter(connection=side.connection).order_by("id")))
            if row is not None:
                orders.sync(row, by=MERCHANT)
        return row and f"the merchant syncs {row.order_id}"

    @staticmethod
    def _told(text: str, _result: Any) -> str:
        return text
