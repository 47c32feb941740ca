"""Tasks: what people submit. One asks for many keys and follows their closings; its state is apart from its outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from django.db import close_old_connections, transaction
from django.db.models import Count, F
from django_scopes import scope, scopes_disabled

from twinshelf import messages
from twinshelf.accounts.actors import Actor
from twinshelf.accounts.models import Account
from twinshelf.errors import NeedsPerson, Transient
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows, upsert
from twinshelf.sync import engine, lanes
from twinshelf.sync.flows import Outcome, Signal, installed
from twinshelf.sync.models import Lane, Mark, Task, TaskItem, TaskState

log = structlog.get_logger(__name__)

RETRY_SECONDS = 2.0
TRIES = 5
UNKNOWN_KIND_SECONDS = 60.0
WAITS_FOR_NEWER = "This version of Twinshelf does not know this task. It waits for the newer version that made it."
TRIES_OF_WHAT_PASSES = 40
"""With waits of up to five minutes: about three hours."""

_FINAL = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)


class UnknownKind(Exception):
    """A newer version of Twinshelf has submitted this task: it waits for a process of that version."""


def submit(
    account_id: int,
    kind: str,
    title: str,
    *,
    owner: str = "",
    by: Actor,
    params: dict[str, Any] | None = None,
) -> Task:
    """A new task, carried out as soon as a worker is free. `params` are ids and settings, never documents or buyers."""
    with transaction.atomic():
        task = Task.objects.create(
            account_id=account_id,
            kind=kind,
            title=title,
            owner=owner,
            by_id=by.user_id,
            params=params or {},
            created_at=clock.now(),
        )
        transaction.on_commit(lambda: engine.current().run_task(task.id))
    return task


def asking(
    account_id: int, kind: str, title: str, *, owner: str, by: Actor, params: Mapping[str, Any] | None = None
) -> Task:
    """A new task that asks lanes and has no work of its own: no worker takes it. `ask_for` says for what."""
    now = clock.now()
    return Task.objects.create(
        account_id=account_id,
        kind=kind,
        title=title,
        owner=owner,
        by_id=by.user_id,
        params=dict(params or {}),
        state=TaskState.RUNNING,
        cursor={"carried_out": True},
        total=0,
        created_at=now,
        started_at=now,
        started=True,
    )


def run_slice(task_id: int) -> bool:
    """Carry out a slice of a task. Returns whether there is more to carry out (not: whether items are still open)."""
    close_old_connections()
    with scopes_disabled():
        task = Task.objects.get(id=task_id)
    with scope(account=Account(id=task.account_id)):
        if task.state in _FINAL:
            return False
        if task.kind not in installed.tasks:
            raise UnknownKind(task.kind)
        if task.state == TaskState.QUEUED:
            Task.objects.filter(id=task.id).update(state=TaskState.RUNNING, started_at=clock.now())
            task.refresh_from_db()
        more = installed.tasks[task.kind](task)
        if not more:
            settle(task.id)
        return more


_left: dict[int, Any] = {}
"""By task: what its last slice in this process left for the next. The engine's own; a lost one costs a little work."""


def leave_for_next_slice(task: Task, thing: Any) -> None:
    """Keep what the next slice can go on with if it runs in this process. It must be able to do without."""
    _left[task.id] = thing


def left_by_last_slice(task: Task) -> Any:
    """What the last slice left, once; None if there is nothing."""
    return _left.pop(task.id, None)


def attempt(task_id: int, failures: int) -> float | None:
    """A slice, with what a failure means: the seconds until the next one (0: at once), None if there is none.

    What a person must put right ends the task at once. What passes by itself is waited for, some hours at most;
    anything else is tried `TRIES` times. `failures` counts those in a row before this one. A task of a kind that this
    version does not know waits for one that does, and is not failed.
    """
    try:
        return 0.0 if run_slice(task_id) else None
    except UnknownKind as kind:
        log.warning("this version does not know the kind of a task", task=task_id, kind=str(kind))
        with scopes_disabled():
            Task.objects.filter(id=task_id).update(summary=WAITS_FOR_NEWER)
        return UNKNOWN_KIND_SECONDS
    except NeedsPerson as error:
        fail(task_id, f"{messages.text(error)} {messages.remedy(error)}")
        return None
    except Exception as error:
        failures += 1
        passes = isinstance(error, Transient)
        log.warning("task failed", task=task_id, failures=failures, exc_info=not passes)
        if failures < (TRIES_OF_WHAT_PASSES if passes else TRIES):
            wait = min(RETRY_SECONDS * 2.0 ** min(failures - 1, 8), 300.0)
            return max(wait, error.wait_seconds) if isinstance(error, Transient) else wait
        fail(task_id, str(error) if passes else f"Twinshelf failed here: {type(error).__name__}.")
        return None


def sweep() -> int:
    """Have taken again what a crash kept from being begun, and fail what its workflow has left. Returns how many.

    What only a newer version can carry out is told so. Safe to run from several processes and at any time.
    """
    port = engine.current()
    touched = 0
    with scopes_disabled():
        left = Task.objects.filter(
            state__in=(TaskState.QUEUED, TaskState.RUNNING), created_at__lte=clock.after(-port.patience_seconds)
        ).exclude(cursor__has_key="carried_out")  # their items are on their way
        known = left.filter(kind__in=list(installed.tasks))
        left.exclude(kind__in=list(installed.tasks)).exclude(summary=WAITS_FOR_NEWER).update(summary=WAITS_FOR_NEWER)
        for task in known.order_by("id")[:200]:
            state = port.task_status(task.id)
            if state == "missing":
                Task.objects.filter(id=task.id).update(started=False)
                port.run_task(task.id)
            elif state == "ended" and not _settled_meanwhile(task.id):
                fail(task.id, "Twinshelf ended it by mistake. What was done is done; start it again.")
            else:
                continue
            touched += 1
    return touched


