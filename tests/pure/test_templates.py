"""Templates: which TikTok category a product gets, the values of its attributes, and its package."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies

from tests.pure.builders import attribute, codes, inches, ounces, product, random_cases, variant
from twinshelf.connections.preferences import PackageDefaults
from twinshelf.documents import AttributeValue, Dimensions, OptionValue, Weight
from twinshelf.errors import DocumentError
from twinshelf.messages import text
from twinshelf.rules.templates import (
    AttributeRule,
    CategoryRule,
    TemplateRules,
    attribute_values,
    category_keys,
    category_of,
    package_of,
    rules_from_json,
)

# -- categories -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "changes", "keys"),
    [
        ("nothing says what it is", {}, ()),
        ("the custom field Category", {"custom_fields": (("Category", "Lamps"),)}, ("lamps",)),
        ("its name is read without case and outer blanks", {"custom_fields": ((" CATEGORY ", " Lamps "),)}, ("lamps",)),
        (
            "Category before Product Type, whatever their order",
            {"custom_fields": (("Product Type", "Lighting"), ("Category", "Lamps"))},
            ("lamps", "lighting"),
        ),
        (
            "a blank Category is none",
            {"custom_fields": (("Category", "  "), ("Product Type", "Lighting"))},
            ("lighting",),
        ),
        ("another custom field does not count", {"custom_fields": (("Colour", "Red"),)}, ()),
        (
            "a path with its parents, then its last name alone",
            {"categories": ("Home > Storage > Boxes",)},
            ("home > storage > boxes", "home > storage", "home", "boxes"),
        ),
        ("a path of one name is one key", {"categories": ("Kitchen",)}, ("kitchen",)),
        (
            "blanks around the parts do not count",
            {"categories": ("Home>  Storage",)},
            ("home > storage", "home", "storage"),
        ),
        ("paths in the store's order", {"categories": ("Sale", "Kitchen")}, ("sale", "kitchen")),
        (
            "fields before paths, each key once",
            {"custom_fields": (("Product Type", "Kitchen"),), "categories": ("Sale", "Kitchen")},
            ("kitchen", "sale"),
        ),
    ],
)
def test_the_source_keys_of_a_product_strongest_first(_case, changes, keys):
    assert category_keys(product(**changes)) == keys


LAMPS, LIGHTING, STORAGE = (
    CategoryRule("Lamps", "601"),
    CategoryRule(" lighting ", "602"),
    CategoryRule("Home > Storage", "603"),
)


@pytest.mark.parametrize(
    ("_case", "changes", "rules", "default", "category_id"),
    [
        ("no mapping: the template's", {"categories": ("Home > Storage",)}, (), "600", "600"),
        ("no mapping, no template", {"categories": ("Home > Storage",)}, (), "", ""),
        ("a mapped key beats the template's", {"categories": ("Home > Storage",)}, (STORAGE,), "600", "603"),
        (
            "a mapped parent serves what is below it",
            {"categories": ("Home > Storage > Boxes",)},
            (STORAGE,),
            "600",
            "603",
        ),
        ("what is above it is not served", {"categories": ("Home",)}, (STORAGE,), "600", "600"),
        (
            "keys of rules are read without case and blanks",
            {"custom_fields": (("Category", "LIGHTING"),)},
            (LIGHTING,),
            "",
            "602",
        ),
        ("part of a name is no match", {"custom_fields": (("Category", "Lamp"),)}, (LAMPS,), "600", "600"),
        (
            "the field beats the path",
            {"custom_fields": (("Category", "Lamps"),), "categories": ("Home > Storage",)},
            (STORAGE, LAMPS),
            "600",
            "601",
        ),
        (
            "Category beats Product Type",
            {"custom_fields": (("Product Type", "Lighting"), ("Category", "Lamps"))},
            (LIGHTING, LAMPS),
            "600",
            "601",
        ),
    ],
)
def test_the_tiktok_category_of_a_product(_case, changes, rules, default, category_id):
    assert category_of(product(**changes), TemplateRules(categories=rules), default) == category_id


@pytest.mark.covers("SILK-14")
def test_product_type_serves_where_there_is_no_category_field():
    rules = TemplateRules(categories=(LIGHTING,))

    assert category_of(product(custom_fields=(("Product Type", "Lighting"),)), rules, "") == "602"
    assert category_of(product(), rules, "") == ""


# -- attributes -----------------------------------------------------------------------------------------------------

MATERIAL = attribute("Material", "Metal", "Wood", "Glass")
WASHING = attribute("Washing", "By hand", "In the machine", required=False)
SIZE = attribute("Size of sticker")
FEATURES = attribute("Features", "Foldable", "Waterproof", multiple=True)
OWN_WORDS = attribute("Pattern", "Plain", "Striped", customizable=True)
SEVERAL_OWN_WORDS = attribute("Pattern", "Plain", "Striped", customizable=True, multiple=True)
COLOR = attribute("Color", sales=True)
WATTS = attribute("Watts", customizable=True, numeric=True)

RED = variant(options=(OptionValue("Finish", "Metal"),))


def fixed(name, value):
    return AttributeRule(name=name, source="fixed", value=value)


def chosen(name, *ids, words=()):
    return AttributeValue(id=f"a-{name.lower()}", value_ids=ids, value_names=words)


@pytest.mark.parametrize(
    ("_case", "goods", "asked", "rule", "values"),
    [
        (
            "a fixed value from TikTok's list",
            product(),
            MATERIAL,
            fixed("Material", "Wood"),
            (chosen("Material", "2"),),
        ),
        (
            "matched without case and blanks",
            product(),
            MATERIAL,
            fixed(" material ", " wOOd "),
            (chosen("Material", "2"),),
        ),
        (
            "a custom field named by the rule",
            product(custom_fields=((" Stuff ", "Glass"),)),
            MATERIAL,
            AttributeRule(name="Material", source="custom_field", field="stuff"),
            (chosen("Material", "3"),),
        ),
        (
            "the rule's value where the product's field is empty",
            product(custom_fields=(("Stuff", " "),)),
            MATERIAL,
            AttributeRule(name="Material", source="custom_field", field="Stuff", value="Metal"),
            (chosen("Material", "1"),),
        ),
        (
            "the brand",
            product(brand="Wood"),
            MATERIAL,
            AttributeRule(name="Material", source="brand", value="Metal"),
            (chosen("Material", "2"),),
        ),
        (
            "the rule's value where there is no brand",
            product(),
            MATERIAL,
            AttributeRule(name="Material", source="brand", value="Metal"),
            (chosen("Material", "1"),),
        ),
        (
            "an option of the variants",
            product(RED),
            MATERIAL,
            AttributeRule(name="Material", source="option", field="finish"),
            (chosen("Material", "1"),),
        ),
        (
            "no rule: a custom field of its name",
            product(custom_fields=(("MATERIAL", "glass"),)),
            MATERIAL,
            None,
            (chosen("Material", "3"),),
        ),
        (
            "free text where TikTok has no list",
            product(),
            SIZE,
            fixed("Size of sticker", "30*6cm"),
            (chosen("Size of sticker", words=("30*6cm",)),),
        ),
        (
            "several values",
            product(),
            FEATURES,
            fixed("Features", "Waterproof, foldable"),
            (chosen("Features", "2", "1"),),
        ),
        (
            "own words where they are taken",
            product(),
            OWN_WORDS,
            fixed("Pattern", "Dotted"),
            (chosen("Pattern", words=("Dotted",)),),
        ),
        (
            "a comma is part of a single value",
            product(),
            OWN_WORDS,
            fixed("Pattern", "Dotted, red"),
            (chosen("Pattern", words=("Dotted, red",)),),
        ),
        (
            "listed values and own words",
            product(),
            SEVERAL_OWN_WORDS,
            fixed("Pattern", "striped, Dotted"),
            (chosen("Pattern", "2", words=("Dotted",)),),
        ),
        ("a number", product(), WATTS, fixed("Watts", "0.5"), (chosen("Watts", words=("0.5",)),)),
        ("recommended and given", product(), WASHING, fixed("Washing", "by hand"), (chosen("Washing", "1"),)),
        ("recommended and not mapped: not sent", product(custom_fields=(("Washing", "By hand"),)), WASHING, None, ()),
        ("recommended and empty: not sent", product(), WASHING, fixed("Washing", ""), ()),
        ("recommended and not in the list: not sent", product(), WASHING, fixed("Washing", "never"), ()),
        ("what tells variants apart is not the product's", product(), COLOR, fixed("Color", "Red"), ()),
    ],
)
def test_the_value_of_an_attribute(_case, goods, asked, rule, values):
    found, findings = attribute_values(goods, (asked,), TemplateRules(attributes=(rule,) if rule else ()))

    assert found == values
    assert findings == ()


@pytest.mark.parametrize(
    ("_case", "asked", "rules", "told"),
    [
        ("one is missing", (MATERIAL,), (), [("E-LST-ATTR", "Missing required attributes: Material.")]),
        (
            "all that are missing, in one finding",
            (MATERIAL, WASHING, SIZE),
            (),
            [("E-LST-ATTR", "Missing required attributes: Material, Size of sticker.")],
        ),
        (
            "mapped to nothing",
            (MATERIAL,),
            (fixed("Material", " "),),
            [("E-LST-ATTR", "Missing required attributes: Material.")],
        ),
        (
            "not in TikTok's list",
            (MATERIAL,),
            (fixed("Material", "Wool"),),
            [("E-LST-ATTRVALUE", "TikTok Shop does not take: Material “Wool”.")],
        ),
        (
            "words where a number is asked for",
            (WATTS,),
            (fixed("Watts", "plenty"),),
            [("E-LST-ATTRVALUE", "TikTok Shop does not take: Watts “plenty”.")],
        ),
        (
            "nothing of what a number is asked for",
            (WATTS,),
            (fixed("Watts", "0.0"),),
            [("E-LST-ATTRVALUE", "TikTok Shop does not take: Watts “0.0”.")],
        ),
        (
            "missing and not in the list",
            (SIZE, MATERIAL),
            (fixed("Material", "Wool"),),
            [
                ("E-LST-ATTR", "Missing required attributes: Size of sticker."),
                ("E-LST-ATTRVALUE", "TikTok Shop does not take: Material “Wool”."),
            ],
        ),
    ],
)
def test_what_a_category_asks_and_nobody_says(_case, asked, rules, told):
    found, findings = attribute_values(product(), asked, TemplateRules(attributes=rules))

    assert found == ()
    assert [(finding.code, text(finding)) for finding in findings] == told
    assert all(finding.blocking and finding.waits_for == "template" for finding in findings)


@pytest.mark.parametrize(("answer", "told"), [("Yes", ["Missing required attributes: Wiring."]), ("No", [])])
def test_an_attribute_may_be_required_with_one_value_of_another(answer, told):
    plugged = attribute("Plugged", "Yes", "No")
    wiring = attribute("Wiring", required=False, required_with=((plugged.id, plugged.values[0][0]),))

    _values, findings = attribute_values(
        product(), (wiring, plugged), TemplateRules(attributes=(fixed("Plugged", answer),))
    )

    assert [text(finding) for finding in findings] == told


# -- the package ----------------------------------------------------------------------------------------------------

SIZED = PackageDefaults(length=10, width=11, height=12)
HEAVY = PackageDefaults(weight=40)


@pytest.mark.covers("SILK-76")
@pytest.mark.parametrize(
    ("_case", "goods", "template", "default", "weight"),
    [
        ("the product's own", product(variant(weight=ounces(12))), PackageDefaults(), HEAVY, ounces(12)),
        (
            "the template's beats the product's",
            product(variant(weight=ounces(12))),
            PackageDefaults(weight=20),
            HEAVY,
            ounces(20),
        ),
        ("the default where neither gives one", product(variant(weight=None)), PackageDefaults(), HEAVY, ounces(40)),
        (
            "the template's beats the default",
            product(variant(weight=None)),
            PackageDefaults(weight=20),
            HEAVY,
            ounces(20),
        ),
        (
            "0 in BigCommerce is none",
            product(variant(weight=ounces(0)), weight=ounces(0)),
            PackageDefaults(),
            HEAVY,
            ounces(40),
        ),
        (
            "0 in the template is none",
            product(variant(weight=ounces(12))),
            PackageDefaults(weight=0),
            HEAVY,
            ounces(12),
        ),
        (
            "the product's where no variant has one",
            product(variant(weight=None), weight=ounces(9)),
            PackageDefaults(),
            HEAVY,
            ounces(9),
        ),
        (
            "of several variants the heaviest, across units",
            product(
                variant(id="11", weight=ounces(12)),
                variant(id="12", weight=Weight(Decimal(1), "LB")),
                variant(id="13", weight=None),
            ),
            PackageDefaults(),
            HEAVY,
            Weight(Decimal(1), "LB"),
        ),
    ],
)
def test_the_weight_of_a_package(_case, goods, template, default, weight):
    found, _size, findings = package_of(goods, TemplateRules(package=template), default, weight_unit="OZ")

    assert found == weight
    assert "E-LST-WEIGHT" not in codes(findings)


@pytest.mark.covers("SILK-76")
@pytest.mark.parametrize(
    ("_case", "size", "template", "default", "result"),
    [
        ("the product's own", inches(4, 5, 6), PackageDefaults(), SIZED, inches(4, 5, 6)),
        (
            "the template's beats the product's, side by side",
            inches(4, 5, 6),
            PackageDefaults(width=8),
            SIZED,
            inches(4, 8, 6),
        ),
        ("the default where neither gives one", None, PackageDefaults(), SIZED, inches(10, 11, 12)),
        ("a missing side alone comes from the default", inches(4, None, 6), PackageDefaults(), SIZED, inches(4, 11, 6)),
        ("0 in BigCommerce is none", inches(0, 5, 6), PackageDefaults(), SIZED, inches(10, 5, 6)),
        ("sides without a product's own are in the store's system", None, SIZED, PackageDefaults(), inches(10, 11, 12)),
        (
            "the unit is the product's",
            Dimensions(Decimal(4), Decimal(5), Decimal(6), "CM"),
            PackageDefaults(),
            SIZED,
            Dimensions(Decimal(4), Decimal(5), Decimal(6), "CM"),
        ),
    ],
)
def test_the_size_of_a_package(_case, size, template, default, result):
    _weight, found, findings = package_of(
        product(dimensions=size), TemplateRules(package=template), default, weight_unit="OZ"
    )

    assert found == result
    assert findings == ()


def test_default_sides_of_a_metric_store_are_centimeters():
    _weight, found, _findings = package_of(product(dimensions=None), TemplateRules(), SIZED, weight_unit="KG")

    assert found == Dimensions(Decimal(10), Decimal(11), Decimal(12), "CM")


@pytest.mark.parametrize(
    ("_case", "size", "result", "notice"),
    [
        ("a whole side stays", inches(4, 5, 6), inches(4, 5, 6), []),
        ("a whole side written with decimals as well", inches("4.00", 5, 6), inches(4, 5, 6), []),
        (
            "up, however little it is",
            inches("4.01", 5, 6),
            inches(5, 5, 6),
            ["Rounded up to whole units: length 4.01 → 5."],
        ),
        (
            "every side is told",
            inches("4.5", "5.50", "6.999"),
            inches(5, 6, 7),
            ["Rounded up to whole units: length 4.5 → 5, width 5.5 → 6, height 6.999 → 7."],
        ),
        ("less than one is one", inches("0.2", 5, 6), inches(1, 5, 6), ["Rounded up to whole units: length 0.2 → 1."]),
    ],
)
def test_sides_are_rounded_up_to_whole_units_and_told(_case, size, result, notice):
    _weight, found, findings = package_of(
        product(dimensions=size), TemplateRules(), PackageDefaults(), weight_unit="OZ"
    )

    assert found == result
    assert [text(finding) for finding in findings] == notice
    assert all(finding.code == "N-PKG-ROUND" and not finding.blocking for finding in findings)


@pytest.mark.parametrize(
    ("_case", "goods", "told"),
    [
        (
            "no weight anywhere",
            product(variant(weight=None)),
            [("E-LST-WEIGHT", "The product cannot be listed without a weight.")],
        ),
        (
            "a weight of 0 everywhere",
            product(variant(weight=ounces(0)), weight=ounces(0)),
            [("E-LST-WEIGHT", "The product cannot be listed without a weight.")],
        ),
        (
            "no size",
            product(dimensions=None),
            [("E-LST-DIM", "The product cannot be listed without length, width, height.")],
        ),
        (
            "one side",
            product(dimensions=inches(4, None, 6)),
            [("E-LST-DIM", "The product cannot be listed without width.")],
        ),
        (
            "a side of 0",
            product(dimensions=inches(4, 5, 0)),
            [("E-LST-DIM", "The product cannot be listed without height.")],
        ),
        (
            "neither weight nor length: both are told",
            product(variant(weight=None), dimensions=inches(None, 5, 6)),
            [
                ("E-LST-WEIGHT", "The product cannot be listed without a weight."),
                ("E-LST-DIM", "The product cannot be listed without length."),
            ],
        ),
    ],
)
def test_what_is_missing_of_a_package_is_named(_case, goods, told):
    _weight, size, findings = package_of(goods, TemplateRules(), PackageDefaults(), weight_unit="OZ")

    assert [(finding.code, text(finding)) for finding in findings] == told
    assert all(finding.blocking and finding.waits_for == "template" for finding in findings)
    assert (size is None) == ("E-LST-DIM" in codes(findings))


side = strategies.integers(1, 10**6).map(lambda digits: Decimal(digits).scaleb(-3))


@random_cases
@given(side, side, side)
def test_a_package_is_never_smaller_than_the_goods_nor_a_unit_larger(length, width, height):
    size = Dimensions(length, width, height, "IN")
    _weight, found, _findings = package_of(
        product(dimensions=size), TemplateRules(), PackageDefaults(), weight_unit="OZ"
    )

    assert found is not None
    for name, own in (("length", length), ("width", width), ("height", height)):
        rounded = getattr(found, name)
        assert own <= rounded < own + 1
        assert rounded == int(rounded)


# -- how the rules are stored ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("_case", "stored", "rules"),
    [
        ("nothing chosen yet", {}, TemplateRules()),
        (
            "a rule of each kind",
            {
                "attributes": [{"name": "Material", "value": "Metal"}],
                "package": {"weight": "3"},
                "categories": [{"key": "Lamps", "category_id": "601"}],
                "brand_id": "7001",
            },
            TemplateRules(
                attributes=(fixed("Material", "Metal"),),
                package=PackageDefaults(weight=3),
                categories=(LAMPS,),
                brand_id="7001",
            ),
        ),
    ],
)
def test_stored_rules_are_read(_case, stored, rules):
    assert rules_from_json(stored) == rules


@pytest.mark.parametrize(
    ("_case", "stored", "field"),
    [
        ("an attribute without a name", {"attributes": [{"value": "Metal"}]}, "attributes[0]"),
        ("a source we do not know", {"attributes": [{"name": "Material", "source": "guess"}]}, "attributes[0].source"),
        ("half a side", {"package": {"length": 2.5}}, "package.length"),
        ("a mapping to nothing", {"categories": [{"key": "Lamps"}]}, "categories[0]"),
    ],
)
def test_a_rule_that_does_not_fit_is_named(_case, stored, field):
    with pytest.raises(DocumentError) as refused:
        rules_from_json(stored)
    assert refused.value.field == field
