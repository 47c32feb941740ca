"""A tour of the TikTok Shop double: every operation at every version once with success, over the markets it takes.

The answers are for comparing with what the platform publishes; the tour itself asserts only that calls succeed.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

import httpx2

from sandbox.tests.tiktok_client import MUGS, Shop, multipart, open_shop, tokens
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.tiktok.gateway import Endpoint

DAY = 86_400
PAGE: dict[str, Any] = {"page_size": "10"}
JT = "6841743441349706241"
OUT_OF_STOCK = "seller_cancel_reason_out_of_stock"
ON_REQUEST = "seller_cancel_paid_reason_buyer_requested_cancellation"
DAMAGED = "ecom_order_delivered_refund_reason_damaged_seller"
PHONE = {"country_code": "+49", "local_number": "5550100"}
MAKER = {
    "name": "Harbor Forge", "registered_trade_name": "Harbor Forge", "email": "maker@example.com",
    "phone_number": PHONE, "address": "1 Example Street, Kassel",
}  # fmt: skip
PERSON = {
    "name": "Avery Sample", "email": "person@example.com", "phone_number": PHONE,
    "address": {"street_address_line1": "1 Example Street", "city": "Kassel", "country": "DE", "postal_code": "34117"},
}  # fmt: skip
CHART = {
    "category_id": "601302", "template_name": "Shirts", "size_chart_data": {
        "measurement_type": "BODY_MEASUREMENTS",
        "table": {"headers": [{"name": "Size"}, {"name": "Chest"}],
                  "rows": [{"cells": [{"value": "M"}, {"value": "96"}]}]}},
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a call was answered with: `operation` is such as "GET /order/202309/orders", ids as {}."""

    operation: str
    code: int
    data: Any


@dataclass
class Tour:
    """The calls of all shops of a sandbox, whose apps get webhooks at `webhooks` if that is given."""

    sandbox: Sandbox
    answers: list[Answer] = field(default_factory=list)
    webhooks: str = ""

    def shop(self, **facts: Any) -> Shop:
        """A shop whose calls are kept, with a product that is live."""
        return self.watch(open_shop(self.sandbox, **facts))

    def watch(self, shop: Shop) -> Shop:
        shop.http.event_hooks = {"response": [self._keep]}
        if self.webhooks:
            self.sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url=self.webhooks)
        return shop

    def _keep(self, response: httpx2.Response) -> None:
        response.read()
        method, path = response.request.method, response.request.url.path
        endpoint = self.sandbox.tiktok.gateway.find(method, path)
        if endpoint is not None:
            reply = response.json()
            operation = name(endpoint, path.split("/")[2])
            self.answers.append(Answer(operation, reply["code"], reply.get("data")))

    def successes(self) -> dict[str, list[Any]]:
        """The data of all that succeeded, by operation."""
        found: dict[str, list[Any]] = {}
        for answer in self.answers:
            if answer.code == 0:
                found.setdefault(answer.operation, []).append(answer.data)
        return found


def name(endpoint: Endpoint, version: str) -> str:
    """An operation at a version, ids blanked."""
    return f"{endpoint.method} {re.sub(r'{[^}]+}', '{}', endpoint.path.replace('{v}', version))}"


def operations(sandbox: Sandbox) -> set[str]:
    """All operations of the double at all versions."""
    return {name(endpoint, version) for endpoint in sandbox.tiktok.gateway.endpoints for version in endpoint.versions}


def tour(sandbox: Sandbox) -> Tour:
    """One success of every operation."""
    made = Tour(sandbox)
    american(made)
    vietnamese(made)
    brazilian(made)
    german(made)
    worldwide(made)
    return made


def renew(shop: Shop) -> None:
    """A token that works after time has passed."""
    code = shop.sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller)
    shop.token = tokens(shop.sandbox, {"app_key": shop.app_key, "app_secret": shop.app_secret}, code)["access_token"]


# -- the United States ---------------------------------------------------------------------------------------------


