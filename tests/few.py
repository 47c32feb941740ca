"""A plugin of pytest, `-p tests.few`: of each file its first tests only, and of those with parameters the first each.

Files begin with what they are about, so this meets every table and every raw query once. The whole run is for the
changes that need it: see `tests/flows/test_on_postgres.py`.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

TESTS_OF_A_FILE = 5


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the first parameters of the first tests of each file."""
    seen: dict[object, dict[str, pytest.Item]] = defaultdict(dict)
    for item in items:
        seen[item.path].setdefault(getattr(item, "originalname", item.name), item)
    kept = {item for tests in seen.values() for item in list(tests.values())[:TESTS_OF_A_FILE]}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]
