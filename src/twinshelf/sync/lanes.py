"""Asking and waking: marks say what is wanted, a lane is asleep or awake, epoch and turn fence off ghosts.

`ask` writes marks in the caller's transaction and wakes the lane in it; a process with room takes it after commit.
Going to sleep and asking lock the same row: an ask that lands now finds the lane asleep and wakes it, or is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Min, QuerySet
from django_scopes import scope, scopes_disabled

from twinshelf.kit import clock
from twinshelf.sync import engine
from twinshelf.sync.flows import SYNC, Ask, LaneRef, Outcome, Signal, installed
from twinshelf.sync.models import AttemptRow, Lane, Mark, Schedule, new_token

log = structlog.get_logger(__name__)

URGENT, NORMAL, BULK = 1, 5, 9

_FOR_GOOD_SECONDS = 10 * 365 * 86_400.0


def lane_of(account_id: int, kind: str, owner: str) -> Lane:
    """The lane, made on first use. Safe to call from several processes at once."""
    lane = Lane.objects.filter(account_id=account_id, kind=kind, owner=owner).first()
    if lane is None:
        lane, _ = Lane.objects.get_or_create(account_id=account_id, kind=kind, owner=owner)
    return lane


def ask(
    account_id: int,
    kind: str,
    owner: str,
    keys: Iterable[str],
    *,
    cause: str,
    priority: int = NORMAL,
    signals: Signal = Signal.NONE,
    due_at: datetime | None = None,
) -> None:
    """Ask for `keys` to be reconciled: one mark per key, however often it is asked, and wake the lane.

    An ask for a key that is being worked on right now is not lost: it raises the generation, and the key is done
    again. `cause` says why in words for people; what the flow must know are `signals`, which add to those given before.
    """
    ask_each(account_id, kind, owner, [(key, priority, signals, cause) for key in set(keys)], due_at=due_at)


def ask_each(
    account_id: int,
    kind: str,
    owner: str,
    asks: Iterable[tuple[str, int, Signal, str]],
    *,
    due_at: datetime | None = None,
) -> None:
    """As `ask`, for (key, priority, signals, cause) each; no key twice.

    Every webhook comes through here: its few statements are written out, which takes a fifth of the ORM's time.
    """
    wanted = sorted(asks)  # sorted, so that two askers lock rows in the same order
    if not wanted:
        return
    now = clock.now()
    due = due_at or now
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "select id from sync_lane where account_id = %s and kind = %s and owner = %s", [account_id, kind, owner]
            )
            found = cursor.fetchone()
            lane_id: int = found[0] if found else lane_of(account_id, kind, owner).id
            cursor.executemany(
                "insert into sync_mark "
                "(account_id, lane_id, key, generation, asked_at, due_at, priority, attempts, signals, cause) "
                "values (%s, %s, %s, 1, %s, %s, %s, 0, %s, %s) on conflict (lane_id, key) do update set "
                "generation = sync_mark.generation + 1, asked_at = excluded.asked_at, "
                "signals = sync_mark.signals | excluded.signals, cause = excluded.cause, "
                "due_at = case when excluded.due_at < sync_mark.due_at then excluded.due_at else sync_mark.due_at end, "
                "priority = case when excluded.priority < sync_mark.priority "
                "then excluded.priority else sync_mark.priority end",
                [
                    (account_id, lane_id, key, _db(now), _db(due), priority, int(signals), cause[:60])
                    for key, priority, signals, cause in wanted
                ],
            )
        wake(lane_id, due_at=due)


def wake(lane_id: int, *, due_at: datetime | None = None) -> bool:
    """Wake a sleeping lane (in the caller's transaction), or note when it wants to be woken. True if it woke.

    A process that has room takes the lane after commit. If that one dies before it began, the sweep has it taken again.
    """
    now = clock.now()
    due = due_at or now
    with transaction.atomic(savepoint=False):
        if _locked_awake(lane_id):
            return False
        row = Lane.objects.get(id=lane_id)
        if row.resting:
            return False
        if row.held_until is not None and row.held_until > now:
            due = max(due, row.held_until)
        if due > now:
            if row.due_at is None or due < row.due_at:
                Lane.objects.filter(id=row.id).update(due_at=due)
            return False
        _next_epoch(row)
        return True


def _locked_awake(lane_id: int) -> bool:
    """Whether the lane is awake, which nobody else can change until this transaction ends."""
    lock = " for update" if connection.vendor == "postgresql" else ""  # on SQLite whoever writes is alone anyway
    with connection.cursor() as cursor:
        cursor.execute(f"select awake from sync_lane where id = %s{lock}", [lane_id])  # noqa: S608
        return bool(cursor.fetchone()[0])


def _next_epoch(row: Lane) -> None:
    epoch = row.epoch + 1
    Lane.objects.filter(id=row.id).update(
        awake=True, epoch=epoch, due_at=None, held_until=None, woken_at=clock.now(), started=False, token=new_token()
    )
    queue = installed.flows[row.kind].queue if row.kind in installed.flows else SYNC
    transaction.on_commit(lambda: engine.current().wake(row.id, epoch, queue))


def is_asked(account_id: int, kind: str, owner: str, key: str) -> bool:
    """Whether a key is asked for and not done yet."""
    lane = Lane.objects.filter(account_id=account_id, kind=kind, owner=owner).first()
    return lane is not None and Mark.objects.filter(lane=lane, key=key).exists()


def keys_asked(lane_id: int) -> QuerySet[Mark, str]:
    """The keys that a lane is still to look at: a query that another one may have within it."""
    return Mark.objects.filter(lane_id=lane_id).values_list("key", flat=True)


def has_due(lane: Lane) -> bool:
    """Whether a mark is due now."""
    return Mark.objects.filter(lane=lane, due_at__lte=clock.now()).exists()


def ref(lane: Lane) -> LaneRef:
    """The lane as its flow sees it."""
    return LaneRef(lane.id, lane.account_id, lane.kind, lane.owner)


MOST_CRASHES = 3
"""So many batches in a row that do not come to their end are a key's own doing: it is parked."""

_SUSPECTS_PART = 10
"""Keys of a batch that did not come to its end go on in a tenth of a batch, and from the second time on alone."""


@dataclass(frozen=True)
class Claim:
    """What one turn of a lane takes: the keys to work on, those that kill, and those whose call is on its way."""

    turn: int
    asks: tuple[Ask, ...] = ()
    crashed: tuple[Ask, ...] = ()
    in_flight: tuple[tuple[Ask, datetime], ...] = ()
    """With the time when the call is over for sure."""


def claim(lane: Lane, epoch: int, limit: int, *, turn: int | None = None) -> Claim | None:
    """Begin a turn with the most urgent due marks, each counted as begun before anything is done of it.

    The marks stay where they are: closing looks at generations. `turn` is that of this slice's last batch; None: its
    first. Returns None for a ghost: another epoch, or a turn that somebody else has begun since.
    """
    now = clock.now()
    if (lane.epoch, lane.awake) != (epoch, True) or turn not in {None, lane.turn}:
        return None
    marks = list(
        Mark.objects.filter(lane=lane, due_at__lte=now)
        .order_by("priority", "due_at", "id")
        .values_list("id", "begun", "key", "generation", "cause", "attempts", "asked_at", "priority", "signals")[:limit]
    )
    if not marks:
        return Claim(lane.turn)
    crashed = [_ask(mark) for mark in marks if mark[1] >= MOST_CRASHES]
    chosen = _chosen([mark for mark in marks if mark[1] < MOST_CRASHES], limit, lane.turn)
    with transaction.atomic(), connection.cursor() as cursor:
        # Marks, then the lane: the order in which asking locks them.
        _count_as_begun(cursor, [(mark[0], mark[2]) for mark in chosen])
        cursor.execute(
            "update sync_lane set turn = turn + 1 where id = %s and epoch = %s and turn = %s and awake",
            [lane.id, epoch, lane.turn],
        )
        if not cursor.rowcount:
            transaction.set_rollback(True)
            return None
        # From here on no other turn can begin a call: what is on its way is on record.
        keys = [mark[2] for mark in chosen]
        on_its_way = dict(
            AttemptRow.objects.filter(lane=lane, key__in=keys, over_at__gt=now).values_list("key", "over_at")
        )
        waiting = [mark for mark in chosen if mark[2] in on_its_way]
        if waiting:  # nothing is done of them now
            Mark.objects.filter(id__in=[mark[0] for mark in waiting]).update(begun=F("begun") - 1)
    return Claim(
        lane.turn + 1,
        tuple(_ask(mark) for mark in chosen if mark[2] not in on_its_way),
        tuple(crashed),
        tuple((_ask(mark), on_its_way[mark[2]]) for mark in waiting),
    )


_MarkRow = tuple[int, int, str, int, str, int, datetime, int, int]


def _ask(mark: _MarkRow) -> Ask:
    _id, begun, key, generation, cause, attempts, asked_at, priority, signals = mark
    return Ask(key, generation, cause, attempts, asked_at, priority, Signal(signals), begun)


def _chosen(marks: Sequence[_MarkRow], limit: int, turn: int) -> list[_MarkRow]:
    """Those of a turn: marks that no batch has failed to end, or in every other turn a few that one has."""
    fresh, suspects = [m for m in marks if not m[1]], [m for m in marks if m[1]]
    if not suspects or (fresh and turn % 2):
        return fresh
    level = suspects[0][1]
    return [m for m in suspects if m[1] == level][: 1 if level > 1 else max(1, limit // _SUSPECTS_PART)]


def _count_as_begun(cursor: CursorWrapper, marks: Sequence[tuple[int, str]]) -> None:
    if not marks:
        return
    ids = [mark_id for mark_id, _key in sorted(marks, key=itemgetter(1))]
    holes = ", ".join(["%s"] * len(ids))
    if connection.vendor == "postgresql":  # locked in the order in which asking locks them
        cursor.execute(f"select id from sync_mark where id in ({holes}) order by key for update", ids)  # noqa: S608
    cursor.execute(f"update sync_mark set begun = begun + 1 where id in ({holes})", ids)  # noqa: S608


def is_turn(lane_id: int, turn: int, *, locked: bool = False) -> bool:
    """Whether this is still the lane's last turn. `locked`: and stays so until this transaction ends."""
    lock = " for share" if locked and connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"select turn from sync_lane where id = %s{lock}", [lane_id])  # noqa: S608
        found = cursor.fetchone()
    return found is not None and found[0] == turn


def due_count(lane_id: int) -> int:
    """How many marks of the lane are due, those of a batch that is not closed yet included."""
    return Mark.objects.filter(lane_id=lane_id, due_at__lte=clock.now()).count()


def close(lane: Lane, outcomes: Sequence[Outcome]) -> None:
    """Delete the marks whose generation did not move; set a due time for those to be tried again.

    A mark asked for again meanwhile stays due, with its failures forgotten if this round succeeded.
    """
    now = clock.now()
    outcomes = sorted(outcomes, key=lambda o: o.key)  # as `ask` locks them
    done = [(lane.id, o.key, o.generation) for o in outcomes if o.state in {"applied", "parked"}]
    later = [o for o in outcomes if o.state == "retry"]
    held = [(lane.id, o.key) for o in outcomes if o.state == "held"]
    with connection.cursor() as cursor:
        if done:
            cursor.executemany("delete from sync_mark where lane_id = %s and key = %s and generation = %s", done)
            cursor.executemany(
                "update sync_mark set attempts = 0, begun = 0, signals = signals & 1 "  # but not BLAMED
                "where lane_id = %s and key = %s and generation > %s",
                done,
            )
        if held:
            cursor.executemany("update sync_mark set begun = 0 where lane_id = %s and key = %s", held)
        if later:
            cursor.executemany(
                "update sync_mark set attempts = %s, begun = %s, signals = signals | %s, "
                "due_at = case when generation = %s then %s else due_at end where lane_id = %s and key = %s",
                [(o.attempts, o.begun, _blame(o), o.generation, _db(_later(now, o)), lane.id, o.key) for o in later],
            )


def _blame(outcome: Outcome) -> int:
    return int(Signal.BLAMED if outcome.blamed else Signal.NONE)


def _later(now: datetime, outcome: Outcome) -> datetime:
    return now + timedelta(seconds=outcome.wait_seconds or 0)


def hold(lane_id: int, seconds: float) -> None:
    """Let the lane sleep for `seconds` after this slice, whoever asks meanwhile."""
    Lane.objects.filter(id=lane_id).update(held_until=clock.after(seconds))


def end(account_id: int, owner: str) -> None:
    """Let nothing of an owner be worked on any more. What a worker has in hand is neither sent nor recorded."""
    Lane.objects.filter(account_id=account_id, owner=owner).update(
        awake=False, epoch=F("epoch") + 1, turn=F("turn") + 1, due_at=None, held_until=clock.after(_FOR_GOOD_SECONDS)
    )


def rest(account_id: int, owner: str) -> None:
    """Let nothing of an owner be sent before `begin`: what is asked for is kept. Reading goes on. Safe to repeat."""
    for kind in (flow.kind for flow in installed.flows.values() if flow.sends):
        lane = lane_of(account_id, kind, owner)
        Lane.objects.filter(id=lane.id).update(resting=True)


def begin(account_id: int, owner: str) -> None:
    """End the rest of an owner's lanes: what was asked for meanwhile is due. Safe to repeat."""
    resting = Lane.objects.filter(account_id=account_id, owner=owner, resting=True)
    with transaction.atomic():
        for lane in resting.select_for_update():
            Lane.objects.filter(id=lane.id).update(resting=False)
            if Mark.objects.filter(lane=lane).exists():
                wake(lane.id)


def release_hold(account_id: int, owner: str) -> None:
    """End every hold of an owner's lanes at once (its credentials work again)."""
    now = clock.now()
    for lane in Lane.objects.filter(account_id=account_id, owner=owner):
        Lane.objects.filter(id=lane.id).update(held_until=None)
        with scope(account=lane.account_id):
            if Mark.objects.filter(lane=lane).exists():
                Mark.objects.filter(lane=lane, due_at__gt=now).update(due_at=now)
                wake(lane.id)


def sleep_or_continue(lane_id: int, epoch: int, turn: int | None = None) -> None:
    """End a slice: go to sleep if no mark is due, else hand over to the next epoch, so that no lane holds a worker.

    Does nothing for a ghost: another epoch, or a `turn` that is not the last.
    """
    with transaction.atomic():
        row = Lane.objects.select_for_update().get(id=lane_id)
        if row.epoch != epoch or not row.awake or turn not in {None, row.turn}:
            return
        now = clock.now()
        with scope(account=row.account_id):
            due: datetime | None = Mark.objects.filter(lane=row).aggregate(due=Min("due_at"))["due"]
        if due is not None and row.held_until is not None and row.held_until > due:
            due = row.held_until
        if due is not None and due <= now:
            _next_epoch(row)
        else:
            Lane.objects.filter(id=row.id).update(awake=False, due_at=due)


def sweep() -> int:
    """Wake lanes whose time has come, and have awake ones taken again that nobody works on.

    Safe to run from several processes and at any time. An awake lane whose workflow has ended (its worker died after
    the work and before the handing over, or it broke) goes on to its next epoch. Returns how many lanes it touched.
    """
    now = clock.now()
    _put_clock_right(now)
    touched = 0
    for lane in Lane.objects.filter(awake=False, resting=False, due_at__lte=now)[:500]:
        touched += wake(lane.id)
    port = engine.current()
    for lane in Lane.objects.filter(awake=True, woken_at__lte=now - timedelta(seconds=port.patience_seconds))[:500]:
        state = port.status(lane.id, lane.epoch)
        if state == "running":
            continue
        touched += 1
        if state == "missing":
            Lane.objects.filter(id=lane.id, epoch=lane.epoch).update(started=False)
            queue = installed.flows[lane.kind].queue if lane.kind in installed.flows else SYNC
            port.wake(lane.id, lane.epoch, queue)
            continue
        with transaction.atomic():
            row = Lane.objects.select_for_update().get(id=lane.id)
            if row.awake and row.epoch == lane.epoch:
                _next_epoch(row)
    return touched


_swept_at: datetime | None = None


def _put_clock_right(now: datetime) -> None:
    """After the machine's clock was ahead and went back: make due at once what it put off.

    Noticed by the last sweep of this process, or by marks asked for in the future. Too early is harmless here: whoever
    must still wait is sent back to wait.
    """
    global _swept_at
    before, _swept_at = _swept_at, now
    future = now + timedelta(minutes=1)
    with scopes_disabled():
        went_back = Mark.objects.filter(asked_at__gt=future).exists() if before is None else before > future
        if not went_back:
            return
        log.warning("the clock went back; what it had put off is due now")
        Mark.objects.filter(due_at__gt=now).update(asked_at=now, due_at=now)
        Lane.objects.filter(held_until__gt=now).update(held_until=None)
        Lane.objects.filter(awake=False, due_at__gt=now).update(due_at=now)
        Lane.objects.filter(awake=True, woken_at__gt=now).update(woken_at=now)
        AttemptRow.objects.filter(over_at__gt=future).update(over_at=future)
        for row in Schedule.objects.filter(next_at__gt=future):
            if row.next_at > future + timedelta(seconds=row.every_seconds):
                Schedule.objects.filter(id=row.id).update(next_at=now)


def forget() -> None:
    """Drop what was noted of this machine's clock, for tests."""
    global _swept_at  # noqa: PLW0603 - a process has one clock
    _swept_at = None


def _db(moment: datetime) -> str | datetime | None:
    """As this database's driver takes it; raw SQL does not convert by itself."""
    return connection.ops.adapt_datetimefield_value(moment)
