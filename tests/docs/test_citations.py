"""What texts cite exists: files of documentation, sections of pages, ids of rules, invariants, faults and attacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, REFERENCE, ROOT, anchors

FOLDERS = ("src", "tests", "sandbox", "benchmarks", "soak", "docs", "tools")
BESIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "pyproject.toml", ".importlinter")
TEXTS = {".py", ".md", ".html", ".css", ".js", ".toml", ".txt", ".sh"}

ELSEWHERE = {"4_errors.md"}
"""Files of BigCommerce's documentation, named by their last part."""
MADE_UP = {"NNNN-what-was-chosen.md"}


def texts() -> Iterator[tuple[str, str]]:
    """(place, text) of every file that may cite, without this one and without what tests write as examples."""
    paths = [ROOT / name for name in BESIDE]
    for folder in FOLDERS:
        paths += sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS and path.is_file())
    for path in paths:
        if path.exists() and path != Path(__file__) and not {".venv", "__pycache__"} & set(path.parts):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


EVERY = dict(texts())
NAMES = {place.rpartition("/")[2] for place in EVERY} | {path.name for path in DOCS.rglob("*.tsv")}


def files_cited(text: str) -> set[str]:
    """Paths that end in .md or .tsv, with or without folders: `docs/develop.md`, `../reference/features.tsv`."""
    return set(re.findall(r"(?<![\w/.*-])((?:\.{0,2}[\w-]+/|\.{1,2}/)*[\w-]+\.(?:md|tsv))\b(?!\.)", text))


@pytest.mark.parametrize("place", [place for place, text in EVERY.items() if files_cited(text)])
def test_files_that_are_cited_exist(place):
    above = [ROOT / folder for folder in Path(place).parents]
    missing = {
        cited
        for cited in files_cited(EVERY[place])
        if cited.rpartition("/")[2] not in ELSEWHERE | MADE_UP
        and not (cited in NAMES or any((folder / cited).is_file() for folder in above))
    }
    assert missing == set()


def test_links_within_the_documentation_lead_somewhere():
    broken = []
    for place, text in EVERY.items():
        if not place.endswith(".md"):
            continue
        for link in re.findall(
            r"\]\(((?!https?:|page:|guide:|faq:)[^)\s]+)\)", re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        ):
            path, _, part = link.partition("#")
            target = (ROOT / place).parent / path if path else ROOT / place
            if not target.exists() or (part and part not in headings(target)):
                broken.append((place, link))
    assert broken == []


def headings(path: Path) -> set[str]:
    """What a link to a Markdown page may end in: the ids of its headings, and those it gives by hand."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return anchors(text) | {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def numbered(text: str) -> set[str]:
    """The numbers of sections, and of what a section lists: 7.3, 21.1."""
    found = set()
    for part in re.split(r"^(?=#+ )", text, flags=re.MULTILINE):
        if section := re.match(r"#+ (\d+(?:\.\d+)?)\b", part):
            found |= {section[1]} | {f"{section[1]}.{item}" for item in re.findall(r"^(\d+)\. ", part, re.MULTILINE)}
    return found


@pytest.mark.parametrize("name", ["platforms/tiktok-shop.md", "platforms/bigcommerce.md", "reference/behavior.md"])
def test_sections_that_are_cited_exist(name):
    numbers = numbered((DOCS / name).read_text(encoding="utf-8"))
    several = r"\d[\d.]*(?:(?:,| and| to|-)\s*\d[\d.]*)*"
    cited = {
        (place, number)
        for place, text in EVERY.items()
        for sections in re.findall(rf"docs/{re.escape(name)}`?\s+(?:sections?\s+)?({several})", text)
        for number in re.findall(r"\d+(?:\.\d+)?", sections)
    }
    assert cited
    assert {(place, number) for place, number in cited if number not in numbers} == set()


RULES = anchors((REFERENCE / "behavior.md").read_text(encoding="utf-8"))
OTHERS = anchors((REFERENCE / "invariants.md").read_text(encoding="utf-8"))


def test_rules_that_are_cited_are_in_the_reference():
    areas = "|".join(sorted({rule.partition("-")[0] for rule in RULES}))
    cited = {(place, rule) for place, text in EVERY.items() for rule in re.findall(rf"\b(?:{areas})-\d+[a-z]?\b", text)}
    assert {rule for _, rule in cited} & {"PRC-2", "ORD-3", "ORD-12"} == {"PRC-2", "ORD-3", "ORD-12"}
    assert {(place, rule) for place, rule in cited if rule not in RULES} == set()


def test_invariants_faults_and_attacks_that_are_cited_are_in_the_reference():
    cited = {
        (place, one)
        for place, text in EVERY.items()
        if place.startswith(("tests/flows/", "tests/interfaces/test_", "docs/"))
        for one in re.findall(r"(?<![\w#=-])(?:I\d{1,2}|[FA]\d{2})(?![\w-])", text)
    }
    assert {one for _, one in cited} & {"F20", "A09", "I4"} == {"F20", "A09", "I4"}
    assert {(place, one) for place, one in cited if one not in OTHERS} == set()
    assert {f"I{n}" for n in range(1, 26)} | {f"F{n:02}" for n in range(1, 57)} | {
        f"A{n:02}" for n in range(1, 37)
    } == OTHERS


def test_citations_are_found_where_they_stand():
    text = "See `docs/develop.md`, [it](../reference/features.tsv) and README.md; not a.mdx, *.md or docs/x.md.bak."
    assert files_cited(text) == {"docs/develop.md", "../reference/features.tsv", "README.md"}
