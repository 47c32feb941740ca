"""What a shop should show of a product, all that stands in the way of it, and the changes that bring it there."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies

from tests.pure.builders import (
    attribute,
    codes,
    facts,
    inches,
    listing,
    listing_sku,
    money,
    ounces,
    product,
    random_cases,
    red_and_blue,
    usd,
    usd_amounts,
    variant,
)
from twinshelf.connections.preferences import PackageDefaults, PriceRule
from twinshelf.documents import (
    ActivateListing,
    CategoryRules,
    DeactivateListing,
    Image,
    Listing,
    OptionValue,
    SetPrices,
    ShopSku,
    Weight,
    finding,
    from_json,
    seller_sku,
    to_json,
)
from twinshelf.listings.compare import compare_content
from twinshelf.listings.desired import CategoryFacts, desired_skus, listable
from twinshelf.listings.desired import desired as desired_in_shop
from twinshelf.listings.plan import (
    SeenSkus,
    SeenVisibility,
    deleted_findings,
    doubled_findings,
    linkable,
    plan_prices,
    plan_visibility,
    review_findings,
    state_of,
)
from twinshelf.messages import text
from twinshelf.rules.templates import AttributeRule, TemplateRules
from twinshelf.sync.problems import _joined
from twinshelf.tiktok.products import listing_to_json, problems_of
from twinshelf.tiktok.regions import region
from twinshelf.tiktok.texts import plain

PLUS_TEN = PriceRule("fixed_up", Decimal(10))


def desired(goods, shop=None, *, category_id="600001", attributes=(), rules=None, quantities=None, checks=None):
    """The listing and the findings of a product with these units of each variant in the store."""
    units = {"11": 10} if quantities is None else quantities
    variants = tuple(msgspec.structs.replace(entry, stock=units.get(entry.id, 0)) for entry in goods.variants)
    made = desired_in_shop(
        msgspec.structs.replace(goods, variants=variants),
        shop or facts(),
        category=CategoryFacts(category_id, attributes, rules or CategoryRules()),
        held={},
        checks=checks,
    )
    return made.listing, made.findings


def tiktok(draft, unpriced):
    return problems_of(draft, region("US"), unpriced=unpriced)


# -- the listing as it should be ------------------------------------------------------------------------------------


def test_a_product_with_all_that_is_needed_becomes_its_listing():
    assert desired(product()) == (listing(), ())


@pytest.mark.parametrize(
    ("_case", "goods", "shop", "result"),
    [
        ("the title without outer blanks", product(title=" Enamel mug "), facts(), listing()),
        (
            "what may be offered, not what is there",
            product(variant(stock=99)),
            facts(),
            listing(listing_sku(quantity=10)),
        ),
        (
            "each variant with its options, code, picture and quantity; none told is none offered",
            product(*red_and_blue()),
            facts(),
            listing(
                listing_sku(variant_id="11", seller_sku="MUG-RED", options=(OptionValue("Color", "Red"),)),
                listing_sku(
                    variant_id="12", seller_sku="MUG-BLUE", options=(OptionValue("Color", "Blue"),), quantity=0
                ),
            ),
        ),
        (
            "the identifier code and the picture of a variant",
            product(variant(gtin="036000291452", image_url="https://store.test/red.jpg")),
            facts(),
            listing(listing_sku(gtin="036000291452", image_url="https://store.test/red.jpg")),
        ),
        (
            "a product without options may have its SKU on itself",
            product(variant(sku=""), sku="MUG-1"),
            facts(),
            listing(),
        ),
        (
            "the connection's price rule",
            product(),
            facts(price_rule=PLUS_TEN),
            listing(listing_sku(price=usd("22.00"))),
        ),
        (
            "the sale price where it is wanted",
            product(variant(sale_price=usd("9.50"))),
            facts(use_sale_price=True),
            listing(listing_sku(price=usd("9.50"))),
        ),
        ("the template's brand", product(), facts(TemplateRules(brand_id="7001")), listing(brand_id="7001")),
    ],
)
def test_a_listing_says_what_the_product_says(_case, goods, shop, result):
    assert desired(goods, shop) == (result, ())


def test_of_twelve_pictures_the_first_nine_are_sent_and_that_is_told():
    made, findings = desired(product(images=tuple(Image(url=f"https://store.test/{n}.jpg") for n in range(12))))

    assert made == listing(image_urls=tuple(f"https://store.test/{n}.jpg" for n in range(9)))
    assert findings == (finding("W-LST-IMG", number=12, limit=9),)


@pytest.mark.covers("CED-80", "CED-94")
@pytest.mark.parametrize(
    ("_case", "title", "description", "sent"),
    [
        ("no description", "Enamel mug", "", "<p>Enamel mug</p>"),
        ("blanks", "Enamel mug", " \n ", "<p>Enamel mug</p>"),
        ("tags around nothing", "Enamel mug", "<p>&nbsp;<br></p>", "<p>Enamel mug</p>"),
        ("a title with signs of HTML", "Mug & <b>cup</b>", "", "<p>Mug &amp; &lt;b&gt;cup&lt;/b&gt;</p>"),
    ],
)
def test_the_title_stands_in_for_an_empty_description(_case, title, description, sent):
    result, findings = desired(product(title=title, description=description))

    assert result == listing(title=plain(title), description=sent)
    assert findings == (finding("W-LST-DESC"),)


@pytest.mark.covers("CED-84")
@pytest.mark.parametrize(
    ("market", "weight", "sent"),
    [
        ("US", ounces(12), {"value": "0.75", "unit": "POUND"}),
        ("GB", ounces(12), {"value": "0.341", "unit": "KILOGRAM"}),
        ("US", Weight(Decimal(340), "G"), {"value": "0.34", "unit": "KILOGRAM"}),
    ],
)
def test_a_weight_is_sent_in_a_unit_of_the_region(market, weight, sent):
    result, _findings = desired(product(variant(weight=weight)))

    assert listing_to_json(result, image_uris={}, region=region(market))["package_weight"] == sent


# -- what stands in the way -----------------------------------------------------------------------------------------

BLANK = product(
    variant(sku="", price=usd("0.00"), weight=None, gtin=""),
    title=" ",
    description="",
    images=(),
    dimensions=inches(4, None, None),
)
GTIN_ASKED = facts(gtin_required=True)
NO_CATEGORY = "The product has no TikTok category, and no template gives it one."
NEEDS_CERTIFICATE = CategoryRules(certifications=(("c-1", "CPC"), ("c-2", "Test report")))


@pytest.mark.parametrize(
    ("_case", "goods", "shop", "asks", "told"),
    [
        pytest.param(
            "no title",
            product(title="  "),
            facts(),
            {},
            [("E-LST-TITLE", "The product has no title.")],
            marks=pytest.mark.covers("CED-94"),
        ),
        (
            "no picture",
            product(images=()),
            facts(),
            {},
            [("E-LST-IMG", "At least one image is required.")],
        ),
        pytest.param(
            "no category",
            product(),
            facts(),
            {"category_id": ""},
            [
                ("E-CAT-KEY", NO_CATEGORY),
            ],
            marks=pytest.mark.covers("SILK-14"),
        ),
        pytest.param(
            "required attributes",
            product(),
            facts(),
            {"attributes": (attribute("Material", "Metal"), attribute("Style"))},
            [("E-LST-ATTR", "Missing required attributes: Material, Style.")],
            marks=pytest.mark.covers("SILK-26"),
        ),
        pytest.param(
            "certificates, each by its name",
            product(),
            facts(),
            {"rules": NEEDS_CERTIFICATE},
            [
                ("E-LST-CERT", "The category requires a certificate, and the product has none: CPC."),
                ("E-LST-CERT", "The category requires a certificate, and the product has none: Test report."),
            ],
            marks=pytest.mark.covers("SILK-26", "SILK-108"),
        ),
        (
            "nobody named, where the EU wants it",
            product(),
            facts(),
            {"rules": CategoryRules(manufacturer_required=True)},
            [("E-LST-COMPL", "Manufacturer or responsible person is missing or unknown.")],
        ),
        (
            "one of two named",
            product(),
            facts(TemplateRules(manufacturer_id="1")),
            {"rules": CategoryRules(manufacturer_required=True, responsible_person_required=True)},
            [("E-LST-COMPL", "Manufacturer or responsible person is missing or unknown.")],
        ),
        pytest.param(
            "no weight anywhere",
            product(variant(weight=None)),
            facts(),
            {},
            [("E-LST-WEIGHT", "The product cannot be listed without a weight.")],
            marks=pytest.mark.covers("CED-84"),
        ),
        pytest.param(
            "a side",
            product(dimensions=inches(4, 4, None)),
            facts(),
            {},
            [("E-LST-DIM", "The product cannot be listed without height.")],
            marks=pytest.mark.covers("CED-85"),
        ),
        ("a SKU", product(variant(sku="")), facts(), {}, [("E-SKU-MISSING", "Variants without SKU: 11.")]),
        (
            "the SKU of one of two variants; the product's own does not stand in",
            product(variant(), variant(id="12", sku=""), sku="MUG"),
            facts(),
            {},
            [("E-SKU-MISSING", "Variants without SKU: 12.")],
        ),
        (
            "a SKU used twice",
            product(variant(), variant(id="12")),
            facts(),
            {},
            [("E-SKU-TWICE", "More than one variant of the product uses SKU MUG-1; it is not linked automatically.")],
        ),
        pytest.param(
            "an identifier code where one is asked for",
            product(variant(sku="MUG-RED", gtin="036000291452"), variant(id="12", sku="MUG-BLUE")),
            GTIN_ASKED,
            {},
            [("E-LST-GTIN", "No product identifier code: SKU MUG-BLUE.")],
            marks=pytest.mark.covers("CED-83"),
        ),
        pytest.param(
            "a rate for another currency",
            product(),
            facts(currency="GBP"),
            {},
            [("E-PRC-RATE", "BigCommerce uses USD, TikTok Shop GBP, and no exchange rate is confirmed.")],
            marks=pytest.mark.covers("CED-149"),
        ),
        (
            "a price that is none",
            product(),
            facts(price_rule=PriceRule("fixed_down", Decimal(12))),
            {},
            [("E-PRC-MIN", "There is no valid price: MUG-1 (0.00 USD).")],
        ),
    ],
)
def test_what_is_missing_blocks_the_listing_and_is_named(_case, goods, shop, asks, told):
    result, findings = desired(goods, shop, **asks)

    assert result is None
    assert [(each.code, text(each)) for each in findings] == told
    assert all(each.blocking for each in findings)


@pytest.mark.parametrize(
    ("_case", "goods", "shop"),
    [
        ("codes are not asked for", product(variant(gtin="")), facts(gtin_required=False)),
        ("codes are asked for and there", product(variant(gtin="036000291452")), GTIN_ASKED),
        (
            "weight and size come from the connection",
            product(variant(weight=None), dimensions=None),
            facts(package=PackageDefaults(length=4, width=4, height=5, weight=12)),
        ),
        ("the rate is confirmed", product(), facts(currency="GBP", exchange_rate=Decimal("0.8"))),
        ("SKUs that differ in case are two", product(variant(sku="mug-1"), variant(id="12", sku="MUG-1")), facts()),
    ],
)
def test_what_is_given_does_not_block(_case, goods, shop):
    result, findings = desired(goods, shop)

    assert result is not None
    assert findings == ()


def test_all_problems_of_a_product_are_told_at_once():
    result, findings = desired(
        BLANK,
        GTIN_ASKED,
        category_id="",
        attributes=(attribute("Material", "Metal"),),
        rules=NEEDS_CERTIFICATE,
    )

    assert result is None
    assert codes(findings) == [
        "E-LST-TITLE",
        "W-LST-DESC",
        "E-LST-IMG",
        "E-CAT-KEY",
        "E-LST-ATTR",
        "E-LST-CERT",
        "E-LST-CERT",
        "E-LST-WEIGHT",
        "E-LST-DIM",
        "E-SKU-MISSING",
        "E-LST-GTIN",
        "E-PRC-MIN",
    ]


HANDLES = tuple(OptionValue(name, "1") for name in ("Color", "Size", "Glaze", "Handle"))


@pytest.mark.parametrize(
    ("_case", "goods", "shop", "ours", "tiktoks"),
    [
        (
            "the picture and the title",
            product(images=(), title="Mug " * 70),
            facts(),
            {"E-LST-IMG"},
            {"E-LST-TITLELEN"},
        ),
        (
            "the weight and the SKU",
            product(variant(weight=None, sku="MUG 1")),
            facts(),
            {"E-LST-WEIGHT"},
            {"E-LST-SKU"},
        ),
        (
            "the size and the options",
            product(variant(options=HANDLES), dimensions=None),
            facts(),
            {"E-LST-DIM"},
            {"E-LST-OPTIONS"},
        ),
        (
            "one variant without a price and one that costs too much",
            product(variant(price=usd("0.00")), variant(id=12, sku="MUG-2", price=usd("7600.01"), options=HANDLES[:1])),
            facts(),
            {"E-PRC-MIN"},
            {"E-PRC-RANGE", "E-LST-VAR"},
        ),
        ("a price that cannot be said", product(), facts(currency="GBP"), {"E-PRC-RATE"}, set()),
        ("what both would say is said once", BLANK, facts(), set(codes(desired(BLANK)[1])), set()),
    ],
)
def test_what_we_miss_and_what_tiktok_would_refuse_are_told_together(_case, goods, shop, ours, tiktoks):
    result, findings = desired(goods, shop, checks=tiktok)

    assert result is None
    assert set(codes(findings)) == ours | tiktoks
    assert len(codes(findings)) == len(codes(desired(goods, shop)[1])) + len(tiktoks)


def test_a_notice_does_not_block():
    result, findings = desired(product(dimensions=inches("3.2", 4, 5)))

    assert result == listing(dimensions=inches(4, 4, 5))
    assert codes(findings) == ["N-PKG-ROUND"]


@pytest.mark.parametrize(
    ("_case", "tracking", "variants", "quantities", "told"),
    [
        ("counted as one, sold as two: none is offered", "product", red_and_blue(), [0, 0], ["W-INV-PRODUCTLEVEL"]),
        ("counted one by one", "variant", red_and_blue(), [10, 7], []),
        ("not counted at all", "none", red_and_blue(), [10, 7], []),
        ("a product without options is counted as one", "product", (variant(),), [10], []),
    ],
)
def test_stock_that_is_counted_for_all_variants_together_is_not_offered(_case, tracking, variants, quantities, told):
    result, findings = desired(product(*variants, tracking=tracking), quantities={"11": 10, "12": 7})

    assert [sku.quantity for sku in result.skus] == quantities
    assert codes(findings) == told
    assert not any(finding.blocking for finding in findings)


RED, BLUE = red_and_blue()
NOT_BLUE = (RED, msgspec.structs.replace(BLUE, purchasable=False))


@pytest.mark.covers("SILK-87")
@pytest.mark.parametrize(
    ("_case", "goods", "include", "offered"),
    [
        ("all can be bought", product(RED, BLUE), False, ["MUG-RED", "MUG-BLUE"]),
        ("one cannot", product(*NOT_BLUE), False, ["MUG-RED"]),
        ("the product cannot", product(RED, BLUE, purchasable=False), False, []),
        ("one cannot, and all are wanted", product(*NOT_BLUE), True, ["MUG-RED", "MUG-BLUE"]),
        (
            "the product cannot, and all are wanted",
            product(RED, BLUE, purchasable=False),
            True,
            ["MUG-RED", "MUG-BLUE"],
        ),
    ],
)
def test_what_cannot_be_bought_is_skipped_unless_all_is_wanted(_case, goods, include, offered):
    shop = facts(include_unpurchasable=include)

    result, findings = desired(goods, shop)

    assert [entry.sku for entry in goods.variants if listable(goods, entry, shop.preferences)] == offered
    off = [entry.sku for entry in goods.variants if entry.sku not in offered]
    told = (finding("W-PRD-OFFSALE", skus=", ".join(off)),) if off else ()
    if offered:
        assert [sku.seller_sku for sku in result.skus] == offered
        assert findings == told
    else:
        assert result is None
        assert findings == (finding("I-NOT-PURCHASABLE"), *told)


def test_what_is_skipped_is_not_told_what_else_it_lacks():
    _result, findings = desired(msgspec.structs.replace(BLANK, purchasable=False), GTIN_ASKED, category_id="")

    assert codes(findings) == ["I-NOT-PURCHASABLE", "W-PRD-OFFSALE"]


def test_what_is_not_sold_needs_no_sku():
    result, findings = desired(product(variant(), variant(id="12", sku="", purchasable=False)))

    assert result == listing()
    assert findings == (finding("W-PRD-OFFSALE", skus="12"),)


def test_attributes_of_the_template_are_sent():
    material = attribute("Material", "Metal", "Wood")
    template = TemplateRules(attributes=(AttributeRule(name="Material", value="Wood"),))

    result, _findings = desired(product(), facts(template), attributes=(material,))

    assert [(value.id, value.value_ids) for value in result.attributes] == [("a-material", ("2",))]


@pytest.mark.parametrize(
    ("_case", "goods", "at", "sku"),
    [
        ("its own", product(variant(sku="MUG-1"), sku="MUG"), 0, "MUG-1"),
        ("the product's where it is the only one", product(variant(sku=""), sku="MUG"), 0, "MUG"),
        ("never the product's where it is one of two", product(variant(sku=""), variant(id="12"), sku="MUG"), 0, ""),
        ("none", product(variant(sku="")), 0, ""),
    ],
)
def test_the_code_a_variant_sells_under(_case, goods, at, sku):
    assert seller_sku(goods, goods.variants[at]) == sku


# -- findings of one kind -------------------------------------------------------------------------------------------


def certificate(name, *, waits_for=""):
    return finding("E-LST-CERT", waits_for=waits_for, names=name)


@pytest.mark.parametrize(
    ("_case", "one", "other", "both"),
    [
        ("the same twice is told once", certificate("CPC"), certificate("CPC"), certificate("CPC")),
        ("two are told one after the other", certificate("CPC"), certificate("Test"), certificate("CPC, Test")),
        ("a third as well", certificate("CPC, Test"), certificate("Label"), certificate("CPC, Test, Label")),
        ("what is told is not told again", certificate("CPC, Test"), certificate("Test"), certificate("CPC, Test")),
        ("nor what has a comma itself", certificate("A, B"), certificate("A, B"), certificate("A, B")),
        (
            "either release asks again",
            certificate("A", waits_for="link:1 link:2"),
            certificate("A", waits_for="link:2 link:3"),
            certificate("A", waits_for="link:1 link:2 link:3"),
        ),
    ],
)
def test_findings_of_one_code_are_one_problem(_case, one, other, both):
    assert _joined(one, other) == both


# -- prices ---------------------------------------------------------------------------------------------------------

TWO = product(variant(id="11", sku="MUG-RED", price=usd("12.00")), variant(id="12", sku="MUG-BLUE", price=usd("14.50")))
FOREIGN = facts(currency="GBP")


def seen(red="12.00", blue="14.50"):
    """The links of both variants with the prices last seen in the shop; None: never seen."""
    return {"11": ("tt-RED", red and usd(red)), "12": ("tt-BLUE", blue and usd(blue))}


def seen_prices(goods, shop, links, *, confirmed=False):
    """Both sides; `confirmed`: what would be held is meant, or the text of what is."""
    if confirmed is True:
        held = plan_prices(seen_prices(goods, shop, links)).findings
        confirmed = ", ".join(each.facts.get("prices", "") for each in held)
    return SeenSkus(
        goods.id,
        tiktok_id="tt-1",
        desired=desired_skus(goods, shop, {}),
        links={variant_id: sku_id for variant_id, (sku_id, _price) in links.items()},
        shown={sku_id: ShopSku(id=sku_id, seller_sku="", price=price) for sku_id, price in links.values()},
        warehouse_id="w-1",
        guard_percent=shop.preferences.price_guard_percent,
        confirmed=confirmed or "",
    )


@pytest.mark.parametrize(
    ("_case", "shop", "links", "confirmed", "prices", "told"),
    [
        ("in step", facts(), seen(), False, (), []),
        ("in step, whatever the number of zeros", facts(), seen(red="12.0", blue="14.5"), False, (), []),
        ("one is not: it alone is sent", facts(), seen(red="11.00"), False, (("tt-RED", "12.00"),), []),
        ("a cent is a difference", facts(), seen(blue="14.49"), False, (("tt-BLUE", "14.50"),), []),
        (
            "both: one call, by TikTok's SKU id",
            facts(),
            seen(red="11.00", blue="14.00"),
            False,
            (("tt-BLUE", "14.50"), ("tt-RED", "12.00")),
            [],
        ),
        ("never seen", facts(), seen(red=None), False, (("tt-RED", "12.00"),), []),
        (
            "what is not linked has no price there",
            facts(),
            {"12": ("tt-BLUE", usd("10.00"))},
            False,
            (("tt-BLUE", "14.50"),),
            [],
        ),
        ("nothing is linked", facts(), {}, False, (), []),
        (
            "a rule moves both",
            facts(price_rule=PLUS_TEN, price_guard_percent=Decimal(100)),
            seen(),
            False,
            (("tt-BLUE", "24.50"), ("tt-RED", "22.00")),
            [],
        ),
        (
            "beyond the guard: held, the other goes",
            facts(),
            seen(red="1.20", blue="14.00"),
            False,
            (("tt-BLUE", "14.50"),),
            ["E-PRC-GUARD"],
        ),
        ("confirmed: not held", facts(), seen(red="1.20"), True, (("tt-RED", "12.00"),), []),
        (
            "another change was confirmed: held",
            facts(),
            seen(red="1.20"),
            "SKU MUG-RED from 1.20 USD to 13.00 USD",
            (),
            ["E-PRC-GUARD"],
        ),
        ("no rate: nothing is sent", FOREIGN, seen(), False, (), ["E-PRC-RATE", "E-PRC-RATE"]),
        ("no rate: not even if it is confirmed", FOREIGN, seen(), True, (), ["E-PRC-RATE", "E-PRC-RATE"]),
        (
            "one price is none, the other goes",
            facts(price_rule=PriceRule("fixed_down", Decimal(12))),
            seen(blue="2.00"),
            False,
            (("tt-BLUE", "2.50"),),
            ["E-PRC-MIN"],
        ),
    ],
)
def test_plan_prices(_case, shop, links, confirmed, prices, told):
    plan = plan_prices(seen_prices(TWO, shop, links, confirmed=confirmed))

    calls = (SetPrices(shop_listing_id="tt-1", prices=tuple((sku, usd(price)) for sku, price in prices)),)
    assert plan.key == "1"
    assert plan.changes == (calls if prices else ())
    assert codes(plan.findings) == told


@random_cases
@given(strategies.lists(usd_amounts("0.01"), min_size=1, max_size=4), strategies.sampled_from(["USD", "JPY", "GBP"]))
def test_prices_that_were_set_are_not_set_again(prices, currency):
    goods = product(*(variant(id=str(11 + at), sku=f"MUG-{at}", price=price) for at, price in enumerate(prices)))
    shop = facts(currency=currency, exchange_rate=Decimal("150.25"))
    never_seen = {entry.id: (f"tt-{entry.id}", None) for entry in goods.variants}

    first = plan_prices(seen_prices(goods, shop, never_seen))
    [call] = first.changes
    assert isinstance(call, SetPrices)
    set_now = {sku_id.removeprefix("tt-"): (sku_id, price) for sku_id, price in call.prices}
    assert set_now.keys() == never_seen.keys()
    assert plan_prices(seen_prices(goods, shop, set_now)).changes == ()


def test_the_price_of_a_listing_and_of_a_price_call_are_one():
    shop = facts(currency="GBP", exchange_rate=Decimal("0.8"), price_rule=PLUS_TEN)

    result, _findings = desired(product(), shop)

    wanted = desired_skus(product(), shop, {})["11"].price
    assert wanted is not None
    assert result.skus[0].price == wanted.value == money("19.60", "GBP")


# -- content --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "changed", "same"),
    [
        ("nothing", listing(), True),
        ("a price, which has a call of its own", listing(listing_sku(price=usd("13.00"))), True),
        ("a quantity, which has one as well", listing(listing_sku(quantity=0)), True),
        ("the warehouse", listing(warehouse_id="w-2"), True),
        ("a weight written with more zeros", listing(weight=ounces("12.00")), True),
        ("the title", listing(title="Tin mug"), False),
        ("the description", listing(description="<p>Sturdy.</p>"), False),
        ("the category", listing(category_id="600002"), False),
        ("the brand", listing(brand_id="7001"), False),
        ("a picture", listing(image_urls=("https://store.test/other.jpg",)), False),
        (
            "the order of pictures",
            listing(image_urls=("https://store.test/2.jpg", "https://store.test/mug.jpg")),
            False,
        ),
        ("the weight", listing(weight=ounces(13)), False),
        ("the unit of the weight", listing(weight=Weight(Decimal(12), "LB")), False),
        ("the size", listing(dimensions=inches(4, 4, 6)), False),
        ("a code of a variant", listing(listing_sku(seller_sku="MUG-2")), False),
        ("an option of a variant", listing(listing_sku(options=(OptionValue("Color", "Red"),))), False),
        ("an identifier code", listing(listing_sku(gtin="036000291452")), False),
        ("another variant", listing(listing_sku(), listing_sku(variant_id="12", seller_sku="MUG-2")), False),
    ],
)
def test_what_would_be_sent_to_review_again(_case, changed, same):
    assert (compare_content(changed, listing()) == ()) is same


class LongerListing(Listing, frozen=True, kw_only=True):
    """A listing with a field that came later."""

    warranty: str = ""


@pytest.mark.parametrize(("warranty", "differs"), [("", ()), ("2 years", ("warranty",))])
def test_a_field_that_came_later_sends_nothing_to_review_unless_it_says_something(warranty, differs):
    """What was sent before knows nothing of it; as soon as it has a value it is compared, though nobody listed it."""
    sent = from_json(to_json(listing()), LongerListing)
    now = from_json(to_json(listing()), LongerListing)

    assert compare_content(msgspec.structs.replace(now, warranty=warranty), sent) == differs


def test_without_anything_sent_all_of_it_differs():
    assert compare_content(listing(), None) == Listing.__struct_fields__


def test_a_variant_that_rests_sends_nothing_to_review_and_nor_does_its_return():
    both = listing(skus=(*listing().skus, msgspec.structs.replace(listing().skus[0], variant_id="12", seller_sku="B")))

    assert compare_content(listing(), both) == ()
    assert compare_content(both, both) == ()
    assert compare_content(both, listing()) == ("skus",)


# -- states ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "audit", "ours", "state"),
    [
        ("ACTIVATE", "APPROVED", False, "live"),
        ("ACTIVATE", "AUDITING", False, "live"),
        ("ACTIVATE", "FAILED", False, "live"),
        ("PENDING", "AUDITING", False, "reviewing"),
        ("PENDING", "FAILED", False, "failed"),
        ("FAILED", "FAILED", False, "failed"),
        ("SELLER_DEACTIVATED", "APPROVED", False, "inactive_seller"),
        ("SELLER_DEACTIVATED", "APPROVED", True, "inactive_system"),
        ("ACTIVATE", "APPROVED", True, "live"),
        ("PLATFORM_DEACTIVATED", "APPROVED", False, "inactive_platform"),
        ("PLATFORM_DEACTIVATED", "APPROVED", True, "inactive_platform"),
        ("FREEZE", "APPROVED", False, "inactive_platform"),
        ("DELETED", "APPROVED", False, "not_uploaded"),
        ("DRAFT", "", False, "in_progress"),
        ("A_WORD_OF_TOMORROW", "", False, "reviewing"),
    ],
)
def test_our_state_for_tiktoks_words(status, audit, ours, state):
    assert state_of(status, audit, deactivated_by_us=ours) == state


@pytest.mark.parametrize(
    ("_case", "status", "audit", "reasons", "told"),
    [
        ("on sale", "ACTIVATE", "APPROVED", (), None),
        ("in review", "PENDING", "AUDITING", (), None),
        ("taken down by the seller", "SELLER_DEACTIVATED", "APPROVED", (), None),
        (
            "refused",
            "FAILED",
            "FAILED",
            ("The picture shows a logo.", "The title is too short."),
            (
                "E-LST-REVIEW",
                "TikTok's review refused the product: The picture shows a logo. The title is too short.",
            ),
        ),
        (
            "an edit refused while the old content sells",
            "ACTIVATE",
            "FAILED",
            ("No logo.",),
            ("E-LST-EDIT", "TikTok's review refused the edit; the old content stays live: No logo."),
        ),
        (
            "refused without a word",
            "PENDING",
            "FAILED",
            (),
            ("E-LST-REVIEW", "TikTok's review refused the product: TikTok gave no reason."),
        ),
        (
            "stopped",
            "PLATFORM_DEACTIVATED",
            "APPROVED",
            ("Counterfeit.",),
            ("E-LST-STOPPED", "TikTok stopped the product: Counterfeit."),
        ),
        ("frozen", "FREEZE", "FAILED", (), ("E-LST-STOPPED", "TikTok stopped the product: TikTok gave no reason.")),
    ],
)
def test_what_the_review_said(_case, status, audit, reasons, told):
    findings = review_findings(status, audit, reasons)

    assert [(entry.code, text(entry)) for entry in findings] == ([told] if told else [])
    assert all(entry.blocking for entry in findings)


def test_a_sku_that_several_products_use_is_told_once():
    offer, _findings = desired(product(*red_and_blue()))

    assert doubled_findings(offer, {"MUG-BLUE": 3, "JAR-1": 2}) == (finding("E-SKU-DUP", skus="MUG-BLUE (3 times)"),)
    assert doubled_findings(offer, {}) == ()


@pytest.mark.parametrize(("status", "codes"), [("DELETED", ["E-LST-SKUGONE"]), ("", []), ("ACTIVATE", [])])
def test_only_what_was_deleted_in_the_shop_is_missed(status, codes):
    assert [finding.code for finding in deleted_findings(status)] == codes


# -- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "theirs", "ours", "links"),
    [
        ("equal codes", {"tt-1": "MUG-1"}, (("11", "MUG-1"),), {"11": "tt-1"}),
        (
            "each its own",
            {"tt-1": "MUG-1", "tt-2": "JAR-1"},
            (("21", "JAR-1"), ("11", "MUG-1")),
            {"11": "tt-1", "21": "tt-2"},
        ),
        ("another case is another code", {"tt-1": "mug-1"}, (("11", "MUG-1"),), {}),
        ("a blank is a character", {"tt-1": "MUG-1 "}, (("11", "MUG-1"),), {}),
        ("part of a code is none", {"tt-1": "MUG-10"}, (("11", "MUG-1"),), {}),
        (
            "twice in the shop: which one is meant cannot be told",
            {"tt-1": "MUG-1", "tt-2": "MUG-1"},
            (("11", "MUG-1"),),
            {},
        ),
        ("twice in the store", {"tt-1": "MUG-1"}, (("11", "MUG-1"), (12, "MUG-1")), {}),
        (
            "a doubtful one does not hold the others",
            {"tt-1": "MUG-1", "tt-2": "MUG-1", "tt-3": "JAR-1"},
            (("11", "MUG-1"), ("21", "JAR-1")),
            {"21": "tt-3"},
        ),
        ("no code is no code, not an equal one", {"tt-1": ""}, ((11, ""),), {}),
        ("only in the shop", {"tt-1": "MUG-1"}, (), {}),
        ("only in the store", {}, (("11", "MUG-1"),), {}),
    ],
)
def test_links_are_made_by_equal_and_unique_skus(_case, theirs, ours, links):
    assert linkable(theirs, ours) == links


# -- on and off sale ------------------------------------------------------------------------------------------------

OFF_FOR_STOCK = DeactivateListing(shop_listing_id="tt-1", low=("MUG-1",))
OFF, ON = DeactivateListing(shop_listing_id="tt-1"), ActivateListing(shop_listing_id="tt-1")
ON_FOR_STOCK = ActivateListing(shop_listing_id="tt-1", restocked=True)


@pytest.mark.parametrize(
    ("_case", "state", "wish", "low", "change", "codes"),
    [
        ("live, enough", "live", None, (), None, ()),
        ("live, low", "live", None, ("MUG-1",), OFF_FOR_STOCK, ()),
        ("off for low stock, still low", "inactive_system", None, ("MUG-1",), None, ()),
        ("off for low stock, enough again", "inactive_system", None, (), ON_FOR_STOCK, ()),
        ("off by a person, enough", "inactive_seller", None, (), None, ()),
        ("off by a person, low", "inactive_seller", None, ("MUG-1",), None, ()),
        ("in review, low: once it is live", "reviewing", None, ("MUG-1",), None, ()),
        ("stopped by TikTok", "inactive_platform", None, (), None, ()),
        ("a person wants it off", "live", False, (), OFF, ()),
        ("a person wants off what is off for low stock", "inactive_system", False, ("MUG-1",), None, ()),
        ("a person wants it on", "inactive_seller", True, (), ON, ()),
        ("a person wants on what was off for low stock", "inactive_system", True, (), ON, ()),
        ("a person wants on what is low", "inactive_system", True, ("MUG-1",), None, ("I-LST-LOW",)),
        ("what a person switched off is low by now", "inactive_seller", True, ("MUG-1",), None, ("I-LST-LOW",)),
        ("on already", "live", True, (), None, ("I-LST-NOTOFF",)),
        ("not there", "not_uploaded", False, (), None, ("I-LST-NOTLIVE",)),
    ],
)
def test_what_is_switched(_case, state, wish, low, change, codes):
    plan = plan_visibility(SeenVisibility("1", tiktok_id="tt-1", state=state, switch_to=wish, low=low))

    assert plan.changes == ((change,) if change else ())
    assert tuple(each.code for each in plan.findings) == codes
