"""What a lane does: the functions a domain hands to the engine, and the small documents that pass between them."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

from twinshelf.documents import AnyChange, Finding, Plan


@dataclass(frozen=True)
class LaneRef:
    """A lane as its flow sees it. `owner_id` is the id of the store or connection it belongs to."""

    id: int
    account_id: int
    kind: str
    owner: str

    @property
    def owner_id(self) -> int:
        """The number in `owner`: 3 for `store:3`."""
        return int(self.owner.partition(":")[2])


@dataclass(frozen=True)
class Ask:
    """One claimed mark: a key to reconcile, why it was asked for, and how often it has failed in a row."""

    key: str
    generation: int
    reason: str
    attempts: int
    asked_at: datetime | None = None
    """When it was last asked for, on our clock; None for a look without a mark."""


OutcomeState = Literal["applied", "parked", "retry", "held"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one plan.

    applied: every change was made (or there was none). parked: only a person can help; see `findings`.
    retry: try again in `wait_seconds` (None: by the flow's back-off). held: the whole lane must wait.
    """

    key: str
    generation: int
    state: OutcomeState
    findings: tuple[Finding, ...] = ()
    wait_seconds: float | None = None
    text: str = ""
    attempts: int = 0


def backoff(attempt: int) -> float | None:
    """Seconds before try `attempt` + 1: 2, 4, 8 … up to ten minutes, each ± 25 %.

    Without end: state-based work may always be tried again.
    """
    return min(600.0, 2.0 ** (1 + min(attempt, 9))) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter


def nothing_before(_lane: LaneRef, _plans: Sequence[Plan]) -> None:
    """A flow whose changes all set what should be needs no note of them beforehand."""


def nothing_to_keep(_lane: LaneRef) -> None:
    """A flow whose changes record what they made by themselves."""


def nothing_after(_lane: LaneRef, _outcomes: Sequence[Outcome]) -> None:
    """A flow that has nothing to finish for the batch as a whole."""


@dataclass(frozen=True)
class Flow:
    """How one kind of lane reconciles a batch of keys.

    `draft_many` reads both sides in bulk and plans; it may store what it read. `apply` makes one change, is safe to
    repeat, and returns a few words for the record. `before` makes durable that these plans are about to go out, for
    changes whose outcome may stay unknown. `keep` records what the changes of a batch made, in bulk, in the transaction
    that stores their outcomes. `after` finishes the batch as a whole (bulk calls). `retry_seconds` gives the wait after
    the n-th failure in a row; None means that a person must look (`gave_up` says what then happens).
    """

    kind: str
    draft_many: Callable[[LaneRef, Sequence[Ask]], Sequence[Plan]]
    apply: Callable[[LaneRef, str, AnyChange], str]
    before: Callable[[LaneRef, Sequence[Plan]], None] = nothing_before
    keep: Callable[[LaneRef], None] = nothing_to_keep
    after: Callable[[LaneRef, Sequence[Outcome]], None] = nothing_after
    gave_up: Callable[[LaneRef, Sequence[Outcome]], None] = nothing_after
    batch: int = 50
    gather_seconds: float = 0.0
    """How long a batch that was not full is waited for others: what comes in a burst is then read together."""
    threads: int = 8
    retry_seconds: Callable[[int], float | None] = backoff
    queue: str = "sync"
    record: bool = True
    """Whether changes go into the change record (plans without outward changes have none)."""


T = TypeVar("T")


class Batches(Generic[T]):
    """What the changes of one batch share and have made so far, for each lane at work in this process.

    For flows whose `apply` writes nothing by itself: its threads note on the batch what `keep` then records.
    """

    def __init__(self, make: Callable[[LaneRef], T]) -> None:
        self._make = make
        self._under_way: dict[int, T] = {}
        self._lock = threading.Lock()

    def begin(self, lane: LaneRef) -> T:
        """A batch for the lane, in place of one whose worker died."""
        batch = self._make(lane)
        self._under_way[lane.id] = batch
        return batch

    def of(self, lane: LaneRef) -> T:
        """The lane's batch; begun if this process did not do it (another one made the draft)."""
        with self._lock:
            found = self._under_way.get(lane.id)
            return self.begin(lane) if found is None else found

    def end(self, lane: LaneRef) -> T | None:
        """The lane's batch, forgotten here. None if nothing was changed."""
        return self._under_way.pop(lane.id, None)


@dataclass
class Flows:
    """The flows by kind of lane, and the tasks and schedules by name: filled once, by `wiring`."""

    flows: dict[str, Flow] = field(default_factory=dict)
    tasks: dict[str, Callable[..., bool]] = field(default_factory=dict)
    """Task kind → function(task) that does a slice of its work and says whether more is left."""
    schedules: dict[str, Callable[[int, str], None]] = field(default_factory=dict)
    """Schedule kind → function(account id, owner) that asks for what is due. It must be quick."""

    def install(
        self,
        flows: Sequence[Flow],
        tasks: Mapping[str, Callable[..., bool]],
        schedules: Mapping[str, Callable[[int, str], None]],
    ) -> None:
        """Replace what is known by these. Repeating it changes nothing."""
        self.flows = {flow.kind: flow for flow in flows}
        self.tasks = dict(tasks)
        self.schedules = dict(schedules)


installed = Flows()
