"""The engine port: the few things the rest of the product needs of a durable engine.

Two implementations keep one contract: DBOS (`sync/durable.py`) and the deterministic inline driver of the tests
(`sync/inline.py`).
"""

from __future__ import annotations

from typing import Literal, Protocol

WorkState = Literal["running", "ended", "missing"]


class Engine(Protocol):
    """Runs drains and tasks. Every call may be repeated."""

    patience_seconds: float
    """How long an awake lane may go without a sign of its workflow before the sweep looks after it."""

    def wake(self, lane_id: int, epoch: int, queue: str) -> None:
        """Have `lane_id` drained as `epoch`: exactly one drain per (lane, epoch), however often this is called."""

    def run_task(self, task_id: int) -> None:
        """Have a task carried out, slice by slice, across restarts. Repeating it does nothing."""

    def status(self, lane_id: int, epoch: int) -> WorkState:
        """Whether that drain is queued or running, has ended, or was never enqueued."""

    def task_status(self, task_id: int) -> WorkState:
        """The same of the workflow of a task."""

    def clean_up(self, older_than_seconds: float) -> int:
        """Forget finished work of that age. Returns how much."""


_current: Engine | None = None


def use(engine: Engine | None) -> None:
    """Make `engine` the one of this process."""
    global _current  # noqa: PLW0603 - one engine per process
    _current = engine


def current() -> Engine:
    """The engine of this process. Raises RuntimeError if none was started."""
    if _current is None:
        msg = "no engine was started in this process: see twinshelf.processes.start_engine"
        raise RuntimeError(msg)
    return _current


def started() -> bool:
    """Whether this process has an engine, that is, whether it may ask."""
    return _current is not None
