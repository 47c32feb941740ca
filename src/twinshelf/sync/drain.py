"""One slice of a lane: claim, draft, apply, close, until nothing is due or the slice is over.

Each of the three steps reads what it needs from the database, so a crash between or inside them is repaired by running
the step again; a change may then be applied twice, and every apply is safe to repeat. Nothing here says what happened
on a platform: the draft looks at both as they are now, which also covers events that came late, doubled or never.
"""

from __future__ import annotations

import contextvars
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django_scopes import scope

from twinshelf.accounts.models import Account
from twinshelf.documents import AnyChange, Finding, Plan, from_json, to_json
from twinshelf.errors import NeedsPerson, OutOfBudget, Refused, Transient, Unauthorized
from twinshelf.kit import clock
from twinshelf.kit.upsert import insert_rows, update_rows
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.flows import Ask, Flow, LaneRef, Outcome, installed
from twinshelf.sync.models import ChangeRecord, Lane, Mark, StoredPlan

log = structlog.get_logger(__name__)

SLICE_SECONDS = 3.0
"""How long one workflow works before it hands over, so that no tenant's backlog holds a worker."""

_DATABASE_ERRORS = (OperationalError, InterfaceError)

_pool: ThreadPoolExecutor | None = None


def use_threads(size: int) -> None:
    """Apply plans of a batch side by side in a pool of this process; 0 (the default): one after the other."""
    global _pool  # noqa: PLW0603 - the pool is the process's
    if _pool is not None:
        _pool.shutdown(wait=False)
    _pool = ThreadPoolExecutor(size, thread_name_prefix="apply") if size else None


@contextmanager
def in_lane(lane_id: int) -> Iterator[tuple[Lane, Flow]]:
    """The lane with its flow, inside its account's scope."""
    close_old_connections()
    lane = Lane.objects.get(id=lane_id)
    with scope(account=Account(id=lane.account_id)):
        yield lane, installed.flows[lane.kind]


def draft(lane_id: int, epoch: int) -> list[int] | None:
    """Claim due marks, read both sides, store the plans. Returns their ids; None if there is nothing to do.

    A draft that was made before and not closed (its worker died) is dropped and made anew.
    """
    with in_lane(lane_id) as (lane, flow):
        if lane.epoch != epoch or not lane.awake:  # a later epoch is at work: this one is a ghost of a killed worker
            return None
        left_over = list(StoredPlan.objects.filter(lane=lane).order_by("id").values_list("id", flat=True))
        if left_over:
            # Looked at anew rather than sent as they are: the world has moved on. What must survive (that a create was
            # attempted) is on the domain's own rows.
            StoredPlan.objects.filter(id__in=left_over).delete()
        asks = lanes.claim(lane, flow.batch)
        if not asks:
            return None
        plans, outcomes = _draft(lanes.ref(lane), flow, asks)
        generation = {ask.key: ask.generation for ask in asks}
        of_lane = {"account_id": lane.account_id, "lane_id": lane.id}
        with transaction.atomic():
            flow.before(lanes.ref(lane), plans)
            stored = StoredPlan.objects.bulk_create(
                [StoredPlan(**of_lane, key=p.key, generation=generation[p.key], plan=to_json(p)) for p in plans]
                + [
                    StoredPlan(
                        **of_lane,
                        key=o.key,
                        generation=o.generation,
                        plan=to_json(Plan(key=o.key)),
                        outcome=msgspec.json.encode(o),
                    )
                    for o in outcomes
                ]
            )
        return [row.id for row in stored]


def _draft(lane: LaneRef, flow: Flow, asks: Sequence[Ask]) -> tuple[list[Plan], list[Outcome]]:
    """Plans for the keys that could be drafted, outcomes for those that could not."""
    try:
        plans = list(flow.draft_many(lane, asks))
    except (Transient, NeedsPerson, *_DATABASE_ERRORS) as error:
        if len(asks) > 1 and isinstance(error, NeedsPerson) and not isinstance(error, Unauthorized):
            return _draft_one_by_one(lane, flow, asks)
        return [], [_failed(flow, ask, error) for ask in asks]
    except Exception as error:
        if len(asks) > 1:  # one poisoned key must not stop the others
            log.warning("draft failed for a batch; drafting one by one", lane=lane.id, kind=lane.kind, exc_info=True)
            return _draft_one_by_one(lane, flow, asks)
        log.exception("draft failed", lane=lane.id, kind=lane.kind, key=asks[0].key)
        return [], [_failed(flow, asks[0], error)]
    planned = {plan.key: plan for plan in plans}
    settled = []
    for ask in asks:
        plan = planned.get(ask.key)
        if plan is None:
            settled.append(Outcome(key=ask.key, generation=ask.generation, state="applied"))
        elif plan.later_seconds is not None:
            settled.append(_failed(flow, ask, Transient("not there yet", wait_seconds=plan.later_seconds, exact=True)))
    return [plan for plan in plans if plan.later_seconds is None], settled


