"""An installation that loses hours: a backup made at work is put back, and the platforms have gone on meanwhile."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.flows.installation import Installation, Merchant, judge
from tests.flows.test_kills import installation

__all__ = ["installation"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def command(installed: Installation, *words: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "twinshelf.cli", *words],
        check=False, env=installed.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("installation", [(1, 20260419)], indirect=True)
def test_what_was_made_after_a_backup_is_found_and_not_made_twice(installation: Installation):
    installed = installation
    installed.start()
    installed.connect()
    assert installed.finish("pull")["state"] == "completed"
    installed.merchant("template")
    installed.finish("list_all")
    installed.pass_time(600)
    bought = installed.buy(3)

    command(installed, "backup", str(installed.folder / "backup.tar.gz"))  # while the orders are coming in

    bought += installed.buy(3)
    installed.pass_time(3700)
    shipped = installed.ship(bought[:4])
    installed.restock(3)
    installed.rest()
    for process in (installed.web, *installed.workers):
        process.kill()
    installed.merchant.close()
    command(installed, "restore", str(installed.folder / "backup.tar.gz"))
    installed.merchant = Merchant(installed.environment, installed.folder / "merchant.log")
    for process in (installed.web, *installed.workers):
        process.start()
    installed.until("the web answers", installed.web_answers)
    bought += installed.buy(2)
    installed.pass_time(3700)
    installed.come_to_rest()

    judge(installed, bought, shipped)
