"""The right to make calls, on a real database: BigCommerce's window and TikTok Shop's pace."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from django.db import connections as databases
from django_scopes import scope

from tests.waiting import PATIENCE_SECONDS
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.connections import actions as connections
from twinshelf.errors import NeedsPerson, OutOfBudget, Transient
from twinshelf.kit import clock, http
from twinshelf.kit.budget import Patient
from twinshelf.kit.models import Budget
from twinshelf.storefronts.bigcommerce.budget import WindowBudget
from twinshelf.tiktok.budget import PacedBudget
from twinshelf_sandbox.transport import SandboxTransport

# -- BigCommerce's quota --------------------------------------------------------------------------------------------


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    """Real time passes by sleeping alone, however long a busy machine takes. The sleeps so far, in seconds."""
    now, sleeps = [clock.real()], list[float]()

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        now[0] += max(seconds, 0.001)  # less would be lost in so large a number

    monkeypatch.setattr(clock, "real", lambda: now[0])
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    monkeypatch.setattr(clock, "sleep", sleep)
    return sleeps


def headers(left: int, *, quota: int = 150, reset_ms: int = 20_000) -> dict[str, str]:
    return {
        "x-rate-limit-requests-left": str(left),
        "x-rate-limit-requests-quota": str(quota),
        "x-rate-limit-time-reset-ms": str(reset_ms),
    }


def granted(budget: WindowBudget | PacedBudget, urgency: http.Urgency = "urgent", *, most: int = 1000) -> int:
    """How many calls it lets go before it says that there are no more for now."""
    for number in range(most):
        try:
            budget.acquire("/orders", urgency)
        except OutOfBudget:
            return number
    return most


def knowing(left: int, *, quota: int = 150, reset_ms: int = 20_000) -> WindowBudget:
    """A process that has just seen an answer with these headers."""
    made = WindowBudget("abc")
    made.acquire("", "urgent")
    made.observe("", 200, headers(left, quota=quota, reset_ms=reset_ms), throttled=False)
    return made


@pytest.mark.parametrize("seed", range(2))
def test_processes_that_share_a_store_use_its_quota_up_and_never_exceed_it(transactional_db, sandbox, store, seed):
    """Four processes of three threads, quick and slow, against the sandbox's own count.

    Where answers overtake each other near the end, a process takes a call that the platform has counted for one that is
    still on its way, and may leave one call of the window unused.
    """
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Twinshelf")
    path, token = f"/stores/{store.hash}/v2/store", {"x-auth-token": keys["access_token"]}
    statuses: list[int] = []

    def thread(shared: WindowBudget, client: httpx2.Client, chance: random.Random) -> None:
        pause = chance.choice([0.0, 0.005, 0.05, 0.15])
        try:
            while True:
                shared.acquire("", "urgent")
                time.sleep(chance.random() * 0.01)  # on its way
                answer = client.get(path, headers=token)
                time.sleep(chance.random() * 0.01)  # on its way back
                statuses.append(answer.status_code)
                shared.observe("", answer.status_code, answer.headers, throttled=answer.status_code == 429)
                time.sleep(pause)
        except OutOfBudget:
            return
        finally:
            databases.close_all()

    with ThreadPoolExecutor(12) as pool:
        for process in range(4):
            shared = WindowBudget(store.hash)
            client = httpx2.Client(base_url="http://sandbox.test", transport=SandboxTransport(sandbox.site))
            for number in range(3):
                pool.submit(thread, shared, client, random.Random(seed * 100 + process * 10 + number))

    assert set(statuses) == {200}
    assert 150 - 4 <= len(statuses) <= 150


def test_what_an_answer_says_is_left_overrules_our_own_count(transactional_db):
    mine = knowing(149)
    assert granted(mine, most=3) == 3

    mine.observe("", 200, headers(5), throttled=False)  # other apps of the store took the rest

    assert granted(mine) == 5 - 2  # two calls are still under way, and the platform has not seen them yet


def test_answers_that_overtake_each_other_leave_a_call_unused_rather_than_one_too_many(transactional_db):
    mine = knowing(20)
    assert granted(mine, most=2) == 2

    mine.observe("", 200, headers(18), throttled=False)  # has counted both; the other one seems to be on its way still
    mine.observe("", 200, headers(18), throttled=False)

    assert granted(mine) == 18 - 1


def test_a_quota_that_answers_begin_to_name_is_known_in_full(transactional_db):
    mine = WindowBudget("abc")
    mine.acquire("", "urgent")
    mine.observe("", 200, {}, throttled=False)
    mine.acquire("", "urgent")
    mine.observe("", 200, {}, throttled=False)
    mine.acquire("", "urgent")

    mine.observe("", 200, headers(40), throttled=False)

    assert granted(mine) == 40


def test_an_answer_never_gives_back_what_another_process_holds(transactional_db):
    mine, other = knowing(40), WindowBudget("abc")
    assert granted(other, most=35) == 35

    mine.observe("", 200, headers(39), throttled=False)  # it was sent before the other's calls arrived

    assert granted(mine) + granted(other) <= 5


def test_urgent_work_finds_the_floor_that_bulk_and_normal_work_leave(transactional_db):
    knowing(150)
    assert granted(WindowBudget("abc"), "bulk") == 135
    assert granted(WindowBudget("abc"), "normal") == 9
    assert granted(WindowBudget("abc"), "urgent") == 6


def test_a_window_that_ended_is_full_again(transactional_db, slept):
    mine = knowing(0, reset_ms=1500)
    with pytest.raises(OutOfBudget) as told:
        mine.acquire("", "urgent")
    assert told.value.wait_seconds == pytest.approx(1.5)
    assert slept == []

    clock.sleep(1.0)
    assert granted(mine) == 150
    assert slept[:2] == [1.0, pytest.approx(0.5)]  # a wait of a moment happens inside the call


def test_a_late_answer_of_the_window_before_is_passed_over(transactional_db, slept):
    mine = knowing(0, reset_ms=50)
    clock.sleep(0.1)
    mine.acquire("", "urgent")  # the next window has begun

    mine.observe("", 200, headers(2, reset_ms=20), throttled=False)
    clock.sleep(0.05)

    assert Budget.objects.get().resets_at > clock.real() + 25
    assert granted(mine, most=50) == 50


def test_a_refusal_stops_all_processes_and_tells_for_how_long(transactional_db, slept):
    mine, other = knowing(100), WindowBudget("abc")
    granted(other, most=5)

    mine.observe("", 429, {"x-retry-after": "9", **headers(0, reset_ms=8_500)}, throttled=True)

    for budget in (mine, WindowBudget("abc")):
        with pytest.raises(OutOfBudget) as told:
            budget.acquire("", "urgent")
        assert told.value.wait_seconds == pytest.approx(9.0)
    clock.sleep(1.05)
    assert granted(other) == 0  # what it held was for a moment only


def test_a_scan_waits_for_the_next_window_instead_of_beginning_anew(transactional_db, slept):
    mine = knowing(20, reset_ms=20_000)
    scan = Patient(mine)
    for _ in range(10):
        scan.acquire("", "bulk")
    assert sum(slept) == pytest.approx(20)  # 5 calls, then what this urgency leaves for others

    mine.observe("", 429, {"x-retry-after": "3600"}, throttled=True)
    with pytest.raises(OutOfBudget):
        scan.acquire("", "bulk")


def test_refusals_without_a_word_are_waited_out_ever_longer(transactional_db, monkeypatch):
    now = [clock.real()]
    monkeypatch.setattr(clock, "real", lambda: now[0])
    waits = []
    mine = knowing(100)
    for _ in range(5):
        for _under_way_together in range(3):
            mine.observe("", 429, {}, throttled=True)
        waits.append(round(Budget.objects.get().blocked_until - now[0]))
        now[0] = Budget.objects.get().blocked_until + 0.1

    assert waits == [5, 15, 45, 60, 60]  # so there are at most three in a window of 30 s
    mine.observe("", 200, headers(90), throttled=False)
    mine.observe("", 429, {}, throttled=True)
    assert round(Budget.objects.get().blocked_until - now[0]) == 5


def test_before_anything_is_known_one_call_goes_ahead_of_all(transactional_db, slept, monkeypatch):
    one, other = WindowBudget("abc"), WindowBudget("abc")
    waits, answered = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        waits.set()
        assert answered.wait(PATIENCE_SECONDS)

    monkeypatch.setattr(clock, "sleep", sleep)
    one.acquire("", "urgent")

    def wait() -> None:
        try:
            other.acquire("", "urgent")
        finally:
            databases.close_all()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        assert waits.wait(PATIENCE_SECONDS)
        one.observe("", 200, headers(149), throttled=False)
        answered.set()
        waiting.result(PATIENCE_SECONDS)
    assert slept == [0.05]


def test_a_bad_answer_that_names_no_quota_holds_nobody_up(transactional_db, slept):
    budget = WindowBudget("abc")
    for _ in range(3):  # as when a person enters a wrong token, and another at once
        budget.acquire("", "normal")
        budget.observe("", 401, {}, throttled=False)
    budget.acquire("", "normal")
    assert slept == []
    with pytest.raises(OutOfBudget):  # its answer is still out: that one call goes ahead of all others
        WindowBudget("abc").acquire("", "normal")


def test_a_store_whose_answers_name_no_quota_is_not_held_back(transactional_db):
    mine = WindowBudget("abc")
    mine.acquire("", "bulk")
    mine.observe("", 200, {}, throttled=False)
    assert granted(mine, "bulk", most=500) == 500


# -- TikTok Shop's pace ---------------------------------------------------------------------------------------------


@pytest.fixture
def from_slow(monkeypatch):
    """The pace that an installation begins with."""
    monkeypatch.setattr(PacedBudget, "FIRST_RATE", 5.0)


def rate() -> float:
    return Budget.objects.get().rate


def answered(budget: PacedBudget, times: int) -> None:
    for _ in range(times):
        budget.observe("/orders", 200, {}, throttled=False)


def waiting_for(budget: PacedBudget) -> None:
    """Take calls until there are none for now."""
    assert granted(budget, most=100) < 100


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("twinshelf.storefronts.bigcommerce.budget.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(PacedBudget, "PATIENCE_SECONDS", 0.0)


def test_the_pace_grows_by_a_quarter_until_the_first_refusal(transactional_db, from_slow, impatient, slept):
    mine = PacedBudget("shop-1")
    for expected in (5.0 * 1.25, 5.0 * 1.25**2):
        waiting_for(mine)
        answered(mine, 8)
        assert rate() == expected

    mine.observe("/orders", 429, {"retry-after": "0.1"}, throttled=True)
    mine.observe("/orders", 429, {"retry-after": "0.1"}, throttled=True)  # was under way with the first
    assert rate() == 5.0 * 1.25**2 / 2


def test_a_pace_that_nothing_waits_for_does_not_grow(transactional_db, from_slow, impatient):
    mine = PacedBudget("shop-1")
    mine.acquire("/orders", "urgent")
    answered(mine, 100)
    assert rate() == 5.0


def test_a_refused_pace_comes_back_quickly_and_then_creeps(transactional_db, monkeypatch, impatient, slept):
    monkeypatch.setattr(PacedBudget, "FIRST_RATE", 40.0)
    mine = PacedBudget("shop-1")
    mine.acquire("/orders", "urgent")
    mine.observe("/orders", 429, {"retry-after": "0.001"}, throttled=True)
    clock.sleep(0.01)

    paces = []
    for good_answers in (8, 8, 31, 31):  # 31: a second's worth
        waiting_for(mine)
        answered(mine, good_answers)
        paces.append(rate())
        clock.sleep(0.1)

    assert paces == [25.0, 31.25, 31.75, 32.25]


def test_a_pace_never_falls_below_one_call_in_two_seconds(transactional_db, from_slow, slept):
    mine = PacedBudget("shop-1")
    mine.acquire("/orders", "urgent")
    for _ in range(8):
        mine.observe("/orders", 429, {"retry-after": "0.001"}, throttled=True)
        clock.sleep(0.01)
    assert rate() == 0.5


def test_a_refusal_holds_the_path_in_all_processes_and_no_other_path(transactional_db, slept):
    mine, other = PacedBudget("shop-1"), PacedBudget("shop-1")
    mine.acquire("/orders", "urgent")
    mine.observe("/orders", 429, {"retry-after": "7"}, throttled=True)

    for budget in (mine, other):
        with pytest.raises(OutOfBudget) as told:
            budget.acquire("/orders", "urgent")
        assert told.value.wait_seconds == pytest.approx(7.0)
    other.acquire("/products", "urgent")
    PacedBudget("shop-2").acquire("/orders", "urgent")


def test_processes_that_share_a_shop_share_its_pace(transactional_db, monkeypatch):
    monkeypatch.setattr(PacedBudget, "FIRST_RATE", 40.0)
    calls: list[float] = []
    mine_now, real = threading.local(), clock.real

    def told() -> float:
        mine_now.at = real()
        return float(mine_now.at)

    monkeypatch.setattr(clock, "real", told)

    def process(_number: int) -> None:
        mine = PacedBudget("shop-1")
        try:
            done = 0
            while done < 15:
                try:
                    mine.acquire("/orders", "urgent")
                except OutOfBudget as refused:  # as a lane would: it comes back when it was told to
                    time.sleep(refused.wait_seconds or 0.05)
                    continue
                calls.append(mine_now.at)  # when it was let go, however long the thread was kept from running since
                done += 1
        finally:
            databases.close_all()

    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(process, range(4)))

    # 60 calls at 40 a second, with a burst of 0.4 s and what a lease lets go early.
    assert time.monotonic() - start > (60 - 16 - 8) / 40
    for begin in calls:
        assert sum(begin <= at < begin + 0.5 for at in calls) <= 40 * 0.9 + 8


# -- credentials that are tried ---------------------------------------------------------------------------------------


def test_i20_trying_credentials_spends_nothing_of_the_store_that_is_named(sandbox, store, twinshelf):
    rival = accounts.create_account(
        "Rival", owner_email="rival@fernhollow.test", password="a long enough password", by=COMMAND_LINE
    )
    rows = Budget.objects.filter(key=f"bigcommerce:{store.hash}")
    assert rows.update(quota=150, left=100, resets_at=clock.real() + 25, blocked_until=0) == 1
    before = rows.values().get()

    for _ in range(3):
        with scope(account=rival), pytest.raises((NeedsPerson, Transient)):
            connections.connect_store(rival, store_hash_or_url=store.hash, access_token="madeup", by=COMMAND_LINE)

    assert rows.values().get() == before
