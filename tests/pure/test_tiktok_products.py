"""Listings become TikTok's JSON and back, and what it would refuse is found beforehand."""

from __future__ import annotations

import csv
import json
import os
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from twinshelf.documents import (
    AttributeValue,
    Dimensions,
    Listing,
    ListingSku,
    Money,
    OptionValue,
    ShopListing,
    ShopSku,
    Weight,
)
from twinshelf.errors import DocumentError
from twinshelf.messages import text
from twinshelf.tiktok import products
from twinshelf.tiktok.regions import region

DATA = Path(os.environ.get("TWINSHELF_SHARED") or Path(__file__).parents[3] / "shared") / "data"
needs_shared = pytest.mark.skipif(not DATA.exists(), reason="the shared test data is not beside the repository")
US = region("US")
URIS = {"https://store/1.jpg": "tos/1", "https://store/2.jpg": "tos/2", "https://store/red.jpg": "tos/red"}


def money(amount, currency="USD"):
    return Money(Decimal(amount), currency)


def options(**values):
    return tuple(OptionValue(option, value) for option, value in values.items())


def sku(variant_id="61", seller_sku="MUG-1", price="12.50", **changes):
    fields: dict[str, Any] = {"quantity": 5, "price": price if isinstance(price, Money) else money(price)} | changes
    return ListingSku(variant_id=variant_id, seller_sku=seller_sku, **fields)


def size(length="20", width="12", height="10", unit="IN"):
    sides = [None if side is None else Decimal(side) for side in (length, width, height)]
    return Dimensions(sides[0], sides[1], sides[2], unit)


def listing(**changes):
    fields: dict[str, Any] = {
        "product_id": "81",
        "title": "Enamel mug",
        "description": "<p>Holds tea</p>",
        "category_id": "600001",
        "image_urls": ("https://store/1.jpg",),
        "weight": Weight(Decimal("1.5"), "LB"),
        "dimensions": size(),
        "warehouse_id": "7068",
        "skus": (sku(),),
    } | changes
    return Listing(**fields)


def created(listed, market=US, **arguments):
    return products.listing_to_json(listed, image_uris=URIS, region=market, **arguments)


# -- to TikTok ------------------------------------------------------------------------------------------------------


def test_a_listing_is_sent_whole():
    listed = listing(
        brand_id="7082",
        attributes=(AttributeValue(id="100392", value_ids=("1001533",)), AttributeValue(id="7", value_names=("Tin",))),
        image_urls=("https://store/2.jpg", "https://store/gone.jpg", "https://store/1.jpg"),
        skus=(sku(gtin="4006381333931"),),
    )

    assert created(listed, key="k-1") == {
        "title": "Enamel mug",
        "description": "<p>Holds tea</p>",
        "category_id": "600001",
        "category_version": "v2",
        "main_images": [{"uri": "tos/2"}, {"uri": "tos/1"}],
        "external_product_id": "81",
        "brand_id": "7082",
        "product_attributes": [
            {"id": "100392", "values": [{"id": "1001533"}]},
            {"id": "7", "values": [{"name": "Tin"}]},
        ],
        "package_weight": {"value": "1.5", "unit": "POUND"},
        "package_dimensions": {"length": "20", "width": "12", "height": "10", "unit": "INCH"},
        "save_mode": "LISTING",
        "skus": [
            {
                "seller_sku": "MUG-1",
                "external_sku_id": "61",
                "price": {"currency": "USD", "amount": "12.50"},
                "inventory": [{"warehouse_id": "7068", "quantity": 5}],
                "identifier_code": {"code": "4006381333931", "type": "EAN"},
            }
        ],
        "idempotency_key": "k-1",
    }


@pytest.mark.parametrize(
    ("_case", "market", "weight", "sides", "sent"),
    [
        ("pounds stay in the US", "US", "1.255 LB", size("10", "9.1", "8"), ("1.26", "POUND", "10", "10", "8", "INCH")),
        ("ounces are pounds", "US", "12 OZ", size(), ("0.75", "POUND", "20", "12", "10", "INCH")),
        ("size follows weight", "US", "1.5 KG", size("10", "1", "1"),
         ("1.5", "KILOGRAM", "26", "3", "3", "CENTIMETER")),
        ("pounds go nowhere else", "GB", "1 LB", size(), ("0.454", "KILOGRAM", "51", "31", "26", "CENTIMETER")),
        ("grams are kilograms", "VN", "520 G", size("10", "10", "10", "CM"),
         ("0.52", "KILOGRAM", "10", "10", "10", "CENTIMETER")),
        ("a side converted there and back", "US", "2 LB", size("25.4", "2.54", "5.08", "CM"),
         ("2", "POUND", "10", "1", "2", "INCH")),
        ("tens are not powers", "DE", "10 KG", size("100", "20", "30", "CM"),
         ("10", "KILOGRAM", "100", "20", "30", "CENTIMETER")),
    ],
)  # fmt: skip
def test_weight_and_size_are_of_one_system_that_the_market_takes(_case, market, weight, sides, sent):
    value, unit = weight.split()
    body = created(listing(weight=Weight(Decimal(value), unit), dimensions=sides), region(market))
    box = body["package_dimensions"]

    assert (
        body["package_weight"]["value"],
        body["package_weight"]["unit"],
        box["length"],
        box["width"],
        box["height"],
        box["unit"],
    ) == sent


