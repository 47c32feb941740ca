"""One slice of a lane: batches of claim, observe, plan, apply, record, until nothing is due or the slice is over.

A batch that its process did not survive is begun anew by whoever takes over: it observes both sides as they are then.
Nothing here says what happened on a platform, so events may come late, doubled or never. Only calls that must not
happen twice leave a note before they go out (`Attempt`); everything else is safe to repeat.
"""

from __future__ import annotations

import contextvars
import random
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import uuid4

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django_scopes import scope

from twinshelf import messages
from twinshelf.accounts.models import Account
from twinshelf.documents import AnyChange, Plan, finding
from twinshelf.errors import NeedsPerson, OutOfBudget, PlatformDown, TakenOver, Throttled, Transient, Unauthorized
from twinshelf.kit import clock, http
from twinshelf.kit.http import LONGEST_CALL_SECONDS
from twinshelf.kit.upsert import insert_rows
from twinshelf.sync import agreements, lanes, leases, problems, tasks
from twinshelf.sync.flows import AnyFlow, Ask, Attempt, Batch, Closed, Done, Made, Outcome, Signal, installed
from twinshelf.sync.models import AttemptRow, ChangeRecord, Lane

log = structlog.get_logger(__name__)

SLICE_SECONDS = 3.0
"""How long one workflow works before it hands over, so that no tenant's backlog holds a worker."""

RECORD_TRIES = 3
"""How often the recording of a batch is tried where the database interrupts it: the calls behind it were made."""

PLAN_SECONDS = 60.0
"""How old a plan may be when a call of it goes out: beyond, both sides are looked at again first."""

AGED_AGAIN_SECONDS = 5.0
"""How long a key waits whose plan has aged twice in a row: looking at its batch may take longer than a plan holds."""

UNKNOWN_KIND_SECONDS = 60.0

TOLD_AFTER = 6
"""Failures in a row, about two minutes, after which it is told that a platform is away."""

_DATABASE_ERRORS = (OperationalError, InterfaceError)

R = TypeVar("R")
T = TypeVar("T")


def send_seconds() -> float:
    """How long after a call was put on record it may go out: well under what a worker is taken for dead after."""
    return 0.4 * leases.ttl_seconds()


_pool: ThreadPoolExecutor | None = None
_threads = 1


def use_threads(size: int) -> None:
    """Apply plans of a batch side by side in a pool of this process; 0 (the default): one after the other."""
    global _pool, _threads  # noqa: PLW0603 - the pool is the process's
    if _pool is not None:
        _pool.shutdown(wait=False)
    _threads = max(1, size)
    _pool = ThreadPoolExecutor(size, thread_name_prefix="apply") if size else None


@contextmanager
def in_lane(lane_id: int) -> Iterator[tuple[Lane, AnyFlow | None]]:
    """The lane with its flow, inside its account's scope. No flow: a newer version has made the lane."""
    close_old_connections()
    lane = Lane.objects.get(id=lane_id)
    with scope(account=Account(id=lane.account_id)):
        yield lane, installed.flows.get(lane.kind)


def slice_of(lane_id: int, epoch: int) -> None:
    """Work off one slice and hand over."""
    start = clock.monotonic()
    turn: int | None = None
    while True:
        ended = run_batch(lane_id, epoch, turn)
        turn = turn if ended.turn is None else ended.turn
        if ended.wait_seconds is None or clock.monotonic() - start + ended.wait_seconds > SLICE_SECONDS:
            break
        if ended.wait_seconds:
            clock.sleep(ended.wait_seconds)
    if turn is not None:
        lanes.sleep_or_continue(lane_id, epoch, turn)


@dataclass(frozen=True)
class Ended:
    """A batch at its end: the seconds after which to take another (None: there is none to take), and its turn.

    `turn` is None for a ghost, whose lane is another's by now: it has nothing more to do there.
    """

    wait_seconds: float | None
    turn: int | None


