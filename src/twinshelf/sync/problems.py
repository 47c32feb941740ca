"""Problems: what only a person can put right, opened and closed as lanes close their keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django_scopes import scope

from twinshelf import messages
from twinshelf.accounts.models import Account
from twinshelf.documents import Finding
from twinshelf.kit import clock
from twinshelf.sync import lanes
from twinshelf.sync.flows import Outcome
from twinshelf.sync.models import Lane, Mark, Problem


def settle(lane: Lane, outcomes: Sequence[Outcome]) -> None:
    """Make the open problems of these keys those of their outcomes: open new ones, close what is gone.

    Outcomes to be retried keep their problems as they are: nothing new is known.
    """
    settled = [o for o in outcomes if o.state in {"applied", "parked"}]
    if not settled:
        return
    keys = [o.key for o in settled]
    open_now = {
        (problem.key, problem.code): problem
        for problem in Problem.objects.filter(lane=lane, key__in=keys, closed_at=None)
    }
    wanted: dict[tuple[str, str], Finding] = {}
    for outcome in settled:
        for finding in outcome.findings:
            place = (outcome.key, finding.code)
            before = wanted.get(place)
            wanted[place] = finding if before is None else _joined(before, finding)
    gone = [problem.id for place, problem in open_now.items() if place not in wanted]
    if gone:
        Problem.objects.filter(id__in=gone).update(closed_at=clock.now())
    fresh = []
    for (key, code), finding in wanted.items():
        existing = open_now.get((key, code))
        if existing is None:
            fresh.append(
                Problem(
                    account_id=lane.account_id,
                    lane=lane,
                    key=key,
                    code=code,
                    facts=finding.facts,
                    blocking=finding.blocking,
                    waits_for=finding.waits_for,
                    opened_at=clock.now(),
                )
            )
        elif (existing.facts, existing.waits_for) != (finding.facts, finding.waits_for):
            Problem.objects.filter(id=existing.id).update(
                facts=finding.facts,
                waits_for=finding.waits_for,
                confirmed_at=None,  # what was confirmed is not what it says now
            )
    Problem.objects.bulk_create(fresh, batch_size=200)


def _joined(one: Finding, other: Finding) -> Finding:
    """Two findings of one code as one: a product lacks two attributes, an order two links."""
    waits = " ".join(dict.fromkeys([*one.waits_for.split(), *other.waits_for.split()]))
    return Finding(code=one.code, facts=messages.joined(one.facts, other.facts), waits_for=waits)


def ask_again(account_id: int, owner: str, kinds: Sequence[str], *, younger_than: timedelta) -> int:
    """Ask again for what was parked not long ago in lanes whose work may be repeated as often as one likes.

    Many a refusal passes by itself. Returns how many keys were asked for.
    """
    refused = Problem.objects.filter(
        closed_at=None,
        blocking=True,
        opened_at__gt=clock.now() - younger_than,
        lane__owner=owner,
        lane__kind__in=list(kinds),
    ).exclude(key=OWNER_KEY)
    keys: dict[str, list[str]] = {}
    for lane_id, kind, key in refused.values_list("lane_id", "lane__kind", "key"):
        if not Mark.objects.filter(lane_id=lane_id, key=key).exists():  # who asked knew why (somebody confirmed it)
            keys.setdefault(kind, []).append(key)
    for kind, some in keys.items():
        lanes.ask(account_id, kind, owner, some, cause="refused before", priority=lanes.BULK)
    return sum(map(len, keys.values()))


CRASHED = "E-CRASHED"
"""The code of a key that ended its process again and again."""

GAVE_UP = "E-GAVE-UP"

AWAY = "E-PLT-AWAY"
"""The code of a lane of which nothing gets through."""

OWNER_KEY = "*"
"""The key of problems that concern a lane as a whole, such as rejected credentials."""


def settle_held(lane: Lane, held: Sequence[Outcome]) -> None:
    """Open the problem that holds a whole lane, once, whatever the number of keys that met it."""
    findings = {finding.code: finding for outcome in held for finding in outcome.findings}
    open_codes = set(Problem.objects.filter(lane=lane, key=OWNER_KEY, closed_at=None).values_list("code", flat=True))
    Problem.objects.bulk_create(
        [
            Problem(
                account_id=lane.account_id,
                lane=lane,
                key=OWNER_KEY,
                code=f.code,
                facts=f.facts,
                blocking=f.blocking,
                opened_at=clock.now(),
            )
            for f in findings.values()
            if f.code not in open_codes
        ]
    )


def open_owner(lane: Lane, finding: Finding) -> None:
    """Open a problem that concerns a lane as a whole. Safe to repeat."""
    if not Problem.objects.filter(lane=lane, key=OWNER_KEY, code=finding.code, closed_at=None).exists():
        Problem.objects.create(
            account_id=lane.account_id,
            lane=lane,
            key=OWNER_KEY,
            code=finding.code,
            facts=finding.facts,
            blocking=finding.blocking,
            opened_at=clock.now(),
        )


def close_lane(lane: Lane) -> int:
    """Close what held this lane: it got through. Returns how many problems that were."""
    return Problem.objects.filter(lane=lane, key=OWNER_KEY, closed_at=None).update(closed_at=clock.now())


def close_owner(account_id: int, owner: str) -> None:
    """Close what held the lanes of an owner: it works again."""
    Problem.objects.filter(account_id=account_id, lane__owner=owner, key=OWNER_KEY, closed_at=None).update(
        closed_at=clock.now()
    )


@dataclass(frozen=True)
class Standing:
    """What open problems say of some keys before anything is done of them."""

    confirmed: Mapping[tuple[str, str], Mapping[str, str]]
    """(key, code) → facts of those that a person has confirmed."""
    crashing: AbstractSet[str]
    """Keys that are left alone, since they ended their process again and again, until a person asks for them."""


def standing(lane: Lane, keys: Sequence[str]) -> Standing:
    """What the open problems of these keys let pass or forbid."""
    said = ~Q(confirmed_at=None) | Q(code=CRASHED)
    found = Problem.objects.filter(said, lane=lane, key__in=keys, closed_at=None)
    rows = list(found.values_list("key", "code", "facts", "confirmed_at"))
    return Standing(
        {(key, code): facts for key, code, facts, confirmed_at in rows if confirmed_at is not None},
        {key for key, code, _facts, _confirmed_at in rows if code == CRASHED},
    )


def close_crash(problem: Problem) -> None:
    """Let a key that was parked for ending its process be tried again, as often as at first."""
    Problem.objects.filter(id=problem.id, code=CRASHED).update(closed_at=clock.now())


def ask_given_up(lane: Lane) -> None:
    """Ask again for what was given up while the platform was away: it is back."""
    rows = Problem.objects.filter(lane=lane, code=GAVE_UP, closed_at=None)
    keys = list(rows.values_list("key", flat=True))
    lanes.ask(lane.account_id, lane.kind, lane.owner, keys, cause="the platform is back", priority=lanes.BULK)


def ask_held(account_id: int, owner: str) -> None:
    """Ask again for what the lanes of an owner gave up while the platform was away: another lane finds it back."""
    away = Problem.objects.filter(account_id=account_id, lane__owner=owner, key=OWNER_KEY, code=AWAY, closed_at=None)
    for lane in Lane.objects.filter(id__in=away.values("lane_id")):
        ask_given_up(lane)


def open_keys(account_id: int, owner: str, *codes: str) -> list[str]:
    """The keys of an owner that have an open problem of one of these codes."""
    found = Problem.objects.filter(account_id=account_id, lane__owner=owner, code__in=codes, closed_at=None)
    return list(found.values_list("key", flat=True))


def ask_cured(account_id: int, owner: str, waited_for: str, codes: Collection[str]) -> int:
    """Ask again for what waited for this token in the lanes of an owner, and for what was refused with these codes.

    Returns how many keys were asked for. Safe to repeat.
    """
    found = Problem.objects.filter(account_id=account_id, lane__owner=owner, closed_at=None, blocking=True)
    found = found.exclude(key=OWNER_KEY).filter(Q(waits_for__contains=waited_for) | Q(code__in=sorted(codes)))
    keys: dict[str, set[str]] = {}
    for kind, key, code, waits_for in found.values_list("lane__kind", "key", "code", "waits_for"):
        if code in codes or waited_for in waits_for.split():
            keys.setdefault(kind, set()).add(key)
    for kind, some in keys.items():
        lanes.ask(account_id, kind, owner, some, cause=f"{waited_for} is there")
    return len(set().union(*keys.values()))


def is_awaited(account_id: int, kind: str) -> bool:
    """Whether anything waits for a token of this kind. A cheap look, before many tokens are made up."""
    waiting = Problem.objects.filter(account_id=account_id, closed_at=None, waits_for__contains=f"{kind}:")
    return waiting.exclude(waits_for="").exists()


def unblock(account_id: int, *tokens: str) -> int:
    """Ask again for everything that waited for one of `tokens` (`link:SKU-9`, `template`, …), since it is there now.

    Returns how many keys were asked for. Safe to repeat.
    """
    wanted, stems = set(tokens), {token.partition(":")[0] for token in tokens}
    with scope(account=Account(id=account_id)):
        by_lane: dict[int, list[str]] = {}
        for stem in stems:
            waiting = Problem.objects.filter(closed_at=None, waits_for__contains=stem).exclude(waits_for="")
            for lane_id, key, waits_for in waiting.values_list("lane_id", "key", "waits_for"):
                if wanted.intersection(waits_for.split()):
                    by_lane.setdefault(lane_id, []).append(key)
        for lane in Lane.objects.filter(id__in=by_lane):
            cause = f"{' '.join(sorted(stems))} is there"
            lanes.ask(account_id, lane.kind, lane.owner, by_lane[lane.id], cause=cause)
        return sum(len(set(keys)) for keys in by_lane.values())
