"""Where attributes, package and variations come from, what must be mapped, what looks wrong, what is suggested."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.pure.builders import attribute, facts, inches, ounces, product, red_and_blue, usd, variant
from twinshelf.connections.preferences import PackageDefaults, PriceRule
from twinshelf.documents import AttributeValue, OptionValue
from twinshelf.errors import DocumentError
from twinshelf.listings.desired import desired_skus
from twinshelf.rules import templates
from twinshelf.rules.pricing import PriceStep
from twinshelf.rules.templates import (
    AttributeRule,
    CategoryRule,
    HeldBy,
    MeasureRule,
    PackageRules,
    TemplateRules,
    VariationRule,
    copy_name,
)

FIELDS = product(
    variant(id="11", sku="MUG-1", gtin="4006381333931", weight=ounces(8), options=(OptionValue("Colour", "Red"),)),
    variant(id="12", sku="MUG-2", weight=ounces(12), options=(OptionValue("Colour", "Blue"),)),
    sku="MUG",
    brand="Sagaform",
    dimensions=inches("4.50", 3, 5),
    custom_fields=(("Season ", "Winter"), ("Depth in box", "7.2"), ("Empty", " ")),
)


@pytest.mark.parametrize(
    ("rule", "sent"),
    [
        ({"value": " Steel "}, ("Steel",)),
        ({"source": "title"}, ("Enamel mug",)),
        ({"source": "brand"}, ("Sagaform",)),
        ({"source": "sku"}, ("MUG",)),
        ({"source": "barcode"}, ("4006381333931",)),
        ({"source": "weight"}, ("12",)),
        ({"source": "length"}, ("4.5",)),
        ({"source": "width"}, ("3",)),
        ({"source": "height"}, ("5",)),
        ({"source": "option", "field": "COLOUR"}, ("Red",)),
        ({"source": "custom_field", "field": " season"}, ("Winter",)),
        ({"source": "custom_field", "field": "Empty", "value": "Any"}, ("Any",)),
        ({"source": "custom_field", "field": "Missing"}, ()),
        ({"source": "custom_field", "field": "Season", "value": "Summer"}, ("Winter",)),
    ],
)
def test_a_value_comes_from_where_the_rule_says(rule, sent):
    asked = attribute("Note", required=False, customizable=True)
    found, _findings = templates.attribute_values(
        FIELDS, (asked,), TemplateRules(attributes=(AttributeRule(name="note", **rule),))
    )
    assert found == ((AttributeValue(id="a-note", value_names=sent),) if sent else ())


@pytest.mark.parametrize(
    ("_case", "rule", "changes", "ids", "own"),
    [
        ("several", {"values": ("Wool", "cotton")}, {"multiple": True}, ("2", "1"), ()),
        ("several, own words beside", {"values": ("Wool", "Yak")}, {"multiple": True, "customizable": True}, ("2",),
         ("Yak",)),
        ("a value with a comma in it", {"values": ("Wool, washed",)}, {"multiple": True}, ("3",), ()),
        ("several where one is taken", {"values": ("Wool", "Cotton")}, {}, ("2",), ()),
        ("as one text", {"value": "wool, cotton"}, {"multiple": True}, ("2", "1"), ()),
    ],
)  # fmt: skip
def test_fixed_values_are_of_the_list(_case, rule, changes, ids, own):
    asked = attribute("Material", "Cotton", "Wool", "Wool, washed", **changes)
    found, findings = templates.attribute_values(
        FIELDS, (asked,), TemplateRules(attributes=(AttributeRule(name="Material", **rule),))
    )
    assert found == (AttributeValue(id="a-material", value_ids=ids, value_names=own),)
    assert findings == ()


@pytest.mark.parametrize(
    ("_case", "measures", "package", "sides", "weight"),
    [
        ("nothing is said", {}, {}, (5, 3, 5), ounces(12)),
        ("whole numbers for all", {}, {"length": 9, "weight": 2}, (9, 3, 5), ounces(2)),
        ("from fields", {"length": {"source": "height"}, "width": {"source": "custom_field", "field": "depth in box"}},
         {}, (5, 8, 5), ounces(12)),
        ("a number for all", {"length": {"value": "9.1"}, "weight": {"value": "1.25"}}, {}, (10, 3, 5),
         ounces("1.25")),
        ("a field that is empty: its number", {"length": {"source": "custom_field", "field": "x", "value": "7"}}, {},
         (7, 3, 5), ounces(12)),
        ("a field that is empty: the product's own", {"length": {"source": "custom_field", "field": "x"}}, {},
         (5, 3, 5), ounces(12)),
        ("no number in the field", {"length": {"source": "custom_field", "field": "Season"}}, {}, (5, 3, 5),
         ounces(12)),
        ("the weight of the heaviest", {"weight": {"source": "weight"}}, {"weight": 2}, (5, 3, 5), ounces(12)),
        ("before whole numbers", {"length": {"value": "4"}}, {"length": 9}, (4, 3, 5), ounces(12)),
    ],
)  # fmt: skip
def test_the_package(_case, measures, package, sides, weight):
    rules = TemplateRules(
        measures=PackageRules(**{name: MeasureRule(**given) for name, given in measures.items()}),
        package=PackageDefaults(**package),
    )
    found, size, _findings = templates.package_of(FIELDS, rules, PackageDefaults(), weight_unit="OZ")
    assert size is not None
    assert ((size.length, size.width, size.height), found) == (tuple(map(Decimal, sides)), weight)


COLOR, SPEC = attribute("Color", sales=True, required=False), attribute("Specification", sales=True, required=False)
TWO = product(*red_and_blue())


@pytest.mark.parametrize(
    ("_case", "variations", "of", "asked", "options", "finding"),
    [
        ("nothing said", None, TWO, (COLOR,), "Color", None),
        ("mapped to another", (("specification", "COLOR"),), TWO, (COLOR, SPEC), "Specification", None),
        ("mapped to none, of several variants", (), TWO, (COLOR,), "Color", "E-LST-VARMAP"),
        ("mapped from an option it does not have", (("Color", "Size"),), TWO, (COLOR,), "Color", "E-LST-VARMAP"),
        ("mapped to none, and the category has none", (), TWO, (), "Color", None),
        ("one variant needs none", (), product(red_and_blue()[0]), (COLOR,), "Color", None),
        ("an attribute that the category does not have", (("Size", "Color"),), TWO, (), "Color", None),
    ],
)
def test_variations(_case, variations, of, asked, options, finding):
    rules = TemplateRules(variations=(variations and tuple(VariationRule(*pair) for pair in variations)) or variations)
    mapped, found = templates.sales_attributes(of, asked, rules)
    named = templates.named_options(of.variants[0].options, mapped)
    assert [option.option for option in named] == [options]
    assert (found.code if found else None) == finding


NEEDED = attribute("Color", sales=True)
COLORED = product(custom_fields=(("color", "Blue"),))


@pytest.mark.parametrize(
    ("_case", "of", "asked", "rules", "options", "missing"),
    [
        ("nothing is demanded", product(), (COLOR,), (), [], None),
        ("a demanded one that nobody said", product(), (NEEDED, SPEC), (), [], "Color"),
        ("two that nobody said", product(), (NEEDED, attribute("Size", sales=True)), (), [], "Color, Size"),
        ("a fixed value", product(), (NEEDED,), (AttributeRule(name="color", value="One Color"),), ["One Color"], None),
        ("the first of several", product(), (NEEDED,), (AttributeRule(name="Color", values=("Red", "Tan")),), ["Red"],
         None),
        ("said although not demanded", product(), (SPEC,), (AttributeRule(name="Specification", value="L"),), ["L"],
         None),
        ("an empty value", product(), (NEEDED,), (AttributeRule(name="Color", value=" "),), [], "Color"),
        ("a custom field of its name", COLORED, (NEEDED,), (), ["Blue"], None),
        ("a custom field, not demanded", COLORED, (COLOR,), (), [], None),
        ("another field", product(brand="Tan"), (NEEDED,), (AttributeRule(name="Color", source="brand"),), ["Tan"],
         None),
        ("an attribute that tells no SKUs apart", product(), (attribute("Color"),), (), [], None),
        ("a product with options has its own", TWO, (NEEDED,), (AttributeRule(name="Color", value="Tan"),), [], None),
        ("even with one variant", product(red_and_blue()[0]), (NEEDED,), (), [], None),
    ],
)  # fmt: skip
def test_the_one_sku_of_a_product_without_options_says_what_the_category_demands(
    _case, of, asked, rules, options, missing
):
    found, named, asks = templates.single_options(of, asked, TemplateRules(attributes=rules))
    assert [each.value for each in found] == options
    assert [name for name, _id in named] == [each.option for each in found]
    assert (asks.facts["names"] if asks else None) == missing


FULL = templates.suggested((), (), ())


@pytest.mark.parametrize(
    ("_case", "changes", "missing"),
    [
        ("all there", {}, ["Origin"]),
        ("a value", {"attributes": (AttributeRule(name="origin", value="Peru"),)}, []),
        ("an empty value", {"attributes": (AttributeRule(name="Origin", value=" "),)}, ["Origin"]),
        ("a field without name", {"attributes": (AttributeRule(name="Origin", source="option"),)}, ["Origin"]),
        ("the brand", {"attributes": (AttributeRule(name="Origin", source="brand"),)}, []),
        ("cash on delivery not said", {"cash_on_delivery": None}, ["Origin", "Cash on delivery"]),
        ("no package", {"measures": PackageRules()},
         ["Origin", "Package length", "Package width", "Package height", "Package weight"]),
    ],
)  # fmt: skip
def test_what_must_be_mapped(_case, changes, missing):
    rules = TemplateRules(**({"measures": FULL.measures, "cash_on_delivery": False} | changes))
    asked = (attribute("Origin"), attribute("Care", required=False), attribute("Color", sales=True))
    assert templates.unmapped(rules, asked) == missing


@pytest.mark.parametrize(
    ("measure", "rule", "wrong"),
    [
        ("width", {"source": "length"}, [("Package width", "length")]),
        ("width", {"source": "custom_field", "field": "Rolled length"}, [("Package width", "Rolled length")]),
        ("width", {"source": "custom_field", "field": "Rolled width"}, []),
        ("width", {"source": "custom_field", "field": "Length or width"}, []),
        ("width", {"source": "custom_field", "field": "Wavelengths"}, []),
        ("width", {"value": "4"}, []),
        ("weight", {"source": "height"}, [("Package weight", "height")]),
    ],
)
def test_pairings_that_look_wrong(measure, rule, wrong):
    assert templates.mismatched(TemplateRules(measures=PackageRules(**{measure: MeasureRule(**rule)}))) == wrong


def test_an_attribute_that_is_paired_with_another_measure_looks_wrong():
    rules = TemplateRules(attributes=(AttributeRule(name="Cable length", source="width"),))
    assert templates.mismatched(rules) == [("Cable length", "width")]


def test_fields_of_the_same_name_are_suggested_and_nothing_else():
    asked = (attribute("Material"), attribute("Brand"), attribute("Battery"), COLOR)
    made = templates.suggested(asked, ["material ", "Batteries"], ["COLOR", "Size"])
    assert [(rule.name, rule.source, rule.field) for rule in made.attributes] == [
        ("Material", "custom_field", "material "),
        ("Brand", "brand", ""),
    ]
    assert made.variations == (VariationRule("Color", "COLOR"),)
    assert templates.unmapped(made, asked) == ["Battery"]
    assert templates.mismatched(made) == []


@pytest.mark.parametrize(
    ("name", "taken", "made"),
    [
        ("X", [], "Copy of X"),
        ("X", ["COPY OF X"], "Copy of X (2)"),
        ("X", ["Copy of X", "copy of x (2)"], "Copy of X (3)"),
        ("Copy of X", ["Copy of X"], "Copy of Copy of X"),
        ("n" * 72, [], "Copy of " + "n" * 72),
        ("a" * 40 + "b" * 33, [], "Copy of " + "a" * 31 + "…" + "a" * 7 + "b" * 33),
    ],
)
def test_the_name_of_a_copy(name, taken, made):
    assert copy_name(name, taken) == made
    assert len(made) <= 80


MAP = TemplateRules(categories=(CategoryRule("kitchen", "2"),))


@pytest.mark.parametrize(
    ("held_by", "category"),
    [
        (HeldBy(category_id="1"), "1"),
        (HeldBy(rules=MAP, category_id="1"), "2"),
        (HeldBy(rules=MAP, category_id="1", is_default=False), "1"),
    ],
)  # fmt: skip
def test_a_template_is_stronger_than_the_map_and_the_map_than_the_default_one(held_by, category):
    assert templates.category_for(product(categories=("Kitchen",)), held_by) == category


@pytest.mark.parametrize(
    ("own", "connection", "step"),
    [
        (PriceRule("fixed_down", Decimal(2)), PriceRule("percent_up", Decimal(10)),
         PriceStep("fixed_down", usd("111.00"), Decimal(2), of_template=True)),
        (PriceRule(), PriceRule("percent_up", Decimal(10)), PriceStep("percent_up", usd("124.30"), Decimal(10))),
    ],
)  # fmt: skip
def test_the_price_rule_of_a_template_takes_the_place_of_the_connections(own, connection, step):
    goods = product(variant(price=usd("113.00")))
    price = desired_skus(goods, facts(TemplateRules(price_rule=own), price_rule=connection), {})["11"].price
    assert price is not None
    assert price.steps[1] == step


CONDITION = {"field": "sku", "operator": "equals", "value": "x"}


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({"price_rule": {"kind": "fixed_up", "value": "0"}}, "price_rule.value"),
        ({"price_rule": {"kind": "percent_down", "value": "100"}}, "price_rule.value"),
        ({"group": {"conditions": [CONDITION | {"field": "color"}]}}, "group.conditions[0].field"),
        ({"group": {"conditions": [CONDITION] * 501}}, "group.conditions"),
    ],
)  # fmt: skip
def test_what_no_template_may_say(stored, field):
    with pytest.raises(DocumentError) as refused:
        templates.rules_from_json(stored)
    assert refused.value.field == field