def run_batch(lane_id: int, epoch: int, turn: int | None = None) -> Ended:
    """Reconcile a batch of due keys. `turn` is that of the batch before in this slice.

    Does nothing for an epoch, or after a turn, that is not the lane's last: that is a ghost, a worker that was taken
    for dead. What a ghost has in hand is not sent, and of what it sent before only the record of changes is kept.
    """
    with in_lane(lane_id) as (lane, flow):
        if flow is None:
            return Ended(None, _put_off_unknown(lane))
        fence = Fence(lane.id, 0)
        claim = lanes.claim(lane, epoch, flow.size, turn=turn)
        if claim is None:
            return Ended(None, None)
        outcomes = [_crashed(ask) for ask in claim.crashed] + [_in_flight(ask, at) for ask, at in claim.in_flight]
        closed: list[Closed[Any]] = []
        if claim.asks:
            fence.turn = claim.turn
            batch, planned, failed = _decide(lane, flow, claim.asks)
            applied = _apply(flow, batch, planned, Attempts(lane, epoch, batch, fence), fence)
            closed = _end_retries(batch, applied, failed)
            outcomes += failed
            if closed and not _again(lambda: _record(lane, flow, batch, closed, claim.turn)):
                log.warning("another worker took over a batch", lane=lane.id, kind=lane.kind)
                return Ended(None, None)
        outcomes += [each.outcome for each in closed]
        if not outcomes:
            return Ended(None, claim.turn)
        if not _again(lambda: _close(lane, flow, outcomes, claim.turn)):
            return Ended(None, None)
        if any(o.state == "held" for o in outcomes) or not lanes.has_due(lane):
            return Ended(None, claim.turn)
        return Ended(flow.gather_seconds if len(claim.asks) < flow.size else 0.0, claim.turn)


def _put_off_unknown(lane: Lane) -> int:
    """Let work that this version does not know rest for a while, and say so; a newer version finds it as it is."""
    log.warning("this version does not know the kind of a lane", lane=lane.id, kind=lane.kind)
    problems.open_owner(lane, finding("E-OLD-VERSION", kind=lane.kind))
    lanes.hold(lane.id, UNKNOWN_KIND_SECONDS)
    return lane.turn


def _again(work: Callable[[], R]) -> R:
    """Do what the database may interrupt (a deadlock, a lost connection). One transaction, so it may be repeated."""
    for left in reversed(range(RECORD_TRIES)):
        try:
            return work()
        except _DATABASE_ERRORS as error:
            if not left:
                raise
            log.warning("the database interrupted a record", error=str(error))
            close_old_connections()
    raise AssertionError("the last try returns or raises")


# -- observe and plan -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Planned:
    ask: Ask
    seen: Any
    plan: Plan


def open_batch(
    lane: Lane,
    flow: AnyFlow,
    asks: Sequence[Ask],
    *,
    preview: bool = False,
    confirmed: Mapping[tuple[str, str], Mapping[str, str]] | None = None,
) -> Batch:
    """What the work on these keys shares. `confirmed` is looked up where it is not given."""
    keys = [ask.key for ask in asks]
    noted = AttemptRow.objects.filter(lane=lane, key__in=keys).values_list("key", "name", "token")
    if confirmed is None:
        confirmed = problems.standing(lane, keys).confirmed
    made: Batch = flow.batch(
        lanes.ref(lane),
        {ask.key: ask for ask in asks},
        preview=preview,
        attempted={(key, name): token for key, name, token in noted},
        confirmed=confirmed,
    )
    return made


def plans_of(flow: AnyFlow, batch: Batch, keys: Sequence[str]) -> list[tuple[str, Any, Plan]]:
    """(key, what was seen, its plan) of the keys that there is something to say of."""
    seen = flow.observe(batch, keys)
    return [(key, seen[key], flow.plan(seen[key])) for key in keys if key in seen]


