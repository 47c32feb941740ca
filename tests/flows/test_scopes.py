"""Which tables belong to no account, on purpose; every other one refuses to be read outside of an account's scope."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from twinshelf.accounts.models import Account, AccountModel

UNSCOPED = {
    "accounts.Account": "what scopes are made of",
    "accounts.User": "a person may be in several accounts",
    "accounts.Membership": "read to find the account, before any scope is known",
    "connections.Installation": "a store is in no account before somebody takes it into theirs",
    "kit.Budget": "a quota belongs to a credential of a platform",
    "kit.PlatformClock": "a clock belongs to a platform",
    "sync.Lane": "the sweep and the workers look at all lanes",
    "sync.ExecutorLease": "a worker works for all accounts",
}
"""Ours that belong to no account. Those of Django and of other packages are told by where they come from."""

OURS = [model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("twinshelf.")]
SCOPED = [model for model in OURS if model._meta.label not in UNSCOPED and not model._meta.auto_created]


def test_the_list_of_unscoped_tables_is_complete_and_has_no_others():
    assert {
        model._meta.label for model in OURS if not issubclass(model, AccountModel) and not model._meta.auto_created
    } == set(UNSCOPED)
    between = {model._meta.label for model in OURS if model._meta.auto_created}  # tables between two models
    assert between == {"accounts.User_groups", "accounts.User_user_permissions"}


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model._meta.label)
def test_every_other_table_refuses_to_be_read_outside_of_a_scope(transactional_db, model: type[models.Model]):
    manager = model._default_manager
    for look in (
        manager.all,
        manager.first,
        manager.count,
        lambda: manager.filter(pk=1).exists(),
        lambda: manager.in_bulk([1]),
    ):
        with pytest.raises(ScopeError):
            look()
    for change in (
        lambda: manager.update(account_id=1),
        lambda: manager.filter(pk=1).delete(),
        lambda: manager.get_or_create(pk=1),
    ):
        with pytest.raises(ScopeError):
            change()


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model._meta.label)
def test_a_scope_shows_the_rows_of_its_account_only(transactional_db, model: type[models.Model]):
    account = Account.objects.create(name="Fernhollow")
    with scope(account=account):
        query = str(model._default_manager.all().query)
    assert f'"account_id" = {account.pk}' in query


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model._meta.label)
def test_every_row_of_an_account_says_whose_it_is(model: type[models.Model]):
    field = model._meta.get_field("account")
    assert isinstance(field, models.ForeignKey)
    assert field.related_model is Account
    assert not field.null
    assert field.remote_field.on_delete is models.CASCADE


def test_the_tables_are_what_the_models_say(transactional_db):
    """A model without its migration exists nowhere but in the code."""
    out = StringIO()
    call_command("makemigrations", check_changes=True, dry_run=True, stdout=out, verbosity=1)
