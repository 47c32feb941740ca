"""Fulfillment in the TikTok Shop double: both regimes, corrections, split, combine, labels, tracking."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.tests.tiktok_client import Refusal, Shop, open_shop
from twinshelf_sandbox.app import Sandbox

UPS, USPS, LASERSHIP = "7117859084333745966", "7117858858072016686", "7132708441138677550"
JT = "6841743441349706241"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = open_shop(sandbox)
    shop.list_product()
    return shop


@pytest.fixture
def vietnam(sandbox: Sandbox) -> Shop:
    shop = open_shop(sandbox, region="VN")
    shop.list_product()
    return shop


def shipped(shop: Shop) -> list[tuple[str, str, int]]:
    return [
        (e.detail["order_id"], e.detail["tracking"], len(e.detail["lines"])) for e in shop.effects("package_shipped")
    ]


# -- marking as shipped ----------------------------------------------------------------------------------------


def test_marking_an_order_as_shipped_creates_the_package_and_frees_committed_stock(shop):
    order_id = shop.buy_to_ship(quantity=2)
    sku = shop.order(order_id)["line_items"][0]["sku_id"]
    assert shop.stock(sku) == (18, 2)
    answer = shop.mark_shipped(order_id, "TRACK-1")
    order = shop.order(order_id)
    assert order["status"] == "AWAITING_COLLECTION"
    assert order["packages"] == [{"id": answer["package_id"]}]
    assert {
        (line["tracking_number"], line["package_status"], line["shipping_provider_name"])
        for line in order["line_items"]
    } == {("TRACK-1", "PROCESSING", "LaserShip")}
    assert shop.stock(sku) == (18, 0)
    assert shipped(shop) == [(order_id, "TRACK-1", 2)]


def test_some_lines_make_an_order_partially_shipped(shop):
    order_id = shop.buy_to_ship(quantity=3)
    lines = [line["id"] for line in shop.order(order_id)["line_items"]]
    shop.mark_shipped(order_id, "TRACK-1", lines[:1])
    order = shop.order(order_id)
    assert (order["status"], order["split_or_combine_tag"]) == ("PARTIALLY_SHIPPING", "SPLIT")
    assert [line["display_status"] for line in order["line_items"]] == [
        "AWAITING_COLLECTION",
        "AWAITING_SHIPMENT",
        "AWAITING_SHIPMENT",
    ]
    shop.mark_shipped(order_id, "TRACK-2")  # without lines: the rest
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"
    assert shipped(shop) == [(order_id, "TRACK-1", 1), (order_id, "TRACK-2", 2)]


def test_the_older_version_of_the_call_still_works(shop):
    order_id = shop.buy_to_ship()
    lines = [line["id"] for line in shop.order(order_id)["line_items"]]
    body = {"order_line_item_ids": lines, "tracking_number": "TRACK-1", "shipping_provider_id": LASERSHIP}
    answer = shop.post(f"/fulfillment/202309/orders/{order_id}/packages", body)
    assert (answer["order_id"], answer["order_line_item_ids"]) == (order_id, lines)


@pytest.mark.parametrize(
    ("_case", "state", "number", "provider", "code"),
    [
        ("on hold", "held", "TRACK-1", LASERSHIP, 21011044),
        ("unpaid", "unpaid", "TRACK-1", LASERSHIP, 21011012),
        ("cancelled", "cancelled", "TRACK-1", LASERSHIP, 21011041),
        ("shipped before", "shipped", "TRACK-2", LASERSHIP, 21011020),
        ("an unknown carrier", "ready", "TRACK-1", "1", 21011022),
        ("no number", "ready", "", LASERSHIP, 21011022),
        ("special characters", "ready", "TRACK 1", LASERSHIP, 21004012),
        ("three characters", "ready", "ABC", LASERSHIP, 21004012),
        ("a UPS number for USPS", "ready", "1Z999AA10123456784", USPS, 21004015),
        ("shipped by TikTok", "by tiktok", "TRACK-1", LASERSHIP, 21011004),
        ("fulfilled by TikTok", "fbt", "TRACK-1", LASERSHIP, 21008025),
    ],
)
def test_shipping_that_is_refused(shop, sandbox, _case, state, number, provider, code):  # noqa: PLR0917
    if state in ("held", "unpaid"):
        order_id = shop.buy(pay=state == "held")
    else:
        more = {"by tiktok": {"shipping_type": "TIKTOK"}, "fbt": {"fulfillment_type": "FULFILLMENT_BY_TIKTOK"}}.get(
            state, {}
        )
        order_id = shop.buy_to_ship(**more)
    if state == "cancelled":
        sandbox.act("tt.cancel_order", order_id=order_id, by="SYSTEM")
    if state == "shipped":
        shop.mark_shipped(order_id)
    before = len(shop.effects("package_shipped"))
    body = {"shipping_info_list": [{"tracking_number": number, "shipping_provider_id": provider}]}
    assert shop.refused("POST", f"/fulfillment/202610/orders/{order_id}/packages", body) == code
    assert len(shop.effects("package_shipped")) == before


def test_lines_that_cannot_be_shipped(shop):
    order_id, other = shop.buy_to_ship(quantity=2), shop.buy_to_ship()
    first, _second = (line["id"] for line in shop.order(order_id)["line_items"])
    shop.mark_shipped(order_id, "TRACK-1", [first])
    with pytest.raises(Refusal, match="21011006"):
        shop.mark_shipped(order_id, "TRACK-2", [first])
    with pytest.raises(Refusal, match="21011029"):
        shop.mark_shipped(order_id, "TRACK-2", [shop.order(other)["line_items"][0]["id"]])


def test_marking_is_not_for_south_east_asia_nor_ship_package_for_the_us(shop, vietnam):
    with pytest.raises(Refusal, match="21008106"):
        vietnam.mark_shipped(vietnam.buy_to_ship())
    order_id = shop.buy_to_ship()
    package = shop.mark_shipped(order_id)["package_id"]
    assert shop.refused("POST", f"/fulfillment/202309/packages/{package}/ship", {}) == 21008106


def test_a_tracking_number_is_good_for_twenty_packages(shop):
    shop.switch("on_hold", value=False)
    for _ in range(20):
        shop.mark_shipped(shop.buy(), "TRACK-SAME")
    with pytest.raises(Refusal, match="21011026"):
        shop.mark_shipped(shop.buy("MUG-400"), "TRACK-SAME")


# -- on the way ------------------------------------------------------------------------------------------------


def test_scan_delivery_and_completion_move_the_order(shop, sandbox):
    order_id = shop.buy_to_ship()
    package = shop.mark_shipped(order_id)["package_id"]
    for action, status, package_status in (
        ("tt.carrier_scan", "IN_TRANSIT", "FULFILLING"),
        ("tt.deliver", "DELIVERED", "COMPLETED"),
        ("tt.complete", "COMPLETED", "COMPLETED"),
    ):
        sandbox.act(action, order_id=order_id)
        assert shop.order(order_id)["status"] == status
        assert shop.get(f"/fulfillment/202309/packages/{package}")["package_status"] == package_status
    tracking = shop.get(f"/fulfillment/202309/orders/{order_id}/tracking")["tracking"]
    assert [event["action_code"] for event in tracking] == [50104, 50102, 50101]
    assert tracking[0]["update_time_millis"] > 10**12


def test_an_order_is_in_transit_when_all_its_packages_are(shop, sandbox):
    order_id = shop.buy_to_ship(quantity=2)
    lines = [line["id"] for line in shop.order(order_id)["line_items"]]
    packages = [shop.mark_shipped(order_id, f"TRACK-{n}", [line])["package_id"] for n, line in enumerate(lines)]
    sandbox.act("tt.carrier_scan", order_id=order_id, package_id=packages[0])
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"
    sandbox.act("tt.carrier_scan", order_id=order_id, package_id=packages[1])
    assert shop.order(order_id)["status"] == "IN_TRANSIT"
    sandbox.act("tt.deliver", order_id=order_id, package_id=packages[0])
    assert shop.order(order_id)["status"] == "IN_TRANSIT"
    sandbox.act("tt.deliver", order_id=order_id)
    assert shop.order(order_id)["status"] == "DELIVERED"


def test_a_lost_package_cancels_the_order(shop, sandbox):
    order_id = shop.buy_to_ship()
    package = shop.mark_shipped(order_id)["package_id"]
    sandbox.act("tt.carrier_scan", order_id=order_id)
    sandbox.act("tt.fail_delivery", order_id=order_id, reason="PACKAGE_DAMAGAED")
    assert (shop.order(order_id)["status"], shop.order(order_id)["cancel_reason"]) == ("CANCELLED", "Package damaged")
    assert shop.get(f"/fulfillment/202309/packages/{package}")["ship_exception_reason"] == "PACKAGE_DAMAGAED"


# -- correcting ------------------------------------------------------------------------------------------------


def update(shop: Shop, package: str, number: str) -> Any:
    info = [{"tracking_number": number, "shipping_provider_id": shop.carrier}]
    return shop.post(f"/fulfillment/202610/packages/{package}/shipping_info/update", {"shipping_info_list": info})


def test_a_tracking_number_can_be_corrected_once_within_three_days(shop, sandbox):
    order_id = shop.buy_to_ship()
    package = shop.mark_shipped(order_id, "TRACK-OLD")["package_id"]
    assert update(shop, package, "TRACK-NEW") == {}
    assert update(shop, package, "TRACK-NEW") == {}  # nothing to change
    assert shop.order(order_id)["line_items"][0]["tracking_number"] == "TRACK-NEW"
    with pytest.raises(Refusal, match="21011051"):
        update(shop, package, "TRACK-THIRD")
    assert [(e.detail["before"], e.detail["after"]) for e in shop.effects("tracking_updated")] == [
        ("TRACK-OLD", "TRACK-NEW")
    ]

    late = shop.mark_shipped(shop.buy_to_ship(), "TRACK-LATE")["package_id"]
    sandbox.advance(73 * 3600)
    with pytest.raises(Refusal, match="21011050"):
        update(shop, late, "TRACK-LATER")


def test_corrections_on_the_order_and_when_they_are_refused(shop, sandbox):
    order_id = shop.buy_to_ship()
    path = f"/fulfillment/202309/orders/{order_id}/shipping_info/update"
    body = {"tracking_number": "TRACK-NEW", "shipping_provider_id": LASERSHIP}
    assert shop.refused("POST", path, body) == 21011043
    shop.mark_shipped(order_id)
    assert shop.post(path, body) == {}
    sandbox.act("tt.deliver", order_id=order_id)
    assert shop.refused("POST", path, {**body, "tracking_number": "TRACK-X"}) == 21011030


# -- packages that exist from payment on -----------------------------------------------------------------------


def test_in_vietnam_the_package_exists_from_payment_on(vietnam):
    order = vietnam.order(vietnam.buy_to_ship(quantity=2))
    (package,) = order["packages"]
    assert {line["package_id"] for line in order["line_items"]} == {package["id"]}
    detail = vietnam.get(f"/fulfillment/202309/packages/{package['id']}")
    assert (detail["package_status"], detail["package_sub_status"], detail["weight"]["unit"]) == (
        "TO_FULFILL",
        "STOCKING",
        "GRAM",
    )


def test_ship_package_by_the_seller_and_by_tiktok(vietnam):
    own = vietnam.order(vietnam.buy_to_ship(shipping_type="SELLER"))["packages"][0]["id"]
    assert vietnam.refused("POST", f"/fulfillment/202309/packages/{own}/ship", {}) == 21011022
    body = {"self_shipment": {"tracking_number": "VN-0001", "shipping_provider_id": JT}}
    assert vietnam.post(f"/fulfillment/202309/packages/{own}/ship", body) == {}
    assert vietnam.refused("POST", f"/fulfillment/202309/packages/{own}/ship", body) == 21008099

    theirs = vietnam.order(vietnam.buy_to_ship(shipping_type="TIKTOK"))["packages"][0]["id"]
    assert (
        vietnam.refused(
            "GET", f"/fulfillment/202309/packages/{theirs}/shipping_documents", document_type="SHIPPING_LABEL"
        )
        == 21023035
    )
    assert vietnam.post(f"/fulfillment/202309/packages/{theirs}/ship", {}) == {}
    answer = vietnam.get(f"/fulfillment/202309/packages/{theirs}/shipping_documents", document_type="SHIPPING_LABEL")
    assert re.fullmatch(r"85\d{10}", answer["tracking_number"])
    document = vietnam.http.get(answer["doc_url"])
    assert (document.headers["content-type"], document.content[:5], document.content[-6:]) == (
        "application/pdf",
        b"%PDF-",
        b"%%EOF\n",
    )
    vietnam.sandbox.world.clock.advance(25 * 3600)
    assert vietnam.http.get(answer["doc_url"]).status_code == 403


def test_many_packages_are_shipped_each_by_itself(vietnam):
    ids = [vietnam.order(vietnam.buy_to_ship(shipping_type="TIKTOK"))["packages"][0]["id"] for _ in range(2)]
    data = vietnam.post(
        "/fulfillment/202309/packages/ship", {"packages": [{"id": ids[0]}, {"id": "1"}, {"id": ids[1]}]}
    )
    assert [(e["code"], e["detail"]["package_id"]) for e in data["errors"]] == [(21011001, "1")]
    assert len(vietnam.effects("package_shipped")) == 2


def test_packages_are_found_by_status(vietnam):
    path = "/fulfillment/202309/packages/search"
    first = vietnam.order(vietnam.buy_to_ship(shipping_type="TIKTOK"))["packages"][0]["id"]
    second = vietnam.order(vietnam.buy_to_ship())["packages"][0]["id"]
    vietnam.post(f"/fulfillment/202309/packages/{first}/ship", {})
    assert [p["id"] for p in vietnam.post(path, {"package_status": "TO_FULFILL"}, page_size="50")["packages"]] == [
        second
    ]
    assert [p["id"] for p in vietnam.post(path, {"package_status": "PROCESSING"}, page_size="50")["packages"]] == [
        first
    ]
    assert vietnam.refused("POST", path, {}) == 36009004
    assert vietnam.refused("POST", path, {}, page_size="51") == 36009004


def test_splitting_keeps_units_of_one_sku_together(vietnam, sandbox):
    same = vietnam.buy_to_ship(quantity=2)
    (attributes,) = vietnam.get("/fulfillment/202309/orders/split_attributes", order_ids=same)["split_attributes"]
    assert (attributes["can_split"], attributes["reason"]) == (False, "split same sku in Multi Package not allow")

    items = [{"seller_sku": "MUG-250", "quantity": 2}, {"seller_sku": "MUG-400", "quantity": 1}]
    order_id = sandbox.act("shopper.buy", shop_id=vietnam.id, items=items)
    sandbox.advance(3601)
    lines = vietnam.order(order_id)["line_items"]
    path = f"/fulfillment/202309/orders/{order_id}/split"
    torn = [{"id": "a", "order_line_item_ids": [lines[0]["id"], lines[2]["id"]]}]
    assert vietnam.refused("POST", path, {"splittable_groups": torn}) == 21011036
    whole = [{"id": "a", "order_line_item_ids": [lines[2]["id"]]}]
    (package,) = vietnam.post(path, {"splittable_groups": whole})["packages"]
    assert package["splittable_group_id"] == "a"
    body = {"self_shipment": {"tracking_number": "VN-0001", "shipping_provider_id": JT}}
    vietnam.post(f"/fulfillment/202309/packages/{package['id']}/ship", body)
    assert vietnam.order(order_id)["status"] == "PARTIALLY_SHIPPING"


def test_an_order_that_must_be_split_is_not_shipped_whole(vietnam):
    order_id = vietnam.buy_to_ship(must_split=True, shipping_type="TIKTOK")
    package = vietnam.order(order_id)["packages"][0]["id"]
    assert vietnam.refused("POST", f"/fulfillment/202309/packages/{package}/ship", {}) == 21003002


def test_orders_of_one_buyer_can_be_combined_and_taken_apart(vietnam):
    ids = [vietnam.buy_to_ship(buyer="ann", shipping_type="TIKTOK") for _ in range(2)]
    vietnam.buy_to_ship(shipping_type="TIKTOK")
    found = vietnam.get("/fulfillment/202309/combinable_packages/search", page_size="50")
    (group,) = found["combinable_packages"]
    assert sorted(group["order_ids"]) == sorted(ids)
    (package,) = vietnam.post("/fulfillment/202309/packages/combine", {"combinable_packages": [group]})["packages"]
    assert [vietnam.order(i)["packages"] for i in ids] == [[{"id": package["id"]}]] * 2
    assert vietnam.get("/fulfillment/202309/combinable_packages/search", page_size="50")["combinable_packages"] == []

    vietnam.post(f"/fulfillment/202309/packages/{package['id']}/uncombine", {"order_ids": ids[:1]})
    assert len({vietnam.order(i)["packages"][0]["id"] for i in ids}) == 2
    data = vietnam.post(
        "/fulfillment/202309/packages/combine", {"combinable_packages": [{"id": "1", "order_ids": ids}]}
    )
    assert [e["code"] for e in data["errors"]] == [10007014]


def test_a_combined_package_ships_both_orders(vietnam):
    ids = [vietnam.buy_to_ship(buyer="ann", shipping_type="TIKTOK") for _ in range(2)]
    (group,) = vietnam.get("/fulfillment/202309/combinable_packages/search", page_size="50")["combinable_packages"]
    (package,) = vietnam.post("/fulfillment/202309/packages/combine", {"combinable_packages": [group]})["packages"]
    vietnam.post(f"/fulfillment/202309/packages/{package['id']}/ship", {})
    assert [vietnam.order(i)["status"] for i in ids] == ["AWAITING_COLLECTION"] * 2


def test_handover_slots_are_misspelt(vietnam):
    package = vietnam.order(vietnam.buy_to_ship())["packages"][0]["id"]
    slots = vietnam.get(f"/fulfillment/202309/packages/{package}/handover_time_slots")["pickup_slots"]
    assert slots[0].keys() == {"start_time", "end_time", "avaliable"}


def test_a_label_bought_from_tiktok_ships_the_order(shop):
    order_id = shop.buy_to_ship(shipping_type="TIKTOK")
    weight = {"value": "1.2", "unit": "POUND"}
    services = shop.post(f"/fulfillment/202309/orders/{order_id}/shipping_services/query", {"weight": weight})[
        "shipping_services"
    ]
    answer = shop.post(
        "/fulfillment/202512/packages",
        {"ship_type": "1", "order_id": order_id, "shipping_service_id": services[1]["id"]},
    )
    assert answer["shipping_service_info"]["name"] == "USPS Priority"
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"
    assert shop.get(
        f"/fulfillment/202309/packages/{answer['package_id']}/shipping_documents", document_type="PACKING_SLIP"
    )["doc_url"]


def test_brazil_waits_for_an_invoice(sandbox):
    import base64  # noqa: PLC0415

    shop = open_shop(sandbox, region="BR")
    sandbox.act("tt.set_switch", shop_id=shop.id, name="category_version", value="v2")
    body = Shop.body
    shop.region = "US"
    product = body(shop)
    shop.region = "BR"
    for sku in product["skus"]:
        sku["price"]["currency"] = "BRL"
    shop.post("/product/202309/products", product)
    sandbox.advance(31)
    order_id = shop.buy_to_ship(shipping_type="TIKTOK")
    package = shop.order(order_id)["packages"][0]["id"]
    path = f"/fulfillment/202309/packages/{package}/ship"
    assert shop.order(order_id)["need_upload_invoice"] == "NEED_INVOICE"
    assert shop.refused("POST", path, {}) == 21004006
    invoice = {
        "package_id": package,
        "order_ids": [order_id],
        "file_type": "XML",
        "file": base64.b64encode(b"<NFe/>").decode(),
    }
    assert shop.post("/fulfillment/202502/invoice/upload", {"invoices": [invoice]}) == {}
    assert shop.refused("POST", path, {}) == 21004020
    sandbox.advance(31)
    assert shop.post(path, {}) == {}
    again = shop.post("/fulfillment/202502/invoice/upload", {"invoices": [invoice]})
    assert [e["code"] for e in again["errors"]] == [10007014]


def test_an_order_in_several_packages_is_shipped_line_by_line(sandbox):
    shop = open_shop(sandbox, region="GB")
    shop.list_product()
    order_id = shop.buy_to_ship(quantity=3)
    lines = [line["id"] for line in shop.order(order_id)["line_items"]]
    groups = [{"id": str(n), "order_line_item_ids": [line]} for n, line in enumerate(lines)]
    shop.post(f"/fulfillment/202309/orders/{order_id}/split", {"splittable_groups": groups})
    with pytest.raises(Refusal, match="21011048"):
        shop.mark_shipped(order_id, "TRACK-1")
    shop.mark_shipped(order_id, "TRACK-1", lines[:1])
    shop.mark_shipped(order_id, "TRACK-2", lines[1:])
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"
    waiting = shop.post("/fulfillment/202309/packages/search", {"package_status": "TO_FULFILL"}, page_size="10")
    assert waiting["packages"] == []


def test_several_tracking_numbers_are_for_listed_sellers(shop):
    order_id = shop.buy_to_ship(quantity=2)
    path = f"/fulfillment/202610/orders/{order_id}/packages"
    infos = [{"tracking_number": f"T-000{n}", "shipping_provider_id": LASERSHIP} for n in (1, 2)]
    assert shop.refused("POST", path, {"shipping_info_list": infos}) == 21001001
    shop.switch("multiple_trackings", value=True)
    assert shop.post(path, {"shipping_info_list": infos})["order_id"] == order_id


def papers(shop: Shop, package: str, kind: str = "SHIPPING_LABEL", **query: Any) -> Any:
    path = f"/fulfillment/202309/packages/{package}/shipping_documents"
    return shop.send("GET", path, document_type=kind, **query).json()


def test_papers_are_there_from_arranging_to_pickup_and_for_the_platforms_shipping_only(vietnam, sandbox):
    own = vietnam.order(vietnam.buy_to_ship(shipping_type="SELLER"))["packages"][0]["id"]
    assert papers(vietnam, own)["code"] == 21008017
    order_id = vietnam.buy_to_ship(shipping_type="TIKTOK")
    package = vietnam.order(order_id)["packages"][0]["id"]
    assert papers(vietnam, package)["code"] == 21023035
    vietnam.switch("label_seconds", value=90)
    vietnam.post(f"/fulfillment/202309/packages/{package}/ship", {})
    assert papers(vietnam, package)["code"] == 11034037
    sandbox.advance(91)
    picture = papers(vietnam, package, "SHIPPING_LABEL_PICTURE")["data"]["doc_url"]
    assert vietnam.http.get(picture).headers["content-type"] == "image/png"
    assert papers(vietnam, package, "TREASURE_MAP")["code"] == 21001001
    assert papers(vietnam, package, document_format="ZPL")["code"] == 21001001
    sandbox.act("tt.carrier_scan", order_id=order_id)
    assert papers(vietnam, package)["code"] == 21042102
    cancelled = vietnam.buy_to_ship(shipping_type="TIKTOK")
    left = vietnam.order(cancelled)["packages"][0]["id"]
    sandbox.act("tt.cancel_order", order_id=cancelled, by="SYSTEM")
    assert papers(vietnam, left)["code"] == 21023059


def test_brazil_prints_zpl_too(sandbox):
    shop = open_shop(sandbox, region="BR")
    shop.switch("category_version", value="v2")
    shop.list_product()
    order_id = shop.buy_to_ship(shipping_type="TIKTOK")
    package = shop.order(order_id)["packages"][0]["id"]
    invoice = {"package_id": package, "order_ids": [order_id], "file_type": "XML", "file": "PE5GZS8+"}
    refused = shop.post("/fulfillment/202502/invoice/upload", {"invoices": [{**invoice, "file": "Ünlesbar"}]})
    assert [e["code"] for e in refused["errors"]] == [10007014]
    shop.post("/fulfillment/202502/invoice/upload", {"invoices": [invoice]})
    sandbox.advance(31)
    shop.post(f"/fulfillment/202309/packages/{package}/ship", {})
    label = shop.http.get(papers(shop, package, document_format="ZPL")["data"]["doc_url"])
    assert (label.text[:3], label.text[-3:]) == ("^XA", "^XZ")


def test_a_pickup_slot_must_be_one_that_is_offered(sandbox):
    shop = open_shop(sandbox, region="MX")
    shop.switch("category_version", value="v2")
    shop.list_product()
    package = shop.order(shop.buy_to_ship(shipping_type="TIKTOK"))["packages"][0]["id"]
    path = f"/fulfillment/202309/packages/{package}"
    slot = shop.get(f"{path}/handover_time_slots")["pickup_slots"][1]
    wanted = {"start_time": slot["start_time"], "end_time": slot["end_time"]}
    assert shop.refused("POST", f"{path}/ship", {"pickup_slot": {**wanted, "end_time": 1}}) == 21011053
    assert shop.post(f"{path}/ship", {"handover_method": "PICKUP", "pickup_slot": wanted}) == {}


def test_how_often_a_tracking_number_is_corrected_is_a_switch(shop):
    order_id = shop.buy_to_ship()
    package = shop.mark_shipped(order_id, "T-0001")["package_id"]
    shop.switch("tracking_updates", value=2)
    path = f"/fulfillment/202610/packages/{package}/shipping_info/update"
    codes = [
        shop.send("POST", path, {"tracking_number": f"T-000{n}", "shipping_provider_id": LASERSHIP}).json()["code"]
        for n in (2, 3, 4)
    ]
    assert codes == [0, 0, 21011051]


def test_marking_as_shipped_in_the_new_eu_markets_is_a_switch(sandbox):
    shop = open_shop(sandbox, region="NL")
    path = "/fulfillment/202610/orders/1/packages"
    assert shop.refused("POST", path, {}) == 21008111
    shop.switch("mark_shipped_in_new_eu", value=False)
    assert shop.refused("POST", path, {}) == 21008106
