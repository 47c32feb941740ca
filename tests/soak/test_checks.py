"""Each check of the soak can fail: evidence at which it is silent, and the same with one thing that must not be."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from soak import planted
from soak.checks import CHECKS, desired_price, desired_quantity
from soak.evidence import Ack, Books, Call, Evidence, Goods, Shelf, SideFacts, Struck, Told
from twinshelf.connections.preferences import Preferences, PriceRule
from twinshelf.orders.intake import flow as intake
from twinshelf_sandbox.world import Effect

SHOP, STORE, ORDER, MUG = "7001", "hash1", "576001", "MUG-1"
PUT_ORDER = "bigcommerce PUT /stores/hash1/v2/orders/100 #9"
POST_ORDER = "bigcommerce POST /stores/hash1/v2/orders #8"
SET_STOCK = "tiktok POST /product/202309/products/9/inventory/update #7"


def happened(*effects: tuple[float, str, str, str, str, dict[str, Any]]) -> list[Effect]:
    """Effects in order of (at, platform, kind, key, cause, detail)."""
    tenants = {"tiktok": SHOP, "bigcommerce": STORE}
    return [
        Effect(seq, at, platform, tenants[platform], kind, key, cause, detail)
        for seq, (at, platform, kind, key, cause, detail) in enumerate(effects, 1)
    ]


PLACED = (10.0, "tiktok", "order_status", ORDER, "action shopper.buy", {"before": "UNPAID", "after": "ON_HOLD"})
RELEASED = (
    20.0, "tiktok", "order_status", ORDER, "job tt.release", {"before": "ON_HOLD", "after": "AWAITING_SHIPMENT"},
)  # fmt: skip
CANCELLED = (
    25.0, "tiktok", "order_status", ORDER, "action tt.cancel_order",
    {"before": "AWAITING_SHIPMENT", "after": "CANCELLED"},
)  # fmt: skip
TAKEN = (
    30.0, "bigcommerce", "stock_changed", MUG, POST_ORDER, {"sku": MUG, "before": 7, "after": 5, "by": "order"},
)  # fmt: skip
MADE = (
    30.0, "bigcommerce", "order_created", "100", POST_ORDER, {"external_order_id": ORDER, "status_id": 11},
)  # fmt: skip
SHIPPED = (
    40.0, "bigcommerce", "shipment_created", "11", "action bc.ship_order",
    {"external_order_id": ORDER, "tracking_number": "N1"},
)  # fmt: skip
REPORTED = (
    41.0, "tiktok", "package_shipped", "p1", "tiktok POST /fulfillment/202309/orders/576001/packages #12",
    {"order_id": ORDER, "tracking": "N1"},
)  # fmt: skip
HAPPY = (PLACED, RELEASED, TAKEN, MADE, SHIPPED, REPORTED)


def unit(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"u{number}", "seller_sku": MUG, "product_id": "9", "original_price": "12.00", "seller_discount": "0.50",
        "platform_discount": "0", "_state": "open", **more,
    }  # fmt: skip


def order(**more: Any) -> dict[str, Any]:
    return {
        "id": ORDER, "shop": SHOP, "status": "AWAITING_COLLECTION", "create_time": 10, "line_items": [unit(1), unit(2)],
        "payment": {"total_amount": "25.90", "shipping_fee": "2.00", "tax": "0.90"}, **more,
    }  # fmt: skip


def store_order(**more: Any) -> dict[str, Any]:
    return {
        "id": 100, "store": STORE, "external_order_id": ORDER, "status_id": 2, "subtotal_ex_tax": "24.00",
        "discount_amount": "1.00", "shipping_cost_ex_tax": "2.00", "total_tax": "0.90", "total_inc_tax": "25.90",
        "products": [{"sku": MUG, "quantity": 2, "quantity_shipped": 2}], **more,
    }  # fmt: skip


def evidence(**more: Any) -> Evidence:
    """One order of two mugs, made, shipped and reported; 5 mugs left on both sides."""
    known: dict[str, Any] = {
        "now": 100_000.0,
        "effects": happened(*HAPPY),
        "sides": [SideFacts("One", STORE, SHOP, Preferences())],
        "orders": {ORDER: order()},
        "store_orders": [store_order()],
        "goods": {(STORE, MUG): Goods("101", 5, Decimal("12.00"))},
        "shelves": {(SHOP, MUG): Shelf("9", 5, Decimal("12.00"))},
        "asked": {(STORE, MUG): [Decimal("12.00")]},
        "stocked": {(STORE, MUG): [5, 7]},
        "books": Books(changes=(("One", "CreateStoreOrder", ORDER, True), ("One", "ReportShipment", ORDER, True)),
                       orders_told={"One": 1}),
    }  # fmt: skip
    return Evidence(**known | more)


def books(**more: Any) -> Books:
    return dataclasses.replace(evidence().books, **more)


def told(key: str, code: str, kind: str = "order", account: str = "One") -> Books:
    return books(problems=(Told(account, kind, key, code),))


def without_store_order(**more: Any) -> dict[str, Any]:
    return {"store_orders": [], "effects": happened(PLACED, RELEASED), **more}


OTHER = SideFacts("Two", "hash2", "7002", Preferences())
CALL = Call(50.0, "bigcommerce", STORE, "GET", "/stores/hash1/v3/catalog/products", 200)
REFUSED = dataclasses.replace(CALL, status=429, throttled=True, wait_until=80.0)
AWAITED = order(status="AWAITING_SHIPMENT")

WRONG = [
    ("I1", "no store order", without_store_order(orders={ORDER: AWAITED})),
    ("I1", "two store orders", {"store_orders": [store_order(), store_order(id=101)]}),
    ("I1", "made twice, one gone since", {"effects": happened(*HAPPY, MADE)}),
    ("I1", "in another store", {"sides": [evidence().sides[0], OTHER], "store_orders": [store_order(store="hash2")]}),
    (
        "I1",
        "told of, but nothing hinders it",
        without_store_order(orders={ORDER: AWAITED}, books=told(ORDER, "E-ORD-CREATE")),
    ),
    ("I2", "another total", {"store_orders": [store_order(total_inc_tax="25.91")]}),
    ("I2", "a unit missing", {"store_orders": [store_order(products=[{"sku": MUG, "quantity": 1}])]}),
    ("I2", "discount left out", {"store_orders": [store_order(discount_amount="0.00")]}),
    ("I2", "shipping as tax", {"store_orders": [store_order(shipping_cost_ex_tax="0.00", total_tax="2.90")]}),
    ("I3", "unpaid", {"effects": happened(TAKEN, MADE)}),
    ("I3", "on hold and ready to ship", {"effects": happened(PLACED, TAKEN, MADE)}),
    ("I4", "made after its end", {"effects": happened(PLACED, RELEASED, CANCELLED, (200.0, *MADE[1:]))}),
    (
        "I4",
        "brought back from the dead",
        {
            "effects": happened(
                *HAPPY, (50.0, "bigcommerce", "order_status", "100", PUT_ORDER, {"before": 5, "after": 2})
            )
        },
    ),
    (
        "I4",
        "cancelled on one side",
        {
            "orders": {ORDER: order(status="CANCELLED")},
            "store_orders": [store_order(status_id=11, products=[{"sku": MUG, "quantity": 2, "quantity_shipped": 0}])],
        },
    ),
    ("I4", "cancelled in the store only", {"orders": {ORDER: AWAITED}, "store_orders": [store_order(status_id=5)]}),
    ("I4", "reported twice", {"effects": happened(*HAPPY, REPORTED)}),
    (
        "I4",
        "another number",
        {"effects": happened(*HAPPY[:-1], (*REPORTED[:5], {"order_id": ORDER, "tracking": "N2"}))},
    ),
    ("I4", "never reported", {"effects": happened(*HAPPY[:-1]), "orders": {ORDER: AWAITED}}),
    (
        "I4",
        "reported after its end",
        {
            "effects": happened(PLACED, RELEASED, CANCELLED),
            "calls": [Call(900.0, "tiktok", "c", "POST", f"/fulfillment/202309/orders/{ORDER}/packages", 200)],
        },
    ),
    (
        "I4",
        "cancelled three times",
        {
            "effects": happened(
                *HAPPY,
                *[
                    (
                        50.0,
                        "tiktok",
                        "cancellation",
                        "c1",
                        "tiktok POST /return_refund/202309/cancellations #3",
                        {"order_id": ORDER, "role": "SELLER"},
                    )
                ]
                * 3,
            )
        },
    ),
    (
        "I5",
        "back to an earlier status",
        {
            "effects": happened(
                *HAPPY, (50.0, "bigcommerce", "order_status", "100", PUT_ORDER, {"before": 2, "after": 11})
            )
        },
    ),
    ("I6", "too many", {"shelves": {(SHOP, MUG): Shelf("9", 6, Decimal("12.00"))}}),
    ("I6", "too few", {"shelves": {(SHOP, MUG): Shelf("9", 4, Decimal("12.00"))}}),
    ("I6", "off sale", {"goods": {(STORE, MUG): Goods("101", 5, Decimal("12.00"), for_sale=False)}}),
    ("I6", "gone from the store", {"goods": {}}),
    ("I6", "held for an order without a store order", without_store_order(orders={ORDER: AWAITED})),
    (
        "I7",
        "more than there ever was",
        {
            "effects": happened(
                *HAPPY,
                (
                    50.0,
                    "tiktok",
                    "stock_set",
                    "9",
                    SET_STOCK,
                    {"seller_sku": MUG, "before": 5, "after": 8, "source": "OPEN_API"},
                ),
            )
        },
    ),
    (
        "I7",
        "what there was before the last minute",
        {
            "effects": happened(
                *HAPPY,
                (
                    150.0,
                    "tiktok",
                    "stock_set",
                    "9",
                    SET_STOCK,
                    {"seller_sku": MUG, "before": 5, "after": 7, "source": "OPEN_API"},
                ),
            )
        },
    ),
    (
        "I7",
        "less than nothing",
        {
            "effects": happened(
                (
                    50.0,
                    "tiktok",
                    "stock_set",
                    "9",
                    SET_STOCK,
                    {"seller_sku": MUG, "before": 5, "after": -1, "source": "OPEN_API"},
                )
            )
        },
    ),
    (
        "I8",
        "still 7 shown ten seconds later",
        {
            "effects": happened(
                (
                    1.0,
                    "tiktok",
                    "stock_set",
                    "9",
                    "action shopper.buy",
                    {"seller_sku": MUG, "after": 7, "source": "ORDER"},
                ),
                (
                    50.0,
                    "bigcommerce",
                    "stock_changed",
                    MUG,
                    "action bc.set_stock",
                    {"sku": MUG, "before": 7, "after": 5, "by": "absolute"},
                ),
            )
        },
    ),
    (
        "I8",
        "nothing shown ten seconds later",
        {
            "effects": happened(
                (
                    1.0,
                    "tiktok",
                    "stock_set",
                    "9",
                    "action shopper.buy",
                    {"seller_sku": MUG, "after": 0, "source": "ORDER"},
                ),
                (
                    50.0,
                    "bigcommerce",
                    "stock_changed",
                    MUG,
                    "action bc.set_stock",
                    {"sku": MUG, "before": 7, "after": 5, "by": "absolute"},
                ),
            )
        },
    ),
    ("I9", "taken twice", {"effects": happened(*HAPPY, TAKEN)}),
    ("I9", "given back twice", {"effects": happened(PLACED)}),
    ("I10", "another price", {"shelves": {(SHOP, MUG): Shelf("9", 5, Decimal("12.01"))}}),
    (
        "I10",
        "held back, though within the guard",
        {"shelves": {(SHOP, MUG): Shelf("9", 5, Decimal("11.00"))}, "books": told("101", "E-PRC-GUARD")},
    ),
    (
        "I10",
        "a price that no rule gives",
        {
            "effects": happened(
                (
                    50.0,
                    "tiktok",
                    "price_set",
                    "9",
                    "tiktok POST /x #1",
                    {"seller_sku": MUG, "before": "12.00", "after": "12.02"},
                )
            )
        },
    ),
    ("I11", "two listings", {"doubled": [(SHOP, MUG, ["9", "10"])]}),
    (
        "I12",
        "a change of the catalog",
        {"effects": happened((50.0, "bigcommerce", "product_updated", "101", PUT_ORDER, {}))},
    ),
    (
        "I12",
        "a listing switched off",
        {
            "effects": happened(
                (
                    50.0,
                    "tiktok",
                    "product_status",
                    "9",
                    "tiktok POST /x #1",
                    {"before": "ACTIVATE", "after": "SELLER_DEACTIVATED"},
                )
            )
        },
    ),
    ("I13", "answered and not stored", {"acks": [Ack("store/product/updated", 200, stored=False)]}),
    ("I14", "a mark left", {"books": books(marks=("order 576001",))}),
    ("I14", "a lane awake", {"books": books(awake=("order of connection:1",))}),
    ("I14", "a task that never ends", {"books": books(tasks=(("Pull", "running"),))}),
    ("I14", "a webhook without an end", {"books": books(inbox={"applied": 3, "": 1})}),
    ("I15", "inside a closed window", {"calls": [REFUSED, dataclasses.replace(CALL, at=60.0)]}),
    (
        "I15",
        "four refusals in a row",
        {"calls": [dataclasses.replace(REFUSED, at=50.0 + n, wait_until=0.0) for n in range(4)]},
    ),
    (
        "I15",
        "no end of retries",
        {
            "rested_at": 60.0,
            "calls": [dataclasses.replace(CALL, at=70.0, method="POST", path="/stores/hash1/v2/orders", status=409)],
        },
    ),
    ("I18", "a webhook counted twice", {"replayed": happened((99.0, "tiktok", "stock_set", "9", SET_STOCK, {}))}),
    (
        "I20",
        "made in another's store",
        {
            "sides": [evidence().sides[0], OTHER],
            "effects": [
                dataclasses.replace(effect, tenant="hash2") if effect.kind == "order_created" else effect
                for effect in happened(*HAPPY)
            ],
        },
    ),
    (
        "I20",
        "on record with another",
        {"sides": [evidence().sides[0], OTHER], "books": books(changes=(("Two", "CreateStoreOrder", ORDER, True),))},
    ),
    ("I20", "a row of another", {"books": books(strangers=("order 576001",))}),
    ("I21", "in the log", {"secrets": {"a-long-secret"}, "log": "token=a-long-secret"}),
    ("I21", "in the database", {"secrets": {"a-long-secret"}, "database": b"..a-long-secret.."}),
    ("I21", "in a path", {"secrets": {"a-long-secret"}, "calls": [dataclasses.replace(CALL, path="/x/a-long-secret")]}),
    ("I22", "in the log", {"buyers": {"1778 Example Street"}, "log": "to 1778 Example Street"}),
    ("I22", "in the database", {"buyers": {"1778 Example Street"}, "database": b"1778 Example Street"}),
    ("I23", "not on record", {"books": books(changes=())}),
    ("I24", "work without end", {"never_rests": "they keep each other busy"}),
    ("I24", "too much on disk", {"books": books(bytes_on_disk=70_000_000)}),
    ("I24", "a double that breaks", {"broken_double": ["KeyError(1)"]}),
    ("I25", "a difference that nobody tells", {"books": books(differences={SHOP: ["order 576001: missing"]})}),
    ("I25", "another number of orders", {"books": books(orders_told={"One": 2})}),
    ("I25", "a problem out of date", {"books": told(ORDER, "E-ORD-CREATE")}),
    ("I25", "a bug of ours", {"books": told("101", "E-BUG", "product")}),
]


@pytest.mark.parametrize("name", planted.BUGS)
def test_a_planted_bug_finds_what_it_takes_the_place_of_and_leaves_it_as_it_was(name):
    before = intake._create
    with planted.in_place(name):
        pass
    assert intake._create is before


@pytest.mark.parametrize("name", CHECKS)
def test_at_a_happy_end_every_check_is_silent(name):
    assert list(CHECKS[name](evidence())) == []


@pytest.mark.parametrize(("name", "what", "change"), WRONG, ids=[f"{name} {what}" for name, what, _change in WRONG])
def test_a_check_tells_what_must_not_be(name, what, change):
    assert len(list(CHECKS[name](evidence(**change)))) >= 1


def test_every_check_is_tried():
    assert {name for name, _what, _change in WRONG} == set(CHECKS)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param(
            "I1", {"effects": happened(*HAPPY, MADE), "struck": Struck(frozen_in_call=True)}, id="I1 frozen in a call"
        ),
        pytest.param(
            "I1",
            without_store_order(
                orders={ORDER: AWAITED},
                goods={(STORE, MUG): Goods("101", 1, Decimal(12))},
                books=told(ORDER, "E-ORD-CREATE"),
            ),
            id="I1 too few units left, and told",
        ),
        pytest.param("I4", {"effects": happened(PLACED, RELEASED, CANCELLED, MADE)}, id="I4 cancelled a moment before"),
        pytest.param(
            "I10",
            {"shelves": {(SHOP, MUG): Shelf("9", 5, Decimal("1.20"))}, "books": told("101", "E-PRC-GUARD")},
            id="I10 beyond the guard, and told",
        ),
        pytest.param(
            "I23", {"books": books(changes=()), "crashes": ["after a commit"]}, id="I23 after an end in between"
        ),
    ],
)
def test_a_check_is_silent_where_nothing_else_could_be(name, change):
    assert list(CHECKS[name](evidence(**change))) == []


@pytest.mark.parametrize(
    ("price", "rule", "asked"),
    [
        ("10.005", PriceRule(), "10.01"),
        ("1.005", PriceRule(), "1.01"),
        ("2.675", PriceRule(), "2.68"),
        ("1.005", PriceRule("percent_up", Decimal("12.5")), "1.13"),
        ("0.30", PriceRule("fixed_up", Decimal("0.005")), "0.31"),
        ("10.00", PriceRule("fixed_down", Decimal("9.99")), "0.01"),
        ("10.00", PriceRule("percent_down", Decimal("99.99")), None),
        ("0", PriceRule("fixed_up", Decimal(5)), None),
    ],
)
def test_a_price_is_rounded_half_up_once(price, rule, asked):
    wanted = desired_price(Decimal(price), Preferences(price_rule=rule))
    assert (None if wanted is None else str(wanted)) == asked


@pytest.mark.parametrize(
    ("stock", "held", "choices", "offered"),
    [
        (5, 0, {}, 5),
        (5, 2, {}, 3),
        (5, 7, {}, 0),
        (5, 2, {"reserve": 1}, 2),
        (5, 2, {"threshold": 3}, 0),
        (5, 1, {"threshold": 3}, 4),
        (5, 0, {"threshold": 3, "reserve": 4}, 1),
    ],
)
def test_what_a_shop_may_offer(stock, held, choices, offered):
    assert desired_quantity(Goods("101", stock, Decimal(1)), held, Preferences(**choices)) == offered
