"""Shoppers: what they can buy, in every market, and what becomes of bundles, pre-orders, gifts and replacements."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from sandbox.tests.tiktok_client import MUGS, Shop, open_shop
from twinshelf_sandbox.tiktok.errors import Refused
from twinshelf_sandbox.tiktok.regions import EU, REGIONS


@pytest.fixture
def shop(sandbox) -> Shop:
    return open_shop(sandbox)


def sku(shop, code, price, **more):
    region = REGIONS[shop.region]
    return {
        "seller_sku": code,
        "price": {"amount": price, "currency": region.currency},
        "inventory": [{"warehouse_id": w, "quantity": 20} for w in shop.warehouses],
        **more,
    }


MAKER = {
    "name": "Harbor Forge",
    "email": "a@example.com",
    "phone_number": {"country_code": "+49", "local_number": "5550100"},
    "address": "1 Example Street",
}
PERSON = {**MAKER, "address": {"street_address_line1": "1 Example Street", "postal_code": "1", "country": "DE"}}


def attributes(shop, tree):
    answer = shop.get(f"/product/202309/categories/{MUGS}/attributes", category_version=tree)
    return [
        {"id": a["id"], "values": [{"id": a["values"][0]["id"]} if "values" in a else {"name": "Sample"}]}
        for a in answer["attributes"]
        if a["is_requried"] and a["type"] == "PRODUCT_PROPERTY"
    ]


def compliance(shop):
    """What the EU wants to know of a product."""
    if shop.region not in EU:
        return {}
    path = "/product/202409/compliance"
    maker = shop.post(f"{path}/manufacturers", MAKER, shop=False)["manufacturer_id"]
    person = shop.post(f"{path}/responsible_persons", PERSON, shop=False)["responsible_person_id"]
    return {"manufacturer_ids": [maker], "responsible_person_ids": [person]}


def listed(shop, *skus, **changes):
    """A live product with these SKUs, in whatever market the shop is."""
    tree = shop.sandbox.tiktok.platform.shop(shop.id).tree
    body = {
        "title": "Enamel mug for the camp kitchen, big enough for two",
        "description": "<p>An enamel mug that survives a fall.</p>",
        "category_id": MUGS,
        "category_version": tree,
        "main_images": [{"uri": shop.upload()["uri"]}],
        "package_weight": {"value": "0.4", "unit": "KILOGRAM"},
        "product_attributes": attributes(shop, tree),
        "skus": list(skus),
        **compliance(shop),
        **changes,
    }
    made = shop.post("/product/202309/products", body)
    shop.sandbox.advance(31)
    assert shop.product(made["product_id"])["status"] == "ACTIVATE"
    return made


@pytest.mark.parametrize("region", list(REGIONS))
def test_a_mug_is_listed_bought_held_and_released_in_every_market(sandbox, region):
    shop = open_shop(sandbox, region=region)
    low, high = REGIONS[region].price_range("local")
    price = str(min(max(low * 10, Decimal(12)), high).quantize(REGIONS[region].smallest))
    listed(shop, sku(shop, "MUG-CAMP-1", price))
    order = shop.order(shop.buy("MUG-CAMP-1", 2))
    assert (order["status"], order["payment"]["currency"]) == ("ON_HOLD", REGIONS[region].currency)
    assert Decimal(order["payment"]["sub_total"]) == 2 * Decimal(price)
    assert order["recipient_address"]["region_code"] == region
    sandbox.advance(3601)
    assert shop.order(order["id"])["status"] == "AWAITING_SHIPMENT"


def test_a_bundle_takes_its_parts_from_the_shelf_and_gives_them_back(shop, sandbox):
    parts = listed(shop, sku(shop, "MUG-A", "12.00"))
    other = listed(shop, sku(shop, "BOWL-B", "9.00"), title="Enamel bowl for the camp kitchen, blue rim")
    combined = [
        {"product_id": made["product_id"], "sku_id": made["skus"][0]["id"], "sku_count": count}
        for made, count in ((parts, 2), (other, 1))
    ]
    bundle = {"seller_sku": "SET-AB", "price": {"amount": "30.00", "currency": "USD"}, "combined_skus": combined}
    listed(shop, bundle, title="Camp kitchen set of two mugs and one bowl")

    order_id = shop.buy("SET-AB", 3)
    (line, *rest) = shop.order(order_id)["line_items"]
    assert len(rest) == 2
    assert [(p["seller_sku"], p["sku_count"]) for p in line["combined_listing_skus"]] == [("MUG-A", 2), ("BOWL-B", 1)]
    assert shop.stock(parts["skus"][0]["id"]) == (14, 6)
    assert shop.stock(other["skus"][0]["id"]) == (17, 3)
    sandbox.act("shopper.cancel", order_id=order_id)
    assert shop.stock(parts["skus"][0]["id"]) == (20, 0)
    assert shop.stock(other["skus"][0]["id"]) == (20, 0)
    with pytest.raises(Refused, match="stock"):
        shop.buy("SET-AB", 11)


@pytest.mark.parametrize(
    ("pre_sale", "order_type"),
    [
        ({"type": "MADE_TO_ORDER", "fulfillment_type": {"handling_duration_days": 5}}, "MADE_TO_ORDER"),
        (None, "NORMAL"),
    ],
)
def test_what_is_made_to_order_makes_an_order_of_its_kind(shop, pre_sale, order_type):
    listed(shop, sku(shop, "MUG-A", "12.00", **({"pre_sale": pre_sale} if pre_sale else {})))
    assert shop.order(shop.buy("MUG-A"))["order_type"] == order_type


@pytest.mark.parametrize(("more", "field"), [({"sample": True}, "is_sample_order"), ({"cod": True}, "is_cod")])
def test_samples_and_cash_on_delivery_are_marked(shop, more, field):
    listed(shop, sku(shop, "MUG-A", "12.00"))
    plain, marked = shop.order(shop.buy("MUG-A")), shop.order(shop.buy("MUG-A", **more))
    assert (plain[field], marked[field]) == (False, True)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"seller_discount": "-5"}, "seller_discount: '-5' is less than nothing"),
        ({"tax": "NaN"}, "tax: 'NaN' is less than nothing or no amount of money"),
        ({"shipping_fee": "abc"}, "shipping_fee: 'abc' is not an amount of money"),
        ({"fees": {"small_order_fee": "-1"}}, "fees: '-1' is less than nothing"),
        ({"order_type": "GIFT"}, "order_type: must be one of NORMAL, ZERO_LOTTERY,"),
        ({"fulfillment_type": "BY_PIGEON"}, "fulfillment_type: must be one of FULFILLMENT_BY_SELLER,"),
    ],
)
def test_what_nobody_can_buy_is_refused_by_its_name(shop, more, says):
    listed(shop, sku(shop, "MUG-A", "12.00"))
    with pytest.raises(ValueError, match=f"^{re.escape(says)}"):
        shop.buy("MUG-A", **more)


def test_unpaid_orders_wait_a_day_for_their_money(shop, sandbox):
    listed(shop, sku(shop, "MUG-A", "12.00"))
    late, paid = shop.buy("MUG-A", pay=False), shop.buy("MUG-A", pay=False)
    sandbox.advance(86_000)
    sandbox.act("shopper.pay", order_id=paid)
    sandbox.advance(3_700)
    assert (shop.order(late)["status"], shop.order(paid)["status"]) == ("CANCELLED", "AWAITING_SHIPMENT")


def test_a_replacement_is_an_order_of_nothing_that_names_the_first(shop, sandbox):
    listed(shop, sku(shop, "MUG-A", "12.00"))
    order_id = shop.buy_to_ship("MUG-A")
    shop.mark_shipped(order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    sandbox.act("shopper.return_request", order_id=order_id, kind="REPLACEMENT")
    sandbox.advance(86_401)  # the seller says nothing, which is a yes
    (effect,) = [e for e in shop.effects("order_created") if e.key != order_id]
    again = shop.order(effect.key)
    assert (again["is_replacement_order"], again["replaced_order_id"]) == (True, order_id)
    assert Decimal(again["payment"]["total_amount"]) == 0
