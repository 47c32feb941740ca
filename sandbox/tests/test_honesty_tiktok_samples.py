"""The bodies TikTok Shop documents and those captured from it, against what its double answers.

A documented body shows every field an operation may have, an answer only those that apply: what the double never has
occasion for is listed here with its reason. A captured body is an answer itself, so all it has must be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests import tiktok_tour
from sandbox.tests.shapes import differences, shape
from sandbox.tests.tiktok_client import receive
from sandbox.tests.tiktok_tour import Tour
from twinshelf_sandbox.app import build

# Fields that no answer of the tour has, by their names, each group with its reason.
ABSENT = {
    "taxes, fees and insurances of some markets": (
        "buyer_service_fee cod_fee cod_fee_amount fees gift_retail_price handling_fee insurance item_insurance_fee "
        "item_insurance_tax pfand_fee retail_delivery_fee shipping_fee_deduction_platform "
        "shipping_fee_deduction_platform_voucher shipping_fee_deduction_seller shipping_insurance_fee "
        "shipping_insurance_requirement sku_gift_net_price small_order_fee unit_price fee_tax_breakdown"
    ),
    "identity and payment papers of some markets": (
        "channel_entity_national_registry_id cpf cpf_name need_upload_invoice payment_auth_code payment_card_type "
        "payment_method_code"
    ),
    "kinds of products the double does not sell": (
        "certifications combined_listing_skus combined_skus consultation_id is_pre_owned needs_prescription pre_sale "
        "prescription_requirement primary_combined_product_id product_families product_types release_date "
        "subscribe_info video handling_duration handling_duration_days"
    ),
    "promotions other than discounts of products": (
        "activity_commands activity_price campaign_inventory creator_inventory discount quantity_limit "
        "quantity_per_user"
    ),
    "settlements other than of orders": (
        "adjustment_id adjustment_order_id associated_order_id estimated_release_time estimated_settlement "
        "reserve_amount reserve_id reserve_status shipping_cost_amount shipping_cost_breakdown supplementary_component"
    ),
    "programs of delivery a seller must join": (
        "auto_combine_group_id delivery_option_required_delivery_time delivery_options delivery_preferences "
        "fast_delivery_program fast_dispatch_sla_time last_mile_tracking_number pick_up_cut_off_time pickup_slot"
    ),
    "parts of addresses that nobody filled in": (
        "address_line3 address_line4 availability district first_name first_name_local_script last_name "
        "last_name_local_script post_town province street_address_line2"
    ),
    "states that nothing in the tour comes to": (
        "arbitration_status audit_failed_reasons can_buyer_keep_item combined_return_id deactivation_source diagnoses "
        "errors exchange_source_order_id extra_errors next_return_id pre_return_id product_sync_fail_reasons "
        "sale_price seller_note warning warnings"
    ),
    "global listing, of which the double keeps what a connector needs": (
        "brand external_global_sku_id extra_identifier_codes global_listing_policy global_product_association "
        "global_quantity id integrated_platform_statuses inventory manufacturer manufacturer_ids name optional_regions "
        "permission_statuses required_regions responsible_person_ids size_chart sku_img sku_mappings sku_unit_count "
        "source_locale value_id"
    ),
    "advice of the platform on categories": "icon_url images recommended_categories requirement_conditions",
    "the first shape of buying a label, which the double answers in the shape of its successor": (
        "order_id order_line_item_ids"
    ),
}
# Where the documentation errs: (operation, place) → why.
MISTAKES = {
    ("GET /product/202309/categories/{}/rules", "allowed_special_product_types"): "a text for a list of texts",
    ("GET /product/202507/global_listing_rules", "listing_methods"): "a text for a list of texts",
    ("POST /return_refund/202309/returns/search", "return_orders[].is_combined_return"): "captured replies have a flag",
}


@pytest.fixture(scope="module")
def documented(shared: Path) -> dict[str, Any]:
    """operation → data of its documented reply."""
    folder = shared / "data" / "tiktok-doc-samples"
    if not folder.is_dir():
        pytest.skip("the documented bodies of TikTok Shop are not in the reference material")
    found = {}
    for file in sorted(folder.glob("*.json")):
        for sample in json.loads(file.read_text(encoding="utf-8")).values():
            if "path" in sample:
                found[f"{sample['method']} {re.sub(r'{[^}]+}', '{}', sample['path'])}"] = sample["response"]["data"]
    return found


@pytest.fixture(scope="module")
def captured(shared: Path) -> Path:
    folder = shared / "data" / "tiktok-captured-samples"
    if not folder.is_dir():
        pytest.skip("the captured bodies of TikTok Shop are not in the reference material")
    return folder


@pytest.fixture(scope="module")
def tour() -> Iterator[Tour]:
    sandbox = build()
    yield tiktok_tour.tour(sandbox)
    sandbox.close()


def test_the_tour_goes_to_every_operation_at_every_version(tour):
    assert tiktok_tour.operations(tour.sandbox) - tour.successes().keys() == set()


def test_answers_have_the_shape_of_the_documented_bodies(documented, tour):
    ours = tour.successes()
    shared_operations = documented.keys() & ours.keys()
    missing, wrong = set(), {}
    for operation in sorted(shared_operations):
        for place, what in differences(shape([documented[operation]]), shape(ours[operation])).items():
            if what == "missing":
                missing.add(place.rpartition(".")[2])
            else:
                wrong[operation, place] = what
    assert wrong.keys() == MISTAKES.keys()
    assert missing == {name for names in ABSENT.values() for name in names.split()}
    assert len(shared_operations) >= 105


# Fields of answers that the documented bodies, of December 2025, do not show, each with where it is known from.
BEYOND = {
    "action_code": "the operation's newer description",
    "buyer_nickname": "Get Order Detail's newer description",
    "fulfillment_priority_level": "captured orders",
    "is_quick_refund": "a captured return",
    "order_line_list": "Get Aftersale Eligibility's newer description",
    "package_sub_status": "a captured package",
    "payment_time": "Get Statements' newer description",
    "product_tags": "a captured search",
    "recommended_shipping_time": "captured orders",
    "seller_sku": "Get Category Rules' newer description",
    "should_replenish_stock": "captured cancellations",
    "size_chart_datas": "Search Size Charts' newer description",
    "size_chart_mode": "Search Size Charts' newer description",
    "warehouse_id": "Get Package Detail's newer description",
}


def test_answers_have_nothing_that_was_neither_documented_nor_seen(documented, tour):
    """At any version of the operation; operations younger than the bodies are held to their models elsewhere."""
    bodies: dict[str, list[Any]] = {}
    for operation, data in documented.items():
        bodies.setdefault(re.sub(r"/\d{6}/", "/v/", operation), []).append(data)
    found = set()
    for operation, answers in tour.successes().items():
        known = bodies.get(re.sub(r"/\d{6}/", "/v/", operation))
        if known is not None:
            more = differences(shape(answers), shape(known))
            found |= {place.rpartition(".")[2] for place, what in more.items() if what == "missing"}
    assert found == BEYOND.keys()


def test_orders_have_the_shape_of_captured_ones(captured, tour):
    orders = json.loads((captured / "orders_vn_202309.json").read_text(encoding="utf-8"))
    sandbox = build()
    vietnam = Tour(sandbox)
    tiktok_tour.vietnamese(vietnam)
    ours = [order for data in vietnam.successes()["POST /order/202309/orders/search"] for order in data["orders"]]
    sandbox.close()
    assert differences(shape(orders), shape(ours)) == {}
    at_work = [order for order in orders if "recommended_shipping_time" in order]
    for order in [*at_work, *(order for order in ours if "recommended_shipping_time" in order)]:
        assert order["recommended_shipping_time"] == order["tts_sla_time"] * 1000


# A captured reply and the operation that gives its like here.
REPLIES = {
    "get-authorized-shops (authorization 202309)": "GET /authorization/202309/shops",
    "search-products (product 202309, page_size 1)": "POST /product/202309/products/search",
    "get-product (product 202309, truncated)": "GET /product/202309/products/{}",
    "search-returns (return_refund 202602)": "POST /return_refund/202602/returns/search",
    "search-cancellations (return_refund 202602)": "POST /return_refund/202602/cancellations/search",
    "inventory-search (product 202309)": "POST /product/202309/inventory/search",
    "get-order-split-attributes": "GET /fulfillment/202309/orders/split_attributes",
    "get-package-detail (sandbox)": "GET /fulfillment/202309/packages/{}",
    "get-decision-eligibility (return_refund 202601)": "GET /return_refund/202601/decision_eligibility",
    "get-aftersale-eligibility (return_refund 202602)": "GET /return_refund/202602/orders/{}/aftersale_eligibility",
    "get-reject-reasons (return_refund 202309)": "GET /return_refund/202309/reject_reasons",
    "check-listing-prerequisites (product 202312)": "GET /product/202312/prerequisites",
    "create-product response (sandbox, VN)": "POST /product/202309/products",
    "edit-product response": "PUT /product/202509/products/{}",
    "combine-package error item (doc example)": "POST /fulfillment/202309/packages/combine",
    "create-activity response (sandbox: end time in the past)": "POST /promotion/202309/activities",
    "product suggestions (no suggestion)": "GET /product/202405/products/suggestions",
}


def test_answers_have_all_that_captured_ones_have(captured, tour):
    replies = json.loads((captured / "responses.json").read_text(encoding="utf-8"))
    ours = tour.successes()
    known = {name: operation for name, operation in REPLIES.items() if name in replies}
    found = {}
    for name, operation in known.items():
        for place, what in differences(shape([replies[name]["data"]]), shape(ours[operation])).items():
            found[operation, place] = what
    assert found == {}
    assert len(known) >= 10


def test_returns_have_all_that_captured_ones_have(captured, tour):
    replies = json.loads((captured / "responses.json").read_text(encoding="utf-8"))
    rows = [
        row
        for data in tour.successes()["POST /return_refund/202602/returns/search"]
        for row in data.get("return_orders", ())
    ]
    item = replies["search-returns item (US shop, 2026-04)"]
    assert differences(shape([item]), shape(rows)) == {"combined_return_id": "missing"}  # no return here is combined


# -- webhooks ------------------------------------------------------------------------------------------------------


# Fields of webhooks that the double has no occasion for.
SILENT = {
    (27, "data.trigger_reason.lead_days"): "TikTok's own forecast of a sell-out",
    (51, "data.replicated_product.fail_reasons"): "one reason in place of the list",
    (37, "data.audit.pre_approved_reason"): "a way to be approved before the audit",
    (37, "data.integrated_platform_statuses"): "shops on Tokopedia",
}


def test_webhooks_have_the_shape_of_the_documented_ones(shared):
    samples = json.loads((shared / "data" / "tiktok-doc-samples" / "webhooks.json").read_text(encoding="utf-8"))
    sandbox = build()
    got = receive(sandbox)
    tour = Tour(sandbox, webhooks="https://hooks.example.com")
    for part in (tiktok_tour.american, tiktok_tour.vietnamese, tiktok_tour.worldwide):
        part(tour)
    sandbox.settle()
    sandbox.close()
    sent: dict[int, list[Any]] = {}
    for one in got:
        body = json.loads(one.body)
        sent.setdefault(body["type"], []).append(body)
    found, met = {}, set()
    for name, sample in samples.items():
        kind = int(name.split("-")[0])
        if kind in sent:
            met.add(kind)
            for place, what in differences(shape([sample["payload"]]), shape(sent[kind])).items():
                found[kind, place] = what
    assert found.keys() == SILENT.keys()
    assert met >= {1, 4, 5, 11, 12, 15, 16, 37, 39, 51}
