"""Webhook delivery: what a platform decided to send, sent at its virtual time, with the result told to the platform.

The ladder of retries differs per platform and lives in the doubles; this is the queue and the sending.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from twinshelf_sandbox.faults import Faults
from twinshelf_sandbox.world import World

Sender = Callable[[str, Mapping[str, str], bytes, float], int]
"""(url, headers, body, timeout in seconds) → HTTP status; 0 when nothing answered in time. Must not raise."""


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver one webhook."""

    id: int
    platform: str
    tenant: str
    topic: str
    url: str
    headers: dict[str, str]
    body: bytes
    attempt: int
    timeout_seconds: float
    context: dict[str, Any]


Result = Callable[[Delivery, int], None]
Sign = Callable[[Delivery], Mapping[str, str]]
Held = Callable[[str, Mapping[str, Any]], float]
"""(tenant, context) → until when the platform sends nothing there; a time that is past means that it may leave."""


class Outbox:
    """Webhooks on their way. A double calls `post`; `pump` (tests) or the server's ticker sends what is due.

    After each attempt the double's `on_result[platform]` is called inside a transaction with the HTTP status; it
    decides about a retry by calling `post` again with the next attempt and its due time.
    """

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults
        self.send: Sender = lambda _url, _headers, _body, _timeout: 0
        self.on_result: dict[str, Result] = {}
        # Headers made when a message leaves, however late: signatures that carry a time.
        self.sign: dict[str, Sign] = {}
        self.held: dict[str, Held] = {}
        self._ready: list[int] = []
        self._pool: ThreadPoolExecutor | None = None
        self._in_flight = 0
        world.handlers["webhook"] = self._make_ready
        world.on_restore.append(self._reload)
        self._reload()

    def _make_ready(self, message: dict[str, Any]) -> None:
        number = self._world.next_id("outbox")
        self._world.table("outbox").put(number, message)
        self._ready.append(number)

    def _reload(self) -> None:
        # What was due but without a result when the process died is sent (again): no platform forgets one for that.
        self._ready[:] = [int(number) for number in self._world.table("outbox")]

    def post(
        self,
        *,
        platform: str,
        tenant: str,
        topic: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        due: float | None = None,
        attempt: int = 1,
        timeout_seconds: float = 10.0,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Send `body` to `url` at virtual time `due` (None: now). Call it inside a world transaction."""
        now = self._world.clock.now()
        due = now if due is None else due
        message = {
            "platform": platform,
            "tenant": tenant,
            "topic": topic,
            "url": url,
            "headers": dict(headers),
            "body": base64.b64encode(body).decode(),
            "attempt": attempt,
            "timeout": timeout_seconds,
            "context": dict(context or {}),
        }
        fault = self._faults.pick_webhook(platform, tenant, topic, body)
        if fault is not None:
            match fault.action:
                case "lose":
                    self._world.effect(platform, tenant, "webhook_lost", topic)
                    return
                case "duplicate":
                    for _ in range(fault.copies):
                        self._world.schedule(due + fault.seconds, "webhook", message)
                case "delay":
                    due += fault.seconds
                case "reorder":
                    due += self._faults.rng.random() * (fault.seconds or 600.0)
        self._world.schedule(due, "webhook", message)

    def use_pool(self, size: int) -> None:
        """Send through `size` threads instead of one after the other in `pump`."""
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="webhook")

    @property
    def busy(self) -> bool:
        """Whether something is due or being sent right now."""
        return bool(self._ready) or self._in_flight > 0

    def pump(self) -> int:
        """Send everything that is due. Returns how many attempts were started."""
        started = 0
        self._world.run_due()
        while True:
            with self._world.lock:
                batch, self._ready[:] = self._ready[:], []
            if not batch:
                return started
            for number in batch:
                started += 1
                if self._pool is None:
                    self._attempt(number)
                else:
                    with self._world.lock:
                        self._in_flight += 1
                    self._pool.submit(self._attempt_pooled, number)
            if self._pool is None:
                self._world.run_due()

    def _attempt_pooled(self, number: int) -> None:
        try:
            self._attempt(number)
        finally:
            with self._world.lock:
                self._in_flight -= 1

    def _attempt(self, number: int) -> None:
        with self._world.transaction("webhook"):
            message = self._world.table("outbox").get(number)
            if message is None:  # the world was replaced meanwhile
                return
            held = self.held.get(message["platform"])
            until = 0.0 if held is None else held(message["tenant"], message["context"])
            if until > self._world.clock.now():
                self._world.table("outbox").delete(number)
                self._world.schedule(until, "webhook", message)
                return
            delivery_id = self._world.next_id("deliveries")
        delivery = Delivery(
            delivery_id,
            message["platform"],
            message["tenant"],
            message["topic"],
            message["url"],
            message["headers"],
            base64.b64decode(message["body"]),
            message["attempt"],
            message["timeout"],
            message["context"],
        )
        sign = self.sign.get(delivery.platform)
        headers = {**delivery.headers, **sign(delivery)} if sign else delivery.headers
        status = self.send(delivery.url, headers, delivery.body, delivery.timeout_seconds)
        with self._world.transaction("webhook result"):
            self._world.table("outbox").delete(number)
            self._log(delivery, status)
            self.on_result[delivery.platform](delivery, status)

    def _log(self, delivery: Delivery, status: int) -> None:
        log = self._world.table("deliveries")
        log.put(
            delivery.id,
            {
                "id": delivery.id,
                "at": self._world.clock.now(),
                "platform": delivery.platform,
                "tenant": delivery.tenant,
                "topic": delivery.topic,
                "url": delivery.url,
                "attempt": delivery.attempt,
                "status": status,
                "body": delivery.body.decode(errors="replace")[:4000],
            },
        )
        log.delete(delivery.id - 2000)  # the log is for people and tests; it does not grow for ever
