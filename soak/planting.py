"""Runs tests with a bug planted: `TWINSHELF_PLANTED=float_money pytest -p soak.planting tests/...`.

A plugin of pytest. Times that are read on the machine's clock are half a day off, as in a simulation.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

PLANTED = os.environ.get("TWINSHELF_PLANTED", "")  # tests take settings of the product out of the environment


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Have the bug inside each test, its fixtures included."""
    from soak import planted  # what it plants needs Django to be set up

    kept = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Auckland"
    time.tzset()
    try:
        with planted.in_place(PLANTED):
            return (yield)
    finally:
        os.environ.pop("TZ") if kept is None else os.environ.update(TZ=kept)
        time.tzset()
