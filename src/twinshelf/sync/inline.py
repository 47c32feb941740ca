"""The deterministic engine: one thread, work done in the order it was asked for, only when told to.

For tests and the seeded simulation. It keeps the same contract as DBOS except that it forgets everything when the
process ends.
"""

from __future__ import annotations

import random
from collections import OrderedDict

from twinshelf.kit import clock
from twinshelf.sync import drain, lanes, schedules, tasks
from twinshelf.sync.engine import WorkState


class InlineEngine:
    """Runs work when `run` is called. With a `seed` it takes the waiting work in a random but repeatable order."""

    patience_seconds = 0.0

    def __init__(self, seed: int | None = None) -> None:
        self._waiting: OrderedDict[tuple[str, int, int], None] = OrderedDict()
        self._ended: dict[tuple[int, int], float] = {}  # → when, in real time
        self._tasks: dict[int, int] = {}  # → failures in a row
        self._random = random.Random(seed) if seed is not None else None  # noqa: S311 - repeatable on purpose

    def wake(self, lane_id: int, epoch: int, queue: str) -> None:  # noqa: ARG002 - one thread, one queue
        """As `Engine.wake`."""
        if (lane_id, epoch) not in self._ended:
            self._waiting[("lane", lane_id, epoch)] = None

    def run_task(self, task_id: int) -> None:
        """As `Engine.run_task`."""
        if task_id not in self._tasks:
            self._tasks[task_id] = 0
            self._waiting[("task", task_id, 0)] = None

    def status(self, lane_id: int, epoch: int) -> WorkState:
        """As `Engine.status`."""
        if (lane_id, epoch) in self._ended:
            return "ended"
        return "running" if ("lane", lane_id, epoch) in self._waiting else "missing"

    def task_status(self, task_id: int) -> WorkState:
        """As `Engine.task_status`."""
        if task_id not in self._tasks:
            return "missing"
        return "running" if ("task", task_id, 0) in self._waiting else "ended"

    def clean_up(self, older_than_seconds: float) -> int:
        """As `Engine.clean_up`."""
        old = [work for work, at in self._ended.items() if at <= clock.real() - older_than_seconds]
        for work in old:
            del self._ended[work]
        return len(old)

    def step(self) -> bool:
        """Do one piece of waiting work; False if there is none."""
        if not self._waiting:
            return False
        work = next(iter(self._waiting)) if self._random is None else self._random.choice(list(self._waiting))
        del self._waiting[work]
        kind, number, epoch = work
        if kind == "lane":
            drain.slice_of(number, epoch)
            self._ended[number, epoch] = clock.real()
        elif (wait := tasks.attempt(number, self._tasks[number])) == tasks.UNKNOWN_KIND_SECONDS:
            del self._tasks[number]  # the sweep brings it back once its kind is known
        elif wait is not None:
            self._tasks[number] = self._tasks[number] + 1 if wait else 0
            self._waiting[work] = None  # what failed comes after what waits, and not at a time of its own
        return True

    def run(self, limit: int = 10_000) -> int:
        """Work until nothing is waiting and no lane is due, sweeps included. Returns how many pieces were done.

        Raises RuntimeError after `limit` pieces: something asks for itself for ever.
        """
        done = 0
        while done < limit:
            if self.step():
                done += 1
                continue
            if not (lanes.sweep() + tasks.sweep() + schedules.tick()):
                return done
        msg = f"no rest after {limit} pieces of work"
        raise RuntimeError(msg)
