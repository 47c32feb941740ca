"""What is cleaned or converted on its way to TikTok Shop loses nothing that counts: properties, over many inputs."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from hypothesis import given, strategies

from tests.pure.builders import random_cases
from tests.pure.test_tiktok_products import created, listing, options, sku
from twinshelf.documents import Dimensions, Weight
from twinshelf.errors import DocumentError
from twinshelf.tiktok import products, texts
from twinshelf.tiktok.regions import region

WORDS = strategies.text(
    strategies.characters(categories=["L", "N"], exclude_characters="\u017f"), min_size=1, max_size=8
)
ANY_TEXT = strategies.text(max_size=60)
MARKUP = strategies.lists(
    strategies.sampled_from(
        ["<p>", "</p>", "<b>", "</b>", "<br>", "<script>", "</script>", "<img src=x>", "&amp;", "&lt;", "<", ">", "🎧",
         "\u0000", "\u200b", "Mug", "tea", "11oz", " ", "\n\n", "aaaaaaaaaaaa", "<ul><li>", "</li></ul>", "<!-- x -->"]
    ),
    max_size=25,
).map("".join)  # fmt: skip
MARKETS = strategies.sampled_from(["US", "GB", "VN", "DE", "JP"]).map(region)
MEASURES = strategies.decimals("0.000001", "10000", places=6)


def letters(text):
    return [char for char in unicodedata.normalize("NFC", text) if char.isalnum()]


@random_cases
@given(strategies.lists(WORDS, min_size=1, max_size=6))
def test_every_letter_and_digit_of_a_title_survives_in_its_order(words):
    assert letters(texts.plain(" 🎧 ".join(words))) == letters("".join(words))


@random_cases
@given(MARKUP | ANY_TEXT)
def test_cleaning_a_text_twice_changes_nothing_more(text):
    once = texts.plain(text)

    assert texts.plain(once) == once
    assert once == " ".join(once.split())
    assert texts.same_as(once) == texts.same_as(texts.same_as(text))


@random_cases
@given(
    strategies.lists(WORDS, min_size=1, max_size=6), strategies.sampled_from(["p", "li", "td", "h3", "section", "dd"])
)
def test_every_word_of_a_description_survives_within_its_tags(words, tag):
    markup = "".join(f'<{tag} class="x"><a href="https://x">{word}</a></{tag}>' for word in words)

    clean = texts.clean_description(markup)

    shown = [letters(part) for part in texts.plain(clean).split()]
    if not any(texts.has_run(word) for word in words):
        assert [each for each in shown if each] == [letters(word) for word in words]
    assert "href" not in clean
    assert "class" not in clean


@random_cases
@given(MARKUP | ANY_TEXT)
def test_a_clean_description_stays_as_it_is_and_within_its_limit(markup):
    once = texts.clean_description(markup)

    assert texts.clean_description(once) == once
    assert len(once) <= texts.DESCRIPTION_MAX
    assert not texts.has_run(once)


@random_cases
@given(strategies.text(strategies.sampled_from("0123456789X -’\u2010"), max_size=20))
def test_a_product_code_is_sent_with_all_its_digits_or_not_at_all(text):
    try:
        code = texts.identifier_code(text)
    except DocumentError:
        return
    digits = [char for char in text if char.isdigit() or char == "X"]
    if code is None:
        assert digits == []
    elif len(digits) == 10:  # an old ISBN becomes the new one: prefix, the same nine, another check digit
        assert code[0][:-1] == "978" + "".join(digits[:9])
    else:
        assert code[0] == "".join(digits)


@random_cases
@given(WORDS)
def test_how_a_value_is_written_makes_no_other_value(word):
    ways = [word, word.upper(), word.lower(), f"  {word} ", unicodedata.normalize("NFKC", word),
            unicodedata.normalize("NFD", word), f"{word} 🔥"]  # fmt: skip
    same = {texts.same_as(way) for way in ways}
    if len({way.casefold() for way in (word.upper(), word.lower(), word)}) == 1:
        assert len(same) == 1


@random_cases
@given(MEASURES, strategies.sampled_from(["LB", "OZ", "KG", "G"]), MARKETS)
def test_a_weight_is_never_less_than_it_was_nor_nothing_nor_a_step_too_much(value, unit, market):
    weight = Weight(value, unit)

    sent = created(listing(weight=weight), market)["package_weight"]

    step = Decimal("0.01") if sent["unit"] == "POUND" else Decimal("0.001")
    true = weight.to("LB" if sent["unit"] == "POUND" else "KG").value
    assert Decimal(sent["value"]) >= step
    assert -Decimal("0.000001") <= Decimal(sent["value"]) - true < step + Decimal("0.000001")
    assert Decimal(sent["value"]) % step == 0


@random_cases
@given(MEASURES, strategies.sampled_from(["IN", "CM"]), MARKETS)
def test_a_side_is_a_whole_number_that_the_parcel_fits_in(value, unit, market):
    size = Dimensions(value, value, value, unit)

    sent = created(listing(dimensions=size), market)["package_dimensions"]

    true = size.to("IN" if sent["unit"] == "INCH" else "CM").length
    assert true is not None
    assert int(sent["length"]) >= 1
    assert -Decimal("0.000001") <= int(sent["length"]) - true < 1 + Decimal("0.000001")


COLORS = ["Navy", "navy", "Red", "Straße", "STRASSE", "\uff2eavy", "Rosé", "Rose\u0301"]


@random_cases
@given(strategies.lists(strategies.sampled_from(COLORS), min_size=2, max_size=5, unique=True))
def test_two_values_that_tiktok_takes_for_one_never_go_out_as_two(colors):
    skus = tuple(sku(str(n), f"TEE-{n}", options=options(Color=color)) for n, color in enumerate(colors))
    listed = listing(skus=skus)

    refused = any(found.blocking for found in products.problems_of(listed, region("US")))

    sent = [one["sales_attributes"][0]["value_name"] for one in created(listed)["skus"]]
    assert refused == (len({texts.same_as(value) for value in sent}) < len(sent))
