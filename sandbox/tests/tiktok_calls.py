"""A call that passes for every operation of the TikTok Shop double, in a market where it works."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from sandbox.tests.tiktok_client import MUGS, Shop, open_global_seller, open_shop
from twinshelf_sandbox.app import build


class Sent(NamedTuple):
    """A call that passes."""

    shop: Shop
    method: str
    path: str
    body: Any = None
    query: dict[str, str] = {}  # noqa: RUF012 - read only
    in_shop: bool = True


_PAGE = {"page_size": "10", "page_token": ""}
_SORTED = {**_PAGE, "sort_field": "create_time", "sort_order": "ASC"}
_TIMES = {"create_time_ge": 1, "create_time_lt": 2**40, "update_time_ge": 1, "update_time_lt": 2**40}
_ONCE = {"idempotency_key": "k"}
_REJECT = {
    "reject_reason": "seller_reject_apply_product_has_been_packed",
    "comment": "packed",
    "images": [{"image_id": "x", "mime_type": "image/png", "height": 1, "width": 1}],
}


def american(shop: Shop) -> Iterator[Sent]:
    shop.switch("on_hold", value=False)
    made = shop.list_product(external_product_id="bc-77")
    product_id, skus = made["product_id"], [sku["id"] for sku in made["skus"]]
    yield from listings(shop, product_id, skus)
    yield from offers(shop, product_id, skus)
    yield from advice(shop, product_id, skus)
    yield from settings_of_the_shop(shop)
    yield from orders(shop)
    yield from shipments(shop)
    yield from cancellations(shop)
    yield from returns(shop)
    yield from statements(shop)
    yield from activities(shop, product_id, skus)


def listings(shop: Shop, product_id: str, skus: list[str]) -> Iterator[Sent]:
    """Creating, editing and hiding."""
    one = f"/product/202509/products/{product_id}"
    image = shop.upload()
    full = shop.body(
        brand_id="7082427311584000105",
        certifications=[],
        delivery_option_ids=["1"],
        external_product_id="bc-78",
        is_cod_allowed=True,
        is_not_for_sale=False,
        key_product_features=["Does not chip"],
        locale="en-US",
        minimum_order_quantity=2,
        package_dimensions={"length": "10", "width": "10", "height": "12", "unit": "CENTIMETER"},
        purchase_order_quantity_limit={"maximum_order_quantity": 9, "cumulative_order_quantity": 20},
        replicated_products=[{"region": "MX", "skus": [{"id": "1", "inventory": [{"quantity": 1}]}]}],
        save_mode="LISTING",
        scheduled_sale={"is_enabled_scheduled_sale": False, "schedule_sale_time": 0},
        search_terms=["mug"],
        size_chart={"image": {"uri": image["uri"]}},
        shipping_template_id="7",
        idempotency_key="once",
    )
    full["product_attributes"].append(
        {
            "id": "100347",
            "values": [
                {"id": "1000256", "metric_standard_info": {"id": "1", "metric_value_module_infos": [{"id": "2"}]}}
            ],
        }
    )
    full["skus"][0] |= {
        "external_sku_id": "v1",
        "external_urls": ["https://example.com/mug"],
        "identifier_code": {"code": "4006381333931", "type": "EAN"},
        "list_price": {"amount": "15.00", "currency": "USD"},
        "external_list_prices": [{"amount": "16.00", "currency": "USD", "source": "SHOPIFY_COMPARE_AT_PRICE"}],
        "sku_weight": {"value": "0.4", "unit": "KILOGRAM"},
        "sku_dimensions": {"length": "10", "width": "10", "height": "12", "unit": "CENTIMETER"},
        "sku_unit_count": "1.5",
        "fees": [{"type": "PFAND", "amount": "0.25", "additional_attribute": "SINGLE_USE"}],
    }
    full["skus"][0]["inventory"][0] |= {"backorder_quantity": 3, "handling_time": 4}
    full["skus"][0]["sales_attributes"][0] |= {
        "sku_img": {"uri": image["uri"]},
        "supplementary_sku_images": [{"uri": image["uri"]}],
    }
    yield Sent(shop, "POST", "/product/202309/products", full)
    yield Sent(shop, "POST", "/product/202309/products/listing_check", full)
    yield Sent(shop, "POST", "/product/202411/products/diagnose_optimize", full)
    edit = copy.deepcopy({**full, "external_product_id": "bc-77"})
    del edit["idempotency_key"], edit["replicated_products"]
    for sku, sku_id in zip(edit["skus"], skus, strict=True):
        sku["id"] = sku_id
    yield Sent(shop, "PUT", one, edit)
    yield Sent(shop, "POST", f"{one}/partial_edit", {name: edit[name] for name in edit if name != "category_id"})
    for what in ("activate", "deactivate", "recover"):
        yield Sent(shop, "POST", f"/product/202309/products/{what}", {"product_ids": [product_id]})
    yield Sent(shop, "DELETE", "/product/202309/products", {"product_ids": [product_id]})


def offers(shop: Shop, product_id: str, skus: list[str]) -> Iterator[Sent]:
    """Prices, stock and searches."""
    prices = [
        {
            "id": sku_id,
            "price": {"amount": "11.00", "currency": "USD"},
            "list_price": {"amount": "15.00", "currency": "USD"},
            "external_list_prices": [{"amount": "16.00", "currency": "USD", "source": "SHOPIFY_COMPARE_AT_PRICE"}],
        }
        for sku_id in skus
    ]
    levels = [
        {
            "id": i,
            "inventory": [
                {"warehouse_id": shop.warehouses[0], "quantity": 4, "backorder_quantity": 1, "handling_time": 3}
            ],
        }
        for i in skus
    ]
    yield Sent(shop, "POST", f"/product/202309/products/{product_id}/prices/update", {"skus": prices})
    yield Sent(shop, "POST", f"/product/202309/products/{product_id}/inventory/update", {"skus": levels})
    yield Sent(shop, "POST", "/product/202309/inventory/search", {"sku_ids": skus, "product_ids": [product_id]})
    settings = {"seller_id": shop.seller, "sku_ids": skus, "stock_operation_setting": {"enable_auto_restock": True}}
    yield Sent(shop, "POST", "/product/202608/inventory/operation/settings", settings)
    search = {
        "status": "ALL", "seller_skus": ["MUG-250"], "sku_ids": skus, "create_time_ge": 1, "create_time_le": 2**40,
        "update_time_ge": 1, "update_time_le": 2**40, "category_version": "v2", "audit_status": ["APPROVED"],
        "listing_quality_tiers": ["POOR"], "return_draft_version": True, "listing_platforms": ["TIKTOK_SHOP"],
    }  # fmt: skip
    yield Sent(shop, "POST", "/product/202502/products/search", search, _PAGE)
    yield Sent(shop, "GET", f"/product/202309/products/{product_id}", query={"return_under_review_version": "false"})


def advice(shop: Shop, product_id: str, skus: list[str]) -> Iterator[Sent]:
    """Categories, brands and what the platform suggests."""
    image = shop.upload()
    recommend = {
        "product_title": "Enamel mug",
        "description": "<p>A mug</p>",
        "images": [{"uri": image["uri"]}],
        "category_version": "v2",
    }
    yield Sent(shop, "POST", "/product/202309/categories/recommend", recommend)
    suggest = {
        "product_title": "Enamel mug",
        "title": "Mug",
        "description": "x",
        "category_id": MUGS,
        "images": [{"uri": image["uri"]}],
    }
    yield Sent(shop, "POST", "/product/202609/products/properties/recommend", suggest)
    yield Sent(shop, "POST", "/product/202609/brands/suggest", suggest)
    yield Sent(shop, "POST", "/product/202609/products/package/predict", suggest)
    yield Sent(shop, "POST", "/product/202602/packages/recommend", {"product_ids": [product_id]})
    yield Sent(shop, "POST", "/product/202309/brands", {"name": "Harbor Fuzz"}, in_shop=False)
    tree = {"category_version": "v2", "locale": "en-US", "keyword": "mug"}
    yield Sent(shop, "GET", "/product/202309/categories", query=tree)
    yield Sent(shop, "GET", f"/product/202309/categories/{MUGS}/rules", query=tree)
    yield Sent(shop, "GET", f"/product/202309/categories/{MUGS}/attributes", query=tree)
    brands = {**_PAGE, "brand_name": "Har", "is_authorized": "1", "category_id": MUGS, "category_version": "v2"}
    yield Sent(shop, "GET", "/product/202309/brands", query=brands)
    yield Sent(
        shop,
        "POST",
        "/product/202404/images/optimize",
        {"images": [{"uri": image["uri"], "optimization_mode": "WHITE_BACKGROUND"}]},
    )
    for what in ("diagnoses", "suggestions", "seo_words"):
        yield Sent(shop, "GET", f"/product/202405/products/{what}", query={"product_ids": product_id})
    reference = {"external_product_id": "bc-1", "skus": [{"id": skus[0], "external_prices": [{"amount": "20"}]}]}
    yield Sent(shop, "POST", f"/product/202609/products/{product_id}/strikethrough_price/submit", reference)


def settings_of_the_shop(shop: Shop) -> Iterator[Sent]:
    """Size charts, webhooks, delivery options."""
    chart = {
        "category_id": "601302", "template_name": "Shirts", "size_chart_mode": "REUSABLE_TEMPLATE",
        "size_chart_data": {
            "measurement_type": "BODY_MEASUREMENTS", "unit_system": "METRIC", "description": "x", "is_one_size": False,
            "size_types": ["REGULAR"],
            "table": {"headers": [{"name": "Size", "id": "1"}], "rows": [{"cells": [{"value": "M"}]}]},
        },
    }  # fmt: skip
    yield Sent(shop, "POST", "/product/202610/size_charts", chart)
    chart_id = shop.post("/product/202610/size_charts", chart)["size_chart_id"]
    yield Sent(shop, "POST", "/product/202610/size_charts/edit", {**chart, "size_chart_id": chart_id})
    yield Sent(
        shop, "POST", "/product/202407/sizecharts/search", {"ids": [chart_id], "keyword": "S"}, _PAGE, in_shop=False
    )
    hook = {"address": "https://hooks.example.com", "event_type": "ORDER_STATUS_CHANGE"}
    yield Sent(shop, "PUT", "/event/202309/webhooks", hook)
    yield Sent(shop, "DELETE", "/event/202309/webhooks", hook)
    options = f"/logistics/202309/warehouses/{shop.warehouses[0]}/delivery_options"
    yield Sent(shop, "GET", options, query={"scope": "PRODUCT"})
    option = shop.get(options)["delivery_options"][0]["id"]
    regions = {"warehouse_region": "US", "buyer_region": "US"}
    yield Sent(shop, "GET", f"/logistics/202309/delivery_options/{option}/shipping_providers", query=regions)


def orders(shop: Shop) -> Iterator[Sent]:
    """Reading orders, and the caller's own ids of them."""
    waiting = shop.buy(quantity=2)
    lines = [line["id"] for line in shop.order(waiting)["line_items"]]
    search = {
        **_TIMES, "order_status": "AWAITING_SHIPMENT", "shipping_type": "SELLER", "buyer_user_id": "1",
        "is_buyer_request_cancel": False, "warehouse_ids": shop.warehouses,
    }  # fmt: skip
    yield Sent(shop, "POST", "/order/202309/orders/search", search, _SORTED)
    yield Sent(shop, "GET", "/order/202507/orders", query={"ids": waiting})
    external = {"id": "100", "platform": "BIGCOMMERCE", "line_items": [{"id": "5", "origin_id": lines[0]}]}
    yield Sent(
        shop, "POST", "/order/202406/orders/external_orders", {"orders": [{"id": waiting, "external_order": external}]}
    )
    found = {"platform": "BIGCOMMERCE", "external_order_id": "100"}
    yield Sent(shop, "POST", "/order/202406/orders/external_order_search", query=found)
    yield Sent(shop, "GET", f"/order/202406/orders/{waiting}/external_orders", query=found)


