"""The right to make calls, shared through the database by all processes that use one credential.

BigCommerce: a fixed window, whose size and remainder its own headers tell; other apps of the store spend from it too.
TikTok Shop: no published number, so each (shop, path) is paced from 5 calls a second upward and halved on a refusal.
Quotas are learnt, never constants. Windows are counted in real time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from twinshelf.errors import OutOfBudget
from twinshelf.kit import clock
from twinshelf.kit.http import Budget, Urgency

PATIENCE_SECONDS = 1.0
"""Waits up to this long happen inside a call; longer ones put the lane to sleep instead."""

_FLOORS: Mapping[Urgency, float] = {"urgent": 0.0, "normal": 0.04, "bulk": 0.10}
"""The share of a window that work of this urgency leaves for more urgent work."""


class WindowBudget:
    """BigCommerce's quota of one store: `Budget` of `kit.http`. One bucket, whatever is asked for."""

    def __init__(self, credential: str) -> None:
        self.key = f"bigcommerce:{credential}"
        self._lock = threading.Lock()
        self._leases: dict[Urgency, _Lease] = {}
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
        left = _number(headers.get("x-rate-limit-requests-left"))
        quota = _number(headers.get("x-rate-limit-requests-quota"))
        reset_ms = _number(headers.get("x-rate-limit-time-reset-ms"))
        with self._lock:
            while self._unanswered and (self._unanswered[0] < now - _WINDOW_SECONDS):
                self._unanswered.popleft()  # never answered
            if self._unanswered:
                self._unanswered.popleft()
            if throttled:
                self._leases.clear()
                self._refused = True
                _block(self.key, now, max(_number(headers.get("x-retry-after")) or 0, (reset_ms or 0) / 1000))
                return
            if left is None or quota is None or reset_ms is None:
                if status < 400 and (self._refused or not self._no_quota):
                    _learn_no_quota(self.key, now, recovered=self._refused)
                    self._refused, self._no_quota = False, True
                return
            if now - self._written_at < _LEASE_SECONDS and left > quota * 0.3:
                return
            self._written_at, self._refused = now, False
            # What was let go while no answer named a quota was taken out of none.
            self._leases = {urgency: lease for urgency, lease in self._leases.items() if lease.window}
            ours = len(self._unanswered) + sum(lease.calls for lease in self._leases.values() if now < lease.until)
        _learn_window(self.key, int(quota), max(0, int(left) - ours), now + reset_ms / 1000, now)


@dataclass
class _Lease:
    """Calls that a process may make without asking again: only for a moment, so that a refusal soon stops all."""

    calls: int
    until: float
    size: int = 1
    window: float = 0.0
    """When the window ends out of which it was taken."""
    wait: float = 0.0


_LEASE_CALLS = 10
_UNCOUNTED_CALLS = 1000
"""Of a store without a quota: only the time of the lease matters, after which a refusal that others met is seen."""
_LEASE_SECONDS = 1.0
_WINDOW_SECONDS = 30.0
_SAME_WINDOW_SECONDS = 2.0
"""Ends of one window, as answers tell them, lie this close together."""
_PROBE_SECONDS = 1.0
NO_QUOTA = 0
"""As `quota`: good answers name none."""


