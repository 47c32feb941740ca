"""Every code of TikTok Shop that docs/platforms names has words of ours and does the right thing."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from twinshelf.errors import NotFound, PlatformDown, Refused, Transient, Unauthorized
from twinshelf.messages import text
from twinshelf.tiktok import errors, messages
from twinshelf.tiktok.regions import REGIONS, RegionUnsupported, region

PAGE = Path(__file__).parents[2] / "docs" / "platforms" / "tiktok-shop.md"
SECTIONS = ("### 4.3", "## 12.", "### 15.8", "### 16.8", "### 17.9")


def codes_in(text):
    """The codes of a section of the page, ranges such as 12052003–005 and 25001010/011 written out."""
    found = set()
    for first, mark, last in re.findall(r"\b(\d{8}|\d{6})(?:([–/])(\d{3}|\d{8})\b)?", text):
        low = int(first)
        high = int(first[: len(first) - len(last)] + last) if last else low
        found |= {low, high} if mark == "/" else set(range(low, high + 1))
    return found


@pytest.mark.covers("BEY-09")
@pytest.mark.parametrize("title", SECTIONS)
def test_every_code_of_the_page_has_an_entry(title):
    text = PAGE.read_text(encoding="utf-8")
    section = re.split(r"\n#{2,3} ", text[text.index(f"\n{title}") + len(title) :])[0]

    wanted = codes_in(section)

    assert wanted
    assert wanted - messages.known_codes() == set()


def test_no_number_means_two_messages():
    every = [number for _code, numbers in messages._ROWS for number in numbers]
    assert sorted(every) == sorted(set(every))


@pytest.mark.covers("BEY-09")
def test_an_unknown_code_keeps_the_platforms_words():
    assert messages.code_of(99999999) == "E-PLATFORM"
    assert errors.explain(99999999, " The moon is full. ") == "TikTok Shop refused: The moon is full."
    assert errors.explain(99999999, "") == "TikTok Shop refused: code 99999999"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (36009003, PlatformDown),
        (12052881, PlatformDown),
        (10037003, PlatformDown),
        (12052234, Transient),
        (12052093, errors.ListingCapReached),
        (101000, Unauthorized),
        (12019150, NotFound),
        (12052180, errors.TooManyRows),
        (36009043, errors.ShopDisabled),
        (12052038, errors.PriceLocked),
        (12019113, errors.WrongStatus),
        (12052996, errors.AlreadyListed),
        (21011044, errors.OnHold),
        (21011041, errors.OrderCancelled),
        (21011007, errors.RequestPending),
        (21011020, errors.AlreadyShipped),
        (21008025, errors.ShippedByTikTok),
        (21004015, errors.TrackingRefused),
        (25001021, Refused),
        (25001051, errors.WrongState),
        (106001, Refused),
        (99999999, Refused),
    ],
)
def test_a_code_becomes_the_error_that_says_what_happens_next(code, kind):
    assert type(errors.refusal(code, "words")) is kind


def test_a_refusal_tells_both_our_words_and_theirs():
    error = errors.refusal(12052262, "Chinese characters are not supported in product name", request_id="2022…B7")

    assert isinstance(error, Refused)
    assert text(error) == "The title is not in the market's language."
    assert error.platform_message == "Chinese characters are not supported in product name"
    assert error.code == "E-LST-TITLELANG"
    assert error.facts == {
        "platform": "TikTok Shop",
        "answer": "Chinese characters are not supported in product name",
        "number": "12052262",
        "request": "2022…B7",
    }


@pytest.mark.parametrize(("repeatable", "unknown"), [(True, False), (False, True)])
def test_after_an_upstream_timeout_the_outcome_is_known_only_where_it_does_not_matter(repeatable, unknown):
    error = errors.refusal(36009007, "Request timeout.", repeatable=repeatable)

    assert isinstance(error, PlatformDown)
    assert error.outcome_unknown is unknown


def test_items_left_out_are_told_with_the_closest_reason():
    answer = (
        b'{"errors":[{"code":12052990,"message":"Check failed","detail":{"sku_id":"77","extra_errors":'
        b'[{"warehouse_id":"7","code":12052097,"message":"The warehouse does not exist"}]}},'
        b'{"code":"12052553","message":"Sku id duplicate","detail":{"sku_id":78,"extra_errors":null}}]}'
    )

    items = errors.refused_items(answer, "sku_id")

    assert items == (
        errors.RefusedItem("77", 12052097, "The warehouse does not exist", "7"),
        errors.RefusedItem("78", 12052553, "Sku id duplicate"),
    )
    refused = errors.PartlyRefused(items)
    assert text(refused) == "Invalid platform warehouse status. (77, 78)"
    assert refused.fields == (
        ("77", "Invalid platform warehouse status."),
        ("78", "The listing, or one of its SKUs, was deleted in TikTok Shop."),
    )
    assert errors.refused_items(b'{"errors":null}', "sku_id") == ()


def test_a_missing_scope_is_named_by_what_it_is_for():
    assert messages.operation("POST", "/order/202309/orders/search") == "reading orders (seller.order.info)"
    assert messages.operation("POST", "/product/202309/products/{}/prices/update") == (
        "changing listings (seller.product.write)"
    )
    assert messages.operation("DELETE", "/product/202309/products") == "deleting listings (seller.product.delete)"
    assert messages.operation("GET", "/product/202309/categories") == (
        "reading listings and categories (seller.product.basic)"
    )


def test_regions_differ_as_tiktok_says():
    us, gb, vn, jp = (region(code) for code in ("US", "uk", "VN", "JP"))
    assert (us.currency, us.category_version, us.max_skus, us.imperial, us.shipping) == ("USD", "v2", 300, True, "mark")
    assert (gb.code, gb.currency, gb.price_max) == ("GB", "GBP", Decimal(5600))
    assert (vn.title_min, vn.title_max, vn.max_skus, vn.shipping) == (25, 255, 100, "ship")
    assert (jp.price_min, jp.price_max, jp.imperial) == (Decimal(1), Decimal(500_000), False)
    assert len(REGIONS) == 24
    with pytest.raises(RegionUnsupported) as unknown:
        region("ZZ")
    assert text(unknown.value) == "Region ZZ is not supported."