def shipments(shop: Shop) -> Iterator[Sent]:
    """Everything up to the carrier."""
    waiting = shop.buy(quantity=2)
    lines = [line["id"] for line in shop.order(waiting)["line_items"]]
    carrier = {"tracking_number": "T-12345", "shipping_provider_id": shop.carrier}
    mark = {
        "order_line_list": [{"order_line_id": lines[0], "sub_item_id": "1"}],
        "shipping_info_list": [{**carrier, "note": "fragile"}],
    }
    yield Sent(shop, "POST", f"/fulfillment/202610/orders/{waiting}/packages", mark)
    old = {"order_line_item_ids": lines, **carrier}
    yield Sent(shop, "POST", f"/fulfillment/202309/orders/{waiting}/packages", old)
    yield Sent(shop, "GET", "/fulfillment/202309/orders/split_attributes", query={"order_ids": waiting})
    groups = [{"id": "1", "order_line_item_ids": lines[:1]}]
    yield Sent(shop, "POST", f"/fulfillment/202309/orders/{waiting}/split", {"splittable_groups": groups})
    label = shop.buy(shipping_type="TIKTOK")
    bought = {
        "ship_type": "2", "order_id": label,
        "order_line_item": [{"order_line_id": shop.order(label)["line_items"][0]["id"]}],
        "dimension": {"length": "1", "width": "2", "height": "3", "unit": "CM"},
        "weight": {"value": "5", "unit": "GRAM"},
    }  # fmt: skip
    yield Sent(shop, "POST", f"/fulfillment/202309/orders/{label}/shipping_services/query", bought)
    yield Sent(shop, "POST", "/fulfillment/202512/packages", bought)
    yield Sent(
        shop,
        "POST",
        "/fulfillment/202512/packages",
        {"ship_type": "3", "order_list_ids": [label, shop.buy(shipping_type="TIKTOK")]},
    )
    yield Sent(shop, "POST", "/fulfillment/202309/packages/search", {**_TIMES, "package_status": "PROCESSING"}, _SORTED)

    sent = shop.buy(quantity=2)
    package = shop.mark_shipped(sent)["package_id"]
    update = {**carrier, "shipping_info_list": [carrier]}
    yield Sent(shop, "POST", f"/fulfillment/202309/orders/{sent}/shipping_info/update", update)
    yield Sent(shop, "POST", f"/fulfillment/202610/packages/{package}/shipping_info/update", update)
    report = {
        "packages": [{"id": package, "delivery_type": "DELIVERY_SUCCESS", "fail_delivery_reason": "x", "file_url": "x"}]
    }
    yield Sent(shop, "POST", "/fulfillment/202309/packages/deliver", report)


