"""Orders of the TikTok Shop double: buying, holding, reading, money, addresses, external references."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.tests.tiktok_client import Refusal, Shop, open_shop
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.faults import Fault

SEARCH = "/order/202309/orders/search"
HOUR = 3600


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = open_shop(sandbox)
    shop.list_product()
    return shop


def statuses(shop: Shop, order_id: str) -> list[str]:
    return [e.detail["after"] for e in shop.effects("order_status") if e.key == order_id]


def sku_id(shop: Shop, seller_sku: str = "MUG-250") -> str:
    found = shop.post("/product/202502/products/search", {"seller_skus": [seller_sku]}, page_size="1")["products"][0][
        "skus"
    ]
    return str(next(s["id"] for s in found if s["seller_sku"] == seller_sku))


# -- buying ----------------------------------------------------------------------------------------------------


def test_an_order_holds_stock_while_unpaid_waits_an_hour_and_is_then_to_ship(shop, sandbox):
    order_id = shop.buy(quantity=3, pay=False)
    assert shop.order(order_id)["status"] == "UNPAID"
    assert shop.stock(sku_id(shop)) == (17, 3)

    sandbox.act("shopper.pay", order_id=order_id)
    order = shop.order(order_id)
    assert (order["status"], order["is_on_hold_order"]) == ("ON_HOLD", True)

    sandbox.advance(HOUR - 1)
    assert shop.order(order_id)["status"] == "ON_HOLD"
    sandbox.advance(2)
    order = shop.order(order_id)
    assert (order["status"], order["is_on_hold_order"]) == ("AWAITING_SHIPMENT", False)
    assert statuses(shop, order_id) == ["ON_HOLD", "AWAITING_SHIPMENT"]
    assert shop.stock(sku_id(shop)) == (17, 3)


def test_there_is_one_line_per_unit_and_no_package_before_shipping_in_the_us(shop):
    order = shop.order(shop.buy_to_ship(quantity=3))
    assert len({line["id"] for line in order["line_items"]}) == 3
    assert {line["seller_sku"] for line in order["line_items"]} == {"MUG-250"}
    assert order["packages"] == []
    assert "package_id" not in order["line_items"][0]


def test_pictures_of_lines_can_be_fetched_from_where_they_say_they_are(shop):
    order_id = shop.buy_to_ship()
    shop.mark_shipped(order_id)
    shown = [shop.order(order_id)["line_items"][0]["sku_image"]]
    package = shop.post("/fulfillment/202309/packages/search", {}, page_size="10")["packages"][0]
    shown.append(package["orders"][0]["skus"][0]["image_url"])
    assert len(set(shown)) == 1
    answer = shop.http.get(shown[0])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


def test_what_is_out_of_stock_or_not_live_cannot_be_bought(shop, sandbox):
    with pytest.raises(ValueError, match="out of stock"):
        shop.buy(quantity=21)
    assert shop.stock(sku_id(shop)) == (20, 0)
    shop.buy(quantity=20)
    with pytest.raises(ValueError, match="out of stock"):
        shop.buy()
    product = shop.product(shop.effects("product_created")[0].key)
    sandbox.act("tt.deactivate_product", product_id=product["id"])
    with pytest.raises(ValueError, match="not for sale"):
        shop.buy("MUG-400")
    assert len(shop.effects("order_created")) == 1


def test_a_cart_that_cannot_be_bought_whole_takes_nothing(shop, sandbox):
    items = [{"seller_sku": "MUG-250", "quantity": 5}, {"seller_sku": "MUG-400", "quantity": 50}]
    with pytest.raises(ValueError, match="MUG-400"):
        sandbox.act("shopper.buy", shop_id=shop.id, items=items)
    assert shop.stock(sku_id(shop)) == (20, 0)


def test_stock_is_taken_from_the_default_warehouse_first(sandbox):
    shop = open_shop(sandbox, warehouses=["Harbor", "Mill"])
    shop.list_product()
    shop.buy(quantity=25)
    levels = shop.post("/product/202309/inventory/search", {"sku_ids": [sku_id(shop)]})["inventory"][0]["skus"][0][
        "warehouse_inventory"
    ]
    assert [(level["available_quantity"], level["committed_quantity"]) for level in levels] == [(0, 20), (15, 5)]


def test_an_order_nobody_pays_is_cancelled_by_the_system(shop, sandbox):
    order_id = shop.buy(pay=False)
    sandbox.advance(86_401)
    order = shop.order(order_id)
    assert (order["status"], order["cancellation_initiator"]) == ("CANCELLED", "SYSTEM")
    assert order["cancel_reason"] == "Buyer payment overdue"
    assert shop.stock(sku_id(shop)) == (20, 0)


def test_the_hold_can_be_switched_off_or_shortened(shop, sandbox):
    shop.switch("on_hold", value=False)
    assert shop.order(shop.buy())["status"] == "AWAITING_SHIPMENT"
    shop.switch("on_hold", value=True)
    shop.switch("on_hold_seconds", value=60)
    order_id = shop.buy()
    sandbox.advance(61)
    assert shop.order(order_id)["status"] == "AWAITING_SHIPMENT"


def test_buyers_are_the_same_in_every_run_and_invented(sandbox):
    from twinshelf_sandbox.app import build  # noqa: PLC0415

    names = []
    for _ in range(2):
        shop = open_shop(build(seed=7))
        shop.list_product()
        names.append([shop.order(shop.buy_to_ship())["recipient_address"]["full_address"] for _ in range(3)])
    assert names[0] == names[1]
    assert len(set(names[0])) > 1
    other = open_shop(build(seed=8))
    other.list_product()
    assert [other.order(other.buy_to_ship())["recipient_address"]["full_address"] for _ in range(3)] != names[0]


def test_a_named_buyer_is_the_same_person_again(shop):
    first, again = shop.order(shop.buy_to_ship(buyer="ann")), shop.order(shop.buy_to_ship(buyer="ann"))
    assert first["user_id"] == again["user_id"]
    assert first["recipient_address"] == again["recipient_address"]


# -- money -----------------------------------------------------------------------------------------------------


def test_amounts_add_up_to_the_cent(shop):
    order = shop.order(
        shop.buy(
            quantity=3,
            seller_discount="1.00",
            platform_discount="2.00",
            shipping_fee="5.00",
            shipping_fee_seller_discount="1.50",
            shipping_fee_platform_discount="0.50",
            tax="2.72",
        )
    )
    lines, paid = order["line_items"], order["payment"]
    assert [line["seller_discount"] for line in lines] == ["0.34", "0.33", "0.33"]
    assert [line["platform_discount"] for line in lines] == ["0.67", "0.67", "0.66"]
    assert [line["sale_price"] for line in lines] == ["10.99", "11.00", "11.01"]
    assert paid == {
        "currency": "USD",
        "sub_total": "33.00",
        "shipping_fee": "3.00",
        "seller_discount": "1.00",
        "platform_discount": "2.00",
        "total_amount": "38.72",
        "original_total_product_price": "36.00",
        "original_shipping_fee": "5.00",
        "shipping_fee_seller_discount": "1.50",
        "shipping_fee_platform_discount": "0.50",
        "shipping_fee_cofunded_discount": "0",
        "tax": "2.72",
        "product_tax": "2.72",
        "shipping_fee_tax": "0",
        "retail_delivery_fee": "0",
    }
    assert sum(Decimal(line["item_tax"][0]["tax_amount"]) for line in lines) == Decimal("2.72")


def test_the_price_detail_adds_up_too(shop):
    order_id = shop.buy(quantity=3, seller_discount="1.00", shipping_fee="4.99", tax="2.00")
    detail = shop.get(f"/order/202407/orders/{order_id}/price_detail")
    assert detail["payment"] == shop.order(order_id)["payment"]["total_amount"]
    assert sum(Decimal(line["payment"]) for line in detail["line_items"]) == Decimal(detail["payment"])
    assert (detail["sku_list_price"], detail["subtotal_deduction_seller"], detail["tax_amount"]) == (
        "36.00",
        "1.00",
        "2.00",
    )


def test_dong_has_no_decimals(sandbox):
    shop = open_shop(sandbox, region="VN")
    shop.list_product()
    order = shop.order(shop.buy(quantity=3, platform_discount="10000"))
    assert order["payment"]["total_amount"] == "740000"
    assert [line["platform_discount"] for line in order["line_items"]] == ["3334", "3333", "3333"]
    assert "item_tax" not in order["line_items"][0]


def test_gifts_are_lines_without_a_price(shop):
    items = [{"seller_sku": "MUG-400", "quantity": 1}, {"seller_sku": "MUG-250", "quantity": 1, "gift": True}]
    order = shop.order(shop.sandbox.act("shopper.buy", shop_id=shop.id, items=items, tax="0"))
    paid, gift = order["line_items"]
    assert (gift["is_gift"], gift["original_price"], gift["sale_price"], gift["gift_retail_price"]) == (
        True,
        "0",
        "0",
        "12.00",
    )
    assert (paid["is_gift"], order["payment"]["total_amount"]) == (False, "12.00")


def test_samples_cost_nothing(shop):
    order = shop.order(shop.buy(sample=True, tax="0"))
    assert (order["is_sample_order"], order["payment"]["total_amount"]) == (True, "0")


def test_discounts_beyond_the_price_are_refused(shop):
    with pytest.raises(ValueError, match="discounts"):
        shop.buy(seller_discount="12.01")


# -- reading ---------------------------------------------------------------------------------------------------


def test_detail_takes_comma_joined_ids_up_to_fifty(shop, sandbox):
    ids = [shop.buy() for _ in range(3)]
    found = shop.get("/order/202507/orders", ids=",".join([*ids, "999"]))["orders"]
    assert [o["id"] for o in found] == ids
    assert shop.refused("GET", "/order/202507/orders", ids=",".join(["1"] * 51)) == 36009004
    assert shop.refused("GET", "/order/202507/orders") == 36009004
    other = open_shop(sandbox)
    other.list_product()
    assert shop.refused("GET", "/order/202507/orders", ids=other.buy()) == 21008111


def test_search_by_status_time_and_more(shop, sandbox):
    first = shop.buy_to_ship()
    sandbox.advance(100)
    second = shop.buy(pay=False)
    created = shop.order(second)["create_time"]

    def ids(query: dict[str, str] | None = None, **body: Any) -> list[str]:
        return [o["id"] for o in shop.post(SEARCH, body, **{"page_size": "50", **(query or {})})["orders"]]

    assert ids() == [second, first]  # newest first unless asked otherwise
    assert ids({"sort_order": "ASC"}) == [first, second]
    assert ids({"sort_field": "update_time", "sort_order": "ASC"}) == [first, second]
    assert ids(order_status="AWAITING_SHIPMENT") == [first]
    assert ids(order_status="CANCELLED") == []
    assert ids(create_time_ge=created) == [second]
    assert ids(create_time_lt=created) == [first]  # `lt` is exclusive
    assert ids(update_time_lt=created) == [first]
    assert ids(warehouse_ids=shop.warehouses) == [second, first]
    assert ids(warehouse_ids=["1"]) == []
    assert ids(is_buyer_request_cancel=True) == []
    sandbox.act("shopper.cancel", order_id=first)
    assert ids(is_buyer_request_cancel=True) == [first]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({"order_status": "SHIPPED"}, {}),
        ({}, {"page_size": "0"}),
        ({}, {"page_size": "101"}),
        ({}, {"sort_field": "id"}),
        ({}, {"sort_order": "desc"}),
        ({}, {"page_token": "!!!"}),
        ({"warehouse_ids": ["1"] * 101}, {}),
    ],
)
def test_searches_that_are_refused(shop, body, query):
    assert shop.refused("POST", SEARCH, body, **{"page_size": "10", **query}) == 36009004


def test_pages_are_stable_while_orders_come_in(shop):
    shop.switch("on_hold", value=False)
    ids = [shop.buy() for _ in range(7)]
    first = shop.post(SEARCH, {}, page_size="3", sort_field="create_time", sort_order="ASC")
    shop.buy()
    second = shop.post(
        SEARCH, {}, page_size="3", sort_field="create_time", sort_order="ASC", page_token=first["next_page_token"]
    )
    third = shop.post(
        SEARCH, {}, page_size="3", sort_field="create_time", sort_order="ASC", page_token=second["next_page_token"]
    )
    assert [o["id"] for p in (first, second, third) for o in p["orders"]][:7] == ids
    assert (first["total_count"], second["total_count"], third["next_page_token"]) == (7, 8, "")


def test_page_tokens_need_encoding_and_belong_to_their_filters(shop):
    for _ in range(3):
        shop.buy()
    token = shop.post(SEARCH, {}, page_size="1")["next_page_token"]
    assert set(token) & set("+/=")
    assert shop.refused("POST", SEARCH, {"order_status": "ON_HOLD"}, page_size="1", page_token=token) == 36009004
    assert shop.post(SEARCH, {}, page_size="2", page_token=token)["orders"]


def test_orders_of_one_second_are_all_found(shop, sandbox):
    sandbox.world.clock.run(0)
    ids = {shop.buy() for _ in range(5)}
    at = shop.order(next(iter(ids)))["update_time"]
    assert {shop.order(i)["update_time"] for i in ids} == {at}
    seen: list[str] = []
    token = ""
    while True:
        more = {"page_token": token} if token else {}
        page = shop.post(
            SEARCH, {"update_time_ge": at}, page_size="2", sort_field="update_time", sort_order="ASC", **more
        )
        seen += [o["id"] for o in page["orders"]]
        token = page["next_page_token"]
        if not token:
            break
    assert sorted(seen) == sorted(ids)


def test_nothing_internal_is_shown(shop):
    order_id = shop.buy_to_ship()
    text = json.dumps(shop.order(order_id)) + json.dumps(shop.post(SEARCH, {}, page_size="10"))
    assert '"_' not in text


# -- addresses -------------------------------------------------------------------------------------------------


def test_us_addresses_are_masked_until_shipping_is_due(shop, sandbox):
    order_id = shop.buy()
    hidden = shop.order(order_id)["recipient_address"]
    assert hidden["phone_number"].split(")")[1][3:8] == "-***-"
    assert all("*" in hidden[name] for name in ("name", "address_detail", "address_line1", "postal_code"))
    assert [("*" in d["address_name"], d["address_level"]) for d in hidden["district_info"]] == [
        (False, "L0"),
        (False, "L1"),
        (False, "L2"),
        (True, "L3"),
    ]
    sandbox.advance(HOUR + 1)
    clear = shop.order(order_id)["recipient_address"]
    assert "*" not in json.dumps(clear)
    assert [d["address_level_name"] for d in clear["district_info"]] == ["Country", "state", "county", "city"]


def test_masking_comes_back_after_cancelling_and_thirty_days_after_completion(shop, sandbox):
    cancelled = shop.buy_to_ship()
    sandbox.act("tt.cancel_order", order_id=cancelled, by="SYSTEM")
    assert "*" in shop.order(cancelled)["recipient_address"]["name"]

    order_id = shop.buy_to_ship()
    shop.mark_shipped(order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    sandbox.act("tt.complete", order_id=order_id)
    assert "*" not in shop.order(order_id)["recipient_address"]["name"]
    sandbox.world.clock.advance(31 * 86_400 - 60)
    shop.token = renewed(shop)
    assert "*" in shop.order(order_id)["recipient_address"]["name"]


def renewed(shop: Shop) -> str:
    from sandbox.tests.tiktok_client import tokens  # noqa: PLC0415

    app = {"app_key": shop.app_key, "app_secret": shop.app_secret}
    return str(
        tokens(shop.sandbox, app, shop.sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller))[
            "access_token"
        ]
    )


def test_an_order_on_hold_can_be_switched_to_show_no_address_at_all(shop):
    shop.switch("on_hold_address", value="empty")
    address = shop.order(shop.buy())["recipient_address"]
    assert (address["name"], address["full_address"], address["phone_number"]) == ("", "", "")


@pytest.mark.parametrize(("shipping_type", "masked"), [("TIKTOK", True), ("SELLER", False)])
def test_elsewhere_masking_depends_on_who_ships(sandbox, shipping_type, masked):
    shop = open_shop(sandbox, region="VN")
    shop.list_product()
    order = shop.order(shop.buy_to_ship(shipping_type=shipping_type))
    assert ("*" in order["recipient_address"]["name"]) is masked
    assert "*" not in json.dumps([d["address_name"] for d in order["recipient_address"]["district_info"]])


def test_a_buyer_may_change_the_address_until_shipping(shop, sandbox):
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.change_address", order_id=order_id, address={"line1": "99 Moved Street"})
    order = shop.order(order_id)
    assert (order["has_updated_recipient_address"], order["recipient_address"]["address_line1"]) == (
        True,
        "99 Moved Street",
    )
    shop.mark_shipped(order_id)
    with pytest.raises(ValueError, match="cannot be changed"):
        sandbox.act("shopper.change_address", order_id=order_id)


# -- external references ---------------------------------------------------------------------------------------

REFERENCES = "/order/202406/orders/external_orders"


def reference(order: dict[str, Any], external_id: str = "bc-100", platform: str = "BIGCOMMERCE") -> dict[str, Any]:
    lines = [{"id": f"l{n}", "origin_id": line["id"]} for n, line in enumerate(order["line_items"])]
    return {"id": order["id"], "external_order": {"id": external_id, "platform": platform, "line_items": lines}}


def test_external_references_are_noted_found_and_replaced(shop):
    order = shop.order(shop.buy())
    assert shop.post(REFERENCES, {"orders": [reference(order)]}) == {}
    assert shop.post(REFERENCES, {"orders": [reference(order)]}) == {}
    assert [(e.detail["external_id"], e.detail["before"]) for e in shop.effects("external_reference")] == [
        ("bc-100", None)
    ]

    search = "/order/202406/orders/external_order_search"
    found = shop.post(search, {}, platform="BIGCOMMERCE", external_order_id="bc-100")["orders"]
    assert [(o["id"], o["external_order"]["id"]) for o in found] == [(order["id"], "bc-100")]
    assert (
        shop.get(f"/order/202406/orders/{order['id']}/external_orders", platform="BIGCOMMERCE")["external_orders"][0][
            "id"
        ]
        == "bc-100"
    )

    shop.post(REFERENCES, {"orders": [reference(order, "bc-200")]})
    assert (
        shop.post(search, {}, platform="BIGCOMMERCE", external_order_id="bc-100") == {}
    )  # the key is left out when empty
    assert shop.post(search, {}, platform="BIGCOMMERCE", external_order_id="bc-200")["orders"]


def test_bad_references_are_listed_per_order_with_codes_as_text(shop, sandbox):
    order, other = shop.order(shop.buy()), shop.order(shop.buy())
    wrong_line = reference(order)
    wrong_line["external_order"]["line_items"][0]["origin_id"] = "1"
    data = shop.post(REFERENCES, {"orders": [wrong_line, reference(other), {**reference(order), "id": "5"}]})
    assert [(e["code"], e["detail"]["order_id"]) for e in data["errors"]] == [
        ("36020002", order["id"]),
        ("36020001", "5"),
    ]
    assert [e.key for e in shop.effects("external_reference")] == [other["id"]]
    assert shop.refused("POST", REFERENCES, {"orders": []}) == 36009004

    sandbox.faults.add(Fault(action="partial", path=REFERENCES, items=[order["id"]]))
    data = shop.post(REFERENCES, {"orders": [reference(order), reference(other, "bc-7")]})
    assert [e["detail"]["order_id"] for e in data["errors"]] == [order["id"]]


def test_orders_of_others_have_no_details(shop, sandbox):
    other = open_shop(sandbox)
    other.list_product()
    order_id = other.buy()
    assert shop.refused("GET", f"/order/202407/orders/{order_id}/price_detail") == 21008111
    with pytest.raises(Refusal, match="21008111"):
        shop.get(f"/order/202406/orders/{order_id}/external_orders", platform="BIGCOMMERCE")


def test_fees_of_a_market_are_part_of_the_total_beside_its_formula(sandbox):
    shop = open_shop(sandbox, region="ID")
    shop.list_product()
    fees = {"buyer_service_fee": "1000", "handling_fee": "500"}
    order_id = shop.buy(shipping_fee="20000", fees=fees)
    paid = shop.order(order_id)["payment"]
    assert (paid["buyer_service_fee"], paid["handling_fee"]) == ("1000", "500")
    assert int(paid["total_amount"]) == int(paid["sub_total"]) + int(paid["shipping_fee"]) + 1500
    sandbox.act("shopper.cancel", order_id=order_id)
    (cancelled,) = shop.post("/return_refund/202602/cancellations/search", {}, page_size="10")["cancellations"]
    assert cancelled["refund_amount"]["buyer_service_fee"] == "1000"
    with pytest.raises(ValueError, match="fees: 'tip' is unknown"):
        shop.buy(fees={"tip": "1"})
