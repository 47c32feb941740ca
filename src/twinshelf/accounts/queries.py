"""What may be known about accounts and users."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from django.conf import settings
from django.db.models import Case, Count, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from twinshelf.accounts.models import Account, AuditEntry, CustomRole, Membership, Role, User
from twinshelf.accounts.people import GRANTABLE, Chosen, hash_of, open_invitations
from twinshelf.accounts.security import OF_SIGN_INS
from twinshelf.kit import clock
from twinshelf.kit.actions import Action, Permission

GRANTED: Final[dict[str, frozenset[Permission]]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {Permission.OWN},
}


def sign_up_open() -> bool:
    """Whether anybody may make an account: as the operator set it; else only the first account of all."""
    if settings.OPERATOR.sign_up == "first":
        return not Account.objects.exists()
    return bool(settings.OPERATOR.sign_up == "open")


def account_of_owner(name: str, owner_email: str) -> Account | None:
    """The first account of this name that the owner of this email owns, None if there is none.

    A name alone says nothing: anybody may have signed up under it.
    """
    owned = Membership.objects.active().filter(
        account__name=name, user__email=owner_email.lower(), user__is_active=True, role=Role.OWNER
    )
    found = owned.select_related("account").order_by("account_id").first()
    return found.account if found else None


def accounts_of(user: User) -> list[Account]:
    """The accounts a user is a member of, by name."""
    joined = Membership.objects.active().filter(user=user)
    return list(Account.objects.filter(id__in=joined.values("account")).order_by("name", "id"))


def permissions_in(account: Account, user: User) -> frozenset[Permission]:
    """What the user's role in an account grants; nothing where they are not in it."""
    membership = Membership.objects.active().filter(account=account, user=user).select_related("custom_role").first()
    return permissions_of(membership) if membership else frozenset()


def permissions_of(membership: Membership) -> frozenset[Permission]:
    """What the role of a member grants. A role of the account's own always lets look, and never own."""
    if membership.custom_role is None:
        return GRANTED.get(membership.role, frozenset())
    return role_grants(membership.custom_role)


def role_grants(role: CustomRole) -> frozenset[Permission]:
    """What a role of an account's own grants."""
    return frozenset({Permission.VIEW, *(each for each in GRANTABLE if each in role.permissions)})


def members_of(account: Account) -> list[Membership]:
    """Everybody in an account and everybody invited, with their roles, owners first."""
    rows = Membership.objects.filter(account=account, removed_at=None).select_related("user", "custom_role")
    return list(rows.order_by(_OWNERS_FIRST, "user__email"))


def member_of(account: Account, user_id: int) -> Membership | None:
    """One of them, None if there is no such."""
    rows = Membership.objects.filter(account=account, user_id=user_id, removed_at=None)
    return rows.select_related("user", "custom_role").first()


def every_member() -> list[Membership]:
    """Everybody in every account, by account: for whoever runs the installation. Needs scopes disabled."""
    rows = Membership.objects.filter(removed_at=None).select_related("user", "account", "custom_role")
    return list(rows.order_by("account__name", "account_id", _OWNERS_FIRST, "user__email"))


def accounts_of_owner(email: str) -> list[Account]:
    """The accounts that somebody owns, by name."""
    owned = Membership.objects.active().filter(user__email=email.lower(), role=Role.OWNER)
    return list(Account.objects.filter(id__in=owned.values("account")).order_by("name", "id"))


def accounts_named(name: str) -> list[Account]:
    """The accounts of a name, the oldest first; all accounts for ""."""
    rows = Account.objects.filter(name=name) if name else Account.objects.all()
    return list(rows.order_by("id"))


_OWNERS_FIRST: Final = Case(When(role=Role.OWNER, then=Value(0)), default=Value(1))


def roles_of(account: Account) -> list[tuple[CustomRole, int]]:
    """The roles that an account made for itself, with how many have each, by name."""
    held = Count("memberships", filter=Q(memberships__removed_at=None))
    return [
        (role, role.held) for role in CustomRole.objects.filter(account=account).annotate(held=held).order_by("name")
    ]


