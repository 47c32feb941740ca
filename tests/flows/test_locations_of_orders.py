"""From which location an order is taken, and that the stock of every place is exact afterwards (WHS-3, BEY-27)."""

from __future__ import annotations

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS, ship
from tests.flows.test_push_rules import levels, outlet, two_places
from twinshelf.connections import clients
from twinshelf.goods.models import StoreVariant
from twinshelf.orders import actions as orders

__all__ = ["outlet", "two_places"]

SKU = "A SKU match does not route an order: links of locations to warehouses do. Review location links"


def place(driven, order_id) -> str:
    """The panel of an order's page that tells from where it is taken, and why."""
    page = Browser().words(f"/orders/{driven.order(order_id).pk}/")
    return page.partition(" Location ")[2].partition(" Buyer ")[0].strip()


def stock(driven) -> dict[str, int]:
    """What each location can sell of the mug, as the store itself tells it."""
    variant = StoreVariant.objects.get(store=driven.connection.store, sku="MUG-1").variant_id
    return dict(clients.store_client(driven.connection.store).inventory(variant_ids=[variant])[variant])


@pytest.mark.covers("P17-34", "P17-51", "BEY-27")
def test_an_order_is_taken_from_the_location_of_its_warehouse_wherever_it_moves(sandbox, store, two_places):
    shop, driven, harbor, mill, reno, mug = two_places
    store.act("set_stock", sku="MUG-1", quantity=0)
    driven.settle()
    order_id = shop.buy(("MUG-1", 2))
    driven.wait(HELD_SECONDS)
    driven.wait(30)

    row = driven.order(order_id)
    [made] = store.orders()
    assert (row.location_id, row.location_why) == (reno, "linked")
    assert f"TikTok Shop order {order_id}\\nShip from: Reno" in made["m"].decode(errors="replace")
    assert stock(driven) == {"1": 0, reno: 5}
    assert (
        place(driven, order_id)
        == f"Reno It is linked to the order’s TikTok warehouse. TikTok warehouse when it was placed: Mill {SKU}"
    )
    driven.wait(400)
    assert levels(sandbox, shop, driven, mug) == {harbor: 0, mill: 5}
    assert (driven.problems(), driven.differences()) == ([], [])

    store.act("set_stock", sku="MUG-1", quantity=4)
    driven.settle()
    ship(store, row.store_order_id)
    driven.settle()
    sandbox.act("tt.move_package", order_id=order_id, warehouse_id=harbor)
    driven.settle()
    row.refresh_from_db()
    assert (row.location_id, row.location_why) == ("1", "package")
    moved = "TikTok moved the package to another warehouse, to which this location is linked."
    assert place(driven, order_id) == f"Default location {moved} TikTok warehouse when it was placed: Mill {SKU}"
    driven.wait(60)
    assert stock(driven) == {"1": 2, reno: 7}
    assert levels(sandbox, shop, driven, mug) == {harbor: 2, mill: 7}
    assert (driven.problems(), driven.differences(), len(store.orders())) == ([], [], 1)


def test_a_cancelled_order_gives_back_to_the_location_that_it_was_taken_from(sandbox, store, two_places):
    shop, driven, harbor, mill, reno, mug = two_places
    store.act("set_stock", sku="MUG-1", quantity=0)
    driven.settle()
    order_id = shop.buy(("MUG-1", 2))
    driven.wait(HELD_SECONDS)
    driven.wait(30)
    assert stock(driven) == {"1": 0, reno: 5}

    orders.cancel(driven.order(order_id), "seller_cancel_reason_out_of_stock", by=MAYA)
    driven.settle()
    driven.wait(60)
    assert stock(driven) == {"1": 0, reno: 7}
    driven.wait(400)
    assert levels(sandbox, shop, driven, mug) == {harbor: 0, mill: 7}
