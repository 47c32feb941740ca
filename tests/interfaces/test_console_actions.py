"""Which actions a thing offers, as data: the queries decide, the pages show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.console_data import World
from twinshelf.accounts import queries as accounts
from twinshelf.accounts.models import CustomRole, Membership
from twinshelf.connections import queries as connections
from twinshelf.kit import clock
from twinshelf.kit.actions import Action, Permission
from twinshelf.listings import queries as listings
from twinshelf.listings.models import ListingRow
from twinshelf.orders import queries as orders
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync import queries as sync
from twinshelf.sync.models import Problem, Task


def ids(actions: tuple[Action, ...]) -> list[str]:
    return [action.id for action in actions]


def listed(state: str) -> ListingRow:
    row = ListingRow.objects.filter(state=state).exclude(tiktok_id="").first()
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("live", ["product.deactivate", "product.delete"]),
        ("inactive_seller", ["product.activate", "product.delete"]),
        ("inactive_system", ["product.activate", "product.delete"]),
        ("inactive_platform", ["product.delete"]),
        ("reviewing", ["product.delete"]),
    ],
)
def test_a_listing_offers_what_its_state_allows(world, state, offered):
    actions = listings.actions_for(world.products[0], [listed(state)], connection_id=world.us.id)

    always = [
        "product.list", "product.upload", "product.edit", "product.refresh", "product.sync", "product.prices",
        "product.stock",
    ]  # fmt: skip
    assert ids(actions) == [*always, *offered]
    assert {action.sent for action in actions if not action.opens} == {
        (("only", world.products[0].pk), ("shop", world.us.id))
    }


def test_a_product_of_two_shops_offers_what_either_listing_allows(world):
    actions = listings.actions_for(world.products[0], [listed("live"), None, listed("inactive_seller")])

    assert ids(actions)[-3:] == ["product.activate", "product.deactivate", "product.delete"]


def test_an_unlisted_product_can_only_be_listed_and_a_deleted_one_only_taken_off_sale(world):
    row = world.products[0]

    assert ids(listings.actions_for(row, [None])) == ["product.list", "product.upload", "product.edit", "product.map"]
    row.deleted = True
    assert listings.actions_for(row, [None]) == ()
    assert ids(listings.actions_for(row, [listed("live")])) == [
        "product.refresh",
        "product.deactivate",
        "product.delete",
    ]
    assert ids(listings.actions_for(row, [listed("inactive_seller")])) == ["product.refresh", "product.delete"]


def test_listing_a_product_has_the_name_that_remedies_use(world):
    assert str(listings.actions_for(world.products[0], [None])[0].label) == "List or update"


def order(world: World, **fields: object) -> list[str]:
    row = ShopOrderRow.objects.filter(status="AWAITING_SHIPMENT", creation="created", connection=world.us).first()
    assert row is not None
    ShopOrderRow.objects.filter(pk=row.pk).update(**fields)
    return ids(orders.actions_for(orders.view_of(orders.order_or_404(row.pk))))


@pytest.mark.parametrize(
    ("fields", "offered"),
    [
        ({}, ["order.reasons", "order.sync", "order.open"]),
        ({"cancel_reasons": ["a_b"], "reasons_for": "AWAITING_SHIPMENT"}, ["order.cancel", "order.sync", "order.open"]),
        ({"cancel_reasons": ["a_b"], "reasons_for": "ON_HOLD"}, ["order.reasons", "order.sync", "order.open"]),
        ({"status": "COMPLETED"}, ["order.cancel", "order.sync", "order.open"]),  # disabled, and says why
        ({"status": "CANCELLED"}, ["order.cancel", "order.sync", "order.open"]),  # the same
        ({"store_order_id": None, "creation": "failed"}, ["order.reasons", "order.retry"]),
        ({"store_order_id": None, "creation": "ignored"}, ["order.reasons"]),
    ],
)
def test_an_order_offers_what_its_state_allows(world, fields, offered):
    assert order(world, **fields) == offered


def test_a_problem_that_holds_something_back_offers_to_let_it_through(world):
    problem = Problem.objects.filter(lane__kind="listing", closed_at=None).exclude(key="*").first()
    assert problem is not None

    assert ids(sync.actions_for(problem)) == ["problem.retry"]
    problem.code = "E-PRC-GUARD"
    assert ids(sync.actions_for(problem)) == ["problem.confirm", "problem.retry"]
    problem.key = sync.WHOLE_LANE
    assert ids(sync.actions_for(problem)) == ["problem.confirm"]


def test_many_that_are_held_back_are_let_through_together_and_one_is_not(world):
    assert ids(sync.actions_for_group("price", "E-PRC-GUARD", 2)) == ["problem.confirm"]
    assert sync.actions_for_group("price", "E-PRC-GUARD", 1) == ()
    assert ids(sync.actions_for_group("listing", "E-LST-ATTR", 5)) == ["problem.retry_group"]
    assert sync.actions_for_group("listing", "E-LST-ATTR", 1) == ()


@pytest.mark.parametrize(
    ("kind", "state", "succeeded", "undo"),
    [
        ("ask_visibility", "completed", 2, True),
        ("ask_visibility", "completed", 0, False),
        ("ask_visibility", "running", 2, True),
        ("ask_visibility", "running", 0, True),
        ("ask_visibility", "cancelled", 0, False),
        ("ask_listing", "completed", 2, False),
    ],
)
def test_only_listings_that_were_switched_can_be_switched_back(world, kind, state, succeeded, undo):
    task = Task.objects.create(
        account=world.account, kind=kind, title="", state=state, succeeded=succeeded, created_at=clock.now()
    )

    assert ("task.undo" in ids(listings.actions_for_task(task))) is undo
    assert ("task.cancel" in ids(listings.actions_for_task(task))) is (state == "running")


def test_a_connection_offers_the_same_in_every_state(world):
    offered = ["check", "pull", "refresh", "sync", "inventory", "skus", "doctor", "orders"]
    assert ids(connections.actions_for(world.us)) == [*(f"connection.{what}" for what in offered), "shop.authorize"]


def test_an_action_is_offered_to_those_whose_role_grants_it():
    assert accounts.permissions_of(Membership(role="owner")) == frozenset(Permission)
    assert accounts.permissions_of(Membership(role="admin")) == frozenset(Permission) - {Permission.OWN}
    assert accounts.permissions_of(Membership(role="stranger")) == frozenset()
    sees = CustomRole(name="Auditor", permissions=["security", "own", "unheard of"])
    assert accounts.permissions_of(Membership(role="custom", custom_role=sees)) == {"view", "security"}


def test_an_action_that_is_refused_says_why():
    action = Action(id="order.sync", label="Sync")

    assert action.enabled
    assert not replace(action, refused="It is being read already.").enabled
