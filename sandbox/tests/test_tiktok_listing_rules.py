"""What TikTok Shop refuses about a product, each rule with its code, by Create and by the dry run."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.tests.tiktok_client import MUGS, Shop, open_shop, png
from twinshelf_sandbox.app import Sandbox

CREATE = "/product/202309/products"
CHECK = "/product/202309/products/listing_check"
TSHIRTS = "601302"
SERUMS = "601608"  # Toners: requires ingredients or not, by its id
EXAMPLE_SPEAKERS = "602029"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def skus(body: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    """The body's SKUs with `changes` to the first."""
    first, *rest = body["skus"]
    changed = {**first, **changes}
    return [{k: v for k, v in changed.items() if v is not None}, *rest]


def price(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


TOP: list[tuple[str, dict[str, Any], int]] = [
    ("no title", {"title": None}, 12052261),
    ("a blank title", {"title": "  "}, 12052261),
    ("a title of 256", {"title": "a b" * 86}, 12052051),
    ("a Chinese title", {"title": "搪瓷杯 mug"}, 12052262),
    ("an emoji in the title", {"title": "Mug ☕ for you"}, 12052931),
    ("an HTML escape in the title", {"title": "Salt &amp; Pepper"}, 12052931),
    ("a control character", {"title": "Mug\x07"}, 12052931),
    ("ten of a kind in the title", {"title": "Muuuuuuuuuug"}, 12052931),
    ("only symbols", {"title": "$$$ %%%"}, 12052931),
    ("no description", {"description": None}, 12052015),
    ("a description of 10,001", {"description": "x" * 10_001}, 12052013),
    ("a script", {"description": "<script>1</script>"}, 12052345),
    ("an event handler", {"description": '<p onclick="x()">a</p>'}, 12052350),
    ("an image from elsewhere", {"description": '<img src="https://x.example/a.png" width="1" height="1">'}, 12052340),
    ("an image without size", {"description": '<img src="https://x.example/a.png">'}, 12052348),
    ("a tag that never closes", {"description": "<div><b>a</div>"}, 12052344),
    ("nested links", {"description": "<a><a>x</a></a>"}, 12052349),
    ("fifty-one levels", {"description": "<div>" * 51 + "</div>" * 51}, 12052352),
    ("a Chinese description", {"description": "<p>搪瓷杯</p>"}, 12052346),
    ("no category", {"category_id": None}, 12052002),
    ("a category in words", {"category_id": "mugs"}, 12052002),
    ("an unknown category", {"category_id": "999999"}, 12052023),
    ("a category with children", {"category_id": "859400"}, 12052230),
    ("the old tree", {"category_version": "v1"}, 12052217),
    ("no version, which means the old tree", {"category_version": None}, 12052217),
    ("a prohibited category", {"category_id": "600123"}, 12052220),
    ("no main image", {"main_images": []}, 12052028),
    ("an image nobody uploaded", {"main_images": [{"uri": "tos-maliva-i-o3syd03w52-us/none"}]}, 12052722),
    ("an address for an image", {"main_images": [{"uri": "https://x.example/a.png"}]}, 12052300),
    ("no weight", {"package_weight": None}, 12019011),
    ("zero weight", {"package_weight": {"value": "0", "unit": "KILOGRAM"}}, 12052181),
    ("four decimals of a kilogram", {"package_weight": {"value": "0.1234", "unit": "KILOGRAM"}}, 12052006),
    ("three decimals of a pound", {"package_weight": {"value": "1.123", "unit": "POUND"}}, 12052006),
    ("grams in the US", {"package_weight": {"value": "400", "unit": "GRAM"}}, 12019060),
    ("words for weight", {"package_weight": {"value": "heavy", "unit": "KILOGRAM"}}, 12052006),
    (
        "kilograms with inches",
        {"package_dimensions": {"length": "1", "width": "1", "height": "1", "unit": "INCH"}},
        12052915,
    ),
    (
        "a flat package",
        {"package_dimensions": {"length": "1", "width": "1", "height": "0", "unit": "CENTIMETER"}},
        12052116,
    ),
    (
        "words for height",
        {"package_dimensions": {"length": "1", "width": "1", "height": "x", "unit": "CENTIMETER"}},
        12052003,
    ),
    ("an unknown save mode", {"save_mode": "LATER"}, 12052910),
    ("an idempotency key of 129", {"idempotency_key": "k" * 129}, 12052910),
    ("a certification of another category", {"certifications": [{"id": "602362"}]}, 12052655),
    ("an unknown video", {"video": {"id": "v0"}}, 12052360),
    ("sixteen search terms", {"search_terms": ["mug"] * 16}, 12052910),
    (
        "a sale scheduled for yesterday",
        {"scheduled_sale": {"is_enabled_scheduled_sale": True, "schedule_sale_time": 1}},
        12052269,
    ),
    (
        "a size chart template of nobody is dropped unless supported",
        {"category_id": TSHIRTS, "size_chart": {"template": {"id": "1"}}},
        12052128,
    ),
    ("no SKU", {"skus": []}, 12052571),
    ("a number for a title", {"title": 5}, 12052910),
    ("a list for a weight", {"package_weight": []}, 12052910),
]


@pytest.mark.parametrize(("_case", "changes", "code"), TOP, ids=[row[0] for row in TOP])
def test_a_product_that_breaks_a_rule_is_refused_with_its_code(shop, _case, changes, code):
    body = shop.body(**changes)
    if changes.get("category_id") == TSHIRTS:
        body["product_attributes"] = shop.required_attributes(TSHIRTS)
    assert shop.refused("POST", CREATE, body) == code
    assert shop.effects("product_created", "stock_set", "price_set") == []


SKU: list[tuple[str, dict[str, Any], int]] = [
    ("no price", {"price": None}, 12052073),
    ("euros in the US", {"price": price("5", "EUR")}, 12052084),
    ("words for a price", {"price": price("five")}, 12052073),
    ("a negative price", {"price": price("-5")}, 12052073),
    ("three decimals", {"price": price("5.001")}, 12052073),
    ("nothing", {"price": price("0")}, 12052570),
    ("more than 7,600", {"price": price("7600.01")}, 12052570),
    ("no inventory", {"inventory": None}, 12052115),
    ("an empty inventory", {"inventory": []}, 12052486),
    ("a warehouse of nobody", {"inventory": [{"warehouse_id": "1", "quantity": 1}]}, 12052097),
    ("a million pieces", {"inventory": [{"warehouse_id": "W", "quantity": 1_000_000}]}, 12052055),
    ("less than none", {"inventory": [{"warehouse_id": "W", "quantity": -1}]}, 12052055),
    ("half a piece", {"inventory": [{"warehouse_id": "W", "quantity": 0.5}]}, 12052910),
    ("the return warehouse", {"inventory": [{"warehouse_id": "R", "quantity": 1}]}, 12052532),
    ("a SKU of 51", {"seller_sku": "x" * 51}, 12052054),
    ("a SKU with a space", {"seller_sku": "MUG 250"}, 12052054),
    ("no sales attributes beside a SKU that has some", {"sales_attributes": None}, 12019117),
    ("another kind of sales attribute", {"sales_attributes": [{"name": "Height", "value_name": "1"}]}, 12052550),
    ("the other SKU's value", {"sales_attributes": [{"name": "Volume", "value_name": "400 ml"}]}, 12052560),
    ("a name of 21", {"sales_attributes": [{"name": "V" * 9 + "o" * 9 + "lum", "value_name": "250 ml"}]}, 12052550),
    ("a value of 51", {"sales_attributes": [{"name": "Volume", "value_name": "2" + "5 0" * 17}]}, 12052249),
    ("a Chinese value", {"sales_attributes": [{"name": "Volume", "value_name": "大"}]}, 12052250),
    ("no value", {"sales_attributes": [{"name": "Volume"}]}, 12052248),
    ("a UPC of 11", {"identifier_code": {"code": "01234567890", "type": "UPC"}}, 12052591),
    ("a code without a type", {"identifier_code": {"code": "012345678905"}}, 12052600),
    ("an ISBN with an X inside", {"identifier_code": {"code": "97X0306406", "type": "ISBN"}}, 12052598),
    ("a URL that is none", {"external_urls": ["shop.example.com"]}, 12052235),
    ("a list price beyond 7,600", {"list_price": price("7601")}, 12052383),
    (
        "supplementary images alone",
        {"sales_attributes": [{"name": "Volume", "value_name": "250 ml", "supplementary_sku_images": []}]},
        0,
    ),
    (
        "backorders without a handling time",
        {"inventory": [{"warehouse_id": "W", "quantity": 1, "backorder_quantity": 5}]},
        12052490,
    ),
    ("a pre-sale without a type", {"pre_sale": {"fulfillment_type": {}}}, 12019096),
    (
        "a pre-sale on one SKU only",
        {"pre_sale": {"type": "MADE_TO_ORDER", "fulfillment_type": {"handling_duration_days": 5}}},
        12019094,
    ),
    (
        "made to order in 15 days",
        {"pre_sale": {"type": "MADE_TO_ORDER", "fulfillment_type": {"handling_duration_days": 15}}},
        12052490,
    ),
    (
        "a pre-order without a date",
        {"pre_sale": {"type": "PRE_ORDER", "fulfillment_type": {"handling_duration_days": 5}}},
        12019097,
    ),
]


@pytest.mark.parametrize(("_case", "changes", "code"), SKU, ids=[row[0] for row in SKU])
def test_a_sku_that_breaks_a_rule_is_refused_with_its_code(shop, _case, changes, code):
    body = shop.body()
    returns = next(
        w["id"] for w in shop.get("/logistics/202309/warehouses")["warehouses"] if w["type"] == "RETURN_WAREHOUSE"
    )
    for entry in changes.get("inventory") or []:
        entry["warehouse_id"] = {"W": shop.warehouses[0], "R": returns}.get(
            entry["warehouse_id"], entry["warehouse_id"]
        )
    body["skus"] = skus(body, **changes)
    if code:
        assert shop.refused("POST", CREATE, body) == code
    else:
        assert shop.post(CREATE, body)["product_id"]


def test_the_dry_run_names_all_problems_and_changes_nothing(shop):
    body = shop.body(title="", package_weight={"value": "0", "unit": "KILOGRAM"})
    body["skus"] = skus(body, price=price("9000"))
    answer = shop.post(CHECK, body)
    assert answer["check_result"] == "FAILED"
    assert [r["code"] for r in answer["fail_reasons"]] == [12052261, 12052181, 12052570]
    assert shop.post(CHECK, shop.body())["check_result"] == "PASS"
    assert shop.effects("product_created") == []


def test_more_skus_than_the_market_allows(shop, sandbox):
    body = shop.body()
    one = body["skus"][0]
    many = [
        {**one, "seller_sku": f"S{n}", "sales_attributes": [{"name": "No", "value_name": str(n)}]} for n in range(301)
    ]
    assert shop.refused("POST", CREATE, {**body, "skus": many}) == 12052558
    assert len(shop.post(CREATE, {**body, "skus": many[:300]})["skus"]) == 300

    vietnam = open_shop(sandbox, region="VN")
    body = vietnam.body()
    one = body["skus"][0]
    many = [
        {**one, "seller_sku": f"S{n}", "sales_attributes": [{"name": "No", "value_name": str(n)}]} for n in range(101)
    ]
    assert vietnam.refused("POST", CREATE, {**body, "skus": many}) == 12052050


def test_four_kinds_of_sales_attributes_are_too_many(shop):
    body = shop.body()
    four = [{"name": f"Kind {n}", "value_name": "a"} for n in range(4)]
    assert shop.refused("POST", CREATE, {**body, "skus": skus(body, sales_attributes=four)[:1]}) == 12052525


def test_one_sku_needs_no_sales_attributes(shop):
    body = shop.body()
    answer = shop.post(CREATE, {**body, "skus": skus(body, sales_attributes=None)[:1]})
    assert [s["sales_attributes"] for s in answer["skus"]] == [[]]


def test_images_may_be_on_one_sales_attribute_only(shop):
    image = {"uri": shop.upload(use_case="ATTRIBUTE_IMAGE")["uri"]}
    body = shop.body()
    both = [
        {"name": "Volume", "value_name": "250 ml", "sku_img": image},
        {"id": "100000", "value_id": "1000103", "sku_img": image},
    ]
    assert shop.refused("POST", CREATE, {**body, "skus": skus(body, sales_attributes=both)[:1]}) == 12052528
    assert shop.post(CREATE, {**body, "skus": skus(body, sales_attributes=[both[0]])[:1]})["product_id"]


def test_required_attributes_and_their_rules(shop):
    attributes = shop.get(f"/product/202309/categories/{EXAMPLE_SPEAKERS}/attributes", category_version="v2")[
        "attributes"
    ]
    batteries = next(a for a in attributes if a["id"] == "101610")
    kind = next(a for a in attributes if a["id"] == "101611")
    assert kind["requirement_conditions"] == [
        {"condition_type": "VALUE_ID_MATCH", "attribute_id": "101610", "attribute_value_id": "1024358"}
    ]
    yes, no = (v["id"] for v in batteries["values"])

    def code(given: list[dict[str, Any]]) -> int:
        body = shop.body(category_id=EXAMPLE_SPEAKERS, product_attributes=given)
        return int(shop.send("POST", CREATE, body).json()["code"])

    def value(attribute: str, *ids: str, name: str = "") -> dict[str, Any]:
        return {"id": attribute, "values": [{"id": i} for i in ids] + ([{"name": name}] if name else [])}

    assert code([value("101610", yes)]) == 12052182  # the child is required now
    assert code([value("101610", no), value("101611", kind["values"][0]["id"])]) == 12052183
    assert code([value("101610", yes, no)]) == 12052246
    assert code([value("101610", name="Perhaps")]) == 12052247
    assert code([value("101610", "1")]) == 12052529
    assert code([value("101610", no), value("101610", no)]) == 12052254
    assert code([value("101610", no), value("100708", name="-5")]) == 12052256
    assert code([value("101610", no), value("100708", name="12.5")]) == 0


def test_about_half_of_the_leaves_require_an_attribute(shop):
    tree = shop.get("/product/202309/categories", category_version="v2")["categories"]
    leaves = [c["id"] for c in tree if c["is_leaf"]]
    required = [
        any(
            a["is_requried"]
            for a in shop.get(f"/product/202309/categories/{leaf}/attributes", category_version="v2")["attributes"]
        )
        for leaf in leaves
    ]
    assert len(leaves) >= 140
    assert 0.35 < sum(required) / len(leaves) < 0.65


def test_a_certification_is_required_by_the_value_of_an_attribute(shop):
    rules = shop.get(f"/product/202309/categories/{EXAMPLE_SPEAKERS}/rules", category_version="v2")
    (certificate,) = rules["product_certifications"]
    assert certificate["requirement_conditions"][0]["attribute_value_id"] == "1024358"
    with_battery = [{"id": "101610", "values": [{"id": "1024358"}]}, {"id": "101611", "values": [{"id": "1090301"}]}]
    body = shop.body(category_id=EXAMPLE_SPEAKERS, product_attributes=with_battery)
    assert shop.refused("POST", CREATE, body) == 12052105
    image = shop.upload(use_case="CERTIFICATION_IMAGE")
    body["certifications"] = [{"id": certificate["id"], "images": [{"uri": image["uri"]}]}]
    assert shop.post(CREATE, body)["product_id"]


def test_an_unknown_brand_or_wrong_check_digit_is_cleared_with_a_warning(shop):
    body = shop.body(brand_id="123")
    body["skus"] = skus(body, identifier_code={"code": "012345678900", "type": "UPC"})
    answer = shop.post(CREATE, body)
    assert ["brand_id" in w["message"] or "identifier_code" in w["message"] for w in answer["warnings"]] == [True, True]
    shown = shop.product(answer["product_id"])
    assert "brand" not in shown
    assert "identifier_code" not in shown["skus"][0]


def test_a_renowned_brand_needs_an_authorization(shop):
    (brand,) = shop.get("/product/202309/brands", page_size="10", brand_name="grand")["brands"]
    assert (brand["authorized_status"], brand["is_t1_brand"]) == ("UNAUTHORIEZD", True)
    assert shop.refused("POST", CREATE, shop.body(brand_id=brand["id"])) == 12052201


def test_a_list_price_below_the_price_is_dropped_without_a_word(shop):
    body = shop.body()
    body["skus"] = [
        {**body["skus"][0], "list_price": price("11.99")},
        {**body["skus"][1], "list_price": price("15.00")},
    ]
    answer = shop.post(CREATE, body)
    assert answer["warnings"] == []
    first, second = shop.product(answer["product_id"])["skus"]
    assert "list_price" not in first
    assert second["list_price"] == price("15.00")


def test_drafts_are_forgiven_what_is_missing_but_not_what_is_wrong(shop):
    answer = shop.post(
        CREATE, {"save_mode": "AS_DRAFT", "title": "Half a mug", "category_id": "600042", "category_version": "v2"}
    )
    assert shop.product(answer["product_id"])["status"] == "DRAFT"
    assert shop.refused("POST", CREATE, {"save_mode": "AS_DRAFT", "title": "杯", "category_version": "v2"}) == 12052262


@pytest.mark.parametrize(
    ("region", "changes", "code"),
    [
        ("VN", {"title": "Too short a title"}, 12052051),
        ("VN", {"package_weight": {"value": "400", "unit": "GRAM"}}, 0),
        ("VN", {"package_weight": {"value": "1", "unit": "POUND"}}, 12019061),
        ("DE", {}, 12052282),
        ("GB", {}, 0),
    ],
)
def test_markets_differ(sandbox, region, changes, code):
    shop = open_shop(sandbox, region=region)
    reply = shop.send("POST", CREATE, shop.body(**changes)).json()
    assert reply["code"] == code, reply["message"]


def test_seller_skus_are_stricter_in_germany(sandbox):
    shop = open_shop(sandbox, region="DE")
    maker = shop.post("/product/202409/compliance/manufacturers", MAKER, shop=False)["manufacturer_id"]
    person = shop.post("/product/202409/compliance/responsible_persons", PERSON, shop=False)["responsible_person_id"]
    body = shop.body(manufacturer_ids=[maker], responsible_person_ids=[person])
    assert shop.post(CREATE, body)["product_id"]
    assert shop.refused("POST", CREATE, {**body, "skus": skus(body, seller_sku="MUG")}) == 12052054
    assert shop.refused("POST", CREATE, {**body, "skus": skus(body, seller_sku="MUG.250")}) == 12052054
    assert shop.refused("POST", CREATE, {**body, "responsible_person_ids": ["1"]}) == 12052289


MAKER = {
    "name": "Harbor Forge",
    "registered_trade_name": "Harbor Forge",
    "email": "maker@example.com",
    "phone_number": {"country_code": "+49", "local_number": "5550100"},
    "address": "1 Example Street, Kassel",
}
PERSON = {
    "name": "Avery Sample",
    "email": "person@example.com",
    "phone_number": {"country_code": "+49", "local_number": "5550101"},
    "address": {"street_address_line1": "1 Example Street", "city": "Kassel", "country": "DE", "postal_code": "34117"},
}


def test_invite_only_categories_differ_by_market(sandbox, shop):
    chainsaws = "801680"
    attributes = shop.required_attributes(chainsaws)
    answer = shop.post(CREATE, shop.body(category_id=chainsaws, product_attributes=attributes))
    sandbox.advance(60)
    waiting = shop.product(answer["product_id"])
    assert (waiting["status"], waiting["audit"]) == (
        "PENDING",
        {"status": "PRE_APPROVED", "pre_approved_reasons": ["RESTRICTED_CATEGORY_PENDING"]},
    )
    vietnam = open_shop(sandbox, region="VN")
    body = vietnam.body(category_id=chainsaws, product_attributes=vietnam.required_attributes(chainsaws))
    assert vietnam.refused("POST", CREATE, body) == 12052223


@pytest.mark.parametrize(
    ("_case", "content", "use_case", "code"),
    [
        ("nothing", b"", "MAIN_IMAGE", 12038002),
        ("not an image", b"hello world, not an image", "MAIN_IMAGE", 12038004),
        ("a GIF", png(form="GIF"), "MAIN_IMAGE", 12038004),
        ("half a PNG", png()[:20], "MAIN_IMAGE", 12038015),
        ("99 pixels", png((99, 400)), "DESCRIPTION_IMAGE", 12019116),
        ("a small main image", png((299, 299)), "MAIN_IMAGE", 12038014),
        ("a large main image", png((4001, 400)), "MAIN_IMAGE", 12038014),
        ("a small size chart", png((1000, 1200)), "SIZE_CHART_IMAGE", 12038014),
        ("eleven megabytes", png() + b"\0" * 11 * 1024 * 1024, "MAIN_IMAGE", 12038005),
        ("an unknown use", png(), "POSTER", 12038002),
    ],
)
def test_images_that_are_refused(shop, _case, content, use_case, code):
    assert shop.upload_bytes(content, use_case).json()["code"] == code
    assert [e for e in shop.sandbox.world.effects if e.kind == "image_uploaded"] == []


def test_the_uri_of_an_image_follows_from_its_bytes_and_use(shop):
    first, again = shop.upload(), shop.upload()
    assert first == again
    assert shop.upload(use_case="ATTRIBUTE_IMAGE")["uri"] != first["uri"]
    assert shop.upload(color="red")["uri"] != first["uri"]
    assert len([e for e in shop.sandbox.world.effects if e.kind == "image_uploaded"]) == 3


def test_a_banner_is_made_square(shop):
    wide = shop.upload(size=(1200, 400))
    assert (wide["width"], wide["height"]) == (1200, 1200)
    assert (shop.upload(size=(800, 600))["width"], shop.upload(size=(800, 600))["height"]) == (800, 600)


def test_an_image_of_another_seller_is_unknown(sandbox, shop):
    image = open_shop(sandbox).upload()
    assert shop.refused("POST", CREATE, shop.body(main_images=[{"uri": image["uri"]}])) == 12052722


def test_addresses_of_images_expire(sandbox, shop):
    answer = shop.create()
    image = shop.product(answer["product_id"])["main_images"][0]
    assert shop.http.get(image["urls"][0]).headers["content-type"] == "image/png"
    assert shop.http.get(image["urls"][0].replace("x-signature=", "x-signature=0")).status_code == 403
    sandbox.world.clock.advance(90_000)
    assert shop.http.get(image["urls"][0]).status_code == 403


def test_an_uploaded_description_image_can_be_used(shop):
    image = shop.upload(use_case="DESCRIPTION_IMAGE")
    description = f'<p>Look:</p><img src="{image["url"]}" width="600" height="600">'
    assert shop.create(description=description)["product_id"]


def test_an_upload_must_be_a_form(shop):
    reply = shop.send("POST", "/product/202309/images/upload", {}, shop=False)
    assert (reply.status_code, reply.json()["code"]) == (415, 36009023)
    broken = shop.send(
        "POST",
        "/product/202309/images/upload",
        shop=False,
        content=b"no parts",
        content_type="multipart/form-data; boundary=x",
    )
    assert broken.json()["code"] == 36009022


def test_categories_need_the_version_of_the_market(sandbox, shop):
    assert shop.refused("GET", "/product/202309/categories") == 12052217
    found = shop.get("/product/202309/categories", category_version="v2", keyword="mugs")["categories"]
    assert found == [
        {
            "id": "600042",
            "parent_id": "859400",
            "local_name": "Mugs",
            "is_leaf": True,
            "permission_statuses": ["AVAILABLE"],
        }
    ]
    assert shop.refused("GET", "/product/202309/categories/859400/rules", category_version="v2") == 12052024
    shop.switch("category_version", value="v1")
    levels = shop.get("/product/202309/categories")["categories"]
    assert max(len([c for c in levels if c["id"] == "851848"]), 1) == 1
    assert shop.refused("POST", CREATE, shop_body_for_v1(shop)) == 12052217


def shop_body_for_v1(shop: Shop) -> dict[str, Any]:
    image = shop.upload()
    return {
        "title": "Mug",
        "category_id": "600042",
        "category_version": "v2",
        "main_images": [{"uri": image["uri"]}],
        "description": "<p>a</p>",
        "package_weight": {"value": "1", "unit": "KILOGRAM"},
        "skus": [{"price": price("1"), "inventory": [{"warehouse_id": shop.warehouses[0], "quantity": 1}]}],
    }


@pytest.mark.parametrize(
    ("title", "leaf"),
    [
        ("Enamel mugs, set of four", "Mugs"),
        ("Soy wax candles with lavender", "Candles"),
        ("Cotton bath hand towels", "Hand Towels"),
        ("Women's t-shirt, organic", "Women's T-shirts"),
    ],
)
def test_recommended_categories(shop, title, leaf):
    answer = shop.post("/product/202309/categories/recommend", {"product_title": title, "category_version": "v2"})
    assert answer["categories"][-1]["name"] == leaf
    assert answer["categories"][-1]["id"] == answer["leaf_category_id"]


@pytest.mark.parametrize(
    "title",
    [
        "zxqv 123",
        "Nike Men's Tennis Classic Shoe",
        "Hacking Exposed Non-Fifth Edition",
        "Quilting for Dummies",
        "Bamboo Drawer Organizer",
    ],
)
def test_nothing_to_recommend_is_an_error(shop, title):
    body = {"product_title": title, "category_version": "v2"}
    assert shop.refused("POST", "/product/202309/categories/recommend", body) == 12052913


def test_brands_by_prefix_and_custom_brands(shop):
    assert shop.refused("GET", "/product/202309/brands") == 12019109
    first = shop.get("/product/202309/brands", page_size="3")
    second = shop.get("/product/202309/brands", page_size="3", page_token=first["next_page_token"])
    assert {b["id"] for b in first["brands"]}.isdisjoint(b["id"] for b in second["brands"])
    own = shop.post("/product/202309/brands", {"name": "Twin Test Forge"}, shop=False)["id"]
    assert shop.get("/product/202309/brands", page_size="10", brand_name="twin")["brands"][0]["id"] == own
    assert shop.refused("POST", "/product/202309/brands", {"name": "twin test forge"}, shop=False) == 12052205


@pytest.mark.parametrize(
    ("name", "code"), [("A", 12052189), ("杯子牌", 12052190), ("Forge™", 12052191), ("Forge12345", 12052192)]
)
def test_brand_names_that_are_refused(shop, name, code):
    assert shop.refused("POST", "/product/202309/brands", {"name": name}, shop=False) == code


def test_prerequisites_list_passed_items_too_with_one_odd_name(shop):
    results = shop.get("/product/202312/prerequisites")["check_results"]
    assert "BANk_ACCOUNT" in {r["check_item"] for r in results}
    assert {(r["is_failed"], tuple(r["fail_reasons"])) for r in results} == {(False, ())}
    shop.switch("failing_checks", value=["SHOP_TAX"])
    failed = [r for r in shop.get("/product/202312/prerequisites")["check_results"] if r["is_failed"]]
    assert [r["check_item"] for r in failed] == ["SHOP_TAX"]
    assert failed[0]["fail_reasons"]


@pytest.mark.parametrize(
    ("_case", "query", "code"),
    [
        ("no page size", {"page_size": ""}, 12019109),
        ("a token of nobody", {"page_token": "abc"}, 12019108),
        ("a category that is no leaf", {"category_id": "600024", "category_version": "v2"}, 12052230),
        ("a category that is none", {"category_id": "1", "category_version": "v2"}, 12052023),
        ("a category of the other tree", {"category_id": MUGS}, 12052217),
        ("a category that is no number", {"category_id": "mugs", "category_version": "v2"}, 12052002),
    ],
)
def test_searches_of_brands_that_are_refused(shop, _case, query, code):
    assert shop.refused("GET", "/product/202309/brands", **{"page_size": "10", **query}) == code


@pytest.mark.parametrize(
    ("_case", "changes", "code"),
    [
        ("no title", {"product_title": " "}, 12052261),
        ("a long title", {"product_title": "m" * 256}, 12052051),
        ("a Chinese title", {"product_title": "搪瓷杯"}, 12052262),
        ("a long description", {"description": "m" * 10_001}, 12052013),
        ("another tree", {"category_version": "v1"}, 12052217),
        ("an unknown image", {"images": [{"uri": "tos-maliva-i-o3syd03w52-us/none"}]}, 12052722),
    ],
)
def test_recommendations_that_are_refused(shop, _case, changes, code):
    body = {"product_title": "Enamel mug", "category_version": "v2", **changes}
    assert shop.refused("POST", "/product/202309/categories/recommend", body) == code