def american(at: Tour) -> None:
    shop = at.shop()
    for path in ("/authorization/202309/shops", "/seller/202309/shops", "/seller/202309/permissions"):
        shop.get(path, shop=False)
    hook = {"address": "https://hooks.example.com", "event_type": "ORDER_STATUS_CHANGE"}
    shop.call("PUT", "/event/202309/webhooks", hook)
    shop.get("/event/202309/webhooks")
    shop.call("DELETE", "/event/202309/webhooks", hook)
    categories(shop)
    product_id = products(shop)
    logistics(shop)
    promotions(shop, product_id)
    shop.switch("on_hold", value=False)
    orders(shop)
    cancellations(shop)
    returns(shop)
    finance(shop)
    all_that_happened(shop)


def categories(shop: Shop) -> None:
    shop.get("/product/202309/categories", category_version="v2")
    for what in ("rules", "attributes"):
        shop.get(f"/product/202309/categories/{MUGS}/{what}", category_version="v2")
    title = {"product_title": "Enamel mug", "category_version": "v2"}
    shop.post("/product/202309/categories/recommend", title)
    suggest = {"title": "Enamel mug", "product_title": "Enamel mug", "description": "x", "category_id": MUGS}
    shop.post("/product/202609/products/properties/recommend", suggest)
    shop.post("/product/202609/brands/suggest", suggest)
    shop.post("/product/202609/products/package/predict", suggest)
    shop.get("/product/202309/brands", **PAGE)
    shop.get("/product/202312/prerequisites")
    chart = shop.post("/product/202610/size_charts", CHART)["size_chart_id"]
    shop.post("/product/202610/size_charts/edit", {**CHART, "size_chart_id": chart, "template_name": "Tees"})
    shop.post("/product/202407/sizecharts/search", {"ids": [chart]}, shop=False, **PAGE)


def products(shop: Shop) -> str:
    uri = shop.upload()["uri"]
    form, kind = multipart({"name": b"guide.pdf"}, {"data": ("guide.pdf", b"%PDF-1.4 guide %%EOF\n")})
    brand = shop.post("/product/202309/brands", {"name": "Harbor Tour"}, shop=False)["id"]
    sent = shop.send("POST", "/product/202309/files/upload", shop=False, content=form, content_type=kind)
    assert sent.json()["code"] == 0, sent.text
    shop.post("/product/202404/images/optimize", {"images": [{"uri": uri, "optimization_mode": "WHITE_BACKGROUND"}]})
    body = shop.body(
        external_product_id="bc-1",
        size_chart={"image": {"uri": uri}},
        brand_id=brand,
        package_dimensions={"length": "10", "width": "10", "height": "12", "unit": "CENTIMETER"},
        is_cod_allowed=False,
        minimum_order_quantity=1,
        shipping_template_id="7",
    )
    body["skus"][0] |= {
        "identifier_code": {"code": "4006381333931", "type": "EAN"}, "external_sku_id": "bc-1-1",
        "list_price": {"amount": "15.00", "currency": "USD"}, "external_urls": ["https://example.com/mug"],
        "external_list_prices": [{"amount": "16.00", "currency": "USD", "source": "SHOPIFY_COMPARE_AT_PRICE"}],
        "sku_unit_count": "1.5",
        "fees": [{"type": "PFAND", "amount": "0.25", "additional_attribute": "SINGLE_USE"}],
    }  # fmt: skip
    for level in body["skus"][0]["inventory"]:
        level |= {"backorder_quantity": 3, "handling_time": 4}
    body["skus"][0]["sales_attributes"][0] |= {"sku_img": {"uri": uri}, "supplementary_sku_images": [{"uri": uri}]}
    shop.post("/product/202309/products/listing_check", shop.body(title=""))
    made = shop.post("/product/202309/products", body)
    shop.sandbox.advance(31)
    product_id, ids = made["product_id"], [sku["id"] for sku in made["skus"]]
    one = f"/product/202309/products/{product_id}"
    edit = {**body, "skus": [{**sku, "id": i} for sku, i in zip(body["skus"], ids, strict=True)]}
    for version in ("202309", "202509"):
        shop.call("PUT", f"/product/{version}/products/{product_id}", edit)
        shop.sandbox.advance(31)
        shop.post(f"/product/{version}/products/{product_id}/partial_edit", {"title": f"Enamel mug of {version}, two"})
        shop.sandbox.advance(31)
    shop.get(one)
    for version in ("202309", "202312", "202502"):
        shop.post(f"/product/{version}/products/search", {"status": "ALL"}, **PAGE)
    price = {"amount": "11.00", "currency": "USD"}
    shop.post(f"{one}/prices/update", {"skus": [{"id": i, "price": price} for i in ids]})
    levels = [{"warehouse_id": warehouse, "quantity": 30} for warehouse in shop.warehouses]
    shop.post(f"{one}/inventory/update", {"skus": [{"id": i, "inventory": levels} for i in ids]})
    shop.post("/product/202309/inventory/search", {"product_ids": [product_id]})
    setting = {"seller_id": shop.seller, "sku_ids": ids, "stock_operation_setting": {"enable_auto_restock": True}}
    shop.post("/product/202608/inventory/operation/settings", setting)
    for what in ("diagnoses", "suggestions", "seo_words"):
        shop.get(f"/product/202405/products/{what}", product_ids=product_id)
    shop.post("/product/202411/products/diagnose_optimize", body)
    shop.post("/product/202602/packages/recommend", {"product_ids": [product_id]})
    reference = {"external_product_id": "bc-1", "skus": [{"id": ids[0]}]}
    shop.post(f"/product/202609/products/{product_id}/strikethrough_price/submit", reference)
    spare = {"product_ids": [shop.create(title="A mug to be taken down again")["product_id"], "1"]}
    shop.sandbox.advance(31)
    shop.post("/product/202309/products/deactivate", spare)
    shop.post("/product/202309/products/activate", spare)
    shop.sandbox.advance(31)
    shop.call("DELETE", "/product/202309/products", spare)
    shop.post("/product/202309/products/recover", spare)
    shop.call("DELETE", "/product/202309/products", spare)
    return str(product_id)


