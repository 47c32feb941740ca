"""What people may do to the engine's work: try again what is stuck."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.models import Account, User
from twinshelf.kit import clock
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
    lanes.ask(lane.account_id, lane.kind, lane.owner, [problem.key], cause="retry by hand", priority=lanes.URGENT)


def confirm(
    account: Account,
    *,
    code: str,
    kind: str = "",
    problem_id: int | None = None,
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> int:
    """Say of what was held back for a person to check that it is meant: of one problem, or of all of a code (and kind).

    Notes it on the problems, which the flow that held it back heeds, and asks for it again. Returns how many keys that
    were. Safe to repeat.
    """
    held = Problem.objects.filter(code=code, closed_at=None).exclude(key=OWNER_KEY)
    if kind:
        held = held.filter(lane__kind=kind)
    if problem_id is not None:
        held = held.filter(id=problem_id)
    keys: dict[tuple[str, str], list[str]] = {}
    for lane_kind, owner, key in held.values_list("lane__kind", "lane__owner", "key"):
        keys.setdefault((lane_kind, owner), []).append(key)
    with transaction.atomic():
        held.update(confirmed_at=clock.now())
        for (lane_kind, owner), some in keys.items():
            lanes.ask(account.id, lane_kind, owner, some, cause="confirmed", priority=lanes.URGENT)
    return sum(map(len, keys.values()))
