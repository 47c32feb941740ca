"""SKUs that are equal, nearly equal, missing or used several times."""

import pytest

from twinshelf.rules.skus import Sku, audit, difference, key_of, nearest


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("AB-1", "AB-1", ""),
        ("ab-1", "AB-1", "character 1: “a” in BigCommerce, “A” on TikTok"),
        ("AB-1", "AB-1 ", "character 5: nothing in BigCommerce, “␣” on TikTok"),
        ("AB 1", "AB-1", "character 3: “␣” in BigCommerce, “-” on TikTok"),
        ("AB-O1", "AB-01", "character 4: “O” in BigCommerce, “0” on TikTok"),
        ("ab-1", "\N{CYRILLIC SMALL LETTER A}b-1",
         "character 1: “a” in BigCommerce, “\N{CYRILLIC SMALL LETTER A}” (cyrillic small letter a) on TikTok"),
        ("AB 1", "AB\N{NO-BREAK SPACE}1", "character 3: “␣” in BigCommerce, “␣” (no-break space) on TikTok"),
        ("AB1", "AB\N{ZERO WIDTH SPACE}1", "character 3: “1” in BigCommerce, “” (zero width space) on TikTok"),
        ("AB-1", "AB\N{EN DASH}1", "character 3: “-” in BigCommerce, “\N{EN DASH}” (en dash) on TikTok"),
        ("AB1", "AB\N{FULLWIDTH DIGIT ONE}",
         "character 3: “1” in BigCommerce, “\N{FULLWIDTH DIGIT ONE}” (fullwidth digit one) on TikTok"),
        ("AB1", "AB", "character 3: “1” in BigCommerce, nothing on TikTok"),
    ],
)  # fmt: skip
def test_difference(ours, theirs, expected):
    assert difference(ours, theirs) == expected
    assert (key_of(ours) == key_of(theirs)) is (theirs != "AB")


def test_nearest_are_those_that_differ_only_in_writing():
    assert nearest("AB-1", ["AB-1", "ab-1", "AB-1 ", "AB1", "AB-2", "ab-1"]) == ("ab-1", "AB-1 ", "AB1")


def sku(side, number, code, *, linked=False):
    return Sku(side=side, product_id=f"p{number}", id=f"{side}{number}", code=code, linked=linked)


def test_an_audit_tells_what_is_missing_doubled_and_nearly_equal():
    found = audit(
        [
            sku("store", 1, "A-1"), sku("store", 2, "A-2"), sku("store", 3, "A-2"), sku("store", 4, ""),
            sku("store", 5, "B-1"), sku("store", 6, "C-1", linked=True),
            sku("shop", 1, "A-1"), sku("shop", 2, "b-1"), sku("shop", 3, "c-1"), sku("shop", 4, " "),
        ]
    )  # fmt: skip

    assert found.checked == {"store": 6, "shop": 4}
    assert [(one.side, one.id) for one in found.missing] == [("store", "store4"), ("shop", "shop4")]
    assert [(one.code, [each.id for each in one.skus]) for one in found.doubled] == [("A-2", ["store2", "store3"])]
    assert [(one.first.code, one.second.code) for one in found.near] == [("B-1", "b-1")]
    assert not found.clean
    assert audit([]).clean


def test_an_audit_lists_the_first_and_counts_all():
    found = audit([sku("store", n, "") for n in range(9)], most=4)
    assert (len(found.missing), found.missing_count) == (4, 9)