def logistics(shop: Shop) -> None:
    shop.get("/logistics/202309/warehouses")
    options = shop.get(f"/logistics/202309/warehouses/{shop.warehouses[0]}/delivery_options")["delivery_options"]
    shop.get(f"/logistics/202309/delivery_options/{options[0]['id']}/shipping_providers")
    shop.get("/logistics/202510/seller_templates")
    shop.get("/logistics/202606/seller_template/template_exist")


def promotions(shop: Shop, product_id: str) -> None:
    now = int(shop.sandbox.world.clock.now())
    body = {"title": "Spring", "activity_type": "DIRECT_DISCOUNT", "begin_time": now + 100, "end_time": now + 1000}
    made = shop.post("/promotion/202309/activities", body)["activity_id"]
    path = f"/promotion/202309/activities/{made}"
    shop.call("PUT", f"{path}/products", {"products": [{"id": product_id, "discount": "50"}]})
    shop.get(path)
    shop.call("PUT", path, {"title": "Late spring", "begin_time": now + 110, "end_time": now + 1000})
    shop.post("/promotion/202309/activities/search", {})
    shop.call("DELETE", f"{path}/products", {"product_ids": [product_id]})
    shop.post(f"{path}/deactivate")
    shop.post(f"/promotion/202607/activities/{made}/republish", {})
    shop.post(f"{path}/deactivate")


