"""BigCommerce's quota: a fixed window, whose size and remainder its own headers tell; other apps spend from it too."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

from django.db import connection

from twinshelf.errors import OutOfBudget
from twinshelf.kit import clock
from twinshelf.kit.budget import LEASE_SECONDS, Lease, not_yet, number, opened
from twinshelf.kit.http import Urgency

PATIENCE_SECONDS = 1.0
"""Waits up to this long happen inside a call; longer ones put the lane to sleep instead."""

_FLOORS: Mapping[Urgency, float] = {"urgent": 0.0, "normal": 0.04, "bulk": 0.10}
"""The share of a window that work of this urgency leaves for more urgent work."""

_LEASE_CALLS = 10
_UNCOUNTED_CALLS = 1000
"""Of a store without a quota: only the time of the lease matters, after which a refusal that others met is seen."""
_WINDOW_SECONDS = 30.0
_SAME_WINDOW_SECONDS = 2.0
"""Ends of one window, as answers tell them, lie this close together."""
_PROBE_SECONDS = 1.0
NO_QUOTA = 0
"""As `quota`: good answers name none."""


class WindowBudget:
    """BigCommerce's quota of one store: `Budget` of `kit.http`. One bucket, whatever is asked for."""

    def __init__(self, credential: str) -> None:
        self.key = f"bigcommerce:{credential}"
        self._lock = threading.Lock()
        self._leases: dict[Urgency, Lease] = {}
        self._unanswered: deque[float] = deque()  # when each call was let go
        self._written_at = 0.0
        self._refused = False
        self._no_quota = False

    def acquire(self, bucket: str, urgency: Urgency) -> None:  # noqa: ARG002 - one quota for all paths
        """Return once a call may go out. Raises OutOfBudget if that would take longer than a moment."""
        give_up = clock.monotonic() + PATIENCE_SECONDS
        while True:
            wait = self._try(urgency)
            if wait <= 0:
                return
            if clock.monotonic() + wait > give_up:
                raise OutOfBudget("BigCommerce", wait)
            clock.sleep(wait)

    def _try(self, urgency: Urgency) -> float:
        """0 if a call was granted, else the seconds to wait."""
        now = clock.real()
        with self._lock:
            lease = self._leases.get(urgency)
            if lease is None or not lease.calls or now >= lease.until:
                lease = self._leases[urgency] = _next_lease(self.key, lease, _FLOORS[urgency], now)
            if not lease.calls:
                return lease.wait
            lease.calls -= 1
            self._unanswered.append(now)
            return 0.0

    def observe(self, bucket: str, status: int, headers: Mapping[str, str], *, throttled: bool) -> None:  # noqa: ARG002 - one quota for all paths
        """Take what the answer's headers say over our own count; hold everything after a refusal."""
        now = clock.real()
        left = number(headers.get("x-rate-limit-requests-left"))
        quota = number(headers.get("x-rate-limit-requests-quota"))
        reset_ms = number(headers.get("x-rate-limit-time-reset-ms"))
        with self._lock:
            while self._unanswered and (self._unanswered[0] < now - _WINDOW_SECONDS):
                self._unanswered.popleft()  # never answered
            if self._unanswered:
                self._unanswered.popleft()
            if throttled:
                self._leases.clear()
                self._refused = True
                _block(self.key, now, max(number(headers.get("x-retry-after")) or 0, (reset_ms or 0) / 1000))
                return
            if left is None or quota is None or reset_ms is None:
                if status < 400 and (self._refused or not self._no_quota):
                    _learn_no_quota(self.key, now, recovered=self._refused)
                    self._refused, self._no_quota = False, True
                elif status >= 400:
                    _probe_again(self.key, now)
                return
            if now - self._written_at < LEASE_SECONDS and left > quota * 0.3:
                return
            self._written_at, self._refused = now, False
            # What was let go while no answer named a quota was taken out of none.
            self._leases = {urgency: lease for urgency, lease in self._leases.items() if lease.window}
            ours = len(self._unanswered) + sum(lease.calls for lease in self._leases.values() if now < lease.until)
        _learn_window(self.key, int(quota), max(0, int(left) - ours), now + reset_ms / 1000, now)


