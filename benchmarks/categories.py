"""How well categories are told from titles, measured on titles whose right categories are known.

The data lies beside the repository (`shared/data/category-ground-truth`), or where TWINSHELF_SHARED says.
"""

from __future__ import annotations

import csv
import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.harness import Result
from twinshelf.rules import ranking
from twinshelf.rules.categories import Leaf

DATA = Path(os.environ.get("TWINSHELF_SHARED") or Path(__file__).parents[2] / "shared") / "data"

BY_NAMES, HALF_KNOWN = (0.55, 0.30), (0.25, 0.08)
"""The first one is wrong for at most so many, and the right one not among the first five for at most so many."""
WRONG_ANSWERS = 0.10


def run() -> Iterator[Result]:
    """Titles alone, then with the right categories of half of them known: each half in turn."""
    rows = _rows("category-ground-truth/title_to_tiktok_v1.csv")
    if not rows:
        yield Result("categories: no data", 0, "titles", note=f"{DATA} is not there")
        return
    known = [(row["title"], row["accepted_leaf_ids"].split("|")) for row in rows]
    tree = _rows("tiktok-categories/categories_v1.csv")
    names = ranking.Names(Leaf(id=row["id"], path=row["path_en"]) for row in tree if row["is_leaf"] == "true")
    yield from _figures("by names", known, names, [])
    halves: tuple[list[tuple[str, list[str]]], ...] = ([], [])
    for one in known:
        halves[hashlib.sha256(one[0].encode()).digest()[0] % 2].append(one)
    for asked, given in (halves, halves[::-1]):
        yield from _figures("half known", asked, names, given)


def _figures(
    what: str,
    asked: Sequence[tuple[str, Sequence[str]]],
    names: ranking.Names,
    given: Sequence[tuple[str, Sequence[str]]],
) -> Iterator[Result]:
    first, five = HALF_KNOWN if given else BY_NAMES
    examples = ranking.Examples(given) if given else None
    wrong = missed = answered = wrongly = 0
    began = time.perf_counter()
    for title, right in asked:
        found = ranking.rank(title, names, examples)
        ids = [category_id for category_id, _score in found.scores[:5]]
        miss = not ids or ids[0] not in right
        wrong += miss
        missed += not set(ids) & set(right)
        if found.confidence >= ranking.SURE:
            answered += 1
            wrongly += miss
    took = time.perf_counter() - began
    note = f"{len(asked):,} titles"
    yield Result(f"categories {what}: first one wrong", wrong / len(asked), "of titles", first, note)
    yield Result(f"categories {what}: right one not among five", missed / len(asked), "of titles", five, note)
    share = f"{answered / len(asked):.0%} of titles get a sure answer"
    yield Result(f"categories {what}: wrong where sure", wrongly / max(answered, 1), "of answers", WRONG_ANSWERS, share)
    yield Result(f"categories {what}: time for a title", took / len(asked) * 1000, "ms", 20)


def _rows(name: str) -> list[Mapping[str, str]]:
    file = DATA / name
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))
