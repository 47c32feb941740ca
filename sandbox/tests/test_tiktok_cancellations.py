"""Cancellations in the TikTok Shop double: who may cancel when, reasons, requests, deadlines, stock."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.tests.tiktok_client import Refusal, Shop, open_shop
from twinshelf_sandbox.app import Sandbox

CANCEL = "/return_refund/202602/cancellations"
OUT_OF_STOCK = "seller_cancel_reason_out_of_stock"
PRICE = "seller_cancel_reason_wrong_price"
ADDRESS = "seller_cancel_paid_reason_address_not_deliver"
ON_REQUEST = "seller_cancel_paid_reason_buyer_requested_cancellation"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = open_shop(sandbox)
    shop.list_product()
    return shop


def cancel(shop: Shop, order_id: str, reason: str = ON_REQUEST, **more: Any) -> Any:
    return shop.post(CANCEL, {"order_id": order_id, "cancel_reason": reason, **more})


def requests(shop: Shop, query: dict[str, Any] | None = None, **body: Any) -> list[dict[str, Any]]:
    paging: dict[str, Any] = {"page_size": "50", **(query or {})}
    found: list[dict[str, Any]] = shop.post(f"{CANCEL}/search", body, **paging)["cancellations"]
    return found


def sku(shop: Shop, order_id: str) -> str:
    return str(shop.order(order_id)["line_items"][0]["sku_id"])


# -- by the seller ---------------------------------------------------------------------------------------------


def test_a_seller_cancels_and_the_stock_comes_back(shop, sandbox):
    order_id = shop.buy_to_ship(quantity=2)
    answer = cancel(shop, order_id)
    assert answer["cancel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    order = shop.order(order_id)
    assert (order["status"], order["cancellation_initiator"], order["cancel_reason"]) == (
        "CANCELLED",
        "SELLER",
        "Buyer requested cancellation",
    )
    assert {line["display_status"] for line in order["line_items"]} == {"CANCELLED"}
    assert shop.stock(sku(shop, order_id)) == (20, 0)
    (request,) = requests(shop)
    assert (request["cancel_reason"], request["cancel_reason_text"]) == (ON_REQUEST, "Buyer requested cancellation")
    assert (request["role"], request["cancel_type"], request["should_replenish_stock"]) == ("SELLER", "CANCEL", True)
    sandbox.advance(61)
    assert requests(shop)[0]["cancel_status"] == "CANCELLATION_REQUEST_COMPLETE"


def test_what_is_out_of_stock_does_not_come_back(shop):
    order_id = shop.buy_to_ship(quantity=2)
    cancel(shop, order_id, OUT_OF_STOCK)
    assert shop.stock(sku(shop, order_id)) == (18, 0)
    assert requests(shop)[0]["should_replenish_stock"] is False


def test_automatic_restocking_can_be_switched_off_for_the_shop_or_a_sku(shop):
    shop.switch("auto_restock", value=False)
    order_id = shop.buy_to_ship()
    cancel(shop, order_id)
    assert shop.stock(sku(shop, order_id)) == (19, 0)

    setting = {
        "seller_id": shop.seller,
        "sku_ids": [sku(shop, order_id)],
        "stock_operation_setting": {"enable_auto_restock": True},
    }
    assert shop.post("/product/202608/inventory/operation/settings", setting) == {}
    cancel(shop, shop.buy_to_ship())
    assert shop.stock(sku(shop, order_id)) == (19, 0)


def test_an_unpaid_order_always_gives_its_stock_back(shop):
    shop.switch("auto_restock", value=False)
    order_id = shop.buy(pay=False)
    cancel(shop, order_id, "seller_cancel_unpaid_reason_wrong_price")
    assert shop.stock(sku(shop, order_id)) == (20, 0)


@pytest.mark.parametrize(
    ("_case", "state", "reason", "code"),
    [
        ("an unpaid reason for a paid order", "ready", "seller_cancel_unpaid_reason_out_of_stock", 25001021),
        ("a paid reason for an unpaid order", "unpaid", OUT_OF_STOCK, 25001021),
        ("a buyer's reason", "ready", "ecom_order_to_ship_canceled_reason_better_price", 25001015),
        ("a reason of ones own", "ready", "because", 25001014),
        ("a UK reason in the US", "ready", f"{OUT_OF_STOCK}_uk", 25001014),
        ("an order in transit", "transit", ON_REQUEST, 25001045),
        ("an order delivered", "delivered", ON_REQUEST, 25001045),
        ("an order cancelled before", "cancelled", ON_REQUEST, 25001051),
        ("an order of nobody", "none", ON_REQUEST, 25007006),
    ],
)
def test_cancelling_that_is_refused(shop, sandbox, _case, state, reason, code):
    order_id = "1" if state == "none" else shop.buy(pay=False) if state == "unpaid" else shop.buy_to_ship()
    if state in ("transit", "delivered"):
        shop.mark_shipped(order_id)
        sandbox.act("tt.carrier_scan" if state == "transit" else "tt.deliver", order_id=order_id)
    if state == "cancelled":
        cancel(shop, order_id)
    before = len(shop.effects("cancellation"))
    assert shop.refused("POST", CANCEL, {"order_id": order_id, "cancel_reason": reason}) == code
    assert len(shop.effects("cancellation")) == before


def test_after_shipping_only_a_us_seller_may_cancel(shop, sandbox):
    order_id = shop.buy_to_ship()
    shop.mark_shipped(order_id)
    cancel(shop, order_id)
    assert shop.order(order_id)["status"] == "CANCELLED"
    assert shop.stock(sku(shop, order_id)) == (20, 0)

    britain = open_shop(sandbox, region="GB")
    britain.list_product()
    order_id = britain.buy_to_ship()
    britain.mark_shipped(order_id)
    with pytest.raises(Refusal, match="25001045"):
        cancel(britain, order_id, f"{OUT_OF_STOCK}_uk")


def test_some_units_can_be_cancelled_for_lack_of_stock_in_the_us_and_uk(shop, sandbox):
    order_id = shop.buy_to_ship(quantity=3)
    lines = [line["id"] for line in shop.order(order_id)["line_items"]]
    with pytest.raises(Refusal, match="25005010"):
        cancel(shop, order_id, ON_REQUEST, order_line_list=[{"order_line_item_id": lines[0]}])
    cancel(shop, order_id, OUT_OF_STOCK, order_line_list=[{"order_line_item_id": lines[0]}])
    order = shop.order(order_id)
    assert order["status"] == "AWAITING_SHIPMENT"  # cancelled only when all its units are
    assert [line["display_status"] for line in order["line_items"]] == [
        "CANCELLED",
        "AWAITING_SHIPMENT",
        "AWAITING_SHIPMENT",
    ]
    assert shop.stock(sku(shop, order_id)) == (17, 2)
    cancel(shop, order_id, OUT_OF_STOCK, skus=[{"sku_id": order["line_items"][0]["sku_id"], "quantity": 1}])
    shop.mark_shipped(order_id)
    assert [e.detail["lines"] for e in shop.effects("package_shipped")] == [[lines[2]]]
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"

    vietnam = open_shop(sandbox, region="VN")
    vietnam.list_product()
    order_id = vietnam.buy_to_ship(quantity=2)
    line = vietnam.order(order_id)["line_items"][0]["id"]
    with pytest.raises(Refusal, match="25005010"):
        cancel(vietnam, order_id, OUT_OF_STOCK, order_line_item_ids=[line])


def test_lines_that_cannot_be_named(shop):
    order_id = shop.buy_to_ship(quantity=2)
    line = shop.order(order_id)["line_items"][0]
    with pytest.raises(Refusal, match="25001001"):
        cancel(
            shop,
            order_id,
            OUT_OF_STOCK,
            order_line_item_ids=[line["id"]],
            order_line_list=[{"order_line_item_id": line["id"]}],
        )
    with pytest.raises(Refusal, match="25005011"):
        cancel(shop, order_id, OUT_OF_STOCK, skus=[{"sku_id": line["sku_id"], "quantity": 3}])
    with pytest.raises(Refusal, match="25005011"):
        cancel(shop, order_id, OUT_OF_STOCK, order_line_item_ids=["1"])


# -- eligibility -----------------------------------------------------------------------------------------------


def eligible(shop: Shop, order_id: str) -> dict[str, Any]:
    query: dict[str, Any] = {"initiate_aftersale_user": "SELLER", "request_types": "CANCEL"}
    (sku_entry,) = shop.get(f"/return_refund/202602/orders/{order_id}/aftersale_eligibility", **query)[
        "sku_eligibility"
    ]
    (entry,) = sku_entry["line_item_eligibility"]
    return dict(entry)


@pytest.mark.parametrize(
    ("region", "reasons"),
    [
        ("US", [OUT_OF_STOCK, PRICE, ADDRESS, ON_REQUEST]),
        ("GB", [f"{PRICE}_uk", f"{ADDRESS}_uk", f"{OUT_OF_STOCK}_uk"]),
        ("JP", [OUT_OF_STOCK, PRICE, ADDRESS, ON_REQUEST, "seller_cancel_order_reason_potential_fraud"]),
        ("VN", [OUT_OF_STOCK, PRICE]),
        ("PH", [OUT_OF_STOCK, PRICE, ON_REQUEST]),
    ],
)
def test_reasons_differ_by_market(sandbox, region, reasons):
    shop = open_shop(sandbox, region=region)
    shop.list_product()
    entry = eligible(shop, shop.buy_to_ship())
    assert (entry["eligible"], entry["available_reason_names"]) == (True, reasons)


def test_eligibility_says_why_not(shop, sandbox):
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.cancel", order_id=order_id)
    entry = eligible(shop, order_id)
    assert (entry["eligible"], entry["ineligible_code"]) == (False, 25001011)
    with pytest.raises(Refusal, match="25001011"):
        cancel(shop, order_id)


# -- by the buyer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pay", [False, True])
def test_a_buyer_cancels_at_once_while_unpaid_or_on_hold(shop, sandbox, pay):
    order_id = shop.buy(pay=pay)
    sandbox.act("shopper.cancel", order_id=order_id)
    order = shop.order(order_id)
    assert (order["status"], order["cancellation_initiator"]) == ("CANCELLED", "BUYER")
    assert shop.stock(sku(shop, order_id)) == (20, 0)


def test_later_the_seller_is_asked_and_approves(shop, sandbox):
    order_id = shop.buy_to_ship()
    cancel_id = sandbox.act("shopper.cancel", order_id=order_id)
    order = shop.order(order_id)
    assert (order["status"], order["is_buyer_request_cancel"]) == ("AWAITING_SHIPMENT", True)
    (request,) = requests(shop, cancel_status=["CANCELLATION_REQUEST_PENDING"])
    (step,) = request["seller_next_action_response"]
    assert step == {"action": "SELLER_RESPOND_BUYER_CANCEL", "deadline": request["create_time"] + 48 * 3600}

    path = f"/return_refund/202309/cancellations/{cancel_id}/approve"
    assert shop.post(path, idempotency_key="k1") == {}
    assert shop.post(path, idempotency_key="k1") == {}
    assert shop.refused("POST", path, idempotency_key="k2") == 25011012
    order = shop.order(order_id)
    assert (order["status"], order["is_buyer_request_cancel"]) == ("CANCELLED", False)
    assert len(shop.effects("cancellation_status")) == 1


def test_or_rejects_with_one_of_the_reasons_offered(shop, sandbox):
    order_id = shop.buy_to_ship()
    cancel_id = sandbox.act("shopper.cancel", order_id=order_id)
    reasons = shop.get("/return_refund/202309/reject_reasons", return_or_cancel_id=cancel_id)["reasons"]
    path = f"/return_refund/202309/cancellations/{cancel_id}/reject"
    assert shop.refused("POST", path, {"reject_reason": "no"}) == 25001014
    assert shop.refused("POST", path, {"reject_reason": reasons[0]["name"], "comment": "x" * 560}) == 98001004
    assert shop.post(path, {"reject_reason": reasons[0]["name"]}) == {}
    assert requests(shop)[0]["cancel_status"] == "CANCELLATION_REQUEST_CANCEL"
    assert shop.order(order_id)["status"] == "AWAITING_SHIPMENT"
    assert shop.refused("POST", path, {"reject_reason": reasons[0]["name"]}) == 25011011


def test_silence_of_48_hours_approves(shop, sandbox):
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.cancel", order_id=order_id)
    sandbox.advance(48 * 3600 - 10)
    assert shop.order(order_id)["status"] == "AWAITING_SHIPMENT"
    sandbox.advance(11)
    assert shop.order(order_id)["status"] == "CANCELLED"


def test_a_buyer_may_change_their_mind(shop, sandbox):
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.cancel", order_id=order_id)
    sandbox.act("shopper.withdraw_cancellation", order_id=order_id)
    assert requests(shop)[0]["cancel_status"] == "CANCELLATION_REQUEST_CANCEL"
    sandbox.advance(49 * 3600)
    assert shop.order(order_id)["status"] == "AWAITING_SHIPMENT"


def test_in_the_us_shipping_rejects_a_pending_request_elsewhere_it_is_refused(shop, sandbox):
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.cancel", order_id=order_id)
    shop.mark_shipped(order_id)
    assert requests(shop)[0]["cancel_status"] == "CANCELLATION_REQUEST_CANCEL"
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"
    sandbox.advance(49 * 3600)
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"

    britain = open_shop(sandbox, region="GB")
    britain.list_product()
    order_id = britain.buy_to_ship()
    sandbox.act("shopper.cancel", order_id=order_id)
    with pytest.raises(Refusal, match="21011007"):
        britain.mark_shipped(order_id)
    assert britain.effects("package_shipped") == []


def test_a_buyer_cannot_cancel_what_is_on_its_way_except_in_south_east_asia(shop, sandbox):
    order_id = shop.buy_to_ship()
    shop.mark_shipped(order_id)
    with pytest.raises(ValueError, match="cannot cancel"):
        sandbox.act("shopper.cancel", order_id=order_id)

    vietnam = open_shop(sandbox, region="VN")
    vietnam.list_product()
    order_id = vietnam.buy_to_ship(shipping_type="TIKTOK")
    vietnam.post(f"/fulfillment/202309/packages/{vietnam.order(order_id)['packages'][0]['id']}/ship", {})
    cancel_id = sandbox.act("shopper.cancel", order_id=order_id)
    vietnam.post(f"/return_refund/202309/cancellations/{cancel_id}/approve")
    assert vietnam.order(order_id)["status"] == "CANCELLED"


def test_the_platform_cancels_what_is_not_shipped_in_time(shop, sandbox):
    shop.switch("late_shipment_seconds", value=4 * 86_400)
    order_id = shop.buy_to_ship()
    sandbox.advance(4 * 86_400 + 1)
    order = shop.order(order_id)
    assert (order["status"], order["cancellation_initiator"]) == ("CANCELLED", "SYSTEM")


@pytest.mark.parametrize(
    ("region", "name"), [("US", "package_damaged"), ("GB", "package_damaged_uk"), ("JP", "package_damagaed")]
)
def test_the_platform_cancels_by_the_name_of_the_market(sandbox, region, name):
    shop = open_shop(sandbox, region=region)
    shop.list_product()
    sandbox.act("tt.cancel_order", order_id=shop.buy_to_ship(), reason="package_damaged", by="SYSTEM")
    (request,) = requests(shop)
    assert (request["cancel_reason"], request["cancel_reason_text"]) == (name, "Package damaged")


def test_a_person_cancels_in_seller_center(shop, sandbox):
    order_id = shop.buy_to_ship()
    sandbox.act("tt.cancel_order", order_id=order_id, reason=OUT_OF_STOCK)
    assert shop.order(order_id)["status"] == "CANCELLED"
    with pytest.raises(ValueError, match="25001051"):
        sandbox.act("tt.cancel_order", order_id=order_id)


# -- search ----------------------------------------------------------------------------------------------------


def test_requests_are_listed_oldest_first_with_the_page_size_as_text(shop):
    ids = []
    for _ in range(3):
        order_id = shop.buy_to_ship()
        cancel(shop, order_id)
        ids.append(order_id)
    assert [r["order_id"] for r in requests(shop)] == ids
    assert [r["order_id"] for r in requests(shop, {"sort_order": "DESC"})] == ids[::-1]
    assert [r["order_id"] for r in requests(shop, order_ids=ids[1:2])] == ids[1:2]
    assert requests(shop, cancel_types=["BUYER_CANCEL"]) == []
    first = shop.post(f"{CANCEL}/search", {}, page_size="2")
    rest = shop.post(f"{CANCEL}/search", {}, page_size="2", page_token=first["next_page_token"])
    assert [r["order_id"] for r in first["cancellations"] + rest["cancellations"]] == ids
    assert len(shop.post(f"{CANCEL}/search", {})["cancellations"]) == 3
    assert shop.refused("POST", f"{CANCEL}/search", {}, page_size="51") == 25001001


def test_refunds_hold_what_was_paid(shop):
    order_id = shop.buy_to_ship(quantity=2, shipping_fee="5.00", tax="1.98")
    cancel(shop, order_id)
    (request,) = requests(shop)
    assert request["refund_amount"] == {
        "currency": "USD",
        "refund_total": "30.98",
        "refund_subtotal": "24.00",
        "refund_shipping_fee": "5.00",
        "refund_tax": "1.98",
        "retail_delivery_fee": "0",
    }


def test_whether_shipping_overrides_a_pending_request_is_a_switch(shop, sandbox):
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.cancel", order_id=order_id)
    shop.switch("may_ship_over_cancel_request", value=False)
    with pytest.raises(Refusal, match="21011007"):
        shop.mark_shipped(order_id)
    shop.switch("may_ship_over_cancel_request", value=True)
    shop.mark_shipped(order_id)
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"
