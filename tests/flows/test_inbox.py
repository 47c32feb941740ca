"""Deliveries that come together are written together, and each is answered for by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django_scopes import scope

from tests.waiting import wait_until
from twinshelf import wiring
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Account
from twinshelf.sync import engine, inbox, lanes
from twinshelf.sync.flows import Signal
from twinshelf.sync.inbox import AskFor
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import InboxEvent, Lane, Mark


@pytest.fixture(autouse=True)
def driver(transactional_db) -> Iterator[None]:
    wiring.install()
    engine.use(InlineEngine())
    yield
    engine.use(None)


@pytest.fixture
def account() -> Account:
    return accounts.create_account(
        "Fernhollow", owner_email="mira@fernhollow.test", password="a long enough password", by=COMMAND_LINE
    )


def receive(
    account_id: int,
    event: str,
    key: str,
    priority: int = lanes.NORMAL,
    signals: Signal = Signal.NONE,
    **more: Any,
) -> bool:
    ask = AskFor("product", f"store:{account_id}", key, priority, signals)
    return inbox.receive(
        account_id,
        "bigcommerce",
        **{"dedupe": event, "topic": "store/product/updated", "subject": key, "asks": [ask]} | more,
    )


class Together:
    """Holds the writer back until all that is handed in waits for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.transactions: list[int] = []
        store = inbox._store

        def counted(deliveries):
            self.transactions.append(len(deliveries))
            return store(deliveries)

        monkeypatch.setattr(inbox, "_store", counted)

    def __call__(self, works: list[Callable[[], bool]]) -> list[Future[bool]]:
        def run(work: Callable[[], bool]) -> bool:
            try:
                return work()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(works)) as pool:
            with inbox._writing:
                jobs = [pool.submit(run, work) for work in works]
                wait_until(lambda: len(inbox._waiting) == len(works), "all deliveries wait for each other")
            wait(jobs)
            return jobs


@pytest.fixture
def together(monkeypatch) -> Together:
    return Together(monkeypatch)


def marks(account: Account) -> dict[str, tuple[int, int]]:
    with scope(account=account):
        return {mark.key: (mark.generation, mark.priority) for mark in Mark.objects.all()}


def test_what_waits_is_written_in_one_transaction(account, together):
    jobs = together([lambda n=n: receive(account.id, f"event-{n}", str(n % 3)) for n in range(12)])

    assert [job.result() for job in jobs] == [True] * 12
    assert together.transactions == [12]
    with scope(account=account):
        assert set(InboxEvent.objects.values_list("dedupe", "outcome")) == {
            (f"event-{n}", "applied") for n in range(12)
        }
    assert marks(account) == {"0": (1, 5), "1": (1, 5), "2": (1, 5)}
    assert Lane.objects.get().awake


def test_a_delivery_that_comes_twice_at_once_counts_once(account, together):
    jobs = together([lambda: receive(account.id, "event-1", "77")] * 5)

    assert sorted(job.result() for job in jobs) == [False] * 4 + [True]
    with scope(account=account):
        assert InboxEvent.objects.count() == 1
    assert receive(account.id, "event-1", "78") is False
    assert marks(account) == {"77": (1, 5)}


def test_the_most_urgent_of_several_asks_for_a_key_counts(account, together):
    wishes = [("a", lanes.BULK), ("b", lanes.URGENT), ("c", lanes.NORMAL)]
    together([lambda e=e, p=p: receive(account.id, e, "77", p) for e, p in wishes])

    assert marks(account) == {"77": (1, lanes.URGENT)}


def test_signals_of_several_deliveries_join_and_none_is_forgotten(account, together):
    told = [("a", Signal.LOOK, lanes.NORMAL), ("b", Signal.NONE, lanes.URGENT)]
    together([lambda e=e, s=s, p=p: receive(account.id, e, "77", p, signals=s) for e, s, p in told])
    receive(account.id, "c", "77", topic="store/sku/deleted")

    with scope(account=account):
        mark = Mark.objects.get()
    assert (mark.signals, mark.priority, mark.generation) == (Signal.LOOK, lanes.URGENT, 2)
    assert mark.cause == "webhook store/sku/deleted"


def test_accounts_whose_deliveries_come_together_stay_apart(account, together):
    other = accounts.create_account(
        "Other", owner_email="other@fernhollow.test", password="a long enough password", by=COMMAND_LINE
    )
    together([lambda: receive(account.id, "event-1", "1"), lambda: receive(other.id, "event-1", "2")])

    assert together.transactions == [2]
    assert marks(account) == {"1": (1, 5)}
    assert marks(other) == {"2": (1, 5)}
    for one in (account, other):
        with scope(account=one):
            assert InboxEvent.objects.count() == 1


def test_one_that_cannot_be_stored_keeps_no_other_from_it(account, together):
    gone = account.id + 1000
    jobs = together(
        [lambda: receive(account.id, "a", "1"), lambda: receive(gone, "b", "2"), lambda: receive(account.id, "c", "3")]
    )

    assert [type(job.exception()) for job in jobs] == [type(None), IntegrityError, type(None)]
    assert together.transactions == [3, 1, 1, 1]
    assert marks(account) == {"1": (1, 5), "3": (1, 5)}
    with scope(account=account):
        assert set(InboxEvent.objects.values_list("dedupe", flat=True)) == {"a", "c"}


def test_nothing_is_promised_inside_a_transaction_that_may_yet_be_undone(account):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        receive(account.id, "event-1", "77")

    with scope(account=account):
        assert not InboxEvent.objects.exists()
    assert receive(account.id, "event-1", "77") is True


def test_long_topics_and_subjects_are_cut_not_refused(account):
    assert receive(account.id, "e" * 300, "77", topic="t" * 300, subject="s" * 300, ignored_because="r" * 300, asks=[])

    with scope(account=account):
        event = InboxEvent.objects.get()
    assert (len(event.dedupe), len(event.topic), len(event.subject), len(event.reason)) == (100, 80, 120, 120)
    assert event.outcome == "ignored"
