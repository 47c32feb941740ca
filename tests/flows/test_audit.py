"""Who did what is on record: every action takes an actor and records it, in the transaction that does it."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django_scopes import scope

import twinshelf as package
from tests.flows.conftest import HOME, MAYA
from tests.flows.faults import HELD_SECONDS
from tests.flows.neighbors import consent
from twinshelf.accounts import actions as accounts
from twinshelf.accounts import audit
from twinshelf.accounts.actors import COMMAND_LINE, ENGINE, Actor
from twinshelf.accounts.models import AuditEntry, Membership
from twinshelf.connections import actions as connections
from twinshelf.connections.bindings import seller_binding
from twinshelf.connections.models import Seller
from twinshelf.connections.preferences import Preferences
from twinshelf.goods import actions as goods
from twinshelf.kit import clock
from twinshelf.kit.secrets import unseal
from twinshelf.listings import actions as catalog
from twinshelf.listings.models import Link
from twinshelf.orders import actions as orders
from twinshelf.rules import actions as rules
from twinshelf.sync import actions as sync
from twinshelf.sync.models import Problem, Schedule, Task

WITHOUT_ACTOR = {
    "accounts.sign_up": "nobody is signed in yet: the new user is the actor",
    "accounts.set_emails": "a person's own wish for email, which belongs to no account",
    "accounts.set_profile": "a person's own name and time zone, which belong to no account",
    "connections.ask_for_time": "only reads, and nothing of the account",
    "connections.authorize_url": "begins an authorization in one browser; nothing of the account changes",
    "connections.use_state": "takes a state as used in one browser; nothing of the account changes",
    "connections.away_since": "only reads",
    "connections.claims_of": "only reads",
    "connections.opened": "makes a link that does nothing by itself",
    "connections.waiting": "only reads",
    "connections.park_authorization": "keeps tokens in one browser until they are confirmed",
    "connections.parked_authorization": "only reads",
    "connections.look_at_currencies": "keeps what the store says of itself; no choice of the merchant changes",
    "connections.preferences": "only reads",
    "connections.store_hash_of": "only reads",
    "connections.store_hook_address": "only reads",
    "connections.ensure_store_hooks": "puts the webhooks of a store right; no choice of the merchant changes",
    "listings.compare_stock_of_siblings": "follows from a choice that is on record; none changes by it",
    "listings.rank_categories": "has what a page shows worked out; no choice of the merchant changes",
    "accounts.join": "the user who accepts is the actor",
    "accounts.join_with_password": "the user who accepts is the actor",
    "accounts.reseal": "the same secrets under another key; nothing of the account changes",
    "connections.reseal": "the same secrets under another key; nothing of the account changes",
    "orders.reseal": "the same buyers under another key; nothing of the account changes",
    "listings.read_categories": "asks TikTok for what a page shows; no choice of the merchant changes",
    "goods.told_deleted": "notes what the store itself said; decides nothing",
}
"""The functions of `actions` modules that take no actor, each with its reason."""


def actions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """(`<domain>.<function>`, function) of every public function of every domain's `actions`, re-exported ones too."""
    for module_info in pkgutil.iter_modules(package.__path__):
        domain = module_info.name
        if domain == "kit" or not module_info.ispkg:  # kit.actions: what may be offered, as data
            continue
        names = [found.name for found in pkgutil.iter_modules([f"{package.__path__[0]}/{domain}"])]
        if "actions" not in names:
            continue
        module = importlib.import_module(f"twinshelf.{domain}.actions")
        exported = getattr(module, "__all__", ())
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name in exported or (function.__module__ == module.__name__ and not name.startswith("_")):
                yield f"{domain}.{name}", function


ACTIONS = dict(actions())


def test_every_domain_with_actions_is_looked_at():
    assert {name.partition(".")[0] for name in ACTIONS} >= {
        "accounts", "connections", "goods", "rules", "listings", "orders", "sync", "proof",
    }  # fmt: skip
    assert set(WITHOUT_ACTOR) <= set(ACTIONS)


@pytest.mark.parametrize("name", sorted(set(ACTIONS) - set(WITHOUT_ACTOR)))
def test_an_action_takes_its_actor_as_a_keyword_without_a_default_and_records_itself(name):
    by = inspect.signature(ACTIONS[name]).parameters.get("by")

    assert by is not None, f"{name} takes no actor: give it `by: Actor`, or list it in WITHOUT_ACTOR with a reason"
    assert (by.kind, by.default) == (by.KEYWORD_ONLY, by.empty)
    assert by.annotation == "Actor"
    assert f'"{name}"' in inspect.getsource(importlib.import_module(ACTIONS[name].__module__))


@pytest.mark.parametrize("name", sorted(WITHOUT_ACTOR))
def test_a_function_without_an_actor_is_rightly_listed(name):
    assert "by" not in inspect.signature(ACTIONS[name]).parameters


# -- what is on record -----------------------------------------------------------------------------------------------


