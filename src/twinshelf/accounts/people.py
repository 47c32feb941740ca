"""Who is in an account: inviting, joining, roles, renaming and removing. Removing is undone by inviting again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.accounts.models import Account, CustomRole, Membership, Role, User
from twinshelf.errors import NeedsPerson
from twinshelf.kit import clock
from twinshelf.kit.actions import Permission

INVITED_FOR: Final = timedelta(days=7)
GRANTABLE: Final = (Permission.OPERATE, Permission.GLOBAL_STORE, Permission.PEOPLE, Permission.SECURITY)
"""What a role of an account's own may grant besides looking. The rest is the owner's."""


@dataclass(frozen=True)
class Chosen:
    """A role as somebody chose it: one of ours, or one of the account's own by its id."""

    role: Role
    custom_id: int | None = None


@dataclass(frozen=True)
class Invited:
    """What came of an invitation. `token` lets the person in, once; "" where they are in already."""

    membership: Membership
    token: str


def invite(account: Account, *, email: str, name: str, chosen: Chosen, by: Actor) -> Invited:
    """Add somebody to an account: by a link for the address, or at once if they were in it before.

    Somebody who has no password yet chooses one behind the link. Who signs in with the address already keeps theirs,
    and has to be signed in to accept: neither an address nor a link gives anybody somebody else's sign-in.
    Raises NeedsPerson: E-USR-THERE, E-USR-ROLE, E-USR-ADDRESS, E-USR-NAME.
    """
    email, name = email.strip().lower(), " ".join(name.split())
    try:
        validate_email(email)
        fits = len(email) <= _LONGEST_EMAIL
    except ValidationError:
        fits = False
    if not fits:
        raise NeedsPerson("E-USR-ADDRESS", email=email[:100])
    if not name or len(name) > _LONGEST_NAME:
        raise NeedsPerson("E-USR-NAME")
    with transaction.atomic():
        _locked(account)
        custom = _custom(account, chosen)
        user = _user_of(email, name)
        before = Membership.objects.filter(account=account, user=user).first()
        if before is not None and before.removed_at is None:
            raise NeedsPerson("E-USR-THERE", email=email)
        again = before is not None and before.accepted_at is not None
        membership = before or Membership(account=account, user=user, accepted_at=None)
        membership.role, membership.custom_role, membership.removed_at = chosen.role, custom, None
        token = "" if again else _new_link(membership)
        membership.save()
        after = {"email": email, "name": name, "role": membership.role_name}
        record(by, account.id, "accounts.invite", f"user:{user.pk}", after=after, detail="added again" if again else "")
    return Invited(membership, token)


def invite_again(account: Account, user_id: int, *, by: Actor) -> Invited:
    """A new link for somebody who has not come yet; the one before works no more. Raises E-USR-GONE."""
    with transaction.atomic():
        _locked(account)
        membership = _member(account, user_id)
        if membership.accepted_at is not None:
            raise NeedsPerson("E-USR-GONE")
        token = _new_link(membership)
        membership.save()
        record(by, account.id, "accounts.invite_again", f"user:{user_id}")
    return Invited(membership, token)


def link_mailed(membership: Membership, *, by: Actor) -> None:
    """Note that the link went to the address alone: who opens it reads that address."""
    with transaction.atomic():
        Membership.objects.filter(id=membership.id, token_hash=membership.token_hash).update(token_mailed=True)
        record(by, membership.account_id, "accounts.link_mailed", f"user:{membership.user_id}")


class LinkSpent(Exception):
    """The link of an invitation was used, replaced or taken back, or is too old."""


class NotTheirs(Exception):
    """The invitation is for somebody else than who is signed in."""


def join(token: str, user: User) -> Membership:
    """The signed-in user accepts an invitation that is theirs. Raises LinkSpent, NotTheirs."""
    with transaction.atomic():
        membership = _invitation(token)
        if membership.user_id != user.pk:
            raise NotTheirs
        return _joined(membership)


def join_with_password(token: str, *, password: str, time_zone: str) -> Membership:
    """Somebody without a password accepts an invitation and chooses one.

    Raises LinkSpent, ValidationError for a password that is easily guessed, and NotTheirs for a user who has a
    password: they sign in with it.
    """
    with transaction.atomic():
        membership = _invitation(token)
        user = User.objects.select_for_update().get(pk=membership.user_id)
        if user.has_usable_password():
            raise NotTheirs
        validate_password(password, user)
        user.set_password(password)
        user.time_zone = time_zone
        user.save(update_fields=["password", "time_zone"])
        membership.user = user
        return _joined(membership)


