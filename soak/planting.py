"""Runs tests with a bug planted: `TWINSHELF_PLANTED=float_money pytest -p soak.planting tests/...`.

A plugin of pytest. `tests/a.py::test_b=float_money;…` plants one in each test that is named, and none in others. Times
that are read on the machine's clock are half a day off, as in a simulation.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

PLANTED = os.environ.get("TWINSHELF_PLANTED", "")  # tests take settings of the product out of the environment


def planted_in(test: str) -> str:
    """The bug to be planted in the test of this id, "" for none."""
    if "=" not in PLANTED:
        return PLANTED
    return {one.rpartition("=")[0]: one.rpartition("=")[2] for one in PLANTED.split(";")}.get(test, "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Have the bug inside each test, its fixtures included."""
    from soak import planted  # what it plants needs Django to be set up

    kept = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Auckland"
    time.tzset()
    try:
        with planted.in_place(planted_in(item.nodeid)):
            return (yield)
    finally:
        os.environ.pop("TZ") if kept is None else os.environ.update(TZ=kept)
        time.tzset()