def _decide(lane: Lane, flow: AnyFlow, every: Sequence[Ask]) -> tuple[Batch, list[_Planned], list[Outcome]]:
    """Plans for the keys that could be observed, outcomes for those that could not.

    One poisoned key must not stop the others: a batch that fails as a whole is split until it is left alone.
    """
    standing = problems.standing(lane, [ask.key for ask in every])
    outcomes = [_crashed(ask) for ask in every if ask.key in standing.crashing]
    asks = [ask for ask in every if ask.key not in standing.crashing]
    batch = open_batch(lane, flow, asks, confirmed=standing.confirmed)
    if not asks:
        return batch, [], outcomes
    parts = in_parts(asks, partial(_planned, flow, batch), again=any(ask.attempts for ask in asks))
    planned = [each for some, _none in parts.done for each in some]
    outcomes += [outcome for _some, none in parts.done for outcome in none]
    for ask, error in parts.failed:
        if not isinstance(error, (Transient, NeedsPerson, *_DATABASE_ERRORS)):
            log.error("a key could not be planned", lane=lane.id, kind=lane.kind, key=ask.key, exc_info=error)
        outcomes.append(_failed(flow, ask, error))
    return batch, planned, outcomes


@dataclass
class Parts(Generic[T, R]):
    """What came of work that was done in parts: results of those that got through, and the items that did not."""

    done: list[R] = field(default_factory=list)
    failed: list[tuple[T, Exception]] = field(default_factory=list)


_PROBES = 3


def in_parts(items: Sequence[T], work: Callable[[Sequence[T]], R], *, again: bool) -> Parts[T, R]:
    """`work` on all items at once; where that fails, on halves of them, until those to blame are left alone.

    Not where the failure says that no item is to blame. Where it may be the platform that is away, nothing is split at
    the first failure; `again` (it has failed before) a few items are tried by themselves first, others each time, and
    the rest is left unless one of these gets through.
    """
    try:
        return Parts([work(items)])
    except Exception as error:  # noqa: BLE001 - it is these items' outcome
        if len(items) == 1 or not _may_be_few(error, again=again):
            return Parts([], [(item, error) for item in items])
        log.warning("a batch failed and is split", items=len(items), error=f"{type(error).__name__}: {error}"[:200])
        whole = error
    parts: Parts[T, R] = Parts()
    rest = list(items)
    if isinstance(whole, Transient):
        probes = random.sample(range(len(rest)), min(_PROBES, len(rest)))
        for place in probes:
            _take(parts, [rest[place]], work)
        rest = [item for place, item in enumerate(rest) if place not in probes]
        if not parts.done:
            parts.failed += [(item, whole) for item in rest]
            return parts
    _halve(parts, rest, work)
    return parts


def _halve(parts: Parts[T, R], items: Sequence[T], work: Callable[[Sequence[T]], R]) -> None:
    middle = (len(items) + 1) // 2
    for some in (items[:middle], items[middle:]):
        if some and (error := _take(parts, some, work)) is not None:
            if _may_be_few(error, again=True):
                _halve(parts, some, work)
            else:
                parts.failed += [(item, error) for item in some]


def _take(parts: Parts[T, R], some: Sequence[T], work: Callable[[Sequence[T]], R]) -> Exception | None:
    """Work on some. Returns why it failed, unless it is known by that which item is to blame."""
    try:
        parts.done.append(work(some))
    except Exception as error:  # noqa: BLE001 - it is these items' outcome
        if len(some) > 1:
            return error
        parts.failed.append((some[0], error))
    return None


def _may_be_few(error: Exception, *, again: bool) -> bool:
    """Whether a few items may be to blame for the failure of many: not where a quota or the database says no."""
    if isinstance(error, (OutOfBudget, Throttled, TakenOver, Unauthorized, *_DATABASE_ERRORS)):
        return False
    return again or not isinstance(error, Transient)


def _planned(flow: AnyFlow, batch: Batch, asks: Sequence[Ask]) -> tuple[list[_Planned], list[Outcome]]:
    by_key = {ask.key: ask for ask in asks}
    planned, outcomes = [], []
    agreed = agreements.of(batch.lane.id, [ask.key for ask in asks if Signal.AGREED in ask.signals])
    for key, seen, found in plans_of(flow, batch, list(by_key)):
        ask = by_key.pop(key)
        plan = agreements.held_to(found, agreed[key]) if key in agreed else found
        if plan.later_seconds is None:
            planned.append(_Planned(ask, seen, plan))
        else:
            later = Transient("not there yet", wait_seconds=plan.later_seconds, exact=True)
            outcomes.append(_failed(flow, ask, later))
    outcomes += [Outcome(key=ask.key, generation=ask.generation, state="applied") for ask in by_key.values()]
    return planned, outcomes