def rename_user(account: Account, user_id: int, *, name: str, by: Actor) -> None:
    """Change how a user of the account is called. Raises E-USR-NAME, E-USR-ELSEWHERE, E-USR-GONE.

    A person who works in other accounts as well is called there as here, so they alone change it.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME:
        raise NeedsPerson("E-USR-NAME")
    with transaction.atomic():
        membership = _member(account, user_id)
        user = membership.user
        if user.name == name:
            return
        if Membership.objects.filter(user=user, removed_at=None).exclude(account=account).exists():
            raise NeedsPerson("E-USR-ELSEWHERE")
        before = {"name": user.name}
        user.name = name
        user.save(update_fields=["name"])
        record(by, account.id, "accounts.rename_user", f"user:{user_id}", before=before, after={"name": name})


def set_role(account: Account, user_id: int, chosen: Chosen, *, by: Actor) -> None:
    """Give a user another role, from their next request on. Raises NeedsPerson: E-USR-LAST, E-USR-ROLE, E-USR-GONE."""
    with transaction.atomic():
        _locked(account)
        membership, custom = _member(account, user_id), _custom(account, chosen)
        if (membership.role, membership.custom_role) == (chosen.role, custom):
            return
        if chosen.role is not Role.OWNER:
            _not_the_last_owner(membership)
        before = {"role": membership.role_name}
        membership.role, membership.custom_role = chosen.role, custom
        membership.save(update_fields=["role", "custom_role"])
        after = {"role": membership.role_name}
        record(by, account.id, "accounts.set_role", f"user:{user_id}", before=before, after=after)


def remove_user(account: Account, user_id: int, *, by: Actor) -> None:
    """Take somebody out of an account at once; what they did stays on record. Undone by inviting the same address.

    Raises E-USR-LAST, E-USR-GONE.
    """
    with transaction.atomic():
        _locked(account)
        membership = _member(account, user_id)
        _not_the_last_owner(membership)
        membership.removed_at, membership.token_hash, membership.token_until = clock.now(), "", None
        membership.save(update_fields=["removed_at", "token_hash", "token_until"])
        before = {"email": membership.user.email, "role": membership.role_name}
        record(by, account.id, "accounts.remove_user", f"user:{user_id}", before=before)


def save_role(
    account: Account, role_id: int | None, *, name: str, permissions: Collection[Permission], by: Actor
) -> CustomRole:
    """Make a role of the account's own, or change one. Raises E-USR-ROLENAME for a name that is taken, E-USR-ROLE."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_ROLE or name.casefold() in {str(role.label).casefold() for role in Role}:
        raise NeedsPerson("E-USR-ROLENAME", name=name[:_LONGEST_ROLE])
    granted = [str(permission) for permission in GRANTABLE if permission in permissions]
    try:
        with transaction.atomic():
            if role_id is None:
                role, before = CustomRole(account=account), None
            else:
                role = _role(account, role_id)
                before = {"name": role.name, "permissions": role.permissions}
            after = {"name": name, "permissions": granted}
            if before == after:
                return role
            role.name, role.permissions = name, granted
            role.save()
            was, now = changed(before or {}, after)
            record(by, account.id, "accounts.save_role", f"role:{role.pk}", before=was if before else None, after=now)
    except IntegrityError as error:
        raise NeedsPerson("E-USR-ROLENAME", name=name) from error
    return role


def delete_role(account: Account, role_id: int, *, by: Actor) -> None:
    """Delete a role that nobody has. Raises E-USR-ROLEUSED, E-USR-ROLE."""
    with transaction.atomic():
        _locked(account)
        role = _role(account, role_id)
        if held := Membership.objects.filter(custom_role=role, removed_at=None).count():
            raise NeedsPerson("E-USR-ROLEUSED", name=role.name, number=held)
        Membership.objects.filter(custom_role=role).update(role=Role.ADMIN, custom_role=None)
        before = {"name": role.name, "permissions": role.permissions}
        record(by, account.id, "accounts.delete_role", f"role:{role.pk}", before=before)
        role.delete()


_LONGEST_NAME, _LONGEST_EMAIL, _LONGEST_ROLE = 120, 254, 60


def hash_of(token: str) -> str:
    """What is kept of a token, so that whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _user_of(email: str, name: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create_user(email, name=name)
        except IntegrityError:  # somebody else was added with it just now
            user = User.objects.get(email=email)
    return user


def _new_link(membership: Membership) -> str:
    token = secrets.token_urlsafe(32)
    membership.token_hash, membership.token_mailed = hash_of(token), False
    membership.token_until = clock.now() + INVITED_FOR
    return token


def open_invitations(now: datetime) -> dict[str, object]:
    """The filter of memberships whose link still works."""
    return {"accepted_at": None, "removed_at": None, "token_until__gt": now}


def _invitation(token: str) -> Membership:
    found = Membership.objects.filter(token_hash=hash_of(token), **open_invitations(clock.now()))
    membership = found.select_for_update(of=("self",)).select_related("user", "account", "custom_role").first()
    if membership is None or not membership.user.is_active:
        raise LinkSpent
    return membership


def _joined(membership: Membership) -> Membership:
    user, mailed = membership.user, membership.token_mailed
    membership.accepted_at, membership.token_hash, membership.token_until = clock.now(), "", None
    membership.save(update_fields=["accepted_at", "token_hash", "token_until"])
    if mailed:
        verified(user)
    record(Actor.of(user), membership.account_id, "accounts.join", f"user:{user.pk}")
    return membership


def verified(user: User) -> None:
    """Note that whoever signs in as this user reads the address."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def _locked(account: Account) -> None:
    """Changes of who is in an account come one after the other, so that two owners never remove each other."""
    Account.objects.select_for_update().get(pk=account.pk)


def _member(account: Account, user_id: int) -> Membership:
    found = Membership.objects.filter(account=account, user_id=user_id, removed_at=None)
    membership = found.select_related("user", "custom_role").first()
    if membership is None:
        raise NeedsPerson("E-USR-GONE")
    return membership


def _not_the_last_owner(membership: Membership) -> None:
    if membership.owns and membership.accepted_at is not None:
        others = Membership.objects.active().filter(account=membership.account_id, role=Role.OWNER)
        if not others.exclude(pk=membership.pk).filter(user__is_active=True).exists():
            raise NeedsPerson("E-USR-LAST")


def _role(account: Account, role_id: int) -> CustomRole:
    role = CustomRole.objects.filter(account=account, pk=role_id).first()
    if role is None:
        raise NeedsPerson("E-USR-ROLE")
    return role


def _custom(account: Account, chosen: Chosen) -> CustomRole | None:
    if chosen.role is not Role.CUSTOM:
        return None
    return _role(account, chosen.custom_id or 0)
