"""What may be known about tasks, problems, webhooks and changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db.models import Count, Max, Min, QuerySet, TextField
from django.db.models.functions import Cast
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf import messages
from twinshelf.kit import clock
from twinshelf.kit.actions import Action, Permission
from twinshelf.kit.paging import SIZE, Page, in_order, page_of_ids
from twinshelf.sync.models import (
    AttemptRow,
    ChangeRecord,
    ExecutorLease,
    InboxEvent,
    Lane,
    Mark,
    Problem,
    Task,
    TaskItem,
    TaskState,
)
from twinshelf.sync.problems import OWNER_KEY

UNFINISHED = (TaskState.QUEUED, TaskState.RUNNING)
PRODUCT_KINDS = ("listing", "price", "stock", "visibility", "product")
SHOP_PRODUCT_KINDS = ("incoming",)
"""Kinds of lanes whose keys are ids of the shop's products."""
ORDER_KINDS = ("order", "shipment", "package", "cancellation", "return", "reference")
"""Kinds of lanes whose keys are product ids, and those whose keys are TikTok order ids."""
PRODUCT_CHANGES = (
    "CreateListing", "EditContent", "SetPrices", "SetStock", "PutInWarehouses", "DeactivateListing", "ActivateListing",
    "DeleteListing", "RecoverListing",
)  # fmt: skip
ORDER_CHANGES = (
    "CreateStoreOrder", "MoveStock", "ReferenceOrder", "SetStoreStatus", "SetStoreAddress", "ReportShipment",
    "CorrectShipment", "ShipStoreOrder", "CorrectStoreShipment", "CancelShopOrder", "CancelStoreOrder", "CancelDouble",
    "AnswerCancellation", "DecideReturn", "RefundStoreOrder", "PutBackStock",
)  # fmt: skip

_UNFINISHED_FOR = timedelta(days=30)
_EVENTS_LOOKED_THROUGH = 20_000


def latest_tasks(limit: int) -> list[Task]:
    """The tasks submitted last, newest first."""
    return list(Task.objects.order_by("-created_at")[:limit])


def workers_alive() -> int:
    """How many workers of this installation have given a sign of life within ten seconds."""
    return ExecutorLease.objects.filter(beat_at__gt=clock.now() - timedelta(seconds=10)).count()


def marks_due(within_seconds: float) -> int:
    """How many keys are asked for that are due by then."""
    return Mark.objects.filter(due_at__lte=clock.after(within_seconds)).count()


def lanes_awake() -> int:
    """How many lanes are being worked off, or wait for a worker."""
    return Lane.objects.filter(awake=True).count()


def stuck_lanes() -> int:
    """How many lanes have been awake for more than five minutes."""
    return Lane.objects.filter(awake=True, woken_at__lt=clock.now() - timedelta(minutes=5)).count()


def held_owners() -> list[Problem]:
    """The open problems that hold all work of a store or a connection, with their lanes, oldest first."""
    rows = Problem.objects.filter(closed_at=None, blocking=True, key=OWNER_KEY)
    return list(rows.select_related("lane").order_by("id"))


def blocked_keys() -> int:
    """How many keys are blocked by a problem, apart from those of a whole store or connection."""
    return Problem.objects.filter(closed_at=None, blocking=True).exclude(key=OWNER_KEY).count()


def owner_ref(kind: str, id: int) -> str:
    """How lanes, tasks and schedules name a store or a connection: `store:3`."""
    return f"{kind}:{id}"


def owner_id(owner: str) -> int:
    """The id in an owner reference; 0 if it has none."""
    number = owner.partition(":")[2]
    return int(number) if number.isdecimal() else 0


