"""The table of the planted bugs: what tells of each, a test of its own or a check of a seed; the tests are run here.

The seeds take half a minute each: `TWINSHELF_WHOLE=1` runs them too, and `soak --planted all` looks for others.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from soak import planted
from soak.checks import CHECKS

ROOT = Path(__file__).resolve().parents[2]

TOLD_BY_TEST = {
    "acknowledge_before_storing": "flows/test_hooks.py::test_a_delivery_is_on_disk_before_it_is_acknowledged",
    "no_lookup_after_unknown_outcome": "flows/test_faults_calls.py::test_an_order_is_created_once[F14 page]",
    "dedupe_by_arrival_time": "flows/test_faults_webhooks.py"
    "::test_two_sales_of_one_second_are_two_events_though_their_webhooks_read_the_same",
    "checkpoint_without_overlap": "flows/test_faults_races.py"
    "::test_f32_what_happens_in_the_second_at_which_a_poll_ended_is_read_by_the_next[orders]",
    "retry_without_end": "flows/test_main_job.py::test_after_three_retries_a_person_must_look_and_retry_works",
    "value_from_event": "flows/test_faults_webhooks.py"
    "::test_whatever_happens_to_webhooks_each_thing_happens_once[F20 F24 and again half a day later]",
    "last_writer_wins": "flows/test_older_readings.py"
    "::test_a_copy_of_the_store_that_lags_changes_nothing_and_is_read_again[a doubled hook]",
    "no_lock_on_refresh": "flows/test_tokens.py"
    "::test_workers_that_all_find_the_token_about_to_end_refresh_it_once[0.15]",
    "no_tenant_filter": "flows/test_two_stores.py"
    "::test_orders_and_stock_of_the_same_numbers_stay_apart[in two accounts]",
    "batch_dropped_for_one": "flows/test_poisoned_orders.py"
    "::test_an_order_that_fails_its_whole_batch_is_found_and_told_and_the_others_are_made[no JSON-answer2]",
    "local_time_for_utc": "pure/test_tiktok_orders.py::test_an_order_tells_its_times_and_flags",
    "cancelled_order_shipped": "flows/test_shipments.py"
    "::test_a_shipment_of_a_cancelled_order_is_never_told_but_a_person_is[by webhook]",
}

TOLD_BY_SEED = {
    "float_money": (1, "", "I10"),
    "inner_errors_ignored": (2, "F11", "I6"),
    "secret_in_a_log_line": (1, "", "I21"),
}
"""Seed, the only faults of it ("" for all), and the check that tells."""


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHELF_DATA")}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=kept | more, capture_output=True, text=True, check=False
    )


def test_each_of_the_fifteen_planted_bugs_is_told_of_by_something():
    assert len(planted.BUGS) == 15
    assert {*TOLD_BY_TEST, *TOLD_BY_SEED} == set(planted.BUGS)
    assert not TOLD_BY_TEST.keys() & TOLD_BY_SEED.keys()
    assert {check for _seed, _faults, check in TOLD_BY_SEED.values()} <= set(CHECKS)


@pytest.mark.parametrize("bug", planted.BUGS)
def test_a_bug_takes_the_place_of_what_stands_in_the_product_and_is_taken_back(bug):
    changed = []

    def put(owner, attribute, _thing):
        changed.append((owner, attribute, getattr(owner, attribute)))

    planted.BUGS[bug](put)
    assert changed

    with planted.in_place(bug):
        assert any(getattr(owner, attribute) is not kept for owner, attribute, kept in changed)
    assert all(getattr(owner, attribute) is kept for owner, attribute, kept in changed)


@pytest.mark.parametrize("named", TOLD_BY_TEST.values())
def test_the_tests_that_tell_of_bugs_are_there(named):
    path, _, test = named.partition("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert test.partition("[")[0] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.slow
def test_each_test_fails_with_its_bug_planted():
    """All in one process; each has its own bug inside it."""
    plants = ";".join(f"tests/{test}={bug}" for bug, test in TOLD_BY_TEST.items())
    named = [f"tests/{test}" for test in TOLD_BY_TEST.values()]

    ended = run(
        "pytest", "-q", "-rf", "-p", "no:cacheprovider", "-p", "soak.planting", *named, TWINSHELF_PLANTED=plants
    )

    failed = {bug for bug, test in TOLD_BY_TEST.items() if f"FAILED tests/{test}" in ended.stdout}
    assert failed == set(TOLD_BY_TEST), ended.stdout[-3000:] + ended.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("TWINSHELF_WHOLE"), reason="takes minutes: TWINSHELF_WHOLE=1, or make soak")
@pytest.mark.parametrize("bug", TOLD_BY_SEED)
def test_a_check_tells_of_a_planted_bug(bug):
    seed, faults, check = TOLD_BY_SEED[bug]
    arguments = ["soak", "--seed", str(seed), *(["--faults", faults] if faults else [])]

    sound, unsound = run(*arguments), run(*arguments, "--planted", bug)

    assert (sound.returncode, unsound.returncode) == (0, 1), sound.stdout[-3000:] + unsound.stdout[-3000:]
    assert f"  {check}: " in unsound.stdout