def orders(shop: Shop) -> None:
    order_id = shop.buy(quantity=3, message="Ring twice")
    shop.post("/order/202309/orders/search", {}, **PAGE)
    for version in ("202309", "202507"):
        (order,) = shop.get(f"/order/{version}/orders", ids=order_id)["orders"]
    shop.get(f"/order/202407/orders/{order_id}/price_detail")
    lines = [line["id"] for line in order["line_items"]]
    external = {"id": "100", "platform": "BIGCOMMERCE", "line_items": [{"id": "5", "origin_id": lines[0]}]}
    shop.post("/order/202406/orders/external_orders", {"orders": [
        {"id": order_id, "external_order": external}, {"id": "1", "external_order": external}]})  # fmt: skip
    found: dict[str, Any] = {"platform": "BIGCOMMERCE", "external_order_id": "100"}
    shop.post("/order/202406/orders/external_order_search", {}, **found)
    shop.get(f"/order/202406/orders/{order_id}/external_orders", platform="BIGCOMMERCE")
    shop.get("/fulfillment/202309/orders/split_attributes", order_ids=order_id)
    package = shop.mark_shipped(order_id, "TRACK-1", lines[:1])["package_id"]
    old = {"order_line_item_ids": lines[1:2], "tracking_number": "TRACK-2", "shipping_provider_id": shop.carrier}
    shop.post(f"/fulfillment/202309/orders/{order_id}/packages", old)
    corrected = {"tracking_number": "TRACK-3", "shipping_provider_id": shop.carrier}
    shop.post(f"/fulfillment/202309/packages/{package}/shipping_info/update", corrected)
    single = shop.buy()
    again = shop.mark_shipped(single, "TRACK-4")["package_id"]
    many = {"shipping_info_list": [{**corrected, "tracking_number": "TRACK-5"}]}
    shop.post(f"/fulfillment/202610/packages/{again}/shipping_info/update", many)
    third = shop.buy()
    shop.mark_shipped(third, "TRACK-6")
    shop.post(f"/fulfillment/202309/orders/{third}/shipping_info/update", {**corrected, "tracking_number": "TRACK-7"})
    shop.post("/fulfillment/202309/packages/search", {}, **PAGE)
    shop.get(f"/fulfillment/202309/packages/{package}")
    shop.get("/fulfillment/202508/tts_tracking_validation", tracking_number="TRACK-1", order_id=order_id)
    shop.sandbox.act("tt.deliver", order_id=single)
    shop.get(f"/fulfillment/202309/orders/{single}/tracking")
    shop.get(f"/logistics/202604/orders/{single}/tracking")
    labels(shop)


def labels(shop: Shop) -> None:
    size = {"length": "10", "width": "8", "height": "4", "unit": "INCH"}
    weight = {"weight": {"value": "1.2", "unit": "POUND"}, "dimension": size}
    for version, label in (("202512", "SHIPPING_LABEL"), ("202309", "PACKING_SLIP")):
        order_id = shop.buy(shipping_type="TIKTOK")
        query = f"/fulfillment/202309/orders/{order_id}/shipping_services/query"
        service = shop.post(query, weight)["shipping_services"][0]["id"]
        body = {"ship_type": "1", "order_id": order_id, "shipping_service_id": service, **weight}
        package = shop.post(f"/fulfillment/{version}/packages", body)["package_id"]
        shop.get(f"/fulfillment/202309/packages/{package}/shipping_documents", document_type=label)


def cancellations(shop: Shop) -> None:
    act = shop.sandbox.act
    for version in ("202309", "202602"):
        shop.post(
            f"/return_refund/{version}/cancellations", {"order_id": shop.buy("MUG-400"), "cancel_reason": ON_REQUEST}
        )
    for verb in ("approve", "reject"):
        order_id = shop.buy("MUG-400")
        asked = act("shopper.cancel", order_id=order_id)
        for version in ("202309", "202602"):
            shop.post(f"/return_refund/{version}/cancellations/search", {}, **PAGE)
            path = f"/return_refund/{version}/orders/{order_id}/aftersale_eligibility"
            shop.get(path, initiate_aftersale_user="SELLER")
        reasons = shop.get("/return_refund/202309/reject_reasons", return_or_cancel_id=asked)["reasons"]
        body = {"reject_reason": reasons[0]["name"]} if verb == "reject" else {}
        shop.post(f"/return_refund/202309/cancellations/{asked}/{verb}", body)


def delivered(shop: Shop, quantity: int = 1) -> str:
    order_id = shop.buy(quantity=quantity)
    shop.mark_shipped(order_id)
    shop.sandbox.act("tt.deliver", order_id=order_id)
    return order_id


