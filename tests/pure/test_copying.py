"""Copying a product to another shop: which category and which values go along."""

from __future__ import annotations

from decimal import Decimal

import pytest

from twinshelf.documents import Attribute, Dimensions
from twinshelf.listings.choosing import Unfit
from twinshelf.listings.copying import attributes_there, leaf_there, without
from twinshelf.listings.editing import AskedOf
from twinshelf.rules.categories import Leaf
from twinshelf.rules.own import ProductChoices, VariantChoices


def leaf(id_, path, *, available=True):
    return Leaf(id=id_, path=path, available=available)


MUGS = leaf("600", "Home > Mugs")


@pytest.mark.parametrize(
    ("leaves", "found"),
    [
        ([MUGS], "600"),
        ([leaf("600", "Home > Cups")], "600"),
        ([leaf("700", "home > mugs")], "700"),
        ([leaf("700", "Home > Cups")], None),
        ([leaf("600", "Home > Mugs", available=False)], None),
        ([], None),
    ],
)
def test_the_category_of_the_same_number_or_path(leaves, found):
    leaf = leaf_there("600", "Home > Mugs", {each.id: each for each in leaves})
    assert (leaf.id if leaf else None) == found


def attribute(id_="1", name="Material", *, values=(("10", "Steel"), ("11", "Wood")), **more):
    return Attribute(id=id_, name=name, sales=False, required=False, values=values, **more)


STEEL = (("10", "Steel"),)
MALAY = attribute(name="Bahan", values=(("10", "Keluli"),))


@pytest.mark.parametrize(
    ("asked", "there", "given", "lost"),
    [
        (AskedOf(attribute(), "", "Steel"), attribute(), {"Material": "Steel"}, []),
        (AskedOf(attribute(), "Steel", ""), attribute(), {"Material": "Steel"}, []),
        (AskedOf(attribute(), "Wood", "Steel"), attribute(), {"Material": "Steel"}, []),
        (AskedOf(attribute(), "", "Steel"), MALAY, {"Bahan": "Keluli"}, []),
        (AskedOf(attribute("9"), "", "Steel"), attribute(), {"Material": "Steel"}, []),
        (AskedOf(attribute("9"), "", "steel"), attribute(values=(("77", "Steel"),)), {"Material": "Steel"}, []),
        (AskedOf(attribute(), "", "Wood"), attribute(values=STEEL), {}, ["Material"]),
        (AskedOf(attribute(), "", "Wood"), attribute(values=STEEL, customizable=True), {"Material": "Wood"}, []),
        (AskedOf(attribute(), "", "Wood"), attribute(values=()), {"Material": "Wood"}, []),
        (AskedOf(attribute(), "", ""), attribute(), {}, []),
        (AskedOf(attribute(), "", "Wood"), attribute("2", "Color"), {}, []),
        (
            AskedOf(attribute(multiple=True), "", "Steel, Wood"),
            attribute(multiple=True, values=(("10", "Keluli"),)),
            {"Material": "Keluli"},
            ["Material"],
        ),
        (AskedOf(attribute(multiple=True), "", "Steel, Wood"), attribute(), {}, ["Material"]),
    ],
)  # fmt: skip
def test_values_go_along_in_the_words_of_the_other_shop(asked, there, given, lost):
    found, gaps = attributes_there([asked], [there])
    assert found == given
    assert [gap.name for gap in gaps] == lost


def test_what_does_not_fit_stays_behind():
    choices = ProductChoices(
        title="Mug", warranty="1 year", attributes={"Material": "Wood", "Color": "Red"},
        dimensions=Dimensions(length=Decimal(1), width=Decimal(1), height=Decimal(1), unit="IN"),
        variants={"11": VariantChoices(quantity=-1), "12": VariantChoices(quantity=3)},
    )  # fmt: skip
    wrong = [Unfit(field, "no") for field in ("title", "attribute.Material", "quantity.11", "dimensions")]
    assert without(choices, wrong) == ProductChoices(
        warranty="1 year", attributes={"Color": "Red"}, variants={"12": VariantChoices(quantity=3)}
    )