@pytest.mark.parametrize(
    ("price", "sent"),
    [
        (money("49.00000000"), "49.00"),
        (money("7600"), "7600.00"),
        (money("169000", "VND"), "169000"),
        (money("1980", "JPY"), "1980"),
        (money("1E+2"), "100.00"),
    ],
)
def test_a_price_is_plain_digits_of_its_currency(price, sent):
    assert products.price_to_json("9", price) == {"id": "9", "price": {"currency": price.currency, "amount": sent}}


def test_stock_is_sent_within_tiktoks_limits():
    assert products.stock_to_json("9", (("7068", 3), ("7069", -2), ("7070", 5_000_000))) == {
        "id": "9",
        "inventory": [
            {"warehouse_id": "7068", "quantity": 3},
            {"warehouse_id": "7069", "quantity": 0},
            {"warehouse_id": "7070", "quantity": 99_999},
        ],
    }


def test_options_become_sales_attributes_with_pictures_on_the_one_that_shows_most():
    red, blue = "https://store/red.jpg", "https://store/2.jpg"
    listed = listing(
        skus=(
            sku("1", "R-S", options=options(Size="S", Color="Red"), image_url=red),
            sku("2", "R-M", options=options(Size="M", Color="Red"), image_url=red),
            sku(3, "B-S", options=options(Size="S", Color="Blue"), image_url=blue),
        )
    )

    assert [each["sales_attributes"] for each in created(listed)["skus"]] == [
        [{"name": "Size", "value_name": "S"}, {"name": "Color", "value_name": "Red", "sku_img": {"uri": "tos/red"}}],
        [{"name": "Size", "value_name": "M"}, {"name": "Color", "value_name": "Red", "sku_img": {"uri": "tos/red"}}],
        [{"name": "Size", "value_name": "S"}, {"name": "Color", "value_name": "Blue", "sku_img": {"uri": "tos/2"}}],
    ]


def test_a_bad_or_doubled_product_code_is_left_out():
    listed = listing(
        skus=(
            sku("1", "A", options=options(Size="S"), gtin="4006381333931"),
            sku("2", "B", options=options(Size="M"), gtin="4006381333931"),
            sku(3, "C", options=options(Size="L"), gtin="N/A"),
        )
    )

    assert ["identifier_code" in each for each in created(listed)["skus"]] == [True, False, False]


def test_without_description_the_title_is_sent():
    body = created(listing(title="Mug &amp; <b>saucer</b> 🔥", description="<img src=a.png>"))

    assert (body["title"], body["description"]) == ("Mug & saucer", "<p>Mug &amp; saucer</p>")


# -- edits ----------------------------------------------------------------------------------------------------------

CURRENT = {
    "id": "1729",
    "status": "ACTIVATE",
    "title": "Old",
    "brand": {"id": "7082", "name": "Acme"},
    "video": {"id": "v09", "url": "https://x"},
    "size_chart": {"image": {"uri": "tos/chart", "urls": ["https://x"]}, "template": None},
    "certifications": [
        {
            "id": "602362",
            "title": "SNI",
            "images": [{"uri": "tos/cert", "urls": ["https://x"]}],
            "files": [{"id": "f1", "name": "cert.PDF", "format": "PDF", "urls": []}],
            "expiration_date": 1_741_234_626,
        }
    ],
    "product_attributes": [
        {"id": "100392", "name": "Occasion", "values": [{"id": "1", "name": "Birthday"}]},
        {"id": "100149", "name": "Origin", "values": [{"id": "1000854", "name": "VN"}]},
    ],
    "delivery_options": [{"id": "55", "name": "SEND_BY_SELLER", "is_available": True}],
    "manufacturer_ids": ["17"],
    "is_cod_allowed": False,
    "minimum_order_quantity": 1,
    "skus": [
        {
            "id": "901",
            "seller_sku": "R",
            "price": {"currency": "USD", "tax_exclusive_price": "10"},
            "inventory": [{"warehouse_id": "7068", "quantity": 9}],
            "identifier_code": {"code": "10000000000010", "type": "GTIN"},
            "sales_attributes": [{"id": "100000", "name": "Color", "value_id": "11", "value_name": "Red"}],
        },
        {
            "id": "902",
            "seller_sku": "SOLD-ELSEWHERE",
            "external_sku_id": "x",
            "sales_attributes": [
                {
                    "id": "100000",
                    "name": "Color",
                    "value_id": "12",
                    "value_name": "Green",
                    "sku_img": {"uri": "tos/green", "urls": ["https://x"]},
                }
            ],
        },
    ],
}


