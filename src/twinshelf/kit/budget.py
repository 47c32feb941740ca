"""What the budgets of all platforms have in common: leases out of a row that all processes share, patience, a client.

How a platform tells its quota, and what is made of a refusal, is the platform's: see `budget` in its package.
Quotas are learnt, never constants. Windows are counted in real time.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx2
from django.db import connection

from twinshelf.errors import OutOfBudget
from twinshelf.kit import clock
from twinshelf.kit.http import Budget, Urgency

LEASE_SECONDS = 1.0
"""How long a lease holds: after this a refusal that another process met is seen."""


@dataclass
class Lease:
    """Calls that a process may make without asking again: only for a moment, so that a refusal soon stops all."""

    calls: int
    until: float
    size: int = 1
    window: float = 0.0
    """When the window ends out of which it was taken."""
    wait: float = 0.0


def not_yet(now: float, wait: float) -> Lease:
    """A lease of no call: look again after `wait` seconds."""
    return Lease(0, now, size=0, wait=wait)


def opened(key: str, now: float, *, next_at: float, rate: float = 0.0) -> bool:
    """Make the row of a quota that nothing is known of yet. False where another process was quicker."""
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into kit_budget (key, quota, "left", resets_at, rate, next_at, blocked_until, refusals, '
            "updated_at) values (%s, null, null, 0, %s, %s, 0, 0, %s) on conflict do nothing",
            [key, rate, next_at, now],
        )
        return bool(cursor.rowcount)


_LONGEST_WAIT_SECONDS = 120.0


class Patient:
    """A budget whose `acquire` waits for the next window: for scans that would otherwise begin anew. `Budget`.

    Only where a thread may be held for it. Waits of more than two minutes (a platform that refuses us) are raised.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def acquire(self, bucket: str, urgency: Urgency) -> None:
        """Return once a call may go out. Raises OutOfBudget if that is minutes away."""
        while True:
            try:
                return self._budget.acquire(bucket, urgency)
            except OutOfBudget as error:
                if error.wait_seconds > _LONGEST_WAIT_SECONDS:
                    raise
                clock.sleep(error.wait_seconds)

    def observe(self, bucket: str, status: int, headers: Mapping[str, str], *, throttled: bool) -> None:
        """Learn from an answer, as the budget does."""
        self._budget.observe(bucket, status, headers, throttled=throttled)


class BudgetedClient:
    """What the clients of all platforms are: one pool of connections, and a budget spent with an urgency."""

    def __init__(self, pool: httpx2.Client, budget: Budget, urgency: Urgency) -> None:
        self._http, self._budget = pool, budget
        self._urgency: Urgency = urgency

    def with_urgency(self, urgency: Urgency) -> Self:
        """The same account and connections, spending the budget with another urgency. Only the original is closed."""
        other = copy.copy(self)
        other._urgency = urgency  # noqa: SLF001 - a copy of ourselves
        return other

    def patient(self) -> Self:
        """The same account and connections, waiting for the budget where others put their work off."""
        other = copy.copy(self)
        other._budget = Patient(self._budget)  # noqa: SLF001 - a copy of ourselves
        return other

    def close(self) -> None:
        """Let go of the connections, also for whoever came from `with_urgency`. Safe to repeat."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def number(text: str | None) -> float | None:
    """The number in a header; None for none, and for what is no number."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
