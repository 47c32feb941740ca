"""A small mutation run: small changes of the code, one at a time, and whether the tests notice.

    python tools/mutants.py src/twinshelf/listings/stock.py
    python tools/mutants.py --id CED-146

For a module, the tests are those whose files import it (`--tests` names others). For a feature id, they are the tests
that carry its mark, and what is changed is what they execute. The changes are made by cosmic-ray's operators, in a copy
of `src`; a sample of them is drawn, the same each time. What no test noticed is shown as a difference.

Exits 0 whatever survives: a survivor is a question, not a failure. Exits 2 where the tests fail without any change.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = re.compile(r"NumberReplacer|_Is$|_IsNot$|ReplaceComparisonOperator_Is")
"""Operators whose changes are noise here: numbers are mostly sizes of batches, and equal texts are often the same."""
TESTS = ("tests/pure", "tests/flows", "tests/interfaces")


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: Path
    operator: str
    occurrence: int
    line: int


def mutants_of(module: Path, lines: set[int] | None) -> Iterator[Mutant]:
    """Every change of a module that changes what it does; of these lines alone, if there are any."""
    source = (ROOT / module).read_text(encoding="utf-8")
    meant = _meaning(source)
    tree = get_ast_from_path(ROOT / module)
    for name in operator_names():
        operator_class: Any = get_operator(name)
        if LEFT_OUT.search(name) or operator_class.arguments():
            continue
        operator = operator_class()
        places = [start for node in ast_nodes(tree) for start, _end in operator.mutation_positions(node)]
        for occurrence, (line, _column) in enumerate(places):
            if lines is not None and line not in lines:
                continue
            changed = mutate_code(source, operator, occurrence)
            if changed is not None and _meaning(changed) not in {meant, ""}:
                yield Mutant(module, name, occurrence, line)


def _meaning(source: str) -> str:
    """The code without its annotations, which do nothing; "" if it is none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def changed_source(mutant: Mutant) -> str:
    """The module with this change."""
    source = (ROOT / mutant.module).read_text(encoding="utf-8")
    operator: Any = get_operator(mutant.operator)()
    return str(mutate_code(source, operator, mutant.occurrence))


# -- tests ----------------------------------------------------------------------------------------------------------


def tests_that_import(module: Path) -> list[str]:
    """The test files that import this module, by its whole name or out of its package."""
    package, _, name = module.with_suffix("").relative_to("src").as_posix().replace("/", ".").rpartition(".")
    whole = re.compile(rf"(from {re.escape(package)}\.{name} import|import {re.escape(package)}\.{name}\b)")
    part = re.compile(rf"from {re.escape(package)} import [^\n]*\b{name}\b")
    files = (path for folder in TESTS for path in sorted((ROOT / folder).rglob("test_*.py")))
    return [
        path.relative_to(ROOT).as_posix()
        for path in files
        if whole.search(text := path.read_text(encoding="utf-8")) or part.search(text)
    ]


def tests_marked(feature: str) -> list[str]:
    """The tests that carry this id, as pytest names them."""
    return [
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for folder in TESTS
        for path in sorted((ROOT / folder).rglob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and any(_covers(mark, feature) for mark in node.decorator_list)
    ]


def _covers(mark: ast.expr, feature: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "covers"
        and any(isinstance(argument, ast.Constant) and argument.value == feature for argument in node.args)
        for node in ast.walk(mark)
    )  # fmt: skip


def run_tests(tests: Sequence[str], source: Path, *, seconds: float, executed: Path | None = None) -> bool | None:
    """Whether these tests pass on this copy of `src`; None: they did not end in time."""
    kept = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([str(source), str(ROOT / "sandbox" / "src"), str(ROOT), *filter(None, [kept])])
    plugin = [] if executed is None else ["-p", "tools.mutants"]
    try:
        ended = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *plugin, *tests],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "MUTANTS_EXECUTED": str(executed)},
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.returncode == 0


def pytest_configure() -> None:
    """As a plugin of pytest: note which functions of the product are called while tests run."""
    called: dict[str, set[int]] = {}
    wanted = f"{os.sep}twinshelf{os.sep}"

    def note(frame: Any, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and wanted in code.co_filename:
            called.setdefault(code.co_filename, set()).update(line for *_, line in code.co_lines() if line)

    sys.setprofile(note)
    _notes.append(called)


def pytest_unconfigure() -> None:
    """As a plugin of pytest: write down what was noted."""
    sys.setprofile(None)
    for called in _notes:
        told = {file: sorted(lines) for file, lines in called.items()}
        Path(os.environ["MUTANTS_EXECUTED"]).write_text(json.dumps(told), encoding="utf-8")


_notes: list[dict[str, set[int]]] = []


# -- the run --------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", type=Path, help="modules to change, such as src/twinshelf/kit/paging.py")
    parser.add_argument("--id", default="", help="a feature: its marked tests judge what they execute")
    parser.add_argument("--tests", nargs="+", default=[], help="the tests that judge, instead of those found")
    parser.add_argument("--most", type=int, default=40, help="how many changes are drawn")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    chosen = parser.parse_args(arguments)
    tests = chosen.tests or (tests_marked(chosen.id) if chosen.id else [])
    tests = tests or sorted({test for module in chosen.modules for test in tests_that_import(module)})
    if not tests or not (chosen.modules or chosen.id):
        print("No test is known that could notice a change." if chosen.modules or chosen.id else parser.format_help())
        return 2
    with tempfile.TemporaryDirectory(prefix="twinshelf-mutants-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        return _judge(chosen, tests, source, Path(folder) / "executed.json")


def _judge(chosen: argparse.Namespace, tests: Sequence[str], source: Path, executed: Path) -> int:
    begun = time.monotonic()  # noqa: TID251 - measures the tests themselves
    if not run_tests(tests, source, seconds=1800, executed=executed):
        print(f"The tests fail without any change: {' '.join(tests)}")
        return 2
    patience = 30 + 4 * (time.monotonic() - begun)  # noqa: TID251
    lines = {
        (Path("src") / Path(file).relative_to(source)): set(numbers)
        for file, numbers in json.loads(executed.read_text(encoding="utf-8")).items()
        if Path(file).is_relative_to(source)
    }
    modules = chosen.modules or sorted(lines)
    every = [mutant for module in modules for mutant in mutants_of(module, lines.get(module, set()))]
    drawn = random.Random(chosen.seed).sample(every, min(chosen.most, len(every)))  # noqa: S311 - the same each time
    survivors = []
    for mutant in sorted(drawn, key=lambda each: (each.module, each.line)):
        place = source.parent / mutant.module
        true = place.read_text(encoding="utf-8")
        place.write_text(changed_source(mutant), encoding="utf-8")
        try:
            noticed = run_tests(tests, source, seconds=patience) is not True
        finally:
            place.write_text(true, encoding="utf-8")
        if not noticed:
            survivors.append(mutant)
            print(_difference(mutant), flush=True)
    killed = len(drawn) - len(survivors)
    print(
        f"{killed} of {len(drawn)} changes noticed (of {len(every)} there are) by {len(tests)} tests or files of them"
    )
    return 0


def _difference(mutant: Mutant) -> str:
    before = (ROOT / mutant.module).read_text(encoding="utf-8").splitlines()
    told = difflib.unified_diff(before, changed_source(mutant).splitlines(), lineterm="", n=0)
    return "\n".join([f"{mutant.module}:{mutant.line} {mutant.operator}", *(f"  {line}" for line in list(told)[3:])])


if __name__ == "__main__":
    sys.exit(main())
