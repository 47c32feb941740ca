"""The demo shop: believable, whole, and wrong exactly where it says so."""

import re
from collections import Counter
from decimal import Decimal

import pytest

from twinshelf_sandbox.catalogs import DEMO_FAULTS, demo_categories, demo_shop, scaled
from twinshelf_sandbox.catalogs.demo import demo_slug
from twinshelf_sandbox.catalogs.invented_values import check_digit


@pytest.fixture(scope="module")
def shop():
    return demo_shop()


@pytest.fixture(scope="module")
def sound(shop):
    """The products without faults."""
    return [product for product in shop if demo_slug(product) not in DEMO_FAULTS]


@pytest.fixture
def faulty(shop):
    """Find a product by its slug."""
    return {demo_slug(product): product for product in shop}.__getitem__


def codes(products):
    return [v["sku"].casefold() for p in products for v in p["variants"] if v["sku"]]


def gtins(products):
    return [v["gtin"] for p in products for v in p["variants"] if v["gtin"]]


def test_the_shop_has_the_size_it_should(shop):
    assert len(shop) == 192
    assert sum(len(product["variants"]) for product in shop) == 1021
    assert len({product["brand_name"] for product in shop}) == 12
    sizes = Counter(len(product["variants"]) for product in shop)
    assert (sizes[1], sizes[24], sizes[400], max(sizes)) == (57, 1, 1, 400)


def test_two_calls_give_equal_shops_that_share_nothing(shop):
    again = demo_shop()
    assert again == shop

    again[0]["variants"][0]["sku"] = "changed"
    assert demo_shop() == shop


def test_categories_are_a_tree_with_parents_first(shop):
    paths = demo_categories()

    assert len(paths) == len(set(paths)) == 52
    tops = [path for path in paths if " > " not in path]
    assert tops == [
        "Kitchen & Dining", "Gifts", "Home Storage", "Textiles", "Garden", "Desk & Office", "Candles & Scents", "Bath",
        "Pets", "Toys & Play", "Apparel Basics", "Lighting & Decor", "Odds & Ends",
    ]  # fmt: skip
    for path in paths:
        parent = path.rpartition(" > ")[0]
        assert not parent or paths.index(parent) < paths.index(path)
        assert all(len(level) <= 50 for level in path.split(" > "))
    assert {path for product in shop for path in product["_category_paths"]} <= set(paths)


def test_names_skus_and_gtins_are_unique_and_gtins_are_valid(shop):
    names = [product["name"].casefold() for product in shop]
    assert len(set(names)) == len(names)
    assert len(set(codes(shop))) == len(codes(shop)) == 1020
    assert not set(codes(shop)) & {p["sku"].casefold() for p in shop if p["options"]}
    assert len(set(gtins(shop))) == len(gtins(shop)) == 1020
    for gtin in gtins(shop):
        assert gtin.startswith("952")
        assert len(gtin) == 13
        assert gtin[-1] == check_digit(gtin[:-1])


@pytest.mark.parametrize(
    ("digits", "digit"), [("400638133393", "1"), ("01234567890", "5"), ("4012345", "5"), ("978030640615", "7")]
)
def test_check_digits_are_those_of_gs1(digits, digit):
    assert check_digit(digits) == digit


def test_what_has_no_fault_could_be_listed_as_it_is(sound):
    assert len(sound) == 174
    for product in sound:
        assert 1 <= len(product["name"]) <= 255
        assert product["name"].isascii()
        assert all(product[side] > 0 for side in ("weight", "depth", "width", "height"))
        assert 1 <= len(product["images"]) <= 4
        assert (product["availability"], product["is_visible"], product["type"]) == ("available", True, "physical")
        assert 1 <= len(product["variants"]) <= 24
        for variant in product["variants"]:
            price = product["price"] if variant["price"] is None else variant["price"]
            assert Decimal(1) < price < 7600
            assert variant["gtin"]
            assert re.fullmatch(r"[A-Z0-9-]{6,50}", variant["sku"])
            assert [value["option_display_name"] for value in variant["option_values"]] == [
                option["display_name"] for option in product["options"]
            ]
            if variant["sale_price"] is not None:
                assert variant["sale_price"] < price


def test_descriptions_are_written_one_by_one(sound):
    texts = [re.sub(r"<[^>]+>", " ", product["description"]) for product in sound]
    sentences = [
        sentence.strip() for text in texts for sentence in re.split(r"(?<=[.!?])\s", text) if len(sentence) > 40
    ]

    assert all(90 < len(text) < 420 for text in texts)
    assert all(product["description"].startswith("<p>") for product in sound)
    assert [sentence for sentence, count in Counter(sentences).items() if count > 1] == []


def test_some_products_are_on_sale_out_of_stock_or_carry_what_templates_look_for(sound):
    stock = [v["inventory_level"] for p in sound for v in p["variants"]]
    fields = Counter(field["name"] for product in sound for field in product["custom_fields"])

    assert sum(product["sale_price"] > 0 for product in sound) == 25
    assert all(product["sale_price"] < product["price"] for product in sound)
    assert 20 < stock.count(0) < 60
    assert (fields["Material"] > 150, fields["Care"] > 100, fields["Product Type"] > 100, fields["Category"] > 20) == (
        True,
    ) * 4
    for product in sound:
        total = sum(variant["inventory_level"] for variant in product["variants"])
        assert product["inventory_level"] == total


# Faults


