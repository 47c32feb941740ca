"""Nothing stands still and nothing is sent twice: frozen workers, keys that kill, batches with one bad key, no end.

The probe flow and its helpers are those of the engine's contract; here is one engine, since the promises are of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx2
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from tests.flows.conftest import MAYA
from tests.flows.test_engine_contract import Probe, ask, marks, the_lane
from twinshelf import processes, wiring
from twinshelf.accounts.models import Account
from twinshelf.documents import AnyChange
from twinshelf.errors import OutOfBudget, PlatformDown, TakenOver, Throttled, Transient
from twinshelf.kit import clock, health, http
from twinshelf.messages import text
from twinshelf.sync import actions, drain, engine, lanes, leases, tasks
from twinshelf.sync import problems as sync_problems
from twinshelf.sync.flows import Attempt, Batch, Made, installed
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import AttemptRow, ChangeRecord, Lane, Problem, Task

pytestmark = pytest.mark.usefixtures("standing_clock")

CALL_IS_OVER = 31.0


class Killed(BaseException):
    """As the kernel's out-of-memory killer: nothing of ours sees it."""


@pytest.fixture
def account(transactional_db: None) -> Iterator[Account]:
    made = Account.objects.create(name="Fernhollow")
    with scope(account=made):
        engine.use(InlineEngine())
        yield made
    engine.use(None)
    clock.reset()
    lanes.forget()
    wiring.install()


@pytest.fixture
def probe() -> Probe:
    return Probe()


def rest() -> None:
    """Work until nothing is due; a process that is killed starts anew."""
    port = engine.current()
    assert isinstance(port, InlineEngine)
    port.run()


def live(probe: Probe) -> int:
    """Work like `rest` in processes that are killed and started again. Returns how many were killed."""
    killed = 0
    for _ in range(40):
        try:
            rest()
        except Killed:
            killed += 1
            engine.use(InlineEngine())
        clock.move(CALL_IS_OVER)
        if not marks():
            break
    return killed


def problems() -> list[tuple[str, str]]:
    return sorted(Problem.objects.filter(closed_at=None).values_list("key", "code"))


# -- a worker that was taken for dead -------------------------------------------------------------------------------


