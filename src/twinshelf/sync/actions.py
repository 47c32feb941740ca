"""What people may do to the engine's work: try again what is stuck."""

from __future__ import annotations

from twinshelf.accounts.models import Account, User
from twinshelf.sync import lanes
from twinshelf.sync.models import Lane, Problem
from twinshelf.sync.problems import OWNER_KEY


def retry_problem(
    problem: Problem,
    *,
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> None:
    """Ask again for what has this problem, as something that waited long enough. Safe to repeat.

    A problem of a lane as a whole (rejected credentials) ends the lane's hold, so that everything in it is tried.
    """
    lane = Lane.objects.get(id=problem.lane_id)
    if problem.key == OWNER_KEY:
        lanes.release_hold(lane.account_id, lane.owner)
        return
    lanes.ask(lane.account_id, lane.kind, lane.owner, [problem.key], reason="retry by hand", priority=lanes.URGENT)


CONFIRMED = "confirmed by hand"


def confirm(
    account: Account,
    *,
    kind: str,
    code: str,
    key: str = "",
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> int:
    """Say of what was held back for a person to check that it is meant: all of one kind and code, or one key of it.

    Asks for it again with the reason `CONFIRMED`, which the flow that held it back heeds. Returns how many keys that
    were. Safe to repeat.
    """
    held = Problem.objects.filter(lane__kind=kind, code=code, closed_at=None).exclude(key=OWNER_KEY)
    if key:
        held = held.filter(key=key)
    keys: dict[str, list[str]] = {}
    for owner, one in held.values_list("lane__owner", "key"):
        keys.setdefault(owner, []).append(one)
    for owner, some in keys.items():
        lanes.ask(account.id, kind, owner, some, reason=CONFIRMED, priority=lanes.URGENT)
    return sum(map(len, keys.values()))
