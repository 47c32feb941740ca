"""Shops, warehouses, categories, packages and cancellations as TikTok tells them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from twinshelf.documents import (
    Attribute,
    CancellationRequest,
    CategoryRules,
    CertificateRule,
    ShippingProvider,
    ShopCategory,
    ShopInfo,
    Warehouse,
    WarehouseKind,
    WarehouseStatus,
    to_json,
)
from twinshelf.errors import DocumentError
from twinshelf.tiktok import cancellations, categories, packages, shops
from twinshelf.tiktok.categories import Brand
from twinshelf.tiktok.packages import Package, PackagedUnit, Shipped
from twinshelf.tiktok.shops import DeliveryOption

DATA = Path(os.environ.get("TWINSHELF_SHARED") or Path(__file__).parents[3] / "shared") / "data"
needs_shared = pytest.mark.skipif(not DATA.exists(), reason="the shared test data is not beside the repository")


def dump(value):
    return json.dumps(value).encode()


def sample(area, endpoint):
    samples = json.loads((DATA / "tiktok-doc-samples" / f"{area}.json").read_text(encoding="utf-8"))
    return samples[endpoint]["response"]["data"]


def captured(name):
    answers = json.loads((DATA / "tiktok-captured-samples" / "responses.json").read_text(encoding="utf-8"))
    return answers[name]["data"]


# -- shops ----------------------------------------------------------------------------------------------------------


@needs_shared
def test_a_shop_is_read_with_its_cipher():
    (row,) = captured("get-authorized-shops (authorization 202309)")["shops"]

    assert shops.shop_from_json(dump(row)) == ShopInfo(
        id="7495000000000000001",
        name="Example Vietnam Store",
        region="VN",
        seller_type="LOCAL",
        cipher="EXAMPLE_SHOP_CIPHER",
        code="VNLCEXAMPL",
    )
    with pytest.raises(DocumentError, match="cipher"):
        shops.shop_from_json(b'{"id":"1","region":"US"}')


@pytest.mark.parametrize(
    ("_case", "row", "warehouse"),
    [
        (
            "can sell",
            {"type": "SALES_WAREHOUSE", "effect_status": "ENABLED", "is_default": True},
            (True, True, True, "ENABLED"),
        ),
        ("on holiday", {"type": "SALES_WAREHOUSE", "effect_status": "RESTRICTED"}, (True, False, False, "RESTRICTED")),
        ("off", {"type": "SALES_WAREHOUSE", "effect_status": "DISABLED"}, (True, False, False, "DISABLED")),
        ("for returns", {"type": "RETURN_WAREHOUSE", "effect_status": "ENABLED"}, (False, True, False, "ENABLED")),
        ("new words", {"type": "MOON_BASE", "effect_status": "ORBITING"}, (False, False, False, "UNKNOWN")),
        (
            "nulls",
            {"type": None, "effect_status": None, "is_default": None, "address": None},
            (False, False, False, "UNKNOWN"),
        ),
    ],
)
def test_a_warehouse_sells_only_when_enabled(_case, row, warehouse):
    sales, enabled, default, status = warehouse

    assert shops.warehouse_from_json(dump({"id": "7", "name": "Main", **row})) == Warehouse(
        id="7", name="Main", sales=sales, enabled=enabled, default=default, status=WarehouseStatus(status)
    )


def test_a_warehouse_tells_where_it_is_and_nobody_s_name():
    address = {"city": "Newark", "state": "NJ", "region_code": "US", "contact_person": "Avery", "full_address": "1 Elm"}
    row = {"id": "7", "name": "East", "sub_type": "CB_OVERSEA_WAREHOUSE", "address": address}

    found = shops.warehouse_from_json(dump(row))
    assert (found.kind, found.place, found.region) == (WarehouseKind.OVERSEAS, "Newark, NJ", "US")
    assert b"Avery" not in to_json(found)


@needs_shared
def test_the_documented_logistics_are_read():
    (option,) = sample("logistics", "get-warehouse-delivery-options")["delivery_options"]
    (provider,) = sample("logistics", "get-shipping-providers")["shipping_providers"]

    assert shops.delivery_option_from_json(dump(option)) == DeliveryOption(
        id="6955034615128000261", name="LSV-TTS-STD", type="STANDARD"
    )
    assert shops.provider_from_json(dump(provider)) == ShippingProvider("7117858858072016686", "USPS")


def test_only_failed_checks_are_told():
    failed = {"check_item": "BANk_ACCOUNT", "is_failed": True, "fail_reasons": ["Add an account."]}

    assert shops.failed_check_from_json(dump(failed)) == ("BANK_ACCOUNT", ("Add an account.",))
    assert shops.failed_check_from_json(dump(failed | {"is_failed": False})) is None
    assert shops.failed_check_from_json(dump(failed | {"fail_reasons": None})) == ("BANK_ACCOUNT", ())


# -- categories -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "available"),
    [
        (["AVAILABLE"], True),
        (None, True),
        ([], True),
        (["INVITE_ONLY", "NON_MAIN_CATEGORY"], False),
        (["PROHIBITED"], False),
    ],
)
def test_a_category_is_available_unless_it_says_otherwise(statuses, available):
    row = {
        "id": "600002",
        "parent_id": "600001",
        "local_name": " Mugs",
        "is_leaf": True,
        "permission_statuses": statuses,
    }

    assert categories.category_from_json(dump(row)) == ShopCategory(
        id="600002", parent_id="600001", name="Mugs", leaf=True, available=available
    )


@needs_shared
def test_attributes_are_read_with_tiktoks_spelling():
    (documented,) = sample("products", "get-attributes")["attributes"]

    assert categories.attribute_from_json(dump(documented)) == Attribute(
        id="100392", name="Occasion", sales=False, required=False, multiple=True, customizable=True, numeric=True,
        required_with=(("101610", "1024358"),), values=(("1001533", "Birthday"),),
    )  # fmt: skip
    sales = categories.attribute_from_json(b'{"id":"1","name":"Size","type":"SALES_PROPERTY","is_requried":true}')
    assert (sales.sales, sales.required, sales.customizable, sales.values) == (True, True, True, ())
    fixed = categories.attribute_from_json(b'{"id":"1","values":[{"id":"2","name":"A"}],"is_required":true}')
    assert (fixed.required, fixed.customizable) == (True, False)


@needs_shared
def test_rules_are_read_and_conditional_certificates_do_not_block():
    documented = sample("products", "get-category-rules")

    rules = categories.rules_from_json(dump(documented))
    assert msgspec.structs.replace(rules, certificates=()) == CategoryRules(
        certifications=(),
        size_chart_supported=True,
        size_chart_required=True,
        package_dimension_required=True,
        cod_supported=True,
    )
    [paper] = rules.certificates
    assert (paper.id, paper.name, paper.required, bool(paper.required_with)) == (
        "602362", "SNI Certificate", False, True,
    )  # fmt: skip
    always = {"product_certifications": [{"id": "1", "name": "SNI", "is_required": True}], "size_chart": None}
    assert categories.rules_from_json(dump(always)) == CategoryRules(
        certifications=(("1", "SNI"),), certificates=(CertificateRule(id="1", name="SNI", required=True),)
    )


def test_a_recommendation_may_be_none():
    chain = b'{"id":"605254","name":"Mugs","level":3},{"id":"600001","name":"Home","level":1},{"name":"","level":2}'
    told = categories.recommendation_from_json(b'{"leaf_category_id":"605254","categories":[' + chain + b"]}")
    assert told == categories.RecommendedCategory(id="605254", path="Home > Mugs")
    bare = categories.recommendation_from_json(b'{"leaf_category_id":"605254"}')
    assert bare == categories.RecommendedCategory(id="605254", path="")
    assert categories.recommendation_from_json(b"{}") is None
    assert categories.recommendation_to_json("Mug", "", "v2") == {"product_title": "Mug", "category_version": "v2"}


@pytest.mark.parametrize(
    ("row", "authorized"),
    [
        ({"authorized_status": "AUTHORIZED", "brand_status": "AVAILABLE"}, True),
        ({"authorized_status": "UNAUTHORIEZD"}, False),
        ({"authorized_status": "AUTHORIZED", "brand_status": "UNAVAILABLE"}, False),
        ({"authorized_status": None}, False),
    ],
)
def test_a_brand_counts_only_when_authorized(row, authorized):
    assert categories.brand_from_json(dump({"id": "7", "name": "Teas", **row})) == Brand(
        id="7", name="Teas", authorized=authorized
    )


# -- packages -------------------------------------------------------------------------------------------------------


def test_a_shipment_is_reported_in_the_newest_form():
    assert packages.shipment_to_json(["1", "2"], " 1z 999 aa1 01 2345 6784 ", "6617") == {
        "order_line_list": [{"order_line_id": "1"}, {"order_line_id": "2"}],
        "shipping_info_list": [{"tracking_number": "1Z999AA10123456784", "shipping_provider_id": "6617"}],
    }
    assert packages.tracking_to_json("jx 12345", "6617") == {
        "tracking_number": "JX12345",
        "shipping_provider_id": "6617",
    }


@needs_shared
def test_the_documented_shipment_is_read():
    assert packages.shipped_from_json(dump(sample("fulfillment", "mark-package-as-shipped"))) == Shipped(
        package_id="32141235124234", warning="match more than one provider"
    )
    assert packages.shipped_from_json(b'{"warning":null}') == Shipped(package_id="")


def test_units_are_told_with_their_packages():
    order = {
        "id": "5",
        "line_items": [
            {"id": "1", "package_id": "11", "package_status": "PROCESSING", "tracking_number": "JX1"},
            {"id": "2", "package_id": "12", "package_status": "CANCELLED", "tracking_number": "JX2"},
            {"id": "3"},
        ],
    }

    assert packages.packaged_units_from_json(dump(order)) == (
        PackagedUnit(unit_id="1", package_id="11", tracking_number="JX1"),
        PackagedUnit(unit_id="2"),
        PackagedUnit(unit_id="3"),
    )


@needs_shared
def test_a_package_tells_whether_it_was_arranged():
    waiting = packages.package_from_json(dump(captured("get-package-detail (sandbox)")))
    sent = packages.package_from_json(dump(sample("fulfillment", "get-package-detail")))

    assert waiting == Package(id="1202800000000000044", status="TO_FULFILL", arranged=False)
    assert (sent.status, sent.arranged, sent.tracking_number) == ("PROCESSING", True, "6617675021119438849")


# -- cancellations --------------------------------------------------------------------------------------------------


@needs_shared
def test_the_documented_request_waits_for_us_until_its_deadline():
    (row,) = sample("return-and-refund", "search-cancellations")["cancellations"]

    assert cancellations.cancellation_from_json(dump(row)) == CancellationRequest(
        id="4035318504086604100",
        order_id="577087614418520388",
        status="CANCELLATION_REQUEST_PENDING",
        role="BUYER",
        reason="ecom_order_to_ship_canceled_reason_created_by_mistakes",
        reason_text="Order created by mistake",
        awaiting_us=True,
        deadline=datetime(2023, 7, 28, 14, 31, 20, tzinfo=UTC),
        updated_at=datetime(2023, 7, 27, 9, 45, 36, tzinfo=UTC),
        unit_ids=("576468844534141348",),
    )


@needs_shared
def test_the_captured_cancellation_is_done():
    (row,) = captured("search-cancellations (return_refund 202602)")["cancellations"]

    request = cancellations.cancellation_from_json(dump(row))

    assert (request.status, request.role, request.awaiting_us) == ("CANCELLATION_REQUEST_COMPLETE", "SELLER", False)
    assert request.reason == "seller_cancel_paid_reason_address_not_deliver"


@pytest.mark.parametrize(
    ("_case", "changes", "status", "awaiting"),
    [
        (
            "the webhook's spelling",
            {"cancel_status": "CANCELLATION_REQUEST_CANCELLED"},
            "CANCELLATION_REQUEST_CANCEL",
            False,
        ),
        ("a buyer waits although no action is named", {"role": "BUYER"}, "CANCELLATION_REQUEST_PENDING", True),
        ("the system does not wait", {"role": "SYSTEM"}, "CANCELLATION_REQUEST_PENDING", False),
        ("a new word", {"cancel_status": "CANCELLATION_MOONED"}, "CANCELLATION_MOONED", False),
    ],
)
def test_a_cancellation_waits_for_us_while_pending(_case, changes, status, awaiting):
    row = {
        "cancel_id": "1",
        "order_id": "2",
        "cancel_status": cancellations.PENDING,
        "seller_next_action_response": None,
    }

    request = cancellations.cancellation_from_json(dump(row | changes))

    assert (request.status, request.awaiting_us, request.deadline, request.unit_ids) == (status, awaiting, None, ())


def eligibility(*lines):
    return dump(
        {"sku_eligibility": [{"sku_id": str(n), "line_item_eligibility": [line]} for n, line in enumerate(lines)]}
    )


OK = {"request_type": "CANCEL", "eligible": True, "available_reason_names": ["out_of_stock", "wrong_price"]}


@pytest.mark.parametrize(
    ("_case", "answer", "reasons"),
    [
        ("one line", eligibility(OK), ("out_of_stock", "wrong_price")),
        ("what all lines share", eligibility(OK, OK | {"available_reason_names": ["wrong_price"]}), ("wrong_price",)),
        ("a line that cannot be cancelled", eligibility(OK, {"request_type": "CANCEL", "eligible": False}), ()),
        ("another kind of request does not count", eligibility(OK, {"request_type": "REFUND", "eligible": False}),
         ("out_of_stock", "wrong_price")),
        ("nulls", b'{"sku_eligibility":[{"line_item_eligibility":null}]}', ()),
        ("nothing", b"{}", ()),
    ],
)  # fmt: skip
def test_reasons_to_cancel_are_those_for_the_whole_order(_case, answer, reasons):
    assert cancellations.reasons_from_json(answer) == reasons


@needs_shared
def test_the_captured_order_cannot_be_cancelled():
    assert cancellations.reasons_from_json(dump(captured("get-aftersale-eligibility (return_refund 202602)"))) == ()


@needs_shared
def test_answers_about_cancelling_are_read():
    (reason,) = sample("return-and-refund", "get-reject-reasons")["reasons"]

    assert cancellations.reject_reason_from_json(dump(reason)) == (
        "seller_reject_apply_you_have_reached_an_agreement_with_the_buyer",
        "You have reached an agreement with the buyer",
    )
    assert cancellations.cancelled_from_json(dump(sample("return-and-refund", "cancel-order"))) == (
        "4035319218955782461",
        "CANCELLATION_REQUEST_SUCCESS",
    )