def edited(listed, *, sku_ids, current=CURRENT, market=US, withdrawn=()):
    body = json.dumps(current).encode()
    return products.edit_to_json(listed, body, image_uris=URIS, sku_ids=sku_ids, region=market, withdrawn=withdrawn)


SKUS_NOW: Any = CURRENT["skus"]
SET_ELSEWHERE = {
    "minimum_order_quantity": 2,
    "purchase_order_quantity_limit": {"maximum_order_quantity": 5, "cumulative_order_quantity": 9},
    "search_terms": ["mug"],
    "key_product_features": ["Holds tea"],
    "is_pre_owned": True,
    "scheduled_sale": {"is_enabled_scheduled_sale": True, "schedule_sale_time": 1_741_234_626_000},
}
OF_A_SKU_ELSEWHERE = {
    "list_price": {"currency": "USD", "amount": "20"},
    "external_urls": ["https://store/red"],
    "pre_sale": {"type": "PRE_ORDER", "fulfillment_type": {"release_date": 1_741_234_626}},
    "sku_weight": {"value": "1", "unit": "POUND"},
    "combined_skus": [{"product_id": "1", "sku_id": "2", "sku_count": 3}],
}


@pytest.mark.parametrize("odd", [{}, {"video": None, "size_chart": None}])
def test_what_somebody_set_in_the_shop_survives_an_edit(odd):
    skus = [each | OF_A_SKU_ELSEWHERE for each in SKUS_NOW]

    body = edited(
        listing(skus=(sku("1", "R", options=options(Color="Red")),)),
        sku_ids={"1": "901"},
        current=CURRENT | SET_ELSEWHERE | odd | {"skus": skus},
    )

    assert {name: body.get(name) for name in SET_ELSEWHERE} == SET_ELSEWHERE
    assert [{name: each.get(name) for name in OF_A_SKU_ELSEWHERE} for each in body["skus"]] == [OF_A_SKU_ELSEWHERE] * 2


@pytest.mark.parametrize(
    ("_case", "ours", "withdrawn", "minimum", "limit"),
    [
        ("the store says nothing", {}, (), 2, {"maximum_order_quantity": 5, "cumulative_order_quantity": 9}),
        ("the store says more", {"minimum_quantity": 3, "maximum_quantity": 6}, (), 3,
         {"maximum_order_quantity": 6, "cumulative_order_quantity": 9}),
        ("the store said so, and says nothing now", {}, ("minimum_quantity", "maximum_quantity"), None,
         {"cumulative_order_quantity": 9}),
    ],
)  # fmt: skip
def test_quantities_of_an_order_are_taken_away_only_if_they_were_ours(_case, ours, withdrawn, minimum, limit):
    body = edited(listing(**ours), sku_ids={}, current=CURRENT | SET_ELSEWHERE, withdrawn=withdrawn)

    assert (body.get("minimum_order_quantity"), body.get("purchase_order_quantity_limit")) == (minimum, limit)


def test_a_brand_and_an_attribute_of_ours_go_when_the_listing_has_them_no_more():
    body = edited(listing(), sku_ids={}, withdrawn=("brand_id", "100149"))

    assert "brand_id" not in body
    assert [attribute["id"] for attribute in body["product_attributes"]] == ["100392"]


def test_a_listing_says_how_many_an_order_may_have():
    body = created(listing(minimum_quantity=2, maximum_quantity=12))

    assert body["minimum_order_quantity"] == 2
    assert body["purchase_order_quantity_limit"] == {"maximum_order_quantity": 12}
    assert {"minimum_order_quantity", "purchase_order_quantity_limit"} & set(created(listing())) == set()


def test_an_edit_keeps_prices_stock_and_what_a_listing_does_not_speak_of():
    listed = listing(
        attributes=(AttributeValue(id="100392", value_ids=("2",)),),
        skus=(
            sku("1", "R", options=options(Color="Red"), gtin="4006381333931"),
            sku("2", "B", options=options(Color="Blue")),
        ),
    )

    body = edited(listed, sku_ids={"1": "901"})

    assert body["title"] == "Enamel mug"
    assert body["brand_id"] == "7082"
    assert body["video"] == {"id": "v09"}
    assert body["size_chart"] == {"image": {"uri": "tos/chart"}}
    assert body["manufacturer_ids"] == ["17"]
    assert body["certifications"] == [
        {
            "id": "602362",
            "images": [{"uri": "tos/cert"}],
            "files": [{"id": "f1", "name": "cert.PDF", "format": "PDF"}],
            "expiration_date": 1_741_234_626,
        }
    ]
    assert body["product_attributes"] == [
        {"id": "100392", "values": [{"id": "2"}]},
        {"id": "100149", "values": [{"id": "1000854"}]},
    ]
    assert {"save_mode", "idempotency_key", "delivery_option_ids", "minimum_order_quantity"} & set(body) == set()
    known, new, elsewhere = body["skus"]
    assert known == {
        "id": "901",
        "seller_sku": "R",
        "external_sku_id": "1",
        "identifier_code": {"code": "10000000000010", "type": "GTIN"},  # submitted codes cannot change
        "sales_attributes": [{"id": "100000", "value_id": "11"}],
    }
    assert new == {
        "seller_sku": "B",
        "external_sku_id": "2",
        "price": {"currency": "USD", "amount": "12.50"},
        "inventory": [{"warehouse_id": "7068", "quantity": 5}],
        "sales_attributes": [{"id": "100000", "value_name": "Blue"}],
    }
    assert elsewhere == {
        "id": "902",
        "seller_sku": "SOLD-ELSEWHERE",
        "external_sku_id": "x",
        "sales_attributes": [{"id": "100000", "value_id": "12", "sku_img": {"uri": "tos/green"}}],
    }


