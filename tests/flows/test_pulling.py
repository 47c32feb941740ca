"""Pulling the store's products: all of them, those of some days, those changed since the last pull."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA
from tests.flows.faults import lose_webhooks
from tests.flows.neighbors import consent, open_shop
from twinshelf.connections import actions as connections
from twinshelf.goods import actions as goods
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.sync import engine
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import Schedule, Task

DAY = 86_400


def pulled() -> set[str]:
    return set(StoreProduct.objects.values_list("product_id", flat=True))


@pytest.fixture
def by_hand(sandbox: Any, twinshelf: Any) -> None:
    """Nothing is pulled by itself: webhooks are lost, and no timetable runs."""
    lose_webhooks(sandbox)
    Schedule.objects.all().delete()


def pass_days(sandbox: Any, days: int) -> None:
    """Time passes on both sides; nothing is carried out meanwhile."""
    clock.move(days * DAY)
    sandbox.advance(days * DAY)


@pytest.mark.covers("SILK-15", "SILK-16", "SILK-17")
def test_a_pull_reads_the_days_chosen_and_later_what_changed_since_the_last(sandbox, store, twinshelf, by_hand):
    browser = Browser()
    first = store.add_product(sku="MUG-1")
    pass_days(sandbox, 10)
    second = store.add_product(sku="MUG-2")
    second_day = clock.now().date()
    pass_days(sandbox, 10)
    third = store.add_product(sku="MUG-3")

    offered = browser.get("/products/").context["pull"]
    today = clock.now().astimezone(ZoneInfo(twinshelf.connection.store.time_zone)).date()  # not in UTC
    assert offered.initial == {"what": "days", "start": today.replace(year=today.year - 3), "end": today}
    assert [value for value, _words in offered.fields["what"].choices] == ["all", "days"]

    days = {"what": "days", "start": second_day - timedelta(days=2), "end": second_day + timedelta(days=2)}
    browser.post("/products/pull/", days)
    twinshelf.settle()
    assert pulled() == {str(second)}
    twinshelf.connection.store.refresh_from_db()
    assert twinshelf.connection.store.pulled_at is None  # days in the past say nothing of what changes later

    browser.post("/products/pull/", {"what": "days", **{name: offered.initial[name] for name in ("start", "end")}})
    twinshelf.settle()
    assert pulled() == {str(first), str(second), str(third)}

    assert browser.get("/products/").context["pull"].initial["what"] == "last"
    pass_days(sandbox, 1)
    store.act("edit_product", product_id=third, name="Enamel mug, blue")
    browser.post("/products/pull/", {"what": "last"})
    task = Task.objects.latest("id")
    twinshelf.settle()
    task.refresh_from_db()
    assert (task.state, task.succeeded, task.total) == ("completed", 1, 1)
    assert StoreProduct.objects.get(product_id=str(third)).title == "Enamel mug, blue"


def test_days_that_make_no_sense_pull_nothing(twinshelf):
    browser = Browser()

    for start, end, told in (
        ("2026-03-02", "2026-03-01", "The last day is before the first."),
        ("", "2026-03-01", "Choose the first and the last day."),
        ("0001-01-01", "2026-03-01", "There are no products of that year."),
    ):
        assert browser.post("/products/pull/", {"what": "days", "start": start, "end": end}) == [told]
    assert not Task.objects.filter(kind="pull").exists()


@pytest.mark.covers("CED-10", "SHOP-15")
def test_finishing_the_set_up_brings_all_1720_products_of_the_store(sandbox, twinshelf, monkeypatch):
    sandbox.act("bc.create_store", hash="large0store", name="Large", currency="USD")
    mugs = [{"name": f"Mug {n}", "sku": f"MUG-{n}", "type": "physical", "price": 12, "weight": 1} for n in range(1720)]
    sandbox.act("bc.add_products", hash="large0store", products=mugs)
    keys = sandbox.act("bc.create_api_account", hash="large0store", name="Twinshelf")["access_token"]
    made = connections.connect_store(twinshelf.account, store_hash_or_url="large0store", access_token=keys, by=MAYA)
    [shop] = connections.authorize_shops(twinshelf.account, consent(sandbox, open_shop(sandbox, "Large")), by=MAYA)
    browser = Browser()
    form = browser.get("/connections/").context["pair_form"]
    pairing = {"name": "Large", "store": made.id, "shop": shop.id, "bring": "on" if form["bring"].initial else ""}

    browser.post("/connections/pair/", pairing)
    for page in ("/products/", "/orders/"):
        assert re.search(
            r'href="/activity/"[^>]*>\s*<svg[^>]*>.*?</svg>\s*Tasks\s*<', browser.get(page).content.decode()
        )
    assert re.search(r"Pull products of Large 0 .*Waiting to start", browser.words("/activity/"))
    inline = engine.current()
    assert isinstance(inline, InlineEngine)
    with monkeypatch.context() as slow:  # each look at the clock finds a slice of work to be over
        slow.setattr(clock, "monotonic", count(step=3).__next__)
        while not Task.objects.get(kind="pull").succeeded:
            assert inline.step()
    begun = Task.objects.get(kind="pull")
    assert 0 < begun.succeeded < 1720
    assert f"Pull products of Large {begun.succeeded:,}" in browser.words("/activity/")
    assert f"{begun.succeeded:,} done" in browser.words("/activity/")
    twinshelf.settle()

    task = Task.objects.get(kind="pull")
    assert (task.state, task.succeeded) == ("completed", 1720)
    assert "All 1,720" in browser.words("/products/")


def test_a_pull_that_begins_after_the_last_one_leaves_the_time_between_to_the_next(sandbox, store, twinshelf, by_hand):
    twinshelf.pull()
    twinshelf.connection.store.refresh_from_db()
    before = twinshelf.connection.store.pulled_at
    pass_days(sandbox, 2)
    missed = store.add_product(sku="MUG-1")
    pass_days(sandbox, 2)

    twinshelf.finished(goods.pull(twinshelf.connection.store, since=clock.now() - timedelta(days=1), by=MAYA))

    assert pulled() == set()
    twinshelf.connection.store.refresh_from_db()
    assert twinshelf.connection.store.pulled_at == before
    Browser().post("/products/pull/", {"what": "last"})
    twinshelf.settle()
    assert pulled() == {str(missed)}
