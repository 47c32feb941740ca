"""The process that a demo becomes: it waits, ends the others, and says so if one of them ended by itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS
from twinshelf.cli import demo_waiting

_STARTS = """
import os, signal, subprocess, sys
children = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) for _ in range(2)]
numbers = [str(child.pid) for child in children]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})  # as the demo does
print(*numbers, flush=True)
os.execv(sys.executable, [sys.executable, "-I", "-S", sys.argv[1], sys.argv[2], *numbers])
"""


@pytest.fixture
def demo() -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that waits for two others; it ends with 0 if it is told to."""
    with subprocess.Popen(
        [sys.executable, "-c", _STARTS, str(Path(demo_waiting.__file__)), "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as waiting:  # fmt: skip
        assert waiting.stdout is not None
        children = [int(word) for word in waiting.stdout.readline().split()]
        yield waiting, children
        for process in (waiting.pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_end_it_ends_the_others_first(demo, number):
    waiting, children = demo

    waiting.send_signal(number)

    _out, errors = waiting.communicate(timeout=PATIENCE_SECONDS)
    assert (waiting.returncode, errors) == (0, "")
    assert not any(_is_there(child) for child in children)


def test_a_process_that_was_killed_is_told_of_and_the_other_ended(demo):
    waiting, children = demo

    os.kill(children[1], signal.SIGKILL)

    _out, errors = waiting.communicate(timeout=PATIENCE_SECONDS)
    assert waiting.returncode == 1
    assert errors == "A process of the demo ended by itself. Its log is in the demo's data directory.\n"
    assert not any(_is_there(child) for child in children)


def _is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
