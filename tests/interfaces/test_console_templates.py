"""How the console's templates are written, as far as djangofmt does not say: short lines, no rules, nothing unused."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.template import Engine

import twinshelf
from twinshelf.console import routes

SOURCE = Path(twinshelf.__file__).parent
TEMPLATES = SOURCE / "console" / "templates"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
RULE = re.compile(r"""\{%\s*(?:if|elif)\b[^%]*?(?:(?:==|!=|\bin)\s*["'\d]|["'\d]\s*(?:==|!=))""")
"""A comparison with a value written out: which states are meant is for the queries to say, not for a page."""
COMPONENT = re.compile(r"<c-([a-z][\w.-]*)")


def text(page: str) -> str:
    return (TEMPLATES / page).read_text()


def component_file(name: str) -> str:
    return f"cotton/{name.replace('.', '/').replace('-', '_')}.html"


def used_components() -> set[str]:
    names = {name for page in PAGES for name in COMPONENT.findall(text(page))} - {"vars", "slot", "component"}
    return {component_file(name) for name in names}


@pytest.mark.parametrize("page", PAGES)
def test_no_line_is_longer_than_120_characters(page):
    assert [line for line in text(page).splitlines() if len(line) > 120] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_template_compares_with_a_value_written_out(page):
    assert RULE.findall(text(page)) == []


@pytest.mark.parametrize("tag", ["{% if a == 'x' %}", '{% elif b and a != "x" %}', "{% if n > 1 and 2 == n %}"])
def test_a_comparison_in_a_template_is_noticed(tag):
    assert RULE.findall(tag) != []


def test_every_component_exists_and_is_used():
    components = {page for page in PAGES if page.startswith("cotton/") and not page.startswith("cotton/history/")}

    assert used_components() == components


@pytest.mark.parametrize("page", PAGES)
def test_every_template_compiles_with_its_components(page):
    source = Engine.get_default().get_template(page).source

    assert "<c-" not in source


def action_ids() -> set[str]:
    """The ids of all actions that the domains' queries make."""
    calls = (
        call
        for path in SOURCE.rglob("queries.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Action"
    )
    ids = (keyword.value for call in calls for keyword in call.keywords if keyword.arg == "id")
    return {str(value.value) for value in ids if isinstance(value, ast.Constant)}


def test_every_action_has_its_route_and_every_route_its_action():
    assert action_ids() == set(routes.ROUTES)