def _settled_meanwhile(task_id: int) -> bool:
    task = Task.objects.get(id=task_id)
    return task.state in _FINAL or bool(task.cursor.get("carried_out"))


def fail(task_id: int, why: str) -> None:
    """The task itself cannot be carried out (as opposed to some of its items failing). Safe to repeat."""
    with scopes_disabled():
        Task.objects.filter(id=task_id).exclude(state__in=_FINAL).update(
            state=TaskState.FAILED, summary=why, finished_at=clock.now()
        )


def cancel(task: Task) -> None:
    """Stop carrying it out. What was asked for already is still done; safe to repeat."""
    Task.objects.filter(id=task.id).exclude(state__in=_FINAL).update(state=TaskState.CANCELLED, finished_at=clock.now())


def ask_for(
    task: Task,
    kind: str,
    owner: str,
    keys: Sequence[str],
    *,
    priority: int = lanes.NORMAL,
    signals: Signal = Signal.NONE,
) -> None:
    """Ask for keys on behalf of a task: each becomes an item that waits for the lane to close it."""
    with transaction.atomic():
        lane = lanes.lane_of(task.account_id, kind, owner)
        cause = f"task {task.id}: {task.by}" if task.by else f"task {task.id}"
        lanes.ask(task.account_id, kind, owner, keys, cause=cause, priority=priority, signals=signals)
        upsert(
            TaskItem,
            task.account_id,
            ["task_id", "lane_id", "key", "state", "text"],
            [(task.id, lane.id, key, "waiting", "") for key in sorted(set(keys))],
            unique=["task_id", "lane_id", "key"],
            update=[],
        )
        Task.objects.filter(id=task.id).update(total=TaskItem.objects.filter(task=task).count())


def count(task: Task, *, succeeded: int = 0, failed: int = 0, skipped: int = 0, total: int | None = None) -> None:
    """Add to the counts of a task that does its work itself (a pull) instead of asking lanes."""
    changes: dict[str, Any] = {
        "succeeded": F("succeeded") + succeeded,
        "failed": F("failed") + failed,
        "skipped": F("skipped") + skipped,
    }
    if total is not None:
        changes["total"] = total
    Task.objects.filter(id=task.id).update(**changes)


def note_items(task: Task, lane: Lane, items: Iterable[tuple[str, str, str]]) -> None:
    """Keep (key, state, text) as items of a task that does its work itself: what failed or was skipped, and why."""
    upsert(
        TaskItem,
        task.account_id,
        ["task_id", "lane_id", "key", "state", "text"],
        [(task.id, lane.id, key, state, text) for key, state, text in items],
        unique=["task_id", "lane_id", "key"],
    )


def follow(lane: Lane, outcomes: Sequence[Outcome]) -> None:
    """Tell the tasks that wait for these keys how they ended. Retried and held keys are still open."""
    ended = {o.key: o for o in outcomes if o.state in {"applied", "parked"}}
    # A key that still has its mark was asked for again while it was worked on: whoever asked waits for that round.
    for key in Mark.objects.filter(lane=lane, key__in=list(ended)).values_list("key", flat=True):
        del ended[key]
    if not ended:
        return
    items = list(TaskItem.objects.filter(lane=lane, state="waiting", key__in=list(ended)))
    if not items:
        return
    for item in items:
        outcome = ended[item.key]
        item.state = "failed" if outcome.state == "parked" else ("skipped" if _skipped(outcome) else "succeeded")
        item.text = outcome.text
    update_rows(items, ["state", "text"])
    for task_id in {item.task_id for item in items}:
        settle(task_id)


def _skipped(outcome: Outcome) -> bool:
    return any(finding.code.startswith(messages.SKIPPED) for finding in outcome.findings)


def settle(task_id: int) -> None:
    """Bring a task's counts in line with its items, and complete it once it was carried out and none is waiting."""
    with transaction.atomic():
        task = Task.objects.select_for_update().get(id=task_id)
        if task.state in _FINAL:
            return
        states = dict(TaskItem.objects.filter(task=task).values_list("state").annotate(Count("id")))
        if states and not task.cursor.get("counts_itself"):
            task.succeeded, task.failed = states.get("succeeded", 0), states.get("failed", 0)
            task.skipped = states.get("skipped", 0)
            task.total = sum(states.values())
        if not states.get("waiting") and task.cursor.get("carried_out"):
            task.state = TaskState.COMPLETED
            task.finished_at = clock.now()
            task.summary = summary(task)
        task.save(update_fields=["succeeded", "failed", "skipped", "total", "state", "finished_at", "summary"])


def carried_out(task: Task, **cursor: Any) -> None:
    """Note that the task itself has nothing left to do; it completes when its items have closed."""
    task.cursor = {**task.cursor, **cursor, "carried_out": True}
    task.save(update_fields=["cursor"])


def summary(task: Task) -> str:
    """One line with every count that is not zero, after what the task is to say of itself; never just "completed"."""
    parts = [
        f"{number:,} {word}"
        for number, word in ((task.succeeded, "done"), (task.failed, "failed"), (task.skipped, "skipped"))
        if number
    ]
    told = ", ".join(parts) or "nothing to do"
    if task.failed and "told_failed" in task.params:
        return f"{task.params['told_failed'].format(n=f'{task.failed:,}')} {told}"
    return f"{task.params['told']} {told}" if task.succeeded and "told" in task.params else told