SHIRT = {
    "id": "1729",
    "skus": [
        {
            "id": sku_id,
            "seller_sku": code,
            "sales_attributes": [{"id": "9", "name": "Size", "value_id": sku_id, "value_name": size}],
        }
        for sku_id, code, size in (("901", "TEE-S", "S"), ("902", "TEE-M", "M"))
    ],
}


@pytest.mark.parametrize(
    ("_case", "skus", "linked", "sent"),
    [
        ("one that rests stays", [("1", "TEE-S", "S")], {"1": "901", "2": "902"}, [("901", "TEE-S"), ("902", "TEE-M")]),
        ("one nobody knows stays", [("1", "TEE-S", "S")], {"1": "901"}, [("901", "TEE-S"), ("902", "TEE-M")]),
        (
            "one made anew is found by its seller SKU",
            [("1", "TEE-S", "S"), ("3", "TEE-M", "Medium")],
            {"1": "901", "2": "902"},
            [("901", "TEE-S"), ("902", "TEE-M")],
        ),
        (
            "or by its options, capitals apart",
            [("1", "TEE-S", "S"), ("3", "TEE-MEDIUM", "m")],
            {"1": "901", "2": "902"},
            [("901", "TEE-S"), ("902", "TEE-MEDIUM")],
        ),
        (
            "what is another variant's is never taken",
            [("1", "TEE-S", "S"), ("2", "TEE-M", "M"), ("3", "TEE-L", "L")],
            {"1": "901", "2": "902"},
            [("901", "TEE-S"), ("902", "TEE-M"), (None, "TEE-L")],
        ),
        (
            "what swapped names keeps its id",
            [("1", "TEE-M", "S"), ("2", "TEE-S", "M")],
            {"1": "901", "2": "902"},
            [("901", "TEE-M"), ("902", "TEE-S")],
        ),
    ],
)
def test_an_edit_deletes_no_sku(_case, skus, linked, sent):
    listed = listing(skus=tuple(sku(key, code, options=options(Size=size)) for key, code, size in skus))

    body = edited(listed, sku_ids=linked, current=SHIRT)

    assert [(each.get("id"), each["seller_sku"]) for each in body["skus"]] == sent


def test_an_edit_keeps_no_sku_whose_options_are_not_those_of_the_others():
    listed = listing(skus=(sku("5", "TEE-S-RED", options=options(Size="S", Color="Red")),))

    body = edited(listed, sku_ids={"1": "901", "2": "902"}, current=SHIRT)

    assert [(each.get("id"), each["seller_sku"]) for each in body["skus"]] == [(None, "TEE-S-RED")]


def test_an_edit_names_delivery_options_only_where_products_have_their_own():
    assert edited(listing(), sku_ids={}, market=region("VN"))["delivery_option_ids"] == ["55"]


def test_an_edit_of_a_bare_product_sends_only_ours():
    body = edited(listing(), sku_ids={"61": "1"}, current={"id": "1729", "skus": [{"id": "1"}], "brand": None})

    assert body["skus"] == [{"id": "1", "seller_sku": "MUG-1", "external_sku_id": "61"}]
    assert "brand_id" not in body


def test_a_product_code_may_still_be_given_to_a_sku_without_one():
    body = edited(listing(skus=(sku(gtin="4006381333931"),)), sku_ids={"61": "902"})

    assert body["skus"][0]["identifier_code"] == {"code": "4006381333931", "type": "EAN"}


# -- what must not be sent ------------------------------------------------------------------------------------------


def found(listed, market=US):
    return {(each.code, each.blocking) for each in products.problems_of(listed, market)}


def test_a_good_listing_has_no_problems():
    assert products.problems_of(listing(), US) == ()


VN = region("VN")
DONG = (sku(price=money("169000", "VND")),)
TWO = (sku("1", "A", options=options(Size="S")), sku("2", "B", options=options(Size="M")))
LONG = "A long title that has at least twenty-five characters"


