"""Rules of the house that no linter knows: what a text for people may do, and where state may live."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "twinshelf"
DOMAINS = ("accounts", "connections", "goods", "rules", "listings", "orders", "proof")


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages or ("",):
        for path in sorted((SOURCE / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(SOURCE)), ast.parse(path.read_text())


def test_a_cause_is_passed_on_and_shown_but_never_read_by_code():
    """A mark's cause is a text for people: it may become the cause of another mark or be shown, and decides nothing."""
    read = []
    for name, tree in modules():
        if name.startswith("console"):
            continue
        passed_on = {
            id(keyword.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "cause"
        }
        read += [
            f"{name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "cause" and id(node) not in passed_on
        ]

    assert read == []


def test_no_query_asks_for_a_cause():
    """Rows are chosen by what they are about, not by the words that say why they are there."""
    asked = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if (keyword.arg or "").startswith("cause__")
        or (keyword.arg == "cause" and ast.unparse(node.func).rpartition(".")[2] in {"filter", "exclude", "get", "Q"})
    ]

    assert asked == []


def changeable_classes(tree: ast.Module) -> set[str]:
    """The classes of a module whose instances can be changed: all but those that say that they are frozen."""
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and "frozen=True" not in " ".join(map(ast.unparse, [*node.decorator_list, *node.keywords]))
    }


OF_THE_PROCESS = ["connections/clients.py: PROCESS", "connections/hook_keys.py: PROCESS"]
"""Open connections to platforms, and the keys of webhooks: opened anew from the rows by whoever lacks them."""


def test_no_domain_keeps_state_in_a_module():
    """What a drain shares is its Batch; what must live longer is a row. A process may die at any time."""
    kept = []
    for name, tree in modules(*DOMAINS):
        for node in tree.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            empty = (isinstance(value, ast.Dict) and not value.keys) or (isinstance(value, ast.List) and not value.elts)
            made = isinstance(value, ast.Call) and ast.unparse(value.func) in {"dict", "list", "set", "defaultdict"}
            if value is not None and (empty or made):
                kept.append(f"{name}:{node.lineno}")
            if isinstance(value, ast.Call) and ast.unparse(value.func) in changeable_classes(tree):
                kept.append(f"{name}: {ast.unparse(node).partition(' = ')[0]}")
        kept += [f"{name}:{node.lineno}" for node in ast.walk(tree) if isinstance(node, ast.Global)]

    assert kept == OF_THE_PROCESS


def test_rows_whose_search_is_noted_are_written_in_one_place():
    """The index is damaged by a change of a row that nobody noted: one place writes such rows, and calls note_new."""
    noted = {
        node.name
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(line, ast.AnnAssign) and ast.unparse(line.target) == "search_is_noted" for line in node.body)
    }
    makers = re.compile(rf"\b({'|'.join(noted)})(\.objects\S*\.(bulk_create|create|get_or_create|update_or_create))?\(")
    upserts = re.compile(rf"\bupsert\(\s*({'|'.join(noted)})\b")
    found = {}
    for name, tree in modules():
        calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if written := sum(bool(makers.match(call) or upserts.match(call)) for call in calls):
            found[name] = (written, any(call.startswith("note_new(") for call in calls))

    assert noted == {"StoreProduct"}
    assert found == {"goods/snapshot.py": (1, True)}
