"""Where everything meets: the flows, tasks and timetables of each domain, made known to the engine."""

from __future__ import annotations

from twinshelf.connections import wiring as connections
from twinshelf.goods import wiring as goods
from twinshelf.listings import wiring as listings
from twinshelf.notices import wiring as notices
from twinshelf.orders import wiring as orders
from twinshelf.proof import reconcile as proof
from twinshelf.rules import wiring as rules
from twinshelf.sync.flows import installed


def install() -> None:
    """Make it all known to the engine. Call once per process, after Django is set up; repeating it changes nothing."""
    installed.install(
        [*connections.FLOWS, *goods.FLOWS, *listings.FLOWS, *orders.FLOWS, *notices.FLOWS],
        tasks=connections.TASKS | goods.TASKS | listings.TASKS | rules.TASKS | orders.TASKS | proof.TASKS,
        schedules=connections.TIMETABLES
        | goods.TIMETABLES
        | listings.TIMETABLES
        | orders.TIMETABLES
        | notices.TIMETABLES,
    )
