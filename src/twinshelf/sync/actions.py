"""What people may do to the engine's work: try again what is stuck."""

from __future__ import annotations

from twinshelf.accounts.models import User
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
