"""What products share: the nearest that says something counts, certificate by certificate."""

from __future__ import annotations

from datetime import date

import pytest

from tests.pure.builders import facts, listing, product
from twinshelf.documents import CategoryRules, CertificateRule, ListingCertificate, ListingFile
from twinshelf.listings.compare import compare_content, withdrawn
from twinshelf.listings.desired import CategoryFacts, Shelf, desired
from twinshelf.rules.common import NOTHING_COMMON, CommonValues, nearest
from twinshelf.rules.own import ProductChoices, over_template
from twinshelf.rules.templates import CategoryRule, HeldBy, TemplateRules, rules_for, with_papers_of
from twinshelf.tiktok.products import listing_to_json
from twinshelf.tiktok.regions import region


def paper(number: str, name: str = "a", expires: date | None = None) -> ListingCertificate:
    return ListingCertificate(id=number, files=(ListingFile(digest=name, name=name, kind="pdf"),), expires=expires)


@pytest.mark.parametrize(
    ("near", "far", "brand", "papers"),
    [
        (NOTHING_COMMON, NOTHING_COMMON, ("", ""), []),
        (NOTHING_COMMON, CommonValues(brand_id="1", brand_name="Far"), ("1", "Far"), []),
        (CommonValues(brand_id="2"), CommonValues(brand_id="1", brand_name="Far"), ("2", ""), []),
        (CommonValues(certificates=(paper("1", "near"),)), CommonValues(certificates=(paper("1"), paper("2"))),
         ("", ""), [("1", "near"), ("2", "a")]),
        (CommonValues(certificates=(ListingCertificate(id="1", files=()),)), CommonValues(certificates=(paper("1"),)),
         ("", ""), [("1", "a")]),
    ],
)  # fmt: skip
def test_the_nearest_counts(near, far, brand, papers):
    found = nearest(near, far)

    assert (found["brand_id"], found["brand_name"]) == brand
    assert [(each.id, each.files[0].name) for each in found["certificates"]] == papers


def test_the_product_counts_over_the_map_and_the_map_over_the_default_template_only():
    row = CategoryRule("Mugs", "600042", manufacturer_id="2", certificates=(paper("1", "row"),))
    rules = TemplateRules(
        brand_id="9", manufacturer_id="1", certificates=(paper("1"), paper("2")), categories=(row,)
    )  # fmt: skip
    mug = product(categories=("Mugs",))
    own = ProductChoices(responsible_person_id="7", certificates=(paper("2", "own"),))

    found = over_template(rules_for(mug, HeldBy(rules=rules)), own, ())
    elsewhere = over_template(rules_for(mug, HeldBy(rules=rules, is_default=False)), own, ())

    assert (found.brand_id, found.manufacturer_id, found.responsible_person_id) == ("9", "2", "7")
    assert [(each.id, each.files[0].name) for each in found.certificates] == [("2", "own"), ("1", "row")]
    assert (elsewhere.manufacturer_id, elsewhere.certificates[1].files[0].name) == ("1", "a")


def test_a_certificate_of_a_template_is_sent_only_where_the_category_takes_it():
    template = TemplateRules(certificates=(paper("1"), paper("2")))
    asks = CategoryRules(certificates=(CertificateRule(id="1", name="Safety", required=True),))

    found = desired(product(), facts(template), held={}, category=CategoryFacts("600042", (), asks))

    assert found.listing is not None
    assert [each.id for each in found.listing.certificates] == ["1"]
    assert [each.code for each in found.findings] == []


def test_a_certificate_of_a_template_ends_like_one_of_a_product():
    asks = CategoryRules(certificates=(CertificateRule(id="1", name="Safety", required=True, expires=True),))
    days = [None, date.min, date(2099, 1, 1)]

    found = [
        desired(
            product(), facts(TemplateRules(certificates=(paper("1", expires=day),))), held={},
            category=CategoryFacts("600042", (), asks),
        )
        for day in days
    ]  # fmt: skip

    assert [[each.code for each in one.findings] for one in found] == [["E-LST-CERTDATE"], ["E-LST-CERTDATE"], []]


def test_whom_somebody_named_in_the_shop_is_enough_for_a_listing():
    asks = CategoryRules(manufacturer_required=True, responsible_person_required=True)

    found = desired(product(), facts(), held={}, category=CategoryFacts("600042", (), asks), shelf=Shelf(listed=True))

    assert found.findings == ()


def test_whom_the_eu_wants_named_is_sent_compared_and_taken_back():
    named = listing(manufacturer_id="1", responsible_person_id="2")

    body = listing_to_json(named, image_uris={}, region=region("US"))

    assert (body["manufacturer_ids"], body["responsible_person_ids"]) == (["1"], ["2"])
    assert "manufacturer_ids" not in listing_to_json(listing(), image_uris={}, region=region("US"))
    assert compare_content(named, listing()) == ("manufacturer_id", "responsible_person_id")
    assert withdrawn(listing(), named) == ("manufacturer_id", "responsible_person_id")


def test_papers_stay_when_all_else_is_said_anew():
    kept = TemplateRules(
        certificates=(paper("1"),), categories=(CategoryRule("Mugs", "1", certificates=(paper("2"),)),)
    )
    said = TemplateRules(brand_id="9", categories=(CategoryRule("mugs", "3"), CategoryRule("Bowls", "4")))

    found = with_papers_of(said, kept)

    assert (found.brand_id, found.certificates) == ("9", kept.certificates)
    assert [row.certificates for row in found.categories] == [(paper("2"),), ()]