# -- tasks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far a task is. `total` None: not known yet. `seconds_left` None: too early to say."""

    done: int
    failed: int
    total: int | None
    per_minute: int | None
    seconds_left: int | None

    started: bool = True

    @property
    def percent(self) -> int:
        """Whole percent of the items that have ended; 0 while the total is unknown."""
        return min(100, 100 * self.done // self.total) if self.total else 0


def progress(task: Task) -> Progress:
    """How far a task is, how fast it goes and how long it will take at that pace."""
    seconds = ((task.finished_at or clock.now()) - task.started_at).total_seconds() if task.started_at else 0.0
    rate = task.done / seconds if seconds > 1 and task.done else None
    left = int((task.total - task.done) / rate) if rate and task.total is not None and task.total > task.done else None
    return Progress(
        task.done, task.failed, task.total, round(rate * 60) if rate else None, left, task.state != TaskState.QUEUED
    )


def unfinished_tasks() -> list[Task]:
    """Tasks queued or running, newest first."""
    return list(
        Task.objects.filter(created_at__gte=clock.now() - _UNFINISHED_FOR, state__in=UNFINISHED)
        .select_related("by")
        .order_by("-created_at")[:50]
    )


def finished_tasks(*, kind: str = "", number: int = 1, size: int = SIZE) -> Page[Task]:
    """Tasks that have ended, newest first; those of one kind if given."""
    tasks = Task.objects.exclude(state__in=UNFINISHED)
    if kind:
        tasks = tasks.filter(kind=kind)
    page = page_of_ids(tasks, "created_at", descending=True, total=tasks.count(), number=number, size=size)
    return page.of(lambda ids: in_order(Task.objects.select_related("by").defer("cursor"), ids))


def recent_tasks(limit: int = 4) -> list[Task]:
    """The newest finished tasks."""
    tasks = Task.objects.exclude(state__in=UNFINISHED).select_related("by").defer("cursor")
    return list(tasks.order_by("-created_at")[:limit])


def task_or_404(task_id: int) -> Task:
    """A task of the account. Raises Http404."""
    return get_object_or_404(Task.objects.select_related("by"), id=task_id)


def items_of(task: Task, *, state: str = "", number: int = 1, size: int = SIZE) -> Page[TaskItem]:
    """The items of a task in the order they were asked for; those of one outcome if given."""
    items = TaskItem.objects.filter(task=task)
    if state:
        items = items.filter(state=state)
    page = page_of_ids(items, "id", descending=False, total=items.count(), number=number, size=size)
    return page.of(lambda ids: in_order(TaskItem.objects.select_related("lane"), ids))


def item_counts(task: Task) -> dict[str, int]:
    """How many items of a task there are by outcome."""
    return dict(TaskItem.objects.filter(task=task).values_list("state").annotate(Count("id")))


def every_item(task: Task) -> Iterator[TaskItem]:
    """All items of a task, read little by little: for files."""
    return TaskItem.objects.filter(task=task).select_related("lane").order_by("id").iterator(chunk_size=1000)


def find_tasks(text: str, limit: int = 5) -> list[Task]:
    """Recent tasks whose number is `text`, or whose title contains it."""
    if text.isdecimal() and (exact := Task.objects.filter(id=int(text[:15])).defer("cursor").first()):
        return [exact]
    recent = Task.objects.filter(created_at__gte=clock.now() - timedelta(days=90), title__icontains=text)
    return list(recent.defer("cursor").order_by("-created_at")[:limit])


# -- proof ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """What the newest full check of every connection found, taken together. `at` is the oldest of them."""

    at: datetime
    compared: int
    left_out: int
    """What was not compared; the report of each task says why."""
    differences: tuple[dict[str, str], ...]
    tasks: tuple[int, ...]

    def count(self, kind: str) -> int:
        """How many differences there are of a kind."""
        return sum(1 for difference in self.differences if difference.get("kind") == kind)


def last_proof(owners: Sequence[str]) -> Proof | None:
    """The newest finished check of these owners; None if none was ever finished."""
    reports: list[tuple[Task, dict[str, Any]]] = []
    for owner in owners:
        task = Task.objects.filter(kind="prove", owner=owner, state=TaskState.COMPLETED).order_by("-created_at").first()
        if task is not None and "report" in task.cursor:
            reports.append((task, task.cursor["report"]))
    if not reports:
        return None
    return Proof(
        at=min(clock.parse(report["at"]) for _task, report in reports),
        compared=sum(report["compared"] for _task, report in reports),
        left_out=sum(report.get("left_out", 0) for _task, report in reports),
        differences=tuple(difference for _task, report in reports for difference in report["differences"]),
        tasks=tuple(task.id for task, _report in reports),
    )


# -- problems -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProblemGroup:
    """Open problems of one kind of lane and one code. `text` is the one cause, or an example of several."""

    kind: str
    code: str
    count: int
    one_cause: bool
    text: str
    key: str
    owners: tuple[str, ...]
    newest: datetime


def asked_keys(owners: Sequence[str], kinds: Sequence[str]) -> dict[str, datetime]:
    """The keys that lanes of these owners and kinds are asked for, and since when they last were."""
    marks = Mark.objects.filter(lane__owner__in=owners, lane__kind__in=kinds)
    return dict(marks.order_by("asked_at").values_list("key", "asked_at"))


def attempted_keys(owners: Sequence[str], kinds: Sequence[str], *, before: datetime) -> set[str]:
    """The keys of lanes of these owners and kinds with a call made before then whose outcome is not known."""
    noted = AttemptRow.objects.filter(lane__owner__in=owners, lane__kind__in=kinds, made_at__lte=before)
    return set(noted.values_list("key", flat=True))


def tasks_not_ended(owners: Sequence[str], *, before: datetime) -> list[Task]:
    """The tasks of these owners that were submitted before then and have not ended, the oldest first."""
    tasks = Task.objects.filter(owner__in=owners, created_at__lte=before, state__in=UNFINISHED)
    return list(tasks.order_by("created_at", "id"))


def open_codes(account_id: int, owner: str, kind: str) -> dict[str, str]:
    """The code of an open problem of each key of a lane that has one: one that stops it, if there is one."""
    found = Problem.objects.filter(account_id=account_id, lane__owner=owner, lane__kind=kind, closed_at=None)
    return dict(found.order_by("blocking", "-id").values_list("key", "code"))


def problem_groups() -> list[ProblemGroup]:
    """What only a person can put right, by kind and code, the most frequent first."""
    facts = Cast("facts", TextField())
    rows = (
        Problem.objects.filter(closed_at=None, blocking=True)
        .values("lane_id", "code")
        .annotate(count=Count("id"), least=Min(facts), most=Max(facts), sample=Min("id"), newest=Max("opened_at"))
    )
    lanes = {lane.id: lane for lane in Lane.objects.filter(id__in={row["lane_id"] for row in rows})}
    samples = Problem.objects.in_bulk([row["sample"] for row in rows])
    merged: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        merged.setdefault((lanes[row["lane_id"]].kind, row["code"]), []).append(row)
    groups = []
    for (kind, code), same in merged.items():
        sample = samples[same[0]["sample"]]
        causes = {cause for row in same for cause in (row["least"], row["most"])}
        groups.append(
            ProblemGroup(
                kind=kind,
                code=code,
                count=sum(row["count"] for row in same),
                one_cause=len(causes) == 1,
                text=messages.text(sample),
                key=sample.key,
                owners=tuple(sorted(lanes[row["lane_id"]].owner for row in same)),
                newest=max(row["newest"] for row in same),
            )
        )
    return sorted(groups, key=lambda group: (-group.count, group.kind, group.code))


def problems(*, kind: str = "", code: str = "", number: int = 1, size: int = SIZE) -> Page[Problem]:
    """Open problems one by one, newest first; of one kind of lane and one code if given."""
    rows = Problem.objects.filter(closed_at=None)
    if kind:
        rows = rows.filter(lane__kind=kind)
    if code:
        rows = rows.filter(code=code)
    page = page_of_ids(rows, "opened_at", descending=True, total=rows.count(), number=number, size=size)
    return page.of(lambda ids: in_order(Problem.objects.select_related("lane"), ids))


def problem_or_404(problem_id: int) -> Problem:
    """An open problem of the account with its lane. Raises Http404."""
    return get_object_or_404(Problem.objects.select_related("lane"), id=problem_id, closed_at=None)


def open_problems(kinds: Sequence[str], owners: Sequence[str], *, code: str = "") -> QuerySet[Problem]:
    """Open problems of these lanes; of one code if given."""
    lane_ids = list(Lane.objects.filter(kind__in=kinds, owner__in=owners).values_list("id", flat=True))
    problems = Problem.objects.filter(lane_id__in=lane_ids, closed_at=None)
    return problems.filter(code=code) if code else problems


def problems_of(
    keys: Sequence[str], kinds: Sequence[str], owners: Sequence[str]
) -> dict[tuple[str, str], list[Problem]]:
    """Open problems of these keys by (owner, key), blocking ones first."""
    found: dict[tuple[str, str], list[Problem]] = {}
    rows = open_problems(kinds, owners).filter(key__in=keys).select_related("lane").order_by("-blocking", "code", "id")
    for problem in rows:
        found.setdefault((problem.lane.owner, problem.key), []).append(problem)
    return found


def asked_for(keys: Sequence[str], kinds: Sequence[str], owners: Sequence[str]) -> set[tuple[str, str]]:
    """(owner, key) of those of these keys that a lane of these kinds is still to look at."""
    lanes = dict(Lane.objects.filter(kind__in=kinds, owner__in=owners).values_list("id", "owner"))
    rows = Mark.objects.filter(lane_id__in=lanes, key__in=keys)
    return {(lanes[lane_id], key) for lane_id, key in rows.values_list("lane_id", "key")}


def same_problem(problem: Problem) -> int:
    """How many open problems of the same lane have the same code and facts."""
    return _same(problem).count()


def keys_with_same(problem: Problem) -> QuerySet[Problem, str]:
    """What `same_problem` counts, by key: a query that another one may have within it."""
    return _same(problem).values_list("key", flat=True)


def _same(problem: Problem) -> QuerySet[Problem]:
    return Problem.objects.filter(lane=problem.lane, closed_at=None, code=problem.code, facts=problem.facts)


# -- what happened --------------------------------------------------------------------------------------------------


def changes_of(key: str, kinds: Sequence[str], owners: Sequence[str], limit: int = 20) -> list[ChangeRecord]:
    """Outward changes made for a key, newest first."""
    rows = ChangeRecord.objects.filter(kind__in=kinds, key=key).select_related("lane").order_by("-at", "-id")
    return [row for row in rows[: 4 * limit] if row.lane is None or row.lane.owner in owners][:limit]


def events_of(subjects: Sequence[str], limit: int = 20) -> list[InboxEvent]:
    """Webhooks about one of these subjects among the newest ones received (older ones are in the log)."""
    newest = InboxEvent.objects.order_by("-id").values_list("id", flat=True).first()
    if newest is None:
        return []
    recent = InboxEvent.objects.filter(id__gt=newest - _EVENTS_LOOKED_THROUGH, subject__in=[s for s in subjects if s])
    return list(recent.order_by("-received_at", "-id")[:limit])


def inbox(*, source: str = "", outcome: str = "", number: int = 1, size: int = SIZE) -> Page[InboxEvent]:
    """Webhooks as they came in, newest first."""
    events = InboxEvent.objects.all()
    if source:
        events = events.filter(source=source)
    if outcome:
        events = events.filter(outcome=outcome)
    page = page_of_ids(events, "received_at", descending=True, total=events.count(), number=number, size=size)
    return page.of(lambda ids: in_order(InboxEvent.objects.all(), ids))


def changes(*, kind: str = "", ok: bool | None = None, number: int = 1, size: int = SIZE) -> Page[ChangeRecord]:
    """Outward changes that were made or refused, newest first."""
    records = ChangeRecord.objects.all()
    if kind:
        records = records.filter(kind=kind)
    if ok is not None:
        records = records.filter(ok=ok)
    page = page_of_ids(records, "at", descending=True, total=records.count(), number=number, size=size)
    return page.of(lambda ids: in_order(ChangeRecord.objects.select_related("lane"), ids))


# -- what may be done -----------------------------------------------------------------------------------------------

WHOLE_LANE: Final = "*"
"""The key of problems that concern a store or a shop as a whole, such as rejected credentials."""


def actions_for(problem: Problem, *, about: str = "") -> tuple[Action, ...]:
    """What may be done about an open problem. `about` is what its key is called."""
    found = []
    confirm = messages.message(problem.code).confirm
    if confirm:
        sent = (("code", problem.code), ("problem", problem.id))
        found.append(Action(id="problem.confirm", label=_(confirm), about=about, sent=sent, tone="primary"))
    if problem.key != WHOLE_LANE:
        found.append(Action(id="problem.retry", label=_("Try again"), about=about, args=(problem.id,)))
    return tuple(found)


def actions_for_group(kind: str, code: str, count: int) -> tuple[Action, ...]:
    """What may be done about all open problems of a kind of lane and a code at once."""
    if count < 2:
        return ()
    sent, number = (("kind", kind), ("code", code)), {"n": f"{count:,}"}
    if messages.message(code).confirm:
        return (
            Action(
                id="problem.confirm",
                label=_("Confirm all %(n)s") % number,
                sent=sent,
                tone="primary",
                confirm=_("They are sent as they are. This cannot be undone here."),
            ),
        )
    return (Action(id="problem.retry_group", label=_("Try all %(n)s") % number, sent=sent),)


def actions_for_task(task: Task) -> tuple[Action, ...]:
    """What may be done about any task, whatever it does."""
    found = []
    if TaskItem.objects.filter(task=task).exists():
        label = _("Download CSV")
        found.append(Action(id="task.items", label=label, args=(task.id,), method="get", permission=Permission.VIEW))
    if may_run_again(task):
        failed = item_counts(task).get("failed", 0) if asks_lanes(task) else 0
        again = _("Run again for %(n)s failed") % {"n": f"{failed:,}"} if failed else _("Run again")
        found.append(Action(id="task.again", label=again, args=(task.id,), tone="primary"))
    if is_unfinished(task):
        found.append(Action(id="task.cancel", label=_("Cancel task"), args=(task.id,), tone="danger"))
    return tuple(found)


def asks_lanes(task: Task) -> bool:
    """Whether a task asks lanes for its items, rather than doing its work itself (a pull, a check)."""
    return task.kind.startswith("ask_")


def may_run_again(task: Task) -> bool:
    """Whether a task has ended with something failed, or not at all, so that it is worth another run."""
    if is_unfinished(task):
        return False
    if asks_lanes(task):
        return TaskItem.objects.filter(task=task, state="failed").exists()
    return task.failed > 0 or task.state in {TaskState.FAILED, TaskState.CANCELLED}


def is_unfinished(task: Task) -> bool:
    """Whether a task waits or runs."""
    return task.state in UNFINISHED


def was_not_carried_out(task: Task) -> bool:
    """Whether a task ended without its items having been asked for."""
    return task.state == TaskState.FAILED


def keys_of(task: Task, state: Literal["waiting", "succeeded", "failed", "skipped"]) -> list[str]:
    """The keys of a task's items of one outcome, each once, in the order they were asked for."""
    keys = TaskItem.objects.filter(task=task, state=state).order_by("id").values_list("key", flat=True)
    return list(dict.fromkeys(keys))
