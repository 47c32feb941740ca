"""One slice of a lane: batches of claim, observe, plan, apply, record, until nothing is due or the slice is over.

A batch that its process did not survive is begun anew by whoever takes over: it observes both sides as they are then.
Nothing here says what happened on a platform, so events may come late, doubled or never. Only calls that must not
happen twice leave a note before they go out (`Attempt`); everything else is safe to repeat.
"""

from __future__ import annotations

import contextvars
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django_scopes import scope

from twinshelf import messages
from twinshelf.accounts.models import Account
from twinshelf.documents import AnyChange, Plan, finding
from twinshelf.errors import NeedsPerson, OutOfBudget, Transient, Unauthorized
from twinshelf.kit import clock
from twinshelf.kit.upsert import insert_rows
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.flows import AnyFlow, Ask, Attempt, Batch, Closed, Done, Made, Outcome, installed
from twinshelf.sync.models import AttemptRow, ChangeRecord, Lane

log = structlog.get_logger(__name__)

SLICE_SECONDS = 3.0
"""How long one workflow works before it hands over, so that no tenant's backlog holds a worker."""

RECORD_TRIES = 3
"""How often the recording of a batch is tried where the database interrupts it: the calls behind it were made."""

_DATABASE_ERRORS = (OperationalError, InterfaceError)

_pool: ThreadPoolExecutor | None = None


def use_threads(size: int) -> None:
    """Apply plans of a batch side by side in a pool of this process; 0 (the default): one after the other."""
    global _pool  # noqa: PLW0603 - the pool is the process's
    if _pool is not None:
        _pool.shutdown(wait=False)
    _pool = ThreadPoolExecutor(size, thread_name_prefix="apply") if size else None


@contextmanager
def in_lane(lane_id: int) -> Iterator[tuple[Lane, AnyFlow]]:
    """The lane with its flow, inside its account's scope."""
    close_old_connections()
    lane = Lane.objects.get(id=lane_id)
    with scope(account=Account(id=lane.account_id)):
        yield lane, installed.flows[lane.kind]


def slice_of(lane_id: int, epoch: int) -> None:
    """Work off one slice and hand over."""
    start = clock.monotonic()
    while (wait := run_batch(lane_id, epoch)) is not None:
        if clock.monotonic() - start + wait > SLICE_SECONDS:
            break
        if wait:
            clock.sleep(wait)
    lanes.sleep_or_continue(lane_id, epoch)


def run_batch(lane_id: int, epoch: int) -> float | None:
    """Reconcile a batch of due keys. Returns the seconds after which to take another; None: there is none to take.

    Does nothing for an epoch that is not the lane's: that is a ghost of a killed worker.
    """
    with in_lane(lane_id) as (lane, flow):
        if lane.epoch != epoch or not lane.awake:
            return None
        asks = lanes.claim(lane, flow.size)
        if not asks:
            return None
        batch, planned, failed = _decide(lane, flow, asks)
        attempts = _note_attempts(lane, epoch, batch, planned)
        closed = _apply(flow, batch, planned, attempts)
        outcomes = [*failed, *(each.outcome for each in closed)]
        if closed:
            _again(lambda: _record(lane, flow, batch, closed))
        _again(lambda: _close(lane, outcomes))
        if any(o.state == "held" for o in outcomes) or not lanes.has_due(lane):
            return None
        return flow.gather_seconds if len(asks) < flow.size else 0.0


def _again(work: Callable[[], None]) -> None:
    """Do what the database may interrupt (a deadlock, a lost connection). One transaction, so it may be repeated."""
    for left in reversed(range(RECORD_TRIES)):
        try:
            work()
            return
        except _DATABASE_ERRORS as error:
            if not left:
                raise
            log.warning("the database interrupted a record", error=str(error))
            close_old_connections()


# -- observe and plan -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Planned:
    ask: Ask
    seen: Any
    plan: Plan


def open_batch(lane: Lane, flow: AnyFlow, asks: Sequence[Ask], *, preview: bool = False) -> Batch:
    """What the work on these keys shares."""
    keys = [ask.key for ask in asks]
    noted = AttemptRow.objects.filter(lane=lane, key__in=keys).values_list("key", "name", "token")
    made: Batch = flow.batch(
        lanes.ref(lane),
        {ask.key: ask for ask in asks},
        preview=preview,
        attempted={(key, name): token for key, name, token in noted},
        confirmed=problems.confirmed(lane, keys),
    )
    return made