def role_choices(account: Account) -> list[tuple[str, str]]:
    """(value, words) of the roles that may be given in an account; `chosen` reads the value."""
    own = CustomRole.objects.filter(account=account).order_by("name")
    return [*((str(each.value), str(each.label)) for each in (Role.ADMIN, Role.OWNER)),
            *((f"{Role.CUSTOM}:{each.pk}", each.name) for each in own)]  # fmt: skip


def chosen(value: str) -> Chosen:
    """The role that a value of `role_choices` stands for."""
    kind, _colon, number = value.partition(":")
    return Chosen(Role(kind), int(number) if number else None)


def choice_of(member: Membership) -> str:
    """The value of `role_choices` that stands for a member's role."""
    return f"{Role.CUSTOM}:{member.custom_role_id}" if member.custom_role else str(member.role)


def role(account: Account, role_id: int) -> CustomRole | None:
    """One of them, None if there is no such."""
    return CustomRole.objects.filter(account=account, pk=role_id).first()


def invitation(token: str) -> Membership | None:
    """Whom a link invites, and to which account; None where it works no more."""
    found = Membership.objects.filter(token_hash=hash_of(token), **open_invitations(clock.now()))
    return found.select_related("user", "account").first()


def email_taken(email: str) -> bool:
    """Whether an account with this email address exists."""
    return User.objects.filter(email=email.lower()).exists()


def actions_for(member: Membership) -> list[Action]:
    """What may be done to a user of the account."""
    found = []
    if member.accepted_at is None:
        found.append(Action(id="user.link", label=_("New link"), args=(member.user_id,), permission=Permission.OWN))
    confirm = _("The user is out at once. What they did stays on record, and adding the same email lets them in again.")
    remove = Action(
        id="user.remove", label=_("Delete user"), args=(member.user_id,), tone="danger", permission=Permission.OWN,
        confirm=confirm,
    )  # fmt: skip
    return [*found, remove]


def actions_for_role(role: CustomRole) -> list[Action]:
    """What may be done to a role of the account's own."""
    return [
        Action(
            id="role.delete", label=_("Delete role"), args=(role.pk,), tone="danger", permission=Permission.OWN,
            confirm=_("Only a role that no user has can be deleted."),
        )
    ]  # fmt: skip


def account_scope(account_id: int) -> AbstractContextManager[None]:
    """What is asked for inside is the account's alone. The account is not looked up."""
    inside: AbstractContextManager[None] = scope(account=Account(id=account_id))
    return inside


def audit_of(actions: Sequence[str], subject: str, *, limit: int) -> list[AuditEntry]:
    """The latest entries of these actions done to one thing, newest first."""
    return list(AuditEntry.objects.filter(action__in=actions, subject=subject).order_by("-at", "-id")[:limit])


def audit_log(kind: str, *, before: int | None, size: int) -> tuple[list[AuditEntry], int | None]:
    """(entries, where the next page goes on) of the account's log, newest first; all kinds for "".

    Kinds: `sign_ins`, `users`, `connections`, `work`. `before`: only older entries than this one.
    """
    rows = AuditEntry.objects.order_by("-at", "-id")
    sign_ins, connections = Q(action__in=OF_SIGN_INS), Q(action__startswith="connections.")
    match kind:
        case "sign_ins":
            rows = rows.filter(sign_ins)
        case "users":
            rows = rows.filter(Q(action__startswith="accounts.") & ~sign_ins)
        case "connections":
            rows = rows.filter(connections)
        case "work":
            rows = rows.exclude(action__startswith="accounts.").exclude(connections)
    last = AuditEntry.objects.filter(id=before).first() if before else None
    if last is not None:
        rows = rows.filter(Q(at__lt=last.at) | Q(at=last.at, id__lt=last.pk))
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None


def audit_about(subject: str, *, limit: int) -> list[AuditEntry]:
    """The latest entries of whatever was done to one thing, newest first."""
    return list(AuditEntry.objects.filter(subject=subject).order_by("-at", "-id")[:limit])


def audit_entry(entry_id: int, actions: Sequence[str], subject: str) -> AuditEntry | None:
    """One entry, if it is of one of these actions and of this thing."""
    return AuditEntry.objects.filter(id=entry_id, action__in=actions, subject=subject).first()