def cancellations(shop: Shop) -> Iterator[Sent]:
    waiting = shop.buy(quantity=2)
    lines = [line["id"] for line in shop.order(waiting)["line_items"]]
    cancel = {
        "order_id": waiting, "cancel_reason": "seller_cancel_reason_out_of_stock",
        "order_line_list": [{"order_line_item_id": lines[0], "sub_order_line_item_id": "1"}],
    }  # fmt: skip
    yield Sent(shop, "POST", "/return_refund/202602/cancellations", cancel)
    by_sku = {**cancel, "skus": [{"sku_id": shop.order(waiting)["line_items"][0]["sku_id"], "quantity": 1}]}
    del by_sku["order_line_list"]
    yield Sent(shop, "POST", "/return_refund/202309/cancellations", by_sku)
    asked = shop.buy()
    cancel_id = shop.sandbox.act("shopper.cancel", order_id=asked)
    yield Sent(shop, "POST", f"/return_refund/202309/cancellations/{cancel_id}/approve", {}, _ONCE)
    yield Sent(shop, "POST", f"/return_refund/202309/cancellations/{cancel_id}/reject", _REJECT, _ONCE)
    cancels = {
        **_TIMES,
        "order_ids": [asked],
        "buyer_user_ids": ["1"],
        "locale": "en-US",
        "cancel_ids": [cancel_id],
        "cancel_types": ["BUYER_CANCEL"],
        "cancel_status": ["x"],
    }
    yield Sent(shop, "POST", "/return_refund/202602/cancellations/search", cancels, _SORTED)
    who = {"initiate_aftersale_user": "SELLER", "request_types": "CANCEL,REFUND"}
    yield Sent(shop, "GET", f"/return_refund/202602/orders/{waiting}/aftersale_eligibility", query=who)


