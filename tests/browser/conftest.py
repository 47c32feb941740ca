"""Debian's Chromium against Django's live server, filled with invented data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from django_scopes import scope
from playwright.sync_api import expect, sync_playwright

from tests import console_data
from tests.waiting import PATIENCE_SECONDS
from twinshelf.sync import engine
from twinshelf.sync.inline import InlineEngine

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip


def pytest_collection_modifyitems(items):
    if Path(CHROMIUM).exists() or os.environ.get("TWINSHELF_REQUIRE_ALL") == "1":
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not here: apt-get install chromium"))


@pytest.fixture(scope="module")
def playwright():
    """Of pytest-playwright's own, but ended with the module: its event loop runs in the thread of the tests.

    Left running it would make Django and DBOS believe that the tests of other modules are asynchronous.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)  # its own five seconds are few on a busy machine
        yield running


@pytest.fixture(scope="module")
def browser(playwright):
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def browser_context_args():
    return {
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-US",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def world(live_server, settings):
    """An account with 60 products, 160 orders, problems and tasks; its scope is open."""
    # The live server speaks http.
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "sessionid", "csrftoken"
    cache.clear()
    engine.use(InlineEngine())
    made = console_data.fill()
    with scope(account=made.account):
        yield made
    engine.use(None)


@pytest.fixture
def signed_in(world, live_server):
    """Signs a browser context in, without its going through the form."""

    def sign_in(context):
        client = Client()
        client.force_login(world.owner)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        return context

    return sign_in


@pytest.fixture
def page(signed_in, context, live_server):
    """A page in which the owner is signed in. A test fails if the page broke the content policy or a script failed."""
    signed_in(context)
    page = context.new_page()
    wrong = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.base = live_server.url
    yield page
    page.close()
    assert wrong == []