# -- apply ----------------------------------------------------------------------------------------------------------


class Fence:
    """The right of one turn of a lane to send: it ends with the turn, and as its plans age."""

    def __init__(self, lane_id: int, turn: int) -> None:
        self.lane_id, self.turn = lane_id, turn
        self._planned = _Since()

    def check(self) -> None:
        """Raise TakenOver unless a call may go out now."""
        if self._planned.seconds() > PLAN_SECONDS:
            raise TakenOver("what was planned has aged")
        if not lanes.is_turn(self.lane_id, self.turn):
            raise TakenOver("another worker has taken this work over")


class _Since:
    """A moment, and how long it is ago.

    Time is taken by two clocks, and the one that says more counts: one stands still while a machine sleeps, the other
    may be put back.
    """

    def __init__(self) -> None:
        self._monotonic, self._wall = clock.monotonic(), clock.timestamp()

    def seconds(self) -> float:
        return max(clock.monotonic() - self._monotonic, clock.timestamp() - self._wall)


class Attempts:
    """The notes of a batch's calls that must not happen twice, each made right before its call goes out.

    A note is there already where an earlier try's outcome is unknown: its token is used again. Until `over_at` of a
    note nobody else begins what it notes, so a call must go out well before: a note that has aged is made anew.
    """

    def __init__(self, lane: Lane, epoch: int, batch: Batch, fence: Fence) -> None:
        self._lane, self._epoch, self._earlier, self._fence = lane, epoch, batch.attempted, fence
        self._noted: dict[tuple[str, str], tuple[Attempt, _Since]] = {}

    def note(self, places: Sequence[tuple[str, str]]) -> None:
        """Put these calls, (key, name), on record, in one transaction that holds only in the turn of this batch.

        Raises TakenOver where it is another's turn.
        """
        if not places:
            return
        since, now = _Since(), clock.now()
        noted = {place: self._attempt(place) for place in places}
        over_at = now + timedelta(seconds=send_seconds() + LONGEST_CALL_SECONDS)
        adapt = connection.ops.adapt_datetimefield_value
        rows = [
            (self._lane.account_id, self._lane.id, key, name, attempt.token, self._epoch, adapt(now), adapt(over_at))
            for (key, name), attempt in sorted(noted.items())
        ]
        with transaction.atomic():
            if not lanes.is_turn(self._lane.id, self._fence.turn, locked=True):
                raise TakenOver("another worker has taken this work over")
            with connection.cursor() as cursor:
                cursor.executemany(
                    "insert into sync_attemptrow (account_id, lane_id, key, name, token, epoch, made_at, over_at) "
                    "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (lane_id, key, name) do update set "
                    "epoch = excluded.epoch, over_at = excluded.over_at",
                    rows,
                )
        self._noted |= {place: (attempt, since) for place, attempt in noted.items()}

    def of(self, key: str, change: AnyChange) -> Attempt:
        """The note that goes with a change; an empty one for what may be repeated."""
        if not change.once:
            return _NO_ATTEMPT
        place = key, change.once
        if place not in self._noted:
            self.note([place])
        return self._noted[place][0]

    def check(self, key: str, change: AnyChange) -> None:
        """Raise TakenOver unless a call of this change may go out now."""
        self._fence.check()
        if change.once and self._noted[key, change.once][1].seconds() > send_seconds():
            self.note([(key, change.once)])

    def _attempt(self, place: tuple[str, str]) -> Attempt:
        if place in self._noted:
            return self._noted[place][0]
        token = self._earlier.get(place)
        return Attempt(uuid4().hex, first=True) if token is None else Attempt(token, first=False)


_NO_ATTEMPT = Attempt("", first=True)

_LONGEST_WAIT_SECONDS, _AWAY_ATTEMPTS = 600.0, 9

_MOST_TOGETHER = 8
"""Keys whose calls are put on record together, to go out one after the other."""


