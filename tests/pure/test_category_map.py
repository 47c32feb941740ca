"""Rows of the category map, and what applies to a product by the row that decides about it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.pure.builders import attribute, product
from twinshelf.documents import Attribute, CategoryRules, CertificateRule, ListingCertificate, ListingFile
from twinshelf.rules.categories import Leaf
from twinshelf.rules.category_map import (
    Asked,
    Counted,
    MapFacts,
    MapState,
    map_rows,
    missing_attributes,
    own_key,
    own_keys,
)
from twinshelf.rules.own import ProductChoices
from twinshelf.rules.ranking import Confidence, Suggested, combined
from twinshelf.rules.templates import (
    AttributeRule,
    CategoryRule,
    HeldBy,
    TemplateRules,
    attribute_values,
    category_for,
    rules_for,
)

MUGS, TEA, GONE = "600042", "916488", "1"
LEAVES = {MUGS: Leaf(id=MUGS, path="Kitchenware > Drinkware > Mugs"), TEA: Leaf(id=TEA, path="Food > Drinks > Tea")}
MATERIAL = attribute("Material", "Metal", "Ceramic")
SURE = Suggested(category_id=MUGS, confidence=Confidence.SURE, agreed=2, of=2, maybe=(MUGS, TEA))


def facts(*rows, counted=None, default_id="", asked=(), **suggested):
    return MapFacts(
        rules=TemplateRules(categories=rows),
        default_id=default_id,
        counted=counted or {"cups": Counted(written="Cups", number=3)},
        suggested=suggested,
        leaves=LEAVES,
        asked={MUGS: Asked(tuple(asked))},
    )


@pytest.mark.parametrize(
    ("facts", "state", "category_id"),
    [
        (facts(), MapState.CHOOSE, ""),
        (facts(cups=SURE), MapState.SURE, MUGS),
        (facts(cups=combined(Suggested(maybe=(TEA,)), MUGS)), MapState.LIKELY, MUGS),
        (facts(cups=Suggested(confidence=Confidence.UNSURE, maybe=(MUGS,))), MapState.CHOOSE, ""),
        (facts(cups=Suggested(category_id=GONE, confidence=Confidence.SURE)), MapState.CHOOSE, ""),
        (facts(CategoryRule("CUPS ", TEA), cups=SURE), MapState.MAPPED, TEA),
        (facts(CategoryRule("cups", ""), cups=SURE), MapState.SURE, MUGS),
    ],
)
def test_where_a_category_stands(facts, state, category_id):
    [row] = map_rows(facts)

    assert (row.state, row.category_id) == (state, category_id)


def test_a_row_of_a_weaker_key_decides_where_a_category_has_none_and_a_row_without_goods_stays_visible():
    counted = {
        "home > cups": Counted(written="Home > Cups", number=3, others=("home", "cups")),
        "": Counted(written="", number=9),
    }
    rows = map_rows(facts(CategoryRule("Home", TEA), counted=counted))

    assert [(row.key, row.number, row.category_id, row.inherited) for row in rows] == [
        ("home > cups", 3, TEA, True), ("home", 0, TEA, False),
    ]  # fmt: skip


def test_what_must_be_chosen_comes_first_and_those_with_most_products():
    counted = {key: Counted(written=key, number=n) for n, key in enumerate(("a", "b", "c", "d"), 1)}
    rows = map_rows(facts(CategoryRule("d", MUGS), counted=counted, c=SURE))

    assert [row.key for row in rows] == ["b", "a", "c", "d"]


def test_certificates_are_named_and_what_was_not_read_is_not_guessed():
    known = facts(CategoryRule("cups", MUGS))
    [row] = map_rows(known)
    assert (row.unread, row.lacks) == (False, 0)
    [row] = map_rows(facts(CategoryRule("cups", TEA)))
    assert (row.unread, row.lacks) == (True, 0)

    asked = {MUGS: Asked((MATERIAL,), CategoryRules(certifications=(("7", "Food safety certificate"),)))}
    whole = MapFacts(rules=known.rules, counted=known.counted, suggested={}, leaves=LEAVES, asked=asked)
    [row] = map_rows(whole)
    assert (row.missing, row.certificates, row.lacks) == (("Material",), ("Food safety certificate",), 2)


FIELD = AttributeRule(name="Material", source="custom_field", field="Stuff")
FIXED = AttributeRule(name="MATERIAL", value="Metal")


@pytest.mark.parametrize(
    ("rules", "row", "fields", "missing"),
    [
        ((), (), {}, ("Material",)),
        ((), (), {"material": 2}, ("Material",)),
        ((), (), {"material": 3}, ()),
        ((AttributeRule(name="material", value="Metal"),), (), {}, ()),
        ((FIELD,), (), {"stuff": 3}, ()),
        ((FIELD,), (), {"material": 3}, ("Material",)),
        ((FIELD,), (FIXED,), {}, ()),
        ((AttributeRule(name="Material", source="brand"),), (), {}, ()),
        ((AttributeRule(name="Material"),), (), {"material": 3}, ("Material",)),
    ],
)  # fmt: skip
def test_a_required_attribute_is_missing_if_one_product_lacks_it(rules, row, fields, missing):
    entry = Counted(written="Cups", number=3, fields=fields)
    by = CategoryRule("cups", MUGS, attributes=row)

    assert missing_attributes([MATERIAL], TemplateRules(attributes=rules), by, entry) == missing


def test_what_another_value_makes_required_is_missing_with_that_value_alone():
    depends = attribute("Voltage", "110", "220", required=False, required_with=((MATERIAL.id, "1"),))
    entry = Counted(written="Cups", number=1)

    for value, missing in (("Metal", ("Voltage",)), ("Ceramic", ())):
        rules = TemplateRules(attributes=(AttributeRule(name="Material", value=value),))
        assert missing_attributes([MATERIAL, depends], rules, None, entry) == missing


ROW = CategoryRule(
    "cups", MUGS, brand_id="70", attributes=(
        AttributeRule(name="Material", source="custom_field", field="Material", value="Ceramic"),
    ),
)  # fmt: skip
TEMPLATE = TemplateRules(
    attributes=(AttributeRule(name="Material", value="Metal"), AttributeRule(name="Care", value="By hand")),
    brand_id="1",
    categories=(ROW,),
)


@pytest.mark.parametrize(
    ("changes", "held_by", "brand_id", "value_ids"),
    [
        ({"categories": ("Cups",)}, HeldBy(rules=TEMPLATE), "70", ("2",)),
        ({"categories": ("Cups",), "custom_fields": (("Material", "Metal"),)}, HeldBy(rules=TEMPLATE), "70", ("1",)),
        ({"categories": ("Bowls",)}, HeldBy(rules=TEMPLATE), "1", ("1",)),
        ({"categories": ("Cups",)}, HeldBy(rules=TEMPLATE, category_id=TEA, is_default=False), "1", ("1",)),
    ],
)
def test_a_category_says_values_over_the_default_template_and_a_product_over_its_category(
    changes, held_by, brand_id, value_ids
):
    goods = product(**changes)
    rules = rules_for(goods, held_by)

    [value] = attribute_values(goods, (MATERIAL,), rules)[0]
    assert (rules.brand_id, value.value_ids) == (brand_id, value_ids)
    assert "Care" in {rule.name for rule in rules.attributes}


def test_a_row_without_a_category_decides_about_no_product():
    row = CategoryRule("cups", "", attributes=ROW.attributes)

    assert (
        category_for(product(categories=("Cups",)), HeldBy(rules=TemplateRules(categories=(row,)), category_id=TEA))
        == TEA
    )


PAPERS = CategoryRules(
    certificates=(
        CertificateRule(id="1", name="Safety", required=True, expires=True),
        CertificateRule(id="2", name="Report", required_with=(("m", "1"),)),
        CertificateRule(id="3", name="Award"),
    ),
    manufacturer_required=True,
)
ENDS = date(2026, 7, 1)


def paper(number, expires=None):
    return ListingCertificate(id=number, files=(ListingFile(digest="a", name="a", kind="pdf"),), expires=expires)


@pytest.mark.parametrize(
    ("values", "own", "today", "certificates", "named"),
    [
        ({}, {}, date(2026, 6, 1), ("Safety",), ("manufacturer",)),
        ({"attributes": (FIXED,)}, {}, date(2026, 6, 1), ("Safety", "Report"), ("manufacturer",)),
        ({"manufacturer_id": "1", "certificates": (paper("1", ENDS),)}, {}, date(2026, 6, 30), (), ()),
        ({"manufacturer_id": "1", "certificates": (paper("1", ENDS),)}, {}, ENDS, ("Safety",), ()),
        ({"manufacturer_id": "1", "certificates": (paper("1"),)}, {}, ENDS, ("Safety",), ()),
        ({}, {"certificate:1": 2, "named:manufacturer": 2}, ENDS, ("Safety",), ("manufacturer",)),
        ({}, {"certificate:1": 3, "named:manufacturer": 3}, ENDS, (), ()),
    ],
)
def test_what_is_missing_of_papers_is_told_unless_row_template_or_every_product_has_it(
    values, own, today, certificates, named
):
    material = Attribute(id="m", name="Material", sales=False, required=False, values=(("1", "Metal"),))
    for rules in (
        TemplateRules(categories=(CategoryRule("cups", MUGS, **values),)),
        TemplateRules(categories=(CategoryRule("cups", MUGS),), **values),
    ):
        [row] = map_rows(
            MapFacts(
                rules=rules, counted={"cups": Counted(written="Cups", number=3, own=own)}, suggested={}, leaves=LEAVES,
                asked={MUGS: Asked((material,), PAPERS)}, today=today,
            )
        )  # fmt: skip

        assert (row.certificates, row.named) == (certificates, named)


@pytest.mark.parametrize(
    ("fields", "own", "missing"),
    [({"material": 2}, 0, True), ({"material": 2}, 1, False), ({}, 3, False), ({}, 2, True)],
)
def test_custom_fields_and_choices_together_may_say_an_attribute(fields, own, missing):
    entry = Counted(written="Cups", number=3, fields=fields, own={own_key("attribute", "MATERIAL"): own})

    assert bool(missing_attributes([MATERIAL], TemplateRules(), None, entry)) is missing


def test_what_a_product_says_itself_is_counted_once():
    choices = ProductChoices(
        attributes={"Material": "Metal", "Care": "", "Style": "Plain"}, certificates=(paper("7"),), manufacturer_id="1"
    )  # fmt: skip

    found = own_keys(product(custom_fields=(("material", "Wood"), ("style", " "))), choices)

    assert found == {"attribute:style", "certificate:7", "named:manufacturer"}