def delivered(shop: Shop) -> str:
    order_id = shop.buy(quantity=2)
    shop.mark_shipped(order_id)
    shop.sandbox.act("tt.deliver", order_id=order_id)
    return order_id


def returns(shop: Shop) -> Iterator[Sent]:
    """Returns and refunds, in both models."""
    act, sent = shop.sandbox.act, delivered(shop)
    by_seller = {
        "order_id": sent, "return_type": "REFUND", "return_reason": "ecom_order_delivered_refund_reason_damaged_seller",
        "skus": [{"sku_id": shop.order(sent)["line_items"][0]["sku_id"], "quantity": 1}], "refund_total": "1.00",
        "currency": "USD", "shipment_type": "PLATFORM", "handover_method": "DROP_OFF",
    }  # fmt: skip
    yield Sent(shop, "POST", "/return_refund/202602/returns", by_seller, _ONCE)
    yield Sent(shop, "POST", "/return_refund/202602/refunds/calculate", by_seller)
    return_id = act("shopper.return_request", order_id=sent, kind="REFUND", seller_skus=["MUG-250"])
    other_id = act("shopper.return_request", order_id=sent)
    approve = f"/return_refund/202309/returns/{return_id}/approve"
    offer = {"decision": "OFFER_PARTIAL_REFUND", "partial_refund": {"amount": "1.00", "currency": "USD"}}
    yield Sent(shop, "POST", approve, offer, _ONCE)
    keeps = {"decision": "APPROVE_RETURN", "buyer_keep_item": True}
    yield Sent(shop, "POST", f"/return_refund/202309/returns/{other_id}/approve", keeps)
    no = {
        **_REJECT,
        "decision": "REJECT_REFUND",
        "reject_reason": "reverse_reject_request_reason_1",
        "partial_refund_amount": {"amount": "1", "currency": "USD"},
    }
    yield Sent(shop, "POST", f"/return_refund/202606/returns/{return_id}/reject", no, _ONCE)
    wanted = {
        **_TIMES, "order_ids": [sent], "return_ids": [return_id], "return_types": ["REFUND"], "return_status": ["x"],
        "arbitration_status": ["CLOSED"], "seller_proposed_return_type": ["PARTIAL_REFUND"],
    }  # fmt: skip
    yield Sent(shop, "POST", "/return_refund/202602/returns/search", wanted, _SORTED)
    for what, version in (("reject_reasons", "202309"), ("decision_eligibility", "202601")):
        yield Sent(shop, "GET", f"/return_refund/{version}/{what}", query={"return_or_cancel_id": return_id})
    yield Sent(shop, "GET", "/return_refund/202606/review_decision", query={"return_id": return_id})
    between = {"min_unix_time_inclusive": 1, "max_unix_time_exclusive": 2**40}
    newer = {
        "whitelisted_data_fields": ["LINE_ITEMS", "SKU_RETURN_REQUESTS"],
        "filters": {
            "aftersales_request_ids": [return_id], "return_types": ["REFUND"], "main_order_ids": [sent],
            "buyer_ids": ["1"], "time": {"create_time": between, "update_time": between},
        },
        "sort": {"sort_field": "CREATE_TIME", "sort_order": "DESC"},
        "pagination": {"page_size": 10, "page_token": ""},
    }  # fmt: skip
    yield Sent(shop, "POST", "/return_refund/202603/aftersales/search", newer)
    yield Sent(shop, "POST", "/return_refund/202604/rma/search", newer)
    decision = {
        "action": "OFFER_PARTIAL_REFUND", "line_items": [{"return_line_item_id": "1"}],
        "alternative_solution_details": {"partial_refund_amount": "1.00", "currency": "USD"},
        "reason": {"reason_id": "reverse_reject_request_reason_1", "text": "x"},
    }  # fmt: skip
    review = {
        "request_id": return_id,
        "request_id_type": "x",
        "idempotency_key": "k",
        "line_item_decisions": [decision],
    }
    yield Sent(shop, "POST", "/return_refund/202609/aftersales/review", {"aftersales_request_decisions": [review]})


