"""What the conditions of a template mean, and which of several templates holds a product."""

from __future__ import annotations

import pytest

from tests.pure.builders import product, variant
from twinshelf.documents import OptionValue
from twinshelf.rules.conditions import (
    Candidate,
    Condition,
    Field,
    Match,
    Operator,
    RuleGroup,
    Texts,
    matcher,
    matches,
    pack,
    place,
    texts_of,
)

RUG = product(
    variant(id="11", sku="RUG-S", options=(OptionValue("Size", "S"),)),
    variant(id="12", sku="RUG-L", options=(OptionValue("Size", "L"),)),
    title="Wool  Runner, 70 × 200",
    sku="RUG",
    brand="Åsgård Straße",
    categories=("Home > Rugs & Carpets > Runners", "Sale"),
    custom_fields=(("Product Type", "Textile"), ("Material", "Wool")),
)
BARE = product(variant(sku=""), title=" ")


def group(*conditions, match=Match.ALL):
    return RuleGroup(match, tuple(Condition(Field(f), Operator(o), v) for f, o, v in conditions))


@pytest.mark.parametrize(
    ("field", "operator", "value", "fits"),
    [
        ("title", "equals", "wool runner, 70 × 200", True),
        ("title", "equals", "wool runner", False),
        ("title", "equals", "  WOOL RUNNER,   70 × 200 ", True),
        ("title", "not_equals", "wool runner", True),
        ("title", "not_equals", "WOOL runner, 70 × 200", False),
        ("title", "contains", "RUNNER", True),
        ("title", "contains", "unner, 7", True),
        ("title", "contains", "%", False),
        ("title", "contains", "w__l", False),
        ("title", "does_not_contain", "bath mat", True),
        ("title", "does_not_contain", "runner", False),
        # any SKU, of the product or of a variant
        ("sku", "equals", "rug", True),
        ("sku", "equals", "rug-l", True),
        ("sku", "equals", "ug-l", False),
        ("sku", "not_equals", "rug-l", False),
        ("sku", "not_equals", "rug-m", True),
        ("sku", "contains", "-L", True),
        ("sku", "does_not_contain", "-L", False),
        ("sku", "contains", "rug rug-s", False),  # of two values
        # capitals and accents of any script
        ("brand", "equals", "åsgård strasse", True),
        ("brand", "equals", "A\u030asga\u030ard STRASSE", True),
        ("brand", "equals", "asgard strasse", False),
        ("vendor", "equals", "ÅSGÅRD STRASSE", True),
        ("vendor", "not_equals", "ÅSGÅRD STRASSE", False),
        # a path, one above it, and each name in them
        ("category", "equals", "home > rugs & carpets > runners", True),
        ("category", "equals", "Home > Rugs & Carpets", True),
        ("category", "equals", "Runners", True),
        ("category", "equals", "rugs & carpets", True),
        ("category", "equals", "sale", True),
        ("category", "equals", "Rugs", False),
        ("category", "contains", "Rugs", True),
        ("category", "does_not_contain", "Rugs", False),
        ("category", "not_equals", "Lamps", True),
        ("product_type", "equals", "textile", True),
        ("product_type", "contains", "wool", False),
        # a condition without a text
        ("title", "equals", " ", False),
        ("title", "contains", "", False),
        ("title", "not_equals", "", True),
        ("title", "does_not_contain", "", True),
    ],
)
def test_one_condition(field, operator, value, fits):
    assert matches(texts_of(RUG), group((field, operator, value))) is fits


@pytest.mark.parametrize("field", Field)
@pytest.mark.parametrize("operator", Operator)
def test_an_empty_field_equals_and_contains_nothing(field, operator):
    assert texts_of(BARE) == Texts()
    assert matches(texts_of(BARE), group((field, operator, "x"))) is (not operator.found)


@pytest.mark.parametrize(
    ("match", "values", "fits"),
    [
        (Match.ALL, ("wool", "runner"), True),
        (Match.ALL, ("wool", "cotton"), False),
        (Match.ANY, ("wool", "cotton"), True),
        (Match.ANY, ("linen", "cotton"), False),
        (Match.ALL, (), False),
        (Match.ANY, (), False),
        (Match.ALL, ("wool",) * 30, True),
    ],
)
def test_all_or_any_and_without_conditions_nothing(match, values, fits):
    conditions = [("title", "contains", value) for value in values]
    assert matches(texts_of(RUG), group(*conditions, match=match)) is fits


def test_no_value_can_end_in_the_middle_of_a_line():
    assert pack(["A\nb", "", " a  B "]) == "\na b\n"


A, B, C = 1, 2, 3
ANYTHING = group(("title", "not_equals", "x"))


@pytest.mark.parametrize(
    ("_case", "fitting", "overriding", "held_by", "saved", "holder"),
    [
        ("none fits", "", "", None, None, None),
        ("the first of the list", "ABC", "", None, None, A),
        ("the next one that fits", "BC", "", None, None, B),
        ("who has it keeps it", "ABC", "", C, None, C),
        ("who has it fits no more", "AB", "", C, None, A),
        ("nobody fits any more", "", "", C, None, None),
        ("a template that is gone", "B", "", 9, None, B),
        ("one that overrides takes it", "ABC", "C", A, None, C),
        ("one that overrides, and does not fit", "AB", "C", A, None, A),
        ("a new product, too", "ABC", "B", None, None, B),
        ("of two that override, who has it", "ABC", "BC", C, None, C),
        ("of two that override, the first", "ABC", "BC", A, None, B),
        ("of two that override, the one just saved", "ABC", "BC", B, C, C),
        ("saved without overriding", "ABC", "", A, C, A),
        ("saved, and fits no more", "AB", "C", C, C, A),
    ],
)
def test_which_template_holds_a_product(_case, fitting, overriding, held_by, saved, holder):
    candidates = [
        Candidate(id_, matcher(ANYTHING if name in fitting else RuleGroup()), name in overriding)
        for name, id_ in (("A", A), ("B", B), ("C", C))
    ]
    assert place(Texts(), candidates, held_by, saved=saved) == holder
