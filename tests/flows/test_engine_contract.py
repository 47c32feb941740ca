"""What any engine promises, kept by both: the inline driver of the tests and DBOS on a database of its own.

The flow is one of our own making, installed as `wiring` installs the product's: it reads a number from a small world
and writes down what it saw.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from unittest.mock import Mock

import pytest
from dbos import DBOS
from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.db.models import QuerySet
from django_scopes import scope, scopes_disabled
from pytest_django import DjangoDbBlocker

from tests.flows.conftest import MAYA
from tests.waiting import PATIENCE_SECONDS, wait_until
from twinshelf import wiring
from twinshelf.accounts.models import Account
from twinshelf.documents import AnyChange, CancelShopOrder, Finding, Plan, SetStock, finding
from twinshelf.errors import NeedsPerson, OutOfBudget, PlatformDown, Transient, Unauthorized
from twinshelf.kit import clock
from twinshelf.messages import text
from twinshelf.sync import drain, durable, engine, lanes, schedules, tasks
from twinshelf.sync.flows import BULK, Ask, Attempt, Batch, Closed, Flow, Made, backoff, installed
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import AttemptRow, ChangeRecord, Lane, Mark, Problem, Schedule, Task, TaskItem

KIND, OWNER = "probe", "connection:1"

PATIENCE_WITH_A_CALL = 31.0
"""After so long a call that was put on record is over, with or without an answer."""

pytestmark = pytest.mark.usefixtures("standing_clock")


# -- the two engines ------------------------------------------------------------------------------------------------


@dataclass
class Inline:
    """The driver that works when told to."""

    port: InlineEngine = field(default_factory=InlineEngine)
    name = "inline"

    def rest(self) -> None:
        """Return when nothing is waiting and nothing is due."""
        self.port.run()


@dataclass
class Durable:
    """DBOS in this process, polling by itself."""

    port: durable.DurableClient
    name = "durable"

    def rest(self) -> None:
        """Return when nothing is waiting and nothing is due; sweeps come more often than the timetable's."""

        def resting() -> bool:
            lanes.sweep()
            tasks.sweep()
            return not self._busy()

        wait_until(resting, "nothing is waiting and nothing is due", signs=self._moves)

    def _moves(self) -> object:
        with scopes_disabled():
            marks = Mark.objects.values_list("lane_id", "key", "generation", "attempts")
            done = Task.objects.values_list("id", "state", "succeeded", "failed")
            return list(Lane.objects.values_list("id", "epoch", "awake")), list(marks), list(done)

    def _busy(self) -> bool:
        now = clock.now()
        if Lane.objects.filter(awake=True).exists() or Lane.objects.filter(due_at__lte=now).exists():
            return True
        with scopes_disabled():
            for task in Task.objects.filter(state__in=["queued", "running"]):
                if not task.cursor.get("carried_out"):
                    return True
        running = self.port._client.list_workflows(
            status=["PENDING", "ENQUEUED"], name=["drain.v3", "task.v2"], load_input=False, load_output=False, limit=1
        )
        return bool(running)


@pytest.fixture(scope="module", params=["inline", "durable"])
def made_driver(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Callable[[], Inline | Durable]]:
    """What makes a driver for a test. DBOS is launched once: it takes longer than most of these tests.

    All tests of one engine come before those of the other, for DBOS ticks by itself and would help the inline driver.
    """
    if request.param == "inline":
        yield Inline
        return
    with django_db_blocker.unblock():
        durable.migrate()
        client, lease = durable.launch()
        yield lambda: Durable(client)
        durable.shutdown(lease)


