"""A slice of the soak on every change: some seeds, and that a seed repeats a run exactly, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def soak(*arguments: str) -> str:
    """What `python -m soak` prints; fails with it if an invariant does not hold."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWINSHELF_", "DJANGO_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "soak", *arguments], cwd=ROOT, env=kept, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-6000:]
    return ended.stdout


def digest(printed: str) -> str:
    return printed.partition(": ")[2].partition(" ")[0]


@pytest.mark.covers("BEY-02")
@pytest.mark.parametrize(("first", "seeds"), [(1, 4), (5, 4)])
def test_every_invariant_holds_for_some_seeds(first, seeds):
    assert "every invariant held" in soak("--seeds", str(seeds), "--from-seed", str(first))


def test_a_seed_repeats_a_run_exactly_in_another_process():
    assert digest(soak("--seed", "5")) == digest(soak("--seed", "5"))


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("TWINSHELF_WHOLE"), reason="takes an hour: TWINSHELF_WHOLE=1, or make soak")
def test_every_invariant_holds_for_many_seeds():
    assert "every invariant held" in soak("--seeds", "300", "--from-seed", "1000")
