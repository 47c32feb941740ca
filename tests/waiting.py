"""Waiting in real time for what other threads and processes do, without luck: a busy machine is slow, but it moves.

No wait of a test is a number of seconds that the work should take. It ends when what it waits for is true, and fails
only when nothing has moved any more for as long as no machine takes over a single step. What is due later is brought
forward by moving a clock (`Twinshelf.wait`, `Installation.pass_time`), never waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0
"""Longer than any one step takes; shorter than the time that pytest gives a test."""


def wait_until(
    true: Callable[[], bool],
    what: str,
    *,
    signs: Callable[[], object] = lambda: None,
    patience: float = PATIENCE_SECONDS,
    state: Callable[[], str] = lambda: "",
    look_every: float = 0.02,
) -> None:
    """Return as soon as it is true. Fails once `signs` has told the same for `patience` seconds, and adds `state`.

    `signs` tells of anything that changes while work goes on; by itself nothing does, and `patience` is all there is.
    It is asked once a second.
    """
    last, looked_at = signs(), time.monotonic()
    moved_at = looked_at
    while not true():
        if time.monotonic() - looked_at >= 1.0:
            now_told, looked_at = signs(), time.monotonic()
            if now_told != last:
                last, moved_at = now_told, looked_at
        assert time.monotonic() - moved_at < patience, f"nothing moved for {patience:.0f} s before: {what}\n{state()}"
        time.sleep(look_every)