def plans_of(flow: AnyFlow, batch: Batch, keys: Sequence[str]) -> list[tuple[str, Any, Plan]]:
    """(key, what was seen, its plan) of the keys that there is something to say of."""
    seen = flow.observe(batch, keys)
    return [(key, seen[key], flow.plan(seen[key])) for key in keys if key in seen]


def _decide(lane: Lane, flow: AnyFlow, asks: Sequence[Ask]) -> tuple[Batch, list[_Planned], list[Outcome]]:
    """Plans for the keys that could be observed, outcomes for those that could not.

    Where a batch as a whole fails, its keys are taken one by one: one poisoned key must not stop the others.
    """
    batch = open_batch(lane, flow, asks)
    try:
        planned, outcomes = _planned(flow, batch, asks)
    except Exception as error:
        if len(asks) == 1 or not _may_be_one_key(error):
            return batch, [], [_failed(flow, ask, error) for ask in asks]
        log.warning("a batch could not be planned; planning one by one", lane=lane.id, kind=lane.kind, exc_info=True)
        planned, outcomes = [], []
        for ask in asks:
            try:
                some, none = _planned(flow, batch, [ask])
            except Exception as own:
                if not isinstance(own, (Transient, NeedsPerson, *_DATABASE_ERRORS)):
                    log.exception("a key could not be planned", lane=lane.id, kind=lane.kind, key=ask.key)
                some, none = [], [_failed(flow, ask, own)]
            planned += some
            outcomes += none
    return batch, planned, outcomes


def _may_be_one_key(error: Exception) -> bool:
    """Whether one key may be to blame for the failure of its batch: not where the platform or the database is away."""
    return not isinstance(error, (Transient, Unauthorized, *_DATABASE_ERRORS))


def _planned(flow: AnyFlow, batch: Batch, asks: Sequence[Ask]) -> tuple[list[_Planned], list[Outcome]]:
    by_key = {ask.key: ask for ask in asks}
    planned, outcomes = [], []
    for key, seen, plan in plans_of(flow, batch, list(by_key)):
        ask = by_key.pop(key)
        if plan.later_seconds is None:
            planned.append(_Planned(ask, seen, plan))
        else:
            later = Transient("not there yet", wait_seconds=plan.later_seconds, exact=True)
            outcomes.append(_failed(flow, ask, later))
    outcomes += [Outcome(key=ask.key, generation=ask.generation, state="applied") for ask in by_key.values()]
    return planned, outcomes


# -- apply ----------------------------------------------------------------------------------------------------------


Attempts = dict[tuple[str, str], Attempt]
"""By key and name of the change."""


def _note_attempts(lane: Lane, epoch: int, batch: Batch, planned: Sequence[_Planned]) -> Attempts:
    """Put on record, before any goes out, the calls that must not happen twice.

    A note that is there already is of an earlier try whose outcome is unknown: its token is used again.
    """
    attempts = {place: Attempt(token, first=False) for place, token in batch.attempted.items()}
    places = {(each.ask.key, change.once) for each in planned for change in each.plan.changes if change.once}
    fresh = {place: Attempt(uuid4().hex, first=True) for place in sorted(places - attempts.keys())}
    insert_rows(
        [
            AttemptRow(
                account_id=lane.account_id,
                lane=lane,
                key=key,
                name=name,
                token=attempt.token,
                epoch=epoch,
                made_at=clock.now(),
            )
            for (key, name), attempt in fresh.items()
        ],
        unique=["lane_id", "key", "name"],
    )
    if fresh:  # a worker that was taken for dead may have been quicker: then the call is not ours to make first
        stored = AttemptRow.objects.filter(lane=lane, key__in={key for key, _name in fresh})
        for key, name, token in stored.values_list("key", "name", "token"):
            if (key, name) in fresh and fresh[key, name].token != token:
                fresh[key, name] = Attempt(token, first=False)
    return attempts | fresh


_NO_ATTEMPT = Attempt("", first=True)


def _apply(flow: AnyFlow, batch: Batch, planned: Sequence[_Planned], attempts: Attempts) -> list[Closed[Any]]:
    """Make the changes of these plans, plan by plan side by side."""
    busy = [each for each in planned if each.plan.changes]
    idle = [_judged(flow, each, ()) for each in planned if not each.plan.changes]
    if flow.apply_together is not None:
        groups = [busy[start : start + flow.together] for start in range(0, len(busy), flow.together)]
        jobs = [partial(_apply_together, flow, batch, group) for group in groups]
    else:
        jobs = [partial(_apply_each, flow, batch, each, attempts) for each in busy]
    return idle + [closed for some in _side_by_side(jobs) for closed in some]