@pytest.mark.parametrize(
    ("_case", "listed", "market", "problems"),
    [
        ("no title", listing(title=" "), US, {("E-LST-TITLE", True)}),
        ("a title of emoji", listing(title="🎧🎧"), US, {("E-LST-TITLE", True)}),
        ("a title of signs", listing(title="//// !@#"), US, {("E-LST-TITLE", True)}),
        ("a title of 256", listing(title="ab" * 128), US, {("E-LST-TITLELEN", True)}),
        ("300 in Mexico", listing(title="ab" * 150, skus=(sku(price=money("100", "MXN")),)), region("MX"), set()),
        ("25 in Viet Nam", listing(title="Short", skus=DONG), VN, {("E-LST-TITLELEN", True)}),
        ("a run in the title", listing(title="Soooooooooooo soft"), US, {("E-LST-TITLECHAR", True)}),
        ("Chinese", listing(title="花柄 dress"), US, {("E-LST-TITLELANG", True)}),
        ("kanji in Japan", listing(title="花柄", skus=(sku(price=money("1980", "JPY")),)), region("JP"), set()),
        ("markup in the title", listing(title="<b>Mug</b>"), US, {("W-LST-TITLE", False)}),
        ("no description", listing(description="<p></p>"), US, {("W-LST-DESC", False)}),
        ("a long description", listing(description="<p>tea </p>" * 2000), US, {("W-LST-DESCCUT", False)}),
        ("a Chinese description", listing(description="<p>花柄</p>"), US, {("E-LST-DESCLANG", True)}),
        ("no category", listing(category_id=""), US, {("E-CAT-KEY", True)}),
        ("no warehouse", listing(warehouse_id=""), US, {("E-WHS-MISSING", True)}),
        ("no image", listing(image_urls=()), US, {("E-LST-IMG", True)}),
        ("ten images", listing(image_urls=tuple(str(n) for n in range(10))), US, {("W-LST-IMG", False)}),
        ("no weight", listing(weight=Weight(Decimal(0), "KG")), US, {("E-LST-WEIGHT", True)}),
        ("next to no weight", listing(weight=Weight(Decimal("0.0001"), "KG")), US, set()),
        ("a negative weight", listing(weight=Weight(Decimal(-1), "KG")), US, {("E-LST-WEIGHT", True)}),
        ("grams typed as kilograms", listing(weight=Weight(Decimal(188), "KG")), US, {("E-LST-HEAVY", True)}),
        ("150 pounds in the US", listing(weight=Weight(Decimal(150), "LB")), US, set()),
        ("a side is missing", listing(dimensions=size(None)), US, {("E-LST-DIM", True)}),
        ("a side is zero", listing(dimensions=size(height="0")), US, {("E-LST-DIM", True)}),
        ("a side with a fraction", listing(dimensions=size(height="9.5")), US, {("W-LST-DIM", False)}),
        ("no SKU to sell", listing(skus=()), US, {("E-LST-NOSKU", True)}),
        ("a blank SKU", listing(skus=(sku(seller_sku=" "),)), US, {("E-SKU-MISSING", True)}),
        ("a SKU with a space", listing(skus=(sku(seller_sku="MUG 1"),)), US, {("E-LST-SKU", True)}),
        ("a SKU of 51", listing(skus=(sku(seller_sku="A" * 51),)), US, {("E-LST-SKU", True)}),
        ("a short SKU in Germany", listing(skus=(sku(price=money("9", "EUR")),)), region("DE"),
         {("E-LST-SKUSTRICT", True)}),
        ("one SKU twice", listing(skus=(TWO[0], sku("2", "A", options=options(Size="M")))), US,
         {("E-SKU-TWICE", True)}),
        ("SKUs that differ in case", listing(skus=(TWO[0], sku("2", "a", options=options(Size="M")))), US, set()),
        ("another currency", listing(skus=(sku(price=money("9", "EUR")),)), US, {("E-PRC-CUR", True)}),
        ("nothing to pay", listing(skus=(sku(price="0"),)), US, {("E-PRC-RANGE", True)}),
        ("too much to pay", listing(skus=(sku(price="7600.01"),)), US, {("E-PRC-RANGE", True)}),
        ("just enough", listing(skus=(sku(price="7600"),)), US, set()),
        ("half a cent", listing(skus=(sku(price="12.505"),)), US, {("E-PRC-DECIMALS", True)}),
        ("half a dong", listing(title=LONG, skus=(sku(price=money("169000.50", "VND")),)), VN,
         {("E-PRC-DECIMALS", True)}),
        ("below Indonesia's least", listing(title=LONG, skus=(sku(price=money("10", "IDR")),)), region("ID"),
         {("E-PRC-RANGE", True)}),
        ("variants without options", listing(skus=(sku("1", "A"), sku("2", "B"))), US, {("E-LST-VAR", True)}),
        ("one variant of two without options", listing(skus=(TWO[0], sku("2", "B"))), US, {("E-LST-VAR", True)}),
        ("different options", listing(skus=(TWO[0], sku("2", "B", options=options(Color="Red")))), US,
         {("E-LST-VAR", True)}),
        ("values that differ in capitals", listing(skus=(sku("1", "A", options=options(Color="Navy")),
                                                         sku("2", "B", options=options(Color="navy")))), US,
         {("E-LST-VAR", True)}),
        ("… beside another option that differs",
         listing(skus=(sku("1", "A", options=options(Color="Navy", Size="S")),
                       sku("2", "B", options=options(Color="NAVY", Size="M")))), US, {("E-LST-VAR", True)}),
        ("a sharp s", listing(skus=(sku("1", "A", options=options(Road="Straße")),
                                    sku("2", "B", options=options(Road="STRASSE")))), US, {("E-LST-VAR", True)}),
        ("full width", listing(skus=(sku("1", "A", options=options(Color="\uff2eavy")),
                                     sku("2", "B", options=options(Color="Navy")))), US, {("E-LST-VAR", True)}),
        ("options that differ in capitals", listing(skus=(sku("1", "A", options=options(Size="S", size="1")),
                                                          sku("2", "B", options=options(Size="M", size="2")))), US,
         {("E-LST-VAR", True)}),
        ("one value of two options", listing(skus=(sku("1", "A", options=options(Lid="Navy", Body="navy")),)), US,
         set()),
        ("20 at least", listing(minimum_quantity=20), US, set()),
        ("21 at least", listing(minimum_quantity=21), US, {("E-LST-ORDERQTY", True)}),
        ("at most what is asked at least", listing(minimum_quantity=3, maximum_quantity=3), US, set()),
        ("at most less than at least", listing(minimum_quantity=3, maximum_quantity=2), US, {("E-LST-ORDERQTY", True)}),
        ("the same options twice", listing(skus=(TWO[0], sku("2", "B", options=options(Size=" S ")))), US,
         {("E-LST-VARTWICE", True)}),
        ("four options", listing(skus=(sku(options=options(A="1", B="2", C="3", D="4")),)), US,
         {("E-LST-OPTIONS", True)}),
        ("an option of 21", listing(skus=(sku(options=options(**{"A" * 21: "S"})),)), US, {("E-LST-OPTION", True)}),
        ("a value of 51", listing(skus=(sku(options=options(Size="B" * 51)),)), US, {("E-LST-OPTION", True)}),
        ("a value of 50", listing(skus=(sku(options=options(Size="ab" * 25)),)), US, set()),
        ("a value of emoji", listing(skus=(sku(options=options(Size="🔥")),)), US, {("E-LST-OPTION", True)}),
        ("a bad product code", listing(skus=(sku(gtin="N/A"),)), US, {("W-LST-GTIN", False)}),
        ("one product code twice",
         listing(skus=(sku("1", "A", options=options(Size="S"), gtin="40123455"),
                       sku("2", "B", options=options(Size="M"), gtin="4012 3455"))), US, {("W-LST-GTINTWICE", False)}),
    ],
)  # fmt: skip
def test_problems_are_found_before_the_call(_case, listed, market, problems):
    assert found(listed, market) == problems


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (OptionValue("Rating", "★"), "“★” (SKU MUG-1)"),
        (OptionValue("🔥", "Hot"), "“🔥” (SKU MUG-1)"),
        (OptionValue("Size", "B" * 51), f"“{'B' * 51}”"),
    ],
)
def test_an_option_that_cannot_be_sent_is_told_as_it_stands_in_the_store(option, words):
    told = products.problems_of(listing(skus=(sku(options=(option,)),)), US)

    assert [(each.code, each.facts) for each in told] == [("E-LST-OPTION", {"words": words})]