def test_every_fault_is_told_and_names_a_product_of_the_shop(shop):
    slugs = {demo_slug(product) for product in shop}

    assert len(DEMO_FAULTS) == 18
    assert set(DEMO_FAULTS) <= slugs
    assert {fault.code for fault in DEMO_FAULTS.values()} == {
        "E-LST-IMG", "E-LST-WEIGHT", "E-LST-DIM", "W-LST-DESC", "E-SKU-MISSING", "12052931", "12052262", "E-PRC-MIN",
        "12052570", "E-INV-PRODUCTLEVEL", "I-NOT-PURCHASABLE", "12052558", "E-LST-GTIN", None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "wrong"),
    [
        ("birch-serving-board-with-juice-groove", lambda p: p["images"] == []),
        ("pressed-fern-bookmark", lambda p: p["weight"] == 0),
        ("rolled-map-of-the-hollow", lambda p: (p["depth"], p["width"]) == (0, 3)),
        ("plain-beeswax-block-1-lb", lambda p: p["description"] == ""),
        ("coat-hook-forged", lambda p: p["sku"] == "FH-7200"),
        ("coat-hook-cast", lambda p: p["sku"] == "FH-720O"),
        ("workshop-seconds-mug", lambda p: (p["sku"], p["variants"][0]["sku"], p["options"]) == ("", "", [])),
        ("storytellers-lamp", lambda p: "<script>" in p["description"] and "<iframe" in p["description"]),
        ("sunflower-seed-paper-cards", lambda p: "\U0001f33b" in p["name"]),
        ("tea-caddy-with-painted-lid", lambda p: re.search("[\u4e00-\u9fff]", p["name"])),
        ("fabric-swatch-card", lambda p: p["price"] == 0),
        ("commissioned-rush-seat-settle", lambda p: p["price"] == 8400),
        ("enamel-house-number", lambda p: (p["inventory_tracking"], len(p["variants"])) == ("product", 5)),
        ("apprentices-first-spoon", lambda p: p["availability"] == "disabled"),
        ("grosgrain-ribbon-by-the-yard", lambda p: len(p["variants"]) == 400),
        ("engraved-brass-key-tag", lambda p: p["modifiers"][0]["required"]),
        ("unlabelled-jar-of-wax-polish", lambda p: (p["gtin"], p["variants"][0]["gtin"]) == ("", "")),
        ("reclaimed-slate-coasters-set-of-4", lambda p: p["variants"][1]["purchasing_disabled"]),
    ],
)
def test_a_fault_is_there(faulty, slug, wrong):
    assert slug in DEMO_FAULTS
    assert wrong(faulty(slug))


# More of the same


def test_a_scaled_shop_begins_with_the_shop_itself(shop):
    assert list(scaled(shop, 300))[:192] == shop


@pytest.mark.parametrize(("n", "faulty"), [(8, 4), (40, len(DEMO_FAULTS)), (191, len(DEMO_FAULTS))])
def test_a_small_shop_keeps_the_faults_and_some_of_everything(shop, n, faulty):
    some = list(scaled(shop, n))

    assert len(some) == n
    assert sum(demo_slug(product) in DEMO_FAULTS for product in some) == faulty
    assert [product for product in shop if product in some] == some


def test_a_scaled_shop_repeats_no_name_sku_or_gtin(shop):
    products = list(scaled(shop, 1500))

    assert len(products) == 1500
    assert len({product["name"].casefold() for product in products}) == 1500
    every = codes(products) + [p["sku"].casefold() for p in products if p["options"]]
    assert len(set(every)) == len(every)
    assert len(set(gtins(products))) == len(gtins(products))
    assert all(gtin[-1] == check_digit(gtin[:-1]) for gtin in gtins(products))
    assert max(len(product["name"]) for product in products) <= 250
    assert max(map(len, codes(products))) <= 50
    made = products[192:]
    assert all(product["images"] and product["price"] > 0 and product["weight"] > 0 for product in made)


def test_scaling_is_repeatable_and_seeds_differ(shop):
    assert list(scaled(shop, 400)) == list(scaled(shop, 400))

    one, two = list(scaled(shop, 400))[192:], list(scaled(shop, 400, 2))[192:]
    assert not {product["name"] for product in one} & {product["name"] for product in two}
    assert not set(codes(one)) & set(codes(two))
    assert not set(gtins(one)) & set(gtins(two))


@pytest.mark.parametrize(("variants", "images"), [(1, 1), (5, 4), (24, 9), (100, 2)])
def test_products_for_benchmarks_are_all_alike_in_size(shop, variants, images):
    products = list(scaled(shop, 60, variants_per_product=variants, images_per_product=images))

    assert {(len(p["variants"]), len(p["images"])) for p in products} == {(variants, images)}
    assert len(set(codes(products))) == 60 * variants
    assert len(set(gtins(products))) == 60 * variants
    for product in products:
        combinations = {tuple(value["label"] for value in v["option_values"]) for v in product["variants"]}
        assert len(combinations) == variants
        assert product["inventory_level"] == sum(v["inventory_level"] for v in product["variants"])


def test_a_hundred_thousand_products_come_one_at_a_time(shop):
    products = scaled(shop, 100_000, variants_per_product=5, images_per_product=4)

    assert next(products)["sku"] == "FS01-000000"
    assert next(products)["sku"] == "FS01-000001"


def test_making_more_leaves_the_shop_as_it_was(shop):
    for product in scaled(shop, 400):
        product["custom_fields"].append({"name": "x", "value": "y"}) if product["sku"].startswith("FS") else None

    assert demo_shop() == shop
