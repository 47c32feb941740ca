"""The time of a simulation: it stands still but for what moves it, for the product and both platforms alike."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

START = 1_772_438_400.0
"""2026-03-02 08:00 UTC, when every simulation begins."""


class Moments:
    """Takes the place of the machine's clocks inside a `with`. To sleep is to move on at once."""

    def __init__(self, start: float = START) -> None:
        self.now = start
        self._kept = (time.time, time.monotonic, time.sleep)

    def move(self, seconds: float) -> None:
        """Let `seconds` pass; a time too short for a clock to show counts as a millisecond."""
        if seconds > 0:
            self.now += max(0.001, seconds)

    def move_to(self, moment: float) -> None:
        """Let it be `moment`, unless that is past."""
        self.now = max(self.now, moment)

    def __enter__(self) -> Self:
        time.time = time.monotonic = lambda: self.now
        time.sleep = self.move  # type: ignore[assignment]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        time.time, time.monotonic, time.sleep = self._kept
