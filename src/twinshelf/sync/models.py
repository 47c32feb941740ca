"""The engine's tables: lanes, marks, attempts, problems, tasks, the inbox, the change record, executor leases."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models

from twinshelf import messages
from twinshelf.accounts.models import Account, AccountModel
from twinshelf.kit import clock


def new_token() -> str:
    """Eight characters that no other lane's epoch or task has."""
    return secrets.token_hex(4)


class Lane(models.Model):
    """One kind of thing of one owner, drained in batches by one drain at a time.

    Not scoped by account on purpose: the sweep and the workers look at all lanes. `epoch` counts wakings; `turn` counts
    batches begun and fences off a worker that was taken for dead: only the last one may send. `due_at` is when a
    sleeping lane wants to be woken; `held_until` keeps it asleep (empty budget, credentials rejected) whoever asks.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    owner = models.CharField(max_length=60)
    """`store:<id>` or `connection:<id>`."""
    awake = models.BooleanField(default=False)
    epoch = models.IntegerField(default=0)
    turn = models.BigIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    woken_at = models.DateTimeField(null=True)
    resting = models.BooleanField(default=False, db_default=False)
    """It stays asleep, whoever asks and however long, until `lanes.begin`."""
    started = models.BooleanField(default=False)
    """Whether a worker has taken this epoch. Until then it stands here for any of them."""
    token = models.CharField(max_length=8, blank=True)
    """Made anew with each epoch, and part of the drain's name: a database restored from a backup counts its epochs a
    second time, and the engine must not take them for what it has done already."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "kind", "owner"], name="lane_once")]
        indexes: ClassVar = [
            models.Index(fields=["awake", "due_at"], name="lane_dispatch"),
            models.Index(fields=["woken_at"], condition=models.Q(awake=True, started=False), name="lane_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.owner}"


class Mark(AccountModel):
    """A key that is asked for: one row per thing, however often it is asked. `generation` counts the asks."""

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="marks")
    key = models.CharField(max_length=120)
    generation = models.BigIntegerField(default=1)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    priority = models.SmallIntegerField(default=5)
    attempts = models.IntegerField(default=0)
    """Failures in a row."""
    begun = models.SmallIntegerField(default=0, db_default=0)
    """Batches in a row that took it and did not come to their end: they killed their process, or were not recorded."""
    signals = models.IntegerField(default=0)
    """`flows.Signal`: what the flow is told. Asking again adds to them."""
    cause = models.CharField(max_length=60, blank=True)
    """Why it was asked for, in words for people. No code reads it."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["lane", "key"], name="mark_once")]
        indexes: ClassVar = [models.Index(fields=["lane", "priority", "due_at"], name="mark_claim")]

    def __str__(self) -> str:
        return self.key


class AttemptRow(AccountModel):
    """The note of a call that must not happen twice, made before it and kept until its outcome is known.

    `name` tells the calls of one key apart; `token` is sent along where a platform takes an idempotency key. Before
    `over_at` the call may still be on its way, whoever made it; after it, the platform tells whether it arrived.
    """

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=80)
    token = models.CharField(max_length=64)
    epoch = models.IntegerField()
    made_at = models.DateTimeField(default=clock.now)
    over_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["lane", "key", "name"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.key}"


class Agreement(AccountModel):
    """What a person has agreed to be sent for a key: digests of its changes, until the key is done with."""

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    digests = models.JSONField(default=list)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["lane", "key"], name="agreement_once")]

    def __str__(self) -> str:
        return self.key


class Problem(AccountModel):
    """Something that only a person can put right, until it is. One open problem per (lane, key, code)."""

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    code = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    """What the text of the code in `messages` names."""
    blocking = models.BooleanField(default=True)
    waits_for = models.TextField(blank=True)
    confirmed_at = models.DateTimeField(null=True)
    """When a person said that what it holds back is meant. Lets through nothing but that."""
    opened_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lane", "key", "code"], condition=models.Q(closed_at=None), name="problem_open_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "closed_at", "code"], name="problem_list"),
            models.Index(
                fields=["account"], condition=~models.Q(waits_for="") & models.Q(closed_at=None), name="problem_waiting"
            ),
        ]

    def __str__(self) -> str:
        return messages.text(self)


class TaskState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Task(AccountModel):
    """Something a person submitted. `state` says whether it was carried out; the counts what came of the items."""

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    owner = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")
    params = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.QUEUED)
    total = models.IntegerField(null=True)
    succeeded = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    summary = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    started = models.BooleanField(default=False)
    """Whether a worker has taken it. Until then it stands here for any of them."""
    token = models.CharField(max_length=8, default=new_token)
    """Part of the name of its work, as a lane's."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "-created_at"], name="task_recent"),
            models.Index(fields=["id"], condition=models.Q(started=False), name="task_not_started"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def done(self) -> int:
        """How many items have ended, well or not."""
        return self.succeeded + self.failed + self.skipped


class TaskItem(AccountModel):
    """One thing a task asked for. Waits for the lane to close its key, then keeps the outcome."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="items")
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    state = models.CharField(
        max_length=10,
        choices=[("waiting", "Waiting"), ("succeeded", "Done"), ("failed", "Failed"), ("skipped", "Skipped")],
        default="waiting",
    )
    text = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["task", "lane", "key"], name="task_item_once")]
        indexes: ClassVar = [
            models.Index(fields=["lane", "key"], condition=models.Q(state="waiting"), name="task_item_waiting")
        ]

    def __str__(self) -> str:
        return self.key


class InboxEvent(AccountModel):
    """A webhook as it came in, on disk before it is acknowledged: what it is about, and what was made of it.

    The body is not kept: it is a hint, the platforms are read anew, and some bodies carry buyer data.
    """

    source = models.CharField(max_length=20)
    dedupe = models.CharField(max_length=100)
    topic = models.CharField(max_length=80)
    subject = models.CharField(max_length=120, blank=True)
    outcome = models.CharField(max_length=20, default="applied")
    """applied: marks were made · duplicate · ignored (with `reason`)."""
    reason = models.CharField(max_length=120, blank=True)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "source", "dedupe"], name="inbox_once")]
        indexes: ClassVar = [models.Index(fields=["account", "-received_at"], name="inbox_recent")]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject}"


class ChangeRecord(AccountModel):
    """One outward change that was made (or refused), kept for good: what caused it, what was sent, what came back.

    Append-only. Holds no buyer data: changes to orders name ids only.
    """

    lane = models.ForeignKey(Lane, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    cause = models.CharField(max_length=120, blank=True)
    change = models.JSONField(default=dict)
    ok = models.BooleanField()
    answer = models.TextField(blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "kind", "key", "-at"], name="change_by_key"),
            models.Index(fields=["account", "-at"], name="change_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Schedule(AccountModel):
    """Something asked for on a timetable: `kind` names what (see wiring), `owner` of what, `every` seconds."""

    kind = models.CharField(max_length=40)
    owner = models.CharField(max_length=60)
    every_seconds = models.IntegerField()
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "kind", "owner"], name="schedule_once")]
        indexes: ClassVar = [models.Index(fields=["next_at"], name="schedule_due")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.owner}"


class ExecutorLease(models.Model):
    """A worker process's claim on its slot. Belongs to no account. A lease not beaten for a few seconds is dead."""

    slot = models.CharField(max_length=60, primary_key=True)
    holder = models.CharField(max_length=64)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slot
