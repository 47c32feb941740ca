"""What may be done to accounts and users."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.models import Account, Membership, Role, User


@transaction.atomic
def create_account(name: str, *, owner_email: str, password: str, owner_name: str = "") -> Account:
    """A new account with its owner, who may sign in at once. An existing user of that e-mail becomes its owner."""
    account = Account.objects.create(name=name)
    user = User.objects.filter(email=owner_email.lower()).first()
    if user is None:
        user = User.objects.create_user(owner_email, password, name=owner_name)
    Membership.objects.create(account=account, user=user, role=Role.OWNER)
    return account
