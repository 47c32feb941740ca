"""What people may do to the engine's work: try again what is stuck, confirm what was held back, cancel a task."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.actors import Actor, by_hand
from twinshelf.accounts.audit import record
from twinshelf.accounts.models import Account
from twinshelf.kit import clock
from twinshelf.kit.words import counted
from twinshelf.sync import lanes, problems, queries, tasks
from twinshelf.sync.flows import Signal
from twinshelf.sync.models import Lane, Problem, Task, TaskItem
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


def retry_group(account: Account, *, kind: str, code: str, by: Actor) -> int:
    """Ask again for everything that has an open problem of a kind of lane and a code. Returns how many keys that were.

    Safe to repeat. Problems of whole lanes are left out: `retry_problem` ends their hold.
    """
    rows = Problem.objects.filter(code=code, lane__kind=kind, closed_at=None).exclude(key=OWNER_KEY)
    keys: dict[str, list[str]] = {}
    for owner, key in rows.values_list("lane__owner", "key"):
        keys.setdefault(owner, []).append(key)
    if not keys:
        return 0
    number = sum(map(len, keys.values()))
    with transaction.atomic():
        record(by, account.id, "sync.retry_group", f"problem:{code}", detail=f"{number} of {kind}")
        for problem in rows if code == problems.CRASHED else ():
            problems.close_crash(problem)
        for owner, some in keys.items():
            lanes.ask(account.id, kind, owner, some, cause=by_hand("retry", by))
    return number


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


class NothingToRunAgain(Exception):
    """The task runs still, or nothing of it failed."""


def run_again(task: Task, *, by: Actor) -> Task:
    """A new task of the same kind: for the items that failed, or for everything where a task does its work itself.

    Raises NothingToRunAgain.
    """
    if not queries.may_run_again(task):
        raise NothingToRunAgain
    with transaction.atomic():
        if not queries.asks_lanes(task):
            made = tasks.submit(task.account_id, task.kind, task.title, owner=task.owner, by=by, params=task.params)
        else:
            made = _ask_failed_again(task, by)
        record(by, task.account_id, "sync.run_again", f"task:{task.id}", after={"task": made.id}, detail=task.title)
    return made


def _ask_failed_again(task: Task, by: Actor) -> Task:
    keys: dict[Lane, list[str]] = {}
    failed = TaskItem.objects.filter(task=task, state="failed").select_related("lane").order_by("id")
    for item in failed:
        keys.setdefault(item.lane, []).append(item.key)
    title = task.title.partition(AGAIN)[0]
    title += f"{AGAIN} {counted(sum(map(len, keys.values())), 'item')} that failed"
    made = tasks.asking(task.account_id, task.kind, title, owner=task.owner, by=by, params=task.params)
    for lane, some in keys.items():
        tasks.ask_for(made, lane.kind, lane.owner, some, signals=Signal.LOOK)
    return made


AGAIN = ", again:"


def cancel_task(task: Task, *, by: Actor) -> None:
    """Stop carrying a task out. What it asked for already is still done; safe to repeat."""
    with transaction.atomic():
        record(by, task.account_id, "sync.cancel_task", f"task:{task.id}", detail=task.title)
        tasks.cancel(task)
