"""The doctor: whether this installation can do its job, and what keeps it from doing so."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from django.conf import settings
from django.db import connection
from django_scopes import scopes_disabled

from twinshelf import messages
from twinshelf.connections import queries
from twinshelf.kit import clock
from twinshelf.orders import queries as orders
from twinshelf.proof import diagnosis
from twinshelf.sync import queries as sync


@dataclass(frozen=True)
class Finding:
    what: str
    ok: bool
    text: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Everything that was looked at, good or bad. Calls no platform."""
    with scopes_disabled():
        return [*_settings(), *_database(), *_workers(), *_connections(), *_problems()]


def _settings() -> list[Finding]:
    found = []
    operator = settings.OPERATOR
    if operator.tiktok_app_key and operator.tiktok_app_secret:
        found.append(Finding("TikTok Shop app", ok=True, text=f"app key {operator.tiktok_app_key}"))
    else:
        found.append(
            Finding(
                "TikTok Shop app",
                ok=False,
                text="no app credentials",
                remedy="Set TWINSHELF_TIKTOK_APP_KEY and …_APP_SECRET.",
            )
        )
    found.append(_address(operator.base_url, production=operator.production))
    sends = (
        f"sent by {operator.email_host}" if operator.email_host else "sent" if settings.SENDS_EMAIL else "none is sent"
    )
    remedy = (
        ""
        if settings.SENDS_EMAIL
        else "To reset passwords by email, set TWINSHELF_EMAIL_HOST; else: twinshelf password."
    )
    found.append(Finding("Email", ok=True, text=sends, remedy=remedy))
    if operator.data.exists() and operator.data.stat().st_mode & 0o077:
        found.append(
            Finding(
                "Data directory",
                ok=False,
                text=f"others on this machine may look into {operator.data}",
                remedy=f"Close it to them: chmod 700 {operator.data}",
            )
        )
    return found


def _address(url: str, *, production: bool) -> Finding:
    """Where we say that we are reached. At this machine's own addresses it is tried whether anybody answers."""
    if production and not url.startswith("https:"):
        return Finding(
            "Address", ok=False, text=url, remedy="Platforms post webhooks to https only: set TWINSHELF_BASE_URL."
        )
    if urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}:
        try:
            ours = httpx2.get(f"{url}/healthz", timeout=5).text == "ok"
        except httpx2.HTTPError:
            ours = False
        if not ours:
            remedy = "Start it: twinshelf serve (or web). If it listens elsewhere, set TWINSHELF_BASE_URL."
            return Finding("Address", ok=False, text=f"{url}, where Twinshelf does not answer", remedy=remedy)
    return Finding("Address", ok=True, text=url)


def _database() -> list[Finding]:
    if connection.vendor != "sqlite":
        return [Finding("Database", ok=True, text=connection.vendor)]
    with connection.cursor() as cursor:
        mode = cursor.execute("pragma journal_mode").fetchone()[0]
    return [
        Finding(
            "Database",
            ok=mode == "wal",
            text=f"SQLite, journal {mode}",
            remedy="" if mode == "wal" else "Put the data on a local disk.",
        )
    ]


def _workers() -> list[Finding]:
    alive, stuck = sync.workers_alive(), sync.stuck_lanes()
    return [
        Finding(
            "Workers",
            ok=alive > 0,
            text=f"{alive} alive",
            remedy="" if alive else "Start one: twinshelf worker (or serve).",
        ),
        Finding(
            "Lanes",
            ok=stuck == 0,
            text=f"{stuck} awake for more than five minutes",
            remedy="" if not stuck else "See the workers' log.",
        ),
    ]


def _connections() -> list[Finding]:
    found = []
    for store in queries.stores():
        ok = queries.store_access(store).state == "connected"
        found.append(
            Finding(
                f"Store {store.name}", ok=ok, text=store.get_state_display(), remedy="" if ok else "Connect it again."
            )
        )
    for seller in queries.sellers():
        ok = seller.state == "connected"
        left = (seller.refresh_expires_at - clock.now()).days
        found.append(
            Finding(
                f"Seller {seller.name}",
                ok=ok and left > 0,
                text=f"{seller.get_state_display()}, authorized for {left} more days",
                remedy="" if ok and left > 30 else "Authorize again.",
            )
        )
    every = queries.connections_of_all_accounts()
    for each in every:
        for cause in diagnosis.access_of(each):
            if cause.kept:
                found.append(Finding(f"Access of {each.name}", ok=False, text=cause.text, remedy=cause.remedy))  # noqa: PERF401
    if not every:
        found.append(
            Finding(
                "Connections", ok=False, text="none", remedy="twinshelf connect, or the console's Connections page."
            )
        )
    return found


def _problems() -> list[Finding]:
    held = [
        Finding(f"{p.lane.kind} of {p.lane.owner} held", ok=False, text=messages.text(p), remedy=messages.remedy(p))
        for p in sync.held_owners()
    ]
    number = sync.blocked_keys()
    lost = orders.orders_not_created()
    paid = Finding(
        "Paid orders",
        ok=lost == 0,
        text=f"{lost} not in BigCommerce" if lost else "all in BigCommerce",
        remedy="See “Not in BigCommerce” on the console's page Orders." if lost else "",
    )
    return [
        paid,
        *held,
        Finding("Open problems", ok=True, text=f"{number}", remedy="See the dashboard." if number else ""),
    ]
