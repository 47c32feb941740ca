"""Executor leases: which worker process holds which slot, and who takes over from the dead.

DBOS resumes running workflows only when an executor of the same id comes back. So a worker beats its lease every
second; a survivor that finds one silent for `ttl_seconds()` claims it and resumes what it left.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import IntegrityError, close_old_connections, transaction
from django.db.models import Q

from twinshelf.errors import TwinshelfError
from twinshelf.kit import clock
from twinshelf.sync.models import ExecutorLease

log = structlog.get_logger(__name__)


def ttl_seconds() -> float:
    """After how long without a beat a worker is taken for dead. The operator's: TWINSHELF_LEASE_SECONDS."""
    return float(settings.OPERATOR.lease_seconds)


class SlotTaken(TwinshelfError):
    """A process that is alive works under the name that this one was given."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        super().__init__(
            f"Another process works as “{slot}” already: end it, or give this one a TWINSHELF_SLOT of its own."
        )


@dataclass
class Lease:
    """A held slot. `keep` beats it from a thread of its own until `give_back`."""

    slot: str
    holder: str
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _lost: bool = False

    def keep(self, on_death: Callable[[str], int]) -> None:
        """Beat, and call `on_death(slot)` for each other slot found silent (once per death: the lease is removed)."""
        self._thread = threading.Thread(target=self._beat, args=(on_death,), daemon=True, name="lease")
        self._thread.start()

    def _beat(self, on_death: Callable[[str], int]) -> None:
        while not self._stop.wait(ttl_seconds() / 5):
            try:
                close_old_connections()
                now = clock.now()
                self.beat(now)
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

    def beat(self, now: datetime) -> None:
        """Say that this worker is alive. Without a lease nobody would miss it, so it takes back a slot that is free.

        It was taken for dead if the machine slept or its clock jumped; whoever took the slot may be gone by now.
        """
        ours = {"holder": self.holder, "beat_at": now}
        beaten = ExecutorLease.objects.filter(slot=self.slot, holder=self.holder).update(beat_at=now)
        if not beaten:
            _row, made = ExecutorLease.objects.get_or_create(slot=self.slot, defaults=ours)
            held = made or ExecutorLease.objects.filter(_silent(now), slot=self.slot).update(**ours)
            if held or not self._lost:
                log.warning("this worker was taken for dead", slot=self.slot, taken_by_another=not held)
            self._lost = not held

    def give_back(self) -> None:
        """Stop beating and free the slot at once, so that nobody takes this worker for dead."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=3)
        ExecutorLease.objects.filter(slot=self.slot, holder=self.holder).delete()


def _silent(now: datetime) -> Q:
    """Leases of the dead. A beat in the future is of a clock that was ahead, so nobody beats there any more."""
    return Q(beat_at__lt=now - timedelta(seconds=ttl_seconds())) | Q(beat_at__gt=now + timedelta(minutes=1))


def take(wanted: str, *, holder: str = "") -> Lease:
    """Claim the slot `wanted`, or the first free one (`worker-1`, `worker-2`, …).

    A named slot may still look held after a kill and a quick restart: one whose process is gone from this machine is
    taken at once, another after as long as a worker may be silent. Raises SlotTaken if its holder is alive.
    """
    holder = holder or f"{_machine()}.{os.getpid()}.{uuid4().hex[:12]}"
    now = clock.now()
    if wanted:
        _claim(wanted, holder)
        return Lease(wanted, holder)
    number = 0
    while True:
        number += 1
        slot = f"worker-{number}"
        try:
            with transaction.atomic():
                ExecutorLease.objects.create(slot=slot, holder=holder, beat_at=now)
            return Lease(slot, holder)
        except IntegrityError:
            if ExecutorLease.objects.filter(_silent(now), slot=slot).update(holder=holder, beat_at=now):
                return Lease(slot, holder)


def _claim(slot: str, holder: str) -> None:
    while True:
        now = clock.now()
        row, made = ExecutorLease.objects.get_or_create(slot=slot, defaults={"holder": holder, "beat_at": now})
        if made:
            return
        seen = ExecutorLease.objects.filter(slot=slot, holder=row.holder, beat_at=row.beat_at)
        while seen.exists():
            if _is_gone(row.holder) or ExecutorLease.objects.filter(_silent(clock.now()), slot=slot).exists():
                if seen.update(holder=holder, beat_at=clock.now()):
                    return
                break
            clock.sleep(0.1)
        if ExecutorLease.objects.filter(slot=slot, holder=row.holder).exists():  # it has beaten since
            raise SlotTaken(slot)


def _is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that has ended. False where that cannot be told."""
    machine, _, rest = holder.partition(".")
    number = rest.partition(".")[0]
    if machine != _machine() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@cache
def _machine() -> str:
    """What processes have in common that see each other's numbers: the host, and the space that numbers count in."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return f"{socket.gethostname()[:20].replace('.', '-')}{space.strip('pid:[]')}"