class Sending(Probe):
    """A probe whose changes go out by a call, as every flow's do; `frozen` is called before the n-th."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.frozen: dict[int, object] = {}

    def _apply(self, batch: Batch, change: AnyChange, attempt: Attempt) -> Made:
        made = super()._apply(batch, change, attempt)
        check = http._guard.get()
        assert check is not None, "a call that nobody fences"
        freeze = self.frozen.pop(len(self.sent), None)
        if callable(freeze):
            freeze()
        check()
        self.sent.append(made.kept)
        return made


def test_a_guard_is_asked_before_a_call_goes_out_and_keeps_it_from_going():
    sent: list[str] = []

    class Wire(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            sent.append(request.url.path)
            return httpx2.Response(200, request=request)

    def no() -> None:
        raise TakenOver("another worker has it")

    with httpx2.Client(base_url="http://platform.test", transport=Wire()) as client:
        with http.guarded(lambda: None):
            http.send(client, client.build_request("POST", "/one"), platform="TikTok Shop", repeatable=False)
        with http.guarded(no), pytest.raises(TakenOver):
            http.send(client, client.build_request("POST", "/two"), platform="TikTok Shop", repeatable=False)
        http.send(client, client.build_request("GET", "/three"), platform="TikTok Shop", repeatable=True)

    assert sent == ["/one", "/three"]


class Noting(list[str]):
    """What was sent; notes until when each call is on record when it goes out."""

    def __init__(self, over_at: list[datetime]) -> None:
        super().__init__()
        self._over_at = over_at

    def append(self, key: str) -> None:
        self._over_at.append(AttemptRow.objects.get(key=key).over_at)
        super().append(key)


def another_worker_takes_over() -> None:
    """As a survivor does that finds the lease of a frozen worker silent: the same workflow runs again."""
    drain.slice_of(the_lane().id, the_lane().epoch)


@pytest.mark.parametrize("once", [True, False])
def test_a_frozen_worker_sends_nothing_after_another_has_taken_over(account, once):
    """Its machine stood still with its clocks, so no time has passed for it."""
    probe = Sending().install()
    probe.once = once
    assert isinstance(probe, Sending)
    probe.frozen[2] = another_worker_takes_over
    ask(account, *(f"k{n}" for n in range(6)))

    rest()
    clock.move(CALL_IS_OVER)
    rest()

    expected = Counter(f"k{n}" for n in range(6))
    assert Counter(probe.sent) == expected + Counter(probe.sent[:2])  # the survivor finds no record of these two
    if once:  # and is told so: what it sends again, it has looked for
        assert [attempt.first for attempt in probe.attempts] == [True] * 6 + [False] * 6
    assert marks() == {}
    assert not AttemptRow.objects.exists()


def test_the_old_number_of_a_frozen_worker_does_not_overwrite_the_new_one(account):
    probe = Sending().install()
    assert isinstance(probe, Sending)
    told: list[int] = []

    def frozen() -> None:
        probe.change("stock")  # the world moves on, somebody else sets the new number
        ask(account, "stock")
        another_worker_takes_over()
        told.append(probe.seen["stock"])

    probe.frozen[0] = frozen
    ask(account, "stock")
    rest()

    assert told == [1]
    assert probe.sent == ["stock"]  # by the survivor alone
    assert marks() == {}


@pytest.mark.parametrize("jump", ["the wall clock alone", "neither"])
def test_a_plan_that_has_aged_is_made_anew_before_it_is_sent(account, jump):
    probe = Sending().install()
    assert isinstance(probe, Sending)
    age = drain.PLAN_SECONDS + 1 if jump == "the wall clock alone" else drain.PLAN_SECONDS - 1
    probe.frozen[0] = lambda: clock.move(age)
    ask(account, "a")
    rest()

    assert probe.sent == ["a"]
    assert probe.rounds == {"a": 2 if jump == "the wall clock alone" else 1}
    assert marks() == {}
    assert problems() == []


def test_a_look_at_a_batch_that_takes_longer_than_a_plan_holds_is_had_in_smaller_parts(account):
    probe = Sending().install(size=100)
    assert isinstance(probe, Sending)
    probe.on_observe = lambda keys: clock.move(2.0 * len(keys))  # a slow platform
    ask(account, *(f"k{n:02}" for n in range(40)))
    rest()
    clock.move(drain.AGED_AGAIN_SECONDS)
    rest()

    assert Counter(probe.sent) == Counter(f"k{n:02}" for n in range(40))
    assert set(probe.rounds.values()) == {2}
    assert (marks(), problems()) == ({}, [])


def test_a_key_whose_plan_ages_again_and_again_is_not_looked_at_without_a_pause(account):
    probe = Sending().install()
    assert isinstance(probe, Sending)
    slow = [drain.PLAN_SECONDS + 1]
    probe.on_observe = lambda _keys: clock.move(slow[0])
    ask(account, "a")
    for rounds in (2, 3, 4):
        rest()
        assert probe.rounds == {"a": rounds}
        assert probe.sent == []
        left = (marks()["a"].due_at - clock.now()).total_seconds()
        assert left == pytest.approx(drain.AGED_AGAIN_SECONDS, abs=0.1)
        clock.move(left)
    slow[0] = 0.0
    rest()

    assert probe.sent == ["a"]
    assert (marks(), problems()) == ({}, [])


def test_what_a_frozen_worker_found_of_a_key_does_not_close_what_is_another_workers(account):
    """It could not read the key when it looked; the one who took over could, and waits to try it again."""
    probe = Sending().install()
    assert isinstance(probe, Sending)
    looks = iter([True, False])

    def look(_keys: Sequence[str]) -> None:
        if next(looks, False):
            probe.on_apply = fail
            another_worker_takes_over()
            probe.on_apply = lambda _key: None
            raise KeyError("as it was")

    def fail(_key: str) -> None:
        raise PlatformDown("not now")

    probe.on_observe = look
    ask(account, "a")
    rest()

    assert marks()["a"].attempts == 1
    assert problems() == []


def test_a_note_that_has_aged_is_made_anew_before_its_call(account):
    """Pictures go up before a listing is made, and take longer than a note holds."""
    probe = Sending().install()
    assert isinstance(probe, Sending)
    probe.once = True
    over_at: list[datetime] = []

    def slow() -> None:
        over_at.append(AttemptRow.objects.get().over_at)
        clock.move(drain.send_seconds() + 1)

    probe.frozen[0] = slow
    probe.sent = Noting(over_at)
    ask(account, "a")
    rest()

    assert probe.sent == ["a"]
    assert probe.rounds == {"a": 1}
    assert over_at[1] - over_at[0] == timedelta(seconds=drain.send_seconds() + 1)


def test_a_call_that_may_be_on_its_way_is_waited_for_and_its_key_alone(account, probe):
    probe.install()
    probe.once = True

    def die(key: str) -> None:
        if key == "a":
            raise Killed

    probe.on_apply = die
    ask(account, "a")
    with pytest.raises(Killed):
        rest()
    probe.on_apply = lambda _key: None
    engine.use(InlineEngine())
    ask(account, "b")
    rest()

    assert probe.applied == ["b"]
    assert [row.key for row in AttemptRow.objects.all()] == ["a"]
    left = (marks()["a"].due_at - clock.now()).total_seconds()
    assert left == pytest.approx(drain.send_seconds() + http.LONGEST_CALL_SECONDS, abs=0.1)

    clock.move(left - 0.5)
    rest()
    assert probe.applied == ["b"]
    clock.move(1.0)
    rest()
    assert probe.applied == ["b", "a"]
    assert [attempt.first for attempt in probe.attempts] == [True, False]


def test_a_look_that_fails_does_not_make_the_next_try_the_first(account, probe):
    """The platform is asked what became of the call, and does not answer: the outcome is as unknown as before."""
    probe.install()
    probe.once = True
    answers = iter([Transient("no answer", outcome_unknown=True), PlatformDown("not now"), None])

    def answer(_key: str) -> None:
        if error := next(answers):
            raise error

    probe.on_apply = answer
    ask(account, "a")
    for _ in range(4):
        rest()
        clock.move(CALL_IS_OVER)

    assert [attempt.first for attempt in probe.attempts] == [False]
    assert not AttemptRow.objects.exists()


def test_a_call_surely_ends_before_others_look_for_it_and_goes_out_well_under_the_lease():
    longest = sum(part or 0.0 for part in (http.TIMEOUT.connect, http.TIMEOUT.read))
    assert longest < http.LONGEST_CALL_SECONDS
    assert drain.send_seconds() <= leases.ttl_seconds() / 2


def test_a_batch_that_another_worker_took_over_keeps_the_record_of_what_was_sent(account):
    probe = Sending().install()
    assert isinstance(probe, Sending)
    probe.frozen[1] = another_worker_takes_over
    ask(account, "a", "b")
    rest()

    assert sorted(probe.sent) == ["a", "a", "b"]
    assert ChangeRecord.objects.count() == len(probe.sent)


# -- a key that kills -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["observe", "apply"])
@pytest.mark.parametrize("number", [1, 6, 40])
def test_a_key_that_kills_its_process_is_parked_after_three_and_the_others_go_on(account, probe, where, number):
    probe.install(size=100)
    keys = [f"k{n:02}" for n in range(number)]

    def kill(found: str | Sequence[str]) -> None:
        if keys[0] in ([found] if isinstance(found, str) else found):
            raise Killed

    setattr(probe, f"on_{where}", kill)
    ask(account, *keys)
    killed = live(probe)

    assert killed == 3
    assert sorted(set(probe.applied)) == keys[1:]
    assert problems() == [(keys[0], "E-CRASHED")]
    assert marks() == {}


def test_a_key_that_kills_is_left_alone_until_a_person_asks_for_it(account, probe):
    probe.install()
    deadly = [True]
    looked: list[str] = []

    def kill(keys: Sequence[str]) -> None:
        looked.extend(keys)
        if "bad" in keys and deadly:
            raise Killed

    probe.on_observe = kill
    ask(account, "bad", "a")
    assert live(probe) == 3
    looked.clear()
    for _ in range(5):  # webhooks and polls go on asking for it
        ask(account, "bad", "a")
        assert live(probe) == 0
    assert "bad" not in looked
    [problem] = Problem.objects.filter(closed_at=None)
    assert "3 times in a row" in text(problem)

    actions.retry_problem(problem, by=MAYA)
    assert live(probe) == 3
    assert problems() == [("bad", "E-CRASHED")]

    deadly.clear()
    actions.retry_problem(Problem.objects.get(closed_at=None), by=MAYA)
    assert live(probe) == 0
    assert problems() == []
    assert probe.seen["bad"] == 0


def test_new_asks_do_not_wait_behind_a_key_that_kills(account, probe):
    probe.install()

    def kill(keys: Sequence[str]) -> None:
        if "bad" in keys:
            raise Killed

    probe.on_observe = kill
    ask(account, "bad")
    with pytest.raises(Killed):
        rest()
    engine.use(InlineEngine())
    ask(account, *(f"new{n}" for n in range(5)))
    for _ in range(2):
        try:
            rest()
        except Killed:
            engine.use(InlineEngine())

    assert len(probe.applied) == 5


def test_a_batch_that_cannot_be_recorded_is_not_made_for_ever(account, probe):
    def record(_batch: Batch, closed: Sequence[object]) -> None:
        if any(getattr(each, "key", "") == "bad" for each in closed):
            raise KeyError("bad")

    probe.install(record=record)
    lane = ask(account, "a", "bad")
    for _ in range(5):
        try:
            drain.slice_of(lane.id, the_lane().epoch)
        except KeyError:
            continue

    assert problems() == [("bad", "E-CRASHED")]
    assert marks() == {}
    assert Counter(probe.applied)["a"] <= 3


# -- batches and retries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [(0,), (57,), (99,), (3, 4), (0, 50, 99)])
def test_a_batch_whose_failure_comes_back_is_split_until_the_bad_ones_are_alone(account, probe, bad):
    probe.install(size=100)
    keys = [f"k{n:02}" for n in range(100)]
    wrong = {keys[n] for n in bad}
    calls: list[int] = []

    def internal_error(some: Sequence[str]) -> None:
        calls.append(len(some))
        if wrong & set(some):
            raise PlatformDown("TikTok Shop: Internal error (HTTP 500)")

    probe.on_observe = internal_error
    ask(account, *keys)
    rest()
    assert calls == [100]  # the first time it may be the platform
    for _ in range(3):
        clock.move(700)
        rest()
        calls.append(0)

    assert set(probe.applied) == set(keys) - wrong
    assert sorted(marks()) == sorted(wrong)
    assert len([n for n in calls if n]) <= 8 + 40 * len(wrong)
    assert problems() == []

    for _ in range(25):
        clock.move(800)
        rest()
    assert problems() == sorted((key, "E-GAVE-UP") for key in wrong)
    assert marks() == {}


def test_a_platform_that_is_away_is_not_asked_key_by_key_and_told_once(account, probe):
    probe.install(size=100)
    keys = [f"k{n:03}" for n in range(300)]
    away, calls = [True], []

    def down(some: Sequence[str]) -> None:
        calls.append(len(some))
        if away:
            raise PlatformDown("BigCommerce cannot be reached")

    probe.on_observe = down
    ask(account, *keys)
    for _ in range(40):  # nine hours
        rest()
        clock.move(800)

    assert len(calls) <= 40 * 3 * 4
    assert len(marks()) == 300
    assert problems() == [("*", "E-PLT-AWAY")]
    assert "BigCommerce cannot be reached" in text(Problem.objects.get())

    away.clear()
    clock.move(800)
    rest()
    assert sorted(probe.applied) == keys
    assert problems() == []
    assert marks() == {}


def test_what_was_given_up_while_a_platform_was_away_is_asked_for_when_it_is_back(account, probe):
    told: list[bool] = []
    probe.install(size=10, holding=lambda _lane, held: told.append(held))
    away = [True]

    def down(_key: str) -> None:
        if away:
            raise PlatformDown("BigCommerce cannot be reached")

    probe.on_apply = down
    ask(account, "alone")
    for _ in range(25):
        rest()
        clock.move(800)
    assert problems() == [("*", "E-PLT-AWAY"), ("alone", "E-GAVE-UP")]
    assert set(told) == {True}
    sync_problems.ask_held(account.id, the_lane().owner)  # another lane has got through
    assert list(marks()) == ["alone"]
    rest()
    assert probe.applied == []

    ask(account, "a", "b")
    for _ in range(8):
        rest()
        clock.move(800)
    assert problems() == [("*", "E-PLT-AWAY"), ("alone", "E-GAVE-UP")]
    away.clear()
    rest()
    clock.move(800)
    rest()

    assert sorted(probe.applied) == ["a", "alone", "b"]
    assert problems() == []
    assert told[-1] is False


@pytest.mark.parametrize("error", [OutOfBudget("BigCommerce", 30.0), Throttled("one call too many")])
def test_a_quota_that_says_no_splits_no_batch(account, probe, error):
    probe.install(size=100)
    calls: list[int] = []

    def no(some: Sequence[str]) -> None:
        calls.append(len(some))
        raise error

    probe.on_observe = no
    ask(account, *(f"k{n}" for n in range(50)))
    for _ in range(4):
        rest()
        clock.move(40)

    assert set(calls) <= set(range(1, 51))
    assert calls[0] == 50
    assert len(calls) <= 12


def test_one_call_for_many_keys_is_split_for_a_bad_one(account, probe):
    calls: list[list[str]] = []

    def together(_batch: Batch, changes: Sequence[tuple[str, AnyChange]]) -> dict[str, Made | Exception]:
        calls.append([key for key, _change in changes])
        if "k7" in calls[-1]:
            raise PlatformDown("Internal error")
        return {key: Made("done") for key, _change in changes}

    probe.install(apply_together=together, together=20, size=20)
    ask(account, *(f"k{n}" for n in range(20)))
    for _ in range(4):
        rest()
        clock.move(20)

    assert sorted(marks()) == ["k7"]
    done = [key for some in calls if "k7" not in some for key in some]
    assert sorted(done) == sorted(f"k{n}" for n in range(20) if n != 7)


def test_what_names_its_own_wait_is_not_given_up(account, probe):
    """A shop that may list no more today, a price that a promotion locks: nothing is wrong with the key."""
    probe.install()

    def cap(_key: str) -> None:
        raise Transient("no more listings today", wait_seconds=3600)

    probe.on_apply = cap
    ask(account, "a")
    for _ in range(60):
        rest()
        clock.move(3700)

    assert sorted(marks()) == ["a"]
    assert problems() == []


# -- a newer version's work -----------------------------------------------------------------------------------------


def test_work_of_a_kind_that_this_version_does_not_know_waits_for_one_that_does(account, probe):
    lane = ask(account, "a")  # as a newer version left it
    installed.install([], {}, {})
    for _ in range(3):
        rest()
        clock.move(61)
    assert sorted(marks()) == ["a"]
    assert problems() == [("*", "E-OLD-VERSION")]
    assert "“probe”" in text(Problem.objects.get())

    probe.install()
    clock.move(61)
    rest()

    assert probe.applied == ["a"]
    assert (marks(), problems()) == ({}, [])
    assert Lane.objects.get(id=lane.id).awake is False


def test_a_task_of_a_kind_that_this_version_does_not_know_waits_and_is_not_failed(account, probe):
    probe.install()
    task = tasks.submit(account.id, "label_printing", "Print labels", by=MAYA)
    for _ in range(6):
        rest()
        clock.move(61)
    task.refresh_from_db()
    assert (task.state, task.finished_at) == ("queued", None)
    assert task.summary == tasks.WAITS_FOR_NEWER

    def carry_out(task: Task) -> bool:
        tasks.carried_out(task)
        return False

    installed.tasks = {"label_printing": carry_out}
    rest()
    task.refresh_from_db()
    assert (task.state, task.summary) == ("completed", "nothing to do")


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("app", ["sync", "label_printing"])
def test_an_older_version_does_not_start_on_the_database_of_a_newer_one(app):
    assert processes._migrations_of_a_newer_version() == []
    recorder = MigrationRecorder(connection)
    recorder.record_applied(app, "0099_from_the_future")
    try:
        with pytest.raises(ImproperlyConfigured) as refused:
            processes.migrate()
    finally:
        recorder.record_unapplied(app, "0099_from_the_future")

    assert str(refused.value) == (
        f"a newer version of Twinshelf has changed this database ({app}.0099_from_the_future). Start that version, "
        "or restore a backup from before its first start; this version has changed nothing"
    )


# -- health ---------------------------------------------------------------------------------------------------------


@contextmanager
def nothing_can_be_written() -> Iterator[None]:
    """As on a full disk: what is there can be read."""
    on, off = (
        (
            "set session characteristics as transaction read only",
            "set session characteristics as transaction read write",
        )
        if connection.vendor == "postgresql"
        else ("pragma query_only = on", "pragma query_only = off")
    )
    with connection.cursor() as cursor:
        cursor.execute(on)
    health.forget()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(off)
        health.forget()


@pytest.mark.usefixtures("account")
def test_a_database_that_can_only_be_read_is_not_healthy():
    """A full disk answers reads, and keeps no webhook."""
    health.forget()
    assert Client().get("/healthz").status_code == 200
    with nothing_can_be_written():
        answer = Client().get("/healthz")
        assert (answer.status_code, answer.content) == (503, b"the database takes nothing")
    assert Client().get("/healthz").status_code == 200


@pytest.mark.usefixtures("account")
def test_a_question_for_our_health_is_no_work_for_the_database():
    health.forget()
    assert Client().get("/healthz").status_code == 200
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            assert Client().get("/healthz").status_code == 200
    assert len(queries) == 0
