"""The product in a simulation: one thread, the sandbox as its only network, and an end at any moment.

A crash drops all memory and lets go of the database; what begins again knows only what was committed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from django.db import connection as database
from django.db import connections
from django.db.models import Min
from django_scopes import scopes_disabled

from soak.calls import post
from soak.evidence import Ack, Call
from soak.moments import Moments
from twinshelf import wiring
from twinshelf.connections import clients, hook_keys
from twinshelf.kit import clock, http, skew
from twinshelf.sync import engine, lanes, tasks
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import InboxEvent, Lane, Schedule
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.transport import SandboxTransport

MOST_ROUNDS = 300
"""Of work and webhooks in one moment; more means that the product and the platforms keep each other busy for ever."""


class Crash(BaseException):
    """The process ends here. Nothing of the product catches it."""


class NeverRests(BaseException):
    """Work goes on without end, though hardly any time passes. Nothing of the product catches it."""


@dataclass
class Notes:
    """What was noted beside the effect log of the sandbox."""

    calls: list[Call] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    bodies: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """Every delivery that was accepted, to be played a second time."""


class Product:
    """Twinshelf beside a sandbox, in one process and one thread."""

    def __init__(self, seed: int, moments: Moments) -> None:
        self.moments, self.seed, self.begun = moments, seed, moments.now
        self.sandbox: Sandbox = build(seed=seed, send=self._deliver)
        self.wire = Wire(self)
        self.notes = Notes()
        self.off = False
        """Whether all our processes are down: no work is done, and webhooks get no answer."""
        self.crash_in: int | None = None
        """How many points are left until the process ends; None: it does not."""
        self.on_call: Callable[[httpx2.Request], None] | None = None
        self._chance = random.Random(f"order of work of {seed}")
        self._in_webhook = False

    def start(self) -> None:
        """Begin on an empty database."""
        random.seed(self.seed)  # back-off has jitter
        http.use_transport(lambda: self.wire)
        wiring.install()
        self._begin()

    def close(self) -> None:
        """Let go of everything, so that another may start in this process."""
        self._forget()
        http.use_transport(None)
        engine.use(None)
        clock.reset()
        self.sandbox.close()

    # -- ends and beginnings ------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.engine = InlineEngine(self._chance.randrange(1 << 30))
        engine.use(self.engine)

    def _forget(self) -> None:
        clients.PROCESS.close()
        hook_keys.PROCESS = hook_keys.Keyring()
        skew.forget()
        lanes.forget()
        tasks._left.clear()  # what a process remembers ends with it
        database.close()

    def crash(self, why: str) -> None:
        """End all processes at once and begin anew on what was committed."""
        self.notes.crashes.append(why)
        self.crash_in = None
        self._forget()
        self._begin()

    def point(self, what: str) -> None:
        """A moment at which the process may end."""
        if self.crash_in is None:
            return
        if self.crash_in <= 0:
            self.crash_in = None
            raise Crash(what)
        self.crash_in -= 1

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """Work that a crash may end. Commits are points too: what was to follow one may never come."""
        own = connections["default"].__dict__
        outer = own.get("_commit")  # of a frozen process around this one
        commit = outer or database._commit  # type: ignore[attr-defined]

        def committed() -> None:
            commit()
            if outer is None:
                self.moments.move(0.001)  # whoever waits for a moment to be over sees it end, as on any machine
                self.point("after a commit")

        own["_commit"] = committed
        try:
            yield
        except Crash as end:
            self.crash(str(end))
        finally:
            own.pop("_commit", None)
            if outer is not None:
                own["_commit"] = outer

    # -- work and time ------------------------------------------------------------------------------------------------

    def work(self) -> int:
        """Do all that can be done at this moment. Returns how many pieces of work it was."""
        if self.off:
            return 0
        done, before = 0, len(self.notes.crashes)
        while True:
            with self.mortal():
                try:
                    done += self.engine.run(600)
                except RuntimeError as error:
                    raise NeverRests(f"{error}: {self.busy()}") from error
            if len(self.notes.crashes) == before:
                return done
            before, done = len(self.notes.crashes), done + 1

    def settle(self) -> None:
        """Let webhooks arrive and all work be done, until both rest. Time does not pass by itself."""
        for _ in range(MOST_ROUNDS):
            if not self.sandbox.settle() + self.work():
                return
        raise NeverRests(f"the product and the platforms keep each other busy: {self.busy()}")

    def busy(self) -> list[str]:
        """The lanes that are awake, for a report."""
        with scopes_disabled():
            return [f"{lane.kind} of {lane.owner}" for lane in Lane.objects.filter(awake=True)]

    def let_pass(self, seconds: float, *, stride: float = 1.0) -> None:
        """Let time pass, with every job, webhook and retry at its own time, or at the end of a stride."""
        end = self.moments.now + seconds
        self.settle()
        while True:
            coming = [due for due in (self.sandbox.world.next_due(), self._next_due()) if due is not None]
            due = max(min(coming, default=end), self.moments.now + stride)
            if due >= end:
                break
            self.moments.move_to(due)
            self.settle()
        self.moments.move_to(end)
        self.settle()

    def _next_due(self) -> float | None:
        if self.off:
            return None
        lane = Lane.objects.filter(awake=False).aggregate(due=Min("due_at"))["due"]
        with scopes_disabled():
            schedule = Schedule.objects.aggregate(due=Min("next_at"))["due"]
        ahead = clock.timestamp() - self.moments.now  # our clock may be wrong
        return min((due.timestamp() - ahead for due in (lane, schedule) if due is not None), default=None)

    # -- webhooks -----------------------------------------------------------------------------------------------------

    def _deliver(self, url: str, headers: Any, body: bytes, _timeout: float = 10.0) -> int:
        """Post to the product's own WSGI application, as a web server would; the status of its answer, 0 for none."""
        if self.off:
            return 0
        status, before = 0, _inbox_size()
        crashes = len(self.notes.crashes)
        with self.mortal():
            status = post(url, dict(headers), body)
        if len(self.notes.crashes) > crashes:
            return 0
        seen = (url, dict(headers), body)
        again = any(body == known for _url, _headers, known in self.notes.bodies)
        stored = again or _inbox_size() > before
        self.notes.acks.append(Ack(_topic(body), status, stored))
        if 200 <= status < 300:
            self.notes.bodies.append(seen)
        return status

    def replay(self) -> None:
        """Play every accepted delivery a second time."""
        for url, headers, body in list(self.notes.bodies):
            post(url, headers, body)
        self.settle()


