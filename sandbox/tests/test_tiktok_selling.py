"""Promotions, money, compliance entities and cross-border listing in the TikTok Shop double."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.tests.tiktok_client import Refusal, Shop, open_global_seller, open_shop, receive, tokens
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
    later = {"begin_time": now + 200, "end_time": now + 2000}
    other = shop.post("/promotion/202309/activities", {**body, "title": "Summer", **later})
    twice = {"products": [{"id": product_of(shop), "discount": "10"}]}
    assert shop.refused("PUT", f"/promotion/202309/activities/{other['activity_id']}/products", twice) == 17029022
    shop.post(f"{path}/deactivate")
    assert [
        a["title"] for a in shop.post("/promotion/202309/activities/search", {"status": "DEACTIVATED"})["activities"]
    ] == ["Spring"]
    assert shop.refused("POST", f"{path}/deactivate") == 17029010
    sandbox.advance(2000)
    assert shop.get(f"/promotion/202309/activities/{other['activity_id']}")["status"] == "EXPIRED"
    found = {"status": "EXPIRED", "activity_title": "Summer"}
    assert shop.post("/promotion/202309/activities/search", found)["total_count"] == 1


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
        "phone_number": {"country_code": "+49", "local_number": "5550100"},
        "address": "1 Example Street",
    }
    path = "/product/202409/compliance/manufacturers"
    made = shop.post(path, body, shop=False)["manufacturer_id"]
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
    return open_global_seller(sandbox)


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

    assert us.refused("POST", path, {"targets": [target(answer, uk)]}) == 12052910
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


# -- promotions: every rule with its code ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "changes", "code"),
    [
        ("no title", {"title": ""}, 17029003),
        ("a long title", {"title": "s" * 101}, 17029002),
        ("a long title of a flash sale", {"title": "s" * 51, "activity_type": "FLASHSALE"}, 17029002),
        ("an unknown type", {"activity_type": "LOTTERY"}, 17029036),
        ("a level that does not fit", {"product_level": "SHOP"}, 17029001),
        ("for ever", {"duration_type": "INDEFINITE"}, 17029001),
        ("begun already", {"begin_time": 1_700_000_000}, 17029005),
        ("nine minutes", {"end_time": -540}, 17029006),
        ("a text for a time", {"begin_time": "now"}, 17029001),
    ],
)
def test_activities_that_are_refused(shop, _case, changes, code):
    begin = int(shop.sandbox.world.clock.now()) + 1000
    body = {"title": "Sale", "activity_type": "FIXED_PRICE", "begin_time": begin, "end_time": begin + 9000, **changes}
    if body["end_time"] == -540:
        body["end_time"] = begin + 540
    assert shop.refused("POST", "/promotion/202309/activities", body) == code
    assert shop.effects("promotion_created") == []


def activity(shop: Shop, **changes: Any) -> str:
    begin = int(shop.sandbox.world.clock.now()) + 1000
    body = {"title": "Sale", "activity_type": "FIXED_PRICE", "begin_time": begin, "end_time": begin + 9000, **changes}
    return f"/promotion/202309/activities/{shop.post('/promotion/202309/activities', body)['activity_id']}"


@pytest.mark.parametrize(
    ("_case", "kind", "level", "entry", "code"),
    [
        ("SKUs at the level of products", "FIXED_PRICE", "PRODUCT", {"skus": [{"id": "sku"}]}, 17029013),
        ("a discount for a price", "FIXED_PRICE", "PRODUCT", {"discount": "10"}, 17029030),
        ("a price for a discount", "DIRECT_DISCOUNT", "PRODUCT", {"activity_price_amount": "9"}, 17029029),
        ("no price", "FIXED_PRICE", "PRODUCT", {}, 17029042),
        ("no discount", "DIRECT_DISCOUNT", "PRODUCT", {}, 17029041),
        ("no SKUs", "FIXED_PRICE", "VARIATION", {}, 17029037),
        ("a price for all", "FIXED_PRICE", "VARIATION", {"skus": [{"id": "sku"}], "discount": "10"}, 17029038),
        ("a limit for all", "FIXED_PRICE", "VARIATION", {"skus": [{"id": "sku"}], "quantity_limit": 5}, 17029015),
        ("a limit per buyer", "FIXED_PRICE", "VARIATION", {"skus": [{"id": "sku"}], "quantity_per_user": 5}, 17029014),
        ("a SKU's discount", "FIXED_PRICE", "VARIATION", {"skus": [{"id": "sku", "discount": "5"}]}, 17029032),
        ("a SKU without price", "FLASHSALE", "VARIATION", {"skus": [{"id": "sku"}]}, 17029044),
        ("a SKU without discount", "DIRECT_DISCOUNT", "VARIATION", {"skus": [{"id": "sku"}]}, 17029043),
        ("a hundred", "FIXED_PRICE", "PRODUCT", {"activity_price_amount": "9", "quantity_limit": 100}, 17029050),
        ("no number", "FIXED_PRICE", "PRODUCT", {"activity_price_amount": "NaN"}, 17029034),
        ("above the price", "FIXED_PRICE", "PRODUCT", {"activity_price_amount": "12.01"}, 17029034),
        ("all of it off", "DIRECT_DISCOUNT", "PRODUCT", {"discount": "100"}, 17029034),
        (
            "a SKU of nobody",
            "FIXED_PRICE",
            "VARIATION",
            {"skus": [{"id": "1", "activity_price_amount": "9"}]},
            17029016,
        ),
        ("a product of nobody", "FIXED_PRICE", "PRODUCT", {"id": "1", "activity_price_amount": "9"}, 17029051),
    ],
)
def test_products_an_activity_does_not_take(shop, _case, kind, level, entry, code):
    product_id = product_of(shop)
    sku = shop.product(product_id)["skus"][0]["id"]
    entry = {"id": product_id, **entry}
    if "skus" in entry:
        entry["skus"] = [{**s, "id": sku if s["id"] == "sku" else s["id"]} for s in entry["skus"]]
    path = activity(shop, activity_type=kind, product_level=level)
    assert shop.refused("PUT", f"{path}/products", {"products": [entry]}) == code
    assert shop.get(path)["products"] == []


def test_one_call_names_a_product_and_a_sku_once(shop):
    one = {"id": product_of(shop), "activity_price_amount": "9.00"}
    path = f"{activity(shop)}/products"
    assert shop.refused("PUT", path, {"products": []}) == 17029033
    assert shop.refused("PUT", path, {"products": [one, one]}) == 17029039
    assert shop.refused("PUT", path, {"products": [{**one, "id": str(n)} for n in range(301)]}) == 17029046
    sku = {"id": "1", "activity_price_amount": "9.00"}
    twice = [{"id": "1", "skus": [sku]}, {"id": "2", "skus": [sku]}]
    assert shop.refused("PUT", path, {"products": twice}) == 17029040


def test_a_product_of_another_shop_is_told_apart(shop, sandbox):
    other = open_shop(sandbox)
    other.list_product()
    entry = {"id": product_of(other), "activity_price_amount": "9.00"}
    assert shop.refused("PUT", f"{activity(shop)}/products", {"products": [entry]}) == 17029017


def test_what_is_over_or_running_cannot_be_changed_freely(shop, sandbox):
    path = activity(shop)
    times = {name: shop.get(path)[name] for name in ("begin_time", "end_time")}
    assert shop.refused("GET", "/promotion/202309/activities/1") == 17029009
    assert shop.refused("DELETE", f"{path}/products", {"product_ids": ["1"]}) == 17029023
    assert shop.refused("DELETE", f"{path}/products", {"sku_ids": ["1"]}) == 17029024
    sandbox.advance(1001)
    moved = {"title": "Sale", "begin_time": times["begin_time"] + 5, "end_time": times["end_time"]}
    assert shop.refused("PUT", path, moved) == 17029011
    assert shop.call("PUT", path, {"title": "Sale, longer", **times})["title"] == "Sale, longer"
    sandbox.advance(9001)
    assert shop.refused("PUT", path, {"title": "Sale", **times}) == 17029012
    assert shop.refused("POST", f"{path}/deactivate") == 17029012
    search = "/promotion/202309/activities/search"
    assert shop.refused("POST", search, {"page_token": "9999", "page_size": 2}) == 17029059
    assert shop.refused("POST", search, {"page_token": "²"}) == 17029001
    assert shop.refused("POST", search, {"page_size": 101}) == 17029001


def test_terms_of_other_activities_come_back_as_they_were_sent(shop):
    terms = {"shipping_discount": {"threshold_type": "MINIMAL_ITEM_QUANTITY", "threshold_value": "3"}}
    path = activity(shop, activity_type="SHIPPING_DISCOUNT", duration_type="INDEFINITE", begin_time=0, discount=terms)
    assert (shop.get(path)["status"], shop.get(path)["discount"]) == ("ONGOING", terms)


# -- compliance: every rule with its code ----------------------------------------------------------------------

PHONE = {"country_code": "+49", "local_number": "5550100"}
ADDRESS = {"street_address_line1": "Musterweg 1", "postal_code": "34117", "country": "DE"}
WHO = {"name": "Harbor Forge", "email": "eu@example.com", "phone_number": PHONE}


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        ("manufacturers", {"name": ""}, 38023033),
        ("manufacturers", {"name": "搪瓷"}, 38023033),
        ("manufacturers", {"name": "f" * 256}, 38023044),
        ("manufacturers", {"registered_trade_name": "f" * 201}, 38023045),
        ("manufacturers", {"email": "nobody"}, 38023042),
        ("manufacturers", {"address": ""}, 38023034),
        ("manufacturers", {"address": "m" * 501}, 38023043),
        ("manufacturers", {"phone_number": None}, 38023041),
        ("manufacturers", {"phone_number": {**PHONE, "availability": "SOMETIMES"}}, 38023060),
        ("manufacturers", {"phone_number": {**PHONE, "country_code": "49"}}, 38023046),
        ("manufacturers", {"phone_number": {**PHONE, "local_number": "123456"}}, 38023041),
        ("manufacturers", {"locale": "vi-VN"}, 98001004),
        ("manufacturers", {"locale": []}, 98001004),
        ("responsible_persons", {"name": ""}, 38023022),
        ("responsible_persons", {"name": "f" * 201}, 38023044),
        ("responsible_persons", {"address": {**ADDRESS, "postal_code": ""}}, 38023024),
        ("responsible_persons", {"address": {**ADDRESS, "country": "US"}}, 38023026),
        ("responsible_persons", {"phone_number": {**PHONE, "country_code": "+1"}}, 38023028),
        ("responsible_persons", {"phone_number": {**PHONE, "local_number": "1" * 12}}, 38023041),
    ],
)
def test_compliance_entries_that_are_refused(sandbox, kind, changes, code):
    shop = open_shop(sandbox, region="DE")
    path = f"/product/202409/compliance/{kind}"
    good = {**WHO, "address": "Musterweg 1, Kassel" if kind == "manufacturers" else ADDRESS}
    assert shop.refused("POST", path, {**good, **changes}, shop=False) == code
    made = next(iter(shop.post(path, good, shop=False).values()))
    if None not in changes.values():
        assert shop.refused("POST", f"{path}/{made}/partial_edit", changes, shop=False) == code
    assert shop.refused("POST", f"{path}/1/partial_edit", {}, shop=False) == 38023051
    other = open_shop(sandbox, region="FR")
    assert other.refused("POST", f"{path}/{made}/partial_edit", {}, shop=False) == 38023052


def test_a_manufacturer_may_have_no_telephone(sandbox):
    shop = open_shop(sandbox, region="DE")
    body = {**WHO, "address": "Musterweg 1", "phone_number": {"availability": "UNAVAILABLE"}}
    assert "manufacturer_id" in shop.post("/product/202409/compliance/manufacturers", body, shop=False)


@pytest.mark.parametrize(
    ("body", "query", "code"),
    [
        ({}, {}, 38023047),
        ({}, {"page_size": "101"}, 38023047),
        ({}, {"page_size": "10", "page_token": "x"}, 38023048),
        ({"manufacturer_ids": ["1", "2"]}, {"page_size": "1"}, 38023049),
        ({"locales": ["vi-VN"]}, {"page_size": "1"}, 38023057),
    ],
)
def test_searches_of_manufacturers_that_are_refused(sandbox, body, query, code):
    shop = open_shop(sandbox, region="DE")
    path = "/product/202501/compliance/manufacturers/search"
    assert shop.refused("POST", path, body, shop=False, **query) == code


# -- cross-border: what is checked -----------------------------------------------------------------------------


def test_a_new_value_of_a_sales_attribute_must_name_all_markets(seller, sandbox):
    us, uk = seller
    body = us.body()
    answer = us.list_product()
    path = f"/product/202509/products/{answer['product_id']}"
    assert us.refused("PUT", path, {**body, "replicated_products": [{"region": "GB"}]}) == 12052512
    us.post(
        f"/product/202507/products/{answer['product_id']}/global_replicate", {"replicate_target": [target(answer, uk)]}
    )
    sandbox.advance(61)
    for sku, made in zip(body["skus"], answer["skus"], strict=True):
        sku["id"] = made["id"]
    assert us.call("PUT", path, {**body, "title": "Enamel mug, the same two sizes"})["product_id"]
    body["skus"][0]["sales_attributes"][0]["value_name"] = "255 ml"
    assert us.refused("PUT", path, body) == 12052514
    for entry, code in (
        ({"region": "FR"}, 12052513),
        ({"region": "GB", "skus": [{"price": {"sale_price": "1", "currency": "GBP"}}]}, 12052509),
        ({"region": "GB", "skus": [{"seller_sku": "MUG-900"}]}, 12052510),
    ):
        assert us.refused("PUT", path, {**body, "replicated_products": [entry]}) == code
    named = [{"region": "GB", "skus": [{"seller_sku": "MUG-250"}]}]
    assert us.call("PUT", path, {**body, "replicated_products": named})["product_id"]


def test_a_market_whose_price_is_wrong_is_not_published(seller):
    us, uk = seller
    body = us.body()
    for sku in body["skus"]:
        del sku["inventory"]
    made = us.post("/product/202309/global_products", body, shop=False)
    skus = [
        {"related_global_sku_id": sku["id"], "price": {"sale_price": "1e3", "currency": "GBP"}}
        for sku in made["global_skus"]
    ]
    path = f"/product/202309/global_products/{made['global_product_id']}/publish"
    data = us.post(path, {"publish_target": [{"region": "GB", "skus": skus}]}, shop=False)
    assert [(r["region"], r["status"]) for r in data["publish_result"]] == [("GB", "FAILED")]
    assert uk.effects("product_created") == []


@pytest.mark.parametrize(
    ("_case", "price", "code"),
    [
        ("no price", None, 12052073),
        ("no number", {"amount": "NaN", "currency": "USD"}, 12052073),
        ("a local currency", {"amount": "9.00", "currency": "GBP"}, 12052084),
        ("nothing", {"amount": "0", "currency": "USD"}, 12052570),
        ("too much", {"amount": "100000000", "currency": "EUR"}, 12052570),
    ],
)
def test_global_prices_that_are_refused(seller, _case, price, code):
    us, _ = seller
    body = us.body()
    body["skus"][0]["price"] = price
    assert us.refused("POST", "/product/202309/global_products", body, shop=False) == code


def test_poland_is_one_market_under_two_names(sandbox):
    us = open_shop(sandbox, seller_type="CROSS_BORDER")
    sandbox.act("tt.create_shop", seller=us.seller, name="Harbor PL", region="PL")
    body = us.body()
    for sku in body["skus"]:
        del sku["inventory"]
    made = us.post("/product/202309/global_products", body, shop=False)
    skus = [
        {"related_global_sku_id": s["id"], "price": {"sale_price": "40", "currency": "PLN"}}
        for s in made["global_skus"]
    ]
    path = f"/product/202309/global_products/{made['global_product_id']}/publish"

    def published(region: str) -> str:
        data = us.post(path, {"publish_target": [{"region": region, "skus": skus}]}, shop=False)
        return str(data["publish_result"][0]["status"])

    assert published("PO") == "DRAFT"  # the EU asks for more than the global product says
    assert published("PL") == "FAILED"
