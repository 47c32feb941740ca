"""What a lane does: the four functions a domain hands to the engine, and the small documents that pass between them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntFlag
from typing import Any, Generic, Literal, TypeVar

import msgspec

from twinshelf.documents import AnyChange, Finding, Plan

ORDERS, SYNC, BULK = "orders", "sync", "bulk"
"""The engine's queues, the most urgent first. Few, since each is polled."""


@dataclass(frozen=True)
class LaneRef:
    """A lane as its flow sees it. `owner` is `store:<id>` or `connection:<id>`."""

    id: int
    account_id: int
    kind: str
    owner: str

    @property
    def owner_id(self) -> int:
        """The number in `owner`: 3 for `store:3`."""
        return int(self.owner.partition(":")[2])


class Signal(IntFlag):
    """What a mark tells its flow beside that its key must be looked at. Signals of one mark join."""

    NONE = 0
    LOOK = 1
    """Something changed on the other side, so its last reading is not good enough: read it first."""
    BLAMED = 2
    """The engine's own: it failed while others of its batch got through, so its failures are its own."""
    SOLD = 4
    """The store said that orders moved its stock."""
    RESEND = 16
    """Send it even where the other side shows it already."""
    AGREED = 32
    """A person has seen what would be sent: nothing but that is (`agreements`)."""
    CANCELLED = 8
    """An order was cancelled in the shop, which may have put its units on offer again."""


@dataclass(frozen=True)
class Ask:
    """One claimed mark: a key to reconcile and how often it has failed in a row.

    `cause` says in words for people why; it goes into the change record and decides nothing.
    """

    key: str
    generation: int
    cause: str
    attempts: int
    asked_at: datetime | None = None
    """When it was last asked for, on our clock; None for a look without a mark."""
    priority: int = 5
    signals: Signal = Signal.NONE
    begun: int = 0
    """Batches in a row before this one that took it and did not come to their end."""


@dataclass(frozen=True)
class Attempt:
    """The note of a call that must not happen twice, made before it.

    `first`: no earlier try can have had an effect. Otherwise the flow looks at the platform before it sends again.
    `token` is the same at every try, for platforms that take an idempotency key.
    """

    token: str
    first: bool


@dataclass
class Batch:
    """One drain's batch of keys. Flows extend it by what its observing, applying and recording share.

    Made for each batch and gone with it: nothing of a drain lives longer. `preview`: nothing is written or sent.
    """

    lane: LaneRef
    asks: Mapping[str, Ask]
    preview: bool = False
    attempted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(key, name of the change) → token of calls made earlier whose outcome is not known."""
    confirmed: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """(key, code) → facts of problems that a person has confirmed: what these say may pass, and nothing else."""

    def signalled(self, key: str, signal: Signal) -> bool:
        """Whether somebody who asked for the key gave this signal."""
        return signal in self.asks[key].signals


OutcomeState = Literal["applied", "parked", "retry", "held"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one plan.

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
    begun: int = 0
    """Of a retry: how many batches in a row have not come to their end with it."""
    ends: bool = False
    """Of a retry: the flow's own tries are used up, so it is parked unless the platform as a whole is away."""
    away: bool = False
    """Of a retry, or what was given up: nothing of its batch got through, and it does not say how long to wait:
    the platform may be away."""
    blamed: bool = False
    """Of a retry: others of its batch got through."""


@dataclass(frozen=True)
class Made:
    """The result of one change: a few words for the change record, and what `record` is to keep of it."""

    text: str
    kept: Any = None


@dataclass(frozen=True)
class Done:
    """One change of a plan that was tried. `made` is None where it failed; then `error` says how."""

    change: AnyChange
    made: Made | None
    error: Exception | None = None

    @property
    def unknown(self) -> bool:
        """Whether it may have taken effect although no answer arrived."""
        return self.error is not None and getattr(self.error, "outcome_unknown", False)


S = TypeVar("S")
B = TypeVar("B", bound=Batch)


@dataclass(frozen=True)
class Closed(Generic[S]):
    """A key of the batch at its end: what was seen, what was planned, and what was done of it."""

    key: str
    seen: S
    plan: Plan
    done: tuple[Done, ...]
    outcome: Outcome

    @property
    def failed(self) -> Done | None:
        """The change that failed, if one did; those after it were not tried."""
        return self.done[-1] if self.done and self.done[-1].error is not None else None