def returns(shop: Shop) -> None:
    act = shop.sandbox.act
    for version in ("202309", "202602"):
        order_id = delivered(shop, 2)
        line = shop.order(order_id)["line_items"][0]["id"]
        body = {"order_id": order_id, "return_type": "REFUND", "return_reason": DAMAGED,
                **({"order_line_item_ids": [line]} if version == "202309"
                   else {"order_line_list": [{"order_line_item_id": line}]})}  # fmt: skip
        asked = {**body, "request_type": "REFUND", "reason_name": DAMAGED}
        shop.post(f"/return_refund/{version}/refunds/calculate", asked)
        shop.post(f"/return_refund/{version}/returns", body)
    wanted = act("shopper.return_request", order_id=delivered(shop), kind="RETURN_AND_REFUND")
    for version in ("202309", "202602"):
        shop.post(f"/return_refund/{version}/returns/search", {}, **PAGE)
    shop.get("/return_refund/202601/decision_eligibility", return_or_cancel_id=wanted)
    shop.get("/return_refund/202606/review_decision", return_id=wanted)
    shop.post(f"/return_refund/202309/returns/{wanted}/approve", {"decision": "APPROVE_RETURN"})
    offered = act("shopper.return_request", order_id=delivered(shop))
    offer = {"decision": "OFFER_PARTIAL_REFUND", "partial_refund": {"currency": "USD", "amount": "5.00"}}
    shop.post(f"/return_refund/202309/returns/{offered}/approve", offer)
    act("shopper.answer_offer", return_id=offered, accept=False)
    replaced = act("shopper.return_request", order_id=delivered(shop), kind="REPLACEMENT")
    shop.post(f"/return_refund/202309/returns/{replaced}/approve", {"decision": "APPROVE_REPLACEMENT"})
    form, kind = multipart({"tracking_number": b"OWN-1", "return_provider_id": shop.carrier.encode()}, {})
    path = "/return_refund/202405/returns/shipping_documents"
    assert shop.send("POST", path, content=form, content_type=kind, return_id=wanted).json()["code"] == 0
    shop.get(f"/return_refund/202309/returns/{wanted}/records")
    for version in ("202309", "202606"):
        refused = act("shopper.return_request", order_id=delivered(shop), kind="REFUND")
        reason = shop.get("/return_refund/202309/reject_reasons", return_or_cancel_id=refused)["reasons"][0]["name"]
        body = {"decision": "REJECT_REFUND", "reject_reason": reason}
        shop.post(f"/return_refund/{version}/returns/{refused}/reject", body)
    newer = act("shopper.return_request", order_id=delivered(shop))
    fields = {"whitelisted_data_fields": ["LINE_ITEMS", "SKU_RETURN_REQUESTS"], "pagination": {"page_size": 50}}
    found = shop.post("/return_refund/202603/aftersales/search", fields)["aftersales_requests"]
    lines = next(one["line_items"] for one in found if one["id"] == newer)
    decision = {"action": "APPROVE_REQUEST", "line_items": [{"return_line_item_id": lines[0]["return_line_item_id"]}]}
    review = {"request_id": newer, "line_item_decisions": [decision], "idempotency_key": "a"}
    unknown = {**review, "request_id": "1", "idempotency_key": "b"}
    shop.post("/return_refund/202609/aftersales/review", {"aftersales_request_decisions": [review, unknown]})
    shop.post("/return_refund/202604/rma/search", {})


def finance(shop: Shop) -> None:
    order_id = delivered(shop)
    shop.get("/finance/202507/orders/unsettled", sort_field="order_create_time")
    shop.sandbox.act("tt.complete", order_id=order_id)
    shop.sandbox.advance(2 * DAY)
    renew(shop)
    (statement, *_) = shop.get("/finance/202309/statements", sort_field="statement_time")["statements"]
    path = f"/finance/202501/statements/{statement['id']}/statement_transactions"
    shop.get(path, sort_field="order_create_time")
    shop.get(f"/finance/202501/orders/{order_id}/statement_transactions")
    shop.get("/finance/202605/payments", sort_field="create_time")
    shop.get("/finance/202309/withdrawals", types="WITHDRAW,SETTLE")


