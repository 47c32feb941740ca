"""What a seller does with orders, cancellations and returns in Seller Center: the platform's rules, not its API's."""

from __future__ import annotations

import pytest

from sandbox.tests.tiktok_client import Shop, open_shop
from twinshelf_sandbox.tiktok.errors import Refused


@pytest.fixture
def shop(sandbox) -> Shop:
    opened = open_shop(sandbox)
    opened.list_product()
    return opened


@pytest.fixture
def delivered(sandbox, shop):
    order_id = shop.buy_to_ship()
    sandbox.act("tt.ship_order", order_id=order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    return order_id


def test_an_order_ships_with_the_first_carrier_of_the_market_unless_one_is_named(sandbox, shop):
    by_default, by_name = shop.buy_to_ship(), shop.buy_to_ship()
    sandbox.act("tt.ship_order", order_id=by_default)
    sandbox.act("tt.ship_order", order_id=by_name, carrier="FedEx", tracking_number="123456789012")
    first, second = shop.order(by_default), shop.order(by_name)
    assert (first["status"], first["shipping_provider"]) == ("AWAITING_COLLECTION", "USPS")
    assert (second["shipping_provider"], second["tracking_number"]) == ("FedEx", "123456789012")


def test_what_may_not_be_shipped_is_refused(sandbox, shop):
    held = shop.buy()
    with pytest.raises(Refused, match=r"^order_id: "):
        sandbox.act("tt.ship_order", order_id=held)
    with pytest.raises(Refused, match=r"^order_id: there is no order '1'"):
        sandbox.act("tt.ship_order", order_id="1")
    with pytest.raises(Refused, match=r"^carrier: must be one of "):
        sandbox.act("tt.ship_order", order_id=held, carrier="Pigeon")
    assert shop.order(held)["status"] == "ON_HOLD"


def test_a_package_ships_once(sandbox):
    shop = open_shop(sandbox, region="VN")
    shop.list_product()
    order_id = shop.buy_to_ship()
    sandbox.act("tt.ship_order", order_id=order_id)
    with pytest.raises(Refused, match=r"^order_id: no package waits"):
        sandbox.act("tt.ship_order", order_id=order_id)
    assert len(shop.effects("package_shipped")) == 1


def test_a_cancellation_is_decided_once(sandbox, shop):
    cancel_id = sandbox.act("shopper.cancel", order_id=shop.buy_to_ship())
    with pytest.raises(Refused, match=r"^cancel_id: "):
        sandbox.act("tt.reject_cancellation", cancel_id=cancel_id, reason="no such reason")
    sandbox.act("tt.approve_cancellation", cancel_id=cancel_id)
    for action in ("tt.approve_cancellation", "tt.reject_cancellation"):
        with pytest.raises(Refused, match=r"^cancel_id: "):
            sandbox.act(action, cancel_id=cancel_id)


@pytest.mark.parametrize(
    ("kind", "approval", "rejection"),
    [
        ("REFUND", "APPROVE_REFUND", "REJECT_REFUND"),
        ("RETURN_AND_REFUND", "APPROVE_RETURN", "REJECT_RETURN"),
        ("REPLACEMENT", "APPROVE_REPLACEMENT", "REJECT_REPLACEMENT"),
    ],
)
def test_the_state_of_a_return_says_what_is_decided(sandbox, shop, delivered, kind, approval, rejection):  # noqa: PLR0917
    return_id = sandbox.act("shopper.return_request", order_id=delivered, kind=kind)
    snapshot = sandbox.world.snapshot()
    assert sandbox.act("tt.approve_return", return_id=return_id) == approval
    sandbox.world.restore(snapshot)
    assert sandbox.act("tt.reject_return", return_id=return_id) == rejection


def test_a_partial_refund_is_offered_and_accepted(sandbox, shop, delivered):
    return_id = sandbox.act("shopper.return_request", order_id=delivered)
    offer = {"return_id": return_id, "decision": "OFFER_PARTIAL_REFUND"}
    with pytest.raises(Refused, match=r"^return_id: "):
        sandbox.act("tt.approve_return", **offer, amount="1000.00")
    sandbox.act("tt.approve_return", **offer, amount="5.00")
    row = sandbox.tiktok.platform.shop(shop.id).returns[return_id]
    assert (row["status"], row["partial"]) == ("AWAITING_BUYER_RESPONSE", {"currency": "USD", "amount": "5.00"})
    with pytest.raises(Refused, match=r"^return_id: nothing is to be decided"):
        sandbox.act("tt.reject_return", return_id=return_id)
    sandbox.act("shopper.answer_offer", return_id=return_id, accept=True)
    assert sandbox.tiktok.platform.shop(shop.id).returns[return_id]["status"] == "RETURN_OR_REFUND_REQUEST_SUCCESS"


@pytest.mark.parametrize("action", ["tt.approve_return", "tt.reject_return"])
def test_unknown_decisions_are_refused(sandbox, shop, delivered, action):
    return_id = sandbox.act("shopper.return_request", order_id=delivered)
    with pytest.raises(Refused, match=r"^decision: must be one of "):
        sandbox.act(action, return_id=return_id, decision="SHRUG")


def test_the_rest_of_a_store_order_is_refunded_once(sandbox):
    sandbox.act("bc.create_store", hash="abc123")
    mug = {"name": "Mug", "type": "physical", "weight": 1, "price": 12, "sku": "MUG"}
    sandbox.act("bc.add_product", hash="abc123", product=mug)
    order_id = sandbox.act("bc.place_order", hash="abc123", lines=[{"sku": "MUG", "quantity": 2}])
    assert sandbox.act("bc.refund_order", hash="abc123", order_id=order_id, reason="Broken") == 12
    with pytest.raises(ValueError, match="more than zero"):
        sandbox.act("bc.refund_order", hash="abc123", order_id=order_id)
    assert sandbox.act("bc.order", hash="abc123", order_id=order_id)["status"] == "Refunded"


def test_an_order_of_some_hours_ago_has_the_times_of_then(sandbox, shop):
    now, then = shop.order(shop.buy()), shop.order(shop.buy(hours_ago=30.5))

    for name in ("create_time", "paid_time", "rts_sla_time"):
        assert now[name] - then[name] == 30.5 * 3600
    assert then["status"] == "ON_HOLD"
    assert then["update_time"] == now["update_time"]  # the apps are told now
    for hours in (-1, 8761):
        with pytest.raises(Refused, match=r"^hours_ago: must be 0 to 8,760"):
            shop.buy(hours_ago=hours)


def test_a_hold_ends_when_it_is_asked_to(sandbox, shop):
    ended, held = shop.buy(), shop.buy()

    sandbox.act("tt.end_hold", order_id=ended)

    assert [shop.order(order)["status"] for order in (ended, held)] == ["AWAITING_SHIPMENT", "ON_HOLD"]
    sandbox.act("tt.end_hold", order_id=ended)
    assert [e.detail["after"] for e in shop.effects("order_status") if e.key == ended].count("AWAITING_SHIPMENT") == 1
    with pytest.raises(Refused, match=r"^order_id: there is no order '1'"):
        sandbox.act("tt.end_hold", order_id="1")


def test_what_a_person_lists_is_live_and_sold(sandbox, shop):
    given = {"title": "Gift wrapping by hand, fern paper", "category_id": "1234192", "price": "6.50"}
    made = sandbox.act("tt.add_product", shop_id=shop.id, seller_sku="GIFT-WRAP", quantity=3, **given)

    product = shop.product(made)
    [sku] = product["skus"]
    assert (product["status"], sku["seller_sku"], sku["price"]["sale_price"]) == ("ACTIVATE", "GIFT-WRAP", "6.50")
    assert sku["inventory"][0]["quantity"] == 3
    assert shop.order(shop.buy("GIFT-WRAP", 2))["status"] == "ON_HOLD"
    with pytest.raises(Refused):
        sandbox.act("tt.add_product", shop_id=shop.id, seller_sku="X", **{**given, "category_id": "1"})
