"""Promotions, money, compliance entities and cross-border listing in the TikTok Shop double."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.tiktok_client import Refusal, Shop, open_shop, receive, tokens
from twinshelf_sandbox.app import Sandbox

DAY = 86_400


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = open_shop(sandbox)
    shop.list_product()
    return shop


def product_of(shop: Shop) -> str:
    return str(shop.effects("product_created")[0].key)


def renew(shop: Shop) -> None:
    """A token that works after time has passed."""
    app = {"app_key": shop.app_key, "app_secret": shop.app_secret}
    code = shop.sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller)
    shop.token = str(tokens(shop.sandbox, app, code)["access_token"])


# -- promotions ------------------------------------------------------------------------------------------------


def test_a_promotion_locks_prices_and_reserved_stock_while_it_runs(shop, sandbox):
    product_id = product_of(shop)
    sku = shop.product(product_id)["skus"][0]["id"]
    activity = sandbox.act(
        "tt.start_promotion", shop_id=shop.id, product_ids=[product_id], discount="25", reserved=5, seconds=DAY
    )
    price = {"skus": [{"id": sku, "price": {"amount": "11.00", "currency": "USD"}}]}
    assert shop.refused("POST", f"/product/202309/products/{product_id}/prices/update", price) == 12052038
    level = {"skus": [{"id": sku, "inventory": [{"quantity": 4}]}]}
    data = shop.post(f"/product/202309/products/{product_id}/inventory/update", level)
    assert data["errors"][0]["code"] == 12052393
    found = shop.post("/product/202309/inventory/search", {"sku_ids": [sku]})["inventory"][0]["skus"][0]
    assert found["total_available_inventory_distribution"]["in_shop_inventory"] == {"quantity": 15}

    order = shop.order(shop.buy(tax="0"))
    assert (
        order["line_items"][0]["original_price"],
        order["line_items"][0]["sale_price"],
        order["line_items"][0]["seller_discount"],
    ) == ("12.00", "9.00", "3.00")
    detail = shop.get(f"/order/202407/orders/{order['id']}/price_detail")
    assert detail["line_items"][0]["seller_funded_product_promotions"] == [
        {"activity_id": activity, "discount_amount": "3.00", "discount_type": "ACTIVITY"}
    ]
    sandbox.advance(DAY + 1)
    assert shop.post(f"/product/202309/products/{product_id}/prices/update", price) == {}
    assert [e.detail["after"] for e in shop.effects("promotion_status")] == ["EXPIRED"]


def test_a_promotion_can_be_ended_at_once(shop, sandbox):
    activity = sandbox.act("tt.start_promotion", shop_id=shop.id, product_ids=[product_of(shop)], price="8.00")
    sandbox.act("tt.end_promotion", activity_id=activity)
    assert shop.order(shop.buy(tax="0"))["line_items"][0]["sale_price"] == "12.00"


def test_activities_by_api(shop, sandbox):
    now = int(sandbox.world.clock.now())
    body = {"title": "Spring", "activity_type": "DIRECT_DISCOUNT", "begin_time": now + 100, "end_time": now + 1000}
    answer = shop.post("/promotion/202309/activities", body)
    assert answer["status"] == "NOT_START"
    path = f"/promotion/202309/activities/{answer['activity_id']}"
    assert shop.refused("POST", "/promotion/202309/activities", body) == 17029004
    shop.call("PUT", f"{path}/products", {"products": [{"id": product_of(shop), "discount": "50"}]})
    sandbox.advance(101)
    assert shop.get(path)["status"] == "ONGOING"
    assert shop.get(path)["products"][0]["skus"][0]["activity_price"] == {"amount": "6.00", "currency": "USD"}
    other = shop.post("/promotion/202309/activities", {**body, "title": "Summer", "begin_time": now})
    twice = {"products": [{"id": product_of(shop), "discount": "10"}]}
    assert shop.refused("PUT", f"/promotion/202309/activities/{other['activity_id']}/products", twice) == 17029022
    shop.post(f"{path}/deactivate")
    assert [
        a["title"] for a in shop.post("/promotion/202309/activities/search", {"status": "DEACTIVATED"})["activities"]
    ] == ["Spring"]
    expired = shop.post(
        "/promotion/202309/activities", {**body, "title": "Past", "begin_time": now - 100, "end_time": now - 1}
    )
    assert expired["status"] == "EXPIRED"


# -- money -----------------------------------------------------------------------------------------------------


def test_completed_orders_settle_in_daily_statements(shop, sandbox):
    order_id = shop.buy_to_ship(quantity=2, seller_discount="2.00", platform_discount="1.00", tax="0")
    waiting = shop.get("/finance/202507/orders/unsettled", sort_field="order_create_time")
    assert [(t["order_id"], t["est_revenue_amount"]) for t in waiting["transactions"]] == [(order_id, "22.00")]
    shop.mark_shipped(order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    sandbox.act("tt.complete", order_id=order_id)
    assert shop.get("/finance/202507/orders/unsettled", sort_field="order_create_time")["transactions"] == []
    assert shop.get("/finance/202309/statements", sort_field="statement_time")["statements"] == []  # closes at midnight

    sandbox.advance(DAY)
    (statement,) = shop.get("/finance/202309/statements", sort_field="statement_time")["statements"]
    assert (statement["revenue_amount"], statement["fee_amount"], statement["settlement_amount"]) == (
        "22.00",
        "-1.32",
        "20.68",
    )
    assert statement["statement_time"] % DAY == 0
    transactions = shop.get(
        f"/finance/202501/statements/{statement['id']}/statement_transactions", sort_field="order_create_time"
    )
    assert [t["order_id"] for t in transactions["transactions"]] == [order_id]
    detail = shop.get(f"/finance/202501/orders/{order_id}/statement_transactions")
    assert (detail["settlement_amount"], detail["sku_transactions"][0]["statement_id"]) == ("20.68", statement["id"])

    sandbox.advance(DAY)
    (payment,) = shop.get("/finance/202605/payments", sort_field="create_time")["payments"]
    assert (payment["status"], payment["amount"]) == ("PAID", {"value": "20.68", "currency": "USD"})
    assert len(shop.get("/finance/202309/withdrawals", types="WITHDRAW,SETTLE")["withdrawals"]) == 2
    assert shop.refused("GET", "/finance/202309/statements") == 36009004  # the sort field is required
    assert Decimal(statement["settlement_amount"]) == Decimal("22.00") - Decimal("1.32")


# -- compliance ------------------------------------------------------------------------------------------------


def test_manufacturers_and_size_charts(sandbox):
    shop = open_shop(sandbox, region="DE")
    body = {
        "name": "Forge",
        "email": "a@example.com",
        "phone_number": {"country_code": "+49"},
        "address": "1 Example Street",
    }
    path = "/product/202409/compliance/manufacturers"
    made = shop.post(path, body, shop=False)["manufacturer_id"]
    assert shop.refused("POST", path, {"name": "Forge"}, shop=False) == 38023022
    assert shop.post(f"{path}/{made}/partial_edit", {"name": "Harbor Forge"}, shop=False) == {}
    (found,) = shop.post(
        "/product/202501/compliance/manufacturers/search", {"keyword": "harbor"}, shop=False, page_size="10"
    )["manufacturers"]
    assert (found["id"], found["regional_profiles"][0]["name"]) == (made, "Harbor Forge")

    table: dict[str, Any] = {
        "headers": [{"name": "Size"}, {"name": "Chest"}],
        "rows": [{"cells": [{"value": "M"}, {"value": "96"}]}],
    }
    chart = {
        "category_id": "601302",
        "template_name": "Shirts",
        "size_chart_data": {"table": table, "measurement_type": "BODY_MEASUREMENTS"},
    }
    chart_id = shop.post("/product/202610/size_charts", chart)["size_chart_id"]
    found = shop.post("/product/202407/sizecharts/search", {"ids": [chart_id]}, shop=False, page_size="10")[
        "size_chart"
    ]
    assert [c["template_name"] for c in found] == ["Shirts"]
    table["rows"][0]["cells"].pop()
    assert shop.refused("POST", "/product/202610/size_charts", chart) == 12052910


# -- cross-border ----------------------------------------------------------------------------------------------


@pytest.fixture
def seller(sandbox: Sandbox) -> tuple[Shop, Shop]:
    """The US and the UK shop of one global seller."""
    us = open_shop(sandbox, seller_type="CROSS_BORDER")
    other = sandbox.act("tt.create_shop", seller=us.seller, name="Harbor UK", region="GB")
    uk = Shop(
        sandbox,
        other["shop_id"],
        other["cipher"],
        us.app_key,
        us.app_secret,
        us.token,
        us.seller,
        other["sales_warehouse_ids"],
        "GB",
    )
    return us, uk


def target(answer: dict[str, Any], uk: Shop, **changes: Any) -> dict[str, Any]:
    skus = [
        {
            "source_sku_id": sku["id"],
            "price": {"sale_price": "10.00", "currency": "GBP"},
            "inventory": [{"warehouse_id": uk.warehouses[0], "quantity": 7}],
        }
        for sku in answer["skus"]
    ]
    return {"region": "GB", "skus": skus, **changes}


def test_a_product_is_replicated_to_another_market_later(seller, sandbox):
    us, uk = seller
    answer = us.list_product()
    path = f"/product/202507/products/{answer['product_id']}/global_replicate"
    wrong = target(answer, uk)
    wrong["skus"] = wrong["skus"][:1]
    data = us.post(path, {"replicate_target": [wrong, {**target(answer, uk), "region": "FR"}]})
    assert [(e["code"], e["detail"]["region"]) for e in data["errors"]] == [(12052515, "GB"), (12052508, "FR")]
    sandbox.advance(61)
    assert uk.effects("product_created") == []

    assert us.post(path, {"replicate_target": [target(answer, uk)]}) == {}
    assert uk.effects("product_created") == []  # not yet
    sandbox.advance(100)
    (copy,) = us.get(f"/product/202507/products/{answer['product_id']}/replicated_products")["replicated_products"]
    assert (copy["region"], copy["shop_id"], copy["product_status"]) == ("GB", uk.id, "ACTIVATE")
    shown = uk.product(copy["product_id"])
    assert (shown["skus"][0]["price"]["sale_price"], shown["skus"][0]["inventory"][0]["quantity"]) == ("10.00", 7)
    assert us.product(answer["product_id"])["is_replicated"] is True


def test_a_copy_that_breaks_the_markets_rules_becomes_a_draft(seller, sandbox):
    us, uk = seller
    answer = us.list_product()
    sandbox.act("tt.set_switch", shop_id=uk.id, name="title_minimum", value=100)
    sandbox.act("tt.set_webhook_url", app_key=us.app_key, url="https://hooks.example.com")
    got = receive(sandbox)
    us.post(
        f"/product/202507/products/{answer['product_id']}/global_replicate", {"replicate_target": [target(answer, uk)]}
    )
    sandbox.advance(61)
    (copy,) = us.get(f"/product/202507/products/{answer['product_id']}/replicated_products")["replicated_products"]
    assert copy["product_status"] == "DRAFT"
    assert any(b'"type":51' in one.body and b'"result":"DRAFT"' in one.body for one in got)


def test_changes_of_a_replicated_products_skus_must_name_all_markets(seller, sandbox):
    us, uk = seller
    body = us.body()
    answer = us.list_product()
    us.post(
        f"/product/202507/products/{answer['product_id']}/global_replicate", {"replicate_target": [target(answer, uk)]}
    )
    sandbox.advance(61)
    fewer = [
        {
            "id": answer["skus"][0]["id"],
            "seller_sku": "MUG-250",
            "sales_attributes": body["skus"][0]["sales_attributes"],
        }
    ]
    path = f"/product/202509/products/{answer['product_id']}"
    assert us.refused("PUT", path, {**body, "skus": fewer}) == 12052514
    assert us.call("PUT", path, {**body, "skus": fewer, "replicated_products": [{"region": "GB"}]})["product_id"]


def test_a_shop_that_publishes_globally_cannot_create_local_products(seller):
    us, _uk = seller
    us.switch("listing_methods", value="GLOBAL_PUBLISHING")
    assert us.get("/product/202507/global_listing_rules")["listing_methods"] == ["GLOBAL_PUBLISHING"]
    assert us.refused("POST", "/product/202309/products", us.body()) == 12052701


def test_global_products_are_published_once_per_market_and_edits_overwrite_prices(seller, sandbox):
    us, uk = seller
    body = us.body()
    for sku in body["skus"]:
        del sku["inventory"]
    answer = us.post("/product/202309/global_products", body, shop=False)
    path = f"/product/202309/global_products/{answer['global_product_id']}"
    skus = [
        {
            "related_global_sku_id": sku["id"],
            "price": {"sale_price": "9.50", "currency": "GBP"},
            "inventory": {"warehouse_id": uk.warehouses[0], "quantity": 3},
        }
        for sku in answer["global_skus"]
    ]
    published = us.post(
        f"{path}/publish",
        {"publish_target": [{"region": "GB", "skus": skus}, {"region": "PO", "skus": skus}]},
        shop=False,
    )
    assert [(r["region"], r["status"]) for r in published["publish_result"]] == [("GB", "SUCCESS"), ("PO", "FAILED")]
    local = published["products"][0]["id"]
    assert "sale_attributes" in published["products"][0]["skus"][0]  # spelled so here
    again = us.post(f"{path}/publish", {"publish_target": [{"region": "GB", "skus": skus}]}, shop=False)
    assert again["publish_result"][0]["status"] == "FAILED"
    sandbox.advance(31)
    assert uk.product(local)["skus"][0]["price"]["sale_price"] == "9.50"
    assert uk.product(local)["global_product_association"]["global_product_id"] == answer["global_product_id"]

    new = [
        {**s, "id": g["id"], "price": {"amount": "20.00", "currency": "USD"}}
        for s, g in zip(body["skus"], answer["global_skus"], strict=True)
    ]
    us.call("PUT", path, {**body, "title": "Enamel mug, worldwide edition", "skus": new}, shop=False)
    shown = uk.product(local)
    assert (shown["title"], shown["skus"][0]["price"]["sale_price"]) == ("Enamel mug, worldwide edition", "20.00")
    found = us.post("/product/202312/global_products/search", {"status": "PUBLISHED"}, shop=False, page_size="10")[
        "global_products"
    ]
    assert [p["id"] for p in found] == [answer["global_product_id"]]

    sandbox.act("tt.set_switch", shop_id="*", name="global_products_retired", value=True)
    assert us.refused("GET", path, shop=False) == 36009014


def test_local_sellers_have_no_global_products(shop):
    assert shop.refused("POST", "/product/202309/global_products", {}, shop=False) == 12052705


def test_a_category_upgrade_takes_time_and_refuses_new_products_meanwhile(sandbox):
    shop = open_shop(sandbox)
    body = shop.body(category_id="600157", category_version="v1", product_attributes=material())
    shop.switch("category_version", value="v1")
    answer = shop.post("/product/202309/products", body)
    sandbox.advance(31)
    assert shop.post("/product/202407/products/category_upgrade_task", {}) == {}
    assert shop.refused("POST", "/product/202407/products/category_upgrade_task", {}) == 12052234
    assert shop.refused("POST", "/product/202309/products", {"title": "x"}) == 12052234
    sandbox.advance(7201)
    renew(shop)
    chain = shop.product(answer["product_id"])["category_chains"]
    assert chain[-1]["is_leaf"] is True
    assert [e.detail["before"] for e in shop.effects("category_upgraded")] == ["600157"]


def material() -> list[dict[str, Any]]:
    return [{"id": i, "values": [{"id": v}]} for i, v in (("100157", "1000039"), ("100347", "1000256"))]


def test_reference_prices_expire_after_90_days(shop, sandbox):
    product = shop.product(product_of(shop))
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
    body = {"external_product_id": "bc-1", "skus": [{"id": product["skus"][0]["id"]}]}
    assert shop.post(f"/product/202609/products/{product['id']}/strikethrough_price/submit", body) == {}
    got = receive(sandbox)
    sandbox.advance(90 * DAY + 1)
    assert len([one for one in got if b'"type":38' in one.body]) == 1
    renew(shop)
    with pytest.raises(Refusal, match="12052557"):
        shop.post(f"/product/202609/products/{product['id']}/strikethrough_price/submit", {"skus": [{"id": "1"}]})
