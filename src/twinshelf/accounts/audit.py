"""The audit log: who changed what in an account. Actions write it; nothing changes an entry afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from twinshelf.accounts.actors import Actor, ActorKind
from twinshelf.accounts.models import AuditEntry


def record(
    actor: Actor,
    account_id: int,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    detail: str = "",
) -> None:
    """Note what an actor did, in the transaction that does it: both are on record, or neither.

    `action` is `<domain>.<function>`, `subject` is `<kind of thing>:<id>`. `before` and `after` hold what changed and
    nothing else; None: no value of the merchant's did. They never hold a credential, a token, or anything of a buyer.

    What the engine does is noted only if a value changed: its pulls and comparisons come every few minutes, and each
    has its task. Raises TransactionManagementError outside of a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{action} is recorded outside of the transaction that does it")
    if actor.kind is ActorKind.ENGINE and before is None and after is None:
        return
    AuditEntry(
        account_id=account_id,
        actor_kind=actor.kind,
        user_id=actor.user_id,
        actor_name=actor.name,
        action=action,
        subject=subject,
        before=before,
        after=after,
        detail=detail,
    ).save(force_insert=True)  # not by its manager: an account is made outside of every scope


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both reduced to the entries in which they differ; one that a side does not have is None there. Pure."""
    keys = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    return {key: before.get(key) for key in keys}, {key: after.get(key) for key in keys}
