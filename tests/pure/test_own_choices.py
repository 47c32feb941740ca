"""What a person chose for one product: what it takes the place of, and what it leaves alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.pure.builders import attribute, facts, inches, listing, ounces, product, red_and_blue, usd, variant
from twinshelf.connections.preferences import PackageDefaults, PriceRule, SyncRules, UpdateRule
from twinshelf.documents import (
    CategoryRules,
    CertificateRule,
    Image,
    ListingCertificate,
    ListingFile,
    SyncField,
    Weight,
)
from twinshelf.listings.compare import compare_content, withdrawn
from twinshelf.listings.desired import CategoryFacts, Shelf, desired, desired_skus
from twinshelf.preferences.fields import DEFAULTS, with_values
from twinshelf.rules.own import ProductChoices, VariantChoices, choices_from_json, choices_to_json
from twinshelf.rules.pricing import PriceStep
from twinshelf.rules.quantities import QuantityStep
from twinshelf.rules.sync_rules import Switches
from twinshelf.rules.templates import AttributeRule, TemplateRules
from twinshelf.tiktok.products import listing_to_json
from twinshelf.tiktok.regions import region

PAPER = ListingFile(digest="d1", name="paper.pdf", kind="pdf")
PHOTO = ListingFile(digest="d2", name="photo.jpg")
CHART = ListingFile(digest="d3", name="chart.png")


def made(choices, *, goods=None, market=None, attributes=(), rules=None, shelf=None) -> Any:
    shop = msgspec.structs.replace(market or facts(), today=date(2026, 3, 2))
    return desired(
        goods or product(),
        shop,
        category=CategoryFacts(shop.category_of(goods or product(), choices), attributes, rules or CategoryRules()),
        held={},
        choices=choices,
        shelf=shelf or Shelf(),
    )


@pytest.mark.parametrize(
    ("_case", "choices", "changes"),
    [
        ("nothing", ProductChoices(), {}),
        ("a title", ProductChoices(title="My mug"), {"title": "My mug"}),
        ("a text", ProductChoices(description="<p>Mine.</p>"), {"description": "<p>Mine.</p>"}),
        ("a category", ProductChoices(category_id="700"), {"category_id": "700"}),
        ("a brand", ProductChoices(brand_id="b-1"), {"brand_id": "b-1"}),
        ("a weight", ProductChoices(weight=Weight(Decimal("1.5"), "KG")), {"weight": Weight(Decimal("1.5"), "KG")}),
        ("a size", ProductChoices(dimensions=inches(9, 8, 7)), {"dimensions": inches(9, 8, 7)}),
        (
            "pictures behind those of the store",
            ProductChoices(images=("https://mine.test/a.jpg",)),
            {"image_urls": ("https://store.test/mug.jpg", "https://mine.test/a.jpg")},
        ),
    ],
)
def test_a_choice_takes_its_place_in_the_listing_and_touches_nothing_else(_case, choices, changes):
    assert made(choices).listing == listing(**changes)


def test_own_pictures_are_sent_although_the_store_has_nine_and_that_is_told():
    goods = product(images=tuple(Image(url=f"https://store.test/{n}.jpg") for n in range(9)))
    result = made(ProductChoices(images=("https://mine.test/a.jpg",)), goods=goods)

    assert result.listing.image_urls[7:] == ("https://store.test/7.jpg", "https://mine.test/a.jpg")
    assert [found.code for found in result.findings] == ["W-LST-IMG"]


def test_the_size_and_weight_of_the_product_beat_template_store_and_connection():
    market = facts(
        TemplateRules(package=PackageDefaults(1, 1, 1, 1)),
        package=PackageDefaults(length=2, width=2, height=2, weight=2),
    )
    choices = ProductChoices(weight=ounces(20), dimensions=inches(9, 8, 7))

    assert (made(choices, market=market).listing.weight, made(choices, market=market).listing.dimensions) == (
        ounces(20),
        inches(9, 8, 7),
    )


@pytest.mark.parametrize(
    ("_case", "choices", "price_rule", "steps"),
    [
        ("no rule, no rate, no tax", {"11": VariantChoices(price=Decimal("111.00"))}, "percent_up", ("own",)),
        ("another variant's", {"12": VariantChoices(price=Decimal("111.00"))}, "percent_up", ("regular", "percent_up")),
    ],
)
def test_a_price_of_ones_own_is_sent_as_it_is(_case, choices, price_rule, steps):
    template = TemplateRules(price_rule=PriceRule("fixed_down", Decimal(2)))
    for market in (
        facts(price_rule=PriceRule(price_rule, Decimal(10))),
        facts(template, price_rule=PriceRule(price_rule, Decimal(10))),
    ):
        sku: Any = desired_skus(product(), market, {}, choices=ProductChoices(variants=choices))["11"]
        told = tuple(step.rule for step in sku.price.steps)
        assert told == steps if steps == ("own",) else told[0] == "regular"
    if steps == ("own",):
        assert sku.price.steps == (PriceStep("own", usd("111.00")),)


@pytest.mark.parametrize(
    ("_case", "stock", "own", "held", "offered", "last"),
    [
        ("fewer than there are", 10, 4, 0, 4, QuantityStep("own", 4, 4)),
        ("never more than there are", 10, 25, 0, 10, QuantityStep("stock", 10, 10)),
        ("what orders hold is gone first", 10, 8, 5, 5, QuantityStep("held", 5, 5)),
        ("none at all", 10, 0, 0, 0, QuantityStep("own", 0, 0)),
        ("of what the store does not count, so many", None, 25, 0, 25, QuantityStep("own", 25, 25)),
    ],
)
def test_a_quantity_of_ones_own_is_the_most_that_is_offered(_case, stock, own, held, offered, last):
    choices = ProductChoices(variants={"11": VariantChoices(quantity=own)})
    sku = desired_skus(product(variant(stock=stock)), facts(), {"11": held}, choices=choices)["11"]

    assert (sku.quantity.offered, sku.quantity.steps[-1]) == (offered, last)


def test_a_value_of_the_product_beats_the_templates_and_the_others_stay():
    template = TemplateRules(
        attributes=(AttributeRule(name="Size", value="10 cm"), AttributeRule(name="Material", value="Metal"))
    )
    asked = (attribute("Size", customizable=True), attribute("Material", "Metal", "Wood"))
    result = made(ProductChoices(attributes={"size": "30*6cm"}), market=facts(template), attributes=asked)

    assert [(each.id, each.value_ids, each.value_names) for each in result.listing.attributes] == [
        ("a-size", (), ("30*6cm",)),
        ("a-material", ("1",), ()),
    ]


@pytest.mark.parametrize(
    ("name", "sent"), [("Warranty Period", True), ("Warranty Duration", True), ("Warranty Type", False)]
)
def test_a_warranty_period_is_sent_where_the_category_asks_for_one_and_may_be_blank(name, sent):
    asked = (attribute(name, customizable=True, required=False),)

    assert [
        each.value_names for each in made(ProductChoices(warranty="2 years"), attributes=asked).listing.attributes
    ] == ([("2 years",)] if sent else [])
    assert made(ProductChoices(), attributes=asked).listing.attributes == ()


CODED = product(*(msgspec.structs.replace(each, gtin="4006381333931") for each in red_and_blue()))


@pytest.mark.parametrize(
    ("_case", "choices", "required", "codes"),
    [
        ("as the store says", {}, True, ["4006381333931"] * 2),
        ("none is sent, although the connection wants one", {"codes": "no"}, True, ["", ""]),
        ("one of its own", {"variants": {"12": VariantChoices(gtin="012345678905")}}, False,
         ["4006381333931", "012345678905"]),
    ],
)  # fmt: skip
def test_codes_are_the_stores_ones_own_or_none(_case, choices, required, codes):
    result = made(ProductChoices(**choices), goods=CODED, market=facts(gtin_required=required))
    assert [sku.gtin for sku in result.listing.skus] == codes


def test_a_product_may_require_codes_that_the_connection_does_not():
    assert [found.code for found in made(ProductChoices(codes="yes")).findings] == ["E-LST-GTIN"]


# -- papers -----------------------------------------------------------------------------------------------------------

TAKES = CategoryRules(
    certificates=(
        CertificateRule(id="c1", name="Food safety", required=True, expires=True),
        CertificateRule(id="c2", name="Battery test", required_with=(("a-power", "2"),)),
    ),
    size_chart_supported=True,
    size_chart_required=True,
)
POWER = (attribute("Power", "None", "Battery"),)


def paper(number="c1", expires=date(2027, 1, 1)):
    return ListingCertificate(id=number, name="Food safety", files=(PAPER, PHOTO), expires=expires)


@pytest.mark.parametrize(
    ("_case", "papers", "chart", "power", "told"),
    [
        ("all there", (paper(),), CHART, "None", []),
        ("nothing there", (), None, "None", ["E-LST-CERT", "E-LST-SIZECHART"]),
        ("ends today", (paper(expires=date(2026, 3, 2)),), CHART, "None", ["E-LST-CERTDATE"]),
        ("without the day it ends", (paper(expires=None),), CHART, "None", ["E-LST-CERTDATE"]),
        ("an attribute asks for another", (paper(),), CHART, "Battery", ["E-LST-CERT"]),
        ("one that the category does not take", (paper(), paper("c9")), CHART, "None", ["W-LST-CERT"]),
    ],
)
def test_papers_are_asked_for_as_the_category_says(_case, papers, chart, power, told):
    choices = ProductChoices(certificates=papers, size_chart=chart, attributes={"Power": power})
    assert [found.code for found in made(choices, attributes=POWER, rules=TAKES).findings] == told


def test_a_size_chart_is_left_out_where_the_category_takes_none():
    result = made(ProductChoices(size_chart=CHART))
    assert (result.listing.size_chart, [found.code for found in result.findings]) == (None, ["W-LST-SIZECHART"])


def test_papers_are_sent_by_what_tiktok_calls_them_and_taken_away_with_their_names():
    choices = ProductChoices(certificates=(paper(),), size_chart=CHART, attributes={"Power": "None"})
    sent = made(choices, attributes=POWER, rules=TAKES).listing
    uris = {"file:d1": "v09", "file:d2": "tos-2", "file:d3": "tos-3", "https://store.test/mug.jpg": "tos-1"}
    body = listing_to_json(sent, image_uris=uris, region=region("US"))

    assert body["certifications"] == [
        {
            "id": "c1",
            "images": [{"uri": "tos-2"}],
            "files": [{"id": "v09", "name": "paper.pdf", "format": "PDF"}],
            "expiration_date": 1798847999,  # the end of 1 January 2027, UTC
        }
    ]
    assert body["size_chart"] == {"image": {"uri": "tos-3"}}
    without = msgspec.structs.replace(sent, certificates=(), size_chart=None)
    assert withdrawn(without, sent) == ("size_chart", "c1")


# -- beside the sync rules -------------------------------------------------------------------------------------------

LEFT = with_values(DEFAULTS, {"sync.name.update": "tts", "sync.price.update": "tts"}).sync
SHELF = Shelf(listed=True, sent=listing(title="As sent"), linked=frozenset({"11"}))


@pytest.mark.parametrize(
    ("_case", "choices", "title", "left"),
    [
        ("the connection leaves it", {}, "As sent", True),
        ("a title of one's own is sent all the same", {"title": "My mug"}, "My mug", False),
        (
            "unless the product itself leaves it",
            {"title": "My mug", "switches": Switches(title=False)},
            "As sent",
            True,
        ),
    ],
)
def test_a_title_of_ones_own_beats_the_connections_rule_and_not_the_products_tick(_case, choices, title, left):
    result = made(ProductChoices(**choices), market=facts(sync=LEFT), shelf=SHELF)

    assert (result.listing.title, SyncField.NAME in result.left) == (title, left)
    assert ("title" in compare_content(result.listing, SHELF.sent)) is not left


@pytest.mark.parametrize(("switches", "follows"), [(None, True), (Switches(), True), (Switches(price=False), False)])
def test_a_price_of_ones_own_beats_the_connections_rule_and_not_the_products_tick(switches, follows):
    choices = ProductChoices(variants={"11": VariantChoices(price=Decimal(5))}, switches=switches)
    market = facts(sync=SyncRules(price=UpdateRule("tts")))

    assert desired_skus(product(), market, {}, choices=choices, linked={"11"})["11"].price_follows is follows


def test_what_is_kept_is_read_back_and_what_says_nothing_is_not_kept():
    choices = ProductChoices(
        title="My mug", variants={"11": VariantChoices(price=Decimal("1.50")), "12": VariantChoices()},
        weight=ounces(3), certificates=(paper(),), switches=Switches(title=False),
    )  # fmt: skip
    stored = choices_to_json(choices)

    assert stored["variants"] == {"11": {"price": "1.50"}}
    assert choices_from_json(stored) == msgspec.structs.replace(choices, variants={"11": choices.of("11")})
    assert choices_to_json(ProductChoices()) == {}