def _next_lease(key: str, before: _Lease | None, floor_share: float, now: float) -> _Lease:
    """A lease twice as large as the one before if that was used up soon, else of one call. None of it: `wait`.

    One that outlived its moment goes on while nobody was refused: a look costs less than a write, which on SQLite waits
    for whoever writes. What is left of it goes back after a pause.
    """
    wanted = 1
    if before is not None and before.size:
        if before.calls and before.window > now:
            if now - before.until < _LEASE_SECONDS and not _is_blocked(key, now):
                return _Lease(before.calls, min(before.window, now + _LEASE_SECONDS), before.size, before.window)
            _give_back(key, before)
        elif not before.calls and now - before.until < _LEASE_SECONDS:
            wanted = min(_LEASE_CALLS, before.size * 2)
    with connection.cursor() as cursor:
        cursor.execute('select quota, "left", resets_at, blocked_until, next_at from kit_budget where key = %s', [key])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                'insert into kit_budget (key, quota, "left", resets_at, rate, next_at, blocked_until, refusals, '
                "updated_at) values (%s, null, null, 0, 0, %s, 0, 0, %s) on conflict do nothing",
                [key, now + _PROBE_SECONDS, now],
            )
            return _Lease(1, now + _LEASE_SECONDS) if cursor.rowcount else _not_yet(now, 0.05)
        quota, left, resets_at, blocked_until, next_at = row
        if blocked_until > now:
            return _not_yet(now, blocked_until - now)
        if quota is None:  # one call at a time, of all processes together, until an answer tells the quota
            cursor.execute(
                "update kit_budget set next_at = %s where key = %s and quota is null"
                " and next_at = %s and next_at <= %s",
                [now + _PROBE_SECONDS, key, next_at, now],
            )
            return _Lease(1, now + _LEASE_SECONDS) if cursor.rowcount else _not_yet(now, 0.05)
        if quota == NO_QUOTA:
            return _Lease(_UNCOUNTED_CALLS, now + _LEASE_SECONDS)
        floor = int(quota * floor_share)
        fresh = resets_at <= now
        available = (quota if fresh else left) - floor
        if available < 1:
            return _not_yet(now, max(resets_at - now, 0.05))
        calls = wanted if available >= 3 * _LEASE_CALLS else 1
        ends = now + _WINDOW_SECONDS if fresh else resets_at
        cursor.execute(
            'update kit_budget set "left" = case when resets_at <= %s then quota else "left" end - %s, '
            "resets_at = %s, updated_at = %s where key = %s and blocked_until <= %s "
            'and (resets_at <= %s or "left" - %s >= %s)',
            [now, calls, ends, now, key, now, now, calls, floor],
        )
        if cursor.rowcount:
            return _Lease(calls, min(ends, now + _LEASE_SECONDS), size=calls, window=ends)
        return _not_yet(now, 0.02)  # another process was quicker: look again at once


def _not_yet(now: float, wait: float) -> _Lease:
    return _Lease(0, now, size=0, wait=wait)


def _is_blocked(key: str, now: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select blocked_until from kit_budget where key = %s", [key])
        row = cursor.fetchone()
        return row is None or row[0] > now


def _give_back(key: str, lease: _Lease) -> None:
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
        self._leases: dict[str, _Lease] = {}
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
            wait = _number(headers.get("retry-after")) or 1.0
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


_BURST_SECONDS = 0.4
_STEP = 8
"""Good answers before a pace grows by a quarter; close to one that was refused it takes a second's worth."""


def _lease_paced(key: str, now: float) -> tuple[_Lease, int]:
    """The calls granted, or the wait until there are some; and how many good answers make a step."""
    with connection.cursor() as cursor:
        cursor.execute("select rate, next_at, blocked_until, refusals, quota from kit_budget where key = %s", [key])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                'insert into kit_budget (key, quota, "left", resets_at, rate, next_at, blocked_until, refusals, '
                "updated_at) values (%s, null, null, 0, %s, %s, 0, 0, %s) on conflict do nothing",
                [key, PacedBudget.FIRST_RATE, now + 1 / PacedBudget.FIRST_RATE, now],
            )
            return _Lease(1, now + _LEASE_SECONDS), _STEP
        rate, next_at, blocked_until, refusals, refused = row
        step = _STEP if refusals == 0 or rate * 1.25 < (refused or 0) * 0.9 else max(_STEP, int(rate))
        if blocked_until > now:
            return _not_yet(now, blocked_until - now), step
        if next_at - now > _BURST_SECONDS:
            return _not_yet(now, next_at - now - _BURST_SECONDS), step
        calls = max(1, int(rate * 0.2))
        cursor.execute(
            "update kit_budget set next_at = case when next_at > %s then next_at else %s end + %s, updated_at = %s "
            "where key = %s and next_at = %s and blocked_until <= %s",
            [now, now, calls / rate, now, key, next_at, now],
        )
        return (_Lease(calls, now + _LEASE_SECONDS) if cursor.rowcount else _not_yet(now, 0.005)), step


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
