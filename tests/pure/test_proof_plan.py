"""The proof: what counts as a difference between both sides, told so that a person can act on it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from tests.pure.builders import (
    line,
    listing,
    listing_sku,
    money,
    on_shelf,
    order,
    payment,
    random_cases,
    shop_sku,
    store_order,
    usd,
)
from twinshelf.documents import StoreOrderState
from twinshelf.listings.compare import compare_shown
from twinshelf.listings.desired import DesiredSku
from twinshelf.proof.plan import Difference, compare_orders, tell
from twinshelf.rules.pricing import Price
from twinshelf.rules.quantities import Quantity

# -- listings -------------------------------------------------------------------------------------------------------

MUG_LINK = {"11": "tt-MUG-1"}


def compare_listing(wanted, shop, links):
    """What the proof tells of a listing that should be so."""
    skus = {
        sku.variant_id: DesiredSku(
            variant_id=sku.variant_id,
            seller_sku=sku.seller_sku,
            price=Price(sku.price, ()),
            problem=None,
            quantity=Quantity(sku.quantity, ()),
        )
        for sku in wanted.skus
    }
    found = [tell(wanted.product_id, wrong) for wrong in compare_shown(wanted, skus, shop, links)]
    return tuple(difference for difference in found if difference is not None)


def differs(kind, text, expected="", found="", key="1"):
    return Difference(kind=kind, key=key, text=text, expected=expected, found=found)


PRICE = differs("price", "The price of SKU MUG-1 differs.", "12.00 USD", "11.00 USD")
STOCK = differs("stock", "The stock of SKU MUG-1 differs.", "10", "9")
TITLE = differs("title", "The title differs.", "Enamel mug", "Tin mug")
NO_SKU = differs("sku", "SKU MUG-1 is not in the shop.", "MUG-1")


@pytest.mark.parametrize(
    ("_case", "shop", "differences"),
    [
        ("in step", on_shelf(), ()),
        ("a price written with fewer zeros", on_shelf(shop_sku(price=usd("12"))), ()),
        ("a price that TikTok does not tell", on_shelf(shop_sku(price=None)), ()),
        ("another price", on_shelf(shop_sku(price=usd("11.00"))), (PRICE,)),
        (
            "a cent",
            on_shelf(shop_sku(price=usd("12.01"))),
            (differs("price", "The price of SKU MUG-1 differs.", "12.00 USD", "12.01 USD"),),
        ),
        (
            "another currency",
            on_shelf(shop_sku(price=money("12.00", "GBP"))),
            (differs("price", "The price of SKU MUG-1 differs.", "12.00 USD", "12.00 GBP"),),
        ),
        ("one unit less", on_shelf(shop_sku(stock=(("w-1", 9),))), (STOCK,)),
        (
            "stock that stands in another warehouse",
            on_shelf(shop_sku(stock=(("w-1", 4), ("w-2", 6)))),
            (differs("stock", "The stock of SKU MUG-1 differs.", "10", "10 in another warehouse"),),
        ),
        ("and differs together", on_shelf(shop_sku(stock=(("w-1", 4), ("w-2", 5)))), (STOCK,)),
        (
            "no stock at all",
            on_shelf(shop_sku(stock=())),
            (differs("stock", "The stock of SKU MUG-1 differs.", "10", "0"),),
        ),
        ("another title", on_shelf(title="Tin mug"), (TITLE,)),
        ("another title while the new one is in review", on_shelf(title="Tin mug", audit_status="AUDITING"), ()),
        ("another title since the new one was refused", on_shelf(title="Tin mug", audit_status="FAILED"), ()),
        ("a SKU that vanished", on_shelf(shop_sku(id="tt-9")), (NO_SKU,)),
        (
            "all at once",
            on_shelf(shop_sku(price=usd("11.00"), stock=(("w-1", 9),)), title="Tin mug"),
            (TITLE, PRICE, STOCK),
        ),
        ("what only the shop has is not compared", on_shelf(shop_sku(), shop_sku(id="tt-9", seller_sku="X")), ()),
    ],
)
def test_what_differs_of_a_listing(_case, shop, differences):
    assert compare_listing(listing(), shop, MUG_LINK) == differences


def test_a_sku_without_a_link_is_not_in_the_shop():
    assert compare_listing(listing(), on_shelf(), {}) == (NO_SKU,)


@random_cases
@given(
    strategies.lists(
        strategies.tuples(strategies.integers(1, 9999), strategies.integers(0, 50)), min_size=1, max_size=4
    )
)
def test_a_listing_shown_as_it_should_be_has_no_difference(rows):
    wanted = [
        listing_sku(variant_id=str(at), seller_sku=f"MUG-{at}", price=usd(cents), quantity=count)
        for at, (cents, count) in enumerate(rows)
    ]
    shown = [
        shop_sku(id=f"tt-{at}", seller_sku=f"MUG-{at}", price=usd(cents), stock=(("w-1", count), ("w-2", 0)))
        for at, (cents, count) in enumerate(rows)
    ]

    links = {str(at): f"tt-{at}" for at in range(len(rows))}
    assert compare_listing(listing(*wanted), on_shelf(*shown), links) == ()


# -- orders ---------------------------------------------------------------------------------------------------------

SOLD = order(line(price="12.00"))
CANCELLED_THERE = store_order(state=StoreOrderState.CANCELLED)


def order_differs(kind, text, expected="", found=""):
    return (differs(kind, text, expected, found, key="5764"),)


MISSING = order_differs("order_missing", "BigCommerce does not have it.")
TWICE = order_differs("order_double", "BigCommerce has it more than once: 100, 101.")


def cancel_differs(expected, found):
    return order_differs("order_status", "One side is cancelled, the other is not.", expected, found)


@pytest.mark.parametrize(
    ("_case", "sold", "importable", "found", "differences"),
    [
        ("one for one", SOLD, True, [store_order()], ()),
        ("not there", SOLD, True, [], MISSING),
        ("not there, and not to be: unpaid, on hold, not linked", SOLD, False, [], ()),
        ("there although it need not be", SOLD, False, [store_order()], ()),
        ("twice", SOLD, True, [store_order(id="100"), store_order(id="101")], TWICE),
        ("twice, and not to be there at all", SOLD, False, [store_order(id="100"), store_order(id="101")], TWICE),
        ("twice, one of them archived", SOLD, True, [store_order(id="100"), store_order(id="101", archived=True)], ()),
        ("archived alone is not there", SOLD, True, [store_order(archived=True)], MISSING),
        (
            "a cent too little",
            SOLD,
            True,
            [store_order(total_inc_tax=usd("11.99"))],
            order_differs("order_total", "The totals differ.", "12.00 USD", "11.99 USD"),
        ),
        ("BigCommerce shows four decimals", SOLD, True, [store_order(total_inc_tax=usd("12.0000"))], ()),
        (
            "the same number in another currency",
            SOLD,
            True,
            [store_order(total_inc_tax=money("12.00", "CAD"))],
            order_differs("order_total", "The totals differ.", "12.00 USD", "12.00 CAD"),
        ),
        (
            "cancelled on both sides",
            order(status="CANCELLED"),
            False,
            [CANCELLED_THERE],
            (),
        ),
        (
            "cancelled at TikTok only",
            order(status="CANCELLED"),
            False,
            [store_order()],
            cancel_differs("CANCELLED", "awaiting_fulfillment"),
        ),
        (
            "cancelled in the store only",
            SOLD,
            True,
            [CANCELLED_THERE],
            cancel_differs("AWAITING_SHIPMENT", "cancelled"),
        ),
        (
            "cancelled in the store after it was delivered",
            order(status="DELIVERED"),
            True,
            [CANCELLED_THERE],
            (),
        ),
        (
            "cancelled in the store after it was completed",
            order(status="COMPLETED"),
            True,
            [CANCELLED_THERE],
            (),
        ),
        (
            "another status is not compared",
            order(status="IN_TRANSIT"),
            True,
            [store_order()],
            (),
        ),
    ],
)
def test_what_differs_of_an_order(_case, sold, importable, found, differences):
    wanted = frozenset({sold.id} if importable else ())

    assert compare_orders([sold], wanted, {"5764": found} if found else {}) == differences


def test_each_order_is_compared_with_its_own():
    second = order(line(price="8.00"), id="5765")
    third = order(line(price="9.00"), id="5766", payment=payment((line(price="9.00"),)))
    store_orders = {
        "5764": [store_order()],
        "5766": [store_order(id="102", external_order_id="5766", total_inc_tax=usd("8.00"))],
        "9999": [store_order(id="103", external_order_id="9999")],
    }

    differences = compare_orders([SOLD, second, third], frozenset({"5764", "5765", "5766"}), store_orders)

    assert [(entry.kind, entry.key) for entry in differences] == [("order_missing", "5765"), ("order_total", "5766")]