def test_values_that_tiktok_takes_for_one_are_told_in_each_way_they_are_written():
    written = [
        sku(str(n), f"TEE-{n}", options=options(Color=color)) for n, color in enumerate(("Navy", "navy", "Red", "NAVY"))
    ]

    [told] = products.problems_of(listing(skus=tuple(written)), US)

    assert text(told) == (
        "The SKUs of this product do not all have the same options, or write one option or value in several ways, "
        "which TikTok Shop takes for one: “Navy” = “navy” = “NAVY”"
    )


@pytest.mark.parametrize(("market", "most"), [("US", 300), ("VN", 100)])
def test_too_many_skus_are_counted_by_market(market, most):
    where = region(market)
    price = money("100000", where.currency) if market == "VN" else money("9")

    def skus(count):
        return tuple(sku(n, f"S-{n}", price, options=options(Size=str(n))) for n in range(count))

    assert found(listing(title=LONG, skus=skus(most)), where) == set()
    assert found(listing(title=LONG, skus=skus(most + 1)), where) == {("E-LST-SKUS", True)}


def test_all_problems_are_told_at_once_with_words_and_remedies():
    broken = listing(title="", image_urls=(), weight=Weight(Decimal(0), "KG"), dimensions=size(None, "0"))

    told = {each.code: each for each in products.problems_of(broken, US)}

    assert list(told) == ["E-LST-TITLE", "E-LST-IMG", "E-LST-WEIGHT", "E-LST-DIM"]
    assert text(told["E-LST-DIM"]) == "The product cannot be listed without length, width."


def test_a_left_out_product_code_tells_the_sku_and_why():
    (told,) = products.problems_of(listing(skus=(sku(gtin="036000291453"),)), US)

    assert text(told) == ("Sent without product identifier code: SKU MUG-1 (the check digit of 036000291453 is wrong).")