MOST_TRIES = 20
"""Of what fails by itself while others get through: about two hours, then a person is told."""


def backoff(attempt: int) -> float | None:
    """Seconds before try `attempt` + 1: 2, 4, 8 … up to ten minutes, each ± 25 %; None after MOST_TRIES tries."""
    if attempt + 1 >= MOST_TRIES:
        return None
    return min(600.0, 2.0 ** (1 + min(attempt, 9))) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter


def no_change(_batch: Any, change: AnyChange, _attempt: Attempt) -> Made:
    """`apply` of flows that only read. Raises TypeError: a plan with a change in it is a bug."""
    msg = f"{type(change).__name__} is not a change of this lane"
    raise TypeError(msg)


def nothing_to_record(_batch: Any, _closed: Sequence[Closed[Any]]) -> None:
    """`record` of flows whose observing has stored everything."""


def nothing_to_park(_lane: LaneRef, _keys: Sequence[str]) -> None:
    """`parked` of flows that keep no state of what they work on."""


def nothing_to_hold(_lane: LaneRef, *, held: bool) -> None:
    """`holding` of flows that keep no state of what they work on."""


@dataclass(frozen=True)
class Flow(Generic[B, S]):
    """How one kind of lane reconciles a batch of keys.

    `batch` opens what the four share. `observe` reads both sides in bulk and stores what it saw (unless it is a
    preview); keys it leaves out are closed with nothing to do. `plan` is pure. `apply` makes one change by one outward
    call; told of an attempt whose outcome is unknown, it looks first. `apply_together` takes the place of `apply` where
    one call serves up to `together` keys. `record` keeps what was made, in one transaction with the change record.
    `parked` is told of the keys that rest until a person helps, even those that could not be observed or whose work
    crashed; it may be told twice. `holding` is told that nothing of the lane gets through (`held`), which is told to
    people by then, and that it does again; both may be told twice. `retry_seconds` gives the wait after the n-th
    failure in a row; None means that a person must look. It does not count against a key that the platform as a whole
    is away, or that a failure names its own wait.
    """

    kind: str
    batch: Callable[..., B]
    observe: Callable[[B, Sequence[str]], Mapping[str, S]]
    plan: Callable[[S], Plan]
    apply: Callable[[B, AnyChange, Attempt], Made] = no_change
    record: Callable[[B, Sequence[Closed[S]]], None] = nothing_to_record
    apply_together: Callable[[B, Sequence[tuple[str, AnyChange]]], Mapping[str, Made | Exception]] | None = None
    together: int = 1
    size: int = 50
    gather_seconds: float = 0.0
    """How long a batch that was not full is waited for others: what comes in a burst is then read together."""
    retry_seconds: Callable[[int], float | None] = backoff
    queue: str = SYNC
    parked: Callable[[LaneRef, Sequence[str]], None] = nothing_to_park
    holding: Callable[..., None] = nothing_to_hold

    @property
    def sends(self) -> bool:
        """Whether it changes anything outside, or only reads."""
        return self.apply is not no_change or self.apply_together is not None


AnyFlow = Flow[Any, Any]


@dataclass
class Flows:
    """The flows by kind of lane, and the tasks and timetables by name: filled once, by `wiring`."""

    flows: dict[str, AnyFlow] = field(default_factory=dict)
    tasks: dict[str, Callable[..., bool]] = field(default_factory=dict)
    """Task kind → function(task) that does a slice of its work and says whether more is left."""
    schedules: dict[str, Callable[[int, str], None]] = field(default_factory=dict)
    """Timetable → function(account id, owner) that asks for what is due. It must be quick."""

    def install(
        self,
        flows: Sequence[AnyFlow],
        tasks: Mapping[str, Callable[..., bool]],
        schedules: Mapping[str, Callable[[int, str], None]],
    ) -> None:
        """Replace what is known by these. Repeating it changes nothing."""
        self.flows = {flow.kind: flow for flow in flows}
        self.tasks = dict(tasks)
        self.schedules = dict(schedules)


installed = Flows()