def _next_lease(key: str, before: Lease | None, floor_share: float, now: float) -> Lease:
    """A lease twice as large as the one before if that was used up soon, else of one call. None of it: `wait`.

    One that outlived its moment goes on while nobody was refused: a look costs less than a write, which on SQLite waits
    for whoever writes. What is left of it goes back after a pause.
    """
    wanted = 1
    if before is not None and before.size:
        if before.calls and before.window > now:
            if now - before.until < LEASE_SECONDS and not _is_blocked(key, now):
                return Lease(before.calls, min(before.window, now + LEASE_SECONDS), before.size, before.window)
            _give_back(key, before)
        elif not before.calls and now - before.until < LEASE_SECONDS:
            wanted = min(_LEASE_CALLS, before.size * 2)
    with connection.cursor() as cursor:
        cursor.execute('select quota, "left", resets_at, blocked_until, next_at from kit_budget where key = %s', [key])
        row = cursor.fetchone()
        if row is None:
            first = opened(key, now, next_at=now + _PROBE_SECONDS)
            return Lease(1, now + LEASE_SECONDS) if first else not_yet(now, 0.05)
        quota, left, resets_at, blocked_until, next_at = row
        if blocked_until > now:
            return not_yet(now, blocked_until - now)
        if quota is None:  # one call at a time, of all processes together, until an answer tells the quota
            cursor.execute(
                "update kit_budget set next_at = %s where key = %s and quota is null"
                " and next_at = %s and next_at <= %s",
                [now + _PROBE_SECONDS, key, next_at, now],
            )
            return Lease(1, now + LEASE_SECONDS) if cursor.rowcount else not_yet(now, 0.05)
        if quota == NO_QUOTA:
            return Lease(_UNCOUNTED_CALLS, now + LEASE_SECONDS)
        floor = int(quota * floor_share)
        fresh = resets_at <= now
        available = (quota if fresh else left) - floor
        if available < 1:
            return not_yet(now, max(resets_at - now, 0.05))
        calls = wanted if available >= 3 * _LEASE_CALLS else 1
        ends = now + _WINDOW_SECONDS if fresh else resets_at
        cursor.execute(
            'update kit_budget set "left" = case when resets_at <= %s then quota else "left" end - %s, '
            "resets_at = %s, updated_at = %s where key = %s and blocked_until <= %s "
            'and (resets_at <= %s or "left" - %s >= %s)',
            [now, calls, ends, now, key, now, now, calls, floor],
        )
        if cursor.rowcount:
            return Lease(calls, min(ends, now + LEASE_SECONDS), size=calls, window=ends)
        return not_yet(now, 0.02)  # another process was quicker: look again at once


def _is_blocked(key: str, now: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select blocked_until from kit_budget where key = %s", [key])
        row = cursor.fetchone()
        return row is None or row[0] > now


def _give_back(key: str, lease: Lease) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            'update kit_budget set "left" = "left" + %s where key = %s and "left" + %s <= quota '
            "and resets_at between %s and %s",
            [
                lease.calls, key, lease.calls, lease.window - _SAME_WINDOW_SECONDS, lease.window + _SAME_WINDOW_SECONDS,
            ],
        )  # fmt: skip


def _learn_window(key: str, quota: int, left: int, resets_at: float, now: float) -> None:
    """Take an answer's word. Within one window `left` only falls: what others hold in leases, the platform cannot know.

    An answer of the window before that comes late, when the next one has begun here, is passed over.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            'update kit_budget set quota = %s, refusals = 0, updated_at = %s, resets_at = %s, "left" = case '
            'when "left" is null or resets_at < %s or "left" > %s then %s else "left" end '
            "where key = %s and not (resets_at > %s and %s < %s)",
            [
                quota, now, resets_at, resets_at - _SAME_WINDOW_SECONDS, left, left,
                key, resets_at + _SAME_WINDOW_SECONDS, resets_at, now + 1.5,
            ],
        )  # fmt: skip


def _learn_no_quota(key: str, now: float, *, recovered: bool) -> None:
    """A good answer without a word of a quota: there is none, or the platform keeps it to itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update kit_budget set quota = %s, updated_at = %s where key = %s and quota is null", [NO_QUOTA, now, key]
        )
        if recovered:
            cursor.execute("update kit_budget set refusals = 0 where key = %s and blocked_until < %s", [key, now])


def _probe_again(key: str, now: float) -> None:
    """A bad answer told nothing of the quota: the next call may ask at once, it need not wait the probe out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update kit_budget set next_at = %s where key = %s and quota is null and next_at > %s", [now, key, now]
        )


def _block(key: str, now: float, wait_seconds: float) -> None:
    """Hold the bucket. Without a stated wait it is 5, 15, 45, 60 s: never a fourth refusal in a row in one window.

    Calls that were under way together are refused together; they count as one refusal.
    """
    with connection.cursor() as cursor:
        cursor.execute("select refusals from kit_budget where key = %s", [key])
        row = cursor.fetchone()
        wait = wait_seconds or min(60.0, 5.0 * 3.0 ** min(row[0] if row else 0, 5))
        cursor.execute(
            "update kit_budget set blocked_until = %s, refusals = refusals + 1, updated_at = %s "
            "where key = %s and blocked_until <= %s",
            [now + wait, now, key, now],
        )