def _apply(
    flow: AnyFlow, batch: Batch, planned: Sequence[_Planned], attempts: Attempts, fence: Fence
) -> list[Closed[Any]]:
    """Make the changes of these plans, plan by plan side by side."""
    busy = [each for each in planned if each.plan.changes]
    idle = [_judged(flow, each, ()) for each in planned if not each.plan.changes]
    if flow.apply_together is not None:
        groups = _groups(busy, flow.together)
        jobs = [partial(_apply_together, flow, batch, group, fence) for group in groups]
    else:
        groups = _groups(busy, min(_MOST_TOGETHER, -(-len(busy) // _threads)))
        jobs = [partial(_apply_some, flow, batch, group, attempts) for group in groups]
    return idle + [closed for some in _side_by_side(jobs) for closed in some]


def _groups(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)] if items else []


def _side_by_side(jobs: Sequence[Callable[[], list[Closed[Any]]]]) -> list[list[Closed[Any]]]:
    if _pool is None or len(jobs) <= 1:
        return [job() for job in jobs]
    # Scopes live in context variables, which pool threads do not inherit: each job runs in a copy.
    running = [_pool.submit(contextvars.copy_context().run, _in_thread, job) for job in jobs]
    return [each.result() for each in running]


def _in_thread(job: Callable[[], list[Closed[Any]]]) -> list[Closed[Any]]:
    close_old_connections()
    return job()


def _apply_some(flow: AnyFlow, batch: Batch, group: Sequence[_Planned], attempts: Attempts) -> list[Closed[Any]]:
    firsts = [(each.ask.key, each.plan.changes[0].once) for each in group if each.plan.changes[0].once]
    try:
        attempts.note(firsts)
    except Exception as error:  # noqa: BLE001 - nothing of these was sent
        return [_judged(flow, each, (Done(each.plan.changes[0], None, error),)) for each in group]
    return [_apply_each(flow, batch, each, attempts) for each in group]


def _apply_each(flow: AnyFlow, batch: Batch, each: _Planned, attempts: Attempts) -> Closed[Any]:
    done: list[Done] = []
    for change in each.plan.changes:
        try:
            attempt = attempts.of(each.ask.key, change)
            with http.guarded(partial(attempts.check, each.ask.key, change)):
                done.append(Done(change, flow.apply(batch, change, attempt)))
        except Exception as error:  # noqa: BLE001 - it is this key's outcome
            _log_bug(flow, each.ask.key, change, error)
            done.append(Done(change, None, error))
            break
    return _judged(flow, each, tuple(done))


def _apply_together(flow: AnyFlow, batch: Batch, group: Sequence[_Planned], fence: Fence) -> list[Closed[Any]]:
    def work(some: Sequence[_Planned]) -> Mapping[str, Made | Exception]:
        changes = [(each.ask.key, change) for each in some for change in each.plan.changes]
        with http.guarded(fence.check):
            return flow.apply_together(batch, changes) if flow.apply_together else {}

    parts = in_parts(group, work, again=any(each.ask.attempts for each in group))
    results: dict[str, Made | Exception] = {each.ask.key: error for each, error in parts.failed}
    for some in parts.done:
        results |= some
    for each, error in parts.failed:
        _log_bug(flow, each.ask.key, each.plan.changes[0], error)
    closed = []
    for each in group:
        result = results[each.ask.key]
        made, failure = (result, None) if isinstance(result, Made) else (None, result)
        closed.append(_judged(flow, each, tuple(Done(change, made, failure) for change in each.plan.changes)))
    return closed


def _log_bug(flow: AnyFlow, key: str, change: AnyChange, error: Exception) -> None:
    if not isinstance(error, (Transient, NeedsPerson)):
        log.error("apply failed", kind=flow.kind, key=key, change=type(change).__name__, exc_info=error)


def _judged(flow: AnyFlow, each: _Planned, done: tuple[Done, ...]) -> Closed[Any]:
    return Closed(each.ask.key, each.seen, each.plan, done, _judge(flow, each.ask, each.plan, done))


def _judge(flow: AnyFlow, ask: Ask, plan: Plan, done: Sequence[Done]) -> Outcome:
    if done and (error := done[-1].error) is not None:
        outcome = _failed(flow, ask, error)
        if outcome.state == "held":  # what the plan found is told once the plan gets through
            return outcome
        return msgspec.structs.replace(outcome, findings=plan.findings + outcome.findings)
    return Outcome(
        key=ask.key,
        generation=ask.generation,
        state="parked" if any(found.blocking for found in plan.findings) else "applied",
        findings=plan.findings,
        text=" ".join(messages.text(found) for found in plan.findings),
    )


def _failed(flow: AnyFlow, ask: Ask, error: Exception) -> Outcome:
    """What a failure means for the mark: retried, parked with a finding, or the whole lane held."""
    outcome = partial(Outcome, key=ask.key, generation=ask.generation)
    if isinstance(error, _DATABASE_ERRORS):
        log.warning("the database did not answer", kind=flow.kind, key=ask.key, error=str(error))
        error = Transient("our database did not answer")
    if isinstance(error, OutOfBudget):
        return outcome(state="held", wait_seconds=error.wait_seconds, text=str(error), attempts=ask.attempts)
    if isinstance(error, Unauthorized):
        told = finding(error.code, **error.facts)
        return outcome(
            state="held", wait_seconds=300.0, findings=(told,), text=messages.text(told), attempts=ask.attempts
        )
    if isinstance(error, TakenOver):  # nothing was sent, and nothing is wrong with it: less of it at once
        pause = AGED_AGAIN_SECONDS if ask.begun else 0.0
        return outcome(state="retry", wait_seconds=pause, text=str(error), attempts=ask.attempts, begun=1)
    if isinstance(error, Transient):
        wait = flow.retry_seconds(ask.attempts)
        told_to_wait = error.wait_seconds > 0 and not isinstance(error, PlatformDown)
        return outcome(
            state="retry",
            wait_seconds=error.wait_seconds if error.exact else max(wait or _LONGEST_WAIT_SECONDS, error.wait_seconds),
            text=str(error),
            attempts=ask.attempts + 1,
            ends=wait is None and not told_to_wait,
            away=not told_to_wait,
        )
    if isinstance(error, NeedsPerson):
        told = finding(error.code, **error.facts)
        return outcome(state="parked", findings=(told,), text=messages.text(told))
    where = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    place = f" ({where.name}, line {where.lineno})" if where else ""
    told = finding("E-BUG", place=f"{type(error).__name__}{place}")
    return outcome(state="parked", findings=(told,), text=messages.text(told))


def _crashed(ask: Ask) -> Outcome:
    told = finding("E-CRASHED", times=lanes.MOST_CRASHES)
    return Outcome(key=ask.key, generation=ask.generation, state="parked", findings=(told,), text=messages.text(told))


def _in_flight(ask: Ask, over_at: datetime) -> Outcome:
    """Wait until a call that somebody else made for this key is over: only then the platform tells what came of it."""
    wait = max(0.0, (over_at - clock.now()).total_seconds()) + 0.01
    return Outcome(
        key=ask.key,
        generation=ask.generation,
        state="retry",
        wait_seconds=wait,
        text="a call for it may still be on its way",
        attempts=ask.attempts,
        begun=ask.begun,
    )


def _end_retries(batch: Batch, closed: Sequence[Closed[Any]], failed: list[Outcome]) -> list[Closed[Any]]:
    """Give up, and tell, what its tries are used up of, in `failed` as well, unless the platform as a whole is away.

    It is away where nothing of a batch of several keys gets through, save for those that failed before while others
    did. What waits for it waits without end, but told.
    """
    outcomes = [*failed, *(each.outcome for each in closed)]
    if all(o.state != "retry" for o in outcomes):
        return list(closed)
    through = any(o.state != "retry" for o in outcomes)
    away = not through and len(outcomes) > 1

    def ended(outcome: Outcome) -> Outcome:
        ask = batch.asks.get(outcome.key)
        blamed = through or (ask is not None and Signal.BLAMED in ask.signals)
        return _ended(outcome, away=away and not blamed, blamed=blamed)

    failed[:] = map(ended, failed)
    return [replace(each, outcome=ended(each.outcome)) for each in closed]


def _ended(outcome: Outcome, *, away: bool, blamed: bool) -> Outcome:
    if outcome.state != "retry":
        return outcome
    if away:
        return msgspec.structs.replace(outcome, attempts=min(outcome.attempts, _AWAY_ATTEMPTS), away=True)
    if not outcome.ends:
        return msgspec.structs.replace(outcome, blamed=blamed, away=outcome.away and not blamed)
    told = finding("E-GAVE-UP", tries=outcome.attempts, why=outcome.text)
    return msgspec.structs.replace(outcome, state="parked", findings=(*outcome.findings, told), away=not blamed)


# -- record ---------------------------------------------------------------------------------------------------------


def _record(lane: Lane, flow: AnyFlow, batch: Batch, closed: Sequence[Closed[Any]], turn: int) -> bool:
    """Keep what the batch made and the record of every change, and drop the notes of calls whose outcome is known.

    Where another turn has begun, nothing but the record of what was sent is kept, and False returned: its keys are
    another's, who finds on the platforms what came of them.
    """
    with transaction.atomic():
        ours = lanes.is_turn(lane.id, turn, locked=True)
        if ours:
            flow.record(batch, closed)
        insert_rows([_change_row(lane, batch, each, done) for each in closed for done in each.done if _told(done)])
        if not ours:
            return False
        over = {
            (each.key, done.change.once)
            for each in closed
            for done in each.done
            # A failure says nothing of an earlier try whose outcome is unknown.
            if done.error is None or ((each.key, done.change.once) not in batch.attempted and not done.unknown)
        }
        over |= {place for e in closed if e.plan.settled for place in batch.attempted if place[0] == e.key}
        for name in sorted({name for _key, name in over if name}):
            keys = [key for key, other in over if other == name]
            AttemptRow.objects.filter(lane=lane, name=name, key__in=keys).delete()
        done_with = [e.key for e in closed if e.outcome.state in {"applied", "parked"}]
        agreements.forget(lane.id, [key for key in done_with if Signal.AGREED in batch.asks[key].signals])
    return True


def _told(done: Done) -> bool:
    """Whether a change belongs into the record: one that was kept from going out was not made."""
    return not isinstance(done.error, (OutOfBudget, TakenOver))


def _words(error: Exception | None) -> str:
    return messages.text(error) if isinstance(error, NeedsPerson) else str(error)


def _change_row(lane: Lane, batch: Batch, each: Closed[Any], done: Done) -> ChangeRecord:
    answer = done.made.text if done.made is not None else _words(done.error)
    return ChangeRecord(
        account_id=lane.account_id,
        lane=lane,
        kind=type(done.change).__name__,
        key=each.key,
        cause=batch.asks[each.key].cause,
        change=msgspec.to_builtins(done.change),
        ok=done.error is None,
        answer=answer[:2000],
        at=clock.now(),
    )


def _close(lane: Lane, flow: AnyFlow, outcomes: Sequence[Outcome], turn: int) -> bool:
    """Bring marks, problems and task items in line with the outcomes. A crash before this repeats the batch.

    Does nothing and returns False where another turn has begun: a ghost's idea of a key is not the last word on it.
    """
    held = [o for o in outcomes if o.state == "held"]
    through = not held and any(o.state == "applied" for o in outcomes)
    with transaction.atomic():
        # Marks, the lane, then tasks: the order in which asking locks them, so that neither waits for the other.
        lanes.close(lane, outcomes)
        if not lanes.is_turn(lane.id, turn):
            transaction.set_rollback(True)
            return False
        if held:
            lanes.hold(lane.id, max(o.wait_seconds or 0 for o in held))
            problems.settle_held(lane, held)
            if any(o.findings for o in held):  # a person must help: not a quota that is used up for a while
                flow.holding(lanes.ref(lane), held=True)
        elif not through and any(o.away and o.attempts >= TOLD_AFTER for o in outcomes):
            problems.open_owner(lane, finding("E-PLT-AWAY", why=outcomes[0].text))
            flow.holding(lanes.ref(lane), held=True)
        if parked := [o.key for o in outcomes if o.state == "parked"]:
            flow.parked(lanes.ref(lane), parked)
        problems.settle(lane, [o for o in outcomes if o.state != "held"])
        if through and problems.close_lane(lane):
            problems.ask_given_up(lane)
            flow.holding(lanes.ref(lane), held=False)
        tasks.follow(lane, outcomes)
    return True
