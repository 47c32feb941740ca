"""Titles, descriptions and product codes become what TikTok Shop takes."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from twinshelf.errors import DocumentError
from twinshelf.tiktok.texts import (
    clean_description,
    has_chinese,
    has_run,
    has_words,
    identifier_code,
    is_cut,
    plain,
)

NASTY = Path(os.environ.get("TWINSHELF_SHARED") or Path(__file__).parents[3] / "shared") / "data" / "nasty-inputs"
needs_nasty_inputs = pytest.mark.skipif(not NASTY.exists(), reason="the shared test data is not beside the repository")


def nasty(name):
    return [json.loads(line) for line in (NASTY / name).open(encoding="utf-8")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Enamel mug", "Enamel mug"),
        ("<b>Ladies</b> Summer Dress &amp; Belt", "Ladies Summer Dress & Belt"),
        ("Men&#39;s 2-Pack T-Shirt &ndash; Black", "Men's 2-Pack T-Shirt – Black"),
        ("Mug <script>alert(1)</script> 11oz", "Mug 11oz"),
        ("5&quot; LCD Display &lt;Touch&gt;", '5" LCD Display <Touch>'),
        ("Dress &amp;amp; Jacket", "Dress & Jacket"),
        ("&lt;b&gt;Bold&lt;/b&gt; mug", "Bold mug"),
        ("Flag Mug 🇬🇧🇺🇸🏴󠁧󠁢󠁳󠁣󠁴󠁿", "Flag Mug"),
        ("Dress \u202eesrever\u202c tail", "Dress esrever tail"),
        ("\bGozen Photo Frame", "Gozen Photo Frame"),
        ("Null\u0000byte cup", "Null byte cup"),
        ("   Double  spaces   inside ", "Double spaces inside"),
        ("レディース ワンピース 花柄", "レディース ワンピース 花柄"),
        ('Café "Très Bon" 50% Off—Don’t Miss… ©™®', 'Café "Très Bon" 50% Off—Don’t Miss… ©™®'),
        ("i < 3 and j > 2", "i < 3 and j > 2"),
        ("🎧🎧🎧", ""),
        ("", ""),
    ],
)
def test_a_title_keeps_its_words_only(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("_case", "markup", "clean"),
    [
        ("simple markup stays", "<p>Holds <b>tea</b></p><ul><li>A</li></ul>",
         "<p>Holds <b>tea</b></p><ul><li>A</li></ul>"),
        ("scripts go with their content", "<p>Nice</p><script>document.cookie</script><img src=x onerror=alert(1)>",
         "<p>Nice</p>"),
        ("so do frames and forms", "<p>Watch:</p><iframe src='https://x.example'>f</iframe><form>card</form>",
         "<p>Watch:</p>"),
        ("pictures go", '<p>Size:<img src="/chart.png" width="800"></p>', "<p>Size:</p>"),
        ("attributes and links go, their words stay", '<p onclick="x()" id=1>Buy at <a href="https://x">us</a></p>',
         "<p>Buy at us</p>"),
        ("comments go", "<!-- supplier price 3.20 --><p>Public</p>", "<p>Public</p>"),
        ("a word processor's markup goes", '<p class="MsoNormal"><o:p>&nbsp;</o:p><span lang="EN">Pasted</span></p>',
         "<p> Pasted</p>"),
        ("emoji and invisible characters go", "<p>Warm 🔥 mu\u200bg</p>", "<p>Warm mug</p>"),
        ("empty elements go", "<p></p><p>&nbsp;</p><div><p>Mug</p></div><br><br>", "<div><p>Mug</p></div>"),
        ("a run becomes nine", f"<p>{'=' * 30} Mug {'&amp;' * 12}</p>", f"<p>{'=' * 9} Mug {'&amp;' * 9}</p>"),
        ("plain text becomes paragraphs", "One\ntwo\n\nthree < four", "<p>One<br>two</p><p>three &lt; four</p>"),
        ("what is not closed is closed", "<ul><li>A<li>B", "<ul><li>A</li><li>B</li></ul>"),
        ("nothing but pictures is nothing", '<img src="a.png">', ""),
        ("nothing but signs is nothing", "<p>*** --- ***</p>", ""),
        ("nothing is nothing", "", ""),
    ],
)  # fmt: skip
def test_a_description_keeps_simple_markup_only(_case, markup, clean):
    assert clean_description(markup) == clean


def test_a_long_description_ends_at_a_word_with_its_tags_closed():
    markup = "<ul>" + "".join(f"<li>Point {number} of many</li>" for number in range(1000)) + "</ul>"

    clean = clean_description(markup)

    assert is_cut(markup)
    assert 9_500 < len(clean) <= 10_000
    assert clean.endswith("</li></ul>")
    assert clean_description(clean) == clean
    assert not is_cut("<p>short</p>")


def test_a_description_of_one_long_word_is_cut_too():
    assert len(clean_description("<p>" + "ab" * 8_000 + "</p>")) <= 10_000


@needs_nasty_inputs
@pytest.mark.parametrize("name", ["titles.jsonl", "descriptions.jsonl", "naughty_strings.jsonl"])
def test_cleaning_twice_changes_nothing_more(name):
    for case in nasty(name):
        title, description = plain(case["value"]), clean_description(case["value"])
        assert plain(title) == title
        assert clean_description(description) == description
        assert len(description) <= 10_000
        assert "<script" not in description
        assert "<img" not in description


def test_what_titles_are_told_about():
    assert has_chinese("花柄 dress")
    assert not has_chinese("レディース")
    assert has_run("WWWWWWWWWW")
    assert not has_run("WWWWWWWWW ----- WWWWWWWWW")
    assert has_words("<b>7</b>")
    assert not has_words("<b>//// &amp; !@#</b>")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("4006381333931", ("4006381333931", "EAN")),
        ("4006-3813-33931", ("4006381333931", "EAN")),
        ("'400 6381 333931", ("4006381333931", "EAN")),
        ("".join(chr(0xFF10 + int(digit)) for digit in "4006381333931"), ("4006381333931", "EAN")),
        ("812345678901", ("812345678901", "UPC")),
        ("051000213549", ("051000213549", "UPC")),  # a soda of a maker whose codes begin with 05
        ("40123455", ("40123455", "EAN")),
        ("10614141000415", ("10614141000415", "GTIN")),
        ("9780306406157", ("9780306406157", "ISBN")),
        ("0-306-40615-2", ("9780306406157", "ISBN")),
        ("080442957X", ("9780804429573", "ISBN")),
        ("080442957x", ("9780804429573", "ISBN")),
        ("9790260000438", ("9790260000438", "EAN")),
        ("", None),
        (" - ", None),
    ],
)
def test_a_product_code_is_found_with_its_kind(text, code):
    assert identifier_code(text) == code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("036000291453", "the check digit of 036000291453 is wrong"),
        ("0306406153", "the check digit of 0306406153 is wrong"),
        ("36000291452", "'36000291452' is not a code of 8, 12, 13 or 14 digits"),
        ("4006381333931.0", "'4006381333931.0' is not a code of 8, 12, 13 or 14 digits"),
        ("N/A", "'N/A' is not a code of 8, 12, 13 or 14 digits"),
        ("1234567890128", "1234567890128 is a placeholder"),
        ("0000000000000", "0000000000000 is a placeholder"),
        ("0212345678909", "0212345678909 is a code for coupons, periodicals or inside a shop"),
        ("9771234567898", "9771234567898 is a code for coupons, periodicals or inside a shop"),
        ("20123451", "20123451 is a code for coupons, periodicals or inside a shop"),
    ],
)
def test_a_bad_product_code_is_refused_with_the_reason(text, reason):
    with pytest.raises(DocumentError) as caught:
        identifier_code(text)
    assert caught.value.reason == reason


@needs_nasty_inputs
def test_product_codes_are_taken_and_left_as_the_list_says():
    # The list calls 05… of twelve digits a coupon. GS1's coupons are 05… of thirteen, that is 5… of twelve, and its own
    # food catalog has real goods under 05….
    exceptions = {"051234567890"}
    rows = list(csv.DictReader((NASTY / "gtins.csv").open(encoding="utf-8")))
    assert rows
    for row in rows:
        try:
            taken = identifier_code(row["value"]) is not None
        except DocumentError:
            taken = False
        assert taken == (row["acceptable"] == "true") or row["value"] in exceptions, row
