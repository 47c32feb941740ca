"""What may be known about accounts and users."""

from __future__ import annotations

from twinshelf.accounts.models import Account, Membership, User


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
