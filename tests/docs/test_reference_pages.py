"""docs/reference: settings, preferences and commands are what the code has, both ways."""

from __future__ import annotations

import re
import typing
from enum import StrEnum

import msgspec
import pytest

from tests.docs import pages
from twinshelf.connections.preferences import Preferences, preferences_from_json
from twinshelf.errors import DocumentError
from twinshelf.settings import Operator

SOURCES = sorted((pages.ROOT / "src" / "twinshelf").rglob("*.py"))


@pytest.mark.parametrize("place", pages.GENERATED)
def test_a_generated_page_is_what_the_code_gives(place):
    assert (pages.ROOT / place).read_text(encoding="utf-8") == pages.GENERATED[place](), (
        "write it anew: .venv/bin/python -m tests.docs.pages"
    )


# -- settings ---------------------------------------------------------------------------------------------------------


def settings_listed() -> dict[str, str]:
    """Variable → default as the page shows it."""
    text = (pages.REFERENCE / "settings.md").read_text(encoding="utf-8")
    rows = pages.table(text, columns=("variable", "default", "meaning"))
    assert [row for row in rows if not row["meaning"]] == []
    return {pages.code(row["variable"]): row["default"] and pages.code(row["default"]) for row in rows}


def as_variable(default: object) -> str:
    """A default as one would write it into the environment."""
    if isinstance(default, list):
        return msgspec.json.encode(default).decode()
    return str(int(default)) if isinstance(default, bool) else str(default)


def test_the_page_lists_every_setting_with_its_default():
    made = {
        f"TWINSHELF_{name.upper()}": as_variable(field.get_default(call_default_factory=True, validated_data={}))
        for name, field in Operator.model_fields.items()
    }
    listed = settings_listed()
    assert {name: listed.get(name) for name in made} == made


def test_the_page_lists_every_variable_that_the_product_reads_and_no_other():
    read = {f"TWINSHELF_{name.upper()}" for name in Operator.model_fields}
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        read |= set(re.findall(r'(?:environ\.get\(|environ\[|envvar=)"(TWINSHELF_[A-Z_]+)"', text))
    assert set(settings_listed()) == read - {"TWINSHELF_TEST_DATABASE"}  # tests alone set it


# -- preferences ------------------------------------------------------------------------------------------------------


def preferences_listed() -> dict[str, tuple[str, str]]:
    """Preference → default as JSON, bounds in words."""
    text = (pages.REFERENCE / "preferences.md").read_text(encoding="utf-8")
    rows = pages.table(text, columns=("preference", "default", "bounds", "meaning"))
    assert [row for row in rows if not row["meaning"]] == []
    return {pages.code(row["preference"]): (pages.code(row["default"]), row["bounds"]) for row in rows}


def preferences_of(kind: type[msgspec.Struct], prefix: str = "") -> dict[str, tuple[str, object]]:
    """Preference → default as JSON, and its type; groups of choices are taken apart."""
    found: dict[str, tuple[str, object]] = {}
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found |= preferences_of(field.type, f"{prefix}{field.encode_name}.")
        else:
            found[prefix + field.encode_name] = (msgspec.json.encode(field.default).decode(), field.type)
    return found


def test_the_page_lists_every_preference_with_its_default():
    listed = {name: default for name, (default, _) in preferences_listed().items()}
    assert listed == {name: default for name, (default, _) in preferences_of(Preferences).items()}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, (_, kind) in preferences_of(Preferences).items()])
def test_bounds_are_those_that_the_code_holds(name, kind):
    bounds = preferences_listed()[name][1]

    def accepted(value: object) -> bool:
        group, _, field = name.partition(".")
        stored = (
            {group: {field: value} | ({"kind": "fixed_up"} if name == "price_rule.value" else {})}
            if field
            else {name: value}
        )
        try:
            preferences_from_json(stored)
        except DocumentError:
            return False
        return True

    numbers = [number for number in (-(10**9), -1, 0, 1, 30, 31, 10**9) if accepted(number)]
    if typing.get_origin(kind) is typing.Literal:
        assert bounds == ", ".join(f"`{value}`" for value in typing.get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        assert bounds == ", ".join(f"`{value}`" for value in kind if accepted(value))
    elif found := re.fullmatch(r"(\d+) to (\d+)", bounds):
        low, high = map(int, found.groups())
        assert (accepted(low), accepted(high), accepted(low - 1), accepted(high + 1)) == (True, True, False, False)
    elif bounds == "0 or more":
        assert (numbers, accepted(1.5)) == ([0, 1, 30, 31, 10**9], False)
    elif bounds == "1 or more":
        assert (numbers, accepted(1.5)) == ([1, 30, 31, 10**9], False)
    elif bounds == "number above 0":
        assert (numbers, accepted("0.5"), accepted("NaN"), accepted("Infinity")) == (
            [1, 30, 31, 10**9],
            True,
            False,
            False,
        )
    elif bounds == "number of 0 or more":
        assert (numbers, accepted("0.5"), accepted("NaN"), accepted("1e999")) == (
            [0, 1, 30, 31, 10**9], True, False, False,
        )  # fmt: skip
    elif bounds == "finite number; above 0 with a rule":
        assert (numbers, accepted("0.5"), accepted("NaN")) == ([1, 30, 31, 10**9], True, False)
    else:
        words = {
            "yes or no": bool,
            "any text": str,
            "list of order ids": tuple[str, ...],
            "list of SKUs": tuple[str, ...],
            "list of pairs": tuple[tuple[str, str], ...],
        }
        assert words[bounds] == kind


# -- commands ---------------------------------------------------------------------------------------------------------


def test_every_option_of_a_command_says_what_it_means():
    rows = pages.table(pages.commands_page(), columns=("argument or option", "default", "meaning"))
    assert [row for row in rows if not row["meaning"]] == []


# -- the helper -------------------------------------------------------------------------------------------------------


def test_tables_are_read_below_their_heading():
    text = "# Page\n\n## One\n\n| a | b |\n| --- | --- |\n| 1 | x \\| y |\n\n## Two\n\n| a | b |\n|---|---|\n| 2 | |\n"
    assert pages.table(text, columns=("a", "b")) == [{"a": "1", "b": "x | y"}, {"a": "2", "b": ""}]
    assert pages.table(text, columns=("a", "b"), heading="## Two") == [{"a": "2", "b": ""}]
    with pytest.raises(LookupError, match="no table with the columns a, c"):
        pages.table(text, columns=("a", "c"))
    assert pages.row("1", "x | y") == "| 1 | x \\| y |"
