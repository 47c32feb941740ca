"""What is held back until a person says that it is meant: products that vanish together, and prices that leap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django_scopes import scope

from tests.flows.conftest import MAYA
from tests.flows.faults import lose_webhooks, rest
from tests.flows.neighbors import connect_shop, of, shelf
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Membership, User
from twinshelf.connections.batches import StoreBatch
from twinshelf.goods import pulling, snapshot
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.storefronts.bigcommerce.client import BigCommerce
from twinshelf.sync import actions as sync
from twinshelf.sync import drain, lanes, problems
from twinshelf.sync.flows import Ask, installed
from twinshelf.sync.models import Lane, Mark, Problem

GONE = "E-PRD-GONE"


def for_a_person(twinshelf):
    """(key, code) of what waits for a person; that a row is flagged as deleted asks nobody."""
    return [(key, code) for key, code in twinshelf.problems() if code != "W-PRD-DELETED"]


@pytest.fixture
def mugs(store, twinshelf) -> list[int]:
    """Eight live listings with seven units each."""
    made = [store.add_product(sku=f"MUG-{n}", stock=7) for n in range(8)]
    twinshelf.list(*made)
    return made


def owner_of(twinshelf) -> User:
    return Membership.objects.get(account=twinshelf.account, role="owner").user


def remove(store, *numbers: int) -> None:
    for number in numbers:
        store.act("delete_product", sku=f"MUG-{number}")


def shelves(shop, twinshelf, products: list[int]) -> list[int]:
    return [shelf(shop, twinshelf, product) for product in products]


def press(user: User, **fields: str) -> Any:
    """Press Confirm in the console."""
    browser = Client()
    browser.force_login(user)
    return browser.post("/activity/problems/confirm/", fields, follow=True)


def test_i12_products_that_vanish_together_without_a_word_stay_until_their_owner_confirms_it(
    sandbox, store, shop, twinshelf, mugs
):
    lose_webhooks(sandbox)
    remove(store, 0, 1, 2)

    twinshelf.pull()
    rest(sandbox, twinshelf)

    assert twinshelf.problems() == sorted((str(mug), GONE) for mug in mugs[:3])
    assert shelves(shop, twinshelf, mugs) == [7] * 8
    assert shop.effects("stock_set") == []

    press(owner_of(twinshelf), code=GONE, problem=str(Problem.objects.get(key=str(mugs[0])).id))
    twinshelf.settle()
    assert shelves(shop, twinshelf, mugs) == [0] + [7] * 7

    press(owner_of(twinshelf), code=GONE)
    twinshelf.settle()
    assert shelves(shop, twinshelf, mugs) == [0] * 3 + [7] * 5
    assert for_a_person(twinshelf) == []
    assert twinshelf.differences() == []


def test_i12_none_of_those_that_wait_slips_through_by_being_looked_at_alone(sandbox, store, shop, twinshelf, mugs):
    lose_webhooks(sandbox)
    remove(store, 0, 1, 2)
    twinshelf.pull()

    for problem in Problem.objects.filter(code=GONE):
        sync.retry_problem(problem, by=MAYA)
        twinshelf.settle()

    assert twinshelf.problems() == sorted((str(mug), GONE) for mug in mugs[:3])
    assert shelves(shop, twinshelf, mugs) == [7] * 8


def test_i12_a_batch_that_had_to_be_drafted_one_by_one_is_held_all_the_same(store, shop, twinshelf, mugs, monkeypatch):
    lose_webhooks(shop._sandbox)
    remove(store, 0, 1, 2)
    keep = snapshot.keep_unreadable

    def poisoned(store, problems):
        if len(asked) > 1:
            raise ValueError("a product that nobody can digest")
        keep(store, problems)

    observe = pulling.observe_products
    asked: list[str] = []

    def observed(batch, keys):
        asked[:] = keys
        return observe(batch, keys)

    monkeypatch.setattr(snapshot, "keep_unreadable", poisoned)
    monkeypatch.setitem(installed.flows, "product", replace(installed.flows["product"], observe=observed))
    twinshelf.pull()

    assert twinshelf.problems() == sorted((str(mug), GONE) for mug in mugs[:3])
    assert shelves(shop, twinshelf, mugs) == [7] * 8


def test_a_confirmation_lets_through_nothing_but_what_was_confirmed(sandbox, store, shop, twinshelf, mugs):
    """Of the products read together with it, one has a price that leaps."""
    lose_webhooks(sandbox)
    remove(store, 0, 1, 2)
    twinshelf.pull()
    store.act("set_price", sku="MUG-7", price="1200.00")

    with transaction.atomic():  # so that both are read in one batch
        sync.confirm(twinshelf.account, code=GONE, by=MAYA)
        lanes.ask(twinshelf.account.id, "product", f"store:{twinshelf.connection.store_id}", [str(mugs[7])], cause="x")
    twinshelf.settle()

    assert shelves(shop, twinshelf, mugs) == [0] * 3 + [7] * 5
    assert shop.effects("price_set") == []
    assert for_a_person(twinshelf) == [(str(mugs[7]), "E-PRC-GUARD")]


def test_products_that_bigcommerce_says_were_deleted_need_nobody(store, shop, twinshelf, mugs):
    remove(store, 0, 1, 2, 3)
    twinshelf.settle()

    assert shelves(shop, twinshelf, mugs) == [0] * 4 + [7] * 4
    assert for_a_person(twinshelf) == []


def test_one_or_two_that_are_gone_without_a_word_need_nobody_either(sandbox, store, shop, twinshelf, mugs):
    lose_webhooks(sandbox)
    remove(store, 0, 1)

    twinshelf.pull()
    rest(sandbox, twinshelf)

    assert shelves(shop, twinshelf, mugs) == [0] * 2 + [7] * 6
    assert for_a_person(twinshelf) == []


def test_i12_a_store_that_shows_nothing_for_a_while_empties_no_shop(sandbox, shop, twinshelf, mugs, monkeypatch):
    read, read_after = BigCommerce.products, BigCommerce.products_after

    def nothing(self, product_ids, *arguments, **more):
        page = read(self, product_ids, *arguments, **more)
        return replace(page, products=(), missing=tuple(product_ids))

    def nothing_after(self, *arguments, **more):
        return replace(read_after(self, *arguments, **more), products=(), more=False)

    with monkeypatch.context() as patch:
        patch.setattr(BigCommerce, "products", nothing)
        patch.setattr(BigCommerce, "products_after", nothing_after)
        twinshelf.wait(60)
        twinshelf.pull()
        assert twinshelf.problems() == sorted((str(mug), GONE) for mug in mugs)
        assert not StoreProduct.objects.filter(deleted=True).exists()

    twinshelf.wait(60)
    twinshelf.pull()

    assert twinshelf.problems() == []
    assert shelves(shop, twinshelf, mugs) == [7] * 8
    assert shop.effects("stock_set") == []


def test_a_price_that_is_confirmed_is_sent(store, shop, twinshelf, mugs):
    store.act("set_price", sku="MUG-0", price="1200.00")
    twinshelf.settle()
    assert twinshelf.problems() == [(str(mugs[0]), "E-PRC-GUARD")]

    told = press(owner_of(twinshelf), code="E-PRC-GUARD", problem=str(Problem.objects.get().id))
    twinshelf.settle()

    assert [str(message) for message in told.context["messages"]] == ["Confirmed: 1. It is on its way."]
    [change] = shop.effects("price_set")
    assert change.detail["after"] == "1200.00"
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_what_is_confirmed_for_one_shop_is_not_for_another(sandbox, store, shop, twinshelf, mugs):
    outlet, in_outlet = connect_shop(sandbox, twinshelf, "Outlet")
    in_outlet.list(*mugs)
    store.act("set_price", sku="MUG-0", price="1200.00")
    twinshelf.settle()
    here = Problem.objects.get(code="E-PRC-GUARD", lane__owner=f"connection:{twinshelf.connection.id}")

    press(owner_of(twinshelf), code="E-PRC-GUARD", problem=str(here.id))
    twinshelf.settle()

    assert [e.detail["after"] for e in of(shop, "price_set")] == ["1200.00"]
    assert of(outlet, "price_set") == []
    assert twinshelf.problems() == [(str(mugs[0]), "E-PRC-GUARD")]


def test_a_confirmation_that_has_to_wait_is_not_replaced_by_the_timetable(store, twinshelf, mugs):
    store.act("set_price", sku="MUG-0", price="1200.00")
    twinshelf.settle()
    account, owner, key = twinshelf.account.id, f"connection:{twinshelf.connection.id}", str(mugs[0])
    sync.confirm(twinshelf.account, code="E-PRC-GUARD", by=MAYA)
    Mark.objects.filter(key=key, lane__kind="price").update(due_at=clock.after(900))  # locked by a promotion

    assert problems.ask_again(account, owner, ("price",), younger_than=timedelta(hours=1)) == 0
    assert Problem.objects.get(key=key, code="E-PRC-GUARD").confirmed_at is not None
    assert Mark.objects.get(key=key, lane__kind="price").due_at > clock.after(800)


def test_nobody_confirms_for_another_account_or_what_is_not_held_back(store, shop, twinshelf, mugs):
    store.act("set_price", sku="MUG-0", price="1200.00")
    twinshelf.settle()
    rival = accounts.create_account(
        "Rival", owner_email="rita@rival.test", password="a long enough password", by=COMMAND_LINE
    )
    held = Problem.objects.get(code="E-PRC-GUARD")

    told = press(Membership.objects.get(account=rival).user, code="E-PRC-GUARD", problem=str(held.id))
    assert [str(message) for message in told.context["messages"]] == ["There is nothing to confirm any more."]
    with scope(account=rival):
        assert sync.confirm(rival, code="E-PRC-GUARD", problem_id=held.id, by=MAYA) == 0
    assert press(owner_of(twinshelf), code="E-LST-CERT").status_code == 404
    twinshelf.settle()

    assert shop.effects("price_set") == []
    assert twinshelf.problems() == [(str(mugs[0]), "E-PRC-GUARD")]


def test_a_price_that_moves_again_after_it_was_confirmed_is_held_again(sandbox, store, shop, twinshelf, mugs):
    store.act("set_price", sku="MUG-0", price="1200.00")
    twinshelf.settle()
    lose_webhooks(sandbox)

    sync.confirm(twinshelf.account, code="E-PRC-GUARD", by=MAYA)
    store.act("set_price", sku="MUG-0", price="2400.00")  # before the confirmed one was sent
    lane = lanes.lane_of(twinshelf.account.id, "product", f"store:{twinshelf.connection.store_id}")
    batch = drain.open_batch(lane, pulling.PRODUCTS, [Ask(str(mugs[0]), 1, "webhook", 0)])
    assert isinstance(batch, StoreBatch)
    pulling.observe_products(batch, [str(mugs[0])])
    twinshelf.settle()

    assert shop.effects("price_set") == []
    [problem] = Problem.objects.filter(closed_at=None)
    assert (problem.code, problem.confirmed_at) == ("E-PRC-GUARD", None)
    assert "2400.00" in problem.facts["prices"]


def test_trying_a_whole_reason_again_lets_go_what_ended_its_process(twinshelf, store):
    mugs = [store.add_product(sku=f"MUG-{n}") for n in range(2)]
    twinshelf.list(*mugs)
    lane = Lane.objects.get(kind="listing", owner=f"connection:{twinshelf.connection.id}")
    for number in mugs:
        Problem.objects.create(account=twinshelf.account, lane=lane, key=str(number), code=problems.CRASHED)

    assert sync.retry_group(twinshelf.account, kind="listing", code=problems.CRASHED, by=MAYA) == 2
    assert set(lane.marks.values_list("key", flat=True)) == {str(number) for number in mugs}
    twinshelf.settle()

    assert twinshelf.problems() == []
