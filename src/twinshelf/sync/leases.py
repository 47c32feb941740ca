"""Executor leases: which worker process holds which slot, and who takes over from the dead.

DBOS resumes running workflows only when an executor of the same id comes back. So a worker beats its lease every
second; a survivor that finds one silent for `ttl_seconds()` claims it and resumes what it left.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, close_old_connections
from django.db.models import Q

from twinshelf.kit import clock
from twinshelf.sync.models import ExecutorLease

log = structlog.get_logger(__name__)


def ttl_seconds() -> float:
    """After how long without a beat a worker is taken for dead. The operator's: TWINSHELF_LEASE_SECONDS."""
    return float(settings.OPERATOR.lease_seconds)


@dataclass
class Lease:
    """A held slot. `keep` beats it from a thread of its own until `give_back`."""

    slot: str
    holder: str
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def keep(self, on_death: Callable[[str], int]) -> None:
        """Beat, and call `on_death(slot)` for each other slot found silent (once per death: the lease is removed)."""
        self._thread = threading.Thread(target=self._beat, args=(on_death,), daemon=True, name="lease")
        self._thread.start()

    def _beat(self, on_death: Callable[[str], int]) -> None:
        while not self._stop.wait(ttl_seconds() / 5):
            try:
                close_old_connections()
                now = clock.now()
                if not ExecutorLease.objects.filter(slot=self.slot, holder=self.holder).update(beat_at=now):
                    self._take_back(now)
                for dead in ExecutorLease.objects.filter(_silent(now)).exclude(slot=self.slot):
                    claimed, _ = ExecutorLease.objects.filter(
                        slot=dead.slot, holder=dead.holder, beat_at=dead.beat_at
                    ).delete()
                    if claimed:
                        log.warning(
                            "a worker died; taking over its work", slot=dead.slot, workflows=on_death(dead.slot)
                        )
            except Exception:  # a database away for a moment must not end the beating
                log.exception("lease beat failed")

    def _take_back(self, now: datetime) -> None:
        """Somebody took us for dead: the machine slept, or its clock jumped. Without a lease nobody would miss us."""
        ours = {"holder": self.holder, "beat_at": now}
        _row, made = ExecutorLease.objects.get_or_create(slot=self.slot, defaults=ours)
        log.warning("this worker was taken for dead", slot=self.slot, taken_by_another=not made)

    def give_back(self) -> None:
        """Stop beating and free the slot at once, so that nobody takes this worker for dead."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=3)
        ExecutorLease.objects.filter(slot=self.slot, holder=self.holder).delete()


def _silent(now: datetime) -> Q:
    """Leases of the dead. A beat in the future is of a clock that was ahead, so nobody beats there any more."""
    return Q(beat_at__lt=now - timedelta(seconds=ttl_seconds())) | Q(beat_at__gt=now + timedelta(minutes=1))


def take(wanted: str, *, holder: str) -> Lease:
    """Claim the slot `wanted`, or the first free one (`worker-1`, `worker-2`, …).

    A named slot is taken over even from a holder that seems alive: the operator promises that there is only one such
    process, and after a kill and a quick restart the old beat is still fresh.
    """
    now = clock.now()
    if wanted:
        ExecutorLease.objects.update_or_create(slot=wanted, defaults={"holder": holder, "beat_at": now})
        return Lease(wanted, holder)
    number = 0
    while True:
        number += 1
        slot = f"worker-{number}"
        try:
            ExecutorLease.objects.create(slot=slot, holder=holder, beat_at=now)
            return Lease(slot, holder)
        except IntegrityError:
            if ExecutorLease.objects.filter(_silent(now), slot=slot).update(holder=holder, beat_at=now):
                return Lease(slot, holder)