only_durable = pytest.mark.parametrize("made_driver", ["durable"], indirect=True, scope="module")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Tasks that fail are tried again at once: DBOS waits in real time."""
    monkeypatch.setattr(tasks, "RETRY_SECONDS", 0.001)


@pytest.fixture
def driver(made_driver: Callable[[], Inline | Durable], transactional_db: None) -> Iterator[Inline | Durable]:
    made = made_driver()
    engine.use(made.port)
    yield made
    with scopes_disabled():  # nothing of this test may go on in the next one
        AttemptRow.objects.all().delete()
        Mark.objects.all().delete()
        Lane.objects.update(due_at=None)
        Task.objects.update(state="cancelled")
    clock.move(made.port.patience_seconds + 0.1)
    made.rest()
    engine.use(None)
    clock.reset()
    lanes.forget()
    wiring.install()


@pytest.fixture
def account(transactional_db: None) -> Iterator[Account]:
    made = Account.objects.create(name="Fernhollow")
    with scope(account=made):
        yield made


# -- the flow -------------------------------------------------------------------------------------------------------


class Probe:
    """A flow that copies numbers from `world` to `seen`, and notes how it was called.

    `on_observe` and `on_apply` are called with the keys of the batch and the key, before anything is noted.
    """

    def __init__(self) -> None:
        self.world: Counter[str] = Counter()
        self.seen: dict[str, int] = {}
        self.batches: list[list[Ask]] = []
        self.applied: list[str] = []
        self.attempts: list[Attempt] = []
        self.at_once = 0
        self.on_observe: Callable[[Sequence[str]], None] = lambda _keys: None
        self.on_apply: Callable[[str], None] = lambda _key: None
        self.findings: dict[str, tuple[Finding, ...]] = {}
        self.later: dict[str, float] = {}
        self.once = False
        self._lock = threading.Lock()
        self._active: Counter[int] = Counter()

    def install(self, **options: Any) -> Probe:
        """Make this the flow of its kind; `options` are those of `Flow`."""
        options = {"apply": self._apply} | options
        installed.install([Flow(KIND, Batch, self._observe, self._plan, **options)], tasks={}, schedules={})
        return self

    @property
    def rounds(self) -> Counter[str]:
        """How often each key was observed."""
        return Counter(ask.key for batch in self.batches for ask in batch)

    def _observe(self, batch: Batch, keys: Sequence[str]) -> dict[str, str]:
        with self._lock:
            self._active[batch.lane.id] += 1
            self.at_once = max(self.at_once, self._active[batch.lane.id])
        try:
            self.on_observe(keys)
            with self._lock:
                self.batches.append([batch.asks[key] for key in keys])
                return {key: key for key in keys}
        finally:
            with self._lock:
                self._active[batch.lane.id] -= 1

    def _plan(self, key: str) -> Plan:
        number = str(self.world[key])
        change: AnyChange = SetStock(shop_listing_id=f"{key} {number}", stock=())
        if self.once:
            change = CancelShopOrder(shop_order_id=f"{key} {number}", reason="")
        return Plan(
            key=key,
            changes=(change,),
            findings=self.findings.get(key, ()),
            later_seconds=self.later.get(key),
        )

    def _apply(self, _batch: Batch, change: AnyChange, attempt: Attempt) -> Made:
        assert isinstance(change, SetStock | CancelShopOrder)
        name = change.shop_listing_id if isinstance(change, SetStock) else change.shop_order_id
        key, _, number = name.rpartition(" ")
        self.on_apply(key)
        with self._lock:
            self.applied.append(key)
            self.attempts.append(attempt)
            self.seen[key] = int(number)
        return Made("done", key)

    def change(self, key: str) -> None:
        """Something happens in the world."""
        with self._lock:
            self.world[key] += 1


@pytest.fixture
def probe() -> Probe:
    return Probe()


def ask(account: Account, *keys: str, **more: Any) -> Lane:
    lanes.ask(account.id, KIND, OWNER, keys, cause="test", **more)
    return the_lane()


def the_lane() -> Lane:
    return Lane.objects.get(kind=KIND, owner=OWNER)


def marks() -> dict[str, Mark]:
    return {mark.key: mark for mark in Mark.objects.all()}


# -- asks -----------------------------------------------------------------------------------------------------------


def test_what_is_asked_for_is_done_once_and_the_lane_sleeps(driver, account, probe):
    probe.install()
    probe.change("a")

    ask(account, "a", "b")
    driver.rest()

    assert probe.seen == {"a": 1, "b": 0}
    assert [sorted(one.key for one in batch) for batch in probe.batches] == [["a", "b"]]
    assert marks() == {}
    assert (the_lane().awake, the_lane().due_at) == (False, None)
    assert not AttemptRow.objects.exists()
    assert sorted(ChangeRecord.objects.values_list("key", "ok", "answer")) == [("a", True, "done"), ("b", True, "done")]


def test_a_key_asked_for_many_times_is_one_mark_and_one_draft(driver, account, probe):
    probe.install()

    with transaction.atomic():
        for number in range(50):
            ask(account, "a", priority=lanes.BULK if number else lanes.URGENT)
        [mark] = marks().values()
        assert (mark.generation, mark.priority) == (50, lanes.URGENT)
    driver.rest()

    assert [(one.key, one.generation) for [one] in probe.batches] == [("a", 50)]


def test_an_ask_that_is_rolled_back_asks_for_nothing(driver, account, probe):
    probe.install()

    with transaction.atomic():
        ask(account, "a")
        transaction.set_rollback(True)
    driver.rest()

    assert probe.batches == []
    assert marks() == {}


def test_an_ask_during_the_work_raises_the_generation_and_is_done_again(driver, account, probe):
    probe.install()
    during: list[int] = []

    def ask_again(_key: str) -> None:
        if not during:
            probe.change("a")
            ask(account, "a")
            during.append(marks()["a"].generation)

    probe.on_apply = ask_again
    ask(account, "a")
    driver.rest()

    assert during == [2]
    assert [one.generation for [one] in probe.batches] == [1, 2]
    assert probe.seen == {"a": 1}
    assert marks() == {}


def test_urgent_keys_go_first(driver, account, probe):
    probe.install(size=2)
    with transaction.atomic():
        ask(account, "slow-1", "slow-2", "slow-3", priority=lanes.BULK)
        ask(account, "quick", priority=lanes.URGENT)

    driver.rest()

    assert probe.batches[0][0].key == "quick"
    assert set(probe.applied) == {"quick", "slow-1", "slow-2", "slow-3"}


@pytest.mark.parametrize("seed", range(3))
def test_no_ask_is_lost_however_asks_and_work_are_mixed(driver, account, probe, seed):
    """Whatever changes is asked for right after: at rest every key must have been seen as it is."""
    chance = random.Random(seed)
    probe.install(size=3)
    left = [40]

    def something_changes(_: object) -> None:
        while left[0] > 0 and chance.random() < 0.6:
            left[0] -= 1
            key = f"k{chance.randrange(8)}"
            probe.change(key)
            ask(account, key)

    probe.on_observe = probe.on_apply = something_changes
    for number in range(8):
        ask(account, f"k{number}")
    driver.rest()
    while left[0] > 0:
        left[0] -= 1
        key = f"k{chance.randrange(8)}"
        probe.change(key)
        ask(account, key)
    driver.rest()

    assert probe.seen == {f"k{n}": probe.world[f"k{n}"] for n in range(8)}
    assert probe.at_once == 1
    assert marks() == {}


@only_durable
@pytest.mark.parametrize("_round", range(2))
def test_no_ask_is_lost_and_no_two_drains_meet_when_threads_ask(driver, account, probe, _round):
    probe.install(size=4)
    chance = random.Random(_round)
    probe.on_observe = lambda _asks: time.sleep(chance.random() * 0.02)

    def asker(seed: int) -> None:
        mine = random.Random(seed)
        try:
            with scope(account=account):
                for _ in range(25):
                    key = f"k{mine.randrange(6)}"
                    probe.change(key)
                    ask(account, key)
                    time.sleep(mine.random() * 0.02)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(asker, range(4)))
    driver.rest()

    assert probe.seen == {key: probe.world[key] for key in probe.seen}
    assert sum(probe.world.values()) == 100
    assert probe.at_once == 1
    assert len(probe.batches) < 100  # merged
    assert marks() == {}


# -- epochs ---------------------------------------------------------------------------------------------------------


def test_waking_an_epoch_many_times_drains_it_once(driver, account, probe):
    probe.install()
    lane = ask(account, "a")
    for _ in range(5):
        driver.port.wake(lane.id, the_lane().epoch, "sync")
    driver.rest()
    for _ in range(5):
        driver.port.wake(lane.id, the_lane().epoch, "sync")
    driver.rest()

    assert probe.rounds == {"a": 1}
    assert the_lane().epoch == 1


def test_a_ghost_of_an_older_epoch_does_nothing(driver, account, probe):
    probe.install()
    lane = lanes.lane_of(account.id, KIND, OWNER)
    Lane.objects.filter(id=lane.id).update(epoch=7)
    ask(account, "a", due_at=clock.after(3600))

    for epoch in (5, 6, 7):  # 7 is the lane's, but it is asleep
        driver.port.wake(lane.id, epoch, "sync")
    driver.rest()

    assert probe.batches == []
    assert (the_lane().epoch, the_lane().awake) == (7, False)
    assert drain.run_batch(lane.id, 6) == drain.Ended(None, None)
    lanes.sleep_or_continue(lane.id, 6)
    assert the_lane().due_at is not None


def test_status_tells_missing_running_and_ended(driver, account, probe):
    probe.install()
    states: list[str] = []
    probe.on_observe = lambda _asks: states.append(driver.port.status(the_lane().id, 1))
    lane = ask(account, "a")
    driver.rest()

    if driver.name == "durable":  # the inline driver is not asked while it works
        assert states == ["running"]
    assert driver.port.status(lane.id, 1) == "ended"
    assert driver.port.status(lane.id, 2) == "missing"
    assert driver.port.status(lane.id + 1000, 1) == "missing"


def test_finished_work_is_forgotten_when_it_is_old(driver, account, probe):
    probe.install()
    lane = ask(account, "a")
    driver.rest()

    assert driver.port.clean_up(3600.0) >= 0
    if driver.name == "durable":
        assert driver.port.status(lane.id, 1) == "ended"
        time.sleep(1.1)  # DBOS keeps whole seconds on SQLite
    assert driver.port.clean_up(0.0) >= 1
    assert driver.port.status(lane.id, 1) == "missing"


def test_what_a_batch_made_is_recorded_with_its_changes_or_not_at_all(account, probe, transactional_db):
    recorded: list[list[str]] = []

    def record(batch: Batch, closed: Sequence[Closed[str]]) -> None:
        recorded.append([each.key for each in closed])
        Problem.objects.create(account_id=batch.lane.account_id, lane_id=batch.lane.id, key="9", code="E-BUG")
        if len(recorded) == 1:
            raise ConnectionError

    probe.install(record=record)
    engine.use(Deaf())
    lane = ask(account, "1")

    with pytest.raises(ConnectionError):
        drain.run_batch(lane.id, 1)
    assert (Problem.objects.count(), ChangeRecord.objects.count(), sorted(marks())) == (0, 0, ["1"])

    drain.run_batch(lane.id, 1)
    assert Problem.objects.get().code == "E-BUG"
    assert (ChangeRecord.objects.count(), marks()) == (1, {})


def test_a_record_that_the_database_interrupts_is_made_again_and_nothing_is_sent_twice(
    account, probe, transactional_db
):
    failures = iter([True, True, False])

    def record(_batch: Batch, _closed: Sequence[Closed[str]]) -> None:
        if next(failures):
            raise OperationalError("deadlock detected")

    probe.install(record=record)
    engine.use(Deaf())
    lane = ask(account, "1")
    drain.run_batch(lane.id, 1)

    assert probe.applied == ["1"]
    assert (ChangeRecord.objects.count(), marks()) == (1, {})


# -- attempts -------------------------------------------------------------------------------------------------------


def test_a_call_that_must_not_happen_twice_is_noted_before_it_and_the_note_goes_with_its_outcome(
    driver, account, probe
):
    probe.install()
    probe.once = True
    noted: list[list[tuple[str, str]]] = []
    probe.on_apply = lambda _key: noted.append(list(AttemptRow.objects.values_list("key", "name")))
    ask(account, "a")
    driver.rest()

    assert noted == [[("a", "cancel")]]
    assert [attempt.first for attempt in probe.attempts] == [True]
    assert not AttemptRow.objects.exists()


def test_after_a_lost_answer_the_next_try_is_told_so_and_sends_the_same_token(driver, account, probe):
    probe.install()
    probe.once = True
    lost = [True]

    def no_answer(_key: str) -> None:
        if lost:
            lost.clear()
            tokens.append(AttemptRow.objects.get().token)
            raise Transient("no answer", outcome_unknown=True)

    tokens: list[str] = []
    probe.on_apply = no_answer
    ask(account, "a")
    driver.rest()
    assert AttemptRow.objects.count() == 1
    clock.move(60)
    driver.rest()

    assert [(attempt.first, attempt.token) for attempt in probe.attempts] == [(False, tokens[0])]
    assert not AttemptRow.objects.exists()


def test_a_refusal_leaves_no_note_for_the_outcome_is_known(driver, account, probe):
    probe.install()
    probe.once = True

    def refuse(_key: str) -> None:
        raise NeedsPerson("E-ORD-CREATE", why="No.", retries=3)

    probe.on_apply = refuse
    ask(account, "a")
    driver.rest()

    assert not AttemptRow.objects.exists()


def test_after_a_crash_in_the_call_the_next_try_is_told_so(account, probe, transactional_db):
    probe.install()
    probe.once = True
    engine.use(Deaf())
    lane = ask(account, "a")

    def crash(_key: str) -> None:
        raise SystemExit

    probe.on_apply = crash
    with pytest.raises(SystemExit):
        drain.run_batch(lane.id, 1)
    probe.on_apply = lambda _key: None
    clock.move(PATIENCE_WITH_A_CALL)
    drain.run_batch(lane.id, 1)

    assert [attempt.first for attempt in probe.attempts] == [False]
    assert not AttemptRow.objects.exists()


def test_changes_that_may_be_repeated_leave_no_note(driver, account, probe):
    probe.install()
    noted: list[int] = []
    probe.on_apply = lambda _key: noted.append(AttemptRow.objects.count())
    ask(account, "a")
    driver.rest()

    assert noted == [0]


@pytest.mark.parametrize("refused", ["", "k3"])
def test_one_call_serves_many_keys_where_the_platform_takes_them(driver, account, probe, refused):
    calls: list[list[str]] = []

    def together(_batch: Batch, changes: Sequence[tuple[str, AnyChange]]) -> dict[str, Made | Exception]:
        calls.append([key for key, _change in changes])
        no = NeedsPerson("E-LST-IMG")
        return {key: no if key == refused else Made("done") for key, _change in changes}

    probe.install(apply_together=together, together=4, size=10)
    ask(account, *(f"k{n}" for n in range(10)))
    driver.rest()

    assert [len(some) for some in calls] == [4, 4, 2]
    assert sorted(key for some in calls for key in some) == sorted(f"k{n}" for n in range(10))
    assert [problem.key for problem in Problem.objects.all()] == ([refused] if refused else [])
    assert ChangeRecord.objects.filter(ok=True).count() == 10 - bool(refused)


def test_the_sweep_begins_what_a_crash_after_the_commit_or_the_taking_left(driver, account, probe, monkeypatch):
    probe.install()
    if driver.name == "inline":  # the process dies between commit and enqueue
        engine.use(Deaf())
    start = Mock(side_effect=ConnectionError)
    if driver.name == "durable":  # a worker dies between taking the epoch and starting it
        monkeypatch.setattr(DBOS, "start_workflow", start)
    probe.change("a")
    lane = ask(account, "a")
    assert the_lane().awake
    if driver.name == "durable":
        wait_until(lambda: the_lane().started, "a worker has taken it")
        wait_until(lambda: start.called, "it could not be started")
        monkeypatch.undo()
    engine.use(driver.port)

    assert driver.port.status(lane.id, 1) == "missing"
    clock.move(driver.port.patience_seconds + 0.1)
    driver.rest()

    assert probe.seen == {"a": 1}
    assert probe.rounds == {"a": 1}
    assert the_lane().epoch == 1


@only_durable
def test_what_the_database_kept_from_being_taken_is_taken_the_next_time(driver, account, probe, monkeypatch):
    """As while another program holds it for longer than anybody waits."""
    probe.install()
    done: list[int] = []
    update, failed = QuerySet.update, list[type]()

    def carry_out(task: Task) -> bool:
        done.append(task.id)
        tasks.carried_out(task)
        return False

    def interrupted(rows: QuerySet[Any], **values: Any) -> int:
        if values == {"started": True} and rows.model not in failed:
            failed.append(rows.model)
            raise OperationalError("database is locked")
        return update(rows, **values)

    installed.tasks = {"once": carry_out}
    monkeypatch.setattr(QuerySet, "update", interrupted)
    ask(account, "a")
    task = tasks.submit(account.id, "once", "Once", by=MAYA)
    driver.rest()

    assert sorted(model.__name__ for model in failed) == ["Lane", "Task"]
    assert (probe.applied, done) == (["a"], [task.id])


@only_durable
def test_what_many_lanes_of_one_queue_leave_no_room_for_does_not_stand_in_the_way_of_others(
    driver, account, probe, monkeypatch
):
    monkeypatch.setattr(durable, "AT_ONCE", 1)  # the look at all of them is full
    probe.install()
    probe.change("a")
    ask(account, "a")
    driver.rest()

    assert probe.seen == {"a": 1}


@only_durable
def test_a_database_restored_from_a_backup_is_worked_on_though_the_engine_knows_its_epochs_and_tasks(
    driver, account, probe
):
    probe.install()
    installed.tasks = {"nothing": carried_out}
    probe.change("a")
    lane = ask(account, "a")
    driver.rest()
    backup = Lane.objects.filter(id=lane.id).values("epoch", "awake", "started", "token", "due_at", "woken_at").get()
    for _ in range(3):
        probe.change("a")
        ask(account, "a")
        driver.rest()
    task = tasks.submit(account.id, "nothing", "A task of the lost hour", by=MAYA)
    driver.rest()
    Task.objects.all().delete()
    Lane.objects.filter(id=lane.id).update(**backup)
    assert the_lane().epoch == 1

    begun = time.monotonic()
    probe.change("a")
    ask(account, "a")
    again = Task(id=task.id, account_id=account.id, kind="nothing", title="A new task with an old number")
    again.save(force_insert=True)
    driver.port.run_task(task.id)
    driver.rest()

    assert probe.seen == {"a": probe.world["a"]}
    assert the_lane().epoch == 2
    assert Task.objects.get(id=task.id).state == "completed"
    assert time.monotonic() - begun < driver.port.patience_seconds  # by itself, not by the sweep


def test_a_lane_left_awake_by_a_drain_that_ended_goes_on_with_the_next_epoch(driver, account, probe):
    probe.install()
    ask(account, "a")
    driver.rest()
    engine.use(Deaf())
    with transaction.atomic():  # as a worker leaves it that dies after its last step and before the handing over
        ask(account, "b", due_at=clock.after(1))
        Lane.objects.update(awake=True, epoch=1, due_at=None, woken_at=clock.now())
        Mark.objects.update(due_at=clock.now())
    engine.use(driver.port)

    clock.move(driver.port.patience_seconds + 0.1)
    driver.rest()

    assert probe.rounds == {"a": 1, "b": 1}
    assert the_lane().epoch == 2


def test_a_batch_that_its_worker_did_not_survive_is_observed_again(driver, account, probe):
    probe.install()
    engine.use(Deaf())
    probe.change("a")
    lane = ask(account, "a")

    def die(_key: str) -> None:
        raise SystemExit

    probe.on_apply = die
    with pytest.raises(SystemExit):
        drain.run_batch(lane.id, 1)
    probe.on_apply = lambda _key: None
    probe.change("a")  # the world moves on while nobody works
    engine.use(driver.port)

    clock.move(driver.port.patience_seconds + 0.1)
    driver.rest()

    assert probe.seen == {"a": 2}
    assert probe.rounds == {"a": 2}


@pytest.mark.parametrize(
    ("asked", "meanwhile", "wait"),
    [
        pytest.param(1, 0, None, id="nothing came meanwhile: the slice ends"),
        pytest.param(1, 1, 0.5, id="a batch that was not full waits for company"),
        pytest.param(2, 1, 0.0, id="a full one does not: there is a backlog"),
    ],
)
@pytest.mark.usefixtures("transactional_db")
def test_what_comes_in_a_burst_is_gathered(account, probe, asked, meanwhile, wait):
    probe.install(size=2, gather_seconds=0.5)
    engine.use(Deaf())
    lane = ask(account, *(f"asked {n}" for n in range(asked)))
    probe.on_apply = lambda key: ask(account, *(f"later {n}" for n in range(meanwhile))) if key == "asked 0" else None

    assert drain.run_batch(lane.id, 1).wait_seconds == wait
    engine.use(None)
    wiring.install()


def test_a_slice_hands_over_so_that_no_backlog_holds_a_worker(driver, account, probe, monkeypatch):
    monkeypatch.setattr(drain, "SLICE_SECONDS", 0.0)
    probe.install(size=5)
    order: list[str] = []
    probe.on_observe = lambda keys: order.append(keys[0][0])
    with transaction.atomic():
        ask(account, *[f"a{n}" for n in range(20)])
        lanes.ask(account.id, KIND, "connection:2", [f"b{n}" for n in range(10)], cause="test")

    driver.rest()

    assert Lane.objects.get(owner=OWNER).epoch == 4
    assert Lane.objects.get(owner="connection:2").epoch == 2
    assert Counter(order) == {"a": 4, "b": 2}
    if driver.name == "inline":
        assert "".join(order) == "abab" + "aa"
    assert len(probe.applied) == 30


# -- what fails -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["observe", "apply"])
def test_a_poisoned_key_does_not_stop_the_others(driver, account, probe, where):
    probe.install()

    def poisoned(found: str | Sequence[str]) -> None:
        keys = [found] if isinstance(found, str) else found
        if "bad" in keys:
            raise ValueError("maya@fernhollow.test bought this")

    setattr(probe, f"on_{where}", poisoned)
    ask(account, "a", "b", "bad", "c")
    driver.rest()

    assert sorted(probe.seen) == ["a", "b", "c"]
    assert marks() == {}
    [problem] = Problem.objects.filter(closed_at=None)
    assert (problem.key, problem.code, problem.blocking) == ("bad", "E-BUG", True)
    assert "maya" not in text(problem)


def test_what_a_person_must_see_becomes_a_problem_and_goes_when_it_is_put_right(driver, account, probe):
    probe.install()
    broken = [True]

    def refuse(key: str) -> None:
        if key == "a" and broken:
            raise NeedsPerson("E-LST-SIZECHART")

    probe.on_apply = refuse
    ask(account, "a", "b")
    driver.rest()
    ask(account, "a")
    driver.rest()

    [problem] = Problem.objects.filter(closed_at=None)
    assert (problem.key, problem.code, text(problem)) == (
        "a",
        "E-LST-SIZECHART",
        "The size chart is missing or not accepted.",
    )
    assert marks() == {}

    broken.clear()
    ask(account, "a")
    driver.rest()
    assert not Problem.objects.filter(closed_at=None).exists()


def test_failures_are_tried_again_ever_later_and_not_in_step(driver, account, probe):
    probe.install()
    keys = [f"k{n}" for n in range(12)]
    failing = [True]

    def down(_asks: object) -> None:
        if failing:
            raise Transient("the platform is down")

    probe.on_observe = down
    ask(account, *keys)
    waits: list[list[float]] = []
    for attempt in range(1, 6):
        before = clock.now()
        driver.rest()
        waiting = marks()
        assert sorted(waiting) == sorted(keys)
        assert {mark.attempts for mark in waiting.values()} == {attempt}
        waits.append([(mark.due_at - before).total_seconds() for mark in waiting.values()])
        clock.move(max(waits[-1]) + 0.5)

    for attempt, seconds in enumerate(waits):
        base = 2.0 * 2**attempt
        assert base * 0.75 <= min(seconds)
        assert max(seconds) <= base * 1.25
        assert max(seconds) - min(seconds) > base * 0.1  # not in step
    assert all(max(earlier) < max(later) for earlier, later in pairwise(waits))

    failing.clear()
    driver.rest()
    assert marks() == {}
    assert sorted(probe.applied) == sorted(keys)
    assert not Problem.objects.exists()


def test_the_back_off_ends_at_ten_minutes_and_after_two_hours():
    waits = [backoff(attempt) for attempt in range(40)]
    given = [wait for wait in waits if wait is not None]
    assert waits[len(given) :] == [None] * (40 - len(given))
    assert len(given) == 19
    assert max(given) <= 750
    assert min(given[9:]) >= 450
    assert 6000 <= sum(given) <= 10000


def test_a_wait_that_a_rule_gives_is_kept_to_the_second(driver, account, probe):
    exact = {1: 600.0, 2: 1200.0, 3: 1800.0}
    probe.install(retry_seconds=lambda attempts: exact.get(attempts + 1))

    def refuse(key: str) -> None:
        if key == "a":
            raise Transient("no", wait_seconds=exact[marks()["a"].attempts + 1], exact=True)

    probe.on_apply = refuse
    ask(account, "a", "b")
    for attempt in (1, 2):
        driver.rest()
        [mark] = marks().values()
        assert mark.attempts == attempt
        assert mark.due_at == clock.after(exact[attempt])

        clock.move((mark.due_at - clock.now()).total_seconds() - 3.0)
        driver.rest()
        assert marks()["a"].attempts == attempt  # not a moment earlier
        clock.move(3.1)


def test_a_platforms_own_wait_lengthens_the_back_off(driver, account, probe):
    probe.install()

    def busy(_asks: object) -> None:
        raise Transient("busy", wait_seconds=90.0)

    probe.on_observe = busy
    ask(account, "a")
    driver.rest()

    [mark] = marks().values()
    assert mark.due_at == clock.after(90.0)
    probe.on_observe = lambda _asks: None


def test_what_was_tried_often_enough_is_given_up_and_told(driver, account, probe):
    probe.install(retry_seconds=lambda attempts: 1.0 if attempts < 2 else None)

    def down(_key: str) -> None:
        raise Transient("the platform is down")

    probe.on_apply = down
    ask(account, "a")
    for _ in range(3):
        driver.rest()
        clock.move(1.5)
    driver.rest()

    assert marks() == {}
    assert probe.rounds == {"a": 3}
    [problem] = Problem.objects.all()
    assert (problem.key, problem.code) == ("a", "E-GAVE-UP")
    assert text(problem) == "Given up after 3 tries: the platform is down"


def test_a_plan_that_is_not_ready_is_drafted_again_at_its_time(driver, account, probe):
    probe.install()
    probe.later["a"] = 300.0
    ask(account, "a", "b")
    driver.rest()

    assert probe.seen == {"b": 0}
    assert marks()["a"].due_at == clock.after(300)
    del probe.later["a"]
    clock.move(301)
    driver.rest()
    assert probe.seen == {"a": 0, "b": 0}


@pytest.mark.parametrize("where", ["observe", "apply"])
def test_an_empty_budget_puts_the_lane_to_sleep_and_it_wakes_by_itself(driver, account, probe, where):
    probe.install()
    empty = [True]

    def out_of_budget(_: object) -> None:
        if empty:
            raise OutOfBudget("BigCommerce", 20.0)

    setattr(probe, f"on_{where}", out_of_budget)
    ask(account, "a", "b")
    driver.rest()
    tried = sum(probe.rounds.values())
    lane = the_lane()
    assert not lane.awake
    assert lane.due_at is not None
    assert lane.due_at == clock.after(20)

    ask(account, "c", priority=lanes.URGENT)  # asking does not open a closed window
    driver.rest()
    assert sum(probe.rounds.values()) == tried
    assert {mark.attempts for mark in marks().values()} == {0}
    assert not Problem.objects.exists()

    empty.clear()
    clock.move(20.5)
    driver.rest()
    assert sorted(probe.seen) == ["a", "b", "c"]
    assert marks() == {}


def test_rejected_credentials_hold_the_lane_once_and_release_it_when_they_work(driver, account, probe):
    probe.install()
    rejected = [True]

    def reject(_asks: object) -> None:
        if rejected:
            raise Unauthorized("TikTok Shop", "token revoked")

    probe.on_observe = reject
    ask(account, "a", "b", "c")
    driver.rest()
    clock.move(301)
    driver.rest()

    assert list(Problem.objects.values_list("key", "code")) == [("*", "E-CON-AUTH")]
    assert sorted(marks()) == ["a", "b", "c"]

    rejected.clear()
    lanes.release_hold(account.id, OWNER)
    driver.rest()
    assert sorted(probe.seen) == ["a", "b", "c"]


# -- tasks ----------------------------------------------------------------------------------------------------------


def test_a_task_is_carried_out_slice_by_slice_and_once(driver, account, probe):
    probe.install()
    done: list[int] = []

    def three_slices(task: Task) -> bool:
        done.append(len(done))
        if len(done) == 3:
            tasks.carried_out(task)
        return len(done) < 3

    installed.tasks = {"count": three_slices}
    task = tasks.submit(account.id, "count", "Count", by=MAYA)
    driver.rest()
    driver.port.run_task(task.id)
    driver.rest()

    task.refresh_from_db()
    assert done == [0, 1, 2]
    assert (task.state, task.summary) == ("completed", "nothing to do")
    assert task.started_at is not None
    assert task.finished_at is not None


def test_a_task_that_a_crash_kept_from_being_enqueued_is_found_by_the_sweep(driver, account, probe):
    probe.install()
    installed.tasks = {"nothing": carried_out}
    engine.use(Deaf())
    task = tasks.submit(account.id, "nothing", "Nothing", by=MAYA)
    engine.use(driver.port)

    clock.move(driver.port.patience_seconds + 0.1)
    driver.rest()

    task.refresh_from_db()
    assert task.state == "completed"


def test_a_slice_that_fails_is_tried_again(driver, account, probe):
    probe.install()
    failures = iter([True, False])

    def once_broken(task: Task) -> bool:
        if next(failures):
            raise ConnectionError("a moment away")
        tasks.carried_out(task)
        return False

    installed.tasks = {"shaky": once_broken}
    task = tasks.submit(account.id, "shaky", "Shaky", by=MAYA)
    driver.rest()

    task.refresh_from_db()
    assert task.state == "completed"


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (
            NeedsPerson("E-CON-TAX"),
            (1, "failed", "The seller's tax number is invalid. Correct it in Seller Center."),
        ),
        (KeyError("maya@fernhollow.test"), (5, "failed", "Twinshelf failed here: KeyError.")),
        (PlatformDown("TikTok Shop cannot be reached"), (9, "completed", "nothing to do")),
    ],
)
def test_how_long_a_failing_task_is_tried(driver, account, probe, error, ends):
    probe.install()
    tries: list[int] = []

    def broken(task: Task) -> bool:
        tries.append(1)
        if len(tries) < 9:
            raise error
        tasks.carried_out(task)
        return False

    installed.tasks = {"broken": broken}
    task = tasks.submit(account.id, "broken", "Broken", by=MAYA)
    driver.rest()

    task.refresh_from_db()
    assert (len(tries), task.state, task.summary) == ends


def test_a_task_whose_workflow_is_gone_is_told_as_failed_and_not_as_running_for_ever(driver, account, probe):
    probe.install()
    installed.tasks = {"lame": lambda _task: False}  # ends without ever saying that it is carried out
    task = tasks.submit(account.id, "lame", "Lame", by=MAYA)
    clock.move(driver.port.patience_seconds + 0.1)
    driver.rest()

    task.refresh_from_db()
    assert task.state == "failed"
    assert "start it again" in task.summary


def test_a_task_says_apart_that_it_was_carried_out_and_what_came_of_it(driver, account, probe):
    probe.install()
    probe.findings = {
        "bad": (finding("E-LST-IMG"),),
        "same": (finding("I-NOT-PURCHASABLE"),),
    }
    slow = [True]

    def not_yet(key: str) -> None:
        if key == "late" and slow:
            raise Transient("busy", wait_seconds=60, exact=True)

    probe.on_apply = not_yet

    def ask_for_four(task: Task) -> bool:
        tasks.ask_for(task, KIND, OWNER, ["good", "bad", "same", "late"])
        tasks.carried_out(task)
        return False

    installed.tasks = {"push": ask_for_four}
    task = tasks.submit(account.id, "push", "Push", by=MAYA)
    driver.rest()

    task.refresh_from_db()
    assert (task.state, task.total) == ("running", 4)  # one is still to come
    assert (task.succeeded, task.failed, task.skipped) == (1, 1, 1)

    slow.clear()
    clock.move(61)
    driver.rest()

    task.refresh_from_db()
    assert (task.state, task.succeeded, task.failed, task.skipped) == ("completed", 2, 1, 1)
    assert task.summary == "2 done, 1 failed, 1 skipped"
    assert dict(TaskItem.objects.values_list("key", "state")) == {
        "good": "succeeded",
        "late": "succeeded",
        "bad": "failed",
        "same": "skipped",
    }
    assert TaskItem.objects.get(key="bad").text == "At least one image is required."


def test_a_task_that_asks_during_the_work_waits_for_the_round_after(driver, account, probe):
    """What was drafted before it asked may rest on what it came to change."""
    probe.install()
    task = tasks.asking(account.id, "push", "Push", owner=OWNER, by=MAYA)

    def push_meanwhile(_key: str) -> None:
        if not TaskItem.objects.exists():
            probe.findings["a"] = (finding("E-LST-IMG"),)
            tasks.ask_for(task, KIND, OWNER, ["a"])

    probe.on_apply = push_meanwhile
    ask(account, "a")
    driver.rest()

    task.refresh_from_db()
    assert probe.rounds == {"a": 2}
    assert (task.state, task.succeeded, task.failed) == ("completed", 0, 1)


def test_tasks_that_only_ask_or_are_of_a_newer_version_leave_room_for_the_lanes_that_they_wait_for(
    driver, account, probe, monkeypatch
):
    monkeypatch.setattr(settings, "OPERATOR", settings.OPERATOR.model_copy(update={"worker_threads": 1}))
    probe.install(queue=BULK)
    asking = tasks.asking(account.id, "ask_probe", "Upload", owner=OWNER, by=MAYA)
    newer = tasks.submit(account.id, "label_printing", "Print labels", by=MAYA)
    if driver.name == "durable":
        assert durable._dispatcher is not None
        durable._dispatcher._dispatch()
    tasks.ask_for(asking, KIND, OWNER, ["a"])
    clock.move(driver.port.patience_seconds + 0.1)
    tasks.sweep()

    asking.refresh_from_db()
    newer.refresh_from_db()
    assert (asking.state, asking.summary) == ("running", "")
    assert (newer.state, newer.summary) == ("queued", tasks.WAITS_FOR_NEWER)
    if driver.name == "inline":
        driver.rest()
    wait_until(lambda: not marks(), "the lane has room")
    wait_until(lambda: Task.objects.get(id=asking.id).state == "completed", "the task has heard of it")
    assert probe.applied == ["a"]


def test_a_cancelled_task_stops_and_stays_cancelled(driver, account, probe):
    probe.install()
    slices: list[int] = []

    def endless(task: Task) -> bool:
        slices.append(1)
        if len(slices) == 3:
            tasks.cancel(task)
        return True

    installed.tasks = {"endless": endless}
    task = tasks.submit(account.id, "endless", "Endless", by=MAYA)
    driver.rest()

    task.refresh_from_db()
    assert task.state == "cancelled"
    assert len(slices) == 3


# -- timetables -----------------------------------------------------------------------------------------------------


def test_a_timetable_fires_once_though_two_tick(driver, account, probe):
    probe.install()
    fired: Counter[str] = Counter()
    lock = threading.Lock()

    def fire(_account_id: int, owner: str) -> None:
        with lock:
            fired[owner] += 1

    installed.schedules = {"poll": fire}
    owners = [f"connection:{n}" for n in range(8)]
    for owner in owners:
        schedules.set_schedule(account.id, "poll", owner, 300, first_in=3600)
    barrier = threading.Barrier(2)

    def ticker(_number: int) -> int:
        try:
            barrier.wait(PATIENCE_SECONDS)
            return schedules.tick()
        finally:
            connections.close_all()

    clock.move(3601)
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(ticker, range(2))) <= len(owners)  # DBOS ticks by itself as well
    wait_until(lambda: len(fired) == len(owners), "all have fired")

    assert fired == dict.fromkeys(owners, 1)
    assert schedules.tick() == 0
    clock.move(301)
    schedules.tick()
    wait_until(lambda: sum(fired.values()) == 2 * len(owners), "all have fired again")
    assert fired == dict.fromkeys(owners, 2)


def test_a_timetable_that_slept_for_a_day_fires_once_and_not_for_each_time_missed(driver, account, probe):
    probe.install()
    fired: list[str] = []
    installed.schedules = {"poll": lambda _account, owner: fired.append(owner)}
    schedules.set_schedule(account.id, "poll", OWNER, 300, first_in=600)

    clock.move(86_400)
    schedules.tick()
    schedules.tick()
    wait_until(lambda: bool(fired), "it has fired")

    assert fired == [OWNER]
    assert Schedule.objects.get().next_at == clock.after(300)


def test_a_timetable_that_fails_does_not_stop_the_others(driver, account, probe):
    probe.install()
    fired: list[str] = []

    def fire(_account_id: int, owner: str) -> None:
        if owner == "connection:1":
            raise ValueError(owner)
        fired.append(owner)

    installed.schedules = {"poll": fire}
    for number in range(1, 4):
        schedules.set_schedule(account.id, "poll", f"connection:{number}", 300, first_in=600 + number)
    clock.move(700)
    schedules.tick()
    wait_until(lambda: len(fired) == 2, "the others have fired")

    assert fired == ["connection:2", "connection:3"]


# -- clocks ---------------------------------------------------------------------------------------------------------


def test_marks_of_a_clock_that_was_ahead_do_not_wait_for_it(driver, account, probe):
    """The machine's clock is a day ahead and is put right: what was asked for meanwhile is not put off by a day."""
    probe.install()
    clock.move(86_400)
    failing = [True]

    def down(_asks: object) -> None:
        if failing:
            raise Transient("down")

    probe.on_observe = down
    ask(account, "a")
    driver.rest()
    assert marks()["a"].attempts == 1

    failing.clear()
    clock.move(-86_400)
    driver.rest()

    assert probe.rounds == {"a": 1}
    assert marks() == {}


# -- helpers --------------------------------------------------------------------------------------------------------


class Deaf(InlineEngine):
    """An engine that loses everything it is told, as a process does that dies before it could enqueue."""

    def wake(self, lane_id: int, epoch: int, queue: str) -> None:
        """Forget it."""

    def run_task(self, task_id: int) -> None:
        """Forget it."""


def carried_out(task: Task) -> bool:
    """A task that has nothing to do."""
    tasks.carried_out(task)
    return False
