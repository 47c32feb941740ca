"""Bugs planted one at a time, each told of by a test of its own, without any seed: see `soak --planted` for those."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from soak.planted import BUGS

ROOT = Path(__file__).resolve().parents[2]

TOLD_BY = {
    "local_time_for_utc": "pure/test_tiktok_orders.py::test_an_order_tells_its_times_and_flags",
    "retry_without_end": "flows/test_main_job.py::test_after_three_retries_a_person_must_look_and_retry_works",
    "value_from_event": "flows/test_faults_webhooks.py::test_whatever_happens_to_webhooks_each_thing_happens_once",
    "no_tenant_filter": "flows/test_two_stores.py::test_orders_and_stock_of_the_same_numbers_stay_apart",
}
SLOW = frozenset({"retry_without_end", "value_from_event", "no_tenant_filter"})


def cases():
    for bug, test in TOLD_BY.items():
        yield pytest.param(bug, test, id=bug, marks=[pytest.mark.slow] if bug in SLOW else [])


@pytest.mark.parametrize(("bug", "test"), list(cases()))
def test_a_planted_bug_is_told_of(bug, test):
    assert bug in BUGS
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "soak.planting", f"tests/{test}"],
        cwd=ROOT, env={**os.environ, "TWINSHELF_PLANTED": bug}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout[-3000:] + ended.stderr[-3000:]
    assert "FAILED tests/" in ended.stdout