@needs_shared
def test_no_title_of_the_nasty_ones_is_sent_with_what_tiktok_refuses():
    lines = (DATA / "nasty-inputs" / "titles.jsonl").open(encoding="utf-8")
    blocked = set()
    for case in map(json.loads, lines):
        listed = listing(title=case["value"])
        if any(each.blocking for each in products.problems_of(listed, US)):
            blocked.add(case["id"])
            continue
        title = created(listed)["title"]
        assert 1 <= len(title) <= 255, case
        assert title == " ".join(title.split()), case
        assert not any(ord(char) < 32 or ord(char) > 0x1F000 for char in title), case
    assert blocked == {"t012", "t030", "t035", "t036", "t037", "t038", "t039"}


@needs_shared
def test_prices_of_the_nasty_ones_are_sent_or_blocked():
    def outcome(value, currency):
        where = next(r for r in ("US", "GB", "VN", "JP", "ID", "DE") if region(r).currency == currency)
        listed = listing(title=LONG, skus=(sku(seller_sku="MUG-0001", price=money(value, currency)),))
        blocking = any(each.blocking for each in products.problems_of(listed, region(where)))
        return "blocked" if blocking else created(listed, region(where))["skus"][0]["price"]["amount"]

    rows = csv.DictReader((DATA / "nasty-inputs" / "prices.csv").open(encoding="utf-8"))
    results = {}
    for row in rows:
        if re.fullmatch(r"[0-9.]+", row["value"]) and row["currency"] != "XXX":  # other values never become Money
            results[row["value"]] = outcome(row["value"], row["currency"])

    assert results == {
        "19.99": "19.99",
        "0.005": "blocked",
        "2.675": "blocked",
        "169000": "169000",
        "169000.50": "blocked",
        "1980": "1980",
        "999999999": "blocked",
        "49.00000000": "49.00",
        "12.99": "12.99",
        "10": "blocked",
    }


@needs_shared
def test_weights_and_sizes_of_the_nasty_ones():
    rows = csv.DictReader((DATA / "nasty-inputs" / "weights_dimensions.csv").open(encoding="utf-8"))
    results = []
    for row in rows:
        if row["weight_unit"] == "tonnes":
            continue
        sides = (row["length"] or None, row["width"] or None, row["height"] or None)
        unit: Any = row["weight_unit"].upper()
        listed = listing(
            weight=Weight(Decimal(row["weight"]), unit),
            dimensions=size(*sides, row["dimension_unit"].upper()),
        )
        results.append((row["weight"], sorted(found(listed))))

    assert results == [
        ("0", [("E-LST-WEIGHT", True)]),
        ("0.0", [("E-LST-DIM", True), ("E-LST-WEIGHT", True)]),
        ("188", [("E-LST-HEAVY", True)]),
        ("12", []),
        ("2.3", []),
        ("-1", [("E-LST-WEIGHT", True)]),
        ("0.0001", []),
    ]


# -- from TikTok ----------------------------------------------------------------------------------------------------


def read(row):
    return products.listing_from_json(json.dumps(row).encode())


def product_json(**changes):
    row = {
        "id": "1734950000000000383",
        "title": "Mouth spray 14mL",
        "status": "ACTIVATE",
        "audit": {"pre_approved_reasons": [], "status": "APPROVED"},
        "has_draft": False,
        "skus": [
            {
                "id": "1734950000000000079",
                "seller_sku": "SPRAY-C",
                "inventory": [{"quantity": 43, "warehouse_id": "7272940000000000726"}],
                "price": {"currency": "VND", "tax_exclusive_price": "72000"},
            }
        ],
        "create_time": 1775123176,
        "update_time": 1782892330,
    } | changes
    return {name: value for name, value in row.items() if value is not ...}


def test_a_product_of_a_search_is_read():
    assert read(product_json()) == ShopListing(
        id="1734950000000000383",
        title="Mouth spray 14mL",
        status="ACTIVATE",
        audit_status="APPROVED",
        skus=(
            ShopSku(
                id="1734950000000000079",
                seller_sku="SPRAY-C",
                price=money("72000", "VND"),
                stock=(("7272940000000000726", 43),),
            ),
        ),
        updated_at=datetime(2026, 7, 1, 7, 52, 10, tzinfo=UTC),
    )


def test_a_whole_product_tells_category_and_reasons_of_a_refusal():
    shown = read(
        product_json(
            status="FAILED",
            description="<p>x</p>",
            external_product_id="81",
            has_draft=True,
            category_chains=[{"id": "1", "is_leaf": False}, {"id": "601693", "is_leaf": True}],
            audit_failed_reasons=[
                {"position": "image", "reasons": ["blurred"], "suggestions": ["Take a better one."]},
                {"position": None, "reasons": ["unclear"], "suggestions": None},
            ],
        )
    )

    assert (shown.category_id, shown.external_product_id, shown.has_draft) == ("601693", "81", True)
    assert shown.audit_reasons == ("image: blurred", "Take a better one.", "unclear")


