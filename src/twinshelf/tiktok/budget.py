"""TikTok Shop's limits: it publishes none, so each (shop, path) is paced upward and halved on a refusal."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from django.db import connection

from twinshelf.errors import OutOfBudget
from twinshelf.kit import clock
from twinshelf.kit.budget import LEASE_SECONDS, Lease, not_yet, number, opened
from twinshelf.kit.http import Urgency

_BURST_SECONDS = 0.4
_STEP = 8
"""Good answers before a pace grows by a quarter; close to one that was refused it takes a second's worth."""


class PacedBudget:
    """TikTok Shop's limit of one shop: a pace for each path, learnt from its answers. `Budget` of `kit.http`.

    A pace grows only while calls wait for it. Without a refusal so far it grows by a quarter a step; after one it comes
    back as quickly to nine tenths of what was refused, and from there by half a call a second.
    """

    FIRST_RATE, TOP_RATE, LOWEST_RATE = 5.0, 200.0, 0.5
    PATIENCE_SECONDS = 3.0
    """Longer than for a window: the calls of a whole batch wait here side by side."""

    def __init__(self, credential: str) -> None:
        self._prefix = f"tiktok:{credential}:"
        self._lock = threading.Lock()
        self._leases: dict[str, Lease] = {}
        self._good: dict[str, int] = {}
        self._steps: dict[str, int] = {}
        self._pressed: set[str] = set()

    def acquire(self, bucket: str, urgency: Urgency) -> None:  # noqa: ARG002 - a pace keeps nothing back
        """Return once a call to this path may go out. Raises OutOfBudget if that would take longer than a moment."""
        give_up = clock.monotonic() + self.PATIENCE_SECONDS
        while True:
            now = clock.real()
            with self._lock:
                lease = self._leases.get(bucket)
                if lease is not None and lease.calls > 0 and now < lease.until:
                    lease.calls -= 1
                    return
                lease, step = _lease_paced(self._prefix + bucket, now)
                self._steps[bucket] = step
                if lease.calls:
                    lease.calls -= 1
                    self._leases[bucket] = lease
                    return
                self._pressed.add(bucket)
            if clock.monotonic() + lease.wait > give_up:
                raise OutOfBudget("TikTok Shop", lease.wait)
            clock.sleep(lease.wait)

    def observe(self, bucket: str, status: int, headers: Mapping[str, str], *, throttled: bool) -> None:  # noqa: ARG002 - `throttled` says it
        """Speed up a little after a step's worth of good answers; halve and hold after a refusal."""
        key, now = self._prefix + bucket, clock.real()
        if throttled:
            wait = number(headers.get("retry-after")) or 1.0
            with self._lock:
                self._leases.pop(bucket, None)
                self._good[bucket] = 0
                self._pressed.discard(bucket)
            with connection.cursor() as cursor:
                cursor.execute(
                    "update kit_budget set quota = cast(rate as integer), "
                    "rate = case when rate / 2 < %s then %s else rate / 2 end, "
                    "blocked_until = %s, refusals = refusals + 1, updated_at = %s "
                    "where key = %s and blocked_until <= %s",  # calls under way together are refused together
                    [self.LOWEST_RATE, self.LOWEST_RATE, now + wait, now, key, now],
                )
            return
        with self._lock:
            good = self._good[bucket] = self._good.get(bucket, 0) + 1
            if good < self._steps.get(bucket, _STEP) or bucket not in self._pressed:
                return
            self._good[bucket] = 0
            self._pressed.discard(bucket)
        with connection.cursor() as cursor:
            cursor.execute(
                "update kit_budget set "
                "rate = case when refusals = 0 or rate * 1.25 < quota * 0.9 then rate * 1.25 else rate + 0.5 end "
                "where key = %s and rate < %s",
                [key, self.TOP_RATE],
            )


def _lease_paced(key: str, now: float) -> tuple[Lease, int]:
    """The calls granted, or the wait until there are some; and how many good answers make a step."""
    with connection.cursor() as cursor:
        cursor.execute("select rate, next_at, blocked_until, refusals, quota from kit_budget where key = %s", [key])
        row = cursor.fetchone()
        if row is None:
            opened(key, now, rate=PacedBudget.FIRST_RATE, next_at=now + 1 / PacedBudget.FIRST_RATE)
            return Lease(1, now + LEASE_SECONDS), _STEP
        rate, next_at, blocked_until, refusals, refused = row
        step = _STEP if refusals == 0 or rate * 1.25 < (refused or 0) * 0.9 else max(_STEP, int(rate))
        if blocked_until > now:
            return not_yet(now, blocked_until - now), step
        if next_at - now > _BURST_SECONDS:
            return not_yet(now, next_at - now - _BURST_SECONDS), step
        calls = max(1, int(rate * 0.2))
        cursor.execute(
            "update kit_budget set next_at = case when next_at > %s then next_at else %s end + %s, updated_at = %s "
            "where key = %s and next_at = %s and blocked_until <= %s",
            [now, now, calls / rate, now, key, next_at, now],
        )
        return (Lease(calls, now + LEASE_SECONDS) if cursor.rowcount else not_yet(now, 0.005)), step