def _side_by_side(jobs: Sequence[Callable[[], list[Closed[Any]]]]) -> list[list[Closed[Any]]]:
    if _pool is None or len(jobs) <= 1:
        return [job() for job in jobs]
    # Scopes live in context variables, which pool threads do not inherit: each job runs in a copy.
    running = [_pool.submit(contextvars.copy_context().run, _in_thread, job) for job in jobs]
    return [each.result() for each in running]


def _in_thread(job: Callable[[], list[Closed[Any]]]) -> list[Closed[Any]]:
    close_old_connections()
    return job()


def _apply_each(flow: AnyFlow, batch: Batch, each: _Planned, attempts: Attempts) -> list[Closed[Any]]:
    done: list[Done] = []
    for change in each.plan.changes:
        attempt = attempts.get((each.ask.key, change.once), _NO_ATTEMPT)
        try:
            done.append(Done(change, flow.apply(batch, change, attempt)))
        except Exception as error:  # noqa: BLE001 - it is this key's outcome
            _log_bug(flow, each.ask.key, change, error)
            done.append(Done(change, None, error))
            break
    return [_judged(flow, each, tuple(done))]


def _apply_together(flow: AnyFlow, batch: Batch, group: Sequence[_Planned]) -> list[Closed[Any]]:
    changes = [(each.ask.key, change) for each in group for change in each.plan.changes]
    try:
        results = flow.apply_together(batch, changes) if flow.apply_together else {}
    except Exception as error:  # noqa: BLE001 - it is the outcome of these keys
        _log_bug(flow, changes[0][0], changes[0][1], error)
        results = dict.fromkeys([key for key, _change in changes], error)
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
    if isinstance(error, Transient):
        wait = flow.retry_seconds(ask.attempts)
        if wait is None:
            told = finding("E-GAVE-UP", tries=ask.attempts + 1, why=error)
            return outcome(state="parked", findings=(told,), text=str(error), attempts=ask.attempts + 1)
        wait = error.wait_seconds if error.exact else max(wait, error.wait_seconds)
        return outcome(state="retry", wait_seconds=wait, text=str(error), attempts=ask.attempts + 1)
    if isinstance(error, NeedsPerson):
        told = finding(error.code, **error.facts)
        return outcome(state="parked", findings=(told,), text=messages.text(told))
    where = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    place = f" ({where.name}, line {where.lineno})" if where else ""
    told = finding("E-BUG", place=f"{type(error).__name__}{place}")
    return outcome(state="parked", findings=(told,), text=messages.text(told))


# -- record ---------------------------------------------------------------------------------------------------------


def _record(lane: Lane, flow: AnyFlow, batch: Batch, closed: Sequence[Closed[Any]]) -> None:
    """Keep what the batch made and the record of every change, and drop the notes of calls whose outcome is known."""
    with transaction.atomic():
        flow.record(batch, closed)
        insert_rows([_change_row(lane, batch, each, done) for each in closed for done in each.done if _told(done)])
        over = {(e.key, done.change.once) for e in closed for done in e.done if not done.unknown}
        over |= {place for e in closed if e.plan.settled for place in batch.attempted if place[0] == e.key}
        for name in sorted({name for _key, name in over if name}):
            keys = [key for key, other in over if other == name]
            AttemptRow.objects.filter(lane=lane, name=name, key__in=keys).delete()


def _told(done: Done) -> bool:
    """Whether a change belongs into the record: one that the budget kept from going out was not made."""
    return not isinstance(done.error, OutOfBudget)


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


def _close(lane: Lane, outcomes: Sequence[Outcome]) -> None:
    """Bring marks, problems and task items in line with the outcomes. A crash before this repeats the batch."""
    held = [o for o in outcomes if o.state == "held"]
    with transaction.atomic():
        # Marks, the lane, then tasks: the order in which asking locks them, so that neither waits for the other.
        lanes.close(lane, outcomes)
        if held:
            lanes.hold(lane.id, max(o.wait_seconds or 0 for o in held))
            problems.settle_held(lane, held)
        elif any(o.state == "applied" for o in outcomes):
            problems.close_lane(lane)
        problems.settle(lane, [o for o in outcomes if o.state != "held"])
        tasks.follow(lane, outcomes)