@pytest.mark.parametrize(
    ("_case", "price", "shown"),
    [
        (
            "the sale price comes first",
            {"currency": "USD", "sale_price": "117.5", "tax_exclusive_price": "110"},
            "117.5",
        ),
        ("then the one without tax", {"currency": "USD", "tax_exclusive_price": "110"}, "110"),
        ("a free gift", {"currency": "USD", "sale_price": "0", "tax_exclusive_price": "110"}, "0"),
        ("a number", {"currency": "USD", "sale_price": 117.5}, "117.5"),
        ("neither", {"currency": "USD"}, None),
        ("null", None, None),
        ("no currency", {"sale_price": "1"}, None),
    ],
)
def test_the_price_shown_is_the_one_buyers_see(_case, price, shown):
    listed = read(product_json(skus=[{"id": "1", "price": price}]))

    assert listed.skus[0].price == (None if shown is None else money(shown))


@pytest.mark.parametrize(
    ("_case", "changes", "listed"),
    [
        ("nulls", {"skus": None, "audit": None, "title": None, "has_draft": None}, ("", (), "")),
        ("omitted lists", {"skus": ..., "audit": ...}, ("Mouth spray 14mL", (), "")),
        ("a status nobody knows", {"status": "TO_BE_INVENTED"}, None),
        ("an id as a number", {"id": 1734950000000000383}, None),
        ("a field nobody knows", {"moon": {"phase": "full"}}, None),
    ],
)
def test_a_product_is_read_whatever_else_it_says(_case, changes, listed):
    shown = read(product_json(**changes))

    assert shown.id == "1734950000000000383"
    if listed is not None:
        assert (shown.title, shown.skus, shown.audit_status) == listed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"status": ...}, "status"),
        ({"update_time": 10**17}, "update_time"),
        ({"skus": [{"seller_sku": "A"}]}, "skus[0].id"),
        ({"skus": [{"id": "1", "price": {"currency": "USD", "sale_price": "dear"}}]}, "skus[0].price.sale_price"),
        ({"skus": [{"id": "1", "price": {"currency": "USD", "sale_price": "NaN"}}]}, "skus.price"),
    ],
)
def test_a_product_that_cannot_be_read_names_the_field(changes, field):
    with pytest.raises(DocumentError) as caught:
        read(product_json(**changes))
    assert caught.value.field == field


def test_a_create_tells_ids_by_seller_sku_and_what_was_dropped():
    answer = json.dumps(
        {
            "product_id": "1729",
            "skus": [{"id": "9", "seller_sku": "B"}, {"id": "8", "seller_sku": "A"}, {"id": "7"}],
            "warnings": [{"message": "The [brand_id]:123 field is incorrect."}, {}],
        }
    ).encode()

    assert products.created_from_json(answer) == products.CreatedListing(
        id="1729", sku_ids={"B": "9", "A": "8"}, warnings=("The [brand_id]:123 field is incorrect.",)
    )
    with pytest.raises(DocumentError, match="product_id"):
        products.created_from_json(b'{"skus":null}')


def test_an_edit_tells_its_review():
    answer = b'{"product_id":"1","audit":{"status":"AUDITING"},"skus":[{"id":"9"}],"warnings":null}'

    assert products.edited_from_json(answer) == products.EditedListing(audit_status="AUDITING")


@needs_shared
def test_products_as_captured_and_as_documented_are_read():
    captured = json.loads((DATA / "tiktok-captured-samples" / "responses.json").read_text(encoding="utf-8"))
    documented = json.loads((DATA / "tiktok-doc-samples" / "products.json").read_text(encoding="utf-8"))

    searched = read(captured["search-products (product 202309, page_size 1)"]["data"]["products"][0])
    got = read(captured["get-product (product 202309, truncated)"]["data"])
    sample = read(documented["get-product"]["response"]["data"])
    levels = products.stock_from_json(
        json.dumps(captured["inventory-search (product 202309)"]["data"]["inventory"][0]).encode()
    )

    assert (searched.skus[0].price, got.skus[0].price) == (money("72000", "VND"), money("72000", "VND"))
    assert (got.category_id, got.status, got.audit_status) == ("601693", "ACTIVATE", "APPROVED")
    assert (sample.status, sample.audit_status, sample.skus[0].price) == (
        "SELLER_DEACTIVATED",
        "AUDITING",
        money("117.5"),
    )
    assert levels == {"1729700000000000031": (("7272900000000000001", 995),)}


@needs_shared
def test_the_documented_product_can_be_sent_back():
    documented = json.loads((DATA / "tiktok-doc-samples" / "products.json").read_text(encoding="utf-8"))
    current = documented["get-product"]["response"]["data"]

    body = edited(listing(), sku_ids={"61": current["skus"][0]["id"]}, current=current)

    assert body["skus"][0]["id"] == "10001"
    assert msgspec.json.encode(body)