def _draft_one_by_one(lane: LaneRef, flow: Flow, asks: Sequence[Ask]) -> tuple[list[Plan], list[Outcome]]:
    plans: list[Plan] = []
    outcomes: list[Outcome] = []
    for ask in asks:
        some_plans, some_outcomes = _draft(lane, flow, [ask])
        plans += some_plans
        outcomes += some_outcomes
    return plans, outcomes


def apply(lane_id: int, plan_ids: Sequence[int]) -> int:
    """Make the changes of these plans, plan by plan side by side, and store each outcome. Returns how many plans ran.

    A plan whose outcome is stored already (the step is being repeated) is not run again.
    """
    with in_lane(lane_id) as (lane, flow):
        rows = list(StoredPlan.objects.filter(id__in=plan_ids, outcome=None).order_by("id"))
        ref = lanes.ref(lane)
        asks = {ask_.key: ask_ for ask_ in _asks(lane, rows)}
        work = [(row, from_json(bytes(row.plan), Plan)) for row in rows]
        idle = [(row, plan) for row, plan in work if not plan.changes]
        busy = [(row, plan) for row, plan in work if plan.changes]
        results: list[tuple[StoredPlan, Outcome, list[_Record]]] = [
            (row, _judge(row, plan, None, flow, asks[row.key]), []) for row, plan in idle
        ]
        if _pool is None or len(busy) <= 1:
            results += [_run(ref, flow, row, plan, asks[row.key]) for row, plan in busy]
        else:
            # Scopes live in context variables, which pool threads do not inherit: each job runs in a copy.
            jobs = [
                _pool.submit(contextvars.copy_context().run, _run_in_thread, ref, flow, row, plan, asks[row.key])
                for row, plan in busy
            ]
            results += [job.result() for job in jobs]
        with transaction.atomic():
            flow.keep(ref)
            for row, outcome, _records in results:
                row.outcome = msgspec.json.encode(outcome)
            update_rows([row for row, _o, _r in results], ["outcome"])
            insert_rows([r.row(lane) for _row, _o, records in results for r in records])
        return len(results)


def _asks(lane: Lane, rows: Sequence[StoredPlan]) -> Iterator[Ask]:
    marks = {
        key: (reason, attempts)
        for key, reason, attempts in Mark.objects.filter(lane=lane, key__in=[row.key for row in rows]).values_list(
            "key", "reason", "attempts"
        )
    }
    for row in rows:
        reason, attempts = marks.get(row.key, ("", 0))
        yield Ask(row.key, row.generation, reason, attempts)


def _run_in_thread(
    lane: LaneRef, flow: Flow, row: StoredPlan, plan: Plan, ask: Ask
) -> tuple[StoredPlan, Outcome, list[_Record]]:
    close_old_connections()
    return _run(lane, flow, row, plan, ask)


class _Record(msgspec.Struct):
    kind: str
    key: str
    cause: str
    change: AnyChange
    ok: bool
    answer: str

    def row(self, lane: Lane) -> ChangeRecord:
        return ChangeRecord(
            account_id=lane.account_id,
            lane=lane,
            kind=self.kind,
            key=self.key,
            cause=self.cause,
            change=msgspec.to_builtins(self.change),
            ok=self.ok,
            answer=self.answer[:2000],
            at=clock.now(),
        )


def _run(lane: LaneRef, flow: Flow, row: StoredPlan, plan: Plan, ask: Ask) -> tuple[StoredPlan, Outcome, list[_Record]]:
    records: list[_Record] = []
    failure: Exception | None = None
    for change in plan.changes:
        name = type(change).__name__
        try:
            answer = flow.apply(lane, plan.key, change)
        except OutOfBudget as error:
            failure = error
            break
        except Exception as error:
            if not isinstance(error, (Transient, NeedsPerson)):
                log.exception("apply failed", lane=lane.id, kind=lane.kind, key=plan.key, change=name)
            records.append(_Record(name, plan.key, ask.reason, change, False, str(error)))
            failure = error
            break
        records.append(_Record(name, plan.key, ask.reason, change, True, answer))
    return row, _judge(row, plan, failure, flow, ask), records if flow.record else []


