"""The distribution: it lists what it imports, no more and no less, and its data files are in it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1]
PACKAGE = FOLDER / "src" / "twinshelf_sandbox"
DISTRIBUTIONS = {"PIL": "pillow"}
"""Modules of another name than what is installed for them."""


def imported() -> set[str]:
    """The distributions that its modules import, beside Python's own."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    found |= {name.name.partition(".")[0] for name in names}
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.partition(".")[0])
    return {DISTRIBUTIONS.get(name, name) for name in found - sys.stdlib_module_names - {"twinshelf_sandbox"}}


def test_it_depends_on_what_it_imports():
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert set(project["dependencies"]) == imported()


def test_the_product_does_not_depend_on_it_and_locks_what_it_needs():
    requirements = FOLDER.parent / "requirements"
    named = {line.split("[")[0].split("~")[0].split(">")[0] for line in (requirements / "base.in").read_text().split()}

    assert "twinshelf-sandbox" not in named
    assert imported() <= named


@pytest.mark.slow
def test_its_wheel_has_every_file(tmp_path):
    # Of a copy: building leaves files beside what is built, which would be in the next wheel.
    copy = shutil.copytree(FOLDER, tmp_path / "copy", ignore=shutil.ignore_patterns("build", "*.egg-info", "tests"))
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, copy],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("twinshelf_sandbox/")}

    there = {path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert inside == {path.relative_to(PACKAGE.parent).as_posix() for path in there}
