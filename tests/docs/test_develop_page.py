"""docs/develop.md names what exists: the modules under twinshelf, the folders of tests, the targets of make."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS, ROOT, table

PAGE = (DOCS / "develop.md").read_text(encoding="utf-8")


def test_every_module_has_a_row_and_every_row_is_a_module_that_exists_or_is_next():
    cells = [row["layer"] for row in table(PAGE, columns=("layer", "what it is"))]
    rows = {name: bool(then) for cell in cells for name, then in re.findall(r"`(\w+)`( \(next\))?", cell)}
    modules = {
        path.stem
        for path in (ROOT / "src" / "twinshelf").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and not path.stem.startswith("__")
    } - {"settings"}
    assert modules - rows.keys() == set()
    assert {name for name, later in rows.items() if not later} - modules == set()


def test_folders_of_tests_exist():
    named = [row["folder"].strip("`") for row in table(PAGE, columns=("folder", "what", "how"))]
    assert [folder for folder in named if not (ROOT / folder).is_dir()] == []


def test_commands_are_targets_of_make_and_every_target_is_told():
    named = {row["command"].strip("`").removeprefix("make ") for row in table(PAGE, columns=("command", "does"))}
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == targets - {"help", "clean"}