def all_that_happened(shop: Shop) -> None:
    """Orders, requests and packages in all the states they came to."""
    found = shop.post("/order/202309/orders/search", {}, page_size="50")["orders"]
    ids = ",".join(order["id"] for order in found)
    for version in ("202309", "202507"):
        shop.get(f"/order/{version}/orders", ids=ids)
    for version in ("202309", "202602"):
        shop.post(f"/return_refund/{version}/returns/search", {}, page_size="50")
        shop.post(f"/return_refund/{version}/cancellations/search", {}, page_size="50")
    for package in shop.post("/fulfillment/202309/packages/search", {}, page_size="50")["packages"]:
        shop.get(f"/fulfillment/202309/packages/{package['id']}")


# -- other markets -------------------------------------------------------------------------------------------------


def vietnamese(at: Tour) -> None:
    shop = at.shop(region="VN")
    shop.list_product()
    shop.switch("on_hold", value=False)
    ids = [shop.buy(buyer="ann", shipping_type="TIKTOK") for _ in range(2)]
    shop.order(ids[0])
    (group,) = shop.get("/fulfillment/202309/combinable_packages/search", **PAGE)["combinable_packages"]
    both = {"combinable_packages": [group, {"id": "1", "order_ids": ids}]}
    package = shop.post("/fulfillment/202309/packages/combine", both)["packages"][0]["id"]
    shop.get(f"/fulfillment/202309/packages/{package}/handover_time_slots")
    shop.get(f"/fulfillment/202309/packages/{package}")
    shop.post(f"/fulfillment/202309/packages/{package}/uncombine", {"order_ids": ids[:1]})
    items = [{"seller_sku": "MUG-250", "quantity": 1}, {"seller_sku": "MUG-400", "quantity": 1}]
    order_id = at.sandbox.act("shopper.buy", shop_id=shop.id, items=items, shipping_type="SELLER")
    line = shop.order(order_id)["line_items"][1]["id"]
    groups = {"splittable_groups": [{"id": "a", "order_line_item_ids": [line]}]}
    own = shop.post(f"/fulfillment/202309/orders/{order_id}/split", groups)["packages"][0]["id"]
    self_shipment = {"tracking_number": "VN-0001", "shipping_provider_id": JT}
    shop.post(f"/fulfillment/202309/packages/{own}/ship", {"self_shipment": self_shipment})
    report = {"packages": [{"id": i, "delivery_type": "DELIVERY_SUCCESS"} for i in (own, "1")]}
    shop.post("/fulfillment/202309/packages/deliver", report)
    theirs = shop.order(shop.buy(shipping_type="TIKTOK"))["packages"][0]["id"]
    shop.post("/fulfillment/202309/packages/ship", {"packages": [{"id": theirs}, {"id": "1"}]})
    shop.get(f"/fulfillment/202309/packages/{theirs}/shipping_documents", document_type="SHIPPING_LABEL")
    same = shop.buy(quantity=2)
    shop.get("/fulfillment/202309/orders/split_attributes", order_ids=same)
    cod = shop.buy(shipping_type="TIKTOK")
    shop.post(f"/fulfillment/202309/packages/{shop.order(cod)['packages'][0]['id']}/ship", {})
    for step in ("tt.carrier_scan", "tt.deliver", "tt.complete"):
        at.sandbox.act(step, order_id=cod)
    at.sandbox.act("tt.cancel_order", order_id=shop.buy(pay=False), by="SYSTEM")
    all_that_happened(shop)
    shop.post("/product/202407/products/category_upgrade_task", {})


def brazilian(at: Tour) -> None:
    shop = at.shop()
    product = shop.body()
    for sku in product["skus"]:
        sku["price"]["currency"] = "BRL"
    shop = at.shop(region="BR")
    at.sandbox.act("tt.set_switch", shop_id=shop.id, name="category_version", value="v2")
    image = shop.upload()
    for sku in product["skus"]:
        sku["inventory"] = [{"warehouse_id": warehouse, "quantity": 9} for warehouse in shop.warehouses]
    shop.post("/product/202309/products", {**product, "main_images": [{"uri": image["uri"]}]})
    at.sandbox.advance(31)
    shop.switch("on_hold", value=False)
    order = shop.order(shop.buy(shipping_type="TIKTOK"))
    invoice = {
        "package_id": order["packages"][0]["id"], "order_ids": [order["id"]], "file_type": "XML",
        "file": base64.b64encode(b"<NFe/>").decode(),
    }  # fmt: skip
    shop.post("/fulfillment/202502/invoice/upload", {"invoices": [invoice, {**invoice, "package_id": "1"}]})


