"""What happens to sign-ins, for the audit log of each account that the person works in."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from allauth.mfa.models import Authenticator
from django.db import transaction

from twinshelf.accounts.actors import NOBODY, Actor
from twinshelf.accounts.audit import record
from twinshelf.accounts.models import Membership, User
from twinshelf.kit import secrets

SECOND_STEP: Final = "second step of a sign-in"
"""What the secrets of authenticator apps and recovery codes are sealed for."""


class Event(StrEnum):
    """What happened, as the audit log names it."""

    SIGNED_IN = "accounts.signed_in"
    SIGN_IN_FAILED = "accounts.sign_in_failed"
    PASSWORD_CHANGED = "accounts.password_changed"  # noqa: S105 - the name of an event
    PASSWORD_RESET = "accounts.password_reset"  # noqa: S105 - the name of an event
    RESET_ASKED = "accounts.reset_asked"
    FACTOR_ADDED = "accounts.factor_added"
    FACTOR_REMOVED = "accounts.factor_removed"
    CODES_RENEWED = "accounts.codes_renewed"
    SESSIONS_ENDED = "accounts.sessions_ended"


OF_SIGN_INS = (*Event, "accounts.set_password", "accounts.join", "accounts.sign_up")
"""The actions of the audit log that are about who gets in."""


def note(user: User, event: Event, *, where: str, detail: str = "", by: Actor | None = None) -> None:
    """Note an event of a user's sign-in in every account they work in. `where` is the address it came from.

    `by` is who did it, the user unless said.
    """
    said = ", ".join(part for part in (detail, where) if part)
    with transaction.atomic():
        for membership in Membership.objects.active().filter(user=user):
            record(by or Actor.of(user), membership.account_id, event, f"user:{user.pk}", detail=said)


def note_failure(email: str, *, where: str) -> None:
    """Note that a sign-in with this address failed. Of an address that nobody has, nothing is kept."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is not None:
        note(user, Event.SIGN_IN_FAILED, where=where, by=NOBODY)


def reseal() -> int:
    """Seal the secrets of second steps under the current key; how many were under older ones. Safe to repeat.

    Raises Unsealable where a value's key is not configured.
    """
    count = 0
    current = f"1.{secrets.key_ids()[0]}."
    for row in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk").iterator(200):
        older = [name for name in ("secret", "seed") if name in row.data and not row.data[name].startswith(current)]
        with transaction.atomic():
            kept = Authenticator.objects.select_for_update().get(pk=row.pk)
            for name in older:
                plain = secrets.unseal(kept.data[name], bound_to=SECOND_STEP)
                kept.data[name] = secrets.seal(plain, bound_to=SECOND_STEP)
            if older:
                kept.save(update_fields=["data"])
        count += len(older)
    return count