def statements(shop: Shop) -> Iterator[Sent]:
    shop.sandbox.act("tt.complete", order_id=delivered(shop))
    for what, version, field in (
        ("statements", "202309", "statement_time"),
        ("payments", "202605", "create_time"),
        ("orders/unsettled", "202507", "order_create_time"),
        ("withdrawals", "202309", "create_time"),
    ):
        money = {
            "sort_field": field, "sort_order": "ASC", "page_size": "10", "page_token": "", "types": "SETTLE",
            f"{field}_ge": "1", f"{field}_lt": "99999", "search_time_ge": "1", "payment_status": "PAID",
        }  # fmt: skip
        yield Sent(shop, "GET", f"/finance/{version}/{what}", query=money)


def activities(shop: Shop, product_id: str, skus: list[str]) -> Iterator[Sent]:
    now = int(shop.sandbox.world.clock.now())
    body: dict[str, Any] = {
        "title": "Summer", "activity_type": "FIXED_PRICE", "product_level": "VARIATION", "duration_type": "NORMAL",
        "begin_time": now + 1000, "end_time": now + 90_000, "participation_limit": [{"type": "NO_LIMIT"}],
        "discount": {"bmsm_discount": {"x": 1}},
    }  # fmt: skip
    yield Sent(shop, "POST", "/promotion/202309/activities", {**body, "title": "Winter"})
    path = f"/promotion/202309/activities/{shop.post('/promotion/202309/activities', body)['activity_id']}"
    yield Sent(shop, "PUT", path, body)
    sku = {"id": skus[0], "activity_price_amount": "9.00", "quantity_limit": -1, "quantity_per_user": -1}
    chosen = {"activity_id": path.rsplit("/", 1)[1], "products": [{"id": product_id, "skus": [sku]}]}
    yield Sent(shop, "PUT", f"{path}/products", chosen)
    shop.call("PUT", f"{path}/products", chosen)
    yield Sent(shop, "DELETE", f"{path}/products", {"product_ids": [product_id], "sku_ids": [skus[0]]})
    found = {
        "status": "NOT_START",
        "activity_title": "S",
        "activity_type": "FIXED_PRICE",
        "page_size": 10,
        "page_token": "",
    }
    yield Sent(shop, "POST", "/promotion/202309/activities/search", found)


