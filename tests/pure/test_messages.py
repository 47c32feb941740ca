"""The table of messages: every code has a row, every row is used, every fact and every control is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from tests.labels import is_on_a_page
from twinshelf import messages
from twinshelf.documents import finding
from twinshelf.errors import NeedsPerson, Refused
from twinshelf.messages import CONTROLS, MESSAGES, joined, message, say, text
from twinshelf.tiktok.messages import _ROWS as TIKTOK_ROWS

SOURCE = Path(messages.__file__).parent
CODE = re.compile(r"[EWNI]-[A-Z]+(?:-[A-Z]+)?")
OF_A_REFUSAL = {"platform", "answer"}
"""What every refusal of a platform gives, whatever its code (`errors.Refused`)."""
RAISERS = {"finding", "NeedsPerson", "__init__"}


@cache
def trees():
    files = [path for path in SOURCE.rglob("*.py") if path != SOURCE / "messages.py" and "migrations" not in path.parts]
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in files]


def code_in(node):
    """The code that a node of the source writes; "" if it writes none."""
    value = node.value if isinstance(node, ast.Constant) else ""
    return value if isinstance(value, str) and CODE.fullmatch(value) else ""


def used():
    return {code_in(node) for _path, tree in trees() for node in ast.walk(tree)} - {""}


def raised():
    """(place, code, names of the facts given) wherever a message is raised with facts of its own."""
    for path, tree in trees():
        constants = {
            target.id: code_in(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and code_in(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[0]
            choices = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            codes = [constants.get(each.id) if isinstance(each, ast.Name) else code_in(each) for each in choices]
            if name in RAISERS and all(codes):
                given = {word.arg for word in node.keywords if word.arg} - {"waits_for"}
                for code in codes:
                    yield f"{path.name}:{node.lineno}", code, given


def facts_of(row):
    return {name for _words, name, _how, _conversion in Formatter().parse(row.text) if name}


def of_platforms():
    """The codes that a platform's refusal may carry, by TikTok Shop's table or on their own."""
    direct = {
        code_in(word.value)
        for _path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg == "code" and code_in(word.value)
    }
    return {code for code, _numbers in TIKTOK_ROWS} | direct | {"E-PLATFORM"}


def test_every_code_that_is_used_is_in_the_table():
    assert used() - set(MESSAGES) == set()


def test_every_row_of_the_table_is_used():
    assert set(MESSAGES) - used() == set()


def test_no_code_has_two_rows():
    codes = [row.code for row in messages._ROWS]
    assert sorted(codes) == sorted(set(codes))


def test_every_raiser_gives_the_facts_that_the_text_names():
    places = list(raised())

    assert len(places) > 50
    assert [(place, code) for place, code, given in places if given != facts_of(MESSAGES[code])] == []


def test_a_refusal_of_a_platform_gives_the_facts_that_its_text_names():
    only_there = of_platforms() - {code for _place, code, _given in raised()}

    assert len(only_there) > 50
    assert [code for code in of_platforms() if facts_of(MESSAGES[code]) - OF_A_REFUSAL] == []


def test_every_message_with_facts_is_raised_by_somebody_who_gives_them():
    given = {code for _place, code, _given in raised()} | of_platforms() | {"E-CON-AUTH", "E-CON-SCOPE"}

    assert [row.code for row in MESSAGES.values() if facts_of(row) and row.code not in given] == []


@pytest.mark.parametrize("control", [control for control in CONTROLS.values() if control.label])
def test_every_control_is_on_a_page(control):
    assert is_on_a_page(control.label)


@pytest.mark.parametrize("row", MESSAGES.values(), ids=lambda row: row.code)
def test_every_remedy_names_a_control_that_exists(row):
    control = CONTROLS[row.control]

    assert control.label in row.remedy
    assert set(re.findall(r"“([^”]+)”", row.remedy)) <= {each.label for each in CONTROLS.values()}
    assert bool(row.confirm) is (row.control == "problem.confirm")


EVERYWHERE = {"template", "Edit", "Category map"}


@pytest.mark.parametrize(
    ("code", "places"),
    [
        ("E-CAT-UNKNOWN", EVERYWHERE), ("E-CAT-CLOSED", EVERYWHERE), ("E-CAT-PERMIT", EVERYWHERE),
        ("E-LST-ATTR", EVERYWHERE), ("E-LST-ATTRVALUE", EVERYWHERE), ("E-LST-ATTRCHECK", EVERYWHERE),
        ("E-LST-BRAND", EVERYWHERE), ("E-LST-COD", {"template"}), ("E-LST-CERT", EVERYWHERE),
        ("E-LST-COMPL", EVERYWHERE),
        ("E-LST-TITLELEN", {"Edit"}), ("E-LST-TITLECHAR", {"Edit"}), ("E-LST-TITLELANG", {"Edit"}),
        ("W-LST-TITLE", {"Edit"}), ("E-LST-DESC", {"Edit"}), ("E-LST-DESCLANG", {"Edit"}), ("W-LST-DESCCUT", {"Edit"}),
    ],
)  # fmt: skip
def test_a_remedy_names_each_place_that_can_say_it(code, places):
    remedy = MESSAGES[code].remedy
    named = {label for label in ("Edit", "Category map") if f"“{label}”" in remedy}

    assert named | ({"template"} if "in the template" in remedy else set()) == places


def test_cash_on_delivery_is_set_in_the_template():
    row = MESSAGES["E-LST-COD"]

    assert "“Cash on delivery” to No in the template" in row.remedy
    assert row.page == "template"  # so that saving one tries its products again


def test_every_control_is_used():
    assert {row.control for row in MESSAGES.values()} == set(CONTROLS)


@pytest.mark.parametrize("row", MESSAGES.values(), ids=lambda row: row.code)
def test_every_row_reads_as_a_sentence(row):
    assert row.remedy.endswith(".")
    assert row.text.endswith((".", "}", ")"))
    assert not row.title.endswith(".")
    assert "{n}" in row.plural
    assert re.search(r"\(s\)|\||\{", row.counted(2)) is None


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(1, "1 product has no title"), (2, "2 products have no title"), (1200, "1,200 products have no title")],
)
def test_problems_of_one_code_are_counted(number, sentence):
    assert MESSAGES["E-LST-TITLE"].counted(number) == sentence


@pytest.mark.parametrize(
    ("code", "severity", "blocking"),
    [
        ("E-LST-IMG", "error", True),
        ("W-LST-DESC", "warning", False),
        ("N-PKG-ROUND", "notice", False),
        ("I-NOT-PURCHASABLE", "information", False),
    ],
)
def test_the_first_letter_of_a_code_says_what_it_does(code, severity, blocking):
    assert (MESSAGES[code].severity, finding(code).blocking) == (severity, blocking)


def test_the_page_that_mends_it():
    pages = {code: MESSAGES[code].page for code in ("E-CAT-KEY", "E-CON-AUTH", "E-ORD-CREATE", "E-FUL-HOLD")}
    assert pages == {"E-CAT-KEY": "categories", "E-CON-AUTH": "connection", "E-ORD-CREATE": "order", "E-FUL-HOLD": ""}


def test_a_text_is_made_of_facts_and_of_what_the_platform_named():
    refused = Refused("TikTok Shop", "Locked.", platform_code=12052038, code="E-PRC-LOCKED", items="77, 78")

    assert text(finding("E-LST-DIM", sides="length, height")) == "The product cannot be listed without length, height."
    assert text(refused) == "The price is locked while the product is in a promotion. (77, 78)"
    assert text(NeedsPerson("E-CON-NAME", name="Mugs")) == "A connection named “Mugs” already exists."


def test_what_an_older_version_stored_is_shown_as_far_as_it_is_known():
    assert say("E-LST-DIM", {}) == "The product cannot be listed without …."
    assert (message("E-OLD").title, say("E-OLD", {"sku": "A"})) == ("Something needs you", "E-OLD")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"skus": "A"}, {"skus": "B"}, {"skus": "A, B"}),
        ({"skus": "A, B"}, {"skus": "B"}, {"skus": "A, B"}),
        ({"limits": "1 to 2", "skus": "A"}, {"limits": "1 to 2", "skus": "B"}, {"limits": "1 to 2", "skus": "A, B"}),
        ({}, {"number": "5"}, {"number": "5"}),
    ],
)
def test_facts_of_one_code_are_told_together(one, other, both):
    assert joined(one, other) == both
