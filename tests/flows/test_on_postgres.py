"""The flow tests and the engine contract once more, on PostgreSQL: the first tests of each file, or all of them.

All take as long as everything else together: `TWINSHELF_WHOLE=1` runs them, before a release and after a change to what
the databases do differently (raw queries, locks, migrations).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import NoPostgres, cluster

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.postgres
@pytest.mark.timeout(1500)
def test_flows_and_the_engine_contract_hold_on_postgresql():
    if os.environ.get("TWINSHELF_DATABASE_URL"):
        pytest.skip("this run is on PostgreSQL already")
    command = [sys.executable, "-m", "pytest", "tests/flows", "-q", "-m", "not postgres and not slow"]
    if not os.environ.get("TWINSHELF_WHOLE"):
        command += ["-p", "tests.few"]
    try:
        with cluster() as url:
            ran = subprocess.run(
                [*command, "--numprocesses=2", "--dist=loadfile"],
                check=False,
                cwd=ROOT,
                env={**os.environ, "TWINSHELF_DATABASE_URL": url},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=1400,
            )
    except NoPostgres as why:
        if os.environ.get("TWINSHELF_REQUIRE_ALL"):
            raise
        pytest.skip(f"The flows were not tried on PostgreSQL: {why}.")
    assert ran.returncode == 0, ran.stdout[-8000:]
    assert " passed" in ran.stdout