def vietnamese(shop: Shop) -> Iterator[Sent]:
    shop.switch("on_hold", value=False)
    shop.list_product()
    yield Sent(shop, "POST", "/product/202407/products/category_upgrade_task", {})
    first, second = shop.buy(buyer="An"), shop.buy("MUG-400", buyer="An")
    package = shop.order(first)["packages"][0]["id"]
    ship = {
        "handover_method": "PICKUP", "pickup_slot": {"start_time": 1, "end_time": 2},
        "self_shipment": {"tracking_number": "VN-12345", "shipping_provider_id": shop.carrier},
    }  # fmt: skip
    yield Sent(shop, "POST", f"/fulfillment/202309/packages/{package}/ship", {"self_shipment": ship["self_shipment"]})
    yield Sent(shop, "POST", f"/fulfillment/202309/packages/{package}/ship", ship)
    yield Sent(shop, "POST", "/fulfillment/202309/packages/ship", {"packages": [{"id": package, **ship}]})
    yield Sent(
        shop, "GET", "/fulfillment/202309/combinable_packages/search", query={"page_size": "10", "page_token": ""}
    )
    pair = {"combinable_packages": [{"id": package, "order_ids": [first, second]}]}
    yield Sent(shop, "POST", "/fulfillment/202309/packages/combine", pair)
    other = shop.buy(buyer="Binh"), shop.buy("MUG-400", buyer="Binh")
    waiting = shop.order(other[0])["packages"][0]["id"]
    joined = shop.post(
        "/fulfillment/202309/packages/combine", {"combinable_packages": [{"id": waiting, "order_ids": other}]}
    )
    yield Sent(
        shop,
        "POST",
        f"/fulfillment/202309/packages/{joined['packages'][0]['id']}/uncombine",
        {"order_ids": list(other)},
    )
    by_tiktok = shop.buy(shipping_type="TIKTOK")
    arranged = shop.order(by_tiktok)["packages"][0]["id"]
    shop.post(f"/fulfillment/202309/packages/{arranged}/ship", {})
    papers = {"document_type": "SHIPPING_LABEL", "document_size": "A6", "document_format": "PDF"}
    yield Sent(shop, "GET", f"/fulfillment/202309/packages/{arranged}/shipping_documents", query=papers)


