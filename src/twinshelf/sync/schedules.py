"""Timetables: what is asked for every so often, per owner. One tick of the engine looks at all of them."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django_scopes import scope, scopes_disabled

from twinshelf.accounts.models import Account
from twinshelf.kit import clock
from twinshelf.sync.flows import installed
from twinshelf.sync.models import Schedule

log = structlog.get_logger(__name__)


def set_schedule(account_id: int, kind: str, owner: str, every_seconds: int, *, first_in: float = 0.0) -> None:
    """Have `kind` asked for `owner` every so many seconds. Safe to repeat; changes the pace of an existing one."""
    schedule, created = Schedule.objects.get_or_create(
        account_id=account_id,
        kind=kind,
        owner=owner,
        defaults={"every_seconds": every_seconds, "next_at": clock.after(first_in)},
    )
    if not created and schedule.every_seconds != every_seconds:
        soonest = min(schedule.next_at, clock.after(every_seconds))
        Schedule.objects.filter(id=schedule.id).update(every_seconds=every_seconds, next_at=soonest)


def remove_schedules(account_id: int, owner: str) -> None:
    """End every timetable of an owner. Safe to repeat."""
    Schedule.objects.filter(account_id=account_id, owner=owner).delete()


def run_now(account_id: int, kind: str, owner: str) -> None:
    """Ask for it at the next tick, whatever the timetable says."""
    Schedule.objects.filter(account_id=account_id, kind=kind, owner=owner).update(next_at=clock.now())


def all_now() -> None:
    """Ask for everything of every owner at the next tick, for an installation that has missed something."""
    with scopes_disabled():
        Schedule.objects.update(next_at=clock.now())


def tick() -> int:
    """Ask for everything that is due, each once though several processes tick. Returns how many were due.

    A schedule whose asking fails is logged and comes again at its next time; it never stops the others.
    """
    now = clock.now()
    with scopes_disabled():
        due = list(Schedule.objects.filter(next_at__lte=now).order_by("next_at")[:500])
    ran = 0
    for row in due:
        with scope(account=Account(id=row.account_id)):
            following = now + timedelta(seconds=row.every_seconds)
            claimed = Schedule.objects.filter(id=row.id, next_at=row.next_at).update(next_at=following, last_at=now)
            if not claimed:
                continue
            ran += 1
            try:
                installed.schedules[row.kind](row.account_id, row.owner)
            except Exception:
                log.exception("schedule failed", kind=row.kind, owner=row.owner)
    return ran
