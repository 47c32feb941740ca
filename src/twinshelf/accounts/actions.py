"""What may be done to accounts and users."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, connection, transaction

from twinshelf.accounts import queries
from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.accounts.models import Account, Membership, Role, User
from twinshelf.accounts.people import (
    Chosen,
    Invited,
    LinkSpent,
    NotTheirs,
    delete_role,
    invite,
    invite_again,
    join,
    join_with_password,
    link_mailed,
    remove_user,
    rename_user,
    save_role,
    set_role,
    verified,
)
from twinshelf.accounts.security import reseal

__all__ = [
    "Chosen",
    "Invited",
    "LinkSpent",
    "NotTheirs",
    "delete_role",
    "invite",
    "invite_again",
    "join",
    "join_with_password",
    "link_mailed",
    "remove_user",
    "rename_user",
    "reseal",
    "save_role",
    "set_role",
]


class EmailTaken(Exception):
    """Somebody signs in with this email address already."""


class SignUpClosed(Exception):
    """Accounts are made by the operator and by invitation only."""


def sign_up(name: str, *, email: str, password: str, owner_name: str, time_zone: str) -> User:
    """A new account with a new user as its owner. Raises EmailTaken: nobody is let in as who was there before.

    Raises SignUpClosed where the installation takes no more accounts; of two who come first at once, one does.
    """
    try:
        with transaction.atomic():
            _one_at_a_time()
            if not queries.sign_up_open():
                raise SignUpClosed
            user = User.objects.create_user(email, password, name=owner_name, time_zone=time_zone)
            account = Account.objects.create(name=name)
            Membership.objects.create(account=account, user=user, role=Role.OWNER)
            record(Actor.of(user), account.id, "accounts.sign_up", f"account:{account.id}", after={"name": name})
    except IntegrityError as error:
        make_password(password)  # who was there before is not told by an answer that comes sooner
        raise EmailTaken from error
    return user


def _one_at_a_time() -> None:
    if connection.vendor == "postgresql":  # SQLite has one writer anyway
        with connection.cursor() as cursor:
            cursor.execute("lock table accounts_account in share row exclusive mode")


@transaction.atomic
def create_account(name: str, *, owner_email: str, password: str, owner_name: str = "", by: Actor) -> Account:
    """A new account with its owner, who may sign in at once.

    Who signs in with that email already becomes its owner if this is their password. Else raises EmailTaken and makes
    nothing: anybody may have signed up with the address of somebody else.
    """
    user = User.objects.filter(email=owner_email.lower()).first()
    if user is None:
        user = User.objects.create_user(owner_email, password, name=owner_name)
        verified(user)  # the operator says whose it is
    elif not (user.is_active and user.check_password(password)):
        raise EmailTaken
    account = Account.objects.create(name=name)
    Membership.objects.create(account=account, user=user, role=Role.OWNER)
    record(by, account.id, "accounts.create_account", f"account:{account.id}", after={"name": name, "owner": user.id})
    return account


@transaction.atomic
def set_terms(account: Account, *, most_shops: int | None, takes_cross_border: bool, by: Actor) -> None:
    """Say how many TikTok Shops an account may have (None: any number), and whether those of cross-border sellers.

    Shops that it has already stay. Safe to repeat.
    """
    new = {"most_shops": most_shops, "takes_cross_border": takes_cross_border}
    before, after = changed({name: getattr(account, name) for name in new}, new)
    if before == after:
        return
    Account.objects.filter(id=account.id).update(**new)
    record(by, account.id, "accounts.set_terms", f"account:{account.id}", before=before, after=after)
    account.most_shops, account.takes_cross_border = most_shops, takes_cross_border


class NoSuchUser(Exception):
    """Nobody signs in with this email address."""


@transaction.atomic
def set_password(email: str, password: str, *, by: Actor) -> None:
    """Give a user a new password; whoever is signed in as them is out. Raises NoSuchUser.

    Raises ValidationError for a password that is easily guessed.
    """
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        raise NoSuchUser
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    for membership in Membership.objects.filter(user=user):
        record(by, membership.account_id, "accounts.set_password", f"user:{user.pk}")


@transaction.atomic
def take_second_steps(email: str, *, by: Actor) -> int:
    """Take a user's app, keys and recovery codes away, where they were lost; how many there were. Raises NoSuchUser."""
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        raise NoSuchUser
    taken: int = Authenticator.objects.filter(user=user).delete()[0]
    if taken:
        for membership in Membership.objects.active().filter(user=user):
            record(by, membership.account_id, "accounts.take_second_steps", f"user:{user.pk}")
    return taken


def set_emails(user: User, *, on: bool) -> None:
    """Switch email about connections on or off, for every connection of every account the person is in."""
    user.emails = on
    user.save(update_fields=["emails"])


def set_profile(user: User, *, name: str, time_zone: str) -> None:
    """Change what a person may change of themselves. The email address is fixed."""
    user.name, user.time_zone = name, time_zone
    user.save(update_fields=["name", "time_zone"])
