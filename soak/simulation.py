"""One seed: a world is built, people and faults have it, it heals, it rests, and every invariant is checked."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import random
import shutil
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connection as database
from django_scopes import scope

from soak import planted
from soak.checks import Violation, prices_that_differ, run_checks, units_that_differ
from soak.evidence import Evidence
from soak.faults import Nature
from soak.gathering import gather
from soak.moments import Moments
from soak.people import People
from soak.product import NeverRests, Product
from soak.worlds import MERCHANT, Place, build_world, plan_world
from twinshelf.kit import logs
from twinshelf.orders import actions as orders
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync import actions as sync
from twinshelf.sync.models import Problem

DEEDS = (15, 34)
FAULTS = (5, 12)
PAUSES = (0.0, 0.0, 1.0, 20.0, 120.0, 650.0, 3700.0)
DAY = 86_400.0


@dataclass
class Report:
    """What came of one seed."""

    seed: int
    violations: list[Violation]
    digest: str
    story: list[str]
    numbers: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def prepare() -> None:
    """Make the empty database that every simulation of this process begins with. Call once, after Django is set up."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    database.close()
    shutil.copy(_file(), _template())
    os.environ["TZ"] = "Pacific/Auckland"  # times that are read on the machine's clock are half a day off
    time.tzset()


def _file() -> Path:
    return Path(str(settings.DATABASES["default"]["NAME"]))


def _template() -> Path:
    return _file().with_name("empty.sqlite3")


@contextmanager
def _log() -> Iterator[io.StringIO]:
    """What the product logs, of every level, as text."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.Lines("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    kept, root.handlers = root.handlers, [handler]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(lines),
    )
    try:
        yield lines
    finally:
        root.handlers = kept


def simulate(seed: int, *, plant: str = "", faults: bool = True, only: Sequence[str] = ()) -> Report:
    """Have one seed and judge it; with faults of these ids only, if there are any.

    The same seed has the same effects, byte for byte, in any process.
    """
    begun = time.process_time()
    database.close()
    for path in _file().parent.glob(_file().name + "*"):
        path.unlink()
    shutil.copy(_template(), _file())
    chance = random.Random(seed)
    with _log() as lines, Moments() as moments, planted.in_place(plant):
        product = Product(seed, moments)
        try:
            report = _live(product, seed, chance, lines, faults=faults, only=only)
        finally:
            product.close()
    report.seconds = time.process_time() - begun
    return report


def _live(
    product: Product, seed: int, chance: random.Random, lines: io.StringIO, *, faults: bool, only: Sequence[str]
) -> Report:
    story: list[str] = []
    product.start()
    plans = plan_world(chance)
    place = Place()
    never_rests, evidence = "", Evidence()
    try:
        place = build_world(product, plans)
        people, nature = People(product, place, chance), Nature(product, place, chance)
        if only:
            nature.keep_to(only)
        first_fault_at = _have_it(product, people, nature, chance, story, faults=faults)
        early, rested_at = _heal(product, place, nature)
        evidence = gather(product, place, nature.struck, lines)
        evidence.first_fault_at, evidence.rested_at, evidence.early = first_fault_at, rested_at, early
        evidence.poisoned = nature.spoiled
        before = len(product.sandbox.world.effects)
        product.replay()
        evidence.replayed = product.sandbox.world.effects[before:]
    except NeverRests as error:
        never_rests = str(error)
    except Exception:  # noqa: BLE001 - whatever breaks belongs to its seed
        never_rests = traceback.format_exc()
    evidence.never_rests = never_rests
    if never_rests:
        evidence.effects = list(product.sandbox.world.effects)
        violations = [Violation("I24", never_rests)]
    else:
        violations = run_checks(evidence)
    numbers = {
        "effects": len(evidence.effects),
        "calls": len(product.notes.calls),
        "orders": len(evidence.orders),
        "crashes": len(product.notes.crashes),
    }
    return Report(seed, violations, _digest(evidence), story, numbers)


def _have_it(
    product: Product, people: People, nature: Nature, chance: random.Random, story: list[str], *, faults: bool
) -> float | None:
    """Deeds and faults, mixed, with pauses. Returns when the first fault struck."""
    first: float | None = None
    what = ["deed"] * chance.randint(*DEEDS)
    strikes = ["fault"] * (chance.randint(*FAULTS) if faults else 0)
    quiet = what[: len(what) // 3] if chance.random() < 0.5 else []
    rest = what[len(quiet) :] + strikes
    chance.shuffle(rest)
    for one in quiet + rest:
        moment = f"{product.moments.now - product.begun:8.0f} s"
        if one == "deed":
            story.append(f"{moment}  {people.act_once()}")
        else:
            first = product.moments.now if first is None else first
            story.append(f"{moment}  ! {nature.strike()}")
        pause = chance.choice(PAUSES)
        product.let_pass(pause, stride=max(1.0, pause / 2))
    return first


HIDING = frozenset(
    {"F16", "F17", "F18", "F19 of ourselves", "F21", "F23", "F24", "F25", "F34", "F49", "F51", "F51 frozen"}
)
"""Faults after which only the daily comparison may find what differs."""


def _heal(product: Product, place: Place, nature: Nature) -> tuple[list[str], float]:
    """End every fault, let the timetables do what they do, try again what waits for a person, and let a day pass.

    Returns what differs after an hour already, and from when on nothing is to be changed any more.
    """
    product.settle()
    nature.heal()
    for _ in range(3):
        product.let_pass(1250, stride=1250)
    early: list[str] = []
    if not HIDING & set(nature.struck.named):
        _try_again(product, place)
        product.let_pass(650, stride=325)
        early = [f"an hour after healing: {facts}" for facts in _differing(product, place, nature)]
    for _ in range(2):
        _try_again(product, place)
        product.let_pass(DAY / 2 + 700, stride=DAY)
    _try_again(product, place)
    product.let_pass(3700, stride=1850)
    rested_at = product.moments.now
    product.let_pass(3700, stride=3700)
    return early, rested_at


def _differing(product: Product, place: Place, nature: Nature) -> Iterator[str]:
    evidence = gather(product, place, nature.struck, io.StringIO(), early=True)
    evidence.poisoned = nature.spoiled
    evidence.shelves = {key: shelf for key, shelf in evidence.shelves.items() if key not in evidence.drifted}
    yield from units_that_differ(evidence)
    yield from prices_that_differ(evidence)


def _try_again(product: Product, place: Place) -> None:
    """What a merchant does with the list of problems: retry each of them, and fetch orders once."""
    for side in place.sides:
        with scope(account=side.account):
            for problem in Problem.objects.filter(closed_at=None).order_by("id"):
                sync.retry_problem(problem, by=MERCHANT)
            for row in ShopOrderRow.objects.filter(connection=side.connection, creation="failed").order_by("id"):
                orders.retry(row, by=MERCHANT)
        product.settle()


def _digest(evidence: Evidence) -> str:
    """Of everything that really happened, in order."""
    told = hashlib.sha256()
    for effect in evidence.effects:
        told.update(
            msgspec.json.encode([effect.at, effect.tenant, effect.kind, effect.key, effect.cause, effect.detail])
        )
    return told.hexdigest()[:16]