@pytest.fixture
def maya(twinshelf) -> Actor:
    """The owner of the account, signed in."""
    return Actor.of(Membership.objects.get(account=twinshelf.account, role="owner").user)


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("id"))


def told(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.subject, entry.before, entry.after


def actor(entry: AuditEntry) -> tuple[Any, ...]:
    return entry.actor_kind, entry.user_id, entry.actor_name


def test_preferences_are_recorded_with_what_changed_before_and_after(twinshelf, maya):
    connections.set_preferences(twinshelf.connection, Preferences(reserve=2), by=maya)
    connections.set_preferences(twinshelf.connection, Preferences(reserve=5, auto_import=True), by=maya)

    first, second = entries("connections.set_preferences")
    subject = f"connection:{twinshelf.connection.id}"
    assert told(first) == (subject, {"reserve": None}, {"reserve": 2})
    assert told(second) == (subject, {"auto_import": None, "reserve": 2}, {"auto_import": True, "reserve": 5})
    assert actor(second) == ("user", maya.user_id, "maya@fernhollow.test")


def test_preferences_that_are_refused_leave_no_entry(twinshelf, maya):
    with pytest.raises(Exception, match="order_poll_minutes"):
        connections.set_preferences(twinshelf.connection, Preferences(order_poll_minutes=99), by=maya)

    assert entries("connections.set_preferences") == []


def test_a_link_is_recorded_with_the_variant_that_had_the_sku(store, twinshelf, maya):
    twinshelf.list(store.add_product(sku="MUG-1"), store.add_product(sku="JAR-1", title="Pantry jar"))
    mug, jar = Link.objects.get(seller_sku="MUG-1"), Link.objects.get(seller_sku="JAR-1")

    catalog.link(twinshelf.connection, variant_id=jar.variant_id, tiktok_id=mug.tiktok_id, sku_id=mug.sku_id, by=maya)

    [entry] = entries("listings.link")
    assert told(entry) == (
        f"connection:{twinshelf.connection.id}",
        {mug.variant_id: mug.sku_id, jar.variant_id: jar.sku_id},
        {mug.variant_id: None, jar.variant_id: mug.sku_id},
    )
    assert actor(entry) == ("user", maya.user_id, "maya@fernhollow.test")


def test_a_cancellation_is_recorded_with_its_reason(store, shop, twinshelf, maya):
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)

    orders.cancel(twinshelf.order(order_id), "seller_cancel_reason_out_of_stock", by=maya)

    [entry] = entries("orders.cancel")
    after = {"origin": "app", "reason": "seller_cancel_reason_out_of_stock", "state": "passing"}
    assert told(entry) == (f"order:{order_id}", None, after)
    assert actor(entry) == ("user", maya.user_id, "maya@fernhollow.test")


def test_a_confirmation_is_recorded_with_what_was_confirmed(store, twinshelf, maya):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    store.act("set_price", sku="MUG-1", price="1200.00")
    twinshelf.settle()
    held = Problem.objects.get(code="E-PRC-GUARD", closed_at=None)

    sync.confirm(twinshelf.account, code="E-PRC-GUARD", problem_id=held.id, by=maya)
    twinshelf.settle()
    assert sync.confirm(twinshelf.account, code="E-PRC-GUARD", problem_id=held.id, by=maya) == 0

    [entry] = entries("sync.confirm")  # the second one changed nothing
    what = {f"price connection:{twinshelf.connection.id}": [str(mug)]}
    assert (*told(entry), entry.detail) == (f"problem:{held.id}", None, what, "E-PRC-GUARD")
    assert actor(entry) == ("user", maya.user_id, "maya@fernhollow.test")


def test_listings_switched_off_on_and_back_are_recorded_with_their_tasks(store, twinshelf, maya):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)

    off = twinshelf.finished(catalog.deactivate(twinshelf.connection, [str(mug)], by=maya))
    on = twinshelf.finished(catalog.activate(twinshelf.connection, [str(mug)], by=COMMAND_LINE))
    back = twinshelf.finished(catalog.undo(on, by=maya))

    subject = f"connection:{twinshelf.connection.id}"
    first, last = entries("listings.deactivate")
    assert told(first) == (subject, None, {"on": False, "task": off.id})
    assert first.detail == off.title == "Deactivate 1 product on Fernhollow US"
    assert told(last) == (subject, None, {"on": False, "task": back.id})
    [entry] = entries("listings.activate")
    assert told(entry) == (subject, None, {"on": True, "task": on.id})
    assert actor(entry) == ("command line", None, "Command line")
    [entry] = entries("listings.undo")
    assert told(entry) == (f"task:{on.id}", None, {"task": back.id})
    assert (off.by_id, on.by_id, back.by_id) == (maya.user_id, None, maya.user_id)