def _judge(row: StoredPlan, plan: Plan, failure: Exception | None, flow: Flow, ask: Ask) -> Outcome:
    if failure is not None:
        outcome = _failed(flow, ask, failure)
        if outcome.state == "held":  # what the plan found is told once the plan gets through
            return outcome
        return msgspec.structs.replace(outcome, findings=plan.findings + outcome.findings)
    blocked = any(finding.blocking for finding in plan.findings)
    return Outcome(
        key=row.key,
        generation=row.generation,
        state="parked" if blocked else "applied",
        findings=plan.findings,
        text="; ".join(finding.text for finding in plan.findings),
    )


def _failed(flow: Flow, ask: Ask, error: Exception) -> Outcome:
    """What a failure means for the mark: retried, parked with a finding, or the whole lane held."""
    outcome = partial(Outcome, key=ask.key, generation=ask.generation)
    if isinstance(error, _DATABASE_ERRORS):
        log.warning("the database did not answer", kind=flow.kind, key=ask.key, error=str(error))
        error = Transient("our database did not answer")
    if isinstance(error, OutOfBudget):
        return outcome(state="held", wait_seconds=error.wait_seconds, text=str(error), attempts=ask.attempts)
    if isinstance(error, Unauthorized):
        finding = Finding(code=error.code, text=str(error), remedy=error.remedy)
        return outcome(state="held", wait_seconds=300.0, findings=(finding,), text=str(error), attempts=ask.attempts)
    if isinstance(error, Transient):
        wait = flow.retry_seconds(ask.attempts)
        if wait is None:
            finding = Finding(
                code="E-GAVE-UP", text=f"Given up after {ask.attempts + 1} tries: {error}", remedy="Try again."
            )
            return outcome(state="parked", findings=(finding,), text=str(error), attempts=ask.attempts + 1)
        wait = error.wait_seconds if error.exact else max(wait, error.wait_seconds)
        return outcome(state="retry", wait_seconds=wait, text=str(error), attempts=ask.attempts + 1)
    if isinstance(error, NeedsPerson):
        answer = f" (code {error.platform_code})" if isinstance(error, Refused) and error.platform_code else ""
        finding = Finding(code=error.code, text=f"{error}{answer}", remedy=error.remedy)
        return outcome(state="parked", findings=(finding,), text=str(error))
    where = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    place = f" ({where.name}, line {where.lineno})" if where else ""
    finding = Finding(
        code="E-BUG",
        text=f"Twinshelf failed here: {type(error).__name__}{place}.",
        remedy="Nothing was lost. Report it with the time; it can be tried again.",
    )
    return outcome(state="parked", findings=(finding,), text=finding.text)


def close(lane_id: int, plan_ids: Sequence[int]) -> float | None:
    """Record the outcomes: marks, problems, task items.

    Returns the seconds after which this slice takes another batch; None: it takes none.
    """
    with in_lane(lane_id) as (lane, flow):
        rows = StoredPlan.objects.filter(id__in=plan_ids).exclude(outcome=None).order_by("id")
        outcomes = [_outcome(bytes(stored)) for stored in rows.values_list("outcome", flat=True) if stored is not None]
        if not outcomes:
            return None
        ref = lanes.ref(lane)
        flow.after(ref, outcomes)
        if gave_up := [o for o in outcomes if o.state == "parked" and o.attempts]:
            flow.gave_up(ref, gave_up)
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
            rows.order_by().delete()
        if held or not lanes.has_due(lane):
            return None
        return flow.gather_seconds if len(outcomes) < flow.batch else 0.0


_outcome = msgspec.json.Decoder(Outcome).decode


def slice_of(lane_id: int, epoch: int) -> None:
    """Work off one slice, for engines that need no durable steps (the inline driver)."""
    start = clock.monotonic()
    while True:
        plan_ids = draft(lane_id, epoch)
        if plan_ids is None:
            break
        apply(lane_id, plan_ids)
        if close(lane_id, plan_ids) is None or clock.monotonic() - start > SLICE_SECONDS:
            break
    lanes.sleep_or_continue(lane_id, epoch)