def brazilian(shop: Shop) -> Iterator[Sent]:
    shop.switch("on_hold", value=False)
    shop.switch("category_version", value="v2")
    shop.list_product()
    order = shop.order(shop.buy(shipping_type="TIKTOK"))
    invoice = {
        "package_id": order["packages"][0]["id"], "order_ids": [order["id"]], "file_type": "XML",
        "file": base64.b64encode(b"<NFe/>").decode(),
    }  # fmt: skip
    yield Sent(shop, "POST", "/fulfillment/202502/invoice/upload", {"invoices": [invoice]})


def replicated(us: Shop, uk: Shop) -> Iterator[Sent]:
    """An edit of a product that was copied to another market."""
    body = us.body(title="Enamel mug with a handle of ash wood")
    made = us.list_product(**body)
    prices = {"sale_price": "10.00", "currency": "GBP"}
    skus = [{"source_sku_id": sku["id"], "price": prices} for sku in made["skus"]]
    us.post(
        f"/product/202507/products/{made['product_id']}/global_replicate",
        {"replicate_target": [{"region": "GB", "skus": skus}]},
    )
    us.sandbox.advance(61)
    level = [{"warehouse_id": uk.warehouses[0], "quantity": 3}]
    copies = [{"seller_sku": "MUG-250", "price": prices, "inventory": level, "external_sku_id": "v1"}]
    yield Sent(
        us,
        "PUT",
        f"/product/202509/products/{made['product_id']}",
        {**body, "replicated_products": [{"region": "GB", "skus": copies}]},
    )


