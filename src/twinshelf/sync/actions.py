"""What people may do to the engine's work: try again what is stuck, confirm what was held back, cancel a task."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.actors import Actor, by_hand
from twinshelf.accounts.audit import record
from twinshelf.accounts.models import Account
from twinshelf.kit import clock
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.models import Lane, Problem, Task
from twinshelf.sync.problems import OWNER_KEY


def retry_problem(problem: Problem, *, by: Actor) -> None:
    """Ask again for what has this problem, as something that waited long enough. Safe to repeat.

    A problem of a lane as a whole (rejected credentials) ends the lane's hold, so that everything in it is tried.
    """
    lane = Lane.objects.get(id=problem.lane_id)
    with transaction.atomic():
        what = f"{problem.code} of {lane.kind} {problem.key}, {lane.owner}"
        record(by, lane.account_id, "sync.retry_problem", f"problem:{problem.id}", detail=what)
        if problem.key == OWNER_KEY:
            lanes.release_hold(lane.account_id, lane.owner)
            return
        problems.close_crash(problem)
        cause = by_hand("retry", by)
        lanes.ask(lane.account_id, lane.kind, lane.owner, [problem.key], cause=cause, priority=lanes.URGENT)


def confirm(account: Account, *, code: str, kind: str = "", problem_id: int | None = None, by: Actor) -> int:
    """Say of what was held back for a person to check that it is meant: of one problem, or of all of a code (and kind).

    Notes it on the problems, which the flow that held it back heeds, and asks for it again. Returns how many keys that
    were. Safe to repeat.
    """
    held = Problem.objects.filter(code=code, closed_at=None).exclude(key=OWNER_KEY)
    if kind:
        held = held.filter(lane__kind=kind)
    if problem_id is not None:
        held = held.filter(id=problem_id)
    keys: dict[tuple[str, str], list[str]] = {}
    for lane_kind, owner, key in held.values_list("lane__kind", "lane__owner", "key"):
        keys.setdefault((lane_kind, owner), []).append(key)
    if not keys:
        return 0
    with transaction.atomic():
        held.update(confirmed_at=clock.now())
        subject = f"problem:{code if problem_id is None else problem_id}"
        confirmed = {f"{lane_kind} {owner}": sorted(some) for (lane_kind, owner), some in keys.items()}
        record(by, account.id, "sync.confirm", subject, after=confirmed, detail=code)
        for (lane_kind, owner), some in keys.items():
            lanes.ask(account.id, lane_kind, owner, some, cause=by_hand("confirm", by), priority=lanes.URGENT)
    return sum(map(len, keys.values()))


def cancel_task(task: Task, *, by: Actor) -> None:
    """Stop carrying a task out. What it asked for already is still done; safe to repeat."""
    with transaction.atomic():
        record(by, task.account_id, "sync.cancel_task", f"task:{task.id}", detail=task.title)
        tasks.cancel(task)