def german(at: Tour) -> None:
    shop = at.shop(region="DE")
    for kind, body in (("manufacturer", MAKER), ("responsible_person", PERSON)):
        path = f"/product/202409/compliance/{kind}s"
        made = shop.post(path, body, shop=False)[f"{kind}_id"]
        shop.post(f"{path}/{made}/partial_edit", {"name": "Harbor Forge of Kassel"}, shop=False)
        shop.post(f"/product/202501/compliance/{kind}s/search", {}, shop=False, **PAGE)


def worldwide(at: Tour) -> None:
    us = at.shop(seller_type="CROSS_BORDER")
    other = at.sandbox.act("tt.create_shop", seller=us.seller, name="Harbor UK", region="GB")
    warehouse = other["sales_warehouse_ids"][0]
    us.get("/seller/202601/shop_groups", shop=False)
    us.get("/seller/202309/permissions", shop=False)
    us.get("/logistics/202309/global_warehouses", shop=False)
    us.get("/product/202507/global_listing_rules")
    answer = us.list_product()
    price = {"sale_price": "10.00", "currency": "GBP"}
    skus = [
        {"source_sku_id": sku["id"], "price": price, "inventory": [{"warehouse_id": warehouse, "quantity": 7}]}
        for sku in answer["skus"]
    ]
    wanted = {"replicate_target": [{"region": "GB", "skus": skus}, {"region": "FR", "skus": skus}]}
    us.post(f"/product/202507/products/{answer['product_id']}/global_replicate", wanted)
    at.sandbox.advance(100)
    us.get(f"/product/202507/products/{answer['product_id']}/replicated_products")
    us.product(answer["product_id"])

    size = {"length": "10", "width": "10", "height": "12", "unit": "CENTIMETER"}
    body = us.body(package_dimensions=size, external_global_product_id="g-1")
    for sku in body["skus"]:
        del sku["inventory"]
        sku |= {"identifier_code": {"code": "4006381333931", "type": "EAN"}, "external_global_sku_id": "s-1"}
    made = us.post("/product/202309/global_products", body, shop=False)
    path = f"/product/202309/global_products/{made['global_product_id']}"
    local = [
        {"related_global_sku_id": sku["id"], "price": price, "inventory": {"warehouse_id": warehouse, "quantity": 3}}
        for sku in made["global_skus"]
    ]
    targets = [{"region": "GB", "skus": local}, {"region": "PO", "skus": local}]
    us.post(f"{path}/publish", {"publish_target": targets}, shop=False)
    at.sandbox.advance(31)
    us.get(path, shop=False)
    for version in ("202309", "202312"):
        us.post(f"/product/{version}/global_products/search", {"status": "PUBLISHED"}, shop=False, **PAGE)
    new = [{**s, "id": g["id"]} for s, g in zip(body["skus"], made["global_skus"], strict=True)]
    us.call("PUT", path, {**body, "skus": new}, shop=False)
    partial = {"title": "Enamel mug, worldwide edition"}
    us.call("PUT", f"{path.replace('202309', '202509')}/partial_edit", partial, shop=False)
    home = us.get("/logistics/202309/global_warehouses", shop=False)["global_warehouses"][0]["id"]
    levels = [{"id": s["id"], "inventory": [{"global_warehouse_id": home, "quantity": 4}]} for s in made["global_skus"]]
    us.post(f"{path}/inventory/update", {"global_skus": levels}, shop=False)
    us.call(
        "DELETE", "/product/202309/global_products", {"global_product_ids": [made["global_product_id"]]}, shop=False
    )
    us.get("/product/202309/global_categories", shop=False, category_version="v2")
    us.post("/product/202309/global_categories/recommend", {"product_title": "Enamel mug"}, shop=False)
    for what in ("global_attributes", "global_rules"):
        us.get(f"/product/202309/categories/{MUGS}/{what}", shop=False, category_version="v2")