def test_what_connects_an_account_is_recorded(store, shop, twinshelf):
    connection = twinshelf.connection
    [entry] = entries("accounts.create_account")
    assert (entry.subject, actor(entry)) == (
        f"account:{twinshelf.account.id}", ("command line", None, "Command line"),
    )  # fmt: skip
    [entry] = entries("connections.connect_store")
    after = {"hash": store.hash, "name": "Fernhollow Goods", "state": "connected"}
    assert told(entry) == (f"store:{connection.store_id}", None, after)
    assert actor(entry) == ("user", None, MAYA.name)
    [entry] = entries("connections.authorize_shops")
    assert told(entry) == (f"seller:{connection.shop.seller_id}", {"shops": []}, {"shops": [shop.id]})
    [entry] = entries("connections.pair")
    assert entry.subject == f"connection:{connection.id}"
    assert entry.after is not None
    assert (entry.after["store_id"], entry.after["name"]) == (connection.store_id, "US")
    [entry] = entries("rules.set_default_template")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["category_id"], entry.after["category_id"]) == (None, HOME)


def test_an_authorization_that_ends_and_comes_again_is_recorded(sandbox, shop, twinshelf, maya):
    subject = f"seller:{twinshelf.connection.shop.seller_id}"
    sandbox.act("tt.deauthorize", app_key=settings.OPERATOR.tiktok_app_key, seller=shop.seller)
    twinshelf.settle()

    [entry] = entries("connections.disconnected")
    assert told(entry) == (subject, {"state": "connected"}, {"state": "disconnected"})
    assert actor(entry) == ("engine", None, "Twinshelf")
    connections.disconnected(twinshelf.connection.shop, at=clock.now(), new=True, by=ENGINE)
    assert len(entries("connections.disconnected")) == 1  # it had ended already

    connections.authorize_shops(twinshelf.account, consent(sandbox, shop), by=maya)

    entry = entries("connections.authorize_shops")[-1]
    assert told(entry) == (subject, {"state": "disconnected"}, {"state": "connected"})
    assert actor(entry) == ("user", maya.user_id, "maya@fernhollow.test")


def test_somebody_who_signs_up_is_the_actor(transactional_db):
    user = accounts.sign_up(
        "Mugs", email="mo@mugs.test", password="a long enough password", owner_name="Mo", time_zone="UTC"
    )
    with scope(account=Membership.objects.get(user=user).account):
        [entry] = entries("accounts.sign_up")
    assert (actor(entry), entry.after) == (("user", user.id, "Mo"), {"name": "Mugs"})

    user.delete()

    with scope(account=entry.account):
        [entry] = entries("accounts.sign_up")
    assert actor(entry) == ("user", None, "Mo")


def test_what_timetables_do_is_recorded_only_where_a_value_changed(twinshelf, maya):
    before = AuditEntry.objects.count()
    Schedule.objects.update(next_at=twinshelf.account.created_at)
    twinshelf.wait(3600)
    assert Task.objects.filter(kind="pull").exists()
    catalog.compare(twinshelf.connection, by=ENGINE)
    assert AuditEntry.objects.count() == before

    goods.pull(twinshelf.connection.store, by=maya)

    [entry] = entries("goods.pull")
    assert entry.subject == f"store:{twinshelf.connection.store_id}"
    assert entry.detail == "Pull products of Fernhollow Goods"


def test_an_entry_and_what_it_tells_of_are_on_record_together_or_neither_is(twinshelf, maya):
    class Stop(Exception):
        pass

    @transaction.atomic
    def chosen_and_stopped():
        rules.set_default_template(twinshelf.connection, category_id="600001", by=maya)
        assert len(entries("rules.set_default_template")) == 2
        raise Stop

    with pytest.raises(Stop):
        chosen_and_stopped()
    assert len(entries("rules.set_default_template")) == 1  # that of the fixture

    with pytest.raises(transaction.TransactionManagementError):
        audit.record(maya, twinshelf.account.id, "rules.set_default_template", "connection:1")


def test_no_secret_and_no_buyer_is_in_the_audit_log(sandbox, store, shop, twinshelf, maya):
    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Again")
    connections.connect_store(
        twinshelf.account,
        store_hash_or_url=store.hash,
        access_token=keys["access_token"],
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        by=maya,
    )
    connections.authorize_shops(twinshelf.account, code := consent(sandbox, shop), by=maya)
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1), address={"name": "Canary Quillfeather", "line1": "77 Canarybird Lane"})
    twinshelf.wait(HELD_SECONDS)
    orders.sync(twinshelf.order(order_id), by=replace(maya, name="Maya"))
    orders.cancel(twinshelf.order(order_id), "seller_cancel_reason_out_of_stock", by=maya)
    twinshelf.settle()

    rows = json.dumps(list(AuditEntry.objects.values()), default=str)
    tokens = [str(token) for token in sandbox.world.table("tt/tokens")]
    assert len(tokens) == 1
    seller = Seller.objects.get()
    tokens.append(unseal(seller.refresh_token, bound_to=seller_binding(seller.open_id)))
    secrets = [keys["access_token"], keys["client_secret"], code, *tokens, "Quillfeather", "Canarybird", "long enough"]
    assert [secret for secret in secrets if secret in rows] == []
    assert len(entries("connections.connect_store")) == 2
    assert order_id in rows
