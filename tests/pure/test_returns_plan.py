"""What follows from returns: their stages, what supersedes what, and what the store records, to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    DecideReturn,
    DecisionState,
    Money,
    PaybackState,
    PutBackStock,
    RefundAmount,
    RefundItem,
    RefundStoreOrder,
    ReturnChoice,
    ReturnDecision,
    ReturnKind,
    ReturnLine,
    ReturnStage,
    ShopReturn,
    StockUnits,
    StoreOrder,
    StoreOrderItem,
    StoreOrderState,
    StoreRefund,
)
from twinshelf.orders.returns.plan import (
    Decided,
    SeenReturn,
    SeenReturns,
    StoreSide,
    plan_returns,
    refund_items,
    settled,
)
from twinshelf.orders.returns.status import came_back, carried_out, paid_back, stage_of, supersedes

AT = datetime(2026, 8, 21, 12, tzinfo=UTC)
DONE, PENDING = "RETURN_OR_REFUND_REQUEST_SUCCESS", "RETURN_OR_REFUND_REQUEST_PENDING"


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def request(status: str = DONE, *, total: str = "25.15", lines: int = 2, **more: Any) -> ShopReturn:
    each = Money((Decimal("25.15") / 2).quantize(Decimal("0.001")), "USD")
    return ShopReturn(
        id="77",
        order_id="1",
        kind=more.pop("kind", ReturnKind.RETURN_AND_REFUND),
        status=status,
        created_at=AT,
        updated_at=more.pop("updated_at", AT),
        lines=tuple(
            ReturnLine(id=str(n), unit_id=f"u{n}", sku_id="s", seller_sku="MUG-1", refund=each) for n in range(lines)
        ),
        refund=RefundAmount(total=usd(total), subtotal=usd(total), shipping=usd("0"), tax=usd("1.15"), other=usd("0")),
        **more,
    )  # fmt: skip


def store(*refunds: StoreRefund, total: str = "32.80", **more: Any) -> StoreSide:
    order = StoreOrder(
        id="100", state=more.pop("state", StoreOrderState.SHIPPED), external_order_id="1", external_source="T",
        channel_id="1", total_inc_tax=more.pop("money", usd(total)), modified_at=AT, created_at=AT,
    )  # fmt: skip
    items = (
        StoreOrderItem(id="1", product_id="p", variant_id="v", sku="MUG-1", quantity=1),
        StoreOrderItem(id="2", product_id="p", variant_id="v", sku="MUG-1", quantity=1),
    )
    return StoreSide(
        order, items, refunds, {"u0": ("p", "v"), "u1": ("p", "v")}, {"p": more.pop("tracking", "product")}
    )


def refund(total: str, reason: str = "", *, minutes: int = 5, number: str = "9") -> StoreRefund:
    at = AT + timedelta(minutes=minutes)
    return StoreRefund(id=number, order_id="100", total=usd(total), created_at=at, reason=reason)


def seen(one: SeenReturn, side: StoreSide | None = None, **choices: Any) -> SeenReturns:
    return SeenReturns("1", (one,), Preferences(**choices), side)


@pytest.mark.parametrize(
    ("status", "arbitration", "stage"),
    [
        (PENDING, "", ReturnStage.APPLYING),
        ("REPLACEMENT_REQUEST_PENDING", "", ReturnStage.APPLYING),
        ("EXCHANGE_REQUEST_PENDING", "", ReturnStage.APPLYING),
        ("AWAITING_BUYER_RESPONSE", "", ReturnStage.APPLYING),
        ("REFUND_OR_RETURN_REQUEST_REJECT", "", ReturnStage.REJECTED),
        ("REFUND_OR_RETURN_REQUEST_REJECT", "IN_PROGRESS", ReturnStage.REJECTED),
        ("REFUND_OR_RETURN_REQUEST_REJECT", "SUPPORT_BUYER", ReturnStage.REJECTED),
        ("REFUND_OR_RETURN_REQUEST_REJECT", "SUPPORT_SELLER", ReturnStage.CLOSED),
        ("REJECT_RECEIVE_PACKAGE", "", ReturnStage.RECEIPT_REJECTED),
        ("REJECT_RECEIVE_PACKAGE", "CLOSED", ReturnStage.CLOSED),
        ("AWAITING_BUYER_SHIP", "", ReturnStage.RETURNING),
        ("BUYER_SHIPPED_ITEM", "", ReturnStage.SHIPPED),
        (DONE, "SUPPORT_SELLER", ReturnStage.SUCCESS),
        ("RETURN_OR_REFUND_REQUEST_COMPLETE", "", ReturnStage.COMPLETE),
        ("EXCHANGE_REQUEST_REFUND_SUCCESS", "", ReturnStage.COMPLETE),
        ("RETURN_OR_REFUND_REQUEST_CANCEL", "", ReturnStage.CLOSED),
        ("REQUEST_SUCCESS", "", ReturnStage.UNKNOWN),
    ],
)
def test_every_status_has_its_stage(status, arbitration, stage):
    assert stage_of(request(status, arbitration=arbitration)) is stage


@pytest.mark.parametrize(
    ("seconds", "before", "after", "taken"),
    [
        (1, DONE, PENDING, True),
        (-1, PENDING, DONE, False),
        (0, PENDING, DONE, True),
        (0, DONE, "RETURN_OR_REFUND_REQUEST_COMPLETE", True),
        (0, "RETURN_OR_REFUND_REQUEST_COMPLETE", DONE, False),
        (0, "RETURN_OR_REFUND_REQUEST_CANCEL", PENDING, False),
    ],
)
def test_an_older_reading_takes_nothing_back(seconds, before, after, taken):
    newer = request(after, updated_at=AT + timedelta(seconds=seconds))
    assert supersedes(newer, request(before)) is taken


@pytest.mark.parametrize(
    ("status", "kind", "total", "expected"),
    [
        (DONE, ReturnKind.REFUND, "5", True),
        ("RETURN_OR_REFUND_REQUEST_COMPLETE", ReturnKind.REFUND, "5", True),
        (DONE, ReturnKind.REFUND, "0", False),
        (PENDING, ReturnKind.REFUND, "5", False),
        ("REPLACEMENT_REQUEST_COMPLETE", ReturnKind.REPLACEMENT, "5", False),
        ("REPLACEMENT_REQUEST_REFUND_SUCCESS", ReturnKind.REPLACEMENT, "5", True),
    ],
)
def test_money_went_back_only_where_tiktok_paid_it(status, kind, total, expected):
    assert paid_back(request(status, kind=kind, total=total)) is expected


@pytest.mark.parametrize(
    ("changes", "shipped", "expected"),
    [
        ({}, True, True),
        ({"tracking_number": "94"}, False, True),
        ({}, False, False),
        ({"keeps_goods": True}, True, False),
        ({"kind": ReturnKind.REFUND}, True, False),
        ({"status": "RETURN_OR_REFUND_REQUEST_CANCEL"}, True, False),
    ],
)
def test_goods_are_back_only_where_they_were_sent_and_accepted(changes, shipped, expected):
    assert came_back(replace(request(), **changes), shipped=shipped) is expected


@pytest.mark.parametrize(
    ("decision", "status", "expected"),
    [
        (ReturnDecision.APPROVE_RETURN, "AWAITING_BUYER_SHIP", True),
        (ReturnDecision.APPROVE_RETURN, PENDING, False),
        (ReturnDecision.APPROVE_RECEIVED_PACKAGE, DONE, True),
        (ReturnDecision.APPROVE_RECEIVED_PACKAGE, "BUYER_SHIPPED_ITEM", False),
        (ReturnDecision.REJECT_RETURN, "REFUND_OR_RETURN_REQUEST_REJECT", True),
        (ReturnDecision.REJECT_RECEIVED_PACKAGE, "REJECT_RECEIVE_PACKAGE", True),
        (ReturnDecision.REJECT_RECEIVED_PACKAGE, DONE, False),
        (ReturnDecision.OFFER_PARTIAL_REFUND, "AWAITING_BUYER_RESPONSE", True),
        (ReturnDecision.OFFER_PARTIAL_REFUND, PENDING, False),
    ],
)
def test_a_decision_is_known_to_be_made_by_where_the_request_is(decision, status, expected):
    assert carried_out(decision, request(status)) is expected


REASON = "TikTok return 77"


@pytest.mark.parametrize(
    ("asked", "items"),
    [
        (
            request(),
            (RefundItem(item_id="1", quantity=1, reason=REASON), RefundItem(item_id="2", quantity=1, reason=REASON)),
        ),
        (request(total="25.14"), (RefundItem(item_id="100", amount=usd("25.14"), reason=REASON),)),
        (request(lines=3, total="40.00"), (RefundItem(item_id="100", amount=usd("40.00"), reason=REASON),)),
        (request(lines=0), (RefundItem(item_id="100", amount=usd("25.15"), reason=REASON),)),
    ],
    ids=["units", "a part of the money", "a unit that the store does not have", "no units"],
)
def test_units_are_refunded_only_where_all_of_their_price_goes_back(asked, items):
    assert refund_items(store(), asked) == items


def codes(plan: Any) -> list[str]:
    return [found.code for found in plan.findings]


@pytest.mark.parametrize(
    ("side", "changes", "findings"),
    [
        (store(), [RefundStoreOrder], []),
        (store(total="25.15"), [RefundStoreOrder], []),
        (store(total="25.14"), [], ["E-RET-LEFT"]),
        (store(refund("7.66", "goodwill")), [], ["E-RET-LEFT"]),
        (store(refund("7.65", "goodwill")), [RefundStoreOrder], []),
        (store(money=Money(Decimal("32.80"), "EUR")), [], ["E-RET-CURRENCY"]),
        (store(refund("25.15", REASON)), [], []),
        (store(refund("25.15", "TikTok return 778")), [], ["E-RET-LEFT"]),
        (store(refund("25.15", "by hand")), [], []),
        (store(refund("25.15", "before it was asked for", minutes=-5)), [], ["E-RET-LEFT"]),
        (store(state=StoreOrderState.CANCELLED), [], []),
        (None, [], []),
    ],
)
def test_the_store_is_refunded_once_and_never_more_than_it_has(side, changes, findings):
    plan = plan_returns(seen(SeenReturn(request()), side))
    assert ([type(change) for change in plan.changes], codes(plan)) == (changes, findings)


def test_one_refund_of_an_order_goes_out_at_a_time():
    two = (SeenReturn(request(total="5.00")), SeenReturn(replace(request(total="6.00"), id="78")))
    plan = plan_returns(SeenReturns("1", two, Preferences(), store()))
    assert [change.return_id for change in plan.changes if isinstance(change, RefundStoreOrder)] == ["77"]


def test_by_choice_nothing_is_refunded():
    assert plan_returns(seen(SeenReturn(request()), store(), refund_returns=False)).changes == ()


@pytest.mark.parametrize(
    ("one", "tracking", "planned", "state"),
    [
        ({"restock": True}, "product", True, None),
        ({"restock": None}, "product", False, None),
        ({"restock": True}, "none", False, PaybackState.NOT_NEEDED),
        ({"restock": True, "stock_state": PaybackState.DONE}, "product", False, None),
        ({"restock": True, "sent_back": False}, "product", False, None),
        (
            {"restock": True, "stock_tried": True, "stock_before": {"v": 3}, "stock_now": {"v": 5}},
            "product",
            False,
            "done",
        ),
        (
            {"restock": True, "stock_tried": True, "stock_before": {"v": 3}, "stock_now": {"v": 3}},
            "product",
            False,
            None,
        ),
        ({"restock": True, "stock_tried": True}, "product", False, None),
    ],
)
def test_stock_is_added_by_one_call_only(one, tracking, planned, state):
    facts = {"sent_back": True, "refund_state": PaybackState.DONE, **one}
    every = seen(SeenReturn(request(), **facts), store(tracking=tracking))
    plan = plan_returns(every)
    units = (StockUnits(product_id="p", variant_id="v", quantity=2, by_product=True),)
    assert plan.changes == ((PutBackStock(return_id="77", units=units),) if planned else ())
    assert settled(every, every.returns[0]).stock == state
    doubtful = bool(facts.get("stock_tried")) and state is None
    assert codes(plan) == (["E-RET-STOCK"] if doubtful else [])


CHOICES = (ReturnChoice(decision=ReturnDecision.APPROVE_REFUND),)


@pytest.mark.parametrize(
    ("status", "choices", "state", "changes", "findings"),
    [
        (PENDING, CHOICES, DecisionState.WAITING, [DecideReturn], []),
        (PENDING, (), DecisionState.WAITING, [], ["E-RET-STATE"]),
        (DONE, (), DecisionState.WAITING, [], []),
        (PENDING, CHOICES, DecisionState.DONE, [], []),
        (PENDING, CHOICES, DecisionState.REFUSED, [], ["E-RET-REFUSED"]),
    ],
)
def test_a_decision_is_sent_while_tiktok_takes_it(status, choices, state, changes, findings):
    asked = replace(request(status, kind=ReturnKind.REFUND), deadline=AT)
    plan = plan_returns(seen(SeenReturn(asked, choices, Decided(ReturnDecision.APPROVE_REFUND, state))))
    assert ([type(change) for change in plan.changes], codes(plan)) == (changes, findings)