def _inbox_size() -> int:
    with scopes_disabled():
        return InboxEvent.objects.count()


def _topic(body: bytes) -> str:
    text = body.decode(errors="replace")
    return text.partition('"scope":"')[2].partition('"')[0] or text.partition('"type":')[2].partition(",")[0]


class Wire(SandboxTransport):
    """The way to the sandbox. What a slow answer takes, passes; what is called is noted; in it a process may end."""

    def __init__(self, product: Product) -> None:
        super().__init__(product.sandbox.site)
        self._product = product

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The site's answer, after the time that it takes."""
        product = self._product
        if database.in_atomic_block:
            raise AssertionError(f"{request.method} {request.url.path} is sent inside a transaction")
        product.point(f"before {request.method} {request.url.path}")
        if product.on_call is not None:
            product.on_call(request)
        status, throttled, wait = 0, False, 0.0
        begun = product.moments.now
        try:
            answer = super().handle_request(request)
            status = answer.status_code
            throttled, wait = _refused_for_now(answer)
        finally:
            patience = (request.extensions.get("timeout") or {}).get("read") or 0.0
            product.moments.move(min(getattr(self._slept, "seconds", 0.0), patience))
            platform, tenant = _whose(request)
            product.notes.calls.append(
                Call(
                    begun, platform, tenant, request.method, request.url.path, status, throttled,
                    product.moments.now + wait if wait else 0.0,
                )
            )  # fmt: skip
        product.point(f"after {request.method} {request.url.path}")
        return answer


def _whose(request: httpx2.Request) -> tuple[str, str]:
    path = request.url.path
    if path.startswith("/stores/"):
        return "bigcommerce", path.split("/")[2]
    return "tiktok", request.url.params.get("shop_cipher", "")


def _refused_for_now(answer: httpx2.Response) -> tuple[bool, float]:
    """Whether the platform refuses calls for now, and for how many seconds it says so (0: it does not say)."""
    throttled = answer.status_code == 429 or b'"code":36009002' in answer.content
    if not throttled:
        return False, 0.0
    told = [float(answer.headers.get("retry-after") or 0), float(answer.headers.get("x-retry-after") or 0)]
    told.append(float(answer.headers.get("x-rate-limit-time-reset-ms") or 0) / 1000)
    return True, max(told)
