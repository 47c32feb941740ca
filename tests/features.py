"""Which features do tests prove? Compares the feature list with the `covers` marks in tests/ and sandbox/tests/.

    python tests/features.py [--area orders]

The list is `docs/reference/features.tsv`. A test names ids with `@pytest.mark.covers("CED-50")`, on itself, its class,
its module (`pytestmark`) or one row of its table. Marks are read from the source; no test is imported or run.

An id counts when a test where a user meets the feature names it: a flow, a page, a command, a client. Tables in
tests/pure may carry marks besides; an id that only they name is shown apart and does not count.

Exits 1 when a test names an id that is not in the list, or when an id of `--area` does not count; 2 when there is no
such area.
"""

from __future__ import annotations

import argparse
import ast
import csv
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("tests", "sandbox/tests")
PURE = "tests/pure/"  # tables of decisions: nobody meets a feature there
LIST = "docs/reference/features.tsv"
BEYOND = "beyond"  # shown last


class ListError(Exception):
    """The feature list or a mark cannot be read; the message says where."""


def features(root: Path) -> dict[str, str]:
    """The area of each id, in the order of the list.

    Raises ListError on an id that is there twice.
    """
    with (root / LIST).open(encoding="utf-8", newline="") as file:
        rows = [(row["id"], row["area"]) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]

    doubled = [feature for feature, count in Counter(feature for feature, _ in rows).items() if count > 1]
    if doubled:
        raise ListError(f"More than once in the feature list: {', '.join(doubled)}")
    return dict(rows)


def named(root: Path) -> dict[str, list[str]]:
    """Where each id is named in the tests below `root`, as `path:line`.

    Raises ListError on an argument of a mark that is not a plain string: it could not be found by searching.
    """
    places: dict[str, list[str]] = {}
    for path in (path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))):
        for mark in _marks(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
            place = f"{path.relative_to(root)}:{mark.lineno}"
            if not mark.args or mark.keywords:
                raise ListError(f'{place}: covers() wants ids: covers("CED-50")')
            for argument in mark.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise ListError(f"{place}: covers() wants plain strings, not {ast.unparse(argument)}")
                places.setdefault(argument.value, []).append(place)
    return places


def _marks(tree: ast.Module) -> Iterator[ast.Call]:
    """Every call of `….mark.covers(…)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="covers", value=ast.Attribute(attr="mark") | ast.Name(id="mark"))):
                yield node


def report(areas: dict[str, str], places: dict[str, list[str]], only: str | None) -> tuple[str, bool]:
    """The report as text, and whether all is well: no unknown id, and nothing missing in the area `only`."""
    lines: list[str] = []
    missing: dict[str, list[str]] = {area: [] for area in areas.values()}
    pure: dict[str, list[str]] = {area: [] for area in areas.values()}
    for feature, area in areas.items():
        if feature not in places:
            missing[area].append(feature)
        elif all(place.startswith(PURE) for place in places[feature]):
            pure[area].append(feature)
    left = {area: len(missing[area]) + len(pure[area]) for area in missing}
    sizes = Counter(areas.values())
    shown = [only] if only else sorted(missing, key=lambda area: (area == BEYOND, area))

    for area in shown:
        lines.append(f"{area}: {sizes[area] - left[area]} of {sizes[area]}")
        if missing[area]:
            lines.append(textwrap.fill(" ".join(missing[area]), 110, initial_indent="    ", subsequent_indent="    "))
        if pure[area]:
            lines.append(textwrap.fill(f"pure only: {' '.join(pure[area])}", 110, initial_indent="    "))
    if not only:
        total = len(areas)
        lines.append(f"all: {total - sum(left.values())} of {total}")

    unknown = [feature for feature in places if feature not in areas]
    lines += [f"not in the feature list: {feature} ({', '.join(places[feature])})" for feature in unknown]
    return "\n".join(lines), not unknown and not (only and left[only])


def main(argv: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Print the report; return the exit code."""
    parser = argparse.ArgumentParser(description="Show which features no test proves.")
    parser.add_argument("--area", help="only this area; exit 1 while a feature of it has no test")
    only: str | None = parser.parse_args(argv).area

    try:
        areas = features(root)
        places = named(root)
    except ListError as error:
        print(error)
        return 1
    if only and only not in areas.values():
        print(f"No area {only!r}. There are: {', '.join(sorted(set(areas.values())))}")
        return 2

    text, well = report(areas, places, only)
    print(text)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
