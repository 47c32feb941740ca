"""V3 catalog products, names and stock become documents."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from twinshelf.documents import (
    Dimensions,
    Image,
    Money,
    Names,
    OptionValue,
    Product,
    StoreInfo,
    StoreLocation,
    Variant,
    Weight,
)
from twinshelf.errors import DocumentError
from twinshelf.storefronts.bigcommerce import inventory, products, wire

SHARED = Path(os.environ.get("TWINSHELF_SHARED") or Path(__file__).parents[3] / "shared")
STORE = StoreInfo(hash="abc123", name="Mugs", currency="USD", time_zone="UTC", weight_unit="LB", length_unit="IN")
NAMES = Names(brands={"30": "Luma"}, categories={"18": "Home", "20": "Home > Kitchen"})
GONE = object()


def usd(amount):
    return Money(Decimal(amount), "USD")


def variant_json(**changes):
    row = {
        "id": 61, "product_id": 81, "sku": "MUG-S", "price": None, "sale_price": None, "weight": None,
        "purchasing_disabled": False, "image_url": "", "gtin": "", "upc": "", "inventory_level": 3,
        "option_values": [{"id": 1, "option_id": 2, "label": "S", "option_display_name": "Size"}],
    }  # fmt: skip
    return {name: value for name, value in (row | changes).items() if value is not GONE}


ONE_VARIANT = [variant_json()]


def product_json(variants=ONE_VARIANT, **changes):
    row = {
        "id": 81, "name": "Enamel mug", "type": "physical", "sku": "MUG", "description": "<p>Holds <b>tea</b></p>",
        "weight": 0.74, "width": 7, "depth": 8, "height": 4, "price": 12.5, "sale_price": 0, "categories": [20, 18],
        "brand_id": 30, "inventory_level": 9, "inventory_tracking": "variant", "availability": "available",
        "is_visible": True, "upc": "", "gtin": "", "date_modified": "2025-12-17T10:27:41+00:00",
        "custom_fields": [{"id": 1, "name": "Material", "value": "Steel"}], "images": [],
        "variants": variants,
    }  # fmt: skip
    return {name: value for name, value in (row | changes).items() if value is not GONE}


def read(row):
    return products.product_from_json(json.dumps(row).encode(), NAMES, store=STORE)


def page(*rows, limit=250, **meta):
    body = json.dumps({"data": rows, "meta": {"pagination": meta} if meta else {}}).encode()
    return products.page_from_json(body, NAMES, store=STORE, limit=limit)


def test_a_whole_product():
    row = product_json(
        images=[
            {
                "url_zoom": "https://cdn/b.jpg",
                "url_standard": "https://cdn/b-s.jpg",
                "is_thumbnail": False,
                "sort_order": 0,
            },
            {"url_zoom": "https://cdn/a.jpg", "is_thumbnail": True, "sort_order": 5},
        ]
    )
    assert read(row) == Product(
        id="81",
        title="Enamel mug",
        sku="MUG",
        description="<p>Holds <b>tea</b></p>",
        brand="Luma",
        categories=("Home > Kitchen", "Home"),
        custom_fields=(("Material", "Steel"),),
        price=usd("12.5"),
        weight=Weight(Decimal("0.74"), "LB"),
        dimensions=Dimensions(Decimal(8), Decimal(7), Decimal(4), "IN"),
        images=(
            Image(url="https://cdn/a.jpg", thumbnail=True, sort_order=5),
            Image(url="https://cdn/b.jpg", thumbnail=False, sort_order=0),
        ),
        variants=(
            Variant(
                id="61",
                sku="MUG-S",
                options=(OptionValue("Size", "S"),),
                price=usd("12.5"),
                stock=3,
                weight=Weight(Decimal("0.74"), "LB"),
            ),
        ),
        tracking="variant",
        modified_at=datetime(2025, 12, 17, 10, 27, 41, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("_case", "product", "variant", "price", "sale_price"),
    [
        ("null is the product's price", {}, {"price": None}, "12.5", None),
        ("its own price", {}, {"price": 14}, "14", None),
        ("a price of zero stays one", {}, {"price": 0}, "0", None),
        ("the product's sale", {"sale_price": 9.99}, {}, "12.5", "9.99"),
        ("a sale price of 0 is none", {"sale_price": 0}, {"sale_price": 0}, "12.5", None),
        ("a sale price of 0.0000 is none", {"sale_price": "0.0000"}, {}, "12.5", None),
        ("a missing sale price is none", {"sale_price": GONE}, {"sale_price": GONE}, "12.5", None),
        ("its own price outranks the product's sale", {"sale_price": 9.99}, {"price": 14}, "14", None),
        ("its own sale outranks all", {"sale_price": 9.99}, {"price": 14, "sale_price": 13}, "14", "13"),
        ("its own sale on the product's price", {}, {"sale_price": 11}, "12.5", "11"),
        ("a number in quotes", {}, {"price": "19.990"}, "19.990", None),
        ("nothing is lost to floats", {}, {"price": "1234567890123.7801"}, "1234567890123.7801", None),
    ],
)
def test_prices(_case, product, variant, price, sale_price):
    found = read(product_json([variant_json(**variant)], **product)).variants[0]
    assert str(found.price.amount) == price
    assert (found.sale_price and str(found.sale_price.amount)) == sale_price


def test_a_price_keeps_the_digits_of_the_wire():
    body = json.dumps(product_json()).replace('"price": 12.5', '"price": 12.5000').encode()
    assert str(products.product_from_json(body, NAMES, store=STORE).price.amount) == "12.5000"


@pytest.mark.parametrize(
    ("_case", "tracking", "levels", "stock"),
    [
        ("not tracked", "none", [3, 4], (None, None)),
        ("per variant", "variant", [3, 4], (3, 4)),
        ("oversold", "variant", [-3, 4], (0, 4)),
        ("per product, one variant", "product", [None], (9,)),
        ("per product, shared by several", "product", [3, 4], (None, None)),
        ("a mode of tomorrow is not unlimited stock", "bundle", [3, 4], (3, 4)),
    ],
)
def test_stock(_case, tracking, levels, stock):
    variants = [variant_json(id=60 + at, inventory_level=level) for at, level in enumerate(levels)]
    found = read(product_json(variants, inventory_tracking=tracking))
    assert tuple(variant.stock for variant in found.variants) == stock
    assert found.tracking == ("variant" if tracking == "bundle" else tracking)


@pytest.mark.parametrize(
    ("_case", "product", "variant", "pounds"),
    [
        ("its own", 2, 3, "3"),
        ("the product's", 2, None, "2"),
        ("0 means that nobody typed one", 2, 0, "2"),
        ("none at all", 0, None, None),
        ("none at all, product without the key", GONE, GONE, None),
        ("a negative one is none", -1, -2, None),
    ],
)
def test_weight(_case, product, variant, pounds):
    found = read(product_json([variant_json(weight=variant)], weight=product)).variants[0].weight
    assert found == (pounds and Weight(Decimal(pounds), "LB"))


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ({"width": 7, "depth": 8, "height": 4}, Dimensions(Decimal(8), Decimal(7), Decimal(4), "IN")),
        ({"width": 7, "depth": 0, "height": None}, Dimensions(None, Decimal(7), None, "IN")),
        ({"width": 0, "depth": 0, "height": 0}, None),
        ({"width": GONE, "depth": GONE, "height": GONE}, None),
    ],
)
def test_dimensions_are_depth_width_height(sides, expected):
    assert read(product_json(**sides)).dimensions == expected


@pytest.mark.parametrize(
    ("_case", "rows", "urls"),
    [
        ("null for the list", None, ()),
        ("not included", GONE, ()),
        ("zoom, else standard", [{"url_standard": "s"}, {"url_zoom": "z", "url_standard": "s2"}], ("s", "z")),
        ("an image without an address is none", [{"url_zoom": "", "url_standard": None}, {"url_zoom": "z"}], ("z",)),
        (
            "thumbnail, then sort order",
            [
                {"url_zoom": "c", "sort_order": 2},
                {"url_zoom": "b", "sort_order": -1},
                {"url_zoom": "a", "sort_order": 9, "is_thumbnail": True},
                {"url_zoom": "d", "sort_order": 2, "is_thumbnail": None},
            ],
            ("a", "b", "c", "d"),
        ),
    ],
)
def test_images(_case, rows, urls):
    assert tuple(image.url for image in read(product_json(images=rows)).images) == urls


@pytest.mark.parametrize(
    ("_case", "product", "variant", "sku", "gtin"),
    [
        ("its own", {}, {"sku": " MUG-S ", "gtin": "4006381333931"}, "MUG-S", "4006381333931"),
        ("upc where there is no gtin", {}, {"upc": "036000291452"}, "MUG-S", "036000291452"),
        ("gtin before upc", {}, {"gtin": "4006381333931", "upc": "036000291452"}, "MUG-S", "4006381333931"),
        ("null everywhere", {}, {"sku": None, "gtin": None, "upc": None}, "", ""),
        ("a base variant shares the product's", {"gtin": "4006381333931"}, {"sku": "", "option_values": []}, "MUG",
         "4006381333931"),
        ("a variant with options does not", {"gtin": "4006381333931"}, {"sku": ""}, "", ""),
    ],
)  # fmt: skip
def test_sku_and_gtin(_case, product, variant, sku, gtin):
    found = read(product_json([variant_json(**variant)], **product)).variants[0]
    assert (found.sku, found.gtin) == (sku, gtin)


@pytest.mark.parametrize(
    ("availability", "disabled", "expected"),
    [
        ("available", False, (True, True)),
        ("disabled", False, (False, True)),
        ("preorder", False, (False, True)),
        ("available", True, (True, False)),
        ("a word of tomorrow", False, (False, True)),
    ],
)
def test_purchasable(availability, disabled, expected):
    found = read(product_json([variant_json(purchasing_disabled=disabled)], availability=availability))
    assert (found.purchasable, found.variants[0].purchasable) == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2018-08-15T14:48:46+00:00", datetime(2018, 8, 15, 14, 48, 46, tzinfo=UTC)),
        ("2018-08-15T14:48:46Z", datetime(2018, 8, 15, 14, 48, 46, tzinfo=UTC)),
        ("2018-08-15T14:48:46+02:00", datetime(2018, 8, 15, 12, 48, 46, tzinfo=UTC)),
        ("2018-08-15T14:48:46", datetime(2018, 8, 15, 14, 48, 46, tzinfo=UTC)),
        ("Wed, 15 Aug 2018 14:48:46 +0000", datetime(2018, 8, 15, 14, 48, 46, tzinfo=UTC)),
    ],
)
def test_modified_at_is_aware_utc(time, expected):
    found = read(product_json(date_modified=time)).modified_at
    assert (found, found.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    ("_case", "product", "variant", "field"),
    [
        ("id missing", {"id": GONE}, {}, "id"),
        ("id null", {"id": None}, {}, "id"),
        ("id 0", {"id": 0}, {}, "id"),
        ("id beyond the database", {"id": 2**63}, {}, "id"),
        ("name null", {"name": None}, {}, "name"),
        ("name a number", {"name": 5}, {}, "name"),
        ("price missing", {"price": GONE}, {}, "price"),
        ("price null", {"price": None}, {}, "price"),
        ("price not a number", {"price": "call us"}, {}, "price"),
        ("price with a comma", {"price": "19,99"}, {}, "price"),
        ("price true", {"price": True}, {}, "price"),
        ("price negative", {"price": -0.01}, {}, "price"),
        ("price NaN", {"price": "NaN"}, {}, "price"),
        ("price endless", {"price": "Infinity"}, {}, "price"),
        ("price absurd", {"price": "1e400"}, {}, "price"),
        ("sale price negative", {"sale_price": -1}, {}, "sale_price"),
        ("tracking missing", {"inventory_tracking": GONE}, {}, "inventory_tracking"),
        ("availability missing", {"availability": GONE}, {}, "availability"),
        ("visible null", {"is_visible": None}, {}, "is_visible"),
        ("variants not included", {"variants": GONE}, {}, "variants"),
        ("variants null", {"variants": None}, {}, "variants"),
        ("variants empty", {"variants": []}, {}, "variants"),
        ("modified missing", {"date_modified": GONE}, {}, "date_modified"),
        ("modified empty", {"date_modified": ""}, {}, "date_modified"),
        ("modified zero", {"date_modified": "0000-00-00T00:00:00"}, {}, "date_modified"),
        ("categories not numbers", {"categories": ["Mugs"]}, {}, "categories[0]"),
        (
            "level of the product null",
            {"inventory_tracking": "product", "inventory_level": None},
            {},
            "inventory_level",
        ),
        ("variant id missing", {}, {"id": GONE}, "variants[0].id"),
        ("variant sku missing", {}, {"sku": GONE}, "variants[0].sku"),
        ("variant price missing", {}, {"price": GONE}, "variants[0].price"),
        ("variant price negative", {}, {"price": -1}, "variants[0].price"),
        ("variant options missing", {}, {"option_values": GONE}, "variants[0].option_values"),
        ("variant level null", {}, {"inventory_level": None}, "variants[0].inventory_level"),
        ("variant level missing", {}, {"inventory_level": GONE}, "variants[0].inventory_level"),
        ("variant level huge", {}, {"inventory_level": 10**30}, "variants[0].inventory_level"),
        ("variant level half", {}, {"inventory_level": 1.5}, "variants[0].inventory_level"),
    ],
)
def test_what_matters_and_cannot_be_read_is_named(_case, product, variant, field):
    with pytest.raises(DocumentError) as raised:
        read(product_json(**({"variants": [variant_json(**variant)]} | product)))
    assert raised.value.field == field


def test_numbers_in_quotes_and_unknown_keys_do_no_harm():
    row = product_json([variant_json(id="61", inventory_level="3", surprise={"deep": [1]})], id="81", brand_id="30")
    assert read(row) == read(product_json())


def test_a_new_brand_or_category_without_a_name_is_left_out():
    found = read(product_json(brand_id=99, categories=[99, 18]))
    assert (found.brand, found.categories) == ("", ("Home",))


def test_one_unreadable_product_costs_only_itself():
    found = page(
        product_json(id=1), product_json(id=2, price=None), product_json(id=3, date_modified="soon"), {"id": 9}, 7
    )
    assert [product.id for product in found.products] == ["1"]
    assert [(entry.id, entry.error.field) for entry in found.unreadable] == [
        ("2", "price"),
        ("9", "name"),
        ("", "document"),
        ("3", "date_modified"),
    ]
    assert (found.last_id, found.more) == ("9", False)


@pytest.mark.parametrize(
    ("_case", "rows", "limit", "meta", "expected"),
    [
        ("an empty page", 0, 2, {"current_page": 1, "total_pages": 0}, ("", False)),
        ("the last page, full", 2, 2, {"current_page": 1, "total_pages": 1}, ("2", False)),
        ("more to come", 2, 2, {"current_page": 1, "total_pages": 4}, ("2", True)),
        ("a page cut by the server", 2, 250, {"current_page": 1, "total_pages": 4}, ("2", True)),
        ("nothing told, full", 2, 2, {}, ("2", True)),
        ("nothing told, not full", 1, 2, {}, ("1", False)),
    ],
)
def test_where_a_scan_goes_on(_case, rows, limit, meta, expected):
    found = page(*(product_json(id=at + 1) for at in range(rows)), limit=limit, **meta)
    assert (found.last_id, found.more) == expected


@pytest.mark.parametrize(
    "body",
    [b"<html>Down for maintenance</html>", b'{"data": [{"id": 1', b"[]", b"{}", b'{"data": null}', b'{"data": {}}',
     b"null", b'"', b"\xff\xfe", b"[" * 100_000, b'{"data": [{}, {}]}'],
)  # fmt: skip
def test_what_is_no_page_is_no_answer(body):
    with pytest.raises(wire.NotAnAnswer):
        products.page_from_json(body, NAMES, store=STORE, limit=250)


def test_an_unreadable_product_does_not_hide_that_there_is_more():
    found = page(product_json(id=1, price=None), current_page=1, total_pages=2)
    assert (found.products, found.last_id, found.more) == ((), "1", True)


def test_category_paths():
    rows = [
        {"category_id": 1, "parent_id": 0, "name": "Home"},
        {"category_id": 2, "parent_id": 1, "name": " Kitchen "},
        {"id": 3, "parent_id": 2, "name": "Mugs"},
        {"category_id": 4, "parent_id": 99, "name": "Orphan"},
        {"category_id": 5, "parent_id": 6, "name": "Hen"},
        {"category_id": 6, "parent_id": 5, "name": "Egg"},
        {"category_id": 7, "parent_id": 7, "name": "Self"},
    ]
    found, more = products.categories_from_json(json.dumps({"data": rows}).encode())
    assert more is None
    assert products.category_paths(found) == {
        "1": "Home",
        "2": "Home > Kitchen",
        "3": "Home > Kitchen > Mugs",
        "4": "Orphan",
        "5": "Egg > Hen",
        "6": "Hen > Egg",
        "7": "Self",
    }


def test_brands():
    body = json.dumps(
        {"data": [{"id": 1, "name": " Luma "}, {"id": 2, "name": None}, {"name": "?"}], "meta": {}}
    ).encode()
    assert products.brands_from_json(body) == ({"1": "Luma", "2": ""}, None)


# -- stock ----------------------------------------------------------------------------------------------------------


def at_location(location_id, available, **changes):
    row = {"location_id": location_id, "available_to_sell": available, "total_inventory_onhand": 99,
           "location_enabled": True, "settings": {"safety_stock": 1, "is_in_stock": True}}  # fmt: skip
    return row | changes


@pytest.mark.parametrize(
    ("_case", "identity", "locations", "expected"),
    [
        ("two locations", {"variant_id": 5}, [at_location(1, 3), at_location(2, 0)], {"5": {"1": 3, "2": 0}}),
        ("nowhere", {"variant_id": 5}, [], {"5": {}}),
        ("oversold", {"variant_id": 5}, [at_location(1, -2)], {"5": {"1": -2}}),
        (
            "disabled",
            {"variant_id": 5},
            [at_location(1, 3), at_location(2, 4, location_enabled=False)],
            {"5": {"1": 3}},
        ),
        ("not told whether enabled", {"variant_id": 5}, [at_location(1, 3, location_enabled=None)], {"5": {"1": 3}}),
        (
            "marked as not in stock",
            {"variant_id": 5},
            [at_location(1, 3, settings={"is_in_stock": False})],
            {"5": {"1": 0}},
        ),
        ("no settings", {"variant_id": 5}, [at_location(1, 3, settings=None)], {"5": {"1": 3}}),
        ("tracked for the product", {"variant_id": None, "product_id": 7}, [at_location(1, 3)], {}),
        ("variant 0", {"variant_id": 0}, [at_location(1, 3)], {}),
        ("unreadable is unknown, not 0", {"variant_id": 5}, [at_location(1, None)], {}),
    ],
)
def test_stock_by_location(_case, identity, locations, expected):
    body = json.dumps({"data": [{"identity": identity, "locations": locations}], "meta": {}}).encode()
    assert inventory.stock_from_json(body, limit=1000) == inventory.StockPage(expected, more=False)


def test_a_broken_item_leaves_the_others():
    rows = [{"identity": {"variant_id": 5}, "locations": [at_location(1, 3)]}, {"identity": None}, "?"]
    body = json.dumps({"data": rows, "meta": {"pagination": {"current_page": 1, "total_pages": 3}}}).encode()
    assert inventory.stock_from_json(body, limit=1000) == inventory.StockPage({"5": {"1": 3}}, more=True)


def test_locations():
    rows = [
        {"id": 1, "code": "MAIN", "label": "Main", "enabled": True, "address": {}},
        {"id": 2, "code": None, "label": None, "enabled": False},
        {"id": 3},
    ]
    assert inventory.locations_from_json(json.dumps({"data": rows}).encode()) == (
        (
            StoreLocation(id="1", code="MAIN", label="Main", enabled=True, default=True),
            StoreLocation(id="2", code="", label="", enabled=False),
        ),
        None,
    )


# -- data from outside ----------------------------------------------------------------------------------------------


def shared(*path):
    file = SHARED.joinpath("data", *path)
    if not file.exists():
        pytest.skip(f"{file} is not here: the shared data lies beside the repository, or where TWINSHELF_SHARED says")
    return file.read_text()


def test_nasty_texts_pass_unchanged():
    lines = shared("nasty-inputs", "titles.jsonl") + shared("nasty-inputs", "naughty_strings.jsonl")
    texts = [text for line in lines.strip().split("\n") if (text := json.loads(line).get("value")) is not None]
    assert len(texts) > 100
    for text in texts:
        found = read(product_json([variant_json(sku=text)], name=text, description=text))
        assert (found.title, found.description, found.variants[0].sku) == (text.strip(), text, text.strip())


def test_nasty_descriptions_pass_unchanged():
    for line in shared("nasty-inputs", "descriptions.jsonl").strip().split("\n"):
        text = json.loads(line).get("value")
        if isinstance(text, str):
            assert read(product_json(description=text)).description == text


def test_a_real_catalog_maps_without_loss():
    lines = shared("catalog-bigcommerce", "products.jsonl").strip().split("\n")
    rows = json.loads(shared("catalog-bigcommerce", "categories.json"))
    categories = {category["category_id"]: (category["parent_id"], category["name"]) for category in rows}
    brands = {str(brand["id"]): brand["name"] for brand in json.loads(shared("catalog-bigcommerce", "brands.json"))}
    names = Names(brands, products.category_paths(categories))

    body = ('{"data": [' + ",".join(lines) + '], "meta": {}}').encode()
    found = products.page_from_json(body, names, store=STORE, limit=len(lines) + 1)
    assert found.unreadable == ()
    assert len(found.products) == len(lines)

    for line, product in zip(lines, found.products, strict=True):
        row = json.loads(line, parse_float=Decimal)
        assert product.id == str(row["id"])
        assert product.title == row["name"].strip()
        assert product.price == usd(row["price"])
        assert product.brand == brands.get(str(row["brand_id"]), "")
        assert len(product.categories) == len(row["categories"])
        assert {image.url for image in product.images} == {image["url_zoom"] for image in row["images"]}
        assert product.images[:1] == tuple(image for image in product.images if image.thumbnail)
        assert [variant.id for variant in product.variants] == [str(variant["id"]) for variant in row["variants"]]
        for variant, v in zip(product.variants, row["variants"], strict=True):
            assert variant.price == usd(v["calculated_price"]) or variant.sale_price == usd(v["calculated_price"])
            assert variant.weight == (Weight(Decimal(v["calculated_weight"]), "LB") if v["calculated_weight"] else None)
            assert [(o.option, o.value) for o in variant.options] == [
                (o["option_display_name"].strip(), o["label"].strip()) for o in v["option_values"]
            ]
