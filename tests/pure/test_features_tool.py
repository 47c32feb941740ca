"""The tool behind `make features`."""

from __future__ import annotations

import pytest

from tests import features

FEATURES = """\
id\tarea\twhat\tnumbers and options\tcheck
CED-01\torders\tA "quoted" thing\t\tcheck
CED-02\torders\tAnother\t\tcheck
BEY-01\tbeyond\tDaily proof. See BEY-02\t—\ta test
BEY-02\tbeyond\tExactly once.\t—\ta test
CED-03\tuser roles\tA third\t"open\tcheck
"""


@pytest.fixture
def run(tmp_path, capsys):
    """Run the tool on a feature list and tests made up here; answer its exit code and what it printed."""
    reference, tests = tmp_path / "docs" / "reference", tmp_path / "tests"
    reference.mkdir(parents=True)
    (reference / "features.tsv").write_text(FEATURES)
    (tests / "flows").mkdir(parents=True)

    def run(source, *argv):
        (tests / "flows" / "test_it.py").write_text(source)
        code = features.main(argv, root=tmp_path)
        return code, capsys.readouterr().out

    return run


def test_without_marks_every_feature_is_missing(run):
    code, printed = run("")
    assert code == 0
    assert printed == (
        "orders: 0 of 2\n    CED-01 CED-02\n"
        "user roles: 0 of 1\n    CED-03\n"
        "beyond: 0 of 2\n    BEY-01 BEY-02\n"
        "all: 0 of 5\n"
    )


def test_marks_on_functions_classes_modules_and_rows_count(run):
    source = """
import pytest
from pytest import mark

pytestmark = [pytest.mark.slow, pytest.mark.covers("CED-01")]

@pytest.mark.covers("BEY-01", "CED-01")
class TestIt:
    @mark.covers("CED-02")
    async def test_it(self): ...

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.covers("BEY-02"))])
def test_rows(n): ...
"""
    assert run(source) == (
        0,
        "orders: 2 of 2\nuser roles: 0 of 1\n    CED-03\nbeyond: 2 of 2\nall: 4 of 5\n",
    )


def test_comments_strings_and_other_marks_do_not_count(run):
    source = """
# @pytest.mark.covers("CED-01")
TEXT = '@pytest.mark.covers("CED-01")'

@pytest.mark.uncovers("CED-01")
@covers("CED-02")
def test_it(): ...
"""
    assert run(source, "--area", "orders") == (1, "orders: 0 of 2\n    CED-01 CED-02\n")


@pytest.mark.parametrize(("named", "answer"), [
    ('"CED-01"', (1, "orders: 1 of 2\n    CED-02\n")),
    ('"CED-01", "CED-02"', (0, "orders: 2 of 2\n")),
    ('"CED-03", "BEY-01"', (1, "orders: 0 of 2\n    CED-01 CED-02\n")),
])  # fmt: skip
def test_an_area_fails_until_all_of_it_is_named(run, named, answer):
    assert run(f"@pytest.mark.covers({named})\ndef test_it(): ...", "--area", "orders") == answer


def test_an_id_that_only_pure_tables_name_does_not_count(run, tmp_path):
    (tmp_path / "tests" / "pure").mkdir()
    table = tmp_path / "tests" / "pure" / "test_table.py"
    table.write_text('@pytest.mark.covers("CED-01", "CED-02")\ndef test_it(): ...')

    flow = '@pytest.mark.covers("CED-02", "CED-03")\ndef test_it(): ...'
    assert run(flow) == (
        0,
        "orders: 1 of 2\n    pure only: CED-01\nuser roles: 1 of 1\nbeyond: 0 of 2\n    BEY-01 BEY-02\nall: 2 of 5\n",
    )
    assert run(flow, "--area", "orders") == (1, "orders: 1 of 2\n    pure only: CED-01\n")
    assert run("", "--area", "orders") == (1, "orders: 0 of 2\n    pure only: CED-01 CED-02\n")

    table.write_text('@pytest.mark.covers("CED-99")\ndef test_it(): ...')
    assert run(flow)[0] == 1


def test_an_unknown_id_fails_and_says_where_it_is_named(run):
    source = '@pytest.mark.covers("CED-99")\ndef test_it(): ...\n' * 2
    code, printed = run(source, "--area", "beyond")
    assert code == 1
    assert printed == (
        "beyond: 0 of 2\n    BEY-01 BEY-02\n"
        "not in the feature list: CED-99 (tests/flows/test_it.py:1, tests/flows/test_it.py:3)\n"
    )
    assert run(source)[0] == 1


@pytest.mark.parametrize(("mark", "answer"), [
    ("covers(ID)", "tests/flows/test_it.py:1: covers() wants plain strings, not ID\n"),
    ("covers(*IDS)", "tests/flows/test_it.py:1: covers() wants plain strings, not *IDS\n"),
    ("covers()", 'tests/flows/test_it.py:1: covers() wants ids: covers("CED-50")\n'),
    ('covers(id="CED-01")', 'tests/flows/test_it.py:1: covers() wants ids: covers("CED-50")\n'),
])  # fmt: skip
def test_a_mark_that_cannot_be_read_fails(run, mark, answer):
    assert run(f"@pytest.mark.{mark}\ndef test_it(): ...") == (1, answer)


def test_an_unknown_area_is_refused(run):
    assert run("", "--area", "order") == (2, "No area 'order'. There are: beyond, orders, user roles\n")


def test_an_id_listed_twice_is_refused(run, tmp_path):
    (tmp_path / features.LIST).write_text(FEATURES + "BEY-01\tbeyond\tagain\t\t\n")
    assert run("") == (1, "More than once in the feature list: BEY-01\n")


def test_the_list_of_the_repository_holds_every_id_that_its_tests_name():
    areas = features.features(features.ROOT)
    assert [feature for feature in features.named(features.ROOT) if feature not in areas] == []
    assert {f"BEY-{number:02}" for number in range(1, 28)} <= areas.keys()