def global_seller(us: Shop, uk: Shop) -> Iterator[Sent]:
    answer = us.list_product()
    skus = [
        {
            "source_sku_id": sku["id"], "seller_sku": "UK-1", "price": {"sale_price": "10.00", "currency": "GBP"},
            "inventory": [{"warehouse_id": uk.warehouses[0], "quantity": 7}],
        }
        for sku in answer["skus"]
    ]  # fmt: skip
    entry = {
        "region": "GB", "skus": skus, "manufacturer_ids": ["1"], "responsible_person_ids": ["1"],
        "product_attributes": [{"id": "100157", "values": [{"id": "1000039"}]}],
    }  # fmt: skip
    yield Sent(
        us, "POST", f"/product/202507/products/{answer['product_id']}/global_replicate", {"replicate_target": [entry]}
    )
    yield from replicated(us, uk)
    body = us.body(
        package_dimensions={"length": "10", "width": "10", "height": "12", "unit": "CENTIMETER"},
        external_global_product_id="g-1",
        brand_id="7082427311584000105",
    )
    for sku in body["skus"]:
        sku["global_quantity"] = 5
        sku["inventory"] = [{"global_warehouse_id": "1", "quantity": 5}]
        sku["identifier_code"] = {"code": "4006381333931", "type": "EAN"}
        sku["external_global_sku_id"] = "s-1"
    path = "/product/202309/global_products"
    yield Sent(us, "POST", path, body, in_shop=False)
    made = us.post(path, body, shop=False)
    for sku, new in zip(body["skus"], made["global_skus"], strict=True):
        sku["id"] = new["id"]
    one = f"{path}/{made['global_product_id']}"
    target: list[dict[str, Any]] = [
        {
            "region": "GB",
            "skus": [
                {
                    "related_global_sku_id": sku["id"], "price": {"sale_price": "9.50", "currency": "GBP"},
                    "inventory": {"warehouse_id": uk.warehouses[0], "quantity": 3},
                }
                for sku in made["global_skus"]
            ],
        }
    ]  # fmt: skip
    yield Sent(us, "POST", f"{one}/publish", {"publish_target": target}, in_shop=False)
    published = us.post(path, {**body, "title": "Enamel mug, published"}, shop=False)
    for given, new in zip(target[0]["skus"], published["global_skus"], strict=True):
        given["related_global_sku_id"] = new["id"]
    us.post(f"{path}/{published['global_product_id']}/publish", {"publish_target": target}, shop=False)
    for sku, new in zip(body["skus"], published["global_skus"], strict=True):
        sku["id"] = new["id"]
    one = f"{path}/{published['global_product_id']}"
    yield Sent(us, "PUT", one, body, in_shop=False)
    yield Sent(us, "PUT", f"{one.replace('202309', '202509')}/partial_edit", body, in_shop=False)
    stock = [{"id": s["id"], "inventory": s["inventory"]} for s in body["skus"]]
    yield Sent(us, "POST", f"{one}/inventory/update", {"global_skus": stock}, in_shop=False)
    search = {"status": "PUBLISHED", "seller_skus": ["MUG-250"], "create_time_ge": 1, "create_time_le": 2**40}
    yield Sent(us, "POST", "/product/202312/global_products/search", search, {"page_size": "10"}, in_shop=False)
    yield Sent(us, "DELETE", path, {"global_product_ids": [made["global_product_id"]]}, in_shop=False)
    yield Sent(
        us, "GET", "/product/202309/global_categories", query={"category_version": "v2", "keyword": "x"}, in_shop=False
    )
    yield Sent(
        us, "GET", f"/product/202309/categories/{MUGS}/global_rules", query={"category_version": "v2"}, in_shop=False
    )
    title = {"product_title": "Enamel mug", "description": "x"}
    yield Sent(us, "POST", "/product/202309/global_categories/recommend", title, in_shop=False)


def german(shop: Shop) -> Iterator[Sent]:
    profile = {
        "name": "Harbor Forge", "email": "eu@example.com", "locale": "de-DE", "registered_trade_name": "Harbor",
        "phone_number": {"country_code": "+49", "local_number": "5550100", "availability": "AVAILABLE"},
    }  # fmt: skip
    address = {"street_address_line1": "Musterweg 1", "country": "DE", "city": "Kassel", "postal_code": "34117"}
    for kind, name, where in (
        ("manufacturers", "manufacturer_id", "Musterweg 1, Kassel"),
        ("responsible_persons", "responsible_person_id", address),
    ):
        path, body = f"/product/202409/compliance/{kind}", {**profile, "address": where}
        yield Sent(shop, "POST", path, body, in_shop=False)
        made = shop.post(path, body, shop=False)[name]
        yield Sent(shop, "POST", f"{path}/{made}/partial_edit", body, in_shop=False)
        found = {f"{name}s": [made], "keyword": "Forge", "locales": ["de-DE"]}
        yield Sent(
            shop, "POST", f"{path.replace('202409', '202501')}/search", found, {"page_size": "10"}, in_shop=False
        )


def every_call() -> Iterator[Sent]:
    """Calls for every operation, in markets where they work."""
    sandbox = build()
    yield from american(open_shop(sandbox))
    yield from vietnamese(open_shop(sandbox, region="VN"))
    yield from brazilian(open_shop(sandbox, region="BR"))
    yield from german(open_shop(sandbox, region="DE"))
    yield from global_seller(*open_global_seller(sandbox))
