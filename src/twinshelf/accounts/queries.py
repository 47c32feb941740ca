"""What may be known about accounts and users."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from django_scopes import scope

from twinshelf.accounts.models import Account, AuditEntry, Membership, Role, User
from twinshelf.kit.actions import Permission

GRANTED: Final[dict[str, frozenset[Permission]]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset({Permission.VIEW, Permission.OPERATE}),
}


def account_of_owner(name: str, owner_email: str) -> Account | None:
    """The first account of this name that the owner of this email owns, None if there is none.

    A name alone says nothing: anybody may have signed up under it.
    """
    owned = Membership.objects.filter(
        account__name=name, user__email=owner_email.lower(), user__is_active=True, role=Role.OWNER
    )
    found = owned.select_related("account").order_by("account_id").first()
    return found.account if found else None


def accounts_of(user: User) -> list[Account]:
    """The accounts a user is a member of, by name."""
    return list(Account.objects.filter(memberships__user=user).order_by("name", "id"))


def role_in(account: Account, user: User) -> str:
    """The user's role there, "" if none."""
    membership = Membership.objects.filter(account=account, user=user).first()
    return membership.role if membership else ""


def members_of(account: Account) -> list[Membership]:
    """Everybody in an account with their roles, owners first."""
    return list(Membership.objects.filter(account=account).select_related("user").order_by("-role", "user__email"))


def every_member() -> list[Membership]:
    """Everybody in every account, by account: for whoever runs the installation. Needs scopes disabled."""
    rows = Membership.objects.select_related("user", "account")
    return list(rows.order_by("account__name", "account_id", "-role", "user__email"))


def permissions_of(role: str) -> frozenset[Permission]:
    """What a role grants; nothing if it is unknown."""
    return GRANTED.get(role, frozenset())


def email_taken(email: str) -> bool:
    """Whether an account with this email address exists."""
    return User.objects.filter(email=email.lower()).exists()


def account_scope(account_id: int) -> AbstractContextManager[None]:
    """What is asked for inside is the account's alone. The account is not looked up."""
    inside: AbstractContextManager[None] = scope(account=Account(id=account_id))
    return inside


def audit_of(actions: Sequence[str], subject: str, *, limit: int) -> list[AuditEntry]:
    """The latest entries of these actions done to one thing, newest first."""
    return list(AuditEntry.objects.filter(action__in=actions, subject=subject).order_by("-at", "-id")[:limit])


def audit_entry(entry_id: int, actions: Sequence[str], subject: str) -> AuditEntry | None:
    """One entry, if it is of one of these actions and of this thing."""
    return AuditEntry.objects.filter(id=entry_id, action__in=actions, subject=subject).first()
